//! RFC 3261 §17.1.2 figure 6: every request but INVITE.

use super::{Action, Timer};
use Action::{PassUp, Retransmit, Start, StartSlow, Stop, TimedOut, TransportFailed};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientNonInvite {
    Trying,
    Proceeding,
    Completed,
    Terminated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientNonInviteEvent {
    /// The user agent starts the transaction; the request has just been sent.
    Request,
    Provisional,
    /// 200–699.
    Final,
    Fired(Timer),
    TransportError,
}

impl ClientNonInvite {
    pub const INITIAL: ClientNonInvite = ClientNonInvite::Trying;

    /// Next state and what to do on the way.
    pub fn on(self, event: ClientNonInviteEvent) -> (Self, &'static [Action]) {
        use ClientNonInvite::{Completed, Proceeding, Terminated, Trying};
        use ClientNonInviteEvent as E;
        match (self, event) {
            (Trying, E::Request) => (Trying, &[Start(Timer::E), Start(Timer::F)]),
            (Trying, E::Fired(Timer::E)) => (Trying, &[Retransmit, Start(Timer::E)]),
            // RFC 3261 §17.1.2.2: in Proceeding the gap is T2 at once.
            (Proceeding, E::Fired(Timer::E)) => (Proceeding, &[Retransmit, StartSlow(Timer::E)]),
            (Trying | Proceeding, E::Fired(Timer::F)) => (Terminated, &[Stop, TimedOut]),
            (Trying | Proceeding, E::Provisional) => (Proceeding, &[PassUp]),
            (Trying | Proceeding, E::Final) => (Completed, &[Stop, Start(Timer::K), PassUp]),
            (Trying | Proceeding, E::TransportError) => (Terminated, &[Stop, TransportFailed]),
            (Completed, E::Fired(Timer::K)) => (Terminated, &[]),
            (
                Trying | Proceeding | Completed | Terminated,
                E::Request | E::Provisional | E::Final | E::Fired(_) | E::TransportError,
            ) => (self, &[]),
        }
    }
}
