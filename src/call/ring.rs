use crate::contact::Stage;
use crate::hear::Hearing;
use crate::leg::{Leg, LegState, MediaRoute};
use crate::machine::{Machine, Timer};
use crate::murmur::Murmur;
use crate::outward::Onward;
use crate::{LEGS_MAX, PHONE_SILENT_MAX};
use base::{Now, TimerId};
use core::time::Duration;
use model::{
    AgentId, Cause, CauseKind, ContactId, Dial, DialTarget, Fact, Identity, LegCommand, LegId, NailedUp, OfferId,
    OfferOutcome, Party, PhoneId, Pii, QueueCommand, QueueId, RINGS_MAX, Role, Sdp,
};

/// A leg we dialled for a contact, until it is in the conversation or over.
#[derive(Debug)]
pub(crate) struct Ring {
    pub(crate) leg: LegId,
    /// The distributor waits for its outcome; taken by the one [`QueueCommand::Settle`].
    pub(crate) offer: Option<OfferId>,
    /// 180 or 183 came.
    pub(crate) rang: bool,
    /// Its phone opens by itself: a tone tells the agent that somebody is there.
    pub(crate) tone: bool,
    pub(crate) murmur: Murmur,
    /// It was picked up and waits to be joined, or for another who was quicker.
    pub(crate) answered: bool,
    pub(crate) timer: TimerId,
    /// Runs until the first sign of life.
    pub(crate) silent: Option<TimerId>,
    /// A number: the trunks not tried yet.
    pub(crate) onward: Option<Onward>,
}

/// What to dial, for whom, and how long.
pub(crate) struct Call {
    pub(crate) to: DialTarget,
    pub(crate) party: Party,
    pub(crate) identity: Identity,
    pub(crate) role: Role,
    pub(crate) shown: Identity,
    pub(crate) auto_answer: bool,
    pub(crate) ring_max: Duration,
    pub(crate) silent_max: Duration,
    pub(crate) offer: Option<OfferId>,
    /// Not his phone by itself: this agent's nailed-up leg.
    pub(crate) nailed: Option<AgentId>,
}

impl Machine {
    /// Dials; `Err` when there is no port or no place for another leg.
    pub(crate) fn ring(&mut self, now: Now, id: ContactId, call: Call) -> Result<Ring, CauseKind> {
        let contact = self.contacts.get(&id).ok_or(CauseKind::ServerFailure)?;
        let rings = contact.stage.rings().len();
        if rings >= RINGS_MAX || contact.legs.len().saturating_sub(rings) >= LEGS_MAX {
            return Err(CauseKind::Overload);
        }
        let (worker, other, max_forwards) = (contact.worker, contact.caller, contact.max_forwards);
        let route = if call.nailed.is_some() { MediaRoute::INSIDE } else { self.route_to(&call.to) };
        let port = match worker {
            Some(worker) => Some(self.port_for(id, worker, route).ok_or(CauseKind::NoMedia)?),
            None => None,
        };
        let leg = LegId::outward(self.config.shard, self.outward.insert(()));
        let mut new = Leg::new(id, call.party, call.identity, call.role, LegState::Dialling, now);
        let mut offer = None;
        if let Some(port) = port {
            let (media, sdp) = self.outward_media(leg, port, route, other);
            new.media = Some(media);
            offer = Some(sdp);
        }
        self.legs.insert(leg, new);
        if let Some(contact) = self.contacts.get_mut(&id) {
            contact.legs.push(leg);
        }
        let tone = match call.to {
            DialTarget::Phone(phone) => call.auto_answer && self.directory.phone(phone).answer_tone,
            DialTarget::Trunk { .. } => false,
        };
        if let Some(agent) = call.nailed {
            self.nails.lead(leg, agent);
        }
        self.leg_command(LegCommand::Dial(Box::new(Dial {
            leg,
            to: call.to,
            caller: call.shown,
            offer,
            auto_answer: call.auto_answer,
            max_forwards,
        })));
        self.leg_fact(id, Fact::LegStarted { contact: id, leg, party: call.party });
        let murmur = self.murmur_of(id);
        let timer = self.timers.insert(now.mono + call.ring_max, Timer::Ring(leg));
        let silent = (call.silent_max < call.ring_max)
            .then(|| self.timers.insert(now.mono + call.silent_max, Timer::Silent(leg)));
        Ok(Ring { leg, offer: call.offer, rang: false, tone, murmur, answered: false, timer, silent, onward: None })
    }

    /// An agent's phone for a contact; `queue` when an offer from a queue rings it.
    pub(crate) fn agent_call(
        &self,
        offer: OfferId,
        phone: PhoneId,
        ring_max: Duration,
        queue: Option<QueueId>,
    ) -> Call {
        let id = offer.contact;
        let agent = self.directory.agent(offer.agent);
        let nailed = (agent.nailed_up != NailedUp::Off).then_some(offer.agent);
        let opens = match agent.nailed_up {
            NailedUp::Off => self.directory.phone(phone).auto_answer,
            NailedUp::AtOnce => true,
            NailedUp::ByKey => false,
        };
        Call {
            to: DialTarget::Phone(phone),
            party: Party::Agent(offer.agent),
            identity: Identity {
                number: Pii::new(agent.id.clone()),
                name: Pii::new(agent.name.clone()),
                withheld: false,
            },
            role: self.far_role(id),
            shown: shown_to_agent(&self.served_identity(id), queue.map(|q| &*self.directory.queue(q).name)),
            // A colleague's call rings: a phone that opens by itself for anybody would be a spy.
            auto_answer: queue.is_some() && opens,
            ring_max,
            silent_max: PHONE_SILENT_MAX,
            offer: Some(offer),
            nailed,
        }
    }

    pub(crate) fn settle(&mut self, offer: Option<OfferId>, outcome: OfferOutcome) {
        if let Some(offer) = offer {
            self.queue(QueueCommand::Settle { offer, outcome });
        }
    }

    pub(crate) fn stop_ring_timers(&mut self, ring: &Ring) {
        self.timers.cancel(ring.timer);
        if let Some(silent) = ring.silent {
            self.timers.cancel(silent);
        }
    }

    /// 180 or 183 from a leg we dialled.
    pub(crate) fn ringing(&mut self, now: Now, id: LegId, sdp: Option<&Sdp>) {
        let Some(leg) = self.legs.get_mut(&id).filter(|l| matches!(l.state, LegState::Dialling | LegState::Ringing))
        else {
            return;
        };
        let (contact, party) = (leg.contact, leg.party);
        if leg.state == LegState::Dialling {
            leg.state = LegState::Ringing;
            self.leg_fact(contact, Fact::LegRinging { contact, leg: id });
        }
        self.line_rings(id);
        self.nailed_rings(id);
        let Some(state) = self.contacts.get_mut(&contact) else { return };
        let (caller, direct) = (state.caller, matches!(state.stage, Stage::Ringing(_)));
        let Some(ring) = state.stage.ring_mut(id) else { return };
        ring.rang = true;
        if let Some(silent) = ring.silent.take() {
            self.timers.cancel(silent);
        }
        // A provisional answer may be wrong or never be repeated: the final one decides.
        let described = sdp.is_some() && self.accept_answer(id, sdp).is_ok();
        if !direct {
            return;
        }
        if described && matches!(party, Party::Outside(_)) {
            self.open_media(id);
            self.early_media(caller);
            self.hear(now, id, Hearing::Talk);
            self.hear(now, caller, Hearing::Talk);
        } else {
            self.ringback(now, caller);
        }
    }

    /// 2xx from a leg we dialled.
    pub(crate) fn answered(&mut self, now: Now, id: LegId, sdp: Option<&Sdp>) {
        let Some(leg) = self.legs.get_mut(&id).filter(|l| matches!(l.state, LegState::Dialling | LegState::Ringing))
        else {
            return;
        };
        leg.state = LegState::Up;
        let contact = leg.contact;
        if let Err(kind) = self.accept_answer(id, sdp) {
            return self.ring_over(now, id, OfferOutcome::Failed(kind.into()), kind.into(), true);
        }
        self.open_media(id);
        if self.nailed_answered(now, id) {
            return;
        }
        self.fact(Fact::LegAnswered { contact, leg: id, codec: self.codec(id) });
        let Some(state) = self.contacts.get_mut(&contact) else { return };
        let caller = state.caller;
        let Some(ring) = state.stage.ring_mut(id) else { return self.line_answered(now, id) };
        ring.rang = true;
        let timers = (ring.timer, ring.silent.take());
        state.stage.put_answered(id);
        self.timers.cancel(timers.0);
        if let Some(silent) = timers.1 {
            self.timers.cancel(silent);
        }
        self.answer(caller);
        self.try_bridge(now, contact);
    }

    /// The ring time is over.
    pub(crate) fn rang_out(&mut self, now: Now, leg: LegId) {
        let Some(rang) = self.ring_of(leg).map(|r| r.rang) else { return };
        let kind = if rang { CauseKind::NoAnswer } else { CauseKind::Unreachable };
        let outcome = if rang { OfferOutcome::Missed } else { OfferOutcome::Failed(kind.into()) };
        self.ring_over(now, leg, outcome, kind.into(), true);
    }

    pub(crate) fn no_sign_of_life(&mut self, now: Now, leg: LegId) {
        let cause = Cause::new(CauseKind::Unreachable);
        self.ring_over(now, leg, OfferOutcome::Failed(cause), cause, true);
    }

    /// The leg said no, or ended before it was in the conversation.
    pub(crate) fn refused(&mut self, now: Now, leg: LegId, cause: Cause) {
        self.ring_over(now, leg, outcome_of(cause), cause, false);
    }

    fn ring_of(&self, leg: LegId) -> Option<&Ring> {
        let contact = self.contacts.get(&self.legs.get(&leg)?.contact)?;
        contact
            .stage
            .ring(leg)
            .or_else(|| contact.stage.nailed_ring(leg))
            .or_else(|| contact.callback.as_ref()?.line(leg))
    }

    /// Nobody was reached by this leg: it is put away, the distributor told, and the contact goes on, with whoever
    /// else is being rung.
    pub(crate) fn ring_over(&mut self, now: Now, leg: LegId, outcome: OfferOutcome, cause: Cause, tell: bool) {
        let Some(id) = self.legs.get(&leg).map(|l| l.contact) else { return };
        if self.line_over(now, leg, cause, tell) || self.nailed_over(now, leg, cause, tell) {
            return;
        }
        let Some(ring) = self.contacts.get_mut(&id).and_then(|c| c.stage.take_ring(leg)) else { return };
        self.stop_ring_timers(&ring);
        self.drop_leg(now, ring.leg, cause, tell);
        self.settle(ring.offer, outcome);
        self.agent_gone(now, id);
        let waiting = self.contacts.get(&id).is_some_and(|c| matches!(c.stage, Stage::Waiting { .. }));
        if !waiting && !self.fail_over(now, id, ring, cause) {
            self.target_failed(now, id, cause);
        }
    }

    /// All ringing is taken back; what becomes of the contact is the caller's business.
    pub(crate) fn cancel_rings(&mut self, now: Now, id: ContactId, cause: Cause) {
        let rings = self.contacts.get_mut(&id).map(|c| c.stage.take_rings()).unwrap_or_default();
        self.take_back(now, rings, cause);
    }

    /// Phones stop ringing, or are hung up at once if they were picked up meanwhile; nobody is said to have missed it.
    pub(crate) fn take_back(&mut self, now: Now, rings: Vec<Ring>, cause: Cause) {
        for ring in rings {
            self.stop_ring_timers(&ring);
            self.drop_leg(now, ring.leg, cause, true);
            self.settle(ring.offer, OfferOutcome::Withdrawn);
        }
    }
}

/// The ways a phone says no, kept apart: a person, a clock, a device.
fn outcome_of(cause: Cause) -> OfferOutcome {
    match cause.kind {
        CauseKind::Busy
        | CauseKind::Declined
        | CauseKind::Redirected
        | CauseKind::NormalClearing
        | CauseKind::Cancelled => OfferOutcome::Rejected(cause),
        CauseKind::NoAnswer => OfferOutcome::Missed,
        CauseKind::AnsweredElsewhere
        | CauseKind::Unreachable
        | CauseKind::Unregistered
        | CauseKind::NotFound
        | CauseKind::Forbidden
        | CauseKind::NotAcceptable
        | CauseKind::Overload
        | CauseKind::NoMedia
        | CauseKind::MediaTimeout
        | CauseKind::SessionExpired
        | CauseKind::Shutdown
        | CauseKind::Forced
        | CauseKind::Transferred
        | CauseKind::ProtocolError
        | CauseKind::ServerFailure => OfferOutcome::Failed(cause),
    }
}

/// `"Name · Queue" <sip:number@…>`; what the caller withheld never leaves.
pub(crate) fn shown_to_agent(caller: &Identity, queue: Option<&str>) -> Identity {
    let (number, name) = if caller.withheld { ("", "") } else { (caller.number.as_str(), caller.name.as_str()) };
    let name = match (name, queue) {
        (name, None) => name.to_owned(),
        ("", Some(queue)) => queue.to_owned(),
        (name, Some(queue)) => format!("{name} · {queue}"),
    };
    Identity { number: number.into(), name: name.as_str().into(), withheld: caller.withheld }
}
