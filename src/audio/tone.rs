use crate::SampleRate;
use core::time::Duration;

/// Power relative to 0 dBm0, the digital reference level: a full-scale sine is +3.14 dBm0 (G.711 A-law).
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug)]
pub struct Dbm0(pub f64);

impl Dbm0 {
    /// Peak of a sine of this power in 16-bit samples.
    pub fn sine_peak(self) -> f64 {
        32_768.0 * 10f64.powf((self.0 - FULL_SCALE_SINE) / 20.0)
    }
}

#[expect(clippy::approx_constant, reason = "load capacity of A-law in dB, G.711 §4; no circle is involved")]
pub(crate) const FULL_SCALE_SINE: f64 = 3.14;

/// Sounds for `on`, then is silent for `off`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Beat {
    pub on: Duration,
    pub off: Duration,
}

/// One or two sines in a rhythm.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Tone {
    /// Frequency in hertz and power of each; 0 Hz is none.
    pub parts: [(f64, Dbm0); 2],
    /// Repeated for ever; empty for a steady tone.
    pub rhythm: &'static [Beat],
}

impl Tone {
    pub const fn sine(hertz: f64, level: Dbm0) -> Self {
        Tone { parts: [(hertz, level), (0.0, level)], rhythm: &[] }
    }

    pub const fn dual(low: f64, high: f64, level: Dbm0) -> Self {
        Tone { parts: [(low, level), (high, level)], rhythm: &[] }
    }

    /// The tone of a key (ITU-T Q.23), `None` for a character that is not one.
    ///
    /// The upper frequency is 2 dB the stronger, as lines weaken it more.
    pub fn dtmf(key: char) -> Option<Self> {
        const ROWS: [&str; 4] = ["123A", "456B", "789C", "*0#D"];
        const LOW: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
        const HIGH: [f64; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
        let key = key.to_ascii_uppercase();
        let row = ROWS.iter().position(|row| row.contains(key))?;
        let column = ROWS[row].find(key)?;
        Some(Tone { parts: [(LOW[row], Dbm0(-9.0)), (HIGH[column], Dbm0(-7.0))], rhythm: &[] })
    }

    /// Ring-back tone of a country by its ISO 3166 code (ITU-T E.180 supplement 2); China's for one not listed.
    pub fn ringback(country: &str) -> Self {
        const RINGING: Dbm0 = Dbm0(-16.0);
        let (low, high, rhythm) = match country {
            "US" | "CA" => (440.0, 480.0, &RING_2_4),
            "GB" | "IE" => (400.0, 450.0, &RING_DOUBLE),
            "AU" | "NZ" => (400.0, 450.0, &RING_DOUBLE),
            "FR" => (440.0, 0.0, &RING_FRENCH),
            "DE" | "AT" | "CH" | "IT" | "ES" | "NL" | "PL" => (425.0, 0.0, &RING_1_4),
            "HK" => (440.0, 480.0, &RING_DOUBLE),
            _ => (450.0, 0.0, &RING_1_4),
        };
        Tone { parts: [(low, RINGING), (high, RINGING)], rhythm }
    }

    /// The beep before a recording or a whisper.
    pub const fn beep() -> Self {
        const ONCE: &[Beat] = &[beat(200, u64::MAX / 2_000_000)];
        Tone { parts: [(1000.0, Dbm0(-16.0)), (0.0, Dbm0(0.0))], rhythm: ONCE }
    }
}

const fn beat(on_ms: u64, off_ms: u64) -> Beat {
    Beat { on: Duration::from_millis(on_ms), off: Duration::from_millis(off_ms) }
}

const RING_2_4: &[Beat] = &[beat(2000, 4000)];
const RING_1_4: &[Beat] = &[beat(1000, 4000)];
const RING_DOUBLE: &[Beat] = &[beat(400, 200), beat(400, 2000)];
const RING_FRENCH: &[Beat] = &[beat(1500, 3500)];

/// Plays a tone, frame after frame.
#[derive(Clone, Debug)]
pub struct ToneGenerator {
    rate: SampleRate,
    /// Phase and its step, in 2⁻³² turns, and peak.
    parts: [(u32, u32, i32); 2],
    rhythm: &'static [Beat],
    beat: usize,
    /// Samples into the beat.
    at: usize,
    /// 0 to [`RAMP`]: loudness on the way in or out, so that nothing clicks.
    ramp: i32,
}

/// Samples of fade at a beat's edges: 4 ms at 8 kHz.
const RAMP: i32 = 32;

impl ToneGenerator {
    pub fn new(tone: &Tone, rate: SampleRate) -> Self {
        let part = |(hertz, level): (f64, Dbm0)| {
            let step = (hertz / f64::from(rate.hz()) * 4_294_967_296.0) as u32;
            let peak = if hertz > 0.0 { level.sine_peak().min(32_767.0) as i32 } else { 0 };
            (0, step, peak)
        };
        ToneGenerator { rate, parts: tone.parts.map(part), rhythm: tone.rhythm, beat: 0, at: 0, ramp: 0 }
    }

    pub fn fill(&mut self, frame: &mut [i16]) {
        for sample in frame {
            let sounding = self.advance_beat();
            self.ramp = (self.ramp + if sounding { 1 } else { -1 }).clamp(0, RAMP);
            let mut sum = 0;
            for (phase, step, peak) in &mut self.parts {
                sum += (sine(*phase) * *peak) >> 15;
                *phase = phase.wrapping_add(*step);
            }
            *sample = (sum * self.ramp / RAMP).clamp(-32_768, 32_767) as i16;
        }
    }

    fn advance_beat(&mut self) -> bool {
        let Some(beat) = self.rhythm.get(self.beat) else { return true };
        let (on, off) = (self.rate.samples(beat.on), self.rate.samples(beat.off));
        let sounding = self.at < on;
        self.at += 1;
        if self.at >= on + off {
            self.at = 0;
            self.beat = (self.beat + 1) % self.rhythm.len();
        }
        sounding
    }
}

const SINE_BITS: u32 = 10;

/// One turn of a sine with a place to spare for interpolation.
static SINE: [i16; (1 << SINE_BITS) + 1] = sine_table();

/// Sine of a phase in 2⁻³² turns, times 32,767.
fn sine(phase: u32) -> i32 {
    let index = (phase >> (32 - SINE_BITS)) as usize;
    let fraction = ((phase << SINE_BITS) >> 17) as i32;
    let (a, b) = (i32::from(SINE[index]), i32::from(SINE[index + 1]));
    a + (((b - a) * fraction) >> 15)
}

const fn sine_table() -> [i16; (1 << SINE_BITS) + 1] {
    let mut table = [0; (1 << SINE_BITS) + 1];
    let len = table.len() - 1;
    let mut n = 0;
    while n <= len {
        // The first quarter, mirrored: the series converges fast on it.
        let folded = match n * 4 / len {
            0 => n as i64,
            1 | 2 => len as i64 / 2 - n as i64,
            _ => n as i64 - len as i64,
        };
        let x = folded as f64 * 2.0 * core::f64::consts::PI / len as f64;
        let (mut term, mut sum, mut k) = (x, x, 1.0);
        while k < 20.0 {
            term *= -x * x / ((k + 1.0) * (k + 2.0));
            sum += term;
            k += 2.0;
        }
        let scaled = sum * 32_767.0;
        table[n] = (if scaled < 0.0 { scaled - 0.5 } else { scaled + 0.5 }) as i16;
        n += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure;

    fn play(tone: &Tone, rate: SampleRate, ms: u64) -> Vec<i16> {
        let mut generator = ToneGenerator::new(tone, rate);
        let mut pcm = vec![0; rate.samples(Duration::from_millis(ms))];
        // Uneven pieces: a frame's edge must not be heard.
        for piece in pcm.chunks_mut(37) {
            generator.fill(piece);
        }
        pcm
    }

    #[test]
    fn a_sine_has_its_frequency_and_level() {
        for rate in [SampleRate::Hz8000, SampleRate::Hz16000] {
            for hertz in [50.0, 440.0, 1000.0, 3400.0] {
                let pcm = play(&Tone::sine(hertz, Dbm0(-10.0)), rate, 1000);
                let heard = measure::dominant(&pcm, rate.hz()).expect("not silent");
                assert!((heard.hertz - hertz).abs() < 0.5, "{heard:?}");
                assert!((heard.level.to_dbm0().0 + 10.0).abs() < 0.1, "{heard:?}");
            }
        }
    }

    #[test]
    fn every_key_has_its_two_frequencies() {
        for (key, low, high) in [('1', 697.0, 1209.0), ('5', 770.0, 1336.0), ('#', 941.0, 1477.0), ('d', 941.0, 1633.0)]
        {
            let pcm = play(&Tone::dtmf(key).expect("a key"), SampleRate::Hz8000, 100);
            let level = |hertz| measure::tone_level(&pcm, 8000, hertz).to_dbm0().0;
            assert!((level(low) + 9.0).abs() < 0.4, "{key}: {}", level(low));
            assert!((level(high) + 7.0).abs() < 0.4, "{key}: {}", level(high));
        }
        assert_eq!(Tone::dtmf('x'), None);
        assert_eq!(Tone::dtmf('ä'), None);
    }

    #[test]
    fn ringing_keeps_its_countrys_rhythm() {
        for (country, sounding_ms, period_ms) in [("CN", 1000, 5000), ("US", 2000, 6000), ("GB", 800, 3000)] {
            let pcm = play(&Tone::ringback(country), SampleRate::Hz8000, 2 * period_ms);
            let loud = pcm.chunks(80).filter(|c| measure::level(c) > measure::Dbov(-40.0)).count() as u64 * 10;
            assert!(loud.abs_diff(2 * sounding_ms) <= 60, "{country}: {loud} ms");
            let (first, second) = pcm.split_at(pcm.len() / 2);
            assert_eq!(measure::level(first).to_dbm0().0.round(), measure::level(second).to_dbm0().0.round());
        }
    }

    #[test]
    fn edges_do_not_click() {
        let pcm = play(&Tone::ringback("GB"), SampleRate::Hz8000, 3000);
        let steepest = pcm.windows(2).map(|w| w[0].abs_diff(w[1])).max();
        // Two sines of 400 and 450 Hz at -16 dBm0 climb by 2 π f / 8000 of their peak a sample.
        let bound = (Dbm0(-16.0).sine_peak() * 2.0 * core::f64::consts::PI * 850.0 / 8000.0) as u16 + 100;
        assert!(steepest <= Some(bound), "{steepest:?} {bound}");
    }

    #[test]
    fn a_beep_sounds_once() {
        let pcm = play(&Tone::beep(), SampleRate::Hz16000, 10_000);
        assert!(measure::level(&pcm[..3200]) > measure::Dbov(-26.0));
        assert!(pcm[3300..].iter().all(|s| *s == 0));
    }
}
