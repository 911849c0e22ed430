//! Callbacks that are not to be made now: outside their hours, or their customers did not answer a moment ago.
//!
//! Such a one is out of the line, so that nobody is asked for it and no figure counts it, and yet in its queue: one stay,
//! told once, that keeps its place. Who comes back stands where his first enqueue time puts him.

use crate::contacts::{Record, end_of};
use crate::machine::{Acd, Timer};
use crate::message::{Departure, Stay, ToQueue};
use base::{Instant, Now, TimerId};
use core::time::Duration;
use model::{AsideReason, ContactId, Fact, QueueId, Wish, Withdrawal};
use std::collections::BTreeMap;

/// Hours begin and end on minutes.
const MINUTE: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(crate) struct Asides {
    all: BTreeMap<ContactId, Aside>,
    /// When they are looked at next.
    look: Option<(Instant, TimerId)>,
}

#[derive(Clone, Copy, Debug)]
struct Aside {
    queue: QueueId,
    priority: i32,
    entered: Instant,
    wish: Wish,
    /// Since when it is in the queue; `None`: nobody has been told that it is.
    queued: Option<Instant>,
    /// It is let rest until then.
    until: Instant,
}

impl Asides {
    #[cfg(all(test, not(loom)))]
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

impl Acd {
    /// Its own hours are open, and the queue is.
    pub(crate) fn may_be_made(&mut self, now: Now, queue: QueueId, wish: Wish) -> bool {
        let rules = self.directory.queue(queue);
        if rules.removed {
            // It is told so, at once.
            return true;
        }
        let hours = rules.hours.filter(|_| rules.closed.is_some());
        !self.board.queue_is_shut(queue) && [wish.window, hours].into_iter().flatten().all(|at| self.is_open(now, at))
    }

    pub(crate) fn enqueue_callback(
        &mut self,
        now: Now,
        contact: ContactId,
        queue: QueueId,
        priority: i32,
        entered: Instant,
        wish: Wish,
    ) {
        if self.may_be_made(now, queue, wish) {
            self.enqueue(now, contact, queue, priority, entered, wish);
        } else {
            self.withdraw(now, contact, Withdrawal::FlowedOut { to: None });
            let aside = Aside { queue, priority, entered, wish, queued: None, until: now.mono };
            self.contacts.asides.all.insert(contact, aside);
        }
        self.arm_asides(now);
    }

    /// Out of the line, and whoever is rung for it is free.
    pub(crate) fn set_aside(&mut self, now: Now, stay: Stay, rest: (Instant, AsideReason)) {
        self.placed_at_last(now, stay);
        let Some(record) = self.contacts.at(stay) else { return };
        let (priority, entered, wish) = (record.priority, record.entered, record.wish);
        let (queued, (until, why)) = (Some(record.queued), rest);
        self.send(self.queue_home(stay.queue), ToQueue::Leave { stay, how: Departure::FlowedOut });
        self.end_offers(stay);
        self.close(now, stay);
        let Stay { contact, queue, .. } = stay;
        self.contacts.asides.all.insert(contact, Aside { queue, priority, entered, wish, queued, until });
        self.fact(Fact::Aside { contact, queue, aside: true, why: Some(why) });
        self.arm_asides(now);
    }

    fn back_from_aside(&mut self, now: Now, contact: ContactId) {
        let Some(Aside { queue, priority, entered, wish, queued, .. }) = self.contacts.asides.all.remove(&contact)
        else {
            return;
        };
        self.enqueue(now, contact, queue, priority, entered, wish);
        let stay = self.contacts.stay_of(contact);
        if let (Some(queued), Some(record)) = (queued, stay.and_then(|stay| self.contacts.at(stay))) {
            record.queued = queued;
            record.told = true;
            self.fact(Fact::Aside { contact, queue, aside: false, why: None });
        }
    }

    /// It is left in peace until then.
    pub(crate) fn rest(&mut self, now: Now, contact: ContactId, until: Instant, why: AsideReason) {
        if let Some(aside) = self.contacts.asides.all.get_mut(&contact) {
            aside.until = until;
            self.arm_asides(now);
        } else if let Some(stay) = self.contacts.stay_of(contact) {
            self.set_aside(now, stay, (until, why));
        }
    }

    pub(crate) fn wake(&mut self, now: Now, contact: ContactId) {
        if let Some(aside) = self.contacts.asides.all.get_mut(&contact) {
            aside.until = now.mono;
            self.look_at_callbacks(now);
        }
    }

    pub(crate) fn on_the_line(&mut self, contact: ContactId) {
        let Some(stay) = self.contacts.stay_of(contact) else { return };
        if let Some(record) = self.contacts.at(stay) {
            record.wish = Wish { called_back: false, window: None, ..record.wish };
        }
        self.send(self.queue_home(stay.queue), ToQueue::OnTheLine { stay });
    }

    pub(crate) fn withdraw_aside(&mut self, now: Now, contact: ContactId, why: Withdrawal) {
        let Some(aside) = self.contacts.asides.all.remove(&contact) else { return };
        // Of one that never came into the line nobody was told.
        if let Some(queued) = aside.queued {
            self.fact(end_of(contact, aside.queue, now.mono - queued, why));
        }
    }

    /// Who may be called comes back, in the order of their places; who waits and may not be called stands aside.
    pub(crate) fn look_at_callbacks(&mut self, now: Now) {
        let due = self.contacts.asides.all.iter().filter(|(_, aside)| aside.until <= now.mono);
        let mut due: Vec<_> =
            due.map(|(contact, aside)| (-i64::from(aside.priority), aside.entered, *contact)).collect();
        due.sort_unstable();
        for (_, _, contact) in due {
            let Some(aside) = self.contacts.asides.all.get(&contact).copied() else { continue };
            if self.may_be_made(now, aside.queue, aside.wish) {
                self.back_from_aside(now, contact);
            }
        }
        let waiting = self.contacts.records().filter(|r| r.wish.called_back && r.offers.is_empty());
        let waiting: Vec<_> = waiting.filter_map(|r| Some((r.stay?, r.wish))).collect();
        for (stay, wish) in waiting {
            if !self.may_be_made(now, stay.queue, wish) {
                self.set_aside(now, stay, (now.mono, AsideReason::Closed));
            }
        }
        self.arm_asides(now);
    }

    pub(crate) fn look_is_due(&mut self, now: Now) {
        self.contacts.asides.look = None;
        self.look_at_callbacks(now);
    }

    /// One timer for all of them: the end of a rest, or the next minute while hours are waited for or watched.
    fn arm_asides(&mut self, now: Now) {
        let past = Duration::from_micros(now.utc.as_micros().rem_euclid(MINUTE.as_micros() as i64).cast_unsigned());
        let minute = now.mono + (MINUTE - past);
        let asides = self.contacts.asides.all.values();
        let resting = asides.map(|aside| if aside.until > now.mono { aside.until } else { minute }).min();
        let has_hours = |queue: QueueId| self.directory.queue(queue).hours.is_some();
        let callbacks = self.contacts.records().filter(|r| r.wish.called_back);
        let timed = |r: &Record| r.wish.window.is_some() || r.stay.is_some_and(|stay| has_hours(stay.queue));
        let watched = { callbacks }.any(timed);
        let next = resting.into_iter().chain(watched.then_some(minute)).min();
        match (next, self.contacts.asides.look) {
            (Some(next), Some((at, _))) if next == at => {}
            (next, armed) => {
                if let Some((_, timer)) = armed {
                    self.timers.cancel(timer);
                }
                self.contacts.asides.look = next.map(|at| (at, self.timers.insert(at, Timer::Aside)));
            }
        }
    }
}
