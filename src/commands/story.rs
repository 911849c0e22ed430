//! What happens in the demo, in sentences. Facts that only a record needs are not told.

use model::{AgentId, AgentState, CallbackStep, ContactId, Directory, Fact, OfferOutcome};
use std::time::Duration;

/// How much it matters to somebody who watches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mood {
    Plain,
    Good,
    Bad,
    Waiting,
    Agent,
}

/// A sentence about a fact, or nothing.
pub(crate) fn tell(fact: &Fact, names: &Directory) -> Option<(Mood, String)> {
    let agent = |id: &AgentId| names.agent(*id).name.to_string();
    let told = match fact {
        Fact::ContactArrived { contact, dialled, .. } => (Mood::Plain, format!("{} dials {dialled}", call(contact))),
        Fact::Queued { contact, queue, position, .. } => {
            let queue = &names.queue(*queue).name;
            (Mood::Waiting, format!("{} waits in {queue}, place {position}", call(contact)))
        }
        Fact::Offered { contact, agent: a, .. } => (Mood::Waiting, format!("{} rings at {}", call(contact), agent(a))),
        Fact::OfferEnded { outcome: OfferOutcome::Accepted, .. } => return None,
        Fact::OfferEnded { contact, agent: a, outcome, .. } => {
            (Mood::Bad, format!("{} does not take {}: {}", agent(a), call(contact), outcome.word()))
        }
        Fact::Connected { contact, agent: a, waited, .. } => {
            (Mood::Good, format!("{} talks with {} after {}", call(contact), agent(a), seconds(*waited)))
        }
        Fact::Abandoned { contact, waited, .. } => {
            (Mood::Bad, format!("{} gives up after {}", call(contact), seconds(*waited)))
        }
        Fact::FlowedOut { contact, queue, waited, why, .. } => {
            let queue = &names.queue(*queue).name;
            (Mood::Bad, format!("{} leaves {queue} after {}: {}", call(contact), seconds(*waited), why.word()))
        }
        Fact::TalkEnded { contact, agent: a, talked, .. } => {
            (Mood::Plain, format!("{} and {} have talked for {}", call(contact), agent(a), seconds(*talked)))
        }
        Fact::RecordingStopped { contact, kept: false, .. } => {
            (Mood::Bad, format!("{} could not be recorded", call(contact)))
        }
        Fact::RecordingStopped { contact, duration, .. } => {
            (Mood::Plain, format!("{} is recorded, {}", call(contact), seconds(*duration)))
        }
        Fact::AgentChanged { agent: a, state, .. } => {
            let what = match state {
                AgentState::Ready => "is ready".to_owned(),
                AgentState::WrapUp { .. } => "wraps up".to_owned(),
                AgentState::SignedOff => "signs off".to_owned(),
                AgentState::NotReady { reason } => format!("is not ready: {}", names.reasons.word(*reason)),
                // Told with the call.
                AgentState::Reserved { .. } | AgentState::Busy { .. } => return None,
            };
            (Mood::Agent, format!("{} {what}", agent(a)))
        }
        Fact::Callback { contact, step, promise, .. } => {
            let (contact, queue) = (call(contact), &names.queue(promise.queue).name);
            let (mood, what) = match step {
                CallbackStep::Arranged => (Mood::Plain, "will be called back for"),
                CallbackStep::Resumed => (Mood::Plain, "is still to be called back for"),
                CallbackStep::Dialled => (Mood::Plain, "is called back for"),
                CallbackStep::Reached => (Mood::Good, "has answered the call back for"),
                CallbackStep::Failed => (Mood::Bad, "could not be reached for"),
                CallbackStep::Withdrawn => (Mood::Plain, "needs no call back any more for"),
            };
            (mood, format!("{contact} {what} {queue}"))
        }
        Fact::Warned { contact, queue, .. } => {
            (Mood::Plain, format!("{} hears that the wait for {} is long", call(contact), names.queue(*queue).name))
        }
        Fact::Aside { contact, aside: true, .. } => {
            (Mood::Plain, format!("{} is not to be called back now", call(contact)))
        }
        Fact::Aside { contact, aside: false, .. } => {
            (Mood::Plain, format!("{} may be called back again", call(contact)))
        }
        Fact::MessageLeft { contact, queue, .. } => {
            (Mood::Plain, format!("{} has left a message for {}", call(contact), names.queue(*queue).name))
        }
        Fact::Refused { cause, .. } => (Mood::Bad, format!("a call is refused: {}", cause.kind.word())),
        Fact::Judged { .. }
        | Fact::LegStarted { .. }
        | Fact::LegRinging { .. }
        | Fact::LegAnswered { .. }
        | Fact::LegEnded { .. }
        | Fact::LegQuality { .. }
        | Fact::TalkStarted { .. }
        | Fact::WaitForetold { .. }
        | Fact::Reserve { .. }
        | Fact::Held { .. }
        | Fact::Retrieved { .. }
        | Fact::Transferred { .. }
        | Fact::TransferFailed { .. }
        | Fact::Merged { .. }
        | Fact::SupervisorJoined { .. }
        | Fact::SupervisorLeft { .. }
        | Fact::RecordingStarted { .. }
        | Fact::ContactEnded { .. }
        | Fact::Line { .. }
        | Fact::SignOffReason { .. }
        | Fact::Forced { .. }
        | Fact::PhoneReachable { .. }
        | Fact::PhoneUnreachable { .. }
        | Fact::TrunkUp { .. }
        | Fact::TrunkDown { .. }
        | Fact::ReservationExpired { .. }
        | Fact::DrainStarted { .. }
        | Fact::Configured { .. }
        | Fact::Reloaded { .. } => return None,
    };
    Some(told)
}

/// The demo runs on one shard, so the number in a call's id counts the calls.
fn call(contact: &ContactId) -> String {
    let id = contact.to_string();
    let number = u32::from_str_radix(&id[id.len().saturating_sub(8)..], 16).unwrap_or_default();
    format!("call {number}")
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
