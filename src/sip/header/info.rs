//! Call-Info and Alert-Info, as far as they make a phone answer by itself or ring in its own way.

use super::{Header, HeaderName};
use crate::params::Params;
use crate::scan::{Cursor, trim};
use crate::uri::Uri;
use core::ops::Deref;

/// `<uri>;parameters`.
#[derive(Clone, Copy, Debug)]
pub struct Info<'a> {
    pub uri: Uri<'a>,
    pub params: Params<'a>,
}

impl<'a> Info<'a> {
    fn parse(value: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(value);
        if !cursor.lws().eat(b'<') {
            return None;
        }
        let inner = cursor.rest();
        let end = inner.iter().position(|b| *b == b'>')?;
        let uri = Uri::parse(trim(&inner[..end])).ok()?;
        cursor.skip(end + 1);
        let params = Params::take(&mut cursor)?;
        cursor.done().then_some(Info { uri, params })
    }

    fn print(&self, out: &mut Vec<u8>) {
        out.push(b'<');
        out.extend_from_slice(self.uri.as_str().as_bytes());
        out.push(b'>');
        self.params.print(out);
    }
}

macro_rules! info_headers {
    ($($name:ident)+) => {$(
        #[derive(Clone, Copy, Debug)]
        pub struct $name<'a>(pub Info<'a>);

        impl<'a> Header<'a> for $name<'a> {
            const NAME: HeaderName = HeaderName::$name;

            fn parse(value: &'a [u8]) -> Option<Self> {
                Info::parse(value).map($name)
            }

            fn print(&self, out: &mut Vec<u8>) {
                self.0.print(out);
            }
        }

        impl<'a> Deref for $name<'a> {
            type Target = Info<'a>;

            fn deref(&self) -> &Info<'a> {
                &self.0
            }
        }
    )+};
}

info_headers! { CallInfo AlertInfo }

impl CallInfo<'_> {
    /// Seconds after which the phone should answer by itself (`answer-after`, as most phones know it).
    pub fn answer_after(&self) -> Option<u32> {
        self.params.number("answer-after")
    }
}

impl AlertInfo<'_> {
    /// `info=alert-autoanswer`, the other spelling of the same wish.
    pub fn asks_auto_answer(&self) -> bool {
        let info = self.params.value("info").unwrap_or_default();
        [&b"alert-autoanswer"[..], b"alert-auto-answer", b"auto-answer"].iter().any(|v| info.eq_ignore_ascii_case(v))
            || self.params.find("delay").is_some_and(|_| self.params.number("delay") == Some(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_answer_is_seen_in_both_spellings() {
        let call = CallInfo::parse(b"<sip:192.0.2.1>;answer-after=0").expect("good");
        assert_eq!(call.answer_after(), Some(0));
        let alert = AlertInfo::parse(b"<http://127.0.0.1/>;info=alert-autoanswer;delay=0").expect("good");
        assert!(alert.asks_auto_answer());
        assert!(!AlertInfo::parse(b"<http://www.example.com/ring.wav>").expect("good").asks_auto_answer());
    }

    #[test]
    fn brackets_are_required() {
        for bad in ["http://x/", "<http://x/", "", "<>", "<http://x/>y"] {
            assert!(CallInfo::parse(bad.as_bytes()).is_none(), "{bad}");
        }
    }
}
