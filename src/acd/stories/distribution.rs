//! Who gets whom.

use crate::testing::{House, agent, directory, hotline, queue, secs};
use model::{
    AgentAction, AgentId, AgentState, Cause, CauseKind, ContactId, Fact, IdleClock, NotReadyReason, OfferOutcome,
    QueueId,
};

const DECLINED: OfferOutcome = OfferOutcome::Rejected(Cause::new(CauseKind::Declined));

#[test]
fn the_agent_idle_longest_gets_the_first_caller() {
    let mut house = House::new(hotline(2));
    let first = house.arrive(0, 0);
    assert_eq!(house.connect(first), 0);
    let second = house.arrive(0, 0);
    assert_eq!(house.connect(second), 1);
    house.pass(secs(5));
    house.release(1, second, Some(0));
    house.release(0, first, Some(0));
    let third = house.arrive(0, 0);
    assert_eq!(house.connect(third), 0, "same instant: the lower id");
}

#[test]
fn of_two_queues_the_one_nearer_to_its_objective_is_served_first() {
    let line = |seconds| {
        let mut line = queue("line");
        line.routing.objective = Some(secs(seconds));
        line
    };
    let mut house = House::new(directory(vec![line(120), line(20)], vec![agent(0, &[0, 1])]));
    let talk = house.arrive(0, 0);
    house.connect(talk);
    let early = house.arrive(0, 0);
    house.pass(secs(30));
    let late = house.arrive(1, 0);
    house.pass(secs(15));
    house.release(0, talk, Some(0));
    assert_eq!(house.connect(late), 0, "15 s of 20 are more than 45 s of 120");
    house.release(0, late, Some(1));
    assert_eq!(house.connect(early), 0);
}

#[test]
fn each_idle_clock_chooses_its_own_agent() {
    // Agent 0 was released last, agent 1 became ready last, agent 2 was offered last.
    let chosen = |clock| {
        let mut line = queue("line");
        line.idle_clock = clock;
        let mut house = House::new(directory(vec![line], (0..3).map(|n| agent(n, &[0])).collect()));
        let talks: Vec<_> = (0..3).map(|_| house.arrive(0, 0)).collect();
        talks.iter().for_each(|c| {
            house.connect(*c);
        });
        for (released, after) in [(1, 1), (2, 2), (0, 1)] {
            house.pass(secs(after));
            house.release(released, talks[released as usize], Some(0));
        }
        // Agent 1 takes a break; agent 2 declines an offer.
        house.pass(secs(1));
        house.ask(1, AgentAction::NotReady { code: 1 }).expect("he is signed on");
        house.ask(0, AgentAction::NotReady { code: 1 }).expect("he is signed on");
        house.pass(secs(1));
        let contact = house.arrive(0, 0);
        let offer = house.offer(contact);
        house.settle(offer, DECLINED);
        house.hang_up(contact, 0);
        house.ask(0, AgentAction::Ready).expect("he is signed on");
        house.pass(secs(1));
        house.ask(1, AgentAction::Ready).expect("he is signed on");
        house.events.clear();
        house.pass(secs(1));
        let contact = house.arrive(0, 0);
        house.connect(contact)
    };
    // Released: 1 at 1 s, 2 at 3 s, 0 at 4 s. Ready: 2 at 3 s, 0 at 6 s, 1 at 7 s. Offered: 0, 1 at 0 s, 2 at 6 s.
    assert_eq!(chosen(IdleClock::Release), 1);
    assert_eq!(chosen(IdleClock::Ready), 2);
    assert_eq!(chosen(IdleClock::Offer), 0);
}

#[test]
fn a_free_agent_gets_the_best_contact_over_all_his_queues() {
    let lines = vec![queue("a"), queue("b")];
    let mut house = House::new(directory(lines, vec![agent(0, &[0, 1])]));
    let busy = house.arrive(0, 0);
    house.connect(busy);
    let (early, later, pressing) = (house.arrive(1, 0), house.arrive(0, 0), house.arrive(0, 1));
    for expected in [pressing, early, later] {
        let talk = house.take_facts().iter().rev().find_map(|f| match f {
            Fact::Connected { contact, .. } => Some(*contact),
            _ => None,
        });
        house.release(0, talk.expect("he talks"), Some(0));
        assert_eq!(house.connect(expected), 0);
    }
}

#[test]
fn complaint_03_an_agent_in_two_queues_is_rung_by_one_call() {
    let mut house = House::new(directory(vec![queue("a"), queue("b")], vec![agent(0, &[0, 1])]));
    let (first, second) = (house.arrive(0, 0), house.arrive(1, 0));
    let offer = house.offer(first);
    house.quiet();
    house.settle(offer, OfferOutcome::Accepted);
    house.quiet();
    house.release(0, first, Some(0));
    assert_eq!(house.offer(second).agent, AgentId(0));
}

#[test]
fn complaint_10_nobody_is_served_out_of_turn() {
    let mut house = House::new(hotline(1));
    let busy = house.arrive(0, 0);
    house.connect(busy);
    let waiting: Vec<_> = (0..8).map(|_| house.arrive(0, 0)).collect();
    house.hang_up(waiting[2], 0);
    house.release(0, busy, Some(0));
    for contact in waiting.iter().filter(|c| **c != waiting[2]) {
        // The phone rings out once for each: the caller keeps his place.
        let offer = house.offer(*contact);
        house.pass(secs(15));
        house.settle(offer, OfferOutcome::Missed);
        house.quiet();
        house.ask(0, AgentAction::Ready).expect("he is signed on");
        house.connect(*contact);
        house.release(0, *contact, Some(0));
    }
    house.quiet();
}

#[test]
fn a_contact_keeps_its_first_enqueue_time_in_the_next_queue() {
    let mut house = House::new(directory(vec![queue("a"), queue("b")], vec![agent(0, &[1])]));
    let busy = house.arrive(1, 0);
    house.connect(busy);
    let moved = house.arrive(0, 0);
    let entered = house.now.mono;
    house.pass(secs(10));
    let later = house.arrive(1, 0);
    house.pass(secs(10));
    let queue = QueueId(1);
    house.call(model::QueueCommand::Enqueue {
        contact: moved,
        queue,
        priority: 0,
        entered,
        wish: model::Wish::default(),
    });
    house.release(0, busy, Some(1));
    house.connect(moved);
    house.release(0, moved, Some(1));
    house.connect(later);
    // What a fact calls waited is the time in its own queue.
    let waited = house.take_facts().into_iter().filter_map(|f| match f {
        Fact::Connected { contact, waited, .. } if contact == moved => Some(waited),
        _ => None,
    });
    assert_eq!(waited.collect::<Vec<_>>(), [secs(0)]);
}

#[test]
fn a_declined_contact_goes_to_the_next_and_not_back_at_once() {
    let mut house = House::new(hotline(2));
    let contact = house.arrive(0, 0);
    let offer = house.offer(contact);
    assert_eq!(offer.agent, AgentId(0));
    house.settle(offer, DECLINED);
    assert_eq!(house.state(0), AgentState::Ready, "declining is allowed");
    let offer = house.offer(contact);
    assert_eq!(offer.agent, AgentId(1));
    house.settle(offer, DECLINED);
    house.quiet();
    house.pass(secs(4));
    house.quiet();
    // Somebody else is welcome to him meanwhile.
    let other = house.arrive(0, 0);
    let other_offer = house.offer(other);
    assert_eq!(other_offer.agent, AgentId(0));
    house.pass(secs(1));
    assert_eq!(house.offer(contact).agent, AgentId(1), "the back-off is over");
}

#[test]
fn the_five_outcomes_are_five_different_things() {
    let after = |outcome| {
        let mut house = House::new(hotline(1));
        let contact = house.arrive(0, 0);
        let offer = house.offer(contact);
        house.take_facts();
        house.settle(offer, outcome);
        let told = house.take_facts().into_iter().any(|f| {
            let (queue, agent) = (QueueId(0), AgentId(0));
            f == Fact::OfferEnded { contact, queue, agent, outcome }
        });
        assert!(told, "{outcome:?} is told as what it is");
        (house.state(0), house.acd.board().queue_waiting(QueueId(0)))
    };
    let not_ready = |reason| AgentState::NotReady { reason };
    let contact = ContactId::new(model::ShardId(0), 1, 1);
    let busy = OfferOutcome::Rejected(CauseKind::Busy.into());
    let failed = OfferOutcome::Failed(CauseKind::Unreachable.into());
    assert_eq!(after(OfferOutcome::Accepted), (AgentState::Busy { contact }, 0));
    assert_eq!(after(DECLINED), (AgentState::Ready, 1));
    assert_eq!(after(busy), (not_ready(NotReadyReason::DeviceBusy), 1));
    assert_eq!(after(OfferOutcome::Missed), (not_ready(NotReadyReason::Missed), 1));
    assert_eq!(after(failed), (not_ready(NotReadyReason::DeviceUnreachable), 1));
    for kind in [CauseKind::ServerFailure, CauseKind::Forbidden, CauseKind::NotAcceptable] {
        let refused = OfferOutcome::Failed(kind.into());
        assert_eq!(after(refused), (not_ready(NotReadyReason::DeviceFailed), 1), "it is there and says no");
    }
    assert_eq!(after(OfferOutcome::Withdrawn), (AgentState::Ready, 1));
}

#[test]
fn an_offer_taken_back_for_a_caller_who_leaves_is_not_made_again() {
    let mut house = House::new(hotline(2));
    let contact = house.arrive(0, 0);
    let offer = house.offer(contact);
    house.settle(offer, OfferOutcome::Withdrawn);
    house.quiet();
    house.hang_up(contact, 0);
    house.pass(secs(60));
    house.quiet();
    assert_eq!(house.acd.board().queue_waiting(QueueId(0)), 0);
}

#[test]
fn an_offer_taken_back_for_a_caller_who_stays_is_made_again() {
    let mut house = House::new(hotline(1));
    let contact = house.arrive(0, 0);
    let offer = house.offer(contact);
    house.settle(offer, OfferOutcome::Withdrawn);
    house.pass(core::time::Duration::from_millis(2));
    house.offer(contact);
}

#[test]
fn a_call_side_that_takes_every_offer_back_is_no_hot_loop() {
    let mut house = House::new(hotline(1));
    house.arrive(0, 0);
    let mut offers = 0;
    for _ in 0..10_000 {
        while let Some(model::QueueEvent::Offer(offer)) = house.event() {
            offers += 1;
            house.settle(offer.id, OfferOutcome::Withdrawn);
        }
        house.pass(core::time::Duration::from_millis(1));
    }
    assert_eq!(offers, 11, "one at once, then one a second in ten seconds");
}

#[test]
fn a_caller_who_hangs_up_while_it_rings_frees_the_agent() {
    let mut house = House::new(hotline(1));
    let contact = house.arrive(0, 0);
    let offer = house.offer(contact);
    house.pass(secs(3));
    house.take_facts();
    house.hang_up(contact, 0);
    house.settle(offer, OfferOutcome::Withdrawn);
    assert_eq!(house.state(0), AgentState::Ready);
    let (queue, agent) = (QueueId(0), AgentId(0));
    let phone = Some(model::PhoneId(0));
    assert_eq!(
        house.take_facts(),
        [
            Fact::OfferEnded { contact, queue, agent, outcome: OfferOutcome::Withdrawn },
            Fact::Abandoned { contact, queue, waited: secs(3) },
            Fact::AgentChanged { agent, state: AgentState::Ready, phone },
        ]
    );
}

#[test]
fn a_served_contact_tells_its_whole_story_in_order() {
    let mut house = House::new(hotline(1));
    house.take_facts();
    let contact = house.arrive(0, 3);
    let offer = house.offer(contact);
    house.pass(secs(4));
    house.settle(offer, OfferOutcome::Accepted);
    house.release(0, contact, Some(0));
    let (queue, agent, phone) = (QueueId(0), AgentId(0), Some(model::PhoneId(0)));
    let changed = |state| Fact::AgentChanged { agent, state, phone };
    let decision = Some(model::Decision {
        strategy: model::Strategy::LongestIdle,
        idle_clock: IdleClock::Release,
        step: 0,
        next: model::Next::Agents(model::Heads::default()),
        excluded: model::Excluded::default(),
    });
    assert_eq!(
        house.take_facts(),
        [
            Fact::Queued { contact, queue, priority: 3, position: 1, kept: Some(core::time::Duration::ZERO) },
            changed(AgentState::Reserved { contact }),
            Fact::Offered { contact, queue, agent, decision },
            Fact::OfferEnded { contact, queue, agent, outcome: OfferOutcome::Accepted },
            Fact::Connected { contact, queue, agent, waited: secs(4) },
            changed(AgentState::Busy { contact }),
            changed(AgentState::Ready),
        ]
    );
}

#[test]
fn a_second_word_about_a_settled_offer_changes_nothing() {
    let mut house = House::new(hotline(1));
    let contact = house.arrive(0, 0);
    let offer = house.offer(contact);
    house.settle(offer, OfferOutcome::Missed);
    house.take_facts();
    house.settle(offer, OfferOutcome::Missed);
    house.settle(offer, DECLINED);
    assert_eq!(house.take_facts(), []);
}
