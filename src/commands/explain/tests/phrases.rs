//! Every phrase people read, told from facts; and every key and word programs read stands in the help.

mod behind;
mod contacts;

use super::*;
use model::{CallbackStep, FlowReason, Judged, JudgedBy, Judgement, NotReadyReason, Preferred, Promise, ReserveChange};

const QUEUE: QueueId = QueueId(0);
/// Whose story is told.
const OURS: u32 = 9;

/// A house whose queue has these lines more; its agents, from 1001 on, have these.
fn house(queue: &str, agents: &[&str]) -> String {
    let mut text = String::from(
        "[generation]\nlevel = 3\nenable = [\"queue.reserve\", \"queue.groups\", \"queue.objective\"]\n\
         [[skill]]\nname = \"french\"\n[[skill]]\nname = \"billing\"\n",
    );
    text += &format!("[[queue]]\nname = \"support\"\n{queue}\n");
    for other in ["sales", "help"] {
        text += &format!("[[queue]]\nname = \"{other}\"\n");
    }
    for ((id, name), lines) in [(1001, "Anna"), (1002, "Bo"), (1003, "Chen")].into_iter().zip(agents) {
        let queues = if lines.contains("queues") { "" } else { "queues = [\"support\"]\n" };
        text += &format!("[[agent]]\nid = \"{id}\"\nname = \"{name}\"\n{queues}{lines}\n");
    }
    text
}

fn queued_in(log: &mut Log, n: u32, queue: u32, priority: i32) {
    let (queue, kept) = (QueueId(queue), Some(Duration::ZERO));
    log.fact(&Fact::Queued { contact: contact(n), queue, priority, position: 1, kept });
}

fn queued(log: &mut Log) {
    queued_in(log, OURS, 0, 0);
}

fn rings(log: &mut Log, n: u32, queue: u32, agent: AgentId) {
    let contact = contact(n);
    log.agent(agent, AgentState::Reserved { contact });
    log.fact(&Fact::Offered { contact, queue: QueueId(queue), agent, decision: None });
}

fn offered(log: &mut Log, agent: AgentId) {
    queued(log);
    rings(log, OURS, 0, agent);
}

fn ended(log: &mut Log, agent: AgentId, outcome: OfferOutcome) {
    log.fact(&Fact::OfferEnded { contact: contact(OURS), queue: QUEUE, agent, outcome });
    log.agent(agent, AgentState::Ready).pass(2);
}

fn given_up(log: &mut Log) {
    log.fact(&Fact::Abandoned { contact: contact(OURS), queue: QUEUE, waited: Duration::from_secs(2) });
}

/// He has been so for five seconds when it comes.
fn been(log: &mut Log, agent: AgentId, state: AgentState) {
    log.agent(agent, state).pass(5);
    queued(log);
}

fn ready(log: &mut Log, agents: &[u32]) {
    for agent in agents {
        log.agent(AgentId(*agent), AgentState::Ready);
    }
    log.pass(10);
}

fn by_hand(log: &mut Log, place: u8) {
    log.fact(&Fact::Reserve { queue: QUEUE, place, change: ReserveChange::CalledIn, by: None });
}

/// Whoever is the first to ring has one of the queue's talks.
fn talks(log: &mut Log, n: u32, agent: AgentId) {
    queued_in(log, n, 0, 0);
    rings(log, n, 0, agent);
    let (contact, queue, waited) = (contact(n), QUEUE, Duration::ZERO);
    log.fact(&Fact::OfferEnded { contact, queue, agent, outcome: OfferOutcome::Accepted });
    log.agent(agent, AgentState::Busy { contact });
    log.fact(&Fact::Connected { contact, queue, agent, waited });
}

fn kept_for_anna(log: &mut Log) {
    let value = Preferred { agent: ANNA, wait: Duration::from_secs(20) };
    let judgement = Judgement { agent: Some(Judged { value, by: JudgedBy::Sticky }), ..Judgement::default() };
    log.agent(ANNA, AgentState::Busy { contact: contact(1) }).agent(BO, AgentState::Ready);
    log.fact(&Fact::Judged { contact: contact(OURS), queue: QUEUE, judgement });
    queued(log);
}

/// The cells of the last row that begins so; empty ones left out.
fn row<'a>(text: &'a str, begins: &str) -> Vec<&'a str> {
    let found = text.lines().rev().find(|line| line.trim_start().starts_with(begins));
    let line = found.unwrap_or_else(|| panic!("no row of {begins} in\n{text}"));
    line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()
}

/// What is told of ours, everything in it documented.
fn told_of(config: &str, setup: impl FnOnce(&mut Log)) -> String {
    told_of_contact(config, OURS, setup)
}

fn told_of_contact(config: &str, n: u32, setup: impl FnOnce(&mut Log)) -> String {
    let mut log = Log::of(config);
    log.configured(config);
    setup(&mut log);
    let story = log.story(n, config);
    is_documented("", &story.json());
    story.text()
}

pub(super) fn is_documented(key: &str, value: &Value) {
    let mut words = HELP.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-');
    match value {
        Value::Object(all) => {
            for (key, value) in all {
                assert!(words.clone().any(|word| word == key), "{key} is not documented");
                // Reasons are counted under words of their own.
                if key != "excluded" {
                    is_documented(key, value);
                }
            }
        }
        Value::Array(all) => all.iter().for_each(|value| is_documented(key, value)),
        Value::String(said) if ["verdict", "besides", "standing"].contains(&key) => {
            assert!(words.any(|word| word == said), "{key} {said} is not documented");
        }
        _ => {}
    }
}

type Setup = fn(&mut Log);

/// The queue's lines, Bo's lines, what happened, what kept it from Bo, what would have changed that.
type Kept = (&'static str, &'static str, Setup, &'static str, &'static str);

const STATES: &[Kept] = &[
    ("", "", queued, "signed off", "signing on and being ready"),
    (
        "",
        "",
        |log| been(log.agent(BO, AgentState::Ready), BO, AgentState::SignedOff),
        "signed off for 5.0 s",
        "signing on and being ready",
    ),
    ("", "", |log| been(log, BO, NOT_READY), "not ready for 5.0 s (code-1)", "being ready"),
    (
        "",
        "",
        |log| been(log, BO, gone(NotReadyReason::DeviceUnreachable)),
        "not ready for 5.0 s (device-unreachable)",
        "a phone that answers",
    ),
    (
        "",
        "",
        |log| been(log, BO, gone(NotReadyReason::DeviceFailed)),
        "not ready for 5.0 s (device-failed)",
        "a phone that answers",
    ),
    (
        "",
        "",
        |log| been(log, BO, gone(NotReadyReason::LineDown)),
        "not ready for 5.0 s (line-down)",
        "his nailed-up leg on the line",
    ),
    (
        "",
        "",
        |log| been(log, BO, AgentState::Reserved { contact: contact(1) }),
        "0000000100000001 rings at him for 5.0 s",
        "being free",
    ),
    (
        "",
        "",
        |log| been(log, BO, AgentState::Busy { contact: contact(1) }),
        "busy with 0000000100000001 for 5.0 s",
        "being free",
    ),
    (
        "",
        "",
        |log| been(log, BO, AgentState::WrapUp { contact: contact(1) }),
        "wraps up 0000000100000001 for 5.0 s",
        "being free",
    ),
];

const NOT_READY: AgentState = gone(NotReadyReason::Code(1));

const fn gone(reason: NotReadyReason) -> AgentState {
    AgentState::NotReady { reason }
}

const HINDRANCES: &[Kept] = &[
    (
        "",
        "",
        |log| {
            ready(log, &[1]);
            offered(log, BO);
            ended(log, BO, OfferOutcome::Rejected(Cause::new(CauseKind::Declined)));
            given_up(log);
        },
        "refused it a moment ago, is not asked again for 3.0 s",
        "not having refused it",
    ),
    (
        "strategy = \"ring-all\"",
        "",
        |log| {
            ready(log, &[0, 1]);
            offered(log, ANNA);
            rings(log, OURS, 0, BO);
            ended(log, BO, OfferOutcome::Missed);
            given_up(log);
        },
        "his phone rang for it a moment ago, and the others still ring",
        "having answered: he is rung again when the others have stopped",
    ),
    (
        "",
        "",
        |log| {
            ready(log, &[1]);
            offered(log, BO);
            given_up(log.pass(4));
        },
        "it rings at him for 4.0 s",
        "having answered",
    ),
    (
        "",
        "",
        |log| {
            ready(log, &[1]);
            offered(log, BO);
            // His home has not told yet that his phone rings no more.
            let (contact, queue, agent) = (contact(OURS), QUEUE, BO);
            let outcome = OfferOutcome::Rejected(Cause::new(CauseKind::Declined));
            log.fact(&Fact::OfferEnded { contact, queue, agent, outcome }).pass(1);
            given_up(log);
        },
        "refused it a moment ago, is not asked again for 4.0 s",
        "not having refused it",
    ),
    ("", "", kept_for_anna, "it is kept for 1001 Anna for 20.0 s more", "waiting until then"),
    (
        "max_talking = 1",
        "",
        |log| {
            ready(log, &[0]);
            talks(log, 1, ANNA);
            ready(log, &[1]);
            queued(log);
        },
        "1 of the queue talk already, as many as may",
        "the end of one of these talks",
    ),
    (
        "reserves = [{ level = 1, when = \"longest_wait >= 60\" }]",
        "queues = []\nreserve = { support = 1 }",
        |log| been(log, BO, AgentState::Ready),
        "in reserve 1, which has not joined",
        "longest wait >= 60 s",
    ),
    (
        "needs = \"french >= 4\"",
        "skills = { french = 2 }",
        at_hand,
        "has french 2, asked at step 1",
        "french 4 or more",
    ),
    (
        "needs = \"french <= 3\"",
        "skills = { french = 7 }",
        at_hand,
        "has french 7, asked at step 1",
        "french 3 or less",
    ),
    (
        "needs = \"french >= 4 && french < 7\"",
        "skills = { french = 9 }",
        at_hand,
        "has french 9, asked at step 1",
        "french from 4 to 6",
    ),
    (
        "needs = \"french >= 4 && billing >= 2\"",
        "skills = { french = 2 }",
        at_hand,
        "has french 2, billing 0, asked at step 1",
        "french 4 or more and billing 2 or more",
    ),
    (
        "steps = [{ needs = \"french >= 4\", for = \"30s\" }, { needs = \"french\" }]",
        "skills = { french = 2 }",
        at_hand,
        "has french 2, asked at step 1",
        "french 4 or more, or 30.0 s more of waiting: step 2 does not ask it",
    ),
    (
        "steps = [{ needs = \"french >= 4\", for = \"30s\" }, { needs = \"french\", for = \"30s\", if = \"waiting > 3\" }, { needs = \"french >= 4\" }]",
        "skills = { french = 2 }",
        at_hand,
        "has french 2, asked at step 1",
        "french 4 or more, or 30.0 s more of waiting: step 2 does not ask it, if its condition holds",
    ),
];

fn at_hand(log: &mut Log) {
    been(log, BO, AgentState::Ready);
}

/// Whether it has joined or not, and whatever he does meanwhile.
#[test]
fn who_is_of_a_reserve_is_that_for_programs() {
    let config = house(
        "reserves = [{ level = 1, when = \"longest_wait >= 60\" }]",
        &["", "queues = []\nreserve = { support = 1 }"],
    );
    let mut log = Log::of(&config);
    log.configured(&config);
    been(&mut log, BO, AgentState::Busy { contact: contact(1) });
    let story = log.story(OURS, &config).json();
    let candidates = story["moments"][0]["candidates"].as_array().unwrap();
    let of = |id: &str| candidates.iter().find(|c| c["agent"] == id).map(|c| c["reserve"].clone());
    assert_eq!((of("1001"), of("1002")), (Some(Value::Null), Some(1.into())));
}

/// More than one thing: none of them alone would have changed it.
const TOGETHER: &[Kept] = &[
    (
        "needs = \"french >= 4\"",
        "skills = { french = 2 }",
        queued,
        "signed off; has french 2, asked at step 1",
        "signing on and being ready; and french 4 or more",
    ),
    (
        "reserves = [{ level = 1, when = \"longest_wait >= 60\" }]",
        "queues = []\nreserve = { support = 1 }",
        |log| been(log, BO, AgentState::Busy { contact: contact(1) }),
        "in reserve 1, which has not joined; busy with 0000000100000001 for 5.0 s",
        "longest wait >= 60 s; and being free",
    ),
    (
        "needs = \"billing\"\nmax_talking = 1",
        "",
        |log| {
            ready(log, &[0]);
            talks(log, 1, ANNA);
            kept_for_anna(log);
        },
        "has billing 0, asked at step 1; it is kept for 1001 Anna for 20.0 s more; 1 of the queue talk already, as many as may",
        "billing 1 or more; and waiting until then; and the end of one of these talks",
    ),
];

#[test]
fn whatever_kept_it_from_an_agent_is_told_with_what_would_have_changed_it() {
    for (queue, agent, setup, why, change) in [STATES, HINDRANCES, TOGETHER].concat() {
        let text = told_of(&house(queue, &["skills = { french = 5, billing = 5 }", agent]), setup);
        assert!(!text.contains("doubt"), "{text}");
        assert_eq!(row(&text, "1002 Bo"), ["1002 Bo", "–", why, change], "{text}");
    }
}

/// Of a large team.
#[test]
fn who_stands_beyond_the_phones_of_one_round_is_told_so() {
    let team = house("strategy = \"ring-all\"", &[]) + "[[agent]]\nrange = \"2001-2033\"\nqueues = [\"support\"]\n";
    let text = told_of(&team, |log| {
        let all: Vec<u32> = (0..33).collect();
        ready(log, &all);
        offered(log, ANNA);
        all[1..32].iter().for_each(|n| rings(log, OURS, 0, AgentId(*n)));
    });
    assert!(!text.contains("doubt"), "{text}");
    let change = "the next round, when these have stopped ringing";
    assert_eq!(row(&text, "2033"), ["2033", "–", "32 phones ring for it in this round, as many as may", change]);
    assert_eq!(row(&text, "2032"), ["2032", "rings with the others", "chosen"]);
    assert_eq!(row(&text, "2031"), ["2031", "–", "it rings at him for 0.0 s"], "he is one of them already");
}

/// The queue's lines, how the offer to Anna ended and how ours left, what kept it from Bo and what would have changed it.
#[test]
fn who_was_ready_while_it_rang_at_another_is_told_so() {
    let rang = |queue: &str, leaves: Setup| {
        told_of(&house(queue, &["", ""]), |log| {
            ready(log, &[0, 1]);
            offered(log, ANNA);
            log.pass(4);
            leaves(log);
        })
    };
    let missed: Setup = |log| {
        let (contact, waited, why) = (contact(OURS), Duration::from_secs(4), FlowReason::TriesExhausted);
        log.fact(&Fact::OfferEnded { contact, queue: QUEUE, agent: ANNA, outcome: OfferOutcome::Missed });
        log.fact(&Fact::FlowedOut { contact, queue: QUEUE, waited, why, to: None });
    };
    let hung_up: Setup = |log| {
        let (contact, queue, agent) = (contact(OURS), QUEUE, ANNA);
        log.fact(&Fact::OfferEnded { contact, queue, agent, outcome: OfferOutcome::Withdrawn });
        given_up(log);
    };
    let why = "ready and able, while it rang at 1001 Anna";
    let text = rang("", hung_up);
    let change = "a shorter ring time, or a no from 1001 Anna";
    assert_eq!(row(&text, "1002 Bo"), ["1002 Bo", "idle 14.0 s", why, change], "{text}");
    assert_eq!(row(&text, "1001 Anna"), ["1001 Anna", "–", "it rings at him for 4.0 s", "having answered"], "{text}");
    let text = rang("tries = 1", missed);
    assert_eq!(row(&text, "1002 Bo"), ["1002 Bo", "idle 14.0 s", why, "one try more"], "{text}");
    // He has taken a callback, and its customer does not answer.
    let text = rang("", |log| {
        let (contact, waited) = (contact(OURS), Duration::from_secs(24));
        log.agent(ANNA, AgentState::Busy { contact }).pass(20);
        log.fact(&Fact::OfferEnded { contact, queue: QUEUE, agent: ANNA, outcome: OfferOutcome::Withdrawn });
        log.fact(&Fact::FlowedOut { contact, queue: QUEUE, waited, why: FlowReason::NotReached, to: None });
    });
    assert_eq!(row(&text, "1001 Anna"), ["1001 Anna", "–", "on the line for it for 20.0 s"], "{text}");
    // A callback that is given up while it stands aside.
    let text = rang("", |log| {
        let (contact, waited) = (contact(OURS), Duration::from_secs(4));
        log.fact(&Fact::OfferEnded { contact, queue: QUEUE, agent: ANNA, outcome: OfferOutcome::Missed });
        log.fact(&Fact::Aside { contact, queue: QUEUE, aside: true, why: Some(model::AsideReason::NotReached) })
            .pass(5);
        log.fact(&Fact::FlowedOut { contact, queue: QUEUE, waited, why: FlowReason::NotReached, to: None });
    });
    assert_eq!(row(&text, "1002 Bo"), ["1002 Bo", "idle 19.0 s", "ready and able, while it was not in the line"]);
}

#[test]
fn who_was_ready_and_able_is_told_as_that() {
    let passed_over = |log: &mut Log| {
        ready(log, &[1]);
        queued(log);
        log.pass(2);
        given_up(log);
    };
    let text = told_of(&house("", &["", ""]), passed_over);
    assert_eq!(row(&text, "1002 Bo"), ["1002 Bo", "idle 12.0 s", "ready and able, and it was not offered to him"]);
    // On several loops he may have become so a moment later.
    let text = told_of(&format!("{}[limits]\nshards = 2\n", house("", &["", ""])), passed_over);
    let crossed = "ready at about that moment: it crossed with this on its way between shards";
    assert_eq!(row(&text, "1002 Bo"), ["1002 Bo", "idle 12.0 s", crossed]);
}
