use crate::{AgentId, ContactId, PhoneId, QueueId};
use core::time::Duration;

/// Who gave a command; goes into the fact.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Actor {
    /// The agent himself, from his phone.
    Agent(AgentId),
    /// Somebody at the control socket, with the operating system's user name.
    Operator(Box<str>),
    System,
}

/// What people ask the machine to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    Agent { agent: AgentId, action: AgentAction, by: Actor },
    HangUp { contact: ContactId, by: Actor },
    Queue { queue: QueueId, action: QueueAction, by: Actor },
}

/// What can be done with a queue by hand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum QueueAction {
    /// An emergency: nobody comes in and who waits leaves, whatever the calendar says.
    Close,
    /// The emergency is over: the calendar counts again.
    Open,
    /// What becomes of its reserves, or of the one at this place, whatever their rules say.
    Reserve { place: Option<u8>, order: ReserveOrder },
}

/// What a person says about reserves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReserveOrder {
    /// They join, and stay until another order.
    CallIn,
    /// They go, and do not join until another order.
    SendAway,
    /// Their rules count again.
    ByRule,
}

impl ReserveOrder {
    pub const fn word(self) -> &'static str {
        match self {
            ReserveOrder::CallIn => "call-in",
            ReserveOrder::SendAway => "send-away",
            ReserveOrder::ByRule => "by-rule",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AgentAction {
    /// At this phone; `None`: his default phone.
    SignOn {
        phone: Option<PhoneId>,
    },
    /// With the reason dialled; 0 when none.
    SignOff {
        code: u8,
    },
    Ready,
    /// With the reason dialled; 0 when none.
    NotReady {
        code: u8,
    },
    /// More time for wrap-up, that of the call he is in or of the last one.
    Extend {
        by: Duration,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CommandError {
    #[error("there is no such agent")]
    NoSuchAgent,
    #[error("there is no such queue")]
    NoSuchQueue,
    #[error("the queue has no such reserve")]
    NoSuchReserve,
    #[error("there is no such call")]
    NoSuchContact,
    #[error("the agent is not signed on")]
    NotSignedOn,
    #[error("the agent has no phone: sign on at one")]
    NoPhone,
    #[error("another agent is signed on at this phone")]
    PhoneTaken,
    #[error("the agent's phone is not reachable")]
    PhoneUnreachable,
    #[error("a reason must be given")]
    ReasonMissing,
    #[error("there is no such reason")]
    NoSuchReason,
    #[error("the agent has no wrap-up that could be extended")]
    NoWrapUp,
}

/// What a supervisor's leg may do; changed by key without redialling.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SupervisorMode {
    /// Hears all, is heard by nobody.
    Listen,
    /// Hears all, is heard by the agent.
    Whisper,
    /// Hears all, is heard by all.
    Barge,
}

impl SupervisorMode {
    pub const fn word(self) -> &'static str {
        match self {
            SupervisorMode::Listen => "listen",
            SupervisorMode::Whisper => "whisper",
            SupervisorMode::Barge => "barge",
        }
    }
}
