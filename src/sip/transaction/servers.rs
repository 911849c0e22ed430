//! Server transactions: what we were asked, and what we answer when we are asked again.

use super::{Action, ServerInvite, ServerInviteEvent, ServerNonInvite, ServerNonInviteEvent, Timer};
use crate::hash::Hashed;
use crate::input::{ConnectionId, Counter, Place};
use crate::user_agent::{Core, Due};
use crate::{Host, Message, MessageWriter, Method, StatusCode};
use base::{Key, Slab, TimerId};
use core::net::SocketAddr;
use core::time::Duration;
use std::collections::HashMap;

/// Requests being answered, and those answered lately. `O` names whoever an INVITE belongs to.
#[derive(Debug)]
pub(crate) struct Servers<O> {
    slab: Slab<Server<O>>,
    by_key: HashMap<u64, Key, Hashed>,
}

/// A finished transaction over UDP is this and, until the ACK came or for requests with a rich answer, the answer.
#[derive(Debug)]
struct Server<O> {
    machine: Machine,
    hash: u64,
    /// Where responses go (RFC 3261 §18.2.2, RFC 3581 §4).
    place: Place,
    /// Where the request came from.
    source: SocketAddr,
    owner: Option<O>,
    reply: Reply,
    retransmission: Option<TimerId>,
    interval: Duration,
    deadline: Option<TimerId>,
}

#[derive(Clone, Copy, Debug)]
enum Machine {
    Invite(ServerInvite),
    NonInvite(ServerNonInvite),
}

/// The last response.
#[derive(Debug)]
enum Reply {
    None,
    /// A plain one, made again from the request when the request comes again: keeps three octets instead of 300.
    Plain(StatusCode),
    Whole(Vec<u8>),
}

/// What [`Servers::handle_request`] found.
pub(crate) enum Asked<O> {
    New(RequestKey),
    /// Answered or absorbed.
    Again,
    /// The ACK of a refusal.
    Acknowledged,
    /// An INVITE this CANCEL is meant for, with its owner.
    Cancels(Key, Option<O>),
}

/// What makes a request the same request (RFC 3261 §17.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RequestKey(u64);

impl RequestKey {
    pub(crate) fn of(core: &Core, message: &Message<'_>) -> Self {
        // An ACK is looked for under the INVITE it confirms.
        let method = match message.method() {
            Method::Ack => Method::Invite,
            method => method,
        };
        RequestKey::with_method(core, message, method)
    }

    fn of_invite(core: &Core, message: &Message<'_>) -> Self {
        RequestKey::with_method(core, message, Method::Invite)
    }

    fn with_method(core: &Core, message: &Message<'_>, method: Method<'_>) -> Self {
        let via = message.via();
        let port = via.port_or_default().to_be_bytes();
        let v4;
        let v6;
        let host: &[u8] = match &via.host {
            Host::Name(name) => name.as_bytes(),
            Host::Ip(core::net::IpAddr::V4(ip)) => {
                v4 = ip.octets();
                &v4
            }
            Host::Ip(core::net::IpAddr::V6(ip)) => {
                v6 = ip.octets();
                &v6
            }
        };
        let method = method.as_str().as_bytes();
        let hash = match via.unique_branch() {
            Some(branch) => core.table_key.hash(&[branch.as_bytes(), host, &port, method]),
            // RFC 3261 §17.2.3: a sender older than RFC 3261. The To tag is left out, because an ACK has one and the
            // INVITE it confirms has none.
            None => {
                let from = message.from().tag().unwrap_or_default().as_bytes();
                let number = message.cseq().number.to_be_bytes();
                core.table_key.hash(&[message.call_id().as_bytes(), from, &number, host, &port, method])
            }
        };
        RequestKey(hash)
    }
}

/// Places the index keeps when it is empty.
const INDEX_KEPT: usize = 1024;

impl<O> Default for Servers<O> {
    fn default() -> Self {
        Servers { slab: Slab::new(), by_key: HashMap::with_hasher(Hashed) }
    }
}

impl<O: Copy> Servers<O> {
    pub(crate) fn len(&self) -> usize {
        self.slab.len()
    }

    /// Looks whether the request was seen before, and answers when it was.
    pub(crate) fn handle_request(&mut self, core: &mut Core, message: &Message<'_>, source: SocketAddr) -> Asked<O> {
        let request = RequestKey::of(core, message);
        if let Some(key) = self.by_key.get(&request.0).copied() {
            return match message.method() {
                Method::Ack => self.handle_ack(core, key),
                _ => self.handle_again(core, key, message),
            };
        }
        if message.method() == Method::Cancel
            && let Some(key) = self.by_key.get(&RequestKey::of_invite(core, message).0).copied()
            && let Some(server) = self.slab.get(key)
            // A stranger who guessed the branch still sends from elsewhere (attack A11).
            && server.source.ip() == source.ip()
        {
            return Asked::Cancels(key, server.owner);
        }
        Asked::New(request)
    }

    fn handle_ack(&mut self, core: &mut Core, key: Key) -> Asked<O> {
        match self.slab.get(key).map(|s| s.machine) {
            // RFC 6026 §7.1: the ACK of a 2xx is the dialog's business, whatever branch it came by.
            Some(Machine::Invite(ServerInvite::Accepted)) | None => {
                Asked::New(RequestKey(self.slab.get(key).map_or(0, |s| s.hash)))
            }
            Some(Machine::Invite(_)) => {
                self.on_invite(core, key, ServerInviteEvent::Ack, None);
                Asked::Acknowledged
            }
            Some(Machine::NonInvite(_)) => Asked::Again,
        }
    }

    fn handle_again(&mut self, core: &mut Core, key: Key, message: &Message<'_>) -> Asked<O> {
        core.count(Counter::Retransmission);
        match self.slab.get(key).map(|s| s.machine) {
            Some(Machine::Invite(_)) => self.on_invite(core, key, ServerInviteEvent::Request, Some(message)),
            Some(Machine::NonInvite(_)) => self.on_non_invite(core, key, ServerNonInviteEvent::Request, Some(message)),
            None => {}
        }
        Asked::Again
    }

    /// Opens a transaction for a request that [`Servers::handle_request`] called new.
    pub(crate) fn open(&mut self, request: RequestKey, message: &Message<'_>, from: &Place, owner: Option<O>) -> Key {
        let machine = match message.method() {
            Method::Invite => Machine::Invite(ServerInvite::INITIAL),
            _ => Machine::NonInvite(ServerNonInvite::INITIAL),
        };
        let key = self.slab.insert(Server {
            machine,
            hash: request.0,
            place: response_place(message, from),
            source: from.remote(),
            owner,
            reply: Reply::None,
            retransmission: None,
            interval: Duration::ZERO,
            deadline: None,
        });
        self.by_key.insert(request.0, key);
        key
    }

    pub(crate) fn set_owner(&mut self, key: Key, owner: Option<O>) {
        if let Some(server) = self.slab.get_mut(key) {
            server.owner = owner;
        }
    }

    pub(crate) fn source(&self, key: Key) -> Option<SocketAddr> {
        self.slab.get(key).map(|s| s.source)
    }

    /// An answer with nothing in it but what every answer has.
    pub(crate) fn reply(&mut self, core: &mut Core, key: Key, request: &Message<'_>, status: StatusCode, tag: &str) {
        let Some(server) = self.slab.get_mut(key) else { return };
        // The refusal of an INVITE is repeated by a timer, with no request at hand to make it from.
        let plain = request.to().tag().is_some() && request.method() != Method::Invite;
        if status == StatusCode::TRYING || plain {
            server.reply = Reply::Plain(status);
            self.answer(core, key, status, Some(request));
            return;
        }
        let mut bytes = core.buffer();
        MessageWriter::response(&mut bytes, request, status, Some(tag), server.source).end();
        self.reply_with(core, key, status, bytes);
    }

    /// An answer already written.
    pub(crate) fn reply_with(&mut self, core: &mut Core, key: Key, status: StatusCode, bytes: Vec<u8>) {
        let Some(server) = self.slab.get_mut(key) else { return core.recycle(bytes) };
        if let Reply::Whole(old) = core::mem::replace(&mut server.reply, Reply::Whole(bytes)) {
            core.recycle(old);
        }
        self.answer(core, key, status, None);
    }

    fn answer(&mut self, core: &mut Core, key: Key, status: StatusCode, request: Option<&Message<'_>>) {
        match self.slab.get(key).map(|s| s.machine) {
            Some(Machine::Invite(_)) => {
                let event = match status.class() {
                    1 => ServerInviteEvent::Provisional,
                    2 => ServerInviteEvent::Success,
                    _ => ServerInviteEvent::Refusal,
                };
                self.on_invite(core, key, event, request);
            }
            Some(Machine::NonInvite(_)) => {
                let event = match status.class() {
                    1 => ServerNonInviteEvent::Provisional,
                    _ => ServerNonInviteEvent::Final,
                };
                self.on_non_invite(core, key, event, request);
            }
            None => {}
        }
    }

    /// The 2xx of an INVITE, sent without being kept: the dialog repeats it.
    pub(crate) fn accept(&mut self, core: &mut Core, key: Key, bytes: &[u8]) {
        let Some(server) = self.slab.get_mut(key) else { return };
        if let Reply::Whole(old) = core::mem::replace(&mut server.reply, Reply::None) {
            core.recycle(old);
        }
        core.send(&server.place, bytes);
        self.on_invite(core, key, ServerInviteEvent::Success, None);
    }

    /// Where the responses of a transaction go.
    pub(crate) fn place(&self, key: Key) -> Option<Place> {
        self.slab.get(key).map(|s| s.place)
    }

    /// True when the refusal of an INVITE was never acknowledged.
    pub(crate) fn handle_timer(&mut self, core: &mut Core, key: Key, timer: Timer) {
        let Some(server) = self.slab.get_mut(key) else { return };
        if timer.retransmits() {
            server.retransmission = None;
        } else {
            server.deadline = None;
        }
        match server.machine {
            Machine::Invite(_) => self.on_invite(core, key, ServerInviteEvent::Fired(timer), None),
            Machine::NonInvite(_) => self.on_non_invite(core, key, ServerNonInviteEvent::Fired(timer), None),
        }
    }

    /// Nothing more can be answered on a stream that is gone. RFC 3261 §18.2.2 would open a new one to the sent-by
    /// address; peers behind NAT have none, and their requests time out either way.
    pub(crate) fn handle_stream_closed(&mut self, core: &mut Core, connection: ConnectionId) {
        let on_it = |s: &Server<O>| matches!(s.place, Place::Stream { connection: c, .. } if c == connection);
        let keys: Vec<Key> = self.slab.iter().filter(|(_, s)| on_it(s)).map(|(k, _)| k).collect();
        for key in keys {
            match self.slab.get(key).map(|s| s.machine) {
                Some(Machine::Invite(_)) => self.on_invite(core, key, ServerInviteEvent::TransportError, None),
                Some(Machine::NonInvite(_)) => {
                    self.on_non_invite(core, key, ServerNonInviteEvent::TransportError, None);
                }
                None => {}
            }
        }
    }

    /// An INVITE that will get no more answers from its owner.
    pub(crate) fn is_open_invite(&self, key: Key) -> bool {
        matches!(self.slab.get(key).map(|s| s.machine), Some(Machine::Invite(ServerInvite::Proceeding)))
    }

    fn on_invite(&mut self, core: &mut Core, key: Key, event: ServerInviteEvent, again: Option<&Message<'_>>) {
        let Some(server) = self.slab.get_mut(key) else { return };
        let Machine::Invite(state) = server.machine else { return };
        let (next, actions) = state.on(event);
        server.machine = Machine::Invite(next);
        server.act(core, key, actions, again);
        if matches!(next, ServerInvite::Confirmed | ServerInvite::Accepted) {
            server.forget_reply(core);
        }
        let at_once = next == ServerInvite::Confirmed && server.place.protocol().is_reliable();
        if next == ServerInvite::Terminated || at_once {
            self.remove(core, key);
        }
    }

    fn on_non_invite(&mut self, core: &mut Core, key: Key, event: ServerNonInviteEvent, again: Option<&Message<'_>>) {
        let Some(server) = self.slab.get_mut(key) else { return };
        let Machine::NonInvite(state) = server.machine else { return };
        let (next, actions) = state.on(event);
        server.machine = Machine::NonInvite(next);
        server.act(core, key, actions, again);
        let at_once = next == ServerNonInvite::Completed && server.place.protocol().is_reliable();
        if next == ServerNonInvite::Terminated || at_once {
            self.remove(core, key);
        }
    }

    fn remove(&mut self, core: &mut Core, key: Key) {
        let Some(mut server) = self.slab.remove(key) else { return };
        core.stop(&mut server.retransmission);
        core.stop(&mut server.deadline);
        server.forget_reply(core);
        if self.by_key.get(&server.hash) == Some(&key) {
            self.by_key.remove(&server.hash);
            if self.by_key.is_empty() {
                // What a rush of calls took goes back; nearly always this does nothing.
                self.by_key.shrink_to(INDEX_KEPT);
            }
        }
    }
}

impl<O> Server<O> {
    fn act(&mut self, core: &mut Core, key: Key, actions: &[Action], request: Option<&Message<'_>>) {
        for action in actions {
            match action {
                Action::Respond => self.respond(core, request),
                Action::Start(timer) => self.start_timer(core, key, *timer),
                Action::Stop => {
                    core.stop(&mut self.retransmission);
                    core.stop(&mut self.deadline);
                }
                Action::PassUp => {}
                Action::TimedOut => core.note(Counter::TimedOut, self.source, None),
                Action::TransportFailed => core.note(Counter::TransportFailed, self.source, None),
                Action::Retransmit | Action::Acknowledge | Action::Cancel | Action::StartSlow(_) => {
                    unreachable!("no server machine asks")
                }
            }
        }
    }

    fn respond(&mut self, core: &mut Core, request: Option<&Message<'_>>) {
        match &self.reply {
            Reply::None => {}
            Reply::Whole(bytes) => core.send(&self.place, bytes),
            Reply::Plain(status) => {
                let Some(request) = request else { return };
                let mut bytes = core.buffer();
                MessageWriter::response(&mut bytes, request, *status, None, self.source).end();
                core.send(&self.place, &bytes);
                core.recycle(bytes);
            }
        }
    }

    fn start_timer(&mut self, core: &mut Core, key: Key, timer: Timer) {
        let Some(first) = timer.first(self.place.protocol().is_reliable()) else { return };
        if timer.retransmits() {
            self.interval = if self.interval.is_zero() { first } else { timer.next(self.interval) };
            self.retransmission = Some(core.after(self.interval, Due::Server(key, timer)));
        } else if !first.is_zero() {
            self.deadline = Some(core.after(first, Due::Server(key, timer)));
        }
    }

    fn forget_reply(&mut self, core: &mut Core) {
        if let Reply::Whole(old) = core::mem::replace(&mut self.reply, Reply::None) {
            core.recycle(old);
        }
    }
}

/// RFC 3261 §18.2.2 and RFC 3581 §4: to the source address always; to its port when `rport` was asked for, else to the
/// port of the sent-by. `maddr` is not followed: it would let a sender aim our answers at a third party.
pub(crate) fn response_place(message: &Message<'_>, from: &Place) -> Place {
    match from {
        Place::Stream { .. } => *from,
        Place::Datagram { listener, remote } => {
            let via = message.via();
            let port = if via.rport().is_some() { remote.port() } else { via.port_or_default() };
            Place::Datagram { listener: *listener, remote: SocketAddr::new(remote.ip(), port) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Beside the transaction itself: a place in the table of keys, a timer, and room in both tables to grow.
    const TABLES: usize = 24 + 64 + 24;

    #[test]
    fn a_finished_transaction_keeps_no_more_than_300_octets() {
        let size = size_of::<Server<Key>>() + TABLES;
        assert!(size <= 300, "{size}");
    }
}
