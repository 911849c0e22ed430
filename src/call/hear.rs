use crate::PROMPT_MAX;
use crate::contact::Stage;
use crate::machine::{Machine, Timer};
use base::Now;
use model::{CauseKind, ContactEnd, ContactId, LegId, MediaCommand, SoundId};

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
    Music,
    HangUp,
}

impl Machine {
    pub(crate) fn hear(&mut self, now: Now, id: LegId, hearing: Hearing) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        if let Some(timer) = leg.prompt_timer.take() {
            self.timers.cancel(timer);
        }
        let was = core::mem::replace(&mut leg.hearing, hearing);
        if let Hearing::Prompt { sounds, .. } = &leg.hearing {
            // Without media or without a sound a prompt is over at once, but not inside this input.
            let most = if leg.media.is_none() || sounds.is_empty() { core::time::Duration::ZERO } else { PROMPT_MAX };
            leg.prompt_timer = Some(self.timers.insert(now.mono + most, Timer::Prompt(id)));
        }
        if leg.is_audible() {
            let now_hears = leg.hearing.clone();
            if was == Hearing::Talk && now_hears != Hearing::Talk {
                self.leg_media(id, MediaCommand::Leave { leg: id });
            }
            if was != Hearing::Nothing && was != Hearing::Talk && now_hears == Hearing::Nothing {
                self.leg_media(id, MediaCommand::StopPlay { leg: id });
            }
            self.apply_hearing(id);
        }
    }

    /// Tells the worker what the leg hears; for one whose media has just become audible, too.
    pub(crate) fn apply_hearing(&mut self, id: LegId) {
        let Some(leg) = self.legs.get(&id).filter(|l| l.is_audible()) else { return };
        let command = match &leg.hearing {
            Hearing::Nothing => return,
            Hearing::Talk => MediaCommand::Join { leg: id },
            Hearing::Music(sound) => MediaCommand::Play { leg: id, sounds: vec![*sound], repeat: true },
            Hearing::Prompt { sounds, .. } if sounds.is_empty() => return,
            Hearing::Prompt { sounds, .. } => MediaCommand::Play { leg: id, sounds: sounds.clone(), repeat: false },
        };
        self.leg_media(id, command);
    }

    /// The music of the queue the contact is or was in.
    pub(crate) fn hear_music(&mut self, now: Now, contact: ContactId, leg: LegId) {
        let music = self.contacts.get(&contact).and_then(|c| c.queue).map(|q| self.directory.queue(q).music);
        self.hear(now, leg, music.map_or(Hearing::Nothing, Hearing::Music));
    }

    /// The list was played, or must have been.
    pub(crate) fn prompt_over(&mut self, now: Now, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let Hearing::Prompt { then, .. } = leg.hearing else { return };
        let contact = leg.contact;
        match then {
            Then::Music => self.hear_music(now, contact, id),
            Then::HangUp => {
                let announcing = self.contacts.get(&contact).is_some_and(|c| matches!(c.stage, Stage::Announcing));
                if announcing {
                    self.end(now, contact, ContactEnd::FlowedOut, CauseKind::NormalClearing.into());
                }
            }
        }
    }
}
