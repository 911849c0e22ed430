use crate::contact::Stage;
use crate::machine::Machine;
use base::Now;
use core::time::Duration;
use model::{CauseKind, ContactId, Key, LegEvent, LegId, MediaCommand, Target, Withdrawal};

/// How a key reached us.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum DigitSource {
    /// telephone-event or a tone, found by the media worker.
    Media,
    /// SIP INFO.
    Info,
}

impl Machine {
    /// A key by INFO: what the far side has to hear of it no relayed packet carries.
    ///
    /// Passed on whatever source this room believes: the media worker alone knows whether the key is in the stream too.
    pub(crate) fn informed(&mut self, now: Now, id: LegId, key: Key, held: Duration) {
        self.pass_inward(id, |leg| LegEvent::Digit { leg, key, held });
        let contact = self.legs.get(&id).map(|leg| leg.contact);
        let stage = contact.and_then(|c| self.contacts.get(&c)).map(|c| &c.stage);
        if matches!(stage, Some(Stage::Talking { .. })) {
            self.leg_media(id, MediaCommand::Press { leg: id, key, held });
        }
        self.digit(now, id, key, DigitSource::Info);
    }

    /// A key, whatever is playing.
    pub(crate) fn digit(&mut self, now: Now, id: LegId, key: Key, source: DigitSource) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        // Some phones send each key both ways at once: the first way used is the one believed.
        if *leg.digits_from.get_or_insert(source) != source {
            return;
        }
        let contact = leg.contact;
        let Some(serves) = self.contacts.get(&contact).filter(|c| c.caller == id) else { return };
        match &serves.stage {
            Stage::Waiting { .. } if serves.arranging.is_none() => self.breakout(now, contact, key),
            Stage::SigningOn(_) => self.sign_on_key(now, contact, key),
            Stage::Waiting { .. } | Stage::Arranging => self.arranging_key(now, contact, key),
            Stage::Messaging { .. } => self.message_key(now, contact, key),
            Stage::Watching(_) => self.supervisor_key(now, contact, key),
            Stage::Nailed(_) => self.nailed_key(now, contact, key),
            Stage::Arriving
            | Stage::Noticing { .. }
            | Stage::Seizing { .. }
            | Stage::Ringing(_)
            | Stage::Talking { .. }
            | Stage::Announcing
            | Stage::Asking { .. }
            | Stage::Pausing { .. }
            | Stage::Closing { .. } => {}
        }
    }

    /// A waiting caller leaves the queue by its keys; to be called back he leaves it when that is arranged, and an agent
    /// who is free before that takes him.
    fn breakout(&mut self, now: Now, id: ContactId, key: Key) {
        let Some(Stage::Waiting { queue, .. }) = self.contacts.get(&id).map(|c| &c.stage) else { return };
        let keys = &self.directory.queue(*queue).keys;
        if let Some(target) = keys.iter().find(|(k, _)| *k == key.0).map(|(_, target)| target.clone()) {
            if let Target::Callback(queue) = target {
                return self.arrange(now, id, queue);
            }
            let why = Withdrawal::FlowedOut { to: Some(target.clone()) };
            self.withdraw(now, id, why, CauseKind::Cancelled.into());
            self.go_to(now, id, target);
        }
    }
}
