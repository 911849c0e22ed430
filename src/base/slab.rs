/// Names a place in a [`Slab`] and the tenant it was given for: a stale key finds nothing instead of a stranger.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Key {
    index: u32,
    generation: u32,
}

impl Key {
    pub const fn new(index: u32, generation: u32) -> Self {
        Key { index, generation }
    }

    pub const fn index(self) -> u32 {
        self.index
    }

    pub const fn generation(self) -> u32 {
        self.generation
    }
}

/// 24 bits, so that a key fits into a 64-bit id beside a shard number.
const GENERATION_MASK: u32 = 0xff_ffff;

/// The generation first: it is asked with the head of the value, and large values take several lines of the cache.
#[derive(Debug, Clone)]
#[repr(C)]
struct Slot<T> {
    generation: u32,
    value: Option<T>,
}

/// An empty slab with more places than this lets go of them: what a rush of calls took is not kept for ever.
const ROOMY: usize = 1024;

/// Values at stable keys, with places reused and generations counted.
#[derive(Debug, Clone)]
pub struct Slab<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
    /// The generation new places begin with: later than any a place had that was let go of.
    first: u32,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Slab { slots: Vec::new(), free: Vec::new(), first: 0 }
    }
}

impl<T> Slab<T> {
    pub fn new() -> Self {
        Slab::default()
    }

    pub fn insert(&mut self, value: T) -> Key {
        self.insert_with(|_| value)
    }

    /// Inserts a value that wants to know its own key.
    pub fn insert_with(&mut self, value: impl FnOnce(Key) -> T) -> Key {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { generation: self.first, value: None });
            u32::try_from(self.slots.len() - 1).expect("limits keep every slab far below 2^32 places")
        });
        let slot = &mut self.slots[index as usize];
        let key = Key { index, generation: slot.generation };
        slot.value = Some(value(key));
        key
    }

    pub fn get(&self, key: Key) -> Option<&T> {
        self.slots.get(key.index as usize).filter(|s| s.generation == key.generation)?.value.as_ref()
    }

    pub fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        self.slots.get_mut(key.index as usize).filter(|s| s.generation == key.generation)?.value.as_mut()
    }

    pub fn contains(&self, key: Key) -> bool {
        self.get(key).is_some()
    }

    pub fn remove(&mut self, key: Key) -> Option<T> {
        let slot = self.slots.get_mut(key.index as usize).filter(|s| s.generation == key.generation)?;
        let value = slot.value.take()?;
        slot.generation = slot.generation.wrapping_add(1) & GENERATION_MASK;
        self.free.push(key.index);
        if self.slots.len() > ROOMY && self.is_empty() {
            self.let_go();
        }
        Some(value)
    }

    /// Paid for by the many removals since it was roomy.
    fn let_go(&mut self) {
        self.first = self.slots.iter().map(|slot| slot.generation).max().unwrap_or(self.first);
        self.slots = Vec::new();
        self.free = Vec::new();
    }

    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn iter(&self) -> impl Iterator<Item = (Key, &T)> {
        self.slots.iter().enumerate().filter_map(|(index, slot)| {
            slot.value.as_ref().map(|v| (Key { index: index as u32, generation: slot.generation }, v))
        })
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (Key, &mut T)> {
        self.slots.iter_mut().enumerate().filter_map(|(index, slot)| {
            let key = Key { index: index as u32, generation: slot.generation };
            slot.value.as_mut().map(|v| (key, v))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_key_finds_nothing() {
        let mut slab = Slab::new();
        let a = slab.insert("a");
        assert_eq!(slab.remove(a), Some("a"));
        let b = slab.insert("b");
        assert_eq!(a.index(), b.index());
        assert_eq!(slab.get(a), None);
        assert_eq!(slab.get(b), Some(&"b"));
        assert_eq!(slab.remove(a), None);
        assert_eq!(slab.len(), 1);
    }

    #[test]
    fn an_emptied_roomy_slab_lets_go_and_old_keys_stay_stale() {
        let mut slab = Slab::new();
        let again = slab.insert(0);
        slab.remove(again);
        let keys: Vec<Key> = (0..2 * ROOMY).map(|n| slab.insert(n)).collect();
        for (n, key) in keys.iter().enumerate() {
            assert_eq!(slab.remove(*key), Some(n));
        }
        assert_eq!(slab.slots.capacity(), 0);
        let new: Vec<Key> = (0..2 * ROOMY).map(|n| slab.insert(n)).collect();
        assert!(keys.iter().chain([&again]).all(|old| slab.get(*old).is_none() && !new.contains(old)));
    }
}
