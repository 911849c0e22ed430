//! What a match was decided by, written down when it is made: part of `Fact::Offered`, for `explain`.
//!
//! Nobody is walked over: the queue's counters and the lists the match itself went by say it all, and everything has its
//! room already.

use crate::ageing::ContactKey;
use crate::entry::Entry;
use crate::line::Line;
use crate::lines::{Lines, Service};
use crate::machine::Acd;
use base::{Key, Now};
use model::{AgentId, ContactId, Decision, Excluded, Exclusion, HEADS_MAX, Heads, Next};

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
        let queue = self.directory.queue(entry.stay.queue);
        Some(Decision {
            strategy: queue.strategy,
            idle_clock: queue.idle_clock,
            step: u8::try_from(entry.step).unwrap_or(u8::MAX),
            next: match came {
                Came::Contact => Next::Agents(self.lines.next_agents(now, entry, line)),
                Came::Agent => Next::Contacts(self.lines.next_contacts(now, agent)),
            },
            excluded: self.excluded(now, entry, line),
        })
    }

    /// What agents of other shards are at is read from the board while they go on: then the counts are near the truth.
    fn excluded(&self, now: Now, entry: &Entry, line: &Line) -> Excluded {
        let queue = entry.stay.queue;
        let signed_on = self.board.queue_signed_on(queue);
        let available = self.board.queue_available(queue);
        let fit = line.able(entry.class);
        let ready = line.crew.ready();
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

    /// The first of each of his queues, whether he refused it a moment ago or not.
    fn next_contacts(&self, now: Now, agent: AgentId) -> Heads<ContactId> {
        let mut first = First::default();
        for service in self.services(agent) {
            let line = self.look(service.queue);
            let kept = if line.kept.len() == 0 { None } else { self.first_kept_for(agent, service) };
            let head = [self.head_of(service), kept].into_iter().flatten().min();
            if let Some(head) = head {
                first.insert(head.pressing(line.rate, now.mono), || true);
            }
        }
        first.iter().map(|(.., contact)| *contact).collect()
    }
}

impl Lines {
    fn first_kept_for(&self, agent: AgentId, service: &Service) -> Option<ContactKey> {
        let line = self.look(service.queue);
        let fits = |key: &ContactKey| {
            self.entry_at(key.slot).is_some_and(|entry| line.classes[entry.class].able.fits(service.at))
                && !line.is_full()
        };
        line.kept.iter().filter(|(keeper, _)| *keeper == agent).map(|(_, key)| key).find(fits)
    }
}

/// The first ones of all that come, in order.
#[derive(Debug)]
struct First<K> {
    sorted: [Option<K>; HEADS_MAX],
    len: usize,
}

impl<K> Default for First<K> {
    fn default() -> Self {
        First { sorted: [const { None }; HEADS_MAX], len: 0 }
    }
}

impl<K: Ord + Copy> First<K> {
    /// Tells behind whom nobody counts any more. `may` is asked only of one who would be kept.
    fn insert(&mut self, new: K, may: impl FnOnce() -> bool) -> Option<K> {
        let at = self.sorted[..self.len].partition_point(|known| known.as_ref() < Some(&new));
        if at < HEADS_MAX && may() {
            self.len = (self.len + 1).min(HEADS_MAX);
            self.sorted[at..self.len].rotate_right(1);
            self.sorted[at] = Some(new);
        }
        self.sorted[HEADS_MAX - 1]
    }

    fn iter(&self) -> impl Iterator<Item = &K> {
        self.sorted.iter().flatten()
    }
}
