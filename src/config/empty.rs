//! The rule of a queue in which nobody is there.

use crate::queue::target;
use crate::source::At;
use crate::suggest::advice;
use crate::table::{Table, Value, Wrong};
use crate::target::Refs;
use model::{Absent, EmptyRule, QueueId, Reasons, Target};
use toml::de::DeValue;

const SHORT: [(&str, Absent); 2] = [("no-agents", Absent::SIGNED_OFF), ("none-available", Absent::NOT_READY)];

pub(crate) fn read(table: &Table<'_>, refs: &Refs<'_>, own: QueueId) -> (EmptyRule, Option<At<Target>>) {
    let Some(inner) = table.inner("empty", "empty") else {
        return (EmptyRule::new(Absent::default(), None), None);
    };
    let waits = inner.value("to").value.as_str() == Some("wait");
    let to = if waits { None } else { target(&inner, refs, own) };
    let when = inner.convert("when", |value| absent("when", value, &refs.reasons)).value;
    let or_when = |key| {
        inner.convert(key, |value| match value.value.as_str() {
            Some("") => Ok(when),
            _ => absent(key, value, &refs.reasons),
        })
    };
    let (join, leave) = (or_when("join").value, or_when("leave").value);
    (EmptyRule { join, leave, to: to.clone().map(|to| to.value) }, to)
}

/// One of the short words, or the list of the states in which an agent does not count.
fn absent(key: &str, value: Value<'_>, reasons: &Reasons) -> Result<Absent, Wrong> {
    let DeValue::Array(items) = value.value else {
        let word = value.text()?;
        let known = SHORT.iter().find(|(short, _)| *short == word);
        return known.map(|(_, absent)| *absent).ok_or_else(|| {
            Wrong::new(
                format!("`{key}` cannot be \"{word}\""),
                "\"no-agents\", \"none-available\", or a list such as [\"not-ready\", \"busy\"]",
            )
        });
    };
    let mut all = Absent::default();
    for item in items {
        let word = item.get_ref().as_str().unwrap_or_default();
        let state = Absent::WORDS.iter().find(|(known, _)| *known == word).map(|(_, absent)| *absent);
        let reason = || reasons.named(word).map(Absent::code);
        let known = || Absent::WORDS.iter().map(|(word, _)| *word).chain(reasons.all.iter().map(|r| &*r.name));
        all = all.and(state.or_else(reason).ok_or_else(|| {
            Wrong::new(format!("`{word}` is no state of an agent and no [[reason]]"), advice(word, "state", known()))
        })?);
    }
    Ok(all)
}

pub(crate) fn words(absent: Absent, reasons: &Reasons) -> String {
    match SHORT.iter().find(|(_, short)| *short == absent) {
        Some((word, _)) => (*word).into(),
        None => absent.words(|code| reasons.word(model::NotReadyReason::Code(code))).join(", "),
    }
}
