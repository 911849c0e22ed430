//! A directory by hand, for benches of the distributor alone.

use core::time::Duration;
use model::{
    Absent, Agent, AnnouncePolicy, AnswerMode, ClassOfService, Directory, EmptyRule, FeatureCodes, Generation,
    IdleClock, InitialState, Language, Limits, MediaSettings, MissedPolicy, Phone, PhoneId, Queue, QueueId,
    RecordPolicy, ServiceLevel, Site, SoundId, Strategy, Treatment, WrapUpMode,
};

fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

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
        wrap_up: Duration::ZERO,
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
        service_level: ServiceLevel {
            target: secs(20),
            percent: 80,
            treatment: Treatment::Negative,
            short_abandon: secs(5),
        },
        removed: false,
    }
}

/// Agent `n` has phone `n` at a fixed place and is ready from the start.
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

pub(crate) fn directory(queues: Vec<Queue>, agents: Vec<Agent>) -> Directory {
    let codes = || "*0".into();
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
            sign_on: codes(),
            sign_off: codes(),
            ready: codes(),
            not_ready: codes(),
            extend: codes(),
            listen: codes(),
            whisper: codes(),
            barge: codes(),
            take_over: codes(),
        },
        // One phone more than agents: a free desk.
        phones: (0..=agents.len() as u32).map(phone).collect(),
        queues,
        agents,
        trunks: Vec::new(),
        routes: Vec::new(),
        numbers: Vec::new(),
        calendars: Vec::new(),
        skills: Vec::new(),
        requirements: Vec::new(),
        reasons: model::Reasons::default(),
        sounds: Default::default(),
    }
}
