//! Via: the path a request took, and where its responses go.

use super::{Header, HeaderName};
use crate::octets::push_number;
use crate::params::Params;
use crate::scan::{Cursor, find, is_host, is_lws, text};
use crate::uri::Host;
use core::fmt;
use std::net::IpAddr;

#[derive(Clone, Copy, Debug)]
pub struct Via<'a> {
    pub transport: Transport<'a>,
    /// Host of the sent-by.
    pub host: Host<'a>,
    pub port: Option<u16>,
    pub params: Params<'a>,
}

#[derive(Clone, Copy, Debug)]
pub enum Transport<'a> {
    Udp,
    Tcp,
    Tls,
    Ws,
    Wss,
    Sctp,
    TlsSctp,
    Other(&'a str),
}

impl<'a> Via<'a> {
    /// What RFC 3261 §8.1.1.7 branches begin with.
    pub const MAGIC_COOKIE: &'static str = "z9hG4bK";

    pub fn branch(&self) -> Option<&'a str> {
        self.params.token("branch")
    }

    /// The branch, when it promises to be unique (RFC 3261 §17.2.3); else the sender is older than RFC 3261.
    pub fn unique_branch(&self) -> Option<&'a str> {
        self.branch().filter(|b| b.len() > Via::MAGIC_COOKIE.len() && b.starts_with(Via::MAGIC_COOKIE))
    }

    /// RFC 3581: `None` not asked for, `Some(None)` asked for, `Some(Some(port))` filled in.
    pub fn rport(&self) -> Option<Option<u16>> {
        let param = self.params.find("rport")?;
        Some(param.value.and_then(|_| self.params.number("rport")).and_then(|n| u16::try_from(n).ok()))
    }

    pub fn received(&self) -> Option<IpAddr> {
        let text = self.params.token("received")?;
        text.trim_start_matches('[').trim_end_matches(']').parse().ok()
    }

    pub fn maddr(&self) -> Option<&'a str> {
        self.params.token("maddr")
    }

    pub fn ttl(&self) -> Option<u8> {
        self.params.number("ttl").and_then(|n| u8::try_from(n).ok())
    }

    pub fn port_or_default(&self) -> u16 {
        self.port.unwrap_or(self.transport.default_port())
    }
}

impl<'a> Header<'a> for Via<'a> {
    const NAME: HeaderName = HeaderName::Via;

    fn parse(value: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(value);
        let via = Via::take(&mut cursor)?;
        cursor.done().then_some(via)
    }

    fn print(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"SIP/2.0/");
        out.extend_from_slice(self.transport.as_str().as_bytes());
        out.push(b' ');
        self.host.print(out);
        if let Some(port) = self.port {
            out.push(b':');
            push_number(out, u32::from(port));
        }
        self.params.print(out);
    }
}

impl<'a> Via<'a> {
    /// The part of a Via without which nothing can be answered: any SIP version, whatever its parameters.
    pub(crate) fn sender(value: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(value);
        let (_, via) = Via::sent_protocol(&mut cursor)?;
        Some(Via { params: Params::take(&mut cursor).unwrap_or_default(), ..via })
    }

    /// The first of a list of Vias.
    pub(crate) fn first(line: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(line);
        let via = Via::take(&mut cursor)?;
        (cursor.done() || cursor.eat(b',')).then_some(via)
    }

    #[inline]
    fn take(cursor: &mut Cursor<'a>) -> Option<Self> {
        let (version, via) = Via::sent_protocol(cursor)?;
        let params = Params::take(cursor)?;
        (version == "2.0").then_some(Via { params, ..via })
    }

    #[inline]
    fn sent_protocol(cursor: &mut Cursor<'a>) -> Option<(&'a str, Self)> {
        let version = if cursor.prefix(b"SIP/2.0/") {
            "2.0"
        } else {
            if !cursor.lws().token()?.eq_ignore_ascii_case("SIP") || !cursor.separator(b'/') {
                return None;
            }
            let version = cursor.token()?;
            if !cursor.separator(b'/') {
                return None;
            }
            version
        };
        let transport = if cursor.prefix(b"UDP") { Transport::Udp } else { Transport::of(cursor.token()?) };
        if !cursor.peek().is_some_and(is_lws) {
            return None;
        }
        let host = match cursor.lws().peek()? {
            b'[' => {
                let end = find(cursor.rest(), b']')? + 1;
                let (host, rest) = cursor.rest().split_at(end);
                *cursor = Cursor::new(rest);
                host
            }
            _ => cursor.run(is_host)?,
        };
        let (host, _) = Host::split(text(host)?).ok()?;
        // RFC 3261 §25.1: white space around the colon is legal here, unlike in a URI.
        let port = if cursor.separator(b':') { Some(cursor.number()?) } else { None };
        let port = match port {
            Some(port) => Some(u16::try_from(port).ok().filter(|p| *p != 0)?),
            None => None,
        };
        Some((version, Via { transport, host, port, params: Params::EMPTY }))
    }
}

impl<'a> Transport<'a> {
    /// Any letter case.
    pub fn of(token: &'a str) -> Self {
        const KNOWN: [Transport<'static>; 7] = [
            Transport::Udp,
            Transport::Tcp,
            Transport::Tls,
            Transport::Ws,
            Transport::Wss,
            Transport::Sctp,
            Transport::TlsSctp,
        ];
        KNOWN.into_iter().find(|t| t.as_str().eq_ignore_ascii_case(token)).unwrap_or(Transport::Other(token))
    }

    pub fn as_str(&self) -> &'a str {
        match self {
            Transport::Udp => "UDP",
            Transport::Tcp => "TCP",
            Transport::Tls => "TLS",
            Transport::Ws => "WS",
            Transport::Wss => "WSS",
            Transport::Sctp => "SCTP",
            Transport::TlsSctp => "TLS-SCTP",
            Transport::Other(token) => token,
        }
    }

    pub fn default_port(&self) -> u16 {
        match self {
            Transport::Tls | Transport::TlsSctp => 5061,
            Transport::Ws => 80,
            Transport::Wss => 443,
            Transport::Udp | Transport::Tcp | Transport::Sctp | Transport::Other(_) => 5060,
        }
    }
}

impl PartialEq for Transport<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_str().eq_ignore_ascii_case(other.as_str())
    }
}

impl Eq for Transport<'_> {}

impl fmt::Display for Transport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn via(value: &str) -> Via<'_> {
        Via::parse(value.as_bytes()).unwrap_or_else(|| panic!("refused {value}"))
    }

    #[test]
    fn an_ordinary_via_is_read() {
        let got = via("SIP/2.0/UDP pc33.atlanta.com:5066;branch=z9hG4bK776;rport;received=192.0.2.1;ttl=16");
        assert_eq!(got.transport, Transport::Udp);
        assert_eq!((got.host, got.port), (Host::Name("pc33.atlanta.com"), Some(5066)));
        assert_eq!(got.unique_branch(), Some("z9hG4bK776"));
        assert_eq!(got.rport(), Some(None));
        assert_eq!(got.received(), "192.0.2.1".parse().ok());
        assert_eq!(got.ttl(), Some(16));
    }

    #[test]
    fn white_space_is_legal_around_every_separator() {
        let got = via("SIP  /   2.0\r\n /UDP\r\n    192.0.2.2 : 5070 ; rport = 9 ; branch=390skdjuw");
        assert_eq!((got.host.ip(), got.port), ("192.0.2.2".parse().ok(), Some(5070)));
        assert_eq!(got.rport(), Some(Some(9)));
        assert_eq!((got.branch(), got.unique_branch()), (Some("390skdjuw"), None));
    }

    #[test]
    fn ipv6_is_read_in_host_and_received() {
        let got = via("SIP/2.0/tls [2001:db8::9:1]:5061;received=2001:db8::9:255;branch=z9hG4bKas3-111");
        assert_eq!(got.transport, Transport::Tls);
        assert_eq!(got.host.ip(), "2001:db8::9:1".parse().ok());
        assert_eq!(got.received(), "2001:db8::9:255".parse().ok());
        assert_eq!(via("SIP/2.0/UDP [::1];received=[::2]").received(), "::2".parse().ok());
    }

    #[test]
    fn what_is_not_a_via_is_refused() {
        for bad in [
            "",
            "SIP/2.0/UDP",
            "SIP/7.0/UDP h",
            "SIP/2.0/UDP h:0",
            "SIP/2.0/UDP h:99999",
            "SIP/2.0/UDP h;;x",
            "SIP/2.0/UDP h x",
            "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK, SIP/2.0/UDP x",
            "SIP/2.0/UDP [::1",
        ] {
            assert!(Via::parse(bad.as_bytes()).is_none(), "{bad}");
        }
    }
}
