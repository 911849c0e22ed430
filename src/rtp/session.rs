use crate::limits::{REMEMBERED_REPORTS, ROUND_TRIP_MAX, RTCP_INTERVAL};
use crate::packet::BufferTooShort;
use crate::rtcp::{Compound, NtpTime, Report, ReportBlock, RtcpError, RtcpPacket};
use crate::{Receiver, Sender, Ssrc};
use base::{Instant, Now, Rng};
use core::time::Duration;
use std::collections::VecDeque;

/// What the far side says about the stream we send it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct RemoteReception {
    pub at: Instant,
    /// Lost since its last report, 0 to 1.
    pub recent_loss: f64,
    pub cumulative_lost: i32,
    pub jitter: Duration,
}

/// One thing a received compound told.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Heard {
    /// A block about our stream came.
    pub about_us: bool,
    /// The far side's source says goodbye. Anyone can forge it, so it is news and never an end.
    pub goodbye: bool,
}

/// RTCP of one leg: two parties, reports about every five seconds (RFC 3550 §6).
///
/// With two parties the bandwidth rules of §6.2 always come out at the fixed minimum, and the timer
/// reconsideration of §6.3 has nobody to reconsider for; what is left is five seconds times 0.5 to 1.5.
#[derive(Clone, Debug)]
pub struct RtcpSession {
    clock_rate: u32,
    cname: Box<str>,
    rng: Rng,
    next_report: Instant,
    /// Sender reports of ours, so that only a true echo of one measures the round trip.
    sent: VecDeque<(u32, Instant)>,
    last_sr: Option<(Ssrc, NtpTime, Instant)>,
    round_trip: Option<Duration>,
    remote: Option<RemoteReception>,
}

impl RtcpSession {
    /// `cname` names this endpoint without naming a person: RFC 7022 wants it random.
    pub fn new(now: Instant, clock_rate: u32, cname: impl Into<Box<str>>, mut rng: Rng) -> Self {
        // RFC 3550 §6.2: the first report after half the interval.
        let next_report = now + randomised(RTCP_INTERVAL / 2, &mut rng);
        RtcpSession {
            clock_rate: clock_rate.max(1),
            cname: cname.into(),
            rng,
            next_report,
            sent: VecDeque::with_capacity(REMEMBERED_REPORTS),
            last_sr: None,
            round_trip: None,
            remote: None,
        }
    }

    /// Time to the far side and back, as of the last report that told.
    pub fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    pub fn remote(&self) -> Option<RemoteReception> {
        self.remote
    }

    /// Takes a compound from the far side. `ours` is the source we send from, `theirs` the one we receive.
    pub fn handle_compound(
        &mut self,
        now: Instant,
        octets: &[u8],
        ours: Ssrc,
        theirs: Option<Ssrc>,
    ) -> Result<Heard, RtcpError> {
        let compound = Compound::parse(octets)?;
        let mut heard = Heard::default();
        for packet in compound.packets() {
            let blocks = match packet {
                RtcpPacket::SenderReport { ssrc, info, blocks } => {
                    if theirs.is_none_or(|t| t == ssrc) {
                        self.last_sr = Some((ssrc, info.ntp, now));
                    }
                    blocks
                }
                RtcpPacket::ReceiverReport { blocks, .. } => blocks,
                RtcpPacket::Goodbye(goodbye) => {
                    heard.goodbye |= goodbye.sources().any(|s| theirs == Some(s));
                    continue;
                }
                RtcpPacket::Description(_) | RtcpPacket::Other(_) => continue,
            };
            for block in blocks.iter().filter(|b| b.ssrc == ours) {
                heard.about_us = true;
                self.note_block(now, &block);
            }
        }
        Ok(heard)
    }

    /// When the next report is due.
    pub fn poll_timeout(&self) -> Instant {
        self.next_report
    }

    /// Writes a report into `out` when it is due; returns its length, or `None` when it is too early.
    pub fn poll_report(
        &mut self,
        now: Now,
        sender: &Sender,
        receiver: &mut Receiver,
        out: &mut [u8],
    ) -> Result<Option<usize>, BufferTooShort> {
        if now.mono < self.next_report {
            return Ok(None);
        }
        self.next_report = now.mono + randomised(RTCP_INTERVAL, &mut self.rng);
        self.write(now, sender, receiver, false, out).map(Some)
    }

    /// Writes the last report with a goodbye.
    pub fn write_goodbye(
        &mut self,
        now: Now,
        sender: &Sender,
        receiver: &mut Receiver,
        out: &mut [u8],
    ) -> Result<usize, BufferTooShort> {
        self.write(now, sender, receiver, true, out)
    }

    fn write(
        &mut self,
        now: Now,
        sender: &Sender,
        receiver: &mut Receiver,
        goodbye: bool,
        out: &mut [u8],
    ) -> Result<usize, BufferTooShort> {
        let mut block = receiver.report_block();
        if let (Some(block), Some((ssrc, ntp, at))) = (&mut block, self.last_sr)
            && block.ssrc == ssrc
        {
            block.last_sr = ntp.middle();
            block.delay_since_last_sr = to_short(now.mono - at);
        }
        let info = sender.sender_info(now);
        let report = Report { ssrc: sender.ssrc(), sender: info, block, cname: &self.cname, goodbye };
        let len = report.write(out)?;
        if let Some(info) = info {
            if self.sent.len() == REMEMBERED_REPORTS {
                self.sent.pop_front();
            }
            self.sent.push_back((info.ntp.middle(), now.mono));
        }
        Ok(len)
    }

    fn note_block(&mut self, now: Instant, block: &ReportBlock) {
        let jitter = u64::from(block.jitter).saturating_mul(1_000_000_000) / u64::from(self.clock_rate);
        self.remote = Some(RemoteReception {
            at: now,
            recent_loss: f64::from(block.fraction_lost) / 256.0,
            cumulative_lost: block.cumulative_lost,
            jitter: Duration::from_nanos(jitter),
        });
        // RFC 3550 §6.4.1: A - LSR - DLSR, but on our monotonic clock and only for a report we did send,
        // so that neither a forger nor a clock set in mid-call makes up a round trip.
        let Some((_, sent_at)) = self.sent.iter().rev().find(|(middle, _)| *middle == block.last_sr) else { return };
        let elapsed = now - *sent_at;
        let held = Duration::from_nanos((u64::from(block.delay_since_last_sr) * 1_000_000_000) >> 16);
        if elapsed > ROUND_TRIP_MAX + held || held > elapsed + CLOCK_DRIFT {
            return;
        }
        self.round_trip = Some(elapsed.saturating_sub(held));
    }
}

/// By how much the far side may say it held our report longer than we waited: rounding and clock drift.
const CLOCK_DRIFT: Duration = Duration::from_millis(2);

/// Times 0.5 to 1.5 (RFC 3550 §6.2), so that parties do not fall into step.
fn randomised(interval: Duration, rng: &mut Rng) -> Duration {
    interval.mul_f64(0.5 + rng.unit())
}

/// In 1/65,536 s.
fn to_short(duration: Duration) -> u32 {
    u32::try_from((duration.as_nanos() << 16) / 1_000_000_000).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Header, Packet, PayloadType, Sequence, Timestamp};
    use base::Utc;

    fn at(ms: u64) -> Now {
        Now::new(Instant::from_millis(ms), Utc::from_secs(1_800_000_000) + Duration::from_millis(ms))
    }

    /// One end: everything a leg has.
    struct End {
        sender: Sender,
        receiver: Receiver,
        rtcp: RtcpSession,
    }

    impl End {
        fn new(seed: u64) -> Self {
            let mut rng = Rng::new(seed);
            let sender = Sender::new(8000, &mut rng);
            End { sender, receiver: Receiver::new(8000), rtcp: RtcpSession::new(at(0).mono, 8000, "leg", rng) }
        }

        fn audio(&mut self, ms: u64) -> Vec<u8> {
            let mut out = [0; 200];
            let sent = self.sender.write_audio(at(ms).mono, PayloadType::PCMU, &[0xff; 160], 160, &mut out);
            out[..sent.expect("fits")].to_vec()
        }

        fn hear(&mut self, ms: u64, octets: &[u8]) {
            self.receiver.handle_packet(at(ms).mono, &Packet::parse(octets).expect("audio"));
        }

        fn report(&mut self, ms: u64) -> Option<Vec<u8>> {
            let mut out = [0; 256];
            let len = self.rtcp.poll_report(at(ms), &self.sender, &mut self.receiver, &mut out).expect("fits");
            len.map(|len| out[..len].to_vec())
        }

        fn hear_report(&mut self, ms: u64, octets: &[u8]) -> Result<Heard, RtcpError> {
            self.rtcp.handle_compound(at(ms).mono, octets, self.sender.ssrc(), self.receiver.ssrc())
        }
    }

    /// Audio both ways for a while, then reports across a wire of 30 ms each way.
    fn conversation() -> (End, End) {
        let (mut a, mut b) = (End::new(1), End::new(2));
        for ms in (0..10_000).step_by(20) {
            let from_a = a.audio(ms);
            // b misses every tenth packet.
            if ms % 200 != 100 {
                b.hear(ms + 30, &from_a);
            }
            let from_b = b.audio(ms);
            a.hear(ms + 30, &from_b);
        }
        (a, b)
    }

    #[test]
    fn reports_come_at_randomised_intervals_around_five_seconds() {
        let (mut a, _) = conversation();
        let first = a.rtcp.poll_timeout();
        assert!(first >= at(1250).mono && first < at(3750).mono, "{first:?}");
        assert_eq!(a.report(first.as_millis() - 1), None);
        let mut sum = Duration::ZERO;
        for _ in 0..200 {
            let due = a.rtcp.poll_timeout();
            assert!(a.report(due.as_millis() + 1).is_some());
            let gap = a.rtcp.poll_timeout() - Instant::from_millis(due.as_millis() + 1);
            assert!(gap >= Duration::from_millis(2500) && gap <= Duration::from_millis(7500), "{gap:?}");
            sum += gap;
        }
        assert!((sum / 200).abs_diff(RTCP_INTERVAL) < Duration::from_millis(400), "{:?}", sum / 200);
    }

    #[test]
    fn loss_and_round_trip_are_measured_from_both_reports() {
        let (mut a, mut b) = conversation();
        let from_a = a.report(10_000).expect("due");
        assert_eq!(b.hear_report(10_030, &from_a), Ok(Heard { about_us: true, goodbye: false }));
        let from_b = b.report(12_000).expect("due");
        assert_eq!(a.hear_report(12_030, &from_b), Ok(Heard { about_us: true, goodbye: false }));
        let round_trip = a.rtcp.round_trip().expect("measured");
        assert!(round_trip.abs_diff(Duration::from_millis(60)) < Duration::from_millis(1), "{round_trip:?}");
        let remote = a.rtcp.remote().expect("reported");
        assert!((remote.recent_loss - 0.1).abs() < 0.01);
        assert_eq!(remote.cumulative_lost, 50);
        assert_eq!(b.rtcp.round_trip(), None, "b has not heard an echo of its own report yet");
    }

    #[test]
    fn forged_echoes_do_not_move_the_round_trip() {
        let (mut a, _) = conversation();
        a.report(10_000).expect("due");
        let ours = a.sender.ssrc();
        let known = a.rtcp.sent.back().expect("remembered").0;
        let mut forge = |ssrc, last_sr, delay_since_last_sr| {
            let block = ReportBlock {
                ssrc,
                fraction_lost: 255,
                cumulative_lost: 9,
                highest_sequence: 0,
                jitter: u32::MAX,
                last_sr,
                delay_since_last_sr,
            };
            let report = Report { ssrc: Ssrc(1), sender: None, block: Some(block), cname: "x", goodbye: true };
            let mut out = [0; 128];
            let len = report.write(&mut out).expect("fits");
            let heard = a.hear_report(10_100, &out[..len]).expect("well formed");
            (heard, a.rtcp.round_trip())
        };
        assert_eq!(forge(Ssrc(99), known, 0), (Heard::default(), None));
        assert_eq!(forge(ours, known.wrapping_add(1), 0).1, None);
        assert_eq!(forge(ours, known, 65_536).1, None, "held longer than we waited");
        assert_eq!(forge(ours, 0, 0), (Heard { about_us: true, goodbye: false }, None));
        assert_eq!(forge(ours, known, 6_553).1.map(|d| d.as_millis()), Some(0));
    }

    #[test]
    fn goodbye_is_heard_from_the_source_we_listen_to_only() {
        let (mut a, mut b) = conversation();
        let mut out = [0; 256];
        let len = b.rtcp.write_goodbye(at(10_000), &b.sender, &mut b.receiver, &mut out).expect("fits");
        assert_eq!(a.hear_report(10_030, &out[..len]), Ok(Heard { about_us: true, goodbye: true }));
        let mut stranger = End::new(3);
        let len = stranger.rtcp.write_goodbye(at(10_000), &stranger.sender, &mut stranger.receiver, &mut out);
        assert_eq!(a.hear_report(10_030, &out[..len.expect("fits")]), Ok(Heard::default()));
    }

    #[test]
    fn who_only_listens_sends_receiver_reports() {
        let mut end = End::new(5);
        let header = Header {
            marker: false,
            payload_type: PayloadType::PCMU,
            sequence: Sequence(1),
            timestamp: Timestamp(0),
            ssrc: Ssrc(42),
        };
        end.hear(0, &header.to_octets());
        let octets = end.report(4000).expect("due");
        assert_eq!(octets[1], 201);
        let early = end.report(4000);
        assert_eq!(early, None);
    }
}
