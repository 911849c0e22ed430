//! Calls out by a trunk: names, failover, ceilings, probes, registration, identity.

use super::story::{MS, S, invite, response, with};
use crate::testing::{ANSWER, Script, Sent, dial_trunk, directory, out_leg, sdp, trunk};
use crate::{Candidate, Input, Output, Protocol, Query, ResolveError};
use core::time::Duration;
use model::{
    CalledFrom, CauseKind, ClassOfService, Dial, Fact, Identity, LegCommand, LegEvent, Pattern, Route, Trunk, TrunkId,
};

fn carrier() -> Trunk {
    Trunk { host: "sip.example.net".into(), ..trunk("carrier", "10.0.0.0/8") }
}

fn at(host: &str) -> Trunk {
    Trunk { host: host.into(), ..trunk("carrier", "10.0.0.0/8") }
}

fn house(trunk: Trunk) -> Script {
    Script::new(directory(vec![], vec![trunk]))
}

fn query(script: &mut Script) -> Query {
    let mut all = script.outputs();
    assert_eq!(all.len(), 1, "{all:?}");
    let Output::Resolve(query) = all.remove(0) else { panic!() };
    query
}

fn resolved(script: &mut Script, query: &Query, places: &[&str]) {
    let udp = |a: &&str| Candidate { protocol: Protocol::Udp, address: a.parse().unwrap() };
    let result = Ok(places.iter().map(udp).collect());
    script.ua.handle_input(script.now, Input::Resolved { query: query.id, result });
}

/// The far side's answer; its place is where the request went.
fn answer(script: &mut Script, request: &Sent, status: &str) {
    let from = request.remote().to_string();
    let text = response(request, status, "t", "").replace("127.0.0.1:7000", &from);
    script.from(&from, &text);
}

fn facts(script: &mut Script) -> Vec<Fact> {
    let fact = |o| match o {
        Output::Fact(fact) => Some(fact),
        _ => None,
    };
    script.outputs().into_iter().filter_map(fact).collect()
}

#[test]
fn a_name_is_looked_up_and_the_first_place_called() {
    let mut script = house(carrier());
    script.command(dial_trunk(out_leg(1), 0, "+8610"));
    let asked = query(&mut script);
    assert_eq!(&*asked.host, "sip.example.net");
    assert!(script.sent().is_empty());
    resolved(&mut script, &asked, &["127.0.0.51:5060", "127.0.0.52:5060"]);
    let invite = script.one();
    assert_eq!(
        (invite.line(), invite.remote()),
        ("INVITE sip:+8610@sip.example.net SIP/2.0", "127.0.0.51:5060".parse().unwrap())
    );
    assert_eq!(invite.header("To"), Some("<sip:+8610@sip.example.net>"));
}

#[test]
fn a_name_that_is_never_found_costs_two_seconds() {
    let mut script = house(carrier());
    script.command(dial_trunk(out_leg(1), 0, "1"));
    script.outputs();
    script.wait(S * 2);
    assert_eq!(script.event(), LegEvent::Refused { leg: out_leg(1), cause: CauseKind::Unreachable.into() });
    let mut script = house(carrier());
    script.command(dial_trunk(out_leg(1), 0, "1"));
    let asked = query(&mut script);
    script.ua.handle_input(script.now, Input::Resolved { query: asked.id, result: Err(ResolveError::NotFound) });
    assert_eq!(script.event(), LegEvent::Refused { leg: out_leg(1), cause: CauseKind::Unreachable.into() });
    script.assert_clean();
}

#[test]
fn a_busy_place_gives_way_to_the_next_and_is_tried_last_after_that() {
    let mut script = house(carrier());
    script.command(dial_trunk(out_leg(1), 0, "1"));
    let asked = query(&mut script);
    resolved(&mut script, &asked, &["127.0.0.51:5060", "127.0.0.52:5060"]);
    let first = script.one();
    answer(&mut script, &first, "503 Service Unavailable");
    let sent = script.sent();
    assert!(sent[0].line().starts_with("ACK "));
    assert_eq!(sent[1].remote(), "127.0.0.52:5060".parse().unwrap());
    assert!(script.events().is_empty());
    answer(&mut script, &sent[1], "486 Busy Here");
    let LegEvent::Refused { cause, .. } = script.event() else { panic!() };
    assert_eq!(cause.kind, CauseKind::Busy);
    script.sent();
    script.command(dial_trunk(out_leg(2), 0, "1"));
    assert_eq!(script.one().remote(), "127.0.0.52:5060".parse().unwrap());
    script.command(crate::testing::hangup(out_leg(2), CauseKind::Cancelled));
    script.assert_clean();
}

#[test]
fn a_silent_place_gives_way_after_four_seconds() {
    let mut script = house(carrier());
    script.command(dial_trunk(out_leg(1), 0, "1"));
    let asked = query(&mut script);
    resolved(&mut script, &asked, &["127.0.0.51:5060", "127.0.0.52:5060"]);
    script.wait(Duration::from_millis(3900));
    assert!(script.sent().iter().all(|s| s.remote() == "127.0.0.51:5060".parse().unwrap()));
    script.wait(MS * 200);
    let next = script.one();
    assert_eq!(next.remote(), "127.0.0.52:5060".parse().unwrap());
    script.wait(S * 40);
    assert_eq!(
        script.event(),
        LegEvent::Refused { leg: out_leg(1), cause: model::Cause::with_sip(CauseKind::Unreachable, 408) }
    );
    script.assert_clean();
}

#[test]
fn ceilings_refuse_and_emergencies_pass() {
    let mut directory = directory(vec![], vec![Trunk { max_calls: 1, ..at("127.0.0.51") }]);
    directory.routes.push(Route {
        pattern: Pattern { stem: "0110".into(), open_ended: false },
        trunks: vec![TrunkId(0)],
        class: ClassOfService::Internal,
        emergency: true,
        strip: 1,
        prepend: "".into(),
        caller_id: None,
    });
    let mut script = Script::new(directory);
    script.command(dial_trunk(out_leg(1), 0, "555"));
    assert_eq!(script.sent().len(), 1);
    script.command(dial_trunk(out_leg(2), 0, "555"));
    assert_eq!(script.event(), LegEvent::Refused { leg: out_leg(2), cause: CauseKind::Overload.into() });
    script.command(dial_trunk(out_leg(3), 0, "110"));
    assert_eq!(script.one().line(), "INVITE sip:110@127.0.0.51 SIP/2.0");
    for leg in [1, 3] {
        script.command(crate::testing::hangup(out_leg(leg), CauseKind::Cancelled));
    }
    script.command(dial_trunk(out_leg(4), 0, "555"));
    assert_eq!(script.sent().len(), 1, "there is room again");
}

#[test]
fn calls_in_beyond_the_ceiling_get_503() {
    let mut script = house(Trunk { max_cps: 2, ..at("127.0.0.51") });
    let call = |n: u32| invite().replace("c1", &format!("c{n}")).replace("bKi1", &format!("bKi{n}"));
    for n in 0..3 {
        script.from(super::story::CARRIER, &call(n));
    }
    let sent = script.sent();
    assert_eq!(sent[2].line(), "SIP/2.0 503 Service Unavailable");
    assert_eq!(sent[2].header("Retry-After"), Some("5"));
    assert_eq!(facts(&mut script).len(), 1);
    assert_eq!(script.ua.population().sessions, 2);
    script.wait(S);
    script.sent();
    script.from(super::story::CARRIER, &call(4));
    assert_eq!(script.lines(), ["SIP/2.0 100 Trying"]);
}

#[test]
fn while_draining_no_call_comes_in() {
    let mut script = house(at("127.0.0.51"));
    script.ua.handle_input(script.now, Input::Drain(true));
    script.from(super::story::CARRIER, &invite());
    assert_eq!(script.lines(), ["SIP/2.0 503 Service Unavailable"]);
}

#[test]
fn three_missed_probes_take_a_trunk_down_and_one_answer_brings_it_back() {
    let mut script = house(Trunk { options_interval: S * 30, ..at("127.0.0.51") });
    script.wait(MS);
    let probe = script.one();
    assert_eq!(probe.line(), "OPTIONS sip:127.0.0.51 SIP/2.0");
    answer(&mut script, &probe, "404 Not Found");
    assert_eq!(facts(&mut script), [Fact::TrunkUp { trunk: TrunkId(0) }], "any answer will do");
    script.wait(S * 29);
    assert!(script.sent().is_empty());
    script.wait(S * 18);
    assert_eq!(facts(&mut script), [Fact::TrunkDown { trunk: TrunkId(0) }]);
    script.sent();
    script.command(dial_trunk(out_leg(1), 0, "1"));
    assert_eq!(script.event(), LegEvent::Refused { leg: out_leg(1), cause: CauseKind::Unreachable.into() });
    script.wait(S * 3);
    let probe = script.sent().pop().unwrap();
    answer(&mut script, &probe, "200 OK");
    assert_eq!(facts(&mut script), [Fact::TrunkUp { trunk: TrunkId(0) }]);
    script.command(dial_trunk(out_leg(2), 0, "1"));
    assert!(script.one().line().starts_with("INVITE "));
}

#[test]
fn a_withheld_number_never_leaves() {
    let mut script = house(at("127.0.0.51"));
    let LegCommand::Dial(dial) = dial_trunk(out_leg(1), 0, "1") else { panic!() };
    let caller = Identity { withheld: true, ..dial.caller.clone() };
    script.command(LegCommand::Dial(Box::new(Dial { caller, ..*dial })));
    let invite = script.one();
    assert!(invite.header("From").unwrap().starts_with("\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag="));
    assert_eq!((invite.header("Privacy"), invite.header("P-Asserted-Identity")), (Some("id"), None));
    assert!(!invite.text.contains("2000") && !invite.text.contains("Anna"));
}

#[test]
fn identity_is_asserted_only_towards_a_trusted_trunk() {
    for (trust_identity, want) in [(true, Some("<sip:2000@acd.example>")), (false, None)] {
        let mut script = house(Trunk { trust_identity, ..at("127.0.0.51") });
        script.command(dial_trunk(out_leg(1), 0, "1"));
        assert_eq!(script.one().header("P-Asserted-Identity"), want);
    }
}

#[test]
fn identity_is_believed_only_from_a_trusted_trunk_in_any_spelling() {
    let spellings = [
        "P-Asserted-Identity: \"Eve\" <sip:999@x>",
        "p-asserted-identity  : <tel:+999>",
        "P-ASSERTED-IDENTITY:\n <sip:999@x>",
        "P-Asserted-Identity: <sip:999@x>\nP-Asserted-Identity: <tel:999>\nDiversion: <sip:4000@x>",
    ];
    for spelling in spellings {
        for trust_identity in [true, false] {
            let mut script = house(Trunk { trust_identity, ..at("127.0.0.51") });
            script.from(super::story::CARRIER, &with(&invite(), spelling));
            let LegEvent::Incoming(call) = script.event() else { panic!() };
            let number = call.caller.number.as_str().trim_start_matches('+').to_owned();
            assert_eq!(number, if trust_identity { "999" } else { "861380" }, "{spelling}");
            assert_eq!(call.diverted_from.is_some(), trust_identity && spelling.contains("Diversion"));
        }
    }
}

#[test]
fn a_caller_may_hide_and_the_dialled_number_may_stand_elsewhere() {
    let cases = [(CalledFrom::RequestUri, "4008"), (CalledFrom::To, "400800"), (CalledFrom::PCalledPartyId, "7777")];
    for (called_from, want) in cases {
        let mut script = house(Trunk { called_from, ..at("127.0.0.51") });
        let text = invite().replace("To: <sip:4008@127", "To: <sip:400-800@127").replace("400-800", "400800");
        script.from(super::story::CARRIER, &with(&text, "Privacy: id\nP-Called-Party-ID: <sip:7777@x>"));
        let LegEvent::Incoming(call) = script.event() else { panic!() };
        assert_eq!(&*call.dialled, want);
        assert!(call.caller.withheld);
    }
}

#[test]
fn a_call_that_comes_back_to_us_is_a_loop() {
    let mut script = house(at("127.0.0.51"));
    script.command(dial_trunk(out_leg(1), 0, "1"));
    let ours = script.one();
    let back = ours.text.replace("branch=", "branch=z9hG4bKproxy;x=");
    script.from("10.0.0.1:5060", &back);
    assert_eq!(script.lines(), ["SIP/2.0 482 Loop Detected"]);
    let call = invite();
    script.from(super::story::CARRIER, &call);
    script.sent();
    script.from(super::story::CARRIER, &call.replace("bKi1", "bKother-way"));
    assert_eq!(script.lines(), ["SIP/2.0 482 Loop Detected"], "merged (RFC 3261 §8.2.2.2)");
}

#[test]
fn a_reload_leaves_live_calls_alone() {
    let mut script = house(at("127.0.0.51"));
    let leg = out_leg(1);
    script.command(dial_trunk(leg, 0, "1"));
    let invite = script.one();
    let new = directory(vec![], vec![Trunk { removed: true, ..at("127.0.0.51") }]);
    script.ua.handle_input(script.now, Input::Directory(std::sync::Arc::new(new)));
    script.from("127.0.0.51:5060", &response(&invite, "200 OK", "t", ANSWER));
    assert_eq!(script.event(), LegEvent::Answered { leg, sdp: Some(sdp(ANSWER)) });
    script.command(dial_trunk(out_leg(2), 0, "1"));
    assert_eq!(script.event(), LegEvent::Refused { leg: out_leg(2), cause: CauseKind::Unreachable.into() });
}

#[test]
fn a_call_tells_how_far_it_may_travel_and_brings_it_along() {
    for (came, told) in [("Max-Forwards: 3", 3), ("Subject: none", 70), ("Max-Forwards: 255", 255)] {
        let mut script = house(at("127.0.0.51"));
        script.from(super::story::CARRIER, &invite().replace("Max-Forwards: 70", came));
        let LegEvent::Incoming(call) = script.event() else { panic!() };
        assert_eq!(call.max_forwards, told, "{came}");
        script.sent();
        let LegCommand::Dial(dial) = dial_trunk(out_leg(1), 0, "1") else { panic!() };
        script.command(LegCommand::Dial(Box::new(Dial { max_forwards: 2, ..*dial })));
        assert_eq!(script.one().header("Max-Forwards"), Some("2"));
    }
}

#[test]
fn what_stopped_a_loop_is_passed_back_along_it() {
    for status in ["482 Loop Detected", "483 Too Many Hops"] {
        let mut script = house(at("127.0.0.51"));
        script.command(dial_trunk(out_leg(1), 0, "1"));
        let ours = script.one();
        script.from("127.0.0.51:5060", &response(&ours, status, "t", ""));
        let LegEvent::Refused { cause, .. } = script.event() else { panic!() };
        script.sent();
        script.from(super::story::CARRIER, &invite());
        let leg = super::story::incoming(&mut script);
        script.sent();
        script.command(LegCommand::Reject { leg, cause, retry_after: None });
        assert_eq!(script.lines(), [format!("SIP/2.0 {status}")]);
    }
}
