//! The report's figures once more, from the bare facts: a list of stays, looked through anew for every figure.

use crate::books::Books;
use core::time::Duration;
use model::{Fact, QueueId, ServiceLevel, Treatment};
use report::QueueFigures;

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Answered,
    Abandoned,
    FlowedOut,
}

type Stay = (Duration, End);

/// Every figure of the queue that is not what the facts say.
pub(super) fn differ(books: &Books, queue: QueueId, level: &ServiceLevel) -> Vec<String> {
    let stay = |fact: &Fact| match *fact {
        Fact::Connected { queue: q, waited, .. } if q == queue => Some((waited, End::Answered)),
        Fact::Abandoned { queue: q, waited, .. } if q == queue => Some((waited, End::Abandoned)),
        Fact::FlowedOut { queue: q, waited, .. } if q == queue => Some((waited, End::FlowedOut)),
        _ => None,
    };
    let stays: Vec<Stay> = books.find(stay).map(|(_, stay)| stay).collect();
    let mut told = QueueFigures::default();
    books.visits.iter().filter(|visit| visit.queue == queue).for_each(|visit| told.add(&visit.stay(), level));
    let mut wrong = Vec::new();
    for treatment in Treatment::ALL {
        if let Some(known) = service_level(&stays, level, treatment) {
            compare(&mut wrong, treatment.word(), share(known), told.service_level(treatment));
        }
    }
    let all = |_: &Stay| true;
    let (abandoned, short) = (|s: &Stay| s.1 == End::Abandoned, |s: &Stay| is_short(s, level));
    compare(&mut wrong, "abandonment", share(count(&stays, abandoned, all)), told.abandonment());
    let (net, whole) = count(&stays, |s| abandoned(s) && !short(s), |s| !short(s));
    compare(&mut wrong, "abandonment_net", share((net, whole)), told.abandonment_net());
    compare(&mut wrong, "asa", mean(&stays, End::Answered), told.asa());
    compare(&mut wrong, "ata", mean(&stays, End::Abandoned), told.ata());
    let longest = stays.iter().map(|(waited, _)| *waited).max().unwrap_or(Duration::ZERO);
    compare(&mut wrong, "longest wait", longest, told.wait_longest);
    wrong.into_iter().map(|what| format!("q{}: {what}", queue.0)).collect()
}

fn compare<T: PartialEq + core::fmt::Debug>(wrong: &mut Vec<String>, what: &str, known: T, told: T) {
    if known != told {
        wrong.push(format!("{what} is {known:?} by the facts, {told:?} in the report"));
    }
}

fn is_short((waited, end): &Stay, level: &ServiceLevel) -> bool {
    *end == End::Abandoned && *waited <= level.short_abandon
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
    let of: Vec<_> = stays.iter().filter(|stay| stay.1 == end).map(|(waited, _)| *waited).collect();
    (!of.is_empty()).then(|| of.iter().sum::<Duration>() / of.len() as u32)
}

/// `None` for the one that asks when phones rang out, which the stays do not tell.
fn service_level(stays: &[Stay], level: &ServiceLevel, treatment: Treatment) -> Option<(usize, usize)> {
    let in_time = |s: &Stay| s.0 <= level.target;
    let (answered, abandoned) = (|s: &Stay| s.1 == End::Answered, |s: &Stay| s.1 == End::Abandoned);
    let served = |s: &Stay| answered(s) && in_time(s);
    Some(match treatment {
        Treatment::Handled => count(stays, served, answered),
        Treatment::Ignore => count(stays, served, |s| !(abandoned(s) && in_time(s))),
        Treatment::Negative => count(stays, served, |_| true),
        Treatment::Positive => count(stays, |s| served(s) || (abandoned(s) && in_time(s)), |_| true),
        Treatment::Short => count(stays, served, |s| !is_short(s, level)),
        Treatment::Late => count(stays, served, |s| answered(s) || (abandoned(s) && !in_time(s))),
        Treatment::Genesys => count(stays, served, |s| answered(s) || abandoned(s)),
        Treatment::Event => return None,
    })
}
