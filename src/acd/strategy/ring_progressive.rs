//! The agent idle longest rings, and one more each time the queue's step has passed; the first who answers has it.

use super::{Rings, Rule};

pub(super) const RULE: Rule = Rule { rings: Rings::OneMoreEachStep, ..Rule::sorted(|_| 0) };
