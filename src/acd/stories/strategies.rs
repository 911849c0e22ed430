//! Each strategy in a small house: who gets the next contact.

use crate::Input;
use crate::testing::{House, agent, directory, queue, secs};
use model::{AgentAction, Directory, Strategy};
use std::sync::Arc;

fn house_by(strategy: Strategy, agents: u32) -> Directory {
    let mut line = queue("line");
    line.strategy = strategy;
    directory(vec![line], (0..agents).map(|n| agent(n, &[0])).collect())
}

/// Everybody is free again before the next call comes; who got each.
fn one_by_one(house: &mut House, calls: usize) -> Vec<u32> {
    let mut got = Vec::new();
    for _ in 0..calls {
        let contact = house.arrive(0, 0);
        let agent = house.connect(contact);
        house.pass(secs(5));
        house.release(agent, contact, Some(0));
        house.pass(secs(1));
        got.push(agent);
    }
    got
}

#[test]
fn round_robin_asks_each_once_before_anybody_again() {
    let mut house = House::new(house_by(Strategy::RoundRobin, 3));
    assert_eq!(one_by_one(&mut house, 7), [0, 1, 2, 0, 1, 2, 0]);
}

#[test]
fn round_robin_remembers_whose_turn_it_was_over_a_break() {
    let mut house = House::new(house_by(Strategy::RoundRobin, 3));
    one_by_one(&mut house, 1);
    house.ask(1, AgentAction::NotReady { code: 1 }).expect("he is signed on");
    assert_eq!(one_by_one(&mut house, 2), [2, 0]);
    house.ask(1, AgentAction::Ready).expect("he is signed on");
    assert_eq!(one_by_one(&mut house, 3), [1, 2, 0]);
}

/// Found by the simulator: whoever was back in the queue counted as new there, and got the next call too.
#[test]
fn round_robin_remembers_whose_turn_it_was_while_he_or_the_queue_is_taken_away() {
    let away: [fn(&mut Directory); 3] =
        [|d| d.agents[0].removed = true, |d| d.agents[0].queues.clear(), |d| d.queues[0].removed = true];
    for away in away {
        let before = house_by(Strategy::RoundRobin, 3);
        let mut house = House::new(before.clone());
        assert_eq!(one_by_one(&mut house, 2), [0, 1]);
        let mut without = before.clone();
        away(&mut without);
        house.input(Input::Reload(Arc::new(without)));
        house.pass(secs(60));
        house.input(Input::Reload(Arc::new(before)));
        assert_eq!(one_by_one(&mut house, 4), [2, 0, 1, 2]);
    }
}

#[test]
fn complaint_32_least_calls_counts_a_call_once() {
    let mut house = House::new(house_by(Strategy::LeastCalls, 2));
    // A missed offer and a second leg do not count; the call he took does.
    let contact = house.arrive(0, 0);
    let offer = house.offer(contact);
    house.settle(offer, model::OfferOutcome::Rejected(model::CauseKind::Declined.into()));
    assert_eq!(house.connect(contact), 1);
    house.release(1, contact, Some(0));
    house.pass(secs(10));
    assert_eq!(one_by_one(&mut house, 3), [0, 1, 0], "his first, then in turn by who is idle longest");
}

#[test]
fn least_calls_begins_anew_at_sign_on() {
    let mut house = House::new(house_by(Strategy::LeastCalls, 2));
    assert_eq!(one_by_one(&mut house, 4), [0, 1, 0, 1]);
    house.ask(1, AgentAction::SignOff { code: 0 }).expect("he is signed on");
    house.ask(1, AgentAction::SignOn { phone: None }).expect("his phone is free");
    house.ask(1, AgentAction::Ready).expect("he is signed on");
    assert_eq!(one_by_one(&mut house, 3), [1, 1, 0]);
}

#[test]
fn least_occupied_gives_to_him_who_worked_the_smaller_share() {
    let mut house = House::new(house_by(Strategy::LeastOccupied, 2));
    house.pass(secs(100));
    let long = house.arrive(0, 0);
    assert_eq!(house.connect(long), 0);
    house.pass(secs(60));
    house.release(0, long, Some(0));
    // He is idle longer by then, but the other has worked less.
    let short = house.arrive(0, 0);
    assert_eq!(house.connect(short), 1);
    house.pass(secs(3));
    house.release(1, short, Some(0));
    let next = house.arrive(0, 0);
    assert_eq!(house.connect(next), 1);
}

#[test]
fn a_break_changes_nobodys_share_of_work() {
    let mut house = House::new(house_by(Strategy::LeastOccupied, 2));
    house.pass(secs(10));
    let (first, second) = (house.arrive(0, 0), house.arrive(0, 0));
    assert_eq!((house.connect(first), house.connect(second)), (0, 1));
    house.pass(secs(10));
    house.release(0, first, Some(0));
    house.pass(secs(10));
    house.release(1, second, Some(0));
    house.ask(1, AgentAction::NotReady { code: 1 }).expect("he is signed on");
    house.pass(secs(3600));
    house.ask(1, AgentAction::Ready).expect("he is signed on");
    // 10 s of work in an hour of readiness against 20 s in half a minute: an hour of break did not help him.
    assert_eq!(one_by_one(&mut house, 1), [0]);
}

#[test]
fn linear_asks_the_first_in_the_configuration() {
    let mut house = House::new(house_by(Strategy::Linear, 3));
    assert_eq!(one_by_one(&mut house, 3), [0, 0, 0]);
}

/// Ids stay over a reload; what counts is where he is written.
#[test]
fn linear_follows_a_reload_that_orders_the_agents_anew() {
    let mut house = House::new(house_by(Strategy::Linear, 3));
    assert_eq!(one_by_one(&mut house, 1), [0]);
    let mut turned = house_by(Strategy::Linear, 3);
    turned.limits.shards = 1;
    turned.agents.iter_mut().zip([2, 1, 0]).for_each(|(agent, place)| agent.place = place);
    house.input(Input::Reload(Arc::new(turned.clone())));
    assert_eq!(one_by_one(&mut house, 2), [2, 2]);
    assert_eq!(one_by_one(&mut House::new(turned), 2), [2, 2], "a restart gives the same");
}

#[test]
fn complaint_11_an_unavailable_agent_does_not_halt_a_linear_queue() {
    let mut house = House::new(house_by(Strategy::Linear, 3));
    house.device(2, false);
    house.ask(0, AgentAction::NotReady { code: 1 }).expect("he is signed on");
    assert_eq!(one_by_one(&mut house, 2), [1, 1]);
}

#[test]
fn complaint_11_no_strategy_leaves_a_ready_agent_and_a_waiting_caller_apart() {
    for strategy in Strategy::ALL {
        let mut house = House::new(house_by(strategy, 3));
        let talks: Vec<_> = (0..3)
            .map(|_| {
                let contact = house.arrive(0, 0);
                (house.connect_ringing(contact), contact)
            })
            .collect();
        let waiting: Vec<_> = (0..3).map(|_| house.arrive(0, 0)).collect();
        house.quiet();
        for ((agent, contact), next) in talks.into_iter().zip(waiting) {
            house.release(agent, contact, Some(0));
            assert_eq!(house.connect_ringing(next), agent, "{strategy:?}");
        }
    }
}

#[test]
fn random_asks_everybody_alike_and_weighted_in_proportion() {
    let shares = |strategy, weights: [u32; 3]| {
        let mut house = house_by(strategy, 3);
        house.agents.iter_mut().zip(weights).for_each(|(agent, weight)| agent.weight = weight);
        let got = one_by_one(&mut House::new(house), 6_000);
        [0, 1, 2].map(|n| got.iter().filter(|a| **a == n).count())
    };
    // Four standard deviations of a binomial share of 6,000 are below 160.
    let near = |counts: [usize; 3], expected: [usize; 3]| {
        counts.iter().zip(expected).all(|(count, expected)| count.abs_diff(expected) < 160)
    };
    let (alike, weighted) = (shares(Strategy::Random, [1, 2, 3]), shares(Strategy::Weighted, [1, 2, 3]));
    assert!(near(alike, [2_000; 3]), "{alike:?}");
    assert!(near(weighted, [1_000, 2_000, 3_000]), "{weighted:?}");
}

#[test]
fn the_same_seed_draws_the_same_agents() {
    let got = || one_by_one(&mut House::new(house_by(Strategy::Weighted, 5)), 50);
    assert_eq!(got(), got());
}

#[test]
fn least_versatile_keeps_generalists_free() {
    let lines = vec![queue("a"), queue("b")];
    let mut house = directory(lines, vec![agent(0, &[0, 1]), agent(1, &[0])]);
    house.queues[0].strategy = Strategy::LeastVersatile;
    assert_eq!(one_by_one(&mut House::new(house), 3), [1, 1, 1]);
}
