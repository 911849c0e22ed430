//! Where callers come to.

use model::{Directory, NumberRule, QueueId, Target, TrunkId, WrapUpMode};

/// Where nobody ends his wrap-up himself, nothing asks how long he would need: true when these numbers lead to queues, and
/// every queue that may be reached from there is such a one.
pub(super) fn is_wrap_up_fixed<'a>(
    directory: &Directory,
    trunk: TrunkId,
    numbers: impl Iterator<Item = &'a str>,
) -> bool {
    let first = |number: &str| {
        let matches = |rule: &&NumberRule| rule.pattern.matches(number) && rule.trunk.is_none_or(|only| only == trunk);
        directory.numbers.iter().find(matches).map(|rule| &rule.to)
    };
    let mut reached: Vec<QueueId> = Vec::new();
    let mut next: Vec<&Target> = numbers.filter_map(first).collect();
    while let Some(to) = next.pop() {
        let (Target::Queue(id) | Target::Callback(id)) = to else { continue };
        if !reached.contains(id) {
            reached.push(*id);
            next.extend(directory.queue(*id).ways_out());
        }
    }
    let mut modes = reached.iter().map(|id| directory.queue(*id).wrap_up_mode);
    !reached.is_empty() && modes.all(|mode| mode == WrapUpMode::Fixed)
}

/// What may be done about it.
pub(super) const FIXED_HELP: &str = "give the queue wrap_up_mode = \"capped\" or \"agent-ended\", or take this out";
