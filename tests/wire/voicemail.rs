//! A message left over the wire, and what the people of the house make of it.

use crate::ears::Ears;
use crate::house::Plan;
use crate::lan::CALLERS;
use crate::plans::{QUEUE, queue};
use crate::process::wait_for;
use crate::scenario::Scenario;
use crate::sense::seconds_in;
use crate::sipp::{Caller, Sipp};
use std::path::Path;
use std::time::Duration;

const CALLER_HZ: f64 = 440.0;

#[test]
fn a_caller_whom_nobody_serves_leaves_a_message_that_is_listed_heard_and_deleted() {
    let callers = Ears::open(&CALLERS, &[CALLER_HZ]);
    let rules = "max_wait = { after = \"1s\", to = \"voicemail:support\" }\nvoicemail = { greeting = \"tones/beep\" }";
    let mut house = Plan::new("[generation]\nlevel = 2\n".to_owned() + &queue(rules)).start();
    let caller = Scenario::caller().invite().may_ring().answered().pause(Duration::from_secs(6)).hang_up();
    let who = [Caller { number: "30001".into(), media: callers.ports()[0] }];
    let calls = Sipp::callers(&house, "caller", QUEUE, &caller, &who, 1);
    callers.follow(&calls);
    assert_eq!(calls.done().successful, 1);
    let records = house.records_of(1);
    let contact = records.of("30001");
    assert_eq!(contact.outcome, "flowed-out", "{contact:#?}");
    assert_eq!(contact.step("message-left").value("queue"), "support");

    let list = || house.ask_json(&["voicemail", "list"]);
    let all = list();
    let [message] = &all.as_array().expect("a list")[..] else { panic!("one message: {all:#}") };
    assert_eq!((&message["queue"], &message["caller"]), (&"support".into(), &"30001".into()), "{all:#}");
    let name = message["name"].as_str().expect("a name").to_owned();
    let path = house.ask(&["voicemail", "path", &name]);
    let file = Path::new(path.trim_end());
    // He spoke from the tone on: about four seconds, and nothing but he is in it.
    let spoken = message["seconds"].as_f64().expect("a number");
    let tone = seconds_in(file, 0, CALLER_HZ);
    assert!(tone >= 1.0 && spoken >= tone, "{CALLER_HZ} Hz for {tone} s of {spoken} s");
    assert_eq!(seconds_in(file, 1, CALLER_HZ), 0.0);

    let waiting = |count: u8| {
        let line = format!("strowger_voicemail_waiting{{queue=\"support\"}} {count}");
        wait_for(&line, Duration::from_secs(60), || house.get("/metrics").1.contains(&line).then_some(()));
    };
    waiting(1);
    house.ask(&["voicemail", "heard", &name]);
    waiting(0);
    assert_eq!(list()[0]["heard"], true);
    house.ask(&["voicemail", "delete", &name]);
    assert!(!file.exists() && list().as_array().is_some_and(Vec::is_empty));
    house.stop();
}
