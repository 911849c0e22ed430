//! Retry-After (RFC 3261 §20.33).

use super::{Header, HeaderName};
use crate::octets::push_number;
use crate::params::Params;
use crate::scan::Cursor;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryAfter {
    pub seconds: u32,
    /// How long the party will be there from then on, in seconds.
    pub duration: Option<u32>,
}

impl<'a> Header<'a> for RetryAfter {
    const NAME: HeaderName = HeaderName::RetryAfter;

    fn parse(value: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(value);
        let seconds = cursor.lws().number()?;
        if cursor.lws().peek() == Some(b'(') {
            skip_comment(&mut cursor)?;
        }
        let params = Params::take(&mut cursor)?;
        cursor.done().then_some(RetryAfter { seconds, duration: params.number("duration") })
    }

    fn print(&self, out: &mut Vec<u8>) {
        push_number(out, self.seconds);
        if let Some(duration) = self.duration {
            out.extend_from_slice(b";duration=");
            push_number(out, duration);
        }
    }
}

/// RFC 3261 §25.1 `comment`: parentheses nest.
fn skip_comment(cursor: &mut Cursor<'_>) -> Option<()> {
    let rest = cursor.rest();
    let mut depth = 0usize;
    let mut i = 0;
    while i < rest.len() {
        match rest[i] {
            b'\\' => i += 1,
            b'(' => depth += 1,
            b')' if depth == 1 => {
                cursor.skip(i + 1);
                return Some(());
            }
            b')' => depth -= 1,
            _ => {}
        }
        i += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_skipped_and_nest() {
        let want = |seconds, duration| Some(RetryAfter { seconds, duration });
        assert_eq!(RetryAfter::parse(b"18000;duration=3600"), want(18000, Some(3600)));
        assert_eq!(RetryAfter::parse(b"120 (I'm \\) in (a) meeting)"), want(120, None));
        for bad in [&b""[..], b"soon", b"1 (", b"1 )", b"1 (()", b"99999999999"] {
            assert_eq!(RetryAfter::parse(bad), None, "{bad:?}");
        }
    }
}
