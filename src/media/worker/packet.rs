use super::{Timer, Worker};
use crate::batch::{Channel, Datagram, PacketBatch};
use crate::latch::{Verdict, canonical};
use crate::leg::Leg;
use crate::limits::PAYLOAD_OCTETS_MAX;
use crate::stream::{CLOCK_RATE, KeysBy, Payload};
use base::{Instant, Key, Now};
use model::{MediaEvent, Role};
use rtp::{Arrival, DatagramKind, KeyChange, KeyReceiver, Packet, PayloadType};

/// A packet of a peer's that was checked and is new.
#[derive(Clone, Copy)]
pub(super) struct Heard<'a> {
    pub(super) octets: &'a [u8],
    pub(super) packet: Packet<'a>,
    pub(super) payload: Payload,
    /// The stream begins, or began anew: what was carried over from before does not fit it.
    pub(super) fresh: bool,
}

impl Worker {
    pub(super) fn handle_leg_packet(&mut self, now: Now, key: Key, datagram: Datagram<'_>, out: &mut PacketBatch) {
        match (datagram.channel, DatagramKind::of(datagram.octets)) {
            (Channel::Rtp, DatagramKind::Rtp) => {
                let Some(heard) = self.admit(now.mono, key, datagram) else { return };
                self.note_heard(now.mono, key);
                match heard.payload {
                    Payload::Event => self.handle_event(now.mono, key, heard, out),
                    Payload::Audio(_) => self.handle_audio(now.mono, key, heard, out),
                    // Not agreed on with the far side, which makes its own of the pause.
                    Payload::Noise => self.interrupt(key, heard.fresh),
                }
            }
            (Channel::Rtp | Channel::Rtcp, DatagramKind::Rtcp) => self.handle_rtcp(now, key, datagram),
            // STUN and DTLS on a leg that agreed on neither are noise like the rest.
            (Channel::Rtp | Channel::Rtcp, DatagramKind::Stun | DatagramKind::Dtls | DatagramKind::Other)
            | (Channel::Rtcp, DatagramKind::Rtp) => self.stats.malformed += 1,
        }
    }

    /// Everything a packet must pass before it counts as the peer's: form, payload, source, place in the stream.
    ///
    /// The source comes after the form, so that noise from anywhere cannot use up a latch.
    fn admit<'a>(&mut self, now: Instant, key: Key, datagram: Datagram<'a>) -> Option<Heard<'a>> {
        let stats = &mut self.stats;
        let Some(stream) = self.legs.get_mut(key).and_then(|leg| leg.stream.as_deref_mut()) else {
            stats.unclaimed += 1;
            return None;
        };
        let Ok(packet) = Packet::parse(datagram.octets) else {
            stats.malformed += 1;
            return None;
        };
        let Some(payload) = stream.classify(packet.payload_type()) else {
            stats.malformed += 1;
            return None;
        };
        if packet.payload().is_empty() || packet.payload().len() > PAYLOAD_OCTETS_MAX {
            stats.malformed += 1;
            return None;
        }
        if stream.latch.handle_source(datagram.source) == Verdict::Stranger {
            stream.strangers += 1;
            stats.strangers += 1;
            return None;
        }
        let arrival = stream.receiver.handle_packet(now, &packet);
        if !arrival.is_usable() {
            return None;
        }
        let mut fresh = matches!(arrival, Arrival::NewSource | Arrival::Restarted);
        if let (true, Some(keys)) = (fresh, &mut stream.keys) {
            keys.reset();
        }
        if let Payload::Audio(_) = payload {
            fresh |= stream.has_leapt(now, packet.timestamp().0);
        }
        stream.last_heard = Some(now);
        Some(Heard { octets: datagram.octets, packet, payload, fresh })
    }

    fn note_heard(&mut self, now: Instant, key: Key) {
        let leg = self.leg_mut(key);
        let id = leg.id;
        if !core::mem::replace(&mut leg.started, true) {
            self.tell(id.home(), MediaEvent::Started { leg: id });
        }
        if self.leg_mut(key).awaits_silence() {
            self.arm_silence(now, key);
        }
    }

    fn handle_audio(&mut self, now: Instant, key: Key, heard: Heard<'_>, out: &mut PacketBatch) {
        let leg = self.leg_mut(key);
        let group = leg.group;
        let Some(stream) = leg.stream.as_deref_mut() else { return };
        let Payload::Audio(codec) = heard.payload else { return };
        if !stream.may_receive() {
            // On hold for any length of time: counted through, it would look like so much loss.
            self.let_go(key);
            return;
        }
        if codec != stream.heard_codec {
            stream.heard_codec = codec;
            self.reroute(now, group);
        }
        // RFC 4733 §2.5.1.2 and attack B4: what sounds beside a reported key is the key itself, once more.
        if self.leg_mut(key).key_is_down() {
            self.interrupt(key, heard.fresh);
            return;
        }
        self.note_for_recording(now, key, heard);
        if let Some(ear) = self.leg_mut(key).stream.as_mut().and_then(|s| s.ear.as_mut()) {
            ear.handle_packet(now, &heard.packet);
        }
        let listeners = core::mem::take(&mut self.leg_mut(key).routes.relay_to);
        for listener in &listeners {
            self.forward(now, key, heard, *listener, out);
        }
        self.leg_mut(key).routes.relay_to = listeners;
    }

    /// Sends a packet on as it is, with our numbers.
    fn forward(&mut self, now: Instant, from: Key, heard: Heard<'_>, to: Key, out: &mut PacketBatch) {
        let Some(leg) = self.legs.get_mut(to) else { return };
        let (Some(slot), Some(stream)) = (leg.slot, leg.stream.as_deref_mut()) else { return };
        // While a key sounds it replaces everything else (RFC 4733 §2.5.1.2).
        let may_send = stream.may_send() && stream.presses.is_none();
        let Some(destination) = stream.latch.destination().filter(|_| may_send) else {
            stream.splice = None;
            return;
        };
        let number = match heard.payload {
            Payload::Audio(_) => Some(stream.setup.payload_type_out),
            Payload::Event => stream.setup.dtmf_out,
            Payload::Noise => None,
        };
        let Some(payload_type) = number.and_then(PayloadType::new) else {
            // Left out on purpose: the next packet follows without a gap, or it would count as lost.
            stream.splice = None;
            return;
        };
        let ssrc = heard.packet.ssrc();
        let splice = match stream.splice {
            Some((source, splice)) if source == from && splice.source() == ssrc && !heard.fresh => splice,
            _ => stream.sender.splice(now, &heard.packet),
        };
        stream.splice = Some((from, splice));
        stream.talking = false;
        let ticks = match heard.payload {
            // One octet is one tick of the RTP clock in all three codecs.
            Payload::Audio(_) => heard.packet.payload().len() as u32,
            Payload::Event | Payload::Noise => 0,
        };
        let sender = &mut stream.sender;
        out.push_rewritten(slot, Channel::Rtp, destination, heard.octets, |octets| {
            sender.forward(now, &splice, payload_type, ticks, octets).is_ok()
        });
        self.stats.packets_relayed += 1;
    }

    /// The far sides hear a pause: their streams go on without the packets left out.
    fn interrupt(&mut self, key: Key, fresh: bool) {
        if fresh {
            // What the splices counted from is over.
            return self.let_go(key);
        }
        let listeners = core::mem::take(&mut self.leg_mut(key).routes.relay_to);
        for listener in &listeners {
            if let Some(stream) = &mut self.leg_mut(*listener).stream
                && let Some((source, splice)) = &mut stream.splice
                && *source == key
            {
                splice.leave_out();
            }
        }
        self.leg_mut(key).routes.relay_to = listeners;
    }

    /// What comes next from this leg begins anew in the far sides' streams: next number, marked, at the clock's time.
    fn let_go(&mut self, key: Key) {
        let listeners = core::mem::take(&mut self.leg_mut(key).routes.relay_to);
        for listener in &listeners {
            if let Some(stream) = &mut self.leg_mut(*listener).stream {
                stream.splice = None;
            }
        }
        self.leg_mut(key).routes.relay_to = listeners;
    }

    fn handle_event(&mut self, now: Instant, key: Key, heard: Heard<'_>, out: &mut PacketBatch) {
        let leg = self.leg_mut(key);
        let passes = match leg.role {
            Role::Caller | Role::Agent => true,
            // A supervisor's keys choose how he listens; they are for us alone.
            Role::Supervisor(_) => false,
        };
        let Some(stream) = leg.stream.as_deref_mut() else { return };
        let keys = stream.keys.get_or_insert_with(|| Box::new(KeyReceiver::new(CLOCK_RATE)));
        let (timestamp, marker) = (heard.packet.timestamp(), heard.packet.marker());
        if keys.handle_packet(now, timestamp, marker, heard.packet.payload()).is_err() {
            self.stats.malformed += 1;
            return;
        }
        let by = *stream.keys_by.get_or_insert(KeysBy::Stream);
        self.tell_keys(key);
        self.arm_key(key);
        if !passes {
            return;
        }
        if by != KeysBy::Stream {
            return self.interrupt(key, heard.fresh);
        }
        let relay_to = core::mem::take(&mut self.leg_mut(key).routes.relay_to);
        for listener in &relay_to {
            self.forward(now, key, heard, *listener, out);
        }
        self.leg_mut(key).routes.relay_to = relay_to;
        let mix_to = core::mem::take(&mut self.leg_mut(key).routes.mix_to);
        for listener in &mix_to {
            self.pass_event(now, key, heard, *listener, out);
        }
        self.leg_mut(key).routes.mix_to = mix_to;
    }

    /// Sends an event on beside a mix, at the place in our own stream where it began.
    fn pass_event(&mut self, now: Instant, from: Key, heard: Heard<'_>, to: Key, out: &mut PacketBatch) {
        let Some(leg) = self.legs.get_mut(to) else { return };
        let (Some(slot), Some(stream)) = (leg.slot, leg.stream.as_deref_mut()) else { return };
        let may_send = stream.may_send() && stream.presses.is_none();
        let Some(destination) = stream.latch.destination().filter(|_| may_send) else { return };
        let Some(payload_type) = stream.setup.dtmf_out.and_then(PayloadType::new) else { return };
        let theirs = heard.packet.timestamp();
        let (began, first) = match stream.passing {
            Some((source, at, ours)) if source == from && at == theirs => (ours, false),
            // RFC 4733 §2.5.1.3: the next segment of a long key begins where the last one ended.
            Some((source, at, ours)) if source == from && (1..=SEGMENT_TICKS).contains(&theirs.distance(at)) => {
                (ours + theirs.distance(at).unsigned_abs(), heard.packet.marker())
            }
            _ => {
                if !stream.talking {
                    stream.sender.resume(now);
                }
                (stream.sender.timestamp(), true)
            }
        };
        stream.passing = Some((from, theirs, began));
        let sender = &mut stream.sender;
        let payload = heard.packet.payload();
        out.push_with(slot, Channel::Rtp, destination, rtp::HEADER_LEN + payload.len(), |octets| {
            sender.write_event(now, payload_type, first, began, payload, octets).ok()
        });
        self.stats.packets_relayed += 1;
    }

    fn tell_keys(&mut self, key: Key) {
        while let Some((id, change)) = self.next_key_change(key) {
            match change {
                KeyChange::Down(_) => {}
                KeyChange::Up { key, held } => {
                    self.tell(id.home(), MediaEvent::Digit { leg: id, key: model::Key(key.as_char()), held });
                }
            }
        }
    }

    fn next_key_change(&mut self, key: Key) -> Option<(model::LegId, KeyChange)> {
        let leg = self.legs.get_mut(key)?;
        Some((leg.id, leg.stream.as_mut()?.keys.as_mut()?.poll_change()?))
    }

    /// A key whose end was lost is ended by time.
    pub(super) fn end_key(&mut self, now: Instant, key: Key) {
        let Some(leg) = self.legs.get_mut(key) else { return };
        leg.timers.key = None;
        if let Some(keys) = leg.stream.as_mut().and_then(|s| s.keys.as_mut()) {
            keys.handle_timeout(now);
        }
        self.tell_keys(key);
        self.arm_key(key);
    }

    fn arm_key(&mut self, key: Key) {
        let leg = self.leg_mut(key);
        if leg.timers.key.is_some() {
            return;
        }
        let due = leg.stream.as_ref().and_then(|s| s.keys.as_ref()).and_then(|keys| keys.poll_timeout());
        if let Some(at) = due {
            let timer = self.timers.insert(at, Timer::Key(key));
            self.leg_mut(key).timers.key = Some(timer);
        }
    }

    fn handle_rtcp(&mut self, now: Now, key: Key, datagram: Datagram<'_>) {
        let stats = &mut self.stats;
        let Some(stream) = self.legs.get_mut(key).and_then(|leg| leg.stream.as_deref_mut()) else {
            stats.unclaimed += 1;
            return;
        };
        // RTCP opens no latch: it is believed only from where the sound comes, or should come.
        let source = canonical(datagram.source);
        if stream.latch.destination().is_none_or(|peer| peer.ip() != source.ip()) {
            stream.strangers += 1;
            stats.strangers += 1;
            return;
        }
        let (ours, theirs) = (stream.sender.ssrc(), stream.receiver.ssrc());
        match stream.rtcp.handle_compound(now.mono, datagram.octets, ours, theirs) {
            // A goodbye ends nothing (attack B7): the call's own signalling does.
            Ok(_) if datagram.channel == Channel::Rtcp => stream.rtcp_source = Some(source),
            Ok(_) => {}
            Err(_) => stats.malformed += 1,
        }
    }
}

/// Longest segment of an event, as its duration has 16 bits.
const SEGMENT_TICKS: i32 = u16::MAX as i32 + 1;

impl Leg {
    fn key_is_down(&self) -> bool {
        self.stream.as_ref().and_then(|s| s.keys.as_ref()).is_some_and(|keys| keys.is_down())
    }
}
