//! The queue's home: who waits and who is ready in the queues of this shard, and the matching.

use crate::board::Board;
use crate::expect::Measures;
use crate::input::Seating;
use crate::limits::{REFUSAL_BACK_OFF, REFUSALS_KEPT, TAKEN_BACK_PAUSE};
use crate::machine::{Acd, Timer};
use crate::message::{Departure, Stay, ToAgent, ToContact, ToQueue};
use crate::order::{Keyed, Order};
use crate::strategy::{self, AgentKey, Candidate, IdleStamps, Pick, agent_key};
use crate::words::HeadKey;
use base::{Instant, Key, Now, Slab, TimerId};
use model::{AgentId, ContactId, Directory, OfferId, OfferOutcome, QueueId};

/// Which waiting contact comes first: higher priority, then earlier first enqueue time, then the lower id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct ContactKey {
    rank: i64,
    entered: Instant,
    contact: ContactId,
    slot: u32,
}

impl Keyed for ContactKey {}
impl Keyed for (Instant, ContactId, u32) {}

/// One queue of this shard.
#[derive(Debug)]
pub(crate) struct Line {
    /// Contacts that may be claimed now.
    pub(crate) order: Order<ContactKey>,
    /// All contacts in the queue by the time they came into it, those being offered included.
    pub(crate) arrivals: Order<(Instant, ContactId, u32)>,
    ready: Order<AgentKey>,
    /// The instant the drifting keys of `ready` are taken at.
    based: Instant,
    /// Contacts given to agents so far: the clock of round-robin.
    turns: u64,
    pub(crate) measures: Measures,
}

/// An agent's part in a queue of this shard.
#[derive(Clone, Copy, Debug)]
struct Service {
    queue: QueueId,
    /// The queue's `turns` when it last gave him a contact.
    turn: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Standing {
    /// In the order.
    Waiting,
    /// Claimed for an agent.
    Offered,
    /// Its offer was taken back a moment ago: the call side will most likely withdraw it.
    Held,
}

#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) stay: Stay,
    pub(crate) epoch: u32,
    priority: i32,
    entered: Instant,
    pub(crate) queued: Instant,
    pub(crate) may_flow: bool,
    standing: Standing,
    pub(crate) tries: u8,
    /// Agents who said no, until when they are not asked again.
    refused: [(AgentId, Instant); REFUSALS_KEPT],
    pub(crate) max_wait: Option<TimerId>,
    /// The longest wait ran out while it was being offered.
    pub(crate) overdue: bool,
    pub(crate) announce: Option<TimerId>,
    ask: Option<TimerId>,
    /// When a held contact comes back into the line.
    held_until: Instant,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadyAgent {
    pub(crate) epoch: u32,
    pub(crate) idle: IdleStamps,
}

#[derive(Debug)]
pub(crate) struct Lines {
    seating: Seating,
    /// Queue `id` of this shard is at `id / shards`.
    lines: Vec<Line>,
    pub(crate) entries: Slab<Entry>,
    /// By board slot: where a waiting contact's entry is.
    by_slot: Vec<Option<Key>>,
    /// Agents this shard believes to be ready, by id; the board decides.
    ready: Vec<Option<ReadyAgent>>,
    /// The queues of this shard each agent serves.
    served: Vec<Box<[Service]>>,
    /// Agents being sorted anew; kept for its room.
    moved: Vec<AgentId>,
}

impl ContactKey {
    pub(crate) fn slot(&self) -> u32 {
        self.slot
    }
}

impl Lines {
    pub(crate) fn new(board: &Board, directory: &Directory, seating: Seating) -> Self {
        let slots = board.size().contacts_per_shard * board.size().shards as usize;
        let mut lines = Lines {
            seating,
            lines: Vec::new(),
            entries: Slab::new(),
            by_slot: vec![None; slots],
            ready: Vec::new(),
            served: Vec::new(),
            moved: Vec::new(),
        };
        lines.adopt(directory);
        lines
    }

    /// Takes over a directory: ready agents are sorted anew into the queues they serve now.
    pub(crate) fn adopt(&mut self, directory: &Directory) {
        let shards = u32::from(self.seating.shards);
        let here = |q: &QueueId| q.0 % shards == u32::from(self.seating.shard.0);
        let queues = (0..directory.queues.len() as u32).map(QueueId).filter(here).count();
        while self.lines.len() < queues {
            self.lines.push(Line {
                order: Order::with_capacity(0),
                arrivals: Order::with_capacity(0),
                ready: Order::with_capacity(0),
                based: Instant::ZERO,
                turns: 0,
                measures: Measures::default(),
            });
        }
        let before = core::mem::take(&mut self.served);
        self.served.extend(directory.agents.iter().enumerate().map(|(index, agent)| {
            let queues = if agent.removed { &[][..] } else { &agent.queues[..] };
            let served = queues.iter().copied().filter(|q| here(q) && !directory.queue(*q).removed);
            let known = before.get(index).map_or(&[][..], |services| &services[..]);
            let turn = |queue| known.iter().find(|s| s.queue == queue).map_or(0, |s| s.turn);
            served.map(|queue| Service { queue, turn: turn(queue) }).collect::<Box<[_]>>()
        }));
        let known = self.ready.len().max(directory.agents.len());
        self.ready.resize(known, None);
        self.served.resize(known, Box::default());
        self.lines.iter_mut().for_each(|line| line.ready.clear());
        for index in 0..self.ready.len() {
            if let Some(ready) = self.ready[index] {
                self.sort_in(AgentId(index as u32), ready, directory);
            }
        }
    }

    #[cfg(all(test, not(loom)))]
    pub(crate) fn is_empty(&self) -> bool {
        let is_empty = |line: &Line| line.order.len() + line.arrivals.len() == 0;
        self.entries.is_empty() && self.by_slot.iter().all(Option::is_none) && self.lines.iter().all(is_empty)
    }

    pub(crate) fn line(&mut self, queue: QueueId) -> &mut Line {
        &mut self.lines[queue.index() / usize::from(self.seating.shards)]
    }

    pub(crate) fn key_at(&self, slot: u32) -> Option<Key> {
        *self.by_slot.get(slot as usize)?
    }

    /// The entry of this stay, if the slot is still used for it.
    fn key_of(&self, stay: Stay) -> Option<Key> {
        self.key_at(stay.slot).filter(|key| self.entries.get(*key).is_some_and(|e| e.stay == stay))
    }

    /// Remembers a ready agent for whom nobody waits here.
    pub(crate) fn remember(&mut self, now: Now, agent: AgentId, ready: ReadyAgent, directory: &Directory) {
        if self.ready.get(agent.index()).is_none() {
            // Configured by a reload that is still on its way to us; then he is sorted in.
            self.ready.resize(agent.index() + 1, None);
            self.served.resize(agent.index() + 1, Box::default());
        }
        self.sort_out(agent, directory);
        for at in 0..self.served[agent.index()].len() {
            self.rebase(now, self.served[agent.index()][at].queue, directory);
        }
        self.ready[agent.index()] = Some(ready);
        self.sort_in(agent, ready, directory);
    }

    fn sort_in(&mut self, agent: AgentId, ready: ReadyAgent, directory: &Directory) {
        for at in 0..self.served[agent.index()].len() {
            let (queue, key) = self.key_in(at, agent, &ready, directory);
            self.line(queue).ready.insert(key);
        }
    }

    pub(crate) fn sort_out(&mut self, agent: AgentId, directory: &Directory) {
        let Some(ready) = self.ready.get_mut(agent.index()).and_then(Option::take) else { return };
        for at in 0..self.served[agent.index()].len() {
            let (queue, key) = self.key_in(at, agent, &ready, directory);
            self.line(queue).ready.remove(&key);
        }
    }

    /// His key in the `at`-th queue he serves here; the same until he is sorted out.
    fn key_in(&mut self, at: usize, id: AgentId, ready: &ReadyAgent, directory: &Directory) -> (QueueId, AgentKey) {
        let Service { queue, turn } = self.served[id.index()][at];
        let (agent, idle, based) = (directory.agent(id), &ready.idle, self.line(queue).based);
        let candidate = Candidate { id, agent, idle, turn, asked: [None; 2], based };
        (queue, agent_key(directory.queue(queue), &candidate))
    }

    /// He is being given a contact of this queue; he is not sorted in anywhere now.
    fn note_turn(&mut self, queue: QueueId, agent: AgentId) {
        let line = self.line(queue);
        line.turns += 1;
        let turn = line.turns;
        if let Some(service) = self.served[agent.index()].iter_mut().find(|s| s.queue == queue) {
            service.turn = turn;
        }
    }

    /// Keys that drift are taken anew when their time has come: before anybody looks at them or is sorted in.
    fn rebase(&mut self, now: Now, queue: QueueId, directory: &Directory) {
        let based = strategy::based_at(now.mono);
        if !strategy::rule(directory.queue(queue).strategy).drifts || self.line(queue).based == based {
            return;
        }
        let mut moved = core::mem::take(&mut self.moved);
        moved.extend(self.line(queue).ready.iter().map(|key| key.agent));
        let line = self.line(queue);
        line.ready.clear();
        line.based = based;
        for agent in moved.drain(..) {
            let service = self.served[agent.index()].iter().position(|s| s.queue == queue);
            if let (Some(at), Some(ready)) = (service, self.ready[agent.index()]) {
                let (_, key) = self.key_in(at, agent, &ready, directory);
                self.line(queue).ready.insert(key);
            }
        }
        self.moved = moved;
    }

    /// Whom the queue's strategy asks first for this contact; `None` when nobody is ready whom it may ask.
    fn first_for(&mut self, now: Now, key: Key, lost: u32, directory: &Directory) -> Option<AgentId> {
        let entry = self.entries.get(key)?;
        let (queue, contact, tries) = (entry.stay.queue, entry.stay.contact, entry.tries);
        self.rebase(now, queue, directory);
        let at = queue.index() / usize::from(self.seating.shards);
        let ready = &self.lines[at].ready;
        let start = match strategy::rule(directory.queue(queue).strategy).pick {
            Pick::First => ready.first(),
            Pick::Drawn => {
                ready.at_mass(strategy::scaled(strategy::draw(self.seating.seed, contact, tries, lost), ready.mass()))
            }
        };
        // From there on, and round once: those who said no a moment ago are passed over.
        let entry = self.entries.get(key)?;
        let mut next = start;
        while let Some(candidate) = next {
            if !entry.refuses(now, candidate.agent) {
                return Some(candidate.agent);
            }
            next = ready.after(&candidate).or_else(|| ready.first()).filter(|again| Some(*again) != start);
        }
        None
    }

    /// The contact this agent should get next from this shard: the best over all queues he serves here, leaving out
    /// those he refused a moment ago.
    pub(crate) fn best_for(&mut self, now: Now, agent: AgentId) -> Option<Key> {
        let mut best: Option<ContactKey> = None;
        for at in 0..self.served.get(agent.index())?.len() {
            let queue = self.served[agent.index()][at].queue;
            let mut head = self.line(queue).order.first();
            while let Some(key) = head.filter(|key| self.refuses(now, *key, agent)) {
                head = self.line(queue).order.after(&key);
            }
            best = [best, head].into_iter().flatten().min();
        }
        self.key_at(best?.slot)
    }

    fn refuses(&self, now: Now, key: ContactKey, agent: AgentId) -> bool {
        self.key_at(key.slot).and_then(|key| self.entries.get(key)).is_some_and(|e| e.refuses(now, agent))
    }
}

impl Entry {
    pub(crate) fn head_key(&self) -> HeadKey {
        HeadKey::new(self.priority, self.entered)
    }

    fn key(&self) -> ContactKey {
        let Stay { contact, slot, .. } = self.stay;
        ContactKey { rank: -i64::from(self.priority), entered: self.entered, contact, slot }
    }

    fn refuses(&self, now: Now, agent: AgentId) -> bool {
        self.refused.iter().any(|(a, until)| *a == agent && *until > now.mono)
    }

    fn note_refusal(&mut self, agent: AgentId, until: Instant) {
        // The one that ends first gives way; an agent's own earlier one always does.
        let at = self.refused.iter().position(|(a, _)| *a == agent);
        let at = at.or_else(|| (0..REFUSALS_KEPT).min_by_key(|i| self.refused[*i].1));
        self.refused[at.expect("REFUSALS_KEPT is not zero")] = (agent, until);
    }
}

impl Acd {
    pub(crate) fn on_queue_message(&mut self, now: Now, message: ToQueue) {
        match message {
            ToQueue::Insert { stay, epoch, priority, entered, queued, may_flow } => {
                let entry = Entry {
                    stay,
                    epoch,
                    priority,
                    entered,
                    queued,
                    may_flow,
                    standing: Standing::Held,
                    tries: 0,
                    refused: [(AgentId(u32::MAX), Instant::ZERO); REFUSALS_KEPT],
                    max_wait: None,
                    overdue: false,
                    announce: None,
                    ask: None,
                    held_until: Instant::ZERO,
                };
                self.insert(now, entry);
            }
            ToQueue::OfferOver { stay, agent, outcome } => self.offer_over(now, stay, agent, outcome),
            ToQueue::Return { stay, epoch, at_once } => self.returned(now, stay, epoch, at_once),
            ToQueue::Leave { stay, how } => self.left(now, stay, how),
            ToQueue::AgentReady { agent, epoch, idle, tour } => self.arrive(now, agent, epoch, idle, tour),
            ToQueue::Emptied { queue } => self.emptied(now, queue),
            ToQueue::Force { ticket, from, queue, action, by } => {
                self.force_queue(now, queue, action, by);
                self.send(from, ToContact::Answer { ticket, result: Ok(()) });
            }
            ToQueue::Handled { queue, took } => self.lines.line(queue).measures.handled(took),
        }
    }

    fn insert(&mut self, now: Now, entry: Entry) {
        let stay = entry.stay;
        if let Some((to, why)) = self.shut_rule(now, &entry) {
            // Nobody may be offered it: it never comes into the line.
            if self.board.leave_contact(stay.slot, entry.epoch) {
                let position = self.lines.line(stay.queue).order.len() as u32 + 1;
                self.send(stay.contact.home(), ToContact::FlowOut { stay, position, to, why });
            }
            return;
        }
        let arrival = (entry.queued, stay.contact, stay.slot);
        let key = self.lines.entries.insert(entry);
        self.lines.by_slot[stay.slot as usize] = Some(key);
        self.lines.line(stay.queue).arrivals.insert(arrival);
        self.stand_in_line(key);
        let position = self.position_of(key);
        self.send(stay.contact.home(), ToContact::Placed { stay, position });
        self.arm_entry(now, key);
        if !self.match_contact(now, key) {
            self.entry_rules(now, key);
        }
    }

    /// Into the order, on the board, then the fence: from here on an agent who comes sees it, and we see him.
    fn stand_in_line(&mut self, key: Key) {
        let Some(entry) = self.lines.entries.get_mut(key) else { return };
        entry.standing = Standing::Waiting;
        let (place, queue) = (entry.key(), entry.stay.queue);
        self.lines.line(queue).order.insert(place);
        self.show_line(queue);
    }

    fn stand_aside(&mut self, key: Key) {
        let Some(entry) = self.lines.entries.get_mut(key) else { return };
        entry.standing = Standing::Offered;
        let (place, queue) = (entry.key(), entry.stay.queue);
        self.lines.line(queue).order.remove(&place);
        self.show_line(queue);
    }

    /// Takes the entry out for good; `None` when it was gone.
    pub(crate) fn drop_entry(&mut self, key: Key) -> Option<Entry> {
        let entry = self.lines.entries.remove(key)?;
        let stay = entry.stay;
        self.lines.by_slot[stay.slot as usize] = None;
        for timer in [entry.max_wait, entry.announce, entry.ask].into_iter().flatten() {
            self.timers.cancel(timer);
        }
        let line = self.lines.line(stay.queue);
        line.order.remove(&entry.key());
        line.arrivals.remove(&(entry.queued, stay.contact, stay.slot));
        self.show_line(stay.queue);
        Some(entry)
    }

    fn show_line(&mut self, queue: QueueId) {
        let line = self.lines.line(queue);
        let (first, waiting) = (line.order.first(), line.arrivals.len() as u32);
        let oldest = line.arrivals.first().map(|(queued, ..)| queued);
        let priority = |k: ContactKey| i32::try_from(-k.rank).expect("the rank is a negated i32");
        let head = first.map_or(HeadKey::NONE, |k| HeadKey::new(priority(k), k.entered));
        self.board.show_line(queue, head, waiting, oldest);
    }

    /// Counts from 1; contacts that are being offered do not count as ahead.
    pub(crate) fn position_of(&mut self, key: Key) -> u32 {
        let Some(entry) = self.lines.entries.get(key) else { return 1 };
        let (place, queue) = (entry.key(), entry.stay.queue);
        let (Ok(ahead) | Err(ahead)) = self.lines.line(queue).order.rank(&place);
        ahead as u32 + 1
    }

    pub(crate) fn is_waiting(&self, key: Key) -> bool {
        self.lines.entries.get(key).is_some_and(|e| e.standing == Standing::Waiting)
    }

    /// Leaves the line by a rule: Waiting → Leaving decides against a caller who hangs up now.
    pub(crate) fn leave_line(&mut self, now: Now, key: Key) -> Option<(Entry, u32)> {
        let position = self.position_of(key);
        let entry = self.drop_entry(key)?;
        let waited = now.mono - entry.queued;
        self.lines.line(entry.stay.queue).measures.left(waited, Departure::FlowedOut);
        self.board.leave_contact(entry.stay.slot, entry.epoch).then_some((entry, position))
    }

    fn offer_over(&mut self, now: Now, stay: Stay, agent: AgentId, outcome: OfferOutcome) {
        let Some(key) = self.lines.key_of(stay) else { return };
        let Some(entry) = self.lines.entries.get_mut(key) else { return };
        match outcome {
            OfferOutcome::Accepted | OfferOutcome::Withdrawn => return,
            OfferOutcome::Missed | OfferOutcome::Failed(_) => {}
            OfferOutcome::Rejected(_) => entry.note_refusal(agent, now.mono + REFUSAL_BACK_OFF),
        }
        entry.tries = entry.tries.saturating_add(1);
        self.arm_ask(now, key);
    }

    fn returned(&mut self, now: Now, stay: Stay, epoch: u32, at_once: bool) {
        let Some(key) = self.lines.key_of(stay) else { return };
        let Some(entry) = self.lines.entries.get_mut(key) else { return };
        entry.epoch = epoch;
        entry.standing = Standing::Held;
        if at_once {
            self.back_in_line(now, key);
        } else {
            // The first time in a moment. A call side that takes every offer back is not asked without end.
            let again = entry.held_until > Instant::ZERO;
            entry.held_until = if again { now.mono + TAKEN_BACK_PAUSE } else { now.mono };
            self.arm_ask(now, key);
        }
    }

    fn back_in_line(&mut self, now: Now, key: Key) {
        self.stand_in_line(key);
        if !self.return_rules(now, key) {
            self.match_contact(now, key);
        }
    }

    fn left(&mut self, now: Now, stay: Stay, how: Departure) {
        let Some(key) = self.lines.key_of(stay) else { return };
        let Some(entry) = self.drop_entry(key) else { return };
        let waited = now.mono - entry.queued;
        self.lines.line(stay.queue).measures.left(waited, how);
    }

    /// One timer for the next reason to look at the entry again: it is held, or a refusal is forgotten.
    fn arm_ask(&mut self, now: Now, key: Key) {
        let Some(entry) = self.lines.entries.get_mut(key) else { return };
        if let Some(old) = entry.ask.take() {
            self.timers.cancel(old);
        }
        let refusals = entry.refused.iter().map(|(_, until)| *until).filter(|until| *until > now.mono);
        let held = (entry.standing == Standing::Held).then_some(entry.held_until);
        let next = refusals.chain(held).min();
        entry.ask = next.map(|at| self.timers.insert(at, Timer::Ask(entry.stay.slot)));
    }

    pub(crate) fn ask_again(&mut self, now: Now, slot: u32) {
        let Some(key) = self.lines.key_at(slot) else { return };
        let Some(entry) = self.lines.entries.get_mut(key) else { return };
        entry.ask = None;
        match entry.standing {
            Standing::Held if entry.held_until <= now.mono => self.back_in_line(now, key),
            Standing::Waiting => {
                self.match_contact(now, key);
            }
            Standing::Held | Standing::Offered => {}
        }
        self.arm_ask(now, key);
    }

    /// Agent surplus: the ready agent who comes first by the queue's strategy, for the contact that comes first for him
    /// by the same rule as when he becomes free. That is another one than this only when something ended for several at
    /// once; then that one is matched before. True when the contact does not wait any more.
    fn match_contact(&mut self, now: Now, key: Key) -> bool {
        let mut lost = 0;
        while self.is_waiting(key) {
            let Some((chosen, agent)) = self.next_match(now, key, lost) else { return false };
            let Some(epoch) = self.lines.ready[agent.index()].map(|r| r.epoch) else { return false };
            let claimed = self.board.claim_agent(agent, epoch);
            // Ours, or somebody else's who tells everybody when he is free again.
            self.lines.sort_out(agent, &self.directory);
            if !claimed {
                lost += 1;
            } else if !self.claim(chosen, agent, epoch) {
                self.undo(agent, epoch);
            }
        }
        true
    }

    /// Ends: each contact looked at is more pressing than the one before.
    fn next_match(&mut self, now: Now, key: Key, lost: u32) -> Option<(Key, AgentId)> {
        let mut chosen = key;
        loop {
            let agent = self.lines.first_for(now, chosen, lost, &self.directory)?;
            let best = self.lines.best_for(now, agent)?;
            if best == chosen {
                return Some((chosen, agent));
            }
            chosen = best;
        }
    }

    /// Contact surplus: the agent, already claimed, gets the best contact over all his queues here. Was that one gone,
    /// another shard may have a better one than our next: he is given back and looks at all of them again.
    pub(crate) fn give(&mut self, now: Now, agent: AgentId, epoch: u32) {
        let given = self.lines.best_for(now, agent).is_some_and(|key| self.claim(key, agent, epoch));
        if !given {
            self.undo(agent, epoch);
        }
    }

    fn undo(&mut self, agent: AgentId, epoch: u32) {
        self.board.undo_agent(agent, epoch);
        self.send(self.agent_home(agent), ToAgent::Undone { agent });
    }

    /// The second half of a match; the agent is ours. False when the contact is gone: its `Leave` is on the way.
    fn claim(&mut self, key: Key, agent: AgentId, agent_epoch: u32) -> bool {
        let Some(entry) = self.lines.entries.get(key) else { return false };
        let (stay, contact_epoch) = (entry.stay, entry.epoch);
        let claimed = self.board.claim_contact(stay.slot, contact_epoch);
        self.stand_aside(key);
        if !claimed {
            return false;
        }
        let offer = OfferId { contact: stay.contact, contact_epoch, agent, agent_epoch };
        let (queue, slot) = (stay.queue, stay.slot);
        self.lines.note_turn(queue, agent);
        let ring_timeout = self.directory.queue(queue).ring_timeout;
        self.send(self.agent_home(agent), ToAgent::Reserved { offer, queue, slot });
        self.send(stay.contact.home(), ToContact::Offer { stay, offer, ring_timeout });
        true
    }
}
