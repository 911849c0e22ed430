//! Telling tones: in the packets of an ear, in the WAV files of a phone. Nothing of our room `audio` is used.

use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};
use std::f64::consts::TAU;
use std::path::Path;
use std::sync::Arc;

/// Windows in a second: bins of 5 Hz.
pub(crate) const FRACTION: usize = 5;
/// A little more than a bin: a tone that is heard as another one is another one.
pub(crate) const HZ_ERROR: f64 = 6.0;
/// Two µ-law steps of error, a resampler's ripple.
pub(crate) const LEVEL_ERROR_DB: f64 = 1.5;
/// A window is a tone when this share of its energy is in one place.
const PURITY: f64 = 0.8;
/// What `strowger phone` and the ears speak with, RMS in dBFS: a common level of speech.
pub(crate) const SPOKEN_DB: f64 = -16.0;
/// Quieter than this is silence: −60 dBFS.
const SILENCE: f64 = 1e-6;

/// What it takes to tell a tone of samples at one rate.
pub(crate) struct Sense {
    rate: u32,
    fft: Arc<dyn Fft<f64>>,
    /// Hann: a tone leaks into three bins at most.
    hann: Vec<f64>,
    bins: Vec<Complex<f64>>,
}

impl Sense {
    pub(crate) fn new(rate: u32) -> Sense {
        let window = rate as usize / FRACTION;
        let hann = (0..window).map(|n| 0.5 - 0.5 * (TAU * n as f64 / window as f64).cos()).collect();
        Sense { rate, fft: FftPlanner::new().plan_fft_forward(window), hann, bins: Vec::with_capacity(window) }
    }

    /// The one tone of a window of samples from −1 to 1: frequency and RMS level in dBFS.
    pub(crate) fn tone_of(&mut self, window: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
        let mut energy = 0.0;
        self.bins.clear();
        for (value, weight) in window.zip(&self.hann) {
            energy += value * value;
            self.bins.push(Complex::new(value * weight, 0.0));
        }
        let mean = energy / self.hann.len() as f64;
        if self.bins.len() < self.hann.len() || mean < SILENCE {
            return None;
        }
        self.fft.process(&mut self.bins);
        let power: Vec<f64> = self.bins[..self.bins.len() / 2].iter().map(|bin| bin.norm_sqr()).collect();
        let all: f64 = power.iter().sum();
        let top = (2..power.len() - 2).max_by(|a, b| power[*a].total_cmp(&power[*b]))?;
        let near: f64 = power[top - 2..=top + 2].iter().sum();
        if near < PURITY * all {
            return None;
        }
        // The middle of the peak's energy tells the frequency within a fraction of a bin.
        let middle: f64 = (top - 2..=top + 2).map(|n| n as f64 * power[n]).sum::<f64>() / near;
        Some((middle * f64::from(self.rate) / self.hann.len() as f64, 10.0 * mean.log10()))
    }
}

/// Channel `channel` of a WAV file, as samples from −1 to 1, and their rate.
pub(crate) fn channel_of(file: &Path, channel: usize) -> (Vec<f64>, u32) {
    let mut reader = hound::WavReader::open(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let spec = reader.spec();
    let samples: Vec<f64> = reader
        .samples::<i16>()
        .map(|sample| f64::from(sample.unwrap_or_else(|error| panic!("{}: {error}", file.display()))) / 32_768.0)
        .collect();
    let own = samples.chunks_exact(usize::from(spec.channels)).map(|frame| frame[channel]).collect();
    (own, spec.sample_rate)
}

/// Seconds of this tone alone, as loud as it was spoken, in a channel of a WAV file. Windows with a gap in them, which
/// a busy machine makes, do not count.
pub(crate) fn seconds_in(file: &Path, channel: usize, hz: f64) -> f64 {
    let (samples, rate) = channel_of(file, channel);
    let mut sense = Sense::new(rate);
    let windows = samples.chunks_exact(rate as usize / FRACTION);
    let right =
        |(heard, level): &(f64, f64)| (heard - hz).abs() <= HZ_ERROR && (level - SPOKEN_DB).abs() <= LEVEL_ERROR_DB;
    let count = windows.filter_map(|window| sense.tone_of(window.iter().copied())).filter(right).count();
    count as f64 / FRACTION as f64
}

/// A WAV file with a tone as loud as every phone of these tests speaks.
pub(crate) fn write_tone(file: &Path, rate: u32, hz: f64, seconds: u32) {
    let spec =
        hound::WavSpec { channels: 1, sample_rate: rate, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut writer = hound::WavWriter::create(file, spec).expect("a file can be made");
    let peak = 32_768.0 * 10f64.powf(SPOKEN_DB / 20.0) * 2f64.sqrt();
    for n in 0..rate * seconds {
        let angle = TAU * hz * f64::from(n) / f64::from(rate);
        writer.write_sample((angle.sin() * peak) as i16).expect("a file can be written");
    }
    writer.finalize().expect("a file can be written");
}

/// How long this tone sounds, alone or among others, at about the level every phone of these tests speaks with.
pub(crate) fn seconds_among_others(file: &Path, channel: usize, hz: f64) -> f64 {
    let (samples, rate) = channel_of(file, channel);
    let window = rate as usize / FRACTION;
    let near = |part: &&[f64]| (level_of(part, rate, hz) - SPOKEN_DB).abs() < 3.0;
    samples.chunks_exact(window).filter(near).count() as f64 / FRACTION as f64
}

/// The loudest this tone ever is, in dBFS.
pub(crate) fn loudest(file: &Path, channel: usize, hz: f64) -> f64 {
    let (samples, rate) = channel_of(file, channel);
    let windows = samples.chunks_exact(rate as usize / FRACTION);
    windows.map(|part| level_of(part, rate, hz)).fold(f64::NEG_INFINITY, f64::max)
}

/// The RMS level of one frequency (Goertzel) in a window.
fn level_of(window: &[f64], rate: u32, hz: f64) -> f64 {
    let turn = TAU * hz / f64::from(rate);
    let (re, im) = window.iter().enumerate().fold((0.0, 0.0), |(re, im), (n, value)| {
        let angle = turn * n as f64;
        (re + value * angle.cos(), im - value * angle.sin())
    });
    let amplitude = 2.0 * (re * re + im * im).sqrt() / window.len() as f64;
    20.0 * (amplitude / 2f64.sqrt()).max(1e-9).log10()
}

/// ITU-T G.711 µ-law by its definition: sign, segment, four bits of step.
pub(crate) fn encode(sample: i32) -> u8 {
    let magnitude = (sample.abs().min(32_635) >> 2) + 33;
    let segment = (31 - (magnitude as u32).leading_zeros()).saturating_sub(5).min(7);
    let step = (magnitude >> (segment + 1)) & 0xf;
    let sign = if sample < 0 { 0x80 } else { 0 };
    !(sign | (segment << 4) as u8 | step as u8)
}

/// From −1 to 1.
pub(crate) fn decode(octet: u8) -> f64 {
    let octet = !octet;
    let (segment, step) = (u32::from(octet >> 4 & 7), i32::from(octet & 0xf));
    let magnitude = (((step << 1) + 33) << segment) - 33;
    let magnitude = f64::from(magnitude << 2) / 32_768.0;
    if octet & 0x80 != 0 { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded_within_a_step() {
        for sample in (-32_000..32_000).step_by(37) {
            let back = decode(encode(sample)) * 32_768.0;
            let error = (back - f64::from(sample)).abs();
            assert!(error <= 8.0_f64.max(f64::from(sample.abs()) / 16.0), "{sample} came back as {back}");
        }
    }

    #[test]
    fn a_tone_is_told_within_a_hertz_and_a_tenth_of_a_decibel() {
        let sine = |n: u32| decode(encode(((TAU * 713.0 * f64::from(n) / 8_000.0).sin() * 6_000.0) as i32));
        let (hz, level) = Sense::new(8_000).tone_of((0..1_600).map(sine)).expect("a tone");
        let right = 20.0 * (6_000.0 / 32_768.0 / 2f64.sqrt()).log10();
        assert!((hz - 713.0).abs() < 1.0 && (level - right).abs() < 0.1, "{hz} Hz at {level} dB");
    }

    #[test]
    fn noise_and_two_tones_are_no_tone() {
        let two = |n: u32| {
            let sine = |hz: f64| 0.2 * (TAU * hz * f64::from(n) / 8_000.0).sin();
            sine(500.0) + sine(1_500.0)
        };
        assert!(Sense::new(8_000).tone_of((0..1_600).map(two)).is_none());
        let mut state = 1u64;
        let noise = |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / f64::from(u32::MAX) - 0.25
        };
        assert!(Sense::new(8_000).tone_of((0..1_600).map(noise)).is_none());
    }
}
