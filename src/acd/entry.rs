//! A contact as the home of its queue knows it.

use crate::ageing::{ContactKey, Rate};
use crate::expect::Forecast;
use crate::limits::REFUSALS_KEPT;
use crate::message::Stay;
use base::{Instant, Key, Now, TimerId};
use core::time::Duration;
use model::{AgentId, RequirementId, Wish};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    /// In the order.
    Waiting,
    /// Claimed for an agent, or for several whose phones ring at the same time.
    Offered,
    /// Its offer was taken back a moment ago: the call side will most likely withdraw it.
    Held,
}

/// What every match looks at comes first, so that it lies together: a hundred thousand of these are in no cache.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Entry {
    pub(crate) stay: Stay,
    /// Its own; given when it comes into the line.
    pub(crate) own: Key,
    pub(crate) entered: Instant,
    pub(crate) epoch: u32,
    pub(crate) priority: i32,
    /// Its class in the line.
    pub(crate) class: usize,
    pub(crate) standing: Standing,
    /// Rounds of offers that failed.
    pub(crate) tries: u8,
    /// An offer of the round now going on has failed.
    pub(crate) failed: bool,
    pub(crate) may_flow: bool,
    /// Nobody is on its line: only the end of its queue takes it out.
    pub(crate) called_back: bool,
    /// The longest wait ran out while it was being offered.
    pub(crate) overdue: bool,
    /// Nobody but him is asked.
    pub(crate) kept: Option<AgentId>,
    /// Agents who said no, until when they are not asked again.
    refused: Vec<(AgentId, Instant)>,
    /// Whose phones have rung in the round going on: an index into the lists of the shard.
    pub(crate) round: Option<usize>,
    pub(crate) step: usize,
    pub(crate) queued: Instant,
    /// Since when its wait is shown to people.
    pub(crate) shown_since: Instant,
    /// What it asks besides the queue's step.
    pub(crate) wish: Option<RequirementId>,
    /// When it began to ask what it asks: came in, took a step, was kept for nobody any more.
    pub(crate) asks_since: Instant,
    /// When that step is over, if another follows.
    pub(crate) step_ends: Option<Instant>,
    /// When a held contact comes back into the line.
    pub(crate) held_until: Instant,
    /// When a phone first rang for it.
    pub(crate) rung: Option<Instant>,
    /// What it was told last: place and time.
    pub(crate) told: Option<(u32, Option<Duration>)>,
    /// What was foretold when it came.
    pub(crate) forecast: Option<Forecast>,
    pub(crate) max_wait: Option<TimerId>,
    pub(crate) announce: Option<TimerId>,
    pub(crate) ask: Option<TimerId>,
    pub(crate) step_over: Option<TimerId>,
    pub(crate) keep_over: Option<TimerId>,
    pub(crate) ring_more: Option<TimerId>,
}

/// What `ToQueue::Insert` says of a contact.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Arrival {
    pub stay: Stay,
    pub epoch: u32,
    pub priority: i32,
    pub entered: Instant,
    pub queued: Instant,
    pub may_flow: bool,
    pub wish: Wish,
}

impl Entry {
    pub(crate) fn new(arrival: &Arrival) -> Self {
        let Arrival { stay, epoch, priority, entered, queued, may_flow, wish } = *arrival;
        Entry {
            stay,
            own: Key::default(),
            epoch,
            priority,
            entered,
            queued,
            shown_since: if wish.called_back { entered.min(queued) } else { queued },
            may_flow,
            called_back: wish.called_back,
            standing: Standing::Held,
            tries: 0,
            failed: false,
            refused: Vec::new(),
            wish: wish.needs,
            step: 0,
            asks_since: queued,
            step_ends: None,
            class: 0,
            kept: None,
            round: None,
            overdue: false,
            held_until: Instant::ZERO,
            rung: None,
            told: None,
            forecast: None,
            max_wait: None,
            announce: None,
            ask: None,
            step_over: None,
            keep_over: None,
            ring_more: None,
        }
    }

    pub(crate) fn key(&self, rate: Rate) -> ContactKey {
        ContactKey::new(rate, self.priority, self.entered, self.stay.contact, self.own)
    }

    pub(crate) fn refuses(&self, now: Now, agent: AgentId) -> bool {
        self.refused.iter().any(|(a, until)| *a == agent && *until > now.mono)
    }

    /// Those who are not asked again yet.
    pub(crate) fn refusals(&self, now: Now) -> impl Iterator<Item = AgentId> {
        self.refused.iter().filter(move |(_, until)| *until > now.mono).map(|(agent, _)| *agent)
    }

    pub(crate) fn note_refusal(&mut self, agent: AgentId, until: Instant) {
        // His own earlier one gives way, and the one that ends first when there are too many.
        self.refused.retain(|(a, _)| *a != agent);
        let first = (0..self.refused.len()).min_by_key(|i| self.refused[*i].1);
        if let Some(first) = first.filter(|_| self.refused.len() >= REFUSALS_KEPT) {
            self.refused.swap_remove(first);
        }
        self.refused.push((agent, until));
    }

    /// When the next refusal is forgotten.
    pub(crate) fn forgets(&self, now: Now) -> Option<Instant> {
        self.refused.iter().map(|(_, until)| *until).filter(|until| *until > now.mono).min()
    }

    pub(crate) fn take_timers(&mut self) -> impl Iterator<Item = TimerId> + use<> {
        let all = [&mut self.max_wait, &mut self.announce, &mut self.ask];
        let more = [&mut self.step_over, &mut self.keep_over, &mut self.ring_more];
        let timers = [all.map(Option::take), more.map(Option::take)];
        timers.into_iter().flatten().flatten()
    }
}
