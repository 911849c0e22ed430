//! Fields whose value is one number.

use super::{Header, HeaderName};
use crate::octets::push_number;
use crate::scan::{number, trim};

macro_rules! number_headers {
    ($($(#[$doc:meta])* $name:ident($type:ty),)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub $type);

        impl<'a> Header<'a> for $name {
            const NAME: HeaderName = HeaderName::$name;

            fn parse(value: &'a [u8]) -> Option<Self> {
                number(trim(value)).and_then(|n| <$type>::try_from(n).ok()).map($name)
            }

            fn print(&self, out: &mut Vec<u8>) {
                push_number(out, u32::from(self.0));
            }
        }
    )+};
}

number_headers! {
    /// RFC 3261 §20.22: 0–255.
    MaxForwards(u8),
    ContentLength(u32),
    /// Seconds.
    Expires(u32),
    /// Seconds.
    MinExpires(u32),
    /// RFC 3262 §7.1: the number of a reliable provisional response.
    RSeq(u32),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_keeps_to_its_range() {
        assert_eq!(MaxForwards::parse(b"0068"), Some(MaxForwards(68)));
        assert_eq!(MaxForwards::parse(b"256"), None);
        assert_eq!(Expires::parse(b"4294967295"), Some(Expires(u32::MAX)));
        for bad in [&b"4294967296"[..], b"", b"-1", b"1 2", b"1;x"] {
            assert_eq!(Expires::parse(bad), None, "{bad:?}");
        }
    }
}
