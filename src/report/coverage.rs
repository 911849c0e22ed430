/// Steps of a tenth of the bound: finer than anybody reads a share.
const STEPS: usize = 20;

/// How many of the waits keep the bound foretold of them, honestly: a caller who hangs up before the bound would have
/// waited longer, perhaps beyond it. Leaving him out makes the bound look better than it is, for the long waits are those
/// that callers give up. So the share is estimated after Kaplan and Meier (1958), from the waits as parts of their bounds:
/// the product over the steps of the share that was not served in each, of those still waiting there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Coverage {
    served: [u64; STEPS],
    left: [u64; STEPS],
    beyond: u64,
}

impl Coverage {
    pub fn add(&mut self, waited: core::time::Duration, bound: core::time::Duration, served: bool) {
        let part = waited.as_secs_f64() / bound.as_secs_f64().max(1e-9);
        let step = (part * STEPS as f64) as usize;
        match (part <= 1.0, served) {
            (false, _) => self.beyond += 1,
            (true, true) => self.served[step.min(STEPS - 1)] += 1,
            (true, false) => self.left[step.min(STEPS - 1)] += 1,
        }
    }

    /// The share of waits that keep their bound; `None` as long as none has ended.
    pub fn share(&self) -> Option<f64> {
        let all: u64 = self.served.iter().chain(&self.left).sum::<u64>() + self.beyond;
        let (mut waiting, mut unserved) = (all as f64, 1.0);
        for (served, left) in self.served.iter().zip(&self.left) {
            // Who left in a step was, on the average, there for half of it.
            let there = waiting - *left as f64 / 2.0;
            if there > 0.0 {
                unserved *= 1.0 - *served as f64 / there;
            }
            waiting -= (served + left) as f64;
        }
        (all > 0).then_some(1.0 - unserved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Rng;
    use core::time::Duration;

    #[test]
    fn who_gives_up_early_does_not_make_the_bound_look_better() {
        let mut rng = Rng::new(24);
        let mut coverage = Coverage::default();
        let (mut kept, mut judged) = (0, 0);
        // Exponential waits of a minute keep 60 s · ln 10 nine times of ten; callers wait three minutes on the average.
        let bound = 60.0 * 10f64.ln();
        for _ in 0..200_000 {
            let (wait, patience) = (rng.exponential(60.0), rng.exponential(180.0));
            let (waited, served) = (wait.min(patience), wait <= patience);
            coverage.add(Duration::from_secs_f64(waited), Duration::from_secs_f64(bound), served);
            if served || waited > bound {
                judged += 1;
                kept += u32::from(waited <= bound);
            }
        }
        let (share, plain) = (coverage.share().expect("waits"), f64::from(kept) / f64::from(judged));
        assert!((share - 0.9).abs() < 0.01, "{share}");
        assert!(plain > 0.93, "the plain share flatters: {plain}");
    }

    #[test]
    fn without_a_wait_there_is_no_share() {
        assert_eq!(Coverage::default().share(), None);
    }
}
