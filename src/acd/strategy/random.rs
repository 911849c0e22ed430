//! Each who is ready alike.

use super::{Pick, Rule};

// Any fixed order serves; this one the reference can repeat.
pub(super) const RULE: Rule = Rule { pick: Pick::Drawn, ..Rule::sorted(|candidate| candidate.id.0 as u64) };
