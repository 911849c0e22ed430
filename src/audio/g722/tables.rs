//! Tables 14 to 21 of ITU-T G.722, clause 6.2.

pub(super) const QMF_TAPS: usize = 24;

/// Even taps of the quadrature mirror filter; the odd ones are the same backwards.
pub(super) const QMF_EVEN: [i32; QMF_TAPS / 2] = [3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11];

/// Upper bounds of the low band's intervals, in steps of 2⁻¹².
pub(super) const QUANTL: [i32; 29] = [
    35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023, 1121, 1219, 1339,
    1458, 1612, 1765, 1980, 2195, 2557, 2919,
];

/// Code of each interval for positive and negative errors.
pub(super) const LOW_CODES: [[usize; 30]; 2] = [
    [
        61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34,
        33, 32,
    ],
    [63, 62, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4],
];

/// Difference of each 4-bit code, in steps of 2⁻¹⁵.
pub(super) const INVQAL: [i32; 16] =
    [0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584, 1200, 0];

/// Difference of each 6-bit code.
pub(super) const INVQBL: [i32; 64] = [
    -136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232, -9360, -8576,
    -7856, -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776, -2400, -2032, -1688, -1360, -1040,
    -728, 24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456,
    4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728, 432, 136, -432, -136,
];

/// Change of the low band's logarithmic step by 4-bit code.
pub(super) const LOGSCL: [i32; 16] = [-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60];

/// The high band's only bound between small and large.
pub(super) const QUANTH: i32 = 564;

/// Code of small and large errors, positive and negative.
pub(super) const HIGH_CODES: [[usize; 2]; 2] = [[3, 2], [1, 0]];

pub(super) const INVQAH: [i32; 4] = [-7408, -1616, 7408, 1616];

/// Change of the high band's logarithmic step.
pub(super) const LOGSCH: [i32; 4] = [798, -214, 798, -214];

/// 2048 × 2^(n/32): mantissas of the step.
pub(super) const ILB: [i32; 32] = [
    2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834, 2896, 2960, 3025,
    3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
];
