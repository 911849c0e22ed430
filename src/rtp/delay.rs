//! How late packets come, and so how long to wait for them.

/// Ticks of an 8 kHz clock in a bucket of lateness: 10 ms.
const BUCKET: i64 = 80;
const BUCKETS: usize = 40;

/// The fastest transit is looked for over one to two windows of 5 s: long enough to meet a packet that was
/// not held up, short enough to follow two clocks that drift apart by 0.2 ms a second.
const WINDOW: i64 = 40_000;

/// One packet's weight; with a memory of 256 packets (5 s) all weights sum to 2^24.
const WEIGHT: u32 = 1 << 16;
const MEMORY_SHIFT: u32 = 8;
/// Weight of the first guess: a quarter of the memory.
const GUESS: u32 = WEIGHT << (MEMORY_SHIFT - 2);

/// The lateness 99 % of the packets stay below.
#[derive(Clone, Debug)]
pub(crate) struct DelayEstimate {
    /// Fastest transit of this window and of the one before.
    fastest: i64,
    fastest_before: i64,
    window_start: i64,
    histogram: [u32; BUCKETS],
}

impl DelayEstimate {
    /// `guess` in ticks until the network has been seen.
    pub(crate) fn new(guess: i64) -> Self {
        let mut histogram = [0; BUCKETS];
        histogram[bucket(guess - 1)] = GUESS;
        DelayEstimate { fastest: 0, fastest_before: 0, window_start: i64::MIN, histogram }
    }

    /// The clocks have nothing to do with those before; the network is the same.
    pub(crate) fn rebase(&mut self, arrival: i64, transit: i64) {
        self.fastest = transit;
        self.fastest_before = transit;
        self.window_start = arrival;
    }

    pub(crate) fn observe(&mut self, arrival: i64, transit: i64) {
        let age = arrival.saturating_sub(self.window_start);
        if age > 2 * WINDOW {
            self.rebase(arrival, transit);
        } else if age > WINDOW {
            self.fastest_before = self.fastest;
            self.fastest = transit;
            self.window_start = arrival;
        } else {
            self.fastest = self.fastest.min(transit);
        }
        for weight in &mut self.histogram {
            *weight -= *weight >> MEMORY_SHIFT;
        }
        self.histogram[bucket(transit - self.base())] += WEIGHT;
    }

    /// Transit of a packet that was not held up.
    pub(crate) fn base(&self) -> i64 {
        self.fastest.min(self.fastest_before)
    }

    /// How long to hold a packet back behind the fastest.
    pub(crate) fn lateness(&self) -> i64 {
        let total: u64 = self.histogram.iter().map(|w| u64::from(*w)).sum();
        let enough = total - total / 100;
        let mut sum = 0;
        for (index, weight) in self.histogram.iter().enumerate() {
            sum += u64::from(*weight);
            if sum >= enough {
                return (index as i64 + 1) * BUCKET;
            }
        }
        BUCKETS as i64 * BUCKET
    }
}

fn bucket(lateness: i64) -> usize {
    (lateness.max(0) / BUCKET).min(BUCKETS as i64 - 1) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Rng;

    /// Feeds `count` packets, one every 160 ticks, held up as told; returns the estimate.
    fn feed(count: i64, mut held_up: impl FnMut(i64) -> i64) -> DelayEstimate {
        let mut estimate = DelayEstimate::new(480);
        for n in 0..count {
            let transit = 5000 + held_up(n);
            estimate.observe(n * 160 + transit, transit);
        }
        estimate
    }

    #[test]
    fn a_steady_network_needs_one_bucket() {
        assert_eq!(feed(1, |_| 0).lateness(), 480, "the guess until more is known");
        assert_eq!(feed(1500, |_| 0).lateness(), BUCKET);
    }

    #[test]
    fn one_in_a_hundred_may_be_later() {
        let mut rng = Rng::new(1);
        let uniform = feed(3000, |_| rng.below(800) as i64).lateness();
        assert!((720..=800).contains(&uniform), "{uniform}");
        let rare = feed(3000, |n| if n % 200 == 0 { 2000 } else { 0 }).lateness();
        assert_eq!(rare, BUCKET);
        let often = feed(3000, |n| if n % 20 == 0 { 2000 } else { 0 }).lateness();
        assert_eq!(often, 2080);
    }

    #[test]
    fn the_base_follows_drifting_clocks_both_ways() {
        for drift in [-1, 1] {
            // One tick in 100 packets: 60 ppm, ten minutes.
            let estimate = feed(30_000, |n| drift * n / 100);
            let now = 5000 + drift * 300;
            assert!((estimate.base() - now).abs() <= 6, "{} {now}", estimate.base());
            assert_eq!(estimate.lateness(), BUCKET);
        }
    }
}
