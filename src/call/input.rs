use core::net::IpAddr;
use model::{
    Actor, AgentId, Command, CommandError, ContactId, Directory, Fact, LegCommand, LegEvent, MediaCommand, MediaEvent,
    Memory, News, PhoneId, QueueCommand, QueueEvent, ShardId, TrunkId, WorkerId,
};
use std::sync::Arc;

/// What the machine is told at its start.
#[derive(Clone, Debug)]
pub struct Config {
    pub directory: Arc<Directory>,
    pub shard: ShardId,
    pub shards: u8,
    /// Grows with every start of the process, so that contact ids never repeat.
    pub boot: u32,
    pub seed: u64,
    /// Media workers 0 to `workers − 1`. None: legs carry no session descriptions and nothing is played
    /// (traffic simulation).
    pub workers: u8,
}

impl Config {
    /// How many shelves the range of media ports is shared out to.
    pub(crate) fn takers(&self) -> usize {
        usize::from(self.shards.max(1)) * usize::from(self.workers.max(1))
    }
}

/// Pairs a question with its answer; the asker chooses the number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ticket(pub u64);

#[derive(Clone, PartialEq, Debug)]
pub enum Input {
    Leg(LegEvent),
    /// What a contact says to a leg that leads to the nailed-up leg of an agent at home here ([`Output::Nailed`]).
    Nailed {
        agent: AgentId,
        command: LegCommand,
    },
    Media(MediaEvent),
    Queue(QueueEvent),
    /// A person ends a call; answered by [`Output::Reply`] with the same ticket.
    HangUp {
        ticket: Ticket,
        contact: ContactId,
        by: Actor,
    },
    /// The answer to [`Output::People`].
    Done {
        ticket: Ticket,
        result: Result<(), CommandError>,
    },
    Reload(Arc<Directory>),
    /// What is known of the time before the start; given first, if at all.
    Memory(Memory),
    /// From another shard's call room.
    News(News),
    /// New calls are refused while on; emergency calls pass.
    Drain {
        on: bool,
    },
    /// End every call now.
    Shutdown,
    TrunkUp(TrunkId),
    TrunkDown(TrunkId),
    /// Where a phone registered from: what it is rung with is offered in its family, with the address it can reach.
    PhoneAt {
        phone: PhoneId,
        address: IpAddr,
    },
}

#[derive(Clone, PartialEq, Debug)]
pub enum Output {
    Leg(LegCommand),
    /// To the agent's home, as [`Input::Nailed`].
    Nailed {
        agent: AgentId,
        command: LegCommand,
    },
    /// What a nailed-up leg does, to the home of the leg that leads to it, as [`Input::Leg`].
    Inner(LegEvent),
    Media {
        worker: WorkerId,
        command: MediaCommand,
    },
    Queue(QueueCommand),
    /// A feature code asks for an agent's state; answered by [`Input::Done`] with the same ticket.
    People {
        ticket: Ticket,
        command: Command,
    },
    Reply {
        ticket: Ticket,
        result: Result<(), CommandError>,
    },
    Fact(Fact),
    /// To every other shard's call room.
    News(News),
}
