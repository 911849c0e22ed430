//! The rules that measure a contact by its queue, when it comes and as long as it waits: nobody is there, too few are
//! at work, the line is too long, the wait would be.
//!
//! While it waits they are looked at when what they measure changes: an agent fewer ([`ToQueue::StaffFell`]), another
//! configuration, an offer that failed. The expected wait changes with every second, so who waits under a limit of it is
//! measured again every [`REVIEW_EVERY`]. Whoever leaves keeps his first enqueue time.
//!
//! [`ToQueue::StaffFell`]: crate::message::ToQueue::StaffFell

use crate::expect::{Forecast, announced_wait};
use crate::flow::{may_go, way};
use crate::limits::REVIEW_EVERY;
use crate::machine::{Acd, Timer};
use crate::message::ToContact;
use crate::staff::Presence;
use base::{Key, Now};
use model::{AgentState, FlowReason, QueueId, Target};

/// When a contact is measured.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Entry,
    Wait,
}

/// How many are there for a contact that comes, for one that waits, and at work.
struct There {
    joins: u32,
    stays: u32,
    works: u32,
}

impl Acd {
    /// After nobody could be matched: is there anybody at all, and is there room?
    pub(crate) fn entry_rules(&mut self, now: Now, key: Key) {
        let forecast = self.foretell(now, key);
        if let Some((to, why)) = self.broken_rule(key, At::Entry, forecast) {
            self.flow(now, key, to, why);
        } else if let Some(entry) = self.lines.entries.get_mut(key) {
            // At home nobody waits by the clock: he is told nothing.
            entry.forecast = forecast.filter(|_| !entry.called_back);
        }
    }

    /// It came in, and its wait will be long: the caller is told, and decides. He stands in the line meanwhile, so that
    /// the warning costs him nothing and delays nobody.
    pub(crate) fn warn_of_wait(&mut self, key: Key) {
        let Some(entry) = self.lines.entries.get(key) else { return };
        let (stay, forecast) = (entry.stay, entry.forecast);
        let queue = self.directory.queue(stay.queue);
        let Some(warning) = &queue.care.warning else { return };
        let length = self.lines.length(stay.queue) as u32;
        let expected = forecast.map(|forecast| forecast.expected);
        let slow = warning.expected_wait.zip(expected).is_some_and(|(limit, expected)| expected >= limit);
        if slow || warning.length.is_some_and(|most| length > most) {
            let announced = forecast.map(|forecast| announced_wait(forecast.bound, &queue.announce));
            self.send(stay.contact.home(), ToContact::Warn { stay, expected, announced, length });
        }
    }

    /// The same for one that waits; true when it left.
    pub(crate) fn wait_rules(&mut self, now: Now, key: Key) -> bool {
        let Some(entry) = self.lines.entries.get(key) else { return true };
        if entry.called_back {
            return false;
        }
        let queue = entry.stay.queue;
        let limited = self.directory.queue(queue).max_expected_wait.is_some();
        let forecast = if limited { self.foretell(now, key) } else { None };
        let broken = self.broken_rule(key, At::Wait, forecast);
        let leaves = broken.is_some();
        if let Some((to, why)) = broken {
            self.flow(now, key, to, why);
        }
        leaves
    }

    fn broken_rule(&self, key: Key, at: At, forecast: Option<Forecast>) -> Option<(Target, FlowReason)> {
        let entry = self.lines.entries.get(key)?;
        let (id, may_flow) = (entry.stay.queue, entry.may_flow);
        let queue = self.directory.queue(id);
        let there = self.there(id);
        let nobody = there.stays == 0 || (at == At::Entry && there.joins == 0);
        let empty = queue.empty.to.as_ref().filter(|_| nobody);
        let too_few = queue.min_staffed.as_ref().filter(|rule| there.works < rule.agents).map(|rule| &rule.to);
        // Of those who wait the line only ever becomes shorter; a new configuration is looked at on its own.
        let full = queue.max_length.as_ref().filter(|_| at == At::Entry);
        let full = full.filter(|rule| self.lines.length(id) > rule.at as usize).map(|rule| &rule.to);
        // Nobody at work: no time is long enough to be told, and the rules for that case have been asked.
        let slow = queue.max_expected_wait.as_ref();
        let slow = slow.filter(|rule| forecast.is_some_and(|forecast| forecast.expected > rule.after));
        if let Some(to) = empty {
            return Some((way(to, may_flow), FlowReason::Empty));
        }
        let rules = [
            (too_few, FlowReason::Understaffed),
            (full, FlowReason::MaxLength),
            (slow.map(|rule| &rule.to), FlowReason::ExpectedWait),
        ];
        rules.into_iter().find_map(|(to, why)| to.filter(|to| may_go(to, may_flow)).map(|to| (to.clone(), why)))
    }

    /// Whether a rule says that nobody is there, or too few for those who wait.
    fn lacks_staff(&self, id: QueueId) -> (bool, bool) {
        let queue = self.directory.queue(id);
        let there = self.there(id);
        let few = queue.min_staffed.as_ref().is_some_and(|rule| there.works < rule.agents);
        (queue.empty.to.is_some() && there.stays == 0, few)
    }

    /// The queue's own agents, and those who help it. A reserve that has not joined is there for the empty rule, since it
    /// joins when the figures ask for it and nobody who was turned away would show in them; not when it was sent away by
    /// hand. At work for the queue it is when it has joined.
    fn there(&self, id: QueueId) -> There {
        let (joins, stays) = self.board.queue_present(id);
        let mut there = There { joins, stays, works: self.board.queue_available(id) };
        let queue = self.directory.queue(id);
        let asked = (queue.empty.to.is_some() && (joins == 0 || stays == 0)) || queue.min_staffed.is_some();
        // Elsewhere than at its home only its own are known: the home is asked to look once too often.
        if !asked || self.queue_home(id) != self.seating.shard {
            return there;
        }
        let Some(watch) = &self.lines.look(id).watch else { return there };
        for (agent, joined) in watch.may_come() {
            let presence = Presence::of(self.board.agent_state(agent), &queue.empty);
            there.joins += u32::from(presence.joins);
            there.stays += u32::from(presence.stays);
            there.works += u32::from(presence.available && joined);
        }
        there
    }

    /// Nobody is signed on who might serve it, of its own or of those who help it.
    pub(crate) fn is_deserted(&self, id: QueueId) -> bool {
        let there = |agent| self.board.agent_state(agent) != AgentState::SignedOff;
        let watch = self.lines.look(id).watch.as_ref();
        self.board.queue_signed_on(id) == 0
            && !watch.is_some_and(|watch| watch.may_come().any(|(agent, _)| there(agent)))
    }

    /// Whether those who wait must be measured when an agent fewer is there.
    pub(crate) fn counts_staff(&self, id: QueueId) -> bool {
        let (nobody, few) = self.lacks_staff(id);
        nobody || few || self.directory.queue(id).max_expected_wait.is_some()
    }

    pub(crate) fn staff_fell(&mut self, now: Now, queue: QueueId) {
        self.lines.line(queue).measures.staffing.recount();
        self.review(now, queue);
    }

    /// Measures everybody who waits: when all must leave in their order, else the last who came first, for with each
    /// who leaves the others wait less long.
    pub(crate) fn review(&mut self, now: Now, queue: QueueId) {
        let slots: Vec<u32> = self.lines.line(queue).arrivals.iter().map(|(_, _, slot)| slot).collect();
        let most = self.directory.queue(queue).max_length.as_ref().map_or(usize::MAX, |rule| rule.at as usize);
        let (nobody, few) = self.lacks_staff(queue);
        let order: Vec<u32> = if nobody || few { slots } else { slots.into_iter().rev().collect() };
        for slot in order {
            let Some(key) = self.lines.key_at(slot).filter(|key| self.is_waiting(*key)) else { continue };
            if !self.wait_rules(now, key) && self.lines.length(queue) > most {
                self.leave_full(now, key);
            }
        }
        self.arm_review(now, queue);
    }

    /// The line may not be as long as it is: a new configuration says so.
    fn leave_full(&mut self, now: Now, key: Key) {
        let Some(entry) = self.lines.entries.get(key).filter(|entry| !entry.called_back) else { return };
        let rule = self.directory.queue(entry.stay.queue).max_length.as_ref().map(|rule| rule.to.clone());
        if let Some(to) = rule.filter(|to| may_go(to, entry.may_flow)) {
            self.flow(now, key, to, FlowReason::MaxLength);
        }
    }

    pub(crate) fn arm_review(&mut self, now: Now, queue: QueueId) {
        if self.directory.queue(queue).max_expected_wait.is_none() || self.lines.length(queue) == 0 {
            return;
        }
        if self.lines.line(queue).review.is_none() {
            let timer = self.timers.insert_after(now.mono, REVIEW_EVERY, Timer::Review(queue));
            self.lines.line(queue).review = Some(timer);
        }
    }

    pub(crate) fn review_due(&mut self, now: Now, queue: QueueId) {
        self.lines.line(queue).review = None;
        self.review(now, queue);
    }
}
