//! Several phones ring for one contact: all who are ready, or one more each time a step has passed.
//!
//! The contact is claimed once, for the first of them (`Waiting` → `Offered`); the others are claimed for the same epoch
//! of it. A round's offers are a set: nobody is rung twice in it, also when he said no and is asked for other contacts
//! meanwhile, and no more than `RINGS_MAX` are rung in it at all. It ends when one has won (`Offered` → `Taken`, by the contact's home) or when none is left.

use crate::decision::Came;
use crate::limits::TURNS_MAX;
use crate::machine::{Acd, Timer};
use crate::strategy::{self, Rings};
use base::{Key, Now};
use model::AgentId;

impl Acd {
    /// For a customer who is to be called back one phone: nobody hears it ring, and he is called once.
    fn rings(&self, key: Key) -> Rings {
        let entry = self.lines.entries.get(key).filter(|entry| !entry.called_back);
        entry.map_or(Rings::One, |entry| strategy::rule(self.lines.look(entry.stay.queue).strategy).rings)
    }

    /// The first phone rings.
    pub(crate) fn begin_round(&mut self, now: Now, key: Key, first: AgentId) {
        match self.rings(key) {
            Rings::One => {}
            Rings::All => {
                self.lines.begin_round(key);
                self.lines.note_rung(key, first);
                self.ring_all_ready(now, key);
            }
            Rings::OneMoreEachStep => {
                self.lines.begin_round(key);
                self.lines.note_rung(key, first);
                self.arm_ring_more(now, key);
            }
        }
    }

    pub(crate) fn end_round(&mut self, key: Key) {
        self.lines.end_round(key);
        let timer = self.lines.entries.get_mut(key).and_then(|entry| entry.ring_more.take());
        if let Some(timer) = timer {
            self.timers.cancel(timer);
        }
    }

    fn arm_ring_more(&mut self, now: Now, key: Key) {
        let Some(entry) = self.lines.entries.get_mut(key) else { return };
        let after = self.directory.queue(entry.stay.queue).routing.ring_step;
        if !after.is_zero() {
            entry.ring_more = Some(self.timers.insert_after(now.mono, after, Timer::RingMore(entry.stay.slot)));
        }
    }

    pub(crate) fn ring_more(&mut self, now: Now, slot: u32) {
        let Some(key) = self.lines.key_at(slot) else { return };
        let Some(entry) = self.lines.entries.get_mut(key) else { return };
        entry.ring_more = None;
        if entry.round.is_some() {
            self.ring_one(now, key);
            self.arm_ring_more(now, key);
        }
    }

    /// What is asked may have become less, or a contact may have become anybody's.
    pub(crate) fn widen_round(&mut self, now: Now, key: Key) {
        if self.rings(key) == Rings::All {
            self.ring_all_ready(now, key);
        }
    }

    fn ring_all_ready(&mut self, now: Now, key: Key) {
        while self.ring_one(now, key) {}
    }

    /// One more phone, if there is one; true when there may be yet another. A contact that waits for him comes first, and
    /// goes to whom its queue's strategy wants.
    fn ring_one(&mut self, now: Now, key: Key) -> bool {
        for _ in 0..TURNS_MAX {
            let Some(agent) = self.lines.next_to_ring(now, key) else { return false };
            let Some(epoch) = self.lines.ready(agent).map(|r| r.epoch) else { return false };
            if let Some(best) = self.lines.best_for(now, agent)
                && self.match_contact(now, best)
            {
                continue;
            }
            let claimed = self.board.claim_agent(agent, epoch);
            self.lines.sort_out(agent);
            match self.lines.best_for(now, agent).filter(|_| claimed) {
                Some(best) => self.give(now, best, agent, epoch),
                None if claimed => return self.join(now, key, agent, epoch, Came::Contact),
                None => {}
            }
        }
        true
    }

    /// The agent, already claimed, is rung for a contact that rings elsewhere. False when it is over.
    fn join(&mut self, now: Now, key: Key, agent: AgentId, epoch: u32, came: Came) -> bool {
        let entry = self.lines.entries.get(key);
        let rings = entry.is_some_and(|e| self.board.contact_is_offered(e.stay.slot, e.epoch));
        if rings {
            self.lines.note_rung(key, agent);
            self.offer(now, key, agent, epoch, came);
        } else {
            self.undo(agent, epoch);
        }
        rings
    }

    /// An agent for whom nobody waits here joins those who are rung. True when he was claimed for that.
    pub(crate) fn join_ringing(&mut self, now: Now, agent: AgentId, epoch: u32) -> bool {
        let Some(key) = self.lines.ringing_for(now, agent, &self.directory) else { return false };
        let entry = self.lines.entries.get(key);
        // Over already, and the news of it on the way.
        let rings = entry.is_some_and(|e| self.board.contact_is_offered(e.stay.slot, e.epoch));
        if !rings || !self.board.claim_agent(agent, epoch) {
            return false;
        }
        self.lines.sort_out(agent);
        self.join(now, key, agent, epoch, Came::Agent);
        true
    }
}
