use std::time::Duration;

/// Open connections: a wall of screens, a scraper, some probes.
pub(crate) const CONNECTIONS_MAX: usize = 256;
/// Requests carry nothing at this level.
pub(crate) const BODY_BYTES_MAX: usize = 16 * 1024;
/// A request that takes longer asks a house that does not answer.
pub(crate) const REQUEST_TIME: Duration = Duration::from_secs(5);
/// How often a wallboard is shown anew (features C4: at most a second behind).
pub(crate) const SHOW_EVERY: Duration = Duration::from_millis(1000);
/// How often recorded waits are put into their buckets, so that they do not pile up when nobody scrapes.
pub(crate) const TIDY_EVERY: Duration = Duration::from_secs(5);
