//! Our accounts at the trunks' servers: whose challenges are answered, and which requests carry the answer.
//!
//! A digest of a password is worth guessing at, so it goes only to somebody who asked for it, and only where the trunk
//! itself is (attack A8, the SIP digest leak):
//!
//! - A phone has no account of ours: none of its challenges is answered.
//! - A challenge to a REGISTER or a first INVITE, which go to the trunk's own places and nowhere else, is answered.
//! - A challenge inside a call may come from the callee behind the trunk. It is answered when the request went to one of
//!   the trunk's own places, and only for a realm its REGISTER or this call's INVITE was asked for, or the configured one.
//! - Where the configuration names a realm, no other is answered.
//! - An answer is used again (RFC 7616 §3.4, its count one higher) by the registration or the call that was asked for it,
//!   at the place that asked, and by nothing else.

use super::core::Core;
use super::lookup::Subject;
use super::machine::UserAgent;
use crate::auth::{Asking, CannotAnswer, ClientAuth, Secret};
use crate::header::AuthFields;
use crate::input::{Counter, Place};
use crate::{Message, MessageWriter, Method};
use base::Key;
use core::net::SocketAddr;
use model::{Source, Trunk, TrunkId};

/// The challenges one place made to one registration or one call.
#[derive(Debug)]
pub(crate) struct Credentials {
    /// Who asked; nobody else hears the answer.
    at: SocketAddr,
    auth: ClientAuth,
}

/// Adds what this place has asked for before; nothing when it never did.
pub(crate) fn authorize(
    kept: &mut Option<Box<Credentials>>,
    place: &Place,
    method: Method<'_>,
    uri: &str,
    writer: &mut MessageWriter<'_>,
) {
    if let Some(kept) = kept.as_mut().filter(|kept| kept.at == place.remote()) {
        kept.auth.authorize(method, uri, writer);
    }
}

impl UserAgent {
    /// Whether a first INVITE of this session, refused by `place` with 401 or 407, is worth sending again.
    pub(crate) fn accept_challenge(&mut self, session: Key, place: &Place, message: &Message<'_>) -> bool {
        let random = self.core.name();
        let Self { core, calls, .. } = self;
        let Some(session) = calls.get_mut(session) else { return false };
        if let Source::Trunk(id) = session.peer.0 {
            let trunk = core.config.directory.trunk(id);
            if take(&mut session.credentials, trunk, realms_named(message), place, message, random) {
                return true;
            }
        }
        refuse(core, place, message)
    }

    /// The same for a request inside the dialog.
    pub(crate) fn accept_challenge_inside(&mut self, session: Key, place: &Place, message: &Message<'_>) -> bool {
        let random = self.core.name();
        let Self { core, calls, lookups, trunks, .. } = self;
        let Some(session) = calls.get_mut(session) else { return false };
        if let Source::Trunk(id) = session.peer.0
            && lookups.places(Subject::Trunk(id)).iter().any(|c| c.address == place.remote())
        {
            let registered = trunks.state(id).and_then(|s| s.credentials.as_deref());
            let known = [session.credentials.as_deref(), registered];
            let realms = known.into_iter().flatten().flat_map(|c| c.auth.realms()).map(String::from).collect();
            let trunk = core.config.directory.trunk(id);
            if take(&mut session.credentials, trunk, realms, place, message, random) {
                return true;
            }
        }
        refuse(core, place, message)
    }

    /// The same for our REGISTER.
    pub(crate) fn accept_registrar_challenge(&mut self, id: TrunkId, place: &Place, message: &Message<'_>) -> bool {
        let random = self.core.name();
        let Self { core, trunks, .. } = self;
        let Some(state) = trunks.state(id) else { return false };
        let trunk = core.config.directory.trunk(id);
        take(&mut state.credentials, trunk, realms_named(message), place, message, random)
            || refuse(core, place, message)
    }
}

/// Somebody who asks without the right to is worth a line in the log.
fn refuse(core: &mut Core, place: &Place, message: &Message<'_>) -> bool {
    core.note(Counter::UnansweredChallenge, place.remote(), Some(message.call_id()));
    false
}

/// Takes a challenge of one of these realms, or of the configured one alone.
fn take(
    kept: &mut Option<Box<Credentials>>,
    trunk: &Trunk,
    realms: Vec<String>,
    place: &Place,
    response: &Message<'_>,
    random: u64,
) -> bool {
    let Some(password) = trunk.password.as_ref().filter(|_| !trunk.username.is_empty()) else { return false };
    // A proxy and the server behind it may ask one after the other: the second answer goes beside the first.
    if let Some(known) = kept.as_mut().filter(|known| known.at == place.remote()) {
        match known.auth.challenged(response, false, random) {
            Ok(()) => return true,
            Err(CannotAnswer::ForeignRealm) => {}
            Err(CannotAnswer::Unsupported | CannotAnswer::Refused) => return false,
        }
    }
    let realms = if trunk.realm.is_empty() { realms } else { vec![String::from(&*trunk.realm)] };
    let realms: Vec<&str> = realms.iter().map(String::as_str).collect();
    let mut auth = ClientAuth::new(&trunk.username, Secret::password(password.expose()), &realms);
    if auth.challenged(response, false, random).is_err() {
        return false;
    }
    *kept = Some(Box::new(Credentials { at: place.remote(), auth }));
    true
}

fn realms_named(response: &Message<'_>) -> Vec<String> {
    let names = [Asking::AsServer, Asking::AsProxy].map(Asking::challenge_name);
    let fields = names.into_iter().flat_map(|name| response.elements(name)).filter_map(AuthFields::parse);
    fields.filter_map(|f| f.get("realm").map(|r| r.into_owned())).collect()
}
