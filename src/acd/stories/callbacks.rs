//! Customers who wait at home: one stay each, whatever happens meanwhile.

use crate::testing::{House, hotline, secs};
use core::time::Duration;
use model::{
    AgentAction, AsideReason, Calendar, CalendarId, CauseKind, ContactId, DaySpan, EmptyRule, Fact, FlowReason,
    MaxLength, MaxWait, MinStaffed, OfferOutcome, QueueAction, QueueCommand, QueueEvent, QueueId, SoundName, Strategy,
    Target, Weekday, WeeklyHours, Wish, Withdrawal,
};

const QUEUE: QueueId = QueueId(0);

fn customer(n: u32) -> ContactId {
    ContactId::new(model::ShardId(0), 9, n)
}

fn sorry() -> Target {
    Target::Announcement(SoundName("sorry".into()))
}

fn waits_at_home(house: &mut House, n: u32, wish: Wish) -> ContactId {
    let (contact, entered) = (customer(n), house.now.mono);
    let wish = Wish { called_back: true, ..wish };
    house.call(QueueCommand::Enqueue { contact, queue: QUEUE, priority: 0, entered, wish });
    contact
}

/// Open on Mondays at these minutes; the house's clock starts on a Monday at 14:13:20 UTC.
fn hours(from_minute: u16, to_minute: u16) -> Vec<Calendar> {
    let spans = vec![DaySpan { from_minute, to_minute }];
    vec![Calendar {
        name: "window".into(),
        time_zone: "UTC".into(),
        open: vec![WeeklyHours { day: Weekday::Monday, spans }],
        closed_on: Vec::new(),
        exceptions: Vec::new(),
    }]
}

/// Queued, flowed out, and stood aside; how often.
fn counted(facts: &[Fact]) -> (usize, usize, usize) {
    let count = |which: fn(&&Fact) -> bool| facts.iter().filter(which).count();
    (
        count(|f| matches!(f, Fact::Queued { .. })),
        count(|f| matches!(f, Fact::FlowedOut { .. } | Fact::Abandoned { .. })),
        count(|f| matches!(f, Fact::Aside { aside: true, .. })),
    )
}

#[test]
fn rules_that_send_a_caller_elsewhere_leave_a_callback_at_its_place_and_count_it_once() {
    let mut directory = hotline(1);
    let queue = &mut directory.queues[0];
    queue.max_wait = Some(MaxWait { after: secs(15), to: sorry() });
    queue.max_length = Some(MaxLength { at: 1, to: sorry() });
    queue.min_staffed = Some(MinStaffed { agents: 1, to: sorry() });
    queue.empty = EmptyRule { to: Some(sorry()), ..queue.empty.clone() };
    let mut house = House::new(directory);
    house.ask(0, AgentAction::NotReady { code: 0 }).expect("he is signed on");
    house.take_facts();
    let first = waits_at_home(&mut house, 1, Wish::default());
    let second = waits_at_home(&mut house, 2, Wish::default());
    house.pass(secs(180));
    house.quiet();
    house.ask(0, AgentAction::SignOff { code: 0 }).expect("he is signed on");
    house.pass(secs(180));
    house.quiet();
    assert_eq!(counted(&house.take_facts()), (2, 0, 0));
    house.call(QueueCommand::Withdraw { contact: second, queue: QUEUE, why: Withdrawal::Recalled });
    let left = house.take_facts();
    assert!(matches!(&left[..], [Fact::FlowedOut { why: FlowReason::Recalled, waited, .. }] if *waited == secs(360)));
    house.call(QueueCommand::Withdraw { contact: first, queue: QUEUE, why: Withdrawal::Shutdown });
}

/// One arranged while its hours are over is not counted before they begin, and is called when they do, to the minute.
#[test]
fn a_callback_outside_its_hours_is_offered_when_they_begin_and_counted_once() {
    let mut directory = hotline(1);
    directory.calendars = hours(15 * 60, 20 * 60);
    let mut house = House::new(directory);
    house.take_facts();
    let wish = Wish { window: Some(CalendarId(0)), ..Wish::default() };
    let contact = waits_at_home(&mut house, 1, wish);
    let early = waits_at_home(&mut house, 2, wish);
    house.pass(secs(46 * 60 + 39));
    house.quiet();
    assert_eq!(counted(&house.take_facts()), (0, 0, 0), "not yet 15:00");
    assert_eq!(house.acd.board().queue_waiting(QUEUE), 0, "no reserve is called for it");
    house.call(QueueCommand::Withdraw { contact: early, queue: QUEUE, why: Withdrawal::Recalled });
    assert_eq!(counted(&house.take_facts()), (0, 0, 0), "nobody was told that it waits");
    house.pass(secs(1));
    house.connect(contact);
    let facts = house.take_facts();
    assert_eq!(counted(&facts), (1, 0, 0));
    assert!(facts.iter().any(|f| matches!(f, Fact::Connected { waited, .. } if *waited == Duration::ZERO)));
}

/// Its hours end while it waits: it stands aside, in its queue, and is not asked for; one stay until it is served.
#[test]
fn a_callback_whose_hours_end_stands_aside_until_they_begin_again() {
    let mut directory = hotline(1);
    directory.calendars = hours(9 * 60, 14 * 60 + 20);
    directory.calendars[0]
        .open
        .push(WeeklyHours { day: Weekday::Tuesday, spans: vec![DaySpan { from_minute: 9 * 60, to_minute: 10 * 60 }] });
    let mut house = House::new(directory);
    let busy = house.arrive(0, 0);
    house.connect(busy);
    house.take_facts();
    let contact = waits_at_home(&mut house, 1, Wish { window: Some(CalendarId(0)), ..Wish::default() });
    house.pass(secs(420));
    house.quiet();
    assert_eq!(counted(&house.take_facts()), (1, 0, 1));
    assert_eq!(house.acd.board().queue_waiting(QUEUE), 0);
    house.release(0, busy, Some(0));
    house.quiet();
    let next = house.arrive(0, 0);
    house.connect(next);
    house.release(0, next, Some(0));
    house.take_facts();
    house.pass(secs(18 * 3600 + 39 * 60 + 40));
    let offer = house.offer(contact);
    assert_eq!(offer.contact, contact);
    let facts = house.take_facts();
    assert_eq!(counted(&facts), (0, 0, 0));
    assert!(facts.iter().any(|f| matches!(f, Fact::Aside { aside: false, .. })));
    house.call(QueueCommand::Withdraw { contact, queue: QUEUE, why: Withdrawal::Recalled });
    assert_eq!(counted(&house.take_facts()), (0, 1, 0));
}

#[test]
fn a_queue_shut_by_hand_calls_nobody_back_until_it_is_opened() {
    let mut house = House::new(hotline(1));
    house.force_queue(0, QueueAction::Close).expect("there is such a queue");
    house.take_facts();
    let contact = waits_at_home(&mut house, 1, Wish::default());
    house.pass(secs(300));
    house.quiet();
    assert_eq!(counted(&house.take_facts()), (0, 0, 0));
    house.force_queue(0, QueueAction::Open).expect("there is such a queue");
    house.connect(contact);
}

/// He did not answer: whoever was reserved for him is free, others are served, and then it is his turn at his place.
#[test]
fn a_callback_that_rests_keeps_its_place_and_is_one_stay() {
    let mut house = House::new(hotline(1));
    let contact = waits_at_home(&mut house, 1, Wish::default());
    house.offer(contact);
    let until = house.now.mono + secs(90);
    house.call(QueueCommand::Rest { contact, until, why: AsideReason::NotReached });
    house.pass(secs(1));
    let other = house.arrive(0, 0);
    house.connect(other);
    let late = house.arrive(0, 0);
    house.pass(secs(89));
    house.quiet();
    house.release(0, other, Some(0));
    house.offer(contact);
    house.call(QueueCommand::Rest { contact, until: house.now.mono + secs(900), why: AsideReason::InUse });
    house.connect(late);
    house.call(QueueCommand::Wake { contact });
    house.release(0, late, Some(0));
    house.connect(contact);
    let of_his: Vec<Fact> = house.take_facts().into_iter().filter(|f| contact_of(f) == Some(contact)).collect();
    assert_eq!(counted(&of_his), (1, 0, 2));
    let waited = |f: &Fact| matches!(f, Fact::Connected { waited, .. } if *waited == secs(90));
    assert!(of_his.iter().any(waited), "since it came into the queue: {of_his:?}");
}

fn contact_of(fact: &Fact) -> Option<ContactId> {
    match fact {
        Fact::Queued { contact, .. } | Fact::Aside { contact, .. } | Fact::Connected { contact, .. } => Some(*contact),
        _ => None,
    }
}

/// Called first, and nobody takes him: now the rules are for him too.
#[test]
fn a_customer_who_was_reached_and_waits_on_the_line_may_flow_out() {
    let mut directory = hotline(1);
    directory.queues[0].max_wait = Some(MaxWait { after: secs(30), to: sorry() });
    let mut house = House::new(directory);
    let contact = waits_at_home(&mut house, 1, Wish::default());
    let offer = house.offer(contact);
    house.pass(secs(10));
    house.call(QueueCommand::OnTheLine { contact });
    house.settle(offer, OfferOutcome::Missed);
    house.pass(secs(29));
    house.quiet();
    house.pass(secs(1));
    let flows = |event: Option<QueueEvent>| match event {
        Some(QueueEvent::FlowOut { contact, to, why, .. }) => Some((contact, to, why)),
        _ => None,
    };
    assert_eq!(flows(house.event()), Some((contact, sorry(), FlowReason::MaxWait)));
}

/// Found by the simulator: each phone that rang besides was taken back at once, or rang on while the customer was dialled.
#[test]
fn for_a_customer_who_is_called_back_one_phone_rings_at_a_time() {
    for strategy in [Strategy::RingAll, Strategy::RingProgressive] {
        let mut directory = hotline(2);
        directory.queues[0].strategy = strategy;
        let mut house = House::new(directory);
        let contact = waits_at_home(&mut house, 1, Wish::default());
        let offer = house.offer(contact);
        house.pass(secs(9));
        house.quiet();
        house.settle(offer, OfferOutcome::Rejected(CauseKind::Declined.into()));
        assert_ne!(house.offer(contact).agent, offer.agent);
        house.quiet();
    }
}
