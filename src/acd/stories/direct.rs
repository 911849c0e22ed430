//! Calls that name an agent, and his own.

use crate::testing::{House, hotline, secs};
use model::{
    AgentAction, AgentId, AgentState, CauseKind, ContactId, NotReadyReason, OfferId, OfferOutcome, QueueCommand,
    QueueEvent,
};

const CALL: ContactId = ContactId(900);

fn seize(house: &mut House, contact: ContactId) -> Result<OfferId, CauseKind> {
    house.call(QueueCommand::Seize { contact, agent: AgentId(0) });
    match house.event() {
        Some(QueueEvent::Seized { offer, .. }) => Ok(offer),
        Some(QueueEvent::SeizeRefused { cause, .. }) => Err(cause.kind),
        other => panic!("a seize is answered: {other:?}"),
    }
}

#[test]
fn a_seized_agent_talks_without_wrap_up_and_is_ready_again() {
    let mut house = House::new(hotline(1));
    let offer = seize(&mut house, CALL).expect("he is free");
    assert_eq!(house.state(0), AgentState::Reserved { contact: CALL });
    let waiting = house.arrive(0, 0);
    house.quiet();
    house.settle(offer, OfferOutcome::Accepted);
    assert_eq!(house.state(0), AgentState::Busy { contact: CALL });
    house.release(0, CALL, None);
    house.offer(waiting);
}

#[test]
fn an_agent_on_a_break_may_be_called_and_goes_back_to_it() {
    let mut house = House::new(hotline(1));
    house.ask(0, AgentAction::NotReady { code: 1 }).expect("he is signed on");
    let on_break = house.state(0);
    for outcome in [OfferOutcome::Missed, OfferOutcome::Accepted] {
        let offer = seize(&mut house, CALL).expect("he is not in a call");
        house.settle(offer, outcome);
        house.release(0, CALL, None);
        assert_eq!(house.state(0), on_break, "after {outcome:?}");
    }
}

#[test]
fn a_missed_direct_call_costs_him_nothing() {
    let mut house = House::new(hotline(1));
    let offer = seize(&mut house, CALL).expect("he is free");
    house.settle(offer, OfferOutcome::Missed);
    assert_eq!(house.state(0), AgentState::Ready);
}

#[test]
fn who_cannot_be_seized_is_refused_with_the_reason() {
    let mut house = House::new(hotline(1));
    let contact = house.arrive(0, 0);
    let offer = house.offer(contact);
    assert_eq!(seize(&mut house, CALL), Err(CauseKind::Busy), "his phone rings");
    house.settle(offer, OfferOutcome::Accepted);
    assert_eq!(seize(&mut house, CALL), Err(CauseKind::Busy), "he talks");
    house.release(0, contact, Some(0));
    house.device(0, false);
    assert_eq!(seize(&mut house, CALL), Err(CauseKind::Unregistered), "his phone is lost");
    house.ask(0, AgentAction::SignOff { code: 0 }).expect("he is signed on");
    assert_eq!(seize(&mut house, CALL), Err(CauseKind::Unregistered), "he is not there");
}

#[test]
fn his_own_call_keeps_callers_away() {
    let mut house = House::new(hotline(1));
    house.call(QueueCommand::Occupy { contact: CALL, agent: AgentId(0) });
    assert_eq!(house.state(0), AgentState::Busy { contact: CALL });
    let waiting = house.arrive(0, 0);
    house.pass(secs(30));
    house.quiet();
    house.release(0, CALL, None);
    house.offer(waiting);
}

#[test]
fn his_own_call_takes_back_an_offer_that_rings() {
    let mut house = House::new(hotline(2));
    let contact = house.arrive(0, 0);
    let offer = house.offer(contact);
    house.call(QueueCommand::Occupy { contact: CALL, agent: AgentId(0) });
    assert_eq!(house.event(), Some(QueueEvent::Revoke { offer }));
    house.settle(offer, OfferOutcome::Withdrawn);
    assert_eq!(house.connect(contact), 1);
    assert_eq!(house.state(0), AgentState::Busy { contact: CALL });
}

#[test]
fn with_a_consultation_the_first_call_is_the_one_shown_and_wrap_up_comes_last() {
    let mut directory = hotline(1);
    directory.queues[0].wrap_up = secs(5);
    let mut house = House::new(directory);
    let contact = house.arrive(0, 0);
    house.connect(contact);
    house.call(QueueCommand::Occupy { contact: CALL, agent: AgentId(0) });
    assert_eq!(house.state(0), AgentState::Busy { contact });
    house.release(0, contact, Some(0));
    assert_eq!(house.state(0), AgentState::Busy { contact: CALL });
    house.release(0, CALL, None);
    assert_eq!(house.state(0), AgentState::WrapUp { contact });
    house.pass(secs(5));
    assert_eq!(house.state(0), AgentState::Ready);
}

#[test]
fn a_direct_call_nobody_settles_is_given_up_in_the_end() {
    let mut house = House::new(hotline(1));
    let offer = seize(&mut house, CALL).expect("he is free");
    house.pass(secs(59));
    assert_eq!(house.state(0), AgentState::Reserved { contact: CALL });
    house.pass(secs(2));
    assert_eq!(house.event(), Some(QueueEvent::Revoke { offer }));
    assert_eq!(house.state(0), AgentState::Ready);
    let reason = NotReadyReason::Code(0);
    house.ask(0, AgentAction::NotReady { code: 0 }).expect("he is signed on");
    assert_eq!(house.state(0), AgentState::NotReady { reason });
}
