//! Every bound of the distributor, with its reason.

use core::time::Duration;

/// A tour names the shards it still has to visit in one 64-bit word.
pub const SHARDS_MAX: usize = 64;

/// How often an agent's tour through the shards may begin again because a contact left while he was on his way to it.
/// Then he takes whom he finds.
pub(crate) const TOUR_ROUNDS_MAX: u8 = 4;

/// A reservation the contact's home has not confirmed for so long is freed and alarmed. A message between shards takes
/// microseconds; a second means that something is broken.
pub(crate) const RESERVATION_LEASE: Duration = Duration::from_secs(1);

/// How long after the ring time the call side may take to say how an offer ended, before the agent is freed all the
/// same. Longer than the 32 s a SIP transaction lives (64 × T1), which is the slowest honest answer.
pub(crate) const SETTLE_GRACE: Duration = Duration::from_secs(40);

/// Ring time of a call that names the agent: there is no queue to ask. Four European ring cadences.
pub(crate) const DIRECT_RING_TIME: Duration = Duration::from_secs(20);

/// An agent who said no to a contact is not asked for the same one again so soon.
pub(crate) const REFUSAL_BACK_OFF: Duration = Duration::from_secs(5);

/// A contact whose offers the call side takes back unasked is offered again after this, from the second time on.
pub(crate) const TAKEN_BACK_PAUSE: Duration = Duration::from_secs(1);

/// How many refusals a waiting contact remembers; the oldest gives way. More than this many agents refusing one caller
/// inside [`REFUSAL_BACK_OFF`] only means that one of them is asked a little early.
pub(crate) const REFUSALS_KEPT: usize = 8;

/// A phone that answered 486 is used outside our sight: long enough not to knock on it for every caller.
pub(crate) const DEVICE_BUSY_BACK_OFF: Duration = Duration::from_secs(10);

/// A phone that failed while it is still registered is tried again after this, so that one lost datagram does not
/// take an agent out for the day.
pub(crate) const DEVICE_RETRY: Duration = Duration::from_secs(30);

/// How often the share of work of those who are ready is taken anew. Ten seconds of a shift change it by little.
pub(crate) const REBASE_EVERY: Duration = Duration::from_secs(10);

/// A reserve that has just joined or left is left alone for so long: what follows from its change must show first.
pub(crate) const RESERVE_STEADY: Duration = Duration::from_secs(1);

/// Per cent by which the thresholds of a reserve move at most in a minute, and between which they stay: a quarter of what
/// is written still is a threshold, and above twice nobody would be called in a bad hour.
pub(crate) const ADJUST_STEP: i32 = 10;
pub(crate) const ADJUST_LEAST: i32 = 25;
pub(crate) const ADJUST_MOST: i32 = 200;

/// Wrap-up lasts at most so much longer than its own time, however often more is asked for: who needs more is not in wrap-up but not ready, with a reason.
pub(crate) const WRAP_UP_EXTENSION_MAX: Duration = Duration::from_secs(3600);
/// Points a minute that ageing may add, and points at most: 100 days of waiting in milliseconds times this stay below
/// 2⁶³.
pub(crate) const AGEING_MAX: u32 = 1_000_000;

/// How often a match may turn to a still more pressing contact before it is made as it is. Each turn means that two
/// contacts became free for agents in the same instant; a handful at most ever do.
pub(crate) const TURNS_MAX: u8 = 16;

/// Contacts between two queues at the same time. The call side puts them into the next queue in the same turn, so only
/// a handful are ever under way.
pub(crate) const FLOWS_KEPT: usize = 1024;

/// Calls one agent can be part of at once: a queue contact, a consultation, his phone's other lines.
pub(crate) const ENGAGED_MAX: usize = 8;

/// Head room of the board above what is configured at the start, so that a reload can add people and queues.
pub(crate) const BOARD_GROWTH: usize = 4;
/// The smallest board: 1,024 agents take 32 kB.
pub(crate) const BOARD_MIN: usize = 1024;

/// Above this many contacts ahead the sum of the expected wait is replaced by its integral. The midpoint rule is wrong by
/// a twenty-fourth of the slope where it begins, which is below 1/(24·16²) of the whole.
pub(crate) const WAIT_TERMS_MAX: usize = 16;

/// The mean handling time assumed before any contact was handled.
pub(crate) const HANDLE_TIME_DEFAULT: Duration = Duration::from_secs(180);

/// The mean patience assumed before anybody hung up.
pub(crate) const PATIENCE_DEFAULT: Duration = Duration::from_secs(600);

/// Talks a queue's mean handling time is made of: with fewer its chance error would spoil the bound of the wait (9 % at
/// 128 exponential talks), with more a new campaign would be noticed late.
pub(crate) const HANDLED_REMEMBERED: f64 = 128.0;

/// Departures the callers' patience is estimated from: of ten, perhaps one gives up.
pub(crate) const LEFT_REMEMBERED: f64 = 512.0;

/// How often the agents who serve a queue are counted again for the expected wait: the more there are, the less one of
/// them changes and the more it costs to count them. So ten are looked at in a second, whatever the size of the house.
pub(crate) const STAFF_COUNT_EACH: Duration = Duration::from_millis(100);
pub(crate) const STAFF_COUNT_LEAST: Duration = Duration::from_secs(1);
pub(crate) const STAFF_COUNT_MOST: Duration = Duration::from_secs(10);

/// How often those who wait are measured by their queue's limit of the expected wait again: often enough that nobody
/// stands for long where he should not, seldom enough that a chance of ten seconds' figures moves few.
pub(crate) const REVIEW_EVERY: Duration = Duration::from_secs(10);

/// Messages one agent, or one contact in a queue, can have under way from one shard to another: a stay has four to the
/// queue's home (insert, offer over, return, leave) and four to the contact's (placed, offer, announcement, flow-out); an
/// agent has fewer (reserved, undone, settled, his tour, handled, the device, release).
pub(crate) const MESSAGES_EACH: usize = 8;

/// Over which an agent's share of work is measured for his short break: long enough that one long call is none.
pub(crate) const BREATHER_WINDOW: Duration = Duration::from_secs(30 * 60);
/// Less time at work than this says nothing about a share.
pub(crate) const BREATHER_LEAST: Duration = Duration::from_secs(15 * 60);
/// Contacts whose ends are remembered for it: one in 8 s for half an hour. Of more the window is shorter.
pub(crate) const BREATHER_MARKS: usize = 225;
/// A nailed-up leg that was not answered or lost is called again so much later, the second time twice as much.
pub(crate) const LINE_RETRY: Duration = Duration::from_secs(5);
/// Nobody is rung without end: then his phone must show itself anew, or he say that he is there.
pub(crate) const LINE_TRIES: u32 = 4;
/// A nailed-up leg that was up this long did not fail because of what failed before.
pub(crate) const LINE_STEADY: Duration = Duration::from_secs(60);

/// Places a mailbox between two shards needs so that reservations cannot overflow it. What people type comes on top, so
/// a full mailbox must keep what does not fit, never lose it.
pub fn mailbox_capacity(size: crate::BoardSize) -> usize {
    MESSAGES_EACH * (size.agents + size.contacts_per_shard)
}

/// Others whose turn comes before a contact's are named by an explanation up to so many; how many there are it says too.
pub(crate) const AHEAD_SHOWN: usize = 8;

/// Whole minutes the service level in conditions is taken over, besides the one going on: long enough that one talk is
/// not all, short enough that a rule notices the lunch hour.
pub(crate) const SERVICE_LEVEL_MINUTES: usize = 5;

/// A run of a waiting order this long is split. Half a run moves at most for an insert or a removal: 1 kB, which a core
/// copies faster than it waits for two nodes of a tree.
pub(crate) const RUN_MAX: usize = 64;

/// Facts of one instant the referee puts in order: each has a bit of a word. More are taken as they were told.
pub(crate) const REFEREED_MAX: usize = 64;

/// In so many orders the referee looks at what several shards told of one instant. There are some ten facts, and nearly
/// always the first few orders will do: more means that none does.
pub(crate) const ORDERS_MAX: usize = 5_000;
