//! Which shard a message belongs to, and the names that say so.
//!
//! A tag is a leg's id and a keyed checksum: any shard can tell that it is one of ours and whose it is, without a table.

use crate::hash::HashKey;
use crate::header::HeaderName;
use crate::scan::trim;
use crate::{NameAddr, Via};
use base::Key;
use core::fmt;
use model::{LegId, ShardId};

/// The shard that must see this message: responses by our branch, requests inside a dialog by our To tag, a new INVITE with
/// its CANCEL and ACK by its Call-ID, everything else shard 0. An INVITE with Replaces is no exception, for its CANCEL
/// names nothing but the Call-ID: the engine hands both on.
///
/// Looks at few octets and checks nothing: the shard that gets a bad message refuses it.
pub fn home_of(bytes: &[u8], shards: u8) -> ShardId {
    if shards <= 1 {
        return ShardId(0);
    }
    let named =
        if bytes.trim_ascii_start().starts_with(b"SIP/") { by_branch(bytes) } else { by_request(bytes, shards) };
    named.filter(|s| s.0 < shards).unwrap_or_default()
}

fn by_branch(bytes: &[u8]) -> Option<ShardId> {
    let cookie = Via::MAGIC_COOKIE.as_bytes();
    let at = bytes.windows(cookie.len()).position(|w| w == cookie)?;
    Branch::parse(bytes.get(at + cookie.len()..at + cookie.len() + Branch::DIGITS)?).map(|b| b.shard)
}

fn by_request(bytes: &[u8], shards: u8) -> Option<ShardId> {
    let method = bytes.trim_ascii_start().split(|b| *b == b' ').next()?;
    let mut call_id = None;
    for line in bytes.split(|b| *b == b'\n').skip(1) {
        if trim(line).is_empty() {
            break;
        }
        let Some(colon) = line.iter().position(|b| *b == b':') else { continue };
        match HeaderName::of(trim(&line[..colon])) {
            HeaderName::To => {
                if let Some(tag) = NameAddr::parse(trim(&line[colon + 1..])).and_then(|to| to.tag()) {
                    return Tag::read(tag).map(LegId::home);
                }
            }
            HeaderName::CallId => call_id = Some(trim(&line[colon + 1..])),
            _ => {}
        }
    }
    match method {
        b"INVITE" | b"ACK" | b"CANCEL" => {
            let by_call_id = HashKey::new(0, 0).hash(&[call_id.unwrap_or_default()]) % u64::from(shards);
            Some(ShardId(by_call_id as u8))
        }
        _ => None,
    }
}

/// Our tag in a dialog.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Tag([u8; Tag::DIGITS]);

impl Tag {
    const DIGITS: usize = 24;

    pub(crate) fn new(leg: LegId, key: &HashKey) -> Self {
        let mut digits = [0; Tag::DIGITS];
        hex(leg.0, &mut digits[..16]);
        hex(u64::from(checksum(leg, key)), &mut digits[16..]);
        Tag(digits)
    }

    /// The leg a tag names, its checksum not looked at.
    fn read(tag: &str) -> Option<LegId> {
        if tag.len() != Tag::DIGITS {
            return None;
        }
        unhex(&tag.as_bytes()[16..])?;
        unhex(&tag.as_bytes()[..16]).map(LegId)
    }

    /// The leg of a tag that only we can have made.
    pub(crate) fn verify(tag: &str, key: &HashKey) -> Option<LegId> {
        let leg = Tag::read(tag)?;
        (tag.as_bytes() == Tag::new(leg, key).0).then_some(leg)
    }

    pub(crate) fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).expect("hexadecimal digits")
    }
}

fn checksum(leg: LegId, key: &HashKey) -> u32 {
    key.hash(&[b"tag", &leg.0.to_be_bytes()]) as u32
}

/// Our branch: the shard, the place of the transaction in its slab, and a random part nobody can guess.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Branch {
    pub(crate) shard: ShardId,
    pub(crate) key: Key,
    pub(crate) nonce: u32,
}

impl Branch {
    const DIGITS: usize = 24;

    pub(crate) fn read(branch: &str) -> Option<Self> {
        Branch::parse(branch.strip_prefix(Via::MAGIC_COOKIE)?.as_bytes())
    }

    fn parse(digits: &[u8]) -> Option<Self> {
        if digits.len() != Branch::DIGITS {
            return None;
        }
        Some(Branch {
            shard: ShardId(unhex(&digits[..2])? as u8),
            key: Key::new(unhex(&digits[2..10])? as u32, unhex(&digits[10..16])? as u32),
            nonce: unhex(&digits[16..])? as u32,
        })
    }

    pub(crate) fn text(&self) -> BranchText {
        let mut text = [0; BranchText::LENGTH];
        text[..7].copy_from_slice(Via::MAGIC_COOKIE.as_bytes());
        hex(u64::from(self.shard.0), &mut text[7..9]);
        hex(u64::from(self.key.index()), &mut text[9..17]);
        hex(u64::from(self.key.generation()), &mut text[17..23]);
        hex(u64::from(self.nonce), &mut text[23..]);
        BranchText(text)
    }
}

#[derive(Clone, Copy)]
pub(crate) struct BranchText([u8; BranchText::LENGTH]);

impl BranchText {
    const LENGTH: usize = 31;

    pub(crate) fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).expect("hexadecimal digits behind the cookie")
    }
}

impl fmt::Debug for BranchText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// The lowest digits of `value`, as many as fit.
pub(crate) fn hex(value: u64, out: &mut [u8]) {
    for (i, digit) in out.iter_mut().rev().enumerate() {
        *digit = HEX[((value >> (4 * i)) & 15) as usize];
    }
}

/// Lower case only: that is how we write it.
fn unhex(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0u64, |value, b| {
        let digit = match b {
            b'0'..=b'9' => b - b'0',
            b'a'..=b'f' => b - b'a' + 10,
            _ => return None,
        };
        Some((value << 4) | u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: HashKey = HashKey::new(1, 2);

    fn leg(shard: u8) -> LegId {
        LegId::outward(ShardId(shard), Key::new(77, 3))
    }

    #[test]
    fn a_tag_names_its_leg_and_cannot_be_made_up() {
        let tag = Tag::new(leg(2), &KEY);
        assert_eq!(Tag::verify(tag.as_str(), &KEY), Some(leg(2)));
        assert_eq!(Tag::verify(tag.as_str(), &HashKey::new(1, 3)), None);
        assert_eq!(Tag::verify(&tag.as_str().to_uppercase(), &KEY), None);
        assert_eq!(Tag::verify("1928301774", &KEY), None);
    }

    #[test]
    fn a_branch_is_read_back() {
        let branch = Branch { shard: ShardId(200), key: Key::new(u32::MAX, 0xff_ffff), nonce: 7 };
        assert_eq!(Branch::read(branch.text().as_str()), Some(branch));
        assert_eq!(Branch::read("z9hG4bK776asdhds"), None);
    }

    #[test]
    fn responses_go_home_by_branch() {
        let branch = Branch { shard: ShardId(2), key: Key::new(1, 1), nonce: 9 };
        let text = format!("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch={};rport=5\r\n\r\n", branch.text().as_str());
        assert_eq!(home_of(text.as_bytes(), 3), ShardId(2));
        assert_eq!(home_of(text.as_bytes(), 2), ShardId(0), "a shard that is not there");
    }

    #[test]
    fn requests_in_a_dialog_go_home_by_tag() {
        let tag = Tag::new(leg(2), &KEY);
        for to in ["To", "t", "TO "] {
            let text = format!("BYE sip:x SIP/2.0\r\n{to}: <sip:a@b;tag=0>;tag={}\r\ni: 1\r\n\r\n", tag.as_str());
            assert_eq!(home_of(text.as_bytes(), 3), ShardId(2));
        }
        assert_eq!(home_of(b"BYE sip:x SIP/2.0\r\nTo: <sip:a@b>;tag=77\r\n\r\n", 3), ShardId(0));
    }

    #[test]
    fn an_invite_and_its_cancel_have_one_home() {
        let mut seen = [false; 3];
        for call in 0..50 {
            let home = |method: &str| {
                home_of(format!("{method} sip:x SIP/2.0\r\nCall-ID: c{call}\r\nTo: sip:a@b\r\n\r\n").as_bytes(), 3)
            };
            assert_eq!(home("INVITE"), home("CANCEL"));
            let tag = Tag::new(leg(1), &KEY);
            let replacing = format!("Replaces: 1@h;from-tag=9;to-tag={}\r\nCall-ID", tag.as_str());
            let text = format!("INVITE sip:x SIP/2.0\r\nCall-ID: c{call}\r\nTo: sip:a@b\r\n\r\n");
            assert_eq!(home_of(text.replace("Call-ID", &replacing).as_bytes(), 3), home("CANCEL"));
            assert_eq!(home("REGISTER"), ShardId(0));
            seen[usize::from(home("INVITE").0)] = true;
        }
        assert_eq!(seen, [true; 3]);
    }
}
