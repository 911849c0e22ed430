//! RFC 3261 §17.2.2 figure 8: every request but INVITE.

use super::{Action, Timer};
use Action::{Respond, Start, Stop, TransportFailed};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerNonInvite {
    Trying,
    Proceeding,
    Completed,
    Terminated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerNonInviteEvent {
    /// The request came again.
    Request,
    Provisional,
    /// The user agent answers 200–699.
    Final,
    Fired(Timer),
    TransportError,
}

impl ServerNonInvite {
    pub const INITIAL: ServerNonInvite = ServerNonInvite::Trying;

    /// Next state and what to do on the way.
    pub fn on(self, event: ServerNonInviteEvent) -> (Self, &'static [Action]) {
        use ServerNonInvite::{Completed, Proceeding, Terminated, Trying};
        use ServerNonInviteEvent as E;
        match (self, event) {
            (Trying | Proceeding, E::Provisional) => (Proceeding, &[Respond]),
            (Trying | Proceeding, E::Final) => (Completed, &[Respond, Start(Timer::J)]),
            (Proceeding | Completed, E::Request) => (self, &[Respond]),
            (Proceeding | Completed, E::TransportError) => (Terminated, &[Stop, TransportFailed]),
            (Completed, E::Fired(Timer::J)) => (Terminated, &[]),
            (
                Trying | Proceeding | Completed | Terminated,
                E::Request | E::Provisional | E::Final | E::Fired(_) | E::TransportError,
            ) => (self, &[]),
        }
    }
}
