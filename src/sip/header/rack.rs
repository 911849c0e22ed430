//! RAck: which reliable provisional response a PRACK acknowledges (RFC 3262 §7.2).

use super::{CSeq, Header, HeaderName};
use crate::octets::push_number;
use crate::scan::Cursor;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RAck<'a> {
    /// The RSeq of the response.
    pub rseq: u32,
    /// The CSeq of the response.
    pub cseq: CSeq<'a>,
}

impl<'a> Header<'a> for RAck<'a> {
    const NAME: HeaderName = HeaderName::RAck;

    fn parse(value: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(value);
        let rseq = cursor.lws().number()?;
        let gap = cursor.rest().len();
        let rest = cursor.lws().rest();
        if rest.len() == gap {
            return None;
        }
        Some(RAck { rseq, cseq: CSeq::parse(rest)? })
    }

    fn print(&self, out: &mut Vec<u8>) {
        push_number(out, self.rseq);
        out.push(b' ');
        self.cseq.print(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Method;

    #[test]
    fn all_three_parts_are_needed() {
        let want = RAck { rseq: 776_656, cseq: CSeq { number: 1, method: Method::Invite } };
        assert_eq!(RAck::parse(b"776656 1 INVITE"), Some(want));
        for bad in [&b"776656 INVITE"[..], b"776656", b"1 2147483648 INVITE", b"1 1INVITE", b""] {
            assert_eq!(RAck::parse(bad), None, "{bad:?}");
        }
    }
}
