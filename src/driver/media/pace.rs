#![allow(unsafe_code)] // prctl

use base::Instant;
use std::time::Duration;

/// How long a media thread lets packets gather before it takes them together.
///
/// A wake costs about as much as half a packet. With few packets each is worth its own; with many they wait for each
/// other, at most a millisecond, and a thread that is never done waits for nothing.
#[derive(Debug)]
pub(super) struct Pace {
    window: Instant,
    packets: u64,
    /// Packets a second in the last window.
    rate: u64,
}

const WINDOW: Duration = Duration::from_millis(50);

/// Fifty calls: below it a thread sleeps most of the time anyway.
const BRISK: u64 = 5_000;
const BRISK_WAIT: Duration = Duration::from_micros(150);

/// Three hundred calls: in a millisecond thirty packets gather.
const BUSY: u64 = 30_000;
const BUSY_WAIT: Duration = Duration::from_millis(1);

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Pace { window: now, packets: 0, rate: 0 }
    }

    /// Packets that came in during a turn.
    pub(super) fn note(&mut self, now: Instant, packets: u64) {
        self.packets += packets;
        let passed = now - self.window;
        if passed >= WINDOW {
            self.rate = self.packets * 1_000_000 / (passed.as_micros() as u64).max(1);
            self.packets = 0;
            self.window = now;
        }
    }

    /// How long the next packets may gather, after a turn that began at `began`.
    pub(super) fn gather(&self, began: Instant, now: Instant) -> Option<Duration> {
        let length = match self.rate {
            BUSY.. => BUSY_WAIT,
            BRISK.. => BRISK_WAIT,
            _ => return None,
        };
        length.checked_sub(now - began).filter(|rest| !rest.is_zero())
    }
}

/// Lets this thread wake when it asked to: by default the kernel rounds short sleeps up by 50 µs.
pub(super) fn sharpen_timers() {
    const SLACK_NANOS: libc::c_ulong = 1_000;
    // SAFETY: changes a number of this thread and takes no pointer; a refusal leaves the default.
    unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, SLACK_NANOS) };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gather_at(packets_a_second: u64) -> Option<Duration> {
        let mut now = Instant::from_millis(5);
        let mut pace = Pace::new(now);
        for _ in 0..200 {
            now += Duration::from_millis(1);
            pace.note(now, packets_a_second / 1000);
        }
        pace.gather(now, now)
    }

    #[test]
    fn only_a_busy_thread_lets_packets_gather() {
        assert_eq!(gather_at(1_000), None);
        assert_eq!(gather_at(10_000), Some(BRISK_WAIT));
        assert_eq!(gather_at(150_000), Some(BUSY_WAIT));
    }

    #[test]
    fn work_already_done_counts_as_waiting() {
        let mut pace = Pace::new(Instant::ZERO);
        pace.note(Instant::from_millis(100), 100_000);
        let began = Instant::from_millis(100);
        assert_eq!(pace.gather(began, began + Duration::from_micros(400)), Some(Duration::from_micros(600)));
        assert_eq!(pace.gather(began, began + Duration::from_millis(2)), None);
    }

    #[test]
    fn a_lull_ends_the_waiting() {
        let mut pace = Pace::new(Instant::ZERO);
        pace.note(Instant::from_millis(100), 100_000);
        pace.note(Instant::from_millis(300), 1);
        assert_eq!(pace.gather(Instant::ZERO, Instant::ZERO), None);
    }
}
