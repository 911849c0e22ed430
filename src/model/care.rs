use crate::{CalendarId, ClassOfService, SoundName};
use core::time::Duration;

/// What a queue does for its people beside matching them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Care {
    pub whisper: Whisper,
    /// Who hangs up while waiting and calls again within this time has his old place.
    pub resume: Option<Duration>,
    /// `None`: nobody is called back for this queue.
    pub callback: Option<CallbackPolicy>,
    /// `None`: who comes is told nothing of a long wait.
    pub warning: Option<Warning>,
    pub voicemail: VoicemailPolicy,
}

/// Who would wait long hears so when he comes, and then waits on or leaves by a key. His place is his meanwhile.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Warning {
    /// From this expected wait on …
    pub expected_wait: Option<Duration>,
    /// … or with more than so many in the line, himself included.
    pub length: Option<u32>,
    /// Before the time that is told.
    pub sound: SoundName,
}

/// How messages are taken for a queue ([`crate::Target::Voicemail`]).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VoicemailPolicy {
    /// Before the tone; `None`: the library's.
    pub greeting: Option<SoundName>,
    /// How long one may speak.
    pub longest: Duration,
}

impl Default for VoicemailPolicy {
    fn default() -> Self {
        VoicemailPolicy { greeting: None, longest: Duration::from_secs(120) }
    }
}

/// What the agent hears between his answer and the caller; the caller hears music meanwhile.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Whisper {
    /// Such as the queue's name.
    pub sound: Option<SoundName>,
    /// How many minutes the caller has waited.
    pub waited: bool,
}

/// How callers are called back who chose that instead of waiting ([`crate::Target::Callback`]).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallbackPolicy {
    pub first: CallbackFirst,
    /// The most that may be dialled: a caller can enter any number.
    pub class: ClassOfService,
    /// Nobody is called outside these hours.
    pub hours: Option<CalendarId>,
    /// How long his phone rings.
    pub ring: Duration,
    /// Attempts in all.
    pub tries: u8,
    /// Time between two attempts.
    pub every: Duration,
}

impl Default for CallbackPolicy {
    fn default() -> Self {
        CallbackPolicy {
            first: CallbackFirst::Agent,
            class: ClassOfService::National,
            hours: None,
            ring: Duration::from_secs(30),
            tries: 3,
            every: Duration::from_secs(600),
        }
    }
}

/// Who is on the line first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum CallbackFirst {
    /// The agent: the customer never waits.
    #[default]
    Agent,
    /// The customer: the agent is not disturbed for nothing.
    Caller,
}
