//! `;name=value` lists, as they follow addresses, URIs and Vias.

use crate::limits::PARAMS_MAX;
use crate::scan::{Cursor, is_param, text};

/// A checked parameter list, still in the octets of the message.
#[derive(Clone, Copy, Debug, Default)]
pub struct Params<'a> {
    raw: &'a [u8],
}

/// What an address says of its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    Absent,
    One,
    /// Without a value, quoted, or more than one.
    Unsound,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param<'a> {
    pub name: &'a str,
    pub value: Option<ParamValue<'a>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamValue<'a> {
    Token(&'a str),
    /// What lies between the quotes, escapes still in it.
    Quoted(&'a [u8]),
}

impl<'a> Params<'a> {
    pub const EMPTY: Params<'static> = Params { raw: b"" };

    /// `raw` is empty or begins with `;` (white space allowed around each `;` and `=`).
    pub(crate) fn parse(raw: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(raw);
        let params = Self::take(&mut cursor)?;
        cursor.done().then_some(params)
    }

    /// Reads as many parameters as follow and leaves the cursor behind them.
    #[inline]
    pub(crate) fn take(cursor: &mut Cursor<'a>) -> Option<Self> {
        Self::take_tagged(cursor).map(|(params, _)| params)
    }

    /// The same, with what was found of a parameter `tag` on the way.
    #[inline]
    pub(crate) fn take_tagged(cursor: &mut Cursor<'a>) -> Option<(Self, Tag)> {
        let mut tag = Tag::Absent;
        let start = cursor.rest();
        let mut count = 0;
        while cursor.lws_then(b';') {
            let (name, value) = raw_step(cursor)?;
            if name.len() == 3 && name.eq_ignore_ascii_case(b"tag") {
                tag = match (tag, value) {
                    (Tag::Absent, RawValue::Token(_)) => Tag::One,
                    _ => Tag::Unsound,
                };
            }
            count += 1;
            if count > PARAMS_MAX {
                return None;
            }
        }
        let length = start.len() - cursor.rest().len();
        Some((Params { raw: &start[..length] }, tag))
    }

    pub fn iter(&self) -> impl Iterator<Item = Param<'a>> + use<'a> {
        let mut cursor = Cursor::new(self.raw);
        core::iter::from_fn(move || if cursor.done() { None } else { step(&mut cursor) })
    }

    pub fn find(&self, name: &str) -> Option<Param<'a>> {
        let mut cursor = Cursor::new(self.raw);
        loop {
            let before = cursor;
            let (found, _) = raw_step(&mut cursor)?;
            if found.eq_ignore_ascii_case(name.as_bytes()) {
                return step(&mut { before });
            }
        }
    }

    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// The unquoted value of a parameter.
    pub fn token(&self, name: &str) -> Option<&'a str> {
        match self.find(name)?.value? {
            ParamValue::Token(token) => Some(token),
            ParamValue::Quoted(_) => None,
        }
    }

    /// The value of a parameter, quoted or not, escapes still in it.
    pub fn value(&self, name: &str) -> Option<&'a [u8]> {
        match self.find(name)?.value? {
            ParamValue::Token(token) => Some(token.as_bytes()),
            ParamValue::Quoted(quoted) => Some(quoted),
        }
    }

    pub fn number(&self, name: &str) -> Option<u32> {
        self.token(name).and_then(|t| crate::scan::number(t.as_bytes()))
    }

    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// As written, the leading `;` included.
    pub fn as_bytes(&self) -> &'a [u8] {
        self.raw
    }
}

/// One parameter, checked by its octets alone; text is made of it when somebody asks.
#[derive(Clone, Copy)]
enum RawValue<'a> {
    Absent,
    Token(&'a [u8]),
    Quoted(&'a [u8]),
}

#[inline]
fn raw_step<'a>(cursor: &mut Cursor<'a>) -> Option<(&'a [u8], RawValue<'a>)> {
    if !cursor.separator(b';') {
        return None;
    }
    let name = cursor.run(|b| is_param(b) && b != b'=')?;
    if !cursor.separator(b'=') {
        return Some((name, RawValue::Absent));
    }
    if cursor.peek() == Some(b'"') {
        return Some((name, RawValue::Quoted(cursor.quoted()?)));
    }
    Some((name, RawValue::Token(cursor.run(is_param)?)))
}

fn step<'a>(cursor: &mut Cursor<'a>) -> Option<Param<'a>> {
    let (name, value) = raw_step(cursor)?;
    let value = match value {
        RawValue::Absent => None,
        RawValue::Token(token) => Some(ParamValue::Token(text(token)?)),
        RawValue::Quoted(inner) => Some(ParamValue::Quoted(inner)),
    };
    Some(Param { name: text(name)?, value })
}

impl Params<'_> {
    pub(crate) fn print(&self, out: &mut Vec<u8>) {
        for param in self.iter() {
            param.print(out);
        }
    }
}

impl Param<'_> {
    pub(crate) fn print(&self, out: &mut Vec<u8>) {
        out.push(b';');
        out.extend_from_slice(self.name.as_bytes());
        match self.value {
            None => {}
            Some(ParamValue::Token(token)) => {
                out.push(b'=');
                out.extend_from_slice(token.as_bytes());
            }
            Some(ParamValue::Quoted(quoted)) => {
                out.extend_from_slice(b"=\"");
                crate::octets::push_value(out, quoted);
                out.push(b'"');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(raw: &str) -> Option<Params<'_>> {
        Params::parse(raw.as_bytes())
    }

    #[test]
    fn names_are_found_in_any_letter_case() {
        let got = params(";a;B = \"q;\\\" r\" ; c=5;received=2001:db8::1;x=YWJj==").expect("good");
        assert!(got.has("A") && !got.has("d"));
        assert_eq!((got.value("b"), got.token("b")), (Some(&b"q;\\\" r"[..]), None));
        assert_eq!((got.number("C"), got.number("a")), (Some(5), None));
        assert_eq!((got.token("received"), got.token("x")), (Some("2001:db8::1"), Some("YWJj==")));
        assert_eq!(got.iter().count(), 5);
    }

    #[test]
    fn empty_and_broken_parameters_are_refused() {
        for bad in [";", ";;a", ";a;", ";=1", ";a=", ";a=\"x", ";a b", "a", ";a=<x>"] {
            assert!(params(bad).is_none(), "{bad}");
        }
        assert!(params("").is_some_and(|p| p.is_empty()));
    }

    #[test]
    fn more_than_the_limit_is_refused() {
        assert!(params(&";x".repeat(PARAMS_MAX)).is_some());
        assert!(params(&";x".repeat(PARAMS_MAX + 1)).is_none());
    }
}
