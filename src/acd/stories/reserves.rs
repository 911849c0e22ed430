//! Who serves a queue only at times, and which of several queues an agent serves first.

use crate::testing::{House, agent, directory, queue, secs};
use core::time::Duration;
use model::{
    Absent, Actor, AgentAction, AgentId, AgentState, CommandError, ContactId, Directory, EmptyRule, Fact, FigureRange,
    FlowReason, ForcedAction, InReserve, Joined, MinStaffed, OfferOutcome, Preferred, QueueAction, QueueCommand,
    QueueEvent, QueueFigure, QueueId, Reserve, ReserveChange, ReserveOf, ReserveOrder, Target, Wish,
};

fn at_least(figure: QueueFigure, least: u32) -> Vec<Vec<FigureRange>> {
    vec![vec![FigureRange { figure, least, most: u32::MAX }]]
}

fn reserve(who: ReserveOf, when: Vec<Vec<FigureRange>>, hold: u64) -> Reserve {
    Reserve { who, when, until: Vec::new(), hold: secs(hold), adjust: false }
}

/// Queue 0 has agent 0 and calls agent 1, who is in reserve, when somebody has waited a minute.
fn with_reserve(hold: u64) -> Directory {
    let mut line = queue("support");
    line.routing.reserves = vec![reserve(ReserveOf::Level(1), at_least(QueueFigure::LongestWait, 60), hold)];
    let mut second = agent(1, &[]);
    second.reserve = vec![InReserve { queue: QueueId(0), level: 1 }];
    directory(vec![line], vec![agent(0, &[0]), second])
}

fn changes(house: &mut House) -> Vec<(u8, ReserveChange)> {
    let said = |fact: Fact| match fact {
        Fact::Reserve { place, change, .. } => Some((place, change)),
        _ => None,
    };
    house.take_facts().into_iter().filter_map(said).collect()
}

#[test]
fn a_reserve_agent_serves_only_while_somebody_waits_too_long() {
    let mut house = House::new(with_reserve(30));
    let first = house.arrive(0, 0);
    assert_eq!(house.connect(first), 0);
    let second = house.arrive(0, 0);
    house.pass(Duration::from_millis(59_999));
    house.quiet();
    assert_eq!(changes(&mut house), []);
    house.pass(Duration::from_millis(1));
    assert_eq!(house.connect(second), 1, "he was ready and is looked at at once");
    let range = FigureRange { figure: QueueFigure::LongestWait, least: 60, most: u32::MAX };
    assert_eq!(changes(&mut house), [(0, ReserveChange::Joined(Joined { range, value: 60 }))]);
    assert_eq!(house.acd.board().joined(QueueId(0)), 1);
    house.pass(secs(29));
    assert_eq!(changes(&mut house), []);
    house.pass(secs(1));
    assert_eq!(changes(&mut house), [(0, ReserveChange::Left)], "the hold is over and nobody waits");
    assert_eq!(house.state(1), AgentState::Busy { contact: second }, "nobody is torn away");
    house.release(1, second, Some(0));
    let third = house.arrive(0, 0);
    house.pass(secs(30));
    house.quiet();
    house.release(0, first, Some(0));
    assert_eq!(house.connect(third), 0);
}

#[test]
fn the_queues_own_agents_come_first_and_then_the_reserves_in_their_order() {
    let mut line = queue("support");
    line.routing.reserves = vec![
        reserve(ReserveOf::Queue(QueueId(1)), at_least(QueueFigure::Waiting, 3), 600),
        reserve(ReserveOf::Level(2), at_least(QueueFigure::Waiting, 3), 600),
    ];
    let mut last = agent(0, &[]);
    last.reserve = vec![InReserve { queue: QueueId(0), level: 2 }];
    let house = directory(vec![line, queue("sales")], vec![last, agent(1, &[1]), agent(2, &[0])]);
    let mut house = House::new(house);
    let one = house.arrive(0, 0);
    assert_eq!(house.connect(one), 2);
    let waiting = [house.arrive(0, 0), house.arrive(0, 0)];
    house.quiet();
    let third = house.arrive(0, 0);
    assert_eq!(house.connect(waiting[0]), 1, "lent agents before the last reserve");
    assert_eq!(house.connect(waiting[1]), 0);
    house.quiet();
    house.release(2, one, Some(0));
    assert_eq!(house.connect(third), 2);
    house.release(1, waiting[0], Some(0));
    house.release(0, waiting[1], Some(0));
    house.release(2, third, Some(0));
    let fourth = house.arrive(0, 0);
    assert_eq!(house.connect(fourth), 2, "idle for the shortest time, but the queue's own");
}

#[test]
fn agents_are_lent_only_while_their_own_queue_can_spare_them() {
    let mut line = queue("support");
    let rule = vec![vec![
        FigureRange { figure: QueueFigure::Waiting, least: 1, most: u32::MAX },
        FigureRange { figure: QueueFigure::ReserveReady, least: 2, most: u32::MAX },
        FigureRange { figure: QueueFigure::LenderWaiting, least: 0, most: 0 },
    ]];
    line.routing.reserves = vec![reserve(ReserveOf::Queue(QueueId(1)), rule, 0)];
    let mut house = House::new(directory(vec![line, queue("sales")], vec![agent(0, &[1]), agent(1, &[1])]));
    let own = house.arrive(1, 0);
    assert_eq!(house.connect(own), 0);
    let contact = house.arrive(0, 0);
    house.quiet();
    house.pass(secs(1));
    house.release(0, own, Some(1));
    house.pass(secs(10));
    assert_eq!(house.connect(contact), 1, "both are free when the queue is looked at again");
    assert!(matches!(changes(&mut house)[0], (0, ReserveChange::Joined(_))));
}

#[test]
fn a_rule_taken_out_by_a_reload_lets_its_agents_go() {
    let mut house = House::new(with_reserve(600));
    let first = house.arrive(0, 0);
    house.connect(first);
    let second = house.arrive(0, 0);
    house.pass(secs(60));
    let offer = house.offer(second);
    let mut other = with_reserve(600);
    other.queues[0].routing.reserves.clear();
    house.input(crate::Input::Reload(std::sync::Arc::new(other)));
    assert!(changes(&mut house).contains(&(0, ReserveChange::Left)));
    assert_eq!(house.acd.board().joined(QueueId(0)), 0);
    house.settle(offer, OfferOutcome::Accepted);
    house.release(1, second, Some(0));
    house.arrive(0, 0);
    house.pass(secs(600));
    house.quiet();
}

#[test]
fn reserves_are_called_in_and_sent_away_by_hand_and_the_order_is_kept_with_its_author() {
    let mut house = House::new(with_reserve(0));
    let order = |place, order| QueueAction::Reserve { place, order };
    let first = house.arrive(0, 0);
    house.connect(first);
    assert_eq!(house.force_queue(0, order(Some(0), ReserveOrder::CallIn)), Ok(()));
    let second = house.arrive(0, 0);
    assert_eq!(house.connect(second), 1);
    house.pass(secs(300));
    house.release(1, second, Some(0));
    let facts = house.take_facts();
    let ordered = ForcedAction::Queue { queue: QueueId(0), action: order(Some(0), ReserveOrder::CallIn) };
    assert!(facts.iter().any(|fact| matches!(fact, Fact::Forced { action, .. } if *action == ordered)));
    let told = |change| {
        let by = Some(Actor::Operator("root".into()));
        Fact::Reserve { queue: QueueId(0), place: 0, change, by }
    };
    assert!(facts.contains(&told(ReserveChange::CalledIn)));
    assert!(!facts.contains(&told(ReserveChange::Left)), "nobody waits, and the order counts");
    assert_eq!(house.force_queue(0, order(None, ReserveOrder::SendAway)), Ok(()));
    assert_eq!(changes(&mut house), [(0, ReserveChange::SentAway)]);
    let third = house.arrive(0, 0);
    house.pass(secs(90));
    house.quiet();
    assert_eq!(house.force_queue(0, order(None, ReserveOrder::ByRule)), Ok(()));
    assert_eq!(house.connect(third), 1, "he has waited a minute and more");
    for (queue, error) in [(0, CommandError::NoSuchReserve), (1, CommandError::NoSuchQueue)] {
        assert_eq!(house.force_queue(queue, order(Some(1), ReserveOrder::CallIn)), Err(error));
    }
}

/// Its own agent is signed off, an agent of sales helps, and an empty queue sends its contacts elsewhere.
fn with_an_empty_rule(figure: QueueFigure) -> House {
    let mut line = queue("support");
    line.routing.reserves = vec![reserve(ReserveOf::Queue(QueueId(1)), at_least(figure, 1), 0)];
    line.empty = EmptyRule::new(Absent::SIGNED_OFF, Some(Target::Queue(QueueId(2))));
    let mut house =
        House::new(directory(vec![line, queue("sales"), queue("elsewhere")], vec![agent(0, &[0]), agent(1, &[1])]));
    house.ask(0, AgentAction::SignOff { code: 0 }).expect("he is signed on");
    house
}

#[test]
fn a_queue_is_not_empty_while_its_reserve_is_there() {
    let mut house = with_an_empty_rule(QueueFigure::Waiting);
    let first = house.arrive(0, 0);
    assert_eq!(house.connect(first), 1, "he waits long enough for the figures to ask");
    let second = house.arrive(0, 0);
    house.quiet();
    house.ask(1, AgentAction::SignOff { code: 0 }).expect("he is signed on");
    house.release(1, first, Some(0));
    match house.event() {
        Some(QueueEvent::FlowOut { contact, why, .. }) => assert_eq!((contact, why), (second, FlowReason::Empty)),
        other => panic!("nobody is left: {other:?}"),
    }
}

#[test]
fn who_waits_for_a_reserve_leaves_when_it_is_sent_away() {
    let mut house = with_an_empty_rule(QueueFigure::LongestWait);
    let order = |order| QueueAction::Reserve { place: None, order };
    let talk = house.arrive(1, 0);
    house.connect(talk);
    let contact = house.arrive(0, 0);
    house.pass(secs(30));
    house.quiet();
    house.force_queue(0, order(ReserveOrder::SendAway)).expect("there is such a queue");
    match house.event() {
        Some(QueueEvent::FlowOut { contact: left, why, .. }) => assert_eq!((left, why), (contact, FlowReason::Empty)),
        other => panic!("nobody comes: {other:?}"),
    }
}

#[test]
fn lent_agents_count_among_those_at_work_when_they_have_joined() {
    let mut line = queue("support");
    line.routing.reserves = vec![reserve(ReserveOf::Queue(QueueId(1)), at_least(QueueFigure::Waiting, 2), 600)];
    line.min_staffed = Some(MinStaffed { agents: 2, to: Target::Queue(QueueId(2)) });
    let queues = vec![line, queue("sales"), queue("elsewhere")];
    let mut house = House::new(directory(queues, vec![agent(0, &[0]), agent(1, &[1])]));
    let first = house.arrive(0, 0);
    house.connect(first);
    let order = QueueAction::Reserve { place: None, order: ReserveOrder::CallIn };
    house.force_queue(0, order).expect("there is such a reserve");
    let second = house.arrive(0, 0);
    assert_eq!(house.connect(second), 1);
    house.arrive(0, 0);
    house.quiet();
}

#[test]
fn during_a_drain_a_lent_agent_stays_while_somebody_waits_for_him() {
    let mut house = with_an_empty_rule(QueueFigure::Waiting);
    let first = house.arrive(0, 0);
    house.connect(first);
    let second = house.arrive(0, 0);
    house.input(crate::Input::Drain);
    house.release(1, first, Some(0));
    assert_eq!(house.connect(second), 1);
    house.release(1, second, Some(0));
    assert_eq!(house.state(1), AgentState::SignedOff);
}

#[test]
fn thresholds_come_down_while_the_service_level_is_missed() {
    let mut house = with_reserve(0);
    house.queues[0].routing.reserves[0].adjust = true;
    let mut house = House::new(house);
    let mut busy = house.arrive(0, 0);
    house.connect(busy);
    // Answered at once, and so long ago that it counts no more.
    house.pass(secs(400));
    changes(&mut house);
    for _ in 0..6 {
        let next = house.arrive(0, 0);
        house.pass(secs(55));
        house.release(0, busy, Some(0));
        if house.state(1) == AgentState::Ready {
            assert_eq!(house.connect(next), 0);
        }
        busy = next;
    }
    let percents: Vec<_> = changes(&mut house)
        .into_iter()
        .filter_map(|(_, change)| if let ReserveChange::Adjusted(percent) = change { Some(percent) } else { None })
        .collect();
    assert!(percents.starts_with(&[90, 81, 73]), "{percents:?}");
}

#[test]
fn the_queue_whose_caller_has_waited_the_larger_part_of_its_objective_is_served_first() {
    let mut lines = [queue("vip"), queue("mail")];
    lines[0].routing.objective = Some(secs(20));
    lines[1].routing.objective = Some(secs(120));
    let mut house = House::new(directory(lines.to_vec(), vec![agent(0, &[0, 1])]));
    let talk = house.arrive(0, 0);
    house.connect(talk);
    let mail = house.arrive(1, 0);
    house.pass(secs(45));
    let vip = house.arrive(0, 0);
    house.pass(secs(15));
    house.release(0, talk, Some(0));
    assert_eq!(house.connect(vip), 0, "15 s of 20 come before 60 s of 120");
    house.release(0, vip, Some(0));
    assert_eq!(house.connect(mail), 0);
    let patient = house.arrive(1, 0);
    house.pass(secs(100));
    let vip = house.arrive(0, 0);
    let urgent = house.arrive(1, 5);
    house.pass(secs(10));
    house.release(0, mail, Some(1));
    assert_eq!(house.connect(urgent), 0, "priorities are strict");
    house.release(0, urgent, Some(1));
    assert_eq!(house.connect(patient), 0, "110 s of 120 come before 10 s of 20");
    house.release(0, patient, Some(1));
    assert_eq!(house.connect(vip), 0);
}

#[test]
fn a_contact_is_kept_for_a_named_agent_of_a_reserve_while_it_has_joined() {
    let mut house = House::new(with_reserve(30));
    let named = |house: &mut House, n: u32| {
        let contact = ContactId::new(model::ShardId(0), 9, n);
        let entered = house.now.mono;
        let agent = Some(Preferred { agent: AgentId(1), wait: secs(600) });
        let wish = Wish { agent, ..Wish::default() };
        house.call(QueueCommand::Enqueue { contact, queue: QueueId(0), priority: 0, entered, wish });
        contact
    };
    let order = |house: &mut House, order| {
        house.force_queue(0, QueueAction::Reserve { place: None, order }).expect("the queue has a reserve");
    };
    let away = named(&mut house, 1);
    assert_eq!(house.connect(away), 0, "his reserve has not joined: nobody waits for him");
    house.release(0, away, Some(0));
    order(&mut house, ReserveOrder::CallIn);
    let first = named(&mut house, 2);
    assert_eq!(house.connect(first), 1, "though the queue's own agent comes before him");
    let second = named(&mut house, 3);
    house.quiet();
    order(&mut house, ReserveOrder::SendAway);
    assert_eq!(house.connect(second), 0, "he will not come");
}
