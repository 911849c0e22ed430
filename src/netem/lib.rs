//! Room `netem`: a dumb simulated network for tests.
//!
//! Purpose: whatever is sent over a [`Link`] arrives later, late, twice, out of order or not at all, as the link's
//! [`Conditions`] and a seed say.
//!
//! Inputs: [`Network::send`] with a payload of any type. Outputs: [`Network::poll_delivery`]; [`Network::poll_timeout`]
//! says when the next payload is due.
//!
//! Invariants: the same seed and the same sends give the same deliveries; without [`Conditions::reorder`] a link
//! delivers in the order of sending, however its delay varies; nothing is delivered before it is due.
//!
//! Deliberately absent: addresses, queues that fill up, bandwidth, any knowledge of what is carried.
//!
//! ```
//! use base::{Instant, Rng};
//! use netem::{Conditions, Link, Network};
//! use std::time::Duration;
//! let mut network = Network::new(Rng::new(1));
//! let mut link = Link::new(Conditions::lan());
//! network.send(Instant::ZERO, &mut link, "INVITE");
//! let due = network.poll_timeout().unwrap();
//! assert_eq!(network.poll_delivery(Instant::ZERO), None);
//! assert_eq!(network.poll_delivery(due), Some("INVITE"));
//! assert_eq!(network.poll_timeout(), None);
//! # assert!(due > Instant::ZERO + Duration::from_micros(100));
//! ```

mod conditions;
mod network;

pub use conditions::{Conditions, Link};
pub use network::{Counts, Network};
