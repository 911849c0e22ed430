//! At random, in proportion to the agents' weights.

use super::{Pick, Rule};

pub(super) const RULE: Rule = Rule {
    mass: |candidate| candidate.agent.weight.max(1),
    pick: Pick::Drawn,
    ..Rule::sorted(|candidate| candidate.id.0 as u64)
};
