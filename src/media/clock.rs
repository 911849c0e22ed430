use crate::limits::{CATCH_UP_MAX, PHASE_SLACK, PHASES};
use base::{Instant, Key};

/// The 20 ms clock: twenty phases one millisecond apart, each a list of the conversations that need a frame then.
///
/// A phase costs one wake for all its members, and nothing ticks when no list has a member.
#[derive(Debug)]
pub(crate) struct PhaseClock {
    phases: [Vec<Key>; PHASES],
    members: usize,
    /// The next millisecond to be worked off.
    next_ms: u64,
    /// Up to here each phase has frames left out before it.
    skipped_until: u64,
}

/// A member's place; changes when others leave, see [`PhaseClock::remove`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    phase: u8,
    position: u32,
}

/// Somebody else's place has changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Moved {
    pub(crate) member: Key,
    pub(crate) place: Place,
}

/// A phase whose time has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Tick {
    phase: u8,
    /// Whole frames left out before this one, because the thread was stopped for long.
    pub(crate) skipped: bool,
}

impl PhaseClock {
    pub(crate) fn new(now: Instant) -> Self {
        PhaseClock {
            phases: core::array::from_fn(|_| Vec::new()),
            members: 0,
            next_ms: now.as_millis() + 1,
            skipped_until: 0,
        }
    }

    /// Takes the nearest phase that is not crowded, so that calls which begin together do not stay together.
    pub(crate) fn insert(&mut self, now: Instant, member: Key) -> Place {
        if self.members == 0 {
            self.next_ms = now.as_millis() + 1;
        }
        self.members += 1;
        let share = self.members / PHASES + PHASE_SLACK;
        let start = self.next_ms;
        let phase = (start..start + PHASES as u64)
            .map(|ms| (ms % PHASES as u64) as usize)
            .find(|phase| self.phases[*phase].len() < share)
            .expect("twenty phases above the mean would hold more members than there are");
        let list = &mut self.phases[phase];
        list.push(member);
        Place { phase: phase as u8, position: list.len() as u32 - 1 }
    }

    /// Whoever took the freed position must be told its new place.
    pub(crate) fn remove(&mut self, place: Place) -> Option<Moved> {
        let list = &mut self.phases[usize::from(place.phase)];
        list.swap_remove(place.position as usize);
        self.members -= 1;
        list.get(place.position as usize).map(|member| Moved { member: *member, place })
    }

    /// The next phase that is due at `now`; its members are read by [`PhaseClock::member`].
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<Tick> {
        if self.members == 0 {
            return None;
        }
        let now_ms = now.as_millis();
        if u128::from(now_ms.saturating_sub(self.next_ms)) > CATCH_UP_MAX.as_millis() {
            // A burst of old frames helps nobody: the far sides have played silence meanwhile.
            self.next_ms = now_ms + 1 - PHASES as u64;
            self.skipped_until = now_ms + 1;
        }
        while self.next_ms <= now_ms {
            let phase = (self.next_ms % PHASES as u64) as u8;
            let skipped = self.next_ms < self.skipped_until;
            self.next_ms += 1;
            if !self.phases[usize::from(phase)].is_empty() {
                return Some(Tick { phase, skipped });
            }
        }
        None
    }

    pub(crate) fn member(&self, tick: Tick, position: usize) -> Option<Key> {
        self.phases[usize::from(tick.phase)].get(position).copied()
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        if self.members == 0 {
            return None;
        }
        (self.next_ms..self.next_ms + PHASES as u64)
            .find(|ms| !self.phases[(ms % PHASES as u64) as usize].is_empty())
            .map(Instant::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn key(n: u32) -> Key {
        Key::new(n, 0)
    }

    fn ticks(clock: &mut PhaseClock, now_ms: u64) -> Vec<Key> {
        let mut heard = Vec::new();
        while let Some(tick) = clock.pop_due(Instant::from_millis(now_ms)) {
            heard.extend((0..).map_while(|position| clock.member(tick, position)));
        }
        heard
    }

    #[test]
    fn every_member_ticks_once_in_twenty_milliseconds() {
        let mut clock = PhaseClock::new(Instant::ZERO);
        let mut places = HashMap::new();
        for n in 0..500 {
            places.insert(key(n), clock.insert(Instant::from_millis(u64::from(n) / 100), key(n)));
        }
        for n in (0..500).step_by(3) {
            if let Some(moved) = clock.remove(places[&key(n)]) {
                places.insert(moved.member, moved.place);
            }
            places.remove(&key(n));
        }
        let mut count: HashMap<Key, u32> = HashMap::new();
        for ms in 1..=200 {
            for member in ticks(&mut clock, ms) {
                *count.entry(member).or_default() += 1;
            }
        }
        assert_eq!(count.len(), places.len());
        assert!(count.values().all(|n| *n == 10), "{count:?}");
    }

    #[test]
    fn members_of_one_instant_are_spread() {
        let mut clock = PhaseClock::new(Instant::ZERO);
        for n in 0..2000 {
            clock.insert(Instant::ZERO, key(n));
        }
        let fullest = clock.phases.iter().map(Vec::len).max();
        assert!(fullest <= Some(2000 / PHASES + PHASE_SLACK), "{fullest:?}");
    }

    #[test]
    fn nothing_ticks_without_members_and_the_first_tick_is_near() {
        let mut clock = PhaseClock::new(Instant::ZERO);
        assert_eq!(clock.next_deadline(), None);
        assert_eq!(clock.pop_due(Instant::from_millis(1000)), None);
        clock.insert(Instant::from_millis(5000), key(1));
        assert_eq!(clock.next_deadline(), Some(Instant::from_millis(5001)));
        assert_eq!(ticks(&mut clock, 5000), []);
        assert_eq!(ticks(&mut clock, 5001), [key(1)]);
        assert_eq!(clock.next_deadline(), Some(Instant::from_millis(5021)));
    }

    #[test]
    fn a_short_delay_is_caught_up_and_a_long_one_is_skipped() {
        let mut clock = PhaseClock::new(Instant::ZERO);
        clock.insert(Instant::ZERO, key(1));
        assert_eq!(ticks(&mut clock, 45).len(), 3);
        let first = clock.pop_due(Instant::from_millis(10_000));
        assert!(first.is_some_and(|tick| tick.skipped), "{first:?}");
        assert_eq!(ticks(&mut clock, 10_000), [], "one frame, not five hundred");
        assert_eq!(ticks(&mut clock, 10_040).len(), 2);
    }
}
