//! SIP messages by way of `rsip`: reading what is needed from them and building ours.
//!
//! What `rsip` 0.4 cannot do, and what that means here (known differences, not worked around):
//! - compact header names stay unknown, a line folded or a space before the colon refuses the message, `tel:` and every
//!   unknown method too; a leading CRLF is refused, so keep-alives are dropped before parsing;
//! - a request whose Request-URI holds an IPv6 address is refused, so this phone can call over IPv6 but not be called;
//! - `?headers` of a URI are not understood: Refer-To is handled as text;
//! - parameters with quoted values break its typed headers; From, To, Contact and Via are read as text.

use std::net::SocketAddr;

use rsip::message::HasHeaders;
use rsip::prelude::{HeadersExt, ToTypedHeader, UntypedHeader};
use rsip::{Domain, Header, Headers, Method, Request, Response, SipMessage, StatusCode, Uri, Version};

/// What tells requests and responses apart from others and ties them together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Essentials {
    pub(crate) call_id: String,
    pub(crate) from_tag: String,
    /// Empty outside a dialog.
    pub(crate) to_tag: String,
    pub(crate) sequence: u32,
    pub(crate) method: Method,
    /// Of the top Via.
    pub(crate) branch: String,
}

impl Essentials {
    /// None when a mandatory header is missing or broken: the message cannot be answered.
    pub(crate) fn read(message: &impl HeadersExt) -> Option<Self> {
        let cseq = message.cseq_header().ok()?.typed().ok()?;
        Some(Self {
            call_id: message.call_id_header().ok()?.value().trim().to_owned(),
            from_tag: parameter(message.from_header().ok()?.value(), "tag").unwrap_or_default(),
            to_tag: parameter(message.to_header().ok()?.value(), "tag").unwrap_or_default(),
            sequence: cseq.seq,
            method: cseq.method,
            branch: parameter(message.via_header().ok()?.value(), "branch").unwrap_or_default(),
        })
    }
}

/// Parses one datagram or framed message.
pub(crate) fn parse(bytes: &[u8]) -> Result<SipMessage, rsip::Error> {
    SipMessage::try_from(bytes)
}

/// First value of a header by its full name, in any case.
pub(crate) fn header(message: &impl HasHeaders, name: &str) -> Option<String> {
    headers(message, name).into_iter().next()
}

/// Every value of a header, one an occurrence.
pub(crate) fn headers(message: &impl HasHeaders, name: &str) -> Vec<String> {
    message
        .headers()
        .iter()
        .filter_map(|header| {
            // `Header` prints as "Name: value"; matching its 48 variants one by one would say no more.
            let text = header.to_string();
            let (found, value) = text.split_once(':')?;
            found.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
        .collect()
}

/// Headers that `rsip` has no variant for.
pub(crate) fn other_headers(message: &impl HasHeaders) -> Vec<(String, String)> {
    let other = |header: &Header| match header {
        Header::Other(name, value) => Some((name.clone(), value.clone())),
        Header::AlertInfo(value) => Some(("Alert-Info".to_owned(), value.value().to_owned())),
        Header::CallInfo(value) => Some(("Call-Info".to_owned(), value.value().to_owned())),
        _ => None,
    };
    message.headers().iter().filter_map(other).collect()
}

/// The URI of a name-addr or addr-spec.
pub(crate) fn uri_text(value: &str) -> &str {
    let outside_quotes = match value.trim_start().strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').map_or("", |(_, rest)| rest),
        None => value,
    };
    match outside_quotes.split_once('<') {
        Some((_, rest)) => rest.split('>').next().unwrap_or(rest).trim(),
        None => outside_quotes.split(';').next().unwrap_or(outside_quotes).trim(),
    }
}

/// A parameter behind the URI of a name-addr, or of a Via.
pub(crate) fn parameter(value: &str, name: &str) -> Option<String> {
    let behind = value.rsplit_once('>').map_or(value, |(_, rest)| rest);
    behind.split(';').skip(1).find_map(|part| {
        let (found, value) = part.split_once('=').unwrap_or((part, ""));
        found.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// Any URI as `rsip` wants it. What its parser cannot take apart is carried whole, as a "domain", and printed the same.
pub(crate) fn uri(text: &str) -> Uri {
    match Uri::try_from(text) {
        Ok(uri) if uri.to_string() == text => uri,
        _ => Uri {
            scheme: None,
            auth: None,
            host_with_port: Domain::from(text).into(),
            params: Vec::new(),
            headers: Vec::new(),
        },
    }
}

/// The address a URI names, when it is one; names are for the server to look up.
pub(crate) fn socket_address(uri: &str) -> Option<SocketAddr> {
    let rest = uri.split_once(':')?.1;
    let rest = rest.split([';', '?']).next()?;
    let host_port = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    host_port.parse().ok().or_else(|| Some(SocketAddr::new(host_port.trim_matches(['[', ']']).parse().ok()?, 5060)))
}

/// Text of the common reasons; `rsip` prints its variants' names (`404 NotFound`).
fn status(code: u16) -> StatusCode {
    let reason = match code {
        100 => "Trying",
        180 => "Ringing",
        200 => "OK",
        202 => "Accepted",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        415 => "Unsupported Media Type",
        420 => "Bad Extension",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        491 => "Request Pending",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        603 => "Decline",
        _ => "Refused",
    };
    StatusCode::Other(code, reason.to_owned())
}

/// A response with the headers that a response copies from its request (RFC 3261 §8.2.6.2).
pub(crate) fn response(request: &Request, source: SocketAddr, code: u16, to_tag: &str) -> Response {
    let mut headers = Headers::default();
    for (index, via) in self::headers(request, "Via").into_iter().enumerate() {
        let via = if index == 0 { with_source(&via, source) } else { via };
        headers.push(rsip::headers::Via::new(via).into());
    }
    for header in request.headers.iter() {
        match header {
            Header::RecordRoute(_) | Header::From(_) | Header::CallId(_) | Header::CSeq(_) => {
                headers.push(header.clone())
            }
            Header::To(to) => {
                let value = to.value();
                let tagged = parameter(value, "tag").is_some() || to_tag.is_empty();
                let value = if tagged { value.to_owned() } else { format!("{value};tag={to_tag}") };
                headers.push(rsip::headers::To::new(value).into());
            }
            _ => {}
        }
    }
    Response { status_code: status(code), version: Version::V2, headers, body: Vec::new() }
}

/// RFC 3581 §4: the top Via tells the sender where its request came from.
fn with_source(via: &str, source: SocketAddr) -> String {
    let asked = via.split(';').any(|part| part.trim().eq_ignore_ascii_case("rport"));
    if !asked {
        return via.to_owned();
    }
    let parts = via.split(';').map(|part| {
        if part.trim().eq_ignore_ascii_case("rport") { format!("rport={}", source.port()) } else { part.to_owned() }
    });
    format!("{};received={}", parts.collect::<Vec<_>>().join(";"), source.ip())
}

/// Where a response to this request goes (RFC 3261 §18.2.2, RFC 3581): to its source, at the port its Via names.
pub(crate) fn reply_address(request: &Request, source: SocketAddr) -> SocketAddr {
    let Some(via) = header(request, "Via") else { return source };
    if via.split(';').any(|part| part.trim().to_ascii_lowercase().starts_with("rport")) {
        return source;
    }
    let sent_by = via.split(';').next().and_then(|first| first.split_whitespace().last()).unwrap_or_default();
    let port = match sent_by.rsplit_once(':') {
        Some((_, port)) if !port.contains(']') => port.parse().unwrap_or(5060),
        _ => 5060,
    };
    SocketAddr::new(source.ip(), port)
}

/// A header that `rsip` need not know.
pub(crate) fn plain(name: &str, value: impl Into<String>) -> Header {
    Header::Other(name.to_owned(), value.into())
}

/// Gives a message its body and the two headers that go with it.
pub(crate) fn set_body(headers: &mut Headers, body: &mut Vec<u8>, kind: &str, text: String) {
    headers.retain(|h| !matches!(h, Header::ContentType(_) | Header::ContentLength(_)));
    if !text.is_empty() {
        headers.push(rsip::headers::ContentType::new(kind).into());
    }
    headers.push(rsip::headers::ContentLength::new(text.len().to_string()).into());
    *body = text.into_bytes();
}

#[cfg(test)]
mod tests {
    use super::*;

    const INVITE: &str = "INVITE sip:1001@127.0.0.1:5070 SIP/2.0\r\n\
        Via: SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bK1\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK0\r\n\
        Record-Route: <sip:127.0.0.1;lr>\r\nFrom: \"Queue <x>; tag=no\" <sip:4008@127.0.0.1>;tag=abc\r\n\
        To: <sip:1001@127.0.0.1>\r\nCall-ID: one@two\r\nCSeq: 7 INVITE\r\nX-Call: 12\r\nContent-Length: 0\r\n\r\n";

    fn request(text: &str) -> Request {
        match parse(text.as_bytes()).expect("rsip takes it") {
            SipMessage::Request(request) => request,
            SipMessage::Response(_) => panic!("a request"),
        }
    }

    #[test]
    fn essentials_are_read_past_a_hostile_display_name() {
        let essentials = Essentials::read(&request(INVITE)).expect("complete");
        assert_eq!(essentials.from_tag, "abc");
        assert_eq!(essentials.to_tag, "");
        assert_eq!(essentials.branch, "z9hG4bK1");
        assert_eq!((essentials.sequence, essentials.method), (7, Method::Invite));
    }

    #[test]
    fn response_copies_vias_routes_and_adds_tag_and_source() {
        let source = "127.0.0.1:6000".parse().expect("an address");
        let text = response(&request(INVITE), source, 180, "xyz").to_string();
        assert!(text.starts_with("SIP/2.0 180 Ringing\r\n"), "{text}");
        assert!(
            text.contains("Via: SIP/2.0/UDP 127.0.0.1:5060;rport=6000;branch=z9hG4bK1;received=127.0.0.1\r\n"),
            "{text}"
        );
        assert!(text.contains("Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK0\r\n"));
        assert!(text.contains("To: <sip:1001@127.0.0.1>;tag=xyz\r\n"));
        assert!(text.contains("Record-Route: <sip:127.0.0.1;lr>\r\n"));
    }

    #[test]
    fn responses_go_to_the_via_port_unless_rport_is_asked_for() {
        let source: SocketAddr = "127.0.0.1:6000".parse().expect("an address");
        assert_eq!(reply_address(&request(INVITE), source), source);
        let old = INVITE.replace(";rport", "");
        assert_eq!(reply_address(&request(&old), source).port(), 5060);
    }

    #[test]
    fn addresses_and_parameters_are_found_in_every_form() {
        assert_eq!(uri_text("\"A <b>\" <sip:a@h;x=1>;tag=2"), "sip:a@h;x=1");
        assert_eq!(uri_text("sip:a@h;tag=2"), "sip:a@h");
        assert_eq!(parameter("sip:a@h;tag=2", "TAG"), Some("2".to_owned()));
        assert_eq!(socket_address("sip:a@127.0.0.1:5070;transport=tcp"), "127.0.0.1:5070".parse().ok());
        assert_eq!(socket_address("sip:127.0.0.1"), "127.0.0.1:5060".parse().ok());
        assert_eq!(socket_address("sip:[::1]:5070"), "[::1]:5070".parse().ok());
        assert_eq!(socket_address("sip:a@example.net"), None);
    }

    #[test]
    fn any_uri_prints_as_it_was_written() {
        for text in
            ["sip:1001@127.0.0.1:5060", "sip:a.b@example.net;transport=tcp", "sip:x@[::1]:5070", "sip:*11@h;user=phone"]
        {
            assert_eq!(uri(text).to_string(), text);
        }
    }
}
