use crate::contact::Stage;
use crate::hear::{Hearing, Then};
use crate::machine::Machine;
use crate::ring::Ring;
use crate::say;
use base::Now;
use core::time::Duration;
use model::{
    AgentId, Cause, CauseKind, ContactEnd, ContactId, Offer, OfferId, OfferOutcome, PhoneId, QueueCommand, QueueEvent,
    QueueId, Source, Target, Withdrawal,
};

impl Machine {
    pub(crate) fn queue_event(&mut self, now: Now, event: QueueEvent) {
        match event {
            QueueEvent::Offer(offer) => self.offered(now, offer),
            QueueEvent::Revoke { offer } => self.revoked(now, offer),
            QueueEvent::Seized { offer, phone, ring_timeout } => {
                let contact = offer.contact;
                if !self.stop_seizing(contact, offer.agent) {
                    return self.settle(Some(offer), OfferOutcome::Withdrawn);
                }
                self.ring_seized(now, offer, phone, ring_timeout);
            }
            QueueEvent::SeizeRefused { contact, agent, cause } => {
                if self.stop_seizing(contact, agent) {
                    self.not_seized(now, contact, agent, cause);
                }
            }
            QueueEvent::FlowOut { contact, queue, to, why: _ } => self.flow_out(now, contact, queue, to),
            QueueEvent::Warn { contact, expected_wait } => self.warn_of_wait(now, contact, expected_wait),
            QueueEvent::Nail { agent, phone } => self.nail(now, agent, phone),
            QueueEvent::Unnail { agent } => self.unnail(now, agent),
            QueueEvent::Announce { contact, position, expected_wait } => {
                self.announce(now, contact, position, expected_wait);
            }
        }
    }

    /// A contact and an agent are reserved for each other; several agents may be, for one contact. Whoever is no longer
    /// there to be offered is withdrawn, and so is a second offer to the same agent: his phone rings already.
    pub(crate) fn offered(&mut self, now: Now, offer: Offer) {
        let id = offer.id.contact;
        let waits = self.contacts.get(&id).is_some_and(|c| {
            matches!(&c.stage, Stage::Waiting { queue, rings } if *queue == offer.queue && !rings_agent(rings, offer.id))
        });
        if !waits {
            return self.settle(Some(offer.id), OfferOutcome::Withdrawn);
        }
        if self.offered_callback(now, offer) {
            return;
        }
        let call = self.agent_call(offer.id, offer.phone, offer.ring_timeout, Some(offer.queue));
        match self.ring(now, id, call) {
            Ok(new) => {
                if let Some(Stage::Waiting { rings, .. }) = self.contacts.get_mut(&id).map(|c| &mut c.stage) {
                    rings.push(new);
                }
            }
            // Nobody dialled his phone, so it has not failed: what is short is ours. The contact is offered again after a
            // pause, and no try of it is used up.
            Err(_) => self.settle(Some(offer.id), OfferOutcome::Withdrawn),
        }
    }

    fn ring_seized(&mut self, now: Now, offer: OfferId, phone: PhoneId, ring_max: Duration) {
        let id = offer.contact;
        let call = self.agent_call(offer, phone, ring_max, None);
        match self.ring(now, id, call) {
            Ok(ring) => {
                if let Some(contact) = self.contacts.get_mut(&id) {
                    contact.stage = Stage::Ringing(ring);
                }
            }
            Err(kind) => {
                self.settle(Some(offer), OfferOutcome::Withdrawn);
                self.target_failed(now, id, kind.into());
            }
        }
    }

    /// The agent signed off or was forced while his phone rang.
    fn revoked(&mut self, now: Now, offer: OfferId) {
        if self.revoked_callback(now, offer) {
            return;
        }
        let rings = self.contacts.get(&offer.contact).map(|c| c.stage.rings()).unwrap_or_default();
        if let Some(leg) = rings.iter().find(|r| r.offer == Some(offer)).map(|r| r.leg) {
            let cause = Cause::new(CauseKind::Cancelled);
            self.ring_over(now, leg, OfferOutcome::Withdrawn, cause, true);
        }
    }

    /// True when this contact was waiting for word about this agent; it is between two stages then.
    fn stop_seizing(&mut self, id: ContactId, agent: AgentId) -> bool {
        let Some(contact) = self.contacts.get_mut(&id) else { return false };
        let Stage::Seizing { agent: asked, timer } = contact.stage else { return false };
        if asked == agent {
            contact.stage = Stage::Arriving;
            self.timers.cancel(timer);
        }
        asked == agent
    }

    pub(crate) fn seize_timed_out(&mut self, now: Now, id: ContactId) {
        let Some(Stage::Seizing { agent, .. }) = self.contacts.get(&id).map(|c| &c.stage) else { return };
        let agent = *agent;
        if self.stop_seizing(id, agent) {
            self.target_failed(now, id, CauseKind::ServerFailure.into());
        }
    }

    /// Nobody is signed on under this id: a colleague's call rings the phone of the same number, if there is one.
    fn not_seized(&mut self, now: Now, id: ContactId, agent: AgentId, cause: Cause) {
        let absent = matches!(cause.kind, CauseKind::Unregistered | CauseKind::NotFound);
        let inside = self.contacts.get(&id).is_some_and(|c| matches!(c.source, Source::Phone(_)));
        match self.names.phones.get(&self.directory.agent(agent).id) {
            Some(phone) if absent && inside => self.ring_phone(now, id, *phone),
            Some(_) | None => self.target_failed(now, id, cause),
        }
    }

    /// Place and time, between two rounds of music; never over a notice that must be heard whole.
    fn announce(&mut self, now: Now, id: ContactId, position: u32, wait: Option<Duration>) {
        let Some(contact) = self.contacts.get(&id) else { return };
        let Stage::Waiting { queue, .. } = contact.stage else { return };
        let policy = self.directory.queue(queue).announce;
        let (position, wait) = (Some(position).filter(|_| policy.position), wait.filter(|_| policy.wait));
        let sounds = say::waiting(&self.directory, contact.language, position, wait);
        let caller = contact.caller;
        let music = self.legs.get(&caller).is_some_and(|l| matches!(l.hearing, Hearing::Music(_)));
        if music && !sounds.is_empty() {
            self.hear(now, caller, Hearing::Prompt { sounds, then: Then::Music });
        }
    }

    /// He hears on entering that he will wait long, and how long; his keys count while he hears it, and an agent who
    /// is free does not wait for its end.
    fn warn_of_wait(&mut self, now: Now, id: ContactId, wait: Option<Duration>) {
        let Some(contact) = self.contacts.get(&id) else { return };
        let Stage::Waiting { queue, .. } = contact.stage else { return };
        let Some(warning) = &self.directory.queue(queue).care.warning else { return };
        let first = self.directory.sound(contact.language, &warning.sound.0);
        let time = say::waiting(&self.directory, contact.language, None, wait);
        let sounds: Vec<_> = first.into_iter().chain(time).collect();
        let caller = contact.caller;
        let music = self.legs.get(&caller).is_some_and(|l| matches!(l.hearing, Hearing::Music(_)));
        if music && !sounds.is_empty() {
            self.hear(now, caller, Hearing::Prompt { sounds, then: Then::Music });
        }
    }

    /// A rule of the queue sends the contact elsewhere; it is out of the queue already.
    fn flow_out(&mut self, now: Now, id: ContactId, from: QueueId, to: Target) {
        let waits =
            self.contacts.get(&id).is_some_and(|c| matches!(c.stage, Stage::Waiting { queue, .. } if queue == from));
        if waits && !self.callback_flows(now, id, from) {
            self.stop_arranging(id);
            self.cancel_rings(now, id, CauseKind::Cancelled.into());
            if let Some(contact) = self.contacts.get_mut(&id) {
                contact.stage = Stage::Arriving;
            }
            self.go_to(now, id, to);
        }
    }

    /// Takes a waiting contact out of its queue before its time.
    pub(crate) fn withdraw(&mut self, now: Now, id: ContactId, why: Withdrawal, told: Cause) {
        let Some(Stage::Waiting { queue, .. }) = self.contacts.get(&id).map(|c| &c.stage) else { return };
        let queue = *queue;
        // First the contact, then the offer: the other way round a freed contact could be offered to the next agent.
        self.queue(QueueCommand::Withdraw { contact: id, queue, why });
        self.stop_arranging(id);
        self.stop_attempt(now, id, told);
        self.cancel_rings(now, id, told);
        if let Some(contact) = self.contacts.get_mut(&id) {
            contact.stage = Stage::Arriving;
        }
    }

    /// How a contact that ends now has ended, when its caller's leg is over for this cause.
    pub(crate) fn end_by_caller(&self, id: ContactId, cause: Cause) -> ContactEnd {
        // A CANCEL that says the call was completed elsewhere gives it up here all the same.
        let by_hand =
            matches!(cause.kind, CauseKind::NormalClearing | CauseKind::Cancelled | CauseKind::AnsweredElsewhere);
        match self.contacts.get(&id).map(|c| (&c.stage, c.served)) {
            Some((_, true)) => ContactEnd::Served,
            Some((Stage::Announcing | Stage::Messaging { .. } | Stage::SigningOn(_) | Stage::Asking { .. }, false)) => {
                ContactEnd::FlowedOut
            }
            Some((_, false)) | None if by_hand => ContactEnd::Abandoned,
            Some((_, false)) | None => ContactEnd::Failed,
        }
    }
}

fn rings_agent(rings: &[Ring], offer: OfferId) -> bool {
    rings.iter().any(|r| r.offer.is_some_and(|o| o.agent == offer.agent))
}
