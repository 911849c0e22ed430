//! Streams, large requests, routes, addresses of both families and public ones.

use super::story::{CARRIER, PHONE, S, bare, callee, caller, in_dialog, invite, outward_call, response, with};
use crate::testing::{
    ANSWER, OFFER, Script, address, config, dial_phone, directory, fixed, hangup, out_leg, sdp, trunk, wire,
};
use crate::{ConnectionId, Counter, Destination, FramingError, Input, Listener, Output, Protocol};
use model::{CauseKind, LegCommand, LegEvent};

fn connects(script: &mut Script) -> Vec<ConnectionId> {
    let connect = |o| match o {
        Output::Connect { connection, .. } => Some(connection),
        _ => None,
    };
    script.outputs().into_iter().filter_map(connect).collect()
}

fn opened(script: &mut Script, connection: ConnectionId, remote: &str) {
    let (local, remote) = (script.listen, address(remote));
    script.ua.handle_input(script.now, Input::StreamOpened { connection, local, remote });
}

fn message(script: &mut Script, connection: ConnectionId, remote: &str, text: &str) {
    let (local, remote) = (script.listen, address(remote));
    let text = wire(text);
    script.ua.handle_input(script.now, Input::StreamMessage { connection, local, remote, bytes: text.as_bytes() });
}

fn closed(script: &mut Script, connection: ConnectionId) {
    script.ua.handle_input(script.now, Input::StreamClosed { connection });
}

#[test]
fn a_call_that_comes_by_a_stream_is_answered_on_it() {
    let mut script = callee();
    let stream = ConnectionId(3);
    let text = invite().replace("SIP/2.0/UDP", "SIP/2.0/TCP");
    message(&mut script, stream, "10.0.0.9:41000", &text);
    assert_eq!(script.one().to, Destination::Stream(stream));
    let LegEvent::Incoming(call) = script.event() else { panic!() };
    script.command(LegCommand::Answer { leg: call.leg, sdp: Some(sdp(ANSWER)) });
    let ok = script.one();
    assert_eq!(ok.to, Destination::Stream(stream));
    assert_eq!(ok.header("Contact"), Some("<sip:strowger@127.0.0.1:5060;transport=tcp>"));
    script.wait(S);
    assert_eq!(script.lines(), ["SIP/2.0 200 OK"], "a 2xx is repeated over streams too (RFC 3261 §13.3.1.4)");
    message(&mut script, stream, "10.0.0.9:41000", &in_dialog("ACK", 1, &ok, "", ""));
    message(&mut script, stream, "10.0.0.9:41000", &in_dialog("BYE", 2, &ok, "", ""));
    assert_eq!(script.lines(), ["SIP/2.0 200 OK"]);
    let left = script.ua.population();
    assert_eq!((left.server_transactions, left.sessions), (1, 0), "over a stream only the INVITE's lingers");
    closed(&mut script, stream);
    script.assert_clean();
}

#[test]
fn when_the_stream_of_a_call_is_gone_its_peer_is_reached_where_it_said() {
    let mut script = callee();
    let stream = ConnectionId(3);
    message(&mut script, stream, "10.0.0.9:41000", &invite());
    let LegEvent::Incoming(call) = script.event() else { panic!() };
    script.command(LegCommand::Answer { leg: call.leg, sdp: Some(sdp(ANSWER)) });
    let ok = script.sent().pop().unwrap();
    message(&mut script, stream, "10.0.0.9:41000", &in_dialog("ACK", 1, &ok, "", ""));
    closed(&mut script, stream);
    script.command(hangup(call.leg, CauseKind::NormalClearing));
    assert_eq!(script.one().remote(), address(CARRIER), "its Contact named no stream");
}

#[test]
fn a_phone_that_wants_a_stream_gets_one_and_it_is_used_again() {
    let mut script = Script::new(directory(vec![fixed("1001", "sip:1001@127.0.0.1:7000;transport=tcp")], vec![]));
    script.command(dial_phone(out_leg(1), 0));
    let stream = connects(&mut script);
    assert_eq!(stream.len(), 1);
    assert!(script.sent().is_empty(), "nothing before it is open");
    opened(&mut script, stream[0], PHONE);
    let invite = script.one();
    assert_eq!(invite.to, Destination::Stream(stream[0]));
    script.wait(S * 3);
    assert!(script.sent().is_empty(), "nothing is repeated on a stream");
    message(&mut script, stream[0], PHONE, &response(&invite, "486 Busy Here", "p", ""));
    assert_eq!(script.one().to, Destination::Stream(stream[0]));
    script.events();
    script.command(dial_phone(out_leg(2), 0));
    assert_eq!(script.one().to, Destination::Stream(stream[0]));
    assert!(connects(&mut script).is_empty());
    closed(&mut script, stream[0]);
    let LegEvent::Refused { cause, .. } = script.event() else { panic!() };
    assert_eq!(cause.kind, CauseKind::Unreachable);
    script.assert_clean();
}

fn long_call(script: &mut Script) {
    let LegCommand::Dial(mut dial) = dial_phone(out_leg(1), 0) else { panic!() };
    dial.offer = Some(sdp(&format!("{OFFER}{}", "a=x-long:1234567890\r\n".repeat(50))));
    script.command(LegCommand::Dial(dial));
}

#[test]
fn a_large_request_goes_by_a_stream() {
    let mut script = caller();
    long_call(&mut script);
    let stream = connects(&mut script);
    opened(&mut script, stream[0], PHONE);
    let invite = script.one();
    assert!(invite.text.len() > 1300 && invite.header("Via").unwrap().starts_with("SIP/2.0/TCP "));
    assert_eq!(invite.header("Contact"), Some("<sip:strowger@127.0.0.1:5060>"), "the dialog stays where it was meant");
    message(&mut script, stream[0], PHONE, &response(&invite, "200 OK", "p", ANSWER));
    assert_eq!(script.one().remote(), address(PHONE), "the ACK is small");
}

#[test]
fn a_large_request_goes_as_a_datagram_when_there_is_no_stream() {
    let mut script = caller();
    long_call(&mut script);
    let stream = connects(&mut script);
    script.sent();
    closed(&mut script, stream[0]);
    let invite = script.one();
    assert_eq!(invite.remote(), address(PHONE));
    assert!(invite.header("Via").unwrap().starts_with("SIP/2.0/UDP "));
    script.wait(S);
    assert_eq!(script.sent().len(), 1, "timer A runs now");
    script.from(PHONE, &response(&invite, "486 Busy Here", "p", ""));
    let LegEvent::Refused { cause, .. } = script.event() else { panic!() };
    assert_eq!(cause.kind, CauseKind::Busy);
    script.assert_clean();
}

#[test]
fn pings_are_answered_and_broken_framing_ends_a_stream() {
    let mut script = callee();
    let stream = ConnectionId(9);
    opened(&mut script, stream, "10.0.0.9:41000");
    script.ua.handle_input(script.now, Input::StreamData { connection: stream, bytes: b"\r\n\r\n" });
    assert_eq!(script.one().text, "\r\n");
    let broken = wire(&bare(&invite())).replace("Content-Length: 0", "Content-Length: x");
    script.ua.handle_input(script.now, Input::StreamData { connection: stream, bytes: broken.as_bytes() });
    assert_eq!(script.lines(), ["SIP/2.0 400 Bad Request"]);
    assert!(script.outputs().contains(&Output::Close { connection: stream }));
    assert_eq!(script.ua.population().connections, 0);
}

#[test]
fn requests_follow_the_route_set_loose_or_strict() {
    let proxy = "10.0.0.1:5060";
    for (routes, line, target, want) in [
        (
            "Record-Route: <sip:10.0.0.1;lr>\nRecord-Route: <sip:far.example;lr>",
            "BYE sip:bob@10.0.0.9:5070 SIP/2.0",
            proxy,
            vec!["<sip:10.0.0.1;lr>", "<sip:far.example;lr>"],
        ),
        (
            "Record-Route: <sip:10.0.0.1>, <sip:far.example;lr>",
            "BYE sip:10.0.0.1 SIP/2.0",
            proxy,
            vec!["<sip:far.example;lr>", "<sip:bob@10.0.0.9:5070>"],
        ),
        // A name is not looked up, and a stranger's address not followed: back the way it came.
        (
            "Record-Route: <sip:far.example;lr>",
            "BYE sip:bob@10.0.0.9:5070 SIP/2.0",
            CARRIER,
            vec!["<sip:far.example;lr>"],
        ),
        (
            "Record-Route: <sip:169.254.169.254;lr>",
            "BYE sip:bob@10.0.0.9:5070 SIP/2.0",
            CARRIER,
            vec!["<sip:169.254.169.254;lr>"],
        ),
    ] {
        let mut script = callee();
        script.from(CARRIER, &with(&invite(), routes));
        script.sent();
        let leg = super::story::incoming(&mut script);
        let ok = super::story::answer(&mut script, leg);
        assert_eq!(ok.headers("Record-Route").join(", "), routes.replace("Record-Route: ", "").replace('\n', ", "));
        script.from(CARRIER, &in_dialog("ACK", 1, &ok, "", ""));
        script.command(hangup(leg, CauseKind::Cancelled));
        let bye = script.one();
        assert_eq!((bye.line(), bye.remote()), (line, address(target)));
        assert_eq!(bye.headers("Route"), want);
    }
}

#[test]
fn the_routes_of_an_answer_are_turned_round() {
    let mut script = caller();
    let (_, ack) = outward_call(&mut script, "Record-Route: <sip:far;lr>, <sip:127.0.0.1:7777;lr>");
    assert_eq!(ack.remote(), address("127.0.0.1:7777"));
    assert_eq!(ack.headers("Route"), ["<sip:127.0.0.1:7777;lr>", "<sip:far;lr>"]);
    assert_eq!(ack.line(), "ACK sip:1001@127.0.0.1:7000 SIP/2.0");
}

#[test]
fn a_contact_elsewhere_is_not_followed() {
    for contact in ["<sip:bob@169.254.169.254>", "<sip:bob@127.0.0.1:22>", "<sip:bob@192.0.2.1>"] {
        let mut script = callee();
        let text = invite().replace("<sip:bob@10.0.0.9:5070>", contact);
        let (leg, _) = super::story::inward_call_with(&mut script, &text);
        script.command(hangup(leg, CauseKind::Cancelled));
        assert_eq!(script.one().remote(), address(CARRIER), "{contact}");
    }
}

#[test]
fn strangers_outside_see_the_public_address_and_neighbours_do_not() {
    let mut directory = directory(vec![], vec![trunk("any", "0.0.0.0/0")]);
    directory.site.public_address = Some("203.0.113.7".parse().unwrap());
    directory.site.local_networks.push(crate::testing::network("10.0.0.0/8"));
    for (from, host) in [(CARRIER, "127.0.0.1"), ("198.51.100.1:5070", "203.0.113.7")] {
        let mut script = Script::new(directory.clone());
        script.from(from, &invite().replace("bob@10.0.0.9:5070", &format!("bob@{from}")));
        script.sent();
        let leg = super::story::incoming(&mut script);
        let ok = super::story::answer(&mut script, leg);
        assert_eq!(ok.header("Contact"), Some(format!("<sip:strowger@{host}:5060>").as_str()));
    }
}

#[test]
fn calls_go_over_ipv6_too() {
    let phones = vec![fixed("1001", "sip:1001@[::1]:7000"), fixed("1002", "sip:1002@127.0.0.1:7000")];
    let mut config = config(directory(phones, vec![trunk("six", "::1/128")]), "[::1]:5060", 7);
    config.listeners.push(Listener { protocol: Protocol::Udp, address: address("127.0.0.1:5060"), advertised: None });
    let mut script = Script::with(config);
    script.command(dial_phone(out_leg(1), 0));
    let invite = script.one();
    assert_eq!(invite.remote(), address("[::1]:7000"));
    assert!(invite.header("Via").unwrap().starts_with("SIP/2.0/UDP [::1]:5060;"));
    assert_eq!(invite.header("Contact"), Some("<sip:strowger@[::1]:5060>"));
    script.command(dial_phone(out_leg(2), 1));
    let fourth = script.one();
    assert_eq!(fourth.remote(), address("127.0.0.1:7000"));
    assert!(fourth.header("Via").unwrap().starts_with("SIP/2.0/UDP 127.0.0.1:5060;"));
    let text = super::story::invite().replace("10.0.0.9:5070", "[::1]:5070");
    script.from("[::1]:5070", &text);
    script.sent();
    let leg = super::story::incoming(&mut script);
    script.command(hangup(leg, CauseKind::Busy));
    assert_eq!(script.one().remote(), address("[::1]:5070"));
}

#[test]
fn an_ipv4_address_in_ipv6_guise_is_the_ipv4_address() {
    let mut script = callee();
    script.from("[::ffff:10.0.0.9]:5070", &invite());
    assert_eq!(script.one().remote(), address(CARRIER));
}

#[test]
fn answers_go_to_the_source_and_to_the_port_it_asked_for() {
    let mut script = callee();
    let plain = invite().replace(";rport", "");
    script.from("10.0.0.9:31000", &plain);
    let trying = script.one();
    assert_eq!(trying.remote(), address(CARRIER), "without rport the port of the Via");
    script.from(
        "10.0.0.9:31000",
        &invite().replace("c1", "c2").replace("bKi1", "bKi2").replace("10.0.0.9:5070;b", "nat.example;b"),
    );
    let trying = script.one();
    assert_eq!(trying.remote(), address("10.0.0.9:31000"));
    assert!(trying.header("Via").unwrap().ends_with(";rport=31000;received=10.0.0.9"));
}

fn broken(script: &mut Script, text: &str, fault: FramingError) -> Vec<Output> {
    let (connection, remote) = (ConnectionId(3), address("10.0.0.9:41000"));
    opened(script, connection, "10.0.0.9:41000");
    script.ua.handle_input(script.now, Input::StreamBroken { connection, remote, bytes: text.as_bytes(), fault });
    script.outputs()
}

#[test]
fn a_stream_that_cannot_be_followed_hears_why_and_is_closed() {
    let text = invite().replace('\n', "\r\n");
    for (fault, status) in [
        (FramingError::ContentLength, "SIP/2.0 400 Bad Request"),
        (FramingError::TooLarge, "SIP/2.0 513 Message Too Large"),
    ] {
        let mut script = callee();
        let outputs = broken(&mut script, &text, fault);
        let answer = script.one();
        assert_eq!((answer.line(), answer.to), (status, Destination::Stream(ConnectionId(3))));
        assert!(outputs.contains(&Output::Close { connection: ConnectionId(3) }));
        assert!(!outputs.iter().any(|o| matches!(o, Output::Leg(_))), "no call comes of it");
        assert_eq!(script.ua.counters().of(Counter::BadFraming), 1);
        assert_eq!(script.ua.population().connections, 0);
    }
    let mut script = callee();
    broken(&mut script, "GET / HTTP/1.1\r\n\r\n", FramingError::ContentLength);
    assert!(script.sent().is_empty(), "what is no SIP gets no answer");
}
