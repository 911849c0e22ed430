//! The queue's home: who waits and who is ready in the queues of this shard.

use crate::ageing::ContactKey;
use crate::board::Board;
use crate::entry::{Entry, Standing};
use crate::input::Seating;
use crate::line::{Line, Needs};
use crate::message::Stay;
use crate::strategy::{self, Candidate, IdleStamps, agent_key};
use crate::tour::ShardSet;
use crate::words::HeadKey;
use base::{Key, Now, Slab};
use model::{AgentId, Directory, QueueId, ShardId};

/// An agent's part in a queue of this shard.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Service {
    pub(crate) queue: QueueId,
    /// His place in the line's staff.
    pub(crate) at: u32,
    /// The queue's `turns` when it last gave him a contact.
    turn: u64,
    /// He is not the queue's own: he serves it while his reserve has joined.
    pub(crate) helps: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadyAgent {
    pub(crate) epoch: u32,
    pub(crate) idle: IdleStamps,
}

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
    pub(crate) fn first(&self) -> Option<ContactKey> {
        self.first.map(|(key, _)| key)
    }
}

#[derive(Debug)]
pub(crate) struct Lines {
    pub(crate) seating: Seating,
    /// Queue `id` of this shard is at `id / shards`.
    lines: Vec<Line>,
    /// Beside `lines`.
    fronts: Vec<Front>,
    pub(crate) entries: Slab<Entry>,
    /// By board slot: where a waiting contact's entry is.
    by_slot: Vec<Option<Key>>,
    /// Agents this shard believes to be ready, by id; the board decides.
    ready: Vec<Option<ReadyAgent>>,
    /// The queues of this shard each agent serves.
    served: Vec<Box<[Service]>>,
    /// The shards whose queues each agent serves.
    homes: Vec<ShardSet>,
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
            ready: Vec::new(),
            served: Vec::new(),
            homes: Vec::new(),
            rounds: Vec::new(),
            rounds_free: Vec::new(),
        };
        lines.adopt(directory);
        lines
    }

    /// Takes over a directory: ready agents and waiting contacts are sorted anew into the queues as they are now.
    pub(crate) fn adopt(&mut self, directory: &Directory) {
        let shards = u32::from(self.seating.shards);
        let here = |q: &QueueId| q.0 % shards == u32::from(self.seating.shard.0);
        let queues: Vec<_> = (0..directory.queues.len() as u32).map(QueueId).filter(here).collect();
        self.lines.resize_with(queues.len().max(self.lines.len()), Line::new);
        self.fronts.resize(self.lines.len(), Front::default());
        for ((line, front), id) in self.lines.iter_mut().zip(&mut self.fronts).zip(&queues) {
            line.adopt(directory.queue(*id));
            *front = Front { first: None, may_mislead: line.has_more_to_see() };
        }
        let calls =
            |id: &&QueueId| !directory.queue(**id).removed && !directory.queue(**id).routing.reserves.is_empty();
        let all: Vec<_> = (0..directory.queues.len() as u32).map(QueueId).collect();
        let calling: Vec<QueueId> = all.iter().filter(calls).copied().collect();
        let (before, lines) = (core::mem::take(&mut self.served), &mut self.lines);
        self.served.extend(directory.agents.iter().zip(0u32..).map(|(agent, id)| {
            let queues = if agent.removed { &[][..] } else { &agent.queues[..] };
            let served = queues.iter().copied().filter(|q| here(q) && !directory.queue(*q).removed);
            let known = before.get(id as usize).map_or(&[][..], |services| &services[..]);
            let turn = |queue| known.iter().find(|s| s.queue == queue).map_or(0, |s| s.turn);
            let serve = |lines: &mut [Line], queue: QueueId| {
                let at = lines[(queue.0 / shards) as usize].crew.hire(AgentId(id));
                Service { queue, at, turn: turn(queue), helps: false }
            };
            let mut served: Vec<Service> = served.map(|queue| serve(lines, queue)).collect();
            for queue in calling.iter().filter(|queue| here(queue)) {
                let Some(place) = directory.reserve_place(*queue, AgentId(id)) else { continue };
                served.push(Service { helps: true, ..serve(lines, *queue) });
                if let Some(watch) = &mut lines[(queue.0 / shards) as usize].watch {
                    watch.hire(AgentId(id), place as u8);
                }
            }
            served.into_boxed_slice()
        }));
        self.homes.clear();
        self.homes.extend(directory.agents.iter().zip(0u32..).map(|(agent, id)| {
            let mut homes = ShardSet::default();
            let helped = calling.iter().filter(|queue| directory.reserve_place(**queue, AgentId(id)).is_some());
            let all = agent.queues.iter().chain(helped);
            all.for_each(|queue| homes.insert(ShardId((queue.0 % shards) as u8)));
            homes
        }));
        for (line, id) in self.lines.iter_mut().zip(&queues) {
            line.measure(directory.queue(*id), directory);
            line.measures.forget_staff();
        }
        let known = self.ready.len().max(directory.agents.len());
        self.ready.resize(known, None);
        self.served.resize(known, Box::default());
        self.place_anew(directory);
        for index in 0..self.ready.len() {
            if let Some(ready) = self.ready[index] {
                self.sort_in(AgentId(index as u32), &ready, directory);
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

    pub(crate) fn open(&mut self, entry: Entry) -> Key {
        let stay = entry.stay;
        let arrival = (entry.shown_since, stay.contact, stay.slot);
        let key = self.entries.insert(entry);
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
        let place = entry.key(self.look(queue).rate);
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
        let place = entry.key(self.look(queue).rate);
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

    /// How pressing the first claimable contact of a queue is.
    pub(crate) fn head(&self, queue: QueueId) -> HeadKey {
        let first = self.front(queue).first.filter(|_| !self.look(queue).is_full());
        first.map_or(HeadKey::NONE, |(key, _)| key.head())
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
        let (queue, place) = (entry.stay.queue, entry.key(self.look(entry.stay.queue).rate));
        self.line(queue).ringing.insert(place);
    }

    pub(crate) fn end_round(&mut self, key: Key) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        let Some(round) = entry.round.take() else { return };
        let queue = entry.stay.queue;
        self.rounds[round].clear();
        self.rounds_free.push(round);
        if let Some(entry) = self.entries.get(key) {
            let place = entry.key(self.look(queue).rate);
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
}

/// Who is ready.
impl Lines {
    pub(crate) fn ready(&self, agent: AgentId) -> Option<ReadyAgent> {
        *self.ready.get(agent.index())?
    }

    pub(crate) fn homes(&self, agent: AgentId) -> ShardSet {
        self.homes.get(agent.index()).copied().unwrap_or_default()
    }

    pub(crate) fn services(&self, agent: AgentId) -> &[Service] {
        self.served.get(agent.index()).map_or(&[], |served| served)
    }

    pub(crate) fn service(&self, agent: AgentId, queue: QueueId) -> Option<Service> {
        self.services(agent).iter().find(|s| s.queue == queue).copied()
    }

    /// Remembers a ready agent for whom nobody waits here.
    pub(crate) fn remember(&mut self, now: Now, agent: AgentId, ready: ReadyAgent, directory: &Directory) {
        if self.ready.get(agent.index()).is_none() {
            // Configured by a reload that is still on its way to us; then he is sorted in.
            self.ready.resize(agent.index() + 1, None);
            self.served.resize(agent.index() + 1, Box::default());
        }
        self.sort_out(agent);
        for at in 0..self.served[agent.index()].len() {
            self.rebase(now, self.served[agent.index()][at].queue, directory);
        }
        self.ready[agent.index()] = Some(ready);
        self.sort_in(agent, &ready, directory);
    }

    fn sort_in(&mut self, id: AgentId, ready: &ReadyAgent, directory: &Directory) {
        let agent = directory.agent(id);
        for service in &self.served[id.index()] {
            let line = &mut self.lines[self.seating.place_of(service.queue.0)];
            let Some(rank) = (if service.helps { line.rank(id) } else { Some(0) }) else { continue };
            let candidate = Candidate { id, agent, idle: &ready.idle, turn: service.turn, rank, based: line.based };
            line.crew.come(service.at, agent_key(directory.queue(service.queue), &candidate));
        }
    }

    /// A helper, when he is ready here: his reserve has joined the queue or left it.
    pub(crate) fn come_or_go(&mut self, queue: QueueId, id: AgentId, joined: bool, directory: &Directory) {
        let (Some(ready), Some(service)) = (self.ready(id), self.service(id, queue)) else { return };
        let line = self.line(queue);
        match line.rank(id).filter(|_| joined) {
            Some(rank) => {
                let (agent, idle) = (directory.agent(id), &ready.idle);
                let candidate = Candidate { id, agent, idle, turn: service.turn, rank, based: line.based };
                line.crew.come(service.at, agent_key(directory.queue(queue), &candidate));
            }
            None => line.crew.go(service.at),
        }
    }

    pub(crate) fn sort_out(&mut self, agent: AgentId) {
        if self.ready.get_mut(agent.index()).and_then(Option::take).is_none() {
            return;
        }
        for service in &self.served[agent.index()] {
            let line = &mut self.lines[self.seating.place_of(service.queue.0)];
            line.crew.go(service.at);
        }
    }

    /// He is being given a contact of this queue; he is not sorted in anywhere now.
    pub(crate) fn note_turn(&mut self, queue: QueueId, agent: AgentId) {
        let line = self.line(queue);
        line.turns += 1;
        let turn = line.turns;
        if let Some(service) = self.served[agent.index()].iter_mut().find(|s| s.queue == queue) {
            service.turn = turn;
        }
    }

    /// Keys that drift are taken anew when their time has come: before anybody looks at them or is sorted in.
    pub(crate) fn rebase(&mut self, now: Now, id: QueueId, directory: &Directory) {
        let (based, queue) = (strategy::based_at(now.mono), directory.queue(id));
        let line = &mut self.lines[self.seating.place_of(id.0)];
        if !strategy::rule(queue.strategy).drifts || line.based == based {
            return;
        }
        line.based = based;
        let (ready, served, watch) = (&self.ready, &self.served, line.watch.as_deref());
        line.crew.rekey(|agent| {
            let turn = served[agent.index()].iter().find(|s| s.queue == id)?.turn;
            let idle = &ready[agent.index()].as_ref()?.idle;
            let configured = directory.agent(agent);
            let rank = watch.and_then(|watch| watch.helper(agent)).map_or(0, |(place, _)| place + 1);
            Some(agent_key(queue, &Candidate { id: agent, agent: configured, idle, turn, rank, based }))
        });
    }
}
