use crate::agent_time::{AgentSpan, AgentTimes};
use crate::limits::{CLOSING_TIME, STEPS_MAX};
use crate::record::{ContactRecord, LegRecord, Step};
use crate::visit::{QueueVisit, VisitEnd};
use crate::words::{contact_of, words};
use base::{Instant, Now};
use core::time::Duration;
use model::{
    AgentId, AgentState, Cause, CauseKind, ContactEnd, ContactId, Directory, Fact, LegId, Pii, QueueId, Source, Stamped,
};
use std::collections::{HashMap, VecDeque};

/// Something ready for the store.
#[derive(Clone, PartialEq, Debug)]
pub enum Finished {
    Visit(QueueVisit),
    Span(AgentSpan),
    Record(Box<ContactRecord>),
}

/// Turns facts into records: the book in which every contact is opened, followed and closed.
#[derive(Debug, Default)]
pub struct Ledger {
    open: HashMap<ContactId, Open>,
    /// Ended contacts that still wait for what comes late, oldest first.
    closing: VecDeque<(Instant, ContactId)>,
    /// Answered visits whose agent still talks or wraps up.
    handling: HashMap<(ContactId, AgentId), QueueVisit>,
    times: AgentTimes,
    finished: VecDeque<Finished>,
}

#[derive(Debug)]
struct Open {
    record: ContactRecord,
    started: Instant,
    /// The queue it waits in, since when.
    waiting: Option<(QueueId, Now)>,
    ended: bool,
    recordings_open: usize,
    /// A consultation: the contact its remaining legs went over to.
    merged_into: Option<ContactId>,
}

impl Ledger {
    pub fn new() -> Self {
        Ledger::default()
    }

    /// Takes one fact in journal order.
    pub fn handle_fact(&mut self, stamped: &Stamped, names: &Directory) {
        let at = stamped.at;
        if let Fact::AgentChanged { agent, state, .. } = stamped.fact {
            self.agent_changed(at, agent, state);
            return;
        }
        let Some(contact) = contact_of(&stamped.fact) else { return };
        if let Fact::ContactArrived { source, caller, dialled, call_id, attached, .. } = &stamped.fact {
            let record = arrived(contact, at, *source, caller, dialled, call_id, attached);
            self.open.insert(
                contact,
                Open { record, started: at.mono, waiting: None, ended: false, recordings_open: 0, merged_into: None },
            );
        }
        self.follow_legs(at, contact, &stamped.fact);
        let Some(open) = self.open.get_mut(&contact) else { return };
        open.step(at, &stamped.fact, names);
        open.legs(at, &stamped.fact);
        if let Some(visit) = open.visit(at, contact, &stamped.fact) {
            match visit.agent {
                Some(agent) => {
                    self.handling.insert((contact, agent), visit);
                }
                None => self.finished.push_back(Finished::Visit(visit)),
            }
        }
        if let Fact::TalkEnded { agent, talked: t, held: h, .. } = stamped.fact
            && let Some(visit) = self.handling.get_mut(&(contact, agent))
            && let VisitEnd::Answered { talked, held, .. } = &mut visit.end
        {
            *talked += t;
            *held += h;
        }
        if let Fact::ContactEnded { end, cause, .. } = stamped.fact {
            open.record.end = end;
            open.record.cause = cause;
            open.record.ended = at.utc;
            open.record.lasted = at.mono - open.started;
            open.ended = true;
            self.closing.push_back((at.mono + CLOSING_TIME, contact));
        }
        self.close_if_complete(contact);
    }

    /// Closes what waited long enough; call at the time [`Self::poll_timeout`] names.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((due, contact)) = self.closing.front().copied() {
            if due > now {
                break;
            }
            self.closing.pop_front();
            if let Some(open) = self.open.remove(&contact) {
                self.finished.push_back(Finished::Record(Box::new(open.record)));
            }
        }
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        self.closing.front().map(|(due, _)| *due)
    }

    pub fn poll_finished(&mut self) -> Option<Finished> {
        self.finished.pop_front()
    }

    /// At a stop: everything that is still open is handed out as it stands, nothing is lost.
    pub fn close_all(&mut self, now: Now) {
        for span in self.times.cut(now) {
            self.finished.push_back(Finished::Span(span));
        }
        for (_, visit) in self.handling.drain() {
            self.finished.push_back(Finished::Visit(visit));
        }
        for (_, mut open) in self.open.drain() {
            if !open.ended {
                open.record.ended = now.utc;
                open.record.lasted = now.mono - open.started;
            }
            self.finished.push_back(Finished::Record(Box::new(open.record)));
        }
        self.closing.clear();
    }

    /// Contacts whose record is not closed yet.
    pub fn open_contacts(&self) -> usize {
        self.open.len()
    }

    /// Who waits where and since when, for figures up to the present.
    pub fn waiting(&self) -> impl Iterator<Item = (QueueId, Now)> {
        self.open.values().filter_map(|open| open.waiting)
    }

    pub fn agent_times(&self) -> &AgentTimes {
        &self.times
    }

    fn agent_changed(&mut self, at: Now, agent: AgentId, state: AgentState) {
        let Some(span) = self.times.change(at, agent, state) else { return };
        if let AgentState::WrapUp { contact } = span.state
            && let Some(visit) = self.handling.get_mut(&(contact, agent))
            && let VisitEnd::Answered { wrapped, .. } = &mut visit.end
        {
            *wrapped += span.lasted;
        }
        // The visit is finished when the agent is through with the contact: neither talking nor wrapping up.
        if let Some(contact) = span.contact()
            && !matches!(state, AgentState::Busy { contact: c } | AgentState::WrapUp { contact: c } if c == contact)
            && let Some(visit) = self.handling.remove(&(contact, agent))
        {
            self.finished.push_back(Finished::Visit(visit));
        }
        self.finished.push_back(Finished::Span(span));
    }

    /// A leg that went over to another contact takes its line in the record with it: codec, end and quality are told
    /// there from then on.
    fn follow_legs(&mut self, at: Now, contact: ContactId, fact: &Fact) {
        match fact {
            Fact::Merged { consultation, .. } => {
                if let Some(open) = self.open.get_mut(consultation) {
                    open.merged_into = Some(contact);
                }
            }
            Fact::LegAnswered { leg, .. } | Fact::LegEnded { leg, .. } | Fact::LegQuality { leg, .. } => {
                self.adopt(at, contact, |l| l.leg == *leg);
            }
            // Whoever is still there when a consultation ends is in the other contact.
            Fact::ContactEnded { .. } => {
                if let Some(into) = self.open.get(&contact).and_then(|open| open.merged_into) {
                    self.adopt(at, into, |l| l.ended.is_none());
                }
            }
            _ => {}
        }
    }

    /// Copies the legs meant from consultations merged into `contact`; there they have ended.
    fn adopt(&mut self, at: Now, contact: ContactId, meant: impl Fn(&LegRecord) -> bool) {
        let Some(known) = self.open.get(&contact) else { return };
        let missing = |leg: &LegRecord| known.record.legs.iter().all(|l| l.leg != leg.leg);
        let from = self.open.values().filter(|open| open.merged_into == Some(contact));
        let legs = from.flat_map(|open| &open.record.legs);
        let moved: Vec<LegRecord> = legs.filter(|l| l.ended.is_none() && meant(l) && missing(l)).cloned().collect();
        for leg in moved {
            for open in self.open.values_mut().filter(|open| open.merged_into == Some(contact)) {
                open.leg(leg.leg, |l| {
                    (l.ended, l.cause) = (Some(at.utc), Some(CauseKind::Transferred.into()));
                });
            }
            if let Some(open) = self.open.get_mut(&contact) {
                open.record.legs.push(leg);
            }
        }
    }

    fn close_if_complete(&mut self, contact: ContactId) {
        if self.open.get(&contact).is_some_and(Open::complete)
            && let Some(open) = self.open.remove(&contact)
        {
            self.finished.push_back(Finished::Record(Box::new(open.record)));
        }
    }
}

impl Open {
    fn complete(&self) -> bool {
        self.ended
            && self.recordings_open == 0
            && self.record.legs.iter().all(|leg| leg.ended.is_some() && (leg.codec.is_none() || leg.quality.is_some()))
    }

    fn step(&mut self, at: Now, fact: &Fact, names: &Directory) {
        if matches!(fact, Fact::LegQuality { .. }) {
            return;
        }
        let (what, detail) = words(fact, names);
        if self.record.steps.len() >= STEPS_MAX {
            self.record.truncated = true;
            return;
        }
        self.record.steps.push(Step { at: at.utc, after: at.mono - self.started, what, detail });
    }

    fn legs(&mut self, at: Now, fact: &Fact) {
        match fact {
            Fact::LegStarted { leg, party, .. } => self.record.legs.push(LegRecord {
                leg: *leg,
                party: *party,
                started: at.utc,
                answered: None,
                ended: None,
                codec: None,
                cause: None,
                quality: None,
            }),
            Fact::LegAnswered { leg, codec, .. } => {
                self.leg(*leg, |l| (l.answered, l.codec) = (Some(at.utc), *codec));
            }
            Fact::LegEnded { leg, cause, .. } => {
                self.leg(*leg, |l| (l.ended, l.cause) = (Some(at.utc), Some(*cause)));
            }
            Fact::LegQuality { leg, quality, .. } => self.leg(*leg, |l| l.quality = Some(*quality)),
            Fact::RecordingStarted { name, .. } => {
                self.record.recordings.push(name.clone());
                self.recordings_open += 1;
            }
            Fact::RecordingStopped { name, kept, .. } => {
                self.recordings_open = self.recordings_open.saturating_sub(1);
                if !kept {
                    self.record.recordings.retain(|known| known != name);
                }
            }
            _ => {}
        }
    }

    fn leg(&mut self, leg: LegId, change: impl FnOnce(&mut LegRecord)) {
        if let Some(record) = self.record.legs.iter_mut().rev().find(|l| l.leg == leg) {
            change(record);
        }
    }

    fn visit(&mut self, at: Now, contact: ContactId, fact: &Fact) -> Option<QueueVisit> {
        let (queue, waited, agent, end) = match fact {
            Fact::Queued { queue, .. } => {
                self.waiting = Some((*queue, at));
                return None;
            }
            Fact::Connected { queue, agent, waited, .. } => (*queue, *waited, Some(*agent), VisitEnd::ANSWERED),
            Fact::Abandoned { queue, waited, .. } => (*queue, *waited, None, VisitEnd::Abandoned),
            Fact::FlowedOut { queue, waited, why, .. } => (*queue, *waited, None, VisitEnd::FlowedOut { why: *why }),
            _ => return None,
        };
        let (_, entered) = self.waiting.take()?;
        Some(QueueVisit { contact, queue, entered: entered.utc, left: at.utc, waited, agent, end })
    }
}

fn arrived(
    contact: ContactId,
    at: Now,
    source: Source,
    caller: &Pii<Box<str>>,
    dialled: &str,
    call_id: &str,
    attached: &[(Box<str>, Box<str>)],
) -> ContactRecord {
    ContactRecord {
        contact,
        source: Some(source),
        caller: caller.clone(),
        dialled: dialled.into(),
        call_id: call_id.into(),
        attached: attached.to_vec(),
        started: at.utc,
        ended: at.utc,
        lasted: Duration::ZERO,
        end: ContactEnd::Failed,
        cause: Cause::new(CauseKind::Shutdown),
        legs: Vec::new(),
        recordings: Vec::new(),
        steps: Vec::new(),
        truncated: false,
    }
}
