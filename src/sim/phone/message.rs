use core::net::SocketAddr;
use core::time::Duration;
use sip::{Message, MessageWriter, StatusCode};
use std::fmt::Write;

/// RFC 3261 table 4.
pub(crate) const T1: Duration = Duration::from_millis(500);
pub(crate) const T2: Duration = Duration::from_secs(4);
/// Timers B, F, H and J.
pub(crate) const GIVE_UP: Duration = Duration::from_secs(32);

/// A request about to be written.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) uri: &'a str,
    pub(crate) via: SocketAddr,
    pub(crate) branch: &'a str,
    /// With tags.
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) call_id: &'a str,
    pub(crate) cseq: u32,
    pub(crate) contact: Option<String>,
    /// Further lines, each `Name: value`.
    pub(crate) lines: Vec<String>,
    pub(crate) body: Option<(&'static str, Vec<u8>)>,
}

impl Request<'_> {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let Request { method, uri, via, branch, from, to, call_id, cseq, .. } = self;
        let mut text = format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {via};branch={branch};rport\r\nMax-Forwards: 70\r\n\
             From: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n"
        );
        if let Some(contact) = &self.contact {
            write!(text, "Contact: {contact}\r\n").expect("writing to a String cannot fail");
        }
        for line in &self.lines {
            write!(text, "{line}\r\n").expect("writing to a String cannot fail");
        }
        let (kind, body) = self.body.as_ref().map_or((None, &[][..]), |(kind, body)| (Some(*kind), &body[..]));
        if let Some(kind) = kind {
            write!(text, "Content-Type: {kind}\r\n").expect("writing to a String cannot fail");
        }
        write!(text, "Content-Length: {}\r\n\r\n", body.len()).expect("writing to a String cannot fail");
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(body);
        bytes
    }
}

/// A response to a request that came in.
pub(crate) fn response(
    request: &Message<'_>,
    source: SocketAddr,
    status: u16,
    tag: Option<&str>,
    lines: &[String],
    body: Option<Vec<u8>>,
) -> Vec<u8> {
    let mut out = Vec::new();
    let status = StatusCode::new(status).expect("a status code");
    let mut writer = MessageWriter::response(&mut out, request, status, tag, source);
    for line in lines {
        let (name, value) = line.split_once(": ").expect("Name: value");
        writer.named(name, value);
    }
    match body {
        Some(body) => writer.body("application/sdp", &body),
        None => writer.end(),
    }
    out
}

/// The value of a header line, by its long name.
pub(crate) fn line<'a>(message: &Message<'a>, name: &str) -> Option<&'a str> {
    message.raw_named(name).and_then(|value| core::str::from_utf8(value).ok())
}

/// An address field without its tag.
pub(crate) fn untagged(value: &str) -> String {
    value.split(";tag=").next().unwrap_or(value).to_owned()
}

/// The URI of a Contact value.
pub(crate) fn uri_of(contact: &str) -> String {
    let inner = contact.split_once('<').map_or(contact, |(_, rest)| rest.split('>').next().unwrap_or(rest));
    inner.to_owned()
}
