//! Which transitions of agents and contacts were reached.

use model::{AgentId, AgentState, ContactId, Fact, OfferOutcome, QueueId, ReserveChange, Stamped};
use std::collections::{BTreeMap, HashMap};

/// From what to what, and how often.
#[derive(Clone, Debug, Default)]
pub struct Census {
    pub agents: BTreeMap<(&'static str, &'static str), u64>,
    pub contacts: BTreeMap<(&'static str, &'static str), u64>,
    /// Of promises to call back.
    pub promises: BTreeMap<(&'static str, &'static str), u64>,
    /// From an order or none to the next change, for the reserves of a queue.
    pub reserves: BTreeMap<(&'static str, &'static str), u64>,
    /// Why agents were not ready.
    pub reasons: BTreeMap<String, u64>,
    of_agent: HashMap<AgentId, &'static str>,
    of_contact: HashMap<ContactId, &'static str>,
    of_promise: HashMap<ContactId, &'static str>,
    of_reserve: HashMap<(QueueId, u8), &'static str>,
}

impl Census {
    pub(super) fn handle_fact(&mut self, stamped: &Stamped) {
        match &stamped.fact {
            Fact::AgentChanged { agent, state, .. } => self.agent_is(*agent, *state),
            Fact::Reserve { queue, place, change, .. } => {
                let after = change_word(*change);
                let before = self.of_reserve.insert((*queue, *place), after).unwrap_or("away");
                *self.reserves.entry((before, after)).or_default() += 1;
            }
            Fact::Callback { contact, step, .. } => {
                let before = self.of_promise.insert(*contact, step.word()).unwrap_or("none");
                *self.promises.entry((before, step.word())).or_default() += 1;
            }
            fact => {
                let Some((contact, state)) = state_of(fact) else { return };
                let before = self.of_contact.insert(contact, state).unwrap_or("new");
                *self.contacts.entry((before, state)).or_default() += 1;
            }
        }
    }

    fn agent_is(&mut self, agent: AgentId, state: AgentState) {
        let before = self.of_agent.insert(agent, state.word()).unwrap_or(AgentState::SignedOff.word());
        if before != state.word() {
            *self.agents.entry((before, state.word())).or_default() += 1;
        }
        if let AgentState::NotReady { reason } = state {
            *self.reasons.entry(reason.word()).or_default() += 1;
        }
    }

    pub fn add(&mut self, other: &Census) {
        let mine = [&mut self.agents, &mut self.contacts, &mut self.promises, &mut self.reserves];
        let others = [&other.agents, &other.contacts, &other.promises, &other.reserves];
        for (all, more) in mine.into_iter().zip(others) {
            more.iter().for_each(|(transition, count)| *all.entry(*transition).or_default() += count);
        }
        other.reasons.iter().for_each(|(reason, count)| *self.reasons.entry(reason.clone()).or_default() += count);
    }
}

fn change_word(change: ReserveChange) -> &'static str {
    match change {
        ReserveChange::Joined(_) => "joined",
        ReserveChange::Left => "left",
        ReserveChange::CalledIn => "called-in",
        ReserveChange::SentAway => "sent-away",
        ReserveChange::Adjusted(_) => "adjusted",
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
