//! Room `call`: the back-to-back call and leg machine, where the domain's decisions meet.
//!
//! Purpose: one [`Machine`] a shard turns a caller's leg, a number rule, the distributor's offers, an agent's leg and
//! the media workers' words into one contact that ends exactly once.
//!
//! Inputs: [`Input`] (leg, media and queue events, people's commands, reload, drain) with `now`. Outputs: [`Output`]
//! (leg, media and queue commands, facts, questions and replies, words to and from nailed-up legs). [`Machine::poll_timeout`] says when to come back.
//!
//! Invariants:
//! - After a `Hangup`, `Reject` or an end reported by the leg port a leg is forgotten at once. What still arrives for it
//!   is ignored; a 2xx that crosses our CANCEL is acknowledged and hung up by the leg port.
//! - Every `Offer` and `Seized` is settled exactly once; every accepted agent is released exactly once.
//! - Of several phones that ring for one contact the first to be joined has it: until then the others ring on, then
//!   they are told that it was answered elsewhere, whether they ring or were picked up too late.
//! - A session description never leaves without a port in hand; every port taken is closed, kept or given back.
//! - A contact's state is computed from its stage and legs, and `ContactEnded` is its last fact, after the media
//!   worker's last words or a guard of two seconds.
//!
//! What may follow what, by the words a contact's status shows; *(new)* is before it arrived and *(gone)* after its last
//! fact. A test walks at random, looks after every step and compares:
//!
//! ```text
//! (new) → announcement · callback · feature-code · nailed-up · notice · ringing · supervising · voicemail · waiting
//! announcement → (gone) · closing
//! callback → (gone) · closing · waiting
//! closing → (gone)
//! feature-code → (gone) · announcement · closing
//! nailed-up → (gone) · closing
//! notice → (gone) · closing · waiting
//! ringing → (gone) · announcement · callback · closing · notice · talking · voicemail · waiting
//! supervising → (gone) · closing
//! talking → (gone) · announcement · callback · closing · notice · ringing · voicemail · waiting
//! voicemail → (gone) · announcement · closing
//! waiting → (gone) · announcement · callback · closing · notice · ringing · talking · voicemail
//! ```
//!
//! Deliberately absent: SIP, RTP, who gets which contact, file names beyond a recording's base name.
//!
//! Two conventions: a [`Config`] with no workers is a world without media (legs carry no descriptions, prompts are over
//! at once); and a leg whose final answer lacks the description it owes is hung up.
//!
//! ```
//! use base::{Instant, Key, Now, Utc};
//! use call::{Config, Input, Machine, Output};
//! # use model::*;
//! # use std::{sync::Arc, time::Duration};
//! let closed = NumberRule {
//!     pattern: Pattern { stem: "4008".into(), open_ended: false },
//!     trunk: None,
//!     to: Target::Announcement(SoundName("announcements/closed".into())),
//!     priority: 0,
//!     language: Language::English,
//!     attach: vec![],
//! };
//! let directory = Directory { numbers: vec![closed], ..plain::directory(vec![], vec![]) };
//! let now = Now::new(Instant::ZERO, Utc::from_secs(1_700_000_000));
//! let config = Config { directory: Arc::new(directory), shard: ShardId(0), shards: 1, boot: 1, seed: 1, workers: 0 };
//! let mut calls = Machine::new(config, now);
//! let leg = LegId::inward(ShardId(0), Key::new(0, 0));
//! let incoming = Incoming {
//!     leg,
//!     source: Source::Trunk(TrunkId(0)),
//!     agent: None,
//!     dialled: "4008".into(),
//!     caller: Identity::default(),
//!     diverted_from: None,
//!     call_id: "1@example.net".into(),
//!     offer: None,
//!     replaces: None,
//!     max_forwards: 70,
//!     peer: "192.0.2.9:5060".parse().unwrap(),
//! };
//! calls.handle_input(now, Input::Leg(LegEvent::Incoming(Box::new(incoming))));
//! let mut said = Vec::new();
//! while let Some(output) = calls.poll_output() {
//!     said.push(output);
//! }
//! assert!(said.contains(&Output::Leg(LegCommand::Answer { leg, sdp: None })));
//! // The announcement (here an empty one) has been played: the call is over.
//! calls.handle_timeout(now);
//! assert_eq!(calls.contacts().count(), 0);
//! ```

mod arrange;
mod arrive;
mod attempt;
mod callback;
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
mod memory;
mod murmur;
mod nailed;
mod nailed_keys;
mod negotiate;
mod outward;
mod places;
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
mod voicemail;
mod wish;

#[cfg(test)]
mod stories;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod walk;

pub use input::{Config, Input, Output, Ticket};
pub use limits::{
    ANSWER_MAX, CALLBACK_KEY_MAX, CALLBACK_NUMBER_MAX, CALLBACK_TRIES, CALLBACKS_MAX, CLOSING_MAX, DIALS_MAX,
    FIRST_KEY_MAX, HOPS_MAX, KNOWN_CALLERS_MAX, LEGS_MAX, NAILED_RING_MAX, NEXT_KEY_MAX, OUTWARD_RING_MAX,
    PHONE_RING_MAX, PHONE_SILENT_MAX, PLACES_MAX, PROMPT_MAX, RETRY_AFTER, SEIZE_MAX, SIGN_ON_TRIES, STAR_MAX,
    STICKY_MAX, STOCK_BATCH, STOCK_HIGH, STOCK_LOW, TRUNK_SILENT_MAX, TYPED_MAX, WHISPER_MAX,
};
pub use machine::Machine;
pub use status::{ContactStatus, Load, PartyStatus};
