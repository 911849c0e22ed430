//! `rules` and `sticky` of `[[queue]]`: what a contact's own data ask.

use crate::condition::{condition, demand};
use crate::limits::MAX_RULES;
use crate::names::Entry;
use crate::reserved;
use crate::routing::Demands;
use crate::scalar::DurationRange;
use crate::source::Span;
use crate::table::{Table, Wrong};
use crate::target::Refs;
use core::cell::RefCell;
use expr::{Condition, Kind, Unknown};
use model::{AgentId, Attribute, Preferred, RequirementId, Rule, Sticky};
use toml::de::DeValue;

/// A caller who waits longer for one person would rather be served.
const WAIT: DurationRange = DurationRange::seconds(1, 3600);
const REMEMBER: DurationRange = DurationRange::seconds(60, 90 * 24 * 3600);
/// As the priority of a number.
const PRIORITY: core::ops::RangeInclusive<i64> = -1_000..=1_000;

/// What rules name, to be checked once all agents and numbers are read.
#[derive(Default)]
pub(crate) struct Named {
    pub(crate) agents: Vec<NamedAgent>,
    /// Asked besides what the queue asks.
    pub(crate) needs: Demands,
    /// The keys behind `data.`.
    pub(crate) data: Vec<(Box<str>, Span)>,
}

pub(crate) struct NamedAgent {
    pub(crate) preferred: Preferred,
    /// What his rule asks.
    pub(crate) needs: Option<RequirementId>,
    pub(crate) span: Span,
}

pub(crate) fn read(entry: &Entry<'_>, refs: &Refs<'_>) -> (Vec<Rule>, Named) {
    let table = &entry.table;
    let tables = table.list("rules", |value| match value.value {
        DeValue::Table(given) => {
            Ok(Table::new(table.reader, given, reserved::inner_defaults("rule"), "a rule", value.span))
        }
        _ => Err(Wrong::new("a rule is a table", "write { if = \"data.tier == 'gold'\", priority = 5 }")),
    });
    let mut named = Named::default();
    let mut rules = Vec::with_capacity(tables.value.len());
    for inner in &tables.value {
        rules.push(rule(&inner.value, refs, &mut named));
    }
    if !rules.is_empty() {
        refs.modules.need(table.reader, tables.span, &format!("queue {}", entry.name), "queue.data");
    }
    if let Some(inner) = tables.value.get(MAX_RULES) {
        table.reader.error(
            inner.span,
            format!("there are more than {MAX_RULES} rules"),
            "let data say what they have in common",
        );
    }
    (rules, named)
}

fn rule(table: &Table<'_>, refs: &Refs<'_>, named: &mut Named) -> Rule {
    table.check_keys();
    let needs = demand(table, "needs", &refs.skills, &refs.requirements);
    named.needs.extend(needs);
    let wait = table.duration("wait", WAIT);
    let agent = table.convert("agent", |value| match value.text()? {
        "" => Ok(None),
        id => Ok(Some(AgentId(refs.agents.find(id)?))),
    });
    let needs = needs.map(|(id, _)| id);
    let preferred = agent.value.map(|agent| Preferred { agent, wait });
    named.agents.extend(preferred.map(|preferred| NamedAgent { preferred, needs, span: agent.span }));
    let priority = table.is_given("priority").then(|| {
        let priority = table.convert("priority", |value| {
            let found = value.integer()?;
            if PRIORITY.contains(&found) {
                return Ok(found as i32);
            }
            let help = format!("from {} to {}", PRIORITY.start(), PRIORITY.end());
            Err(Wrong::new(format!("`priority` cannot be {found}"), help))
        });
        priority.value
    });
    if priority.is_none() && !["needs", "agent"].iter().any(|key| table.is_given(key)) {
        table.reader.error(table.span, "this rule does nothing", "give it priority, needs or agent");
    }
    let name = table.convert("name", |value| match value.text()? {
        digits if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
            Err(Wrong::new("a number is no name for a rule", "say whom it is for, as in name = \"gold customers\""))
        }
        name => Ok(name.into()),
    });
    Rule { name: name.value, when: when(table, named), priority, needs, agent: preferred }
}

/// The condition; the keys it asks are noted where they stand.
fn when(table: &Table<'_>, named: &mut Named) -> Option<Condition<Attribute>> {
    let keys = RefCell::new(Vec::new());
    let names = |name: &str| {
        let found = attribute(name)?;
        if let Attribute::Data(key) = &found.0 {
            keys.borrow_mut().push(key.clone());
        }
        Ok(found)
    };
    let (text, condition, value) = condition(table, "if", names)?;
    let mut keys = keys.into_inner();
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        let whole = format!("data.{key}");
        let at = text.find(&whole).map_or(0..text.len(), |at| at..at + whole.len());
        named.data.push((key, table.inside(value, &text, at)));
    }
    Some(condition)
}

fn attribute(name: &str) -> Result<(Attribute, Kind), Unknown> {
    let attribute = match (name, name.strip_prefix("data.")) {
        (_, Some(key)) => Attribute::Data(key.into()),
        ("caller", None) => Attribute::Caller,
        ("dialled", None) => Attribute::Dialled,
        ("language", None) => Attribute::Language,
        (_, None) => {
            return Err(Unknown {
                help: "there is: caller, dialled, language, and data.… for what is attached".into(),
            });
        }
    };
    Ok((attribute, Kind::Text))
}

pub(crate) fn sticky(entry: &Entry<'_>, refs: &Refs<'_>) -> Option<Sticky> {
    let inner = entry.table.inner("sticky", "sticky")?;
    refs.modules.need(entry.table.reader, inner.span, &format!("queue {}", entry.name), "queue.sticky");
    Some(Sticky { wait: inner.duration("wait", WAIT), remember: inner.duration("remember", REMEMBER) })
}
