//! More time on request, and what an agent will be when nothing keeps him any more.

use crate::testing::{House, agent, directory, queue, secs};
use core::time::Duration;
use model::{
    AgentAction, AgentId, AgentState, CommandError, Fact, ForcedAction, NotReadyReason, Reason, Reasons, WrapUpMode,
};

const BREAK: AgentAction = AgentAction::NotReady { code: 1 };
const ON_BREAK: AgentState = AgentState::NotReady { reason: NotReadyReason::Code(1) };

fn extend(by: u64) -> AgentAction {
    AgentAction::Extend { by: secs(by) }
}

fn house(mode: WrapUpMode, wrap_up: u64) -> House {
    let mut line = queue("support");
    line.wrap_up_mode = mode;
    line.wrap_up = secs(wrap_up);
    House::new(directory(vec![line], vec![agent(0, &[0])]))
}

fn wraps_up(house: &House) -> bool {
    matches!(house.state(0), AgentState::WrapUp { .. })
}

/// One call from arrival to its end; `during` happens while he talks.
fn serve(house: &mut House, during: impl FnOnce(&mut House)) {
    let contact = house.arrive(0, 0);
    house.connect(contact);
    during(house);
    house.release(0, contact, Some(0));
}

/// The wrap-up lasts this long and not a millisecond more or less.
fn lasts(house: &mut House, time: u64) {
    house.pass(secs(time) - Duration::from_millis(1));
    assert!(wraps_up(house), "too short");
    house.pass(Duration::from_millis(1));
    assert!(!wraps_up(house), "too long");
}

#[test]
fn wrap_up_is_extended_while_it_runs_and_ahead_of_it() {
    for mode in [WrapUpMode::Fixed, WrapUpMode::Capped] {
        let mut house = house(mode, 10);
        serve(&mut house, |_| {});
        house.pass(secs(4));
        assert_eq!(house.ask(0, extend(30)), Ok(()));
        lasts(&mut house, 36);
        serve(&mut house, |house| {
            assert_eq!((house.ask(0, extend(20)), house.ask(0, extend(20))), (Ok(()), Ok(())));
        });
        lasts(&mut house, 50);
        // It was for that call alone.
        serve(&mut house, |_| {});
        lasts(&mut house, 10);
    }
}

#[test]
fn who_lets_a_capped_wrap_up_run_out_is_not_ready_where_the_queue_asks_for_his_word() {
    let mut house = house(WrapUpMode::CappedNotReady, 10);
    let over = AgentState::NotReady { reason: NotReadyReason::WrapUpOver };
    serve(&mut house, |_| {});
    house.ask(0, extend(5)).expect("he is in wrap-up");
    lasts(&mut house, 15);
    assert_eq!(house.state(0), over);
    // He says that he is there; then that he is through, in time; then he asks for a break and forgets the rest.
    house.ask(0, AgentAction::Ready).expect("he may ask");
    serve(&mut house, |_| {});
    house.pass(secs(9));
    house.ask(0, AgentAction::Ready).expect("he may ask");
    assert_eq!(house.state(0), AgentState::Ready);
    serve(&mut house, |house| house.ask(0, BREAK).expect("he may ask"));
    lasts(&mut house, 10);
    assert_eq!(house.state(0), ON_BREAK);
}

#[test]
fn whom_the_server_signs_on_at_its_start_is_told_apart_from_who_signed_on_himself() {
    let mut line = queue("support");
    line.wrap_up = secs(0);
    let mut who = agent(0, &[0]);
    who.initial_state = model::InitialState::NotReady;
    let mut house = House::new(directory(vec![line], vec![who]));
    assert_eq!(house.state(0), AgentState::NotReady { reason: NotReadyReason::ServerStart });
    house.ask(0, AgentAction::SignOff { code: 0 }).expect("he is signed on");
    house.ask(0, AgentAction::SignOn { phone: None }).expect("his phone is free");
    assert_eq!(house.state(0), AgentState::NotReady { reason: NotReadyReason::SignedOn });
}

#[test]
fn a_queue_without_wrap_up_has_one_on_request() {
    let mut house = house(WrapUpMode::Fixed, 0);
    serve(&mut house, |house| assert_eq!(house.ask(0, extend(20)), Ok(())));
    lasts(&mut house, 20);
}

#[test]
fn what_was_asked_for_beyond_a_fixed_wrap_up_ends_with_his_word_but_the_fixed_time_does_not() {
    let mut house = house(WrapUpMode::Fixed, 10);
    serve(&mut house, |_| {});
    house.ask(0, extend(60)).expect("he is in wrap-up");
    house.pass(secs(4));
    house.ask(0, AgentAction::Ready).expect("he may ask");
    lasts(&mut house, 6);
    serve(&mut house, |_| {});
    house.ask(0, extend(60)).expect("he is in wrap-up");
    house.pass(secs(20));
    house.ask(0, BREAK).expect("he may ask");
    assert_eq!(house.state(0), ON_BREAK);
    // Asked for during a call, and then a break instead: the last request wins.
    house.ask(0, AgentAction::Ready).expect("he may ask");
    serve(&mut house, |house| {
        house.ask(0, extend(60)).expect("he is in a call");
        house.ask(0, BREAK).expect("he may ask");
    });
    lasts(&mut house, 10);
}

#[test]
fn wrap_up_grows_by_an_hour_at_most_and_only_where_there_is_one() {
    let mut house = house(WrapUpMode::Fixed, 10);
    assert_eq!(house.ask(0, extend(30)), Err(CommandError::NoWrapUp));
    serve(&mut house, |house| (0..5).for_each(|_| house.ask(0, extend(3_000)).expect("he is in a call")));
    lasts(&mut house, 3_610);
    let own = model::ContactId(9);
    house.call(model::QueueCommand::Occupy { contact: own, agent: AgentId(0) });
    assert_eq!(house.ask(0, extend(30)), Err(CommandError::NoWrapUp), "a call of his own has none");
    house.release(0, own, None);
    house.ask(0, AgentAction::SignOff { code: 0 }).expect("he is signed on");
    assert_eq!(house.ask(0, extend(30)), Err(CommandError::NotSignedOn));
}

#[test]
fn who_asks_for_more_time_again_and_again_has_no_more_than_who_asks_once() {
    let mut house = house(WrapUpMode::Capped, 10);
    serve(&mut house, |_| {});
    for _ in 0..7 {
        assert_eq!(house.ask(0, extend(3_000)), Ok(()));
        house.pass(secs(500));
    }
    lasts(&mut house, 110);
}

#[test]
fn an_operator_extends_it_too_and_that_is_a_fact() {
    let mut house = house(WrapUpMode::Capped, 10);
    serve(&mut house, |_| {});
    house.take_facts();
    assert_eq!(house.force(0, extend(30)), Ok(()));
    let action = ForcedAction::Agent { agent: AgentId(0), action: extend(30) };
    assert!(house.take_facts().iter().any(|f| matches!(f, Fact::Forced { action: a, .. } if *a == action)));
    lasts(&mut house, 40);
}

#[test]
fn complaint_38_what_was_asked_for_last_is_pending_is_seen_and_comes() {
    let pending = |house: &House| house.acd.board().agent_status(AgentId(0)).pending;
    let mut house = house(WrapUpMode::Fixed, 10);
    assert_eq!(pending(&house), None);
    serve(&mut house, |house| {
        assert_eq!(pending(house), None, "ready is what follows by itself");
        house.ask(0, BREAK).expect("he may ask");
        assert_eq!(pending(house), Some(ON_BREAK));
        house.ask(0, AgentAction::SignOff { code: 0 }).expect("he may ask");
        assert_eq!(pending(house), Some(AgentState::SignedOff));
        house.ask(0, AgentAction::Ready).expect("he may ask");
        assert_eq!(pending(house), None);
        house.ask(0, BREAK).expect("he may ask");
    });
    assert!(wraps_up(&house));
    assert_eq!(pending(&house), Some(ON_BREAK));
    house.pass(secs(10));
    assert_eq!((house.state(0), pending(&house)), (ON_BREAK, None));
}

#[test]
fn a_phone_that_is_lost_during_the_call_is_pending_too() {
    let mut house = house(WrapUpMode::Fixed, 10);
    let lost = AgentState::NotReady { reason: NotReadyReason::DeviceUnreachable };
    serve(&mut house, |house| {
        house.device(0, false);
        assert_eq!(house.acd.board().agent_pending(AgentId(0)), Some(lost));
    });
    house.pass(secs(10));
    assert_eq!(house.state(0), lost);
}

#[test]
fn reasons_are_asked_of_the_agent_and_not_of_who_forces_him() {
    let mut directory = directory(vec![queue("support")], vec![agent(0, &[0])]);
    let all = vec![Reason { code: 1, name: "break".into() }, Reason { code: 7, name: "end-of-shift".into() }];
    directory.reasons = Reasons { all, for_not_ready: true, for_sign_off: true };
    let mut house = House::new(directory);
    let not_ready = |code| AgentAction::NotReady { code };
    assert_eq!(house.ask(0, not_ready(0)), Err(CommandError::ReasonMissing));
    assert_eq!(house.ask(0, not_ready(3)), Err(CommandError::NoSuchReason));
    assert_eq!(house.state(0), AgentState::Ready, "a refused wish changes nothing");
    assert_eq!((house.ask(0, BREAK), house.state(0)), (Ok(()), ON_BREAK));
    assert_eq!((house.force(0, not_ready(0)), house.force(0, AgentAction::Ready)), (Ok(()), Ok(())));
    assert_eq!(house.ask(0, AgentAction::SignOff { code: 0 }), Err(CommandError::ReasonMissing));
    house.take_facts();
    assert_eq!(house.ask(0, AgentAction::SignOff { code: 7 }), Ok(()));
    assert!(house.take_facts().contains(&Fact::SignOffReason { agent: AgentId(0), code: 7 }));
    assert_eq!(house.state(0), AgentState::SignedOff);
}
