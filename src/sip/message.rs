//! A SIP message as a view over its octets.

use crate::error::ParseError;
use crate::fields::Fields;
use crate::header::{BadHeader, CSeq, CallId, From, Header, HeaderName, NameAddr, To, Via};
use crate::method::Method;
use crate::scan::{self, Elements, is_token, text};
use crate::status::StatusCode;
use crate::uri::Uri;
use core::fmt;

/// A whole, well-formed request or response, borrowed from the octets it came in.
///
/// The fields every message must have are read and checked by [`Message::parse`]; the others are read when asked for.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    start: StartLine<'a>,
    fields: Fields<'a>,
    body: &'a [u8],
    via: Via<'a>,
    from: NameAddr<'a>,
    to: NameAddr<'a>,
    call_id: &'a str,
    cseq: CSeq<'a>,
}

#[derive(Clone, Copy, Debug)]
pub enum StartLine<'a> {
    Request {
        method: Method<'a>,
        uri: Uri<'a>,
    },
    Response {
        code: StatusCode,
        /// As written, not necessarily UTF-8.
        reason: &'a [u8],
    },
}

impl<'a> Message<'a> {
    /// Reads one datagram, or one message cut out of a stream by [`crate::Framer`]. Allocates nothing.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, ParseError> {
        let mut fields = Fields::new();
        let layout = fields.scan(datagram)?;
        let start = StartLine::parse(layout.start_line)?;
        if let Some(defect) = layout.defect {
            return Err(defect);
        }
        let via = fields.value(HeaderName::Via).ok_or(ParseError::Missing(HeaderName::Via))?;
        let via = Via::first(via).ok_or(ParseError::Bad(HeaderName::Via))?;
        let From(from) = essential(&fields)?;
        let To(to) = essential(&fields)?;
        let CallId(call_id) = essential(&fields)?;
        let cseq: CSeq<'_> = essential(&fields)?;
        if let StartLine::Request { method, .. } = start
            && method != cseq.method
        {
            return Err(ParseError::MethodMismatch);
        }
        let body = body(&fields, layout.body)?;
        Ok(Message { start, fields, body, via, from, to, call_id, cseq })
    }

    pub fn start(&self) -> &StartLine<'a> {
        &self.start
    }

    /// The method of a request; of a response the method it answers, which is its CSeq's.
    pub fn method(&self) -> Method<'a> {
        self.cseq.method
    }

    /// Request-URI; `None` for a response.
    pub fn uri(&self) -> Option<&Uri<'a>> {
        match &self.start {
            StartLine::Request { uri, .. } => Some(uri),
            StartLine::Response { .. } => None,
        }
    }

    /// Status code; `None` for a request.
    pub fn status(&self) -> Option<StatusCode> {
        match self.start {
            StartLine::Response { code, .. } => Some(code),
            StartLine::Request { .. } => None,
        }
    }

    pub fn is_request(&self) -> bool {
        self.status().is_none()
    }

    /// The topmost Via.
    pub fn via(&self) -> &Via<'a> {
        &self.via
    }

    pub fn from(&self) -> &NameAddr<'a> {
        &self.from
    }

    pub fn to(&self) -> &NameAddr<'a> {
        &self.to
    }

    pub fn call_id(&self) -> &'a str {
        self.call_id
    }

    pub fn cseq(&self) -> CSeq<'a> {
        self.cseq
    }

    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    pub fn has(&self, name: HeaderName) -> bool {
        self.fields.has(name)
    }

    /// The first value of a field; `None` when the message has no such field.
    pub fn one<H: Header<'a>>(&self) -> Result<Option<H>, BadHeader> {
        self.all::<H>().next().transpose()
    }

    /// All values of a field, in order, over all its lines.
    pub fn all<H: Header<'a>>(&self) -> impl Iterator<Item = Result<H, BadHeader>> + use<'_, 'a, H> {
        self.elements(H::NAME).map(|value| H::parse(value).ok_or(BadHeader { name: H::NAME }))
    }

    /// Octets of each value of a field, lines split at commas where the field is a list.
    pub fn elements(&self, name: HeaderName) -> impl Iterator<Item = &'a [u8]> + use<'_, 'a> {
        self.fields.values(name).flat_map(move |value| Elements::of(name, value))
    }

    /// Octets of the first line of a field, trimmed but neither unfolded nor split.
    pub fn raw(&self, name: HeaderName) -> Option<&'a [u8]> {
        self.fields.value(name)
    }

    /// First line of a field we have no name for, such as a provider's own; any letter case.
    pub fn raw_named(&self, name: &str) -> Option<&'a [u8]> {
        self.fields.iter().find(|(_, written, _)| written.eq_ignore_ascii_case(name.as_bytes())).map(|(_, _, v)| v)
    }

    /// Every header line in order: known name, name as written, value.
    pub fn lines(&self) -> impl Iterator<Item = (HeaderName, &'a [u8], &'a [u8])> + use<'_, 'a> {
        self.fields.iter()
    }

    pub(crate) fn fields(&self) -> &Fields<'a> {
        &self.fields
    }
}

impl fmt::Debug for Message<'_> {
    /// The start line and what names the call, no numbers of people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.start {
            StartLine::Request { method, .. } => write!(f, "{method}")?,
            StartLine::Response { code, .. } => write!(f, "{code} to {}", self.cseq.method)?,
        }
        write!(f, " {} [{}]", self.cseq.number, self.call_id)
    }
}

impl<'a> StartLine<'a> {
    pub(crate) fn parse(line: &'a [u8]) -> Result<Self, ParseError> {
        match line.get(..4) {
            Some(prefix) if prefix.eq_ignore_ascii_case(b"SIP/") => Self::status_line(line),
            _ => Self::request_line(line),
        }
    }

    /// RFC 3261 §7.1: exactly one space between the three parts and none at the ends.
    fn request_line(line: &'a [u8]) -> Result<Self, ParseError> {
        let first = line.iter().position(|b| *b == b' ').ok_or(ParseError::NotSip)?;
        let last = line.iter().rposition(|b| *b == b' ').ok_or(ParseError::NotSip)?;
        let version = &line[last + 1..];
        if !version.get(..4).is_some_and(|v| v.eq_ignore_ascii_case(b"SIP/")) {
            return Err(ParseError::StartLine);
        }
        if &version[4..] != b"2.0" {
            return Err(ParseError::Version);
        }
        let method = &line[..first];
        if method.is_empty() || !method.iter().all(|b| is_token(*b)) || first >= last {
            return Err(ParseError::StartLine);
        }
        let method = Method::of(text(method).ok_or(ParseError::StartLine)?);
        let uri = Uri::parse(&line[first + 1..last]).map_err(|_| ParseError::RequestUri)?;
        // RFC 3261 §19.1.1: a Request-URI has no headers; RFC 4475 §3.1.2.11 wants 400.
        if uri.sip().is_some_and(|sip| !sip.headers.is_empty()) {
            return Err(ParseError::RequestUri);
        }
        Ok(StartLine::Request { method, uri })
    }

    /// RFC 3261 §7.2. The space before an empty reason phrase is often left out, and not missed.
    fn status_line(line: &'a [u8]) -> Result<Self, ParseError> {
        let rest = &line[4..];
        let (version, rest) = rest.split_at(rest.iter().position(|b| *b == b' ').ok_or(ParseError::StartLine)?);
        if version != b"2.0" {
            return Err(ParseError::Version);
        }
        let rest = &rest[1..];
        let (code, reason) = rest.split_at(rest.iter().position(|b| *b == b' ').unwrap_or(rest.len()));
        let code = scan::number(code).filter(|_| code.len() == 3).and_then(|n| u16::try_from(n).ok());
        let code = code.and_then(StatusCode::new).ok_or(ParseError::StartLine)?;
        Ok(StartLine::Response { code, reason: reason.get(1..).unwrap_or_default() })
    }
}

#[inline]
fn essential<'a, H: Header<'a>>(fields: &Fields<'a>) -> Result<H, ParseError> {
    let value = fields.value(H::NAME).ok_or(ParseError::Missing(H::NAME))?;
    H::parse(value).ok_or(ParseError::Bad(H::NAME))
}

/// RFC 3261 §18.3: a datagram longer than its Content-Length says is cut, a shorter one refused.
fn body<'a>(fields: &Fields<'a>, rest: &'a [u8]) -> Result<&'a [u8], ParseError> {
    let Some(value) = fields.value(HeaderName::ContentLength) else { return Ok(rest) };
    let length = scan::number(value).ok_or(ParseError::Bad(HeaderName::ContentLength))?;
    rest.get(..length as usize).ok_or(ParseError::BodyTooShort)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::{Contact, MaxForwards, Route};
    use std::iter::repeat_n;

    const INVITE: &str = "INVITE sip:bob@biloxi.example.com SIP/2.0\r\n\
        Via: SIP/2.0/UDP pc33.example.com;branch=z9hG4bK776, SIP/2.0/UDP a;branch=z9hG4bKq\r\n\
        v: SIP/2.0/TCP b\r\n\
        Max-Forwards: 70\r\n\
        To: Bob <sip:bob@biloxi.example.com>\r\n\
        f: \"Alice\" <sip:alice@example.com>;tag=1928\r\n\
        i: a84b4c76e66710@pc33.example.com\r\n\
        CSeq: 314159 INVITE\r\n\
        m: <sip:alice@pc33.example.com>\r\n\
        X-Thing : a,\r\n  b\r\n\
        Content-Length: 4\r\n\
        \r\n\
        body";

    fn edited(from: &str, to: &str) -> String {
        assert!(INVITE.contains(from), "{from}");
        INVITE.replacen(from, to, 1)
    }

    fn refusal(text: &str) -> ParseError {
        Message::parse(text.as_bytes()).expect_err(text)
    }

    #[test]
    fn an_ordinary_request_is_read() {
        let m = Message::parse(INVITE.as_bytes()).expect("good");
        assert_eq!(m.method(), Method::Invite);
        assert_eq!(m.uri().map(|u| u.as_str()), Some("sip:bob@biloxi.example.com"));
        assert_eq!(m.via().unique_branch(), Some("z9hG4bK776"));
        assert_eq!((m.from().tag(), m.to().tag()), (Some("1928"), None));
        assert_eq!(m.call_id(), "a84b4c76e66710@pc33.example.com");
        assert_eq!(m.cseq().number, 314_159);
        assert_eq!(m.body(), b"body");
        assert_eq!(m.one::<MaxForwards>().expect("good"), Some(MaxForwards(70)));
        assert_eq!(m.all::<Via<'_>>().count(), 3);
        assert!(matches!(m.one::<Contact<'_>>(), Ok(Some(Contact::Address(_)))));
        assert!(matches!(m.one::<Route<'_>>(), Ok(None)));
        assert_eq!(m.raw_named("x-thing"), Some(&b"a,\r\n  b"[..]));
        assert_eq!(format!("{m:?}"), "INVITE 314159 [a84b4c76e66710@pc33.example.com]");
    }

    #[test]
    fn an_ordinary_response_is_read() {
        let text = INVITE.replacen("INVITE sip:bob@biloxi.example.com SIP/2.0", "SIP/2.0 180 It is ringing", 1);
        let m = Message::parse(text.as_bytes()).expect("good");
        assert!(matches!(m.start(), StartLine::Response { code: StatusCode::RINGING, reason: b"It is ringing" }));
        assert_eq!(m.method(), Method::Invite);
    }

    #[test]
    fn line_ends_before_the_message_are_skipped() {
        assert!(Message::parse(format!("\r\n\r\n{INVITE}").as_bytes()).is_ok());
        assert_eq!(refusal("\r\n\r\n"), ParseError::KeepAlive);
        assert_eq!(refusal(""), ParseError::KeepAlive);
    }

    #[test]
    fn each_fault_has_its_name() {
        let faults = [
            ("SIP/2.0\r\n", "SIP/7.0\r\n", ParseError::Version),
            ("INVITE sip:bob", "INVITE  sip:bob", ParseError::RequestUri),
            ("INVITE sip", "INV@TE sip", ParseError::StartLine),
            ("com SIP/2.0", "com SIP/2.0 ", ParseError::StartLine),
            ("com SIP/2.0", "com?a=b SIP/2.0", ParseError::RequestUri),
            ("Max-Forwards:", "Max Forwards:", ParseError::HeaderLine),
            ("Max-Forwards:", "Max-Forwards\x01:", ParseError::ControlCharacter),
            ("To:", "To\x0b:", ParseError::ControlCharacter),
            ("Alice", "Al\0ice", ParseError::ControlCharacter),
            ("70\r\n", "70\n", ParseError::LineEnd),
            ("70\r\n", "70\rX\r\n", ParseError::LineEnd),
            ("To: ", "X: ", ParseError::Missing(HeaderName::To)),
            ("i: a84", "CALL-ID: x\r\ni: a84", ParseError::Duplicate(HeaderName::CallId)),
            ("314159", "4294967296", ParseError::Bad(HeaderName::CSeq)),
            ("314159 INVITE", "314159 BYE", ParseError::MethodMismatch),
            ("Content-Length: 4", "l: 5", ParseError::BodyTooShort),
            ("Content-Length: 4", "l: -4", ParseError::Bad(HeaderName::ContentLength)),
            ("a84b4c76e66710@", "a84b 4c76e66710@", ParseError::Bad(HeaderName::CallId)),
            ("\r\n\r\nbody", "\r\n", ParseError::Truncated),
        ];
        for (from, to, want) in faults {
            assert_eq!(refusal(&edited(from, to)), want, "{to:?}");
        }
    }

    #[test]
    fn a_space_before_the_colon_does_not_hide_a_field() {
        let text = edited("Max-Forwards:", "P-ASSERTED-identity \t :\r\n <sip:x@y>\r\nMax-Forwards:");
        let m = Message::parse(text.as_bytes()).expect("legal spelling");
        assert!(m.has(HeaderName::PAssertedIdentity));
    }

    #[test]
    fn a_datagram_longer_than_its_content_length_is_cut() {
        let m = format!("{INVITE} and more");
        assert_eq!(Message::parse(m.as_bytes()).expect("good").body(), b"body");
    }

    #[test]
    fn too_many_lines_are_refused_but_still_answerable() {
        let vias = repeat_n("v: SIP/2.0/UDP h;branch=z9hG4bKx\r\n", 1_000).collect::<String>();
        let text = edited("Max-Forwards: 70\r\n", &vias);
        let error = refusal(&text);
        assert_eq!(error, ParseError::TooManyHeaders);
        let malformed = crate::Malformed::read(text.as_bytes(), error).expect("all it needs is there");
        assert_eq!(malformed.call_id(), Some("a84b4c76e66710@pc33.example.com"));
    }

    #[test]
    fn reading_a_message_and_its_fields_allocates_nothing() {
        let info = allocation_counter::measure(|| {
            let m = Message::parse(INVITE.as_bytes()).expect("good");
            let contact = m.one::<Contact<'_>>().expect("good");
            assert!(contact.is_some_and(|c| c.address().is_some_and(|a| a.display.is_none())));
            assert_eq!(m.all::<Via<'_>>().filter_map(Result::ok).filter_map(|v| v.branch()).count(), 2);
            assert_eq!((m.from().tag(), m.one::<MaxForwards>()), (Some("1928"), Ok(Some(MaxForwards(70)))));
            let uri = m.uri().and_then(|u| u.sip()).expect("sip");
            assert_eq!((uri.user, uri.port_or_default()), (Some("bob"), 5060));
        });
        assert_eq!(info.count_total, 0);
    }
}
