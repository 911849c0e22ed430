use crate::input::RecordingId;

/// A piece of a recording: left and right samples in turn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chunk {
    pub recording: RecordingId,
    pub frames: Vec<i16>,
}
