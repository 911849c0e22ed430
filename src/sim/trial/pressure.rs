//! In some worlds two rare things meet: a queue is closed or removed, or an agent goes, while his phone rings; who was just
//! not reached is hung up or calls himself; reserves are ordered to and fro.

use super::{Plan, Trial};
use crate::traffic::Ring;
use core::time::Duration;
use model::{
    Actor, AgentAction, AgentId, Command, ContactId, Fact, OfferOutcome, QueueAction, QueueId, ReserveChange,
    ReserveOrder, Source, TrunkId,
};
use std::sync::Arc;

impl Trial {
    pub(super) fn press(&mut self, fact: &Fact) {
        if !self.further || self.now.mono >= self.ends {
            return;
        }
        match fact {
            Fact::ContactArrived { contact, caller, .. } => {
                self.numbers.insert(*contact, caller.reveal().clone());
            }
            Fact::ContactEnded { contact, .. } => _ = self.numbers.remove(contact),
            Fact::Offered { queue, agent, .. } => self.while_it_rings(*queue, *agent),
            Fact::OfferEnded { contact, queue, outcome, .. } if *outcome != OfferOutcome::Accepted => {
                let soon = Duration::from_millis(self.apart.below(600));
                match self.apart.below(100) {
                    0..4 => self.plan(soon, Plan::HangUp(*contact)),
                    4..70 => self.plan(soon, Plan::CallsAgain(*contact, *queue)),
                    _ => {}
                }
            }
            Fact::Reserve { queue, change, by: Some(_), .. } if self.apart.chance(0.5) => {
                let soon = Duration::from_millis(self.apart.below(3000));
                self.plan(soon, Plan::Order(*queue, *change == ReserveChange::SentAway));
            }
            _ => {}
        }
    }

    fn while_it_rings(&mut self, queue: QueueId, agent: AgentId) {
        let soon = Duration::from_millis(self.apart.below(5000));
        let goes = match self.apart.below(1000) {
            0..8 => {
                self.plan(soon, Plan::Shut(queue));
                self.plan(soon + Duration::from_secs(8), Plan::ByRule(queue));
                0.3
            }
            8..12 => {
                self.plan(soon, Plan::Remove(queue, true));
                self.plan(soon + Duration::from_secs(8), Plan::Remove(queue, false));
                0.3
            }
            12..40 => 1.0,
            _ => 0.0,
        };
        if self.apart.chance(goes) {
            let then = soon + Duration::from_millis(self.apart.below(1000));
            self.plan(then, Plan::Leave(agent));
            self.plan(then + Duration::from_secs(10), Plan::Back(agent));
        }
    }

    pub(super) fn order_again(&mut self, queue: QueueId, in_again: bool) {
        let order = if in_again { ReserveOrder::CallIn } else { ReserveOrder::SendAway };
        self.queue_is_told(queue, QueueAction::Reserve { place: None, order });
    }

    pub(super) fn shut(&mut self, queue: QueueId) {
        self.queue_is_told(queue, QueueAction::Close);
    }

    fn queue_is_told(&mut self, queue: QueueId, action: QueueAction) {
        self.command(0, |by: Actor| Command::Queue { queue, action, by });
    }

    pub(super) fn back(&mut self, agent: AgentId) {
        for action in [AgentAction::SignOn { phone: None }, AgentAction::Ready] {
            self.says(agent, action);
            self.listen();
        }
    }

    /// He who waits to be called back, and is called or was about to be.
    pub(super) fn calls_again(&mut self, contact: ContactId, queue: QueueId) {
        let Some(caller) = self.numbers.get(&contact).cloned().filter(|_| self.promised.contains(&contact)) else {
            return;
        };
        let dialled = format!("400{}", queue.0);
        let shard = self.apart.below(u64::from(self.drawn.shards)) as u8;
        let ring = Ring { source: Source::Trunk(TrunkId(0)), dialled: &dialled, caller: &caller, name: "" };
        let leg = self.house.calls(self.now, shard, &ring);
        let patience = Duration::from_secs(5 + self.apart.below(60));
        self.plan(patience, Plan::GiveUp(leg));
    }

    pub(super) fn remove(&mut self, queue: QueueId, removed: bool) {
        let mut directory = (*self.directory).clone();
        directory.queues[queue.index()].removed = removed;
        self.configure(Arc::new(directory));
    }
}
