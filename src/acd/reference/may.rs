//! Who may get what: staff, demands, refusals, those a contact is kept for, caps.

use super::{Edge, Reference, Waiting};
use base::Instant;
use core::time::Duration;
use model::{Agent, AgentId, AgentState, Directory, Queue, QueueId, RINGS_MAX, Strategy};

impl Reference {
    pub(crate) fn all(&self) -> impl Iterator<Item = AgentId> + use<> {
        (0..self.agents.len() as u32).map(AgentId)
    }

    /// What its home goes by; of one or somebody it does not know yet, what others do.
    pub(crate) fn rules(&self, queue: QueueId) -> &Directory {
        let home = queue.index().checked_rem(self.homes.len()).map(|at| &*self.homes[at]);
        home.filter(|home| home.queues.len() > queue.index()).unwrap_or(&self.directory)
    }

    pub(crate) fn queue(&self, queue: QueueId) -> &Queue {
        &self.rules(queue).queues[queue.index()]
    }

    pub(crate) fn agent_of(&self, queue: QueueId, agent: AgentId) -> &Agent {
        let rules = self.rules(queue);
        rules.agents.get(agent.index()).unwrap_or(&self.directory.agents[agent.index()])
    }

    /// Whom a reload has removed serves nobody, though he may still talk; and a queue that is removed nobody, though
    /// phones may still ring for it.
    pub(crate) fn serves(&self, agent: AgentId, queue: QueueId) -> bool {
        let rules = self.rules(queue);
        let Some(configured) = rules.agents.get(agent.index()).filter(|a| !a.removed) else { return false };
        if rules.queue(queue).removed {
            return false;
        }
        match rules.reserve_place(queue, agent) {
            None => configured.queues.contains(&queue),
            Some(place) => self.joined.contains_key(&(queue, place as u8)),
        }
    }

    pub(crate) fn is_ready(&self, agent: AgentId) -> bool {
        self.agents[agent.index()].state == AgentState::Ready
            && self.claimed.is_none_or(|(claimed, _)| claimed != agent)
    }

    /// Whether he could be asked for it, ready or not.
    pub(crate) fn may_get(&self, now: Instant, waiting: &Waiting, agent: AgentId, edge: Edge) -> bool {
        !waiting.held && self.may_get_once_back(now, waiting, agent, edge)
    }

    pub(super) fn may_get_once_back(&self, now: Instant, waiting: &Waiting, agent: AgentId, edge: Edge) -> bool {
        let late = if edge == Edge::Both { waiting.late } else { Duration::ZERO };
        let refused = waiting.refused.iter().any(|(a, until)| *a == agent && *until + late > now);
        let kept_longer = waiting.kept_longer + late;
        let open = if waiting.ringing.is_empty() { !self.is_full(waiting.queue) } else { true };
        let kept_for_other = match waiting.kept {
            // Kept for one, it does not ring elsewhere.
            Some((keeper, until)) if until > now || (until + kept_longer >= now && edge == Edge::Both) => {
                keeper != agent || !waiting.ringing.is_empty()
            }
            _ => false,
        };
        let fits = self.fits(waiting, agent, edge);
        let has_place = waiting.round.len() < RINGS_MAX && !waiting.round.contains(&agent);
        fits && open && !refused && !kept_for_other && has_place
    }

    pub(crate) fn is_full(&self, queue: QueueId) -> bool {
        let offered = self.waiting.iter().filter(|w| w.queue == queue && !w.ringing.is_empty()).count() as i64;
        let talking = self.talking.get(&queue).copied().unwrap_or(0);
        self.queue(queue).routing.max_talking.is_some_and(|most| talking + offered >= i64::from(most))
    }

    /// May one phone more than before ring?
    pub(super) fn rings_too(&self, now: Instant, chosen: &Waiting) -> bool {
        let queue = self.queue(chosen.queue);
        if chosen.rings_one {
            return false;
        }
        match queue.strategy {
            Strategy::RingAll => true,
            Strategy::RingProgressive => {
                let late = self.unsettled.as_ref().map_or(Duration::ZERO, |u| u.within);
                let steps =
                    (now.since(chosen.round_since) + late).as_nanos().checked_div(queue.routing.ring_step.as_nanos());
                chosen.round.len() as u128 <= steps.unwrap_or(0)
            }
            _ => false,
        }
    }
}
