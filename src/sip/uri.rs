//! Addresses: `sip:`, `sips:` and `tel:` URIs; other schemes are kept as text.

use crate::escape::{self, unescape};
use crate::octets::{push_display, push_ip};
use crate::params::{Param, ParamValue, Params};
use crate::scan::{self, all_uri, is_host, text};
use core::fmt;
use std::borrow::Cow;
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

    /// RFC 3261 §19.1.4 for SIP URIs, RFC 3966 §5 for `tel:`; other schemes must be the same text.
    pub fn equivalent(&self, other: &Uri<'_>) -> bool {
        if self.text == other.text {
            return true;
        }
        match (&self.kind, &other.kind) {
            (UriKind::Sip(a), UriKind::Sip(b)) => a.equivalent(b),
            (UriKind::Tel(a), UriKind::Tel(b)) => a.equivalent(b),
            (UriKind::Other, UriKind::Other) => {
                let rest = |uri: &str| uri.split_once(':').map(|(_, rest)| rest.to_owned());
                self.scheme().eq_ignore_ascii_case(other.scheme()) && rest(self.text) == rest(other.text)
            }
            (UriKind::Sip(_) | UriKind::Tel(_) | UriKind::Other, _) => false,
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

    fn equivalent(&self, other: &SipUri<'_>) -> bool {
        let same = |a: Option<&str>, b: Option<&str>| match (a, b) {
            (Some(a), Some(b)) => escape::equivalent(a, b, false),
            (None, None) => true,
            _ => false,
        };
        self.secure == other.secure
            && same(self.user, other.user)
            && same(self.password, other.password)
            && self.host.equivalent(&other.host)
            && self.port == other.port
            && params_agree(&self.params, &other.params)
            && params_agree(&other.params, &self.params)
            && headers_agree(self.headers, other.headers)
    }
}

/// RFC 3261 §19.1.4: parameters in both URIs must match; these must be in both or in none, the others are ignored where
/// they stand in one only.
const PARAMS_THAT_COUNT_ALONE: [&str; 5] = ["user", "ttl", "method", "maddr", "transport"];

fn params_agree(ours: &Params<'_>, theirs: &Params<'_>) -> bool {
    ours.iter().all(|Param { name, value }| match theirs.find(name) {
        None => !PARAMS_THAT_COUNT_ALONE.iter().any(|n| n.eq_ignore_ascii_case(name)),
        Some(other) => match (value, other.value) {
            (Some(ParamValue::Token(a)), Some(ParamValue::Token(b))) => escape::equivalent(a, b, true),
            (a, b) => a == b,
        },
    })
}

fn headers_agree(ours: &str, theirs: &str) -> bool {
    let held = |all: &str, (name, value): (&str, &str)| {
        header_pairs(all).any(|(n, v)| escape::equivalent(n, name, true) && escape::equivalent(v, value, false))
    };
    let (a, b) = (header_pairs(ours).count(), header_pairs(theirs).count());
    a == b
        && a <= crate::limits::PARAMS_MAX
        && header_pairs(ours).all(|pair| held(theirs, pair))
        && header_pairs(theirs).all(|pair| held(ours, pair))
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

    fn equivalent(&self, other: &TelUri<'_>) -> bool {
        let fold = |c: char| c.to_ascii_lowercase();
        let known = |ours: &Params<'_>, theirs: &Params<'_>| {
            ours.iter().all(|p| {
                theirs.find(p.name).is_some_and(|q| match (p.value, q.value) {
                    (Some(ParamValue::Token(a)), Some(ParamValue::Token(b))) => escape::equivalent(a, b, true),
                    (a, b) => a == b,
                })
            })
        };
        self.digits().map(fold).eq(other.digits().map(fold))
            && known(&self.params, &other.params)
            && known(&other.params, &self.params)
    }
}

impl<'a> Host<'a> {
    /// The host at the front, IPv6 in brackets, and what follows.
    #[inline]
    pub(crate) fn split(text: &'a str) -> Result<(Self, &'a str), UriError> {
        if let Some(inner) = text.strip_prefix('[') {
            let (inner, rest) = inner.split_once(']').ok_or(UriError::Host)?;
            let v6 = inner.parse::<Ipv6Addr>().map_err(|_| UriError::Host)?;
            return Ok((Host::Ip(IpAddr::V6(v6)), rest));
        }
        let bytes = text.as_bytes();
        let end = bytes.iter().position(|b| !is_host(*b)).unwrap_or(bytes.len());
        let (name, rest) = text.split_at(end);
        match name.as_bytes() {
            [] => Err(UriError::Host),
            [b'0'..=b'9', ..] => match name.parse::<Ipv4Addr>() {
                Ok(v4) => Ok((Host::Ip(IpAddr::V4(v4)), rest)),
                Err(_) => Ok((Host::Name(name), rest)),
            },
            _ => Ok((Host::Name(name), rest)),
        }
    }

    /// Names without regard to letter case.
    pub fn equivalent(&self, other: &Host<'_>) -> bool {
        match (self, other) {
            (Host::Name(a), Host::Name(b)) => a.eq_ignore_ascii_case(b),
            (a, b) => a == b,
        }
    }

    pub(crate) fn print(&self, out: &mut Vec<u8>) {
        match self {
            Host::Name(name) => out.extend_from_slice(name.as_bytes()),
            Host::Ip(ip @ IpAddr::V4(_)) => push_ip(out, *ip),
            Host::Ip(IpAddr::V6(_)) => push_display(out, self),
        }
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
            escape::push_user(user, &mut text);
            text.push('@');
        }
        text.push_str(&host.to_string());
        if let Some(port) = port {
            text.push(':');
            text.push_str(&port.to_string());
        }
        OwnedUri { text: text.into() }
    }

    /// `tel:number`; what is no digit, `+`, `*`, `#` or visual separator is left out. `None` without any digit.
    pub fn tel(number: &str) -> Option<Self> {
        let legal = |c: &char| c.is_ascii_digit() || "+*#-.()".contains(*c);
        let text: String = "tel:".chars().chain(number.chars().filter(legal)).collect();
        Self::parse(&text).ok()
    }

    /// The same URI with `;name=value` or `;name` put before its headers.
    pub fn with_param(&self, name: &str, value: Option<&str>) -> Result<Self, UriError> {
        let at = self.uri().sip().map_or(self.text.len(), |sip| match sip.headers.len() {
            0 => self.text.trim_end_matches('?').len(),
            headers => self.text.len() - headers - 1,
        });
        let (head, tail) = self.text.split_at(at);
        let (equals, value) = value.map_or(("", ""), |v| ("=", v));
        Self::parse(&format!("{head};{name}{equals}{value}{tail}"))
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

    /// RFC 3261 §19.1.4's own examples, and RFC 3966 §5.
    #[test]
    fn equal_uris_are_equal() {
        for (a, b) in [
            ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
            ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"),
            (
                "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
                "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
            ),
            (
                "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
                "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
            ),
            ("tel:+1-201-555-0123", "TEL:+1(201)5550123"),
            ("tel:7042;phone-context=Example.com", "tel:7042;Phone-Context=example.com"),
            ("urn:service:sos", "URN:service:sos"),
        ] {
            assert!(uri(a).equivalent(&uri(b)) && uri(b).equivalent(&uri(a)), "{a} {b}");
        }
    }

    #[test]
    fn different_uris_are_different() {
        for (a, b) in [
            ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
            ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
            ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
            ("sip:a@b", "sips:a@b"),
            ("tel:+12", "tel:12"),
            ("tel:+12;ext=1", "tel:+12"),
        ] {
            assert!(!uri(a).equivalent(&uri(b)) && !uri(b).equivalent(&uri(a)), "{a} {b}");
        }
    }

    #[test]
    fn built_uris_are_escaped() {
        let host = Host::Name("h");
        assert_eq!(OwnedUri::sip(Some("a b@c\r\nX"), host, Some(5062)).as_str(), "sip:a%20b%40c%0D%0AX@h:5062");
        assert_eq!(OwnedUri::sip(None, Host::Ip("::1".parse().expect("v6")), None).as_str(), "sip:[::1]");
        assert_eq!(OwnedUri::tel("+49 (89) 1;x=y").map(|u| u.to_string()).as_deref(), Some("tel:+49(89)1"));
        assert_eq!(OwnedUri::tel("anonymous"), None);
    }

    #[test]
    fn parameters_go_before_headers() {
        let with = |text: &str| {
            let uri = OwnedUri::parse(text).expect(text).with_param("transport", Some("tcp")).expect("good");
            uri.as_str().to_owned()
        };
        assert_eq!(with("sip:a@b;lr"), "sip:a@b;lr;transport=tcp");
        assert_eq!(with("sip:a@b?x=y"), "sip:a@b;transport=tcp?x=y");
        assert!(OwnedUri::parse("sip:a@b").expect("good").with_param("x y", None).is_err());
    }
}
