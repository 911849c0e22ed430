//! The queue's home: contacts come into the line, stand aside for an offer, come back and leave.

use crate::entry::{Arrival, Entry, Standing};
use crate::limits::{REFUSAL_BACK_OFF, TAKEN_BACK_PAUSE};
use crate::machine::{Acd, Timer};
use crate::message::{Departure, Stay, ToContact, ToQueue};
use base::{Instant, Key, Now};
use model::{AgentId, OfferOutcome, QueueId};

impl Acd {
    pub(crate) fn on_queue_message(&mut self, now: Now, message: ToQueue) {
        match message {
            ToQueue::Insert(arrival) => self.insert(now, &arrival),
            ToQueue::OfferOver { stay, agent, outcome } => self.offer_over(now, stay, agent, outcome),
            ToQueue::Return { stay, epoch, at_once } => self.returned(now, stay, epoch, at_once),
            ToQueue::OnTheLine { stay } => self.came_on_the_line(now, stay),
            ToQueue::Leave { stay, how } => self.left(now, stay, how),
            ToQueue::AgentReady { agent, epoch, idle, tour } => self.arrive(now, agent, epoch, idle, tour),
            ToQueue::AgentGone { agent } => self.keeper_gone(now, agent),
            ToQueue::StaffFell { queue } => self.staff_fell(now, queue),
            ToQueue::Force { ticket, from, queue, action, by } => {
                self.force_queue(now, queue, action, by);
                self.send(from, ToContact::Answer { ticket, result: Ok(()) });
            }
            ToQueue::Handled { queue, took } => self.lines.line(queue).measures.handled(took),
            ToQueue::TalkOver { queue } => self.talk_over(now, queue),
        }
    }

    fn insert(&mut self, now: Now, arrival: &Arrival) {
        let stay = arrival.stay;
        let entry = Entry::new(arrival);
        if let Some((to, why)) = self.shut_rule(now, &entry) {
            // Nobody may be offered it: it never comes into the line.
            if self.board.leave_contact(stay.slot, entry.epoch) {
                let line = self.lines.look(stay.queue);
                let position = line.ahead_of(&entry.key(line.rate)) + 1;
                self.send(stay.contact.home(), ToContact::FlowOut { stay, position, to, why });
            }
            return;
        }
        let key = self.lines.open(entry);
        self.first_step(now, key);
        self.keep(now, key, arrival.wish.agent);
        self.stand_in_line(key);
        let position = self.position_of(key);
        self.send(stay.contact.home(), ToContact::Placed { stay, position });
        self.arm_entry(now, key);
        self.arm_review(now, stay.queue);
        if !self.match_contact(now, key) {
            // Nobody is on the line of a callback to be sent elsewhere or told how long it takes.
            if !arrival.wish.called_back {
                self.entry_rules(now, key);
                self.warn_of_wait(key);
            }
        }
    }

    /// Into the order, on the board, then the fence: from here on an agent who comes sees it, and we see him.
    pub(crate) fn stand_in_line(&mut self, key: Key) {
        let Some(queue) = self.stands(key, Standing::Waiting) else { return };
        self.lines.put_in(key);
        self.show_line(queue);
    }

    pub(crate) fn stand_aside(&mut self, now: Now, key: Key) {
        self.lines.take_out(key);
        let Some(queue) = self.stands(key, Standing::Offered) else { return };
        if let Some(entry) = self.lines.entries.get_mut(key) {
            entry.rung.get_or_insert(now.mono);
        }
        self.show_line(queue);
    }

    fn stands(&mut self, key: Key, standing: Standing) -> Option<QueueId> {
        let entry = self.lines.entries.get_mut(key)?;
        let was = core::mem::replace(&mut entry.standing, standing);
        let queue = entry.stay.queue;
        let offered = |standing| i64::from(standing == Standing::Offered);
        self.lines.line(queue).offered += offered(standing) - offered(was);
        Some(queue)
    }

    /// Takes the entry out for good; `None` when it was gone.
    pub(crate) fn drop_entry(&mut self, key: Key) -> Option<Entry> {
        let mut entry = self.lines.close(key)?;
        entry.take_timers().for_each(|timer| {
            self.timers.cancel(timer);
        });
        self.show_line(entry.stay.queue);
        Some(entry)
    }

    pub(crate) fn show_line(&mut self, queue: QueueId) {
        self.watch(queue);
        let line = self.lines.look(queue);
        let (head, waiting) = (self.lines.head(queue), line.arrivals.len() as u32);
        let oldest = line.arrivals.first().map(|(queued, ..)| queued);
        self.board.show_line(queue, head, waiting, oldest);
    }

    /// Counts from 1; contacts that are being offered do not count as ahead.
    pub(crate) fn position_of(&mut self, key: Key) -> u32 {
        let Some(entry) = self.lines.entries.get(key) else { return 1 };
        let line = self.lines.look(entry.stay.queue);
        line.ahead_of(&entry.key(line.rate)) + 1
    }

    pub(crate) fn is_waiting(&self, key: Key) -> bool {
        self.lines.is_waiting(key)
    }

    /// Leaves the line by a rule: Waiting → Leaving decides against a caller who hangs up now.
    pub(crate) fn leave_line(&mut self, now: Now, key: Key) -> Option<(Entry, u32)> {
        let position = self.position_of(key);
        let entry = self.drop_entry(key)?;
        let waited = now.mono - entry.queued;
        if !entry.called_back {
            self.lines.line(entry.stay.queue).measures.left(waited, Departure::FlowedOut);
        }
        self.judge_forecast(&entry, waited, Departure::FlowedOut);
        self.board.leave_contact(entry.stay.slot, entry.epoch).then_some((entry, position))
    }

    fn offer_over(&mut self, now: Now, stay: Stay, agent: AgentId, outcome: OfferOutcome) {
        let Some(key) = self.lines.key_of(stay) else { return };
        let Some(entry) = self.lines.entries.get_mut(key) else { return };
        match outcome {
            OfferOutcome::Accepted | OfferOutcome::Withdrawn => return,
            OfferOutcome::Missed | OfferOutcome::Failed(_) => {}
            OfferOutcome::Rejected(_) => entry.note_refusal(agent, now.mono + REFUSAL_BACK_OFF),
        }
        entry.failed = true;
        if entry.kept == Some(agent) {
            // He did not want to: now anybody may. It does not wait at this moment, so no list has it.
            entry.kept = None;
        }
        self.arm_ask(now, key);
    }

    /// The round of offers is over, nobody took it.
    fn returned(&mut self, now: Now, stay: Stay, epoch: u32, at_once: bool) {
        let Some(key) = self.lines.key_of(stay) else { return };
        self.end_round(key);
        self.stands(key, Standing::Held);
        let Some(entry) = self.lines.entries.get_mut(key) else { return };
        entry.epoch = epoch;
        entry.tries = entry.tries.saturating_add(u8::from(core::mem::take(&mut entry.failed)));
        if at_once {
            self.back_in_line(now, key);
        } else {
            // The first time in a moment. A call side that takes every offer back is not asked without end.
            let again = entry.held_until > Instant::ZERO;
            entry.held_until = if again { now.mono + TAKEN_BACK_PAUSE } else { now.mono };
            self.arm_ask(now, key);
        }
        self.match_line(now, stay.queue);
    }

    fn back_in_line(&mut self, now: Now, key: Key) {
        self.stand_in_line(key);
        if !self.return_rules(now, key) {
            self.match_contact(now, key);
        }
    }

    fn left(&mut self, now: Now, stay: Stay, how: Departure) {
        let Some(key) = self.lines.key_of(stay) else { return };
        let Some(entry) = self.drop_entry(key) else { return };
        let waited = now.mono - entry.queued;
        let line = self.lines.line(stay.queue);
        line.recent.note(now.mono, waited, how, &self.directory.queue(stay.queue).service_level);
        // At home nobody runs out of patience.
        if !entry.called_back {
            line.measures.left(waited, how);
        }
        if let Some(rung) = entry.rung.filter(|_| how == Departure::Served && !entry.called_back) {
            line.measures.answered(now.mono - rung);
        }
        line.talking += i64::from(how == Departure::Served);
        self.judge_forecast(&entry, waited, how);
        self.match_line(now, stay.queue);
    }

    /// From now on he waits like any caller, and by the queue's rules.
    fn came_on_the_line(&mut self, now: Now, stay: Stay) {
        let Some(key) = self.lines.key_of(stay) else { return };
        let Some(entry) = self.lines.entries.get_mut(key) else { return };
        entry.called_back = false;
        entry.queued = now.mono;
        self.arm_entry(now, key);
    }

    /// An agent's part in a contact of the queue is over.
    pub(crate) fn talk_over(&mut self, now: Now, queue: QueueId) {
        self.lines.line(queue).talking -= 1;
        self.match_line(now, queue);
    }

    /// One timer for the next reason to look at the entry again: it is held, or a refusal is forgotten.
    fn arm_ask(&mut self, now: Now, key: Key) {
        let Some(entry) = self.lines.entries.get_mut(key) else { return };
        if let Some(old) = entry.ask.take() {
            self.timers.cancel(old);
        }
        let held = (entry.standing == Standing::Held).then_some(entry.held_until);
        let next = [entry.forgets(now), held].into_iter().flatten().min();
        entry.ask = next.map(|at| self.timers.insert(at, Timer::Ask(entry.stay.slot)));
    }

    pub(crate) fn ask_again(&mut self, now: Now, slot: u32) {
        let Some(key) = self.lines.key_at(slot) else { return };
        let Some(entry) = self.lines.entries.get_mut(key) else { return };
        entry.ask = None;
        match entry.standing {
            Standing::Held if entry.held_until <= now.mono => self.back_in_line(now, key),
            Standing::Waiting => {
                self.match_contact(now, key);
            }
            Standing::Offered => self.widen_round(now, key),
            Standing::Held => {}
        }
        self.arm_ask(now, key);
    }
}
