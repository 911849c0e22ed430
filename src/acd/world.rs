//! A random house on one to three shards in one thread: callers, phones and people, and messages between the shards
//! that take their time. A seed draws everything.
//!
//! What happens equals some serial order: an offer is decided at one instant, and what its shard knew then is at most as
//! old as the longest chain of messages takes. So of everybody who was ready, and of everything that could be claimed,
//! throughout that time, nobody may come before the chosen by the strategy, and no contact before the given by its place.

mod call_room;
mod explained;
mod happenings;

pub(crate) use explained::Understood;

use crate::houses::random_house;
use crate::promises::Promises;
use crate::strategy::AgentKey;
use crate::testing::secs;
use crate::{Acd, AcdMessage, Board, BoardSize, Input, Output, Seating, Ticket};
use base::{Instant, Now, Rng, Utc};
use core::time::Duration;
use model::{Actor, AgentAction, AgentId, ContactId, Directory, OfferId, OfferOutcome, QueueCommand, QueueId, ShardId};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// How long a message between shards may take: a little, or so long that everything happens in between. The second is
/// still well below the lease, so that no reservation may expire.
const DELAYS: [Duration; 2] = [Duration::from_millis(4), Duration::from_millis(300)];
/// No chain of messages is longer.
const CHAIN: u32 = 15;

pub(crate) struct World {
    rng: Rng,
    pub(crate) now: Now,
    shards: Vec<Acd>,
    board: Arc<Board>,
    directory: Arc<Directory>,
    /// From one shard to another, in order.
    mail: BTreeMap<(u8, u8), VecDeque<(Instant, AcdMessage)>>,
    agenda: BTreeMap<(Instant, u64), Happening>,
    drawn: u64,
    calls: BTreeMap<ContactId, Call>,
    next_call: u32,
    promises: Promises,
    delay: Duration,
    /// How each agent stands, or stood last, in a queue's class of contacts.
    crews: BTreeMap<(QueueId, usize, AgentId), Stood>,
    looks: u64,
    told: explained::Told,
}

/// An agent in the crew of a queue.
struct Stood {
    key: AgentKey,
    since: Instant,
    last: Instant,
    /// The number of the look at all crews that saw him last.
    look: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Call {
    Waiting {
        queue: QueueId,
        entered: Instant,
        ring: Option<(OfferId, Instant)>,
    },
    /// Asked for an agent by name, or rings for him.
    Direct {
        agent: AgentId,
        ring: Option<OfferId>,
    },
    Talking {
        agent: AgentId,
        queue: Option<QueueId>,
    },
}

#[derive(Clone, Copy, Debug)]
enum Happening {
    Arrive,
    HangUp(ContactId),
    Answer(OfferId, OfferOutcome),
    EndTalk(ContactId),
    People,
    Phone,
    Direct,
    OwnCall,
    Reload,
}

impl World {
    pub(crate) fn new(seed: u64, shards: u8) -> Self {
        let mut rng = Rng::new(seed);
        let mut directory = random_house(&mut rng);
        directory.limits.shards = shards;
        let directory = Arc::new(directory);
        let board = Arc::new(Board::new(BoardSize::of(&directory)));
        let now = Now::new(Instant::from_millis(5_000), Utc::from_secs(1_790_000_000));
        let seat = |shard| Seating { shard: ShardId(shard), shards, seed };
        let start = |shard| Acd::new(now, Arc::clone(&directory), Arc::clone(&board), seat(shard));
        let shards = (0..shards).map(start).collect();
        let delay = *rng.pick(&DELAYS).expect("two");
        let promises = Promises::new(&directory, delay * CHAIN);
        let mut world = World {
            rng,
            now,
            shards,
            board,
            directory,
            mail: BTreeMap::new(),
            agenda: BTreeMap::new(),
            drawn: 0,
            calls: BTreeMap::new(),
            next_call: 0,
            promises,
            delay,
            crews: BTreeMap::new(),
            looks: 0,
            told: explained::Told::default(),
        };
        world.told.configured(now.mono, &world.directory);
        (0..world.shards.len()).for_each(|shard| world.outputs(shard));
        world.plan(0, 500, Happening::Arrive);
        world.plan(0, 20_000, Happening::People);
        world.plan(0, 60_000, Happening::Phone);
        world.plan(0, 20_000, Happening::Direct);
        world.plan(0, 20_000, Happening::OwnCall);
        world.plan(0, 120_000, Happening::Reload);
        world
    }

    /// Lives through `time`, then lets everything end; how many contacts were connected.
    pub(crate) fn live(&mut self, time: Duration) -> usize {
        let end = self.now.mono + time;
        while self.now.mono < end {
            self.step(end);
        }
        self.end();
        self.promises.connected()
    }

    /// To the next thing that happens, and through it.
    fn step(&mut self, end: Instant) {
        let mail = self.mail.values().filter_map(|queue| queue.front().map(|(at, _)| *at)).min();
        let planned = self.agenda.first_key_value().map(|((at, _), _)| *at);
        let timers = self.shards.iter().filter_map(Acd::poll_timeout).min();
        let next = [mail, planned, timers, Some(end)].into_iter().flatten().min().expect("there is an end");
        if mail.is_none() && next > self.now.mono + Duration::from_millis(2) {
            let idle = self.shards.iter().find_map(|shard| shard.idle(self.now));
            assert_eq!(idle, None, "ready for one who waits at {:?}", self.now.mono);
            self.promises.at_rest(&self.board);
        }
        self.look_at_crews();
        self.now = self.now + next.since(self.now.mono);
        self.promises.time(self.now.mono);
        for shard in 0..self.shards.len() {
            if self.shards[shard].poll_timeout().is_some_and(|at| at <= next) {
                self.shards[shard].handle_timeout(self.now);
                self.outputs(shard);
            }
        }
        self.deliver(next);
        while let Some(entry) = self.agenda.first_entry().filter(|e| e.key().0 <= next) {
            let happening = entry.remove();
            self.happen(happening);
        }
    }

    fn look_at_crews(&mut self) {
        let (now, look) = (self.now.mono, self.looks + 1);
        for (place, key) in self.shards.iter().flat_map(Acd::keys) {
            let seen = self.crews.entry(place).or_insert(Stood { key, since: now, last: now, look });
            // One who was away has come anew, though he may stand where he stood.
            let stayed = seen.key == key && seen.look + 1 >= look;
            *seen = Stood { key, since: if stayed { seen.since } else { now }, last: now, look };
        }
        self.looks = look;
    }

    /// Nobody who stood before the chosen, all the time in which it may have been decided, was passed over.
    fn check_choice(&self, offer: OfferId, queue: QueueId) {
        let settled = |since: Instant| since + self.delay * CHAIN < self.now.mono;
        let home = &self.shards[queue.index() % self.shards.len()];
        let Some((class, since)) = home.class_of(offer.contact) else { return };
        let chosen = self.crews.get(&(queue, class, offer.agent)).filter(|_| settled(since));
        let Some(chosen) = chosen.filter(|c| settled(c.since) && !settled(c.last)) else { return };
        // Whoever another shard had claimed was tried, and is out of the crew since.
        for (place, other) in home.keys().into_iter().filter(|((q, c, _), _)| (*q, *c) == (queue, class)) {
            let (agent, known) = (place.2, self.crews.get(&place));
            let stood = known.is_some_and(|k| k.key == other && k.look == self.looks && settled(k.since));
            if stood && agent != offer.agent && !self.promises.has_refused(self.now.mono, offer.contact, agent) {
                let (strategy, key) = (self.directory.queue(queue).strategy, chosen.key);
                assert!(key < other, "{strategy:?}: {other:?} comes before {key:?} for {}", offer.contact);
            }
        }
    }

    fn deliver(&mut self, until: Instant) {
        for pair in self.mail.keys().copied().collect::<Vec<_>>() {
            let queue = self.mail.get_mut(&pair).expect("the key was just read");
            if queue.front().is_some_and(|(at, _)| *at <= until) {
                let (_, message) = queue.pop_front().expect("front was there");
                self.input(usize::from(pair.1), Input::Shard(message));
            }
        }
    }

    fn input(&mut self, shard: usize, input: Input) {
        self.shards[shard].handle_input(self.now, input);
        self.outputs(shard);
    }

    fn call(&mut self, contact: ContactId, command: QueueCommand) {
        self.input(usize::from(contact.home().0), Input::Call(command));
    }

    fn outputs(&mut self, shard: usize) {
        while let Some(output) = self.shards[shard].poll_output() {
            match output {
                Output::Send { to, message } => {
                    assert_ne!(usize::from(to.0), shard, "nobody writes to himself");
                    let took = Duration::from_micros(self.rng.below(self.delay.as_micros() as u64));
                    let queue = self.mail.entry((shard as u8, to.0)).or_default();
                    let at = queue.back().map_or(Instant::ZERO, |(at, _)| *at).max(self.now.mono + took);
                    queue.push_back((at, message));
                }
                Output::Fact(fact) => {
                    self.promises.fact(self.now.mono, &fact);
                    self.told.fact(self.now.mono, fact);
                }
                Output::Reply { ticket, .. } => self.promises.replied(ticket),
                Output::Call(event) => self.event(event),
            }
        }
    }

    fn new_contact(&mut self) -> ContactId {
        self.next_call += 1;
        let shard = ShardId(self.rng.below(self.shards.len() as u64) as u8);
        ContactId::new(shard, 1, self.next_call)
    }

    fn plan(&mut self, after_ms: u64, spread_ms: u64, happening: Happening) {
        self.drawn += 1;
        let micros = after_ms * 1000 + self.rng.below(spread_ms * 1000);
        self.agenda.insert((self.now.mono + Duration::from_micros(micros), self.drawn), happening);
    }

    fn any_agent(&mut self) -> AgentId {
        AgentId(self.rng.below(self.directory.agents.len() as u64) as u32)
    }

    fn any_shard(&mut self) -> usize {
        self.rng.below(self.shards.len() as u64) as usize
    }

    /// Nobody new comes; callers hang up, talks end, agents go home. Then nothing may be left of anything.
    fn end(&mut self) {
        self.agenda.retain(|_, h| !matches!(h, Happening::Arrive | Happening::Direct | Happening::OwnCall));
        self.agenda.retain(|_, h| !matches!(h, Happening::People | Happening::Phone | Happening::Reload));
        let quiet = self.now.mono + secs(120);
        while self.now.mono < quiet {
            self.step(quiet);
        }
        let left: Vec<_> = self.calls.keys().copied().collect();
        left.into_iter().for_each(|contact| self.withdraw(contact));
        assert!(self.calls.is_empty(), "everything ends: {:?}", self.calls);
        for agent in (0..self.directory.agents.len() as u32).map(AgentId) {
            self.drawn += 1;
            let (ticket, by) = (Ticket(self.drawn), Actor::Operator("root".into()));
            self.promises.asked(ticket);
            self.input(0, Input::People { ticket, agent, action: AgentAction::SignOff { code: 0 }, by });
        }
        let end = self.now.mono + secs(10);
        while self.now.mono < end {
            self.step(end);
        }
        self.promises.at_the_end();
        self.shards.iter_mut().for_each(Acd::assert_empty);
        for queue in (0..self.directory.queues.len() as u32).map(QueueId) {
            let staffed = (self.board.queue_signed_on(queue), self.board.queue_available(queue));
            assert_eq!((self.board.queue_waiting(queue), staffed), (0, (0, 0)), "nothing is left on the board");
        }
    }
}
