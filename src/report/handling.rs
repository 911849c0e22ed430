//! Answered visits from the answer to the end of the agent's wrap-up.

use crate::visit::{QueueVisit, VisitEnd, Work};
use core::time::Duration;
use model::{AgentId, AgentState, ContactId};
use std::collections::HashMap;

/// What every agent has answered and is not through with.
#[derive(Debug, Default)]
pub(crate) struct Handling {
    of_agent: HashMap<AgentId, Vec<Handled>>,
}

#[derive(Debug)]
struct Handled {
    visit: QueueVisit,
    /// The consultation he answered was joined into this contact.
    joined: Option<ContactId>,
    work: Work,
    /// He was seen at work since the answer: the next free state ends it. With several shards a state from before
    /// the answer can arrive after it.
    at_work: bool,
}

impl Handled {
    fn is_about(&self, contact: ContactId) -> bool {
        self.visit.contact == contact || self.joined == Some(contact)
    }

    fn finish(self) -> QueueVisit {
        QueueVisit { end: VisitEnd::Answered { work: Some(self.work) }, ..self.visit }
    }
}

impl Handling {
    pub(crate) fn answered(&mut self, agent: AgentId, visit: QueueVisit, state: Option<AgentState>) {
        let at_work = state.is_some_and(works);
        let handled = Handled { visit, joined: None, work: Work::default(), at_work };
        self.of_agent.entry(agent).or_default().push(handled);
    }

    pub(crate) fn talked(&mut self, agent: AgentId, contact: ContactId, talked: Duration, held: Duration) {
        if let Some(handled) = self.find(agent, contact) {
            handled.work.talked += talked;
            handled.work.held += held;
        }
    }

    pub(crate) fn wrapped(&mut self, agent: AgentId, contact: ContactId, lasted: Duration) {
        if let Some(handled) = self.find(agent, contact) {
            handled.work.wrapped += lasted;
        }
    }

    /// Whoever answered the consultation from a queue goes on in the contact it was joined into.
    pub(crate) fn joined(&mut self, consultation: ContactId, into: ContactId) {
        let all = self.of_agent.values_mut().flatten();
        all.filter(|handled| handled.is_about(consultation)).for_each(|handled| handled.joined = Some(into));
    }

    /// The agent's state changed; what he is through with is handed out.
    pub(crate) fn agent_changed(&mut self, agent: AgentId, state: AgentState, mut out: impl FnMut(QueueVisit)) {
        let Some(list) = self.of_agent.get_mut(&agent) else { return };
        if works(state) {
            list.iter_mut().for_each(|handled| handled.at_work = true);
            return;
        }
        list.extract_if(.., |handled| handled.at_work).for_each(|handled| out(handled.finish()));
        if list.is_empty() {
            self.of_agent.remove(&agent);
        }
    }

    /// He has answered it and was not seen at work since.
    pub(crate) fn is_unseen(&self, agent: AgentId, contact: ContactId) -> bool {
        let list = self.of_agent.get(&agent);
        list.is_some_and(|list| list.iter().any(|handled| handled.visit.contact == contact && !handled.at_work))
    }

    /// The record is closed for long: an agent who was never seen at work will not be seen any more.
    pub(crate) fn contact_closed(&mut self, agent: AgentId, contact: ContactId, mut out: impl FnMut(QueueVisit)) {
        let Some(list) = self.of_agent.get_mut(&agent) else { return };
        let lost = |handled: &mut Handled| handled.visit.contact == contact && !handled.at_work;
        list.extract_if(.., lost).for_each(|handled| out(handled.finish()));
        if list.is_empty() {
            self.of_agent.remove(&agent);
        }
    }

    pub(crate) fn drain(&mut self, mut out: impl FnMut(QueueVisit)) {
        self.of_agent.drain().flat_map(|(_, list)| list).for_each(|handled| out(handled.finish()));
    }

    pub(crate) fn len(&self) -> usize {
        self.of_agent.values().map(Vec::len).sum()
    }

    fn find(&mut self, agent: AgentId, contact: ContactId) -> Option<&mut Handled> {
        self.of_agent.get_mut(&agent)?.iter_mut().find(|handled| handled.is_about(contact))
    }
}

/// On a contact or after it. A call of his own in between does not end the work on the contact before.
fn works(state: AgentState) -> bool {
    match state {
        AgentState::Busy { .. } | AgentState::WrapUp { .. } => true,
        AgentState::SignedOff | AgentState::NotReady { .. } | AgentState::Ready | AgentState::Reserved { .. } => false,
    }
}
