//! Statistics and records.

use crate::floor::{MS, SECOND, desk, hotline, states};
use core::time::Duration;
use model::{AgentState, Fact, NotReadyReason, TransferKind, Treatment};
use report::{AgentFigures, VisitEnd, words};
use sim::{Answer, PhoneNo, World};
use std::collections::BTreeSet;

/// Talk time of each agent in the order it ended: talked and held.
fn talks(world: &World) -> Vec<(String, Duration, Duration)> {
    let ended = |fact: &Fact| match fact {
        Fact::TalkEnded { agent, talked, held, .. } => Some((*agent, *talked, *held)),
        _ => None,
    };
    let found: Vec<_> = world.books.find(ended).collect();
    found
        .into_iter()
        .map(|(_, (agent, talked, held))| (world.directory().agent(agent).id.to_string(), talked, held))
        .collect()
}

fn near(found: Duration, wanted: Duration) -> bool {
    found.abs_diff(wanted) <= 50 * MS
}

#[test]
fn complaint_31_a_blind_transfer_splits_the_talk() {
    for shards in [1, 3] {
        let tables = hotline(1, "") + &desk(1002, "", "");
        let mut world = World::plan(&tables).shards(shards).open();
        let (anna, bert) = (world.phone("1001"), world.phone("1002"));
        let bob = world.caller("13800138000");
        world[bob].dials("4008");
        world.waits_until(5 * SECOND, "Anna talks", |w| w[anna].is_talking());
        world.run_for(20);
        let call = world[anna].last_no();
        world[anna].transfers(call, "1002");
        world.waits_until(5 * SECOND, "Bert talks", |w| w[bert].is_talking());
        world.waits_until(SECOND, "Anna is out", |w| w[anna].last().is_over());
        assert_eq!(world[anna].last().notified.last(), Some(&200));
        world.run_ms(100);
        assert!(world.hears(bob, bert) && world.hears(bert, bob));
        world.run_for(30);
        world[bob].hangs_up_all();
        world.check();
        let split = talks(&world);
        assert_eq!(split.iter().map(|(id, ..)| &**id).collect::<Vec<_>>(), ["1001", "1002"], "{split:?}");
        // Each has what his own phone saw, not a second of the other's.
        for (phone, (id, talked, held)) in [anna, bert].into_iter().zip(&split) {
            let seen = world[phone].last().talked(world.now());
            assert!(near(*talked + *held, seen), "agent {id}: {talked:?} + {held:?}, his phone saw {seen:?}");
        }
        // The bridge: until the transfer was asked for, and from the new agent's answer on.
        let bridged: Duration = split.iter().map(|(_, talked, _)| *talked).sum();
        assert!(near(bridged, 20 * SECOND + 30 * SECOND + 100 * MS), "{split:?}");
    }
}

#[test]
fn complaint_31_an_attended_transfer_splits_the_talk() {
    let tables = hotline(1, "") + &desk(1002, "", "");
    let mut world = World::new(&tables);
    let (anna, bert) = (world.phone("1001"), world.phone("1002"));
    let bob = world.caller("13800138000");
    world[bob].dials("4008");
    world.waits_until(5 * SECOND, "Anna talks", |w| w[anna].is_talking());
    world.run_for(10);
    let customer = world[anna].last_no();
    world[anna].holds(customer);
    let consultation = world[anna].dials("1002");
    world.run_for(10);
    assert!(world.hears_sound(bob, "music/default"), "held, with music");
    world[anna].transfers_into(customer, consultation);
    world.waits_until(SECOND, "Anna is out", |w| w[anna].live().count() == 0);
    world.run_ms(200);
    assert!(world.hears(bob, bert) && world.hears(bert, bob));
    world.run_for(20);
    world[bob].hangs_up_all();
    world.check();
    let kinds: Vec<_> = world
        .books
        .find(|f| if let Fact::Transferred { kind, .. } = f { Some(*kind) } else { None })
        .map(|(_, kind)| kind)
        .collect();
    assert_eq!(kinds, [TransferKind::Attended]);
    // Anna: ten seconds with the customer, then he was held; Bert: twenty seconds with him.
    let split = talks(&world);
    let of =
        |id: &str| split.iter().filter(|(who, ..)| who == id).map(|(_, talked, _)| *talked).max().unwrap_or_default();
    assert!(near(of("1001"), 10 * SECOND), "{split:?}");
    assert!(near(of("1002"), 20 * SECOND + 200 * MS), "{split:?}");
}

/// A busy house; answers, refusals, hang-ups and overflow at random.
fn busy_house(shards: u8, seed: u64) -> (World, Vec<PhoneNo>, Vec<PhoneNo>) {
    let rules = "wrap_up = \"3s\"\nring_timeout = \"6s\"\nmax_wait = { after = \"60s\", to = \"queue:overflow\" }\n\
        missed = { limit = 99, pause = \"20s\" }\n\
        service_level = { target = \"10s\", percent = 80, treatment = \"negative\", short_abandon = \"3s\" }";
    let tables = hotline(4, rules) + "[[queue]]\nname = \"overflow\"\nmax_wait = \"off\"\n";
    let mut world = World::plan(&tables).shards(shards).seed(seed).without_media().open();
    let mut rng = base::Rng::new(seed ^ 0x5eed);
    let agents: Vec<_> = (1001..=1004).map(|id| world.phone(&id.to_string())).collect();
    for agent in &agents {
        world[*agent].manners.talks = Some(Duration::from_secs(4 + rng.below(15)));
        for _ in 0..20 {
            let answer = match rng.below(8) {
                0 => Answer::refuse(603),
                1 => Answer::Never,
                _ => Answer::After(Duration::from_millis(rng.below(3000))),
            };
            world[*agent].manners.next.push_back(answer);
        }
    }
    let callers: Vec<_> = (0..40).map(|n| world.caller(&format!("138001380{n:02}"))).collect();
    for caller in &callers {
        if rng.below(3) == 0 {
            world[*caller].manners.talks = Some(Duration::from_millis(500 + rng.below(40_000)));
        }
        world[*caller].dials("4008");
        world.run_ms(rng.below(2000));
    }
    world.run_for(120);
    (world, agents, callers)
}

/// The books compare the report with their own count at every single fact.
#[test]
fn complaint_32_nothing_is_counted_twice_at_any_event() {
    for (shards, seed) in (0..9).map(|seed| (1 + (seed % 3) as u8, seed)) {
        let (mut world, _, callers) = busy_house(shards, seed);
        world.everybody_hangs_up();
        world.check();
        let tally = world.books.tally(world.queue("support"));
        assert_eq!(tally.offered as usize, callers.len(), "seed {seed}: {tally:?}");
        assert_eq!(tally.offered, tally.answered + tally.abandoned + tally.flowed_out, "seed {seed}: {tally:?}");
    }
}

#[test]
fn complaint_33_counters_move_at_the_answer_and_the_level_divides_by_all() {
    let rules = "service_level = { target = \"5s\", percent = 80, treatment = \"negative\", short_abandon = \"1s\" }";
    let mut world = World::new(&hotline(1, rules));
    let anna = world.phone("1001");
    let support = world.queue("support");
    let (bob, carl) = (world.caller("13800138001"), world.caller("13800138002"));
    world[bob].dials("4008");
    world.waits_until(5 * SECOND, "Bob is served", |w| w[anna].is_talking());
    world.run_ms(50);
    let figures = world.books.figures(support, world.now());
    assert_eq!((figures.counts.answered, figures.counts.answered_in_target), (1, 1), "known at the answer");
    assert!(world[anna].is_talking(), "and the call goes on");
    // A long talk is not a late answer.
    world.run_for(60);
    world[carl].dials("4008");
    world.run_for(30);
    world[carl].hangs_up_all();
    world.run_for(1);
    let figures = world.books.figures(support, world.now());
    assert_eq!((figures.counts.offered, figures.counts.abandoned), (2, 1));
    assert_eq!(figures.service_level(Treatment::Negative), Some(0.5), "the abandoned one is part of the whole");
    assert_eq!(figures.service_level(Treatment::Handled), Some(1.0));
    world.everybody_hangs_up();
    world.check();
}

/// What the phones lived through is the truth; the report must say the same.
#[test]
fn complaint_34_the_report_agrees_with_what_the_phones_saw() {
    for (shards, seed) in (20..26).map(|seed| (1 + (seed % 3) as u8, seed)) {
        let (mut world, agents, callers) = busy_house(shards, seed);
        world.everybody_hangs_up();
        world.check();
        let number =
            |shown: &str| shown.split("sip:").nth(1).and_then(|s| s.split('@').next()).unwrap_or_default().to_owned();
        let talked_to: BTreeSet<String> = agents
            .iter()
            .flat_map(|agent| world[*agent].calls().iter())
            .filter(|call| call.answered.is_some())
            .map(|call| number(&call.shown))
            .collect();
        for record in &world.books.records {
            let reached = talked_to.contains(&**record.arrival.caller.reveal());
            let served = record.end == model::ContactEnd::Served;
            assert_eq!(served, reached, "seed {seed}: {:?} of {}", record.end, record.arrival.caller.reveal());
        }
        assert_eq!(world.books.records.len(), callers.len());
        let answered = world.books.visits.iter().filter(|v| matches!(v.end, VisitEnd::Answered { .. })).count();
        assert_eq!(answered, talked_to.len(), "seed {seed}");
    }
}

/// All variants at once, each the printed formula applied to the visits one by one.
#[test]
fn complaint_36_every_treatment_of_the_service_level_stands_beside_its_formula() {
    let (mut world, ..) = busy_house(1, 77);
    world.everybody_hangs_up();
    world.check();
    let support = world.queue("support");
    let level = world.directory().queue(support).service_level;
    let visits: Vec<_> = world.books.visits.iter().filter(|v| v.queue == support).collect();
    let count = |pick: &dyn Fn(&report::QueueVisit) -> bool| visits.iter().filter(|v| pick(v)).count() as f64;
    let answered = |v: &report::QueueVisit| matches!(v.end, VisitEnd::Answered { .. });
    let abandoned = |v: &report::QueueVisit| matches!(v.end, VisitEnd::Abandoned);
    let (all, a, b) = (visits.len() as f64, count(&answered), count(&abandoned));
    let a_in = count(&|v| answered(v) && v.waited <= level.target);
    let b_in = count(&|v| abandoned(v) && v.waited <= level.target);
    let b_short = count(&|v| abandoned(v) && v.waited <= level.short_abandon);
    let rang_out = |v: &report::QueueVisit| v.rang_out.is_some_and(|after| after <= level.target);
    let event = count(&|v| answered(v) || abandoned(v) || rang_out(v) || v.waited > level.target);
    let event_a = count(&|v| answered(v) && v.waited <= level.target && !rang_out(v));
    assert!(b_in > 0.0 && b > b_in && b_short > 0.0 && a > a_in, "a house in which the treatments differ");
    let figures = world.books.figures(support, world.now());
    for treatment in Treatment::ALL {
        let wanted = match treatment {
            Treatment::Handled => a_in / a,
            Treatment::Ignore => a_in / (all - b_in),
            Treatment::Negative => a_in / all,
            Treatment::Positive => (a_in + b_in) / all,
            Treatment::Short => a_in / (all - b_short),
            Treatment::Late => a_in / (a + b - b_in),
            Treatment::Genesys => a_in / (a + b),
            Treatment::Event => event_a / event,
        };
        let found = figures.service_level(treatment).expect("there were calls");
        assert!((found - wanted).abs() < 1e-9, "{}: {found}, not {wanted}", treatment.word());
        let name = format!("service level ({})", treatment.word());
        assert!(report::FORMULAS.iter().any(|(what, formula)| *what == name && !formula.is_empty()), "{name}");
    }
}

/// A break asked for during a call begins after it and lasts, whatever happens around it.
#[test]
fn complaint_38_a_break_is_not_undone() {
    let on_break = AgentState::NotReady { reason: NotReadyReason::Code(5) };
    for shards in [1, 3] {
        let tables = hotline(0, "wrap_up = \"5s\"")
            + "[[phone]]\nid = \"1001\"\npassword = \"correct horse\"\n\
               [[agent]]\nid = \"1001\"\nphone = \"1001\"\nqueues = [\"support\"]\ninitial_state = \"ready\"\n";
        let mut world = World::plan(&tables).shards(shards).open();
        let anna = world.phone("1001");
        world[anna].registers(120 * SECOND);
        world.run_for(1);
        let (bob, carl) = (world.caller("13800138001"), world.caller("13800138002"));
        world[bob].dials("4008");
        world.run_for(5);
        // From the same phone, beside the call.
        world[anna].dials("*145");
        world.run_for(5);
        assert!(matches!(world.agent_state("1001"), AgentState::Busy { .. }), "the call goes on");
        world[bob].hangs_up_all();
        world.run_for(1);
        assert!(matches!(world.agent_state("1001"), AgentState::WrapUp { .. }));
        world.run_for(6);
        assert_eq!(world.agent_state("1001"), on_break);
        // Neither a waiting caller, a renewed registration, a reload nor time ends it.
        world[carl].dials("4008");
        world[anna].registers(120 * SECOND);
        world.run_for(10);
        world.reloads(|d| d.queues[0].wrap_up = SECOND);
        world.run_for(500);
        assert_eq!(world.agent_state("1001"), on_break);
        assert_eq!(world[anna].calls().iter().filter(|c| c.inward).count(), 1, "and nothing rang");
        // He alone ends it.
        world[anna].dials("*13");
        world.waits_until(10 * SECOND, "Carl is served", |w| w[anna].calls().iter().any(|c| c.inward && c.is_up()));
        world.everybody_hangs_up();
        world[anna].unregisters();
        world.check();
    }
}

#[test]
fn complaint_39_each_pause_counts_from_its_own_start() {
    let mut world = World::new(&hotline(1, ""));
    let anna = world.phone("1001");
    let began = world.now();
    let mut paused = Duration::ZERO;
    for (code, length) in [(1, 10), (2, 25), (1, 40)] {
        world.run_for(100);
        world[anna].dials(&format!("*14{code}"));
        world.waits_until(5 * SECOND, "on a break", |w| w.agent_state("1001").word() == "not-ready");
        let start = world.now();
        world.run_for(length);
        world[anna].dials("*13");
        world.waits_until(5 * SECOND, "back", |w| w.agent_state("1001") == AgentState::Ready);
        paused += world.now() - start;
    }
    world.run_for(30);
    let spans = &world.books.spans;
    let not_ready: Vec<_> = spans.iter().filter(|s| matches!(s.state, AgentState::NotReady { .. })).collect();
    assert_eq!(not_ready.len(), 3, "{not_ready:?}");
    let total: Duration = not_ready.iter().map(|s| s.lasted).sum();
    assert!(near(total, paused), "{total:?}, not {paused:?}");
    // All spans together are the time he was signed on, to the nanosecond.
    let mut figures = AgentFigures::default();
    for span in spans {
        figures.add(span.state, span.lasted);
    }
    let last = states(&world, "1001").last().expect("he changed").0;
    assert_eq!(figures.signed_on(), last - began);
    world.check();
}

/// The abandoned calls of a day as a list, from the log, after a restart.
#[test]
fn complaint_35_abandoned_calls_are_listed_and_survive_a_restart() {
    let folder = std::env::temp_dir().join(format!("strowger-complaint-35-{}", std::process::id()));
    let url = format!("sqlite:{}", folder.join("log.db").display());
    let mut world = World::plan(&hotline(1, "")).without_media().open();
    let anna = world.phone("1001");
    world[anna].manners.talks = Some(20 * SECOND);
    for n in 0..4 {
        let caller = world.caller(&format!("1380013800{n}"));
        world[caller].manners.talks = (n >= 2).then_some(Duration::from_secs(5 + n));
        world[caller].dials("4008");
        world.run_ms(200);
    }
    world.run_for(90);
    world.check();

    let store = store::Store::open(&url).expect("a new store");
    assert_eq!(store.boot(), 1);
    let (facts, inlet) = crossbeam::channel::unbounded();
    let end = world.clock();
    let names = std::sync::Arc::new(world.directory().clone());
    let day = Duration::from_secs(86_400);
    let (from, to) = (end.utc - day, end.utc + day);
    let settings = store::JournalSettings {
        clock: Box::new(move || end),
        day: |_, at| (at - Duration::from_secs(86_400), at + Duration::from_secs(86_400)),
        names,
        watch: None,
    };
    let journal = store::Journal::start(store, inlet, settings).expect("a journal");
    for fact in &world.books.facts {
        facts.send(fact.clone()).expect("the journal runs");
    }
    drop(facts);
    journal.join();

    // The process starts again: nothing is reset.
    assert_eq!(store::Store::open(&url).expect("the same store").boot(), 2);
    let reader = store::Reader::open(&url).expect("readable");
    let listed = reader.abandoned(from, to).expect("abandoned calls");
    let abandoned: Vec<_> = listed.iter().map(|visit| visit.caller.as_str()).collect();
    assert_eq!(abandoned, ["13800138002", "13800138003"]);
    let mut ends = Vec::new();
    reader.each_visit(from, to, |visit| ends.push(visit.stay.end)).expect("visits");
    let tally = world.books.tally(world.queue("support"));
    assert_eq!(ends.len() as u64, tally.offered);
    assert_eq!(ends.iter().filter(|end| **end == VisitEnd::Abandoned).count() as u64, tally.abandoned);
    std::fs::remove_dir_all(folder).expect("it was made above");
    // Every fact has a word a person can read.
    assert!(world.books.facts.iter().all(|f| !words(&f.fact, world.directory()).0.is_empty()));
}
