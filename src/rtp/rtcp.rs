use crate::packet::{BufferTooShort, word};
use crate::{Ssrc, Timestamp};
use base::Utc;
use thiserror::Error;

/// Packet types (RFC 3550 §12.1).
const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;

const BLOCK_LEN: usize = 24;
const CNAME: u8 = 1;

/// Why a datagram is not a compound RTCP packet. Such a datagram is dropped and counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum RtcpError {
    #[error("shorter than an RTCP header")]
    Truncated,
    #[error("RTCP version {0}, not 2")]
    Version(u8),
    #[error("begins with packet type {0}, not with a report")]
    NoReport(u8),
    #[error("a length does not add up")]
    Length,
    #[error("padding before the last packet or of a wrong length")]
    Padding,
}

/// Seconds since 1900 in the upper half, their 2⁻³² fractions in the lower (RFC 3550 §4).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NtpTime(pub u64);

impl NtpTime {
    pub fn from_utc(utc: Utc) -> Self {
        let micros = utc.as_micros().rem_euclid(1_000_000) as u64;
        let seconds = (utc.as_secs() as u64).wrapping_add(2_208_988_800);
        NtpTime((seconds << 32) | ((micros << 32) / 1_000_000))
    }

    /// The middle 32 bits, in 1/65,536 s: how a report names a sender report.
    pub fn middle(self) -> u32 {
        (self.0 >> 16) as u32
    }
}

/// What a sender report says of the sender (RFC 3550 §6.4.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SenderInfo {
    pub ntp: NtpTime,
    pub timestamp: Timestamp,
    pub packets: u32,
    pub octets: u32,
}

/// What one side says about the other's stream (RFC 3550 §6.4.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReportBlock {
    pub ssrc: Ssrc,
    /// In 1/256 since the last report.
    pub fraction_lost: u8,
    /// Negative when duplicates came; 24 bits.
    pub cumulative_lost: i32,
    pub highest_sequence: u32,
    pub jitter: u32,
    pub last_sr: u32,
    /// In 1/65,536 s.
    pub delay_since_last_sr: u32,
}

impl ReportBlock {
    fn parse(octets: &[u8]) -> Self {
        let lost = word(octets, 4);
        ReportBlock {
            ssrc: Ssrc(word(octets, 0)),
            fraction_lost: (lost >> 24) as u8,
            cumulative_lost: ((lost << 8) as i32) >> 8,
            highest_sequence: word(octets, 8),
            jitter: word(octets, 12),
            last_sr: word(octets, 16),
            delay_since_last_sr: word(octets, 20),
        }
    }

    fn words(&self) -> [u32; 6] {
        let lost = (u32::from(self.fraction_lost) << 24) | (self.cumulative_lost as u32 & 0x00ff_ffff);
        [self.ssrc.0, lost, self.highest_sequence, self.jitter, self.last_sr, self.delay_since_last_sr]
    }
}

/// A compound packet whose lengths all add up (RFC 3550 A.2).
#[derive(Clone, Copy, Debug)]
pub struct Compound<'a> {
    octets: &'a [u8],
}

/// One packet of a compound.
#[derive(Clone, Copy, Debug)]
pub enum RtcpPacket<'a> {
    SenderReport {
        ssrc: Ssrc,
        info: SenderInfo,
        blocks: Blocks<'a>,
    },
    ReceiverReport {
        ssrc: Ssrc,
        blocks: Blocks<'a>,
    },
    Description(Description<'a>),
    Goodbye(Goodbye<'a>),
    /// Application, feedback, extended report …: skipped by its length.
    Other(u8),
}

impl<'a> Compound<'a> {
    pub fn parse(octets: &'a [u8]) -> Result<Self, RtcpError> {
        let mut at = 0;
        while at < octets.len() {
            let rest = &octets[at..];
            let Some(&[flags, kind, high, low]) = rest.first_chunk::<4>() else { return Err(RtcpError::Truncated) };
            if flags >> 6 != 2 {
                return Err(RtcpError::Version(flags >> 6));
            }
            // RFC 3550 §6.1: a compound begins with a report. RFC 5506 allows less only where it was negotiated.
            if at == 0 && kind != SENDER_REPORT && kind != RECEIVER_REPORT {
                return Err(RtcpError::NoReport(kind));
            }
            let len = 4 + 4 * usize::from(u16::from_be_bytes([high, low]));
            let packet = rest.get(..len).ok_or(RtcpError::Length)?;
            let padded = flags & 0x20 != 0;
            let last = len == rest.len();
            let body = if padded { strip_padding(packet, last)? } else { packet };
            if body.len() < shortest(kind, flags & 0x1f) {
                return Err(RtcpError::Length);
            }
            at += len;
        }
        if octets.is_empty() { Err(RtcpError::Truncated) } else { Ok(Compound { octets }) }
    }

    pub fn packets(&self) -> impl Iterator<Item = RtcpPacket<'a>> + use<'a> {
        let mut rest = self.octets;
        core::iter::from_fn(move || {
            let (flags, len) = (*rest.first()?, 4 + 4 * usize::from(u16::from_be_bytes([rest[2], rest[3]])));
            let (packet, after) = rest.split_at(len);
            rest = after;
            let padding = if flags & 0x20 != 0 { usize::from(packet[len - 1]) } else { 0 };
            Some(read_packet(&packet[..len - padding]))
        })
    }
}

/// The report blocks of a report.
#[derive(Clone, Copy, Debug)]
pub struct Blocks<'a>(&'a [u8]);

impl Blocks<'_> {
    pub fn iter(&self) -> impl Iterator<Item = ReportBlock> + '_ {
        self.0.chunks_exact(BLOCK_LEN).map(ReportBlock::parse)
    }
}

/// Chunks of source description.
#[derive(Clone, Copy, Debug)]
pub struct Description<'a> {
    count: u8,
    octets: &'a [u8],
}

impl<'a> Description<'a> {
    /// The canonical name of each source that gives one; stops at the first chunk that does not add up.
    pub fn cnames(&self) -> impl Iterator<Item = (Ssrc, &'a [u8])> + use<'a> {
        let mut rest = self.octets;
        (0..self.count)
            .map_while(move |_| {
                let ssrc = Ssrc(u32::from_be_bytes(*rest.first_chunk::<4>()?));
                let (cname, len) = read_chunk(&rest[4..])?;
                rest = rest.get(4 + len..)?;
                Some(cname.map(|name| (ssrc, name)))
            })
            .flatten()
    }
}

/// Sources that say they leave. Forged ones cost nothing: they never end a call.
#[derive(Clone, Copy, Debug)]
pub struct Goodbye<'a> {
    sources: &'a [u8],
}

impl Goodbye<'_> {
    pub fn sources(&self) -> impl Iterator<Item = Ssrc> + '_ {
        self.sources.chunks_exact(4).map(|c| Ssrc(word(c, 0)))
    }
}

/// What we have to report: one compound of report, CNAME and perhaps goodbye.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Report<'a> {
    pub ssrc: Ssrc,
    /// `None` makes it a receiver report.
    pub sender: Option<SenderInfo>,
    pub block: Option<ReportBlock>,
    /// Longer than [`crate::limits::MAX_CNAME`] octets is cut.
    pub cname: &'a str,
    pub goodbye: bool,
}

impl Report<'_> {
    pub fn write(&self, out: &mut [u8]) -> Result<usize, BufferTooShort> {
        let mut writer = Writer { out, len: 0 };
        let count = u8::from(self.block.is_some());
        let block_words = 6 * usize::from(count);
        match &self.sender {
            Some(info) => {
                writer.header(count, SENDER_REPORT, 6 + block_words)?;
                writer.word(self.ssrc.0)?;
                writer.word((info.ntp.0 >> 32) as u32)?;
                writer.word(info.ntp.0 as u32)?;
                writer.word(info.timestamp.0)?;
                writer.word(info.packets)?;
                writer.word(info.octets)?;
            }
            None => {
                writer.header(count, RECEIVER_REPORT, 1 + block_words)?;
                writer.word(self.ssrc.0)?;
            }
        }
        for word in self.block.iter().flat_map(ReportBlock::words) {
            writer.word(word)?;
        }
        let cname = &self.cname.as_bytes()[..self.cname.len().min(crate::limits::MAX_CNAME)];
        // An item, then at least one zero octet, up to the next word (RFC 3550 §6.5).
        let chunk_words = (2 + cname.len()) / 4 + 1;
        writer.header(1, SOURCE_DESCRIPTION, 1 + chunk_words)?;
        writer.word(self.ssrc.0)?;
        let end = writer.len + 4 * chunk_words;
        writer.octets(&[CNAME, cname.len() as u8])?;
        writer.octets(cname)?;
        while writer.len < end {
            writer.octets(&[0])?;
        }
        if self.goodbye {
            writer.header(1, GOODBYE, 1)?;
            writer.word(self.ssrc.0)?;
        }
        Ok(writer.len)
    }
}

struct Writer<'a> {
    out: &'a mut [u8],
    len: usize,
}

impl Writer<'_> {
    fn octets(&mut self, octets: &[u8]) -> Result<(), BufferTooShort> {
        let place = self.out.get_mut(self.len..self.len + octets.len()).ok_or(BufferTooShort)?;
        place.copy_from_slice(octets);
        self.len += octets.len();
        Ok(())
    }

    fn word(&mut self, word: u32) -> Result<(), BufferTooShort> {
        self.octets(&word.to_be_bytes())
    }

    fn header(&mut self, count: u8, kind: u8, words: usize) -> Result<(), BufferTooShort> {
        self.octets(&[0x80 | count, kind])?;
        self.octets(&(words as u16).to_be_bytes())
    }
}

/// RFC 3550 A.2: only the last packet may be padded, by whole words.
fn strip_padding(packet: &[u8], last: bool) -> Result<&[u8], RtcpError> {
    let padding = usize::from(packet[packet.len() - 1]);
    if !last || padding == 0 || !padding.is_multiple_of(4) || padding > packet.len() - 4 {
        return Err(RtcpError::Padding);
    }
    Ok(&packet[..packet.len() - padding])
}

/// The fewest octets a packet that announces `count` items can have.
fn shortest(kind: u8, count: u8) -> usize {
    let count = usize::from(count);
    match kind {
        SENDER_REPORT => 28 + BLOCK_LEN * count,
        RECEIVER_REPORT => 8 + BLOCK_LEN * count,
        // A description's items are read leniently: a sloppy name must not cost us the report beside it.
        SOURCE_DESCRIPTION | GOODBYE => 4 + 4 * count,
        _ => 4,
    }
}

/// Only called with packets that [`Compound::parse`] found long enough.
fn read_packet(packet: &[u8]) -> RtcpPacket<'_> {
    let count = packet[0] & 0x1f;
    let blocks = |start: usize| Blocks(&packet[start..start + BLOCK_LEN * usize::from(count)]);
    match packet[1] {
        SENDER_REPORT => RtcpPacket::SenderReport {
            ssrc: Ssrc(word(packet, 4)),
            info: SenderInfo {
                ntp: NtpTime((u64::from(word(packet, 8)) << 32) | u64::from(word(packet, 12))),
                timestamp: Timestamp(word(packet, 16)),
                packets: word(packet, 20),
                octets: word(packet, 24),
            },
            blocks: blocks(28),
        },
        RECEIVER_REPORT => RtcpPacket::ReceiverReport { ssrc: Ssrc(word(packet, 4)), blocks: blocks(8) },
        SOURCE_DESCRIPTION => RtcpPacket::Description(Description { count, octets: &packet[4..] }),
        GOODBYE => RtcpPacket::Goodbye(Goodbye { sources: &packet[4..4 + 4 * usize::from(count)] }),
        kind => RtcpPacket::Other(kind),
    }
}

/// Reads the items of a chunk: its canonical name, and its length up to the next word.
fn read_chunk(items: &[u8]) -> Option<(Option<&[u8]>, usize)> {
    let (mut at, mut cname) = (0, None);
    loop {
        let kind = *items.get(at)?;
        if kind == 0 {
            return Some((cname, (at / 4 + 1) * 4));
        }
        let len = usize::from(*items.get(at + 1)?);
        let text = items.get(at + 2..at + 2 + len)?;
        if kind == CNAME {
            cname = Some(text);
        }
        at += 2 + len;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BLOCK: ReportBlock = ReportBlock {
        ssrc: Ssrc(2),
        fraction_lost: 25,
        cumulative_lost: -3,
        highest_sequence: 0x0001_0005,
        jitter: 40,
        last_sr: 0x1234_5678,
        delay_since_last_sr: 65_536,
    };

    const REPORT: Report<'_> = Report {
        ssrc: Ssrc(1),
        sender: Some(SenderInfo { ntp: NtpTime(7 << 32 | 9), timestamp: Timestamp(160), packets: 3, octets: 480 }),
        block: Some(BLOCK),
        cname: "leg@example.invalid",
        goodbye: true,
    };

    fn written(report: &Report<'_>) -> Vec<u8> {
        let mut out = [0xaa; 512];
        let len = report.write(&mut out).expect("512 octets hold a report");
        out[..len].to_vec()
    }

    #[test]
    fn a_full_compound_is_written_and_read() {
        let octets = written(&REPORT);
        let compound = Compound::parse(&octets).expect("own compound");
        let packets: Vec<_> = compound.packets().collect();
        let [RtcpPacket::SenderReport { ssrc, info, blocks }, RtcpPacket::Description(sdes), RtcpPacket::Goodbye(bye)] =
            &packets[..]
        else {
            panic!("{packets:?}");
        };
        assert_eq!((*ssrc, Some(*info)), (Ssrc(1), REPORT.sender));
        assert_eq!(blocks.iter().collect::<Vec<_>>(), [BLOCK]);
        assert_eq!(sdes.cnames().collect::<Vec<_>>(), [(Ssrc(1), &b"leg@example.invalid"[..])]);
        assert_eq!(bye.sources().collect::<Vec<_>>(), [Ssrc(1)]);
    }

    #[test]
    fn octets_of_a_receiver_report_are_those_of_the_rfc() {
        let report = Report { sender: None, block: None, cname: "ab", goodbye: false, ..REPORT };
        let expect = [0x80, 201, 0, 1, 0, 0, 0, 1, 0x81, 202, 0, 3, 0, 0, 0, 1, 1, 2, b'a', b'b', 0, 0, 0, 0];
        assert_eq!(written(&report), expect);
    }

    #[test]
    fn every_cname_length_is_terminated_and_aligned() {
        let name = "n".repeat(300);
        for len in 0..=300 {
            let octets = written(&Report { cname: &name[..len], ..REPORT });
            let compound = Compound::parse(&octets).expect("own compound");
            let found = compound.packets().any(|p| match p {
                RtcpPacket::Description(sdes) => sdes.cnames().any(|(_, n)| n.len() == len.min(255)),
                _ => false,
            });
            assert!(found, "length {len}");
        }
    }

    #[test]
    fn lengths_off_by_one_are_refused() {
        let good = written(&REPORT);
        for at in [3, 3 + 52, 3 + 52 + 32] {
            for change in [1u8, 255] {
                let mut octets = good.clone();
                octets[at] = octets[at].wrapping_add(change);
                assert!(Compound::parse(&octets).is_err(), "length at {at} changed by {change}");
            }
        }
        for len in 0..good.len() {
            let whole = [52, 52 + 32].contains(&len);
            assert_eq!(Compound::parse(&good[..len]).is_ok(), whole, "cut to {len}");
        }
        let mut count = good.clone();
        count[0] = 0x82;
        assert_eq!(Compound::parse(&count).err(), Some(RtcpError::Length));
    }

    #[test]
    fn what_does_not_begin_with_a_report_is_refused() {
        let bye = [0x81, 203, 0, 1, 0, 0, 0, 1];
        assert_eq!(Compound::parse(&bye).err(), Some(RtcpError::NoReport(203)));
        assert_eq!(Compound::parse(&[0x40, 201, 0, 1, 0, 0, 0, 1]).err(), Some(RtcpError::Version(1)));
        assert_eq!(Compound::parse(&[]).err(), Some(RtcpError::Truncated));
    }

    #[test]
    fn padding_is_allowed_at_the_end_only() {
        let mut octets = vec![0xa0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4];
        assert!(Compound::parse(&octets).is_ok());
        for wrong in [0, 3, 8, 12, 255] {
            octets[11] = wrong;
            assert!(Compound::parse(&octets).is_err(), "padding {wrong}");
        }
        octets[11] = 4;
        octets.extend_from_slice(&[0x80, 201, 0, 1, 0, 0, 0, 1]);
        assert_eq!(Compound::parse(&octets).err(), Some(RtcpError::Padding));
    }

    #[test]
    fn unknown_packets_are_skipped_by_their_length() {
        let mut octets = written(&Report { goodbye: false, ..REPORT });
        octets.extend_from_slice(&[0x80, 207, 0, 1, 1, 2, 3, 4]);
        let compound = Compound::parse(&octets).expect("well formed");
        assert!(matches!(compound.packets().last(), Some(RtcpPacket::Other(207))));
    }

    #[test]
    fn ntp_time_counts_from_1900() {
        // RFC 868: 1970-01-01 is 2,208,988,800 s after 1900-01-01.
        let half_past = Utc::from_micros(500_000);
        assert_eq!(NtpTime::from_utc(half_past), NtpTime((2_208_988_800 << 32) | 0x8000_0000));
        assert_eq!(NtpTime(0x1111_2222_3333_4444).middle(), 0x2222_3333);
    }

    proptest! {
        #[test]
        fn nothing_on_the_wire_can_panic(mut octets in proptest::collection::vec(any::<u8>(), 0..200), likely in 0u8..3) {
            if likely > 0 && octets.len() > 8 {
                octets[0] = 0x80 | (octets[0] & 0x23);
                octets[1] = 200 + octets[1] % 5;
                let words = if likely == 1 { octets.len() / 4 - 1 } else { usize::from(octets[3] % 8) };
                octets[2..4].copy_from_slice(&(words as u16).to_be_bytes());
            }
            if let Ok(compound) = Compound::parse(&octets) {
                for packet in compound.packets() {
                    match packet {
                        RtcpPacket::SenderReport { blocks, .. } | RtcpPacket::ReceiverReport { blocks, .. } => {
                            prop_assert!(blocks.iter().count() < 32);
                        }
                        RtcpPacket::Description(sdes) => prop_assert!(sdes.cnames().count() < 32),
                        RtcpPacket::Goodbye(bye) => prop_assert!(bye.sources().count() < 32),
                        RtcpPacket::Other(_) => {}
                    }
                }
            }
        }
    }
}
