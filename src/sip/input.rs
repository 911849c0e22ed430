//! What goes into a [`crate::UserAgent`] and what comes out of it.

use crate::framing::FramingError;
use base::Instant;
use core::net::SocketAddr;
use core::time::Duration;
use model::{Directory, Fact, LegCommand, LegEvent, PhoneId, ShardId};
use std::sync::Arc;

/// Which kind of socket.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Protocol {
    Udp,
    Tcp,
}

impl Protocol {
    pub const fn is_reliable(self) -> bool {
        match self {
            Protocol::Udp => false,
            Protocol::Tcp => true,
        }
    }
}

/// A socket the driver has bound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Listener {
    pub protocol: Protocol,
    pub address: SocketAddr,
    /// What peers are told when `address` is unspecified (`0.0.0.0`, `::`); the site's public address goes before it.
    pub advertised: Option<SocketAddr>,
}

/// One stream, named by whoever opened it: the driver for accepted ones, the user agent (with [`ConnectionId::OURS`] set)
/// for those it asks for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ConnectionId(pub u64);

impl ConnectionId {
    /// Set in every id the user agent makes; the shard number stands in the eight bits below it.
    pub const OURS: u64 = 1 << 63;
}

/// Where octets of [`crate::UserAgent::poll_transmit`] go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Destination {
    Datagram { local: SocketAddr, remote: SocketAddr },
    Stream(ConnectionId),
}

/// One look-up of RFC 3263 the driver is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct QueryId(pub u32);

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Query {
    pub id: QueryId,
    /// A host name, never an address.
    pub host: Box<str>,
    /// A port written in the URI: then there is no SRV look-up (RFC 3263 §4.2).
    pub port: Option<u16>,
    /// A transport written in the URI: then there is no NAPTR look-up (RFC 3263 §4.1).
    pub protocol: Option<Protocol>,
}

/// One place a name leads to; the driver gives them in the order they are to be tried.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Candidate {
    pub protocol: Protocol,
    pub address: SocketAddr,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ResolveError {
    #[error("no such name")]
    NotFound,
    #[error("name server did not answer in time")]
    TimedOut,
}

/// One place a phone can be reached at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Binding {
    /// The contact as registered.
    pub contact: Box<str>,
    /// Where requests to it are sent.
    pub at: Place,
    /// Where the REGISTER came from: requests from there are this phone's.
    pub source: SocketAddr,
    /// Higher first (RFC 3261 §10.2.1.2), thousandths.
    pub q: u16,
    pub expires: Instant,
    /// What the REGISTER was called and numbered: an older one changes nothing (RFC 3261 §10.3 step 7).
    pub call_id: Box<str>,
    pub cseq: u32,
    /// `+sip.instance` (RFC 5626): the same device under a new address takes the place of the old one.
    pub instance: Option<Box<[u8]>>,
}

/// How a peer is reached.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Place {
    Datagram { listener: u8, remote: SocketAddr },
    Stream { connection: ConnectionId, remote: SocketAddr },
}

impl Place {
    pub const fn remote(&self) -> SocketAddr {
        match self {
            Place::Datagram { remote, .. } | Place::Stream { remote, .. } => *remote,
        }
    }

    pub const fn protocol(&self) -> Protocol {
        match self {
            Place::Datagram { .. } => Protocol::Udp,
            Place::Stream { .. } => Protocol::Tcp,
        }
    }
}

/// The registrar (on shard 0) tells the other shards where a phone is now; an empty list: nowhere.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LocationUpdate {
    pub phone: PhoneId,
    pub bindings: Vec<Binding>,
}

#[derive(Clone, Debug)]
pub enum Input<'a> {
    Datagram {
        local: SocketAddr,
        remote: SocketAddr,
        bytes: &'a [u8],
    },
    /// A stream was accepted, or one we asked for stands.
    StreamOpened {
        connection: ConnectionId,
        local: SocketAddr,
        remote: SocketAddr,
    },
    /// Octets as they came; for a driver with one shard.
    StreamData {
        connection: ConnectionId,
        bytes: &'a [u8],
    },
    /// One message the driver cut out with [`crate::Framer`] and sent to its home shard.
    StreamMessage {
        connection: ConnectionId,
        local: SocketAddr,
        remote: SocketAddr,
        bytes: &'a [u8],
    },
    /// A stream cannot be followed any further; `bytes` is what was left of it.
    StreamBroken {
        connection: ConnectionId,
        remote: SocketAddr,
        bytes: &'a [u8],
        fault: FramingError,
    },
    /// A stream is gone, or could not be opened.
    StreamClosed {
        connection: ConnectionId,
    },
    Leg(LegCommand),
    Resolved {
        query: QueryId,
        result: Result<Vec<Candidate>, ResolveError>,
    },
    Directory(Arc<Directory>),
    Location(LocationUpdate),
    /// No new calls from outside while true.
    Drain(bool),
    /// The process ends: our registrations are taken back.
    Shutdown,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Output {
    /// Open a stream; answered by [`Input::StreamOpened`] or [`Input::StreamClosed`].
    Connect {
        connection: ConnectionId,
        remote: SocketAddr,
    },
    Close {
        connection: ConnectionId,
    },
    Resolve(Query),
    Leg(LegEvent),
    Device {
        phone: PhoneId,
        reachable: bool,
    },
    Fact(Fact),
    /// For every other shard.
    Location(LocationUpdate),
    Note(Note),
}

/// One line for the log, already limited in rate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    pub what: Counter,
    pub peer: SocketAddr,
    pub call_id: Option<Box<str>>,
}

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident $word:literal,)+) => {
        /// What is counted instead of answered, or beside the answer.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Counter {
            $($(#[$doc])* $name,)+
        }

        impl Counter {
            pub const ALL: [Counter; [$(Counter::$name),+].len()] = [$(Counter::$name),+];

            /// For metrics and logs.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Counter::$name => $word,)+
                }
            }
        }
    };
}

counters! {
    /// Octets that are no SIP message and cannot be answered.
    Unreadable "unreadable",
    /// A bad request that was answered.
    Malformed "malformed",
    /// A response to nothing we sent.
    StrayResponse "stray-response",
    /// An ACK that confirms nothing.
    StrayAck "stray-ack",
    /// A request in no dialog we have.
    NoDialog "no-dialog",
    /// Right tags, wrong place: a request inside a dialog from an address that is not the peer's.
    Stranger "stranger",
    /// A request from nobody we know was challenged.
    Challenged "challenged",
    /// Refused for want of good credentials or rights.
    Forbidden "forbidden",
    /// Wrong password, stale or repeated nonce.
    BadCredentials "bad-credentials",
    /// Somebody who is not our trunk asked for our credentials and got none.
    UnansweredChallenge "unanswered-challenge",
    /// A source that guessed too often was not answered.
    Guessing "guessing",
    /// An answer would have been more than three times what an unproven source sent.
    Amplifying "amplifying",
    /// 503: a limit or drain.
    Overload "overload",
    /// The transport of a peer failed.
    TransportFailed "transport-failed",
    /// A stream broke the framing.
    BadFraming "bad-framing",
    /// A request was sent again and answered from memory.
    Retransmission "retransmission",
    /// Nobody answered a request.
    TimedOut "timed-out",
    /// 482: the same request by two ways.
    Loop "loop",
    /// 483.
    TooManyHops "too-many-hops",
    /// An address we may not send to.
    ForbiddenTarget "forbidden-target",
}

/// Totals since the start, by reason.
#[derive(Clone, Debug)]
pub struct Counters([u64; Counter::ALL.len()]);

impl Default for Counters {
    fn default() -> Self {
        Counters([0; Counter::ALL.len()])
    }
}

impl Counters {
    pub fn of(&self, counter: Counter) -> u64 {
        self.0[counter as usize]
    }

    pub(crate) fn add(&mut self, counter: Counter) {
        self.0[counter as usize] += 1;
    }
}

/// What is alive right now; all zero but the registrations when nothing goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Population {
    pub client_transactions: usize,
    pub server_transactions: usize,
    /// Calls, from the first INVITE until the last BYE is answered.
    pub sessions: usize,
    pub registrations: usize,
    pub connections: usize,
    pub timers: usize,
    /// Registrations of ours that are being taken back.
    pub leaving: usize,
}

#[derive(Clone, Debug)]
pub struct Config {
    pub directory: Arc<Directory>,
    pub shard: ShardId,
    pub shards: u8,
    /// Grows with every start, so that names of one run are not those of the next.
    pub boot: u32,
    pub seed: u64,
    /// From the operating system; the same on every shard of a process.
    pub secret: [u8; 32],
    pub listeners: Vec<Listener>,
    /// For User-Agent and Server; empty: neither is sent.
    pub user_agent: Box<str>,
    /// How long a registration may last at most and at least.
    pub registration: RegistrationLimits,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RegistrationLimits {
    pub min: Duration,
    pub max: Duration,
    /// What a REGISTER that names no time gets.
    pub default: Duration,
}

impl Default for RegistrationLimits {
    fn default() -> Self {
        RegistrationLimits {
            min: Duration::from_secs(30),
            max: Duration::from_secs(3600),
            default: Duration::from_secs(300),
        }
    }
}
