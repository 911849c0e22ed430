//! What callers, people and phones do, and who changes the configuration.

use super::{Call, Happening, World};
use crate::houses::some_queues;
use crate::{Input, Ticket};
use model::{Actor, AgentAction, Directory, PhoneId, QueueCommand, QueueId};
use std::sync::Arc;

impl World {
    pub(super) fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Arrive => {
                let (contact, entered) = (self.new_contact(), self.now.mono);
                let queue = QueueId(self.rng.below(self.directory.queues.len() as u64) as u32);
                let priority = self.rng.below(5) as i32 / 4;
                self.enqueue(contact, queue, priority, entered);
                let patience = self.rng.below(60_000);
                self.plan(patience, 0, Happening::HangUp(contact));
                self.plan(0, 6_000, Happening::Arrive);
            }
            Happening::HangUp(contact) => self.withdraw(contact),
            Happening::Answer(offer, outcome) => self.answer(offer, outcome),
            Happening::EndTalk(contact) => self.end_talk(contact),
            Happening::People => {
                self.people();
                self.plan(0, 8_000, Happening::People);
            }
            Happening::Phone => {
                let phone = PhoneId(self.rng.below(self.directory.phones.len() as u64) as u32);
                let (shard, reachable) = (self.any_shard(), self.rng.chance(0.7));
                self.input(shard, Input::Device { phone, reachable });
                self.plan(0, 20_000, Happening::Phone);
            }
            Happening::Direct => {
                let (contact, agent) = (self.new_contact(), self.any_agent());
                self.calls.insert(contact, Call::Direct { agent, ring: None });
                self.call(contact, QueueCommand::Seize { contact, agent });
                self.plan(0, 30_000, Happening::Direct);
            }
            Happening::OwnCall => {
                self.own_call();
                self.plan(0, 30_000, Happening::OwnCall);
            }
            Happening::Reload => {
                self.reload();
                self.plan(0, 120_000, Happening::Reload);
            }
        }
    }

    pub(super) fn people(&mut self) {
        let (agent, shard) = (self.any_agent(), self.any_shard());
        let action = match self.rng.below(8) {
            0 => AgentAction::SignOff { code: 0 },
            1 | 2 => AgentAction::SignOn { phone: None },
            3 => AgentAction::NotReady { code: 1 },
            _ => AgentAction::Ready,
        };
        let by = if self.rng.chance(0.2) { Actor::Operator("root".into()) } else { Actor::Agent(agent) };
        self.drawn += 1;
        let ticket = Ticket(self.drawn);
        self.promises.asked(ticket);
        self.input(shard, Input::People { ticket, agent, action, by });
    }

    pub(super) fn own_call(&mut self) {
        let agent = self.any_agent();
        if self.board.agent_phone(agent).is_none() {
            return;
        }
        let contact = self.new_contact();
        self.calls.insert(contact, Call::Talking { agent, queue: None });
        self.call(contact, QueueCommand::Occupy { contact, agent });
        let talk = self.rng.below(10_000);
        self.plan(talk, 0, Happening::EndTalk(contact));
    }

    /// Some agents serve other queues from now on.
    pub(super) fn reload(&mut self) {
        let mut directory = Directory::clone(&self.directory);
        let queues = directory.queues.len() as u64;
        for agent in &mut directory.agents {
            if self.rng.chance(0.3) {
                agent.queues = some_queues(&mut self.rng, queues);
            }
        }
        self.directory = Arc::new(directory);
        self.told.configured(self.now.mono, &self.directory);
        self.crews.clear();
        self.promises.reloaded(self.now.mono, &self.directory);
        for shard in 0..self.shards.len() {
            self.input(shard, Input::Reload(Arc::clone(&self.directory)));
        }
    }
}
