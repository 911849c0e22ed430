//! Hold and transfer from the agent's own phone: who hears whom before and after, and what the record says.

use crate::house::{House, Plan};
use crate::lan::CALLERS;
use crate::phone::{Phone, STEP, seconds_of};
use crate::plans::{QUEUE, queue, registered_agent};
use crate::records::{Contact, Step};
use crate::scenario::Scenario;
use crate::sipp::{Caller, Sipp};
use std::time::Duration;

const CALLER_HZ: &str = "440";
const FIRST_HZ: &str = "1000";
const SECOND_HZ: &str = "1500";

/// Agents 1001 (takes calls) and 1002 (called by name only).
fn house() -> House {
    let mut text = queue("wrap_up = \"0s\"");
    registered_agent(&mut text, "1001", "initial_state = \"ready\"");
    registered_agent(&mut text, "1002", "");
    Plan::new(text).start()
}

fn number(step: &Step, name: &str) -> u64 {
    step.value(name).parse().expect("a number")
}

/// Talk of each agent in order: id, milliseconds talked and held.
fn talks(contact: &Contact) -> Vec<(&str, u64, u64)> {
    let talk = |step: &&'_ Step| (number(step, "talked_ms"), number(step, "held_ms"));
    contact.all("talk-ended").iter().map(|s| (s.value("agent"), talk(s).0, talk(s).1)).collect()
}

#[test]
fn an_agent_holds_and_takes_back_and_the_caller_hears_music_meanwhile() {
    let mut house = house();
    let agent = Phone::agent(&house, "1001", &["--tone", FIRST_HZ, "--hold", "2s"]);
    house.wait_agent("1001", "ready", STEP);
    let caller = Phone::caller(&house, "30001", &["--tone", CALLER_HZ]);
    caller.wait_tone(1_000.0);
    agent.wait_tone(440.0);
    // Music is no tone; then the agent again.
    let tone = |event: &serde_json::Value| event["dominant_hz"].as_f64().is_some_and(|hz| (hz - 1_000.0).abs() < 10.0);
    let held = |events: &[serde_json::Value]| {
        let first = events.iter().position(tone)?;
        let music = first + events[first..].iter().position(|e| !tone(e))?;
        let back = music + events[music..].iter().position(tone)?;
        Some((music, back))
    };
    crate::process::wait_for("tone, music, tone", STEP, || held(&caller.all("heard")));
    std::thread::sleep(Duration::from_millis(500));
    caller.stop();
    agent.ended_well();
    let records = house.records_of(1);
    house.stop();
    let contact = records.of("30001");
    assert_eq!(contact.step("held").value("by"), "agent:1001", "{contact:#?}");
    assert_eq!(contact.step("retrieved").value("by"), "agent:1001", "{contact:#?}");
    let [(agent, talked, held)] = talks(contact)[..] else { panic!("{contact:#?}") };
    assert!(agent == "1001" && (1_900..10_000).contains(&held) && talked >= 1_900, "{contact:#?}");
}

#[test]
fn a_caller_holds_and_takes_back_by_re_invite() {
    let mut house = house();
    let agent = Phone::agent(&house, "1001", &["--tone", FIRST_HZ]);
    house.wait_agent("1001", "ready", STEP);
    let second = Duration::from_secs(1);
    let scenario = Scenario::caller()
        .invite()
        .may_ring()
        .answered()
        .pause(2 * second)
        .reinvite("sendonly", "recvonly")
        .pause(2 * second)
        .reinvite("sendrecv", "sendrecv")
        .pause(second)
        .hang_up();
    let who = [Caller { number: "30001".into(), media: 9 }];
    assert_eq!(Sipp::callers(&house, "caller", QUEUE, &scenario, &who, 1).done().successful, 1);
    agent.ended_well();
    let records = house.records_of(1);
    house.stop();
    let contact = records.of("30001");
    assert_eq!(contact.step("held").value("by"), "caller", "{contact:#?}");
    assert_eq!(contact.step("retrieved").value("by"), "caller", "{contact:#?}");
    assert!((1_900..10_000).contains(&talks(contact)[0].2), "{contact:#?}");
}

#[test]
fn a_blind_transfer_brings_the_caller_to_a_colleague() {
    let mut house = house();
    let second = Phone::agent(&house, "1002", &["--tone", SECOND_HZ]);
    let first = Phone::agent(&house, "1001", &["--tone", FIRST_HZ, "--refer", "1002", "--refer-after", "3s"]);
    house.wait_agent("1001", "ready", STEP);
    let caller = Phone::caller(&house, "30001", &["--tone", CALLER_HZ]);
    caller.wait_tone(1_000.0);
    first.ended_well();
    caller.wait_tone(1_500.0);
    second.wait_tone(440.0);
    std::thread::sleep(Duration::from_secs(1));
    caller.stop();
    let heard = second.ended_well();
    let summary = heard.iter().find(|event| event["event"] == "summary").expect("it ends with one");
    assert!(seconds_of(summary, 440.0) >= 0.5, "{summary:#}");
    let records = house.records_of(1);
    house.stop();
    let contact = records.of("30001");
    let transferred = contact.step("transferred");
    assert_eq!((transferred.value("kind"), transferred.value("from")), ("blind", "1001"));
    let [("1001", first, _), ("1002", second, _)] = talks(contact)[..] else { panic!("{contact:#?}") };
    assert!(first >= 2_500 && second >= 1_000, "{contact:#?}");
    assert_eq!((&*contact.outcome, contact.legs.len()), ("served", 3), "{contact:#?}");
}

#[test]
fn a_failed_transfer_gives_the_caller_back() {
    let mut house = house();
    // Nobody is registered as 1002.
    let first = Phone::agent(&house, "1001", &["--tone", FIRST_HZ, "--refer", "1002", "--refer-after", "2s"]);
    house.wait_agent("1001", "ready", STEP);
    let caller = Phone::caller(&house, "30001", &["--tone", CALLER_HZ]);
    caller.wait_tone(1_000.0);
    let told = first.wait_where("transfer", |event| event["status"].as_u64().is_some_and(|status| status >= 300));
    assert!(told["status"].as_u64().is_some_and(|status| status >= 400), "{told}");
    // The phone was not asked for that and hangs up.
    assert_eq!(first.exit_code(), Some(1));
    caller.ended_well();
    let records = house.records_of(1);
    house.stop();
    let contact = records.of("30001");
    assert_eq!(contact.step("transfer-failed").value("from"), "1001", "{contact:#?}");
    assert!(contact.all("transferred").is_empty() && talks(contact).len() == 1, "{contact:#?}");
}

#[test]
fn an_attended_transfer_joins_the_two_calls() {
    let mut house = house();
    let second = Phone::agent(&house, "1002", &["--tone", SECOND_HZ]);
    let first = Phone::agent(&house, "1001", &["--tone", FIRST_HZ, "--consult", "1002", "--refer-after", "3s"]);
    house.wait_agent("1001", "ready", STEP);
    let caller = Phone::caller(&house, "30001", &["--tone", CALLER_HZ]);
    // They consult before they join.
    second.wait_tone(1_000.0);
    first.wait_tone(1_500.0);
    first.ended_well();
    caller.wait_tone(1_500.0);
    second.wait_tone(440.0);
    std::thread::sleep(Duration::from_secs(1));
    caller.stop();
    second.ended_well();
    let records = house.records_of(2);
    assert_eq!(house.status()["legs"], 0);
    house.stop();
    let contact = records.of("30001");
    let transferred = contact.step("transferred");
    assert_eq!((transferred.value("kind"), transferred.value("from")), ("attended", "1001"));
    let of: Vec<&str> = talks(contact).iter().map(|talk| talk.0).collect();
    assert_eq!((&of[..], &*contact.outcome), (&["1001", "1002"][..], "served"), "{contact:#?}");
}

#[test]
fn a_transfer_back_into_the_queue_is_a_second_visit() {
    let mut house = house();
    let first = Phone::agent(&house, "1001", &["--tone", FIRST_HZ, "--refer", QUEUE, "--refer-after", "2s"]);
    house.wait_agent("1001", "ready", STEP);
    let caller = Phone::start(&house, "caller", &CALLERS, &["--user", "30001", "--dial", QUEUE, "--tone", CALLER_HZ]);
    caller.wait_tone(1_000.0);
    first.ended_well();
    let second = Phone::agent(&house, "1002", &["--tone", SECOND_HZ]);
    house.ask(&["agent", "1002", "ready"]);
    caller.wait_tone(1_500.0);
    caller.stop();
    second.ended_well();
    let records = house.records_of(1);
    let figures = house.report_of("support");
    house.stop();
    let contact = records.of("30001");
    assert_eq!(contact.all("queued").len(), 2, "{contact:#?}");
    let of: Vec<&str> = talks(contact).iter().map(|talk| talk.0).collect();
    assert_eq!(of, ["1001", "1002"], "{contact:#?}");
    assert_eq!((&figures["offered"], &figures["answered"]), (&2.into(), &2.into()), "{figures:#}");
}
