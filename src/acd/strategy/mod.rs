//! Which ready agent gets a contact: one file a strategy, each a [`Rule`] by which a queue sorts its ready agents.
//!
//! To add one: its file beside this, its variant with its word and its place in `ALL` in `model::Strategy`, its line in
//! [`rule`]; then the compiler asks for it in the reference distributor (`reference/first.rs`) and in what explanations
//! say of it (`look.rs`). The configuration reads whatever is in `ALL`; `defaults.toml` tells people of it.

mod best_skill;
mod least_calls;
mod least_occupied;
mod least_versatile;
mod linear;
mod longest_idle;
mod random;
mod ring_all;
mod ring_progressive;
mod round_robin;
mod weighted;

#[cfg(all(test, not(loom)))]
mod golden;

use crate::limits::REBASE_EVERY;
use base::Instant;
use core::time::Duration;
use model::{AgentId, ContactId, Queue, Requirement, SkillLevel, Strategy};

/// The clocks of an agent that strategies may look at; they travel with him to every queue he serves.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct IdleStamps {
    /// When his last contact was released; his sign-on when there was none.
    pub released: Instant,
    /// When he last became ready, an offer in between not counted.
    pub ready: Instant,
    /// When he was last offered a contact; his sign-on when never.
    pub offered: Instant,
    /// Contacts of queues he was connected with since he signed on.
    pub calls: u32,
    /// Ringing, in calls and in wrap-up since he signed on; counted up to `counted`.
    pub worked: Duration,
    /// The same and ready; a break is in neither.
    pub staffed: Duration,
    pub counted: Instant,
}

/// A ready agent as a queue looks at him.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate<'a> {
    pub(crate) id: AgentId,
    pub(crate) agent: &'a model::Agent,
    pub(crate) idle: &'a IdleStamps,
    /// When this queue last gave him a contact, counted in contacts; 0: never.
    pub(crate) turn: u64,
    /// 0 for the queue's own agents, then its reserves in their order.
    pub(crate) rank: u8,
    /// The instant for keys that change by themselves.
    pub(crate) based: Instant,
}

/// The smaller, the sooner he is chosen: by the strategy, then by the queue's idle clock, then by id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct AgentKey {
    pub(crate) score: u64,
    pub(crate) idle: u64,
    pub(crate) agent: AgentId,
    pub(crate) mass: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Pick {
    /// The smallest key.
    First,
    /// Drawn in proportion to the mass of each.
    Drawn,
}

/// How many phones ring for one contact.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rings {
    One,
    All,
    OneMoreEachStep,
}

/// A strategy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    score: fn(&Candidate<'_>) -> u64,
    /// How often he is drawn compared with others.
    mass: fn(&Candidate<'_>) -> u32,
    pub(crate) pick: Pick,
    pub(crate) rings: Rings,
    /// The score of one who is ready changes with time: it is taken at [`based_at`].
    pub(crate) drifts: bool,
    /// Says the score instead where it depends on what contacts ask, and on nothing that ever changes.
    pub(crate) asked: Option<fn(&[SkillLevel], Asked<'_>) -> u64>,
}

/// What a class of contacts asks: by the queue's step, and by the contact itself.
pub(crate) type Asked<'a> = [Option<&'a Requirement>; 2];

impl Rule {
    /// One phone rings, the one of him with the smallest score.
    const fn sorted(score: fn(&Candidate<'_>) -> u64) -> Rule {
        Rule { score, mass: |_| 1, pick: Pick::First, rings: Rings::One, drifts: false, asked: None }
    }
}

pub(crate) const fn rule(strategy: Strategy) -> Rule {
    match strategy {
        Strategy::LongestIdle => longest_idle::RULE,
        Strategy::RoundRobin => round_robin::RULE,
        Strategy::LeastCalls => least_calls::RULE,
        Strategy::LeastOccupied => least_occupied::RULE,
        Strategy::Linear => linear::RULE,
        Strategy::Random => random::RULE,
        Strategy::Weighted => weighted::RULE,
        Strategy::RingAll => ring_all::RULE,
        Strategy::RingProgressive => ring_progressive::RULE,
        Strategy::BestSkill => best_skill::RULE,
        Strategy::LeastVersatile => least_versatile::RULE,
    }
}

/// Behind everybody of a lower rank, whatever the score; of those who are drawn each has his chance.
pub(crate) fn ranked(rank: u8, score: u64) -> u64 {
    (u64::from(rank) << 56) | score.min((1 << 56) - 1)
}

pub(crate) fn agent_key(queue: &Queue, candidate: &Candidate<'_>) -> AgentKey {
    let rule = rule(queue.strategy);
    let score = (rule.score)(candidate);
    AgentKey {
        score: if rule.pick == Pick::First { ranked(candidate.rank, score) } else { score },
        idle: longest_idle::since(queue.idle_clock, candidate.idle),
        agent: candidate.id,
        mass: (rule.mass)(candidate),
    }
}

/// Keys that drift are taken at whole multiples of [`REBASE_EVERY`], so that between two of them the order stands still.
pub(crate) fn based_at(now: Instant) -> Instant {
    Instant::from_millis(now.as_millis() - now.as_millis() % REBASE_EVERY.as_millis() as u64)
}

/// A draw that can be repeated: the same seed, contact and number of failed tries, the same draw. `lost` counts those
/// drawn before for the same match whom another shard had claimed already.
pub(crate) fn draw(seed: u64, contact: ContactId, tries: u8, lost: u32) -> u64 {
    base::Rng::new(seed ^ contact.0.rotate_left(8) ^ u64::from(tries) ^ (u64::from(lost) << 32)).next_u64()
}

/// The draw scaled to `0..total`, by multiply-shift as in `base::Rng::below`.
pub(crate) fn scaled(drawn: u64, total: u64) -> u64 {
    ((u128::from(drawn) * u128::from(total)) >> 64) as u64
}
