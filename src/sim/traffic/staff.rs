use core::time::Duration;
use model::{AgentAction, AgentId, AgentState, ContactId, Directory, Manners, NotReadyReason, QueueId, WrapUpMode};
use std::collections::HashMap;

/// What every agent last wanted, and when he comes back by himself.
#[derive(Debug)]
pub(crate) struct Staff {
    people: Vec<Person>,
    /// Where an agent ends wrap-up himself: how long it takes him this time.
    wraps: HashMap<ContactId, Duration>,
    /// By queue.
    ended_by_hand: Vec<bool>,
}

#[derive(Clone, Copy, Debug)]
struct Person {
    wish: AgentAction,
    plan: u32,
}

impl Staff {
    pub(crate) fn new(directory: &Directory) -> Self {
        Staff {
            people: vec![Person { wish: AgentAction::SignOff { code: 0 }, plan: 0 }; directory.agents.len()],
            wraps: HashMap::new(),
            ended_by_hand: directory.queues.iter().map(|q| q.wrap_up_mode != WrapUpMode::Fixed).collect(),
        }
    }

    pub(crate) fn wishes(&mut self, agent: AgentId, action: AgentAction) {
        self.people[agent.index()].wish = action;
    }

    /// How long the notes on this contact will take.
    pub(crate) fn will_wrap(&mut self, contact: ContactId, queue: Option<QueueId>, notes: Duration) {
        if queue.is_some_and(|queue| self.ended_by_hand.get(queue.index()).is_some_and(|by_hand| *by_hand)) {
            self.wraps.insert(contact, notes);
        }
    }

    /// A state that ends by the agent's own doing: after how long, and the number of that plan.
    pub(crate) fn changed(&mut self, agent: AgentId, state: AgentState, manners: &Manners) -> Option<(Duration, u32)> {
        let person = self.people.get_mut(agent.index())?;
        person.plan += 1;
        let after = match state {
            AgentState::WrapUp { contact } => self.wraps.remove(&contact)?,
            AgentState::NotReady { reason: NotReadyReason::Missed | NotReadyReason::WrapUpOver } => {
                manners.returns_after
            }
            AgentState::SignedOff
            | AgentState::NotReady { .. }
            | AgentState::Ready
            | AgentState::Reserved { .. }
            | AgentState::Busy { .. } => return None,
        };
        Some((after, person.plan))
    }

    /// What he says when the time has come: what he last wanted. `None`: his state has changed meanwhile.
    pub(crate) fn returns(&self, agent: AgentId, plan: u32) -> Option<AgentAction> {
        self.people.get(agent.index()).filter(|person| person.plan == plan).map(|person| person.wish)
    }
}
