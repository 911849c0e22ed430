//! Everything at once, at random: messages right and wrong, commands early and late, streams that come and go.
//!
//! Whatever happens, nothing panics, every message we write can be read, each leg's events come in a sensible order, and
//! when it is over nothing is left.

use super::story::{ANSWERS, S};
use crate::testing::{ANSWER, OFFER, Script, Sent, dial_phone, dial_trunk, directory, fixed, out_leg, sdp, trunk};
use crate::{Candidate, ConnectionId, Input, Output, Protocol, QueryId};
use base::Rng;
use core::time::Duration;
use model::{Cause, CauseKind, Dial, LegCommand, LegEvent, LegId, Progress, Trunk};
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Life {
    Inward,
    Outward,
    Up,
    Over,
}

struct Chaos {
    script: Script,
    rng: Rng,
    legs: BTreeMap<u64, Life>,
    sent: Vec<Sent>,
    connections: Vec<ConnectionId>,
    queries: Vec<QueryId>,
    dialled: u32,
    calls: u32,
}

const PLACES: [&str; 4] = ["10.0.0.9:5070", "127.0.0.1:7000", "10.0.0.8:5060", "192.0.2.66:5060"];

impl Chaos {
    fn new(seed: u64) -> Self {
        let phones = vec![
            fixed("1001", "sip:1001@127.0.0.1:7000"),
            fixed("1002", "sip:1002@127.0.0.1:7001;transport=tcp"),
            fixed("1003", "sip:1003@desk.example"),
        ];
        let trunks = vec![Trunk { host: "sip.example.net".into(), ..trunk("carrier", "10.0.0.0/8") }];
        Chaos {
            script: Script::new(directory(phones, trunks)),
            rng: Rng::new(seed),
            legs: BTreeMap::new(),
            sent: Vec::new(),
            connections: vec![ConnectionId(1)],
            queries: Vec::new(),
            dialled: 0,
            calls: 0,
        }
    }

    fn step(&mut self) {
        match self.rng.below(12) {
            0 | 1 => self.invite(),
            2 | 3 => self.request(),
            4..=6 => self.response(),
            7..=9 => self.command(),
            10 => {
                let wait = Duration::from_millis(self.rng.below(9_000));
                self.script.wait(wait);
            }
            _ => self.stream(),
        }
        self.look();
    }

    /// Takes what came out, and checks it.
    fn look(&mut self) {
        let sent = self.script.sent();
        self.sent.extend(sent.into_iter().filter(|s| crate::Message::parse(s.text.as_bytes()).is_ok()));
        let excess = self.sent.len().saturating_sub(60);
        self.sent.drain(..excess);
        for output in self.script.outputs() {
            match output {
                Output::Leg(event) => self.event(&event),
                Output::Connect { connection, .. } => self.connections.push(connection),
                Output::Resolve(query) => self.queries.push(query.id),
                Output::Close { connection } => self.connections.retain(|c| *c != connection),
                Output::Device { .. } | Output::Fact(_) | Output::Location(_) | Output::Note(_) => {}
            }
        }
    }

    fn event(&mut self, event: &LegEvent) {
        let leg = event.leg();
        let before = self.legs.get(&leg.0).copied();
        let after = match (event, before) {
            (LegEvent::Incoming(_), None | Some(Life::Over)) => Life::Inward,
            (LegEvent::Ringing { .. }, Some(Life::Outward)) => Life::Outward,
            (LegEvent::Answered { .. }, Some(Life::Outward)) => Life::Up,
            (LegEvent::Refused { .. }, Some(Life::Outward)) => Life::Over,
            (LegEvent::Ended { .. }, Some(Life::Inward | Life::Up)) => Life::Over,
            (LegEvent::Confirmed { .. } | LegEvent::Digit { .. }, Some(Life::Up)) => Life::Up,
            (LegEvent::Offered { .. } | LegEvent::OfferAnswered { .. }, Some(Life::Up)) => Life::Up,
            (LegEvent::OfferRefused { .. } | LegEvent::Refer { .. }, Some(Life::Up)) => Life::Up,
            (event, before) => panic!("{event:?} of a leg that was {before:?}"),
        };
        self.legs.insert(leg.0, after);
    }

    fn place(&mut self) -> &'static str {
        self.rng.pick(&PLACES).copied().unwrap()
    }

    fn spoil(&mut self, text: String) -> String {
        if self.rng.chance(0.9) {
            return text;
        }
        let mut bytes = text.into_bytes();
        for _ in 0..=self.rng.below(4) {
            let at = self.rng.below(bytes.len() as u64) as usize;
            bytes[at] = b"\n\0 ;,<>\"@:9Zx"[self.rng.below(13) as usize];
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn deliver(&mut self, text: String) {
        let text = self.spoil(text);
        let place = self.place();
        if self.rng.chance(0.1) {
            let connection = self.rng.pick(&self.connections).copied().unwrap_or(ConnectionId(1));
            let (local, remote) = (self.script.listen, crate::testing::address(place));
            let text = crate::testing::wire(&text);
            let input = Input::StreamMessage { connection, local, remote, bytes: text.as_bytes() };
            self.script.ua.handle_input(self.script.now, input);
        } else {
            self.script.from(place, &text);
            if self.rng.chance(0.1) {
                self.script.from(place, &text);
            }
        }
    }

    fn extras(&mut self) -> &'static str {
        let all = [
            "",
            "",
            "",
            "Require: 100rel\n",
            "Supported: timer\nSession-Expires: 90;refresher=uac\n",
            "Session-Expires: 100\n",
            "RAck: 1 1 INVITE\n",
            "Refer-To: <sip:2@acd.example>\n",
            "RSeq: 5\nRequire: 100rel\n",
            "Min-SE: 200\n",
            "Record-Route: <sip:10.0.0.1;lr>\n",
            "Contact: <sip:q@10.0.0.8>\n",
            "Refer-Sub: false\n",
            "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\n",
            "Max-Forwards: 0\n",
            "Expires: 0\n",
            "Replaces: c1;to-tag=0;from-tag=b1\n",
            "Content-Type: application/dtmf-relay\n",
            "Privacy: id\n",
        ];
        self.rng.pick(&all).copied().unwrap()
    }

    fn body(&mut self) -> &'static str {
        let sdp = ["", "", OFFER, ANSWER];
        self.rng.pick(&sdp).copied().unwrap()
    }

    fn invite(&mut self) {
        self.calls += 1;
        let n = self.calls.saturating_sub(self.rng.below(3) as u32);
        let (extras, body) = (self.extras(), self.body());
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\n" };
        let method = ["INVITE", "INVITE", "INVITE", "CANCEL", "ACK", "OPTIONS", "REGISTER", "REFER", "FROB"];
        let method = self.rng.pick(&method).copied().unwrap();
        let text = format!(
            "{method} sip:4008@127.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.9:5070;branch=z9hG4bKi{n};rport\n\
             {extras}From: <sip:b@carrier>;tag=b{n}\nTo: <sip:4008@127.0.0.1>\nCall-ID: c{n}\nCSeq: 1 {method}\n\
             Contact: <sip:bob@10.0.0.9:5070>\n{kind}\n{body}"
        );
        self.deliver(text);
    }

    /// A request of the far side in a dialog of ours, as far as what we sent lets one guess.
    fn request(&mut self) {
        let Some(sent) = self.rng.pick(&self.sent).cloned() else { return };
        let ours = !sent.line().starts_with("SIP/2.0");
        let (from, to) = if ours { ("To", "From") } else { ("From", "To") };
        let (Some(from), Some(to)) = (sent.header(from), sent.header(to)) else { return };
        let method =
            ["ACK", "BYE", "INVITE", "UPDATE", "INFO", "REFER", "PRACK", "NOTIFY", "OPTIONS", "CANCEL", "MESSAGE"];
        let method = self.rng.pick(&method).copied().unwrap();
        let cseq = 1 + self.rng.below(12);
        let (extras, body) = (self.extras(), self.body());
        let extras = match sent.header("RSeq") {
            Some(rseq) if method == "PRACK" => format!("RAck: {rseq} 1 INVITE\n"),
            _ => extras.to_owned(),
        };
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\n" };
        let text = format!(
            "{method} sip:strowger@127.0.0.1:5060 SIP/2.0\n\
             Via: SIP/2.0/UDP 10.0.0.9:5070;branch=z9hG4bK{method}{cseq};rport\nFrom: {from}\nTo: {to}\n\
             Call-ID: {}\nCSeq: {cseq} {method}\nContact: <sip:bob@10.0.0.9:5070>\n{extras}{kind}\n{body}",
            sent.header("Call-ID").unwrap_or("none"),
        );
        self.deliver(text);
    }

    fn response(&mut self) {
        let requests: Vec<Sent> = self.sent.iter().filter(|s| !s.line().starts_with("SIP/2.0")).cloned().collect();
        let Some(request) = self.rng.pick(&requests).cloned() else { return };
        let status = self.rng.pick(&ANSWERS).copied().unwrap();
        let tag = ["p", "q", "r"][self.rng.below(3) as usize];
        let tag = if request.to_tag().is_empty() { format!(";tag={tag}") } else { String::new() };
        let (extras, body) = (self.extras(), self.body());
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\n" };
        let header = |name| request.header(name).unwrap_or_default();
        let contact = if self.rng.chance(0.9) { "Contact: <sip:1001@127.0.0.1:7000>\n" } else { "" };
        let text = format!(
            "SIP/2.0 {status}\nVia: {}\nFrom: {}\nTo: {}{tag}\nCall-ID: {}\nCSeq: {}\n{contact}{extras}{kind}\n{body}",
            header("Via"),
            header("From"),
            header("To"),
            header("Call-ID"),
            header("CSeq"),
        );
        self.deliver(text);
    }

    fn command(&mut self) {
        let open: Vec<(u64, Life)> =
            self.legs.iter().map(|(l, s)| (*l, *s)).filter(|(_, s)| *s != Life::Over).collect();
        let pick = self.rng.pick(&open).copied();
        let Some((leg, life)) = pick.filter(|_| self.rng.chance(0.7)) else { return self.dial() };
        let leg = LegId(leg);
        let description = self.body();
        let some = (!description.is_empty()).then(|| sdp(description));
        let kinds = [CauseKind::NormalClearing, CauseKind::Busy, CauseKind::Overload, CauseKind::AnsweredElsewhere];
        let cause: Cause = self.rng.pick(&kinds).copied().unwrap().into();
        let command = match (life, self.rng.below(9)) {
            (_, 0) => LegCommand::Hangup { leg, cause },
            (Life::Inward, 1) => LegCommand::Reject { leg, cause, retry_after: Some(S) },
            (Life::Inward, 2..=4) => LegCommand::Answer { leg, sdp: some },
            (Life::Inward, 5) => LegCommand::Progress { leg, progress: Progress::Ringing, sdp: None },
            (Life::Inward, _) => LegCommand::Progress { leg, progress: Progress::EarlyMedia, sdp: some },
            (_, 1 | 2) => LegCommand::Offer { leg, sdp: sdp(OFFER) },
            (_, 3 | 4) => LegCommand::AnswerOffer { leg, sdp: sdp(ANSWER) },
            (_, 5) => LegCommand::RefuseOffer { leg, cause },
            (_, 6) => LegCommand::ReferReply { leg, accepted: Ok(()) },
            (_, 7) => LegCommand::ReferReply { leg, accepted: Err(cause) },
            (_, _) => LegCommand::ReferProgress { leg, status: [100, 180, 200, 486][self.rng.below(4) as usize] },
        };
        match command {
            LegCommand::Hangup { .. } | LegCommand::Reject { .. } => _ = self.legs.insert(leg.0, Life::Over),
            LegCommand::Answer { .. } => _ = self.legs.insert(leg.0, Life::Up),
            _ => {}
        }
        // A reliable provisional may hold the answer back; until then the leg may still end unanswered, which the
        // checks above allow for a leg that is up.
        self.script.command(command);
    }

    fn dial(&mut self) {
        self.dialled += 1;
        let leg = out_leg(self.dialled);
        let LegCommand::Dial(mut dial) = (match self.rng.below(5) {
            0 => dial_trunk(leg, 0, "555"),
            n => dial_phone(leg, (n % 4) as u32),
        }) else {
            return;
        };
        if self.rng.chance(0.2) {
            *dial = Dial { offer: None, ..*dial };
        }
        self.legs.insert(leg.0, Life::Outward);
        self.script.command(LegCommand::Dial(dial));
    }

    fn stream(&mut self) {
        let now = self.script.now;
        if let Some(query) = self.queries.pop() {
            let udp = |a: &str| Candidate { protocol: Protocol::Udp, address: a.parse().unwrap() };
            let tcp = Candidate { protocol: Protocol::Tcp, ..udp("10.0.0.8:5060") };
            let result = Ok(vec![udp("10.0.0.9:5070"), tcp, udp("127.0.0.1:7000")]);
            return self.script.ua.handle_input(now, Input::Resolved { query, result });
        }
        let Some(connection) = self.rng.pick(&self.connections).copied() else { return };
        let (local, remote) = (self.script.listen, crate::testing::address("127.0.0.1:7001"));
        if self.rng.chance(0.5) {
            self.script.ua.handle_input(now, Input::StreamOpened { connection, local, remote });
        } else {
            self.connections.retain(|c| *c != connection);
            self.script.ua.handle_input(now, Input::StreamClosed { connection });
        }
    }

    /// Everybody hangs up, every stream closes, and time goes by.
    fn finish(&mut self) {
        for (leg, life) in self.legs.clone() {
            if life != Life::Over {
                self.legs.insert(leg, Life::Over);
                self.script.command(LegCommand::Hangup { leg: LegId(leg), cause: CauseKind::NormalClearing.into() });
            }
        }
        for _ in 0..4 {
            self.look();
            for connection in core::mem::take(&mut self.connections) {
                self.script.ua.handle_input(self.script.now, Input::StreamClosed { connection });
            }
            self.script.wait(S * 70);
        }
        self.look();
        self.script.assert_clean();
    }
}

#[test]
fn whatever_happens_nothing_breaks_and_nothing_is_left() {
    for seed in 0..400 {
        let mut chaos = Chaos::new(seed);
        for _ in 0..150 {
            chaos.step();
        }
        chaos.finish();
    }
}
