use crate::SampleRate;
use crate::limits::{CONCEALMENT_MAX, MAX_FRAME};

/// Packet loss concealment after ITU-T G.711 Appendix I, for 8 and 16 kHz.
///
/// A gap is filled by repeating the last pitch periods: one in the first 10 ms, then two, then three, so
/// that a long gap does not buzz; after 10 ms it fades, and at 60 ms it is silent. The first frame after a
/// gap is faded in over what the repetition would have gone on with.
///
/// Unlike the Appendix it delays nothing: where that blends the last 3.75 ms before the gap, here the
/// difference at the seam is added to the first samples and dies away.
#[derive(Clone, Debug)]
pub struct Plc {
    sizes: Sizes,
    /// What was played, newest last; only the first `sizes.history` places are used.
    history: [i16; HISTORY_MAX],
    gap: Option<Gap>,
}

/// Lengths in samples.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    /// Three periods of the lowest pitch and a quarter to blend with.
    history: usize,
    pitch_min: usize,
    pitch_max: usize,
    /// Compared when the pitch is looked for.
    window: usize,
    ten_ms: usize,
    /// Step of the coarse search.
    coarse: usize,
}

const HISTORY_MAX: usize = 780;

impl Sizes {
    fn new(rate: SampleRate) -> Self {
        let k = rate.hz() as usize / 8000;
        Sizes {
            history: 390 * k,
            pitch_min: 40 * k,
            pitch_max: 120 * k,
            window: 160 * k,
            ten_ms: 80 * k,
            coarse: 2 * k,
        }
    }
}

#[derive(Clone, Debug)]
struct Gap {
    /// The end of the history when the gap began.
    before: [i16; HISTORY_MAX],
    pitch: usize,
    /// Samples concealed so far.
    concealed: usize,
    /// Periods repeated now, and the place in them.
    periods: usize,
    at: usize,
    /// Place in the repetition of fewer periods, while it is blended out, and samples of that left.
    old: Option<(usize, usize, usize)>,
    /// Step between the last sample played and what the repetition would have put there.
    seam: f32,
}

impl Plc {
    pub fn new(rate: SampleRate) -> Self {
        Plc { sizes: Sizes::new(rate), history: [0; HISTORY_MAX], gap: None }
    }

    /// Passes a decoded frame on; after a gap its beginning is blended with the concealment.
    pub fn good(&mut self, frame: &mut [i16]) {
        if let Some(mut gap) = self.gap.take() {
            let blend = self.blend_after(&gap).min(frame.len());
            for (n, sample) in frame[..blend].iter_mut().enumerate() {
                let weight = (n + 1) as f32 / (blend + 1) as f32;
                let continued = gap.next(&self.sizes);
                *sample = to_sample(continued * (1.0 - weight) + f32::from(*sample) * weight);
            }
        }
        self.remember(frame);
    }

    /// Fills a frame that never came.
    pub fn conceal(&mut self, frame: &mut [i16]) {
        let sizes = self.sizes;
        let gap = self.gap.get_or_insert_with(|| Gap::new(&self.history, &sizes));
        for sample in frame.iter_mut() {
            *sample = to_sample(gap.next(&sizes));
        }
        self.remember(frame);
    }

    /// Whether the last frame was concealed.
    pub fn is_concealing(&self) -> bool {
        self.gap.is_some()
    }

    /// Appendix I §I.2.7: a quarter period, and 4 ms more for each 10 ms of gap beyond the first, up to 10 ms.
    fn blend_after(&self, gap: &Gap) -> usize {
        let beyond = gap.concealed.saturating_sub(self.sizes.ten_ms);
        (gap.pitch / 4 + beyond * 4 / 10).min(self.sizes.ten_ms)
    }

    fn remember(&mut self, frame: &[i16]) {
        let frame = &frame[frame.len().saturating_sub(self.sizes.history)..];
        let history = &mut self.history[..self.sizes.history];
        history.copy_within(frame.len().., 0);
        let from = history.len() - frame.len();
        history[from..].copy_from_slice(frame);
    }
}

impl Gap {
    fn new(history: &[i16; HISTORY_MAX], sizes: &Sizes) -> Self {
        let pitch = find_pitch(&history[..sizes.history], sizes);
        Gap {
            before: *history,
            pitch,
            concealed: 0,
            periods: 1,
            at: 0,
            old: None,
            seam: f32::from(history[sizes.history - 1]) - f32::from(history[sizes.history - 1 - pitch]),
        }
    }

    fn next(&mut self, sizes: &Sizes) -> f32 {
        let fade_end = sizes.ten_ms * (CONCEALMENT_MAX.as_millis() as usize / 10);
        if self.concealed >= fade_end {
            self.concealed += 1;
            return 0.0;
        }
        if self.concealed == sizes.ten_ms || self.concealed == 2 * sizes.ten_ms {
            self.old = Some((self.periods, self.at, self.pitch / 4));
            // The same phase, one period further back.
            self.periods += 1;
        }
        let quarter = (self.pitch / 4).max(1);
        let mut sample = self.repeated(self.periods, self.at, sizes);
        self.at = (self.at + 1) % (self.periods * self.pitch);
        if let Some((periods, at, left)) = self.old {
            let weight = left as f32 / (quarter + 1) as f32;
            sample += (self.repeated(periods, at, sizes) - sample) * weight;
            self.old = (left > 1).then(|| (periods, (at + 1) % (periods * self.pitch), left - 1));
        }
        if self.concealed < quarter {
            sample += self.seam * (quarter - self.concealed) as f32 / (quarter + 1) as f32;
        }
        // Full for 10 ms, then 20 % less every 10 ms.
        let faded = self.concealed.saturating_sub(sizes.ten_ms) as f32 / (fade_end - sizes.ten_ms) as f32;
        self.concealed += 1;
        sample * (1.0 - faded)
    }

    /// Place `at` of the last `periods` periods, whose last quarter is blended into what precedes them, so
    /// that the end leads smoothly into the beginning.
    fn repeated(&self, periods: usize, at: usize, sizes: &Sizes) -> f32 {
        let len = periods * self.pitch;
        let start = sizes.history - len;
        let quarter = (self.pitch / 4).max(1);
        let sample = f32::from(self.before[start + at]);
        let Some(into) = (at + quarter).checked_sub(len) else { return sample };
        let weight = (into + 1) as f32 / (quarter + 1) as f32;
        let earlier = f32::from(self.before[start + at - len]);
        sample + (earlier - sample) * weight
    }
}

/// The lag at which the last 20 ms are most like what came before: a coarse search, then a fine one.
fn find_pitch(history: &[i16], sizes: &Sizes) -> usize {
    let likeness = |lag: usize, step: usize| {
        let from = history.len() - sizes.window;
        let (mut product, mut energy) = (0.0f32, 0.0f32);
        for at in (from..history.len()).step_by(step) {
            let (now, earlier) = (f32::from(history[at]), f32::from(history[at - lag]));
            product += now * earlier;
            energy += earlier * earlier;
        }
        // In silence every lag is as good; the floor keeps rounding noise from choosing.
        product / energy.max(sizes.window as f32).sqrt()
    };
    let best = |lags: &mut dyn Iterator<Item = usize>, step: usize| {
        lags.map(|lag| (lag, likeness(lag, step)))
            .fold((sizes.pitch_max, f32::MIN), |best, this| if this.1 > best.1 { this } else { best })
            .0
    };
    let coarse = best(&mut (sizes.pitch_min..=sizes.pitch_max).step_by(sizes.coarse), sizes.coarse);
    let near = coarse.saturating_sub(sizes.coarse - 1).max(sizes.pitch_min);
    best(&mut (near..=(coarse + sizes.coarse - 1).min(sizes.pitch_max)), 1)
}

fn to_sample(value: f32) -> i16 {
    // `as` saturates and rounds towards zero.
    value.round() as i16
}

/// Plays two frames of equal length in the time of one, blended where they are most alike.
///
/// This is how a jitter buffer catches up in mid-speech. Frames longer than [`MAX_FRAME`] are cut.
pub fn merge_frames(first: &[i16], second: &[i16], out: &mut [i16]) {
    let len = first.len().min(second.len()).min(out.len()).min(MAX_FRAME);
    let blend = len / 4;
    let likeness = |at: usize| {
        let pairs = first[at..at + blend].iter().zip(&second[at..at + blend]);
        let (mut product, mut energy) = (0i64, 1i64);
        for (a, b) in pairs {
            product += i64::from(*a) * i64::from(*b);
            energy += i64::from(*a) * i64::from(*a) + i64::from(*b) * i64::from(*b);
        }
        product as f64 / energy as f64
    };
    let at = (0..=len - blend)
        .map(|at| (at, likeness(at)))
        .fold((0, f64::MIN), |best, this| if this.1 > best.1 { this } else { best })
        .0;
    out[..at].copy_from_slice(&first[..at]);
    for n in 0..blend {
        let (a, b) = (i32::from(first[at + n]), i32::from(second[at + n]));
        let weight = (n as i32 + 1) * 256 / blend as i32;
        out[at + n] = (a + (((b - a) * weight) >> 8)) as i16;
    }
    out[at + blend..len].copy_from_slice(&second[at + blend..len]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure;
    use base::Rng;

    const RATES: [SampleRate; 2] = [SampleRate::Hz8000, SampleRate::Hz16000];

    fn sine(hertz: f64, peak: f64, rate: SampleRate, len: usize) -> Vec<i16> {
        let turn = 2.0 * core::f64::consts::PI * hertz / f64::from(rate.hz());
        (0..len).map(|n| ((n as f64 * turn).sin() * peak).round() as i16).collect()
    }

    /// Something like a vowel: harmonics of a voice whose pitch glides and whose loudness swells.
    fn voice(rate: SampleRate, seconds: usize) -> Vec<i16> {
        let hz = f64::from(rate.hz());
        let mut phase = 0.0;
        (0..seconds * rate.hz() as usize)
            .map(|n| {
                let t = n as f64 / hz;
                let pitch = 130.0 + 30.0 * (2.0 * core::f64::consts::PI * 0.7 * t).sin();
                phase += 2.0 * core::f64::consts::PI * pitch / hz;
                let swell = 0.6 + 0.4 * (2.0 * core::f64::consts::PI * 1.3 * t).sin();
                let sum: f64 = (1..12).map(|k| (f64::from(k) * phase).sin() / f64::from(k)).sum();
                (sum * swell * 6000.0) as i16
            })
            .collect()
    }

    /// Plays `pcm` in 20 ms frames with the lost ones concealed, or left silent.
    fn play(pcm: &[i16], rate: SampleRate, conceal: bool, lost: impl Fn(usize) -> bool) -> Vec<i16> {
        let mut plc = Plc::new(rate);
        let mut heard = pcm.to_vec();
        for (index, frame) in heard.chunks_mut(rate.frame()).enumerate() {
            match (lost(index), conceal) {
                (true, true) => plc.conceal(frame),
                (true, false) => frame.fill(0),
                (false, true) => plc.good(frame),
                (false, false) => {}
            }
        }
        heard
    }

    fn random_losses(percent: f64, seed: u64) -> impl Fn(usize) -> bool {
        let mut rng = Rng::new(seed);
        let lost: Vec<bool> = (0..5000).map(|_| rng.chance(percent / 100.0)).collect();
        move |index| index > 5 && lost[index]
    }

    fn steepest(pcm: &[i16]) -> u16 {
        pcm.windows(2).map(|w| w[0].abs_diff(w[1])).max().unwrap_or(0)
    }

    #[test]
    fn without_loss_nothing_changes() {
        let pcm = voice(SampleRate::Hz8000, 1);
        assert_eq!(play(&pcm, SampleRate::Hz8000, true, |_| false), pcm);
    }

    #[test]
    fn a_sine_with_five_per_cent_lost_is_far_better_than_with_holes() {
        for rate in RATES {
            for hertz in [200.0, 440.0, 1000.0, 1370.0] {
                let pcm = sine(hertz, 8000.0, rate, 20 * rate.hz() as usize);
                let snr = |conceal| measure::signal_to_noise(&pcm, &play(&pcm, rate, conceal, random_losses(5.0, 1)));
                let (concealed, holes) = (snr(true), snr(false));
                assert!(concealed > holes + 6.0, "{rate:?} {hertz} Hz: {concealed:.1} dB, holes {holes:.1} dB");
            }
        }
    }

    #[test]
    fn a_voice_with_losses_is_better_than_with_holes() {
        for rate in RATES {
            let pcm = voice(rate, 20);
            for percent in [2.0, 5.0, 10.0] {
                let snr =
                    |conceal| measure::signal_to_noise(&pcm, &play(&pcm, rate, conceal, random_losses(percent, 2)));
                let (concealed, holes) = (snr(true), snr(false));
                assert!(concealed > holes + 3.0, "{rate:?} {percent} %: {concealed:.1} dB, holes {holes:.1} dB");
            }
        }
    }

    #[test]
    fn nothing_clicks() {
        for rate in RATES {
            for hertz in [110.0, 440.0, 1000.0] {
                let pcm = sine(hertz, 8000.0, rate, 10 * rate.hz() as usize);
                let heard = play(&pcm, rate, true, random_losses(10.0, 3));
                let (was, is) = (steepest(&pcm), steepest(&heard));
                assert!(f64::from(is) < f64::from(was) * 1.6 + 60.0, "{rate:?} {hertz} Hz: steps of {is}, were {was}");
                let holes = steepest(&play(&pcm, rate, false, random_losses(10.0, 3)));
                assert!(is < holes || hertz > 900.0, "holes step by {holes}, this by {is}");
            }
        }
    }

    #[test]
    fn a_gap_fades_and_is_silent_after_60_ms() {
        for rate in RATES {
            let pcm = sine(440.0, 8000.0, rate, rate.hz() as usize);
            let heard = play(&pcm, rate, true, |index| (20..30).contains(&index));
            let ten = rate.frame() / 2;
            let level = |piece: usize| measure::level(&heard[40 * ten + piece * ten..][..ten]).0;
            assert!((level(0) - measure::level(&pcm).0).abs() < 0.5, "the first 10 ms are as loud as before");
            assert!((1..6).all(|n| level(n) < level(n - 1)), "{:?}", (0..6).map(level).collect::<Vec<_>>());
            assert!(heard[46 * ten..60 * ten].iter().all(|s| *s == 0));
            // And back within 10 ms.
            assert_eq!(heard[61 * ten..], pcm[61 * ten..]);
        }
    }

    #[test]
    fn frames_of_every_length_are_concealed() {
        for len in [1, 7, 80, 160, 320, 480, 960] {
            let mut plc = Plc::new(SampleRate::Hz8000);
            let mut frame = vec![5000; len];
            for n in 0..50 {
                if n % 3 == 2 {
                    plc.conceal(&mut frame)
                } else {
                    plc.good(&mut frame)
                }
                assert_eq!(plc.is_concealing(), n % 3 == 2);
            }
            plc.conceal(&mut []);
        }
    }

    #[test]
    fn a_gap_before_any_sound_is_silent_and_full_scale_does_not_wrap() {
        let mut plc = Plc::new(SampleRate::Hz16000);
        let mut frame = [99; 320];
        plc.conceal(&mut frame);
        assert_eq!(frame, [0; 320]);
        let mut loud: Vec<i16> = (0..320).map(|n| if n / 80 % 2 == 0 { 32_767 } else { -32_768 }).collect();
        for _ in 0..4 {
            plc.good(&mut loud.clone());
        }
        plc.conceal(&mut loud);
        assert!(loud[..70].iter().all(|s| *s > 20_000) || loud[..70].iter().all(|s| *s < -20_000), "{loud:?}");
    }

    #[test]
    fn two_frames_become_one_without_a_click() {
        for hertz in [100.0, 137.0, 440.0, 1000.0] {
            let pcm = sine(hertz, 8000.0, SampleRate::Hz8000, 640);
            let mut out = pcm.clone();
            merge_frames(&pcm[160..320], &pcm[320..480], &mut out[160..320]);
            out.copy_within(480..640, 320);
            out.truncate(480);
            assert!(steepest(&out) < steepest(&pcm) * 2 + 60, "{hertz} Hz: {} of {}", steepest(&out), steepest(&pcm));
            assert!(out[160].abs_diff(pcm[160]) <= steepest(&pcm), "{hertz} Hz");
            assert_eq!(out[319], pcm[479]);
        }
        merge_frames(&[], &[1], &mut [2]);
        merge_frames(&[1], &[2], &mut [0]);
    }
}
