//! `strowger explain` on the real thing: beside a running server, over a reload, after a crash.

use crate::house::{House, Plan};
use crate::phone::{Phone, STEP};
use crate::plans::{idle_agent, queue, registered_agent};
use crate::process::wait_for;
use serde_json::Value;

const SITE: &str = "[site]\ntime_zone = \"Asia/Shanghai\"\n";

/// The explanation once the log has all that is asked for; it is written a second later at most.
fn explained(house: &House, call: &str, last: &str) -> Value {
    wait_for(&format!("{last} is in the log"), STEP, || {
        let output = house.command(&["explain", call, "--json"]);
        let story: Value = serde_json::from_slice(&output.stdout).ok()?;
        let there = story["moments"].as_array()?.iter().any(|moment| moment["what"] == last);
        there.then_some(story)
    })
}

fn moment<'a>(story: &'a Value, what: &str) -> &'a Value {
    let found = story["moments"].as_array().into_iter().flatten().find(|moment| moment["what"] == what);
    found.unwrap_or_else(|| panic!("no moment `{what}`: {story:#}"))
}

#[test]
fn a_call_is_explained_while_it_waits_over_a_reload_and_after_a_kill() {
    let mut text = format!("{SITE}{}", queue("strategy = \"linear\""));
    idle_agent(&mut text, "a0", "sip:9@127.0.0.2:5999");
    let mut house = Plan::new(text.clone()).start();
    let caller = Phone::caller(&house, "30001", &["--tone", "440"]);
    let call = wait_for("the caller waits", STEP, || {
        let calls = house.ask_json(&["calls"]);
        calls[0]["call"].as_str().map(str::to_owned)
    });

    // Beside the running server, for programs and for people.
    let story = explained(&house, &call, "entered");
    let entered = moment(&story, "entered");
    assert_eq!(entered["candidates"][0]["verdict"], "not-ready", "{story:#}");
    assert!(entered["at"].as_str().is_some_and(|at| at.ends_with('Z')), "{story:#}");
    assert_eq!(story["configuration"]["of"], "then", "{story:#}");
    for words in [&["explain", &call][..], &["calls"]] {
        let said = house.ask(words);
        assert!(said.contains("+08:00"), "{said}");
    }

    // Over a reload: the caller is given to somebody who came with it, by the rule that came with it.
    let mut later = format!("# One line more.\n{}", text.replace("\"linear\"", "\"random\""));
    registered_agent(&mut later, "1001", "initial_state = \"ready\"");
    house.rewrite(later.clone());
    house.ask(&["reload"]);
    let phone = Phone::agent(&house, "1001", &["--tone", "1500"]);
    caller.wait_tone(1_500.0);
    let story = explained(&house, &call, "connected");
    let offered = moment(&story, "offered");
    assert_eq!((&offered["agent"], &offered["rule"]["strategy"]), (&"1001".into(), &"random".into()), "{story:#}");
    let line_of = |text: &str| text.lines().position(|line| line.contains("strategy")).map(|at| at + 1);
    let whole = std::fs::read_to_string(house.path().join("house.toml")).expect("the configuration");
    assert_eq!(offered["rule"]["line"].as_u64().map(|line| line as usize), line_of(&whole), "{story:#}");
    assert_eq!(story["reloaded"], true, "{story:#}");
    let said = house.ask(&["explain", &call]);
    assert!(said.contains("the configuration was read anew; what follows is told by it"), "{said}");

    // After a crash, with another file: told as it was.
    house.kill();
    caller.stop();
    phone.stop();
    house.rewrite(later.replace("support", "sales").replace("1001", "1002"));
    let after = house.ask_json(&["explain", &call]);
    assert_eq!((&after["moments"], after["configuration"]["changed_since"].as_bool()), (&story["moments"], Some(true)));
    let said = house.ask(&["explain", &call]);
    assert!(said.contains("not configured any more: agent 1001, queue support"), "{said}");
    assert!(!said.contains("doubt") && !said.contains("Some("), "{said}");
    assert_eq!(house.command(&["explain", "00000001000000ff"]).status.code(), Some(1));
}
