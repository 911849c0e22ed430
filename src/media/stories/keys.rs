use super::house::{DTMF, House};
use base::Instant;
use core::time::Duration;
use model::{Codec, Direction, Key, MediaCommand, MediaEvent, Role, SupervisorMode};
use rtp::{EventReport, KeyChange, KeyReceiver, PayloadType, Timestamp};

/// A phone presses a key for `millis`: the packets go out in step with the clock.
fn press(house: &mut House, index: usize, key: char, millis: u32, ends: usize) {
    let event = rtp::Key::from_char(key).expect("a key").event();
    house.phones[index].speaking = false;
    let began = house.phones[index].sender.timestamp();
    let send = |house: &mut House, duration: u32, end: bool, marker: bool| {
        let payload = EventReport { event, end, volume: 10, duration: duration as u16 }.to_octets();
        let mut octets = vec![0; 16];
        let (now, payload_type) = (house.now, PayloadType::new(DTMF).expect("small"));
        let sender = &mut house.phones[index].sender;
        sender.write_event(now, payload_type, marker, began, &payload, &mut octets).expect("room");
        house.post(index, octets);
    };
    for told in (1..=millis / 20).map(|n| n * 160) {
        send(house, told, false, told == 160);
        house.run(20);
    }
    for _ in 0..ends {
        send(house, millis * 8, true, false);
        house.run(20);
    }
    house.phones[index].speaking = true;
}

fn digits(house: &House) -> Vec<(char, u64)> {
    let digit = |event: &MediaEvent| match event {
        MediaEvent::Digit { key: Key(key), held, .. } => Some((*key, held.as_millis() as u64)),
        _ => None,
    };
    house.events.iter().filter_map(|(_, event)| digit(event)).collect()
}

/// The keys a far side reads out of what it heard.
fn keys_heard(house: &House, index: usize) -> String {
    let mut receiver = KeyReceiver::new(8000);
    let mut keys = String::new();
    for packet in house.phones[index].heard.iter().filter(|p| p.payload_type == DTMF) {
        let timestamp = Timestamp(packet.timestamp);
        receiver.handle_packet(packet.at, timestamp, packet.marker, &packet.payload).expect("an event");
        while let Some(change) = receiver.poll_change() {
            if let KeyChange::Up { key, .. } = change {
                keys.push(key.as_char());
            }
        }
    }
    keys
}

#[test]
fn keys_are_told_once_and_passed_on_in_a_relay_and_in_a_mix() {
    for codec in [Codec::Pcmu, Codec::G722] {
        let mut house = House::new();
        let a = house.phone(Role::Caller, Codec::Pcmu, 440.0);
        let b = house.phone(Role::Agent, codec, 1000.0);
        house.run(500);
        for key in ['1', '5', '5', '#'] {
            press(&mut house, a, key, 100, 3);
            house.run(200);
        }
        assert_eq!(digits(&house), [('1', 100), ('5', 100), ('5', 100), ('#', 100)], "{codec:?}");
        assert_eq!(keys_heard(&house, b), "155#", "{codec:?}");
        let from = house.now;
        house.run(500);
        assert!(house.hears(b, from, 440.0), "{codec:?}: speech goes on");
        let sequences: Vec<u16> = house.phones[b].heard.iter().map(|p| p.sequence).collect();
        assert!(sequences.windows(2).all(|p| p[1].wrapping_sub(p[0]) == 1), "{codec:?}: {sequences:?}");
    }
}

fn inform(house: &mut House, index: usize, key: char) {
    let leg = house.phones[index].leg;
    house.command(MediaCommand::Press { leg, key: Key(key), held: Duration::from_millis(100) });
}

#[test]
fn keys_told_by_info_become_events_in_a_relay_and_in_a_mix() {
    for codec in [Codec::Pcmu, Codec::G722] {
        let mut house = House::new();
        let a = house.phone(Role::Caller, Codec::Pcmu, 440.0);
        let b = house.phone(Role::Agent, codec, 1000.0);
        let s = house.phone(Role::Supervisor(SupervisorMode::Barge), Codec::Pcmu, 1700.0);
        house.run(500);
        let leg = house.phones[s].leg;
        house.command(MediaCommand::SetRole { leg, role: Role::Supervisor(SupervisorMode::Listen) });
        for key in ['1', '5', '5', '#'] {
            inform(&mut house, a, key);
        }
        inform(&mut house, s, '3');
        house.run(2000);
        assert_eq!(keys_heard(&house, b), "155#", "{codec:?}");
        assert_eq!(keys_heard(&house, a), "", "{codec:?}: his own keys are for the others");
        let from = house.now;
        house.run(500);
        assert!(house.hears(b, from, 440.0), "{codec:?}: speech goes on");
        let heard = &house.phones[b].heard;
        for pair in heard.windows(2) {
            assert_eq!((pair[1].ssrc, pair[1].sequence.wrapping_sub(pair[0].sequence)), (pair[0].ssrc, 1), "{codec:?}");
        }
        let begun = heard.iter().filter(|p| p.payload_type == DTMF && p.marker).count();
        assert_eq!(begun, 4, "{codec:?}: each begins once");
    }
}

#[test]
fn b4_a_key_told_both_ways_is_one_key_whichever_comes_first() {
    for info_first in [true, false] {
        for codec in [Codec::Pcmu, Codec::G722] {
            let mut house = House::new();
            let a = house.phone(Role::Caller, Codec::Pcmu, 440.0);
            let b = house.phone(Role::Agent, codec, 1000.0);
            house.run(500);
            for key in ['4', '2', '2'] {
                if info_first {
                    inform(&mut house, a, key);
                }
                press(&mut house, a, key, 100, 3);
                if !info_first {
                    inform(&mut house, a, key);
                }
                house.run(500);
            }
            assert_eq!(keys_heard(&house, b), "422", "{codec:?} info first: {info_first}");
            let from = house.now;
            house.run(500);
            assert!(house.hears(b, from, 440.0), "{codec:?}: speech goes on");
            let sequences: Vec<u16> = house.phones[b].heard.iter().map(|p| p.sequence).collect();
            assert!(sequences.windows(2).all(|p| p[1].wrapping_sub(p[0]) == 1), "{codec:?}: {sequences:?}");
        }
    }
}

#[test]
fn a_key_by_info_ends_with_hold_and_is_held_no_longer_than_five_seconds() {
    let mut house = House::new();
    let a = house.phone(Role::Caller, Codec::Pcmu, 440.0);
    let b = house.phone(Role::Agent, Codec::Pcmu, 1000.0);
    house.run(500);
    let leg = house.phones[a].leg;
    house.command(MediaCommand::Press { leg, key: Key('8'), held: Duration::MAX });
    house.run(5300);
    let from = house.now;
    house.run(500);
    assert!(house.hears(b, from, 440.0), "a header cannot take the line away");
    inform(&mut house, a, '9');
    house.negotiate(b, |setup| setup.direction = Direction::Inactive);
    house.run(1000);
    house.negotiate(b, |_| {});
    house.run(1000);
    assert_eq!(keys_heard(&house, b), "8");
}

#[test]
fn b4_a_key_whose_ends_are_all_lost_is_told_once() {
    let mut house = House::new();
    let a = house.phone(Role::Caller, Codec::Pcmu, 440.0);
    house.run(100);
    press(&mut house, a, '7', 80, 0);
    assert_eq!(digits(&house), []);
    house.run(1000);
    assert_eq!(digits(&house).iter().map(|(key, _)| *key).collect::<Vec<_>>(), ['7']);
}

#[test]
fn b4_a_key_of_ten_seconds_is_told_once_and_passed_on_as_one() {
    for codec in [Codec::Pcmu, Codec::G722] {
        let mut house = House::new();
        let a = house.phone(Role::Caller, Codec::Pcmu, 440.0);
        let b = house.phone(Role::Agent, codec, 1000.0);
        house.run(100);
        let event = rtp::Key::from_char('9').expect("a key").event();
        house.phones[a].speaking = false;
        let began = house.phones[a].sender.timestamp();
        for n in 1..=503u32 {
            let told = n * 160;
            let (segment, within) = if told > 0xffff { (began + 0xffff, told - 0xffff) } else { (began, told) };
            let end = n > 500;
            let within = if end { 500 * 160 - 0xffff } else { within };
            let payload = EventReport { event, end, volume: 10, duration: within as u16 }.to_octets();
            let mut octets = vec![0; 16];
            let payload_type = PayloadType::new(DTMF).expect("small");
            let now = house.now;
            let sender = &mut house.phones[a].sender;
            sender.write_event(now, payload_type, n == 1, segment, &payload, &mut octets).expect("room");
            house.post(a, octets);
            house.run(20);
        }
        let told = digits(&house);
        assert_eq!(told.len(), 1, "{codec:?}: {told:?}");
        assert!((9_900..=10_100).contains(&told[0].1), "{codec:?}: {told:?}");
        assert_eq!(keys_heard(&house, b), "9", "{codec:?}");
    }
}

#[test]
fn b4_the_tone_beside_a_key_is_not_passed_on() {
    for codec in [Codec::Pcmu, Codec::G722] {
        let mut house = House::new();
        let a = house.phone(Role::Caller, Codec::Pcmu, 440.0);
        let b = house.phone(Role::Agent, codec, 1000.0);
        house.run(500);
        let from = house.now + Duration::from_millis(120);
        // Both at once: event packets, and the caller's tone goes on.
        let event = rtp::Key::from_char('3').expect("a key").event();
        let began = house.phones[a].sender.timestamp();
        for n in 1..=50u16 {
            let payload = EventReport { event, end: false, volume: 10, duration: n * 160 }.to_octets();
            let mut octets = vec![0; 16];
            let payload_type = PayloadType::new(DTMF).expect("small");
            let now = house.now;
            let sender = &mut house.phones[a].sender;
            sender.write_event(now, payload_type, n == 1, began, &payload, &mut octets).expect("room");
            house.post(a, octets);
            house.run(20);
        }
        assert!(!house.hears(b, from, 440.0), "{codec:?}");
        let event: Vec<_> = house.phones[b].heard.iter().filter(|p| p.payload_type == DTMF).collect();
        assert!(event.len() > 40, "{codec:?}: the key is passed on");
        assert!(event.iter().all(|p| p.timestamp == event[0].timestamp), "{codec:?}: one key has one timestamp");
        assert_eq!(event.iter().filter(|p| p.marker).count(), 1, "{codec:?}: and begins once");
        let sequences: Vec<u16> = house.phones[b].heard.iter().map(|p| p.sequence).collect();
        assert!(sequences.windows(2).all(|p| p[1].wrapping_sub(p[0]) == 1), "{codec:?}: {sequences:?}");
        house.run(1500);
        let from = house.now;
        house.run(500);
        assert!(house.hears(b, from, 440.0), "{codec:?}: and afterwards it is");
    }
}

#[test]
fn keys_count_before_and_outside_a_conversation() {
    let mut house = House::new();
    let a = house.open(Role::Caller, Codec::Pcmu, 440.0);
    house.negotiate(a, |_| {});
    house.run(100);
    press(&mut house, a, '*', 60, 1);
    assert_eq!(digits(&house), [('*', 60)]);
}

#[test]
fn a_supervisors_keys_are_for_us_alone() {
    let mut house = House::new();
    let a = house.phone(Role::Caller, Codec::Pcmu, 440.0);
    let b = house.phone(Role::Agent, Codec::Pcmu, 1000.0);
    let s = house.phone(Role::Supervisor(SupervisorMode::Barge), Codec::Pcmu, 1700.0);
    house.run(300);
    press(&mut house, s, '5', 100, 3);
    assert_eq!(digits(&house), [('5', 100)]);
    for phone in [a, b] {
        assert_eq!(keys_heard(&house, phone), "");
    }
}

#[test]
fn a_far_side_without_events_gets_no_gap_for_them() {
    let mut house = House::new();
    let a = house.phone(Role::Caller, Codec::Pcmu, 440.0);
    let b = house.phone(Role::Agent, Codec::Pcmu, 1000.0);
    house.negotiate(b, |setup| setup.dtmf_out = None);
    house.run(300);
    press(&mut house, a, '2', 100, 3);
    house.run(300);
    let heard = &house.phones[b].heard;
    assert!(heard.iter().all(|p| p.payload_type == 0));
    assert!(heard.windows(2).all(|p| p[1].sequence.wrapping_sub(p[0].sequence) == 1));
    assert!(house.phones[b].longest_break(Instant::ZERO) >= Duration::from_millis(100));
}
