//! Every law of time can fail: worlds that kept it are told of by other rules, or otherwise than they were.

use super::Course;
use crate::trial::Trial;
use core::time::Duration;
use model::{AgentId, AgentState, Directory, Fact, Stamped};
use std::sync::Arc;

const SECOND: Duration = Duration::from_secs(1);

/// Worlds that have lived.
fn lived() -> Vec<(Course, Vec<Stamped>)> {
    let live = |seed| {
        let mut trial = Trial::new(seed);
        trial.run();
        (trial.course, trial.books.facts)
    };
    (0..16).map(live).collect()
}

/// In how many of the worlds a law of these words does not hold when it is told so.
fn caught(worlds: &[(Course, Vec<Stamped>)], words: &str, spoil: impl Fn(&mut Course, &mut [Stamped])) -> usize {
    let breaks = |world: &&(Course, Vec<Stamped>)| {
        let (mut course, mut facts) = (*world).clone();
        spoil(&mut course, &mut facts);
        course.broken(&facts).iter().any(|what| what.contains(words))
    };
    worlds.iter().filter(breaks).count()
}

#[test]
fn a_house_that_keeps_other_times_than_those_configured_is_caught() {
    type Mislead = fn(&mut Directory);
    let worlds = lived();
    let others: [(&str, Mislead); 9] = [
        ("wrapped", |house| house.queues.iter_mut().for_each(|q| q.wrap_up += SECOND)),
        ("rang for", |house| house.queues.iter_mut().for_each(|q| q.ring_timeout += SECOND)),
        ("was not ready for", |house| house.queues.iter_mut().for_each(|q| q.missed.pause += SECOND)),
        ("left q", |house| house.queues.iter_mut().flat_map(|q| &mut q.max_wait).for_each(|rule| rule.after += SECOND)),
        ("is offered after", |house| {
            house.queues.iter_mut().flat_map(|q| &mut q.max_wait).for_each(|rule| rule.after /= 2);
        }),
        ("rings at", |house| house.queues.iter_mut().for_each(|q| q.routing.ring_step *= 3)),
        ("talk or ring", |house| house.queues.iter_mut().for_each(|q| q.routing.max_talking = Some(1))),
        ("has the place", |house| house.queues.iter_mut().for_each(|q| q.care.resume = None)),
        ("left after", |house| {
            house.queues.iter_mut().flat_map(|q| &mut q.routing.reserves).for_each(|reserve| reserve.hold += SECOND);
        }),
    ];
    for (words, mislead) in others {
        let spoil = |course: &mut Course, _: &mut [Stamped]| {
            course.rules.iter_mut().for_each(|(_, rules)| mislead(Arc::make_mut(rules)));
        };
        assert_eq!(caught(&worlds, words, |_, _| ()), 0, "{words}, as it was");
        assert!(caught(&worlds, words, spoil) >= 1, "{words}");
    }
}

#[test]
fn a_callback_that_comes_too_soon_or_rings_too_long_is_caught() {
    let worlds = lived();
    // Who has rested waits for an agent: long after his time as a rule.
    for (words, every, ring) in [("is dialled", 1000 * SECOND, SECOND), ("is reached", Duration::ZERO, Duration::ZERO)]
    {
        let mislead = |house: &mut Directory| {
            for policy in house.queues.iter_mut().flat_map(|q| &mut q.care.callback) {
                (policy.every, policy.ring) = (policy.every + every, ring);
            }
        };
        let spoil = |course: &mut Course, _: &mut [Stamped]| {
            course.rules.iter_mut().for_each(|(_, rules)| mislead(Arc::make_mut(rules)));
        };
        assert!(caught(&worlds, words, spoil) >= 1, "{words}");
    }
}

#[test]
fn what_is_told_otherwise_than_it_was_is_caught() {
    let worlds = lived();
    let later = |_: &mut Course, facts: &mut [Stamped]| {
        let ready = |told: &&mut Stamped| matches!(told.fact, Fact::AgentChanged { state: AgentState::Ready, .. });
        facts.iter_mut().filter(ready).for_each(|told| told.at = told.at + Duration::from_millis(1));
    };
    for words in ["wrapped", "was not ready for", "device-busy", "device-failed"] {
        assert!(caught(&worlds, words, later) >= 1, "{words}");
    }
    let longer = |_: &mut Course, facts: &mut [Stamped]| {
        for told in facts {
            if let Fact::Connected { waited, .. } | Fact::Abandoned { waited, .. } = &mut told.fact {
                *waited += Duration::from_millis(1);
            }
        }
    };
    assert!(caught(&worlds, "is said to have waited", longer) >= 12);
    let by_others = |_: &mut Course, facts: &mut [Stamped]| {
        for told in facts {
            if let Fact::Connected { agent, .. } = &mut told.fact {
                *agent = AgentId(u32::MAX);
            }
        }
    };
    assert!(caught(&worlds, "did not serve", by_others) >= 8);
}
