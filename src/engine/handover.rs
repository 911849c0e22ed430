//! With several shards a new call can belong to a call that lives elsewhere: an agent in talk consults a colleague, a
//! supervisor listens in, a phone takes a call over by Replaces. The shard its Call-ID leads to hands such an INVITE on before anything is made of it, and
//! remembers where, so that a retransmission and a CANCEL take the same way.

use crate::limits::{HANDOVER_TIME, HANDOVERS_MAX};
use crate::shard::Shard;
use base::Instant;
use model::{AgentId, Directory, PhoneId, ShardId};
use sip::Message;
use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub(crate) struct Handovers {
    /// Phones by name, so that a trunk's INVITE costs one look-up.
    phones: BTreeMap<Box<str>, PhoneId>,
    by_call_id: BTreeMap<Box<str>, (ShardId, Instant)>,
}

impl Handovers {
    /// With one shard there is nobody to hand anything to.
    pub(crate) fn learn(&mut self, directory: &Directory, shards: u8) {
        self.phones.clear();
        if shards > 1 {
            let live = directory.phones.iter().zip(0u32..).filter(|(phone, _)| !phone.removed);
            self.phones.extend(live.map(|(phone, id)| (phone.id.clone(), PhoneId(id))));
        }
    }

    fn remember(&mut self, now: Instant, call_id: &str, home: ShardId) {
        if self.by_call_id.len() >= HANDOVERS_MAX {
            self.by_call_id.retain(|_, (_, since)| now - *since < HANDOVER_TIME);
        }
        // Still full: the call stays here. It works; only a transfer over two shards would be refused.
        if self.by_call_id.len() < HANDOVERS_MAX {
            self.by_call_id.insert(call_id.into(), (home, now));
        }
    }
}

impl Shard {
    /// Where this message must go instead; `None`: it is ours.
    pub(crate) fn handed_to(&mut self, now: Instant, bytes: &[u8]) -> Option<ShardId> {
        let concerns = |method: &[u8]| bytes.trim_ascii_start().starts_with(method);
        if self.shards < 2 || !(concerns(b"INVITE ") || concerns(b"CANCEL ")) {
            return None;
        }
        let message = Message::parse(bytes).ok()?;
        if message.to().tag().is_some() {
            return None;
        }
        if let Some((home, since)) = self.handovers.by_call_id.get(message.call_id())
            && now - *since < HANDOVER_TIME
        {
            return Some(*home);
        }
        let home = self.named_home(&message).filter(|home| *home != self.id)?;
        self.handovers.remember(now, message.call_id(), home);
        Some(home)
    }

    /// The sender's name is only a hint here: the home shard asks for credentials like any other.
    fn named_home(&self, message: &Message<'_>) -> Option<ShardId> {
        if let Some(home) = self.legs.home_of_replaced(message) {
            return Some(home);
        }
        let of_call = |agent: AgentId| self.board.agent_contact(agent).map(|contact| contact.home());
        if let Some(agent) = message.uri().and_then(|uri| uri.user()).and_then(|dialled| self.supervised(dialled)) {
            return of_call(agent);
        }
        let phone = self.handovers.phones.get(message.from().uri.user()?)?;
        of_call(self.board.phone_agent(*phone)?)
    }

    /// The agent a supervisor's feature code names.
    fn supervised(&self, dialled: &str) -> Option<AgentId> {
        let codes = &self.directory.feature_codes;
        let id = [&codes.listen, &codes.whisper, &codes.barge, &codes.take_over]
            .into_iter()
            .find_map(|code| dialled.strip_prefix(&**code).filter(|_| !code.is_empty()))?;
        self.directory.agent_named(id)
    }
}
