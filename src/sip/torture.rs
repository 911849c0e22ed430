//! RFC 4475 at the level of the parser; what the whole engine answers is checked by tests/conformance.

use crate::{Malformed, Message, ParseError, StatusCode};
use sha2::{Digest, Sha256};

#[path = "../../tests/conformance/torture/expected.rs"]
pub(crate) mod expected;

use expected::{CASES, Outcome};

#[test]
fn the_messages_are_those_of_the_rfc() {
    for case in &CASES {
        assert_eq!(case.octets.len(), case.length, "{} ({} {})", case.name, case.section, case.title);
        let hash: String = Sha256::digest(case.octets).iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hash, case.sha256, "{} ({} {})", case.name, case.section, case.title);
    }
}

#[test]
fn each_message_is_read_or_refused_as_the_rfc_says() {
    for case in &CASES {
        let got = Message::parse(case.octets).map_or_else(|error| error.to_string(), |_| "ok".into());
        assert_eq!(got, case.parse, "{} ({} {})", case.name, case.section, case.title);
    }
}

#[test]
fn what_the_parser_refuses_is_answered_as_the_rfc_says() {
    let source = "192.0.2.200:5060".parse().expect("an address");
    for case in &CASES {
        let Err(error) = Message::parse(case.octets) else { continue };
        let mut answer = Vec::new();
        let malformed = Malformed::read(case.octets, error);
        if let Some(malformed) = &malformed {
            malformed.refuse(&mut answer, "torture", source);
        }
        let text = String::from_utf8_lossy(&answer);
        match case.outcome {
            Outcome::Dropped => assert!(malformed.is_none(), "{}", case.name),
            Outcome::Refused(codes) => {
                let starts = |code: &u16| text.starts_with(&format!("SIP/2.0 {code} "));
                assert!(codes.iter().any(starts), "{}: {text}", case.name);
                assert!(text.contains("\r\nCSeq: ") && text.contains("\r\nVia: "), "{}: {text}", case.name);
            }
            Outcome::Processed => panic!("{} should have been read: {error}", case.name),
        }
    }
}

#[test]
fn a_request_of_another_version_is_refused_with_505() {
    let case = CASES.iter().find(|c| c.name == "badvers").expect("in the table");
    let malformed = Malformed::read(case.octets, ParseError::Version).expect("answerable");
    assert_eq!(malformed.status(), StatusCode::VERSION_NOT_SUPPORTED);
}
