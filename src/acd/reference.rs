//! A distributor that is obviously right: plain vectors, sorted anew for every question.
//!
//! It reads the facts and says of each offer whether it is the one the rules ask for: the agent is the first of all who
//! could get this contact, the contact is the first of all this agent could get. On one shard that leaves exactly one
//! choice, so every decision is compared. Between two inputs nobody may be ready for anybody who waits. What is not as
//! the rules ask is a doubt: tests want none, an explanation shows them (`strowger explain`).

use crate::limits::{REFUSAL_BACK_OFF, TAKEN_BACK_PAUSE};
use crate::strategy::{draw, scaled};
use base::Instant;
use core::time::Duration;
use model::{AgentId, AgentState, ContactId, Directory, Fact, IdleClock, OfferOutcome, QueueId, Strategy};
use std::collections::HashMap;

#[derive(Debug)]
pub(crate) struct Reference {
    pub(crate) directory: Directory,
    /// `None`: draws cannot be repeated, and a drawn winner is taken as told.
    seed: Option<u64>,
    pub(crate) agents: Vec<Clocks>,
    /// Who got contacts of a queue, the latest last.
    pub(crate) given: HashMap<QueueId, Vec<AgentId>>,
    pub(crate) waiting: Vec<Waiting>,
    /// Offered, Answered, Abandoned, Flowed out.
    pub(crate) counts: [usize; 4],
    pub(crate) decisions: usize,
    doubts: Vec<Box<str>>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Clocks {
    pub(crate) state: AgentState,
    released: Instant,
    pub(crate) ready: Instant,
    offered: Instant,
    pub(crate) calls: usize,
    pub(crate) time: Time,
    /// Before the last change of state.
    before: Time,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Time {
    worked: Duration,
    staffed: Duration,
    pub(crate) since: Instant,
}

impl Time {
    const NONE: Time = Time { worked: Duration::ZERO, staffed: Duration::ZERO, since: Instant::ZERO };
}

#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) contact: ContactId,
    pub(crate) queue: QueueId,
    priority: i32,
    pub(crate) entered: Instant,
    /// Into this queue.
    pub(crate) queued: Instant,
    pub(crate) offered: bool,
    /// Its offer was withdrawn: it is looked at again in a moment, or after a pause when it was not the first.
    held: bool,
    held_until: Option<Instant>,
    pub(crate) refused: Vec<(AgentId, Instant)>,
    tries: u8,
}

impl Reference {
    pub(crate) fn new(directory: &Directory, seed: Option<u64>) -> Self {
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
            doubts: Vec::new(),
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
                    queued: now,
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
                if !range.contains(&(*position as usize)) {
                    self.doubts.push(format!("position of {contact}: {position}, not {range:?}").into());
                }
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
            other => self.doubts.push(format!("not from this room, or an alarm: {other:?}").into()),
        }
        let [offered, answered, abandoned, flowed] = self.counts;
        let accounted = answered + abandoned + flowed + self.waiting.len();
        self.hold(offered == accounted, || format!("{offered} came, {accounted} are accounted for"));
    }

    /// What was not as the rules ask since the last time.
    pub(crate) fn take_doubts(&mut self) -> Vec<Box<str>> {
        core::mem::take(&mut self.doubts)
    }

    fn hold(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.doubts.push(otherwise().into());
        }
    }

    /// Between two inputs nobody is ready for anybody who waits.
    #[cfg(test)]
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
        let state = self.agents[id.index()].state;
        self.hold(state == AgentState::Reserved { contact }, || {
            format!("{contact} is offered to one who is {state:?}")
        });
        let Some(chosen) = self.waiting.iter_mut().find(|w| w.contact == contact) else {
            return self.doubts.push(format!("{contact} is offered and does not wait").into());
        };
        chosen.held = false;
        let chosen = chosen.clone();
        let once = (chosen.queue, chosen.offered) == (queue, false);
        self.hold(once, || format!("{contact} is offered twice, or from where it does not wait"));
        let first = self.choose(now, &chosen, id);
        self.hold(first == id, || format!("agent {} comes first by the strategy, not {}", first.0, id.0));
        self.given.entry(queue).or_default().push(id);
        let mut contacts: Vec<_> = self.waiting.iter().filter(|w| self.may_get(now, w, id)).collect();
        contacts.sort_by_key(|w| w.key());
        let first = contacts.first().map(|w| w.contact);
        self.hold(first == Some(contact), || format!("agent {} gets {contact}, and first comes {first:?}", id.0));
        self.agents[id.index()].offered = now;
        if let Some(chosen) = self.waiting.iter_mut().find(|w| w.contact == contact) {
            chosen.offered = true;
        }
    }

    fn offer_ended(&mut self, now: Instant, contact: ContactId, agent: AgentId, outcome: OfferOutcome) {
        let Some(waiting) = self.waiting.iter_mut().find(|w| w.contact == contact) else {
            return self.doubts.push(format!("an offer of {contact} ends, and it does not wait").into());
        };
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
            let Some(seed) = self.seed else { return reserved };
            let weight = |a: &AgentId| match queue.strategy {
                Strategy::Weighted => u64::from(self.directory.agents[a.index()].weight),
                _ => 1,
            };
            // Everybody has as many tickets as he weighs; those who refused pass theirs on to the next.
            let tickets: Vec<_> = (0..all.len()).flat_map(|i| vec![i; weight(&all[i]) as usize]).collect();
            let drawn = scaled(draw(seed, contact.contact, contact.tries, 0), tickets.len() as u64);
            all.rotate_left(tickets[drawn as usize]);
            return all.into_iter().find(may).unwrap_or(reserved);
        }
        all.retain(may);
        all.sort_by_key(|a| (self.score(now, contact.queue, *a), self.idle_since(*a, contact.queue), *a));
        all.first().copied().unwrap_or(reserved)
    }

    pub(crate) fn score(&self, now: Instant, queue: QueueId, id: AgentId) -> u128 {
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
        match at {
            Some(at) => _ = self.waiting.swap_remove(at),
            None => self.doubts.push(format!("{contact} leaves and was not in the queue").into()),
        }
        self.counts[how] += 1;
    }

    #[cfg(test)]
    fn ready_for(&self, now: Instant, waiting: &Waiting) -> Vec<AgentId> {
        let ready = (0..self.agents.len() as u32).map(AgentId);
        ready.filter(|a| self.agents[a.index()].state == AgentState::Ready && self.may_get(now, waiting, *a)).collect()
    }

    pub(crate) fn may_get(&self, now: Instant, waiting: &Waiting, agent: AgentId) -> bool {
        let refused = waiting.refused.iter().any(|(a, until)| *a == agent && *until > now);
        !waiting.offered && !waiting.held && !refused && self.serves(agent, waiting.queue)
    }

    pub(crate) fn serves(&self, agent: AgentId, queue: QueueId) -> bool {
        self.directory.agents[agent.index()].queues.contains(&queue)
    }

    fn is_ready(&self, waiting: &Waiting, agent: AgentId) -> bool {
        self.agents[agent.index()].state == AgentState::Ready && self.serves(agent, waiting.queue)
    }

    pub(crate) fn idle_since(&self, agent: AgentId, queue: QueueId) -> Instant {
        let clocks = &self.agents[agent.index()];
        match self.directory.queues[queue.index()].idle_clock {
            IdleClock::Release => clocks.released,
            IdleClock::Ready => clocks.ready,
            IdleClock::Offer => clocks.offered,
        }
    }
}

impl Waiting {
    pub(crate) fn key(&self) -> (i64, Instant, ContactId) {
        (-i64::from(self.priority), self.entered, self.contact)
    }
}
