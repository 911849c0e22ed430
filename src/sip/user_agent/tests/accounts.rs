//! Our accounts at trunks: registration, and who gets an answer to a challenge (attack A8).

use super::story::{CARRIER, MS, S, invite, inward_call, outward_call, response, with};
use crate::testing::{ANSWER, Script, Sent, dial_trunk, directory, fixed, hangup, out_leg, sdp, trunk};
use crate::{Counter, Input, Output};
use core::time::Duration;
use model::{CauseKind, Fact, LegCommand, LegEvent, LegId, Secret, Trunk, TrunkId};

/// Where the trunk with the account is.
const HOST: &str = "127.0.0.51:5060";

fn at(host: &str) -> Trunk {
    Trunk { host: host.into(), ..trunk("carrier", "10.0.0.0/8") }
}

fn house(trunk: Trunk) -> Script {
    Script::new(directory(vec![], vec![trunk]))
}

fn facts(script: &mut Script) -> Vec<Fact> {
    let fact = |o| match o {
        Output::Fact(fact) => Some(fact),
        _ => None,
    };
    script.outputs().into_iter().filter_map(fact).collect()
}

fn with_account(host: &str) -> Trunk {
    Trunk { register: true, username: "acme".into(), password: Some(Secret::new("pw")), ..at(host) }
}

fn challenge(script: &mut Script, request: &Sent, realm: &str) {
    let from = request.remote().to_string();
    let text = with(
        &response(request, "401 Unauthorized", "t", ""),
        &format!("WWW-Authenticate: Digest realm=\"{realm}\", nonce=\"n\", qop=\"auth\", algorithm=MD5"),
    );
    script.from(&from, &text);
}

#[test]
fn we_register_where_we_are_told_and_come_back_in_time() {
    let mut script = house(with_account("127.0.0.51"));
    script.wait(MS);
    let first = script.one();
    assert_eq!(first.line(), "REGISTER sip:127.0.0.51 SIP/2.0");
    assert_eq!(first.header("Contact"), Some("<sip:acme@127.0.0.1:5060>"));
    challenge(&mut script, &first, "carrier");
    let second = script.one();
    assert!(second.header("Authorization").unwrap().contains("realm=\"carrier\""));
    assert_eq!(second.header("CSeq"), Some("2 REGISTER"));
    let from = second.remote().to_string();
    script.from(&from, &with(&response(&second, "200 OK", "t", ""), "Expires: 100"));
    assert_eq!(facts(&mut script), [Fact::TrunkUp { trunk: TrunkId(0) }]);
    script.wait(S * 79);
    assert!(script.sent().iter().all(|s| s.text == "\r\n\r\n"), "only what keeps a NAT open");
    script.wait(S * 2);
    assert!(script.repeated().header("Authorization").is_some(), "the challenge is answered ahead");
}

#[test]
fn a_refused_registration_is_tried_again_later_and_not_at_once() {
    let mut script = house(with_account("127.0.0.51"));
    script.wait(MS);
    let first = script.one();
    challenge(&mut script, &first, "carrier");
    let second = script.one();
    challenge(&mut script, &second, "carrier");
    assert!(script.sent().is_empty());
    script.wait(S * 9);
    assert!(script.sent().is_empty());
    script.wait(S * 2);
    assert!(!script.sent().is_empty());
}

#[test]
fn a_trunk_that_challenges_our_call_gets_credentials() {
    let mut script = house(Trunk { register: false, ..with_account("127.0.0.51") });
    script.command(dial_trunk(out_leg(1), 0, "1"));
    let first = script.one();
    challenge(&mut script, &first, "carrier");
    let sent = script.sent();
    assert!(sent[0].line().starts_with("ACK "));
    assert!(sent[1].line().starts_with("INVITE ") && sent[1].header("Authorization").is_some());
    challenge(&mut script, &sent[1], "carrier");
    let LegEvent::Refused { cause, .. } = script.event() else { panic!() };
    assert_eq!(cause.kind, CauseKind::Forbidden);
}

/// A call out by the trunk, answered without a challenge.
fn plain_call(script: &mut Script) -> LegId {
    let leg = out_leg(1);
    script.command(dial_trunk(leg, 0, "1"));
    let invite = script.one();
    assert!(!has_credentials(&invite));
    answered(script, &invite, leg, HOST);
    leg
}

/// The 200 of a call by the trunk, whose Contact is `contact`.
fn answered(script: &mut Script, invite: &Sent, leg: LegId, contact: &str) {
    script.from(HOST, &response(invite, "200 OK", "t", ANSWER).replace("127.0.0.1:7000", contact));
    script.sent();
    assert_eq!(script.events(), [LegEvent::Answered { leg, sdp: Some(sdp(ANSWER)) }]);
}

fn has_credentials(request: &Sent) -> bool {
    request.header("Authorization").is_some() || request.header("Proxy-Authorization").is_some()
}

fn no_register(host: &str) -> Trunk {
    Trunk { register: false, ..with_account(host) }
}

#[test]
fn a_realm_nobody_asked_for_before_gets_nothing_inside_a_call() {
    let mut script = house(no_register("127.0.0.51"));
    let leg = plain_call(&mut script);
    script.command(hangup(leg, CauseKind::NormalClearing));
    let bye = script.one();
    assert!(!has_credentials(&bye));
    challenge(&mut script, &bye, "thief");
    assert!(script.sent().is_empty());
    assert_eq!(script.ua.counters().of(Counter::UnansweredChallenge), 1);
    script.assert_clean();
}

#[test]
fn a_call_that_was_not_challenged_carries_no_credentials_of_one_that_was() {
    let mut script = house(no_register("127.0.0.51"));
    script.command(dial_trunk(out_leg(9), 0, "1"));
    let first = script.one();
    challenge(&mut script, &first, "carrier");
    assert!(has_credentials(&script.sent()[1]));
    script.command(hangup(out_leg(9), CauseKind::Cancelled));
    script.sent();
    script.command(dial_trunk(out_leg(1), 0, "1"));
    let second = script.one();
    assert!(!has_credentials(&second), "a new call has not been asked");
    answered(&mut script, &second, out_leg(1), HOST);
    script.command(LegCommand::Offer { leg: out_leg(1), sdp: sdp(ANSWER) });
    assert!(!has_credentials(&script.one()));
}

#[test]
fn inside_the_call_that_was_challenged_the_answer_is_used_again_and_counted() {
    let mut script = house(no_register("127.0.0.51"));
    let leg = out_leg(1);
    script.command(dial_trunk(leg, 0, "1"));
    let first = script.one();
    challenge(&mut script, &first, "carrier");
    let again = script.sent().remove(1);
    assert!(again.header("Authorization").unwrap().contains("nc=00000001"));
    answered(&mut script, &again, leg, HOST);
    script.command(hangup(leg, CauseKind::NormalClearing));
    let bye = script.one();
    assert!(bye.header("Authorization").unwrap().contains("nc=00000002"));
    // Its nonce has grown old in the meantime.
    challenge(&mut script, &bye, "carrier");
    assert!(script.one().header("Authorization").unwrap().contains("nc=00000001"));
}

#[test]
fn a_contact_elsewhere_never_sees_the_answer_the_trunk_got() {
    let mut script = house(no_register("127.0.0.51"));
    let leg = out_leg(1);
    script.command(dial_trunk(leg, 0, "1"));
    let first = script.one();
    challenge(&mut script, &first, "carrier");
    let again = script.sent().remove(1);
    answered(&mut script, &again, leg, "127.0.0.51:9999");
    script.command(hangup(leg, CauseKind::NormalClearing));
    let bye = script.one();
    assert_eq!((bye.remote().port(), has_credentials(&bye)), (9999, false), "another door of the same house");
    challenge(&mut script, &bye, "carrier");
    assert!(script.sent().is_empty());
    script.assert_clean();
}

#[test]
fn a_caller_who_challenges_our_bye_gets_nothing() {
    for realm in ["carrier", "thief"] {
        let mut script = house(with_account("127.0.0.51"));
        script.wait(MS);
        let register = script.one();
        challenge(&mut script, &register, "carrier");
        let again = script.one();
        script.from(HOST, &with(&response(&again, "200 OK", "t", ""), "Expires: 3600"));
        script.outputs();
        let (leg, _) = inward_call(&mut script);
        script.command(LegCommand::Offer { leg, sdp: sdp(ANSWER) });
        let ask = script.one();
        assert!(!has_credentials(&ask));
        assert_eq!(ask.remote().to_string(), CARRIER);
        challenge(&mut script, &ask, realm);
        let sent = script.sent();
        assert!(sent.iter().all(|s| s.line().starts_with("ACK ") && !has_credentials(s)), "{sent:?}");
        script.command(hangup(leg, CauseKind::NormalClearing));
        let bye = script.one();
        assert!(!has_credentials(&bye));
        challenge(&mut script, &bye, realm);
        assert!(script.sent().is_empty());
    }
}

#[test]
fn a_caller_at_the_trunks_own_place_is_answered_for_its_own_realm_alone() {
    for (realm, want) in [("carrier", true), ("thief", false)] {
        let mut script = house(Trunk {
            realm: "carrier".into(),
            allow_from: vec![crate::testing::network("127.0.0.51/32")],
            ..no_register("127.0.0.51")
        });
        let invite = invite().replace("10.0.0.9:5070", HOST);
        script.from(HOST, &invite);
        script.sent();
        let leg = super::story::incoming(&mut script);
        let ok = super::story::answer(&mut script, leg);
        let ack = super::story::in_dialog("ACK", 1, &ok, "", "").replace("10.0.0.9:5070", HOST);
        script.from(HOST, &ack);
        script.command(hangup(leg, CauseKind::NormalClearing));
        let bye = script.one();
        assert!(!has_credentials(&bye));
        challenge(&mut script, &bye, realm);
        assert_eq!(script.sent().iter().any(has_credentials), want, "{realm}");
    }
}

#[test]
fn a_configured_realm_is_the_only_one_answered() {
    for (realm, want) in [("carrier", true), ("CARRIER", false), ("thief", false)] {
        let mut script = house(Trunk { realm: "carrier".into(), ..with_account("127.0.0.51") });
        script.wait(MS);
        let register = script.one();
        challenge(&mut script, &register, realm);
        assert_eq!(script.sent().iter().any(has_credentials), want, "REGISTER {realm}");
        script.command(dial_trunk(out_leg(1), 0, "1"));
        let invite = script.sent().pop().unwrap();
        assert!(!has_credentials(&invite));
        challenge(&mut script, &invite, realm);
        assert_eq!(script.sent().iter().any(has_credentials), want, "INVITE {realm}");
    }
}

#[test]
fn a_phone_that_challenges_us_gets_nothing() {
    let phones = vec![fixed("1001", "sip:1001@127.0.0.1:7000")];
    let mut script = Script::new(directory(phones, vec![no_register("127.0.0.51")]));
    let (leg, _) = outward_call(&mut script, "");
    script.command(hangup(leg, CauseKind::NormalClearing));
    let bye = script.one();
    challenge(&mut script, &bye, "carrier");
    assert!(script.sent().is_empty());
    script.assert_clean();
}

#[test]
fn probes_carry_no_credentials() {
    let mut script = house(Trunk { options_interval: S * 30, ..with_account("127.0.0.51") });
    script.wait(MS);
    let mut sent = script.sent();
    let register = sent.remove(sent.iter().position(|s| s.line().starts_with("REGISTER")).unwrap());
    challenge(&mut script, &register, "carrier");
    let again = script.one();
    script.from(HOST, &with(&response(&again, "200 OK", "t", ""), "Expires: 3600"));
    challenge(&mut script, &sent[0], "carrier");
    script.wait(Duration::from_secs(31));
    let mut probes = script.sent();
    probes.retain(|p| p.text != "\r\n\r\n");
    assert!(!probes.is_empty() && probes.iter().all(|p| p.line().starts_with("OPTIONS") && !has_credentials(p)));
}

#[test]
fn a_changed_password_forgets_the_old_challenge() {
    let mut script = house(with_account("127.0.0.51"));
    script.wait(MS);
    let first = script.one();
    challenge(&mut script, &first, "carrier");
    let again = script.one();
    script.from(HOST, &with(&response(&again, "200 OK", "t", ""), "Expires: 3600"));
    let trunk = Trunk { password: Some(Secret::new("new")), ..with_account("127.0.0.51") };
    let new = directory(vec![], vec![trunk]);
    script.ua.handle_input(script.now, Input::Directory(std::sync::Arc::new(new)));
    script.wait(MS);
    assert!(!has_credentials(&script.one()));
}

/// Registered for so many seconds; the answer to the challenge.
fn registered(script: &mut Script, seconds: u32) -> Sent {
    script.wait(MS);
    let first = script.one();
    challenge(script, &first, "carrier");
    let again = script.one();
    script.from(HOST, &with(&response(&again, "200 OK", "t", ""), &format!("Expires: {seconds}")));
    script.outputs();
    again
}

#[test]
fn a_registration_over_udp_is_kept_open_through_a_nat() {
    let mut script = house(with_account("127.0.0.51"));
    registered(&mut script, 3600);
    script.wait(S * 60);
    let sent = script.sent();
    assert!(sent.len() == 2 && sent.iter().all(|s| s.text == "\r\n\r\n" && s.remote().to_string() == HOST), "{sent:?}");
}

#[test]
fn at_the_end_the_registration_is_taken_back() {
    let mut script = house(with_account("127.0.0.51"));
    let before = registered(&mut script, 3600);
    script.ua.handle_input(script.now, Input::Shutdown);
    let last = script.one();
    assert_eq!(last.line(), "REGISTER sip:127.0.0.51 SIP/2.0");
    assert_eq!((last.header("Expires"), last.header("Call-ID")), (Some("0"), before.header("Call-ID")));
    assert!(has_credentials(&last), "the challenge is answered ahead, so one message will do");
    assert_eq!(script.ua.population().leaving, 1);
    challenge(&mut script, &last, "carrier");
    let again = script.one();
    assert_eq!(again.header("Expires"), Some("0"), "its nonce was old");
    script.from(HOST, &response(&again, "200 OK", "t", ""));
    assert_eq!(script.ua.population().leaving, 0);
    assert!(script.ua.trunk_states().all(|t| !t.registered));
    script.wait(S * 3600);
    assert!(script.sent().is_empty(), "and never comes back");
    script.assert_clean();
}

#[test]
fn a_reload_that_takes_the_trunk_or_its_registration_away_takes_it_back() {
    let gone = |trunk: Trunk| Trunk { removed: true, ..trunk };
    let unregistered = |trunk: Trunk| Trunk { register: false, ..trunk };
    for change in [gone as fn(Trunk) -> Trunk, unregistered] {
        let mut script = house(with_account("127.0.0.51"));
        let before = registered(&mut script, 3600);
        let new = directory(vec![], vec![change(with_account("127.0.0.51"))]);
        script.ua.handle_input(script.now, Input::Directory(std::sync::Arc::new(new)));
        let last = script.one();
        assert_eq!(last.line(), "REGISTER sip:127.0.0.51 SIP/2.0");
        assert_eq!((last.header("Expires"), last.header("Call-ID")), (Some("0"), before.header("Call-ID")));
        challenge(&mut script, &last, "carrier");
        let again = script.one();
        assert_eq!(again.header("Expires"), Some("0"), "its nonce was old");
        assert!(has_credentials(&again));
        script.from(HOST, &response(&again, "200 OK", "t", ""));
        assert_eq!(script.ua.population().leaving, 0);
        script.outputs();
        script.wait(S * 7200);
        assert!(script.sent().is_empty(), "and never comes back");
        script.assert_clean();
    }
}

#[test]
fn a_registration_made_while_its_trunk_was_removed_is_not_kept() {
    let mut script = house(with_account("127.0.0.51"));
    script.wait(MS);
    let first = script.one();
    let new = directory(vec![], vec![Trunk { removed: true, ..with_account("127.0.0.51") }]);
    script.ua.handle_input(script.now, Input::Directory(std::sync::Arc::new(new)));
    script.from(HOST, &with(&response(&first, "200 OK", "t", ""), "Expires: 3600"));
    assert!(script.ua.trunk_states().all(|t| !t.registered));
    assert_eq!(script.ua.population().leaving, 0);
    script.outputs();
    script.wait(S * 7200);
    assert!(script.sent().is_empty(), "nobody asks again for what is gone");
}

#[test]
fn a_registrar_that_is_gone_does_not_hold_up_the_end_for_ever() {
    let mut script = house(with_account("127.0.0.51"));
    registered(&mut script, 3600);
    script.ua.handle_input(script.now, Input::Shutdown);
    script.wait(S * 40);
    assert_eq!(script.ua.population().leaving, 0);
    script.sent();
    script.assert_clean();
}
