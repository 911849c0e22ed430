//! Callers who press keys while they wait.

use super::{Counting, Rehearsal, Scene, Tally};
use crate::WorldPlan;
use core::time::Duration;
use model::{AgentId, Demand, Fact, Habit, Manners, Shift, Spread, Stream, TrunkId, Weekday, Weekdays};
use std::sync::Arc;

const TABLES: &str = r#"
[generation]
enable = ["queue.callback"]
[[trunk]]
name = "out"
host = "198.51.100.9"
options_interval = "0s"
[[route]]
match = "1*"
trunks = ["out"]
[[queue]]
name = "q"
wrap_up = "0s"
max_wait = "off"
keys = { 5 = "callback:q", 9 = "announcement:sorry" }
callback = { first = "FIRST" }
[[number]]
match = "4008"
to = "queue:q"
[[phone]]
id = "10000"
contact = "sip:10000@10.1.0.1:5060"
[[agent]]
id = "10000"
phone = "10000"
queues = ["q"]
"#;

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The agent comes after an hour; nobody gives up before.
fn scene(first: &str, habits: &[(&str, f64)]) -> Scene {
    let WorldPlan { directory, begins, .. } = WorldPlan::new(&TABLES.replace("FIRST", first));
    let habit = |(keys, share): &(&str, f64)| Habit { keys: (*keys).into(), after: secs(60), share: *share };
    let stream = Stream {
        trunk: TrunkId(0),
        days: Weekdays::ALL,
        numbers: vec![("4008".into(), 1.0)],
        calls: vec![40.0],
        talk: Spread::Exactly(secs(30)),
        wrap_up: Spread::ZERO,
        patience: None,
        habits: habits.iter().map(habit).collect(),
        people: 10_000,
        prefix: "1".into(),
    };
    let shift = Shift { agent: AgentId(0), days: Weekdays::ALL, from: secs(3600), to: secs(8 * 3600), breaks: vec![] };
    Scene {
        directory: Arc::new(directory),
        begins,
        weekday: Weekday::Monday,
        midnights: vec![Duration::ZERO],
        interval: secs(1800),
        demand: Demand { streams: vec![stream], ..Demand::default() },
        shifts: vec![shift],
        manners: Manners::ideal(),
    }
}

/// What became of the day, and how many talks there were.
fn played(scene: &Scene) -> (Tally, u64) {
    let mut rehearsal = Rehearsal::new(scene, 3);
    let mut counting = Counting::new(scene);
    let mut talks = 0;
    rehearsal.run(|fact| {
        talks += u64::from(matches!(fact.fact, Fact::TalkStarted { .. }));
        counting.handle_fact(fact);
    });
    (counting.finish(rehearsal.now(), rehearsal.callers().len()), talks)
}

#[test]
fn who_asks_to_be_called_back_is_called_and_served() {
    for first in ["agent", "caller"] {
        let (tally, talks) = played(&scene(first, &[("51", 0.5)]));
        let q = &tally.queues[0].whole;
        assert!((8..=32).contains(&q.promised), "{first}: {} of {} were promised", q.promised, tally.callers);
        assert_eq!((q.reached, talks, tally.left_over), (q.promised, tally.callers, 0), "{first}");
        let c = &q.figures.counts;
        let once = (c.offered, c.answered, c.flowed_out, c.called_back);
        assert_eq!(
            once,
            (tally.callers, tally.callers - q.promised, q.promised, q.promised),
            "{first}: one caller, one offer"
        );
        assert_eq!((q.figures.accounted(), c.handled), (c.offered, tally.callers), "{first}");
        let mean = q.to_callback / q.reached as u32;
        let talk = q.figures.time_to_talk().expect("they talked");
        assert!(talk >= mean && talk < mean + secs(60), "{first}: {talk:?} to the talk, {mean:?} to the answer");
        assert!((secs(1800)..secs(2 * 3600)).contains(&mean), "{first}: {mean:?} to a callback");
    }
}

#[test]
fn who_leaves_by_a_key_is_not_served_and_habits_change_nothing_else_about_the_day() {
    let (scene, plain) = (scene("agent", &[("9", 0.25), ("7", 0.25)]), scene("agent", &[]));
    let (tally, talks) = played(&scene);
    let out = tally.queues[0].whole.figures.counts.flowed_out;
    assert!((3..=20).contains(&out), "{out} of {} left", tally.callers);
    assert_eq!(talks + out, tally.callers);
    let people =
        |scene| -> Vec<_> { Rehearsal::new(scene, 3).callers().iter().map(|c| (c.at, c.talk, c.seed)).collect() };
    assert_eq!(people(&scene), people(&plain));
}
