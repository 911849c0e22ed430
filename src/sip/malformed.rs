//! Requests we cannot accept but can still refuse politely.

use crate::answer::Answer;
use crate::error::ParseError;
use crate::fields::Fields;
use crate::header::{CallId, Header, HeaderName, NameAddr, Via};
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
    /// `None` when no answer is possible or allowed: responses, ACK, keep-alives, and requests without a readable Via.
    /// Of From, To, Call-ID and CSeq the answer repeats what is there: the branch alone finds the request again.
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

    /// Writes the refusal with the status the fault asks for.
    pub fn refuse(&self, out: &mut Vec<u8>, to_tag: &str, source: SocketAddr) {
        let mut writer = MessageWriter::status(out, self.status, None);
        // A To that cannot be read is repeated as it is.
        let untagged = self.fields.value(HeaderName::To).and_then(NameAddr::parse).filter(|to| !to.params.has("tag"));
        let to_tag = untagged.map(|_| to_tag);
        let answer = Answer { to_tag, source, routes: false, timestamp: false };
        // What is not wholly a Via is not rewritten either.
        let line = self.fields.value(HeaderName::Via).unwrap_or_default();
        writer.repeat(&self.fields, Via::first(line).as_ref(), answer);
        writer.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Message;

    const GOOD: &str = "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1;rport\r\n\
        From: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\n\r\n";

    /// Spoils the good request and returns the answer; empty when there is none.
    fn refusal(from: &str, to: &str) -> String {
        assert!(GOOD.contains(from), "{from}");
        let octets = GOOD.replacen(from, to, 1);
        let error = Message::parse(octets.as_bytes()).expect_err("spoiled");
        let mut out = Vec::new();
        if let Some(malformed) = Malformed::read(octets.as_bytes(), error) {
            malformed.refuse(&mut out, "9", "198.51.100.7:40000".parse().expect("good"));
        }
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn a_refusal_repeats_what_could_be_read() {
        assert_eq!(
            refusal("To: <", "To\u{1}: <sip:trusted@b>\r\nTo: <"),
            "SIP/2.0 400 Bad Request\r\n\
             Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1;rport=40000;received=198.51.100.7\r\n\
             From: <sip:a@b>;tag=1\r\nTo: <sip:b@b>;tag=9\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\n\
             Content-Length: 0\r\n\r\n"
        );
    }

    #[test]
    fn each_fault_has_its_status() {
        for (from, to, status) in [
            ("SIP/2.0\r\n", "SIP/3.0\r\n", "505 "),
            ("OPTIONS sip", "OPTIONS  sip", "400 "),
            ("Call-ID: x\r\n", "", "400 "),
            ("CSeq: 1 OPTIONS\r\n", "", "400 "),
            ("From: <sip:a@b>;tag=1\r\n", "", "400 "),
            ("To: <sip:b@b>\r\n", "", "400 "),
            ("\r\n\r\n", &format!("\r\n{}\r\n", "Z: y\r\n".repeat(100)), "513 "),
            ("\r\n\r\n", &format!("\r\nX: {}\r\n\r\n", "y".repeat(66_000)), "513 "),
        ] {
            let got = refusal(from, to);
            assert!(got.starts_with(&format!("SIP/2.0 {status}")), "{to:.40} {got}");
        }
    }

    #[test]
    fn what_must_not_or_cannot_be_answered_is_not() {
        for (from, to) in [
            ("OPTIONS sip:a@b SIP/2.0", "ACK sip:a@b SIP/2.0"),
            ("OPTIONS sip:a@b SIP/2.0", "SIP/2.0 2000 OK"),
            ("Via: SIP", "Via: SOP"),
            (GOOD, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
            (GOOD, "\r\n\r\n"),
        ] {
            assert_eq!(refusal(from, to), "", "{to}");
        }
    }
}
