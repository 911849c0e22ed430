//! The four transaction machines of RFC 3261 §17 with RFC 6026, one enum each, and the layer that runs them.

mod client;
mod client_invite;
mod clients;
mod rewrite;
mod server;
mod server_invite;
mod servers;
mod table;
mod timer;

pub use client::{ClientNonInvite, ClientNonInviteEvent};
pub use client_invite::{ClientInvite, ClientInviteEvent};
pub(crate) use clients::{Clients, Failure, Heard};
pub use server::{ServerNonInvite, ServerNonInviteEvent};
pub use server_invite::{ServerInvite, ServerInviteEvent};
pub(crate) use servers::{Asked, RequestKey, Servers, response_place};
pub use table::transition_tables;
pub use timer::{GIVE_UP, PATIENCE, T1, T2, T4, Timer};

/// What a machine asks of the layer around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send the request again.
    Retransmit,
    /// Send the response, or the last one again.
    Respond,
    /// ACK a refusal (RFC 3261 §17.1.1.3).
    Acknowledge,
    /// Send CANCEL.
    Cancel,
    /// Start the timer, or start it again with its next interval.
    Start(Timer),
    /// Start the timer again with T2.
    StartSlow(Timer),
    /// Stop all timers.
    Stop,
    /// Give the message to the user agent.
    PassUp,
    /// Tell the user agent that nobody answered.
    TimedOut,
    /// Tell the user agent that sending failed.
    TransportFailed,
}
