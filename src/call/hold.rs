use crate::contact::Stage;
use crate::hear::Hearing;
use crate::machine::Machine;
use crate::stock::family_of;
use base::Now;
use model::{CauseKind, ContactId, Fact, LegCommand, LegEvent, LegId, Sdp};
use sdp::Offer;

impl Machine {
    /// The peer offers new media inside the session: hold, retrieve, another codec, another address.
    pub(crate) fn peer_offers(&mut self, now: Now, id: LegId, sdp: Option<&Sdp>) {
        if !self.legs.contains_key(&id) {
            return;
        }
        let answer = match sdp {
            Some(sdp) => self.renegotiate(now, id, sdp),
            None => self.offer_again(id).ok_or(CauseKind::ProtocolError),
        };
        match answer {
            Ok(answer) => {
                self.leg_command(LegCommand::AnswerOffer { leg: id, sdp: answer });
                if sdp.is_some() {
                    self.send_setup(id);
                }
            }
            // The session stays as it was (RFC 3261 §14.2).
            Err(kind) => return self.leg_command(LegCommand::RefuseOffer { leg: id, cause: kind.into() }),
        }
        self.after_negotiation(now, id);
    }

    fn renegotiate(&mut self, _now: Now, id: LegId, sdp: &Sdp) -> Result<Sdp, CauseKind> {
        let offer = Offer::parse(&sdp.0).map_err(|_| CauseKind::NotAcceptable)?;
        let media = self.legs.get(&id).and_then(|l| l.media.as_ref()).ok_or(CauseKind::NotAcceptable)?;
        let same_family = family_of(offer.address()) == family_of(media.port.address.ip());
        if !same_family && !offer.address().is_unspecified() {
            return Err(CauseKind::NotAcceptable);
        }
        let terms = self.terms_again(id).ok_or(CauseKind::NotAcceptable)?;
        let media = self.legs.get_mut(&id).and_then(|l| l.media.as_mut()).ok_or(CauseKind::NotAcceptable)?;
        match media.session.answer(&offer, &terms) {
            Ok((_, text)) => Ok(Sdp(text)),
            Err(sdp::OfferError::Glare) => Err(CauseKind::ProtocolError),
            Err(
                sdp::OfferError::NoCommonCodec | sdp::OfferError::VersionWentDown | sdp::OfferError::MediaLinesRemoved,
            ) => Err(CauseKind::NotAcceptable),
        }
    }

    /// An empty re-INVITE wants an offer of ours.
    fn offer_again(&mut self, id: LegId) -> Option<Sdp> {
        self.legs.get(&id)?.media.as_ref().filter(|m| !m.session.is_offering())?;
        let terms = self.terms_again(id)?;
        let media = self.legs.get_mut(&id)?.media.as_mut()?;
        Some(Sdp(media.session.offer(&terms)))
    }

    /// The answer to an offer of ours inside the session; a bad one leaves everything as it was.
    pub(crate) fn offer_answered(&mut self, now: Now, id: LegId, sdp: Option<&Sdp>) {
        let offering = self.legs.get(&id).and_then(|l| l.media.as_ref()).is_some_and(|m| m.session.is_offering());
        if offering {
            match self.accept_answer(id, sdp) {
                Ok(()) => self.after_negotiation(now, id),
                Err(_) => self.offer_refused(id),
            }
        }
    }

    pub(crate) fn offer_refused(&mut self, id: LegId) {
        if let Some(media) = self.legs.get_mut(&id).and_then(|l| l.media.as_mut()) {
            media.session.withdraw();
        }
    }

    /// Something was agreed: has the peer put us on hold, or taken us back?
    fn after_negotiation(&mut self, now: Now, id: LegId) {
        let media = self.legs.get(&id).and_then(|leg| leg.media.as_ref());
        let holds = media.and_then(|m| m.session.agreed()).is_some_and(|a| a.held);
        self.held(now, id, holds);
    }

    /// The peer holds, or takes back; of an agent's nailed-up leg that is meant for whom he talks with.
    pub(crate) fn held(&mut self, now: Now, id: LegId, holds: bool) {
        let Some(leg) = self.legs.get_mut(&id).filter(|leg| leg.holding != holds) else { return };
        leg.holding = holds;
        let (contact, by) = (leg.contact, leg.party);
        self.pass_inward(id, |leg| LegEvent::Held { leg, on: holds });
        if self.talkers(contact).is_some_and(|talkers| talkers.contains(&id)) {
            self.fact(if holds { Fact::Held { contact, by } } else { Fact::Retrieved { contact, by } });
            self.settle_hearing(now, contact);
            self.start_recording(now, contact);
        }
    }

    /// The two who talk.
    pub(crate) fn talkers(&self, id: ContactId) -> Option<[LegId; 2]> {
        let contact = self.contacts.get(&id)?;
        match contact.stage {
            Stage::Talking { far } => Some([contact.caller, far]),
            Stage::Arriving
            | Stage::Noticing { .. }
            | Stage::Waiting { .. }
            | Stage::Seizing { .. }
            | Stage::Ringing(_)
            | Stage::Announcing
            | Stage::Messaging { .. }
            | Stage::SigningOn(_)
            | Stage::Asking { .. }
            | Stage::Arranging
            | Stage::Pausing { .. }
            | Stage::Nailed(_)
            | Stage::Watching(_)
            | Stage::Closing { .. } => None,
        }
    }

    /// Who is held hears music, the others each other; while anybody holds, nobody's talk time runs.
    pub(crate) fn settle_hearing(&mut self, now: Now, id: ContactId) {
        let Some([a, b]) = self.talkers(id) else { return };
        let holding = [a, b].map(|leg| self.legs.get(&leg).is_some_and(|l| l.holding));
        for (leg, held) in [(a, holding[1]), (b, holding[0])] {
            if held {
                self.hear_music(now, id, leg);
            } else {
                self.hear(now, leg, Hearing::Talk);
            }
        }
        for leg in [a, b] {
            if let Some(talk) = self.legs.get_mut(&leg).and_then(|l| l.talk.as_mut()) {
                if holding.contains(&true) { talk.hold(now.mono) } else { talk.retrieve(now.mono) }
            }
        }
    }
}
