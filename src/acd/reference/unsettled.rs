//! Several shards: what the log tells of one instant need not have been so when a decision of that instant was made.
//!
//! A decision is made at the home of its queue, which knows of everything else by messages. So of everybody and
//! everything that was the same throughout the time a message may take, the reference asks what it always asks; of
//! whatever changed in that time it asks nothing.

use super::{Reference, Waiting};
use base::Instant;
use core::time::Duration;
use model::{AgentId, ContactId, QueueId};
use std::collections::HashSet;

/// What is told soon after the fact that is looked at.
#[derive(Clone, Debug)]
pub(crate) struct Unsettled {
    pub(crate) within: Duration,
    /// The log goes on for so long; else anything may follow.
    pub(crate) complete: bool,
    /// Of an offer: that it is over may have come to the agent's home before that it was made, or the log ends here.
    pub(crate) overtaken: bool,
    pub(crate) agents: HashSet<AgentId>,
    pub(crate) contacts: HashSet<ContactId>,
    pub(crate) queues: HashSet<QueueId>,
}

impl Reference {
    pub(super) fn is_of_several_shards(&self) -> bool {
        self.directory.limits.shards > 1
    }

    /// He changed about now: whether before a decision or after it cannot be said.
    pub(crate) fn changes(&self, now: Instant, agent: AgentId) -> bool {
        let since = self.agents[agent.index()].time.since;
        self.unsettled.as_ref().is_some_and(|u| !u.complete || u.agents.contains(&agent) || now.since(since) < u.within)
    }

    /// Something happened to it about now.
    pub(crate) fn moves(&self, now: Instant, waiting: &Waiting) -> bool {
        let near = |u: &Unsettled| now.since(waiting.touched) < u.within;
        self.unsettled.as_ref().is_some_and(|u| !u.complete || u.contacts.contains(&waiting.contact) || near(u))
    }

    /// Somebody came into it or left it about now, beside one.
    pub(super) fn stirs(&self, now: Instant, queue: QueueId) -> bool {
        let near = |u: &Unsettled| self.touched.get(&queue).is_some_and(|at| now.since(*at) < u.within);
        self.unsettled.as_ref().is_some_and(|u| !u.complete || u.queues.contains(&queue) || near(u))
    }

    /// Whether he may get it depends on more than himself and on what it asks, and that may have been otherwise.
    pub(super) fn may_have_got(&self, now: Instant, waiting: &Waiting, agent: AgentId) -> bool {
        let Some(unsettled) = &self.unsettled else { return false };
        let queue = self.queue(waiting.queue);
        let switched = self.rules(waiting.queue).reserve_place(waiting.queue, agent).is_some_and(|place| {
            let at = self.switched.get(&(waiting.queue, place as u8));
            at.is_some_and(|at| now.since(*at) < unsettled.within)
        });
        let conditional = queue.routing.steps.iter().any(|step| !step.only_if.is_empty());
        let keeper_left = waiting.kept.is_some_and(|(keeper, _)| keeper != agent && self.changes(now, keeper));
        // The queue's home counts steps and the time it is kept from when it heard of it, which is a little earlier.
        let soon = |end: Instant| end.since(now) < unsettled.within;
        let turns = waiting.steps.iter().any(|step| step.ends.is_some_and(soon))
            || waiting.kept.is_some_and(|(_, until)| soon(until));
        switched || conditional || keeper_left || turns || self.is_full(waiting.queue)
    }
}
