//! At random, in proportion to the agents' weights.

use super::{Pick, Rings, Rule};

pub(super) const RULE: Rule = Rule {
    score: |candidate| candidate.id.0 as u64,
    mass: |candidate| candidate.agent.weight.max(1),
    pick: Pick::Drawn,
    rings: Rings::One,
    drifts: false,
};
