use crate::ear::{Ear, Mouth};
use crate::latch::Latch;
use base::{Instant, Key, Rng};
use core::net::SocketAddr;
use model::{Codec, Direction, Quality, StreamSetup};
use rtp::{
    Conditions, Impairment, KeyReceiver, KeySender, PayloadType, Receiver, RtcpSession, Sender, Splice, Timestamp,
};

/// All three codecs count their timestamps at 8000 Hz, G.722 by a mistake that became the rule (RFC 3551 §4.5.2).
pub(crate) const CLOCK_RATE: u32 = 8000;

/// Below this a MOS would say more about chance than about the line: one second of sound.
const MOS_PACKETS_MIN: u64 = 50;

/// Both directions of a leg once its peer is known.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) setup: StreamSetup,
    pub(crate) latch: Latch,
    pub(crate) receiver: Receiver,
    pub(crate) sender: Sender,
    pub(crate) rtcp: RtcpSession,
    /// Where RTCP comes from, when it does not share the port.
    pub(crate) rtcp_source: Option<SocketAddr>,
    pub(crate) goodbye_owed: bool,
    /// Made by the first telephone-event: most legs never press a key.
    pub(crate) keys: Option<Box<KeyReceiver>>,
    /// Keys the others pressed by INFO, on their way to this peer.
    pub(crate) presses: Option<Box<KeySender>>,
    /// How this peer tells its keys: the first way is the one believed, or each would arrive twice.
    pub(crate) keys_by: Option<KeysBy>,
    /// What the peer sends at present; it may use another codec than the first one agreed.
    pub(crate) heard_codec: Codec,
    pub(crate) last_heard: Option<Instant>,
    last_audio: Option<(Instant, u32)>,
    /// While others mix what this leg says.
    pub(crate) ear: Option<Box<Ear>>,
    /// While this leg is told something that has to be encoded.
    pub(crate) mouth: Option<Box<Mouth>>,
    /// Octets that do not fill a packet yet, when the peer wants other packets than 20 ms.
    pub(crate) unsent: Vec<u8>,
    /// An event on its way through us in a mix: whose, its timestamp there and ours.
    pub(crate) passing: Option<(Key, Timestamp, Timestamp)>,
    /// Whose packets are being carried into our stream, and how.
    pub(crate) splice: Option<(Key, Splice)>,
    /// Our own sound is going out without a break: no marker, no catching up with the clock.
    pub(crate) talking: bool,
    pub(crate) strangers: u64,
}

/// How a peer tells which keys it pressed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum KeysBy {
    /// telephone-event.
    Stream,
    /// SIP INFO.
    Signalling,
}

/// What a packet carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Payload {
    Audio(Codec),
    Event,
    /// Comfort noise (RFC 3389): the peer is there and says nothing.
    Noise,
}

impl Stream {
    pub(crate) fn new(now: Instant, setup: StreamSetup, rng: &mut Rng) -> Self {
        // RFC 7022 §4.2: a short-term persistent CNAME is random.
        let cname = format!("{:016x}", rng.next_u64());
        Stream {
            latch: Latch::new(setup.source, setup.remote),
            receiver: Receiver::new(CLOCK_RATE),
            sender: Sender::new(CLOCK_RATE, rng),
            rtcp: RtcpSession::new(now, CLOCK_RATE, cname, rng.fork()),
            rtcp_source: None,
            goodbye_owed: false,
            keys: None,
            presses: None,
            keys_by: None,
            heard_codec: setup.codec,
            last_heard: None,
            last_audio: None,
            ear: None,
            mouth: None,
            unsent: Vec::new(),
            passing: None,
            splice: None,
            talking: false,
            strangers: 0,
            setup,
        }
    }

    /// A new offer or answer for the same stream: our numbers go on.
    pub(crate) fn renegotiate(&mut self, setup: StreamSetup) {
        self.latch.renegotiate(setup.source, setup.remote);
        if setup.remote_rtcp != self.setup.remote_rtcp || setup.remote != self.setup.remote {
            self.rtcp_source = None;
        }
        if setup.codec != self.setup.codec {
            self.heard_codec = setup.codec;
        }
        self.setup = setup;
    }

    /// Directions are ours.
    pub(crate) fn may_send(&self) -> bool {
        matches!(self.setup.direction, Direction::SendRecv | Direction::SendOnly)
    }

    pub(crate) fn may_receive(&self) -> bool {
        matches!(self.setup.direction, Direction::SendRecv | Direction::RecvOnly)
    }

    /// `None`: nobody agreed on this payload type.
    pub(crate) fn classify(&self, payload_type: PayloadType) -> Option<Payload> {
        let number = payload_type.number();
        if number == self.setup.payload_type_in {
            return Some(Payload::Audio(self.setup.codec));
        }
        if Some(number) == self.setup.dtmf_in {
            return Some(Payload::Event);
        }
        // RFC 3264 §5.1: a peer may change to any codec of its answer in mid-stream; these three need no mapping.
        [Codec::Pcmu, Codec::Pcma, Codec::G722]
            .into_iter()
            .find(|codec| codec.payload_type() == number)
            .map(Payload::Audio)
            .or_else(|| (payload_type == PayloadType::COMFORT_NOISE).then_some(Payload::Noise))
    }

    /// Whether a sender's timestamps have left its clock by more than a pause can explain: an hour's jump is passed on
    /// to nobody.
    pub(crate) fn has_leapt(&mut self, now: Instant, timestamp: u32) -> bool {
        let before = self.last_audio.replace((now, timestamp));
        let Some((at, from)) = before else { return false };
        let elapsed = i64::try_from((now - at).as_millis()).unwrap_or(i64::MAX) * i64::from(CLOCK_RATE / 1000);
        let counted = i64::from(timestamp.wrapping_sub(from) as i32);
        (counted - elapsed).abs() > LEAP_TICKS
    }

    /// Where our RTCP goes, when the peer does not share the port.
    pub(crate) fn rtcp_destination(&self) -> Option<SocketAddr> {
        let signalled = self.setup.remote_rtcp?;
        if let Some(source) = self.rtcp_source {
            return Some(source);
        }
        // Behind a NAT the signalled address leads nowhere, or to a stranger.
        let peer = self.latch.destination()?;
        (peer.ip() == signalled.ip().to_canonical() && signalled.port() != 0).then_some(signalled)
    }

    pub(crate) fn quality(&self) -> Quality {
        let reception = self.receiver.reception();
        let round_trip = self.rtcp.round_trip();
        let impairment = match self.setup.codec {
            Codec::Pcmu | Codec::Pcma => Impairment::G711,
            Codec::G722 => Impairment::G722,
        };
        let packet = core::time::Duration::from_millis(u64::from(self.setup.ptime_ms));
        let conditions = Conditions {
            impairment,
            loss: reception.loss(),
            burst_ratio: 1.0,
            one_way_delay: Conditions::one_way_delay(round_trip, packet, reception.jitter * 2),
        };
        Quality {
            packets_sent: u64::from(self.sender.packets()),
            packets_received: reception.received,
            packets_lost: reception.lost(),
            jitter_ms: reception.jitter.as_secs_f32() * 1000.0,
            round_trip_ms: round_trip.map(|d| d.as_secs_f32() * 1000.0),
            mos: (reception.received >= MOS_PACKETS_MIN).then(|| conditions.mos() as f32),
            strangers: self.strangers,
        }
    }
}

/// Two seconds: longer than any delay variation that leaves a conversation possible.
const LEAP_TICKS: i64 = 2 * CLOCK_RATE as i64;
