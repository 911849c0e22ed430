//! Short breaks that come and end by themselves.

use crate::testing::{House, hotline, secs};
use core::time::Duration;
use model::{AgentAction, AgentState, Breather, NotReadyReason};

const SHORT_BREAK: AgentState = AgentState::NotReady { reason: NotReadyReason::ShortBreak };

fn house(contacts: Option<u32>, occupancy: Option<u8>) -> House {
    let mut directory = hotline(1);
    directory.queues[0].wrap_up = secs(10);
    directory.agents[0].breather = Some(Breather { contacts, occupancy, time: secs(30) });
    House::new(directory)
}

/// A contact of this many seconds and its wrap-up.
fn serve(house: &mut House, talk: u64) {
    let contact = house.arrive(0, 0);
    house.connect(contact);
    house.pass(secs(talk));
    house.release(0, contact, Some(0));
    assert!(matches!(house.state(0), AgentState::WrapUp { .. }), "{:?}", house.state(0));
    house.pass(secs(10));
}

#[test]
fn after_so_many_contacts_an_agent_has_a_short_break_that_ends_by_itself() {
    let mut house = house(Some(3), None);
    for _ in 0..2 {
        for _ in 0..2 {
            serve(&mut house, 60);
            assert_eq!(house.state(0), AgentState::Ready);
        }
        serve(&mut house, 60);
        assert_eq!(house.state(0), SHORT_BREAK);
        let waits = house.arrive(0, 0);
        house.pass(secs(30) - Duration::from_millis(1));
        house.quiet();
        house.pass(Duration::from_millis(1));
        let offer = house.offer(waits);
        house.hang_up(waits, 0);
        house.event();
        house.settle(offer, model::OfferOutcome::Withdrawn);
    }
}

#[test]
fn his_own_word_ends_it_and_his_own_break_stands_for_it() {
    let mut house = house(Some(2), None);
    serve(&mut house, 5);
    serve(&mut house, 5);
    assert_eq!(house.state(0), SHORT_BREAK);
    house.ask(0, AgentAction::Ready).expect("he is signed on");
    assert_eq!(house.state(0), AgentState::Ready);
    house.pass(secs(60));
    // He asks for a break himself: the count begins anew.
    serve(&mut house, 5);
    house.ask(0, AgentAction::NotReady { code: 1 }).expect("he is signed on");
    house.ask(0, AgentAction::Ready).expect("he is signed on");
    serve(&mut house, 5);
    assert_eq!(house.state(0), AgentState::Ready);
    // The break he wants comes, and is not cut short.
    let contact = house.arrive(0, 0);
    house.connect(contact);
    house.ask(0, AgentAction::NotReady { code: 1 }).expect("he is signed on");
    house.release(0, contact, Some(0));
    house.pass(secs(600));
    assert_eq!(house.state(0), AgentState::NotReady { reason: NotReadyReason::Code(1) });
}

#[test]
fn who_works_more_than_his_share_of_half_an_hour_has_one_too_but_not_for_one_long_call() {
    let mut house = house(None, Some(80));
    // One long call says nothing yet; then ten minutes each, of which he works eight: just not more than 80 %.
    serve(&mut house, 20 * 60);
    for _ in 0..6 {
        assert_eq!(house.state(0), AgentState::Ready);
        house.pass(secs(120));
        serve(&mut house, 470);
    }
    assert_eq!(house.state(0), AgentState::Ready);
    house.pass(secs(119));
    serve(&mut house, 471);
    assert_eq!(house.state(0), SHORT_BREAK);
    // It counts anew from there.
    house.pass(secs(30));
    serve(&mut house, 800);
    assert_eq!(house.state(0), AgentState::Ready);
}
