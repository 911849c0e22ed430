use base::Instant;
use std::time::Duration;

/// How long a thread lets arrivals gather before it takes them together.
///
/// A wake costs a good part of what one arrival does. With few arrivals each is worth its own; with many they wait for
/// each other, and a thread that is never done waits for nothing.
#[derive(Debug)]
pub(crate) struct Pace {
    steps: &'static [Step],
    window: Instant,
    arrivals: u64,
    /// Arrivals a second in the last window.
    rate: u64,
}

/// From this many arrivals a second on, turns begin so far apart.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) rate: u64,
    pub(crate) wait: Duration,
}

const WINDOW: Duration = Duration::from_millis(50);

impl Pace {
    /// `steps` from the highest rate down.
    pub(crate) fn new(steps: &'static [Step], now: Instant) -> Self {
        Pace { steps, window: now, arrivals: 0, rate: 0 }
    }

    /// What came in during a turn.
    pub(crate) fn note(&mut self, now: Instant, arrivals: u64) {
        self.arrivals += arrivals;
        let passed = now - self.window;
        if passed >= WINDOW {
            self.rate = self.arrivals * 1_000_000 / (passed.as_micros() as u64).max(1);
            self.arrivals = 0;
            self.window = now;
        }
    }

    /// How long the next arrivals may gather, after a turn that began at `began`.
    pub(crate) fn gather(&self, began: Instant, now: Instant) -> Option<Duration> {
        let step = self.steps.iter().find(|step| step.rate <= self.rate)?;
        step.wait.checked_sub(now - began).filter(|rest| !rest.is_zero())
    }
}

/// Lets this thread wake when it asked to: by default the kernel rounds short sleeps up by 50 µs.
pub(crate) fn sharpen_timers() {
    const SLACK_NANOS: libc::c_ulong = 1_000;
    // SAFETY: changes a number of this thread and takes no pointer; a refusal leaves the default.
    unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, SLACK_NANOS) };
}

#[cfg(test)]
mod tests {
    use super::*;

    const LITTLE: Duration = Duration::from_micros(150);
    const MUCH: Duration = Duration::from_millis(1);
    const STEPS: &[Step] = &[Step { rate: 30_000, wait: MUCH }, Step { rate: 5_000, wait: LITTLE }];

    fn gather_at(arrivals_a_second: u64) -> Option<Duration> {
        let mut now = Instant::from_millis(5);
        let mut pace = Pace::new(STEPS, now);
        for _ in 0..200 {
            now += Duration::from_millis(1);
            pace.note(now, arrivals_a_second / 1000);
        }
        pace.gather(now, now)
    }

    #[test]
    fn only_a_busy_thread_lets_packets_gather() {
        assert_eq!(gather_at(1_000), None);
        assert_eq!(gather_at(10_000), Some(LITTLE));
        assert_eq!(gather_at(150_000), Some(MUCH));
    }

    #[test]
    fn work_already_done_counts_as_waiting() {
        let mut pace = Pace::new(STEPS, Instant::ZERO);
        pace.note(Instant::from_millis(100), 100_000);
        let began = Instant::from_millis(100);
        assert_eq!(pace.gather(began, began + Duration::from_micros(400)), Some(Duration::from_micros(600)));
        assert_eq!(pace.gather(began, began + Duration::from_millis(2)), None);
    }

    #[test]
    fn a_lull_ends_the_waiting() {
        let mut pace = Pace::new(STEPS, Instant::ZERO);
        pace.note(Instant::from_millis(100), 100_000);
        pace.note(Instant::from_millis(300), 1);
        assert_eq!(pace.gather(Instant::ZERO, Instant::ZERO), None);
    }
}
