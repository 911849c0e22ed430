//! Octet classes and the small cursor every header parser walks with.

use crate::header::HeaderName;

const TOKEN: u8 = 1;
const WORD: u8 = 2;
const PARAM: u8 = 4;
const URI: u8 = 8;

static CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0u8; 256];
    let mut i = 0usize;
    while i < 256 {
        let b = i as u8;
        let mut class = 0;
        if b.is_ascii_alphanumeric() || contains(b"-.!%*_+`'~", b) {
            class |= TOKEN | WORD;
        }
        if contains(b"()<>:\\\"/[]?{}", b) {
            class |= WORD;
        }
        // Parameter values are looser than RFC 3261 gen-value: base64 and bare URIs occur unquoted in the wild.
        if b.is_ascii_graphic() && !contains(b";,\"<>", b) {
            class |= PARAM;
        }
        // UTF-8 inside a URI is against RFC 3986, but phones send it; delimiters and white space never belong there.
        if (b.is_ascii_graphic() && !contains(b"<>\"", b)) || b >= 0x80 {
            class |= URI;
        }
        table[i] = class;
        i += 1;
    }
    table
}

const fn contains(set: &[u8], b: u8) -> bool {
    let mut i = 0;
    while i < set.len() {
        if set[i] == b {
            return true;
        }
        i += 1;
    }
    false
}

#[inline]
pub(crate) fn is_token(b: u8) -> bool {
    CLASS[b as usize] & TOKEN != 0
}

/// RFC 3261 §25.1 `word`: what a Call-ID is made of.
#[inline]
pub(crate) fn is_word(b: u8) -> bool {
    CLASS[b as usize] & WORD != 0
}

#[inline]
pub(crate) fn is_param(b: u8) -> bool {
    CLASS[b as usize] & PARAM != 0
}

#[inline]
pub(crate) fn is_uri(b: u8) -> bool {
    CLASS[b as usize] & URI != 0
}

/// White space inside a header value. CR and LF count, because the message scanner admits them only as line folding.
#[inline]
pub(crate) fn is_lws(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\r' | b'\n')
}

#[inline]
pub(crate) fn trim(mut s: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = s
        && is_lws(*first)
    {
        s = rest;
    }
    while let [rest @ .., last] = s
        && is_lws(*last)
    {
        s = rest;
    }
    s
}

/// Index of the first octet below 0x20 at or after `from`; `bytes.len()` when there is none.
///
/// Sixteen octets at a time: the fold compiles to one vector comparison, and most of a message has no such octet.
#[inline]
pub(crate) fn next_control(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    let rest = bytes.get(from..).unwrap_or_default();
    let (blocks, _) = rest.as_chunks::<16>();
    for block in blocks {
        if block.iter().fold(false, |found, b| found | (*b < 0x20)) {
            break;
        }
        at += 16;
    }
    while at < bytes.len() && bytes[at] >= 0x20 {
        at += 1;
    }
    at
}

/// Octets known to be ASCII by their class, as text.
#[inline]
pub(crate) fn text(bytes: &[u8]) -> Option<&str> {
    core::str::from_utf8(bytes).ok()
}

/// Decimal number; leading zeros are legal, anything above `u32::MAX` is not.
#[inline]
pub(crate) fn number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > crate::limits::NUMBER_DIGITS_MAX {
        return None;
    }
    let mut value = 0u32;
    for b in digits {
        let digit = b.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(u32::from(digit))?;
    }
    Some(value)
}

/// Walks a header value from left to right. Every method either consumes what it names or leaves the cursor alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    #[inline]
    pub(crate) fn new(rest: &'a [u8]) -> Self {
        Cursor { rest }
    }

    #[inline]
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    #[inline]
    pub(crate) fn lws(&mut self) -> &mut Self {
        while let [first, rest @ ..] = self.rest
            && is_lws(*first)
        {
            self.rest = rest;
        }
        self
    }

    /// Whether `b` comes next, white space aside; consumes nothing.
    #[inline]
    pub(crate) fn lws_then(&self, b: u8) -> bool {
        let mut ahead = *self;
        ahead.lws().peek() == Some(b)
    }

    /// White space, then nothing more.
    #[inline]
    pub(crate) fn done(&mut self) -> bool {
        self.lws().is_empty()
    }

    /// The octet `b` itself, no white space skipped.
    #[inline]
    pub(crate) fn eat(&mut self, b: u8) -> bool {
        if let [first, rest @ ..] = self.rest
            && *first == b
        {
            self.rest = rest;
            return true;
        }
        false
    }

    /// `b` with white space allowed on both sides (the SLASH, SEMI, COMMA, EQUAL of RFC 3261 §25.1).
    #[inline]
    pub(crate) fn separator(&mut self, b: u8) -> bool {
        let mut ahead = *self;
        if ahead.lws().eat(b) {
            ahead.lws();
            *self = ahead;
            return true;
        }
        false
    }

    /// The longest non-empty run of octets of a class.
    #[inline]
    pub(crate) fn run(&mut self, class: impl Fn(u8) -> bool) -> Option<&'a [u8]> {
        let end = self.rest.iter().position(|b| !class(*b)).unwrap_or(self.rest.len());
        if end == 0 {
            return None;
        }
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(taken)
    }

    #[inline]
    pub(crate) fn token(&mut self) -> Option<&'a str> {
        self.run(is_token).and_then(text)
    }

    #[inline]
    pub(crate) fn number(&mut self) -> Option<u32> {
        self.run(|b| b.is_ascii_digit()).and_then(number)
    }

    /// A quoted string; what comes back lies between the quotes, its escapes still in it.
    pub(crate) fn quoted(&mut self) -> Option<&'a [u8]> {
        let [b'"', inner @ ..] = self.rest else { return None };
        let mut i = 0;
        while i < inner.len() {
            match inner[i] {
                b'"' => {
                    self.rest = &inner[i + 1..];
                    return Some(&inner[..i]);
                }
                b'\\' => i += 2,
                _ => i += 1,
            }
        }
        None
    }

    #[inline]
    pub(crate) fn skip(&mut self, octets: usize) {
        self.rest = self.rest.get(octets..).unwrap_or_default();
    }
}

/// Splits a comma-separated header value, minding quotes and angle brackets. Empty elements are skipped.
#[derive(Clone, Debug)]
pub(crate) struct Elements<'a> {
    rest: &'a [u8],
    whole: bool,
}

impl<'a> Elements<'a> {
    pub(crate) fn new(value: &'a [u8]) -> Self {
        Elements { rest: value, whole: false }
    }

    /// Split where the field is a list; fields whose values hold commas of their own come out whole.
    pub(crate) fn of(name: HeaderName, value: &'a [u8]) -> Self {
        Elements { rest: value, whole: !name.is_list() }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while !self.rest.is_empty() {
            let end = if self.whole { self.rest.len() } else { element_end(self.rest) };
            let element = trim(&self.rest[..end]);
            self.rest = self.rest.get(end + 1..).unwrap_or_default();
            if !element.is_empty() {
                return Some(element);
            }
        }
        None
    }
}

fn element_end(value: &[u8]) -> usize {
    let mut quoted = false;
    let mut bracketed = false;
    let mut i = 0;
    while i < value.len() {
        match value[i] {
            b'\\' if quoted => i += 1,
            b'"' if !bracketed => quoted = !quoted,
            b'<' if !quoted => bracketed = true,
            b'>' if !quoted => bracketed = false,
            b',' if !quoted && !bracketed => return i,
            _ => {}
        }
        i += 1;
    }
    value.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_split_outside_quotes_and_brackets_only() {
        let value = br#" "a, \"b\"" <sip:x@y;p=1,2>;q=1 ,, <sip:c>,d "#;
        let got: Vec<_> = Elements::new(value).collect();
        let want: [&[u8]; 3] = [br#""a, \"b\"" <sip:x@y;p=1,2>;q=1"#, b"<sip:c>", b"d"];
        assert_eq!(got, want);
    }

    #[test]
    fn control_octets_are_found_at_every_offset() {
        for len in 0..40 {
            for at in 0..len {
                let mut bytes = vec![b'x'; len];
                bytes[at] = b'\r';
                assert_eq!(next_control(&bytes, 0), at);
                assert_eq!(next_control(&bytes, at + 1), len);
            }
        }
        assert_eq!(next_control(b"abc", 9), 9);
    }

    #[test]
    fn numbers_take_leading_zeros_and_refuse_overflow() {
        assert_eq!(number(b"00000000000000000000000000000068"), Some(68));
        assert_eq!(number(b"4294967295"), Some(u32::MAX));
        for bad in [&b"4294967296"[..], b"", b"-1", b"1x", b"000000000000000000000000000000068"] {
            assert_eq!(number(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn quoted_strings_end_at_the_first_unescaped_quote() {
        let mut cursor = Cursor::new(br#""a\"b\\"rest"#);
        assert_eq!(cursor.quoted(), Some(&br#"a\"b\\"#[..]));
        assert_eq!(cursor.rest(), b"rest");
        assert_eq!(Cursor::new(br#""never ends\""#).quoted(), None);
    }
}
