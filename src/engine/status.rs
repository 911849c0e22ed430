use base::Utc;
use model::{AgentId, ContactId, Pii, QueueId, Source, TrunkId};

/// One live call, as people see it.
#[derive(Clone, PartialEq, Debug)]
pub struct CallStatus {
    pub contact: ContactId,
    /// A standard word: `waiting`, `ringing`, `talking`, …
    pub state: &'static str,
    pub since: Utc,
    pub source: Source,
    pub caller: Pii<Box<str>>,
    pub dialled: Box<str>,
    pub queue: Option<QueueId>,
    pub agents: Vec<AgentId>,
    pub legs: usize,
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
    /// Media ports in hand that no leg uses.
    pub ports: usize,
    /// Agents' nailed-up legs that are on the line; among the contacts and legs, but nobody's calls.
    pub nailed_up: usize,
    pub sip: sip::Population,
    pub draining: bool,
}
