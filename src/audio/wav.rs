use crate::limits::{WAV_CHANNELS_MAX, WAV_RATES, WAV_SAMPLES_MAX};
use crate::resample::resample;
use hound::{SampleFormat, WavReader, WavSpec};
use std::io::{self, Read, Write};
use thiserror::Error;

/// Sound loaded from a WAV file, interleaved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wav {
    pub rate: u32,
    pub channels: u16,
    pub samples: Vec<i16>,
    /// The file ended before its header said: a recording whose writer died.
    pub truncated: bool,
}

/// Why a file is no sound of ours.
#[derive(Debug, Error)]
pub enum WavError {
    #[error("not a WAV file: {0}")]
    Malformed(#[from] hound::Error),
    #[error("{0} samples a second")]
    Rate(u32),
    #[error("{0} channels")]
    Channels(u16),
    #[error("{0} bits a sample")]
    Bits(u16),
    #[error("longer than {WAV_SAMPLES_MAX} samples")]
    TooLong,
}

impl Wav {
    /// Reads integer PCM of 8 to 32 bits or float, with limits by what is declared and by what is there.
    pub fn read(reader: impl Read) -> Result<Self, WavError> {
        let mut reader = WavReader::new(reader)?;
        let spec = reader.spec();
        check(&spec)?;
        let mut wav = Wav { rate: spec.sample_rate, channels: spec.channels, samples: Vec::new(), truncated: false };
        match spec.sample_format {
            SampleFormat::Float => wav.take(reader.samples::<f32>(), |s| (s * 32_768.0).round() as i16)?,
            SampleFormat::Int => {
                let bits = u32::from(spec.bits_per_sample);
                let scale = move |s: i32| if bits > 16 { s >> (bits - 16) } else { s << (16 - bits) } as i16;
                wav.take(reader.samples::<i32>(), scale)?;
            }
        }
        let whole = wav.samples.len() / usize::from(wav.channels) * usize::from(wav.channels);
        wav.samples.truncate(whole);
        Ok(wav)
    }

    /// Samples in each channel.
    pub fn frames(&self) -> usize {
        self.samples.len() / usize::from(self.channels.max(1))
    }

    /// One channel, from 0.
    pub fn channel(&self, index: u16) -> Vec<i16> {
        let step = usize::from(self.channels.max(1));
        self.samples.iter().skip(usize::from(index)).step_by(step).copied().collect()
    }

    /// All channels as one.
    pub fn mono(&self) -> Vec<i16> {
        let channels = usize::from(self.channels.max(1));
        let mean = |frame: &[i16]| (frame.iter().map(|s| i32::from(*s)).sum::<i32>() / channels as i32) as i16;
        self.samples.chunks_exact(channels).map(mean).collect()
    }

    /// All channels as one, at another rate.
    pub fn mono_at(&self, rate: u32) -> Vec<i16> {
        resample(&self.mono(), self.rate, rate)
    }

    fn take<S>(
        &mut self,
        samples: impl Iterator<Item = hound::Result<S>>,
        convert: impl Fn(S) -> i16,
    ) -> Result<(), WavError> {
        for sample in samples {
            match sample {
                Ok(_) if self.samples.len() == WAV_SAMPLES_MAX => return Err(WavError::TooLong),
                Ok(sample) => self.samples.push(convert(sample)),
                Err(hound::Error::IoError(error)) if is_end(&error) => {
                    self.truncated = true;
                    break;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// Writes a finished 16-bit file of interleaved samples; for a growing one see [`crate::RecordingLayout`].
pub fn write_wav(mut out: impl Write, rate: u32, channels: u16, samples: &[i16]) -> io::Result<()> {
    out.write_all(&crate::recording::header(rate, channels, samples.len() as u64 * 2))?;
    let mut octets = [0; 4096];
    for piece in samples.chunks(octets.len() / 2) {
        for (sample, place) in piece.iter().zip(octets.as_chunks_mut::<2>().0) {
            *place = sample.to_le_bytes();
        }
        out.write_all(&octets[..2 * piece.len()])?;
    }
    Ok(())
}

fn check(spec: &WavSpec) -> Result<(), WavError> {
    if !WAV_RATES.contains(&spec.sample_rate) {
        return Err(WavError::Rate(spec.sample_rate));
    }
    if spec.channels == 0 || spec.channels > WAV_CHANNELS_MAX {
        return Err(WavError::Channels(spec.channels));
    }
    let bits = match spec.sample_format {
        SampleFormat::Int => 8..=32,
        SampleFormat::Float => 32..=32,
    };
    if bits.contains(&spec.bits_per_sample) { Ok(()) } else { Err(WavError::Bits(spec.bits_per_sample)) }
}

fn is_end(error: &io::Error) -> bool {
    // hound reports a short read as `Other` with this text, or hands the reader's own error on.
    error.kind() == io::ErrorKind::UnexpectedEof || error.to_string().contains("read enough bytes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Cursor;

    fn written(rate: u32, channels: u16, samples: &[i16]) -> Vec<u8> {
        let mut octets = Vec::new();
        write_wav(&mut octets, rate, channels, samples).expect("a vector takes everything");
        octets
    }

    fn by_hound(spec: WavSpec, write: impl Fn(&mut hound::WavWriter<&mut Cursor<Vec<u8>>>)) -> Vec<u8> {
        let mut cursor = Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut cursor, spec).expect("a vector takes everything");
        write(&mut writer);
        writer.finalize().expect("a vector takes everything");
        cursor.into_inner()
    }

    #[test]
    fn what_is_written_is_read() {
        let samples: Vec<i16> = (0..10_000).map(|n| (n * 7 - 32_768) as i16).collect();
        let wav = Wav::read(&written(16_000, 2, &samples)[..]).expect("own file");
        assert_eq!((wav.rate, wav.channels, wav.frames(), wav.truncated), (16_000, 2, 5000, false));
        assert_eq!(wav.samples, samples);
        assert_eq!(wav.channel(1)[..2], [samples[1], samples[3]]);
        assert_eq!(wav.mono()[0], ((i32::from(samples[0]) + i32::from(samples[1])) / 2) as i16);
        assert_eq!(wav.mono_at(8000).len(), 2500);
    }

    #[test]
    fn every_sample_format_means_the_same() {
        let spec =
            |bits_per_sample, sample_format| WavSpec { channels: 1, sample_rate: 8000, bits_per_sample, sample_format };
        for bits in [8u16, 16, 24, 32] {
            let octets = by_hound(spec(bits, SampleFormat::Int), |w| {
                for quarter in [-2i32, -1, 0, 1] {
                    w.write_sample(quarter << (bits - 2)).expect("in range");
                }
            });
            assert_eq!(Wav::read(&octets[..]).expect("a file").samples, [-32_768, -16_384, 0, 16_384], "{bits} bits");
        }
        let octets = by_hound(spec(32, SampleFormat::Float), |w| {
            for sample in [-1.0f32, -0.5, 0.25, 1.0, 9.0, f32::NAN] {
                w.write_sample(sample).expect("a float");
            }
        });
        let expect = [-32_768, -16_384, 8192, 32_767, 32_767, 0];
        assert_eq!(Wav::read(&octets[..]).expect("a file").samples, expect);
    }

    #[test]
    fn a_cut_file_gives_what_is_there() {
        let octets = written(8000, 2, &[1, 2, 3, 4, 5, 6]);
        for cut in 0..=6 {
            let wav = Wav::read(&octets[..44 + 2 * cut]).expect("the header is whole");
            assert_eq!((wav.frames(), wav.truncated), (cut / 2, cut < 6), "{cut} samples");
        }
    }

    #[test]
    fn hostile_headers_are_refused_by_name() {
        let with = |at: usize, value: &[u8]| {
            let mut octets = written(8000, 1, &[1, 2, 3]);
            octets[at..at + value.len()].copy_from_slice(value);
            // The octets a second follow from the rate; hound looks at that first.
            let rate = u32::from_le_bytes([octets[24], octets[25], octets[26], octets[27]]);
            octets[28..32].copy_from_slice(&rate.wrapping_mul(2).to_le_bytes());
            Wav::read(&octets[..])
        };
        assert!(matches!(with(24, &0u32.to_le_bytes()), Err(WavError::Rate(0))));
        assert!(matches!(with(24, &2_000_000_000u32.to_le_bytes()), Err(WavError::Rate(2_000_000_000))));
        assert!(matches!(with(24, &u32::MAX.to_le_bytes()), Err(WavError::Malformed(_))));
        assert!(matches!(with(22, &0u16.to_le_bytes()), Err(WavError::Channels(0) | WavError::Malformed(_))));
        assert!(matches!(with(22, &u16::MAX.to_le_bytes()), Err(WavError::Channels(_) | WavError::Malformed(_))));
        assert!(matches!(with(20, &85u16.to_le_bytes()), Err(WavError::Malformed(_))), "MP3 in a WAV coat");
        assert!(matches!(with(0, b"ID3 "), Err(WavError::Malformed(_))));
        // 4 GB declared, three samples there.
        let wav = with(40, &0xffff_fffeu32.to_le_bytes()).expect("limits by what is there");
        assert_eq!((wav.samples, wav.truncated), (vec![1, 2, 3], true));
    }

    proptest! {
        #[test]
        fn nothing_in_a_file_can_panic(changes in proptest::collection::vec((0usize..60, any::<u8>()), 0..12), cut in 0usize..120) {
            let mut octets = written(8000, 2, &[0; 30]);
            for (at, value) in changes {
                octets[at] = value;
            }
            octets.truncate(cut);
            if let Ok(wav) = Wav::read(&octets[..]) {
                prop_assert!(wav.samples.len() <= cut);
                prop_assert_eq!(wav.mono().len(), wav.frames());
            }
        }
    }
}
