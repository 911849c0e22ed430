//! A small house for this room's tests, and a hand that writes facts in the order the machines do.

use crate::{AgentSpan, ContactRecord, Entry, Ledger, QueueVisit, Talk, Wallboard};
use base::{Instant, Now, Utc};
use core::time::Duration;
use model::{
    AgentId, AgentState, Cause, CauseKind, Codec, ContactEnd, ContactId, Directory, Fact, LegId, OfferOutcome, Party,
    PhoneId, Quality, Queue, QueueId, ShardId, Source, Stamped, TrunkId, plain,
};
use std::collections::BTreeMap;

pub(crate) fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// Queues `support` and `second`, four agents who serve both, one trunk.
pub(crate) fn names() -> Directory {
    let queue = |name| Queue { wrap_up: secs(5), ..plain::queue(name) };
    let agents = (0..4).map(|n| plain::agent(n, &[0, 1])).collect();
    Directory {
        trunks: vec![plain::trunk("carrier")],
        ..plain::directory(vec![queue("support"), queue("second")], agents)
    }
}

pub(crate) const SUPPORT: QueueId = QueueId(0);
pub(crate) const SECOND: QueueId = QueueId(1);

/// Writes facts into a ledger and a wallboard under a hand-driven clock, and keeps what comes out.
pub(crate) struct Story {
    pub(crate) names: Directory,
    pub(crate) ledger: Ledger,
    pub(crate) wallboard: Wallboard,
    pub(crate) now: Now,
    /// The latest word on each visit.
    pub(crate) visits: BTreeMap<(ContactId, u32), QueueVisit>,
    pub(crate) talks: Vec<Talk>,
    pub(crate) spans: Vec<AgentSpan>,
    pub(crate) records: BTreeMap<ContactId, ContactRecord>,
    contacts: u32,
    legs: u64,
}

impl Story {
    pub(crate) fn new() -> Self {
        let now = Now::new(Instant::from_millis(3_600_000), Utc::from_secs(1_790_000_000));
        Story {
            names: names(),
            ledger: Ledger::new(),
            wallboard: Wallboard::new(now.utc),
            now,
            visits: BTreeMap::new(),
            talks: Vec::new(),
            spans: Vec::new(),
            records: BTreeMap::new(),
            contacts: 0,
            legs: 0,
        }
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        self.ledger.handle_timeout(self.now.mono);
        self.keep();
    }

    pub(crate) fn fact(&mut self, fact: Fact) {
        let stamped = Stamped { at: self.now, fact };
        self.ledger.handle_fact(&stamped, &self.names);
        self.wallboard.handle_fact(&stamped, &self.names);
        self.keep();
    }

    pub(crate) fn stop(&mut self) {
        self.ledger.close_all(self.now);
        self.keep();
    }

    fn keep(&mut self) {
        while let Some(entry) = self.ledger.poll_entry() {
            match entry {
                Entry::Visit(visit) => {
                    self.wallboard.handle_visit(&visit);
                    let before = self.visits.insert((visit.contact, visit.nth), visit);
                    // The second coming of an answered visit; nothing else comes twice.
                    assert!(before.is_none_or(|b| b.end == crate::VisitEnd::Answered { work: None }), "{before:?}");
                }
                Entry::Talk(talk) => self.talks.push(talk),
                Entry::Span(span) => self.spans.push(span),
                Entry::Record(record) => {
                    let before = self.records.insert(record.arrival.contact, *record);
                    assert!(before.is_none(), "one record a contact");
                }
            }
        }
    }

    pub(crate) fn agent(&mut self, agent: u32, state: AgentState) {
        self.fact(Fact::AgentChanged { agent: AgentId(agent), state, phone: Some(PhoneId(agent)) });
    }

    pub(crate) fn arrive(&mut self) -> Caller {
        self.contacts += 1;
        let contact = ContactId::new(ShardId(0), 1, self.contacts);
        self.fact(Fact::ContactArrived {
            contact,
            source: Source::Trunk(TrunkId(0)),
            caller: "+8613800138000".into(),
            dialled: "4008001234".into(),
            call_id: "a84b4c76e66710".into(),
            attached: vec![("language".into(), "en".into())],
        });
        let leg = self.leg(contact, Party::Caller);
        Caller { contact, leg }
    }

    pub(crate) fn leg(&mut self, contact: ContactId, party: Party) -> LegId {
        self.legs += 1;
        let leg = LegId(self.legs);
        self.fact(Fact::LegStarted { contact, leg, party });
        leg
    }

    pub(crate) fn answered(&mut self, contact: ContactId, leg: LegId) {
        self.fact(Fact::LegAnswered { contact, leg, codec: Some(Codec::Pcmu) });
    }

    pub(crate) fn queued(&mut self, contact: ContactId, queue: QueueId) {
        self.fact(Fact::Queued { contact, queue, priority: 0, position: 1, kept: Some(Duration::ZERO) });
    }

    /// The agent's phone rings.
    pub(crate) fn offered(&mut self, contact: ContactId, queue: QueueId, agent: u32) -> LegId {
        self.agent(agent, AgentState::Reserved { contact });
        self.fact(Fact::Offered { contact, queue, agent: AgentId(agent), decision: None });
        let leg = self.leg(contact, Party::Agent(AgentId(agent)));
        self.fact(Fact::LegRinging { contact, leg });
        leg
    }

    /// He answers: from here they talk.
    pub(crate) fn connected(&mut self, contact: ContactId, queue: QueueId, agent: u32, leg: LegId, waited: Duration) {
        self.answered(contact, leg);
        let id = AgentId(agent);
        self.fact(Fact::OfferEnded { contact, queue, agent: id, outcome: OfferOutcome::Accepted });
        self.fact(Fact::Connected { contact, queue, agent: id, waited });
        self.agent(agent, AgentState::Busy { contact });
        self.fact(Fact::TalkStarted { contact, agent: id, queue: Some(queue) });
    }

    pub(crate) fn talk_ended(&mut self, contact: ContactId, agent: u32, talked: Duration, held: Duration) {
        self.fact(Fact::TalkEnded { contact, agent: AgentId(agent), talked, held });
    }

    pub(crate) fn leg_ended(&mut self, contact: ContactId, leg: LegId, kind: CauseKind) {
        self.fact(Fact::LegEnded { contact, leg, cause: Cause::new(kind), by: model::Releaser::Party });
    }

    pub(crate) fn quality(&mut self, contact: ContactId, leg: LegId) {
        let quality = Quality { packets_received: 500, mos: Some(4.3), ..Quality::default() };
        self.fact(Fact::LegQuality { contact, leg, quality });
    }

    pub(crate) fn ended(&mut self, contact: ContactId, end: ContactEnd, kind: CauseKind) {
        self.fact(Fact::ContactEnded { contact, end, cause: Cause::new(kind) });
    }

    /// A whole call through `support`: waits, talks, is wrapped up.
    pub(crate) fn served(&mut self, agent: u32, wait: Duration, talk: Duration, wrap_up: Duration) -> ContactId {
        let Caller { contact, leg: caller } = self.arrive();
        self.answered(contact, caller);
        self.queued(contact, SUPPORT);
        self.pass(wait);
        let leg = self.offered(contact, SUPPORT, agent);
        self.connected(contact, SUPPORT, agent, leg, wait);
        self.pass(talk);
        self.hang_up(contact, caller, agent, leg, talk);
        self.pass(wrap_up);
        self.agent(agent, AgentState::Ready);
        contact
    }

    /// The caller hangs up on his agent, who goes to wrap-up.
    pub(crate) fn hang_up(&mut self, contact: ContactId, caller: LegId, agent: u32, leg: LegId, talked: Duration) {
        self.leg_ended(contact, caller, CauseKind::NormalClearing);
        self.talk_ended(contact, agent, talked, Duration::ZERO);
        self.leg_ended(contact, leg, CauseKind::NormalClearing);
        self.agent(agent, AgentState::WrapUp { contact });
        self.quality(contact, caller);
        self.quality(contact, leg);
        self.ended(contact, ContactEnd::Served, CauseKind::NormalClearing);
    }

    pub(crate) fn visit(&self, contact: ContactId, nth: u32) -> QueueVisit {
        self.visits[&(contact, nth)]
    }

    pub(crate) fn steps(&self, contact: ContactId) -> Vec<&'static str> {
        self.records[&contact].steps.iter().map(|step| step.what).collect()
    }
}

/// A contact and its first leg.
#[derive(Clone, Copy)]
pub(crate) struct Caller {
    pub(crate) contact: ContactId,
    pub(crate) leg: LegId,
}
