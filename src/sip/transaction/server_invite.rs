//! RFC 3261 §17.2.1 figure 7, with the Accepted state of RFC 6026 §8.7.

use super::{Action, Timer};
use Action::{PassUp, Respond, Start, Stop, TimedOut, TransportFailed};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerInvite {
    Proceeding,
    Completed,
    Confirmed,
    Accepted,
    Terminated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerInviteEvent {
    /// The INVITE came again.
    Request,
    Ack,
    /// The user agent answers 101–199 (100 too: it is sent when the transaction is made).
    Provisional,
    /// The user agent answers 2xx.
    Success,
    /// The user agent answers 300–699.
    Refusal,
    Fired(Timer),
    TransportError,
}

impl ServerInvite {
    pub const INITIAL: ServerInvite = ServerInvite::Proceeding;

    /// Next state and what to do on the way.
    pub fn on(self, event: ServerInviteEvent) -> (Self, &'static [Action]) {
        use ServerInvite::{Accepted, Completed, Confirmed, Proceeding, Terminated};
        use ServerInviteEvent as E;
        match (self, event) {
            (Proceeding, E::Request | E::Provisional) => (Proceeding, &[Respond]),
            (Proceeding, E::Success) => (Accepted, &[Respond, Start(Timer::L)]),
            (Proceeding, E::Refusal) => (Completed, &[Respond, Start(Timer::G), Start(Timer::H)]),
            (Proceeding | Completed, E::TransportError) => (Terminated, &[Stop, TransportFailed]),
            (Completed, E::Request) => (Completed, &[Respond]),
            (Completed, E::Fired(Timer::G)) => (Completed, &[Respond, Start(Timer::G)]),
            (Completed, E::Fired(Timer::H)) => (Terminated, &[Stop, TimedOut]),
            (Completed, E::Ack) => (Confirmed, &[Stop, Start(Timer::I)]),
            (Confirmed, E::Fired(Timer::I)) => (Terminated, &[]),
            // RFC 6026 §7.1: the user agent repeats its 2xx itself, a repeated INVITE is absorbed.
            (Accepted, E::Success) => (Accepted, &[Respond]),
            (Accepted, E::Ack) => (Accepted, &[PassUp]),
            (Accepted, E::Fired(Timer::L)) => (Terminated, &[]),
            (
                Proceeding | Completed | Confirmed | Accepted | Terminated,
                E::Request | E::Ack | E::Provisional | E::Success | E::Refusal | E::Fired(_) | E::TransportError,
            ) => (self, &[]),
        }
    }
}
