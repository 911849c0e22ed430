//! Facts in words: for the steps of a record, the event log and people who watch.

mod detail;
mod vocabulary;

use detail::{Detail, kind_word};
use model::{AsideReason, CallbackStep, Directory, Fact, LineStep, NotReadyReason, Party};
pub use vocabulary::{contact_of, is_word, word};

/// A fact as a standard word and `name=value` details, with names in place of indices and no personal data.
pub fn words(fact: &Fact, names: &Directory) -> (&'static str, String) {
    let mut detail = String::new();
    describe(fact, names, &mut detail);
    describe_for_replay(fact, names, &mut detail);
    (word(fact), detail)
}

/// Appends whose leg it is: facts name legs by number, and only the record knows who was on one.
pub(crate) fn describe_party(party: &Party, names: &Directory, out: &mut String) {
    Detail { out, start: 0, names }.party("party", party);
}

/// Appends what an offer was decided by, from when a place counts and which promise is kept: for the event log, from which decisions are
/// explained, and not for a contact's record, where nobody reads it.
pub(crate) fn describe_for_replay(fact: &Fact, names: &Directory, out: &mut String) {
    let mut d = Detail { out, start: 0, names };
    match fact {
        Fact::Offered { decision: Some(decision), .. } => _ = d.decision(decision),
        Fact::Queued { kept: Some(kept), .. } => _ = d.with("kept_us", kept.as_micros()),
        Fact::Callback { step: CallbackStep::Resumed, promise, .. } => _ = d.with("first", promise.first),
        _ => {}
    }
}

/// Appends the details of a fact.
pub(crate) fn describe(fact: &Fact, names: &Directory, out: &mut String) {
    let start = out.len();
    let mut d = Detail { out, start, names };
    match fact {
        Fact::ContactArrived { source, dialled, .. } => d.source(source).dialled(source, dialled),
        Fact::LegStarted { party, .. } => d.party("party", party),
        Fact::LegRinging { .. } => &mut d,
        Fact::LegAnswered { codec, .. } => d.optional("codec", codec.map(|codec| codec.word())),
        Fact::LegEnded { cause, by, .. } => d.cause(cause).with("by", by.word()),
        Fact::LegQuality { quality: q, .. } => d
            .with("received", q.packets_received)
            .with("lost", q.packets_lost)
            .with("jitter_ms", format_args!("{:.1}", q.jitter_ms))
            .optional("mos", q.mos.map(|mos| format!("{mos:.2}"))),
        Fact::Judged { queue, judgement, .. } => d.queue(*queue).judgement(*queue, judgement),
        Fact::Queued { queue, priority, position, .. } => {
            d.queue(*queue).with("priority", priority).with("position", position)
        }
        Fact::Offered { queue, agent, .. } => d.queue(*queue).agent(*agent),
        Fact::OfferEnded { queue, agent, outcome, .. } => d.queue(*queue).agent(*agent).outcome(outcome),
        Fact::Connected { queue, agent, waited, .. } => d.queue(*queue).agent(*agent).millis("waited_ms", *waited),
        Fact::Abandoned { queue, waited, .. } => d.queue(*queue).millis("waited_ms", *waited),
        Fact::FlowedOut { queue, waited, why, to, .. } => {
            d.queue(*queue).with("why", why.word()).millis("waited_ms", *waited).target(to.as_ref())
        }
        Fact::Aside { queue, why, .. } => d.queue(*queue).optional("why", why.map(AsideReason::word)),
        Fact::Warned { queue, expected, length, .. } => d
            .queue(*queue)
            .optional("expected_ms", expected.map(|expected| expected.as_millis()))
            .with("length", length),
        Fact::MessageLeft { queue, name, duration, .. } => {
            d.queue(*queue).with("name", name).millis("length_ms", *duration)
        }
        Fact::WaitForetold { queue, expected, bound, waited, served } => d
            .queue(*queue)
            .millis("expected_ms", *expected)
            .millis("bound_ms", *bound)
            .millis("waited_ms", *waited)
            .with("served", served),
        Fact::Reserve { queue, place, change, by } => {
            d.queue(*queue).with("place", place).reserve(*change);
            if let Some(by) = by { d.actor(by) } else { &mut d }
        }
        Fact::TalkStarted { agent, .. } | Fact::ReservationExpired { agent, .. } => d.agent(*agent),
        Fact::TalkEnded { agent, talked, held, .. } => {
            d.agent(*agent).millis("talked_ms", *talked).millis("held_ms", *held)
        }
        Fact::Held { by, .. } | Fact::Retrieved { by, .. } => d.party("by", by),
        Fact::Transferred { from, to, kind, .. } => {
            d.with("kind", kind_word(*kind)).person("from", *from).target(Some(to))
        }
        Fact::TransferFailed { from, cause, .. } => d.person("from", *from).cause(cause),
        Fact::Merged { consultation, .. } => d.with("consultation", consultation),
        Fact::SupervisorJoined { supervisor, agent, mode, .. } => {
            d.person("supervisor", *supervisor).agent(*agent).with("mode", mode.word())
        }
        Fact::SupervisorLeft { supervisor, .. } => d.person("supervisor", *supervisor),
        Fact::RecordingStarted { name, .. } | Fact::RecordingStopped { name, kept: false, .. } => d.text("name", name),
        Fact::RecordingStopped { name, duration, complete, .. } => {
            d.text("name", name).millis("duration_ms", *duration).with("complete", complete)
        }
        Fact::Callback { attempts, promise, .. } => d.queue(promise.queue).with("attempts", attempts),
        Fact::ContactEnded { end, cause, .. } => d.with("end", end.word()).cause(cause),
        Fact::AgentChanged { agent, state, phone } => {
            d.agent(*agent).state(*state).optional("phone", phone.map(|p| &*names.phone(p).id))
        }
        Fact::Line { agent, phone, step } => {
            d.agent(*agent).text("phone", &names.phone(*phone).id);
            match step {
                LineStep::Called => &mut d,
                LineStep::Up { codec } => d.optional("codec", codec.map(|codec| codec.word())),
                LineStep::Down { cause, by } => d.cause(cause).with("by", by.word()),
            }
        }
        Fact::SignOffReason { agent, code } => {
            let word = names.reasons.word(NotReadyReason::Code(*code));
            d.agent(*agent).with("reason", word)
        }
        Fact::Forced { by, action } => d.action(action).actor(by),
        Fact::PhoneReachable { phone } | Fact::PhoneUnreachable { phone } => d.text("phone", &names.phone(*phone).id),
        Fact::TrunkUp { trunk } | Fact::TrunkDown { trunk } => d.text("trunk", &names.trunk(*trunk).name),
        Fact::Refused { source: Some(source), cause } => d.source(source).cause(cause),
        Fact::Refused { source: None, cause } => d.cause(cause),
        Fact::DrainStarted { by } => d.actor(by),
        Fact::Reloaded { by, difference } => d.actor(by).text("difference", difference),
        Fact::Configured { texts } => {
            for text in texts.iter() {
                d.text("file", &text.file).text("text", &text.text);
            }
            &mut d
        }
    };
}

#[cfg(test)]
mod tests;
