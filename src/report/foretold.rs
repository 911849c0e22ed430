use crate::Coverage;
use core::time::Duration;

/// Waits are told apart by their length in steps that grow by a quarter, from the first second on; the last is open.
const STEPS: usize = 40;
const GROWTH: f64 = 1.25;

/// Of how few who stay one is taken to speak for those who left: beyond twenty one long wait would be the whole figure.
const STAY_LEAST: f64 = 0.05;

/// How good the waits foretold at a queue were: the share that keep their bound, and by how much the mean was missed.
///
/// Whoever is served waited less long than who gave up would have: over the served alone a right forecast looks too long.
/// So each of them counts for those like him who left: by one over the share of callers who stay as long as he waited
/// (Robins and Rotnitzky 1992, inverse probability of censoring), which is estimated from those who left.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Foretold {
    coverage: Coverage,
    steps: Steps,
}

#[derive(Clone, Copy, PartialEq, Debug)]
struct Steps([Step; STEPS]);

#[derive(Clone, Copy, PartialEq, Debug, Default)]
struct Step {
    served: u32,
    left: u32,
    /// Waited less foretold, of the served together.
    error_secs: f64,
}

impl Default for Steps {
    fn default() -> Self {
        Steps([Step::default(); STEPS])
    }
}

impl Foretold {
    pub fn add(&mut self, expected: Duration, bound: Duration, waited: Duration, served: bool) {
        self.coverage.add(waited, bound, served);
        let seconds = waited.as_secs_f64();
        let step = if seconds < 1.0 { 0 } else { 1 + (seconds.ln() / GROWTH.ln()) as usize };
        let step = &mut self.steps.0[step.min(STEPS - 1)];
        if served {
            step.served += 1;
            step.error_secs += seconds - expected.as_secs_f64();
        } else {
            step.left += 1;
        }
    }

    /// The share of waits that keep their bound; `None` as long as none has ended.
    pub fn coverage(&self) -> Option<f64> {
        self.coverage.share()
    }

    /// Seconds waited less seconds foretold, the mean over all who waited; `None` as long as nobody was served.
    pub fn mean_error(&self) -> Option<f64> {
        let mut waiting: f64 = self.steps.0.iter().map(|step| f64::from(step.served + step.left)).sum();
        let (mut stay, mut errors, mut all) = (1.0, 0.0, 0.0);
        for Step { served, left, error_secs } in &self.steps.0 {
            let (served, left) = (f64::from(*served), f64::from(*left));
            // Who was served in a step was, on the average, there for half of it.
            let there = waiting - served / 2.0;
            let after = if there > 0.0 { stay * (1.0 - left / there).max(0.0) } else { stay };
            let weight = 1.0 / ((stay + after) / 2.0).max(STAY_LEAST);
            errors += error_secs * weight;
            all += served * weight;
            stay = after;
            waiting -= served + left;
        }
        (all > 0.0).then_some(errors / all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Rng;

    fn secs(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    /// Exponential waits of a minute, callers who give up after two on the average, and forecasts that are `too_long`.
    fn seen(too_long: f64) -> (Foretold, f64) {
        let mut rng = Rng::new(24);
        let mut foretold = Foretold::default();
        let (mut plain, mut served) = (0.0, 0.0);
        for _ in 0..200_000 {
            let (wait, patience) = (rng.exponential(60.0), rng.exponential(120.0));
            let (waited, stays) = (wait.min(patience), wait <= patience);
            foretold.add(secs(60.0 + too_long), secs(140.0), secs(waited), stays);
            if stays {
                plain += waited - 60.0 - too_long;
                served += 1.0;
            }
        }
        (foretold, plain / served)
    }

    #[test]
    fn who_gives_up_does_not_make_a_right_forecast_look_too_long() {
        let (foretold, plain) = seen(0.0);
        let error = foretold.mean_error().expect("waits");
        assert!(error.abs() < 2.0, "{error}");
        assert!(plain < -15.0, "the plain mean: {plain}");
    }

    #[test]
    fn a_wrong_forecast_is_seen_as_wrong_as_it_is() {
        let error = seen(30.0).0.mean_error().expect("waits");
        assert!((error + 30.0).abs() < 2.0, "{error}");
    }

    #[test]
    fn where_nobody_is_served_nothing_is_known() {
        let mut foretold = Foretold::default();
        assert_eq!((foretold.mean_error(), foretold.coverage()), (None, None));
        foretold.add(secs(10.0), secs(20.0), secs(5.0), false);
        assert_eq!(foretold.mean_error(), None);
        foretold.add(secs(10.0), secs(20.0), secs(5.0), true);
        assert!(foretold.mean_error().is_some_and(|error| (error + 5.0).abs() < 1e-9));
    }
}
