//! A sorted list with ranks: the waiting order of a queue.

use std::collections::VecDeque;

/// A run this long is split. Half a run moves at most for an insert or a removal: 1 kB, which a core copies faster than
/// it waits for two nodes of a tree.
const RUN_MAX: usize = 64;

/// Distinct keys in ascending order.
///
/// Runs of neighbours, each in one piece of memory: who comes last is appended, who comes first is taken off, and only
/// who comes or goes in between moves others, at most half a run. To find the run costs O(log n); a rank adds up the
/// runs before it. A run that gets empty is kept, so that a list that was once as long needs no memory to become so
/// again.
#[derive(Debug, Clone)]
pub(crate) struct Order<K> {
    runs: Vec<VecDeque<K>>,
    spare: Vec<VecDeque<K>>,
    len: usize,
    /// The smallest key: looked at much more often than it changes.
    first: Option<K>,
}

impl<K: Copy + Ord> Order<K> {
    pub(crate) const fn new() -> Self {
        Order { runs: Vec::new(), spare: Vec::new(), len: 0, first: None }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// False when the key is in already.
    pub(crate) fn insert(&mut self, key: K) -> bool {
        let mut at = self.run_of(&key);
        if at == self.runs.len() {
            // Behind everybody: into the last run while it has room.
            at = match at.checked_sub(1).filter(|last| self.runs[*last].len() < RUN_MAX) {
                Some(last) => last,
                None => self.open_run(at),
            };
        }
        let Err(mut place) = search(&self.runs[at], &key) else { return false };
        if self.runs[at].len() == RUN_MAX {
            self.split(at);
            if place > RUN_MAX / 2 {
                (at, place) = (at + 1, place - RUN_MAX / 2);
            }
        }
        self.runs[at].insert(place, key);
        self.len += 1;
        self.first = Some(self.first.map_or(key, |first| first.min(key)));
        true
    }

    pub(crate) fn remove(&mut self, key: &K) -> bool {
        if self.first == Some(*key) {
            self.take_first();
            return true;
        }
        let at = self.run_of(key);
        let Some(place) = self.runs.get(at).and_then(|run| search(run, key).ok()) else { return false };
        self.runs[at].remove(place);
        self.len -= 1;
        if self.runs[at].is_empty() {
            let run = self.runs.remove(at);
            self.spare.push(run);
        }
        self.join_small(at);
        self.join_small(at.saturating_sub(1));
        true
    }

    /// Most go first: nothing is searched, and the key itself is not looked at.
    fn take_first(&mut self) {
        if let Some(run) = self.runs.first_mut() {
            run.pop_front();
            self.len -= 1;
            if run.is_empty() {
                let run = self.runs.remove(0);
                self.spare.push(run);
            }
        }
        self.join_small(0);
        self.first = self.runs.first().and_then(VecDeque::front).copied();
    }

    pub(crate) fn clear(&mut self) {
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
        let at = self.runs.partition_point(|run| run.back().is_some_and(|last| last <= key));
        let run = self.runs.get(at)?;
        run.get(run.partition_point(|other| other <= key)).copied()
    }

    /// How many keys come before this one: `Ok` when it is in, else `Err`.
    pub(crate) fn rank(&self, key: &K) -> Result<usize, usize> {
        let at = self.run_of(key);
        let Some(run) = self.runs.get(at) else { return Err(self.len) };
        let before = match at <= self.runs.len() / 2 {
            true => self.runs[..at].iter().map(VecDeque::len).sum(),
            false => self.len - self.runs[at..].iter().map(VecDeque::len).sum::<usize>(),
        };
        search(run, key).map(|place| before + place).map_err(|place| before + place)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = K> {
        self.runs.iter().flatten().copied()
    }

    /// The first run that does not end before the key.
    fn run_of(&self, key: &K) -> usize {
        let ends_before = |run: &VecDeque<K>| run.back().is_some_and(|last| last < key);
        if self.first.is_none_or(|first| *key <= first) {
            return 0;
        }
        // Most come last.
        match self.runs.last() {
            Some(last) if ends_before(last) => self.runs.len(),
            _ => self.runs.partition_point(ends_before),
        }
    }

    fn open_run(&mut self, at: usize) -> usize {
        let run = self.spare.pop().unwrap_or_default();
        self.runs.insert(at, run);
        // The place of a run among the spare ones is made now, so that a removal never asks for memory.
        self.spare.reserve(self.runs.len());
        at
    }

    fn split(&mut self, at: usize) {
        self.open_run(at + 1);
        let (head, tail) = self.runs.split_at_mut(at + 1);
        tail[0].extend(head[at].drain(RUN_MAX / 2..));
    }

    /// Takes the next run into this one if both are small.
    fn join_small(&mut self, at: usize) {
        let length = |at: usize| self.runs.get(at).map_or(RUN_MAX, VecDeque::len);
        if length(at) + length(at + 1) <= RUN_MAX / 2 {
            let mut next = self.runs.remove(at + 1);
            self.runs[at].extend(next.drain(..));
            self.spare.push(next);
        }
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
        assert_eq!(order.runs.len(), 10_000_usize.div_ceil(RUN_MAX));
        // Every second goes, then nearly all.
        (0..10_000).filter(|key| key % 2 == 0).for_each(|key| assert!(order.remove(&key)));
        (0..10_000).filter(|key| key % 2 == 1 && key % 1_000 != 1).for_each(|key| assert!(order.remove(&key)));
        assert_eq!(order.len(), 10);
        assert!(order.runs.len() <= 2, "{}", order.runs.len());
        assert!(order.iter().eq((1..10_000).step_by(1_000)));
    }
}
