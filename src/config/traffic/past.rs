//! `[past]`: a CSV file of past contacts, each of which calls again.

use super::reach::{FIXED_HELP, is_wrap_up_fixed};
use super::{spread, trunk};
use crate::limits::{MAX_PAST_CONTACTS, MAX_PAST_MISTAKES};
use crate::problem::{Note, Problem, Severity};
use crate::scalar;
use crate::source::{Source, Span};
use crate::suggest::advice;
use crate::table::{Table, Wrong};
use core::time::Duration;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use model::{Directory, PastCall, Spread, TrunkId};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use toml::de::DeValue;

const COLUMNS: [&str; 6] = ["time", "number", "talk", "wrap_up", "waited", "caller"];
const TIME: usize = 0;
const NUMBER: usize = 1;
const TALK: usize = 2;
const WRAP_UP: usize = 3;
const WAITED: usize = 4;
const CALLER: usize = 5;

enum Patience {
    Measured,
    Told(Option<Spread>),
}

/// One line, its lengths as far as it has them.
struct Row {
    /// Where the file gives dates.
    date: Option<Date>,
    at: Duration,
    number: Arc<str>,
    talk: Option<Duration>,
    wrap_up: Option<Duration>,
    waited: Option<Duration>,
    caller: Option<Arc<str>>,
}

/// What a file of past contacts says.
#[derive(Default)]
pub(super) struct Past {
    pub(super) file: Option<PathBuf>,
    pub(super) calls: Vec<PastCall>,
    /// From the first of them to the last.
    pub(super) days: u32,
    /// Where the file gives dates.
    pub(super) first: Option<Date>,
}

pub(super) fn read(table: &Table<'_>, directory: &Directory) -> Result<Past, Vec<Problem>> {
    let patience = table.convert("patience", |value| match value.value {
        DeValue::String(word) if word == "measured" => Ok(Patience::Measured),
        _ => spread::patience(value).map(Patience::Told),
    });
    let file = table.text("file");
    if file.value.is_empty() {
        return Ok(Past::default());
    }
    let Some(trunk) = trunk(table, directory) else { return Ok(Past::default()) };
    let path = table.reader.folder(file.span).join(&*file.value);
    let source = match Source::read(&path) {
        Ok(source) => source,
        Err(why) => {
            let help = "name a file, relative to the folder of this one";
            table.reader.error(file.span, format!("{}: {why}", path.display()), help);
            return Ok(Past::default());
        }
    };
    let zone = TimeZone::get(&directory.site.time_zone).unwrap_or(TimeZone::UTC);
    match rows(&source.text, &zone) {
        Ok(rows) => {
            let numbers: BTreeSet<&str> = rows.iter().map(|row| &*row.number).collect();
            let given = rows.iter().any(|row| row.wrap_up.is_some());
            if given && is_wrap_up_fixed(directory, trunk, numbers.into_iter()) {
                let message = "the column `wrap_up` of this file is not used: wherever these callers come, wrap-up lasts \
                               as the queue says";
                table.reader.warn(file.span, message, FIXED_HELP);
            }
            Ok(Past { file: Some(path), ..calls(&rows, trunk, &patience.value) })
        }
        Err(mistakes) => {
            let sources = [source];
            let note = |(range, Wrong { message, help })| Note {
                span: Span::new(0, range),
                severity: Severity::Error,
                message,
                help,
                also: None,
            };
            let mut problems: Vec<_> = mistakes.into_iter().map(|at| note(at).into_problem(&sources)).collect();
            // Which file named this one need be said once.
            if let Some(first) = problems.first_mut() {
                first.see_also("named", table.reader.place(file.span));
            }
            Err(problems)
        }
    }
}

type Misplaced = (core::ops::Range<usize>, Wrong);

/// Every row, or a mistake of each that has one.
fn rows(text: &str, zone: &TimeZone) -> Result<Vec<Row>, Vec<Misplaced>> {
    let mut lines = Lines { text, at: 0 };
    let order = header(&mut lines).map_err(|mistake| vec![mistake])?;
    let (mut rows, mut mistakes) = (Vec::new(), Vec::new());
    let mut first_date = None;
    while let Some(line) = lines.next() {
        let read = line.and_then(|(at, cells)| {
            if rows.len() >= MAX_PAST_CONTACTS {
                return Err((
                    at..at + 1,
                    Wrong::new(format!("more than {MAX_PAST_CONTACTS} contacts"), "take fewer days"),
                ));
            }
            order.row(at, &cells, zone, &mut first_date)
        });
        match read {
            Ok(row) if mistakes.is_empty() => rows.push(row),
            Ok(_) => {}
            Err(mistake) => mistakes.push(mistake),
        }
        if mistakes.len() >= MAX_PAST_MISTAKES || rows.len() > MAX_PAST_CONTACTS {
            break;
        }
    }
    if mistakes.is_empty() { Ok(rows) } else { Err(mistakes) }
}

/// Where each column stands.
struct Order {
    places: [Option<usize>; COLUMNS.len()],
    count: usize,
}

fn header(lines: &mut Lines<'_>) -> Result<Order, Misplaced> {
    let (header_at, header) = lines.next().ok_or_else(|| (0..0, Wrong::new("the file is empty", HEADER)))??;
    if let [one] = &header[..]
        && let Some(other) = one.value.chars().find(|c| matches!(c, ';' | '\t'))
    {
        let what = if other == ';' { "semicolons" } else { "tabs" };
        let help = "save it with commas between columns and points in numbers (1.5), as RFC 4180 has it";
        return Err((one.range.clone(), Wrong::new(format!("the columns are separated by {what}"), help)));
    }
    let mut order = [None; COLUMNS.len()];
    for (place, cell) in header.iter().enumerate() {
        let name = cell.value.trim();
        let Some(column) = COLUMNS.iter().position(|known| *known == name) else {
            let wrong = Wrong::new(format!("unknown column `{name}`"), advice(name, "column", COLUMNS));
            return Err((cell.range.clone(), wrong));
        };
        if order[column].replace(place).is_some() {
            let wrong = Wrong::new(format!("the column `{name}` stands here twice"), "keep the one that is meant");
            return Err((cell.range.clone(), wrong));
        }
    }
    if let Some(missing) = [TIME, NUMBER, TALK].into_iter().find(|column| order[*column].is_none()) {
        let wrong = Wrong::new(format!("there is no column `{}`", COLUMNS[missing]), HEADER);
        return Err((header_at..header_at + 1, wrong));
    }
    Ok(Order { places: order, count: header.len() })
}

const HEADER: &str = "begin with the line time,number,talk,wrap_up,waited,caller";

impl Order {
    /// `dated`: whether the first row had a date.
    fn row(&self, at: usize, cells: &[Cell<'_>], zone: &TimeZone, dated: &mut Option<bool>) -> Result<Row, Misplaced> {
        if cells.len() != self.count {
            let message = format!("{} columns, the first line has {}", cells.len(), self.count);
            return Err((at..at + 1, Wrong::new(message, "put a text with commas in quotes")));
        }
        let row = row(cells, &self.places, zone)?;
        if *dated.get_or_insert(row.date.is_some()) != row.date.is_some() {
            let place = self.places[TIME].map_or(at..at + 1, |place| cells[place].range.clone());
            let message = "this time and those above do not both have a date";
            return Err((place, Wrong::new(message, "give a date to every contact or to none")));
        }
        Ok(row)
    }
}

fn row(cells: &[Cell<'_>], order: &[Option<usize>; 6], zone: &TimeZone) -> Result<Row, Misplaced> {
    let cell = |column: usize| order[column].map(|place| &cells[place]).filter(|cell| !cell.value.trim().is_empty());
    let needed = |column: usize| {
        cell(column).ok_or_else(|| {
            let place = order[column].map_or(0..1, |place| cells[place].range.clone());
            (place, Wrong::new(format!("every contact has a {}", COLUMNS[column]), "write it here"))
        })
    };
    let length = |column: usize| match cell(column) {
        None => Ok(None),
        Some(cell) => match seconds(cell.value.trim()) {
            Some(length) => Ok(Some(length)),
            None => {
                let message = format!("`{}` is no length of time", cell.value);
                Err((cell.range.clone(), Wrong::new(message, "write seconds, 95.5, or 1m35s")))
            }
        },
    };
    let (time, number) = (needed(TIME)?, needed(NUMBER)?);
    let (date, at) = moment(time.value.trim(), zone).ok_or_else(|| {
        let help = "write 09:30:05, 2026-05-04 09:30:05, or 2026-05-04T09:30:05+02:00 (RFC 3339)";
        (time.range.clone(), Wrong::new(format!("`{}` is not a time", time.value), help))
    })?;
    Ok(Row {
        date,
        at,
        number: number.value.trim().into(),
        talk: length(TALK)?,
        wrap_up: length(WRAP_UP)?,
        waited: length(WAITED)?,
        caller: cell(CALLER).map(|cell| cell.value.trim().into()),
    })
}

fn seconds(text: &str) -> Option<Duration> {
    match text.parse::<f64>() {
        Ok(number) => Duration::try_from_secs_f64(number).ok(),
        Err(_) => scalar::duration(text).ok(),
    }
}

/// The date, if it has one, and the time since midnight in the site's time zone, which counts also where none is given.
fn moment(text: &str, zone: &TimeZone) -> Option<(Option<Date>, Duration)> {
    let instant = text.parse::<Timestamp>().or_else(|_| text.parse::<Zoned>().map(|zoned| zoned.timestamp()));
    let (date, time): (Option<Date>, Time) = match instant {
        Ok(instant) => {
            let local = instant.to_zoned(zone.clone());
            (Some(local.date()), local.time())
        }
        Err(_) => (text.parse().ok(), text.parse().ok()?),
    };
    let seconds = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    let nanos = time.subsec_nanosecond();
    Some((date, Duration::new(seconds.unsigned_abs(), nanos.unsigned_abs())))
}

fn calls(rows: &[Row], trunk: TrunkId, patience: &Patience) -> Past {
    let known = |of: fn(&Row) -> Option<Duration>| -> Spread {
        let all: Vec<Duration> = rows.iter().filter_map(of).collect();
        if all.is_empty() { Spread::ZERO } else { Spread::Observed(all.into()) }
    };
    let (talks, wraps) = (known(|row| row.talk), known(|row| row.wrap_up));
    let patience = match patience {
        Patience::Told(told) => told.clone(),
        Patience::Measured => measured(rows),
    };
    let first = rows.iter().filter_map(|row| row.date).min();
    let day = |row: &Row| match (row.date, first) {
        (Some(date), Some(first)) => date.duration_since(first).as_hours() as u32 / 24,
        _ => 0,
    };
    let call = |(nth, row): (usize, &Row)| PastCall {
        day: day(row),
        at: row.at,
        trunk,
        dialled: Arc::clone(&row.number),
        number: row.caller.clone().unwrap_or_else(|| format!("1{nth:09}").into()),
        // Who gave up would have talked as long as anybody.
        talk: row.talk.map_or_else(|| talks.clone(), Spread::Exactly),
        wrap_up: row.wrap_up.map_or_else(|| wraps.clone(), Spread::Exactly),
        patience: patience.clone(),
    };
    let days = rows.iter().map(day).max().map_or(0, |last| last + 1);
    Past { file: None, calls: rows.iter().enumerate().map(call).collect(), days, first }
}

/// Who was answered might have waited longer: all waits together, over those who gave up, is the mean patience that
/// makes the file likeliest (maximum likelihood for exponential patience, censored by the answer).
fn measured(rows: &[Row]) -> Option<Spread> {
    let gave_up = rows.iter().filter(|row| row.talk.is_none()).count();
    let waited: Duration = rows.iter().filter_map(|row| row.waited).sum();
    (gave_up > 0 && !waited.is_zero()).then(|| Spread::Exponential { mean: waited.div_f64(gave_up as f64) })
}

/// A cell and where it stands.
struct Cell<'a> {
    value: std::borrow::Cow<'a, str>,
    range: core::ops::Range<usize>,
}

/// RFC 4180, without line breaks inside quotes; empty lines are passed over.
struct Lines<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Option<Result<(usize, Vec<Cell<'a>>), Misplaced>> {
        loop {
            let start = self.at;
            let rest = self.text.get(start..).filter(|rest| !rest.is_empty())?;
            let length = rest.find('\n').unwrap_or(rest.len());
            self.at = (start + length + 1).min(self.text.len());
            let line = rest[..length].trim_end_matches('\r');
            if !line.trim().is_empty() {
                return Some(cells(line, start).map(|cells| (start, cells)));
            }
        }
    }
}

fn cells(line: &str, start: usize) -> Result<Vec<Cell<'_>>, Misplaced> {
    let mut cells = Vec::new();
    let mut at = 0;
    loop {
        let rest = &line[at..];
        let (value, length) = match rest.strip_prefix('"') {
            Some(quoted) => {
                let end = closing(quoted).ok_or_else(|| {
                    (start + at..start + line.len(), Wrong::new("this quote does not end on its line", "close it"))
                })?;
                (quoted[..end].replace("\"\"", "\"").into(), end + 2)
            }
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                (rest[..end].into(), end)
            }
        };
        cells.push(Cell { value, range: start + at..start + at + length.max(1) });
        at += length;
        match line[at..].chars().next() {
            None => return Ok(cells),
            Some(',') => at += 1,
            Some(other) => {
                let wrong = Wrong::new(format!("`{other}` after a closing quote"), "put a comma between two cells");
                return Err((start + at..start + at + other.len_utf8(), wrong));
            }
        }
    }
}

/// Where the quote ends; two quotes are one in the text.
fn closing(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        at += text[at..].find('"')?;
        if !text[at + 1..].starts_with('"') {
            return Some(at);
        }
        at += 2;
    }
}
