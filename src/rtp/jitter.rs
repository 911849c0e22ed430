use crate::delay::DelayEstimate;
use crate::limits::{CLOCK_JUMP, CONCEALMENT_MAX, JITTER_DEPTH_MAX, JITTER_PAYLOAD_MAX, JITTER_RING};
use crate::{Packet, PayloadType, Ssrc};
use base::Instant;
use core::time::Duration;

/// Ticks, and octets, a second.
const RATE: u64 = 8000;

/// How long audio is held back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct JitterConfig {
    /// Until the network has been seen.
    pub initial: Duration,
    pub min: Duration,
    pub max: Duration,
}

impl Default for JitterConfig {
    fn default() -> Self {
        let ms = Duration::from_millis;
        JitterConfig { initial: ms(60), min: ms(40), max: ms(240) }
    }
}

/// What became of a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Queued {
    Stored,
    /// Its time has passed.
    Late,
    Duplicate,
    /// Far off the stream's clock: dropped unless the next one confirms it.
    Suspect,
    /// Empty, or longer than any audio packet.
    BadLength,
}

/// What there is to play.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pulled {
    /// The frame was written in full; decode it by this payload type.
    Frame(PayloadType),
    /// A frame is missing: conceal it.
    Lost,
    /// Nobody is speaking, or nothing came for so long that concealment has faded out.
    Silence,
}

/// Counts over the life of a leg.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct JitterCounts {
    pub late: u64,
    pub duplicates: u64,
    pub suspect: u64,
    /// Times the stream began anew: another source, a leap of its clock.
    pub restarts: u64,
    /// Ticks played.
    pub played: u64,
    /// Ticks concealed.
    pub concealed: u64,
    /// Ticks of audio thrown away to catch up.
    pub discarded: u64,
}

/// An adaptive jitter buffer for codecs of one octet a tick at 8 kHz: PCMU, PCMA and, by its RTP clock,
/// G.722.
///
/// Audio lies in a ring by its timestamp, so order, packet length and repetition do not matter. Every
/// packet is due a steady time after the fastest one would have been; that time follows the network.
/// Pulled once a frame (20 ms, or 10 ms for finer concealment). The delay grows by concealment when the
/// network gets slower; to shrink it in mid-speech, see [`JitterBuffer::pull_surplus`].
#[derive(Clone, Debug)]
pub struct JitterBuffer {
    config: JitterConfig,
    ring: Box<[u8; JITTER_RING]>,
    /// For each octet of the ring: 0 when empty, else payload type + 1.
    tags: Box<[u8; JITTER_RING]>,
    stream: Option<Stream>,
    delay: DelayEstimate,
    counts: JitterCounts,
}

/// Positions are timestamps extended to 64 bits.
#[derive(Clone, Copy, Debug)]
struct Stream {
    ssrc: Ssrc,
    /// Timestamp of the packet heard last, to extend the next one by.
    heard: i64,
    /// Next tick to play.
    next: i64,
    /// End of the newest audio.
    end: i64,
    playing: bool,
    /// Ticks concealed while `next` stood still.
    waited: i64,
    /// Ticks concealed in a row.
    concealed: i64,
    /// Ticks pulled in a row with more delay than needed.
    long_for: i64,
    /// Timestamp that would confirm a leap of the clock.
    leap_to: Option<i64>,
}

impl JitterBuffer {
    pub fn new(config: JitterConfig) -> Self {
        JitterBuffer {
            config,
            ring: Box::new([0; JITTER_RING]),
            tags: Box::new([0; JITTER_RING]),
            stream: None,
            delay: DelayEstimate::new(ticks(config.initial)),
            counts: JitterCounts::default(),
        }
    }

    /// Takes a packet of audio. Telephone-events and comfort noise do not belong here.
    pub fn handle_packet(&mut self, now: Instant, packet: &Packet<'_>) -> Queued {
        let payload = packet.payload();
        if payload.is_empty() || payload.len() > JITTER_PAYLOAD_MAX {
            return Queued::BadLength;
        }
        let arrival = arrival_of(now);
        let mut stream = match self.stream {
            Some(stream) if stream.ssrc == packet.ssrc() => stream,
            Some(_) | None => self.restart(arrival, packet.ssrc(), EPOCH + i64::from(packet.timestamp().0)),
        };
        let at = stream.heard + i64::from(packet.timestamp().0.wrapping_sub(stream.heard as u32) as i32);
        let transit = arrival - at;
        if (transit - self.delay.base()).abs() > CLOCK_JUMP.as_secs() as i64 * RATE as i64 {
            // One stray packet must not cut the speech; two in step are a new clock.
            if stream.leap_to.is_none_or(|to| (at - to).abs() > JITTER_PAYLOAD_MAX as i64) {
                stream.leap_to = Some(at + payload.len() as i64);
                self.stream = Some(stream);
                self.counts.suspect += 1;
                return Queued::Suspect;
            }
            stream = self.restart(arrival, packet.ssrc(), at);
        }
        self.delay.observe(arrival, arrival - at);
        stream.heard = at;
        stream.leap_to = None;
        let queued = self.store(&mut stream, at, packet.payload_type(), payload);
        self.stream = Some(stream);
        queued
    }

    /// The next frame of `out.len()` ticks, due at `now`.
    pub fn pull(&mut self, now: Instant, out: &mut [u8]) -> Pulled {
        let Some(mut stream) = self.stream else { return Pulled::Silence };
        let pulled = self.pull_from(&mut stream, arrival_of(now), out);
        self.stream = Some(stream);
        match pulled {
            Pulled::Frame(_) => self.counts.played += out.len() as u64,
            Pulled::Lost => self.counts.concealed += out.len() as u64,
            Pulled::Silence => {}
        }
        pulled
    }

    /// A second frame, when more audio has been waiting than the network needs for a second now.
    ///
    /// To be asked for after a pulled frame and played with it as one, merged where the two are alike
    /// (`audio::merge_frames`): that is how the delay shrinks in mid-speech without a click. At most one
    /// frame in 200 ms, so that speech does not gallop.
    pub fn pull_surplus(&mut self, now: Instant, out: &mut [u8]) -> Option<PayloadType> {
        let stream = self.stream.as_mut().filter(|s| s.playing && s.long_for >= LONG)?;
        stream.long_for = LONG - SHORTEN_EVERY;
        let long_for = stream.long_for;
        let mut stream = *stream;
        let Pulled::Frame(payload_type) = self.pull_from(&mut stream, arrival_of(now), out) else { return None };
        stream.long_for = long_for;
        self.stream = Some(stream);
        self.counts.discarded += out.len() as u64;
        Some(payload_type)
    }

    /// How long audio is to be held back on the network as it is.
    pub fn target(&self) -> Duration {
        Duration::from_micros(self.target_ticks() as u64 * 1_000_000 / RATE)
    }

    pub fn counts(&self) -> JitterCounts {
        self.counts
    }

    /// Forgets the stream and what is stored of it, not what was learnt of the network.
    pub fn reset(&mut self) {
        self.stream = None;
        self.tags.fill(0);
    }

    fn target_ticks(&self) -> i64 {
        let (min, max) = (ticks(self.config.min), ticks(self.config.max));
        self.delay.lateness().min(max).max(min)
    }

    fn restart(&mut self, arrival: i64, ssrc: Ssrc, at: i64) -> Stream {
        if self.stream.is_some() {
            self.counts.restarts += 1;
        }
        self.tags.fill(0);
        self.delay.rebase(arrival, arrival - at);
        Stream {
            ssrc,
            heard: at,
            next: at,
            end: at,
            playing: false,
            waited: 0,
            concealed: 0,
            long_for: 0,
            leap_to: None,
        }
    }

    fn store(&mut self, stream: &mut Stream, at: i64, payload_type: PayloadType, payload: &[u8]) -> Queued {
        let mut at = at;
        let mut payload = payload;
        let end = at + payload.len() as i64;
        if !stream.playing && stream.end <= stream.next {
            // Nothing stored: speech begins here, unless this is a straggler of what was played.
            if end <= stream.next && stream.concealed > 0 {
                self.counts.late += 1;
                return Queued::Late;
            }
            stream.next = at.max(if stream.concealed > 0 { stream.next } else { at });
            stream.end = stream.next;
        } else if !stream.playing && at < stream.next && stream.concealed == 0 && stream.end - at <= MAX_DEPTH {
            // Reordered before anything was played.
            stream.next = at;
        }
        if end <= stream.next {
            self.counts.late += 1;
            return Queued::Late;
        }
        if at < stream.next {
            payload = &payload[(stream.next - at) as usize..];
            at = stream.next;
        }
        if self.tags[place(at)] != 0 && at < stream.end {
            self.counts.duplicates += 1;
            return Queued::Duplicate;
        }
        if end - stream.next > MAX_DEPTH {
            // The far side had stalled and caught up, or nobody pulled: keep the newest.
            let next = (end - self.target_ticks()).min(at);
            self.counts.discarded += (stream.end.min(next) - stream.next).max(0) as u64;
            self.clear(stream.next, next);
            stream.next = next;
            stream.waited = 0;
        }
        self.write(at, payload_type, payload);
        stream.end = stream.end.max(end);
        Queued::Stored
    }

    fn pull_from(&mut self, stream: &mut Stream, now: i64, out: &mut [u8]) -> Pulled {
        let step = out.len() as i64;
        if !stream.playing {
            let Some(first) = self.first_stored(stream) else { return Pulled::Silence };
            // Due at the pull nearest to its time.
            if now + step / 2 < first + self.delay.base() + self.target_ticks() {
                return Pulled::Silence;
            }
            self.clear(stream.next, first);
            stream.next = first;
            stream.playing = true;
            stream.waited = 0;
        }
        // What was concealed while standing still fills the gap in front of what came then.
        if let Some(first) = self.first_stored(stream) {
            stream.next += (first - stream.next).min(stream.waited);
            stream.waited = if stream.next < first { 0 } else { stream.waited };
        }
        let delay = now - (stream.next + self.delay.base());
        let target = self.target_ticks();
        if let Some(payload_type) = self.read(stream.next, out) {
            self.clear(stream.next, stream.next + step);
            stream.next += step;
            stream.waited = 0;
            stream.concealed = 0;
            stream.long_for = if delay > target + step + step / 2 { stream.long_for + step } else { 0 };
            return Pulled::Frame(payload_type);
        }
        self.conceal(stream, step, delay < target - step / 2)
    }

    /// The frame at `next` is not there in full.
    fn conceal(&mut self, stream: &mut Stream, step: i64, too_early: bool) -> Pulled {
        stream.concealed += step;
        stream.long_for = 0;
        if stream.end >= stream.next + step && !too_early {
            // Newer audio has come: this frame is lost. Keep the time.
            let gap = self.first_stored_after(stream, step) - stream.next;
            let gone = gap.min(step);
            self.clear(stream.next, stream.next + gone);
            stream.next += gone;
        } else {
            // Nothing newer: a pause, a stall or a loss, only the next packet can tell. Or we play earlier
            // than the network allows: waiting one frame is how the delay grows.
            stream.waited += step;
        }
        if stream.concealed <= ticks(CONCEALMENT_MAX) {
            return Pulled::Lost;
        }
        if stream.end < stream.next + step {
            // What is left is less than a frame of a talkspurt that is over.
            self.clear(stream.next, stream.end);
            stream.next = stream.next.max(stream.end);
            stream.end = stream.next;
            stream.playing = false;
        }
        Pulled::Silence
    }

    fn first_stored(&self, stream: &Stream) -> Option<i64> {
        (stream.next..stream.end).find(|at| self.tags[place(*at)] != 0)
    }

    /// Where stored audio begins behind the hole that makes the frame at `next` unplayable.
    fn first_stored_after(&self, stream: &Stream, step: i64) -> i64 {
        let hole = (stream.next..stream.next + step).find(|at| self.tags[place(*at)] == 0);
        let from = hole.unwrap_or(stream.next + step);
        (from..stream.end).find(|at| self.tags[place(*at)] != 0).unwrap_or(stream.end)
    }

    fn write(&mut self, at: i64, payload_type: PayloadType, payload: &[u8]) {
        let (head, tail) = spans(at, payload.len());
        let (first, second) = payload.split_at(head.len());
        self.ring[head.clone()].copy_from_slice(first);
        self.ring[tail.clone()].copy_from_slice(second);
        self.tags[head].fill(payload_type.number() + 1);
        self.tags[tail].fill(payload_type.number() + 1);
    }

    /// Fills `out` when all of it is there and of one payload type.
    fn read(&self, at: i64, out: &mut [u8]) -> Option<PayloadType> {
        let tag = self.tags[place(at)];
        let payload_type = PayloadType::new(tag.checked_sub(1)?)?;
        let (head, tail) = spans(at, out.len());
        let whole = |span: &core::ops::Range<usize>| self.tags[span.clone()].iter().all(|t| *t == tag);
        if out.len() > JITTER_PAYLOAD_MAX || !whole(&head) || !whole(&tail) {
            return None;
        }
        let (first, second) = out.split_at_mut(head.len());
        first.copy_from_slice(&self.ring[head]);
        second.copy_from_slice(&self.ring[tail]);
        Some(payload_type)
    }

    fn clear(&mut self, from: i64, to: i64) {
        let len = (to - from).clamp(0, JITTER_RING as i64) as usize;
        let (head, tail) = spans(from, len);
        self.tags[head].fill(0);
        self.tags[tail].fill(0);
    }
}

/// Timestamps are extended from here, so that positions before the first one stay positive.
const EPOCH: i64 = 1 << 32;

const MAX_DEPTH: i64 = JITTER_DEPTH_MAX.as_millis() as i64 * RATE as i64 / 1000;

/// Too much audio must have waited this long before any of it is given up.
const LONG: i64 = RATE as i64;
const SHORTEN_EVERY: i64 = RATE as i64 / 5;

// A packet that begins within the depth must not wrap onto the audio about to be played.
const _: () = assert!(MAX_DEPTH as usize + JITTER_PAYLOAD_MAX <= JITTER_RING);

fn place(at: i64) -> usize {
    at as usize % JITTER_RING
}

/// The one or two pieces of the ring that `len` octets from `at` lie in.
fn spans(at: i64, len: usize) -> (core::ops::Range<usize>, core::ops::Range<usize>) {
    let start = place(at);
    let head = len.min(JITTER_RING - start);
    (start..start + head, 0..len - head)
}

fn arrival_of(now: Instant) -> i64 {
    (u128::from(now.as_nanos()) * u128::from(RATE) / 1_000_000_000) as i64
}

fn ticks(duration: Duration) -> i64 {
    (duration.as_micros() * u128::from(RATE) / 1_000_000) as i64
}

#[cfg(test)]
#[path = "jitter_tests.rs"]
mod tests;
