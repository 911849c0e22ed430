//! A sorted list with ranks: the waiting order and the ready order of a queue.

const NIL: u32 = u32::MAX;

/// What a list may hold.
pub(crate) trait Keyed: Copy + Ord {
    /// How often it is drawn by [`Order::at_mass`], compared with the others.
    fn mass(&self) -> u32 {
        1
    }
}

#[derive(Debug, Clone)]
struct Node<K> {
    key: K,
    weight: u32,
    left: u32,
    right: u32,
    size: u32,
    /// Of this node and all below it.
    mass: u64,
}

/// Distinct keys in ascending order: insert, remove, first, next and rank each in O(log n).
///
/// A treap (Seidel and Aragon 1996) in one vector with a free list, so that a list that was once as long needs no
/// memory to become so again. The weights come from a counter hashed, not from chance: the same steps, the same tree.
#[derive(Debug, Clone)]
pub(crate) struct Order<K> {
    nodes: Vec<Node<K>>,
    free: Vec<u32>,
    root: u32,
    drawn: u64,
    /// The smallest key: looked at much more often than it changes.
    first: Option<K>,
}

impl<K: Keyed> Order<K> {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Order {
            nodes: Vec::with_capacity(capacity),
            free: Vec::with_capacity(capacity),
            root: NIL,
            drawn: 0,
            first: None,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.size(self.root) as usize
    }

    /// False when the key is in already.
    pub(crate) fn insert(&mut self, key: K) -> bool {
        if self.rank(&key).is_ok() {
            return false;
        }
        let node = self.place(key);
        let (left, right) = self.split(self.root, &key);
        let left = self.merge(left, node);
        self.root = self.merge(left, right);
        self.first = Some(self.first.map_or(key, |first| first.min(key)));
        true
    }

    pub(crate) fn remove(&mut self, key: &K) -> bool {
        if self.rank(key).is_err() {
            return false;
        }
        self.root = self.without(self.root, key);
        if self.first == Some(*key) {
            self.first = self.leftmost();
        }
        true
    }

    pub(crate) fn clear(&mut self) {
        self.nodes.clear();
        self.free.clear();
        self.root = NIL;
        self.first = None;
    }

    pub(crate) fn first(&self) -> Option<K> {
        self.first
    }

    fn leftmost(&self) -> Option<K> {
        let mut at = self.nodes.get(self.root as usize)?;
        while let Some(left) = self.nodes.get(at.left as usize) {
            at = left;
        }
        Some(at.key)
    }

    /// The smallest key greater than this one, which need not be in.
    pub(crate) fn after(&self, key: &K) -> Option<K> {
        let (mut at, mut best) = (self.root, None);
        while let Some(node) = self.nodes.get(at as usize) {
            if node.key > *key {
                best = Some(node.key);
                at = node.left;
            } else {
                at = node.right;
            }
        }
        best
    }

    /// How many keys come before this one: `Ok` when it is in, else `Err`.
    pub(crate) fn rank(&self, key: &K) -> Result<usize, usize> {
        let (mut at, mut before) = (self.root, 0);
        while let Some(node) = self.nodes.get(at as usize) {
            let left = self.size(node.left) as usize;
            match key.cmp(&node.key) {
                core::cmp::Ordering::Less => at = node.left,
                core::cmp::Ordering::Equal => return Ok(before + left),
                core::cmp::Ordering::Greater => {
                    before += left + 1;
                    at = node.right;
                }
            }
        }
        Err(before)
    }

    /// The mass of all keys.
    pub(crate) fn mass(&self) -> u64 {
        self.mass_of(self.root)
    }

    /// The key at which the running sum of masses first exceeds `mass`.
    pub(crate) fn at_mass(&self, mut mass: u64) -> Option<K> {
        let mut at = self.root;
        while let Some(node) = self.nodes.get(at as usize) {
            let left = self.mass_of(node.left);
            let own = u64::from(node.key.mass());
            if mass < left {
                at = node.left;
            } else if mass < left + own {
                return Some(node.key);
            } else {
                mass -= left + own;
                at = node.right;
            }
        }
        None
    }

    fn mass_of(&self, at: u32) -> u64 {
        self.nodes.get(at as usize).map_or(0, |n| n.mass)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = K> {
        core::iter::successors(self.first(), |key| self.after(key))
    }

    fn size(&self, at: u32) -> u32 {
        self.nodes.get(at as usize).map_or(0, |n| n.size)
    }

    fn place(&mut self, key: K) -> u32 {
        self.drawn = self.drawn.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let weight = ((self.drawn ^ (self.drawn >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32) as u32;
        let node = Node { key, weight, left: NIL, right: NIL, size: 1, mass: u64::from(key.mass()) };
        match self.free.pop() {
            Some(at) => {
                self.nodes[at as usize] = node;
                at
            }
            None => {
                self.nodes.push(node);
                // Its place on the free list is made now, so that a removal never asks for memory.
                self.free.reserve(self.nodes.len() - self.free.len());
                (self.nodes.len() - 1) as u32
            }
        }
    }

    fn update(&mut self, at: u32) {
        let node = &self.nodes[at as usize];
        let size = 1 + self.size(node.left) + self.size(node.right);
        let mass = u64::from(node.key.mass()) + self.mass_of(node.left) + self.mass_of(node.right);
        self.nodes[at as usize].size = size;
        self.nodes[at as usize].mass = mass;
    }

    /// Keys below `key`, and the rest.
    fn split(&mut self, at: u32, key: &K) -> (u32, u32) {
        if at == NIL {
            return (NIL, NIL);
        }
        if self.nodes[at as usize].key < *key {
            let (left, right) = self.split(self.nodes[at as usize].right, key);
            self.nodes[at as usize].right = left;
            self.update(at);
            (at, right)
        } else {
            let (left, right) = self.split(self.nodes[at as usize].left, key);
            self.nodes[at as usize].left = right;
            self.update(at);
            (left, at)
        }
    }

    /// All keys of `left` are below all keys of `right`.
    fn merge(&mut self, left: u32, right: u32) -> u32 {
        if left == NIL || right == NIL {
            return if left == NIL { right } else { left };
        }
        if self.nodes[left as usize].weight >= self.nodes[right as usize].weight {
            let merged = self.merge(self.nodes[left as usize].right, right);
            self.nodes[left as usize].right = merged;
            self.update(left);
            left
        } else {
            let merged = self.merge(left, self.nodes[right as usize].left);
            self.nodes[right as usize].left = merged;
            self.update(right);
            right
        }
    }

    fn without(&mut self, at: u32, key: &K) -> u32 {
        let node = &self.nodes[at as usize];
        let (left, right) = (node.left, node.right);
        match key.cmp(&node.key) {
            core::cmp::Ordering::Equal => {
                self.free.push(at);
                return self.merge(left, right);
            }
            core::cmp::Ordering::Less => {
                let rest = self.without(left, key);
                self.nodes[at as usize].left = rest;
            }
            core::cmp::Ordering::Greater => {
                let rest = self.without(right, key);
                self.nodes[at as usize].right = rest;
            }
        }
        self.update(at);
        at
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use base::Rng;

    impl Keyed for u64 {
        fn mass(&self) -> u32 {
            (*self % 4) as u32
        }
    }

    #[test]
    fn agrees_with_a_sorted_vector() {
        let mut rng = Rng::new(5);
        let (mut order, mut plain) = (Order::with_capacity(4), Vec::<u64>::new());
        for _ in 0..20_000 {
            let key = rng.below(300);
            match (rng.below(3), plain.binary_search(&key)) {
                (0, found) => {
                    assert_eq!(order.remove(&key), found.is_ok());
                    plain.retain(|k| *k != key);
                }
                (1, found) => {
                    assert_eq!(order.insert(key), found.is_err());
                    if let Err(at) = found {
                        plain.insert(at, key);
                    }
                }
                (_, found) => {
                    assert_eq!(order.rank(&key), found);
                    assert_eq!(order.after(&key), plain.iter().copied().find(|k| *k > key));
                }
            }
            assert_eq!((order.len(), order.first()), (plain.len(), plain.first().copied()));
            let all = plain.iter().map(|k| u64::from(k.mass())).sum();
            assert_eq!(order.mass(), all);
            let (mass, mut sum) = (rng.below(all + 1), 0);
            let drawn = plain.iter().copied().find(|k| {
                sum += u64::from(k.mass());
                sum > mass
            });
            assert_eq!(order.at_mass(mass), drawn);
        }
        assert_eq!(order.iter().collect::<Vec<_>>(), plain);
    }

    #[test]
    fn depth_stays_logarithmic_for_sorted_input() {
        let mut order = Order::with_capacity(0);
        for key in 0..100_000u64 {
            order.insert(key);
        }
        fn depth(order: &Order<u64>, at: u32) -> usize {
            order.nodes.get(at as usize).map_or(0, |n| 1 + depth(order, n.left).max(depth(order, n.right)))
        }
        assert!(depth(&order, order.root) < 64, "{}", depth(&order, order.root));
    }
}
