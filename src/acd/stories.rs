//! Stories of one shard, told from outside.

use crate::testing::{House, hotline};

#[test]
fn the_agent_idle_longest_gets_the_first_caller() {
    let mut house = House::new(hotline(2));
    let first = house.arrive(0, 0);
    assert_eq!(house.connect(first), 0);
    let second = house.arrive(0, 0);
    assert_eq!(house.connect(second), 1);
    house.pass(core::time::Duration::from_secs(5));
    house.release(1, second, Some(0));
    house.release(0, first, Some(0));
    let third = house.arrive(0, 0);
    assert_eq!(house.connect(third), 0, "same instant: the lower id");
}
