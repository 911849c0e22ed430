//! One leg of a call from its first INVITE to the answer to its last BYE.

use super::accounts::Credentials;
use super::dialog::Dialog;
use super::outward::Contact;
use super::peer::Peer;
use super::session_timer::Agreed;
use crate::Message;
use crate::home::Tag;
use crate::input::Place;
use crate::uri::OwnedUri;
use base::{Key, TimerId};
use core::net::IpAddr;
use core::time::Duration;
use model::{Cause, Dial, LegId, Progress, Sdp};
use std::collections::VecDeque;

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) leg: LegId,
    pub(crate) peer: Peer,
    pub(crate) call_id: Box<str>,
    pub(crate) tag: Tag,
    /// Where its INVITE came from; `None` for one of ours.
    pub(crate) came_from: Option<IpAddr>,
    /// What the trunk has asked for within this call.
    pub(crate) credentials: Option<Box<Credentials>>,
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
    /// The INVITE's CSeq; a PRACK moves the dialog's.
    pub(crate) cseq: u32,
    /// The INVITE offers nothing: our 2xx does.
    pub(crate) we_offer: bool,
    /// What our 2xx says about session timers.
    pub(crate) agreed: Agreed,
    pub(crate) dialog: Dialog,
    /// Under which merged requests are found.
    pub(crate) merge_key: u64,
    /// What was told last before the answer; it is told again each minute.
    pub(crate) told: Option<(Progress, Option<Sdp>)>,
    pub(crate) reminder: Option<TimerId>,
    /// Present when the caller insists on reliable provisional responses.
    pub(crate) reliable: Option<Reliable>,
    /// An UPDATE of the caller before the answer (RFC 3311 §5.1).
    pub(crate) exchange: Exchange,
    /// What we answered it; the 2xx says nothing about media then.
    pub(crate) described: Option<Sdp>,
}

/// RFC 3262 on our side: provisional responses that are repeated until their PRACK.
#[derive(Debug)]
pub(crate) struct Reliable {
    pub(crate) rseq: u32,
    pub(crate) unacked: Option<Unacked>,
    /// A response with our answer has its PRACK: the first offer is settled.
    pub(crate) agreed: bool,
    /// What came while one was on its way: the next goes out when its PRACK has come.
    pub(crate) waiting: Option<(Progress, Option<Sdp>)>,
    /// The answer waits too: RFC 3262 §3 forbids a 2xx before the PRACK of a response with a description.
    pub(crate) answer: Option<Option<Sdp>>,
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
    /// Places to try when those before have failed.
    pub(crate) spare: VecDeque<Contact>,
    /// Runs while the name is looked up, or while the first place is silent and there is a next.
    pub(crate) timer: Option<TimerId>,
    /// Session interval asked for; a 422 raises it once.
    pub(crate) interval: u32,
}

/// One INVITE to one contact.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// `None` when it has failed.
    pub(crate) client: Option<Key>,
    pub(crate) uri: OwnedUri,
    pub(crate) place: Place,
    pub(crate) cseq: u32,
    pub(crate) early: Vec<Early>,
    /// It was sent again with other headers once (422, 401); not twice.
    pub(crate) repeated: bool,
}

/// A dialog made by a reliable provisional response.
#[derive(Debug)]
pub(crate) struct Early {
    pub(crate) dialog: Dialog,
    pub(crate) rseq: u32,
    /// The answer it brought; the 2xx need not repeat it.
    pub(crate) answer: Option<Sdp>,
}

#[derive(Debug)]
pub(crate) struct Up {
    pub(crate) dialog: Dialog,
    /// Our 2xx, until its ACK comes.
    pub(crate) unacked: Option<Unacked>,
    /// What to do once that ACK has come: RFC 3261 §15 forbids a BYE before it.
    pub(crate) hangup: Option<Cause>,
    /// The peer's 2xx made the offer: its ACK waits for our answer.
    pub(crate) owes_ack: bool,
    /// The body of our last ACK, for a 2xx that comes again.
    pub(crate) ack_body: Option<Sdp>,
    /// CSeq of the INVITE of ours that was accepted last.
    pub(crate) invite_cseq: u32,
    pub(crate) merge_key: Option<u64>,
    pub(crate) exchange: Exchange,
    /// An offer of ours that waits for its turn; a newer one takes its place.
    pub(crate) next_offer: Option<Sdp>,
    /// What we described last, for a refresh by re-INVITE.
    pub(crate) described: Option<Sdp>,
    pub(crate) timer: SessionTimers,
    pub(crate) transfer: Option<Transfer>,
}

/// Offer and answer inside a session (RFC 3261 §14, RFC 3311).
#[derive(Debug)]
pub(crate) enum Exchange {
    Stable,
    /// Our re-INVITE or UPDATE is in flight.
    Asked {
        client: Key,
        why: Asked,
        /// Sent again with credentials; not twice.
        repeated: bool,
    },
    /// The peer's re-INVITE or UPDATE waits for the call.
    Asking {
        server: Key,
        request: Vec<u8>,
        from: Place,
    },
    /// After a 491 we ask again, a little later.
    Backoff {
        timer: TimerId,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The call offers new media.
    Offer,
    /// Only that the session lives on (RFC 4028).
    Refresh,
}

/// RFC 4028: the session ends when nobody refreshes it.
#[derive(Debug, Default)]
pub(crate) struct SessionTimers {
    /// Seconds; zero: none was agreed.
    pub(crate) interval: u32,
    pub(crate) we_refresh: bool,
    pub(crate) refresh: Option<TimerId>,
    pub(crate) expiry: Option<TimerId>,
}

/// A REFER of the peer, from its arrival to the last NOTIFY.
#[derive(Debug)]
pub(crate) enum Transfer {
    /// The call has not said yes or no.
    Asked { server: Key, request: Vec<u8> },
    /// Accepted; the peer hears how it goes.
    Accepted { id: u32, timer: TimerId },
    /// Accepted; the peer does not want to hear (RFC 4488).
    Unwatched,
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

impl Inward {
    /// Whether the caller may offer anew before the answer: what it offered first is settled, and nothing is open.
    pub(crate) fn may_be_asked(&self) -> bool {
        matches!(self.exchange, Exchange::Stable) && self.reliable.as_ref().is_some_and(|r| r.agreed)
    }
}

impl Up {
    pub(crate) fn new(dialog: Dialog) -> Self {
        Up {
            invite_cseq: dialog.local_cseq,
            dialog,
            unacked: None,
            hangup: None,
            owes_ack: false,
            ack_body: None,
            merge_key: None,
            exchange: Exchange::Stable,
            next_offer: None,
            described: None,
            timer: SessionTimers::default(),
            transfer: None,
        }
    }

    /// Whether a new offer of ours may go out now.
    pub(crate) fn is_stable(&self) -> bool {
        matches!(self.exchange, Exchange::Stable) && self.unacked.is_none() && !self.owes_ack && self.hangup.is_none()
    }
}

impl Session {
    /// Whether a request with our tag means this session: Call-ID and the peer's tag must fit too.
    pub(crate) fn names(&self, request: &Message<'_>) -> bool {
        match self.dialog() {
            Some(dialog) => dialog.is_for(request),
            None => *self.call_id == *request.call_id(),
        }
    }

    /// Whether the call has let go of it: what is still to come is between the two user agents.
    pub(crate) fn is_let_go(&self) -> bool {
        match &self.phase {
            Phase::Up(up) => up.hangup.is_some(),
            Phase::Closing(_) | Phase::Changing => true,
            Phase::Inward(_) | Phase::Outward(_) => false,
        }
    }

    /// Whether its INVITE went to, or came from, this host.
    pub(crate) fn is_at(&self, ip: IpAddr) -> bool {
        match &self.phase {
            Phase::Outward(outward) => outward.attempts.iter().any(|a| a.place.remote().ip() == ip),
            Phase::Inward(_) | Phase::Up(_) | Phase::Closing(_) | Phase::Changing => {
                self.came_from == Some(ip) || self.dialog().is_some_and(|d| d.place.remote().ip() == ip)
            }
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
