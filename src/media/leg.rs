use crate::graph::Source;
use crate::player::Player;
use crate::stream::Stream;
use base::{Instant, Key, TimerId};
use model::{LegId, Role};

/// One endpoint of a conversation.
#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) id: LegId,
    pub(crate) group: Key,
    /// `None`: its port was not one we had given out, so nothing is ever heard of it.
    pub(crate) slot: Option<u32>,
    pub(crate) role: Role,
    pub(crate) joined: bool,
    /// Since when silence counts.
    pub(crate) listening_since: Instant,
    /// The first packet has been reported.
    pub(crate) started: bool,
    pub(crate) player: Option<Player>,
    /// `None` until the peer is known.
    pub(crate) stream: Option<Box<Stream>>,
    pub(crate) routes: Routes,
    pub(crate) timers: Timers,
}

/// Computed from roles and codecs whenever one changes; never set otherwise.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    /// Where what this leg hears comes from.
    pub(crate) path: Path,
    /// Who gets this leg's packets as they are.
    pub(crate) relay_to: Vec<Key>,
    /// Who gets this leg's sound out of a mixer.
    pub(crate) mix_to: Vec<Key>,
}

#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) enum Path {
    #[default]
    Nothing,
    /// One source in the same codec: its packets pass with new numbers.
    Relay(Source),
    /// Decoded, added and encoded again every 20 ms.
    Mix(Vec<Source>),
}

#[derive(Debug, Default)]
pub(crate) struct Timers {
    pub(crate) silence: Option<TimerId>,
    pub(crate) report: Option<TimerId>,
    pub(crate) key: Option<TimerId>,
}
