//! What an agent's day is made of.

use crate::testing::{House, agent, directory, hotline, queue, secs};
use base::Instant;
use core::time::Duration;
use model::{
    Actor, AgentAction, AgentId, AgentState, CauseKind, CommandError, ContactId, Fact, ForcedAction, MissedPolicy,
    NotReadyReason, OfferOutcome, PhoneId, QueueEvent, WrapUpMode,
};

const NOT_READY: AgentAction = AgentAction::NotReady { code: 2 };

fn not_ready(reason: NotReadyReason) -> AgentState {
    AgentState::NotReady { reason }
}

fn with_wrap_up(mode: WrapUpMode, wrap_up: u64, agents: u32) -> House {
    let mut line = queue("support");
    line.wrap_up_mode = mode;
    line.wrap_up = secs(wrap_up);
    House::new(directory(vec![line], (0..agents).map(|n| agent(n, &[0])).collect()))
}

/// Connects the next agent to a new caller and ends the talk.
fn serve(house: &mut House, agent: u32) -> ContactId {
    let contact = house.arrive(0, 0);
    assert_eq!(house.connect(contact), agent);
    house.release(agent, contact, Some(0));
    contact
}

#[test]
fn complaint_13_each_wrap_up_ends_at_its_own_time() {
    let mut house = with_wrap_up(WrapUpMode::Fixed, 10, 10);
    let talks: Vec<_> = (0..10).map(|_| house.arrive(0, 0)).collect();
    for (n, contact) in talks.iter().enumerate() {
        assert_eq!(house.connect(*contact), n as u32);
    }
    for (n, contact) in talks.iter().enumerate() {
        house.release(n as u32, *contact, Some(0));
        house.pass(secs(1));
    }
    let start = house.now.mono - secs(10);
    house.take_facts();
    house.pass(secs(20));
    let ready: Vec<_> = house
        .facts
        .iter()
        .filter_map(|(at, f)| match f {
            Fact::AgentChanged { agent, state: AgentState::Ready, .. } => Some((agent.0, *at)),
            _ => None,
        })
        .collect();
    let expected: Vec<(u32, Instant)> = (0..10).map(|n| (n, start + secs(10 + u64::from(n)))).collect();
    // The first one's came while the last ones still talked.
    assert_eq!(ready, expected[1..], "the first came back before the facts were taken");
    assert_eq!(house.state(0), AgentState::Ready);
}

#[test]
fn complaint_15_ready_is_impossible_before_the_end_of_wrap_up() {
    let mut house = with_wrap_up(WrapUpMode::Fixed, 10, 1);
    let contact = serve(&mut house, 0);
    house.pass(secs(2));
    house.ask(0, AgentAction::Ready).expect("he may ask");
    house.force(0, AgentAction::Ready).expect("so may an operator");
    // Another queue's contact waits, a reload comes, somebody calls him directly, he makes a call himself.
    let waiting = house.arrive(0, 0);
    house.call(model::QueueCommand::Seize { contact: ContactId(77), agent: AgentId(0) });
    assert!(matches!(house.event(), Some(QueueEvent::SeizeRefused { cause, .. }) if cause.kind == CauseKind::Busy));
    let directory = house.acd.directory.clone();
    house.input(crate::Input::Reload(directory));
    assert_eq!(house.state(0), AgentState::WrapUp { contact });
    let own = ContactId(78);
    house.call(model::QueueCommand::Occupy { contact: own, agent: AgentId(0) });
    house.pass(secs(1));
    house.release(0, own, None);
    assert_eq!(house.state(0), AgentState::WrapUp { contact });
    house.pass(secs(7) - Duration::from_millis(1));
    house.quiet();
    house.pass(Duration::from_millis(1));
    house.offer(waiting);
}

#[test]
fn complaint_16_wrap_up_is_a_state_everybody_sees() {
    let mut house = with_wrap_up(WrapUpMode::Fixed, 10, 1);
    house.take_facts();
    let contact = serve(&mut house, 0);
    let (agent, phone) = (AgentId(0), Some(PhoneId(0)));
    let state = AgentState::WrapUp { contact };
    assert!(house.take_facts().contains(&Fact::AgentChanged { agent, state, phone }));
    let board = house.acd.board();
    assert_eq!(board.agent_state(agent), state);
    let counts = board.queue_status(&house.acd.directory, model::QueueId(0), house.now.mono).agents;
    assert_eq!((counts.wrap_up, counts.ready), (1, 0));
}

#[test]
fn capped_wrap_up_ends_with_the_agents_word_or_by_itself() {
    let mut house = with_wrap_up(WrapUpMode::Capped, 10, 1);
    serve(&mut house, 0);
    house.pass(secs(3));
    house.ask(0, AgentAction::Ready).expect("he is signed on");
    assert_eq!(house.state(0), AgentState::Ready);
    serve(&mut house, 0);
    house.pass(secs(10));
    assert_eq!(house.state(0), AgentState::Ready);
}

#[test]
fn agent_ended_wrap_up_waits_for_his_word() {
    let mut house = with_wrap_up(WrapUpMode::AgentEnded, 10, 1);
    let contact = serve(&mut house, 0);
    house.pass(secs(3_600));
    assert_eq!(house.state(0), AgentState::WrapUp { contact });
    house.ask(0, NOT_READY).expect("he is signed on");
    assert_eq!(house.state(0), not_ready(NotReadyReason::Code(2)));
}

#[test]
fn complaint_19_who_misses_calls_comes_back_until_the_limit() {
    let mut line = queue("support");
    line.missed = MissedPolicy { limit: 3, pause: secs(60) };
    let mut house = House::new(directory(vec![line], vec![agent(0, &[0])]));
    let contact = house.arrive(0, 0);
    for _ in 0..2 {
        let offer = house.offer(contact);
        house.settle(offer, OfferOutcome::Missed);
        assert_eq!(house.state(0), not_ready(NotReadyReason::Missed));
        house.pass(secs(59));
        house.quiet();
        house.pass(secs(1));
    }
    let offer = house.offer(contact);
    house.settle(offer, OfferOutcome::Missed);
    house.pass(secs(3_600));
    house.quiet();
    assert_eq!(house.state(0), not_ready(NotReadyReason::Missed), "the third in a row: until he says so");
    assert_eq!(house.ask(0, AgentAction::Ready), Ok(()));
    house.connect(contact);
    house.release(0, contact, Some(0));
    // And a phone that registers anew in between does him no harm.
    house.device(0, true);
    assert_eq!(house.state(0), AgentState::Ready);
}

#[test]
fn complaint_20_a_lost_phone_makes_not_ready_at_once_and_only_as_long() {
    let mut house = House::new(hotline(1));
    house.device(0, false);
    assert_eq!(house.state(0), not_ready(NotReadyReason::DeviceUnreachable));
    let contact = house.arrive(0, 0);
    house.quiet();
    assert_eq!(house.ask(0, AgentAction::Ready), Err(CommandError::PhoneUnreachable));
    house.device(0, true);
    house.connect(contact);
    house.release(0, contact, Some(0));
    // Who was on a break stays on it.
    house.ask(0, NOT_READY).expect("he is signed on");
    house.device(0, false);
    house.device(0, true);
    assert_eq!(house.state(0), not_ready(NotReadyReason::Code(2)));
}

#[test]
fn a_phone_lost_while_it_rings_gives_the_caller_to_the_next() {
    let mut house = House::new(hotline(2));
    let contact = house.arrive(0, 0);
    let offer = house.offer(contact);
    house.device(0, false);
    assert_eq!(house.event(), Some(QueueEvent::Revoke { offer }));
    house.settle(offer, OfferOutcome::Withdrawn);
    assert_eq!(house.connect(contact), 1);
    assert_eq!(house.state(0), not_ready(NotReadyReason::DeviceUnreachable));
}

#[test]
fn a_failing_or_busy_phone_is_tried_again_after_a_while() {
    let mut house = House::new(hotline(1));
    let contact = house.arrive(0, 0);
    let offer = house.offer(contact);
    house.settle(offer, OfferOutcome::Failed(CauseKind::ServerFailure.into()));
    house.pass(secs(29));
    house.quiet();
    house.pass(secs(1));
    let offer = house.offer(contact);
    house.settle(offer, OfferOutcome::Rejected(CauseKind::Busy.into()));
    house.pass(secs(9));
    house.quiet();
    house.pass(secs(1));
    house.offer(contact);
}

#[test]
fn a_phone_that_always_declines_is_no_hot_loop() {
    let mut house = House::new(hotline(1));
    (0..50).for_each(|_| {
        house.arrive(0, 0);
    });
    let declined = OfferOutcome::Rejected(CauseKind::Declined.into());
    let mut asked = 0;
    while let Some(QueueEvent::Offer(offer)) = house.event() {
        asked += 1;
        house.settle(offer.id, declined);
    }
    assert_eq!(asked, 3, "as many in a row as the queue's missed limit allows");
    assert_eq!(house.state(0), not_ready(NotReadyReason::Missed));
}

#[test]
fn complaint_38_a_break_asked_for_in_a_call_begins_after_it() {
    let mut house = with_wrap_up(WrapUpMode::Fixed, 5, 1);
    let contact = house.arrive(0, 0);
    house.connect(contact);
    house.ask(0, NOT_READY).expect("he is signed on");
    house.ask(0, AgentAction::Ready).expect("he is signed on");
    house.ask(0, NOT_READY).expect("he is signed on");
    assert_eq!(house.state(0), AgentState::Busy { contact });
    house.release(0, contact, Some(0));
    assert_eq!(house.state(0), AgentState::WrapUp { contact });
    house.pass(secs(5));
    assert_eq!(house.state(0), not_ready(NotReadyReason::Code(2)), "the last request wins");
    let waiting = house.arrive(0, 0);
    house.pass(secs(600));
    house.quiet();
    house.ask(0, AgentAction::Ready).expect("he is signed on");
    house.offer(waiting);
}

#[test]
fn complaint_39_a_state_is_counted_from_its_own_beginning() {
    let mut house = House::new(hotline(1));
    house.take_facts();
    let mut expected = Vec::new();
    for n in 0..5u8 {
        house.pass(secs(10));
        house.ask(0, AgentAction::NotReady { code: n }).expect("he is signed on");
        expected.push((house.now.mono, not_ready(NotReadyReason::Code(n))));
        assert_eq!(house.acd.board().agent_since(AgentId(0)), Some(house.now.utc));
        // The same again is no new state and begins nothing.
        house.pass(secs(1));
        house.ask(0, AgentAction::NotReady { code: n }).expect("he is signed on");
        house.pass(secs(1));
        house.ask(0, AgentAction::Ready).expect("he is signed on");
        expected.push((house.now.mono, AgentState::Ready));
    }
    let told: Vec<_> = house
        .facts
        .iter()
        .filter_map(|(at, f)| match f {
            Fact::AgentChanged { state, .. } => Some((*at, *state)),
            _ => None,
        })
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn a_sign_off_takes_back_what_rings_and_waits_for_what_talks() {
    let mut house = House::new(hotline(1));
    let contact = house.arrive(0, 0);
    let offer = house.offer(contact);
    house.ask(0, AgentAction::SignOff { code: 0 }).expect("he is signed on");
    assert_eq!(house.event(), Some(QueueEvent::Revoke { offer }));
    house.settle(offer, OfferOutcome::Withdrawn);
    assert_eq!(house.state(0), AgentState::SignedOff);
    assert_eq!(house.ask(0, AgentAction::Ready), Err(CommandError::NotSignedOn));
    house.ask(0, AgentAction::SignOn { phone: None }).expect("his phone is free");
    assert_eq!(house.state(0), not_ready(NotReadyReason::SignedOn));
    house.ask(0, AgentAction::Ready).expect("he is signed on");
    house.connect(contact);
    house.ask(0, AgentAction::SignOff { code: 0 }).expect("he is signed on");
    assert_eq!(house.state(0), AgentState::Busy { contact });
    house.release(0, contact, Some(0));
    assert_eq!(house.state(0), AgentState::SignedOff);
    assert_eq!(house.acd.board().phone_agent(PhoneId(0)), None);
}

#[test]
fn his_own_break_waits_while_it_rings_and_a_forced_one_does_not() {
    let mut house = House::new(hotline(1));
    let contact = house.arrive(0, 0);
    let offer = house.offer(contact);
    house.ask(0, NOT_READY).expect("he is signed on");
    house.quiet();
    house.settle(offer, OfferOutcome::Accepted);
    house.release(0, contact, Some(0));
    assert_eq!(house.state(0), not_ready(NotReadyReason::Code(2)));
    house.ask(0, AgentAction::Ready).expect("he is signed on");
    let contact = house.arrive(0, 0);
    let offer = house.offer(contact);
    house.take_facts();
    house.force(0, NOT_READY).expect("he is signed on");
    assert_eq!(house.event(), Some(QueueEvent::Revoke { offer }));
    house.settle(offer, OfferOutcome::Withdrawn);
    assert_eq!(house.state(0), not_ready(NotReadyReason::Forced));
    let action = ForcedAction::Agent { agent: AgentId(0), action: NOT_READY };
    assert_eq!(house.take_facts()[0], Fact::Forced { by: Actor::Operator("root".into()), action });
}

#[test]
fn hot_desking_binds_the_agent_to_one_phone_at_a_time() {
    let mut house = House::new(hotline(2));
    let sign_on = |n| AgentAction::SignOn { phone: Some(PhoneId(n)) };
    let board = house.acd.board().clone();
    assert_eq!(house.ask(0, sign_on(1)), Err(CommandError::PhoneTaken));
    assert_eq!(house.ask(0, sign_on(2)), Ok(()));
    assert_eq!((board.phone_agent(PhoneId(0)), board.phone_agent(PhoneId(2))), (None, Some(AgentId(0))));
    assert_eq!(house.state(0), AgentState::Ready, "he only moved");
    let contact = house.arrive(0, 0);
    let phone = match house.event() {
        Some(QueueEvent::Offer(offer)) => offer.phone,
        other => panic!("{other:?}"),
    };
    assert_eq!(phone, PhoneId(2));
    house.hang_up(contact, 0);
    house.ask(0, AgentAction::SignOff { code: 0 }).expect("he is signed on");
    assert_eq!(house.ask(1, sign_on(2)), Ok(()));
    assert_eq!(house.ask(0, sign_on(9)), Err(CommandError::NoPhone));
    house.device(0, false);
    assert_eq!(house.ask(0, AgentAction::SignOn { phone: None }), Err(CommandError::PhoneUnreachable));
    assert_eq!(house.ask(99, AgentAction::Ready), Err(CommandError::NoSuchAgent));
}

#[test]
fn an_agent_whose_phone_registers_later_is_then_what_he_was_configured_to_be() {
    let mut house = hotline(1);
    house.phones[0].contact = None;
    let mut house = House::new(house);
    assert_eq!(house.state(0), not_ready(NotReadyReason::DeviceUnreachable));
    house.device(0, true);
    assert_eq!(house.state(0), AgentState::Ready);
}
