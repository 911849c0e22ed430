use crate::entry::Arrival;
use crate::input::Ticket;
use crate::strategy::IdleStamps;
use crate::tour::Tour;
use core::time::Duration;
use model::{
    Actor, AgentAction, AgentId, Cause, CommandError, ContactId, Decision, FlowReason, OfferId, OfferOutcome, PhoneId,
    QueueAction, QueueId, ShardId, Target,
};

/// Between two shards' distributors; the receiver is the home of what the message is about.
#[derive(Clone, PartialEq, Debug)]
pub enum AcdMessage {
    ToQueue(ToQueue),
    ToContact(ToContact),
    ToAgent(ToAgent),
}

impl AcdMessage {
    /// The queue whose configuration the receiver needs.
    pub(crate) fn queue(&self) -> Option<QueueId> {
        match self {
            AcdMessage::ToQueue(message) => match message {
                ToQueue::Insert(Arrival { stay, .. })
                | ToQueue::OfferOver { stay, .. }
                | ToQueue::Return { stay, .. }
                | ToQueue::OnTheLine { stay }
                | ToQueue::Leave { stay, .. } => Some(stay.queue),
                ToQueue::StaffFell { queue }
                | ToQueue::Force { queue, .. }
                | ToQueue::Handled { queue, .. }
                | ToQueue::TalkOver { queue } => Some(*queue),
                ToQueue::AgentReady { .. } | ToQueue::AgentGone { .. } => None,
            },
            AcdMessage::ToAgent(message) => match message {
                ToAgent::Reserved { queue, .. } => Some(*queue),
                ToAgent::Settled { queue, .. } | ToAgent::Release { queue, .. } => *queue,
                ToAgent::Undone { .. }
                | ToAgent::Attending { .. }
                | ToAgent::Seize { .. }
                | ToAgent::Occupy { .. }
                | ToAgent::Device { .. }
                | ToAgent::People { .. } => None,
            },
            AcdMessage::ToContact(_) => None,
        }
    }
}

/// A contact's place on the board; the same in every message about one stay in one queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stay {
    pub contact: ContactId,
    pub queue: QueueId,
    pub slot: u32,
}

/// To the shard that owns the queue's waiting and ready orders.
#[derive(Clone, PartialEq, Debug)]
pub enum ToQueue {
    /// A contact that waits, its word already on the board.
    Insert(Arrival),
    /// One offer of it ended otherwise than accepted; the contact itself follows with `Return` or `Leave`.
    OfferOver { stay: Stay, agent: AgentId, outcome: OfferOutcome },
    /// It waits again, at its place. Not `at_once`: the call side took the offer back and will most likely withdraw
    /// the contact in the same turn.
    Return { stay: Stay, epoch: u32, at_once: bool },
    /// A callback's customer was reached and waits on the line.
    OnTheLine { stay: Stay },
    /// It is gone from this queue.
    Leave { stay: Stay, how: Departure },
    /// A ready agent on his tour through the shards he serves.
    AgentReady { agent: AgentId, epoch: u32, idle: IdleStamps, tour: Tour },
    /// He signed off: nothing is kept for him any more.
    AgentGone { agent: AgentId },
    /// An agent fewer is at work for it, and it has a rule that asks how many there are.
    StaffFell { queue: QueueId },
    /// Somebody closes or opens it by hand; `from` answers.
    Force { ticket: Ticket, from: ShardId, queue: QueueId, action: QueueAction, by: Actor },
    /// A contact of the queue was handled, wrap-up included.
    Handled { queue: QueueId, took: Duration },
    /// An agent's part in a contact of the queue is over, wrap-up not included.
    TalkOver { queue: QueueId },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Departure {
    Served,
    Abandoned,
    FlowedOut,
}

/// To the shard the contact lives on.
#[derive(Clone, PartialEq, Debug)]
pub enum ToContact {
    /// It is in the line; counts from 1.
    Placed {
        stay: Stay,
        position: u32,
    },
    Offer {
        stay: Stay,
        offer: OfferId,
        ring_timeout: Duration,
        decision: Option<Decision>,
    },
    /// A rule took it out.
    FlowOut {
        stay: Stay,
        position: u32,
        to: Target,
        why: FlowReason,
    },
    /// The wait will be long.
    Warn {
        stay: Stay,
        expected: Option<Duration>,
        announced: Option<Duration>,
        length: u32,
    },
    Announce {
        stay: Stay,
        position: u32,
        expected_wait: Option<Duration>,
    },
    /// The agent is not to be rung any more.
    Revoke {
        offer: OfferId,
    },
    /// The agent was freed without an answer from here; whatever is open of this offer is over.
    Expired {
        offer: OfferId,
        slot: Option<u32>,
    },
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
    /// The answer to a command that came in at this shard.
    Answer {
        ticket: Ticket,
        result: Result<(), CommandError>,
    },
}

/// To the shard that runs the agent.
#[derive(Clone, PartialEq, Debug)]
pub enum ToAgent {
    /// A queue's home claimed him; the lease runs from now. `slot` is the contact's.
    Reserved {
        offer: OfferId,
        queue: QueueId,
        slot: u32,
    },
    /// It claimed him and found no contact.
    Undone {
        agent: AgentId,
    },
    /// The contact's home says how it ended.
    Settled {
        offer: OfferId,
        queue: Option<QueueId>,
        outcome: OfferOutcome,
    },
    /// He has answered and waits for the customer.
    Attending {
        offer: OfferId,
    },
    Seize {
        agent: AgentId,
        contact: ContactId,
    },
    Occupy {
        agent: AgentId,
        contact: ContactId,
    },
    Release {
        agent: AgentId,
        contact: ContactId,
        queue: Option<QueueId>,
    },
    Device {
        agent: AgentId,
        phone: PhoneId,
    },
    People {
        ticket: Ticket,
        from: ShardId,
        agent: AgentId,
        action: AgentAction,
        by: Actor,
    },
}
