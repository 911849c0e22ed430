//! Why a contact went to one agent and not to another: the moments of its waiting, looked at through the reference.
//!
//! Whoever explains feeds the facts of one start, in their order, into an [`Explainer`]; the reference distributor
//! follows them, and at each moment that mattered to the contact it is asked what it sees. So the explanation is made by
//! other code than the decision, and where the two disagree that is said too.

use crate::reference::Reference;
use base::Instant;
use core::time::Duration;
use model::{
    AgentId, AgentState, CallbackStep, ContactId, Decision, Directory, Fact, FlowReason, Joined, Judgement, Next,
    NotReadyReason, OfferOutcome, QueueId, ReserveChange, SkillId, Wish,
};
use std::collections::HashMap;

/// Others whose turn came before are shown up to so many.
const AHEAD_SHOWN: usize = 8;

/// Follows the facts of one start and keeps what concerns one contact.
#[derive(Debug)]
pub struct Explainer {
    contact: ContactId,
    reference: Reference,
    /// When each contact first came into a queue.
    entered: HashMap<ContactId, Instant>,
    /// What each contact asked when it came into the queue it is in.
    judged: HashMap<ContactId, (QueueId, Wish)>,
    /// The queue whose contact each agent talks with.
    talks: HashMap<AgentId, QueueId>,
    /// The reserves that serve each queue now.
    called: HashMap<(QueueId, u8), Called>,
    at: Instant,
    moments: Vec<Moment>,
}

/// Something that was decided about the contact.
#[derive(Clone, PartialEq, Debug)]
pub struct Moment {
    pub at: Instant,
    pub what: What,
    /// The queue's agents as they stood; those that could not be chosen with the reason. The chosen first.
    pub candidates: Vec<Candidate>,
    /// Where the facts and the reference do not agree, in words.
    pub doubts: Vec<Box<str>>,
}

#[derive(Clone, PartialEq, Debug)]
pub enum What {
    /// The queue's rules, or the agent who knows the caller, made something of it before it came in.
    Judged {
        queue: QueueId,
        judgement: Judgement,
    },
    /// The customer hung up to be called back: from here on his contact waits in his stead.
    CallbackArranged {
        queue: QueueId,
    },
    /// It came into the queue, and nobody could take it at once.
    Entered {
        queue: QueueId,
        priority: i32,
        place: usize,
        ahead: Vec<ContactId>,
    },
    /// It was offered to an agent.
    Offered {
        queue: QueueId,
        agent: AgentId,
        regime: Regime,
        waited: Duration,
        /// As it was written down; `None`: by a version that kept none.
        decision: Option<Decision>,
        /// He is not the queue's own, and serves it since then.
        called: Option<Called>,
    },
    /// While it waited others joined the queue, or left it.
    Reserve {
        queue: QueueId,
        place: u8,
        change: ReserveChange,
    },
    /// An agent who serves the queue got another contact.
    Passed {
        agent: AgentId,
        contact: ContactId,
        why: Passed,
    },
    OfferEnded {
        agent: AgentId,
        outcome: OfferOutcome,
        /// Who answered first, when it was taken back for that.
        winner: Option<AgentId>,
    },
    Connected {
        agent: AgentId,
        waited: Duration,
    },
    /// `offers`: how often it had been offered before.
    Abandoned {
        waited: Duration,
        offers: usize,
    },
    FlowedOut {
        queue: QueueId,
        why: FlowReason,
        waited: Duration,
    },
}

/// One of a queue's reserves that has joined it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Called {
    /// In the queue's list.
    pub place: u8,
    pub since: Instant,
    /// `None`: by hand.
    pub why: Option<Joined>,
}

/// Which side there was more of (features: A1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Regime {
    /// Agents were ready when the contact came: one of them was chosen for it.
    AgentSurplus,
    /// Contacts waited when the agent became ready: this one was chosen for him.
    ContactSurplus,
}

/// What a contact has waited, beside the objective of its queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PartWaited {
    pub queue: QueueId,
    pub waited: Duration,
    pub objective: Duration,
}

/// Why an agent got another contact first.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Passed {
    /// It has the higher priority, waiting included: the points of both.
    MorePressing { own: f64, other: f64 },
    /// It has waited the larger part of its queue's objective.
    LargerPart { own: PartWaited, other: PartWaited },
    /// It was there earlier.
    Earlier,
    /// This agent could not be given ours at the time; the moment's candidate says why.
    NotForUs,
}

/// An agent at a moment.
#[derive(Clone, PartialEq, Debug)]
pub struct Candidate {
    pub agent: AgentId,
    pub verdict: Verdict,
    /// By the queue's strategy; `None` when he was not to be compared.
    pub score: Option<Score>,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Verdict {
    Chosen,
    /// Ready and able, and after so many others, the last of them this one.
    Behind {
        others: usize,
        after: AgentId,
    },
    /// Ready and able, and as many talk with contacts of the queue as may.
    Full {
        most: u32,
    },
    SignedOff {
        since: Instant,
    },
    NotReady {
        reason: NotReadyReason,
        since: Instant,
    },
    /// Reserved, busy or in wrap-up.
    Engaged {
        state: AgentState,
        since: Instant,
    },
    /// He refused this contact a moment ago.
    Refused {
        until: Instant,
    },
    /// His phone rang for it in this same round: among phones that ring together nobody is rung twice.
    Rang,
    /// He lacks what the contact asks: what he comes nearest to, with each level that is missing.
    Lacks {
        missing: Vec<Lack>,
        /// The step that asks it, counted from 0, and the later one that does not ask it of him any more.
        step: usize,
        later: Option<Later>,
    },
    /// The contact is kept for somebody who knows the customer.
    KeptFor {
        agent: AgentId,
        until: Instant,
    },
    /// He was free and could have been given it, and was not: the reference would have.
    Unexplained,
    /// He is of this reserve of the queue, which has not joined it.
    InReserve {
        queue: QueueId,
        place: u8,
    },
}

/// A step yet to come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Later {
    pub step: usize,
    pub at: Instant,
    /// It is taken only if its condition holds then.
    pub conditional: bool,
}

/// A level an agent does not have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lack {
    pub skill: SkillId,
    pub has: u8,
    pub least: u8,
    pub most: u8,
}

/// What the strategy went by, and the idle time that decides between equals.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Score {
    pub by: By,
    pub idle: Duration,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum By {
    Idle,
    /// How many contacts of the queue were given out since his last; `None`: he had none.
    Turn(Option<usize>),
    Calls(usize),
    /// Share of his time in which he worked.
    Occupied(f64),
    /// His place in the configuration.
    Place(u32),
    /// Tickets in the draw.
    Tickets(u32),
    /// His mean level in what is asked.
    Level(u32),
    /// Skills and queues he has.
    Versatility(u32),
    /// All who are ready ring.
    Everybody,
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
            talks: HashMap::new(),
            called: HashMap::new(),
            at: Instant::ZERO,
            moments: Vec::new(),
        }
    }

    /// The configuration was read anew; indices keep their meaning.
    pub fn configure(&mut self, now: Instant, directory: &Directory) {
        self.reference.configure(now, directory);
    }

    /// How many there are so far.
    pub fn moments(&self) -> usize {
        self.moments.len()
    }

    /// One fact of the start, in the order of the log.
    pub fn handle_fact(&mut self, now: Instant, fact: &Fact) {
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
            Fact::Queued { contact, queue, .. } => {
                self.entered.entry(*contact).or_insert(now);
                if self.judged.get(contact).is_some_and(|(judged, _)| judged != queue) {
                    self.judged.remove(contact);
                }
            }
            Fact::Connected { agent, queue, .. } => _ = self.talks.insert(*agent, *queue),
            Fact::Reserve { queue, place, change } => self.called(now, *queue, *place, *change),
            // The rule as it stood then, whatever the configuration says now.
            Fact::Offered { queue, decision: Some(decision), .. } => {
                let rules = &mut self.reference.directory.queues[queue.index()];
                (rules.strategy, rules.idle_clock) = (decision.strategy, decision.idle_clock);
            }
            _ => {}
        }
        let before = self.before(now, fact);
        self.release(now, fact);
        let (entered, judged) = (&self.entered, &self.judged);
        self.reference.fact(now, fact, |contact| {
            let entered = entered.get(&contact).copied().unwrap_or(now);
            (entered, judged.get(&contact).map_or(Wish::default(), |(_, wish)| *wish))
        });
        let doubts = self.reference.take_doubts();
        if let Some((what, candidates)) = before.or_else(|| self.after(now, fact)) {
            self.moments.push(Moment { at: now, what, candidates, doubts });
        }
    }

    fn called(&mut self, now: Instant, queue: QueueId, place: u8, change: ReserveChange) {
        let why = match change {
            ReserveChange::Joined(why) => Some(why),
            ReserveChange::CalledIn => None,
            ReserveChange::Left | ReserveChange::SentAway => {
                self.called.remove(&(queue, place));
                return;
            }
            ReserveChange::Adjusted(_) => return,
        };
        self.called.insert((queue, place), Called { place, since: now, why });
    }

    /// Facts that are not from the distributor; true when this was one.
    fn alone(&mut self, now: Instant, fact: &Fact) -> bool {
        let (contact, what) = match fact {
            Fact::Judged { contact, queue, judgement } => {
                self.judged.insert(*contact, (*queue, judgement.wish()));
                (*contact, What::Judged { queue: *queue, judgement: *judgement })
            }
            Fact::Callback { contact, step: CallbackStep::Arranged, promise, .. } => {
                (*contact, What::CallbackArranged { queue: promise.queue })
            }
            _ => return false,
        };
        if contact == self.contact {
            self.moments.push(Moment { at: now, what, candidates: Vec::new(), doubts: Vec::new() });
        }
        true
    }

    pub fn into_moments(mut self) -> Vec<Moment> {
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

    /// The end of a talk is told by the agent's next state only.
    fn release(&mut self, now: Instant, fact: &Fact) {
        let Fact::AgentChanged { agent, state, .. } = fact else { return };
        let was = self.reference.agents[agent.index()].state;
        if matches!(was, AgentState::Busy { .. }) && !matches!(state, AgentState::Busy { .. }) {
            self.reference.released(now, *agent, self.talks.remove(agent));
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
                let called = place.and_then(|place| self.called.get(&(queue, place as u8)).copied());
                let what = What::Offered { queue, agent, regime, waited, decision, called };
                Some((what, self.reference.candidates(now, contact, Some(agent))))
            }
            Fact::Offered { contact, agent, .. } => {
                let (why, candidate) = self.reference.passed(now, self.contact, contact, agent)?;
                Some((What::Passed { agent, contact, why }, candidate.into_iter().collect()))
            }
            Fact::Abandoned { contact, waited, .. } if contact == self.contact => {
                let offers = self.moments.iter().filter(|m| matches!(m.what, What::Offered { .. })).count();
                Some((What::Abandoned { waited, offers }, self.reference.candidates(now, contact, None)))
            }
            Fact::FlowedOut { contact, queue, waited, why, .. } if contact == self.contact => {
                // Who is turned away at the door was never offered to anybody.
                let candidates = match waited {
                    Duration::ZERO => Vec::new(),
                    _ => self.reference.candidates(now, contact, None),
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
                let what = What::Entered { queue, priority, place, ahead };
                let mut candidates = self.reference.candidates(now, contact, None);
                // Somebody is ready: the next moment is its offer, which says more.
                if candidates.iter().any(|c| c.verdict == Verdict::Unexplained) {
                    candidates.clear();
                }
                return Some((what, candidates));
            }
            Fact::OfferEnded { contact, agent, outcome, .. } if ours(contact) => {
                What::OfferEnded { agent, outcome, winner: None }
            }
            Fact::Connected { contact, agent, waited, .. } if ours(contact) => What::Connected { agent, waited },
            Fact::Reserve { queue, place, change } if self.reference.waits_in(self.contact, queue) => {
                What::Reserve { queue, place, change }
            }
            _ => return None,
        };
        Some((what, Vec::new()))
    }
}
