//! Many quick calls, and then nothing left over: no call, leg, session, media leg, transaction or agent, and no memory
//! that grows with the calls.

use crate::house::Plan;
use crate::lan::AGENTS;
use crate::plans::QUEUE;
use crate::process::wait_until;
use crate::scenario::Scenario;
use crate::sipp::{Caller, Sipp, phones_address};
use std::time::Duration;

/// RFC 6026 keeps UDP transactions for 32 s; a busy machine gets longer.
const LINGER: Duration = Duration::from_secs(90);

/// Sockets a media worker keeps bound beyond what it has handed out.
const SPARE_PORTS: usize = 64;

/// Calls of one round, how many rounds, and calls a second. `STROWGER_SOAK_CALLS` asks for the long form.
fn size() -> (usize, usize, u32) {
    match crate::house::soak_calls() {
        Some(all) => (1_000, all.div_ceil(1_000), 60),
        None => (250, 4, 60),
    }
}

#[test]
fn nothing_is_left_over_after_many_calls() {
    let (calls, rounds, rate) = size();
    let place = phones_address();
    // The lab's house: as many agents as take any load, each at the same SIPp.
    let text = format!(
        "[[number]]\nmatch = \"{QUEUE}\"\nto = \"queue:support\"\n[[queue]]\nname = \"support\"\nwrap_up = \"0s\"\n\
         [[phone]]\nrange = \"20000-21999\"\ncontact = \"sip:{{n}}@{place}\"\n\
         [[agent]]\nrange = \"20000-21999\"\nphone = \"{{n}}\"\nqueues = [\"support\"]\ninitial_state = \"ready\"\n"
    );
    assert_eq!(place.ip().to_string(), *AGENTS);
    let mut house = Plan::new(text).start();
    // The phones' user parts are the ports of their sound, at which nobody listens.
    let agent = Scenario::agent().ring().answer().hung_up();
    let caller = Scenario::caller().invite().may_ring().answered().pause(Duration::from_millis(300)).hang_up();
    let mut memory = Vec::new();
    for round in 0..rounds {
        let phones = Sipp::phones(&house, &format!("agents-{round}"), place, &agent, calls);
        let who: Vec<Caller> =
            (0..calls).map(|n| Caller { number: (30_000 + round * calls + n).to_string(), media: 9 }).collect();
        let run = Sipp::callers(&house, &format!("callers-{round}"), QUEUE, &caller, &who, rate);
        let (called, taken) = (run.done(), phones.done());
        assert_eq!((called.successful, called.failed), (calls as u64, 0));
        assert_eq!((taken.successful, taken.failed), (calls as u64, 0));
        wait_until("no call is left", Duration::from_secs(30), || {
            let status = house.status();
            ["calls", "legs", "sip_sessions", "media_legs"].iter().all(|name| status[name] == 0)
        });
        memory.push(house.resident_kb());
    }
    wait_until("every transaction is forgotten", LINGER, || house.status()["sip_transactions"] == 0);
    // What stays bound is the stock for the next calls: each shard has its own of every media worker, and a worker keeps
    // some spare besides.
    let workers = std::thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).clamp(1, 64));
    let stock = (usize::from(house.shards()) * call::STOCK_HIGH + SPARE_PORTS) * workers;
    wait_until("ports are given back", LINGER, || {
        house.status()["media_ports"].as_u64().is_some_and(|ports| ports <= stock as u64)
    });
    let agents = house.ask_json(&["agents"]);
    let states: Vec<_> = agents.as_array().expect("a list").iter().filter(|a| a["state"] != "ready").collect();
    assert!(states.is_empty(), "not ready again: {states:?}");
    let all = (calls * rounds) as u64;
    house.records_of(calls * rounds);
    let status = house.status();
    assert_eq!(status["records_lost"], 0);
    house.stop();
    let figures = house.report_of("support");
    assert_eq!((&figures["offered"], &figures["answered"]), (&all.into(), &all.into()), "{figures:#}");
    let idle = (&status["media_ports"], &status["legs"], &status["sip_sessions"], &status["sip_transactions"]);
    eprintln!(
        "resident memory in kB after each {calls} calls: {memory:?}; ports, legs, sessions, transactions: {idle:?}"
    );
    // The first round fills pools and pages; what the later ones add must not be a share of the calls. The short form's
    // first round is too short for all of them: it may add two megabytes, less than 3 kB a call, on top.
    let (first, last) = (memory[0], memory[memory.len() - 1]);
    let allowed = if rounds > 5 { first / 20 } else { first / 20 + 2_048 };
    assert!(last <= first + allowed, "resident memory in kB after each round: {memory:?}");
}
