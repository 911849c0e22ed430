//! One after the other, with memory: who has never had a contact of this queue, then whose last one is longest ago.
//!
//! The memory is the queue's own and counts contacts, not time; a break or a call of another queue does not move him.

use super::Rule;

pub(super) const RULE: Rule = Rule::sorted(|candidate| candidate.turn);
