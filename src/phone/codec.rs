//! G.711 (ITU-T G.711, companding as in its tables 1 and 2), written for this phone alone, so that the product's own codec is
//! never tested only against itself. G.722 comes from the room `audio`.

/// Signed 16-bit sample to μ-law.
pub(crate) fn ulaw_encode(sample: i16) -> u8 {
    const BIAS: i32 = 0x84;
    const CLIP: i32 = 32_635;
    let sign: u8 = if sample < 0 { 0x80 } else { 0 };
    let magnitude = i32::from(sample).abs().min(CLIP) + BIAS;
    // The segment is the position of the highest bit above bit 7.
    let segment = (31 - magnitude.leading_zeros() as i32) - 7;
    let step = (magnitude >> (segment + 3)) & 0x0f;
    !(sign | ((segment as u8) << 4) | step as u8)
}

pub(crate) fn ulaw_decode(code: u8) -> i16 {
    let code = !code;
    let segment = (code >> 4) & 7;
    let magnitude = (((i32::from(code & 0x0f) << 3) + 0x84) << segment) - 0x84;
    if code & 0x80 != 0 { -magnitude as i16 } else { magnitude as i16 }
}

/// Signed 16-bit sample to A-law.
pub(crate) fn alaw_encode(sample: i16) -> u8 {
    // Positive values carry the sign bit; negative ones are mirrored around −1 (one's complement).
    let (sign, magnitude) = if sample >= 0 { (0x80u8, i32::from(sample)) } else { (0, -1 - i32::from(sample)) };
    let magnitude = magnitude >> 3;
    let code = if magnitude < 32 {
        (magnitude >> 1) as u8
    } else {
        let segment = (31 - magnitude.leading_zeros() as i32) - 4;
        ((segment as u8) << 4) | ((magnitude >> segment) & 0x0f) as u8
    };
    (sign | code) ^ 0x55
}

pub(crate) fn alaw_decode(code: u8) -> i16 {
    let code = code ^ 0x55;
    let segment = (code >> 4) & 7;
    let step = (i32::from(code & 0x0f) << 4) + 8;
    let magnitude = if segment == 0 { step } else { (step + 0x100) << (segment - 1) };
    if code & 0x80 != 0 { magnitude as i16 } else { -magnitude as i16 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ITU-T G.711 table 2a/2b and 1a/1b: the ends of the scale and zero.
    #[test]
    fn ends_of_the_scale_have_their_tabled_codes() {
        assert_eq!((ulaw_encode(0), ulaw_encode(32_767), ulaw_encode(-32_768)), (0xff, 0x80, 0x00));
        assert_eq!((alaw_encode(0), alaw_encode(32_767), alaw_encode(-32_768)), (0xd5, 0xaa, 0x2a));
        assert_eq!((ulaw_decode(0xff), ulaw_decode(0x80), ulaw_decode(0x00)), (0, 32_124, -32_124));
        assert_eq!((alaw_decode(0xd5), alaw_decode(0xaa), alaw_decode(0x2a)), (8, 32_256, -32_256));
    }

    #[test]
    fn every_code_survives_decoding_and_encoding() {
        for code in 0..=255u8 {
            // μ-law has two zeros, which are one sample.
            let expected = if code == 0x7f { 0xff } else { code };
            assert_eq!(ulaw_encode(ulaw_decode(code)), expected, "ulaw {code:#04x}");
            assert_eq!(alaw_encode(alaw_decode(code)), code, "alaw {code:#04x}");
        }
    }

    #[test]
    fn error_stays_below_a_sixteenth_of_the_sample() {
        // The last step of each scale ends below full scale, so the loudest samples are left out.
        for sample in (-32_000i16..32_000).step_by(7) {
            let allowed = (f64::from(sample).abs() / 16.0).max(16.0) + 4.0;
            let error = |decoded: i16| (f64::from(decoded) - f64::from(sample)).abs();
            assert!(error(ulaw_decode(ulaw_encode(sample))) <= allowed, "ulaw {sample}");
            assert!(error(alaw_decode(alaw_encode(sample))) <= allowed, "alaw {sample}");
        }
    }
}
