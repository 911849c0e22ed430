use crate::{CalendarId, Care, EmptyRule, Routing, SoundId, SoundName, Target};
use core::time::Duration;

/// A waiting line and how it is served.
#[derive(Clone, PartialEq, Debug)]
pub struct Queue {
    pub name: Box<str>,
    pub strategy: Strategy,
    pub idle_clock: IdleClock,
    pub routing: Routing,
    pub answer: AnswerMode,
    pub hours: Option<CalendarId>,
    /// Played while waiting, over and over.
    pub music: SoundId,
    pub announce: AnnouncePolicy,
    /// Breakout keys: leave the queue by dialling.
    pub keys: Vec<(char, Target)>,
    pub wrap_up: Duration,
    pub wrap_up_mode: WrapUpMode,
    pub ring_timeout: Duration,
    pub missed: MissedPolicy,
    pub max_wait: Option<MaxWait>,
    pub max_length: Option<MaxLength>,
    /// Who would wait longer than this, from when he comes or from any moment of his wait on, goes elsewhere.
    pub max_expected_wait: Option<MaxWait>,
    /// With fewer agents at work nobody comes in, and who waits leaves.
    pub min_staffed: Option<MinStaffed>,
    pub empty: EmptyRule,
    pub closed: Option<Target>,
    pub record: RecordPolicy,
    /// Played to the caller before a recorded conversation.
    pub record_notice: Option<SoundName>,
    pub service_level: ServiceLevel,
    pub care: Care,
    pub removed: bool,
}

impl Queue {
    /// Where its rules lead those whom nobody serves here; the first is the way out when no rule is for the case.
    pub fn rules_out(&self) -> impl Iterator<Item = &Target> {
        let rules = [
            self.max_wait.as_ref().map(|rule| &rule.to),
            self.max_length.as_ref().map(|rule| &rule.to),
            self.max_expected_wait.as_ref().map(|rule| &rule.to),
            self.min_staffed.as_ref().map(|rule| &rule.to),
            self.empty.to.as_ref(),
            self.closed.as_ref(),
        ];
        rules.into_iter().flatten()
    }

    /// Where its rules and its callers' keys lead.
    pub fn ways_out(&self) -> impl Iterator<Item = &Target> {
        self.rules_out().chain(self.keys.iter().map(|(_, to)| to))
    }
}

/// Which ready agent gets a contact.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Strategy {
    /// The agent idle longest by the queue's clock.
    #[default]
    LongestIdle,
    /// One after the other, each once before anybody is asked again.
    RoundRobin,
    /// Who was given the fewest contacts since he signed on.
    LeastCalls,
    /// The smallest share of work in his time since he signed on.
    LeastOccupied,
    /// Always the first in the configuration who is ready.
    Linear,
    Random,
    /// At random, in proportion to [`crate::Agent::weight`].
    Weighted,
    /// All who are ready at once; the first who answers has it.
    RingAll,
    /// One phone, then one more each time [`Routing::ring_step`] has passed.
    RingProgressive,
    /// The highest level in the skills asked for.
    BestSkill,
    /// Who can do the least else: generalists are kept free.
    LeastVersatile,
}

impl Strategy {
    pub const ALL: [Strategy; 11] = [
        Strategy::LongestIdle,
        Strategy::RoundRobin,
        Strategy::LeastCalls,
        Strategy::LeastOccupied,
        Strategy::Linear,
        Strategy::Random,
        Strategy::Weighted,
        Strategy::RingAll,
        Strategy::RingProgressive,
        Strategy::BestSkill,
        Strategy::LeastVersatile,
    ];

    /// The word in the configuration.
    pub const fn word(self) -> &'static str {
        match self {
            Strategy::LongestIdle => "longest-idle",
            Strategy::RoundRobin => "round-robin",
            Strategy::LeastCalls => "least-calls",
            Strategy::LeastOccupied => "least-occupied",
            Strategy::Linear => "linear",
            Strategy::Random => "random",
            Strategy::Weighted => "weighted",
            Strategy::RingAll => "ring-all",
            Strategy::RingProgressive => "ring-progressive",
            Strategy::BestSkill => "best-skill",
            Strategy::LeastVersatile => "least-versatile",
        }
    }
}

/// From when idle time counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum IdleClock {
    /// Since the last contact was released.
    #[default]
    Release,
    /// Since he last became ready.
    Ready,
    /// Since the last offer.
    Offer,
}

impl IdleClock {
    pub const ALL: [IdleClock; 3] = [IdleClock::Release, IdleClock::Ready, IdleClock::Offer];

    /// The word in the configuration.
    pub const fn word(self) -> &'static str {
        match self {
            IdleClock::Release => "release",
            IdleClock::Ready => "ready",
            IdleClock::Offer => "offer",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum AnswerMode {
    #[default]
    AtOnce,
    /// 183 with early media: waiting is not charged.
    WithAgent,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AnnouncePolicy {
    pub position: bool,
    pub wait: bool,
    /// The first time so long after the contact came.
    pub first: Duration,
    pub every: Duration,
    /// Only when place or time are better than what was told last.
    pub only_improved: bool,
    /// Also to the first in line, who may be connected at any moment.
    pub to_first: bool,
    /// No shorter time is told.
    pub least_wait: Duration,
    /// Times are rounded up to a multiple of this.
    pub round: Duration,
}

impl Default for AnnouncePolicy {
    fn default() -> Self {
        AnnouncePolicy {
            position: false,
            wait: false,
            first: Duration::from_secs(30),
            every: Duration::from_secs(30),
            only_improved: false,
            to_first: true,
            least_wait: Duration::from_secs(60),
            round: Duration::from_secs(60),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum WrapUpMode {
    #[default]
    Fixed,
    /// Ends at the latest after `wrap_up`, earlier when the agent says ready.
    Capped,
    /// The same, but who lets it run out is not ready until he says that he is: nobody knows whether he is still there.
    CappedNotReady,
    /// Only the agent ends it.
    AgentEnded,
}

/// One whose phone rang out is not ready for `pause`; zero pause: until he says ready. After `limit` offers in a row that
/// he missed or declined he is not ready until he says ready; 0: never for that.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MissedPolicy {
    pub limit: u32,
    pub pause: Duration,
}

#[derive(Clone, PartialEq, Debug)]
pub struct MaxWait {
    pub after: Duration,
    pub to: Target,
}

#[derive(Clone, PartialEq, Debug)]
pub struct MaxLength {
    pub at: u32,
    pub to: Target,
}

#[derive(Clone, PartialEq, Debug)]
pub struct MinStaffed {
    pub agents: u32,
    pub to: Target,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum RecordPolicy {
    #[default]
    Off,
    All,
    /// This share of contacts, 1–99.
    Percent(u8),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ServiceLevel {
    pub target: Duration,
    pub percent: u8,
    pub treatment: Treatment,
    pub short_abandon: Duration,
}

/// How abandoned contacts count in the service level.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Treatment {
    Handled,
    Ignore,
    #[default]
    Negative,
    Positive,
    Short,
    Late,
    /// Genesys with its switches off: neither who flowed out nor who still waits is in it.
    Genesys,
    /// Cisco's service-level event: what happens first of the answer, the hang-up and the target's passing. A phone
    /// that rings out before the target counts like a hang-up.
    Event,
}

impl Treatment {
    pub const ALL: [Treatment; 8] = [
        Treatment::Handled,
        Treatment::Ignore,
        Treatment::Negative,
        Treatment::Positive,
        Treatment::Short,
        Treatment::Late,
        Treatment::Genesys,
        Treatment::Event,
    ];

    /// The word in the configuration and in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Treatment::Handled => "handled",
            Treatment::Ignore => "ignore",
            Treatment::Negative => "negative",
            Treatment::Positive => "positive",
            Treatment::Short => "short",
            Treatment::Late => "late",
            Treatment::Genesys => "genesys",
            Treatment::Event => "event",
        }
    }
}
