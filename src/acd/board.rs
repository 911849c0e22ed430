mod phones;
mod size;

use crate::limits::SHARDS_MAX;
use crate::sync::{AtomicU64, Ordering, fence};
use crate::words::{
    HeadKey, Place, Seat, decode_state, encode_state, epoch_of, place_of, place_word, seat_of, seat_word,
};
use base::{Instant, Utc};
use model::{AgentId, AgentState, ContactId, Directory, PhoneId, QueueId, ShardId};
use phones::PhoneWords;
pub use size::BoardSize;

/// Marks that something is pending; signed off is all zeros.
const PENDING: u64 = 1 << 56;

/// One line of the cache: whoever reads one word reads others too, and shards do not fight for two agents.
#[derive(Debug)]
#[repr(align(64))]
struct AgentWords {
    /// `epoch:32 | 0:16 | capacity:8 | seat:8`.
    claim: AtomicU64,
    /// `0:40 | code:8 | reason:8 | state:8`, for displays.
    shown: AtomicU64,
    /// What he will be when nothing keeps him, as `shown`, marked with `PENDING`; 0: nothing.
    pending: AtomicU64,
    /// Civil microseconds since when `shown` holds.
    since: AtomicU64,
    /// The contact of `shown`, 0 when none.
    contact: AtomicU64,
    /// The phone he is signed on at plus one, 0 when none.
    phone: AtomicU64,
}

/// One line of the cache, as [`AgentWords`].
#[derive(Debug)]
#[repr(align(64))]
struct QueueWords {
    /// [`HeadKey`] of the first claimable contact, [`HeadKey::NONE`] when there is none.
    head: AtomicU64,
    waiting: AtomicU64,
    /// When the longest-waiting contact entered (monotonic nanoseconds), `u64::MAX` when none.
    oldest: AtomicU64,
    signed_on: AtomicU64,
    available: AtomicU64,
    /// Agents the empty rule counts as there for who comes, and for who waits.
    joins: AtomicU64,
    stays: AtomicU64,
    /// A bit for each of its reserves that has joined, and [`SHUT`]. Written by its home alone.
    marks: AtomicU64,
}

/// Marks a queue that is closed by hand.
const SHUT: u64 = 1 << 8;

/// The lock-free board: fixed slabs of words by index, read and written by every shard.
///
/// Nothing is reclaimed, so nothing is `unsafe`. A word carries an epoch that grows with every insert, so a step made
/// for an earlier tenant fails. Every memory ordering of the distributor is in this file and in `phones.rs`. The rules:
///
/// * Claims are compare-and-set with `AcqRel`: *acquire* so that the claimer sees what the word's owner wrote before it
///   offered the word, *release* so that whoever reads the claim sees what the claimer did before it.
/// * An insert (a ready agent, a waiting contact, an undo) is a `Release` write, then `fence(SeqCst)`, then a look at
///   the other side. Release and acquire alone let both sides miss each other (store buffering); with a fence between
///   the write and the look on each side at least one sees the other.
/// * Words only shown to people are `Release`/`Acquire` one by one: a display may see two of them from different
///   moments, a decision never uses them.
#[derive(Debug)]
pub struct Board {
    size: BoardSize,
    agents: Box<[AgentWords]>,
    contacts: Box<[AtomicU64]>,
    queues: Box<[QueueWords]>,
    phones: Box<[PhoneWords]>,
}

impl Board {
    pub fn new(size: BoardSize) -> Self {
        assert!((1..=SHARDS_MAX).contains(&(size.shards as usize)), "a board is for 1 to 64 shards");
        let contacts = size.contacts_per_shard * size.shards as usize;
        Board {
            size,
            agents: (0..size.agents).map(|_| AgentWords::new()).collect(),
            contacts: (0..contacts).map(|_| AtomicU64::new(place_word(Place::Free, 0))).collect(),
            queues: (0..size.queues).map(|_| QueueWords::new()).collect(),
            phones: (0..size.phones).map(|_| PhoneWords::new()).collect(),
        }
    }

    pub fn size(&self) -> BoardSize {
        self.size
    }

    /// Whether a reload to this directory has room; one that has not is refused before it reaches a shard.
    pub fn fits(&self, directory: &Directory) -> bool {
        self.size.fits(directory)
    }

    pub(crate) fn slots_of(&self, shard: ShardId) -> core::ops::Range<u32> {
        let each = self.size.contacts_per_shard as u32;
        let first = each * u32::from(shard.0);
        first..first + each
    }
}

/// Readable by every shard and every display, without a lock.
impl Board {
    /// What the agent is doing, as displays show it.
    pub fn agent_state(&self, agent: AgentId) -> AgentState {
        let Some(words) = self.agents.get(agent.index()) else { return AgentState::SignedOff };
        // Acquire pairs with the release in `show_agent`: the contact belongs to this state or a later one.
        let shown = words.shown.load(Ordering::Acquire);
        let contact = ContactId(words.contact.load(Ordering::Acquire));
        decode_state(shown, contact)
    }

    /// What he asked to be, or was told to be, and will be as soon as nothing keeps him.
    pub fn agent_pending(&self, agent: AgentId) -> Option<AgentState> {
        let word = self.agents[agent.index()].pending.load(Ordering::Acquire);
        (word & PENDING != 0).then(|| decode_state(word, ContactId(0)))
    }

    pub fn agent_since(&self, agent: AgentId) -> Option<Utc> {
        let since = self.agents.get(agent.index()).map_or(0, |w| w.since.load(Ordering::Acquire));
        (since != 0).then(|| Utc::from_micros(since as i64))
    }

    /// The call the agent is in, rings for or wraps up: what a supervisor's feature code names.
    pub fn agent_contact(&self, agent: AgentId) -> Option<ContactId> {
        let contact = self.agents.get(agent.index())?.contact.load(Ordering::Acquire);
        (contact != 0).then_some(ContactId(contact))
    }

    /// Where the agent is signed on.
    pub fn agent_phone(&self, agent: AgentId) -> Option<PhoneId> {
        let phone = self.agents.get(agent.index())?.phone.load(Ordering::Acquire);
        phone.checked_sub(1).map(|p| PhoneId(p as u32))
    }

    /// Contacts in the queue, those being offered included.
    pub fn queue_waiting(&self, queue: QueueId) -> u32 {
        self.queues.get(queue.index()).map_or(0, |w| w.waiting.load(Ordering::Acquire) as u32)
    }

    /// When the contact that waits longest entered this queue.
    pub fn queue_oldest(&self, queue: QueueId) -> Option<Instant> {
        let oldest = self.queues.get(queue.index())?.oldest.load(Ordering::Acquire);
        (oldest != u64::MAX).then(|| Instant::from_nanos(oldest))
    }

    /// Agents of the queue that are not signed off.
    pub fn queue_signed_on(&self, queue: QueueId) -> u32 {
        self.queues.get(queue.index()).map_or(0, |w| w.signed_on.load(Ordering::Acquire) as u32)
    }

    /// A bit for each of its reserves that has joined, by its place.
    pub fn joined(&self, queue: QueueId) -> u8 {
        self.queues.get(queue.index()).map_or(0, |w| w.marks.load(Ordering::Acquire) as u8)
    }

    /// Agents of the queue that are ready, reserved, busy or in wrap-up.
    pub fn queue_available(&self, queue: QueueId) -> u32 {
        self.queues.get(queue.index()).map_or(0, |w| w.available.load(Ordering::Acquire) as u32)
    }

    /// A person has closed it, whatever its calendar says.
    pub fn queue_is_shut(&self, queue: QueueId) -> bool {
        self.queues.get(queue.index()).is_some_and(|w| w.marks.load(Ordering::Acquire) & SHUT != 0)
    }

    /// Agents of the queue who are there by its empty rule: for a contact that comes, and for one that waits.
    pub fn queue_present(&self, queue: QueueId) -> (u32, u32) {
        let load = |word: &AtomicU64| word.load(Ordering::Acquire) as u32;
        self.queues.get(queue.index()).map_or((0, 0), |w| (load(&w.joins), load(&w.stays)))
    }
}

/// The agent's claim word.
impl Board {
    pub(crate) fn seat(&self, agent: AgentId) -> (Seat, u32) {
        // Acquire: whoever acts on a seat sees what led to it.
        let word = self.agents[agent.index()].claim.load(Ordering::Acquire);
        (seat_of(word), epoch_of(word))
    }

    fn step_seat(&self, agent: AgentId, from: u64, to: u64) -> bool {
        // AcqRel: see the rules above. Failure needs nothing: the loser only looks again.
        self.agents[agent.index()].claim.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Ready(epoch) → Reserved(epoch), by a queue's home.
    pub(crate) fn claim_agent(&self, agent: AgentId, epoch: u32) -> bool {
        self.step_seat(agent, seat_word(Seat::Ready, epoch), seat_word(Seat::Reserved, epoch))
    }

    /// Reserved(epoch) → Ready(epoch + 1): the claimer found no contact, or the lease ran out. Counts as an insert.
    pub(crate) fn undo_agent(&self, agent: AgentId, epoch: u32) -> bool {
        let to = seat_word(Seat::Ready, epoch.wrapping_add(1));
        let undone = self.step_seat(agent, seat_word(Seat::Reserved, epoch), to);
        fence(Ordering::SeqCst);
        undone
    }

    /// Reserved(epoch) → Ringing(epoch), by the contact's home; fails when the lease ran out.
    pub(crate) fn confirm_agent(&self, agent: AgentId, epoch: u32) -> bool {
        self.step_seat(agent, seat_word(Seat::Reserved, epoch), seat_word(Seat::Ringing, epoch))
    }

    /// Ready(epoch) → `to`(epoch + 1), by the agent's home; fails when somebody claimed him first.
    pub(crate) fn take_agent(&self, agent: AgentId, to: Seat) -> bool {
        let (seat, epoch) = self.seat(agent);
        seat == Seat::Ready
            && self.step_seat(agent, seat_word(Seat::Ready, epoch), seat_word(to, epoch.wrapping_add(1)))
    }

    /// Any seat only his home writes → `to`(epoch + 1). Inserting him as Ready is [`Self::free_agent`].
    pub(crate) fn seat_agent(&self, agent: AgentId, to: Seat) -> u32 {
        let (seat, epoch) = self.seat(agent);
        debug_assert!(
            matches!(seat, Seat::Away | Seat::Busy),
            "others write this word too, or wait for the offer's end"
        );
        let epoch = epoch.wrapping_add(1);
        // Release: who reads the new seat sees what the home did before.
        self.agents[agent.index()].claim.store(seat_word(to, epoch), Ordering::Release);
        epoch
    }

    /// Reserved(epoch) or Ringing(epoch) → Away(epoch + 1): the offer he was held for is settled. False, and nothing is
    /// written, when he is not held for it any more: he may be reserved for another by now.
    pub(crate) fn seat_after_offer(&self, agent: AgentId, epoch: u32) -> bool {
        let held = matches!(self.seat(agent), (Seat::Reserved | Seat::Ringing, of) if of == epoch);
        if held {
            // A plain store, for nobody else steps from these words now: claimer and contact's home did before they
            // told of the end, and his own home is who writes here. Release: as in `seat_agent`.
            let word = seat_word(Seat::Away, epoch.wrapping_add(1));
            self.agents[agent.index()].claim.store(word, Ordering::Release);
        }
        held
    }

    /// He goes home: true when nobody can claim him any more, false when somebody just did.
    pub(crate) fn vacate_agent(&self, agent: AgentId) -> bool {
        match self.seat(agent).0 {
            Seat::Ready => self.take_agent(agent, Seat::Away),
            Seat::Reserved | Seat::Ringing => false,
            Seat::Away | Seat::Busy => true,
        }
    }

    /// Inserts him: Ready(epoch + 1), then the fence. The caller looks at the queues next.
    pub(crate) fn free_agent(&self, agent: AgentId) -> u32 {
        let epoch = self.seat_agent(agent, Seat::Ready);
        fence(Ordering::SeqCst);
        epoch
    }

    /// Ready(epoch) → Ready(epoch + 1): a new insert for other queues. `None` when somebody claimed him first.
    pub(crate) fn renew_agent(&self, agent: AgentId) -> Option<u32> {
        let (seat, epoch) = self.seat(agent);
        let next = epoch.wrapping_add(1);
        let renewed =
            seat == Seat::Ready && self.step_seat(agent, seat_word(Seat::Ready, epoch), seat_word(Seat::Ready, next));
        fence(Ordering::SeqCst);
        renewed.then_some(next)
    }

    /// For displays and for feature codes.
    pub(crate) fn show_agent(&self, agent: AgentId, state: AgentState, phone: Option<PhoneId>, since: Utc) {
        let words = &self.agents[agent.index()];
        let (shown, contact) = encode_state(state);
        words.phone.store(phone.map_or(0, |p| u64::from(p.0) + 1), Ordering::Release);
        words.contact.store(contact.0, Ordering::Release);
        words.since.store(since.as_micros() as u64, Ordering::Release);
        words.shown.store(shown, Ordering::Release);
    }

    /// For displays: what was asked for and waits. Only states without a contact are ever pending.
    pub(crate) fn show_pending(&self, agent: AgentId, state: Option<AgentState>) {
        let word = state.map_or(0, |state| encode_state(state).0 | PENDING);
        self.agents[agent.index()].pending.store(word, Ordering::Release);
    }
}

/// The contact's word. Slots are given out and taken back by the contact's home.
impl Board {
    fn step_place(&self, slot: u32, from: u64, to: u64) -> bool {
        // AcqRel: see the rules above.
        self.contacts[slot as usize].compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    #[cfg(all(test, loom))]
    pub(crate) fn place(&self, slot: u32) -> (Place, u32) {
        let word = self.contacts[slot as usize].load(Ordering::Acquire);
        (place_of(word), epoch_of(word))
    }

    /// Free → Waiting(epoch), then the fence; by the contact's home, who alone writes a free word. Never epoch 0, which
    /// marks an offer outside every queue.
    pub(crate) fn open_contact(&self, slot: u32) -> u32 {
        let word = &self.contacts[slot as usize];
        // Acquire: a look at our own last write; the home may have been another thread before.
        let epoch = epoch_of(word.load(Ordering::Acquire)).wrapping_add(1).max(1);
        word.store(place_word(Place::Waiting, epoch), Ordering::Release);
        fence(Ordering::SeqCst);
        epoch
    }

    /// Waiting(epoch) → Offered(epoch), by the queue's home, after it claimed the agent.
    pub(crate) fn claim_contact(&self, slot: u32, epoch: u32) -> bool {
        self.step_place(slot, place_word(Place::Waiting, epoch), place_word(Place::Offered, epoch))
    }

    /// Is it still Offered(epoch)? For another phone that shall ring too; the answer may be old the moment it is given,
    /// and the contact's home finds out.
    pub(crate) fn contact_is_offered(&self, slot: u32, epoch: u32) -> bool {
        // Acquire: whoever acts on it sees what led to it.
        self.contacts[slot as usize].load(Ordering::Acquire) == place_word(Place::Offered, epoch)
    }

    /// Offered(epoch) → Waiting(epoch + 1): the offer failed. Counts as an insert.
    pub(crate) fn return_contact(&self, slot: u32, epoch: u32) -> Option<u32> {
        let next = epoch.wrapping_add(1).max(1);
        let back = self.step_place(slot, place_word(Place::Offered, epoch), place_word(Place::Waiting, next));
        fence(Ordering::SeqCst);
        back.then_some(next)
    }

    /// Offered(epoch) → Taken(epoch): the one winner.
    pub(crate) fn take_contact(&self, slot: u32, epoch: u32) -> bool {
        self.step_place(slot, place_word(Place::Offered, epoch), place_word(Place::Taken, epoch))
    }

    /// Waiting(epoch) → Leaving(epoch), by the queue's home when a rule takes the contact out.
    pub(crate) fn leave_contact(&self, slot: u32, epoch: u32) -> bool {
        self.step_place(slot, place_word(Place::Waiting, epoch), place_word(Place::Leaving, epoch))
    }

    /// Whatever it is → Free, by the contact's home; returns what it was. A claim made for it before is visible in the
    /// answer, one made after fails.
    pub(crate) fn close_contact(&self, slot: u32, epoch: u32) -> Place {
        // A swap, not a store: a claim that came just before must not be overwritten unseen.
        let word = self.contacts[slot as usize].swap(place_word(Place::Free, epoch), Ordering::AcqRel);
        place_of(word)
    }
}

/// The queue's words: the line is written by the queue's home, the staff counts by every agent's home.
impl Board {
    pub(crate) fn head(&self, queue: QueueId) -> HeadKey {
        // Acquire: the contact behind the head is in its word by now.
        HeadKey::from_word(self.queues[queue.index()].head.load(Ordering::Acquire))
    }

    /// Publishes the line, then the fence; the caller looks at agents and staff counts next.
    pub(crate) fn show_line(&self, queue: QueueId, head: HeadKey, waiting: u32, oldest: Option<Instant>) {
        let words = &self.queues[queue.index()];
        words.oldest.store(oldest.map_or(u64::MAX, Instant::as_nanos), Ordering::Release);
        words.waiting.store(u64::from(waiting), Ordering::Release);
        words.head.store(head.to_word(), Ordering::Release);
        fence(Ordering::SeqCst);
    }

    pub(crate) fn show_joined(&self, queue: QueueId, joined: u8) {
        // Release, as what is shown to people: an agent on his way elsewhere goes by it, and nobody is missed by it.
        let marks = &self.queues[queue.index()].marks;
        // Relaxed: our own last write.
        let shut = marks.load(Ordering::Relaxed) & SHUT;
        marks.store(shut | u64::from(joined), Ordering::Release);
    }

    /// Counts an agent in or out, then the fence. The caller looks at `queue_waiting` next: of a last agent who leaves
    /// and a contact that comes at least one sees the other.
    pub(crate) fn count_staff(&self, queue: QueueId, signed_on: i8, available: i8) {
        let words = &self.queues[queue.index()];
        // Two's complement: adding −1 wraps to a subtraction.
        words.signed_on.fetch_add(signed_on as i64 as u64, Ordering::AcqRel);
        words.available.fetch_add(available as i64 as u64, Ordering::AcqRel);
        fence(Ordering::SeqCst);
    }

    /// Whether somebody is in the line, after the word of an agent who helps it was written: of one who leaves and a
    /// contact that comes at least one sees the other.
    pub(crate) fn somebody_waits(&self, queue: QueueId) -> bool {
        fence(Ordering::SeqCst);
        self.queue_waiting(queue) > 0
    }

    /// By the queue's home alone, which is also who acts on it.
    pub(crate) fn shut_queue(&self, queue: QueueId, shut: bool) {
        let marks = &self.queues[queue.index()].marks;
        // Relaxed: our own last write.
        let joined = marks.load(Ordering::Relaxed) & !SHUT;
        marks.store(joined | if shut { SHUT } else { 0 }, Ordering::Release);
    }

    /// The same for those whom the empty rule counts as there.
    pub(crate) fn count_present(&self, queue: QueueId, joins: i8, stays: i8) {
        let words = &self.queues[queue.index()];
        words.joins.fetch_add(joins as i64 as u64, Ordering::AcqRel);
        words.stays.fetch_add(stays as i64 as u64, Ordering::AcqRel);
        fence(Ordering::SeqCst);
    }
}

impl AgentWords {
    fn new() -> Self {
        AgentWords {
            claim: AtomicU64::new(seat_word(Seat::Away, 0)),
            shown: AtomicU64::new(0),
            pending: AtomicU64::new(0),
            since: AtomicU64::new(0),
            contact: AtomicU64::new(0),
            phone: AtomicU64::new(0),
        }
    }
}

impl QueueWords {
    fn new() -> Self {
        QueueWords {
            head: AtomicU64::new(HeadKey::NONE.to_word()),
            waiting: AtomicU64::new(0),
            oldest: AtomicU64::new(u64::MAX),
            marks: AtomicU64::new(0),
            signed_on: AtomicU64::new(0),
            available: AtomicU64::new(0),
            joins: AtomicU64::new(0),
            stays: AtomicU64::new(0),
        }
    }
}

#[cfg(all(test, loom))]
#[path = "board_loom.rs"]
mod board_loom;
