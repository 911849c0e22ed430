//! How a contact left, and who joined its queue and went again meanwhile: each told with its reason.

use super::explain::{connect, explained, verdict};
use crate::testing::{House, agent, directory, hotline, queue, secs};
use crate::{Closed, Told, Verdict, What};
use base::Now;
use model::{
    Actor, AgentAction, AgentId, AsideReason, Calendar, CalendarId, CallbackPolicy, CallbackStep, Cause, CauseKind,
    ContactId, DaySpan, Directory, Fact, FigureRange, FlowReason, InReserve, LegId, MaxWait, MinStaffed, Promise,
    QueueAction, QueueCommand, QueueFigure, QueueId, Releaser, Reserve, ReserveChange, ReserveOf, ReserveOrder,
    SoundName, Target, Weekday, WeeklyHours, Wish, Withdrawal,
};

const QUEUE: QueueId = QueueId(0);

fn sorry() -> Target {
    Target::Announcement(SoundName("sorry".into()))
}

/// It joins from this value of the figure on, and stays for so many seconds.
pub(super) fn reserve(figure: QueueFigure, least: u32, hold: u64) -> Reserve {
    let when = vec![vec![FigureRange { figure, least, most: u32::MAX }]];
    Reserve { who: ReserveOf::Level(1), when, until: Vec::new(), hold: secs(hold), adjust: false }
}

/// Agent 0 is the queue's own, agent 1 its reserve.
pub(super) fn with_reserve(rule: Reserve) -> Directory {
    let mut line = queue("line");
    line.routing.reserves = vec![rule];
    let mut helper = agent(1, &[]);
    helper.reserve = vec![InReserve { queue: QUEUE, level: 1 }];
    directory(vec![line], vec![agent(0, &[0]), helper])
}

fn changes(house: &House, names: &Directory, contact: ContactId) -> Vec<(ReserveChange, Option<Actor>)> {
    let all = explained(house, names, contact).into_iter();
    all.filter_map(|moment| match moment.what {
        What::Reserve { change, by, .. } => Some((change, by)),
        _ => None,
    })
    .collect()
}

#[test]
fn a_key_that_led_out_of_the_queue_is_told() {
    let names = hotline(1);
    let mut house = House::new(names.clone());
    house.ask(0, AgentAction::NotReady { code: 1 }).unwrap();
    let contact = house.arrive(0, 0);
    house.pass(secs(7));
    let why = Withdrawal::FlowedOut { to: Some(sorry()) };
    house.call(QueueCommand::Withdraw { contact, queue: QUEUE, why });
    let left = explained(&house, &names, contact).pop().unwrap();
    assert_eq!(left.what, What::FlowedOut { queue: QUEUE, why: FlowReason::BreakoutKey, waited: secs(7) });
    assert!(matches!(verdict(&left, 0), Verdict::NotReady { .. }));
}

#[test]
fn an_expected_wait_that_grew_too_long_is_told() {
    let mut names = hotline(1);
    names.queues[0].max_expected_wait = Some(MaxWait { after: secs(200), to: sorry() });
    let mut house = House::new(names.clone());
    let first = house.arrive(0, 0);
    connect(&mut house, first);
    let waits = house.arrive(0, 0);
    let contact = house.arrive(0, 0);
    let left = explained(&house, &names, contact).pop().unwrap();
    assert!(matches!(left.what, What::FlowedOut { why: FlowReason::ExpectedWait, .. }), "{left:#?}");
    assert!(matches!(explained(&house, &names, waits)[0].what, What::Entered { place: 1, .. }));
}

#[test]
fn too_few_at_work_is_told_to_whom_it_sent_away() {
    let mut names = hotline(2);
    names.queues[0].min_staffed = Some(MinStaffed { agents: 2, to: sorry() });
    let mut house = House::new(names.clone());
    let served = house.arrive(0, 0);
    let talks = connect(&mut house, served);
    house.ask(1 - talks, AgentAction::NotReady { code: 1 }).unwrap();
    let contact = house.arrive(0, 0);
    let left = explained(&house, &names, contact).pop().unwrap();
    assert!(matches!(left.what, What::FlowedOut { why: FlowReason::Understaffed, .. }), "{left:#?}");
}

/// The customer is tried, rests, and is given up; outside his hours he stands aside.
#[test]
fn what_becomes_of_a_callback_is_told_with_its_tries_its_cause_and_its_hours() {
    let spans = vec![DaySpan { from_minute: 14 * 60, to_minute: 15 * 60 }];
    let mut names = hotline(1);
    names.calendars = vec![Calendar {
        name: "window".into(),
        time_zone: "UTC".into(),
        open: vec![WeeklyHours { day: Weekday::Monday, spans }],
        closed_on: Vec::new(),
        exceptions: Vec::new(),
    }];
    let window = Some(CalendarId(0));
    names.queues[0].care.callback = Some(CallbackPolicy { hours: window, ..CallbackPolicy::default() });
    let mut house = House::new(names.clone());
    let contact = ContactId::new(model::ShardId(0), 9, 1);
    let promise = |house: &mut House, step, attempts| {
        let promise = Promise::anonymous(contact, QUEUE).into();
        house.facts.push((house.now.mono, Fact::Callback { contact, step, attempts, promise }));
    };
    promise(&mut house, CallbackStep::Arranged, 0);
    let (entered, wish) = (house.now.mono, Wish { called_back: true, window, ..Wish::default() });
    house.call(QueueCommand::Enqueue { contact, queue: QUEUE, priority: 0, entered, wish });
    house.offer(contact);
    promise(&mut house, CallbackStep::Dialled, 1);
    house.pass(secs(20));
    let (cause, by) = (Cause::new(CauseKind::NoAnswer), Releaser::System);
    house.facts.push((house.now.mono, Fact::LegEnded { contact, leg: LegId::default(), cause, by }));
    let until = house.now.mono + secs(600);
    house.call(QueueCommand::Rest { contact, until, why: AsideReason::NotReached });
    // He is offered again, and given back; then his hours are over.
    house.pass(secs(600));
    house.offer(contact);
    let until = house.now.mono + secs(10);
    house.call(QueueCommand::Rest { contact, until, why: AsideReason::InUse });
    house.ask(0, AgentAction::NotReady { code: 1 }).unwrap();
    house.pass(secs(3600));
    house.call(QueueCommand::Withdraw { contact, queue: QUEUE, why: Withdrawal::NotReached });
    promise(&mut house, CallbackStep::Failed, 1);
    let Now { mono, utc } = house.now;
    // Calendars want civil times, as the log has them.
    let civil = |at: base::Instant| base::Instant::from_nanos(utc.as_micros().unsigned_abs() * 1000) - (mono - at);
    house.facts.iter_mut().for_each(|(at, _)| *at = civil(*at));
    let moments = explained(&house, &names, contact);
    let told = |attempts, cause, closed| Told { queue: QUEUE, attempts, cause, closed };
    let (missed, shut) = (Some(cause), Some(Closed::Callback));
    let expected = [
        What::Callback { step: CallbackStep::Arranged, first: None, told: told(0, None, None) },
        What::Callback { step: CallbackStep::Dialled, first: None, told: told(1, None, None) },
        What::Aside { why: Some(AsideReason::NotReached), told: told(1, missed, None) },
        What::BackInLine { queue: QUEUE },
        What::Aside { why: Some(AsideReason::InUse), told: told(1, missed, None) },
        What::BackInLine { queue: QUEUE },
        What::Aside { why: Some(AsideReason::Closed), told: told(1, missed, shut) },
        What::Callback { step: CallbackStep::Failed, first: None, told: told(1, missed, shut) },
    ];
    let of_it = |what: &What| matches!(what, What::Callback { .. } | What::Aside { .. } | What::BackInLine { .. });
    let seen: Vec<_> = moments.iter().map(|moment| moment.what.clone()).filter(of_it).collect();
    assert_eq!(seen, expected);
    let left = moments.iter().any(|m| matches!(m.what, What::FlowedOut { why: FlowReason::NotReached, .. }));
    assert!(left, "{moments:#?}");
}

#[test]
fn a_reserve_that_leaves_or_whose_thresholds_move_is_told_to_who_waits() {
    let mut rule = reserve(QueueFigure::Waiting, 2, 1);
    rule.adjust = true;
    let names = with_reserve(rule);
    let mut house = House::new(names.clone());
    house.ask(1, AgentAction::NotReady { code: 1 }).unwrap();
    let first = house.arrive(0, 0);
    let mut talks = connect(&mut house, first);
    assert_eq!(talks, 0);
    let (contact, other) = (house.arrive(0, -1), house.arrive(0, 0));
    house.pass(secs(5));
    house.hang_up(other, 0);
    house.pass(secs(5));
    let told: Vec<_> = changes(&house, &names, contact).into_iter().map(|(change, _)| change).collect();
    assert!(matches!(told[..], [ReserveChange::Joined(_), ReserveChange::Left]), "{told:?}");
    // Everybody waits too long: the threshold sinks from minute to minute.
    let mut before = first;
    for _ in 0..4 {
        let next = house.arrive(0, 0);
        house.pass(secs(55));
        house.release(talks, before, Some(0));
        talks = connect(&mut house, next);
        before = next;
    }
    let told = changes(&house, &names, contact);
    assert!(told.iter().any(|(change, _)| matches!(change, ReserveChange::Adjusted(90))), "{told:?}");
}

#[test]
fn who_called_a_reserve_in_and_sent_it_away_is_told() {
    let names = with_reserve(reserve(QueueFigure::Waiting, 90, 1));
    let mut house = House::new(names.clone());
    let first = house.arrive(0, 0);
    connect(&mut house, first);
    house.ask(1, AgentAction::NotReady { code: 1 }).unwrap();
    let contact = house.arrive(0, 0);
    for order in [ReserveOrder::CallIn, ReserveOrder::SendAway, ReserveOrder::CallIn] {
        house.force_queue(0, QueueAction::Reserve { place: None, order }).unwrap();
        house.pass(secs(5));
    }
    house.ask(1, AgentAction::Ready).unwrap();
    assert_eq!(connect(&mut house, contact), 1);
    let root = || Some(Actor::Operator("root".into()));
    let by_hand = [ReserveChange::CalledIn, ReserveChange::SentAway, ReserveChange::CalledIn];
    assert_eq!(changes(&house, &names, contact), by_hand.map(|change| (change, root())));
    let moments = explained(&house, &names, contact);
    let called = moments.iter().find_map(|moment| match &moment.what {
        What::Offered { agent: AgentId(1), called, .. } => called.clone(),
        _ => None,
    });
    assert_eq!(called.map(|called| (called.why, called.by)), Some((None, root())));
}

/// Else the queue's cap would seem to be reached for as long as he is busy.
#[test]
fn a_talk_is_over_when_its_end_is_told_though_its_agent_goes_on_with_a_call_of_his_own() {
    let mut names = hotline(2);
    names.queues[0].routing.max_talking = Some(1);
    let mut house = House::new(names.clone());
    let first = house.arrive(0, 0);
    let talks = connect(&mut house, first);
    let own = ContactId::new(model::ShardId(0), 3, 1);
    house.call(QueueCommand::Occupy { contact: own, agent: AgentId(talks) });
    house.pass(secs(10));
    let over = Fact::TalkEnded { contact: first, agent: AgentId(talks), talked: secs(10), held: secs(0) };
    house.facts.push((house.now.mono, over));
    house.release(talks, first, Some(0));
    let second = house.arrive(0, 0);
    assert_eq!(connect(&mut house, second), 1 - talks);
    let moments = explained(&house, &names, second);
    assert!(matches!(verdict(&moments[1], talks), Verdict::Engaged { .. }), "{moments:#?}");
}

/// He has talked with nobody: his idle time goes on.
#[test]
fn an_agent_whose_customer_was_not_reached_stands_where_he_stood() {
    let names = hotline(2);
    let mut house = House::new(names.clone());
    house.pass(secs(5));
    let contact = ContactId::new(model::ShardId(0), 9, 1);
    let promise = Promise::anonymous(contact, QUEUE).into();
    let arranged = Fact::Callback { contact, step: CallbackStep::Arranged, attempts: 0, promise };
    house.facts.push((house.now.mono, arranged));
    let (entered, wish) = (house.now.mono, Wish { called_back: true, ..Wish::default() });
    house.call(QueueCommand::Enqueue { contact, queue: QUEUE, priority: 0, entered, wish });
    let offer = house.offer(contact);
    house.call(QueueCommand::Attend { offer });
    house.pass(secs(20));
    let until = house.now.mono + secs(600);
    house.call(QueueCommand::Rest { contact, until, why: AsideReason::NotReached });
    let next = house.arrive(0, 0);
    assert_eq!(connect(&mut house, next), offer.agent.0);
    explained(&house, &names, next);
}
