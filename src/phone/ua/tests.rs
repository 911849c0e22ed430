//! Two user agents in one world of virtual time, or one against a scripted server.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use base::Rng;

use super::{Output, Progress, Refusal, Settings, Ticket, Ua};
use crate::phone::event::{CallNumber, Cause, PhoneEvent};
use crate::phone::options::{Codec, PhoneConfig, Transport};
use crate::phone::transport::Peer;

const CALL: CallNumber = CallNumber(1);

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

fn peer(port: u16) -> Peer {
    Peer { address: address(port), transport: Transport::Udp, connection: None }
}

fn agent(port: u16, server: u16) -> Ua {
    let mut phone = PhoneConfig::new(format!("sip:127.0.0.1:{server}").parse().expect("a server"), "user");
    phone.password = Some("secret".to_owned());
    Ua::new(Settings { phone, server: address(server), contact: address(port) }, Rng::new(u64::from(port)))
}

/// What one side said to its owner.
#[derive(Default)]
struct Told {
    events: Vec<PhoneEvent>,
    progress: Vec<Progress>,
    done: Vec<Result<(), Refusal>>,
    streams: Vec<(bool, bool)>,
}

impl Told {
    fn cause(&self) -> Option<Cause> {
        self.progress.iter().find_map(|progress| match progress {
            Progress::Ended(end) => Some(end.cause),
            Progress::New | Progress::Ringing | Progress::Answered => None,
        })
    }

    fn answers(&self) -> usize {
        self.events.iter().filter(|event| matches!(event, PhoneEvent::Answered { .. })).count()
    }
}

/// Agents 0 and 1 on ports 1 and 2, joined by a wire that can lose messages.
struct World {
    now: Instant,
    agents: [Ua; 2],
    told: [Told; 2],
    /// First line of every message, as `0> INVITE` or `1> 200 INVITE`.
    wire: Vec<String>,
    /// Loses the messages with these marks, once each.
    lose: Vec<&'static str>,
}

impl World {
    fn new() -> Self {
        Self {
            now: Instant::now(),
            agents: [agent(1, 2), agent(2, 1)],
            told: Default::default(),
            wire: Vec::new(),
            lose: Vec::new(),
        }
    }

    /// A call from 0 to 1 that is up.
    fn talking() -> Self {
        let mut world = Self::new();
        world.dial();
        world.agents[1].answer(world.now, CALL).expect("offered");
        world.settle();
        world
    }

    fn dial(&mut self) {
        self.agents[0].dial(self.now, "sip:user@127.0.0.1:2", address(40_000)).expect("a line");
        self.settle();
    }

    /// Delivers until nobody has more to say.
    fn settle(&mut self) {
        while self.turn(0) || self.turn(1) {}
    }

    /// What one agent has to say. True when it said something.
    fn turn(&mut self, from: usize) -> bool {
        let Some(output) = self.agents[from].poll_output() else { return false };
        match output {
            Output::Send { bytes, .. } => {
                let mark = format!("{from}> {}", mark(&bytes));
                let lost = self.lose.iter().position(|lose| *lose == mark);
                self.wire.push(mark);
                match lost {
                    Some(index) => drop(self.lose.remove(index)),
                    None => self.agents[1 - from].handle_message(self.now, &bytes, peer(1 + from as u16)),
                }
            }
            Output::Event(event) => self.told[from].events.push(event),
            Output::Incoming(call) => {
                self.agents[from].media_ready(call, address(50_000));
                // A call that was cancelled on its way rings no more.
                let _ = self.agents[from].ring(self.now, call);
            }
            Output::Media { agreed, .. } => {
                self.told[from].streams.push((agreed.direction.send, agreed.direction.receive))
            }
            Output::Progress { progress, .. } => self.told[from].progress.push(progress),
            Output::Done { result, .. } => self.told[from].done.push(result),
        }
        true
    }

    /// Lets time pass, timer by timer.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.agents.iter().filter_map(Ua::poll_timeout).min().filter(|due| *due <= end) {
            self.now = due;
            for agent in &mut self.agents {
                agent.handle_timeout(due);
            }
            self.settle();
        }
        self.now = end;
    }
}

fn mark(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let method = text.lines().find_map(|line| line.strip_prefix("CSeq: ")?.split(' ').nth(1).map(str::to_owned));
    let first = text.split(' ').next().unwrap_or_default();
    match text.strip_prefix("SIP/2.0 ") {
        Some(rest) => format!("{} {}", &rest[..3], method.unwrap_or_default()),
        None => first.to_owned(),
    }
}

#[test]
fn a_call_is_offered_rung_answered_and_ended() {
    let mut world = World::talking();
    world.agents[1].hang_up(world.now, CALL).expect("up");
    world.settle();
    let expected = ["0> INVITE", "1> 100 INVITE", "1> 180 INVITE", "1> 200 INVITE", "0> ACK", "1> BYE", "0> 200 BYE"];
    assert_eq!(world.wire, expected);
    assert_eq!([world.told[0].cause(), world.told[1].cause()], [Some(Cause::Remote), Some(Cause::Local)]);
    assert_eq!([world.told[0].answers(), world.told[1].answers()], [1, 1]);
    world.pass(Duration::from_secs(40));
    assert!(
        world.agents.iter().all(|agent| agent.clients.is_empty() && agent.servers.is_empty() && agent.calls.is_empty())
    );
}

#[test]
fn a_call_survives_the_loss_of_any_one_message() {
    for lost in ["0> INVITE", "1> 100 INVITE", "1> 180 INVITE", "1> 200 INVITE", "0> ACK", "0> BYE", "1> 200 BYE"] {
        let mut world = World::new();
        world.lose.push(lost);
        world.dial();
        world.pass(Duration::from_millis(600));
        world.agents[1].answer(world.now, CALL).expect("offered");
        world.settle();
        world.pass(Duration::from_secs(2));
        world.agents[0].hang_up(world.now, CALL).expect("up");
        world.settle();
        world.pass(Duration::from_secs(2));
        assert!(world.lose.is_empty(), "{lost}");
        assert_eq!([world.told[0].answers(), world.told[1].answers()], [1, 1], "{lost}");
        assert_eq!([world.told[0].cause(), world.told[1].cause()], [Some(Cause::Local), Some(Cause::Remote)], "{lost}");
    }
}

#[test]
fn a_ringing_call_is_cancelled() {
    let mut world = World::new();
    world.dial();
    world.agents[0].hang_up(world.now, CALL).expect("dialing");
    world.settle();
    let end = &world.wire[3..];
    assert_eq!(end, ["0> CANCEL", "1> 200 CANCEL", "1> 487 INVITE", "0> ACK"]);
    assert_eq!([world.told[0].cause(), world.told[1].cause()], [Some(Cause::Local), Some(Cause::Cancelled)]);
}

#[test]
fn a_cancel_waits_for_the_first_provisional_answer() {
    let mut world = World::new();
    world.lose = vec!["0> INVITE"];
    world.dial();
    world.agents[0].hang_up(world.now, CALL).expect("dialing");
    world.settle();
    assert_eq!(world.wire, ["0> INVITE"]);
    world.pass(Duration::from_secs(1));
    assert_eq!(world.told[0].cause(), Some(Cause::Local));
    assert_eq!(world.wire[1..3], ["0> INVITE", "1> 100 INVITE"]);
    assert!(world.wire.contains(&"0> CANCEL".to_owned()));
}

#[test]
fn a_refused_call_is_acknowledged_and_told() {
    let mut world = World::new();
    world.dial();
    world.agents[1].reject(world.now, CALL, 486).expect("offered");
    world.settle();
    assert_eq!(world.wire[3..], ["1> 486 INVITE", "0> ACK"]);
    assert_eq!([world.told[0].cause(), world.told[1].cause()], [Some(Cause::Refused), Some(Cause::Rejected)]);
}

#[test]
fn a_second_call_and_a_foreign_codec_are_refused() {
    let mut world = World::talking();
    world.agents[0].settings.phone.lines = 2;
    world.dial();
    assert!(world.wire.contains(&"1> 486 INVITE".to_owned()));
    let mut world = World::new();
    world.agents[1].settings.phone.codecs = vec![Codec::G722];
    world.dial();
    assert_eq!(world.wire, ["0> INVITE", "1> 488 INVITE", "0> ACK"]);
}

#[test]
fn hold_and_resume_turn_the_stream_off_and_on() {
    let mut world = World::talking();
    world.agents[0].hold(world.now, CALL, true, Ticket(1));
    world.settle();
    assert_eq!(world.told[1].streams.last(), Some(&(false, true)));
    assert_eq!(world.told[0].streams.last(), Some(&(true, false)));
    assert!(world.told[1].events.contains(&PhoneEvent::Held { call: CALL }));
    world.agents[0].hold(world.now, CALL, false, Ticket(2));
    world.settle();
    assert_eq!(world.told[1].streams.last(), Some(&(true, true)));
    assert!(world.told[1].events.contains(&PhoneEvent::Resumed { call: CALL }));
    assert_eq!(world.told[0].done, [Ok(()), Ok(())]);
}

#[test]
fn offers_that_cross_are_both_refused_with_491() {
    let mut world = World::talking();
    world.agents[0].hold(world.now, CALL, true, Ticket(1));
    world.agents[1].hold(world.now, CALL, true, Ticket(1));
    world.settle();
    assert_eq!(world.told[0].done, [Err(Refusal::Status(491))]);
    assert_eq!(world.told[1].done, [Err(Refusal::Status(491))]);
}

#[test]
fn a_2xx_without_ack_ends_the_call_after_32_seconds() {
    let mut world = World::new();
    world.dial();
    // Every ACK is lost: one for each repeat of the 200.
    world.lose = vec!["0> ACK"; 20];
    world.agents[1].answer(world.now, CALL).expect("offered");
    world.settle();
    world.pass(Duration::from_secs(33));
    assert_eq!(world.told[1].cause(), Some(Cause::Failed));
    assert_eq!(world.told[0].cause(), Some(Cause::Remote), "the BYE reached it");
    assert_eq!(world.wire.iter().filter(|mark| *mark == "1> 200 INVITE").count(), 11);
}

#[test]
fn digits_by_info_arrive_and_a_transfer_to_a_phone_is_declined() {
    let mut world = World::talking();
    world.agents[0].info_digit(world.now, CALL, '#', Ticket(1));
    world.agents[0].refer(world.now, CALL, "4008", None, Ticket(2));
    world.settle();
    let by = crate::phone::options::DtmfMode::Info;
    assert!(world.told[1].events.contains(&PhoneEvent::Digit { call: CALL, digit: '#', by }));
    assert_eq!(world.told[0].done, [Ok(()), Err(Refusal::Status(603))]);
}

/// One agent and what it last sent; answers are written by hand.
struct Scripted {
    now: Instant,
    agent: Ua,
    sent: Vec<String>,
    told: Told,
}

impl Scripted {
    fn new() -> Self {
        Self { now: Instant::now(), agent: agent(1, 9), sent: Vec::new(), told: Told::default() }
    }

    fn drain(&mut self) {
        while let Some(output) = self.agent.poll_output() {
            match output {
                Output::Send { bytes, .. } => self.sent.push(String::from_utf8_lossy(&bytes).into_owned()),
                Output::Event(event) => self.told.events.push(event),
                Output::Incoming(call) => self.agent.media_ready(call, address(40_000)),
                Output::Media { agreed, .. } => {
                    self.told.streams.push((agreed.direction.send, agreed.direction.receive))
                }
                Output::Progress { progress, .. } => self.told.progress.push(progress),
                Output::Done { result, .. } => self.told.done.push(result),
            }
        }
    }

    fn receive(&mut self, text: &str) {
        self.agent.handle_message(self.now, text.as_bytes(), peer(9));
        self.drain();
    }

    fn last(&self) -> &str {
        self.sent.last().expect("something was sent")
    }

    fn header(&self, name: &str) -> String {
        let prefix = format!("{name}: ");
        self.last().lines().find_map(|line| line.strip_prefix(&prefix)).unwrap_or_default().to_owned()
    }

    /// Answers the last request.
    fn answer(&mut self, status: &str, tag: &str, more: &str, body: &str) {
        let [via, from, to, call_id, cseq] = ["Via", "From", "To", "Call-ID", "CSeq"].map(|name| self.header(name));
        let tag = if to.contains(";tag=") || tag.is_empty() { String::new() } else { format!(";tag={tag}") };
        let text = format!(
            "SIP/2.0 {status}\r\nVia: {via}\r\nFrom: {from}\r\nTo: {to}{tag}\r\nCall-ID: {call_id}\r\nCSeq: {cseq}\r\n{more}\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.receive(&text);
    }
}

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 8\r\n";

#[test]
fn registration_answers_the_first_known_challenge_and_is_renewed_in_time() {
    let mut world = Scripted::new();
    world.agent.register(world.now, Ticket(1));
    world.drain();
    let challenges = "WWW-Authenticate: Digest realm=\"r\", nonce=\"a\", algorithm=SHA-256, qop=\"auth\"\r\n\
                      WWW-Authenticate: Digest realm=\"r\", nonce=\"b\", algorithm=MD5, qop=\"auth\"\r\n";
    world.answer("401 Unauthorized", "t", challenges, "");
    assert_eq!(world.header("CSeq"), "2 REGISTER");
    let authorization = world.header("Authorization");
    assert!(authorization.contains("algorithm=SHA-256") && authorization.contains("nonce=\"a\""), "{authorization}");
    world.answer("200 OK", "t", "Contact: <sip:x@10.0.0.1>;expires=9, <sip:user@127.0.0.1:1>;expires=60\r\n", "");
    assert_eq!(world.told.events, [PhoneEvent::Registered { expires: 60 }]);
    assert_eq!(world.told.done, [Ok(())]);
    world.now += Duration::from_secs(48);
    world.agent.handle_timeout(world.now);
    world.drain();
    assert_eq!(world.header("CSeq"), "3 REGISTER");
    assert!(world.header("Authorization").contains("nc=00000002"), "the nonce is used again with a higher count");
    world.answer("401 Unauthorized", "t", "WWW-Authenticate: Digest realm=\"r\", nonce=\"c\", stale=true\r\n", "");
    assert!(world.header("Authorization").contains("nonce=\"c\""));
}

#[test]
fn a_wrong_password_is_tried_once() {
    let mut world = Scripted::new();
    world.agent.register(world.now, Ticket(1));
    world.drain();
    for _ in 0..2 {
        world.answer("401 Unauthorized", "t", "WWW-Authenticate: Digest realm=\"r\", nonce=\"a\"\r\n", "");
    }
    assert_eq!(world.sent.len(), 2);
    assert_eq!(world.told.done, [Err(Refusal::Status(401))]);
}

#[test]
fn a_registrar_that_wants_longer_lifetimes_gets_them() {
    let mut world = Scripted::new();
    world.agent.register(world.now, Ticket(1));
    world.drain();
    world.answer("423 Interval Too Brief", "t", "Min-Expires: 3600\r\n", "");
    assert_eq!(world.header("Expires"), "3600");
    world.answer("423 Interval Too Brief", "t", "Min-Expires: 3600\r\n", "");
    assert_eq!(world.told.done, [Err(Refusal::Status(423))], "one that moves on is not followed for ever");
}

#[test]
fn every_branch_of_a_forked_call_but_the_first_is_let_go() {
    let mut world = Scripted::new();
    world.agent.dial(world.now, "4008", address(40_000)).expect("a line");
    world.drain();
    let invite = world.last().to_owned();
    world.answer("200 OK", "one", "Contact: <sip:one@127.0.0.1:9>\r\n", SDP);
    assert!(world.last().starts_with("ACK sip:one@"));
    world.sent.push(invite);
    world.answer("200 OK", "two", "Contact: <sip:two@127.0.0.1:9>\r\n", SDP);
    let [ack, bye] = &world.sent[world.sent.len() - 2..] else { panic!("two messages") };
    assert!(ack.starts_with("ACK sip:two@") && bye.starts_with("BYE sip:two@"), "{ack}{bye}");
    assert_eq!((world.told.answers(), world.told.cause()), (1, None));
}

#[test]
fn early_media_is_heard_before_the_answer() {
    let mut world = Scripted::new();
    world.agent.dial(world.now, "4008", address(40_000)).expect("a line");
    world.drain();
    let invite = world.last().to_owned();
    world.answer("183 Session Progress", "one", "Contact: <sip:one@127.0.0.1:9>\r\n", SDP);
    assert!(world.told.events.contains(&PhoneEvent::EarlyMedia { call: CALL }));
    world.sent.push(invite);
    world.answer("200 OK", "one", "Contact: <sip:one@127.0.0.1:9>\r\n", SDP);
    assert_eq!((world.told.streams.len(), world.told.answers()), (2, 1));
}

#[test]
fn a_call_without_offer_is_agreed_with_the_ack() {
    let mut world = Scripted::new();
    let invite = "INVITE sip:user@127.0.0.1:1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKi\r\nFrom: <sip:a@h>;tag=1\r\n\
                  To: <sip:user@127.0.0.1>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nContact: <sip:a@127.0.0.1:9>\r\nContent-Length: 0\r\n\r\n";
    world.receive(invite);
    world.agent.answer(world.now, CALL).expect("offered");
    world.drain();
    assert!(world.last().contains("m=audio 40000 RTP/AVP 0 8 101"));
    assert_eq!(world.told.answers(), 0);
    let to = world.header("To");
    let ack = format!(
        "ACK sip:user@127.0.0.1:1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKa\r\nFrom: <sip:a@h>;tag=1\r\nTo: {to}\r\n\
         Call-ID: c\r\nCSeq: 1 ACK\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{SDP}",
        SDP.len()
    );
    world.receive(&ack);
    assert_eq!((world.told.answers(), world.told.streams.as_slice()), (1, &[(true, true)][..]));
}

#[test]
fn news_of_a_transfer_is_told_and_settles_it() {
    let mut world = Scripted::new();
    world.agent.dial(world.now, "4008", address(40_000)).expect("a line");
    world.drain();
    let (call_id, from) = (world.header("Call-ID"), world.header("From"));
    world.answer("200 OK", "one", "Contact: <sip:one@127.0.0.1:9>\r\n", SDP);
    world.agent.refer(world.now, CALL, "4009", None, Ticket(1));
    world.drain();
    assert_eq!(world.header("Refer-To"), "<sip:4009@127.0.0.1:9>");
    world.answer("202 Accepted", "", "", "");
    for (sequence, state, status) in
        [(1, "active;expires=60", "100 Trying"), (2, "terminated;reason=noresource", "200 OK")]
    {
        let body = format!("SIP/2.0 {status}\r\n");
        let notify = format!(
            "NOTIFY sip:user@127.0.0.1:1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKn{sequence}\r\n\
             From: <sip:4008@127.0.0.1:9>;tag=one\r\nTo: {from}\r\nCall-ID: {call_id}\r\nCSeq: {sequence} NOTIFY\r\nEvent: refer\r\n\
             Subscription-State: {state}\r\nContent-Type: message/sipfrag\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        world.receive(&notify);
        assert!(world.last().starts_with("SIP/2.0 200 OK"), "{}", world.last());
    }
    assert_eq!(world.told.done, [Ok(())]);
    assert!(world.told.events.contains(&PhoneEvent::Transfer { call: CALL, status: 200 }));
}

#[test]
fn an_attended_transfer_names_the_other_dialog() {
    let mut world = Scripted::new();
    world.agent.settings.phone.lines = 2;
    let mut call_ids = Vec::new();
    for tag in ["one", "two"] {
        world.agent.dial(world.now, "4008", address(40_000)).expect("a line");
        world.drain();
        call_ids.push((world.header("Call-ID"), world.header("From")));
        world.answer("200 OK", tag, &format!("Contact: <sip:{tag}@127.0.0.1:9>\r\n"), SDP);
    }
    world.agent.refer(world.now, CALL, "", Some(CallNumber(2)), Ticket(1));
    world.drain();
    let (call_id, from) = &call_ids[1];
    let from_tag = from.split("tag=").nth(1).expect("tagged");
    let expected = format!(
        "<sip:two@127.0.0.1:9?Replaces={}%3Bto-tag%3Dtwo%3Bfrom-tag%3D{from_tag}>",
        call_id.replace('@', "%40")
    );
    assert_eq!(world.header("Refer-To"), expected);
}

#[test]
fn strays_are_answered_and_never_begin_anything() {
    let mut world = Scripted::new();
    let request = |method: &str, to_tag: &str, branch: u32| {
        format!(
            "{method} sip:user@127.0.0.1:1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK{branch}\r\nFrom: <sip:a@h>;tag=1\r\n\
             To: <sip:user@h>{to_tag}\r\nCall-ID: c\r\nCSeq: 1 {method}\r\nContent-Length: 0\r\n\r\n"
        )
    };
    let mut check = |method: &str, to_tag: &str, branch: u32, expected: &str| {
        world.receive(&request(method, to_tag, branch));
        assert!(world.last().starts_with(&format!("SIP/2.0 {expected}")), "{method}: {}", world.last());
    };
    check("BYE", ";tag=x", 1, "481");
    check("BYE", "", 2, "481");
    check("CANCEL", "", 3, "481");
    check("OPTIONS", "", 4, "200");
    check("REFER", "", 5, "405");
    check("INVITE", ";tag=x", 6, "481");
    assert!(world.agent.calls.is_empty());
}

#[test]
fn broken_messages_do_no_harm() {
    let whole = "INVITE sip:user@127.0.0.1:1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKi\r\nFrom: <sip:a@h>;tag=1\r\n\
                 To: <sip:user@127.0.0.1>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nContact: <sip:a@127.0.0.1:9>\r\nContent-Length: 0\r\n\r\n";
    let mut rng = Rng::new(7);
    for round in 0..2_000 {
        let mut bytes = whole.as_bytes().to_vec();
        if round % 2 == 0 {
            bytes.truncate(rng.below(bytes.len() as u64) as usize);
        }
        for _ in 0..=rng.below(4) {
            if let Some(byte) = (!bytes.is_empty()).then(|| rng.below(bytes.len() as u64) as usize) {
                bytes[byte] = rng.next_u32() as u8;
            }
        }
        let mut world = Scripted::new();
        world.agent.handle_message(world.now, &bytes, peer(9));
        world.drain();
        assert!(world.agent.calls.len() <= 1);
    }
}
