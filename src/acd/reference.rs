//! A distributor that is obviously right: plain vectors, sorted anew for every question.
//!
//! It reads the facts and says of each offer whether it is the one the rules ask for: the agent is the first of all who
//! could get this contact, the contact is the first of all this agent could get. On one shard that leaves exactly one
//! choice, so every decision is compared. Between two inputs nobody may be ready for anybody who waits.

use crate::limits::{REFUSAL_BACK_OFF, TAKEN_BACK_PAUSE};
use base::Instant;
use model::{AgentId, AgentState, ContactId, Directory, Fact, IdleClock, OfferOutcome, QueueId};

#[derive(Debug)]
pub(crate) struct Reference {
    serves: Vec<Vec<QueueId>>,
    clocks: Vec<IdleClock>,
    agents: Vec<Clocks>,
    waiting: Vec<Waiting>,
    /// Offered, Answered, Abandoned, Flowed out.
    pub(crate) counts: [usize; 4],
    pub(crate) decisions: usize,
}

#[derive(Clone, Copy, Debug)]
struct Clocks {
    state: AgentState,
    released: Instant,
    ready: Instant,
    offered: Instant,
}

#[derive(Clone, Debug)]
struct Waiting {
    contact: ContactId,
    queue: QueueId,
    priority: i32,
    entered: Instant,
    offered: bool,
    /// Its offer was withdrawn: it is looked at again in a moment, or after a pause when it was not the first.
    held: bool,
    held_until: Option<Instant>,
    refused: Vec<(AgentId, Instant)>,
}

impl Reference {
    pub(crate) fn new(directory: &Directory) -> Self {
        let state = AgentState::SignedOff;
        let zero = Instant::ZERO;
        Reference {
            serves: directory.agents.iter().map(|a| a.queues.clone()).collect(),
            clocks: directory.queues.iter().map(|q| q.idle_clock).collect(),
            agents: vec![Clocks { state, released: zero, ready: zero, offered: zero }; directory.agents.len()],
            waiting: Vec::new(),
            counts: [0; 4],
            decisions: 0,
        }
    }

    pub(crate) fn released(&mut self, now: Instant, agent: AgentId) {
        self.agents[agent.index()].released = now;
    }

    /// `entered`: the contact's first enqueue time, which facts do not tell.
    pub(crate) fn fact(&mut self, now: Instant, fact: &Fact, entered: impl Fn(ContactId) -> Instant) {
        match fact {
            Fact::Queued { contact, queue, priority, position } => {
                self.counts[0] += 1;
                let (contact, queue, priority) = (*contact, *queue, *priority);
                let entered = entered(contact);
                let new = Waiting {
                    contact,
                    queue,
                    priority,
                    entered,
                    offered: false,
                    held: false,
                    held_until: None,
                    refused: vec![],
                };
                let ahead = self.waiting.iter().filter(|w| w.queue == queue && !w.offered && w.key() < new.key());
                // Those who are held come back into the line at some time in this millisecond.
                let (held, waiting): (Vec<_>, Vec<_>) = ahead.partition(|w| w.held);
                let range = waiting.len() + 1..=waiting.len() + held.len() + 1;
                assert!(range.contains(&(*position as usize)), "position of {contact}: {position}, not {range:?}");
                self.waiting.push(new);
            }
            Fact::Offered { contact, queue, agent } => self.offered(now, *contact, *queue, *agent),
            Fact::OfferEnded { contact, agent, outcome, .. } => self.offer_ended(now, *contact, *agent, *outcome),
            Fact::Connected { contact, queue, .. } => self.left(*contact, *queue, 1),
            Fact::Abandoned { contact, queue, .. } => self.left(*contact, *queue, 2),
            Fact::FlowedOut { contact, queue, .. } => self.left(*contact, *queue, 3),
            Fact::AgentChanged { agent, state, .. } => self.agent(now, *agent, *state),
            Fact::Forced { .. } => {}
            other => panic!("not from this room, or an alarm: {other:?}"),
        }
        let [offered, answered, abandoned, flowed] = self.counts;
        assert_eq!(offered, answered + abandoned + flowed + self.waiting.len(), "O = A + B + F + waiting");
    }

    /// Between two inputs nobody is ready for anybody who waits.
    pub(crate) fn quiet(&self, now: Instant) {
        for w in self.waiting.iter().filter(|w| !w.held && !w.offered) {
            let idle = self.ready_for(now, w).first().copied();
            assert_eq!(idle, None, "agent is ready and {} waits", w.contact);
        }
    }

    fn agent(&mut self, now: Instant, id: AgentId, state: AgentState) {
        let agent = &mut self.agents[id.index()];
        if agent.state == AgentState::SignedOff {
            (agent.released, agent.ready, agent.offered) = (now, now, now);
        }
        if state == AgentState::Ready && !matches!(agent.state, AgentState::Ready | AgentState::Reserved { .. }) {
            agent.ready = now;
        }
        agent.state = state;
    }

    /// The reservation is told before the offer: the agent is out of the ready ones already.
    fn offered(&mut self, now: Instant, contact: ContactId, queue: QueueId, id: AgentId) {
        self.decisions += 1;
        assert_eq!(self.agents[id.index()].state, AgentState::Reserved { contact }, "reserved for what he is offered");
        let chosen = self.waiting.iter_mut().find(|w| w.contact == contact).expect("only who waits is offered");
        chosen.held = false;
        let chosen = chosen.clone();
        assert_eq!((chosen.queue, chosen.offered), (queue, false), "offered once, from where it waits");
        let mut others = self.ready_for(now, &chosen);
        others.push(id);
        others.sort_by_key(|a| (self.idle_since(*a, queue), *a));
        assert_eq!(others[0], id, "the agent idle longest gets {contact}");
        let mut contacts: Vec<_> = self.waiting.iter().filter(|w| self.may_get(now, w, id)).collect();
        contacts.sort_by_key(|w| w.key());
        assert_eq!(contacts[0].contact, contact, "the first contact goes to {id:?}");
        self.agents[id.index()].offered = now;
        let chosen = self.waiting.iter_mut().find(|w| w.contact == contact).expect("found above");
        chosen.offered = true;
    }

    fn offer_ended(&mut self, now: Instant, contact: ContactId, agent: AgentId, outcome: OfferOutcome) {
        let waiting = self.waiting.iter_mut().find(|w| w.contact == contact).expect("it waited");
        waiting.offered = outcome == OfferOutcome::Accepted;
        if outcome == OfferOutcome::Withdrawn {
            waiting.held = true;
            waiting.held_until = Some(waiting.held_until.map_or(now, |_| now + TAKEN_BACK_PAUSE));
        }
        if let OfferOutcome::Rejected(_) = outcome {
            waiting.refused.push((agent, now + REFUSAL_BACK_OFF));
        }
    }

    /// Whoever is not held any more must have been looked at by now.
    pub(crate) fn look_again(&mut self, now: Instant) {
        self.waiting.iter_mut().for_each(|w| w.held &= w.held_until.is_some_and(|until| until > now));
    }

    fn left(&mut self, contact: ContactId, queue: QueueId, how: usize) {
        let at = self.waiting.iter().position(|w| w.contact == contact && w.queue == queue);
        self.waiting.swap_remove(at.expect("every end has its Queued, once"));
        self.counts[how] += 1;
    }

    fn ready_for(&self, now: Instant, waiting: &Waiting) -> Vec<AgentId> {
        let ready = (0..self.agents.len() as u32).map(AgentId);
        ready.filter(|a| self.agents[a.index()].state == AgentState::Ready && self.may_get(now, waiting, *a)).collect()
    }

    fn may_get(&self, now: Instant, waiting: &Waiting, agent: AgentId) -> bool {
        let refused = waiting.refused.iter().any(|(a, until)| *a == agent && *until > now);
        !waiting.offered && !waiting.held && !refused && self.serves[agent.index()].contains(&waiting.queue)
    }

    fn idle_since(&self, agent: AgentId, queue: QueueId) -> Instant {
        let clocks = &self.agents[agent.index()];
        match self.clocks[queue.index()] {
            IdleClock::Release => clocks.released,
            IdleClock::Ready => clocks.ready,
            IdleClock::Offer => clocks.offered,
        }
    }
}

impl Waiting {
    fn key(&self) -> (i64, Instant, ContactId) {
        (-i64::from(self.priority), self.entered, self.contact)
    }
}
