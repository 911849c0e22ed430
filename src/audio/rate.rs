use core::time::Duration;

/// Sampling rates speech is handled at: 8 kHz for G.711, 16 kHz for G.722.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum SampleRate {
    Hz8000,
    Hz16000,
}

impl SampleRate {
    pub const fn hz(self) -> u32 {
        match self {
            SampleRate::Hz8000 => 8000,
            SampleRate::Hz16000 => 16_000,
        }
    }

    /// Samples in a frame of 20 ms.
    pub const fn frame(self) -> usize {
        self.samples(Duration::from_millis(20))
    }

    pub const fn samples(self, duration: Duration) -> usize {
        (duration.as_micros() * self.hz() as u128 / 1_000_000) as usize
    }
}
