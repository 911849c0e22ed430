use crate::limits::{SOUND_LOWEST, SOUNDS, VOICE_LOWEST};
use audio::Decoder;
use base::Instant;
use core::f64::consts::TAU;
use model::Codec;
use rtp::Packet;

/// What a phone hears: which tones, from when on.
#[derive(Debug, Default)]
pub struct Ear {
    decoder: Option<(Codec, Decoder)>,
    /// Every change of what is heard; an empty list is silence.
    changes: Vec<(Instant, Vec<u16>)>,
    last: Option<Instant>,
    packets: u64,
    last_payload: Vec<u8>,
    /// Key events that came through, one entry a press.
    keys: Vec<char>,
    last_event: Option<u32>,
}

impl Ear {
    /// The tones in the last packet.
    pub fn hears(&self) -> &[u16] {
        self.changes.last().map_or(&[], |(_, tones)| tones)
    }

    /// When this tone was heard first at or after `since`; now, when it sounds already.
    pub fn heard_from(&self, tone: u16, since: Instant) -> Option<Instant> {
        let at = self.changes.partition_point(|(at, _)| *at <= since);
        if at > 0 && self.changes[at - 1].1.contains(&tone) {
            return Some(since);
        }
        self.changes[at..].iter().find(|(_, tones)| tones.contains(&tone)).map(|(at, _)| *at)
    }

    /// Every change of what is heard, with its time.
    pub fn changes(&self) -> &[(Instant, Vec<u16>)] {
        &self.changes
    }

    /// Packets of sound received.
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// When the last packet came.
    pub fn last_packet(&self) -> Option<Instant> {
        self.last
    }

    /// Keys the far side pressed.
    pub fn keys(&self) -> &[char] {
        &self.keys
    }

    pub(crate) fn handle_audio(&mut self, now: Instant, codec: Codec, payload: &[u8]) {
        self.packets += 1;
        self.last = Some(now);
        // Tones of whole waves a frame make the same G.711 packet again and again.
        if codec != Codec::G722 && payload == self.last_payload {
            return;
        }
        self.last_payload.clear();
        self.last_payload.extend_from_slice(payload);
        let decoder = match &mut self.decoder {
            Some((known, decoder)) if *known == codec => decoder,
            place => &mut place.insert((codec, Decoder::new(audio_codec(codec)))).1,
        };
        let mut pcm = [0; 1920];
        let samples = decoder.decode(payload, &mut pcm);
        let tones = tones_in(&pcm[..samples], codec.sample_rate());
        if self.changes.last().is_none_or(|(_, known)| *known != tones) {
            self.changes.push((now, tones));
        }
    }

    pub(crate) fn handle_event(&mut self, packet: &Packet<'_>) {
        let Ok(mut reports) = rtp::EventReport::parse_payload(packet.payload()) else { return };
        let Some(report) = reports.next() else { return };
        if self.last_event != Some(packet.timestamp().0) {
            self.last_event = Some(packet.timestamp().0);
            self.keys.extend(rtp::Key::from_event(report.event).map(|key| key.as_char()));
        }
    }
}

pub(crate) const fn audio_codec(codec: Codec) -> audio::Codec {
    match codec {
        Codec::Pcmu => audio::Codec::Pcmu,
        Codec::Pcma => audio::Codec::Pcma,
        Codec::G722 => audio::Codec::G722,
    }
}

/// Every tone of the world's grid that holds a tenth of the sound's power or more.
pub(crate) fn tones_in(pcm: &[i16], rate: u32) -> Vec<u16> {
    let power: f64 = pcm.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / pcm.len().max(1) as f64;
    // -46 dB: quieter is silence.
    if power < 150.0 * 150.0 {
        return Vec::new();
    }
    let grid = (VOICE_LOWEST..=SOUND_LOWEST + 50 * SOUNDS).step_by(50);
    grid.filter(|tone| tone_power(pcm, rate, *tone) > power / 10.0).collect()
}

/// Goertzel's algorithm: the power of one frequency.
fn tone_power(pcm: &[i16], rate: u32, hertz: u16) -> f64 {
    let turn = 2.0 * (TAU * f64::from(hertz) / f64::from(rate)).cos();
    let (mut a, mut b) = (0.0, 0.0);
    for sample in pcm {
        (a, b) = (f64::from(*sample) + turn * a - b, a);
    }
    let energy = a * a + b * b - turn * a * b;
    2.0 * energy / (pcm.len() as f64).powi(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sounds::sine;

    #[test]
    fn two_voices_at_once_are_told_apart() {
        let mix: Vec<i16> = (0..160).map(|n| sine(400, 8000, n) / 2 + sine(450, 8000, n) / 2).collect();
        assert_eq!(tones_in(&mix, 8000), [400, 450]);
        assert_eq!(tones_in(&[0; 160], 8000), []);
    }

    #[test]
    fn every_tone_of_the_grid_is_found_alone() {
        for tone in (VOICE_LOWEST..=SOUND_LOWEST + 50 * SOUNDS).step_by(50) {
            let pcm: Vec<i16> = (0..160).map(|n| sine(tone, 8000, n)).collect();
            assert_eq!(tones_in(&pcm, 8000), [tone]);
        }
    }
}
