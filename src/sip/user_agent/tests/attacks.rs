//! The signalling attacks of the house's list that are not told elsewhere: floods, amplification, guessing, oversize.

use crate::testing::{Script, directory, secured, trunk, wire};
use crate::{Counter, Input};
use core::time::Duration;
use std::fmt::Write as _;

const STRANGER: &str = "203.0.113.9:5060";

fn house() -> Script {
    Script::new(directory(vec![secured("1001", "zanzibar")], vec![trunk("carrier", "10.0.0.0/8")]))
}

fn request(method: &str, n: usize, lines: &str) -> String {
    format!(
        "{method} sip:4008@acd.example SIP/2.0\nVia: SIP/2.0/UDP 203.0.113.9:5060;branch=z9hG4bK-{method}-{n};rport\n\
         Max-Forwards: 70\nFrom: <sip:1001@acd.example>;tag=e{n}\nTo: <sip:1001@acd.example>\nCall-ID: e{n}\n\
         CSeq: 1 {method}\nContact: <sip:eve@203.0.113.9>\n{lines}\n"
    )
}

/// Attack A5: who never answers gets back no more than three times what was sent in his name, all repetitions counted.
#[test]
fn a_source_that_proves_nothing_is_no_amplifier() {
    for method in ["OPTIONS", "REGISTER", "INVITE", "SUBSCRIBE", "MESSAGE", "BYE", "REFER", "PUBLISH"] {
        let mut script = house();
        let text = request(method, 1, "");
        script.from(STRANGER, &text);
        let at_once = script.sent();
        script.wait(Duration::from_secs(32));
        let later = script.sent();
        let octets: usize = at_once.iter().chain(&later).map(|s| s.text.len()).sum();
        assert!(octets <= 3 * wire(&text).len(), "{method}: {octets}");
        assert!(later.is_empty(), "{method}: a refusal nothing is kept of is sent once for each request");
    }
}

/// Attack A6: five thousand of each kind leave nothing behind, and a known trunk is served among them.
#[test]
fn a_flood_without_credentials_leaves_nothing_behind() {
    let mut script = house();
    for n in 0..5000 {
        for method in ["REGISTER", "INVITE", "SUBSCRIBE", "MESSAGE"] {
            script.from(STRANGER, &request(method, n, ""));
        }
        if n % 100 == 0 {
            script.sent();
            let left = script.ua.population();
            assert_eq!((left.server_transactions, left.sessions, left.timers, left.registrations), (0, 0, 0, 0));
        }
    }
    script.sent();
    assert!(script.outputs().len() < 1000, "log lines are limited too");
    script.from(super::story::CARRIER, &super::story::invite());
    assert_eq!(script.lines(), ["SIP/2.0 100 Trying"]);
}

/// Attack A9: a thousand guesses are mostly not even looked at, whoever they are for, and the answers look alike.
#[test]
fn guessing_is_slowed_down_and_tells_nothing() {
    let mut answers = Vec::new();
    for user in ["1001", "nobody"] {
        let mut script = house();
        let mut challenged = 0;
        for n in 0..1000 {
            let credentials = format!(
                "Authorization: Digest username=\"{user}\", realm=\"acd.example\", nonce=\"{n:032x}\", \
                 uri=\"sip:4008@acd.example\", response=\"{n:032x}\", algorithm=MD5\n"
            );
            script.from(STRANGER, &request("REGISTER", n, &credentials));
            challenged += script.lines().len();
            script.wait(Duration::from_millis(60));
        }
        assert!(challenged < 40, "{challenged} of a thousand in a minute");
        assert!(script.ua.counters().of(Counter::Guessing) > 900);
        answers.push(challenged);
    }
    assert_eq!(answers[0], answers[1], "an unknown user is refused like a wrong password");
}

/// Attack A2: what is too much is refused or dropped, and the next good request is answered.
#[test]
fn oversized_headers_are_refused_and_the_house_goes_on() {
    let many = |line: &str, count: usize| {
        let mut lines = String::new();
        for n in 0..count {
            writeln!(lines, "{line}{n}").unwrap();
        }
        lines
    };
    let bombs = [
        many("Via: SIP/2.0/UDP h;branch=z9hG4bK", 1500),
        format!("X: {}\n", ";a=b".repeat(15_000)),
        format!("X: a{}\n", "\n b".repeat(1000)),
        format!("Contact: {}\n", "<sip:a@b>,".repeat(6000)),
        format!("Authorization: Digest {}\n", "a=\"b\",".repeat(9000)),
        many("Record-Route: <sip:h;lr>;x=", 1500),
    ];
    for (n, bomb) in bombs.iter().enumerate() {
        for method in ["INVITE", "REGISTER", "OPTIONS"] {
            let mut script = house();
            let text = wire(&request(method, n, bomb));
            let cut = &text.as_bytes()[..text.len().min(65_507)];
            let input = Input::Datagram { local: script.listen, remote: STRANGER.parse().unwrap(), bytes: cut };
            script.ua.handle_input(script.now, input);
            assert!(script.events().is_empty());
            assert!(script.sent().iter().all(|s| s.line().starts_with("SIP/2.0 ") && s.text.len() <= 3 * text.len()));
            assert_eq!(script.ua.population().server_transactions, 0, "{method} {n}");
            script.from(STRANGER, &request("OPTIONS", 9999, ""));
            assert_eq!(script.lines(), ["SIP/2.0 200 OK"], "after {method} {n}");
        }
    }
}
