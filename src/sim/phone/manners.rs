use core::time::Duration;
use model::Codec;
use std::collections::VecDeque;

/// What a phone does when it is rung, and how it speaks.
#[derive(Clone, Debug)]
pub struct Manners {
    /// What it does with each call …
    pub answer: Answer,
    /// … but first with these, one each.
    pub next: VecDeque<Answer>,
    /// In order of preference.
    pub codecs: Vec<Codec>,
    /// The tone it says; `None`: it sends no packets.
    pub tone: Option<u16>,
    /// Hangs up so long after its call was answered.
    pub talks: Option<Duration>,
    /// In a world without media no message carries a description.
    pub media: bool,
}

/// What becomes of a call that rings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Rings, then answers.
    After(Duration),
    /// Rings for ever.
    Never,
    /// Rings, then says so.
    Refuse { status: u16, after: Duration },
    /// 100 and nothing more.
    TryingOnly,
    /// Nothing at all: the phone has no power.
    Silent,
}

impl Answer {
    pub const AT_ONCE: Answer = Answer::After(Duration::ZERO);

    /// Refuses at once.
    pub const fn refuse(status: u16) -> Self {
        Answer::Refuse { status, after: Duration::ZERO }
    }
}

impl Manners {
    pub(crate) fn new(tone: Option<u16>, media: bool) -> Self {
        Manners {
            answer: Answer::After(Duration::from_secs(2)),
            next: VecDeque::new(),
            codecs: vec![Codec::Pcmu, Codec::Pcma],
            tone,
            talks: None,
            media,
        }
    }
}
