//! What whoever runs the house does to it: reload, drain, limits, a crash, forced states.

use crate::ears::Ears;
use crate::house::{House, Plan};
use crate::lan::{AGENTS, CALLERS};
use crate::phone::{Phone, STEP};
use crate::plans::{QUEUE, fixed_agent, fixed_agents, idle_agent, queue, registered_agent};
use crate::process::wait_until;
use crate::scenario::Scenario;
use crate::sense::{channel_of, seconds_in};
use crate::sipp::{Caller, Sipp, phones_address};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

fn callers(numbers: &[&str]) -> Vec<Caller> {
    numbers.iter().map(|number| Caller { number: (*number).into(), media: 9 }).collect()
}

/// A call that is up between a SIPp caller and agent `a0` until the agent hangs up after `talk`.
struct LiveCall {
    house: House,
    caller: Sipp,
    agent: Sipp,
}

impl LiveCall {
    fn start(plan: impl FnOnce(String) -> Plan, talk: Duration) -> LiveCall {
        let (place, ears) = (phones_address(), Ears::open(&AGENTS, &[1_000.0]));
        let house = plan(queue("wrap_up = \"0s\"") + &fixed_agents(place, ears.ports())).start();
        let agent = Scenario::agent().ring().answer().pause(talk).hang_up();
        let agent = Sipp::phones(&house, "agent", place, &agent, 1);
        let caller = Scenario::caller().invite().may_ring().answered().hung_up();
        let caller = Sipp::callers(&house, "caller", QUEUE, &caller, &callers(&["30001"]), 1);
        house.wait_agent("a0", "busy", STEP);
        LiveCall { house, caller, agent }
    }

    /// The call goes on to its own end.
    fn finish(self) -> House {
        assert_eq!((self.caller.done().successful, self.agent.done().successful), (1, 1));
        self.house
    }
}

#[test]
fn a_reload_adds_an_agent_and_leaves_the_live_call_alone() {
    let mut text = String::new();
    let live = LiveCall::start(
        |own| {
            text = own;
            Plan::new(text.clone())
        },
        8 * SECOND,
    );
    let mut house = live.house;
    registered_agent(&mut text, "1001", "initial_state = \"ready\"");
    house.rewrite(text);
    house.process().signal("HUP");
    wait_until("the new agent is known", STEP, || house.ask(&["agents"]).contains("1001"));
    assert_eq!(house.agent_state("a0"), "busy", "the live call goes on");
    // The new agent takes the next call while the old one is still talking.
    let phone = Phone::agent(&house, "1001", &["--tone", "1500"]);
    house.wait_agent("1001", "ready", STEP);
    let second = Phone::caller(&house, "30002", &["--tone", "440"]);
    second.wait_tone(1_500.0);
    second.stop();
    phone.ended_well();
    let mut house = LiveCall { house, ..live }.finish();
    let records = house.records_of(2);
    house.stop();
    assert_eq!(records.of("30001").step("connected").value("agent"), "a0");
    assert_eq!(records.of("30002").step("connected").value("agent"), "1001");
    let talked = records.visit_of(records.of("30001")).talked;
    assert!(talked >= 7 * SECOND, "the first call was cut: {talked:?}");
    let events = house.events();
    let reloaded: Vec<&String> = events.iter().filter(|line| line.contains("\"what\":\"reloaded\"")).collect();
    assert!(reloaded.len() == 1 && reloaded[0].contains("agent 1001 added"), "{reloaded:?}");
}

#[test]
fn a_bad_file_is_refused_and_the_old_one_stays() {
    let good = queue("");
    let mut house = Plan::new(good.clone() + &fixed("a0")).start();
    house.rewrite(good.clone() + "[[agent]]\nid = \"1002\"\nquees = [\"support\"]\n");
    let refused = house.command(&["reload"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned() + &String::from_utf8_lossy(&refused.stdout);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("quees") && said.contains("queues"), "no suggestion: {said}");
    house.process().signal("HUP");
    wait_until("the log says so", STEP, || house.process().errors().contains("stays as it was"));
    assert_eq!((house.get("/readyz").0, house.is_running()), (200, true));
    // Commands read the file, too, to find the socket; the server is asked once it is whole again.
    house.rewrite(good + &fixed("a0"));
    let agents = house.ask_json(&["agents"]);
    assert_eq!(agents.as_array().map(Vec::len), Some(1), "{agents}");
    house.stop();
}

fn fixed(id: &str) -> String {
    let mut text = String::new();
    fixed_agent(&mut text, id, &format!("sip:{id}@{}", phones_address()));
    text
}

#[test]
fn a_draining_house_takes_no_new_calls_and_ends_after_the_last() {
    let live = LiveCall::start(Plan::new, 6 * SECOND);
    let (status, body) = live.house.get("/readyz");
    assert_eq!(status, 200, "{body}");
    live.house.ask(&["drain"]);
    wait_until("not ready any more", STEP, || live.house.get("/readyz").0 == 503);
    assert_eq!(live.house.get("/healthz").0, 200);
    let refused = Scenario::caller().invite().refused(503);
    let refused = Sipp::callers(&live.house, "late", QUEUE, &refused, &callers(&["30009"]), 1);
    assert_eq!(refused.done().successful, 1);
    let mut house = live.finish();
    house.ended();
    let records = house.records();
    assert_eq!(records.of("30001").outcome, "served");
    let talked = records.visit_of(records.of("30001")).talked;
    assert!(talked >= 5 * SECOND, "the live call was cut: {talked:?}");
}

#[test]
fn calls_beyond_the_limit_get_503_and_a_time_to_come_back() {
    let mut text = queue("");
    idle_agent(&mut text, "a0", &format!("sip:a0@{}", phones_address()));
    // Each shard has its share of the ceiling, and chance says which one a call lands on.
    let mut house = Plan::new(text).shards(1).max_calls(3).start();
    let waiting = Scenario::caller().invite().may_ring().answered().pause(6 * SECOND).hang_up();
    let first = Sipp::callers(&house, "waiting", QUEUE, &waiting, &callers(&["30001", "30002", "30003"]), 10);
    wait_until("three calls", STEP, || house.status()["calls"] == 3);
    let refused = Scenario::caller().invite().refused(503);
    let more = Sipp::callers(&house, "refused", QUEUE, &refused, &callers(&["30004", "30005"]), 10);
    assert_eq!(more.done().successful, 2);
    assert_eq!(first.done().successful, 3);
    house.records_of(3);
    // There is room again.
    let again = Scenario::caller().invite().may_ring().answered().hang_up();
    assert_eq!(Sipp::callers(&house, "again", QUEUE, &again, &callers(&["30006"]), 1).done().successful, 1);
    house.stop();
}

#[test]
fn after_a_kill_the_recording_opens_and_holds_all_but_the_last_second() {
    let (callers_ears, ears) = (Ears::open(&CALLERS, &[440.0]), Ears::open(&AGENTS, &[1_000.0]));
    let place = phones_address();
    let text = queue("record = \"all\"") + &fixed_agents(place, ears.ports());
    let mut house = Plan::new(text).start();
    let agent = Scenario::agent().ring().answer().pause(60 * SECOND).hang_up();
    let agent = Sipp::phones(&house, "agent", place, &agent, 1);
    ears.follow(&agent);
    let caller = Scenario::caller().invite().may_ring().answered().hung_up();
    let who = [Caller { number: "30001".into(), media: callers_ears.ports()[0] }];
    let caller = Sipp::callers(&house, "caller", QUEUE, &caller, &who, 1);
    callers_ears.follow(&caller);
    house.wait_agent("a0", "busy", STEP);
    let talking = Instant::now();
    wait_until("both speak", STEP, || {
        callers_ears.heard(0).seconds_of(1_000.0) >= 4.0 && ears.heard(0).seconds_of(440.0) >= 4.0
    });
    let heard = ears.heard(0).seconds_of(440.0);
    house.kill();
    let talked = talking.elapsed();
    caller.stop();
    agent.stop();

    let file = recording(&house);
    let (samples, rate) = channel_of(&file, 0);
    let seconds = samples.len() as f64 / f64::from(rate);
    assert!(seconds >= heard - 1.0, "{seconds} s recorded of {heard} s heard before the kill");
    assert!(seconds <= talked.as_secs_f64() + 2.0, "{seconds} s recorded of {talked:?}");
    for (channel, hz) in [(0, 440.0), (1, 1_000.0)] {
        let found = seconds_in(&file, channel, hz);
        assert!(found >= 0.8, "channel {channel}: {found} s of {seconds} s");
    }
}

fn recording(house: &House) -> PathBuf {
    let mut folders = vec![house.recordings()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("recordings are kept").filter_map(Result::ok) {
            if entry.path().is_dir() { folders.push(entry.path()) } else { files.push(entry.path()) }
        }
    }
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

#[test]
fn forced_states_and_ends_are_done_and_kept_with_who_did_them() {
    let live = LiveCall::start(Plan::new, 60 * SECOND);
    let LiveCall { mut house, caller, agent } = live;
    house.ask(&["agent", "a0", "not-ready"]);
    // In a call he is busy; the wish waits.
    assert_eq!(house.agent_state("a0"), "busy");
    let calls = house.ask_json(&["calls"]);
    let shown = ["caller", "dialled", "from", "state"].map(|name| calls[0][name].as_str().unwrap_or_default());
    assert_eq!(shown, ["30001", QUEUE, "trunk:load", "talking"], "{calls:#}");
    assert!(calls[0]["since"].as_str().is_some_and(|since| since.ends_with('Z')), "{calls:#}");
    let id = calls[0]["call"].as_str().expect("an id").to_owned();
    house.ask(&["call", &id, "hangup"]);
    assert_eq!(caller.done().successful, 1);
    house.wait_agent("a0", "not-ready", STEP);
    agent.stop();
    house.ask(&["agent", "a0", "ready"]);
    house.wait_agent("a0", "ready", STEP);
    let unknown = house.command(&["agent", "nobody", "ready"]);
    assert_eq!(unknown.status.code(), Some(1));
    house.ask(&["log", "debug"]);
    let records = house.records_of(1);
    house.stop();
    assert_eq!(records.of("30001").cause, "forced");
    let events = house.events();
    let forced: Vec<&String> = events.iter().filter(|line| line.contains("\"what\":\"forced\"")).collect();
    assert_eq!(forced.len(), 4, "{forced:#?}");
    assert!(forced[3].contains("log-level=debug"), "{forced:#?}");
    assert!(forced.iter().all(|line| line.contains("by=operator:")), "{forced:#?}");
}

#[test]
fn a_second_server_at_the_same_store_is_refused() {
    let mut house = Plan::new(queue("")).start();
    let second = house.command(&["serve"]);
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(1), "{said}");
    assert!(said.contains("another server"), "{said}");
    assert_eq!(house.status()["ready"], true);
    house.stop();
}

/// A call of a phone to agent 1001 that is over, and its house.
fn a_recorded_call(house: &House) {
    let agent = Phone::agent(house, "1001", &["--tone", "1000"]);
    house.wait_agent("1001", "ready", STEP);
    let caller = Phone::caller(house, "30001", &["--tone", "440"]);
    caller.wait_tone(1_000.0);
    caller.stop();
    agent.ended_well();
}

fn recording_house() -> House {
    let mut text = queue("record = \"all\"\nwrap_up = \"0s\"");
    registered_agent(&mut text, "1001", "initial_state = \"ready\"");
    Plan::new(text).start()
}

#[test]
fn recordings_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let mut house = recording_house();
    a_recorded_call(&house);
    house.records_of(1);
    house.stop();
    let mode = |path: &std::path::Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!((mode(&house.recordings()), mode(&recording(&house))), (0o700, 0o600));
}

#[test]
fn a_call_that_cannot_be_recorded_goes_on_and_its_record_names_no_file() {
    let mut house = recording_house();
    // Something puts a file where the folder was: not even root can write into that.
    std::fs::remove_dir_all(house.recordings()).expect("the start made it");
    std::fs::write(house.recordings(), "").expect("the folder is ours");
    a_recorded_call(&house);
    let records = house.records_of(1);
    let (_, metrics) = house.get("/metrics");
    house.stop();
    let contact = records.of("30001");
    assert_eq!((&*contact.outcome, contact.recordings.len()), ("served", 0), "{contact:#?}");
    assert_eq!(contact.all("recording-failed").len(), 1, "{contact:#?}");
    assert!(metrics.contains("strowger_recordings_failed_total 1"), "{metrics}");
    assert!(house.process().errors().contains("a recording cannot be made"), "{}", house.process().story());
}

#[test]
fn without_a_free_media_port_calls_get_503_and_the_log_names_the_key() {
    // Two ports are one call, and none where several workers share them.
    let text = "[media]\nports = \"34100-34103\"\n".to_owned() + &queue("");
    let mut house = Plan::new(text).start();
    let first = Phone::caller(&house, "30001", &["--tone", "440"]);
    let refused = Scenario::caller().invite().refused(503);
    wait_until("the ports are taken", STEP, || first.all("answered").len() + first.all("ended").len() > 0);
    let refused = Sipp::callers(&house, "refused", QUEUE, &refused, &callers(&["30002", "30003"]), 1);
    assert_eq!(refused.done().successful, 2);
    first.stop();
    house.stop();
    let said = house.process().errors();
    assert!(said.contains("widen media.ports"), "{said}");
}

/// Every metric that the dashboard and the alerts read.
fn metrics_read() -> BTreeSet<&'static str> {
    let dashboard = include_str!("../../deploy/grafana/dashboards/strowger.json");
    let rules = include_str!("../../deploy/prometheus-rules.yml");
    let words = [dashboard, rules].into_iter().flat_map(|t| t.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
    words.filter(|word| word.starts_with("strowger_")).collect()
}

#[test]
fn a_scrape_during_a_call_has_all_that_the_dashboard_and_the_alerts_read() {
    let live = LiveCall::start(Plan::new, 4 * SECOND);
    // Refusals are counted by their cause: that metric appears with the first of them.
    let refused = Scenario::caller().invite().refused(404);
    let refused = Sipp::callers(&live.house, "refused", "nobody", &refused, &callers(&["30002"]), 1);
    assert_eq!(refused.done().successful, 1);
    let series = |metrics: &str| -> BTreeSet<String> {
        let lines = metrics.lines().filter(|line| !line.starts_with('#'));
        lines.filter_map(|line| line.split(['{', ' ']).next()).map(str::to_owned).collect()
    };
    let missing = || {
        let (status, metrics) = live.house.get("/metrics");
        assert_eq!(status, 200);
        let there = series(&metrics);
        metrics_read().into_iter().filter(|name| !there.contains(*name)).collect::<Vec<_>>()
    };
    // Figures are published a moment after what they count.
    let deadline = Instant::now() + STEP;
    while !missing().is_empty() {
        assert!(Instant::now() < deadline, "not in the scrape: {:?}", missing());
        std::thread::sleep(SECOND / 20);
    }
    assert!(metrics_read().len() > 20, "the dashboard was read");
    live.finish().stop();
}

#[test]
fn a_new_store_waits_for_the_next_start_and_so_do_its_passwords() {
    let mut house = Plan::new(queue("") + "[[phone]]\nid = \"1001\"\n").start();
    let kept = || std::fs::read_to_string(house.path().join("secrets.toml")).expect("made at the start");
    let first = kept();
    let file = house.path().join("house.toml");
    let text = std::fs::read_to_string(&file).expect("the house's");
    let text = text.replace("/strowger.db", "/moved/strowger.db") + "[[phone]]\nid = \"1002\"\n";
    std::fs::write(&file, text).expect("the folder is ours");
    // The file leads to the next server's socket; the error says how to reach the running one.
    let lost = house.command(&["reload"]);
    let said = String::from_utf8_lossy(&lost.stderr).into_owned();
    assert!(lost.status.code() == Some(1) && said.contains("--socket"), "{said}");
    let said = house.ask(&["reload", "--socket", &house.socket]);
    assert!(said.contains("moved/strowger.db (at the next start)"), "{said}");
    assert!(!house.path().join("moved").exists(), "nothing is made beside a store that is not in use");
    let second = kept();
    assert!(second.contains("1002"), "the new phone has a password beside the store in use: {second}");
    assert!(first.lines().all(|line| second.contains(line)), "the old password stays");
    house.stop();
}
