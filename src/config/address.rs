//! Addresses: listeners, address blocks, hosts, port ranges.

use crate::table::Wrong;
use core::net::{IpAddr, Ipv6Addr, SocketAddr};
use core::ops::RangeInclusive;
use model::Network;

pub(crate) fn socket(text: &str) -> Result<SocketAddr, Wrong> {
    text.parse().map_err(|_| {
        let help = if text.parse::<IpAddr>().is_ok() {
            "a port is missing: write \"127.0.0.1:5060\" or \"[::1]:5060\""
        } else if text.starts_with(':') {
            "an address is missing: write \"0.0.0.0:5060\" for all of them"
        } else {
            "write \"127.0.0.1:5060\" or \"[::1]:5060\"; names are not looked up here"
        };
        Wrong::new(format!("`{text}` is not an address with a port"), help)
    })
}

pub(crate) fn ip(text: &str) -> Result<IpAddr, Wrong> {
    text.parse().map_err(|_| {
        Wrong::new(format!("`{text}` is not an IP address"), "write \"192.0.2.1\" or \"2001:db8::1\", without a port")
    })
}

/// CIDR; a bare address is a block of one.
pub(crate) fn network(text: &str) -> Result<Network, Wrong> {
    let wrong =
        || Wrong::new(format!("`{text}` is not an address block"), "write \"192.0.2.0/24\" or \"2001:db8::/32\"");
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().map_err(|_| wrong())?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let prefix = match prefix {
        None => most,
        Some(text) => text.parse::<u8>().ok().filter(|n| *n <= most).ok_or_else(wrong)?,
    };
    let first = first_of(address, prefix);
    if first != address {
        return Err(Wrong::new(
            format!("`{text}` has bits set behind its prefix"),
            format!("the block is written \"{first}/{prefix}\""),
        ));
    }
    Ok(Network { address, prefix })
}

fn first_of(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V4((v4.to_bits() & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V6((v6.to_bits() & mask).into())
        }
    }
}

/// A host name or address, without a port.
pub(crate) fn host(text: &str) -> Result<&str, Wrong> {
    let wrong =
        || Wrong::new(format!("`{text}` is not a host"), "write a name such as \"sip.example.net\" or an IP address");
    if text.parse::<IpAddr>().is_ok() {
        return Ok(text);
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let labels = text.strip_suffix('.').unwrap_or(text);
    // A name whose last label is a number is a mistyped address.
    let numeric_end = labels.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    if text.len() > 253 || numeric_end || !labels.split('.').all(label) {
        return Err(wrong());
    }
    Ok(text)
}

/// A host, with an optional port; IPv6 in brackets when a port follows.
pub(crate) fn host_and_port(text: &str) -> Result<&str, Wrong> {
    if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest
            .split_once(']')
            .ok_or_else(|| Wrong::new(format!("`{text}` has no closing bracket"), "write \"[2001:db8::1]:5060\""))?;
        address
            .parse::<Ipv6Addr>()
            .map_err(|_| Wrong::new(format!("`{address}` is not an IPv6 address"), "write \"[2001:db8::1]:5060\""))?;
        return if port.is_empty() { Ok(text) } else { port_of(text, port.strip_prefix(':').unwrap_or("")) };
    }
    if text.parse::<Ipv6Addr>().is_ok() {
        return Ok(text);
    }
    match text.split_once(':') {
        None => host(text),
        Some(("sip" | "sips", _)) => {
            Err(Wrong::new(format!("`{text}` is a SIP address"), "write the host alone, such as \"sip.example.net\""))
        }
        Some((name, port)) => host(name).and_then(|_| port_of(text, port)),
    }
}

fn port_of<'a>(text: &'a str, port: &str) -> Result<&'a str, Wrong> {
    match port.parse::<u16>() {
        Ok(1..) => Ok(text),
        Ok(0) | Err(_) => Err(Wrong::new(format!("`{port}` is not a port"), "a port is a number from 1 to 65535")),
    }
}

/// `"10000-32767"`.
pub(crate) fn ports(text: &str) -> Result<RangeInclusive<u16>, Wrong> {
    let wrong = |message: String| Wrong::new(message, "write \"10000-32767\"");
    let (first, last) = text.split_once('-').ok_or_else(|| wrong(format!("`{text}` is not a range of ports")))?;
    let port = |text: &str| text.trim().parse::<u16>().map_err(|_| wrong(format!("`{}` is not a port", text.trim())));
    let (first, last) = (port(first)?, port(last)?);
    if first < 1024 {
        return Err(wrong(format!("port {first} is one of the system's own (below 1024)")));
    }
    // RFC 3550 §11: RTP takes an even port and RTCP the odd one above it, so a pair must fit.
    if last <= first || (first % 2 == 1 && last < first + 2) {
        return Err(wrong(format!("the range {first}-{last} has no room for a pair of ports")));
    }
    Ok(first..=last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read_and_stray_bits_refused() {
        assert_eq!(network("192.0.2.0/24"), Ok(Network { address: ip("192.0.2.0").unwrap(), prefix: 24 }));
        assert_eq!(network("192.0.2.7"), Ok(Network { address: ip("192.0.2.7").unwrap(), prefix: 32 }));
        assert_eq!(network("::/0"), Ok(Network { address: ip("::").unwrap(), prefix: 0 }));
        assert_eq!(network("0.0.0.0/0"), Ok(Network { address: ip("0.0.0.0").unwrap(), prefix: 0 }));
        assert_eq!(network("192.0.2.7/24").unwrap_err().help, "the block is written \"192.0.2.0/24\"");
        for text in ["", "/", "192.0.2.0/33", "2001:db8::/129", "192.0.2.0/", "a/8"] {
            assert!(network(text).is_err(), "{text}");
        }
    }

    #[test]
    fn hosts_are_names_or_addresses() {
        for text in ["sip.example.net", "127.0.0.1", "::1", "pbx", "a_b.example."] {
            assert!(host(text).is_ok(), "{text}");
        }
        for text in ["", ".", "a..b", "-a", "300.1.1.1", "a b", "sip:a", &"a".repeat(64)] {
            assert!(host(text).is_err(), "{text}");
        }
        for text in ["a:5060", "[::1]:5060", "[::1]", "::1", "192.0.2.1:1"] {
            assert!(host_and_port(text).is_ok(), "{text}");
        }
        for text in ["a:", "a:0", "a:99999", "[::1", "[a]:1", "[::1]5060", "a:1:2"] {
            assert!(host_and_port(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_port_range_holds_a_pair() {
        assert_eq!(ports("10000-32767"), Ok(10000..=32767));
        assert_eq!(ports("10000-10001"), Ok(10000..=10001));
        for text in ["", "10000", "10000-10000", "10001-10002", "80-100", "2000-1000", "a-b", "1-99999"] {
            assert!(ports(text).is_err(), "{text}");
        }
    }
}
