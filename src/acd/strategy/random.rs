//! Each who is ready alike.

use super::{Pick, Rings, Rule};

pub(super) const RULE: Rule = Rule {
    // Any fixed order serves; this one the reference can repeat.
    score: |candidate| candidate.id.0 as u64,
    mass: |_| 1,
    pick: Pick::Drawn,
    rings: Rings::One,
    drifts: false,
};
