//! How pressing a contact is: its priority, and what waiting adds to it.
//!
//! Inside a queue all contacts age alike, so time never changes their order: whose line `priority + rate × waited` lies
//! higher is ahead at every instant. The cap does not change it either, so that a contact at the cap is not overtaken by
//! later ones that still grow, and nobody starves ([`overtaking_bound`]). Between queues, whose rates may differ, the
//! first of each are compared by `priority + min(cap, rate × waited)` at the instant of the decision, and among equals by
//! the part of its queue's service objective each has waited: who has waited 15 s of 20 comes before who has waited a
//! minute of two. Queues without an objective all count with the same one, so that among them the earlier comes first.
//!
//! Everything is counted in sixty-thousandths of a point, what one point a minute grows by in a millisecond, so that
//! nothing is rounded. Equals: the earlier first enqueue time, then the lower id.

use crate::limits::AGEING_MAX;
use crate::words::HeadKey;
use base::{Instant, Key};
use core::cmp::Ordering;
use core::time::Duration;
use model::{Ageing, ContactId, OBJECTIVE_DEFAULT, Queue, Routing};

const POINT: i64 = 60_000;

/// What waiting adds to the contacts of a queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Rate {
    /// Each millisecond.
    each: i64,
    most: i64,
    objective_ms: u64,
}

/// Waiting as a part of the objective; the larger part is the smaller value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    waited_ms: u64,
    objective_ms: u64,
}

impl Default for Rate {
    fn default() -> Self {
        Rate { each: 0, most: 0, objective_ms: OBJECTIVE_DEFAULT.as_millis() as u64 }
    }
}

impl Rate {
    pub(crate) fn of(routing: &Routing) -> Rate {
        let ageing: Ageing = routing.ageing;
        let ages = ageing.per_minute > 0 && ageing.cap > 0;
        let limited = |points: u32| if ages { i64::from(points.min(AGEING_MAX)) } else { 0 };
        let objective = routing.objective.unwrap_or(OBJECTIVE_DEFAULT);
        let objective_ms = (objective.as_millis() as u64).max(1);
        Rate { each: limited(ageing.per_minute), most: limited(ageing.cap) * POINT, objective_ms }
    }

    /// Contacts of queues that are all plain are in one order, that of their keys: by priority, then the earlier.
    pub(crate) fn is_plain(self) -> bool {
        self == Rate::default()
    }

    pub(crate) fn effective(self, priority: i32, entered_ms: u64, now: Instant) -> i64 {
        let waited = now.as_millis().saturating_sub(entered_ms) as i64;
        i64::from(priority) * POINT + waited.saturating_mul(self.each).min(self.most)
    }

    fn share(self, entered_ms: u64, now: Instant) -> Share {
        Share { waited_ms: now.as_millis().saturating_sub(entered_ms), objective_ms: self.objective_ms }
    }

    /// Of a queue's first contact as the board shows it; `None` when there is none.
    pub(crate) fn pressing(self, head: HeadKey, now: Instant) -> Option<Pressing> {
        let (priority, entered_ms) = head.parts()?;
        let rank = -self.effective(priority, entered_ms, now);
        Some(Pressing { rank, share: self.share(entered_ms, now), entered_ms })
    }
}

impl Ord for Share {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.objective_ms == other.objective_ms {
            return other.waited_ms.cmp(&self.waited_ms);
        }
        // Fractions compared exactly, without dividing.
        let cross = |a: &Share, b: &Share| u128::from(a.waited_ms) * u128::from(b.objective_ms);
        cross(other, self).cmp(&cross(self, other))
    }
}

impl PartialOrd for Share {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Share {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Share {}

/// Whole points, for people and conditions.
pub(crate) fn points(effective: i64) -> u32 {
    u32::try_from(effective.max(0) / POINT).unwrap_or(u32::MAX)
}

/// Compares first contacts of several queues at one instant, by what the board can show of them: the smaller comes
/// first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Pressing {
    rank: i64,
    share: Share,
    entered_ms: u64,
}

impl Pressing {
    /// After everybody.
    pub(crate) const LAST: Pressing =
        Pressing { rank: i64::MAX, share: Share { waited_ms: 0, objective_ms: 1 }, entered_ms: u64::MAX };
}

/// A contact's place among those of its queue: the smaller comes first, now and at every later instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ContactKey {
    rank: i64,
    entered: Instant,
    pub(crate) contact: ContactId,
    /// Where its entry is.
    pub(crate) entry: Key,
}

impl Ord for ContactKey {
    fn cmp(&self, other: &Self) -> Ordering {
        let place = |key: &ContactKey| (key.rank, key.entered, key.contact);
        place(self).cmp(&place(other))
    }
}

impl PartialOrd for ContactKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }

    /// As `cmp` says, in fewer steps: every agent who becomes ready compares the heads of all his queues.
    fn lt(&self, other: &Self) -> bool {
        if self.rank != other.rank {
            self.rank < other.rank
        } else if self.entered != other.entered {
            self.entered < other.entered
        } else {
            self.contact < other.contact
        }
    }
}

impl ContactKey {
    pub(crate) fn new(rate: Rate, priority: i32, entered: Instant, contact: ContactId, entry: Key) -> Self {
        let aged = (entered.as_millis() as i64).saturating_mul(rate.each);
        ContactKey { rank: aged - i64::from(priority) * POINT, entered, contact, entry }
    }

    /// `rate`: the one it was made with.
    pub(crate) fn head(&self, rate: Rate) -> HeadKey {
        HeadKey::new(self.priority(rate), self.entered)
    }

    fn priority(&self, rate: Rate) -> i32 {
        let aged = (self.entered.as_millis() as i64).saturating_mul(rate.each);
        ((aged - self.rank) / POINT) as i32
    }

    /// Compares it with the first contacts of other queues; among equals by the millisecond the exact time decides.
    pub(crate) fn pressing(&self, rate: Rate, now: Instant) -> (i64, Share, Instant, ContactId) {
        let entered_ms = self.entered.as_millis();
        (-rate.effective(self.priority(rate), entered_ms, now), rate.share(entered_ms, now), self.entered, self.contact)
    }

    pub(crate) fn effective(&self, rate: Rate, now: Instant) -> i64 {
        rate.effective(self.priority(rate), self.entered.as_millis(), now)
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
    let each = Rate::of(&queue.routing).each.unsigned_abs();
    let points = (ahead * POINT).unsigned_abs();
    (each > 0).then(|| Duration::from_millis(points.div_ceil(each)))
}

/// The same between queues that share agents: while a contact of `own` waits no longer than `waited`, one of `other` with
/// the same priority is served before it only if it came within this time after it.
///
/// Proof. Let the objectives be `a` and `b`, the two enter at `e` and `f`. At `t` the other comes first if and only if
/// `(t − f) / b > (t − e) / a`, that is `f < t − (t − e) · b/a = e + (t − e)(1 − b/a)`, and `t − e ≤ waited`. For `b ≥ a`
/// the right side is at most `e`: whoever came later never comes first. ∎
pub fn objective_bound(own: &Queue, other: &Queue, waited: Duration) -> Duration {
    let (own, other) = (Rate::of(&own.routing).objective_ms, Rate::of(&other.routing).objective_ms);
    let ahead = u128::from(own.saturating_sub(other)) * waited.as_millis();
    Duration::from_millis(u64::try_from(ahead.div_ceil(u128::from(own))).unwrap_or(u64::MAX))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::testing::{queue, secs};
    use base::Rng;

    fn rate(per_minute: u32, cap: u32) -> Rate {
        Rate::of(&Routing { ageing: Ageing { per_minute, cap }, ..Routing::default() })
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
            let key =
                |(priority, entered), n| ContactKey::new(rate, priority, entered, ContactId(n), Key::new(n as u32, 0));
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
        let rate = Rate::of(&line.routing);
        let low = Instant::from_millis(1_000_000);
        let key = |priority, entered, n| ContactKey::new(rate, priority, entered, ContactId(n), Key::new(n as u32, 0));
        let high = |after| key(5, low + after, 2);
        assert!(high(bound - Duration::from_millis(1)) < key(0, low, 1), "it came just in time");
        assert!(high(bound) > key(0, low, 1), "it came too late, for ever");
        assert_eq!(overtaking_bound(&line, 5, 5), Some(Duration::ZERO));
        assert_eq!(overtaking_bound(&line, 7, 5), Some(Duration::ZERO));
        line.routing.ageing = Ageing::default();
        assert_eq!(overtaking_bound(&line, 0, 1), None);
    }

    fn with_objective(objective: u64) -> Queue {
        let mut line = queue("line");
        line.routing.objective = (objective > 0).then(|| secs(objective));
        line
    }

    #[test]
    fn the_larger_part_of_its_objective_comes_first_and_priority_before_that() {
        let now = Instant::from_millis(10_000_000);
        let pressing = |objective, priority, waited: u64| {
            let rate = Rate::of(&with_objective(objective).routing);
            let head = HeadKey::new(priority, Instant::from_millis(now.as_millis() - waited));
            rate.pressing(head, now).expect("there is one")
        };
        assert!(pressing(20, 0, 15_000) < pressing(120, 0, 60_000), "three quarters before a half");
        assert!(pressing(120, 0, 90_001) < pressing(20, 0, 15_000));
        assert!(pressing(120, 1, 0) < pressing(20, 0, 1_000_000), "priorities are strict");
        assert!(pressing(120, 0, 60_000) < pressing(20, 0, 10_000), "of equal parts the earlier");
        assert!(pressing(0, 0, 31_000) < pressing(20, 0, 10_000), "without one it counts as a minute");
        assert!(pressing(20, -5, 0) < Pressing::LAST);
    }

    #[test]
    fn the_bound_of_objectives_is_where_overtaking_ends() {
        let (own, other) = (with_objective(120), with_objective(20));
        let bound = objective_bound(&own, &other, secs(120));
        assert_eq!(bound, secs(100));
        let served = Instant::from_millis(1_000_000) + secs(120);
        let key = |queue: &Queue, after: Duration| {
            let head = HeadKey::new(0, Instant::from_millis(1_000_000) + after);
            Rate::of(&queue.routing).pressing(head, served).expect("there is one")
        };
        assert!(key(&other, bound - Duration::from_millis(1)) < key(&own, Duration::ZERO), "it came just in time");
        assert!(key(&other, bound) > key(&own, Duration::ZERO), "it came too late");
        assert_eq!(objective_bound(&other, &own, secs(500)), Duration::ZERO);
    }
}
