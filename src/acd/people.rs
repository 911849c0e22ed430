//! What people ask of an agent: himself from his phone, a supervisor or an operator.

use crate::breather::Pace;
use crate::machine::Acd;
use crate::staff::Stance;
use base::Now;
use model::{Actor, AgentAction, AgentId, CommandError, Fact, ForcedAction, InitialState, NotReadyReason, PhoneId};

impl Acd {
    pub(crate) fn people(&mut self, now: Now, id: AgentId, action: AgentAction, by: Actor) -> Result<(), CommandError> {
        if self.directory.agents.get(id.index()).is_none_or(|a| a.removed) || self.agent(id).is_none() {
            return Err(CommandError::NoSuchAgent);
        }
        let forced = by != Actor::Agent(id);
        self.may(id, action)?;
        if forced {
            self.fact(Fact::Forced { by, action: ForcedAction::Agent { agent: id, action } });
        } else {
            self.directory.reasons.check(action)?;
        }
        match action {
            AgentAction::SignOn { phone } => self.sign_on(now, id, phone),
            AgentAction::SignOff { code } => self.ask_sign_off(now, id, code, forced),
            AgentAction::Ready => self.ask_ready(now, id),
            AgentAction::NotReady { code } => self.ask_not_ready(now, id, code, forced),
            AgentAction::Extend { by } => self.extend_wrap_up(id, by),
        }
        self.refresh(now, id);
        Ok(())
    }

    /// Everything that can be said against it; taking the phone is the last question, and the answer is final.
    fn may(&mut self, id: AgentId, action: AgentAction) -> Result<(), CommandError> {
        let signed_on = self.agent(id).and_then(|a| a.phone);
        match action {
            AgentAction::SignOn { phone } => {
                let phone = self.phone_for(id, phone).ok_or(CommandError::NoPhone)?;
                if !self.board.phone_reachable(phone) {
                    return Err(CommandError::PhoneUnreachable);
                }
                self.board.sit_down(phone, id).then_some(()).ok_or(CommandError::PhoneTaken)
            }
            AgentAction::SignOff { .. } | AgentAction::NotReady { .. } => {
                signed_on.map(|_| ()).ok_or(CommandError::NotSignedOn)
            }
            AgentAction::Extend { .. } => {
                signed_on.ok_or(CommandError::NotSignedOn)?;
                let owes = self.agent(id).is_some_and(|a| a.owes_wrap_up());
                owes.then_some(()).ok_or(CommandError::NoWrapUp)
            }
            AgentAction::Ready => {
                let phone = signed_on.ok_or(CommandError::NotSignedOn)?;
                self.board.phone_reachable(phone).then_some(()).ok_or(CommandError::PhoneUnreachable)
            }
        }
    }

    fn phone_for(&self, id: AgentId, phone: Option<PhoneId>) -> Option<PhoneId> {
        let phone = phone.or(self.directory.agent(id).phone)?;
        self.directory.phones.get(phone.index()).filter(|p| !p.removed)?;
        Some(phone)
    }

    /// He sits at the phone already. Signed on elsewhere he moves: an offer ringing there is taken back, a call stays.
    fn sign_on(&mut self, now: Now, id: AgentId, phone: Option<PhoneId>) {
        let Some(phone) = self.phone_for(id, phone) else { return };
        let Some(agent) = self.agent(id) else { return };
        let before = agent.phone.replace(phone);
        agent.leaving = false;
        if before == Some(phone) {
            return self.line_anew(id);
        }
        if let Some(before) = before {
            self.board.stand_up(before, id);
            self.clear_fault(id);
            self.revoke_offer(id);
        } else {
            agent.stance = Stance::NotReady(NotReadyReason::SignedOn);
            agent.pace = Pace::default();
            agent.misses = 0;
            agent.idle.released = now.mono;
            agent.idle.ready = now.mono;
            agent.idle.offered = now.mono;
        }
        self.line_anew(id);
    }

    fn ask_sign_off(&mut self, now: Now, id: AgentId, code: u8, forced: bool) {
        let Some(agent) = self.agent(id) else { return };
        agent.leaving = true;
        let stops = forced && agent.engaged.is_empty();
        if code != 0 {
            self.fact(Fact::SignOffReason { agent: id, code });
        }
        if stops {
            self.stop_wrap_up(now, id);
        }
        self.end_own_wrap_up(now, id);
        self.revoke_offer(id);
    }

    fn ask_ready(&mut self, now: Now, id: AgentId) {
        let Some(agent) = self.agent(id) else { return };
        agent.leaving = false;
        agent.stance = Stance::Ready;
        agent.misses = 0;
        self.set_comeback(id, None);
        self.clear_fault(id);
        self.line_anew(id);
        self.end_own_wrap_up(now, id);
    }

    /// While his phone rings his own wish waits until the contact is over; a forced one takes the offer back.
    fn ask_not_ready(&mut self, now: Now, id: AgentId, code: u8, forced: bool) {
        let reason = if forced { NotReadyReason::Forced } else { NotReadyReason::Code(code) };
        let Some(agent) = self.agent(id) else { return };
        agent.leaving = false;
        agent.stance = Stance::NotReady(reason);
        agent.pace = Pace::default();
        self.set_comeback(id, None);
        self.end_own_wrap_up(now, id);
        if forced && self.agent(id).and_then(|a| a.offer).is_some_and(|o| o.queue.is_some()) {
            self.revoke_offer(id);
        }
    }

    /// The sign-off that was asked for, or that his removal means, as soon as nothing keeps him. A queue may have
    /// claimed him a moment ago: then his word says so and he stays until that is settled.
    pub(crate) fn leave_if_free(&mut self, id: AgentId) {
        let Some(agent) = self.agent(id).filter(|agent| agent.is_free()) else { return };
        let Some(phone) = agent.phone.filter(|_| agent.leaving || agent.removed) else { return };
        if !self.board.vacate_agent(id) {
            return;
        }
        self.lines.sort_out(id);
        self.set_comeback(id, None);
        self.clear_fault(id);
        self.board.stand_up(phone, id);
        let Some(agent) = self.agent(id) else { return };
        agent.phone = None;
        agent.leaving = false;
        agent.stance = Stance::NotReady(NotReadyReason::SignedOn);
    }

    /// Signs on whoever has a default phone and is new here: at the start, and after a reload.
    pub(crate) fn start_agent(&mut self, now: Now, id: AgentId) {
        let configured = self.directory.agent(id);
        let (removed, initial) = (configured.removed, configured.initial_state);
        let Some(phone) = self.phone_for(id, None).filter(|_| !removed) else { return };
        if !self.board.sit_down(phone, id) {
            return;
        }
        self.sign_on(now, id, Some(phone));
        if let Some(agent) = self.agent(id) {
            agent.stance = match initial {
                InitialState::NotReady => Stance::NotReady(NotReadyReason::ServerStart),
                InitialState::Ready => Stance::Ready,
            };
        }
        self.refresh(now, id);
    }
}
