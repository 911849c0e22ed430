//! Which transitions of agents and contacts were reached.

use model::{AgentId, AgentState, ContactId, Fact, OfferOutcome, ReserveChange, Stamped};
use std::collections::{BTreeMap, HashMap};

/// From what to what, and how often.
#[derive(Clone, Debug, Default)]
pub struct Census {
    pub agents: BTreeMap<(&'static str, &'static str), u64>,
    pub contacts: BTreeMap<(&'static str, &'static str), u64>,
    /// How often reserves joined a queue, left it and had their thresholds moved.
    pub reserves: [u64; 3],
    of_agent: HashMap<AgentId, &'static str>,
    of_contact: HashMap<ContactId, &'static str>,
}

impl Census {
    pub(super) fn handle_fact(&mut self, stamped: &Stamped) {
        if let Fact::AgentChanged { agent, state, .. } = stamped.fact {
            let before = self.of_agent.insert(agent, state.word()).unwrap_or(AgentState::SignedOff.word());
            if before != state.word() {
                *self.agents.entry((before, state.word())).or_default() += 1;
            }
            return;
        }
        if let Fact::Reserve { change, .. } = stamped.fact {
            self.reserves[match change {
                ReserveChange::Joined(_) | ReserveChange::CalledIn => 0,
                ReserveChange::Left | ReserveChange::SentAway => 1,
                ReserveChange::Adjusted(_) => 2,
            }] += 1;
            return;
        }
        let Some((contact, state)) = state_of(&stamped.fact) else { return };
        let before = self.of_contact.insert(contact, state).unwrap_or("new");
        *self.contacts.entry((before, state)).or_default() += 1;
    }

    pub fn add(&mut self, other: &Census) {
        for (all, more) in [(&mut self.agents, &other.agents), (&mut self.contacts, &other.contacts)] {
            for (transition, count) in more {
                *all.entry(*transition).or_default() += count;
            }
        }
        self.reserves.iter_mut().zip(other.reserves).for_each(|(all, more)| *all += more);
    }
}

/// What the fact makes of a contact.
fn state_of(fact: &Fact) -> Option<(ContactId, &'static str)> {
    Some(match fact {
        Fact::ContactArrived { contact, .. } => (*contact, "arrived"),
        Fact::Queued { contact, .. } => (*contact, "waiting"),
        Fact::Offered { contact, .. } => (*contact, "offered"),
        Fact::OfferEnded { contact, outcome, .. } => match outcome {
            // The connection that follows says it all.
            OfferOutcome::Accepted => return None,
            OfferOutcome::Rejected(_) => (*contact, "rejected"),
            OfferOutcome::Missed => (*contact, "missed"),
            OfferOutcome::Failed(_) => (*contact, "failed"),
            OfferOutcome::Withdrawn => (*contact, "withdrawn"),
        },
        Fact::Connected { contact, .. } => (*contact, "connected"),
        Fact::Abandoned { contact, .. } => (*contact, "abandoned"),
        Fact::FlowedOut { contact, why, .. } => (*contact, why.word()),
        Fact::ContactEnded { contact, .. } => (*contact, "ended"),
        _ => return None,
    })
}
