//! When a queue is open: weekly hours and closed dates in the calendar's own time zone.

use base::Utc;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, civil};
use model::{Calendar, CalendarId, ClosedDates, DaySpan, Directory, Exception, Weekday};

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
        .any(|span| span.from_minute <= minute && (minute < span.to_minute || span.spans_midnight()));
    let open_since_yesterday = || {
        let Ok(yesterday) = today.yesterday() else { return false };
        // A night that began on a closed day was never begun.
        !closed_on(calendar, yesterday)
            && spans(calendar, yesterday).any(|span| span.spans_midnight() && minute < span.to_minute)
    };
    open_today || open_since_yesterday()
}

fn spans(calendar: &Calendar, date: civil::Date) -> impl Iterator<Item = &DaySpan> {
    let exception = exception(calendar, date);
    let (day, ordinary) = (weekday(date), exception.is_none());
    let week = calendar.open.iter().filter(move |hours| ordinary && hours.day == day).flat_map(|hours| &hours.spans);
    exception.into_iter().flat_map(|exception| &exception.spans).chain(week)
}

/// Hours of their own count before everything else.
fn exception(calendar: &Calendar, date: civil::Date) -> Option<&Exception> {
    let day = (date.year(), date.month(), date.day());
    calendar.exceptions.iter().find(|exception| exception.from <= day && day <= exception.to)
}

fn closed_on(calendar: &Calendar, date: civil::Date) -> bool {
    let day = (date.year(), date.month(), date.day());
    exception(calendar, date).is_none()
        && calendar.closed_on.iter().any(|ClosedDates { from, to }| *from <= day && day <= *to)
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

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use jiff::ToSpan;
    use model::WeeklyHours;

    fn office(spans: &[(u16, u16)], closed_on: Vec<ClosedDates>) -> Calendar {
        let days = [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];
        let spans: Vec<_> =
            spans.iter().map(|(from, to)| DaySpan { from_minute: from * 60, to_minute: to * 60 }).collect();
        let open = days.map(|day| WeeklyHours { day, spans: spans.clone() }).to_vec();
        Calendar { name: "office".into(), time_zone: "".into(), open, closed_on, exceptions: Vec::new() }
    }

    fn check(calendar: &Calendar, zone: &str, local: &str, expect: bool) {
        let zone = TimeZoneDatabase::bundled().get(zone).expect("the zone is in the database");
        let local: civil::DateTime = local.parse().expect("a civil time");
        let at = zone.to_timestamp(local).expect("the time exists");
        assert_eq!(open_at(calendar, &zone, Utc::from_micros(at.as_microsecond())), expect, "{local}");
    }

    #[test]
    fn weekly_hours_are_half_open_and_in_the_calendars_own_zone() {
        let calendar = office(&[(9, 12), (13, 18)], Vec::new());
        for (local, expect) in [
            ("2026-10-09T08:59:59", false),
            ("2026-10-09T09:00:00", true),
            ("2026-10-09T11:59:59", true),
            ("2026-10-09T12:00:00", false),
            ("2026-10-09T17:59:59", true),
            ("2026-10-09T18:00:00", false),
            ("2026-10-10T10:00:00", false), // a Saturday
        ] {
            check(&calendar, "Asia/Shanghai", local, expect);
            check(&calendar, "America/New_York", local, expect);
        }
    }

    #[test]
    fn closed_dates_are_whole_local_days() {
        let week = ClosedDates { from: (2026, 10, 1), to: (2026, 10, 7) };
        let calendar = office(&[(0, 24)], vec![week]);
        for (local, expect) in [
            ("2026-09-30T23:59:00", true),
            ("2026-10-01T00:00:00", false),
            ("2026-10-07T23:59:59", false),
            ("2026-10-08T00:00:00", true),
        ] {
            check(&calendar, "Asia/Shanghai", local, expect);
        }
    }

    #[test]
    fn exceptions_have_hours_of_their_own() {
        let golden_week = ClosedDates { from: (2026, 10, 1), to: (2026, 10, 7) };
        let mut calendar = office(&[(9, 18)], vec![golden_week]);
        let morning = vec![DaySpan { from_minute: 600, to_minute: 720 }];
        // A holiday with emergency hours, and a Saturday that is worked instead.
        calendar.exceptions = [(2026, 10, 3), (2026, 10, 10)]
            .map(|day| Exception { from: day, to: day, spans: morning.clone() })
            .to_vec();
        for (local, expect) in [
            ("2026-10-02T10:30:00", false),
            ("2026-10-03T09:59:00", false),
            ("2026-10-03T10:00:00", true),
            ("2026-10-03T12:00:00", false),
            ("2026-10-08T09:00:00", true),
            ("2026-10-10T10:30:00", true),
            ("2026-10-10T17:00:00", false),
            ("2026-10-11T10:30:00", false),
        ] {
            check(&calendar, "Asia/Shanghai", local, expect);
        }
    }

    #[test]
    fn a_night_shift_belongs_to_the_day_it_begins() {
        let closed = ClosedDates { from: (2026, 10, 7), to: (2026, 10, 7) };
        let calendar = office(&[(22, 6)], vec![closed]);
        for (local, expect) in [
            ("2026-10-05T05:59:00", false), // Monday morning: Sunday has no night
            ("2026-10-05T22:00:00", true),
            ("2026-10-06T05:59:59", true),
            ("2026-10-06T06:00:00", false),
            ("2026-10-06T23:00:00", true),
            ("2026-10-07T01:00:00", false), // the closed day ends the night early
            ("2026-10-08T01:00:00", false), // and its own night was never begun
            ("2026-10-10T05:00:00", true),  // Friday's night
            ("2026-10-11T05:00:00", false),
        ] {
            check(&calendar, "Europe/Berlin", local, expect);
        }
    }

    #[test]
    fn the_repeated_hour_is_open_twice_and_the_skipped_one_never() {
        let mut calendar = office(&[], Vec::new());
        let spans = vec![DaySpan { from_minute: 120, to_minute: 180 }];
        calendar.open.push(WeeklyHours { day: Weekday::Sunday, spans });
        let zone = TimeZoneDatabase::bundled().get("Europe/Berlin").expect("the zone is in the database");
        let minutes_open = |day: &str| {
            let start: Timestamp = format!("{day}T00:00:00Z").parse().expect("a timestamp");
            let at = |m: i64| Utc::from_secs(start.as_second() + m * 60);
            (-180..180).filter(|m| open_at(&calendar, &zone, at(*m))).count()
        };
        assert_eq!(minutes_open("2026-03-29"), 0, "clocks go from 2 to 3");
        assert_eq!(minutes_open("2026-10-25"), 120, "clocks go from 3 to 2");
        assert_eq!(minutes_open("2026-11-01"), 60);
    }

    #[test]
    fn complaint_43_office_hours_are_right_in_every_zone_around_every_transition() {
        let calendar = office(&[(9, 18)], Vec::new());
        let database = TimeZoneDatabase::bundled();
        let from: Timestamp = "2020-01-01T00:00:00Z".parse().expect("a timestamp");
        let to: Timestamp = "2040-01-01T00:00:00Z".parse().expect("a timestamp");
        let mut checked = 0;
        for name in database.available() {
            let zone = database.get(name.as_str()).expect("a listed zone is there");
            for transition in zone.following(from).take_while(|t| t.timestamp() < to) {
                let day = zone.to_datetime(transition.timestamp()).date();
                for date in [-1, 0, 1, 2].map(|n| day.checked_add(n.days()).expect("far from the end of time")) {
                    let is_weekday = !matches!(date.weekday(), civil::Weekday::Saturday | civil::Weekday::Sunday);
                    for (hour, open) in [(8, false), (9, true), (17, true), (18, false)] {
                        let local = date.at(hour, 30 * i8::from(hour % 9 != 0), 0, 0);
                        let ambiguous = zone.to_ambiguous_timestamp(local);
                        if ambiguous.is_ambiguous() {
                            continue;
                        }
                        let at = ambiguous.compatible().expect("a time in range");
                        let at = Utc::from_micros(at.as_microsecond());
                        assert_eq!(open_at(&calendar, &zone, at), open && is_weekday, "{name} {local}");
                        checked += 1;
                    }
                }
            }
        }
        assert!(checked > 100_000, "{checked} times in all zones");
    }
}
