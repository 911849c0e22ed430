//! What a queue does beside matching: a word to the agent before the caller, and a place that is kept.

use crate::testing::{World, check_in, house};
use core::time::Duration;
use model::{Care, Directory, SoundName, Whisper};

fn whispering() -> Directory {
    let mut house = house();
    let sound = Some(SoundName("queue/in-line".into()));
    house.queues[0].care = Care { whisper: Whisper { sound, waited: true }, ..Care::default() };
    house
}

#[test]
fn the_agent_hears_whose_call_it_is_and_the_caller_music_until_they_are_joined() {
    let mut world = World::new(whispering(), 1);
    world.steps("call 4008\nwait 121s\noffer anna\nb rings");
    world.said.clear();
    check_in(
        world,
        "> b answers
         media open b agent
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         media play b queue/in-line+digits/2+queue/minutes
         > b played
         queue settle anna accepted
         fact talk c1 anna support
         media join a
         media join b
         > a ends
         media close a
         fact leg a ended normal-clearing
         fact talked c1 anna 0s held 0s
         hangup b normal-clearing
         media close b
         fact leg b ended normal-clearing
         queue release anna c1 support
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn a_caller_who_has_waited_for_less_than_a_minute_is_announced_by_the_name_alone() {
    let mut world = World::new(whispering(), 1);
    world.steps("call 4008\nwait 59s\noffer anna\nb answers");
    assert_eq!(world.said.last().unwrap(), "media play b queue/in-line");
    // A worker that never says that it has played it does not keep them apart.
    world.step("wait 10s");
    assert!(world.said.contains(&"media join b".to_owned()), "{:?}", world.said);
    world.step("a ends");
    world.check_books();
}

#[test]
fn the_tone_of_a_phone_that_opens_by_itself_comes_first() {
    let mut house = whispering();
    house.phones[0].auto_answer = true;
    let mut world = World::new(house, 1);
    world.steps("call 4008\noffer anna\nb answers");
    assert_eq!(world.said.last().unwrap(), "media play b tones/zip+queue/in-line");
    world.said.clear();
    world.step("b played");
    assert!(world.said.contains(&"media join b".to_owned()));
    assert!(world.said.iter().all(|l| !l.contains("zip")), "once is enough: {:?}", world.said);
    world.step("a ends");
    world.check_books();
}

#[test]
fn who_hangs_up_during_the_whisper_leaves_the_others_ringing_and_a_caller_who_does_ends_it() {
    for (who, end) in [("b", "c played"), ("a", "wait 1s")] {
        let mut world = World::new(whispering(), 1);
        world.steps("call 4008\noffer anna\noffer ben\nc rings\nb answers");
        world.step(&format!("{who} ends"));
        let cancelled = world.said.iter().any(|l| l.starts_with("hangup c"));
        assert_eq!(cancelled, who == "a");
        if who == "b" {
            world.step("c answers");
        }
        world.step(end);
        world.step("a ends");
        world.check_books();
        let joined = world.said.contains(&"media join c".to_owned());
        assert_eq!(joined, who == "b", "{:?}", world.said);
    }
}

/// `priority` and the rest are the queue's business: what counts here is when he is said to have begun to wait.
fn entered(world: &World) -> Vec<Duration> {
    let contacts = world.machine.contacts.values();
    contacts.filter_map(|c| c.entered).map(|at| at - base::Instant::ZERO).collect()
}

fn resuming() -> World {
    let mut house = house();
    house.queues[0].care.resume = Some(Duration::from_secs(120));
    World::new(house, 1)
}

#[test]
fn who_calls_again_in_time_has_his_place_and_only_once() {
    let mut world = resuming();
    world.steps("wait 10s\ncall 4008");
    let first = entered(&world);
    world.steps("wait 60s\na ends\nwait 119s\ncall 4008");
    assert_eq!(entered(&world), first);
    world.steps("call 4008");
    assert_ne!(entered(&world)[1], first[0], "somebody else at the same number does not");
    // It is kept again from where it began.
    world.steps("b ends\nwait 119s\ncall 4008");
    assert!(entered(&world).contains(&first[0]));
}

#[test]
fn a_late_caller_a_hidden_one_and_one_of_another_queue_begin_anew() {
    for (first, again) in [
        ("call 4008", "wait 121s\ncall 4008"),
        ("call 4008 withheld", "call 4008 withheld"),
        ("call 4008", "call 4008 withheld"),
        ("call 4008", "call 4009"),
        ("call 4009", "call 4009"),
    ] {
        let mut world = resuming();
        world.steps(&format!("wait 10s\n{first}\nwait 30s"));
        let before = entered(&world);
        world.steps(&format!("a ends\n{again}"));
        assert_ne!(entered(&world), before, "{first}, {again}");
    }
}

#[test]
fn who_was_served_or_left_by_a_key_has_no_place_to_come_back_to() {
    for leaves in ["offer anna\nb answers\na ends", "a presses 9\na ends"] {
        let mut world = resuming();
        world.steps("wait 10s\ncall 4008\nwait 30s");
        let before = entered(&world);
        world.steps(leaves);
        world.steps("call 4008");
        assert_ne!(entered(&world), before, "{leaves}");
    }
}
