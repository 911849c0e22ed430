//! Races between callers, agents and queues.

use crate::floor::{MS, SECOND, desk, hotline, words};
use core::time::Duration;
use model::{AgentState, Fact, OfferOutcome};
use sim::{Answer, Over, World};

/// Every queue test asserts sound in both directions, an end that reaches everybody and nothing left behind.
#[test]
fn complaint_17_both_hear_each_other_and_both_are_hung_up() {
    for (shards, agent_ends) in [(1, true), (1, false), (3, true), (3, false)] {
        let mut world = World::plan(&hotline(1, "")).shards(shards).open();
        let anna = world.phone("1001");
        let bob = world.caller("13800138000");
        world[bob].dials("4008");
        world.waits_until(5 * SECOND, "they talk", |w| w[anna].is_talking() && w[bob].is_talking());
        world.run_ms(100);
        assert!(world.hears(anna, bob) && world.hears(bob, anna));
        // One call rang and nobody called the agent into it once more.
        world.run_for(30);
        assert_eq!(world[anna].calls().len(), 1);
        assert!(world.hears(anna, bob) && world.hears(bob, anna));
        let (first, other) = if agent_ends { (anna, bob) } else { (bob, anna) };
        world[first].hangs_up_all();
        world.waits_until(20 * MS, "the other end is hung up", |w| w[other].last().is_over());
        assert_eq!(world[other].last().over, Some(Over::HungUpByHouse));
        world.check();
        assert_eq!(world.books.records.len(), 1);
    }
}

#[test]
fn complaint_17_a_wrong_number_is_one_refusal_and_no_record() {
    let mut world = World::new(&hotline(1, ""));
    let bob = world.caller("13800138000");
    world[bob].dials("4711");
    world.run_for(1);
    assert_eq!(world[bob].last().over, Some(Over::Refused(404)));
    world.check();
    let refused = world.books.facts.iter().filter(|f| matches!(f.fact, Fact::Refused { .. })).count();
    assert_eq!((refused, world.books.records.len()), (1, 0));
}

/// The agent serves two queues; two callers come in at the same instant, one to each.
#[test]
fn complaint_03_an_agent_in_two_queues_is_rung_by_one_call() {
    let tables = "[[queue]]\nname = \"red\"\nwrap_up = \"0s\"\n[[queue]]\nname = \"blue\"\nwrap_up = \"0s\"\n\
        [[number]]\nmatch = \"1\"\nto = \"queue:red\"\n[[number]]\nmatch = \"2\"\nto = \"queue:blue\"\n"
        .to_owned()
        + &desk(1001, "red blue", "initial_state = \"ready\"");
    for (shards, seed) in (0..30).map(|seed| (1 + seed as u8 % 3, seed)) {
        let mut world = World::plan(&tables).shards(shards).seed(seed).open();
        let anna = world.phone("1001");
        world[anna].manners.talks = Some(10 * SECOND);
        let (bob, carl) = (world.caller("13800138001"), world.caller("13800138002"));
        world[bob].dials("1");
        world[carl].dials("2");
        for _ in 0..40 {
            world.run_ms(500);
            assert!(world[anna].live().count() <= 1, "seed {seed}: two calls at one phone");
        }
        // Both were served, one after the other.
        world.run_for(10);
        assert_eq!(world[anna].calls().len(), 2, "seed {seed}");
        assert_eq!([bob, carl].map(|who| world[who].last().over), [Some(Over::HungUpByHouse); 2], "seed {seed}");
        world.check();
    }
}

#[test]
fn complaint_06_caller_gone_while_ringing_cancels_the_phone() {
    let mut world = World::new(&hotline(1, ""));
    let anna = world.phone("1001");
    world[anna].manners.answer = Answer::Never;
    let bob = world.caller("13800138000");
    world[bob].dials("4008");
    world.waits_until(5 * SECOND, "the phone rings", |w| w[anna].is_ringing());
    world[bob].hangs_up_all();
    world.waits_until(20 * MS, "the phone stops ringing", |w| w[anna].last().is_over());
    assert_eq!(world[anna].last().over, Some(Over::CancelledByHouse));
    let bye = world.transcript.said_by("caller 13800138000", "BYE")[0];
    let cancel = world.transcript.said_to("phone 1001", "CANCEL")[0];
    assert!(cancel - bye <= 20 * MS, "CANCEL came {:?} after the BYE", cancel - bye);
    world.run_ms(100);
    assert_eq!(world.agent_state("1001"), AgentState::Ready);
    world.check();
}

/// The place of the phone is a name, and its look-up is still running when the caller leaves.
#[test]
fn complaint_06_also_while_the_destination_is_looked_up() {
    let tables = hotline(0, "")
        + "[[phone]]\nid = \"1001\"\ncontact = \"sip:1001@desk.example\"\n\
           [[agent]]\nid = \"1001\"\nphone = \"1001\"\nqueues = [\"support\"]\ninitial_state = \"ready\"\n";
    let mut world = World::plan(&tables).slow_names(3 * SECOND).open();
    world.knows_host("desk.example", &["10.1.0.2:5060"]);
    let anna = world.outside("desk", "10.1.0.2:5060");
    let bob = world.caller("13800138000");
    world[bob].dials("4008");
    world.run_for(1);
    assert!(world[anna].calls().is_empty());
    world[bob].hangs_up_all();
    world.run_for(20);
    assert!(world[anna].calls().is_empty(), "a phone rings for a caller who left before its place was known");
    world.check();
}

/// What a wallboard shows is derived from legs: hours later nobody is in a call that is over.
#[test]
fn complaint_07_nobody_is_in_a_call_that_is_over() {
    for shards in [1, 3] {
        let mut world = World::plan(&hotline(3, "wrap_up = \"5s\"")).shards(shards).open();
        let agents: Vec<_> = ["1001", "1002", "1003"].map(|id| world.phone(id)).into();
        let callers: Vec<_> = (0..6).map(|n| world.caller(&format!("1380013800{n}"))).collect();
        for (n, caller) in callers.iter().enumerate() {
            world[*caller].manners.talks = Some(Duration::from_secs(10 + 7 * n as u64));
            world[*caller].dials("4008");
        }
        for _ in 0..60 {
            world.run_for(1);
            for (id, phone) in ["1001", "1002", "1003"].iter().zip(&agents) {
                let busy = matches!(world.agent_state(id), AgentState::Busy { .. });
                assert_eq!(busy, world[*phone].is_talking(), "agent {id} at {:?}", world.now());
            }
        }
        world.run_for(4 * 3600);
        for id in ["1001", "1002", "1003"] {
            assert_eq!(world.agent_state(id), AgentState::Ready);
        }
        world.check();
    }
}

/// Whatever a phone does or fails to do with an INVITE, the caller is served and the queue goes on.
#[test]
fn complaint_08_a_phone_stuck_at_any_stage_freezes_nothing() {
    let stages = [
        Answer::Silent,
        Answer::TryingOnly,
        Answer::Never,
        Answer::refuse(486),
        Answer::refuse(503),
        Answer::refuse(302),
        Answer::Refuse { status: 480, after: 3 * SECOND },
    ];
    for stuck in stages {
        let mut world = World::new(&hotline(2, "ring_timeout = \"10s\""));
        let (bad, good) = (world.phone("1001"), world.phone("1002"));
        world[bad].manners.answer = stuck;
        let bob = world.caller("13800138000");
        world[bob].dials("4008");
        let took = world.waits_until(13 * SECOND, "he is served", |w| w[bob].is_talking() && w[good].is_talking());
        world.run_ms(200);
        assert!(world.hears(bob, good), "{stuck:?}: served after {took:?}");
        world.run_for(20);
        world[bob].hangs_up_all();
        world.check();
        let outcomes = world.books.outcomes(world.agent("1001"));
        assert_eq!(outcomes.len(), 1, "{stuck:?}: {outcomes:?}");
        assert_ne!(outcomes[0], OfferOutcome::Accepted, "{stuck:?}");
    }
}

/// 486, 603, 408 and 5xx of an agent never reach the caller.
#[test]
fn complaint_14_a_rejecting_agent_does_not_drop_the_caller() {
    for status in [408, 480, 486, 488, 500, 503, 600, 603] {
        let mut world = World::new(&hotline(1, ""));
        let anna = world.phone("1001");
        world[anna].manners.next.push_back(Answer::refuse(status));
        let bob = world.caller("13800138000");
        world[bob].dials("4008");
        world.run_for(1);
        assert!(world[bob].last().is_up(), "status {status} dropped the caller");
        assert!(world.hears_sound(bob, "music/default"), "status {status}");
        let wait = world.waits_until(65 * SECOND, "he is served all the same", |w| w[anna].is_talking());
        world.run_ms(100);
        assert!(world.hears(bob, anna) && world.hears(anna, bob), "status {status}, after {wait:?}");
        world[bob].hangs_up_all();
        world.check();
        let seen: Vec<_> =
            world.transcript.lines().iter().filter(|l| l.from_house && l.peer.starts_with("caller")).collect();
        assert!(seen.iter().all(|l| !l.kind().starts_with(&status.to_string())), "status {status}");
    }
}

#[test]
fn complaint_16_wrap_up_is_seen() {
    let mut world = World::new(&hotline(1, "wrap_up = \"30s\""));
    let anna = world.phone("1001");
    let bob = world.caller("13800138000");
    world[bob].dials("4008");
    world.run_for(5);
    world[bob].hangs_up_all();
    world.run_for(1);
    assert!(matches!(world.agent_state("1001"), AgentState::WrapUp { .. }));
    let line = world.books.wallboard.queue(world.queue("support"), world.now(), world.directory());
    assert_eq!((line.wrap_up, line.ready, line.busy), (1, 0, 0));
    world.run_for(30);
    let line = world.books.wallboard.queue(world.queue("support"), world.now(), world.directory());
    assert_eq!((line.wrap_up, line.ready), (0, 1));
    assert_eq!(words(&world, "1001"), ["ready", "reserved", "busy", "wrap-up", "ready"]);
    assert!(!world[anna].is_talking());
    world.check();
}

/// The phone has died in conversation; the BYE it would have sent is lost with it.
#[test]
fn complaint_12_an_agent_whose_phone_died_is_free_within_forty_seconds() {
    for shards in [1, 3] {
        let mut world = World::plan(&hotline(2, "")).shards(shards).open();
        let (anna, bert) = (world.phone("1001"), world.phone("1002"));
        let bob = world.caller("13800138000");
        world[bob].dials("4008");
        world.run_for(10);
        let agent = if world[anna].is_talking() { anna } else { bert };
        let id = if agent == anna { "1001" } else { "1002" };
        world[agent].dies();
        world.waits_until(40 * SECOND, "the agent is out of the call", |w| {
            !matches!(w.agent_state(id), AgentState::Busy { .. })
        });
        world.run_for(40);
        assert!(world[bob].last().is_over(), "the caller talks to nobody");
        world.check();
        assert!(!matches!(world.agent_state(id), AgentState::Busy { .. }));
    }
}

#[test]
fn complaint_12_a_caller_whose_phone_died_leaves_nobody_locked() {
    let mut world = World::new(&hotline(1, ""));
    let anna = world.phone("1001");
    let bob = world.caller("13800138000");
    world[bob].dials("4008");
    world.run_for(10);
    world[bob].dies();
    world.waits_until(40 * SECOND, "the agent's call is over", |w| w[anna].last().is_over());
    world.run_for(6);
    assert_eq!(world.agent_state("1001"), AgentState::Ready);
    world.check();
}

/// One loop stands still for five seconds. The others go on; what was under way there is served when it turns again.
#[test]
fn complaint_09_a_loop_that_stands_still_loses_nobody() {
    for seed in 0..12 {
        let mut world = World::plan(&hotline(6, "wrap_up = \"1s\"")).shards(3).seed(seed).open();
        let ids: Vec<String> = (1001..=1006).map(|n| n.to_string()).collect();
        for id in &ids {
            let phone = world.phone(id);
            world[phone].manners.talks = Some(6 * SECOND);
        }
        let callers: Vec<_> = (0..12).map(|n| world.caller(&format!("138001380{n:02}"))).collect();
        for (n, caller) in callers.iter().enumerate() {
            if n == 4 {
                world.stalls((seed % 3) as u8, 5 * SECOND);
            }
            world[*caller].dials("4008");
            world.run_ms(150);
        }
        world.run_for(60);
        let ends: Vec<_> = callers.iter().map(|c| world[*c].last().over).collect();
        assert!(ends.iter().all(|end| *end == Some(Over::HungUpByHouse)), "seed {seed}: {ends:?}");
        world.check();
        let served = world.books.tally(world.queue("support")).answered;
        assert_eq!(served, 12, "seed {seed}");
    }
}

/// Thirty callers, four agents, some of whom refuse or let it ring: whoever came first is connected first.
#[test]
fn complaint_10_nobody_is_overtaken() {
    for (shards, seed) in (0..24).map(|seed| (1 + (seed % 3) as u8, seed)) {
        let rules =
            "wrap_up = \"2s\"\nring_timeout = \"8s\"\nmax_wait = \"off\"\nmissed = { limit = 99, pause = \"10s\" }";
        let mut world = World::plan(&hotline(4, rules)).shards(shards).seed(seed).without_media().open();
        let mut rng = base::Rng::new(seed);
        for id in ["1001", "1002", "1003", "1004"] {
            let phone = world.phone(id);
            world[phone].manners.talks = Some(Duration::from_secs(5 + rng.below(20)));
            for _ in 0..12 {
                let answer = match rng.below(6) {
                    0 => Answer::refuse(603),
                    1 => Answer::Never,
                    2 => Answer::refuse(486),
                    _ => Answer::After(Duration::from_millis(rng.below(4000))),
                };
                world[phone].manners.next.push_back(answer);
            }
        }
        let callers: Vec<_> = (0..30).map(|n| world.caller(&format!("138001380{n:02}"))).collect();
        for caller in &callers {
            world[*caller].dials("4008");
            world.run_ms(rng.below(1500));
        }
        world.run_for(600);
        world.check();
        assert_eq!(world.books.tally(world.queue("support")).answered, 30, "seed {seed}");
        // The books say at every offer whether an earlier one was passed over. Seen from outside: the first time a
        // phone rings for somebody is never before that of who came earlier, however often phones refused.
        let queued: Vec<_> =
            world.books.find(|f| if let Fact::Queued { contact, .. } = f { Some(*contact) } else { None }).collect();
        let rang = |id| {
            let offer = move |f: &Fact| matches!(f, Fact::Offered { contact, .. } if *contact == id).then_some(());
            world.books.find(offer).next().expect("everybody was served").0
        };
        let first: Vec<_> = queued.iter().map(|(_, id)| rang(*id)).collect();
        assert!(first.is_sorted(), "seed {seed}: {first:?}");
    }
}

#[test]
fn complaint_10_priority_goes_first_and_order_holds_inside_it() {
    let tables =
        hotline(1, "wrap_up = \"0s\"") + "[[number]]\nmatch = \"4009\"\nto = \"queue:support\"\npriority = 5\n";
    let mut world = World::plan(&tables).without_media().open();
    let anna = world.phone("1001");
    world[anna].manners.answer = Answer::AT_ONCE;
    world[anna].manners.talks = Some(10 * SECOND);
    let dialled = ["4008", "4008", "4009", "4008", "4009"];
    let callers: Vec<_> = (0..5).map(|n| world.caller(&format!("1380013800{n}"))).collect();
    for (caller, number) in callers.iter().zip(dialled) {
        world[*caller].dials(number);
        world.run_for(1);
    }
    world.run_for(60);
    world.check();
    let shown: Vec<_> = world[anna].calls().iter().map(|c| c.shown.clone()).collect();
    let order: Vec<_> =
        shown.iter().map(|s| s.split("138001380").nth(1).and_then(|t| t.get(1..2)).unwrap_or("?").to_owned()).collect();
    assert_eq!(order, ["0", "2", "4", "1", "3"], "{shown:?}");
}

/// Ten agents end their calls one after the other; each comes back when his own time is over.
#[test]
fn complaint_13_each_wrap_up_ends_by_its_own_clock() {
    let mut world = World::plan(&hotline(10, "wrap_up = \"20s\"")).without_media().open();
    let ids: Vec<String> = (1001..=1010).map(|n| n.to_string()).collect();
    let phones: Vec<_> = ids.iter().map(|id| world.phone(id)).collect();
    for (n, phone) in phones.iter().enumerate() {
        world[*phone].manners.talks = Some(Duration::from_secs(30 + 4 * n as u64));
    }
    for n in 0..10 {
        let caller = world.caller(&format!("1380013800{n}"));
        world[caller].dials("4008");
    }
    world.run_for(120);
    for (id, phone) in ids.iter().zip(&phones) {
        let ended = world[*phone].last().ended.expect("it is over");
        let ready = crate::floor::states(&world, id).last().copied().expect("he changed");
        assert_eq!(ready.1, AgentState::Ready);
        let off = (ready.0 - ended).as_millis();
        assert!((20_000..20_010).contains(&off), "agent {id} was back after {off} ms");
    }
    world.check();
}

/// What could cut a wrap-up short: another queue's shorter one, a transfer, a reload, a waiting caller.
#[test]
fn complaint_15_no_call_before_the_wrap_up_is_over() {
    let tables = "[[queue]]\nname = \"long\"\nwrap_up = \"30s\"\n[[queue]]\nname = \"short\"\nwrap_up = \"1s\"\n\
        [[number]]\nmatch = \"1\"\nto = \"queue:long\"\n[[number]]\nmatch = \"2\"\nto = \"queue:short\"\n"
        .to_owned()
        + &desk(1001, "long short", "initial_state = \"ready\"")
        + &desk(1002, "", "");
    for (shards, transfers, reloads) in [(1, false, false), (1, true, false), (1, false, true), (3, true, true)] {
        let mut world = World::plan(&tables).shards(shards).open();
        let (anna, _bert) = (world.phone("1001"), world.phone("1002"));
        let (bob, carl) = (world.caller("13800138001"), world.caller("13800138002"));
        world[bob].dials("1");
        world.run_for(5);
        assert!(world[anna].is_talking());
        world[carl].dials("2");
        world.run_for(5);
        let call = world[anna].last_no();
        if transfers {
            world[anna].transfers(call, "1002");
            world.run_for(5);
            assert!(world.hears(bob, _bert), "the colleague has the caller");
        } else {
            world[bob].hangs_up_all();
        }
        world.waits_until(SECOND, "his part is over", |w| w[anna].last().is_over());
        let ended = world[anna].call(call).ended.expect("over");
        if reloads {
            world.run_for(3);
            world.reloads(|d| d.queues[0].wrap_up = Duration::from_secs(2));
        }
        let next = world.waits_until(60 * SECOND, "the next call", |w| w[anna].calls().len() == 2);
        let pause = world[anna].last().started - ended;
        assert!(pause >= 30 * SECOND, "after {pause:?} (waited {next:?}; transfer {transfers}, reload {reloads})");
        assert!(pause <= 31 * SECOND, "after {pause:?}");
        world.run_for(5);
        world.everybody_hangs_up();
        world.check();
    }
}

/// The phone's Call-ID leads to one shard, the dialog it replaces to another: its CANCEL must go the same way.
#[test]
fn a_pickup_that_is_cancelled_at_any_moment_leaves_nothing_on_any_shard() {
    let mut picked_up = 0;
    for (seed, patience) in (0..24).zip([0, 1, 3, 10, 30, 200].into_iter().cycle()) {
        let tables = hotline(1, "") + "[[phone]]\nid = \"2000\"\ncontact = \"sip:2000@10.1.9.9:5060\"\n";
        let mut world = World::plan(&tables).shards(3).seed(seed).open();
        let anna = world.phone("1001");
        let bob = world.caller("13800138000");
        world[bob].dials("4008");
        world.waits_until(5 * SECOND, "they talk", |w| w[anna].is_talking() && w[bob].is_talking());
        let other = world.phone("2000");
        let call = world[anna].live().next().expect("she talks");
        let line = world[anna].replaces(call);
        world[other].invites("1001", vec![line]);
        world.run_ms(patience);
        picked_up += usize::from(world[other].is_talking());
        world[other].hangs_up_all();
        world.run_for(5);
        world[bob].hangs_up_all();
        world.run_for(40);
        assert!(world[anna].live().next().is_none() && world[other].live().next().is_none(), "seed {seed}");
        world.check();
        assert_eq!(world.books.records.len(), 1, "seed {seed}: one call, however often it was picked up");
    }
    assert!((4..=20).contains(&picked_up), "{picked_up} of 24: both the CANCEL and the answer were early at times");
}
