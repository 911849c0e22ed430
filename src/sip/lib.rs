//! Room `sip`: messages on the wire, digest authentication, and the machines that speak them.
//!
//! ## The wire side
//!
//! - [`Message::parse`] reads a datagram (or what [`Framer`] cut out of a stream) into a view of offsets: nothing is
//!   copied or allocated. Via, From, To, Call-ID, CSeq and the Request-URI are read and checked at once
//!   ([`Message::via`], [`Message::from`], …); every other field when asked for: [`Message::one`] for the first value,
//!   [`Message::all`] for every value, typed by [`header::Header`].
//! - A refused message is a [`ParseError`]; [`Malformed::read`] finds out whether an answer is possible and writes it.
//! - [`MessageWriter`] builds requests and responses in a buffer that is used again.
//! - [`auth::Challenger`] asks for digest credentials and checks them; [`auth::ClientAuth`] answers for our own realms.
//! - [`Uri`] and its kin are views too; [`OwnedUri`] keeps one. [`Uri::equivalent`] compares as the RFCs say.
//!
//! Invariants: network input never panics; a written value never makes a line of its own; what the typed fields print
//! they also read; everything that grows with input has a bound in [`limits`].
//!
//! Liberal where it harms nobody: white space within the brackets of an address, UTF-8 in user parts, `_` in host names,
//! no Max-Forwards, no From tag (RFC 2543). Strict where two readers could differ: bare CR or LF, control characters,
//! a field that may stand once standing twice, two tags, a Content-Length that is not one number.
//!
//! Deliberately absent: sockets, clocks, look-ups of names, bodies (see room `sdp`), S/MIME, XML; of digest
//! `auth-int`, `-sess` and SHA-512/256; `maddr` and `received` as places to send to.
//!
//! ```
//! use sip::{Message, MessageWriter, Method, StatusCode};
//! let datagram = b"OPTIONS sip:example.org SIP/2.0\r\n\
//!     Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1;rport\r\nMax-Forwards: 70\r\n\
//!     From: <sip:a@example.org>;tag=1\r\nTo: <sip:example.org>\r\nCall-ID: x@y\r\nCSeq: 7 OPTIONS\r\n\r\n";
//! let request = Message::parse(datagram)?;
//! assert_eq!(request.method(), Method::Options);
//!
//! let mut buffer = Vec::new();
//! let source = "192.0.2.1:5062".parse().unwrap();
//! let writer = MessageWriter::response(&mut buffer, &request, StatusCode::OK, Some("2"), source);
//! writer.end();
//! let response = Message::parse(&buffer)?;
//! assert_eq!(response.to().tag(), Some("2"));
//! assert_eq!(response.via().rport(), Some(Some(5062)));
//! # Ok::<(), sip::ParseError>(())
//! ```
//!
//! ## The user agent
//!
//! [`UserAgent`] is the leg port of the engine, one a shard: octets and [`model::LegCommand`]s in ([`Input`]), octets
//! ([`UserAgent::poll_transmit`]) and [`model::LegEvent`]s out ([`Output`]). Inside, from the wire inwards:
//!
//! - [`transaction`]: the four machines of RFC 3261 §17 with RFC 6026, one enum each; their tables print themselves
//!   ([`transaction::transition_tables`]).
//! - Dialogs, and one session a leg: INVITE both ways with CANCEL, forks and races, reliable provisionals (3262), offers
//!   inside a session (3261 §14, 3311), session timers (4028), REFER and Replaces (3515, 3891), keys by INFO.
//! - The registrar (shard 0; the others copy its bindings), and trunks: look-up by the driver (3263), failover, ceilings,
//!   OPTIONS probes, our registrations.
//! - [`home_of`] tells which shard a message belongs to; our tags and branches name it.
//!
//! A request belongs to (1) the dialog it names, (2) a phone, by its live registration, its fixed place or its digest
//! user, (3) the trunk with the longest matching network; else it is challenged or forbidden, and nothing is kept of it.
//!
//! Invariants: a leg that was let go or has ended speaks no more; requests go only to a place the peer sent from, the
//! directory names, or the peer's trunk may use; when nothing goes on, [`UserAgent::population`] is all zero but for
//! registrations.
//!
//! Deliberately absent: proxying, forking for others, subscriptions but the one a REFER makes, presence, outbound
//! keep-alives over UDP, TLS and WebSocket (a later issue), names looked up inside a dialog.

mod answer;
pub mod auth;
mod error;
mod escape;
mod fields;
mod framing;
mod hash;
pub mod header;
mod home;
mod input;
pub mod limits;
mod malformed;
mod message;
mod method;
mod multipart;
mod octets;
mod params;
mod scan;
mod status;
pub mod transaction;
mod uri;
mod user_agent;
mod writer;

pub use error::ParseError;
pub use escape::unescape;
pub use framing::{Frame, Framer, FramingError, Opener};
pub use header::{BadHeader, CSeq, CallId, DisplayName, Header, HeaderName, NameAddr, Transport, Via};
pub use home::home_of;
pub use input::{
    Binding, Candidate, Config, ConnectionId, Counter, Counters, Destination, Input, Listener, LocationUpdate, Note,
    Output, Place, Population, Protocol, Query, QueryId, RegistrationLimits, ResolveError,
};
pub use malformed::Malformed;
pub use message::{Message, StartLine};
pub use method::{KNOWN_METHODS, Method};
pub use params::{Param, ParamValue, Params};
pub use status::StatusCode;
pub use uri::{Host, OwnedUri, SipUri, TelUri, Uri, UriError, UriKind};
pub use user_agent::{TrunkState, UserAgent};
pub use writer::MessageWriter;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod torture;
