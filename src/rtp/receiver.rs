use crate::limits::{CLOCK_JUMP, MAX_DROPOUT, MAX_MISORDER};
use crate::rtcp::ReportBlock;
use crate::{Packet, Sequence, Ssrc, Timestamp};
use base::Instant;
use core::time::Duration;

/// Where a packet stands in its stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// The first packet of a source: a new call, or the far side changed its SSRC.
    NewSource,
    /// The newest so far, after `missing` that have not come (yet).
    Next { missing: u16 },
    /// Behind the newest, but not seen before.
    Late,
    /// Seen before: to be dropped.
    Duplicate,
    /// Far away from the stream: to be dropped unless the next one confirms it.
    Suspect,
    /// The same source counts from a new place: RFC 3550 A.1, two packets in sequence.
    Restarted,
}

impl Arrival {
    /// Whether the payload is new.
    pub fn is_usable(self) -> bool {
        !matches!(self, Arrival::Duplicate | Arrival::Suspect)
    }
}

/// What one side of a leg received, over all sources it sent from.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Reception {
    /// Distinct packets.
    pub received: u64,
    /// Packets the sequence numbers promised.
    pub expected: u64,
    pub duplicates: u64,
    /// Packets behind a newer one.
    pub reordered: u64,
    /// Packets far away from the stream.
    pub suspect: u64,
    pub source_changes: u32,
    pub restarts: u32,
    /// Interarrival jitter now and at its highest.
    pub jitter: Duration,
    pub jitter_max: Duration,
}

impl Reception {
    pub fn lost(&self) -> u64 {
        self.expected.saturating_sub(self.received)
    }

    /// Lost of expected, 0 to 1.
    pub fn loss(&self) -> f64 {
        if self.expected == 0 { 0.0 } else { self.lost() as f64 / self.expected as f64 }
    }
}

/// Receiver statistics of RFC 3550 appendix A.1 (sequence), A.3 (loss) and A.8 (jitter).
///
/// Sources are not put on probation: SDP promised them, and a caller must not lose his first word.
#[derive(Clone, Debug)]
pub struct Receiver {
    clock_rate: u32,
    source: Option<Source>,
    /// Sums of sources that ended.
    past: Reception,
}

impl Receiver {
    /// `clock_rate` in ticks a second: 8000 for PCMU, PCMA and also G.722 (RFC 3551 §4.5.2).
    pub fn new(clock_rate: u32) -> Self {
        Receiver { clock_rate: clock_rate.max(1), source: None, past: Reception::default() }
    }

    pub fn handle_packet(&mut self, now: Instant, packet: &Packet<'_>) -> Arrival {
        let arrival = match &mut self.source {
            Some(source) if source.ssrc == packet.ssrc() => source.place(packet.sequence()),
            Some(_) => {
                self.past.source_changes += 1;
                Arrival::NewSource
            }
            None => Arrival::NewSource,
        };
        match arrival {
            Arrival::NewSource | Arrival::Restarted => {
                if arrival == Arrival::Restarted {
                    self.past.restarts += 1;
                }
                self.past = self.reception();
                self.source = Some(Source::new(packet.ssrc(), packet.sequence()));
            }
            Arrival::Next { .. } | Arrival::Late | Arrival::Duplicate | Arrival::Suspect => {}
        }
        let clock_rate = self.clock_rate;
        if let Some(source) = self.source.as_mut().filter(|_| arrival.is_usable()) {
            source.measure_jitter(now, packet.timestamp(), clock_rate);
        }
        arrival
    }

    /// Who is sending.
    pub fn ssrc(&self) -> Option<Ssrc> {
        self.source.as_ref().map(|s| s.ssrc)
    }

    pub fn reception(&self) -> Reception {
        let Some(source) = &self.source else { return self.past };
        let past = &self.past;
        Reception {
            received: past.received + source.distinct,
            expected: past.expected + source.expected(),
            duplicates: past.duplicates + source.duplicates,
            reordered: past.reordered + source.reordered,
            suspect: past.suspect + source.suspect,
            source_changes: past.source_changes,
            restarts: past.restarts,
            jitter: self.to_duration(source.jitter_scaled >> 4),
            jitter_max: past.jitter_max.max(self.to_duration(source.jitter_max_scaled >> 4)),
        }
    }

    /// The block about this source for our next report; resets the interval loss is counted over.
    ///
    /// `last_sr` and `delay_since_last_sr` are the RTCP session's to fill in.
    pub fn report_block(&mut self) -> Option<ReportBlock> {
        let source = self.source.as_mut()?;
        let expected = source.expected();
        let expected_interval = expected - source.expected_prior;
        let received_interval = source.received - source.received_prior;
        source.expected_prior = expected;
        source.received_prior = source.received;
        // RFC 3550 A.3: duplicates may have made the interval's loss negative; that is reported as none.
        let lost_interval = expected_interval.saturating_sub(received_interval);
        let fraction = (lost_interval << 8).checked_div(expected_interval).unwrap_or(0);
        let lost = expected as i64 - source.received as i64;
        Some(ReportBlock {
            ssrc: source.ssrc,
            fraction_lost: fraction.min(255) as u8,
            cumulative_lost: lost.clamp(-0x80_0000, 0x7f_ffff) as i32,
            highest_sequence: (source.highest - ORIGIN) as u32,
            jitter: source.jitter_scaled >> 4,
            last_sr: 0,
            delay_since_last_sr: 0,
        })
    }

    fn to_duration(&self, ticks: u32) -> Duration {
        Duration::from_nanos(u64::from(ticks) * 1_000_000_000 / u64::from(self.clock_rate))
    }
}

/// Extended sequence numbers start here, so that a packet reordered before the first one stays positive.
const ORIGIN: u64 = 1 << 16;

#[derive(Clone, Debug)]
struct Source {
    ssrc: Ssrc,
    /// Extended sequence numbers: cycles above the low 16 bits.
    base: u64,
    highest: u64,
    /// Bit n says that `highest - n` has come.
    seen: u128,
    /// With duplicates, as RFC 3550 §6.4.1 wants it reported.
    received: u64,
    distinct: u64,
    duplicates: u64,
    reordered: u64,
    suspect: u64,
    expected_prior: u64,
    received_prior: u64,
    /// The sequence number that would confirm a restart.
    restart_at: Option<Sequence>,
    transit: Option<Transit>,
    jitter_scaled: u32,
    jitter_max_scaled: u32,
}

#[derive(Clone, Copy, Debug)]
struct Transit {
    ticks: u32,
    timestamp: Timestamp,
}

impl Source {
    fn new(ssrc: Ssrc, first: Sequence) -> Self {
        let first = ORIGIN + u64::from(first.0);
        Source {
            ssrc,
            base: first,
            highest: first,
            seen: 1,
            received: 1,
            distinct: 1,
            duplicates: 0,
            reordered: 0,
            suspect: 0,
            expected_prior: 0,
            received_prior: 0,
            restart_at: None,
            transit: None,
            jitter_scaled: 0,
            jitter_max_scaled: 0,
        }
    }

    fn expected(&self) -> u64 {
        self.highest - self.base + 1
    }

    /// RFC 3550 A.1 `update_seq`, with a window added that knows duplicates from late packets.
    fn place(&mut self, sequence: Sequence) -> Arrival {
        let ahead = sequence.0.wrapping_sub(self.highest as u16);
        let behind = 0u16.wrapping_sub(ahead);
        if (1..MAX_DROPOUT).contains(&ahead) {
            self.highest += u64::from(ahead);
            self.seen = self.seen.checked_shl(u32::from(ahead)).unwrap_or(0) | 1;
            self.count_distinct();
            return Arrival::Next { missing: ahead - 1 };
        }
        if behind <= MAX_MISORDER {
            self.received += 1;
            let bit = 1u128 << behind;
            if self.seen & bit != 0 {
                self.duplicates += 1;
                return Arrival::Duplicate;
            }
            self.seen |= bit;
            self.distinct += 1;
            self.reordered += 1;
            return Arrival::Late;
        }
        if self.restart_at == Some(sequence) {
            return Arrival::Restarted;
        }
        self.restart_at = Some(sequence.next());
        self.suspect += 1;
        Arrival::Suspect
    }

    fn count_distinct(&mut self) {
        self.received += 1;
        self.distinct += 1;
        self.restart_at = None;
    }

    /// RFC 3550 A.8.
    fn measure_jitter(&mut self, now: Instant, timestamp: Timestamp, clock_rate: u32) {
        let arrival = (u128::from(now.as_nanos()) * u128::from(clock_rate) / 1_000_000_000) as u32;
        let transit = Transit { ticks: arrival.wrapping_sub(timestamp.0), timestamp };
        let Some(before) = self.transit else {
            self.transit = Some(transit);
            return;
        };
        // RFC 4733 §2.5.1.2: the packets of an event repeat its timestamp, which says nothing of the network.
        if before.timestamp == timestamp {
            return;
        }
        self.transit = Some(transit);
        let change = (transit.ticks.wrapping_sub(before.ticks) as i32).unsigned_abs();
        // A sender whose timestamps leap has changed its clock; that is not the network's jitter either.
        if u64::from(change) > CLOCK_JUMP.as_secs() * u64::from(clock_rate) {
            return;
        }
        self.jitter_scaled = (self.jitter_scaled + change).saturating_sub((self.jitter_scaled + 8) >> 4);
        self.jitter_max_scaled = self.jitter_max_scaled.max(self.jitter_scaled);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Header, PayloadType};

    struct Wire {
        receiver: Receiver,
        now: Instant,
    }

    impl Wire {
        fn new() -> Self {
            Wire { receiver: Receiver::new(8000), now: Instant::from_millis(1000) }
        }

        fn hear(&mut self, ssrc: u32, sequence: u16, timestamp: u32) -> Arrival {
            let header = Header {
                marker: false,
                payload_type: PayloadType::PCMU,
                sequence: Sequence(sequence),
                timestamp: Timestamp(timestamp),
                ssrc: Ssrc(ssrc),
            };
            let octets = header.to_octets();
            self.receiver.handle_packet(self.now, &Packet::parse(&octets).expect("own header"))
        }

        /// One packet every 20 ms, timestamps in step.
        fn stream(&mut self, sequences: impl IntoIterator<Item = u16>) -> Vec<Arrival> {
            let heard = |(wire, s): (&mut Self, u16)| {
                wire.now += Duration::from_millis(20);
                wire.hear(1, s, (wire.now.as_millis() * 8) as u32)
            };
            sequences.into_iter().map(|s| heard((self, s))).collect()
        }
    }

    #[test]
    fn sequence_wraps_without_loss() {
        let mut wire = Wire::new();
        wire.stream((65_500..=65_535).chain(0..100));
        let reception = wire.receiver.reception();
        assert_eq!((reception.received, reception.expected, reception.lost()), (136, 136, 0));
        let block = wire.receiver.report_block().expect("a source");
        assert_eq!(block.highest_sequence, (1 << 16) + 99);
        assert_eq!((block.fraction_lost, block.cumulative_lost), (0, 0));
    }

    #[test]
    fn losses_are_counted_in_the_interval_and_in_all() {
        let mut wire = Wire::new();
        // 100 expected, 10 lost: 10 × 256 / 100 = 25.
        wire.stream((0..100).filter(|s| s % 10 != 5));
        let block = wire.receiver.report_block().expect("a source");
        assert_eq!((block.fraction_lost, block.cumulative_lost), (25, 10));
        // 50 expected in this interval, half of them lost.
        wire.stream((100..150).filter(|s| s % 2 == 1));
        let block = wire.receiver.report_block().expect("a source");
        assert_eq!((block.fraction_lost, block.cumulative_lost), (128, 35));
        let block = wire.receiver.report_block().expect("a source");
        assert_eq!((block.fraction_lost, block.cumulative_lost), (0, 35));
        let reception = wire.receiver.reception();
        assert_eq!(reception.lost(), 35);
        assert!((reception.loss() - 35.0 / 150.0).abs() < 1e-9);
    }

    #[test]
    fn duplicates_and_late_packets_are_told_apart() {
        let mut wire = Wire::new();
        let heard = wire.stream([10, 11, 13, 12, 12, 13, 14]);
        use Arrival::*;
        let next = Next { missing: 0 };
        assert_eq!(heard, [NewSource, next, Next { missing: 1 }, Late, Duplicate, Duplicate, next]);
        let reception = wire.receiver.reception();
        assert_eq!((reception.received, reception.expected), (5, 5));
        assert_eq!((reception.duplicates, reception.reordered), (2, 1));
        // RFC 3550 §6.4.1: duplicates count as received in a report, so the loss is negative there.
        assert_eq!(wire.receiver.report_block().map(|b| b.cumulative_lost), Some(-2));
    }

    #[test]
    fn a_packet_before_the_first_is_late_even_at_the_wrap() {
        let mut wire = Wire::new();
        assert_eq!(wire.stream([0, 65_535, 1]), [Arrival::NewSource, Arrival::Late, Arrival::Next { missing: 0 }]);
    }

    #[test]
    fn a_leap_needs_a_second_packet_to_be_believed() {
        let mut wire = Wire::new();
        use Arrival::*;
        let next = Next { missing: 0 };
        assert_eq!(wire.stream([100, 20_000, 101, 102]), [NewSource, Suspect, next, next]);
        assert_eq!(wire.stream([30_000, 30_001, 30_002]), [Suspect, Restarted, next]);
        let reception = wire.receiver.reception();
        assert_eq!((reception.received, reception.lost()), (5, 0));
        assert_eq!((reception.suspect, reception.restarts), (2, 1));
    }

    #[test]
    fn a_leap_within_the_dropout_limit_is_loss() {
        let mut wire = Wire::new();
        wire.stream([0, 2999]);
        assert_eq!(wire.receiver.reception().lost(), 2998);
        let mut wire = Wire::new();
        assert_eq!(wire.stream([0, 3000])[1], Arrival::Suspect);
        let mut wire = Wire::new();
        assert_eq!(wire.stream([500, 400])[1], Arrival::Late);
        let mut wire = Wire::new();
        assert_eq!(wire.stream([500, 399])[1], Arrival::Suspect);
    }

    #[test]
    fn a_new_source_starts_afresh_and_totals_go_on() {
        let mut wire = Wire::new();
        wire.stream([0, 1, 3]);
        assert_eq!(wire.hear(2, 50_000, 0), Arrival::NewSource);
        assert_eq!(wire.receiver.ssrc(), Some(Ssrc(2)));
        let reception = wire.receiver.reception();
        assert_eq!((reception.received, reception.lost(), reception.source_changes), (4, 1, 1));
        let block = wire.receiver.report_block().expect("a source");
        assert_eq!((block.ssrc, block.cumulative_lost, block.highest_sequence), (Ssrc(2), 0, 50_000));
    }

    #[test]
    fn jitter_follows_the_formula_by_hand() {
        let mut wire = Wire::new();
        let mut feed = |at_ms: u64, timestamp: u32| {
            wire.now = Instant::from_millis(at_ms);
            let sequence = (timestamp / 160) as u16;
            wire.hear(1, sequence, timestamp);
            wire.receiver.source.as_ref().map(|s| s.jitter_scaled)
        };
        // J(16) += |D| - ((J(16) + 8) >> 4); 5 ms late is 40 ticks.
        assert_eq!(feed(1000, 0), Some(0));
        assert_eq!(feed(1020, 160), Some(0));
        assert_eq!(feed(1045, 320), Some(40)); // D = 40: 0 + 40 - 0
        assert_eq!(feed(1060, 480), Some(77)); // D = -40: 40 + 40 - 3
        assert_eq!(feed(1080, 640), Some(72)); // D = 0: 77 - 5
        let reception = wire.receiver.reception();
        assert_eq!(reception.jitter, Duration::from_micros(500)); // 72 >> 4 = 4 ticks
        assert_eq!(reception.jitter_max, Duration::from_micros(500)); // 77 >> 4 = 4 ticks
    }

    #[test]
    fn events_and_clock_leaps_leave_the_jitter_alone() {
        let mut wire = Wire::new();
        wire.stream(0..50);
        let frozen = (wire.now.as_millis() * 8) as u32;
        for sequence in 50..60 {
            wire.now += Duration::from_millis(20);
            wire.hear(1, sequence, frozen);
        }
        assert_eq!(wire.receiver.reception().jitter, Duration::ZERO);
        wire.now += Duration::from_millis(20);
        wire.hear(1, 60, frozen.wrapping_add(3600 * 8000));
        wire.now += Duration::from_millis(20);
        wire.hear(1, 61, frozen.wrapping_add(3600 * 8000 + 160));
        assert_eq!(wire.receiver.reception().jitter_max, Duration::ZERO);
    }
}
