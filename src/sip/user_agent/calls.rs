//! All sessions of a shard, found by leg and by tag.

use super::core::Core;
use super::session::Session;
use crate::hash::{HashKey, Hashed};
use crate::input::ConnectionId;
use base::{Key, Slab};
use model::LegId;
use std::collections::HashMap;

pub(crate) struct Calls {
    sessions: Slab<Session>,
    /// Legs the call room numbered; those we number carry their key.
    outward: HashMap<u64, Key, Hashed>,
    /// Call-ID, From tag and CSeq of INVITEs in progress, hashed: the same INVITE by a second way is a loop.
    merges: HashMap<u64, Key, Hashed>,
    key: HashKey,
}

impl Calls {
    pub(crate) fn new(key: HashKey) -> Self {
        Calls {
            sessions: Slab::new(),
            outward: HashMap::with_hasher(Hashed),
            merges: HashMap::with_hasher(Hashed),
            key,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.sessions.len()
    }

    pub(crate) fn get(&self, key: Key) -> Option<&Session> {
        self.sessions.get(key)
    }

    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut Session> {
        self.sessions.get_mut(key)
    }

    pub(crate) fn key_of(&self, leg: LegId) -> Option<Key> {
        let key = if leg.is_outward() { *self.outward.get(&leg.0)? } else { leg.key() };
        self.sessions.get(key).filter(|s| s.leg == leg).map(|_| key)
    }

    pub(crate) fn insert_with(&mut self, session: impl FnOnce(Key) -> Session) -> Key {
        let key = self.sessions.insert_with(session);
        let leg = self.sessions.get(key).expect("inserted above").leg;
        if leg.is_outward() {
            self.outward.insert(leg.0, key);
        }
        key
    }

    pub(crate) fn remove(&mut self, key: Key) -> Option<Session> {
        let session = self.sessions.remove(key)?;
        if session.leg.is_outward() {
            self.outward.remove(&session.leg.0);
        }
        Some(session)
    }

    /// Dialogs whose stream is gone go on by the place their peer named, where that is its own.
    pub(crate) fn leave_stream(&mut self, core: &Core, connection: ConnectionId) {
        for (_, session) in self.sessions.iter_mut() {
            if let Some(dialog) = session.dialog_mut() {
                dialog.leave_stream(core, connection);
            }
        }
    }

    pub(crate) fn merge_key(&self, call_id: &str, from_tag: &str, cseq: u32) -> u64 {
        self.key.hash(&[call_id.as_bytes(), from_tag.as_bytes(), &cseq.to_be_bytes()])
    }

    /// RFC 3261 §8.2.2.2: whether this very INVITE is in progress already.
    pub(crate) fn is_merged(&self, merge_key: u64) -> bool {
        self.merges.get(&merge_key).is_some_and(|key| self.sessions.contains(*key))
    }

    pub(crate) fn remember_merge(&mut self, merge_key: u64, key: Key) {
        self.merges.insert(merge_key, key);
    }

    pub(crate) fn forget_merge(&mut self, merge_key: u64) {
        self.merges.remove(&merge_key);
    }
}
