use crate::message::AcdMessage;
use core::fmt;
use model::{
    Actor, AgentAction, AgentId, CommandError, Directory, Fact, PhoneId, QueueAction, QueueCommand, QueueEvent,
    QueueId, ShardId,
};
use std::sync::Arc;

/// What a shard's distributor is told.
#[derive(Clone, PartialEq, Debug)]
pub enum Input {
    /// From this shard's call room, about a contact that lives here.
    Call(QueueCommand),
    /// Somebody asks an agent's state to change (`model::Command::Agent`). May be given to any shard; exactly one
    /// [`Output::Reply`] with the same ticket comes out of this one.
    People { ticket: Ticket, agent: AgentId, action: AgentAction, by: Actor },
    /// Somebody closes or opens a queue by hand (`model::Command::Queue`); as `People`, any shard takes it.
    Queue { ticket: Ticket, queue: QueueId, action: QueueAction, by: Actor },
    /// It was closed by hand before the process was started.
    Shut(QueueId),
    /// A phone can or cannot be reached any more. One shard is told; it finds the agent's home.
    Device { phone: PhoneId, reachable: bool },
    /// From another shard's distributor.
    Shard(AcdMessage),
    /// Every shard gets the new directory; only the difference is applied. `Board::fits` was asked before.
    Reload(Arc<Directory>),
    /// Maintenance: an agent who is free and for whom nobody waits is signed off; the others follow when they are.
    Drain,
    /// The civil clock was set: calendars are read anew.
    ClockJump,
}

/// What a shard's distributor says.
#[derive(Clone, PartialEq, Debug)]
pub enum Output {
    /// To this shard's call room.
    Call(QueueEvent),
    /// To another shard's distributor; never to itself. Messages from one shard to another arrive in order, none is
    /// lost.
    Send {
        to: ShardId,
        message: AcdMessage,
    },
    Fact(Fact),
    Reply {
        ticket: Ticket,
        result: Result<(), CommandError>,
    },
}

/// Names a command so that its answer finds back; given out by whoever asks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ticket(pub u64);

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticket({})", self.0)
    }
}

/// Where this distributor stands in the house.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seating {
    pub shard: ShardId,
    pub shards: u8,
    /// From which the strategies `random` and `weighted` draw.
    pub seed: u64,
}

impl Seating {
    /// The shard that is home to a queue or an agent of this number.
    pub(crate) fn home_of(self, id: u32) -> ShardId {
        // A single shard is asked this a dozen times for each contact, and a division takes as long as a dozen other steps.
        ShardId(if self.shards == 1 { 0 } else { (id % u32::from(self.shards)) as u8 })
    }

    /// Where its home keeps it, among its own.
    pub(crate) fn place_of(self, id: u32) -> usize {
        (if self.shards == 1 { id } else { id / u32::from(self.shards) }) as usize
    }
}
