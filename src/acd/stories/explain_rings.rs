//! Phones that rang: at whom, at whom not any more, and who was ready meanwhile.

use super::explain::{explained, verdict};
use crate::testing::{House, hotline, secs};
use crate::{Moment, Verdict, What};
use base::Instant;
use model::{
    AsideReason, CallbackStep, Cause, CauseKind, ContactId, Fact, FlowReason, LegId, MaxWait, OfferOutcome, Promise,
    QueueCommand, QueueId, RINGS_MAX, Releaser, SoundName, Strategy, Target, Wish, Withdrawal,
};

fn offered(moments: &[Moment]) -> Vec<&Moment> {
    moments.iter().filter(|moment| matches!(moment.what, What::Offered { .. })).collect()
}

#[test]
fn of_a_large_team_who_stands_beyond_the_phones_of_one_round_is_told_that_it_is_full() {
    let most = RINGS_MAX as u32;
    let mut names = hotline(most + 2);
    names.queues[0].strategy = Strategy::RingAll;
    let mut house = House::new(names.clone());
    let contact = house.arrive(0, 0);
    let first = house.offer(contact);
    house.pass(secs(3));
    house.hang_up(contact, 0);
    let moments = explained(&house, &names, contact);
    let (offers, beyond) = (offered(&moments), Verdict::RoundFull { most: RINGS_MAX });
    assert_eq!(offers.len(), RINGS_MAX);
    let (before, last) = (offers[RINGS_MAX - 2], offers[RINGS_MAX - 1]);
    assert!(matches!(verdict(before, most), Verdict::Behind { .. }), "one place is left");
    assert_eq!((verdict(last, most), verdict(last, most + 1)), (&beyond, &beyond));
    assert_eq!(verdict(last, first.agent.0), &Verdict::Rings { since: last.at });
    let left = moments.last().unwrap();
    assert!(matches!(left.what, What::Abandoned { .. }), "{left:#?}");
    assert_eq!(verdict(left, most), &beyond);
}

#[test]
fn who_was_ready_while_it_rang_at_another_is_told_so_when_the_caller_hangs_up() {
    let names = hotline(2);
    let mut house = House::new(names.clone());
    let contact = house.arrive(0, 0);
    let rang = house.offer(contact).agent;
    let since = house.now.mono;
    house.pass(secs(4));
    house.hang_up(contact, 0);
    let left = explained(&house, &names, contact).pop().unwrap();
    assert_eq!(verdict(&left, rang.0), &Verdict::Rings { since });
    assert_eq!(verdict(&left, 1 - rang.0), &Verdict::Elsewhere { agent: rang });
}

#[test]
fn who_was_ready_when_the_last_try_failed_is_told_at_whom_it_rang() {
    let mut names = hotline(2);
    names.queues[0].routing.tries = 1;
    let to = Target::Announcement(SoundName("sorry".into()));
    names.queues[0].max_wait = Some(MaxWait { after: secs(600), to });
    let mut house = House::new(names.clone());
    let contact = house.arrive(0, 0);
    let rang = house.offer(contact);
    house.pass(secs(15));
    house.settle(rang, OfferOutcome::Missed);
    let left = explained(&house, &names, contact).pop().unwrap();
    assert!(matches!(left.what, What::FlowedOut { why: FlowReason::TriesExhausted, .. }), "{left:#?}");
    assert_eq!(verdict(&left, 1 - rang.agent.0), &Verdict::Elsewhere { agent: rang.agent });
}

#[test]
fn who_was_ready_while_a_callback_stood_aside_is_told_so_when_it_is_given_up() {
    let names = hotline(2);
    let mut house = House::new(names.clone());
    let contact = ContactId::new(model::ShardId(0), 9, 1);
    let promise = |house: &mut House, step, attempts| {
        let promise = Promise::anonymous(contact, QueueId(0)).into();
        house.facts.push((house.now.mono, Fact::Callback { contact, step, attempts, promise }));
    };
    promise(&mut house, CallbackStep::Arranged, 0);
    let (entered, wish): (Instant, _) = (house.now.mono, Wish { called_back: true, ..Wish::default() });
    house.call(QueueCommand::Enqueue { contact, queue: QueueId(0), priority: 0, entered, wish });
    house.offer(contact);
    promise(&mut house, CallbackStep::Dialled, 1);
    house.pass(secs(20));
    let cause = Cause::new(CauseKind::NoAnswer);
    house.facts.push((house.now.mono, Fact::LegEnded { contact, leg: LegId::default(), cause, by: Releaser::System }));
    let until = house.now.mono + secs(600);
    house.call(QueueCommand::Rest { contact, until, why: AsideReason::NotReached });
    house.pass(secs(60));
    house.call(QueueCommand::Withdraw { contact, queue: QueueId(0), why: Withdrawal::NotReached });
    let moments = explained(&house, &names, contact);
    let left = moments.iter().find(|moment| matches!(moment.what, What::FlowedOut { .. })).unwrap();
    assert!([0, 1].into_iter().all(|agent| *verdict(left, agent) == Verdict::NotInLine), "{left:#?}");
}
