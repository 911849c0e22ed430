use base::Utc;
use core::time::Duration;
use model::{AgentId, ContactId, FlowReason, QueueId};

/// One contact's stay in one queue, from entry to the first of answer, abandonment or flow-out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QueueVisit {
    pub contact: ContactId,
    pub queue: QueueId,
    pub entered: Utc,
    pub left: Utc,
    /// By the monotonic clock: a clock step does not make a wait longer.
    pub waited: Duration,
    /// Who answered.
    pub agent: Option<AgentId>,
    pub end: VisitEnd,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VisitEnd {
    /// The times are those of the agent who answered; they grow until his wrap-up ends.
    Answered {
        talked: Duration,
        held: Duration,
        wrapped: Duration,
    },
    Abandoned,
    FlowedOut {
        why: FlowReason,
    },
}

impl VisitEnd {
    /// Answered just now.
    pub const ANSWERED: VisitEnd =
        VisitEnd::Answered { talked: Duration::ZERO, held: Duration::ZERO, wrapped: Duration::ZERO };
}
