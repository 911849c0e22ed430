//! Where the phones are: live bindings, on every shard; shard 0 writes, the others copy.

use crate::hash::HashKey;
use crate::input::{Binding, ConnectionId, Place};
use base::{Instant, TimerId};
use core::net::SocketAddr;
use model::PhoneId;
use std::collections::HashMap;

#[derive(Debug)]
pub(crate) struct Locations {
    phones: Vec<Entry>,
    /// Where live registrations come from; several phones may share an address behind a NAT that keeps ports apart
    /// badly, or on one test machine.
    sources: HashMap<SocketAddr, Vec<PhoneId>, HashKey>,
    live: usize,
}

#[derive(Debug, Default)]
struct Entry {
    bindings: Vec<Binding>,
    timer: Option<TimerId>,
    keep_alive: Option<TimerId>,
}

/// Whether a phone came within reach or went out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    None,
    Reachable,
    Unreachable,
}

impl Locations {
    pub(crate) fn new(key: HashKey) -> Self {
        Locations { phones: Vec::new(), sources: HashMap::with_hasher(key), live: 0 }
    }

    /// Live bindings of all phones.
    pub(crate) fn len(&self) -> usize {
        self.live
    }

    pub(crate) fn of(&self, phone: PhoneId) -> &[Binding] {
        self.phones.get(phone.index()).map_or(&[], |e| &e.bindings)
    }

    /// Whose registration comes from here: the one the request names as its sender, else the only one.
    pub(crate) fn at(&self, remote: SocketAddr, named: Option<PhoneId>) -> Option<PhoneId> {
        let here = self.sources.get(&remote)?;
        named.filter(|id| here.contains(id)).or(match here[..] {
            [only] => Some(only),
            _ => None,
        })
    }

    pub(crate) fn is_source(&self, remote: SocketAddr) -> bool {
        self.sources.contains_key(&remote)
    }

    /// Replaces all bindings of a phone.
    pub(crate) fn set(&mut self, phone: PhoneId, bindings: Vec<Binding>) -> Change {
        if self.phones.len() <= phone.index() {
            self.phones.resize_with(phone.index() + 1, Entry::default);
        }
        let entry = &mut self.phones[phone.index()];
        let old = core::mem::replace(&mut entry.bindings, bindings);
        self.live = self.live + entry.bindings.len() - old.len();
        let change = match (old.is_empty(), entry.bindings.is_empty()) {
            (true, false) => Change::Reachable,
            (false, true) => Change::Unreachable,
            (true, true) | (false, false) => Change::None,
        };
        for binding in &old {
            let remote = binding.source;
            if let Some(here) = self.sources.get_mut(&remote) {
                here.retain(|id| *id != phone);
                if here.is_empty() {
                    self.sources.remove(&remote);
                }
            }
        }
        for binding in &self.phones[phone.index()].bindings {
            let here = self.sources.entry(binding.source).or_default();
            if !here.contains(&phone) {
                here.push(phone);
            }
        }
        change
    }

    /// When the next binding of a phone ends.
    pub(crate) fn next_expiry(&self, phone: PhoneId) -> Option<Instant> {
        self.of(phone).iter().map(|b| b.expires).min()
    }

    pub(crate) fn swap_timer(&mut self, phone: PhoneId, timer: Option<TimerId>) -> Option<TimerId> {
        let entry = self.phones.get_mut(phone.index())?;
        core::mem::replace(&mut entry.timer, timer)
    }

    pub(crate) fn keep_alive(&mut self, phone: PhoneId) -> Option<&mut Option<TimerId>> {
        self.phones.get_mut(phone.index()).map(|entry| &mut entry.keep_alive)
    }

    /// Phones with a binding on this stream.
    pub(crate) fn on_stream(&self, connection: ConnectionId) -> Vec<PhoneId> {
        let on_it = |b: &Binding| matches!(b.at, Place::Stream { connection: c, .. } if c == connection);
        let phones = self.phones.iter().zip(0u32..);
        phones.filter(|(e, _)| e.bindings.iter().any(on_it)).map(|(_, id)| PhoneId(id)).collect()
    }

    pub(crate) fn phones(&self) -> impl Iterator<Item = PhoneId> + use<> {
        (0..self.phones.len() as u32).map(PhoneId)
    }
}
