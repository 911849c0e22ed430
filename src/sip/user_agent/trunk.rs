//! Trunks: what is known of each, and how many calls it takes.

use super::accounts::Credentials;
use super::core::Core;
use super::machine::UserAgent;
use super::peer::Peer;
use crate::input::Place;
use crate::uri::OwnedUri;
use base::{Instant, Key, TimerId};
use core::time::Duration;
use model::{Directory, Source, Trunk, TrunkId};

/// A trunk as this shard knows it, for displays.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TrunkState {
    pub trunk: TrunkId,
    /// `None`: nothing was heard of it yet, or nobody asks.
    pub up: Option<bool>,
    pub registered: bool,
    /// Calls of this shard, both ways.
    pub calls: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Trunks {
    pub(crate) states: Vec<State>,
}

#[derive(Debug)]
pub(crate) struct State {
    /// Calls of this shard on the trunk, both ways.
    pub(crate) calls: u32,
    pub(crate) bucket: Bucket,
    pub(crate) up: Option<bool>,
    pub(crate) misses: u8,
    /// The OPTIONS on its way.
    pub(crate) probe: Option<Key>,
    pub(crate) timer: Option<TimerId>,
    pub(crate) register_timer: Option<TimerId>,
    /// Runs while we are registered over UDP.
    pub(crate) keep_alive: Option<TimerId>,
    /// Our REGISTER takes the registration back.
    pub(crate) leaving: bool,
    /// Its registrar accepted us last time.
    pub(crate) registered: bool,
    /// Where the last REGISTER went.
    pub(crate) registrar: Option<Place>,
    /// What it asked for, answered ahead by the next.
    pub(crate) credentials: Option<Box<Credentials>>,
    pub(crate) retry: Duration,
    pub(crate) call_id: Box<str>,
    pub(crate) cseq: u32,
    pub(crate) tag: Box<str>,
    pub(crate) expires: u32,
}

/// One call in a bucket's unit.
const WHOLE: u64 = 1_000_000_000;

/// Calls a second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    pub(crate) at: Instant,
    /// Billionths of a call: calls may come closer together than any coarser unit could count what lies between them.
    pub(crate) level: u64,
}

impl Bucket {
    pub(crate) fn full(now: Instant, per_second: u32) -> Self {
        Bucket { at: now, level: u64::from(per_second) * WHOLE }
    }

    /// Takes one call out when there is one.
    fn take(&mut self, now: Instant, per_second: u32) -> bool {
        let full = u64::from(per_second) * WHOLE;
        let gained = now.since(self.at).as_nanos().saturating_mul(u128::from(per_second));
        self.level = full.min(self.level.saturating_add(u64::try_from(gained).unwrap_or(full)));
        self.at = now;
        let there = self.level >= WHOLE;
        if there {
            self.level -= WHOLE;
        }
        there
    }
}

impl UserAgent {
    pub fn trunk_states(&self) -> impl Iterator<Item = TrunkState> + '_ {
        let live = self.core.directory().trunks.iter().zip(&self.trunks.states).zip(0u32..);
        live.filter(|((trunk, _), _)| !trunk.removed).map(|((_, state), id)| TrunkState {
            trunk: TrunkId(id),
            up: state.up,
            registered: state.registered,
            calls: state.calls,
        })
    }
}

impl Trunks {
    pub(crate) fn state(&mut self, id: TrunkId) -> Option<&mut State> {
        self.states.get_mut(id.index())
    }

    pub(crate) fn is_down(&self, id: TrunkId) -> bool {
        self.states.get(id.index()).is_some_and(|s| s.up == Some(false))
    }

    /// Whether one more call fits, which is then counted against the calls a second.
    pub(crate) fn admits(&mut self, core: &Core, id: TrunkId) -> bool {
        let trunk = core.directory().trunk(id);
        let shards = u32::from(core.config.shards.max(1));
        let Some(state) = self.states.get_mut(id.index()) else { return false };
        state.calls < trunk.max_calls.div_ceil(shards)
            && state.bucket.take(core.now.mono, trunk.max_cps.div_ceil(shards))
    }

    pub(crate) fn call_started(&mut self, peer: Peer) {
        if let Source::Trunk(id) = peer.0
            && let Some(state) = self.state(id)
        {
            state.calls += 1;
        }
    }

    pub(crate) fn call_ended(&mut self, peer: Peer) {
        if let Source::Trunk(id) = peer.0
            && let Some(state) = self.state(id)
        {
            state.calls = state.calls.saturating_sub(1);
        }
    }
}

/// Emergency routes know no ceiling: a number such a route leads to on this trunk.
pub(crate) fn is_emergency(directory: &Directory, trunk: TrunkId, number: &str) -> bool {
    directory.routes.iter().filter(|r| r.emergency && r.trunks.contains(&trunk)).any(|route| {
        let Some(rest) = number.strip_prefix(&*route.prepend) else { return false };
        // What the route strips is gone from the number; only the rest of its stem can be compared.
        let stem: String = route.pattern.stem.chars().skip(usize::from(route.strip)).collect();
        if route.pattern.open_ended { rest.starts_with(&stem) } else { rest == stem }
    })
}

/// The trunk's host as a URI; `None` for one that only calls in.
pub(crate) fn host_uri(trunk: &Trunk) -> Option<OwnedUri> {
    if trunk.host.is_empty() || trunk.removed {
        return None;
    }
    OwnedUri::parse(&format!("sip:{}", trunk.host)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bucket_gives_so_many_calls_a_second() {
        let mut bucket = Bucket::full(Instant::ZERO, 3);
        let at = Instant::from_millis;
        assert_eq!([0, 0, 0, 0].map(|ms| bucket.take(at(ms), 3)), [true, true, true, false]);
        assert!(!bucket.take(at(333), 3));
        assert!(bucket.take(at(334), 3));
        assert!(!bucket.take(at(335), 0));
    }

    #[test]
    fn calls_closer_together_than_a_millisecond_fill_it_too() {
        let mut bucket = Bucket::full(Instant::ZERO, 5000);
        let given = (1..=20_000u64).filter(|n| bucket.take(Instant::from_nanos(n * 250_000), 5000)).count();
        assert_eq!(given, 20_000, "4,000 calls a second fit into 5,000");
        let given =
            (1..=20_000u64).filter(|n| bucket.take(Instant::from_nanos(5_000_000_000 + n * 100_000), 5000)).count();
        assert!((14_999..=15_001).contains(&given), "two seconds' worth and a full bucket: {given}");
    }
}
