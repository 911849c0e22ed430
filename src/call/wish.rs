//! What a contact's own data ask when it takes its place: the queue's rules, and the agent who knows the caller.

use crate::limits::{KNOWN_CALLERS_MAX, STICKY_MAX};
use crate::machine::Machine;
use base::{Instant, Now};
use model::{
    AgentId, Attributes, ContactId, Directory, Fact, Judged, JudgedBy, News, Preferred, QueueId, RequirementId, Wish,
};
use std::collections::{BTreeMap, HashMap};

/// Who served whom last, by the caller's number; the callers of every shard, for each tells the others.
#[derive(Debug, Default)]
pub(crate) struct KnownCallers {
    served: HashMap<Box<str>, Served>,
    /// By age: the oldest gives way.
    order: BTreeMap<u64, Box<str>>,
    next: u64,
}

#[derive(Clone, Copy, Debug)]
struct Served {
    agent: AgentId,
    at: Instant,
    order: u64,
}

impl KnownCallers {
    pub(crate) fn note(&mut self, number: &str, agent: AgentId, at: Instant) {
        let order = self.next;
        self.next += 1;
        if let Some(before) = self.served.insert(number.into(), Served { agent, at, order }) {
            self.order.remove(&before.order);
        }
        self.order.insert(order, number.into());
        if self.order.len() > KNOWN_CALLERS_MAX
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.served.remove(&oldest);
        }
    }

    pub(crate) fn find(&self, number: &str) -> Option<(AgentId, Instant)> {
        self.served.get(number).map(|served| (served.agent, served.at))
    }
}

impl Machine {
    /// Priority and wish of a contact in this queue. The priority stays with the contact where it goes from there.
    pub(crate) fn judge(&mut self, now: Now, id: ContactId, queue: QueueId) -> (i32, Wish) {
        let caller = self.served_identity(id);
        let number = if caller.withheld { "" } else { caller.number.as_str() };
        let Some(contact) = self.contacts.get_mut(&id) else { return (0, Wish::default()) };
        let routing = &self.directory.queue(queue).routing;
        let attributes = Attributes {
            caller: number,
            dialled: &contact.dialled,
            language: contact.language.tag(),
            data: &contact.attached,
        };
        let mut judged = routing.judge(&attributes);
        let priority = judged.priority.map_or(contact.priority, |judged| judged.value);
        contact.priority = priority;
        if let (Some(sticky), None) = (routing.sticky, judged.agent)
            && let Some((agent, at)) = self.known_callers.find(number)
            && now.mono - at <= sticky.remember.min(STICKY_MAX)
        {
            judged.agent = Some(Judged { value: Preferred { agent, wait: sticky.wait }, by: JudgedBy::Sticky });
        }
        let needs = judged.needs.map(|judged| judged.value);
        judged.agent = judged.agent.filter(|preferred| may_serve(&self.directory, queue, needs, preferred.value));
        if !judged.is_empty() {
            self.fact(Fact::Judged { contact: id, queue, judgement: judged });
        }
        (priority, judged.wish())
    }

    /// An agent begins to talk with a contact of this queue.
    pub(crate) fn know(&mut self, now: Now, id: ContactId, queue: QueueId, agent: AgentId) {
        if self.directory.queue(queue).routing.sticky.is_none() {
            return;
        }
        let caller = self.served_identity(id);
        if !caller.withheld && !caller.number.as_str().is_empty() {
            self.known_callers.note(caller.number.as_str(), agent, now.mono);
            self.news(News::Served { number: caller.number, agent, at: now.mono });
        }
    }
}

/// Who does not serve the queue any more, or lacks what is asked until his time is over, is not waited for. One of a
/// reserve is while his reserve has joined, which the queue's home knows.
fn may_serve(directory: &Directory, queue: QueueId, needs: Option<RequirementId>, preferred: Preferred) -> bool {
    let agent = directory.agent(preferred.agent);
    let own = !agent.removed && agent.queues.contains(&queue);
    let fits = |id: RequirementId| directory.requirements[id.index()].fits(&agent.skills);
    (own || directory.reserve_place(queue, preferred.agent).is_some())
        && directory.queue(queue).routing.ever_fits(needs, preferred.wait, fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_caller_is_forgotten_first() {
        let mut known = KnownCallers::default();
        for n in 0..KNOWN_CALLERS_MAX as u64 {
            known.note(&n.to_string(), AgentId(1), Instant::from_millis(n));
        }
        // Who calls again is young again.
        known.note("0", AgentId(2), Instant::from_millis(1));
        known.note("one more", AgentId(3), Instant::from_millis(1));
        assert_eq!(known.find("0").map(|(agent, _)| agent), Some(AgentId(2)));
        assert_eq!(known.find("1"), None);
        assert_eq!((known.served.len(), known.order.len()), (KNOWN_CALLERS_MAX, KNOWN_CALLERS_MAX));
    }
}
