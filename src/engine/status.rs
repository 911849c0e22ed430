use base::Utc;
use core::time::Duration;
use model::{AgentId, ContactId, PhoneId, QueueId, TrunkId};

/// One live call, as people see it.
#[derive(Clone, PartialEq, Debug)]
pub struct CallStatus {
    pub contact: ContactId,
    /// A standard word: `waiting`, `ringing`, `talking`, …
    pub state: &'static str,
    pub since: Utc,
    pub queue: Option<QueueId>,
    pub agents: Vec<AgentId>,
    pub legs: usize,
    pub recorded: bool,
}

#[derive(Clone, PartialEq, Debug)]
pub struct TrunkStatus {
    pub trunk: TrunkId,
    pub up: bool,
    pub registered: Option<bool>,
    pub calls: u32,
}

/// What is alive on a shard.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ShardStatus {
    pub contacts: usize,
    pub legs: usize,
    pub sip: sip::Population,
    pub draining: bool,
}

/// One waiting line, read from the board.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QueueStatus {
    pub queue: QueueId,
    pub waiting: u32,
    pub longest_wait: Duration,
    pub signed_on: u32,
    pub available: u32,
}

/// One agent, read from the board.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct AgentStatus {
    pub agent: AgentId,
    pub state: model::AgentState,
    pub since: Utc,
    pub phone: Option<PhoneId>,
    pub contact: Option<ContactId>,
}
