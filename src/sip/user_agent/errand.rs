//! What we ask of trunks outside any call: OPTIONS, to know that they live, and REGISTER.

use super::accounts::authorize;
use super::core::Due;
use super::lookup::{Found, Subject};
use super::machine::{Owner, UserAgent};
use super::trunk::{Bucket, State, host_uri};
use crate::header::{Expires, HeaderName};
use crate::home::BranchText;
use crate::input::{Candidate, Output, Place};
use crate::limits::{
    MAX_FORWARDS, PROBE_ANSWER_MAX, PROBE_MISSES_MAX, PROBE_RETRY, TRUNK_REGISTRATION_RETRY, TRUNK_REGISTRATION_SECONDS,
};
use crate::uri::OwnedUri;
use crate::{CSeq, Message, MessageWriter, Method, StatusCode};
use base::Key;
use core::time::Duration;
use model::{Directory, Fact, ShardId, Trunk, TrunkId};
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TrunkTimer {
    /// Send the next OPTIONS.
    Probe,
    /// The OPTIONS got no answer in time.
    Missed,
    /// Register, or register again.
    Register,
    /// Hold the NAT before us open.
    KeepAlive,
}

/// A request of ours to a trunk's host, outside any call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errand {
    Probe,
    Register { repeated: bool },
}

impl UserAgent {
    /// Takes up the directory's trunks: names, probes, registrations. Only shard 0 speaks for the house.
    pub(crate) fn set_up_trunks(&mut self, before: Option<&Directory>) {
        let directory = Arc::clone(&self.core.config.directory);
        for (index, trunk) in directory.trunks.iter().enumerate() {
            let id = TrunkId(index as u32);
            // A reload touches only what it changes.
            let was = before.and_then(|d| d.trunks.get(index));
            if was == Some(trunk) {
                continue;
            }
            if self.trunks.states.len() <= index {
                self.add_trunk(trunk);
            }
            self.stop_trunk_timers(id);
            let host = host_uri(trunk);
            let leaves = was.is_some_and(|was| self.leaves(id, was, trunk));
            // A registrar that is told goodbye may ask who says so: until then its name leads to it.
            if !(leaves && trunk.removed) {
                self.lookups.set(Subject::Trunk(id), host.clone());
            }
            self.know_trunk_places(id);
            if leaves {
                self.take_leave(id);
            }
            let Some(state) = self.trunks.state(id) else { continue };
            state.misses = 0;
            if !leaves {
                state.registered = false;
                state.leaving = false;
                state.credentials = None;
            }
            // What was said of the old trunk need not hold for the new one.
            if state.up.take() == Some(false) {
                self.core.outputs.push_back(Output::Fact(Fact::TrunkUp { trunk: id }));
            }
            if host.is_none() || self.core.config.shard != ShardId(0) {
                continue;
            }
            if !trunk.options_interval.is_zero() {
                state.timer = Some(self.core.after(Duration::ZERO, Due::Trunk(id, TrunkTimer::Probe)));
            }
            if trunk.register {
                state.register_timer = Some(self.core.after(Duration::ZERO, Due::Trunk(id, TrunkTimer::Register)));
            }
        }
    }

    /// Where requests of a trunk may come from, beside its networks.
    pub(crate) fn know_trunk_places(&mut self, trunk: TrunkId) {
        self.core.trunk_places.retain(|(id, _)| *id != trunk);
        if self.core.directory().trunk(trunk).removed {
            return;
        }
        let places = self.lookups.places(Subject::Trunk(trunk)).iter().map(|c| (trunk, c.address.ip()));
        self.core.trunk_places.extend(places);
    }

    fn add_trunk(&mut self, trunk: &Trunk) {
        let call_id = self.core.call_id();
        let tag = format!("{:016x}", self.core.name()).into();
        self.trunks.states.push(State {
            calls: 0,
            bucket: Bucket::full(self.core.now.mono, trunk.max_cps),
            up: None,
            misses: 0,
            probe: None,
            timer: None,
            register_timer: None,
            keep_alive: None,
            leaving: false,
            registered: false,
            registrar: None,
            credentials: None,
            retry: TRUNK_REGISTRATION_RETRY,
            call_id,
            cseq: 0,
            tag,
            expires: TRUNK_REGISTRATION_SECONDS,
        });
    }

    fn stop_trunk_timers(&mut self, id: TrunkId) {
        let Some(state) = self.trunks.state(id) else { return };
        self.core.stop(&mut state.timer);
        self.core.stop(&mut state.register_timer);
        self.core.stop(&mut state.keep_alive);
        if let Some(probe) = state.probe.take() {
            self.clients.abandon(&mut self.core, probe);
        }
    }

    pub(crate) fn handle_trunk_timer(&mut self, id: TrunkId, timer: TrunkTimer) {
        let Some(state) = self.trunks.state(id) else { return };
        match timer {
            TrunkTimer::Probe => {
                state.timer = None;
                self.probe(id);
            }
            TrunkTimer::Missed => {
                state.timer = None;
                if let Some(probe) = state.probe.take() {
                    if let Some(place) = self.clients.place(probe) {
                        self.lookups.rest(self.core.now.mono, Subject::Trunk(id), place.remote());
                    }
                    self.clients.abandon(&mut self.core, probe);
                }
                self.probe_missed(id);
            }
            TrunkTimer::Register => {
                state.register_timer = None;
                self.register(id, false);
            }
            TrunkTimer::KeepAlive => {
                state.keep_alive = None;
                self.keep_trunk_alive(id);
            }
        }
    }

    // --- probes --------------------------------------------------------------------------------------------------

    fn probe(&mut self, id: TrunkId) {
        let interval = self.core.directory().trunk(id).options_interval;
        let Some((place, candidate)) = self.first_place(id) else {
            // Without a place there is nothing to ask, which is as bad as no answer.
            return self.probe_missed(id);
        };
        let probe = self.send_errand(id, place, candidate, Errand::Probe, Method::Options);
        let wait = PROBE_ANSWER_MAX.min(interval);
        let timer = self.core.after(wait, Due::Trunk(id, TrunkTimer::Missed));
        if let Some(state) = self.trunks.state(id) {
            state.probe = Some(probe);
            state.timer = Some(timer);
        }
    }

    fn probe_missed(&mut self, id: TrunkId) {
        let interval = self.core.directory().trunk(id).options_interval;
        let timer = self.core.after(PROBE_RETRY.min(interval), Due::Trunk(id, TrunkTimer::Probe));
        let Some(state) = self.trunks.state(id) else { return };
        state.timer = Some(timer);
        state.misses = state.misses.saturating_add(1);
        if state.misses >= PROBE_MISSES_MAX && state.up != Some(false) {
            state.up = Some(false);
            self.core.outputs.push_back(Output::Fact(Fact::TrunkDown { trunk: id }));
        }
    }

    /// Any answer but 408 and 503 shows that somebody is there.
    fn probe_answered(&mut self, id: TrunkId, status: StatusCode) {
        let interval = self.core.directory().trunk(id).options_interval;
        let Some(state) = self.trunks.state(id) else { return };
        let place = state.probe.take().and_then(|probe| self.clients.place(probe));
        self.core.stop(&mut state.timer);
        if matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::SERVICE_UNAVAILABLE) {
            if let Some(place) = place {
                self.lookups.rest(self.core.now.mono, Subject::Trunk(id), place.remote());
            }
            return self.probe_missed(id);
        }
        state.timer = Some(self.core.after(interval, Due::Trunk(id, TrunkTimer::Probe)));
        if let Some(place) = place {
            self.lookups.wake(Subject::Trunk(id), place.remote());
        }
        self.trunk_is_up(id);
    }

    pub(crate) fn trunk_is_up(&mut self, id: TrunkId) {
        let Some(state) = self.trunks.state(id) else { return };
        state.misses = 0;
        if state.up != Some(true) {
            state.up = Some(true);
            self.core.outputs.push_back(Output::Fact(Fact::TrunkUp { trunk: id }));
        }
    }

    // --- both ----------------------------------------------------------------------------------------------------

    pub(crate) fn handle_errand_response(
        &mut self,
        message: &Message<'_>,
        status: StatusCode,
        id: TrunkId,
        errand: Errand,
    ) {
        if !status.is_final() {
            return;
        }
        match errand {
            Errand::Probe => self.probe_answered(id, status),
            Errand::Register { repeated } => self.register_answered(message, status, id, repeated),
        }
    }

    pub(crate) fn handle_errand_failure(&mut self, id: TrunkId, errand: Errand) {
        match errand {
            Errand::Probe => {
                let Some(state) = self.trunks.state(id) else { return };
                state.probe = None;
                self.core.stop(&mut state.timer);
                self.probe_missed(id);
            }
            Errand::Register { .. } => self.register_later(id),
        }
    }

    /// Asks the driver where a name leads to, when that is due.
    pub(crate) fn find(&mut self, subject: Subject) -> Found {
        let (found, query) = self.lookups.find(self.core.now.mono, subject);
        if let Some(query) = query {
            self.core.outputs.push_back(Output::Resolve(query));
        }
        found
    }

    pub(crate) fn first_place(&mut self, id: TrunkId) -> Option<(Place, Candidate)> {
        let Found::Places(places) = self.find(Subject::Trunk(id)) else { return None };
        places.into_iter().find_map(|c| self.core.place_at(c.protocol, c.address).map(|place| (place, c)))
    }

    pub(crate) fn send_errand(
        &mut self,
        id: TrunkId,
        place: Place,
        candidate: Candidate,
        errand: Errand,
        method: Method<'static>,
    ) -> Key {
        let Self { core, clients, trunks, lookups, .. } = self;
        let state = &mut trunks.states[id.index()];
        let host = lookups.uri(Subject::Trunk(id)).cloned();
        let host = host.unwrap_or_else(|| OwnedUri::parse(&format!("sip:{}", candidate.address)).expect("an address"));
        clients.start(core, place, Owner::Trunk { trunk: id, errand }, |core, branch: &BranchText, out| {
            let call_id = match errand {
                Errand::Register { .. } => state.call_id.clone(),
                Errand::Probe => core.call_id(),
            };
            let user = account_user(core.directory().trunk(id));
            let mut writer = MessageWriter::request(out, method, &host.uri());
            core.via(&mut writer, &place, branch.as_str());
            writer.number(HeaderName::MaxForwards, MAX_FORWARDS);
            let account = OwnedUri::sip(Some(user), host.uri().sip().expect("made as one").host, None);
            let account = account.uri();
            writer.address(HeaderName::From, None, &account, &[("tag", Some(&state.tag))]);
            let to = if method == Method::Register { account } else { host.uri() };
            writer.address(HeaderName::To, None, &to, &[]);
            let number = if method == Method::Register { state.cseq } else { 1 };
            writer.text(HeaderName::CallId, &call_id).header(&CSeq { number, method });
            if let Some(contact) = core.contact_as(&place, user) {
                writer.address(HeaderName::Contact, None, &contact.uri(), &[]);
            }
            if method == Method::Register {
                writer.header(&Expires(if state.leaving { 0 } else { state.expires }));
                // A probe wants no credentials: a refusal is an answer too.
                authorize(&mut state.credentials, &place, method, host.as_str(), &mut writer);
            }
            writer.end();
        })
    }
}

fn account_user(trunk: &Trunk) -> &str {
    if trunk.username.is_empty() { "strowger" } else { &trunk.username }
}
