//! The atomics of room `acd`: the real ones, or loom's when the words are model-checked.
//!
//! Everything lock-free in this room goes through here, so that the code under the model is the code that runs.

#[cfg(not(loom))]
pub(crate) use core::sync::atomic::{AtomicU64, Ordering, fence};
#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicU64, Ordering, fence};
