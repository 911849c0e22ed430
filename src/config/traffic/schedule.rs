//! `[[shift]]`: who is there when.

use super::stream::clock;
use super::weekdays;
use crate::suggest::advice;
use crate::table::{Table, Value, Wrong};
use core::time::Duration;
use model::{Agent, AgentId, Break, Directory, Reasons, Shift};
use toml::de::DeValue;

pub(super) fn read(table: &Table<'_>, directory: &Directory) -> Vec<Shift> {
    let agents = table.list("agents", |value| people(value, directory));
    if table.is_empty_list("agents") {
        table.reader.error(agents.span, "whose shift is this?", "write agents = [\"1001\", \"1002-1010\"]");
    }
    let (from, to) = (table.attempt("from", clock), table.attempt("to", clock));
    let (Some(from), Some(to)) = (from, to) else { return Vec::new() };
    if to.value <= from.value {
        let help = "a shift over midnight is two: one to \"24:00\", one from \"00:00\"";
        table.reader.error(to.span, "the shift ends before it begins", help);
    }
    let breaks: Vec<Break> =
        table.list("breaks", |value| pause(value, &directory.reasons)).value.into_iter().map(|at| at.value).collect();
    if let Some(outside) = breaks.iter().find(|b| b.at < from.value || b.at + b.lasts > to.value) {
        let at = outside.at.as_secs() / 60;
        let message = format!("the break at {:02}:{:02} is not within the shift", at / 60, at % 60);
        table.reader.error(table.value("breaks").span, message, "move it, or the shift");
    }
    let mut by_time: Vec<&Break> = breaks.iter().collect();
    by_time.sort_by_key(|b| b.at);
    if let Some(pair) = by_time.windows(2).find(|pair| pair[0].at + pair[0].lasts > pair[1].at) {
        let at = pair[1].at.as_secs() / 60;
        let message = format!("the break at {:02}:{:02} begins before the one before it ends", at / 60, at % 60);
        table.reader.error(table.value("breaks").span, message, "move one of them, or make one break of both");
    }
    let all = agents.value.into_iter().flat_map(|at| at.value);
    let days = weekdays(table);
    all.map(|agent| Shift { agent, days, from: from.value, to: to.value, breaks: breaks.clone() }).collect()
}

/// One id, or a range of numbers.
fn people(value: Value<'_>, directory: &Directory) -> Result<Vec<AgentId>, Wrong> {
    let text = value.text()?;
    if let Some(agent) = directory.agent_named(text) {
        return Ok(vec![agent]);
    }
    let known = || directory.agents.iter().filter(|agent| !agent.removed).map(|agent| &*agent.id);
    let range = text.split_once('-').and_then(|(first, last)| {
        let width = first.len();
        let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
        (width == text.len() - width - 1 && first <= last).then_some((first, last, width))
    });
    let Some((first, last, width)) = range else {
        return Err(Wrong::new(format!("the configuration has no agent `{text}`"), advice(text, "agent", known())));
    };
    // By those there are, not number by number: a range may be long.
    let number = |id: &str| id.parse::<u64>().ok().filter(|_| id.len() == width && !id.starts_with('+'));
    let within =
        |agent: &(usize, &Agent)| number(&agent.1.id).filter(|n| (first..=last).contains(n) && !agent.1.removed);
    let all = directory.agents.iter().enumerate();
    let mut found: Vec<(u64, AgentId)> = all.filter_map(|at| Some((within(&at)?, AgentId(at.0 as u32)))).collect();
    found.sort_unstable();
    let absent = last - first + 1 - found.len() as u64;
    if absent > 0 {
        let numbers: Vec<u64> = found.iter().map(|(number, _)| *number).collect();
        return Err(gaps(text, absent, &numbers, width));
    }
    Ok(found.into_iter().map(|(_, agent)| agent).collect())
}

/// A range in which somebody is missing: who is there, as one would write it.
fn gaps(text: &str, absent: u64, numbers: &[u64], width: usize) -> Wrong {
    const SHOWN: usize = 5;
    if numbers.is_empty() {
        return Wrong::new(format!("the configuration has no agent from {text}"), "name agents that there are");
    }
    let runs: Vec<&[u64]> = numbers.chunk_by(|a, b| a + 1 == *b).collect();
    let run = |run: &&[u64]| match run {
        [one] => format!("\"{one:0width$}\""),
        run => format!("\"{:0width$}-{:0width$}\"", run[0], run[run.len() - 1]),
    };
    let mut there: Vec<String> = runs.iter().take(SHOWN).map(run).collect();
    if runs.len() > SHOWN {
        there.push("…".into());
    }
    let noun = if absent == 1 { "agent" } else { "agents" };
    Wrong::new(
        format!("the configuration lacks {absent} {noun} of `{text}`"),
        format!("there are {}: name these, or add who is missing as [[agent]]", there.join(", ")),
    )
}

fn pause(value: Value<'_>, reasons: &Reasons) -> Result<Break, Wrong> {
    const HELP: &str = "write { at = \"12:00\", lasts = \"30m\", code = 1 }";
    let DeValue::Table(table) = value.value else {
        return Err(Wrong::new("a break is a table", HELP));
    };
    let inner = |key: &str| table.get(key).map(|found| Value { value: found.get_ref(), ..value });
    if let Some(key) = table.keys().map(|key| &**key.get_ref()).find(|key| !["at", "lasts", "code"].contains(key)) {
        return Err(Wrong::new(format!("a break has no `{key}`"), HELP));
    }
    let (Some(at), Some(lasts)) = (inner("at"), inner("lasts")) else {
        return Err(Wrong::new("a break needs `at` and `lasts`", HELP));
    };
    let lasts = crate::scalar::duration(lasts.text()?)?;
    let code = inner("code").map_or(Ok(0), |code| code.integer())?;
    // Without any [[reason]] every digit is one.
    let known = |code: &u8| if reasons.all.is_empty() { *code <= 9 } else { reasons.name_of(*code).is_some() };
    let code = u8::try_from(code).ok().filter(|code| known(code) || *code == 0).ok_or_else(|| {
        let message = format!("the configuration has no [[reason]] with the code {code}");
        Wrong::new(message, if reasons.all.is_empty() { "write a digit" } else { "write the code of a [[reason]]" })
    })?;
    if lasts > Duration::from_secs(24 * 3600) {
        return Err(Wrong::new("a break is shorter than a day", HELP));
    }
    Ok(Break { at: clock(at)?, lasts, code })
}
