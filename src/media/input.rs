use crate::recorder::Chunk;
use base::Instant;
use core::time::Duration;
use model::{ContactId, Family, MediaEvent, ShardId, WorkerId};

/// How a worker is set up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    pub worker: WorkerId,
    /// No packet for so long on a joined leg that is not on hold is reported.
    pub silence: Duration,
    /// For stream numbers and report times; not a secret.
    pub seed: u64,
    pub started: Instant,
}

/// What a worker asks of the driver, or tells the signalling side.
#[derive(Clone, PartialEq, Debug)]
pub enum Output {
    /// For this shard's `call`.
    Event {
        shard: ShardId,
        event: MediaEvent,
    },
    /// Bind a socket on an even port and answer with [`crate::Worker::handle_bound`].
    Bind {
        slot: u32,
        family: Family,
    },
    /// Bind the odd port above the slot's; without an answer, for it may be taken.
    OpenRtcp {
        slot: u32,
    },
    /// Close the slot's sockets.
    Unbind {
        slot: u32,
    },
    Recording(RecordingOutput),
}

/// For the thread that writes recordings.
#[derive(Clone, PartialEq, Debug)]
pub enum RecordingOutput {
    Begin {
        recording: RecordingId,
        group: ContactId,
        name: Box<str>,
        sample_rate: u32,
    },
    Chunk(Chunk),
    /// Nothing more comes: so long it is in all. The writer reports [`MediaEvent::Recorded`].
    End {
        recording: RecordingId,
        frames: u64,
        complete: bool,
    },
}

/// One recording of one worker; never used twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RecordingId(pub u64);

/// What a worker has done since it began, and what it has now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stats {
    pub legs: u64,
    pub groups: u64,
    pub ports: u64,
    pub packets_in: u64,
    pub packets_relayed: u64,
    pub packets_made: u64,
    /// From sources no latch allows.
    pub strangers: u64,
    /// Not RTP or RTCP, or with a payload nobody agreed on.
    pub malformed: u64,
    /// At a port no leg has, or before its peer was known.
    pub unclaimed: u64,
    /// Commands that named what is not there.
    pub stale_commands: u64,
    /// Times the 20 ms clock had to leave frames out.
    pub skipped_frames: u64,
}
