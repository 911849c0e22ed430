//! Room `call`: the back-to-back call and leg machine, where the domain's decisions meet.
//!
//! Purpose: one [`Machine`] a shard turns a caller's leg, a number rule, the distributor's offers, an agent's leg and
//! the media workers' words into one contact that ends exactly once.
//!
//! Inputs: [`Input`] (leg, media and queue events, people's commands, reload, drain) with `now`. Outputs: [`Output`]
//! (leg, media and queue commands, facts, questions and replies). [`Machine::poll_timeout`] says when to come back.
//!
//! Invariants:
//! - After a `Hangup`, `Reject` or an end reported by the leg port a leg is forgotten at once. What still arrives for it
//!   is ignored; a 2xx that crosses our CANCEL is acknowledged and hung up by the leg port.
//! - Every `Offer` and `Seized` is settled exactly once; every accepted agent is released exactly once.
//! - A session description never leaves without a port in hand; every port taken is closed, kept or given back.
//! - A contact's state is computed from its stage and legs, and `ContactEnded` is its last fact, after the media
//!   worker's last words or a guard of two seconds.
//!
//! Deliberately absent: SIP, RTP, who gets which contact, file names beyond a recording's base name.

mod arrive;
mod close;
mod contact;
mod digits;
mod engage;
mod events;
mod feature;
mod hear;
mod hold;
mod input;
mod leg;
mod limits;
mod machine;
mod negotiate;
mod outward;
mod plan;
mod queueing;
mod record;
mod replace;
mod ring;
mod say;
mod status;
mod stock;
mod supervise;
mod talk;
mod target;
mod transfer;

#[cfg(test)]
mod stories;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod walk;

pub use input::{Config, Input, Output, Ticket};
pub use limits::{
    ANSWER_MAX, CLOSING_MAX, DIALS_MAX, FIRST_KEY_MAX, HOPS_MAX, LEGS_MAX, NEXT_KEY_MAX, OUTWARD_RING_MAX,
    PHONE_RING_MAX, PHONE_SILENT_MAX, PROMPT_MAX, RETRY_AFTER, SEIZE_MAX, SIGN_ON_TRIES, STOCK_BATCH, STOCK_HIGH,
    STOCK_LOW, TRUNK_SILENT_MAX, TYPED_MAX,
};
pub use machine::Machine;
pub use status::{ContactStatus, Load, PartyStatus};
