//! The layout of a growing recording.
//!
//! A recording is a plain 16-bit WAV file: 44 octets of header, then samples appended as they come. The
//! writer patches the header once a second. Whenever it dies, the file opens everywhere and holds all but
//! what came since the last patch; what is there beyond that is found again by [`RecordingLayout::repaired`].

/// Octets of the header.
pub const RECORDING_HEADER_LEN: usize = 44;

/// Rate and channels of a recording, from which everything about its file follows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RecordingLayout {
    pub rate: u32,
    pub channels: u16,
}

impl RecordingLayout {
    /// The header of a file that holds `frames` samples of each channel.
    ///
    /// Beyond [`Self::frames_max`] it says that much: the writer begins another file before that.
    pub fn header(&self, frames: u64) -> [u8; RECORDING_HEADER_LEN] {
        header(self.rate, self.channels, frames.min(self.frames_max()) * self.frame_len())
    }

    /// Octets of one sample of every channel.
    pub fn frame_len(&self) -> u64 {
        2 * u64::from(self.channels.max(1))
    }

    /// What a WAV file can hold, as its lengths have 32 bits: 18 hours of two channels at 16 kHz.
    pub fn frames_max(&self) -> u64 {
        (u64::from(u32::MAX) - RECORDING_HEADER_LEN as u64) / self.frame_len()
    }

    /// Samples of each channel in a file of this length, whatever its header says.
    pub fn frames_in(&self, file_len: u64) -> u64 {
        (file_len.saturating_sub(RECORDING_HEADER_LEN as u64) / self.frame_len()).min(self.frames_max())
    }

    /// The layout of a recording found after a crash, and the header that gives all of it back.
    ///
    /// `None` when the file does not begin as ours do.
    pub fn repaired(found: &[u8; RECORDING_HEADER_LEN], file_len: u64) -> Option<(Self, [u8; RECORDING_HEADER_LEN])> {
        let channels = u16::from_le_bytes([found[22], found[23]]);
        let rate = u32::from_le_bytes([found[24], found[25], found[26], found[27]]);
        let layout = RecordingLayout { rate, channels };
        // Everything but the two lengths must be what we would have written.
        let mut ours = layout.header(0);
        ours[4..8].copy_from_slice(&found[4..8]);
        ours[40..44].copy_from_slice(&found[40..44]);
        (channels > 0 && ours == *found).then(|| (layout, layout.header(layout.frames_in(file_len))))
    }
}

/// Puts two channels side by side as a recording's octets; returns how many were written.
///
/// The shorter side is continued with silence, so that both stay aligned.
pub fn interleave(left: &[i16], right: &[i16], out: &mut [u8]) -> usize {
    let frames = left.len().max(right.len()).min(out.len() / 4);
    for (n, place) in out.as_chunks_mut::<4>().0[..frames].iter_mut().enumerate() {
        let sample = |side: &[i16]| side.get(n).copied().unwrap_or(0).to_le_bytes();
        let ([a, b], [c, d]) = (sample(left), sample(right));
        *place = [a, b, c, d];
    }
    4 * frames
}

/// RIFF, `fmt ` with 16-bit PCM, `data` of `len` octets.
pub(crate) fn header(rate: u32, channels: u16, len: u64) -> [u8; RECORDING_HEADER_LEN] {
    let len = u32::try_from(len).unwrap_or(u32::MAX - RECORDING_HEADER_LEN as u32);
    let frame_len = channels.saturating_mul(2);
    let mut octets = [0; RECORDING_HEADER_LEN];
    let mut at = 0;
    let mut put = |piece: &[u8]| {
        octets[at..at + piece.len()].copy_from_slice(piece);
        at += piece.len();
    };
    put(b"RIFF");
    put(&(len + RECORDING_HEADER_LEN as u32 - 8).to_le_bytes());
    put(b"WAVEfmt ");
    put(&16u32.to_le_bytes());
    put(&1u16.to_le_bytes());
    put(&channels.to_le_bytes());
    put(&rate.to_le_bytes());
    put(&rate.saturating_mul(u32::from(frame_len)).to_le_bytes());
    put(&frame_len.to_le_bytes());
    put(&16u16.to_le_bytes());
    put(b"data");
    put(&len.to_le_bytes());
    octets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Wav;

    const LAYOUT: RecordingLayout = RecordingLayout { rate: 8000, channels: 2 };

    /// Sample n of the two channels.
    fn sound(n: u64) -> [i16; 2] {
        [(n % 30_000) as i16, -((n % 30_000) as i16)]
    }

    /// A writer that dies after `frames` samples, in the middle of one, having patched its header every second.
    fn killed_after(frames: u64, torn_octets: usize) -> Vec<u8> {
        let mut file = LAYOUT.header(0).to_vec();
        for n in 0..frames {
            file.extend(sound(n).iter().flat_map(|s| s.to_le_bytes()));
            if (n + 1) % 8000 == 0 {
                file[..RECORDING_HEADER_LEN].copy_from_slice(&LAYOUT.header(n + 1));
            }
        }
        file.extend(&[0x55; 3][..torn_octets]);
        file
    }

    fn check_content(wav: &Wav, frames: u64) {
        assert_eq!((wav.rate, wav.channels, wav.frames() as u64, wav.truncated), (8000, 2, frames, false));
        assert!(wav.samples.chunks(2).zip(0..).all(|(pair, n)| pair == sound(n)));
    }

    #[test]
    fn a_killed_recording_opens_and_lacks_at_most_the_last_second() {
        for frames in [0, 1, 7999, 8000, 8001, 20_000, 31_999] {
            for torn in 0..4 {
                let file = killed_after(frames, torn);
                let wav = Wav::read(&file[..]).expect("opens as it is");
                check_content(&wav, frames / 8000 * 8000);
            }
        }
    }

    #[test]
    fn repair_gives_the_last_second_back() {
        for frames in [0, 1, 7999, 20_000] {
            for torn in 0..4 {
                let mut file = killed_after(frames, torn);
                let found = *file.first_chunk().expect("a whole header");
                let (layout, header) = RecordingLayout::repaired(&found, file.len() as u64).expect("one of ours");
                assert_eq!(layout, LAYOUT);
                file[..RECORDING_HEADER_LEN].copy_from_slice(&header);
                check_content(&Wav::read(&file[..]).expect("opens"), frames);
            }
        }
        assert_eq!(RecordingLayout::repaired(&[0; RECORDING_HEADER_LEN], 100), None);
    }

    #[test]
    fn lengths_do_not_overflow() {
        let header = LAYOUT.header(u64::MAX);
        let len = u32::from_le_bytes([header[40], header[41], header[42], header[43]]);
        assert!(len > u32::MAX - 60 && len.is_multiple_of(4));
        assert_eq!(LAYOUT.frames_in(u64::MAX), LAYOUT.frames_max());
        assert_eq!(LAYOUT.frames_in(10), 0);
    }

    #[test]
    fn the_shorter_side_is_continued_with_silence() {
        let mut octets = [0xaa; 16];
        assert_eq!(interleave(&[1, 2, 3], &[-1], &mut octets), 12);
        assert_eq!(octets, [1, 0, 255, 255, 2, 0, 0, 0, 3, 0, 0, 0, 0xaa, 0xaa, 0xaa, 0xaa]);
        assert_eq!(interleave(&[1; 9], &[1; 9], &mut octets), 16);
    }
}
