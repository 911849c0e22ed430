//! Who was ready and not chosen: by what he was behind, and what would have put him first.

use super::*;

/// The queue's lines, the agents' lines, what happened, and the row that is told.
type Behind = (&'static str, &'static [&'static str], Setup, [&'static str; 4]);

const RESERVES: &str = "strategy = \"linear\"\nreserves = [{ queue = \"sales\", when = \"waiting > 0\" }, \
                        { queue = \"help\", when = \"waiting > 0\" }]";

fn both(log: &mut Log) {
    ready(log, &[0, 1]);
    offered(log, ANNA);
}

/// Anna has served one before, and Bo none.
fn second(log: &mut Log, strategy: Strategy) {
    log.both_ready().serve(1, strategy).pass(8);
    offered(log, BO);
}

const CASES: &[Behind] = &[
    (
        "strategy = \"longest-idle\"",
        &["", ""],
        |log| {
            log.agent(ANNA, AgentState::Ready).pass(5);
            ready(log, &[1]);
            offered(log, ANNA);
        },
        ["1002 Bo", "idle 10.0 s", "ready, behind 1001 Anna", "5.0 s more of idle time"],
    ),
    (
        "strategy = \"longest-idle\"",
        &["", ""],
        |log| {
            log.agent(ANNA, AgentState::Ready).at += Duration::from_millis(20);
            ready(log, &[1]);
            offered(log, ANNA);
        },
        ["1002 Bo", "idle 10.0 s", "ready, behind 1001 Anna", "a moment more of idle time"],
    ),
    (
        "strategy = \"longest-idle\"",
        &["", ""],
        both,
        [
            "1002 Bo",
            "idle 10.0 s",
            "ready, behind 1001 Anna",
            "a place before his in the configuration: they are equal",
        ],
    ),
    (
        "strategy = \"round-robin\"",
        &["", ""],
        |log| second(log, Strategy::RoundRobin),
        ["1001 Anna", "the last was his", "ready, behind 1002 Bo", "his turn coming earlier"],
    ),
    (
        "strategy = \"least-calls\"",
        &["", ""],
        |log| second(log, Strategy::LeastCalls),
        ["1001 Anna", "1 contact, idle 8.0 s", "ready, behind 1002 Bo", "1 contact fewer"],
    ),
    (
        "strategy = \"least-occupied\"",
        &["", ""],
        |log| second(log, Strategy::LeastOccupied),
        ["1001 Anna", "77.5 % at work, idle 8.0 s", "ready, behind 1002 Bo", "77.5 % less work in his time"],
    ),
    (
        "strategy = \"linear\"",
        &["", "", ""],
        |log| {
            ready(log, &[0, 1, 2]);
            offered(log, ANNA);
        },
        ["1003 Chen", "place 3", "ready, behind 2, the last 1002 Bo", "standing before place 1 in the configuration"],
    ),
    (
        "strategy = \"random\"",
        &["", ""],
        both,
        ["1002 Bo", "1 ticket in the draw", "ready, behind 1001 Anna", "another draw"],
    ),
    (
        "strategy = \"weighted\"",
        &["", "weight = 3"],
        both,
        ["1002 Bo", "3 tickets in the draw", "ready, behind 1001 Anna", "another draw"],
    ),
    (
        "strategy = \"best-skill\"\nneeds = \"french\"",
        &["skills = { french = 9 }", "skills = { french = 6 }"],
        both,
        ["1002 Bo", "level 6, idle 10.0 s", "ready, behind 1001 Anna", "3 levels more"],
    ),
    (
        "strategy = \"least-versatile\"",
        &["", "skills = { french = 6 }"],
        both,
        ["1002 Bo", "2 skills and queues, idle 10.0 s", "ready, behind 1001 Anna", "1 skills or queues fewer"],
    ),
    (
        RESERVES,
        &["queues = [\"sales\"]", ""],
        |log| {
            by_hand(log, 0);
            ready(log, &[0, 1]);
            offered(log, BO);
        },
        [
            "1001 Anna",
            "place 1, of reserve 1",
            "ready, behind 1002 Bo",
            "none of the queue's own agents being ready: they come first",
        ],
    ),
    (
        RESERVES,
        &["queues = [\"help\"]", "queues = [\"sales\"]"],
        |log| {
            by_hand(log, 0);
            by_hand(log, 1);
            ready(log, &[0, 1]);
            offered(log, BO);
        },
        [
            "1001 Anna",
            "place 1, of reserve 2",
            "ready, behind 1002 Bo",
            "nobody of reserve 1 being ready: it comes first",
        ],
    ),
];

#[test]
fn who_is_ready_and_behind_is_told_by_what_and_what_would_have_put_him_first() {
    for (queue, agents, setup, expected) in CASES {
        let text = told_of(&house(queue, agents), setup);
        assert!(!text.contains("doubt"), "{text}");
        assert_eq!(row(&text, expected[0]), expected, "{queue}");
    }
    // Where all phones ring nothing is compared.
    let text = told_of(&house("strategy = \"ring-all\"", &["", ""]), both);
    assert_eq!(row(&text, "1002 Bo"), ["1002 Bo", "rings with the others", "ready, rung after 1001 Anna"]);
}
