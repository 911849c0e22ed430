//! A keyed hash for tables whose keys the network chooses, and for names nobody can guess.

use core::hash::{BuildHasher, Hasher};

/// SipHash-1-3 (Aumasson and Bernstein 2012): a sender who does not know the key cannot aim at one bucket.
///
/// Seeded from [`crate::Config`] instead of the operating system, so that a run replays.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HashKey {
    k0: u64,
    k1: u64,
}

impl HashKey {
    pub(crate) const fn new(k0: u64, k1: u64) -> Self {
        HashKey { k0, k1 }
    }

    pub(crate) fn hash(&self, parts: &[&[u8]]) -> u64 {
        let mut hasher = self.build_hasher();
        for part in parts {
            hasher.write(part);
            // A mark between the parts, so that ("ab", "c") and ("a", "bc") differ.
            hasher.write(&[0xff]);
        }
        hasher.finish()
    }
}

impl BuildHasher for HashKey {
    type Hasher = SipHash;

    fn build_hasher(&self) -> SipHash {
        SipHash {
            v: [
                self.k0 ^ 0x736f_6d65_7073_6575,
                self.k1 ^ 0x646f_7261_6e64_6f6d,
                self.k0 ^ 0x6c79_6765_6e65_7261,
                self.k1 ^ 0x7465_6462_7974_6573,
            ],
            tail: 0,
            filled: 0,
            length: 0,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct SipHash {
    v: [u64; 4],
    tail: u64,
    filled: u32,
    length: u64,
}

impl SipHash {
    #[inline]
    fn round(&mut self) {
        let v = &mut self.v;
        v[0] = v[0].wrapping_add(v[1]);
        v[1] = v[1].rotate_left(13) ^ v[0];
        v[0] = v[0].rotate_left(32);
        v[2] = v[2].wrapping_add(v[3]);
        v[3] = v[3].rotate_left(16) ^ v[2];
        v[0] = v[0].wrapping_add(v[3]);
        v[3] = v[3].rotate_left(21) ^ v[0];
        v[2] = v[2].wrapping_add(v[1]);
        v[1] = v[1].rotate_left(17) ^ v[2];
        v[2] = v[2].rotate_left(32);
    }

    #[inline]
    fn word(&mut self, m: u64) {
        self.v[3] ^= m;
        self.round();
        self.v[0] ^= m;
    }
}

impl Hasher for SipHash {
    fn write(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        let mut rest = bytes;
        while self.filled != 0 {
            let [first, more @ ..] = rest else { return };
            self.tail |= u64::from(*first) << (8 * self.filled);
            self.filled = (self.filled + 1) % 8;
            rest = more;
            if self.filled == 0 {
                let word = core::mem::take(&mut self.tail);
                self.word(word);
            }
        }
        let (words, tail) = rest.as_chunks::<8>();
        for word in words {
            self.word(u64::from_le_bytes(*word));
        }
        for b in tail {
            self.tail |= u64::from(*b) << (8 * self.filled);
            self.filled += 1;
        }
    }

    fn finish(&self) -> u64 {
        let mut end = self.clone();
        let last = end.tail | (end.length << 56);
        end.word(last);
        end.v[2] ^= 0xff;
        for _ in 0..3 {
            end.round();
        }
        end.v[0] ^ end.v[1] ^ end.v[2] ^ end.v[3]
    }
}

/// For keys that are already hashes, or that we number ourselves.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Hashed;

#[derive(Clone, Debug, Default)]
pub(crate) struct HashedState(u64);

impl BuildHasher for Hashed {
    type Hasher = HashedState;

    fn build_hasher(&self) -> HashedState {
        HashedState(0)
    }
}

impl Hasher for HashedState {
    fn write(&mut self, bytes: &[u8]) {
        for b in bytes {
            self.write_u64(self.0.rotate_left(8) ^ u64::from(*b));
        }
    }

    /// Numbers we count up differ in their low bits, and tables look at the high ones too.
    fn write_u64(&mut self, value: u64) {
        self.0 = value.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 ^= self.0 >> 32;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_one_and_three_as_in_the_standard_library() {
        let text: Vec<u8> = (0..64).collect();
        for length in 0..text.len() {
            let mut ours = HashKey::new(0, 0).build_hasher();
            let mut theirs = std::hash::DefaultHasher::new();
            ours.write(&text[..length]);
            theirs.write(&text[..length]);
            assert_eq!(ours.finish(), theirs.finish());
        }
    }

    #[test]
    fn pieces_and_whole_give_the_same_hash() {
        let text: Vec<u8> = (0..100).collect();
        let key = HashKey::new(1, 2);
        let mut whole = key.build_hasher();
        whole.write(&text);
        for cut in 0..text.len() {
            let mut pieces = key.build_hasher();
            pieces.write(&text[..cut]);
            pieces.write(&text[cut..]);
            assert_eq!(pieces.finish(), whole.finish(), "cut at {cut}");
        }
    }

    #[test]
    fn the_key_and_the_borders_between_parts_matter() {
        let (a, b) = (HashKey::new(1, 2), HashKey::new(1, 3));
        assert_ne!(a.hash(&[b"x"]), b.hash(&[b"x"]));
        assert_ne!(a.hash(&[b"ab", b"c"]), a.hash(&[b"a", b"bc"]));
    }
}
