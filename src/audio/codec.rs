use crate::{G722Decoder, G722Encoder, SampleRate, g711};

/// The codecs whose mathematics live here.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Codec {
    Pcmu,
    Pcma,
    G722,
}

/// Octets of a 20 ms frame, for every codec here: all are 64 kbit/s.
pub const FRAME_OCTETS: usize = 160;

impl Codec {
    pub const ALL: [Codec; 3] = [Codec::Pcmu, Codec::Pcma, Codec::G722];

    /// Rate of the samples. The RTP clock is 8 kHz for all of them, for G.722 by an old mistake that
    /// RFC 3551 §4.5.2 keeps; so an octet is always one tick of it.
    pub const fn sample_rate(self) -> SampleRate {
        match self {
            Codec::Pcmu | Codec::Pcma => SampleRate::Hz8000,
            Codec::G722 => SampleRate::Hz16000,
        }
    }

    /// Samples coded in one octet.
    pub const fn samples_per_octet(self) -> usize {
        match self {
            Codec::Pcmu | Codec::Pcma => 1,
            Codec::G722 => 2,
        }
    }

    /// An octet that sounds like nothing when repeated: what a muted leg sends.
    pub const fn silence(self) -> u8 {
        match self {
            Codec::Pcmu => 0xff,
            Codec::Pcma => 0xd5,
            // The codes of both bands whose difference rounds to nothing, so that no predictor moves.
            Codec::G722 => 0xfd,
        }
    }
}

/// Encodes one stream.
#[derive(Clone, Debug)]
pub enum Encoder {
    Pcmu,
    Pcma,
    G722(Box<G722Encoder>),
}

impl Encoder {
    pub fn new(codec: Codec) -> Self {
        match codec {
            Codec::Pcmu => Encoder::Pcmu,
            Codec::Pcma => Encoder::Pcma,
            Codec::G722 => Encoder::G722(Box::default()),
        }
    }

    /// Encodes as many samples as fit into `out`; returns the octets written.
    pub fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> usize {
        match self {
            Encoder::Pcmu => g711::encode_ulaw(pcm, out),
            Encoder::Pcma => g711::encode_alaw(pcm, out),
            Encoder::G722(encoder) => encoder.encode(pcm, out),
        }
    }
}

/// Decodes one stream.
#[derive(Clone, Debug)]
pub enum Decoder {
    Pcmu,
    Pcma,
    G722(Box<G722Decoder>),
}

impl Decoder {
    pub fn new(codec: Codec) -> Self {
        match codec {
            Codec::Pcmu => Decoder::Pcmu,
            Codec::Pcma => Decoder::Pcma,
            Codec::G722 => Decoder::G722(Box::default()),
        }
    }

    /// Decodes as many octets as fit into `out`; returns the samples written.
    pub fn decode(&mut self, octets: &[u8], out: &mut [i16]) -> usize {
        match self {
            Decoder::Pcmu => g711::decode_ulaw(octets, out),
            Decoder::Pcma => g711::decode_alaw(octets, out),
            Decoder::G722(decoder) => decoder.decode(octets, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_decodes_to_silence() {
        for codec in Codec::ALL {
            let mut pcm = [0; 960];
            let samples = Decoder::new(codec).decode(&[codec.silence(); 480], &mut pcm);
            assert_eq!(samples, 480 * codec.samples_per_octet());
            let loudest = pcm.iter().map(|s| s.unsigned_abs()).max();
            assert!(loudest < Some(12), "{codec:?}: {loudest:?}");
        }
    }

    #[test]
    fn a_frame_is_160_octets_in_every_codec() {
        for codec in Codec::ALL {
            let pcm = vec![0; codec.sample_rate().frame()];
            assert_eq!(Encoder::new(codec).encode(&pcm, &mut [0; 200]), FRAME_OCTETS, "{codec:?}");
        }
    }

    #[test]
    fn a_short_buffer_takes_what_fits() {
        for codec in Codec::ALL {
            let mut octets = [0; 10];
            assert_eq!(Encoder::new(codec).encode(&[0; 320], &mut octets), 10, "{codec:?}");
            let mut pcm = [0; 7];
            let expect = 7 / codec.samples_per_octet() * codec.samples_per_octet();
            assert_eq!(Decoder::new(codec).decode(&[0; 160], &mut pcm), expect, "{codec:?}");
        }
    }
}
