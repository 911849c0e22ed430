use base::{Instant, Now, Utc};
use std::time::{SystemTime, UNIX_EPOCH};

/// The one place where the process reads its clocks.
///
/// The monotonic origin lies in the past: what the house remembers of the time before its start has its instant, too.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: std::time::Instant,
}

/// A hundred days: longer than anything is remembered.
const HEAD_START_SECS: u64 = 100 * 24 * 3600;

impl Clock {
    pub fn start() -> Self {
        Clock { origin: std::time::Instant::now() }
    }

    pub fn mono(&self) -> Instant {
        let since = self.origin.elapsed();
        Instant::from_nanos(
            u64::try_from(since.as_nanos()).unwrap_or(u64::MAX).saturating_add(HEAD_START_SECS * 1_000_000_000),
        )
    }

    pub fn now(&self) -> Now {
        let utc = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_micros()).unwrap_or(i64::MAX),
        };
        Now::new(self.mono(), Utc::from_micros(utc))
    }
}
