//! Contact surplus: each contact that waited for the agent, with what kept it behind the chosen.

use super::explain::{connect, explained};
use crate::testing::{House, agent, directory, queue, secs};
use crate::{Moment, PartWaited, Passed, Rival, Standing, Verdict, What};
use model::{
    Ageing, ContactId, Directory, Judged, JudgedBy, Judgement, QueueCommand, QueueId, Requirement, RequirementId,
    SkillId, SkillRange, Wish,
};

/// One agent for so many queues, and he is busy.
fn busy(queues: u32, change: impl Fn(&mut Directory)) -> (House, Directory, ContactId) {
    let lines = (0..queues).map(|_| queue("line")).collect();
    let all: Vec<u32> = (0..queues).collect();
    let mut names = directory(lines, vec![agent(0, &all)]);
    change(&mut names);
    let mut house = House::new(names.clone());
    let first = house.arrive(0, 0);
    connect(&mut house, first);
    (house, names, first)
}

fn rivals_when_offered(house: &House, names: &Directory, contact: ContactId) -> Vec<Rival> {
    let moments = explained(house, names, contact);
    let offered = moments.into_iter().find(|m| matches!(m.what, What::Offered { .. }));
    offered.expect("it was offered").rivals
}

fn passed(house: &House, names: &Directory, contact: ContactId) -> Moment {
    let moments = explained(house, names, contact);
    moments.into_iter().find(|m| matches!(m.what, What::Passed { .. })).expect("it was passed over")
}

fn standings(rivals: &[Rival]) -> Vec<(ContactId, Standing)> {
    rivals.iter().map(|rival| (rival.contact, rival.standing.clone())).collect()
}

#[test]
fn who_has_fewer_points_and_who_came_later_see_by_how_much() {
    let (mut house, names, first) = busy(3, |names| {
        names.queues.iter_mut().for_each(|q| q.routing.ageing = Ageing { per_minute: 2, cap: 100 });
    });
    let chosen = house.arrive(0, 1);
    house.pass(secs(30));
    let fewer = house.arrive(1, 1);
    house.pass(secs(60));
    house.release(0, first, Some(0));
    connect(&mut house, chosen);
    let rivals = rivals_when_offered(&house, &names, chosen);
    assert_eq!(standings(&rivals), [(chosen, Standing::Chosen), (fewer, Standing::FewerPoints(1.0))]);
    let told = |rival: &Rival| (rival.queue.0, rival.priority, rival.points, rival.waited);
    assert_eq!((told(&rivals[0]), told(&rivals[1])), ((0, 1, 4.0, secs(90)), (1, 1, 3.0, secs(60))));
    // The other one sees the same from its side.
    let of_it = passed(&house, &names, fewer).rivals;
    assert_eq!(standings(&of_it), standings(&rivals));

    let (mut house, names, first) = busy(2, |_| {});
    let chosen = house.arrive(0, 0);
    house.pass(secs(12));
    let later = house.arrive(1, 0);
    house.release(0, first, Some(0));
    connect(&mut house, chosen);
    let rivals = rivals_when_offered(&house, &names, chosen);
    assert_eq!(standings(&rivals), [(chosen, Standing::Chosen), (later, Standing::Later(secs(12)))]);
}

/// In a queue the cap does not count: the points shown are those by which it stands there.
#[test]
fn at_the_cap_of_ageing_the_order_of_the_queue_is_told_by_points_without_it() {
    let (mut house, names, first) = busy(1, |names| names.queues[0].routing.ageing = Ageing { per_minute: 1, cap: 5 });
    let chosen = house.arrive(0, 0);
    house.pass(secs(600));
    let later = house.arrive(0, 3);
    house.pass(secs(600));
    house.release(0, first, Some(0));
    connect(&mut house, chosen);
    let rivals = rivals_when_offered(&house, &names, chosen);
    assert_eq!(standings(&rivals), [(chosen, Standing::Chosen), (later, Standing::FewerPoints(7.0))]);
    let points: Vec<_> = rivals.iter().map(|rival| (rival.points, rival.uncapped)).collect();
    assert_eq!(points, [(5.0, 20.0), (8.0, 13.0)]);
    let of_it = passed(&house, &names, later);
    let why = Passed::MorePressing { own: 13.0, other: 20.0 };
    assert!(matches!(of_it.what, What::Passed { why: told, .. } if told == why), "{of_it:#?}");
    assert_eq!(standings(&of_it.rivals), standings(&rivals));
}

/// Of each queue the first is compared: by the cap that one has fewer points than who stands behind it.
#[test]
fn who_stands_behind_another_of_its_queue_is_told_so_and_not_compared_with_another_queues() {
    let (mut house, names, first) = busy(2, |names| names.queues[0].routing.ageing = Ageing { per_minute: 1, cap: 5 });
    let head = house.arrive(0, 0);
    house.pass(secs(600));
    let own = house.arrive(0, 3);
    house.pass(secs(600));
    let chosen = house.arrive(1, 6);
    house.release(0, first, Some(0));
    connect(&mut house, chosen);
    let of_it = passed(&house, &names, own);
    let why = Passed::NotFirst { first: head };
    assert!(matches!(of_it.what, What::Passed { why: told, .. } if told == why), "{of_it:#?}");
    assert_eq!(standings(&of_it.rivals)[1], (own, Standing::NotFirst { first: head }));
}

#[test]
fn who_has_waited_a_smaller_part_of_its_objective_sees_both_parts() {
    let (mut house, names, first) = busy(2, |names| {
        names.queues[0].routing.objective = Some(secs(20));
        names.queues[1].routing.objective = Some(secs(120));
    });
    let longer = house.arrive(1, 0);
    house.pass(secs(20));
    let chosen = house.arrive(0, 0);
    house.pass(secs(10));
    house.release(0, first, Some(0));
    connect(&mut house, chosen);
    let part = |queue, waited, objective| PartWaited {
        queue: QueueId(queue),
        waited: secs(waited),
        objective: secs(objective),
    };
    let standing = Standing::SmallerPart { own: part(1, 30, 120), chosen: part(0, 10, 20) };
    let expected = [(chosen, Standing::Chosen), (longer, standing)];
    assert_eq!(standings(&rivals_when_offered(&house, &names, chosen)), expected);
    assert_eq!(standings(&passed(&house, &names, longer).rivals), expected);
}

#[test]
fn whom_the_agent_could_not_be_given_is_told_with_what_he_lacks() {
    let range = SkillRange { skill: SkillId(0), least: 7, most: 10 };
    let (mut house, names, first) = busy(2, |names| {
        names.skills = vec!["french".into()];
        names.requirements = vec![Requirement { text: "french >= 7".into(), any: vec![vec![range]] }];
    });
    let asks = ContactId::new(model::ShardId(0), 9, 1);
    let (entered, needs) = (house.now.mono, Some(RequirementId(0)));
    let judgement =
        Judgement { needs: Some(Judged { value: RequirementId(0), by: JudgedBy::Rule(0) }), ..Judgement::default() };
    house.facts.push((entered, model::Fact::Judged { contact: asks, queue: QueueId(1), judgement }));
    let wish = Wish { needs, ..Wish::default() };
    house.call(QueueCommand::Enqueue { contact: asks, queue: QueueId(1), priority: 0, entered, wish });
    house.pass(secs(5));
    let chosen = house.arrive(0, 0);
    house.release(0, first, Some(0));
    connect(&mut house, chosen);
    let rivals = rivals_when_offered(&house, &names, chosen);
    assert_eq!(rivals.len(), 2, "{rivals:#?}");
    let lacks =
        |standing: &Standing| matches!(standing, Standing::Hindered(all) if matches!(all[..], [Verdict::Lacks { .. }]));
    assert!(rivals[1].contact == asks && lacks(&rivals[1].standing), "{rivals:#?}");
}

/// With agents to choose from nobody else was compared.
#[test]
fn where_agents_were_free_no_contacts_are_shown() {
    let names = directory(vec![queue("line")], vec![agent(0, &[0]), agent(1, &[0])]);
    let mut house = House::new(names.clone());
    let contact = house.arrive(0, 0);
    assert_eq!(rivals_when_offered(&house, &names, contact), []);
}
