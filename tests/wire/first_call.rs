//! One call from a trunk by the queue to an agent and back, and its record.

use crate::ears::{Ears, Heard};
use crate::house::{House, Plan};
use crate::lan::{AGENTS, CALLERS};
use crate::plans::{QUEUE, fixed_agents, queue};
use crate::scenario::Scenario;
use crate::sipp::{Caller, Counts, Sipp, phones_address};
use std::time::Duration;

const CALLER_HZ: f64 = 440.0;
const AGENT_HZ: f64 = 1_000.0;
const TALK: Duration = Duration::from_secs(2);

/// What is left of one call.
struct Call {
    house: House,
    caller: Heard,
    agent: Heard,
}

fn one_call(shards: u8, caller: Scenario, agent: Scenario) -> Call {
    let (callers, agents) = (Ears::open(&CALLERS, &[CALLER_HZ]), Ears::open(&AGENTS, &[AGENT_HZ]));
    let phones = phones_address();
    let mut house = Plan::new(queue("wrap_up = \"1s\"") + &fixed_agents(phones, agents.ports())).shards(shards).start();
    let phone = Sipp::phones(&house, "agent", phones, &agent, 1);
    agents.follow(&phone);
    let who = [Caller { number: "30001".into(), media: callers.ports()[0] }];
    let calls = Sipp::callers(&house, "caller", QUEUE, &caller, &who, 1);
    callers.follow(&calls);
    for counts in [calls.done(), phone.done()] {
        assert!(matches!(counts, Counts { successful: 1, failed: 0, .. }), "{counts:?}");
    }
    house.records_of(1);
    house.stop();
    Call { house, caller: callers.heard(0), agent: agents.heard(0) }
}

impl Call {
    fn check(&self, end: &str) {
        let figures = self.house.report_of("support");
        let counts = ["offered", "answered", "abandoned", "flowed_out", "waiting"].map(|name| figures[name].as_u64());
        assert_eq!(counts, [Some(1), Some(1), Some(0), Some(0), Some(0)], "{figures:#}");
        assert_eq!(self.house.report()["contacts"]["served"], 1);

        let records = self.house.records();
        let (contact, visit) = (records.of("30001"), records.visit_of(records.of("30001")));
        assert_eq!((&*contact.outcome, &*contact.cause), ("served", "normal-clearing"), "{contact:#?}");
        assert_eq!((&*visit.outcome, visit.agent.as_deref()), ("answered", Some("a0")), "{visit:#?}");
        let talked = figures["talk_seconds"].as_f64().expect("a number");
        assert!((talked - visit.talked.as_secs_f64()).abs() < 0.01, "the report says {talked}, the record {visit:#?}");
        assert!(visit.talked >= TALK - Duration::from_millis(200), "{visit:#?}");
        assert!(visit.waited < Duration::from_secs(10), "{visit:#?}");
        let order = ["arrived", "queued", "offered", "offer-ended", "connected", "talk-started", "talk-ended", "ended"];
        let found: Vec<&str> = contact.words().into_iter().filter(|word| order.contains(word)).collect();
        let in_order = order.iter().all(|word| contact.all(word).len() == 1) && found.first() == Some(&"arrived");
        assert!(in_order && found.last() == Some(&"ended"), "{contact:#?}");
        assert_eq!(contact.step("offer-ended").value("outcome"), "accepted");
        assert_eq!(contact.legs.len(), 2);
        assert!(contact.legs.iter().all(|leg| leg["codec"] == "pcmu"), "{contact:#?}");
        let ended_by = contact.legs.iter().find(|leg| leg["party"] == end);
        assert_eq!(ended_by.expect("a leg")["cause"], "normal-clearing", "{contact:#?}");

        assert!(self.caller.seconds_of(AGENT_HZ) >= 1.0, "the caller heard {:#?}", self.caller);
        assert!(self.agent.seconds_of(CALLER_HZ) >= 1.0, "the agent heard {:#?}", self.agent);
    }
}

#[test]
fn a_caller_reaches_an_agent_and_hangs_up() {
    // The caller cannot know when the agent answers, so it stays for the talk and a second more.
    let stay = TALK + Duration::from_secs(1);
    let caller = Scenario::caller().invite().may_ring().answered().pause(stay).hang_up();
    let agent = Scenario::agent().ring().answer().hung_up();
    one_call(1, caller, agent).check("caller");
}

#[test]
fn the_agent_hangs_up_and_the_caller_is_told() {
    let caller = Scenario::caller().invite().may_ring().answered().hung_up();
    let agent = Scenario::agent().ring().answer().pause(TALK).hang_up();
    one_call(3, caller, agent).check("agent:a0");
}
