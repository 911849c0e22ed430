use crate::{Channel, Config, Datagram, Output, PacketBatch, RecordingOutput, SoundLibrary, Worker};
use base::{Instant, Now, Rng, Utc};
use core::net::SocketAddr;
use core::time::Duration;
use model::{
    Codec, ContactId, Direction, Family, LegId, MediaCommand, MediaEvent, MediaPort, Role, ShardId, SoundId,
    SourcePolicy, StreamSetup, SupervisorMode, WorkerId,
};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A worker under any commands in any order, with packets of any kind.
struct Chaos {
    rng: Rng,
    worker: Worker,
    now: Instant,
    out: PacketBatch,
    ports: Vec<MediaPort>,
    bound: HashSet<u32>,
    open: HashSet<LegId>,
    /// Slots of legs that were opened, the latest last.
    slots: Vec<u32>,
    sequence: u16,
    opened: HashMap<LegId, u32>,
    closed: HashMap<LegId, u32>,
    begun: u32,
    ended: u32,
}

const LEGS: u64 = 12;
const GROUPS: u64 = 4;

impl Chaos {
    fn new(seed: u64) -> Self {
        let mut sounds = SoundLibrary::new();
        sounds.add(super::house::tone_sound(500.0, 100, false));
        sounds.add(super::house::tone_sound(700.0, 60, true));
        let started = Instant::from_millis(1000);
        let config = Config { worker: WorkerId(0), silence: Duration::from_secs(5), seed, started };
        Chaos {
            rng: Rng::new(seed),
            worker: Worker::new(config, Arc::new(sounds)),
            now: started,
            out: PacketBatch::new(),
            ports: Vec::new(),
            bound: HashSet::new(),
            open: HashSet::new(),
            slots: Vec::new(),
            sequence: 0,
            opened: HashMap::new(),
            closed: HashMap::new(),
            begun: 0,
            ended: 0,
        }
    }

    fn stamp(&self) -> Now {
        Now::new(self.now, Utc::EPOCH + (self.now - Instant::ZERO))
    }

    fn command(&mut self, command: MediaCommand) {
        if let MediaCommand::Open { leg, port, .. } = &command
            && self.open.insert(*leg)
        {
            self.slots.push(port.slot);
            *self.opened.entry(*leg).or_default() += 1;
        }
        if let MediaCommand::Close { leg } = &command {
            self.open.remove(leg);
        }
        self.worker.handle_command(self.stamp(), ShardId(0), command, &mut self.out);
        self.settle();
    }

    fn settle(&mut self) {
        for departure in self.out.iter() {
            assert!(self.bound.contains(&departure.slot), "a packet from a port that is not bound");
            assert!(!departure.octets.is_empty());
        }
        self.out.clear();
        while let Some(output) = self.worker.poll_output() {
            match output {
                Output::Bind { slot, .. } => {
                    let granted = self.rng.chance(0.9);
                    let address = granted.then(|| SocketAddr::from(([127, 0, 0, 1], 10_000 + 2 * slot as u16)));
                    if granted {
                        assert!(self.bound.insert(slot));
                    }
                    self.worker.handle_bound(slot, address);
                }
                Output::Unbind { slot } => assert!(self.bound.remove(&slot)),
                Output::OpenRtcp { slot } => assert!(self.bound.contains(&slot)),
                Output::Event { event: MediaEvent::Ports { ports }, .. } => self.ports.extend(ports),
                Output::Event { event: MediaEvent::Closed { leg, .. }, .. } => {
                    *self.closed.entry(leg).or_default() += 1;
                    self.open.remove(&leg);
                }
                Output::Recording(RecordingOutput::Begin { .. }) => self.begun += 1,
                Output::Recording(RecordingOutput::End { .. }) => self.ended += 1,
                Output::Event { .. } | Output::Recording(RecordingOutput::Chunk(_)) => {}
            }
        }
    }

    fn step(&mut self) {
        let leg = LegId(self.rng.below(LEGS));
        let group = ContactId(self.rng.below(GROUPS));
        match self.rng.below(20) {
            0 => self.command(MediaCommand::Supply { family: Family::V4, count: 3 }),
            1 | 2 => {
                let port = match self.ports.pop() {
                    Some(port) if self.rng.chance(0.9) => port,
                    // A port that was never given out.
                    _ => MediaPort { worker: WorkerId(0), slot: 77, address: "127.0.0.1:9".parse().expect("one") },
                };
                let role = self.role();
                self.command(MediaCommand::Open { leg, group, port, role });
            }
            3 | 4 => {
                let setup = self.setup();
                self.command(MediaCommand::Negotiate { leg, setup });
            }
            5 | 6 => {
                let sounds = (0..self.rng.below(3)).map(|_| SoundId(self.rng.below(3) as u32)).collect();
                let repeat = self.rng.chance(0.5);
                self.command(MediaCommand::Play { leg, play: model::PlayId(0), sounds, repeat });
            }
            7 => self.command(MediaCommand::StopPlay { leg }),
            8 | 9 => self.command(MediaCommand::Join { leg }),
            10 => self.command(MediaCommand::Leave { leg }),
            11 => {
                let role = self.role();
                self.command(MediaCommand::SetRole { leg, role });
            }
            15 if self.rng.chance(0.5) => {
                let held = Duration::from_millis(self.rng.below(8000));
                self.command(MediaCommand::Press { leg, key: model::Key('5'), held });
            }
            12 => self.command(MediaCommand::Move { leg, group }),
            13 => self.command(MediaCommand::Record { group, name: "x".into() }),
            14 if self.rng.chance(0.3) => self.command(MediaCommand::StopRecording { group }),
            15 if self.rng.chance(0.2) => self.command(MediaCommand::Close { leg }),
            _ => {}
        }
        for _ in 0..self.rng.below(6) {
            self.packet();
        }
        self.now += Duration::from_micros(self.rng.below(30_000));
        if self.worker.poll_timeout().is_some_and(|due| due <= self.now) {
            let now = self.stamp();
            self.worker.handle_timeout(now, &mut self.out);
            self.settle();
        }
    }

    fn packet(&mut self) {
        let source = SocketAddr::from(([192, 0, 2, self.rng.below(4) as u8], 4000));
        let len = if self.rng.chance(0.8) { 172 } else { self.rng.below(1700) as usize };
        let mut octets: Vec<u8> = (0..len).map(|_| self.rng.next_u32() as u8).collect();
        if let [first, second, ..] = octets.as_mut_slice() {
            *first = if self.rng.chance(0.9) { 0x80 } else { *first };
            *second = *self.rng.pick(&[0, 8, 9, 101, 229, 13, 200, 201]).expect("not empty");
        }
        if let Some(numbers) = octets.get_mut(2..12) {
            self.sequence = self.sequence.wrapping_add(1);
            let timestamp = (self.now.as_millis() * 8) as u32;
            numbers[..2].copy_from_slice(&self.sequence.to_be_bytes());
            numbers[2..6].copy_from_slice(&timestamp.to_be_bytes());
            numbers[6..].copy_from_slice(&[0, 0, 0, self.rng.below(2) as u8]);
        }
        let recent = self.slots.len().saturating_sub(LEGS as usize);
        let slot = self.rng.pick(&self.slots[recent..]).copied().unwrap_or(0);
        let channel = if self.rng.chance(0.9) { Channel::Rtp } else { Channel::Rtcp };
        let datagram = Datagram { slot, channel, source, octets: &octets };
        self.worker.handle_packet(self.stamp(), datagram, &mut self.out);
        self.settle();
    }

    fn role(&mut self) -> Role {
        let supervisor = Role::Supervisor;
        *self
            .rng
            .pick(&[
                Role::Caller,
                Role::Agent,
                supervisor(SupervisorMode::Listen),
                supervisor(SupervisorMode::Whisper),
                supervisor(SupervisorMode::Barge),
            ])
            .expect("not empty")
    }

    fn setup(&mut self) -> StreamSetup {
        let codec = *self.rng.pick(&[Codec::Pcmu, Codec::Pcma, Codec::G722]).expect("not empty");
        let direction = *self
            .rng
            .pick(&[Direction::SendRecv, Direction::SendRecv, Direction::SendOnly, Direction::Inactive])
            .expect("four");
        StreamSetup {
            remote: SocketAddr::from(([192, 0, 2, self.rng.below(4) as u8], 4000)),
            remote_rtcp: self.rng.chance(0.5).then(|| SocketAddr::from(([192, 0, 2, 1], 4001))),
            codec,
            payload_type_out: self.rng.below(256) as u8,
            payload_type_in: codec.payload_type(),
            dtmf_out: self.rng.chance(0.8).then_some(101),
            dtmf_in: self.rng.chance(0.8).then_some(101),
            ptime_ms: self.rng.below(256) as u8,
            direction,
            source: if self.rng.chance(0.5) { SourcePolicy::Signalled } else { SourcePolicy::AnySource },
        }
    }
}

#[test]
fn whatever_comes_every_leg_is_closed_once_and_nothing_is_left() {
    for seed in 0..40 {
        let mut chaos = Chaos::new(seed);
        for _ in 0..1500 {
            chaos.step();
        }
        for leg in 0..LEGS {
            chaos.command(MediaCommand::Close { leg: LegId(leg) });
        }
        for _ in 0..3000 {
            chaos.now += Duration::from_millis(20);
            let now = chaos.stamp();
            chaos.worker.handle_timeout(now, &mut chaos.out);
            chaos.settle();
        }
        assert_eq!(chaos.opened, chaos.closed, "seed {seed}");
        assert_eq!(chaos.begun, chaos.ended, "seed {seed}");
        let stats = chaos.worker.stats();
        assert_eq!((stats.legs, stats.groups), (0, 0), "seed {seed}");
        assert_eq!(chaos.worker.poll_timeout(), None, "seed {seed}");
        assert!(stats.packets_relayed + stats.packets_made > 100, "seed {seed}: {stats:?}");
    }
}
