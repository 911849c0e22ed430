//! Nonces: made without memory, remembered once they were used.

use super::digest::Hex;
use crate::limits::{NONCE_COUNT_WINDOW, NONCES_MAX};
use base::Instant;
use core::time::Duration;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::collections::BTreeMap;

/// When a nonce was issued, and which of those of that moment it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct NonceId {
    issued: Instant,
    serial: u32,
}

/// Octets of the keyed hash that stand in a nonce.
const TAG_BYTES: usize = 16;
const NONCE_DIGITS: usize = 2 * (8 + 4 + TAG_BYTES);

/// Issues nonces and knows which uses of them are new.
pub(super) struct Nonces {
    key: [u8; 32],
    lifetime: Duration,
    serial: u32,
    used: BTreeMap<NonceId, Use>,
    /// Nonces issued before this are stale whatever their age: they may have been forgotten.
    floor: Instant,
}

/// How an accepted nonce was used so far.
struct Use {
    user: Box<str>,
    highest: u32,
    /// Bit i: count `highest - i` was seen.
    window: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NonceUse {
    New,
    /// Too old, forgotten, or not of our making (for instance from before a restart).
    Stale,
    /// The count was used before, or the nonce belongs to another user.
    Repeated,
}

impl Nonces {
    pub(super) fn new(key: [u8; 32], lifetime: Duration) -> Self {
        Nonces { key, lifetime, serial: 0, used: BTreeMap::new(), floor: Instant::ZERO }
    }

    pub(super) fn issue(&mut self, now: Instant, realm: &str) -> String {
        // The serial keeps two clients asked in the same nanosecond apart.
        self.serial = self.serial.wrapping_add(1);
        let id = NonceId { issued: now, serial: self.serial };
        let mut octets = id.octets().to_vec();
        octets.extend_from_slice(&self.tag(id, realm));
        let (head, tail) = octets.split_at(octets.len() / 2);
        format!("{}{}", Hex::of(&head).as_str(), Hex::of(&tail).as_str())
    }

    /// To be asked only after the digest itself was found right.
    pub(super) fn accept(&mut self, now: Instant, realm: &str, nonce: &str, count: u32, user: &str) -> NonceUse {
        let Some(id) = self.read(nonce, realm) else { return NonceUse::Stale };
        self.forget(now);
        if id.issued > now || now.since(id.issued) > self.lifetime || id.issued < self.floor {
            return NonceUse::Stale;
        }
        match self.used.get_mut(&id) {
            Some(used) if *used.user != *user => NonceUse::Repeated,
            Some(used) => used.count(count),
            None => {
                self.make_room();
                self.used.insert(id, Use { user: user.into(), highest: count, window: 1 });
                NonceUse::New
            }
        }
    }

    /// How many nonces are remembered.
    pub(super) fn remembered(&self) -> usize {
        self.used.len()
    }

    fn forget(&mut self, now: Instant) {
        while let Some(first) = self.used.first_entry() {
            let id = *first.key();
            if now.since(id.issued) <= self.lifetime {
                break;
            }
            first.remove();
        }
    }

    fn make_room(&mut self) {
        while self.used.len() >= NONCES_MAX {
            let Some((id, _)) = self.used.pop_first() else { break };
            self.floor = id.issued + Duration::from_nanos(1);
        }
    }

    fn tag(&self, id: NonceId, realm: &str) -> [u8; TAG_BYTES] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of every length");
        mac.update(&id.octets());
        mac.update(realm.as_bytes());
        let full = mac.finalize().into_bytes();
        let mut tag = [0; TAG_BYTES];
        tag.copy_from_slice(&full[..TAG_BYTES]);
        tag
    }

    fn read(&self, nonce: &str, realm: &str) -> Option<NonceId> {
        if nonce.len() != NONCE_DIGITS || !nonce.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let issued = u64::from_str_radix(&nonce[..16], 16).ok()?;
        let serial = u32::from_str_radix(&nonce[16..24], 16).ok()?;
        let id = NonceId { issued: Instant::from_nanos(issued), serial };
        Hex::of(&self.tag(id, realm)).matches(&nonce[24..]).then_some(id)
    }
}

impl NonceId {
    fn octets(self) -> [u8; 12] {
        let mut octets = [0; 12];
        octets[..8].copy_from_slice(&self.issued.as_nanos().to_be_bytes());
        octets[8..].copy_from_slice(&self.serial.to_be_bytes());
        octets
    }
}

impl Use {
    /// Counts may arrive out of order within the window, but none twice.
    fn count(&mut self, count: u32) -> NonceUse {
        if count > self.highest {
            let shift = count - self.highest;
            self.window = if shift < NONCE_COUNT_WINDOW { self.window << shift | 1 } else { 1 };
            self.highest = count;
            return NonceUse::New;
        }
        let back = self.highest - count;
        if back >= NONCE_COUNT_WINDOW || self.window & (1 << back) != 0 {
            return NonceUse::Repeated;
        }
        self.window |= 1 << back;
        NonceUse::New
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(seconds * 1000)
    }

    #[test]
    fn counts_are_accepted_once_each_in_any_near_order() {
        let mut nonces = Nonces::new([7; 32], HOUR);
        let nonce = nonces.issue(at(1), "realm");
        let mut accept = |count| nonces.accept(at(2), "realm", &nonce, count, "bob");
        for (count, want) in [
            (1, NonceUse::New),
            (1, NonceUse::Repeated),
            (3, NonceUse::New),
            (2, NonceUse::New),
            (2, NonceUse::Repeated),
            (3, NonceUse::Repeated),
            (200, NonceUse::New),
            (3, NonceUse::Repeated),
            (137, NonceUse::New),
            (136, NonceUse::Repeated),
            (u32::MAX, NonceUse::New),
            (u32::MAX, NonceUse::Repeated),
            (0, NonceUse::Repeated),
        ] {
            assert_eq!(accept(count), want, "count {count}");
        }
    }

    #[test]
    fn a_nonce_belongs_to_the_first_user_and_realm_that_used_it() {
        let mut nonces = Nonces::new([7; 32], HOUR);
        let nonce = nonces.issue(at(1), "realm");
        assert_eq!(nonces.accept(at(1), "realm", &nonce, 1, "alice"), NonceUse::New);
        assert_eq!(nonces.accept(at(1), "realm", &nonce, 2, "bob"), NonceUse::Repeated);
        assert_eq!(nonces.accept(at(1), "other", &nonce, 2, "alice"), NonceUse::Stale);
    }

    #[test]
    fn foreign_old_and_future_nonces_are_stale() {
        let mut nonces = Nonces::new([7; 32], HOUR);
        let old = nonces.issue(at(1), "r");
        let future = nonces.issue(at(9_000), "r");
        let foreign = Nonces::new([8; 32], HOUR).issue(at(4_000), "r");
        let mut tampered = nonces.issue(at(4_000), "r");
        tampered.replace_range(..1, "f");
        for nonce in [old.as_str(), &future, &foreign, &tampered, "", "zz"] {
            assert_eq!(nonces.accept(at(4_000), "r", nonce, 1, "u"), NonceUse::Stale, "{nonce}");
        }
        assert_eq!(nonces.remembered(), 0);
    }

    #[test]
    fn memory_is_bounded_and_what_was_forgotten_is_stale_not_new() {
        let mut nonces = Nonces::new([7; 32], HOUR);
        let first = nonces.issue(at(1), "r");
        assert_eq!(nonces.accept(at(1), "r", &first, 1, "u"), NonceUse::New);
        for i in 0..NONCES_MAX as u64 {
            let now = Instant::from_nanos(2_000_000_000 + i);
            let nonce = nonces.issue(now, "r");
            assert_eq!(nonces.accept(now, "r", &nonce, 1, "u"), NonceUse::New);
        }
        assert_eq!(nonces.remembered(), NONCES_MAX);
        assert_eq!(nonces.accept(at(3), "r", &first, 1, "u"), NonceUse::Stale);
        nonces.forget(at(9_000));
        assert_eq!(nonces.remembered(), 0);
    }

    #[test]
    fn two_clients_asked_at_once_get_different_nonces() {
        let mut nonces = Nonces::new([7; 32], HOUR);
        assert_ne!(nonces.issue(at(1), "r"), nonces.issue(at(1), "r"));
    }
}
