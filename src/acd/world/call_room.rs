//! The call room, in small: what the shards tell it, and how phones are answered.

use super::{Call, Happening, World};
use crate::houses::DEMANDS;
use base::Instant;
use model::{
    Cause, CauseKind, ContactId, OfferId, OfferOutcome, QueueCommand, QueueEvent, QueueId, RequirementId, Target, Wish,
    Withdrawal,
};

impl World {
    pub(super) fn event(&mut self, event: QueueEvent) {
        match event {
            QueueEvent::Offer(offer) => {
                let id = offer.id;
                let (now, shards) = (self.now, &self.shards);
                let claimable = |contact| shards.iter().find_map(|s| s.claimable_since(now, id.agent, contact));
                self.promises.offer(now.mono, id, Some(offer.queue), claimable);
                self.check_choice(id, offer.queue);
                match self.calls.get_mut(&id.contact) {
                    Some(Call::Waiting { queue, ring, .. }) if *queue == offer.queue && ring.is_none() => {
                        *ring = Some((id, self.now.mono));
                    }
                    other => panic!("an offer of {} that does not wait: {other:?}", id.contact),
                }
                self.ring(id);
            }
            QueueEvent::Seized { offer, .. } => {
                self.promises.offer(self.now.mono, offer, None, |_| None);
                match self.calls.get_mut(&offer.contact) {
                    Some(Call::Direct { ring, .. }) => {
                        *ring = Some(offer);
                        self.ring(offer);
                    }
                    _ => self.settle(offer, None, OfferOutcome::Withdrawn),
                }
            }
            QueueEvent::SeizeRefused { contact, .. } => {
                self.calls.remove(&contact);
            }
            QueueEvent::Revoke { offer } => self.answer(offer, OfferOutcome::Withdrawn),
            QueueEvent::FlowOut { contact, to, .. } => {
                let Some(Call::Waiting { entered, ring: None, .. }) = self.calls.get(&contact).copied() else {
                    panic!("only who waits flows out");
                };
                self.calls.remove(&contact);
                if let Target::Queue(queue) = to {
                    self.enqueue(contact, queue, 0, entered);
                }
            }
            QueueEvent::Warn { contact, .. } => {
                assert!(matches!(self.calls.get(&contact), Some(Call::Waiting { ring: None, .. })));
            }
            QueueEvent::Nail { .. } | QueueEvent::Unnail { .. } => panic!("nobody here has a nailed-up leg"),
            QueueEvent::Announce { contact, position, .. } => {
                assert!(position >= 1 && matches!(self.calls.get(&contact), Some(Call::Waiting { ring: None, .. })));
            }
        }
    }

    /// The phone rings; what will come of it.
    pub(super) fn ring(&mut self, offer: OfferId) {
        let cause = |kind| Cause::new(kind);
        let (after, outcome) = match self.rng.below(20) {
            0 => (0, OfferOutcome::Rejected(cause(CauseKind::Busy))),
            1 => (self.rng.below(3_000), OfferOutcome::Rejected(cause(CauseKind::Declined))),
            2 => (self.rng.below(500), OfferOutcome::Failed(cause(CauseKind::Unreachable))),
            3..6 => (15_000, OfferOutcome::Missed),
            _ => (self.rng.below(8_000), OfferOutcome::Accepted),
        };
        self.plan(after, 0, Happening::Answer(offer, outcome));
    }

    pub(super) fn answer(&mut self, offer: OfferId, outcome: OfferOutcome) {
        let contact = offer.contact;
        let queue = match self.calls.get(&contact).copied() {
            Some(Call::Waiting { queue, entered, ring: Some((open, _)) }) if open == offer => {
                self.calls.insert(contact, Call::Waiting { queue, entered, ring: None });
                Some(queue)
            }
            Some(Call::Direct { ring: Some(open), .. }) if open == offer => {
                self.calls.remove(&contact);
                None
            }
            _ => return,
        };
        if outcome == OfferOutcome::Accepted {
            self.calls.insert(contact, Call::Talking { agent: offer.agent, queue });
            let talk = 1_000 + self.rng.below(20_000);
            self.plan(talk, 0, Happening::EndTalk(contact));
        }
        self.settle(offer, queue, outcome);
    }

    pub(super) fn settle(&mut self, offer: OfferId, queue: Option<QueueId>, outcome: OfferOutcome) {
        self.promises.settled(self.now.mono, offer, queue, outcome);
        self.call(offer.contact, QueueCommand::Settle { offer, outcome });
    }

    pub(super) fn enqueue(&mut self, contact: ContactId, queue: QueueId, priority: i32, entered: Instant) {
        self.calls.insert(contact, Call::Waiting { queue, entered, ring: None });
        self.promises.enqueued(self.now.mono, contact, queue, priority, entered);
        let needs = self.rng.chance(0.2).then(|| RequirementId(self.rng.below(DEMANDS) as u32));
        let wish = Wish { needs, ..Wish::default() };
        self.told.wished(self.now.mono, contact, queue, wish);
        self.call(contact, QueueCommand::Enqueue { contact, queue, priority, entered, wish });
    }

    pub(super) fn withdraw(&mut self, contact: ContactId) {
        let Some(Call::Waiting { queue, ring, .. }) = self.calls.get(&contact).copied() else { return };
        self.calls.remove(&contact);
        self.promises.withdrawn(contact);
        let why = Withdrawal::Abandoned;
        self.call(contact, QueueCommand::Withdraw { contact, queue, why });
        if let Some((offer, _)) = ring {
            self.call(contact, QueueCommand::Settle { offer, outcome: OfferOutcome::Withdrawn });
        }
    }

    pub(super) fn end_talk(&mut self, contact: ContactId) {
        let Some(Call::Talking { agent, queue }) = self.calls.remove(&contact) else { return };
        self.promises.released(contact, agent);
        self.call(contact, QueueCommand::Release { agent, contact, queue });
    }
}
