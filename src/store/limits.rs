use std::time::Duration;

/// A turn of the journal: facts wait at most so long for their number, their place in the spool's file and the
/// wallboard (architecture §6). The thread sleeps meanwhile, so that a signalling thread that sends one wakes nobody.
pub(crate) const TURN_TIME: Duration = Duration::from_millis(40);
/// Facts taken in one turn: keeps the wallboard's lock under some 10 ms.
pub(crate) const TURN_FACTS: usize = 10_000;
/// A transaction costs as much as a dozen calls, whatever is in it: while facts keep coming there is one a second …
pub const STORE_TIME: Duration = Duration::from_secs(1);
/// … and one as soon as it has been quiet for so long.
pub(crate) const QUIET_TIME: Duration = Duration::from_millis(200);
/// Pause before a failed write is tried again.
pub(crate) const RETRY_TIME: Duration = Duration::from_secs(1);
/// Rows kept in memory while the store cannot be written: some fifty thousand calls.
pub(crate) const SPOOL_ROW_OCTETS: usize = 128 * 1024 * 1024;
/// Events kept meanwhile; they are given up before any row is.
pub(crate) const SPOOL_EVENT_OCTETS: usize = 64 * 1024 * 1024;
/// The spool's file takes no more from this size on: both of the above, once.
pub(crate) const SPOOL_FILE_OCTETS: u64 = 192 * 1024 * 1024;
/// A row of events takes no more facts from this size on, so that looking for one reads not much.
pub(crate) const EVENT_ROW_OCTETS: usize = 64 * 1024;
/// How long SQLite waits for another process that reads or backs up.
pub(crate) const BUSY_TIME: Duration = Duration::from_millis(500);
/// How often the store is told that the server lives when nobody is signed on: a machine at rest is left at rest.
pub const ALIVE_EVERY: Duration = Duration::from_secs(60);
/// How often while somebody is, and where the agents are: reports of a running server are at most so much behind, and
/// so is the end of an agent's time after a crash. One row, without waiting for the disk.
pub const ALIVE_SIGNED_ON_EVERY: Duration = Duration::from_secs(5);
/// How long a stop waits for a store that takes no writes: supervisors kill what does not stop in time.
pub(crate) const STOP_TIME: Duration = Duration::from_secs(8);
/// A stay in a queue that began longer ago than this before an interval is not looked for in it.
pub(crate) const VISIT_TIME_MAX: Duration = Duration::from_secs(24 * 3600);
/// How far the wall clock may have been set back or forth among the rows of the event log: nobody sets a server's clock
/// by more than this while calls are answered, and the rows of an hour more are quickly read.
pub(crate) const CLOCK_STEP_MAX: Duration = Duration::from_secs(3600);
/// Agents' spans are cut at midnight, so none is longer than the longest day there is, with an hour to spare.
pub(crate) const SPAN_TIME_MAX: Duration = Duration::from_secs(26 * 3600);
/// Octets of the event log read back after a crash for the steps of the calls it cut: under a second's work, some
/// half a million steps.
pub(crate) const RECOVERED_EVENT_OCTETS: usize = 64 * 1024 * 1024;
/// Pages SQLite keeps. Full after some five hundred calls; four times as much costs the same a call (`benches/journal`
/// at 20 to 400 calls a second) and keeps the memory growing for two thousand.
pub(crate) const CACHE_KIBIBYTES: i64 = 2 * 1024;
/// Pages in the write-ahead log before they are carried over: 16 MB, one fsync in some thousand calls.
pub(crate) const CHECKPOINT_PAGES: i64 = 4000;

/// Talks looked through at a start for who served a caller last: as many as the call rooms keep.
pub(crate) const CALLERS_REMEMBERED: i64 = 100_000;
/// Callers who hung up a moment before a start and may have their places again: as many as the call rooms keep.
pub(crate) const PLACES_REMEMBERED: i64 = 1000;
