use serde::{Deserialize, Serialize};

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case")]
pub(crate) enum Request {
    Status,
    Queues,
    Agents,
    Calls,
    Trunks,
    Agent {
        id: String,
        action: AgentVerb,
        /// With `extend`: by how much.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seconds: Option<u64>,
    },
    HangUp {
        call: String,
    },
    Queue {
        name: String,
        action: QueueVerb,
        /// Which of its reserves, counted from 1; without it all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reserve: Option<u8>,
    },
    Drain,
    Reload,
    Log {
        level: String,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum QueueVerb {
    Close,
    Open,
    CallIn,
    SendAway,
    ByRule,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AgentVerb {
    Ready,
    NotReady,
    SignOff,
    Extend,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Reply {
    Status(StatusLine),
    Queues(Vec<QueueLine>),
    Agents(Vec<AgentLine>),
    Calls(Vec<CallLine>),
    Trunks(Vec<TrunkLine>),
    Done { message: String },
    Refused { reason: String },
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct StatusLine {
    pub(crate) version: String,
    pub(crate) ready: bool,
    pub(crate) draining: bool,
    pub(crate) store_healthy: bool,
    pub(crate) uptime_seconds: u64,
    pub(crate) generation: u8,
    pub(crate) sip: Vec<String>,
    pub(crate) http: String,
    pub(crate) calls: usize,
    pub(crate) legs: usize,
    pub(crate) registrations: usize,
    pub(crate) sip_sessions: usize,
    pub(crate) sip_transactions: usize,
    pub(crate) media_ports: u64,
    pub(crate) media_legs: u64,
    pub(crate) packets_relayed: u64,
    pub(crate) facts: u64,
    pub(crate) records_lost: u64,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct QueueLine {
    pub(crate) queue: String,
    /// "yes"; "closed" by its calendar; "shut" by hand, until it is opened by hand.
    pub(crate) open: String,
    pub(crate) waiting: u32,
    pub(crate) longest_wait_seconds: f64,
    pub(crate) ready: u32,
    pub(crate) ringing: u32,
    pub(crate) busy: u32,
    pub(crate) wrap_up: u32,
    pub(crate) not_ready: u32,
    pub(crate) signed_off: u32,
    /// Its reserves that have joined, counted from 1 as they are written; absent from servers that know none.
    #[serde(default)]
    pub(crate) reserves: Vec<u8>,
    pub(crate) offered: u64,
    pub(crate) answered: u64,
    pub(crate) abandoned: u64,
    pub(crate) flowed_out: u64,
    /// By the queue's configured treatment, today; absent without contacts.
    pub(crate) service_level: Option<f64>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct AgentLine {
    pub(crate) agent: String,
    pub(crate) name: String,
    pub(crate) state: String,
    pub(crate) reason: Option<String>,
    /// What he will be when nothing keeps him any more, if not ready.
    pub(crate) next: Option<String>,
    /// In this state; nothing when nobody has signed on since the start.
    pub(crate) seconds: Option<f64>,
    pub(crate) phone: Option<String>,
    pub(crate) call: Option<String>,
    /// Contacts of each medium he may have at a time; absent from servers that do not say it.
    #[serde(default)]
    pub(crate) capacity: CapacityLine,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct CapacityLine {
    pub(crate) voice: u8,
    pub(crate) chat: u8,
    pub(crate) mail: u8,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct CallLine {
    pub(crate) call: String,
    /// RFC 3339, UTC.
    pub(crate) since: String,
    /// The same in the site's time; absent from servers that tell only UTC.
    #[serde(default)]
    pub(crate) since_at_site: String,
    pub(crate) state: String,
    /// As it came; empty when the caller showed none.
    pub(crate) caller: String,
    pub(crate) dialled: String,
    /// `trunk:carrier` or `phone:1001`.
    pub(crate) from: String,
    pub(crate) seconds: f64,
    pub(crate) queue: Option<String>,
    pub(crate) agents: Vec<String>,
    pub(crate) legs: usize,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct TrunkLine {
    pub(crate) trunk: String,
    pub(crate) up: bool,
    pub(crate) registered: Option<bool>,
    pub(crate) calls: u32,
}
