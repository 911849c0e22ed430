//! All who are ready ring at once, and who becomes ready meanwhile joins them; the first who answers has it.

use super::{Pick, Rings, Rule};

pub(super) const RULE: Rule = Rule { score: |_| 0, mass: |_| 1, pick: Pick::First, rings: Rings::All, drifts: false };
