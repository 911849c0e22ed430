//! A customer who is to be called back: what becomes of the promise, and why nobody calls him meanwhile.

use super::moment::{Closed, Told, What};
use super::{Explainer, Moment};
use crate::calendar::Calendars;
use base::{Instant, Utc};
use model::{AsideReason, CallbackStep, Cause, ContactId, Fact, QueueId};

/// What was told last of the attempts to reach him.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Attempts {
    /// Begun so far.
    begun: u8,
    /// How his line ended.
    cause: Option<Cause>,
}

impl Explainer {
    /// Facts of a callback; false when this was none.
    pub(super) fn callback(&mut self, now: Instant, fact: &Fact) -> bool {
        match fact {
            Fact::Callback { contact, step, attempts, promise } => {
                self.step(*contact, *step);
                if *contact == self.contact {
                    self.attempts.begun = *attempts;
                    if *step == CallbackStep::Dialled {
                        self.attempts.cause = None;
                    }
                    let first = Some(promise.first).filter(|first| first != contact);
                    let told = self.told(now, promise.queue);
                    self.tell(now, What::Callback { step: *step, first, told });
                }
            }
            // The rest of a leg is no concern of a distributor.
            Fact::LegEnded { contact, cause, .. } if *contact == self.contact => self.attempts.cause = Some(*cause),
            Fact::LegEnded { .. } => {}
            _ => return false,
        }
        true
    }

    /// It waits in his stead until he is reached.
    fn step(&mut self, contact: ContactId, step: CallbackStep) {
        match step {
            CallbackStep::Arranged | CallbackStep::Resumed => _ = self.callbacks.insert(contact),
            CallbackStep::Reached => {
                self.callbacks.remove(&contact);
                self.reference.on_the_line(contact);
            }
            CallbackStep::Dialled | CallbackStep::Failed | CallbackStep::Withdrawn => {}
        }
    }

    pub(super) fn aside(&self, now: Instant, queue: QueueId, why: Option<AsideReason>) -> What {
        What::Aside { why, told: self.told(now, queue) }
    }

    fn told(&self, now: Instant, queue: QueueId) -> Told {
        let Attempts { begun, cause } = self.attempts;
        Told { queue, attempts: begun, cause, closed: self.closed(now, queue) }
    }

    /// Whose hours keep him from being called.
    fn closed(&self, now: Instant, queue: QueueId) -> Option<Closed> {
        let directory = &self.reference.directory;
        let rules = directory.queue(queue);
        let at = Utc::from_micros(i64::try_from(now.as_nanos() / 1000).unwrap_or(i64::MAX));
        let mut calendars = Calendars::new(directory);
        let mut shut = |hours: &model::CalendarId| !calendars.is_open(directory.calendar(*hours), *hours, at);
        let own = rules.care.callback.as_ref().and_then(|policy| policy.hours);
        let queues = rules.hours.filter(|_| rules.closed.is_some());
        match (own.filter(&mut shut), queues.filter(&mut shut)) {
            (Some(_), _) => Some(Closed::Callback),
            (None, Some(_)) => Some(Closed::Queue),
            (None, None) => None,
        }
    }

    pub(super) fn tell(&mut self, now: Instant, what: What) {
        self.moments.push(Moment { at: now, what, candidates: Vec::new(), rivals: Vec::new(), doubts: Vec::new() });
    }
}
