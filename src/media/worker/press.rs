//! Keys that a peer told beside its stream, on their way into the streams of the others.

use super::Worker;
use crate::batch::{Channel, PacketBatch};
use crate::limits::{FRAME_OCTETS, PRESS_MAX};
use crate::stream::{CLOCK_RATE, KeysBy};
use base::{Instant, Key, Now};
use core::time::Duration;
use model::{LegId, Role};
use rtp::{EVENT_LEN, HEADER_LEN, KeySender, PayloadType};

impl Worker {
    /// Queues a key for all who hear this leg and agreed on telephone-event.
    ///
    /// RFC 6086 gives INFO no say about the stream, and some phones press each key both ways: the first way a peer used
    /// is the one believed, for the rest of the call.
    pub(super) fn press(&mut self, now: Now, id: LegId, pressed: model::Key, held: Duration) {
        let Some(key) = self.key_of(id) else { return };
        let leg = self.leg_mut(key);
        let group = leg.group;
        // A supervisor's keys choose how he listens; they are for us alone.
        if matches!(leg.role, Role::Supervisor(_)) {
            return;
        }
        let Some(stream) = leg.stream.as_deref_mut() else { return };
        if *stream.keys_by.get_or_insert(KeysBy::Signalling) != KeysBy::Signalling {
            return;
        }
        let Some(pressed) = rtp::Key::from_char(pressed.0) else { return };
        let listeners: Vec<Key> = leg.routes.relay_to.iter().chain(&leg.routes.mix_to).copied().collect();
        for listener in listeners {
            let Some(stream) = self.leg_mut(listener).stream.as_deref_mut() else { continue };
            if stream.setup.dtmf_out.is_none() || !stream.may_send() {
                continue;
            }
            let presses = stream.presses.get_or_insert_with(|| Box::new(KeySender::new(CLOCK_RATE)));
            // More than a card number at once is nobody's finger: the rest is left out.
            let _ = presses.press(pressed, held.min(PRESS_MAX));
        }
        self.reroute(now.mono, group);
    }

    /// One packet interval of a key instead of sound. `None`: no key is on its way; else whether that was the last.
    pub(super) fn press_frame(&mut self, now: Instant, key: Key, out: &mut PacketBatch) -> Option<bool> {
        let leg = self.legs.get_mut(key)?;
        let stream = leg.stream.as_deref_mut()?;
        let mut presses = stream.presses.take()?;
        let route = leg.slot.zip(stream.latch.destination()).filter(|_| stream.may_send());
        let (Some((slot, to)), Some(payload_type)) = (route, stream.setup.dtmf_out.and_then(PayloadType::new)) else {
            // On hold, or it agreed otherwise meanwhile: a key that comes later is another key.
            return Some(true);
        };
        if !stream.talking {
            stream.sender.resume(now);
        }
        stream.talking = true;
        stream.splice = None;
        let sender = &mut stream.sender;
        let event = presses.handle_tick(sender.timestamp(), FRAME_OCTETS as u32);
        sender.skip(FRAME_OCTETS as u32);
        if let Some(event) = event {
            out.push_with(slot, Channel::Rtp, to, HEADER_LEN + EVENT_LEN, |place| {
                sender.write_event(now, payload_type, event.marker, event.timestamp, &event.payload, place).ok()
            });
            self.stats.packets_made += 1;
        }
        let last = presses.is_idle();
        if last {
            stream.fall_silent();
        } else {
            stream.presses = Some(presses);
        }
        Some(last)
    }
}
