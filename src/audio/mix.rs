use crate::limits::MAX_FRAME;

/// A gain in 1/4096, from -∞ to +18 dB.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gain(i32);

impl Gain {
    pub const UNITY: Gain = Gain(4096);
    pub const MUTE: Gain = Gain(0);

    /// Beyond +18 dB speech is nothing but clipping, so more is cut to that.
    pub fn from_db(db: f64) -> Self {
        Gain((4096.0 * 10f64.powf(db.min(18.0) / 20.0)).round() as i32)
    }

    pub fn apply(self, frame: &mut [i16]) {
        if self == Gain::UNITY {
            return;
        }
        for sample in frame {
            *sample = clip((i32::from(*sample) * self.0 + 2048) >> 12);
        }
    }
}

/// Adds `other` to `frame`, clipping at full scale.
pub fn mix_into(frame: &mut [i16], other: &[i16]) {
    for (sample, more) in frame.iter_mut().zip(other) {
        *sample = sample.saturating_add(*more);
    }
}

/// The sum of a conference, from which each hears everybody but himself.
#[derive(Clone, Debug)]
pub struct Mixer {
    sum: [i32; MAX_FRAME],
    len: usize,
}

impl Mixer {
    /// For frames of `len` samples, at most [`MAX_FRAME`].
    pub fn new(len: usize) -> Self {
        Mixer { sum: [0; MAX_FRAME], len: len.min(MAX_FRAME) }
    }

    /// Begins the next frame.
    pub fn clear(&mut self) {
        self.sum[..self.len].fill(0);
    }

    pub fn add(&mut self, frame: &[i16]) {
        for (sum, sample) in self.sum[..self.len].iter_mut().zip(frame) {
            *sum += i32::from(*sample);
        }
    }

    /// The sum of all that was added.
    pub fn all(&self, out: &mut [i16]) {
        for (place, sum) in out.iter_mut().zip(&self.sum[..self.len]) {
            *place = clip(*sum);
        }
    }

    /// The sum without `own`, which was added before.
    pub fn without(&self, own: &[i16], out: &mut [i16]) {
        for ((place, sum), own) in out.iter_mut().zip(&self.sum[..self.len]).zip(own) {
            *place = clip(*sum - i32::from(*own));
        }
    }
}

fn clip(value: i32) -> i16 {
    value.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hears_everybody_but_himself() {
        let voices = [[100i16, -5, 30_000], [20, 7, 30_000], [3, 1, -30_000]];
        let mut mixer = Mixer::new(3);
        mixer.add(&[9, 9, 9]);
        mixer.clear();
        for voice in &voices {
            mixer.add(voice);
        }
        let hear = |own: &[i16; 3]| {
            let mut out = [0; 3];
            mixer.without(own, &mut out);
            out
        };
        assert_eq!(voices.each_ref().map(hear), [[23, 8, 0], [103, -4, 0], [120, 2, 32_767]]);
        let mut all = [0; 3];
        mixer.all(&mut all);
        assert_eq!(all, [123, 3, 30_000]);
    }

    #[test]
    fn a_clipped_sum_is_whole_again_without_the_loud_one() {
        let mut mixer = Mixer::new(1);
        for voice in [32_767, 32_767, -5] {
            mixer.add(&[voice]);
        }
        let mut out = [0];
        mixer.without(&[32_767], &mut out);
        assert_eq!(out, [32_762]);
    }

    #[test]
    fn gain_is_rounded_and_clipped() {
        let after = |gain: Gain, sample| {
            let mut frame = [sample];
            gain.apply(&mut frame);
            frame[0]
        };
        assert_eq!(after(Gain::UNITY, -32_768), -32_768);
        assert_eq!(after(Gain::MUTE, 32_767), 0);
        assert_eq!(after(Gain::from_db(-6.0), 10_000), 5012);
        assert_eq!(after(Gain::from_db(6.0), 20_000), 32_767);
        assert_eq!(after(Gain::from_db(6.0), -20_000), -32_768);
        assert_eq!(after(Gain::from_db(90.0), 100), 794);
    }

    #[test]
    fn mixing_two_clips() {
        let mut frame = [1, 32_000, -32_000];
        mix_into(&mut frame, &[2, 32_000, -32_000]);
        assert_eq!(frame, [3, 32_767, -32_768]);
    }
}
