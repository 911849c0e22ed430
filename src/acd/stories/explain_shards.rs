//! Logs of several shards: each shard's own facts are in order, and between them anything may stand first.

use super::explain::verdict;
use super::explain_ways::{reserve, with_reserve};
use crate::testing::{House, directory, hotline, queue, secs};
use crate::{Explainer, Moment, Passed, Verdict, What};
use base::Instant;
use core::time::Duration;
use model::{
    Actor, AgentAction, AgentId, AgentState, ContactId, Directory, Fact, ForcedAction, QueueFigure, ReserveChange,
    Strategy,
};

type Told = (Instant, Fact);

/// What is told of a contact when this is the log, and three shards wrote it.
fn moments_of(facts: &[Told], names: &Directory, contact: ContactId) -> Vec<Moment> {
    let mut names = names.clone();
    names.limits.shards = 3;
    let mut explainer = Explainer::new(&names, contact);
    for (at, fact) in facts {
        explainer.handle_fact(*at, fact);
    }
    explainer.into_moments()
}

fn doubts(moments: &[Moment]) -> Vec<&str> {
    moments.iter().flat_map(|moment| &moment.doubts).map(|doubt| &**doubt).collect()
}

/// With nothing in doubt, on three shards; and one shard would never have written it so.
fn understood(facts: &[Told], names: &Directory, contact: ContactId) -> Vec<Moment> {
    let moments = moments_of(facts, names, contact);
    assert_eq!(doubts(&moments), Vec::<&str>::new(), "{moments:#?}");
    let unexplained = moments.iter().flat_map(|m| &m.candidates).find(|c| c.verdict == Verdict::Unexplained);
    assert_eq!(unexplained, None, "{moments:#?}");
    let mut strict = Explainer::new(names, contact);
    facts.iter().for_each(|(at, fact)| strict.handle_fact(*at, fact));
    assert_ne!(doubts(&strict.into_moments()), Vec::<&str>::new(), "on one shard this is no order of things");
    moments
}

/// The facts of that moment of which this is true go behind the first of which that is true, in their order.
fn behind(facts: &[Told], late: impl Fn(&Fact) -> bool, after: impl Fn(&Fact) -> bool) -> Vec<Told> {
    let at = facts.iter().position(|(_, fact)| after(fact)).expect("it is in the log");
    let moves = |(told, fact): &Told| *told == facts[at].0 && late(fact);
    let (moved, mut before): (Vec<_>, Vec<_>) = facts[..=at].iter().cloned().partition(moves);
    assert!(!moved.is_empty(), "something is late");
    before.extend(moved);
    before.extend_from_slice(&facts[at + 1..]);
    before
}

fn is_state(agent: u32) -> impl Fn(&Fact) -> bool {
    move |fact| matches!(fact, Fact::AgentChanged { agent: id, .. } if *id == AgentId(agent))
}

fn is_offered(of: ContactId) -> impl Fn(&Fact) -> bool {
    move |fact| matches!(fact, Fact::Offered { contact, .. } if *contact == of)
}

/// The log goes on.
fn later(house: &mut House) {
    house.pass(secs(5));
    let action = ForcedAction::LogLevel { level: "info".into() };
    house.facts.push((house.now.mono, Fact::Forced { by: Actor::Operator("root".into()), action }));
}

fn linear(agents: u32) -> Directory {
    let mut names = hotline(agents);
    names.queues[0].strategy = Strategy::Linear;
    names
}

#[test]
fn an_offer_that_is_told_before_its_reservation_is_understood() {
    let names = hotline(2);
    let mut house = House::new(names.clone());
    house.pass(secs(5));
    let contact = house.arrive(0, 0);
    house.connect(contact);
    later(&mut house);
    let facts = behind(&house.facts, is_state(0), is_offered(contact));
    let moments = understood(&facts, &names, contact);
    assert_eq!(verdict(&moments[1], 0), &Verdict::Chosen);
    assert!(matches!(moments[1].what, What::Offered { agent: AgentId(0), .. }), "{moments:#?}");
}

/// He had signed on and become ready before; all of it is told afterwards.
#[test]
fn an_offer_that_is_told_before_its_agent_is_ready_is_understood() {
    let names = hotline(1);
    let mut house = House::new(names.clone());
    house.ask(0, AgentAction::SignOff { code: 0 }).unwrap();
    house.pass(secs(5));
    let contact = house.arrive(0, 0);
    house.pass(secs(5));
    house.ask(0, AgentAction::SignOn { phone: None }).unwrap();
    let _ = house.ask(0, AgentAction::Ready);
    house.connect(contact);
    later(&mut house);
    let facts = behind(&house.facts, is_state(0), is_offered(contact));
    assert!(facts.len() > 4 && facts.iter().filter(|(at, _)| *at == house.facts[4].0).count() > 3, "{facts:?}");
    understood(&facts, &names, contact);
}

#[test]
fn a_reservation_that_never_comes_is_a_doubt() {
    let names = hotline(2);
    let mut house = House::new(names.clone());
    house.pass(secs(5));
    let contact = house.arrive(0, 0);
    house.pass(secs(3));
    house.offer(contact);
    later(&mut house);
    let reserved = |fact: &Fact| matches!(fact, Fact::AgentChanged { state: AgentState::Reserved { .. }, .. });
    house.facts.retain(|(_, fact)| !reserved(fact));
    let moments = moments_of(&house.facts, &names, contact);
    assert_eq!(doubts(&moments).len(), 1, "{moments:#?}");
    // Or too late.
    let mut house = House::new(names.clone());
    house.pass(secs(5));
    let contact = house.arrive(0, 0);
    house.pass(secs(3));
    house.offer(contact);
    let late = house.now.mono;
    later(&mut house);
    let mut facts = behind(&house.facts, reserved, is_offered(contact));
    facts.iter_mut().filter(|(_, fact)| reserved(fact)).for_each(|(at, _)| *at = late);
    assert_eq!(doubts(&moments_of(&facts, &names, contact)).len(), 1);
}

/// He hung up at once; the agent's home heard of the end before it heard of the beginning, and shows neither.
#[test]
fn an_offer_that_was_over_before_its_agents_home_heard_of_it_is_understood() {
    let names = hotline(2);
    let mut house = House::new(names.clone());
    house.pass(secs(5));
    let contact = house.arrive(0, 0);
    house.offer(contact);
    house.hang_up(contact, 0);
    later(&mut house);
    let at = house.facts.iter().find(|(_, fact)| is_offered(contact)(fact)).expect("it was offered").0;
    house.facts.retain(|(told, fact)| *told != at || !is_state(0)(fact));
    let facts = house.facts;
    understood(&facts, &names, contact);
}

/// Where the log ends nobody can say what would have come.
#[test]
fn the_end_of_the_log_is_no_doubt() {
    let names = hotline(2);
    let mut house = House::new(names.clone());
    house.pass(secs(5));
    let contact = house.arrive(0, 0);
    let at = house.facts.iter().position(|(_, fact)| is_offered(contact)(fact)).expect("it was offered");
    let reserved = house.facts[..at].iter().rposition(|(_, fact)| is_state(0)(fact)).expect("he was reserved");
    let mut facts = house.facts[..=at].to_vec();
    facts.remove(reserved);
    understood(&facts, &names, contact);
}

/// Two offers of one moment, told the other way round: the first agent and the first contact look passed over.
#[test]
fn another_offer_of_the_same_moment_is_no_doubt_and_one_long_after_is() {
    for apart in [Duration::from_millis(3), secs(2)] {
        let names = linear(2);
        let mut house = House::new(names.clone());
        house.pass(secs(5));
        let (first, ours) = (house.arrive(0, 0), house.arrive(0, 0));
        later(&mut house);
        let of_the_first = |fact: &Fact| is_offered(first)(fact) || is_state(0)(fact);
        let mut facts = behind(&house.facts, of_the_first, is_offered(ours));
        let at = facts.iter().position(|(_, fact)| is_offered(ours)(fact)).expect("it was offered");
        let moment = facts[at].0;
        facts[at + 1..].iter_mut().filter(|(at, _)| *at == moment).for_each(|(at, _)| *at += apart);
        if apart < secs(1) {
            let moments = understood(&facts, &names, ours);
            assert_eq!(verdict(&moments[1], 0), &Verdict::Crossed, "{moments:#?}");
        } else {
            let moments = moments_of(&facts, &names, ours);
            assert_eq!(doubts(&moments), ["1000 comes first by the strategy, not 1001"], "{moments:#?}");
        }
    }
}

/// The first by the strategy becomes ready in the moment of the decision, and is told of before it.
#[test]
fn who_became_ready_in_that_moment_need_not_have_been_seen() {
    let names = linear(2);
    let mut house = House::new(names.clone());
    house.ask(0, AgentAction::NotReady { code: 1 }).unwrap();
    house.pass(secs(5));
    let contact = house.arrive(0, 0);
    house.connect(contact);
    house.ask(0, AgentAction::Ready).unwrap();
    house.pass(secs(3));
    later(&mut house);
    let ready = |fact: &Fact| matches!(fact, Fact::AgentChanged { agent: AgentId(0), state: AgentState::Ready, .. });
    let mut facts = house.facts.clone();
    let from = facts.iter().position(|(_, fact)| is_offered(contact)(fact)).expect("it was offered");
    let at = from + facts[from..].iter().position(|(_, fact)| ready(fact)).expect("he is ready then");
    let (_, ready) = facts.remove(at);
    let early = (facts[from].0 - Duration::from_millis(3), ready);
    facts.insert(from, early);
    understood(&facts, &names, contact);
}

#[test]
fn a_reserve_that_is_told_to_join_after_its_agent_was_asked_is_understood() {
    let names = with_reserve(reserve(QueueFigure::LongestWait, 60, 600));
    let mut house = House::new(names.clone());
    let first = house.arrive(0, 0);
    house.connect(first);
    house.pass(secs(5));
    let contact = house.arrive(0, 0);
    house.pass(secs(60));
    assert_eq!(house.connect(contact), 1);
    later(&mut house);
    let joins = |fact: &Fact| matches!(fact, Fact::Reserve { .. });
    let facts = behind(&house.facts, joins, is_offered(contact));
    let moments = understood(&facts, &names, contact);
    let offered = moments.iter().find(|m| matches!(m.what, What::Offered { called: Some(_), .. }));
    assert_eq!(verdict(offered.expect("he was called in"), 1), &Verdict::Chosen);
}

/// The place is counted at the queue's home, where one who left a moment ago still stood.
#[test]
fn a_place_counted_while_others_left_is_no_doubt() {
    let names = directory(vec![queue("line")], Vec::new());
    let mut house = House::new(names.clone());
    let first = house.arrive(0, 0);
    house.pass(secs(5));
    let ours = house.arrive(0, 0);
    house.hang_up(first, 0);
    house.pass(secs(5));
    house.hang_up(ours, 0);
    let came = |fact: &Fact| matches!(fact, Fact::Queued { contact, .. } if *contact == ours);
    let left = |fact: &Fact| matches!(fact, Fact::Abandoned { contact, .. } if *contact == first);
    understood(&behind(&house.facts, came, left), &names, ours);
}

/// Another contact is given to an agent in the moment in which ours comes, before it.
#[test]
fn a_contact_that_crossed_with_ours_is_not_told_as_more_pressing() {
    let names = hotline(1);
    let mut house = House::new(names.clone());
    house.pass(secs(5));
    let other = house.arrive(0, 0);
    let ours = house.arrive(0, 1);
    house.pass(secs(3));
    house.connect(other);
    later(&mut house);
    let offered = |fact: &Fact| is_offered(other)(fact) || is_state(0)(fact);
    let came = |fact: &Fact| matches!(fact, Fact::Queued { contact, .. } if *contact == ours);
    let facts = behind(&house.facts, offered, came);
    let moments = moments_of(&facts, &names, ours);
    assert_eq!(doubts(&moments), Vec::<&str>::new());
    let passed = moments.iter().find(|m| matches!(m.what, What::Passed { .. })).expect("he was given the other");
    assert!(matches!(passed.what, What::Passed { why: Passed::Crossed, .. }), "{passed:#?}");
}

/// When the last who waited is gone their reserve goes too; its home may say so first.
#[test]
fn lent_agents_are_told_as_they_were_when_the_last_who_waited_gave_up() {
    let names = with_reserve(reserve(QueueFigure::Waiting, 1, 1));
    let mut house = House::new(names.clone());
    let first = house.arrive(0, 0);
    house.connect(first);
    house.ask(1, AgentAction::NotReady { code: 3 }).unwrap();
    let ours = house.arrive(0, 0);
    house.pass(secs(30));
    house.hang_up(ours, 0);
    later(&mut house);
    let gave_up = |fact: &Fact| matches!(fact, Fact::Abandoned { .. });
    let left = |fact: &Fact| matches!(fact, Fact::Reserve { change: ReserveChange::Left, .. });
    let mut facts = behind(&house.facts, gave_up, left);
    let told = |facts: &[Told]| moments_of(facts, &names, ours).pop().expect("it was in a queue");
    assert!(matches!(verdict(&told(&facts), 1), Verdict::NotReady { .. }), "{:#?}", told(&facts));
    // Long before, it is what it is.
    facts.iter_mut().filter(|(_, fact)| left(fact)).for_each(|(at, _)| *at = *at - secs(3));
    assert!(matches!(verdict(&told(&facts), 1), Verdict::InReserve { .. }));
}
