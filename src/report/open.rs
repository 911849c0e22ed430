//! One contact between its arrival and its closed record.

use crate::limits::STEPS_MAX;
use crate::record::{Arrival, ContactRecord, LegRecord, OpenContact, Step, Waiting};
use crate::visit::{QueueVisit, Talk, VisitEnd};
use base::{Instant, Now, Utc};
use core::time::Duration;
use model::{AgentId, Cause, CauseKind, ContactEnd, ContactId, LegId, Party, QueueId};

#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) record: ContactRecord,
    started: Instant,
    waiting: Option<Waiting>,
    /// Stays in queues so far.
    visits: u32,
    talking: Vec<(AgentId, Now, Option<QueueId>)>,
    /// Who answered it from a queue.
    pub(crate) answered_by: Vec<AgentId>,
    ended: bool,
    recordings_open: usize,
    /// The consultation that was joined into this contact last.
    pub(crate) absorbed: Option<ContactId>,
    /// The contact this one was joined into.
    pub(crate) joined: Option<ContactId>,
    /// The store does not know the present state yet.
    pub(crate) changed: bool,
}

impl Open {
    pub(crate) fn new(at: Now, arrival: Arrival) -> Self {
        let record = ContactRecord {
            arrival,
            ended: at.utc,
            lasted: Duration::ZERO,
            end: ContactEnd::Failed,
            cause: Cause::new(CauseKind::Shutdown),
            legs: Vec::with_capacity(2),
            recordings: Vec::new(),
            // An ordinary call has some fifteen.
            steps: Vec::with_capacity(16),
            truncated: false,
        };
        Open {
            record,
            started: at.mono,
            waiting: None,
            visits: 0,
            talking: Vec::new(),
            answered_by: Vec::new(),
            ended: false,
            recordings_open: 0,
            absorbed: None,
            joined: None,
            changed: true,
        }
    }

    pub(crate) fn view(&self) -> OpenContact<'_> {
        // Whoever is to be called back waits at home: the promise is stored, and it counts nowhere as waiting.
        OpenContact { arrival: &self.record.arrival, waiting: self.waiting.filter(|w| w.promised.is_none()) }
    }

    pub(crate) fn waiting(&self) -> Option<Waiting> {
        self.waiting
    }

    /// Nothing more will come.
    pub(crate) fn is_complete(&self) -> bool {
        self.ended && self.recordings_open == 0 && self.record.legs.iter().all(LegRecord::is_complete)
    }

    pub(crate) fn step(&mut self, at: Now, what: &'static str, detail: &str) {
        if self.record.steps.len() >= STEPS_MAX {
            self.record.truncated = true;
            return;
        }
        self.record.steps.push(Step { at: at.utc, after: at.mono - self.started, what, detail: detail.into() });
    }

    pub(crate) fn leg(&mut self, leg: LegId) -> Option<&mut LegRecord> {
        self.record.legs.iter_mut().rev().find(|l| l.leg == leg && l.moved_to.is_none())
    }

    pub(crate) fn leg_started(&mut self, at: Now, leg: LegId, party: Party) {
        self.record.legs.push(LegRecord {
            leg,
            party,
            started: at.utc,
            answered: None,
            ended: None,
            codec: None,
            cause: None,
            quality: None,
            moved_to: None,
        });
    }

    pub(crate) fn recording_started(&mut self, name: &str) {
        self.record.recordings.push(name.into());
        self.recordings_open += 1;
    }

    pub(crate) fn recording_stopped(&mut self, name: &str, kept: bool) {
        self.recordings_open = self.recordings_open.saturating_sub(1);
        if !kept {
            self.record.recordings.retain(|known| &**known != name);
        }
    }

    pub(crate) fn queued(&mut self, at: Now, queue: QueueId, promised: Option<Utc>) {
        self.waiting = Some(Waiting { queue, nth: self.visits, since: at, rang_out: None, promised });
        self.visits += 1;
        self.changed = true;
    }

    /// An agent's phone was not answered.
    pub(crate) fn rang_out(&mut self, at: Now) {
        if let Some(Waiting { since, rang_out, .. }) = &mut self.waiting {
            rang_out.get_or_insert(at.mono - since.mono);
        }
    }

    /// The stay in a queue is over; `None` when there was none, so that nothing is counted twice.
    pub(crate) fn left(
        &mut self,
        at: Now,
        queue: QueueId,
        waited: Duration,
        agent: Option<AgentId>,
        end: VisitEnd,
    ) -> Option<QueueVisit> {
        let waiting = self.waiting.take_if(|w| w.queue == queue)?;
        self.answered_by.extend(agent);
        Some(QueueVisit {
            contact: self.record.arrival.contact,
            nth: waiting.nth,
            queue,
            entered: waiting.since.utc,
            left: at.utc,
            waited: waiting.waited(at.utc, waited),
            rang_out: waiting.rang_out,
            agent,
            called_back: waiting.promised.is_some(),
            end,
        })
    }

    pub(crate) fn talk_started(&mut self, at: Now, agent: AgentId, queue: Option<QueueId>) {
        self.talking.push((agent, at, queue));
    }

    pub(crate) fn talk_ended(&mut self, at: Now, agent: AgentId, talked: Duration, held: Duration) -> Talk {
        let found = self.talking.iter().position(|(who, ..)| *who == agent);
        let (began, queue) = match found {
            Some(index) => {
                let (_, began, queue) = self.talking.remove(index);
                (began.utc, queue)
            }
            None => (at.utc - (talked + held), None),
        };
        Talk { contact: self.record.arrival.contact, agent, queue, began, talked, held }
    }

    pub(crate) fn end(&mut self, at: Now, end: ContactEnd, cause: Cause) {
        self.record.end = end;
        self.record.cause = cause;
        self.record.ended = at.utc;
        self.record.lasted = at.mono - self.started;
        self.ended = true;
    }

    /// The legs that still live here, copied for the contact they go over to; here they count as ended.
    pub(crate) fn give_legs(&mut self, at: Now, to: ContactId, which: impl Fn(LegId) -> bool) -> Vec<LegRecord> {
        let mut given = Vec::new();
        let live = |l: &&mut LegRecord| l.ended.is_none() && l.moved_to.is_none();
        for leg in self.record.legs.iter_mut().filter(live) {
            if which(leg.leg) {
                given.push(leg.clone());
                leg.moved_to = Some(to);
                leg.ended = Some(at.utc);
                leg.cause = Some(CauseKind::Transferred.into());
            }
        }
        given
    }

    /// The process stops: whoever talks now has talked until now.
    pub(crate) fn stop(&mut self, now: Now, mut talk: impl FnMut(Talk), mut visit: impl FnMut(QueueVisit)) {
        let contact = self.record.arrival.contact;
        for (agent, began, queue) in self.talking.drain(..) {
            let talked = now.mono - began.mono;
            talk(Talk { contact, agent, queue, began: began.utc, talked, held: Duration::ZERO });
        }
        if let Some(Waiting { queue, since, .. }) = self.waiting {
            let end = VisitEnd::FlowedOut { why: model::FlowReason::Failed };
            self.left(now, queue, now.mono - since.mono, None, end).into_iter().for_each(&mut visit);
        }
        if !self.ended {
            self.end(now, self.record.end, self.record.cause);
        }
    }
}

impl Waiting {
    /// The length of the stay as its visit has it; `waited`: in this queue, by the monotonic clock.
    pub(crate) fn waited(&self, left: Utc, waited: Duration) -> Duration {
        let Some(promised) = self.promised else { return waited };
        let micros = left.as_micros().saturating_sub(promised.as_micros());
        Duration::from_micros(u64::try_from(micros).unwrap_or_default())
    }
}

impl LegRecord {
    fn is_complete(&self) -> bool {
        self.ended.is_some() && (self.codec.is_none() || self.quality.is_some() || self.moved_to.is_some())
    }
}
