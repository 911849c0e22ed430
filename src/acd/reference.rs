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

mod first;
mod kept;
mod may;
mod reserves;
mod unsettled;

pub(crate) use unsettled::Unsettled;

use crate::asked::Possible;
use crate::limits::{REFUSAL_BACK_OFF, TAKEN_BACK_PAUSE};
use base::Instant;
use core::time::Duration;
use model::{
    AgentId, AgentState, ContactId, Decision, Directory, Fact, ForcedAction, OfferOutcome, QueueId, Strategy, Wish,
};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

#[derive(Clone, Debug)]
pub(crate) struct Reference {
    /// The newest.
    pub(crate) directory: Arc<Directory>,
    /// What each shard goes by, while a reload has not come to all of them.
    homes: Vec<Arc<Directory>>,
    /// `None`: draws cannot be repeated, and a drawn winner is taken as told.
    seed: Option<u64>,
    pub(crate) agents: Vec<Clocks>,
    /// Who got contacts of a queue and when, the latest last.
    pub(crate) given: HashMap<QueueId, Vec<(AgentId, Instant)>>,
    talking: HashMap<QueueId, i64>,
    /// Reserves that have joined, since when; and when each changed last.
    pub(crate) joined: HashMap<(QueueId, u8), Instant>,
    switched: HashMap<(QueueId, u8), Instant>,
    /// When each left last.
    pub(crate) left: HashMap<(QueueId, u8), Instant>,
    /// Those a reload has sent away, whatever their rules say.
    dismissed: HashSet<(QueueId, u8)>,
    /// Whether people want them there.
    ordered: HashMap<(QueueId, u8), bool>,
    pub(crate) waiting: Vec<Waiting>,
    /// Nobody's step ends before this.
    pub(crate) next_step: Instant,
    /// Offered, Answered, Abandoned, Flowed out.
    pub(crate) counts: [usize; 4],
    pub(crate) decisions: usize,
    /// `Some`: decisions about all others are followed and not judged.
    pub(crate) only: Option<ContactId>,
    /// `Some`: several shards wrote the facts.
    pub(crate) unsettled: Option<Unsettled>,
    /// When somebody came into a queue or left it last.
    touched: HashMap<QueueId, Instant>,
    /// What is told came about some time ago.
    pub(crate) late: bool,
    /// Somebody has just claimed him and will give him back: what he was claimed for is gone, or is over before his home
    /// has heard of it.
    pub(crate) claimed: Option<(AgentId, Option<ContactId>)>,
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
    pub(crate) priority: i32,
    pub(crate) entered: Instant,
    /// Into this queue.
    pub(crate) queued: Instant,
    /// Who is to be called back waits since he first came, also when he is on the line.
    pub(crate) shown_since: Instant,
    pub(crate) wish: Wish,
    /// The step of the queue it stands on; more than one when that cannot be said.
    pub(crate) steps: Vec<Possible>,
    /// For whom it is kept, until when.
    pub(crate) kept: Option<(AgentId, Instant)>,
    /// So much longer, or not: whether he served the queue when it came cannot be said.
    pub(crate) kept_longer: Duration,
    /// Whose phones ring for it, and all whose phones rang since the first of them did.
    pub(crate) ringing: Vec<AgentId>,
    pub(crate) round: Vec<AgentId>,
    round_since: Instant,
    /// It was to be called back when the first of them rang: no other rings.
    rings_one: bool,
    failed: bool,
    /// Its offer was withdrawn: it is looked at again in a moment, or after a pause when it was not the first.
    pub(crate) held: bool,
    held_until: Option<Instant>,
    pub(crate) refused: Vec<(AgentId, Instant)>,
    tries: u8,
    /// When it was told of last.
    pub(crate) touched: Instant,
    /// By so much later than it was told its queue may have heard of it; what that began ends later too.
    pub(crate) late: Duration,
    late_since: Option<Instant>,
}

impl Waiting {
    /// A callback that is not to be made now: it is in no line.
    pub(crate) fn is_aside(&self) -> bool {
        self.held && self.held_until == Some(Instant::FAR_FUTURE)
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
            directory: Arc::new(directory.clone()),
            homes: Vec::new(),
            seed,
            agents: vec![Clocks::new(); directory.agents.len()],
            given: HashMap::new(),
            talking: HashMap::new(),
            joined: HashMap::new(),
            switched: HashMap::new(),
            left: HashMap::new(),
            dismissed: HashSet::new(),
            ordered: HashMap::new(),
            waiting: Vec::new(),
            next_step: Instant::FAR_FUTURE,
            counts: [0; 4],
            decisions: 0,
            only: None,
            claimed: None,
            late: false,
            unsettled: None,
            touched: HashMap::new(),
            inputs: 0,
            facts: 0,
            changed: Vec::new(),
            moved: Vec::new(),
            doubts: Vec::new(),
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

    /// `known`: the contact's wish, which facts do not tell, and its first enqueue time where they do not tell it.
    pub(crate) fn fact(&mut self, now: Instant, fact: &Fact, known: impl Fn(ContactId) -> (Instant, Wish)) {
        self.facts += 1;
        self.follow(now);
        match fact {
            Fact::Queued { contact, queue, priority, position, kept } => {
                let (first, wish) = known(*contact);
                let entered = kept.map_or(first, |kept| now - kept);
                self.queued(now, (*contact, *queue, *priority), *position, (entered, wish));
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
            Fact::Aside { contact, aside, .. } => self.aside(now, *contact, *aside),
            Fact::Forced { .. } | Fact::WaitForetold { .. } | Fact::Warned { .. } => {}
            Fact::Reserve { queue, place, change, .. } => self.reserve(now, (*queue, *place), *change),
            Fact::ReservationExpired { contact, agent } => {
                let who = self.name(*agent);
                let doubt = format!("a reservation of {who} for {contact} was not confirmed in time and was given up");
                self.doubts.push(doubt.into());
            }
            _ => self.doubts.push("a fact came among these that no distributor writes".into()),
        }
        self.follow(now);
        match fact {
            Fact::Queued { contact, queue, .. }
            | Fact::Offered { contact, queue, .. }
            | Fact::OfferEnded { contact, queue, .. }
            | Fact::Connected { contact, queue, .. }
            | Fact::Abandoned { contact, queue, .. }
            | Fact::Aside { contact, queue, .. }
            | Fact::FlowedOut { contact, queue, .. } => self.touch(now, *contact, *queue),
            _ => {}
        }
        let [offered, answered, abandoned, flowed] = self.counts;
        let accounted = answered + abandoned + flowed + self.waiting.len();
        self.hold(offered == accounted, || {
            format!("{offered} contacts came into queues, and {accounted} are accounted for")
        });
    }

    fn touch(&mut self, now: Instant, contact: ContactId, queue: QueueId) {
        self.moved.push(contact);
        self.touched.insert(queue, now);
        let waiting = self.waiting.iter_mut().find(|w| w.contact == contact);
        let late = self.late;
        waiting.into_iter().for_each(|w| {
            w.touched = now;
            w.late_since = w.late_since.or(Some(now).filter(|_| late));
        });
    }

    /// Whatever was told late its queue has heard by now.
    pub(crate) fn heard(&mut self, now: Instant) {
        for w in &mut self.waiting {
            let late = w.late_since.take().map_or(Duration::ZERO, |since| now.since(since));
            w.late = w.late.max(late);
        }
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
        let (kept, kept_longer) = self.kept(now, queue, wish);
        let queued = if self.late { entered } else { now };
        let new = Waiting {
            contact,
            queue,
            priority,
            entered,
            queued,
            shown_since: if wish.called_back { entered.min(queued) } else { queued },
            wish,
            steps: vec![],
            kept,
            kept_longer,
            ringing: vec![],
            round: vec![],
            round_since: now,
            rings_one: false,
            failed: false,
            held: false,
            held_until: None,
            refused: vec![],
            tries: 0,
            touched: now,
            late: Duration::ZERO,
            late_since: None,
        };
        let before = |w: &&Waiting| w.queue == queue && w.ringing.is_empty() && self.place(w) < self.place(&new);
        // Those who are held come back into the line at some time in this millisecond.
        let (held, waiting): (Vec<_>, Vec<_>) = self.waiting.iter().filter(before).partition(|w| w.held);
        // A callback outside its hours is told by its own home, which does not know who is just being offered.
        let all = self.waiting.iter().filter(|w| w.queue == queue).count();
        let last = if new.wish.called_back { all } else { waiting.len() + held.len() };
        let range = waiting.len() + 1..=last + 1;
        let there = range.contains(&(position as usize));
        let (first, last) = (range.start(), range.end());
        self.hold(there || self.stirs(now, queue), || {
            format!("{contact} was told to come in at place {position}; by the facts it is from {first} to {last}")
        });
        // Its conditions count it in.
        self.waiting.push(new);
        let at = self.waiting.len() - 1;
        let steps = self.steps_from(now, &self.waiting[at], 0);
        self.stand_on(at, steps);
    }

    /// Between two inputs nobody is ready for anybody who waits, or for whom every phone shall ring.
    pub(crate) fn quiet(&mut self, now: Instant) {
        self.reserves_are_right(now);
        self.follow(now);
        for at in 0..self.waiting.len() {
            let w = &self.waiting[at];
            let rings_all = self.queue(w.queue).strategy == Strategy::RingAll && !w.rings_one;
            if w.held || !(w.ringing.is_empty() || rings_all) {
                continue;
            }
            let idle = self.all().find(|a| self.is_ready(*a) && self.may_get(now, w, *a, Edge::Both));
            if let Some(agent) = idle {
                self.doubts.push(format!("{} is ready while {} waits", self.name(agent), w.contact).into());
            }
        }
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
            let kept = |w: &&mut Waiting| w.kept.is_some_and(|(keeper, _)| keeper == id);
            self.waiting.iter_mut().filter(kept).for_each(|w| w.keep_no_more(now));
        }
    }

    /// The reservation is told before the offer: the agent is out of the ready ones already.
    fn offered(&mut self, now: Instant, contact: ContactId, queue: QueueId, id: AgentId, written: Option<&Decision>) {
        self.decisions += 1;
        let state = self.agents[id.index()].state;
        let overtaken =
            self.claimed == Some((id, Some(contact))) || self.unsettled.as_ref().is_some_and(|u| u.overtaken);
        let known = state == AgentState::Reserved { contact } || overtaken;
        let other = (!known).then(|| {
            let who = self.name(id);
            format!("{contact} is offered to {who}, who is {}", state.word()).into()
        });
        self.doubts.extend(other);
        let Some(at) = self.waiting.iter().position(|w| w.contact == contact && w.queue == queue) else {
            return self.doubts.push(format!("{contact} is offered and does not wait").into());
        };
        self.waiting[at].held = false;
        let judged = self.only.is_none_or(|only| only == contact);
        let chosen = judged.then(|| self.waiting[at].clone());
        if let Some(chosen) = &chosen {
            self.judge(now, chosen, id);
        }
        self.given.entry(queue).or_default().push((id, now));
        self.agents[id.index()].offered = now;
        let ringing = &mut self.waiting[at];
        if ringing.ringing.is_empty() {
            // Told late, it began earlier.
            ringing.round_since = if self.late { ringing.queued } else { now };
            ringing.rings_one = ringing.wish.called_back;
        }
        ringing.ringing.push(id);
        ringing.round.push(id);
        if let Some((written, chosen)) = written.zip(chosen.as_ref()) {
            let doubts = self.recount(now, chosen, id, written);
            self.doubts.extend(doubts);
        }
    }

    /// Is it the offer the rules ask for?
    fn judge(&mut self, now: Instant, chosen: &Waiting, id: AgentId) {
        let contact = chosen.contact;
        let eligible: Vec<_> = chosen.readings().filter(|c| self.may_get(now, c, id, Edge::Either)).collect();
        let name = self.name(id).to_owned();
        let may = !eligible.is_empty() || self.may_have_got(now, chosen, id);
        self.hold(may, || format!("{name} may not get {contact}"));
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

    /// A callback that is not to be made now stands in nobody's way.
    fn aside(&mut self, now: Instant, contact: ContactId, aside: bool) {
        let Some(at) = self.waiting.iter().position(|w| w.contact == contact) else {
            return self.doubts.push(format!("{contact} stands aside and does not wait").into());
        };
        let waiting = &mut self.waiting[at];
        waiting.held = aside;
        waiting.held_until = aside.then_some(Instant::FAR_FUTURE);
        if !aside {
            // It comes into the line like one that is new there, but for its place.
            (waiting.tries, waiting.failed) = (0, false);
            waiting.refused.clear();
            waiting.round.clear();
            let (queue, wish) = (waiting.queue, waiting.wish);
            (self.waiting[at].kept, self.waiting[at].kept_longer) = self.kept(now, queue, wish);
            let steps = self.steps_from(now, &self.waiting[at], 0);
            self.stand_on(at, steps);
        }
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

    /// Its customer waits himself from now on.
    pub(crate) fn on_the_line(&mut self, contact: ContactId) {
        let waiting = self.waiting.iter_mut().filter(|w| w.contact == contact);
        waiting.for_each(|w| w.wish.called_back = false);
    }

    pub(crate) fn queue_of(&self, contact: ContactId) -> Option<QueueId> {
        self.waiting.iter().find(|w| w.contact == contact).map(|w| w.queue)
    }

    /// Claimed for a contact of the queue, which came to nothing.
    pub(crate) fn was_asked(&mut self, now: Instant, agent: AgentId, queue: QueueId) {
        self.given.entry(queue).or_default().push((agent, now));
        self.agents[agent.index()].offered = now;
    }

    pub(crate) fn rings(&self, contact: ContactId, agent: AgentId) -> bool {
        self.waiting.iter().any(|w| w.contact == contact && w.ringing.contains(&agent))
    }

    /// Whoever is not held any more must have been looked at by now.
    pub(crate) fn look_again(&mut self, now: Instant) {
        self.waiting.iter_mut().for_each(|w| w.held &= w.held_until.is_some_and(|until| until + w.late > now));
    }

    fn left(&mut self, contact: ContactId, queue: QueueId, how: usize) {
        let at = self.waiting.iter().position(|w| w.contact == contact && w.queue == queue);
        match at {
            Some(at) => _ = self.waiting.swap_remove(at),
            None => self.doubts.push(format!("{contact} leaves and was not in the queue").into()),
        }
        self.counts[how] += 1;
    }
}
