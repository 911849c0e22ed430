//! What an agent dials at a phone instead of a number.

use crate::house::{House, Plan};
use crate::phone::{Phone, STEP};
use crate::plans::{queue, registered_agent};

fn reason(house: &House, id: &str) -> String {
    let agents = house.ask_json(&["agents"]);
    let line = agents.as_array().expect("a list").iter().find(|a| a["agent"] == id).expect("the agent");
    line["reason"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn ready_and_not_ready_with_a_reason_are_dialled() {
    let mut text = queue("");
    registered_agent(&mut text, "1001", "initial_state = \"ready\"");
    let mut house = Plan::new(text).start();
    let desk = Phone::agent(&house, "1001", &[]);
    house.wait_agent("1001", "ready", STEP);
    // The house says what it did and hangs up.
    Phone::dial(&house, "1001", "*142", &[]).ended_well();
    assert_eq!((&*house.agent_state("1001"), &*reason(&house, "1001")), ("not-ready", "code-2"));
    Phone::dial(&house, "1001", "*13", &[]).ended_well();
    assert_eq!(house.agent_state("1001"), "ready");
    Phone::dial(&house, "1001", "*12", &[]).ended_well();
    house.wait_agent("1001", "signed-off", STEP);
    desk.stop();
    house.stop();
}

#[test]
fn an_agent_signs_on_at_another_desk_with_a_pin() {
    let mut text = queue("");
    registered_agent(&mut text, "1001", "pin = \"4711\"");
    text.push_str("[[phone]]\nid = \"2001\"\npassword = \"secret-2001\"\n");
    let mut house = Plan::new(text).start();
    let desk = Phone::agent(&house, "2001", &["--tone", "1000"]);
    let wrong = Phone::dial(&house, "2001", "*11", &["--digits", ",,1001#,,,,9999#", "--duration", "12s"]);
    wrong.ended_well();
    assert_ne!(house.agent_state("1001"), "ready");
    let right = Phone::dial(&house, "2001", "*11", &["--digits", ",,1001#,,,,4711#"]);
    right.ended_well();
    house.ask(&["agent", "1001", "ready"]);
    house.wait_agent("1001", "ready", STEP);
    let agents = house.ask_json(&["agents"]);
    assert_eq!(agents[0]["phone"], "2001", "{agents:#}");
    let caller = Phone::caller(&house, "30001", &["--tone", "440"]);
    caller.wait_tone(1_000.0);
    desk.wait_tone(440.0);
    caller.stop();
    desk.ended_well();
    let records = house.records_of(3);
    house.stop();
    let contact = records.contacts.iter().find(|c| c.caller == "30001").expect("the call");
    assert_eq!(contact.step("connected").value("agent"), "1001");
}

#[test]
fn a_nailed_up_leg_serves_one_caller_after_another_and_his_phone_rings_once() {
    let mut text = queue("wrap_up = \"0s\"");
    registered_agent(&mut text, "1001", "initial_state = \"ready\"\nnailed_up = \"at-once\"");
    let mut house = Plan::new(text).start();
    let desk = Phone::agent(&house, "1001", &["--tone", "1000"]);
    house.wait_agent("1001", "ready", STEP);
    for (number, hz) in [("30001", 440.0), ("30002", 600.0)] {
        let caller = Phone::caller(&house, number, &["--tone", &format!("{hz}")]);
        caller.wait_tone(1_000.0);
        desk.wait_tone(hz);
        caller.stop();
        house.wait_agent("1001", "ready", STEP);
    }
    let records = house.records_of(2);
    assert_eq!((desk.all("incoming").len(), desk.all("ended").len()), (1, 0));
    house.ask(&["agent", "1001", "sign-off"]);
    desk.ended_well();
    house.wait_agent("1001", "signed-off", STEP);
    house.stop();
    assert_eq!(house.report_of("support")["answered"], 2);
    assert!(records.contacts.iter().all(|c| c.step("connected").value("agent") == "1001" && c.outcome == "served"));
    let steps =
        |word: &str| house.events().iter().filter(|line| line.contains(&format!("\"what\":\"{word}\""))).count();
    assert_eq!((steps("line-called"), steps("line-up"), steps("line-down")), (1, 1, 1), "{:#?}", house.events());
}
