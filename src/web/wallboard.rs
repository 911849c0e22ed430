use serde::Serialize;

/// What the wallboard shows at one instant.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct BoardView {
    /// RFC 3339.
    pub now: String,
    /// As a clock on the wall of the house shows them.
    pub date: String,
    pub time: String,
    pub site: String,
    /// `en` or `zh`: which language comes first.
    pub language: &'static str,
    pub ready: bool,
    pub calls: usize,
    pub queues: Vec<QueueTile>,
    pub agents: Vec<AgentTile>,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct QueueTile {
    pub name: String,
    pub waiting: usize,
    pub longest_wait_seconds: f64,
    pub ready: usize,
    pub ringing: usize,
    pub busy: usize,
    pub wrap_up: usize,
    pub not_ready: usize,
    pub offered: u64,
    pub answered: u64,
    pub abandoned: u64,
    pub flowed_out: u64,
    pub service_level_percent: Option<f64>,
    pub goal_percent: u8,
    pub target_seconds: f64,
    /// The formula in use, e.g. `negative`.
    pub treatment: &'static str,
    pub asa_seconds: Option<f64>,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct AgentTile {
    pub id: String,
    pub name: String,
    pub state: String,
    pub reason: Option<String>,
    /// In this state; nothing for one who has not been here since the start.
    pub seconds: Option<f64>,
}

pub(crate) const PAGE: &str = include_str!("wallboard.html");
