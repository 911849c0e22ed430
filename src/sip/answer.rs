//! Responses: what they repeat of the request they answer.

use crate::fields::Fields;
use crate::header::{Header, HeaderName, Via};
use crate::message::Message;
use crate::octets::{push_ip, push_number, push_value};
use crate::params::Params;
use crate::scan::Elements;
use crate::status::StatusCode;
use crate::writer::MessageWriter;
use std::net::SocketAddr;

/// What an answer adds to what it repeats.
#[derive(Clone, Copy)]
pub(crate) struct Answer<'a> {
    /// Our tag for the To field, when it has none.
    pub(crate) to_tag: Option<&'a str>,
    /// Where the request really came from.
    pub(crate) source: SocketAddr,
    /// Repeat Record-Route.
    pub(crate) routes: bool,
    /// Repeat Timestamp.
    pub(crate) timestamp: bool,
}

impl<'b> MessageWriter<'b> {
    /// Begins the response to a request: Vias (the top one completed with where the request really came from), From, To
    /// (with `to_tag` when the request had none), Call-ID, CSeq, and Record-Routes where a dialog may come of it.
    pub fn response(
        out: &'b mut Vec<u8>,
        request: &Message<'_>,
        code: StatusCode,
        to_tag: Option<&str>,
        source: SocketAddr,
    ) -> Self {
        let mut writer = Self::status(out, code, None);
        let answer = Answer {
            to_tag: to_tag.filter(|_| request.to().tag().is_none()),
            source,
            // RFC 3261 §12.1.1: every response that makes a dialog repeats the Record-Routes.
            routes: code > StatusCode::TRYING && code.class() <= 2,
            // RFC 3261 §8.2.6.1: the 100 repeats the Timestamp.
            timestamp: code == StatusCode::TRYING,
        };
        writer.repeat(request.fields(), Some(request.via()), answer);
        writer
    }

    /// `via` is the topmost, when it could be read.
    pub(crate) fn repeat(&mut self, fields: &Fields<'_>, mut via: Option<&Via<'_>>, answer: Answer<'_>) {
        for line in fields.values(HeaderName::Via) {
            let Some(via) = via.take() else {
                self.raw(HeaderName::Via, line);
                continue;
            };
            self.top_via(via, answer.source);
            for value in Elements::new(line).skip(1) {
                self.raw(HeaderName::Via, value);
            }
        }
        if answer.routes {
            for route in fields.values(HeaderName::RecordRoute) {
                self.raw(HeaderName::RecordRoute, route);
            }
        }
        let timestamp = fields.value(HeaderName::Timestamp).filter(|_| answer.timestamp);
        let from = fields.value(HeaderName::From);
        for (name, value) in [(HeaderName::Timestamp, timestamp), (HeaderName::From, from)] {
            if let Some(value) = value {
                self.raw(name, value);
            }
        }
        if let Some(to) = fields.value(HeaderName::To) {
            self.begin(HeaderName::To);
            push_value(self.out, to);
            if let Some(tag) = answer.to_tag {
                self.param("tag", Some(tag));
            }
            self.line_end();
        }
        for name in [HeaderName::CallId, HeaderName::CSeq] {
            if let Some(value) = fields.value(name) {
                self.raw(name, value);
            }
        }
    }

    /// RFC 3261 §18.2.1 and RFC 3581 §4. Whatever `received` and `rport` the sender wrote himself is not believed.
    fn top_via(&mut self, via: &Via<'_>, source: SocketAddr) {
        self.begin(HeaderName::Via);
        Via { params: Params::EMPTY, ..*via }.print(self.out);
        let mut rport = false;
        for param in via.params.iter() {
            rport |= param.name.eq_ignore_ascii_case("rport");
            if !param.name.eq_ignore_ascii_case("received") && !param.name.eq_ignore_ascii_case("rport") {
                param.print(self.out);
            }
        }
        let ip = source.ip().to_canonical();
        if rport {
            self.out.extend_from_slice(b";rport=");
            push_number(self.out, u32::from(source.port()));
        }
        if rport || via.host.ip() != Some(ip) {
            self.out.extend_from_slice(b";received=");
            push_ip(self.out, ip);
        }
        self.line_end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &str = "INVITE sip:a@b SIP/2.0\r\n\
        Via: SIP/2.0/UDP 192.0.2.1:5070;received=203.0.113.9;branch=z9hG4bK1;rport=1, SIP/2.0/TCP p\r\n\
        v: SIP/2.0/TCP q\r\nRecord-Route: <sip:r1;lr>,\r\n <sip:r2;lr>\r\nTimestamp: 54\r\n\
        f: <sip:a@b>;tag=1\r\nt: <sip:b@b>\r\ni: x\r\nCSeq: 1\r\n INVITE\r\n\r\n";

    fn answer(request: &str, code: StatusCode, source: &str) -> String {
        let message = Message::parse(request.as_bytes()).expect("good");
        let mut out = Vec::new();
        MessageWriter::response(&mut out, &message, code, Some("9"), source.parse().expect("good")).end();
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn a_response_repeats_what_it_must_and_corrects_the_top_via() {
        assert_eq!(
            answer(REQUEST, StatusCode::RINGING, "198.51.100.7:40000"),
            "SIP/2.0 180 Ringing\r\n\
             Via: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bK1;rport=40000;received=198.51.100.7\r\n\
             Via: SIP/2.0/TCP p\r\nVia: SIP/2.0/TCP q\r\nRecord-Route: <sip:r1;lr>, <sip:r2;lr>\r\n\
             From: <sip:a@b>;tag=1\r\nTo: <sip:b@b>;tag=9\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\
             Content-Length: 0\r\n\r\n"
        );
    }

    #[test]
    fn only_responses_that_may_make_a_dialog_repeat_the_routes_and_only_the_100_the_timestamp() {
        let has = |code, what: &str| answer(REQUEST, code, "192.0.2.1:5070").contains(what);
        assert!(has(StatusCode::OK, "Record-Route") && !has(StatusCode::OK, "Timestamp"));
        assert!(!has(StatusCode::TRYING, "Record-Route") && has(StatusCode::TRYING, "Timestamp: 54"));
        assert!(!has(StatusCode::BUSY_HERE, "Record-Route"));
    }

    #[test]
    fn a_tag_that_is_there_is_kept() {
        let text = answer(&REQUEST.replace("t: <sip:b@b>", "t: <sip:b@b>;tag=7"), StatusCode::OK, "192.0.2.1:5070");
        assert!(text.contains("To: <sip:b@b>;tag=7\r\n"), "{text}");
    }

    #[test]
    fn received_is_added_only_where_it_says_something_new() {
        let plain = REQUEST.replace(";rport=1", "");
        let via = |source| answer(&plain, StatusCode::OK, source).lines().nth(1).map(str::to_owned);
        assert_eq!(via("192.0.2.1:9").as_deref(), Some("Via: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bK1"));
        // An IPv4 peer on an IPv6 socket is shown as the IPv4 peer it is (attack A13).
        let mapped = via("[::ffff:192.0.2.1]:9");
        assert_eq!(mapped.as_deref(), Some("Via: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bK1"));
        let other = via("[2001:db8::2]:9");
        assert_eq!(other.as_deref(), Some("Via: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bK1;received=2001:db8::2"));
    }
}
