use crate::codec::FRAME_OCTETS;
use crate::resample::resample;
use crate::{Codec, Encoder, Wav};

/// A prompt or a piece of music as 20 ms frames of every codec, encoded once when it is loaded, so that
/// playing it to any number of callers copies slices and nothing else.
///
/// G.722 is coded as one continuous stream: a listener who joins in the middle, or hears it begin again,
/// hears his decoder settle for a few frames.
#[derive(Clone, PartialEq, Eq)]
pub struct EncodedSound {
    /// All frames of PCMU, then of PCMA, then of G.722.
    octets: Box<[u8]>,
    frames: usize,
}

impl EncodedSound {
    /// From mono sound at any rate a WAV may have; the last frame is filled with silence.
    pub fn from_pcm(pcm: &[i16], rate: u32) -> Self {
        let narrow = resample(pcm, rate, Codec::Pcmu.sample_rate().hz());
        let wide = resample(pcm, rate, Codec::G722.sample_rate().hz());
        let frames = narrow.len().div_ceil(FRAME_OCTETS);
        let mut octets = vec![0; Codec::ALL.len() * frames * FRAME_OCTETS];
        for (codec, place) in Codec::ALL.iter().zip(octets.chunks_mut((frames * FRAME_OCTETS).max(1))) {
            let source = if codec.samples_per_octet() == 1 { &narrow } else { &wide };
            let mut padded = source.clone();
            padded.resize(frames * codec.sample_rate().frame(), 0);
            Encoder::new(*codec).encode(&padded, place);
        }
        EncodedSound { octets: octets.into_boxed_slice(), frames }
    }

    pub fn from_wav(wav: &Wav) -> Self {
        EncodedSound::from_pcm(&wav.mono(), wav.rate)
    }

    /// Frames of 20 ms.
    pub fn frames(&self) -> usize {
        self.frames
    }

    pub fn is_empty(&self) -> bool {
        self.frames == 0
    }

    /// Frame `index` in a codec: [`FRAME_OCTETS`] octets, or none beyond the end.
    pub fn frame(&self, codec: Codec, index: usize) -> &[u8] {
        if index >= self.frames {
            return &[];
        }
        let block = match codec {
            Codec::Pcmu => 0,
            Codec::Pcma => 1,
            Codec::G722 => 2,
        };
        let start = (block * self.frames + index) * FRAME_OCTETS;
        &self.octets[start..start + FRAME_OCTETS]
    }
}

impl core::fmt::Debug for EncodedSound {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("EncodedSound").field("frames", &self.frames).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dbm0, Decoder, SampleRate, Tone, ToneGenerator, measure};

    fn tone(hertz: f64, rate: SampleRate, samples: usize) -> Vec<i16> {
        let mut pcm = vec![0; samples];
        ToneGenerator::new(&Tone::sine(hertz, Dbm0(-10.0)), rate).fill(&mut pcm);
        pcm
    }

    #[test]
    fn every_codec_plays_the_same_sound() {
        for rate in [SampleRate::Hz8000, SampleRate::Hz16000] {
            let sound = EncodedSound::from_pcm(&tone(1000.0, rate, rate.hz() as usize), rate.hz());
            assert_eq!(sound.frames(), 50);
            for codec in Codec::ALL {
                let mut decoder = Decoder::new(codec);
                let mut heard = vec![0; 50 * codec.sample_rate().frame()];
                for (index, frame) in heard.chunks_mut(codec.sample_rate().frame()).enumerate() {
                    assert_eq!(decoder.decode(sound.frame(codec, index), frame), frame.len());
                }
                let middle = &heard[heard.len() / 10..heard.len() * 9 / 10];
                let found = measure::dominant(middle, codec.sample_rate().hz()).expect("a tone");
                assert!((found.hertz - 1000.0).abs() < 1.0, "{codec:?} {found:?}");
                assert!((found.level.to_dbm0().0 + 10.0).abs() < 0.3 && found.share > 0.99, "{codec:?} {found:?}");
            }
        }
    }

    #[test]
    fn the_last_frame_is_whole() {
        let sound = EncodedSound::from_pcm(&tone(440.0, SampleRate::Hz8000, 161), 8000);
        assert_eq!(sound.frames(), 2);
        assert_eq!(sound.frame(Codec::Pcmu, 1)[1..], [0xff; 159]);
        assert_eq!(sound.frame(Codec::Pcma, 1).len(), 160);
        assert_eq!(sound.frame(Codec::G722, 2), []);
    }

    #[test]
    fn no_sound_is_no_frames() {
        for sound in [EncodedSound::from_pcm(&[], 8000), EncodedSound::from_pcm(&[1, 2, 3], 0)] {
            assert!(sound.is_empty());
            assert_eq!(sound.frame(Codec::Pcmu, 0), []);
        }
    }
}
