//! A distributor that is obviously right: plain vectors, sorted anew for every question.
//!
//! It reads the facts and says of each offer whether it is the one the rules ask for: the agent is the first of all who
//! could get this contact, the contact is the first of all this agent could get. On one shard that leaves exactly one
//! choice, so every decision is compared. Between two inputs nobody may be ready for anybody who waits.

use crate::limits::{REFUSAL_BACK_OFF, TAKEN_BACK_PAUSE};
use crate::strategy::{draw, scaled};
use base::Instant;
use core::time::Duration;
use model::{AgentId, AgentState, ContactId, Directory, Fact, IdleClock, OfferOutcome, QueueId, Strategy};
use std::collections::HashMap;

#[derive(Debug)]
pub(crate) struct Reference {
    directory: Directory,
    seed: u64,
    agents: Vec<Clocks>,
    /// Who got contacts of a queue, the latest last.
    given: HashMap<QueueId, Vec<AgentId>>,
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
    calls: usize,
    time: Time,
    /// Before the last change of state.
    before: Time,
}

#[derive(Clone, Copy, Debug)]
struct Time {
    worked: Duration,
    staffed: Duration,
    since: Instant,
}

impl Time {
    const NONE: Time = Time { worked: Duration::ZERO, staffed: Duration::ZERO, since: Instant::ZERO };
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
    tries: u8,
}

impl Reference {
    pub(crate) fn new(directory: &Directory, seed: u64) -> Self {
        let state = AgentState::SignedOff;
        let zero = Instant::ZERO;
        let agent = Clocks {
            state,
            released: zero,
            ready: zero,
            offered: zero,
            calls: 0,
            time: Time::NONE,
            before: Time::NONE,
        };
        Reference {
            directory: directory.clone(),
            seed,
            agents: vec![agent; directory.agents.len()],
            given: HashMap::new(),
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
                    tries: 0,
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
            Fact::Connected { contact, queue, agent, .. } => {
                self.agents[agent.index()].calls += 1;
                self.left(*contact, *queue, 1);
            }
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
        agent.before = agent.time;
        let passed = now.since(agent.time.since);
        agent.time.since = now;
        if !matches!(agent.state, AgentState::SignedOff | AgentState::NotReady { .. }) {
            agent.time.staffed += passed;
            agent.time.worked += if agent.state == AgentState::Ready { Duration::ZERO } else { passed };
        }
        if agent.state == AgentState::SignedOff {
            (agent.released, agent.ready, agent.offered) = (now, now, now);
            (agent.calls, agent.time) = (0, Time { since: now, ..Time::NONE });
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
        assert_eq!(self.choose(now, &chosen, id), id, "who comes first by the strategy gets {chosen:?}");
        self.given.entry(queue).or_default().push(id);
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
        if !matches!(outcome, OfferOutcome::Accepted | OfferOutcome::Withdrawn) {
            waiting.tries += 1;
        }
    }

    /// Of all who are ready, and the one just reserved, whom the strategy wants.
    fn choose(&self, now: Instant, contact: &Waiting, reserved: AgentId) -> AgentId {
        let queue = &self.directory.queues[contact.queue.index()];
        let may = |a: &AgentId| *a == reserved || self.may_get(now, contact, *a);
        let all = (0..self.agents.len() as u32).map(AgentId);
        let mut all: Vec<_> = all.filter(|a| *a == reserved || self.is_ready(contact, *a)).collect();
        if let Strategy::Random | Strategy::Weighted = queue.strategy {
            let weight = |a: &AgentId| match queue.strategy {
                Strategy::Weighted => u64::from(self.directory.agents[a.index()].weight),
                _ => 1,
            };
            // Everybody has as many tickets as he weighs; those who refused pass theirs on to the next.
            let tickets: Vec<_> = (0..all.len()).flat_map(|i| vec![i; weight(&all[i]) as usize]).collect();
            let drawn = scaled(draw(self.seed, contact.contact, contact.tries, 0), tickets.len() as u64);
            all.rotate_left(tickets[drawn as usize]);
            return all.into_iter().find(may).expect("the reserved one may");
        }
        all.retain(may);
        all.sort_by_key(|a| (self.score(now, contact.queue, *a), self.idle_since(*a, contact.queue), *a));
        all[0]
    }

    fn score(&self, now: Instant, queue: QueueId, id: AgentId) -> u128 {
        let agent = &self.agents[id.index()];
        match self.directory.queues[queue.index()].strategy {
            Strategy::RoundRobin => {
                let given = self.given.get(&queue).map_or(&[][..], |given| given);
                given.iter().rposition(|a| *a == id).map_or(0, |turn| 1 + turn as u128)
            }
            Strategy::LeastCalls => agent.calls as u128,
            Strategy::Linear => id.0.into(),
            Strategy::LeastOccupied => {
                // As it was while he was ready; the reserved one is not any more.
                let time = if agent.state == AgentState::Ready { agent.time } else { agent.before };
                // Since his state changed, or at the last whole ten seconds.
                let based = Instant::from_millis(now.as_millis() / 10_000 * 10_000);
                let staffed = (time.staffed + based.since(time.since)).as_nanos();
                (time.worked.as_nanos() << 32).checked_div(staffed).unwrap_or(0).min(1 << 32)
            }
            Strategy::LeastVersatile => {
                let agent = &self.directory.agents[id.index()];
                (agent.skills.len() + agent.queues.len()) as u128
            }
            _ => 0,
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
        !waiting.offered && !waiting.held && !refused && self.serves(agent, waiting.queue)
    }

    fn serves(&self, agent: AgentId, queue: QueueId) -> bool {
        self.directory.agents[agent.index()].queues.contains(&queue)
    }

    fn is_ready(&self, waiting: &Waiting, agent: AgentId) -> bool {
        self.agents[agent.index()].state == AgentState::Ready && self.serves(agent, waiting.queue)
    }

    fn idle_since(&self, agent: AgentId, queue: QueueId) -> Instant {
        let clocks = &self.agents[agent.index()];
        match self.directory.queues[queue.index()].idle_clock {
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
