//! Date (RFC 3261 §20.17): the one form RFC 1123 made of it, always GMT.

use super::{Header, HeaderName};
use crate::octets::push_display;
use crate::scan::Cursor;
use base::Utc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date(pub Utc);

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl<'a> Header<'a> for Date {
    const NAME: HeaderName = HeaderName::Date;

    /// `Sat, 13 Nov 2010 23:29:00 GMT`; the day's name is not compared with the date.
    fn parse(value: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(value);
        let weekday = cursor.lws().run(|b| b.is_ascii_alphabetic())?;
        DAYS.iter().find(|d| d.as_bytes().eq_ignore_ascii_case(weekday))?;
        if !cursor.separator(b',') {
            return None;
        }
        let day = i64::from(cursor.number()?);
        let month = cursor.lws().run(|b| b.is_ascii_alphabetic())?;
        let month = MONTHS.iter().position(|m| m.as_bytes().eq_ignore_ascii_case(month))? as i64 + 1;
        let year = i64::from(cursor.lws().number()?);
        let hour = i64::from(cursor.lws().number()?);
        let minute = if cursor.eat(b':') { i64::from(cursor.number()?) } else { return None };
        let second = if cursor.eat(b':') { i64::from(cursor.number()?) } else { return None };
        // RFC 3261 §20.17: SIP restricts the time zone to GMT.
        let zone = cursor.lws().run(|b| b.is_ascii_alphabetic())?;
        let legal = (1..=31).contains(&day) && year <= 9999 && hour < 24 && minute < 60 && second <= 60;
        if zone != b"GMT" || !legal || !cursor.done() {
            return None;
        }
        let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
        Some(Date(Utc::from_secs(seconds)))
    }

    fn print(&self, out: &mut Vec<u8>) {
        let seconds = self.0.as_micros().div_euclid(1_000_000);
        let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let (year, month, day) = civil_from_days(days);
        let weekday = DAYS[usize::try_from(days.rem_euclid(7)).expect("0 to 6")];
        let month = MONTHS[usize::try_from(month - 1).expect("1 to 12")];
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let text = format_args!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT");
        push_display(out, &text);
    }
}

/// Days since 1970-01-01 in the Gregorian calendar, by Howard Hinnant's `days_from_civil`.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The inverse: year, month 1–12, day 1–31.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, seconds: i64) {
        assert_eq!(Date::parse(text.as_bytes()), Some(Date(Utc::from_secs(seconds))), "{text}");
        let mut out = Vec::new();
        Date(Utc::from_secs(seconds)).print(&mut out);
        assert_eq!(String::from_utf8_lossy(&out), text);
    }

    #[test]
    fn dates_are_read_and_printed() {
        check("Thu, 01 Jan 1970 00:00:00 GMT", 0);
        check("Sat, 13 Nov 2010 23:29:00 GMT", 1_289_690_940);
        check("Thu, 29 Feb 2024 12:00:01 GMT", 1_709_208_001);
        check("Wed, 31 Dec 1969 23:59:59 GMT", -1);
    }

    #[test]
    fn only_gmt_is_taken() {
        for zone in ["EST", "UT", "UTC", "gmt", ""] {
            assert_eq!(Date::parse(format!("Fri, 01 Jan 2010 16:00:00 {zone}").as_bytes()), None, "{zone}");
        }
        for bad in [
            "",
            "Fri",
            "Fri, 32 Jan 2010 16:00:00 GMT",
            "Fri, 01 Foo 2010 16:00:00 GMT",
            "Fri, 01 Jan 2010 24:00:00 GMT",
        ] {
            assert_eq!(Date::parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
