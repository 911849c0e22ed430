//! A caller leaves a message.

use crate::testing::{World, check, house};
use core::time::Duration;
use model::{Directory, SoundName, VoicemailPolicy};

#[test]
fn who_overflows_to_voicemail_hears_what_to_do_speaks_and_ends_with_a_key() {
    check(
        "> call 4008
         fact arrived c1
         fact leg a started caller
         answer a (PCMU)
         media open a caller
         media negotiate a pcmu SendRecv
         fact leg a answered pcmu
         media play a music/default repeat
         queue enqueue c1 support
         > flow-out support voicemail:support
         media play a voicemail/leave-message+tones/beep
         > a played
         media join a
         media record c1 voicemail/20231114T221320000Z-0000000100000001-support
         fact recording voicemail/20231114T221320000Z-0000000100000001-support
         > wait 20s
         > a presses 12
         > a presses #
         media stop-recording c1
         media leave a
         fact recorded voicemail/20231114T221320000Z-0000000100000001-support
         fact message support voicemail/20231114T221320000Z-0000000100000001-support
         media play a voicemail/saved
         > a played
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         fact ended c1 flowed-out normal-clearing",
    );
}

fn messages(world: &World) -> usize {
    world.said.iter().filter(|line| line.starts_with("fact message ")).count()
}

fn ending(longest: u64) -> Directory {
    let mut house = house();
    let greeting = Some(SoundName("queue/in-line".into()));
    house.queues[0].care.voicemail = VoicemailPolicy { greeting, longest: Duration::from_secs(longest) };
    house
}

#[test]
fn who_hangs_up_while_he_speaks_has_left_his_message_and_who_does_before_the_tone_none() {
    for (way, left) in [("a played\nwait 5s\na ends", 1), ("a ends", 0), ("wait 5s\na ends", 0)] {
        let mut world = World::new(house(), 1);
        world.steps(&format!("call 4006\n{way}"));
        assert_eq!(messages(&world), left, "{way}: {:?}", world.said);
        assert!(world.said.iter().any(|l| l.starts_with("fact ended c1 flowed-out")), "{way}");
        world.check_books();
    }
}

#[test]
fn a_message_is_no_longer_than_the_queue_allows_and_its_own_greeting_can_be_cut_short() {
    let mut world = World::new(ending(30), 1);
    world.step("call 4006");
    assert_eq!(world.said.last().unwrap(), "media play a queue/in-line+tones/beep");
    world.step("a presses #");
    assert_eq!(world.said.last().unwrap(), "media play a tones/beep");
    world.steps("a played\nwait 29s");
    assert_eq!(messages(&world), 0);
    world.step("wait 2s");
    assert_eq!(messages(&world), 1);
    assert_eq!(world.said.last().unwrap(), "media play a voicemail/saved");
    world.step("a played");
    world.check_books();
}

/// Nobody is told that his message was kept when nobody knows.
#[test]
fn what_the_writer_does_not_confirm_is_not_called_stored() {
    let mut world = World::new(house(), 1);
    // One that forgets the first word it is asked about.
    world.forgetful = (0..).map(base::Rng::new).find(|rng| rng.clone().chance(0.3));
    world.steps("call 4006\na played\nwait 5s\na presses #");
    assert_eq!(messages(&world), 0, "{:?}", world.said);
    world.step("wait 3s");
    assert_eq!(world.said.last().unwrap(), "media play a announcements/sorry");
    world.forgetful = None;
    world.steps("a played\nwait 3s");
    // What is on the disk can still be listened to.
    assert_eq!(messages(&world), 1);
    world.check_books();
}

#[test]
fn in_a_world_without_media_leaving_a_message_takes_no_time() {
    let mut world = World::new(house(), 0);
    world.steps("call 4006\nwait 1s");
    assert_eq!(messages(&world), 0);
    assert!(world.said.iter().any(|l| l.starts_with("fact ended c1 flowed-out")), "{:?}", world.said);
    world.check_books();
}
