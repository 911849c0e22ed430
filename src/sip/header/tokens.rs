//! Lists of tokens: option tags and methods.

use super::{Header, HeaderName};
use crate::method::Method;
use crate::octets::push_value;
use crate::params::Params;
use crate::scan::{Cursor, is_token, text};

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

/// RFC 5373: whether the phone should answer by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerMode {
    /// `Auto` rather than `Manual`.
    pub auto: bool,
    /// Refuse rather than do otherwise.
    pub required: bool,
}

impl<'a> Header<'a> for AnswerMode {
    const NAME: HeaderName = HeaderName::AnswerMode;

    fn parse(value: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(value);
        let mode = cursor.lws().token()?;
        let params = Params::take(&mut cursor)?;
        let auto = mode.eq_ignore_ascii_case("Auto");
        let known = auto || mode.eq_ignore_ascii_case("Manual");
        (known && cursor.done()).then_some(AnswerMode { auto, required: params.has("require") })
    }

    fn print(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if self.auto { b"Auto" } else { b"Manual" });
        if self.required {
            out.extend_from_slice(b";require");
        }
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

    #[test]
    fn answer_modes_are_read_with_their_parameter() {
        assert_eq!(AnswerMode::parse(b"auto ;Require"), Some(AnswerMode { auto: true, required: true }));
        assert_eq!(AnswerMode::parse(b"Manual"), Some(AnswerMode { auto: false, required: false }));
        assert_eq!(AnswerMode::parse(b"Sometimes"), None);
    }
}
