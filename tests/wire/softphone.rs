//! `strowger phone` against itself: every option of its command line, and what its exit code says.

use crate::house::BINARY;
use crate::lan::ELSEWHERE;
use crate::process::{Process, free_port, wait_for};
use crate::sense::{seconds_in, write_tone};
use serde_json::Value;
use std::net::{IpAddr, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(60);

struct Phone(Process);

impl Phone {
    fn start(folder: &Path, name: &str, words: &[&str]) -> Phone {
        let mut command = Command::new(BINARY);
        command.args(["phone", "--json"]).args(words).current_dir(folder);
        Phone(Process::start(folder, name, &mut command))
    }

    fn events(&self) -> Vec<Value> {
        let said = self.0.output();
        let whole = said.rfind('\n').map_or("", |end| &said[..end]);
        whole.lines().map(|line| serde_json::from_str(line).expect("an event a line")).collect()
    }

    fn event(&self, kind: &str) -> Value {
        wait_for(&format!("`{kind}`"), LIMIT, || self.events().into_iter().find(|event| event["event"] == kind))
    }

    fn exit(&mut self) -> i32 {
        let status = self.0.wait(LIMIT);
        status.code().unwrap_or_else(|| panic!("{status}\n{}", self.0.story()))
    }
}

/// A phone that answers and one that calls it, each with these words more; their exit codes.
fn call(folder: &TempDir, answering: &[&str], calling: &[&str]) -> (i32, i32, Phone, Phone) {
    let listen = format!("{}:0", *ELSEWHERE);
    // Nobody registers here: the server of the answering phone is never spoken to.
    let nobody = format!("sip:{}:9", *ELSEWHERE);
    let own = ["--server", &nobody, "--listen", &listen, "--user", "b", "--answer"];
    let mut answers = Phone::start(folder.path(), "answers", &[&own, answering].concat());
    let address = answers.event("listening")["address"].as_str().expect("an address").to_owned();
    let at = address.rsplit_once(':').expect("a port").1.to_owned();
    let server = format!("sip:{}:{at}", *ELSEWHERE);
    let own = ["--server", &server, "--listen", &listen, "--dial", "b"];
    let mut calls = Phone::start(folder.path(), "calls", &[&own, calling].concat());
    (answers.exit(), calls.exit(), answers, calls)
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder can be made")
}

#[test]
fn digits_arrive_in_each_of_the_three_ways() {
    for (way, codec) in [("rfc4733", "pcmu"), ("inband", "pcma"), ("info", "g722")] {
        let folder = folder();
        let answering = ["--expect-digits", "12#", "--codec", codec];
        let calling = ["--digits", "12#", "--dtmf", way, "--codec", codec, "--duration", "5s"];
        let (answered, called, phone, _) = call(&folder, &answering, &calling);
        assert_eq!((answered, called), (0, 0), "{way}: {}", phone.0.story());
        let digit = phone.event("digit");
        assert_eq!((digit["digit"].as_str(), digit["by"].as_str()), (Some("1"), Some(way)));
    }
}

#[test]
fn what_one_plays_the_other_records_over_udp_and_tcp() {
    for transport in ["udp", "tcp"] {
        let folder = folder();
        write_tone(&folder.path().join("say.wav"), 8_000, 700.0, 10);
        let answering = ["--transport", transport, "--record", "heard.wav"];
        let calling = ["--transport", transport, "--play", "say.wav", "--duration", "4s"];
        let (answered, called, phone, _) = call(&folder, &answering, &calling);
        assert_eq!((answered, called), (0, 0), "{transport}: {}", phone.0.story());
        let seconds = seconds_in(&folder.path().join("heard.wav"), 0, 700.0);
        assert!(seconds >= 1.5, "700 Hz for {seconds} s by {transport}");
    }
}

#[test]
fn a_call_that_was_not_as_asked_exits_1_and_one_nobody_answers_2() {
    let folder = folder();
    let (_, refused, ..) = call(&folder, &["--reject", "486"], &[]);
    assert_eq!(refused, 1, "486 is an answer, and not the one asked for");
    let (_, deaf, ..) = call(&folder, &["--expect-tone", "440", "--tone", "500"], &["--duration", "1s"]);
    assert_eq!(deaf, 0, "the caller got what it asked for");
    let ip: IpAddr = ELSEWHERE.parse().expect("an address");
    // A socket that takes everything and says nothing.
    let silent = UdpSocket::bind((ip, free_port(ip))).expect("a free port");
    let server = format!("sip:{}", silent.local_addr().expect("bound"));
    let mut phone = Phone::start(folder.path(), "unheard", &["--server", &server, "--dial", "b", "--wait", "2s"]);
    assert_eq!(phone.exit(), 2, "{}", phone.0.story());
}

#[test]
fn files_that_cannot_be_used_are_wrong_usage_and_are_named() {
    let folder = folder();
    std::fs::write(folder.path().join("text.wav"), "no sound").expect("writable");
    let cases = [
        (["--play", "none.wav"], "--play none.wav"),
        (["--play", "text.wav"], "--play text.wav"),
        (["--record", "no/where.wav"], "--record no/where.wav"),
        (["--password-file", "none.pass"], "--password-file none.pass"),
    ];
    let nobody = format!("sip:{}:9", *ELSEWHERE);
    for (words, expected) in cases {
        let words = [&["--server", &nobody, "--dial", "b"], &words[..]].concat();
        let mut phone = Phone::start(folder.path(), "wrong", &words);
        assert_eq!(phone.exit(), 64, "{}", phone.0.story());
        assert!(phone.0.errors().contains(expected), "{}", phone.0.story());
    }
}
