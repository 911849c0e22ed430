use super::Worker;
use crate::batch::{Channel, PacketBatch};
use crate::limits::FRAME_OCTETS;
use base::{Instant, Key};
use model::MediaEvent;
use rtp::PayloadType;

impl Worker {
    /// One frame for every leg of a group that is played to or mixed for. False when the group left the clock.
    pub(super) fn tick_group(&mut self, now: Instant, group: Key, skipped: bool, out: &mut PacketBatch) -> bool {
        let mut legs = core::mem::take(&mut self.scratch.legs);
        legs.clear();
        legs.extend_from_slice(&self.groups.get(group).expect("the clock names living groups").legs);
        let mut ended = false;
        for key in &legs {
            ended |= self.play_frame(now, *key, skipped, out);
        }
        self.scratch.legs = legs;
        if ended {
            self.reroute(now, group);
        }
        self.groups.get(group).is_some_and(|g| g.place.is_some())
    }

    /// The next 20 ms of what a leg is played; true when that was the end of it.
    fn play_frame(&mut self, now: Instant, key: Key, skipped: bool, out: &mut PacketBatch) -> bool {
        let Some(leg) = self.legs.get_mut(key) else { return false };
        let (Some(player), Some(stream)) = (&mut leg.player, leg.stream.as_deref_mut()) else { return false };
        let mut frame = [0; FRAME_OCTETS];
        let Some(filled) = player.fill(&self.sounds, stream.setup.codec, &mut frame) else { return false };
        if let (Some(slot), Some(to), true) = (leg.slot, stream.latch.destination(), stream.may_send())
            && let Some(payload_type) = PayloadType::new(stream.setup.payload_type_out)
            && filled.octets > 0
        {
            stream.begin_talking(now, skipped);
            let sender = &mut stream.sender;
            let payload = &frame[..filled.octets];
            out.push_with(slot, Channel::Rtp, to, rtp::HEADER_LEN + FRAME_OCTETS, |octets| {
                sender.write_audio(now, payload_type, payload, payload.len() as u32, octets).ok()
            });
            self.stats.packets_made += 1;
        }
        if filled.ended {
            leg.player = None;
            let id = leg.id;
            self.tell(id.home(), MediaEvent::Played { leg: id });
        }
        filled.ended
    }
}

impl crate::stream::Stream {
    /// Our own sound follows; after a pause or somebody else's packets the clock is brought up to date first.
    fn begin_talking(&mut self, now: Instant, skipped: bool) {
        if !self.talking || skipped {
            self.sender.resume(now);
        }
        self.talking = true;
        self.splice = None;
    }
}
