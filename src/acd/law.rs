//! What a simulation asks at every instant: is somebody ready for somebody who waits, was somebody passed over?
//!
//! The answers come from the same lines the matching looks at, with everything a contact asks at the moment: its step, its
//! own wish, whom it is kept for, who refused it, the queue's cap on talks. Who is ready the board says.

use crate::entry::{Entry, Standing};
use crate::lines::Lines;
use crate::machine::Acd;
use base::Now;
use model::{AgentId, AgentState, ContactId};

impl Acd {
    /// Somebody who is ready and a contact of this shard's queues that he may get. There is none while nothing is on its
    /// way between shards.
    pub fn idle(&self, now: Now) -> Option<(AgentId, ContactId)> {
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
        let before = self.lines.services(agent).iter().filter_map(|service| {
            let head = self.lines.head_for(now, agent, service)?;
            let pressing = head.pressing(self.lines.look(service.queue).rate, now.mono);
            let first =
                if service.queue == chosen.stay.queue { head < key } else { pressing < key.pressing(rate, now.mono) };
            let key = self.lines.key_at(head.slot).filter(|_| first)?;
            // Of those who came at this instant, or ask less since, nobody is first.
            self.lines.entries.get(key).filter(|entry| entry.asks_since < now.mono)
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
