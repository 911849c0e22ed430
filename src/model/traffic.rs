//! What a day looks like that is simulated: who calls, who is there, how people behave.

use crate::{AgentId, TrunkId, Weekday};
use base::Rng;
use core::time::Duration;
use std::sync::Arc;

/// How long something lasts.
#[derive(Clone, PartialEq, Debug)]
pub enum Spread {
    Exactly(Duration),
    Exponential {
        mean: Duration,
    },
    /// What talks, wrap-up and the time people take are like.
    Lognormal {
        mean: Duration,
        /// Standard deviation of the times themselves, not of their logarithms.
        deviation: Duration,
    },
    /// One of these, each as likely as the others.
    Observed(Arc<[Duration]>),
}

impl Spread {
    pub const ZERO: Spread = Spread::Exactly(Duration::ZERO);

    /// Draws once or, for a fixed length, not at all.
    pub fn draw(&self, rng: &mut Rng) -> Duration {
        match self {
            Spread::Exactly(length) => *length,
            Spread::Exponential { mean } => seconds(rng.exponential(mean.as_secs_f64())),
            Spread::Lognormal { mean, deviation } => {
                let (mean, deviation) = (mean.as_secs_f64(), deviation.as_secs_f64());
                if mean <= 0.0 {
                    return Duration::ZERO;
                }
                let square = (1.0 + (deviation / mean).powi(2)).ln();
                seconds((mean.ln() - square / 2.0 + square.sqrt() * rng.normal()).exp())
            }
            Spread::Observed(values) => rng.pick(values).copied().unwrap_or_default(),
        }
    }

    pub fn mean(&self) -> Duration {
        match self {
            Spread::Exactly(length) => *length,
            Spread::Exponential { mean } | Spread::Lognormal { mean, .. } => *mean,
            Spread::Observed(values) => {
                let sum: f64 = values.iter().map(Duration::as_secs_f64).sum();
                seconds(sum / values.len().max(1) as f64)
            }
        }
    }
}

/// Nanoseconds are the clock's grain; what is longer than the longest `Duration` does not happen.
fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

/// On which days of the week something happens, Monday first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Weekdays(pub [bool; 7]);

impl Weekdays {
    pub const ALL: Weekdays = Weekdays([true; 7]);

    /// Whether it happens so many days after a day of this name.
    pub fn has(self, first: Weekday, after: usize) -> bool {
        self.0[(first as usize + after) % self.0.len()]
    }

    /// Whether some day has both.
    pub fn meet(self, other: Weekdays) -> bool {
        self.0.iter().zip(other.0).any(|(own, other)| *own && other)
    }
}

/// A kind of caller and when he comes.
#[derive(Clone, PartialEq, Debug)]
pub struct Stream {
    pub trunk: TrunkId,
    pub days: Weekdays,
    /// What they dial, each with its share of the whole.
    pub numbers: Vec<(Arc<str>, f64)>,
    /// Expected calls of each interval of the day, from midnight; times are Poisson.
    pub calls: Vec<f64>,
    pub talk: Spread,
    pub wrap_up: Spread,
    pub patience: Option<Spread>,
    pub habits: Vec<Habit>,
    /// From how many people they are; each has one number.
    pub people: u32,
    /// How these numbers begin; nine digits follow.
    pub prefix: Arc<str>,
}

/// Keys that some callers press while they wait.
#[derive(Clone, PartialEq, Debug)]
pub struct Habit {
    /// One a second: a key of the queue, then what it asks for.
    pub keys: Arc<str>,
    /// Since the call came.
    pub after: Duration,
    /// Of the callers.
    pub share: f64,
}

/// Who calls on a day.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Demand {
    pub streams: Vec<Stream>,
    pub past: Vec<PastCall>,
    /// Days from the first to the last of these; afterwards they come again.
    pub past_days: u32,
}

/// Somebody who once called and calls again; lengths that are not known are drawn.
#[derive(Clone, PartialEq, Debug)]
pub struct PastCall {
    /// Days after the first.
    pub day: u32,
    /// Since midnight.
    pub at: Duration,
    pub trunk: TrunkId,
    pub dialled: Arc<str>,
    pub number: Arc<str>,
    pub talk: Spread,
    pub wrap_up: Spread,
    pub patience: Option<Spread>,
}

/// When somebody is there; times since midnight, the same on each of its days.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shift {
    pub agent: AgentId,
    pub days: Weekdays,
    pub from: Duration,
    pub to: Duration,
    pub breaks: Vec<Break>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Break {
    pub at: Duration,
    pub lasts: Duration,
    /// The reason digit he dials.
    pub code: u8,
}

/// How agents behave.
#[derive(Clone, PartialEq, Debug)]
pub struct Manners {
    /// From the first ring to the answer.
    pub answers_after: Spread,
    /// The share of offers nobody answers.
    pub misses: f64,
    /// The share of offers that are refused by hand.
    pub declines: f64,
    /// After how long somebody says ready again whom missed offers made not ready.
    pub returns_after: Duration,
}

impl Manners {
    /// Everybody answers at once: what queueing theory assumes.
    pub fn ideal() -> Self {
        Manners { answers_after: Spread::ZERO, misses: 0.0, declines: 0.0, returns_after: Duration::from_secs(60) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(spread: &Spread) -> (f64, f64) {
        let mut rng = Rng::new(11);
        let draws: Vec<f64> = (0..200_000).map(|_| spread.draw(&mut rng).as_secs_f64()).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / draws.len() as f64;
        (mean, variance.sqrt())
    }

    #[test]
    fn draws_have_the_moments_that_were_asked_for() {
        let secs = Duration::from_secs;
        let near = |found: f64, wanted: f64| assert!((found / wanted - 1.0).abs() < 0.03, "{found} is not {wanted}");
        let (mean, deviation) = moments(&Spread::Exponential { mean: secs(180) });
        near(mean, 180.0);
        near(deviation, 180.0);
        let (mean, deviation) = moments(&Spread::Lognormal { mean: secs(240), deviation: secs(120) });
        near(mean, 240.0);
        near(deviation, 120.0);
        let (mean, _) = moments(&Spread::Observed([secs(10), secs(20), secs(60)].into()));
        near(mean, 30.0);
        assert_eq!(moments(&Spread::Exactly(secs(7))), (7.0, 0.0));
    }
}
