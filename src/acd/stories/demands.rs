//! What contacts ask for: skills by steps, priority with age, the agent who knows them, a cap on talks.

use crate::Input;
use crate::testing::{House, agent, directory, queue, secs};
use core::time::Duration;
use model::{
    Ageing, Agent, AgentAction, AgentId, CauseKind, ContactId, Directory, FigureRange, OfferOutcome, Preferred,
    QueueCommand, QueueFigure, QueueId, Requirement, RequirementId, SkillId, SkillLevel, SkillRange, Step, Strategy,
    Wish,
};
use std::sync::Arc;

const FRENCH: u32 = 0;
const BILLING: u32 = 1;

fn needs(ranges: &[(u32, u8)]) -> Requirement {
    let range = |(skill, least): &(u32, u8)| SkillRange { skill: SkillId(*skill), least: *least, most: 10 };
    Requirement { text: "".into(), any: vec![ranges.iter().map(range).collect()] }
}

fn knows(mut agent: Agent, levels: &[(u32, u8)]) -> Agent {
    agent.skills = levels.iter().map(|(skill, level)| SkillLevel { skill: SkillId(*skill), level: *level }).collect();
    agent
}

fn step(needs: Option<u32>, lasts: Option<u64>) -> Step {
    Step { needs: needs.map(RequirementId), lasts: lasts.map(secs), only_if: Vec::new() }
}

/// One queue with these steps and agents with these levels in French and billing.
fn skilled(requirements: Vec<Requirement>, steps: Vec<Step>, levels: &[(u8, u8)]) -> Directory {
    let mut line = queue("line");
    line.routing.steps = steps;
    let agents = levels
        .iter()
        .zip(0..)
        .map(|((french, billing), n)| knows(agent(n, &[0]), &[(FRENCH, *french), (BILLING, *billing)]));
    let mut house = directory(vec![line], agents.collect());
    house.requirements = requirements;
    house
}

fn wish(house: &mut House, n: u32, queue: u32, wish: Wish) -> ContactId {
    let contact = ContactId::new(model::ShardId(0), 9, n);
    let entered = house.now.mono;
    house.call(QueueCommand::Enqueue { contact, queue: QueueId(queue), priority: 0, entered, wish });
    contact
}

#[test]
fn a_contact_waits_for_who_can_do_it_while_others_are_ready() {
    let mut house = House::new(skilled(vec![needs(&[(FRENCH, 4)])], vec![step(Some(0), None)], &[(3, 9), (4, 0)]));
    let (first, second) = (house.arrive(0, 0), house.arrive(0, 0));
    assert_eq!(house.connect(first), 1);
    house.pass(secs(3600));
    house.quiet();
    house.release(1, first, Some(0));
    assert_eq!(house.connect(second), 1);
}

#[test]
fn steps_ask_less_at_their_times() {
    // Amazon's example: French ≥ 4 and the other ≥ 5 for 30 s, then French ≥ 3, then anybody.
    let asked = vec![needs(&[(FRENCH, 4), (BILLING, 5)]), needs(&[(FRENCH, 3), (BILLING, 5)])];
    let steps = vec![step(Some(0), Some(30)), step(Some(1), Some(30)), step(None, None)];
    for (levels, at) in [((4, 5), 0), ((3, 5), 30), ((2, 10), 60)] {
        let mut house = House::new(skilled(asked.clone(), steps.clone(), &[levels]));
        let contact = house.arrive(0, 0);
        if at > 0 {
            house.pass(secs(at) - Duration::from_millis(1));
            house.quiet();
            house.pass(Duration::from_millis(1));
        }
        assert_eq!(house.connect(contact), 0, "{levels:?} at {at} s");
    }
}

#[test]
fn a_step_that_lasts_no_time_is_an_order_among_agents() {
    // Avaya's EAD-LOA: of the best level the least occupied, and only when there is none the next level.
    let mut house =
        skilled(vec![needs(&[(FRENCH, 10)])], vec![step(Some(0), Some(0)), step(None, None)], &[(9, 0), (10, 0)]);
    house.queues[0].strategy = Strategy::LeastOccupied;
    let mut house = House::new(house);
    let first = house.arrive(0, 0);
    assert_eq!(house.connect(first), 1);
    let second = house.arrive(0, 0);
    house.pass(Duration::from_millis(1));
    assert_eq!(house.connect(second), 0);
}

#[test]
fn a_step_is_skipped_when_its_condition_does_not_hold() {
    let ready = |least| vec![vec![FigureRange { figure: QueueFigure::Ready, least, most: u32::MAX }]];
    let with = |least| {
        let mut strict = step(Some(0), Some(60));
        strict.only_if = ready(least);
        skilled(vec![needs(&[(FRENCH, 10)])], vec![strict, step(None, None)], &[(1, 0), (1, 0)])
    };
    let mut house = House::new(with(2));
    house.arrive(0, 0);
    house.quiet();
    let mut house = House::new(with(3));
    let contact = house.arrive(0, 0);
    assert_eq!(house.connect(contact), 0, "two are ready, not three");
}

#[test]
fn every_figure_can_be_a_condition() {
    let holds = |figure, least, most| {
        let mut strict = step(Some(0), Some(60));
        strict.only_if = vec![vec![FigureRange { figure, least, most }]];
        let house = skilled(vec![needs(&[(FRENCH, 10)])], vec![strict, step(None, None)], &[(1, 0), (1, 0)]);
        let mut house = House::new(house);
        house.ask(1, AgentAction::NotReady { code: 1 }).expect("he is signed on");
        house.arrive(0, 7);
        house.event().is_none()
    };
    for (figure, value) in [
        (QueueFigure::Waiting, 1),
        (QueueFigure::SignedOn, 2),
        (QueueFigure::Staffed, 1),
        (QueueFigure::Ready, 1),
        (QueueFigure::Priority, 7),
    ] {
        assert!(holds(figure, value, value), "{figure:?} is {value}");
        assert!(!holds(figure, value + 1, u32::MAX), "{figure:?} is not more");
    }
    assert!(holds(QueueFigure::ExpectedWait, 1, 3600));
}

#[test]
fn a_wish_is_asked_besides_the_step() {
    let asked = vec![needs(&[(FRENCH, 4)]), needs(&[(BILLING, 1)])];
    let mut house = House::new(skilled(asked, vec![step(Some(0), None)], &[(9, 0), (4, 1)]));
    let vip = wish(&mut house, 1, 0, Wish { needs: Some(RequirementId(1)), ..Wish::default() });
    assert_eq!(house.connect(vip), 1);
    let plain = house.arrive(0, 0);
    assert_eq!(house.connect(plain), 0);
}

#[test]
fn best_skill_chooses_by_the_skill_that_is_asked() {
    let mut house = skilled(vec![needs(&[(FRENCH, 1)])], vec![step(Some(0), None)], &[(4, 10), (9, 1), (9, 0)]);
    house.queues[0].strategy = Strategy::BestSkill;
    let mut house = House::new(house);
    for expected in [1, 2, 0] {
        let contact = house.arrive(0, 0);
        assert_eq!(house.connect(contact), expected);
    }
}

fn prefers(house: &mut House, n: u32, agent: u32) -> ContactId {
    let agent = Some(Preferred { agent: AgentId(agent), wait: secs(20) });
    wish(house, n, 0, Wish { needs: None, agent, ..Wish::default() })
}

#[test]
fn a_contact_waits_a_while_for_the_agent_who_knows_it() {
    let mut house = House::new(crate::testing::hotline(2));
    let own = prefers(&mut house, 1, 1);
    assert_eq!(house.connect(own), 1);
    let next = prefers(&mut house, 2, 1);
    house.pass(secs(19));
    house.quiet();
    house.release(1, own, Some(0));
    assert_eq!(house.connect(next), 1, "he is free in time");
    let late = prefers(&mut house, 3, 1);
    house.pass(secs(20));
    assert_eq!(house.connect(late), 0, "he was not");
}

#[test]
fn nothing_is_kept_for_an_agent_who_is_not_there() {
    let mut house = House::new(crate::testing::hotline(2));
    let busy = prefers(&mut house, 1, 1);
    assert_eq!(house.connect(busy), 1);
    let kept = prefers(&mut house, 2, 1);
    house.quiet();
    house.release(1, busy, Some(0));
    let offer = house.offer(kept);
    assert_eq!(offer.agent, AgentId(1));
    house.settle(offer, OfferOutcome::Rejected(CauseKind::Declined.into()));
    assert_eq!(house.connect(kept), 0, "he did not want to");
    house.ask(1, AgentAction::SignOff { code: 0 }).expect("he is signed on");
    house.release(0, kept, Some(0));
    let gone = prefers(&mut house, 3, 1);
    assert_eq!(house.connect(gone), 0, "he is gone");
}

/// Found by the simulator: callers waited on for one who could not come any more, though others were ready.
#[test]
fn what_is_kept_for_an_agent_is_anybodys_once_a_reload_takes_him_away() {
    let away: [fn(&mut Directory); 3] =
        [|d| d.agents[1].removed = true, |d| d.agents[1].queues.clear(), |d| d.agents[1].queues = vec![QueueId(1)]];
    for away in away {
        let house_of = || directory(vec![queue("a"), queue("b")], vec![agent(0, &[0]), agent(1, &[0])]);
        let mut house = House::new(house_of());
        let talk = prefers(&mut house, 1, 1);
        assert_eq!(house.connect(talk), 1);
        let (first, second) = (prefers(&mut house, 2, 1), prefers(&mut house, 3, 1));
        house.quiet();
        let mut without = house_of();
        away(&mut without);
        house.input(Input::Reload(Arc::new(without)));
        assert_eq!(house.connect(first), 0);
        house.release(0, first, Some(0));
        assert_eq!(house.connect(second), 0);
    }
}

/// Not first the one that came first: there is nothing to choose for one who is let go alone.
#[test]
fn of_those_kept_for_one_who_signs_off_the_most_pressing_is_given_first() {
    let mut house = House::new(crate::testing::hotline(2));
    let talk = prefers(&mut house, 1, 1);
    assert_eq!(house.connect(talk), 1);
    let plain = prefers(&mut house, 2, 1);
    let agent = Some(Preferred { agent: AgentId(1), wait: secs(20) });
    let (urgent, entered) = (ContactId::new(model::ShardId(0), 9, 3), house.now.mono);
    let wish = Wish { agent, ..Wish::default() };
    house.call(QueueCommand::Enqueue { contact: urgent, queue: QueueId(0), priority: 3, entered, wish });
    house.ask(1, AgentAction::SignOff { code: 0 }).expect("he is signed on");
    house.release(1, talk, Some(0));
    assert_eq!(house.connect(urgent), 0);
    house.release(0, urgent, Some(0));
    assert_eq!(house.connect(plain), 0);
}

#[test]
fn at_most_so_many_contacts_of_a_queue_are_talked_with() {
    let mut house = crate::testing::hotline(3);
    house.queues[0].routing.max_talking = Some(2);
    let mut house = House::new(house);
    let calls: Vec<_> = (0..4).map(|_| house.arrive(0, 0)).collect();
    assert_eq!((house.connect(calls[0]), house.connect(calls[1])), (0, 1));
    house.quiet();
    house.release(0, calls[0], Some(0));
    assert_eq!(house.connect(calls[2]), 2, "the one idle longest");
    house.quiet();
    house.hang_up(calls[3], 0);
}

#[test]
fn a_contact_kept_for_one_whom_another_shard_has_just_claimed_holds_up_nobody() {
    let mut house = crate::testing::hotline(3);
    house.queues[0].routing.max_talking = Some(1);
    let mut house = House::new(house);
    let talking = house.arrive(0, 0);
    assert_eq!(house.connect(talking), 0);
    prefers(&mut house, 30, 1);
    house.pass(secs(1));
    let plain = house.arrive(0, 0);
    house.quiet();
    let (_, epoch) = house.acd.board().seat(AgentId(1));
    assert!(house.acd.board().claim_agent(AgentId(1), epoch), "as another shard does");
    house.release(0, talking, Some(0));
    assert_eq!(house.connect(plain), 2);
}

#[test]
fn age_lifts_a_contact_over_later_ones_of_higher_priority() {
    let mut house = crate::testing::hotline(1);
    house.queues[0].routing.ageing = Ageing { per_minute: 1, cap: 100 };
    let mut house = House::new(house);
    let busy = house.arrive(0, 0);
    house.connect(busy);
    let patient = house.arrive(0, 0);
    house.pass(secs(119));
    let just = house.arrive(0, 2);
    house.pass(secs(1));
    let late = house.arrive(0, 2);
    house.release(0, busy, Some(0));
    for expected in [just, patient, late] {
        assert_eq!(house.connect(expected), 0);
        house.release(0, expected, Some(0));
    }
}

#[test]
fn the_cap_counts_between_queues() {
    let mut house = directory(vec![queue("a"), queue("b")], vec![agent(0, &[0, 1])]);
    house.queues[0].routing.ageing = Ageing { per_minute: 1, cap: 3 };
    let mut house = House::new(house);
    let busy = house.arrive(0, 0);
    house.connect(busy);
    let old = house.arrive(0, 0);
    house.pass(secs(3600));
    let (above, below) = (house.arrive(1, 4), house.arrive(1, 3));
    house.release(0, busy, Some(0));
    for (expected, queue) in [(above, 1), (old, 0), (below, 1)] {
        assert_eq!(house.connect(expected), 0);
        house.release(0, expected, Some(queue));
    }
}

fn expected(house: &mut House) -> Option<Duration> {
    let (_, _, slot) = house.acd.lines.look(QueueId(0)).arrivals.iter().last().expect("somebody waits");
    let key = house.acd.lines.key_at(slot).expect("it is in the line");
    house.acd.foretell(house.now, key).map(|forecast| forecast.expected)
}

/// Three minutes a talk, ten minutes of patience. Of four agents at work one speaks French: he alone counts for who asks
/// for it, and each of the three who stand before him and take anybody stands in his way by a quarter.
#[test]
fn the_expected_wait_is_by_those_who_can_serve_what_is_asked() {
    let levels = [(9, 0), (0, 0), (0, 0), (0, 0)];
    let mut house = House::new(skilled(vec![needs(&[(FRENCH, 4)])], Vec::new(), &levels));
    for _ in 0..4 {
        let talk = house.arrive(0, 0);
        house.connect(talk);
    }
    for _ in 0..3 {
        house.arrive(0, 0);
    }
    wish(&mut house, 1, 0, Wish { needs: Some(RequirementId(0)), ..Wish::default() });
    let wait = expected(&mut house).expect("he is at work").as_secs_f64();
    assert!((wait - (180.0 + 0.75 / (1.0 / 180.0 + 1.0 / 600.0))).abs() < 0.1, "{wait}");
    // He goes on a break after his talk: nobody can tell.
    house.ask(0, AgentAction::NotReady { code: 0 }).expect("he is signed on");
    let talk = house.acd.board().agent_contact(AgentId(0)).expect("he talks");
    house.release(0, talk, Some(0));
    house.pass(secs(1));
    assert_eq!(expected(&mut house), None);
}

#[test]
fn the_expected_wait_knows_that_less_is_asked_later() {
    let steps = vec![step(Some(0), Some(30)), step(None, None)];
    let mut house = House::new(skilled(vec![needs(&[(FRENCH, 4)])], steps, &[(0, 0), (0, 0)]));
    house.arrive(0, 0);
    house.pass(secs(10));
    // Two agents who speak no French: in twenty seconds they may.
    let wait = expected(&mut house).expect("there is a later step").as_secs_f64();
    assert!((wait - (20.0 + 90.0)).abs() < 0.1, "{wait}");
}
