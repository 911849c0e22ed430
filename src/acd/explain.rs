//! Why a contact went to one agent and not to another: the moments of its waiting, looked at through the reference.
//!
//! Whoever explains feeds the facts of one start, in their order, into an [`Explainer`]; the reference distributor
//! follows them, and at each moment that mattered to the contact it is asked what it sees. So the explanation is made by
//! other code than the decision, and where the two disagree that is said too.

mod callback;
mod moment;
mod rivals;
mod shards;

pub use moment::{
    By, Called, Candidate, Closed, Lack, Later, Moment, PartWaited, Passed, Regime, Score, Told, Verdict, What,
};

use crate::limits::AHEAD_SHOWN;
use crate::reference::Reference;
use base::Instant;
pub(crate) use rivals::points;
pub use rivals::{Rival, Standing};

use callback::Attempts;
use core::time::Duration;
use model::{Actor, AgentId, AgentState, ContactId, Directory, Fact, Next, OfferOutcome, QueueId, ReserveChange, Wish};
use shards::Log;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Our contact's last round of offers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rang {
    pub(crate) until: Instant,
    /// The last of them.
    pub(crate) at: AgentId,
    pub(crate) phones: usize,
}

/// Follows the facts of one start and keeps what concerns one contact.
#[derive(Debug)]
pub struct Explainer {
    contact: ContactId,
    reference: Reference,
    /// When each contact first came into a queue: as it was told, or by the first fact of it.
    entered: HashMap<ContactId, Instant>,
    /// What each contact asked when it came into the queue it is in.
    judged: HashMap<ContactId, (QueueId, Wish)>,
    /// Contacts that wait in their customers' stead.
    callbacks: HashSet<ContactId>,
    /// To reach our customer.
    attempts: Attempts,
    /// The contact of a queue each agent talks with.
    talks: HashMap<AgentId, (ContactId, QueueId)>,
    /// Who has taken a call whose customer must be reached first.
    attending: HashSet<AgentId>,
    /// The reserves that serve each queue now.
    called: HashMap<(QueueId, u8), Called>,
    rang: Option<Rang>,
    at: Instant,
    moments: Vec<Moment>,
    /// Several shards wrote the log.
    log: Option<Log>,
}

impl Explainer {
    pub fn new(directory: &Directory, contact: ContactId) -> Self {
        // Judging takes a look at everybody: a day of a large house would take minutes.
        let mut reference = Reference::new(directory, None);
        reference.only = Some(contact);
        Explainer {
            contact,
            reference,
            entered: HashMap::new(),
            judged: HashMap::new(),
            callbacks: HashSet::new(),
            attempts: Attempts::default(),
            talks: HashMap::new(),
            attending: HashSet::new(),
            called: HashMap::new(),
            rang: None,
            at: Instant::ZERO,
            moments: Vec::new(),
            log: (directory.limits.shards > 1).then(Log::default),
        }
    }

    /// The configuration was read anew; indices keep their meaning.
    pub fn configure(&mut self, now: Instant, directory: &Directory) {
        self.take_waiting(None);
        self.reference.configure(now, directory);
    }

    /// How many there are so far.
    pub fn moments(&self) -> usize {
        self.moments.len()
    }

    /// One fact of the start, in the order of the log.
    pub fn handle_fact(&mut self, now: Instant, fact: &Fact) {
        let Some(log) = &mut self.log else { return self.take(now, fact) };
        log.push(now, fact.clone());
        self.take_waiting(Some(now));
    }

    /// Facts of several shards, each when what belongs before it has come. `None`: nothing more comes.
    fn take_waiting(&mut self, read: Option<Instant>) {
        while let Some((at, fact)) = self.log.as_mut().and_then(|log| log.next(read)) {
            for (at, before) in self.belongs_before(at, &fact) {
                self.take(at, &before);
            }
            self.look_around(at, &fact, read.is_some());
            self.take(at, &fact);
        }
    }

    fn belongs_before(&mut self, at: Instant, fact: &Fact) -> Vec<(Instant, Fact)> {
        let Some(log) = &mut self.log else { return Vec::new() };
        let Fact::Offered { contact, queue, agent, .. } = *fact else { return Vec::new() };
        let (mut before, reserved) = (Vec::new(), AgentState::Reserved { contact });
        if self.reference.agents[agent.index()].state != reserved {
            before = log.until_reserved(at, agent, reserved);
        }
        let place = self.reference.directory.reserve_place(queue, agent);
        if let Some(place) = place.filter(|_| !self.reference.serves(agent, queue)) {
            before.extend(log.joined(at, queue, place as u8));
        }
        before
    }

    /// Tells the reference what may have been otherwise, where it will be asked.
    fn look_around(&mut self, at: Instant, fact: &Fact, complete: bool) {
        let asked = match fact {
            Fact::Offered { .. } => self.reference.waited(at, self.contact).is_some(),
            Fact::Queued { contact, .. } | Fact::Abandoned { contact, .. } | Fact::FlowedOut { contact, .. } => {
                *contact == self.contact
            }
            _ => false,
        };
        if let Some(log) = self.log.as_ref().filter(|_| asked) {
            self.reference.unsettled = Some(log.unsettled(at, fact, complete));
        }
    }

    fn take(&mut self, now: Instant, fact: &Fact) {
        // A contact whose offer was taken back is looked at again later, not at the same instant.
        self.reference.look_again(now - Duration::from_nanos(1));
        self.reference.follow(now);
        if self.at != now {
            self.at = now;
            self.reference.next_input();
        }
        if self.alone(now, fact) {
            return;
        }
        match fact {
            Fact::Queued { contact, queue, kept, .. } => {
                match kept {
                    Some(kept) => _ = self.entered.insert(*contact, now - *kept),
                    None => _ = self.entered.entry(*contact).or_insert(now),
                }
                if self.judged.get(contact).is_some_and(|(judged, _)| judged != queue) {
                    self.judged.remove(contact);
                }
            }
            Fact::Connected { contact, agent, queue, .. } => {
                // He answered, and his customer too.
                self.attending.remove(agent);
                self.talks.insert(*agent, (*contact, *queue));
            }
            Fact::OfferEnded { contact, agent, .. } if *contact == self.contact => {
                self.rang = Some(Rang { until: now, at: *agent, phones: self.reference.rung(*contact) });
            }
            Fact::Reserve { queue, place, change, by } => self.called(now, (*queue, *place), *change, by.as_ref()),
            // The rule as it stood then, whatever the configuration says now.
            Fact::Offered { queue, decision: Some(decision), .. } => {
                let rules = &mut Arc::make_mut(&mut self.reference.directory).queues[queue.index()];
                (rules.strategy, rules.idle_clock) = (decision.strategy, decision.idle_clock);
            }
            _ => {}
        }
        let (before, rivals) = (self.before(now, fact), self.rivals(now, fact));
        self.release(now, fact);
        let (entered, judged, callbacks) = (&self.entered, &self.judged, &self.callbacks);
        self.reference.fact(now, fact, |contact| {
            let entered = entered.get(&contact).copied().unwrap_or(now);
            let wish = judged.get(&contact).map_or(Wish::default(), |(_, wish)| *wish);
            (entered, Wish { called_back: callbacks.contains(&contact), ..wish })
        });
        let doubts = self.reference.take_doubts();
        if let Some((what, candidates)) = before.or_else(|| self.after(now, fact)) {
            let rivals = if self.competes(&what) { rivals } else { Vec::new() };
            self.moments.push(Moment { at: now, what, candidates, rivals, doubts });
        }
    }

    fn called(&mut self, now: Instant, key: (QueueId, u8), change: ReserveChange, by: Option<&Actor>) {
        let why = match change {
            ReserveChange::Joined(why) => Some(why),
            ReserveChange::CalledIn => None,
            ReserveChange::Left | ReserveChange::SentAway => {
                self.called.remove(&key);
                return;
            }
            ReserveChange::Adjusted(_) => return,
        };
        self.called.insert(key, Called { place: key.1, since: now, why, by: by.cloned() });
    }

    /// Facts that are not from the distributor; true when this was one.
    fn alone(&mut self, now: Instant, fact: &Fact) -> bool {
        let (contact, what) = match fact {
            Fact::Judged { contact, queue, judgement } => {
                self.judged.insert(*contact, (*queue, judgement.wish()));
                (*contact, What::Judged { queue: *queue, judgement: *judgement })
            }
            Fact::MessageLeft { contact, queue, duration, .. } => {
                (*contact, What::MessageLeft { queue: *queue, duration: *duration })
            }
            Fact::TalkEnded { contact, agent, .. } => {
                self.talk_ended(now, *contact, *agent);
                return true;
            }
            Fact::ContactEnded { contact, .. } => {
                self.ended(now, *contact);
                return true;
            }
            _ => return self.callback(now, fact),
        };
        if contact == self.contact {
            self.tell(now, what);
        }
        true
    }

    pub fn into_moments(mut self) -> Vec<Moment> {
        self.take_waiting(None);
        // An offer that is taken back is told before the one for which it was.
        for at in 0..self.moments.len() {
            let (now, later) = (self.moments[at].at, &self.moments[at + 1..]);
            let won = later.iter().take_while(|m| m.at == now).find_map(|moment| match moment.what {
                What::Connected { agent, .. } => Some(agent),
                _ => None,
            });
            if let What::OfferEnded { agent, outcome: OfferOutcome::Withdrawn, winner } = &mut self.moments[at].what {
                *winner = won.filter(|won| won != agent);
            }
        }
        self.moments
    }

    /// Of a talk that never began nobody tells the end.
    fn ended(&mut self, now: Instant, contact: ContactId) {
        let talks = self.talks.iter().filter(|(_, (talk, _))| *talk == contact).map(|(agent, _)| *agent);
        for agent in talks.collect::<Vec<_>>() {
            self.talk_ended(now, contact, agent);
        }
    }

    /// He may go on with a call of his own.
    fn talk_ended(&mut self, now: Instant, contact: ContactId, agent: AgentId) {
        if self.talks.get(&agent).is_some_and(|(talk, _)| *talk == contact) {
            let over = self.talks.remove(&agent).map(|(_, queue)| queue);
            self.reference.released(now, agent, over);
        }
    }

    /// The end of all his calls, his own too, is told by his next state only. Who was on the line for a customer who was
    /// not reached has talked with nobody.
    fn release(&mut self, now: Instant, fact: &Fact) {
        let Fact::AgentChanged { agent, state, .. } = fact else { return };
        match (self.reference.agents[agent.index()].state, state) {
            (AgentState::Busy { .. }, AgentState::Busy { .. }) => {}
            (_, AgentState::Busy { contact }) if self.reference.rings(*contact, *agent) => {
                self.attending.insert(*agent);
            }
            (AgentState::Busy { .. }, _) if !self.attending.remove(agent) => {
                // Of several shards his home may tell this before the contact's tells the end of the talk.
                let over = self.talks.remove(agent).map(|(_, queue)| queue);
                self.reference.released(now, *agent, over);
            }
            _ => {}
        }
    }

    /// Who competed for the agent of an offer that concerns us.
    fn rivals(&self, now: Instant, fact: &Fact) -> Vec<Rival> {
        match fact {
            Fact::Offered { contact, agent, decision, .. } if *contact == self.contact => {
                self.reference.rivals(now, *contact, *agent, decision.as_ref())
            }
            Fact::Offered { contact, agent, .. } => self.reference.pair(now, *contact, self.contact, *agent),
            _ => Vec::new(),
        }
    }

    /// Contacts were compared, not agents.
    fn competes(&self, what: &What) -> bool {
        match what {
            What::Offered { regime, .. } => *regime == Regime::ContactSurplus,
            What::Passed { why, .. } => !matches!(why, Passed::NotForUs | Passed::Crossed),
            _ => false,
        }
    }

    /// What must be seen before the reference has taken the fact.
    fn before(&self, now: Instant, fact: &Fact) -> Option<(What, Vec<Candidate>)> {
        match *fact {
            Fact::Offered { contact, queue, agent, decision } if contact == self.contact => {
                let waited = self.reference.waited(now, contact)?;
                let regime = match decision.map(|decision| decision.next) {
                    Some(Next::Agents(_)) => Regime::AgentSurplus,
                    Some(Next::Contacts(_)) => Regime::ContactSurplus,
                    None => self.reference.regime(contact, agent),
                };
                let place = self.reference.directory.reserve_place(queue, agent);
                let called = place.and_then(|place| self.called.get(&(queue, place as u8)).cloned());
                let what = What::Offered { queue, agent, regime, waited, decision, called };
                Some((what, self.reference.candidates(now, contact, Some(agent))))
            }
            Fact::Offered { contact, agent, .. } => {
                let (why, candidate) = self.reference.passed(now, self.contact, contact, agent)?;
                Some((What::Passed { agent, contact, why }, candidate.into_iter().collect()))
            }
            Fact::Abandoned { contact, waited, .. } if contact == self.contact => {
                let offers = self.moments.iter().filter(|m| matches!(m.what, What::Offered { .. })).count();
                Some((What::Abandoned { waited, offers }, self.reference.left_behind(now, contact, self.rang)))
            }
            Fact::FlowedOut { contact, queue, waited, why, .. } if contact == self.contact => {
                // Who is turned away at the door was never offered to anybody.
                let candidates = match waited {
                    Duration::ZERO => Vec::new(),
                    _ => self.reference.left_behind(now, contact, self.rang),
                };
                Some((What::FlowedOut { queue, why, waited }, candidates))
            }
            _ => None,
        }
    }

    fn after(&self, now: Instant, fact: &Fact) -> Option<(What, Vec<Candidate>)> {
        let ours = |contact: ContactId| contact == self.contact;
        let what = match *fact {
            Fact::Queued { contact, queue, priority, .. } if ours(contact) => {
                let mut ahead = self.reference.ahead(contact);
                let place = ahead.len() + 1;
                ahead.truncate(AHEAD_SHOWN);
                let kept = now - self.entered.get(&contact).copied().unwrap_or(now);
                let what = What::Entered { queue, priority, place, ahead, kept };
                let mut candidates = self.reference.candidates(now, contact, None);
                // Somebody is ready: the next moment is its offer, which says more.
                if candidates.iter().any(|c| matches!(c.verdict, Verdict::Unexplained | Verdict::Crossed)) {
                    candidates.clear();
                }
                return Some((what, candidates));
            }
            Fact::OfferEnded { contact, agent, outcome, .. } if ours(contact) => {
                What::OfferEnded { agent, outcome, winner: None }
            }
            Fact::Connected { contact, agent, waited, .. } if ours(contact) => What::Connected { agent, waited },
            Fact::Aside { contact, queue, aside, why } if ours(contact) => match aside {
                true => self.aside(now, queue, why),
                false => What::BackInLine { queue },
            },
            Fact::Reserve { queue, place, change, ref by } if self.reference.waits_in(self.contact, queue) => {
                What::Reserve { queue, place, change, by: by.clone() }
            }
            Fact::Warned { contact, queue, expected, length } if ours(contact) => {
                What::Warned { queue, expected, length }
            }
            _ => return None,
        };
        Some((what, Vec::new()))
    }
}
