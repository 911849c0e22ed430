//! Rules of queues: who is asked, who leaves and by which key, what is foretold, when it is open.

use crate::floor::{MS, SECOND, desk, hotline};
use engine::{Answer as Said, Ask};
use model::{Actor, Command, Fact, FlowReason, QueueAction};
use sim::{Answer, PhoneNo, World};

const SKILLS: &str = "[generation]\nlevel = 3\n[[skill]]\nname = \"french\"\n";

/// Whom each contact was offered to, in order.
fn offers(world: &World) -> Vec<String> {
    let offered = |fact: &Fact| match fact {
        Fact::Offered { agent, .. } => Some(*agent),
        _ => None,
    };
    world.books.find(offered).map(|(_, agent)| world.directory().agent(agent).id.to_string()).collect()
}

fn left(world: &World) -> Vec<FlowReason> {
    let flowed = |fact: &Fact| match fact {
        Fact::FlowedOut { why, .. } => Some(*why),
        _ => None,
    };
    world.books.find(flowed).map(|(_, why)| why).collect()
}

fn calls(world: &mut World, number: &str) -> PhoneNo {
    let caller = world.caller(number);
    world[caller].dials("4008");
    caller
}

/// A breakout key at any moment of place and time being told.
#[test]
fn complaint_23_a_breakout_key_works_while_the_place_is_told() {
    let keys =
        "keys = { 1 = \"queue:sales\" }\nannounce = { position = true, wait = true, first = \"5s\", every = \"5s\" }";
    let tables = hotline(1, keys) + "[[queue]]\nname = \"sales\"\n";
    let mut while_told = 0;
    for step in 0..40 {
        let mut world = World::new(&tables);
        let anna = world.phone("1001");
        world[anna].manners.answer = Answer::Never;
        let bob = world.caller("13800138000");
        let call = world[bob].dials("4008");
        // The phone rings in vain first; then he waits and is told where he stands.
        world.run(16 * SECOND + 157 * MS * step);
        while_told += u32::from(!world.hears_sound(bob, "music/default"));
        world[bob].presses(call, "1");
        let sales = world.queue("sales");
        world.waits_until(300 * MS, "he is in the other queue", |w| w.books.tally(sales).waiting == 1);
        world.everybody_hangs_up();
        world.check();
        assert_eq!(left(&world), [FlowReason::BreakoutKey]);
    }
    assert!(while_told >= 8, "{while_told} of 40 keys were pressed while something was told");
}

/// Who comes to a long line hears so at once. He waits on, or leaves by a key in the middle of it; an agent who is free
/// meanwhile does not wait for its end.
#[test]
fn who_comes_to_a_long_line_is_warned_and_neither_key_nor_agent_waits_for_the_end_of_it() {
    let rules = "wrap_up = \"0s\"\nwarning = { length = 1 }\nkeys = { 1 = \"queue:sales\" }";
    let tables = hotline(1, rules) + "[[queue]]\nname = \"sales\"\n";
    let mut world = World::new(&tables);
    let anna = world.phone("1001");
    let talker = calls(&mut world, "13800138001");
    world.waits_until(5 * SECOND, "Anna talks", |w| w[anna].is_talking());
    let first = calls(&mut world, "13800138002");
    world.run_for(1);
    assert!(!world.hears_sound(first, "queue/long-wait"), "nobody stands before him");
    let leaves = world.caller("13800138003");
    let call = world[leaves].dials("4008");
    let stays = calls(&mut world, "13800138004");
    world.run_for(1);
    for caller in [leaves, stays] {
        assert!(world.hears_sound(caller, "queue/long-wait"), "he is told");
    }
    world[leaves].presses(call, "1");
    world.run_ms(500);
    let sales = world.queue("sales");
    assert_eq!(world.books.tally(sales).waiting, 1);
    world[talker].hangs_up_all();
    world[first].hangs_up_all();
    // With the time in it the warning takes more than eight seconds, of which less than two have passed.
    world.waits_until(4 * SECOND, "the warning is not waited for", |w| w.hears(stays, anna));
    world.everybody_hangs_up();
    world.check();
    let warned = |fact: &Fact| matches!(fact, Fact::Warned { .. }).then_some(());
    assert_eq!(world.books.find(warned).count(), 2);
}

/// The published formula is measured against what happens: every wait leaves what was foretold of it.
#[test]
fn complaint_29_every_wait_is_compared_with_what_was_foretold() {
    let mut world = World::plan(&hotline(1, "wrap_up = \"0s\"")).without_media().open();
    world.phone("1001");
    let first = calls(&mut world, "13800138001");
    world.run_for(5);
    let others = ["13800138002", "13800138003"].map(|number| calls(&mut world, number));
    world.run_for(55);
    for caller in [first, others[0], others[1]] {
        world[caller].hangs_up_all();
        world.run_for(30);
    }
    world.check();
    let foretold = |fact: &Fact| match fact {
        Fact::WaitForetold { expected, bound, waited, served: true, .. } => Some((*expected, *bound, *waited)),
        _ => None,
    };
    let found: Vec<_> = world.books.find(foretold).map(|(_, figures)| figures).collect();
    assert_eq!(found.len(), 2, "the first did not wait: {found:?}");
    for (expected, bound, waited) in &found {
        assert!(expected < bound && *waited > 50 * SECOND, "{expected:?} {bound:?} {waited:?}");
    }
    assert!(found[0].0 < found[1].0, "whoever stands further back waits longer");
}

/// Who left the queue for another and comes back stands where he stood.
#[test]
fn complaint_30_a_caller_who_comes_back_has_his_place() {
    let mut tables = hotline(0, "keys = { 1 = \"queue:sales\" }");
    tables += "[[queue]]\nname = \"sales\"\nkeys = { 2 = \"queue:support\" }\n";
    tables += &desk(1001, "support", "initial_state = \"not-ready\"");
    let mut world = World::new(&tables);
    let anna = world.phone("1001");
    let bob = world.caller("13800138001");
    let call = world[bob].dials("4008");
    world.run_for(2);
    world[bob].presses(call, "1");
    world.run_for(1);
    let carol = calls(&mut world, "13800138002");
    world.run_for(2);
    world[bob].presses(call, "2");
    world.run_for(1);
    assert_eq!(world.books.tally(world.queue("support")).waiting, 2);
    world.tells_agent("1001", model::AgentAction::Ready).expect("she is signed on");
    world.waits_until(5 * SECOND, "Anna talks", |w| w[anna].is_talking());
    world.run_ms(300);
    assert!(world.hears(anna, bob) && !world.hears(anna, carol), "the one who came first");
    world.everybody_hangs_up();
    world.check();
}

/// Hours are those of the calendar's zone, to the minute.
#[test]
fn complaint_43_a_queue_is_open_by_its_own_zone() {
    // The world begins on Monday, 5 January 2026, at 09:00 UTC: 17:00 in Shanghai.
    let tables = hotline(1, "hours = \"office\"")
        + "[[calendar]]\nname = \"office\"\ntime_zone = \"Asia/Shanghai\"\nopen = { mon-fri = \"09:00-17:30\" }\n\
           exceptions = { \"2026-01-06\" = \"10:00-11:00\" }\n";
    let mut world = World::plan(&tables).without_media().open();
    world.phone("1001");
    // Seconds since the beginning, and whether it is open then.
    for (at, open) in [
        (29 * 60 + 50, true),
        (30 * 60 + 1, false),
        (16 * 3600 + 60, false),
        (17 * 3600 + 60, true),
        (18 * 3600 + 60, false),
        (40 * 3600 + 60, true),
    ] {
        let begins = base::Instant::from_millis(1000);
        world.run(begins + at * SECOND - world.now());
        let before = left(&world).len();
        let caller = calls(&mut world, "13800138000");
        world.run_for(5);
        assert_eq!(left(&world).len() - before, usize::from(!open), "{at} s after the beginning");
        world[caller].hangs_up_all();
        world.run_for(10);
    }
    world.check();
    assert!(left(&world).iter().all(|why| *why == FlowReason::Closed));
}

#[test]
fn a_caller_comes_back_to_the_agent_who_served_him() {
    let tables = format!("{SKILLS}{}", hotline(2, "sticky = { wait = \"20s\" }\nwrap_up = \"0s\""));
    let mut world = World::plan(&tables).without_media().open();
    world.phone("1001");
    world.phone("1002");
    for number in ["13800138001", "13800138001", "13800138002", "13800138001"] {
        let caller = calls(&mut world, number);
        world.run_for(10);
        world[caller].hangs_up_all();
        world.run_for(10);
    }
    world.check();
    let asked = offers(&world);
    assert_eq!(asked.len(), 4);
    assert!(asked[0] == asked[1] && asked[0] == asked[3], "{asked:?}");
    assert_ne!(asked[0], asked[2], "another caller goes to who is idle longest");
}

#[test]
fn a_rule_lets_a_caller_pass_the_others() {
    let rules = "rules = [{ if = \"caller.ends_with('8003')\", priority = 5 }]\nwrap_up = \"0s\"";
    let mut world = World::plan(&format!("{SKILLS}{}", hotline(1, rules))).without_media().open();
    let anna = world.phone("1001");
    let callers: Vec<PhoneNo> =
        ["13800138001", "13800138002", "13800138003"].iter().map(|number| calls(&mut world, number)).collect();
    world.run_for(20);
    world[callers[0]].hangs_up_all();
    world.run_for(10);
    assert!(world[anna].is_talking() && world[callers[2]].is_talking());
    world.everybody_hangs_up();
    world.check();
}

#[test]
fn a_queue_shut_in_an_emergency_lets_nobody_wait() {
    let mut world = World::plan(&hotline(0, "")).without_media().open();
    let queue = world.queue("support");
    let waiting = calls(&mut world, "13800138001");
    world.run_for(5);
    let by = || Actor::Operator("root".into());
    let said = world.asks(0, Ask::Do(Command::Queue { queue, action: QueueAction::Close, by: by() }));
    assert_eq!(said, Said::Done(Ok(())));
    world.run_for(1);
    assert_eq!(left(&world), [FlowReason::Closed]);
    let late = calls(&mut world, "13800138002");
    world.run_for(5);
    assert_eq!(left(&world), [FlowReason::Closed; 2]);
    world.asks(0, Ask::Do(Command::Queue { queue, action: QueueAction::Open, by: by() }));
    let third = calls(&mut world, "13800138003");
    world.run_for(5);
    assert_eq!(world.books.tally(queue).waiting, 1);
    for caller in [waiting, late, third] {
        world[caller].hangs_up_all();
    }
    world.run_for(5);
    world.check();
}
