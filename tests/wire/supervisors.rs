//! A supervisor listens, whispers, barges and takes over by feature code and by key; who hears whom is read from what
//! each phone recorded.

use crate::house::{House, Plan};
use crate::phone::{Phone, STEP};
use crate::plans::{queue, registered_agent};
use crate::sense::{loudest, seconds_among_others};
use std::path::PathBuf;
use std::time::Duration;

const CALLER_HZ: f64 = 440.0;
const AGENT_HZ: f64 = 1_000.0;
const SUPERVISOR_HZ: f64 = 1_750.0;
/// Nobody can hear a tone this quiet under speech; a leak through a mixer would be far above it.
const UNHEARD_DB: f64 = -45.0;

/// A call of agent 1001 with everybody recording, and the supervisor of phone 1003.
struct Watched {
    house: House,
    caller: Phone,
    agent: Phone,
}

impl Watched {
    fn start() -> Watched {
        let mut text = queue("wrap_up = \"0s\"");
        registered_agent(&mut text, "1001", "initial_state = \"ready\"");
        registered_agent(&mut text, "1003", "supervises = [\"support\"]");
        let house = Plan::new(text).start();
        let file = |name: &str| house.path().join(name).display().to_string();
        let agent = Phone::agent(&house, "1001", &["--tone", "1000", "--record", &file("agent.wav")]);
        // A supervisor is an agent at a desk of his own.
        let desk = Phone::agent(&house, "1003", &[]);
        house.ask(&["agent", "1003", "not-ready"]);
        house.wait_agent("1001", "ready", STEP);
        let caller = Phone::caller(&house, "30001", &["--tone", "440", "--record", &file("caller.wav")]);
        caller.wait_tone(AGENT_HZ);
        agent.wait_tone(CALLER_HZ);
        drop(desk);
        Watched { house, caller, agent }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.house.path().join(name)
    }

    /// The supervisor dials `code` and the agent's id, and after the digits stays for some seconds.
    fn supervise(&self, code: &str, digits: &str, seconds: &str) {
        let file = self.file("supervisor.wav").display().to_string();
        let words = ["--tone", "1750", "--record", &file, "--digits", digits, "--duration", seconds];
        let phone = Phone::dial(&self.house, "1003", &format!("{code}1001"), &words);
        phone.ended_well();
    }

    /// Everybody goes, and so many contacts are stored; seconds of the supervisor's tone in the caller's and in the agent's ear.
    fn end(mut self, contacts: usize) -> (House, f64, f64) {
        std::thread::sleep(Duration::from_millis(500));
        self.caller.stop();
        self.agent.ended_well();
        self.house.records_of(contacts);
        self.house.stop();
        let path = |name: &str| self.house.path().join(name);
        let heard = ["caller.wav", "agent.wav"].map(|name| seconds_among_others(&path(name), 0, SUPERVISOR_HZ));
        (self.house, heard[0], heard[1])
    }
}

#[test]
fn a_silent_listener_hears_both_and_nobody_hears_the_listener() {
    let watched = Watched::start();
    watched.supervise("*31", "", "5s");
    let own = watched.file("supervisor.wav");
    for hz in [CALLER_HZ, AGENT_HZ] {
        assert!(seconds_among_others(&own, 0, hz) >= 2.0, "{hz} Hz in the listener's ear");
    }
    let (house, ..) = watched.end(2);
    for name in ["caller.wav", "agent.wav"] {
        let level = loudest(&house.path().join(name), 0, SUPERVISOR_HZ);
        assert!(level < UNHEARD_DB, "{level} dB of the listener in {name}");
    }
    let contact = house.records().of("30001").clone();
    assert_eq!(contact.step("supervisor-joined").value("mode"), "listen", "{contact:#?}");
    assert_eq!(contact.step("supervisor-left").value("supervisor"), "1003", "{contact:#?}");
}

#[test]
fn who_whispers_is_heard_by_the_agent_alone() {
    let watched = Watched::start();
    watched.supervise("*32", "", "5s");
    let (house, _, by_agent) = watched.end(2);
    assert!(by_agent >= 2.0, "the agent heard the whisper for {by_agent} s");
    let level = loudest(&house.path().join("caller.wav"), 0, SUPERVISOR_HZ);
    assert!(level < UNHEARD_DB, "{level} dB of the whisper in the caller's ear");
}

#[test]
fn who_barges_in_is_heard_by_both() {
    let watched = Watched::start();
    watched.supervise("*33", "", "5s");
    let (_, by_caller, by_agent) = watched.end(2);
    assert!(by_caller >= 2.0 && by_agent >= 2.0, "caller {by_caller} s, agent {by_agent} s");
}

#[test]
fn the_mode_changes_by_key_without_dialling_again() {
    let watched = Watched::start();
    // The phone is silent until its last key: the first time it then whispers, the second time it barges in.
    watched.supervise("*31", ",,2", "6s");
    watched.supervise("*31", ",,2,,3", "6s");
    let (house, by_caller, by_agent) = watched.end(3);
    let contact = house.records().of("30001").clone();
    let modes: Vec<&str> = contact.all("supervisor-joined").iter().map(|step| step.value("mode")).collect();
    assert_eq!(modes, ["listen", "whisper", "listen", "whisper", "barge"], "{contact:#?}");
    assert!(by_caller >= 1.0 && by_agent >= by_caller + 1.0, "caller {by_caller} s, agent {by_agent} s");
}

#[test]
fn a_supervisor_takes_the_call_over_and_the_agent_is_free() {
    let watched = Watched::start();
    watched.supervise("*34", "", "5s");
    // The agent's phone was hung up; the caller's call ended with the supervisor's.
    let Watched { mut house, caller, agent } = watched;
    agent.ended_well();
    caller.ended_well();
    let records = house.records_of(2);
    house.stop();
    let contact = records.of("30001");
    assert_eq!(contact.step("transferred").value("kind"), "take-over", "{contact:#?}");
    let of: Vec<&str> = contact.all("talk-ended").iter().map(|step| step.value("agent")).collect();
    assert_eq!(of, ["1001", "1003"], "{contact:#?}");
    let heard = seconds_among_others(&house.path().join("caller.wav"), 0, SUPERVISOR_HZ);
    assert!(heard >= 2.0, "the caller heard the supervisor for {heard} s");
}
