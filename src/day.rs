//! Where a day begins and ends for the people of the house.

use base::Utc;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};
use model::Directory;

/// A day where the calendar has no answer: outside the years it knows.
const DAY_MICROS: i64 = 24 * 3600 * 1_000_000;

/// From midnight to midnight in the site's time zone, around `at`. Days with a change of the clock are 23 or 25 hours
/// long, and some begin at one o'clock.
pub(crate) fn day_of(names: &Directory, at: Utc) -> (Utc, Utc) {
    let zone = TimeZone::get(&names.site.time_zone).unwrap_or(TimeZone::UTC);
    around(&zone, at).unwrap_or_else(|| {
        let midnight = at.as_micros().div_euclid(DAY_MICROS) * DAY_MICROS;
        (Utc::from_micros(midnight), Utc::from_micros(midnight + DAY_MICROS))
    })
}

fn around(zone: &TimeZone, at: Utc) -> Option<(Utc, Utc)> {
    let now = Timestamp::from_microsecond(at.as_micros()).ok()?.to_zoned(zone.clone());
    let today = now.start_of_day().ok()?;
    let tomorrow = now.checked_add(Span::new().days(1)).ok()?.start_of_day().ok()?;
    Some((utc(&today), utc(&tomorrow)))
}

fn utc(at: &Zoned) -> Utc {
    Utc::from_micros(at.timestamp().as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(zone: &str, at: &str) -> (String, String) {
        let at: Timestamp = at.parse().unwrap();
        let (from, to) = around(&TimeZone::get(zone).unwrap(), Utc::from_micros(at.as_microsecond())).unwrap();
        let text = |at: Utc| Timestamp::from_microsecond(at.as_micros()).unwrap().to_string();
        (text(from), text(to))
    }

    #[test]
    fn a_day_goes_from_midnight_to_midnight_where_the_house_stands() {
        let shanghai = ("2026-05-04T16:00:00Z".into(), "2026-05-05T16:00:00Z".into());
        assert_eq!(day("Asia/Shanghai", "2026-05-04T16:00:00Z"), shanghai);
        assert_eq!(day("Asia/Shanghai", "2026-05-05T15:59:59.999Z"), shanghai);
        assert_eq!(day("Asia/Shanghai", "2026-05-05T16:00:00Z").0, shanghai.1);
    }

    #[test]
    fn a_day_on_which_clocks_change_is_as_long_as_it_is() {
        let spring = ("2026-03-28T23:00:00Z".into(), "2026-03-29T22:00:00Z".into());
        assert_eq!(day("Europe/Berlin", "2026-03-29T12:00:00Z"), spring);
        let autumn = ("2026-10-24T22:00:00Z".into(), "2026-10-25T23:00:00Z".into());
        assert_eq!(day("Europe/Berlin", "2026-10-25T22:30:00Z"), autumn);
    }

    #[test]
    fn where_clocks_change_at_midnight_the_day_begins_at_one() {
        assert_eq!(day("Africa/Cairo", "2026-04-24T12:00:00Z").0, "2026-04-23T22:00:00Z");
    }
}
