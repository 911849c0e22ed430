//! What a match was decided by, written down when it is made: part of `Fact::Offered`, for `explain`.
//!
//! Nobody is walked over: the queue's counters and the lists the match itself went by say it all, and everything has its
//! room already.

use crate::ageing::Rate;
use crate::entry::Entry;
use crate::line::Line;
use crate::lines::Lines;
use crate::machine::Acd;
use base::{Key, Now};
use model::{AgentId, AgentState, ContactId, Decision, Excluded, Exclusion, HEADS_MAX, Heads, Next};

/// Whose coming led to the match: the other side was chosen from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Came {
    Contact,
    Agent,
}

impl Acd {
    /// The agent, claimed already and in no list, was chosen for this contact, which waits no more.
    pub(crate) fn decision(&self, now: Now, key: Key, agent: AgentId, came: Came) -> Option<Decision> {
        let entry = self.lines.entries.get(key)?;
        let line = self.lines.look(entry.stay.queue);
        Some(Decision {
            strategy: line.strategy,
            idle_clock: line.idle_clock,
            step: u8::try_from(entry.step).unwrap_or(u8::MAX),
            next: match came {
                Came::Contact => Next::Agents(self.lines.next_agents(now, entry, line)),
                Came::Agent => Next::Contacts(self.lines.next_contacts(now, agent)),
            },
            excluded: self.excluded(now, entry, line, agent),
        })
    }

    /// What agents of other shards are at is read from the board while they go on: then the counts are near the truth.
    fn excluded(&self, now: Now, entry: &Entry, line: &Line, winner: AgentId) -> Excluded {
        let queue = entry.stay.queue;
        if line.watch.is_some() {
            return self.excluded_of_all(now, entry, line, winner);
        }
        let signed_on = self.board.queue_signed_on(queue);
        let available = self.board.queue_available(queue);
        let ready = line.crew.ready();
        // The first class asks nothing, of anybody.
        let fit = if entry.class == 0 { ready } else { line.able(entry.class) };
        let refused = self.lines.refusing(now, entry, line);
        let left = fit.saturating_sub(refused);
        let kept = entry.kept.is_some();
        let mut excluded = Excluded::default();
        excluded.add(Exclusion::SignedOff, line.staffed_by().saturating_sub(signed_on));
        excluded.add(Exclusion::NotReady, signed_on.saturating_sub(available));
        // The winner is available too.
        excluded.add(Exclusion::Engaged, available.saturating_sub(ready + 1));
        excluded.add(Exclusion::LacksSkill, ready.saturating_sub(fit));
        excluded.add(Exclusion::Refused, refused);
        excluded.add(if kept { Exclusion::KeptForAnother } else { Exclusion::Behind }, left);
        excluded
    }
}

impl Acd {
    /// Where others may have joined the counters do not say it: everybody is looked at.
    fn excluded_of_all(&self, now: Now, entry: &Entry, line: &Line, winner: AgentId) -> Excluded {
        let mut excluded = Excluded::default();
        let serves = |agent: &AgentId| *agent != winner && line.rank(*agent).is_some();
        for agent in line.crew.staff().iter().copied().filter(serves) {
            let service = self.lines.service(agent, entry.stay.queue).filter(|_| self.lines.ready(agent).is_some());
            let why = match (self.board.agent_state(agent), service) {
                (AgentState::SignedOff, _) => Exclusion::SignedOff,
                (AgentState::NotReady { .. }, _) => Exclusion::NotReady,
                (_, None) => Exclusion::Engaged,
                (_, Some(service)) if !line.classes[entry.class].able.fits(service.at) => Exclusion::LacksSkill,
                _ if entry.refuses(now, agent) || self.lines.has_rung(entry, agent) => Exclusion::Refused,
                _ if entry.kept.is_some() => Exclusion::KeptForAnother,
                _ => Exclusion::Behind,
            };
            excluded.add(why, 1);
        }
        excluded
    }
}

impl Lines {
    /// Of those who are ready and fit, how many are not asked again for this contact yet.
    fn refusing(&self, now: Now, entry: &Entry, line: &Line) -> u32 {
        let is_ready = |agent: AgentId| {
            let service = self.ready(agent).and_then(|_| self.service(agent, entry.stay.queue));
            service.is_some_and(|service| line.classes[entry.class].able.fits(service.at))
        };
        let refused = entry.refusals(now).filter(|agent| is_ready(*agent)).count();
        let rung = self.rung(entry).iter().filter(|agent| !entry.refuses(now, **agent) && is_ready(**agent));
        (refused + rung.count()) as u32
    }

    fn next_agents(&self, now: Now, entry: &Entry, line: &Line) -> Heads<AgentId> {
        let mut first = First::default();
        if entry.kept.is_none() {
            let free = |agent| !entry.refuses(now, agent) && !self.has_rung(entry, agent);
            line.each_ready_before(entry.class, |key| first.insert(key, || free(key.agent)));
        }
        first.iter().map(|key| key.agent).collect()
    }

    /// The first of each of his queues, whether he could be given it or not: their fronts alone are looked at.
    fn next_contacts(&self, now: Now, agent: AgentId) -> Heads<ContactId> {
        let fronts = self.services_now(agent).map(|service| (service.queue, self.front(service.queue)));
        if fronts.clone().all(|(_, front)| !front.may_mislead) {
            // Of plain queues the contacts of all are in one order.
            let mut first = First::default();
            for head in fronts.filter_map(|(_, front)| front.first()) {
                first.insert(head, || true);
            }
            return first.iter().map(|head| head.contact).collect();
        }
        let mut first = First::default();
        for (queue, front) in fronts {
            // Plain queues are all alike, and the line need not be asked.
            let rate = if front.may_mislead { self.look(queue).rate } else { Rate::default() };
            if let Some(head) = front.first() {
                first.insert(head.pressing(rate, now.mono), || true);
            }
        }
        first.iter().map(|(.., contact)| *contact).collect()
    }
}

/// The first ones of all that come, in order.
#[derive(Debug)]
struct First<K> {
    /// Empty behind `len`.
    sorted: [Option<K>; HEADS_MAX],
    len: usize,
}

impl<K: Copy> Default for First<K> {
    fn default() -> Self {
        First { sorted: [None; HEADS_MAX], len: 0 }
    }
}

impl<K: Ord + Copy> First<K> {
    /// Tells behind whom nobody counts any more. `may` is asked only of one who would be kept.
    fn insert(&mut self, new: K, may: impl FnOnce() -> bool) -> Option<K> {
        let last = self.sorted[HEADS_MAX - 1];
        if last.is_some_and(|last| last < new) || !may() {
            return last;
        }
        let mut at = self.len.min(HEADS_MAX - 1);
        self.len = at + 1;
        while at > 0 && self.sorted[at - 1].is_some_and(|before| new < before) {
            self.sorted[at] = self.sorted[at - 1];
            at -= 1;
        }
        self.sorted[at] = Some(new);
        self.sorted[HEADS_MAX - 1]
    }

    fn iter(&self) -> impl Iterator<Item = &K> {
        self.sorted.iter().flatten()
    }
}
