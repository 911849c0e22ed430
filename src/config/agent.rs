//! `[[agent]]`.

use crate::limits::{MAX_CONTACTS_ON, MAX_NAME_CHARS, MAX_TEXT_CONTACTS, MAX_WEIGHT};
use crate::names::Entry;
use crate::reader::Reader;
use crate::reserve;
use crate::route::CLASSES;
use crate::scalar::{self, DurationRange};
use crate::secret::{PIN, secret};
use crate::sip::plain;
use crate::source::Span;
use crate::table::{Table, Wrong};
use crate::target::Refs;
use model::{Agent, Breather, Capacity, InitialState, NailedUp, PhoneId, QueueId, SkillId, SkillLevel, Supervises};
use std::collections::HashMap;

const INITIAL_STATES: [(&str, InitialState); 2] =
    [("not-ready", InitialState::NotReady), ("ready", InitialState::Ready)];

const NAILED_UP: [(&str, NailedUp); 3] =
    [("off", NailedUp::Off), ("at-once", NailedUp::AtOnce), ("by-key", NailedUp::ByKey)];

/// Longer is a break, which people ask for.
const BREATHER: DurationRange = DurationRange::seconds(1, 15 * 60);
/// PINs are keyed in on a telephone.
const PIN_DIGITS: core::ops::RangeInclusive<usize> = 3..=16;

pub(crate) fn read(entry: &Entry<'_>, refs: &Refs<'_>) -> Option<Agent> {
    let table = &entry.table;
    let name = table.convert("name", |value| {
        let text = table.filled(value.text()?)?;
        if text.chars().count() > MAX_NAME_CHARS {
            return Err(Wrong::new(format!("a name has at most {MAX_NAME_CHARS} characters"), "shorten it"));
        }
        Ok(text)
    });
    let phone = table.convert("phone", |value| match &*table.filled(value.text()?)? {
        "" => Ok(None),
        text => Ok(Some(PhoneId(refs.phones.find(text)?))),
    });
    let pin = secret(table, PIN);
    if let Some(at) = &pin {
        let text = at.value.expose();
        if !PIN_DIGITS.contains(&text.len()) || !text.bytes().all(|b| b.is_ascii_digit()) {
            table.reader.error(at.span, "a PIN is keyed in on a telephone", "3 to 16 digits");
        }
    }
    let queues = table.list("queues", |value| Ok(QueueId(refs.queues.find(value.text()?)?)));
    for (n, one) in queues.value.iter().enumerate() {
        if let Some(first) = queues.value[..n].iter().find(|other| other.value == one.value) {
            table.reader.clash(one.span, "this queue stands twice", "take one out", ("the first stands", first.span));
        }
    }
    let initial_state = table.word("initial_state", &INITIAL_STATES, &[]);
    if initial_state == InitialState::Ready && phone.value.is_none() && !table.is_given("phone") {
        let span = table.value("initial_state").span;
        table.reader.error(span, "an agent without a phone cannot start as ready", "add `phone`");
    }
    let supervises = supervises(table, refs);
    let queues: Vec<QueueId> = plain(queues.value);
    let reserve = reserve::of_agent(entry, refs, &queues);
    Some(Agent {
        id: entry.name.clone(),
        // Known when all are read.
        place: 0,
        name: if name.value.is_empty() { entry.name.clone() } else { name.value.as_ref().into() },
        phone: phone.value,
        pin: pin.map(|at| at.value),
        queues,
        reserve,
        capacity: capacity(entry, refs),
        breather: breather(entry),
        nailed_up: table.word("nailed_up", &NAILED_UP, &[]),
        skills: skills(table, refs),
        weight: table.count("weight", 1..=MAX_WEIGHT),
        class: table.word("class", &CLASSES, &[]),
        initial_state,
        supervises,
        removed: false,
    })
}

/// Text media themselves come later: what an agent can take of them is known and shown.
fn capacity(entry: &Entry<'_>, refs: &Refs<'_>) -> Capacity {
    let Some(inner) = entry.table.inner("capacity", "capacity") else {
        entry.table.reader.error(
            entry.table.value("capacity").span,
            "`capacity` cannot be off",
            "an agent who takes nothing now is not ready",
        );
        return Capacity::default();
    };
    let text = |key| inner.count(key, 0..=MAX_TEXT_CONTACTS) as u8;
    // Nobody talks with two callers.
    let capacity = Capacity { voice: inner.count("voice", 1..=1) as u8, chat: text("chat"), mail: text("mail") };
    if capacity != Capacity::default() {
        refs.modules.need(inner.reader, inner.span, &format!("agent {}", entry.name), "agent.capacity");
    }
    capacity
}

fn breather(entry: &Entry<'_>) -> Option<Breather> {
    let inner = entry.table.inner("breather", "breather")?;
    let contacts = inner.convert("contacts", |value| match value.integer() {
        Ok(number @ 1..=MAX_CONTACTS_ON) => Ok(Some(number as u32)),
        _ if value.text().is_ok_and(|text| text == "off") => Ok(None),
        _ => Err(Wrong::new("`contacts` is a number of contacts", format!("from 1 to {MAX_CONTACTS_ON}, or \"off\""))),
    });
    let occupancy = inner.convert("occupancy", |value| match value.text()? {
        "off" => Ok(None),
        text => scalar::percent(text).map(Some).ok_or_else(|| {
            Wrong::new(
                format!("`occupancy` cannot be \"{text}\""),
                "a share of his time from \"1%\" to \"99%\", or \"off\"",
            )
        }),
    });
    let breather =
        Breather { contacts: contacts.value, occupancy: occupancy.value, time: inner.duration("for", BREATHER) };
    // Which is said of a wrong figure already.
    let never = |key| inner.value(key).text().is_ok_and(|text| text == "off");
    if never("contacts") && never("occupancy") {
        inner.reader.error(inner.span, "`breather` does not say when", "add `contacts = 20` or `occupancy = \"85%\"`");
        return None;
    }
    Some(breather)
}

/// Queues, or `"*"` for everybody.
fn supervises(table: &Table<'_>, refs: &Refs<'_>) -> Supervises {
    let found = table.list("supervises", |value| match value.text()? {
        "*" => Ok(None),
        text => Ok(Some(QueueId(refs.queues.find(text)?))),
    });
    let all = plain(found.value);
    if all.contains(&None) {
        return Supervises::Everybody;
    }
    let queues: Vec<QueueId> = all.into_iter().flatten().collect();
    if queues.is_empty() { Supervises::Nobody } else { Supervises::Queues(queues) }
}

fn skills(table: &Table<'_>, refs: &Refs<'_>) -> Vec<SkillLevel> {
    let mut skills = Vec::new();
    for (name, value) in table.entries("skills") {
        let skill = match refs.skills.find(&name.value) {
            Ok(index) => SkillId(index),
            Err(wrong) => {
                table.reader.error(name.span, wrong.message, wrong.help);
                continue;
            }
        };
        match value.integer() {
            Ok(level @ 1..=10) => skills.push(SkillLevel { skill, level: level as u8 }),
            Ok(level) => {
                let message = format!("a skill level cannot be {level}");
                table.reader.error(value.span, message, "from 1 (little) to 10 (best)");
            }
            Err(wrong) => table.wrong("skills", value, wrong),
        }
    }
    skills.sort_by_key(|level| level.skill);
    skills
}

/// An entry once, also when it is a range.
pub(crate) fn warn_of_unseated(reader: &Reader<'_>, entries: &[Entry<'_>], agents: &[Option<Agent>]) {
    let mut told = None;
    for entry in entries {
        let Some(agent) = agents[entry.index as usize].as_ref().filter(|agent| !agent.can_sign_on()) else { continue };
        if told.replace(entry.name_span) != Some(entry.name_span) {
            let message = format!("agent {} can never sign on: there is neither a phone nor a PIN", agent.id);
            reader.warn(entry.name_span, message, "add `phone` for a desk of his own, or `pin_file` for any");
        }
    }
}

/// As they are written, whatever index a reload has kept for them.
pub(crate) fn place_all(entries: &[Entry<'_>], agents: &mut [Option<Agent>]) {
    for (entry, place) in entries.iter().zip(0..) {
        if let Some(agent) = &mut agents[entry.index as usize] {
            agent.place = place;
        }
    }
}

/// What is allowed but seldom meant; each said once.
pub(crate) fn check_all(reader: &Reader<'_>, entries: &[Entry<'_>], agents: &[Option<Agent>]) {
    let mut phones: HashMap<PhoneId, Span> = HashMap::new();
    let mut shared = false;
    let mut undialled = false;
    for entry in entries {
        let Some(agent) = &agents[entry.index as usize] else { continue };
        if !undialled && !agent.id.bytes().all(|b| b.is_ascii_digit()) {
            undialled = true;
            let message = "an id with other signs than digits cannot be keyed in on a telephone";
            reader.warn(entry.name_span, message, "for sign-on and supervision give digits");
        }
        let Some(phone) = agent.phone else { continue };
        if let Some(first) = phones.insert(phone, entry.name_span).filter(|_| !shared) {
            shared = true;
            let message = "two agents have the same default phone: only one can be signed on there";
            reader.warn_also(entry.name_span, message, "", ("the first stands", first));
        }
    }
}
