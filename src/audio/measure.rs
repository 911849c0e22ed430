//! What a piece of sound is: level, frequency, how much of it one tone is. For tests and tools, which may
//! allocate; nothing in a call's path uses it.

use crate::tone::{Dbm0, FULL_SCALE_SINE};
use rustfft::FftPlanner;
use rustfft::num_complex::Complex;

/// Power relative to digital overload: a full-scale square wave is 0 dBov, a full-scale sine -3.01.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug)]
pub struct Dbov(pub f64);

impl Dbov {
    /// No sound at all: half of the smallest step.
    pub const SILENCE: Dbov = Dbov(-96.33);

    fn from_mean_square(mean_square: f64) -> Self {
        Dbov((10.0 * (mean_square / (32_768.0 * 32_768.0)).log10()).max(Dbov::SILENCE.0))
    }

    pub fn to_dbm0(self) -> Dbm0 {
        Dbm0(self.0 + FULL_SCALE_SINE - 10.0 * 0.5f64.log10())
    }
}

/// The strongest tone in a sound.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Dominant {
    pub hertz: f64,
    pub level: Dbov,
    /// Its part of the whole power, 0 to 1: near 1 for a clean sine.
    pub share: f64,
}

/// Power of all of it.
pub fn level(pcm: &[i16]) -> Dbov {
    Dbov::from_mean_square(mean_square(pcm))
}

/// Power of one frequency (Goertzel's algorithm under a Hann window).
pub fn tone_level(pcm: &[i16], rate: u32, hertz: f64) -> Dbov {
    Dbov::from_mean_square(tone_power(pcm, rate, hertz))
}

/// How much of the whole power one frequency has, 0 to 1.
pub fn tone_share(pcm: &[i16], rate: u32, hertz: f64) -> f64 {
    let all = mean_square(pcm);
    if all == 0.0 { 0.0 } else { (tone_power(pcm, rate, hertz) / all).min(1.0) }
}

/// The strongest frequency, or nothing in silence and in less than 64 samples.
///
/// Found on the spectrum, then between its lines, to about a tenth of `rate / pcm.len()`.
pub fn dominant(pcm: &[i16], rate: u32) -> Option<Dominant> {
    if pcm.len() < 64 || mean_square(pcm) == 0.0 {
        return None;
    }
    let mut spectrum: Vec<Complex<f64>> =
        pcm.iter().enumerate().map(|(n, s)| Complex::new(f64::from(*s) * hann(n, pcm.len()), 0.0)).collect();
    FftPlanner::new().plan_fft_forward(spectrum.len()).process(&mut spectrum);
    let power: Vec<f64> = spectrum[..spectrum.len() / 2].iter().map(|line| line.norm_sqr()).collect();
    let peak = (2..power.len() - 1).max_by(|a, b| power[*a].total_cmp(&power[*b]))?;
    // Under a Hann window the logarithms of the three highest lines lie close to a parabola.
    let [left, top, right] = [power[peak - 1], power[peak], power[peak + 1]].map(|p| p.max(1e-9).ln());
    let curve = left - 2.0 * top + right;
    let between = if curve < 0.0 { ((left - right) / (2.0 * curve)).clamp(-0.5, 0.5) } else { 0.0 };
    let hertz = (peak as f64 + between) * f64::from(rate) / pcm.len() as f64;
    Some(Dominant { hertz, level: tone_level(pcm, rate, hertz), share: tone_share(pcm, rate, hertz) })
}

/// Signal to noise in dB when `heard` should be `meant`.
pub fn signal_to_noise(meant: &[i16], heard: &[i16]) -> f64 {
    let (mut signal, mut noise) = (0.0, 0.0);
    for (m, h) in meant.iter().zip(heard) {
        signal += f64::from(*m).powi(2);
        noise += (f64::from(*m) - f64::from(*h)).powi(2);
    }
    10.0 * (signal / f64::max(noise, 1e-9)).log10()
}

fn mean_square(pcm: &[i16]) -> f64 {
    let sum: f64 = pcm.iter().map(|s| f64::from(*s) * f64::from(*s)).sum();
    sum / pcm.len().max(1) as f64
}

/// Mean square of the sine at `hertz`.
fn tone_power(pcm: &[i16], rate: u32, hertz: f64) -> f64 {
    let turn = 2.0 * core::f64::consts::PI * hertz / f64::from(rate.max(1));
    let twice = 2.0 * turn.cos();
    let (mut last, mut before, mut weight) = (0.0, 0.0, 0.0);
    for (n, sample) in pcm.iter().enumerate() {
        let window = hann(n, pcm.len());
        weight += window;
        let next = f64::from(*sample) * window + twice * last - before;
        (before, last) = (last, next);
    }
    if weight == 0.0 {
        return 0.0;
    }
    let power = last * last + before * before - twice * last * before;
    2.0 * power / (weight * weight)
}

fn hann(n: usize, len: usize) -> f64 {
    0.5 - 0.5 * (2.0 * core::f64::consts::PI * (n as f64 + 0.5) / len as f64).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(hertz: f64, peak: f64, len: usize) -> Vec<i16> {
        let turn = 2.0 * core::f64::consts::PI * hertz / 8000.0;
        (0..len).map(|n| ((n as f64 * turn).sin() * peak).round() as i16).collect()
    }

    fn near(a: f64, b: f64, slack: f64) -> bool {
        (a - b).abs() <= slack
    }

    #[test]
    fn full_scale_is_what_the_definitions_say() {
        assert!(near(level(&[32_767, -32_768]).0, 0.0, 0.001));
        let full = sine(1000.0, 32_767.0, 8000);
        assert!(near(level(&full).0, -3.01, 0.01));
        assert!(near(level(&full).to_dbm0().0, FULL_SCALE_SINE, 0.01));
        assert_eq!(level(&[]), Dbov::SILENCE);
        assert_eq!(level(&[0; 10]), Dbov::SILENCE);
    }

    #[test]
    fn the_dominant_frequency_is_found_between_the_lines() {
        for hertz in [123.4, 440.0, 999.7, 3210.5] {
            for len in [400, 1000, 4000] {
                let heard = dominant(&sine(hertz, 8000.0, len), 8000).expect("a tone");
                assert!(near(heard.hertz, hertz, 800.0 / len as f64), "{heard:?} for {hertz} in {len}");
                assert!(near(heard.level.0, -15.26, 0.3), "{heard:?}");
                assert!(heard.share > 0.9, "{heard:?}");
            }
        }
        assert_eq!(dominant(&[0; 800], 8000), None);
        assert_eq!(dominant(&[5; 63], 8000), None);
    }

    #[test]
    fn a_weak_tone_is_measured_beside_a_strong_one() {
        let mixed: Vec<i16> =
            sine(500.0, 10_000.0, 4000).iter().zip(sine(1500.0, 1000.0, 4000)).map(|(a, b)| a + b).collect();
        assert!(near(tone_level(&mixed, 8000, 500.0).0 - tone_level(&mixed, 8000, 1500.0).0, 20.0, 0.05));
        assert!(near(tone_share(&mixed, 8000, 1500.0), 0.0099, 0.001));
        assert!(tone_level(&mixed, 8000, 1000.0) < Dbov(-80.0));
        assert_eq!(tone_share(&[0; 100], 8000, 440.0), 0.0);
    }

    #[test]
    fn signal_to_noise_of_known_noise() {
        let meant = [1000i16; 100];
        let heard = [1100i16; 100];
        assert!(near(signal_to_noise(&meant, &heard), 20.0, 1e-9));
        assert!(signal_to_noise(&meant, &meant) > 90.0);
    }
}
