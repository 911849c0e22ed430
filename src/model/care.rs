use crate::SoundName;
use core::time::Duration;

/// What a queue does for its people beside matching them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Care {
    pub whisper: Whisper,
    /// Who hangs up while waiting and calls again within this time has his old place.
    pub resume: Option<Duration>,
}

/// What the agent hears between his answer and the caller; the caller hears music meanwhile.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Whisper {
    /// Such as the queue's name.
    pub sound: Option<SoundName>,
    /// How many minutes the caller has waited.
    pub waited: bool,
}
