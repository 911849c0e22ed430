//! `[[number]]`.

use crate::limits::MAX_ATTACHED;
use crate::reader::Reader;
use crate::scalar;
use crate::site::LANGUAGES;
use crate::source::Span;
use crate::table::{Table, Wrong};
use crate::target::Refs;
use model::{NumberRule, TrunkId};
use std::collections::HashMap;

pub(crate) fn read(table: &Table<'_>, refs: &Refs<'_>) -> Option<NumberRule> {
    let pattern = table.attempt("match", |value| scalar::pattern(value.text()?));
    let to = table.attempt("to", |value| refs.target(value.text()?));
    let trunk = table.convert("trunk", |value| match value.text()? {
        "" => Ok(None),
        name => Ok(Some(TrunkId(refs.trunks.find(name)?))),
    });
    let priority = table.convert("priority", |value| {
        let number = value.integer()?;
        i32::try_from(number).ok().filter(|n| (-1000..=1000).contains(n)).ok_or_else(|| {
            Wrong::new(format!("`priority` cannot be {number}"), "from -1000 to 1000, higher is served first")
        })
    });
    let language = table.convert("language", |value| match value.text()? {
        "" => Ok(refs.language),
        text => scalar::word("language", text, &LANGUAGES, &[]),
    });
    let attach = attached(table);
    Some(NumberRule {
        pattern: pattern?.value,
        trunk: trunk.value,
        to: to?.value,
        priority: priority.value,
        language: language.value,
        attach,
    })
}

fn attached(table: &Table<'_>) -> Vec<(Box<str>, Box<str>)> {
    let entries = table.entries("attach");
    if entries.len() > MAX_ATTACHED {
        let message = format!("more than {MAX_ATTACHED} words are attached");
        table.reader.error(table.value("attach").span, message, "keep what a report needs");
    }
    let mut words = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        let read = scalar::name(&key.value).and_then(|key| Ok((key.into(), value.text()?.into())));
        match read {
            Ok(pair) => words.push(pair),
            Err(wrong) => table.wrong("attach", value, wrong),
        }
    }
    words
}

/// The first match wins, so a rule behind a wider one is never reached.
pub(crate) fn check_order(reader: &Reader<'_>, rules: &[(NumberRule, Span)]) {
    let mut seen: HashMap<(Option<TrunkId>, &str, bool), Span> = HashMap::new();
    for (rule, span) in rules {
        let stem = &*rule.pattern.stem;
        // Anything that begins like this rule's number and is open-ended covers it.
        let wider = stem.char_indices().map(|(at, _)| &stem[..at]).chain([stem]).map(|stem| (stem, true));
        let same = (!rule.pattern.open_ended).then_some((stem, false));
        let trunks = if rule.trunk.is_none() { vec![None] } else { vec![None, rule.trunk] };
        let covering = wider.chain(same).flat_map(|(stem, open)| trunks.iter().map(move |trunk| (*trunk, stem, open)));
        if let Some(first) = covering.filter_map(|key| seen.get(&key)).min() {
            let also = ("that one stands", *first);
            reader.warn_also(
                *span,
                "this rule is never reached: one before it matches all it does",
                "put it first",
                also,
            );
        }
        seen.entry((rule.trunk, stem, rule.pattern.open_ended)).or_insert(*span);
    }
}
