use crate::batch::{Datagram, PacketBatch};
use crate::clock::{PhaseClock, Place};
use crate::input::{Config, Output, Stats};
use crate::leg::Leg;
use crate::library::SoundLibrary;
use crate::ports::{PortOutput, PortPool};
use base::{Instant, Key, Now, Rng, Slab, TimerWheel};
use core::hash::BuildHasherDefault;
use core::net::SocketAddr;
use model::{ContactId, LegId, MediaEvent, ShardId};
use record::Recording;
use std::collections::{HashMap, VecDeque};
use std::hash::DefaultHasher;
use std::sync::Arc;

mod command;
mod packet;
mod press;
mod record;
mod report;
mod route;
mod tick;

/// Keys are ours, not a stranger's, so a fixed hash is safe and keeps a run repeatable.
type Map<K, V> = HashMap<K, V, BuildHasherDefault<DefaultHasher>>;

/// All conversations of one media thread.
#[derive(Debug)]
pub struct Worker {
    config: Config,
    rng: Rng,
    sounds: Arc<SoundLibrary>,
    legs: Slab<Leg>,
    groups: Slab<Group>,
    leg_keys: Map<LegId, Key>,
    group_keys: Map<ContactId, Key>,
    ports: PortPool,
    clock: PhaseClock,
    timers: TimerWheel<Timer>,
    outputs: VecDeque<Output>,
    port_outputs: VecDeque<PortOutput>,
    stats: Stats,
    recordings_begun: u64,
    scratch: Scratch,
}

/// The conversation of one contact.
#[derive(Debug)]
struct Group {
    id: ContactId,
    legs: Vec<Key>,
    /// Its place in the 20 ms clock while somebody is played to or mixed for.
    place: Option<Place>,
    recording: Option<Box<Recording>>,
}

#[derive(Debug, Clone, Copy)]
enum Timer {
    Silence(Key),
    Report(Key),
    /// A telephone-event whose end may have been lost.
    Key(Key),
    /// A recording has a piece ready.
    Recording(Key),
}

/// Memory kept between calls, so that packets and ticks allocate nothing.
#[derive(Debug, Default)]
struct Scratch {
    legs: Vec<Key>,
}

impl Worker {
    pub fn new(config: Config, sounds: Arc<SoundLibrary>) -> Self {
        let started = config.started;
        Worker {
            rng: Rng::new(config.seed),
            sounds,
            legs: Slab::new(),
            groups: Slab::new(),
            leg_keys: Map::default(),
            group_keys: Map::default(),
            ports: PortPool::new(config.worker),
            clock: PhaseClock::new(started),
            timers: TimerWheel::new(started),
            outputs: VecDeque::new(),
            port_outputs: VecDeque::new(),
            stats: Stats::default(),
            recordings_begun: 0,
            scratch: Scratch::default(),
            config,
        }
    }

    pub fn stats(&self) -> Stats {
        Stats {
            legs: self.legs.len() as u64,
            groups: self.groups.len() as u64,
            ports: self.ports.bound() as u64,
            ..self.stats
        }
    }

    /// A library with more sounds or more forms; what is playing goes on in it.
    pub fn replace_sounds(&mut self, sounds: Arc<SoundLibrary>) {
        self.sounds = sounds;
    }

    /// The driver's answer to [`Output::Bind`]; `None` when no port was left.
    pub fn handle_bound(&mut self, slot: u32, address: Option<SocketAddr>) {
        self.ports.handle_bound(slot, address, &mut self.port_outputs);
        self.collect_port_outputs();
    }

    /// A datagram came in; what it makes us send is added to `out`.
    pub fn handle_packet(&mut self, now: Now, datagram: Datagram<'_>, out: &mut PacketBatch) {
        self.stats.packets_in += 1;
        match self.ports.tenant(datagram.slot) {
            Some(leg) => self.handle_leg_packet(now, leg, datagram, out),
            // Resting ports hear the last packets of the call before: they end here.
            None => self.stats.unclaimed += 1,
        }
    }

    /// Does everything that is due: frames, reports, silences, ports that have rested.
    pub fn handle_timeout(&mut self, now: Now, out: &mut PacketBatch) {
        while let Some(timer) = self.timers.pop_due(now.mono) {
            match timer {
                Timer::Silence(leg) => self.check_silence(now.mono, leg),
                Timer::Report(leg) => self.send_report(now, leg, out),
                Timer::Key(leg) => self.end_key(now.mono, leg),
                Timer::Recording(group) => self.empty_recorder(now.mono, group),
            }
        }
        while let Some(tick) = self.clock.pop_due(now.mono) {
            let mut position = 0;
            // A group that needs no more frames leaves its position to another, which is then looked at next.
            while let Some(group) = self.clock.member(tick, position) {
                let stays = self.tick_group(now.mono, group, tick.skipped, out);
                position += usize::from(stays);
            }
        }
        self.ports.handle_timeout(now.mono, &mut self.port_outputs);
        self.collect_port_outputs();
    }

    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call [`Worker::handle_timeout`]; `None` when nothing is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let all = [self.timers.next_deadline(), self.clock.next_deadline(), self.ports.poll_timeout()];
        all.into_iter().flatten().min()
    }

    fn tell(&mut self, shard: ShardId, event: MediaEvent) {
        self.outputs.push_back(Output::Event { shard, event });
    }

    fn collect_port_outputs(&mut self) {
        while let Some(output) = self.port_outputs.pop_front() {
            let worker = self.config.worker;
            self.outputs.push_back(match output {
                PortOutput::Bind { slot, family } => Output::Bind { slot, family },
                PortOutput::Unbind { slot } => Output::Unbind { slot },
                PortOutput::Ports { shard, ports } => Output::Event { shard, event: MediaEvent::Ports { ports } },
                PortOutput::Failed { shard, family } => {
                    Output::Event { shard, event: MediaEvent::SupplyFailed { worker, family } }
                }
            });
        }
    }
}
