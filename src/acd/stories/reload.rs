//! A new directory while people work, and maintenance.

use crate::Input;
use crate::testing::{House, agent, directory, hotline, queue, secs};
use model::{
    AgentAction, AgentId, AgentState, Directory, FlowReason, MaxWait, NotReadyReason, OfferOutcome, QueueEvent,
    QueueId, SoundName, Target,
};
use std::sync::Arc;

fn reload(house: &mut House, change: impl FnOnce(&mut Directory)) {
    let mut directory = Directory::clone(&house.acd.directory);
    change(&mut directory);
    house.input(Input::Reload(Arc::new(directory)));
}

#[test]
fn a_reload_that_changes_nothing_says_nothing() {
    let mut house = House::new(hotline(3));
    let talk = house.arrive(0, 0);
    house.connect(talk);
    house.ask(1, AgentAction::NotReady { code: 3 }).expect("he is signed on");
    house.take_facts();
    reload(&mut house, |_| {});
    assert_eq!((house.take_facts(), house.event()), (vec![], None));
}

#[test]
fn contacts_of_a_removed_queue_flow_out_and_one_that_rings_may_still_be_answered() {
    let mut house = House::new(hotline(1));
    let sorry = Target::Announcement(SoundName("sorry".into()));
    let ringing = house.arrive(0, 0);
    let offer = house.offer(ringing);
    let waiting = house.arrive(0, 0);
    reload(&mut house, |d| d.queues[0].removed = true);
    let flow_out =
        |contact| QueueEvent::FlowOut { contact, queue: QueueId(0), to: sorry.clone(), why: FlowReason::QueueRemoved };
    assert_eq!(house.event(), Some(flow_out(waiting)));
    house.settle(offer, OfferOutcome::Accepted);
    assert_eq!(house.state(0), AgentState::Busy { contact: ringing });
    let late = house.arrive(0, 0);
    assert_eq!(house.event(), Some(flow_out(late)));
}

#[test]
fn a_removed_agent_finishes_his_talk_and_goes() {
    let mut house = House::new(hotline(2));
    let talk = house.arrive(0, 0);
    house.connect(talk);
    reload(&mut house, |d| d.agents.iter_mut().for_each(|a| a.removed = true));
    assert_eq!(house.state(0), AgentState::Busy { contact: talk });
    assert_eq!(house.state(1), AgentState::SignedOff);
    house.release(0, talk, Some(0));
    assert_eq!(house.state(0), AgentState::SignedOff);
    reload(&mut house, |d| d.agents[1].removed = false);
    assert_eq!(house.state(1), AgentState::Ready, "he is back as configured");
}

/// Found by the simulator: nobody can say ready for him any more.
#[test]
fn a_removed_agent_does_not_stay_in_a_wrap_up_that_only_he_could_end() {
    for removed_in_talk in [true, false] {
        let mut directory = hotline(1);
        directory.queues[0].wrap_up_mode = model::WrapUpMode::AgentEnded;
        let mut house = House::new(directory);
        let talk = house.arrive(0, 0);
        house.connect(talk);
        if removed_in_talk {
            reload(&mut house, |d| d.agents[0].removed = true);
        }
        house.release(0, talk, Some(0));
        if !removed_in_talk {
            assert_eq!(house.state(0), AgentState::WrapUp { contact: talk });
            reload(&mut house, |d| d.agents[0].removed = true);
        }
        assert_eq!(house.state(0), AgentState::SignedOff);
    }
}

#[test]
fn an_agent_serves_his_new_queues_at_once_and_his_old_ones_no_more() {
    let mut house = House::new(directory(vec![queue("a"), queue("b")], vec![agent(0, &[0])]));
    let waiting = house.arrive(1, 0);
    house.quiet();
    reload(&mut house, |d| d.agents[0].queues = vec![QueueId(1)]);
    house.connect(waiting);
    house.release(0, waiting, Some(1));
    house.arrive(0, 0);
    house.quiet();
    let board = house.acd.board();
    assert_eq!((board.queue_signed_on(QueueId(0)), board.queue_signed_on(QueueId(1))), (0, 1));
}

#[test]
fn new_people_and_queues_are_taken_on() {
    let mut house = House::new(hotline(1));
    reload(&mut house, |d| {
        d.queues.push(queue("b"));
        d.agents.push(agent(1, &[1]));
    });
    assert_eq!(house.state(1), AgentState::Ready);
    let contact = house.arrive(1, 0);
    assert_eq!(house.connect(contact), 1);
}

#[test]
fn a_phone_that_loses_its_fixed_place_must_register() {
    let mut house = House::new(hotline(1));
    reload(&mut house, |d| d.phones[0].contact = None);
    let reason = NotReadyReason::DeviceUnreachable;
    assert_eq!(house.state(0), AgentState::NotReady { reason });
    house.device(0, true);
    assert_eq!(house.state(0), AgentState::Ready);
    reload(&mut house, |d| d.phones[0].removed = true);
    assert_eq!(house.state(0), AgentState::NotReady { reason });
    let fixed = Some("sip:new@192.0.2.9".into());
    reload(&mut house, |d| (d.phones[0].removed, d.phones[0].contact) = (false, fixed));
    assert_eq!(house.state(0), AgentState::Ready);
}

#[test]
fn a_shorter_longest_wait_holds_for_those_who_wait() {
    let mut house = House::new(hotline(0));
    let contact = house.arrive(0, 0);
    house.pass(secs(20));
    let to = Target::Announcement(SoundName("sorry".into()));
    reload(&mut house, |d| d.queues[0].max_wait = Some(MaxWait { after: secs(30), to }));
    house.pass(secs(9));
    house.quiet();
    house.pass(secs(1));
    assert!(matches!(house.event(), Some(QueueEvent::FlowOut { contact: who, .. }) if who == contact));
}

#[test]
fn in_a_drain_who_is_not_needed_goes_home_and_the_others_when_they_are_done() {
    let mut house =
        House::new(directory(vec![queue("a"), queue("b")], vec![agent(0, &[0]), agent(1, &[1]), agent(2, &[1])]));
    let talk = house.arrive(0, 0);
    house.connect(talk);
    let waiting = house.arrive(0, 0);
    house.ask(2, AgentAction::NotReady { code: 0 }).expect("he is signed on");
    house.input(Input::Drain);
    assert_eq!([1, 2].map(|n| house.state(n)), [AgentState::SignedOff; 2]);
    house.release(0, talk, Some(0));
    house.connect(waiting);
    house.release(0, waiting, Some(0));
    assert_eq!(house.state(0), AgentState::SignedOff);
}

#[test]
fn the_board_refuses_what_it_has_no_room_for() {
    let mut house = House::new(hotline(1));
    let mut directory = Directory::clone(&house.acd.directory);
    assert!(house.acd.board().fits(&directory));
    directory.agents = (0..5_000).map(|n| agent(n, &[0])).collect();
    assert!(!house.acd.board().fits(&directory));
    let reason = NotReadyReason::Code(1);
    house.ask(0, AgentAction::NotReady { code: 1 }).expect("he is signed on");
    assert_eq!(house.acd.board().agent_status(AgentId(0)).state, AgentState::NotReady { reason });
}
