//! Room `base`: time, chance and containers every other room stands on.
//!
//! Purpose: an own [`Instant`] and [`Now`] so that core rooms take time as an argument, a seeded [`Rng`], a
//! generational [`Slab`], a hierarchical [`TimerWheel`] and a [`Bounded`] queue.
//!
//! Invariant: nothing here reads a clock, a file, a thread-local or entropy; the same inputs give the same outputs.
//!
//! Deliberately absent: locks, atomics, allocation strategies, logging.
//!
//! ```
//! use base::{Instant, TimerWheel};
//! use std::time::Duration;
//! let mut wheel = TimerWheel::new(Instant::ZERO);
//! wheel.insert(Instant::ZERO + Duration::from_millis(500), "timer A");
//! assert_eq!(wheel.pop_due(Instant::ZERO), None);
//! assert_eq!(wheel.pop_due(Instant::ZERO + Duration::from_secs(1)), Some("timer A"));
//! ```

mod bounded;
mod rng;
mod slab;
mod time;
mod timer_wheel;

pub use bounded::{Bounded, Full};
pub use rng::Rng;
pub use slab::{Key, Slab};
pub use time::{Instant, Now, Utc};
pub use timer_wheel::{TIMER_TICK, TimerId, TimerWheel};
