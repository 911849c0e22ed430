use crate::{
    Actor, AgentAction, AgentId, AgentState, AsideReason, CallbackStep, Cause, Codec, ContactId, Decision, Judgement,
    LegId, OfferOutcome, PhoneId, Pii, Promise, Quality, QueueAction, QueueId, ReserveChange, Source, SupervisorMode,
    Target, TrunkId,
};
use base::Now;
use core::time::Duration;
use std::sync::Arc;

/// A fact with its place and time; the journal adds the global sequence number.
#[derive(Clone, PartialEq, Debug)]
pub struct Stamped {
    pub at: Now,
    pub fact: Fact,
}

/// Who is at the far end of a leg.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Party {
    /// The customer, or whoever called in.
    Caller,
    Agent(AgentId),
    Supervisor(AgentId),
    /// A number reached by a trunk.
    Outside(TrunkId),
    /// A device nobody is signed on at.
    Phone(PhoneId),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TransferKind {
    Blind,
    Attended,
    TakeOver,
}

/// Why a contact left a queue unserved, other than by hanging up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FlowReason {
    MaxWait,
    MaxLength,
    /// The expected wait was too long.
    ExpectedWait,
    /// Too few agents were at work.
    Understaffed,
    Empty,
    Closed,
    BreakoutKey,
    /// A callback's customer did not answer.
    NotReached,
    /// He called himself.
    Recalled,
    /// Offers failed too often.
    TriesExhausted,
    QueueRemoved,
    Failed,
    /// A person ended the call from outside.
    Forced,
    /// The server stopped.
    Shutdown,
}

impl FlowReason {
    pub const fn word(self) -> &'static str {
        match self {
            FlowReason::MaxWait => "max-wait",
            FlowReason::MaxLength => "max-length",
            FlowReason::ExpectedWait => "expected-wait",
            FlowReason::Understaffed => "understaffed",
            FlowReason::Empty => "empty",
            FlowReason::Closed => "closed",
            FlowReason::BreakoutKey => "breakout-key",
            FlowReason::NotReached => "not-reached",
            FlowReason::Recalled => "recalled",
            FlowReason::TriesExhausted => "tries-exhausted",
            FlowReason::QueueRemoved => "queue-removed",
            FlowReason::Failed => "failed",
            FlowReason::Forced => "forced",
            FlowReason::Shutdown => "shutdown",
        }
    }

    /// The one whose word this is.
    pub fn of_word(word: &str) -> Option<Self> {
        use serde::Deserialize as _;
        Self::deserialize(serde::de::IntoDeserializer::<serde::de::value::Error>::into_deserializer(word)).ok()
    }
}

/// The one way a contact ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ContactEnd {
    /// Talked with a person.
    Served,
    /// Hung up while waiting.
    Abandoned,
    /// Left by a rule: overflow, announcement.
    FlowedOut,
    /// An agent or supervisor dialled a code: no caller at all.
    FeatureCode,
    /// Refused on arrival.
    Rejected,
    Failed,
    /// A person ended it from outside before anybody had served it.
    Forced,
    /// The server stopped before anybody had served it.
    Shutdown,
}

impl ContactEnd {
    pub const ALL: [ContactEnd; 8] = [
        ContactEnd::Served,
        ContactEnd::Abandoned,
        ContactEnd::FlowedOut,
        ContactEnd::FeatureCode,
        ContactEnd::Rejected,
        ContactEnd::Failed,
        ContactEnd::Forced,
        ContactEnd::Shutdown,
    ];

    /// The one whose word this is.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|end| end.word() == word)
    }

    pub const fn word(self) -> &'static str {
        match self {
            ContactEnd::Served => "served",
            ContactEnd::Abandoned => "abandoned",
            ContactEnd::FlowedOut => "flowed-out",
            ContactEnd::FeatureCode => "feature-code",
            ContactEnd::Rejected => "rejected",
            ContactEnd::Failed => "failed",
            ContactEnd::Forced => "forced",
            ContactEnd::Shutdown => "shutdown",
        }
    }
}

/// What becomes of an agent's nailed-up leg.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LineStep {
    /// His phone is called.
    Called,
    /// It was answered and stays on the line.
    Up { codec: Option<Codec> },
    /// It did not answer, was hung up or lost.
    Down { cause: Cause, by: Releaser },
}

impl LineStep {
    pub const fn word(self) -> &'static str {
        match self {
            LineStep::Called => "line-called",
            LineStep::Up { .. } => "line-up",
            LineStep::Down { .. } => "line-down",
        }
    }
}

/// Who ended a leg (ECMA-269: the releasing device).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Releaser {
    /// Whoever is at its far end hung up, refused, or is gone.
    Party,
    /// We did: the other party hung up, a rule or a person wanted it.
    System,
}

impl Releaser {
    /// The word used in records and events.
    pub fn word(self) -> &'static str {
        match self {
            Releaser::Party => "party",
            Releaser::System => "system",
        }
    }
}

/// Something that happened. Records, reports, events and metrics are made from these and from nothing else.
#[derive(Clone, PartialEq, Debug)]
pub enum Fact {
    ContactArrived {
        contact: ContactId,
        source: Source,
        caller: Pii<Box<str>>,
        dialled: Box<str>,
        call_id: Box<str>,
        attached: Vec<(Box<str>, Box<str>)>,
    },
    LegStarted {
        contact: ContactId,
        leg: LegId,
        party: Party,
    },
    LegRinging {
        contact: ContactId,
        leg: LegId,
    },
    LegAnswered {
        contact: ContactId,
        leg: LegId,
        codec: Option<Codec>,
    },
    LegEnded {
        contact: ContactId,
        leg: LegId,
        cause: Cause,
        by: Releaser,
    },
    LegQuality {
        contact: ContactId,
        leg: LegId,
        quality: Quality,
    },

    /// What the queue's rules and what is known about the caller ask beyond the queue's own demands. Told before
    /// `Queued`, and only when they ask anything.
    Judged {
        contact: ContactId,
        queue: QueueId,
        judgement: Judgement,
    },
    /// Conservation law: every `Queued` is followed by exactly one of `Connected`, `Abandoned`, `FlowedOut`.
    Queued {
        contact: ContactId,
        queue: QueueId,
        priority: i32,
        position: u32,
        /// So long before this it first came into a queue: its place counts from then. `None`: it was written by a
        /// version that did not tell.
        kept: Option<Duration>,
    },
    Offered {
        contact: ContactId,
        queue: QueueId,
        agent: AgentId,
        /// `None`: it was written by a version that kept none.
        decision: Option<Decision>,
    },
    OfferEnded {
        contact: ContactId,
        queue: QueueId,
        agent: AgentId,
        outcome: OfferOutcome,
    },
    Connected {
        contact: ContactId,
        queue: QueueId,
        agent: AgentId,
        waited: Duration,
    },
    Abandoned {
        contact: ContactId,
        queue: QueueId,
        waited: Duration,
    },
    FlowedOut {
        contact: ContactId,
        queue: QueueId,
        waited: Duration,
        why: FlowReason,
        to: Option<Target>,
    },

    /// A callback that waits is not to be made now, or is again: its customer's hours are over, he did not answer a moment
    /// ago. It keeps its place and is in its queue all the time; meanwhile nobody is asked for it.
    Aside {
        contact: ContactId,
        queue: QueueId,
        aside: bool,
        /// `None`: it is back, or a version wrote it that did not tell.
        why: Option<AsideReason>,
    },
    /// He was told when he came that he will wait long; what is expected, and how long the line was with him in it.
    Warned {
        contact: ContactId,
        queue: QueueId,
        expected: Option<Duration>,
        length: u32,
    },
    /// A message for a queue was recorded, as the recording of this name.
    MessageLeft {
        contact: ContactId,
        queue: QueueId,
        name: Box<str>,
        duration: Duration,
    },

    /// What was foretold of a wait when it began, and what came of it: how good the estimate is.
    WaitForetold {
        queue: QueueId,
        expected: Duration,
        /// Not exceeded in nine of ten.
        bound: Duration,
        waited: Duration,
        /// False: it ended otherwise, after the bound; of one that ended otherwise before it nobody knows.
        served: bool,
    },

    /// Agents who are not the queue's own join it or leave it. `place`: in its list of reserves, from 0.
    Reserve {
        queue: QueueId,
        place: u8,
        change: ReserveChange,
        /// Who wanted it, where a person did.
        by: Option<Actor>,
    },

    /// A customer is to be called back, and what becomes of it; his contact waits in his stead. Not an abandonment.
    Callback {
        contact: ContactId,
        step: CallbackStep,
        /// Begun so far.
        attempts: u8,
        promise: Arc<Promise>,
    },

    /// The agent's talk in this contact starts (direct, transferred or from a queue) and ends.
    TalkStarted {
        contact: ContactId,
        agent: AgentId,
        queue: Option<QueueId>,
    },
    TalkEnded {
        contact: ContactId,
        agent: AgentId,
        talked: Duration,
        held: Duration,
    },
    Held {
        contact: ContactId,
        by: Party,
    },
    Retrieved {
        contact: ContactId,
        by: Party,
    },
    Transferred {
        contact: ContactId,
        from: AgentId,
        to: Target,
        kind: TransferKind,
    },
    TransferFailed {
        contact: ContactId,
        from: AgentId,
        cause: Cause,
    },
    /// A consultation call was joined into this contact.
    Merged {
        contact: ContactId,
        consultation: ContactId,
    },
    SupervisorJoined {
        contact: ContactId,
        supervisor: AgentId,
        agent: AgentId,
        mode: SupervisorMode,
    },
    SupervisorLeft {
        contact: ContactId,
        supervisor: AgentId,
    },
    RecordingStarted {
        contact: ContactId,
        name: Box<str>,
    },
    RecordingStopped {
        contact: ContactId,
        name: Box<str>,
        duration: Duration,
        complete: bool,
        /// False: there is no file, because it could not be made.
        kept: bool,
    },
    ContactEnded {
        contact: ContactId,
        end: ContactEnd,
        cause: Cause,
    },

    AgentChanged {
        agent: AgentId,
        state: AgentState,
        phone: Option<PhoneId>,
    },
    /// An agent's nailed-up leg: no contact's, so told apart from the legs of contacts.
    Line {
        agent: AgentId,
        phone: PhoneId,
        step: LineStep,
    },
    /// An agent who signs off said why.
    SignOffReason {
        agent: AgentId,
        code: u8,
    },
    /// A forced action and who did it.
    Forced {
        by: Actor,
        action: ForcedAction,
    },

    PhoneReachable {
        phone: PhoneId,
    },
    PhoneUnreachable {
        phone: PhoneId,
    },
    TrunkUp {
        trunk: TrunkId,
    },
    TrunkDown {
        trunk: TrunkId,
    },
    /// A call was refused before it became a contact.
    Refused {
        source: Option<Source>,
        cause: Cause,
    },
    /// A reservation was not confirmed in time and was freed: a bug to look for.
    ReservationExpired {
        contact: ContactId,
        agent: AgentId,
    },
    DrainStarted {
        by: Actor,
    },
    Reloaded {
        by: Actor,
        /// What differs from before, in words; no secret is part of it.
        difference: Box<str>,
    },
    /// What is in force from here on, at a start and before a reload takes effect: so facts can be understood by the
    /// rules of their time.
    Configured {
        texts: Arc<[ConfigText]>,
    },
}

/// One file of a configuration as it was read, every place where it was and secrets blotted out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigText {
    /// As messages name it.
    pub file: Box<str>,
    pub text: Box<str>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ForcedAction {
    Agent { agent: AgentId, action: AgentAction },
    HangUp { contact: ContactId },
    Queue { queue: QueueId, action: QueueAction },
    LogLevel { level: Box<str> },
}
