//! Which ready agent gets a contact: one file a strategy, each a key by which a queue keeps its ready agents sorted.
//!
//! To add one: its file beside this, its variant in `model::Strategy`, its line in [`agent_key`].

mod longest_idle;

use base::Instant;
use model::{AgentId, Queue, Strategy};

/// The clocks of an agent that strategies may look at; they travel with him to every queue he serves.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct IdleStamps {
    /// When his last contact was released; his sign-on when there was none.
    pub released: Instant,
    /// When he last became ready, an offer in between not counted.
    pub ready: Instant,
    /// When he was last offered a contact; his sign-on when never.
    pub offered: Instant,
}

/// The smaller, the sooner he is chosen; ties by id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct AgentKey {
    pub(crate) score: u64,
    pub(crate) agent: AgentId,
}

pub(crate) fn agent_key(queue: &Queue, agent: AgentId, idle: &IdleStamps) -> AgentKey {
    let score = match queue.strategy {
        // The configuration refuses the others by name until their files stand here.
        Strategy::LongestIdle
        | Strategy::RoundRobin
        | Strategy::LeastCalls
        | Strategy::LeastOccupied
        | Strategy::Linear
        | Strategy::Random
        | Strategy::Weighted
        | Strategy::RingAll
        | Strategy::RingProgressive
        | Strategy::BestSkill
        | Strategy::LeastVersatile => longest_idle::score(queue.idle_clock, idle),
    };
    AgentKey { score, agent }
}
