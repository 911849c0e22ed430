//! The speaking half of a call's stream: one packet every 20 ms. Sans-IO.

use std::collections::VecDeque;
use std::sync::Arc;

use base::Rng;
use rtp_rs::RtpPacketBuilder;

use super::codec::{alaw_encode, ulaw_encode};
use super::options::{Codec, DtmfMode};
use super::sdp::Agreed;
use super::tones::Sine;

/// Packets of 20 ms that a digit lasts: 160 ms, twice what ITU-T Q.24 asks of a receiver.
const DIGIT_FRAMES: u16 = 8;
/// Packets of silence after a digit.
const PAUSE_FRAMES: u16 = 5;
/// A comma: half a second.
const COMMA_FRAMES: u16 = 25;
/// RFC 4733 §2.5.1.4: the last packet of an event is sent three times.
const END_REPEATS: u16 = 3;

/// What is said when no digit is.
pub(crate) enum Voice {
    Silence,
    Tone(Sine),
    Samples { samples: Arc<Vec<i16>>, at: usize, repeat: bool },
}

impl Voice {
    fn next_sample(&mut self) -> i16 {
        match self {
            Self::Silence => 0,
            Self::Tone(sine) => sine.next_sample(),
            Self::Samples { samples, at, repeat } => {
                if *repeat && *at >= samples.len() {
                    *at = 0;
                }
                let sample = samples.get(*at).copied().unwrap_or(0);
                *at += 1;
                sample
            }
        }
    }
}

/// A key press under way.
enum Press {
    Event { digit: u8, frame: u16, timestamp: u32 },
    Tone { sine: Sine, frames: u16 },
    Pause { frames: u16 },
}

pub(crate) struct Sender {
    agreed: Agreed,
    dtmf: DtmfMode,
    g722: audio::G722Encoder,
    voice: Voice,
    /// Before the answer only silence is sent, to open the way.
    talking: bool,
    keys: VecDeque<char>,
    press: Option<Press>,
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    mark: bool,
    pub(crate) sent: u64,
    pub(crate) octets: u32,
}

impl Sender {
    pub(crate) fn new(agreed: Agreed, dtmf: DtmfMode, voice: Voice, rng: &mut Rng) -> Self {
        Self {
            agreed,
            dtmf,
            g722: audio::G722Encoder::default(),
            voice,
            talking: false,
            keys: VecDeque::new(),
            press: None,
            ssrc: rng.next_u32(),
            sequence: rng.next_u32() as u16,
            timestamp: rng.next_u32(),
            mark: true,
            sent: 0,
            octets: 0,
        }
    }

    pub(crate) fn agree(&mut self, agreed: Agreed, talking: bool) {
        // RFC 3551 §4.1: the marker bit tells where sound begins after silence.
        self.mark |= talking && !self.talking;
        self.agreed = agreed;
        self.talking = talking;
    }

    pub(crate) fn set_voice(&mut self, voice: Voice) {
        self.voice = voice;
    }

    pub(crate) fn ssrc(&self) -> u32 {
        self.ssrc
    }

    pub(crate) fn timestamp(&self) -> u32 {
        self.timestamp
    }

    pub(crate) fn press_keys(&mut self, keys: &str) {
        self.keys.extend(keys.chars());
    }

    pub(crate) fn is_pressing(&self) -> bool {
        self.press.is_some() || !self.keys.is_empty()
    }

    /// What is due this 20 ms; empty while the agreed direction forbids sending.
    pub(crate) fn next_packets(&mut self) -> Vec<Vec<u8>> {
        if self.press.is_none() && self.talking {
            self.press = self.keys.pop_front().and_then(|key| self.begin(key));
        }
        let packets = if self.agreed.direction.send { self.packets() } else { Vec::new() };
        // RFC 3551 §4.5.2: every codec here counts 8000 a second.
        self.timestamp = self.timestamp.wrapping_add(160);
        packets
    }

    fn begin(&mut self, key: char) -> Option<Press> {
        if key == ',' {
            return Some(Press::Pause { frames: COMMA_FRAMES });
        }
        let digit = "0123456789*#ABCD".find(key)? as u8;
        match (self.dtmf, self.agreed.event_type) {
            (DtmfMode::Rfc4733, Some(_)) => Some(Press::Event { digit, frame: 0, timestamp: self.timestamp }),
            // A far side without telephone-event gets tones, which is what is left (RFC 4733 §1.2).
            _ => Some(Press::Tone { sine: Sine::digit(key, self.agreed.codec.sample_rate())?, frames: DIGIT_FRAMES }),
        }
    }

    fn packets(&mut self) -> Vec<Vec<u8>> {
        match self.press.take() {
            Some(Press::Event { digit, frame, timestamp }) => self.event(digit, frame, timestamp),
            Some(Press::Tone { mut sine, frames }) => {
                let packet = self.sound(|| sine.next_sample());
                self.press = Some(if frames > 1 {
                    Press::Tone { sine, frames: frames - 1 }
                } else {
                    Press::Pause { frames: PAUSE_FRAMES }
                });
                vec![packet]
            }
            Some(Press::Pause { frames }) => {
                self.press = (frames > 1).then_some(Press::Pause { frames: frames - 1 });
                vec![self.sound(|| 0)]
            }
            None => {
                let mut voice =
                    if self.talking { std::mem::replace(&mut self.voice, Voice::Silence) } else { Voice::Silence };
                let packet = self.sound(|| voice.next_sample());
                if self.talking {
                    self.voice = voice;
                }
                vec![packet]
            }
        }
    }

    fn event(&mut self, digit: u8, frame: u16, timestamp: u32) -> Vec<Vec<u8>> {
        let last = frame + 1 >= DIGIT_FRAMES;
        let duration = ((frame + 1) * 160).to_be_bytes();
        // Volume −10 dBm0 in the low six bits, the end bit above them.
        let payload = [digit, 10 | if last { 0x80 } else { 0 }, duration[0], duration[1]];
        let kind = self.agreed.event_type.unwrap_or(101);
        let repeats = if last { END_REPEATS } else { 1 };
        self.press = Some(if last {
            Press::Pause { frames: PAUSE_FRAMES }
        } else {
            Press::Event { digit, frame: frame + 1, timestamp }
        });
        self.mark = frame == 0;
        (0..repeats).map(|_| self.build(kind, timestamp, &payload)).collect()
    }

    fn sound(&mut self, mut next: impl FnMut() -> i16) -> Vec<u8> {
        let count = self.agreed.codec.sample_rate() as usize / 50;
        let samples: Vec<i16> = (0..count).map(|_| next()).collect();
        let payload = match self.agreed.codec {
            Codec::Pcmu => samples.into_iter().map(ulaw_encode).collect(),
            Codec::Pcma => samples.into_iter().map(alaw_encode).collect(),
            Codec::G722 => {
                let mut payload = vec![0; count / 2];
                self.g722.encode(&samples, &mut payload);
                payload
            }
        };
        self.build(self.agreed.payload_type, self.timestamp, &payload)
    }

    fn build(&mut self, kind: u8, timestamp: u32, payload: &[u8]) -> Vec<u8> {
        let packet = RtpPacketBuilder::new()
            .payload_type(kind)
            .marked(std::mem::take(&mut self.mark))
            .ssrc(self.ssrc)
            .sequence(self.sequence.into())
            .timestamp(timestamp)
            .payload(payload)
            .build()
            .expect("a packet without padding and extension always builds");
        self.sequence = self.sequence.wrapping_add(1);
        self.sent += 1;
        self.octets = self.octets.wrapping_add(payload.len() as u32);
        packet
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::receiver::{Heard, Receiver};
    use crate::phone::sdp::Direction;
    use crate::phone::tones::{DigitEar, Ear};
    use std::time::Instant;

    fn agreed(codec: Codec, event_type: Option<u8>) -> Agreed {
        let payload_type = match codec {
            Codec::Pcmu => 0,
            Codec::Pcma => 8,
            Codec::G722 => 9,
        };
        let remote = "127.0.0.1:4000".parse().expect("an address");
        Agreed { remote, codec, payload_type, event_type, direction: Direction::BOTH }
    }

    /// Sends `frames` packets' time into a receiver; digits by event and the samples heard.
    fn talk(sender: &mut Sender, agreed: Agreed, frames: usize) -> (String, Vec<i16>) {
        let mut receiver = Receiver::new(agreed);
        let mut digits = String::new();
        for _ in 0..frames {
            for packet in sender.next_packets() {
                if let Heard::Digit(digit) = receiver.handle_packet(Instant::now(), &packet, true) {
                    digits.push(digit);
                }
            }
        }
        assert_eq!(receiver.lost(), 0);
        (digits, receiver.take_ready(true))
    }

    #[test]
    fn a_tone_arrives_with_its_pitch_in_every_codec() {
        for codec in [Codec::Pcmu, Codec::Pcma, Codec::G722] {
            let agreed = agreed(codec, None);
            let voice = Voice::Tone(Sine::tone(440.0, codec.sample_rate()));
            let mut sender = Sender::new(agreed, DtmfMode::Rfc4733, voice, &mut Rng::new(1));
            sender.agree(agreed, true);
            let (_, samples) = talk(&mut sender, agreed, 100);
            let mut ear = Ear::new(codec.sample_rate());
            ear.handle(&samples);
            let tone = ear.tones().first().cloned().expect("a tone");
            assert!((tone.hz - 440.0).abs() < 2.0 && (tone.level_db + 16.0).abs() < 1.0, "{codec:?} {tone:?}");
        }
    }

    #[test]
    fn keys_travel_as_events_where_agreed_and_as_tones_elsewhere() {
        let with_events = agreed(Codec::Pcma, Some(96));
        let mut sender = Sender::new(with_events, DtmfMode::Rfc4733, Voice::Silence, &mut Rng::new(2));
        sender.agree(with_events, true);
        sender.press_keys("10*#D,1");
        assert_eq!(talk(&mut sender, with_events, 150).0, "10*#D1");
        assert!(!sender.is_pressing());

        let without = agreed(Codec::Pcma, None);
        let mut sender = Sender::new(without, DtmfMode::Rfc4733, Voice::Silence, &mut Rng::new(2));
        sender.agree(without, true);
        sender.press_keys("10*#D,1");
        let (events, samples) = talk(&mut sender, without, 150);
        assert_eq!(events, "");
        assert_eq!(DigitEar::new(8_000).handle(&samples), "10*#D1".chars().collect::<Vec<_>>());
    }

    #[test]
    fn nothing_is_said_before_the_answer_and_nothing_sent_on_hold() {
        let mut agreed = agreed(Codec::Pcmu, None);
        let mut sender = Sender::new(agreed, DtmfMode::Inband, Voice::Tone(Sine::tone(440.0, 8_000)), &mut Rng::new(3));
        assert!(talk(&mut sender, agreed, 10).1.iter().all(|&sample| sample == 0));
        agreed.direction.send = false;
        sender.agree(agreed, true);
        assert_eq!(sender.next_packets(), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn a_file_ends_or_begins_again() {
        let samples = Arc::new(vec![1, 2, 3]);
        let mut once = Voice::Samples { samples: samples.clone(), at: 0, repeat: false };
        let mut again = Voice::Samples { samples, at: 0, repeat: true };
        let said = |voice: &mut Voice| (0..5).map(|_| voice.next_sample()).collect::<Vec<_>>();
        assert_eq!(said(&mut once), [1, 2, 3, 0, 0]);
        assert_eq!(said(&mut again), [1, 2, 3, 1, 2]);
    }
}
