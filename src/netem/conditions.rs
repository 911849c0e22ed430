use base::Instant;
use core::time::Duration;

/// What a way through the network does to what is sent over it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Conditions {
    /// One way.
    pub delay: Duration,
    /// Up to so much more, evenly spread.
    pub jitter: Duration,
    /// The share that never arrives.
    pub loss: f64,
    /// The share that arrives twice.
    pub duplicate: f64,
    /// The share that is overtaken by what is sent up to [`Conditions::overtaken_by`] later.
    pub reorder: f64,
    pub overtaken_by: Duration,
    /// The cable is cut: nothing sent from now on arrives.
    pub cut: bool,
}

impl Conditions {
    /// Arrives at once, always.
    pub const fn perfect() -> Self {
        Conditions {
            delay: Duration::ZERO,
            jitter: Duration::ZERO,
            loss: 0.0,
            duplicate: 0.0,
            reorder: 0.0,
            overtaken_by: Duration::ZERO,
            cut: false,
        }
    }

    /// One building: half a millisecond, nothing lost.
    pub const fn lan() -> Self {
        Conditions { delay: Duration::from_micros(500), ..Conditions::perfect() }
    }

    /// A mobile network on a bad day.
    pub const fn rough() -> Self {
        Conditions {
            delay: Duration::from_millis(40),
            jitter: Duration::from_millis(30),
            loss: 0.05,
            duplicate: 0.01,
            reorder: 0.02,
            overtaken_by: Duration::from_millis(60),
            cut: false,
        }
    }

    pub const fn with_delay(self, delay: Duration) -> Self {
        Conditions { delay, ..self }
    }

    pub const fn with_loss(self, loss: f64) -> Self {
        Conditions { loss, ..self }
    }
}

/// One direction between two places.
#[derive(Clone, Debug)]
pub struct Link {
    pub conditions: Conditions,
    /// Nothing sent in order arrives before this.
    pub(crate) latest: Instant,
}

impl Link {
    pub const fn new(conditions: Conditions) -> Self {
        Link { conditions, latest: Instant::ZERO }
    }
}
