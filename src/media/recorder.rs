use crate::input::RecordingId;

/// A piece of a recording.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chunk {
    pub recording: RecordingId,
    /// Its place, in frames since the beginning: a piece that was lost leaves a hole, not a shift.
    pub start: u64,
    /// Left and right samples in turn.
    pub frames: Vec<i16>,
}
