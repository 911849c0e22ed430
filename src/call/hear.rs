use crate::contact::Stage;
use crate::machine::{Machine, Timer};
use crate::{PROMPT_MAX, WHISPER_MAX};
use base::Now;
use core::time::Duration;
use model::{CauseKind, ContactEnd, ContactId, LegId, MediaCommand, PlayId, SoundId};

/// What a leg hears now, or will hear as soon as its media is agreed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Hearing {
    Nothing,
    /// The others of its conversation.
    Talk,
    /// Over and over.
    Music(SoundId),
    /// Once, then what is next.
    Prompt {
        sounds: Vec<SoundId>,
        then: Then,
    },
}

/// What follows a prompt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Then {
    Nothing,
    Music,
    /// The notice was heard: into the queue.
    Notice,
    /// The tone was heard: he speaks.
    Speak,
    /// The nailed-up leg is silent again.
    Rest,
    /// He knows that he will be called back.
    Release,
    /// The agent knows whose call it is: now the caller.
    Join,
    HangUp,
}

impl Machine {
    pub(crate) fn hear(&mut self, now: Now, id: LegId, hearing: Hearing) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let repeated = leg.hearing == hearing && !matches!(hearing, Hearing::Prompt { .. });
        if repeated {
            return;
        }
        leg.overlay = None;
        if let Some(timer) = leg.prompt_timer.take() {
            self.timers.cancel(timer);
        }
        let was = core::mem::replace(&mut leg.hearing, hearing);
        if let Hearing::Prompt { sounds, then } = &leg.hearing {
            // Without media or without a sound a prompt is over at once, but not inside this input.
            let longest = if *then == Then::Join { WHISPER_MAX } else { PROMPT_MAX };
            let most = if leg.media.is_none() || sounds.is_empty() { Duration::ZERO } else { longest };
            leg.prompt_timer = Some(self.timers.insert(now.mono + most, Timer::Prompt(id)));
        }
        if !leg.is_audible() {
            return;
        }
        let silent = leg.hearing == Hearing::Nothing;
        if was == Hearing::Talk {
            self.leg_media(id, MediaCommand::Leave { leg: id });
        } else if silent {
            self.leg_media(id, MediaCommand::StopPlay { leg: id });
        }
        self.apply_hearing(id);
    }

    /// Tells the worker what the leg hears; for one whose media has just become audible, too.
    pub(crate) fn apply_hearing(&mut self, id: LegId) {
        let Some(leg) = self.legs.get(&id).filter(|l| l.is_audible()) else { return };
        match &leg.hearing {
            Hearing::Nothing => {}
            Hearing::Talk => self.leg_media(id, MediaCommand::Join { leg: id }),
            Hearing::Music(sound) => self.play(id, vec![*sound], true),
            Hearing::Prompt { sounds, .. } if sounds.is_empty() => {}
            Hearing::Prompt { sounds, .. } => self.play(id, sounds.clone(), false),
        }
    }

    fn play(&mut self, id: LegId, sounds: Vec<SoundId>, repeat: bool) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        leg.play.0 = leg.play.0.wrapping_add(1);
        let play = leg.play;
        self.leg_media(id, MediaCommand::Play { leg: id, play, sounds, repeat });
    }

    /// The worker has come to the end of a list. One that was replaced in the meantime is not what plays now.
    pub(crate) fn played(&mut self, now: Now, id: LegId, play: PlayId) {
        if self.legs.get(&id).is_some_and(|l| l.play == play) {
            self.prompt_over(now, id);
        }
    }

    /// To one leg over its conversation, which goes on.
    pub(crate) fn overlay(&mut self, now: Now, id: LegId, sounds: Vec<SoundId>, then: Then) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        if sounds.is_empty() || leg.hearing != Hearing::Talk || !leg.is_audible() {
            return;
        }
        leg.overlay = Some(then);
        let timer = self.timers.insert(now.mono + PROMPT_MAX, Timer::Prompt(id));
        if let Some(old) = leg.prompt_timer.replace(timer) {
            self.timers.cancel(old);
        }
        self.play(id, sounds, false);
    }

    /// The music of the queue the contact is or was in, else the house's own.
    pub(crate) fn hear_music(&mut self, now: Now, contact: ContactId, leg: LegId) {
        let Some(contact) = self.contacts.get(&contact) else { return };
        let music = match contact.queue {
            Some(queue) => Some(self.directory.queue(queue).music),
            None => self.directory.sound(contact.language, "music/default"),
        };
        self.hear(now, leg, music.map_or(Hearing::Nothing, Hearing::Music));
    }

    /// The list was played, or must have been.
    pub(crate) fn prompt_over(&mut self, now: Now, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let contact = leg.contact;
        let then = match (leg.overlay.take(), &leg.hearing) {
            (Some(then), _) => then,
            (None, Hearing::Prompt { then, .. }) => *then,
            (None, Hearing::Nothing | Hearing::Talk | Hearing::Music(_)) => return,
        };
        if let Some(timer) = leg.prompt_timer.take() {
            self.timers.cancel(timer);
        }
        match then {
            Then::Nothing => {}
            Then::Music => self.hear_music(now, contact, id),
            Then::Notice => {
                self.notice_heard(now, contact);
            }
            Then::Speak => self.speak(now, contact),
            Then::Rest => self.rest_nailed(now, contact),
            Then::Release => self.release_line(now, contact),
            Then::Join => self.murmured_out(now, contact, id),
            Then::HangUp => {
                let announcing = self.contacts.get(&contact).is_some_and(|c| matches!(c.stage, Stage::Announcing));
                if announcing {
                    self.end(now, contact, ContactEnd::FlowedOut, CauseKind::NormalClearing.into());
                }
            }
        }
    }
}
