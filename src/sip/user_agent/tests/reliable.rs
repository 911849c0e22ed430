//! Reliable provisional responses (RFC 3262).

use super::story::{CARRIER, MS, PHONE, S, bare, callee, caller, in_dialog, incoming, invite, response, with};
use crate::testing::{ANSWER, OFFER, Script, Sent, dial_phone, out_leg, sdp};
use model::{CauseKind, LegCommand, LegEvent, LegId, Progress};

fn prack(cseq: u32, provisional: &Sent) -> String {
    let rseq = provisional.header("RSeq").unwrap();
    in_dialog("PRACK", cseq, provisional, &format!("RAck: {rseq} 1 INVITE"), "")
}

fn ringing(script: &mut Script) -> (LegId, Sent) {
    script.from(CARRIER, &with(&invite(), "Require: 100rel"));
    script.sent();
    let leg = incoming(script);
    script.command(LegCommand::Progress { leg, progress: Progress::EarlyMedia, sdp: Some(sdp(ANSWER)) });
    let provisional = script.one();
    assert_eq!(provisional.line(), "SIP/2.0 183 Session Progress");
    assert_eq!(provisional.header("Require"), Some("100rel"));
    (leg, provisional)
}

#[test]
fn a_provisional_is_repeated_until_its_prack_and_the_answer_waits() {
    let mut script = callee();
    let (leg, provisional) = ringing(&mut script);
    script.wait(MS * 3600);
    assert_eq!(script.lines().len(), 3, "0.5, 1.5, 3.5 s");
    script.command(LegCommand::Answer { leg, sdp: Some(sdp(ANSWER)) });
    assert!(script.sent().is_empty(), "RFC 3262 §3: no 2xx before the PRACK");
    script.from(CARRIER, &prack(2, &provisional));
    assert_eq!(script.lines(), ["SIP/2.0 200 OK", "SIP/2.0 200 OK"], "of the PRACK, then of the INVITE");
    script.from(CARRIER, &in_dialog("ACK", 1, &provisional, "", ""));
    assert_eq!(script.event(), LegEvent::Confirmed { leg, sdp: None });
    script.from(CARRIER, &in_dialog("BYE", 3, &provisional, "", ""));
    script.assert_clean();
}

#[test]
fn a_prack_of_something_else_does_not_exist() {
    let mut script = callee();
    let (_, provisional) = ringing(&mut script);
    script.from(CARRIER, &in_dialog("PRACK", 2, &provisional, "RAck: 1 7 INVITE", ""));
    assert_eq!(script.lines(), ["SIP/2.0 481 Call/Transaction Does Not Exist"]);
}

#[test]
fn a_second_provisional_waits_for_the_first_ones_prack() {
    let mut script = callee();
    let (leg, first) = ringing(&mut script);
    script.command(LegCommand::Progress { leg, progress: Progress::Ringing, sdp: None });
    assert!(script.sent().is_empty());
    script.from(CARRIER, &prack(2, &first));
    let sent = script.sent();
    assert_eq!(sent[1].line(), "SIP/2.0 180 Ringing");
    let number = |s: &Sent| s.header("RSeq").unwrap().parse::<u32>().unwrap();
    assert_eq!(number(&sent[1]), number(&first) + 1);
}

#[test]
fn without_any_prack_the_call_is_refused() {
    let mut script = callee();
    let (leg, _) = ringing(&mut script);
    script.wait(S * 32);
    let lines = script.lines();
    assert!(lines.contains(&"SIP/2.0 504 Server Time-out".to_owned()), "{lines:?}");
    let LegEvent::Ended { leg: ended, cause } = script.event() else { panic!() };
    assert_eq!((ended, cause.kind), (leg, CauseKind::Unreachable));
    script.assert_clean();
}

#[test]
fn without_an_offer_nothing_reliable_is_sent_before_the_answer() {
    let mut script = callee();
    script.from(CARRIER, &with(&bare(&invite()), "Require: 100rel"));
    script.sent();
    let leg = incoming(&mut script);
    script.command(LegCommand::Progress { leg, progress: Progress::Ringing, sdp: None });
    assert!(script.sent().is_empty());
    script.command(LegCommand::Answer { leg, sdp: Some(sdp(ANSWER)) });
    assert_eq!(script.one().line(), "SIP/2.0 200 OK");
}

#[test]
fn we_acknowledge_the_provisionals_of_a_phone_once_each_in_order() {
    let mut script = caller();
    let leg = out_leg(1);
    script.command(dial_phone(leg, 0));
    let invite = script.one();
    let ring = |rseq: u32, body: &str| {
        with(&response(&invite, "183 Session Progress", "p", body), &format!("Require: 100rel\nRSeq: {rseq}"))
    };
    script.from(PHONE, &ring(7, ANSWER));
    let first = script.one();
    assert_eq!((first.line(), first.header("RAck")), ("PRACK sip:1001@127.0.0.1:7000 SIP/2.0", Some("7 1 INVITE")));
    assert_eq!(first.header("CSeq"), Some("2 PRACK"));
    assert_eq!(script.event(), LegEvent::Ringing { leg, sdp: Some(sdp(ANSWER)) });
    script.from(PHONE, &ring(7, ANSWER));
    script.from(PHONE, &ring(9, ""));
    assert!(script.sent().is_empty(), "seen before, and out of order");
    assert!(script.events().is_empty());
    script.from(PHONE, &response(&first, "200 OK", "", ""));
    script.from(PHONE, &ring(8, ""));
    assert_eq!(script.one().header("RAck"), Some("8 1 INVITE"));
    script.from(PHONE, &response(&invite, "200 OK", "p", ""));
    assert!(script.one().line().starts_with("ACK "));
    let events = script.events();
    assert_eq!(events.last(), Some(&LegEvent::Answered { leg, sdp: Some(sdp(ANSWER)) }), "the 183 had the answer");
    script.command(crate::testing::hangup(leg, CauseKind::NormalClearing));
    assert_eq!(script.one().header("CSeq"), Some("4 BYE"), "after two PRACKs");
}

#[test]
fn after_the_prack_of_our_answer_the_caller_may_offer_anew() {
    let mut script = callee();
    let (leg, provisional) = ringing(&mut script);
    let update = |cseq| in_dialog("UPDATE", cseq, &provisional, "", OFFER);
    script.from(CARRIER, &update(2));
    assert!(script.one().line().starts_with("SIP/2.0 500"), "RFC 3311 §5.2: our answer may not have arrived");
    script.from(CARRIER, &prack(3, &provisional));
    script.sent();
    script.from(CARRIER, &update(4));
    assert_eq!(script.event(), LegEvent::Offered { leg, sdp: Some(sdp(OFFER)) });
    script.from(CARRIER, &update(5));
    assert!(script.one().line().starts_with("SIP/2.0 500"), "one at a time");
    script.command(LegCommand::AnswerOffer { leg, sdp: sdp(ANSWER) });
    let ok = script.one();
    assert_eq!((ok.line(), ok.header("CSeq"), ok.body()), ("SIP/2.0 200 OK", Some("4 UPDATE"), ANSWER));
    script.from(CARRIER, &update(6));
    script.events();
    script.command(LegCommand::RefuseOffer { leg, cause: CauseKind::NotAcceptable.into() });
    assert_eq!(script.lines(), ["SIP/2.0 488 Not Acceptable Here"]);
    script.from(CARRIER, &update(7));
    script.events();
    script.command(LegCommand::Answer { leg, sdp: Some(sdp(ANSWER)) });
    let ok = script.one();
    assert_eq!((ok.header("CSeq"), ok.body()), (Some("1 INVITE"), ""), "the session has moved on since its answer");
    script.command(LegCommand::AnswerOffer { leg, sdp: sdp(ANSWER) });
    assert_eq!(script.one().header("CSeq"), Some("7 UPDATE"), "the answer and the UPDATE crossed");
    script.from(CARRIER, &in_dialog("ACK", 1, &provisional, "", ""));
    script.from(CARRIER, &in_dialog("BYE", 8, &provisional, "", ""));
    script.assert_clean();
}

#[test]
fn an_update_still_open_when_the_caller_gives_up_is_answered() {
    let mut script = callee();
    let (_, provisional) = ringing(&mut script);
    script.from(CARRIER, &prack(2, &provisional));
    script.from(CARRIER, &in_dialog("UPDATE", 3, &provisional, "", OFFER));
    script.sent();
    script.from(CARRIER, &with(&invite(), "Require: 100rel").replace("INVITE", "CANCEL"));
    let lines = script.lines();
    assert_eq!(lines.iter().filter(|l| l.starts_with("SIP/2.0 487")).count(), 2, "{lines:?}");
    script.assert_clean();
}

#[test]
fn who_waits_unanswered_is_told_so_every_minute() {
    let mut script = callee();
    script.from(CARRIER, &invite());
    script.sent();
    let leg = incoming(&mut script);
    script.command(LegCommand::Progress { leg, progress: Progress::EarlyMedia, sdp: Some(sdp(ANSWER)) });
    let first = script.one();
    for minute in 1..=10 {
        script.wait(S * 59);
        assert!(script.sent().is_empty(), "minute {minute}");
        script.wait(S);
        let again = script.one();
        assert_eq!((again.line(), again.body()), (first.line(), first.body()), "minute {minute}");
    }
    script.command(LegCommand::Progress { leg, progress: Progress::Ringing, sdp: None });
    assert_eq!(script.lines(), ["SIP/2.0 180 Ringing"]);
    script.wait(S * 60);
    assert_eq!(script.lines(), ["SIP/2.0 180 Ringing"], "what was told last");
    script.command(LegCommand::Answer { leg, sdp: Some(sdp(ANSWER)) });
    let answer = script.one();
    script.from(CARRIER, &in_dialog("ACK", 1, &answer, "", ""));
    assert_eq!(script.event(), LegEvent::Confirmed { leg, sdp: None });
    script.wait(S * 200);
    assert!(script.sent().is_empty(), "it was answered");
    script.from(CARRIER, &in_dialog("BYE", 2, &answer, "", ""));
    script.assert_clean();
}

#[test]
fn a_caller_who_wants_it_reliably_is_reminded_with_a_number_of_its_own() {
    let mut script = callee();
    let (leg, provisional) = ringing(&mut script);
    script.from(CARRIER, &prack(2, &provisional));
    assert_eq!(script.lines(), ["SIP/2.0 200 OK"]);
    script.wait(S * 60);
    let again = script.one();
    assert_eq!((again.line(), again.body()), ("SIP/2.0 183 Session Progress", ""), "the answer was given once");
    let number = |sent: &Sent| sent.header("RSeq").unwrap().parse::<u32>().unwrap();
    assert_eq!(number(&again), number(&provisional) + 1);
    script.from(CARRIER, &prack(3, &again));
    assert_eq!(script.lines(), ["SIP/2.0 200 OK"]);
    script.command(LegCommand::Reject { leg, cause: CauseKind::Busy.into(), retry_after: None });
    script.wait(S * 100);
    assert!(script.lines().iter().all(|line| line.starts_with("SIP/2.0 486")), "nobody is reminded any more");
}
