//! The first pass over a message: where its lines, fields and body are.

use crate::error::ParseError;
use crate::header::HeaderName;
use crate::limits::{HEADER_FIELDS_MAX, HEADER_FIELDS_RESERVED, HEADER_NAME_BYTES_MAX, MESSAGE_BYTES_MAX};
use crate::scan::{is_token, next_control, trim};

/// One header line: offsets into the message, the value trimmed. Eight octets.
#[derive(Clone, Copy, Debug)]
struct Field {
    name: HeaderName,
    name_length: u8,
    name_start: u16,
    value_start: u16,
    value_end: u16,
}

const NO_FIELD: Field = Field { name: HeaderName::Other, name_length: 0, name_start: 0, value_start: 0, value_end: 0 };

/// Header fields by offset, in the order of the message.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    bytes: &'a [u8],
    table: [Field; HEADER_FIELDS_MAX],
    count: u16,
    /// One bit a [`HeaderName`].
    seen: u128,
}

/// What the first pass found. A defect does not stop it, so that a bad request can still be answered.
pub(crate) struct Scan<'a> {
    pub(crate) start_line: &'a [u8],
    pub(crate) fields: Fields<'a>,
    pub(crate) body: &'a [u8],
    /// The first fault, in the order of the message.
    pub(crate) defect: Option<ParseError>,
}

impl<'a> Fields<'a> {
    /// Name as known and as written, value trimmed.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (HeaderName, &'a [u8], &'a [u8])> {
        let bytes = self.bytes;
        self.table[..usize::from(self.count)].iter().map(move |f| {
            let name_start = usize::from(f.name_start);
            let name = &bytes[name_start..name_start + usize::from(f.name_length)];
            (f.name, name, &bytes[usize::from(f.value_start)..usize::from(f.value_end)])
        })
    }

    /// Values of one field, line by line, not split at commas.
    #[inline]
    pub(crate) fn values(&self, name: HeaderName) -> impl Iterator<Item = &'a [u8]> + Clone {
        let bytes = self.bytes;
        let table = if self.has(name) { &self.table[..usize::from(self.count)] } else { &[] };
        table
            .iter()
            .filter(move |f| f.name == name)
            .map(move |f| &bytes[usize::from(f.value_start)..usize::from(f.value_end)])
    }

    #[inline]
    pub(crate) fn value(&self, name: HeaderName) -> Option<&'a [u8]> {
        self.values(name).next()
    }

    #[inline]
    pub(crate) fn has(&self, name: HeaderName) -> bool {
        self.seen & bit(name) != 0
    }

    /// Keeps the field when there is room; the last slots are for the fields an answer needs.
    #[inline]
    fn keep(&mut self, field: Field) -> Result<(), ParseError> {
        let name = field.name;
        let seen = self.has(name);
        let essential = matches!(name, HeaderName::From | HeaderName::To | HeaderName::CallId | HeaderName::CSeq);
        let room = if essential && !seen { HEADER_FIELDS_MAX } else { HEADER_FIELDS_MAX - HEADER_FIELDS_RESERVED };
        let outcome = if seen && name.is_single() { Err(ParseError::Duplicate(name)) } else { Ok(()) };
        if usize::from(self.count) >= room {
            return Err(ParseError::TooManyHeaders);
        }
        self.seen |= bit(name);
        self.table[usize::from(self.count)] = field;
        self.count += 1;
        outcome
    }
}

#[inline]
fn bit(name: HeaderName) -> u128 {
    1 << (name as u8)
}

const _: () = assert!((HeaderName::Other as u8) < 128, "a HeaderName is a bit of `seen`");

impl<'a> Scan<'a> {
    pub(crate) fn run(datagram: &'a [u8]) -> Result<Self, ParseError> {
        // RFC 3261 §7.5: CRLFs before the start line are ignored.
        let start = datagram.iter().position(|b| !matches!(b, b'\r' | b'\n')).ok_or(ParseError::KeepAlive)?;
        let whole = &datagram[start..];
        let bytes = &whole[..whole.len().min(MESSAGE_BYTES_MAX)];
        let mut defect = (bytes.len() < whole.len()).then_some(ParseError::TooLarge);
        let fields = Fields { bytes, table: [NO_FIELD; HEADER_FIELDS_MAX], count: 0, seen: 0 };

        let line = Line::next(bytes, 0, false);
        defect = defect.or(line.defect);
        let mut scan = Scan { start_line: &bytes[..line.end], fields, body: b"", defect };
        let body_start = scan.lines(bytes, line.next);
        scan.body = &bytes[body_start..];
        Ok(scan)
    }

    fn note(&mut self, defect: ParseError) {
        self.defect.get_or_insert(defect);
    }

    /// All header lines from `at`; the offset of the body.
    fn lines(&mut self, bytes: &'a [u8], mut at: usize) -> usize {
        loop {
            if at >= bytes.len() {
                self.note(ParseError::Truncated);
                return bytes.len();
            }
            if bytes[at..].starts_with(b"\r\n") {
                return at + 2;
            }
            if bytes[at] == b'\n' {
                self.note(ParseError::LineEnd);
                return at + 1;
            }
            at = self.line(bytes, at);
        }
    }

    fn line(&mut self, bytes: &'a [u8], start: usize) -> usize {
        let line = Line::next(bytes, start, true);
        if let Some(defect) = line.defect {
            self.note(defect);
        }
        let text = &bytes[start..line.end];
        let name_length = text.iter().position(|b| !is_token(*b)).unwrap_or(text.len());
        // RFC 3261 §7.3.1 allows white space before the colon; nothing else may stand there.
        let gap = text[name_length..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        let colon = name_length + gap;
        if name_length == 0 || name_length > HEADER_NAME_BYTES_MAX || text.get(colon) != Some(&b':') {
            self.note(ParseError::HeaderLine);
            return line.next;
        }
        let raw = &text[colon + 1..];
        let value = trim(raw);
        let lead = raw.len() - raw.trim_ascii_start().len();
        let value_start = if value.is_empty() { start + colon + 1 } else { start + colon + 1 + lead };
        let field = Field {
            name: HeaderName::of(&text[..name_length]),
            name_length: name_length as u8,
            name_start: start as u16,
            value_start: value_start as u16,
            value_end: (value_start + value.len()) as u16,
        };
        if let Err(defect) = self.fields.keep(field) {
            self.note(defect);
        }
        line.next
    }
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
    /// `folds`: a line that goes on with white space is the same line (RFC 3261 §7.3.1).
    #[inline]
    fn next(bytes: &[u8], start: usize, folds: bool) -> Line {
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
