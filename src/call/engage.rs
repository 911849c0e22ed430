use crate::machine::Machine;
use model::{AgentId, ContactId, QueueCommand, QueueId};
use std::collections::BTreeMap;

/// Agents with a leg on this shard. The distributor knows an agent by one contact: the first he came for. He is
/// released from it when his last leg ends, so that a consultation that outlives the call it was made for neither
/// cuts his wrap-up short nor starts it too early.
pub(crate) type Engagements = BTreeMap<AgentId, Engagement>;

#[derive(Debug)]
pub(crate) struct Engagement {
    pub(crate) contact: ContactId,
    pub(crate) queue: Option<QueueId>,
    pub(crate) legs: u32,
}

impl Machine {
    /// The agent's leg is in the contact by the distributor's leave: an accepted offer.
    pub(crate) fn engage(&mut self, agent: AgentId, contact: ContactId, queue: Option<QueueId>) {
        let engagement = self.engaged.entry(agent).or_insert(Engagement { contact, queue, legs: 0 });
        engagement.legs += 1;
    }

    /// The agent's own phone started a call.
    pub(crate) fn occupy(&mut self, agent: AgentId, contact: ContactId) {
        if !self.engaged.contains_key(&agent) {
            self.queue(QueueCommand::Occupy { contact, agent });
        }
        self.engage(agent, contact, None);
    }

    /// One leg of the agent's is over.
    pub(crate) fn disengage(&mut self, agent: AgentId) {
        let Some(engagement) = self.engaged.get_mut(&agent) else { return };
        engagement.legs -= 1;
        if engagement.legs == 0 {
            let Engagement { contact, queue, .. } = *engagement;
            self.engaged.remove(&agent);
            self.queue(QueueCommand::Release { agent, contact, queue });
        }
    }
}
