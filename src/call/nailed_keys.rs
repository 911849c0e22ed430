//! Keys on a nailed-up leg, which may be all an agent at home has: feature codes between two talks, and the end of a
//! talk without hanging up.

use crate::contact::Stage;
use crate::feature::{Feature, word_for};
use crate::hear::{Hearing, Then};
use crate::machine::{Machine, Timer};
use crate::nailed::Nailed;
use crate::plan::{Destination, Found};
use crate::{ANSWER_MAX, NEXT_KEY_MAX, Output, STAR_MAX, TYPED_MAX, Ticket};
use base::{Now, TimerId};
use core::time::Duration;
use model::{Actor, AgentAction, CauseKind, Command, CommandError, ContactId, Key};

/// What he has typed, and what was asked of the distributor for it.
#[derive(Debug, Default)]
pub(crate) struct Keyed {
    typed: String,
    asked: Option<(Ticket, AgentAction)>,
    timer: Option<TimerId>,
}

impl Machine {
    /// While a contact is offered any key takes it, and `*` declines. In a talk the keys are in the stream, where the
    /// other party hears them; two stars end it. Between two talks they are a feature code.
    pub(crate) fn nailed_key(&mut self, now: Now, id: ContactId, key: Key) {
        let Some(accepted) = self.nailed_of(id).map(|n| n.talk.as_ref().map(|talk| talk.accepted)) else { return };
        match (accepted, key.0) {
            (Some(false), '*') => self.hang_up_inner(now, id, CauseKind::Declined),
            (Some(false), _) => self.accept_inner(now, id),
            (Some(true), key) => self.key_in_talk(now, id, key),
            (None, key) => self.key_between(now, id, key),
        }
    }

    fn key_in_talk(&mut self, now: Now, id: ContactId, key: char) {
        let before = self.take_typed(id);
        match (key, &*before) {
            ('*', "*") => self.hang_up_inner(now, id, CauseKind::NormalClearing),
            ('*', _) => {
                self.typed(id, |typed| typed.push('*'));
                self.keys_again(now, id, STAR_MAX);
            }
            _ => {}
        }
    }

    fn key_between(&mut self, now: Now, id: ContactId, key: char) {
        if key == '#' {
            return self.nailed_entered(now, id);
        }
        self.typed(id, |typed| {
            if typed.len() < TYPED_MAX {
                typed.push(key);
            }
        });
        self.keys_again(now, id, NEXT_KEY_MAX);
    }

    fn keyed(&mut self, id: ContactId) -> Option<&mut Keyed> {
        match self.contacts.get_mut(&id).map(|c| &mut c.stage) {
            Some(Stage::Nailed(Nailed { keys, .. })) => Some(keys),
            Some(_) | None => None,
        }
    }

    fn typed(&mut self, id: ContactId, act: impl FnOnce(&mut String)) {
        if let Some(keys) = self.keyed(id) {
            act(&mut keys.typed);
        }
    }

    fn take_typed(&mut self, id: ContactId) -> String {
        let taken = self.keyed(id).map(|keys| (core::mem::take(&mut keys.typed), keys.timer.take()));
        if let Some(timer) = taken.as_ref().and_then(|(_, timer)| *timer) {
            self.timers.cancel(timer);
        }
        taken.map(|(typed, _)| typed).unwrap_or_default()
    }

    fn keys_again(&mut self, now: Now, id: ContactId, after: Duration) {
        let timer = self.timers.insert(now.mono + after, Timer::Keys(id));
        let old = self.keyed(id).and_then(|keys| keys.timer.replace(timer));
        if let Some(old) = old {
            self.timers.cancel(old);
        }
    }

    /// A talk or an offer begins, or the leg is gone: what he had begun to type counts no more.
    pub(crate) fn forget_keys(&mut self, id: ContactId) {
        self.take_typed(id);
        if let Some((ticket, _)) = self.keyed(id).and_then(|keys| keys.asked.take()) {
            self.tickets.remove(&ticket);
        }
    }

    /// `#`, or a pause after the last key.
    fn nailed_entered(&mut self, now: Now, id: ContactId) {
        let typed = self.take_typed(id);
        let Some(agent) = self.nailed_of(id).map(|n| n.agent).filter(|_| !typed.is_empty()) else { return };
        let action = match self.look_up(&typed, Some(agent)) {
            Ok(Found::Destination(Destination::Feature(feature))) => match feature {
                Feature::SignOff { code } => Some(AgentAction::SignOff { code }),
                Feature::Ready => Some(AgentAction::Ready),
                Feature::NotReady { code } => Some(AgentAction::NotReady { code }),
                Feature::Extend { by } => Some(AgentAction::Extend { by }),
                // He is signed on, and this leg is for contacts that are offered to him.
                Feature::SignOn { .. } | Feature::Watch { .. } => None,
            },
            Ok(Found::Destination(_) | Found::Rule(_)) | Err(_) => None,
        };
        let Some(action) = action else { return self.say_to_nailed(now, id, "agent/not-allowed") };
        self.forget_keys(id);
        let ticket = self.next_ticket(id);
        if let Some(keys) = self.keyed(id) {
            keys.asked = Some((ticket, action));
        }
        self.keys_again(now, id, ANSWER_MAX);
        let command = Command::Agent { agent, action, by: Actor::Agent(agent) };
        self.outputs.push_back(Output::People { ticket, command });
    }

    /// The distributor's answer. True when a nailed-up leg has asked.
    pub(crate) fn nailed_done(
        &mut self,
        now: Now,
        id: ContactId,
        ticket: Ticket,
        result: Result<(), CommandError>,
    ) -> bool {
        let Some(keys) = self.keyed(id) else { return false };
        if let Some((_, action)) = keys.asked.take_if(|(asked, _)| *asked == ticket) {
            self.take_typed(id);
            if self.nailed_of(id).is_some_and(|n| n.talk.is_none()) {
                self.say_to_nailed(now, id, word_for(result, action));
            }
        }
        true
    }

    /// He types no further, or the distributor does not answer.
    pub(crate) fn nailed_keys_over(&mut self, now: Now, id: ContactId) {
        let Some(keys) = self.keyed(id) else { return };
        keys.timer = None;
        let asks = keys.asked.is_some();
        let talks = self.nailed_of(id).is_some_and(|n| n.talk.is_some());
        match (talks, asks) {
            (true, _) | (_, true) => self.forget_keys(id),
            (false, false) => self.nailed_entered(now, id),
        }
    }

    fn say_to_nailed(&mut self, now: Now, id: ContactId, name: &str) {
        let Some((leg, language)) = self.contacts.get(&id).map(|c| (c.caller, c.language)) else { return };
        let sounds = self.directory.sound(language, name).into_iter().collect();
        self.hear(now, leg, Hearing::Prompt { sounds, then: Then::Rest });
    }
}
