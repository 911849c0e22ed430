use super::calls::Calls;
use super::core::{Core, Due};
use super::errand::Errand;
use super::guesses::Guesses;
use super::location::Locations;
use super::lookup::{Lookups, Subject};
use super::peer::{Sources, plain};
use super::trunk::Trunks;
use crate::auth::Challenger;
use crate::framing::{Frame, FramingError};
use crate::input::{
    Candidate, Config, ConnectionId, Counter, Counters, Destination, Input, Output, Place, Population, QueryId,
    ResolveError,
};
use crate::transaction::{Clients, Servers};
use crate::{Host, OwnedUri};
use base::{Instant, Key, Now};
use core::net::SocketAddr;
use core::time::Duration;
use model::{Directory, PhoneId, TrunkId};
use std::sync::Arc;

/// Who waits for the outcome of a request of ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A first INVITE, with the place of its attempt.
    Invite {
        session: Key,
        attempt: u16,
    },
    /// A re-INVITE or UPDATE.
    Ask {
        session: Key,
    },
    Bye {
        session: Key,
        repeated: bool,
    },
    Notify {
        session: Key,
    },
    /// OPTIONS or REGISTER to a trunk's host.
    Trunk {
        trunk: TrunkId,
        errand: Errand,
    },
    #[default]
    Nobody,
}

/// The SIP endpoint of one shard: octets on one side, [`model::LegEvent`] and [`model::LegCommand`] on the other.
///
/// After each input, drain [`UserAgent::poll_transmit`] and [`UserAgent::poll_output`] until both are empty, then ask
/// [`UserAgent::poll_timeout`] when to call [`UserAgent::handle_timeout`].
///
/// A leg that was let go (by `Hangup` or `Reject`) or whose end was told (`Ended`, `Refused`) speaks no more, and
/// commands for it change nothing.
pub struct UserAgent {
    pub(crate) core: Core,
    pub(crate) clients: Clients<Owner>,
    pub(crate) servers: Servers<Key>,
    pub(crate) calls: Calls,
    pub(crate) sources: Sources,
    pub(crate) locations: Locations,
    pub(crate) guesses: Guesses,
    pub(crate) lookups: Lookups,
    pub(crate) trunks: Trunks,
    pub(crate) challenger: Challenger,
    pub(crate) draining: bool,
}

impl UserAgent {
    pub fn new(config: Config, now: Now) -> Self {
        let core = Core::new(config, now);
        let sources = Sources::new(core.directory(), core.table_key);
        let calls = Calls::new(core.table_key);
        let challenger = challenger(&core);
        let locations = Locations::new(core.table_key);
        let guesses = Guesses::new(core.table_key);
        let mut this = UserAgent {
            core,
            clients: Clients::default(),
            servers: Servers::default(),
            calls,
            sources,
            locations,
            guesses,
            lookups: Lookups::default(),
            trunks: Trunks::default(),
            challenger,
            draining: false,
        };
        this.set_up_places(None);
        this
    }

    // --- getters -------------------------------------------------------------------------------------------------

    pub fn counters(&self) -> &Counters {
        &self.core.counters
    }

    pub fn population(&self) -> Population {
        Population {
            client_transactions: self.clients.len(),
            server_transactions: self.servers.len(),
            sessions: self.calls.len(),
            registrations: self.locations.len(),
            connections: self.core.flows.len(),
            timers: self.core.timers.len(),
            leaving: self.trunks.states.iter().filter(|s| s.leaving).count(),
        }
    }

    // --- in ------------------------------------------------------------------------------------------------------

    pub fn handle_input(&mut self, now: Now, input: Input<'_>) {
        self.core.now = now;
        match input {
            Input::Datagram { local, remote, bytes } => self.handle_datagram(local, plain(remote), bytes),
            Input::StreamOpened { connection, remote, .. } => {
                let waiting = self.core.flows.opened(connection, plain(remote));
                if !waiting.is_empty() {
                    self.core.send(&Place::Stream { connection, remote: plain(remote) }, &waiting);
                }
            }
            Input::StreamData { connection, bytes } => self.handle_stream_data(connection, bytes),
            Input::StreamMessage { connection, remote, bytes, .. } => {
                let remote = plain(remote);
                if self.core.flows.remote(connection).is_none() {
                    self.core.flows.opened(connection, remote);
                }
                self.handle_message(Place::Stream { connection, remote }, bytes);
            }
            Input::StreamBroken { connection, remote, bytes, fault } => {
                let place = Place::Stream { connection, remote: plain(remote) };
                self.handle_broken_stream(place, connection, bytes, fault);
            }
            Input::StreamClosed { connection } => self.handle_stream_closed(connection),
            Input::Leg(command) => self.handle_command(command),
            Input::Resolved { query, result } => self.handle_resolved(query, result),
            Input::Directory(directory) => self.handle_directory(directory),
            Input::Location(update) => self.handle_location(update),
            Input::Drain(on) => self.draining = on,
            Input::Shutdown => self.unregister(),
        }
    }

    pub fn handle_timeout(&mut self, now: Now) {
        self.core.now = now;
        while let Some(due) = self.core.timers.pop_due(now.mono) {
            match due {
                Due::Client(key, timer) => {
                    if let Some((client, owner, failure)) = self.clients.handle_timer(&mut self.core, key, timer) {
                        self.handle_failure(client, owner, failure);
                    }
                }
                Due::Server(key, timer) => self.servers.handle_timer(&mut self.core, key, timer),
                Due::Session(key, timer) => self.handle_session_timer(key, timer),
                Due::Registration(phone) => self.expire_bindings(phone),
                Due::KeepAlive(phone) => self.keep_phone_alive(phone),
                Due::Trunk(trunk, timer) => self.handle_trunk_timer(trunk, timer),
            }
        }
    }

    // --- out -----------------------------------------------------------------------------------------------------

    /// The next message to send, written into `buffer` over what it held.
    pub fn poll_transmit(&mut self, buffer: &mut Vec<u8>) -> Option<Destination> {
        self.core.outbox().pop(buffer)
    }

    pub fn poll_output(&mut self) -> Option<Output> {
        self.core.outputs.pop_front()
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        self.core.timers.next_deadline()
    }

    // --- helpers -------------------------------------------------------------------------------------------------

    fn handle_datagram(&mut self, local: SocketAddr, remote: SocketAddr, bytes: &[u8]) {
        let Some(listener) = self.core.listener_at(local) else { return };
        self.handle_message(Place::Datagram { listener, remote }, bytes);
    }

    fn handle_stream_data(&mut self, connection: ConnectionId, mut bytes: &[u8]) {
        let Some(remote) = self.core.flows.remote(connection) else { return };
        let Some(mut framer) = self.core.flows.take_framer(connection) else { return };
        let place = Place::Stream { connection, remote };
        let fault = loop {
            match framer.poll_frame() {
                Ok(Some(Frame::Message(message))) => self.handle_message(place, message),
                // RFC 5626 §4.4.1: a double CRLF is answered by a single one.
                Ok(Some(Frame::Ping)) => self.core.send(&place, b"\r\n"),
                Ok(Some(Frame::Pong)) => {}
                Ok(None) if bytes.is_empty() => break None,
                Ok(None) => {
                    let took = framer.handle_octets(bytes);
                    bytes = &bytes[took..];
                }
                Err(fault) => break Some(fault),
            }
        };
        let Some(fault) = fault else { return self.core.flows.put_framer(connection, framer) };
        self.handle_broken_stream(place, connection, framer.rest(), fault);
    }

    /// The sender hears why, as far as an answer is possible; what came after cannot be told from noise.
    fn handle_broken_stream(&mut self, place: Place, connection: ConnectionId, bytes: &[u8], fault: FramingError) {
        self.core.note(Counter::BadFraming, place.remote(), None);
        self.refuse_malformed(&place, bytes, fault.parse_error());
        self.core.outputs.push_back(Output::Close { connection });
        self.handle_stream_closed(connection);
    }

    fn handle_stream_closed(&mut self, connection: ConnectionId) {
        self.core.flows.closed(connection);
        self.calls.leave_stream(&self.core, connection);
        for (client, owner, failure) in self.clients.handle_stream_closed(&mut self.core, connection) {
            self.handle_failure(client, owner, failure);
        }
        self.servers.handle_stream_closed(&mut self.core, connection);
        self.forget_stream(connection);
    }

    fn handle_directory(&mut self, directory: Arc<Directory>) {
        let before = self.core.set_directory(directory);
        if *self.core.directory().site.domain != *self.challenger.realm() {
            self.challenger = challenger(&self.core);
        }
        self.sources = Sources::new(self.core.directory(), self.core.table_key);
        self.forget_removed_phones();
        self.set_up_places(Some(&before));
    }

    /// Names of trunks and fixed phones that must be found, and what runs by itself.
    fn set_up_places(&mut self, before: Option<&Directory>) {
        let directory = Arc::clone(&self.core.config.directory);
        for (phone, index) in directory.phones.iter().zip(0u32..) {
            let uri = phone.contact.as_deref().filter(|_| !phone.removed).and_then(|c| OwnedUri::parse(c).ok());
            let subject = Subject::Phone(PhoneId(index));
            let is_name = uri.as_ref().is_some_and(|u| matches!(u.uri().sip().map(|s| s.host), Some(Host::Name(_))));
            self.lookups.set(subject, uri);
            if is_name {
                self.find(subject);
            }
        }
        self.set_up_trunks(before);
    }

    fn handle_resolved(&mut self, query: QueryId, result: Result<Vec<Candidate>, ResolveError>) {
        let Some((subject, waiting)) = self.lookups.handle_resolved(self.core.now.mono, query, result) else { return };
        match subject {
            Subject::Trunk(trunk) => {
                self.know_trunk_places(trunk);
            }
            Subject::Phone(phone) => {
                for candidate in self.lookups.places(subject) {
                    self.sources.stands_at(phone, candidate.address);
                }
            }
        }
        for session in waiting {
            self.reach_out(session);
        }
    }
}

/// RFC 7616 §3.3 leaves the age of a nonce to us: five minutes, longer than the gap between two REGISTERs of most phones.
const NONCE_LIFETIME: Duration = Duration::from_secs(300);

/// Nonces carry the shard in their key, so that one used on one shard cannot be used again on another.
fn challenger(core: &Core) -> Challenger {
    let mut key = core.config.secret;
    key[0] ^= core.config.shard.0;
    key[1] ^= 0x5a;
    Challenger::new(key, &core.directory().site.domain, NONCE_LIFETIME)
}
