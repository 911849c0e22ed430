//! Room `acd`: the distributor. Queues, agent states, reservations, and the lock-free board shards meet on.
//!
//! Purpose: give every waiting contact to the right agent, once. One [`Acd`] a shard; what they share is the [`Board`].
//! Inputs: [`Input`] (from `call`, people, phones, other shards). Outputs: [`Output`] (to `call`, to other shards, facts).
//!
//! Invariants:
//! - One winner a contact; no agent is offered two contacts; whoever is ready is offered an eligible contact at once.
//! - Inside a queue: higher priority first, then the earlier first enqueue time, kept through failed offers, overflow
//!   and transfer. The agent idle longest by the queue's clock comes first.
//! - Every `Fact::Queued` is followed by exactly one `Connected`, `Abandoned` or `FlowedOut`; `waited` counts from
//!   entering *this* queue.
//! - An agent is in one state, computed from his record, and each has a timer or an event that ends it.
//!
//! How an offer ends, for the agent (the caller keeps his place in each case but the first):
//! - accepted: he is busy until released, then in wrap-up when the contact came from a queue;
//! - declined: he stays ready but is not asked for this contact for 5 s; `missed.limit` in a row count as missed;
//! - busy: not ready (`DeviceBusy`) for 10 s; failed: not ready (`DeviceUnreachable`, or `DeviceFailed` when it answered) until his phone registers, at most
//!   30 s while it is registered all the time;
//! - missed: not ready (`Missed`) for `missed.pause`, for good when it was the `missed.limit`-th in a row (0: never for
//!   good) or the pause is zero; his own word ends it at any time;
//! - withdrawn: nothing.
//!
//! An agent with a nailed-up leg is ready only while it is up, else not ready (`LineDown`); it never rings twice at once.
//!
//! Whoever calls withdraws a contact before it settles the contact's offer: so nobody is offered a caller who left.
//!
//! Deliberately absent: locks, waiting for another shard, allocation while matching, SIP, knowledge of media, reports.
//!
//! ```
//! use acd::{Board, BoardSize};
//! use model::{AgentId, AgentState};
//! let size = BoardSize { shards: 1, agents: 2, phones: 2, queues: 1, contacts_per_shard: 8 };
//! let board = Board::new(size);
//! assert_eq!(board.agent_state(AgentId(0)), AgentState::SignedOff);
//! ```

mod ageing;
mod agents;
mod aside;
mod asked;
mod board;
mod breather;
mod calendar;
mod contacts;
mod crew;
mod decision;
mod demand;
mod entry;
mod expect;
mod explain;
mod few;
mod figures;
mod flow;
mod input;
mod law;
mod limits;
mod line;
mod lines;
mod look;
mod machine;
mod matching;
mod message;
mod nailed;
mod order;
mod overflow;
mod people;
mod recount;
mod referee;
mod reference;
mod reload;
mod reserve;
mod rounds;
mod serving;
mod staff;
mod staffing;
mod status;
mod strategy;
mod sync;
mod tour;
mod waiting;
mod words;
mod wrap_up;

#[cfg(all(test, not(loom)))]
mod found;
#[cfg(all(test, not(loom)))]
mod houses;
#[cfg(all(test, not(loom)))]
mod promises;
#[cfg(all(test, not(loom)))]
mod steps;
#[cfg(all(test, not(loom)))]
mod stories;
#[cfg(all(test, not(loom)))]
mod testing;
#[cfg(all(test, not(loom)))]
mod world;
#[cfg(all(test, not(loom)))]
mod worlds;

pub use ageing::{objective_bound, overtaking_bound};
pub use board::{Board, BoardSize};
pub use entry::Arrival;
pub use explain::{
    By, Called, Candidate, Closed, Explainer, Lack, Later, Moment, PartWaited, Passed, Regime, Rival, Score, Standing,
    Told, Verdict, What,
};
pub use input::{Input, Output, Seating, Ticket};
pub use limits::{SHARDS_MAX, mailbox_capacity};
pub use machine::Acd;
pub use message::{AcdMessage, Departure, Stay, ToAgent, ToContact, ToQueue};
pub use referee::Referee;
pub use status::{AgentStatus, Opening, QueueStatus, StateCounts};
pub use strategy::IdleStamps;
pub use tour::Tour;
