use crate::Timestamp;
use crate::event::{EventError, EventReport, Key};
use crate::limits::{EVENT_TIMEOUT, MAX_PENDING_KEYS, REMEMBERED_EVENTS};
use base::{Bounded, Instant};
use core::time::Duration;
use std::collections::VecDeque;

/// What a key did. A press counts when it goes down; the release tells how long it was held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyChange {
    Down(Key),
    Up { key: Key, held: Duration },
}

/// Reads telephone-events (RFC 4733) as key presses: each press goes down once and up once, however many
/// packets tell of it, are lost, repeated or come late.
///
/// An event is known by its timestamp. A long press arrives as segments with timestamps of their own
/// (§2.5.1.3), which are joined. An event whose end never comes is ended by the next one or by time.
#[derive(Debug)]
pub struct KeyReceiver {
    clock_rate: u32,
    held: Option<Held>,
    /// Events that are over, so that their late packets are known.
    past: VecDeque<(Timestamp, u8)>,
    changes: Bounded<KeyChange>,
    ignored: u64,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    key: Key,
    /// Of the present segment.
    timestamp: Timestamp,
    /// Of the present segment, as last told.
    duration: u16,
    /// Ticks of the segments before.
    before: u64,
    heard_at: Instant,
    /// Ended by time: already reported up, kept to recognise a segment that still comes.
    released: bool,
}

impl KeyReceiver {
    pub fn new(clock_rate: u32) -> Self {
        KeyReceiver {
            clock_rate: clock_rate.max(1),
            held: None,
            past: VecDeque::with_capacity(REMEMBERED_EVENTS),
            changes: Bounded::new(MAX_PENDING_KEYS),
            ignored: 0,
        }
    }

    /// Takes the payload of a packet with the telephone-event payload type.
    pub fn handle_packet(
        &mut self,
        now: Instant,
        timestamp: Timestamp,
        marker: bool,
        payload: &[u8],
    ) -> Result<(), EventError> {
        let mut start = timestamp;
        for report in EventReport::parse_payload(payload)? {
            match Key::from_event(report.event) {
                Some(key) => self.take(now, start, marker, key, report),
                // Flash, fax and modem tones, line events: nothing a call centre acts upon.
                None => self.ignored += 1,
            }
            // RFC 4733 §2.5.1.5: the next event of a packet begins where this one ended.
            start = start + u32::from(report.duration);
        }
        Ok(())
    }

    /// Ends an event whose end packets were all lost.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_some_and(|due| due <= now) {
            self.release();
        }
    }

    pub fn poll_change(&mut self) -> Option<KeyChange> {
        self.changes.pop()
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        self.held.filter(|h| !h.released).map(|h| h.heard_at + EVENT_TIMEOUT)
    }

    /// Whether a key is down now; while it is, the audio beside it is muted towards the far side.
    pub fn is_down(&self) -> bool {
        self.held.is_some_and(|h| !h.released)
    }

    /// Reports of events that are no keys.
    pub fn ignored(&self) -> u64 {
        self.ignored
    }

    /// The source changed: its timestamps mean nothing any more.
    pub fn reset(&mut self) {
        self.release();
        self.held = None;
        self.past.clear();
    }

    fn take(&mut self, now: Instant, timestamp: Timestamp, marker: bool, key: Key, report: EventReport) {
        if self.past.contains(&(timestamp, key.event())) {
            return;
        }
        match &mut self.held {
            Some(held) if held.timestamp == timestamp && held.key == key => {
                // Packets may come out of order; durations only grow.
                held.duration = held.duration.max(report.duration);
            }
            Some(held) if !marker && held.is_continued_by(timestamp, key) => {
                let gap = timestamp.distance(held.timestamp).unsigned_abs();
                let old = (held.timestamp, key.event());
                held.before += u64::from(gap);
                held.timestamp = timestamp;
                held.duration = report.duration;
                self.remember(old);
            }
            Some(_) | None => {
                self.finish();
                self.push(KeyChange::Down(key));
                let duration = report.duration;
                self.held = Some(Held { key, timestamp, duration, before: 0, heard_at: now, released: false });
            }
        }
        if let Some(held) = &mut self.held {
            held.heard_at = now;
        }
        if report.end {
            self.finish();
        }
    }

    /// The event is over for good: its timestamp will not be heard again.
    fn finish(&mut self) {
        self.release();
        if let Some(held) = self.held.take() {
            self.remember((held.timestamp, held.key.event()));
        }
    }

    fn release(&mut self) {
        let Some(held) = self.held.as_mut().filter(|h| !h.released) else { return };
        held.released = true;
        let ticks = held.before + u64::from(held.duration);
        let change = KeyChange::Up {
            key: held.key,
            held: Duration::from_nanos(ticks.saturating_mul(1_000_000_000) / u64::from(self.clock_rate)),
        };
        self.push(change);
    }

    fn remember(&mut self, event: (Timestamp, u8)) {
        if self.past.len() == REMEMBERED_EVENTS {
            self.past.pop_front();
        }
        self.past.push_back(event);
    }

    fn push(&mut self, change: KeyChange) {
        // Whoever never polls loses the newest: nobody is waiting for it.
        if self.changes.push(change).is_err() {
            self.ignored += 1;
        }
    }
}

impl Held {
    /// Whether an event at `timestamp` is the next segment of this one rather than a new press.
    ///
    /// RFC 4733 §2.5.1.3: segments follow each other without a gap, the earlier ones as long as the field
    /// can say. A new press of the same key comes after a pause, so it starts later than that.
    fn is_continued_by(&self, timestamp: Timestamp, key: Key) -> bool {
        let Ok(gap) = u32::try_from(timestamp.distance(self.timestamp)) else { return false };
        let contiguous = gap == u32::from(self.duration);
        // The last packets of the full segment may be lost; some senders stop a little short of 0xFFFF.
        let full = (SEGMENT_MIN..=u32::from(u16::MAX) + 1).contains(&gap);
        key == self.key && gap > 0 && (contiguous || full)
    }
}

/// A full segment is 0xFFFF ticks; senders that work in packets of up to 60 ms stop at most this early.
const SEGMENT_MIN: u32 = u16::MAX as u32 - 480;

#[cfg(test)]
mod tests {
    use super::*;
    use base::Rng;

    fn key(character: char) -> Key {
        Key::from_char(character).expect("a key")
    }

    fn report(key: Key, end: bool, duration: u16) -> [u8; 4] {
        EventReport { event: key.event(), end, volume: 10, duration }.to_octets()
    }

    /// Packets of presses as a phone sends them: (timestamp, marker, payload).
    fn press(character: char, start: u32, ticks: u32) -> Vec<(u32, bool, [u8; 4])> {
        let key = key(character);
        let mut packets = Vec::new();
        let mut segment = start;
        let mut told = 0;
        while told < ticks {
            told = (told + 160).min(ticks);
            if told - (segment - start) > 0xffff {
                packets.push((segment, false, report(key, false, 0xffff)));
                segment += 0xffff;
            }
            packets.push((segment, told == 160, report(key, false, (told - (segment - start)) as u16)));
        }
        let last = (ticks - (segment - start)) as u16;
        packets.extend([(segment, false, report(key, true, last)); 3]);
        packets
    }

    struct Line {
        receiver: KeyReceiver,
        now: Instant,
    }

    impl Line {
        fn new() -> Self {
            Line { receiver: KeyReceiver::new(8000), now: Instant::from_millis(100) }
        }

        fn feed(&mut self, packets: impl IntoIterator<Item = (u32, bool, [u8; 4])>) {
            for (timestamp, marker, payload) in packets {
                self.now += Duration::from_millis(20);
                self.receiver.handle_timeout(self.now);
                let taken = self.receiver.handle_packet(self.now, Timestamp(timestamp), marker, &payload);
                assert_eq!(taken, Ok(()));
            }
        }

        fn wait(&mut self, ms: u64) {
            self.now += Duration::from_millis(ms);
            self.receiver.handle_timeout(self.now);
        }

        fn changes(&mut self) -> Vec<KeyChange> {
            core::iter::from_fn(|| self.receiver.poll_change()).collect()
        }

        fn pressed(&mut self) -> String {
            let changes = self.changes();
            let downs = changes.iter().filter(|c| matches!(c, KeyChange::Down(_))).count();
            assert_eq!(downs * 2, changes.len() + usize::from(self.receiver.is_down()), "{changes:?}");
            changes.iter().filter_map(|c| if let KeyChange::Down(k) = c { Some(k.as_char()) } else { None }).collect()
        }
    }

    fn up(character: char, ms: u64) -> KeyChange {
        KeyChange::Up { key: key(character), held: Duration::from_millis(ms) }
    }

    #[test]
    fn one_press_is_one_key() {
        let mut line = Line::new();
        line.feed(press('5', 8000, 800));
        assert_eq!(line.changes(), [KeyChange::Down(key('5')), up('5', 100)]);
        assert_eq!(line.receiver.poll_timeout(), None);
    }

    #[test]
    fn every_subset_of_lost_packets_leaves_one_key() {
        let packets = press('7', 8000, 640);
        assert_eq!(packets.len(), 7);
        for kept in 1u32..1 << packets.len() {
            let mut line = Line::new();
            line.feed(packets.iter().enumerate().filter(|(n, _)| kept >> n & 1 == 1).map(|(_, p)| *p));
            line.wait(500);
            assert_eq!(line.pressed(), "7", "kept {kept:07b}");
        }
    }

    #[test]
    fn any_order_and_repetition_leaves_one_key_a_press() {
        let mut rng = Rng::new(5);
        for round in 0..500 {
            let mut line = Line::new();
            for (n, digit) in "1337#*00".chars().enumerate() {
                let mut packets = press(digit, 8000 + n as u32 * 2000, 480 + 160 * rng.below(4) as u32);
                packets.extend_from_within(..);
                for i in (1..packets.len()).rev() {
                    packets.swap(i, rng.below(i as u64 + 1) as usize);
                }
                line.feed(packets.into_iter().filter(|_| !rng.chance(0.3)));
            }
            line.wait(500);
            let pressed = line.pressed();
            // All 12 to 20 packets of a press are lost less than once in a million.
            assert_eq!(pressed, "1337#*00", "round {round}");
        }
    }

    #[test]
    fn lost_end_packets_are_ended_by_time() {
        let mut line = Line::new();
        let mut packets = press('1', 8000, 800);
        packets.truncate(5);
        line.feed(packets);
        assert_eq!(line.changes(), [KeyChange::Down(key('1'))]);
        line.wait(499);
        assert_eq!(line.changes(), []);
        line.wait(1);
        assert_eq!(line.changes(), [up('1', 100)]);
        // The end arrives after all: nothing new.
        line.feed([(8000, false, report(key('1'), true, 900))]);
        line.feed([(8000, false, report(key('1'), true, 900))]);
        assert_eq!(line.changes(), []);
    }

    #[test]
    fn lost_end_packets_are_ended_by_the_next_key() {
        let mut line = Line::new();
        line.feed(press('1', 8000, 800).into_iter().take(5));
        line.feed(press('1', 9600, 800).into_iter().take(5));
        line.feed(press('2', 11_200, 800));
        let expect = [
            KeyChange::Down(key('1')),
            up('1', 100),
            KeyChange::Down(key('1')),
            up('1', 100),
            KeyChange::Down(key('2')),
            up('2', 100),
        ];
        assert_eq!(line.changes(), expect);
    }

    #[test]
    fn the_same_key_again_with_marker_and_ends_lost_is_two_keys() {
        let mut line = Line::new();
        line.feed(press('9', 8000, 800).into_iter().take(5));
        line.feed(press('9', 9600, 800).into_iter().skip(1).take(4));
        line.wait(500);
        assert_eq!(line.pressed(), "99");
    }

    #[test]
    fn a_key_held_for_twenty_seconds_is_one_key() {
        let mut line = Line::new();
        line.feed(press('0', 8000, 160_000));
        assert_eq!(line.changes(), [KeyChange::Down(key('0')), up('0', 20_000)]);
    }

    #[test]
    fn a_long_key_stays_one_across_losses_at_the_seam() {
        let packets = press('0', 8000, 80_000);
        let seam = packets.iter().position(|p| p.0 != 8000).expect("two segments");
        for lost in 1..20 {
            let mut line = Line::new();
            let gap = seam.saturating_sub(lost)..seam + lost;
            line.feed(packets.iter().enumerate().filter(|(n, _)| !gap.contains(n)).map(|(_, p)| *p));
            assert_eq!(line.pressed(), "0", "{lost} lost on each side of the seam");
        }
        // Even when the gap was long enough to end the key by time.
        let mut line = Line::new();
        line.feed(packets[..seam - 1].iter().copied());
        line.wait(600);
        line.feed(packets[seam + 30..].iter().copied());
        assert_eq!(line.pressed(), "0");
    }

    #[test]
    fn several_events_in_one_packet_are_several_keys() {
        let mut line = Line::new();
        let mut payload = Vec::new();
        for digit in ['4', '2'] {
            payload.extend(report(key(digit), true, 800));
        }
        for _ in 0..3 {
            line.now += Duration::from_millis(20);
            assert_eq!(line.receiver.handle_packet(line.now, Timestamp(8000), true, &payload), Ok(()));
        }
        assert_eq!(line.pressed(), "42");
    }

    #[test]
    fn events_that_are_no_keys_are_ignored() {
        let mut line = Line::new();
        for event in 16..=255 {
            let payload = EventReport { event, end: false, volume: 0, duration: 160 }.to_octets();
            line.feed([(8000, true, payload)]);
        }
        assert_eq!(line.changes(), []);
        assert_eq!(line.receiver.ignored(), 240);
    }

    #[test]
    fn timestamps_wrap_and_sources_change() {
        let mut line = Line::new();
        line.feed(press('3', u32::MAX - 100, 640).into_iter().map(|p| (p.0, p.1, p.2)));
        line.receiver.reset();
        line.feed(press('3', u32::MAX - 100, 640));
        assert_eq!(line.pressed(), "33");
    }

    #[test]
    fn nobody_polling_bounds_the_memory() {
        let mut line = Line::new();
        for n in 0..1000 {
            line.feed(press('8', 8000 + n * 1600, 160));
        }
        assert_eq!(line.changes().len(), MAX_PENDING_KEYS);
    }

    proptest::proptest! {
        /// Whatever comes: every key that went up went down before, and the queue stays within its limit.
        #[test]
        fn no_packets_can_break_it(
            packets in proptest::collection::vec(
                (0u32..2000, 0u64..700, 0u8..20, proptest::bool::ANY, proptest::collection::vec(0u8.., 0..24)), 1..200),
        ) {
            let mut line = Line::new();
            let mut down = None;
            for (timestamp, wait, event, marker, mut payload) in packets {
                line.wait(wait);
                if let Some(first) = payload.first_mut() {
                    *first = event;
                }
                let _ = line.receiver.handle_packet(line.now, Timestamp(timestamp * 80), marker, &payload);
                for change in line.changes() {
                    match change {
                        KeyChange::Down(key) => proptest::prop_assert_eq!(down.replace(key), None),
                        KeyChange::Up { key, .. } => proptest::prop_assert_eq!(down.take(), Some(key)),
                    }
                }
            }
            proptest::prop_assert_eq!(down.is_some(), line.receiver.is_down());
        }
    }
}
