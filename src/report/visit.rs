use base::Utc;
use core::time::Duration;
use model::{AgentId, ContactId, FlowReason, QueueId};

/// One contact's stay in one queue, from entry to the first of answer, abandonment or flow-out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QueueVisit {
    pub contact: ContactId,
    /// Which of the contact's stays, from 0: with the contact it names the visit for ever.
    pub nth: u32,
    pub queue: QueueId,
    pub entered: Utc,
    pub left: Utc,
    /// By the monotonic clock: a clock step does not make a wait longer. Of one who was called back from the promise,
    /// which may be of before a restart.
    pub waited: Duration,
    /// How far into the wait a phone first rang out.
    pub rang_out: Option<Duration>,
    /// Who answered.
    pub agent: Option<AgentId>,
    /// Of a promise that was kept or given up, and so no stay of a caller.
    pub called_back: bool,
    pub end: VisitEnd,
}

/// What the figures need to know of a visit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stay {
    pub waited: Duration,
    pub rang_out: Option<Duration>,
    pub called_back: bool,
    pub end: VisitEnd,
}

impl QueueVisit {
    pub fn stay(&self) -> Stay {
        Stay { waited: self.waited, rang_out: self.rang_out, called_back: self.called_back, end: self.end }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VisitEnd {
    /// `work` is known when the agent who answered is through with the contact, wrap-up included.
    Answered {
        work: Option<Work>,
    },
    Abandoned,
    FlowedOut {
        why: FlowReason,
    },
}

/// The time an agent spent on a contact he answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Work {
    pub talked: Duration,
    pub held: Duration,
    pub wrapped: Duration,
}

impl Work {
    pub fn total(&self) -> Duration {
        self.talked + self.held + self.wrapped
    }
}

/// One agent's part in one conversation, whether it came from a queue, by transfer or by a call of his own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Talk {
    pub contact: ContactId,
    pub agent: AgentId,
    /// The queue he talked for.
    pub queue: Option<QueueId>,
    pub began: Utc,
    /// Hold excluded.
    pub talked: Duration,
    pub held: Duration,
}
