use crate::{ClassOfService, ContactId, InReserve, PhoneId, QueueId, Secret, SkillId};

/// A person who takes calls.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Agent {
    pub id: Box<str>,
    pub name: Box<str>,
    /// Where he stands among the agents of the configuration as it is written now, from 0; his id is kept over reloads.
    pub place: u32,
    /// The default device; signing on elsewhere names another.
    pub phone: Option<PhoneId>,
    pub pin: Option<Secret>,
    pub queues: Vec<QueueId>,
    /// Queues he serves only while they call for their reserve.
    pub reserve: Vec<InReserve>,
    pub capacity: Capacity,
    pub nailed_up: NailedUp,
    pub breather: Option<Breather>,
    /// Sorted by skill.
    pub skills: Vec<SkillLevel>,
    /// His share with the strategy `weighted`, from 1.
    pub weight: u32,
    pub class: ClassOfService,
    pub initial_state: InitialState,
    pub supervises: Supervises,
    pub removed: bool,
}

impl Agent {
    /// At a phone of his own, or with a PIN at any.
    pub fn can_sign_on(&self) -> bool {
        self.phone.is_some() || self.pin.is_some()
    }
}

/// Whether his phone is called when he signs on and stays on the line, and how he takes a contact on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum NailedUp {
    /// His phone rings for each contact.
    #[default]
    Off,
    /// A queue's contact is on the line at once, after a tone.
    AtOnce,
    /// He hears it ring and presses a key.
    ByKey,
}

/// A short break that comes and ends by itself; one of the two must say when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Breather {
    /// After so many contacts without a break.
    pub contacts: Option<u32>,
    /// When he has worked more than this share of the last half hour, in percent.
    pub occupancy: Option<u8>,
    pub time: core::time::Duration,
}

/// Contacts of each medium he may have at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Capacity {
    /// One: nobody talks with two callers.
    pub voice: u8,
    pub chat: u8,
    pub mail: u8,
}

impl Default for Capacity {
    fn default() -> Self {
        Capacity { voice: 1, chat: 0, mail: 0 }
    }
}

/// Whose calls an agent may listen to, whisper into, join and take over.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Supervises {
    #[default]
    Nobody,
    /// Talks of contacts that came through one of these queues.
    Queues(Vec<QueueId>),
    /// Every talk, also those of no queue.
    Everybody,
}

impl Supervises {
    /// `queue`: the one the contact came through, if any.
    pub fn covers(&self, queue: Option<QueueId>) -> bool {
        match self {
            Supervises::Nobody => false,
            Supervises::Queues(queues) => queue.is_some_and(|queue| queues.contains(&queue)),
            Supervises::Everybody => true,
        }
    }
}

/// A skill from 1 (little) to 10 (best).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SkillLevel {
    pub skill: SkillId,
    pub level: u8,
}

/// What an agent with a default phone is when the process starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum InitialState {
    #[default]
    NotReady,
    Ready,
}

/// Agent states after CSTA (ECMA-269): one at a time, each ended by a timer or an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AgentState {
    /// CSTA Null.
    SignedOff,
    NotReady {
        reason: NotReadyReason,
    },
    Ready,
    /// Held for one offer; CSTA shows this as Ready.
    Reserved {
        contact: ContactId,
    },
    Busy {
        contact: ContactId,
    },
    /// CSTA Working After Call.
    WrapUp {
        contact: ContactId,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotReadyReason {
    /// Just signed on.
    SignedOn,
    /// The server has started and signed him on at his phone: it does not know what he was before.
    ServerStart,
    /// By himself, with the reason he dialled; 0 when he gave none.
    Code(u8),
    /// Let an offer ring out, or missed or declined one too many in a row.
    Missed,
    /// The phone is unregistered or does not answer.
    DeviceUnreachable,
    /// The phone answered that it cannot take the call: a fault, or missing rights.
    DeviceFailed,
    /// The phone answered busy: somebody uses it outside our sight.
    DeviceBusy,
    /// His wrap-up ran out before he said that he is through, and his queue wants to hear it.
    WrapUpOver,
    /// His nailed-up leg is not there: being called, hung up, or lost.
    LineDown,
    /// A break that his work has earned him by the configuration; it ends by itself.
    ShortBreak,
    /// By a supervisor or operator.
    Forced,
}

impl NotReadyReason {
    pub fn word(self) -> String {
        match self {
            NotReadyReason::SignedOn => "signed-on".into(),
            NotReadyReason::ServerStart => "server-start".into(),
            NotReadyReason::Code(code) => format!("code-{code}"),
            NotReadyReason::Missed => "missed".into(),
            NotReadyReason::DeviceUnreachable => "device-unreachable".into(),
            NotReadyReason::DeviceFailed => "device-failed".into(),
            NotReadyReason::DeviceBusy => "device-busy".into(),
            NotReadyReason::WrapUpOver => "wrap-up-over".into(),
            NotReadyReason::LineDown => "line-down".into(),
            NotReadyReason::ShortBreak => "short-break".into(),
            NotReadyReason::Forced => "forced".into(),
        }
    }

    /// The one whose word this is.
    pub fn of_word(word: &str) -> Option<Self> {
        use serde::Deserialize as _;
        if let Some(code) = word.strip_prefix("code-") {
            return code.parse().ok().map(NotReadyReason::Code);
        }
        Self::deserialize(serde::de::IntoDeserializer::<serde::de::value::Error>::into_deserializer(word)).ok()
    }
}

impl AgentState {
    /// The word used in records, events and reports.
    pub const fn word(self) -> &'static str {
        match self {
            AgentState::SignedOff => "signed-off",
            AgentState::NotReady { .. } => "not-ready",
            AgentState::Ready => "ready",
            AgentState::Reserved { .. } => "reserved",
            AgentState::Busy { .. } => "busy",
            AgentState::WrapUp { .. } => "wrap-up",
        }
    }
}
