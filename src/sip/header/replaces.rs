//! Replaces: the dialog a new call takes the place of (RFC 3891).

use super::{CallId, Header, HeaderName};
use crate::octets::push_value;
use crate::params::Params;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replaces<'a> {
    pub call_id: &'a str,
    pub to_tag: &'a str,
    pub from_tag: &'a str,
    /// Only when the dialog is still early.
    pub early_only: bool,
}

impl<'a> Header<'a> for Replaces<'a> {
    const NAME: HeaderName = HeaderName::Replaces;

    fn parse(value: &'a [u8]) -> Option<Self> {
        let end = value.iter().position(|b| *b == b';')?;
        let CallId(call_id) = CallId::parse(crate::scan::trim(&value[..end]))?;
        let params = Params::parse(&value[end..])?;
        // RFC 3891 §6.1: exactly one of each tag.
        let one = |name: &str| {
            let mut found = params.iter().filter(|p| p.name.eq_ignore_ascii_case(name));
            found.next().filter(|_| found.next().is_none())?;
            params.token(name)
        };
        Some(Replaces {
            call_id,
            to_tag: one("to-tag")?,
            from_tag: one("from-tag")?,
            early_only: params.has("early-only"),
        })
    }

    fn print(&self, out: &mut Vec<u8>) {
        for (name, value) in [("", self.call_id), (";to-tag=", self.to_tag), (";from-tag=", self.from_tag)] {
            out.extend_from_slice(name.as_bytes());
            push_value(out, value.as_bytes());
        }
        if self.early_only {
            out.extend_from_slice(b";early-only");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn call_id_and_both_tags_are_needed_once_each() {
        let got = Replaces::parse(b"425928@bobster.example.org ;to-tag=7743;from-tag=6472;early-only").expect("good");
        assert_eq!((got.call_id, got.to_tag, got.from_tag), ("425928@bobster.example.org", "7743", "6472"));
        assert!(got.early_only);
        for bad in ["a", "a;to-tag=1", "a;from-tag=1", ";to-tag=1;from-tag=2", "a;to-tag=1;to-tag=3;from-tag=2"] {
            assert_eq!(Replaces::parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
