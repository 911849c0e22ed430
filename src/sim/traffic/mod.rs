//! Traffic: the shipped engine with [`SimpleLeg`]s, callers and agents that follow chance, and what becomes of them.
//!
//! A [`Scene`] says who calls ([`Demand`]), who is there ([`Shift`]) and how people behave ([`Manners`]); a
//! [`Rehearsal`] plays one seed of it and hands out every fact. No SIP, SDP or RTP: prompts are over at once.

mod chance;
mod demand;
mod estimate;
mod house;
mod rehearsal;
mod roster;
mod staff;
#[cfg(test)]
mod theory_tests;

pub use chance::Spread;
pub use demand::{Caller, Demand, PastCall, Stream};
pub use estimate::{Estimate, student_quantile};
pub use house::{Deed, News, Ring, SimpleHouse, SimpleLeg};
pub use rehearsal::{Rehearsal, Scene};
pub use roster::{Break, Shift, Wish, wishes};
pub use staff::Manners;
