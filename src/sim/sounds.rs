use crate::limits::{SOUND_LOWEST, SOUNDS};
use audio::g711;
use core::f64::consts::TAU;
use core::time::Duration;
use media::{Sound, SoundLibrary};
use model::{Language, SoundId, SoundName};
use std::collections::HashMap;

/// Sounds a story may want to tell apart by ear, each a pure tone of its own. What is not listed here (words of
/// numbers, the other languages) shares one more tone.
const NAMED: [&str; 27] = [
    "music/default",
    "tones/ringback",
    "tones/beep",
    "announcements/sorry",
    "announcements/closed",
    "announcements/no-agents",
    "announcements/welcome",
    "announcements/record-notice",
    "announcements/please-hold",
    "announcements/invalid-number",
    "announcements/not-allowed",
    "queue/your-position",
    "queue/you-are-first",
    "queue/thank-you-for-holding",
    "agent/enter-agent-id",
    "agent/enter-pin",
    "agent/signed-on",
    "agent/invalid",
    "agent/listening",
    "agent/whispering",
    "agent/barging",
    "agent/taken-over",
    "agent/ready",
    "agent/not-ready",
    "queue/long-wait",
    "voicemail/leave-message",
    "voicemail/saved",
];

const SHARED: [&str; 12] = [
    "queue/in-line",
    "queue/minute",
    "queue/minutes",
    "queue/more-than-ten-minutes",
    "queue/wait-less-than",
    "agent/signed-off",
    "agent/no-such-agent",
    "agent/not-signed-on",
    "agent/not-allowed",
    "agent/agent-not-in-call",
    "announcements/goodbye",
    "digits/hundred",
];

/// How long a prompt of the world is.
pub const PROMPT: Duration = Duration::from_secs(2);

/// How long a word of a number is.
pub const WORD: Duration = Duration::from_millis(500);

/// Names for the configuration, sounds for the media workers, tones for the ear.
#[derive(Debug, Default)]
pub(crate) struct Sounds {
    pub(crate) names: HashMap<(Language, SoundName), SoundId>,
    pub(crate) library: SoundLibrary,
    tones: HashMap<&'static str, u16>,
}

impl Sounds {
    pub(crate) fn new() -> Self {
        let mut sounds = Sounds::default();
        for (n, name) in NAMED.into_iter().enumerate() {
            let tone = SOUND_LOWEST + 50 * (n as u16).min(SOUNDS - 1);
            sounds.tones.insert(name, tone);
            sounds.add(name, tone, if name.starts_with("music/") { 5 * PROMPT } else { PROMPT });
        }
        let shared = SOUND_LOWEST + 50 * SOUNDS;
        for name in SHARED {
            sounds.add(name, shared, WORD);
        }
        for number in (0..=20).chain((30..=90).step_by(10)) {
            sounds.add(&format!("digits/{number}"), shared, WORD);
        }
        sounds
    }

    /// The tone a sound is made of; panics on a name that shares its tone with others.
    pub(crate) fn tone(&self, name: &str) -> u16 {
        *self.tones.get(name).unwrap_or_else(|| panic!("sound {name} has no tone of its own"))
    }

    fn add(&mut self, name: &str, hertz: u16, length: Duration) {
        let id = self.library.add(Sound::new(tone(hertz, length)));
        self.names.insert((Language::English, SoundName(name.into())), id);
    }
}

/// A sine in PCMU, loud enough to be found under anything.
fn tone(hertz: u16, length: Duration) -> Vec<u8> {
    let samples = length.as_millis() as usize * 8;
    let pcm: Vec<i16> = (0..samples).map(|n| sine(hertz, 8000, n)).collect();
    let mut octets = vec![0; samples];
    g711::encode_ulaw(&pcm, &mut octets);
    octets
}

/// Sample `n` of a tone, 10 dB below full scale.
pub(crate) fn sine(hertz: u16, rate: u32, n: usize) -> i16 {
    let phase = (n as f64) * f64::from(hertz) / f64::from(rate);
    ((phase.fract() * TAU).sin() * 10_000.0) as i16
}
