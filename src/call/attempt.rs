//! One person is called once at a time: callbacks of all queues and shards whose customers have the same number, however
//! it was written, wait for each other at their places.

use crate::contact::Stage;
use crate::machine::Machine;
use base::Now;
use model::{AsideReason, CauseKind, ContactId, News, Offer, OfferOutcome, same_number};

impl Machine {
    /// A number as it is compared with others.
    pub(crate) fn key_of(&self, number: &str) -> Box<str> {
        same_number(number, &self.directory.site.region)
    }

    /// An offer for a customer who waits at home: false when it was given back, because he is not to be called now.
    pub(crate) fn may_attempt(&mut self, now: Now, offer: Offer) -> bool {
        let id = offer.id.contact;
        let Some(callback) = self.contacts.get(&id).and_then(|c| c.callback.as_ref()) else { return false };
        let (key, queue) = (callback.key.clone(), callback.queue());
        let rests = callback.rests.is_some_and(|until| until > now.mono);
        let spent = self.has_failed_too_often(id);
        if spent {
            self.give_up(now, id, CauseKind::ServerFailure.into());
        } else if !rests && self.is_in_use(id, &key) {
            // The end of the other attempt wakes it; should that not be heard of, this does.
            self.let_rest(id, now.mono + self.policy(queue).every, AsideReason::InUse);
            if let Some(callback) = self.contacts.get_mut(&id).and_then(|c| c.callback.as_mut()) {
                callback.blocked = true;
            }
        } else if !rests {
            if self.attempts.insert(id, key).is_none() {
                self.news(News::Attempt { contact: id, live: true });
            }
            return true;
        }
        self.settle(Some(offer.id), OfferOutcome::Withdrawn);
        false
    }

    /// Somebody with this number is being called for another contact, or was reached and is on the line.
    fn is_in_use(&self, id: ContactId, key: &str) -> bool {
        self.attempts.iter().any(|(other, number)| *other != id && &**number == key) || self.elsewhere.calls(key)
    }

    /// Something of it has ended: nobody may be asked for it any more.
    pub(crate) fn attempt_may_be_over(&mut self, id: ContactId) {
        let Some(contact) = self.contacts.get(&id) else { return };
        let asked = !contact.stage.rings().is_empty() || contact.callback.as_ref().is_none_or(|c| c.is_under_way());
        if !asked && self.is_callback(id) {
            self.attempt_over(id);
        }
    }

    /// His number is free again.
    pub(crate) fn attempt_over(&mut self, id: ContactId) {
        if let Some(key) = self.attempts.remove(&id) {
            self.news(News::Attempt { contact: id, live: false });
            self.wake_blocked(&key);
        }
    }

    fn wake_blocked(&mut self, key: &str) {
        let blocked = |id: &ContactId| {
            let callback = self.contacts.get(id).and_then(|c| c.callback.as_ref());
            callback.is_some_and(|c| c.blocked && &*c.key == key)
        };
        let woken: Vec<ContactId> = self.callbacks.iter().copied().filter(blocked).collect();
        for id in woken {
            if let Some(callback) = self.contacts.get_mut(&id).and_then(|c| c.callback.as_mut()) {
                (callback.blocked, callback.rests) = (false, None);
            }
            self.queue(model::QueueCommand::Wake { contact: id });
        }
    }

    /// Another shard begins to call somebody with this number, or has done so. Of two that began before they heard of
    /// each other the older goes on.
    pub(crate) fn attempt_elsewhere(&mut self, now: Now, other: ContactId, key: &str, live: bool) {
        if !live {
            return self.wake_blocked(key);
        }
        let younger = |id: ContactId| other < id && self.is_callback(id) && self.is_owed(id);
        let same = self.attempts.iter().filter(|(_, number)| &***number == key).map(|(id, _)| *id);
        let Some(id) = same.into_iter().find(|id| younger(*id)) else { return };
        let Some(callback) = self.contacts.get_mut(&id).and_then(|c| c.callback.as_mut()) else { return };
        callback.blocked = true;
        let queue = callback.queue();
        self.let_rest(id, now.mono + self.policy(queue).every, AsideReason::InUse);
        self.gives_way(now, id);
    }

    fn gives_way(&mut self, now: Now, id: ContactId) {
        let waits = self.contacts.get(&id).is_some_and(|c| matches!(c.stage, Stage::Waiting { .. }));
        if waits {
            self.broken_off(now, id);
            self.cancel_rings(now, id, CauseKind::Cancelled.into());
            self.attempt_may_be_over(id);
        }
    }
}
