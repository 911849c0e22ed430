use crate::Timestamp;
use crate::event::{EVENT_LEN, EventReport, Key};
use crate::limits::MAX_QUEUED_KEYS;
use base::{Bounded, Full};
use core::time::Duration;

/// One packet of an event: to be sent instead of the audio of this tick, while the audio clock runs on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EventPacket {
    pub marker: bool,
    /// Where the event began; the same in all its packets.
    pub timestamp: Timestamp,
    pub payload: [u8; EVENT_LEN],
}

/// Sends keys as telephone-events (RFC 4733): begin with marker, growing duration, three end packets.
///
/// Driven once a packet interval; a long key is cut into segments (§2.5.1.3).
#[derive(Debug)]
pub struct KeySender {
    clock_rate: u32,
    queue: Bounded<Press>,
    state: State,
}

#[derive(Clone, Copy, Debug)]
struct Press {
    key: Key,
    ticks: u32,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Idle,
    /// `told` ticks of the segment that began at `timestamp` are reported, `left` are to come.
    Pressed {
        key: Key,
        timestamp: Timestamp,
        told: u32,
        left: u32,
        first: bool,
    },
    /// The end packet goes out three times (§2.5.1.4).
    Ending {
        key: Key,
        timestamp: Timestamp,
        duration: u16,
        repeats: u8,
    },
    /// Silence between two keys, so that a gateway can make tones of them again.
    Pause {
        left: u32,
    },
}

/// Reported power: -10 dBm0, what phones send.
const VOLUME: u8 = 10;
const END_PACKETS: u8 = 3;
/// Shorter keys are lengthened: ITU-T Q.24 lets a receiver ignore tones below 40 ms.
const SHORTEST_KEY: Duration = Duration::from_millis(60);
/// Pause after the event's true end; the three end packets are sent within it or lengthen it.
const PAUSE: Duration = Duration::from_millis(60);

impl KeySender {
    pub fn new(clock_rate: u32) -> Self {
        KeySender { clock_rate: clock_rate.max(1), queue: Bounded::new(MAX_QUEUED_KEYS), state: State::Idle }
    }

    /// Queues a key to be held for `hold`.
    pub fn press(&mut self, key: Key, hold: Duration) -> Result<(), Full<Key>> {
        let ticks = self.ticks(hold.max(SHORTEST_KEY));
        self.queue.push(Press { key, ticks }).map_err(|Full(press)| Full(press.key))
    }

    /// Whether every key has gone out.
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle) && self.queue.is_empty()
    }

    /// One packet interval of `step` ticks passes; `audio` is the timestamp its audio would carry.
    ///
    /// The packet returned replaces the audio; `None` means that audio goes out as usual.
    pub fn handle_tick(&mut self, audio: Timestamp, step: u32) -> Option<EventPacket> {
        if let State::Idle = self.state {
            let Press { key, ticks } = self.queue.pop()?;
            self.state = State::Pressed { key, timestamp: audio, told: 0, left: ticks, first: true };
        }
        match self.state {
            State::Idle => None,
            State::Pressed { key, timestamp, told, left, first } => {
                Some(self.report_pressed(key, timestamp, told, left, first, step))
            }
            State::Ending { key, timestamp, duration, repeats } => {
                self.state = match repeats {
                    0 | 1 => State::Pause { left: self.ticks(PAUSE).saturating_sub(2 * step) },
                    _ => State::Ending { key, timestamp, duration, repeats: repeats - 1 },
                };
                Some(packet(key, timestamp, false, true, duration))
            }
            State::Pause { left } => {
                self.state = if left > step { State::Pause { left: left - step } } else { State::Idle };
                None
            }
        }
    }

    fn report_pressed(
        &mut self,
        key: Key,
        timestamp: Timestamp,
        told: u32,
        left: u32,
        first: bool,
        step: u32,
    ) -> EventPacket {
        let now = left.min(step);
        let (told, left) = (told + now, left - now);
        if told > u32::from(u16::MAX) {
            // RFC 4733 §2.5.1.3: the segment ends at 0xFFFF without the E bit, the next one begins there.
            let next = timestamp + u32::from(u16::MAX);
            let told = told - u32::from(u16::MAX);
            self.state = State::Pressed { key, timestamp: next, told, left, first: false };
            if left == 0 {
                return self.begin_ending(key, next, told);
            }
            return packet(key, timestamp, false, false, u16::MAX);
        }
        if left == 0 {
            return self.begin_ending(key, timestamp, told);
        }
        self.state = State::Pressed { key, timestamp, told, left, first: false };
        packet(key, timestamp, first, false, told as u16)
    }

    fn begin_ending(&mut self, key: Key, timestamp: Timestamp, told: u32) -> EventPacket {
        let duration = told.min(u32::from(u16::MAX)) as u16;
        self.state = State::Ending { key, timestamp, duration, repeats: END_PACKETS - 1 };
        packet(key, timestamp, false, true, duration)
    }

    fn ticks(&self, duration: Duration) -> u32 {
        u32::try_from(duration.as_millis() * u128::from(self.clock_rate) / 1000).unwrap_or(u32::MAX)
    }
}

fn packet(key: Key, timestamp: Timestamp, marker: bool, end: bool, duration: u16) -> EventPacket {
    let report = EventReport { event: key.event(), end, volume: VOLUME, duration };
    EventPacket { marker, timestamp, payload: report.to_octets() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key_receiver::{KeyChange, KeyReceiver};
    use base::Instant;

    fn key(character: char) -> Key {
        Key::from_char(character).expect("a key")
    }

    /// Runs until idle; one packet or `None` for each 20 ms.
    fn run(sender: &mut KeySender) -> Vec<Option<EventPacket>> {
        let mut audio = Timestamp(16_000);
        let mut sent = Vec::new();
        while !sender.is_idle() {
            sent.push(sender.handle_tick(audio, 160));
            audio = audio + 160;
            assert!(sent.len() < 10_000, "never ends");
        }
        sent
    }

    #[test]
    fn a_key_of_100_ms_is_the_packets_of_the_rfc() {
        let mut sender = KeySender::new(8000);
        sender.press(key('6'), Duration::from_millis(100)).expect("room");
        let told: Vec<_> = run(&mut sender)
            .into_iter()
            .flatten()
            .map(|p| {
                let report = EventReport::parse(p.payload);
                assert_eq!((p.timestamp, report.event, report.volume), (Timestamp(16_000), 6, 10));
                (p.marker, report.end, report.duration)
            })
            .collect();
        let expect = [
            (true, false, 160),
            (false, false, 320),
            (false, false, 480),
            (false, false, 640),
            (false, true, 800),
            (false, true, 800),
            (false, true, 800),
        ];
        assert_eq!(told, expect);
    }

    #[test]
    fn keys_are_apart_and_in_order() {
        let mut sender = KeySender::new(8000);
        for digit in "1234567890*#ABCD".chars() {
            sender.press(key(digit), Duration::from_millis(80)).expect("room");
        }
        let mut receiver = KeyReceiver::new(8000);
        let mut starts = Vec::new();
        for (n, packet) in run(&mut sender).into_iter().enumerate() {
            let Some(packet) = packet else { continue };
            let now = Instant::from_millis(n as u64 * 20);
            receiver.handle_packet(now, packet.timestamp, packet.marker, &packet.payload).expect("own packet");
            if packet.marker {
                starts.push(packet.timestamp);
            }
        }
        let changes: Vec<_> = core::iter::from_fn(|| receiver.poll_change()).collect();
        let expect: Vec<_> = "1234567890*#ABCD"
            .chars()
            .flat_map(|c| [KeyChange::Down(key(c)), KeyChange::Up { key: key(c), held: Duration::from_millis(80) }])
            .collect();
        assert_eq!(changes, expect);
        assert!(starts.windows(2).all(|w| w[1].distance(w[0]) >= 640 + 480), "{starts:?}");
    }

    #[test]
    fn a_long_key_is_cut_into_segments_and_read_as_one() {
        let mut sender = KeySender::new(8000);
        sender.press(key('0'), Duration::from_secs(20)).expect("room");
        let sent: Vec<_> = run(&mut sender).into_iter().flatten().collect();
        let mut timestamps: Vec<_> = sent.iter().map(|p| p.timestamp.0).collect();
        timestamps.dedup();
        assert_eq!(timestamps, [16_000, 16_000 + 0xffff, 16_000 + 2 * 0xffff]);
        assert_eq!(sent.iter().filter(|p| p.marker).count(), 1);
        assert_eq!(sent.iter().filter(|p| EventReport::parse(p.payload).end).count(), 3);
        let mut receiver = KeyReceiver::new(8000);
        for (n, packet) in sent.iter().enumerate() {
            let now = Instant::from_millis(n as u64 * 20);
            receiver.handle_packet(now, packet.timestamp, packet.marker, &packet.payload).expect("own packet");
        }
        let held = Duration::from_secs(20);
        let changes: Vec<_> = core::iter::from_fn(|| receiver.poll_change()).collect();
        assert_eq!(changes, [KeyChange::Down(key('0')), KeyChange::Up { key: key('0'), held }]);
    }

    #[test]
    fn short_keys_are_lengthened_and_the_queue_is_bounded() {
        let mut sender = KeySender::new(8000);
        sender.press(key('1'), Duration::ZERO).expect("room");
        let ends: Vec<_> = run(&mut sender).into_iter().flatten().map(|p| EventReport::parse(p.payload)).collect();
        assert_eq!(ends.last().map(|r| r.duration), Some(480));
        for _ in 0..MAX_QUEUED_KEYS {
            sender.press(key('1'), Duration::ZERO).expect("room");
        }
        assert_eq!(sender.press(key('2'), Duration::ZERO), Err(Full(key('2'))));
    }
}
