//! Octet classes and the small cursor every header parser walks with.

use crate::header::HeaderName;

const TOKEN: u8 = 1;
const WORD: u8 = 2;
const PARAM: u8 = 4;
const HOST: u8 = 8;
const URI: u8 = 16;

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
        // UTF-8 in a URI is against RFC 3986, but phones send it; delimiters and white space never belong there.
        if (b.is_ascii_graphic() && !contains(b"<>\"", b)) || b >= 0x80 {
            class |= URI;
        }
        // RFC 3261 has no `_` in host names; Windows machines do.
        if b.is_ascii_alphanumeric() || contains(b"-._", b) {
            class |= HOST;
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

/// Whether every octet may stand in a URI; looks at all of them, without a branch for each.
#[inline]
pub(crate) fn all_uri(bytes: &[u8]) -> bool {
    bytes.iter().fold(URI, |all, b| all & CLASS[*b as usize]) != 0
}

#[inline]
pub(crate) fn is_host(b: u8) -> bool {
    CLASS[b as usize] & HOST != 0
}

/// White space inside a header value. CR and LF count, because the message scanner admits them only as line folding.
#[inline]
pub(crate) fn is_lws(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\r' | b'\n')
}

#[inline]
pub(crate) fn trim_start(mut s: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = s
        && is_lws(*first)
    {
        s = rest;
    }
    s
}

#[inline]
pub(crate) fn trim_end(mut s: &[u8]) -> &[u8] {
    while let [rest @ .., last] = s
        && is_lws(*last)
    {
        s = rest;
    }
    s
}

#[inline]
pub(crate) fn trim(s: &[u8]) -> &[u8] {
    trim_end(trim_start(s))
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Index of the first octet below 0x20 at or after `from`; `bytes.len()` when there is none.
///
/// Sixteen octets at a time: the fold compiles to one vector comparison, and most of a message has no such octet.
#[inline]
pub(crate) fn next_control(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let (blocks, tail) = rest.as_chunks::<16>();
    for (i, block) in blocks.iter().enumerate() {
        if block.iter().fold(false, |found, b| found | (*b < 0x20)) {
            let (low, high) = block.split_at(8);
            let (low, high) = (controls_in(word(low)), controls_in(word(high)));
            let at = if low != 0 { low.trailing_zeros() } else { 64 + high.trailing_zeros() };
            return from + 16 * i + (at / 8) as usize;
        }
    }
    let start = bytes.len() - tail.len();
    tail.iter().position(|b| *b < 0x20).map_or(bytes.len(), |at| start.max(from) + at)
}

/// The high bit of each octet below 0x20; exact up to the lowest such octet, which is the one asked for.
#[inline]
fn controls_in(word: u64) -> u64 {
    word.wrapping_sub(0x20 * ONES) & !word & HIGHS
}

#[inline]
fn word(octets: &[u8]) -> u64 {
    u64::from_le_bytes(octets.try_into().expect("eight octets"))
}

/// Index of the first `needle`, eight octets at a time.
#[inline]
pub(crate) fn find(bytes: &[u8], needle: u8) -> Option<usize> {
    let (words, tail) = bytes.as_chunks::<8>();
    for (i, octets) in words.iter().enumerate() {
        let difference = u64::from_le_bytes(*octets) ^ (ONES * u64::from(needle));
        let zeros = difference.wrapping_sub(ONES) & !difference & HIGHS;
        if zeros != 0 {
            return Some(8 * i + (zeros.trailing_zeros() / 8) as usize);
        }
    }
    tail.iter().position(|b| *b == needle).map(|at| bytes.len() - tail.len() + at)
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
        // Nearly always there is no white space at all.
        if let [first, after, ..] = self.rest
            && !is_lws(*after)
            && !is_lws(*first)
        {
            return self.eat(b);
        }
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

    /// The octets `prefix`, exactly.
    #[inline]
    pub(crate) fn prefix(&mut self, prefix: &[u8]) -> bool {
        match self.rest.strip_prefix(prefix) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
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
        assert_eq!(next_control(b"abc", 9), 3);
    }

    #[test]
    fn an_octet_is_found_at_every_offset() {
        for len in 0..40 {
            for at in 0..len {
                let mut bytes = vec![b'9'; len];
                bytes[at] = b':';
                assert_eq!(find(&bytes, b':'), Some(at));
                assert_eq!(find(&bytes[at + 1..], b':'), None);
            }
        }
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
