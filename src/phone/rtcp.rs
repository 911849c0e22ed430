//! Sender and receiver reports (RFC 3550 §6.4), enough to give and to learn loss, jitter and the round trip.

use std::time::{SystemTime, UNIX_EPOCH};

use super::receiver::Receiver;
use super::sender::Sender;

/// Seconds from 1900 to 1970.
const NTP_OFFSET: u64 = 2_208_988_800;

/// What the last sender report of the other side said, for our own reports.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LastReport {
    /// Middle 32 bits of its NTP time.
    middle: u32,
    /// When it came, in 1/65536 s.
    at: u32,
}

/// Time of day as NTP counts it: seconds and 2⁻³² seconds since 1900.
pub(crate) fn ntp_now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    ((since.as_secs() + NTP_OFFSET) << 32) | ((u64::from(since.subsec_nanos()) << 32) / 1_000_000_000)
}

fn middle(ntp: u64) -> u32 {
    (ntp >> 16) as u32
}

/// A compound packet: sender report, one report block when something is heard, and our name.
pub(crate) fn write(ntp: u64, sender: &Sender, receiver: &Receiver, last: Option<LastReport>) -> Vec<u8> {
    let mut packet = Vec::with_capacity(100);
    let source = receiver.source();
    packet.extend([0x80 | u8::from(source.is_some()), 200, 0, if source.is_some() { 12 } else { 6 }]);
    packet.extend(sender.ssrc().to_be_bytes());
    packet.extend(ntp.to_be_bytes());
    packet.extend(sender.timestamp().to_be_bytes());
    packet.extend((sender.sent as u32).to_be_bytes());
    packet.extend(sender.octets.to_be_bytes());
    if let Some((ssrc, highest)) = source {
        packet.extend(ssrc.to_be_bytes());
        // The fraction of loss since the last report is left at zero; the cumulative count tells it better here.
        packet.push(0);
        packet.extend(&(receiver.lost().min(0x7f_ffff) as u32).to_be_bytes()[1..]);
        packet.extend(highest.to_be_bytes());
        packet.extend((receiver.jitter() as u32).to_be_bytes());
        let (lsr, delay) = last.map_or((0, 0), |last| (last.middle, middle(ntp).wrapping_sub(last.at)));
        packet.extend(lsr.to_be_bytes());
        packet.extend(delay.to_be_bytes());
    }
    // RFC 3550 §6.5: CNAME, padded to a multiple of four with at least one zero.
    let name = format!("{:08x}", sender.ssrc());
    packet.extend([0x81, 202, 0, 4]);
    packet.extend(sender.ssrc().to_be_bytes());
    packet.extend([1, name.len() as u8]);
    packet.extend(name.as_bytes());
    packet.extend([0, 0]);
    packet
}

/// Reads a compound packet: the other side's report time, and the round trip when it reports on us.
pub(crate) fn read(ntp: u64, bytes: &[u8], our_ssrc: u32) -> (Option<LastReport>, Option<f64>) {
    let (mut report, mut round_trip) = (None, None);
    let mut rest = bytes;
    while let [first, kind, high, low, ..] = *rest {
        let length = (usize::from(u16::from_be_bytes([high, low])) + 1) * 4;
        if first >> 6 != 2 || length > rest.len() {
            break;
        }
        let (packet, tail) = rest.split_at(length);
        let blocks = match kind {
            200 if packet.len() >= 28 => {
                report = Some(LastReport { middle: word(packet, 10), at: middle(ntp) });
                &packet[28..]
            }
            201 if packet.len() >= 8 => &packet[8..],
            _ => &[][..],
        };
        for block in blocks.chunks_exact(24).take(usize::from(first & 0x1f)) {
            let (sent, held) = (word(block, 16), word(block, 20));
            if word(block, 0) == our_ssrc && sent != 0 {
                let units = middle(ntp).wrapping_sub(sent).wrapping_sub(held);
                // More than half the clock's range is a negative time: the clocks disagree.
                round_trip = (units < 1 << 31).then(|| f64::from(units) * 1_000.0 / 65_536.0);
            }
        }
        rest = tail;
    }
    (report, round_trip)
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::options::{Codec, DtmfMode};
    use crate::phone::sdp::{Agreed, Direction};
    use crate::phone::sender::Voice;
    use std::time::Instant;

    #[test]
    fn two_reports_give_the_round_trip_without_the_time_between_them() {
        let agreed = Agreed {
            remote: "127.0.0.1:4000".parse().expect("an address"),
            codec: Codec::Pcmu,
            payload_type: 0,
            event_type: None,
            direction: Direction::BOTH,
        };
        let voice = || Voice::Silence;
        let mut ours = Sender::new(agreed, DtmfMode::Rfc4733, voice(), &mut base::Rng::new(1));
        let theirs = Sender::new(agreed, DtmfMode::Rfc4733, voice(), &mut base::Rng::new(2));
        let mut their_ear = Receiver::new(agreed);
        for packet in ours.next_packets() {
            their_ear.handle_packet(Instant::now(), &packet, true);
        }
        let second = 1u64 << 32;
        let first = write(100 * second, &ours, &Receiver::new(agreed), None);
        assert_eq!(first.len() % 4, 0);
        let (last, none) = read(101 * second, &first, theirs.ssrc());
        assert_eq!(none, None);
        let answer = write(103 * second, &theirs, &their_ear, last);
        let (_, round_trip) = read(103 * second + second / 2, &answer, ours.ssrc());
        assert_eq!(round_trip, Some(1_500.0));
    }

    #[test]
    fn rubbish_is_read_without_harm() {
        for length in 0..64 {
            for first in [0x00, 0x80, 0x9f, 0xff] {
                let mut bytes = vec![first; length];
                if length > 3 {
                    (bytes[1], bytes[2], bytes[3]) = (200, 0, 6);
                }
                read(0, &bytes, 1);
            }
        }
    }
}
