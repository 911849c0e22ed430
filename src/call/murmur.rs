//! What the agent alone hears between his answer and the joining: a tone when his phone opened by itself, whose call it
//! is, how long the caller has waited.

use crate::hear::{Hearing, Then};
use crate::machine::Machine;
use crate::say;
use base::Now;
use model::{ContactId, LegId, SoundId};

/// How far an agent is with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Murmur {
    /// To be played when he answers.
    Due,
    Playing,
    /// Nothing to hear, or heard: he can be joined.
    Over,
}

impl Machine {
    pub(crate) fn murmur_of(&self, id: ContactId) -> Murmur {
        let callback = self.is_callback(id);
        let whispers = callback
            || self.contacts.get(&id).and_then(|c| c.stage.queue()).is_some_and(|queue| {
                let whisper = &self.directory.queue(queue).care.whisper;
                whisper.sound.is_some() || whisper.waited
            });
        if whispers { Murmur::Due } else { Murmur::Over }
    }

    /// Begins for each phone that was picked up.
    pub(crate) fn murmur(&mut self, now: Now, id: ContactId) {
        let Some(contact) = self.contacts.get(&id) else { return };
        let due: Vec<LegId> = contact
            .stage
            .rings()
            .iter()
            .filter(|r| r.murmur == Murmur::Due && self.legs.get(&r.leg).is_some_and(|l| l.is_ready()))
            .map(|r| r.leg)
            .collect();
        for leg in due {
            let sounds = self.murmured(now, id, leg);
            let Some(ring) = self.contacts.get_mut(&id).and_then(|c| c.stage.ring_mut(leg)) else { continue };
            if sounds.is_empty() {
                ring.murmur = Murmur::Over;
                continue;
            }
            ring.murmur = Murmur::Playing;
            ring.tone = false;
            self.hear(now, leg, Hearing::Prompt { sounds, then: Then::Join });
        }
    }

    fn murmured(&self, now: Now, id: ContactId, leg: LegId) -> Vec<SoundId> {
        let Some(contact) = self.contacts.get(&id) else { return Vec::new() };
        let Some(queue) = contact.stage.queue() else { return Vec::new() };
        let whisper = &self.directory.queue(queue).care.whisper;
        // The agents of a house speak its language, whatever the caller's is.
        let language = self.directory.site.language;
        let tone = contact.stage.ring(leg).filter(|r| r.tone).map(|_| "tones/zip");
        let callback = self.is_callback(id).then_some("agent/callback");
        let named = whisper.sound.as_ref().map(|name| &*name.0);
        let mut sounds: Vec<SoundId> = tone
            .into_iter()
            .chain(callback)
            .chain(named)
            .filter_map(|name| self.directory.sound(language, name))
            .collect();
        if whisper.waited {
            let waited = now.mono - contact.entered.unwrap_or(now.mono);
            sounds.extend(say::waited(&self.directory, language, waited));
        }
        sounds
    }

    /// He has heard it.
    pub(crate) fn murmured_out(&mut self, now: Now, id: ContactId, leg: LegId) {
        if let Some(ring) = self.contacts.get_mut(&id).and_then(|c| c.stage.ring_mut(leg)) {
            ring.murmur = Murmur::Over;
            self.try_bridge(now, id);
        }
    }
}
