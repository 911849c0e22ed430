//! RFC 3261 §17.1.1 figure 5, with the Accepted state of RFC 6026 §8.4.

use super::{Action, Timer};
use Action::{Acknowledge, Cancel, PassUp, Retransmit, Start, Stop, TimedOut, TransportFailed};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientInvite {
    Calling,
    Proceeding,
    Completed,
    Accepted,
    Terminated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientInviteEvent {
    /// The user agent starts the transaction; the request has just been sent.
    Request,
    Provisional,
    Success,
    /// 300–699.
    Refusal,
    Fired(Timer),
    TransportError,
}

impl ClientInvite {
    pub const INITIAL: ClientInvite = ClientInvite::Calling;

    /// Next state and what to do on the way.
    pub fn on(self, event: ClientInviteEvent) -> (Self, &'static [Action]) {
        use ClientInvite::{Accepted, Calling, Completed, Proceeding, Terminated};
        use ClientInviteEvent as E;
        match (self, event) {
            (Calling, E::Request) => (Calling, &[Start(Timer::A), Start(Timer::B)]),
            (Calling, E::Fired(Timer::A)) => (Calling, &[Retransmit, Start(Timer::A)]),
            (Calling, E::Fired(Timer::B)) => (Terminated, &[Stop, TimedOut]),
            // RFC 3261 §17.1.1.2: once a provisional response came nothing is sent again, and timer B no longer counts.
            (Calling, E::Provisional) => (Proceeding, &[Stop, Start(Timer::C), PassUp]),
            (Proceeding, E::Provisional) => (Proceeding, &[Start(Timer::C), PassUp]),
            (Proceeding, E::Fired(Timer::C)) => (Proceeding, &[Cancel]),
            // RFC 3261 §9.1: 64*T1 after the CANCEL a silent INVITE counts as cancelled. Timer B is free to run again.
            (Proceeding, E::Fired(Timer::B)) => (Terminated, &[Stop, TimedOut]),
            (Calling | Proceeding, E::Success) => (Accepted, &[Stop, Start(Timer::M), PassUp]),
            (Calling | Proceeding, E::Refusal) => (Completed, &[Stop, Acknowledge, Start(Timer::D), PassUp]),
            (Calling | Proceeding | Completed, E::TransportError) => (Terminated, &[Stop, TransportFailed]),
            (Completed, E::Refusal) => (Completed, &[Acknowledge]),
            (Completed, E::Fired(Timer::D)) => (Terminated, &[]),
            (Accepted, E::Success) => (Accepted, &[PassUp]),
            (Accepted, E::Fired(Timer::M)) => (Terminated, &[]),
            (
                Calling | Proceeding | Completed | Accepted | Terminated,
                E::Request | E::Provisional | E::Success | E::Refusal | E::Fired(_) | E::TransportError,
            ) => (self, &[]),
        }
    }
}
