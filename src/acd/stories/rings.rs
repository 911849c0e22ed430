//! Several phones ring for one contact.

use crate::testing::{House, hotline, secs};
use model::{
    AgentAction, AgentId, AgentState, CauseKind, ContactId, Directory, Fact, OfferId, OfferOutcome, QueueEvent,
    RINGS_MAX, Strategy,
};

fn ringing(strategy: Strategy, agents: u32) -> Directory {
    let mut house = hotline(agents);
    house.queues[0].strategy = strategy;
    house
}

/// The offers of this contact that are out.
fn offers(house: &mut House, contact: ContactId) -> Vec<OfferId> {
    let mut offers = Vec::new();
    while let Some(event) = house.event() {
        match event {
            QueueEvent::Offer(offer) if offer.id.contact == contact => offers.push(offer.id),
            other => panic!("expected an offer of {contact}, got {other:?}"),
        }
    }
    offers
}

fn who(offers: &[OfferId]) -> Vec<u32> {
    offers.iter().map(|offer| offer.agent.0).collect()
}

const DECLINED: fn() -> OfferOutcome = || OfferOutcome::Rejected(CauseKind::Declined.into());

#[test]
fn complaint_01_of_all_who_ring_one_wins_and_the_others_are_told() {
    let mut house = House::new(ringing(Strategy::RingAll, 3));
    let contact = house.arrive(0, 0);
    let open = offers(&mut house, contact);
    assert_eq!(who(&open), [0, 1, 2]);
    house.take_facts();
    house.settle(open[1], OfferOutcome::Accepted);
    let mut revoked: Vec<_> = core::iter::from_fn(|| house.event()).collect();
    revoked.sort_by_key(|event| format!("{event:?}"));
    assert_eq!(revoked, [QueueEvent::Revoke { offer: open[0] }, QueueEvent::Revoke { offer: open[2] }]);
    let ended = |outcome| {
        let facts = house.facts.iter().map(|(_, fact)| fact);
        facts.filter(|f| matches!(f, Fact::OfferEnded { outcome: o, .. } if *o == outcome)).count()
    };
    assert_eq!((ended(OfferOutcome::Accepted), ended(OfferOutcome::Withdrawn)), (1, 2));
    assert_eq!(house.state(1), AgentState::Busy { contact });
    assert_eq!((house.state(0), house.state(2)), (AgentState::Ready, AgentState::Ready), "nobody missed anything");
    // The second 200 OK of a race comes as a lost one; it changes nothing.
    house.take_facts();
    house.settle(open[0], OfferOutcome::Withdrawn);
    house.settle(open[2], OfferOutcome::Withdrawn);
    assert_eq!(house.take_facts(), []);
}

#[test]
fn complaint_04_a_rounds_offers_are_a_set() {
    let mut house = House::new(ringing(Strategy::RingAll, 3));
    let contact = house.arrive(0, 0);
    let open = offers(&mut house, contact);
    house.settle(open[0], DECLINED());
    // His refusal is forgotten after five seconds, but this round has rung him.
    house.pass(secs(10));
    house.quiet();
    // All refuse: a new round may ring him again.
    house.settle(open[1], DECLINED());
    house.settle(open[2], DECLINED());
    assert_eq!(who(&offers(&mut house, contact)), [0]);
}

#[test]
fn complaint_05_nobody_is_stuck_in_reserved_when_a_colleague_answers() {
    let mut house = House::new(ringing(Strategy::RingAll, 5));
    for _ in 0..20 {
        let contact = house.arrive(0, 0);
        let winner = house.connect_ringing(contact);
        let stuck = (0..5).filter(|a| matches!(house.state(*a), AgentState::Reserved { .. })).count();
        assert_eq!(stuck, 0);
        house.release(winner, contact, Some(0));
        house.pass(secs(1));
    }
    house.pass(secs(120));
    let expired = house.take_facts().into_iter().any(|f| matches!(f, Fact::ReservationExpired { .. }));
    assert!(!expired, "no lease ran out");
}

#[test]
fn who_becomes_ready_joins_a_contact_that_rings_everywhere() {
    let mut house = House::new(ringing(Strategy::RingAll, 2));
    house.ask(1, AgentAction::NotReady { code: 1 }).expect("he is signed on");
    let contact = house.arrive(0, 0);
    let first = offers(&mut house, contact);
    house.pass(secs(5));
    house.ask(1, AgentAction::Ready).expect("he is signed on");
    let second = offers(&mut house, contact);
    assert_eq!((who(&first), who(&second)), (vec![0], vec![1]));
    // The others ring on while one refuses.
    house.settle(first[0], DECLINED());
    house.quiet();
    house.settle(second[0], OfferOutcome::Accepted);
    assert_eq!(house.state(1), AgentState::Busy { contact });
}

#[test]
fn a_caller_who_waits_comes_before_one_who_rings() {
    let mut house = House::new(ringing(Strategy::RingAll, 1));
    let busy = house.arrive(0, 0);
    house.connect(busy);
    let (first, second) = (house.arrive(0, 0), house.arrive(0, 0));
    house.release(0, busy, Some(0));
    assert_eq!(who(&offers(&mut house, first)), [0]);
    house.quiet();
    assert_ne!(first, second);
}

#[test]
fn a_caller_who_hangs_up_frees_all_who_ring() {
    let mut house = House::new(ringing(Strategy::RingAll, 3));
    let contact = house.arrive(0, 0);
    let open = offers(&mut house, contact);
    house.hang_up(contact, 0);
    open.into_iter().for_each(|offer| house.settle(offer, OfferOutcome::Withdrawn));
    house.quiet();
    assert!((0..3).all(|agent| house.state(agent) == AgentState::Ready));
    let next = house.arrive(0, 0);
    assert_eq!(who(&offers(&mut house, next)), [0, 1, 2]);
}

#[test]
fn when_nobody_answers_the_contact_waits_again_and_one_try_has_failed() {
    let mut house = ringing(Strategy::RingAll, 3);
    house.queues[0].routing.tries = 2;
    house.queues[0].missed.pause = secs(1);
    let to = model::Target::Announcement(model::SoundName("sorry".into()));
    house.queues[0].max_wait = Some(model::MaxWait { after: secs(600), to });
    let mut house = House::new(house);
    let contact = house.arrive(0, 0);
    for round in 0..2 {
        let open = offers(&mut house, contact);
        assert_eq!(open.len(), 3, "round {round}");
        open.into_iter().for_each(|offer| house.settle(offer, OfferOutcome::Missed));
        if round == 0 {
            house.quiet();
            house.pass(secs(1));
        }
    }
    assert!(matches!(house.event(), Some(QueueEvent::FlowOut { .. })), "three phones are one try");
}

#[test]
fn of_a_large_team_so_many_phones_ring_and_the_others_stay_ready() {
    let (most, all) = (RINGS_MAX as u32, RINGS_MAX as u32 + 2);
    let mut house = House::new(ringing(Strategy::RingAll, all));
    let contact = house.arrive(0, 0);
    let open = offers(&mut house, contact);
    assert_eq!(who(&open), (0..most).collect::<Vec<_>>());
    house.ask(most, AgentAction::NotReady { code: 1 }).expect("he is signed on");
    house.ask(most, AgentAction::Ready).expect("he is signed on");
    house.settle(open[0], DECLINED());
    house.quiet();
    assert!((most..all).all(|agent| house.state(agent) == AgentState::Ready), "nobody says that they failed");
    // The round is over when the last has stopped ringing; then it is their turn.
    open[1..].iter().for_each(|offer| house.settle(*offer, OfferOutcome::Missed));
    assert_eq!(who(&offers(&mut house, contact)), [most, most + 1]);
}

#[test]
fn one_more_phone_rings_each_step() {
    let mut house = House::new(ringing(Strategy::RingProgressive, 3));
    let contact = house.arrive(0, 0);
    assert_eq!(who(&offers(&mut house, contact)), [0]);
    house.pass(secs(5));
    let second = offers(&mut house, contact);
    assert_eq!(who(&second), [1]);
    house.pass(secs(4));
    house.quiet();
    house.pass(secs(1));
    assert_eq!(who(&offers(&mut house, contact)), [2]);
    house.settle(second[0], OfferOutcome::Accepted);
    assert_eq!(house.state(1), AgentState::Busy { contact });
    assert!([0, 2].iter().all(|agent| house.state(*agent) == AgentState::Ready));
    // No step goes on for a contact that is gone.
    while house.event().is_some() {}
    house.pass(secs(60));
    house.quiet();
}

#[test]
fn an_agent_who_signs_off_leaves_the_round_alone() {
    let mut house = House::new(ringing(Strategy::RingAll, 2));
    let contact = house.arrive(0, 0);
    let open = offers(&mut house, contact);
    house.ask(0, AgentAction::SignOff { code: 0 }).expect("he is signed on");
    assert_eq!(house.event(), Some(QueueEvent::Revoke { offer: open[0] }));
    house.settle(open[0], OfferOutcome::Withdrawn);
    assert_eq!(house.state(0), AgentState::SignedOff);
    house.quiet();
    house.settle(open[1], OfferOutcome::Accepted);
    assert_eq!(house.state(1), AgentState::Busy { contact });
    assert_eq!(AgentId(1), open[1].agent);
}
