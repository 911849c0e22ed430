//! What outlives a shard's own sight: the time before the start, and the callers of other shards.

use crate::contact::{Contact, Stage};
use crate::limits::{CALLBACK_REST, ELSEWHERE_MAX};
use crate::machine::{Machine, Timer};
use crate::plan::Destination;
use base::{Instant, Now, Utc};
use core::time::Duration;
use model::{CallbackStep, ContactId, Fact, LegId, Memory, News, OpenPromise, Pii, QueueId, Source, Target};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Promises kept by other shards, by the contact that waits for them.
#[derive(Debug, Default)]
pub(crate) struct Elsewhere(BTreeMap<ContactId, Known>);

#[derive(Debug)]
struct Known {
    queue: QueueId,
    number: Pii<Box<str>>,
    entered: Instant,
    /// Its customer is being called, or was reached.
    live: bool,
    /// Kept, or not to be kept any more.
    over: bool,
}

impl Elsewhere {
    fn know(&mut self, contact: ContactId, known: Known) {
        if self.0.len() < ELSEWHERE_MAX {
            self.0.insert(contact, known);
        }
    }

    /// Somebody with this number is being called, or is on the line.
    pub(crate) fn calls(&self, number: &str) -> bool {
        self.0.values().any(|known| known.live && known.number.as_str() == number)
    }

    /// The number of it.
    fn attempt(&mut self, contact: ContactId, live: bool) -> Option<Pii<Box<str>>> {
        let known = self.0.get_mut(&contact)?;
        known.live = live;
        let number = known.number.clone();
        if known.over && !live {
            self.0.remove(&contact);
        }
        Some(number)
    }

    fn over(&mut self, contact: ContactId) {
        if let Some(known) = self.0.get_mut(&contact) {
            known.over = true;
            if !known.live {
                self.0.remove(&contact);
            }
        }
    }

    /// The promise for this number, as it is compared, which is over from now on, and since when its customer waits.
    pub(crate) fn take_promise(&mut self, queue: QueueId, number: &str) -> Option<(ContactId, Instant)> {
        let fits = |known: &Known| !known.over && known.queue == queue && known.number.as_str() == number;
        let (contact, known) = self.0.iter().find(|(_, known)| fits(known))?;
        let found = (*contact, known.entered);
        self.0.remove(&found.0);
        Some(found)
    }
}

impl Machine {
    /// At the start, before anything else is told.
    pub(crate) fn remember(&mut self, now: Now, memory: &Memory) {
        for (number, agent, at) in &memory.served {
            self.known_callers.note(number.as_str(), *agent, monotonic(now, *at));
        }
        for place in &memory.places {
            let (entered, left) = (monotonic(now, place.entered), monotonic(now, place.left));
            self.places.heard(place.queue, place.number.as_str(), entered, left);
        }
        for open in &memory.promises {
            self.take_up(now, open);
        }
    }

    pub(crate) fn hear_news(&mut self, now: Now, news: News) {
        match news {
            News::Served { number, agent, at } => self.known_callers.note(number.as_str(), agent, at),
            News::PlaceKept { queue, number, entered, left } => {
                self.places.heard(queue, number.as_str(), entered, left);
            }
            News::PlaceTaken { queue, number } => self.places.forget(queue, number.as_str()),
            News::Promised { contact, queue, number, entered } => {
                let number = Pii::new(self.key_of(number.as_str()));
                let known = Known { queue, number, entered, live: false, over: false };
                self.elsewhere.know(contact, known);
            }
            News::PromiseOver { contact } => self.elsewhere.over(contact),
            News::Attempt { contact, live } => {
                if let Some(number) = self.elsewhere.attempt(contact, live) {
                    self.attempt_elsewhere(now, contact, number.as_str(), live);
                }
            }
            News::Recalled { contact } => self.recalled_elsewhere(now, contact),
        }
    }

    /// A promise of the time before the start: a contact of its own waits for it, with the time its customer first came.
    /// He is left in peace as long as the server that was may still ring him, and as long as between any two attempts.
    fn take_up(&mut self, now: Now, open: &OpenPromise) {
        let promise = &open.promise;
        let number = promise.number.as_str();
        let trunk = self.route_of(number).and_then(|id| self.directory.routes[id.index()].trunks.first().copied());
        let owed = self.directory.queues.get(promise.queue.index()).is_some_and(|queue| !queue.removed);
        let Some(trunk) = trunk.filter(|_| owed) else {
            let (contact, step, attempts) = (promise.first, CallbackStep::Failed, open.attempts);
            return self.fact(Fact::Callback { contact, step, attempts, promise: Arc::clone(promise) });
        };
        let policy = self.policy(promise.queue);
        let rest = open.dialled.map_or(Duration::ZERO, |at| {
            let again = at + policy.every.max(CALLBACK_REST);
            Duration::from_micros(u64::try_from(again.as_micros() - now.utc.as_micros()).unwrap_or(0))
        });
        let rest = rest.max(policy.ring).min(policy.every.max(CALLBACK_REST));
        let id = self.next_contact();
        let source = Source::Trunk(trunk);
        self.fact(Fact::ContactArrived {
            contact: id,
            source,
            caller: promise.number.clone(),
            dialled: promise.dialled.clone(),
            call_id: "".into(),
            attached: promise.attached.clone(),
        });
        let timer = self.timers.insert(now.mono + rest, Timer::Callback(id));
        let (nobody, aim) = (self.nobody(), Destination::Target(Target::Queue(promise.queue)));
        let contact = Contact {
            dialled: promise.dialled.clone(),
            priority: promise.priority,
            attached: promise.attached.clone(),
            entered: Some(monotonic(now, promise.entered)),
            queue: Some(promise.queue),
            stage: Stage::Pausing { timer },
            ..Contact::new(id, now, source, nobody, promise.language, aim)
        };
        self.contacts.insert(id, contact);
        let callback = self.new_callback(Arc::clone(promise), open.attempts);
        self.promised(id, callback, CallbackStep::Resumed);
    }

    /// The id of a leg that is over: no other ever has it.
    pub(crate) fn nobody(&mut self) -> LegId {
        let key = self.outward.insert(());
        self.outward.remove(key);
        LegId::outward(self.config.shard, key)
    }
}

/// When this was by the civil clock.
pub(crate) fn civil(now: Now, at: Instant) -> Utc {
    now.utc - (now.mono - at)
}

/// When this was by the clock of this process, which begins a good while before its start.
fn monotonic(now: Now, at: Utc) -> Instant {
    let past = now.utc.as_micros().saturating_sub(at.as_micros());
    now.mono - Duration::from_micros(u64::try_from(past).unwrap_or(0))
}
