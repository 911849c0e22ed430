//! What a rehearsal adds up to: the figures of room `report`, by queue and interval of the day.

use super::duty::{Duties, Kept};
use super::rehearsal::Scene;
use base::{Instant, Now, Utc};
use core::time::Duration;
use model::{AgentState, CallbackStep, Directory, Fact, OfferOutcome, Promise, QueueId, Stamped};
use report::{AgentFigures, AgentSpan, Entry, Foretold, Ledger, QueueFigures, VisitEnd};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One queue in one interval, all days of a run together.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Slot {
    pub figures: QueueFigures,
    pub offers: u64,
    pub missed: u64,
    pub declined: u64,
    /// Contacts in the queue, integrated over time.
    pub in_queue: Duration,
    /// How good the waits foretold were.
    pub foretold: Foretold,
    /// The time of the agents who serve the queue.
    pub staff: AgentFigures,
    /// What the schedule asked of them.
    pub kept: Kept,
    /// Promises of callbacks, where they were given.
    pub promised: u64,
    pub reached: u64,
    /// From the promise to the answer.
    pub to_callback: Duration,
}

#[derive(Clone, PartialEq, Debug, Default)]
pub struct QueueTally {
    pub whole: Slot,
    pub intervals: Vec<Slot>,
}

/// The result of one run.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Tally {
    /// In the order of the directory.
    pub queues: Vec<QueueTally>,
    /// Calls that never became contacts, by cause.
    pub refused: BTreeMap<&'static str, u64>,
    pub callers: u64,
    /// Contacts that were still waiting at the end.
    pub left_over: u64,
    pub facts: u64,
}

/// Counts while a rehearsal runs.
pub struct Counting {
    directory: Arc<Directory>,
    grid: Grid,
    ledger: Ledger,
    tally: Tally,
    /// How many are in a queue, and since when.
    lines: Vec<(u32, Instant, Utc)>,
    duties: Duties,
}

impl Counting {
    pub fn new(scene: &Scene) -> Self {
        let queues = scene.directory.queues.len();
        let intervals = 86_400u64.div_ceil(scene.interval.as_secs().max(1)) as usize;
        let queue = QueueTally { whole: Slot::default(), intervals: vec![Slot::default(); intervals] };
        let mut counting = Counting {
            directory: Arc::clone(&scene.directory),
            grid: Grid { begins: scene.begins, midnights: scene.midnights.clone(), interval: scene.interval },
            ledger: Ledger::wordless(),
            tally: Tally { queues: vec![queue; queues], ..Tally::default() },
            lines: vec![(0, Instant::ZERO, scene.begins); queues],
            duties: Duties::new(scene.directory.agents.len(), &scene.shifts, scene.weekday, &scene.midnights),
        };
        counting.schedule();
        counting
    }

    /// What was planned is known before anybody comes.
    fn schedule(&mut self) {
        let queues = &mut self.tally.queues;
        for (agent, duty) in self.duties.all() {
            self.grid.cut(self.grid.begins + duty.from, duty.to - duty.from, |slot, part| {
                for queue in &self.directory.agent(agent).queues {
                    queues[queue.index()].over_time(slot, |slot| {
                        slot.kept.scheduled += part;
                        slot.kept.work += if duty.works { part } else { Duration::ZERO };
                    });
                }
            });
        }
    }

    pub fn handle_fact(&mut self, stamped: &Stamped) {
        let Stamped { at, fact } = stamped;
        self.tally.facts += 1;
        match fact {
            Fact::Queued { queue, .. } => self.line(*at, *queue, 1),
            Fact::Connected { queue, .. } | Fact::Abandoned { queue, .. } | Fact::FlowedOut { queue, .. } => {
                self.line(*at, *queue, -1);
            }
            Fact::OfferEnded { queue, outcome, .. } => self.offer_ended(at.utc, *queue, *outcome),
            Fact::WaitForetold { queue, expected, bound, waited, served } => {
                // It counts where the wait began.
                let micros = i64::try_from(waited.as_micros()).unwrap_or(i64::MAX);
                let slot = self.grid.slot(Utc::from_micros(at.utc.as_micros().saturating_sub(micros)));
                let tally = &mut self.tally.queues[queue.index()];
                for slot in tally.both(slot) {
                    slot.foretold.add(*expected, *bound, *waited, *served);
                }
            }
            Fact::Callback { step, promise, .. } => self.promise(at.utc, *step, promise),
            Fact::Refused { cause, .. } => *self.tally.refused.entry(cause.kind.word()).or_default() += 1,
            _ => {}
        }
        self.ledger.handle_fact(stamped, &self.directory);
        while self.ledger.poll_open().is_some() {}
        if self.ledger.poll_timeout().is_some_and(|due| due <= at.mono) {
            self.ledger.handle_timeout(at.mono);
        }
        self.collect();
    }

    /// The day is over.
    pub fn finish(mut self, now: Now, callers: usize) -> Tally {
        let waiting: Vec<_> = self.ledger.waiting().collect();
        for (queue, since) in waiting {
            self.tally.left_over += 1;
            let slot = self.grid.slot(since.utc);
            let level = self.directory.queue(queue).service_level;
            let tally = &mut self.tally.queues[queue.index()];
            for slot in tally.both(slot) {
                slot.figures.add_waiting(now.mono - since.mono, &level);
            }
        }
        for queue in 0..self.lines.len() {
            self.line(now, QueueId(queue as u32), 0);
        }
        self.ledger.cut_spans(now);
        self.collect();
        self.tally.callers = callers as u64;
        self.tally
    }

    fn collect(&mut self) {
        while let Some(entry) = self.ledger.poll_entry() {
            match entry {
                Entry::Visit(visit) => {
                    let level = self.directory.queue(visit.queue).service_level;
                    let slot = self.grid.slot(visit.entered);
                    let tally = &mut self.tally.queues[visit.queue.index()];
                    for slot in tally.both(slot) {
                        match visit.end {
                            // It came before, when it was answered.
                            VisitEnd::Answered { work: Some(work) } => slot.figures.handled(&work),
                            _ => slot.figures.add(&visit.stay(), &level),
                        }
                    }
                }
                Entry::Span(span) => self.spent(&span),
                Entry::Talk(_) | Entry::Record(_) => {}
            }
        }
    }

    fn offer_ended(&mut self, at: Utc, queue: QueueId, outcome: OfferOutcome) {
        let slot = self.grid.slot(at);
        let tally = &mut self.tally.queues[queue.index()];
        for slot in tally.both(slot) {
            slot.offers += 1;
            slot.missed += u64::from(outcome == OfferOutcome::Missed);
            slot.declined += u64::from(matches!(outcome, OfferOutcome::Rejected(_)));
        }
    }

    fn promise(&mut self, at: Utc, step: CallbackStep, promise: &Promise) {
        let took = at.as_micros().saturating_sub(promise.arranged.as_micros());
        let took = Duration::from_micros(u64::try_from(took).unwrap_or_default());
        let slot = self.grid.slot(promise.arranged);
        for slot in self.tally.queues[promise.queue.index()].both(slot) {
            slot.promised += u64::from(step == CallbackStep::Arranged);
            if step == CallbackStep::Reached {
                slot.reached += 1;
                slot.to_callback += took;
            }
        }
    }

    fn line(&mut self, at: Now, queue: QueueId, change: i32) {
        let (waiting, since, since_utc) = self.lines[queue.index()];
        self.lines[queue.index()] = (waiting.saturating_add_signed(change), at.mono, at.utc);
        if waiting == 0 {
            return;
        }
        let lasted = at.mono - since;
        let tally = &mut self.tally.queues[queue.index()];
        self.grid.cut(since_utc, lasted, |slot, part| tally.over_time(slot, |slot| slot.in_queue += part * waiting));
    }

    fn spent(&mut self, span: &AgentSpan) {
        if span.state == AgentState::SignedOff {
            return;
        }
        let Some(agent) = self.directory.agents.get(span.agent.index()) else { return };
        let queues = &mut self.tally.queues;
        self.grid.cut(span.from, span.lasted, |slot, part| {
            for queue in &agent.queues {
                queues[queue.index()].over_time(slot, |slot| slot.staff.add(span.state, part));
            }
        });
        let (since, _) = self.grid.since(span.from);
        for (from, lasted) in self.duties.adherent(span.agent, span.state, since, span.lasted) {
            self.grid.cut(self.grid.begins + from, lasted, |slot, part| {
                for queue in &agent.queues {
                    queues[queue.index()].over_time(slot, |slot| slot.kept.adherent += part);
                }
            });
        }
    }
}

/// Days cut into intervals.
#[derive(Debug)]
struct Grid {
    begins: Utc,
    midnights: Vec<Duration>,
    interval: Duration,
}

impl Grid {
    /// Since the beginning of the first day, and the midnight before.
    fn since(&self, at: Utc) -> (Duration, Duration) {
        let micros = at.as_micros().saturating_sub(self.begins.as_micros());
        let since = Duration::from_micros(u64::try_from(micros).unwrap_or_default());
        let midnight = self.midnights.iter().rev().find(|midnight| **midnight <= since);
        (since, midnight.copied().unwrap_or_default())
    }

    /// The interval of the day, counted from that day's midnight.
    fn slot(&self, at: Utc) -> usize {
        let (since, midnight) = self.since(at);
        ((since - midnight).as_nanos() / self.interval.as_nanos().max(1)) as usize
    }

    /// A stretch of time, cut at the borders of intervals.
    fn cut(&self, from: Utc, lasted: Duration, mut part: impl FnMut(usize, Duration)) {
        let (mut at, mut rest) = (from, lasted);
        while rest > Duration::ZERO {
            let (since, midnight) = self.since(at);
            let slot = ((since - midnight).as_nanos() / self.interval.as_nanos().max(1)) as usize;
            let border = midnight + self.interval * (slot as u32 + 1);
            let next_day = self.midnights.iter().find(|midnight| **midnight > since);
            let length = rest.min(next_day.map_or(border, |next| border.min(*next)) - since);
            part(slot, length);
            // The civil clock counts microseconds: less than one more would stand still.
            at = at + length.max(Duration::from_micros(1));
            rest -= length;
        }
    }
}

impl QueueTally {
    /// The whole and one interval of it.
    fn both(&mut self, slot: usize) -> impl Iterator<Item = &mut Slot> {
        [Some(&mut self.whole), self.intervals.get_mut(slot)].into_iter().flatten()
    }

    /// A stretch of time counts in its interval and in the whole; what comes after the last midnight, while the last
    /// callers are served, is of no day.
    fn over_time(&mut self, slot: usize, mut add: impl FnMut(&mut Slot)) {
        if let Some(interval) = self.intervals.get_mut(slot) {
            add(interval);
            add(&mut self.whole);
        }
    }
}
