//! All who are ready ring at once, and who becomes ready meanwhile joins them; the first who answers has it.

use super::{Rings, Rule};

pub(super) const RULE: Rule = Rule { rings: Rings::All, ..Rule::sorted(|_| 0) };
