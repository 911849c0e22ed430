//! Laws that hold when nothing goes on, and one that holds at every instant.

use crate::limits::REST;
use crate::world::World;
use core::fmt::Write;
use core::time::Duration;
use model::{AgentId, Fact};
use std::collections::BTreeMap;

impl World {
    /// Everybody has hung up and time has passed: nothing may be left over and every book must add up.
    pub fn check(&mut self) {
        let wrong = self.laws();
        self.report(&wrong);
    }

    /// The same as [`World::check`], in words: empty when every law holds.
    pub(crate) fn laws(&mut self) -> Vec<String> {
        self.run(REST);
        let mut wrong: Vec<String> = self.books.broken().to_vec();
        self.check_shards(&mut wrong);
        self.check_media(&mut wrong);
        self.check_phones(&mut wrong);
        self.check_books(&mut wrong);
        self.check_spans(&mut wrong);
        self.check_timers(&mut wrong);
        wrong
    }

    /// Only the laws that hold at every instant: for a world in which calls are still up.
    pub fn check_so_far(&self) {
        self.report(self.books.broken());
    }

    pub fn everybody_hangs_up(&mut self) {
        for phone in &mut self.phones {
            phone.now = self.now.mono;
            phone.hangs_up_all();
        }
        self.settle();
    }

    fn report(&self, wrong: &[String]) {
        if wrong.is_empty() {
            return;
        }
        let mut text = format!("seed {}: {} law(s) broken\n", self.seed, wrong.len());
        for line in wrong.iter().take(20) {
            writeln!(text, "- {line}").expect("writing to a String cannot fail");
        }
        let ladder = self.transcript.ladder();
        let tail: Vec<&str> = ladder.lines().rev().take(60).collect();
        for line in tail.into_iter().rev() {
            writeln!(text, "{line}").expect("writing to a String cannot fail");
        }
        panic!("{text}");
    }

    /// At every instant: nobody is ready while somebody waits whom he could serve.
    pub(crate) fn check_idle(&mut self) {
        let awake = self.stalled.iter().all(|until| *until <= self.now.mono);
        if !awake || self.mail.values().any(|letters| !letters.is_empty()) {
            return;
        }
        let idle = self.shards.iter().find_map(|shard| shard.distributor().idle(self.now));
        if let Some((agent, contact)) = idle {
            let what = format!("agent {} is ready while {contact} waits for him", self.directory.agent(agent).id);
            if !self.books.broken().contains(&what) {
                self.books.breaks(what);
            }
        }
    }

    /// What the reference distributor thinks of it.
    pub(crate) fn ask_the_referee(&mut self) {
        let Some(referee) = &mut self.referee else { return };
        if self.mail.values().any(|letters| !letters.is_empty())
            || self.stalled.iter().any(|until| *until >= self.now.mono)
        {
            referee.is_late();
        }
        if self.stalled.iter().all(|until| *until <= self.now.mono) {
            referee.at_rest(self.now.mono, &self.board);
        }
        for doubt in referee.take_doubts() {
            self.books.breaks(format!("{:?}: {doubt}", self.now.mono));
        }
    }

    /// Whoever waited since before this instant, and could have been given to him, comes after the one he got. While
    /// letters are on their way shards know of each other what was; and a loop that wakes at this very instant tells what
    /// was decided while it stood still.
    pub(crate) fn check_offer(&mut self, fact: &Fact) {
        let Fact::Offered { contact, queue, agent, .. } = *fact else { return };
        let awake = self.stalled.iter().all(|until| *until < self.now.mono);
        if !awake || self.mail.values().any(|letters| !letters.is_empty()) {
            return;
        }
        let home = queue.index() % self.shards.len();
        let Some(passed) = self.shards[home].distributor().overtaken(self.now, agent, contact) else { return };
        if self.books.free_since(passed).is_some_and(|since| since < self.now.mono) {
            self.books.breaks(format!("{contact} overtakes {passed} in queue {}", queue.0));
        }
    }

    fn check_shards(&self, wrong: &mut Vec<String>) {
        for (n, shard) in self.shards.iter().enumerate() {
            let status = shard.status();
            let sip = status.sip;
            let left = [
                ("contacts", status.contacts),
                ("legs", status.legs),
                ("sessions", sip.sessions),
                ("client transactions", sip.client_transactions),
                ("server transactions", sip.server_transactions),
                ("connections", sip.connections),
            ];
            wrong.extend(
                left.iter().filter(|(_, n)| *n > 0).map(|(what, count)| format!("shard {n}: {count} {what} left")),
            );
        }
    }

    fn check_media(&self, wrong: &mut Vec<String>) {
        for (n, stats) in self.floor.stats().iter().enumerate() {
            if stats.legs + stats.groups > 0 {
                wrong.push(format!("worker {n}: {} legs and {} groups left", stats.legs, stats.groups));
            }
        }
        let in_hand: usize = self.shards.iter().map(|shard| shard.status().ports).sum();
        if self.floor.stock() != in_hand {
            wrong.push(format!("{} ports are out, the shards know of {in_hand}", self.floor.stock()));
        }
        if self.floor.recordings_open() > 0 {
            wrong.push(format!("{} recordings go on", self.floor.recordings_open()));
        }
    }

    fn check_phones(&self, wrong: &mut Vec<String>) {
        for phone in self.phones.iter().filter(|p| p.is_busy()) {
            wrong.push(format!("{} believes it is in a call", phone.name));
        }
    }

    fn check_books(&self, wrong: &mut Vec<String>) {
        wrong.extend(self.books.unended().map(|id| format!("{id} never ended")));
        if self.books.open_contacts() > 0 {
            wrong.push(format!("{} records are still open", self.books.open_contacts()));
        }
        if self.books.records.len() != self.books.arrivals() {
            wrong.push(format!("{} contacts, {} records", self.books.arrivals(), self.books.records.len()));
        }
        for record in &self.books.records {
            if let Some(leg) = record.legs.iter().find(|l| l.ended.is_none()) {
                wrong.push(format!("{}: leg of {:?} has no end in the record", record.arrival.contact, leg.party));
            }
        }
    }

    /// An agent's spans meet without gap or overlap, and end where he is now.
    fn check_spans(&mut self, wrong: &mut Vec<String>) {
        let now = self.now;
        let mut spans = self.books.spans.clone();
        let before = self.books.spans.len();
        self.books.cut_spans(now);
        spans.extend(self.books.spans.drain(before..));
        let mut by_agent: BTreeMap<AgentId, Vec<_>> = BTreeMap::new();
        for span in spans {
            by_agent.entry(span.agent).or_default().push(span);
        }
        for (agent, spans) in by_agent {
            for pair in spans.windows(2) {
                if pair[0].from + pair[0].lasted > pair[1].from {
                    wrong.push(format!("agent {}: spans overlap: {pair:?}", agent.0));
                }
            }
        }
    }

    /// With nothing to do no timer runs.
    fn check_timers(&mut self, wrong: &mut Vec<String>) {
        let registered: usize = self.shards.iter().map(|s| s.status().sip.registrations).sum();
        let probing = self.directory.trunks.iter().any(|t| !t.removed && (!t.options_interval.is_zero() || t.register));
        if registered > 0 || probing {
            return;
        }
        // Pauses after missed calls and calendars may run for an hour.
        self.run(Duration::from_secs(3600));
        for (n, shard) in self.shards.iter().enumerate() {
            if let Some(due) = shard.poll_timeout() {
                wrong.push(format!("shard {n} still wants to be woken at {due:?}, now is {:?}", self.now.mono));
            }
        }
        if let Some(due) = self.floor.poll_timeout() {
            wrong.push(format!("a media worker still wants to be woken at {due:?}, now is {:?}", self.now.mono));
        }
    }
}
