//! Phones that die, move, double and refuse.

use crate::floor::{MS, SECOND, hotline};
use model::{AgentState, NotReadyReason};
use sim::{Answer, Over, PhoneNo, World};

/// An agent 1001 who is ready whenever his phone is registered.
fn registering(rules: &str) -> String {
    hotline(0, rules)
        + "[[phone]]\nid = \"1001\"\npassword = \"correct horse\"\n\
           [[agent]]\nid = \"1001\"\nphone = \"1001\"\nqueues = [\"support\"]\ninitial_state = \"ready\"\n"
}

fn two_devices(world: &mut World) -> [PhoneNo; 2] {
    let devices = [world.phone("1001"), world.phone("1001")];
    for device in devices {
        world[device].registers(600 * SECOND);
    }
    world.run_for(1);
    assert_eq!(devices.map(|d| world[d].registered()), [Some(200); 2]);
    devices
}

#[test]
fn complaint_18_both_devices_ring_and_one_call_results() {
    let mut world = World::new(&registering(""));
    let [desk, mobile] = two_devices(&mut world);
    world[desk].manners.answer = Answer::After(3 * SECOND);
    world[mobile].manners.answer = Answer::Never;
    let bob = world.caller("13800138000");
    world[bob].dials("4008");
    world.waits_until(SECOND, "both ring", |w| w[desk].is_ringing() && w[mobile].is_ringing());
    world.waits_until(4 * SECOND, "one answers", |w| w[desk].is_talking());
    world.waits_until(50 * MS, "the other stops", |w| w[mobile].last().is_over());
    assert_eq!(world[mobile].last().over, Some(Over::CancelledByHouse));
    // RFC 3326: no missed call in the other phone's list.
    let reason = world[mobile].last().reason.clone().unwrap_or_default();
    assert!(reason.contains("cause=200"), "{reason:?}");
    world.run_ms(100);
    assert!(world.hears(bob, desk) && world.hears(desk, bob));
    world[bob].hangs_up_all();
    world.run_for(1);
    for device in [desk, mobile] {
        world[device].unregisters();
    }
    world.check();
}

#[test]
fn complaint_18_both_devices_answer_at_once_and_the_loser_is_hung_up() {
    let mut world = World::new(&registering(""));
    let devices = two_devices(&mut world);
    for device in devices {
        world[device].manners.answer = Answer::After(2 * SECOND);
    }
    let bob = world.caller("13800138000");
    world[bob].dials("4008");
    world.run_for(2);
    world.waits_until(SECOND, "one is left", |w| devices.iter().filter(|d| w[**d].is_talking()).count() == 1);
    world.run_ms(200);
    let (winner, loser) =
        if world[devices[0]].is_talking() { (devices[0], devices[1]) } else { (devices[1], devices[0]) };
    assert!(world.hears(bob, winner) && world.hears(winner, bob) && !world.hears(bob, loser));
    let lost = world[loser].last();
    assert_eq!(lost.over, Some(Over::HungUpByHouse), "acknowledged and hung up");
    assert!(lost.ended.expect("over") - lost.answered.expect("it answered") <= 50 * MS);
    world.run_for(10);
    assert!(world.hears(bob, winner));
    world[bob].hangs_up_all();
    world.run_for(1);
    for device in devices {
        world[device].unregisters();
    }
    world.check();
}

#[test]
fn complaint_20_an_unregistered_phone_makes_not_ready_within_a_second() {
    let unreachable = AgentState::NotReady { reason: NotReadyReason::DeviceUnreachable };
    let mut world = World::new(&registering(""));
    assert_ne!(world.agent_state("1001"), AgentState::Ready, "nobody is there yet");
    let anna = world.phone("1001");
    world[anna].registers(60 * SECOND);
    world.waits_until(SECOND, "he is ready", |w| w.agent_state("1001") == AgentState::Ready);
    world.run_for(600);
    assert_eq!(world.agent_state("1001"), AgentState::Ready, "refreshing keeps him there");
    world[anna].unregisters();
    world.waits_until(SECOND, "it is seen", |w| w.agent_state("1001") == unreachable);

    // The same when the phone simply falls silent: a second after the registration has run out.
    world[anna].registers(60 * SECOND);
    world.waits_until(SECOND, "he is ready again", |w| w.agent_state("1001") == AgentState::Ready);
    world[anna].dies();
    world.run_for(59);
    world.waits_until(2 * SECOND, "it has run out", |w| w.agent_state("1001") == unreachable);
    world.check();
}

/// With one shard nobody else is told where a phone registered, but its own call room must be.
#[test]
fn a_phone_that_registered_from_outside_is_shown_the_public_address() {
    for shards in [1, 3] {
        let public: std::net::IpAddr = "203.0.113.5".parse().unwrap();
        let outside = World::plan(&registering("")).shards(shards).with(|directory| {
            directory.site.local_networks.clear();
            directory.media.public_address = Some(public);
        });
        let mut world = outside.open();
        let anna = world.phone("1001");
        world[anna].registers(600 * SECOND);
        world.run_for(1);
        world[anna].manners.answer = Answer::After(SECOND);
        let bob = world.caller("13800138000");
        world[bob].dials("4008");
        world.waits_until(5 * SECOND, "she answers", |w| w[anna].is_talking());
        let shown = [anna, bob].map(|who| world[who].sends_to(world[who].last_no()).map(|at| at.ip()));
        assert_eq!(shown, [Some(public); 2], "with {shards} shards");
    }
}
