//! The listening half of a call's stream: RTP packets in, samples in their right places out. Sans-IO.

use std::time::{Duration, Instant};

use rtp_rs::RtpReader;

use super::codec::{alaw_decode, ulaw_decode};
use super::event::PacketCount;
use super::limits::{GAP_SECONDS_MAX, REORDER_SAMPLES};
use super::options::Codec;
use super::sdp::Agreed;

/// What a packet amounted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Sound,
    /// The first packet of a key press that was not known yet.
    Digit(char),
    Nothing,
}

pub(crate) struct Receiver {
    agreed: Agreed,
    g722: audio::G722Decoder,
    stream: Option<Stream>,
    /// Samples whose place is known and for which late packets are still awaited.
    pending: Vec<Option<i16>>,
    /// Samples that left `pending`.
    ready: Vec<i16>,
    pub(crate) count: PacketCount,
    /// Expected by the streams that ended.
    expected_before: u64,
    received_before: u64,
    pub(crate) gap_max: Duration,
    last_arrival: Option<Instant>,
    last_event: Option<u32>,
}

/// One synchronisation source.
struct Stream {
    ssrc: u32,
    first_sequence: u64,
    highest_sequence: u64,
    received: u64,
    /// RTP timestamp of `pending[0]`, in samples.
    base: u32,
    jitter: f64,
    last_transit: Option<f64>,
    started: Instant,
}

impl Receiver {
    pub(crate) fn new(agreed: Agreed) -> Self {
        Self {
            agreed,
            g722: audio::G722Decoder::default(),
            stream: None,
            pending: Vec::new(),
            ready: Vec::new(),
            count: PacketCount::default(),
            expected_before: 0,
            received_before: 0,
            gap_max: Duration::ZERO,
            last_arrival: None,
            last_event: None,
        }
    }

    pub(crate) fn agree(&mut self, agreed: Agreed) {
        self.agreed = agreed;
    }

    pub(crate) fn rate(&self) -> u32 {
        self.agreed.codec.sample_rate()
    }

    /// Source and highest sequence number, for a receiver report.
    pub(crate) fn source(&self) -> Option<(u32, u32)> {
        self.stream.as_ref().map(|stream| (stream.ssrc, stream.highest_sequence as u32))
    }

    pub(crate) fn lost(&self) -> u64 {
        let (expected, received) = match &self.stream {
            Some(stream) => (stream.highest_sequence - stream.first_sequence + 1, stream.received),
            None => (0, 0),
        };
        (self.expected_before + expected).saturating_sub(self.received_before + received)
    }

    /// RFC 3550 §6.4.1, in units of the RTP clock.
    pub(crate) fn jitter(&self) -> f64 {
        self.stream.as_ref().map_or(0.0, |stream| stream.jitter)
    }

    pub(crate) fn handle_packet(&mut self, now: Instant, bytes: &[u8], from_peer: bool) -> Heard {
        let Ok(packet) = RtpReader::new(bytes) else { return Heard::Nothing };
        if self.agreed.payload_type != packet.payload_type() && self.agreed.event_type != Some(packet.payload_type()) {
            return Heard::Nothing;
        }
        self.count.received += 1;
        self.count.strangers += u64::from(!from_peer);
        let pause = self.last_arrival.replace(now).map_or(Duration::ZERO, |last| now.saturating_duration_since(last));
        self.gap_max = self.gap_max.max(pause);
        let sequence = u16::from(packet.sequence_number());
        self.note_arrival(now, packet.ssrc(), sequence, packet.timestamp());
        if self.agreed.event_type == Some(packet.payload_type()) {
            return self.event(packet.timestamp(), packet.payload());
        }
        self.place(packet.timestamp(), packet.payload(), pause);
        Heard::Sound
    }

    /// Samples that no packet can change any more; with `all`, everything that is left.
    pub(crate) fn take_ready(&mut self, all: bool) -> Vec<i16> {
        let keep = if all { 0 } else { REORDER_SAMPLES };
        let count = self.pending.len().saturating_sub(keep);
        if let Some(stream) = &mut self.stream {
            stream.base = stream.base.wrapping_add(count as u32);
        }
        self.ready.extend(self.pending.drain(..count).map(|sample| sample.unwrap_or(0)));
        std::mem::take(&mut self.ready)
    }

    fn note_arrival(&mut self, now: Instant, ssrc: u32, sequence: u16, timestamp: u32) {
        let scale = self.rate() / 8_000;
        if self.stream.as_ref().is_none_or(|stream| stream.ssrc != ssrc || stream.is_far(sequence)) {
            self.begin_stream(now, ssrc, sequence, timestamp.wrapping_mul(scale));
        }
        let Some(stream) = &mut self.stream else { return };
        stream.received += 1;
        let extended = stream.extend(sequence);
        if extended > stream.highest_sequence {
            stream.highest_sequence = extended;
        }
        // RFC 3550 appendix A.8, with the arrival in units of the 8 kHz clock.
        let arrival = now.duration_since(stream.started).as_secs_f64() * 8_000.0;
        let transit = arrival - f64::from(timestamp);
        if let Some(last) = stream.last_transit.replace(transit) {
            let difference = (transit - last).abs();
            // A step of the sender's clock is no jitter.
            if difference < 8_000.0 {
                stream.jitter += (difference - stream.jitter) / 16.0;
            }
        }
    }

    fn begin_stream(&mut self, now: Instant, ssrc: u32, sequence: u16, base: u32) {
        if let Some(old) = self.stream.take() {
            self.expected_before += old.highest_sequence - old.first_sequence + 1;
            self.received_before += old.received;
            self.ready.extend(self.pending.drain(..).map(|sample| sample.unwrap_or(0)));
        }
        // One round above zero, so that a packet from before the first one has a number too.
        let first = u64::from(sequence) + 65_536;
        self.stream = Some(Stream {
            ssrc,
            first_sequence: first,
            highest_sequence: first,
            received: 0,
            base,
            jitter: 0.0,
            last_transit: None,
            started: now,
        });
    }

    fn place(&mut self, timestamp: u32, payload: &[u8], pause: Duration) {
        let samples: Vec<i16> = match self.agreed.codec {
            Codec::Pcmu => payload.iter().map(|&code| ulaw_decode(code)).collect(),
            Codec::Pcma => payload.iter().map(|&code| alaw_decode(code)).collect(),
            Codec::G722 => {
                let mut samples = vec![0; payload.len() * 2];
                self.g722.decode(payload, &mut samples);
                samples
            }
        };
        let scale = self.rate() / 8_000;
        let Some(stream) = &mut self.stream else { return };
        // The distance is signed: half the clock's range is the past.
        let offset = timestamp.wrapping_mul(scale).wrapping_sub(stream.base) as i32;
        if offset < 0 {
            self.count.late += 1;
            return;
        }
        let offset = offset as usize;
        // A pause leaves a gap of its own length; a clock that ran further than that, and a second, has jumped.
        let plausible = (1.0 + 1.5 * pause.as_secs_f64()).min(f64::from(GAP_SECONDS_MAX))
            * f64::from(self.agreed.codec.sample_rate());
        if offset > self.pending.len() + plausible as usize {
            // What comes after a jump goes on where we are.
            stream.base = timestamp.wrapping_mul(scale).wrapping_sub(self.pending.len() as u32);
            self.pending.extend(samples.into_iter().map(Some));
            return;
        }
        if self.pending.len() < offset + samples.len() {
            self.pending.resize(offset + samples.len(), None);
        }
        for (slot, sample) in self.pending[offset..].iter_mut().zip(samples) {
            *slot = Some(sample);
        }
    }

    /// RFC 4733 §2.5: every packet of one event has the same timestamp, so a new timestamp is a new press.
    fn event(&mut self, timestamp: u32, payload: &[u8]) -> Heard {
        let &[code, ..] = payload else { return Heard::Nothing };
        let Some(digit) = "0123456789*#ABCD".chars().nth(usize::from(code)) else { return Heard::Nothing };
        if payload.len() < 4 || self.last_event == Some(timestamp) {
            return Heard::Nothing;
        }
        self.last_event = Some(timestamp);
        Heard::Digit(digit)
    }
}

impl Stream {
    /// The sequence number with its count of rounds, nearest to the highest seen.
    fn extend(&self, sequence: u16) -> u64 {
        let difference = sequence.wrapping_sub(self.highest_sequence as u16) as i16;
        self.highest_sequence.saturating_add_signed(i64::from(difference))
    }

    /// RFC 3550 appendix A.1: a jump by more than MAX_DROPOUT is a new start.
    fn is_far(&self, sequence: u16) -> bool {
        (sequence.wrapping_sub(self.highest_sequence as u16) as i16).unsigned_abs() > 3_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::codec::ulaw_encode;
    use crate::phone::sdp::Direction;
    use rtp_rs::RtpPacketBuilder;

    fn receiver() -> Receiver {
        Receiver::new(Agreed {
            remote: "127.0.0.1:4000".parse().expect("an address"),
            codec: Codec::Pcmu,
            payload_type: 0,
            event_type: Some(101),
            direction: Direction::BOTH,
        })
    }

    fn packet(kind: u8, sequence: u16, timestamp: u32, payload: &[u8]) -> Vec<u8> {
        let builder = RtpPacketBuilder::new().payload_type(kind).ssrc(7).sequence(sequence.into());
        builder.timestamp(timestamp).payload(payload).build().expect("builds")
    }

    fn frame(value: i16) -> Vec<u8> {
        vec![ulaw_encode(value); 160]
    }

    #[test]
    fn reordered_packets_find_their_place_and_lost_ones_are_silence() {
        let mut receiver = receiver();
        let now = Instant::now();
        for (sequence, value) in [(65_535u16, 1_000), (1, 3_000), (0, 2_000), (3, 4_000)] {
            let timestamp = 4_294_967_200u32.wrapping_add(u32::from(sequence.wrapping_add(1)) * 160);
            assert_eq!(receiver.handle_packet(now, &packet(0, sequence, timestamp, &frame(value)), true), Heard::Sound);
        }
        let heard = receiver.take_ready(true);
        let near = |at: usize, value: i16| (i32::from(heard[at]) - i32::from(value)).abs() <= 128;
        assert_eq!(heard.len(), 5 * 160);
        assert!(near(0, 1_000) && near(160, 2_000) && near(320, 3_000) && near(480, 0) && near(640, 4_000));
        assert_eq!((receiver.lost(), receiver.count.received, receiver.count.late), (1, 4, 0));
    }

    #[test]
    fn a_packet_behind_the_played_sound_is_late() {
        let mut receiver = receiver();
        let now = Instant::now();
        for sequence in 0..20u16 {
            receiver.handle_packet(now, &packet(0, sequence, u32::from(sequence) * 160, &frame(5)), true);
        }
        assert_eq!(receiver.take_ready(false).len(), 20 * 160 - REORDER_SAMPLES);
        receiver.handle_packet(now, &packet(0, 2, 320, &frame(5)), true);
        assert_eq!(receiver.count.late, 1);
    }

    #[test]
    fn one_press_of_many_packets_is_one_digit() {
        let mut receiver = receiver();
        let now = Instant::now();
        let press = |receiver: &mut Receiver, sequence: u16, timestamp: u32, end: u8| {
            receiver.handle_packet(now, &packet(101, sequence, timestamp, &[5, end | 10, 0, 160]), true)
        };
        assert_eq!(press(&mut receiver, 1, 800, 0), Heard::Digit('5'));
        assert_eq!(press(&mut receiver, 2, 800, 0), Heard::Nothing);
        assert_eq!(press(&mut receiver, 3, 800, 0x80), Heard::Nothing);
        assert_eq!(press(&mut receiver, 4, 2_000, 0x80), Heard::Digit('5'), "only its last packet came");
    }

    #[test]
    fn a_new_source_or_a_jump_goes_on_without_false_loss() {
        let mut receiver = receiver();
        let now = Instant::now();
        receiver.handle_packet(now, &packet(0, 10, 0, &frame(5)), true);
        receiver.handle_packet(now, &packet(0, 11, 160, &frame(5)), true);
        receiver.handle_packet(now, &packet(0, 40_000, 900_000, &frame(5)), true);
        receiver.handle_packet(now, &packet(0, 40_001, 900_160, &frame(5)), false);
        assert_eq!(receiver.lost(), 0);
        assert_eq!(receiver.count.strangers, 1);
        assert_eq!(receiver.take_ready(true).len(), 4 * 160);
    }

    #[test]
    fn rubbish_is_ignored() {
        let mut receiver = receiver();
        for bytes in [&[][..], &[0x80], &[0x00; 12], &[0xff; 40]] {
            assert_eq!(receiver.handle_packet(Instant::now(), bytes, true), Heard::Nothing);
        }
        assert_eq!(receiver.count, PacketCount::default());
    }
}
