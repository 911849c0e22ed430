use super::saturate;
use super::tables::ILB;

/// One sub-band's adaptive quantiser and predictor.
#[derive(Clone, Debug)]
pub(super) struct Band {
    /// NABL, NABH: logarithm of the step.
    pub(super) log_scale: i32,
    /// DETL, DETH: the quantiser's step.
    pub(super) step: i32,
    /// SL, SH: the predicted sample, and its part from the zero section.
    estimate: i32,
    zero_estimate: i32,
    /// AL1, AL2 and the signals they weigh, newest first.
    poles: [i32; 2],
    reconstructed: [i32; 2],
    /// PLT1, PLT2: partially reconstructed signals, newest first.
    partial: [i32; 2],
    /// BL1 to BL6 and the differences they weigh, newest first.
    zeros: [i32; 6],
    differences: [i32; 6],
}

impl Band {
    pub(super) fn new(step: i32) -> Self {
        Band {
            log_scale: 0,
            step,
            estimate: 0,
            zero_estimate: 0,
            poles: [0; 2],
            reconstructed: [0; 2],
            partial: [0; 2],
            zeros: [0; 6],
            differences: [0; 6],
        }
    }

    pub(super) fn estimate(&self) -> i32 {
        self.estimate
    }

    /// Block 4L or 4H: adapts the predictor to a quantised difference and predicts the next sample.
    pub(super) fn predict(&mut self, difference: i32) {
        // RECONS and PARREC.
        let reconstructed = saturate(self.estimate + difference);
        let partial = saturate(self.zero_estimate + difference);
        self.poles = self.adapted_poles(partial);
        // UPZERO.
        let gain = if difference == 0 { 0 } else { 128 };
        for (zero, past) in self.zeros.iter_mut().zip(&self.differences) {
            let change = if same_sign(*past, difference) { gain } else { -gain };
            *zero = saturate(change + ((*zero * 32_640) >> 15));
        }
        // DELAYA.
        self.differences.copy_within(..5, 1);
        self.differences[0] = difference;
        self.reconstructed = [reconstructed, self.reconstructed[0]];
        self.partial = [partial, self.partial[0]];
        // FILTEP, FILTEZ, PREDIC.
        let weigh = |(weight, signal): (&i32, &i32)| (weight * saturate(signal + signal)) >> 15;
        let pole_estimate = saturate(self.poles.iter().zip(&self.reconstructed).map(weigh).sum());
        self.zero_estimate = saturate(self.zeros.iter().zip(&self.differences).map(weigh).sum());
        self.estimate = saturate(pole_estimate + self.zero_estimate);
    }

    /// UPPOL2, then UPPOL1, which is bounded by the new second pole.
    fn adapted_poles(&self, partial: i32) -> [i32; 2] {
        let same = same_sign(partial, self.partial[0]);
        let first = saturate(self.poles[0] * 4);
        let towards = (if same { -first } else { first }).min(32_767);
        let away = if same_sign(partial, self.partial[1]) { 128 } else { -128 };
        let second = (away + (towards >> 7) + ((self.poles[1] * 32_512) >> 15)).clamp(-12_288, 12_288);
        let change = if same { 192 } else { -192 };
        let bound = saturate(15_360 - second);
        let first = saturate(change + ((self.poles[0] * 32_640) >> 15)).clamp(-bound, bound);
        [first, second]
    }
}

/// SCALEL and SCALEH: the step from its logarithm.
pub(super) fn scale(log_scale: i32, shift: i32) -> i32 {
    let mantissa = ILB[(log_scale >> 6) as usize & 31];
    let shift = shift - (log_scale >> 11);
    (if shift < 0 { mantissa << -shift } else { mantissa >> shift }) << 2
}

fn same_sign(a: i32, b: i32) -> bool {
    (a < 0) == (b < 0)
}
