//! A small house for this room's tests, and a hand that writes facts in the order the machines do.

use crate::{AgentSpan, ContactRecord, Entry, Ledger, QueueVisit, Talk, Wallboard};
use base::{Instant, Now, Utc};
use core::time::Duration;
use model::{
    Absent, Agent, AgentId, AgentState, AnnouncePolicy, AnswerMode, CalledFrom, Cause, CauseKind, ClassOfService,
    Codec, ContactEnd, ContactId, Directory, EmptyRule, Fact, FeatureCodes, Generation, IdleClock, InitialState,
    Language, LegId, Limits, MediaSettings, MissedPolicy, OfferOutcome, Party, Phone, PhoneId, Quality, Queue, QueueId,
    RecordPolicy, ServiceLevel, ShardId, Site, SoundId, Source, Stamped, Strategy, Treatment, Trunk, TrunkId,
    WrapUpMode,
};
use std::collections::BTreeMap;

pub(crate) fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

pub(crate) const LEVEL: ServiceLevel = ServiceLevel {
    target: Duration::from_secs(20),
    percent: 80,
    treatment: Treatment::Negative,
    short_abandon: Duration::from_secs(5),
};

pub(crate) fn queue(name: &str) -> Queue {
    Queue {
        name: name.into(),
        strategy: Strategy::LongestIdle,
        idle_clock: IdleClock::Release,
        routing: model::Routing::default(),
        answer: AnswerMode::AtOnce,
        hours: None,
        music: SoundId(0),
        announce: AnnouncePolicy::default(),
        keys: Vec::new(),
        wrap_up: secs(5),
        wrap_up_mode: WrapUpMode::Fixed,
        ring_timeout: secs(15),
        missed: MissedPolicy { limit: 3, pause: secs(60) },
        max_wait: None,
        max_length: None,
        max_expected_wait: None,
        min_staffed: None,
        empty: EmptyRule::new(Absent::SIGNED_OFF, None),
        closed: None,
        record: RecordPolicy::Off,
        record_notice: None,
        care: model::Care::default(),
        service_level: LEVEL,
        removed: false,
    }
}

pub(crate) fn agent(n: u32, queues: &[u32]) -> Agent {
    Agent {
        id: format!("{}", 1000 + n).into(),
        name: "".into(),
        phone: Some(PhoneId(n)),
        pin: None,
        queues: queues.iter().map(|q| QueueId(*q)).collect(),
        skills: Vec::new(),
        weight: 1,
        class: ClassOfService::Internal,
        initial_state: InitialState::Ready,
        reserve: Vec::new(),
        capacity: model::Capacity::default(),
        supervises: model::Supervises::Nobody,
        removed: false,
    }
}

pub(crate) fn phone(n: u32) -> Phone {
    Phone {
        id: format!("{}", 1000 + n).into(),
        password: None,
        contact: Some("sip:phone@192.0.2.1".into()),
        auto_answer: false,
        answer_tone: true,
        removed: false,
    }
}

/// Queues `support` and `second`, four agents who serve both, one trunk.
pub(crate) fn names() -> Directory {
    let code = || "*0".into();
    Directory {
        generation: Generation::Hotline,
        site: Site {
            time_zone: "UTC".into(),
            region: "CN".into(),
            language: Language::English,
            domain: "127.0.0.1".into(),
            public_address: None,
            local_networks: Vec::new(),
        },
        media: MediaSettings {
            address: Vec::new(),
            public_address: None,
            ports: 10000..=10100,
            codecs: Vec::new(),
            timeout: secs(30),
        },
        limits: Limits { max_calls: 100, shards: 1, drain: secs(600) },
        feature_codes: FeatureCodes {
            sign_on: code(),
            sign_off: code(),
            ready: code(),
            not_ready: code(),
            extend: code(),
            listen: code(),
            whisper: code(),
            barge: code(),
            take_over: code(),
        },
        phones: (0..4).map(phone).collect(),
        queues: vec![queue("support"), queue("second")],
        agents: (0..4).map(|n| agent(n, &[0, 1])).collect(),
        trunks: vec![Trunk {
            name: "carrier".into(),
            host: "".into(),
            allow_from: Vec::new(),
            register: false,
            username: "".into(),
            realm: "".into(),
            password: None,
            called_from: CalledFrom::RequestUri,
            trust_identity: true,
            options_interval: Duration::ZERO,
            max_calls: 100,
            max_cps: 100,
            removed: false,
        }],
        routes: Vec::new(),
        numbers: Vec::new(),
        calendars: Vec::new(),
        skills: Vec::new(),
        requirements: Vec::new(),
        reasons: model::Reasons::default(),
        sounds: Default::default(),
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
        self.fact(Fact::Queued { contact, queue, priority: 0, position: 1 });
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
