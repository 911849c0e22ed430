//! Every bound of the room, each with its reason.

use core::time::Duration;

/// RFC 3551 §4.2: the packet interval everybody supports, and the beat of mixing and playing.
pub const FRAME: Duration = Duration::from_millis(20);

/// All three codecs carry 64 kbit/s: eight octets a millisecond, and as many ticks of the RTP clock.
pub const OCTETS_PER_MS: usize = 8;

/// Octets of a frame, and ticks of the RTP clock.
pub const FRAME_OCTETS: usize = 20 * OCTETS_PER_MS;

/// Samples of a frame at the higher rate, 16 kHz.
pub(crate) const FRAME_SAMPLES_MAX: usize = 320;

/// One phase for each millisecond of a frame: finer than the jitter anybody can hear, coarse enough to share wakes.
pub(crate) const PHASES: usize = 20;

/// Members a phase may have above the mean: below that, waiting for a less crowded one would only delay the first
/// sound; with it, a burst of calls makes a millisecond's work of at most some tens of packets more.
pub(crate) const PHASE_SLACK: usize = 16;

/// Frames missed by a stopped thread are sent late up to this; phones' jitter buffers bridge about as much.
pub const CATCH_UP_MAX: Duration = Duration::from_millis(100);

/// The source of a stream may change within so many packets: enough for a NAT that rebinds at the start, too few for
/// a stranger who has to find the port first.
pub const LATCH_PACKETS: u8 = 5;

/// Longest payload a peer may send: 120 ms, twice the longest packet interval in use.
pub const PAYLOAD_OCTETS_MAX: usize = 120 * OCTETS_PER_MS;

/// A key by INFO is held no longer: what phones let their users set, and nobody's voice is cut off for more by a header.
pub const PRESS_MAX: Duration = Duration::from_secs(5);

/// Packet intervals we agree to send with, in milliseconds.
pub const PTIME_MS_MAX: u8 = 60;

/// Parties of one conversation: caller, agent, a consulted agent, supervisors. Mixing costs their square.
pub const GROUP_LEGS_MAX: usize = 16;

/// Sounds of one list: the longest announcement counts some ten.
pub const PLAYLIST_MAX: usize = 64;

/// A closed port is silent for so long before another call gets it, so that the last call's late packets are not
/// heard in the next: twice the longest jitter, and time for a BYE that was lost once.
pub const PORT_REST: Duration = Duration::from_secs(2);

/// When there is no other port, it is silent for at least so long: the jitter of a bad line. With [`PORTS_MAX`] it is
/// enough for 10,000 calls a second.
pub const PORT_REST_MIN: Duration = Duration::from_millis(500);

/// Spare sockets kept bound a family when nothing needs them; above it they are closed after [`SPARE_AGE`].
pub const SPARE_PORTS: usize = 64;

/// Age at which spare sockets above [`SPARE_PORTS`] are given back to the system: longer than a lull between two
/// bursts, shorter than anybody watches memory for.
pub const SPARE_AGE: Duration = Duration::from_secs(20);

/// Sockets one command may ask for.
pub const SUPPLY_MAX: u16 = 1024;

/// Sockets one worker may have: the lab's limit of file handles, with a socket for RTP and one for RTCP each.
pub const PORTS_MAX: usize = 10_000;

/// RFC 3550 §6.2: the fixed minimum between reports.
pub const RTCP_INTERVAL: Duration = Duration::from_secs(5);

/// Our compound of sender report, one block, a CNAME of sixteen characters and a goodbye takes about 110 octets.
pub(crate) const RTCP_OCTETS_MAX: usize = 256;

/// Recorded sound waits so long for packets that are late: the jitter people still talk through (attack B3).
pub(crate) const RECORD_HOLD: Duration = Duration::from_millis(240);

/// What is ready is handed to the writer in pieces of this length. With [`RECORD_HOLD`] and the writer's own pace a
/// process that is killed loses less than a second.
pub(crate) const RECORD_CHUNK: Duration = Duration::from_millis(200);

/// What a recording keeps in memory: what waits, a piece, and room for a thread that wakes late.
pub(crate) const RECORD_WINDOW: Duration = Duration::from_millis(640);

/// A packet that is this much too early shows that those before it were slow.
pub(crate) const RECORD_EARLY: Duration = Duration::from_millis(5);

/// A stream whose fastest packets are this late has a slower clock than ours; attack B3 allows 20 ms.
pub(crate) const RECORD_LATE: Duration = Duration::from_millis(10);

/// After a silence of this length a stream's timestamps may have stood still; if they did, its next packet tells.
pub(crate) const RECORD_PAUSE: Duration = Duration::from_millis(200);

/// A packet this late at its place is no late packet but a changed clock.
pub(crate) const RECORD_JUMP: Duration = Duration::from_millis(1000);
