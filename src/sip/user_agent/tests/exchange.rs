//! Hold, resume, late offers and glare.

use super::story::{
    CARRIER, PHONE, S, answer, bare, callee, caller, from_phone, in_dialog, incoming, invite, inward_call,
    outward_call, response,
};
use crate::testing::{ANSWER, OFFER, Pair, dial_phone, hangup, out_leg, sdp};
use core::time::Duration;
use model::{CauseKind, Dial, LegCommand, LegEvent};

const HOLD: &str = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
    m=audio 4000 RTP/AVP 0\r\na=sendonly\r\n";

#[test]
fn the_peer_holds_and_resumes() {
    let mut script = callee();
    let (leg, ok) = inward_call(&mut script);
    for (cseq, offer) in [(2, HOLD), (3, OFFER)] {
        script.from(CARRIER, &in_dialog("INVITE", cseq, &ok, "", offer));
        assert!(script.sent().is_empty(), "RFC 3261 lets the call think");
        assert_eq!(script.event(), LegEvent::Offered { leg, sdp: Some(sdp(offer)) });
        script.command(LegCommand::AnswerOffer { leg, sdp: sdp(ANSWER) });
        let answer = script.one();
        assert_eq!((answer.line(), answer.body()), ("SIP/2.0 200 OK", ANSWER));
        script.from(CARRIER, &in_dialog("ACK", cseq, &ok, "", ""));
        assert!(script.events().is_empty());
        script.wait(S * 5);
        assert!(script.lines().is_empty());
    }
    script.command(hangup(leg, CauseKind::NormalClearing));
    let bye = script.one();
    script.from(CARRIER, &response(&bye, "200 OK", "", ""));
    script.assert_clean();
}

#[test]
fn a_refused_hold_leaves_the_session_as_it_was() {
    let mut script = callee();
    let (leg, ok) = inward_call(&mut script);
    script.from(CARRIER, &in_dialog("INVITE", 2, &ok, "", HOLD));
    script.events();
    script.command(LegCommand::RefuseOffer { leg, cause: CauseKind::NotAcceptable.into() });
    let refusal = script.one();
    assert_eq!(refusal.line(), "SIP/2.0 488 Not Acceptable Here");
    assert!(refusal.header("Warning").is_some());
    script.from(CARRIER, &in_dialog("ACK", 2, &ok, "", "").replace("z9hG4bKACK2", "z9hG4bKINVITE2"));
    script.from(CARRIER, &in_dialog("BYE", 3, &ok, "", ""));
    assert_eq!(script.lines(), ["SIP/2.0 200 OK"]);
    script.assert_clean();
}

#[test]
fn we_offer_and_the_peer_answers() {
    let mut script = callee();
    let (leg, _) = inward_call(&mut script);
    script.command(LegCommand::Offer { leg, sdp: sdp(HOLD) });
    let reinvite = script.one();
    assert_eq!((reinvite.line(), reinvite.body()), ("INVITE sip:bob@10.0.0.9:5070 SIP/2.0", HOLD));
    assert_eq!(reinvite.header("CSeq"), Some("1 INVITE"), "our first request in this dialog");
    script.from(CARRIER, &response(&reinvite, "200 OK", "", ANSWER));
    let ack = script.one();
    assert_eq!((ack.line(), ack.header("CSeq")), ("ACK sip:bob@10.0.0.9:5070 SIP/2.0", Some("1 ACK")));
    assert_eq!(script.event(), LegEvent::OfferAnswered { leg, sdp: Some(sdp(ANSWER)) });
    script.from(CARRIER, &response(&reinvite, "200 OK", "", ANSWER));
    assert_eq!(script.one().line(), ack.line(), "the repeated 200 is acknowledged again");
    assert!(script.events().is_empty());
}

#[test]
fn offers_wait_their_turn_and_only_the_newest_counts() {
    let mut script = callee();
    let (leg, _) = inward_call(&mut script);
    script.command(LegCommand::Offer { leg, sdp: sdp(HOLD) });
    let first = script.one();
    script.command(LegCommand::Offer { leg, sdp: sdp(ANSWER) });
    script.command(LegCommand::Offer { leg, sdp: sdp(OFFER) });
    assert!(script.sent().is_empty());
    script.from(CARRIER, &response(&first, "488 Not Acceptable Here", "", ""));
    let sent = script.sent();
    assert_eq!(sent[0].line(), "ACK sip:bob@10.0.0.9:5070 SIP/2.0");
    assert_eq!(sent[1].body(), OFFER);
    assert!(matches!(script.event(), LegEvent::OfferRefused { .. }));
}

#[test]
fn two_offers_at_once_are_both_refused_and_made_again() {
    let mut script = callee();
    let (leg, ok) = inward_call(&mut script);
    script.command(LegCommand::Offer { leg, sdp: sdp(HOLD) });
    let ours = script.one();
    script.from(CARRIER, &in_dialog("INVITE", 2, &ok, "", OFFER));
    assert_eq!(script.lines(), ["SIP/2.0 491 Request Pending"]);
    script.from(CARRIER, &in_dialog("ACK", 2, &ok, "", "").replace("z9hG4bKACK2", "z9hG4bKINVITE2"));
    script.from(CARRIER, &response(&ours, "491 Request Pending", "", ""));
    assert_eq!(script.lines(), ["ACK sip:bob@10.0.0.9:5070 SIP/2.0"]);
    assert!(script.events().is_empty());
    script.wait(Duration::from_millis(2010));
    let again = script.repeated();
    assert_eq!((again.header("CSeq"), again.body()), (Some("2 INVITE"), HOLD));
}

#[test]
fn the_side_that_made_the_call_waits_longer_after_glare() {
    for seed in 0..20 {
        let mut script = caller();
        script.ua.core.rng = base::Rng::new(seed);
        let (leg, _) = outward_call(&mut script, "");
        script.command(LegCommand::Offer { leg, sdp: sdp(HOLD) });
        let ours = script.one();
        script.from(PHONE, &response(&ours, "491 Request Pending", "", ""));
        script.sent();
        script.wait(Duration::from_millis(2099));
        assert!(script.sent().is_empty());
        script.wait(Duration::from_millis(1902));
        assert_eq!(script.repeated().body(), HOLD);
    }
}

#[test]
fn two_user_agents_settle_a_glare() {
    for seed in 0..20 {
        let mut pair = Pair::new();
        pair.a.ua.core.rng = base::Rng::new(seed);
        pair.b.ua.core.rng = base::Rng::new(seed + 100);
        let out = out_leg(1);
        pair.a.command(dial_phone(out, 0));
        pair.run(S);
        let inward = incoming(&mut pair.b);
        pair.b.command(LegCommand::Answer { leg: inward, sdp: Some(sdp(ANSWER)) });
        pair.run(S);
        pair.a.events();
        pair.b.events();
        pair.a.command(LegCommand::Offer { leg: out, sdp: sdp(HOLD) });
        pair.b.command(LegCommand::Offer { leg: inward, sdp: sdp(OFFER) });
        let (mut a_done, mut b_done) = (false, false);
        for _ in 0..200 {
            pair.run(Duration::from_millis(50));
            for event in pair.a.events() {
                match event {
                    LegEvent::Offered { leg, .. } => pair.a.command(LegCommand::AnswerOffer { leg, sdp: sdp(ANSWER) }),
                    LegEvent::OfferAnswered { .. } => a_done = true,
                    other => panic!("{other:?}"),
                }
            }
            for event in pair.b.events() {
                match event {
                    LegEvent::Offered { leg, .. } => pair.b.command(LegCommand::AnswerOffer { leg, sdp: sdp(ANSWER) }),
                    LegEvent::OfferAnswered { .. } => b_done = true,
                    other => panic!("{other:?}"),
                }
            }
        }
        assert!(a_done && b_done, "seed {seed}: {:?}", pair.log);
        pair.a.command(hangup(out, CauseKind::NormalClearing));
        pair.assert_clean();
    }
}

#[test]
fn an_invite_without_offer_gets_ours_in_the_answer() {
    let mut script = callee();
    script.from(CARRIER, &bare(&invite()));
    script.sent();
    let LegEvent::Incoming(call) = script.event() else { panic!() };
    assert_eq!(call.offer, None);
    let ok = answer(&mut script, call.leg);
    script.from(CARRIER, &in_dialog("ACK", 1, &ok, "", OFFER));
    assert_eq!(script.event(), LegEvent::Confirmed { leg: call.leg, sdp: Some(sdp(OFFER)) });
}

#[test]
fn a_reinvite_without_offer_gets_ours_too() {
    let mut script = callee();
    let (leg, ok) = inward_call(&mut script);
    script.from(CARRIER, &in_dialog("INVITE", 2, &ok, "", ""));
    assert_eq!(script.event(), LegEvent::Offered { leg, sdp: None });
    script.command(LegCommand::AnswerOffer { leg, sdp: sdp(OFFER) });
    assert_eq!(script.one().body(), OFFER);
    script.from(CARRIER, &in_dialog("ACK", 2, &ok, "", ANSWER));
    assert_eq!(script.event(), LegEvent::Confirmed { leg, sdp: Some(sdp(ANSWER)) });
}

#[test]
fn a_call_we_make_without_offer_is_acknowledged_with_our_answer() {
    let mut script = caller();
    let leg = out_leg(1);
    let LegCommand::Dial(dial) = dial_phone(leg, 0) else { panic!() };
    script.command(LegCommand::Dial(Box::new(Dial { offer: None, ..*dial })));
    let invite = script.one();
    assert_eq!(invite.body(), "");
    script.from(PHONE, &response(&invite, "200 OK", "p", OFFER));
    assert_eq!(script.event(), LegEvent::Answered { leg, sdp: Some(sdp(OFFER)) });
    assert!(script.sent().is_empty(), "the ACK waits for the answer");
    script.from(PHONE, &response(&invite, "200 OK", "p", OFFER));
    assert!(script.sent().is_empty());
    script.command(LegCommand::AnswerOffer { leg, sdp: sdp(ANSWER) });
    let ack = script.one();
    assert_eq!((&ack.line()[..4], ack.body()), ("ACK ", ANSWER));
    script.from(PHONE, &response(&invite, "200 OK", "p", OFFER));
    assert_eq!(script.one().body(), ANSWER, "the answer again");
}

#[test]
fn an_update_carries_an_offer_too() {
    let mut script = caller();
    let (leg, ack) = outward_call(&mut script, "");
    script.from(PHONE, &from_phone("UPDATE", 1, &ack, "", HOLD));
    assert_eq!(script.event(), LegEvent::Offered { leg, sdp: Some(sdp(HOLD)) });
    script.from(PHONE, &from_phone("UPDATE", 2, &ack, "", OFFER));
    let busy = script.one();
    assert_eq!(busy.line(), "SIP/2.0 500 Server Internal Error");
    assert!(busy.header("Retry-After").is_some(), "RFC 3311 §5.2");
    script.command(LegCommand::AnswerOffer { leg, sdp: sdp(ANSWER) });
    let ok = script.one();
    assert_eq!((ok.line(), ok.body()), ("SIP/2.0 200 OK", ANSWER));
    script.from(PHONE, &from_phone("UPDATE", 3, &ack, "", ""));
    assert_eq!(script.lines(), ["SIP/2.0 200 OK"]);
    assert!(script.events().is_empty(), "an empty UPDATE is only a sign of life");
}

#[test]
fn a_dialog_the_peer_has_forgotten_is_ended() {
    let mut script = callee();
    let (leg, _) = inward_call(&mut script);
    script.command(LegCommand::Offer { leg, sdp: sdp(HOLD) });
    let ours = script.one();
    script.from(CARRIER, &response(&ours, "481 Call/Transaction Does Not Exist", "", ""));
    let lines = script.lines();
    assert_eq!(lines, ["ACK sip:bob@10.0.0.9:5070 SIP/2.0", "BYE sip:bob@10.0.0.9:5070 SIP/2.0"]);
    assert!(matches!(script.event(), LegEvent::Ended { .. }));
    script.assert_clean();
}

#[test]
fn a_bye_answers_the_reinvite_that_was_waiting() {
    let mut script = callee();
    let (leg, ok) = inward_call(&mut script);
    script.from(CARRIER, &in_dialog("INVITE", 2, &ok, "", HOLD));
    script.events();
    script.from(CARRIER, &in_dialog("BYE", 3, &ok, "", ""));
    assert_eq!(script.lines(), ["SIP/2.0 200 OK", "SIP/2.0 487 Request Terminated"]);
    assert_eq!(script.event(), LegEvent::Ended { leg, cause: CauseKind::NormalClearing.into() });
    script.assert_clean();
}

#[test]
fn requests_out_of_order_are_refused() {
    let mut script = callee();
    let (_, ok) = inward_call(&mut script);
    script.from(CARRIER, &in_dialog("OPTIONS", 5, &ok, "", ""));
    assert_eq!(script.lines(), ["SIP/2.0 200 OK"]);
    script.from(CARRIER, &in_dialog("BYE", 4, &ok, "", ""));
    assert_eq!(script.lines(), ["SIP/2.0 500 Server Internal Error"]);
    assert!(script.events().is_empty());
}

#[test]
fn a_stranger_with_the_right_tags_changes_nothing() {
    let mut script = callee();
    let (_, ok) = inward_call(&mut script);
    for method in ["BYE", "INVITE", "REFER"] {
        script.from("192.0.2.66:5060", &in_dialog(method, 2, &ok, "", ""));
        assert_eq!(script.lines(), ["SIP/2.0 403 Forbidden"], "{method}");
    }
    assert!(script.events().is_empty());
    assert_eq!(script.ua.counters().of(crate::Counter::Stranger), 3);
    script.from(CARRIER, &in_dialog("BYE", 2, &ok, "", ""));
    assert_eq!(script.lines(), ["SIP/2.0 200 OK"]);
}

#[test]
fn a_refused_offer_does_not_move_the_peer() {
    for method in ["INVITE", "UPDATE"] {
        let mut script = callee();
        let (leg, ok) = inward_call(&mut script);
        let moved = |cseq| {
            in_dialog(method, cseq, &ok, "", HOLD)
                .replace("Contact: <sip:bob@10.0.0.9:5070>", "Contact: <sip:bob@10.0.0.9:5999>")
        };
        script.from(CARRIER, &moved(2));
        script.events();
        script.command(LegCommand::RefuseOffer { leg, cause: CauseKind::NotAcceptable.into() });
        assert_eq!(script.one().line(), "SIP/2.0 488 Not Acceptable Here");
        script.command(LegCommand::Offer { leg, sdp: sdp(OFFER) });
        let ours = script.one();
        assert_eq!(ours.line(), "INVITE sip:bob@10.0.0.9:5070 SIP/2.0", "{method}: RFC 6141 §4");
        script.from(CARRIER, &response(&ours, "200 OK", "", ANSWER));
        script.sent();
        script.events();
        script.from(CARRIER, &moved(3));
        script.events();
        script.command(LegCommand::AnswerOffer { leg, sdp: sdp(ANSWER) });
        assert_eq!(script.one().line(), "SIP/2.0 200 OK");
        script.from(CARRIER, &in_dialog("ACK", 3, &ok, "", ""));
        script.command(hangup(leg, CauseKind::NormalClearing));
        assert_eq!(script.one().line(), "BYE sip:bob@10.0.0.9:5999 SIP/2.0", "{method}: an accepted one does");
    }
}
