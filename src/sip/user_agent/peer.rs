//! Who a request belongs to, and what its sender may do.

use super::core::Core;
use super::lookup::Subject;
use super::machine::UserAgent;
use crate::Message;
use crate::hash::HashKey;
use crate::uri::{Host, OwnedUri};
use core::net::{IpAddr, SocketAddr};
use model::{Directory, Network, PhoneId, Source, TrunkId};
use std::collections::HashMap;

/// The other side of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Peer(pub(crate) Source);

impl Peer {
    /// Whether the peer may name this address as its own.
    pub(crate) fn may_be_at(&self, core: &Core, ip: IpAddr) -> bool {
        match self.0 {
            Source::Trunk(id) => {
                core.directory().trunk(id).allow_from.iter().any(|n| n.contains(ip))
                    || core.trunk_places.contains(&(id, ip))
            }
            Source::Phone(_) => false,
        }
    }
}

impl UserAgent {
    /// Whether a number at this host can be dialled from here: it is ours, or a trunk's, and the routes say the rest.
    pub(crate) fn leads_to(&self, host: &Host<'_>) -> bool {
        let trunks = 0..self.core.directory().trunks.len() as u32;
        let mut uris = trunks.filter_map(|id| self.lookups.uri(Subject::Trunk(TrunkId(id))));
        self.core.is_own_host(host) || uris.any(|uri| uri.uri().sip().is_some_and(|sip| sip.host.equivalent(host)))
    }

    /// Whether an INVITE is for this house. A carrier may also call the number at its own host, as it names it.
    pub(crate) fn is_for_us(&self, invite: &Message<'_>, source: Source) -> bool {
        let Some(uri) = invite.uri() else { return false };
        // A number is everywhere.
        let Some(sip) = uri.sip() else { return true };
        let carrier = match source {
            Source::Trunk(id) => self.lookups.uri(Subject::Trunk(id)),
            Source::Phone(_) => None,
        };
        self.core.is_own_host(&sip.host)
            || carrier.is_some_and(|c| c.uri().sip().is_some_and(|carrier| carrier.host.equivalent(&sip.host)))
    }
}

/// The parts of the directory a request's path needs, by key.
#[derive(Debug)]
pub(crate) struct Sources {
    phones: HashMap<Box<str>, PhoneId, HashKey>,
    /// Phones that stand at a fixed place, by address.
    fixed: HashMap<SocketAddr, Vec<PhoneId>, HashKey>,
    /// Longest prefix first.
    networks: Vec<(Network, TrunkId)>,
    /// Whether a challenge could lead anywhere.
    pub(crate) any_password: bool,
}

impl Sources {
    pub(crate) fn new(directory: &Directory, key: HashKey) -> Self {
        let mut phones = HashMap::with_hasher(key);
        let mut fixed: HashMap<SocketAddr, Vec<PhoneId>, HashKey> = HashMap::with_hasher(key);
        for (index, phone) in directory.phones.iter().enumerate().filter(|(_, p)| !p.removed) {
            let id = PhoneId(index as u32);
            phones.insert(phone.id.clone(), id);
            if let Some(address) = phone.contact.as_deref().and_then(contact_address) {
                fixed.entry(address).or_default().push(id);
            }
        }
        let trunks = directory.trunks.iter().enumerate().filter(|(_, t)| !t.removed);
        let mut networks: Vec<_> =
            trunks.flat_map(|(i, t)| t.allow_from.iter().map(move |n| (*n, TrunkId(i as u32)))).collect();
        // An IPv4-mapped network is as long as the IPv4 one it carries; stable, so the first of two equals wins.
        networks.sort_by_key(|(network, _)| core::cmp::Reverse(network.prefix));
        let any_password = directory.phones.iter().any(|p| !p.removed && p.password.is_some());
        Sources { phones, fixed, networks, any_password }
    }

    pub(crate) fn phone(&self, id: &str) -> Option<PhoneId> {
        self.phones.get(id).copied()
    }

    /// Of the phones that stand at this address the one the request names as its sender; else, when there is only one,
    /// that one.
    pub(crate) fn fixed_at(&self, remote: SocketAddr, named: Option<PhoneId>) -> Option<PhoneId> {
        let here = self.fixed.get(&remote)?;
        named.filter(|id| here.contains(id)).or(match here[..] {
            [only] => Some(only),
            _ => None,
        })
    }

    /// A phone at a fixed place whose name was found.
    pub(crate) fn stands_at(&mut self, phone: PhoneId, address: SocketAddr) {
        let here = self.fixed.entry(address).or_default();
        if !here.contains(&phone) {
            here.push(phone);
        }
    }

    pub(crate) fn trunk_at(&self, ip: IpAddr) -> Option<TrunkId> {
        self.networks.iter().find(|(network, _)| network.contains(ip)).map(|(_, id)| *id)
    }
}

/// Address of a contact whose host is one.
pub(crate) fn contact_address(contact: &str) -> Option<SocketAddr> {
    let uri = OwnedUri::parse(contact).ok()?;
    let uri = uri.uri();
    let sip = uri.sip()?;
    Some(SocketAddr::new(sip.host.ip()?.to_canonical(), sip.port_or_default()))
}

/// The address octets came from, an IPv4 address never in its IPv6 guise.
pub(crate) fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
