//! What agents do at their phones and by their schedule, seen through whole rehearsals.

use super::{Rehearsal, Scene};
use crate::WorldPlan;
use core::time::Duration;
use model::{
    AgentId, Break, Demand, Directory, Fact, Manners, Shift, Spread, Strategy, Stream, TrunkId, Weekday, Weekdays,
};
use std::sync::Arc;

const AGENTS: usize = 10;
const TABLES: &str = r#"
[[queue]]
name = "q"
wrap_up = "0s"
max_wait = "off"
[[number]]
match = "4008"
to = "queue:q"
[[phone]]
range = "10000-10009"
contact = "sip:{n}@10.1.0.1:5060"
[[agent]]
range = "10000-10009"
phone = "{n}"
queues = ["q"]
"#;

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn hours(hours: u64) -> Duration {
    secs(3600 * hours)
}

/// Ten hours from midnight on, in which so many call and talk for ten seconds; everybody is there all the time.
fn scene(calls: f64, manners: Manners, change: impl FnOnce(&mut Directory)) -> Scene {
    let WorldPlan { mut directory, begins, .. } = WorldPlan::new(TABLES);
    change(&mut directory);
    let stream = Stream {
        trunk: TrunkId(0),
        days: Weekdays::ALL,
        numbers: vec![("4008".into(), 1.0)],
        calls: vec![calls],
        talk: Spread::Exactly(secs(10)),
        wrap_up: Spread::ZERO,
        patience: None,
        habits: Vec::new(),
        people: 10_000,
        prefix: "1".into(),
    };
    let shift = |a: usize| Shift {
        agent: AgentId(a as u32),
        days: Weekdays::ALL,
        from: Duration::ZERO,
        to: hours(11),
        breaks: vec![],
    };
    Scene {
        directory: Arc::new(directory),
        begins,
        weekday: Weekday::Monday,
        midnights: vec![Duration::ZERO],
        interval: hours(10),
        demand: Demand { streams: vec![stream], ..Demand::default() },
        shifts: (0..AGENTS).map(shift).collect(),
        manners,
    }
}

/// So long takes the one phone, or the first of those that ring.
fn answering(mean: u64) -> Manners {
    Manners { answers_after: Spread::Exponential { mean: secs(mean) }, ..Manners::ideal() }
}

fn by(strategy: Strategy) -> impl FnOnce(&mut Directory) {
    move |directory| directory.queues[0].strategy = strategy
}

/// Every fact of a day with what o'clock it was.
fn facts(scene: &Scene) -> Vec<(Duration, Fact)> {
    let mut rehearsal = Rehearsal::new(scene, 5);
    let began = rehearsal.now().mono;
    let mut facts = Vec::new();
    rehearsal.run(|stamped| facts.push((stamped.at.mono - began, stamped.fact.clone())));
    facts
}

/// How long each waited who was served, in the order of their calls.
fn waits(scene: &Scene) -> Vec<f64> {
    let served = facts(scene).into_iter().filter_map(|(_, fact)| match fact {
        Fact::Connected { contact, waited, .. } => Some((contact, waited.as_secs_f64())),
        _ => None,
    });
    let mut served: Vec<_> = served.collect();
    served.sort_by_key(|(contact, _)| *contact);
    served.into_iter().map(|(_, waited)| waited).collect()
}

/// The least of k exponential times has a k-th of their mean. Rung one after another, nobody's first phone is answered
/// sooner than the first of ten of which it is one.
#[test]
fn ten_phones_that_ring_for_one_call_are_answered_after_a_tenth_of_the_time() {
    let one = waits(&scene(1_000.0, answering(4), by(Strategy::LongestIdle)));
    let all = waits(&scene(1_000.0, answering(4), by(Strategy::RingAll)));
    assert!(one.len() > 900 && one.len() == all.len(), "{} and {}", one.len(), all.len());
    let mean = |waits: &[f64]| waits.iter().sum::<f64>() / waits.len() as f64;
    // Three standard errors of a thousand are a tenth. Of the one phone the tail is cut at the ring's end, of ten now and
    // then one is in a talk.
    assert!((3.5..=4.5).contains(&mean(&one)), "one phone: {}", mean(&one));
    assert!((0.36..=0.46).contains(&mean(&all)), "ten phones: {}", mean(&all));
    let later = one.iter().zip(&all).filter(|(one, all)| *all > *one).count();
    assert!(later * 50 <= one.len(), "{later} of {} wait longer when ten phones ring", one.len());
}

#[test]
fn phones_that_ring_for_one_call_are_missed_and_refused_each_for_itself() {
    for (misses, declines) in [(0.5, 0.0), (0.0, 0.5)] {
        let manners = Manners { misses, declines, ..Manners::ideal() };
        let mut scene = scene(500.0, manners, by(Strategy::RingAll));
        // Whoever misses one call does not go for it.
        Arc::get_mut(&mut scene.directory).expect("nobody else has it").queues[0].missed.limit = 0;
        let waits = waits(&scene);
        let at_once = waits.iter().filter(|waited| **waited < 1.0).count() as f64 / waits.len() as f64;
        assert!(waits.len() > 400 && at_once > 0.98, "{misses} {declines}: {at_once} of {}", waits.len());
    }
}

fn shift(from: u64, to: u64, breaks: &[(Duration, Duration)]) -> Vec<Shift> {
    let breaks: Vec<Break> = breaks.iter().map(|(at, lasts)| Break { at: *at, lasts: *lasts, code: 1 }).collect();
    let of = |agent: usize| Shift {
        agent: AgentId(agent as u32),
        days: Weekdays::ALL,
        from: hours(from),
        to: hours(to),
        breaks: breaks.clone(),
    };
    (0..AGENTS).map(of).collect()
}

/// Callers wait for all of them: whoever were ready for a moment would have one.
#[test]
fn nobody_takes_a_call_between_two_breaks_or_at_the_break_that_begins_or_ends_a_shift() {
    let half = secs(1800);
    let two_breaks = shift(0, 11, &[(hours(4), half), (hours(4) + half, half)]);
    let at_the_end = [shift(0, 5, &[(hours(4), hours(1))]), shift(5, 11, &[])].concat();
    let at_the_beginning = [shift(0, 4, &[]), shift(4, 11, &[(hours(4), hours(1))])].concat();
    for (which, shifts) in [two_breaks, at_the_end, at_the_beginning].into_iter().enumerate() {
        let scene = Scene { shifts, ..scene(1_000.0, Manners::ideal(), |_| {}) };
        let talks = facts(&scene).into_iter().filter(|(_, fact)| matches!(fact, Fact::TalkStarted { .. }));
        let begun: Vec<Duration> = talks.map(|(at, _)| at).collect();
        let in_the_break = begun.iter().filter(|at| (hours(4)..hours(5)).contains(*at)).count();
        let then = begun.iter().filter(|at| (hours(5)..hours(5) + secs(1)).contains(*at)).count();
        assert_eq!((in_the_break, then), (0, AGENTS), "{which}: callers wait for their end");
    }
}

#[test]
fn a_phone_that_opens_by_itself_is_neither_missed_nor_refused_and_takes_no_time() {
    let manners = Manners { misses: 0.3, declines: 0.3, ..answering(4) };
    let opening = |directory: &mut Directory| directory.phones.iter_mut().for_each(|phone| phone.auto_answer = true);
    let facts = facts(&scene(500.0, manners, opening));
    let talks = facts.iter().filter(|(_, fact)| matches!(fact, Fact::TalkStarted { .. })).count();
    let offers = facts.iter().filter(|(_, fact)| matches!(fact, Fact::Offered { .. })).count();
    assert!(talks > 400 && offers == talks, "{talks} talks of {offers} offers");
    let waited = facts.iter().filter_map(|(_, fact)| match fact {
        Fact::Connected { waited, .. } => Some(*waited),
        _ => None,
    });
    assert_eq!(waited.max(), Some(Duration::ZERO));
}
