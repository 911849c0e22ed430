//! When a rush is over, the memory it took goes back to the system.

use std::time::Duration;
use tokio::time::Instant;

/// Below so many calls at the height there is nothing worth giving back.
const RUSH: usize = 50;

/// The calls have ebbed for so long: the transactions of the last one have ended (RFC 6026: 32 s after it).
const SETTLED: Duration = Duration::from_secs(40);

/// Follows the number of calls from its height down.
#[derive(Debug, Default)]
pub(crate) struct Tide {
    height: usize,
    ebbed_at: Option<Instant>,
}

impl Tide {
    /// True once after each rush, when the calls have stayed below a quarter of its height for a while.
    pub(crate) fn is_over(&mut self, now: Instant, calls: usize) -> bool {
        self.height = self.height.max(calls);
        if self.height < RUSH || calls > self.height / 4 {
            self.ebbed_at = None;
            return false;
        }
        let over = now.duration_since(*self.ebbed_at.get_or_insert(now)) >= SETTLED;
        if over {
            *self = Tide::default();
        }
        over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_goes_back_once_after_each_rush() {
        let start = Instant::now();
        let at = |secs| start + Duration::from_secs(secs);
        let mut tide = Tide::default();
        assert!(!tide.is_over(at(0), 400) && !tide.is_over(at(10), 90));
        assert!(!tide.is_over(at(30), 150), "it comes back");
        assert!(!tide.is_over(at(31), 0) && !tide.is_over(at(70), 0));
        assert!(tide.is_over(at(71), 0));
        assert!(!tide.is_over(at(200), 0), "once");
        assert!(!tide.is_over(at(300), 49) && !tide.is_over(at(400), 0), "no rush");
    }
}
