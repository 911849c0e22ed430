//! `strowger phone` as caller or agent: its events, read as they come.

use crate::house::{BINARY, House};
use crate::lan::{AGENTS, CALLERS};
use crate::plans::QUEUE;
use crate::process::{Process, wait_for};
use serde_json::Value;
use std::process::Command;
use std::time::Duration;

/// The longest wait for a step of a story.
pub(crate) const STEP: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct Phone {
    name: String,
    process: Process,
}

impl Phone {
    /// Starts a phone of the house at `ip`, with these words on its command line.
    pub(crate) fn start(house: &House, name: &str, ip: &str, words: &[&str]) -> Phone {
        let server =
            if words.windows(2).any(|pair| pair == ["--transport", "tcp"]) { house.sip_tcp } else { house.sip };
        let mut command = Command::new(BINARY);
        command.args(["phone", "--json", "--server", &format!("sip:{server}"), "--listen", &format!("{ip}:0")]);
        command.args(words);
        Phone { name: name.to_owned(), process: Process::start(house.path(), name, &mut command) }
    }

    /// Registers as `user` of [`crate::plans::registered_agent`] and answers calls.
    pub(crate) fn agent(house: &House, user: &str, words: &[&str]) -> Phone {
        let password = password_file(house, user);
        let all = [&["--user", user, "--password-file", &password, "--register", "--answer"], words].concat();
        let phone = Phone::start(house, &format!("phone-{user}"), &AGENTS, &all);
        phone.wait("registered");
        phone
    }

    /// Dials with the credentials of `user`, without registering.
    pub(crate) fn dial(house: &House, user: &str, number: &str, words: &[&str]) -> Phone {
        let password = password_file(house, user);
        let all = [&["--user", user, "--password-file", &password, "--dial", number], words].concat();
        Phone::start(house, &format!("dial-{user}-{}", number.replace('*', "s")), &AGENTS, &all)
    }

    /// Calls in from the trunk.
    pub(crate) fn caller(house: &House, user: &str, words: &[&str]) -> Phone {
        let all = [&["--user", user, "--dial", QUEUE], words].concat();
        Phone::start(house, &format!("caller-{user}"), &CALLERS, &all)
    }

    /// Events so far.
    pub(crate) fn events(&self) -> Vec<Value> {
        let said = self.process.output();
        // The last line may be half written.
        let whole = said.rfind('\n').map_or("", |end| &said[..end]);
        whole.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Events of one kind so far.
    pub(crate) fn all(&self, event: &str) -> Vec<Value> {
        self.events().into_iter().filter(|e| e["event"] == event).collect()
    }

    /// Waits for the first event of this kind.
    pub(crate) fn wait(&self, event: &str) -> Value {
        self.wait_where(event, |_| true)
    }

    /// Waits for an event of this kind of which `fits` is true.
    pub(crate) fn wait_where(&self, event: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let what = format!("`{event}` of {}", self.name);
        wait_for(&what, STEP, || self.all(event).into_iter().find(&fits))
    }

    /// Waits until it hears this tone now.
    pub(crate) fn wait_tone(&self, hz: f64) {
        self.wait_where("heard", |event| {
            event["dominant_hz"].as_f64().is_some_and(|heard| (heard - hz).abs() < 10.0)
                && event["purity"].as_f64().is_some_and(|purity| purity > 0.5)
        });
    }

    /// Waits for its end by itself, as asked.
    pub(crate) fn ended_well(mut self) -> Vec<Value> {
        self.process.wait_success(STEP);
        self.events()
    }

    /// Waits for its end and says with which code.
    pub(crate) fn exit_code(mut self) -> Option<i32> {
        self.process.wait(STEP).code()
    }

    /// Tells it to end, which it does cleanly.
    pub(crate) fn stop(mut self) -> Vec<Value> {
        self.process.signal("TERM");
        self.process.wait(STEP);
        self.events()
    }
}

/// The password of a phone, as [`crate::plans::registered_agent`] gives it.
fn password_file(house: &House, user: &str) -> String {
    let file = house.path().join(format!("{user}.pass"));
    std::fs::write(&file, format!("secret-{user}\n")).expect("a file can be written");
    file.display().to_string()
}

/// Seconds of a tone in a summary, at the level it was spoken with.
pub(crate) fn seconds_of(summary: &Value, hz: f64) -> f64 {
    let tones = summary["tones"].as_array().expect("a list").iter();
    let near = |tone: &&Value| {
        let (heard, level) = (tone["hz"].as_f64().expect("a number"), tone["level_db"].as_f64().expect("a number"));
        (heard - hz).abs() < 10.0 && (level + 16.0).abs() < 2.0
    };
    tones.filter(near).map(|tone| tone["seconds"].as_f64().expect("a number")).sum()
}
