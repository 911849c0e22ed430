//! CSeq: the order of requests within a call.

use super::{Header, HeaderName};
use crate::method::Method;
use crate::octets::push_number;
use crate::scan::Cursor;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CSeq<'a> {
    pub number: u32,
    pub method: Method<'a>,
}

impl<'a> Header<'a> for CSeq<'a> {
    const NAME: HeaderName = HeaderName::CSeq;

    fn parse(value: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(value);
        // RFC 3261 §8.1.1.5: the number MUST be less than 2**31.
        let number = cursor.lws().number().filter(|n| *n < 1 << 31)?;
        let gap = cursor.rest().len();
        if cursor.lws().rest().len() == gap {
            return None;
        }
        let method = Method::of(cursor.token()?);
        cursor.done().then_some(CSeq { number, method })
    }

    fn print(&self, out: &mut Vec<u8>) {
        push_number(out, self.number);
        out.push(b' ');
        out.extend_from_slice(self.method.as_str().as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_and_method_are_read() {
        let want = CSeq { number: 9, method: Method::Invite };
        for good in ["9 INVITE", "0009\r\n  INVITE", "9\tINVITE "] {
            assert_eq!(CSeq::parse(good.as_bytes()), Some(want), "{good}");
        }
    }

    #[test]
    fn numbers_of_two_to_the_31_and_more_are_refused() {
        assert!(CSeq::parse(b"2147483647 ACK").is_some());
        for bad in ["2147483648 ACK", "36893488147419103232 ACK", "-1 ACK", "1ACK", "1", "ACK", "1 A B", "1 IN,V"] {
            assert_eq!(CSeq::parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
