//! WAV files: what a call says and what it heard.

use std::f64::consts::PI;
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};

use super::limits::PLAY_SAMPLES_MAX;

/// Whether a file is there and is WAV.
pub(crate) fn check(path: &Path) -> io::Result<()> {
    WavReader::open(path).map(drop).map_err(hound_error)
}

/// Reads a file as one channel at `rate`.
pub(crate) fn read(path: &Path, rate: u32) -> io::Result<Vec<i16>> {
    let mut reader = WavReader::open(path).map_err(hound_error)?;
    let spec = reader.spec();
    let limit = PLAY_SAMPLES_MAX * usize::from(spec.channels.max(1));
    let samples: Vec<f64> = match spec.sample_format {
        SampleFormat::Int => {
            let scale = 1.0 / f64::from(1u32 << (spec.bits_per_sample.clamp(1, 32) - 1));
            let samples: Result<Vec<i32>, _> = reader.samples::<i32>().take(limit).collect();
            samples.map_err(hound_error)?.into_iter().map(|sample| f64::from(sample) * scale).collect()
        }
        SampleFormat::Float => {
            let samples: Result<Vec<f32>, _> = reader.samples::<f32>().take(limit).collect();
            samples.map_err(hound_error)?.into_iter().map(f64::from).collect()
        }
    };
    let channels = usize::from(spec.channels.max(1));
    let mono: Vec<f64> = samples.chunks(channels).map(|frame| frame.iter().sum::<f64>() / channels as f64).collect();
    let scaled = resample(&mono, spec.sample_rate, rate);
    Ok(scaled.into_iter().map(|value| (value * 32_767.0).clamp(-32_768.0, 32_767.0) as i16).collect())
}

/// Windowed-sinc interpolation, 16 zero crossings a side: −60 dB of alias, which G.711 hides.
fn resample(samples: &[f64], from: u32, to: u32) -> Vec<f64> {
    if from == to || samples.is_empty() || from == 0 {
        return samples.to_vec();
    }
    const CROSSINGS: f64 = 16.0;
    let ratio = f64::from(to) / f64::from(from);
    // Downwards the filter closes below the new Nyquist frequency, with a little room for its slope.
    let cutoff = if ratio < 1.0 { ratio * 0.95 } else { 1.0 };
    let reach = CROSSINGS / cutoff;
    let count = (samples.len() as f64 * ratio) as usize;
    let value = |index: usize| {
        let centre = index as f64 / ratio;
        let first = (centre - reach).ceil().max(0.0) as usize;
        let last = ((centre + reach) as usize).min(samples.len() - 1);
        // The sine and the window's cosine go on by rotation: two multiplications instead of two calls a tap.
        let mut sine = Rotation::new(PI * cutoff, first as f64 - centre);
        let mut window = Rotation::new(PI / reach, first as f64 - centre);
        let mut sum = 0.0;
        for (i, sample) in samples.iter().enumerate().take(last + 1).skip(first) {
            let x = (i as f64 - centre) * PI * cutoff;
            let sinc = if x.abs() < 1e-9 { 1.0 } else { sine.sin / x };
            sum += sample * cutoff * sinc * (0.5 + 0.5 * window.cos);
            sine.turn();
            window.turn();
        }
        sum
    };
    (0..count).map(value).collect()
}

/// Sine and cosine at evenly spaced angles.
struct Rotation {
    sin: f64,
    cos: f64,
    step_sin: f64,
    step_cos: f64,
}

impl Rotation {
    fn new(step: f64, first: f64) -> Self {
        let ((sin, cos), (step_sin, step_cos)) = ((step * first).sin_cos(), step.sin_cos());
        Self { sin, cos, step_sin, step_cos }
    }

    fn turn(&mut self) {
        let sin = self.sin * self.step_cos + self.cos * self.step_sin;
        self.cos = self.cos * self.step_cos - self.sin * self.step_sin;
        self.sin = sin;
    }
}

/// Writes what was heard as it comes; the file can be opened at any time, because its header is kept true every second.
pub(crate) struct Recorder {
    writer: WavWriter<BufWriter<File>>,
    rate: u32,
    unflushed: u32,
}

impl Recorder {
    pub(crate) fn create(path: &Path, rate: u32) -> io::Result<Self> {
        let spec = WavSpec { channels: 1, sample_rate: rate, bits_per_sample: 16, sample_format: SampleFormat::Int };
        Ok(Self { writer: WavWriter::create(path, spec).map_err(hound_error)?, rate, unflushed: 0 })
    }

    /// Appends samples of the given rate; a call that changes its codec keeps its first file.
    pub(crate) fn write(&mut self, samples: &[i16], rate: u32) -> io::Result<()> {
        let converted: Vec<i16>;
        let samples = if rate == self.rate {
            samples
        } else {
            let step = f64::from(rate) / f64::from(self.rate);
            let count = (samples.len() as f64 / step) as usize;
            converted = (0..count).map(|i| samples[(i as f64 * step) as usize]).collect();
            &converted
        };
        for &sample in samples {
            self.writer.write_sample(sample).map_err(hound_error)?;
        }
        self.unflushed += samples.len() as u32;
        if self.unflushed >= self.rate {
            self.unflushed = 0;
            self.writer.flush().map_err(hound_error)?;
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> io::Result<()> {
        self.writer.finalize().map_err(hound_error)
    }
}

fn hound_error(error: hound::Error) -> io::Error {
    match error {
        hound::Error::IoError(error) => error,
        other => io::Error::new(io::ErrorKind::InvalidData, other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::tones::{Ear, Sine};

    #[test]
    fn resampling_keeps_pitch_and_level() {
        for (from, to) in [(44_100, 8_000), (8_000, 16_000), (48_000, 16_000), (22_050, 8_000)] {
            let mut sine = Sine::tone(1_000.0, from);
            let samples: Vec<f64> = (0..from).map(|_| f64::from(sine.next_sample()) / 32_768.0).collect();
            let out: Vec<i16> = resample(&samples, from, to).iter().map(|v| (v * 32_768.0) as i16).collect();
            let mut ear = Ear::new(to);
            ear.handle(&out);
            let tone = ear.tones().first().cloned().expect("a tone");
            assert!((tone.hz - 1_000.0).abs() < 2.0 && (tone.level_db + 16.0).abs() < 0.5, "{from} to {to}: {tone:?}");
        }
    }

    #[test]
    fn frequencies_above_the_new_limit_vanish() {
        let mut sine = Sine::tone(6_000.0, 48_000);
        let samples: Vec<f64> = (0..48_000).map(|_| f64::from(sine.next_sample()) / 32_768.0).collect();
        let out = resample(&samples, 48_000, 8_000);
        let inner = &out[200..out.len() - 200];
        let mean = inner.iter().map(|v| v * v).sum::<f64>() / inner.len() as f64;
        assert!(10.0 * mean.log10() < -70.0, "{}", 10.0 * mean.log10());
    }
}
