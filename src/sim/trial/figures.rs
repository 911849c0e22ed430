//! The report's figures once more, from the bare facts: a list of stays, looked through anew for every figure.

use crate::books::Books;
use base::{Instant, Utc};
use core::time::Duration;
use model::{
    AgentId, AgentState, CallbackStep, ContactId, Fact, OfferOutcome, QueueId, ServiceLevel, Stamped, Treatment,
};
use report::{AgentFigures, QueueFigures, average};
use std::collections::{HashMap, HashSet};

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Answered,
    Abandoned,
    FlowedOut,
}

#[derive(Clone, Copy)]
struct Stay {
    waited: Duration,
    end: End,
    /// How far into it a phone first rang out.
    rang_out: Option<Duration>,
}

/// Every figure of the queue that is not what the facts say.
pub(super) fn differ(books: &Books, queue: QueueId, level: &ServiceLevel) -> Vec<String> {
    let back = called_back(&books.facts);
    let stays = stays(&books.facts, queue, &back);
    let mut told = QueueFigures::default();
    books.visits.iter().filter(|visit| visit.queue == queue).for_each(|visit| told.add(&visit.stay(), level));
    let mut wrong = Vec::new();
    for treatment in Treatment::ALL {
        let known = service_level(&stays, level, treatment);
        compare(&mut wrong, treatment.word(), share(known), told.service_level(treatment));
    }
    let all = |_: &Stay| true;
    let (abandoned, short) = (|s: &Stay| s.end == End::Abandoned, |s: &Stay| is_short(s, level));
    compare(&mut wrong, "abandonment", share(count(&stays, abandoned, all)), told.abandonment());
    let (net, whole) = count(&stays, |s| abandoned(s) && !short(s), |s| !short(s));
    compare(&mut wrong, "abandonment_net", share((net, whole)), told.abandonment_net());
    compare(&mut wrong, "asa", mean(&stays, End::Answered), told.asa());
    compare(&mut wrong, "ata", mean(&stays, End::Abandoned), told.ata());
    let longest = stays.iter().map(|stay| stay.waited).max().unwrap_or(Duration::ZERO);
    compare(&mut wrong, "longest wait", longest, told.wait_longest);
    let offered = (stays.len() as u64, stays.len() as u64);
    compare(&mut wrong, "offered and accounted", offered, (told.counts.offered, told.accounted()));
    let ended = |end: End| back.iter().filter(move |stay| stay.queue == queue && stay.end == Some(end));
    compare(&mut wrong, "called back", ended(End::Answered).count() as u64, told.counts.called_back);
    compare(&mut wrong, "called back and lost", ended(End::Abandoned).count() as u64, told.counts.called_back_lost);
    let talked: Vec<Duration> = ended(End::Answered).map(|stay| stay.since_promise).collect();
    let time = (!talked.is_empty()).then(|| talked.iter().sum::<Duration>() / talked.len() as u32);
    compare(&mut wrong, "time to talk", time, told.time_to_talk());
    work_differs(&mut wrong, &books.facts, queue, &told);
    wrong.into_iter().map(|what| format!("q{}: {what}", queue.0)).collect()
}

/// A stay in the stead of a customer.
struct Back {
    contact: ContactId,
    queue: QueueId,
    /// Its `Queued`, by its place among the facts.
    from: usize,
    end: Option<End>,
    since_promise: Duration,
}

/// For each `Queued` the last that was told of its contact's promise before it: it is owed, or it is not.
fn called_back(facts: &[Stamped]) -> Vec<Back> {
    let mut last: HashMap<ContactId, (CallbackStep, Utc)> = HashMap::new();
    let mut found: Vec<Back> = Vec::new();
    for (from, Stamped { at, fact }) in facts.iter().enumerate() {
        let (of, over) = match fact {
            Fact::Callback { contact, step, promise, .. } => {
                last.insert(*contact, (*step, promise.arranged));
                continue;
            }
            Fact::Queued { contact, queue, .. } => {
                let owed = [CallbackStep::Arranged, CallbackStep::Resumed, CallbackStep::Dialled];
                if last.get(contact).is_some_and(|(step, _)| owed.contains(step)) {
                    let since_promise = Duration::ZERO;
                    found.push(Back { contact: *contact, queue: *queue, from, end: None, since_promise });
                }
                continue;
            }
            Fact::Connected { contact, .. } => (contact, End::Answered),
            Fact::Abandoned { contact, .. } => (contact, End::Abandoned),
            Fact::FlowedOut { contact, .. } => (contact, End::FlowedOut),
            _ => continue,
        };
        if let Some(stay) = found.iter_mut().find(|stay| stay.contact == *of && stay.end.is_none()) {
            let micros = at.utc.as_micros() - last[of].1.as_micros();
            (stay.end, stay.since_promise) = (Some(over), Duration::from_micros(micros.max(0).unsigned_abs()));
        }
    }
    found
}

/// Of callers, in the order in which they are over.
fn stays(facts: &[Stamped], queue: QueueId, back: &[Back]) -> Vec<Stay> {
    let mut open: HashMap<ContactId, (Instant, Option<Duration>)> = HashMap::new();
    let mut stays = Vec::new();
    for (n, Stamped { at, fact }) in facts.iter().enumerate() {
        let (contact, waited, end) = match *fact {
            Fact::Queued { contact, queue: q, .. } if q == queue => {
                if back.iter().all(|stay| stay.from != n) {
                    open.insert(contact, (at.mono, None));
                }
                continue;
            }
            Fact::OfferEnded { contact, queue: q, outcome: OfferOutcome::Missed, .. } if q == queue => {
                if let Some((since, rang_out)) = open.get_mut(&contact) {
                    rang_out.get_or_insert(at.mono - *since);
                }
                continue;
            }
            Fact::Connected { contact, queue: q, waited, .. } if q == queue => (contact, waited, End::Answered),
            Fact::Abandoned { contact, queue: q, waited } if q == queue => (contact, waited, End::Abandoned),
            Fact::FlowedOut { contact, queue: q, waited, .. } if q == queue => (contact, waited, End::FlowedOut),
            _ => continue,
        };
        let Some((_, rang_out)) = open.remove(&contact) else { continue };
        stays.push(Stay { waited, end, rang_out });
    }
    stays
}

/// Handling times of who was answered from the queue: from the beginning of a talk to its end, and every stretch of
/// wrap-up for that contact.
fn work_differs(wrong: &mut Vec<String>, facts: &[Stamped], queue: QueueId, told: &QueueFigures) {
    let mut served: HashSet<(AgentId, ContactId)> = HashSet::new();
    let mut began: HashMap<(AgentId, ContactId), Instant> = HashMap::new();
    let mut wraps: HashMap<AgentId, (Instant, ContactId)> = HashMap::new();
    let (mut talked, mut wrapped) = (Duration::ZERO, Duration::ZERO);
    for Stamped { at, fact } in facts {
        let at = at.mono;
        match *fact {
            Fact::Connected { contact, queue: q, agent, .. } if q == queue => {
                served.insert((agent, contact));
            }
            Fact::TalkStarted { contact, agent, .. } => {
                began.insert((agent, contact), at);
            }
            Fact::TalkEnded { contact, agent, .. } => {
                let lasted = began.remove(&(agent, contact)).map_or(Duration::ZERO, |since| at - since);
                talked += if served.contains(&(agent, contact)) { lasted } else { Duration::ZERO };
            }
            Fact::AgentChanged { agent, state, .. } => {
                if let Some((since, contact)) = wraps.remove(&agent)
                    && served.contains(&(agent, contact))
                {
                    wrapped += at - since;
                }
                if let AgentState::WrapUp { contact } = state {
                    wraps.insert(agent, (at, contact));
                }
            }
            _ => {}
        }
    }
    let handled = served.len() as u64;
    let each = |time: Duration| (handled > 0).then(|| time / handled as u32);
    compare(wrong, "handled", handled, told.counts.handled);
    compare(wrong, "att", each(talked), told.att());
    compare(wrong, "acw", each(wrapped), average(told.work.wrapped, told.counts.handled));
    compare(wrong, "aht", each(talked + wrapped), told.aht());
}

/// Occupancy of an agent that is not what the facts say, and a sum over his states that is not the time he was there.
pub(super) fn times_differ(books: &Books, agent: AgentId) -> Vec<String> {
    let mut told = AgentFigures::default();
    books.spans.iter().filter(|span| span.agent == agent).for_each(|span| told.add(span.state, span.lasted));
    let changes = books.find(|fact| match fact {
        Fact::AgentChanged { agent: a, state, .. } if *a == agent => Some(*state),
        _ => None,
    });
    let (mut worked, mut ready, mut there) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let mut last: Option<(Instant, AgentState)> = None;
    for (at, state) in changes {
        let (lasted, was) = last.map_or((Duration::ZERO, AgentState::SignedOff), |(since, was)| (at - since, was));
        match was {
            AgentState::SignedOff => {}
            AgentState::NotReady { .. } => there += lasted,
            AgentState::Ready => (there, ready) = (there + lasted, ready + lasted),
            AgentState::Reserved { .. } | AgentState::Busy { .. } | AgentState::WrapUp { .. } => {
                (there, worked) = (there + lasted, worked + lasted);
            }
        }
        last = Some((at, state));
    }
    let whole = (worked + ready).as_secs_f64();
    let known = (whole > 0.0).then(|| worked.as_secs_f64() / whole);
    let mut wrong = Vec::new();
    compare(&mut wrong, "occupancy", known, told.occupancy());
    compare(&mut wrong, "signed-on time", there, told.signed_on());
    wrong.into_iter().map(|what| format!("{agent:?}: {what}")).collect()
}

fn compare<T: PartialEq + core::fmt::Debug>(wrong: &mut Vec<String>, what: &str, known: T, told: T) {
    if known != told {
        wrong.push(format!("{what} is {known:?} by the facts, {told:?} in the report"));
    }
}

fn is_short(stay: &Stay, level: &ServiceLevel) -> bool {
    stay.end == End::Abandoned && stay.waited <= level.short_abandon
}

/// How many of those who count are what is asked, and how many count.
fn count(stays: &[Stay], part: impl Fn(&Stay) -> bool, whole: impl Fn(&Stay) -> bool) -> (usize, usize) {
    let counted: Vec<_> = stays.iter().filter(|stay| whole(stay)).collect();
    (counted.iter().filter(|stay| part(stay)).count(), counted.len())
}

fn share((part, whole): (usize, usize)) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn mean(stays: &[Stay], end: End) -> Option<Duration> {
    let of: Vec<_> = stays.iter().filter(|stay| stay.end == end).map(|stay| stay.waited).collect();
    (!of.is_empty()).then(|| of.iter().sum::<Duration>() / of.len() as u32)
}

fn service_level(stays: &[Stay], level: &ServiceLevel, treatment: Treatment) -> (usize, usize) {
    let in_time = |s: &Stay| s.waited <= level.target;
    let (answered, abandoned) = (|s: &Stay| s.end == End::Answered, |s: &Stay| s.end == End::Abandoned);
    let served = |s: &Stay| answered(s) && in_time(s);
    let rang_out = |s: &Stay| s.rang_out.is_some_and(|after| after <= level.target);
    match treatment {
        Treatment::Handled => count(stays, served, answered),
        Treatment::Ignore => count(stays, served, |s| !(abandoned(s) && in_time(s))),
        Treatment::Negative => count(stays, served, |_| true),
        Treatment::Positive => count(stays, |s| served(s) || (abandoned(s) && in_time(s)), |_| true),
        Treatment::Short => count(stays, served, |s| !is_short(s, level)),
        Treatment::Late => count(stays, served, |s| answered(s) || (abandoned(s) && !in_time(s))),
        Treatment::Genesys => count(stays, served, |s| answered(s) || abandoned(s)),
        // The first of answer, hang-up, a phone that rang out and the target's passing; who was led elsewhere before any
        // of them had none.
        Treatment::Event => {
            let event = |s: &Stay| rang_out(s) || !in_time(s) || s.end != End::FlowedOut;
            count(stays, |s| served(s) && !rang_out(s), event)
        }
    }
}
