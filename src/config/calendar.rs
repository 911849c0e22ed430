//! `[[calendar]]`.

use crate::names::Entry;
use crate::source::Span;
use crate::suggest::nearest;
use crate::table::{Table, Value, Wrong};
use model::{Calendar, ClosedDates, DaySpan, Exception, Weekday, WeeklyHours};
use toml::de::DeValue;

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

pub(crate) fn read(entry: &Entry<'_>, site_zone: &str) -> Option<Calendar> {
    let table = &entry.table;
    let zone = table.convert("time_zone", |value| match value.text()? {
        "" => Ok(site_zone.into()),
        text => Ok(time_zone(text)?.into()),
    });
    let closed_on = table.list("closed_on", closed_dates);
    table.attempt("open", |_| Ok(()))?;
    let open = weekly(table);
    let exceptions = exceptions(table);
    if open.is_empty() && table.entries("open").is_empty() {
        table.reader.error(
            table.value("open").span,
            "this calendar is never open",
            "write { mon-fri = \"09:00-18:00\" }",
        );
    }
    Some(Calendar {
        name: entry.name.clone(),
        time_zone: zone.value,
        open,
        closed_on: crate::sip::plain(closed_on.value),
        exceptions,
    })
}

/// A name of the time zone database that is compiled in.
pub(crate) fn time_zone(text: &str) -> Result<&str, Wrong> {
    let database = jiff::tz::db();
    let known = database.get(text).is_ok();
    if known && database.available().any(|name| name.as_str() == text) {
        return Ok(text);
    }
    let names: Vec<String> = database.available().map(|name| name.as_str().to_owned()).collect();
    let help = match nearest(text, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => {
            match names.iter().find(|name| name.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(text)))
            {
                Some(city) => format!("did you mean \"{city}\"?"),
                None => "write an IANA name such as \"Asia/Shanghai\"".into(),
            }
        }
    };
    Err(Wrong::new(format!("`{text}` is not a time zone"), help))
}

fn weekly(table: &Table<'_>) -> Vec<WeeklyHours> {
    let mut found: [Option<(Vec<DaySpan>, Span)>; 7] = Default::default();
    for (key, value) in table.entries("open") {
        let days = match days(&key.value) {
            Ok(days) => days,
            Err(wrong) => {
                table.reader.error(key.span, wrong.message, wrong.help);
                continue;
            }
        };
        let spans = match spans(value) {
            Ok(spans) => spans,
            Err(wrong) => {
                table.wrong("open", value, wrong);
                continue;
            }
        };
        for day in days {
            if let Some((_, first)) = &found[day] {
                let message = format!("{} has its hours twice", DAYS[day].0);
                let help = "write several times of a day as [\"09:00-12:00\", \"13:00-18:00\"]";
                table.reader.clash(key.span, message, help, ("the first stands", *first));
                break;
            }
            found[day] = Some((spans.clone(), key.span));
        }
    }
    let hours = |(day, found): (usize, Option<(Vec<DaySpan>, Span)>)| {
        found.map(|(spans, _)| WeeklyHours { day: DAYS[day].1, spans })
    };
    found.into_iter().enumerate().filter_map(hours).collect()
}

/// `{ "2026-12-24" = "09:00-12:00" }`; a day or a stretch of days has its hours once.
fn exceptions(table: &Table<'_>) -> Vec<Exception> {
    let mut found: Vec<(Exception, Span)> = Vec::new();
    for (key, value) in table.entries("exceptions") {
        let dates = match dates(&key.value) {
            Ok(dates) => dates,
            Err(wrong) => {
                table.reader.error(key.span, wrong.message, wrong.help);
                continue;
            }
        };
        let spans = match spans(value) {
            Ok(spans) => spans,
            Err(wrong) => {
                table.wrong("exceptions", value, wrong);
                continue;
            }
        };
        let exception = Exception { from: dates.from, to: dates.to, spans };
        let overlaps = |other: &Exception| other.from <= exception.to && exception.from <= other.to;
        if let Some((_, first)) = found.iter().find(|(other, _)| overlaps(other)) {
            let message = "these days have their hours twice";
            table.reader.clash(key.span, message, "take one out", ("the first stands", *first));
            continue;
        }
        found.push((exception, key.span));
    }
    found.into_iter().map(|(exception, _)| exception).collect()
}

/// `mon`, `mon-fri`, `sat-mon`.
pub(crate) fn days(text: &str) -> Result<Vec<usize>, Wrong> {
    let day = |word: &str| {
        DAYS.iter().position(|(name, _)| *name == word).ok_or_else(|| {
            let help = match nearest(word, DAYS.map(|(name, _)| name)) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => "write mon, tue, wed, thu, fri, sat or sun, or two of them as mon-fri".into(),
            };
            Wrong::new(format!("`{word}` is not a day of the week"), help)
        })
    };
    let Some((first, last)) = text.split_once('-') else { return Ok(vec![day(text)?]) };
    let (first, last) = (day(first)?, day(last)?);
    let count = (last + 7 - first) % 7 + 1;
    Ok((first..first + count).map(|n| n % 7).collect())
}

/// One text or a list of texts, in order and apart.
fn spans(value: Value<'_>) -> Result<Vec<DaySpan>, Wrong> {
    let texts: Vec<&str> = match value.value {
        DeValue::Array(items) => items
            .iter()
            .map(|item| item.get_ref().as_str().ok_or_else(|| Wrong::new("hours are texts", "write \"09:00-18:00\"")))
            .collect::<Result<_, _>>()?,
        _ => vec![value.text()?],
    };
    let mut spans: Vec<DaySpan> = texts.into_iter().map(span).collect::<Result<_, _>>()?;
    spans.sort_by_key(|span| span.from_minute);
    let overlap = |pair: &[DaySpan]| pair[0].spans_midnight() || pair[0].to_minute > pair[1].from_minute;
    if spans.windows(2).any(overlap) {
        return Err(Wrong::new("these hours overlap", "write them one after another"));
    }
    if spans.is_empty() {
        return Err(Wrong::new("there are no hours here", "write \"09:00-18:00\" or leave the day out"));
    }
    Ok(spans)
}

fn span(text: &str) -> Result<DaySpan, Wrong> {
    let wrong =
        || Wrong::new(format!("`{text}` are no opening hours"), "write \"09:00-18:00\", at the latest until 24:00");
    let (from, to) = text.split_once('-').ok_or_else(wrong)?;
    let (from_minute, to_minute) = (minute(from.trim()).ok_or_else(wrong)?, minute(to.trim()).ok_or_else(wrong)?);
    if to_minute == from_minute || from_minute == 24 * 60 {
        let help = "write \"00:00-24:00\" for the whole day, \"22:00-06:00\" for a night";
        return Err(Wrong::new(format!("`{text}` ends where it begins"), help));
    }
    Ok(DaySpan { from_minute, to_minute })
}

/// `09:00`, up to `24:00`.
pub(crate) fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let two =
        |text: &str| (text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse::<u16>().ok())?;
    let (hour, minute) = (two(hour)?, two(minute)?);
    (minute < 60 && (hour < 24 || (hour == 24 && minute == 0))).then_some(hour * 60 + minute)
}

/// `"2026-12-25"`, `"2026-10-01..2026-10-07"`, or a TOML date.
fn closed_dates(value: Value<'_>) -> Result<ClosedDates, Wrong> {
    if let DeValue::Datetime(written) = value.value {
        let text = written.to_string();
        let day = date(&text).ok_or_else(|| Wrong::new(format!("`{text}` is not a date"), DATES))?;
        return Ok(ClosedDates { from: day, to: day });
    }
    dates(value.text()?)
}

const DATES: &str = "write \"2026-12-25\" or \"2026-10-01..2026-10-07\"";

fn dates(text: &str) -> Result<ClosedDates, Wrong> {
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    let read = |text: &str| date(text).ok_or_else(|| Wrong::new(format!("`{text}` is not a date"), DATES));
    let (from, to) = (read(from.trim())?, read(to.trim())?);
    if to < from {
        return Err(Wrong::new(format!("`{text}` ends before it begins"), "the earlier date comes first"));
    }
    Ok(ClosedDates { from, to })
}

pub(crate) fn date(text: &str) -> Option<(i16, i8, i8)> {
    let date: jiff::civil::Date = (text.len() == 10).then(|| text.parse().ok())??;
    Some((date.year(), date.month(), date.day()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_wrap_over_the_week_end() {
        assert_eq!(days("mon-fri").unwrap(), [0, 1, 2, 3, 4]);
        assert_eq!(days("sat-mon").unwrap(), [5, 6, 0]);
        assert_eq!(days("mon-sun").unwrap().len(), 7);
        assert_eq!(days("wed-wed").unwrap(), [2]);
        assert!(days("mon-").is_err() && days("weekday").is_err() && days("mon-tue-wed").is_err());
    }

    #[test]
    fn hours_end_on_their_day_or_on_the_next() {
        assert_eq!(span("00:00-24:00"), Ok(DaySpan { from_minute: 0, to_minute: 1440 }));
        assert_eq!(span("22:00-06:00"), Ok(DaySpan { from_minute: 1320, to_minute: 360 }));
        let wrong = ["9-18", "09:00", "24:01-24:02", "09:60-10:00", "-1:00-02:00", "09:00-09:00", "０９:00-10:00"];
        for text in wrong.into_iter().chain(["24:00-06:00", "00:00-00:00"]) {
            assert!(span(text).is_err(), "{text}");
        }
    }

    #[test]
    fn dates_exist() {
        assert_eq!(date("2028-02-29"), Some((2028, 2, 29)));
        for text in ["2026-02-29", "2026-13-01", "26-01-01", "2026-1-1", "", "2026-01-01T00:00"] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn time_zones_are_written_as_iana_writes_them() {
        assert_eq!(time_zone("Asia/Shanghai"), Ok("Asia/Shanghai"));
        assert_eq!(time_zone("asia/shanghai").unwrap_err().help, "did you mean \"Asia/Shanghai\"?");
        assert_eq!(time_zone("Asia/Shangai").unwrap_err().help, "did you mean \"Asia/Shanghai\"?");
        assert_eq!(time_zone("Berlin").unwrap_err().help, "did you mean \"Europe/Berlin\"?");
        assert!(time_zone("").is_err());
    }
}
