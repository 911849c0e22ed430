/// Rounds of carrying outputs to inputs after one input. A whole call set-up takes about ten; a thousand means two
/// machines answer each other for ever, which is a bug that must stop loudly instead of freezing every call.
pub const DRAIN_ROUNDS: usize = 100_000;

/// Ids keep eight bits for the shard; more than 64 cores of signalling is no machine we know.
pub const MAX_SHARDS: u8 = 64;

/// How long a handed-over call is remembered: an INVITE is sent again for 32 s (RFC 3261 timer B), a CANCEL as long after.
pub(crate) const HANDOVER_TIME: core::time::Duration = core::time::Duration::from_secs(64);
/// Calls handed over within that time; only agents' and supervisors' own calls are.
pub(crate) const HANDOVERS_MAX: usize = 4096;
