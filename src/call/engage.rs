use crate::leg::Engaged;
use crate::machine::Machine;
use model::{AgentId, ContactId, LegId, QueueCommand, QueueId};

/// An agent is engaged in a contact from the moment the distributor knows of it until the one `Release`.
impl Machine {
    /// By an accepted offer: the distributor knows already.
    pub(crate) fn engage(&mut self, leg: LegId, agent: AgentId, contact: ContactId, queue: Option<QueueId>) {
        if let Some(leg) = self.legs.get_mut(&leg) {
            leg.engaged = Some(Engaged { agent, contact, queue });
        }
    }

    /// By the agent's own doing: his phone started a call, or he was moved into another.
    pub(crate) fn occupy(&mut self, leg: LegId, agent: AgentId, contact: ContactId) {
        self.queue(QueueCommand::Occupy { contact, agent });
        self.engage(leg, agent, contact, None);
    }

    /// Into another contact, without being free in between.
    pub(crate) fn move_engagement(&mut self, leg: LegId, to: ContactId) {
        let Some(Engaged { agent, contact, queue }) = self.legs.get_mut(&leg).and_then(|l| l.engaged.take()) else {
            return;
        };
        self.occupy(leg, agent, to);
        self.queue(QueueCommand::Release { agent, contact, queue });
    }

    pub(crate) fn disengage(&mut self, engaged: Engaged) {
        let Engaged { agent, contact, queue } = engaged;
        self.queue(QueueCommand::Release { agent, contact, queue });
    }
}
