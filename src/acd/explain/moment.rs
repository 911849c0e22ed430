//! What an explanation is made of: moments, who was looked at in them, and why.

use super::rivals::Rival;
use base::Instant;
use core::time::Duration;
use model::{
    Actor, AgentId, AgentState, AsideReason, CallbackStep, Cause, ContactId, Decision, FlowReason, Joined, Judgement,
    NotReadyReason, OfferOutcome, QueueId, ReserveChange, SkillId,
};

/// Something that was decided about the contact.
#[derive(Clone, PartialEq, Debug)]
pub struct Moment {
    pub at: Instant,
    pub what: What,
    /// The queue's agents as they stood; those that could not be chosen with the reason. The chosen first.
    pub candidates: Vec<Candidate>,
    /// Where contacts waited: those the agent could have been given, the chosen first.
    pub rivals: Vec<Rival>,
    /// Where the facts and the reference do not agree, in words.
    pub doubts: Vec<Box<str>>,
}

#[derive(Clone, PartialEq, Debug)]
pub enum What {
    /// The queue's rules, or the agent who knows the caller, made something of it before it came in.
    Judged {
        queue: QueueId,
        judgement: Judgement,
    },
    /// A customer who is to be called back: his contact waits in his stead. `first`: the one it was promised in, when a
    /// server that was started since takes it up.
    Callback {
        step: CallbackStep,
        first: Option<ContactId>,
        told: Told,
    },
    /// It is out of the line, and keeps its place. `None`: a version wrote it that did not tell.
    Aside {
        why: Option<AsideReason>,
        told: Told,
    },
    BackInLine {
        queue: QueueId,
    },
    /// It came into the queue, and nobody could take it at once.
    Entered {
        queue: QueueId,
        priority: i32,
        place: usize,
        ahead: Vec<ContactId>,
        /// So long before this it first came into a queue: its place counts from then.
        kept: Duration,
    },
    /// It was offered to an agent.
    Offered {
        queue: QueueId,
        agent: AgentId,
        regime: Regime,
        waited: Duration,
        /// As it was written down; `None`: by a version that kept none.
        decision: Option<Decision>,
        /// He is not the queue's own, and serves it since then.
        called: Option<Called>,
    },
    /// While it waited others joined the queue, or left it.
    Reserve {
        queue: QueueId,
        place: u8,
        change: ReserveChange,
        by: Option<Actor>,
    },
    /// He was told when he came that he will wait long.
    Warned {
        queue: QueueId,
        expected: Option<Duration>,
        length: u32,
    },
    MessageLeft {
        queue: QueueId,
        duration: Duration,
    },
    /// An agent who serves the queue got another contact.
    Passed {
        agent: AgentId,
        contact: ContactId,
        why: Passed,
    },
    OfferEnded {
        agent: AgentId,
        outcome: OfferOutcome,
        /// Who answered first, when it was taken back for that.
        winner: Option<AgentId>,
    },
    Connected {
        agent: AgentId,
        waited: Duration,
    },
    /// `offers`: how often it had been offered before.
    Abandoned {
        waited: Duration,
        offers: usize,
    },
    FlowedOut {
        queue: QueueId,
        why: FlowReason,
        waited: Duration,
    },
}

/// How it stands with a promise to call back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Told {
    pub queue: QueueId,
    /// Begun so far.
    pub attempts: u8,
    /// How the last ended at the customer's side.
    pub cause: Option<Cause>,
    /// He is not called now.
    pub closed: Option<Closed>,
}

/// Whose hours are over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Closed {
    /// Those in which customers of the queue are called back.
    Callback,
    Queue,
}

/// One of a queue's reserves that has joined it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Called {
    /// In the queue's list.
    pub place: u8,
    pub since: Instant,
    /// `None`: by hand.
    pub why: Option<Joined>,
    /// By whose.
    pub by: Option<Actor>,
}

/// Which side there was more of (features: A1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Regime {
    /// Agents were ready when the contact came: one of them was chosen for it.
    AgentSurplus,
    /// Contacts waited when the agent became ready: this one was chosen for him.
    ContactSurplus,
}

/// What a contact has waited, beside the objective of its queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PartWaited {
    pub queue: QueueId,
    pub waited: Duration,
    pub objective: Duration,
}

/// Why an agent got another contact first.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Passed {
    /// It has the higher priority, waiting included: the points of both.
    MorePressing { own: f64, other: f64 },
    /// It has waited the larger part of its queue's objective.
    LargerPart { own: PartWaited, other: PartWaited },
    /// It was there earlier.
    Earlier,
    /// This agent could not be given ours at the time; the moment's candidate says why.
    NotForUs,
    /// In ours' queue this one stands before it, and of a queue only the first is compared.
    NotFirst { first: ContactId },
    /// Something happened to one of the two at about that moment, which another shard knew a little later.
    Crossed,
    /// Ours came first, and was not given.
    Before,
}

/// An agent at a moment.
#[derive(Clone, PartialEq, Debug)]
pub struct Candidate {
    pub agent: AgentId,
    pub verdict: Verdict,
    /// What else would have kept it from him, were it not for that.
    pub besides: Vec<Verdict>,
    /// In the queue's list, where he is of a reserve, joined or not; `None`: he is its own.
    pub reserve: Option<u8>,
    /// By the queue's strategy; `None` when he was not to be compared.
    pub score: Option<Score>,
}

impl Candidate {
    /// Of all that kept it from him; where nothing did he was passed over.
    pub fn kept_by(agent: AgentId, reserve: Option<u8>, obstacles: Vec<Verdict>) -> Self {
        let mut obstacles = obstacles.into_iter();
        let verdict = obstacles.next().unwrap_or(Verdict::Unexplained);
        Candidate { agent, verdict, besides: obstacles.collect(), reserve, score: None }
    }

    /// All that kept it from him.
    pub fn obstacles(&self) -> impl Iterator<Item = &Verdict> {
        core::iter::once(&self.verdict).chain(&self.besides)
    }
}

#[derive(Clone, PartialEq, Debug)]
pub enum Verdict {
    Chosen,
    /// Ready and able, and after so many others, the last of them this one.
    Behind {
        others: usize,
        after: AgentId,
    },
    /// Ready and able, and as many talk with contacts of the queue as may.
    Full {
        most: u32,
    },
    SignedOff {
        since: Instant,
    },
    NotReady {
        reason: NotReadyReason,
        since: Instant,
    },
    /// Reserved for another, busy or in wrap-up.
    Engaged {
        state: AgentState,
        since: Instant,
    },
    /// His phone rings for this one.
    Rings {
        since: Instant,
    },
    /// He has taken this one, and is on the line for its customer.
    Attends {
        since: Instant,
    },
    /// He refused this contact a moment ago.
    Refused {
        until: Instant,
    },
    /// His phone rang for it in this same round: among phones that ring together nobody is rung twice.
    Rang,
    /// So many phones have rung for it in this round, as many as may in one, and his is none of them.
    RoundFull {
        most: usize,
    },
    /// He lacks what the contact asks: what he comes nearest to, with each level that is missing.
    Lacks {
        missing: Vec<Lack>,
        /// The step that asks it, counted from 0, and the later one that does not ask it of him any more.
        step: usize,
        later: Option<Later>,
    },
    /// The contact is kept for somebody who knows the customer.
    KeptFor {
        agent: AgentId,
        until: Instant,
    },
    /// He was free and could have been given it, while it rang at this one.
    Elsewhere {
        agent: AgentId,
    },
    /// He was free and could have been given it, while it was in no line: a callback that is not to be made now, or an
    /// offer was taken back a moment ago.
    NotInLine,
    /// He was free and could have been given it, and was not: the reference would have.
    Unexplained,
    /// The same, and his state changed at about that moment, which another shard knew a little later.
    Crossed,
    /// He is of this reserve of the queue, which has not joined it.
    InReserve {
        queue: QueueId,
        place: u8,
    },
}

/// A step yet to come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Later {
    pub step: usize,
    pub at: Instant,
    /// It is taken only if its condition holds then.
    pub conditional: bool,
}

/// A level an agent does not have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lack {
    pub skill: SkillId,
    pub has: u8,
    pub least: u8,
    pub most: u8,
}

/// What the strategy went by, and the idle time that decides between equals.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Score {
    /// The queue's own come before all of its reserves, and these in their order; `None`: its own.
    pub reserve: Option<u8>,
    pub by: By,
    pub idle: Duration,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum By {
    Idle,
    /// How many contacts of the queue were given out since his last; `None`: he had none.
    Turn(Option<usize>),
    Calls(usize),
    /// Share of his time in which he worked.
    Occupied(f64),
    /// His place in the configuration.
    Place(u32),
    /// Tickets in the draw.
    Tickets(u32),
    /// His mean level in what is asked.
    Level(u32),
    /// Skills and queues he has.
    Versatility(u32),
    /// All who are ready ring.
    Everybody,
}
