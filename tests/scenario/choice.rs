//! Who is chosen: rounds of several phones, clocks of idleness and load, pairings that cannot be.

use crate::floor::{SECOND, hotline, words};
use model::{AgentAction, AgentState, Fact, Strategy};
use sim::{Answer, PhoneNo, World};

fn offers(world: &World) -> Vec<String> {
    let offered = |fact: &Fact| match fact {
        Fact::Offered { agent, .. } => Some(*agent),
        _ => None,
    };
    world.books.find(offered).map(|(_, agent)| world.directory().agent(agent).id.to_string()).collect()
}

/// Nobody's phone has two calls at any moment of a round, and each is asked once a round.
#[test]
fn complaint_04_in_a_round_each_agent_is_called_once() {
    let mut world = World::plan(&hotline(4, "strategy = \"ring-all\"\nring_timeout = \"8s\"\nwrap_up = \"0s\""))
        .without_media()
        .open();
    let phones: Vec<PhoneNo> = ["1001", "1002", "1003", "1004"].map(|id| world.phone(id)).into();
    phones.iter().for_each(|phone| world[*phone].manners.answer = Answer::Never);
    let callers = ["13800138001", "13800138002"].map(|number| world.caller(number));
    for caller in callers {
        world[caller].dials("4008");
    }
    for _ in 0..28 {
        world.run_ms(250);
        assert!(phones.iter().all(|phone| world[*phone].live().count() <= 1), "a phone has two calls");
    }
    let mut asked = offers(&world);
    asked.sort();
    assert_eq!(asked, ["1001", "1002", "1003", "1004"], "each once in the first round");
    callers.iter().for_each(|caller| world[*caller].hangs_up_all());
    world.run_for(70);
    world.check();
}

/// A colleague answers at the same moment, is a little earlier, or the caller leaves: nobody stays reserved, and no
/// reservation has to be taken back by its lease.
#[test]
fn complaint_05_nobody_stays_reserved() {
    for step in 0..10u64 {
        let mut world =
            World::plan(&hotline(3, "strategy = \"ring-all\"\nwrap_up = \"0s\"")).shards(2).without_media().open();
        for (n, id) in ["1001", "1002", "1003"].into_iter().enumerate() {
            let phone = world.phone(id);
            world[phone].manners.answer =
                Answer::After(2 * SECOND + core::time::Duration::from_millis(step * n as u64));
        }
        let caller = world.caller("13800138001");
        world[caller].manners.talks = Some(5 * SECOND);
        world[caller].dials("4008");
        world.run_ms(2000 + step * 3);
        if step % 2 == 0 {
            world[caller].hangs_up_all();
        }
        world.run_for(20);
        for id in ["1001", "1002", "1003"] {
            assert_eq!(world.agent_state(id), AgentState::Ready, "step {step}, agent {id}: {:?}", words(&world, id));
        }
        let leaked = world.books.find(|fact| matches!(fact, Fact::ReservationExpired { .. }).then_some(())).count();
        assert_eq!(leaked, 0, "step {step}");
        world.check();
    }
}

/// The first of the list cannot be reached, the last is on a break: whoever is between them serves everybody, with
/// every strategy.
#[test]
fn complaint_11_whoever_cannot_serve_halts_nobody() {
    for strategy in Strategy::ALL.map(Strategy::word) {
        let tables =
            format!("[generation]\nlevel = 3\n{}", hotline(3, &format!("strategy = \"{strategy}\"\nwrap_up = \"0s\"")));
        let mut world = World::plan(&tables).without_media().open();
        let phones = ["1001", "1002", "1003"].map(|id| world.phone(id));
        world[phones[0]].manners.answer = Answer::refuse(480);
        world[phones[1]].manners.talks = Some(3 * SECOND);
        world.tells_agent("1003", AgentAction::NotReady { code: 0 }).expect("he is signed on");
        for n in 1..=3 {
            let caller = world.caller(&format!("1380013800{n}"));
            world[caller].dials("4008");
        }
        world.run_for(60);
        let served = world.books.tally(world.queue("support"));
        assert_eq!(served.answered, 3, "{strategy}: {served:?}");
        world.check();
    }
}

/// Idle since the last call, since ready, since the last offer, or by load: the clock is the queue's choice. Anna's phone
/// rang for a caller who hung up at once; that she was asked sets back the one clock that says so and no other.
#[test]
fn complaint_21_idle_clock_and_load_are_the_queues_choice() {
    for (rules, next) in [
        ("idle_clock = \"release\"", "1001"),
        ("idle_clock = \"ready\"", "1001"),
        ("idle_clock = \"offer\"", "1002"),
        ("strategy = \"least-calls\"", "1001"),
        ("strategy = \"least-occupied\"", "1002"),
    ] {
        let mut world = World::plan(&hotline(2, &format!("{rules}\nwrap_up = \"0s\""))).without_media().open();
        for id in ["1001", "1002"] {
            world.phone(id);
        }
        let hasty = world.caller("13800138001");
        world[hasty].dials("4008");
        world.run_ms(1500);
        world[hasty].hangs_up_all();
        world.run_for(5);
        let caller = world.caller("13800138002");
        world[caller].dials("4008");
        world.run_for(5);
        world.everybody_hangs_up();
        world.check();
        assert_eq!(offers(&world), ["1001", next], "{rules}");
    }
    // An agent with fewer calls is not passed over because he was idle less long.
    let mut world = World::plan(&hotline(2, "strategy = \"least-calls\"\nwrap_up = \"0s\"")).without_media().open();
    for id in ["1001", "1002"] {
        world.phone(id);
    }
    world.tells_agent("1002", AgentAction::NotReady { code: 0 }).expect("he is signed on");
    for n in 1..=2 {
        let caller = world.caller(&format!("1380013800{n}"));
        world[caller].manners.talks = Some(3 * SECOND);
        world[caller].dials("4008");
        world.run_for(20);
    }
    world.tells_agent("1002", AgentAction::Ready).expect("he is signed on");
    let caller = world.caller("13800138003");
    world[caller].dials("4008");
    world.run_for(5);
    world.everybody_hangs_up();
    world.check();
    assert_eq!(offers(&world), ["1001", "1001", "1002"]);
}

/// What nobody can ever serve is said before the first caller comes, with its place.
#[test]
fn complaint_50_a_pairing_that_cannot_be_is_told_when_the_configuration_is_read() {
    let skills = "[generation]\nlevel = 3\n[[skill]]\nname = \"french\"\n";
    let asks = |demand: &str| {
        let agent = "skills = { french = 4 }\ninitial_state = \"ready\"";
        skills.to_owned() + &hotline(0, demand) + &crate::floor::desk(1001, "support", agent)
    };
    let warnings = |tables: &str| World::plan(tables).warnings().to_vec();
    let never = asks("needs = \"french >= 5\"");
    let said = warnings(&never);
    assert!(
        said.iter().any(|line| line.contains("world.toml:") && line.contains("no agent of queue support can ever")),
        "{said:?}"
    );
    let relaxed = asks("steps = [{ needs = \"french >= 5\", for = \"10s\" }, { needs = \"french\" }]");
    assert!(!warnings(&asks("needs = \"french >= 4\"")).iter().any(|line| line.contains("can ever")));
    assert!(!warnings(&relaxed).iter().any(|line| line.contains("serves queue")), "the last step can be met");
}
