//! The staff of one queue, and who of it is ready.
//!
//! Everybody has a fixed place, in the order of ids. To become ready is to write one's key there and set a bit, to be
//! taken is to clear it, whatever contacts ask: so an agent of ten queues costs ten such writes and no sorting. Whoever
//! asks for the first pays for looking: each class of contacts remembers the first of every sixty-four places, and
//! looks through those again in which something has changed since.

use crate::strategy::AgentKey;
use model::AgentId;
use std::collections::BTreeMap;

const BLOCK: usize = 64;

/// Sixty-four places.
#[derive(Clone, Copy, Debug, Default)]
struct Block {
    ready: u64,
    changes: u64,
}

/// A ready agent's place in the order: as [`AgentKey`], for places are in the order of ids.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Rank {
    score: u64,
    idle: u64,
    at: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Crew {
    staff: Vec<AgentId>,
    /// By place; of those who are ready. Apart from each other, for whoever looks for the first looks at these alone.
    keys: Vec<(u64, u64)>,
    masses: Vec<u32>,
    /// The queue's `turns` when it last gave him a contact.
    turns: Vec<u64>,
    /// The same of those who are not of the crew any more: whoever comes back is not new to the queue.
    past: BTreeMap<AgentId, u64>,
    blocks: Vec<Block>,
    ready: u32,
}

impl Crew {
    /// One more agent, in the order of ids; his place.
    pub(crate) fn hire(&mut self, agent: AgentId) -> u32 {
        let at = self.staff.len();
        self.staff.push(agent);
        self.keys.push((0, 0));
        self.masses.push(0);
        self.turns.push(self.past.remove(&agent).unwrap_or(0));
        self.blocks.resize(self.staff.len().div_ceil(BLOCK), Block::default());
        at as u32
    }

    /// For a reload: whoever is still of the crew is hired again.
    pub(crate) fn dismiss_all(&mut self) {
        self.past.extend(self.staff.drain(..).zip(self.turns.iter().copied()).filter(|(_, turn)| *turn > 0));
        self.keys.clear();
        self.masses.clear();
        self.turns.clear();
        self.blocks.clear();
        self.ready = 0;
    }

    pub(crate) fn staff(&self) -> &[AgentId] {
        &self.staff
    }

    /// How many are ready.
    pub(crate) fn ready(&self) -> u32 {
        self.ready
    }

    pub(crate) fn come(&mut self, at: u32, key: AgentKey) {
        let (block, bit) = (&mut self.blocks[at as usize / BLOCK], 1 << (at as usize % BLOCK));
        self.ready += u32::from(block.ready & bit == 0);
        block.ready |= bit;
        block.changes += 1;
        self.set_key(at, key);
    }

    pub(crate) fn turn(&self, at: u32) -> u64 {
        self.turns[at as usize]
    }

    pub(crate) fn note_turn(&mut self, at: u32, turn: u64) {
        self.turns[at as usize] = turn;
    }

    fn set_key(&mut self, at: u32, key: AgentKey) {
        self.keys[at as usize] = (key.score, key.idle);
        self.masses[at as usize] = key.mass;
    }

    pub(crate) fn go(&mut self, at: u32) {
        let (block, bit) = (&mut self.blocks[at as usize / BLOCK], 1 << (at as usize % BLOCK));
        self.ready -= u32::from(block.ready & bit != 0);
        block.ready &= !bit;
        block.changes += 1;
    }

    /// Takes the keys of all who are ready anew.
    pub(crate) fn rekey(&mut self, key: impl Fn(AgentId, u64) -> Option<AgentKey>) {
        for number in 0..self.blocks.len() {
            self.blocks[number].changes += 1;
            for at in places(number as u32, self.blocks[number].ready) {
                if let Some(key) = key(self.staff[at as usize], self.turns[at as usize]) {
                    self.set_key(at, key);
                }
            }
        }
    }
}

/// Those of a crew who may serve one class of contacts.
#[derive(Debug, Default)]
pub(crate) struct Able {
    /// A bit for each place.
    fits: Vec<u64>,
    /// By place, where the strategy looks at what is asked; else the keys say the score.
    scores: Vec<u64>,
    blocks: Vec<Seen>,
    /// By block: its changes when it was weighed last, and the mass of all who were ready in it and able.
    weighed: Vec<(u64, u64)>,
}

/// A block as it was when it was looked at last; one in which nothing has ever changed is empty.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    changes: u64,
    first: Option<Rank>,
}

impl Able {
    /// Looks at everybody of the crew anew: `None` cannot serve these, `Some` can, with the score he has for them if the
    /// strategy looks at what they ask.
    pub(crate) fn measure(&mut self, crew: &Crew, able: impl Fn(AgentId) -> Option<Option<u64>>) {
        self.fits.clear();
        self.scores.clear();
        self.blocks.clear();
        self.fits.resize(crew.blocks.len(), 0);
        for (at, agent) in crew.staff.iter().enumerate() {
            let Some(score) = able(*agent) else { continue };
            self.fits[at / BLOCK] |= 1 << (at % BLOCK);
            if let Some(score) = score {
                self.scores.resize(crew.staff.len(), 0);
                self.scores[at] = score;
            }
        }
        self.blocks.resize(crew.blocks.len(), Seen::default());
        self.weighed.clear();
        self.weighed.resize(crew.blocks.len(), (0, 0));
    }

    pub(crate) fn fits(&self, at: u32) -> bool {
        self.fits.get(at as usize / BLOCK).is_some_and(|word| word & (1 << (at as usize % BLOCK)) != 0)
    }

    /// Who is ready and able, by place.
    pub(crate) fn ready<'a>(&'a self, crew: &'a Crew) -> impl Iterator<Item = AgentKey> + Clone + 'a {
        let blocks = crew.blocks.iter().zip(&self.fits).zip(0u32..);
        let all = blocks.flat_map(|((block, fits), number)| places(number, block.ready & fits));
        all.map(|at| self.key(crew, at))
    }

    fn rank(&self, crew: &Crew, at: u32) -> Rank {
        let (score, idle) = crew.keys[at as usize];
        Rank { score: self.scores.get(at as usize).copied().unwrap_or(score), idle, at }
    }

    fn key(&self, crew: &Crew, at: u32) -> AgentKey {
        let Rank { score, idle, .. } = self.rank(crew, at);
        AgentKey { score, idle, agent: crew.staff[at as usize], mass: crew.masses[at as usize] }
    }

    /// How many are ready and able.
    pub(crate) fn count(&self, crew: &Crew) -> u32 {
        crew.blocks.iter().zip(&self.fits).map(|(block, fits)| (block.ready & fits).count_ones()).sum()
    }

    /// Shows who is ready and able one by one; those behind the one `see` tells may be left out. So whoever wants the
    /// first few looks into few blocks of many, and at few of their places twice.
    pub(crate) fn each_ready_before(&self, crew: &Crew, mut see: impl FnMut(AgentKey) -> Option<AgentKey>) {
        let mut last: Option<(u64, u64)> = None;
        let is_behind = |rank: Rank, last: Option<(u64, u64)>| last.is_some_and(|last| last < (rank.score, rank.idle));
        for (number, (block, seen)) in crew.blocks.iter().zip(&self.blocks).enumerate() {
            let known = seen.changes == block.changes;
            if known && seen.first.is_none_or(|first| is_behind(first, last)) {
                continue;
            }
            for at in places(number as u32, block.ready & self.fits[number]) {
                if !is_behind(self.rank(crew, at), last) {
                    last = see(self.key(crew, at)).map(|last| (last.score, last.idle));
                }
            }
        }
    }

    pub(crate) fn first(&mut self, crew: &Crew) -> Option<AgentKey> {
        for (number, block) in crew.blocks.iter().enumerate() {
            if self.blocks[number].changes != block.changes {
                let ready = places(number as u32, block.ready & self.fits[number]);
                let first = ready.map(|at| self.rank(crew, at)).min();
                self.blocks[number] = Seen { changes: block.changes, first };
            }
        }
        let first = self.blocks.iter().filter_map(|seen| seen.first).min()?;
        Some(self.key(crew, first.at))
    }

    /// The mass of all who are ready and able.
    pub(crate) fn mass(&mut self, crew: &Crew) -> u64 {
        for (number, block) in crew.blocks.iter().enumerate() {
            if self.weighed[number].0 != block.changes {
                let ready = places(number as u32, block.ready & self.fits[number]);
                let mass = ready.map(|at| u64::from(crew.masses[at as usize])).sum();
                self.weighed[number] = (block.changes, mass);
            }
        }
        self.weighed.iter().map(|(_, mass)| mass).sum()
    }

    /// The agent at whom the running sum of masses, by place, first exceeds `mass`; all are weighed.
    pub(crate) fn at_mass(&self, crew: &Crew, mut mass: u64) -> Option<AgentKey> {
        let number = self.weighed.iter().position(|(_, all)| {
            let here = mass < *all;
            mass -= if here { 0 } else { *all };
            here
        })?;
        let mut there = places(number as u32, crew.blocks[number].ready & self.fits[number]);
        let at = there.find(|at| {
            let own = u64::from(crew.masses[*at as usize]);
            let here = mass < own;
            mass -= if here { 0 } else { own };
            here
        })?;
        Some(self.key(crew, at))
    }
}

/// The places of a block whose bits are set.
fn places(block: u32, mut bits: u64) -> impl Iterator<Item = u32> + Clone {
    core::iter::from_fn(move || {
        let bit = (bits != 0).then(|| bits.trailing_zeros())?;
        bits &= bits - 1;
        Some(block * BLOCK as u32 + bit)
    })
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use base::Rng;

    fn key(rng: &mut Rng, agent: u32) -> AgentKey {
        AgentKey { score: rng.below(5), idle: rng.below(20), agent: AgentId(agent), mass: 1 + rng.below(4) as u32 }
    }

    /// Everybody able whose number is not a multiple of three; his score is his number modulo seven when `scored`.
    fn able(scored: bool) -> impl Fn(AgentId) -> Option<Option<u64>> {
        move |agent| (agent.0 % 3 != 0).then(|| scored.then(|| u64::from(agent.0 % 7)))
    }

    #[test]
    fn agrees_with_a_plain_vector() {
        for scored in [false, true] {
            let mut rng = Rng::new(5);
            let (mut crew, mut class) = (Crew::default(), Able::default());
            (0..200).for_each(|agent| assert_eq!(crew.hire(AgentId(agent)), agent));
            class.measure(&crew, able(scored));
            let mut plain: Vec<AgentKey> = Vec::new();
            for _ in 0..20_000 {
                let at = rng.below(200) as u32;
                plain.retain(|key| key.agent.0 != at);
                if rng.chance(0.5) {
                    let key = key(&mut rng, at);
                    crew.come(at, key);
                    plain.push(key);
                } else {
                    crew.go(at);
                }
                assert_eq!(crew.ready(), plain.len() as u32);
                plain.sort_by_key(|key| key.agent);
                let fit = |key: &AgentKey| {
                    let score = able(scored)(key.agent)?.unwrap_or(key.score);
                    Some(AgentKey { score, ..*key })
                };
                let fitting: Vec<_> = plain.iter().filter_map(fit).collect();
                assert!(class.ready(&crew).eq(fitting.iter().copied()));
                assert_eq!(class.first(&crew), fitting.iter().copied().min());
                assert_eq!(class.count(&crew), fitting.len() as u32);
                let mut shown = Vec::new();
                class.each_ready_before(&crew, |key| {
                    shown.push(key);
                    shown.sort();
                    shown.get(7).copied()
                });
                let mut first = fitting.clone();
                first.sort();
                assert_eq!(shown.iter().take(8).collect::<Vec<_>>(), first.iter().take(8).collect::<Vec<_>>());
                let all = fitting.iter().map(|key| u64::from(key.mass)).sum();
                assert_eq!(class.mass(&crew), all);
                let (mass, mut sum) = (rng.below(all + 1), 0);
                let drawn = fitting.iter().copied().find(|key| {
                    sum += u64::from(key.mass);
                    sum > mass
                });
                assert_eq!(class.at_mass(&crew, mass), drawn);
            }
        }
    }

    #[test]
    fn keys_taken_anew_are_seen() {
        let (mut crew, mut class) = (Crew::default(), Able::default());
        let key = |score, agent| AgentKey { score, idle: 0, agent, mass: 1 };
        let (one, two) = (AgentId(1), AgentId(2));
        for agent in [one, two] {
            let at = crew.hire(agent);
            crew.come(at, key(u64::from(agent.0), agent));
        }
        class.measure(&crew, |_| Some(None));
        assert_eq!(class.first(&crew).map(|key| key.agent), Some(one));
        crew.rekey(|agent, _| Some(key(9 - u64::from(agent.0), agent)));
        assert_eq!(class.first(&crew).map(|key| key.agent), Some(two));
    }
}
