use super::house::{House, tone_sound};
use crate::SoundLibrary;
use base::Instant;
use core::time::Duration;
use model::{Codec, Direction, MediaCommand, MediaEvent, PlayId, Role, SoundId};

const MUSIC: SoundId = SoundId(0);
const PROMPT: SoundId = SoundId(1);
const HERTZ: [f64; 2] = [600.0, 900.0];

fn house(all: bool) -> House {
    let mut library = SoundLibrary::new();
    library.add(tone_sound(HERTZ[0], 1000, all));
    library.add(tone_sound(HERTZ[1], 500, all));
    House::with_sounds(library)
}

fn waiting(house: &mut House, codec: Codec) -> usize {
    let index = house.phone(Role::Caller, codec, 440.0);
    let leg = house.phones[index].leg;
    house.command(MediaCommand::Leave { leg });
    index
}

fn check_music(codec: Codec, all: bool) {
    let mut house = house(all);
    let caller = waiting(&mut house, codec);
    house.play(caller, &[MUSIC], true);
    let begun = house.now;
    house.run(3000);
    let heard = &house.phones[caller].heard;
    assert!((148..=151).contains(&heard.len()), "{codec:?}: {} packets in three seconds", heard.len());
    assert!(heard[0].at - begun <= Duration::from_millis(20), "{codec:?}: the first comes at once");
    assert!(heard[0].marker && !heard[1].marker);
    assert!(house.phones[caller].longest_break(begun) <= Duration::from_millis(20));
    assert!(house.hears(caller, begun, HERTZ[0]), "{codec:?}");
    assert_eq!(house.events_of(|e| matches!(e, MediaEvent::Played { .. })), 0);
}

#[test]
fn music_goes_on_for_ever_in_every_codec_ready_made_or_not() {
    for codec in [Codec::Pcmu, Codec::Pcma, Codec::G722] {
        check_music(codec, true);
        check_music(codec, false);
    }
}

#[test]
fn a_prompt_is_played_once_and_its_end_is_told() {
    let mut house = house(true);
    let caller = waiting(&mut house, Codec::Pcma);
    let begun = house.now;
    house.play(caller, &[PROMPT, MUSIC, PROMPT], false);
    house.run(5000);
    assert_eq!(house.phones[caller].heard.len(), 100);
    let leg = house.phones[caller].leg;
    let played: Vec<_> =
        house.events.iter().filter(|(_, e)| *e == MediaEvent::Played { leg, play: PlayId(1) }).collect();
    assert_eq!(played.len(), 1);
    let after = played[0].0 - begun;
    assert!((1980..=2020).contains(&(after.as_millis() as u64)), "{after:?}");
    assert_eq!(house.events_of(|e| matches!(e, MediaEvent::Silent { .. })), 0);
}

#[test]
fn a_new_sound_replaces_the_old_and_the_stream_goes_on() {
    let mut house = house(true);
    let caller = waiting(&mut house, Codec::Pcmu);
    house.play(caller, &[MUSIC], true);
    house.run(1010);
    house.play(caller, &[PROMPT], false);
    let from = house.now;
    house.run(400);
    assert!(house.hears(caller, from + Duration::from_millis(20), HERTZ[1]));
    let heard = &house.phones[caller].heard;
    assert!(heard.windows(2).all(|p| p[1].timestamp.wrapping_sub(p[0].timestamp) == 160));
    assert!(heard.windows(2).all(|p| p[1].sequence.wrapping_sub(p[0].sequence) == 1));
}

#[test]
fn after_a_pause_the_clock_has_gone_on_and_the_next_packet_is_marked() {
    let mut house = house(true);
    let caller = waiting(&mut house, Codec::Pcmu);
    house.play(caller, &[PROMPT], false);
    house.run(3000);
    let pause = house.phones[caller].heard.len();
    house.play(caller, &[PROMPT], false);
    house.run(100);
    let heard = &house.phones[caller].heard;
    let (before, after) = (&heard[pause - 1], &heard[pause]);
    assert!(after.marker);
    let ticks = after.timestamp.wrapping_sub(before.timestamp);
    let passed = (after.at - before.at).as_millis() as u32 * 8;
    assert!(ticks.abs_diff(passed) <= 160, "{ticks} ticks in {passed}");
}

#[test]
fn joining_ends_the_music_and_connects_within_a_frame() {
    let mut house = house(true);
    let caller = waiting(&mut house, Codec::Pcmu);
    house.phone(Role::Agent, Codec::Pcmu, 1000.0);
    house.play(caller, &[MUSIC], true);
    house.run(1005);
    let leg = house.phones[caller].leg;
    house.command(MediaCommand::Join { leg });
    let from = house.now;
    house.run(500);
    assert!(house.hears(caller, from, 1000.0) && !house.hears(caller, from, HERTZ[0]));
    let first = house.phones[caller].heard.iter().find(|p| p.at > from).expect("heard something");
    assert!(first.at - from <= Duration::from_millis(20));
}

#[test]
fn a_joined_leg_hears_the_announcement_beside_the_other_party() {
    for codec in [Codec::Pcmu, Codec::G722] {
        let mut house = house(true);
        let caller = house.phone(Role::Caller, codec, 440.0);
        let agent = house.phone(Role::Agent, Codec::Pcmu, 1000.0);
        house.run(500);
        house.play(caller, &[MUSIC], true);
        house.run(100);
        let from = house.now;
        house.run(1000);
        assert!(house.hears(caller, from, 1000.0) && house.hears(caller, from, HERTZ[0]), "{codec:?}");
        assert!(!house.hears(agent, Instant::ZERO, HERTZ[0]), "it is for the caller alone");
        assert!(house.phones[caller].longest_break(Instant::ZERO) <= Duration::from_millis(100));
        let leg = house.phones[caller].leg;
        house.command(MediaCommand::StopPlay { leg });
        house.run(100);
        let from = house.now;
        house.run(500);
        assert!(house.hears(caller, from, 1000.0) && !house.hears(caller, from, HERTZ[0]), "{codec:?}");
    }
}

#[test]
fn on_hold_an_announcement_ends_unheard() {
    let mut house = house(true);
    let caller = waiting(&mut house, Codec::Pcmu);
    house.negotiate(caller, |setup| setup.direction = Direction::RecvOnly);
    house.play(caller, &[PROMPT], false);
    house.run(600);
    assert!(house.phones[caller].heard.is_empty());
    assert_eq!(house.events_of(|e| matches!(e, MediaEvent::Played { .. })), 1);
}

#[test]
fn what_is_played_before_the_peer_is_known_begins_when_it_is() {
    let mut house = house(true);
    let caller = house.open(Role::Caller, Codec::Pcmu, 440.0);
    house.play(caller, &[PROMPT], false);
    house.run(2000);
    assert!(house.phones[caller].heard.is_empty());
    house.negotiate(caller, |_| {});
    house.run(1000);
    assert_eq!(house.phones[caller].heard.len(), 25);
}

#[test]
fn long_packets_get_the_whole_sound_and_its_rest() {
    let mut house = house(true);
    let caller = waiting(&mut house, Codec::Pcmu);
    house.negotiate(caller, |setup| setup.ptime_ms = 60);
    house.play(caller, &[PROMPT], false);
    house.run(1000);
    let lengths: Vec<usize> = house.phones[caller].heard.iter().map(|p| p.payload.len()).collect();
    assert_eq!(lengths, [480, 480, 480, 480, 480, 480, 480, 480, 160]);
}

#[test]
fn an_empty_list_is_over_at_once() {
    let mut house = house(true);
    let caller = waiting(&mut house, Codec::Pcmu);
    house.play(caller, &[], false);
    assert_eq!(house.events_of(|e| matches!(e, MediaEvent::Played { .. })), 1);
    house.play(caller, &[SoundId(99)], false);
    house.run(100);
    assert_eq!(house.events_of(|e| matches!(e, MediaEvent::Played { .. })), 2);
}

#[test]
fn two_hundred_callers_get_every_packet_on_time() {
    let mut house = house(true);
    let mut callers = Vec::new();
    for n in 0..200 {
        let caller = house.open(Role::Caller, Codec::Pcmu, 440.0);
        house.phones[caller].speaking = false;
        let leg = house.phones[caller].leg;
        house.command(MediaCommand::Move { leg, group: model::ContactId(100 + n) });
        house.negotiate(caller, |_| {});
        house.play(caller, &[MUSIC], true);
        callers.push(caller);
    }
    let from = house.now;
    house.run(1000);
    for caller in &callers {
        let phone = &house.phones[*caller];
        assert!((49..=51).contains(&phone.heard.len()));
        assert!(phone.longest_break(from) <= Duration::from_millis(20));
    }
}

#[test]
fn what_is_replaced_is_never_told_to_have_ended() {
    let mut house = house(true);
    let caller = waiting(&mut house, Codec::Pcmu);
    house.play(caller, &[PROMPT], false);
    house.run(40);
    house.play(caller, &[PROMPT], false);
    house.run(5000);
    let leg = house.phones[caller].leg;
    let played: Vec<_> = house.events.iter().filter(|(_, e)| matches!(e, MediaEvent::Played { .. })).collect();
    assert_eq!(
        played.iter().map(|(_, e)| e.clone()).collect::<Vec<_>>(),
        [MediaEvent::Played { leg, play: PlayId(2) }]
    );
}
