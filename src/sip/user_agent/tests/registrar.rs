//! Phones that register, and calls to them.

use super::story::{S, bare, response};
use crate::auth::{ClientAuth, Secret};
use crate::testing::{
    ANSWER, Script, Sent, config, dial_phone, directory, fixed, hangup, out_leg, phone, sdp, secured, trunk,
};
use crate::{Candidate, Counter, Destination, Input, LocationUpdate, Message, MessageWriter, Method, Output, Protocol};
use core::time::Duration;
use model::{CauseKind, Fact, LegEvent, PhoneId};

const DESK: &str = "192.0.2.10:5060";

fn house() -> Script {
    Script::new(directory(vec![secured("1001", "zanzibar"), secured("1002", "other")], vec![trunk("any", "0.0.0.0/0")]))
}

struct Phone {
    at: &'static str,
    user: &'static str,
    account: ClientAuth,
    cseq: u32,
}

impl Phone {
    fn new(at: &'static str, user: &'static str, password: &str) -> Self {
        let account = ClientAuth::new(user, Secret::password(password), &["acd.example"]);
        Phone { at, user, account, cseq: 0 }
    }

    fn request(&mut self, lines: &str) -> String {
        self.cseq += 1;
        let mut credentials = Vec::new();
        let mut writer = MessageWriter::resume(&mut credentials);
        self.account.authorize(Method::Register, "sip:acd.example", &mut writer);
        let Phone { at, user, cseq, .. } = self;
        format!(
            "REGISTER sip:acd.example SIP/2.0\nVia: SIP/2.0/UDP {at};branch=z9hG4bKr{user}{cseq};rport\n\
             Max-Forwards: 70\nFrom: <sip:{user}@acd.example>;tag=r\nTo: <sip:{user}@acd.example>\nCall-ID: r-{user}\n\
             CSeq: {cseq} REGISTER\n{}{lines}\n\n",
            String::from_utf8(credentials).unwrap()
        )
    }

    /// Registers, answering one challenge on the way.
    fn register(&mut self, script: &mut Script, lines: &str) -> Sent {
        let request = self.request(lines);
        script.from(self.at, &request);
        let answer = script.one();
        if answer.line() != "SIP/2.0 401 Unauthorized" {
            return answer;
        }
        let challenge = Message::parse(answer.text.as_bytes()).unwrap();
        if self.account.challenged(&challenge, false, 1).is_err() {
            return answer;
        }
        let request = self.request(lines);
        script.from(self.at, &request);
        script.one()
    }
}

fn desk() -> Phone {
    Phone::new(DESK, "1001", "zanzibar")
}

fn devices(script: &mut Script) -> Vec<(u32, bool)> {
    let device = |o| match o {
        Output::Device { phone, reachable } => Some((phone.0, reachable)),
        _ => None,
    };
    script.outputs().into_iter().filter_map(device).collect()
}

#[test]
fn a_phone_registers_is_called_and_goes() {
    let mut script = house();
    let mut phone = desk();
    let ok = phone.register(&mut script, "Contact: <sip:1001@192.0.2.10:5060>;expires=60");
    assert_eq!(ok.line(), "SIP/2.0 200 OK");
    assert_eq!(ok.header("Contact"), Some("<sip:1001@192.0.2.10:5060>;expires=60"));
    let outputs = script.outputs();
    assert!(outputs.contains(&Output::Device { phone: PhoneId(0), reachable: true }));
    assert!(outputs.contains(&Output::Fact(Fact::PhoneReachable { phone: PhoneId(0) })));
    assert_eq!(script.ua.population().registrations, 1);

    script.command(dial_phone(out_leg(1), 0));
    let invite = script.one();
    assert_eq!(invite.line(), "INVITE sip:1001@192.0.2.10:5060 SIP/2.0");
    assert_eq!(invite.remote(), DESK.parse().unwrap());
    script.from(DESK, &response(&invite, "486 Busy Here", "p", ""));
    script.sent();

    phone.register(&mut script, "Contact: *\nExpires: 0");
    assert_eq!(devices(&mut script).last(), Some(&(0, false)));
    assert_eq!(script.ua.population().registrations, 0);
    script.events();
    script.command(dial_phone(out_leg(2), 0));
    assert_eq!(script.event(), LegEvent::Refused { leg: out_leg(2), cause: CauseKind::Unregistered.into() });
    script.assert_clean();
}

#[test]
fn a_registration_that_is_not_renewed_expires_within_a_second() {
    let mut script = house();
    desk().register(&mut script, "Contact: <sip:1001@192.0.2.10:5060>\nExpires: 60");
    script.outputs();
    script.wait(Duration::from_millis(59_900));
    assert!(devices(&mut script).is_empty());
    script.wait(S);
    assert_eq!(devices(&mut script), [(0, false)]);
}

#[test]
fn a_renewal_keeps_the_phone_within_reach() {
    let mut script = house();
    let mut phone = desk();
    for _ in 0..5 {
        let ok = phone.register(&mut script, "Contact: <sip:1001@192.0.2.10:5060>\nExpires: 60");
        assert_eq!(ok.line(), "SIP/2.0 200 OK");
        script.wait(S * 50);
    }
    assert_eq!(devices(&mut script), [(0, true)]);
    assert_eq!(script.ua.population().registrations, 1);
}

#[test]
fn a_phone_behind_a_nat_is_called_where_it_comes_from() {
    let mut script = house();
    desk().register(&mut script, "Contact: <sip:1001@10.1.2.3:5062>");
    script.command(dial_phone(out_leg(1), 0));
    let invite = script.one();
    assert_eq!(invite.line(), "INVITE sip:1001@10.1.2.3:5062 SIP/2.0");
    assert_eq!(invite.remote(), DESK.parse().unwrap());
}

#[test]
fn all_contacts_ring_and_the_first_to_answer_has_the_call() {
    let mut script = house();
    let mut first = desk();
    first.register(&mut script, "Contact: <sip:1001@192.0.2.10:5060>");
    let mut second = Phone { at: "192.0.2.11:5060", ..desk() };
    second.cseq = 10;
    second.register(&mut script, "Contact: <sip:1001@192.0.2.11:5060>");
    script.outputs();
    let leg = out_leg(1);
    script.command(dial_phone(leg, 0));
    let invites = script.sent();
    assert_eq!(invites.len(), 2);
    for invite in &invites {
        let to = invite.remote().to_string();
        script.from(&to, &response(invite, "180 Ringing", &to.replace(':', "-"), ""));
    }
    assert_eq!(script.events(), [LegEvent::Ringing { leg, sdp: None }], "once");
    script.from("192.0.2.11:5060", &response(&invites[1], "200 OK", "b", ANSWER));
    let sent = script.sent();
    assert!(sent[0].line().starts_with("CANCEL ") && sent[0].remote() == DESK.parse().unwrap());
    assert_eq!(sent[0].header("Reason"), Some("SIP;cause=200;text=\"Call completed elsewhere\""));
    assert!(sent[1].line().starts_with("ACK "));
    assert_eq!(script.event(), LegEvent::Answered { leg, sdp: Some(sdp(ANSWER)) });
    script.command(hangup(leg, CauseKind::NormalClearing));
    script.assert_clean();
}

#[test]
fn one_contact_that_declines_lets_the_other_ring_on() {
    let mut script = house();
    let mut phone = desk();
    phone.register(&mut script, "Contact: <sip:1001@192.0.2.10:5060>, <sip:1001@192.0.2.10:5070>");
    script.outputs();
    script.command(dial_phone(out_leg(1), 0));
    let invites = script.sent();
    script.from(DESK, &response(&invites[0], "486 Busy Here", "p", ""));
    assert!(script.events().is_empty());
    script.from(DESK, &response(&invites[1], "480 Temporarily Unavailable", "q", ""));
    let LegEvent::Refused { cause, .. } = script.event() else { panic!() };
    assert_eq!(cause.kind, CauseKind::Busy, "what a person did says more than what nobody did");
    script.assert_clean();
}

#[test]
fn nobody_registers_for_somebody_else() {
    let mut script = house();
    let mut alice = Phone::new(DESK, "1002", "other");
    alice.register(&mut script, "Contact: <sip:1002@192.0.2.10>");
    let hijack = alice.request("Contact: <sip:evil@192.0.2.10>").replace("To: <sip:1002@", "To: <sip:1001@");
    script.from(DESK, &hijack);
    assert_eq!(script.one().line(), "SIP/2.0 403 Forbidden");
    let third = alice.request("Contact: <sip:evil@192.0.2.10>").replace("From: <sip:1002@", "From: <sip:1001@");
    script.from(DESK, &third);
    assert_eq!(script.one().line(), "SIP/2.0 403 Forbidden");
    assert_eq!(script.ua.population().registrations, 1);
}

#[test]
fn contacts_must_make_sense() {
    let many: Vec<String> = (0..11).map(|i| format!("<sip:c{i}@192.0.2.10>")).collect();
    let table = [
        ("Contact: *\nExpires: 60".to_owned(), "400 Bad Request"),
        ("Contact: *, <sip:a@b>\nExpires: 0".to_owned(), "400 Bad Request"),
        (format!("Contact: {}", many.join(", ")), "403 Forbidden"),
        ("Contact: <sip:me@127.0.0.1:5060>".to_owned(), "403 Forbidden"),
        ("Contact: <mailto:a@b>".to_owned(), "416 Unsupported URI Scheme"),
        ("Contact: <sip:a@b>;expires=5".to_owned(), "423 Interval Too Brief"),
    ];
    for (lines, status) in table {
        let mut script = house();
        let answer = desk().register(&mut script, &lines);
        assert_eq!(answer.line(), format!("SIP/2.0 {status}"), "{lines}");
        assert_eq!(answer.header("Min-Expires").is_some(), status.starts_with("423"));
        assert_eq!(script.ua.population().registrations, 0);
    }
}

#[test]
fn a_long_life_is_shortened_and_a_query_changes_nothing() {
    let mut script = house();
    let mut phone = desk();
    let ok = phone.register(&mut script, "Contact: <sip:1001@192.0.2.10>\nExpires: 999999");
    assert_eq!(ok.header("Contact"), Some("<sip:1001@192.0.2.10>;expires=3600"));
    script.wait(S * 10);
    assert_eq!(phone.register(&mut script, "X: y").header("Contact"), Some("<sip:1001@192.0.2.10>;expires=3590"));
}

#[test]
fn the_same_device_under_a_new_address_takes_its_own_place() {
    let mut script = house();
    let mut phone = desk();
    let instance = "+sip.instance=\"<urn:uuid:1>\"";
    phone.register(&mut script, &format!("Contact: <sip:1001@192.0.2.10>;{instance}"));
    let ok = phone.register(&mut script, &format!("Contact: <sip:1001@192.0.2.10:5099>;{instance}"));
    assert_eq!(ok.headers("Contact"), ["<sip:1001@192.0.2.10:5099>;expires=300"]);
}

#[test]
fn an_old_register_changes_nothing() {
    let mut script = house();
    let mut phone = desk();
    phone.cseq = 50;
    phone.register(&mut script, "Contact: <sip:1001@192.0.2.10>");
    phone.cseq = 10;
    let answer = phone.register(&mut script, "Contact: <sip:1001@192.0.2.10>;expires=0");
    assert_eq!(answer.line(), "SIP/2.0 500 Server Internal Error");
    assert_eq!(script.ua.population().registrations, 1);
}

#[test]
fn a_repeated_register_gets_the_same_answer() {
    let mut script = house();
    let mut phone = desk();
    phone.register(&mut script, "Contact: <sip:1001@192.0.2.10>");
    let request = phone.request("Contact: <sip:1001@192.0.2.10>");
    script.from(DESK, &request);
    let first = script.one();
    script.from(DESK, &request);
    assert_eq!(script.one(), first, "although its nonce count was used");
    assert_eq!(first.line(), "SIP/2.0 200 OK");
}

#[test]
fn credentials_used_again_are_refused() {
    let mut script = house();
    let mut phone = desk();
    phone.register(&mut script, "Contact: <sip:1001@192.0.2.10>");
    let request = phone.request("Contact: <sip:1001@192.0.2.10>");
    script.from(DESK, &request);
    script.sent();
    script.from(DESK, &request.replace("z9hG4bKr", "z9hG4bKreplay"));
    let answer = script.one();
    assert_eq!(answer.line(), "SIP/2.0 401 Unauthorized");
    assert!(answer.header("WWW-Authenticate").unwrap().contains("stale=true"));
}

#[test]
fn a_source_that_guesses_waits_and_the_registered_phone_does_not() {
    let mut script = house();
    desk().register(&mut script, "Contact: <sip:1001@192.0.2.10>");
    let mut thief = Phone { at: "192.0.2.10:6666", ..Phone::new("", "1001", "guess") };
    thief.register(&mut script, "Contact: <sip:evil@192.0.2.10>");
    for _ in 0..9 {
        let request = thief.request("Contact: <sip:evil@192.0.2.10>");
        script.from(thief.at, &request);
        assert_eq!(script.lines(), ["SIP/2.0 401 Unauthorized"]);
    }
    let request = thief.request("Contact: <sip:evil@192.0.2.10>");
    script.from(thief.at, &request);
    assert!(script.sent().is_empty(), "not even looked at");
    assert!(script.ua.counters().of(Counter::Guessing) > 0);
    let mut same = desk();
    same.cseq = 100;
    assert_eq!(same.register(&mut script, "Contact: <sip:1001@192.0.2.10>").line(), "SIP/2.0 200 OK");
}

#[test]
fn a_call_from_a_registered_phone_is_that_phones() {
    let mut script = house();
    desk().register(&mut script, "Contact: <sip:1001@192.0.2.10>");
    script.outputs();
    let invite = bare(&super::story::invite()).replace("10.0.0.9:5070", DESK);
    script.from(DESK, &invite);
    let LegEvent::Incoming(call) = script.event() else { panic!() };
    assert_eq!(call.source, model::Source::Phone(PhoneId(0)));
    assert_eq!(call.caller.number.as_str(), "1001", "whatever it calls itself");
    // From anywhere else it is the trunk's.
    script.from("192.0.2.10:5061", &invite.replace("c1", "c2").replace("bKi1", "bKi2"));
    let LegEvent::Incoming(call) = script.events().remove(0) else { panic!() };
    assert_eq!(call.source, model::Source::Trunk(model::TrunkId(0)));
}

#[test]
fn phones_at_one_address_are_told_apart_by_their_name() {
    let phones = vec![fixed("1001", "sip:1001@127.0.0.1:7000"), fixed("1002", "sip:1002@127.0.0.1:7000")];
    let mut script = Script::new(directory(phones, vec![]));
    let invite = super::story::invite().replace("10.0.0.9:5070", "127.0.0.1:7000");
    script.from("127.0.0.1:7000", &invite.replace("+861380@carrier", "1002@acd.example"));
    let LegEvent::Incoming(call) = script.event() else { panic!() };
    assert_eq!(call.source, model::Source::Phone(PhoneId(1)));
    script.sent();
    script.from("127.0.0.1:7000", &invite.replace("c1", "c2").replace("bKi1", "bKi2"));
    assert_eq!(script.lines(), ["SIP/2.0 403 Forbidden"]);
}

#[test]
fn other_shards_know_where_a_phone_is() {
    let mut config = config(directory(vec![secured("1001", "zanzibar")], vec![]), "127.0.0.1:5060", 7);
    config.shards = 2;
    let mut registrar = Script::with(config.clone());
    desk().register(&mut registrar, "Contact: <sip:1001@192.0.2.10:5060>");
    let update = registrar.outputs().into_iter().find_map(|o| match o {
        Output::Location(update) => Some(update),
        _ => None,
    });
    config.shard = model::ShardId(1);
    let mut other = Script::with(config);
    other.ua.handle_input(other.now, Input::Location(update.unwrap()));
    other.command(dial_phone(model::LegId::outward(model::ShardId(1), base::Key::new(1, 0)), 0));
    assert_eq!(other.one().remote(), DESK.parse().unwrap());
    other.ua.handle_input(other.now, Input::Location(LocationUpdate { phone: PhoneId(0), bindings: vec![] }));
    assert_eq!(other.ua.population().registrations, 0);
    assert!(devices(&mut other).is_empty(), "shard 0 has said so already");
}

#[test]
fn a_phone_registered_over_a_stream_is_called_on_it() {
    let mut script = house();
    let connection = crate::ConnectionId(5);
    let remote = "192.0.2.10:40000".parse().unwrap();
    let local = script.listen;
    let mut phone = desk();
    script.ua.handle_input(script.now, Input::StreamOpened { connection, local, remote });
    for _ in 0..2 {
        let text = crate::testing::wire(&phone.request("Contact: <sip:1001@10.0.0.1:5060;transport=tcp>"));
        for piece in text.as_bytes().chunks(7) {
            script.ua.handle_input(script.now, Input::StreamData { connection, bytes: piece });
        }
        let answer = script.one();
        assert_eq!(answer.to, Destination::Stream(connection));
        if answer.line().contains("401") {
            phone.account.challenged(&Message::parse(answer.text.as_bytes()).unwrap(), false, 1).unwrap();
        }
    }
    assert_eq!(devices(&mut script), [(0, true)]);
    script.command(dial_phone(out_leg(1), 0));
    let invite = script.one();
    assert_eq!(invite.to, Destination::Stream(connection));
    assert!(invite.header("Via").unwrap().starts_with("SIP/2.0/TCP 127.0.0.1:5060"));
    assert_eq!(invite.header("Contact"), Some("<sip:strowger@127.0.0.1:5060;transport=tcp>"));
    script.ua.handle_input(script.now, Input::StreamClosed { connection });
    let outputs = script.outputs();
    assert!(outputs.contains(&Output::Device { phone: PhoneId(0), reachable: false }));
    assert!(outputs.iter().any(|o| matches!(o, Output::Leg(LegEvent::Refused { .. }))), "its call failed at once");
    script.assert_clean();
    assert_eq!(script.ua.population().connections, 0);
}

#[test]
fn a_fixed_phone_with_a_name_is_looked_up() {
    let mut script = Script::new(directory(vec![fixed("1001", "sip:1001@desk.example"), phone("x")], vec![]));
    let query = script.outputs().into_iter().find_map(|o| match o {
        Output::Resolve(query) => Some(query),
        _ => None,
    });
    let query = query.unwrap();
    assert_eq!(&*query.host, "desk.example");
    script.command(dial_phone(out_leg(1), 0));
    assert!(script.sent().is_empty());
    let found = Candidate { protocol: Protocol::Udp, address: "127.0.0.9:5060".parse().unwrap() };
    script.ua.handle_input(script.now, Input::Resolved { query: query.id, result: Ok(vec![found]) });
    assert_eq!(script.one().remote(), found.address);
}

#[test]
fn another_domains_phones_are_sent_away_without_a_challenge() {
    for (from, to, status) in [
        ("REGISTER sip:acd.example ", "REGISTER sip:other.example ", "403 Forbidden"),
        ("REGISTER sip:acd.example ", "REGISTER sip:notacd.example ", "403 Forbidden"),
        ("REGISTER sip:acd.example ", "REGISTER sip:8.8.8.8 ", "403 Forbidden"),
        ("To: <sip:1001@acd.example>", "To: <sip:1001@other.example>", "404 Not Found"),
        ("REGISTER sip:acd.example ", "REGISTER sip:pbx.ACD.example. ", "401 Unauthorized"),
        ("REGISTER sip:acd.example ", "REGISTER sip:127.0.0.1:5060 ", "401 Unauthorized"),
    ] {
        let mut script = house();
        let text = desk().request("Contact: <sip:1001@192.0.2.10:5060>").replace(from, to);
        script.from(DESK, &text);
        assert_eq!(script.one().line(), format!("SIP/2.0 {status}"), "{to}");
    }
}

#[test]
fn credentials_for_one_house_or_number_serve_for_no_other() {
    for (uri, want) in [
        ("sip:acd.example", true),
        ("sip:ACD.example:5060", true),
        ("sip:other.example", false),
        ("sip:1002@acd.example", false),
        ("tel:1001", false),
    ] {
        let mut script = house();
        let mut phone = desk();
        script.from(DESK, &phone.request("Contact: <sip:1001@192.0.2.10:5060>"));
        let refusal = script.one();
        let challenge = Message::parse(refusal.text.as_bytes()).unwrap();
        phone.account.challenged(&challenge, false, 1).unwrap();
        let mut credentials = Vec::new();
        let mut writer = MessageWriter::resume(&mut credentials);
        phone.account.authorize(Method::Register, uri, &mut writer);
        let plain = Phone { account: ClientAuth::new("x", Secret::password("x"), &[]), ..phone }
            .request("Contact: <sip:1001@192.0.2.10:5060>");
        let signed = plain.replace("Contact", &format!("{}Contact", String::from_utf8(credentials).unwrap()));
        script.from(DESK, &signed);
        assert_eq!(script.one().line() == "SIP/2.0 200 OK", want, "{uri}");
    }
}

#[test]
fn a_contact_the_whole_world_could_reach_must_be_the_senders_own() {
    for (contact, want) in [
        ("sip:1001@8.8.8.8", "403 Forbidden"),
        ("sip:1001@[2001:db8::1]", "403 Forbidden"),
        ("sip:1001@192.0.2.10:7777", "200 OK"),
        ("sip:1001@192.168.1.20", "200 OK"),
        ("sip:1001@100.64.0.7", "200 OK"),
        ("sip:1001@desk.local", "200 OK"),
    ] {
        let mut script = house();
        let answer = desk().register(&mut script, &format!("Contact: <{contact}>"));
        assert_eq!(answer.line(), format!("SIP/2.0 {want}"), "{contact}");
    }
}

#[test]
fn two_inner_addresses_behind_one_source_ring_it_once() {
    let mut script = house();
    let mut phone = desk();
    phone.register(&mut script, "Contact: <sip:1001@192.168.1.20>, <sip:1001@192.168.1.21>");
    script.command(dial_phone(out_leg(1), 0));
    let invite = script.one();
    assert_eq!(invite.line(), "INVITE sip:1001@192.168.1.21 SIP/2.0", "the newest");
    assert_eq!(invite.remote(), DESK.parse().unwrap());
}

#[test]
fn a_phone_behind_a_nat_hears_from_us_before_the_way_closes() {
    let mut script = house();
    let mut phone = desk();
    phone.register(&mut script, "Contact: <sip:1001@192.168.1.20>\nExpires: 60");
    script.wait(S * 24);
    assert!(script.sent().is_empty());
    script.wait(S);
    let ping = script.one();
    assert_eq!((ping.text.as_str(), ping.remote()), ("\r\n\r\n", DESK.parse().unwrap()));
    script.wait(S * 25);
    assert_eq!(script.one().text, "\r\n\r\n");
    script.wait(S * 60);
    assert!(script.sent().is_empty(), "it is not registered any more");
    script.assert_clean();
}

#[test]
fn a_phone_without_a_nat_is_left_in_peace() {
    let mut script = house();
    let mut phone = desk();
    phone.register(&mut script, "Contact: <sip:1001@192.168.1.20>\nExpires: 300");
    phone.register(&mut script, "Contact: *\nExpires: 0");
    phone.register(&mut script, "Contact: <sip:1001@192.0.2.10:5060>\nExpires: 300");
    script.wait(S * 100);
    assert!(script.sent().is_empty());
}

/// The contacts of RFC 4475's registrations, from somebody whose password is right: in the torture itself nobody has
/// one, so a registrar never looks at them.
#[test]
fn contacts_of_the_torture_are_judged_once_the_sender_is_known() {
    let cases = [
        // §3.1.2.13: a header of the URI outside angle brackets.
        ("regbadct", "Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E", 400),
        // §3.3.12: without brackets the parameter is the header's, and an unknown one does no harm.
        ("cparam01", "Contact: sip:+19725552222@192.0.2.10;unknownparam", 200),
        // §3.3.13: with brackets it is the URI's.
        ("cparam02", "Contact: <sip:+19725552222@192.0.2.10;unknownparam>", 200),
        // §3.3.14: a header in the URI, well written.
        ("regescrt", "Contact: <sip:user@192.0.2.10?Route=%3Csip:sip.example.com%3E>", 200),
    ];
    for (name, contact, status) in cases {
        let mut script = house();
        let answer = desk().register(&mut script, contact);
        assert!(answer.line().starts_with(&format!("SIP/2.0 {status} ")), "{name}: {}", answer.line());
        assert_eq!(script.ua.population().registrations, usize::from(status == 200), "{name}");
    }
}
