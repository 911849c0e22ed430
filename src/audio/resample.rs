use crate::limits::{MAX_FRAME, WAV_RATES};

/// Taps of the half-band filter at 16 kHz; the delay of each direction is half of them, 1.9 ms.
const TAPS: usize = 63;
/// Taps beside the middle one that are not zero: every second.
const SIDE: usize = TAPS.div_ceil(2);

/// Kaiser's β for 60 dB of stop band; with 63 taps it begins at 4.5 kHz and the pass band ends at 3.5 kHz.
const BETA: f64 = 5.65;

/// The side taps, doubled, in 1/32768. The middle one, doubled, is 1.
static HALF_BAND: [i32; SIDE] = half_band();

/// 8 kHz to 16 kHz, frame by frame.
#[derive(Clone, Debug)]
pub struct Upsampler {
    history: [i16; SIDE - 1],
}

impl Default for Upsampler {
    fn default() -> Self {
        Upsampler { history: [0; SIDE - 1] }
    }
}

impl Upsampler {
    pub fn new() -> Self {
        Upsampler::default()
    }

    /// Makes two samples of each; returns how many were written. Whole frames that fit are taken, at most
    /// [`MAX_FRAME`] samples at once.
    pub fn process(&mut self, pcm: &[i16], out: &mut [i16]) -> usize {
        let count = pcm.len().min(out.len() / 2).min(MAX_FRAME);
        let mut line = [0i16; MAX_FRAME + SIDE - 1];
        let line = &mut line[..count + SIDE - 1];
        line[..SIDE - 1].copy_from_slice(&self.history);
        line[SIDE - 1..].copy_from_slice(&pcm[..count]);
        for (past, pair) in line.windows(SIDE).zip(out.as_chunks_mut::<2>().0) {
            // Between two samples the filter's every second tap meets one, on them only the middle tap does.
            *pair = [to_sample(weigh(past)), past[SIDE / 2]];
        }
        self.history.copy_from_slice(&line[count..]);
        2 * count
    }
}

/// 16 kHz to 8 kHz, frame by frame.
#[derive(Clone, Debug)]
pub struct Downsampler {
    /// Even and odd samples apart: the side taps meet the one kind, the middle tap the other.
    even: [i16; SIDE - 1],
    odd: [i16; SIDE / 2],
}

impl Default for Downsampler {
    fn default() -> Self {
        Downsampler { even: [0; SIDE - 1], odd: [0; SIDE / 2] }
    }
}

impl Downsampler {
    pub fn new() -> Self {
        Downsampler::default()
    }

    /// Makes one sample of each two; returns how many were written. At most [`MAX_FRAME`] samples at once.
    pub fn process(&mut self, pcm: &[i16], out: &mut [i16]) -> usize {
        let count = (pcm.len() / 2).min(out.len()).min(MAX_FRAME / 2);
        let mut even = [0i16; MAX_FRAME / 2 + SIDE - 1];
        let mut odd = [0i16; MAX_FRAME / 2 + SIDE / 2];
        even[..SIDE - 1].copy_from_slice(&self.even);
        odd[..SIDE / 2].copy_from_slice(&self.odd);
        for (n, [first, second]) in pcm.as_chunks::<2>().0[..count].iter().enumerate() {
            even[SIDE - 1 + n] = *first;
            odd[SIDE / 2 + n] = *second;
        }
        for (n, sample) in out[..count].iter_mut().enumerate() {
            let sides = weigh(&even[n..n + SIDE]);
            // Halved first: the sum may pass 32 bits.
            *sample = to_sample((sides >> 1) + (i32::from(odd[n]) << 14));
        }
        self.even.copy_from_slice(&even[count..count + SIDE - 1]);
        self.odd.copy_from_slice(&odd[count..count + SIDE / 2]);
        count
    }
}

/// Converts a whole recording between any two rates; for loading, as it takes its time and memory.
///
/// Rates outside [`WAV_RATES`] give nothing.
pub fn resample(pcm: &[i16], from: u32, to: u32) -> Vec<i16> {
    if !WAV_RATES.contains(&from) || !WAV_RATES.contains(&to) {
        return Vec::new();
    }
    if from == to {
        return pcm.to_vec();
    }
    let kernel = Kernel::new(from, to);
    let len = (pcm.len() as u64 * u64::from(to)).div_ceil(u64::from(from));
    (0..len)
        .map(|n| {
            let position = n * u64::from(from);
            let (whole, part) = (position / u64::from(to), position % u64::from(to));
            kernel.at(pcm, whole as i64, part as f64 / f64::from(to))
        })
        .collect()
}

/// A windowed sinc, tabulated finely enough to be interpolated.
struct Kernel {
    table: Vec<f32>,
    /// Input samples on each side.
    reach: i64,
}

/// Zero crossings on each side: a transition of a seventh of the lower band.
const CROSSINGS: f64 = 32.0;
/// Places in the table for each input sample.
const FINENESS: usize = 256;

impl Kernel {
    fn new(from: u32, to: u32) -> Self {
        // The pass band ends where the lower rate's does, less half the transition.
        let cutoff = f64::from(to.min(from)) / f64::from(from) * 0.95;
        let reach = (CROSSINGS / cutoff).ceil();
        let table = (0..=reach as usize * FINENESS + 1)
            .map(|n| {
                let x = n as f64 / FINENESS as f64;
                let angle = core::f64::consts::PI * x * cutoff;
                let sinc = if n == 0 { 1.0 } else { angle.sin() / angle };
                (cutoff * sinc * kaiser(x / reach, 8.0)) as f32
            })
            .collect();
        Kernel { table, reach: reach as i64 }
    }

    /// The signal at `whole + part` samples.
    fn at(&self, pcm: &[i16], whole: i64, part: f64) -> i16 {
        let first = (whole - self.reach + 1).max(0);
        let last = (whole + self.reach).min(pcm.len() as i64 - 1);
        let mut sum = 0.0;
        for index in first..=last {
            let distance = ((index - whole) as f64 - part).abs() * FINENESS as f64;
            let (place, between) = (distance as usize, distance.fract() as f32);
            let Some(&[a, b]) = self.table.get(place..place + 2).and_then(|t| t.first_chunk::<2>()) else { continue };
            sum += f32::from(pcm[index as usize]) * (a + (b - a) * between);
        }
        sum.round() as i16
    }
}

fn weigh(past: &[i16]) -> i32 {
    past.iter().zip(&HALF_BAND).map(|(sample, tap)| i32::from(*sample) * tap).sum()
}

fn to_sample(sum: i32) -> i16 {
    ((sum + (1 << 14)) >> 15).clamp(-32_768, 32_767) as i16
}

const fn half_band() -> [i32; SIDE] {
    let mut table = [0; SIDE];
    let mut n = 0;
    while n < SIDE {
        // Distance from the middle in samples of 16 kHz: odd.
        let odd = 2 * n as i32 - (SIDE as i32 - 1);
        let sign = if (odd - 1) % 4 == 0 { 1.0 } else { -1.0 };
        let ideal = sign * 2.0 / (core::f64::consts::PI * odd as f64);
        let tap = ideal * kaiser(odd as f64 / SIDE as f64, BETA) * 32_768.0;
        table[n] = (if tap < 0.0 { tap - 0.5 } else { tap + 0.5 }) as i32;
        n += 1;
    }
    table
}

/// Kaiser's window at `x` from -1 to 1.
const fn kaiser(x: f64, beta: f64) -> f64 {
    let inside = 1.0 - x * x;
    if inside <= 0.0 { 0.0 } else { bessel_i0_of_square(beta * beta * inside) / bessel_i0_of_square(beta * beta) }
}

/// The modified Bessel function I₀ of the root of `square`: its series has only even powers.
const fn bessel_i0_of_square(square: f64) -> f64 {
    let (mut term, mut sum, mut k) = (1.0, 1.0, 1.0);
    while k < 40.0 {
        term *= square / (4.0 * k * k);
        sum += term;
        k += 1.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{self, Dbov};
    use crate::{Dbm0, SampleRate, Tone, ToneGenerator};

    fn sine(hertz: f64, rate: u32, len: usize) -> Vec<i16> {
        let turn = 2.0 * core::f64::consts::PI * hertz / f64::from(rate);
        (0..len).map(|n| ((n as f64 * turn).sin() * 10_000.0).round() as i16).collect()
    }

    fn up(pcm: &[i16]) -> Vec<i16> {
        let mut upsampler = Upsampler::new();
        let mut out = vec![0; 2 * pcm.len()];
        for (from, to) in pcm.chunks(160).zip(out.chunks_mut(320)) {
            assert_eq!(upsampler.process(from, to), to.len());
        }
        out
    }

    fn down(pcm: &[i16]) -> Vec<i16> {
        let mut downsampler = Downsampler::new();
        let mut out = vec![0; pcm.len() / 2];
        for (from, to) in pcm.chunks(320).zip(out.chunks_mut(160)) {
            assert_eq!(downsampler.process(from, to), to.len());
        }
        out
    }

    /// Power of the wanted tone, and of everything else together, relative to the tone fed in.
    fn response(out: &[i16], rate: u32, hertz: f64) -> (f64, f64) {
        let settled = &out[400..];
        let tone = measure::tone_level(settled, rate, hertz).0;
        let fed = measure::level(&sine(1000.0, 8000, 8000)).0;
        (tone - fed, measure::level(settled).0 - fed)
    }

    #[test]
    fn the_pass_band_is_flat_and_images_are_gone() {
        for hertz in [60.0, 300.0, 1000.0, 2000.0, 3000.0, 3400.0, 3500.0] {
            let out = up(&sine(hertz, 8000, 8000));
            let (tone, _) = response(&out, 16_000, hertz);
            assert!(tone.abs() < 0.1, "{hertz}: {tone} dB");
            let (image, _) = response(&out, 16_000, 8000.0 - hertz);
            assert!(image < -55.0, "{hertz}: image at {image} dB");
            let (tone, _) = response(&down(&sine(hertz, 16_000, 16_000)), 8000, hertz);
            assert!(tone.abs() < 0.1, "{hertz}: {tone} dB");
        }
    }

    #[test]
    fn the_stop_band_is_more_than_50_db_down() {
        for hertz in [4500.0, 4700.0, 5000.0, 6000.0, 7000.0, 7900.0] {
            let (_, all) = response(&down(&sine(hertz, 16_000, 16_000)), 8000, 1000.0);
            assert!(all < -55.0, "{hertz}: {all} dB");
        }
    }

    #[test]
    fn there_and_back_is_the_same_later() {
        let mut pcm = vec![0; 8000];
        ToneGenerator::new(&Tone::dual(350.0, 2900.0, Dbm0(-12.0)), SampleRate::Hz8000).fill(&mut pcm);
        let back = down(&up(&pcm));
        let snr = measure::signal_to_noise(&pcm[200..7000], &back[200 + SIDE - 1..7000 + SIDE - 1]);
        assert!(snr > 50.0, "{snr} dB");
    }

    #[test]
    fn full_scale_does_not_wrap() {
        let square: Vec<i16> = (0..1600).map(|n| if n / 20 % 2 == 0 { 32_767 } else { -32_768 }).collect();
        let out = up(&square);
        for (n, sample) in out[200..].iter().enumerate() {
            let meant = square[(n + 200 - 31) / 2];
            assert!((i32::from(*sample) - i32::from(meant)).abs() < 50_000);
        }
        assert_eq!(down(&square).len(), 800);
    }

    #[test]
    fn any_rate_of_a_file_comes_to_8_and_16_khz() {
        for from in [8000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000] {
            for to in [8000, 16_000] {
                let out = resample(&sine(1000.0, from, from as usize), from, to);
                assert_eq!(out.len(), to as usize);
                let heard = measure::dominant(&out[200..out.len() - 200], to).expect("a tone");
                assert!((heard.hertz - 1000.0).abs() < 0.5, "{from} to {to}: {heard:?}");
                assert!(heard.share > 0.9999 && (heard.level.0 + 13.32).abs() < 0.05, "{from} to {to}: {heard:?}");
            }
        }
    }

    #[test]
    fn what_the_lower_rate_cannot_carry_does_not_fold_back() {
        for hertz in [4400.0, 5000.0, 9000.0, 20_000.0] {
            let out = resample(&sine(hertz, 48_000, 48_000), 48_000, 8000);
            let level = measure::level(&out[200..7800]);
            assert!(level < Dbov(-65.0), "{hertz}: {level:?}");
        }
    }

    #[test]
    fn impossible_rates_give_nothing() {
        for (from, to) in [(0, 8000), (8000, 0), (u32::MAX, 8000), (3999, 8000)] {
            assert_eq!(resample(&[1, 2, 3], from, to), []);
        }
        assert_eq!(resample(&[], 44_100, 8000), []);
    }
}
