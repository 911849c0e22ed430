//! Host names of trunks and of phones at fixed places (RFC 3263); the driver does the asking.

use crate::input::{Candidate, Protocol, Query, QueryId, ResolveError};
use crate::limits::{CANDIDATE_REST, CANDIDATES_MAX, LOOKUP_FRESH};
use crate::uri::{Host, OwnedUri};
use base::{Instant, Key};
use core::net::SocketAddr;
use model::{PhoneId, TrunkId};
use std::collections::BTreeMap;

/// Whose name it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    Trunk(TrunkId),
    Phone(PhoneId),
}

#[derive(Debug, Default)]
pub(crate) struct Lookups {
    entries: BTreeMap<Subject, Entry>,
    queries: BTreeMap<u32, Subject>,
    next: u32,
}

#[derive(Debug)]
struct Entry {
    uri: OwnedUri,
    candidates: Vec<Candidate>,
    found: Option<Instant>,
    query: Option<QueryId>,
    /// Sessions that wait for the first answer.
    waiting: Vec<Key>,
    /// Places that did not answer, and until when they come last.
    resting: Vec<(SocketAddr, Instant)>,
}

/// What is known of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Places(Vec<Candidate>),
    /// Asked for; come back when [`Lookups::handle_resolved`] says so.
    Wait,
    /// No such name, or not written as one.
    Nowhere,
}

impl Lookups {
    /// Names the place a subject stands at; one that changed is looked up anew.
    pub(crate) fn set(&mut self, subject: Subject, uri: Option<OwnedUri>) {
        match uri {
            None => _ = self.entries.remove(&subject),
            Some(uri) if self.entries.get(&subject).is_some_and(|e| e.uri == uri) => {}
            Some(uri) => {
                let candidates = literal(&uri).into_iter().collect();
                let entry =
                    Entry { uri, candidates, found: None, query: None, waiting: Vec::new(), resting: Vec::new() };
                self.entries.insert(subject, entry);
            }
        }
    }

    pub(crate) fn uri(&self, subject: Subject) -> Option<&OwnedUri> {
        self.entries.get(&subject).map(|e| &e.uri)
    }

    /// Every place known, as it is.
    pub(crate) fn places(&self, subject: Subject) -> &[Candidate] {
        self.entries.get(&subject).map_or(&[], |e| &e.candidates)
    }

    /// Places of a subject, those that lately failed last; and a question for the driver when there is one.
    pub(crate) fn find(&mut self, now: Instant, subject: Subject) -> (Found, Option<Query>) {
        let Some(entry) = self.entries.get_mut(&subject) else { return (Found::Nowhere, None) };
        entry.resting.retain(|(_, until)| *until > now);
        let name = entry.uri.uri();
        let Some(sip) = name.sip() else { return (Found::Nowhere, None) };
        let mut query = None;
        let fresh = entry.found.is_some_and(|at| now.since(at) < LOOKUP_FRESH);
        if let Host::Name(host) = sip.host
            && !fresh
            && entry.query.is_none()
        {
            let id = QueryId(self.next);
            self.next = self.next.wrapping_add(1);
            self.queries.insert(id.0, subject);
            let protocol = sip.transport().map(protocol_of);
            query = Some(Query { id, host: host.into(), port: sip.port, protocol });
            entry.query = Some(id);
        }
        let found = if !entry.candidates.is_empty() {
            let mut places = entry.candidates.clone();
            places.sort_by_key(|c| entry.resting.iter().any(|(a, _)| *a == c.address));
            Found::Places(places)
        } else if entry.query.is_some() {
            Found::Wait
        } else {
            Found::Nowhere
        };
        (found, query)
    }

    pub(crate) fn wait(&mut self, subject: Subject, session: Key) {
        if let Some(entry) = self.entries.get_mut(&subject) {
            entry.waiting.push(session);
        }
    }

    /// Whose name was found, and who waited for it.
    pub(crate) fn handle_resolved(
        &mut self,
        now: Instant,
        query: QueryId,
        result: Result<Vec<Candidate>, ResolveError>,
    ) -> Option<(Subject, Vec<Key>)> {
        let subject = self.queries.remove(&query.0)?;
        let entry = self.entries.get_mut(&subject).filter(|e| e.query == Some(query))?;
        entry.query = None;
        match result {
            Ok(mut found) => {
                found.truncate(CANDIDATES_MAX);
                for candidate in &mut found {
                    candidate.address = super::peer::plain(candidate.address);
                }
                entry.candidates = found;
                entry.found = Some(now);
            }
            // An old answer is better than none while the name server is away.
            Err(ResolveError::TimedOut) => {}
            Err(ResolveError::NotFound) => {
                entry.candidates.clear();
                entry.found = Some(now);
            }
        }
        Some((subject, core::mem::take(&mut entry.waiting)))
    }

    /// This place did not answer: the others go first for a while.
    pub(crate) fn rest(&mut self, now: Instant, subject: Subject, address: SocketAddr) {
        if let Some(entry) = self.entries.get_mut(&subject) {
            entry.resting.retain(|(a, _)| *a != address);
            entry.resting.push((address, now + CANDIDATE_REST));
        }
    }

    /// This place answered.
    pub(crate) fn wake(&mut self, subject: Subject, address: SocketAddr) {
        if let Some(entry) = self.entries.get_mut(&subject) {
            entry.resting.retain(|(a, _)| *a != address);
        }
    }
}

fn protocol_of(name: &str) -> Protocol {
    if name.eq_ignore_ascii_case("tcp") { Protocol::Tcp } else { Protocol::Udp }
}

/// A host that is an address needs no look-up.
fn literal(uri: &OwnedUri) -> Option<Candidate> {
    let uri = uri.uri();
    let sip = uri.sip()?;
    let address = SocketAddr::new(sip.host.ip()?.to_canonical(), sip.port_or_default());
    Some(Candidate { protocol: sip.transport().map_or(Protocol::Udp, protocol_of), address })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUNK: Subject = Subject::Trunk(TrunkId(0));

    fn lookups(host: &str) -> Lookups {
        let mut lookups = Lookups::default();
        lookups.set(TRUNK, OwnedUri::parse(&format!("sip:{host}")).ok());
        lookups
    }

    fn place(address: &str) -> Candidate {
        Candidate { protocol: Protocol::Udp, address: address.parse().unwrap() }
    }

    #[test]
    fn an_address_needs_no_question() {
        let mut lookups = lookups("192.0.2.1:5070;transport=tcp");
        let want = Candidate { protocol: Protocol::Tcp, ..place("192.0.2.1:5070") };
        assert_eq!(lookups.find(Instant::ZERO, TRUNK), (Found::Places(vec![want]), None));
    }

    #[test]
    fn a_name_is_asked_for_once_and_again_when_it_is_old() {
        let mut lookups = lookups("sip.example.net");
        let (found, query) = lookups.find(Instant::ZERO, TRUNK);
        assert_eq!(found, Found::Wait);
        let query = query.unwrap();
        assert_eq!((&*query.host, query.port, query.protocol), ("sip.example.net", None, None));
        assert_eq!(lookups.find(Instant::ZERO, TRUNK), (Found::Wait, None));
        let many = vec![place("192.0.2.1:5060"); 1000];
        assert!(lookups.handle_resolved(Instant::ZERO, query.id, Ok(many)).is_some());
        assert_eq!(lookups.places(TRUNK).len(), CANDIDATES_MAX);
        let later = Instant::ZERO + LOOKUP_FRESH;
        let (found, query) = lookups.find(later, TRUNK);
        assert!(matches!(found, Found::Places(_)));
        assert!(lookups.handle_resolved(later, query.unwrap().id, Err(ResolveError::TimedOut)).is_some());
        assert_eq!(lookups.places(TRUNK).len(), CANDIDATES_MAX, "kept while the name server is away");
    }

    #[test]
    fn a_place_that_failed_comes_last_for_a_while() {
        let mut lookups = lookups("h");
        let query = lookups.find(Instant::ZERO, TRUNK).1.unwrap();
        let (a, b) = (place("192.0.2.1:5060"), place("192.0.2.2:5060"));
        lookups.handle_resolved(Instant::ZERO, query.id, Ok(vec![a, b]));
        lookups.rest(Instant::ZERO, TRUNK, a.address);
        assert_eq!(lookups.find(Instant::ZERO, TRUNK).0, Found::Places(vec![b, a]));
        assert_eq!(lookups.find(Instant::ZERO + CANDIDATE_REST, TRUNK).0, Found::Places(vec![a, b]));
    }
}
