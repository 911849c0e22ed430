//! A contact that waits without its customer, and the one attempt at a time to reach him.
//!
//! The contact stands in its queue with its first enqueue time like any other. An offer begins an attempt: with
//! `agent` first the agent's phone rings and the customer is dialled when he has answered; with `caller` first the
//! customer is dialled while the agent is held, and then waits like any caller. After an attempt that fails the contact
//! rests in its queue for a while. See `attempt` for what keeps one person from being called twice at a time.

use crate::TRUNK_SILENT_MAX;
use crate::contact::Stage;
use crate::hear::{Hearing, Then};
use crate::limits::CALLBACK_FAILURES_MAX;
use crate::machine::{Machine, Timer};
use crate::outward::{Onward, is_trunk_failure};
use crate::ring::{Call, Ring};
use base::{Instant, Now};
use model::{
    AsideReason, CallbackFirst, CallbackPolicy, CallbackStep, Cause, CauseKind, ContactEnd, ContactId, DialTarget,
    Fact, Identity, LegId, News, Offer, OfferId, OfferOutcome, Party, Pii, Promise, QueueCommand, QueueId, Role,
    TrunkId, Wish, Withdrawal,
};
use std::sync::Arc;

#[derive(Debug)]
pub(crate) struct Callback {
    pub(crate) promise: Arc<Promise>,
    /// His number, as numbers are compared.
    pub(crate) key: Box<str>,
    /// Who is called, as the agent is shown him.
    pub(crate) identity: Identity,
    /// Begun so far, less those that ended on our side.
    attempts: u8,
    /// Those.
    failures: u8,
    /// Nobody is asked for it before then.
    pub(crate) rests: Option<Instant>,
    /// It does because his number is in use.
    pub(crate) blocked: bool,
    /// He was reached, or need not be any more: nothing is owed.
    over: bool,
    /// The customer's line while it is dialled.
    line: Option<Ring>,
    /// With the customer first: the agent who is held for him.
    offer: Option<Offer>,
}

impl Callback {
    fn new(promise: Arc<Promise>, key: Box<str>, attempts: u8) -> Self {
        let identity = Identity { number: promise.number.clone(), name: promise.name.clone(), withheld: false };
        let (rests, line, offer) = (None, None, None);
        Callback { promise, key, identity, attempts, failures: 0, rests, blocked: false, over: false, line, offer }
    }

    /// Somebody is asked or held for it, or he is called.
    pub(crate) fn is_under_way(&self) -> bool {
        self.line.is_some() || self.offer.is_some()
    }

    /// It was our side that ended it: not one of his tries.
    fn failed_here(&mut self) {
        self.attempts = self.attempts.saturating_sub(1);
        self.failures = self.failures.saturating_add(1);
    }

    pub(crate) fn queue(&self) -> QueueId {
        self.promise.queue
    }

    pub(crate) fn line(&self, leg: LegId) -> Option<&Ring> {
        self.line.as_ref().filter(|line| line.leg == leg)
    }
}

impl Machine {
    /// A number that callers of this queue may be called back at: it has a route, of a class the queue allows.
    pub(crate) fn may_call(&self, queue: QueueId, number: &str) -> bool {
        let digits = number.strip_prefix('+').unwrap_or(number);
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        let route = self.route_of(number).filter(|_| plain).map(|route| &self.directory.routes[route.index()]);
        let class = self.policy(queue).class;
        route.is_some_and(|route| !route.emergency && route.class <= class)
    }

    /// Callers of this queue can be called back: at some number.
    pub(crate) fn may_call_anybody(&self, queue: QueueId) -> bool {
        let class = self.policy(queue).class;
        self.directory.routes.iter().any(|route| !route.emergency && route.class <= class)
    }

    /// What was promised before a reload took it away is kept by the usual rules.
    pub(crate) fn policy(&self, queue: QueueId) -> CallbackPolicy {
        self.directory.queue(queue).care.callback.clone().unwrap_or_default()
    }

    pub(crate) fn new_callback(&self, promise: Arc<Promise>, attempts: u8) -> Callback {
        let key = self.key_of(promise.number.as_str());
        Callback::new(promise, key, attempts)
    }

    /// He is not reached yet.
    pub(crate) fn is_owed(&self, id: ContactId) -> bool {
        self.contacts.get(&id).and_then(|c| c.callback.as_ref()).is_some_and(|c| !c.over)
    }

    /// The customer is not on the line.
    pub(crate) fn is_callback(&self, id: ContactId) -> bool {
        self.contacts.get(&id).is_some_and(|c| c.callback.is_some() && !self.legs.contains_key(&c.caller))
    }

    /// Takes its place; the distributor knows its hours.
    pub(crate) fn wait_for_callback(&mut self, now: Now, id: ContactId) {
        let Some(queue) = self.contacts.get(&id).and_then(|c| c.callback.as_ref()).map(Callback::queue) else { return };
        if self.directory.queue(queue).removed {
            self.promise_over(id, CallbackStep::Failed);
            return self.end(now, id, ContactEnd::FlowedOut, CauseKind::NotFound.into());
        }
        let window = self.policy(queue).hours;
        let (priority, wish) = self.judge(now, id, queue);
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        contact.stage = Stage::Waiting { queue, rings: Vec::new() };
        let entered = contact.entered.unwrap_or(now.mono);
        // Hours may pass: the far side's port is taken when somebody is called.
        if let Some(port) = contact.spare.take() {
            self.put_back(port);
        }
        let wish = Wish { window, called_back: true, ..wish };
        self.queue(QueueCommand::Enqueue { contact: id, queue, priority, entered, wish });
    }

    /// An offer for a customer who must be called first. True when it was taken care of.
    pub(crate) fn offered_callback(&mut self, now: Now, offer: Offer) -> bool {
        let id = offer.id.contact;
        if !self.is_callback(id) {
            return false;
        }
        if !self.may_attempt(now, offer) {
            return true;
        }
        let first = self.policy(offer.queue).first;
        let Some(callback) = self.contacts.get_mut(&id).and_then(|c| c.callback.as_mut()) else { return false };
        if callback.offer.is_some() || callback.line.is_some() {
            self.settle(Some(offer.id), OfferOutcome::Withdrawn);
        } else if first == CallbackFirst::Agent {
            return false;
        } else {
            callback.offer = Some(offer);
            self.dial_customer(now, id);
        }
        true
    }

    /// The agent has answered: now his customer. Whoever else was rung stops, for there is one attempt.
    pub(crate) fn call_customer(&mut self, now: Now, id: ContactId, agent: LegId) {
        let dials = self.contacts.get(&id).and_then(|c| c.callback.as_ref()).is_some_and(|c| c.line.is_some());
        if dials || !self.is_callback(id) {
            return;
        }
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let Some(ring) = contact.stage.take_ring(agent) else { return };
        let offer = ring.offer;
        let others = contact.stage.take_rings();
        if let Stage::Waiting { rings, .. } = &mut contact.stage {
            rings.push(ring);
        }
        if let Some(offer) = offer {
            self.queue(QueueCommand::Attend { offer });
        }
        self.take_back(now, others, CauseKind::AnsweredElsewhere.into());
        self.ringback(now, agent);
        self.dial_customer(now, id);
    }

    fn dial_customer(&mut self, now: Now, id: ContactId) {
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let dialled = contact.dialled.clone();
        let Some(callback) = &mut contact.callback else { return };
        callback.attempts = callback.attempts.saturating_add(1);
        let number = callback.promise.number.reveal().clone();
        // Written before he is dialled: whoever starts after us does not dial at once once more.
        self.tell_promise(id, CallbackStep::Dialled);
        // He sees the number he called.
        let shown = Identity { number: Pii::new(dialled), ..Identity::default() };
        let tried = match self.onward(&number, shown) {
            Some(onward) => self.dial_line(now, id, onward),
            None => Err(CauseKind::Forbidden),
        };
        if let Err(kind) = tried {
            self.not_reached(now, id, kind.into(), false);
        }
    }

    fn dial_line(&mut self, now: Now, id: ContactId, mut onward: Onward) -> Result<(), CauseKind> {
        let trunk: TrunkId = onward.next().ok_or(CauseKind::Unreachable)?;
        let queue = self.contacts.get(&id).and_then(|c| c.callback.as_ref()).map(Callback::queue);
        let policy = queue.map(|queue| self.policy(queue).ring);
        let call = Call {
            to: DialTarget::Trunk { trunk, number: onward.number().into() },
            party: Party::Caller,
            identity: self.served_identity(id),
            role: Role::Caller,
            shown: onward.shown().clone(),
            auto_answer: false,
            ring_max: policy.ok_or(CauseKind::ServerFailure)?,
            silent_max: TRUNK_SILENT_MAX,
            offer: None,
            nailed: None,
        };
        let mut line = self.ring(now, id, call)?;
        line.onward = Some(onward);
        if let Some(callback) = self.contacts.get_mut(&id).and_then(|c| c.callback.as_mut()) {
            callback.line = Some(line);
        }
        Ok(())
    }

    /// The customer's line, while it is dialled.
    pub(crate) fn line_mut(&mut self, leg: LegId) -> Option<&mut Ring> {
        let contact = self.legs.get(&leg)?.contact;
        self.contacts.get_mut(&contact)?.callback.as_mut()?.line.as_mut().filter(|line| line.leg == leg)
    }

    fn take_line(&mut self, id: ContactId) -> Option<Ring> {
        let line = self.contacts.get_mut(&id)?.callback.as_mut()?.line.take()?;
        self.stop_ring_timers(&line);
        Some(line)
    }

    /// The customer is there.
    pub(crate) fn line_answered(&mut self, now: Now, leg: LegId) {
        let Some(id) = self.legs.get(&leg).map(|l| l.contact) else { return };
        if self.line_mut(leg).is_none() || self.take_line(id).is_none() {
            return;
        }
        self.promise_over(id, CallbackStep::Reached);
        self.queue(QueueCommand::OnTheLine { contact: id });
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        contact.caller = leg;
        let language = contact.language;
        let held = contact.callback.as_mut().and_then(|c| c.offer.take());
        let Some(offer) = held else { return self.try_bridge(now, id) };
        let sounds = self.directory.sound(language, "callback/connecting").into_iter().collect();
        self.hear(now, leg, Hearing::Prompt { sounds, then: Then::Music });
        self.offered(now, offer);
    }

    /// He refused, did not answer, or his trunk failed: true when this leg was his line.
    pub(crate) fn line_over(&mut self, now: Now, leg: LegId, cause: Cause, tell: bool) -> bool {
        let Some(id) = self.legs.get(&leg).map(|l| l.contact) else { return false };
        if self.line_mut(leg).is_none() {
            return false;
        }
        let Some(line) = self.take_line(id) else { return false };
        self.drop_leg(now, leg, cause, tell);
        let his = line.rang || !is_ours(cause);
        let onward = line.onward.filter(|_| is_trunk_failure(cause));
        if onward.is_none_or(|onward| self.dial_line(now, id, onward).is_err()) {
            self.not_reached(now, id, cause, his);
        }
        true
    }

    /// This attempt is over: the agent is free at once, and the customer is left in peace for a while, or for good. It was
    /// `his` try when the call came to his side and was not answered there.
    fn not_reached(&mut self, now: Now, id: ContactId, cause: Cause, his: bool) {
        let Some(callback) = self.contacts.get_mut(&id).and_then(|c| c.callback.as_mut()) else { return };
        if !his {
            callback.failed_here();
        }
        let (queue, attempts, failures) = (callback.queue(), callback.attempts, callback.failures);
        let policy = self.policy(queue);
        if attempts >= policy.tries || failures >= CALLBACK_FAILURES_MAX {
            return self.give_up(now, id, cause);
        }
        let cancelled = CauseKind::Cancelled;
        self.let_rest(id, now.mono + policy.every, AsideReason::NotReached);
        self.stop_attempt(now, id, cancelled.into());
        self.cancel_rings(now, id, cancelled.into());
        self.attempt_may_be_over(id);
    }

    pub(crate) fn give_up(&mut self, now: Now, id: ContactId, cause: Cause) {
        self.withdraw(now, id, Withdrawal::NotReached, CauseKind::Cancelled.into());
        self.promise_over(id, CallbackStep::Failed);
        self.end(now, id, ContactEnd::FlowedOut, cause);
    }

    pub(crate) fn has_failed_too_often(&self, id: ContactId) -> bool {
        let callback = self.contacts.get(&id).and_then(|c| c.callback.as_ref());
        callback.is_some_and(|c| c.failures >= CALLBACK_FAILURES_MAX)
    }

    /// At its place, and nobody is asked for it. First this, then the offers: a freed contact could be offered anew.
    pub(crate) fn let_rest(&mut self, id: ContactId, until: Instant, why: AsideReason) {
        if let Some(callback) = self.contacts.get_mut(&id).and_then(|c| c.callback.as_mut()) {
            callback.rests = Some(until);
            self.queue(QueueCommand::Rest { contact: id, until, why });
        }
    }

    fn pause_callback(&mut self, now: Now, id: ContactId, queue: QueueId) {
        let every = self.policy(queue).every;
        let timer = self.timers.insert(now.mono + every, Timer::Callback(id));
        if let Some(contact) = self.contacts.get_mut(&id) {
            contact.stage = Stage::Pausing { timer };
        }
    }

    pub(crate) fn callback_due(&mut self, now: Now, id: ContactId) {
        if self.contacts.get(&id).is_some_and(|c| matches!(c.stage, Stage::Pausing { .. })) {
            self.wait_for_callback(now, id);
        }
    }

    /// The queue is gone, or had no room: nobody is on the line to be sent elsewhere. True when it was a callback.
    pub(crate) fn callback_flows(&mut self, now: Now, id: ContactId, from: QueueId) -> bool {
        if !self.is_callback(id) {
            return false;
        }
        self.stop_attempt(now, id, CauseKind::Cancelled.into());
        self.cancel_rings(now, id, CauseKind::Cancelled.into());
        self.attempt_may_be_over(id);
        if self.directory.queue(from).removed {
            self.wait_for_callback(now, id);
        } else {
            self.pause_callback(now, id, from);
        }
        true
    }

    /// The line is hung up and whoever was held for it is free.
    pub(crate) fn stop_attempt(&mut self, now: Now, id: ContactId, cause: Cause) {
        if let Some(line) = self.take_line(id) {
            self.drop_leg(now, line.leg, cause, true);
        }
        if let Some(offer) = self.contacts.get_mut(&id).and_then(|c| c.callback.as_mut()).and_then(|c| c.offer.take()) {
            self.settle(Some(offer.id), OfferOutcome::Withdrawn);
        }
    }

    /// The agent is gone before the customer answered: without him nobody is called.
    pub(crate) fn agent_gone(&mut self, now: Now, id: ContactId) {
        let alone = self.contacts.get(&id).is_some_and(|c| c.stage.rings().is_empty());
        let held = self.contacts.get(&id).and_then(|c| c.callback.as_ref()).is_some_and(|c| c.offer.is_some());
        if alone && !held && self.is_callback(id) {
            self.broken_off(now, id);
        }
    }

    /// The agent who is held for a customer is taken away. True when this was such an offer.
    pub(crate) fn revoked_callback(&mut self, now: Now, offer: OfferId) -> bool {
        let held = self.contacts.get(&offer.contact).and_then(|c| c.callback.as_ref()).and_then(|c| c.offer);
        let ours = held.is_some_and(|held| held.id == offer);
        if ours {
            self.broken_off(now, offer.contact);
        }
        ours
    }

    /// On our side, and before he could answer.
    pub(crate) fn broken_off(&mut self, now: Now, id: ContactId) {
        if let Some(callback) = self.contacts.get_mut(&id).and_then(|c| c.callback.as_mut())
            && callback.line.is_some()
        {
            callback.failed_here();
        }
        self.stop_attempt(now, id, CauseKind::Cancelled.into());
        self.attempt_may_be_over(id);
    }

    fn tell_promise(&mut self, id: ContactId, step: CallbackStep) {
        let Some(callback) = self.contacts.get(&id).and_then(|c| c.callback.as_ref()) else { return };
        let (attempts, promise) = (callback.attempts, Arc::clone(&callback.promise));
        self.fact(Fact::Callback { contact: id, step, attempts, promise });
    }

    /// Given, or taken up again: known from here on, in every shard.
    pub(crate) fn promised(&mut self, id: ContactId, callback: Callback, step: CallbackStep) {
        let (queue, number) = (callback.queue(), callback.promise.number.clone());
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        contact.callback = Some(callback);
        let entered = contact.entered;
        self.callbacks.insert(id);
        self.tell_promise(id, step);
        if let Some(entered) = entered {
            self.news(News::Promised { contact: id, queue, number, entered });
        }
    }

    /// The customer is reached, cannot be, or need not be any more; once.
    pub(crate) fn promise_over(&mut self, id: ContactId, step: CallbackStep) {
        let Some(callback) = self.contacts.get_mut(&id).and_then(|c| c.callback.as_mut()) else { return };
        if !core::mem::replace(&mut callback.over, true) {
            self.tell_promise(id, step);
            self.news(News::PromiseOver { contact: id });
        }
    }

    /// The contact is over: what becomes of a promise that is still open. One that only the end of the process cuts
    /// stays open: the next start keeps it.
    pub(crate) fn promise_ends(&mut self, id: ContactId, cause: Cause) {
        match cause.kind {
            CauseKind::Shutdown => {}
            CauseKind::AnsweredElsewhere | CauseKind::Forced | CauseKind::NormalClearing => {
                self.promise_over(id, CallbackStep::Withdrawn);
            }
            _ => self.promise_over(id, CallbackStep::Failed),
        }
    }

    /// The customer calls himself, or asks again: the callback that waits for this number is over, and whoever takes
    /// its place gets when it began to wait.
    pub(crate) fn take_over_callback(&mut self, now: Now, queue: QueueId, number: &str) -> Option<Instant> {
        let key = self.key_of(number);
        let fits = |id: &ContactId| {
            let callback = self.contacts.get(id).and_then(|c| c.callback.as_ref());
            callback.is_some_and(|c| c.queue() == queue && c.key == key) && self.is_callback(*id)
        };
        let Some(old) = self.callbacks.iter().copied().find(fits) else {
            let (contact, entered) = self.elsewhere.take_promise(queue, &key)?;
            self.news(News::Recalled { contact });
            return Some(entered);
        };
        let entered = self.contacts.get(&old).and_then(|c| c.entered);
        self.end(now, old, ContactEnd::FlowedOut, CauseKind::AnsweredElsewhere.into());
        entered
    }

    /// Another shard's caller is the customer of this callback. Whom it has reached already it does not let go.
    pub(crate) fn recalled_elsewhere(&mut self, now: Now, id: ContactId) {
        if self.callbacks.contains(&id) && self.is_callback(id) {
            self.end(now, id, ContactEnd::FlowedOut, CauseKind::AnsweredElsewhere.into());
        }
    }

    /// A caller who comes into this queue: the callback he waits for is not needed any more.
    pub(crate) fn recalled(&mut self, now: Now, id: ContactId, queue: QueueId) -> Option<Instant> {
        let caller = self.served_identity(id);
        if caller.withheld || self.callbacks.contains(&id) {
            return None;
        }
        self.take_over_callback(now, queue, caller.number.as_str())
    }

    /// A sign of life from the customer's line.
    pub(crate) fn line_rings(&mut self, leg: LegId) {
        let silent = self.line_mut(leg).and_then(|line| {
            line.rang = true;
            line.silent.take()
        });
        if let Some(silent) = silent {
            self.timers.cancel(silent);
        }
    }
}

/// No trunk took the call, or we could not make it: he was not called.
fn is_ours(cause: Cause) -> bool {
    is_trunk_failure(cause) || cause.kind == CauseKind::NoMedia
}
