//! Writing messages into a buffer that is used again and again.
//!
//! Whatever is written, one call makes one header line: control characters (CR, LF and NUL among them) become spaces on
//! their way out, so a caller's display name can never add a line of its own.

use crate::fields::Fields;
use crate::header::{Header, HeaderName, NameAddr, Transport, Via};
use crate::message::Message;
use crate::method::Method;
use crate::params::Params;
use crate::scan::{Elements, is_param, is_token};
use crate::status::StatusCode;
use crate::uri::{Host, Uri};
use core::fmt::{self, Write};
use std::net::SocketAddr;

/// Writes one message: start line, headers in the order of the calls, then [`MessageWriter::end`] or
/// [`MessageWriter::body`], which add the right Content-Length.
#[must_use = "a message is complete only after end() or body()"]
pub struct MessageWriter<'b> {
    out: &'b mut Vec<u8>,
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
        // RFC 3261 §12.1.1: every response that makes a dialog repeats the Record-Routes.
        let may_make_dialog = code > StatusCode::TRYING && code.class() <= 2;
        writer.answer_fields(request.fields(), to_tag, source, may_make_dialog);
        writer
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
        NameAddr { display, uri: *uri, params: Params::EMPTY }.print(self.out);
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

    pub(crate) fn answer_fields(
        &mut self,
        fields: &Fields<'_>,
        to_tag: Option<&str>,
        source: SocketAddr,
        routes: bool,
    ) {
        let mut top = true;
        for line in fields.values(HeaderName::Via) {
            let mut elements = Elements::new(line);
            let first = elements.clone().next().and_then(Via::parse).filter(|_| top);
            match first {
                Some(via) => {
                    self.top_via(&via, source);
                    elements.next();
                    for value in elements {
                        self.raw(HeaderName::Via, value);
                    }
                }
                None => _ = self.raw(HeaderName::Via, line),
            }
            top = false;
        }
        if routes {
            for route in fields.values(HeaderName::RecordRoute) {
                self.raw(HeaderName::RecordRoute, route);
            }
        }
        if let Some(from) = fields.value(HeaderName::From) {
            self.raw(HeaderName::From, from);
        }
        if let Some(to) = fields.value(HeaderName::To) {
            self.begin(HeaderName::To);
            push_value(self.out, to);
            let tagged = NameAddr::parse(to).is_none_or(|to| to.tag().is_some());
            if let Some(tag) = to_tag.filter(|_| !tagged) {
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
        for param in via.params.iter() {
            if !param.name.eq_ignore_ascii_case("received") && !param.name.eq_ignore_ascii_case("rport") {
                param.print(self.out);
            }
        }
        let ip = source.ip().to_canonical();
        if via.rport().is_some() {
            self.out.extend_from_slice(b";rport=");
            push_number(self.out, u32::from(source.port()));
        }
        if via.rport().is_some() || via.host.ip() != Some(ip) {
            self.out.extend_from_slice(b";received=");
            push_display(self.out, &ip);
        }
        self.line_end();
    }

    fn param(&mut self, name: &str, value: Option<&str>) {
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

    fn begin(&mut self, name: HeaderName) {
        self.out.extend_from_slice(name.as_str().as_bytes());
        self.out.extend_from_slice(b": ");
    }

    fn line_end(&mut self) -> &mut Self {
        self.out.extend_from_slice(b"\r\n");
        self
    }
}

/// Octets of a value; control characters and line folding come out as one space each.
pub(crate) fn push_value(out: &mut Vec<u8>, value: &[u8]) {
    let mut rest = value;
    while let Some(at) = rest.iter().position(|b| is_control(*b)) {
        out.extend_from_slice(&rest[..at]);
        out.push(b' ');
        let fold = rest[at..].starts_with(b"\r\n");
        rest = &rest[at + if fold { 2 } else { 1 }..];
        if fold {
            rest = rest.trim_ascii_start();
        }
    }
    out.extend_from_slice(rest);
}

/// A quoted string: quotes and backslashes escaped, control characters made spaces.
pub(crate) fn push_quoted(out: &mut Vec<u8>, plain: &[u8]) {
    out.push(b'"');
    for b in plain {
        match *b {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *b]),
            b if is_control(b) => out.push(b' '),
            b => out.push(b),
        }
    }
    out.push(b'"');
}

pub(crate) fn push_number(out: &mut Vec<u8>, number: u32) {
    push_display(out, &number);
}

pub(crate) fn push_display(out: &mut Vec<u8>, value: &impl fmt::Display) {
    struct Sink<'b>(&'b mut Vec<u8>);
    impl Write for Sink<'_> {
        fn write_str(&mut self, s: &str) -> fmt::Result {
            self.0.extend_from_slice(s.as_bytes());
            Ok(())
        }
    }
    write!(Sink(out), "{value}").expect("a Vec takes every octet");
}

fn is_control(b: u8) -> bool {
    (b < 0x20 && b != b'\t') || b == 0x7f
}
