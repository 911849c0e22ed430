//! Calls that go out: whom to ring, where, and where next.

use super::core::{Due, SessionTimer};
use super::identity;
use super::lookup::{Found, Subject};
use super::machine::UserAgent;
use super::peer::Peer;
use super::registrar::is_direct;
use super::session::{Outward, Phase, Session};
use super::trunk::is_emergency;
use crate::input::{Binding, Candidate, Place, Protocol};
use crate::limits::{CANDIDATE_SILENT_MAX, LOOKUP_MAX, SESSION_EXPIRES_SECONDS};
use crate::uri::OwnedUri;
use base::Key;
use core::net::SocketAddr;
use model::{CauseKind, Dial, DialTarget, LegEvent, PhoneId, Source};
use std::collections::VecDeque;

/// Somewhere to send an INVITE.
#[derive(Debug)]
pub(crate) struct Contact {
    pub(crate) uri: OwnedUri,
    pub(crate) place: Place,
}

impl UserAgent {
    pub(crate) fn dial(&mut self, dial: Box<Dial>) {
        let leg = dial.leg;
        if self.calls.key_of(leg).is_some() {
            return;
        }
        let peer = match self.may_dial(&dial.to) {
            Ok(source) => Peer(source),
            Err(kind) => return self.core.emit(LegEvent::Refused { leg, cause: kind.into() }),
        };
        let tag = self.core.tag(leg);
        let call_id = self.core.call_id();
        let from = identity::from_value(&self.core, &dial, tag.as_str());
        let outward = Outward {
            dial,
            from,
            attempts: Vec::new(),
            refusal: None,
            rang: false,
            spare: VecDeque::new(),
            timer: None,
            interval: SESSION_EXPIRES_SECONDS,
        };
        let phase = Phase::Outward(Box::new(outward));
        let session =
            self.calls.insert_with(|_| Session { leg, peer, call_id, tag, came_from: None, credentials: None, phase });
        self.trunks.call_started(peer);
        self.reach_out(session);
    }

    fn may_dial(&mut self, to: &DialTarget) -> Result<Source, CauseKind> {
        match to {
            DialTarget::Phone(phone) => {
                let known = self.core.directory().phones.get(phone.index()).is_some_and(|p| !p.removed);
                if known { Ok(Source::Phone(*phone)) } else { Err(CauseKind::Unregistered) }
            }
            DialTarget::Trunk { trunk, number } => {
                let directory = self.core.directory();
                if directory.trunks.get(trunk.index()).is_none_or(|t| t.removed || t.host.is_empty()) {
                    return Err(CauseKind::Unreachable);
                }
                if !is_emergency(directory, *trunk, number) {
                    if self.trunks.is_down(*trunk) {
                        return Err(CauseKind::Unreachable);
                    }
                    if !self.trunks.admits(&self.core, *trunk) {
                        return Err(CauseKind::Overload);
                    }
                }
                Ok(Source::Trunk(*trunk))
            }
        }
    }

    /// Sends the first INVITEs, or waits until it is known where to.
    pub(crate) fn reach_out(&mut self, session: Key) {
        let Some(Session { phase: Phase::Outward(outward), leg, .. }) = self.calls.get_mut(session) else { return };
        if !outward.attempts.is_empty() {
            return;
        }
        let leg = *leg;
        self.core.stop(&mut outward.timer);
        let contacts = match outward.dial.to {
            DialTarget::Phone(phone) => {
                let bound = self.bound_contacts(phone);
                if !bound.is_empty() {
                    // All at once: whoever answers first has the call.
                    return bound.into_iter().for_each(|contact| self.invite(session, contact));
                }
                self.found_contacts(Subject::Phone(phone), None)
            }
            DialTarget::Trunk { trunk, ref number } => {
                let number = number.clone();
                self.found_contacts(Subject::Trunk(trunk), Some(&number))
            }
        };
        match contacts {
            Err(Found::Wait) => self.wait_for_lookup(session),
            Err(Found::Nowhere | Found::Places(_)) => {
                let registers = matches!(self.calls.get(session).map(|s| s.peer.0), Some(Source::Phone(_)));
                let kind = if registers { CauseKind::Unregistered } else { CauseKind::Unreachable };
                self.end_session(session);
                self.core.emit(LegEvent::Refused { leg, cause: kind.into() });
            }
            Ok(contacts) => {
                if let Some(Session { phase: Phase::Outward(outward), .. }) = self.calls.get_mut(session) {
                    outward.spare = contacts;
                }
                self.invite_next(session);
            }
        }
    }

    fn wait_for_lookup(&mut self, session: Key) {
        let Some(Session { phase: Phase::Outward(outward), .. }) = self.calls.get_mut(session) else { return };
        let subject = match outward.dial.to {
            DialTarget::Phone(phone) => Subject::Phone(phone),
            DialTarget::Trunk { trunk, .. } => Subject::Trunk(trunk),
        };
        outward.timer = Some(self.core.after(LOOKUP_MAX, Due::Session(session, SessionTimer::Lookup)));
        self.lookups.wait(subject, session);
    }

    pub(crate) fn handle_lookup_over(&mut self, session: Key) {
        let Some(Session { phase: Phase::Outward(outward), leg, .. }) = self.calls.get_mut(session) else { return };
        outward.timer = None;
        let leg = *leg;
        self.end_session(session);
        self.core.emit(LegEvent::Refused { leg, cause: CauseKind::Unreachable.into() });
    }

    /// Tries the next place of a list; false when there is none.
    pub(crate) fn invite_next(&mut self, session: Key) -> bool {
        let Some(Session { phase: Phase::Outward(outward), .. }) = self.calls.get_mut(session) else { return false };
        self.core.stop(&mut outward.timer);
        let Some(contact) = outward.spare.pop_front() else { return false };
        if !outward.spare.is_empty() {
            outward.timer = Some(self.core.after(CANDIDATE_SILENT_MAX, Due::Session(session, SessionTimer::Silent)));
        }
        self.invite(session, contact);
        true
    }

    /// The place tried first says nothing at all, and there is another (RFC 3263 §4.3).
    pub(crate) fn handle_silence(&mut self, session: Key) {
        let Some(Session { phase: Phase::Outward(outward), peer, .. }) = self.calls.get_mut(session) else { return };
        outward.timer = None;
        let peer = *peer;
        let Some(attempt) = outward.attempts.last_mut() else { return };
        let Some(client) = attempt.client.filter(|c| self.clients.is_calling(*c)) else { return };
        attempt.client = None;
        let remote = attempt.place.remote();
        self.clients.cancel(&mut self.core, client, None);
        self.rest(peer, remote);
        self.invite_next(session);
    }

    /// A place that did not answer is tried last for a while.
    pub(crate) fn rest(&mut self, peer: Peer, remote: SocketAddr) {
        let subject = match peer.0 {
            Source::Trunk(trunk) => Subject::Trunk(trunk),
            Source::Phone(phone) => Subject::Phone(phone),
        };
        self.lookups.rest(self.core.now.mono, subject, remote);
    }

    /// Where a device is registered now.
    fn bound_contacts(&mut self, phone: PhoneId) -> Vec<Contact> {
        let all = self.locations.of(phone);
        // Of several inner addresses one source has told us the last is the one it has now.
        let outdated = |(at, binding): (usize, &Binding)| {
            !is_direct(&binding.contact, binding.at.remote()) && all[at + 1..].iter().any(|b| b.at == binding.at)
        };
        let mut bindings: Vec<Binding> =
            all.iter().enumerate().filter(|b| !outdated(*b)).map(|(_, binding)| binding.clone()).collect();
        bindings.sort_by_key(|b| core::cmp::Reverse(b.q));
        let contacts = bindings.into_iter().filter_map(|binding| {
            let uri = OwnedUri::parse(&binding.contact).ok()?;
            let place = match binding.at {
                Place::Datagram { .. } => binding.at,
                Place::Stream { connection, .. } if self.core.flows.remote(connection).is_some() => binding.at,
                // The stream is gone, but the phone stands where it says and can be called on a new one.
                Place::Stream { remote, .. } if is_direct(&binding.contact, remote) => {
                    self.core.place_at(Protocol::Tcp, super::peer::contact_address(&binding.contact)?)?
                }
                Place::Stream { .. } => return None,
            };
            Some(Contact { uri, place })
        });
        contacts.collect()
    }

    /// Where a name leads to: a trunk's, with the number called there, or that of a phone at a fixed place.
    fn found_contacts(&mut self, subject: Subject, number: Option<&str>) -> Result<VecDeque<Contact>, Found> {
        let places = match self.find(subject) {
            Found::Places(places) => places,
            found @ (Found::Wait | Found::Nowhere) => return Err(found),
        };
        let Some(name) = self.lookups.uri(subject).cloned() else { return Err(Found::Nowhere) };
        let uri = match (number, name.uri().sip()) {
            (Some(number), Some(sip)) => OwnedUri::sip(Some(number), sip.host, sip.port),
            (Some(_) | None, _) => name,
        };
        let place =
            |c: Candidate| self.core.place_at(c.protocol, c.address).map(|place| Contact { uri: uri.clone(), place });
        let contacts: VecDeque<Contact> = places.into_iter().filter_map(place).collect();
        if contacts.is_empty() { Err(Found::Nowhere) } else { Ok(contacts) }
    }
}
