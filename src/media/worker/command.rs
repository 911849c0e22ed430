use super::{Group, Timer, Worker};
use crate::batch::PacketBatch;
use crate::leg::{Leg, Routes, Timers};
use crate::limits::GROUP_LEGS_MAX;
use crate::player::Player;
use crate::stream::Stream;
use base::{Key, Now};
use model::{
    ContactId, LegId, MediaCommand, MediaEvent, MediaPort, PlayId, Quality, Role, ShardId, SoundId, StreamSetup,
};

impl Worker {
    /// Does what a shard wants. A command about a leg or group that is gone does nothing: its Closed has been told.
    pub fn handle_command(&mut self, now: Now, from: ShardId, command: MediaCommand, out: &mut PacketBatch) {
        match command {
            MediaCommand::Supply { family, count } => {
                self.ports.supply(now.mono, from, family, count, &mut self.port_outputs);
                self.collect_port_outputs();
            }
            MediaCommand::Return { port } => self.ports.put_back(now.mono, port.slot),
            MediaCommand::Open { leg, group, port, role } => self.open(now, leg, group, port, role),
            MediaCommand::Negotiate { leg, setup } => self.negotiate(now, leg, setup),
            MediaCommand::Play { leg, play, sounds, repeat } => self.play(now, leg, play, sounds, repeat),
            MediaCommand::StopPlay { leg } => self.change(now, leg, |leg| leg.player = None),
            MediaCommand::Press { leg, key, held } => self.press(now, leg, key, held),
            MediaCommand::Join { leg } => self.join(now, leg),
            MediaCommand::Leave { leg } => self.change(now, leg, |leg| leg.joined = false),
            MediaCommand::SetRole { leg, role } => self.change(now, leg, |leg| leg.role = role),
            MediaCommand::Move { leg, group } => self.move_leg(now, leg, group),
            MediaCommand::Record { group, name } => self.record(now, group, name),
            MediaCommand::StopRecording { group } => self.stop_recording(now, group),
            MediaCommand::Close { leg } => self.close(now, leg, out),
        }
    }

    fn open(&mut self, now: Now, id: LegId, group: ContactId, port: MediaPort, role: Role) {
        if self.leg_keys.contains_key(&id) {
            self.stats.stale_commands += 1;
            return;
        }
        let group = self.group(group);
        if !self.has_room(group) {
            // A limit is an answer: the leg is over before it began.
            self.ports.put_back(now.mono, port.slot);
            self.tell(id.home(), MediaEvent::Closed { leg: id, quality: Quality::default() });
            return;
        }
        let leg = self.legs.insert(Leg {
            id,
            group,
            slot: None,
            role,
            joined: false,
            listening_since: now.mono,
            started: false,
            player: None,
            stream: None,
            routes: Routes::default(),
            timers: Timers::default(),
        });
        self.leg_keys.insert(id, leg);
        if port.worker == self.config.worker && self.ports.occupy(port.slot, leg) {
            self.legs.get_mut(leg).expect("just inserted").slot = Some(port.slot);
        }
        self.groups.get_mut(group).expect("just found").legs.push(leg);
    }

    fn negotiate(&mut self, now: Now, id: LegId, setup: StreamSetup) {
        let Some(key) = self.key_of(id) else { return };
        let leg = self.legs.get_mut(key).expect("every id names a leg");
        let could_hear = leg.stream.as_ref().is_some_and(|s| s.may_receive());
        if !could_hear {
            leg.listening_since = now.mono;
        }
        match &mut leg.stream {
            Some(stream) => stream.renegotiate(setup),
            None => {
                let stream = Stream::new(now.mono, setup, &mut self.rng);
                leg.timers.report = Some(self.timers.insert(stream.rtcp.poll_timeout(), Timer::Report(key)));
                leg.stream = Some(Box::new(stream));
            }
        }
        let group = leg.group;
        self.reroute(now.mono, group);
    }

    fn play(&mut self, now: Now, id: LegId, play: PlayId, sounds: Vec<SoundId>, repeat: bool) {
        if sounds.is_empty() && !repeat && self.leg_keys.contains_key(&id) {
            self.tell(id.home(), MediaEvent::Played { leg: id, play });
        }
        self.change(now, id, |leg| leg.player = (!sounds.is_empty()).then(|| Player::new(play, sounds, repeat)));
    }

    fn join(&mut self, now: Now, id: LegId) {
        self.change(now, id, |leg| {
            leg.joined = true;
            leg.player = None;
            leg.listening_since = now.mono;
        });
    }

    fn move_leg(&mut self, now: Now, id: LegId, group: ContactId) {
        let Some(key) = self.key_of(id) else { return };
        let to = self.group(group);
        let leg = self.legs.get_mut(key).expect("every id names a leg");
        let from = leg.group;
        if from == to {
            return;
        }
        if !self.has_room(to) {
            self.stats.stale_commands += 1;
            return;
        }
        self.legs.get_mut(key).expect("every id names a leg").group = to;
        self.groups.get_mut(to).expect("just found").legs.push(key);
        self.exit(now, key, from);
        self.reroute(now.mono, to);
    }

    fn close(&mut self, now: Now, id: LegId, out: &mut PacketBatch) {
        let Some(key) = self.key_of(id) else { return };
        self.say_goodbye(now, key, out);
        self.leg_keys.remove(&id);
        let leg = self.legs.remove(key).expect("every id names a leg");
        for timer in [leg.timers.silence, leg.timers.report, leg.timers.key].into_iter().flatten() {
            self.timers.cancel(timer);
        }
        if let Some(slot) = leg.slot {
            self.ports.release(now.mono, slot);
        }
        self.exit(now, key, leg.group);
        let quality = leg.stream.map_or_else(Quality::default, |stream| stream.quality());
        self.tell(id.home(), MediaEvent::Closed { leg: id, quality });
    }

    /// Changes a leg and works out anew who hears whom.
    fn change(&mut self, now: Now, id: LegId, change: impl FnOnce(&mut Leg)) {
        let Some(key) = self.key_of(id) else { return };
        let leg = self.legs.get_mut(key).expect("every id names a leg");
        change(leg);
        let group = leg.group;
        self.reroute(now.mono, group);
    }

    pub(super) fn key_of(&mut self, id: LegId) -> Option<Key> {
        let key = self.leg_keys.get(&id).copied();
        self.stats.stale_commands += u64::from(key.is_none());
        key
    }

    fn group(&mut self, id: ContactId) -> Key {
        let groups = &mut self.groups;
        *self
            .group_keys
            .entry(id)
            .or_insert_with(|| groups.insert(Group { id, legs: Vec::new(), place: None, recording: None }))
    }

    fn has_room(&self, group: Key) -> bool {
        self.groups.get(group).is_some_and(|group| group.legs.len() < GROUP_LEGS_MAX)
    }

    /// Takes a leg out of a group, and the group away when it was the last.
    fn exit(&mut self, now: Now, leg: Key, from: Key) {
        self.forget_recorded(from, leg);
        let group = self.groups.get_mut(from).expect("a group lives as long as its legs");
        group.legs.retain(|member| *member != leg);
        if !group.legs.is_empty() {
            self.reroute(now.mono, from);
            return;
        }
        self.finish_recording(now, from);
        self.leave_clock(from);
        let group = self.groups.remove(from).expect("found above");
        self.group_keys.remove(&group.id);
    }
}
