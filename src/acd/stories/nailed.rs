//! Nailed-up legs: when the agent's phone is called, and what he is while it is not on the line.

use crate::testing::{House, hotline, secs};
use core::time::Duration;
use model::{
    AgentAction, AgentId, AgentState, Cause, CauseKind, Directory, NailedUp, NotReadyReason, OfferOutcome, PhoneId,
    QueueCommand, QueueEvent,
};

const ANNA: AgentId = AgentId(0);
const CALLED: Option<QueueEvent> = Some(QueueEvent::Nail { agent: ANNA, phone: PhoneId(0) });
const HUNG_UP: Option<QueueEvent> = Some(QueueEvent::Unnail { agent: ANNA });
const LINE_DOWN: AgentState = AgentState::NotReady { reason: NotReadyReason::LineDown };

fn house() -> House {
    House::new(nailed(hotline(1)))
}

fn nailed(mut directory: Directory) -> Directory {
    directory.agents[0].nailed_up = NailedUp::AtOnce;
    directory
}

fn up(house: &mut House) {
    house.call(QueueCommand::LineUp { agent: ANNA });
}

fn down(house: &mut House, kind: CauseKind) {
    house.call(QueueCommand::LineDown { agent: ANNA, cause: Cause::new(kind) });
}

fn give(house: &mut House, nailed_up: NailedUp) {
    let mut directory = hotline(1);
    directory.agents[0].nailed_up = nailed_up;
    house.input(crate::Input::Reload(directory.into()));
}

#[test]
fn he_is_ready_from_when_his_leg_is_up_and_it_is_hung_up_when_he_signs_off() {
    let mut house = house();
    assert_eq!((house.event(), house.state(0)), (CALLED, LINE_DOWN));
    let contact = house.arrive(0, 0);
    house.quiet();
    up(&mut house);
    let offer = house.offer(contact);
    house.settle(offer, OfferOutcome::Accepted);
    house.ask(0, AgentAction::SignOff { code: 0 }).expect("he is signed on");
    house.quiet();
    house.release(0, contact, Some(0));
    assert_eq!((house.event(), house.state(0)), (HUNG_UP, AgentState::SignedOff));
    down(&mut house, CauseKind::NormalClearing);
    house.pass(secs(600));
    house.quiet();
}

#[test]
fn who_hangs_up_is_not_ready_for_that_reason_and_called_again_by_his_word_only() {
    let mut house = house();
    house.event();
    up(&mut house);
    assert_eq!(house.state(0), AgentState::Ready);
    down(&mut house, CauseKind::NormalClearing);
    house.pass(secs(600));
    house.device(0, false);
    house.device(0, true);
    assert_eq!((house.event(), house.state(0)), (None, LINE_DOWN));
    house.ask(0, AgentAction::Ready).expect("he is signed on");
    assert_eq!(house.event(), CALLED);
    up(&mut house);
    assert_eq!(house.state(0), AgentState::Ready);
}

#[test]
fn a_leg_that_is_lost_or_not_answered_is_called_again_later_and_not_without_end() {
    let mut house = house();
    house.event();
    up(&mut house);
    house.pass(secs(100));
    for again in [5, 10, 15] {
        down(&mut house, CauseKind::MediaTimeout);
        assert_eq!(house.state(0), LINE_DOWN);
        house.pass(secs(again) - Duration::from_millis(1));
        house.quiet();
        house.pass(Duration::from_millis(1));
        assert_eq!(house.event(), CALLED);
    }
    down(&mut house, CauseKind::NoAnswer);
    house.pass(secs(3_600));
    house.quiet();
    // His phone went away and is back: it is worth a try.
    house.device(0, false);
    house.device(0, true);
    assert_eq!(house.event(), CALLED);
    // One that was up for a minute did not fail because of what failed before.
    up(&mut house);
    house.pass(secs(60));
    down(&mut house, CauseKind::MediaTimeout);
    house.pass(secs(5));
    assert_eq!(house.event(), CALLED);
}

#[test]
fn at_another_phone_the_old_leg_is_hung_up_before_the_new_one_is_called() {
    let mut house = house();
    house.event();
    up(&mut house);
    house.ask(0, AgentAction::SignOn { phone: Some(PhoneId(1)) }).expect("a free desk");
    assert_eq!((house.event(), house.event(), house.state(0)), (HUNG_UP, None, LINE_DOWN));
    down(&mut house, CauseKind::NormalClearing);
    assert_eq!(house.event(), Some(QueueEvent::Nail { agent: ANNA, phone: PhoneId(1) }));
    up(&mut house);
    assert_eq!(house.state(0), AgentState::Ready);
}

#[test]
fn while_it_is_down_a_call_that_names_him_is_told_that_he_cannot_be_reached() {
    let mut house = house();
    house.event();
    let contact = model::ContactId(9);
    house.call(QueueCommand::Seize { contact, agent: ANNA });
    let cause = CauseKind::Unregistered.into();
    assert_eq!(house.event(), Some(QueueEvent::SeizeRefused { contact, agent: ANNA, cause }));
}

#[test]
fn a_reload_that_gives_or_takes_it_calls_or_hangs_up_and_a_drain_ends_it() {
    let mut house = House::new(hotline(1));
    house.quiet();
    give(&mut house, NailedUp::ByKey);
    assert_eq!((house.event(), house.state(0)), (CALLED, LINE_DOWN));
    up(&mut house);
    give(&mut house, NailedUp::Off);
    assert_eq!((house.event(), house.state(0)), (HUNG_UP, AgentState::Ready));
    down(&mut house, CauseKind::NormalClearing);
    house.quiet();
    give(&mut house, NailedUp::ByKey);
    assert_eq!(house.event(), CALLED);
    up(&mut house);
    house.input(crate::Input::Drain);
    assert_eq!((house.event(), house.state(0)), (HUNG_UP, AgentState::SignedOff));
    down(&mut house, CauseKind::Shutdown);
    house.pass(secs(600));
    house.quiet();
}
