//! What the room's own tests stand on: a directory, one user agent with a script, and two with a wire between them.

use crate::{Config, Destination, Input, Listener, Message, Output, Protocol, RegistrationLimits, UserAgent};
use base::{Instant, Key, Now, Rng, Utc};
use core::net::SocketAddr;
use core::time::Duration;
use model::{
    Cause, Dial, DialTarget, Directory, Identity, LegCommand, LegEvent, LegId, Limits, Network, Phone, PhoneId, Sdp,
    Secret, ShardId, Site, Trunk, TrunkId, plain,
};
use netem::{Conditions, Link};
use std::sync::Arc;

pub(crate) use model::plain::phone;

pub(crate) const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
    m=audio 4000 RTP/AVP 0\r\n";
pub(crate) const ANSWER: &str = "v=0\r\no=- 2 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
    m=audio 5000 RTP/AVP 0\r\n";

pub(crate) fn sdp(text: &str) -> Sdp {
    Sdp(text.as_bytes().into())
}

pub(crate) fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

pub(crate) fn network(text: &str) -> Network {
    let (address, prefix) = text.split_once('/').expect("address/prefix");
    Network { address: address.parse().expect("an address"), prefix: prefix.parse().expect("a number") }
}

pub(crate) fn fixed(id: &str, contact: &str) -> Phone {
    Phone { contact: Some(contact.into()), ..phone(id) }
}

pub(crate) fn secured(id: &str, password: &str) -> Phone {
    Phone { password: Some(Secret::new(password)), ..phone(id) }
}

pub(crate) fn trunk(name: &str, allow_from: &str) -> Trunk {
    Trunk { allow_from: vec![network(allow_from)], ..plain::trunk(name) }
}

pub(crate) fn directory(phones: Vec<Phone>, trunks: Vec<Trunk>) -> Directory {
    let plain = plain::directory(Vec::new(), Vec::new());
    let site = Site { domain: "acd.example".into(), local_networks: vec![network("127.0.0.0/8")], ..plain.site };
    let limits = Limits { max_calls: 1000, ..plain.limits };
    Directory { site, limits, phones, trunks, ..plain }
}

pub(crate) fn config(directory: Directory, listen: &str, seed: u64) -> Config {
    Config {
        directory: Arc::new(directory),
        shard: ShardId(0),
        shards: 1,
        boot: 1,
        seed,
        secret: [seed as u8; 32],
        listeners: vec![
            Listener { protocol: Protocol::Udp, address: address(listen), advertised: None },
            Listener { protocol: Protocol::Tcp, address: address(listen), advertised: None },
        ],
        user_agent: "".into(),
        registration: RegistrationLimits::default(),
    }
}

pub(crate) const fn start() -> Now {
    Now::new(Instant::from_millis(1000), Utc::from_secs(1_700_000_000))
}

pub(crate) fn out_leg(index: u32) -> LegId {
    LegId::outward(ShardId(0), Key::new(index, 0))
}

pub(crate) fn dial_phone(leg: LegId, phone: u32) -> LegCommand {
    LegCommand::Dial(Box::new(Dial {
        leg,
        to: DialTarget::Phone(PhoneId(phone)),
        caller: Identity { number: "2000".into(), name: "Anna".into(), withheld: false },
        offer: Some(sdp(OFFER)),
        auto_answer: false,
        max_forwards: model::MAX_FORWARDS,
    }))
}

pub(crate) fn dial_trunk(leg: LegId, trunk: u32, number: &str) -> LegCommand {
    LegCommand::Dial(Box::new(Dial {
        leg,
        to: DialTarget::Trunk { trunk: TrunkId(trunk), number: number.into() },
        caller: Identity { number: "2000".into(), name: "Anna".into(), withheld: false },
        offer: Some(sdp(OFFER)),
        auto_answer: false,
        max_forwards: model::MAX_FORWARDS,
    }))
}

pub(crate) fn hangup(leg: LegId, cause: impl Into<Cause>) -> LegCommand {
    LegCommand::Hangup { leg, cause: cause.into() }
}

/// One user agent and hand-written messages.
pub(crate) struct Script {
    pub(crate) ua: UserAgent,
    pub(crate) now: Now,
    pub(crate) listen: SocketAddr,
    buffer: Vec<u8>,
}

/// A message the user agent sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sent {
    pub(crate) to: Destination,
    pub(crate) text: String,
}

impl Sent {
    pub(crate) fn line(&self) -> &str {
        self.text.lines().next().unwrap_or_default()
    }

    pub(crate) fn remote(&self) -> SocketAddr {
        match self.to {
            Destination::Datagram { remote, .. } => remote,
            Destination::Stream(connection) => panic!("went by stream {connection:?}"),
        }
    }

    /// Value of a header, long name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.text.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(": "))
    }

    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        self.text.lines().filter_map(|l| l.strip_prefix(name)?.strip_prefix(": ")).collect()
    }

    pub(crate) fn body(&self) -> &str {
        self.text.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }

    pub(crate) fn to_tag(&self) -> String {
        let message = Message::parse(self.text.as_bytes()).expect("we write good messages");
        message.to().tag().unwrap_or_default().to_owned()
    }
}

impl Script {
    pub(crate) fn new(directory: Directory) -> Self {
        Script::with(config(directory, "127.0.0.1:5060", 7))
    }

    pub(crate) fn with(config: Config) -> Self {
        let listen = config.listeners[0].address;
        Script { ua: UserAgent::new(config, start()), now: start(), listen, buffer: Vec::new() }
    }

    /// A datagram from `remote`; bare line ends become CRLF, a missing Content-Length is right.
    pub(crate) fn from(&mut self, remote: &str, text: &str) {
        let text = wire(text);
        let input = Input::Datagram { local: self.listen, remote: address(remote), bytes: text.as_bytes() };
        self.ua.handle_input(self.now, input);
    }

    pub(crate) fn command(&mut self, command: LegCommand) {
        self.ua.handle_input(self.now, Input::Leg(command));
    }

    pub(crate) fn sent(&mut self) -> Vec<Sent> {
        let mut all = Vec::new();
        while let Some(to) = self.ua.poll_transmit(&mut self.buffer) {
            // The refusal of a bad message repeats its bad headers.
            let refuses = self.buffer.starts_with(b"SIP/2.0 4") || self.buffer.starts_with(b"SIP/2.0 5");
            if !self.buffer.trim_ascii().is_empty() && !refuses {
                Message::parse(&self.buffer).unwrap_or_else(|e| {
                    panic!("we wrote a bad message ({e}):\n{}", String::from_utf8_lossy(&self.buffer))
                });
            }
            all.push(Sent { to, text: String::from_utf8_lossy(&self.buffer).into_owned() });
        }
        all
    }

    /// First lines of all that was sent.
    pub(crate) fn lines(&mut self) -> Vec<String> {
        self.sent().iter().map(|s| s.line().to_owned()).collect()
    }

    pub(crate) fn one(&mut self) -> Sent {
        let mut all = self.sent();
        assert_eq!(all.len(), 1, "{:?}", all.iter().map(Sent::line).collect::<Vec<_>>());
        all.remove(0)
    }

    /// One message, and nothing but repetitions of it.
    pub(crate) fn repeated(&mut self) -> Sent {
        let mut all = self.sent();
        assert!(
            !all.is_empty() && all.iter().all(|s| *s == all[0]),
            "{:?}",
            all.iter().map(Sent::line).collect::<Vec<_>>()
        );
        all.remove(0)
    }

    pub(crate) fn outputs(&mut self) -> Vec<Output> {
        core::iter::from_fn(|| self.ua.poll_output()).collect()
    }

    pub(crate) fn events(&mut self) -> Vec<LegEvent> {
        let legs = |o| match o {
            Output::Leg(event) => Some(event),
            _ => None,
        };
        self.outputs().into_iter().filter_map(legs).collect()
    }

    pub(crate) fn event(&mut self) -> LegEvent {
        let mut all = self.events();
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    /// Lets time go by, firing what is due on the way.
    pub(crate) fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(next) = self.ua.poll_timeout().filter(|t| *t <= end.mono) {
            self.now = self.now + next.since(self.now.mono);
            self.ua.handle_timeout(self.now);
        }
        self.now = end;
        self.ua.handle_timeout(self.now);
    }

    /// Nothing is left over: every transaction, session and timer is gone.
    pub(crate) fn assert_clean(&mut self) {
        self.wait(Duration::from_secs(70));
        let left = self.ua.population();
        // A phone that is registered has the timer of its next expiry.
        let idle = if left.registrations == 0 { 0 } else { left.timers };
        assert_eq!(
            (left.client_transactions, left.server_transactions, left.sessions, left.timers),
            (0, 0, 0, idle),
            "{left:?}"
        );
    }
}

pub(crate) fn wire(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\n', "\r\n");
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text.trim_end(), ""));
    let length = if head.to_ascii_lowercase().contains("content-length:") {
        String::new()
    } else {
        format!("Content-Length: {}\r\n", body.len())
    };
    format!("{head}\r\n{length}\r\n{body}")
}

/// Two user agents with a wire between them: `a` at 127.0.0.1:5060, `b` at 127.0.0.2:5060.
pub(crate) struct Pair {
    pub(crate) a: Script,
    pub(crate) b: Script,
    /// First lines of all messages, in order of sending.
    pub(crate) log: Vec<String>,
    network: netem::Network<(bool, Vec<u8>)>,
    /// From `a` to `b` and back.
    links: [Link; 2],
}

impl Pair {
    /// `a` knows `b` as phone 0, `b` knows `a` as trunk 0.
    pub(crate) fn new() -> Self {
        let a = directory(vec![fixed("1001", "sip:1001@127.0.0.2:5060")], vec![trunk("t", "10.0.0.0/8")]);
        let b = directory(vec![], vec![trunk("a", "127.0.0.1/32")]);
        let link = Link::new(Conditions::lan());
        Pair {
            a: Script::with(config(a, "127.0.0.1:5060", 1)),
            b: Script::with(config(b, "127.0.0.2:5060", 2)),
            log: Vec::new(),
            network: netem::Network::new(Rng::new(5)),
            links: [link.clone(), link],
        }
    }

    /// Over a wire like this, both ways.
    pub(crate) fn over(conditions: Conditions, seed: u64) -> Self {
        let link = Link::new(conditions);
        Pair { network: netem::Network::new(Rng::new(seed)), links: [link.clone(), link], ..Pair::new() }
    }

    /// Carries messages and fires timers until `time` has gone by.
    pub(crate) fn run(&mut self, time: Duration) {
        let end = self.a.now + time;
        loop {
            self.collect();
            let due = [self.a.ua.poll_timeout(), self.b.ua.poll_timeout(), self.network.poll_timeout()];
            let Some(next) = due.into_iter().flatten().min().filter(|t| *t <= end.mono) else { break };
            let now = self.a.now + next.since(self.a.now.mono);
            self.a.now = now;
            self.b.now = now;
            self.a.ua.handle_timeout(now);
            self.b.ua.handle_timeout(now);
            self.deliver(now);
        }
        self.a.now = end;
        self.b.now = end;
    }

    fn collect(&mut self) {
        let mut buffer = Vec::new();
        for to_b in [true, false] {
            loop {
                let from = if to_b { &mut self.a } else { &mut self.b };
                if from.ua.poll_transmit(&mut buffer).is_none() {
                    break;
                }
                let line = String::from_utf8_lossy(&buffer).lines().next().unwrap_or_default().to_owned();
                self.log.push(format!("{} {line}", if to_b { "->" } else { "<-" }));
                let link = &mut self.links[usize::from(!to_b)];
                self.network.send(self.a.now.mono, link, (to_b, buffer.clone()));
            }
        }
    }

    fn deliver(&mut self, now: Now) {
        while let Some((to_b, bytes)) = self.network.poll_delivery(now.mono) {
            let (to, from) = if to_b { (&mut self.b, &self.a) } else { (&mut self.a, &self.b) };
            let (local, remote) = (to.listen, from.listen);
            to.ua.handle_input(now, Input::Datagram { local, remote, bytes: &bytes });
        }
    }

    pub(crate) fn assert_clean(&mut self) {
        self.run(Duration::from_secs(70));
        self.a.assert_clean();
        self.b.assert_clean();
    }
}
