//! Content-Type and Accept.

use super::contact::qvalue;
use super::{Header, HeaderName};
use crate::octets::push_value;
use crate::params::Params;
use crate::scan::Cursor;

/// `type/subtype;parameters`.
#[derive(Clone, Copy, Debug)]
pub struct MediaType<'a> {
    pub main: &'a str,
    pub sub: &'a str,
    pub params: Params<'a>,
}

#[derive(Clone, Copy, Debug)]
pub struct ContentType<'a>(pub MediaType<'a>);

/// One media range; `*` stands for everything.
#[derive(Clone, Copy, Debug)]
pub struct Accept<'a>(pub MediaType<'a>);

impl<'a> MediaType<'a> {
    fn parse(value: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(value);
        let main = cursor.lws().token()?;
        if !cursor.separator(b'/') {
            return None;
        }
        let sub = cursor.token()?;
        let params = Params::take(&mut cursor)?;
        cursor.done().then_some(MediaType { main, sub, params })
    }

    /// `name` is `type/subtype`; letter case does not matter.
    pub fn is(&self, name: &str) -> bool {
        let Some((main, sub)) = name.split_once('/') else { return false };
        self.main.eq_ignore_ascii_case(main) && self.sub.eq_ignore_ascii_case(sub)
    }

    fn print(&self, out: &mut Vec<u8>) {
        push_value(out, self.main.as_bytes());
        out.push(b'/');
        push_value(out, self.sub.as_bytes());
        self.params.print(out);
    }
}

impl Accept<'_> {
    /// Whether `type/subtype` falls into this range. RFC 3261 §20.1: `q=0` means not acceptable.
    pub fn takes(&self, name: &str) -> bool {
        let Some((main, sub)) = name.split_once('/') else { return false };
        let wanted = self.0.params.token("q").and_then(qvalue) != Some(0);
        let fits = |range: &str, given: &str| range == "*" || range.eq_ignore_ascii_case(given);
        wanted && fits(self.0.main, main) && fits(self.0.sub, sub)
    }
}

macro_rules! media_type_headers {
    ($($name:ident)+) => {$(
        impl<'a> Header<'a> for $name<'a> {
            const NAME: HeaderName = HeaderName::$name;

            fn parse(value: &'a [u8]) -> Option<Self> {
                MediaType::parse(value).map($name)
            }

            fn print(&self, out: &mut Vec<u8>) {
                self.0.print(out);
            }
        }
    )+};
}

media_type_headers! { ContentType Accept }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_compared_without_letter_case_and_parameters() {
        let got = ContentType::parse(b"Application / SDP ; charset=\"utf 8\"").expect("good").0;
        assert!(got.is("application/sdp") && !got.is("application/sd") && !got.is("application"));
        assert_eq!(got.params.value("charset"), Some(&b"utf 8"[..]));
    }

    #[test]
    fn ranges_take_what_falls_into_them() {
        let takes = |range: &str, name: &str| Accept::parse(range.as_bytes()).expect(range).takes(name);
        assert!(takes("*/*", "application/sdp") && takes("application/*;q=0.1", "application/sdp"));
        assert!(!takes("text/*", "application/sdp") && !takes("application/sdp;q=0", "application/sdp"));
    }

    #[test]
    fn what_is_not_a_type_is_refused() {
        for bad in ["", "application", "application/", "/sdp", "a/b/c", "a/b;=c"] {
            assert!(ContentType::parse(bad.as_bytes()).is_none(), "{bad}");
        }
    }
}
