use crate::conditions::Link;
use base::{Instant, Rng};
use std::collections::BTreeMap;

/// Everything that is on its way, over all links.
#[derive(Debug)]
pub struct Network<P> {
    rng: Rng,
    /// By the time it is due, then by the order of sending.
    flying: BTreeMap<(Instant, u64), P>,
    sent: u64,
    counts: Counts,
}

/// What has happened to what was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    pub sent: u64,
    pub delivered: u64,
    pub lost: u64,
    pub duplicated: u64,
    pub reordered: u64,
}

impl<P: Clone> Network<P> {
    pub fn new(rng: Rng) -> Self {
        Network { rng, flying: BTreeMap::new(), sent: 0, counts: Counts::default() }
    }

    pub fn send(&mut self, now: Instant, link: &mut Link, payload: P) {
        let conditions = link.conditions;
        self.counts.sent += 1;
        if conditions.cut || self.chance(conditions.loss) {
            self.counts.lost += 1;
            return;
        }
        let mut due = now + conditions.delay + conditions.jitter.mul_f64(self.fraction(conditions.jitter.is_zero()));
        if self.chance(conditions.reorder) {
            self.counts.reordered += 1;
            due += conditions.overtaken_by;
        } else {
            due = due.max(link.latest);
            link.latest = due;
        }
        if self.chance(conditions.duplicate) {
            self.counts.duplicated += 1;
            self.fly(due, payload.clone());
        }
        self.fly(due, payload);
    }

    /// What arrived where nobody took it yet comes again at `until`.
    pub fn postpone(&mut self, until: Instant, payload: P) {
        self.fly(until, payload);
    }

    /// The next payload that is due at `now`.
    pub fn poll_delivery(&mut self, now: Instant) -> Option<P> {
        let entry = self.flying.first_entry().filter(|entry| entry.key().0 <= now)?;
        self.counts.delivered += 1;
        Some(entry.remove())
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        self.flying.first_key_value().map(|((due, _), _)| *due)
    }

    pub fn counts(&self) -> Counts {
        self.counts
    }

    fn fly(&mut self, due: Instant, payload: P) {
        self.sent += 1;
        self.flying.insert((due, self.sent), payload);
    }

    /// A draw only where it decides something: conditions that are switched off leave the sequence of others alone.
    fn chance(&mut self, share: f64) -> bool {
        share > 0.0 && self.rng.chance(share)
    }

    fn fraction(&mut self, is_zero: bool) -> f64 {
        if is_zero { 0.0 } else { self.rng.unit() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Conditions;
    use core::time::Duration;

    const MS: Duration = Duration::from_millis(1);

    /// Sends `count` numbers a millisecond apart and returns them as they arrive.
    fn arrivals(seed: u64, conditions: Conditions, count: u64) -> (Vec<(u64, u64)>, Counts) {
        let mut network = Network::new(Rng::new(seed));
        let mut link = Link::new(conditions);
        for n in 0..count {
            network.send(Instant::from_millis(n), &mut link, n);
        }
        let mut arrived = Vec::new();
        while let Some(due) = network.poll_timeout() {
            let payload = network.poll_delivery(due).expect("it is due");
            arrived.push((due.as_millis(), payload));
        }
        (arrived, network.counts())
    }

    #[test]
    fn a_good_link_delivers_all_in_order_after_its_delay() {
        let (arrived, counts) = arrivals(1, Conditions::perfect().with_delay(7 * MS), 100);
        assert_eq!(arrived, (0..100).map(|n| (n + 7, n)).collect::<Vec<_>>());
        assert_eq!((counts.lost, counts.duplicated, counts.reordered), (0, 0, 0));
    }

    #[test]
    fn jitter_alone_changes_no_order() {
        let (arrived, _) = arrivals(2, Conditions { jitter: 50 * MS, ..Conditions::perfect() }, 1000);
        assert!(arrived.iter().map(|(_, n)| *n).eq(0..1000));
        assert!(arrived.iter().any(|(at, n)| at - n > 20));
    }

    #[test]
    fn each_share_is_kept() {
        let rough = Conditions { loss: 0.2, duplicate: 0.1, reorder: 0.3, ..Conditions::rough() };
        let (arrived, counts) = arrivals(3, rough, 10_000);
        assert!((1900..2100).contains(&counts.lost), "{counts:?}");
        assert!((700..900).contains(&counts.duplicated), "{counts:?}");
        assert!((2250..2550).contains(&counts.reordered), "{counts:?}");
        assert_eq!(arrived.len() as u64, 10_000 - counts.lost + counts.duplicated);
        assert!(arrived.windows(2).any(|pair| pair[0].1 > pair[1].1), "nothing was overtaken");
    }

    #[test]
    fn a_cut_cable_carries_nothing_and_what_flew_arrives() {
        let mut network = Network::new(Rng::new(4));
        let mut link = Link::new(Conditions::lan());
        network.send(Instant::ZERO, &mut link, 1);
        link.conditions.cut = true;
        network.send(Instant::ZERO, &mut link, 2);
        assert_eq!(network.poll_delivery(Instant::FAR_FUTURE), Some(1));
        assert_eq!(network.poll_delivery(Instant::FAR_FUTURE), None);
    }

    #[test]
    fn the_same_seed_gives_the_same_deliveries() {
        let run = |seed| arrivals(seed, Conditions::rough(), 500).0;
        assert_eq!(run(9), run(9));
        assert_ne!(run(9), run(10));
    }
}
