//! REFER, Replaces, and keys by INFO.

use super::story::{
    CARRIER, S, callee, caller, from_phone, in_dialog, invite, inward_call, outward_call, response, with,
};
use crate::testing::{Script, address, directory, fixed, out_leg, trunk};
use core::time::Duration;
use model::{CauseKind, Key, LegCommand, LegEvent, ReferTarget};

const PHONE: &str = super::story::PHONE;

#[test]
fn a_blind_transfer_is_accepted_and_reported() {
    let mut script = caller();
    let (leg, ack) = outward_call(&mut script, "");
    script.from(PHONE, &from_phone("REFER", 4, &ack, "Refer-To: <sip:2002@acd.example>", ""));
    assert_eq!(script.event(), LegEvent::Refer { leg, to: ReferTarget::Dialled("2002".into()) });
    script.command(LegCommand::ReferReply { leg, accepted: Ok(()) });
    let sent = script.sent();
    assert_eq!(sent[0].line(), "SIP/2.0 202 Accepted");
    assert_eq!((sent[1].header("Event"), sent[1].body()), (Some("refer;id=4"), "SIP/2.0 100 Trying\r\n"));
    assert_eq!(sent[1].header("Subscription-State"), Some("active;expires=180"));
    assert_eq!(sent[1].header("Content-Type"), Some("message/sipfrag;version=2.0"));
    script.from(PHONE, &response(&sent[1], "200 OK", "", ""));
    script.command(LegCommand::ReferProgress { leg, status: 180 });
    assert_eq!(script.one().body(), "SIP/2.0 180 Ringing\r\n");
    script.command(LegCommand::ReferProgress { leg, status: 200 });
    let last = script.one();
    assert_eq!(last.body(), "SIP/2.0 200 OK\r\n");
    assert_eq!(last.header("Subscription-State"), Some("terminated;reason=noresource"));
    script.command(LegCommand::ReferProgress { leg, status: 200 });
    assert!(script.sent().is_empty());
    script.from(PHONE, &from_phone("BYE", 5, &ack, "", ""));
    script.assert_clean();
}

#[test]
fn a_refused_transfer_hears_why() {
    let mut script = caller();
    let (leg, ack) = outward_call(&mut script, "");
    script.from(PHONE, &from_phone("REFER", 1, &ack, "Refer-To: <tel:+1-900>", ""));
    assert_eq!(script.event(), LegEvent::Refer { leg, to: ReferTarget::Dialled("+1900".into()) });
    script.command(LegCommand::ReferReply { leg, accepted: Err(CauseKind::Forbidden.into()) });
    assert_eq!(script.lines(), ["SIP/2.0 403 Forbidden"]);
}

#[test]
fn a_transferor_who_does_not_want_to_hear_hears_nothing() {
    let mut script = caller();
    let (leg, ack) = outward_call(&mut script, "");
    script.from(PHONE, &from_phone("REFER", 1, &ack, "Refer-To: sip:2@acd.example\nRefer-Sub: false", ""));
    script.events();
    script.command(LegCommand::ReferReply { leg, accepted: Ok(()) });
    let accepted = script.one();
    assert_eq!((accepted.line(), accepted.header("Refer-Sub")), ("SIP/2.0 202 Accepted", Some("false")));
    script.command(LegCommand::ReferProgress { leg, status: 200 });
    assert!(script.sent().is_empty());
}

#[test]
fn a_bad_refer_is_refused_without_asking_the_call() {
    let mut script = caller();
    let (_, ack) = outward_call(&mut script, "");
    for (cseq, line, status) in [
        (1, "X: y", "400 Bad Request"),
        (2, "Refer-To: <mailto:a@b>", "416 Unsupported URI Scheme"),
        (3, "Refer-To: <sip:a@b;method=BYE>", "400 Bad Request"),
        (4, "Refer-To: <sip:a@b?Replaces=nonsense>", "400 Bad Request"),
    ] {
        script.from(PHONE, &from_phone("REFER", cseq, &ack, line, ""));
        assert_eq!(script.lines(), [format!("SIP/2.0 {status}")], "{line}");
    }
    assert!(script.events().is_empty());
}

#[test]
fn the_subscription_of_a_transfer_ends_by_itself() {
    let mut script = caller();
    let (leg, ack) = outward_call(&mut script, "");
    script.from(PHONE, &from_phone("REFER", 1, &ack, "Refer-To: sip:2@acd.example", ""));
    script.command(LegCommand::ReferReply { leg, accepted: Ok(()) });
    let first = script.sent().remove(1);
    script.from(PHONE, &response(&first, "200 OK", "", ""));
    script.wait(Duration::from_secs(181));
    assert_eq!(script.sent()[0].header("Subscription-State"), Some("terminated;reason=timeout"));
}

#[test]
fn a_listener_who_is_gone_is_told_no_more() {
    let mut script = caller();
    let (leg, ack) = outward_call(&mut script, "");
    script.from(PHONE, &from_phone("REFER", 1, &ack, "Refer-To: sip:2@acd.example", ""));
    script.command(LegCommand::ReferReply { leg, accepted: Ok(()) });
    let notify = script.sent().remove(1);
    script.from(PHONE, &response(&notify, "481 Call/Transaction Does Not Exist", "", ""));
    script.command(LegCommand::ReferProgress { leg, status: 200 });
    assert!(script.sent().is_empty());
}

/// A trunk that calls in and a phone that is called, on one user agent.
fn both() -> Script {
    let phones = vec![fixed("1001", "sip:1001@127.0.0.1:7000")];
    Script::new(directory(phones, vec![trunk("carrier", "10.0.0.0/8")]))
}

#[test]
fn an_attended_transfer_names_our_leg() {
    let mut script = both();
    let (first, ok) = inward_call(&mut script);
    let (_, ack) = outward_call(&mut script, "");
    // The phone names the dialog of the other call as it would see it from the far side.
    let replaces = format!("c1%3Bto-tag%3D{}%3Bfrom-tag%3Db1", ok.to_tag());
    let line = format!("Refer-To: <sip:x@acd.example?Replaces={replaces}>");
    script.from(PHONE, &from_phone("REFER", 1, &ack, &line, ""));
    assert_eq!(script.event(), LegEvent::Refer { leg: out_leg(1), to: ReferTarget::Replace { leg: first } });
    script.command(LegCommand::ReferReply { leg: out_leg(1), accepted: Err(CauseKind::Forbidden.into()) });
    script.sent();
    let line = line.replace("Db1", "Dwrong");
    script.from(PHONE, &from_phone("REFER", 2, &ack, &line, ""));
    assert_eq!(script.event(), LegEvent::Refer { leg: out_leg(1), to: ReferTarget::Unknown });
}

#[test]
fn a_new_call_may_replace_one_of_ours() {
    let mut script = both();
    let (leg, ack) = outward_call(&mut script, "");
    let call_id = ack.header("Call-ID").unwrap();
    let from = ack.header("From").unwrap();
    let tag = from.split_once("tag=").unwrap().1;
    let line = format!("Replaces: {call_id};to-tag={tag};from-tag=p");
    script.from(CARRIER, &with(&invite(), &line));
    let LegEvent::Incoming(call) = script.event() else { panic!() };
    assert_eq!(call.replaces, Some(leg));
    script.sent();
    let second = invite().replace("c1", "c2").replace("z9hG4bKi1", "z9hG4bKi2");
    script.from(CARRIER, &with(&second, &line.replace("from-tag=p", "from-tag=q")));
    assert_eq!(script.lines(), ["SIP/2.0 481 Call/Transaction Does Not Exist"]);
    script.from(CARRIER, &with(&second, &format!("{line};early-only")));
    assert_eq!(script.lines(), ["SIP/2.0 486 Busy Here"]);
    assert!(script.events().is_empty());
}

#[test]
fn keys_come_by_info() {
    let mut script = callee();
    let (leg, ok) = inward_call(&mut script);
    let lines = "Content-Type: application/dtmf-relay";
    script.from(CARRIER, &in_dialog("INFO", 2, &ok, lines, "Signal=5\r\nDuration=160\r\n"));
    assert_eq!(script.lines(), ["SIP/2.0 200 OK"]);
    assert_eq!(script.event(), LegEvent::Digit { leg, key: Key('5'), held: Duration::from_millis(160) });
    script.from(CARRIER, &in_dialog("INFO", 2, &ok, lines, "Signal=5\r\nDuration=160\r\n"));
    assert!(script.events().is_empty(), "a repetition is no second key");
    script.sent();
    script.from(CARRIER, &in_dialog("INFO", 3, &ok, "Content-Type: application/x", "?"));
    assert_eq!(script.lines(), ["SIP/2.0 415 Unsupported Media Type"]);
    script.from(CARRIER, &in_dialog("INFO", 4, &ok, "", ""));
    assert_eq!(script.lines(), ["SIP/2.0 200 OK"]);
    script.wait(S);
    let _ = address(CARRIER);
}

#[test]
fn a_caller_who_is_not_answered_yet_presses_keys_too() {
    let mut script = callee();
    script.from(CARRIER, &invite());
    script.sent();
    let leg = super::story::incoming(&mut script);
    script.command(LegCommand::Progress {
        leg,
        progress: model::Progress::EarlyMedia,
        sdp: Some(crate::testing::sdp(crate::testing::ANSWER)),
    });
    let early = script.one();
    let info = in_dialog("INFO", 2, &early, "Content-Type: application/dtmf-relay", "Signal=1\r\nDuration=100\r\n");
    script.from(CARRIER, &info);
    assert_eq!(script.lines(), ["SIP/2.0 200 OK"]);
    assert_eq!(script.event(), LegEvent::Digit { leg, key: Key('1'), held: Duration::from_millis(100) });
}

#[test]
fn a_transfer_to_a_foreign_host_is_refused_and_to_a_carriers_host_asked_for() {
    let phones = vec![fixed("1001", "sip:1001@127.0.0.1:7000")];
    let carrier = model::Trunk { host: "127.0.0.51".into(), ..trunk("carrier", "10.0.0.0/8") };
    let mut script = Script::new(directory(phones, vec![carrier]));
    let (_, ack) = outward_call(&mut script, "");
    for (cseq, uri, refusal) in [
        (1, "sip:2002@evil.example.com", "SIP/2.0 404 Not Found"),
        (2, "sips:2002@acd.example", "SIP/2.0 416 Unsupported URI Scheme"),
    ] {
        script.from(PHONE, &from_phone("REFER", cseq, &ack, &format!("Refer-To: <{uri}>"), ""));
        assert_eq!(script.lines(), [refusal], "{uri}");
        assert!(script.events().is_empty());
    }
    script.from(PHONE, &from_phone("REFER", 3, &ack, "Refer-To: <sip:2002@127.0.0.51>", ""));
    assert!(matches!(script.event(), LegEvent::Refer { .. }), "the routes decide");
}
