use crate::ear::{audio_codec, rate_of};
use crate::graph::Side;
use crate::input::RecordingId;
use crate::limits::{
    FRAME, FRAME_OCTETS, FRAME_SAMPLES_MAX, RECORD_CHUNK, RECORD_EARLY, RECORD_HOLD, RECORD_JUMP, RECORD_LATE,
    RECORD_PAUSE, RECORD_WINDOW,
};
use crate::stream::CLOCK_RATE;
use audio::{Decoder, Downsampler, SampleRate, Upsampler};
use base::{Instant, Key};
use core::time::Duration;
use model::Codec;
use rtp::{Packet, Ssrc, Timestamp};

/// A piece of a recording.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chunk {
    pub recording: RecordingId,
    /// Its place, in frames since the beginning: a piece that was lost leaves a hole, not a shift.
    pub start: u64,
    /// Left and right samples in turn.
    pub frames: Vec<i16>,
}

/// Two channels on one time line.
///
/// Packets are decoded as they come and laid where their timestamps say; the arrival of the fastest packets ties each
/// stream's clock to ours. So loss is silence of the right length, a pause moves nothing, and two clocks that drift
/// apart are brought together again within [`RECORD_LATE`].
#[derive(Debug)]
pub(crate) struct Recorder {
    id: RecordingId,
    begun: Instant,
    rate: SampleRate,
    /// Interleaved; its first frame is `start`.
    window: Vec<i16>,
    start: u64,
    lines: Vec<Line>,
}

/// One voice on its way into the recording.
#[derive(Debug)]
struct Line {
    leg: Key,
    codec: Codec,
    decoder: Decoder,
    converter: Converter,
    anchor: Option<Anchor>,
}

#[derive(Debug)]
enum Converter {
    None,
    Up(Box<Upsampler>),
    Down(Box<Downsampler>),
}

/// Ties a stream's timestamps to the recording's time line.
#[derive(Debug, Clone, Copy)]
struct Anchor {
    ssrc: Ssrc,
    timestamp: Timestamp,
    /// Where that timestamp lies.
    frame: i64,
    heard: Instant,
    /// How far the fastest packet since `since` came behind its place.
    lag: i64,
    since: Instant,
}

impl Recorder {
    pub(crate) fn new(id: RecordingId, rate: SampleRate, now: Instant) -> Self {
        let window = vec![0; 2 * rate.samples(RECORD_WINDOW)];
        Recorder { id, begun: now, rate, window, start: 0, lines: Vec::new() }
    }

    pub(crate) fn id(&self) -> RecordingId {
        self.id
    }

    /// A packet of somebody's sound; `fresh` when its stream begins anew.
    pub(crate) fn handle_packet(
        &mut self,
        now: Instant,
        leg: Key,
        side: Side,
        codec: Codec,
        packet: &Packet<'_>,
        fresh: bool,
    ) {
        let index = self.line(leg, codec);
        // A packet of any length is laid where it ends when it comes, as one of 20 ms would be.
        let length = packet.payload().len() as i64 * self.frames_a_tick();
        let expected = self.place_of(now) + self.frames(FRAME) - length;
        let mut place = self.settle(index, now, packet, expected, fresh) - self.lines[index].delay();
        let mut samples = [0; FRAME_SAMPLES_MAX];
        for piece in packet.payload().chunks(FRAME_OCTETS) {
            let count = self.lines[index].decode(piece, &mut samples);
            self.lay(side, place, &samples[..count]);
            place += count as i64;
        }
    }

    /// A leg has left: another that comes in its place starts afresh.
    pub(crate) fn forget(&mut self, leg: Key) {
        self.lines.retain(|line| line.leg != leg);
    }

    /// What can no longer change, in pieces of [`RECORD_CHUNK`] and more.
    pub(crate) fn poll_chunk(&mut self, now: Instant) -> Option<Chunk> {
        let until = self.place_of(now) - self.frames(RECORD_HOLD);
        let ready = until - self.start as i64 >= self.frames(RECORD_CHUNK);
        ready.then(|| self.cut(until as u64))
    }

    /// Everything up to now; the recording's whole length in frames is where it ends.
    pub(crate) fn finish(mut self, now: Instant) -> (Chunk, u64) {
        let end = self.place_of(now).max(self.start as i64) as u64;
        (self.cut(end), end)
    }

    fn line(&mut self, leg: Key, codec: Codec) -> usize {
        let index = self.lines.iter().position(|line| line.leg == leg).unwrap_or_else(|| {
            self.lines.push(Line::new(leg, codec, self.rate));
            self.lines.len() - 1
        });
        let line = &mut self.lines[index];
        if line.codec != codec {
            let anchor = line.anchor;
            *line = Line { anchor, ..Line::new(leg, codec, self.rate) };
        }
        index
    }

    /// Where a packet's first sample belongs.
    fn settle(&mut self, index: usize, now: Instant, packet: &Packet<'_>, expected: i64, fresh: bool) -> i64 {
        let (early, late) = (self.frames(RECORD_EARLY), self.frames(RECORD_LATE));
        let (jump, pause) = (self.frames(RECORD_JUMP), self.frames(RECORD_PAUSE));
        let (ssrc, timestamp) = (packet.ssrc(), packet.timestamp());
        let anew = Anchor { ssrc, timestamp, frame: expected, heard: now, lag: i64::MAX, since: now };
        let anchor = match self.lines[index].anchor {
            Some(before) if before.ssrc == ssrc && !fresh => {
                let frame = before.frame + i64::from(timestamp.distance(before.timestamp)) * self.frames_a_tick();
                let lag = expected - frame;
                let paused = now - before.heard > RECORD_PAUSE;
                // Sooner than its place can be: the packets before were the slow ones. Far from it, or off it after a
                // pause: the sender's clock stood still or leapt.
                if lag < -early || lag > jump || paused && lag > pause {
                    anew
                } else {
                    let lag = before.lag.min(lag);
                    let drifted = now - before.since > DRIFT_WINDOW;
                    let shift = if drifted && lag > late { lag } else { 0 };
                    let (lag, since) = if drifted { (i64::MAX, now) } else { (lag, before.since) };
                    Anchor { timestamp, frame: frame + shift, heard: now, lag, since, ..before }
                }
            }
            Some(_) | None => anew,
        };
        self.lines[index].anchor = Some(anchor);
        anchor.frame
    }

    /// Adds samples to a channel; what lies before the window has been given away already.
    fn lay(&mut self, side: Side, place: i64, samples: &[i16]) {
        let offset = place - self.start as i64;
        let skipped = usize::try_from(-offset).unwrap_or(0);
        let first = usize::try_from(offset).unwrap_or(0);
        let channel = match side {
            Side::Left => 0,
            Side::Right => 1,
        };
        let window = self.window.chunks_exact_mut(2).skip(first);
        for (frame, sample) in window.zip(samples.get(skipped..).unwrap_or_default()) {
            frame[channel] = frame[channel].saturating_add(*sample);
        }
    }

    /// Takes everything before `until` out of the window.
    fn cut(&mut self, until: u64) -> Chunk {
        let start = self.start;
        let wanted = 2 * (until - start) as usize;
        let taken = wanted.min(self.window.len());
        let frames = self.window[..taken].to_vec();
        self.window.copy_within(taken.., 0);
        let kept = self.window.len() - taken;
        self.window[kept..].fill(0);
        self.start = until;
        Chunk { recording: self.id, start, frames }
    }

    /// The frame that is recorded at `now`.
    fn place_of(&self, now: Instant) -> i64 {
        let nanos = u128::from((now - self.begun).as_nanos() as u64);
        (nanos * u128::from(self.rate.hz()) / 1_000_000_000) as i64
    }

    fn frames_a_tick(&self) -> i64 {
        i64::from(self.rate.hz() / CLOCK_RATE)
    }

    fn frames(&self, duration: Duration) -> i64 {
        self.rate.samples(duration) as i64
    }
}

impl Line {
    fn new(leg: Key, codec: Codec, rate: SampleRate) -> Self {
        let converter = match (rate_of(codec), rate) {
            (SampleRate::Hz8000, SampleRate::Hz16000) => Converter::Up(Box::default()),
            (SampleRate::Hz16000, SampleRate::Hz8000) => Converter::Down(Box::default()),
            (SampleRate::Hz8000, SampleRate::Hz8000) | (SampleRate::Hz16000, SampleRate::Hz16000) => Converter::None,
        };
        Line { leg, codec, decoder: Decoder::new(audio_codec(codec)), converter, anchor: None }
    }

    /// Decodes up to a frame at the recording's rate.
    fn decode(&mut self, octets: &[u8], out: &mut [i16; FRAME_SAMPLES_MAX]) -> usize {
        let mut native = [0; FRAME_SAMPLES_MAX];
        match &mut self.converter {
            Converter::None => self.decoder.decode(octets, out),
            Converter::Up(up) => {
                let count = self.decoder.decode(octets, &mut native);
                up.process(&native[..count], out)
            }
            Converter::Down(down) => {
                let count = self.decoder.decode(octets, &mut native);
                down.process(&native[..count], out)
            }
        }
    }

    /// Frames by which codec and filter delay a sample, so that both channels can be laid where they were spoken.
    fn delay(&self) -> i64 {
        match (&self.converter, rate_of(self.codec)) {
            (Converter::None, SampleRate::Hz8000) => 0,
            (Converter::None, SampleRate::Hz16000) => G722_DELAY,
            (Converter::Up(_), _) => FILTER_DELAY,
            (Converter::Down(_), _) => (G722_DELAY + FILTER_DELAY) / 2,
        }
    }
}

/// How long the fastest packet is looked for before a stream's clock is put right.
const DRIFT_WINDOW: Duration = Duration::from_secs(2);

/// Samples at 16 kHz by which G.722's two filter banks, the sender's and ours, delay sound together (ITU-T G.722 §1.4).
const G722_DELAY: i64 = 22;

/// Samples at 16 kHz by which the resampling filters delay it: half of their 63 taps.
const FILTER_DELAY: i64 = 31;
