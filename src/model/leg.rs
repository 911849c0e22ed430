use crate::media::Key;
use crate::{AgentId, Cause, Identity, LegId, PhoneId, TrunkId};
use core::time::Duration;

/// What a request gets for a start (RFC 3261 §8.1.1.6), and the most a call that goes on may have left: more would
/// only make a loop longer.
pub const MAX_FORWARDS: u8 = 70;

/// A session description as it came or goes; only room `sdp` looks inside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sdp(pub Box<[u8]>);

/// Who a request belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Source {
    Trunk(TrunkId),
    Phone(PhoneId),
}

/// A new call from outside or from one of our phones.
#[derive(Clone, PartialEq, Debug)]
pub struct Incoming {
    pub leg: LegId,
    pub source: Source,
    /// Who sits at the phone; filled by the engine from the distributor's board.
    pub agent: Option<AgentId>,
    /// What was dialled, as the trunk's `called_from` says.
    pub dialled: Box<str>,
    pub caller: Identity,
    /// The first number of Diversion (RFC 5806) or History-Info (RFC 7044): where the call was meant to go.
    pub diverted_from: Option<crate::Pii<Box<str>>>,
    /// The wire's Call-ID, for logs and the record.
    pub call_id: Box<str>,
    /// `None`: an INVITE without offer; we offer in the answer.
    pub offer: Option<Sdp>,
    /// The leg this one takes the place of (RFC 3891), already looked up.
    pub replaces: Option<LegId>,
    /// How many more hops its way may have (Max-Forwards), for the legs dialled because of it.
    pub max_forwards: u8,
    /// The address the request came from, for the choice of media address and family.
    pub peer: core::net::SocketAddr,
}

/// call → leg port.
#[derive(Clone, PartialEq, Debug)]
pub enum LegCommand {
    /// Start an outward leg; `leg` was taken from [`crate::LegId`] space by the caller of this command.
    Dial(Box<Dial>),
    /// 180 or 183 on an inward leg.
    Progress {
        leg: LegId,
        progress: Progress,
        sdp: Option<Sdp>,
    },
    Answer {
        leg: LegId,
        sdp: Option<Sdp>,
    },
    /// Refuse an inward leg that was not answered yet.
    Reject {
        leg: LegId,
        cause: Cause,
        retry_after: Option<Duration>,
    },
    /// End it, whatever state it is in: CANCEL, BYE or a final refusal.
    Hangup {
        leg: LegId,
        cause: Cause,
    },
    /// Offer new media inside the session (re-INVITE or UPDATE).
    Offer {
        leg: LegId,
        sdp: Sdp,
    },
    /// Answer the peer's offer inside the session.
    AnswerOffer {
        leg: LegId,
        sdp: Sdp,
    },
    RefuseOffer {
        leg: LegId,
        cause: Cause,
    },
    /// 202 or a refusal to the peer's REFER.
    ReferReply {
        leg: LegId,
        accepted: Result<(), Cause>,
    },
    /// How the transfer it asked for goes (message/sipfrag): a status code, final when ≥ 200.
    ReferProgress {
        leg: LegId,
        status: u16,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    Ringing,
    EarlyMedia,
}

/// Everything needed to start an outward leg.
#[derive(Clone, PartialEq, Debug)]
pub struct Dial {
    pub leg: LegId,
    pub to: DialTarget,
    /// What the called side is shown; withheld numbers are already taken out.
    pub caller: Identity,
    /// Number or extension shown as dialled, for `To`.
    pub offer: Option<Sdp>,
    pub auto_answer: bool,
    /// What its INVITE may still travel. A call that came in and goes out again brings one less than it came with, or
    /// a loop through somebody who gives every call new names would never end (RFC 7332).
    pub max_forwards: u8,
}

#[derive(Clone, PartialEq, Debug)]
pub enum DialTarget {
    /// All live contacts of a device; the first that answers wins.
    Phone(PhoneId),
    Trunk {
        trunk: TrunkId,
        number: Box<str>,
    },
}

/// leg port → call.
#[derive(Clone, PartialEq, Debug)]
pub enum LegEvent {
    Incoming(Box<Incoming>),
    /// Outward: 180, or 183 with early media.
    Ringing {
        leg: LegId,
        sdp: Option<Sdp>,
    },
    /// Outward: the final 2xx; the ACK is the port's business.
    Answered {
        leg: LegId,
        sdp: Option<Sdp>,
    },
    /// Inward: the ACK came; `sdp` is the answer when our 2xx carried the offer.
    Confirmed {
        leg: LegId,
        sdp: Option<Sdp>,
    },
    /// Outward: it will not come about.
    Refused {
        leg: LegId,
        cause: Cause,
    },
    /// An answered leg, or an inward one not yet answered, is over (BYE, CANCEL, timer, transport).
    Ended {
        leg: LegId,
        cause: Cause,
    },
    /// The peer offers new media; `None`: it wants our offer.
    Offered {
        leg: LegId,
        sdp: Option<Sdp>,
    },
    /// The answer to our [`LegCommand::Offer`].
    OfferAnswered {
        leg: LegId,
        sdp: Option<Sdp>,
    },
    OfferRefused {
        leg: LegId,
        cause: Cause,
    },
    /// SIP INFO.
    Digit {
        leg: LegId,
        key: Key,
        held: Duration,
    },
    /// Of an agent's nailed-up leg, told to the contact he talks in: his phone has put it on hold, or taken it back.
    Held {
        leg: LegId,
        on: bool,
    },
    /// The peer asks us to send the other party elsewhere.
    Refer {
        leg: LegId,
        to: ReferTarget,
    },
}

impl LegCommand {
    pub fn leg(&self) -> LegId {
        match self {
            LegCommand::Dial(dial) => dial.leg,
            LegCommand::Progress { leg, .. }
            | LegCommand::Answer { leg, .. }
            | LegCommand::Reject { leg, .. }
            | LegCommand::Hangup { leg, .. }
            | LegCommand::Offer { leg, .. }
            | LegCommand::AnswerOffer { leg, .. }
            | LegCommand::RefuseOffer { leg, .. }
            | LegCommand::ReferReply { leg, .. }
            | LegCommand::ReferProgress { leg, .. } => *leg,
        }
    }
}

impl LegEvent {
    pub fn leg(&self) -> LegId {
        match self {
            LegEvent::Incoming(incoming) => incoming.leg,
            LegEvent::Ringing { leg, .. }
            | LegEvent::Answered { leg, .. }
            | LegEvent::Confirmed { leg, .. }
            | LegEvent::Refused { leg, .. }
            | LegEvent::Ended { leg, .. }
            | LegEvent::Offered { leg, .. }
            | LegEvent::OfferAnswered { leg, .. }
            | LegEvent::OfferRefused { leg, .. }
            | LegEvent::Digit { leg, .. }
            | LegEvent::Held { leg, .. }
            | LegEvent::Refer { leg, .. } => *leg,
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReferTarget {
    /// Blind: agent id, queue name or number, as dialled.
    Dialled(Box<str>),
    /// Attended: take the place of this leg of ours (RFC 3891 Replaces inside Refer-To), already looked up.
    Replace { leg: LegId },
    /// Replaces named a dialog we do not have.
    Unknown,
}
