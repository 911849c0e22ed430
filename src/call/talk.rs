use crate::contact::Stage;
use crate::hear::Then;
use crate::leg::Talk;
use crate::machine::Machine;
use crate::murmur::Murmur;
use base::Now;
use core::time::Duration;
use model::{CauseKind, ContactId, Fact, LegId, OfferOutcome, Role};

impl Machine {
    /// Joins caller and far side as soon as both are answered and described. Until then whoever else is rung goes on
    /// ringing: who picked up may hang up again. Then the others are told that it was answered elsewhere.
    pub(crate) fn try_bridge(&mut self, now: Now, id: ContactId) {
        self.murmur(now, id);
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let (caller, queue) = (contact.caller, contact.queue);
        let ready = |leg: &LegId| self.legs.get(leg).is_some_and(|l| l.is_ready());
        let mut heard = contact.stage.rings().iter().filter(|r| r.murmur == Murmur::Over).map(|r| r.leg);
        let Some(far) = heard.find(ready) else { return };
        if !ready(&caller) {
            return self.call_customer(now, id, far);
        }
        let from_queue = matches!(contact.stage, Stage::Waiting { .. });
        let Some(ring) = contact.stage.take_ring(far) else { return };
        let losers = contact.stage.take_rings();
        contact.stage = Stage::Talking { far };
        let arranging = contact.arranging.take();
        contact.served = true;
        contact.callback = None;
        self.callbacks.remove(&id);
        contact.hops = 0;
        if let Some(offer) = ring.offer {
            self.settle(Some(offer), OfferOutcome::Accepted);
            let queue = queue.filter(|_| from_queue);
            self.engage(far, offer.agent, id, queue);
            if let Some(queue) = queue {
                self.know(now, id, queue, offer.agent);
            }
        }
        if let Some(arranging) = arranging {
            self.timers.cancel(arranging.timer());
        }
        self.take_back(now, losers, CauseKind::AnsweredElsewhere.into());
        for leg in [caller, far] {
            self.start_talk(now, leg);
        }
        self.settle_hearing(now, id);
        if ring.tone {
            self.tone(now, far, "tones/zip");
        }
        self.start_recording(now, id);
        self.transferred(now, id);
    }

    /// For this leg alone, over the talk that has begun.
    fn tone(&mut self, now: Now, leg: LegId, name: &str) {
        let sounds = self.directory.sound(model::Language::English, name).into_iter().collect();
        self.overlay(now, leg, sounds, Then::Nothing);
    }

    pub(crate) fn start_talk(&mut self, now: Now, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let (Some(agent), None) = (leg.agent(), leg.talk) else { return };
        leg.talk = Some(Talk { agent, since: now.mono, held: Duration::ZERO, held_since: None });
        let contact = leg.contact;
        // A colleague who calls a queue is its customer: only who serves it talks for it.
        let serves = leg.role == Role::Agent;
        let queue = self.contacts.get(&contact).and_then(|c| c.queue).filter(|_| serves);
        self.fact(Fact::TalkStarted { contact, agent, queue });
    }

    pub(crate) fn stop_talk(&mut self, now: Now, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let contact = leg.contact;
        if let Some(talk) = leg.talk.take() {
            let (talked, held) = talk.times(now.mono);
            self.fact(Fact::TalkEnded { contact, agent: talk.agent, talked, held });
        }
    }
}
