//! Several phones that ring for one caller.

use crate::testing::{World, check_in, house};
use model::{Agent, Phone, PhoneId, RINGS_MAX};

/// A caller waits and the phones of these agents ring.
fn ringing(number: &str, queue: &str, agents: &[&str]) -> World {
    let mut world = World::new(house(), 1);
    world.step(&format!("call {number}"));
    for (agent, leg) in agents.iter().zip('b'..) {
        world.step(&format!("offer {agent} {queue}"));
        world.step(&format!("{leg} rings"));
    }
    world.said.clear();
    world
}

#[test]
fn the_first_who_answers_has_the_caller_and_the_others_are_told_that_it_was_answered_elsewhere() {
    check_in(
        ringing("4008", "support", &["anna", "ben", "carol"]),
        "> c answers
         media open c agent
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         queue settle ben accepted
         hangup b answered-elsewhere
         fact leg b ended answered-elsewhere
         queue settle anna withdrawn
         hangup d answered-elsewhere
         fact leg d ended answered-elsewhere
         queue settle carol withdrawn
         fact talk c1 ben support
         media join a
         media join c
         > b answers
         > a ends
         media close a
         fact leg a ended normal-clearing
         fact talked c1 ben 0s held 0s
         hangup c normal-clearing
         media close c
         fact leg c ended normal-clearing
         queue release ben c1 support
         fact ended c1 served normal-clearing",
    );
}

/// The caller's own description is missing until his ACK: nobody can be joined before.
#[test]
fn of_two_who_answer_before_the_caller_can_be_joined_the_quicker_has_him_and_the_other_is_hung_up() {
    let mut world = World::new(house(), 1);
    world.steps("call 4009 no-offer\noffer anna sales\noffer ben sales\noffer carol sales\nb rings\nc rings");
    world.said.clear();
    check_in(
        world,
        "> c answers
         media open c agent
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         answer a (PCMU/PCMA/G722)
         media open a caller
         > b answers
         media open b agent
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         > a confirms
         media negotiate a pcmu SendRecv
         media play a music/default repeat
         fact leg a answered pcmu
         queue settle ben accepted
         hangup b answered-elsewhere
         media close b
         fact leg b ended answered-elsewhere
         queue settle anna withdrawn
         hangup d answered-elsewhere
         fact leg d ended answered-elsewhere
         queue settle carol withdrawn
         fact talk c1 ben sales
         media join a
         media join c
         > a ends
         media close a
         fact leg a ended normal-clearing
         fact talked c1 ben 0s held 0s
         hangup c normal-clearing
         media close c
         fact leg c ended normal-clearing
         queue release ben c1 sales
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn who_answers_and_hangs_up_before_the_joining_leaves_the_others_ringing() {
    let mut world = World::new(house(), 1);
    world.steps("call 4009 no-offer\noffer anna sales\noffer ben sales\nb rings\nc rings");
    world.said.clear();
    check_in(
        world,
        "> b answers
         media open b agent
         media negotiate b pcmu SendRecv
         fact leg b answered pcmu
         answer a (PCMU/PCMA/G722)
         media open a caller
         > b ends
         media close b
         fact leg b ended normal-clearing
         queue settle anna rejected
         > a confirms
         media negotiate a pcmu SendRecv
         media play a music/default repeat
         fact leg a answered pcmu
         > c answers
         media open c agent
         media negotiate c pcmu SendRecv
         fact leg c answered pcmu
         queue settle ben accepted
         fact talk c1 ben sales
         media join a
         media join c
         > a ends
         media close a
         fact leg a ended normal-clearing
         fact talked c1 ben 0s held 0s
         hangup c normal-clearing
         media close c
         fact leg c ended normal-clearing
         queue release ben c1 sales
         fact ended c1 served normal-clearing",
    );
}

#[test]
fn one_phone_that_refuses_rings_out_or_is_taken_back_leaves_the_others_ringing() {
    check_in(
        ringing("4008", "support", &["anna", "ben", "carol", "dave"]),
        "> b refuses busy
         fact leg b ended busy
         queue settle anna rejected
         > revoke ben
         hangup c cancelled
         fact leg c ended cancelled
         queue settle ben withdrawn
         > wait 16s
         hangup d no-answer
         fact leg d ended no-answer
         queue settle carol missed
         hangup e no-answer
         fact leg e ended no-answer
         queue settle dave missed
         > a ends
         media close a
         fact leg a ended normal-clearing
         queue withdraw c1 support Abandoned
         fact ended c1 abandoned normal-clearing",
    );
}

#[test]
fn a_caller_who_leaves_silences_every_phone() {
    check_in(
        ringing("4008", "support", &["anna", "ben"]),
        "> a ends
         media close a
         fact leg a ended normal-clearing
         queue withdraw c1 support Abandoned
         hangup b cancelled
         fact leg b ended cancelled
         queue settle anna withdrawn
         hangup c cancelled
         fact leg c ended cancelled
         queue settle ben withdrawn
         fact ended c1 abandoned normal-clearing",
    );
}

#[test]
fn a_second_offer_to_the_same_agent_is_taken_back() {
    check_in(
        ringing("4008", "support", &["anna"]),
        "> offer anna
         queue settle anna withdrawn
         > a ends
         media close a
         fact leg a ended normal-clearing
         queue withdraw c1 support Abandoned
         hangup b cancelled
         fact leg b ended cancelled
         queue settle anna withdrawn
         fact ended c1 abandoned normal-clearing",
    );
}

/// Whatever the distributor thinks, one caller does not make the house dial without end.
#[test]
fn more_phones_than_the_limit_do_not_ring_for_one_caller() {
    let mut house = house();
    let (agent, phone) = (house.agents[0].clone(), house.phones[0].clone());
    for i in 0..RINGS_MAX as u32 + 3 {
        let phone_id = PhoneId(u32::try_from(house.phones.len()).unwrap());
        house.phones.push(Phone { id: format!("30{i:02}").into(), ..phone.clone() });
        let name = format!("n{i}").into();
        house.agents.push(Agent { id: format!("30{i:02}").into(), name, phone: Some(phone_id), ..agent.clone() });
    }
    let mut world = World::new(house, 1);
    world.step("call 4008");
    (0..RINGS_MAX + 3).for_each(|i| world.step(&format!("offer n{i}")));
    let said = |start: &str| world.said.iter().filter(|l| l.starts_with(start)).count();
    // Their phones were not dialled: they have not failed.
    assert_eq!((said("dial"), world.said.iter().filter(|l| l.ends_with(" withdrawn")).count()), (RINGS_MAX, 3));
    world.step("a ends");
    world.check_books();
}

#[test]
fn an_agent_whom_we_have_no_port_to_ring_has_not_failed() {
    let mut world = World::new(house(), 1);
    world.step("call 4008");
    // The caller came with a port for one more.
    world.use_up_ports(0);
    world.said.clear();
    world.steps("offer anna\noffer ben");
    let settled: Vec<_> = world.said.iter().filter(|l| l.starts_with("queue settle")).collect();
    assert_eq!(settled, ["queue settle ben withdrawn"]);
    world.said.clear();
    world.steps("b answers\na ends");
    assert!(world.said.iter().any(|l| l == "queue settle anna accepted"), "{:?}", world.said);
    world.check_books();
}
