use core::fmt;
use core::ops::Add;

/// Synchronisation source: who a stream comes from (RFC 3550 §3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Ssrc(pub u32);

/// What a payload is, as numbered by RFC 3551 or by SDP: 0 to 127.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PayloadType(u8);

impl PayloadType {
    pub const PCMU: PayloadType = PayloadType(0);
    pub const PCMA: PayloadType = PayloadType(8);
    pub const G722: PayloadType = PayloadType(9);
    pub const COMFORT_NOISE: PayloadType = PayloadType(13);

    /// `None` above 127.
    pub const fn new(number: u8) -> Option<Self> {
        if number < 128 { Some(PayloadType(number)) } else { None }
    }

    /// The payload type in the second octet of a packet, whose top bit is the marker.
    pub(crate) const fn from_octet(octet: u8) -> Self {
        PayloadType(octet & 0x7f)
    }

    pub const fn number(self) -> u8 {
        self.0
    }
}

impl fmt::Debug for PayloadType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PT{}", self.0)
    }
}

/// A packet's place in its stream; wraps at 65,536.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Sequence(pub u16);

impl Sequence {
    pub const fn next(self) -> Self {
        Sequence(self.0.wrapping_add(1))
    }

    /// How far `self` lies after `earlier` on the shorter way round; negative when before it.
    pub const fn distance(self, earlier: Sequence) -> i16 {
        self.0.wrapping_sub(earlier.0) as i16
    }
}

/// Sampling instant of a payload's first sample in ticks of the stream's clock; wraps at 2³².
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Timestamp(pub u32);

impl Timestamp {
    /// How far `self` lies after `earlier` on the shorter way round; negative when before it.
    pub const fn distance(self, earlier: Timestamp) -> i32 {
        self.0.wrapping_sub(earlier.0) as i32
    }
}

impl Add<u32> for Timestamp {
    type Output = Timestamp;
    fn add(self, ticks: u32) -> Timestamp {
        Timestamp(self.0.wrapping_add(ticks))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_take_the_shorter_way_round() {
        assert_eq!(Sequence(2).distance(Sequence(65_534)), 4);
        assert_eq!(Sequence(65_534).distance(Sequence(2)), -4);
        assert_eq!(Timestamp(10).distance(Timestamp(u32::MAX - 9)), 20);
        assert_eq!((Timestamp(u32::MAX) + 160).distance(Timestamp(u32::MAX)), 160);
    }

    #[test]
    fn a_payload_type_has_seven_bits() {
        assert_eq!(PayloadType::new(127).map(PayloadType::number), Some(127));
        assert_eq!(PayloadType::new(128), None);
    }
}
