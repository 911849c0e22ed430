//! One leg of a call from its first INVITE to the answer to its last BYE.

use super::dialog::Dialog;
use super::peer::Peer;
use crate::Message;
use crate::home::Tag;
use crate::input::Place;
use crate::uri::OwnedUri;
use base::{Key, TimerId};
use core::net::IpAddr;
use core::time::Duration;
use model::{Cause, Dial, LegId, Sdp};

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) leg: LegId,
    pub(crate) peer: Peer,
    pub(crate) call_id: Box<str>,
    pub(crate) tag: Tag,
    /// Where its INVITE came from, or went to.
    pub(crate) came_from: IpAddr,
    pub(crate) phase: Phase,
}

#[derive(Debug)]
pub(crate) enum Phase {
    /// Somebody calls us and has no final answer yet.
    Inward(Box<Inward>),
    /// We call somebody.
    Outward(Box<Outward>),
    /// A 2xx was sent or received.
    Up(Box<Up>),
    /// Our BYE waits for its answer; the call hears nothing more.
    Closing(Box<Dialog>),
    /// Only while a method makes one phase into the next.
    Changing,
}

#[derive(Debug)]
pub(crate) struct Inward {
    pub(crate) server: Key,
    /// The INVITE as it came, from which answers are written.
    pub(crate) invite: Vec<u8>,
    pub(crate) dialog: Dialog,
    /// Under which merged requests are found.
    pub(crate) merge_key: u64,
}

#[derive(Debug)]
pub(crate) struct Outward {
    pub(crate) dial: Box<Dial>,
    /// From as it stands in every INVITE of this leg, tag and all.
    pub(crate) from: Vec<u8>,
    pub(crate) attempts: Vec<Attempt>,
    /// The best refusal so far.
    pub(crate) refusal: Option<Cause>,
    pub(crate) rang: bool,
}

/// One INVITE to one contact.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// `None` when it has failed.
    pub(crate) client: Option<Key>,
    pub(crate) uri: OwnedUri,
    pub(crate) place: Place,
    pub(crate) cseq: u32,
}

#[derive(Debug)]
pub(crate) struct Up {
    pub(crate) dialog: Dialog,
    /// Our 2xx, until its ACK comes.
    pub(crate) unacked: Option<Unacked>,
    /// What to do once that ACK has come: RFC 3261 §15 forbids a BYE before it.
    pub(crate) hangup: Option<Cause>,
    /// The body of our last ACK, for a 2xx that comes again.
    pub(crate) ack_body: Option<Sdp>,
    /// CSeq of the INVITE of ours that was accepted last.
    pub(crate) invite_cseq: u32,
    pub(crate) merge_key: Option<u64>,
}

/// A 2xx to an INVITE, repeated until its ACK (RFC 3261 §13.3.1.4).
#[derive(Debug)]
pub(crate) struct Unacked {
    pub(crate) cseq: u32,
    pub(crate) bytes: Vec<u8>,
    pub(crate) place: Place,
    pub(crate) interval: Duration,
    pub(crate) waited: Duration,
    pub(crate) timer: Option<TimerId>,
    /// The 2xx of the call's first INVITE.
    pub(crate) first: bool,
    /// The 2xx carried our offer: the ACK brings the answer.
    pub(crate) offers: bool,
}

impl Session {
    /// Whether a request with our tag means this session: Call-ID and the peer's tag must fit too.
    pub(crate) fn names(&self, request: &Message<'_>) -> bool {
        match self.dialog() {
            Some(dialog) => dialog.is_for(request),
            None => *self.call_id == *request.call_id(),
        }
    }

    /// The dialog a request with this From tag and Call-ID belongs to is always the only one: of an outward call that
    /// nobody answered yet there is none.
    pub(crate) fn dialog(&self) -> Option<&Dialog> {
        match &self.phase {
            Phase::Inward(inward) => Some(&inward.dialog),
            Phase::Up(up) => Some(&up.dialog),
            Phase::Closing(dialog) => Some(dialog),
            Phase::Outward(_) | Phase::Changing => None,
        }
    }

    pub(crate) fn dialog_mut(&mut self) -> Option<&mut Dialog> {
        match &mut self.phase {
            Phase::Inward(inward) => Some(&mut inward.dialog),
            Phase::Up(up) => Some(&mut up.dialog),
            Phase::Closing(dialog) => Some(dialog),
            Phase::Outward(_) | Phase::Changing => None,
        }
    }
}
