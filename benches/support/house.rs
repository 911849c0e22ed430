//! A shard, a trunk and an agent's phone in virtual time, for benches.

use crate::messages::{OFFER, request};
use base::{Instant, Now, Utc};
use engine::{Config, Input, Legs, Output, Shard, SipLegs};
use model::{Family, MediaCommand, MediaEvent, MediaPort, ShardId, WorkerId};
use sip::{Destination, Listener, Message, MessageWriter, Protocol, RegistrationLimits, StatusCode};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

const HOUSE: &str = "127.0.0.1:5060";
const TRUNK: &str = "127.0.0.3:6000";

const CONFIG: &str = r#"
[limits]
max_calls = 5000
[[trunk]]
name = "load"
allow_from = ["127.0.0.3/32"]
max_calls = 5000
max_cps = 10000
[[number]]
match = "queue"
to = "queue:lab"
[[queue]]
name = "lab"
wrap_up = "0s"
max_wait = "off"
[[phone]]
range = "0000-0099"
contact = "sip:a{n}@127.0.0.2:7000"
[[agent]]
range = "0000-0099"
phone = "{n}"
queues = ["lab"]
initial_state = "ready"
"#;

/// A house of one shard whose media workers are always ready.
pub(crate) struct House {
    pub(crate) shard: Shard,
    now: Now,
    buffer: Vec<u8>,
    next_port: u16,
}

impl House {
    pub(crate) fn new() -> Self {
        let sounds = config::list_sounds(std::path::Path::new("sounds")).expect("the sounds of this tree");
        let directory = Arc::new(config::load_text("bench", CONFIG, &sounds).expect("a good configuration").directory);
        let board = Arc::new(acd::Board::new(acd::BoardSize::of(&directory)));
        let now = Now::new(Instant::from_millis(1_000), Utc::from_secs(1_700_000_000));
        let config = Config {
            directory,
            board,
            shard: ShardId(0),
            shards: 1,
            boot: 1,
            seed: 7,
            legs: Legs::Sip(SipLegs {
                secret: [7; 32],
                listeners: vec![Listener { protocol: Protocol::Udp, address: address(HOUSE), advertised: None }],
                user_agent: "bench".into(),
                registration: RegistrationLimits::default(),
            }),
            workers: 1,
        };
        let mut house = House { shard: Shard::new(now, config), now, buffer: Vec::new(), next_port: 10_000 };
        house.settle(&mut |_, _| {});
        house
    }

    fn receive(&mut self, from: &str, bytes: &[u8]) {
        let (local, remote) = (address(HOUSE), address(from));
        self.shard.handle_input(self.now, Input::Sip(sip::Input::Datagram { local, remote, bytes }));
    }

    /// Answers what the media side is asked and hands every datagram to `sent`, until all is quiet.
    fn settle(&mut self, sent: &mut dyn FnMut(SocketAddr, &[u8])) {
        loop {
            while let Some(output) = self.shard.poll_output() {
                if let Output::Media { worker, command } = output {
                    self.media(worker, &command);
                }
            }
            let mut buffer = std::mem::take(&mut self.buffer);
            let mut quiet = true;
            while let Some(destination) = self.shard.poll_transmit(&mut buffer) {
                quiet = false;
                if let Destination::Datagram { remote, .. } = destination {
                    sent(remote, &buffer);
                }
            }
            self.buffer = buffer;
            if quiet {
                return;
            }
        }
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.now = self.now + by;
        self.shard.handle_timeout(self.now);
        self.settle(&mut |_, _| {});
    }

    fn media(&mut self, worker: WorkerId, command: &MediaCommand) {
        let event = match command {
            MediaCommand::Supply { family: Family::V4, count } => {
                let mut ports = Vec::new();
                for _ in 0..*count {
                    self.next_port = if self.next_port > 60_000 { 10_000 } else { self.next_port + 2 };
                    let port = SocketAddr::new(address(HOUSE).ip(), self.next_port);
                    ports.push(MediaPort { worker, slot: u32::from(self.next_port), address: port });
                }
                MediaEvent::Ports { ports }
            }
            MediaCommand::Close { leg } => MediaEvent::Closed { leg: *leg, quality: model::Quality::default() },
            _ => return,
        };
        self.shard.handle_input(self.now, Input::Media(event));
    }
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address of this file")
}

/// The trunk's INVITE number `n`, from caller `n`.
fn invite(n: u64) -> Vec<u8> {
    request("INVITE", n, 1, "sip:queue@127.0.0.1:5060", "", OFFER)
}

/// One whole queue call: caller rings, agent answers at once, both talk for no time, the caller hangs up.
pub(crate) fn whole_call(house: &mut House, n: u64) {
    let mut to_house: Vec<(SocketAddr, Vec<u8>)> = Vec::new();
    let mut tag = String::new();
    house.receive(TRUNK, &invite(n));
    loop {
        let mut replies = Vec::new();
        house.settle(&mut |to, bytes| {
            if to.port() == 7000 {
                replies.extend(agent_answers(to, bytes));
            } else if let Ok(message) = Message::parse(bytes)
                && message.status() == Some(StatusCode::OK)
                && let Some(found) = message.to().tag()
            {
                tag = format!(";tag={found}");
            }
        });
        to_house.extend(replies);
        if to_house.is_empty() {
            break;
        }
        for (from, bytes) in to_house.drain(..) {
            house.receive(&from.to_string(), &bytes);
        }
    }
    assert!(!tag.is_empty(), "the caller was answered");
    house.receive(TRUNK, &request("ACK", n, 1, "sip:127.0.0.1:5060", &tag, ""));
    house.receive(TRUNK, &request("BYE", n, 2, "sip:127.0.0.1:5060", &tag, ""));
    let mut replies = Vec::new();
    house.settle(&mut |to, bytes| {
        if to.port() == 7000 {
            replies.extend(agent_answers(to, bytes));
        }
    });
    for (from, bytes) in replies {
        house.receive(&from.to_string(), &bytes);
    }
    house.settle(&mut |_, _| {});
}

fn agent_answers(agent: SocketAddr, bytes: &[u8]) -> Vec<(SocketAddr, Vec<u8>)> {
    let Ok(request) = Message::parse(bytes) else { return Vec::new() };
    let source = address(HOUSE);
    let mut buffer = Vec::new();
    let is_invite = request.method() == sip::Method::Invite;
    if !is_invite && request.method() != sip::Method::Bye {
        return Vec::new();
    }
    let mut writer = MessageWriter::response(&mut buffer, &request, StatusCode::OK, Some("agent"), source);
    if is_invite {
        writer.named("Contact", &format!("<sip:a@{agent}>"));
        writer.body("application/sdp", OFFER.as_bytes());
    } else {
        writer.end();
    }
    vec![(agent, buffer)]
}
