//! What a day looks like that is simulated: traffic files, files of past contacts, schedules.

mod past;
mod reach;
mod schedule;
mod spread;
mod stream;

use crate::calendar;
use crate::document::{in_written_order, one, several};
use crate::problem::{Note, Problem, Report, Severity, file_problem};
use crate::reader::Reader;
use crate::reserved;
use crate::scalar::DurationRange;
use crate::source::{At, Source, Span};
use crate::suggest::advice;
use crate::table::{Table, Wrong};
use core::time::Duration;
use jiff::civil::Date;
use model::{AgentId, Demand, Directory, Manners, Shift, TrunkId, Weekdays};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use toml::de::{DeTable, DeValue};

const TEXT: &str = include_str!("defaults.toml");

static DEFAULTS: LazyLock<DeTable<'static>> =
    LazyLock::new(|| DeTable::parse(TEXT).expect("our own text, read by every test").into_inner());

/// Every key of traffic and schedule files with its default.
pub fn traffic_defaults() -> &'static str {
    TEXT
}

/// A traffic file, checked.
#[derive(Clone, PartialEq, Debug)]
pub struct Traffic {
    /// Every file that was read.
    pub sources: Vec<PathBuf>,
    pub warnings: Vec<Problem>,
    /// Year, month, day.
    pub date: (i16, i8, i8),
    pub interval: Duration,
    pub demand: Demand,
    pub manners: Manners,
}

const ONCE: [(&str, &str); 3] = [("day", "[day]"), ("agents", "[agents]"), ("past", "[past]")];
const STREAM: (&str, &str) = ("stream", "[[stream]]");
const SHIFT: (&str, &str) = ("shift", "[[shift]]");

/// An interval shorter than a minute says nothing; the day has at most 24 hours.
const INTERVAL: DurationRange = DurationRange::seconds(60, 24 * 3600);
const RETURN: DurationRange = DurationRange::seconds(0, 24 * 3600);

/// Who calls, against the configuration that is to be simulated.
pub fn load_traffic(path: &Path, directory: &Directory) -> Result<Traffic, Report> {
    let source = Source::read(path).map_err(|why| Report::new(vec![file_problem(path, why)]))?;
    read_traffic(source, directory)
}

/// Who is there.
pub fn load_schedule(path: &Path, directory: &Directory) -> Result<Vec<Shift>, Report> {
    let source = Source::read(path).map_err(|why| Report::new(vec![file_problem(path, why)]))?;
    read_schedule(source, directory)
}

pub(crate) fn read_traffic(source: Source, directory: &Directory) -> Result<Traffic, Report> {
    let mut sources = vec![source.name.clone()];
    let mut past_problems = Vec::new();
    let (mut traffic, warnings) = with_tables(source, &ONCE, STREAM, |reader, single, streams| {
        let [day, agents, past] = [0, 1, 2].map(|at| &single[at]);
        let interval = interval(day);
        let date = day.convert("date", |value| {
            let text = value.text()?;
            calendar::date(text).ok_or_else(|| Wrong::new(format!("`{text}` is not a date"), "write \"2026-05-04\""))
        });
        let mut demand = Demand::default();
        for table in streams {
            demand.streams.extend(stream::read(table, directory, interval));
        }
        let found = past::read(past, directory).unwrap_or_else(|problems| {
            past_problems = problems;
            past::Past::default()
        });
        (demand.past, demand.past_days) = (found.calls, found.days);
        sources.extend(found.file);
        let date = first_day(day, date, found.first);
        if streams.is_empty() && !past.is_given("file") {
            reader.error(day.span, "nobody calls", "add a [[stream]], or file = \"…\" below [past]");
        }
        Traffic { sources: Vec::new(), warnings: Vec::new(), date, interval, demand, manners: manners(agents) }
    })?;
    (traffic.sources, traffic.warnings) = (sources, warnings);
    if past_problems.is_empty() { Ok(traffic) } else { Err(Report::new(past_problems)) }
}

/// Past contacts come again on the days they were of; who names another first day is told when it is another day of the
/// week, on which other hours count.
fn first_day(day: &Table<'_>, date: At<(i16, i8, i8)>, first: Option<Date>) -> (i16, i8, i8) {
    let Some(first) = first else { return date.value };
    if !day.is_given("date") {
        return (first.year(), first.month(), first.day());
    }
    let (year, month, of_month) = date.value;
    let was = first.weekday();
    if let Ok(named) = Date::new(year, month, of_month)
        && named.weekday() != was
    {
        let message = format!("this is a {:?}; the first past contact is of {first}, a {was:?}", named.weekday());
        day.reader.warn(date.span, message, format!("leave `date` out for the days of the file, or name a {was:?}"));
    }
    date.value
}

/// On which days of the week: `mon-fri`.
fn weekdays(table: &Table<'_>) -> Weekdays {
    let days = table.convert("days", |value| {
        let mut found = [false; 7];
        calendar::days(value.text()?)?.into_iter().for_each(|day| found[day] = true);
        Ok(Weekdays(found))
    });
    days.value
}

pub(crate) fn read_schedule(source: Source, directory: &Directory) -> Result<Vec<Shift>, Report> {
    let (shifts, _) = with_tables(source, &[], SHIFT, |reader, _, shifts| {
        if shifts.is_empty() {
            reader.error(Span { file: 0, start: 0, end: 0 }, "nobody is there", "add a [[shift]]");
        }
        let mut all: Vec<Shift> = Vec::new();
        let mut there: HashMap<AgentId, Vec<(Weekdays, Duration, Duration)>> = HashMap::new();
        for table in shifts {
            let these = schedule::read(table, directory);
            let twice = these.iter().find(|shift| {
                let others = there.entry(shift.agent).or_default();
                let mut others_then = others.iter().filter(|(days, ..)| shift.days.meet(*days));
                let at_once = others_then.any(|(_, from, to)| *from < shift.to && shift.from < *to);
                others.push((shift.days, shift.from, shift.to));
                at_once
            });
            if let Some(shift) = twice {
                let message = format!("agent {} is there already at that time", directory.agent(shift.agent).id);
                table.reader.error(
                    table.span,
                    message,
                    "make one shift of both, or let one end before the other begins",
                );
            }
            all.extend(these);
        }
        all
    })?;
    Ok(shifts)
}

/// An interval that does not go into the day an exact number of times would end beyond midnight.
fn interval(day: &Table<'_>) -> Duration {
    let interval = day.duration("interval", INTERVAL);
    if !86_400_000u128.is_multiple_of(interval.as_millis()) {
        let value = day.value("interval");
        day.wrong("interval", value, Wrong::new("a day does not divide into such intervals", "write 15m, 30m or 1h"));
        return Duration::from_secs(1800);
    }
    interval
}

fn manners(table: &Table<'_>) -> Manners {
    let share = |key| {
        let share = table.convert(key, |value| {
            let text = value.text()?;
            let number: Option<f64> = text.strip_suffix('%').and_then(|n| n.parse().ok());
            number
                .filter(|n| (0.0..=100.0).contains(n))
                .ok_or_else(|| Wrong::new(format!("`{text}` is not a share"), "write \"2%\""))
        });
        share.value / 100.0
    };
    let (misses, declines) = (share("misses"), share("declines"));
    if misses + declines > 1.0 {
        let both = Wrong::new("more offers are missed and declined than are made", "keep their sum within 100%");
        table.wrong("declines", table.value("declines"), both);
    }
    Manners {
        answers_after: table.convert("answer_after", spread::read).value,
        misses,
        declines,
        returns_after: table.duration("returns_after", RETURN),
    }
}

/// The trunk a kind of caller comes by.
fn trunk(table: &Table<'_>, directory: &Directory) -> Option<TrunkId> {
    let named = table.text("trunk");
    let found = if named.value.is_empty() {
        directory.trunks.iter().position(|trunk| !trunk.removed).map(|at| TrunkId(at as u32))
    } else {
        directory.trunk_named(&named.value)
    };
    if found.is_none() {
        let known = directory.trunks.iter().filter(|trunk| !trunk.removed).map(|trunk| &*trunk.name);
        let (message, help) = if named.value.is_empty() {
            ("the configuration has no trunk to call by".into(), "add a [[trunk]] to it".into())
        } else {
            (format!("the configuration has no trunk `{}`", named.value), advice(&named.value, "trunk", known))
        };
        table.reader.error(named.span, message, help);
    }
    found
}

/// Reads one file whose tables are these, each once or any number of times. Beside what was read: the warnings.
fn with_tables<T>(
    source: Source,
    once: &[(&'static str, &'static str)],
    many: (&'static str, &'static str),
    read: impl FnOnce(&Reader<'_>, &[Table<'_>], &[Table<'_>]) -> T,
) -> Result<(T, Vec<Problem>), Report> {
    let sources = [source];
    let problems = |notes: Vec<Note>| {
        let mut notes = notes;
        notes.sort_by_key(|note| (note.span, note.severity == Severity::Warning));
        notes.into_iter().map(|note| note.into_problem(&sources)).collect::<Vec<Problem>>()
    };
    let (tree, errors) = DeTable::parse_recoverable(&sources[0].text);
    if !errors.is_empty() {
        return Err(Report::new(problems(errors.iter().map(|error| crate::load::syntax(0, error)).collect())));
    }
    let tree = tree.into_inner();
    let nobody = |_: &str| None;
    let reader = Reader::new(&sources, &nobody);
    let start = Span { file: 0, start: 0, end: 0 };
    let nothing = reserved::inner_defaults("");
    let table = |given, name, title, span| Table::new(&reader, given, defaults_of(name), title, span);
    let mut single: Vec<Table<'_>> = once.iter().map(|(name, title)| table(nothing, name, title, start)).collect();
    let mut several_of = Vec::new();
    for (key, value) in in_written_order(&tree) {
        let name: &str = key.get_ref();
        let span = Span::new(0, key.span());
        if let Some(at) = once.iter().position(|(known, _)| *known == name) {
            if let Some(given) = one(&reader, name, value, span) {
                single[at] = table(given, name, once[at].1, span);
            }
        } else if name == many.0 {
            let found = several(&reader, name, value, span);
            several_of.extend(found.into_iter().map(|(given, header)| table(given, name, many.1, header)));
        } else {
            let known = once.iter().map(|(name, _)| *name).chain([many.0]);
            let help = match (name, many.0) {
                ("shift", "stream") => "shifts stand in a schedule file, named by --schedule".into(),
                ("stream", "shift") => "streams stand in a traffic file, named by --traffic".into(),
                _ => advice(name, "table", known),
            };
            reader.error(span, format!("unknown table [{name}] here"), help);
        }
    }
    single.iter().chain(&several_of).for_each(Table::check_keys);
    let result = read(&reader, &single, &several_of);
    drop((single, several_of));
    let refused = reader.errors() > 0;
    let problems = problems(reader.into_notes());
    if refused { Err(Report::new(problems)) } else { Ok((result, problems)) }
}

fn defaults_of(name: &str) -> &'static DeTable<'static> {
    let value = DEFAULTS.get(name).expect("every table stands in traffic/defaults.toml").get_ref();
    let table = match value {
        DeValue::Array(tables) => tables.first().expect("an array of one table").get_ref(),
        other => other,
    };
    match table {
        DeValue::Table(table) => table,
        _ => unreachable!("traffic/defaults.toml holds tables at its top"),
    }
}

#[cfg(test)]
mod tests;
