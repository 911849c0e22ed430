use crate::wake::Wake;
use crossbeam::queue::SegQueue;
use engine::{Ask, Mail, Ticket};
use model::{Directory, Fact};
use sip::{Candidate, ConnectionId, FramingError, QueryId, ResolveError};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::mpsc;

/// What other threads tell a shard.
#[derive(Debug)]
pub(crate) enum Letter {
    /// A datagram another shard read that belongs here.
    Datagram {
        local: SocketAddr,
        remote: SocketAddr,
        bytes: Box<[u8]>,
    },
    StreamOpened {
        connection: ConnectionId,
        local: SocketAddr,
        remote: SocketAddr,
        writer: mpsc::Sender<Box<[u8]>>,
    },
    StreamMessage {
        connection: ConnectionId,
        local: SocketAddr,
        remote: SocketAddr,
        bytes: Box<[u8]>,
    },
    /// The framing broke; the rest of what came.
    StreamBroken {
        connection: ConnectionId,
        remote: SocketAddr,
        bytes: Box<[u8]>,
        fault: FramingError,
    },
    StreamClosed {
        connection: ConnectionId,
    },
    Resolved {
        query: QueryId,
        result: Result<Vec<Candidate>, ResolveError>,
    },
    Mail(Mail),
    Ask {
        ticket: Ticket,
        ask: Ask,
    },
    Reload {
        directory: Arc<Directory>,
    },
    Drain,
    /// Something that happened to the house as a whole; told by one shard.
    Fact(Fact),
    /// Hang up everything, then end as soon as it is quiet.
    Stop,
}

/// A shard's letter box: any thread puts in, the shard takes out.
///
/// Unbounded by type, bounded by what is written: reservations, media events and asks are counted by their senders'
/// own limits, datagrams by the kernel's receive buffer they were just read from.
#[derive(Clone, Debug)]
pub(crate) struct LetterBox {
    letters: Arc<SegQueue<Letter>>,
    wake: Wake,
}

impl LetterBox {
    pub(crate) fn new() -> std::io::Result<Self> {
        Ok(LetterBox { letters: Arc::new(SegQueue::new()), wake: Wake::new()? })
    }

    pub(crate) fn put(&self, letter: Letter) {
        self.letters.push(letter);
        self.wake.wake();
    }

    pub(crate) fn take(&self) -> Option<Letter> {
        self.letters.pop()
    }

    pub(crate) fn wake(&self) -> &Wake {
        &self.wake
    }
}
