use crate::legs::Legs;
use crate::status::{CallStatus, ShardStatus, TrunkStatus};
use acd::{AcdMessage, Board};
use model::{
    AgentId, Command, CommandError, Directory, LegCommand, LegEvent, MediaCommand, MediaEvent, Memory, News, PhoneId,
    ShardId, Stamped, WorkerId,
};
use sip::{ConnectionId, LocationUpdate, Note, Query};
use std::net::SocketAddr;
use std::sync::Arc;

/// What a shard is told at its start.
#[derive(Clone, Debug)]
pub struct Config {
    pub directory: Arc<Directory>,
    pub board: Arc<Board>,
    pub shard: ShardId,
    pub shards: u8,
    /// Grows with every start of the process, so that no id is used twice.
    pub boot: u32,
    pub seed: u64,
    pub legs: Legs,
    /// Media workers 0 to `workers − 1`; none: no sound, as in traffic simulation.
    pub workers: u8,
}

/// Pairs a question with its answer; the asker chooses the number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ticket(pub u64);

#[derive(Debug)]
pub enum Input<'a> {
    Sip(sip::Input<'a>),
    /// What a leg of [`Legs::Outside`] does.
    Leg(LegEvent),
    /// A phone of [`Legs::Outside`] can or cannot be reached any more; one shard is told.
    Device {
        phone: PhoneId,
        reachable: bool,
    },
    Media(MediaEvent),
    Mail(Mail),
    Ask {
        ticket: Ticket,
        ask: Ask,
    },
    Reload(Arc<Directory>),
    /// What is known of the time before the start; given first, if at all.
    Memory(Memory),
    /// No new calls from outside; emergency calls pass. Once on it stays on.
    Drain,
    /// The journal is far behind: no new calls while true, so that no fact is ever dropped.
    Pressure(bool),
    /// End every call now.
    Shutdown,
    /// The civil clock was set.
    ClockJump,
}

/// From one shard to another.
#[derive(Clone, PartialEq, Debug)]
pub enum Mail {
    Acd(AcdMessage),
    /// The registrar on shard 0 tells where a phone is.
    Location(LocationUpdate),
    /// An INVITE or CANCEL for a call that lives there.
    Datagram {
        local: SocketAddr,
        remote: SocketAddr,
        bytes: Box<[u8]>,
    },
    StreamMessage {
        connection: ConnectionId,
        local: SocketAddr,
        remote: SocketAddr,
        bytes: Box<[u8]>,
    },
    TrunkUp(model::TrunkId),
    TrunkDown(model::TrunkId),
    /// To the nailed-up leg of an agent at home there.
    Nailed {
        agent: AgentId,
        command: LegCommand,
    },
    /// From a nailed-up leg to the leg there that leads to it.
    Inner(LegEvent),
    /// Of a call room's callers, to the other call rooms.
    News(News),
}

/// What people want to know or have done.
#[derive(Clone, PartialEq, Debug)]
pub enum Ask {
    Do(Command),
    Calls,
    Trunks,
    Status,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Answer {
    Done(Result<(), CommandError>),
    Calls(Vec<CallStatus>),
    Trunks(Vec<TrunkStatus>),
    Status(ShardStatus),
}

#[derive(Clone, PartialEq, Debug)]
pub enum Output {
    /// To a leg of [`Legs::Outside`].
    Leg(LegCommand),
    Media {
        worker: WorkerId,
        command: MediaCommand,
    },
    Mail {
        to: ShardId,
        mail: Mail,
    },
    Fact(Stamped),
    Connect {
        connection: ConnectionId,
        remote: SocketAddr,
    },
    Close {
        connection: ConnectionId,
    },
    Resolve(Query),
    Answer {
        ticket: Ticket,
        answer: Answer,
    },
    /// For the log.
    Note(Note),
}
