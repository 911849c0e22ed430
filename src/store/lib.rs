//! Room `store`: what outlives the process — contact records, queue visits, agents' time, the event log.
//!
//! Inputs: the shards' fact channel. Outputs: rows in SQLite, written by one [`Journal`] thread that gives every fact
//! its global sequence number and stores facts and the records made from them in one transaction a batch (at most
//! 50 ms); [`Reader`] reads them back for reports.
//!
//! Invariants: a number is never used twice (every start takes a new boot number, a cursor is `boot:sequence`); a write
//! that fails is kept and tried again, and when the spool is full events go first, records last, both counted;
//! nothing here can hold up a call.
//!
//! Deliberately absent: PostgreSQL (a later generation), what people edit (generation 3), any decision about calls.
//!
//! ```
//! let store = store::Store::open("sqlite::memory:").expect("an empty store");
//! assert_eq!(store.boot(), 1);
//! ```

mod error;
mod journal;
mod limits;
mod read;
mod rows;
mod schema;

pub use error::StoreError;
pub use journal::{Journal, JournalSettings, Published, Watch};
pub use limits::BATCH_TIME;
pub use read::{Reader, StoredContact, StoredSpan, StoredVisit};
pub use schema::Store;
