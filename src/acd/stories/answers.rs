//! The answers an explanation gives beyond the usual ones of `explain.rs`, and each strategy's own.

use super::explain::{connect, explained, verdict};
use super::explain_ways::{reserve, with_reserve};
use crate::testing::{House, agent, directory, hotline, queue, secs};
use crate::{By, Explainer, Input, Passed, Verdict, What};
use model::{
    AgentAction, AgentId, AgentState, Cause, CauseKind, ContactId, Directory, FlowReason, OfferOutcome, QueueAction,
    QueueCommand, QueueFigure, QueueId, Requirement, RequirementId, ReserveChange, ReserveOrder, SkillId, SkillLevel,
    SkillRange, Strategy, Wish,
};
use std::sync::Arc;

const NO: OfferOutcome = OfferOutcome::Rejected(Cause::new(CauseKind::Declined));

fn line_of(strategy: Strategy, agents: u32) -> Directory {
    let mut line = queue("line");
    line.strategy = strategy;
    line.routing.ring_step = secs(5);
    directory(vec![line], (0..agents).map(|n| agent(n, &[0])).collect())
}

#[test]
fn the_replay_reaches_the_winner_of_every_strategy_and_shows_what_it_went_by() {
    for strategy in Strategy::ALL {
        let mut names = line_of(strategy, 3);
        for (n, agent) in names.agents.iter_mut().enumerate() {
            agent.skills = vec![SkillLevel { skill: SkillId(0), level: 3 + n as u8 }];
            agent.weight = 1 + n as u32;
        }
        names.agents[2].skills.push(SkillLevel { skill: SkillId(1), level: 1 });
        names.skills = vec!["french".into(), "billing".into()];
        let mut house = House::new(names.clone());
        let mut contacts = Vec::new();
        for _ in 0..4 {
            let contact = house.arrive(0, 0);
            let winner = house.connect_ringing(contact);
            house.pass(secs(20));
            house.release(winner, contact, Some(0));
            house.pass(secs(7));
            contacts.push((contact, winner));
        }
        for (contact, winner) in contacts {
            let moments = explained(&house, &names, contact);
            let offered = moments
                .iter()
                .find(|moment| matches!(moment.what, What::Offered { agent, .. } if agent == AgentId(winner)));
            let offered = offered.unwrap_or_else(|| panic!("{strategy:?}: {moments:#?}"));
            assert_eq!(verdict(offered, winner), &Verdict::Chosen, "{strategy:?}");
            let score = offered.candidates[0].score.expect("the chosen one has a score");
            let fits = match strategy {
                Strategy::LongestIdle => score.by == By::Idle,
                Strategy::RoundRobin => matches!(score.by, By::Turn(_)),
                Strategy::LeastCalls => matches!(score.by, By::Calls(_)),
                Strategy::LeastOccupied => matches!(score.by, By::Occupied(share) if (0.0..=1.0).contains(&share)),
                Strategy::Linear => score.by == By::Place(winner + 1),
                Strategy::Random => score.by == By::Tickets(1),
                Strategy::Weighted => score.by == By::Tickets(1 + winner),
                Strategy::BestSkill => matches!(score.by, By::Level(_)),
                Strategy::LeastVersatile => matches!(score.by, By::Versatility(_)),
                Strategy::RingAll | Strategy::RingProgressive => score.by == By::Everybody,
            };
            assert!(fits, "{strategy:?} went by {:?}", score.by);
        }
    }
}

#[test]
fn who_refused_a_moment_ago_is_told_until_when_he_is_left_alone() {
    let names = hotline(2);
    let mut house = House::new(names.clone());
    let contact = house.arrive(0, 0);
    let offer = house.offer(contact);
    house.settle(offer, NO);
    let second = house.offer(contact);
    assert_ne!(second.agent, offer.agent);
    let moments = explained(&house, &names, contact);
    let offers: Vec<_> = moments.iter().filter(|m| matches!(m.what, What::Offered { .. })).collect();
    let refused = verdict(offers[1], offer.agent.0);
    assert!(matches!(refused, Verdict::Refused { until } if *until > offers[1].at), "{refused:?}");
    assert!(moments.iter().any(|m| matches!(m.what, What::OfferEnded { outcome: OfferOutcome::Rejected(_), .. })));
}

#[test]
fn of_phones_that_ring_together_one_that_has_rung_is_told_while_the_others_ring() {
    let names = line_of(Strategy::RingAll, 3);
    let mut house = House::new(names.clone());
    house.ask(2, AgentAction::NotReady { code: 1 }).unwrap();
    let contact = house.arrive(0, 0);
    let (first, _second) = (house.offer(contact), house.offer(contact));
    house.settle(first, NO);
    // Longer than a refusal is remembered.
    house.pass(secs(9));
    house.ask(2, AgentAction::Ready).unwrap();
    assert_eq!(house.offer(contact).agent, AgentId(2));
    let moments = explained(&house, &names, contact);
    let last = moments.iter().rfind(|m| matches!(m.what, What::Offered { .. })).expect("it is offered");
    assert_eq!(verdict(last, first.agent.0), &Verdict::Rang);
}

#[test]
fn who_wraps_up_is_told_with_the_contact_he_is_at() {
    let mut names = hotline(1);
    names.queues[0].wrap_up = secs(30);
    let mut house = House::new(names.clone());
    let first = house.arrive(0, 0);
    connect(&mut house, first);
    house.release(0, first, Some(0));
    house.pass(secs(4));
    let contact = house.arrive(0, 0);
    let entered = &explained(&house, &names, contact)[0];
    let state = AgentState::WrapUp { contact: first };
    assert_eq!(verdict(entered, 0), &Verdict::Engaged { state, since: entered.at - secs(4) });
}

#[test]
fn an_agent_took_another_because_ours_asks_what_he_has_not() {
    let mut names = hotline(1);
    let range = SkillRange { skill: SkillId(0), least: 7, most: 10 };
    names.skills = vec!["french".into()];
    names.requirements = vec![Requirement { text: "french >= 7".into(), any: vec![vec![range]] }];
    let mut house = House::new(names.clone());
    let first = house.arrive(0, 0);
    connect(&mut house, first);
    let own = ContactId::new(model::ShardId(0), 9, 1);
    let (entered, wish) = (house.now.mono, Wish { needs: Some(RequirementId(0)), ..Wish::default() });
    let judgement = model::Judgement {
        needs: Some(model::Judged { value: RequirementId(0), by: model::JudgedBy::Rule(0) }),
        ..model::Judgement::default()
    };
    house.facts.push((entered, model::Fact::Judged { contact: own, queue: QueueId(0), judgement }));
    house.call(QueueCommand::Enqueue { contact: own, queue: QueueId(0), priority: 0, entered, wish });
    house.pass(secs(1));
    let other = house.arrive(0, 0);
    house.release(0, first, Some(0));
    assert_eq!(house.offer(other).agent, AgentId(0));
    let moments = explained(&house, &names, own);
    let passed = What::Passed { agent: AgentId(0), contact: other, why: Passed::NotForUs };
    let moment = moments.iter().find(|m| m.what == passed).unwrap_or_else(|| panic!("{moments:#?}"));
    assert!(matches!(verdict(moment, 0), Verdict::Lacks { missing, .. } if missing[0].least == 7));
}

#[test]
fn every_change_of_a_reserve_while_a_contact_waits_is_told() {
    let names = with_reserve(reserve(QueueFigure::LongestWait, 60, 1));
    let mut house = House::new(names.clone());
    for n in 0..2 {
        house.ask(n, AgentAction::NotReady { code: 1 }).unwrap();
    }
    let contact = house.arrive(0, 0);
    for (order, wait) in [(ReserveOrder::CallIn, 5), (ReserveOrder::SendAway, 90), (ReserveOrder::ByRule, 5)] {
        house.force_queue(0, QueueAction::Reserve { place: Some(0), order }).unwrap();
        house.pass(secs(wait));
    }
    house.hang_up(contact, 0);
    let changes: Vec<_> = explained(&house, &names, contact)
        .into_iter()
        .filter_map(|moment| match moment.what {
            What::Reserve { change, .. } => Some(change),
            _ => None,
        })
        .collect();
    assert!(
        matches!(changes[..], [ReserveChange::CalledIn, ReserveChange::SentAway, ReserveChange::Joined(_)]),
        "{changes:?}"
    );
}

#[test]
fn offers_that_failed_too_often_end_the_wait_with_their_outcomes_told() {
    let mut names = hotline(2);
    names.queues[0].routing.tries = 2;
    let to = model::Target::Announcement(model::SoundName("sorry".into()));
    names.queues[0].max_wait = Some(model::MaxWait { after: secs(600), to });
    let mut house = House::new(names.clone());
    let contact = house.arrive(0, 0);
    for outcome in [OfferOutcome::Missed, NO] {
        let offer = house.offer(contact);
        house.settle(offer, outcome);
    }
    let moments = explained(&house, &names, contact);
    let outcomes = moments.iter().filter_map(|m| match m.what {
        What::OfferEnded { outcome, .. } => Some(outcome.word()),
        _ => None,
    });
    assert_eq!(outcomes.collect::<Vec<_>>(), ["missed", "rejected"]);
    let left = moments.last().expect("it left");
    assert!(matches!(left.what, What::FlowedOut { why: FlowReason::TriesExhausted, .. }), "{left:#?}");
}

/// What the machine does over a reload the reference does too: every decision of before and after is understood.
#[test]
fn a_reload_between_two_decisions_is_followed() {
    let before = line_of(Strategy::Linear, 2);
    let mut after = before.clone();
    after.queues[0].strategy = Strategy::LeastCalls;
    after.queues[0].routing.steps = vec![
        model::Step { needs: Some(RequirementId(0)), lasts: Some(secs(20)), only_if: Vec::new() },
        model::Step { needs: None, lasts: None, only_if: Vec::new() },
    ];
    let range = SkillRange { skill: SkillId(0), least: 7, most: 10 };
    after.skills = vec!["french".into()];
    after.requirements = vec![Requirement { text: "french >= 7".into(), any: vec![vec![range]] }];
    let mut new = agent(2, &[0]);
    new.skills = vec![SkillLevel { skill: SkillId(0), level: 2 }];
    after.agents.push(new);
    after.phones.push(model::plain::desk(2));

    let mut house = House::new(before.clone());
    let first = house.arrive(0, 0);
    assert_eq!(connect(&mut house, first), 0);
    house.ask(1, AgentAction::NotReady { code: 1 }).unwrap();
    let waits = house.arrive(0, 0);
    house.pass(secs(5));
    let (told, at) = (house.facts.len(), house.now.mono);
    house.input(Input::Reload(Arc::new(after.clone())));
    house.pass(secs(30));
    let winner = house.offer(waits).agent;
    assert_eq!(winner, AgentId(2), "who came with the reload");

    let mut explainer = Explainer::new(&before, waits);
    for (nth, (at_fact, fact)) in house.facts.iter().enumerate() {
        if nth == told {
            explainer.configure(at, &after);
        }
        explainer.handle_fact(*at_fact, fact);
    }
    let moments = explainer.into_moments();
    assert!(moments.iter().all(|moment| moment.doubts.is_empty()), "{moments:#?}");
    let offered = moments.last().expect("it was offered");
    assert!(matches!(offered.what, What::Offered { agent, .. } if agent == winner) && offered.at == at + secs(20));
    assert_eq!(offered.candidates.len(), 3);
}
