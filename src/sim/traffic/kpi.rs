//! The figures that are printed: each by the formula of room `report`.

use super::estimate::Estimate;
use super::tally::{Slot, Tally};
use core::time::Duration;
use model::{ServiceLevel, Treatment};

/// In what a figure is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// A number of contacts or people.
    Count,
    Seconds,
    /// From 0 to 1.
    Share,
}

/// What one figure is made of.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub days: u32,
    /// Of the interval, on one day; for the whole, of the day.
    pub length: Duration,
    pub level: ServiceLevel,
}

/// A figure of one queue over one stretch of time.
#[derive(Clone, Copy)]
pub struct Kpi {
    /// The key in JSON.
    pub name: &'static str,
    pub unit: Unit,
    pub formula: &'static str,
    /// `None` where there is nothing to divide by.
    pub of: fn(&Slot, &Span) -> Option<f64>,
}

const fn kpi(name: &'static str, unit: Unit, formula: &'static str, of: fn(&Slot, &Span) -> Option<f64>) -> Kpi {
    Kpi { name, unit, formula, of }
}

const fn level(name: &'static str, formula: &'static str, of: fn(&Slot, &Span) -> Option<f64>) -> Kpi {
    kpi(name, Unit::Share, formula, of)
}

fn a_day(count: u64, span: &Span) -> Option<f64> {
    Some(count as f64 / f64::from(span.days.max(1)))
}

fn seconds(duration: Option<Duration>) -> Option<f64> {
    duration.map(|d| d.as_secs_f64())
}

/// Every figure, in the order they are printed.
pub const KPIS: &[Kpi] = &[
    kpi("offered", Unit::Count, "O: callers who entered the queue, a day; not again who is called back", |s, p| {
        a_day(s.figures.counts.offered, p)
    }),
    kpi("answered", Unit::Count, "A, a day", |s, p| a_day(s.figures.counts.answered, p)),
    kpi("abandoned", Unit::Count, "B, a day", |s, p| a_day(s.figures.counts.abandoned, p)),
    kpi("flowed_out", Unit::Count, "F, a day", |s, p| a_day(s.figures.counts.flowed_out, p)),
    kpi("waiting_at_end", Unit::Count, "still waiting when the run ended, a day", |s, p| {
        a_day(s.figures.counts.waiting, p)
    }),
    kpi("handled", Unit::Count, "H: answered or called back, and wrapped up, a day", |s, p| {
        a_day(s.figures.counts.handled, p)
    }),
    kpi("service_level", Unit::Share, "by the queue's treatment, one of the next eight", |s, p| {
        s.figures.service_level(p.level.treatment)
    }),
    level("sl_handled", "A≤T ÷ A", |s, _| s.figures.service_level(Treatment::Handled)),
    level("sl_ignore", "A≤T ÷ (O − B≤T)", |s, _| s.figures.service_level(Treatment::Ignore)),
    level("sl_negative", "A≤T ÷ O", |s, _| s.figures.service_level(Treatment::Negative)),
    level("sl_positive", "(A≤T + B≤T) ÷ O", |s, _| s.figures.service_level(Treatment::Positive)),
    level("sl_short", "A≤T ÷ (O − B≤S)", |s, _| s.figures.service_level(Treatment::Short)),
    level("sl_late", "A≤T ÷ (A + B>T)", |s, _| s.figures.service_level(Treatment::Late)),
    level("sl_genesys", "(A − A>T) ÷ (A + B)", |s, _| s.figures.service_level(Treatment::Genesys)),
    level(
        "sl_event",
        "E_A ÷ E: the first of answer, hang-up, a phone that rang out, T passed was the answer",
        |s, _| s.figures.service_level(Treatment::Event),
    ),
    kpi("abandonment", Unit::Share, "B ÷ O", |s, _| s.figures.abandonment()),
    kpi("abandonment_net", Unit::Share, "(B − B≤S) ÷ (O − B≤S)", |s, _| s.figures.abandonment_net()),
    kpi("asa_seconds", Unit::Seconds, "Σ wait of answered ÷ A, ring time included", |s, _| seconds(s.figures.asa())),
    kpi("ata_seconds", Unit::Seconds, "Σ wait of abandoned ÷ B", |s, _| seconds(s.figures.ata())),
    kpi("longest_wait_seconds", Unit::Seconds, "longest wait of who entered", |s, _| {
        (s.figures.counts.offered > 0).then_some(s.figures.wait_longest.as_secs_f64())
    }),
    kpi("att_seconds", Unit::Seconds, "Σ talk ÷ H, hold excluded", |s, _| seconds(s.figures.att())),
    kpi("acw_seconds", Unit::Seconds, "Σ wrap-up ÷ H", |s, _| {
        seconds(report::average(s.figures.work.wrapped, s.figures.counts.handled))
    }),
    kpi("aht_seconds", Unit::Seconds, "Σ (talk + hold + wrap-up) ÷ H", |s, _| seconds(s.figures.aht())),
    kpi("rona_rate", Unit::Share, "offers that rang out ÷ offers", |s, _| report::ratio(s.missed, s.offers)),
    kpi("declined_rate", Unit::Share, "offers refused by hand ÷ offers", |s, _| report::ratio(s.declined, s.offers)),
    kpi("occupancy", Unit::Share, "(busy + ringing + wrap-up) ÷ (the same + ready), of the queue's agents", |s, _| {
        s.staff.occupancy()
    }),
    kpi(
        "utilisation",
        Unit::Share,
        "(busy + wrap-up, also out of the shift) ÷ shifts with breaks: what is paid",
        |s, _| report::share(s.staff.busy + s.staff.wrap_up, s.kept.scheduled),
    ),
    kpi(
        "shrinkage",
        Unit::Share,
        "(shifts with breaks − (ready + ringing + busy + wrap-up)) ÷ shifts with breaks, at least 0",
        |s, _| {
            let available = s.staff.signed_on() - s.staff.not_ready;
            report::share(s.kept.scheduled.saturating_sub(available), s.kept.scheduled)
        },
    ),
    kpi(
        "adherence",
        Unit::Share,
        "(ready, ringing, busy, wrap-up in the shift + not ready in a break) ÷ shifts with breaks, of the queue's agents",
        |s, _| report::share(s.kept.adherent, s.kept.scheduled),
    ),
    kpi(
        "conformance",
        Unit::Share,
        "(ready + ringing + busy + wrap-up, also out of the shift) ÷ shifts without breaks",
        |s, _| report::share(s.staff.signed_on() - s.staff.not_ready, s.kept.work),
    ),
    kpi("callbacks", Unit::Count, "promised to be called back, a day", |s, p| a_day(s.promised, p)),
    kpi("callbacks_reached", Unit::Share, "reached ÷ promised", |s, _| report::ratio(s.reached, s.promised)),
    kpi("time_to_callback_seconds", Unit::Seconds, "Σ (answer − promise) ÷ reached", |s, _| {
        seconds(report::average(s.to_callback, s.reached))
    }),
    kpi("time_to_talk_seconds", Unit::Seconds, "Σ (connect − promise) ÷ called back and talked with", |s, _| {
        seconds(s.figures.time_to_talk())
    }),
    kpi(
        "wait_coverage",
        Unit::Share,
        "waits ≤ the bound foretold on entry, which 90 % should keep (Kaplan–Meier: who gave up before it is not left out)",
        |s, _| s.foretold.coverage(),
    ),
    kpi(
        "wait_error_seconds",
        Unit::Seconds,
        "mean of wait − Σ_{k=0..q} 1/(nμ + kθ) foretold on entry: q ahead, n at work, 1/μ mean handling, θ give up",
        |s, _| s.foretold.mean_error(),
    ),
    kpi(
        "in_queue",
        Unit::Count,
        "contacts in the queue, who is called back too, mean over time; of a day, over its 24 hours",
        |s, p| over_time(s.in_queue, p),
    ),
    kpi("agents", Unit::Count, "agents of the queue signed on, mean over time; of a day, over its 24 hours", |s, p| {
        over_time(s.staff.signed_on(), p)
    }),
];

fn over_time(total: Duration, span: &Span) -> Option<f64> {
    let whole = span.length.as_secs_f64() * f64::from(span.days);
    (whole > 0.0).then(|| total.as_secs_f64() / whole)
}

/// 95 % is the trade's habit.
pub const CONFIDENCE: f64 = 0.95;

/// Where a figure is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct At {
    pub queue: usize,
    /// `None`: the whole day.
    pub interval: Option<usize>,
}

impl At {
    fn slot(self, tally: &Tally) -> Option<&Slot> {
        let queue = tally.queues.get(self.queue)?;
        match self.interval {
            Some(interval) => queue.intervals.get(interval),
            None => Some(&queue.whole),
        }
    }

    /// Over all runs.
    pub fn estimate(self, kpi: &Kpi, span: &Span, runs: &[Tally]) -> Option<Estimate> {
        let values = runs.iter().filter_map(|run| (kpi.of)(self.slot(run)?, span));
        Estimate::of(values, CONFIDENCE)
    }

    /// The other's figure less the first's, run by run: both met the same callers. `other`: the queue's place there.
    pub fn difference(self, kpi: &Kpi, other: usize, spans: [&Span; 2], runs: [&[Tally]; 2]) -> Option<Estimate> {
        let there = At { queue: other, ..self };
        let pairs = runs[0].iter().zip(runs[1]);
        let values = pairs.filter_map(|(one, other)| {
            Some((kpi.of)(there.slot(other)?, spans[1])? - (kpi.of)(self.slot(one)?, spans[0])?)
        });
        Estimate::of(values, CONFIDENCE)
    }
}
