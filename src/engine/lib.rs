//! Room `engine`: the signalling glue. One [`Shard`] is one loop; it owns a user agent (`sip`), the calls (`call`) and
//! a part of the distributor (`acd`) and carries what one puts out to the others that take it.
//!
//! Inputs: [`Input`] (messages, media events, other shards' mail, people's asks, a new directory). Outputs:
//! [`Output`] and datagrams by [`Shard::poll_transmit`].
//!
//! The legs of a shard are SIP sessions, or somebody else's ([`Legs::Outside`]): traffic simulation runs this same engine
//! with legs that only ring, answer and hang up.
//!
//! Invariants: one input, then a drain to quiet within a counted limit; only `dispatch.rs` turns one machine's output
//! into another's input, with exhaustive matches; nothing here decides about a call.
//!
//! Deliberately absent: sockets, threads, packets of sound (a packet never passes through here), formatting.

mod dispatch;
mod handover;
mod input;
mod legs;
mod limits;
mod modules;
mod shard;
mod status;

pub use input::{Answer, Ask, Config, Input, Mail, Output, Ticket};
pub use legs::{Legs, SipLegs};
pub use limits::{DRAIN_ROUNDS, MAX_SHARDS};
pub use modules::{MODULES, Module};
pub use shard::Shard;
pub use status::{CallStatus, ShardStatus, TrunkStatus};
