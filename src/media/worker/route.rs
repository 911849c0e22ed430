use super::Worker;
use crate::ear::{Ear, rate_of};
use crate::graph::{Member, Source, sources};
use crate::leg::Path;
use audio::SampleRate;
use base::{Instant, Key};

impl Worker {
    /// Works out who hears whom in a group, and how, from roles and codecs alone.
    pub(super) fn reroute(&mut self, now: Instant, group: Key) {
        let Some(entry) = self.groups.get(group) else { return };
        let legs = entry.legs.clone();
        let mut members = Vec::with_capacity(legs.len());
        for key in &legs {
            let leg = self.legs.get_mut(*key).expect("a group names living legs");
            leg.routes.relay_to.clear();
            leg.routes.mix_to.clear();
            if leg.joined && leg.stream.is_some() {
                members.push(Member { leg: *key, role: leg.role });
            }
        }
        let mut needs_clock = false;
        for key in &legs {
            let path = members.iter().find(|m| m.leg == *key).map_or(Path::Nothing, |m| self.path(*m, &members));
            match &path {
                Path::Nothing => {}
                Path::Relay(source) => self.leg_mut(source.leg()).routes.relay_to.push(*key),
                Path::Mix(sources) => {
                    needs_clock = true;
                    for source in sources {
                        self.leg_mut(source.leg()).routes.mix_to.push(*key);
                    }
                }
            }
            let leg = self.leg_mut(*key);
            if let Some(stream) = leg.stream.as_deref_mut() {
                needs_clock |= leg.player.is_some() || stream.presses.is_some();
                // Packets that are not passed on meanwhile were never ours: counted through, they would look lost.
                let goes_on =
                    matches!((&path, &stream.splice), (Path::Relay(now), Some((was, _))) if now.leg() == *was);
                if !goes_on {
                    stream.splice = None;
                }
                if leg.player.is_none() && !matches!(path, Path::Mix(_)) {
                    stream.fall_silent();
                    stream.mouth = None;
                }
            }
            leg.routes.path = path;
        }
        self.open_ears(&legs);
        if needs_clock { self.enter_clock(now, group) } else { self.leave_clock(group) }
    }

    /// Gives those who are mixed an ear, and takes it from those who are not.
    fn open_ears(&mut self, legs: &[Key]) {
        for key in legs {
            let leg = self.legs.get(*key).expect("a group names living legs");
            let Some(stream) = &leg.stream else { continue };
            let own = rate_of(stream.heard_codec);
            let converts = leg.routes.mix_to.iter().any(|listener| self.rate_heard_by(*listener) != Some(own));
            let mixed = !leg.routes.mix_to.is_empty();
            let Some(stream) = self.leg_mut(*key).stream.as_deref_mut() else { continue };
            if mixed {
                let codec = stream.heard_codec;
                stream.ear.get_or_insert_with(|| Box::new(Ear::new(codec))).convert(converts);
            } else {
                stream.ear = None;
            }
        }
    }

    fn rate_heard_by(&self, listener: Key) -> Option<SampleRate> {
        Some(rate_of(self.legs.get(listener)?.stream.as_ref()?.setup.codec))
    }

    /// How a joined leg hears what it hears.
    fn path(&mut self, listener: Member, members: &[Member]) -> Path {
        let heard: Vec<Source> = sources(listener, members).collect();
        let leg = self.leg_mut(listener.leg);
        let codec = leg.stream.as_ref().map(|s| s.setup.codec);
        let plays = leg.player.is_some();
        match heard[..] {
            [] if !plays => Path::Nothing,
            [only] if !plays && self.heard_codec(only) == codec => Path::Relay(only),
            _ => Path::Mix(heard),
        }
    }

    fn heard_codec(&self, source: Source) -> Option<model::Codec> {
        self.legs.get(source.leg())?.stream.as_ref().map(|s| s.heard_codec)
    }

    pub(super) fn leg_mut(&mut self, key: Key) -> &mut crate::leg::Leg {
        self.legs.get_mut(key).expect("a group names living legs")
    }

    fn enter_clock(&mut self, now: Instant, group: Key) {
        let entry = self.groups.get_mut(group).expect("a living group");
        if entry.place.is_none() {
            entry.place = Some(self.clock.insert(now, group));
        }
    }

    pub(super) fn leave_clock(&mut self, group: Key) {
        let Some(place) = self.groups.get_mut(group).and_then(|g| g.place.take()) else { return };
        if let Some(moved) = self.clock.remove(place)
            && let Some(other) = self.groups.get_mut(moved.member)
        {
            other.place = Some(moved.place);
        }
    }
}
