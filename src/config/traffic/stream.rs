//! `[[stream]]`: a kind of caller.

use super::reach::{FIXED_HELP, is_wrap_up_fixed};
use super::{spread, trunk, weekdays};
use crate::calendar;
use crate::limits::{MAX_STREAM_CALLS, MAX_STREAM_KEYS, MAX_STREAM_PEOPLE, MAX_STREAM_PREFIX};
use crate::table::{Table, Value, Wrong};
use core::time::Duration;
use model::{Directory, Habit, Stream};
use std::sync::Arc;
use toml::de::DeValue;

pub(super) fn read(table: &Table<'_>, directory: &Directory, interval: Duration) -> Option<Stream> {
    let from = table.convert("from", clock);
    let calls = calls(table, from.value, interval);
    let numbers = numbers(table);
    let trunk = trunk(table, directory)?;
    for (number, _) in &numbers {
        let known = directory
            .numbers
            .iter()
            .any(|rule| rule.pattern.matches(number) && rule.trunk.is_none_or(|only| only == trunk));
        if !known {
            let help = "add a [[number]] to the configuration, or dial another";
            let message = format!("the configuration sends `{number}` nowhere");
            table.reader.error(
                table.value(if table.is_given("number") { "number" } else { "numbers" }).span,
                message,
                help,
            );
        }
    }
    if table.is_given("wrap_up") && is_wrap_up_fixed(directory, trunk, numbers.iter().map(|(number, _)| &**number)) {
        let message = "this is not used: wherever these callers come, wrap-up lasts as the queue says";
        table.reader.warn(table.value("wrap_up").span, message, FIXED_HELP);
    }
    Some(Stream {
        trunk,
        days: weekdays(table),
        numbers,
        calls,
        talk: table.convert("talk", spread::read).value,
        wrap_up: table.convert("wrap_up", spread::read).value,
        patience: table.convert("patience", spread::patience).value,
        habits: habits(table),
        people: table.count("people", 1..=MAX_STREAM_PEOPLE),
        prefix: table.convert("prefix", prefix).value,
    })
}

/// What the numbers of callers begin with.
fn prefix(value: Value<'_>) -> Result<Arc<str>, Wrong> {
    let text = value.text()?;
    let digits = text.strip_prefix('+').unwrap_or(text);
    if digits.len() > MAX_STREAM_PREFIX || !digits.bytes().all(|b| b.is_ascii_digit()) {
        let help = format!("up to {MAX_STREAM_PREFIX} digits, with or without + before them, as in \"+4930\"");
        return Err(Wrong::new(format!("`{text}` begins no telephone number"), help));
    }
    Ok(text.into())
}

/// Since midnight.
pub(super) fn clock(value: Value<'_>) -> Result<Duration, Wrong> {
    let text = value.text()?;
    let minute = calendar::minute(text);
    let minute = minute.ok_or_else(|| Wrong::new(format!("`{text}` is not a time of day"), "write \"08:30\""))?;
    Ok(Duration::from_secs(u64::from(minute) * 60))
}

/// From midnight, whatever the first interval is.
fn calls(table: &Table<'_>, from: Duration, interval: Duration) -> Vec<f64> {
    let mistakes = table.reader.errors();
    let written = table.list("calls", number);
    // Numbers that were refused are no list without numbers.
    if written.value.is_empty() && table.reader.errors() == mistakes {
        let help = "write calls = [12, 20, 35, …], one number for each interval";
        table.reader.error(written.span, "nobody of this kind calls", help);
    }
    if !from.as_millis().is_multiple_of(interval.as_millis()) {
        table.reader.error(
            table.value("from").span,
            "the first interval does not begin here",
            format!("intervals are {} long and begin at midnight", crate::scalar::spell_duration(interval)),
        );
    }
    let before = (from.as_millis() / interval.as_millis()) as usize;
    let room = (86_400_000 / interval.as_millis()) as usize;
    if before + written.value.len() > room {
        let message = format!("{} intervals from here reach beyond midnight", written.value.len());
        table.reader.error(written.span, message, format!("at most {}", room.saturating_sub(before)));
    }
    core::iter::repeat_n(0.0, before).chain(written.value.iter().map(|at| at.value)).collect()
}

/// Each caller has one of these habits at most.
fn habits(table: &Table<'_>) -> Vec<Habit> {
    let found = table.list("keys", habit);
    let habits: Vec<Habit> = found.value.into_iter().map(|at| at.value).collect();
    if habits.iter().map(|habit| habit.share).sum::<f64>() > 1.0 + 1e-9 {
        table.reader.error(found.span, "more callers press keys than there are", "keep the sum of the shares within 1");
    }
    habits
}

fn habit(value: Value<'_>) -> Result<Habit, Wrong> {
    const HELP: &str = "write { press = \"5\", after = \"60s\", share = 0.2 }";
    let DeValue::Table(table) = value.value else {
        return Err(Wrong::new("keys that are pressed are a table", HELP));
    };
    let known = ["press", "after", "share"];
    if let Some(key) = table.keys().map(|key| &**key.get_ref()).find(|key| !known.contains(key)) {
        return Err(Wrong::new(format!("keys that are pressed have no `{key}`"), HELP));
    }
    let inner = |key: &str| table.get(key).map(|found| Value { value: found.get_ref(), ..value });
    let (Some(press), Some(after), Some(share)) = (inner("press"), inner("after"), inner("share")) else {
        return Err(Wrong::new("keys that are pressed need `press`, `after` and `share`", HELP));
    };
    let keys = press.text()?;
    if keys.is_empty() || keys.len() > MAX_STREAM_KEYS || !keys.chars().all(|key| "0123456789*#".contains(key)) {
        return Err(Wrong::new(format!("`{keys}` are no keys of a telephone"), "from 0 to 9, \"*\" and \"#\""));
    }
    let share = number(share).ok().filter(|share| *share <= 1.0);
    let share = share.ok_or_else(|| Wrong::new("this is no share of the callers", "from 0 to 1"))?;
    Ok(Habit { keys: keys.into(), after: crate::scalar::duration(after.duration()?)?, share })
}

fn number(value: Value<'_>) -> Result<f64, Wrong> {
    let number = match value.value {
        DeValue::Float(number) => number.as_str().parse().ok(),
        _ => value.integer().ok().map(|number| number as f64),
    };
    let help = || format!("a number from 0 to {MAX_STREAM_CALLS}, also with a fraction: the mean of a chance");
    number
        .filter(|number: &f64| (0.0..=MAX_STREAM_CALLS).contains(number))
        .ok_or_else(|| Wrong::new("this is no number of calls", help()))
}

fn numbers(table: &Table<'_>) -> Vec<(Arc<str>, f64)> {
    let one = table.text("number");
    let several = table.entries("numbers");
    match (one.value.is_empty(), several.is_empty()) {
        (false, true) => vec![(Arc::from(&*one.value), 1.0)],
        (true, false) => {
            let mut numbers = Vec::with_capacity(several.len());
            for (dialled, value) in several {
                match number(value) {
                    Ok(share) => numbers.push((Arc::from(&*dialled.value), share)),
                    Err(wrong) => table.wrong("numbers", value, wrong),
                }
            }
            if !numbers.is_empty() && numbers.iter().all(|(_, share)| *share == 0.0) {
                let help = "give one of them a share above 0";
                table.reader.error(table.value("numbers").span, "nobody dials any of these", help);
            }
            numbers
        }
        (given, _) => {
            let message = if given { "what do they dial?" } else { "`number` and `numbers` exclude each other" };
            table.reader.error(table.span, message, "write number = \"4008\" or numbers = { 4008 = 3, 4009 = 1 }");
            Vec::new()
        }
    }
}
