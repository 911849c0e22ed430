//! A queue's policies in words, for telling what a reload changed.

use crate::scalar::spell_duration;
use crate::words::class;
use model::{
    CallbackFirst, CallbackPolicy, Directory, FigureRange, Reserve, ReserveOf, Rule, Step, VoicemailPolicy, Warning,
    Whisper,
};

pub(crate) fn whisper(whisper: &Whisper) -> String {
    let sound = whisper.sound.as_ref().map(|name| name.0.to_string());
    let waited = whisper.waited.then(|| "waited".to_owned());
    sound.into_iter().chain(waited).collect::<Vec<_>>().join(" ")
}

pub(crate) fn callback(directory: &Directory, policy: &CallbackPolicy) -> String {
    let first = match policy.first {
        CallbackFirst::Agent => "agent",
        CallbackFirst::Caller => "caller",
    };
    let hours = policy.hours.map_or(String::new(), |hours| format!(" {}", directory.calendar(hours).name));
    let (ring, every) = (spell_duration(policy.ring), spell_duration(policy.every));
    format!("{first} first, {}{hours}, rings {ring}, {} times, every {every}", class(policy.class), policy.tries)
}

pub(crate) fn voicemail(policy: &VoicemailPolicy) -> String {
    let greeting = policy.greeting.as_ref().map_or(String::new(), |name| format!("{} ", name.0));
    format!("{greeting}up to {}", spell_duration(policy.longest))
}

pub(crate) fn warning(warning: &Warning) -> String {
    let wait = warning.expected_wait.map(|wait| format!("wait {}", spell_duration(wait)));
    let length = warning.length.map(|length| format!("length {length}"));
    let limits: Vec<String> = wait.into_iter().chain(length).collect();
    format!("{} by {}", limits.join(" or "), warning.sound.0)
}

pub(crate) fn rule(directory: &Directory, rule: &Rule) -> String {
    let mut parts = Vec::new();
    parts.extend(rule.when.as_ref().map(|when| format!("if {}", when.text())));
    parts.extend(rule.priority.map(|priority| format!("priority {priority}")));
    parts.extend(rule.needs.map(|id| format!("needs {}", directory.requirements[id.index()].text)));
    parts.extend(rule.agent.map(|a| format!("agent {} for {}", directory.agent(a.agent).id, spell_duration(a.wait))));
    parts.join(" ")
}

pub(crate) fn step(directory: &Directory, step: &Step) -> String {
    let mut text = step.needs.map_or("anybody".into(), |id| directory.requirements[id.index()].text.to_string());
    if let Some(lasts) = step.lasts {
        text.push_str(&format!(" for {}", spell_duration(lasts)));
    }
    if !step.only_if.is_empty() {
        text.push_str(&format!(" if {}", condition(&step.only_if)));
    }
    text
}

pub(crate) fn reserve(directory: &Directory, reserve: &Reserve) -> String {
    let who = match reserve.who {
        ReserveOf::Level(level) => format!("level {level}"),
        ReserveOf::Queue(lender) => format!("agents of {}", directory.queue(lender).name),
    };
    let until = if reserve.until.is_empty() { String::new() } else { format!(" until {}", condition(&reserve.until)) };
    let adjusted = if reserve.adjust { ", adjusted" } else { "" };
    format!("{who} when {}{until}, hold {}{adjusted}", condition(&reserve.when), spell_duration(reserve.hold))
}

fn condition(any: &[Vec<FigureRange>]) -> String {
    let all = |all: &Vec<FigureRange>| all.iter().map(FigureRange::to_string).collect::<Vec<_>>().join(" && ");
    any.iter().map(all).collect::<Vec<_>>().join(" || ")
}
