//! RFC 3665 §2: registrations. The registrar here offers SHA-256 first (RFC 8760), so each challenge has two.

use crate::check;
use core::time::Duration;
use sim::{PhoneNo, World};

const HOUR: Duration = Duration::from_secs(3600);

fn bob() -> (World, PhoneNo) {
    let mut world = World::new("[[phone]]\nid = \"bob\"\npassword = \"zanzibar\"\n");
    let bob = world.phone("bob");
    (world, bob)
}

fn registered() -> (World, PhoneNo) {
    let (mut world, bob) = bob();
    world[bob].registers(HOUR);
    world.run_for(1);
    assert_eq!(world[bob].registered(), Some(200));
    world.transcript.clear();
    (world, bob)
}

fn registrations(world: &World) -> usize {
    world.shard(0).status().sip.registrations
}

#[test]
fn rfc3665_2_1_successful_new_registration() {
    let (mut world, bob) = bob();
    world[bob].registers(HOUR);
    world.run_for(1);
    assert_eq!((world[bob].registered(), registrations(&world)), (Some(200), 1));
    check(&world, "rfc3665-2.1");
}

#[test]
fn rfc3665_2_2_update_of_contact_list() {
    let (mut world, _) = registered();
    let mobile = world.phone("bob");
    world[mobile].registers(HOUR);
    world.run_for(1);
    assert_eq!(world[mobile].registered(), Some(200));
    check(&world, "rfc3665-2.2");
}

#[test]
fn rfc3665_2_3_request_for_current_contact_list() {
    let (mut world, bob) = registered();
    world[bob].asks_for_contacts();
    world.run_for(1);
    assert_eq!((world[bob].registered(), registrations(&world)), (Some(200), 1));
    check(&world, "rfc3665-2.3");
}

#[test]
fn rfc3665_2_4_cancellation_of_registration() {
    let (mut world, bob) = registered();
    world[bob].unregisters_all();
    world.run_for(1);
    assert_eq!((world[bob].registered(), registrations(&world)), (Some(200), 0));
    check(&world, "rfc3665-2.4");
}

#[test]
fn rfc3665_2_5_unsuccessful_registration() {
    let (mut world, bob) = bob();
    world[bob].knows_password("wrong");
    world[bob].registers(HOUR);
    world.run_for(1);
    assert_eq!((world[bob].registered(), registrations(&world)), (Some(401), 0));
    check(&world, "rfc3665-2.5");
}
