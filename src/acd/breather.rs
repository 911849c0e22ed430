//! A short break that comes by itself, after so many contacts or when an agent has worked too much of his time, and
//! ends by itself.

use crate::limits::{BREATHER_LEAST, BREATHER_MARKS, BREATHER_WINDOW};
use crate::machine::{Acd, Timer};
use crate::staff::{Agent, Stance};
use base::{Instant, Now};
use core::time::Duration;
use model::{AgentId, Breather, NotReadyReason};
use std::collections::VecDeque;

/// What an agent has done since his last break of any kind.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    contacts: u32,
    /// At the ends of contacts, oldest first: the first is as old as the window, the others younger.
    marks: VecDeque<Mark>,
    /// A contact is over, and it was not asked yet whether a break is due.
    ended: bool,
}

#[derive(Clone, Copy, Debug)]
struct Mark {
    at: Instant,
    worked: Duration,
    staffed: Duration,
}

impl Agent {
    /// A contact of a queue is over for him; his wrap-up may follow.
    pub(crate) fn contact_over(&mut self) {
        self.pace.contacts += 1;
        self.pace.ended = true;
    }

    /// True when he has earned a break; time is counted up to now.
    fn is_breather_due(&mut self, now: Instant, policy: Breather) -> bool {
        self.count_time(now);
        let mark = Mark { at: now, worked: self.idle.worked, staffed: self.idle.staffed };
        let marks = &mut self.pace.marks;
        marks.push_back(mark);
        while marks.len() > BREATHER_MARKS || marks.get(1).is_some_and(|second| now - second.at >= BREATHER_WINDOW) {
            marks.pop_front();
        }
        let first = marks.front().copied().unwrap_or(mark);
        // A sign-on sets the sums back.
        let staffed = mark.staffed.saturating_sub(first.staffed);
        let worked = mark.worked.saturating_sub(first.worked);
        let share = |percent: u8| worked.as_nanos() * 100 > staffed.as_nanos() * u128::from(percent);
        policy.contacts.is_some_and(|most| self.pace.contacts >= most)
            || (staffed >= BREATHER_LEAST && policy.occupancy.is_some_and(share))
    }
}

impl Acd {
    /// After a contact and its wrap-up, before he is ready again. Whoever asked for a break himself has his own.
    pub(crate) fn breathe(&mut self, now: Now, id: AgentId) {
        if self.agent(id).is_none_or(|agent| !agent.breathes) {
            return;
        }
        let Some(policy) = self.directory.agent(id).breather else { return };
        let Some(agent) = self.agent(id) else { return };
        if !agent.is_free() || !core::mem::take(&mut agent.pace.ended) || !agent.is_breather_due(now.mono, policy) {
            return;
        }
        agent.pace = Pace::default();
        if agent.stance == Stance::Ready {
            agent.stance = Stance::NotReady(NotReadyReason::ShortBreak);
            let timer = self.timers.insert_after(now.mono, policy.time, Timer::Comeback(id));
            self.set_comeback(id, Some(timer));
        }
    }
}
