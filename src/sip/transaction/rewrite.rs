//! What a client transaction makes of its own request: the head of an ACK, a CANCEL, the same by another transport.

use crate::header::HeaderName;
use crate::input::{Place, Protocol};
use crate::limits::{DATAGRAM_REQUEST_BYTES_MAX, MAX_FORWARDS};
use crate::user_agent::Core;
use crate::{Message, MessageWriter, Method};

pub(super) const VIA_UDP: &[u8] = b"\r\nVia: SIP/2.0/UDP ";
pub(super) const VIA_TCP: &[u8] = b"\r\nVia: SIP/2.0/TCP ";

/// RFC 3261 §18.1.1: what is too large for a datagram goes by a stream, and its Via says so.
pub(super) fn by_stream_if_large(core: &mut Core, place: Place, message: &mut [u8]) -> Place {
    let Place::Datagram { remote, .. } = place else { return place };
    if message.len() <= DATAGRAM_REQUEST_BYTES_MAX || core.listener_for(Protocol::Tcp, remote).is_none() {
        return place;
    }
    match core.place_at(Protocol::Tcp, remote) {
        Some(stream) if swap_transport(message, VIA_UDP, VIA_TCP) => stream,
        Some(_) | None => place,
    }
}

/// Our own Via is the first header line we write.
pub(super) fn swap_transport(message: &mut [u8], from: &[u8], to: &[u8]) -> bool {
    let Some(at) = message.windows(from.len()).position(|w| w == from) else { return false };
    message[at..at + from.len()].copy_from_slice(to);
    true
}

/// Request line, top Via, Routes and Max-Forwards of the ACK to a refused INVITE.
pub(super) fn write_ack_head(invite: &[u8], out: &mut Vec<u8>) {
    let Ok(message) = Message::parse(invite) else { return };
    let Some(uri) = message.uri() else { return };
    let mut writer = MessageWriter::request(out, Method::Ack, uri);
    writer.header(message.via()).number(HeaderName::MaxForwards, MAX_FORWARDS);
    for route in message.elements(HeaderName::Route) {
        writer.raw(HeaderName::Route, route);
    }
}

/// RFC 3261 §9.1.
pub(super) fn write_cancel(invite: &[u8], reason: Option<&str>, out: &mut Vec<u8>) {
    let Ok(message) = Message::parse(invite) else { return };
    let Some(uri) = message.uri() else { return };
    let mut writer = MessageWriter::request(out, Method::Cancel, uri);
    writer.header(message.via()).number(HeaderName::MaxForwards, MAX_FORWARDS);
    for route in message.elements(HeaderName::Route) {
        writer.raw(HeaderName::Route, route);
    }
    for name in [HeaderName::From, HeaderName::To, HeaderName::CallId] {
        writer.raw(name, message.raw(name).unwrap_or_default());
    }
    writer.header(&crate::CSeq { number: message.cseq().number, method: Method::Cancel });
    if let Some(reason) = reason {
        writer.text(HeaderName::Reason, reason);
    }
    writer.end();
}
