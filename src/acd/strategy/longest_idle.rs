//! The agent idle longest by the queue's clock: all are alike, so that the clock decides.

use super::{IdleStamps, Rule};
use model::IdleClock;

pub(super) const RULE: Rule = Rule::sorted(|_| 0);

/// The earlier, the longer idle.
pub(super) fn since(clock: IdleClock, idle: &IdleStamps) -> u64 {
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
        let idle = IdleStamps { released: at(1), ready: at(2), offered: at(3), ..IdleStamps::default() };
        let stamps = [IdleClock::Release, IdleClock::Ready, IdleClock::Offer].map(|c| since(c, &idle) / 1_000_000);
        assert_eq!(stamps, [1, 2, 3]);
    }
}
