//! Twenty agents and more callers than they can take: order of service, counts, and in every call each side's own tone.

use crate::ears::{Ears, tones};
use crate::house::Plan;
use crate::lan::{AGENTS, CALLERS};
use crate::plans::{QUEUE, fixed_agents, queue};
use crate::records::Contact;
use crate::scenario::Scenario;
use crate::sipp::{Caller, Sipp, phones_address};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

const RATE: u32 = 10;

const AGENT_COUNT: usize = 20;
const CALL_COUNT: usize = 200;
/// Ten calls a second of ten seconds on average: five times what twenty agents can take, so most callers wait.
const TALK: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(15));

/// A caller or an agent must have heard the other one for so long.
const HEARD_SECONDS: f64 = 1.0;

#[test]
fn most_callers_wait_and_each_is_served_in_the_order_of_arrival() {
    let (agents, calls, talk) = (AGENT_COUNT, CALL_COUNT, TALK);
    // 13 Hz apart are two windows' bins and a half; the agents' tones lie between 400 and 3,000 Hz, too.
    let caller_tones = tones(350.0, 13.0, calls);
    let agent_tones = tones(400.0, 101.0, agents);
    let (callers, ears) = (Ears::open(&CALLERS, &caller_tones), Ears::open(&AGENTS, &agent_tones));
    let place = phones_address();
    let text = queue("wrap_up = \"0s\"\nring_timeout = \"60s\"") + &fixed_agents(place, ears.ports());
    let mut house = Plan::new(text).start();
    let shards = house.shards();

    let agent = Scenario::agent().ring().answer().pause_between(talk.0, talk.1).hang_up();
    let phones = Sipp::phones(&house, "agents", place, &agent, calls);
    ears.follow(&phones);
    let who: Vec<Caller> = callers
        .ports()
        .iter()
        .enumerate()
        .map(|(n, media)| Caller { number: (30_000 + n).to_string(), media: *media })
        .collect();
    let caller = Scenario::caller().invite().may_ring().answered().hung_up();
    let run = Sipp::callers(&house, "callers", QUEUE, &caller, &who, RATE);
    callers.follow(&run);
    let (called, taken) = (run.done(), phones.done());
    let records = house.records_of(calls);
    for n in 0..agents {
        house.wait_agent(&format!("a{n}"), "ready", Duration::from_secs(30));
    }
    let status = house.status();
    assert_eq!((&status["calls"], &status["legs"], &status["sip_sessions"]), (&0.into(), &0.into(), &0.into()));
    house.stop();

    // SIPp, report and record agree.
    let all = calls as u64;
    assert_eq!((called.successful, called.failed, taken.successful, taken.failed), (all, 0, all, 0));
    let figures = house.report_of("support");
    let counts = ["offered", "answered", "abandoned", "flowed_out", "waiting"].map(|name| figures[name].as_u64());
    assert_eq!(counts, [Some(all), Some(all), Some(0), Some(0), Some(0)], "{figures:#}");
    let report = house.report();
    let by_agent =
        report["agents"].as_array().expect("a list").iter().map(|a| a["answered"].as_u64().expect("a count"));
    assert_eq!(by_agent.sum::<u64>(), all, "{report:#}");
    assert_eq!(records.contacts.len(), calls);
    assert!(records.contacts.iter().all(|c| c.outcome == "served"), "{records:#?}");

    // Every tenth offer is explained from its facts alone: the agent who was chosen is the one the rules ask for.
    for contact in records.contacts.iter().step_by(10) {
        let story = house.explain(contact.id);
        let offered = story["moments"].as_array().expect("a list").iter().rfind(|m| m["what"] == "offered");
        let offered = offered.unwrap_or_else(|| panic!("no offer: {story:#}"));
        let agent = records.visit_of(contact).agent.as_deref().expect("answered");
        assert_eq!(
            (&offered["candidates"][0]["agent"], &offered["candidates"][0]["verdict"]),
            (&agent.into(), &"chosen".into())
        );
        // With several shards what is told on two of them at once may stand either way round in the log.
        if shards == 1 {
            let doubts =
                story["moments"].as_array().into_iter().flatten().filter(|m| m["doubts"] != Value::Array(Vec::new()));
            assert_eq!(doubts.count(), 0, "{story:#}");
        }
    }

    // First come, first served. One shard knows one time; with several a call is stamped on its own shard, some
    // milliseconds after the decision on the queue's.
    let apart = if shards == 1 { 0 } else { 50_000 };
    let times = |contact: &Contact| {
        let offered = contact.all("offered").first().expect("each is offered").at;
        (contact.step("arrived").at, offered, contact.caller.clone())
    };
    let times: Vec<_> = records.contacts.iter().map(times).collect();
    let overtaken = |a: &(i64, i64, String), b: &(i64, i64, String)| a.0 + apart < b.0 && a.1 > b.1 + apart;
    let late: Vec<_> = times.iter().filter(|a| times.iter().any(|b| overtaken(a, b))).collect();
    assert!(late.is_empty(), "overtaken by callers who came later: {late:#?}");
    let waited = records.visits.iter().filter(|visit| visit.waited > Duration::from_secs(1)).count();
    assert!(waited * 2 > calls, "only {waited} of {calls} waited: the story is not busy enough");

    // Each side of every call heard the other one, and nobody else.
    let mut served: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for (n, caller) in who.iter().enumerate() {
        let contact = records.of(&caller.number);
        let visit = records.visit_of(contact);
        let agent: usize = visit.agent.as_deref().expect("answered")[1..].parse().expect("a number");
        served.entry(agent).or_default().push(caller_tones[n]);
        let heard = callers.heard(n);
        let whom = heard.among(&agent_tones, HEARD_SECONDS);
        assert_eq!(whom, [agent_tones[agent]], "caller {n} of agent {agent}: {heard:#?}");
        assert!(heard.lost * 100 <= heard.packets, "caller {n}: {} of {} lost", heard.lost, heard.packets);
    }
    for (agent, mut expected) in served {
        expected.sort_by(f64::total_cmp);
        let heard = ears.heard(agent);
        assert_eq!(heard.among(&caller_tones, HEARD_SECONDS), expected, "agent {agent}: {heard:#?}");
        assert!(heard.lost * 100 <= heard.packets, "agent {agent}: {} of {} lost", heard.lost, heard.packets);
    }
}
