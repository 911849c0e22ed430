//! Reason: why a request was sent, or a call diverted (RFC 3326).

use super::name_addr::unquote;
use super::{Header, HeaderName};
use crate::octets::{push_number, push_quoted, push_value};
use crate::params::Params;
use crate::scan::Cursor;
use std::borrow::Cow;

#[derive(Clone, Copy, Debug)]
pub struct Reason<'a> {
    /// `SIP`, `Q.850`, …
    pub protocol: &'a str,
    pub cause: Option<u16>,
    text: Option<Text<'a>>,
}

#[derive(Clone, Copy, Debug)]
enum Text<'a> {
    Wire(&'a [u8]),
    Plain(&'a str),
}

impl<'a> Reason<'a> {
    pub fn new(protocol: &'a str, cause: u16, text: Option<&'a str>) -> Self {
        Reason { protocol, cause: Some(cause), text: text.map(Text::Plain) }
    }

    /// The words meant for a person, escapes resolved, not necessarily UTF-8.
    pub fn text(&self) -> Option<Cow<'a, [u8]>> {
        Some(match self.text? {
            Text::Plain(plain) => Cow::Borrowed(plain.as_bytes()),
            Text::Wire(wire) if wire.iter().any(|b| matches!(b, b'\\' | b'\r')) => Cow::Owned(unquote(wire)),
            Text::Wire(wire) => Cow::Borrowed(wire),
        })
    }

    /// Cause of the SIP protocol, such as 200 for "call completed elsewhere".
    pub fn sip_cause(&self) -> Option<u16> {
        self.cause.filter(|_| self.protocol.eq_ignore_ascii_case("SIP"))
    }

    /// Cause of the telephone network (ITU-T Q.850).
    pub fn q850_cause(&self) -> Option<u16> {
        self.cause.filter(|_| self.protocol.eq_ignore_ascii_case("Q.850"))
    }
}

impl<'a> Header<'a> for Reason<'a> {
    const NAME: HeaderName = HeaderName::Reason;

    fn parse(value: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(value);
        let protocol = cursor.lws().token()?;
        let params = Params::take(&mut cursor)?;
        let cause = params.number("cause").and_then(|n| u16::try_from(n).ok());
        let text = params.value("text").map(Text::Wire);
        cursor.done().then_some(Reason { protocol, cause, text })
    }

    fn print(&self, out: &mut Vec<u8>) {
        push_value(out, self.protocol.as_bytes());
        if let Some(cause) = self.cause {
            out.extend_from_slice(b";cause=");
            push_number(out, u32::from(cause));
        }
        if let Some(text) = self.text() {
            out.extend_from_slice(b";text=");
            push_quoted(out, &text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocol_cause_and_text_are_read() {
        let got = Reason::parse(br#"SIP ;cause=200 ;text="Call \"completed\" elsewhere""#).expect("good");
        assert_eq!((got.sip_cause(), got.q850_cause()), (Some(200), None));
        assert_eq!(got.text().as_deref(), Some(&b"Call \"completed\" elsewhere"[..]));
        assert_eq!(Reason::parse(b"q.850;cause=16").expect("good").q850_cause(), Some(16));
        assert_eq!(Reason::parse(b"SIP;cause=99999").expect("good").cause, None);
        assert!(Reason::parse(b"").is_none() && Reason::parse(b"SIP x").is_none());
    }

    #[test]
    fn what_is_printed_cannot_leave_its_line() {
        let mut out = Vec::new();
        Reason::new("Q.850", 17, Some("busy\"\r\nX: y")).print(&mut out);
        assert_eq!(String::from_utf8_lossy(&out), "Q.850;cause=17;text=\"busy\\\"  X: y\"");
    }
}
