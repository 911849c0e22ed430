use crate::Secret;
use core::net::IpAddr;
use core::time::Duration;

/// An address block in CIDR form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Network {
    pub address: IpAddr,
    pub prefix: u8,
}

impl Network {
    /// An IPv4-mapped IPv6 address counts as the IPv4 address it carries.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address.to_canonical(), address.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix.min(32))).unwrap_or(0);
                net.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(net), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix.min(128))).unwrap_or(0);
                net.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

/// A line to the outside world.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trunk {
    pub name: Box<str>,
    /// Outward host, looked up by RFC 3263; empty: inward only.
    pub host: Box<str>,
    /// May call in without credentials; the longest matching prefix over all trunks owns the request.
    pub allow_from: Vec<Network>,
    pub register: bool,
    pub username: Box<str>,
    pub password: Option<Secret>,
    /// The only realm whose challenges the password answers; empty: whatever the trunk's own host asks for.
    pub realm: Box<str>,
    pub called_from: CalledFrom,
    /// P-Asserted-Identity from here is believed.
    pub trust_identity: bool,
    /// Zero: no probes.
    pub options_interval: Duration,
    pub max_calls: u32,
    pub max_cps: u32,
    pub removed: bool,
}

/// Where the dialled number is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum CalledFrom {
    #[default]
    RequestUri,
    To,
    PCalledPartyId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_contains_its_own_and_mapped_addresses() {
        let net = Network { address: "192.0.2.0".parse().unwrap(), prefix: 24 };
        assert!(net.contains("192.0.2.77".parse().unwrap()));
        assert!(net.contains("::ffff:192.0.2.77".parse().unwrap()));
        assert!(!net.contains("192.0.3.1".parse().unwrap()));
        let all = Network { address: "0.0.0.0".parse().unwrap(), prefix: 0 };
        assert!(all.contains("8.8.8.8".parse().unwrap()) && !all.contains("::1".parse().unwrap()));
    }
}
