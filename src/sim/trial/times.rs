//! The laws of time, from the bare facts: what is configured to last so long has lasted so long.
//!
//! Where no loop stood still everything happens at its millisecond. Where one did, what was due meanwhile came when it
//! woke, and what began meanwhile was told late: there the law holds within the time it stood.

mod agents;
mod contacts;
#[cfg(test)]
mod spoilt_tests;

use base::Instant;
use core::time::Duration;
use model::{AgentId, Directory, Stamped};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What the world knows of a trial besides its facts.
#[derive(Clone, Debug, Default)]
pub(super) struct Course {
    /// By which configuration the house went from when on.
    rules: Vec<(Instant, Arc<Directory>)>,
    /// From when till when a loop stood still.
    stood: Vec<(Instant, Instant)>,
    /// When somebody said something for an agent, or his phone was lost or found.
    words: BTreeSet<(AgentId, Instant)>,
    /// When somebody asked for how much more wrap-up.
    more: Vec<(AgentId, Instant, Duration)>,
}

impl Course {
    pub(super) fn new(from: Instant, directory: &Arc<Directory>) -> Self {
        Course { rules: vec![(from, Arc::clone(directory))], ..Course::default() }
    }

    pub(super) fn reloaded(&mut self, at: Instant, directory: &Arc<Directory>) {
        self.rules.push((at, Arc::clone(directory)));
    }

    pub(super) fn stands(&mut self, from: Instant, until: Instant) {
        self.stood.push((from, until));
    }

    pub(super) fn spoken(&mut self, at: Instant, agent: AgentId) {
        self.words.insert((agent, at));
    }

    pub(super) fn asks_for_more(&mut self, at: Instant, agent: AgentId, by: Duration) {
        self.more.push((agent, at, by));
    }

    /// Every law of time that does not hold, in words.
    pub(super) fn broken(&self, facts: &[Stamped]) -> Vec<String> {
        let mut wrong = agents::wrap_ups(self, facts);
        wrong.extend(agents::pauses(self, facts));
        wrong.extend(contacts::offers(self, facts));
        wrong.extend(contacts::stays(self, facts));
        wrong.extend(contacts::talks(self, facts));
        wrong.extend(contacts::callbacks(self, facts));
        wrong.extend(contacts::reserves(self, facts));
        wrong
    }

    /// For how long loops stood still between these two, and just before: what began then was told later.
    fn late(&self, from: Instant, to: Instant) -> Duration {
        self.stood.iter().filter(|(begins, ends)| *begins <= to && *ends >= from).map(|(b, e)| e.since(*b)).sum()
    }

    /// Those in force then: two where they changed at that very instant, or while a loop stood still.
    fn rules(&self, at: Instant, late: Duration) -> impl Iterator<Item = &Directory> {
        let until = self.rules.iter().skip(1).map(|(from, _)| *from).chain([Instant::FAR_FUTURE]);
        let held = self.rules.iter().zip(until).filter(move |((from, _), until)| *from <= at && *until >= at - late);
        held.map(|((_, rules), _)| &**rules)
    }

    /// Somebody spoke for him then; where loops stood still, lately.
    fn spoke(&self, agent: AgentId, from: Instant, to: Instant, late: Duration) -> bool {
        self.words.range((agent, from - late)..=(agent, to)).next().is_some()
    }

    /// More wrap-up he has asked for between these.
    fn more(&self, agent: AgentId, from: Instant, to: Instant) -> Duration {
        self.more.iter().filter(|(who, at, _)| *who == agent && (from..=to).contains(at)).map(|(.., by)| *by).sum()
    }
}
