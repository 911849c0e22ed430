//! One stream a leg from the first note to the last word: what a far side's receiver counts (RFC 3550 A.3).

use super::house::{House, tone_sound};
use crate::SoundLibrary;
use model::{Codec, ContactId, Direction, MediaCommand, Role, SoundId, SupervisorMode};

const CALLER: f64 = 440.0;
const AGENT: f64 = 1000.0;
const SECOND: f64 = 1700.0;
const MUSIC: SoundId = SoundId(0);

fn house() -> House {
    let mut library = SoundLibrary::new();
    library.add(tone_sound(600.0, 1000, true));
    House::with_sounds(library)
}

/// RFC 3550 A.3: what the numbers promised, less what came; one source from beginning to end.
fn lost(house: &House, index: usize) -> i64 {
    let heard = &house.phones[index].heard;
    let first = heard.first().expect("something was heard");
    assert!(heard.iter().all(|p| p.ssrc == first.ssrc), "phone {index}: one source for the whole call");
    let (mut extended, mut highest) = (i64::from(first.sequence), i64::from(first.sequence));
    for packet in heard {
        extended += i64::from(packet.sequence.wrapping_sub(extended as u16) as i16);
        highest = highest.max(extended);
    }
    highest - i64::from(first.sequence) + 1 - heard.len() as i64
}

/// Times go with the clock, never over sound already sent; after a pause the first packet says so.
fn check_times(house: &House, index: usize) {
    for pair in house.phones[index].heard.windows(2) {
        let ticks = i64::from(pair[1].timestamp.wrapping_sub(pair[0].timestamp) as i32);
        let passed = ((pair[1].at - pair[0].at).as_millis() * 8) as i64;
        assert!(ticks >= 160, "phone {index}: {ticks} ticks on, at {:?}", pair[1].at);
        // A packet pushed back behind the sound before it makes up for that at the next pause.
        assert!((ticks - passed).abs() <= 480, "phone {index}: {ticks} ticks in {passed}, at {:?}", pair[1].at);
        assert!(passed <= 480 || pair[1].marker, "phone {index}: unmarked after {passed}, at {:?}", pair[1].at);
    }
}

fn check(house: &House, index: usize) {
    assert_eq!(lost(house, index), 0, "phone {index}");
    check_times(house, index);
}

fn talk(house: &mut House, codec: Codec) -> (usize, usize) {
    let a = house.phone(Role::Caller, Codec::Pcmu, CALLER);
    let b = house.phone(Role::Agent, codec, AGENT);
    house.run(1000);
    (a, b)
}

#[test]
fn a_listener_on_hold_for_two_seconds_counts_no_loss_though_the_other_talks_on() {
    for codec in [Codec::Pcmu, Codec::G722] {
        let mut house = house();
        let (a, b) = talk(&mut house, codec);
        house.negotiate(b, |setup| setup.direction = Direction::Inactive);
        house.run(2000);
        house.negotiate(b, |_| {});
        let from = house.now;
        house.run(1000);
        assert!(house.hears(b, from, CALLER), "{codec:?}");
        check(&house, a);
        check(&house, b);
    }
}

#[test]
fn a_talker_on_hold_who_talks_on_leaves_no_loss_behind() {
    let mut house = house();
    let (a, b) = talk(&mut house, Codec::Pcmu);
    house.negotiate(b, |setup| setup.direction = Direction::SendOnly);
    let held = house.now;
    house.run(2000);
    assert!(!house.phones[a].heard.iter().any(|p| p.at > held), "what is not wanted is not passed on");
    house.negotiate(b, |_| {});
    house.run(1000);
    check(&house, a);
    check(&house, b);
}

#[test]
fn a_leg_out_of_the_conversation_and_back_counts_no_loss() {
    for codec in [Codec::Pcmu, Codec::G722] {
        let mut house = house();
        let (a, b) = talk(&mut house, codec);
        let leg = house.phones[a].leg;
        house.command(MediaCommand::Leave { leg });
        house.run(2000);
        house.command(MediaCommand::Join { leg });
        house.run(1000);
        check(&house, a);
        check(&house, b);
    }
}

#[test]
fn from_music_to_talk_to_hold_to_transfer_is_one_stream_without_a_gap() {
    let mut house = house();
    let a = house.phone(Role::Caller, Codec::Pcmu, CALLER);
    let caller = house.phones[a].leg;
    house.command(MediaCommand::Leave { leg: caller });
    house.play(a, &[MUSIC], true);
    house.run(1013);
    house.command(MediaCommand::Join { leg: caller });
    let b = house.phone(Role::Agent, Codec::Pcmu, AGENT);
    house.run(1007);
    // On hold with music, the agent's phone talking on into the void.
    house.command(MediaCommand::Leave { leg: caller });
    house.negotiate(b, |setup| setup.direction = Direction::Inactive);
    house.play(a, &[MUSIC], true);
    house.run(2001);
    house.negotiate(b, |_| {});
    house.command(MediaCommand::Join { leg: caller });
    house.run(1003);
    // A supervisor comes and goes: relayed, mixed, relayed.
    let s = house.phone(Role::Supervisor(SupervisorMode::Barge), Codec::Pcmu, 2100.0);
    house.run(777);
    let supervisor = house.phones[s].leg;
    house.command(MediaCommand::Close { leg: supervisor });
    house.run(511);
    // Transferred: the agent goes, another comes from a conversation of his own.
    let c = house.phone(Role::Agent, Codec::Pcma, SECOND);
    let second = house.phones[c].leg;
    house.command(MediaCommand::Move { leg: second, group: ContactId(2) });
    house.run(200);
    let agent = house.phones[b].leg;
    house.command(MediaCommand::Close { leg: agent });
    house.command(MediaCommand::Move { leg: second, group: super::house::CONTACT });
    let from = house.now;
    house.run(1500);
    assert!(house.hears(a, from, SECOND) && house.hears(c, from, CALLER));
    for phone in [a, b, c] {
        check(&house, phone);
    }
}

#[test]
fn a_phone_that_counts_from_a_new_place_after_hold_is_no_loss_to_the_other() {
    let mut house = house();
    let (a, b) = talk(&mut house, Codec::Pcmu);
    house.phones[b].speaking = false;
    house.run(2500);
    // Another device behind the same account: new source, numbers and times.
    let mut rng = base::Rng::new(99);
    house.phones[b].sender = rtp::Sender::new(8000, &mut rng);
    house.phones[b].speaking = true;
    house.run(1000);
    check(&house, a);
}

#[test]
fn what_the_sender_lost_on_the_way_stays_lost_and_no_more() {
    let mut house = house();
    let (_, b) = talk(&mut house, Codec::Pcmu);
    house.network.loss = 1.0;
    house.run(200);
    house.network.loss = 0.0;
    house.run(500);
    assert_eq!(lost(&house, b), 10, "ten packets of the caller's");
    house.negotiate(b, |setup| setup.direction = Direction::Inactive);
    house.run(2000);
    house.negotiate(b, |_| {});
    house.run(500);
    assert_eq!(lost(&house, b), 10, "and the hold adds none");
}
