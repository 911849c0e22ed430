//! A small scripted SIP user agent: the other end of the wire, in virtual time.

mod call;
mod client;
mod command;
mod description;
mod ear;
mod manners;
mod message;
mod server;
mod voice;

pub use call::{Call, CallState, Over};
pub use ear::Ear;
pub use manners::{Answer, Manners};

use base::{Instant, Rng};
use client::Client;
use core::net::SocketAddr;
use core::time::Duration;
use message::GIVE_UP;
use sip::auth::{ClientAuth, Secret};
use std::collections::VecDeque;

/// One call of a phone, in the order they began.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CallNo(pub usize);

/// A telephone: commands in, messages out, no socket and no clock.
#[derive(Debug)]
pub struct SimPhone {
    /// What transcripts call it.
    pub name: String,
    pub manners: Manners,
    pub(crate) user: String,
    pub(crate) domain: String,
    pub(crate) address: SocketAddr,
    pub(crate) server: SocketAddr,
    pub(crate) now: Instant,
    calls: Vec<Call>,
    clients: Vec<Client>,
    /// Final responses by branch and method, for requests that come again.
    said: VecDeque<Said>,
    plans: Vec<(Instant, Plan)>,
    outbox: VecDeque<Sent>,
    registration: Registration,
    auth: Option<ClientAuth>,
    password: Option<String>,
    /// No power: hears nothing, says nothing.
    dead: bool,
    /// It sent octets of a story's own.
    raw: bool,
    rng: Rng,
    names: u32,
    /// Calls it says nothing to, not even when they are said again.
    ignored: Vec<String>,
    /// Every request that came and every final response to ours: method or status.
    pub(crate) heard: Vec<(Instant, String)>,
}

/// Something on its way out.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    pub(crate) bytes: Vec<u8>,
    pub(crate) sound: bool,
}

#[derive(Debug)]
struct Said {
    key: String,
    bytes: Vec<u8>,
    until: Instant,
}

/// Something to be done later.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Plan {
    Answer(CallNo),
    Refuse(CallNo, u16),
    HangUp(CallNo),
    Register,
    OfferAgain(CallNo),
}

/// What a REGISTER is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Ask {
    /// This phone's contact.
    #[default]
    Binding,
    /// No contact: what is known? (RFC 3261 §10.2.3)
    Nothing,
    /// Every contact there is (RFC 3261 §10.2.2).
    All,
}

#[derive(Debug, Default)]
struct Registration {
    ask: Ask,
    /// What is asked for; zero: none.
    expires: Duration,
    call_id: String,
    cseq: u32,
    /// Until when the registrar said it lasts.
    until: Option<Instant>,
    /// Status of the last answer.
    status: Option<u16>,
}

impl SimPhone {
    pub(crate) fn new(name: &str, user: &str, domain: &str, places: [SocketAddr; 2], manners: Manners) -> Self {
        let [address, server] = places;
        SimPhone {
            name: name.into(),
            manners,
            user: user.into(),
            domain: domain.into(),
            address,
            server,
            now: Instant::ZERO,
            calls: Vec::new(),
            clients: Vec::new(),
            said: VecDeque::new(),
            plans: Vec::new(),
            outbox: VecDeque::new(),
            registration: Registration::default(),
            auth: None,
            password: None,
            dead: false,
            raw: false,
            rng: Rng::new(u64::from(address.port()) << 32 | u64::from(hash(name))),
            names: 0,
            ignored: Vec::new(),
            heard: Vec::new(),
        }
    }

    pub(crate) fn with_password(mut self, password: &str) -> Self {
        self.auth = Some(ClientAuth::new(&self.user, Secret::password(password), &[&self.domain]));
        self.password = Some(password.into());
        self
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    pub fn call(&self, call: CallNo) -> &Call {
        &self.calls[call.0]
    }

    /// The call that began last.
    pub fn last(&self) -> &Call {
        self.calls.last().unwrap_or_else(|| panic!("{} has had no call", self.name))
    }

    pub fn last_no(&self) -> CallNo {
        CallNo(self.calls.len().checked_sub(1).unwrap_or_else(|| panic!("{} has had no call", self.name)))
    }

    /// Calls that are not over.
    pub fn live(&self) -> impl Iterator<Item = CallNo> + '_ {
        (0..self.calls.len()).map(CallNo).filter(|no| !self.calls[no.0].is_over())
    }

    pub fn is_talking(&self) -> bool {
        self.calls.iter().any(Call::is_up)
    }

    pub fn is_ringing(&self) -> bool {
        self.calls.iter().any(|c| c.inward && c.state == CallState::Ringing)
    }

    /// What the live call hears; nothing when there is none.
    pub fn hears(&self) -> &[u16] {
        let live = self.calls.iter().rev().find(|c| !c.is_over());
        live.and_then(|c| c.voice.as_ref()).map_or(&[], |v| v.ear.hears())
    }

    /// What a call hears and heard.
    pub fn ear(&self, call: CallNo) -> &Ear {
        &self.calls[call.0].voice.as_ref().expect("a call with media").ear
    }

    /// The codec a call speaks.
    pub fn codec(&self, call: CallNo) -> Option<model::Codec> {
        self.calls[call.0].voice.as_ref().and_then(voice::Voice::codec)
    }

    /// Where the house wants a call's sound.
    pub fn sends_to(&self, call: CallNo) -> Option<SocketAddr> {
        self.calls[call.0].voice.as_ref().and_then(voice::Voice::remote)
    }

    /// The agreed direction of a call's sound, as this phone sees it.
    pub fn direction(&self, call: CallNo) -> Option<model::Direction> {
        self.calls[call.0].voice.as_ref().and_then(voice::Voice::direction)
    }

    /// Packets of sound a call has sent.
    pub fn packets_sent(&self, call: CallNo) -> u64 {
        self.calls[call.0].voice.as_ref().map_or(0, voice::Voice::sent)
    }

    /// The status that answered the last REGISTER.
    pub fn registered(&self) -> Option<u16> {
        self.registration.status
    }

    /// Requests heard, with their times: one entry a new request, not one a retransmission.
    pub fn requests(&self, method: &str) -> Vec<Instant> {
        self.heard.iter().filter(|(_, what)| what == method).map(|(at, _)| *at).collect()
    }

    pub fn is_dead(&self) -> bool {
        self.dead
    }

    /// Anything left to say or wait for, but registrations.
    pub(crate) fn is_busy(&self) -> bool {
        let calls = self.calls.iter().any(|c| !c.is_over() || c.unacked.is_some());
        !self.dead && (calls || !self.clients.is_empty())
    }

    pub(crate) fn poll_transmit(&mut self) -> Option<Sent> {
        let sent = self.outbox.pop_front()?;
        (!self.dead).then_some(sent)
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        if self.dead {
            return None;
        }
        let clients = self.clients.iter().map(|c| c.next.unwrap_or(c.until).min(c.until));
        let unacked = self.calls.iter().filter_map(|c| c.unacked.as_ref()).map(|u| u.next.min(u.until));
        let plans = self.plans.iter().map(|(at, _)| *at);
        let voices = self.calls.iter().filter_map(|c| c.voice.as_ref()?.poll_timeout());
        clients.chain(unacked).chain(plans).chain(voices).min()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        if self.dead {
            return;
        }
        self.said.retain(|said| said.until > now);
        self.repeat_requests(now);
        self.repeat_responses(now);
        let mut due: Vec<Plan> = Vec::new();
        self.plans.retain(|(at, plan)| {
            let stays = *at > now;
            if !stays {
                due.push(*plan);
            }
            stays
        });
        for plan in due {
            self.carry_out(plan);
        }
        let outbox = &mut self.outbox;
        for voice in self.calls.iter_mut().filter_map(|c| c.voice.as_mut()) {
            voice.handle_timeout(now, &mut |from, to, bytes| outbox.push_back(Sent { from, to, bytes, sound: true }));
        }
    }

    pub(crate) fn handle_datagram(&mut self, now: Instant, to: SocketAddr, bytes: &[u8]) {
        self.now = now;
        if self.dead {
            return;
        }
        if to == self.address {
            return self.handle_message(bytes);
        }
        let voice = self.calls.iter_mut().filter_map(|c| c.voice.as_mut()).find(|v| v.local() == to);
        if let Some(voice) = voice {
            voice.handle_packet(now, bytes);
        }
    }

    fn handle_message(&mut self, bytes: &[u8]) {
        // Who sends octets of his own reads the answers himself: they may repeat what was wrong with them.
        if self.raw || bytes.trim_ascii().is_empty() {
            return;
        }
        let message = match sip::Message::parse(bytes) {
            Ok(message) => message,
            Err(error) => {
                panic!("the house sent {} a bad message: {error}\n{}", self.name, String::from_utf8_lossy(bytes))
            }
        };
        if message.is_request() {
            self.handle_request(&message, bytes);
        } else {
            self.handle_response(&message);
        }
    }

    fn send(&mut self, bytes: Vec<u8>) {
        self.outbox.push_back(Sent { from: self.address, to: self.server, bytes, sound: false });
    }

    fn plan(&mut self, after: Duration, plan: Plan) {
        self.plans.push((self.now + after, plan));
    }

    /// A word nobody else uses: for tags, branches, Call-IDs.
    fn fresh(&mut self) -> String {
        self.names += 1;
        format!(
            "{}{}x{:06x}",
            self.name.replace(|c: char| !c.is_ascii_alphanumeric(), ""),
            self.names,
            self.rng.next_u32() >> 8
        )
    }

    fn branch(&mut self) -> String {
        format!("z9hG4bK{}", self.fresh())
    }

    fn contact(&self) -> String {
        format!("<sip:{}@{}>", self.user, self.address)
    }

    fn remember(&mut self, key: String, bytes: Vec<u8>) {
        let until = self.now + GIVE_UP;
        self.said.retain(|said| said.key != key);
        self.said.push_back(Said { key, bytes, until });
    }
}

fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193))
}
