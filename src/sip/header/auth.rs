//! Challenges and credentials: WWW-/Proxy-Authenticate, Authorization, Proxy-Authorization (RFC 3261 §22, RFC 7616).

use super::name_addr::unquote;
use super::{Header, HeaderName};
use crate::octets::push_value;
use crate::params::ParamValue;
use crate::scan::{Cursor, is_param, text};
use core::ops::Deref;
use std::borrow::Cow;

/// A scheme and its parameters. RFC 3261 §20.44: one to a line, its commas belong to the parameters.
#[derive(Clone, Copy, Debug)]
pub struct AuthFields<'a> {
    pub scheme: &'a str,
    raw: &'a [u8],
}

impl<'a> AuthFields<'a> {
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(value);
        let scheme = cursor.lws().token()?;
        let raw = cursor.lws().rest();
        let fields = AuthFields { scheme, raw };
        let mut cursor = Cursor::new(raw);
        while !cursor.done() {
            step(&mut cursor)?;
        }
        Some(fields)
    }

    pub fn is_digest(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("Digest")
    }

    /// A parameter, quotes and escapes resolved; `None` when it is absent or not UTF-8.
    pub fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        match self.find(name)? {
            ParamValue::Token(token) => Some(Cow::Borrowed(token)),
            ParamValue::Quoted(inner) if inner.contains(&b'\\') => {
                String::from_utf8(unquote(inner)).ok().map(Cow::Owned)
            }
            ParamValue::Quoted(inner) => text(inner).map(Cow::Borrowed),
        }
    }

    fn find(&self, name: &str) -> Option<ParamValue<'a>> {
        let mut cursor = Cursor::new(self.raw);
        while let Some((found, value)) = step(&mut cursor) {
            if found.eq_ignore_ascii_case(name) {
                return Some(value);
            }
        }
        None
    }

    fn print(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.scheme.as_bytes());
        out.push(b' ');
        push_value(out, self.raw);
    }
}

fn step<'a>(cursor: &mut Cursor<'a>) -> Option<(&'a str, ParamValue<'a>)> {
    let name = cursor.lws().token()?;
    if !cursor.separator(b'=') {
        return None;
    }
    let value = if cursor.peek() == Some(b'"') {
        ParamValue::Quoted(cursor.quoted()?)
    } else {
        ParamValue::Token(cursor.run(is_param).and_then(text)?)
    };
    (cursor.separator(b',') || cursor.done()).then_some((name, value))
}

macro_rules! auth_headers {
    ($($name:ident,)+) => {$(
        #[derive(Clone, Copy, Debug)]
        pub struct $name<'a>(pub AuthFields<'a>);

        impl<'a> Header<'a> for $name<'a> {
            const NAME: HeaderName = HeaderName::$name;

            fn parse(value: &'a [u8]) -> Option<Self> {
                AuthFields::parse(value).map($name)
            }

            fn print(&self, out: &mut Vec<u8>) {
                self.0.print(out);
            }
        }

        impl<'a> Deref for $name<'a> {
            type Target = AuthFields<'a>;

            fn deref(&self) -> &AuthFields<'a> {
                &self.0
            }
        }
    )+};
}

auth_headers! { WwwAuthenticate, ProxyAuthenticate, Authorization, ProxyAuthorization, }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_by_name_in_any_case() {
        let value = b"Digest realm=\"a, \\\"b\\\"\" ,\r\n NONCE=\"x=\", algorithm=SHA-256,qop=\"auth,auth-int\" ";
        let got = AuthFields::parse(value).expect("good");
        assert!(got.is_digest());
        assert_eq!(got.get("Realm").as_deref(), Some("a, \"b\""));
        assert_eq!(got.get("nonce").as_deref(), Some("x="));
        assert_eq!(got.get("algorithm").as_deref(), Some("SHA-256"));
        assert_eq!(got.get("qop").as_deref(), Some("auth,auth-int"));
        assert_eq!(got.get("opaque"), None);
    }

    #[test]
    fn other_schemes_are_read_too() {
        let got = AuthFields::parse(b"NoOneKnowsThisScheme opaque-data=here").expect("well-formed");
        assert!(!got.is_digest());
    }

    #[test]
    fn broken_lists_are_refused() {
        for bad in ["", "Digest realm", "Digest realm=\"x", "Digest =x", "Digest a=b c=d", "Digest a=b, Digest c=d"] {
            assert!(AuthFields::parse(bad.as_bytes()).is_none(), "{bad}");
        }
    }
}
