//! Addresses: `sip:`, `sips:` and `tel:` URIs; other schemes are kept as text.

use crate::params::Params;
use crate::scan::{self, is_uri, text};
use core::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host<'a> {
    Name(&'a str),
    Ip(IpAddr),
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
        if !bytes.iter().all(|b| is_uri(*b)) {
            return Err(UriError::Octet);
        }
        let text = text(bytes).ok_or(UriError::Octet)?;
        let (scheme, rest) = text.split_once(':').ok_or(UriError::Scheme)?;
        if !scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
            || !scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        {
            return Err(UriError::Scheme);
        }
        let kind = if scheme.eq_ignore_ascii_case("sip") {
            UriKind::Sip(SipUri::parse(false, rest)?)
        } else if scheme.eq_ignore_ascii_case("sips") {
            UriKind::Sip(SipUri::parse(true, rest)?)
        } else if scheme.eq_ignore_ascii_case("tel") {
            UriKind::Tel(TelUri::parse(rest)?)
        } else {
            UriKind::Other
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
        OwnedUri { text: self.text.into() }
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
        let (userinfo, rest) = match rest.split_once('@') {
            Some((userinfo, rest)) => (Some(userinfo), rest),
            None => (None, rest),
        };
        let (user, password) = match userinfo {
            Some(info) => match info.split_once(':') {
                Some((user, password)) => (Some(user), Some(password)),
                None => (Some(info), None),
            },
            None => (None, None),
        };
        if user == Some("") {
            return Err(UriError::Host);
        }
        let host_end = rest.bytes().position(|b| matches!(b, b';' | b'?')).unwrap_or(rest.len());
        let (host, port) = host_port(&rest.as_bytes()[..host_end])?;
        let rest = &rest[host_end..];
        let (params, headers) = rest.split_once('?').unwrap_or((rest, ""));
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

impl<'a> Host<'a> {
    /// A host without port; IPv6 in brackets.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, UriError> {
        if let [b'[', inner @ .., b']'] = bytes {
            let v6 = text(inner).and_then(|s| s.parse::<Ipv6Addr>().ok()).ok_or(UriError::Host)?;
            return Ok(Host::Ip(IpAddr::V6(v6)));
        }
        let name = text(bytes).ok_or(UriError::Host)?;
        if bytes.is_empty() || !bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_')) {
            return Err(UriError::Host);
        }
        if bytes[bytes.len() - 1].is_ascii_digit()
            && let Ok(v4) = name.parse::<Ipv4Addr>()
        {
            return Ok(Host::Ip(IpAddr::V4(v4)));
        }
        Ok(Host::Name(name))
    }

    /// The address, when the host is one.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Host::Ip(ip) => Some(*ip),
            Host::Name(_) => None,
        }
    }
}

impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Name(name) => f.write_str(name),
            Host::Ip(IpAddr::V4(v4)) => write!(f, "{v4}"),
            Host::Ip(IpAddr::V6(v6)) => write!(f, "[{v6}]"),
        }
    }
}

/// `host`, `host:port`, `[v6]`, `[v6]:port`.
pub(crate) fn host_port(bytes: &[u8]) -> Result<(Host<'_>, Option<u16>), UriError> {
    let host_end = if bytes.first() == Some(&b'[') {
        bytes.iter().position(|b| *b == b']').ok_or(UriError::Host)? + 1
    } else {
        bytes.iter().position(|b| *b == b':').unwrap_or(bytes.len())
    };
    let (host, rest) = bytes.split_at(host_end);
    let port = match rest {
        [] => None,
        [b':', digits @ ..] => {
            let port = scan::number(digits).and_then(|n| u16::try_from(n).ok());
            Some(port.filter(|p| *p != 0).ok_or(UriError::Port)?)
        }
        _ => return Err(UriError::Host),
    };
    Ok((Host::parse(host)?, port))
}

/// A checked URI with its own text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OwnedUri {
    text: Box<str>,
}

impl OwnedUri {
    pub fn parse(text: &str) -> Result<Self, UriError> {
        Uri::parse(text.as_bytes()).map(|uri| uri.to_owned())
    }

    /// `sip:user@host:port`; what cannot stand in a user part is escaped.
    pub fn sip(user: Option<&str>, host: Host<'_>, port: Option<u16>) -> Self {
        let mut text = String::from("sip:");
        if let Some(user) = user {
            escape_user(user, &mut text);
            text.push('@');
        }
        text.push_str(&host.to_string());
        if let Some(port) = port {
            text.push(':');
            text.push_str(&port.to_string());
        }
        OwnedUri { text: text.into() }
    }

    pub fn uri(&self) -> Uri<'_> {
        Uri::parse(self.text.as_bytes()).expect("checked when it was made")
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for OwnedUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// RFC 3261 §25.1 `user`: unreserved and user-unreserved stand for themselves.
fn escape_user(user: &str, out: &mut String) {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    for b in user.bytes() {
        if b.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&b) {
            out.push(char::from(b));
        } else {
            out.push('%');
            out.push(HEX[usize::from(b >> 4)]);
            out.push(HEX[usize::from(b & 15)]);
        }
    }
}
