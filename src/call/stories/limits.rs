//! What is bounded, and what a reload changes.

use crate::testing::{World, check_in, house};
use crate::{DIALS_MAX, Input, LEGS_MAX};
use std::sync::Arc;

#[test]
fn one_call_has_no_more_legs_than_the_limit() {
    let mut world = World::new(house(), 1);
    world.steps("call 4008\noffer anna\nb answers");
    for _ in 0..LEGS_MAX + 5 {
        world.steps("call *311001 from 1003/carol");
    }
    let listening = world.said.iter().filter(|l| l.starts_with("fact supervisor")).count();
    assert_eq!(listening, LEGS_MAX - 2);
    let refused = world.said.iter().filter(|l| l.ends_with("agent/not-allowed")).count();
    assert_eq!(refused, 7);
}

#[test]
fn one_call_is_not_dialled_on_without_end() {
    let mut world = World::new(house(), 1);
    world.steps("call 4008\noffer anna\nb answers");
    for _ in 0..DIALS_MAX + 5 {
        world.steps("b refers 013900");
        let dialled = world.last_leg_shown();
        world.steps(&format!("{dialled} refuses busy"));
    }
    assert_eq!(world.said.iter().filter(|l| l.starts_with("dial") && l.contains('@')).count(), usize::from(DIALS_MAX));
    assert_eq!(world.said.iter().filter(|l| l.ends_with("failed overload")).count(), 5);
    world.steps("a ends");
    world.check_books();
}

#[test]
fn a_queue_deleted_by_a_reload_is_no_longer_a_place_to_go_to() {
    let mut world = World::new(house(), 1);
    world.steps("call 4008");
    let mut directory = house();
    directory.queues[1].removed = true;
    world.input(Input::Reload(Arc::new(directory)));
    world.said.clear();
    check_in(
        world,
        "> flow-out support queue:sales
         media play a announcements/sorry
         > call sales from 1001/anna
         reject b not-found
         fact refused not-found
         > a played
         hangup a normal-clearing
         media close a
         fact leg a ended normal-clearing
         fact ended c1 flowed-out normal-clearing",
    );
}
