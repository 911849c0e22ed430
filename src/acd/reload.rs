//! The start, a new directory, and maintenance.

use crate::calendar::Calendars;
use crate::machine::Acd;
use crate::message::ToAgent;
use crate::reserve::Helps;
use crate::staff::{Agent, Presence};
use base::Now;
use model::{AgentId, Directory, NailedUp, Phone, PhoneId, QueueId, ShardId};
use std::sync::Arc;

impl Acd {
    /// Phones at a fixed place need not register. Every shard says so at its start, before it signs anybody on.
    pub(crate) fn show_fixed_phones(&mut self) {
        for (phone, id) in self.directory.phones.iter().zip(0u32..) {
            if is_fixed(phone) {
                self.board.set_reachable(PhoneId(id), true);
            }
        }
    }

    /// Shard 0 has the registrar: it alone says what a reload means for a phone. One that got a fixed place can be
    /// reached, one that lost it, or is removed, cannot be until it registers.
    fn renew_phones(&mut self, before: &Directory) {
        if self.seating.shard != ShardId(0) {
            return;
        }
        for index in 0..self.directory.phones.len() {
            let (old, new) = (before.phones.get(index), &self.directory.phones[index]);
            let (was_fixed, was_removed) = old.map_or((false, true), |p| (is_fixed(p), p.removed));
            let changed = is_fixed(new) != was_fixed || (new.removed && !was_removed);
            let phone = PhoneId(index as u32);
            if changed && let Some(agent) = self.board.set_reachable(phone, is_fixed(new)) {
                self.send(self.agent_home(agent), ToAgent::Device { agent, phone });
            }
        }
    }

    /// Takes on the agents of this shard that are not known yet.
    pub(crate) fn employ(&mut self, now: Now) {
        let shards = usize::from(self.seating.shards);
        let here = usize::from(self.seating.shard.0);
        let all = (here..self.directory.agents.len()).step_by(shards);
        for index in all.skip(self.staff.agents.len()) {
            self.staff.agents.push(Agent::new());
            let id = AgentId(index as u32);
            self.recount(id);
            self.start_agent(now, id);
        }
    }

    /// Only the difference is applied: states, timers and places stay as they are.
    pub(crate) fn reload(&mut self, now: Now, directory: Arc<Directory>) {
        if !self.board.fits(&directory) {
            debug_assert!(false, "Board::fits is asked before a reload is given to any shard");
            return;
        }
        let before = core::mem::replace(&mut self.directory, directory);
        self.calendars = Calendars::new(&self.directory);
        for (old, id) in before.queues.iter().zip(0..) {
            let (new, id) = (self.directory.queue(QueueId(id)), QueueId(id));
            let calls_anew = old.routing.reserves != new.routing.reserves || new.removed;
            if calls_anew && self.queue_home(id) == self.seating.shard {
                self.send_away(id);
            }
        }
        let helped = core::mem::replace(&mut self.helps, Helps::new(&self.directory));
        self.lines.adopt(&self.directory);
        self.watch_all();
        self.renew_phones(&before);
        for id in self.agents_here(before.agents.len()) {
            self.recount(id);
            self.renew(now, id, &before, &helped);
        }
        self.employ(now);
        for id in (0..before.queues.len() as u32).map(QueueId) {
            if self.queue_home(id) == self.seating.shard {
                self.renew_queue(now, id, &before);
            }
        }
    }

    pub(crate) fn drain(&mut self, now: Now) {
        self.draining = true;
        for id in self.agents_here(self.directory.agents.len()) {
            self.retire(now, id);
        }
    }

    /// During a drain an agent who is free and for whom nobody waits goes home. Where he only helps he stays, too: his
    /// reserve may be called in yet.
    pub(crate) fn retire(&mut self, now: Now, id: AgentId) {
        if !self.draining {
            return;
        }
        let helps = self.helps.of(id).iter().map(|(queue, _)| queue);
        let mut serves = self.directory.agent(id).queues.iter().chain(helps);
        if serves.any(|queue| self.board.queue_waiting(*queue) > 0) {
            return;
        }
        let Some(agent) = self.agent(id).filter(|a| a.is_free() && a.phone.is_some()) else { return };
        agent.leaving = true;
        self.refresh(now, id);
    }

    fn agents_here(&self, count: usize) -> impl Iterator<Item = AgentId> + use<> {
        let (here, shards) = (usize::from(self.seating.shard.0), usize::from(self.seating.shards));
        (here..count).step_by(shards).map(|index| AgentId(index as u32))
    }

    /// Brings what is known of him in line with his configuration, and the staff counts with the queues he serves now.
    fn recount(&mut self, id: AgentId) {
        let directory = Arc::clone(&self.directory);
        let configured = directory.agent(id);
        let serves = if configured.removed { Vec::new() } else { configured.queues.clone() };
        let work_is_alike = serves.iter().all(|queue| !directory.queue(*queue).empty.tells_work_apart());
        let Some(agent) = self.agent(id) else { return };
        agent.work_is_alike = work_is_alike;
        agent.removed = configured.removed;
        agent.breathes = configured.breather.is_some();
        agent.line.wanted = configured.nailed_up != NailedUp::Off && !configured.removed;
        let before = core::mem::take(&mut agent.counted);
        let kept = |queue: &QueueId| before.iter().find(|(q, _)| q == queue).map_or_else(Presence::default, |b| b.1);
        agent.counted = serves.iter().map(|queue| (*queue, kept(queue))).collect();
        for (queue, was) in before.into_iter().filter(|(queue, _)| !serves.contains(queue)) {
            self.count_in(queue, was, Presence::default());
        }
        self.count(id);
    }

    fn renew(&mut self, now: Now, id: AgentId, before: &Directory, helped: &Helps) {
        let (old, new) = (before.agent(id), self.directory.agent(id));
        let came_back = old.removed && !new.removed;
        let moved = old.queues != new.queues || old.skills != new.skills || helped.of(id) != self.helps.of(id);
        if came_back {
            self.start_agent(now, id);
        } else if moved && let Some(epoch) = self.board.renew_agent(id) {
            // Ready: the queues that are new to him shall know.
            self.start_tour(now, id, epoch);
        }
        // Removed: signed off now, or when his contact is over.
        self.refresh(now, id);
    }

    fn renew_queue(&mut self, now: Now, id: QueueId, before: &Directory) {
        let (old, new) = (before.queue(id), self.directory.queue(id));
        if new.removed {
            return self.close_down(now, id);
        }
        let asks_anew = old.routing != new.routing;
        let rearm = old.max_wait != new.max_wait || old.announce != new.announce;
        let waiting: Vec<_> = match rearm {
            true => self.lines.line(id).arrivals.iter().map(|(_, _, slot)| slot).collect(),
            false => Vec::new(),
        };
        for slot in waiting {
            if let Some(key) = self.lines.key_at(slot) {
                self.arm_entry(now, key);
            }
        }
        self.review(now, id);
        if asks_anew {
            self.renew_demands(now, id);
        }
        self.keep_for_servers_only(now, id);
        // Somebody may have learned what is asked.
        self.match_all(now, id);
    }

    /// Other steps, another age, another cap: each contact begins the step it is in anew, and whoever is ready for what
    /// is asked now is matched.
    fn renew_demands(&mut self, now: Now, id: QueueId) {
        let slots: Vec<_> = self.lines.line(id).arrivals.iter().map(|(_, _, slot)| slot).collect();
        slots.into_iter().for_each(|slot| self.step_again(now, slot));
    }
}

fn is_fixed(phone: &Phone) -> bool {
    phone.contact.is_some() && !phone.removed
}
