//! Traffic: the shipped engine with [`SimpleLeg`]s, callers and agents that follow chance, and what becomes of them.
//!
//! A [`Scene`] says who calls ([`model::Demand`]), who is there ([`model::Shift`]) and how people behave
//! ([`model::Manners`]); a [`Rehearsal`] plays one seed of it and hands out every fact, and [`Counting`] makes the
//! figures of room `report` of them. No SIP, SDP or RTP: prompts are over at once.

mod demand;
mod duty;
mod estimate;
#[cfg(test)]
mod foretell_tests;
mod house;
#[cfg(test)]
mod keys_tests;
mod kpi;
#[cfg(test)]
mod people_tests;
mod rehearsal;
mod roster;
#[cfg(test)]
mod sip_tests;
mod staff;
mod tally;
#[cfg(test)]
mod theory_tests;

pub use demand::{Caller, callers};
pub use duty::Kept;
pub use estimate::{Estimate, differing, student_quantile};
pub use house::{Deed, News, Ring, SimpleHouse, SimpleLeg};
pub use kpi::{At, CONFIDENCE, KPIS, Kpi, Span, Unit};
pub use rehearsal::{Rehearsal, Scene};
pub use roster::{Wish, wishes};
pub use tally::{Counting, QueueTally, Slot, Tally};
