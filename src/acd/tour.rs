//! The way of a ready agent through the shards whose queues he serves.
//!
//! Each stop knows its own contacts exactly and of the others what the board shows. He goes first where the most
//! pressing contact seems to be, is matched where the most pressing one *for him* is, and when nobody waits for him
//! anywhere he is remembered as ready at every stop. Whoever claims him meanwhile ends the tour: his epoch is over.

use crate::ageing::{Pressing, Rate};
use crate::limits::TOUR_ROUNDS_MAX;
use crate::machine::Acd;
use crate::message::ToQueue;
use crate::serving::ReadyAgent;
use crate::strategy::IdleStamps;
use crate::words::{HeadKey, Seat};
use base::{Key, Now};
use model::{AgentId, QueueId, ShardId};

/// What a tour has seen and still has before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tour {
    /// Not visited yet.
    rest: ShardSet,
    /// The best contact for him at a stop that let him go because another seemed to have a better one.
    known: Option<(Seen, ShardId)>,
    /// Stops that had a worse one than `known`, or none: visited again when nothing else is left.
    last: ShardSet,
    /// Back at the stop `known` spoke of: whoever is as good as promised is taken without comparing again.
    promised: Option<Seen>,
    /// How often it had to begin again because the one promised had left meanwhile.
    rounds: u8,
}

/// A contact seen on the way. How pressing it is grows while the agent travels, and so does what it is compared with:
/// both are asked for at the instant of the comparison.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Seen {
    queue: QueueId,
    key: HeadKey,
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

    /// The last stop, and the others had nobody for him: always so with a single one.
    fn has_nothing_to_compare(&self) -> bool {
        self.rest == ShardSet::default() && self.known.is_none() && self.promised.is_none()
    }

    fn enter(&mut self, next: ShardId) {
        self.rest.remove(next);
        self.promised = self.known.take_if(|(_, shard)| *shard == next).map(|(key, _)| key);
    }

    /// Visits those put off once more.
    fn begin_again(&mut self) {
        self.rest.0 |= core::mem::take(&mut self.last).0;
        self.rounds += 1;
    }

    /// This stop has a contact for him, but another seems to have a better one.
    fn put_off(&mut self, here: (Seen, ShardId), known_is_better: bool) {
        if known_is_better {
            self.last.insert(here.1);
        } else if let Some((_, shard)) = self.known.replace(here) {
            self.last.insert(shard);
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
        if let Some(best) = best.filter(|_| tour.has_nothing_to_compare()) {
            self.lines.sort_out(agent);
            self.take(now, best, agent, epoch);
            return None;
        }
        let seen = best.and_then(|key| self.lines.entries.get(key)).map(|entry| {
            let queue = entry.stay.queue;
            Seen { queue, key: HeadKey::new(entry.priority, entry.entered) }
        });
        let (Some(best), Some(seen)) = (best, seen) else {
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
        let here = (self.pressing(now, seen), self.seating.shard);
        // May it be taken without asking the others?
        let promised = tour.promised.is_some_and(|promised| here.0 <= self.pressing(now, promised));
        if !promised && tour.rounds < TOUR_ROUNDS_MAX {
            if tour.promised.is_some() {
                // Who was promised has left: those put off for him may be better than who is here now.
                tour.begin_again();
            }
            if self.next_stop(now, agent, &tour).is_some_and(|other| other < here) {
                let known_is_better = self.known(now, &tour).is_some_and(|known| known < here);
                tour.put_off((seen, here.1), known_is_better);
                return Some(tour);
            }
        }
        self.take(now, best, agent, epoch);
        None
    }

    /// Not claimed: another shard has. Claimed but nobody to give: undone. Either goes on from his home.
    fn take(&mut self, now: Now, best: Key, agent: AgentId, epoch: u32) {
        if self.board.claim_agent(agent, epoch) {
            self.give(now, best, agent, epoch);
        }
    }

    /// The queues that are not his own and have called his reserve.
    fn helped(&self, agent: AgentId) -> impl Iterator<Item = &QueueId> {
        let joined = |(queue, place): &&(QueueId, u8)| self.board.joined(*queue) & (1 << place) != 0;
        self.helps.of(agent).iter().filter(joined).map(|(queue, _)| queue)
    }

    fn pressing(&self, now: Now, seen: Seen) -> Pressing {
        // A queue that only a newer directory than ours knows ages like any other.
        let queue = self.directory.queues.get(seen.queue.index());
        let rate = queue.map_or(Rate::default(), |queue| Rate::of(&queue.routing));
        rate.pressing(seen.key, now.mono).unwrap_or(Pressing::LAST)
    }

    fn known(&self, now: Now, tour: &Tour) -> Option<(Pressing, ShardId)> {
        tour.known.map(|(seen, shard)| (self.pressing(now, seen), shard))
    }

    /// Where the most pressing contact seems to be.
    fn next_stop(&self, now: Now, agent: AgentId, tour: &Tour) -> Option<(Pressing, ShardId)> {
        if tour.rest == ShardSet::default() {
            return self.known(now, tour);
        }
        let queues = self.directory.agents.get(agent.index()).map_or(&[][..], |a| &a.queues[..]);
        let heads = queues.iter().chain(self.helped(agent)).map(|queue| {
            let head = Seen { queue: *queue, key: self.board.head(*queue) };
            (self.pressing(now, head), self.queue_home(*queue))
        });
        let ahead = heads.filter(|(_, home)| tour.rest.contains(*home)).chain(self.known(now, tour)).min();
        // A stop that an older directory knows and ours does not comes after all others.
        ahead.or_else(|| tour.rest.first().map(|shard| (Pressing::LAST, shard)))
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use base::Instant;

    #[test]
    fn of_two_stops_with_contacts_the_better_is_kept_and_the_other_comes_last() {
        let seen = |ms| Seen { queue: QueueId(0), key: HeadKey::new(0, Instant::from_millis(ms)) };
        let mut tour = Tour::default();
        tour.put_off((seen(20), ShardId(0)), false);
        tour.put_off((seen(10), ShardId(1)), false);
        tour.put_off((seen(30), ShardId(2)), true);
        assert_eq!(tour.known, Some((seen(10), ShardId(1))));
        assert_eq!(tour.last.first(), Some(ShardId(0)));
        tour.enter(ShardId(1));
        assert_eq!((tour.promised, tour.known), (Some(seen(10)), None), "who was promised is expected there");
        tour.begin_again();
        assert!(tour.rest.contains(ShardId(0)) && tour.rest.contains(ShardId(2)));
    }
}
