//! The log of several shards: what each of them wrote is in order, and between them it is not.
//!
//! A queue's home claims an agent and tells his home and the contact's at the same time; each writes what it does. So
//! "is reserved" may follow "is offered", and what an agent did before may follow both. Here facts wait until whatever
//! belongs before them has come, and it is said what else may have been so or not yet when a decision was made.

use base::Instant;
use core::time::Duration;
use model::{AgentId, AgentState, Fact, QueueId, ReserveChange};
use std::collections::{HashSet, VecDeque};

use crate::limits::RESERVATION_LEASE;
use crate::reference::Unsettled;

/// A message between shards takes no longer: a reservation that is not confirmed by then is freed.
pub(super) const APART: Duration = RESERVATION_LEASE;

/// Facts that wait, in the order of the log.
#[derive(Debug, Default)]
pub(super) struct Log {
    facts: VecDeque<(Instant, Fact)>,
}

impl Log {
    pub(super) fn push(&mut self, at: Instant, fact: Fact) {
        self.facts.push_back((at, fact));
    }

    /// The next whose time has come; `now`: how far the log is read, `None` when it is not read further.
    pub(super) fn next(&mut self, now: Option<Instant>) -> Option<(Instant, Fact)> {
        let (at, _) = self.facts.front()?;
        // Either way: somebody may have set the clock back.
        let due = now.is_none_or(|now| now.since(*at).max(at.since(now)) > APART);
        if due { self.facts.pop_front() } else { None }
    }

    /// What the agent's home wrote until it had him reserved, all of it before the offer of `at`. Nothing when it never
    /// did.
    pub(super) fn until_reserved(&mut self, at: Instant, agent: AgentId, reserved: AgentState) -> Vec<(Instant, Fact)> {
        let is_his = |fact: &Fact| matches!(fact, Fact::AgentChanged { agent: his, .. } if *his == agent);
        let is_it = |fact: &Fact| matches!(fact, Fact::AgentChanged { agent: his, state, .. } if (*his, *state) == (agent, reserved));
        let Some(last) = self.near(at).position(is_it) else { return Vec::new() };
        self.take(at, last, is_his)
    }

    /// That his reserve joined the queue.
    pub(super) fn joined(&mut self, at: Instant, queue: QueueId, place: u8) -> Vec<(Instant, Fact)> {
        let is_it = |fact: &Fact| match fact {
            Fact::Reserve { queue: joined, place: nth, change, .. } => {
                let joins = matches!(change, ReserveChange::Joined(_) | ReserveChange::CalledIn);
                joins && (*joined, *nth) == (queue, place)
            }
            _ => false,
        };
        let Some(last) = self.near(at).position(is_it) else { return Vec::new() };
        self.take(at, last, is_it)
    }

    /// What follows within the time a message may take.
    fn near(&self, at: Instant) -> impl Iterator<Item = &Fact> {
        self.facts.iter().take_while(move |(told, _)| told.since(at) <= APART).map(|(_, fact)| fact)
    }

    fn take(&mut self, at: Instant, last: usize, which: impl Fn(&Fact) -> bool) -> Vec<(Instant, Fact)> {
        let mut nth = 0;
        let mut taken = Vec::new();
        self.facts.retain(|(told, fact)| {
            let take = nth <= last && which(fact);
            nth += 1;
            if take {
                taken.push(((*told).min(at), fact.clone()));
            }
            !take
        });
        taken
    }

    /// What is told so soon after this fact that it may have been so before; `complete`: the log goes on beyond that.
    pub(super) fn unsettled(&self, at: Instant, fact: &Fact, complete: bool) -> Unsettled {
        let mut unsettled = Unsettled {
            within: APART,
            complete,
            overtaken: !complete || self.ends(at, fact),
            agents: HashSet::new(),
            contacts: HashSet::new(),
            queues: HashSet::new(),
        };
        for fact in self.near(at) {
            match fact {
                Fact::AgentChanged { agent, .. } => _ = unsettled.agents.insert(*agent),
                Fact::Reserve { queue, .. } => _ = unsettled.queues.insert(*queue),
                Fact::Queued { contact, queue, .. }
                | Fact::Offered { contact, queue, .. }
                | Fact::OfferEnded { contact, queue, .. }
                | Fact::Connected { contact, queue, .. }
                | Fact::Abandoned { contact, queue, .. }
                | Fact::FlowedOut { contact, queue, .. }
                | Fact::Aside { contact, queue, .. } => {
                    unsettled.contacts.insert(*contact);
                    unsettled.queues.insert(*queue);
                }
                _ => {}
            }
        }
        unsettled
    }

    /// The offer was over before the agent's home heard of it: then it never shows him reserved.
    fn ends(&self, at: Instant, offered: &Fact) -> bool {
        let Fact::Offered { contact, agent, .. } = offered else { return false };
        let ends = |fact: &Fact| matches!(fact, Fact::OfferEnded { contact: of, agent: his, .. } if (of, his) == (contact, agent));
        self.near(at).any(ends)
    }
}
