//! Writing messages into a buffer that is used again and again.
//!
//! Whatever is written, one call makes one header line: control characters (CR, LF and NUL among them) become spaces on
//! their way out, so a caller's display name can never add a line of its own.

use crate::header::{Header, HeaderName, NameAddr, Transport, Via};
use crate::method::Method;
use crate::octets::{push_number, push_quoted, push_value};
use crate::params::Params;
use crate::scan::{is_param, is_token};
use crate::status::StatusCode;
use crate::uri::{Host, Uri};

/// Writes one message: start line, headers in the order of the calls, then [`MessageWriter::end`] or
/// [`MessageWriter::body`], which add the right Content-Length.
#[must_use = "a message is complete only after end() or body()"]
pub struct MessageWriter<'b> {
    pub(crate) out: &'b mut Vec<u8>,
}

impl<'b> MessageWriter<'b> {
    /// Empties `out` and writes a request line.
    pub fn request(out: &'b mut Vec<u8>, method: Method<'_>, uri: &Uri<'_>) -> Self {
        out.clear();
        out.extend_from_slice(method.as_str().as_bytes());
        out.push(b' ');
        out.extend_from_slice(uri.as_str().as_bytes());
        out.extend_from_slice(b" SIP/2.0\r\n");
        MessageWriter { out }
    }

    /// Empties `out` and writes a status line; `reason` replaces the standard phrase.
    pub fn status(out: &'b mut Vec<u8>, code: StatusCode, reason: Option<&str>) -> Self {
        out.clear();
        out.extend_from_slice(b"SIP/2.0 ");
        push_number(out, u32::from(code.code()));
        out.push(b' ');
        push_value(out, reason.unwrap_or(code.reason()).as_bytes());
        out.extend_from_slice(b"\r\n");
        MessageWriter { out }
    }

    /// Goes on with a message whose beginning another writer left in `out`, up to the end of a line.
    pub fn resume(out: &'b mut Vec<u8>) -> Self {
        MessageWriter { out }
    }

    pub fn header<'h, H: Header<'h>>(&mut self, header: &H) -> &mut Self {
        self.begin(H::NAME);
        header.print(self.out);
        self.line_end()
    }

    /// A value given as text.
    pub fn text(&mut self, name: HeaderName, value: &str) -> &mut Self {
        self.raw(name, value.as_bytes())
    }

    /// A value given as octets, for instance one copied from another message; line folding becomes a space.
    pub fn raw(&mut self, name: HeaderName, value: &[u8]) -> &mut Self {
        self.begin(name);
        push_value(self.out, value);
        self.line_end()
    }

    /// A field we have no name for. Octets that cannot stand in a name become `-`.
    pub fn named(&mut self, name: &str, value: &str) -> &mut Self {
        self.out.extend(name.bytes().map(|b| if is_token(b) { b } else { b'-' }));
        self.out.extend_from_slice(b": ");
        push_value(self.out, value.as_bytes());
        self.line_end()
    }

    pub fn number(&mut self, name: HeaderName, value: u32) -> &mut Self {
        self.begin(name);
        push_number(self.out, value);
        self.line_end()
    }

    /// Our own Via. `rport` is asked for, as RFC 3581 wants of every client behind who knows what.
    pub fn via(&mut self, transport: Transport<'_>, host: Host<'_>, port: Option<u16>, branch: &str) -> &mut Self {
        self.begin(HeaderName::Via);
        Via { transport, host, port, params: Params::EMPTY }.print(self.out);
        self.param("branch", Some(branch));
        self.param("rport", None);
        self.line_end()
    }

    /// An address of any address field, with parameters of the field. Values that are not tokens are quoted.
    pub fn address(
        &mut self,
        name: HeaderName,
        display: Option<&str>,
        uri: &Uri<'_>,
        params: &[(&str, Option<&str>)],
    ) -> &mut Self {
        self.begin(name);
        let display = display.map(crate::header::DisplayName::Text);
        NameAddr { display, ..NameAddr::new(*uri) }.print(self.out);
        for (name, value) in params {
            self.param(name, *value);
        }
        self.line_end()
    }

    /// A Digest challenge or credentials: name, value, whether it is quoted.
    pub(crate) fn auth(&mut self, name: HeaderName, fields: &[(&str, &str, bool)]) {
        self.begin(name);
        self.out.extend_from_slice(b"Digest ");
        for (i, (name, value, quoted)) in fields.iter().enumerate() {
            if i > 0 {
                self.out.extend_from_slice(b", ");
            }
            self.out.extend_from_slice(name.as_bytes());
            self.out.push(b'=');
            if *quoted {
                push_quoted(self.out, value.as_bytes());
            } else {
                push_value(self.out, value.as_bytes());
            }
        }
        self.line_end();
    }

    /// Ends a message without a body.
    pub fn end(self) {
        self.out.extend_from_slice(b"Content-Length: 0\r\n\r\n");
    }

    /// Ends a message with a body.
    pub fn body(mut self, content_type: &str, body: &[u8]) {
        self.text(HeaderName::ContentType, content_type);
        self.finish(body);
    }

    /// Ends a message whose Content-Type, if it needs one, is already written.
    pub fn finish(self, body: &[u8]) {
        self.out.extend_from_slice(b"Content-Length: ");
        push_number(self.out, u32::try_from(body.len()).expect("a body is far below 4 GB"));
        self.out.extend_from_slice(b"\r\n\r\n");
        self.out.extend_from_slice(body);
    }

    pub(crate) fn param(&mut self, name: &str, value: Option<&str>) {
        self.out.push(b';');
        self.out.extend(name.bytes().map(|b| if is_token(b) { b } else { b'-' }));
        let Some(value) = value else { return };
        self.out.push(b'=');
        if !value.is_empty() && value.bytes().all(is_param) {
            self.out.extend_from_slice(value.as_bytes());
        } else {
            push_quoted(self.out, value.as_bytes());
        }
    }

    pub(crate) fn begin(&mut self, name: HeaderName) {
        self.out.extend_from_slice(name.as_str().as_bytes());
        self.out.extend_from_slice(b": ");
    }

    pub(crate) fn line_end(&mut self) -> &mut Self {
        self.out.extend_from_slice(b"\r\n");
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Message, OwnedUri};

    fn written(write: impl FnOnce(MessageWriter<'_>)) -> String {
        let mut out = b"left over from the last message".to_vec();
        let uri = OwnedUri::parse("sip:bob@example.org").expect("good");
        write(MessageWriter::request(&mut out, Method::Invite, &uri.uri()));
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn a_request_comes_out_as_it_was_written() {
        let text = written(|mut w| {
            let alice = OwnedUri::parse("sip:alice@example.org").expect("good");
            w.via(Transport::Tcp, Host::Ip("2001:db8::1".parse().expect("good")), Some(5062), "z9hG4bK7");
            w.address(HeaderName::From, Some("Alice \"A\""), &alice.uri(), &[("tag", Some("1"))]);
            w.address(HeaderName::Contact, None, &alice.uri(), &[("ob", None), ("x", Some("a b"))]);
            w.number(HeaderName::MaxForwards, 70).header(&crate::CSeq { number: 1, method: Method::Invite });
            w.body("application/sdp", b"v=0\r\n");
        });
        assert_eq!(
            text,
            "INVITE sip:bob@example.org SIP/2.0\r\n\
             Via: SIP/2.0/TCP [2001:db8::1]:5062;branch=z9hG4bK7;rport\r\n\
             From: \"Alice \\\"A\\\"\" <sip:alice@example.org>;tag=1\r\n\
             Contact: <sip:alice@example.org>;ob;x=\"a b\"\r\n\
             Max-Forwards: 70\r\nCSeq: 1 INVITE\r\nContent-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n"
        );
    }

    /// Attack A18.
    #[test]
    fn no_display_name_or_value_adds_a_line() {
        let nasty = "x\" <sip:evil>\r\nRoute: <sip:evil>\0\n\r\u{7f}";
        let text = written(|mut w| {
            let alice = OwnedUri::sip(Some(nasty), Host::Name("h"), None);
            w.address(HeaderName::From, Some(nasty), &alice.uri(), &[("tag\r\nX:", Some(nasty))]);
            w.text(HeaderName::Subject, nasty).named("X\r\nRoute:", nasty);
            w.end();
        });
        assert_eq!(text.split("\r\n").count(), 1 + 3 + 1 + 2, "{text:?}");
        assert!(!text.replace("\r\n", "").contains(['\r', '\n', '\0', '\u{7f}']), "{text:?}");
        assert!(!text.contains("\r\nRoute"), "{text:?}");
    }

    #[test]
    fn a_half_written_message_can_be_gone_on_with() {
        let mut text = written(|mut w| {
            w.text(HeaderName::Via, "SIP/2.0/UDP h")
                .text(HeaderName::From, "<sip:a@b>")
                .text(HeaderName::To, "<sip:a@b>");
        })
        .into_bytes();
        let mut w = MessageWriter::resume(&mut text);
        w.text(HeaderName::CallId, "x").text(HeaderName::CSeq, "1 INVITE");
        w.end();
        assert!(Message::parse(&text).is_ok());
    }
}
