use crate::limits::MAX_DATAGRAM;
use crate::{PayloadType, Sequence, Ssrc, Timestamp};
use thiserror::Error;

/// Octets of a header without contributing sources and extension.
pub const HEADER_LEN: usize = 12;

/// Why a datagram is not an RTP packet. Such a datagram is dropped and counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum PacketError {
    #[error("shorter than an RTP header")]
    Truncated,
    #[error("longer than a datagram of audio can be")]
    TooLong,
    #[error("RTP version {0}, not 2")]
    Version(u8),
    #[error("contributing sources reach past the end")]
    Contributors,
    #[error("header extension reaches past the end")]
    Extension,
    #[error("padding of {0} octets does not fit")]
    Padding(u8),
}

/// An RTP packet in a received datagram: checked once, then read without copying.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    octets: &'a [u8],
    payload_start: usize,
    payload_end: usize,
}

impl<'a> Packet<'a> {
    pub fn parse(octets: &'a [u8]) -> Result<Self, PacketError> {
        if octets.len() > MAX_DATAGRAM {
            return Err(PacketError::TooLong);
        }
        let Some(header) = octets.first_chunk::<HEADER_LEN>() else { return Err(PacketError::Truncated) };
        let version = header[0] >> 6;
        if version != 2 {
            return Err(PacketError::Version(version));
        }
        let mut payload_start = HEADER_LEN + 4 * usize::from(header[0] & 0x0f);
        if payload_start > octets.len() {
            return Err(PacketError::Contributors);
        }
        if header[0] & 0x10 != 0 {
            let extension = octets.get(payload_start..payload_start + 4).ok_or(PacketError::Extension)?;
            payload_start += 4 + 4 * usize::from(u16::from_be_bytes([extension[2], extension[3]]));
            if payload_start > octets.len() {
                return Err(PacketError::Extension);
            }
        }
        let mut payload_end = octets.len();
        if header[0] & 0x20 != 0 {
            // RFC 3550 §5.1: the last octet counts the padding, itself included, so zero is malformed.
            let padding = if payload_end > payload_start { octets[payload_end - 1] } else { 0 };
            if padding == 0 || usize::from(padding) > payload_end - payload_start {
                return Err(PacketError::Padding(padding));
            }
            payload_end -= usize::from(padding);
        }
        Ok(Packet { octets, payload_start, payload_end })
    }

    pub fn marker(&self) -> bool {
        self.octets[1] & 0x80 != 0
    }

    pub fn payload_type(&self) -> PayloadType {
        PayloadType::from_octet(self.octets[1])
    }

    pub fn sequence(&self) -> Sequence {
        Sequence(u16::from_be_bytes([self.octets[2], self.octets[3]]))
    }

    pub fn timestamp(&self) -> Timestamp {
        Timestamp(word(self.octets, 4))
    }

    pub fn ssrc(&self) -> Ssrc {
        Ssrc(word(self.octets, 8))
    }

    /// Sources mixed into this packet.
    pub fn contributors(&self) -> impl Iterator<Item = Ssrc> + use<'a> {
        let count = usize::from(self.octets[0] & 0x0f);
        self.octets[HEADER_LEN..HEADER_LEN + 4 * count]
            .chunks_exact(4)
            .map(|c| Ssrc(u32::from_be_bytes([c[0], c[1], c[2], c[3]])))
    }

    pub fn payload(&self) -> &'a [u8] {
        &self.octets[self.payload_start..self.payload_end]
    }
}

/// What a header of ours says. We never send contributing sources, extensions or padding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    pub marker: bool,
    pub payload_type: PayloadType,
    pub sequence: Sequence,
    pub timestamp: Timestamp,
    pub ssrc: Ssrc,
}

/// The buffer is shorter than what had to be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("buffer too short")]
pub struct BufferTooShort;

impl Header {
    /// Writes the header and `payload` into `out`; returns the packet's length.
    pub fn write(&self, payload: &[u8], out: &mut [u8]) -> Result<usize, BufferTooShort> {
        let len = HEADER_LEN + payload.len();
        let out = out.get_mut(..len).ok_or(BufferTooShort)?;
        out[..HEADER_LEN].copy_from_slice(&self.to_octets());
        out[HEADER_LEN..].copy_from_slice(payload);
        Ok(len)
    }

    pub fn to_octets(&self) -> [u8; HEADER_LEN] {
        let mut octets = [0; HEADER_LEN];
        octets[0] = 0x80;
        octets[1] = self.payload_type.number() | if self.marker { 0x80 } else { 0 };
        octets[2..4].copy_from_slice(&self.sequence.0.to_be_bytes());
        octets[4..8].copy_from_slice(&self.timestamp.0.to_be_bytes());
        octets[8..12].copy_from_slice(&self.ssrc.0.to_be_bytes());
        octets
    }

    /// Replaces the header of a packet in place, so that a relay neither copies nor moves the payload.
    ///
    /// Contributing sources and extensions of a packet that carries them stay as they are.
    pub fn overwrite(&self, packet: &mut [u8]) -> Result<(), BufferTooShort> {
        let old = packet.get_mut(..HEADER_LEN).ok_or(BufferTooShort)?;
        let flags = old[0];
        old.copy_from_slice(&self.to_octets());
        old[0] = flags;
        Ok(())
    }
}

/// Which protocol a datagram on a media port belongs to (RFC 7983 §7, RFC 5761 §4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DatagramKind {
    Rtp,
    Rtcp,
    Stun,
    Dtls,
    Other,
}

impl DatagramKind {
    pub fn of(octets: &[u8]) -> DatagramKind {
        match octets {
            // RFC 5761 §4: with rtcp-mux, payload types 64 to 95 with marker are RTCP packet types 192 to 223.
            [128..=191, 192..=223, ..] => DatagramKind::Rtcp,
            [128..=191, ..] => DatagramKind::Rtp,
            [0..=3, ..] => DatagramKind::Stun,
            [20..=63, ..] => DatagramKind::Dtls,
            _ => DatagramKind::Other,
        }
    }
}

pub(crate) fn word(octets: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([octets[at], octets[at + 1], octets[at + 2], octets[at + 3]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEADER: Header = Header {
        marker: true,
        payload_type: PayloadType::PCMA,
        sequence: Sequence(0xfffe),
        timestamp: Timestamp(0x0102_0304),
        ssrc: Ssrc(0xdead_beef),
    };

    fn packet(first: u8, rest: &[u8]) -> Vec<u8> {
        let mut octets = HEADER.to_octets().to_vec();
        octets[0] = first;
        octets.extend_from_slice(rest);
        octets
    }

    fn check(octets: &[u8], expect: Result<&[u8], PacketError>) {
        assert_eq!(Packet::parse(octets).map(|p| p.payload()), expect, "{octets:02x?}");
    }

    #[test]
    fn what_is_written_is_read() {
        let mut out = [0; 64];
        let len = HEADER.write(b"sound", &mut out).expect("17 octets fit into 64");
        let read = Packet::parse(&out[..len]).expect("own packet");
        assert!(read.marker());
        assert_eq!(read.payload_type(), PayloadType::PCMA);
        assert_eq!(read.sequence(), Sequence(0xfffe));
        assert_eq!(read.timestamp(), Timestamp(0x0102_0304));
        assert_eq!(read.ssrc(), Ssrc(0xdead_beef));
        assert_eq!(read.payload(), b"sound");
        assert_eq!(HEADER.write(&[0; 60], &mut out), Err(BufferTooShort));
    }

    #[test]
    fn malformed_packets_get_a_typed_error() {
        check(&[], Err(PacketError::Truncated));
        check(&[0x80; 11], Err(PacketError::Truncated));
        check(&[0x80; MAX_DATAGRAM + 1], Err(PacketError::TooLong));
        for version in [0u8, 1, 3] {
            check(&packet(version << 6, b"x"), Err(PacketError::Version(version)));
        }
        check(&packet(0x8f, &[0; 59]), Err(PacketError::Contributors));
        check(&packet(0x90, &[0xbe, 0xde]), Err(PacketError::Extension));
        check(&packet(0x90, &[0xbe, 0xde, 0, 2, 1, 2, 3, 4]), Err(PacketError::Extension));
        check(&packet(0x90, &[0xbe, 0xde, 0xff, 0xff]), Err(PacketError::Extension));
        check(&packet(0xa0, &[1, 2, 255]), Err(PacketError::Padding(255)));
        check(&packet(0xa0, &[1, 2, 0]), Err(PacketError::Padding(0)));
        check(&packet(0xa0, &[]), Err(PacketError::Padding(0)));
    }

    #[test]
    fn contributors_extension_and_padding_are_skipped() {
        check(&packet(0x80, &[]), Ok(b""));
        check(&packet(0xa0, &[1, 2, 0, 0, 3]), Ok(&[1, 2]));
        check(&packet(0xa0, &[0, 0, 3]), Ok(b""));
        check(&packet(0x90, &[0xbe, 0xde, 0, 1, 9, 9, 9, 9, 7]), Ok(&[7]));
        let mut fifteen = vec![0; 60];
        fifteen[59] = 5;
        fifteen.push(7);
        let octets = packet(0x8f, &fifteen);
        check(&octets, Ok(&[7]));
        let last = Packet::parse(&octets).ok().and_then(|p| p.contributors().last());
        assert_eq!(last, Some(Ssrc(5)));
    }

    #[test]
    fn overwriting_keeps_flags_and_payload() {
        let mut octets = packet(0xb1, &[0, 0, 0, 1, 0xbe, 0xde, 0, 0, 42, 1]);
        let header = Header { marker: false, ssrc: Ssrc(7), ..HEADER };
        header.overwrite(&mut octets).expect("long enough");
        let read = Packet::parse(&octets).expect("still well formed");
        assert_eq!((read.marker(), read.ssrc(), read.payload()), (false, Ssrc(7), &[42u8][..]));
        assert_eq!(header.overwrite(&mut [0; 11]), Err(BufferTooShort));
    }

    #[test]
    fn datagrams_are_told_apart_by_their_first_octets() {
        for (octets, kind) in [
            (&[0x80, 0][..], DatagramKind::Rtp),
            (&[0x80, 0x80 | 101], DatagramKind::Rtp),
            (&[0x80, 200], DatagramKind::Rtcp),
            (&[0x81, 203], DatagramKind::Rtcp),
            (&[0, 1], DatagramKind::Stun),
            (&[22, 254], DatagramKind::Dtls),
            (b"SIP", DatagramKind::Other),
            (&[0xff], DatagramKind::Other),
            (&[], DatagramKind::Other),
        ] {
            assert_eq!(DatagramKind::of(octets), kind, "{octets:?}");
        }
    }

    proptest! {
        /// The other implementation agrees on every octet string, but for what it does not check or we refuse.
        #[test]
        fn agrees_with_rtp_rs(mut octets in proptest::collection::vec(any::<u8>(), 0..90), likely in any::<bool>()) {
            if likely && let Some(first) = octets.first_mut() {
                *first = 0x80 | (*first & 0x33);
            }
            let ours = Packet::parse(&octets);
            let theirs = rtp_rs::RtpReader::new(&octets);
            prop_assert_eq!(ours.is_ok(), theirs.is_ok());
            if let (Ok(ours), Ok(theirs)) = (ours, theirs) {
                prop_assert_eq!(ours.payload(), theirs.payload());
                prop_assert_eq!(ours.payload_type().number(), theirs.payload_type());
                prop_assert_eq!(ours.sequence().0, u16::from(theirs.sequence_number()));
                prop_assert_eq!(ours.timestamp().0, theirs.timestamp());
                prop_assert_eq!(ours.ssrc().0, theirs.ssrc());
                prop_assert_eq!(ours.marker(), theirs.mark());
                prop_assert_eq!(ours.contributors().map(|c| c.0).collect::<Vec<_>>(), theirs.csrc().collect::<Vec<_>>());
            }
        }
    }
}
