use core::time::Duration;
use model::{
    Agent, AnnouncePolicy, AnswerMode, ClassOfService, Codec, Directory, Language, Limits, MaxWait, MediaSettings,
    Network, NumberRule, Pattern, Queue, QueueId, RecordPolicy, Route, Secret, Site, SoundId, SoundName, Supervises,
    Target, Trunk, TrunkId, plain,
};
use std::collections::HashMap;

/// Two trunks, four agents at four phones, three queues.
pub(crate) fn house() -> Directory {
    let sounds: HashMap<_, _> = SOUNDS
        .iter()
        .enumerate()
        .map(|(i, name)| ((Language::English, SoundName((*name).into())), SoundId(i as u32)))
        .collect();
    let plain = plain::directory(
        vec![called_back(), Queue { answer: AnswerMode::WithAgent, ..queue("sales") }, recorded()],
        ["anna", "ben", "carol", "dave"].iter().zip(0..).map(|(name, n)| agent(n, name)).collect(),
    );
    Directory {
        site: Site {
            domain: "example.net".into(),
            local_networks: vec![Network { address: "198.51.100.0".parse().unwrap(), prefix: 24 }],
            ..plain.site
        },
        media: MediaSettings {
            address: vec!["192.0.2.1".parse().unwrap()],
            ports: 10_000..=32_767,
            codecs: vec![Codec::Pcmu, Codec::Pcma, Codec::G722],
            ..plain.media
        },
        limits: Limits { max_calls: 50, ..plain.limits },
        phones: ["1001", "1002", "1003", "1004", "2000"].into_iter().map(plain::phone).collect(),
        trunks: vec![trunk("carrier"), trunk("backup")],
        routes: routes(),
        numbers: numbers(),
        sounds,
        ..plain
    }
}

const SOUNDS: [&str; 50] = [
    "music/default",
    "announcements/sorry",
    "announcements/closed",
    "announcements/unavailable",
    "announcements/record-notice",
    "announcements/not-allowed",
    "queue/you-are-first",
    "queue/your-position",
    "queue/in-line",
    "queue/wait-less-than",
    "queue/minute",
    "queue/minutes",
    "queue/more-than-ten-minutes",
    "queue/thank-you-for-holding",
    "digits/1",
    "digits/2",
    "digits/3",
    "digits/4",
    "digits/20",
    "digits/hundred",
    "agent/enter-agent-id",
    "agent/enter-pin",
    "agent/signed-on",
    "agent/signed-off",
    "agent/ready",
    "agent/not-ready",
    "agent/invalid",
    "agent/listening",
    "agent/whispering",
    "agent/barging",
    "agent/taken-over",
    "agent/no-such-agent",
    "agent/agent-not-in-call",
    "agent/not-signed-on",
    "agent/not-allowed",
    "agent/extended",
    "agent/callback",
    "agent/give-a-reason",
    "tones/zip",
    "tones/silence",
    "queue/long-wait",
    "tones/beep",
    "voicemail/leave-message",
    "voicemail/saved",
    "callback/number",
    "callback/confirm",
    "callback/enter-number",
    "callback/not-possible",
    "callback/accepted",
    "callback/connecting",
];

fn queue(name: &str) -> Queue {
    Queue {
        announce: AnnouncePolicy { position: true, wait: true, ..AnnouncePolicy::default() },
        keys: vec![
            ('1', Target::Queue(QueueId(1))),
            ('9', Target::Announcement(SoundName("announcements/closed".into()))),
        ],
        wrap_up: Duration::from_secs(5),
        max_wait: Some(MaxWait {
            after: Duration::from_secs(600),
            to: Target::Announcement(SoundName("announcements/sorry".into())),
        }),
        ..plain::queue(name)
    }
}

/// Key 5 and number 4005 lead to a callback.
fn called_back() -> Queue {
    let callback = model::CallbackPolicy { tries: 2, every: Duration::from_secs(60), ..Default::default() };
    let mut queue = queue("support");
    queue.keys.push(('5', Target::Callback(QueueId(0))));
    queue.care.callback = Some(callback);
    queue
}

fn recorded() -> Queue {
    Queue {
        record: RecordPolicy::All,
        record_notice: Some(SoundName("announcements/record-notice".into())),
        ..queue("recorded")
    }
}

fn agent(n: u32, name: &str) -> Agent {
    Agent {
        id: format!("100{}", n + 1).into(),
        name: name.into(),
        pin: Some(Secret::new("1234")),
        class: if n == 3 { ClassOfService::Internal } else { ClassOfService::National },
        supervises: Supervises::Everybody,
        ..plain::agent(n, &[0])
    }
}

fn trunk(name: &str) -> Trunk {
    Trunk { host: "sip.example.net".into(), max_calls: 100, max_cps: 50, ..plain::trunk(name) }
}

fn pattern(text: &str) -> Pattern {
    let stem = text.trim_end_matches('*');
    Pattern { stem: stem.into(), open_ended: stem.len() < text.len() }
}

fn routes() -> Vec<Route> {
    let route = |text: &str, class, emergency| Route {
        pattern: pattern(text),
        trunks: vec![TrunkId(0), TrunkId(1)],
        class,
        emergency,
        strip: 0,
        prepend: "".into(),
        caller_id: None,
    };
    vec![
        route("110", ClassOfService::Internal, true),
        Route {
            strip: 1,
            prepend: "+86".into(),
            caller_id: Some("4008".into()),
            ..route("0*", ClassOfService::National, false)
        },
        route("+*", ClassOfService::International, false),
    ]
}

fn numbers() -> Vec<NumberRule> {
    let rule = |text: &str, to| NumberRule {
        pattern: pattern(text),
        trunk: None,
        to,
        priority: 0,
        language: Language::English,
        attach: Vec::new(),
    };
    vec![
        rule("4008", Target::Queue(QueueId(0))),
        rule("4009", Target::Queue(QueueId(1))),
        rule("4007", Target::Queue(QueueId(2))),
        rule("4001", Target::Agent(model::AgentId(0))),
        rule("4002", Target::Announcement(SoundName("announcements/closed".into()))),
        rule("4003", Target::Number("013900".into())),
        rule("4005", Target::Callback(QueueId(0))),
        rule("4006", Target::Voicemail(QueueId(0))),
        rule("4004", Target::Announcement(SoundName("announcements/none".into()))),
    ]
}

/// A plain description with these codecs, `/` between them.
pub(crate) fn offer_of(codecs: &str, host: &str) -> model::Sdp {
    sdp(codecs, host, "")
}

pub(crate) fn sdp(codecs: &str, host: &str, lines: &str) -> model::Sdp {
    let types: String = codecs
        .split('/')
        .map(|c| match c {
            "PCMU" => " 0",
            "PCMA" => " 8",
            "G722" => " 9",
            _ => " 18",
        })
        .collect();
    let kind = if host.contains(':') { "IP6" } else { "IP4" };
    let text = format!(
        "v=0\r\no=- 1 1 IN {kind} {host}\r\ns=-\r\nc=IN {kind} {host}\r\nt=0 0\r\nm=audio 4000 RTP/AVP{types}\r\n{lines}"
    );
    model::Sdp(text.into_bytes().into())
}
