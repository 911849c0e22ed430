//! RFC 5589: transfers. Transferor, transferee and target each have a dialog with the house alone.

use crate::{PHONES, check};
use core::time::Duration;
use sim::{Answer, CallNo, Over, PhoneNo, World};

/// Alice (2001) has called Bob (2002), who will transfer her to Carol (2003).
fn talking() -> (World, [PhoneNo; 3], CallNo) {
    let mut world = World::new(PHONES);
    let people = [world.phone("2001"), world.phone("2002"), world.phone("2003")];
    world[people[0]].dials("2002");
    world.run_for(5);
    let call = world[people[1]].last_no();
    world.transcript.clear();
    (world, people, call)
}

#[test]
fn rfc5589_6_1_successful_basic_transfer() {
    let (mut world, [alice, bob, carol], call) = talking();
    world[bob].transfers(call, "2003");
    world.run_for(5);
    assert!(world.hears(alice, carol) && world.hears(carol, alice));
    assert_eq!(world[bob].call(call).notified, [100, 200]);
    check(&world, "rfc5589-6.1");
    world.everybody_hangs_up();
    world.check();
}

#[test]
fn rfc5589_6_3_1_target_busy_gives_the_transferee_back() {
    let (mut world, [alice, bob, carol], call) = talking();
    world[carol].manners.answer = Answer::refuse(486);
    world[bob].transfers(call, "2003");
    world.run_for(5);
    assert!(world.hears(alice, bob) && world.hears(bob, alice));
    assert_eq!(world[bob].call(call).notified, [100, 486]);
    check(&world, "rfc5589-6.3.1");
    world.everybody_hangs_up();
    world.check();
}

#[test]
fn rfc5589_7_3_attended_transfer() {
    let (mut world, [alice, bob, carol], call) = talking();
    world[bob].holds(call);
    let consultation = world[bob].dials("2003");
    world.run_for(5);
    assert!(world.hears(bob, carol) && world.hears(carol, bob));
    world[bob].transfers_into(call, consultation);
    world.run_for(5);
    assert!(world.hears(alice, carol) && world.hears(carol, alice));
    check(&world, "rfc5589-7.3");
    world.everybody_hangs_up();
    world.check();
}

/// The target's phone rings until the house gives up.
#[test]
fn rfc5589_6_3_2_target_does_not_answer() {
    let (mut world, [alice, bob, carol], call) = talking();
    world[carol].manners.answer = Answer::Never;
    world[bob].transfers(call, "2003");
    let limit = Duration::from_secs(90);
    world.waits_until(limit, "it stops ringing", |w| w[carol].calls().iter().any(sim::Call::is_over));
    world.run_for(2);
    assert!(world.hears(alice, bob) && world.hears(bob, alice));
    assert_eq!(world[carol].last().over, Some(Over::CancelledByHouse));
    assert_eq!(world[bob].call(call).notified, [100, 480]);
    check(&world, "rfc5589-6.3.2");
    world.everybody_hangs_up();
    world.check();
}

/// Bob has asked Carol and hung up with her; then he sends Alice to her.
#[test]
fn rfc5589_7_1_exposing_the_target() {
    let (mut world, [alice, bob, carol], call) = talking();
    world[bob].holds(call);
    let consultation = world[bob].dials("2003");
    world.run_for(5);
    world[bob].hangs_up(consultation);
    world.run_for(1);
    world[bob].transfers(call, "2003");
    world.run_for(5);
    assert!(world.hears(alice, carol) && world.hears(carol, alice));
    check(&world, "rfc5589-7.1");
    world.everybody_hangs_up();
    world.check();
}

/// Bob asks for the transfer in the call with Carol: it is she who takes his place in the call with Alice.
#[test]
fn rfc5589_7_2_protecting_the_target() {
    let (mut world, [alice, bob, carol], call) = talking();
    world[bob].holds(call);
    let consultation = world[bob].dials("2003");
    world.run_for(5);
    world[bob].transfers_into(consultation, call);
    world.run_for(5);
    assert!(world.hears(alice, carol) && world.hears(carol, alice));
    assert_eq!(world[bob].live().count(), 0);
    check(&world, "rfc5589-7.2");
    world.everybody_hangs_up();
    world.check();
}

/// Carol's phone rings; Bob does not wait for her, gives up his own call to her and sends Alice there.
#[test]
fn rfc5589_7_6_semi_attended_transfer() {
    let (mut world, [alice, bob, carol], call) = talking();
    world[carol].manners.next.push_back(Answer::Never);
    world[bob].holds(call);
    let consultation = world[bob].dials("2003");
    world.run_for(3);
    assert!(world[carol].is_ringing());
    world[bob].hangs_up(consultation);
    world.run_for(1);
    world[bob].transfers(call, "2003");
    world.run_for(5);
    assert!(world.hears(alice, carol) && world.hears(carol, alice));
    assert_eq!(world[bob].call(call).notified, [100, 200]);
    check(&world, "rfc5589-7.6");
    world.everybody_hangs_up();
    world.check();
}

/// The transferor gives up the consultation and takes the caller back: nothing is transferred.
#[test]
fn rfc5589_7_consultation_abandoned() {
    let (mut world, [alice, bob, _], call) = talking();
    world[bob].holds(call);
    let consultation = world[bob].dials("2003");
    world.run_for(5);
    world[bob].hangs_up(consultation);
    world.run_for(1);
    world[bob].retrieves(call);
    world.run_for(2);
    assert!(world.hears(alice, bob) && world.hears(bob, alice));
    check(&world, "rfc5589-7-abandoned");
    world.everybody_hangs_up();
    world.check();
}
