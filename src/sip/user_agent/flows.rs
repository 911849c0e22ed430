//! Streams: which peer each leads to, what has come in part, and what waits until one is open.

use crate::framing::{Framer, Opener};
use crate::hash::{HashKey, Hashed};
use crate::input::ConnectionId;
use crate::limits::{STREAM_BACKLOG_BYTES_MAX, STREAMS_MAX};
use core::net::SocketAddr;
use model::ShardId;
use std::collections::HashMap;

#[derive(Debug)]
pub(crate) struct Flows {
    shard: ShardId,
    next: u64,
    by_id: HashMap<u64, Flow, Hashed>,
    /// The newest stream to each peer address.
    by_remote: HashMap<SocketAddr, ConnectionId, HashKey>,
}

#[derive(Debug)]
struct Flow {
    remote: SocketAddr,
    state: FlowState,
}

#[derive(Debug)]
enum FlowState {
    /// Asked for; whole messages wait.
    Opening(Vec<u8>),
    /// The framer is there once octets came uncut.
    Open(Option<Box<Framer>>),
}

/// A stream to a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Existing(ConnectionId),
    /// To be asked for by [`crate::Output::Connect`].
    New(ConnectionId),
    /// No more streams.
    Full,
}

impl Flows {
    pub(crate) fn new(shard: ShardId, key: HashKey) -> Self {
        Flows { shard, next: 0, by_id: HashMap::with_hasher(Hashed), by_remote: HashMap::with_hasher(key) }
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// RFC 3261 §18.1.1: an open stream to the same place is used again.
    pub(crate) fn to(&mut self, remote: SocketAddr) -> Route {
        if let Some(connection) = self.by_remote.get(&remote) {
            return Route::Existing(*connection);
        }
        if self.by_id.len() >= STREAMS_MAX {
            return Route::Full;
        }
        self.next += 1;
        let connection = ConnectionId(ConnectionId::OURS | (u64::from(self.shard.0) << 55) | self.next);
        self.by_id.insert(connection.0, Flow { remote, state: FlowState::Opening(Vec::new()) });
        self.by_remote.insert(remote, connection);
        Route::New(connection)
    }

    /// The stream stands: what waited for it.
    pub(crate) fn opened(&mut self, connection: ConnectionId, remote: SocketAddr) -> Vec<u8> {
        let flow = self.by_id.entry(connection.0).or_insert(Flow { remote, state: FlowState::Opening(Vec::new()) });
        self.by_remote.insert(flow.remote, connection);
        match core::mem::replace(&mut flow.state, FlowState::Open(None)) {
            FlowState::Opening(waiting) => waiting,
            FlowState::Open(framer) => {
                flow.state = FlowState::Open(framer);
                Vec::new()
            }
        }
    }

    pub(crate) fn remote(&self, connection: ConnectionId) -> Option<SocketAddr> {
        self.by_id.get(&connection.0).map(|f| f.remote)
    }

    /// The framer of an open stream, taken out while its messages are read.
    pub(crate) fn take_framer(&mut self, connection: ConnectionId) -> Option<Box<Framer>> {
        let FlowState::Open(framer) = &mut self.by_id.get_mut(&connection.0)?.state else { return None };
        let opener = if connection.0 & ConnectionId::OURS != 0 { Opener::Us } else { Opener::Peer };
        Some(framer.take().unwrap_or_else(|| Box::new(Framer::new(opener))))
    }

    pub(crate) fn put_framer(&mut self, connection: ConnectionId, framer: Box<Framer>) {
        if let Some(Flow { state: FlowState::Open(place), .. }) = self.by_id.get_mut(&connection.0) {
            *place = Some(framer);
        }
    }

    /// Keeps octets for a stream that is not open yet; false when it is, or is not ours to know.
    pub(crate) fn hold_back(&mut self, connection: ConnectionId, bytes: &[u8]) -> bool {
        let Some(Flow { state: FlowState::Opening(waiting), .. }) = self.by_id.get_mut(&connection.0) else {
            return false;
        };
        if waiting.len() + bytes.len() <= STREAM_BACKLOG_BYTES_MAX {
            waiting.extend_from_slice(bytes);
        }
        true
    }

    pub(crate) fn closed(&mut self, connection: ConnectionId) -> bool {
        let Some(flow) = self.by_id.remove(&connection.0) else { return false };
        if self.by_remote.get(&flow.remote) == Some(&connection) {
            self.by_remote.remove(&flow.remote);
        }
        true
    }
}
