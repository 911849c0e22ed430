//! ITU-T G.711, by tables built when the program is compiled.
//!
//! Coding follows the reference of ITU-T G.191: magnitudes are one's complements, so that every code word
//! decodes to itself.

/// Decodes as many octets as fit; returns the samples written.
pub fn decode_ulaw(octets: &[u8], out: &mut [i16]) -> usize {
    map(octets, out, |octet| ULAW_VALUES[usize::from(octet)])
}

/// Decodes as many octets as fit; returns the samples written.
pub fn decode_alaw(octets: &[u8], out: &mut [i16]) -> usize {
    map(octets, out, |octet| ALAW_VALUES[usize::from(octet)])
}

/// Encodes as many samples as fit; returns the octets written.
pub fn encode_ulaw(pcm: &[i16], out: &mut [u8]) -> usize {
    map(pcm, out, |sample| ULAW_CODES[usize::from(sample as u16 >> 2)])
}

/// Encodes as many samples as fit; returns the octets written.
pub fn encode_alaw(pcm: &[i16], out: &mut [u8]) -> usize {
    map(pcm, out, |sample| ALAW_CODES[usize::from(sample as u16 >> 4)])
}

/// µ-law to A-law in place (table 3/G.711): transparent when it is undone further on.
pub fn ulaw_to_alaw(octets: &mut [u8]) {
    for octet in octets {
        *octet = ULAW_TO_ALAW[usize::from(*octet)];
    }
}

/// A-law to µ-law in place (table 4/G.711): transparent when it is undone further on.
pub fn alaw_to_ulaw(octets: &mut [u8]) {
    for octet in octets {
        *octet = ALAW_TO_ULAW[usize::from(*octet)];
    }
}

fn map<A: Copy, B>(from: &[A], to: &mut [B], f: impl Fn(A) -> B) -> usize {
    for (a, b) in from.iter().zip(to.iter_mut()) {
        *b = f(*a);
    }
    from.len().min(to.len())
}

static ULAW_VALUES: [i16; 256] = ulaw_values();
static ALAW_VALUES: [i16; 256] = alaw_values();
/// By the upper 14 bits of the sample: the law looks at no more.
static ULAW_CODES: [u8; 1 << 14] = ulaw_codes();
/// By the upper 12 bits of the sample.
static ALAW_CODES: [u8; 1 << 12] = alaw_codes();
static ULAW_TO_ALAW: [u8; 256] = conversion(&ULAW_TO_ALAW_RUNS, 0xff, 0xd5);
static ALAW_TO_ULAW: [u8; 256] = conversion(&ALAW_TO_ULAW_RUNS, 0xd5, 0xff);

const fn ulaw_values() -> [i16; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        let bits = !code as u8;
        let segment = (bits >> 4) & 7;
        let magnitude = ((((bits & 15) as i16) * 8 + 132) << segment) - 132;
        table[code] = if bits & 0x80 == 0 { magnitude } else { -magnitude };
        code += 1;
    }
    table
}

const fn alaw_values() -> [i16; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        let bits = code as u8 ^ 0x55;
        let segment = (bits >> 4) & 7;
        let step = ((bits & 15) as i16) * 16 + 8;
        let magnitude = if segment == 0 { step } else { (step + 256) << (segment - 1) };
        table[code] = if bits & 0x80 == 0 { -magnitude } else { magnitude };
        code += 1;
    }
    table
}

const fn ulaw_codes() -> [u8; 1 << 14] {
    let mut table = [0; 1 << 14];
    let mut index = 0;
    while index < table.len() {
        let negative = index >= 1 << 13;
        let folded = if negative { !(index | !0x3fff) } else { index };
        let biased = if folded + 33 > 0x1fff { 0x1fff } else { folded + 33 } as u32;
        let segment = 31 - biased.leading_zeros() - 5;
        let bits = ((segment << 4) | ((biased >> (segment + 1)) & 15)) as u8;
        table[index] = !bits & if negative { 0x7f } else { 0xff };
        index += 1;
    }
    table
}

const fn alaw_codes() -> [u8; 1 << 12] {
    let mut table = [0; 1 << 12];
    let mut index = 0;
    while index < table.len() {
        let negative = index >= 1 << 11;
        let folded = if negative { !(index | !0xfff) } else { index } as u32;
        let bits = if folded < 16 {
            folded
        } else {
            let segment = 31 - folded.leading_zeros() - 3;
            (segment << 4) | ((folded >> (segment - 1)) & 15)
        };
        table[index] = (bits as u8 | if negative { 0 } else { 0x80 }) ^ 0x55;
        index += 1;
    }
    table
}

/// A run of table 3/G.711 or 4/G.711: from this decoder output value number on (counted from 0), the other
/// law's number begins there and grows by so many halves.
type Run = (usize, usize, usize);

const ULAW_TO_ALAW_RUNS: [Run; 8] =
    [(0, 0, 1), (16, 8, 2), (32, 24, 4), (36, 32, 2), (48, 45, 4), (49, 47, 2), (64, 63, 2), (80, 80, 2)];

const ALAW_TO_ULAW_RUNS: [Run; 10] = [
    (0, 1, 4),
    (8, 16, 2),
    (24, 32, 1),
    (32, 36, 2),
    (44, 48, 1),
    (48, 50, 2),
    (62, 64, 1),
    (64, 65, 2),
    (78, 79, 1),
    (80, 80, 2),
];

/// The other law's code for each code; `from` and `to` are the codes of the smallest positive value, in which
/// every bit that a law inverts on the line is set.
const fn conversion(runs: &[Run], from: u8, to: u8) -> [u8; 256] {
    let mut table = [0; 256];
    let mut number = 0;
    let mut run = 0;
    while number < 128 {
        if run + 1 < runs.len() && runs[run + 1].0 == number {
            run += 1;
        }
        let (first, other, halves) = runs[run];
        let other = (other + (number - first) * halves / 2) as u8;
        table[(from ^ number as u8) as usize] = to ^ other;
        table[(from ^ 0x80 ^ number as u8) as usize] = to ^ 0x80 ^ other;
        number += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use audio_codec_algorithms as other;

    fn one<A, B: Default + Copy>(f: impl Fn(&[A], &mut [B]) -> usize, a: A) -> B {
        let mut out = [B::default()];
        assert_eq!(f(&[a], &mut out), 1);
        out[0]
    }

    #[test]
    fn every_octet_and_sample_agrees_with_another_implementation() {
        for octet in 0..=255u8 {
            assert_eq!(one(decode_ulaw, octet), other::decode_ulaw(octet));
            assert_eq!(one(decode_alaw, octet), other::decode_alaw(octet));
        }
        for sample in i16::MIN..=i16::MAX {
            assert_eq!(one(encode_ulaw, sample), other::encode_ulaw(sample), "{sample}");
            assert_eq!(one(encode_alaw, sample), other::encode_alaw(sample), "{sample}");
        }
    }

    #[test]
    fn values_of_the_recommendation() {
        // Table 2a/G.711 ends at 8031 and table 1a/G.711 at 4032, in units of the 14 and 13 bit laws.
        assert_eq!((one(decode_ulaw, 0x80), one(decode_ulaw, 0x00)), (8031 * 4, -8031 * 4));
        assert_eq!((one(decode_alaw, 0xaa), one(decode_alaw, 0x2a)), (4032 * 8, -4032 * 8));
        assert_eq!((one(decode_ulaw, 0xff), one(decode_alaw, 0xd5)), (0, 8));
        assert_eq!((one(encode_ulaw, 0), one(encode_alaw, 0)), (0xff, 0xd5));
    }

    #[test]
    fn conversion_between_the_laws_agrees_and_is_transparent_when_undone() {
        for octet in 0..=255u8 {
            let mut there = [octet];
            ulaw_to_alaw(&mut there);
            assert_eq!(there[0], other::convert_ulaw_to_alaw(octet), "{octet:02x}");
            let mut back = [octet];
            alaw_to_ulaw(&mut back);
            assert_eq!(back[0], other::convert_alaw_to_ulaw(octet), "{octet:02x}");
            // G.711 §3.4: after one conversion there and back, the next changes nothing.
            alaw_to_ulaw(&mut there);
            let settled = there;
            ulaw_to_alaw(&mut there);
            alaw_to_ulaw(&mut there);
            assert_eq!(there, settled);
        }
    }
}
