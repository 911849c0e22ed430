//! The vocabulary of the log: which word a fact bears, and whose contact it is.

use model::{CallbackStep, ContactId, Fact};

/// The contact a fact is about.
pub fn contact_of(fact: &Fact) -> Option<ContactId> {
    match fact {
        Fact::ContactArrived { contact, .. }
        | Fact::LegStarted { contact, .. }
        | Fact::LegRinging { contact, .. }
        | Fact::LegAnswered { contact, .. }
        | Fact::LegEnded { contact, .. }
        | Fact::LegQuality { contact, .. }
        | Fact::Judged { contact, .. }
        | Fact::Queued { contact, .. }
        | Fact::Offered { contact, .. }
        | Fact::OfferEnded { contact, .. }
        | Fact::Connected { contact, .. }
        | Fact::Abandoned { contact, .. }
        | Fact::FlowedOut { contact, .. }
        | Fact::TalkStarted { contact, .. }
        | Fact::TalkEnded { contact, .. }
        | Fact::Held { contact, .. }
        | Fact::Retrieved { contact, .. }
        | Fact::Transferred { contact, .. }
        | Fact::TransferFailed { contact, .. }
        | Fact::Merged { contact, .. }
        | Fact::SupervisorJoined { contact, .. }
        | Fact::SupervisorLeft { contact, .. }
        | Fact::RecordingStarted { contact, .. }
        | Fact::RecordingStopped { contact, .. }
        | Fact::Callback { contact, .. }
        | Fact::Warned { contact, .. }
        | Fact::Aside { contact, .. }
        | Fact::MessageLeft { contact, .. }
        | Fact::ContactEnded { contact, .. }
        | Fact::ReservationExpired { contact, .. } => Some(*contact),
        Fact::WaitForetold { .. }
        | Fact::Reserve { .. }
        | Fact::AgentChanged { .. }
        | Fact::Line { .. }
        | Fact::SignOffReason { .. }
        | Fact::Forced { .. }
        | Fact::PhoneReachable { .. }
        | Fact::PhoneUnreachable { .. }
        | Fact::TrunkUp { .. }
        | Fact::TrunkDown { .. }
        | Fact::Refused { .. }
        | Fact::DrainStarted { .. }
        | Fact::Reloaded { .. }
        | Fact::Configured { .. } => None,
    }
}

/// The word alone; these words are part of the interface and do not change.
pub fn word(fact: &Fact) -> &'static str {
    let word = match fact {
        Fact::ContactArrived { .. } => "arrived",
        Fact::LegStarted { .. } => "leg-started",
        Fact::LegRinging { .. } => "ringing",
        Fact::LegAnswered { .. } => "leg-answered",
        Fact::LegEnded { .. } => "leg-ended",
        Fact::LegQuality { .. } => "quality",
        Fact::Judged { .. } => "judged",
        Fact::Queued { .. } => "queued",
        Fact::Offered { .. } => "offered",
        Fact::OfferEnded { .. } => "offer-ended",
        Fact::Connected { .. } => "connected",
        Fact::Abandoned { .. } => "abandoned",
        Fact::FlowedOut { .. } => "flowed-out",
        Fact::Warned { .. } => "warned",
        Fact::Aside { aside: true, .. } => "set-aside",
        Fact::Aside { aside: false, .. } => "back-in-line",
        Fact::MessageLeft { .. } => "message-left",
        Fact::WaitForetold { .. } => "wait-foretold",
        Fact::Reserve { .. } => "reserve",
        Fact::TalkStarted { .. } => "talk-started",
        Fact::TalkEnded { .. } => "talk-ended",
        Fact::Held { .. } => "held",
        Fact::Retrieved { .. } => "retrieved",
        Fact::Transferred { .. } => "transferred",
        Fact::TransferFailed { .. } => "transfer-failed",
        Fact::Merged { .. } => "merged",
        Fact::SupervisorJoined { .. } => "supervisor-joined",
        Fact::SupervisorLeft { .. } => "supervisor-left",
        Fact::RecordingStarted { .. } => "recording-started",
        Fact::RecordingStopped { kept: false, .. } => "recording-failed",
        Fact::RecordingStopped { kept: true, .. } => "recording-stopped",
        Fact::Callback { step, .. } => match step {
            CallbackStep::Arranged => "callback-arranged",
            CallbackStep::Resumed => "callback-resumed",
            CallbackStep::Dialled => "callback-dialled",
            CallbackStep::Reached => "callback-reached",
            CallbackStep::Failed => "callback-failed",
            CallbackStep::Withdrawn => "callback-withdrawn",
        },
        Fact::ContactEnded { .. } => "ended",
        Fact::ReservationExpired { .. } => "reservation-expired",
        Fact::AgentChanged { .. } => "agent",
        Fact::Line { step, .. } => step.word(),
        Fact::SignOffReason { .. } => "sign-off-reason",
        Fact::Forced { .. } => "forced",
        Fact::PhoneReachable { .. } => "phone-reachable",
        Fact::PhoneUnreachable { .. } => "phone-unreachable",
        Fact::TrunkUp { .. } => "trunk-up",
        Fact::TrunkDown { .. } => "trunk-down",
        Fact::Refused { .. } => "refused",
        Fact::DrainStarted { .. } => "drain-started",
        Fact::Reloaded { .. } => "reloaded",
        Fact::Configured { .. } => "configured",
    };
    debug_assert!(is_word(word), "`{word}` is not among the words");
    word
}

/// Every word there is. What bears another one was written by a newer version.
const WORDS: [&str; 53] = [
    "abandoned",
    "agent",
    "arrived",
    "back-in-line",
    "callback-arranged",
    "callback-dialled",
    "callback-failed",
    "callback-reached",
    "callback-resumed",
    "callback-withdrawn",
    "configured",
    "connected",
    "drain-started",
    "ended",
    "flowed-out",
    "forced",
    "held",
    "judged",
    "leg-answered",
    "leg-ended",
    "leg-started",
    "line-called",
    "line-down",
    "line-up",
    "merged",
    "message-left",
    "offer-ended",
    "offered",
    "phone-reachable",
    "phone-unreachable",
    "quality",
    "queued",
    "recording-failed",
    "recording-started",
    "recording-stopped",
    "refused",
    "reloaded",
    "reservation-expired",
    "reserve",
    "retrieved",
    "ringing",
    "set-aside",
    "sign-off-reason",
    "supervisor-joined",
    "supervisor-left",
    "talk-ended",
    "talk-started",
    "transfer-failed",
    "transferred",
    "trunk-down",
    "trunk-up",
    "wait-foretold",
    "warned",
];

/// Whether this version writes such a word.
pub fn is_word(what: &str) -> bool {
    WORDS.binary_search(&what).is_ok()
}
