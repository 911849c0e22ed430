use crate::limits::{FRAME_OCTETS, OCTETS_PER_MS};
use core::time::Duration;
use model::{Codec, SoundId};
use std::sync::Arc;

/// A sound ready to be sent, once for each codec: whole frames, eight octets a millisecond in all of them.
///
/// Cheap to clone: callers who hear the same music share its octets.
#[derive(Clone, Debug, Default)]
pub struct Sound {
    pcmu: Arc<[u8]>,
    pcma: Option<Arc<[u8]>>,
    g722: Option<Arc<[u8]>>,
}

impl Sound {
    /// PCMU is always there: what has no other form is made from it while it plays. Rounded up to whole frames.
    pub fn new(pcmu: Vec<u8>) -> Self {
        Sound { pcmu: whole_frames(pcmu, PCMU_SILENCE), pcma: None, g722: None }
    }

    /// Adds another codec's form of the same sound.
    pub fn with(mut self, codec: Codec, octets: Vec<u8>) -> Self {
        match codec {
            Codec::Pcmu => self.pcmu = whole_frames(octets, PCMU_SILENCE),
            Codec::Pcma => self.pcma = Some(whole_frames(octets, PCMA_SILENCE)),
            Codec::G722 => self.g722 = Some(whole_frames(octets, G722_SILENCE)),
        }
        self
    }

    pub fn duration(&self) -> Duration {
        Duration::from_millis((self.pcmu.len() / OCTETS_PER_MS) as u64)
    }

    /// Whether it can be sent in this codec as it is.
    pub fn has(&self, codec: Codec) -> bool {
        self.octets(codec).is_some()
    }

    /// `None`: there is no such form.
    pub(crate) fn octets(&self, codec: Codec) -> Option<&[u8]> {
        match codec {
            Codec::Pcmu => Some(&self.pcmu),
            Codec::Pcma => self.pcma.as_deref(),
            Codec::G722 => self.g722.as_deref(),
        }
    }
}

/// Every sound there is, by [`SoundId`]. A reload makes a longer one; an id keeps its meaning.
#[derive(Clone, Debug, Default)]
pub struct SoundLibrary {
    sounds: Vec<Sound>,
}

impl SoundLibrary {
    pub fn new() -> Self {
        SoundLibrary::default()
    }

    pub fn add(&mut self, sound: Sound) -> SoundId {
        self.sounds.push(sound);
        SoundId(self.sounds.len() as u32 - 1)
    }

    /// Puts a sound where an id points to, in the place of what was there.
    pub fn insert(&mut self, id: SoundId, sound: Sound) {
        if self.sounds.len() <= id.index() {
            self.sounds.resize_with(id.index() + 1, Sound::default);
        }
        self.sounds[id.index()] = sound;
    }

    pub fn sound(&self, id: SoundId) -> Option<&Sound> {
        self.sounds.get(id.index())
    }

    pub fn len(&self) -> usize {
        self.sounds.len()
    }

    pub fn is_empty(&self) -> bool {
        self.sounds.is_empty()
    }
}

/// G.711 silence: the smallest positive value of each law (ITU-T G.711 tables 1a and 2a).
const PCMU_SILENCE: u8 = 0xff;
const PCMA_SILENCE: u8 = 0xd5;
/// ITU-T G.722: small positive differences in both bands, which a decoder fades to nothing.
const G722_SILENCE: u8 = 0xfa;

fn whole_frames(mut octets: Vec<u8>, silence: u8) -> Arc<[u8]> {
    octets.resize(octets.len().next_multiple_of(FRAME_OCTETS), silence);
    octets.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sounds_are_whole_frames_in_every_form() {
        let sound = Sound::new(vec![1; 161]).with(Codec::Pcma, vec![2; 161]);
        assert_eq!(sound.duration(), Duration::from_millis(40));
        assert_eq!(sound.octets(Codec::Pcmu).map(|o| (o.len(), o[160], o[161])), Some((320, 1, PCMU_SILENCE)));
        assert_eq!(sound.octets(Codec::Pcma).map(|o| o[319]), Some(PCMA_SILENCE));
        assert_eq!(sound.octets(Codec::G722), None);
    }

    #[test]
    fn an_id_keeps_its_sound() {
        let mut library = SoundLibrary::new();
        let (a, b) = (library.add(Sound::new(vec![0; 160])), library.add(Sound::new(vec![0; 320])));
        library.insert(a, Sound::new(vec![0; 480]));
        assert_eq!(library.sound(a).map(Sound::duration), Some(Duration::from_millis(60)));
        assert_eq!(library.sound(b).map(Sound::duration), Some(Duration::from_millis(40)));
        assert!(library.sound(SoundId(2)).is_none());
        library.insert(SoundId(5), Sound::new(vec![0; 160]));
        assert_eq!(library.sound(SoundId(3)).map(Sound::duration), Some(Duration::ZERO), "a place without a sound");
        assert_eq!(library.len(), 6);
    }
}
