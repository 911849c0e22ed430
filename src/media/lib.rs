//! Room `media`: the sound of conversations.
//!
//! Purpose: a [`Worker`] is one media thread's machine. It latches peers, relays their packets, plays sounds, mixes,
//! records, counts and reports; who hears whom follows from [`model::Role`] alone ([`hears`]).
//!
//! Inputs: [`model::MediaCommand`], [`Datagram`]s, time. Outputs: a [`PacketBatch`] to send, and [`Output`]s: events
//! for the signalling side, wishes for sockets, pieces of recordings.
//!
//! Invariants: a silent listener has no [`Voice`], so no path can carry him · a stranger is neither heard nor sent to
//! · a relayed packet allocates nothing · a leg is sent one stream, whose numbers miss only what its source lost · every
//! opened leg is closed by exactly one `Closed`.
//!
//! Deliberately absent: sockets, threads, files, clocks; SDP; the decision what to play or whom to join. Keys as tones
//! inside the sound: they are passed on as sound and not understood (due with the IVR, generation 2), and a key that came
//! as an event or by INFO is left out towards a peer that did not agree on telephone-event.
//!
//! ```
//! use base::{Instant, Now};
//! use media::{Config, Output, PacketBatch, SoundLibrary, Worker};
//! use model::{Family, MediaCommand, ShardId, WorkerId};
//! use std::{sync::Arc, time::Duration};
//!
//! let started = Instant::ZERO;
//! let config = Config { worker: WorkerId(0), silence: Duration::from_secs(30), seed: 1, started };
//! let mut worker = Worker::new(config, Arc::new(SoundLibrary::new()));
//! let mut out = PacketBatch::new();
//! let supply = MediaCommand::Supply { family: Family::V4, count: 1 };
//! worker.handle_command(Now::default(), ShardId(0), supply, &mut out);
//! assert_eq!(worker.poll_output(), Some(Output::Bind { slot: 0, family: Family::V4 }));
//! assert_eq!(worker.poll_timeout(), None);
//! ```

mod batch;
mod clock;
mod ear;
mod graph;
mod input;
mod latch;
mod leg;
mod library;
pub mod limits;
mod player;
mod ports;
mod recorder;
mod stream;
mod worker;

#[cfg(test)]
mod stories;

pub use batch::{Channel, Datagram, Departure, PacketBatch};
pub use graph::{Side, Voice, hears};
pub use input::{Config, Output, RecordingId, RecordingOutput, Stats};
pub use library::{Sound, SoundLibrary};
pub use recorder::Chunk;
pub use worker::Worker;
