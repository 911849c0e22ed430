//! The way of a ready agent through the shards whose queues he serves.
//!
//! Each stop knows its own contacts exactly and of the others what the board shows. He goes first where the most
//! pressing contact seems to be, is matched where the most pressing one *for him* is, and when nobody waits for him
//! anywhere he is remembered as ready at every stop. Whoever claims him meanwhile ends the tour: his epoch is over.

use crate::ageing::{Pressing, Rate};
use crate::limits::TOUR_ROUNDS_MAX;
use crate::lines::ReadyAgent;
use crate::machine::Acd;
use crate::message::ToQueue;
use crate::strategy::IdleStamps;
use crate::words::Seat;
use base::Now;
use model::{AgentId, QueueId, ShardId};

/// What a tour has seen and still has before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tour {
    /// Not visited yet.
    rest: ShardSet,
    /// The best contact for him at a stop that let him go because another seemed to have a better one.
    known: Option<(Pressing, ShardId)>,
    /// Stops that had a worse one than `known`, or none: visited again when nothing else is left.
    last: ShardSet,
    /// Back at the stop `known` spoke of: whoever is as good as promised is taken without comparing again.
    promised: Option<Pressing>,
    /// How often it had to begin again because the one promised had left meanwhile.
    rounds: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct ShardSet(u64);

impl ShardSet {
    pub(crate) fn insert(&mut self, shard: ShardId) {
        self.0 |= 1 << shard.0;
    }

    fn remove(&mut self, shard: ShardId) {
        self.0 &= !(1 << shard.0);
    }

    fn contains(self, shard: ShardId) -> bool {
        self.0 & (1 << shard.0) != 0
    }

    fn first(self) -> Option<ShardId> {
        (self.0 != 0).then(|| ShardId(self.0.trailing_zeros() as u8))
    }

    /// The one in it when there is no other.
    fn only(self) -> Option<ShardId> {
        self.first().filter(|_| self.0.is_power_of_two())
    }
}

impl Tour {
    /// Where to go when there is nothing to choose between.
    fn only_stop(&self) -> Option<ShardId> {
        self.rest.only().filter(|_| self.known.is_none())
    }

    fn enter(&mut self, next: ShardId) {
        self.rest.remove(next);
        self.promised = self.known.take_if(|(_, shard)| *shard == next).map(|(key, _)| key);
    }

    /// May the contact here be taken without asking the others?
    fn is_settled(&self, here: Pressing) -> bool {
        self.promised.is_some_and(|promised| here <= promised) || self.rounds >= TOUR_ROUNDS_MAX
    }

    /// Visits those put off once more.
    fn begin_again(&mut self) {
        self.rest.0 |= core::mem::take(&mut self.last).0;
        self.rounds += 1;
    }

    /// This stop has a contact for him, but another seems to have a better one.
    fn put_off(&mut self, here: (Pressing, ShardId)) {
        match self.known {
            Some(known) if known < here => self.last.insert(here.1),
            worse => {
                if let Some((_, shard)) = worse {
                    self.last.insert(shard);
                }
                self.known = Some(here);
            }
        }
    }
}

impl Acd {
    /// He was just inserted on the board with this epoch: after the fence of that insert, `next_stop` sees every contact
    /// that was inserted before and did not see him; those inserted later find him remembered, or the tour finds them.
    pub(crate) fn start_tour(&mut self, now: Now, agent: AgentId, epoch: u32) {
        let Some(idle) = self.agent(agent).map(|a| a.idle) else { return };
        let tour = Tour { rest: self.lines.homes(agent), ..Tour::default() };
        self.go_on(now, agent, epoch, idle, tour);
    }

    /// A tour reaches this shard from another.
    pub(crate) fn arrive(&mut self, now: Now, agent: AgentId, epoch: u32, idle: IdleStamps, tour: Tour) {
        if let Some(tour) = self.visit(now, agent, epoch, idle, tour) {
            self.go_on(now, agent, epoch, idle, tour);
        }
    }

    fn go_on(&mut self, now: Now, agent: AgentId, epoch: u32, idle: IdleStamps, mut tour: Tour) {
        loop {
            let next = match tour.only_stop().or_else(|| self.next_stop(now, agent, &tour).map(|(_, next)| next)) {
                Some(next) => next,
                None if tour.last == ShardSet::default() => return,
                None => {
                    tour.begin_again();
                    continue;
                }
            };
            tour.enter(next);
            if next != self.seating.shard {
                self.send(next, ToQueue::AgentReady { agent, epoch, idle, tour });
                return;
            }
            match self.visit(now, agent, epoch, idle, tour) {
                Some(after) => tour = after,
                None => return,
            }
        }
    }

    /// `None`: the tour ends here. He is claimed, or it is an old tour.
    fn visit(&mut self, now: Now, agent: AgentId, epoch: u32, idle: IdleStamps, mut tour: Tour) -> Option<Tour> {
        if self.board.seat(agent) != (Seat::Ready, epoch) {
            return None;
        }
        let best = self.lines.best_for(now, agent);
        let pressing = best.and_then(|key| self.lines.entries.get(key)).and_then(|entry| {
            let rate = self.lines.look(entry.stay.queue).rate;
            rate.pressing(entry.key(rate).head(), now.mono)
        });
        let (Some(best), Some(here)) = (best, pressing.map(|pressing| (pressing, self.seating.shard))) else {
            // Somebody seems to wait for him elsewhere: who comes here meanwhile came later and shall not overtake.
            let awaited = self.next_stop(now, agent, &tour).is_some_and(|(head, _)| head != Pressing::LAST);
            if !awaited && self.join_ringing(now, agent, epoch) {
                return None;
            }
            if awaited && tour.rounds < TOUR_ROUNDS_MAX {
                self.lines.sort_out(agent);
                tour.last.insert(self.seating.shard);
            } else {
                self.lines.remember(now, agent, ReadyAgent { epoch, idle }, &self.directory);
            }
            return Some(tour);
        };
        self.lines.sort_out(agent);
        if !tour.is_settled(here.0) {
            if tour.promised.is_some() {
                // Who was promised has left: those put off for him may be better than who is here now.
                tour.begin_again();
            }
            if self.next_stop(now, agent, &tour).is_some_and(|other| other < here) {
                tour.put_off(here);
                return Some(tour);
            }
        }
        // Not claimed: another shard has. Claimed but nobody to give: undone. Either goes on from his home.
        if self.board.claim_agent(agent, epoch) {
            self.give(now, best, agent, epoch);
        }
        None
    }

    /// The queues that are not his own and have called his reserve.
    fn helped(&self, agent: AgentId) -> impl Iterator<Item = &QueueId> {
        let joined = |(queue, place): &&(QueueId, u8)| self.board.joined(*queue) & (1 << place) != 0;
        self.helps.of(agent).iter().filter(joined).map(|(queue, _)| queue)
    }

    /// Where the most pressing contact seems to be.
    fn next_stop(&self, now: Now, agent: AgentId, tour: &Tour) -> Option<(Pressing, ShardId)> {
        if tour.rest == ShardSet::default() {
            return tour.known;
        }
        let queues = self.directory.agents.get(agent.index()).map_or(&[][..], |a| &a.queues[..]);
        let heads = queues.iter().chain(self.helped(agent)).map(|queue| {
            let rate = Rate::of(&self.directory.queue(*queue).routing);
            let pressing = rate.pressing(self.board.head(*queue), now.mono);
            (pressing.unwrap_or(Pressing::LAST), self.queue_home(*queue))
        });
        let ahead = heads.filter(|(_, home)| tour.rest.contains(*home)).chain(tour.known).min();
        // A stop that an older directory knows and ours does not comes after all others.
        ahead.or_else(|| tour.rest.first().map(|shard| (Pressing::LAST, shard)))
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::words::HeadKey;
    use base::Instant;

    #[test]
    fn of_two_stops_with_contacts_the_better_is_kept_and_the_other_comes_last() {
        let rate = Rate::of(&model::Routing::default());
        let head = |ms| HeadKey::new(0, Instant::from_millis(ms));
        let key = |ms| rate.pressing(head(ms), Instant::from_millis(1_000)).expect("there is one");
        let mut tour = Tour::default();
        tour.put_off((key(20), ShardId(0)));
        tour.put_off((key(10), ShardId(1)));
        tour.put_off((key(30), ShardId(2)));
        assert_eq!(tour.known, Some((key(10), ShardId(1))));
        assert_eq!(tour.last.first(), Some(ShardId(0)));
        tour.enter(ShardId(1));
        assert!(tour.is_settled(key(10)) && !tour.is_settled(key(11)), "only who was promised is taken unasked");
        tour.begin_again();
        assert!(tour.rest.contains(ShardId(0)) && tour.rest.contains(ShardId(2)));
    }
}
