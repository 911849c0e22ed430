use crate::agent_time::{AgentSpan, AgentTimes};
use crate::called_back::CalledBack;
use crate::handling::Handling;
use crate::limits::CLOSING_TIME;
use crate::open::Open;
use crate::record::{Arrival, ContactRecord, LegRecord, OpenContact};
use crate::visit::{QueueVisit, Talk, VisitEnd};
use crate::words::{contact_of, describe, describe_for_replay, describe_party, word};
use base::{Instant, Now, Utc};
use core::time::Duration;
use model::{AgentId, AgentState, ContactId, Directory, Fact, LegId, OfferOutcome, QueueId, Stamped};
use std::collections::{HashMap, VecDeque};

/// Something for the store.
#[derive(Clone, PartialEq, Debug)]
pub enum Entry {
    /// A stay in a queue that is over. An answered one comes twice: at the answer, and again when the agent is
    /// through with it.
    Visit(QueueVisit),
    Talk(Talk),
    Span(AgentSpan),
    Record(Box<ContactRecord>),
}

/// A fact in words, as the event log keeps it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Told<'a> {
    pub contact: Option<ContactId>,
    /// The leg that started, rang, was answered or ended.
    pub leg: Option<LegId>,
    pub what: &'static str,
    pub detail: &'a str,
}

/// Follows the words of `queued` in the event log where a customer is called back.
pub const CALLED_BACK: &str = " called_back=true";

/// Turns facts into records: the book in which every contact is opened, followed and closed.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Boxed: they are large, and the table moves its entries.
    open: HashMap<ContactId, Box<Open>>,
    /// Contacts the store has to hear of, each once.
    changed: Vec<ContactId>,
    /// Ended contacts that still wait for what comes late, oldest first.
    closing: VecDeque<(Instant, ContactId)>,
    handling: Handling,
    called_back: CalledBack,
    /// Who answered a contact whose record is closed and was not seen at work on it yet: his home may tell of it late.
    unseen: VecDeque<(Instant, AgentId, ContactId)>,
    times: AgentTimes,
    entries: VecDeque<Entry>,
    /// Kept between facts, so that words cost no allocation.
    detail: String,
    /// Nobody reads the words: none are made.
    wordless: bool,
}

impl Ledger {
    pub fn new() -> Self {
        Ledger::default()
    }

    /// For whoever only counts, as a simulation does: facts are told without details and records have no steps.
    pub fn wordless() -> Self {
        Ledger { wordless: true, ..Ledger::default() }
    }

    /// Takes one fact in journal order.
    pub fn handle_fact(&mut self, stamped: &Stamped, names: &Directory) -> Told<'_> {
        let Stamped { at, fact } = stamped;
        if let Fact::ContactArrived { contact, source, caller, dialled, call_id, attached } = fact {
            let arrival = Arrival {
                contact: *contact,
                source: *source,
                caller: caller.clone(),
                dialled: dialled.clone(),
                call_id: call_id.clone(),
                attached: attached.clone(),
                started: at.utc,
            };
            self.open.insert(*contact, Box::new(Open::new(*at, arrival)));
            self.changed.push(*contact);
        }
        let promised = self.called_back.handle_fact(fact);
        if !self.wordless {
            self.put_into_words(*at, fact, names);
            if promised.is_some() && matches!(fact, Fact::Queued { .. }) {
                // Whoever counts arrivals from the log leaves it out as the figures do.
                self.detail.push_str(CALLED_BACK);
            }
        }
        self.take(*at, fact, promised);
        Told { contact: contact_of(fact), leg: leg_of(fact), what: word(fact), detail: &self.detail }
    }

    fn put_into_words(&mut self, at: Now, fact: &Fact, names: &Directory) {
        self.detail.clear();
        describe(fact, names, &mut self.detail);
        if let Some(open) = contact_of(fact).and_then(|id| self.open.get_mut(&id)) {
            // Of a leg that starts the fact itself says it, and the record does not know it yet.
            if let Some(leg) = leg_of(fact).and_then(|leg| open.leg(leg)) {
                describe_party(&leg.party, names, &mut self.detail);
            }
            // Quality belongs to the leg, where it is kept in full.
            if !matches!(fact, Fact::LegQuality { .. }) {
                open.step(at, word(fact), &self.detail);
            }
        }
        describe_for_replay(fact, names, &mut self.detail);
    }

    /// Closes what waited long enough; call at the time [`Self::poll_timeout`] names.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((_, contact)) = self.closing.pop_front_if(|(due, _)| *due <= now) {
            self.close(contact, now);
        }
        while let Some((_, agent, contact)) = self.unseen.pop_front_if(|(due, ..)| *due <= now) {
            self.handling.contact_closed(agent, contact, |visit| self.entries.push_back(Entry::Visit(visit)));
        }
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        let closing = self.closing.front().map(|(due, _)| *due);
        closing.into_iter().chain(self.unseen.front().map(|(due, ..)| *due)).min()
    }

    pub fn poll_entry(&mut self) -> Option<Entry> {
        self.entries.pop_front()
    }

    /// A contact that is open and about which the store does not know the latest; ask before [`Self::poll_entry`].
    pub fn poll_open(&mut self) -> Option<OpenContact<'_>> {
        // Looked up twice, as a borrow that is handed out cannot be tried in a loop.
        while let Some(id) = self.changed.pop() {
            if self.open.get(&id).is_some_and(|open| open.changed) {
                let open = self.open.get_mut(&id)?;
                open.changed = false;
                return Some(open.view());
            }
        }
        None
    }

    /// Cuts every agent's time here, as at midnight: what was is handed out, what comes starts anew.
    pub fn cut_spans(&mut self, now: Now) {
        for span in self.times.cut(now) {
            self.spent(span);
        }
    }

    /// At a stop: everything that is still open is handed out as it stands, nothing is lost.
    pub fn close_all(&mut self, now: Now) {
        for (_, mut open) in self.open.drain() {
            let mut visits = Vec::new();
            let talk = |talk: Talk| {
                self.handling.talked(talk.agent, talk.contact, talk.talked, talk.held);
                self.entries.push_back(Entry::Talk(talk));
            };
            open.stop(now, talk, |visit| visits.push(visit));
            self.entries.extend(visits.into_iter().map(Entry::Visit));
            self.entries.push_back(Entry::Record(Box::new(open.record)));
        }
        self.cut_spans(now);
        self.handling.drain(|visit| self.entries.push_back(Entry::Visit(visit)));
        self.closing.clear();
        self.unseen.clear();
        self.changed.clear();
    }

    /// Contacts whose record is not closed yet.
    pub fn open_contacts(&self) -> usize {
        self.open.len()
    }

    /// Who waits where and since when; not those who are to be called back.
    pub fn waiting(&self) -> impl Iterator<Item = (QueueId, Now)> {
        let callers = self.open.values().filter_map(|open| open.waiting()).filter(|w| w.promised.is_none());
        callers.map(|w| (w.queue, w.since))
    }

    /// Answered visits whose agent is not through with them.
    pub fn being_handled(&self) -> usize {
        self.handling.len()
    }

    pub fn agent_times(&self) -> &AgentTimes {
        &self.times
    }

    fn take(&mut self, at: Now, fact: &Fact, promised: Option<Utc>) {
        match fact {
            Fact::LegStarted { contact, leg, party } => self.with(*contact, |o| o.leg_started(at, *leg, *party)),
            Fact::LegAnswered { contact, leg, codec } => {
                self.leg(at, *contact, *leg, |l| (l.answered, l.codec) = (Some(at.utc), *codec));
            }
            Fact::LegEnded { contact, leg, cause, by: _ } => {
                self.leg(at, *contact, *leg, |l| (l.ended, l.cause) = (Some(at.utc), Some(*cause)));
            }
            Fact::LegQuality { contact, leg, quality } => {
                self.leg(at, *contact, *leg, |l| l.quality = Some(*quality));
            }
            Fact::Queued { contact, queue, .. } => {
                self.with(*contact, |o| o.queued(at, *queue, promised));
                self.changed.push(*contact);
            }
            Fact::Connected { contact, queue, agent, waited } => {
                self.left(at, *contact, *queue, *waited, Some(*agent), VisitEnd::Answered { work: None });
            }
            Fact::Abandoned { contact, queue, waited } => {
                self.left(at, *contact, *queue, *waited, None, VisitEnd::Abandoned);
            }
            Fact::FlowedOut { contact, queue, waited, why, .. } => {
                self.left(at, *contact, *queue, *waited, None, VisitEnd::FlowedOut { why: *why });
            }
            Fact::OfferEnded { contact, outcome, .. } => {
                if *outcome == OfferOutcome::Missed {
                    self.with(*contact, |o| o.rang_out(at));
                }
            }
            Fact::TalkStarted { contact, agent, queue } => self.with(*contact, |o| o.talk_started(at, *agent, *queue)),
            Fact::TalkEnded { contact, agent, talked, held } => {
                self.talk_ended(at, *contact, *agent, *talked, *held);
            }
            Fact::Merged { contact, consultation } => self.merged(*contact, *consultation),
            Fact::RecordingStarted { contact, name } => self.with(*contact, |o| o.recording_started(name)),
            Fact::RecordingStopped { contact, name, kept, .. } => {
                self.with(*contact, |o| o.recording_stopped(name, *kept));
                self.close_if_complete(at, *contact);
            }
            Fact::ContactEnded { contact, end, cause } => {
                self.give_legs(at, *contact);
                self.with(*contact, |o| o.end(at, *end, *cause));
                self.closing.push_back((at.mono + CLOSING_TIME, *contact));
                self.close_if_complete(at, *contact);
            }
            Fact::AgentChanged { agent, state, .. } => self.agent_changed(at, *agent, *state),
            // A step of the record and a line of the event log, nothing more.
            Fact::ContactArrived { .. }
            | Fact::Line { .. }
            | Fact::SignOffReason { .. }
            | Fact::Callback { .. }
            | Fact::LegRinging { .. }
            | Fact::Judged { .. }
            | Fact::Offered { .. }
            | Fact::Held { .. }
            | Fact::Retrieved { .. }
            | Fact::Transferred { .. }
            | Fact::TransferFailed { .. }
            | Fact::SupervisorJoined { .. }
            | Fact::SupervisorLeft { .. }
            | Fact::ReservationExpired { .. }
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
            | Fact::DrainStarted { .. }
            | Fact::Configured { .. }
            | Fact::Reloaded { .. } => {}
        }
    }

    fn with(&mut self, contact: ContactId, change: impl FnOnce(&mut Open)) {
        if let Some(open) = self.open.get_mut(&contact) {
            change(open);
        }
    }

    fn leg(&mut self, at: Now, contact: ContactId, leg: LegId, change: impl FnOnce(&mut LegRecord)) {
        let Some(open) = self.open.get_mut(&contact) else { return };
        if open.leg(leg).is_none()
            && let Some(consultation) = open.absorbed
        {
            self.move_legs(at, consultation, contact, |l| l == leg);
        }
        if let Some(record) = self.open.get_mut(&contact).and_then(|open| open.leg(leg)) {
            change(record);
        }
        self.close_if_complete(at, contact);
    }

    /// A stay in a queue is over.
    fn left(
        &mut self,
        at: Now,
        contact: ContactId,
        queue: QueueId,
        waited: Duration,
        agent: Option<AgentId>,
        end: VisitEnd,
    ) {
        let Some(open) = self.open.get_mut(&contact) else { return };
        let Some(visit) = open.left(at, queue, waited, agent, end) else { return };
        if let Some(agent) = agent {
            self.handling.answered(agent, visit, self.times.state(agent));
        }
        self.entries.push_back(Entry::Visit(visit));
    }

    fn talk_ended(&mut self, at: Now, contact: ContactId, agent: AgentId, talked: Duration, held: Duration) {
        self.handling.talked(agent, contact, talked, held);
        if let Some(open) = self.open.get_mut(&contact) {
            self.entries.push_back(Entry::Talk(open.talk_ended(at, agent, talked, held)));
        }
    }

    fn merged(&mut self, contact: ContactId, consultation: ContactId) {
        self.with(contact, |o| o.absorbed = Some(consultation));
        self.with(consultation, |o| o.joined = Some(contact));
        self.handling.joined(consultation, contact);
    }

    /// The contact ends; legs that live on went over to the contact it was joined into.
    fn give_legs(&mut self, at: Now, contact: ContactId) {
        if let Some(into) = self.open.get(&contact).and_then(|open| open.joined) {
            self.move_legs(at, contact, into, |_| true);
        }
    }

    fn move_legs(&mut self, at: Now, from: ContactId, to: ContactId, which: impl Fn(LegId) -> bool) {
        let Some(open) = self.open.get_mut(&from) else { return };
        let legs = open.give_legs(at, to, which);
        self.with(to, |o| o.record.legs.extend(legs));
    }

    fn agent_changed(&mut self, at: Now, agent: AgentId, state: AgentState) {
        if let Some(span) = self.times.change(at, agent, state) {
            self.spent(span);
        }
        self.handling.agent_changed(agent, state, |visit| self.entries.push_back(Entry::Visit(visit)));
    }

    fn spent(&mut self, span: AgentSpan) {
        if let AgentState::WrapUp { contact } = span.state {
            self.handling.wrapped(span.agent, contact, span.lasted);
        }
        self.entries.push_back(Entry::Span(span));
    }

    fn close_if_complete(&mut self, at: Now, contact: ContactId) {
        if self.open.get(&contact).is_some_and(|open| open.is_complete()) {
            self.close(contact, at.mono);
        }
    }

    fn close(&mut self, contact: ContactId, now: Instant) {
        let Some(open) = self.open.remove(&contact) else { return };
        let unseen = open.answered_by.iter().filter(|agent| self.handling.is_unseen(**agent, contact));
        self.unseen.extend(unseen.map(|agent| (now + CLOSING_TIME, *agent, contact)));
        self.entries.push_back(Entry::Record(Box::new(open.record)));
        // No timer for what is closed already.
        while self.closing.pop_front_if(|(_, id)| !self.open.contains_key(id)).is_some() {}
    }
}

/// The leg a fact is about when its details do not say whose it is.
fn leg_of(fact: &Fact) -> Option<LegId> {
    match fact {
        Fact::LegStarted { leg, .. }
        | Fact::LegRinging { leg, .. }
        | Fact::LegAnswered { leg, .. }
        | Fact::LegEnded { leg, .. } => Some(*leg),
        _ => None,
    }
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "random_tests.rs"]
mod random_tests;
