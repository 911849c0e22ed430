//! The rules by which a contact leaves a queue unserved: closed, waited too long, too often refused. See
//! `overflow` for those that measure the queue.

use crate::entry::Entry;
use crate::machine::{Acd, Timer};
use crate::message::ToContact;
use base::{Key, Now};
use model::{Actor, CommandError, Fact, FlowReason, ForcedAction, QueueAction, QueueId, SoundName, Target};

/// The announcement of last resort; every language of the library has it.
const LAST_WORD: &str = "sorry";

impl Acd {
    /// Before a contact comes into the line: is the queue open at all?
    pub(crate) fn shut_rule(&mut self, now: Now, entry: &Entry) -> Option<(Target, FlowReason)> {
        let id = entry.stay.queue;
        let queue = self.directory.queue(id);
        if queue.removed {
            return Some((self.way_out_for(id, entry.may_flow), FlowReason::QueueRemoved));
        }
        if entry.called_back {
            return None;
        }
        if self.board.queue_is_shut(id) {
            return Some((self.closed_way(id, entry.may_flow), FlowReason::Closed));
        }
        let to = way(queue.closed.as_ref()?, entry.may_flow);
        let calendar = queue.hours?;
        let open = self.calendars.is_open(self.directory.calendar(calendar), calendar, now.utc);
        (!open).then_some((to, FlowReason::Closed))
    }

    /// When an offer failed and the contact is back at its place; true when it left.
    pub(crate) fn return_rules(&mut self, now: Now, key: Key) -> bool {
        let Some(entry) = self.lines.entries.get(key) else { return true };
        let (id, may_flow) = (entry.stay.queue, entry.may_flow);
        let queue = self.directory.queue(id);
        if queue.removed {
            let to = self.way_out_for(id, may_flow);
            self.flow(now, key, to, FlowReason::QueueRemoved);
            return true;
        }
        if entry.called_back {
            return false;
        }
        if self.board.queue_is_shut(id) {
            let to = self.closed_way(id, may_flow);
            self.flow(now, key, to, FlowReason::Closed);
            return true;
        }
        let why = match (entry.overdue, entry.tries >= queue.routing.tries) {
            (true, _) => FlowReason::MaxWait,
            (false, true) => FlowReason::TriesExhausted,
            (false, false) => return self.wait_rules(now, key),
        };
        let Some(rule) = &queue.max_wait else { return self.wait_rules(now, key) };
        let to = way(&rule.to, may_flow);
        if !may_go(&rule.to, may_flow) && !self.is_deserted(id) {
            // Somebody may still serve him here; whether that stays so is looked at after as long a wait.
            if entry.overdue {
                let again = self.timers.insert_after(now.mono, rule.after, Timer::MaxWait(entry.stay.slot));
                let before = self.lines.entries.get_mut(key).and_then(|entry| entry.max_wait.replace(again));
                if let Some(before) = before {
                    self.timers.cancel(before);
                }
            }
            return self.wait_rules(now, key);
        }
        self.flow(now, key, to, why);
        true
    }

    pub(crate) fn max_wait_over(&mut self, now: Now, slot: u32) {
        let Some(key) = self.lines.key_at(slot) else { return };
        let Some(entry) = self.lines.entries.get_mut(key) else { return };
        entry.max_wait = None;
        // While a phone rings for it the contact stays; the rule is looked at again should the offer fail.
        entry.overdue = true;
        if self.is_waiting(key) {
            self.return_rules(now, key);
        }
    }

    /// Contacts of a removed queue leave; those that are being offered when their offer fails.
    pub(crate) fn close_down(&mut self, now: Now, queue: QueueId) {
        let mut next = self.lines.line(queue).arrivals.first();
        while let Some(place) = next {
            next = self.lines.line(queue).arrivals.after(&place);
            if let Some(key) = self.lines.key_at(place.2).filter(|key| self.is_waiting(*key)) {
                self.return_rules(now, key);
            }
        }
    }

    pub(crate) fn may_force(&self, queue: QueueId, action: QueueAction) -> Result<(), CommandError> {
        let queue = self.directory.queues.get(queue.index()).filter(|queue| !queue.removed);
        let reserves = queue.ok_or(CommandError::NoSuchQueue)?.routing.reserves.len();
        match action {
            QueueAction::Reserve { place, .. } if usize::from(place.unwrap_or(0)) >= reserves => {
                Err(CommandError::NoSuchReserve)
            }
            QueueAction::Reserve { .. } | QueueAction::Close | QueueAction::Open => Ok(()),
        }
    }

    /// Who waits leaves at once, who is being offered when his offer fails; who talks goes on.
    pub(crate) fn force_queue(&mut self, now: Now, queue: QueueId, action: QueueAction, by: Actor) {
        match action {
            QueueAction::Close => self.board.shut_queue(queue, true),
            QueueAction::Open => self.board.shut_queue(queue, false),
            QueueAction::Reserve { place, order } => self.order_reserves(now, queue, place, order, &by),
        }
        self.fact(Fact::Forced { by, action: ForcedAction::Queue { queue, action } });
        if action == QueueAction::Close {
            self.close_down(now, queue);
        }
        self.look_at_callbacks(now);
    }

    /// Where a queue that is shut by hand sends its contacts: its own rule for closed hours, else what there is.
    fn closed_way(&self, queue: QueueId, may_flow: bool) -> Target {
        let closed = self.directory.queue(queue).closed.as_ref().filter(|to| may_go(to, may_flow));
        closed.cloned().unwrap_or_else(|| self.way_out_for(queue, may_flow))
    }

    /// Arms what runs while a contact waits.
    pub(crate) fn arm_entry(&mut self, now: Now, key: Key) {
        let Some(entry) = self.lines.entries.get_mut(key) else { return };
        let queue = self.directory.queue(entry.stay.queue);
        let slot = entry.stay.slot;
        for old in [entry.max_wait.take(), entry.announce.take()].into_iter().flatten() {
            self.timers.cancel(old);
        }
        if entry.called_back {
            return;
        }
        if let Some(rule) = &queue.max_wait
            && !(entry.overdue && entry.may_flow)
        {
            let from = if entry.overdue { now.mono } else { entry.queued };
            let at = (from + rule.after).max(now.mono);
            entry.max_wait = Some(self.timers.insert(at, Timer::MaxWait(slot)));
        }
        let policy = queue.announce;
        if (policy.position || policy.wait) && !policy.every.is_zero() {
            entry.announce = Some(self.timers.insert_after(now.mono, policy.first, Timer::Announce(slot)));
        }
    }

    /// Where contacts of a queue go when there is no rule for the case.
    pub(crate) fn way_out(&self, queue: QueueId) -> Target {
        let first = self.directory.queue(queue).rules_out().next().cloned();
        first.unwrap_or_else(|| Target::Announcement(SoundName(LAST_WORD.into())))
    }

    fn way_out_for(&self, queue: QueueId, may_flow: bool) -> Target {
        way(&self.way_out(queue), may_flow)
    }

    pub(crate) fn flow(&mut self, now: Now, key: Key, to: Target, why: FlowReason) {
        let Some((entry, position)) = self.leave_line(now, key) else { return };
        let stay = entry.stay;
        self.send(stay.contact.home(), ToContact::FlowOut { stay, position, to, why });
    }
}

/// Where a rule leads whom nobody serves here: who may move no more hears that nobody will.
pub(crate) fn way(to: &Target, may_flow: bool) -> Target {
    if may_go(to, may_flow) { to.clone() } else { Target::Announcement(SoundName(LAST_WORD.into())) }
}

/// A contact that has flowed too often goes to no further queue: a ring of rules ends where it is.
pub(crate) fn may_go(to: &Target, may_flow: bool) -> bool {
    may_flow || !matches!(to, Target::Queue(_))
}
