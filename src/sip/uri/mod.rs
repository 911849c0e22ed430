//! Addresses: `sip:`, `sips:` and `tel:` URIs; other schemes are kept as text.

mod equivalence;
mod host;
mod owned;

pub use host::Host;
pub use owned::OwnedUri;

use crate::escape::{self, unescape};
use crate::params::Params;
use crate::scan::{self, all_uri, text};
use core::fmt;
use std::borrow::Cow;

/// A URI borrowed from a message.
#[derive(Clone, Copy, Debug)]
pub struct Uri<'a> {
    text: &'a str,
    kind: UriKind<'a>,
}

#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum UriKind<'a> {
    Sip(SipUri<'a>),
    Tel(TelUri<'a>),
    /// A scheme we do not read (`http:`, `urn:`, …).
    Other,
}

#[derive(Clone, Copy, Debug)]
pub struct SipUri<'a> {
    /// `sips:` instead of `sip:`.
    pub secure: bool,
    /// Still escaped; see [`unescape`].
    pub user: Option<&'a str>,
    pub password: Option<&'a str>,
    pub host: Host<'a>,
    pub port: Option<u16>,
    pub params: Params<'a>,
    /// What follows `?`, without it; empty when there is none.
    pub headers: &'a str,
}

/// RFC 3966.
#[derive(Clone, Copy, Debug)]
pub struct TelUri<'a> {
    /// As written, visual separators in it; see [`TelUri::digits`].
    pub number: &'a str,
    pub params: Params<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    #[error("no scheme")]
    Scheme,
    #[error("octet that cannot stand in a URI")]
    Octet,
    #[error("bad host")]
    Host,
    #[error("bad port")]
    Port,
    #[error("bad parameter")]
    Parameter,
    #[error("bad telephone number")]
    Number,
    #[error("bad percent escape")]
    Escape,
}

impl<'a> Uri<'a> {
    pub fn parse(bytes: &'a [u8]) -> Result<Self, UriError> {
        if !escape::is_whole(bytes) {
            return Err(UriError::Escape);
        }
        let text = text(bytes).ok_or(UriError::Octet)?;
        let (scheme, rest) = text.split_at(scan::find(bytes, b':').ok_or(UriError::Scheme)?);
        let rest = &rest[1..];
        let kind = match scheme.as_bytes() {
            [b's' | b'S', b'i' | b'I', b'p' | b'P'] => UriKind::Sip(SipUri::parse(false, rest)?),
            [b's' | b'S', b'i' | b'I', b'p' | b'P', b's' | b'S'] => UriKind::Sip(SipUri::parse(true, rest)?),
            [b't' | b'T', b'e' | b'E', b'l' | b'L'] => UriKind::Tel(TelUri::parse(rest)?),
            other if is_scheme(other) && all_uri(rest.as_bytes()) => UriKind::Other,
            _ => return Err(UriError::Scheme),
        };
        Ok(Uri { text, kind })
    }

    /// The URI exactly as it was written.
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    pub fn kind(&self) -> &UriKind<'a> {
        &self.kind
    }

    pub fn scheme(&self) -> &'a str {
        self.text.split_once(':').map_or("", |(scheme, _)| scheme)
    }

    pub fn sip(&self) -> Option<&SipUri<'a>> {
        match &self.kind {
            UriKind::Sip(sip) => Some(sip),
            UriKind::Tel(_) | UriKind::Other => None,
        }
    }

    pub fn tel(&self) -> Option<&TelUri<'a>> {
        match &self.kind {
            UriKind::Tel(tel) => Some(tel),
            UriKind::Sip(_) | UriKind::Other => None,
        }
    }

    /// User part of a SIP URI or number of a `tel:` URI, as written.
    pub fn user(&self) -> Option<&'a str> {
        match &self.kind {
            UriKind::Sip(sip) => sip.user,
            UriKind::Tel(tel) => Some(tel.number),
            UriKind::Other => None,
        }
    }

    pub fn to_owned(&self) -> OwnedUri {
        OwnedUri::of(self)
    }
}

impl fmt::Display for Uri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

impl<'a> SipUri<'a> {
    fn parse(secure: bool, rest: &'a str) -> Result<Self, UriError> {
        // RFC 3261 §25.1: the user part may hold `;`, `?` and `/` unescaped but never `@`, so the first `@` ends it.
        let (user, password, rest) = match scan::find(rest.as_bytes(), b'@') {
            Some(at) => {
                let (info, rest) = (&rest[..at], &rest[at + 1..]);
                if !all_uri(info.as_bytes()) {
                    return Err(UriError::Octet);
                }
                let colon = scan::find(info.as_bytes(), b':');
                let (user, password) = colon.map_or((info, None), |c| (&info[..c], Some(&info[c + 1..])));
                (Some(user), password, rest)
            }
            None => (None, None, rest),
        };
        if user == Some("") {
            return Err(UriError::Host);
        }
        let (host, port, rest) = host_port(rest)?;
        if rest.is_empty() {
            return Ok(SipUri { secure, user, password, host, port, params: Params::EMPTY, headers: "" });
        }
        let (params, headers) = scan::find(rest.as_bytes(), b'?').map_or((rest, ""), |q| (&rest[..q], &rest[q + 1..]));
        match params.as_bytes().first() {
            None | Some(b';') => {}
            Some(_) => return Err(UriError::Host),
        }
        if !all_uri(rest.as_bytes()) {
            return Err(UriError::Octet);
        }
        let params = Params::parse(params.as_bytes()).ok_or(UriError::Parameter)?;
        Ok(SipUri { secure, user, password, host, port, params, headers })
    }

    /// 5060, or 5061 for `sips:`, where none is written.
    pub fn port_or_default(&self) -> u16 {
        self.port.unwrap_or(if self.secure { 5061 } else { 5060 })
    }

    /// `;transport=`, lower or upper case as written.
    pub fn transport(&self) -> Option<&'a str> {
        self.params.token("transport")
    }

    /// Value of a header of the URI (`?name=value&…`), escapes resolved. It belongs to whoever wrote the URI: never put
    /// it into a request unread (RFC 3261 §19.1.5).
    pub fn header(&self, name: &str) -> Option<Cow<'a, [u8]>> {
        let named = |(found, _): &(&str, &str)| unescape(found).eq_ignore_ascii_case(name.as_bytes());
        header_pairs(self.headers).find(named).map(|(_, value)| unescape(value))
    }
}

fn header_pairs(headers: &str) -> impl Iterator<Item = (&str, &str)> {
    headers.split('&').filter(|h| !h.is_empty()).map(|h| h.split_once('=').unwrap_or((h, "")))
}

impl<'a> TelUri<'a> {
    fn parse(rest: &'a str) -> Result<Self, UriError> {
        let end = rest.find(';').unwrap_or(rest.len());
        let (number, params) = rest.split_at(end);
        let digits = number.strip_prefix('+').unwrap_or(number);
        let legal = |b: u8| b.is_ascii_hexdigit() || matches!(b, b'*' | b'#' | b'-' | b'.' | b'(' | b')');
        if !digits.bytes().all(legal) || !digits.bytes().any(|b| b.is_ascii_hexdigit() || matches!(b, b'*' | b'#')) {
            return Err(UriError::Number);
        }
        if !all_uri(params.as_bytes()) {
            return Err(UriError::Octet);
        }
        let params = Params::parse(params.as_bytes()).ok_or(UriError::Parameter)?;
        Ok(TelUri { number, params })
    }

    /// The number without visual separators (RFC 3966 §5.1.1), its `+` kept.
    pub fn digits(&self) -> impl Iterator<Item = char> + use<'a> {
        self.number.chars().filter(|c| !matches!(c, '-' | '.' | '(' | ')'))
    }

    /// `+…`, unique in the world.
    pub fn is_global(&self) -> bool {
        self.number.starts_with('+')
    }
}

/// `host`, `host:port`, `[v6]`, `[v6]:port`, and what follows.
#[inline]
fn host_port(text: &str) -> Result<(Host<'_>, Option<u16>, &str), UriError> {
    let (host, rest) = Host::split(text)?;
    let Some(digits) = rest.strip_prefix(':') else { return Ok((host, None, rest)) };
    let end = digits.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(digits.len());
    let (port, rest) = digits.split_at(end);
    let port = scan::number(port.as_bytes()).and_then(|n| u16::try_from(n).ok()).filter(|p| *p != 0);
    Ok((host, Some(port.ok_or(UriError::Port)?), rest))
}

fn is_scheme(scheme: &[u8]) -> bool {
    let legal = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
    scheme.first().is_some_and(u8::is_ascii_alphabetic) && scheme.iter().all(legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri<'_> {
        Uri::parse(text.as_bytes()).unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    #[test]
    fn every_part_of_a_sip_uri_is_found() {
        let uri = uri("sips:al%69ce:secret@[2001:db8::1]:5071;transport=TCP;lr?subject=x&priority=urgent");
        let sip = uri.sip().expect("sips");
        assert!(sip.secure && sip.params.has("lr"));
        assert_eq!((sip.user, sip.password), (Some("al%69ce"), Some("secret")));
        assert_eq!((sip.host.ip(), sip.port), ("2001:db8::1".parse().ok(), Some(5071)));
        assert_eq!((sip.transport(), sip.headers), (Some("TCP"), "subject=x&priority=urgent"));
        assert_eq!(sip.header("Priority").as_deref(), Some(&b"urgent"[..]));
    }

    #[test]
    fn user_parts_may_hold_what_looks_like_parameters() {
        let uri = uri("sip:user;par=u%40example.net@example.com");
        assert_eq!(uri.user(), Some("user;par=u%40example.net"));
        assert!(uri.sip().expect("sip").params.is_empty());
    }

    #[test]
    fn telephone_numbers_lose_their_visual_separators() {
        let uri = uri("tel:+1-(201).555-0123;ext=4;phone-context=x");
        let tel = uri.tel().expect("tel");
        assert!(tel.is_global());
        assert_eq!(tel.digits().collect::<String>(), "+12015550123");
        assert_eq!(tel.params.token("ext"), Some("4"));
    }

    #[test]
    fn unknown_schemes_are_kept() {
        let uri = uri("nobodyKnowsThisScheme:totallyopaquecontent");
        assert!(matches!(uri.kind(), UriKind::Other));
        assert_eq!((uri.scheme(), uri.user()), ("nobodyKnowsThisScheme", None));
    }

    #[test]
    fn what_is_no_uri_is_refused_for_its_reason() {
        let table = [
            ("example.com", UriError::Scheme),
            (":x", UriError::Scheme),
            ("1sip:x", UriError::Scheme),
            ("sip:a b@c", UriError::Octet),
            ("sip:a@b>", UriError::Host),
            ("sip:a<@b", UriError::Octet),
            ("sip:", UriError::Host),
            ("sip:@b", UriError::Host),
            ("sip:a@b@c", UriError::Host),
            ("sip:a@[::1", UriError::Host),
            ("sip:a@[::g]", UriError::Host),
            ("sip:a@b:", UriError::Port),
            ("sip:a@b:0", UriError::Port),
            ("sip:a@b:65536", UriError::Port),
            ("sip:a@b;=1", UriError::Parameter),
            ("sip:a%4@b", UriError::Escape),
            ("tel:", UriError::Number),
            ("tel:+", UriError::Number),
            ("tel:bob", UriError::Number),
        ];
        for (text, want) in table {
            assert_eq!(Uri::parse(text.as_bytes()).err(), Some(want), "{text}");
        }
    }
}
