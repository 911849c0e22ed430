//! The smallest share of work in the time he was there for work (Avaya's least occupied agent): how long he has been
//! idle *now* does not matter.
//!
//! Breaks are in neither part of the share, so who comes back from one is neither rewarded nor punished for it and
//! needs no re-basing on the others. While he is ready his share falls; it is taken anew when his state changes and at
//! whole multiples of ten seconds.

use super::{Candidate, Rule};

pub(super) const RULE: Rule = Rule { drifts: true, ..Rule::sorted(share) };

/// In units of 2⁻³².
fn share(candidate: &Candidate<'_>) -> u64 {
    let idle = candidate.idle;
    let since_counted = candidate.based.since(idle.counted);
    let staffed = (idle.staffed + since_counted).as_nanos();
    let share = (idle.worked.as_nanos() << 32).checked_div(staffed).unwrap_or(0);
    share.min(1 << 32) as u64
}
