//! What happens to a contact after so long and not before: phones that ring out, ways out of a line, attempts to call
//! back; and how many of a queue's contacts are talked with.

use super::Course;
use base::Instant;
use core::time::Duration;
use model::{
    AgentId, CallbackStep, ContactId, Directory, Fact, FlowReason, OfferOutcome, QueueId, ReserveChange, Stamped,
    Strategy,
};
use std::collections::{BTreeMap, HashMap, HashSet};

/// A phone that rings out rang its queue's time, none rings longer, and of a round that grows step by step no phone rings
/// before its step. Who is called back is another matter: the agent may have answered and wait for him.
pub(super) fn offers(course: &Course, facts: &[Stamped]) -> Vec<String> {
    let mut wrong = Vec::new();
    let called_back = called_back(facts);
    let mut open: HashMap<(ContactId, AgentId), Instant> = HashMap::new();
    // When the round began, phones in it, phones that ring.
    let mut rounds: HashMap<ContactId, (Instant, u128, usize)> = HashMap::new();
    for Stamped { at, fact } in facts {
        let at = at.mono;
        match *fact {
            Fact::Offered { contact, queue, agent, .. } => {
                open.insert((contact, agent), at);
                let round = rounds.entry(contact).or_insert((at, 0, 0));
                if round.2 == 0 {
                    *round = (at, 0, 0);
                }
                (round.1, round.2) = (round.1 + 1, round.2 + 1);
                let (since, phones, late) = (round.0, round.1, course.late(round.0, at));
                let may_ring = course.rules(at, late).any(|rules| {
                    let queue = rules.queue(queue);
                    match queue.strategy {
                        Strategy::RingAll => true,
                        Strategy::RingProgressive => {
                            let step = queue.routing.ring_step.as_nanos();
                            phones <= 1 + (at.since(since) + late).as_nanos().checked_div(step).unwrap_or(0)
                        }
                        _ => phones == 1,
                    }
                });
                if !may_ring {
                    wrong.push(format!("{at:?}: {contact} rings at {phones} phones in {:?}", at.since(since)));
                }
            }
            Fact::OfferEnded { contact, queue, agent, outcome } => {
                if let Some((_, _, ring)) = rounds.get_mut(&contact) {
                    *ring -= 1;
                }
                let Some(since) = open.remove(&(contact, agent)) else { continue };
                let (rang, late) = (at.since(since), course.late(since, at));
                let in_time = course.rules(since, late).any(|rules| {
                    let most = rules.queue(queue).ring_timeout;
                    rang <= most + late && (outcome != OfferOutcome::Missed || rang + late >= most)
                });
                if !in_time && !called_back.contains(&contact) {
                    wrong.push(format!("{at:?}: {contact} rang for {rang:?} at {agent:?}, {}", outcome.word()));
                }
            }
            _ => {}
        }
    }
    wrong
}

/// Who is called back, or was.
fn called_back(facts: &[Stamped]) -> HashSet<ContactId> {
    let steps = facts.iter().filter_map(|stamped| match stamped.fact {
        Fact::Callback { contact, .. } => Some(contact),
        _ => None,
    });
    steps.collect()
}

/// A contact in a line.
#[derive(Clone, Copy)]
struct Stay {
    queue: QueueId,
    since: Instant,
    rings: usize,
    /// When the last of its phones stopped.
    free: Instant,
}

/// Who leaves by the longest wait leaves when it is over, or when his phone has rung out after it; who has waited so long
/// is offered to nobody any more; and every wait told is the time since he came.
pub(super) fn stays(course: &Course, facts: &[Stamped]) -> Vec<String> {
    let mut wrong = Vec::new();
    let called_back = called_back(facts);
    let mut open: HashMap<ContactId, Stay> = HashMap::new();
    // How often it has gone into a queue.
    let mut came: HashMap<ContactId, u8> = HashMap::new();
    let mut places = Places::new(facts);
    for Stamped { at, fact } in facts {
        let at = at.mono;
        places.handle_fact(at, fact);
        match *fact {
            Fact::Queued { contact, queue, kept, .. } => {
                open.insert(contact, Stay { queue, since: at, rings: 0, free: at });
                let kept = kept.unwrap_or_default();
                let times = came.entry(contact).or_default();
                *times += 1;
                if !places.is_his(course, contact, queue, at, kept) {
                    wrong.push(format!("{at:?}: {contact} has the place of {kept:?} ago"));
                }
            }
            Fact::Offered { contact, .. } => {
                let Some(stay) = open.get_mut(&contact) else { continue };
                stay.rings += 1;
                let (stay, hops) = (*stay, came.get(&contact).copied().unwrap_or_default());
                let (waited, late) = (at.since(stay.since), course.late(stay.since, at));
                // While another phone rings more may; whoever has gone round too often has nowhere to go.
                let may = stay.rings > 1 || hops > HOPS || called_back.contains(&contact);
                let after = |rules: &Directory| rules.queue(stay.queue).max_wait.as_ref().map(|rule| rule.after);
                if !may && !course.rules(stay.since, late).any(|r| after(r).is_none_or(|after| waited <= after + late))
                {
                    wrong.push(format!("{at:?}: {contact} is offered after {waited:?}"));
                }
            }
            Fact::OfferEnded { contact, .. } => {
                if let Some(stay) = open.get_mut(&contact) {
                    (stay.rings, stay.free) = (stay.rings.saturating_sub(1), at);
                }
            }
            Fact::Connected { contact, waited, .. } | Fact::Abandoned { contact, waited, .. } => {
                let Some(stay) = open.remove(&contact) else { continue };
                wrong.extend(is_told(course, contact, stay, at, waited, &called_back));
            }
            Fact::FlowedOut { contact, waited, why, .. } => {
                let Some(stay) = open.remove(&contact) else { continue };
                wrong.extend(is_told(course, contact, stay, at, waited, &called_back));
                if why == FlowReason::MaxWait && !called_back.contains(&contact) && !is_due(course, stay, at) {
                    wrong.push(format!("{at:?}: {contact} left q{} after {waited:?}", stay.queue.0));
                }
            }
            _ => {}
        }
    }
    wrong
}

/// Whose place is whose: a contact's own since it came first, that of the promise it takes the place of, and within the
/// queue's time that of the caller's own contact in which he had hung up.
#[derive(Default)]
struct Places {
    callers: HashMap<ContactId, Box<str>>,
    entered: HashMap<ContactId, Instant>,
    /// Who hung up where and when, and since when he had waited.
    left: Vec<(Box<str>, QueueId, Instant, Instant)>,
    /// When which promise is taken back: told before or after its place is taken.
    withdrawn: Vec<(Instant, ContactId)>,
    promised: HashSet<ContactId>,
}

impl Places {
    fn new(facts: &[Stamped]) -> Self {
        let withdrawn = facts.iter().filter_map(|Stamped { at, fact }| match fact {
            Fact::Callback { contact, step: CallbackStep::Withdrawn, .. } => Some((at.mono, *contact)),
            _ => None,
        });
        Places { withdrawn: withdrawn.collect(), promised: called_back(facts), ..Places::default() }
    }

    fn handle_fact(&mut self, at: Instant, fact: &Fact) {
        match fact {
            Fact::ContactArrived { contact, caller, .. } => {
                self.callers.insert(*contact, caller.reveal().clone());
            }
            Fact::Abandoned { contact, queue, .. } => {
                let place = self.callers.get(contact).cloned().zip(self.entered.get(contact).copied());
                self.left.extend(place.map(|(caller, entered)| (caller, *queue, at, entered)));
            }
            _ => {}
        }
    }

    /// It comes into this queue at the place of so long ago.
    fn is_his(&mut self, course: &Course, contact: ContactId, queue: QueueId, at: Instant, kept: Duration) -> bool {
        let place = at - kept;
        let known = self.entered.insert(contact, place);
        let late = course.late(place, at);
        let same = |entered: Instant| entered.since(place) <= late && place.since(entered) <= late;
        let caller = self.callers.get(&contact);
        let resumes = |(who, of, left, entered): &(Box<str>, QueueId, Instant, Instant)| {
            let within = |rules: &Directory| rules.queue(queue).care.resume;
            (Some(who), *of) == (caller, queue)
                && same(*entered)
                && course.rules(at, late).any(|r| within(r).is_some_and(|most| at.since(*left) <= most + late))
        };
        let takes_over = |(when, promise): &(Instant, ContactId)| {
            // A promise has it from when it was given, and may come into its queue later.
            let then = at.since(*when) <= late && when.since(at) <= late || self.promised.contains(&contact);
            then && self.entered.get(promise).is_some_and(|entered| same(*entered))
        };
        same(known.unwrap_or(at))
            || self.withdrawn.iter().any(takes_over)
            || known.is_none() && self.left.iter().any(resumes)
    }
}

/// From queue to queue it goes at most so often.
const HOPS: u8 = 8;

fn is_due(course: &Course, stay: Stay, at: Instant) -> bool {
    let late = course.late(stay.since, at);
    course.rules(stay.since, late).any(|rules| {
        let Some(rule) = &rules.queue(stay.queue).max_wait else { return false };
        let due = stay.since + rule.after;
        let exact = |due: Instant| at + late >= due && at <= due + late;
        exact(due) || (stay.free >= due && exact(stay.free))
    })
}

fn is_told(
    course: &Course,
    contact: ContactId,
    stay: Stay,
    at: Instant,
    waited: Duration,
    called_back: &HashSet<ContactId>,
) -> Option<String> {
    let (lasted, late) = (at.since(stay.since), course.late(stay.since, at));
    let is_so = lasted + late >= waited && lasted <= waited + late;
    (!is_so && !called_back.contains(&contact))
        .then(|| format!("{at:?}: {contact} is said to have waited {waited:?}, it was {lasted:?}"))
}

/// No more of a queue's contacts are talked with, or ring, than it allows.
pub(super) fn talks(course: &Course, facts: &[Stamped]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut talks: HashMap<(ContactId, AgentId), QueueId> = HashMap::new();
    let mut rings: HashMap<ContactId, (QueueId, usize)> = HashMap::new();
    for Stamped { at, fact } in facts {
        let at = at.mono;
        match *fact {
            Fact::Offered { contact, queue, .. } => {
                rings.entry(contact).or_insert((queue, 0)).1 += 1;
                let ringing = rings.values().filter(|(q, phones)| *q == queue && *phones > 0).count();
                let many = ringing + talks.values().filter(|q| **q == queue).count();
                let late = course.late(at, at);
                let most = course.rules(at, late).map(|rules| rules.queue(queue).routing.max_talking);
                let most = most.map(|most| most.map_or(usize::MAX, |most| most as usize)).max();
                if late.is_zero() && most.is_some_and(|most| many > most) {
                    wrong.push(format!("{at:?}: {many} contacts of q{} talk or ring", queue.0));
                }
            }
            Fact::OfferEnded { contact, .. } => {
                if let Some((_, phones)) = rings.get_mut(&contact) {
                    *phones = phones.saturating_sub(1);
                }
            }
            Fact::Connected { contact, queue, agent, .. } => {
                rings.remove(&contact);
                talks.insert((contact, agent), queue);
            }
            Fact::TalkEnded { contact, agent, .. } => {
                talks.remove(&(contact, agent));
            }
            Fact::ContactEnded { contact, .. } => {
                rings.remove(&contact);
                talks.retain(|(talks, _), _| *talks != contact);
            }
            Fact::Abandoned { contact, .. } | Fact::FlowedOut { contact, .. } => {
                rings.remove(&contact);
            }
            _ => {}
        }
    }
    wrong
}

/// Nobody is called back before his pause is over, too often, or for longer than his phone may ring. An attempt that our
/// side ended is none of his.
pub(super) fn callbacks(course: &Course, facts: &[Stamped]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut dialled: HashMap<ContactId, (Instant, u8)> = HashMap::new();
    for Stamped { at, fact } in facts {
        let Fact::Callback { contact, step, attempts, promise } = fact else { continue };
        let at = at.mono;
        let last = dialled.get(contact).copied();
        if *step == CallbackStep::Dialled {
            dialled.insert(*contact, (at, *attempts));
        }
        let Some((last, before)) = last else { continue };
        let (after, late) = (at.since(last), course.late(last, at));
        let is_well = course.rules(last, late).any(|rules| {
            let policy = rules.queue(promise.queue).care.callback.clone().unwrap_or_default();
            match step {
                CallbackStep::Dialled => {
                    *attempts <= policy.tries && (*attempts == before || after + late >= policy.every)
                }
                CallbackStep::Reached => after <= policy.ring + late,
                _ => true,
            }
        });
        if !is_well {
            wrong.push(format!("{at:?}: {contact} is {} {after:?} after it was dialled", step.word()));
        }
    }
    wrong
}

/// Reserves that have joined by their rule stay as long as they shall be held.
pub(super) fn reserves(course: &Course, facts: &[Stamped]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut changed: BTreeMap<(QueueId, u8), Instant> = BTreeMap::new();
    for Stamped { at, fact } in facts {
        let Fact::Reserve { queue, place, change, .. } = fact else { continue };
        let at = at.mono;
        match change {
            ReserveChange::Joined(_) | ReserveChange::CalledIn | ReserveChange::SentAway => {
                changed.insert((*queue, *place), at);
            }
            ReserveChange::Left => {
                let Some(since) = changed.insert((*queue, *place), at) else { continue };
                let late = course.late(since, at);
                let hold = |rules: &Directory| {
                    rules.queue(*queue).routing.reserves.get(usize::from(*place)).map_or(Duration::ZERO, |r| r.hold)
                };
                // With a queue that is removed its reserves go at once.
                let removed = |rules: &Directory| rules.queue(*queue).removed;
                if !course.rules(at, late).any(|r| at.since(since) + late >= hold(r) || removed(r)) {
                    wrong.push(format!("{at:?}: reserve {place} of q{} left after {:?}", queue.0, at.since(since)));
                }
            }
            ReserveChange::Adjusted(_) => {}
        }
    }
    wrong
}
