use crate::figures::QueueFigures;
use crate::visit::VisitEnd;
use base::{Instant, Now, Utc};
use core::time::Duration;
use model::{AgentId, AgentState, ContactId, Directory, Fact, QueueId, Stamped};
use std::collections::HashMap;

/// The floor as it is now, kept from facts; what a supervisor looks at.
#[derive(Debug, Default)]
pub struct Wallboard {
    waiting: HashMap<ContactId, (QueueId, Now)>,
    today: HashMap<QueueId, QueueFigures>,
    agents: HashMap<AgentId, (AgentState, Now)>,
    contacts: usize,
    started: Utc,
}

/// One queue's line on the board.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct QueueNow {
    pub waiting: usize,
    pub longest_wait: Duration,
    pub ready: usize,
    pub ringing: usize,
    pub busy: usize,
    pub wrap_up: usize,
    pub not_ready: usize,
    /// Since midnight or the start, whichever is later.
    pub today: QueueFigures,
}

impl Wallboard {
    pub fn new(started: Utc) -> Self {
        Wallboard { started, ..Wallboard::default() }
    }

    pub fn handle_fact(&mut self, stamped: &Stamped, names: &Directory) {
        match &stamped.fact {
            Fact::ContactArrived { .. } => self.contacts += 1,
            Fact::ContactEnded { .. } => self.contacts = self.contacts.saturating_sub(1),
            Fact::Queued { contact, queue, .. } => {
                self.waiting.insert(*contact, (*queue, stamped.at));
            }
            Fact::Connected { contact, queue, waited, .. } => {
                self.left(*contact, *queue, *waited, VisitEnd::ANSWERED, names);
            }
            Fact::Abandoned { contact, queue, waited } => {
                self.left(*contact, *queue, *waited, VisitEnd::Abandoned, names);
            }
            Fact::FlowedOut { contact, queue, waited, why, .. } => {
                self.left(*contact, *queue, *waited, VisitEnd::FlowedOut { why: *why }, names);
            }
            Fact::AgentChanged { agent, state, .. } => {
                self.agents.insert(*agent, (*state, stamped.at));
            }
            _ => {}
        }
    }

    /// A new day begins: counters start again, who waits keeps waiting.
    pub fn start_day(&mut self, at: Utc) {
        self.today.clear();
        self.started = at;
    }

    /// Since when `today` counts.
    pub fn counting_since(&self) -> Utc {
        self.started
    }

    pub fn contacts(&self) -> usize {
        self.contacts
    }

    pub fn queue(&self, id: QueueId, now: Instant, names: &Directory) -> QueueNow {
        let waits = self.waiting.values().filter(|(queue, _)| *queue == id).map(|(_, since)| now - since.mono);
        let mut line = QueueNow {
            waiting: 0,
            longest_wait: Duration::ZERO,
            ready: 0,
            ringing: 0,
            busy: 0,
            wrap_up: 0,
            not_ready: 0,
            today: self.today.get(&id).copied().unwrap_or_default(),
        };
        for wait in waits {
            line.waiting += 1;
            line.longest_wait = line.longest_wait.max(wait);
            line.today.add_waiting(wait);
        }
        for (agent, (state, _)) in &self.agents {
            if !names.agent(*agent).queues.contains(&id) {
                continue;
            }
            match state {
                AgentState::SignedOff => {}
                AgentState::NotReady { .. } => line.not_ready += 1,
                AgentState::Ready => line.ready += 1,
                AgentState::Reserved { .. } => line.ringing += 1,
                AgentState::Busy { .. } => line.busy += 1,
                AgentState::WrapUp { .. } => line.wrap_up += 1,
            }
        }
        line
    }

    /// State and time in it, of every agent who was ever signed on.
    pub fn agents(&self, now: Instant) -> impl Iterator<Item = (AgentId, AgentState, Duration)> {
        self.agents.iter().map(move |(agent, (state, since))| (*agent, *state, now - since.mono))
    }

    fn left(&mut self, contact: ContactId, queue: QueueId, waited: Duration, end: VisitEnd, names: &Directory) {
        self.waiting.remove(&contact);
        self.today.entry(queue).or_default().add(waited, &end, &names.queue(queue).service_level);
    }
}
