use crate::LEGS_MAX;
use crate::contact::Stage;
use crate::hear::{Hearing, Then};
use crate::machine::Machine;
use base::Now;
use model::{
    AgentId, CauseKind, ContactEnd, ContactId, Fact, Key, Language, LegId, Party, Role, Supervises, SupervisorMode,
    Target, TransferKind,
};

/// A supervisor's leg beside a conversation. It keeps its own contact; only its sound goes into the other's group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Watch {
    pub(crate) target: ContactId,
    pub(crate) agent: AgentId,
    pub(crate) supervisor: AgentId,
    mode: SupervisorMode,
    /// The joining is a fact; a plain take-over has none.
    joined: bool,
}

impl Machine {
    /// `mode` none: take the call over.
    pub(crate) fn watch(&mut self, now: Now, id: ContactId, agent: &str, mode: Option<SupervisorMode>) {
        let Some(contact) = self.contacts.get(&id) else { return };
        let (leg, worker) = (contact.caller, contact.worker);
        let Some(supervisor) = self.legs.get(&leg).and_then(|l| l.agent()) else {
            return self.say_and_end(now, id, "agent/not-signed-on");
        };
        let Some(agent) = self.names.agents.get(agent).copied() else {
            return self.say_and_end(now, id, "agent/no-such-agent");
        };
        let Some(target) = self.talk_of(agent).map(|l| self.legs[&l].contact) else {
            return self.say_and_end(now, id, "agent/agent-not-in-call");
        };
        let there = &self.contacts[&target];
        if agent == supervisor || there.worker != worker || there.legs.len() + there.watchers.len() >= LEGS_MAX {
            return self.say_and_end(now, id, "agent/not-allowed");
        }
        let joined = mode.is_some();
        let watch = Watch { target, agent, supervisor, mode: mode.unwrap_or(SupervisorMode::Listen), joined };
        if let Some(contact) = self.contacts.get_mut(&id) {
            contact.stage = Stage::Watching(watch);
            contact.served = true;
        }
        if let Some(contact) = self.contacts.get_mut(&target) {
            contact.watchers.push(id);
        }
        if let Some(leg) = self.legs.get_mut(&leg) {
            // Set before the worker first hears of the leg: it never had any other path.
            leg.role = Role::Supervisor(watch.mode);
            leg.group = target;
        }
        self.answer(leg);
        match mode {
            Some(mode) => {
                self.joined(watch);
                self.hear(now, leg, Hearing::Talk);
                self.tell_mode(now, leg, mode);
            }
            None => self.take_over(now, id),
        }
    }

    /// 1 listen, 2 whisper, 3 barge, 4 take over.
    pub(crate) fn supervisor_key(&mut self, now: Now, id: ContactId, key: Key) {
        let mode = match key.0 {
            '1' => SupervisorMode::Listen,
            '2' => SupervisorMode::Whisper,
            '3' => SupervisorMode::Barge,
            '4' => return self.take_over(now, id),
            _ => return,
        };
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let leg = contact.caller;
        let Stage::Watching(watch) = &mut contact.stage else { return };
        if watch.mode != mode {
            watch.mode = mode;
            let watch = *watch;
            self.set_role(leg, Role::Supervisor(mode));
            self.joined(watch);
            self.tell_mode(now, leg, mode);
        }
    }

    fn joined(&mut self, watch: Watch) {
        let Watch { target: contact, agent, supervisor, mode, .. } = watch;
        self.fact(Fact::SupervisorJoined { contact, supervisor, agent, mode });
    }

    /// Only the supervisor hears it.
    fn tell_mode(&mut self, now: Now, leg: LegId, mode: SupervisorMode) {
        let name = match mode {
            SupervisorMode::Listen => "agent/listening",
            SupervisorMode::Whisper => "agent/whispering",
            SupervisorMode::Barge => "agent/barging",
        };
        let language = self.language_of(leg);
        let sounds = self.directory.sound(language, name).into_iter().collect();
        self.overlay(now, leg, sounds, Then::Nothing);
    }

    fn language_of(&self, leg: LegId) -> Language {
        self.legs.get(&leg).and_then(|l| self.contacts.get(&l.contact)).map(|c| c.language).unwrap_or_default()
    }

    /// The supervisor takes the watched agent's place; the agent is released.
    fn take_over(&mut self, now: Now, id: ContactId) {
        let Some(contact) = self.contacts.get(&id) else { return };
        let (new, Stage::Watching(watch)) = (contact.caller, &contact.stage) else { return };
        let watch = *watch;
        let Watch { target, agent, supervisor, .. } = watch;
        let Some(old) = self.talk_of(agent).filter(|l| self.legs[l].contact == target) else { return };
        self.unwatch(id, watch);
        self.fact(Fact::Transferred {
            contact: target,
            from: agent,
            to: Target::Agent(supervisor),
            kind: TransferKind::TakeOver,
        });
        self.fact(Fact::Merged { contact: target, consultation: id });
        if let Some(leg) = self.legs.get_mut(&new) {
            leg.party = Party::Agent(supervisor);
        }
        self.move_leg(new, target);
        self.take_place(now, new, old);
        let sounds = self.directory.sound(self.language_of(new), "agent/taken-over").into_iter().collect();
        self.overlay(now, new, sounds, Then::Nothing);
        self.end(now, id, ContactEnd::Served, CauseKind::Transferred.into());
    }

    /// The leg with which an agent talks.
    fn talk_of(&self, agent: AgentId) -> Option<LegId> {
        let talks = |leg: &LegId| self.legs[leg].party == Party::Agent(agent) && self.is_talking(*leg);
        self.legs.keys().find(|leg| talks(leg)).copied()
    }

    /// Only whom the house made a supervisor of this talk comes near it; anybody else is refused before he has a leg.
    /// Whoever is nobody's supervisor does not even learn who is in a call.
    pub(crate) fn may_watch(&self, supervisor: Option<AgentId>, agent: &str) -> Result<(), CauseKind> {
        // Who is not signed on is told so.
        let Some(supervisor) = supervisor else { return Ok(()) };
        let right = &self.directory.agent(supervisor).supervises;
        let allowed = match self.talk_to_watch(agent).and_then(|id| self.contacts.get(&id)) {
            Some(talk) => right.covers(talk.queue),
            None => *right != Supervises::Nobody,
        };
        allowed.then_some(()).ok_or(CauseKind::Forbidden)
    }

    /// Where the supervisor's call will be, so that it is put into the same worker's hands.
    pub(crate) fn talk_to_watch(&self, agent: &str) -> Option<ContactId> {
        let agent = self.names.agents.get(agent)?;
        self.talk_of(*agent).map(|l| self.legs[&l].contact)
    }

    /// The watch is over; the supervisor's contact is between two stages.
    pub(crate) fn unwatch(&mut self, id: ContactId, watch: Watch) {
        if let Some(contact) = self.contacts.get_mut(&id) {
            contact.stage = Stage::Arriving;
        }
        if let Some(target) = self.contacts.get_mut(&watch.target) {
            target.watchers.retain(|w| *w != id);
        }
        if watch.joined {
            self.fact(Fact::SupervisorLeft { contact: watch.target, supervisor: watch.supervisor });
        }
    }

    /// The watched agent is out of the conversation: whoever watched him is done.
    pub(crate) fn end_watchers(&mut self, now: Now, target: ContactId, agent: AgentId) {
        let Some(contact) = self.contacts.get(&target) else { return };
        let of_agent = |w: &&ContactId| matches!(self.contacts.get(w).map(|c| &c.stage), Some(Stage::Watching(watch)) if watch.agent == agent);
        let watchers: Vec<_> = contact.watchers.iter().filter(of_agent).copied().collect();
        for watcher in watchers {
            self.end(now, watcher, ContactEnd::Served, CauseKind::NormalClearing.into());
        }
    }
}
