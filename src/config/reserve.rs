//! Who serves a queue at times, and by which objective queues are compared: `reserves`, `service_objective`.

use crate::condition::figures;
use crate::joining;
use crate::names::Entry;
use crate::queue::ReadQueue;
use crate::reader::Reader;
use crate::reserved;
use crate::scalar::{self, DurationRange};
use crate::source::Span;
use crate::table::{Table, Wrong};
use crate::target::Refs;
use core::time::Duration;
use model::{Ageing, Agent, InReserve, QueueFigure, QueueId, RESERVE_LEVELS, RESERVES_MAX, Reserve, ReserveOf};
use toml::de::DeValue;

/// A caller who should wait less than a second should not wait; a day is for mail.
const OBJECTIVE: DurationRange = DurationRange::seconds(1, 24 * 3600);
const HOLD: DurationRange = DurationRange::seconds(0, 8 * 3600);

/// Of the queue, of the reserve, and of the queue that lends.
const FIGURES: [QueueFigure; 9] = [
    QueueFigure::Waiting,
    QueueFigure::SignedOn,
    QueueFigure::Staffed,
    QueueFigure::Ready,
    QueueFigure::ExpectedWait,
    QueueFigure::LongestWait,
    QueueFigure::ServiceLevel,
    QueueFigure::ReserveReady,
    QueueFigure::LenderWaiting,
];

pub(crate) fn objective(entry: &Entry<'_>, refs: &Refs<'_>, ageing: &Ageing) -> Option<Duration> {
    let table = &entry.table;
    let objective = table.convert("service_objective", |value| match value.duration()? {
        "off" => Ok(None),
        text => OBJECTIVE.check("service_objective", scalar::duration(text)).map(Some),
    });
    objective.value?;
    refs.modules.need(table.reader, objective.span, &format!("queue {}", entry.name), "queue.objective");
    if *ageing != Ageing::default() {
        let message = "`service_objective` and `ageing` are two answers to the same question";
        let help = "with an objective waiting counts as a part of it: take `ageing` out";
        table.reader.clash(objective.span, message, help, ("the ageing", table.value("ageing").span));
    }
    objective.value
}

pub(crate) fn read(entry: &Entry<'_>, refs: &Refs<'_>) -> Vec<Reserve> {
    let tables = inner_tables(&entry.table);
    if let Some(table) = tables.get(RESERVES_MAX) {
        table.reader.error(table.span, format!("there are more than {RESERVES_MAX} reserves"), "make larger ones");
    }
    let mut found: Vec<(ReserveOf, Span)> = Vec::new();
    let mut reserves = Vec::new();
    for inner in tables.iter().take(RESERVES_MAX) {
        let Some(reserve) = one(entry, inner, refs) else { continue };
        if let Some((_, first)) = found.iter().find(|(who, _)| *who == reserve.who) {
            inner.reader.clash(inner.span, "these join by two rules", "make one of both", ("the first", *first));
        }
        found.push((reserve.who, inner.span));
        reserves.push(reserve);
    }
    reserves
}

fn one(entry: &Entry<'_>, inner: &Table<'_>, refs: &Refs<'_>) -> Option<Reserve> {
    let queue = QueueId(entry.index);
    let (who, module) = match (inner.is_given("level"), inner.is_given("queue")) {
        (true, false) => (ReserveOf::Level(inner.count("level", 1..=u32::from(RESERVE_LEVELS)) as u8), "queue.reserve"),
        (false, true) => {
            let lender = inner.attempt("queue", |value| {
                let lender = QueueId(refs.queues.find(value.text()?)?);
                let own = lender == queue;
                let wrong = || Wrong::new("these agents are the queue's own", "name another queue, or a `level`");
                if own { Err(wrong()) } else { Ok(lender) }
            })?;
            (ReserveOf::Queue(lender.value), "queue.groups")
        }
        (true, true) | (false, false) => {
            let message = "a reserve is either of a level or of another queue";
            inner.reader.error(inner.span, message, "give one of `level` and `queue`");
            return None;
        }
    };
    refs.modules.need(inner.reader, inner.span, &format!("queue {}", entry.name), module);
    if !inner.is_given("when") || inner.text("when").value.is_empty() {
        inner.reader.error(inner.span, "a reserve needs `when`", "add when = \"longest_wait >= 60\"");
        return None;
    }
    let when = figures(inner, "when", &FIGURES);
    let until = figures(inner, "until", &FIGURES);
    let named = |figure| when.iter().chain(&until).flatten().any(|range| range.figure == figure);
    if let (ReserveOf::Level(_), true) = (who, named(QueueFigure::LenderWaiting)) {
        let message = "`lender_waiting` is of a queue that lends its agents";
        inner.reader.error(inner.span, message, "give `queue` instead of `level`");
    }
    let adjust = inner.flag("adjust");
    if adjust && !when.iter().flatten().any(|range| range.figure.is_load()) {
        let help = "`adjust` moves the thresholds of `waiting`, `expected_wait` and `longest_wait`";
        inner.reader.error(inner.value("adjust").span, "there is no threshold to adjust", help);
    }
    let reserve = Reserve { who, when, until, hold: inner.duration("hold", HOLD), adjust };
    joining::warn(inner, &reserve);
    Some(reserve)
}

/// The elements of `reserves`, each with its defaults.
fn inner_tables<'a>(table: &Table<'a>) -> Vec<Table<'a>> {
    let tables = table.list("reserves", |value| match value.value {
        DeValue::Table(given) => {
            Ok(Table::new(table.reader, given, reserved::inner_defaults("reserve"), "a reserve", value.span))
        }
        _ => Err(Wrong::new("a reserve is a table", "write { level = 1, when = \"…\" }")),
    });
    let tables: Vec<_> = tables.value.into_iter().map(|at| at.value).collect();
    tables.iter().for_each(Table::check_keys);
    tables
}

/// `{ support = 1 }` of an agent.
pub(crate) fn of_agent(entry: &Entry<'_>, refs: &Refs<'_>, queues: &[QueueId]) -> Vec<InReserve> {
    let table = &entry.table;
    let mut found = Vec::new();
    for (name, value) in table.entries("reserve") {
        let queue = match refs.queues.find(&name.value) {
            Ok(index) => QueueId(index),
            Err(wrong) => {
                table.reader.error(name.span, wrong.message, wrong.help);
                continue;
            }
        };
        refs.modules.need(table.reader, name.span, &format!("agent {}", entry.name), "queue.reserve");
        if queues.contains(&queue) {
            let message = format!("agent {} serves {} all the time", entry.name, name.value);
            table.reader.error(name.span, message, "take it out of `queues`, or out of `reserve`");
        }
        match value.integer() {
            Ok(level) if (1..=i64::from(RESERVE_LEVELS)).contains(&level) => {
                found.push(InReserve { queue, level: level as u8 });
            }
            Ok(level) => {
                let message = format!("there is no overload level {level}");
                table.reader.error(value.span, message, format!("from 1 to {RESERVE_LEVELS}"));
            }
            Err(wrong) => table.wrong("reserve", value, wrong),
        }
    }
    found
}

/// What queues and agents say of each other must fit together.
pub(crate) fn check(
    reader: &Reader<'_>,
    queues: (&[Entry<'_>], &[Option<ReadQueue>]),
    agents: (&[Entry<'_>], &[Option<Agent>]),
) {
    for entry in agents.0 {
        let Some(agent) = &agents.1[entry.index as usize] else { continue };
        for InReserve { queue, level } in &agent.reserve {
            let Some(ReadQueue { queue, .. }) = &queues.1[queue.index()] else { continue };
            if !queue.routing.reserves.iter().any(|reserve| reserve.who == ReserveOf::Level(*level)) {
                let message = format!("queue {} never calls level {level} of its reserve", queue.name);
                let help = format!("add {{ level = {level}, when = \"…\" }} to its `reserves`");
                reader.error(entry.table.value("reserve").span, message, help);
            }
        }
    }
    let agents: Vec<&Agent> = agents.1.iter().flatten().collect();
    for entry in queues.0 {
        let id = QueueId(entry.index);
        let Some(ReadQueue { queue, .. }) = &queues.1[id.index()] else { continue };
        for reserve in &queue.routing.reserves {
            let joins = |agent: &&&Agent| reserve.who.has(id, agent) && !agent.queues.contains(&id);
            // What was refused is not there: a warning could be its consequence.
            if reader.errors() == 0 && !agents.iter().any(|agent| joins(&agent)) {
                let message = match reserve.who {
                    ReserveOf::Level(level) => format!("no agent is in reserve for {} at level {level}", queue.name),
                    ReserveOf::Queue(_) => format!("this lends queue {} nobody it does not have", queue.name),
                };
                reader.warn(entry.table.value("reserves").span, message, "give agents `reserve`, or other queues");
            }
        }
        if queue.routing.objective.is_some() {
            compare_objectives(reader, entry, id, queues.1, &agents);
        }
    }
}

/// Queues that share an agent are compared with each other: all by objectives, none by ageing.
fn compare_objectives(
    reader: &Reader<'_>,
    entry: &Entry<'_>,
    id: QueueId,
    queues: &[Option<ReadQueue>],
    agents: &[&Agent],
) {
    let span = entry.table.value("service_objective").span;
    let mut said = vec![false; queues.len()];
    for agent in agents.iter().filter(|agent| agent.queues.contains(&id)) {
        for other in agent.queues.iter().filter(|other| **other != id) {
            let Some(ReadQueue { queue, .. }) = &queues[other.index()] else { continue };
            if core::mem::replace(&mut said[other.index()], true) {
                continue;
            }
            let shared = format!("agent {} serves {} and {}", agent.id, entry.name, queue.name);
            if queue.routing.ageing != Ageing::default() {
                let message = format!("{shared}, which has `ageing`: an objective cannot be compared with points");
                reader.error(span, message, format!("give {} a `service_objective` instead", queue.name));
            } else if queue.routing.objective.is_none() {
                let message = format!("{shared}, which has no objective and counts as one of 1m");
                reader.warn(span, message, format!("give {} a `service_objective` too", queue.name));
            }
        }
    }
}
