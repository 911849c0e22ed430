use crate::packet::{BufferTooShort, HEADER_LEN};
use crate::rtcp::SenderInfo;
use crate::{Header, Packet, PayloadType, Sequence, Ssrc, Timestamp};
use base::{Instant, Now, Rng};

/// Our side of a stream: one SSRC for the life of a leg, whatever plays into it.
///
/// Timestamps follow the samples handed in, not the clock, so that a late tick adds no jitter; after a
/// pause [`Sender::resume`] catches up with the time that passed.
#[derive(Clone, Debug)]
pub struct Sender {
    clock_rate: u32,
    ssrc: Ssrc,
    /// Of the next packet.
    sequence: Sequence,
    timestamp: Timestamp,
    /// The next packet begins a talkspurt (RFC 3551 §4.1).
    marker: bool,
    packets: u32,
    octets: u32,
    /// When which timestamp left: ties the two clocks together for sender reports.
    anchor: Option<(Instant, Timestamp)>,
}

/// Carries one received stream into ours: the same gaps and order, our numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Splice {
    from: Ssrc,
    sequence_offset: u16,
    timestamp_offset: u32,
}

impl Splice {
    /// The source this splice belongs to; another one needs another splice.
    pub fn source(&self) -> Ssrc {
        self.from
    }

    /// One packet of theirs is not carried on: the next follows without a gap, or it would count as lost. Times stay as
    /// they are, so that an event keeps the one timestamp it began with (RFC 4733 §2.2.1).
    pub fn leave_out(&mut self) {
        self.sequence_offset = self.sequence_offset.wrapping_sub(1);
    }
}

impl Sender {
    /// RFC 3550 §5.1: source, first sequence number and first timestamp are random.
    pub fn new(clock_rate: u32, rng: &mut Rng) -> Self {
        let (ssrc, sequence, timestamp) = (rng.next_u32(), rng.next_u32() as u16, rng.next_u32());
        Sender::starting_at(clock_rate, Ssrc(ssrc), Sequence(sequence), Timestamp(timestamp))
    }

    pub fn starting_at(clock_rate: u32, ssrc: Ssrc, sequence: Sequence, timestamp: Timestamp) -> Self {
        let clock_rate = clock_rate.max(1);
        Sender { clock_rate, ssrc, sequence, timestamp, marker: true, packets: 0, octets: 0, anchor: None }
    }

    pub fn ssrc(&self) -> Ssrc {
        self.ssrc
    }

    /// Timestamp of the next packet of audio.
    pub fn timestamp(&self) -> Timestamp {
        self.timestamp
    }

    pub fn packets(&self) -> u32 {
        self.packets
    }

    /// Octets of payload, without headers.
    pub fn octets(&self) -> u32 {
        self.octets
    }

    /// Writes the next packet of `ticks` samples into `out`; returns its length.
    pub fn write_audio(
        &mut self,
        now: Instant,
        payload_type: PayloadType,
        payload: &[u8],
        ticks: u32,
        out: &mut [u8],
    ) -> Result<usize, BufferTooShort> {
        let (marker, timestamp) = (self.marker, self.timestamp);
        let len = self.write_event(now, payload_type, marker, timestamp, payload, out)?;
        self.marker = false;
        self.timestamp = timestamp + ticks;
        Ok(len)
    }

    /// Writes a packet beside the audio clock: a telephone-event repeats the timestamp it began at.
    pub fn write_event(
        &mut self,
        now: Instant,
        payload_type: PayloadType,
        marker: bool,
        timestamp: Timestamp,
        payload: &[u8],
        out: &mut [u8],
    ) -> Result<usize, BufferTooShort> {
        let header = Header { marker, payload_type, sequence: self.sequence, timestamp, ssrc: self.ssrc };
        let len = header.write(payload, out)?;
        self.sequence = self.sequence.next();
        self.count(payload.len());
        self.anchor = Some((now, self.timestamp));
        Ok(len)
    }

    /// Lets `ticks` of audio pass unsent.
    pub fn skip(&mut self, ticks: u32) {
        self.timestamp = self.timestamp + ticks;
    }

    /// Sound begins again after a pause: the clock is brought up to date and the next packet carries the marker.
    pub fn resume(&mut self, now: Instant) {
        self.marker = true;
        let today = self.timestamp_at(now);
        if today.distance(self.timestamp) > 0 {
            self.timestamp = today;
        }
    }

    /// Begins to carry another stream, whose first packet this is, as the continuation of ours.
    pub fn splice(&mut self, now: Instant, first: &Packet<'_>) -> Splice {
        self.resume(now);
        Splice {
            from: first.ssrc(),
            sequence_offset: self.sequence.0.wrapping_sub(first.sequence().0),
            timestamp_offset: self.timestamp.0.wrapping_sub(first.timestamp().0),
        }
    }

    /// Rewrites a received packet of `ticks` samples in place as one of ours; an event has none.
    ///
    /// Loss and reordering stay as they came: the far side's own jitter buffer knows best what to do with them.
    pub fn forward(
        &mut self,
        now: Instant,
        splice: &Splice,
        payload_type: PayloadType,
        ticks: u32,
        packet: &mut [u8],
    ) -> Result<(), BufferTooShort> {
        let Some(old) = packet.first_chunk::<HEADER_LEN>() else { return Err(BufferTooShort) };
        let sequence = Sequence(u16::from_be_bytes([old[2], old[3]]).wrapping_add(splice.sequence_offset));
        let timestamp = Timestamp(crate::packet::word(old, 4).wrapping_add(splice.timestamp_offset));
        let marker = old[1] & 0x80 != 0 || self.marker;
        let header = Header { marker, payload_type, sequence, timestamp, ssrc: self.ssrc };
        header.overwrite(packet)?;
        self.marker = false;
        self.count(packet.len() - HEADER_LEN);
        if sequence.next().distance(self.sequence) > 0 {
            self.sequence = sequence.next();
        }
        let next = timestamp + ticks;
        if next.distance(self.timestamp) >= 0 {
            // Behind the whole packet, or what is spliced in before its 20 ms are over would lie on top of it.
            self.timestamp = next;
            self.anchor = Some((now, timestamp));
        }
        Ok(())
    }

    /// What a sender report says, or nothing when nothing was sent yet.
    pub fn sender_info(&self, now: Now) -> Option<SenderInfo> {
        self.anchor?;
        Some(SenderInfo {
            ntp: crate::rtcp::NtpTime::from_utc(now.utc),
            timestamp: self.timestamp_at(now.mono),
            packets: self.packets,
            octets: self.octets,
        })
    }

    /// The timestamp a sample taken at `now` would have.
    fn timestamp_at(&self, now: Instant) -> Timestamp {
        let Some((at, timestamp)) = self.anchor else { return self.timestamp };
        let elapsed = u128::from((now - at).as_nanos() as u64);
        timestamp + (elapsed * u128::from(self.clock_rate) / 1_000_000_000) as u32
    }

    fn count(&mut self, octets: usize) {
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(octets as u32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Utc;
    use core::time::Duration;

    fn sender() -> Sender {
        Sender::starting_at(8000, Ssrc(7), Sequence(65_535), Timestamp(u32::MAX - 159))
    }

    fn read(octets: &[u8]) -> (u16, u32, bool, u32) {
        let packet = Packet::parse(octets).expect("own packet");
        (packet.sequence().0, packet.timestamp().0, packet.marker(), packet.ssrc().0)
    }

    #[test]
    fn numbers_wrap_and_only_the_first_packet_is_marked() {
        let mut sender = sender();
        let mut out = [0; 200];
        let mut send = |ms| {
            let now = Instant::from_millis(ms);
            let len = sender.write_audio(now, PayloadType::PCMU, &[0xff; 160], 160, &mut out).expect("fits");
            (len, read(&out[..len]))
        };
        assert_eq!(send(0), (172, (65_535, u32::MAX - 159, true, 7)));
        assert_eq!(send(20), (172, (0, 0, false, 7)));
        assert_eq!(send(45), (172, (1, 160, false, 7)));
        assert_eq!((sender.packets(), sender.octets()), (3, 480));
    }

    #[test]
    fn a_packet_that_does_not_fit_changes_nothing() {
        let mut sender = sender();
        let before = format!("{sender:?}");
        let sent = sender.write_audio(Instant::ZERO, PayloadType::PCMU, &[0; 160], 160, &mut [0; 171]);
        assert_eq!(sent, Err(BufferTooShort));
        assert_eq!(format!("{sender:?}"), before);
    }

    #[test]
    fn after_a_pause_the_clock_has_gone_on() {
        let mut sender = sender();
        let mut out = [0; 200];
        sender.write_audio(Instant::ZERO, PayloadType::PCMU, &[0; 160], 160, &mut out).expect("fits");
        let now = Instant::from_millis(1000);
        sender.resume(now);
        let len = sender.write_audio(now, PayloadType::PCMU, &[0; 160], 160, &mut out).expect("fits");
        assert_eq!(read(&out[..len]), (0, 8000 - 160, true, 7));
    }

    #[test]
    fn a_spliced_stream_continues_ours_with_its_own_gaps() {
        let mut sender = sender();
        let mut out = [0; 200];
        sender.write_audio(Instant::ZERO, PayloadType::PCMU, &[0; 160], 160, &mut out).expect("fits");
        let foreign = |sequence, timestamp| {
            let header = Header {
                marker: false,
                payload_type: PayloadType::PCMA,
                sequence: Sequence(sequence),
                timestamp: Timestamp(timestamp),
                ssrc: Ssrc(99),
            };
            let mut octets = header.to_octets().to_vec();
            octets.extend_from_slice(&[0xd5; 160]);
            octets
        };
        let now = Instant::from_millis(20);
        let mut first = foreign(500, 1_000_000);
        let splice = sender.splice(now, &Packet::parse(&first).expect("own packet"));
        assert_eq!(splice.source(), Ssrc(99));
        let mut forward = |ms, packet: &mut Vec<u8>| {
            sender.forward(Instant::from_millis(ms), &splice, PayloadType::PCMA, 160, packet).expect("long enough");
            read(packet)
        };
        assert_eq!(forward(20, &mut first), (0, 0, true, 7));
        // One lost, two swapped.
        assert_eq!(forward(60, &mut foreign(503, 1_000_480)), (3, 480, false, 7));
        assert_eq!(forward(61, &mut foreign(502, 1_000_320)), (2, 320, false, 7));
        // Our own announcement goes on behind the newest.
        let now = Instant::from_millis(80);
        sender.resume(now);
        let len = sender.write_audio(now, PayloadType::PCMU, &[0; 160], 160, &mut out).expect("fits");
        assert_eq!(read(&out[..len]), (4, 480 + 160, true, 7));
        assert_eq!(sender.packets(), 5);
        let short = sender.forward(now, &splice, PayloadType::PCMA, 0, &mut [0; 11]);
        assert_eq!(short, Err(BufferTooShort));
    }

    #[test]
    fn a_report_ties_the_media_clock_to_the_wall_clock() {
        let mut sender = sender();
        let at = |ms| Now::new(Instant::from_millis(ms), Utc::from_secs(1_700_000_000) + Duration::from_millis(ms));
        assert_eq!(sender.sender_info(at(0)), None);
        sender.write_audio(at(0).mono, PayloadType::PCMU, &[0; 160], 160, &mut [0; 200]).expect("fits");
        let info = sender.sender_info(at(500)).expect("something was sent");
        // The first packet was sampled until 0 ms and its successor starts there.
        assert_eq!(info.timestamp.distance(Timestamp(u32::MAX - 159)), 4000);
        assert_eq!((info.packets, info.octets), (1, 160));
    }

    #[test]
    fn keys_replace_audio_while_the_clock_runs_on() {
        use crate::{Key, KeySender};
        let mut sender = sender();
        let mut keys = KeySender::new(8000);
        keys.press(Key::from_char('5').expect("a key"), Duration::from_millis(60)).expect("room");
        let telephone_event = PayloadType::new(101).expect("seven bits");
        let start = sender.timestamp().0;
        let mut sent = Vec::new();
        for tick in 0..9 {
            let now = Instant::from_millis(tick * 20);
            let mut out = [0; 200];
            let len = match keys.handle_tick(sender.timestamp(), 160) {
                Some(event) => {
                    sender.skip(160);
                    sender.write_event(now, telephone_event, event.marker, event.timestamp, &event.payload, &mut out)
                }
                None => sender.write_audio(now, PayloadType::PCMU, &[0xff; 160], 160, &mut out),
            };
            let (sequence, timestamp, marker, _) = read(&out[..len.expect("fits")]);
            let ticks = timestamp.wrapping_sub(start);
            sent.push((sequence, ticks, marker, len.map(|l| l - HEADER_LEN)));
        }
        let expect = [
            // Three reports, the last of them the first of three ends, at the time the key went down.
            (65_535, 0, true, Ok(4)),
            (0, 0, false, Ok(4)),
            (1, 0, false, Ok(4)),
            (2, 0, false, Ok(4)),
            (3, 0, false, Ok(4)),
            // Then audio at its own time, marked as a talkspurt because it is our first.
            (4, 800, true, Ok(160)),
            (5, 960, false, Ok(160)),
            (6, 1120, false, Ok(160)),
            (7, 1280, false, Ok(160)),
        ];
        assert_eq!(sent, expect);
    }
}
