//! Set-up and end of calls, both ways, and their races.

use super::story::{CARRIER, MS, PHONE, S, answer, callee, caller, in_dialog as request, incoming, invite, response};
use crate::testing::{ANSWER, OFFER, Pair, Script, Sent, dial_phone, directory, hangup, out_leg, sdp};
use model::{CauseKind, LegCommand, LegEvent, Progress};
use netem::Conditions;

fn in_dialog(method: &str, cseq: u32, answer: &Sent) -> String {
    request(method, cseq, answer, "", "")
}

#[test]
fn a_call_from_a_trunk_is_answered_and_ended_by_the_caller() {
    let mut script = callee();
    script.from(CARRIER, &invite());
    let trying = script.one();
    assert_eq!(trying.line(), "SIP/2.0 100 Trying");
    let LegEvent::Incoming(call) = script.event() else { panic!() };
    assert_eq!((&*call.dialled, call.caller.number.as_str(), call.caller.name.as_str()), ("4008", "+861380", "Bob"));
    assert_eq!((&*call.call_id, call.offer.clone()), ("c1", Some(sdp(OFFER))));

    script.command(LegCommand::Progress { leg: call.leg, progress: Progress::Ringing, sdp: None });
    assert_eq!(script.one().line(), "SIP/2.0 180 Ringing");
    let ok = answer(&mut script, call.leg);
    assert_eq!((ok.line(), ok.body()), ("SIP/2.0 200 OK", ANSWER));
    assert_eq!(ok.header("Contact"), Some("<sip:strowger@127.0.0.1:5060>"));

    script.from(CARRIER, &in_dialog("ACK", 1, &ok));
    assert_eq!(script.event(), LegEvent::Confirmed { leg: call.leg, sdp: None });
    script.from(CARRIER, &in_dialog("BYE", 2, &ok));
    assert_eq!(script.one().line(), "SIP/2.0 200 OK");
    assert_eq!(script.event(), LegEvent::Ended { leg: call.leg, cause: CauseKind::NormalClearing.into() });
    // Asked again, answered again.
    script.from(CARRIER, &in_dialog("BYE", 2, &ok));
    assert_eq!(script.one().line(), "SIP/2.0 200 OK");
    assert!(script.events().is_empty());
    script.assert_clean();
}

/// RFC 4475 §3.4.1, RFC 2543 §4.2.4.
#[test]
fn a_caller_older_than_rfc_3261_needs_no_contact_and_is_reached_at_his_from() {
    let old = |text: String| {
        let text = text.replace(";branch=z9hG4bKi1", "").replace(";tag=b1", "");
        text.replace("Contact: <sip:bob@10.0.0.9:5070>\n", "").replace("Max-Forwards: 70\n", "")
    };
    let mut script = callee();
    script.from(CARRIER, &old(invite()));
    assert_eq!(script.lines(), ["SIP/2.0 100 Trying"]);
    let leg = incoming(&mut script);
    let ok = answer(&mut script, leg);
    script.from(CARRIER, &old(in_dialog("ACK", 1, &ok)));
    script.events();
    script.command(hangup(leg, CauseKind::NormalClearing));
    let bye = script.one();
    assert_eq!((bye.line(), bye.remote()), ("BYE sip:+861380@carrier SIP/2.0", CARRIER.parse().unwrap()));
    script.from(CARRIER, &response(&bye, "200 OK", "", ""));
    script.assert_clean();
}

#[test]
fn a_repeated_invite_gets_the_last_answer_again() {
    let mut script = callee();
    script.from(CARRIER, &invite());
    assert_eq!(script.lines(), ["SIP/2.0 100 Trying"]);
    script.from(CARRIER, &invite());
    assert_eq!(script.lines(), ["SIP/2.0 100 Trying"]);
    let leg = incoming(&mut script);
    script.command(LegCommand::Progress { leg, progress: Progress::Ringing, sdp: None });
    script.sent();
    script.from(CARRIER, &invite());
    assert_eq!(script.lines(), ["SIP/2.0 180 Ringing"]);
    answer(&mut script, leg);
    script.from(CARRIER, &invite());
    assert!(script.lines().is_empty(), "RFC 6026: absorbed");
    assert!(script.events().is_empty());
}

#[test]
fn a_2xx_is_repeated_until_its_ack() {
    let mut script = callee();
    script.from(CARRIER, &invite());
    script.sent();
    let leg = incoming(&mut script);
    let ok = answer(&mut script, leg);
    script.wait(S * 4);
    assert_eq!(script.lines().len(), 3, "0.5, 1.5 and 3.5 s");
    script.from(CARRIER, &in_dialog("ACK", 1, &ok));
    script.wait(S * 10);
    assert!(script.lines().is_empty());
}

#[test]
fn a_2xx_nobody_acknowledges_ends_in_a_bye() {
    let mut script = callee();
    script.from(CARRIER, &invite());
    script.sent();
    let leg = incoming(&mut script);
    answer(&mut script, leg);
    script.wait(S * 32);
    let lines = script.lines();
    assert_eq!(lines.iter().filter(|l| *l == "SIP/2.0 200 OK").count(), 10);
    assert_eq!(lines.last().unwrap(), "BYE sip:bob@10.0.0.9:5070 SIP/2.0");
    assert_eq!(script.event(), LegEvent::Ended { leg, cause: CauseKind::Unreachable.into() });
    script.assert_clean();
}

#[test]
fn hanging_up_before_the_ack_waits_for_it() {
    let mut script = callee();
    script.from(CARRIER, &invite());
    script.sent();
    let leg = incoming(&mut script);
    let ok = answer(&mut script, leg);
    script.command(hangup(leg, CauseKind::NormalClearing));
    assert!(script.lines().is_empty(), "RFC 3261 §15: no BYE before the ACK");
    script.from(CARRIER, &in_dialog("ACK", 1, &ok));
    let bye = script.one();
    assert!(bye.line().starts_with("BYE "));
    assert_eq!(bye.header("Reason"), Some("Q.850;cause=16;text=\"Normal call clearing\""));
    script.from(CARRIER, &response(&bye, "200 OK", "", ""));
    assert!(script.events().is_empty());
    script.assert_clean();
}

#[test]
fn a_cancel_before_the_answer_ends_the_leg() {
    let mut script = callee();
    script.from(CARRIER, &invite());
    script.sent();
    let leg = incoming(&mut script);
    script.from(CARRIER, &invite().replace("INVITE", "CANCEL"));
    assert_eq!(script.lines(), ["SIP/2.0 200 OK", "SIP/2.0 487 Request Terminated"]);
    assert_eq!(script.event(), LegEvent::Ended { leg, cause: model::Cause::with_sip(CauseKind::Cancelled, 487) });
    script.command(LegCommand::Answer { leg, sdp: None });
    assert!(script.lines().is_empty(), "the answer came too late");
    script.wait(MS * 600);
    assert_eq!(script.lines(), ["SIP/2.0 487 Request Terminated"], "timer G");
    script.from(CARRIER, &invite().replace("INVITE", "ACK"));
    script.wait(S * 2);
    assert!(script.lines().is_empty());
    script.assert_clean();
}

#[test]
fn a_cancel_after_the_answer_changes_nothing() {
    let mut script = callee();
    script.from(CARRIER, &invite());
    script.sent();
    let leg = incoming(&mut script);
    let ok = answer(&mut script, leg);
    script.from(CARRIER, &invite().replace("INVITE", "CANCEL"));
    assert_eq!(script.lines(), ["SIP/2.0 200 OK"]);
    script.from(CARRIER, &in_dialog("ACK", 1, &ok));
    assert_eq!(script.event(), LegEvent::Confirmed { leg, sdp: None });
}

#[test]
fn a_cancel_from_elsewhere_changes_nothing() {
    let mut script = callee();
    script.from(CARRIER, &invite());
    script.sent();
    script.events();
    script.from("10.0.0.66:5070", &invite().replace("INVITE", "CANCEL"));
    assert_eq!(script.lines(), ["SIP/2.0 481 Call/Transaction Does Not Exist"]);
    assert!(script.events().is_empty());
}

#[test]
fn a_bye_before_the_ack_ends_the_call() {
    let mut script = callee();
    script.from(CARRIER, &invite());
    script.sent();
    let leg = incoming(&mut script);
    let ok = answer(&mut script, leg);
    script.from(CARRIER, &in_dialog("BYE", 2, &ok));
    assert_eq!(script.lines(), ["SIP/2.0 200 OK"]);
    assert_eq!(script.event(), LegEvent::Ended { leg, cause: CauseKind::NormalClearing.into() });
    script.wait(S * 10);
    assert!(script.lines().is_empty(), "the 2xx is not repeated any more");
    script.assert_clean();
}

#[test]
fn a_refusal_carries_its_cause() {
    for (kind, line) in [
        (CauseKind::Busy, "SIP/2.0 486 Busy Here"),
        (CauseKind::Overload, "SIP/2.0 503 Service Unavailable"),
        (CauseKind::NotAcceptable, "SIP/2.0 488 Not Acceptable Here"),
        (CauseKind::NotFound, "SIP/2.0 404 Not Found"),
    ] {
        let mut script = callee();
        script.from(CARRIER, &invite());
        script.sent();
        let leg = incoming(&mut script);
        script.command(LegCommand::Reject { leg, cause: kind.into(), retry_after: Some(S * 7) });
        let refusal = script.one();
        assert_eq!(refusal.line(), line);
        assert_eq!(refusal.header("Retry-After"), Some("7"));
        script.from(CARRIER, &invite().replace("INVITE", "ACK"));
        script.assert_clean();
    }
}

#[test]
fn we_call_a_phone_and_it_answers() {
    let mut script = caller();
    let leg = out_leg(1);
    script.command(dial_phone(leg, 0));
    let invite = script.one();
    assert_eq!(invite.line(), "INVITE sip:1001@127.0.0.1:7000 SIP/2.0");
    assert_eq!(invite.remote(), "127.0.0.1:7000".parse().unwrap());
    assert!(invite.header("From").unwrap().starts_with("\"Anna\" <sip:2000@acd.example>;tag="));
    assert_eq!((invite.header("To"), invite.body()), (Some("<sip:1001@acd.example>"), OFFER));

    script.from(PHONE, &response(&invite, "100 Trying", "", ""));
    script.from(PHONE, &response(&invite, "180 Ringing", "p", ""));
    assert_eq!(script.event(), LegEvent::Ringing { leg, sdp: None });
    script.from(PHONE, &response(&invite, "200 OK", "p", ANSWER));
    assert_eq!(script.event(), LegEvent::Answered { leg, sdp: Some(sdp(ANSWER)) });
    let ack = script.one();
    assert_eq!((ack.line(), ack.header("CSeq")), ("ACK sip:1001@127.0.0.1:7000 SIP/2.0", Some("1 ACK")));
    assert_ne!(ack.header("Via"), invite.header("Via"));

    script.from(PHONE, &response(&invite, "200 OK", "p", ANSWER));
    assert_eq!(script.one().line(), ack.line(), "a second 2xx is acknowledged again");
    assert!(script.events().is_empty());

    script.command(hangup(leg, CauseKind::NormalClearing));
    let bye = script.one();
    assert_eq!((bye.line(), bye.header("CSeq")), ("BYE sip:1001@127.0.0.1:7000 SIP/2.0", Some("2 BYE")));
    assert!(bye.header("To").unwrap().ends_with(";tag=p"));
    script.from(PHONE, &response(&bye, "200 OK", "", ""));
    script.assert_clean();
}

#[test]
fn a_silent_phone_is_unreachable_after_seven_tries() {
    let mut script = caller();
    let leg = out_leg(1);
    script.command(dial_phone(leg, 0));
    script.wait(S * 33);
    assert_eq!(script.lines().len(), 7);
    assert_eq!(script.event(), LegEvent::Refused { leg, cause: model::Cause::with_sip(CauseKind::Unreachable, 408) });
    script.assert_clean();
}

#[test]
fn a_phone_nobody_knows_the_place_of_is_unregistered() {
    let mut script = Script::new(directory(vec![crate::testing::phone("1001")], vec![]));
    script.command(dial_phone(out_leg(1), 0));
    assert_eq!(script.event(), LegEvent::Refused { leg: out_leg(1), cause: CauseKind::Unregistered.into() });
}

#[test]
fn refusals_are_acknowledged_and_told_apart() {
    for (status, kind) in [
        ("486 Busy Here", CauseKind::Busy),
        ("603 Decline", CauseKind::Declined),
        ("302 Moved Temporarily", CauseKind::Redirected),
        ("488 Not Acceptable Here", CauseKind::NotAcceptable),
        ("500 Oops", CauseKind::ServerFailure),
    ] {
        let mut script = caller();
        let leg = out_leg(1);
        script.command(dial_phone(leg, 0));
        let invite = script.one();
        script.from(PHONE, &response(&invite, status, "p", ""));
        let ack = script.one();
        assert_eq!(ack.line(), "ACK sip:1001@127.0.0.1:7000 SIP/2.0");
        assert_eq!(ack.header("Via"), invite.header("Via").map(|v| v.trim()));
        assert!(ack.header("To").unwrap().ends_with(";tag=p"));
        let code = status[..3].parse().unwrap();
        assert_eq!(script.event(), LegEvent::Refused { leg, cause: model::Cause::with_sip(kind, code) });
        script.from(PHONE, &response(&invite, status, "p", ""));
        assert_eq!(script.one(), ack, "acknowledged again");
        assert!(script.events().is_empty());
        script.assert_clean();
    }
}

#[test]
fn hanging_up_a_ringing_phone_cancels_it() {
    let mut script = caller();
    let leg = out_leg(1);
    script.command(dial_phone(leg, 0));
    let invite = script.one();
    script.from(PHONE, &response(&invite, "180 Ringing", "p", ""));
    script.command(hangup(leg, CauseKind::AnsweredElsewhere));
    let cancel = script.one();
    assert_eq!((cancel.line(), cancel.header("CSeq")), ("CANCEL sip:1001@127.0.0.1:7000 SIP/2.0", Some("1 CANCEL")));
    assert_eq!(cancel.header("Via"), invite.header("Via"));
    assert_eq!(cancel.header("Reason"), Some("SIP;cause=200;text=\"Call completed elsewhere\""));
    script.from(PHONE, &response(&cancel, "200 OK", "p", ""));
    script.from(PHONE, &response(&invite, "487 Request Terminated", "p", ""));
    assert!(script.one().line().starts_with("ACK "));
    assert_eq!(script.events().len(), 1, "only the ringing");
    script.assert_clean();
}

#[test]
fn hanging_up_before_any_answer_cancels_at_the_first_one() {
    let mut script = caller();
    script.command(dial_phone(out_leg(1), 0));
    let invite = script.one();
    script.command(hangup(out_leg(1), CauseKind::Cancelled));
    assert!(script.lines().is_empty(), "RFC 3261 §9.1: no CANCEL before a provisional response");
    script.from(PHONE, &response(&invite, "100 Trying", "", ""));
    assert!(script.one().line().starts_with("CANCEL "));
    script.assert_clean();
}

#[test]
fn an_answer_that_crosses_the_cancel_is_ended() {
    let mut script = caller();
    script.command(dial_phone(out_leg(1), 0));
    let invite = script.one();
    script.from(PHONE, &response(&invite, "180 Ringing", "p", ""));
    script.command(hangup(out_leg(1), CauseKind::Cancelled));
    script.sent();
    script.events();
    script.from(PHONE, &response(&invite, "200 OK", "p", ANSWER));
    let lines = script.lines();
    assert_eq!(lines, ["ACK sip:1001@127.0.0.1:7000 SIP/2.0", "BYE sip:1001@127.0.0.1:7000 SIP/2.0"]);
    script.from(PHONE, &response(&invite, "200 OK", "p", ANSWER));
    assert_eq!(script.lines(), ["ACK sip:1001@127.0.0.1:7000 SIP/2.0"]);
    assert!(script.events().is_empty());
    script.assert_clean();
}

#[test]
fn forked_answers_beyond_the_first_are_ended() {
    let mut script = caller();
    let leg = out_leg(1);
    script.command(dial_phone(leg, 0));
    let invite = script.one();
    script.from(PHONE, &response(&invite, "200 OK", "p1", ANSWER));
    script.from(PHONE, &response(&invite, "200 OK", "p2", ANSWER));
    script.from(PHONE, &response(&invite, "200 OK", "p3", ANSWER));
    let sent = script.sent();
    let story: Vec<_> = sent.iter().map(|s| format!("{} {}", &s.line()[..3], s.to_tag())).collect();
    assert_eq!(story, ["ACK p1", "ACK p2", "BYE p2", "ACK p3", "BYE p3"]);
    assert_eq!(script.event(), LegEvent::Answered { leg, sdp: Some(sdp(ANSWER)) });
}

#[test]
fn two_user_agents_talk_over_a_bad_wire() {
    for seed in 0..40 {
        let bad = Conditions { loss: 0.25, duplicate: 0.1, reorder: 0.1, ..Conditions::rough() };
        let mut pair = Pair::over(bad, seed);
        let out = out_leg(1);
        pair.a.command(dial_phone(out, 0));
        pair.run(S * 20);
        let inward = incoming(&mut pair.b);
        pair.b.command(LegCommand::Progress { leg: inward, progress: Progress::Ringing, sdp: None });
        pair.b.command(LegCommand::Answer { leg: inward, sdp: Some(sdp(ANSWER)) });
        pair.run(S * 32);
        assert_eq!(pair.a.events().last(), Some(&LegEvent::Answered { leg: out, sdp: Some(sdp(ANSWER)) }), "{seed}");
        assert_eq!(pair.b.event(), LegEvent::Confirmed { leg: inward, sdp: None }, "{seed}");
        pair.b.command(hangup(inward, CauseKind::NormalClearing));
        pair.run(S * 32);
        assert_eq!(pair.a.event(), LegEvent::Ended { leg: out, cause: CauseKind::NormalClearing.into() }, "{seed}");
        pair.assert_clean();
    }
}

#[test]
fn why_the_caller_ends_it_is_heard_and_passed_on() {
    let elsewhere = "SIP;cause=200;text=\"Call completed elsewhere\"";
    for (reason, kind, q850, passed) in [
        (elsewhere, CauseKind::AnsweredElsewhere, None, Some(elsewhere)),
        ("Q.850;cause=27;text=\"Out of order\"", CauseKind::Cancelled, Some(27), Some("Q.850;cause=27")),
        ("Q.850;cause=900", CauseKind::Cancelled, None, None),
        ("SIP;cause=503", CauseKind::Cancelled, None, None),
    ] {
        let mut script = callee();
        script.from(CARRIER, &invite());
        script.sent();
        let leg = incoming(&mut script);
        let cancel =
            invite().replace("INVITE", "CANCEL").replace("Max-Forwards", &format!("Reason: {reason}\nMax-Forwards"));
        script.from(CARRIER, &cancel);
        let cause = model::Cause { q850, ..model::Cause::with_sip(kind, 487) };
        assert_eq!(script.event(), LegEvent::Ended { leg, cause });
        let mut ringing = caller();
        ringing.command(dial_phone(out_leg(1), 0));
        let ours = ringing.one();
        ringing.from(PHONE, &response(&ours, "180 Ringing", "p", ""));
        ringing.command(hangup(out_leg(1), cause));
        assert_eq!(ringing.one().header("Reason"), passed, "{reason}");
    }
}

#[test]
fn a_bye_is_a_hangup_whatever_its_reason_says_and_its_q850_goes_on() {
    let mut script = callee();
    script.from(CARRIER, &invite());
    script.sent();
    let leg = incoming(&mut script);
    let ok = answer(&mut script, leg);
    script.from(CARRIER, &in_dialog("ACK", 1, &ok));
    script.events();
    let bye = in_dialog("BYE", 2, &ok).replace("Max-Forwards", "Reason: SIP;cause=200, Q.850;cause=27\nMax-Forwards");
    script.from(CARRIER, &bye);
    let cause = model::Cause { q850: Some(27), ..CauseKind::NormalClearing.into() };
    assert_eq!(script.event(), LegEvent::Ended { leg, cause });
    let reason = |cause| super::super::causes::reason_of(cause).unwrap();
    assert_eq!(reason(cause), "Q.850;cause=27");
    assert_eq!(reason(CauseKind::NormalClearing.into()), "Q.850;cause=16;text=\"Normal call clearing\"");
}
