//! Who would rather be called back.

use crate::floor::{SECOND, hotline};
use base::Utc;
use crossbeam::channel::unbounded;
use engine::Ask;
use model::{Actor, AgentAction, Command, Directory, Fact, FlowReason, Memory, QueueAction};
use sim::{Answer, PhoneNo, World};
use std::sync::Arc;
use store::{Journal, JournalSettings, Store};

/// A house that calls back, with one way out: every customer's phone is at its end.
fn tables(agents: u8, callback: &str) -> String {
    let rules = format!("keys = {{ 1 = \"callback:support\" }}\nwrap_up = \"0s\"\ncallback = {{ {callback} }}");
    "[generation]\nlevel = 2\n".to_owned()
        + &hotline(agents, &rules)
        + "[[trunk]]\nname = \"out\"\nhost = \"198.51.100.9\"\noptions_interval = \"0s\"\n\
           [[route]]\nmatch = \"138*\"\ntrunks = [\"out\"]\n"
}

/// The caller waits, presses 1, says yes to his number, and is hung up by the house.
fn arranges(world: &mut World, number: &str) -> PhoneNo {
    let caller = world.caller(number);
    let call = world[caller].dials("4008");
    world.run_for(2);
    world[caller].presses_by_info(call, '1');
    world.run_for(2);
    world[caller].presses_by_info(call, '1');
    world.waits_until(30 * SECOND, "his line is free", |w| w[caller].last().is_over());
    caller
}

fn on_break(world: &mut World, agents: &[&str]) {
    for agent in agents {
        world.tells_agent(agent, AgentAction::NotReady { code: 0 }).expect("he is signed on");
    }
}

fn ready(world: &mut World, agents: &[&str]) {
    for agent in agents {
        world.tells_agent(agent, AgentAction::Ready).expect("he is signed on");
    }
}

/// The number in an INVITE's Request-URI.
fn dialled(invite: &str) -> String {
    let (_, uri) = invite.split_once("sip:").expect("a SIP URI");
    uri.split('@').next().expect("a first part").to_owned()
}

/// In the core, from the keys to the talk.
#[test]
fn complaint_28_a_caller_is_called_back_and_both_hear_each_other() {
    for first in ["agent", "caller"] {
        let mut world = World::new(&tables(1, &format!("first = \"{first}\"")));
        let (anna, bob) = (world.phone("1001"), world.outside("bob at home", "198.51.100.9:5060"));
        on_break(&mut world, &["1001"]);
        arranges(&mut world, "13800138001");
        world.run_for(60);
        assert!(world[bob].calls().is_empty(), "nobody is called while no agent is there");
        ready(&mut world, &["1001"]);
        world.waits_until(20 * SECOND, "they talk", |w| w.hears(anna, bob) && w.hears(bob, anna));
        assert_eq!(world[bob].calls().len(), 1);
        world.everybody_hangs_up();
        world.check();
        let support = world.books.tally(world.queue("support"));
        assert_eq!(support.abandoned, 0, "a callback accepted is no abandonment");
        let once = (support.offered, support.answered, support.flowed_out, support.called_back);
        assert_eq!(once, (1, 0, 1, 1), "one caller is offered once");
    }
}

/// Served in the order of the first enqueue, whoever waits on the line and whoever at home, also after an attempt that
/// reached nobody.
#[test]
fn complaint_26_the_order_of_service_is_that_of_the_first_enqueue() {
    let mut world = World::plan(&tables(1, "every = \"30s\", ring = \"10s\"")).without_media().open();
    let (anna, home) = (world.phone("1001"), world.outside("at home", "198.51.100.9:5060"));
    world[home].manners.next.push_back(Answer::Never);
    on_break(&mut world, &["1001"]);
    arranges(&mut world, "13800138001");
    let carol = world.caller("13800138002");
    world[carol].dials("4008");
    world.run_for(5);
    ready(&mut world, &["1001"]);
    world.waits_until(15 * SECOND, "Bob is called before Carol is served", |w| w[home].is_ringing());
    assert!(!world[carol].is_ringing() && world[anna].is_talking());
    // He does not answer: Carol does not wait for him.
    world.waits_until(40 * SECOND, "Carol talks", |w| {
        w.books.find(|fact| matches!(fact, Fact::TalkStarted { .. }).then_some(())).count() == 1
    });
    assert!(!world[home].is_ringing());
    let dave = world.caller("13800138003");
    world[dave].dials("4008");
    world.run_for(40);
    world[carol].hangs_up_all();
    // The second attempt comes before Dave, who came after Bob.
    world.waits_until(15 * SECOND, "Bob talks", |w| w[home].is_talking());
    assert_eq!(world[home].calls().len(), 2);
    world.run_for(5);
    world[home].hangs_up_all();
    world.waits_until(15 * SECOND, "Dave talks", |w| {
        w.books.find(|fact| matches!(fact, Fact::TalkStarted { .. }).then_some(())).count() == 3
    });
    world.everybody_hangs_up();
    world.check();
}

/// At no moment is one person called twice, nor more people than there are agents for.
#[test]
fn complaint_27_one_attempt_a_callback_and_no_more_than_agents_are_free() {
    for (agents, strategy) in [(1, "longest-idle"), (2, "longest-idle"), (2, "ring-all")] {
        let callback = tables(agents, "every = \"20s\", ring = \"8s\", tries = 2");
        let text = callback.replace(
            "[[queue]]\nname = \"support\"",
            &format!("[[queue]]\nname = \"support\"\nstrategy = \"{strategy}\""),
        );
        let mut world = World::plan(&text).without_media().open();
        let ids: Vec<String> = (1..=agents).map(|n| (1000 + u16::from(n)).to_string()).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        ids.iter().for_each(|id| {
            world.phone(id);
        });
        let home = world.outside("at home", "198.51.100.9:5060");
        world[home].manners.answer = Answer::Never;
        on_break(&mut world, &ids);
        for n in 1..=3 {
            arranges(&mut world, &format!("1380013800{n}"));
        }
        ready(&mut world, &ids);
        let mut most = 0;
        for _ in 0..200 {
            world.run_for(1);
            let mut called: Vec<String> =
                world[home].live().map(|call| dialled(&world[home].call(call).invite)).collect();
            let live = called.len();
            most = most.max(live);
            called.sort();
            called.dedup();
            assert_eq!(called.len(), live, "{strategy}: one is called twice: {called:?}");
            assert!(live <= usize::from(agents), "{strategy}: {live} are called for {agents} agents");
        }
        assert_eq!((most, world[home].calls().len()), (usize::from(agents), 6), "{strategy}: three people, twice each");
        world.check();
    }
}

/// What the records of a house that is killed now tell the next one that is started.
fn remembered(world: &World) -> Memory {
    let folder = tempfile::tempdir().expect("a place for records");
    let url = format!("sqlite:{}/store.db", folder.path().display());
    let (tell, told) = unbounded();
    let at = world.clock();
    let day = |_: &Directory, at: Utc| (at - 3600 * SECOND, at + 3600 * SECOND);
    let names = Arc::new(world.directory().clone());
    let settings = JournalSettings { clock: Box::new(move || at), day, names, watch: None };
    let journal = Journal::start(Store::open(&url).expect("a new store"), told, settings).expect("it writes");
    world.books.facts.iter().for_each(|fact| tell.send(fact.clone()).expect("it listens"));
    drop(tell);
    journal.join();
    let store = Store::open(&url).expect("the store as it was left");
    store.memory(world.directory(), at.utc).expect("what it knows")
}

/// Two are promised a call and one of them is just being dialled when the house is killed: the other one is called
/// soon, and he not before his phone can have stopped ringing for the house that was. A queue that was shut stays so.
#[test]
fn complaint_27_a_house_that_is_killed_keeps_its_promises_and_dials_nobody_twice() {
    let sales = "[[queue]]\nname = \"sales\"\nclosed = { to = \"announcement:closed\" }\n\
                 [[number]]\nmatch = \"4009\"\nto = \"queue:sales\"\n";
    let tables = tables(1, "every = \"30s\", ring = \"10s\"") + sales;
    let mut world = World::plan(&tables).without_media().open();
    world.phone("1001");
    let home = world.outside("at home", "198.51.100.9:5060");
    world[home].manners.answer = Answer::Never;
    on_break(&mut world, &["1001"]);
    arranges(&mut world, "13800138001");
    arranges(&mut world, "13800138002");
    let (queue, by) = (world.queue("sales"), Actor::Operator("operator".into()));
    world.asks(0, Ask::Do(Command::Queue { queue, action: QueueAction::Close, by }));
    ready(&mut world, &["1001"]);
    world.waits_until(20 * SECOND, "the first is dialled", |w| w[home].is_ringing());
    let (killed, memory) = (world.clock().utc, remembered(&world));
    drop(world);

    let mut world = World::plan(&tables).without_media().begins(killed + 5 * SECOND).remembers(memory).open();
    world.phone("1001");
    let home = world.outside("at home", "198.51.100.9:5060");
    let late = world.caller("13800138009");
    world[late].dials("4009");
    world.waits_until(30 * SECOND, "the second talks", |w| w[home].is_talking());
    world.run_for(5);
    world[home].hangs_up_all();
    world.run_for(120);
    let called = |world: &World| world[home].calls().iter().map(|call| dialled(&call.invite)).collect::<Vec<_>>();
    assert_eq!(called(&world), ["13800138002"], "who may still hear it ring is left in peace");
    world.waits_until(60 * SECOND, "the first talks", |w| w[home].is_talking());
    world.run_for(5);
    world.everybody_hangs_up();
    world.run_for(300);
    assert_eq!(called(&world), ["13800138002", "13800138001"]);
    let closed = world.books.find(|fact| match fact {
        Fact::FlowedOut { queue, why: FlowReason::Closed, .. } => Some(*queue),
        _ => None,
    });
    assert_eq!(closed.map(|(_, queue)| queue).collect::<Vec<_>>(), [queue], "sales is still shut");
    world.check();
}
