//! Every bound of the test phone, with its reason.

use std::time::Duration;

/// RFC 3261 table 4: estimate of the round trip.
pub(crate) const T1: Duration = Duration::from_millis(500);
/// RFC 3261 table 4: longest pause between repeats of a non-INVITE request or an INVITE response.
pub(crate) const T2: Duration = Duration::from_secs(4);
/// RFC 3261 table 4: 64·T1, after which a transaction without an answer has failed and a finished one is forgotten.
pub(crate) const TRANSACTION_LIFE: Duration = Duration::from_secs(32);

/// Calls one phone keeps at once whatever its options say; a test phone is no load generator.
pub(crate) const LINES_MAX: usize = 16;
/// Digits accepted by one command: the longest a person or a script would key in.
pub(crate) const DIGITS_MAX: usize = 128;
/// The largest UDP payload there is.
pub(crate) const DATAGRAM_MAX: usize = 65_535;
/// A SIP message over TCP longer than this is an attack or a fault; the connection is closed.
pub(crate) const STREAM_MESSAGE_MAX: usize = 65_536;
/// TCP connections open at once: the server's and some that it opens to us.
pub(crate) const CONNECTIONS_MAX: usize = 8;
/// Transactions remembered at once; beyond it new requests are dropped, which a sender repeats.
pub(crate) const TRANSACTIONS_MAX: usize = 512;
/// Events not yet read by the owner of the phone; beyond it events are dropped and counted.
pub(crate) const EVENTS_MAX: usize = 4_096;
/// Commands from handles that the phone's task has not yet taken; a sender waits.
pub(crate) const COMMANDS_MAX: usize = 64;
/// Messages a connection has received or has to write; a slow peer makes the other side wait.
pub(crate) const MESSAGES_MAX: usize = 64;

/// A file to play is read whole: ten minutes at 48 kHz.
pub(crate) const PLAY_SAMPLES_MAX: usize = 48_000 * 600;
/// Samples kept back so that packets up to 100 ms late still find their place in the recording (16 kHz).
pub(crate) const REORDER_SAMPLES: usize = 1_600;
/// A gap in the recording longer than this is cut: a sender that jumped is not an hour of silence.
pub(crate) const GAP_SECONDS_MAX: u32 = 60;
/// Tones listed in a report, loudest share first.
pub(crate) const REPORT_TONES_MAX: usize = 8;
/// Most packets read between two ticks, so that a flood cannot stop the sender.
pub(crate) const PACKETS_PER_TICK: usize = 64;
