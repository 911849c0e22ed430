//! Who can do the least else: generalists are kept free for what only they can do.

use super::Rule;

/// Skills and queues, each one thing he can do.
pub(super) const RULE: Rule =
    Rule::sorted(|candidate| (candidate.agent.skills.len() + candidate.agent.queues.len()) as u64);
