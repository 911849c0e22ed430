use crate::contact::Stage;
use crate::hear::{Hearing, Then};
use crate::machine::{Machine, Timer};
use crate::{ANSWER_MAX, FIRST_KEY_MAX, NEXT_KEY_MAX, SIGN_ON_TRIES, TYPED_MAX};
use base::{Now, TimerId};
use core::time::Duration;
use model::{
    Actor, AgentAction, AgentId, Command, CommandError, ContactId, Key, PhoneId, SoundName, Source, SupervisorMode,
};

/// What an agent dials at his phone instead of a number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Feature {
    /// Id and PIN follow by keys; the id may be dialled with the code.
    SignOn {
        typed: Box<str>,
    },
    SignOff {
        code: u8,
    },
    Ready,
    NotReady {
        code: u8,
    },
    /// More time for wrap-up.
    Extend {
        by: Duration,
    },
    /// Into a colleague's call; without a mode: take it over.
    Watch {
        agent: Box<str>,
        mode: Option<SupervisorMode>,
    },
}

/// Somebody types his id and PIN.
#[derive(Debug)]
pub(crate) struct SignOn {
    step: Step,
    typed: String,
    tries: u8,
    timer: TimerId,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Step {
    Id,
    /// For this id, which need not exist: who guesses learns nothing.
    Pin(Option<AgentId>),
}

impl Machine {
    pub(crate) fn feature(&mut self, now: Now, id: ContactId, feature: Feature) {
        let action = match feature {
            Feature::SignOn { typed } => return self.begin_sign_on(now, id, &typed),
            Feature::Watch { agent, mode } => return self.watch(now, id, &agent, mode),
            Feature::SignOff { code } => AgentAction::SignOff { code },
            Feature::Extend { by } => AgentAction::Extend { by },
            Feature::Ready => AgentAction::Ready,
            Feature::NotReady { code } => AgentAction::NotReady { code },
        };
        let Some(contact) = self.contacts.get(&id) else { return };
        let caller = contact.caller;
        match self.legs.get(&caller).and_then(|l| l.agent()) {
            Some(agent) => {
                self.answer(caller);
                self.ask_people(now, id, agent, action);
            }
            None => self.say_and_end(now, id, "agent/not-signed-on"),
        }
    }

    /// One prompt, then the end.
    pub(crate) fn say_and_end(&mut self, now: Now, id: ContactId, sound: &str) {
        self.play_out(now, id, &SoundName(sound.into()));
    }

    fn begin_sign_on(&mut self, now: Now, id: ContactId, typed: &str) {
        let Some(caller) = self.contacts.get(&id).map(|c| c.caller) else { return };
        self.answer(caller);
        let timer = self.timers.insert(now.mono + FIRST_KEY_MAX, Timer::Keys(id));
        let sign_on = SignOn { step: Step::Id, typed: typed.chars().take(TYPED_MAX).collect(), tries: 0, timer };
        if let Some(contact) = self.contacts.get_mut(&id) {
            contact.stage = Stage::SigningOn(sign_on);
        }
        if typed.is_empty() {
            self.prompt(now, id, &["agent/enter-agent-id"]);
        } else {
            self.entered(now, id);
        }
    }

    pub(crate) fn prompt(&mut self, now: Now, id: ContactId, names: &[&str]) {
        let Some(contact) = self.contacts.get(&id) else { return };
        let (caller, language) = (contact.caller, contact.language);
        let sounds = names.iter().filter_map(|name| self.directory.sound(language, name)).collect();
        self.hear(now, caller, Hearing::Prompt { sounds, then: Then::Nothing });
    }

    pub(crate) fn sign_on_key(&mut self, now: Now, id: ContactId, key: Key) {
        let next = self.timers.insert(now.mono + NEXT_KEY_MAX, Timer::Keys(id));
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let caller = contact.caller;
        let Stage::SigningOn(sign_on) = &mut contact.stage else { return };
        let old = core::mem::replace(&mut sign_on.timer, next);
        self.timers.cancel(old);
        match key.0 {
            '#' => self.entered(now, id),
            '*' => sign_on.typed.clear(),
            digit => {
                if sign_on.typed.len() < TYPED_MAX {
                    sign_on.typed.push(digit);
                }
                self.hear(now, caller, Hearing::Nothing);
            }
        }
    }

    /// `#`, or a pause after the last key.
    fn entered(&mut self, now: Now, id: ContactId) {
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let Source::Phone(phone) = contact.source else { return };
        let Stage::SigningOn(sign_on) = &mut contact.stage else { return };
        let typed = core::mem::take(&mut sign_on.typed);
        match sign_on.step {
            Step::Id => {
                let agent = self.names.agents.get(&*typed).copied();
                if agent.is_some_and(|a| self.needs_no_pin(a, phone)) {
                    return self.sign_on(now, id, agent, phone);
                }
                self.next_step(now, id, Step::Pin(agent));
                self.prompt(now, id, &["agent/enter-pin"]);
            }
            Step::Pin(agent) => {
                let right = agent.is_some_and(|a| self.is_pin(a, &typed));
                self.sign_on(now, id, agent.filter(|_| right), phone);
            }
        }
    }

    /// Nobody has to prove who he is at his own desk when the house gave him no PIN; elsewhere he cannot.
    fn needs_no_pin(&self, agent: AgentId, phone: PhoneId) -> bool {
        let agent = self.directory.agent(agent);
        agent.pin.as_ref().is_none_or(|p| p.is_empty()) && agent.phone == Some(phone)
    }

    fn is_pin(&self, agent: AgentId, typed: &str) -> bool {
        let Some(pin) = self.directory.agent(agent).pin.as_ref().filter(|p| !p.is_empty()) else { return false };
        let pin = pin.expose().as_bytes();
        // Every octet is looked at, so that time tells nothing.
        let differs = pin.iter().zip(typed.as_bytes()).fold(0, |differs, (a, b)| differs | (a ^ b));
        pin.len() == typed.len() && differs == 0
    }

    fn next_step(&mut self, now: Now, id: ContactId, step: Step) {
        let timer = self.timers.insert(now.mono + FIRST_KEY_MAX, Timer::Keys(id));
        if let Some(Stage::SigningOn(sign_on)) = self.contacts.get_mut(&id).map(|c| &mut c.stage) {
            sign_on.step = step;
            let old = core::mem::replace(&mut sign_on.timer, timer);
            self.timers.cancel(old);
        }
    }

    fn sign_on(&mut self, now: Now, id: ContactId, agent: Option<AgentId>, phone: PhoneId) {
        match agent {
            Some(agent) => self.ask_people(now, id, agent, AgentAction::SignOn { phone: Some(phone) }),
            None => self.failed_try(now, id),
        }
    }

    fn failed_try(&mut self, now: Now, id: ContactId) {
        let Some(Stage::SigningOn(sign_on)) = self.contacts.get_mut(&id).map(|c| &mut c.stage) else { return };
        sign_on.tries += 1;
        if sign_on.tries >= SIGN_ON_TRIES {
            return self.say_and_end(now, id, "agent/invalid");
        }
        self.next_step(now, id, Step::Id);
        self.prompt(now, id, &["agent/invalid", "agent/enter-agent-id"]);
    }

    /// Asks the distributor; the answer comes as [`crate::Input::Done`].
    fn ask_people(&mut self, now: Now, id: ContactId, agent: AgentId, action: AgentAction) {
        let ticket = self.next_ticket(id);
        let timer = self.timers.insert(now.mono + ANSWER_MAX, Timer::Keys(id));
        self.leave_stage(id);
        if let Some(contact) = self.contacts.get_mut(&id) {
            contact.stage = Stage::Asking { ticket, action, timer };
        }
        let command = Command::Agent { agent, action, by: Actor::Agent(agent) };
        self.outputs.push_back(crate::Output::People { ticket, command });
    }

    /// Nothing was typed for too long, or the distributor does not answer.
    pub(crate) fn keys_timed_out(&mut self, now: Now, id: ContactId) {
        match self.contacts.get(&id).map(|c| &c.stage) {
            Some(Stage::SigningOn(sign_on)) if sign_on.typed.is_empty() => self.failed_try(now, id),
            Some(Stage::SigningOn(_)) => self.entered(now, id),
            Some(Stage::Asking { ticket, .. }) => {
                let ticket = *ticket;
                self.done(now, ticket, Err(CommandError::NoSuchAgent));
            }
            Some(Stage::Nailed(_)) => self.nailed_keys_over(now, id),
            Some(Stage::Arranging | Stage::Waiting { .. }) => self.arranging_timed_out(now, id),
            Some(_) | None => {}
        }
    }

    pub(crate) fn done(&mut self, now: Now, ticket: crate::Ticket, result: Result<(), CommandError>) {
        let Some(id) = self.tickets.remove(&ticket) else { return };
        if self.nailed_done(now, id, ticket, result) {
            return;
        }
        let Some(Stage::Asking { ticket: asked, action, .. }) = self.contacts.get(&id).map(|c| &c.stage) else {
            return;
        };
        if *asked != ticket {
            return;
        }
        let action = *action;
        self.say_and_end(now, id, word_for(result, action));
    }

    /// Stops what the stage has running; the next stage follows.
    pub(crate) fn leave_stage(&mut self, id: ContactId) {
        self.stop_arranging(id);
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let timer = match &contact.stage {
            Stage::SigningOn(sign_on) => Some(sign_on.timer),
            Stage::Asking { timer, ticket, .. } => {
                self.tickets.remove(ticket);
                Some(*timer)
            }
            Stage::Seizing { timer, .. } | Stage::Pausing { timer } => Some(*timer),
            Stage::Messaging { step, .. } => step.timer(),
            Stage::Arriving
            | Stage::Noticing { .. }
            | Stage::Waiting { .. }
            | Stage::Ringing(_)
            | Stage::Talking { .. }
            | Stage::Announcing
            | Stage::Arranging
            | Stage::Nailed(_)
            | Stage::Watching(_)
            | Stage::Closing { .. } => None,
        };
        if let Some(timer) = timer {
            self.timers.cancel(timer);
        }
    }
}

/// What an agent hears of what he asked for.
pub(crate) fn word_for(result: Result<(), CommandError>, action: AgentAction) -> &'static str {
    match (result, action) {
        (Ok(()), AgentAction::SignOn { .. }) => "agent/signed-on",
        (Ok(()), AgentAction::SignOff { .. }) => "agent/signed-off",
        (Ok(()), AgentAction::Ready) => "agent/ready",
        (Ok(()), AgentAction::NotReady { .. }) => "agent/not-ready",
        (Ok(()), AgentAction::Extend { .. }) => "agent/extended",
        (Err(CommandError::ReasonMissing | CommandError::NoSuchReason), _) => "agent/give-a-reason",
        (Err(CommandError::NotSignedOn), _) => "agent/not-signed-on",
        (Err(CommandError::NoSuchAgent), _) => "agent/no-such-agent",
        (
            Err(
                CommandError::PhoneTaken
                | CommandError::NoPhone
                | CommandError::PhoneUnreachable
                | CommandError::NoSuchContact
                | CommandError::NoWrapUp
                | CommandError::NoSuchQueue
                | CommandError::NoSuchReserve,
            ),
            _,
        ) => "agent/not-allowed",
    }
}
