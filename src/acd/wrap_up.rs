//! The agent's paperwork after a contact of a queue: it begins, grows, and ends by its time or by his word.

use crate::limits::WRAP_UP_EXTENSION_MAX;
use crate::machine::{Acd, Timer};
use crate::message::ToQueue;
use crate::staff::{Engagement, Stance, WrapUp};
use base::{Instant, Now};
use core::time::Duration;
use model::{AgentId, NotReadyReason, WrapUpMode};

impl Acd {
    pub(crate) fn start_wrap_up(&mut self, now: Now, id: AgentId, work: Engagement) {
        let Some(queue) = work.queue else { return };
        self.stop_wrap_up(now, id);
        let queue = self.directory.queue(queue);
        let (mode, time) = (queue.wrap_up_mode, queue.wrap_up);
        let Some(agent) = self.agent(id) else { return };
        let longer = time + core::mem::take(&mut agent.extension);
        let (timed, least) = match mode {
            WrapUpMode::Fixed => (true, now.mono + time),
            WrapUpMode::Capped | WrapUpMode::CappedNotReady => (true, now.mono),
            WrapUpMode::AgentEnded => (false, now.mono),
        };
        if timed && longer.is_zero() {
            return self.handled(now, work);
        }
        let ends = timed.then(|| now.mono + longer);
        let timer = ends.map(|at| self.timers.insert(at, Timer::WrapUp(id)));
        if let Some(agent) = self.agent(id) {
            let most = now.mono + time + WRAP_UP_EXTENSION_MAX;
            agent.wrap_up = Some(WrapUp { work, timer, ends, least, most });
        }
    }

    /// It ends at this time and not when it would have.
    pub(crate) fn wrap_up_until(&mut self, id: AgentId, at: Instant) {
        if self.agent(id).and_then(|a| a.wrap_up).is_none_or(|w| w.ends.is_none()) {
            return;
        }
        let timer = self.timers.insert(at, Timer::WrapUp(id));
        let Some(wrap_up) = self.agent(id).and_then(|a| a.wrap_up.as_mut()) else { return };
        wrap_up.ends = Some(at);
        if let Some(old) = wrap_up.timer.replace(timer) {
            self.timers.cancel(old);
        }
    }

    fn handled(&mut self, now: Now, work: Engagement) {
        if let Some(queue) = work.queue {
            let took = now.mono - work.since;
            self.send(self.queue_home(queue), ToQueue::Handled { queue, took });
        }
    }

    /// Ends it without looking at what comes after.
    pub(crate) fn stop_wrap_up(&mut self, now: Now, id: AgentId) {
        let Some(wrap_up) = self.agent(id).and_then(|a| a.wrap_up.take()) else { return };
        if let Some(timer) = wrap_up.timer {
            self.timers.cancel(timer);
        }
        self.handled(now, wrap_up.work);
    }

    /// Whoever is no longer configured cannot say that he is through: what only his word would end, ends.
    pub(crate) fn end_orphaned_wrap_up(&mut self, now: Now, id: AgentId) {
        let endless = self.agent(id).and_then(|a| a.wrap_up).is_some_and(|w| w.ends.is_none());
        if endless && self.directory.agent(id).removed {
            self.stop_wrap_up(now, id);
        }
    }

    /// Its time is over. Where his queue wants his word that he is through, silence makes him not ready (Cisco's work
    /// timer); what he asked for meanwhile stays.
    pub(crate) fn wrap_up_ran_out(&mut self, now: Now, id: AgentId) {
        let queue = self.agent(id).and_then(|a| a.wrap_up).and_then(|w| w.work.queue);
        let told = queue.is_some_and(|queue| self.directory.queue(queue).wrap_up_mode == WrapUpMode::CappedNotReady);
        if told && let Some(agent) = self.agent(id).filter(|a| a.stance == Stance::Ready && a.engaged.is_empty()) {
            agent.stance = Stance::NotReady(NotReadyReason::WrapUpOver);
        }
        self.stop_wrap_up(now, id);
        self.refresh(now, id);
        self.retire(now, id);
    }

    /// A fixed wrap-up runs its time, but not what he asked for beyond it; the others end with his word, unless another
    /// call keeps him.
    pub(crate) fn end_own_wrap_up(&mut self, now: Now, id: AgentId) {
        let Some(agent) = self.agent(id) else { return };
        agent.extension = Duration::ZERO;
        match agent.wrap_up.filter(|_| agent.engaged.is_empty()).map(|w| w.least) {
            Some(least) if least <= now.mono => self.stop_wrap_up(now, id),
            Some(least) => self.wrap_up_until(id, least),
            None => {}
        }
    }

    /// More time to finish the paperwork of a call from a queue: now, or after the call he is in.
    pub(crate) fn extend_wrap_up(&mut self, id: AgentId, by: Duration) {
        let Some(agent) = self.agent(id) else { return };
        match agent.wrap_up {
            Some(wrap_up) => {
                if let Some(ends) = wrap_up.ends {
                    self.wrap_up_until(id, (ends + by).min(wrap_up.most));
                }
            }
            None => agent.extension = (agent.extension + by).min(WRAP_UP_EXTENSION_MAX),
        }
    }
}
