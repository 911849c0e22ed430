//! The fewest contacts since he signed on. They are counted when they are connected, once each, whatever their queue:
//! a call does not count twice when it is transferred or when several phones rang for it.

use super::Rule;

pub(super) const RULE: Rule = Rule::sorted(|candidate| u64::from(candidate.idle.calls));
