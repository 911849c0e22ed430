//! Agents who serve a queue only at times: its reserve, and those another queue lends it.

use crate::{Agent, AgentId, Directory, FigureRange, QueueId};
use core::time::Duration;

/// Overload levels: an agent is in reserve for one of them.
pub const RESERVE_LEVELS: u8 = 2;

/// Who joins a queue, when, and for how long at least.
///
/// The queue's own agents come first, then those of its reserves in their order. Nobody is torn away: who has a contact
/// when his reserve goes keeps it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reserve {
    pub who: ReserveOf,
    /// One of these must hold completely.
    pub when: Vec<Vec<FigureRange>>,
    /// They go when one of these holds; empty: as soon as `when` does not. Never while `when` holds.
    pub until: Vec<Vec<FigureRange>>,
    /// They stay at least so long.
    pub hold: Duration,
    /// Thresholds move by themselves to hold the service level.
    pub adjust: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReserveOf {
    /// Agents whose `reserve` names the queue with this level.
    Level(u8),
    /// The agents of another queue.
    Queue(QueueId),
}

/// An agent is in reserve for a queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InReserve {
    pub queue: QueueId,
    pub level: u8,
}

/// What happened to one of a queue's reserves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReserveChange {
    /// They serve the queue from now on.
    Joined(Joined),
    Left,
    /// The same two, by hand.
    CalledIn,
    SentAway,
    /// Thresholds count as so many per cent of what is written.
    Adjusted(u16),
}

/// Why they joined: the figure lay in its range.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Joined {
    /// As it counted, adjusted.
    pub range: FigureRange,
    pub value: u32,
}

impl Directory {
    /// The first of a queue's reserves that has this agent, as a place in its list; `None` for its own agents.
    pub fn reserve_place(&self, queue: QueueId, agent: AgentId) -> Option<usize> {
        let member = self.agent(agent);
        if member.removed || member.queues.contains(&queue) {
            return None;
        }
        self.queue(queue).routing.reserves.iter().position(|reserve| reserve.who.has(queue, member))
    }
}

impl ReserveOf {
    /// Of the queue the reserve belongs to.
    pub fn has(self, queue: QueueId, agent: &Agent) -> bool {
        match self {
            ReserveOf::Level(level) => agent.reserve.contains(&InReserve { queue, level }),
            ReserveOf::Queue(lender) => agent.queues.contains(&lender),
        }
    }
}
