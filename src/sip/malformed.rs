//! Requests we cannot accept but can still refuse politely.

use crate::error::ParseError;
use crate::fields::Fields;
use crate::header::{CallId, Header, HeaderName, Via};
use crate::scan::Elements;
use crate::status::StatusCode;
use crate::writer::MessageWriter;
use std::net::SocketAddr;

/// What an answer to a malformed request needs of it. Made only on the error path, by a second look at the octets.
pub struct Malformed<'a> {
    fields: Fields<'a>,
    via: Via<'a>,
    status: StatusCode,
    error: ParseError,
}

impl<'a> Malformed<'a> {
    /// `None` when no answer is possible or allowed: responses, ACK, keep-alives, and requests without a readable Via
    /// and CSeq. Of From, To and Call-ID the answer repeats what is there.
    pub fn read(datagram: &'a [u8], error: ParseError) -> Option<Self> {
        let status = error.status()?;
        let mut fields = Fields::new();
        let line = fields.scan(datagram).ok()?.start_line;
        let is_response = line.get(..4).is_some_and(|p| p.eq_ignore_ascii_case(b"SIP/"));
        // RFC 3261 §17.1.1.3: nothing ever answers an ACK.
        if is_response || line.starts_with(b"ACK ") {
            return None;
        }
        let via = fields.value(HeaderName::Via).and_then(|v| Elements::new(v).next());
        let via = via.and_then(Via::sender)?;
        fields.value(HeaderName::CSeq)?;
        Some(Malformed { fields, via, status, error })
    }

    /// The topmost Via, for the way back.
    pub fn via(&self) -> &Via<'a> {
        &self.via
    }

    pub fn call_id(&self) -> Option<&'a str> {
        self.fields.value(HeaderName::CallId).and_then(CallId::parse).map(|id| id.0)
    }

    pub fn error(&self) -> ParseError {
        self.error
    }

    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Writes the refusal: the status the fault asks for, the fault itself as reason phrase.
    pub fn refuse(&self, out: &mut Vec<u8>, to_tag: &str, source: SocketAddr) {
        let mut writer = MessageWriter::status(out, self.status, None);
        writer.answer_fields(&self.fields, Some(to_tag), source, false);
        writer.end();
    }
}
