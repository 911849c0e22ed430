//! One queue of this shard: who waits in it and who is ready for it, by what is asked.

use crate::ageing::{ContactKey, Rate};
use crate::crew::{Able, Crew};
use crate::expect::Measures;
use crate::figures::Recent;
use crate::order::Order;
use crate::reserve::Watch;
use crate::strategy::{self, AgentKey, Asked};
use base::{Instant, TimerId};
use core::ops::{Index, IndexMut};
use core::time::Duration;
use model::{AgentId, ContactId, Directory, IdleClock, Queue, RequirementId, Strategy};

/// What is asked of an agent: by the queue's step, and by the contact itself.
pub(crate) type Needs = [Option<RequirementId>; 2];

/// Contacts of one queue that ask for the same, and the agents who can serve them.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Class {
    /// Contacts that may be claimed now.
    pub(crate) waiting: Order<ContactKey>,
    pub(crate) able: Able,
    needs: Needs,
}

/// All of a queue. The first lies in the line itself: most queues have no other.
#[derive(Debug)]
pub(crate) struct Classes {
    first: Class,
    others: Vec<Class>,
}

impl Classes {
    pub(crate) fn len(&self) -> usize {
        1 + self.others.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Class> + Clone {
        core::iter::once(&self.first).chain(&self.others)
    }

    fn iter_mut(&mut self) -> impl Iterator<Item = &mut Class> {
        core::iter::once(&mut self.first).chain(&mut self.others)
    }
}

impl Index<usize> for Classes {
    type Output = Class;

    fn index(&self, at: usize) -> &Class {
        at.checked_sub(1).map_or(&self.first, |at| &self.others[at])
    }
}

impl IndexMut<usize> for Classes {
    fn index_mut(&mut self, at: usize) -> &mut Class {
        match at.checked_sub(1) {
            Some(at) => &mut self.others[at],
            None => &mut self.first,
        }
    }
}

/// What every match looks at comes first, in one line of the cache.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Line {
    /// Contacts of it being offered, and being talked with. A talk's end may be told before its beginning.
    pub(crate) offered: i64,
    pub(crate) talking: i64,
    /// `NO_CAP`: as many as there are agents.
    max_talking: i64,
    /// Contacts given to agents so far: the clock of round-robin.
    pub(crate) turns: u64,
    /// Of a queue with reserves.
    pub(crate) watch: Option<Box<Watch>>,
    pub(crate) measures: Measures,
    /// As the directory says.
    pub(crate) ring_timeout: Duration,
    pub(crate) strategy: Strategy,
    pub(crate) idle_clock: IdleClock,
    /// Found by what they ask; there are as many as steps and wishes of the configuration make. The first asks nothing.
    pub(crate) classes: Classes,
    /// Agents who serve it.
    pub(crate) crew: Crew,
    /// All contacts in the queue by the time they came into it, those being offered included; called-back ones by
    /// the time their customers first came.
    pub(crate) arrivals: Order<(Instant, ContactId, u32)>,
    pub(crate) rate: Rate,
    /// Contacts kept for an agent.
    pub(crate) kept: Order<(AgentId, ContactKey)>,
    /// Contacts for which more phones may yet ring.
    pub(crate) ringing: Order<ContactKey>,
    /// The instant the drifting keys are taken at.
    pub(crate) based: Instant,
    pub(crate) recent: Recent,
    /// Runs while somebody waits whose expected wait has a limit.
    pub(crate) review: Option<TimerId>,
}

const NO_CAP: i64 = i64::MAX;

impl Class {
    fn new(needs: Needs) -> Self {
        Class { needs, waiting: Order::new(), able: Able::default() }
    }

    fn measure(&mut self, crew: &Crew, queue: &Queue, directory: &Directory, rank: impl Fn(AgentId) -> Option<u8>) {
        let asked = self.asked(directory);
        let score = strategy::rule(queue.strategy).asked;
        self.able.measure(crew, |agent| {
            let rank = rank(agent)?;
            let skills = &directory.agent(agent).skills;
            let able = asked.iter().flatten().all(|asked| asked.fits(skills));
            able.then(|| score.map(|score| strategy::ranked(rank, score(skills, asked))))
        });
    }

    pub(crate) fn asked<'a>(&self, directory: &'a Directory) -> Asked<'a> {
        // One an older directory knew and ours does not asks nothing.
        self.needs.map(|needs| directory.requirements.get(needs?.index()))
    }
}

impl Line {
    pub(crate) fn new() -> Self {
        Line {
            classes: Classes { first: Class::new([None; 2]), others: Vec::new() },
            kept: Order::new(),
            arrivals: Order::new(),
            ringing: Order::new(),
            crew: Crew::default(),
            based: Instant::ZERO,
            turns: 0,
            rate: Rate::of(&model::Routing::default()),
            offered: 0,
            talking: 0,
            max_talking: NO_CAP,
            recent: Recent::default(),
            review: None,
            watch: None,
            measures: Measures::default(),
            ring_timeout: Duration::ZERO,
            strategy: Strategy::default(),
            idle_clock: IdleClock::default(),
        }
    }

    /// Nobody waits and nobody is ready afterwards; whoever does is put in anew.
    pub(crate) fn adopt(&mut self, queue: &Queue) {
        self.classes.others.clear();
        self.classes.first.waiting.clear();
        self.kept.clear();
        self.ringing.clear();
        self.crew.dismiss_all();
        (self.strategy, self.idle_clock, self.ring_timeout) = (queue.strategy, queue.idle_clock, queue.ring_timeout);
        self.rate = Rate::of(&queue.routing);
        self.max_talking = queue.routing.max_talking.map_or(NO_CAP, i64::from);
        let reserves = queue.routing.reserves.len();
        let watch = self.watch.take().filter(|_| reserves > 0).unwrap_or_default();
        self.watch = (reserves > 0).then_some(watch);
        if let Some(watch) = &mut self.watch {
            watch.renew(reserves);
        }
    }

    /// The rank of one who serves it: 0 for its own agents, then the reserves in their order; `None`: his has not joined.
    pub(crate) fn rank(&self, agent: AgentId) -> Option<u8> {
        rank(self.watch.as_deref(), agent)
    }

    pub(crate) fn measure(&mut self, queue: &Queue, directory: &Directory) {
        let rank = |agent| rank(self.watch.as_deref(), agent);
        self.classes.iter_mut().for_each(|class| class.measure(&self.crew, queue, directory, rank));
    }

    /// The class that asks this, made when it is the first time.
    pub(crate) fn class(&mut self, needs: Needs, queue: &Queue, directory: &Directory) -> usize {
        let needs = match needs {
            [None, wish] => [wish, None],
            [step, wish] if step == wish => [step, None],
            both => both,
        };
        if let Some(at) = self.classes.iter().position(|class| class.needs == needs) {
            return at;
        }
        let mut class = Class::new(needs);
        class.measure(&self.crew, queue, directory, |agent| rank(self.watch.as_deref(), agent));
        self.classes.others.push(class);
        self.classes.others.len()
    }

    /// The first of those who are ready and can serve the class.
    pub(crate) fn first_ready(&mut self, class: usize) -> Option<AgentKey> {
        self.classes[class].able.first(&self.crew)
    }

    /// One of them, in proportion to their masses.
    pub(crate) fn drawn(&mut self, class: usize, drawn: u64) -> Option<AgentKey> {
        let able = &mut self.classes[class].able;
        let mass = able.mass(&self.crew);
        able.at_mass(&self.crew, strategy::scaled(drawn, mass))
    }

    /// All of them, by id.
    pub(crate) fn ready(&self, class: usize) -> impl Iterator<Item = AgentKey> + Clone {
        self.classes[class].able.ready(&self.crew)
    }

    /// How many they are.
    pub(crate) fn able(&self, class: usize) -> u32 {
        self.classes[class].able.count(&self.crew)
    }

    /// They one after the other, in no order; those behind the one `see` tells may be left out.
    pub(crate) fn each_ready_before(&self, class: usize, see: impl FnMut(AgentKey) -> Option<AgentKey>) {
        self.classes[class].able.each_ready_before(&self.crew, see);
    }

    pub(crate) fn staffed_by(&self) -> u32 {
        self.crew.staff().len() as u32
    }

    pub(crate) fn is_full(&self) -> bool {
        self.talking + self.offered >= self.max_talking
    }

    pub(crate) fn caps_talking(&self) -> bool {
        self.max_talking != NO_CAP
    }

    /// The first of all classes, and its class.
    pub(crate) fn first(&self) -> Option<(ContactKey, usize)> {
        let firsts = self.classes.iter().zip(0..).filter_map(|(class, at)| Some((class.waiting.first()?, at)));
        firsts.min()
    }

    /// Who comes next here does not follow from the first contact alone.
    pub(crate) fn has_more_to_see(&self) -> bool {
        !self.rate.is_plain() || self.watch.is_some() || self.caps_talking() || self.kept.len() > 0
    }

    /// How many of those who may be claimed come before this one.
    pub(crate) fn ahead_of(&self, key: &ContactKey) -> u32 {
        let rank = |class: &Class| match class.waiting.rank(key) {
            Ok(ahead) | Err(ahead) => ahead,
        };
        let kept = self.kept.iter().filter(|(_, other)| other < key).count();
        (self.classes.iter().map(rank).sum::<usize>() + kept) as u32
    }

    /// How many may be claimed.
    pub(crate) fn waiting(&self) -> usize {
        self.classes.iter().map(|class| class.waiting.len()).sum::<usize>() + self.kept.len()
    }

    #[cfg(all(test, not(loom)))]
    pub(crate) fn is_empty(&self) -> bool {
        let nobody = self.waiting() + self.arrivals.len() + self.ringing.len() == 0;
        nobody && (self.offered, self.talking) == (0, 0)
    }
}

fn rank(watch: Option<&Watch>, agent: AgentId) -> Option<u8> {
    match watch.and_then(|watch| watch.helper(agent)) {
        None => Some(0),
        Some((place, joined)) => joined.then_some(place + 1),
    }
}
