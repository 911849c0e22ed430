//! What a contact asks as time passes: the queue's steps, and the agent it is kept for.

use crate::ageing::points;
use crate::figures::in_seconds;
use crate::lines::Lines;
use crate::machine::{Acd, Timer};
use base::{Key, Now};
use model::{AgentId, AgentState, Preferred, QueueFigure, QueueId, Step};

impl Acd {
    pub(crate) fn first_step(&mut self, now: Now, key: Key) {
        self.take_step(now, key, 0);
    }

    /// The step's time is over.
    pub(crate) fn step_over(&mut self, now: Now, slot: u32) {
        let Some(key) = self.lines.key_at(slot) else { return };
        let Some(entry) = self.lines.entries.get_mut(key) else { return };
        entry.step_over = None;
        let next = entry.step + 1;
        self.ask_less(now, key, |acd| acd.take_step(now, key, next));
    }

    /// The queue's steps have changed.
    pub(crate) fn step_again(&mut self, now: Now, slot: u32) {
        let Some(key) = self.lines.key_at(slot) else { return };
        let Some(step) = self.lines.entries.get(key).map(|entry| entry.step) else { return };
        self.ask_less(now, key, |acd| acd.take_step(now, key, step));
    }

    /// The first step from this one on whose condition holds; the last in any case.
    fn take_step(&mut self, now: Now, key: Key, from: usize) {
        let Some(entry) = self.lines.entries.get(key) else { return };
        let (queue, slot) = (entry.stay.queue, entry.stay.slot);
        let directory = std::sync::Arc::clone(&self.directory);
        let steps = &directory.queue(queue).routing.steps;
        let last = steps.len().saturating_sub(1);
        let mut step = from.min(last);
        while step < last && !self.holds(now, key, &steps[step]) {
            step += 1;
        }
        let lasts = steps.get(step).and_then(|step| step.lasts).filter(|_| step < last);
        let timer = lasts.map(|lasts| self.timers.insert_after(now.mono, lasts, Timer::Step(slot)));
        if let Some(entry) = self.lines.entries.get_mut(key) {
            entry.step = step;
            entry.step_ends = lasts.map(|lasts| now.mono + lasts);
            let before = core::mem::replace(&mut entry.step_over, timer);
            if let Some(before) = before {
                self.timers.cancel(before);
            }
        }
        if let Some(needs) = self.lines.needs_of(key, &self.directory) {
            self.lines.enter_class(key, needs, &self.directory);
        }
    }

    fn holds(&mut self, now: Now, key: Key, step: &Step) -> bool {
        let all = |acd: &mut Self, ranges: &[model::FigureRange]| {
            ranges.iter().all(|range| (range.least..=range.most).contains(&acd.figure(now, key, range.figure)))
        };
        step.only_if.is_empty() || step.only_if.iter().any(|ranges| all(self, ranges))
    }

    /// Of the contact where it has one of its own, else of its queue.
    fn figure(&mut self, now: Now, key: Key, figure: QueueFigure) -> u32 {
        let Some(entry) = self.lines.entries.get(key) else { return 0 };
        let queue = entry.stay.queue;
        match figure {
            QueueFigure::Priority => {
                let rate = self.lines.look(queue).rate;
                points(entry.key(rate).effective(rate, now.mono))
            }
            QueueFigure::ExpectedWait => in_seconds(self.foretell(now, key)),
            other => self.queue_figure(now, queue, other),
        }
    }

    /// The agent who knows the customer has it to himself for a while, if he works for the queue at all.
    pub(crate) fn keep(&mut self, now: Now, key: Key, preferred: Option<Preferred>) {
        let Some(entry) = self.lines.entries.get_mut(key) else { return };
        let (queue, slot) = (entry.stay.queue, entry.stay.slot);
        let Some(Preferred { agent, wait }) = preferred.filter(|p| !p.wait.is_zero()) else { return };
        if !self.lines.serves(agent, queue) || self.board.agent_state(agent) == AgentState::SignedOff {
            return;
        }
        let timer = self.timers.insert_after(now.mono, wait, Timer::Keep(slot));
        if let Some(entry) = self.lines.entries.get_mut(key) {
            entry.kept = Some(agent);
            entry.keep_over = Some(timer);
        }
    }

    /// From now on anybody may be asked.
    pub(crate) fn keep_over(&mut self, now: Now, slot: u32) {
        let Some(key) = self.lines.key_at(slot) else { return };
        self.ask_less(now, key, |acd| acd.forget_keeper(key));
    }

    /// He signed off: what is kept for him is everybody's.
    pub(crate) fn keeper_gone(&mut self, now: Now, agent: AgentId) {
        let queues: Vec<QueueId> = self.lines.services(agent).iter().map(|service| service.queue).collect();
        for queue in queues {
            self.keep_no_more(now, queue, |_, keeper| keeper == agent);
        }
    }

    /// A reload has taken him out of the queue, or his reserve has left it.
    pub(crate) fn keep_for_servers_only(&mut self, now: Now, queue: QueueId) {
        self.keep_no_more(now, queue, |lines, keeper| !lines.serves(keeper, queue));
    }

    /// What is kept for those is anybody's. First all of it, then it is matched in its order.
    fn keep_no_more(&mut self, now: Now, queue: QueueId, gone: impl Fn(&Lines, AgentId) -> bool) {
        let all = self.lines.look(queue).arrivals.iter().filter_map(|(_, _, slot)| self.lines.key_at(slot));
        let keeper = |key: &Key| self.lines.entries.get(*key).and_then(|entry| entry.kept);
        let kept: Vec<Key> = all.filter(|key| keeper(key).is_some_and(|keeper| gone(&self.lines, keeper))).collect();
        for key in &kept {
            self.change_asked(now, *key, |acd| acd.forget_keeper(*key));
        }
        if kept.is_empty() {
            return;
        }
        self.match_all(now, queue);
        kept.into_iter().for_each(|key| self.widen_round(now, key));
    }

    fn forget_keeper(&mut self, key: Key) {
        let Some(entry) = self.lines.entries.get_mut(key) else { return };
        entry.kept = None;
        if let Some(timer) = entry.keep_over.take() {
            self.timers.cancel(timer);
        }
    }

    /// Changes what a contact asks, wherever it stands, and looks who may have it now.
    fn ask_less(&mut self, now: Now, key: Key, change: impl FnOnce(&mut Self)) {
        if self.change_asked(now, key, change) {
            self.match_contact(now, key);
        } else {
            self.widen_round(now, key);
        }
    }

    /// The same without looking; whether it waits in the line.
    fn change_asked(&mut self, now: Now, key: Key, change: impl FnOnce(&mut Self)) -> bool {
        let waits = self.is_waiting(key);
        if waits {
            self.lines.take_out(key);
        }
        change(self);
        if let Some(entry) = self.lines.entries.get_mut(key) {
            entry.asks_since = now.mono;
        }
        if waits {
            self.stand_in_line(key);
        }
        waits
    }
}
