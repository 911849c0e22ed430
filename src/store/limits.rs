use std::time::Duration;

/// Facts wait at most so long for their transaction (architecture §6).
pub const BATCH_TIME: Duration = Duration::from_millis(50);
/// Facts in one transaction: keeps it under some 20 ms, so that the spool is short when the disk is slow.
pub(crate) const BATCH_FACTS: usize = 10_000;
/// Pause before a failed write is tried again.
pub(crate) const RETRY_TIME: Duration = Duration::from_secs(1);
/// Finished rows kept while the store cannot be written: 200,000 rows are some hours of a busy site in about 200 MB.
pub(crate) const SPOOL_ROWS: usize = 200_000;
/// Event batches kept while the store cannot be written; these are given up before any record is.
pub(crate) const SPOOL_EVENTS: usize = 2_000;
/// How long SQLite waits for another process that reads or backs up.
pub(crate) const BUSY_TIME: Duration = Duration::from_millis(500);
