use crate::called_back::CalledBack;
use crate::figures::QueueFigures;
use crate::record::Waiting;
use crate::visit::{QueueVisit, Stay, VisitEnd};
use base::{Instant, Utc};
use core::time::Duration;
use model::{AgentId, AgentState, ContactId, Directory, Fact, OfferOutcome, QueueId, ServiceLevel, Stamped};
use std::collections::HashMap;

/// The floor as it is now, kept from facts; what a supervisor looks at.
#[derive(Debug, Default)]
pub struct Wallboard {
    waiting: HashMap<ContactId, Waiting>,
    called_back: CalledBack,
    today: HashMap<QueueId, QueueFigures>,
    agents: HashMap<AgentId, AgentState>,
    contacts: usize,
    started: Utc,
}

/// One queue's line on the board.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct QueueNow {
    /// Who stands in it, also who is to be called back.
    pub waiting: usize,
    /// Of callers.
    pub longest_wait: Duration,
    pub ready: usize,
    pub ringing: usize,
    pub busy: usize,
    pub wrap_up: usize,
    pub not_ready: usize,
    /// Of the contacts that left the queue since midnight, and of those who wait.
    pub today: QueueFigures,
}

impl Wallboard {
    /// An empty board that counts from `started` on.
    pub fn new(started: Utc) -> Self {
        Wallboard { started, ..Wallboard::default() }
    }

    pub fn handle_fact(&mut self, stamped: &Stamped, names: &Directory) {
        let promised = self.called_back.handle_fact(&stamped.fact);
        match &stamped.fact {
            Fact::ContactArrived { .. } => self.contacts += 1,
            Fact::ContactEnded { .. } => self.contacts = self.contacts.saturating_sub(1),
            Fact::Queued { contact, queue, .. } => {
                let waiting = Waiting { queue: *queue, nth: 0, since: stamped.at, rang_out: None, promised };
                self.waiting.insert(*contact, waiting);
            }
            Fact::OfferEnded { contact, outcome: OfferOutcome::Missed, .. } => {
                if let Some(waiting) = self.waiting.get_mut(contact) {
                    waiting.rang_out.get_or_insert(stamped.at.mono - waiting.since.mono);
                }
            }
            Fact::Connected { contact, queue, waited, .. } => {
                self.left(stamped.at.utc, (*contact, *queue), *waited, VisitEnd::Answered { work: None }, names);
            }
            Fact::Abandoned { contact, queue, waited } => {
                self.left(stamped.at.utc, (*contact, *queue), *waited, VisitEnd::Abandoned, names);
            }
            Fact::FlowedOut { contact, queue, waited, why, .. } => {
                self.left(stamped.at.utc, (*contact, *queue), *waited, VisitEnd::FlowedOut { why: *why }, names);
            }
            Fact::AgentChanged { agent, state, .. } => {
                self.agents.insert(*agent, *state);
            }
            Fact::LegStarted { .. }
            | Fact::Line { .. }
            | Fact::SignOffReason { .. }
            | Fact::Callback { .. }
            | Fact::LegRinging { .. }
            | Fact::LegAnswered { .. }
            | Fact::LegEnded { .. }
            | Fact::LegQuality { .. }
            | Fact::Judged { .. }
            | Fact::Offered { .. }
            | Fact::OfferEnded { .. }
            | Fact::TalkStarted { .. }
            | Fact::TalkEnded { .. }
            | Fact::Held { .. }
            | Fact::Retrieved { .. }
            | Fact::Transferred { .. }
            | Fact::TransferFailed { .. }
            | Fact::Merged { .. }
            | Fact::SupervisorJoined { .. }
            | Fact::SupervisorLeft { .. }
            | Fact::RecordingStarted { .. }
            | Fact::RecordingStopped { .. }
            | Fact::Warned { .. }
            | Fact::Aside { .. }
            | Fact::MessageLeft { .. }
            | Fact::WaitForetold { .. }
            | Fact::Reserve { .. }
            | Fact::Forced { .. }
            | Fact::PhoneReachable { .. }
            | Fact::PhoneUnreachable { .. }
            | Fact::TrunkUp { .. }
            | Fact::TrunkDown { .. }
            | Fact::Refused { .. }
            | Fact::ReservationExpired { .. }
            | Fact::DrainStarted { .. }
            | Fact::Configured { .. }
            | Fact::Reloaded { .. } => {}
        }
    }

    /// The second coming of an answered visit, from the ledger: its handling is over.
    pub fn handle_visit(&mut self, visit: &QueueVisit) {
        if let VisitEnd::Answered { work: Some(work) } = &visit.end {
            self.today.entry(visit.queue).or_default().handled(work);
        }
    }

    /// What the store knows of today from before a restart.
    pub fn add_past(&mut self, queue: QueueId, stay: &Stay, level: &ServiceLevel) {
        self.today.entry(queue).or_default().add(stay, level);
    }

    /// A new day begins: counters start again, who waits keeps waiting.
    pub fn start_day(&mut self, at: Utc) {
        self.today.clear();
        self.started = at;
    }

    /// Since when `today` counts.
    pub fn counting_since(&self) -> Utc {
        self.started
    }

    pub fn contacts(&self) -> usize {
        self.contacts
    }

    pub fn queue(&self, id: QueueId, now: Instant, names: &Directory) -> QueueNow {
        let mut line = QueueNow { today: self.today.get(&id).copied().unwrap_or_default(), ..QueueNow::default() };
        let level = &names.queue(id).service_level;
        for waiting in self.waiting.values().filter(|waiting| waiting.queue == id) {
            line.add_waiting(waiting, now, level);
        }
        for (agent, state) in &self.agents {
            if names.agent(*agent).queues.contains(&id) {
                line.add_agent(*state);
            }
        }
        line
    }

    /// Every queue's line in the order of the directory, in one pass over contacts and agents.
    pub fn queues(&self, now: Instant, names: &Directory) -> Vec<QueueNow> {
        let mut lines = vec![QueueNow::default(); names.queues.len()];
        let mut at = |id: &QueueId, change: &dyn Fn(&mut QueueNow)| {
            if let Some(line) = lines.get_mut(id.index()) {
                change(line);
            }
        };
        for (queue, figures) in &self.today {
            at(queue, &|line| line.today = *figures);
        }
        for waiting in self.waiting.values() {
            let level = &names.queue(waiting.queue).service_level;
            at(&waiting.queue, &|line| line.add_waiting(waiting, now, level));
        }
        for (agent, state) in &self.agents {
            for queue in &names.agent(*agent).queues {
                at(queue, &|line| line.add_agent(*state));
            }
        }
        lines
    }

    fn left(
        &mut self,
        at: Utc,
        (contact, queue): (ContactId, QueueId),
        waited: Duration,
        end: VisitEnd,
        names: &Directory,
    ) {
        // Counted only when it was seen to enter: nothing is counted twice.
        if let Some(waiting) = self.waiting.remove(&contact) {
            let (rang_out, called_back) = (waiting.rang_out, waiting.promised.is_some());
            let stay = Stay { waited: waiting.waited(at, waited), rang_out, called_back, end };
            self.today.entry(queue).or_default().add(&stay, &names.queue(queue).service_level);
        }
    }
}

impl QueueNow {
    fn add_waiting(&mut self, waiting: &Waiting, now: Instant, level: &ServiceLevel) {
        self.waiting += 1;
        if waiting.promised.is_some() {
            return;
        }
        let waited = now - waiting.since.mono;
        self.longest_wait = self.longest_wait.max(waited);
        self.today.add_waiting(waited, level);
    }

    fn add_agent(&mut self, state: AgentState) {
        match state {
            AgentState::SignedOff => {}
            AgentState::NotReady { .. } => self.not_ready += 1,
            AgentState::Ready => self.ready += 1,
            AgentState::Reserved { .. } => self.ringing += 1,
            AgentState::Busy { .. } => self.busy += 1,
            AgentState::WrapUp { .. } => self.wrap_up += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Caller, SECOND, SUPPORT, Story, secs};
    use base::Utc;
    use core::time::Duration;
    use model::{AgentState, Fact, FlowReason};

    #[test]
    fn the_board_shows_who_waits_and_what_the_day_has_brought() {
        let mut story = Story::new();
        for agent in 0..3 {
            story.agent(agent, AgentState::Ready);
        }
        story.served(0, secs(10), secs(60), secs(5));
        story.served(1, secs(30), secs(120), secs(15));
        let Caller { contact: waiting, .. } = story.arrive();
        story.queued(waiting, SUPPORT);
        story.pass(secs(45));
        let Caller { contact: second, .. } = story.arrive();
        story.queued(second, SUPPORT);
        story.pass(secs(2));
        let line = story.wallboard.queue(SUPPORT, story.now.mono, &story.names);
        assert_eq!((line.waiting, line.longest_wait, line.ready), (2, secs(47), 3));
        assert_eq!((line.today.counts.offered, line.today.counts.answered), (4, 2));
        assert_eq!(line.today.asa(), Some(secs(20)));
        assert_eq!(line.today.aht(), Some(secs(100)));
        assert_eq!(line.today.accounted(), 4);
        assert_eq!(story.wallboard.contacts(), 2);
        assert_eq!(story.wallboard.queues(story.now.mono, &story.names)[0], line);
        assert_eq!(story.wallboard.queue(SECOND, story.now.mono, &story.names).today.counts.offered, 0);
    }

    #[test]
    fn a_call_counts_at_its_answer_and_its_handling_after_the_wrap_up() {
        let mut story = Story::new();
        let Caller { contact, leg: caller } = story.arrive();
        story.queued(contact, SUPPORT);
        let leg = story.offered(contact, SUPPORT, 0);
        story.connected(contact, SUPPORT, 0, leg, Duration::ZERO);
        story.pass(secs(60));
        let today = |story: &Story| story.wallboard.queue(SUPPORT, story.now.mono, &story.names).today;
        assert_eq!((today(&story).counts.answered, today(&story).aht()), (1, None));
        story.hang_up(contact, caller, 0, leg, secs(60));
        story.pass(secs(5));
        assert_eq!(today(&story).aht(), None);
        story.agent(0, AgentState::Ready);
        assert_eq!(today(&story).aht(), Some(secs(65)));
    }

    #[test]
    fn a_new_day_starts_from_nothing_but_who_waits_keeps_waiting() {
        let mut story = Story::new();
        story.served(0, secs(10), secs(60), secs(5));
        let Caller { contact, .. } = story.arrive();
        story.queued(contact, SUPPORT);
        story.pass(secs(30));
        let midnight = story.now.utc;
        story.wallboard.start_day(midnight);
        story.pass(secs(10));
        let line = story.wallboard.queue(SUPPORT, story.now.mono, &story.names);
        assert_eq!((line.waiting, line.longest_wait), (1, secs(40)));
        assert_eq!((line.today.counts.offered, line.today.counts.answered, line.today.accounted()), (1, 0, 1));
        assert_eq!(story.wallboard.counting_since(), midnight);
        story.fact(Fact::Abandoned { contact, queue: SUPPORT, waited: secs(40) });
        let today = story.wallboard.queue(SUPPORT, story.now.mono, &story.names).today;
        assert_eq!((today.counts.offered, today.counts.abandoned), (1, 1));
    }

    #[test]
    fn what_came_before_a_restart_today_is_added() {
        let mut story = Story::new();
        let level = model::plain::LEVEL;
        let end = crate::VisitEnd::FlowedOut { why: FlowReason::MaxWait };
        let stay = crate::Stay { waited: secs(60), rang_out: None, called_back: false, end };
        story.wallboard.add_past(SUPPORT, &stay, &level);
        story.served(0, secs(1), secs(1), secs(1));
        let today = story.wallboard.queue(SUPPORT, story.now.mono, &story.names).today;
        assert_eq!((today.counts.offered, today.counts.answered, today.counts.flowed_out), (2, 1, 1));
        assert!(story.wallboard.counting_since() > Utc::EPOCH);
    }
}
