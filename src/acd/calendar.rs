//! When a queue is open: weekly hours and closed dates in the calendar's own time zone.

use base::Utc;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, civil};
use model::{Calendar, CalendarId, ClosedDates, DaySpan, Directory, Weekday};

/// The time zones of the configured calendars, looked up once, and the last answer of each.
#[derive(Debug, Default)]
pub(crate) struct Calendars {
    zones: Vec<TimeZone>,
    /// `(minute of the epoch, open)`: spans begin and end on minutes.
    last: Vec<Option<(i64, bool)>>,
}

impl Calendars {
    /// Zones come from the database compiled in. `config` has checked the names; an unknown one is read as UTC.
    pub(crate) fn new(directory: &Directory) -> Self {
        let database = TimeZoneDatabase::bundled();
        let zone = |c: &Calendar| database.get(&c.time_zone).unwrap_or(TimeZone::UTC);
        let zones: Vec<_> = directory.calendars.iter().map(zone).collect();
        Calendars { last: vec![None; zones.len()], zones }
    }

    pub(crate) fn is_open(&mut self, calendar: &Calendar, id: CalendarId, at: Utc) -> bool {
        let minute = at.as_secs().div_euclid(60);
        let Some(zone) = self.zones.get(id.index()) else { return open_at(calendar, &TimeZone::UTC, at) };
        match self.last[id.index()] {
            Some((asked, open)) if asked == minute => open,
            _ => {
                let open = open_at(calendar, zone, at);
                self.last[id.index()] = Some((minute, open));
                open
            }
        }
    }

    /// Answers given so far are not to be trusted any more: the clock was set.
    pub(crate) fn forget(&mut self) {
        self.last.fill(None);
    }
}

/// Hours are wall-clock hours: where the clock is put forward the skipped hour is never open, where it is put back the
/// repeated one is open twice.
fn open_at(calendar: &Calendar, zone: &TimeZone, at: Utc) -> bool {
    let Ok(timestamp) = Timestamp::from_microsecond(at.as_micros()) else { return false };
    let local = zone.to_datetime(timestamp);
    let (today, minute) = (local.date(), local.hour() as u16 * 60 + local.minute() as u16);
    if closed_on(calendar, today) {
        return false;
    }
    let open_today = spans(calendar, today)
        .any(|span| span.from_minute <= minute && (minute < span.to_minute || spans_midnight(span)));
    let open_since_yesterday = || {
        let Ok(yesterday) = today.yesterday() else { return false };
        // A night that began on a closed day was never begun.
        !closed_on(calendar, yesterday)
            && spans(calendar, yesterday).any(|span| spans_midnight(span) && minute < span.to_minute)
    };
    open_today || open_since_yesterday()
}

/// "22:00-06:00": the end is on the next day.
fn spans_midnight(span: &DaySpan) -> bool {
    span.to_minute <= span.from_minute
}

fn spans(calendar: &Calendar, date: civil::Date) -> impl Iterator<Item = &DaySpan> {
    let day = weekday(date);
    calendar.open.iter().filter(move |hours| hours.day == day).flat_map(|hours| &hours.spans)
}

fn closed_on(calendar: &Calendar, date: civil::Date) -> bool {
    let day = (date.year(), date.month(), date.day());
    calendar.closed_on.iter().any(|ClosedDates { from, to }| *from <= day && day <= *to)
}

fn weekday(date: civil::Date) -> Weekday {
    match date.weekday() {
        civil::Weekday::Monday => Weekday::Monday,
        civil::Weekday::Tuesday => Weekday::Tuesday,
        civil::Weekday::Wednesday => Weekday::Wednesday,
        civil::Weekday::Thursday => Weekday::Thursday,
        civil::Weekday::Friday => Weekday::Friday,
        civil::Weekday::Saturday => Weekday::Saturday,
        civil::Weekday::Sunday => Weekday::Sunday,
    }
}
