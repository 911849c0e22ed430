//! Room `model`: the nouns of a call centre, shared by every room above.
//!
//! Purpose: ids, the configured [`Directory`], and the closed vocabularies in which rooms speak through the engine:
//! [`LegCommand`]/[`LegEvent`] (call ↔ leg port), [`MediaCommand`]/[`MediaEvent`] (call ↔ media worker),
//! [`QueueCommand`]/[`QueueEvent`] (call ↔ distributor), [`Command`] (people → machine) and [`Fact`] (machine → world).
//!
//! Invariants: plain data, no behaviour that decides; every enum here is matched without `_`, so a new variant stops
//! the compiler at each reader. An index id ([`QueueId`], [`AgentId`], …) is never given to something else while the
//! process lives, also across a reload.
//!
//! Deliberately absent: SIP, SDP text beyond an opaque [`Sdp`], sockets, files, clocks.

mod absent;
mod agent;
mod calendar;
mod care;
mod cause;
mod command;
mod decision;
mod directory;
mod fact;
mod generation;
mod identity;
mod ids;
mod leg;
mod limits;
mod media;
mod number;
mod phone;
pub mod plain;
mod promise;
mod queue;
mod queueing;
mod reason;
mod recorded;
mod reserve;
mod routing;
mod rules;
mod same_number;
mod secret;
mod site;
mod sound;
mod traffic;
mod trunk;

pub use absent::{Absent, EmptyRule};
pub use agent::{
    Agent, AgentState, Breather, Capacity, InitialState, NailedUp, NotReadyReason, SkillLevel, Supervises,
};
pub use calendar::{Calendar, ClosedDates, DaySpan, Exception, Weekday, WeeklyHours};
pub use care::{CallbackFirst, CallbackPolicy, Care, VoicemailPolicy, Warning, Whisper};
pub use cause::{Cause, CauseKind};
pub use command::{Actor, AgentAction, Command, CommandError, QueueAction, ReserveOrder, SupervisorMode};
pub use decision::{Decision, Excluded, Exclusion, Heads, Next};
pub use directory::Directory;
pub use fact::{
    ConfigText, ContactEnd, Fact, FlowReason, ForcedAction, LineStep, Party, Releaser, Stamped, TransferKind,
};
pub use generation::Generation;
pub use identity::{Identity, Pii};
pub use ids::{
    AgentId, CalendarId, ContactId, LegId, OfferId, PhoneId, QueueId, RequirementId, RouteId, ShardId, SkillId,
    SoundId, TrunkId, WorkerId,
};
pub use leg::{Dial, DialTarget, Incoming, LegCommand, LegEvent, MAX_FORWARDS, Progress, ReferTarget, Sdp, Source};
pub use limits::{FLOWS_MAX, HEADS_MAX, RESERVES_MAX, RINGS_MAX};
pub use media::{
    Codec, Direction, Family, Key, MediaCommand, MediaEvent, MediaPort, PlayId, Quality, Role, SourcePolicy,
    StreamSetup,
};
pub use number::{ClassOfService, NumberRule, Pattern, Route, Target};
pub use phone::Phone;
pub use promise::{AsideReason, CallbackStep, Memory, News, OpenPromise, PastPlace, Promise};
pub use queue::{
    AnnouncePolicy, AnswerMode, IdleClock, MaxLength, MaxWait, MinStaffed, MissedPolicy, Queue, RecordPolicy,
    ServiceLevel, Strategy, Treatment, WrapUpMode,
};
pub use queueing::{Offer, OfferOutcome, QueueCommand, QueueEvent, Withdrawal};
pub use reason::{Reason, Reasons};
pub use recorded::{VOICEMAIL_FOLDER, message_name, read_message_name, stamp};
pub use reserve::{InReserve, Joined, RESERVE_LEVELS, Reserve, ReserveChange, ReserveOf};
pub use routing::{
    Ageing, FigureRange, OBJECTIVE_DEFAULT, Preferred, QueueFigure, Requirement, Routing, SkillRange, Step, Wish,
    level_of,
};
pub use rules::{Attribute, Attributes, Judged, JudgedBy, Judgement, Rule, Sticky};
pub use same_number::same_number;
pub use secret::Secret;
pub use site::{FeatureCodes, Limits, MediaSettings, Site};
pub use sound::{Language, SoundName};
pub use traffic::{Break, Demand, Habit, Manners, PastCall, Shift, Spread, Stream, Weekdays};
pub use trunk::{CalledFrom, Network, Trunk};
