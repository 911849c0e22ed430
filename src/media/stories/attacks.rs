use super::house::{House, Network};
use crate::Channel;
use base::{Instant, Rng};
use core::net::SocketAddr;
use core::time::Duration;
use model::{Codec, MediaCommand, MediaEvent, Role, SourcePolicy};

const CALLER: f64 = 440.0;
const AGENT: f64 = 1000.0;
const NOISE: f64 = 2500.0;

fn stranger() -> SocketAddr {
    "203.0.113.66:6666".parse().expect("an address")
}

/// A call in which both have spoken for a second.
fn call(codec: Codec, policy: SourcePolicy) -> (House, usize, usize) {
    let mut house = House::new();
    let a = house.phone(Role::Caller, Codec::Pcmu, CALLER);
    let b = house.phone(Role::Agent, codec, AGENT);
    house.negotiate(a, |setup| setup.source = policy);
    house.run(1000);
    (house, a, b)
}

/// B1: 200 packets a second from elsewhere, with a guessed and with the right SSRC and sequence.
fn check_injection(codec: Codec, policy: SourcePolicy, right_ssrc: bool) {
    let (mut house, a, b) = call(codec, policy);
    let from = house.now;
    let mut forger = rtp::Sender::new(8000, &mut Rng::new(666));
    let mut tone = audio::ToneGenerator::new(&audio::Tone::sine(NOISE, audio::Dbm0(0.0)), audio::SampleRate::Hz8000);
    for _ in 0..400 {
        let mut samples = [0; 160];
        tone.fill(&mut samples);
        let mut payload = [0; 160];
        audio::g711::encode_ulaw(&samples, &mut payload);
        let mut octets = vec![0; 172];
        if right_ssrc {
            let sender = &mut house.phones[a].sender.clone();
            sender.write_audio(house.now, rtp::PayloadType::PCMU, &payload, 160, &mut octets).expect("room");
        } else {
            forger.write_audio(house.now, rtp::PayloadType::PCMU, &payload, 160, &mut octets).expect("room");
        }
        let slot = house.phones[a].port.slot;
        house.deliver(slot, Channel::Rtp, stranger(), &octets);
        house.run(5);
    }
    assert!(house.strays.is_empty(), "our sound goes to {:?}", house.strays[0].0);
    assert!(house.hears(b, from, CALLER) && house.hears(a, from, AGENT));
    assert!(!house.hears(b, from, NOISE), "the stranger is heard");
    assert!(house.phones[b].longest_break(from) <= Duration::from_millis(25));
    assert_eq!(house.worker.stats().strangers, 400);
    let leg = house.phones[a].leg;
    house.command(MediaCommand::Close { leg });
    let strangers = house.events.iter().find_map(|(_, event)| match event {
        MediaEvent::Closed { quality, .. } => Some(quality.strangers),
        _ => None,
    });
    assert_eq!(strangers, Some(400));
}

#[test]
fn b1_injected_sound_is_neither_heard_nor_answered() {
    for codec in [Codec::Pcmu, Codec::G722] {
        for policy in [SourcePolicy::Signalled, SourcePolicy::AnySource] {
            for right_ssrc in [false, true] {
                check_injection(codec, policy, right_ssrc);
            }
        }
    }
}

#[test]
fn b1_noise_before_the_peer_speaks_does_not_use_the_latch_up() {
    let mut house = House::new();
    let a = house.phone(Role::Caller, Codec::Pcmu, CALLER);
    let b = house.phone(Role::Agent, Codec::Pcmu, AGENT);
    house.negotiate(a, |setup| setup.source = SourcePolicy::AnySource);
    let slot = house.phones[a].port.slot;
    for garbage in [&b"\x80\x7fgarbage-of-a-type-nobody-agreed"[..], b"\x00\x01stun", b"", b"\x80\x00short"] {
        house.deliver(slot, Channel::Rtp, stranger(), garbage);
    }
    house.run(1000);
    assert!(house.hears(b, Instant::ZERO, CALLER) && house.strays.is_empty());
    assert_eq!(house.worker.stats().malformed, 4);
}

#[test]
fn a_peer_behind_a_nat_is_answered_where_it_sends_from() {
    let mut house = House::new();
    let a = house.phone(Role::Caller, Codec::Pcmu, CALLER);
    house.phone(Role::Agent, Codec::Pcmu, AGENT);
    house.negotiate(a, |setup| {
        setup.source = SourcePolicy::AnySource;
        setup.remote = "10.1.2.3:4000".parse().expect("an address");
    });
    house.run(40);
    let unseen = house.strays.len();
    assert!(house.strays.iter().all(|(to, _)| to.to_string() == "10.1.2.3:4000"));
    house.run(1000);
    assert!(house.strays.len() <= unseen + 2, "the private address is left as soon as the peer speaks");
    assert!(house.hears(a, Instant::ZERO, AGENT));
}

/// B2: whatever comes is dropped and counted, and the call beside it goes on.
#[test]
fn b2_garbage_is_dropped_and_other_streams_are_untouched() {
    let (mut house, a, b) = call(Codec::G722, SourcePolicy::Signalled);
    let mut rng = Rng::new(2);
    let peer = house.phones[a].address;
    let slot = house.phones[a].port.slot;
    let from = house.now;
    for round in 0..3000u32 {
        let mut octets: Vec<u8> = (0..rng.below(1600)).map(|_| rng.next_u32() as u8).collect();
        if let Some(first) = octets.first_mut() {
            // All versions, paddings, extensions and counts of contributors.
            *first = round as u8;
        }
        if let Some(second) = octets.get_mut(1) {
            *second = [0, 8, 101, 101 | 0x80, 13, 200, 201, 203][round as usize % 8];
        }
        // From a stranger, and on the RTCP port also from the peer itself.
        house.deliver(slot, Channel::Rtp, stranger(), &octets);
        house.deliver(slot, Channel::Rtcp, peer, &octets);
        if round % 5 == 0 {
            house.run(1);
        }
    }
    assert!(house.hears(b, from, CALLER) && house.hears(a, from, AGENT));
    assert!(house.strays.is_empty());
    let stats = house.worker.stats();
    assert!(stats.malformed > 1000 && stats.strangers > 100, "{stats:?}");
}

#[test]
fn b2_hostile_packets_from_the_peer_itself_do_no_more_than_sound_bad() {
    let (mut house, a, b) = call(Codec::G722, SourcePolicy::Signalled);
    let mut rng = Rng::new(3);
    let (slot, peer) = (house.phones[a].port.slot, house.phones[a].address);
    for round in 0..5000u32 {
        let mut octets: Vec<u8> = (0..12 + rng.below(1500)).map(|_| rng.next_u32() as u8).collect();
        octets[0] = 0x80 | (round as u8 & 0x3f);
        octets[1] = [0, 8, 9, 101, 101 | 0x80, 200, 201, 13][round as usize % 8];
        house.deliver(slot, Channel::Rtp, peer, &octets);
        if round % 10 == 0 {
            house.run(1);
        }
    }
    house.run(2000);
    let from = house.now;
    house.run(1000);
    assert!(house.hears(b, from, CALLER), "speech goes on");
    assert!(house.hears(a, from, AGENT));
}

/// B3: after each upset speech goes on within 100 ms.
fn check_upset(codec: Codec, upset: impl FnOnce(&mut House, usize)) {
    let (mut house, a, b) = call(codec, SourcePolicy::Signalled);
    upset(&mut house, a);
    let from = house.now;
    house.run(1500);
    let first_second = house.phones[b].longest_break(from);
    assert!(first_second <= Duration::from_millis(100), "{codec:?}: {first_second:?}");
    let settled = from + Duration::from_millis(100);
    let pcm = house.phones[b].pcm(settled);
    let share = audio::measure::tone_share(&pcm, crate::ear::rate_of(codec).hz(), CALLER);
    assert!(share > 0.9, "{codec:?}: {share}");
    let heard = &house.phones[b].heard;
    for pair in heard.windows(2) {
        let ticks = pair[1].timestamp.wrapping_sub(pair[0].timestamp) as i32;
        assert!((0..8000).contains(&ticks), "{codec:?}: {ticks} ticks at {:?}", pair[1].at);
        assert_eq!(pair[1].ssrc, pair[0].ssrc);
    }
}

#[test]
fn b3_speech_goes_on_after_a_change_of_source() {
    for codec in [Codec::Pcmu, Codec::G722] {
        check_upset(codec, |house, a| house.phones[a].sender = rtp::Sender::new(8000, &mut Rng::new(99)));
    }
}

#[test]
fn b3_speech_goes_on_over_the_wrap_of_sequence_and_timestamp() {
    for codec in [Codec::Pcmu, Codec::G722] {
        check_upset(codec, |house, a| {
            let (ssrc, sequence) = (rtp::Ssrc(5), rtp::Sequence(u16::MAX - 20));
            house.phones[a].sender =
                rtp::Sender::starting_at(8000, ssrc, sequence, rtp::Timestamp(u32::MAX - 20 * 160 - 7));
        });
    }
}

#[test]
fn b3_speech_goes_on_after_a_leap_of_an_hour() {
    for codec in [Codec::Pcmu, Codec::G722] {
        check_upset(codec, |house, a| house.phones[a].sender.skip(3600 * 8000));
    }
}

#[test]
fn b3_speech_goes_on_with_other_packet_lengths_in_mid_stream() {
    for codec in [Codec::Pcmu, Codec::G722] {
        for packet in [80, 320, 480] {
            check_upset(codec, |house, a| house.phones[a].packet = packet);
        }
    }
}

#[test]
fn b3_a_codec_that_changes_in_mid_stream_is_followed() {
    let (mut house, a, b) = call(Codec::Pcmu, SourcePolicy::Signalled);
    house.phones[a].codec = Codec::Pcma;
    let mut other = House::new();
    let x = other.phone(Role::Caller, Codec::Pcma, CALLER);
    std::mem::swap(&mut house.phones[a], &mut other.phones[x]);
    let (port, address) = (other.phones[x].port, other.phones[x].address);
    house.phones[a].port = port;
    house.phones[a].address = address;
    house.run(200);
    let from = house.now;
    house.run(1000);
    assert!(house.hears(b, from, CALLER), "PCMA reaches the PCMU phone");
    let relayed = house.phones[b].heard.iter().filter(|p| p.at > from && p.payload_type == 8).count();
    assert_eq!(relayed, 0, "no packet of a type it did not agree on");
}

#[test]
fn b3_duplicates_are_heard_once() {
    let mut house = House::new();
    house.phone(Role::Caller, Codec::Pcmu, CALLER);
    let b = house.phone(Role::Agent, Codec::Pcmu, AGENT);
    let ms = Duration::from_millis;
    house.network = Network { delay: ms(1), jitter: ms(30), loss: 0.0, duplicates: 0.5 };
    house.run(2000);
    let mut sequences: Vec<u16> = house.phones[b].heard.iter().map(|p| p.sequence).collect();
    let count = sequences.len();
    sequences.sort_unstable();
    sequences.dedup();
    assert_eq!(sequences.len(), count);
}

/// B7: a forged goodbye ends nothing.
#[test]
fn b7_a_goodbye_ends_nothing() {
    let (mut house, a, b) = call(Codec::Pcmu, SourcePolicy::Signalled);
    let (slot, peer) = (house.phones[a].port.slot, house.phones[a].address);
    let ssrc = house.phones[a].sender.ssrc();
    let mut octets = [0; 200];
    let report = rtp::Report { ssrc, sender: None, block: None, cname: "x", goodbye: true };
    let len = report.write(&mut octets).expect("room");
    house.deliver(slot, Channel::Rtp, peer, &octets[..len]);
    let from = house.now;
    house.run(500);
    assert!(house.hears(b, from, CALLER));
    assert!(house.events.iter().all(|(_, event)| matches!(event, MediaEvent::Started { .. })));
}

#[test]
fn late_packets_of_one_call_are_not_heard_in_the_next_on_that_port() {
    let (mut house, a, _) = call(Codec::Pcmu, SourcePolicy::Signalled);
    let (slot, leg) = (house.phones[a].port.slot, house.phones[a].leg);
    house.command(MediaCommand::Close { leg });
    house.run(1000);
    assert!(house.worker.stats().unclaimed >= 49);
    let next = house.phone(Role::Caller, Codec::Pcmu, CALLER);
    assert_ne!(house.phones[next].port.slot, slot, "the port rests");
}
