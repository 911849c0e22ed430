//! Another configuration, and contacts that are kept for an agent: for how long, and until he does not serve their queue.

use super::{Clocks, Possible, Reference, Waiting};
use base::Instant;
use core::time::Duration;
use model::{AgentId, AgentState, Directory, Preferred, QueueId, Wish};
use std::sync::Arc;

impl Waiting {
    /// It ends just now.
    pub(super) fn keep_no_more(&mut self, now: Instant) {
        let end = |(keeper, until): (AgentId, Instant)| (keeper, now.min(until));
        (self.kept, self.kept_longer) = (self.kept.map(end), Duration::ZERO);
    }
}

impl Reference {
    /// Another configuration, in which every index means what it did.
    pub(crate) fn configure(&mut self, now: Instant, directory: &Directory) {
        self.homes.clear();
        let before = self.learn(&Arc::new(directory.clone()));
        self.renew(now, &before, |_| true);
    }

    /// It has come to this one of so many shards.
    pub(crate) fn configure_shard(&mut self, now: Instant, directory: &Arc<Directory>, shard: usize, shards: usize) {
        let homes = match self.homes.is_empty() {
            true => vec![Arc::clone(&self.directory); shards],
            false => core::mem::take(&mut self.homes),
        };
        self.homes = homes;
        let before = core::mem::replace(&mut self.homes[shard], Arc::clone(directory));
        self.learn(directory);
        self.renew(now, &before, |queue| queue.index() % shards == shard);
        if self.homes.iter().all(|home| Arc::ptr_eq(home, directory)) {
            self.homes.clear();
        }
    }

    fn learn(&mut self, directory: &Arc<Directory>) -> Arc<Directory> {
        let before = core::mem::replace(&mut self.directory, Arc::clone(directory));
        let new = self.agents.len()..self.directory.agents.len();
        self.agents.extend(new.map(|_| Clocks::new()));
        before
    }

    /// Where a queue's rules are others each contact begins the step it is on anew.
    fn renew(&mut self, now: Instant, before: &Directory, is_here: impl Fn(QueueId) -> bool) {
        let directory = Arc::clone(&self.directory);
        let called_anew = |key: &&(QueueId, u8)| {
            let (old, new) = (before.queue(key.0), directory.queue(key.0));
            is_here(key.0) && (new.removed || old.routing.reserves != new.routing.reserves)
        };
        self.dismissed.extend(self.joined.keys().filter(called_anew));
        self.kept_for_servers_only(now);
        for at in (0..self.waiting.len()).filter(|at| is_here(self.waiting[*at].queue)).collect::<Vec<_>>() {
            let queue = self.waiting[at].queue;
            let (old, new) = (&before.queue(queue).routing, &self.queue(queue).routing);
            if old != new {
                let step = self.waiting[at].steps.first().map_or(0, |possible| possible.step);
                let step = step.min(new.steps.len().saturating_sub(1));
                let lasts = new.steps.get(step).filter(|_| step + 1 < new.steps.len()).and_then(|step| step.lasts);
                self.stand_on(at, vec![Possible { step, ends: lasts.map(|lasts| now + lasts) }]);
            }
        }
    }

    /// Whose keeper does not serve his queue any more is anybody's.
    pub(super) fn kept_for_servers_only(&mut self, now: Instant) {
        for at in 0..self.waiting.len() {
            let w = &self.waiting[at];
            if w.kept.is_some_and(|(keeper, _)| !self.serves(keeper, w.queue)) {
                self.waiting[at].keep_no_more(now);
            }
        }
    }

    /// Only for somebody who is there. Several shards do not tell what came first of one instant: when his reserve joined or
    /// left at this one it may be kept for him or not.
    pub(super) fn kept(&self, now: Instant, queue: QueueId, wish: Wish) -> (Option<(AgentId, Instant)>, Duration) {
        let Some(Preferred { agent, wait }) = wish.agent.filter(|p| !p.wait.is_zero()) else {
            return Default::default();
        };
        let place = self.rules(queue).reserve_place(queue, agent);
        let switched = place.and_then(|place| self.switched.get(&(queue, place as u8)));
        let signed_on = self.agents[agent.index()].state != AgentState::SignedOff;
        if self.is_of_several_shards() && switched == Some(&now) && signed_on {
            return (Some((agent, now)), wait);
        }
        let there = signed_on && self.serves(agent, queue);
        (there.then_some((agent, now + wait)), Duration::ZERO)
    }

    /// The same where the reserve is told to have joined after those who came at this instant.
    pub(super) fn may_be_kept_for(&mut self, now: Instant, key: (QueueId, u8)) {
        for at in 0..self.waiting.len() {
            let w = &self.waiting[at];
            let his = |agent| self.rules(key.0).reserve_place(key.0, agent) == Some(usize::from(key.1));
            let new = w.queue == key.0 && w.queued == now && w.kept.is_none();
            if new && w.wish.agent.is_some_and(|preferred| his(preferred.agent)) {
                let (kept, kept_longer) = self.kept(now, w.queue, w.wish);
                (self.waiting[at].kept, self.waiting[at].kept_longer) =
                    (kept.filter(|(_, until)| *until == now), kept_longer);
            }
        }
    }
}
