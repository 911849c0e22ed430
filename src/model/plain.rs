//! The plainest of each noun, for houses made by hand: tests, benches and examples write down what they are about and
//! take the rest from here.
//!
//! ```
//! use model::{Queue, Strategy, plain};
//! let random = Queue { strategy: Strategy::Random, ..plain::queue("support") };
//! let house = plain::directory(vec![random], vec![plain::agent(0, &[0])]);
//! assert_eq!(house.queue_named("support"), Some(model::QueueId(0)));
//! ```

use crate::{
    Absent, Agent, AnnouncePolicy, AnswerMode, CalledFrom, Capacity, Care, ClassOfService, Codec, Directory, EmptyRule,
    FeatureCodes, Generation, IdleClock, InitialState, Language, Limits, MediaSettings, MissedPolicy, NailedUp, Phone,
    PhoneId, Queue, QueueId, Reasons, RecordPolicy, Routing, ServiceLevel, Site, SoundId, Strategy, Supervises,
    Treatment, Trunk, WrapUpMode,
};
use core::net::{IpAddr, Ipv4Addr};
use core::time::Duration;

/// 80 % in 20 s, where who gave up within 5 s counts for nothing.
pub const LEVEL: ServiceLevel = ServiceLevel {
    target: Duration::from_secs(20),
    percent: 80,
    treatment: Treatment::Negative,
    short_abandon: Duration::from_secs(5),
};

/// No wrap-up, no announcements, no rules but the one of the empty queue.
pub fn queue(name: &str) -> Queue {
    Queue {
        name: name.into(),
        strategy: Strategy::LongestIdle,
        idle_clock: IdleClock::Release,
        routing: Routing::default(),
        answer: AnswerMode::AtOnce,
        hours: None,
        music: SoundId(0),
        announce: AnnouncePolicy::default(),
        keys: Vec::new(),
        wrap_up: Duration::ZERO,
        wrap_up_mode: WrapUpMode::Fixed,
        ring_timeout: Duration::from_secs(15),
        missed: MissedPolicy { limit: 3, pause: Duration::from_secs(60) },
        max_wait: None,
        max_length: None,
        max_expected_wait: None,
        min_staffed: None,
        empty: EmptyRule::new(Absent::SIGNED_OFF, None),
        closed: None,
        record: RecordPolicy::Off,
        record_notice: None,
        care: Care::default(),
        service_level: LEVEL,
        removed: false,
    }
}

/// Agent `n` has phone `n` at a fixed place and is ready from the start.
pub fn agent(n: u32, queues: &[u32]) -> Agent {
    Agent {
        id: format!("{}", 1000 + n).into(),
        name: "".into(),
        place: n,
        phone: Some(PhoneId(n)),
        pin: None,
        queues: queues.iter().map(|q| QueueId(*q)).collect(),
        skills: Vec::new(),
        weight: 1,
        class: ClassOfService::Internal,
        initial_state: InitialState::Ready,
        reserve: Vec::new(),
        capacity: Capacity::default(),
        nailed_up: NailedUp::Off,
        breather: None,
        supervises: Supervises::Nobody,
        removed: false,
    }
}

/// It registers.
pub fn phone(id: &str) -> Phone {
    Phone { id: id.into(), password: None, contact: None, auto_answer: false, answer_tone: true, removed: false }
}

/// The phone of agent `n`, at a fixed place.
pub fn desk(n: u32) -> Phone {
    Phone { contact: Some("sip:phone@192.0.2.1".into()), ..phone(&format!("{}", 1000 + n)) }
}

pub fn trunk(name: &str) -> Trunk {
    Trunk {
        name: name.into(),
        host: "".into(),
        allow_from: Vec::new(),
        register: false,
        username: "".into(),
        realm: "".into(),
        password: None,
        called_from: CalledFrom::RequestUri,
        trust_identity: true,
        options_interval: Duration::ZERO,
        max_calls: 1000,
        max_cps: 1000,
        removed: false,
    }
}

pub fn feature_codes() -> FeatureCodes {
    FeatureCodes {
        sign_on: "*11".into(),
        sign_off: "*12".into(),
        ready: "*13".into(),
        not_ready: "*14".into(),
        extend: "*15".into(),
        listen: "*31".into(),
        whisper: "*32".into(),
        barge: "*33".into(),
        take_over: "*34".into(),
    }
}

/// A desk for each agent and a free one, on one machine that knows no outside.
pub fn directory(queues: Vec<Queue>, agents: Vec<Agent>) -> Directory {
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
            address: vec![IpAddr::V4(Ipv4Addr::LOCALHOST)],
            public_address: None,
            ports: 10_000..=10_100,
            codecs: vec![Codec::Pcmu],
            timeout: Duration::from_secs(30),
        },
        limits: Limits { max_calls: 100, shards: 1, drain: Duration::from_secs(600) },
        feature_codes: feature_codes(),
        phones: (0..=agents.len() as u32).map(desk).collect(),
        queues,
        agents,
        trunks: Vec::new(),
        routes: Vec::new(),
        numbers: Vec::new(),
        calendars: Vec::new(),
        skills: Vec::new(),
        requirements: Vec::new(),
        reasons: Reasons::default(),
        sounds: Default::default(),
    }
}
