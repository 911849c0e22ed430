//! RFC 3263: from a name to places to send to, without ever holding up a shard.

use crate::limits::{CANDIDATES_MAX, RESOLVE_TIME};
use hickory_resolver::TokioResolver;
use hickory_resolver::proto::rr::{RData, RecordType};
use sip::{Candidate, Protocol, Query, ResolveError};
use std::net::{IpAddr, SocketAddr};

const SIP_PORT: u16 = 5060;

/// Asks the system's name servers.
#[derive(Clone)]
pub(crate) struct Resolver {
    inner: Option<TokioResolver>,
}

impl Resolver {
    /// A machine without usable resolver configuration still runs: names are then not found.
    pub(crate) fn system() -> Self {
        let inner = TokioResolver::builder_tokio().and_then(hickory_resolver::ResolverBuilder::build);
        if let Err(error) = &inner {
            tracing::warn!(%error, "no name service; trunks and contacts given by name cannot be reached");
        }
        Resolver { inner: inner.ok() }
    }

    pub(crate) async fn resolve(&self, query: &Query) -> Result<Vec<Candidate>, ResolveError> {
        let Some(resolver) = &self.inner else { return Err(ResolveError::NotFound) };
        match tokio::time::timeout(RESOLVE_TIME, candidates(resolver, query)).await {
            Ok(found) if found.is_empty() => Err(ResolveError::NotFound),
            Ok(found) => Ok(found),
            Err(_) => Err(ResolveError::TimedOut),
        }
    }
}

async fn candidates(resolver: &TokioResolver, query: &Query) -> Vec<Candidate> {
    if let Some(port) = query.port {
        // RFC 3263 §4.2: an explicit port means A and AAAA only.
        return hosts(resolver, &query.host, port, query.protocol.unwrap_or(Protocol::Udp)).await;
    }
    let mut found = Vec::new();
    for (protocol, name) in services(resolver, query).await {
        for (host, port) in targets(resolver, &name).await {
            found.extend(hosts(resolver, &host, port, protocol).await);
            if found.len() >= CANDIDATES_MAX {
                found.truncate(CANDIDATES_MAX);
                return found;
            }
        }
    }
    if found.is_empty() {
        found = hosts(resolver, &query.host, SIP_PORT, query.protocol.unwrap_or(Protocol::Udp)).await;
    }
    found.truncate(CANDIDATES_MAX);
    found
}

/// RFC 3263 §4.1: NAPTR when the transport is open, else the SRV name of the transport asked for.
async fn services(resolver: &TokioResolver, query: &Query) -> Vec<(Protocol, String)> {
    let srv = |protocol: Protocol| match protocol {
        Protocol::Udp => (protocol, format!("_sip._udp.{}", query.host)),
        Protocol::Tcp => (protocol, format!("_sip._tcp.{}", query.host)),
    };
    if let Some(protocol) = query.protocol {
        return vec![srv(protocol)];
    }
    let mut records = Vec::new();
    if let Ok(answer) = resolver.lookup(&*query.host, RecordType::NAPTR).await {
        for record in answer.answers() {
            if let RData::NAPTR(naptr) = &record.data {
                let protocol = match &*naptr.services.to_ascii_uppercase() {
                    b"SIP+D2U" => Protocol::Udp,
                    b"SIP+D2T" => Protocol::Tcp,
                    _ => continue,
                };
                records.push((naptr.order, naptr.preference, protocol, naptr.replacement.to_string()));
            }
        }
    }
    records.sort_by_key(|(order, preference, ..)| (*order, *preference));
    if records.is_empty() {
        return vec![srv(Protocol::Udp), srv(Protocol::Tcp)];
    }
    records.into_iter().map(|(.., protocol, name)| (protocol, name)).collect()
}

/// RFC 2782: by priority, heavier first inside one. Spreading by weight would need chance; order is enough for failover.
async fn targets(resolver: &TokioResolver, name: &str) -> Vec<(String, u16)> {
    let Ok(answer) = resolver.lookup(name, RecordType::SRV).await else { return Vec::new() };
    let mut records = Vec::new();
    for record in answer.answers() {
        if let RData::SRV(srv) = &record.data {
            records.push((srv.priority, std::cmp::Reverse(srv.weight), srv.target.to_string(), srv.port));
        }
    }
    records.sort();
    records.into_iter().map(|(.., target, port)| (target, port)).collect()
}

async fn hosts(resolver: &TokioResolver, host: &str, port: u16, protocol: Protocol) -> Vec<Candidate> {
    let Ok(answer) = resolver.lookup_ip(host).await else { return Vec::new() };
    let mut addresses: Vec<IpAddr> = answer.iter().collect();
    addresses.sort_by_key(IpAddr::is_ipv6);
    addresses.into_iter().map(|ip| Candidate { protocol, address: SocketAddr::new(ip, port) }).collect()
}
