use core::fmt;
use core::ops::{Add, AddAssign, Sub};
use core::time::Duration;

/// A point on the monotonic clock: nanoseconds since an origin the process chose. Orders events and sets timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(u64);

impl Instant {
    pub const ZERO: Instant = Instant(0);
    /// Later than every time that can happen; used as "no deadline" in comparisons.
    pub const FAR_FUTURE: Instant = Instant(u64::MAX);

    pub const fn from_nanos(nanos: u64) -> Self {
        Instant(nanos)
    }

    pub const fn from_millis(millis: u64) -> Self {
        Instant(millis * 1_000_000)
    }

    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000_000
    }

    /// Time since `earlier`, zero when `earlier` is later.
    pub const fn since(self, earlier: Instant) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;
    fn add(self, rhs: Duration) -> Instant {
        Instant(self.0.saturating_add(u64::try_from(rhs.as_nanos()).unwrap_or(u64::MAX)))
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, rhs: Duration) {
        *self = *self + rhs;
    }
}

impl Sub<Duration> for Instant {
    type Output = Instant;
    fn sub(self, rhs: Duration) -> Instant {
        Instant(self.0.saturating_sub(u64::try_from(rhs.as_nanos()).unwrap_or(u64::MAX)))
    }
}

impl Sub for Instant {
    type Output = Duration;
    fn sub(self, rhs: Instant) -> Duration {
        self.since(rhs)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:09}s", self.0 / 1_000_000_000, self.0 % 1_000_000_000)
    }
}

/// A point on the civil clock: microseconds since 1970-01-01T00:00:00Z. For records and calendars only.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Utc(i64);

impl Utc {
    pub const EPOCH: Utc = Utc(0);

    pub const fn from_micros(micros: i64) -> Self {
        Utc(micros)
    }

    pub const fn from_secs(secs: i64) -> Self {
        Utc(secs * 1_000_000)
    }

    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds, rounded towards the past.
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }
}

impl Add<Duration> for Utc {
    type Output = Utc;
    fn add(self, rhs: Duration) -> Utc {
        Utc(self.0.saturating_add(i64::try_from(rhs.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Utc {
    type Output = Utc;
    fn sub(self, rhs: Duration) -> Utc {
        Utc(self.0.saturating_sub(i64::try_from(rhs.as_micros()).unwrap_or(i64::MAX)))
    }
}

/// Both clocks, read once by the driver and handed inwards with every input.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Now {
    pub mono: Instant,
    pub utc: Utc,
}

impl Now {
    pub const fn new(mono: Instant, utc: Utc) -> Self {
        Now { mono, utc }
    }
}

impl Add<Duration> for Now {
    type Output = Now;
    fn add(self, rhs: Duration) -> Now {
        Now { mono: self.mono + rhs, utc: self.utc + rhs }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subtraction_never_goes_below_zero() {
        assert_eq!(Instant::from_millis(5) - Instant::from_millis(9), Duration::ZERO);
        assert_eq!(Instant::from_millis(5) - Duration::from_secs(1), Instant::ZERO);
    }

    #[test]
    fn utc_before_the_epoch_rounds_towards_the_past() {
        assert_eq!(Utc::from_micros(-1).as_secs(), -1);
    }
}
