//! Random houses on one, two and three shards; every promise checked at every step.

use crate::testing::secs;
use crate::world::{Understood, World};

fn live(shards: u8, seeds: core::ops::Range<u64>) {
    let mut connected = 0;
    for seed in seeds {
        connected += World::new(seed, shards).live(secs(600));
    }
    assert!(connected > 1_000, "the houses were busy: {connected}");
}

#[test]
fn one_shard_keeps_its_promises() {
    live(1, 0..60);
}

#[test]
fn two_shards_keep_their_promises() {
    live(2, 1_000..1_100);
}

#[test]
fn three_shards_keep_their_promises() {
    live(3, 2_000..2_100);
}

/// In the order in which several shards told it, which is the order of things within a shard only.
#[test]
fn what_two_and_three_shards_told_is_explained_with_nothing_in_doubt() {
    let mut seen = Understood::default();
    for (seeds, shards) in [(3_000..3_050, 2), (4_000..4_050, 3)] {
        for seed in seeds {
            let mut world = World::new(seed, shards);
            world.live(secs(300));
            world.explained(6, &mut seen);
        }
    }
    assert!(seen.offers > 300 && seen.crossed > 30, "contacts were offered, and facts crossed: {seen:?}");
}
