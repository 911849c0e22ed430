//! ITU-T G.722 at 64 kbit/s (mode 1): 16 kHz in two sub-bands, each coded by adaptive differential PCM.
//!
//! Blocks carry the names of clause 6.2 of the Recommendation, tables its numbers. The encoder and decoder
//! begin in the reset state; after a loss the decoder needs some frames to come back to the encoder's state.

mod band;
mod tables;

use band::{Band, scale};
use tables::*;

/// Two samples become one octet.
#[derive(Clone, Debug)]
pub struct G722Encoder {
    bands: Bands,
    /// Past samples, newest last, for the transmit filter bank.
    history: [i32; QMF_TAPS],
}

impl Default for G722Encoder {
    fn default() -> Self {
        G722Encoder { bands: Bands::default(), history: [0; QMF_TAPS] }
    }
}

impl G722Encoder {
    pub fn new() -> Self {
        G722Encoder::default()
    }

    /// Encodes as many pairs of samples as fit into `out`; returns the octets written.
    pub fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> usize {
        let (pairs, _) = pcm.as_chunks::<2>();
        for (pair, octet) in pairs.iter().zip(out.iter_mut()) {
            *octet = self.encode_pair(*pair);
        }
        pairs.len().min(out.len())
    }

    fn encode_pair(&mut self, pair: [i16; 2]) -> u8 {
        let (low, high) = split(&mut self.history, pair);
        (self.bands.encode_high(high) << 6 | self.bands.encode_low(low)) as u8
    }
}

/// One octet becomes two samples.
#[derive(Clone, Debug)]
pub struct G722Decoder {
    bands: Bands,
    /// Past sums and differences of the bands, newest last, for the receive filter bank.
    history: [i32; QMF_TAPS],
}

impl Default for G722Decoder {
    fn default() -> Self {
        G722Decoder { bands: Bands::default(), history: [0; QMF_TAPS] }
    }
}

impl G722Decoder {
    pub fn new() -> Self {
        G722Decoder::default()
    }

    /// Decodes as many octets as fit into `out`; returns the samples written.
    pub fn decode(&mut self, octets: &[u8], out: &mut [i16]) -> usize {
        let (pairs, _) = out.as_chunks_mut::<2>();
        let count = octets.len().min(pairs.len());
        for (octet, pair) in octets.iter().zip(pairs) {
            *pair = self.decode_octet(*octet);
        }
        2 * count
    }

    fn decode_octet(&mut self, octet: u8) -> [i16; 2] {
        let low = self.bands.decode_low(usize::from(octet & 0x3f));
        let high = self.bands.decode_high(usize::from(octet >> 6));
        self.history.copy_within(2.., 0);
        self.history[QMF_TAPS - 2] = low + high;
        self.history[QMF_TAPS - 1] = low - high;
        let (mut first, mut second) = (0, 0);
        for (pair, (a, b)) in self.history.chunks_exact(2).zip(QMF_EVEN.iter().zip(QMF_EVEN.iter().rev())) {
            second += pair[0] * a;
            first += pair[1] * b;
        }
        [saturate(first >> 11) as i16, saturate(second >> 11) as i16]
    }
}

/// The state both sides keep in step.
#[derive(Clone, Debug)]
struct Bands {
    low: Band,
    high: Band,
}

impl Default for Bands {
    fn default() -> Self {
        Bands { low: Band::new(32), high: Band::new(8) }
    }
}

impl Bands {
    fn encode_low(&mut self, sample: i32) -> usize {
        // Block 1L: SUBTRA and QUANTL.
        let error = saturate(sample - self.low.estimate());
        let magnitude = if error < 0 { !error } else { error };
        let interval = QUANTL.partition_point(|q| magnitude >= (q * self.low.step) >> 12);
        let code = LOW_CODES[usize::from(error < 0)][interval];
        self.adapt_low(code);
        code
    }

    fn decode_low(&mut self, code: usize) -> i32 {
        // Blocks 5L and 6L: INVQBL, RECONS, LIMIT.
        let sample = self.low.estimate() + ((self.low.step * INVQBL[code]) >> 15);
        self.adapt_low(code);
        limit(sample)
    }

    /// Blocks 2L to 4L: the predictor sees 4 bits of the 6, so that a decoder of any mode stays in step.
    fn adapt_low(&mut self, code: usize) {
        let difference = (self.low.step * INVQAL[code >> 2]) >> 15;
        let log = ((self.low.log_scale * 127) >> 7) + LOGSCL[code >> 2];
        self.low.log_scale = log.clamp(0, 18_432);
        self.low.step = scale(self.low.log_scale, 8);
        self.low.predict(difference);
    }

    fn encode_high(&mut self, sample: i32) -> usize {
        // Block 1H: SUBTRA and QUANTH.
        let error = saturate(sample - self.high.estimate());
        let magnitude = if error < 0 { !error } else { error };
        let large = magnitude >= (QUANTH * self.high.step) >> 12;
        let code = HIGH_CODES[usize::from(error < 0)][usize::from(large)];
        self.adapt_high(code);
        code
    }

    fn decode_high(&mut self, code: usize) -> i32 {
        // Blocks 5H and 6H.
        let sample = self.high.estimate() + ((self.high.step * INVQAH[code]) >> 15);
        self.adapt_high(code);
        limit(sample)
    }

    /// Blocks 2H to 4H.
    fn adapt_high(&mut self, code: usize) {
        let difference = (self.high.step * INVQAH[code]) >> 15;
        let log = ((self.high.log_scale * 127) >> 7) + LOGSCH[code];
        self.high.log_scale = log.clamp(0, 22_528);
        self.high.step = scale(self.high.log_scale, 10);
        self.high.predict(difference);
    }
}

/// The transmit filter bank: the next sample of the lower and of the higher band.
fn split(history: &mut [i32; QMF_TAPS], [first, second]: [i16; 2]) -> (i32, i32) {
    history.copy_within(2.., 0);
    history[QMF_TAPS - 2] = i32::from(first);
    history[QMF_TAPS - 1] = i32::from(second);
    let (mut older, mut newer) = (0, 0);
    for (pair, (a, b)) in history.chunks_exact(2).zip(QMF_EVEN.iter().zip(QMF_EVEN.iter().rev())) {
        older += pair[0] * a;
        newer += pair[1] * b;
    }
    ((newer + older) >> 14, (newer - older) >> 14)
}

/// Blocks 6L and 6H.
fn limit(sample: i32) -> i32 {
    sample.clamp(-16_384, 16_383)
}

fn saturate(value: i32) -> i32 {
    value.clamp(-32_768, 32_767)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dbm0, SampleRate, Tone, ToneGenerator, measure};

    /// Noise and triangles at many levels, full-scale squares and silence: ten seconds.
    fn torture() -> Vec<i16> {
        let mut random = 1u32;
        let sample = |n: i32| {
            random = random.wrapping_mul(1_103_515_245).wrapping_add(12_345) & 0x7fff_ffff;
            let noise = (random >> 8 & 0xffff) as i32 - 32_768;
            let triangle = ((n * (1 + n / 4000 % 13)) % 256 - 128).abs() * 2 - 128;
            let loudness = n / 400 % 17;
            let sample = match n / 1600 % 10 {
                9 => 0,
                8 if n / 5 % 2 == 0 => -32_768,
                8 => 32_767,
                _ => ((noise * loudness) >> 5) + triangle * loudness * 10,
            };
            sample.clamp(-32_768, 32_767) as i16
        };
        (0..160_000).map(sample).collect()
    }

    /// FNV-1a.
    fn digest(octets: impl IntoIterator<Item = u8>) -> u64 {
        octets.into_iter().fold(0xcbf2_9ce4_8422_2325, |h, o| (h ^ u64::from(o)).wrapping_mul(0x100_0000_01b3))
    }

    fn encode(pcm: &[i16]) -> Vec<u8> {
        let mut octets = vec![0; pcm.len() / 2];
        assert_eq!(G722Encoder::new().encode(pcm, &mut octets), octets.len());
        octets
    }

    fn decode(octets: &[u8]) -> Vec<i16> {
        let mut pcm = vec![0; 2 * octets.len()];
        assert_eq!(G722Decoder::new().decode(octets, &mut pcm), pcm.len());
        pcm
    }

    fn pcm_digest(pcm: &[i16]) -> u64 {
        digest(pcm.iter().flat_map(|s| s.to_le_bytes()))
    }

    #[test]
    fn the_bits_are_those_of_another_implementation() {
        // Digests of what libg722 1.2.8 (public domain, which says it passes the ITU's own sequences) makes of
        // the same input, by its Python package `G722`; libspandsp 0.0.6 agrees on the encoder.
        let pcm = torture();
        assert_eq!(pcm_digest(&pcm), 0x6d2b_338a_4a6a_1dd2, "the input itself");
        let octets = encode(&pcm);
        assert_eq!(digest(octets.iter().copied()), 0x5ce8_cfbe_ec8f_302e);
        assert_eq!(pcm_digest(&decode(&octets)), 0x1bec_9c33_b1b7_ad68);
        let mut random = 7u32;
        let noise: Vec<u8> = (0..40_000)
            .map(|_| {
                random = random.wrapping_mul(1_103_515_245).wrapping_add(12_345) & 0x7fff_ffff;
                (random >> 12) as u8
            })
            .collect();
        assert_eq!(pcm_digest(&decode(&noise)), 0x15bc_2c79_df91_df56);
    }

    #[test]
    fn speech_band_tones_come_through_cleanly() {
        for hertz in [100.0, 1000.0, 3000.0, 5000.0, 6500.0] {
            let mut pcm = vec![0; 16_000];
            ToneGenerator::new(&Tone::sine(hertz, Dbm0(-10.0)), SampleRate::Hz16000).fill(&mut pcm);
            let heard = decode(&encode(&pcm));
            let found = measure::dominant(&heard[1600..], 16_000).expect("a tone");
            assert!((found.hertz - hertz).abs() < 0.5, "{found:?}");
            assert!((found.level.to_dbm0().0 + 10.0).abs() < 0.6, "{found:?}");
            // The filter banks delay by 22 samples.
            let snr = measure::signal_to_noise(&pcm[1600..15_900], &heard[1622..15_922]);
            let least = if hertz < 4000.0 { 25.0 } else { 12.0 };
            assert!(snr > least, "{hertz} Hz: {snr} dB");
        }
    }

    #[test]
    fn a_decoder_that_missed_a_frame_finds_its_way_back() {
        let mut pcm = vec![0; 32_000];
        ToneGenerator::new(&Tone::sine(700.0, Dbm0(-12.0)), SampleRate::Hz16000).fill(&mut pcm);
        let octets = encode(&pcm);
        let whole = decode(&octets);
        let mut gapped = octets.clone();
        gapped.drain(4000..4160);
        let after = decode(&gapped);
        let snr = measure::signal_to_noise(&whole[10_000..30_000], &after[10_000 - 320..30_000 - 320]);
        assert!(snr > 40.0, "{snr} dB from 100 ms after the gap on");
    }
}
