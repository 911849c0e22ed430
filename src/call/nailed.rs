//! The nailed-up leg: an agent's phone is called once when he signs on and stays on the line, with silence between his
//! talks. It has a contact of its own at the agent's home, which is in no record: it holds the port and counts against
//! the limit of calls, and serves nobody.
//!
//! A talk is another contact, perhaps of another shard and another media worker. What rings there for the agent is a leg
//! whose far end is not a phone but this contact: an inner leg. Its commands come here ([`Machine::nailed_command`])
//! instead of going to the leg port, and what becomes of it goes back as the events a phone would cause. So ringing,
//! whisper, recording, supervision, transfer and the outcomes of an offer are those of any leg.

use crate::contact::{Contact, Stage};
use crate::hear::Hearing;
use crate::leg::{Leg, LegState, MediaRoute};
use crate::machine::Machine;
use crate::nailed_keys::Keyed;
use crate::plan::Destination;
use crate::ring::{Call, Ring};
use crate::{NAILED_RING_MAX, Output, PHONE_SILENT_MAX};
use base::Now;
use model::{
    AgentId, Cause, CauseKind, ContactEnd, ContactId, Dial, DialTarget, Fact, Identity, LegCommand, LegEvent, LegId,
    LineStep, Party, PhoneId, Pii, QueueCommand, ReferTarget, Releaser, Role, Sdp, Source, Target, WorkerId,
};
use std::collections::{BTreeMap, BTreeSet};

/// Nailed-up legs of this shard's agents, and the inner legs that lead to nailed-up legs.
#[derive(Debug, Default)]
pub(crate) struct Nails {
    /// Never two for one agent.
    of_agent: BTreeMap<AgentId, ContactId>,
    /// Inner legs of contacts that live here, and whose nailed-up leg each leads to.
    inner: BTreeMap<LegId, AgentId>,
    /// Their counterparts beside the nailed-up legs of this shard.
    near: BTreeSet<LegId>,
}

impl Nails {
    /// From here on what is said to this leg goes to the agent's nailed-up one.
    pub(crate) fn lead(&mut self, leg: LegId, agent: AgentId) {
        self.inner.insert(leg, agent);
    }

    pub(crate) fn leads_to(&self, leg: LegId) -> Option<AgentId> {
        self.inner.get(&leg).copied()
    }

    /// It has no far end of its own to be told anything.
    pub(crate) fn is_near(&self, leg: LegId) -> bool {
        self.near.contains(&leg)
    }

    /// Either end of an inner line: its sound comes from a port of ours.
    pub(crate) fn is_inside(&self, leg: LegId) -> bool {
        self.inner.contains_key(&leg) || self.near.contains(&leg)
    }

    pub(crate) fn forget(&mut self, leg: LegId) {
        self.inner.remove(&leg);
        self.near.remove(&leg);
    }
}

/// What a nailed-up leg's own contact does.
#[derive(Debug)]
pub(crate) struct Nailed {
    pub(crate) agent: AgentId,
    phone: PhoneId,
    /// While his phone is called.
    ring: Option<Ring>,
    up: bool,
    pub(crate) talk: Option<InnerTalk>,
    pub(crate) keys: Keyed,
}

/// The contact he serves, or is to serve.
#[derive(Clone, Debug)]
pub(crate) struct InnerTalk {
    /// The inner leg there.
    far: LegId,
    /// Its counterpart here; in the conversation once he has accepted.
    near: LegId,
    answer: Option<Sdp>,
    pub(crate) accepted: bool,
}

impl Nailed {
    fn new(agent: AgentId, phone: PhoneId) -> Self {
        Nailed { agent, phone, ring: None, up: false, talk: None, keys: Keyed::default() }
    }

    pub(crate) fn ring(&self, leg: LegId) -> Option<&Ring> {
        self.ring.as_ref().filter(|ring| ring.leg == leg)
    }
}

impl Machine {
    /// The distributor wants the agent's phone on the line.
    pub(crate) fn nail(&mut self, now: Now, agent: AgentId, phone: PhoneId) {
        self.fact(Fact::Line { agent, phone, step: LineStep::Called });
        if let Err(kind) = self.try_nail(now, agent, phone) {
            self.line_is_down(agent, phone, kind.into(), Releaser::System);
        }
    }

    fn try_nail(&mut self, now: Now, agent: AgentId, phone: PhoneId) -> Result<(), CauseKind> {
        if self.nails.of_agent.contains_key(&agent) {
            return Err(CauseKind::ServerFailure);
        }
        if self.is_full() {
            return Err(CauseKind::Overload);
        }
        let worker = (self.config.workers > 0).then(|| WorkerId(self.rng.below(u64::from(self.config.workers)) as u8));
        let id = self.next_contact();
        let contact = self.nailed_contact(now, id, worker, Nailed::new(agent, phone));
        self.contacts.insert(id, contact);
        self.nails.of_agent.insert(agent, id);
        let configured = self.directory.agent(agent);
        let call = Call {
            to: DialTarget::Phone(phone),
            party: Party::Agent(agent),
            identity: Identity {
                number: Pii::new(configured.id.clone()),
                name: Pii::new(configured.name.clone()),
                withheld: false,
            },
            role: Role::Agent,
            // He sees his own id: nobody calls him yet.
            shown: Identity { number: Pii::new(configured.id.clone()), ..Identity::default() },
            auto_answer: self.directory.phone(phone).auto_answer,
            ring_max: NAILED_RING_MAX,
            silent_max: PHONE_SILENT_MAX,
            offer: None,
            nailed: None,
        };
        match self.ring(now, id, call) {
            Ok(ring) => {
                if let Some(contact) = self.contacts.get_mut(&id) {
                    contact.caller = ring.leg;
                }
                self.with_nailed(id, |nailed| nailed.ring = Some(ring));
                Ok(())
            }
            Err(kind) => {
                self.nails.of_agent.remove(&agent);
                self.contacts.remove(&id);
                Err(kind)
            }
        }
    }

    fn nailed_contact(&mut self, now: Now, id: ContactId, worker: Option<WorkerId>, nailed: Nailed) -> Contact {
        let (agent, phone) = (nailed.agent, nailed.phone);
        let (language, aim) = (self.directory.site.language, Destination::Target(Target::Agent(agent)));
        Contact {
            worker,
            stage: Stage::Nailed(nailed),
            nailed: true,
            ..Contact::new(id, now, Source::Phone(phone), self.nobody(), language, aim)
        }
    }

    fn with_nailed<T>(&mut self, id: ContactId, act: impl FnOnce(&mut Nailed) -> T) -> Option<T> {
        match self.contacts.get_mut(&id).map(|c| &mut c.stage) {
            Some(Stage::Nailed(nailed)) => Some(act(nailed)),
            Some(_) | None => None,
        }
    }

    pub(crate) fn nailed_of(&self, id: ContactId) -> Option<&Nailed> {
        match self.contacts.get(&id).map(|c| &c.stage) {
            Some(Stage::Nailed(nailed)) => Some(nailed),
            Some(_) | None => None,
        }
    }

    /// The nailed-up contact whose phone this leg is.
    fn nailed_by(&self, leg: LegId) -> Option<ContactId> {
        let id = self.legs.get(&leg)?.contact;
        self.contacts.get(&id).filter(|c| c.nailed && c.caller == leg).map(|c| c.id)
    }

    /// The distributor wants it no more.
    pub(crate) fn unnail(&mut self, now: Now, agent: AgentId) {
        if let Some(id) = self.nails.of_agent.get(&agent).copied() {
            self.end(now, id, ContactEnd::Served, CauseKind::NormalClearing.into());
        }
    }

    /// Inside [`Machine::end`]: the talk there hears that its agent is gone.
    pub(crate) fn leave_nailed(&mut self, now: Now, id: ContactId, cause: Cause, by: Releaser) {
        let Some((agent, phone, ring)) = self.with_nailed(id, |n| (n.agent, n.phone, n.ring.take())) else { return };
        if let Some(ring) = ring {
            self.stop_ring_timers(&ring);
        }
        self.forget_keys(id);
        self.end_inner_talk(now, id, Some(cause));
        self.nails.of_agent.remove(&agent);
        self.line_is_down(agent, phone, cause, by);
    }

    fn line_is_down(&mut self, agent: AgentId, phone: PhoneId, cause: Cause, by: Releaser) {
        self.fact(Fact::Line { agent, phone, step: LineStep::Down { cause, by } });
        self.queue(QueueCommand::LineDown { agent, cause });
    }

    /// His phone was answered. True when this leg is a nailed-up one.
    pub(crate) fn nailed_answered(&mut self, now: Now, leg: LegId) -> bool {
        let Some(id) = self.nailed_by(leg) else { return false };
        let Some(Some(ring)) = self.with_nailed(id, |n| n.ring.take()) else { return true };
        self.stop_ring_timers(&ring);
        let Some((agent, phone)) = self.with_nailed(id, |n| {
            n.up = true;
            (n.agent, n.phone)
        }) else {
            return true;
        };
        self.rest_nailed(now, id);
        self.fact(Fact::Line { agent, phone, step: LineStep::Up { codec: self.codec(leg) } });
        self.queue(QueueCommand::LineUp { agent });
        true
    }

    /// A sign of life of his phone.
    pub(crate) fn nailed_rings(&mut self, leg: LegId) {
        let Some(id) = self.nailed_by(leg) else { return };
        let silent = self.with_nailed(id, |n| {
            n.ring.as_mut().and_then(|ring| {
                ring.rang = true;
                ring.silent.take()
            })
        });
        if let Some(Some(silent)) = silent {
            self.timers.cancel(silent);
        }
    }

    /// His phone said no, did not answer, hung up or was lost; or the worker gave up the near end of an inner line. True
    /// when this leg is either.
    pub(crate) fn nailed_over(&mut self, now: Now, leg: LegId, cause: Cause, tell: bool) -> bool {
        if self.nails.is_near(leg) {
            if let Some(id) = self.legs.get(&leg).map(|l| l.contact) {
                self.end_inner_talk(now, id, Some(cause));
                self.rest_nailed(now, id);
            }
            return true;
        }
        let Some(id) = self.nailed_by(leg) else { return false };
        let by = if tell { Releaser::System } else { Releaser::Party };
        self.leave_nailed(now, id, cause, by);
        if let Some(contact) = self.contacts.get_mut(&id) {
            contact.stage = Stage::Arriving;
        }
        self.drop_leg(now, leg, cause, tell);
        self.end(now, id, ContactEnd::Served, cause);
        true
    }

    /// Between two talks: silence, sent all the time, so that neither his phone nor a NAT takes the leg for dead.
    pub(crate) fn rest_nailed(&mut self, now: Now, id: ContactId) {
        let Some((leg, language)) = self.contacts.get(&id).map(|c| (c.caller, c.language)) else { return };
        let silence = self.directory.sound(language, "tones/silence");
        self.hear(now, leg, silence.map_or(Hearing::Nothing, Hearing::Music));
    }

    /// What a contact wants of an inner leg that leads to this agent.
    pub(crate) fn nailed_command(&mut self, now: Now, agent: AgentId, command: LegCommand) {
        let id = self.nails.of_agent.get(&agent).copied();
        match command {
            LegCommand::Dial(dial) => {
                let far = dial.leg;
                if let Err(kind) = self.inner_call(now, id, *dial) {
                    self.inner_event(LegEvent::Refused { leg: far, cause: kind.into() });
                }
            }
            LegCommand::Hangup { leg, .. } | LegCommand::Reject { leg, .. } => {
                let talks = |n: &Nailed| n.talk.as_ref().is_some_and(|t| t.far == leg);
                if let Some(id) = id.filter(|id| self.nailed_of(*id).is_some_and(talks)) {
                    self.end_inner_talk(now, id, None);
                    self.rest_nailed(now, id);
                }
            }
            LegCommand::ReferReply { accepted, .. } => {
                if let Some(leg) = self.nailed_leg(id) {
                    self.leg_command(LegCommand::ReferReply { leg, accepted });
                }
            }
            LegCommand::ReferProgress { status, .. } => {
                if let Some(leg) = self.nailed_leg(id) {
                    self.leg_command(LegCommand::ReferProgress { leg, status });
                }
            }
            // An inner leg is outward and its session is agreed once: nothing of this is ever said to one.
            LegCommand::Progress { .. }
            | LegCommand::Answer { .. }
            | LegCommand::Offer { .. }
            | LegCommand::AnswerOffer { .. }
            | LegCommand::RefuseOffer { .. } => {}
        }
    }

    fn nailed_leg(&self, id: Option<ContactId>) -> Option<LegId> {
        self.contacts.get(&id?).map(|c| c.caller)
    }

    fn inner_call(&mut self, now: Now, id: Option<ContactId>, dial: Dial) -> Result<(), CauseKind> {
        let id = id.ok_or(CauseKind::Unregistered)?;
        let nailed = self.nailed_of(id).filter(|n| n.up).ok_or(CauseKind::Unregistered)?;
        if nailed.talk.is_some() {
            return Err(CauseKind::Busy);
        }
        let worker = self.contacts.get(&id).and_then(|c| c.worker);
        let near = LegId::outward(self.config.shard, self.outward.insert(()));
        let mut leg = Leg::new(id, Party::Caller, dial.caller, Role::Caller, LegState::Up, now);
        let mut answer = None;
        if let Some(worker) = worker {
            let media = match self.inward_media(near, worker, dial.offer.as_ref(), MediaRoute::INSIDE) {
                Ok(media) => media,
                Err(kind) => {
                    self.outward.remove(near.key());
                    return Err(kind);
                }
            };
            answer.clone_from(&media.answer);
            leg.media = Some(media);
        }
        self.legs.insert(near, leg);
        self.nails.near.insert(near);
        if let Some(contact) = self.contacts.get_mut(&id) {
            contact.legs.push(near);
        }
        let talk = InnerTalk { far: dial.leg, near, answer, accepted: false };
        self.forget_keys(id);
        self.with_nailed(id, |n| n.talk = Some(talk));
        if dial.auto_answer {
            self.accept_inner(now, id);
        } else {
            self.inner_event(LegEvent::Ringing { leg: dial.leg, sdp: None });
            if let Some(leg) = self.nailed_leg(Some(id)) {
                self.ringback(now, leg);
            }
        }
        Ok(())
    }

    pub(crate) fn accept_inner(&mut self, now: Now, id: ContactId) {
        let Some(Some(talk)) = self.with_nailed(id, |n| {
            let talk = n.talk.as_mut().filter(|t| !t.accepted)?;
            talk.accepted = true;
            Some(talk.clone())
        }) else {
            return;
        };
        self.open_media(talk.near);
        self.hear(now, talk.near, Hearing::Talk);
        if let Some(leg) = self.nailed_leg(Some(id)) {
            self.hear(now, leg, Hearing::Talk);
        }
        self.inner_event(LegEvent::Answered { leg: talk.far, sdp: talk.answer });
        if self.nailed_leg(Some(id)).and_then(|leg| self.legs.get(&leg)).is_some_and(|leg| leg.holding) {
            self.inner_event(LegEvent::Held { leg: talk.far, on: true });
        }
    }

    /// The talk is over for the nailed-up leg. `told`: the contact does not know yet.
    fn end_inner_talk(&mut self, now: Now, id: ContactId, told: Option<Cause>) {
        let Some(Some(talk)) = self.with_nailed(id, |n| n.talk.take()) else { return };
        self.drop_leg(now, talk.near, CauseKind::NormalClearing.into(), false);
        if let Some(cause) = told {
            let leg = talk.far;
            let (ended, refused) = (LegEvent::Ended { leg, cause }, LegEvent::Refused { leg, cause });
            self.inner_event(if talk.accepted { ended } else { refused });
        }
    }

    /// He ends the talk, or declines it; the leg stays.
    pub(crate) fn hang_up_inner(&mut self, now: Now, id: ContactId, kind: CauseKind) {
        self.end_inner_talk(now, id, Some(kind.into()));
        self.rest_nailed(now, id);
    }

    /// What his phone does in a talk is meant for the contact he talks in. True when this is such a leg; outside a talk
    /// there is nothing to be done.
    pub(crate) fn pass_inward(&mut self, leg: LegId, event: impl FnOnce(LegId) -> LegEvent) -> bool {
        let Some(id) = self.nailed_by(leg) else { return false };
        if let Some(talk) = self.nailed_of(id).and_then(|n| n.talk.clone()).filter(|t| t.accepted) {
            self.inner_event(event(talk.far));
        }
        true
    }

    /// REFER on a nailed-up leg: the contact he talks in is transferred, and the leg stays.
    pub(crate) fn refer_nailed(&mut self, leg: LegId, to: &ReferTarget) -> bool {
        let talks = self.nailed_by(leg).and_then(|id| self.nailed_of(id)).is_some_and(|n| n.talk.is_some());
        if !talks {
            return false;
        }
        let to = to.clone();
        self.pass_inward(leg, |leg| LegEvent::Refer { leg, to })
    }

    fn inner_event(&mut self, event: LegEvent) {
        self.outputs.push_back(Output::Inner(event));
    }

    /// Nailed-up legs that are on the line.
    pub(crate) fn nailed_up(&self) -> usize {
        self.nails.of_agent.values().filter(|id| self.nailed_of(**id).is_some_and(|n| n.up)).count()
    }

    /// Times are of the contact's records, and this one has none.
    pub(crate) fn leg_fact(&mut self, contact: ContactId, fact: Fact) {
        if self.contacts.get(&contact).is_none_or(|c| !c.nailed) {
            self.fact(fact);
        }
    }
}
