//! What an INVITE may carry, and what its sender takes.

use super::story::{CARRIER, bare, callee, invite, with};
use crate::testing::{OFFER, sdp};
use model::LegEvent;

fn of_parts(parts: &[(&str, &str)]) -> String {
    let head = bare(&invite());
    let mut body = String::new();
    for (fields, octets) in parts {
        body.push_str(&format!("--b1\r\n{fields}\r\n\r\n{octets}\r\n"));
    }
    format!("{}\nContent-Type: multipart/mixed;boundary=\"b1\"\n\n{body}--b1--\r\n", head.trim_end())
}

const SDP: (&str, &str) = ("Content-Type: application/sdp", OFFER);
const ISUP: &str = "Content-Type: application/isup;version=itu-t92+";

#[test]
fn a_description_is_found_beside_a_gateways_signalling() {
    for parts in [vec![SDP], vec![(ISUP, "\u{1}\u{2}"), SDP], vec![SDP, ("X: y", "whatever"), ("", "plain")]] {
        let mut script = callee();
        script.from(CARRIER, &of_parts(&parts));
        assert_eq!(script.lines(), ["SIP/2.0 100 Trying"], "{parts:?}");
        let LegEvent::Incoming(call) = script.event() else { panic!() };
        assert_eq!(call.offer, Some(sdp(OFFER)), "{parts:?}");
    }
}

#[test]
fn what_must_be_understood_and_is_not_refuses_the_call() {
    let required = format!("{ISUP}\r\nContent-Disposition: signal;handling=required");
    for (parts, status) in [
        (vec![(&*required, "\u{1}"), SDP], "415 Unsupported Media Type"),
        (vec![(ISUP, "\u{1}")], "415 Unsupported Media Type"),
        (vec![SDP, SDP], "415 Unsupported Media Type"),
        (vec![], "415 Unsupported Media Type"),
    ] {
        let mut script = callee();
        script.from(CARRIER, &of_parts(&parts));
        let answer = script.one();
        assert_eq!(answer.line(), format!("SIP/2.0 {status}"), "{parts:?}");
        assert!(answer.header("Accept").unwrap().contains("multipart/mixed"));
        assert!(script.events().is_empty());
    }
    let mut script = callee();
    script.from(CARRIER, &of_parts(&[SDP]).replace("--b1--", "--b"));
    assert_eq!(script.lines(), ["SIP/2.0 400 Bad Request"], "cut off");
}

#[test]
fn who_takes_no_description_gets_406_and_hears_what_there_is() {
    for (accept, taken) in [
        ("Accept: text/plain", false),
        ("Accept: application/sdp;q=0, text/*", false),
        ("Accept: ", false),
        ("Accept: application/sdp", true),
        ("Accept: text/plain\nAccept: application/*;q=0.5", true),
        ("X-No: accept", true),
    ] {
        let mut script = callee();
        script.from(CARRIER, &with(&invite(), accept));
        let answer = script.one();
        assert_eq!(answer.line() == "SIP/2.0 100 Trying", taken, "{accept}");
        if !taken {
            assert_eq!(answer.line(), "SIP/2.0 406 Not Acceptable");
            assert!(answer.header("Accept").unwrap().starts_with("application/sdp"));
        }
    }
}
