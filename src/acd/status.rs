//! What displays read: from the board, by any thread, without asking a shard.

use crate::board::Board;
use crate::calendar::Calendars;
use base::Instant;
use core::time::Duration;
use model::{AgentId, AgentState, ContactId, Directory, PhoneId, QueueId};

/// One waiting line at a glance.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct QueueStatus {
    /// Contacts in the queue, those being offered included.
    pub waiting: u32,
    pub longest_wait: Duration,
    /// Its own.
    pub agents: StateCounts,
    /// A bit for each of its reserves that has joined, by its place.
    pub joined: u8,
}

/// Whether a queue takes contacts now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Opening {
    Open,
    /// By its calendar.
    Closed,
    /// By hand, whatever its calendar says.
    Shut,
}

impl Opening {
    pub const fn word(self) -> &'static str {
        match self {
            Opening::Open => "yes",
            Opening::Closed => "closed",
            Opening::Shut => "shut",
        }
    }
}

/// Agents of a queue by state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StateCounts {
    pub signed_off: u32,
    pub not_ready: u32,
    pub ready: u32,
    pub reserved: u32,
    pub busy: u32,
    pub wrap_up: u32,
}

/// One agent at a glance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AgentStatus {
    pub state: AgentState,
    /// What he will be when nothing keeps him any more, if not ready.
    pub pending: Option<AgentState>,
    /// `None`: nobody has been this agent since the start.
    pub since: Option<base::Utc>,
    pub phone: Option<PhoneId>,
    pub contact: Option<ContactId>,
}

impl Board {
    pub fn agent_status(&self, agent: AgentId) -> AgentStatus {
        AgentStatus {
            state: self.agent_state(agent),
            pending: self.agent_pending(agent),
            since: self.agent_since(agent),
            phone: self.agent_phone(agent),
            contact: self.agent_contact(agent),
        }
    }

    /// Looks the calendar's zone up: for displays.
    pub fn opening(&self, directory: &Directory, queue: QueueId, now: base::Utc) -> Opening {
        if self.queue_is_shut(queue) {
            return Opening::Shut;
        }
        let rules = directory.queue(queue);
        // Without somewhere to send its contacts a queue takes them at any hour.
        let hours = rules.hours.filter(|_| rules.closed.is_some());
        let open = hours.is_none_or(|id| Calendars::new(directory).is_open(directory.calendar(id), id, now));
        if open { Opening::Open } else { Opening::Closed }
    }

    /// Linear in the agents configured: for displays, at most once a second.
    pub fn queue_status(&self, directory: &Directory, queue: QueueId, now: Instant) -> QueueStatus {
        let mut agents = StateCounts::default();
        for (agent, id) in directory.agents.iter().zip(0u32..) {
            if !agent.removed && agent.queues.contains(&queue) {
                agents.add(self.agent_state(AgentId(id)));
            }
        }
        let longest_wait = self.queue_oldest(queue).map_or(Duration::ZERO, |oldest| now.since(oldest));
        QueueStatus { waiting: self.queue_waiting(queue), longest_wait, agents, joined: self.joined(queue) }
    }
}

impl StateCounts {
    fn add(&mut self, state: AgentState) {
        let count = match state {
            AgentState::SignedOff => &mut self.signed_off,
            AgentState::NotReady { .. } => &mut self.not_ready,
            AgentState::Ready => &mut self.ready,
            AgentState::Reserved { .. } => &mut self.reserved,
            AgentState::Busy { .. } => &mut self.busy,
            AgentState::WrapUp { .. } => &mut self.wrap_up,
        };
        *count += 1;
    }
}
