//! A distributor that is obviously right: plain vectors, looked through anew for every question.
//!
//! It reads the facts and says of each offer whether it is the one the rules ask for: the agent is the first of all who
//! could get this contact, the contact is the first of all this agent could get. On one shard that leaves exactly one
//! choice, so every decision is compared. Between two inputs nobody may be ready for anybody who waits. What is not as
//! the rules ask is a doubt: tests want none, an explanation shows them (`strowger explain`).
//!
//! Several agents one input frees come one after the other: the first of them does not wait for those behind him.
//! At the very instant at which a step (`asked.rs`) or a preference ends it may be looked at before or after: whoever is
//! passed over must have been eligible in both cases, whoever is chosen in one of them.

use crate::asked::Possible;
#[cfg(test)]
use crate::limits::RESERVE_STEADY;
use crate::limits::{REFUSAL_BACK_OFF, TAKEN_BACK_PAUSE};
use crate::strategy::{draw, scaled};
use base::Instant;
use core::cmp::Ordering;
use core::time::Duration;
use model::{
    AgentId, AgentState, ContactId, Decision, Directory, Fact, FigureRange, ForcedAction, IdleClock, Joined,
    OBJECTIVE_DEFAULT, OfferOutcome, Queue, QueueAction, QueueFigure, QueueId, ReserveChange, ReserveOrder, Strategy,
    Wish, level_of,
};
use std::collections::HashMap;

#[derive(Debug)]
pub(crate) struct Reference {
    pub(crate) directory: Directory,
    /// `None`: draws cannot be repeated, and a drawn winner is taken as told.
    seed: Option<u64>,
    pub(crate) agents: Vec<Clocks>,
    /// Who got contacts of a queue, the latest last.
    pub(crate) given: HashMap<QueueId, Vec<AgentId>>,
    talking: HashMap<QueueId, i64>,
    /// Reserves that have joined, since when; and when each changed last.
    pub(crate) joined: HashMap<(QueueId, u8), Instant>,
    switched: HashMap<(QueueId, u8), Instant>,
    /// Whether people want them there.
    ordered: HashMap<(QueueId, u8), bool>,
    pub(crate) waiting: Vec<Waiting>,
    /// Offered, Answered, Abandoned, Flowed out.
    pub(crate) counts: [usize; 4],
    pub(crate) decisions: usize,
    /// `Some`: decisions about all others are followed and not judged.
    pub(crate) only: Option<ContactId>,
    /// Counts inputs, and facts.
    inputs: u64,
    facts: u64,
    /// Agents this input has changed, reservations left out.
    changed: Vec<AgentId>,
    /// Contacts this input was about before the fact now told.
    moved: Vec<ContactId>,
    doubts: Vec<Box<str>>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Clocks {
    pub(crate) state: AgentState,
    /// The input and the fact that made him ready last.
    freed: (u64, u64),
    released: Instant,
    pub(crate) ready: Instant,
    offered: Instant,
    pub(crate) calls: usize,
    pub(crate) time: Time,
    /// Before the last change of state.
    before: Time,
}

impl Clocks {
    fn new() -> Self {
        let state = AgentState::SignedOff;
        let zero = Instant::ZERO;
        let (time, before) = (Time::NONE, Time::NONE);
        Clocks { state, freed: (0, 0), released: zero, ready: zero, offered: zero, calls: 0, time, before }
    }
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
    pub(crate) wish: Wish,
    /// The step of the queue it stands on; more than one when that cannot be said.
    pub(crate) steps: Vec<Possible>,
    /// For whom it is kept, until when.
    pub(crate) kept: Option<(AgentId, Instant)>,
    /// Whose phones ring for it, and all whose phones rang since the first of them did.
    pub(crate) ringing: Vec<AgentId>,
    pub(crate) round: Vec<AgentId>,
    round_since: Instant,
    failed: bool,
    /// Its offer was withdrawn: it is looked at again in a moment, or after a pause when it was not the first.
    pub(crate) held: bool,
    held_until: Option<Instant>,
    pub(crate) refused: Vec<(AgentId, Instant)>,
    tries: u8,
}

/// Waiting as a part of an objective: the larger comes first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Part {
    waited: u128,
    objective: u128,
}

impl Ord for Part {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.waited * self.objective).cmp(&(self.waited * other.objective))
    }
}

impl PartialOrd for Part {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What to think of a rule that ends just now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Edge {
    /// It is enough that somebody could be asked before its end or after it.
    Either,
    /// He could be asked before as well as after.
    Both,
}

impl Reference {
    pub(crate) fn new(directory: &Directory, seed: Option<u64>) -> Self {
        Reference {
            directory: directory.clone(),
            seed,
            agents: vec![Clocks::new(); directory.agents.len()],
            given: HashMap::new(),
            talking: HashMap::new(),
            joined: HashMap::new(),
            switched: HashMap::new(),
            ordered: HashMap::new(),
            waiting: Vec::new(),
            counts: [0; 4],
            decisions: 0,
            only: None,
            inputs: 0,
            facts: 0,
            changed: Vec::new(),
            moved: Vec::new(),
            doubts: Vec::new(),
        }
    }

    /// Another configuration, in which every index means what it did. Where a queue's rules are others each contact
    /// begins the step it is on anew.
    pub(crate) fn configure(&mut self, now: Instant, directory: &Directory) {
        let before = core::mem::replace(&mut self.directory, directory.clone());
        let new = self.agents.len()..self.directory.agents.len();
        self.agents.extend(new.map(|_| Clocks::new()));
        for at in 0..self.waiting.len() {
            let queue = self.waiting[at].queue;
            let (old, new) = (&before.queue(queue).routing, &self.queue(queue).routing);
            if old != new {
                let step = self.waiting[at].steps.first().map_or(0, |possible| possible.step);
                let step = step.min(new.steps.len().saturating_sub(1));
                let lasts = new.steps.get(step).filter(|_| step + 1 < new.steps.len()).and_then(|step| step.lasts);
                self.waiting[at].steps = vec![Possible { step, ends: lasts.map(|lasts| now + lasts) }];
            }
        }
    }

    /// What is told from now on follows from another input.
    pub(crate) fn next_input(&mut self) {
        self.inputs += 1;
        self.changed.clear();
        self.moved.clear();
    }

    /// Others of the queue's staff were changed by this same input.
    pub(crate) fn stirred(&self, queue: QueueId, winner: AgentId) -> bool {
        self.changed.iter().any(|agent| *agent != winner && self.serves(*agent, queue))
    }

    /// This same input was about other contacts too.
    pub(crate) fn moved_others(&self, contact: ContactId) -> bool {
        self.moved.iter().any(|moved| *moved != contact)
    }

    pub(crate) fn released(&mut self, now: Instant, agent: AgentId, queue: Option<QueueId>) {
        self.agents[agent.index()].released = now;
        if let Some(queue) = queue {
            *self.talking.entry(queue).or_default() -= 1;
        }
    }

    /// `known`: the contact's first enqueue time and its wish, which facts do not tell.
    pub(crate) fn fact(&mut self, now: Instant, fact: &Fact, known: impl Fn(ContactId) -> (Instant, Wish)) {
        self.facts += 1;
        self.follow(now);
        match fact {
            Fact::Queued { contact, queue, priority, position } => {
                self.queued(now, (*contact, *queue, *priority), *position, known(*contact));
            }
            Fact::Offered { contact, queue, agent, decision } => {
                self.offered(now, *contact, *queue, *agent, decision.as_ref());
            }
            Fact::OfferEnded { contact, agent, outcome, .. } => self.offer_ended(now, *contact, *agent, *outcome),
            Fact::Connected { contact, queue, agent, .. } => {
                self.agents[agent.index()].calls += 1;
                *self.talking.entry(*queue).or_default() += 1;
                self.left(*contact, *queue, 1);
            }
            Fact::Abandoned { contact, queue, .. } => self.left(*contact, *queue, 2),
            Fact::FlowedOut { contact, queue, .. } => self.left(*contact, *queue, 3),
            Fact::AgentChanged { agent, state, .. } => self.agent(now, *agent, *state),
            Fact::Forced { action: ForcedAction::Queue { queue, action }, .. } => self.ordered(*queue, *action),
            Fact::Forced { .. } | Fact::WaitForetold { .. } | Fact::Warned { .. } => {}
            Fact::Reserve { queue, place, change } => self.reserve(now, (*queue, *place), *change),
            other => self.doubts.push(format!("not from this room, or an alarm: {other:?}").into()),
        }
        self.follow(now);
        match fact {
            Fact::Queued { contact, .. }
            | Fact::Offered { contact, .. }
            | Fact::OfferEnded { contact, .. }
            | Fact::Connected { contact, .. }
            | Fact::Abandoned { contact, .. }
            | Fact::FlowedOut { contact, .. } => self.moved.push(*contact),
            _ => {}
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

    /// As people call him: doubts are read by them.
    pub(crate) fn name(&self, agent: AgentId) -> &str {
        &self.directory.agent(agent).id
    }

    fn queued(
        &mut self,
        now: Instant,
        (contact, queue, priority): (ContactId, QueueId, i32),
        position: u32,
        known: (Instant, Wish),
    ) {
        self.counts[0] += 1;
        let (entered, wish) = known;
        let there = |a: &AgentId| self.serves(*a, queue) && self.agents[a.index()].state != AgentState::SignedOff;
        let kept = wish.agent.filter(|p| there(&p.agent) && !p.wait.is_zero()).map(|p| (p.agent, now + p.wait));
        let new = Waiting {
            contact,
            queue,
            priority,
            entered,
            queued: now,
            wish,
            steps: vec![],
            kept,
            ringing: vec![],
            round: vec![],
            round_since: now,
            failed: false,
            held: false,
            held_until: None,
            refused: vec![],
            tries: 0,
        };
        let before = |w: &&Waiting| w.queue == queue && w.ringing.is_empty() && self.place(w) < self.place(&new);
        // Those who are held come back into the line at some time in this millisecond.
        let (held, waiting): (Vec<_>, Vec<_>) = self.waiting.iter().filter(before).partition(|w| w.held);
        let range = waiting.len() + 1..=waiting.len() + held.len() + 1;
        let there = range.contains(&(position as usize));
        let (first, last) = (range.start(), range.end());
        self.hold(there, || format!("{contact} came in at place {position}; by the facts from {first} to {last}"));
        // Its conditions count it in.
        self.waiting.push(new);
        let at = self.waiting.len() - 1;
        self.waiting[at].steps = self.steps_from(now, &self.waiting[at], 0);
    }

    /// Between two inputs nobody is ready for anybody who waits, or for whom every phone shall ring.
    #[cfg(all(test, not(loom)))]
    pub(crate) fn quiet(&mut self, now: Instant) {
        self.reserves_are_right(now);
        self.follow(now);
        for w in self.waiting.iter().filter(|w| !w.held) {
            let rings_all = self.queue(w.queue).strategy == Strategy::RingAll;
            if w.ringing.is_empty() || rings_all {
                let idle = self.all().find(|a| self.is_ready(*a) && self.may_get(now, w, *a, Edge::Both));
                assert_eq!(idle, None, "agent is ready and {w:?} waits at {now:?}");
            }
        }
    }

    /// Who is wanted has joined, and whose time is over has gone; what has just changed is left alone.
    #[cfg(test)]
    fn reserves_are_right(&self, now: Instant) {
        for (queue, id) in self.directory.queues.iter().zip(0..) {
            for (rule, place) in queue.routing.reserves.iter().zip(0..) {
                let key = (QueueId(id), place);
                if let Some(wanted) = self.ordered.get(&key) {
                    assert_eq!(self.joined.contains_key(&key), *wanted, "reserve {key:?} by hand at {now:?}");
                    continue;
                }
                let changed = self.switched.get(&key).copied();
                let (Some(wanted), Some(over)) =
                    (self.holds(now, key.0, &rule.when), self.holds(now, key.0, &rule.until))
                else {
                    continue;
                };
                if rule.adjust || changed.is_some_and(|since| now.since(since) < RESERVE_STEADY) {
                    continue;
                }
                match self.joined.get(&key) {
                    None => assert!(!wanted, "reserve {key:?} is wanted and has not joined at {now:?}"),
                    Some(since) => {
                        let goes = !wanted && now.since(*since) >= rule.hold && (rule.until.is_empty() || over);
                        assert!(!goes, "reserve {key:?} is there since {since:?} and not wanted at {now:?}");
                    }
                }
            }
        }
    }

    fn ordered(&mut self, queue: QueueId, action: QueueAction) {
        let QueueAction::Reserve { place, order } = action else { return };
        for nth in (0..self.queue(queue).routing.reserves.len() as u8).filter(|n| place.is_none_or(|place| place == *n))
        {
            _ = match order {
                ReserveOrder::CallIn => self.ordered.insert((queue, nth), true),
                ReserveOrder::SendAway => self.ordered.insert((queue, nth), false),
                ReserveOrder::ByRule => self.ordered.remove(&(queue, nth)),
            };
        }
    }

    /// Who joins and who goes is told; that it is by the rule is looked at where facts tell the figures.
    fn reserve(&mut self, now: Instant, key: (QueueId, u8), change: ReserveChange) {
        let (queue, place) = key;
        let nth = format!("reserve {} of {}", place + 1, self.queue(queue).name);
        let Some(rule) = self.queue(queue).routing.reserves.get(usize::from(place)).cloned() else {
            return self.doubts.push(format!("there is no {nth}").into());
        };
        match change {
            ReserveChange::Joined(Joined { range, value }) => {
                // The log's clock is another one than that which was looked at.
                let told = self.queue_figure(now, queue, range.figure).filter(|_| self.only.is_none());
                let asked = told.unwrap_or(value);
                let by_rule = asked == value && (range.least..=range.most).contains(&value);
                self.hold(by_rule, || {
                    let FigureRange { figure, least, most } = range;
                    format!("{nth} joins at {} {value}; it is {asked}, asked from {least} to {most}", figure.word())
                });
                let new = self.joined.insert(key, now).is_none();
                self.hold(new, || format!("{nth} joins and had joined"));
            }
            ReserveChange::Left => {
                let since = self.joined.remove(&key);
                // Told of one who was wanted by hand: the rules have changed, and orders are forgotten with them.
                self.ordered.remove(&key);
                let stayed = |since: Instant| self.only.is_some() || now.since(since) >= rule.hold;
                self.hold(since.is_some_and(stayed), || match since {
                    Some(since) => format!("{nth} leaves after {} ms, too early", now.since(since).as_millis()),
                    None => format!("{nth} leaves and had not joined"),
                });
                let wanted = self.only.is_none() && !rule.adjust && self.holds(now, queue, &rule.when) == Some(true);
                self.hold(!wanted, || format!("{nth} leaves and is wanted"));
            }
            ReserveChange::CalledIn => {
                let new = self.joined.insert(key, now).is_none();
                self.hold(new, || format!("{nth} is called in and had joined"));
            }
            ReserveChange::SentAway => {
                let there = self.joined.remove(&key).is_some();
                self.hold(there, || format!("{nth} is sent away and had not joined"));
            }
            ReserveChange::Adjusted(_) => return,
        }
        self.switched.insert(key, now);
    }

    /// `None`: facts do not tell it.
    fn queue_figure(&self, now: Instant, queue: QueueId, figure: QueueFigure) -> Option<u32> {
        let line = || self.waiting.iter().filter(|w| w.queue == queue);
        match figure {
            QueueFigure::Waiting => Some(line().count() as u32),
            QueueFigure::LongestWait => {
                let oldest = line().map(|w| w.queued).min().unwrap_or(now);
                Some(now.since(oldest).as_secs() as u32)
            }
            _ => None,
        }
    }

    /// `None` when one of the figures is not known.
    fn holds(&self, now: Instant, queue: QueueId, any: &[Vec<FigureRange>]) -> Option<bool> {
        let mut found = false;
        for all in any {
            let mut each = true;
            for range in all {
                each &= (range.least..=range.most).contains(&self.queue_figure(now, queue, range.figure)?);
            }
            found |= each;
        }
        Some(found)
    }

    fn agent(&mut self, now: Instant, id: AgentId, state: AgentState) {
        let fact = (self.inputs, self.facts);
        if !matches!(state, AgentState::Reserved { .. }) {
            self.changed.push(id);
        }
        let agent = &mut self.agents[id.index()];
        if state == agent.state {
            // He sits at another phone: no clock of his starts anew.
            return;
        }
        if state == AgentState::Ready {
            agent.freed = fact;
        }
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
        if state == AgentState::Ready && !matches!(agent.state, AgentState::Reserved { .. }) {
            agent.ready = now;
        }
        agent.state = state;
        if state == AgentState::SignedOff {
            // It ends just now.
            let kept = self.waiting.iter_mut().filter_map(|w| w.kept.as_mut());
            kept.filter(|(keeper, _)| *keeper == id).for_each(|(_, until)| *until = now.min(*until));
        }
    }

    /// The reservation is told before the offer: the agent is out of the ready ones already.
    fn offered(&mut self, now: Instant, contact: ContactId, queue: QueueId, id: AgentId, written: Option<&Decision>) {
        self.decisions += 1;
        let state = self.agents[id.index()].state;
        let other = (state != AgentState::Reserved { contact }).then(|| {
            let who = self.name(id);
            format!("{contact} is offered to {who}, who is {}", state.word()).into()
        });
        self.doubts.extend(other);
        let Some(at) = self.waiting.iter().position(|w| w.contact == contact && w.queue == queue) else {
            return self.doubts.push(format!("{contact} is offered and does not wait").into());
        };
        self.waiting[at].held = false;
        let chosen = self.waiting[at].clone();
        let judged = self.only.is_none_or(|only| only == contact);
        if judged {
            self.judge(now, &chosen, id);
        }
        self.given.entry(queue).or_default().push(id);
        self.agents[id.index()].offered = now;
        let ringing = &mut self.waiting[at];
        if ringing.ringing.is_empty() {
            ringing.round_since = now;
        }
        ringing.ringing.push(id);
        ringing.round.push(id);
        if let Some(written) = written.filter(|_| judged) {
            let doubts = self.recount(now, &chosen, id, written);
            self.doubts.extend(doubts);
        }
    }

    /// Is it the offer the rules ask for?
    fn judge(&mut self, now: Instant, chosen: &Waiting, id: AgentId) {
        let contact = chosen.contact;
        let eligible: Vec<_> = chosen.readings().filter(|c| self.may_get(now, c, id, Edge::Either)).collect();
        let name = self.name(id).to_owned();
        self.hold(!eligible.is_empty(), || format!("{name} may not get {contact}"));
        let first: Vec<_> = eligible.iter().map(|c| self.choose(now, c, id)).collect();
        let better = first.first().filter(|_| !first.contains(&id)).map(|first| self.name(*first).to_owned());
        self.hold(better.is_none(), || {
            format!("{} comes first by the strategy, not {name}", better.as_deref().unwrap_or_default())
        });
        let own = (chosen.ringing.is_empty()).then_some(chosen);
        let most_pressing = self.most_pressing(now, id, own);
        self.hold(most_pressing == own.map(|w| w.contact), || {
            let first = most_pressing.map_or("nobody".into(), |first| first.to_string());
            format!("{name} gets {contact}, and first comes {first}")
        });
        if !chosen.ringing.is_empty() {
            let may = self.rings_too(now, chosen);
            self.hold(may, || format!("{name} is rung too for {contact}, and it is not his turn"));
        }
    }

    /// May one phone more than before ring?
    fn rings_too(&self, now: Instant, chosen: &Waiting) -> bool {
        let queue = self.queue(chosen.queue);
        match queue.strategy {
            Strategy::RingAll => true,
            Strategy::RingProgressive => {
                let steps = now.since(chosen.round_since).as_nanos().checked_div(queue.routing.ring_step.as_nanos());
                chosen.round.len() as u128 <= steps.unwrap_or(0)
            }
            _ => false,
        }
    }

    /// Of all who wait the one this agent should get: the first of each queue, then the most pressing of these.
    /// `chosen` is among them, whatever is in doubt. Who is held stands in the line again or not yet, facts do not tell:
    /// he may be the first of his queue and need not be.
    fn most_pressing(&self, now: Instant, id: AgentId, chosen: Option<&Waiting>) -> Option<ContactId> {
        let is_chosen = |w: &Waiting| chosen.is_some_and(|c| c.contact == w.contact);
        let may =
            |w: &&Waiting| w.ringing.is_empty() && (is_chosen(w) || self.may_get_once_back(now, w, id, Edge::Both));
        let mut lines: HashMap<QueueId, Vec<&Waiting>> = HashMap::new();
        for w in self.waiting.iter().filter(may) {
            lines.entry(w.queue).or_default().push(w);
        }
        let heads = lines.into_values().filter_map(|line| self.head(now, line, is_chosen));
        heads.min_by_key(|w| self.pressing(now, w)).map(|w| w.contact)
    }

    /// Whoever is there for certain, or somebody held before him: the chosen one, else the one it is least unjust to
    /// pass over. Without anybody certain the queue has nobody it must give.
    fn head<'a>(
        &self,
        now: Instant,
        mut line: Vec<&'a Waiting>,
        is_chosen: impl Fn(&Waiting) -> bool,
    ) -> Option<&'a Waiting> {
        line.sort_by_key(|w| self.place(w));
        let firm = line.iter().position(|w| !w.held)?;
        line.truncate(firm + 1);
        let chosen = line.iter().copied().find(|w| is_chosen(w));
        chosen.or_else(|| line.into_iter().max_by_key(|w| self.pressing(now, w)))
    }

    pub(crate) fn pressing(&self, now: Instant, waiting: &Waiting) -> (i64, Part, Instant, ContactId) {
        (-self.effective(now, waiting), self.part(now, waiting), waiting.entered, waiting.contact)
    }

    fn offer_ended(&mut self, now: Instant, contact: ContactId, agent: AgentId, outcome: OfferOutcome) {
        let Some(waiting) = self.waiting.iter_mut().find(|w| w.contact == contact) else {
            return self.doubts.push(format!("an offer of {contact} ends, and it does not wait").into());
        };
        if outcome == OfferOutcome::Accepted {
            return;
        }
        waiting.ringing.retain(|a| *a != agent);
        if let OfferOutcome::Rejected(_) = outcome {
            waiting.refused.push((agent, now + REFUSAL_BACK_OFF));
        }
        if outcome != OfferOutcome::Withdrawn {
            waiting.failed = true;
            waiting.kept = waiting.kept.filter(|(keeper, _)| *keeper != agent);
        }
        if !waiting.ringing.is_empty() {
            return;
        }
        waiting.round.clear();
        waiting.tries += u8::from(core::mem::take(&mut waiting.failed));
        if outcome == OfferOutcome::Withdrawn {
            waiting.held = true;
            waiting.held_until = Some(waiting.held_until.map_or(now, |_| now + TAKEN_BACK_PAUSE));
        }
    }

    /// The contact on the step on which this agent is its right one.
    pub(crate) fn reading_for(&self, now: Instant, contact: &Waiting, chosen: AgentId) -> Option<Waiting> {
        let right = |c: &Waiting| self.may_get(now, c, chosen, Edge::Either) && self.choose(now, c, chosen) == chosen;
        contact.readings().find(right)
    }

    /// Of all who are ready, and the one just reserved, whom the strategy wants.
    fn choose(&self, now: Instant, contact: &Waiting, reserved: AgentId) -> AgentId {
        if let Strategy::Random | Strategy::Weighted = self.queue(contact.queue).strategy {
            let Some(seed) = self.seed.filter(|_| contact.kept.is_none()) else { return reserved };
            // Who became ready by this same input was among the drawn or not yet: facts do not tell the instant between.
            if self.all().any(|a| self.is_ready(a) && self.agents[a.index()].freed.0 == self.inputs) {
                return reserved;
            }
            return self.draw(now, contact, reserved, seed);
        }
        let may = |a: &AgentId| *a == reserved || self.may_get(now, contact, *a, Edge::Both);
        let mut all: Vec<_> = self.comparable(contact, reserved);
        all.retain(may);
        all.sort_by_key(|a| self.order(now, contact, *a));
        all.first().copied().unwrap_or(reserved)
    }

    /// The queue's own agents first, then its reserves, each by the strategy.
    pub(crate) fn order(&self, now: Instant, contact: &Waiting, agent: AgentId) -> (usize, u128, Instant, AgentId) {
        let rank = self.directory.reserve_place(contact.queue, agent).map_or(0, |place| place + 1);
        (rank, self.score(now, contact, agent), self.idle_since(agent, contact.queue), agent)
    }

    /// Who is ready and has what is asked, and the one just reserved.
    fn comparable(&self, contact: &Waiting, reserved: AgentId) -> Vec<AgentId> {
        let behind = |a: &AgentId| self.came_after(*a, reserved);
        let fits = |a: &AgentId| self.is_ready(*a) && self.fits(contact, *a, Edge::Both) && !behind(a);
        self.all().filter(|a| *a == reserved || fits(a)).collect()
    }

    /// Everybody has as many tickets as he weighs; those who refused pass theirs on to the next.
    fn draw(&self, now: Instant, contact: &Waiting, reserved: AgentId, seed: u64) -> AgentId {
        let may = |a: &AgentId| *a == reserved || self.may_get(now, contact, *a, Edge::Both);
        let mut all = self.comparable(contact, reserved);
        let weight = |a: &AgentId| match self.queue(contact.queue).strategy {
            Strategy::Weighted => u64::from(self.directory.agents[a.index()].weight),
            _ => 1,
        };
        let tickets: Vec<_> = (0..all.len()).flat_map(|i| vec![i; weight(&all[i]) as usize]).collect();
        let drawn = scaled(draw(seed, contact.contact, contact.tries, 0), tickets.len() as u64);
        all.rotate_left(tickets[drawn as usize]);
        all.into_iter().find(may).unwrap_or(reserved)
    }

    /// The same input made both ready, and the other one first.
    pub(crate) fn came_after(&self, agent: AgentId, other: AgentId) -> bool {
        let (freed, other) = (self.agents[agent.index()].freed, self.agents[other.index()].freed);
        freed.0 == self.inputs && freed > other
    }

    pub(crate) fn score(&self, now: Instant, contact: &Waiting, id: AgentId) -> u128 {
        let (agent, configured) = (&self.agents[id.index()], &self.directory.agents[id.index()]);
        match self.queue(contact.queue).strategy {
            Strategy::RoundRobin => {
                let given = self.given.get(&contact.queue).map_or(&[][..], |given| given);
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
            Strategy::LeastVersatile => (configured.skills.len() + configured.queues.len()) as u128,
            Strategy::BestSkill => {
                let levels = self.levels(contact, id);
                600 - levels.iter().sum::<u128>().checked_div(levels.len() as u128).unwrap_or(0)
            }
            Strategy::LongestIdle | Strategy::RingAll | Strategy::RingProgressive => 0,
            // Drawn, not compared.
            Strategy::Random | Strategy::Weighted => 0,
        }
    }

    /// For each demand on him his mean level, in sixtieths, in the alternative he fits best.
    fn levels(&self, contact: &Waiting, id: AgentId) -> Vec<u128> {
        let skills = &self.directory.agents[id.index()].skills;
        let mut needs = self.needs(contact).to_vec();
        needs.dedup();
        let mut levels = Vec::new();
        for requirement in needs.into_iter().flatten() {
            let any = &self.directory.requirements[requirement.index()].any;
            let means = any.iter().filter(|all| all.iter().all(|range| range.holds(skills))).filter_map(|all| {
                let asked: Vec<_> = all.iter().filter(|range| range.least > 0).collect();
                let sum: u128 = asked.iter().map(|range| 60 * u128::from(level_of(skills, range.skill))).sum();
                sum.checked_div(asked.len() as u128)
            });
            levels.extend(means.max());
        }
        levels
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

    pub(crate) fn all(&self) -> impl Iterator<Item = AgentId> + use<> {
        (0..self.agents.len() as u32).map(AgentId)
    }

    pub(crate) fn queue(&self, queue: QueueId) -> &Queue {
        &self.directory.queues[queue.index()]
    }

    pub(crate) fn serves(&self, agent: AgentId, queue: QueueId) -> bool {
        match self.directory.reserve_place(queue, agent) {
            None => self.directory.agents[agent.index()].queues.contains(&queue),
            Some(place) => self.joined.contains_key(&(queue, place as u8)),
        }
    }

    pub(crate) fn is_ready(&self, agent: AgentId) -> bool {
        self.agents[agent.index()].state == AgentState::Ready
    }

    /// Whether he could be asked for it, ready or not.
    pub(crate) fn may_get(&self, now: Instant, waiting: &Waiting, agent: AgentId, edge: Edge) -> bool {
        !waiting.held && self.may_get_once_back(now, waiting, agent, edge)
    }

    fn may_get_once_back(&self, now: Instant, waiting: &Waiting, agent: AgentId, edge: Edge) -> bool {
        let refused = waiting.refused.iter().any(|(a, until)| *a == agent && *until > now);
        let open = if waiting.ringing.is_empty() { !self.is_full(waiting.queue) } else { true };
        let kept_for_other = match waiting.kept {
            // Kept for one, it does not ring elsewhere.
            Some((keeper, until)) if until > now || (until == now && edge == Edge::Both) => {
                keeper != agent || !waiting.ringing.is_empty()
            }
            _ => false,
        };
        let fits = self.fits(waiting, agent, edge);
        fits && open && !refused && !kept_for_other && !waiting.round.contains(&agent)
    }

    pub(crate) fn is_full(&self, queue: QueueId) -> bool {
        let offered = self.waiting.iter().filter(|w| w.queue == queue && !w.ringing.is_empty()).count() as i64;
        let talking = self.talking.get(&queue).copied().unwrap_or(0);
        self.queue(queue).routing.max_talking.is_some_and(|most| talking + offered >= i64::from(most))
    }

    /// Its place in its queue, in sixty-thousandths of a point.
    pub(crate) fn place(&self, waiting: &Waiting) -> (i64, Instant, ContactId) {
        let ageing = self.queue(waiting.queue).routing.ageing;
        let each = if ageing.cap == 0 { 0 } else { i64::from(ageing.per_minute) };
        let rank = each * waiting.entered.as_millis() as i64 - 60_000 * i64::from(waiting.priority);
        (rank, waiting.entered, waiting.contact)
    }

    pub(crate) fn effective(&self, now: Instant, waiting: &Waiting) -> i64 {
        let ageing = self.queue(waiting.queue).routing.ageing;
        let waited = (now.as_millis() - waiting.entered.as_millis()) as i64;
        let aged = (waited * i64::from(ageing.per_minute)).min(60_000 * i64::from(ageing.cap));
        60_000 * i64::from(waiting.priority) + aged
    }

    /// Of his queue's objective.
    pub(crate) fn part(&self, now: Instant, waiting: &Waiting) -> Part {
        let objective = self.queue(waiting.queue).routing.objective.unwrap_or(OBJECTIVE_DEFAULT);
        let waited = now.as_millis() - waiting.entered.as_millis();
        Part { waited: u128::from(waited), objective: objective.as_millis() }
    }

    pub(crate) fn idle_since(&self, agent: AgentId, queue: QueueId) -> Instant {
        let clocks = &self.agents[agent.index()];
        match self.queue(queue).idle_clock {
            IdleClock::Release => clocks.released,
            IdleClock::Ready => clocks.ready,
            IdleClock::Offer => clocks.offered,
        }
    }
}
