use core::time::Duration;

/// Live legs of one contact: two talk, a few supervisors listen, one is rung. More is a fork bomb (attack A14).
pub const LEGS_MAX: usize = 20;
/// Dials by rule or by person (not by the distributor) in one contact's life: routes, overflows and transfers.
pub const DIALS_MAX: u8 = 20;
/// Moves by rule from target to target; real overflow chains have two or three, a ring of queues has no end.
pub const HOPS_MAX: u8 = 10;
/// Ask a media worker for more sockets when fewer are in hand. A busy house takes 10,000 a second (5,000 calls, two
/// ports each) and the worker may be 40 ms away on a crowded machine; a shelf that runs empty refuses callers.
pub const STOCK_LOW: usize = 384;
/// How many sockets to ask for at once: a millisecond of the worker's time.
pub const STOCK_BATCH: u16 = 128;
/// Unused sockets above this go back, so that an idle shard does not sit on another's ports.
pub const STOCK_HIGH: usize = 512;
/// A phone that shows no sign of life after so long is dead, not slow: a live one sends 180 in a fraction of a second.
pub const PHONE_SILENT_MAX: Duration = Duration::from_secs(5);
/// Trunks may look for a foreign number this long before the first 180 or 183; then the next trunk is tried.
pub const TRUNK_SILENT_MAX: Duration = Duration::from_secs(20);
/// RFC 3261 §16.6 timer C: nobody lets it ring longer.
pub const OUTWARD_RING_MAX: Duration = Duration::from_secs(180);
/// The distributor answers a Seize within one round of mailboxes; more means it never will.
pub const SEIZE_MAX: Duration = Duration::from_secs(3);
/// How long a contact's record waits for the media worker's last words.
pub const CLOSING_MAX: Duration = Duration::from_secs(2);
/// The longest prompt or announcement; a media worker that never reports its end must not hold a call.
pub const PROMPT_MAX: Duration = Duration::from_secs(300);
/// Callers whose last agent is remembered, each in some 200 octets: a week of a large house. The oldest goes.
pub const KNOWN_CALLERS_MAX: usize = 100_000;
/// However long a queue wants to remember a talk, nobody is kept for an agent of a quarter of a year ago.
pub const STICKY_MAX: Duration = Duration::from_secs(90 * 24 * 3600);
/// What a refused caller is told to wait (RFC 3261 §20.33).
pub const RETRY_AFTER: Duration = Duration::from_secs(5);
/// A phone rung by its own number, with nobody's ring rules.
pub const PHONE_RING_MAX: Duration = Duration::from_secs(60);
/// An agent who has just signed on has his phone at hand; more is an answering machine.
pub const NAILED_RING_MAX: Duration = Duration::from_secs(30);
/// Two stars further apart than this are not one word.
pub const STAR_MAX: Duration = Duration::from_secs(2);
/// To look at the keys and begin.
pub const FIRST_KEY_MAX: Duration = Duration::from_secs(15);
/// A pause after a key this long ends the entry, as `#` does.
pub const NEXT_KEY_MAX: Duration = Duration::from_secs(5);
/// Then the phone must be picked up anew: guessing PINs takes a call for three guesses.
pub const SIGN_ON_TRIES: u8 = 3;
/// Ids and PINs are shorter; more keys are dropped.
pub const TYPED_MAX: usize = 16;
/// An agent's home answers within a mailbox round; a feature code does not hold a phone longer.
pub const ANSWER_MAX: Duration = Duration::from_secs(5);
/// Callers who gave up and whose places are kept; more than hang up in a few minutes of the busiest hour.
pub const PLACES_MAX: usize = 1000;
/// A whisper is a word or two while the caller waits for the agent who has already answered.
pub const WHISPER_MAX: Duration = Duration::from_secs(10);
/// Who hangs up at the tone has left no message.
pub(crate) const MESSAGE_LEAST: Duration = Duration::from_secs(1);
/// Customers of one shard who wait to be called back.
pub const CALLBACKS_MAX: usize = 1000;
/// Callbacks of other shards that are known here: as many as all of a large house can have.
pub(crate) const ELSEWHERE_MAX: usize = 16_000;
/// After a start nobody is dialled who may still be rung by the server that was: a far side lets a call without a sign
/// of life ring for at least three minutes (RFC 3261 §16.6, Timer C).
pub(crate) const CALLBACK_REST: Duration = Duration::from_secs(180);
/// Attempts that end on our side, before the customer could answer: an agent hung up, no trunk took the call. They are
/// not the customer's tries, but a house whose trunks are broken does not try for ever.
pub(crate) const CALLBACK_FAILURES_MAX: u8 = 20;
/// To hear a number of eleven digits and press a key.
pub const CALLBACK_KEY_MAX: Duration = Duration::from_secs(30);
/// ITU-T E.164: fifteen digits, and what stands before them where people dial.
pub const CALLBACK_NUMBER_MAX: usize = 20;
/// Numbers that cannot be called, before the caller is put back into his queue.
pub const CALLBACK_TRIES: u8 = 3;
