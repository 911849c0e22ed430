//! Who comes to a long wait hears so, and decides.

use crate::testing::{World, check_in, house};
use model::{Directory, SoundName, Warning};

fn warning() -> Directory {
    let mut house = house();
    let sound = SoundName("queue/long-wait".into());
    house.queues[0].care.warning = Some(Warning { expected_wait: None, length: Some(1), sound });
    house
}

#[test]
fn he_hears_that_it_will_be_long_and_how_long_and_waits_on() {
    let mut world = World::new(warning(), 1);
    world.step("call 4008");
    world.said.clear();
    check_in(
        world,
        "> warn 240s
         media play a queue/long-wait+queue/wait-less-than+digits/4+queue/minutes+queue/thank-you-for-holding
         > a played
         media play a music/default repeat
         > a ends
         media close a
         fact leg a ended normal-clearing
         queue withdraw c1 support Abandoned
         fact ended c1 abandoned normal-clearing",
    );
}

/// A free agent does not wait until the sentence is over, and a key counts in the middle of it.
#[test]
fn the_warning_delays_neither_the_agent_nor_the_key() {
    let mut world = World::new(warning(), 1);
    world.steps("call 4008\nwarn 240s\noffer anna");
    world.said.clear();
    world.step("b answers");
    assert!(world.said.contains(&"media join a".to_owned()), "{:?}", world.said);
    world.step("a ends");
    world.check_books();

    let mut world = World::new(warning(), 1);
    world.steps("call 4008\nwarn 240s");
    world.said.clear();
    world.step("a presses 9");
    assert!(world.said.iter().any(|l| l.starts_with("queue withdraw c1 support FlowedOut")), "{:?}", world.said);
    world.step("a ends");
    world.check_books();
}

#[test]
fn a_wait_nobody_can_foretell_is_called_long_and_no_more() {
    let mut world = World::new(warning(), 1);
    world.steps("call 4008\nwarn");
    assert_eq!(world.said.last().unwrap(), "media play a queue/long-wait");
    // With another configuration since then there is nothing to say.
    world.steps("call 4008\na ends\nb ends");
    world.check_books();
}
