//! Contact surplus: which of those who waited came first for an agent, and where each of the others stood.

use super::moment::{PartWaited, Verdict};
use crate::reference::{Edge, Reference, Waiting};
use base::Instant;
use core::time::Duration;
use model::{AgentId, ContactId, Decision, Next, OBJECTIVE_DEFAULT, QueueId};

/// A contact that waited for an agent when he was given one.
#[derive(Clone, PartialEq, Debug)]
pub struct Rival {
    pub contact: ContactId,
    pub queue: QueueId,
    pub priority: i32,
    /// Waiting included, up to the cap of ageing: by these the first of several queues are compared.
    pub points: f64,
    /// By these it stands in its queue, where the cap does not count.
    pub uncapped: f64,
    /// Since it first came into a queue.
    pub waited: Duration,
    pub standing: Standing,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Standing {
    Chosen,
    /// This agent could not be given it, for all of this.
    Hindered(Vec<Verdict>),
    /// So many points less than the chosen; in one queue without the cap.
    FewerPoints(f64),
    /// In its queue this one stands before it, and of a queue only the first is compared.
    NotFirst {
        first: ContactId,
    },
    /// As many, and it has waited a smaller part of its queue's objective.
    SmallerPart {
        own: PartWaited,
        chosen: PartWaited,
    },
    /// As many, and it came so much later.
    Later(Duration),
    /// Something happened to it at about that moment, which another shard knew a little later.
    Crossed,
    /// It came before the chosen, and was not given.
    Before,
}

/// What was counted in sixty-thousandths.
pub(crate) fn points(counted: i64) -> f64 {
    counted as f64 / 60_000.0
}

impl Reference {
    /// The chosen, and the first of each queue of the agent, as they were written down where they were.
    pub(super) fn rivals(
        &self,
        now: Instant,
        chosen: ContactId,
        agent: AgentId,
        written: Option<&Decision>,
    ) -> Vec<Rival> {
        let Some(own) = self.find(chosen) else { return Vec::new() };
        let heads = match written.map(|decision| decision.next) {
            Some(Next::Contacts(heads)) => heads,
            Some(Next::Agents(_)) | None => self.next_contacts(now, own, agent),
        };
        let others = heads.as_slice().iter().filter_map(|contact| self.find(*contact));
        let first = self.rival(now, own, Standing::Chosen);
        let rest = others.map(|other| self.rival(now, other, self.standing(now, own, other, agent)));
        core::iter::once(first).chain(rest).collect()
    }

    /// These two alone: ours was passed over for the other.
    pub(super) fn pair(&self, now: Instant, chosen: ContactId, ours: ContactId, agent: AgentId) -> Vec<Rival> {
        let (Some(own), Some(first)) = (self.find(ours), self.find(chosen)) else { return Vec::new() };
        let standing = self.standing(now, first, own, agent);
        vec![self.rival(now, first, Standing::Chosen), self.rival(now, own, standing)]
    }

    fn rival(&self, now: Instant, waiting: &Waiting, standing: Standing) -> Rival {
        Rival {
            contact: waiting.contact,
            queue: waiting.queue,
            priority: waiting.priority,
            points: points(self.effective(now, waiting)),
            uncapped: points(self.uncapped(now, waiting)),
            waited: now.since(waiting.entered),
            standing,
        }
    }

    /// Why the chosen came before the other one.
    pub(crate) fn standing(&self, now: Instant, chosen: &Waiting, other: &Waiting, agent: AgentId) -> Standing {
        let reserve = self.in_reserve(other.queue, agent).into_iter();
        let hindrances: Vec<_> = reserve.chain(self.hindrances(now, other, agent)).collect();
        if !hindrances.is_empty() {
            return Standing::Hindered(hindrances);
        }
        // A queue has one order, whatever the cap makes of its points.
        if chosen.queue == other.queue {
            let fewer = self.uncapped(now, chosen) - self.uncapped(now, other);
            return if self.place(other) < self.place(chosen) {
                self.came_first(now, chosen, other)
            } else if fewer > 0 {
                Standing::FewerPoints(points(fewer))
            } else {
                Standing::Later(other.entered - chosen.entered)
            };
        }
        let (own, best) = (self.pressing(now, other), self.pressing(now, chosen));
        if own < best {
            let first = self.stands_before(now, other, agent).filter(|first| self.pressing(now, first) > best);
            first.map_or_else(
                || self.came_first(now, chosen, other),
                |first| Standing::NotFirst { first: first.contact },
            )
        } else if own.0 > best.0 {
            // The larger comes first, so they are kept negated.
            Standing::FewerPoints(points(own.0 - best.0))
        } else if own.1 > best.1 && self.objectives_tell(other, chosen) {
            Standing::SmallerPart { own: self.part_waited(now, other), chosen: self.part_waited(now, chosen) }
        } else {
            Standing::Later(other.entered - chosen.entered)
        }
    }

    fn came_first(&self, now: Instant, chosen: &Waiting, other: &Waiting) -> Standing {
        if self.moves(now, other) || self.moves(now, chosen) { Standing::Crossed } else { Standing::Before }
    }

    /// Of its queue the first this agent could have been given, when that is another one before it.
    fn stands_before(&self, now: Instant, own: &Waiting, agent: AgentId) -> Option<&Waiting> {
        let his =
            |w: &&Waiting| w.queue == own.queue && w.ringing.is_empty() && self.may_get(now, w, agent, Edge::Either);
        let first = self.waiting.iter().filter(his).min_by_key(|w| self.place(w))?;
        (self.place(first) < self.place(own)).then_some(first)
    }

    /// Between queues with one objective the longer wait is the larger part of it.
    pub(crate) fn objectives_tell(&self, own: &Waiting, other: &Waiting) -> bool {
        let objective = |w: &Waiting| self.directory.queue(w.queue).routing.objective;
        objective(own) != objective(other)
    }

    pub(crate) fn part_waited(&self, now: Instant, waiting: &Waiting) -> PartWaited {
        let objective = self.directory.queue(waiting.queue).routing.objective.unwrap_or(OBJECTIVE_DEFAULT);
        PartWaited { queue: waiting.queue, waited: now.since(waiting.entered), objective }
    }
}
