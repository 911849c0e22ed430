//! Making tones, and finding out which tone was heard.

use std::f64::consts::TAU;

use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};
use std::sync::Arc;

use super::event::HeardTone;
use super::limits::REPORT_TONES_MAX;

/// Peak of a test tone: −16 dBFS RMS, a common level of speech.
const TONE_PEAK: f64 = 0.158 * std::f64::consts::SQRT_2 * 32_768.0;
/// Peak of each of the two tones of a digit: −12 dBFS RMS both together, the middle of ITU-T Q.24's range.
const DIGIT_PEAK: f64 = 0.178 * std::f64::consts::SQRT_2 * 32_768.0;
/// Quieter than this is silence.
const SILENCE_DB: f64 = -60.0;
/// A window counts as a tone when this share of its energy is in one frequency.
const TONE_PURITY: f64 = 0.5;
/// Tones closer than this are one tone.
const SAME_TONE_HZ: f64 = 12.0;

const ROWS: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
const COLUMNS: [f64; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
const KEYS: [[char; 4]; 4] = [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];

/// One or two sine waves that go on without a break from frame to frame.
#[derive(Clone, Debug)]
pub(crate) struct Sine {
    steps: Vec<f64>,
    phases: Vec<f64>,
    peak: f64,
}

impl Sine {
    pub(crate) fn tone(hz: f64, rate: u32) -> Self {
        Self { steps: vec![TAU * hz / f64::from(rate)], phases: vec![0.0], peak: TONE_PEAK }
    }

    /// The two tones of a digit (ITU-T Q.23); None for what is no digit.
    pub(crate) fn digit(digit: char, rate: u32) -> Option<Self> {
        let (row, column) = (0..16).map(|i| (i / 4, i % 4)).find(|&(row, column)| KEYS[row][column] == digit)?;
        let steps = [ROWS[row], COLUMNS[column]].map(|hz| TAU * hz / f64::from(rate)).to_vec();
        Some(Self { steps, phases: vec![0.0; 2], peak: DIGIT_PEAK })
    }

    pub(crate) fn next_sample(&mut self) -> i16 {
        let mut sum = 0.0;
        for (phase, step) in self.phases.iter_mut().zip(&self.steps) {
            sum += phase.sin();
            *phase = (*phase + step) % TAU;
        }
        (sum * self.peak) as i16
    }
}

/// What one stretch of sound was like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sound {
    /// None: silence.
    pub(crate) dominant_hz: Option<f64>,
    pub(crate) level_db: f64,
    pub(crate) purity: f64,
}

/// Listens to samples in windows of a quarter of a second and keeps account of the tones in them.
pub(crate) struct Ear {
    rate: u32,
    window: Vec<f64>,
    size: usize,
    fft: Arc<dyn Fft<f64>>,
    /// Frequency, windows, sum of levels.
    tones: Vec<(f64, u32, f64)>,
    energy: f64,
    samples: u64,
    last: Option<Sound>,
}

impl Ear {
    pub(crate) fn new(rate: u32) -> Self {
        let size = (rate / 4) as usize;
        let fft = FftPlanner::new().plan_fft_forward(size);
        Self {
            rate,
            window: Vec::with_capacity(size),
            size,
            fft,
            tones: Vec::new(),
            energy: 0.0,
            samples: 0,
            last: None,
        }
    }

    pub(crate) fn handle(&mut self, samples: &[i16]) {
        for &sample in samples {
            let value = f64::from(sample) / 32_768.0;
            self.energy += value * value;
            self.samples += 1;
            self.window.push(value);
            if self.window.len() == self.size {
                let sound = self.judge();
                self.note(sound);
                self.window.clear();
            }
        }
    }

    /// The sound of the last full window, once.
    pub(crate) fn take_sound(&mut self) -> Option<Sound> {
        self.last.take()
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.samples as f64 / f64::from(self.rate)
    }

    /// Mean level of everything heard.
    pub(crate) fn level_db(&self) -> Option<f64> {
        (self.samples > 0).then(|| round1(decibel(self.energy / self.samples as f64)))
    }

    /// Tones by how long they were heard.
    pub(crate) fn tones(&self) -> Vec<HeardTone> {
        let length = self.size as f64 / f64::from(self.rate);
        let mut tones: Vec<_> = self
            .tones
            .iter()
            .map(|&(hz, count, levels)| HeardTone {
                hz: round1(hz),
                seconds: f64::from(count) * length,
                level_db: round1(levels / f64::from(count)),
            })
            .collect();
        tones.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
        tones.truncate(REPORT_TONES_MAX);
        tones
    }

    fn note(&mut self, sound: Sound) {
        self.last = Some(sound);
        let Some(hz) = sound.dominant_hz.filter(|_| sound.purity >= TONE_PURITY) else { return };
        match self.tones.iter_mut().find(|(known, ..)| (*known - hz).abs() < SAME_TONE_HZ) {
            Some((known, count, levels)) => {
                *count += 1;
                *levels += sound.level_db;
                *known += (hz - *known) / f64::from(*count);
            }
            // Speech and music leave many short entries; the list stays short because rare ones make room.
            None => {
                if self.tones.len() >= 16 * REPORT_TONES_MAX {
                    self.tones.retain(|(_, count, _)| *count > 1);
                }
                self.tones.push((hz, 1, sound.level_db));
            }
        }
    }

    fn judge(&self) -> Sound {
        let mean = self.window.iter().map(|v| v * v).sum::<f64>() / self.size as f64;
        let level_db = decibel(mean);
        if level_db < SILENCE_DB {
            return Sound { dominant_hz: None, level_db: level_db.max(-99.0), purity: 0.0 };
        }
        // Hann window: a tone between two bins leaks into four at most.
        let mut bins: Vec<_> = self
            .window
            .iter()
            .enumerate()
            .map(|(i, value)| Complex::new(value * (0.5 - 0.5 * (TAU * i as f64 / self.size as f64).cos()), 0.0))
            .collect();
        self.fft.process(&mut bins);
        let power: Vec<f64> = bins[..self.size / 2].iter().map(|bin| bin.norm_sqr()).collect();
        // Below 60 Hz there is only drift, which no telephone carries.
        let lowest = (60 * self.size / self.rate as usize).max(2);
        let peak = (lowest..power.len() - 2).max_by(|&a, &b| power[a].total_cmp(&power[b])).unwrap_or(lowest);
        let total: f64 = power[lowest - 1..].iter().sum();
        let near: f64 = power[peak - 2..=peak + 2].iter().sum();
        // Parabola through the three highest bins, in decibels: exact to a tenth of a bin for a Hann window.
        let [left, middle, right] = [peak - 1, peak, peak + 1].map(|bin| power[bin].max(1e-30).ln());
        let offset = 0.5 * (left - right) / (left - 2.0 * middle + right);
        let hz = (peak as f64 + offset) * f64::from(self.rate) / self.size as f64;
        Sound {
            dominant_hz: Some(round1(hz)),
            level_db: round1(level_db),
            purity: (100.0 * near / total).round() / 100.0,
        }
    }
}

fn decibel(mean_square: f64) -> f64 {
    10.0 * mean_square.max(1e-12).log10()
}

fn round1(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// Finds digits in sound by Goertzel's filter, in blocks of 12.75 ms, each of which must say the same twice.
pub(crate) struct DigitEar {
    rate: u32,
    block: Vec<f64>,
    candidate: Option<char>,
    current: Option<char>,
}

impl DigitEar {
    pub(crate) fn new(rate: u32) -> Self {
        Self { rate, block: Vec::new(), candidate: None, current: None }
    }

    /// Digits that began in these samples.
    pub(crate) fn handle(&mut self, samples: &[i16]) -> Vec<char> {
        let size = (self.rate as usize * 205) / 16_000;
        let mut found = Vec::new();
        for &sample in samples {
            self.block.push(f64::from(sample) / 32_768.0);
            if self.block.len() == size {
                let heard = self.judge();
                self.block.clear();
                if heard == self.candidate && heard != self.current {
                    self.current = heard;
                    found.extend(heard);
                }
                self.candidate = heard;
            }
        }
        found
    }

    fn judge(&self) -> Option<char> {
        let energy: f64 = self.block.iter().map(|v| v * v).sum::<f64>() / self.block.len() as f64;
        // ITU-T Q.24: receivers need not hear what is quieter than about −40 dBm0.
        if decibel(energy) < -40.0 {
            return None;
        }
        let rows = ROWS.map(|hz| self.power(hz));
        let columns = COLUMNS.map(|hz| self.power(hz));
        let (row, low) = loudest(&rows);
        let (column, high) = loudest(&columns);
        let twist = 10.0 * (low / high.max(1e-12)).log10();
        let pure = (low + high) / energy > 0.75;
        let alone = |all: &[f64; 4], best: usize| (0..4).all(|i| i == best || all[i] < all[best] / 4.0);
        (pure && twist.abs() < 9.0 && alone(&rows, row) && alone(&columns, column)).then_some(KEYS[row][column])
    }

    /// Mean square of the part of the block at one frequency.
    fn power(&self, hz: f64) -> f64 {
        let coefficient = 2.0 * (TAU * hz / f64::from(self.rate)).cos();
        let (mut s1, mut s2) = (0.0, 0.0);
        for value in &self.block {
            let s0 = value + coefficient * s1 - s2;
            (s1, s2) = (s0, s1);
        }
        let length = self.block.len() as f64;
        2.0 * (s1 * s1 + s2 * s2 - coefficient * s1 * s2) / (length * length)
    }
}

fn loudest(powers: &[f64; 4]) -> (usize, f64) {
    (0..4).map(|i| (i, powers[i])).max_by(|a, b| a.1.total_cmp(&b.1)).expect("there are four")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(sine: &mut Sine, count: usize) -> Vec<i16> {
        (0..count).map(|_| sine.next_sample()).collect()
    }

    #[test]
    fn a_tone_is_named_within_two_hertz_at_both_rates() {
        for rate in [8_000, 16_000] {
            for hz in [200.0, 440.0, 1_004.3, 2_713.0, 3_300.0] {
                let mut ear = Ear::new(rate);
                ear.handle(&samples(&mut Sine::tone(hz, rate), rate as usize));
                let tone = ear.tones().first().cloned().expect("a tone");
                assert!((tone.hz - hz).abs() < 2.0, "{hz} at {rate}: {tone:?}");
                assert!((tone.level_db + 16.0).abs() < 0.3, "{tone:?}");
                assert_eq!(tone.seconds, 1.0);
            }
        }
    }

    #[test]
    fn silence_and_noise_are_no_tones() {
        let mut ear = Ear::new(8_000);
        ear.handle(&[0; 8_000]);
        assert_eq!(ear.take_sound().and_then(|s| s.dominant_hz), None);
        let mut rng = base::Rng::new(1);
        let noise: Vec<i16> = (0..8_000).map(|_| (rng.unit() * 20_000.0 - 10_000.0) as i16).collect();
        ear.handle(&noise);
        assert!(ear.take_sound().expect("heard").purity < 0.2);
        assert!(ear.tones().is_empty());
    }

    #[test]
    fn every_digit_is_heard_once_for_each_press() {
        for rate in [8_000, 16_000] {
            let mut ear = DigitEar::new(rate);
            let mut heard = String::new();
            let pressed = "1234567890*#ABCD11";
            for digit in pressed.chars() {
                let mut tone = Sine::digit(digit, rate).expect("a digit");
                heard.extend(ear.handle(&samples(&mut tone, rate as usize / 10)));
                heard.extend(ear.handle(&vec![0; rate as usize / 20]));
            }
            assert_eq!(heard, pressed, "{rate}");
        }
    }

    #[test]
    fn single_tones_and_short_clicks_are_no_digits() {
        let mut ear = DigitEar::new(8_000);
        assert_eq!(ear.handle(&samples(&mut Sine::tone(697.0, 8_000), 8_000)), Vec::<char>::new());
        assert_eq!(ear.handle(&samples(&mut Sine::tone(440.0, 8_000), 8_000)), Vec::<char>::new());
        let mut tone = Sine::digit('5', 8_000).expect("a digit");
        assert_eq!(ear.handle(&samples(&mut tone, 100)), Vec::<char>::new());
    }
}
