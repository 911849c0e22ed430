//! `"Display Name" <sip:user@host>;param=value`, the form From, To, Contact, Route and many others share.

use crate::octets::push_quoted;
use crate::params::{Params, Tag};
use crate::scan::{Cursor, is_token, trim};
use crate::uri::Uri;
use std::borrow::Cow;

#[derive(Clone, Copy, Debug)]
pub struct NameAddr<'a> {
    pub display: Option<DisplayName<'a>>,
    pub uri: Uri<'a>,
    /// Parameters of the header field, not of the URI.
    pub params: Params<'a>,
}

/// A display name, octets as they came: RFC 3261 asks for UTF-8, the wire does not always obey.
#[derive(Clone, Copy, Debug)]
pub enum DisplayName<'a> {
    /// Bare tokens, or what stood between quotes with its escapes.
    Wire(&'a [u8]),
    /// Plain text, quoted and escaped when it is printed.
    Text(&'a str),
}

impl<'a> NameAddr<'a> {
    pub fn new(uri: Uri<'a>) -> Self {
        NameAddr { display: None, uri, params: Params::EMPTY }
    }

    pub fn parse(value: &'a [u8]) -> Option<Self> {
        Self::parse_tagged(value).map(|(address, _)| address)
    }

    /// From and To: no tag, or one with a value. Two tags would name two dialogs, and whoever reads another of them
    /// than we do would see another call.
    pub(crate) fn parse_end(value: &'a [u8]) -> Option<Self> {
        Self::parse_tagged(value).filter(|(_, tag)| *tag != Tag::Unsound).map(|(address, _)| address)
    }

    fn parse_tagged(value: &'a [u8]) -> Option<(Self, Tag)> {
        let mut cursor = Cursor::new(value);
        let display = match cursor.lws().peek()? {
            b'"' => Some(DisplayName::Wire(cursor.quoted()?)),
            b'<' => None,
            _ => match bare_display(value) {
                Some(display) => {
                    cursor = Cursor::new(&value[display.len()..]);
                    Some(DisplayName::Wire(trim(display)))
                }
                None => return Self::parse_addr_spec(value),
            },
        };
        if !cursor.separator(b'<') {
            return None;
        }
        // White space before the closing bracket is against RFC 3261 §25.1 but recoverable (RFC 4475 §3.1.2.14).
        let inner = cursor.rest();
        let end = inner.iter().position(|b| *b == b'>')?;
        let uri = Uri::parse(trim(&inner[..end])).ok()?;
        cursor.skip(end + 1);
        Self::with_params(display, uri, cursor)
    }

    fn with_params(display: Option<DisplayName<'a>>, uri: Uri<'a>, mut cursor: Cursor<'a>) -> Option<(Self, Tag)> {
        let (params, tag) = Params::take_tagged(&mut cursor)?;
        cursor.done().then_some((NameAddr { display, uri, params }, tag))
    }

    /// RFC 3261 §20: without brackets every `;` belongs to the header field, none to the URI.
    fn parse_addr_spec(value: &'a [u8]) -> Option<(Self, Tag)> {
        let value = trim(value);
        let end = value.iter().position(|b| *b == b';').unwrap_or(value.len());
        let addr = trim(&value[..end]);
        if addr.contains(&b'?') || addr.contains(&b',') {
            return None;
        }
        let uri = Uri::parse(addr).ok()?;
        Self::with_params(None, uri, Cursor::new(&value[end..]))
    }

    pub fn tag(&self) -> Option<&'a str> {
        self.params.token("tag")
    }

    pub fn print(&self, out: &mut Vec<u8>) {
        if let Some(display) = &self.display {
            display.print(out);
            out.push(b' ');
        }
        out.push(b'<');
        out.extend_from_slice(self.uri.as_str().as_bytes());
        out.push(b'>');
        self.params.print(out);
    }
}

/// Tokens before `<`, white space included; `None` when the value has no bracket outside quotes.
fn bare_display(value: &[u8]) -> Option<&[u8]> {
    let end = value.iter().position(|b| matches!(b, b'<' | b'"' | b';'))?;
    let legal = |b: &u8| is_token(*b) || *b >= 0x80 || crate::scan::is_lws(*b);
    (value[end] == b'<' && value[..end].iter().all(legal)).then_some(&value[..end])
}

impl<'a> DisplayName<'a> {
    /// The name as a person reads it: escapes and folding resolved, not necessarily UTF-8.
    pub fn decoded(&self) -> Cow<'a, [u8]> {
        match self {
            DisplayName::Text(text) => Cow::Borrowed(text.as_bytes()),
            DisplayName::Wire(wire) if wire.iter().any(|b| matches!(b, b'\\' | b'\r')) => Cow::Owned(unquote(wire)),
            DisplayName::Wire(wire) => Cow::Borrowed(wire),
        }
    }

    fn print(&self, out: &mut Vec<u8>) {
        push_quoted(out, &self.decoded());
    }
}

impl PartialEq for DisplayName<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.decoded() == other.decoded()
    }
}

/// Resolves quoted pairs and line folding of a quoted string's inside.
pub(crate) fn unquote(inner: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(inner.len());
    let mut i = 0;
    while i < inner.len() {
        match inner[i] {
            b'\\' if i + 1 < inner.len() => {
                out.push(inner[i + 1]);
                i += 1;
            }
            b'\r' | b'\n' => {}
            b => out.push(b),
        }
        i += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, display: Option<&str>, uri: &str, tag: Option<&str>) {
        let got = NameAddr::parse(value.as_bytes()).unwrap_or_else(|| panic!("refused {value}"));
        assert_eq!(got.display.map(|d| String::from_utf8_lossy(&d.decoded()).into_owned()).as_deref(), display);
        assert_eq!(got.uri.as_str(), uri);
        assert_eq!(got.tag(), tag);
    }

    #[test]
    fn all_three_forms_are_read() {
        check("<sip:a@b;x=1>;tag=t", None, "sip:a@b;x=1", Some("t"));
        check("sip:a@b;tag=t", None, "sip:a@b", Some("t"));
        check("Bob Smith <sip:a@b>", Some("Bob Smith"), "sip:a@b", None);
        check(r#""B, \"ob\" \\" <tel:+123> ; TAG = q"#, Some(r#"B, "ob" \"#), "tel:+123", Some("q"));
        check("\"\"<sip:a@b>", Some(""), "sip:a@b", None);
        check("Ошибка <sip:a@b>", Some("Ошибка"), "sip:a@b", None);
        check("\"x\"\r\n <sip:a@b>\r\n ;tag=1", Some("x"), "sip:a@b", Some("1"));
    }

    #[test]
    fn what_is_not_an_address_is_refused() {
        for bad in [
            "",
            "\"open <sip:a@b>",
            "<sip:a@b",
            "Bell, Alexander <sip:a@b>",
            "sip:a@b?x=y",
            "<>",
            "<sip:a b@c>",
            "<sip:a@b>x",
            "\"x\"",
            "<sip:a@b>;=1",
        ] {
            assert!(NameAddr::parse(bad.as_bytes()).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_display_name_that_is_not_utf8_keeps_its_octets() {
        let got = NameAddr::parse(b"\"\xff\xfe\" <sip:a@b>").expect("legal but for its encoding");
        assert_eq!(got.display.expect("has one").decoded().as_ref(), b"\xff\xfe");
    }

    #[test]
    fn printing_and_reading_give_the_same_address() {
        for value in ["\"a \\\"b\\\" \\\\\" <sip:u@h;lr>;tag=1;x=\"q r\"", "<tel:+1-2>;y", "<sips:[::1]:5061>"] {
            let first = NameAddr::parse(value.as_bytes()).expect("good");
            let mut printed = Vec::new();
            first.print(&mut printed);
            assert_eq!(String::from_utf8_lossy(&printed), value);
        }
    }
}
