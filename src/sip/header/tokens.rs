//! Lists of tokens: option tags and methods.

use super::{Header, HeaderName};
use crate::method::Method;
use crate::octets::push_value;
use crate::scan::{is_token, text};

macro_rules! token_headers {
    ($($(#[$doc:meta])* $name:ident,)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name<'a>(pub &'a str);

        impl<'a> Header<'a> for $name<'a> {
            const NAME: HeaderName = HeaderName::$name;

            fn parse(value: &'a [u8]) -> Option<Self> {
                token(value).map($name)
            }

            fn print(&self, out: &mut Vec<u8>) {
                push_value(out, self.0.as_bytes());
            }
        }
    )+};
}

token_headers! {
    /// One option tag the sender insists on.
    Require,
    /// One option tag the sender wants proxies to know.
    ProxyRequire,
    /// One option tag the sender knows.
    Supported,
    /// One option tag we did not know.
    Unsupported,
    /// RFC 5373: `Auto` or `Manual`.
    AnswerMode,
}

/// One method the sender takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allow<'a>(pub Method<'a>);

impl<'a> Header<'a> for Allow<'a> {
    const NAME: HeaderName = HeaderName::Allow;

    fn parse(value: &'a [u8]) -> Option<Self> {
        token(value).map(|t| Allow(Method::of(t)))
    }

    fn print(&self, out: &mut Vec<u8>) {
        push_value(out, self.0.as_str().as_bytes());
    }
}

pub(super) fn token(value: &[u8]) -> Option<&str> {
    let legal = !value.is_empty() && value.iter().all(|b| is_token(*b));
    if legal { text(value) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_one_by_one() {
        assert_eq!(Supported::parse(b"100rel"), Some(Supported("100rel")));
        assert_eq!(Allow::parse(b"INVITE"), Some(Allow(Method::Invite)));
        assert_eq!(Allow::parse(b"FOO"), Some(Allow(Method::Other("FOO"))));
        for bad in [&b""[..], b"a b", b"a,b", b"\"a\"", b"<x>"] {
            assert_eq!(Require::parse(bad), None, "{bad:?}");
        }
    }
}
