//! How contacts of a queue are matched with agents: `needs`, `steps`, `ageing` and what else is in [`Routing`].

use crate::condition::{demand, figures};
use crate::limits::{MAX_POINTS, MAX_STEPS};
use crate::names::Entry;
use crate::reserve;
use crate::reserved;
use crate::rules::{self, Named};
use crate::scalar::DurationRange;
use crate::source::Span;
use crate::table::{Table, Wrong};
use crate::target::Refs;
use model::{Ageing, QueueFigure, RequirementId, Routing, Step};
use toml::de::DeValue;

/// As the time to ring: one more phone cannot wait longer than all of them ring.
const RING_STEP: DurationRange = DurationRange::seconds(1, 180);
const LASTS: DurationRange = DurationRange::seconds(1, 24 * 3600);
/// Those that belong to the queue or to the contact itself.
const STEP_FIGURES: [QueueFigure; 8] = [
    QueueFigure::Waiting,
    QueueFigure::SignedOn,
    QueueFigure::Staffed,
    QueueFigure::Ready,
    QueueFigure::ExpectedWait,
    QueueFigure::LongestWait,
    QueueFigure::ServiceLevel,
    QueueFigure::Priority,
];

/// Where demands are written, for [`crate::serving`].
pub(crate) type Demands = Vec<(RequirementId, Span)>;

pub(crate) fn read(entry: &Entry<'_>, refs: &Refs<'_>) -> (Routing, Demands, Named) {
    let table = &entry.table;
    let (steps, demands) = steps(entry, refs);
    let (rules, named) = rules::read(entry, refs);
    let ageing = table.inner("ageing", "ageing").map_or(Ageing::default(), |inner| Ageing {
        per_minute: inner.count("per_minute", 1..=MAX_POINTS),
        cap: inner.count("cap", 1..=MAX_POINTS),
    });
    let max_talking = table.convert("max_talking", |value| match value.value {
        DeValue::String(word) if word == "off" => Ok(None),
        _ => match u32::try_from(value.integer()?) {
            Ok(count @ 1..=crate::limits::MAX_CALLS) => Ok(Some(count)),
            Ok(_) | Err(_) => Err(Wrong::new(
                "`max_talking` cannot be this",
                format!("from 1 to {}, or \"off\"", crate::limits::MAX_CALLS),
            )),
        },
    });
    let routing = Routing {
        steps,
        ageing,
        objective: reserve::objective(entry, refs, &ageing),
        reserves: reserve::read(entry, refs),
        rules,
        sticky: rules::sticky(entry, refs),
        ring_step: table.duration("ring_step", RING_STEP),
        tries: table.count("tries", 1..=100) as u8,
        max_talking: max_talking.value,
    };
    (routing, demands, named)
}

fn steps(entry: &Entry<'_>, refs: &Refs<'_>) -> (Vec<Step>, Demands) {
    let table = &entry.table;
    let mut demands = Vec::new();
    let mut steps = Vec::new();
    let single = demand(table, "needs", &refs.skills, &refs.requirements);
    let tables = inner_tables(table);
    for (n, inner) in tables.iter().enumerate() {
        let found = demand(inner, "needs", &refs.skills, &refs.requirements);
        demands.extend(found);
        let last = n + 1 == tables.len();
        let lasts = lasts(inner, last);
        if last && inner.is_given("if") {
            let message = "the last step is always taken";
            table.reader.error(inner.value("if").span, message, "take `if` out, or add a step behind it");
        }
        steps.push(Step { needs: found.map(|(id, _)| id), lasts, only_if: figures(inner, "if", &STEP_FIGURES) });
    }
    let written = if tables.is_empty() { "needs" } else { "steps" };
    if !tables.is_empty() && table.is_given("needs") && !table.text("needs").value.is_empty() {
        let (span, steps) = (table.value("needs").span, table.value("steps").span);
        let help = "write it as the first step's `needs`";
        table.reader.clash(span, "`needs` and `steps` say the same thing twice", help, ("the steps", steps));
    } else if let Some((id, span)) = single {
        demands.push((id, span));
        steps.push(Step { needs: Some(id), lasts: None, only_if: Vec::new() });
    }
    if !steps.is_empty() {
        let who = format!("queue {}", entry.name);
        refs.modules.need(table.reader, table.value(written).span, &who, "queue.skills");
    }
    (steps, demands)
}

/// All but the last step have their time.
fn lasts(inner: &Table<'_>, last: bool) -> Option<core::time::Duration> {
    match (inner.is_given("for"), last) {
        (true, false) => Some(inner.duration("for", LASTS)),
        (false, true) => None,
        (true, true) => {
            let message = "the last step lasts until the contact is served or leaves";
            inner.reader.error(inner.value("for").span, message, "take `for` out, or add a step behind it");
            None
        }
        (false, false) => {
            inner.reader.error(inner.span, "a step that is not the last needs `for`", "add for = \"30s\"");
            None
        }
    }
}

/// The elements of `steps`, each with its defaults.
fn inner_tables<'a>(table: &Table<'a>) -> Vec<Table<'a>> {
    let tables = table.list("steps", |value| match value.value {
        DeValue::Table(given) => {
            Ok(Table::new(table.reader, given, reserved::inner_defaults("step"), "a step", value.span))
        }
        _ => Err(Wrong::new("a step is a table", "write { needs = \"…\", for = \"30s\" }")),
    });
    let tables: Vec<_> = tables.value.into_iter().map(|at| at.value).collect();
    tables.iter().for_each(Table::check_keys);
    if let Some(table) = tables.get(MAX_STEPS) {
        table.reader.error(table.span, format!("there are more than {MAX_STEPS} steps"), "make larger ones");
    }
    tables
}
