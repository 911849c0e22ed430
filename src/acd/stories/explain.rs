//! Every kind of answer an explanation gives, each from facts alone.

use super::explain_ways::{reserve, with_reserve};
use crate::testing::{House, agent, directory, hotline, queue, secs};
use crate::{Called, Explainer, Lack, Later, Moment, PartWaited, Passed, Regime, Told, Verdict, What};
use base::Instant;
use core::time::Duration;
use model::{
    Absent, Ageing, AgentAction, AgentId, AgentState, CallbackStep, ContactId, Decision, Directory, EmptyRule,
    Exclusion, Fact, FigureRange, FlowReason, IdleClock, Joined, Judged, JudgedBy, Judgement, MaxLength, MaxWait, Next,
    NotReadyReason, OfferOutcome, Preferred, QueueCommand, QueueFigure, QueueId, Requirement, RequirementId,
    ReserveChange, SkillId, SkillLevel, SkillRange, SoundName, Step, Strategy, Target, Wish,
};

/// What is told about a contact when its house has told everything.
pub(super) fn explained(house: &House, directory: &Directory, contact: ContactId) -> Vec<Moment> {
    let mut explainer = Explainer::new(directory, contact);
    for (at, fact) in &house.facts {
        explainer.handle_fact(*at, fact);
    }
    let moments = explainer.into_moments();
    assert!(moments.iter().all(|moment| moment.doubts.is_empty()), "{moments:#?}");
    moments
}

fn sorry() -> Target {
    Target::Announcement(SoundName("sorry".into()))
}

pub(super) fn verdict(moment: &Moment, agent: u32) -> &Verdict {
    let found = moment.candidates.iter().find(|candidate| candidate.agent == AgentId(agent));
    &found.unwrap_or_else(|| panic!("agent {agent} is no candidate: {moment:#?}")).verdict
}

fn decision(moment: &Moment) -> Decision {
    match moment.what {
        What::Offered { decision: Some(decision), .. } => decision,
        _ => panic!("no decision was written down: {moment:#?}"),
    }
}

pub(super) fn connect(house: &mut House, contact: ContactId) -> u32 {
    house.connect(contact)
}

#[test]
fn complaint_21_idle_clock_and_load_are_shown_and_who_comes_behind_whom() {
    for (strategy, clock) in [(Strategy::LongestIdle, IdleClock::Ready), (Strategy::LeastOccupied, IdleClock::Offer)] {
        let mut line = queue("line");
        (line.strategy, line.idle_clock) = (strategy, clock);
        let names = directory(vec![line], (0..3).map(|n| agent(n, &[0])).collect());
        let mut house = House::new(names.clone());
        house.pass(secs(60));
        let contact = house.arrive(0, 0);
        connect(&mut house, contact);
        let moments = explained(&house, &names, contact);
        let offered = &moments[1];
        assert!(matches!(offered.what, What::Offered { regime: Regime::AgentSurplus, .. }), "{offered:#?}");
        assert_eq!(verdict(offered, 0), &Verdict::Chosen);
        assert_eq!(verdict(offered, 1), &Verdict::Behind { others: 1, after: AgentId(0) });
        assert_eq!(verdict(offered, 2), &Verdict::Behind { others: 2, after: AgentId(1) });
        let written = decision(offered);
        assert_eq!((written.strategy, written.idle_clock), (strategy, clock));
        assert_eq!(written.next, Next::Agents([1, 2].into_iter().map(AgentId).collect()));
        assert_eq!(written.excluded.iter().collect::<Vec<_>>(), [(Exclusion::Behind, 2)]);
        assert!(offered.candidates.iter().all(|candidate| candidate.score.is_some()), "with idle time and load");
    }
}

#[test]
fn who_is_busy_reserved_away_or_not_ready_is_told_with_since_and_reason() {
    let names = hotline(5);
    let mut house = House::new(names.clone());
    house.ask(3, AgentAction::NotReady { code: 7 }).unwrap();
    house.ask(4, AgentAction::SignOff { code: 0 }).unwrap();
    let (first, second) = (house.arrive(0, 0), house.arrive(0, 0));
    house.offer(first);
    let offer = house.offer(second);
    house.settle(offer, OfferOutcome::Accepted);
    house.pass(secs(5));
    let third = house.arrive(0, 0);
    let offered = &explained(&house, &names, third)[1];
    let engaged = |state| Verdict::Engaged { state, since: offered.at - secs(5) };
    assert_eq!(verdict(offered, 0), &engaged(AgentState::Reserved { contact: first }));
    assert_eq!(verdict(offered, 1), &engaged(AgentState::Busy { contact: second }));
    assert_eq!(verdict(offered, 2), &Verdict::Chosen);
    let since = offered.at - secs(5);
    assert_eq!(verdict(offered, 3), &Verdict::NotReady { reason: NotReadyReason::Code(7), since });
    assert_eq!(verdict(offered, 4), &Verdict::SignedOff { since });
    let counted: Vec<_> = decision(offered).excluded.iter().collect();
    assert_eq!(counted, [(Exclusion::SignedOff, 1), (Exclusion::NotReady, 1), (Exclusion::Engaged, 2)]);
}

#[test]
fn a_skill_is_missing_by_so_much_and_a_later_step_does_not_ask_it() {
    let range = SkillRange { skill: SkillId(0), least: 7, most: 10 };
    let mut line = queue("line");
    let step = |needs: Option<u32>, lasts: Option<u64>| Step {
        needs: needs.map(RequirementId),
        lasts: lasts.map(secs),
        only_if: Vec::new(),
    };
    line.routing.steps = vec![step(Some(0), Some(20)), step(Some(0), Some(10)), step(None, None)];
    let mut able = agent(0, &[0]);
    able.skills = vec![SkillLevel { skill: SkillId(0), level: 4 }];
    let mut names = directory(vec![line], vec![able]);
    names.requirements = vec![Requirement { text: "french >= 7".into(), any: vec![vec![range]] }];
    let mut house = House::new(names.clone());
    let contact = house.arrive(0, 0);
    let came = house.now.mono;
    house.pass(secs(40));
    let moments = explained(&house, &names, contact);
    let missing = vec![Lack { skill: SkillId(0), has: 4, least: 7, most: 10 }];
    let later = Some(Later { step: 2, at: came + secs(30), conditional: false });
    assert_eq!(verdict(&moments[0], 0), &Verdict::Lacks { missing, step: 0, later });
    assert!(matches!(moments[1].what, What::Offered { .. }) && moments[1].at == came + secs(30), "{moments:#?}");
    assert_eq!(decision(&moments[1]).step, 2);
}

#[test]
fn a_talk_cap_reached_keeps_the_contact_from_who_is_ready() {
    let mut line = queue("line");
    line.routing.max_talking = Some(1);
    let names = directory(vec![line], (0..2).map(|n| agent(n, &[0])).collect());
    let mut house = House::new(names.clone());
    let first = house.arrive(0, 0);
    let talks = connect(&mut house, first);
    let second = house.arrive(0, 0);
    let moments = explained(&house, &names, second);
    assert_eq!(verdict(&moments[0], 1 - talks), &Verdict::Full { most: 1 });
}

#[test]
fn of_phones_that_ring_together_the_loser_is_told_who_was_faster() {
    let mut line = queue("line");
    line.strategy = Strategy::RingAll;
    let names = directory(vec![line], (0..2).map(|n| agent(n, &[0])).collect());
    let mut house = House::new(names.clone());
    let contact = house.arrive(0, 0);
    house.offer(contact);
    house.connect_ringing(contact);
    let moments = explained(&house, &names, contact);
    let ended = |m: &Moment| match m.what {
        What::OfferEnded { agent, outcome, winner } => Some((agent.0, outcome, winner.map(|winner| winner.0))),
        _ => None,
    };
    let ends: Vec<_> = moments.iter().filter_map(ended).collect();
    assert_eq!(ends, [(0, OfferOutcome::Withdrawn, Some(1)), (1, OfferOutcome::Accepted, None)]);
}

fn place(house: &mut House, n: u32, wish: Wish) -> ContactId {
    let contact = ContactId::new(model::ShardId(0), 9, n);
    let entered = house.now.mono;
    house.call(QueueCommand::Enqueue { contact, queue: QueueId(0), priority: 0, entered, wish });
    contact
}

#[test]
fn a_preferred_agent_is_waited_for_so_long_and_the_rule_that_named_him_is_told() {
    let names = hotline(2);
    let mut house = House::new(names.clone());
    let first = place(&mut house, 1, Wish::default());
    let keeper = connect(&mut house, first);
    let value = Preferred { agent: AgentId(keeper), wait: secs(20) };
    let judgement = Judgement { agent: Some(Judged { value, by: JudgedBy::Sticky }), ..Judgement::default() };
    let contact = ContactId::new(model::ShardId(0), 9, 2);
    house.facts.push((house.now.mono, Fact::Judged { contact, queue: QueueId(0), judgement }));
    assert_eq!(place(&mut house, 2, judgement.wish()), contact);
    let came = house.now.mono;
    house.pass(secs(25));
    let moments = explained(&house, &names, contact);
    assert_eq!(moments[0].what, What::Judged { queue: QueueId(0), judgement });
    let kept = Verdict::KeptFor { agent: AgentId(keeper), until: came + secs(20) };
    assert_eq!(verdict(&moments[1], 1 - keeper), &kept);
    assert!(matches!(moments[2].what, What::Offered { .. }) && moments[2].at == came + secs(20));
}

/// One of them alone would have changed nothing.
#[test]
fn all_that_kept_it_from_an_agent_is_told_and_not_only_the_first() {
    let range = SkillRange { skill: SkillId(0), least: 7, most: 10 };
    let mut line = queue("line");
    line.routing.steps = vec![Step { needs: Some(RequirementId(0)), lasts: None, only_if: Vec::new() }];
    line.routing.max_talking = Some(1);
    let mut able = agent(0, &[0]);
    able.skills = vec![SkillLevel { skill: SkillId(0), level: 8 }];
    let mut names = directory(vec![line], vec![able, agent(1, &[0])]);
    names.requirements = vec![Requirement { text: "french >= 7".into(), any: vec![vec![range]] }];
    let mut house = House::new(names.clone());
    let first = place(&mut house, 1, Wish::default());
    assert_eq!(connect(&mut house, first), 0);
    house.ask(1, AgentAction::SignOff { code: 0 }).unwrap();
    let value = Preferred { agent: AgentId(0), wait: secs(20) };
    let judgement = Judgement { agent: Some(Judged { value, by: JudgedBy::Sticky }), ..Judgement::default() };
    let contact = ContactId::new(model::ShardId(0), 9, 2);
    house.facts.push((house.now.mono, Fact::Judged { contact, queue: QueueId(0), judgement }));
    assert_eq!(place(&mut house, 2, judgement.wish()), contact);
    let until = house.now.mono + secs(20);
    let entered = &explained(&house, &names, contact)[1];
    let of = |agent| entered.candidates.iter().find(|c| c.agent == AgentId(agent)).unwrap();
    assert!(matches!(of(1).verdict, Verdict::SignedOff { .. }), "{entered:#?}");
    let missing = vec![Lack { skill: SkillId(0), has: 0, least: 7, most: 10 }];
    let lacks = Verdict::Lacks { missing, step: 0, later: None };
    assert_eq!(of(1).besides, [lacks, Verdict::KeptFor { agent: AgentId(0), until }, Verdict::Full { most: 1 }]);
    assert!(matches!(of(0).verdict, Verdict::Engaged { .. }), "{entered:#?}");
    assert_eq!(of(0).besides, [Verdict::Full { most: 1 }]);
}

#[test]
fn who_was_overtaken_sees_the_points_of_both() {
    let mut line = queue("line");
    line.routing.ageing = Ageing { per_minute: 1, cap: 100 };
    let names = directory(vec![line], vec![agent(0, &[0])]);
    let mut house = House::new(names.clone());
    let first = house.arrive(0, 0);
    connect(&mut house, first);
    let own = house.arrive(0, 0);
    house.pass(secs(60));
    let other = house.arrive(0, 5);
    house.pass(secs(60));
    house.release(0, first, Some(0));
    let moments = explained(&house, &names, own);
    let why = Passed::MorePressing { own: 2.0, other: 6.0 };
    assert!(moments.iter().any(|m| m.what == What::Passed { agent: AgentId(0), contact: other, why }), "{moments:#?}");
    // The other's own decision: contacts waited, and ours was next.
    let offered = explained(&house, &names, other).pop().unwrap();
    assert_eq!(decision(&offered).next, Next::Contacts([own].into_iter().collect()));
    assert!(matches!(offered.what, What::Offered { regime: Regime::ContactSurplus, .. }));
}

#[test]
fn who_was_passed_by_the_objective_sees_the_parts_of_both() {
    let mut lines = [queue("support"), queue("sales")];
    lines[0].routing.objective = Some(secs(60));
    lines[1].routing.objective = Some(secs(10));
    let names = directory(lines.to_vec(), vec![agent(0, &[0, 1])]);
    let mut house = House::new(names.clone());
    let first = house.arrive(0, 0);
    connect(&mut house, first);
    let own = house.arrive(0, 0);
    house.pass(secs(4));
    let other = house.arrive(1, 0);
    house.pass(secs(3));
    house.release(0, first, Some(0));
    let part = |queue, waited, objective| PartWaited {
        queue: QueueId(queue),
        waited: secs(waited),
        objective: secs(objective),
    };
    let why = Passed::LargerPart { own: part(0, 7, 60), other: part(1, 3, 10) };
    let moments = explained(&house, &names, own);
    assert!(moments.iter().any(|m| m.what == What::Passed { agent: AgentId(0), contact: other, why }), "{moments:#?}");
}

#[test]
fn contact_surplus_an_agent_took_one_that_had_come_earlier_to_another_queue() {
    let names = directory(vec![queue("a"), queue("b")], vec![agent(0, &[0, 1])]);
    let mut house = House::new(names.clone());
    let first = house.arrive(0, 0);
    connect(&mut house, first);
    let other = house.arrive(1, 0);
    house.pass(secs(1));
    let own = house.arrive(0, 0);
    house.release(0, first, Some(0));
    let moments = explained(&house, &names, own);
    let passed = What::Passed { agent: AgentId(0), contact: other, why: Passed::Earlier };
    assert!(moments.iter().any(|m| m.what == passed), "{moments:#?}");
}

#[test]
fn rules_at_the_door_and_in_the_line_are_told_with_their_reason() {
    let door = |change: fn(&mut model::Queue)| {
        let mut line = queue("line");
        change(&mut line);
        directory(vec![line], vec![agent(0, &[0])])
    };
    let empty = door(|line| line.empty = EmptyRule::new(Absent::SIGNED_OFF, Some(sorry())));
    let full = door(|line| line.max_length = Some(MaxLength { at: 0, to: sorry() }));
    let late = door(|line| line.max_wait = Some(MaxWait { after: secs(30), to: sorry() }));
    let closed = door(|line| line.closed = Some(sorry()));
    let told = [FlowReason::Empty, FlowReason::MaxLength, FlowReason::MaxWait, FlowReason::Closed];
    for (names, why) in [empty, full, late, closed].into_iter().zip(told) {
        let mut house = House::new(names.clone());
        match why {
            FlowReason::Closed => house.force_queue(0, model::QueueAction::Close).unwrap(),
            FlowReason::Empty => house.ask(0, AgentAction::SignOff { code: 0 }).unwrap(),
            _ => house.ask(0, AgentAction::NotReady { code: 1 }).unwrap(),
        }
        let contact = house.arrive(0, 0);
        house.pass(secs(60));
        let left = explained(&house, &names, contact).pop().unwrap();
        assert!(matches!(left.what, What::FlowedOut { why: told, .. } if told == why), "{why:?}: {left:#?}");
        let waited = why == FlowReason::MaxWait;
        assert_eq!(!left.candidates.is_empty(), waited, "who waited sees why nobody took it");
    }
}

#[test]
fn a_caller_who_gave_up_before_any_offer_sees_why_nobody_was_asked() {
    let names = hotline(1);
    let mut house = House::new(names.clone());
    house.ask(0, AgentAction::NotReady { code: 3 }).unwrap();
    let contact = house.arrive(0, 0);
    house.pass(secs(12));
    house.hang_up(contact, 0);
    let last = explained(&house, &names, contact).pop().unwrap();
    assert_eq!(last.what, What::Abandoned { waited: secs(12), offers: 0 });
    assert!(matches!(verdict(&last, 0), Verdict::NotReady { reason: NotReadyReason::Code(3), .. }));
}

#[test]
fn a_callback_waits_in_the_callers_stead() {
    let names = hotline(1);
    let mut house = House::new(names.clone());
    let contact = ContactId::new(model::ShardId(0), 1, 1);
    house.facts.push((
        house.now.mono,
        Fact::Callback {
            contact,
            step: CallbackStep::Arranged,
            attempts: 0,
            promise: model::Promise::anonymous(contact, QueueId(0)).into(),
        },
    ));
    assert_eq!(house.arrive(0, 0), contact);
    let moments = explained(&house, &names, contact);
    let told = Told { queue: QueueId(0), attempts: 0, cause: None, closed: None };
    assert_eq!(moments[0].what, What::Callback { step: CallbackStep::Arranged, first: None, told });
    assert!(matches!(moments[2].what, What::Offered { .. }));
}

/// As written by a version that kept no decisions: replayed all the same, and it says that nothing was kept.
#[test]
fn an_old_record_without_decisions_is_explained_by_the_replay_alone() {
    let names = hotline(2);
    let mut house = House::new(names.clone());
    let contact = house.arrive(0, 0);
    for (_, fact) in &mut house.facts {
        if let Fact::Offered { decision, .. } = fact {
            *decision = None;
        }
    }
    let offered = &explained(&house, &names, contact)[1];
    assert!(matches!(offered.what, What::Offered { decision: None, regime: Regime::AgentSurplus, .. }));
    assert_eq!(verdict(offered, 1), &Verdict::Behind { others: 1, after: AgentId(0) });
}

/// The strategy was changed since: the explanation goes by the one the decision was made by.
#[test]
fn the_rule_is_the_one_of_then_when_the_configuration_has_changed_since() {
    let mut line = queue("line");
    line.strategy = Strategy::LeastCalls;
    let then = directory(vec![line], (0..2).map(|n| agent(n, &[0])).collect());
    let mut now = then.clone();
    now.queues[0].strategy = Strategy::Linear;
    let mut house = House::new(then);
    let first = house.arrive(0, 0);
    let busy = connect(&mut house, first);
    house.release(busy, first, Some(0));
    let second = house.arrive(0, 0);
    let moments = explained(&house, &now, second);
    assert_eq!(verdict(&moments[1], 1 - busy), &Verdict::Chosen);
    assert_eq!(decision(&moments[1]).strategy, Strategy::LeastCalls);
}

#[test]
fn what_was_written_down_and_is_not_what_the_facts_show_is_a_doubt() {
    let names = hotline(3);
    let mut house = House::new(names.clone());
    house.pass(secs(1));
    let contact = house.arrive(0, 0);
    for (_, fact) in &mut house.facts {
        if let Fact::Offered { decision: Some(decision), .. } = fact {
            decision.excluded.add(Exclusion::NotReady, 1);
            decision.next = Next::Agents([AgentId(2)].into_iter().collect());
        }
    }
    let mut explainer = Explainer::new(&names, contact);
    house.facts.iter().for_each(|(at, fact): &(Instant, Fact)| explainer.handle_fact(*at, fact));
    let doubts: Vec<_> = explainer.into_moments().into_iter().flat_map(|moment| moment.doubts).collect();
    assert_eq!(doubts.len(), 2, "{doubts:?}");
}

/// Who calls again, is called back after a restart or is transferred back stands where he stood.
#[test]
fn a_contact_that_kept_its_place_is_compared_from_when_it_first_came() {
    let mut names = hotline(1);
    names.queues[0].routing.ageing = Ageing { per_minute: 1, cap: 100 };
    let mut house = House::new(names.clone());
    house.pass(secs(600));
    let first = house.arrive(0, 0);
    connect(&mut house, first);
    house.pass(secs(10));
    let other = house.arrive(0, 0);
    house.pass(secs(10));
    let (kept, entered) = (ContactId::new(model::ShardId(0), 7, 1), house.now.mono - secs(180));
    let (queue, wish) = (QueueId(0), Wish::default());
    house.call(QueueCommand::Enqueue { contact: kept, queue, priority: 0, entered, wish });
    house.pass(secs(10));
    house.release(0, first, Some(0));
    assert_eq!(connect(&mut house, kept), 0);
    let moments = explained(&house, &names, kept);
    let What::Entered { kept: before, place, ref ahead, .. } = moments[0].what else { panic!("{moments:#?}") };
    assert_eq!((before, place, ahead.len()), (secs(180), 1, 0));
    let moments = explained(&house, &names, other);
    let passed = moments.iter().find_map(|m| match m.what {
        What::Passed { why: Passed::MorePressing { own, other }, .. } => Some((own, other)),
        _ => None,
    });
    let near = |points: f64, minutes: f64| (points - minutes).abs() < 0.01;
    assert!(passed.is_some_and(|(own, other)| near(own, 20.0 / 60.0) && near(other, 190.0 / 60.0)), "{passed:?}");
    // An older version did not tell: the first fact of a queue counts, and nothing breaks.
    for (_, fact) in &mut house.facts {
        if let Fact::Queued { kept, .. } = fact {
            *kept = None;
        }
    }
    let mut explainer = Explainer::new(&names, kept);
    house.facts.iter().for_each(|(at, fact)| explainer.handle_fact(*at, fact));
    assert!(matches!(explainer.into_moments()[0].what, What::Entered { kept: Duration::ZERO, .. }));
}

#[test]
fn a_reserve_is_told_of_when_it_joins_and_why_its_agent_was_asked() {
    let range = FigureRange { figure: QueueFigure::LongestWait, least: 60, most: u32::MAX };
    let names = with_reserve(reserve(QueueFigure::LongestWait, 60, 600));
    let mut house = House::new(names.clone());
    let first = house.arrive(0, 0);
    connect(&mut house, first);
    let (contact, came) = (house.arrive(0, 0), house.now.mono);
    house.pass(secs(60));
    assert_eq!(connect(&mut house, contact), 1);
    let moments = explained(&house, &names, contact);
    assert_eq!(verdict(&moments[0], 1), &Verdict::InReserve { queue: QueueId(0), place: 0 });
    let why = Joined { range, value: 60 };
    let change = ReserveChange::Joined(why);
    assert_eq!(moments[1].what, What::Reserve { queue: QueueId(0), place: 0, change, by: None });
    let told = Some(Called { place: 0, since: came + secs(60), why: Some(why), by: None });
    assert!(
        matches!(&moments[2].what, What::Offered { agent: AgentId(1), called, .. } if *called == told),
        "{moments:#?}"
    );
    assert_eq!(verdict(&moments[2], 1), &Verdict::Chosen);
    // He stays for the next one, which came when he had been called.
    house.release(1, contact, Some(0));
    let next = house.arrive(0, 0);
    assert_eq!(connect(&mut house, next), 1);
    let moments = explained(&house, &names, next);
    assert!(matches!(&moments[1].what, What::Offered { called, .. } if *called == told), "{moments:#?}");
}
