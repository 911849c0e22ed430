/// Rounds of carrying outputs to inputs after one input. A whole call set-up takes about ten; a thousand means two
/// machines answer each other for ever, which is a bug that must stop loudly instead of freezing every call.
pub const DRAIN_ROUNDS: usize = 100_000;

/// Ids keep eight bits for the shard; more than 64 cores of signalling is no machine we know.
pub const MAX_SHARDS: u8 = 64;
