//! Messages and beginnings the stories share.

use crate::testing::{ANSWER, OFFER, Script, Sent, dial_phone, directory, fixed, out_leg, sdp, trunk};
use core::time::Duration;
use model::{LegCommand, LegEvent, LegId};

pub(super) const MS: Duration = Duration::from_millis(1);
pub(super) const S: Duration = Duration::from_secs(1);

/// Where the calling trunk sends from.
pub(super) const CARRIER: &str = "10.0.0.9:5070";
/// Where the called phone stands.
pub(super) const PHONE: &str = "127.0.0.1:7000";

/// A trunk at 10.0.0.0/8 that calls in.
pub(super) fn callee() -> Script {
    Script::new(directory(vec![], vec![trunk("carrier", "10.0.0.0/8")]))
}

/// A phone at a fixed place that we call.
pub(super) fn caller() -> Script {
    Script::new(directory(vec![fixed("1001", "sip:1001@127.0.0.1:7000")], vec![]))
}

pub(super) fn invite() -> String {
    format!(
        "INVITE sip:4008@127.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.9:5070;branch=z9hG4bKi1;rport\nMax-Forwards: 70\n\
         From: \"Bob\" <sip:+861380@carrier>;tag=b1\nTo: <sip:4008@127.0.0.1>\nCall-ID: c1\nCSeq: 1 INVITE\n\
         Contact: <sip:bob@10.0.0.9:5070>\nContent-Type: application/sdp\n\n{OFFER}"
    )
}

/// With more header lines.
pub(super) fn with(text: &str, lines: &str) -> String {
    text.replacen("Max-Forwards", &format!("{lines}\nMax-Forwards"), 1)
}

/// Without its body.
pub(super) fn bare(text: &str) -> String {
    let (head, _) = text.split_once("\n\n").unwrap();
    format!("{}\n\n", head.replace("\nContent-Type: application/sdp", ""))
}

/// A request of the carrier inside the dialog our `answer` made.
pub(super) fn in_dialog(method: &str, cseq: u32, answer: &Sent, lines: &str, body: &str) -> String {
    let lines = if lines.is_empty() { String::new() } else { format!("{lines}\n") };
    let kind = if body.starts_with("v=0") { "Content-Type: application/sdp\n" } else { "" };
    format!(
        "{method} sip:strowger@127.0.0.1:5060 SIP/2.0\n\
         Via: SIP/2.0/UDP 10.0.0.9:5070;branch=z9hG4bK{method}{cseq};rport\n\
         Max-Forwards: 70\nFrom: \"Bob\" <sip:+861380@carrier>;tag=b1\nTo: {}\nCall-ID: c1\nCSeq: {cseq} {method}\n\
         Contact: <sip:bob@10.0.0.9:5070>\n{lines}{kind}\n{body}",
        answer.header("To").unwrap()
    )
}

pub(super) fn incoming(script: &mut Script) -> LegId {
    match script.event() {
        LegEvent::Incoming(incoming) => incoming.leg,
        other => panic!("{other:?}"),
    }
}

pub(super) fn answer(script: &mut Script, leg: LegId) -> Sent {
    script.command(LegCommand::Answer { leg, sdp: Some(sdp(ANSWER)) });
    script.one()
}

/// An answer to a request of ours, as the far side would write it.
pub(super) fn response(request: &Sent, status: &str, tag: &str, body: &str) -> String {
    let tag = if tag.is_empty() || !request.to_tag().is_empty() { String::new() } else { format!(";tag={tag}") };
    let sdp = if body.is_empty() { "" } else { "Content-Type: application/sdp\n" };
    let user = if request.line().contains("bob") { "bob@10.0.0.9:5070" } else { "1001@127.0.0.1:7000" };
    format!(
        "SIP/2.0 {status}\nVia: {}\nMax-Forwards: 70\nFrom: {}\nTo: {}{tag}\nCall-ID: {}\nCSeq: {}\nContact: <sip:{user}>\n{sdp}\n{body}",
        request.header("Via").unwrap(),
        request.header("From").unwrap(),
        request.header("To").unwrap(),
        request.header("Call-ID").unwrap(),
        request.header("CSeq").unwrap(),
    )
}

/// A call from the carrier, answered and confirmed: its leg and our 200.
pub(super) fn inward_call(script: &mut Script) -> (LegId, Sent) {
    inward_call_with(script, &invite())
}

pub(super) fn inward_call_with(script: &mut Script, invite: &str) -> (LegId, Sent) {
    script.from(CARRIER, invite);
    script.sent();
    let leg = incoming(script);
    let ok = answer(script, leg);
    script.from(CARRIER, &in_dialog("ACK", 1, &ok, "", ""));
    assert_eq!(script.event(), LegEvent::Confirmed { leg, sdp: None });
    (leg, ok)
}

/// A call to the phone, answered: its leg and our ACK.
pub(super) fn outward_call(script: &mut Script, lines: &str) -> (LegId, Sent) {
    let leg = out_leg(1);
    script.command(dial_phone(leg, 0));
    let invite = script.one();
    let ok = response(&invite, "200 OK", "p", ANSWER);
    script.from(PHONE, &if lines.is_empty() { ok } else { with(&ok, lines) });
    let ack = script.one();
    assert_eq!(script.event(), LegEvent::Answered { leg, sdp: Some(sdp(ANSWER)) });
    (leg, ack)
}

/// A request of the called phone inside the dialog our `ack` confirmed.
pub(super) fn from_phone(method: &str, cseq: u32, ack: &Sent, lines: &str, body: &str) -> String {
    let lines = if lines.is_empty() { String::new() } else { format!("{lines}\n") };
    let kind = if body.starts_with("v=0") { "Content-Type: application/sdp\n" } else { "" };
    format!(
        "{method} sip:strowger@127.0.0.1:5060 SIP/2.0\n\
         Via: SIP/2.0/UDP 127.0.0.1:7000;branch=z9hG4bK{method}{cseq};rport\n\
         Max-Forwards: 70\nFrom: {}\nTo: {}\nCall-ID: {}\nCSeq: {cseq} {method}\n\
         Contact: <sip:1001@127.0.0.1:7000>\n{lines}{kind}\n{body}",
        ack.header("To").unwrap(),
        ack.header("From").unwrap(),
        ack.header("Call-ID").unwrap(),
    )
}

/// Answers a far side may give to anything.
pub(super) const ANSWERS: [&str; 20] = [
    "100 Trying",
    "180 Ringing",
    "183 Session Progress",
    "183 Session Progress",
    "200 OK",
    "200 OK",
    "200 OK",
    "202 Accepted",
    "302 Moved Temporarily",
    "401 Unauthorized",
    "408 Request Timeout",
    "422 Session Interval Too Small",
    "481 Call/Transaction Does Not Exist",
    "486 Busy Here",
    "487 Request Terminated",
    "491 Request Pending",
    "500 Server Internal Error",
    "503 Service Unavailable",
    "603 Decline",
    "699 Unheard Of",
];
