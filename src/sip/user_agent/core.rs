//! What every part of the user agent leans on: time, timers, the way out, and our own names and addresses.

use crate::hash::HashKey;
use crate::home::{Branch, BranchText, Tag};
use crate::input::{Config, Counter, Counters, Destination, Note, Output, Place, Protocol};
use crate::limits::{NOTES_BURST, NOTES_PER_SECOND, POOLED_BUFFER_BYTES_MAX, POOLED_BUFFERS_MAX};
use crate::transaction::Timer;
use crate::user_agent::errand::TrunkTimer;
use crate::user_agent::flows::{Flows, Route};
use crate::{Host, MessageWriter, OwnedUri, Transport};
use base::{Instant, Key, Now, Rng, TimerId, TimerWheel};
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use model::{Directory, LegEvent, LegId, PhoneId, TrunkId};
use std::collections::VecDeque;
use std::sync::Arc;

/// Everything that can fall due, in one wheel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Client(Key, Timer),
    Server(Key, Timer),
    Session(Key, SessionTimer),
    /// The next binding of a phone expires.
    Registration(PhoneId),
    /// A phone behind a NAT hears from us, so that its way stays open.
    KeepAlive(PhoneId),
    Trunk(TrunkId, TrunkTimer),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionTimer {
    /// Repeat the 2xx nobody has acknowledged.
    Unacked,
    /// Say again that the call is still on its way.
    Reminder,
    /// Repeat the reliable provisional nobody has acknowledged.
    Reliable,
    /// Offer again after a 491.
    Glare,
    /// Refresh the session (RFC 4028).
    Refresh,
    /// The peer did not refresh it.
    Expired,
    /// The subscription a REFER made ends.
    Refer,
    /// The name of what is called was not found in time.
    Lookup,
    /// The place tried first is silent.
    Silent,
}

pub(crate) struct Core {
    pub(crate) config: Config,
    pub(crate) now: Now,
    pub(crate) timers: TimerWheel<Due>,
    pub(crate) outputs: VecDeque<Output>,
    pub(crate) counters: Counters,
    pub(crate) rng: Rng,
    pub(crate) flows: Flows,
    /// Where trunks' names lead to.
    pub(crate) trunk_places: Vec<(TrunkId, IpAddr)>,
    outbox: Outbox,
    pool: Vec<Vec<u8>>,
    /// For tables of this shard.
    pub(crate) table_key: HashKey,
    /// For tags: the same on every shard of this run.
    tag_key: HashKey,
    /// For branches and stateless tags.
    name_key: HashKey,
    names: u64,
    faces: Vec<Face>,
    domain: OwnedUri,
    notes: NoteRate,
}

/// What a peer is told about one of our listeners.
#[derive(Debug)]
struct Face {
    protocol: Protocol,
    local: SocketAddr,
    public: SocketAddr,
    contact_local: OwnedUri,
    contact_public: OwnedUri,
}

impl Core {
    pub(crate) fn new(config: Config, now: Now) -> Self {
        let word = |i: usize| {
            let bytes = config.secret[8 * i..8 * i + 8].try_into().expect("the secret has four words");
            u64::from_le_bytes(bytes)
        };
        let own = (u64::from(config.shard.0) << 32) | u64::from(config.boot);
        let mut core = Core {
            now,
            timers: TimerWheel::new(now.mono),
            outputs: VecDeque::new(),
            counters: Counters::default(),
            rng: Rng::new(config.seed),
            flows: Flows::new(config.shard, HashKey::new(word(1) ^ own, word(2))),
            trunk_places: Vec::new(),
            outbox: Outbox::default(),
            pool: Vec::new(),
            table_key: HashKey::new(word(0) ^ own, word(1)),
            tag_key: HashKey::new(word(2) ^ u64::from(config.boot), word(3)),
            name_key: HashKey::new(word(3) ^ own, word(0).rotate_left(17)),
            names: 0,
            faces: Vec::new(),
            domain: domain(&config.directory.site.domain),
            notes: NoteRate { at: now.mono, left: NOTES_BURST },
            config,
        };
        core.refresh_faces();
        core
    }

    pub(crate) fn directory(&self) -> &Directory {
        &self.config.directory
    }

    /// The directory there was before comes back.
    pub(crate) fn set_directory(&mut self, directory: Arc<Directory>) -> Arc<Directory> {
        self.domain = domain(&directory.site.domain);
        let before = core::mem::replace(&mut self.config.directory, directory);
        self.refresh_faces();
        before
    }

    /// The host part of our own addresses of record.
    pub(crate) fn domain(&self) -> Host<'_> {
        self.domain.uri().sip().expect("made as a SIP URI").host
    }

    fn refresh_faces(&mut self) {
        let public_ip = self.config.directory.site.public_address;
        self.faces = self
            .config
            .listeners
            .iter()
            .map(|listener| {
                let local = listener.advertised.unwrap_or(listener.address);
                let public = public_ip.map_or(local, |ip| SocketAddr::new(ip, local.port()));
                Face {
                    protocol: listener.protocol,
                    local,
                    public,
                    contact_local: contact(listener.protocol, local),
                    contact_public: contact(listener.protocol, public),
                }
            })
            .collect();
    }

    // --- names ---------------------------------------------------------------------------------------------------

    pub(crate) fn tag(&self, leg: LegId) -> Tag {
        Tag::new(leg, &self.tag_key)
    }

    pub(crate) fn leg_of_tag(&self, tag: &str) -> Option<LegId> {
        Tag::verify(tag, &self.tag_key)
    }

    /// A value nobody outside can foresee.
    pub(crate) fn name(&mut self) -> u64 {
        self.names += 1;
        self.name_key.hash(&[b"name", &self.names.to_be_bytes()])
    }

    /// A tag for an answer nothing is kept of: the same for a request that comes again (RFC 3261 §8.2.7).
    pub(crate) fn stateless_tag(&self, call_id: &str, branch: &str) -> StatelessTag {
        let mut digits = [0; 16];
        crate::home::hex(self.name_key.hash(&[call_id.as_bytes(), branch.as_bytes()]), &mut digits);
        StatelessTag(digits)
    }

    /// The ACK of a 2xx is a transaction of its own that nothing ever answers (RFC 3261 §13.2.2.4).
    pub(crate) fn ack_branch(&mut self) -> BranchText {
        let name = self.name();
        Branch { shard: self.config.shard, key: Key::new(u32::MAX, 0), nonce: name as u32 }.text()
    }

    pub(crate) fn call_id(&mut self) -> Box<str> {
        let name = self.name();
        let count = self.names;
        format!("{:02x}{:06x}{count:08x}-{name:016x}", self.config.shard.0, self.config.boot & 0xff_ffff).into()
    }

    // --- our addresses -------------------------------------------------------------------------------------------

    /// The listener requests to `remote` leave from; the first bound to the same kind of address wins.
    pub(crate) fn listener_for(&self, protocol: Protocol, remote: SocketAddr) -> Option<u8> {
        let fits = |face: &Face| face.protocol == protocol && face.local.is_ipv4() == remote.is_ipv4();
        let exact = |face: &Face| fits(face) && face.local.ip().is_loopback() == remote.ip().is_loopback();
        let faces = &self.faces;
        faces.iter().position(exact).or_else(|| faces.iter().position(fits)).map(|i| i as u8)
    }

    pub(crate) fn listener_at(&self, local: SocketAddr) -> Option<u8> {
        let exact = self.config.listeners.iter().position(|l| l.protocol == Protocol::Udp && l.address == local);
        let wild = || {
            self.config.listeners.iter().position(|l| {
                l.protocol == Protocol::Udp
                    && l.address.ip().is_unspecified()
                    && l.address.port() == local.port()
                    && l.address.is_ipv4() == local.is_ipv4()
            })
        };
        exact.or_else(wild).map(|i| i as u8)
    }

    fn face(&self, place: &Place) -> Option<&Face> {
        let index = match place {
            Place::Datagram { listener, .. } => Some(*listener),
            Place::Stream { remote, .. } => self.listener_for(Protocol::Tcp, *remote),
        };
        self.faces.get(usize::from(index?))
    }

    fn is_local(&self, remote: SocketAddr) -> bool {
        let site = &self.config.directory.site;
        site.public_address.is_none() || site.local_networks.iter().any(|n| n.contains(remote.ip()))
    }

    /// Our Via for a request to `place`.
    pub(crate) fn via(&self, writer: &mut MessageWriter<'_>, place: &Place, branch: &str) {
        let transport = match place.protocol() {
            Protocol::Udp => Transport::Udp,
            Protocol::Tcp => Transport::Tcp,
        };
        let address = self.face(place).map(|f| if self.is_local(place.remote()) { f.local } else { f.public });
        let (host, port) = match address {
            Some(address) => (Host::Ip(address.ip()), Some(address.port())),
            // A stream with no listener beside it: nobody can reach us but by this very stream.
            None => (Host::Name("unreachable.invalid"), None),
        };
        writer.via(transport, host, port, branch);
    }

    /// Our Contact towards `place`.
    pub(crate) fn contact(&self, place: &Place) -> Option<&OwnedUri> {
        let face = self.face(place)?;
        Some(if self.is_local(place.remote()) { &face.contact_local } else { &face.contact_public })
    }

    /// Our Contact towards `place` under another name, for a registrar that calls us by it.
    pub(crate) fn contact_as(&self, place: &Place, user: &str) -> Option<OwnedUri> {
        let face = self.face(place)?;
        let address = if self.is_local(place.remote()) { face.local } else { face.public };
        let plain = OwnedUri::sip(Some(user), Host::Ip(address.ip()), Some(address.port()));
        match place.protocol() {
            Protocol::Udp => Some(plain),
            Protocol::Tcp => OwnedUri::parse(&format!("{plain};transport=tcp")).ok(),
        }
    }

    /// Whether a URI's host is this house: its domain or a host in it, or an address it is reached at.
    pub(crate) fn is_own_host(&self, host: &Host<'_>) -> bool {
        match (host, self.domain()) {
            (Host::Ip(ip), domain) => {
                let ip = ip.to_canonical();
                let listens = |a: SocketAddr| a.ip() == ip;
                domain.ip() == Some(ip)
                    || self.faces.iter().any(|f| listens(f.local) || listens(f.public))
                    // Bound to every address: any of them may be meant, and so may the one a NAT shows outside.
                    || self.config.listeners.iter().any(|l| l.address.ip() == ip || l.address.ip().is_unspecified())
            }
            (Host::Name(name), Host::Name(domain)) => {
                let name = name.strip_suffix('.').unwrap_or(name);
                let rest = name.len().checked_sub(domain.len()).and_then(|at| Some((name.get(..at)?, name.get(at..)?)));
                rest.is_some_and(|(front, end)| {
                    end.eq_ignore_ascii_case(domain) && (front.is_empty() || front.ends_with('.'))
                })
            }
            (Host::Name(_), Host::Ip(_)) => false,
        }
    }

    /// Whether a Request-URI host and port name one of our own listeners.
    pub(crate) fn is_own(&self, address: SocketAddr) -> bool {
        self.faces.iter().any(|f| f.local == address || f.public == address)
            || self.config.listeners.iter().any(|l| l.address == address)
    }

    /// The way to an address; opens a stream where one is needed and none is there.
    pub(crate) fn place_at(&mut self, protocol: Protocol, remote: SocketAddr) -> Option<Place> {
        if protocol == Protocol::Udp {
            return self.listener_for(protocol, remote).map(|listener| Place::Datagram { listener, remote });
        }
        let connection = match self.flows.to(remote) {
            Route::Existing(connection) => connection,
            Route::New(connection) => {
                self.outputs.push_back(Output::Connect { connection, remote });
                connection
            }
            Route::Full => return None,
        };
        Some(Place::Stream { connection, remote })
    }

    /// The same place, by a new stream when the old one is gone.
    pub(crate) fn live(&mut self, place: Place) -> Place {
        match place {
            Place::Stream { connection, remote } if self.flows.remote(connection).is_none() => {
                self.place_at(Protocol::Tcp, remote).unwrap_or(place)
            }
            Place::Stream { .. } | Place::Datagram { .. } => place,
        }
    }

    // --- the way out ---------------------------------------------------------------------------------------------

    pub(crate) fn send(&mut self, place: &Place, bytes: &[u8]) {
        match place {
            Place::Datagram { listener, remote } => {
                let Some(listener) = self.config.listeners.get(usize::from(*listener)) else { return };
                self.outbox.push(Destination::Datagram { local: listener.address, remote: *remote }, bytes);
            }
            Place::Stream { connection, .. } => {
                if self.flows.hold_back(*connection, bytes) {
                    return;
                }
                self.outbox.push(Destination::Stream(*connection), bytes);
            }
        }
    }

    pub(crate) fn outbox(&mut self) -> &mut Outbox {
        &mut self.outbox
    }

    pub(crate) fn emit(&mut self, event: LegEvent) {
        self.outputs.push_back(Output::Leg(event));
    }

    /// An empty buffer with its old memory.
    pub(crate) fn buffer(&mut self) -> Vec<u8> {
        self.pool.pop().unwrap_or_else(|| Vec::with_capacity(1024))
    }

    pub(crate) fn recycle(&mut self, mut buffer: Vec<u8>) {
        if self.pool.len() < POOLED_BUFFERS_MAX && (1..=POOLED_BUFFER_BYTES_MAX).contains(&buffer.capacity()) {
            buffer.clear();
            self.pool.push(buffer);
        }
    }

    // --- timers and counters -------------------------------------------------------------------------------------

    pub(crate) fn after(&mut self, wait: Duration, due: Due) -> TimerId {
        self.timers.insert(self.now.mono + wait, due)
    }

    pub(crate) fn stop(&mut self, timer: &mut Option<TimerId>) {
        if let Some(id) = timer.take() {
            self.timers.cancel(id);
        }
    }

    pub(crate) fn count(&mut self, what: Counter) {
        self.counters.add(what);
    }

    /// Counts, and says so in the log while there are not too many lines.
    pub(crate) fn note(&mut self, what: Counter, peer: SocketAddr, call_id: Option<&str>) {
        self.counters.add(what);
        if self.notes.allow(self.now.mono) {
            self.outputs.push_back(Output::Note(Note { what, peer, call_id: call_id.map(Into::into) }));
        }
    }
}

fn domain(name: &str) -> OwnedUri {
    OwnedUri::parse(&format!("sip:{name}")).unwrap_or_else(|_| OwnedUri::sip(None, Host::Name("localhost"), None))
}

fn contact(protocol: Protocol, address: SocketAddr) -> OwnedUri {
    let text = match protocol {
        Protocol::Udp => format!("sip:strowger@{address}"),
        Protocol::Tcp => format!("sip:strowger@{address};transport=tcp"),
    };
    OwnedUri::parse(&text).expect("an address makes a URI")
}

pub(crate) struct StatelessTag([u8; 16]);

impl StatelessTag {
    pub(crate) fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).expect("hexadecimal digits")
    }
}

/// Messages on their way out, one behind the other in one piece of memory.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    arena: Vec<u8>,
    waiting: VecDeque<(Destination, usize, usize)>,
}

impl Outbox {
    fn push(&mut self, to: Destination, bytes: &[u8]) {
        let start = self.arena.len();
        self.arena.extend_from_slice(bytes);
        self.waiting.push_back((to, start, self.arena.len()));
    }

    pub(crate) fn pop(&mut self, buffer: &mut Vec<u8>) -> Option<Destination> {
        let (to, start, end) = self.waiting.pop_front()?;
        buffer.clear();
        buffer.extend_from_slice(&self.arena[start..end]);
        if self.waiting.is_empty() {
            self.arena.clear();
        }
        Some(to)
    }
}

/// A token bucket for log lines, so that a flood does not become a flood of text.
#[derive(Debug)]
struct NoteRate {
    at: Instant,
    left: u32,
}

impl NoteRate {
    fn allow(&mut self, now: Instant) -> bool {
        let gained = now.since(self.at).as_millis() * u128::from(NOTES_PER_SECOND) / 1000;
        if gained > 0 {
            self.at = now;
            self.left = NOTES_BURST.min(self.left.saturating_add(u32::try_from(gained).unwrap_or(NOTES_BURST)));
        }
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        true
    }
}
