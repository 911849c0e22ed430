//! Call-ID: what all messages of a dialog have in common.

use super::{Header, HeaderName};
use crate::scan::{is_word, text};

/// RFC 3261 §25.1: `word [ "@" word ]`. The wire also has several `@`; they harm nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallId<'a>(pub &'a str);

impl<'a> Header<'a> for CallId<'a> {
    const NAME: HeaderName = HeaderName::CallId;

    fn parse(value: &'a [u8]) -> Option<Self> {
        let legal = !value.is_empty() && value.iter().all(|b| is_word(*b) || *b == b'@');
        if legal { text(value).map(CallId) } else { None }
    }

    fn print(&self, out: &mut Vec<u8>) {
        crate::octets::push_value(out, self.0.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_and_anything_else_is_refused() {
        for good in ["f81d4fae-7dec-11d0-a765-00a0c91e6bf6@foo.bar.com", "a", "(){}[]<>:\\\"/?'`~"] {
            assert_eq!(CallId::parse(good.as_bytes()), Some(CallId(good)));
        }
        for bad in ["", "a b", "a;b", "a,b", "ä", "a\r\n b"] {
            assert_eq!(CallId::parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
