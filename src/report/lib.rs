//! Room `report`: records and numbers, made from facts and from nothing else.
//!
//! Inputs: [`model::Stamped`] facts in journal order. Outputs: from the [`Ledger`] closed [`ContactRecord`]s,
//! [`QueueVisit`]s, [`Talk`]s and [`AgentSpan`]s for the store; the live [`Wallboard`]; and pure functions that turn
//! stored visits and spans into the figures of a report ([`QueueFigures`], [`AgentFigures`]) by the formulas printed
//! beside them.
//!
//! Invariants: conservation, offered = answered + abandoned + flowed out + waiting, holds at every instant: what
//! [`QueueFigures::accounted`] says is what came, counted elsewhere; an agent's spans meet without gap or overlap, so that the sum over states is
//! his signed-on time; a callback accepted is a flow-out of its contact's wait, and the stay in its customer's stead
//! ([`CalledBack`]) is in no figure of waits again, only its work and what became of the promise; nothing counts at a call's end that is known at its answer; every contact has one record.
//!
//! Deliberately absent: reading or writing a store, formatting for people, any way to influence a call.
//!
//! ```
//! use report::{Counts, service_level};
//! use model::Treatment;
//! // 70 answered in time, 10 gone in time, 20 late, of 100 offered (features: golden values, after Cisco's guide).
//! let counts = Counts { offered: 100, answered_in_target: 70, answered: 90, abandoned_in_target: 10, abandoned: 10, ..Counts::default() };
//! assert_eq!(service_level(&counts, Treatment::Negative), Some(0.70));
//! ```

mod agent_time;
mod called_back;
mod coverage;
mod figures;
mod foretold;
mod formulas;
mod handling;
mod ledger;
mod limits;
mod open;
mod read_back;
mod record;
#[cfg(test)]
mod testing;
mod visit;
mod wallboard;
mod words;

pub use agent_time::{AgentFigures, AgentSpan, AgentTimes};
pub use called_back::CalledBack;
pub use coverage::Coverage;
pub use figures::QueueFigures;
pub use foretold::Foretold;
pub use formulas::{Counts, FORMULAS, average, occupancy, ratio, service_level, share};
pub use ledger::{CALLED_BACK, Entry, Ledger, Told};
pub use limits::CLOSING_TIME;
pub use read_back::{Indices, config_texts};
pub use record::{Arrival, ContactRecord, LegRecord, OpenContact, Step, Waiting};
pub use visit::{QueueVisit, Stay, Talk, VisitEnd, Work};
pub use wallboard::{QueueNow, Wallboard};
pub use words::{contact_of, is_word, word, words};
