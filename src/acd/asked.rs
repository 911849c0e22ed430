//! What a contact asks at an instant, as the reference sees it: its queue's steps, and its own wish.
//!
//! A step is taken at the end of the one before it, if its condition holds then. Facts do not tell in which order things
//! happened at one instant, so at the instant a step ends the contact may stand on it or on the next; and the condition
//! of the next may have been looked at before or after each fact of that instant. All of that is kept as what is
//! *possible*: nearly always one step.

use crate::reference::{Edge, Reference, Waiting};
use base::Instant;
use core::hash::{Hash, Hasher};
use model::{AgentId, AgentState, FigureRange, QueueFigure, RequirementId, Step};
use std::hash::DefaultHasher;

/// A step a contact may stand on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Possible {
    pub(crate) step: usize,
    /// `None`: the last one.
    pub(crate) ends: Option<Instant>,
}

impl Waiting {
    /// The contact on each of the steps it may stand on.
    pub(crate) fn readings(&self) -> impl Iterator<Item = Waiting> + '_ {
        self.steps.iter().map(|step| {
            let mut reading = self.clone();
            reading.steps = vec![*step];
            reading
        })
    }
}

impl Reference {
    /// Alike where every contact stands on the same steps and is kept for the same agent.
    pub(crate) fn what_is_asked(&self) -> u64 {
        let of = |w: &Waiting| {
            let mut hasher = DefaultHasher::new();
            w.steps.iter().for_each(|step| step.step.hash(&mut hasher));
            (w.contact, w.kept).hash(&mut hasher);
            hasher.finish()
        };
        // In whatever order they stand.
        self.waiting.iter().map(of).fold(0, u64::wrapping_add)
    }

    /// Steps that have ended by now give way to the next. Called before and after every fact, so that each condition is
    /// looked at with the figures its instant had.
    pub(crate) fn follow(&mut self, now: Instant) {
        if now < self.next_step {
            return;
        }
        self.next_step = Instant::FAR_FUTURE;
        for at in 0..self.waiting.len() {
            let mut possible = core::mem::take(&mut self.waiting[at].steps);
            let mut looked = 0;
            while let Some(Possible { step, ends }) = possible.get(looked).copied() {
                let Some(end) = ends.filter(|end| *end <= now) else {
                    looked += 1;
                    continue;
                };
                if end < now {
                    possible.remove(looked);
                } else {
                    looked += 1;
                }
                for next in self.steps_from(end, &self.waiting[at], step + 1) {
                    if !possible.contains(&next) {
                        possible.push(next);
                    }
                }
            }
            self.stand_on(at, possible);
        }
    }

    /// From now on this is all that can be said of the contact's step.
    pub(crate) fn stand_on(&mut self, at: usize, steps: Vec<Possible>) {
        let ends = steps.iter().filter_map(|step| step.ends).min();
        self.next_step = ends.map_or(self.next_step, |end| self.next_step.min(end));
        self.waiting[at].steps = steps;
    }

    /// Of nobody it can be said on which step he stands.
    pub(crate) fn any_step(&mut self) {
        for at in 0..self.waiting.len() {
            let steps = self.queue(self.waiting[at].queue).routing.steps.len().max(1);
            self.waiting[at].steps = (0..steps).map(|step| Possible { step, ends: None }).collect();
        }
    }

    /// The first step from this one on whose condition holds at this instant; the last in any case. Several when it
    /// cannot be said whether one holds.
    pub(crate) fn steps_from(&self, at: Instant, waiting: &Waiting, from: usize) -> Vec<Possible> {
        let steps = &self.queue(waiting.queue).routing.steps;
        let last = steps.len().saturating_sub(1);
        let mut possible = Vec::new();
        for (n, step) in steps.iter().enumerate().take(last).skip(from) {
            let holds = self.condition(at, waiting, step);
            if holds != Some(false) {
                possible.push(Possible { step: n, ends: step.lasts.map(|lasts| at + lasts) });
            }
            if holds == Some(true) {
                return possible;
            }
        }
        possible.push(Possible { step: last, ends: None });
        possible
    }

    fn condition(&self, at: Instant, waiting: &Waiting, step: &Step) -> Option<bool> {
        let holds = |range: &FigureRange| {
            let range = range.least..=range.most;
            move |figure| range.contains(&figure)
        };
        let each = |ranges: &Vec<FigureRange>| {
            let known: Vec<_> =
                ranges.iter().map(|range| self.figure(at, waiting, range.figure).map(holds(range))).collect();
            let all = known.iter().all(|one| *one == Some(true)).then_some(true);
            all.or(known.contains(&Some(false)).then_some(false))
        };
        if step.only_if.is_empty() {
            return Some(true);
        }
        let any: Vec<_> = step.only_if.iter().map(each).collect();
        let none = any.iter().all(|one| *one == Some(false)).then_some(false);
        any.contains(&Some(true)).then_some(true).or(none)
    }

    /// `None`: facts do not tell it.
    fn figure(&self, at: Instant, waiting: &Waiting, figure: QueueFigure) -> Option<u32> {
        let count = |counts: fn(AgentState) -> bool| {
            let configured = |a: &AgentId| self.agent_of(waiting.queue, *a);
            let own = |a: &AgentId| !configured(a).removed && configured(a).queues.contains(&waiting.queue);
            self.all().filter(|a| own(a) && counts(self.agents[a.index()].state)).count() as u32
        };
        let line = || self.waiting.iter().filter(|w| w.queue == waiting.queue && !w.is_aside());
        match figure {
            QueueFigure::Waiting => Some(line().count() as u32),
            QueueFigure::SignedOn => Some(count(|state| state != AgentState::SignedOff)),
            QueueFigure::Staffed => {
                Some(count(|state| !matches!(state, AgentState::SignedOff | AgentState::NotReady { .. })))
            }
            QueueFigure::Ready => {
                // With those who have joined.
                let ready = |a: &AgentId| self.serves(*a, waiting.queue) && self.is_ready(*a);
                Some(self.all().filter(ready).count() as u32)
            }
            QueueFigure::Priority => Some((self.effective(at, waiting).max(0) / 60_000) as u32),
            QueueFigure::LongestWait => {
                let came = line().map(|w| w.shown_since).min();
                Some(came.map_or(0, |came| at.since(came).as_secs() as u32))
            }
            QueueFigure::ExpectedWait
            | QueueFigure::ServiceLevel
            | QueueFigure::ReserveReady
            | QueueFigure::LenderWaiting => None,
        }
    }

    pub(crate) fn fits(&self, waiting: &Waiting, agent: AgentId, edge: Edge) -> bool {
        self.serves(agent, waiting.queue) && self.is_able(waiting, agent, edge)
    }

    /// He has what is asked, whether he serves the queue now or not.
    pub(crate) fn is_able(&self, waiting: &Waiting, agent: AgentId, edge: Edge) -> bool {
        let skills = &self.agent_of(waiting.queue, agent).skills;
        let known = |needs: RequirementId| self.rules(waiting.queue).requirements.get(needs.index());
        let fits = |step: &Possible| {
            let needs = self.needs_on(waiting, *step).into_iter().flatten();
            needs.filter_map(known).all(|asked| asked.fits(skills))
        };
        match edge {
            Edge::Either => waiting.steps.iter().any(fits),
            Edge::Both => waiting.steps.iter().all(fits),
        }
    }

    /// What the queue's step asks, and the contact itself.
    pub(crate) fn needs(&self, waiting: &Waiting) -> [Option<RequirementId>; 2] {
        self.needs_on(waiting, waiting.steps[0])
    }

    fn needs_on(&self, waiting: &Waiting, possible: Possible) -> [Option<RequirementId>; 2] {
        let step = self.queue(waiting.queue).routing.steps.get(possible.step);
        [step.and_then(|step| step.needs), waiting.wish.needs]
    }
}
