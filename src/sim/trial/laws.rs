//! The laws of a trial: some hold at every instant, some when everything is over.

use super::draw::FIRST_AGENT;
use super::{Trial, figures};
use model::{AgentId, AgentState, Fact, QueueId};

impl Trial {
    /// Nobody is ready while somebody waits for him, and whoever is reserved is reserved for somebody. A loop that stands
    /// still knows nothing of it yet.
    pub(super) fn look_at_the_instant(&mut self) {
        self.ask_the_referee();
        if !self.house.is_settled(self.now.mono) {
            return;
        }
        let idle = self.house.shards().iter().find_map(|shard| shard.distributor().idle(self.now));
        if let Some((agent, contact)) = idle {
            let agent = FIRST_AGENT + agent.0;
            self.books.breaks(format!("{:?}: {agent} is ready while {contact} waits for him", self.now.mono));
        }
        let board = self.house.board();
        for n in 0..self.directory.agents.len() {
            if let AgentState::Reserved { contact } = board.agent_state(AgentId(n as u32))
                && !self.callers.contains_key(&contact)
            {
                let agent = FIRST_AGENT + n as u32;
                self.books.breaks(format!("{:?}: {agent} is reserved for {contact}, who is gone", self.now.mono));
            }
        }
    }

    /// What the reference distributor thinks of it.
    pub(super) fn ask_the_referee(&mut self) {
        if !self.house.is_up_to_date(self.now.mono) {
            self.referee.is_late();
        }
        if self.house.is_settled(self.now.mono) {
            self.referee.at_rest(self.now.mono, self.house.board());
        }
        for doubt in self.referee.take_doubts() {
            self.books.breaks(format!("{:?}: {doubt}", self.now.mono));
        }
    }

    /// Whoever waited since before this instant, and could have been given to him, comes after the one he got. What is
    /// said between shards that stand still is late, and so is what they know; and what is told late was not decided now.
    pub(super) fn look_at_the_offer(&mut self, fact: &Fact) {
        let Fact::Offered { contact, queue, agent, .. } = *fact else { return };
        if !self.house.is_up_to_date(self.now.mono) {
            return;
        }
        let home = queue.index() % self.house.shards().len();
        let Some(passed) = self.house.shards()[home].distributor().overtaken(self.now, agent, contact) else { return };
        if self.books.free_since(passed).is_some_and(|since| since < self.now.mono) {
            self.books.breaks(format!("{:?}: {contact} overtakes {passed} in q{}", self.now.mono, queue.0));
        }
    }

    /// Nothing may be left over and every book must add up.
    pub(super) fn look_at_the_end(&mut self) {
        let mut wrong = Vec::new();
        for (n, shard) in self.house.shards().iter().enumerate() {
            let status = shard.status();
            if status.contacts + status.legs > 0 {
                wrong.push(format!("shard {n}: {} contacts and {} legs left", status.contacts, status.legs));
            }
        }
        if self.house.legs() > 0 {
            wrong.push(format!("{} legs are still held", self.house.legs()));
        }
        let board = self.house.board();
        for n in 0..self.directory.agents.len() {
            let state = board.agent_state(AgentId(n as u32));
            if state != AgentState::SignedOff {
                wrong.push(format!("{} is {} in the end", FIRST_AGENT + n as u32, state.word()));
            }
        }
        for queue in (0..self.drawn.queues).map(QueueId) {
            let tally = self.books.tally(queue);
            let ended = tally.answered + tally.abandoned + tally.flowed_out;
            if tally.offered != ended {
                wrong.push(format!("q{}: {} were offered, {ended} ended", queue.0, tally.offered));
            }
            wrong.extend(figures::differ(&self.books, queue, &self.directory.queue(queue).service_level));
        }
        let agents = (0..self.directory.agents.len() as u32).map(AgentId);
        wrong.extend(agents.flat_map(|agent| figures::times_differ(&self.books, agent)));
        wrong.extend(self.books.unended().map(|id| format!("{id} never ended")));
        if self.books.records.len() != self.books.arrivals() {
            wrong.push(format!("{} contacts, {} records", self.books.arrivals(), self.books.records.len()));
        }
        wrong.extend(self.course.broken(&self.books.facts));
        wrong.into_iter().for_each(|what| self.books.breaks(what));
    }
}
