//! What a simulation asks at every instant: is somebody ready for somebody who waits, was somebody passed over?
//!
//! The answers come from the same lines the matching looks at, with everything a contact asks at the moment: its step, its
//! own wish, whom it is kept for, who refused it, the queue's cap on talks. Who is ready the board says.

use crate::entry::{Entry, Standing};
use crate::lines::Lines;
use crate::machine::Acd;
#[cfg(all(test, not(loom)))]
use crate::strategy::{AgentKey, Pick, rule};
#[cfg(all(test, not(loom)))]
use base::Instant;
use base::{Now, TIMER_TICK};
#[cfg(all(test, not(loom)))]
use model::QueueId;
use model::{AgentId, AgentState, ContactId};

impl Acd {
    /// Somebody who is ready and a contact of this shard's queues that he may get. There is none while nothing is on its
    /// way between shards.
    pub fn idle(&self, now: Now) -> Option<(AgentId, ContactId)> {
        // That a refusal is over is told by a timer.
        let now = Now { mono: now.mono - TIMER_TICK, ..now };
        let ready = |id: &AgentId| self.board.agent_state(*id) == AgentState::Ready;
        let agents = (0..self.directory.agents.len() as u32).map(AgentId).filter(ready);
        agents.into_iter().find_map(|agent| {
            let waiting = self.lines.entries.iter().map(|(_, entry)| entry);
            let entry = waiting.into_iter().find(|entry| self.lines.may_get(now, entry, agent))?;
            Some((agent, entry.stay.contact))
        })
    }

    /// A contact of this shard's queues that should have come before this one, which the agent was just given: one
    /// before it in the same queue, or the first of another queue of his, more pressing than it.
    pub fn overtaken(&self, now: Now, agent: AgentId, given: ContactId) -> Option<ContactId> {
        let (_, chosen) = self.lines.entries.iter().find(|(_, entry)| entry.stay.contact == given)?;
        let rate = self.lines.look(chosen.stay.queue).rate;
        let key = chosen.key(rate);
        // That another queue with a cap on talks has room again may have been on its way from another shard.
        let late = self.seating.shards > 1;
        let known = |queue| !late || queue == chosen.stay.queue || !self.lines.look(queue).caps_talking();
        let services = self.lines.services(agent).iter().filter(|service| known(service.queue));
        let before = services.filter_map(|service| {
            let head = self.lines.head_for(now, agent, service)?;
            let pressing = head.pressing(self.lines.look(service.queue).rate, now.mono);
            let first =
                if service.queue == chosen.stay.queue { head < key } else { pressing < key.pressing(rate, now.mono) };
            // Of those who came at this instant, or ask less since, nobody is first.
            self.lines.entries.get(head.entry).filter(|_| first).filter(|entry| entry.asks_since < now.mono)
        });
        before.map(|entry| entry.stay.contact).next()
    }
}

impl Lines {
    fn may_get(&self, now: Now, entry: &Entry, agent: AgentId) -> bool {
        let line = self.look(entry.stay.queue);
        let Some(service) = self.service(agent, entry.stay.queue) else { return false };
        let free = entry.standing == Standing::Waiting && entry.kept.is_none_or(|keeper| keeper == agent);
        free && !line.is_full() && line.classes[entry.class].able.fits(service.at) && !entry.refuses(now, agent)
    }
}

/// For the random houses of several shards.
#[cfg(all(test, not(loom)))]
impl Acd {
    /// Since when the contact has waited in its line asking the same of whoever could take it, he among them.
    pub(crate) fn claimable_since(&self, now: Now, agent: AgentId, contact: ContactId) -> Option<Instant> {
        let (_, entry) = self.lines.entries.iter().find(|(_, entry)| entry.stay.contact == contact)?;
        let capped = self.lines.look(entry.stay.queue).caps_talking();
        (!capped && self.lines.may_get(now, entry, agent)).then_some(entry.asks_since)
    }

    /// What an offered contact asks: the class it stands in, and since when; `None` when it is kept for somebody.
    pub(crate) fn class_of(&self, contact: ContactId) -> Option<(usize, Instant)> {
        let (_, entry) = self.lines.entries.iter().find(|(_, entry)| entry.stay.contact == contact)?;
        entry.kept.is_none().then_some((entry.class, entry.asks_since))
    }

    /// Everybody this shard believes to be ready, as he stands in each class of each queue that chooses the first.
    pub(crate) fn keys(&self) -> Vec<((QueueId, usize, AgentId), AgentKey)> {
        let here = |queue: &QueueId| self.queue_home(*queue) == self.seating.shard;
        let chooses = |queue: &QueueId| rule(self.directory.queue(*queue).strategy).pick == Pick::First;
        let queues = (0..self.directory.queues.len() as u32).map(QueueId).filter(here).filter(chooses);
        let classes =
            queues.flat_map(|queue| (0..self.lines.look(queue).classes.len()).map(move |class| (queue, class)));
        let keys = classes.flat_map(|(queue, class)| {
            let ready = self.lines.look(queue).ready(class);
            ready.map(move |key| ((queue, class, key.agent), key))
        });
        keys.collect()
    }
}
