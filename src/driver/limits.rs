use std::time::Duration;

/// Open TCP connections over all listeners: as many phones as one machine serves, at some 20 kB each.
pub(crate) const CONNECTIONS_MAX: usize = 10_000;
/// Connections of one source that have not sent a whole message (attack A3).
pub(crate) const HALF_OPEN_PER_SOURCE: usize = 256;
/// To the first whole message (attack A3).
pub(crate) const FIRST_MESSAGE_TIME: Duration = Duration::from_secs(10);
/// Without any message. Longer than any registration, so a phone that refreshes stays.
pub(crate) const IDLE_TIME: Duration = Duration::from_secs(7200);
/// How long a stream that broke its framing stays open for the refusal.
pub(crate) const LAST_WORD_TIME: Duration = Duration::from_secs(2);
/// RFC 3261 leaves it open; a peer that takes longer counts as unreachable.
pub(crate) const CONNECT_TIME: Duration = Duration::from_secs(5);
/// Messages a slow peer may lag behind before the connection is given up.
pub(crate) const WRITES_WAITING: usize = 256;
/// One look-up over all its steps (attack A15).
pub(crate) const RESOLVE_TIME: Duration = Duration::from_secs(2);
/// Places tried for one name (attack A15).
pub(crate) const CANDIDATES_MAX: usize = 16;
/// Facts on their way to the journal. At 20 a call and 5,000 calls a second it lasts 1.3 s; beyond half of it new calls
/// are refused, so that no fact is ever dropped.
pub(crate) const FACTS_WAITING: usize = 131_072;
/// Work done before the loop looks at its sockets again (law 3).
pub(crate) const TURN_TIME: Duration = Duration::from_millis(1);
/// How long a stop waits for the BYEs to be answered.
pub(crate) const STOP_TIME: Duration = Duration::from_secs(3);
/// How long a shard waits for its first media ports before it takes calls without any: they are bound in milliseconds
/// or, when the range is used up, never.
pub(crate) const FIRST_PORTS_TIME: Duration = Duration::from_secs(1);
/// A shortage of media ports is told at most so often.
pub(crate) const SHORTAGE_TOLD_EACH: Duration = Duration::from_secs(60);
