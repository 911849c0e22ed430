//! Session timers (RFC 4028).

use super::story::{
    CARRIER, PHONE, S, bare, callee, caller, from_phone, in_dialog, invite, inward_call_with, outward_call, response,
    with,
};
use crate::testing::{ANSWER, dial_phone, out_leg, sdp};
use model::{CauseKind, LegEvent};

#[test]
fn the_caller_refreshes_or_the_call_ends() {
    let mut script = callee();
    let wish = "Session-Expires: 120;refresher=uac\nSupported: timer";
    let (leg, ok) = inward_call_with(&mut script, &with(&invite(), wish));
    assert_eq!(ok.header("Session-Expires"), Some("120;refresher=uac"));
    assert_eq!(ok.header("Require"), Some("timer"));
    script.wait(S * 60);
    script.from(CARRIER, &in_dialog("UPDATE", 2, &ok, wish, ""));
    let refreshed = script.one();
    assert_eq!(refreshed.header("Session-Expires"), Some("120;refresher=uac"));
    script.wait(S * 87);
    assert!(script.sent().is_empty());
    script.wait(S * 2);
    let bye = script.repeated();
    assert_eq!(bye.line(), "BYE sip:bob@10.0.0.9:5070 SIP/2.0");
    assert_eq!(script.event(), LegEvent::Ended { leg, cause: CauseKind::SessionExpired.into() });
    script.assert_clean();
}

#[test]
fn we_refresh_what_the_caller_cannot() {
    let mut script = callee();
    let (leg, ok) = inward_call_with(&mut script, &with(&invite(), "Session-Expires: 120"));
    assert_eq!((ok.header("Session-Expires"), ok.header("Require")), (Some("120;refresher=uas"), None));
    script.wait(S * 61);
    let refresh = script.repeated();
    assert_eq!((&refresh.line()[..7], refresh.body()), ("INVITE ", ANSWER), "no UPDATE: the peer never allowed it");
    assert_eq!(refresh.header("Session-Expires"), Some("120;refresher=uac"));
    script.from(CARRIER, &with(&response(&refresh, "200 OK", "", ANSWER), "Session-Expires: 120;refresher=uac"));
    assert!(script.one().line().starts_with("ACK "));
    assert!(script.events().is_empty(), "the call hears nothing of it");
    // The next one goes unanswered.
    script.wait(S * 95);
    assert_eq!(script.events(), [LegEvent::Ended { leg, cause: model::Cause::with_sip(CauseKind::Unreachable, 408) }]);
    script.assert_clean();
}

#[test]
fn the_phone_says_who_refreshes_and_we_do_by_update() {
    let mut script = caller();
    let lines = "Session-Expires: 100;refresher=uac\nAllow: INVITE, UPDATE\nRequire: timer";
    let (_, ack) = outward_call(&mut script, lines);
    script.wait(S * 51);
    let update = script.repeated();
    assert_eq!((update.line(), update.body()), ("UPDATE sip:1001@127.0.0.1:7000 SIP/2.0", ""));
    script.from(PHONE, &with(&response(&update, "200 OK", "", ""), "Session-Expires: 100;refresher=uac"));
    script.wait(S * 49);
    assert!(script.sent().is_empty());
    script.wait(S * 2);
    assert!(script.repeated().line().starts_with("UPDATE "));
    let _ = ack;
}

#[test]
fn an_interval_too_small_is_refused_with_the_least() {
    let mut script = callee();
    script.from(CARRIER, &with(&invite(), "Session-Expires: 30\nSupported: timer"));
    let refusal = script.one();
    assert_eq!((refusal.line(), refusal.header("Min-SE")), ("SIP/2.0 422 Session Interval Too Small", Some("90")));
    assert!(script.events().is_empty());
}

#[test]
fn an_interval_too_small_for_the_phone_is_raised_once() {
    let mut script = caller();
    script.command(dial_phone(out_leg(1), 0));
    let invite = script.one();
    assert_eq!(invite.header("Session-Expires"), Some("1800"));
    script.from(PHONE, &with(&response(&invite, "422 Session Interval Too Small", "p", ""), "Min-SE: 3600"));
    let sent = script.sent();
    assert!(sent[0].line().starts_with("ACK "));
    assert_eq!((sent[1].header("Session-Expires"), sent[1].header("Min-SE")), (Some("3600"), Some("3600")));
    assert_eq!(sent[1].header("CSeq"), Some("2 INVITE"));
    script.from(PHONE, &with(&response(&sent[1], "422 Session Interval Too Small", "p", ""), "Min-SE: 7200"));
    assert!(matches!(script.event(), LegEvent::Refused { .. }));
    script.assert_clean();
}

#[test]
fn a_refresh_from_the_phone_restarts_the_clock() {
    let mut script = caller();
    let (leg, ack) = outward_call(&mut script, "Session-Expires: 90;refresher=uas\nRequire: timer");
    script.wait(S * 50);
    let wish = "Session-Expires: 90;refresher=uac\nSupported: timer";
    script.from(PHONE, &from_phone("INVITE", 1, &ack, wish, ANSWER));
    assert_eq!(script.event(), LegEvent::Offered { leg, sdp: Some(sdp(ANSWER)) });
    script.command(model::LegCommand::AnswerOffer { leg, sdp: sdp(ANSWER) });
    assert_eq!(script.one().header("Session-Expires"), Some("90;refresher=uac"));
    script.from(PHONE, &bare(&from_phone("ACK", 1, &ack, "", "")));
    script.wait(S * 55);
    assert!(script.events().is_empty());
    script.wait(S * 6);
    assert_eq!(script.event(), LegEvent::Ended { leg, cause: CauseKind::SessionExpired.into() });
}
