use crate::sounds::Sounds;
use base::{Instant, Now};
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use media::{Channel, Datagram, Output, PacketBatch, RecordingId, RecordingOutput, Worker};
use model::{ContactId, Directory, MediaCommand, MediaEvent, ShardId, WorkerId};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

/// The media side of the house: real workers, make-believe sockets and disk.
#[derive(Debug)]
pub(crate) struct Floor {
    workers: Vec<Worker>,
    /// Where packets to an address go.
    sockets: BTreeMap<SocketAddr, (usize, u32, Channel)>,
    bound: HashMap<(usize, u32), SocketAddr>,
    next_port: u16,
    /// Addresses the engine was given and has neither opened nor returned.
    given: BTreeSet<SocketAddr>,
    growing: HashMap<(usize, RecordingId), Growing>,
    pub(crate) recordings: Vec<Recording>,
    pub(crate) events: VecDeque<(ShardId, MediaEvent)>,
    batch: PacketBatch,
    ready: Vec<Departing>,
}

/// A recording as its file would hold it.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    pub contact: ContactId,
    pub name: Box<str>,
    pub sample_rate: u32,
    /// When the first sample was recorded.
    pub began: Instant,
    /// The caller's side.
    pub left: Vec<i16>,
    /// The house's side.
    pub right: Vec<i16>,
    pub complete: bool,
}

#[derive(Debug)]
struct Growing {
    recording: Recording,
    group: ContactId,
}

/// A packet of sound on its way out.
#[derive(Debug)]
pub(crate) struct Departing {
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    pub(crate) octets: Vec<u8>,
}

const HOUSE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

impl Floor {
    pub(crate) fn new(workers: u8, directory: &Directory, sounds: &Sounds, seed: u64, now: Now) -> Self {
        let library = Arc::new(sounds.library.clone());
        let worker = |n: u8| {
            let config = media::Config {
                worker: WorkerId(n),
                silence: directory.media.timeout,
                seed: seed ^ u64::from(n),
                started: now.mono,
            };
            Worker::new(config, Arc::clone(&library))
        };
        Floor {
            workers: (0..workers).map(worker).collect(),
            sockets: BTreeMap::new(),
            bound: HashMap::new(),
            next_port: *directory.media.ports.start(),
            given: BTreeSet::new(),
            growing: HashMap::new(),
            recordings: Vec::new(),
            events: VecDeque::new(),
            batch: PacketBatch::new(),
            ready: Vec::new(),
        }
    }

    pub(crate) fn handle_command(&mut self, now: Now, from: ShardId, worker: WorkerId, command: MediaCommand) {
        match &command {
            MediaCommand::Open { port, .. } | MediaCommand::Return { port } => {
                assert!(self.given.remove(&port.address), "the engine used port {} twice", port.address);
            }
            _ => {}
        }
        let at = usize::from(worker.0);
        self.workers[at].handle_command(now, from, command, &mut self.batch);
        self.collect(now, at);
    }

    pub(crate) fn handle_packet(&mut self, now: Now, source: SocketAddr, to: SocketAddr, octets: &[u8]) {
        let Some((at, slot, channel)) = self.sockets.get(&to).copied() else { return };
        self.workers[at].handle_packet(now, Datagram { slot, channel, source, octets }, &mut self.batch);
        self.collect(now, at);
    }

    pub(crate) fn handle_timeout(&mut self, now: Now) {
        for at in 0..self.workers.len() {
            if self.workers[at].poll_timeout().is_some_and(|due| due <= now.mono) {
                self.workers[at].handle_timeout(now, &mut self.batch);
                self.collect(now, at);
            }
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.workers.iter().filter_map(Worker::poll_timeout).min()
    }

    /// Everything to be sent.
    pub(crate) fn departures(&mut self) -> Vec<Departing> {
        core::mem::take(&mut self.ready)
    }

    pub(crate) fn stats(&self) -> Vec<media::Stats> {
        self.workers.iter().map(Worker::stats).collect()
    }

    /// Ports in the engine's stock.
    pub(crate) fn stock(&self) -> usize {
        self.given.len()
    }

    pub(crate) fn recordings_open(&self) -> usize {
        self.growing.len()
    }

    /// What the worker wants sent, told and bound, before another one fills the same batch.
    fn collect(&mut self, now: Now, at: usize) {
        for departure in self.batch.iter() {
            let bound = self.bound[&(at, departure.slot)];
            let from = match departure.channel {
                Channel::Rtp => bound,
                Channel::Rtcp => SocketAddr::new(bound.ip(), bound.port() + 1),
            };
            self.ready.push(Departing { from, to: departure.to, octets: departure.octets.to_vec() });
        }
        self.batch.clear();
        while let Some(output) = self.workers[at].poll_output() {
            match output {
                Output::Event { shard, event } => {
                    if let MediaEvent::Ports { ports } = &event {
                        self.given.extend(ports.iter().map(|p| p.address));
                    }
                    self.events.push_back((shard, event));
                }
                Output::Bind { slot, .. } => {
                    let address = SocketAddr::new(HOUSE, self.next_port);
                    self.next_port += 2;
                    self.sockets.insert(address, (at, slot, Channel::Rtp));
                    self.bound.insert((at, slot), address);
                    self.workers[at].handle_bound(slot, Some(address));
                }
                Output::OpenRtcp { slot } => {
                    let rtp = self.bound[&(at, slot)];
                    self.sockets.insert(SocketAddr::new(rtp.ip(), rtp.port() + 1), (at, slot, Channel::Rtcp));
                }
                Output::Unbind { slot } => {
                    let rtp = self.bound.remove(&(at, slot)).expect("it was bound");
                    self.sockets.remove(&rtp);
                    self.sockets.remove(&SocketAddr::new(rtp.ip(), rtp.port() + 1));
                }
                Output::Recording(output) => self.write(now, at, output),
            }
        }
    }

    /// The recording writer, with a disk that never fills.
    fn write(&mut self, now: Now, at: usize, output: RecordingOutput) {
        match output {
            RecordingOutput::Begin { recording, group, name, sample_rate } => {
                let file = Recording { contact: group, name, sample_rate, began: now.mono, ..Recording::default() };
                self.growing.insert((at, recording), Growing { recording: file, group });
            }
            RecordingOutput::Chunk(chunk) => {
                let growing = self.growing.get_mut(&(at, chunk.recording)).expect("it was begun");
                let file = &mut growing.recording;
                let end = chunk.start as usize + chunk.frames.len() / 2;
                file.left.resize(file.left.len().max(end), 0);
                file.right.resize(file.right.len().max(end), 0);
                for (n, pair) in chunk.frames.as_chunks::<2>().0.iter().enumerate() {
                    file.left[chunk.start as usize + n] = pair[0];
                    file.right[chunk.start as usize + n] = pair[1];
                }
            }
            RecordingOutput::End { recording, frames, complete } => {
                let Growing { mut recording, group } = self.growing.remove(&(at, recording)).expect("it was begun");
                recording.left.resize(frames as usize, 0);
                recording.right.resize(frames as usize, 0);
                recording.complete = complete;
                let duration =
                    core::time::Duration::from_nanos(frames * 1_000_000_000 / u64::from(recording.sample_rate));
                let event =
                    MediaEvent::Recorded { group, name: recording.name.clone(), duration, complete, kept: true };
                self.events.push_back((group.home(), event));
                self.recordings.push(recording);
            }
        }
    }
}
