//! Hosts: names and addresses.

use super::UriError;
use crate::octets::{push_display, push_ip};
use crate::scan::is_host;
use core::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host<'a> {
    Name(&'a str),
    Ip(IpAddr),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_ends_where_what_follows_begins() {
        let ip = |text: &str| Host::Ip(text.parse().expect(text));
        for (text, want, rest) in [
            ("example.com:5060", Host::Name("example.com"), ":5060"),
            ("192.0.2.1;lr", ip("192.0.2.1"), ";lr"),
            ("1.2.3.4.5", Host::Name("1.2.3.4.5"), ""),
            ("[2001:db8::1]:1", ip("2001:db8::1"), ":1"),
            ("my_pc", Host::Name("my_pc"), ""),
        ] {
            assert_eq!(Host::split(text), Ok((want, rest)), "{text}");
            let mut out = Vec::new();
            want.print(&mut out);
            assert_eq!(String::from_utf8_lossy(&out), want.to_string());
        }
        for bad in ["", ":5060", "[::1", "[x]", "[]", "é"] {
            assert_eq!(Host::split(bad), Err(UriError::Host), "{bad}");
        }
    }
}
