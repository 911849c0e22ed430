//! Always the first in the configuration who is ready.

use super::Rule;

pub(super) const RULE: Rule = Rule::sorted(|candidate| u64::from(candidate.agent.place));
