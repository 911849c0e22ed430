//! Phones that refuse, stay silent or are dead, and callers who give up: nobody loses a caller, every outcome has its
//! own word.

use crate::ears::{Ears, tones};
use crate::house::{House, Plan};
use crate::lan::{AGENTS, CALLERS};
use crate::plans::{QUEUE, fixed_agent, idle_agent, queue};
use crate::process::wait_until;
use crate::records::Contact;
use crate::scenario::Scenario;
use crate::sipp::{Caller, Sipp, phones_address};
use std::net::UdpSocket;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// Agent and outcome of every offer, in order.
fn offers(contact: &Contact) -> Vec<(&str, &str)> {
    contact.all("offer-ended").iter().map(|step| (step.value("agent"), step.value("outcome"))).collect()
}

#[test]
fn a_caller_keeps_place_and_sound_until_somebody_takes_the_call() {
    let ears = Ears::open(&AGENTS, &tones(500.0, 100.0, 5));
    let callers = Ears::open(&CALLERS, &[440.0]);
    let refusing = [
        ("busy", Scenario::agent().ring().refuse("486 Busy Here")),
        ("away", Scenario::agent().ring().refuse("480 Temporarily Unavailable")),
        ("declines", Scenario::agent().ring().refuse("603 Decline")),
        ("rings", Scenario::agent().ring().cancelled()),
    ];
    let mut text = queue("ring_timeout = \"2s\"\nmissed = { limit = 1, pause = \"60s\" }\nwrap_up = \"0s\"");
    let places: Vec<_> = refusing.iter().map(|_| phones_address()).collect();
    for (n, place) in places.iter().enumerate() {
        fixed_agent(&mut text, &format!("a{n}"), &format!("sip:{}@{place}", ears.ports()[n]));
    }
    // A phone that takes every message and says nothing, and one that is switched off.
    let silent = UdpSocket::bind((AGENTS.as_str(), 0)).expect("a free port");
    fixed_agent(&mut text, "a4", &format!("sip:a4@{}", silent.local_addr().expect("bound")));
    fixed_agent(&mut text, "a5", &format!("sip:a5@{}", phones_address()));
    let last = phones_address();
    fixed_agent(&mut text, "a6", &format!("sip:{}@{last}", ears.ports()[4]));

    let mut house = Plan::new(text).start();
    let phones: Vec<Sipp> = refusing
        .iter()
        .zip(&places)
        .map(|((name, scenario), place)| Sipp::phones(&house, name, *place, scenario, 1))
        .collect();
    let taking = Sipp::phones(&house, "takes", last, &Scenario::agent().ring().answer().pause(SECOND).hang_up(), 1);
    ears.follow(&taking);
    let scenario = Scenario::caller().invite().may_ring().answered().hung_up();
    let who = [Caller { number: "30001".into(), media: callers.ports()[0] }];
    let calls = Sipp::callers(&house, "caller", QUEUE, &scenario, &who, 1);
    callers.follow(&calls);
    for run in phones.into_iter().chain([taking, calls]) {
        let counts = run.done();
        assert_eq!((counts.successful, counts.failed), (1, 0));
    }
    let agents = house.ask_json(&["agents"]);
    let reasons: Vec<&str> = agents.as_array().expect("a list").iter().filter_map(|a| a["reason"].as_str()).collect();
    let expected = ["device-busy", "missed", "missed", "missed", "device-unreachable", "device-unreachable"];
    assert_eq!(reasons, expected, "{agents:#}");
    let records = house.records_of(1);
    house.stop();

    let contact = records.of("30001");
    let expected = [
        ("a0", "rejected"),
        ("a1", "missed"),
        ("a2", "rejected"),
        ("a3", "missed"),
        ("a4", "failed"),
        ("a5", "failed"),
        ("a6", "accepted"),
    ];
    assert_eq!(offers(contact), expected, "{contact:#?}");
    let causes: Vec<&str> =
        contact.all("offer-ended").iter().filter(|s| s.detail.contains("cause=")).map(|s| s.value("cause")).collect();
    assert_eq!(causes, ["busy", "declined", "unreachable", "unreachable"], "{contact:#?}");
    assert_eq!((&*contact.outcome, contact.all("queued").len()), ("served", 1), "{contact:#?}");
    let heard = callers.heard(0);
    assert!(heard.seconds_of(900.0) >= 0.4, "{heard:#?}");
    // One phone after the other takes seconds; the caller has music all the time.
    assert!(heard.packets >= 150 && heard.gap_max < 2 * SECOND, "{heard:#?}");
}

#[test]
fn the_caller_who_came_first_is_served_first_although_phones_refuse() {
    let ears = Ears::open(&AGENTS, &tones(500.0, 100.0, 2));
    let callers = Ears::open(&CALLERS, &tones(1_000.0, 100.0, 3));
    let (busy, taking) = (phones_address(), phones_address());
    let mut text = queue("wrap_up = \"0s\"");
    fixed_agent(&mut text, "a0", &format!("sip:{}@{busy}", ears.ports()[0]));
    idle_agent(&mut text, "a1", &format!("sip:{}@{taking}", ears.ports()[1]));
    let mut house = Plan::new(text).start();
    let refusing = Scenario::agent().refuse("486 Busy Here");
    let refusing = Sipp::phones(&house, "busy", busy, &refusing, 1);
    let agent = Scenario::agent().ring().answer().pause(SECOND).hang_up();
    let agent = Sipp::phones(&house, "takes", taking, &agent, 3);
    let scenario = Scenario::caller().invite().may_ring().answered().hung_up();
    let numbers = ["30001", "30002", "30003"];
    let who: Vec<Caller> = numbers
        .iter()
        .zip(callers.ports())
        .map(|(number, media)| Caller { number: (*number).into(), media: *media })
        .collect();
    let calls = Sipp::callers(&house, "callers", QUEUE, &scenario, &who, 2);
    wait_until("three callers wait", 60 * SECOND, || house.ask_json(&["queues"])[0]["waiting"] == 3);
    house.ask(&["agent", "a1", "ready"]);
    assert_eq!(refusing.done().successful, 1);
    assert_eq!((agent.done().successful, calls.done().successful), (3, 3));
    let records = house.records_of(3);
    house.stop();
    assert_eq!(offers(records.of("30001"))[0], ("a0", "rejected"));
    let connected = |number: &&str| records.of(number).step("connected").at;
    assert!(numbers.is_sorted_by_key(connected), "{records:#?}");
    let arrived = |number: &&str| records.of(number).step("arrived").at;
    assert!(numbers.is_sorted_by_key(arrived), "{records:#?}");
}

/// A caller who gives up: the house as it is left, with the record checked for `cause`.
fn given_up(keys: &str, agent: Option<Scenario>, caller: Scenario, cause: &str) -> (House, Contact) {
    let ears = Ears::open(&AGENTS, &[500.0]);
    let place = phones_address();
    let mut text = queue(keys);
    let contact = format!("sip:{}@{place}", ears.ports()[0]);
    let add = if agent.is_some() { fixed_agent } else { idle_agent };
    add(&mut text, "a0", &contact);
    let house = Plan::new(text).start();
    let phone = agent.map(|scenario| Sipp::phones(&house, "agent", place, &scenario, 1));
    let who = [Caller { number: "30001".into(), media: 9 }];
    let calls = Sipp::callers(&house, "caller", QUEUE, &caller, &who, 1);
    assert_eq!(calls.done().successful, 1);
    if let Some(phone) = phone {
        assert_eq!(phone.done().successful, 1);
        house.wait_agent("a0", "ready", 30 * SECOND);
    }
    let records = house.records_of(1);
    let contact = records.of("30001").clone();
    assert_eq!((&*contact.outcome, &*contact.cause), ("abandoned", cause), "{contact:#?}");
    let figures = house.report_of("support");
    assert_eq!((&figures["offered"], &figures["abandoned"]), (&1.into(), &1.into()), "{figures:#}");
    let report = house.report();
    let listed = &report["abandoned"][0];
    assert_eq!((&listed["caller"], &listed["queue"]), (&"30001".into(), &"support".into()), "{report:#}");
    assert!(listed["waited_seconds"].as_f64().expect("a number") > 0.5, "{report:#}");
    let status = house.status();
    assert_eq!((&status["calls"], &status["legs"], &status["sip_sessions"]), (&0.into(), &0.into(), &0.into()));
    (house, contact)
}

#[test]
fn a_caller_who_hangs_up_while_waiting_is_listed_as_abandoned() {
    let caller = Scenario::caller().invite().may_ring().answered().pause(SECOND).hang_up();
    let (mut house, contact) = given_up("", None, caller, "normal-clearing");
    assert!(offers(&contact).is_empty(), "{contact:#?}");
    house.stop();
}

#[test]
fn a_caller_who_hangs_up_while_it_rings_stops_the_agents_phone() {
    let caller = Scenario::caller().invite().may_ring().answered().pause(2 * SECOND).hang_up();
    let (mut house, contact) = given_up("", Some(Scenario::agent().ring().cancelled()), caller, "normal-clearing");
    assert_eq!(offers(&contact), [("a0", "withdrawn")], "{contact:#?}");
    house.stop();
}

#[test]
fn a_caller_who_cancels_before_the_answer_is_abandoned() {
    let caller = Scenario::caller().invite().progress(183).pause(SECOND).cancel();
    let (mut house, _) = given_up("answer = \"with-agent\"", None, caller, "cancelled");
    house.stop();
}

#[test]
fn a_caller_who_cancels_while_it_rings_stops_the_agents_phone() {
    let caller = Scenario::caller().invite().progress(183).pause(2 * SECOND).cancel();
    let agent = Scenario::agent().ring().cancelled();
    let (mut house, contact) = given_up("answer = \"with-agent\"", Some(agent), caller, "cancelled");
    assert_eq!(offers(&contact), [("a0", "withdrawn")], "{contact:#?}");
    house.stop();
}

#[test]
fn with_agent_the_call_is_answered_when_the_agent_answers() {
    let (callers, ears) = (Ears::open(&CALLERS, &[440.0]), Ears::open(&AGENTS, &[1_000.0]));
    let place = phones_address();
    let mut text = queue("answer = \"with-agent\"\nwrap_up = \"0s\"");
    fixed_agent(&mut text, "a0", &format!("sip:{}@{place}", ears.ports()[0]));
    let mut house = Plan::new(text).start();
    let agent = Scenario::agent().ring().pause(2 * SECOND).answer().hung_up();
    let agent = Sipp::phones(&house, "agent", place, &agent, 1);
    ears.follow(&agent);
    let caller = Scenario::caller().invite().progress(183).answered().pause(2 * SECOND).hang_up();
    let who = [Caller { number: "30001".into(), media: callers.ports()[0] }];
    let calls = Sipp::callers(&house, "caller", QUEUE, &caller, &who, 1);
    callers.follow(&calls);
    assert_eq!((calls.done().successful, agent.done().successful), (1, 1));
    let records = house.records_of(1);
    house.stop();
    let contact = records.of("30001");
    let answered: Vec<i64> = contact.legs.iter().filter_map(|leg| leg["answered"].as_i64()).collect();
    let rang = contact.step("ringing").at;
    assert!(answered.len() == 2 && answered.iter().all(|at| *at >= rang + 1_500_000), "{contact:#?}");
    let heard = callers.heard(0);
    // The ring tone or music before the answer is early media.
    assert!(heard.seconds_of(1_000.0) >= 1.0 && heard.packets >= 150, "{heard:#?}");
    assert!(ears.heard(0).seconds_of(440.0) >= 1.0);
}
