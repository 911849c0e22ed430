use super::*;
use crate::{Header, Sequence, Timestamp};
use base::Rng;
use proptest::prelude::*;

const FRAME: usize = 160;

/// A packet on its way: when it arrives and what it is.
#[derive(Clone)]
struct Flight {
    at_us: u64,
    ssrc: u32,
    timestamp: u32,
    payload: Vec<u8>,
}

/// Octet n of the speech, so that a played frame tells where it came from.
fn speech(at: usize) -> u8 {
    (at / 80 % 251) as u8
}

/// `count` packets of `ticks` each, sent as soon as their audio is complete, held up as told (`None` = lost).
fn flights(count: usize, ticks: usize, mut held_up_us: impl FnMut(usize) -> Option<u64>) -> Vec<Flight> {
    let start = 0xffff_f000u32;
    (0..count)
        .filter_map(|n| {
            let at_us = 1_000_000 + ((n + 1) * ticks) as u64 * 125 + held_up_us(n)?;
            let payload = (n * ticks..(n + 1) * ticks).map(speech).collect();
            Some(Flight { at_us, ssrc: 1, timestamp: start.wrapping_add((n * ticks) as u32), payload })
        })
        .collect()
}

struct Played {
    pulls: Vec<(Pulled, u8)>,
    buffer: JitterBuffer,
}

impl Played {
    fn count(&self, from: usize, what: impl Fn(&Pulled) -> bool) -> usize {
        self.pulls[from..].iter().filter(|(p, _)| what(p)).count()
    }

    fn frames(&self, from: usize) -> usize {
        self.count(from, |p| matches!(p, Pulled::Frame(_)))
    }

    fn lost(&self, from: usize) -> usize {
        self.count(from, |p| *p == Pulled::Lost)
    }

    fn first_frame(&self) -> usize {
        self.pulls.iter().position(|(p, _)| matches!(p, Pulled::Frame(_))).expect("something was played")
    }

    /// Every frame lies where the first one says, to `slack` frames.
    fn assert_in_time(&self, slack: usize) {
        let first = self.first_frame();
        let origin = usize::from(self.pulls[first].1);
        for (n, (pulled, octet)) in self.pulls.iter().enumerate().skip(first) {
            if let Pulled::Frame(_) = pulled {
                let expect = (origin + (n - first) * FRAME / 80) % 251;
                let off = (expect + 251 - usize::from(*octet)) % 251;
                assert!(off.min(251 - off) <= slack * 2, "pull {n}: octet {octet}, expected {expect}");
            }
        }
    }
}

/// Plays flights for as long as they come and half a second more, one pull every 20 ms (± drift).
fn play_with(buffer: JitterBuffer, flights: &[Flight], shorten: bool, drift_ppm: i64) -> Played {
    let mut flights: Vec<_> = flights.to_vec();
    flights.sort_by_key(|f| f.at_us);
    let end = flights.last().map_or(0, |f| f.at_us) + 500_000;
    let mut played = Played { pulls: Vec::new(), buffer };
    let (mut next, mut now) = (0, 1_007_000u64);
    while now < end {
        while let Some(flight) = flights.get(next).filter(|f| f.at_us <= now) {
            hear(&mut played.buffer, flight);
            next += 1;
        }
        let mut out = [0; FRAME];
        let instant = Instant::from_nanos(now * 1000);
        let pulled = played.buffer.pull(instant, &mut out);
        if matches!(pulled, Pulled::Frame(_)) && shorten {
            played.buffer.pull_surplus(instant, &mut [0; FRAME]);
        }
        played.pulls.push((pulled, out[0]));
        now = (now as i64 + 20_000 + 20_000 * drift_ppm / 1_000_000) as u64;
    }
    played
}

fn play(flights: &[Flight]) -> Played {
    play_with(JitterBuffer::new(JitterConfig::default()), flights, false, 0)
}

fn hear(buffer: &mut JitterBuffer, flight: &Flight) -> Queued {
    let header = Header {
        marker: false,
        payload_type: PayloadType::PCMU,
        sequence: Sequence(0),
        timestamp: Timestamp(flight.timestamp),
        ssrc: Ssrc(flight.ssrc),
    };
    let mut octets = vec![0; 12 + flight.payload.len()];
    header.write(&flight.payload, &mut octets).expect("sized to fit");
    buffer.handle_packet(Instant::from_nanos(flight.at_us * 1000), &Packet::parse(&octets).expect("own packet"))
}

#[test]
fn a_steady_stream_is_played_whole_after_the_initial_delay() {
    let played = play(&flights(500, 160, |_| Some(0)));
    let first = played.first_frame();
    assert!((3..=5).contains(&first), "first frame at pull {first}");
    assert_eq!(played.frames(0), 500);
    assert_eq!(played.count(0, |p| *p == Pulled::Frame(PayloadType::PCMU)), 500);
    assert_eq!(played.lost(0), 3, "the end of the stream is concealed for 60 ms");
    assert_eq!(played.pulls.last().map(|p| p.0), Some(Pulled::Silence));
    played.assert_in_time(0);
}

#[test]
fn every_packet_length_is_played_whole() {
    for ticks in [80, 160, 240, 320, 480, 960] {
        let count = 48_000 / ticks;
        let played = play(&flights(count, ticks, |_| Some(0)));
        assert_eq!(played.frames(0), 300, "{ticks} ticks a packet");
        played.assert_in_time(0);
    }
}

#[test]
fn packets_of_changing_length_are_played_whole() {
    let all = flights(1000, 80, |_| Some(0));
    let mut merged = Vec::new();
    let mut rest = &all[..];
    for n in [1, 2, 3, 4, 6].into_iter().cycle() {
        let (some, after) = rest.split_at(n.min(rest.len()));
        let (Some(first), Some(last)) = (some.first(), some.last()) else { break };
        let payload = some.iter().flat_map(|f| f.payload.clone()).collect();
        merged.push(Flight { at_us: last.at_us, payload, ..first.clone() });
        rest = after;
    }
    let played = play(&merged);
    assert_eq!(played.frames(0), 500);
    played.assert_in_time(0);
}

#[test]
fn a_lost_packet_is_one_lost_frame_and_time_goes_on() {
    let lost = |n: usize| n % 20 == 10;
    let played = play(&flights(1000, 160, |n| (!lost(n)).then_some(0)));
    assert_eq!(played.frames(0), 950);
    assert_eq!(played.lost(0), 50 + 3);
    played.assert_in_time(0);
}

#[test]
fn bursts_of_loss_keep_the_time() {
    for burst in 1..30 {
        let played = play(&flights(400, 160, |n| (!(100..100 + burst).contains(&n)).then_some(0)));
        assert_eq!(played.frames(0), 400 - burst, "{burst} lost");
        assert_eq!(played.lost(0), burst.min(3) + 3, "{burst} lost");
        played.assert_in_time(0);
    }
}

#[test]
fn swapped_and_repeated_packets_do_not_matter() {
    // Every third packet comes after its successor, every fifth comes twice.
    let mut packets = flights(600, 160, |n| Some(if n % 3 == 0 { 21_000 } else { 0 }));
    let again: Vec<_> = packets.iter().step_by(5).map(|f| Flight { at_us: f.at_us + 3_000, ..f.clone() }).collect();
    packets.extend(again);
    let played = play(&packets);
    assert_eq!(played.frames(0), 600);
    assert_eq!(played.lost(0), 3);
    assert_eq!(played.buffer.counts().duplicates, 120);
    played.assert_in_time(0);
}

#[test]
fn the_delay_follows_the_jitter() {
    // After ten seconds of learning at most 2 % may be missing, whatever the jitter up to 200 ms.
    for jitter_ms in [10, 40, 80, 120, 200] {
        let mut rng = Rng::new(jitter_ms);
        let played = play(&flights(3000, 160, |_| Some(rng.below(jitter_ms * 1000))));
        // From ten seconds on, up to where the last packets run out.
        let steady = &played.pulls[500..2980];
        let missing = steady.iter().filter(|p| !matches!(p.0, Pulled::Frame(_))).count();
        assert!(missing * 50 <= steady.len(), "{missing} of {} missing at {jitter_ms} ms", steady.len());
        let target = played.buffer.target().as_millis() as u64;
        assert!((40..=jitter_ms.max(40) + 20).contains(&target), "{target} ms for {jitter_ms} ms of jitter");
    }
}

#[test]
fn jitter_that_keeps_the_order_is_learnt_too() {
    let mut rng = Rng::new(9);
    let mut last = 0;
    let played = play(&flights(3000, 160, |n| {
        let sent = n as u64 * 20_000;
        last = (sent + rng.below(120_000)).max(last);
        Some(last - sent)
    }));
    let steady = &played.pulls[500..2980];
    let missing = steady.iter().filter(|p| !matches!(p.0, Pulled::Frame(_))).count();
    assert!(missing * 50 <= steady.len(), "{missing} of {}", steady.len());
}

#[test]
fn a_stall_is_made_up_for() {
    for stall_ms in [50, 100, 200, 300, 1000, 2000] {
        let stalled = |n: usize| {
            let sent = n as u64 * 20_000;
            let (from, to) = (4_000_000, 4_000_000 + stall_ms * 1000);
            Some(if (from..to).contains(&sent) { to - sent } else { 0 })
        };
        let played = play_with(JitterBuffer::new(JitterConfig::default()), &flights(1500, 160, stalled), true, 0);
        // Within 100 ms of the first packet after the stall there is sound again, without holes.
        let back = ((4_000_000 + stall_ms * 1000) / 20_000) as usize + 5;
        assert!(played.frames(back) >= 1500 - back - 8, "{stall_ms} ms: {} frames", played.frames(back));
        // And the delay is down again: what is played last was sent at most 120 ms before.
        let (n, octet) = (1490, usize::from(played.pulls[1490].1));
        let sent = n * 2 % 251;
        assert!((sent + 251 - octet) % 251 <= 12, "{stall_ms} ms: octet {octet} at {sent}");
    }
}

#[test]
fn a_pause_is_silence_and_speech_comes_back_in_time() {
    for pause in [10, 50, 500, 5000] {
        let played = play(&flights(6000, 160, |n| (!(200..200 + pause).contains(&n)).then_some(0)));
        assert_eq!(played.frames(0), 6000 - pause);
        assert_eq!(played.lost(0), 6);
        played.assert_in_time(0);
    }
}

#[test]
fn another_source_is_heard_within_100_ms() {
    let mut packets = flights(200, 160, |_| Some(0));
    for flight in &mut packets[100..] {
        flight.ssrc = 2;
        flight.timestamp = flight.timestamp.wrapping_add(0x1234_5678);
    }
    let played = play(&packets);
    assert_eq!(played.buffer.counts().restarts, 1);
    let hole = played.pulls[50..150].iter().filter(|p| !matches!(p.0, Pulled::Frame(_))).count();
    assert!(hole <= 5, "{hole} frames of 20 ms without sound");
}

#[test]
fn a_leap_of_the_clock_by_an_hour_costs_less_than_100_ms() {
    for leap in [3600 * 8000, -3600 * 8000, i32::MAX] {
        let mut packets = flights(400, 160, |_| Some(0));
        for flight in &mut packets[200..] {
            flight.timestamp = flight.timestamp.wrapping_add(leap as u32);
        }
        let played = play(&packets);
        let hole = played.pulls[100..300].iter().filter(|p| !matches!(p.0, Pulled::Frame(_))).count();
        assert!(hole <= 5, "{hole} frames of 20 ms without sound");
        assert_eq!(played.buffer.counts().restarts, 1);
    }
}

#[test]
fn a_single_stray_packet_changes_nothing() {
    let mut packets = flights(300, 160, |_| Some(0));
    let stray = Flight { at_us: packets[150].at_us + 1, timestamp: 77_777_777, ..packets[150].clone() };
    packets.push(stray);
    let played = play(&packets);
    assert_eq!(played.frames(0), 300);
    assert_eq!(played.buffer.counts().suspect, 1);
    played.assert_in_time(0);
}

#[test]
fn drifting_clocks_are_followed_without_growing_delay() {
    // ± 200 ppm over 20 minutes is 240 ms: 12 frames too many or too few.
    for drift in [-200, 200] {
        let packets = flights(60_000, 160, |_| Some(0));
        let played = play_with(JitterBuffer::new(JitterConfig::default()), &packets, true, drift);
        let counts = played.buffer.counts();
        let corrected = counts.discarded / 160 + counts.concealed / 160;
        assert!(corrected <= 20, "{drift} ppm: {counts:?}");
        assert!(counts.played + counts.discarded >= 59_990 * 160, "{drift} ppm: {counts:?}");
    }
}

#[test]
fn two_payload_types_in_a_stream_are_told_apart() {
    let mut buffer = JitterBuffer::new(JitterConfig::default());
    for n in 0..10u32 {
        let payload_type = if n < 5 { PayloadType::PCMU } else { PayloadType::PCMA };
        let header =
            Header { marker: false, payload_type, sequence: Sequence(0), timestamp: Timestamp(n * 160), ssrc: Ssrc(1) };
        let mut octets = [0; 172];
        header.write(&[7; 160], &mut octets).expect("fits");
        buffer.handle_packet(Instant::from_millis(u64::from(n)), &Packet::parse(&octets).expect("own packet"));
    }
    let pulled: Vec<_> = (0..10).map(|n| buffer.pull(Instant::from_millis(100 + n * 20), &mut [0; FRAME])).collect();
    let expect = [Pulled::Frame(PayloadType::PCMU), Pulled::Frame(PayloadType::PCMA)];
    assert_eq!(
        pulled.chunk_by(|a, b| a == b).map(|run| (run[0], run.len())).collect::<Vec<_>>(),
        [(expect[0], 5), (expect[1], 5)]
    );
}

#[test]
fn ten_millisecond_pulls_conceal_exactly_what_is_missing() {
    let mut buffer = JitterBuffer::new(JitterConfig::default());
    let packets = flights(200, 240, |n| (n != 50).then_some(0));
    let (mut next, mut lost) = (0, 0);
    for tick in 0..500u64 {
        let now = 1_000_000 + tick * 10_000;
        while let Some(flight) = packets.get(next).filter(|f| f.at_us <= now) {
            hear(&mut buffer, flight);
            next += 1;
        }
        lost += usize::from(buffer.pull(Instant::from_nanos(now * 1000), &mut [0; 80]) == Pulled::Lost);
    }
    assert_eq!(lost, 3);
}

#[test]
fn payloads_of_impossible_length_are_refused() {
    let mut buffer = JitterBuffer::new(JitterConfig::default());
    for len in [0, JITTER_PAYLOAD_MAX + 1, 1400] {
        let flight = Flight { at_us: 0, ssrc: 1, timestamp: 0, payload: vec![0; len] };
        assert_eq!(hear(&mut buffer, &flight), Queued::BadLength);
    }
    assert_eq!(buffer.pull(Instant::from_millis(500), &mut [0; FRAME]), Pulled::Silence);
}

proptest! {
    /// Whatever comes whenever: no panic, and the ring never yields more than it was given.
    #[test]
    fn nothing_that_comes_can_break_it(
        steps in proptest::collection::vec(
            (0u64..60_000, prop_oneof![Just(0u32), 0..4000u32, any::<u32>()], 1usize..960, 0u32..3, 0usize..3), 1..300),
    ) {
        let mut buffer = JitterBuffer::new(JitterConfig::default());
        let (mut now, mut timestamp) = (0, u32::MAX - 5000);
        let mut given = 0;
        for (after, jump, len, ssrc, pulls) in steps {
            now += after;
            timestamp = timestamp.wrapping_add(jump);
            let flight = Flight { at_us: now, ssrc: ssrc / 2, timestamp, payload: vec![1; len] };
            timestamp = timestamp.wrapping_add(len as u32);
            if hear(&mut buffer, &flight) == Queued::Stored {
                given += len as u64;
            }
            for _ in 0..pulls {
                buffer.pull(Instant::from_nanos(now * 1000), &mut [0; FRAME]);
                buffer.pull_surplus(Instant::from_nanos(now * 1000), &mut [0; FRAME]);
            }
        }
        prop_assert!(buffer.counts().played <= given);
    }
}
