//! How pressing a contact is: its priority, and what waiting adds to it.
//!
//! Inside a queue all contacts age alike, so time never changes their order: whose line `priority + rate × waited` lies
//! higher is ahead at every instant. The cap does not change it either, so that a contact at the cap is not overtaken by
//! later ones that still grow, and nobody starves ([`overtaking_bound`]). Between queues, whose rates may differ, the
//! first of each are compared by `priority + min(cap, rate × waited)` at the instant of the decision.
//!
//! Everything is counted in sixty-thousandths of a point, what one point a minute grows by in a millisecond, so that
//! nothing is rounded. Equals: the earlier first enqueue time, then the lower id.

use crate::limits::AGEING_MAX;
use crate::words::HeadKey;
use base::Instant;
use core::time::Duration;
use model::{Ageing, ContactId, Queue};

const POINT: i64 = 60_000;

/// What waiting adds to the contacts of a queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Rate {
    /// Each millisecond.
    each: i64,
    most: i64,
}

impl Rate {
    pub(crate) fn of(ageing: Ageing) -> Rate {
        let ages = ageing.per_minute > 0 && ageing.cap > 0;
        let limited = |points: u32| if ages { i64::from(points.min(AGEING_MAX)) } else { 0 };
        Rate { each: limited(ageing.per_minute), most: limited(ageing.cap) * POINT }
    }

    pub(crate) fn ages(self) -> bool {
        self.each > 0
    }

    pub(crate) fn effective(self, priority: i32, entered_ms: u64, now: Instant) -> i64 {
        let waited = now.as_millis().saturating_sub(entered_ms) as i64;
        i64::from(priority) * POINT + waited.saturating_mul(self.each).min(self.most)
    }

    /// Of a queue's first contact as the board shows it; `None` when there is none.
    pub(crate) fn pressing(self, head: HeadKey, now: Instant) -> Option<Pressing> {
        let (priority, entered_ms) = head.parts()?;
        Some(Pressing { rank: -self.effective(priority, entered_ms, now), entered_ms })
    }
}

/// Whole points, for people and conditions.
pub(crate) fn points(effective: i64) -> u32 {
    u32::try_from(effective.max(0) / POINT).unwrap_or(u32::MAX)
}

/// Compares first contacts of several queues at one instant, by what the board can show of them: the smaller comes
/// first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Pressing {
    rank: i64,
    entered_ms: u64,
}

impl Pressing {
    /// After everybody.
    pub(crate) const LAST: Pressing = Pressing { rank: i64::MAX, entered_ms: u64::MAX };
}

/// A contact's place among those of its queue: the smaller comes first, now and at every later instant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct ContactKey {
    rank: i64,
    entered: Instant,
    contact: ContactId,
    pub(crate) slot: u32,
    priority: i32,
}

impl ContactKey {
    pub(crate) fn new(rate: Rate, priority: i32, entered: Instant, contact: ContactId, slot: u32) -> Self {
        let aged = (entered.as_millis() as i64).saturating_mul(rate.each);
        ContactKey { rank: aged - i64::from(priority) * POINT, entered, contact, slot, priority }
    }

    pub(crate) fn head(&self) -> HeadKey {
        HeadKey::new(self.priority, self.entered)
    }

    /// Compares it with the first contacts of other queues; among equals by the millisecond the exact time decides.
    pub(crate) fn pressing(&self, rate: Rate, now: Instant) -> (i64, Instant, ContactId) {
        (-rate.effective(self.priority, self.entered.as_millis(), now), self.entered, self.contact)
    }

    pub(crate) fn effective(&self, rate: Rate, now: Instant) -> i64 {
        rate.effective(self.priority, self.entered.as_millis(), now)
    }
}

/// The starvation bound of a queue: a contact of priority `low` is overtaken only by those of priority `high` that come
/// within this time after it. `None`: by all of them, however late they come.
///
/// Proof. Let the low one enter at `e`, the high one at `f`, and let waiting add `a > 0` points a minute. The queue's
/// order at any instant `t` is that of `low + a(t − e)` and `high + a(t − f)`; their difference
/// `(high − low) − a(f − e)` does not depend on `t`. So the high one is ahead if and only if it is so from its first
/// instant on, that is when `f − e < (high − low) / a`, and one that comes later never is. Without ageing (`a = 0`) it
/// is ahead whenever it comes. For `high ≤ low` nobody is overtaken. The cap does not enter, because inside a queue it
/// does not change the order. ∎
///
/// Rounded up to the millisecond in which times of entry are compared.
pub fn overtaking_bound(queue: &Queue, low: i32, high: i32) -> Option<Duration> {
    let ahead = i64::from(high) - i64::from(low);
    if ahead <= 0 {
        return Some(Duration::ZERO);
    }
    let each = Rate::of(queue.routing.ageing).each.unsigned_abs();
    let points = (ahead * POINT).unsigned_abs();
    (each > 0).then(|| Duration::from_millis(points.div_ceil(each)))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::testing::{queue, secs};
    use base::Rng;

    fn rate(per_minute: u32, cap: u32) -> Rate {
        Rate::of(Ageing { per_minute, cap })
    }

    fn score(rate: Rate, priority: i32, waited: Duration) -> u32 {
        let now = Instant::from_millis(10_000_000);
        let entered = now.as_millis() - waited.as_millis() as u64;
        points(rate.effective(priority, entered, now))
    }

    #[test]
    fn published_scores_come_out() {
        // Genesys: minutes waited + priority.
        assert_eq!(score(rate(1, 1_000), 10, secs(300)), 15);
        // CXone: initial + acceleration × minutes, capped.
        assert_eq!(score(rate(0, 1_000), 110, secs(240)), 110);
        assert_eq!(score(rate(3, 1_000), 110, secs(240)), 122);
        assert_eq!(score(rate(3, 8), 110, secs(240)), 118);
    }

    #[test]
    fn time_never_changes_the_order_inside_a_queue() {
        let mut rng = Rng::new(3);
        for _ in 0..10_000 {
            let rate = rate(1 + rng.below(100) as u32, 1_000_000);
            let mut one = || (rng.below(50) as i32, Instant::from_millis(1_000_000 + rng.below(1_000_000)));
            let (a, b) = (one(), one());
            let key = |(priority, entered), n| ContactKey::new(rate, priority, entered, ContactId(n), n as u32);
            let (first, second) = (key(a, 1), key(b, 2));
            for now in [2_000_000, 2_500_000, 9_000_000].map(Instant::from_millis) {
                assert_eq!(first < second, first.pressing(rate, now) < second.pressing(rate, now));
            }
        }
    }

    #[test]
    fn the_bound_is_where_overtaking_ends() {
        let mut line = queue("line");
        line.routing.ageing = Ageing { per_minute: 2, cap: 20 };
        let bound = overtaking_bound(&line, 0, 5).expect("it ages");
        assert_eq!(bound, secs(150));
        let rate = Rate::of(line.routing.ageing);
        let low = Instant::from_millis(1_000_000);
        let key = |priority, entered, n| ContactKey::new(rate, priority, entered, ContactId(n), n as u32);
        let high = |after| key(5, low + after, 2);
        assert!(high(bound - Duration::from_millis(1)) < key(0, low, 1), "it came just in time");
        assert!(high(bound) > key(0, low, 1), "it came too late, for ever");
        assert_eq!(overtaking_bound(&line, 5, 5), Some(Duration::ZERO));
        assert_eq!(overtaking_bound(&line, 7, 5), Some(Duration::ZERO));
        line.routing.ageing = Ageing::default();
        assert_eq!(overtaking_bound(&line, 0, 1), None);
    }
}
