//! Every bound of the room, each with its reason.

use core::time::Duration;

/// The largest message we read: what one UDP datagram can carry, and what one stream may have buffered
/// before its peer has shown who it is. Offsets into a message therefore fit `u16`.
pub const MESSAGE_BYTES_MAX: usize = 65_535;

/// Header lines kept of one message. Carriers' INVITEs have up to 45; a request that crossed twenty proxies, each on
/// lines of its own, adds 40. The table is part of every parsed message, so it is kept small.
pub const HEADER_FIELDS_MAX: usize = 96;

/// Slots of [`HEADER_FIELDS_MAX`] held back for From, To, Call-ID and CSeq, so that a request with too many lines can
/// still be refused with an answer its sender can match.
pub const HEADER_FIELDS_RESERVED: usize = 4;

/// Parameters of one address, URI or Via. Real ones have up to a dozen; the bound keeps comparisons, which look at each
/// pair, below 20,000 steps.
pub const PARAMS_MAX: usize = 128;

/// Parts read of one body. A description beside a location, a picture's address and a gateway's signalling are four.
pub const BODY_PARTS_MAX: usize = 16;

/// Digits read of any number; `u32::MAX` has ten, and leading zeros are legal (RFC 4475 §3.1.1.1).
pub const NUMBER_DIGITS_MAX: usize = 32;

/// Log lines a second, and in one burst: what a person can follow; the counters hold the rest.
pub const NOTES_PER_SECOND: u32 = 20;
pub const NOTES_BURST: u32 = 50;

/// Message buffers kept for reuse and the largest worth keeping: 256 × 4 kB = 1 MB a shard.
pub const POOLED_BUFFERS_MAX: usize = 256;
pub const POOLED_BUFFER_BYTES_MAX: usize = 4096;

/// Streams a shard knows of; the driver's own limits are lower.
pub const STREAMS_MAX: usize = 20_000;

/// Octets that wait for one stream to open: about 40 requests.
pub const STREAM_BACKLOG_BYTES_MAX: usize = 65_536;

/// Server transactions at once. A call in progress has one or two, and each UDP one lingers 32 s: 5,000 new calls a
/// second with two or three requests each make 400,000, at 300 bytes. Beyond this new requests get 503.
pub const SERVER_TRANSACTIONS_MAX: usize = 500_000;

/// Dialogs one INVITE of ours may open by forking before further ones are ended unseen.
pub const EARLY_DIALOGS_MAX: usize = 8;

/// Routes a dialog may have; more is a loop.
pub const ROUTES_MAX: usize = 20;

/// What a request gets for a start (RFC 3261 §8.1.1.6).
pub const MAX_FORWARDS: u32 = model::MAX_FORWARDS as u32;

/// Seconds a caller should wait after a 503.
pub const RETRY_AFTER_SECONDS: u32 = 5;

/// RFC 3261 §18.1.1: larger requests need a transport with congestion control (1500 less 200 for the path).
pub const DATAGRAM_REQUEST_BYTES_MAX: usize = 1300;

/// Octets sent to an unproven datagram source for each octet it sent (attack A5).
pub const AMPLIFICATION_MAX: usize = 3;

/// Accepted nonces remembered at once. One a registered phone and trunk and refresh is usual; at about 100 octets each
/// the table stays below 10 MB. Beyond it the oldest is forgotten and counts as stale.
pub const NONCES_MAX: usize = 65_536;

/// How far nonce counts may arrive out of order: as many as bits in the window.
pub const NONCE_COUNT_WINDOW: u32 = 64;

/// Longest nonce, realm or opaque of a challenge we answer. Microsoft's are near 200 octets; ours 56.
pub const CHALLENGE_VALUE_BYTES_MAX: usize = 1_024;

/// RFC 4028 §4: half an hour is the recommended session interval, 90 s the least anybody may ask for.
pub const SESSION_EXPIRES_SECONDS: u32 = 1800;
pub const SESSION_EXPIRES_SECONDS_MIN: u32 = 90;

/// RFC 3261 §14.2: the random wait of a 500 during another request.
pub const RETRY_AFTER_SECONDS_MAX: u32 = 10;

/// Seconds a transferring phone is kept informed; longer than any ring time.
pub const REFER_SUBSCRIPTION_SECONDS: u32 = 180;

/// Places one phone may be registered at: a desk, a laptop, a mobile, and some left behind (attack A10).
pub const CONTACTS_MAX: usize = 10;

/// Wrong passwords from one source before it must wait, and in which time (attack A9).
pub const GUESSES_MAX: u32 = 10;
pub const GUESS_WINDOW: Duration = Duration::from_secs(60);
/// The first wait and the longest; each is twice the one before.
pub const GUESS_PAUSE: Duration = Duration::from_secs(2);
pub const GUESS_PAUSE_MAX: Duration = Duration::from_secs(60);
/// Guessing sources remembered: 80 octets each, so under 1 MB.
pub const GUESSERS_MAX: usize = 10_000;

/// How often a caller who waits unanswered is told so (RFC 3261 §13.3.1.1: every minute).
pub const PROVISIONAL_EVERY: Duration = Duration::from_secs(60);

/// Places tried of one host name (attack A15).
pub const CANDIDATES_MAX: usize = 16;
/// How long a call waits for a name to be found.
pub const LOOKUP_MAX: Duration = Duration::from_secs(2);
/// How long a found name is used before it is looked up anew, in the background.
pub const LOOKUP_FRESH: Duration = Duration::from_secs(60);
/// A place that did not answer is tried last for so long.
pub const CANDIDATE_REST: Duration = Duration::from_secs(30);
/// How long a trunk's first place may be silent before the next is tried: three retransmissions.
pub const CANDIDATE_SILENT_MAX: Duration = Duration::from_secs(4);

/// OPTIONS without answer before a trunk counts as down.
pub const PROBE_MISSES_MAX: u8 = 3;
/// How long an answer to OPTIONS may take; a shorter interval shortens it.
pub const PROBE_ANSWER_MAX: Duration = Duration::from_secs(4);
/// After a miss the next probe follows sooner, so that a dead trunk is known in seconds.
pub const PROBE_RETRY: Duration = Duration::from_secs(2);

/// How often an idle way through a NAT is used: many forget a UDP flow after 30 s (RFC 5626 §4.4.2 gives 24–29 s).
pub const KEEP_ALIVE: Duration = Duration::from_secs(25);

/// What we ask of a trunk's registrar.
pub const TRUNK_REGISTRATION_SECONDS: u32 = 600;
/// After a failed registration: the first wait and the longest, each twice the one before.
pub const TRUNK_REGISTRATION_RETRY: Duration = Duration::from_secs(10);
pub const TRUNK_REGISTRATION_RETRY_MAX: Duration = Duration::from_secs(300);
