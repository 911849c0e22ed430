//! A decision counted again from the facts, to be compared with the one that was written down.

use crate::reference::{Edge, Reference, Waiting};
use base::Instant;
use model::{AgentId, AgentState, ContactId, Decision, Excluded, Exclusion, Heads, Next, QueueId, Strategy};

impl Reference {
    /// Where what was written down is not what the facts show. `chosen` is ringing at `winner`.
    ///
    /// Facts do not tell the instant between what one input changed: where that would matter nothing is compared.
    pub(crate) fn recount(&self, now: Instant, chosen: &Waiting, winner: AgentId, written: &Decision) -> Vec<Box<str>> {
        let mut doubts = Vec::new();
        let mut doubt = |what: &str, written: String, counted: String| {
            doubts.push(
                format!("{what} for {} are written down as {written}; the facts show {counted}", chosen.contact).into(),
            );
        };
        let queue = self.directory.queue(chosen.queue);
        if (written.strategy, written.idle_clock) != (queue.strategy, queue.idle_clock) {
            // Another configuration; the explanation says so, and what follows from it is no doubt.
            return doubts;
        }
        // With several shards facts of one instant stand either way round in the log, and counts were near the truth.
        if self.directory.limits.shards > 1 {
            return doubts;
        }
        if self.turns(now, chosen) || self.stirred(chosen.queue, winner) {
            return doubts;
        }
        let excluded = self.excluded(now, chosen, winner);
        if written.excluded != excluded {
            let told = |excluded: &Excluded| {
                let words: Vec<_> = excluded.iter().map(|(why, agents)| format!("{agents} {}", why.word())).collect();
                listed(words.iter())
            };
            doubt("the agents not chosen", told(&written.excluded), told(&excluded));
        }
        match written.next {
            Next::Agents(next) => {
                let seen = self.next_agents(now, chosen, winner);
                let drawn = matches!(queue.strategy, Strategy::Random | Strategy::Weighted);
                if !drawn && next != seen {
                    let names = |heads: &Heads<AgentId>| listed(heads.as_slice().iter().map(|id| self.name(*id)));
                    doubt("the next agents", names(&next), names(&seen));
                }
            }
            Next::Contacts(_) if self.wavers(now, chosen) => {}
            Next::Contacts(next) => {
                let seen = self.next_contacts(now, chosen, winner);
                if next != seen {
                    doubt("the next contacts", listed(next.as_slice().iter()), listed(seen.as_slice().iter()));
                }
            }
        }
        doubts
    }

    /// Which of the others could be claimed depends on what came first in this instant.
    fn wavers(&self, now: Instant, chosen: &Waiting) -> bool {
        self.moved_others(chosen.contact)
            || self.waiting.iter().any(|w| (w.held && !w.is_aside()) || self.turns(now, w))
    }

    /// A rule for it ends at this very instant, or facts do not tell on which step it stands.
    fn turns(&self, now: Instant, waiting: &Waiting) -> bool {
        waiting.steps.len() > 1 || waiting.kept.is_some_and(|(_, until)| until == now)
    }

    fn excluded(&self, now: Instant, chosen: &Waiting, winner: AgentId) -> Excluded {
        let mut excluded = Excluded::default();
        for agent in self.staff(chosen.queue).filter(|agent| *agent != winner) {
            excluded.add(self.exclusion(now, chosen, agent), 1);
        }
        excluded
    }

    fn exclusion(&self, now: Instant, chosen: &Waiting, agent: AgentId) -> Exclusion {
        match self.agents[agent.index()].state {
            AgentState::SignedOff => Exclusion::SignedOff,
            AgentState::NotReady { .. } => Exclusion::NotReady,
            AgentState::Reserved { .. } | AgentState::Busy { .. } | AgentState::WrapUp { .. } => Exclusion::Engaged,
            AgentState::Ready if !self.fits(chosen, agent, Edge::Both) => Exclusion::LacksSkill,
            AgentState::Ready if self.had_it(now, chosen, agent) => Exclusion::Refused,
            AgentState::Ready if chosen.kept.is_some_and(|(_, until)| until > now) => Exclusion::KeptForAnother,
            AgentState::Ready => Exclusion::Behind,
        }
    }

    fn had_it(&self, now: Instant, chosen: &Waiting, agent: AgentId) -> bool {
        let refused = chosen.refused.iter().any(|(a, until)| *a == agent && *until > now);
        refused || chosen.round.contains(&agent)
    }

    fn next_agents(&self, now: Instant, chosen: &Waiting, winner: AgentId) -> Heads<AgentId> {
        let could = |a: &AgentId| *a != winner && self.exclusion(now, chosen, *a) == Exclusion::Behind;
        let mut all: Vec<_> = self.staff(chosen.queue).filter(could).collect();
        all.sort_by_key(|a| self.order(now, chosen, *a));
        all.into_iter().collect()
    }

    pub(crate) fn next_contacts(&self, now: Instant, chosen: &Waiting, winner: AgentId) -> Heads<ContactId> {
        let claimable = |w: &&Waiting| w.ringing.is_empty() && !w.held && w.contact != chosen.contact;
        let his = |w: &&Waiting| w.kept.is_none_or(|(_, until)| until <= now) && self.serves(winner, w.queue);
        let mut all: Vec<_> = self.waiting.iter().filter(claimable).filter(his).collect();
        all.sort_by_key(|w| self.place(w));
        let mut heads: Vec<&Waiting> = Vec::new();
        for waiting in all {
            if heads.iter().all(|head| head.queue != waiting.queue) {
                heads.push(waiting);
            }
        }
        heads.sort_by_key(|w| self.pressing(now, w));
        heads.into_iter().map(|w| w.contact).collect()
    }

    pub(crate) fn staff(&self, queue: QueueId) -> impl Iterator<Item = AgentId> {
        let everybody = (0..self.agents.len() as u32).map(AgentId);
        everybody.filter(move |agent| self.serves(*agent, queue))
    }
}

fn listed(items: impl Iterator<Item = impl ToString>) -> String {
    let items: Vec<_> = items.map(|item| item.to_string()).collect();
    if items.is_empty() { "nobody".into() } else { items.join(", ") }
}
