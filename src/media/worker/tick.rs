use super::Worker;
use crate::batch::{Channel, PacketBatch};
use crate::ear::{Frame, Mouth, rate_of};
use crate::leg::Path;
use crate::limits::{FRAME_OCTETS, OCTETS_PER_MS, PTIME_MS_MAX};
use crate::stream::{Payload, Stream};
use base::{Instant, Key};
use core::net::SocketAddr;
use model::{Codec, MediaEvent};
use rtp::PayloadType;

/// What a leg gets in one tick.
enum Turn {
    Nothing,
    /// A sound alone, in the leg's own codec: copied.
    Sound,
    /// Voices, or a sound beside voices: added and encoded.
    Mix,
}

impl Worker {
    /// One frame for every leg of a group that is played to or mixed for. False when the group left the clock.
    pub(super) fn tick_group(&mut self, now: Instant, group: Key, skipped: bool, out: &mut PacketBatch) -> bool {
        self.stats.skipped_frames += u64::from(skipped);
        let mut legs = core::mem::take(&mut self.scratch.legs);
        legs.clear();
        legs.extend_from_slice(&self.groups.get(group).expect("the clock names living groups").legs);
        for key in &legs {
            self.pull_ear(now, *key);
        }
        let mut ended = false;
        let mut frame = Frame::EMPTY;
        for key in &legs {
            if let Some(last) = self.press_frame(now, *key, out) {
                ended |= last;
                continue;
            }
            ended |= match self.turn(*key, &mut frame) {
                Turn::Nothing => {
                    if let Some(stream) = &mut self.leg_mut(*key).stream {
                        stream.fall_silent();
                    }
                    false
                }
                Turn::Sound => self.play_frame(now, *key, skipped, out),
                Turn::Mix => self.mix_frame(now, *key, &mut frame, skipped, out),
            };
        }
        self.scratch.legs = legs;
        if ended {
            self.reroute(now, group);
        }
        self.groups.get(group).is_some_and(|g| g.place.is_some())
    }

    fn pull_ear(&mut self, now: Instant, key: Key) {
        let Some(stream) = self.leg_mut(key).stream.as_deref_mut() else { return };
        let Some(mut ear) = stream.ear.take() else { return };
        ear.pull(now, |payload_type| match stream.classify(payload_type)? {
            Payload::Audio(codec) => Some(codec),
            Payload::Event | Payload::Noise => None,
        });
        stream.ear = Some(ear);
    }

    /// What a leg gets; for a mix, `frame` becomes the voices of its path added up at its own rate.
    fn turn(&self, key: Key, frame: &mut Frame) -> Turn {
        let Some(leg) = self.legs.get(key) else { return Turn::Nothing };
        let Some(stream) = &leg.stream else { return Turn::Nothing };
        let rate = rate_of(stream.setup.codec);
        match &leg.routes.path {
            Path::Mix(sources) => {
                *frame = Frame::silent(rate);
                let mut sounds = leg.player.is_some();
                for source in sources {
                    let ear = self.legs.get(source.leg()).and_then(|l| l.stream.as_ref()?.ear.as_deref());
                    if let Some(samples) = ear.map(|e| e.frame(rate)).filter(|s| !s.is_empty()) {
                        frame.add(samples);
                        sounds = true;
                    }
                }
                if sounds { Turn::Mix } else { Turn::Nothing }
            }
            Path::Nothing | Path::Relay(_) if leg.player.is_none() => Turn::Nothing,
            Path::Nothing | Path::Relay(_) => {
                let player = leg.player.as_ref().expect("looked at above");
                let has_form = player.current(&self.sounds).is_none_or(|s| s.octets(stream.setup.codec).is_some());
                if has_form {
                    return Turn::Sound;
                }
                *frame = Frame::silent(rate);
                Turn::Mix
            }
        }
    }

    /// The next 20 ms of what a leg is played; true when that was the end of it.
    fn play_frame(&mut self, now: Instant, key: Key, skipped: bool, out: &mut PacketBatch) -> bool {
        let Some(leg) = self.legs.get_mut(key) else { return false };
        let (Some(player), Some(stream)) = (&mut leg.player, leg.stream.as_deref_mut()) else { return false };
        let mut octets = [0; FRAME_OCTETS];
        let filled = player.fill(&self.sounds, stream.setup.codec, &mut octets);
        self.stats.packets_made += stream.say(now, leg.slot, &octets[..filled.octets], filled.ended, skipped, out);
        if filled.ended {
            self.end_play(key);
        }
        filled.ended
    }

    /// 20 ms of voices, with what is played added; true when that was the end of the playing.
    fn mix_frame(&mut self, now: Instant, key: Key, frame: &mut Frame, skipped: bool, out: &mut PacketBatch) -> bool {
        let Some(leg) = self.legs.get_mut(key) else { return false };
        let Some(stream) = leg.stream.as_deref_mut() else { return false };
        let codec = stream.setup.codec;
        let mut mouth =
            stream.mouth.take().filter(|m| m.codec() == codec).unwrap_or_else(|| Box::new(Mouth::new(codec)));
        let mut ended = false;
        if let Some(player) = &mut leg.player {
            let mut octets = [0; FRAME_OCTETS];
            let filled = player.fill(&self.sounds, Codec::Pcmu, &mut octets);
            mouth.add_pcmu(frame, &octets[..filled.octets]);
            ended = filled.ended;
        }
        let mut octets = [0; FRAME_OCTETS];
        let len = mouth.encode(frame, &mut octets);
        stream.mouth = Some(mouth);
        self.stats.packets_made += stream.say(now, leg.slot, &octets[..len], false, skipped, out);
        if ended {
            self.end_play(key);
        }
        ended
    }

    fn end_play(&mut self, key: Key) {
        let leg = self.leg_mut(key);
        let Some(player) = leg.player.take() else { return };
        let id = leg.id;
        self.tell(id.home(), MediaEvent::Played { leg: id, play: player.play() });
    }
}

impl Stream {
    /// Sends our own sound, in packets as long as the peer wants them; how many went out.
    ///
    /// On hold the time passes all the same, so that an announcement ends.
    fn say(
        &mut self,
        now: Instant,
        slot: Option<u32>,
        octets: &[u8],
        last: bool,
        skipped: bool,
        out: &mut PacketBatch,
    ) -> u64 {
        let route = slot.zip(self.latch.destination()).filter(|_| self.may_send());
        let payload_type = PayloadType::new(self.setup.payload_type_out);
        let (Some((slot, to)), Some(payload_type)) = (route, payload_type) else {
            self.fall_silent();
            return 0;
        };
        // After a pause or somebody else's packets the clock is brought up to date first.
        if !self.talking || skipped {
            self.sender.resume(now);
        }
        self.talking = true;
        self.splice = None;
        let packet = self.packet_octets();
        if packet == FRAME_OCTETS && self.unsent.is_empty() {
            self.send(now, slot, to, payload_type, octets, out);
            return u64::from(!octets.is_empty());
        }
        let mut pending = core::mem::take(&mut self.unsent);
        pending.extend_from_slice(octets);
        let mut sent = 0;
        let mut rest = &pending[..];
        while rest.len() >= packet || last && !rest.is_empty() {
            let (head, tail) = rest.split_at(packet.min(rest.len()));
            self.send(now, slot, to, payload_type, head, out);
            sent += 1;
            rest = tail;
        }
        let used = pending.len() - rest.len();
        pending.drain(..used);
        self.unsent = pending;
        sent
    }

    /// Our own sound has a pause: what follows it is marked and its time brought up to date.
    pub(super) fn fall_silent(&mut self) {
        self.talking = false;
        self.unsent.clear();
    }

    fn send(
        &mut self,
        now: Instant,
        slot: u32,
        to: SocketAddr,
        payload_type: PayloadType,
        octets: &[u8],
        out: &mut PacketBatch,
    ) {
        if octets.is_empty() {
            return;
        }
        let sender = &mut self.sender;
        out.push_with(slot, Channel::Rtp, to, rtp::HEADER_LEN + octets.len(), |place| {
            // One octet is one tick of the RTP clock in all three codecs.
            sender.write_audio(now, payload_type, octets, octets.len() as u32, place).ok()
        });
    }

    /// Octets of a packet to this peer: whole multiples of 10 ms, as RFC 3551 §4.2 counts them.
    fn packet_octets(&self) -> usize {
        match self.setup.ptime_ms {
            ptime @ 10..=PTIME_MS_MAX if ptime % 10 == 0 => usize::from(ptime) * OCTETS_PER_MS,
            _ => FRAME_OCTETS,
        }
    }
}
