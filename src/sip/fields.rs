//! The first pass over a message: where its lines, fields and body are.

use crate::error::ParseError;
use crate::header::HeaderName;
use crate::limits::{HEADER_FIELDS_MAX, HEADER_FIELDS_RESERVED, MESSAGE_BYTES_MAX};
use crate::scan::{find, is_token, next_control, trim_end, trim_start};

/// Where the value of a header line is, trimmed. The name as written is found again by going back from it, because hardly
/// anybody asks.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: u16,
    end: u16,
}

/// Header fields by offset, in the order of the message.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    bytes: &'a [u8],
    count: u8,
    /// Where the first field of each name is, or [`NOT_SEEN`].
    first: [u8; HeaderName::COUNT],
    names: [HeaderName; HEADER_FIELDS_MAX],
    spans: [Span; HEADER_FIELDS_MAX],
}

const NOT_SEEN: u8 = u8::MAX;
const _: () = assert!(HEADER_FIELDS_MAX < NOT_SEEN as usize, "a field's index is an octet");

/// What is not a field. A defect does not stop the first pass, so that a bad request can still be answered.
#[derive(Clone, Copy)]
pub(crate) struct Layout<'a> {
    pub(crate) start_line: &'a [u8],
    pub(crate) body: &'a [u8],
    /// The first fault, in the order of the message.
    pub(crate) defect: Option<ParseError>,
}

impl<'a> Fields<'a> {
    pub(crate) fn new() -> Self {
        Fields {
            bytes: b"",
            count: 0,
            first: [NOT_SEEN; HeaderName::COUNT],
            names: [HeaderName::Other; HEADER_FIELDS_MAX],
            spans: [Span { start: 0, end: 0 }; HEADER_FIELDS_MAX],
        }
    }

    /// Finds the fields of a message. In place, because a copy of the table costs as much as reading two lines.
    pub(crate) fn scan(&mut self, datagram: &'a [u8]) -> Result<Layout<'a>, ParseError> {
        // RFC 3261 §7.5: CRLFs before the start line are ignored.
        let start = datagram.iter().position(|b| !matches!(b, b'\r' | b'\n')).ok_or(ParseError::KeepAlive)?;
        let whole = &datagram[start..];
        let bytes = &whole[..whole.len().min(MESSAGE_BYTES_MAX)];
        let mut defect = (bytes.len() < whole.len()).then_some(ParseError::TooLarge);
        self.bytes = bytes;
        let line = Line::slow(bytes, 0, false);
        defect = defect.or(line.defect);
        let start_line = &bytes[..line.end];
        let body_start = self.lines(line.next, &mut defect);
        Ok(Layout { start_line, body: &bytes[body_start..], defect })
    }

    /// Name as known and as written, value trimmed.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (HeaderName, &'a [u8], &'a [u8])> {
        let bytes = self.bytes;
        let kept = self.names.iter().zip(&self.spans).take(usize::from(self.count));
        kept.map(move |(name, span)| (*name, span.name_before(bytes), span.of(bytes)))
    }

    /// Values of one field, line by line, not split at commas.
    pub(crate) fn values(&self, name: HeaderName) -> impl Iterator<Item = &'a [u8]> + Clone {
        let bytes = self.bytes;
        let from = usize::from(self.first[name as usize]).min(usize::from(self.count));
        let kept = self.names.iter().zip(&self.spans).take(usize::from(self.count)).skip(from);
        kept.filter(move |(n, _)| **n == name).map(move |(_, span)| span.of(bytes))
    }

    /// The first value of one field.
    #[inline]
    pub(crate) fn value(&self, name: HeaderName) -> Option<&'a [u8]> {
        self.spans.get(usize::from(self.first[name as usize])).map(|span| span.of(self.bytes))
    }

    #[inline]
    pub(crate) fn has(&self, name: HeaderName) -> bool {
        self.first[name as usize] != NOT_SEEN
    }

    /// All header lines from `at`; the offset of the body.
    fn lines(&mut self, mut at: usize, defect: &mut Option<ParseError>) -> usize {
        let bytes = self.bytes;
        loop {
            match &bytes[at..] {
                [] => {
                    defect.get_or_insert(ParseError::Truncated);
                    return at;
                }
                [b'\r', b'\n', ..] => return at + 2,
                [b'\n', ..] => {
                    defect.get_or_insert(ParseError::LineEnd);
                    return at + 1;
                }
                _ => {}
            }
            let line = Line::header(bytes, at);
            // A line with a fault in its octets may still hold what an answer needs, so it is kept all the same.
            let kept = self.line(at, line.end);
            if let Some(fault) = line.defect.or(kept.err()) {
                defect.get_or_insert(fault);
            }
            at = line.next;
        }
    }

    #[inline]
    fn line(&mut self, start: usize, end: usize) -> Result<(), ParseError> {
        let text = &self.bytes[start..end];
        let (name, colon) = field_name(text).ok_or(ParseError::HeaderLine)?;
        let value = trim_start(&text[colon + 1..]);
        let value_start = end - value.len();
        let value_end = value_start + trim_end(value).len();
        self.keep(name, Span { start: value_start as u16, end: value_end as u16 })
    }

    /// Keeps the field when there is room; the last slots are for the fields an answer needs.
    #[inline]
    fn keep(&mut self, name: HeaderName, span: Span) -> Result<(), ParseError> {
        let seen = self.has(name);
        let count = usize::from(self.count);
        if count >= HEADER_FIELDS_MAX - HEADER_FIELDS_RESERVED {
            let essential = matches!(name, HeaderName::From | HeaderName::To | HeaderName::CallId | HeaderName::CSeq);
            if seen || !essential {
                return Err(ParseError::TooManyHeaders);
            }
        }
        if !seen {
            self.first[name as usize] = self.count;
        }
        self.names[count] = name;
        self.spans[count] = span;
        self.count += 1;
        if seen && name.is_single() { Err(ParseError::Duplicate(name)) } else { Ok(()) }
    }
}

impl Span {
    #[inline]
    fn of(self, bytes: &[u8]) -> &[u8] {
        &bytes[usize::from(self.start)..usize::from(self.end)]
    }

    /// Between the value and its name stand only white space and one colon.
    fn name_before(self, bytes: &[u8]) -> &[u8] {
        let before = trim_end(&bytes[..usize::from(self.start)]);
        let name = trim_end(before.strip_suffix(b":").unwrap_or(before));
        let start = name.iter().rposition(|b| !is_token(*b)).map_or(0, |at| at + 1);
        &name[start..]
    }
}

/// Name, and where the colon is.
#[inline]
fn field_name(line: &[u8]) -> Option<(HeaderName, usize)> {
    let colon = find(line, b':')?;
    let mut written = &line[..colon];
    let mut name = HeaderName::of(written);
    if name == HeaderName::Other {
        // RFC 3261 §7.3.1 allows white space before the colon; nothing else may stand there.
        while let [rest @ .., b' ' | b'\t'] = written {
            written = rest;
        }
        name = HeaderName::of(written);
        // A name we know is a token; one we do not know must be.
        if written.is_empty() || !written.iter().all(|b| is_token(*b)) {
            return None;
        }
    }
    Some((name, colon))
}

/// One logical line.
struct Line {
    /// Where its text ends, line end not included.
    end: usize,
    /// Where the next line begins.
    next: usize,
    defect: Option<ParseError>,
}

impl Line {
    /// A header line. Nearly all end at their first control character and do not go on.
    #[inline]
    fn header(bytes: &[u8], start: usize) -> Line {
        let end = next_control(bytes, start);
        match bytes.get(end..end + 3) {
            Some([b'\r', b'\n', after]) if !matches!(after, b' ' | b'\t') => Line { end, next: end + 2, defect: None },
            _ => Line::slow(bytes, start, true),
        }
    }

    /// `folds`: a line that goes on with white space is the same line (RFC 3261 §7.3.1).
    fn slow(bytes: &[u8], start: usize, folds: bool) -> Line {
        let mut defect = None;
        let mut at = start;
        loop {
            at = next_control(bytes, at);
            if at >= bytes.len() {
                return Line { end: bytes.len(), next: bytes.len(), defect: defect.or(Some(ParseError::Truncated)) };
            }
            let next = match bytes[at] {
                b'\r' if bytes.get(at + 1) == Some(&b'\n') => at + 2,
                // A bare LF ends the line so that the rest can be read for an answer, but the message is refused.
                b'\n' => {
                    defect = defect.or(Some(ParseError::LineEnd));
                    at + 1
                }
                b'\t' => {
                    at += 1;
                    continue;
                }
                b'\r' => {
                    defect = defect.or(Some(ParseError::LineEnd));
                    at += 1;
                    continue;
                }
                // RFC 3261 §25.1 quoted-pair: a backslash makes any octet but CR and LF legal.
                _ => {
                    if at == start || bytes[at - 1] != b'\\' {
                        defect = defect.or(Some(ParseError::ControlCharacter));
                    }
                    at += 1;
                    continue;
                }
            };
            if folds && matches!(bytes.get(next), Some(b' ' | b'\t')) {
                at = next;
                continue;
            }
            return Line { end: at, next, defect };
        }
    }
}
