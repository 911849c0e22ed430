//! Real phones with a tone each: what one side says, the other side hears, at the same pitch and as loud.

use crate::baresip::Baresip;
use crate::house::Plan;
use crate::phone::Phone;
use crate::plans::{queue, registered_agent};
use crate::sense::seconds_in;
use std::time::Duration;

const READY: Duration = Duration::from_secs(60);

/// An agent and a caller with these codecs: each hears the other.
fn each_hears_the_other(transport: &str, caller_codec: &str, agent_codec: &str) {
    let mut text = queue("wrap_up = \"0s\"");
    registered_agent(&mut text, "1001", "initial_state = \"ready\"");
    let mut house = Plan::new(text).start();
    let files = ["agent.wav", "caller.wav"].map(|name| house.path().join(name));
    let [agent_file, caller_file] = files.each_ref().map(|file| file.display().to_string());
    let with = |codec, tone, file| ["--transport", transport, "--codec", codec, "--tone", tone, "--record", file];
    let agent = Phone::agent(&house, "1001", &with(agent_codec, "1000", &*agent_file));
    house.wait_agent("1001", "ready", READY);
    let caller = Phone::caller(&house, "30001", &with(caller_codec, "440", &*caller_file));
    // Both hear it before anybody goes.
    caller.wait_tone(1_000.0);
    agent.wait_tone(440.0);
    std::thread::sleep(Duration::from_secs(3));
    for (events, codec) in [(caller.stop(), caller_codec), (agent.ended_well(), agent_codec)] {
        let answered = events.iter().find(|event| event["event"] == "answered").expect("it was answered");
        assert_eq!(answered["codec"], codec);
        let summary = events.iter().find(|event| event["event"] == "summary").expect("it ends with one");
        let count = |name: &str| summary["packets"][name].as_u64().expect("a count");
        assert!(count("lost") * 50 <= count("received") && count("strangers") == 0, "{summary:#}");
    }
    for (file, hz) in files.iter().zip([440.0, 1_000.0]) {
        let seconds = seconds_in(file, 0, hz);
        assert!(seconds >= 1.0, "{hz} Hz for {seconds} s in {}", file.display());
    }
    let records = house.records_of(1);
    house.stop();
    let contact = records.of("30001");
    assert_eq!(contact.outcome, "served");
    let codecs: Vec<&str> = contact.legs.iter().filter_map(|leg| leg["codec"].as_str()).collect();
    assert_eq!(codecs, [caller_codec, agent_codec], "{contact:#?}");
}

#[test]
fn the_same_codec_is_relayed() {
    each_hears_the_other("udp", "pcma", "pcma");
}

#[test]
fn two_codecs_are_transcoded() {
    each_hears_the_other("udp", "pcmu", "g722");
}

#[test]
fn calls_go_by_tcp_too() {
    each_hears_the_other("tcp", "g722", "pcma");
}

#[test]
fn baresip_registers_as_an_agent_and_talks_with_a_caller() {
    let mut text = queue("wrap_up = \"0s\"\nrecord = \"all\"");
    text.push_str("[[phone]]\nid = \"1001\"\npassword_file = \"1001.pass\"\n");
    text.push_str("[[agent]]\nid = \"1001\"\nphone = \"1001\"\nqueues = [\"support\"]\ninitial_state = \"ready\"\n");
    let mut house = Plan::new(text).with_file("1001.pass", "secret-1001\n").start();
    let mut agent = Baresip::start(&house, "1001", "secret-1001", "PCMA/8000/1", 700.0);
    house.wait_agent("1001", "ready", READY);
    assert_eq!(house.status()["registrations"], 1);
    let heard = house.path().join("caller.wav");
    let file = heard.display().to_string();
    let caller = Phone::caller(&house, "30001", &["--codec", "pcma", "--tone", "440", "--record", &file]);
    caller.wait_tone(700.0);
    std::thread::sleep(Duration::from_secs(4));
    caller.stop();
    let records = house.records_of(1);
    let at_agent = agent.recording("dec");
    agent.stop();
    house.stop();

    // Frequency and level: each side's tone in the other's file, neither in the other's channel of our recording.
    let contact = records.of("30001");
    assert_eq!(contact.recordings.len(), 1, "{contact:#?}");
    let ours = house.recordings().join(format!("{}.wav", contact.recordings[0]));
    for (file, channel, hz) in [(&at_agent, 0, 440.0), (&heard, 0, 700.0), (&ours, 0, 440.0), (&ours, 1, 700.0)] {
        let seconds = seconds_in(file, channel, hz);
        assert!(seconds >= 1.0, "{hz} Hz for {seconds} s in {}\n{}", file.display(), agent.story());
    }
    assert_eq!((seconds_in(&ours, 0, 700.0), seconds_in(&ours, 1, 440.0)), (0.0, 0.0));
}
