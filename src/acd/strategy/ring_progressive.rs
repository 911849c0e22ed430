//! The agent idle longest rings, and one more each time the queue's step has passed; the first who answers has it.

use super::{Pick, Rings, Rule};

pub(super) const RULE: Rule =
    Rule { score: |_| 0, mass: |_| 1, pick: Pick::First, rings: Rings::OneMoreEachStep, drifts: false };
