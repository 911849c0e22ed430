use crate::{Instant, Key, Slab};
use core::time::Duration;

/// Names a timer so that it can be cancelled; a fired or cancelled one names nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TimerId(Key);

const SLOT_BITS: u32 = 6;
const SLOTS: usize = 1 << SLOT_BITS;
const LEVELS: usize = 6;
/// One millisecond; six levels of 64 slots reach 2.1 years, later deadlines wait in the last slot and are filed again.
const TICK: u64 = 1_000_000;

/// A timer fires at most so long after its deadline.
pub const TIMER_TICK: Duration = Duration::from_nanos(TICK);

#[derive(Debug)]
struct Entry<T> {
    tick: u64,
    place: Place,
    value: T,
}

/// Where an entry is listed: a slot of a level, or the list of those already due.
#[derive(Debug, Clone, Copy)]
struct Place {
    level: u8,
    slot: u8,
    position: u32,
}

const DUE: u8 = LEVELS as u8;

/// A hierarchical timer wheel (Varghese and Lauck 1987): insert and cancel cost the same with ten timers or a million.
///
/// Timers fire at or up to one tick (1 ms) after their deadline, never before it.
#[derive(Debug)]
pub struct TimerWheel<T> {
    entries: Slab<Entry<T>>,
    slots: Vec<Vec<Key>>,
    occupied: [u64; LEVELS],
    due: Vec<Key>,
    tick: u64,
}

impl<T> TimerWheel<T> {
    pub fn new(now: Instant) -> Self {
        TimerWheel {
            entries: Slab::new(),
            slots: (0..LEVELS * SLOTS).map(|_| Vec::new()).collect(),
            occupied: [0; LEVELS],
            due: Vec::new(),
            tick: now.as_nanos() / TICK,
        }
    }

    pub fn insert(&mut self, at: Instant, value: T) -> TimerId {
        let tick = at.as_nanos().div_ceil(TICK);
        let place = Place { level: 0, slot: 0, position: 0 };
        let key = self.entries.insert(Entry { tick, place, value });
        self.file(key);
        TimerId(key)
    }

    pub fn insert_after(&mut self, now: Instant, after: Duration, value: T) -> TimerId {
        self.insert(now + after, value)
    }

    pub fn cancel(&mut self, id: TimerId) -> Option<T> {
        let place = self.entries.get(id.0)?.place;
        self.unlist(place);
        self.entries.remove(id.0).map(|e| e.value)
    }

    /// The next timer that is due at `now`: earlier milliseconds first, no promised order inside one.
    pub fn pop_due(&mut self, now: Instant) -> Option<T> {
        let to = now.as_nanos() / TICK;
        while self.due.is_empty() && self.tick < to {
            self.step(to);
        }
        let position = self.due.len().checked_sub(1)?;
        let key = self.due[position];
        self.unlist(Place { level: DUE, slot: 0, position: position as u32 });
        self.entries.remove(key).map(|e| e.value)
    }

    /// When to call [`Self::pop_due`] again: exact for the next millisecond wheel turn, else a lower bound.
    pub fn next_deadline(&self) -> Option<Instant> {
        if !self.due.is_empty() {
            return Some(Instant::from_nanos(self.tick * TICK));
        }
        let mut next: Option<u64> = None;
        for level in 0..LEVELS {
            if self.occupied[level] == 0 {
                continue;
            }
            let shift = SLOT_BITS * level as u32;
            let here = (self.tick >> shift) & (SLOTS as u64 - 1);
            let rotated = self.occupied[level].rotate_right(here as u32);
            // Slot `here` of a higher level means one whole turn ahead; of level 0 it cannot be occupied.
            let distance = match rotated & !1 {
                0 => SLOTS as u64,
                ahead => u64::from(ahead.trailing_zeros()),
            };
            let tick = ((self.tick >> shift) + distance) << shift;
            next = Some(next.map_or(tick, |n| n.min(tick)));
        }
        next.map(|tick| Instant::from_nanos(tick * TICK))
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Moves to the next occupied tick, or to `to` when nothing is due before it.
    fn step(&mut self, to: u64) {
        if self.entries.is_empty() {
            self.tick = to;
            return;
        }
        let next = self.next_deadline().map_or(to, |d| d.as_nanos() / TICK);
        self.tick = next.min(to);
        // From the top: what falls out of a coarse slot is filed again in a finer one or as due.
        for level in (0..LEVELS).rev() {
            let shift = SLOT_BITS * level as u32;
            if self.tick & ((1u64 << shift) - 1) != 0 {
                continue;
            }
            let slot = ((self.tick >> shift) & (SLOTS as u64 - 1)) as usize;
            self.occupied[level] &= !(1 << slot);
            let keys = core::mem::take(&mut self.slots[level * SLOTS + slot]);
            for key in &keys {
                self.file(*key);
            }
            self.give_back(level * SLOTS + slot, keys);
        }
    }

    /// Keeps the emptied list's memory for reuse unless a later entry already started a new one.
    fn give_back(&mut self, slot: usize, mut keys: Vec<Key>) {
        if self.slots[slot].is_empty() && keys.capacity() <= 4096 {
            keys.clear();
            self.slots[slot] = keys;
        }
    }

    fn file(&mut self, key: Key) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        let distance = entry.tick.saturating_sub(self.tick);
        if distance == 0 {
            entry.place = Place { level: DUE, slot: 0, position: self.due.len() as u32 };
            self.due.push(key);
            return;
        }
        let top = (63 - distance.leading_zeros()) / SLOT_BITS;
        let level = (top as usize).min(LEVELS - 1);
        let shift = SLOT_BITS * level as u32;
        let reach = self.tick + ((SLOTS as u64 - 1) << shift);
        let slot = ((entry.tick.min(reach) >> shift) & (SLOTS as u64 - 1)) as usize;
        let list = &mut self.slots[level * SLOTS + slot];
        entry.place = Place { level: level as u8, slot: slot as u8, position: list.len() as u32 };
        list.push(key);
        self.occupied[level] |= 1 << slot;
    }

    fn unlist(&mut self, place: Place) {
        let list = match place.level {
            DUE => &mut self.due,
            level => &mut self.slots[level as usize * SLOTS + place.slot as usize],
        };
        list.swap_remove(place.position as usize);
        if let Some(moved) = list.get(place.position as usize)
            && let Some(entry) = self.entries.get_mut(*moved)
        {
            entry.place.position = place.position;
        }
        if place.level != DUE && list.is_empty() {
            self.occupied[place.level as usize] &= !(1 << place.slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;

    #[test]
    fn never_early_and_at_most_a_tick_late() {
        let mut rng = Rng::new(11);
        let mut wheel = TimerWheel::new(Instant::ZERO);
        let mut live = 0u32;
        let mut now = Instant::ZERO;
        let mut cancelled = Vec::new();
        for round in 0..20_000u64 {
            let bits = 10 + rng.below(34);
            let after = Duration::from_nanos(rng.below(1 << bits));
            let at = now + after;
            let id = wheel.insert(at, (round, at));
            live += 1;
            if rng.chance(0.3) {
                assert_eq!(wheel.cancel(id), Some((round, at)));
                assert_eq!(wheel.cancel(id), None);
                cancelled.push(round);
                live -= 1;
            }
            let next = wheel.next_deadline();
            if let Some(next) = next.filter(|_| rng.chance(0.5)) {
                now = now.max(next);
            }
            while let Some((_, at)) = wheel.pop_due(now) {
                assert!(at <= now, "fired {at:?} early at {now:?}");
                live -= 1;
            }
            assert_eq!(wheel.len() as u32, live);
        }
        // Driving by next_deadline alone fires everything within a tick of its time.
        while let Some(next) = wheel.next_deadline() {
            assert!(next >= now || wheel.pop_due(now).is_some());
            now = now.max(next);
            while let Some((_, at)) = wheel.pop_due(now) {
                assert!(at <= now && now - at <= Duration::from_millis(1), "{at:?} fired at {now:?}");
            }
        }
        assert!(wheel.is_empty());
    }

    #[test]
    fn earlier_milliseconds_fire_first() {
        let mut wheel = TimerWheel::new(Instant::ZERO);
        for ms in [30, 10, 20] {
            wheel.insert(Instant::from_millis(ms), ms);
        }
        let order: Vec<_> = std::iter::from_fn(|| wheel.pop_due(Instant::from_millis(50))).collect();
        assert_eq!(order, [10, 20, 30]);
    }
}
