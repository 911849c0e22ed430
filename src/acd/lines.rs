//! The queue's home: who waits and who is ready in the queues of this shard.

use crate::ageing::{ContactKey, Rate};
use crate::board::Board;
use crate::entry::{Entry, Standing};
use crate::input::Seating;
use crate::line::{Line, Needs};
use crate::message::Stay;
use crate::serving::Server;
use crate::words::HeadKey;
use base::{Key, Slab};
use model::{AgentId, Directory, QueueId, RINGS_MAX};

/// What an agent who becomes ready must see of each of his queues, in one piece for all of them: the lines themselves
/// lie far apart in memory.
#[derive(Clone, Copy, Default, Debug)]
#[repr(align(64))]
pub(crate) struct Front {
    /// Of all who may be claimed, and its class; contacts kept for an agent are not among them.
    pub(crate) first: Option<(ContactKey, usize)>,
    /// There is more to see than this: contacts kept for agents, ageing, an objective, a cap on talks.
    pub(crate) may_mislead: bool,
}

impl Front {
    pub(crate) fn first(&self) -> Option<&ContactKey> {
        self.first.as_ref().map(|(key, _)| key)
    }
}

#[derive(Debug)]
pub(crate) struct Lines {
    pub(crate) seating: Seating,
    /// Queue `id` of this shard is at `id / shards`.
    pub(crate) lines: Vec<Line>,
    /// Beside `lines`.
    fronts: Vec<Front>,
    pub(crate) entries: Slab<Entry>,
    /// By board slot: where a waiting contact's entry is.
    by_slot: Vec<Option<Key>>,
    /// Agents by id.
    pub(crate) servers: Vec<Server>,
    /// Whose phones have rung in one round of offers each; empty ones are used again.
    rounds: Vec<Vec<AgentId>>,
    rounds_free: Vec<usize>,
}

impl Lines {
    pub(crate) fn new(board: &Board, directory: &Directory, seating: Seating) -> Self {
        let slots = board.size().contacts_per_shard * board.size().shards as usize;
        let mut lines = Lines {
            seating,
            lines: Vec::new(),
            fronts: Vec::new(),
            entries: Slab::new(),
            by_slot: vec![None; slots],
            servers: Vec::new(),
            rounds: Vec::new(),
            rounds_free: Vec::new(),
        };
        lines.adopt(directory);
        lines
    }

    /// Takes over a directory: ready agents and waiting contacts are sorted anew into the queues as they are now.
    pub(crate) fn adopt(&mut self, directory: &Directory) {
        let here = |q: &QueueId| self.seating.home_of(q.0) == self.seating.shard;
        let queues: Vec<_> = (0..directory.queues.len() as u32).map(QueueId).filter(here).collect();
        self.lines.resize_with(queues.len().max(self.lines.len()), Line::new);
        self.fronts.resize(self.lines.len(), Front::default());
        for ((line, front), id) in self.lines.iter_mut().zip(&mut self.fronts).zip(&queues) {
            line.adopt(directory.queue(*id));
            *front = Front { first: None, may_mislead: line.has_more_to_see() };
        }
        self.hire_all(directory);
        for (line, id) in self.lines.iter_mut().zip(&queues) {
            line.measure(directory.queue(*id), directory);
            line.measures.forget_staff();
        }
        self.place_anew(directory);
        for id in (0..self.servers.len() as u32).map(AgentId) {
            if let Some(ready) = self.ready(id) {
                self.sort_in(id, &ready, directory);
            }
        }
    }

    /// After the lines were emptied: every contact into the class of its step.
    fn place_anew(&mut self, directory: &Directory) {
        let slots: Vec<_> = self.by_slot.iter().flatten().copied().collect();
        for key in slots {
            let Some(needs) = self.needs_of(key, directory) else { continue };
            self.enter_class(key, needs, directory);
            let Some(entry) = self.entries.get(key) else { continue };
            let (standing, round) = (entry.standing, entry.round);
            if standing == Standing::Waiting {
                self.put_in(key);
            } else if round.is_some() {
                self.put_ringing(key);
            }
        }
    }

    #[cfg(all(test, not(loom)))]
    pub(crate) fn is_empty(&self) -> bool {
        let no_entry = self.entries.is_empty() && self.by_slot.iter().all(Option::is_none);
        no_entry && self.lines.iter().all(Line::is_empty) && self.rounds.len() == self.rounds_free.len()
    }

    fn index(&self, queue: QueueId) -> usize {
        self.seating.place_of(queue.0)
    }

    pub(crate) fn line(&mut self, queue: QueueId) -> &mut Line {
        let index = self.index(queue);
        &mut self.lines[index]
    }

    pub(crate) fn look(&self, queue: QueueId) -> &Line {
        &self.lines[self.index(queue)]
    }

    /// How many are in the queue, those being offered included.
    pub(crate) fn length(&self, queue: QueueId) -> usize {
        self.look(queue).arrivals.len()
    }

    pub(crate) fn key_at(&self, slot: u32) -> Option<Key> {
        *self.by_slot.get(slot as usize)?
    }

    /// The entry of this stay, if the slot is still used for it.
    pub(crate) fn key_of(&self, stay: Stay) -> Option<Key> {
        self.key_at(stay.slot).filter(|key| self.entries.get(*key).is_some_and(|e| e.stay == stay))
    }

    pub(crate) fn open(&mut self, mut entry: Entry) -> Key {
        let stay = entry.stay;
        let arrival = (entry.shown_since, stay.contact, stay.slot);
        let key = self.entries.insert_with(|own| {
            entry.own = own;
            entry
        });
        self.by_slot[stay.slot as usize] = Some(key);
        self.line(stay.queue).arrivals.insert(arrival);
        key
    }

    /// Takes the entry out for good; `None` when it was gone.
    pub(crate) fn close(&mut self, key: Key) -> Option<Entry> {
        self.take_out(key);
        self.end_round(key);
        let entry = self.entries.remove(key)?;
        let stay = entry.stay;
        self.by_slot[stay.slot as usize] = None;
        let line = self.line(stay.queue);
        line.offered -= i64::from(entry.standing == Standing::Offered);
        line.arrivals.remove(&(entry.shown_since, stay.contact, stay.slot));
        Some(entry)
    }
}

/// Where a contact stands in its line.
impl Lines {
    pub(crate) fn needs_of(&self, key: Key, directory: &Directory) -> Option<Needs> {
        let entry = self.entries.get(key)?;
        let step = directory.queue(entry.stay.queue).routing.steps.get(entry.step);
        Some([step.and_then(|step| step.needs), entry.wish])
    }

    /// From now on it asks this. It must not be among those who wait while its class changes.
    pub(crate) fn enter_class(&mut self, key: Key, needs: Needs, directory: &Directory) {
        let Some(queue) = self.entries.get(key).map(|e| e.stay.queue) else { return };
        let class = self.line(queue).class(needs, directory.queue(queue), directory);
        if let Some(entry) = self.entries.get_mut(key) {
            entry.class = class;
        }
    }

    pub(crate) fn put_in(&mut self, key: Key) {
        let Some(entry) = self.entries.get(key) else { return };
        let (queue, class, kept) = (entry.stay.queue, entry.class, entry.kept);
        let place = entry.key(self.rate(queue));
        let index = self.index(queue);
        let (line, front) = (&mut self.lines[index], &mut self.fronts[index]);
        match kept {
            Some(agent) => {
                line.kept.insert((agent, place));
                front.may_mislead = true;
            }
            None => {
                line.classes[class].waiting.insert(place);
                let here = (place, class);
                front.first = Some(front.first.map_or(here, |first| first.min(here)));
            }
        };
    }

    pub(crate) fn take_out(&mut self, key: Key) {
        let Some(entry) = self.entries.get(key) else { return };
        let (queue, class, kept) = (entry.stay.queue, entry.class, entry.kept);
        let place = entry.key(self.rate(queue));
        let index = self.index(queue);
        let (line, front) = (&mut self.lines[index], &mut self.fronts[index]);
        match kept {
            Some(agent) => {
                line.kept.remove(&(agent, place));
                front.may_mislead = line.has_more_to_see();
            }
            None => {
                line.classes[class].waiting.remove(&place);
                if front.first == Some((place, class)) {
                    front.first = line.first();
                }
            }
        };
    }

    /// How pressing the first claimable contact of a queue is. One that is kept for an agent counts too: he goes by it
    /// from other shards, and others who come in vain go on.
    pub(crate) fn head(&self, queue: QueueId) -> HeadKey {
        let front = self.front(queue);
        // Of a plain queue nothing is kept and nothing capped.
        if !front.may_mislead {
            return front.first.map_or(HeadKey::NONE, |(key, _)| key.head(Rate::default()));
        }
        let line = self.look(queue);
        let first = front.first.map(|(key, _)| key);
        let kept = if line.kept.len() == 0 { None } else { line.kept.iter().map(|(_, key)| key).min() };
        let head = [first, kept].into_iter().flatten().min().filter(|_| !line.is_full());
        head.map_or(HeadKey::NONE, |key| key.head(line.rate))
    }

    /// What waiting adds in this queue; of a plain one without looking at its line.
    pub(crate) fn rate(&self, queue: QueueId) -> Rate {
        if self.front(queue).may_mislead { self.look(queue).rate } else { Rate::default() }
    }

    pub(crate) fn front(&self, queue: QueueId) -> &Front {
        &self.fronts[self.index(queue)]
    }

    pub(crate) fn is_waiting(&self, key: Key) -> bool {
        self.entries.get(key).is_some_and(|e| e.standing == Standing::Waiting)
    }
}

/// Whose phones have rung for a contact in the round of offers going on.
impl Lines {
    pub(crate) fn begin_round(&mut self, key: Key) {
        let round = self.rounds_free.pop().unwrap_or_else(|| {
            self.rounds.push(Vec::new());
            self.rounds_free.reserve(self.rounds.len());
            self.rounds.len() - 1
        });
        if let Some(entry) = self.entries.get_mut(key) {
            entry.round = Some(round);
        }
        self.put_ringing(key);
    }

    fn put_ringing(&mut self, key: Key) {
        let Some(entry) = self.entries.get(key) else { return };
        let (queue, place) = (entry.stay.queue, entry.key(self.rate(entry.stay.queue)));
        self.line(queue).ringing.insert(place);
    }

    pub(crate) fn end_round(&mut self, key: Key) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        let Some(round) = entry.round.take() else { return };
        let queue = entry.stay.queue;
        self.rounds[round].clear();
        self.rounds_free.push(round);
        if let Some(entry) = self.entries.get(key) {
            let place = entry.key(self.rate(queue));
            self.line(queue).ringing.remove(&place);
        }
    }

    pub(crate) fn note_rung(&mut self, key: Key, agent: AgentId) {
        if let Some(round) = self.entries.get(key).and_then(|e| e.round) {
            self.rounds[round].push(agent);
        }
    }

    pub(crate) fn rung(&self, entry: &Entry) -> &[AgentId] {
        entry.round.map_or(&[], |round| &self.rounds[round])
    }

    pub(crate) fn has_rung(&self, entry: &Entry, agent: AgentId) -> bool {
        self.rung(entry).contains(&agent)
    }

    /// He may be rung in the round going on, as far as it goes.
    pub(crate) fn may_join(&self, entry: &Entry, agent: AgentId) -> bool {
        self.rung(entry).len() < RINGS_MAX && !self.has_rung(entry, agent)
    }
}
