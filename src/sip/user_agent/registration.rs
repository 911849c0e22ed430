//! Our registrations at the trunks' registrars: made, renewed, kept open through a NAT, and taken back at the end.

use super::core::Due;
use super::errand::{Errand, TrunkTimer};
use super::lookup::Subject;
use super::machine::UserAgent;
use crate::header::{Contact, Expires, MinExpires};
use crate::input::Place;
use crate::limits::{KEEP_ALIVE, TRUNK_REGISTRATION_RETRY, TRUNK_REGISTRATION_RETRY_MAX, TRUNK_REGISTRATION_SECONDS};
use crate::{Message, Method, StatusCode};
use core::time::Duration;
use model::{Trunk, TrunkId};

/// Keeps a NAT's way open and asks for nothing: a receiver ignores it over UDP (RFC 3261 §7.5).
pub(crate) const CRLF_CRLF: &[u8] = b"\r\n\r\n";

impl UserAgent {
    pub(crate) fn register(&mut self, id: TrunkId, repeated: bool) {
        let Some((place, candidate)) = self.first_place(id) else { return self.register_later(id) };
        if let Some(state) = self.trunks.state(id) {
            state.cseq += 1;
            state.registrar = Some(place);
        }
        self.send_errand(id, place, candidate, Errand::Register { repeated }, Method::Register);
    }

    pub(crate) fn register_later(&mut self, id: TrunkId) {
        let wanted = self.wants_registration(id);
        let Some(state) = self.trunks.state(id) else { return };
        state.registered = false;
        self.core.stop(&mut state.keep_alive);
        if core::mem::take(&mut state.leaving) || !wanted {
            return self.forget_registrar(id);
        }
        let wait = state.retry;
        state.retry = TRUNK_REGISTRATION_RETRY_MAX.min(wait * 2);
        state.register_timer = Some(self.core.after(wait, Due::Trunk(id, TrunkTimer::Register)));
    }

    pub(crate) fn register_answered(&mut self, message: &Message<'_>, status: StatusCode, id: TrunkId, repeated: bool) {
        match status.code() {
            200..=299 => self.registered_for(id, self.granted(message, id)),
            401 | 407 if !repeated && self.is_registrar_challenge(id, message) => self.register(id, true),
            423 => {
                let least = message.one::<MinExpires>().ok().flatten().map(|MinExpires(s)| s);
                match (least, self.trunks.state(id)) {
                    (Some(least), Some(state)) if least > state.expires && !state.leaving => {
                        state.expires = least;
                        self.register(id, repeated);
                    }
                    (Some(_) | None, Some(_) | None) => self.register_later(id),
                }
            }
            _ => self.register_later(id),
        }
    }

    fn registered_for(&mut self, id: TrunkId, granted: u32) {
        let wanted = self.wants_registration(id);
        let Some(state) = self.trunks.state(id) else { return };
        self.core.stop(&mut state.keep_alive);
        if core::mem::take(&mut state.leaving) {
            state.registered = false;
            return self.forget_registrar(id);
        }
        if !wanted {
            // A reload took the account away while the question was on its way.
            return self.take_leave(id);
        }
        self.trunk_is_up(id);
        let probes = self.core.directory().trunk(id).options_interval;
        let Some(state) = self.trunks.state(id) else { return };
        state.retry = TRUNK_REGISTRATION_RETRY;
        state.registered = true;
        // Early enough for a lost refresh to be repeated.
        let wait = Duration::from_secs(u64::from(granted)) * 4 / 5;
        let wait = wait.max(Duration::from_secs(5));
        state.register_timer = Some(self.core.after(wait, Due::Trunk(id, TrunkTimer::Register)));
        // OPTIONS that go out often enough hold the way open by themselves.
        let probed = !probes.is_zero() && probes <= KEEP_ALIVE;
        if !probed && matches!(state.registrar, Some(Place::Datagram { .. })) {
            state.keep_alive = Some(self.core.after(KEEP_ALIVE, Due::Trunk(id, TrunkTimer::KeepAlive)));
        }
    }

    pub(crate) fn keep_trunk_alive(&mut self, id: TrunkId) {
        let Some(state) = self.trunks.state(id) else { return };
        let Some(place) = state.registrar.filter(|_| state.registered) else { return };
        state.keep_alive = Some(self.core.after(KEEP_ALIVE, Due::Trunk(id, TrunkTimer::KeepAlive)));
        self.core.send(&place, CRLF_CRLF);
    }

    fn is_registrar_challenge(&mut self, id: TrunkId, message: &Message<'_>) -> bool {
        let asked = self.trunks.states.get(id.index()).and_then(|s| s.registrar);
        asked.is_some_and(|place| self.accept_registrar_challenge(id, &place, message))
    }

    /// Seconds the registrar gave our contact.
    fn granted(&self, message: &Message<'_>, id: TrunkId) -> u32 {
        let asked = self.trunks.states.get(id.index()).map_or(TRUNK_REGISTRATION_SECONDS, |s| s.expires);
        let contacts = message.all::<Contact<'_>>().filter_map(Result::ok);
        let user = &*self.core.directory().trunk(id).username;
        let ours = contacts.filter(|c| c.address().is_some_and(|a| a.uri.user() == Some(user)));
        let by_contact = ours.filter_map(|c| c.expires()).next();
        let by_header = || message.one::<Expires>().ok().flatten().map(|Expires(s)| s);
        by_contact.or_else(by_header).unwrap_or(asked)
    }

    /// The house closes: a carrier that goes on sending calls to a dead address loses every one of them.
    pub(crate) fn unregister(&mut self) {
        let registered = self.trunks.states.iter_mut().zip(0u32..).filter(|(state, _)| state.registered);
        let leaving: Vec<TrunkId> = registered.map(|(_, id)| TrunkId(id)).collect();
        for id in leaving {
            self.take_leave(id);
        }
    }

    /// Whether a reload ends a registration of ours that can still be taken back: the account is the one it was made with.
    pub(crate) fn leaves(&mut self, id: TrunkId, was: &Trunk, is: &Trunk) -> bool {
        let account = |t: &Trunk| (t.host.clone(), t.username.clone(), t.password.clone(), t.realm.clone());
        let registered = self.trunks.state(id).is_some_and(|state| state.registered);
        registered && (is.removed || !is.register) && account(was) == account(is)
    }

    /// Calls the carrier goes on sending here would find nobody.
    pub(crate) fn take_leave(&mut self, id: TrunkId) {
        let Some(state) = self.trunks.state(id) else { return };
        state.leaving = true;
        self.core.stop(&mut state.register_timer);
        self.core.stop(&mut state.keep_alive);
        self.register(id, false);
    }

    fn wants_registration(&self, id: TrunkId) -> bool {
        let trunk = self.core.directory().trunk(id);
        trunk.register && !trunk.removed
    }

    fn forget_registrar(&mut self, id: TrunkId) {
        if self.core.directory().trunk(id).removed {
            self.lookups.set(Subject::Trunk(id), None);
        }
    }
}
