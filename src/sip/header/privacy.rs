//! Privacy: what a caller wants hidden (RFC 3323, RFC 3325, RFC 7044).

use super::{Header, HeaderName};
use crate::scan::{is_token, trim};

/// A set of privacy values. RFC 3323 §4.2: separated by `;`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Privacy {
    bits: u8,
}

const NAMES: [(&str, u8); 7] =
    [("id", 1), ("user", 2), ("header", 4), ("session", 8), ("history", 16), ("critical", 32), ("none", 64)];

impl Privacy {
    /// The asserted identity must not leave the trust domain.
    pub const ID: Privacy = Privacy { bits: 1 };
    pub const USER: Privacy = Privacy { bits: 2 };
    pub const HEADER: Privacy = Privacy { bits: 4 };
    pub const SESSION: Privacy = Privacy { bits: 8 };
    pub const HISTORY: Privacy = Privacy { bits: 16 };
    /// Refuse the call rather than show it.
    pub const CRITICAL: Privacy = Privacy { bits: 32 };
    /// The caller wants no privacy, whatever his provider would do.
    pub const NONE: Privacy = Privacy { bits: 64 };

    pub const fn contains(self, other: Privacy) -> bool {
        self.bits & other.bits == other.bits
    }

    pub const fn and(self, other: Privacy) -> Privacy {
        Privacy { bits: self.bits | other.bits }
    }

    /// Whether the caller's number and name must stay hidden from the called party.
    pub const fn hides_identity(self) -> bool {
        !self.contains(Privacy::NONE)
            && (self.contains(Privacy::ID) || self.contains(Privacy::USER) || self.contains(Privacy::HEADER))
    }
}

impl<'a> Header<'a> for Privacy {
    const NAME: HeaderName = HeaderName::Privacy;

    /// Values we do not know are left out.
    fn parse(value: &'a [u8]) -> Option<Self> {
        let mut privacy = Privacy::default();
        for part in value.split(|b| *b == b';').map(trim) {
            if part.is_empty() || !part.iter().all(|b| is_token(*b)) {
                return None;
            }
            let known = NAMES.iter().find(|(name, _)| part.eq_ignore_ascii_case(name.as_bytes()));
            privacy.bits |= known.map_or(0, |(_, bit)| *bit);
        }
        Some(privacy)
    }

    fn print(&self, out: &mut Vec<u8>) {
        let names = NAMES.iter().filter(|(_, bit)| self.bits & bit != 0);
        for (i, (name, _)) in names.enumerate() {
            if i > 0 {
                out.push(b';');
            }
            out.extend_from_slice(name.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_make_a_set() {
        let got = Privacy::parse(b"ID ; critical;unheard-of").expect("good");
        assert_eq!(got, Privacy::ID.and(Privacy::CRITICAL));
        assert!(got.hides_identity());
        let mut out = Vec::new();
        got.print(&mut out);
        assert_eq!(out, b"id;critical");
    }

    #[test]
    fn none_outweighs_the_others() {
        assert!(!Privacy::parse(b"none;id").expect("good").hides_identity());
        assert!(!Privacy::parse(b"session").expect("good").hides_identity());
        assert!(Privacy::parse(b"").is_none() && Privacy::parse(b"id;;x").is_none());
    }
}
