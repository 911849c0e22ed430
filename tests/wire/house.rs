//! A call centre under test: the real binary with a configuration of its own in a folder of its own.

use crate::lan::{CALLERS, HOUSE};
use crate::process::{Process, wait_for};
use crate::records::Records;
use serde_json::Value;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;
use tempfile::TempDir;

/// The goal is 2 s with everything on disk; a busy machine gets more than ten times that.
const START_LIMIT: Duration = Duration::from_secs(60);
/// BYEs are waited for 3 s, the journal for its last batch.
const STOP_LIMIT: Duration = Duration::from_secs(60);
/// A command of the control socket answers in milliseconds.
const COMMAND_LIMIT: &str = "30";

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_strowger");

/// Calls of the long runs, when they are asked for.
pub(crate) fn soak_calls() -> Option<usize> {
    let text = std::env::var("STROWGER_SOAK_CALLS").ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("STROWGER_SOAK_CALLS is `{text}`, not a number")))
}

/// Stories that do not say how many shards they want are told with one, and with as many as this names.
fn usual_shards() -> u8 {
    let Some(text) = std::env::var_os("STROWGER_WIRE_SHARDS") else { return 1 };
    let number = text.to_str().and_then(|text| text.parse().ok());
    number.unwrap_or_else(|| panic!("STROWGER_WIRE_SHARDS is {text:?}, not a number"))
}

/// What a house is made of. The text holds every table that is not named here.
pub(crate) struct Plan {
    pub(crate) shards: u8,
    pub(crate) max_calls: u32,
    pub(crate) drain: &'static str,
    pub(crate) log: &'static str,
    pub(crate) text: String,
    /// Files beside the configuration.
    pub(crate) files: Vec<(&'static str, &'static str)>,
}

impl Plan {
    /// Callers at [`CALLERS`] may call in by the trunk `load`; everything else is in `text`.
    pub(crate) fn new(text: impl Into<String>) -> Plan {
        let log = if std::env::var_os("WIRE_DEBUG").is_some() { "debug" } else { "info" };
        Plan { shards: usual_shards(), max_calls: 5000, drain: "10m", log, text: text.into(), files: Vec::new() }
    }

    pub(crate) fn shards(self, shards: u8) -> Plan {
        Plan { shards, ..self }
    }

    pub(crate) fn max_calls(self, max_calls: u32) -> Plan {
        Plan { max_calls, ..self }
    }

    pub(crate) fn with_file(mut self, name: &'static str, text: &'static str) -> Plan {
        self.files.push((name, text));
        self
    }

    pub(crate) fn start(self) -> House {
        House::start(self)
    }

    fn file(&self, folder: &Path) -> String {
        let Plan { shards, max_calls, drain, text, .. } = self;
        let (folder, own, callers) = (folder.display(), &*HOUSE, &*CALLERS);
        format!(
            r#"
[sip]
listen = ["udp:{own}:0", "tcp:{own}:0"]
[http]
listen = "127.0.0.1:0"
[store]
url = "sqlite:{folder}/strowger.db"
[recording]
folder = "{folder}/recordings"
[limits]
shards = {shards}
max_calls = {max_calls}
drain = "{drain}"
[[trunk]]
name = "load"
allow_from = ["{callers}/32"]
max_calls = 5000
max_cps = 2000
{text}
"#
        )
    }
}

pub(crate) struct House {
    process: Process,
    plan: Plan,
    pub(crate) sip: SocketAddr,
    pub(crate) sip_tcp: SocketAddr,
    pub(crate) http: SocketAddr,
    /// Of the control commands.
    pub(crate) socket: String,
    folder: Option<TempDir>,
    path: PathBuf,
}

impl House {
    fn start(plan: Plan) -> House {
        let folder = tempfile::Builder::new().prefix("strowger-wire-").tempdir().expect("a folder can be made");
        let path = folder.path().to_owned();
        let files = plan.files.iter().map(|(name, text)| (*name, (*text).to_owned()));
        for (name, text) in files.chain([("house.toml", plan.file(&path))]) {
            std::fs::write(path.join(name), text).expect("the folder can be written");
        }
        let (process, ready) = serve(&path, plan.log, "house");
        let address = |text: &Value| text.as_str().expect("an address").parse().expect("a socket address");
        let sip = |transport: &str| {
            let listeners = ready["sip"].as_array().expect("a list").iter();
            let found = listeners.filter_map(|v| v.as_str()?.strip_prefix(transport)).next();
            found.expect("it listens there").parse().expect("a socket address")
        };
        House {
            sip: sip("udp:"),
            sip_tcp: sip("tcp:"),
            http: address(&ready["http"]),
            socket: ready["socket"].as_str().expect("a path").to_owned(),
            process,
            plan,
            folder: Some(folder),
            path,
        }
    }

    /// Its folder: configuration, store, recordings, and the words of every program of the test.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn shards(&self) -> u8 {
        self.plan.shards
    }

    pub(crate) fn process(&self) -> &Process {
        &self.process
    }

    pub(crate) fn recordings(&self) -> PathBuf {
        self.path.join("recordings")
    }

    /// Writes the configuration anew with other tables; nothing happens until it is read again.
    pub(crate) fn rewrite(&mut self, text: impl Into<String>) {
        self.plan.text = text.into();
        std::fs::write(self.path.join("house.toml"), self.plan.file(&self.path)).expect("the file can be written");
    }

    /// Runs a subcommand against the running house.
    pub(crate) fn command(&self, words: &[&str]) -> Output {
        let run = Command::new("timeout")
            .args([COMMAND_LIMIT, BINARY])
            .args(words)
            .arg("--config")
            .arg(self.path.join("house.toml"))
            .output();
        run.expect("timeout(1) is there")
    }

    /// A subcommand that must succeed, and what it says.
    pub(crate) fn ask(&self, words: &[&str]) -> String {
        let output = self.command(words);
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "strowger {}: {}\n{out}{err}", words.join(" "), output.status);
        out
    }

    pub(crate) fn ask_json(&self, words: &[&str]) -> Value {
        let said = self.ask(&[words, &["--json"]].concat());
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{words:?} says no JSON ({error}): {said}"))
    }

    pub(crate) fn status(&self) -> Value {
        self.ask_json(&["status"])
    }

    /// State word of each agent, by id.
    pub(crate) fn agent_state(&self, id: &str) -> String {
        let agents = self.ask_json(&["agents"]);
        let line = agents.as_array().expect("a list").iter().find(|a| a["agent"] == id);
        line.unwrap_or_else(|| panic!("no agent {id}: {agents}"))["state"].as_str().expect("a word").to_owned()
    }

    pub(crate) fn wait_agent(&self, id: &str, state: &str, limit: Duration) {
        wait_for(&format!("agent {id} {state}"), limit, || (self.agent_state(id) == state).then_some(()));
    }

    /// The report of all that is stored, and the conservation law in it: arrivals by the event log against the stays
    /// in queues.
    pub(crate) fn report(&self) -> Value {
        let report = self.ask_json(&["report", "--from", "2000-01-01T00:00:00Z", "--to", "2100-01-01T00:00:00Z"]);
        let law = &report["conservation"];
        assert_eq!((&law["holds"], &law["facts_lost"]), (&true.into(), &0.into()), "{report:#}");
        let offered = report["queues"].as_array().expect("a list").iter().map(|queue| queue["offered"].as_u64());
        assert_eq!(law["arrivals"].as_u64(), offered.sum(), "{report:#}");
        report
    }

    /// Why a contact went where it went.
    pub(crate) fn explain(&self, contact: i64) -> Value {
        self.ask_json(&["explain", &format!("{contact:016x}")])
    }

    /// One queue's line of the report.
    pub(crate) fn report_of(&self, queue: &str) -> Value {
        let report = self.report();
        let found = report["queues"].as_array().expect("a list").iter().find(|q| q["queue"] == queue);
        found.unwrap_or_else(|| panic!("no queue {queue}: {report:#}")).clone()
    }

    pub(crate) fn records(&self) -> Records {
        Records::open(&self.path.join("strowger.db"))
    }

    /// The event log: one fact a line.
    pub(crate) fn events(&self) -> Vec<String> {
        crate::records::events(&self.path.join("strowger.db"))
    }

    /// Contact records, once as many as said are stored; they are written when the last word of a call has come.
    pub(crate) fn records_of(&self, contacts: usize) -> Records {
        wait_for(&format!("{contacts} stored contacts"), Duration::from_secs(30), || {
            let records = self.records();
            (records.contacts.len() >= contacts).then_some(records)
        })
    }

    /// SIGTERM, and a clean end.
    pub(crate) fn stop(&mut self) {
        self.process.signal("TERM");
        self.ended();
    }

    /// Waits for a clean end that was asked for in another way.
    pub(crate) fn ended(&mut self) {
        self.process.wait_success(STOP_LIMIT);
    }

    pub(crate) fn kill(&mut self) {
        self.process.signal("KILL");
        self.process.wait(STOP_LIMIT);
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.process.is_running()
    }

    /// Resident memory in kB.
    pub(crate) fn resident_kb(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux says it");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// One HTTP GET: status and body.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        crate::http::get(self.http, path)
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let debug = std::env::var_os("WIRE_DEBUG").is_some();
        if !std::thread::panicking() && !debug {
            return;
        }
        if let Some(folder) = self.folder.take() {
            eprintln!("{}", self.process.story());
            eprintln!("kept for a look: {}", folder.keep().display());
        }
    }
}

/// Starts the server and waits for its ready line.
fn serve(folder: &Path, log: &str, name: &str) -> (Process, Value) {
    let mut command = Command::new(BINARY);
    command.args(["serve", "--log", log, "--config"]).arg(folder.join("house.toml"));
    command.current_dir(folder);
    let mut process = Process::start(folder, name, &mut command);
    let ready = wait_for("the ready line", START_LIMIT, || {
        let said = process.output();
        if let Some((line, _)) = said.split_once('\n') {
            return Some(line.to_owned());
        }
        assert!(process.is_running(), "the server does not start\n{}", process.story());
        None
    });
    let ready: Value = serde_json::from_str(&ready).unwrap_or_else(|error| panic!("the ready line `{ready}`: {error}"));
    assert_eq!(ready["ready"], true);
    (process, ready)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
