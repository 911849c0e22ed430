use crate::{AgentId, AsideReason, Cause, ContactId, FlowReason, OfferId, PhoneId, QueueId, Target, Wish};
use base::Instant;
use core::time::Duration;

/// call → distributor.
#[derive(Clone, PartialEq, Debug)]
pub enum QueueCommand {
    /// Wait in a queue. `entered` is the contact's first enqueue time and is kept through every move.
    Enqueue { contact: ContactId, queue: QueueId, priority: i32, entered: Instant, wish: Wish },
    /// The contact leaves without being served.
    Withdraw { contact: ContactId, queue: QueueId, why: Withdrawal },
    /// How an offer ended; sent exactly once for every [`QueueEvent::Offer`] and [`QueueEvent::Seized`].
    Settle { offer: OfferId, outcome: OfferOutcome },
    /// The agent's part in the contact is over: wrap-up begins when it came from a queue.
    Release { agent: AgentId, contact: ContactId, queue: Option<QueueId> },
    /// A call that names the agent (direct number, transfer, consultation): reserve him if he is signed on and free.
    Seize { contact: ContactId, agent: AgentId },
    /// A waiting callback is not offered to anybody before then; what is being offered of it ends. It keeps its place.
    Rest { contact: ContactId, until: Instant, why: AsideReason },
    /// It may be offered at once.
    Wake { contact: ContactId },
    /// Its customer is on the line now and waits like any caller: the queue's rules are for him too.
    OnTheLine { contact: ContactId },
    /// The agent has answered an offer and waits until its customer is there: he is busy, though nothing is settled.
    Attend { offer: OfferId },
    /// His nailed-up leg was answered.
    LineUp { agent: AgentId },
    /// It could not be had, was hung up or lost.
    LineDown { agent: AgentId, cause: Cause },
    /// The agent's own phone started a call: he is busy until [`QueueCommand::Release`].
    Occupy { contact: ContactId, agent: AgentId },
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Withdrawal {
    /// The caller hung up.
    Abandoned,
    /// A breakout key, with where it leads, or a person moved it.
    FlowedOut { to: Option<Target> },
    /// A callback's customer did not answer.
    NotReached,
    /// He called himself.
    Recalled,
    /// The call failed.
    Failed,
    /// A person ended the call from outside.
    Forced,
    /// The process ends: a drain whose time has passed, or a stop.
    Shutdown,
}

/// The five ways an offer ends; none loses the caller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OfferOutcome {
    Accepted,
    /// The agent said no (486, 600, 603, 3xx).
    Rejected(Cause),
    /// The ring time ran out.
    Missed,
    /// The device failed (unregistered, unreachable, 4xx/5xx).
    Failed(Cause),
    /// We took it back: caller gone, another won, agent signed off; or we had no port or no place to ring him, which says
    /// nothing about him or his phone.
    Withdrawn,
}

impl OfferOutcome {
    pub const fn word(&self) -> &'static str {
        match self {
            OfferOutcome::Accepted => "accepted",
            OfferOutcome::Rejected(_) => "rejected",
            OfferOutcome::Missed => "missed",
            OfferOutcome::Failed(_) => "failed",
            OfferOutcome::Withdrawn => "withdrawn",
        }
    }
}

/// A contact and an agent are reserved for each other: ring this phone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Offer {
    pub id: OfferId,
    pub queue: QueueId,
    pub phone: PhoneId,
    pub ring_timeout: Duration,
}

/// distributor → call, delivered at the contact's home.
#[derive(Clone, PartialEq, Debug)]
pub enum QueueEvent {
    Offer(Offer),
    /// Stop ringing: the agent signed off or was forced; settle with `Withdrawn`.
    Revoke {
        offer: OfferId,
    },
    /// At the agent's home: call his phone and keep it on the line.
    Nail {
        agent: AgentId,
        phone: PhoneId,
    },
    /// Hang it up.
    Unnail {
        agent: AgentId,
    },
    /// Answer to [`QueueCommand::Seize`].
    Seized {
        offer: OfferId,
        phone: PhoneId,
        ring_timeout: Duration,
    },
    SeizeRefused {
        contact: ContactId,
        agent: AgentId,
        cause: Cause,
    },
    /// The contact is out of the queue by a rule; send it to `to`.
    FlowOut {
        contact: ContactId,
        queue: QueueId,
        to: Target,
        why: FlowReason,
    },
    /// The wait will be long: tell the caller, whose place it is meanwhile.
    Warn {
        contact: ContactId,
        expected_wait: Option<Duration>,
    },
    /// Time to tell the caller where he stands; `position` counts from 1.
    Announce {
        contact: ContactId,
        position: u32,
        expected_wait: Option<Duration>,
    },
}
