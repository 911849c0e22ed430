//! Random houses on one, two and three shards; every promise checked at every step.

use crate::testing::secs;
use crate::world::World;

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
