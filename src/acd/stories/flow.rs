//! Ways out of a queue.

use crate::testing::{House, agent, directory, hotline, queue, secs};
use base::Utc;
use core::time::Duration;
use model::{
    Absent, AgentAction, AgentId, AgentState, AnnouncePolicy, Calendar, CalendarId, CauseKind, CommandError, ContactId,
    DaySpan, EmptyRule, FLOWS_MAX, Fact, FlowReason, MaxLength, MaxWait, MinStaffed, OfferOutcome, QueueAction,
    QueueCommand, QueueEvent, QueueId, SoundName, Target, Weekday, WeeklyHours,
};

fn sorry() -> Target {
    Target::Announcement(SoundName("sorry".into()))
}

fn flowed(house: &mut House, contact: ContactId) -> (Target, FlowReason) {
    match house.event() {
        Some(QueueEvent::FlowOut { contact: who, to, why, .. }) if who == contact => (to, why),
        other => panic!("expected {contact} to flow out, got {other:?}"),
    }
}

fn waited(house: &mut House, contact: ContactId) -> Duration {
    let mut ends = house.take_facts().into_iter().filter_map(|f| match f {
        Fact::FlowedOut { contact: who, waited, .. } if who == contact => Some(waited),
        _ => None,
    });
    let first = ends.next().expect("it flowed out");
    assert_eq!(ends.next(), None, "once");
    first
}

#[test]
fn who_waits_too_long_flows_out() {
    let mut directory = hotline(1);
    directory.queues[0].max_wait = Some(MaxWait { after: secs(30), to: sorry() });
    let mut house = House::new(directory);
    let busy = house.arrive(0, 0);
    house.connect(busy);
    let contact = house.arrive(0, 0);
    house.pass(secs(29));
    house.quiet();
    house.pass(secs(1));
    assert_eq!(flowed(&mut house, contact), (sorry(), FlowReason::MaxWait));
    assert_eq!(waited(&mut house, contact), secs(30));
}

#[test]
fn the_longest_wait_does_not_interrupt_a_ringing_phone() {
    let mut directory = hotline(1);
    directory.queues[0].max_wait = Some(MaxWait { after: secs(10), to: sorry() });
    let mut house = House::new(directory);
    let contact = house.arrive(0, 0);
    let offer = house.offer(contact);
    house.pass(secs(14));
    house.quiet();
    house.settle(offer, OfferOutcome::Missed);
    assert_eq!(flowed(&mut house, contact), (sorry(), FlowReason::MaxWait));
}

#[test]
fn one_too_many_flows_out_at_once_and_is_counted_as_offered() {
    let mut directory = hotline(1);
    directory.queues[0].max_length = Some(MaxLength { at: 2, to: sorry() });
    let mut house = House::new(directory);
    let busy = house.arrive(0, 0);
    house.connect(busy);
    house.arrive(0, 0);
    house.arrive(0, 0);
    house.quiet();
    house.take_facts();
    let contact = house.arrive(0, 0);
    assert_eq!(flowed(&mut house, contact), (sorry(), FlowReason::MaxLength));
    let (queue, waited) = (QueueId(0), Duration::ZERO);
    assert_eq!(
        house.take_facts(),
        [
            Fact::Queued { contact, queue, priority: 0, position: 3, kept: Some(Duration::ZERO) },
            Fact::FlowedOut { contact, queue, waited, why: FlowReason::MaxLength, to: Some(sorry()) },
        ]
    );
}

#[test]
fn a_queue_of_length_zero_serves_only_who_need_not_wait() {
    let mut directory = hotline(1);
    directory.queues[0].max_length = Some(MaxLength { at: 0, to: sorry() });
    let mut house = House::new(directory);
    let served = house.arrive(0, 0);
    house.connect(served);
    let contact = house.arrive(0, 0);
    assert_eq!(flowed(&mut house, contact).1, FlowReason::MaxLength);
}

#[test]
fn an_empty_queue_is_noticed_at_entry_and_while_waiting() {
    let mut directory = hotline(2);
    directory.queues[0].empty = EmptyRule::new(Absent::NOT_READY, Some(sorry()));
    let mut house = House::new(directory);
    house.ask(0, AgentAction::NotReady { code: 0 }).expect("he is signed on");
    let busy = house.arrive(0, 0);
    assert_eq!(house.connect(busy), 1);
    let waiting = [house.arrive(0, 0), house.arrive(0, 0)];
    house.quiet();
    house.ask(1, AgentAction::NotReady { code: 0 }).expect("he is signed on");
    house.quiet();
    house.release(1, busy, Some(0));
    for contact in waiting {
        assert_eq!(flowed(&mut house, contact), (sorry(), FlowReason::Empty));
    }
    let late = house.arrive(0, 0);
    assert_eq!(flowed(&mut house, late).1, FlowReason::Empty);
    house.ask(1, AgentAction::Ready).expect("he is signed on");
    let served = house.arrive(0, 0);
    house.connect(served);
}

#[test]
fn no_agents_means_nobody_signed_on_and_without_a_target_one_waits() {
    let mut directory = hotline(1);
    directory.queues[0].empty = EmptyRule::new(Absent::SIGNED_OFF, Some(sorry()));
    let mut house = House::new(directory.clone());
    house.ask(0, AgentAction::NotReady { code: 0 }).expect("he is signed on");
    let contact = house.arrive(0, 0);
    house.quiet();
    house.ask(0, AgentAction::SignOff { code: 0 }).expect("he is signed on");
    assert_eq!(flowed(&mut house, contact).1, FlowReason::Empty);
    directory.queues[0].empty.to = None;
    let mut house = House::new(directory);
    house.ask(0, AgentAction::SignOff { code: 0 }).expect("he is signed on");
    house.arrive(0, 0);
    house.pass(secs(600));
    house.quiet();
}

#[test]
fn a_closed_queue_sends_away_at_entry_and_serves_who_is_in() {
    let mut directory = hotline(1);
    // 2026-09-21 is a Monday; the house's clock starts there at 14:13:20 UTC.
    let spans = vec![DaySpan { from_minute: 9 * 60, to_minute: 14 * 60 + 20 }];
    directory.calendars = vec![Calendar {
        name: "office".into(),
        time_zone: "UTC".into(),
        open: vec![WeeklyHours { day: Weekday::Monday, spans }],
        closed_on: Vec::new(),
        exceptions: Vec::new(),
    }];
    directory.queues[0].hours = Some(CalendarId(0));
    directory.queues[0].closed = Some(sorry());
    let mut house = House::new(directory);
    assert_eq!(house.now.utc, Utc::from_secs(1_790_000_000));
    let busy = house.arrive(0, 0);
    house.connect(busy);
    let early = house.arrive(0, 0);
    house.pass(secs(399));
    house.quiet();
    let just_open = house.arrive(0, 0);
    house.quiet();
    house.pass(secs(1));
    let late = house.arrive(0, 0);
    assert_eq!(flowed(&mut house, late), (sorry(), FlowReason::Closed));
    house.release(0, busy, Some(0));
    house.connect(early);
    house.release(0, early, Some(0));
    house.connect(just_open);
}

#[test]
fn a_queue_shut_by_hand_sends_everybody_away_until_it_is_opened() {
    let mut directory = hotline(1);
    directory.queues[0].closed = Some(sorry());
    let mut house = House::new(directory);
    let talking = house.arrive(0, 0);
    house.connect(talking);
    let waiting = house.arrive(0, 0);
    house.quiet();
    assert_eq!(house.force_queue(0, QueueAction::Close), Ok(()));
    assert_eq!(flowed(&mut house, waiting), (sorry(), FlowReason::Closed));
    let late = house.arrive(0, 0);
    assert_eq!(flowed(&mut house, late), (sorry(), FlowReason::Closed));
    house.release(0, talking, Some(0));
    assert_eq!(house.force_queue(0, QueueAction::Open), Ok(()));
    house.pass(secs(60));
    let served = house.arrive(0, 0);
    house.connect(served);
    assert_eq!(house.force_queue(9, QueueAction::Close), Err(CommandError::NoSuchQueue));
}

#[test]
fn who_is_being_offered_when_a_queue_is_shut_leaves_when_the_offer_fails() {
    let mut house = House::new(hotline(1));
    let contact = house.arrive(0, 0);
    let offer = house.offer(contact);
    assert_eq!(house.force_queue(0, QueueAction::Close), Ok(()));
    house.quiet();
    house.settle(offer, OfferOutcome::Missed);
    assert_eq!(flowed(&mut house, contact).1, FlowReason::Closed);
}

#[test]
fn a_ring_of_overflow_rules_ends() {
    let to = |q| Some(MaxWait { after: secs(1), to: Target::Queue(QueueId(q)) });
    let (mut a, mut b) = (queue("a"), queue("b"));
    a.max_wait = to(1);
    b.max_wait = to(0);
    let mut house = House::new(directory(vec![a, b], vec![agent(0, &[0])]));
    house.ask(0, AgentAction::NotReady { code: 0 }).unwrap();
    let contact = house.arrive(0, 0);
    let entered = house.now.mono;
    let mut flows = 0;
    let mut pass = |house: &mut House| {
        house.pass(secs(1));
        let (to, why) = match house.event()? {
            QueueEvent::FlowOut { to, why, .. } => (to, why),
            other => panic!("{other:?}"),
        };
        let Target::Queue(queue) = to else { return Some((to, why)) };
        flows += 1;
        house.call(QueueCommand::Enqueue { contact, queue, priority: 0, entered, wish: model::Wish::default() });
        None
    };
    for _ in 0..100 {
        assert_eq!(pass(&mut house), None, "it may be served here");
    }
    assert_eq!(house.acd.board().queue_waiting(QueueId(0)), 1);
    house.ask(0, AgentAction::SignOff { code: 0 }).unwrap();
    let last = (0..3).find_map(|_| pass(&mut house));
    assert_eq!(last, Some((sorry(), FlowReason::MaxWait)), "nobody is left who might");
    assert_eq!(flows, usize::from(FLOWS_MAX));
}

#[test]
fn who_may_move_no_more_does_not_wait_where_nobody_is() {
    let to = |q| Some(MaxWait { after: secs(1), to: Target::Queue(QueueId(q)) });
    let (mut a, mut b) = (queue("a"), queue("b"));
    a.max_wait = to(1);
    // Led on at once, so that it has waited nowhere for long.
    b.empty.to = Some(Target::Queue(QueueId(0)));
    let mut house = House::new(directory(vec![a, b], vec![]));
    let contact = house.arrive(0, 0);
    let entered = house.now.mono;
    let mut last = None;
    for _ in 0..20 {
        house.pass(secs(1));
        while let Some(QueueEvent::FlowOut { to, why, .. }) = house.event() {
            last = Some((to.clone(), why));
            let Target::Queue(queue) = to else { continue };
            house.call(QueueCommand::Enqueue { contact, queue, priority: 0, entered, wish: model::Wish::default() });
        }
    }
    assert_eq!(last, Some((sorry(), FlowReason::MaxWait)));
}

#[test]
fn after_too_many_failed_offers_the_overflow_rule_is_used() {
    let failed = OfferOutcome::Failed(CauseKind::ServerFailure.into());
    let run = |rule: Option<MaxWait>| {
        let mut directory = hotline(20);
        directory.queues[0].max_wait = rule;
        let mut house = House::new(directory);
        let contact = house.arrive(0, 0);
        let mut tries = 0;
        while let Some(event) = house.event() {
            match event {
                QueueEvent::Offer(offer) => {
                    tries += 1;
                    house.settle(offer.id, failed);
                }
                QueueEvent::FlowOut { why, .. } => return (contact, tries, Some(why)),
                other => panic!("{other:?}"),
            }
        }
        (contact, tries, None)
    };
    let (_, tries, why) = run(Some(MaxWait { after: secs(600), to: sorry() }));
    assert_eq!((tries, why), (10, Some(FlowReason::TriesExhausted)));
    let (_, tries, why) = run(None);
    assert_eq!((tries, why), (20, None), "without a rule everybody is tried and the caller waits on");
}

#[test]
fn the_first_in_line_is_told_nothing_and_others_only_better_news() {
    let mut line = queue("support");
    line.announce =
        AnnouncePolicy { position: true, first: secs(10), only_improved: true, to_first: false, ..line.announce };
    let mut house = House::new(directory(vec![line], vec![agent(0, &[0])]));
    let talk = house.arrive(0, 0);
    house.connect(talk);
    let waiting = [house.arrive(0, 0), house.arrive(0, 0), house.arrive(0, 0)];
    let place = |contact, position| Some(QueueEvent::Announce { contact, position, expected_wait: None });
    house.pass(secs(10));
    let mut told = [house.event(), house.event()];
    told.sort_by_key(|event| *event == place(waiting[2], 3));
    assert_eq!(told, [place(waiting[1], 2), place(waiting[2], 3)]);
    house.quiet();
    house.pass(secs(60));
    house.quiet();
    house.hang_up(waiting[0], 0);
    house.pass(secs(30));
    // The second is the first now.
    assert_eq!(house.event(), place(waiting[2], 2));
    house.quiet();
}

#[test]
fn who_would_wait_too_long_does_not_come_in() {
    let mut directory = hotline(1);
    // One agent, three minutes each: 180 s for the first, 180 s + 1/(1/180 + 1/600) s = 318 s for the second.
    directory.queues[0].max_expected_wait = Some(MaxWait { after: secs(200), to: sorry() });
    let mut house = House::new(directory);
    let talk = house.arrive(0, 0);
    house.connect(talk);
    house.arrive(0, 0);
    house.quiet();
    let contact = house.arrive(0, 0);
    assert_eq!(flowed(&mut house, contact), (sorry(), FlowReason::ExpectedWait));
    assert_eq!(waited(&mut house, contact), Duration::ZERO);
}

#[test]
fn with_too_few_at_work_nobody_comes_in() {
    let mut directory = hotline(2);
    directory.queues[0].min_staffed = Some(MinStaffed { agents: 2, to: sorry() });
    let mut house = House::new(directory);
    let served = house.arrive(0, 0);
    house.connect(served);
    house.ask(1, AgentAction::NotReady { code: 0 }).expect("he is signed on");
    let contact = house.arrive(0, 0);
    assert_eq!(flowed(&mut house, contact), (sorry(), FlowReason::Understaffed));
    house.ask(1, AgentAction::Ready).expect("he is signed on");
    let second = house.arrive(0, 0);
    house.connect(second);
    house.arrive(0, 0);
    house.quiet();
}

/// Who waits is measured again as time passes: an agent who leaves makes the wait too long, for the last first.
#[test]
fn who_comes_to_wait_too_long_leaves_from_the_back() {
    let mut directory = hotline(3);
    directory.queues[0].max_expected_wait = Some(MaxWait { after: secs(180), to: sorry() });
    let mut house = House::new(directory);
    let talks: Vec<_> = (0..3).map(|_| house.arrive(0, 0)).collect();
    talks.iter().for_each(|talk| {
        house.connect(*talk);
    });
    let waiting: Vec<_> = (0..3).map(|_| house.arrive(0, 0)).collect();
    house.quiet();
    // Three agents, three minutes each: 165 s for the last. Two of them: 90, 168, 236 s, a little less after a short talk.
    house.ask(0, AgentAction::NotReady { code: 0 }).expect("he is signed on");
    house.quiet();
    house.release(0, talks[0], Some(0));
    assert_eq!(flowed(&mut house, waiting[2]), (sorry(), FlowReason::ExpectedWait));
    house.quiet();
}

/// Nothing happened but time: the talks take longer than was thought.
#[test]
fn the_expected_wait_is_measured_every_ten_seconds() {
    let mut directory = hotline(2);
    directory.agents[1].queues.push(QueueId(1));
    directory.queues.push(queue("sales"));
    // Two agents of three minutes each: 90 s. When one of them has another queue to serve as well: 120 s.
    directory.queues[0].max_expected_wait = Some(MaxWait { after: secs(100), to: sorry() });
    let mut house = House::new(directory);
    let talks = [house.arrive(0, 0), house.arrive(0, 0)];
    talks.iter().for_each(|talk| {
        house.connect(*talk);
    });
    let waiting = house.arrive(0, 0);
    house.arrive(1, 0);
    house.pass(secs(9));
    house.quiet();
    house.pass(secs(1));
    assert_eq!(flowed(&mut house, waiting), (sorry(), FlowReason::ExpectedWait));
    assert_eq!(waited(&mut house, waiting), secs(10));
}

#[test]
fn with_too_few_left_at_work_who_waits_leaves_in_his_turn() {
    let mut directory = hotline(2);
    directory.queues.push(queue("overflow"));
    directory.queues[0].min_staffed = Some(MinStaffed { agents: 2, to: Target::Queue(QueueId(1)) });
    let mut house = House::new(directory);
    let talks = [house.arrive(0, 0), house.arrive(0, 0)];
    let busy = talks.map(|talk| house.connect(talk));
    let waiting = [house.arrive(0, 0), house.arrive(0, 0)];
    house.ask(busy[0], AgentAction::NotReady { code: 0 }).expect("he is signed on");
    house.quiet();
    house.release(busy[0], talks[0], Some(0));
    for contact in waiting {
        assert_eq!(flowed(&mut house, contact), (Target::Queue(QueueId(1)), FlowReason::Understaffed));
    }
}

/// Rules by the states of agents: those who come are not let in while nobody is free, those who wait leave only when
/// everybody is out at lunch.
#[test]
fn the_empty_rule_counts_the_states_it_names_for_who_comes_and_who_waits() {
    let word = |word: &str| Absent::WORDS.iter().find(|(w, _)| *w == word).expect("a word").1;
    let in_use = word("busy").and(word("reserved")).and(word("wrap-up"));
    let mut directory = hotline(2);
    directory.queues[0].wrap_up = secs(30);
    directory.queues[0].empty = EmptyRule { join: in_use, leave: Absent::code(7), to: Some(sorry()) };
    let mut house = House::new(directory);
    let first = house.arrive(0, 0);
    let agent = house.connect(first);
    let ringing = house.arrive(0, 0);
    let offer = house.offer(ringing);
    let late = house.arrive(0, 0);
    assert_eq!(flowed(&mut house, late), (sorry(), FlowReason::Empty), "one talks, the other rings");
    // Not ready for another reason is not "in use": there is somebody, and one may wait for him.
    house.settle(offer, OfferOutcome::Missed);
    let second = house.arrive(0, 0);
    house.quiet();
    house.release(agent, first, Some(0));
    house.ask(agent, AgentAction::NotReady { code: 7 }).expect("he is signed on");
    house.pass(secs(30));
    house.quiet();
    house.ask(1 - agent, AgentAction::NotReady { code: 7 }).expect("he is signed on");
    for contact in [ringing, second] {
        assert_eq!(flowed(&mut house, contact), (sorry(), FlowReason::Empty), "both are at lunch");
    }
}

/// A new configuration allows fewer: the last who came leave.
#[test]
fn a_shorter_line_is_kept_after_a_reload() {
    let mut directory = hotline(1);
    let mut house = House::new(directory.clone());
    let busy = house.arrive(0, 0);
    house.connect(busy);
    let waiting: Vec<_> = (0..4).map(|_| house.arrive(0, 0)).collect();
    directory.queues[0].max_length = Some(MaxLength { at: 2, to: sorry() });
    house.input(crate::Input::Reload(std::sync::Arc::new(directory)));
    for contact in [waiting[3], waiting[2]] {
        assert_eq!(flowed(&mut house, contact), (sorry(), FlowReason::MaxLength));
    }
    house.quiet();
}

#[test]
fn announcements_come_at_their_pace_and_tell_the_truth() {
    let mut line = queue("support");
    line.announce.position = true;
    line.announce.wait = true;
    let mut house = House::new(directory(vec![line], (0..2).map(|n| agent(n, &[0])).collect()));
    let talks = [house.arrive(0, 0), house.arrive(0, 0)];
    talks.iter().for_each(|c| {
        house.connect(*c);
    });
    let (first, second) = (house.arrive(0, 0), house.arrive(0, 0));
    house.pass(secs(29));
    house.quiet();
    house.pass(secs(1));
    // Two agents who need three minutes each, patience ten minutes: 90 s, and 90 s + 1/(2/180 + 1/600) s = 168 s. Nine
    // of ten such waits keep 90 s · ln 10 = 207 s and 321 s.
    let announce = |contact, position, minutes: u64| QueueEvent::Announce {
        contact,
        position,
        expected_wait: Some(secs(60 * minutes)),
    };
    let mut told = [house.event(), house.event()];
    told.sort_by_key(|e| matches!(e, Some(QueueEvent::Announce { position: 2, .. })));
    assert_eq!(told, [Some(announce(first, 1, 4)), Some(announce(second, 2, 6))]);
    house.release(0, talks[0], Some(0));
    let offer = house.offer(first);
    // While a phone rings for him nothing is announced to him.
    house.pass(secs(30));
    assert_eq!(house.event(), Some(announce(second, 1, 3)));
    house.quiet();
    house.settle(offer, OfferOutcome::Missed);
    assert!(matches!(house.state(offer.agent.0), AgentState::NotReady { .. }));
    house.ask(1, AgentAction::NotReady { code: 0 }).expect("he is signed on");
    house.release(1, talks[1], Some(0));
    house.events.clear();
    house.pass(secs(29));
    house.ask(0, AgentAction::NotReady { code: 0 }).expect("he is signed on");
    house.pass(secs(1));
    let nobody = |contact, position| Some(QueueEvent::Announce { contact, position, expected_wait: None });
    let mut told = [house.event(), house.event()];
    told.sort_by_key(|e| matches!(e, Some(QueueEvent::Announce { position: 2, .. })));
    assert_eq!(told, [nobody(first, 1), nobody(second, 2)], "nobody works: no promise");
    assert_eq!(house.acd.board().agent_contact(AgentId(0)), None);
}

/// A queue shut by hand stays shut over a restart, and everybody can see why nobody comes in.
#[test]
fn a_queue_that_was_shut_before_the_start_is_shut_until_it_is_opened() {
    let mut directory = hotline(1);
    directory.queues[0].closed = Some(sorry());
    let mut house = House::new(directory);
    let opening = |house: &House| {
        let (board, directory) = (house.acd.board(), &house.acd.directory);
        board.opening(directory, QueueId(0), house.now.utc).word()
    };
    assert_eq!(opening(&house), "yes");
    house.input(crate::Input::Shut(QueueId(0)));
    assert_eq!(opening(&house), "shut");
    let contact = house.arrive(0, 0);
    assert_eq!(flowed(&mut house, contact), (sorry(), FlowReason::Closed));
    house.force_queue(0, QueueAction::Open).expect("there is such a queue");
    let contact = house.arrive(0, 0);
    house.connect(contact);
}

/// CSTA: who has answered is busy, though his customer is still being called; when he is not reached, ready again.
#[test]
fn an_agent_who_waits_for_his_customer_is_busy_and_not_merely_reserved() {
    let mut house = House::new(hotline(1));
    let contact = house.arrive(0, 0);
    let offer = house.offer(contact);
    assert_eq!(house.state(0), AgentState::Reserved { contact });
    house.call(QueueCommand::Attend { offer });
    assert_eq!(house.state(0), AgentState::Busy { contact });
    let why = model::Withdrawal::NotReached;
    house.call(QueueCommand::Withdraw { contact, queue: QueueId(0), why });
    assert_eq!(house.state(0), AgentState::Ready);
}

/// However often he was tried: his wait is not over. One who comes by himself is shown from when he came.
#[test]
fn a_customer_who_is_called_back_is_shown_as_waiting_since_he_first_came() {
    let mut house = House::new(hotline(0));
    let entered = house.now.mono - secs(300);
    for (n, called_back, shown) in [(1, false, house.now.mono), (2, true, entered)] {
        let contact = ContactId::new(model::ShardId(0), 9, n);
        let wish = model::Wish { called_back, ..model::Wish::default() };
        house.call(QueueCommand::Enqueue { contact, queue: QueueId(0), priority: 0, entered, wish });
        assert_eq!(house.acd.board().queue_oldest(QueueId(0)), Some(shown));
    }
}

/// Two agents who need three minutes each: the first to wait is told to expect 90 s, the second 168 s.
#[test]
fn who_comes_to_a_long_wait_is_warned_once_and_keeps_his_place() {
    let warned = |expected_wait: Option<u64>, length| {
        let mut line = queue("support");
        let sound = SoundName("queue/long-wait".into());
        line.care.warning = Some(model::Warning { expected_wait: expected_wait.map(secs), length, sound });
        let mut house = House::new(directory(vec![line], (0..2).map(|n| agent(n, &[0])).collect()));
        let talks = [house.arrive(0, 0), house.arrive(0, 0)];
        talks.iter().for_each(|c| {
            house.connect(*c);
        });
        house.facts.clear();
        let waiting = [house.arrive(0, 0), house.arrive(0, 0)];
        let told: Vec<_> = std::iter::from_fn(|| house.event()).collect();
        let facts = house.take_facts();
        house.pass(secs(20));
        house.quiet();
        // An agent is free: the first has him, warned or not.
        house.release(0, talks[0], Some(0));
        house.offer(waiting[0]);
        let of = |contact| {
            told.contains(&QueueEvent::Warn {
                contact,
                expected_wait: Some(secs(if contact == waiting[0] { 240 } else { 360 })),
            })
        };
        let count = facts.iter().filter(|f| matches!(f, Fact::Warned { expected: Some(_), .. })).count();
        assert_eq!(count, told.len(), "each warning is a fact: {facts:?}");
        [of(waiting[0]), of(waiting[1])]
    };
    assert_eq!(warned(Some(150), None), [false, true]);
    assert_eq!(warned(Some(60), None), [true, true]);
    assert_eq!(warned(None, Some(1)), [false, true]);
    assert_eq!(warned(Some(600), Some(2)), [false, false]);
}
