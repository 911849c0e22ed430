//! Our accounts at the trunks' servers, and which challenges they answer.

use super::peer::Peer;
use crate::auth::{Asking, CannotAnswer, ClientAuth, Secret};
use crate::header::AuthFields;
use crate::{Message, MessageWriter, Method};
use model::{Directory, Source, TrunkId};

/// One account a trunk that has one; a phone never has, so none of its challenges is answered (attack A8).
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    by_trunk: Vec<Option<ClientAuth>>,
}

/// What was challenged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// A request to the trunk's own host: the realm it names becomes ours.
    OwnHost,
    /// A request inside a dialog, which may end elsewhere: only realms already ours.
    Dialog,
}

impl Accounts {
    pub(crate) fn clear(&mut self) {
        self.by_trunk.clear();
    }

    /// Adds credentials when the peer's server is known to want them.
    pub(crate) fn authorize(
        &mut self,
        peer: Peer,
        method: Method<'_>,
        uri: &str,
        writer: &mut MessageWriter<'_>,
    ) -> bool {
        let Source::Trunk(trunk) = peer.0 else { return false };
        let Some(account) = self.by_trunk.get_mut(trunk.index()).and_then(Option::as_mut) else { return false };
        account.authorize(method, uri, writer);
        account.has_challenge()
    }

    /// Whether a request refused with 401 or 407 is worth sending again.
    pub(crate) fn challenged(
        &mut self,
        directory: &Directory,
        peer: Peer,
        response: &Message<'_>,
        tried: bool,
        reach: Reach,
        random: u64,
    ) -> bool {
        let Source::Trunk(trunk) = peer.0 else { return false };
        if reach == Reach::OwnHost && self.is_foreign(trunk, response) {
            self.learn(directory, trunk, response);
        }
        match self.by_trunk.get_mut(trunk.index()).and_then(Option::as_mut) {
            Some(account) => account.challenged(response, tried, random).is_ok(),
            None => false,
        }
    }

    fn is_foreign(&mut self, trunk: TrunkId, response: &Message<'_>) -> bool {
        match self.by_trunk.get_mut(trunk.index()).and_then(Option::as_mut) {
            // Asking costs nothing: a challenge of a realm that is not ours changes nothing.
            Some(account) => account.challenged(response, false, 0) == Err(CannotAnswer::ForeignRealm),
            None => true,
        }
    }

    fn learn(&mut self, directory: &Directory, id: TrunkId, response: &Message<'_>) {
        let trunk = directory.trunk(id);
        let Some(password) = trunk.password.as_ref().filter(|_| !trunk.username.is_empty()) else { return };
        let names = [Asking::AsServer, Asking::AsProxy].map(Asking::challenge_name);
        let fields = names.into_iter().flat_map(|name| response.elements(name)).filter_map(AuthFields::parse);
        let realms: Vec<String> = fields.filter_map(|f| f.get("realm").map(|r| r.into_owned())).collect();
        let realms: Vec<&str> = realms.iter().map(String::as_str).collect();
        if self.by_trunk.len() <= id.index() {
            self.by_trunk.resize_with(id.index() + 1, || None);
        }
        let account = ClientAuth::new(&trunk.username, Secret::password(password.expose()), &realms);
        self.by_trunk[id.index()] = Some(account);
    }
}
