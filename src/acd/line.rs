//! One queue of this shard: who waits in it and who is ready for it, by what is asked.

use crate::ageing::{ContactKey, Rate};
use crate::expect::Measures;
use crate::order::{Keyed, Order};
use crate::strategy::AgentKey;
use crate::words::HeadKey;
use base::Instant;
use model::{AgentId, ContactId, Directory, Queue, RequirementId};

/// What is asked of an agent: by the queue's step, and by the contact itself.
pub(crate) type Needs = [Option<RequirementId>; 2];

/// Contacts of one queue that ask for the same, and the agents who are ready for them.
#[derive(Debug)]
pub(crate) struct Class {
    needs: Needs,
    /// Contacts that may be claimed now.
    pub(crate) waiting: Order<ContactKey>,
    pub(crate) ready: Order<AgentKey>,
    /// Of the queue's staff, who may serve these: a bit each.
    fits: Vec<u64>,
}

#[derive(Debug)]
pub(crate) struct Line {
    /// Found by what they ask; there are as many as steps and wishes of the configuration make. The first asks nothing.
    pub(crate) classes: Vec<Class>,
    /// Contacts kept for an agent.
    pub(crate) kept: Order<(AgentId, ContactKey)>,
    /// All contacts in the queue by the time they came into it, those being offered included.
    pub(crate) arrivals: Order<(Instant, ContactId, u32)>,
    /// Contacts for which more phones may yet ring.
    pub(crate) ringing: Order<ContactKey>,
    /// Agents who serve it.
    staff: Vec<AgentId>,
    /// How many of them are ready.
    pub(crate) ready: u32,
    /// The instant the drifting keys are taken at.
    pub(crate) based: Instant,
    /// Contacts given to agents so far: the clock of round-robin.
    pub(crate) turns: u64,
    pub(crate) rate: Rate,
    /// Contacts of it being offered, and being talked with. A talk's end may be told before its beginning.
    pub(crate) offered: i64,
    pub(crate) talking: i64,
    max_talking: Option<i64>,
    pub(crate) measures: Measures,
}

impl Keyed for (Instant, ContactId, u32) {}
impl Keyed for (AgentId, ContactKey) {}

impl Class {
    fn new(needs: Needs) -> Self {
        let (waiting, ready) = (Order::with_capacity(0), Order::with_capacity(0));
        Class { needs, waiting, ready, fits: Vec::new() }
    }

    /// `at`: the agent's place in the queue's staff.
    pub(crate) fn fits(&self, at: u32) -> bool {
        self.fits.get(at as usize / 64).is_some_and(|word| word & (1 << (at % 64)) != 0)
    }

    fn measure(&mut self, staff: &[AgentId], directory: &Directory) {
        self.fits.clear();
        self.fits.resize(staff.len().div_ceil(64), 0);
        for (at, agent) in staff.iter().enumerate() {
            let skills = &directory.agent(*agent).skills;
            if self.asked(directory).iter().flatten().all(|asked| asked.fits(skills)) {
                self.fits[at / 64] |= 1 << (at % 64);
            }
        }
    }

    pub(crate) fn asked<'a>(&self, directory: &'a Directory) -> [Option<&'a model::Requirement>; 2] {
        // One an older directory knew and ours does not asks nothing.
        self.needs.map(|needs| directory.requirements.get(needs?.index()))
    }
}

impl Line {
    pub(crate) fn new() -> Self {
        Line {
            classes: vec![Class::new([None; 2])],
            kept: Order::with_capacity(0),
            arrivals: Order::with_capacity(0),
            ringing: Order::with_capacity(0),
            staff: Vec::new(),
            ready: 0,
            based: Instant::ZERO,
            turns: 0,
            rate: Rate::of(model::Ageing::default()),
            offered: 0,
            talking: 0,
            max_talking: None,
            measures: Measures::default(),
        }
    }

    /// Nobody waits and nobody is ready afterwards; whoever does is put in anew.
    pub(crate) fn adopt(&mut self, queue: &Queue) {
        self.classes.truncate(1);
        self.classes[0].waiting.clear();
        self.classes[0].ready.clear();
        self.kept.clear();
        self.ringing.clear();
        self.staff.clear();
        self.ready = 0;
        self.rate = Rate::of(queue.routing.ageing);
        self.max_talking = queue.routing.max_talking.map(i64::from);
    }

    /// One more agent serves it; his place in the staff.
    pub(crate) fn hire(&mut self, agent: AgentId) -> u32 {
        self.staff.push(agent);
        (self.staff.len() - 1) as u32
    }

    pub(crate) fn measure(&mut self, directory: &Directory) {
        let staff = &self.staff;
        self.classes.iter_mut().for_each(|class| class.measure(staff, directory));
    }

    /// The class that asks this, made when it is the first time; `true` then: nobody has been sorted into it.
    pub(crate) fn class(&mut self, needs: Needs, directory: &Directory) -> (usize, bool) {
        let needs = match needs {
            [None, wish] => [wish, None],
            [step, wish] if step == wish => [step, None],
            both => both,
        };
        if let Some(at) = self.classes.iter().position(|class| class.needs == needs) {
            return (at, false);
        }
        let mut class = Class::new(needs);
        class.measure(&self.staff, directory);
        self.classes.push(class);
        (self.classes.len() - 1, true)
    }

    pub(crate) fn is_full(&self) -> bool {
        self.max_talking.is_some_and(|most| self.talking + self.offered >= most)
    }

    pub(crate) fn caps_talking(&self) -> bool {
        self.max_talking.is_some()
    }

    /// How pressing its first claimable contact is.
    pub(crate) fn head(&self) -> HeadKey {
        if self.is_full() {
            return HeadKey::NONE;
        }
        let first = self.classes.iter().filter_map(|class| class.waiting.first()).min();
        first.map_or(HeadKey::NONE, |key| key.head())
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
