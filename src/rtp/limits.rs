//! Every limit of this room, with its reason.

use core::time::Duration;

/// A datagram larger than an Ethernet frame is not telephone audio; longer ones are refused unread.
pub const MAX_DATAGRAM: usize = 1500;

/// RFC 3550 A.1: a forward jump up to this many packets is loss (one minute at 50 packets a second).
pub const MAX_DROPOUT: u16 = 3000;

/// RFC 3550 A.1: a packet this far behind the newest is late; beyond it the sender has started again.
pub const MAX_MISORDER: u16 = 100;

/// Transit changes beyond this are a new clock at the sender, not jitter of the network.
pub const CLOCK_JUMP: Duration = Duration::from_secs(1);

/// A key lasts 40 ms or more and RFC 4733 lets a packet carry several finished ones; nobody dials five in 20 ms.
pub const MAX_EVENTS_PER_PACKET: usize = 4;

/// Finished events remembered to recognise their late end packets.
pub const REMEMBERED_EVENTS: usize = 8;

/// Keys read but not yet polled: two changes for each event a packet can carry, and room for a burst.
pub const MAX_PENDING_KEYS: usize = 32;

/// Keys waiting to be sent: longer than any telephone or card number.
pub const MAX_QUEUED_KEYS: usize = 64;

/// An event without packets for this long has ended although its three end packets were lost.
/// Longer than 200 ms of jitter and a few lost updates, shorter than a caller's pause for thought.
pub const EVENT_TIMEOUT: Duration = Duration::from_millis(500);

/// Octets (and, at 8 kHz with one octet a tick, ticks) one jitter buffer can hold: 512 ms.
pub const JITTER_RING: usize = 4096;

/// Longest payload the jitter buffer takes: 120 ms, twice the longest packet anybody sends.
pub const JITTER_PAYLOAD_MAX: usize = 960;

/// Audio waiting beyond this is cut to the target at once: the far side had stalled and caught up.
pub const JITTER_DEPTH_MAX: Duration = Duration::from_millis(360);

/// Concealment fades out over this time (ITU-T G.711 Appendix I); then there is nothing left to repeat.
pub const CONCEALMENT_MAX: Duration = Duration::from_millis(60);

/// Sender reports remembered to recognise their echo; at 2.5 s or more each they reach back 20 s.
pub const REMEMBERED_REPORTS: usize = 8;

/// RFC 3550 §6.2: the fixed minimum between reports.
pub const RTCP_INTERVAL: Duration = Duration::from_secs(5);

/// An echo older than this measures a stalled peer, not a network.
pub const ROUND_TRIP_MAX: Duration = Duration::from_secs(10);

/// RFC 3550 §6.5: an SDES item's length is one octet.
pub const MAX_CNAME: usize = 255;
