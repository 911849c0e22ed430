//! Room `store`: what outlives the process — contact records, queue visits, agents' time, the event log.
//!
//! Inputs: the shards' fact channel. Outputs: rows in SQLite, written by one [`Journal`] thread that gives every fact
//! its global sequence number. Facts and the rows made from them lie in a file beside the store within a turn (at most
//! 50 ms) and are written in one transaction a second, or as soon as it is quiet; the next start writes what a killed
//! process left in the file. [`Reader`] reads the store back for reports, also while a server writes.
//!
//! Invariants: a number is never used twice (every start takes a new boot number, a cursor is `boot:sequence`); a write
//! that fails is kept and tried again, and when there is no room events go first, records last, both counted; writing
//! a row twice leaves one; a contact is known to the store from its arrival, so that every call has one record with an
//! end and a cause even when the server was killed; nothing here can hold up a call.
//!
//! Deliberately absent: PostgreSQL (a later generation), what people edit (generation 3), any decision about calls.
//!
//! ```
//! let store = store::Store::open("sqlite::memory:").expect("an empty store");
//! assert_eq!(store.boot(), 1);
//! ```

mod arrivals;
mod encode;
mod error;
mod events;
mod journal;
mod json;
mod limits;
mod memory;
mod read;
mod recover;
mod rows;
mod schema;
mod spool;
#[cfg(test)]
mod testing;
mod transaction;
mod writer;

pub use arrivals::StoredArrivals;
pub use error::StoreError;
pub use events::StoredEvent;
pub use journal::{Journal, JournalSettings, Published, Watch};
pub use limits::{ALIVE_EVERY, ALIVE_SIGNED_ON_EVERY, STORE_TIME};
pub use read::{
    Reader, StoredAbandoned, StoredCallbacks, StoredLevel, StoredSpan, StoredTalks, StoredVisit, StoredWaiting,
};
pub use schema::Store;
