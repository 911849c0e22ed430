//! A sorted list with ranks: the waiting order of a queue.

use crate::limits::RUN_MAX;
use std::collections::VecDeque;

/// Distinct keys in ascending order.
///
/// Runs of neighbours, each in one piece of memory: who comes last is appended, who comes first is taken off, and only
/// who comes or goes in between moves others, at most half a run. To find the run costs O(log n); a rank adds up the
/// runs before it. A run that gets empty is kept, so that a list that was once as long needs no memory to become so
/// again.
#[derive(Debug, Clone)]
pub(crate) struct Order<K> {
    /// The smallest key: looked at much more often than it changes.
    first: Option<K>,
    len: usize,
    /// The first run, empty only when all is; in place, for most are taken from it.
    head: VecDeque<K>,
    /// The others, none of them empty.
    runs: Vec<VecDeque<K>>,
    spare: Vec<VecDeque<K>>,
}

impl<K: Copy + Ord> Order<K> {
    pub(crate) const fn new() -> Self {
        Order { first: None, len: 0, head: VecDeque::new(), runs: Vec::new(), spare: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// False when the key is in already.
    pub(crate) fn insert(&mut self, key: K) -> bool {
        // Behind everybody: into the last run while it has room.
        let mut at = match self.run_of(&key) {
            Some(at) => at,
            None if self.run(self.runs.len()).len() < RUN_MAX => self.runs.len(),
            None => self.open_run(),
        };
        let Err(mut place) = search(self.run(at), &key) else { return false };
        if self.run(at).len() == RUN_MAX {
            self.split(at);
            if place > RUN_MAX / 2 {
                (at, place) = (at + 1, place - RUN_MAX / 2);
            }
        }
        self.run_mut(at).insert(place, key);
        self.len += 1;
        self.first = Some(self.first.map_or(key, |first| first.min(key)));
        true
    }

    pub(crate) fn remove(&mut self, key: &K) -> bool {
        if self.first == Some(*key) {
            self.take_first();
            return true;
        }
        let Some(at) = self.run_of(key) else { return false };
        let Ok(place) = search(self.run(at), key) else { return false };
        self.run_mut(at).remove(place);
        self.len -= 1;
        // The head keeps its first.
        if self.run(at).is_empty() {
            let run = self.runs.remove(at - 1);
            self.spare.push(run);
        }
        self.join_small(at);
        self.join_small(at.saturating_sub(1));
        true
    }

    /// Most go first: nothing is searched, and the key itself is not looked at.
    fn take_first(&mut self) {
        self.head.pop_front();
        self.len -= 1;
        if self.head.is_empty() && !self.runs.is_empty() {
            let next = self.runs.remove(0);
            self.spare.push(core::mem::replace(&mut self.head, next));
        }
        self.join_small(0);
        self.first = self.head.front().copied();
    }

    pub(crate) fn clear(&mut self) {
        self.head.clear();
        self.spare.extend(self.runs.drain(..).map(|mut run| {
            run.clear();
            run
        }));
        (self.len, self.first) = (0, None);
    }

    pub(crate) fn first(&self) -> Option<K> {
        self.first
    }

    pub(crate) fn peek(&self) -> Option<&K> {
        self.first.as_ref()
    }

    /// The smallest key greater than this one, which need not be in.
    pub(crate) fn after(&self, key: &K) -> Option<K> {
        let mut at = self.run_of(key)?;
        if self.run(at).back() == Some(key) {
            at += 1;
        }
        let run = if at == 0 { &self.head } else { self.runs.get(at - 1)? };
        run.get(run.partition_point(|other| other <= key)).copied()
    }

    /// How many keys come before this one: `Ok` when it is in, else `Err`.
    pub(crate) fn rank(&self, key: &K) -> Result<usize, usize> {
        let Some(at) = self.run_of(key) else { return Err(self.len) };
        let before = match at {
            0 => 0,
            at if at <= self.runs.len() / 2 => {
                self.head.len() + self.runs[..at - 1].iter().map(VecDeque::len).sum::<usize>()
            }
            at => self.len - self.runs[at - 1..].iter().map(VecDeque::len).sum::<usize>(),
        };
        search(self.run(at), key).map(|place| before + place).map_err(|place| before + place)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = K> {
        self.head.iter().chain(self.runs.iter().flatten()).copied()
    }

    fn run(&self, at: usize) -> &VecDeque<K> {
        at.checked_sub(1).map_or(&self.head, |at| &self.runs[at])
    }

    fn run_mut(&mut self, at: usize) -> &mut VecDeque<K> {
        match at.checked_sub(1) {
            Some(at) => &mut self.runs[at],
            None => &mut self.head,
        }
    }

    /// The first run that does not end before the key.
    fn run_of(&self, key: &K) -> Option<usize> {
        if self.first.is_some_and(|first| *key <= first) {
            return Some(0);
        }
        let ends_before = |run: &VecDeque<K>| run.back().is_none_or(|last| last < key);
        // Most come last.
        if ends_before(self.run(self.runs.len())) {
            return None;
        }
        Some(if ends_before(&self.head) { 1 + self.runs.partition_point(ends_before) } else { 0 })
    }

    /// Behind all others.
    fn open_run(&mut self) -> usize {
        self.insert_run(self.runs.len());
        self.runs.len()
    }

    fn insert_run(&mut self, at: usize) {
        let run = self.spare.pop().unwrap_or_default();
        self.runs.insert(at, run);
        // The place of a run among the spare ones is made now, so that a removal never asks for memory.
        self.spare.reserve(self.runs.len());
    }

    fn split(&mut self, at: usize) {
        self.insert_run(at);
        let (before, after) = self.runs.split_at_mut(at);
        let whole = before.last_mut().unwrap_or(&mut self.head);
        after[0].extend(whole.drain(RUN_MAX / 2..));
    }

    /// Takes the next run into this one if both are small.
    fn join_small(&mut self, at: usize) {
        if at >= self.runs.len() || self.run(at).len() + self.runs[at].len() > RUN_MAX / 2 {
            return;
        }
        let mut next = self.runs.remove(at);
        self.run_mut(at).extend(next.drain(..));
        self.spare.push(next);
    }
}

/// A binary search that looks at both ends first: most come last and go first, and the middle lies in other lines of the
/// cache.
fn search<K: Ord>(run: &VecDeque<K>, key: &K) -> Result<usize, usize> {
    match (run.front(), run.back()) {
        (Some(first), _) if key == first => Ok(0),
        (_, Some(last)) if key == last => Ok(run.len() - 1),
        (_, Some(last)) if key > last => Err(run.len()),
        _ => run.binary_search(key),
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use base::Rng;

    #[test]
    fn agrees_with_a_sorted_vector() {
        let mut rng = Rng::new(5);
        for keys in [3, 300, 3_000] {
            let (mut order, mut plain) = (Order::new(), Vec::<u64>::new());
            // Grows, then shrinks, so that runs are split and joined.
            for step in 0..20_000 {
                let key = rng.below(keys);
                let grows = rng.chance(if step < 10_000 { 0.6 } else { 0.3 });
                match (grows, plain.binary_search(&key)) {
                    (true, found) => {
                        assert_eq!(order.insert(key), found.is_err());
                        if let Err(at) = found {
                            plain.insert(at, key);
                        }
                    }
                    (false, found) => {
                        assert_eq!(order.remove(&key), found.is_ok());
                        plain.retain(|k| *k != key);
                    }
                }
                let key = rng.below(keys);
                assert_eq!(order.rank(&key), plain.binary_search(&key));
                assert_eq!(order.after(&key), plain.iter().copied().find(|k| *k > key));
                assert_eq!((order.len(), order.first()), (plain.len(), plain.first().copied()));
            }
            assert_eq!(order.iter().collect::<Vec<_>>(), plain);
            order.clear();
            assert_eq!((order.len(), order.first(), order.rank(&1)), (0, None, Err(0)));
        }
    }

    #[test]
    fn who_comes_last_fills_the_runs_and_who_leaves_gives_them_back() {
        let mut order = Order::new();
        (0..10_000u64).for_each(|key| assert!(order.insert(key)));
        assert_eq!(1 + order.runs.len(), 10_000_usize.div_ceil(RUN_MAX));
        // Every second goes, then nearly all.
        (0..10_000).filter(|key| key % 2 == 0).for_each(|key| assert!(order.remove(&key)));
        (0..10_000).filter(|key| key % 2 == 1 && key % 1_000 != 1).for_each(|key| assert!(order.remove(&key)));
        assert_eq!(order.len(), 10);
        assert!(order.runs.len() <= 2, "{}", order.runs.len());
        assert!(order.iter().eq((1..10_000).step_by(1_000)));
    }
}
