use crate::digits::DigitSource;
use crate::machine::Machine;
use crate::record::Finished;
use base::Now;
use model::{CauseKind, Fact, LegCommand, LegEvent, LegId, MediaEvent, Quality, Sdp};

impl Machine {
    pub(crate) fn leg_event(&mut self, now: Now, event: LegEvent) {
        match event {
            LegEvent::Incoming(incoming) => self.arrive(now, &incoming),
            LegEvent::Ringing { leg, sdp } => self.ringing(now, leg, sdp.as_ref()),
            LegEvent::Answered { leg, sdp } => self.answered(now, leg, sdp.as_ref()),
            LegEvent::Confirmed { leg, sdp } => self.confirmed(now, leg, sdp.as_ref()),
            LegEvent::Refused { leg, cause } => self.refused(now, leg, cause),
            LegEvent::Ended { leg, cause } => self.leg_gone(now, leg, cause),
            LegEvent::Offered { leg, sdp } => self.peer_offers(now, leg, sdp.as_ref()),
            LegEvent::OfferAnswered { leg, sdp } => self.offer_answered(now, leg, sdp.as_ref()),
            LegEvent::OfferRefused { leg, .. } => self.offer_refused(leg),
            LegEvent::Digit { leg, key, held } => self.informed(now, leg, key, held),
            LegEvent::Held { leg, on } => self.held(now, leg, on),
            LegEvent::Refer { leg, to } => self.refer(now, leg, to),
        }
    }

    /// The ACK came; with the answer when our 200 carried the offer.
    fn confirmed(&mut self, now: Now, id: LegId, sdp: Option<&Sdp>) {
        let Some(leg) = self.legs.get(&id) else { return };
        let (contact, first) = (leg.contact, !leg.is_ready());
        if leg.media.as_ref().is_some_and(|m| m.session.is_offering()) {
            if !first {
                // The answer to an offer we made in a 200 to a re-INVITE.
                return self.offer_answered(now, id, sdp);
            }
            if let Err(kind) = self.accept_answer(id, sdp) {
                // RFC 3261 §13.3.1: a call without a session is no call.
                self.leg_command(LegCommand::Hangup { leg: id, cause: kind.into() });
                return self.leg_gone(now, id, kind.into());
            }
            self.fact(Fact::LegAnswered { contact, leg: id, codec: self.codec(id) });
            self.try_bridge(now, contact);
        }
    }

    pub(crate) fn media_event(&mut self, now: Now, event: MediaEvent) {
        match event {
            MediaEvent::Ports { ports } => ports.into_iter().for_each(|p| self.stock.supplied(p)),
            MediaEvent::SupplyFailed { worker, family } => self.stock.supply_failed(worker, family),
            MediaEvent::Started { .. } => {}
            MediaEvent::Digit { leg, key, .. } => self.digit(now, leg, key, DigitSource::Media),
            MediaEvent::Played { leg, play } => self.played(now, leg, play),
            MediaEvent::Silent { leg } => {
                // Between two ports of our own nothing is lost: whoever is silent is noticed at his own leg.
                if self.legs.contains_key(&leg) && !self.nails.is_inside(leg) {
                    let cause = CauseKind::MediaTimeout.into();
                    self.leg_command(LegCommand::Hangup { leg, cause });
                    self.leg_gone(now, leg, cause);
                }
            }
            MediaEvent::Closed { leg, quality } => self.media_closed(now, leg, quality),
            MediaEvent::Recorded { group, name, duration, complete, kept } => {
                self.recorded(now, group, Finished { name, duration, complete, kept });
            }
        }
    }

    fn media_closed(&mut self, now: Now, leg: LegId, quality: Quality) {
        let Some(id) = self.closing_media.remove(&leg) else { return self.media_lost(now, leg, quality) };
        if let Some(contact) = self.contacts.get_mut(&id) {
            contact.open_media -= 1;
            self.leg_fact(id, Fact::LegQuality { contact: id, leg, quality });
            self.close_when_quiet(now, id);
        }
    }

    /// The worker closed a leg by itself, because a limit of its own was reached: a call without sound is no call.
    fn media_lost(&mut self, now: Now, id: LegId, quality: Quality) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let contact = leg.contact;
        // Its port is the worker's again.
        if leg.media.take_if(|m| m.open).is_none() {
            return;
        }
        if let Some(contact) = self.contacts.get_mut(&contact) {
            contact.open_media -= 1;
        }
        self.leg_fact(contact, Fact::LegQuality { contact, leg: id, quality });
        let cause = CauseKind::NoMedia.into();
        self.leg_command(LegCommand::Hangup { leg: id, cause });
        self.leg_gone(now, id, cause);
    }
}
