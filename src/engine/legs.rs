//! The leg port: where the legs of a shard come from.

use base::{Instant, Now};
use model::{Directory, LegCommand, ShardId};
use sip::{Counters, Destination, Listener, Message, Population, RegistrationLimits, TrunkState, UserAgent};
use std::sync::Arc;

/// What a shard's legs are made of.
#[derive(Clone, Debug)]
pub enum Legs {
    /// Our own user agent's sessions.
    Sip(SipLegs),
    /// Somebody else's: commands to legs come out as [`crate::Output::Leg`], what legs do goes in as
    /// [`crate::Input::Leg`]. Traffic simulation drives the shipped engine so, without a word of SIP.
    Outside,
}

#[derive(Clone, Debug)]
pub struct SipLegs {
    /// From the operating system; the same on every shard.
    pub secret: [u8; 32],
    pub listeners: Vec<Listener>,
    pub user_agent: Box<str>,
    pub registration: RegistrationLimits,
}

/// Which part of the house a user agent is.
pub(crate) struct Seat {
    pub(crate) directory: Arc<Directory>,
    pub(crate) shard: ShardId,
    pub(crate) shards: u8,
    pub(crate) boot: u32,
    pub(crate) seed: u64,
}

// One a shard: the difference in size costs nothing.
#[expect(clippy::large_enum_variant)]
pub(crate) enum LegPort {
    Sip(UserAgent),
    Outside(Counters),
}

impl LegPort {
    pub(crate) fn new(now: Now, legs: Legs, seat: Seat) -> Self {
        let Legs::Sip(SipLegs { secret, listeners, user_agent, registration }) = legs else {
            return LegPort::Outside(Counters::default());
        };
        let Seat { directory, shard, shards, boot, seed } = seat;
        let config = sip::Config { directory, shard, shards, boot, seed, secret, listeners, user_agent, registration };
        LegPort::Sip(UserAgent::new(config, now))
    }

    /// Nobody else speaks SIP: without a user agent there is nothing to tell.
    pub(crate) fn handle_input(&mut self, now: Now, input: sip::Input<'_>) {
        if let LegPort::Sip(sip) = self {
            sip.handle_input(now, input);
        }
    }

    /// Gives the command back when the legs are somebody else's.
    pub(crate) fn command(&mut self, now: Now, command: LegCommand) -> Option<LegCommand> {
        match self {
            LegPort::Sip(sip) => {
                sip.handle_input(now, sip::Input::Leg(command));
                None
            }
            LegPort::Outside(_) => Some(command),
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Now) {
        if let LegPort::Sip(sip) = self {
            sip.handle_timeout(now);
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match self {
            LegPort::Sip(sip) => sip.poll_timeout(),
            LegPort::Outside(_) => None,
        }
    }

    pub(crate) fn poll_output(&mut self) -> Option<sip::Output> {
        match self {
            LegPort::Sip(sip) => sip.poll_output(),
            LegPort::Outside(_) => None,
        }
    }

    pub(crate) fn poll_transmit(&mut self, buffer: &mut Vec<u8>) -> Option<Destination> {
        match self {
            LegPort::Sip(sip) => sip.poll_transmit(buffer),
            LegPort::Outside(_) => None,
        }
    }

    pub(crate) fn counters(&self) -> &Counters {
        match self {
            LegPort::Sip(sip) => sip.counters(),
            LegPort::Outside(none) => none,
        }
    }

    pub(crate) fn population(&self) -> Population {
        match self {
            LegPort::Sip(sip) => sip.population(),
            LegPort::Outside(_) => Population::default(),
        }
    }

    pub(crate) fn trunk_states(&self) -> impl Iterator<Item = TrunkState> + '_ {
        let sip = match self {
            LegPort::Sip(sip) => Some(sip),
            LegPort::Outside(_) => None,
        };
        sip.into_iter().flat_map(UserAgent::trunk_states)
    }

    pub(crate) fn home_of_replaced(&self, message: &Message<'_>) -> Option<ShardId> {
        match self {
            LegPort::Sip(sip) => sip.home_of_replaced(message),
            LegPort::Outside(_) => None,
        }
    }
}
