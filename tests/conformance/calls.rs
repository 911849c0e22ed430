//! Those flows of RFC 3665 §3 a back-to-back user agent can have: each of its two dialogs follows the RFC's.

use crate::{PHONES, check};
use core::time::Duration;
use sim::{Answer, Over, PhoneNo, World};

fn alice_and_bob() -> (World, PhoneNo, PhoneNo) {
    let mut world = World::new(PHONES);
    let (alice, bob) = (world.phone("2001"), world.phone("2002"));
    (world, alice, bob)
}

#[test]
fn rfc3665_3_1_successful_session_establishment() {
    let (mut world, alice, bob) = alice_and_bob();
    world[alice].dials("2002");
    world.run_for(5);
    assert!(world.hears(alice, bob) && world.hears(bob, alice));
    world[bob].hangs_up_all();
    world.run_for(1);
    check(&world, "rfc3665-3.1");
    world.check();
}

/// The registrar's challenge before a call: a phone that has not registered must say who it is.
#[test]
fn rfc3665_3_3_establishment_after_a_challenge() {
    let tables = format!("{PHONES}[[phone]]\nid = \"alice\"\npassword = \"4aHb\"\n");
    let mut world = World::new(&tables);
    let (alice, bob) = (world.phone("alice"), world.phone("2002"));
    world[alice].dials("2002");
    world.run_for(5);
    assert!(world.hears(alice, bob) && world.hears(bob, alice));
    world[alice].hangs_up_all();
    world.run_for(1);
    check(&world, "rfc3665-3.3");
    world.check();
}

/// The RFC's redirect server is a phone here, and a redirection from a phone is never followed.
#[test]
fn rfc3665_3_6_a_redirection_is_not_followed() {
    let (mut world, alice, bob) = alice_and_bob();
    world[bob].manners.answer = Answer::refuse(302);
    world[alice].dials("2002");
    world.run_for(5);
    assert!(matches!(world[alice].last().over, Some(Over::Refused(_) | Over::HungUpByHouse)));
    check(&world, "rfc3665-3.6");
    world.check();
}

/// The proxy that does not answer is a route's first trunk here; what it did not take the second gets.
#[test]
fn rfc3665_3_4_establishment_with_proxy_failure() {
    let tables = r#"
[[trunk]]
name = "first"
host = "198.51.100.1"
options_interval = "0s"
[[trunk]]
name = "second"
host = "198.51.100.2"
options_interval = "0s"
[[route]]
match = "+86*"
trunks = ["first", "second"]
class = "internal"
"#;
    let mut world = World::new(&format!("{PHONES}{tables}"));
    let alice = world.phone("2001");
    let (first, second) =
        (world.outside("proxy 1", "198.51.100.1:5060"), world.outside("proxy 2", "198.51.100.2:5060"));
    world[first].manners.answer = Answer::Silent;
    world[alice].dials("+8613800138000");
    world.waits_until(Duration::from_secs(30), "she talks", |w| w[second].is_talking() && w[alice].is_talking());
    world.run_for(1);
    assert!(world.hears(alice, second) && world.hears(second, alice));
    world[second].hangs_up_all();
    world.run_for(1);
    check(&world, "rfc3665-3.4");
    world.check();
}

/// Bob's sound moves while they talk. The RFC's Bob moves to another address, this one to another port of it.
#[test]
fn rfc3665_3_7_session_with_re_invite() {
    let (mut world, alice, bob) = alice_and_bob();
    world[alice].dials("2002");
    world.run_for(5);
    world.transcript.clear();
    let call = world[bob].last_no();
    world[bob].moves_sound(call);
    world.run_for(2);
    assert!(world.hears(alice, bob) && world.hears(bob, alice));
    check(&world, "rfc3665-3.7");
    world.everybody_hangs_up();
    world.check();
}

/// RFC 3264 §8.4: hold by direction, and back.
#[test]
fn rfc3264_8_4_hold_and_resume() {
    let (mut world, alice, bob) = alice_and_bob();
    let call = world[alice].dials("2002");
    world.run_for(5);
    world.transcript.clear();
    world[alice].holds(call);
    world.run_for(2);
    assert!(!world.hears(bob, alice), "held");
    world[alice].retrieves(call);
    world.run_for(2);
    assert!(world.hears(alice, bob) && world.hears(bob, alice));
    check(&world, "rfc3264-8.4");
    world.everybody_hangs_up();
    world.check();
}

#[test]
fn rfc3665_3_8_unsuccessful_no_answer() {
    let (mut world, alice, bob) = alice_and_bob();
    world[bob].manners.answer = Answer::Never;
    world[alice].dials("2002");
    world.run_for(5);
    world[alice].hangs_up_all();
    world.run_for(1);
    assert_eq!(world[bob].last().over, Some(Over::CancelledByHouse));
    check(&world, "rfc3665-3.8");
    world.check();
}

#[test]
fn rfc3665_3_9_unsuccessful_busy() {
    let (mut world, alice, bob) = alice_and_bob();
    world[bob].manners.answer = Answer::refuse(486);
    world[alice].dials("2002");
    world.run_for(5);
    assert_eq!(world[alice].last().over, Some(Over::Refused(486)));
    check(&world, "rfc3665-3.9");
    world.check();
}

#[test]
fn rfc3665_3_10_unsuccessful_no_response() {
    let (mut world, alice, bob) = alice_and_bob();
    world[bob].manners.answer = Answer::Silent;
    world[alice].dials("2002");
    let limit = Duration::from_secs(40);
    world.waits_until(limit, "Alice is told", |w| w[alice].last().is_over());
    check(&world, "rfc3665-3.10");
    world.check();
}

#[test]
fn rfc3665_3_11_unsuccessful_temporarily_unavailable() {
    let (mut world, alice, bob) = alice_and_bob();
    world[bob].manners.answer = Answer::Refuse { status: 480, after: Duration::from_secs(1) };
    world[alice].dials("2002");
    world.run_for(5);
    assert_eq!(world[alice].last().over, Some(Over::Refused(480)));
    check(&world, "rfc3665-3.11");
    world.check();
}
