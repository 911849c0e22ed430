use super::IdleStamps;
use model::IdleClock;

/// The agent idle longest by the queue's clock: the earliest stamp.
pub(super) fn score(clock: IdleClock, idle: &IdleStamps) -> u64 {
    let since = match clock {
        IdleClock::Release => idle.released,
        IdleClock::Ready => idle.ready,
        IdleClock::Offer => idle.offered,
    };
    since.as_nanos()
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use base::Instant;

    #[test]
    fn each_clock_reads_its_own_stamp() {
        let at = Instant::from_millis;
        let idle = IdleStamps { released: at(1), ready: at(2), offered: at(3) };
        let scores = [IdleClock::Release, IdleClock::Ready, IdleClock::Offer].map(|c| score(c, &idle) / 1_000_000);
        assert_eq!(scores, [1, 2, 3]);
    }
}
