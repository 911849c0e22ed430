//! The reference distributor beside a running house: it reads what is told and says which decisions the rules do not ask
//! for.
//!
//! A house of one shard tells things in the order in which it did them: each decision is judged where it is told, and
//! exactly one is right. Several shards tell of one instant as they come to it: then the facts of the instant are taken
//! together, and there must be some order of them, true to what was told of each contact and of each agent, in which
//! every decision is the right one and nobody is ready in the end for somebody who waits (`serial.rs`). A claim that
//! came to nothing is no fact; that there was one the board's word of the agent shows.
//!
//! What is told after a loop stood still is followed and not judged.

mod serial;
mod sight;

use crate::board::Board;
use base::Instant;
use model::{AgentId, AgentState, ContactId, Directory, Fact, OfferOutcome, ShardId};
use sight::{Sight, Told};
use std::sync::Arc;

/// Judges every decision of a house. It sees nothing but facts and configurations.
#[derive(Debug)]
pub struct Referee {
    sight: Sight,
    /// Of several shards, told since everything was at rest.
    told: Vec<(Instant, Told)>,
    /// Of each agent's word on the board.
    epochs: Vec<u32>,
    ended: Vec<ContactId>,
    shards: u8,
    is_late: bool,
    judged: usize,
    followed: usize,
    doubts: Vec<Box<str>>,
}

impl Referee {
    /// `seed`: from which the house draws, as in [`crate::Seating`]. Of several shards each draws from those it believes
    /// to be ready: there a drawn winner needs only be one who may be.
    pub fn new(directory: &Arc<Directory>, seed: u64) -> Self {
        let shards = directory.limits.shards.max(1);
        Referee {
            sight: Sight::new(directory, shards, (shards == 1).then_some(seed)),
            told: Vec::new(),
            epochs: Vec::new(),
            ended: Vec::new(),
            shards,
            is_late: false,
            judged: 0,
            followed: 0,
            doubts: Vec::new(),
        }
    }

    /// A shard goes by another configuration from here on; indices keep their meaning.
    pub fn configure(&mut self, now: Instant, shard: ShardId, directory: &Arc<Directory>) {
        self.handle(now, Told::Configured(shard, Arc::clone(directory)));
    }

    /// Every fact of the house, in the order in which they are told.
    pub fn handle_fact(&mut self, now: Instant, fact: &Fact) {
        match fact {
            Fact::ContactEnded { contact, .. } => self.ended.push(*contact),
            fact if Sight::sees(fact) => self.handle(now, Told::Fact(fact.clone())),
            _ => {}
        }
    }

    /// What is told from now on follows from another input.
    pub fn next_input(&mut self) {
        if self.shards == 1 {
            self.sight.next_input();
        }
    }

    /// A loop stands still, or something is on its way between two: what is told came about earlier.
    pub fn is_late(&mut self) {
        self.is_late = true;
        self.doubts.clear();
    }

    /// Everything that was due has been done, and all of it was told.
    pub fn at_rest(&mut self, now: Instant, board: &Board) {
        let told = core::mem::take(&mut self.told);
        let offers = told.iter().filter(|(_, told)| told.is_offer()).count();
        let in_vain = self.claimed_in_vain(&told, board);
        let claims = in_vain.into_iter().map(|agent| (agent, None)).chain(overtaken(&told)).collect();
        self.sight.next_input();
        if core::mem::take(&mut self.is_late) {
            self.sight.take_late(&told);
            self.sight.lose_track(now);
            self.followed += offers;
        } else {
            let doubts = serial::explain(&mut self.sight, now, told, claims);
            self.doubts.extend(doubts);
            self.judged += offers;
        }
        self.ended.drain(..).for_each(|contact| self.sight.forget(now, contact));
    }

    /// What was not as the rules ask since the last time.
    pub fn take_doubts(&mut self) -> Vec<Box<str>> {
        core::mem::take(&mut self.doubts)
    }

    /// How many offers were judged, and how many only followed.
    pub fn offers(&self) -> (usize, usize) {
        (self.judged, self.followed)
    }

    /// Whose word went on though nothing was told of them.
    fn claimed_in_vain(&mut self, told: &[(Instant, Told)], board: &Board) -> Vec<AgentId> {
        if self.shards == 1 {
            return Vec::new();
        }
        let epochs: Vec<_> = self.sight.agents().map(|agent| board.seat(agent).1).collect();
        let went_on = |agent: &AgentId| self.epochs.get(agent.index()) != epochs.get(agent.index());
        let silent = |agent: &AgentId| told.iter().all(|(_, told)| !told.is_of(*agent));
        let in_vain = self.sight.agents().filter(went_on).filter(silent).collect();
        self.epochs = epochs;
        in_vain
    }

    fn handle(&mut self, now: Instant, told: Told) {
        if self.shards > 1 {
            return self.told.push((now, told));
        }
        self.judged += usize::from(told.is_offer());
        self.sight.take(now, &told);
        self.doubts.append(&mut self.sight.take_doubts());
    }
}

/// Offers that were over before the agents' homes had heard that they were claimed: of those no state of theirs tells.
fn overtaken(told: &[(Instant, Told)]) -> Vec<(AgentId, Option<ContactId>)> {
    let facts = || told.iter().filter_map(|(_, told)| told.fact());
    let withdrawn = facts().filter_map(|fact| match fact {
        Fact::OfferEnded { contact, agent, outcome: OfferOutcome::Withdrawn, .. } => Some((*agent, *contact)),
        _ => None,
    });
    let began = |(agent, contact): &(AgentId, ContactId)| {
        facts().any(|fact| matches!(fact, Fact::Offered { contact: c, agent: a, .. } if (a, c) == (agent, contact)))
    };
    let heard = |(agent, contact): &(AgentId, ContactId)| {
        let reserved = AgentState::Reserved { contact: *contact };
        facts()
            .any(|fact| matches!(fact, Fact::AgentChanged { agent: a, state, .. } if a == agent && *state == reserved))
    };
    withdrawn.filter(|offer| began(offer) && !heard(offer)).map(|(agent, contact)| (agent, Some(contact))).collect()
}
