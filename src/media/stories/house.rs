//! A worker, its driver and some phones in virtual time.

use crate::{Channel, Config, Datagram, Output, PacketBatch, RecordingOutput, Sound, SoundLibrary, Worker};
use audio::{Dbm0, Decoder, Encoder, Tone, ToneGenerator, measure};
use base::{Instant, Now, Rng, Utc};
use core::net::SocketAddr;
use core::time::Duration;
use model::{
    Codec, ContactId, Direction, Family, LegId, MediaCommand, MediaEvent, MediaPort, PlayId, Role, ShardId, SoundId,
    SourcePolicy, StreamSetup, WorkerId,
};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

pub(super) const SHARD: ShardId = ShardId(0);
pub(super) const CONTACT: ContactId = ContactId(1);
pub(super) const DTMF: u8 = 101;

/// One far side: says a tone, keeps what it hears.
pub(super) struct Phone {
    pub(super) leg: LegId,
    pub(super) address: SocketAddr,
    pub(super) port: MediaPort,
    pub(super) codec: Codec,
    pub(super) speaking: bool,
    pub(super) sender: rtp::Sender,
    encoder: Encoder,
    tone: ToneGenerator,
    /// Octets of one packet: 160 are 20 ms.
    pub(super) packet: usize,
    phase: u64,
    /// When its tone began.
    pub(super) began: Option<Instant>,
    pub(super) heard: Vec<HeardPacket>,
}

#[derive(Clone, Debug)]
pub(super) struct HeardPacket {
    pub(super) at: Instant,
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
    pub(super) marker: bool,
    pub(super) ssrc: u32,
    pub(super) payload_type: u8,
    pub(super) payload: Vec<u8>,
}

/// How the way from the phones to us is.
#[derive(Clone, Copy)]
pub(super) struct Network {
    pub(super) delay: Duration,
    pub(super) jitter: Duration,
    pub(super) loss: f64,
    pub(super) duplicates: f64,
}

pub(super) struct House {
    pub(super) worker: Worker,
    pub(super) now: Instant,
    pub(super) out: PacketBatch,
    pub(super) phones: Vec<Phone>,
    pub(super) events: Vec<(Instant, MediaEvent)>,
    /// Datagrams to addresses that are no phone of ours.
    pub(super) strays: Vec<(SocketAddr, Vec<u8>)>,
    pub(super) rtcp: Vec<(SocketAddr, Vec<u8>)>,
    pub(super) recordings: Vec<Tape>,
    pub(super) network: Network,
    rng: Rng,
    /// By arrival, and by number among those that arrive together.
    wire: BTreeMap<(Instant, u64), Letter>,
    posted: u64,
    plays: u32,
    ports: Vec<MediaPort>,
    slots: HashMap<u32, SocketAddr>,
}

/// A datagram on its way to us.
struct Letter {
    slot: u32,
    source: SocketAddr,
    octets: Vec<u8>,
}

/// What the writer would have on disk.
pub(super) struct Tape {
    pub(super) id: crate::RecordingId,
    pub(super) rate: u32,
    pub(super) samples: Vec<i16>,
    pub(super) frames: Option<u64>,
}

impl Tape {
    pub(super) fn channel(&self, index: usize) -> Vec<i16> {
        self.samples.iter().skip(index).step_by(2).copied().collect()
    }
}

impl House {
    pub(super) fn new() -> Self {
        House::with_sounds(SoundLibrary::new())
    }

    pub(super) fn with_sounds(sounds: SoundLibrary) -> Self {
        let started = Instant::from_millis(1000);
        let silence = Duration::from_secs(30);
        let config = Config { worker: WorkerId(0), silence, seed: 7, started };
        House {
            worker: Worker::new(config, Arc::new(sounds)),
            now: started,
            out: PacketBatch::new(),
            phones: Vec::new(),
            events: Vec::new(),
            strays: Vec::new(),
            rtcp: Vec::new(),
            recordings: Vec::new(),
            network: Network { delay: Duration::ZERO, jitter: Duration::ZERO, loss: 0.0, duplicates: 0.0 },
            rng: Rng::new(42),
            wire: BTreeMap::new(),
            posted: 0,
            plays: 0,
            ports: Vec::new(),
            slots: HashMap::new(),
        }
    }

    /// A phone whose leg is open, negotiated and joined; it says a tone of `hertz`.
    pub(super) fn phone(&mut self, role: Role, codec: Codec, hertz: f64) -> usize {
        let index = self.open(role, codec, hertz);
        let setup = self.setup(index);
        let leg = self.phones[index].leg;
        self.command(MediaCommand::Negotiate { leg, setup });
        self.command(MediaCommand::Join { leg });
        index
    }

    /// A phone whose leg is open and no more.
    pub(super) fn open(&mut self, role: Role, codec: Codec, hertz: f64) -> usize {
        self.command(MediaCommand::Supply { family: Family::V4, count: 1 });
        let index = self.phones.len();
        let (leg, port) = (LegId(index as u64 + 1), self.ports.pop().expect("a port for every phone"));
        let rate = crate::ear::rate_of(codec);
        self.phones.push(Phone {
            leg,
            address: SocketAddr::from(([192, 0, 2, 1 + index as u8], 4000)),
            port,
            codec,
            speaking: true,
            sender: rtp::Sender::new(8000, &mut self.rng),
            encoder: Encoder::new(crate::ear::audio_codec(codec)),
            tone: ToneGenerator::new(&Tone::sine(hertz, Dbm0(-16.0)), rate),
            packet: 160,
            phase: 3 * index as u64 % 20,
            began: None,
            heard: Vec::new(),
        });
        self.command(MediaCommand::Open { leg, group: CONTACT, port, role });
        index
    }

    pub(super) fn setup(&self, index: usize) -> StreamSetup {
        let phone = &self.phones[index];
        StreamSetup {
            remote: phone.address,
            remote_rtcp: None,
            codec: phone.codec,
            payload_type_out: phone.codec.payload_type(),
            payload_type_in: phone.codec.payload_type(),
            dtmf_out: Some(DTMF),
            dtmf_in: Some(DTMF),
            ptime_ms: 20,
            direction: Direction::SendRecv,
            source: SourcePolicy::Signalled,
        }
    }

    pub(super) fn command(&mut self, command: MediaCommand) {
        let now = self.stamp();
        self.worker.handle_command(now, SHARD, command, &mut self.out);
        self.settle();
    }

    pub(super) fn negotiate(&mut self, index: usize, change: impl FnOnce(&mut StreamSetup)) {
        let mut setup = self.setup(index);
        change(&mut setup);
        self.command(MediaCommand::Negotiate { leg: self.phones[index].leg, setup });
    }

    pub(super) fn play(&mut self, index: usize, sounds: &[SoundId], repeat: bool) {
        let leg = self.phones[index].leg;
        self.plays += 1;
        let play = PlayId(self.plays);
        self.command(MediaCommand::Play { leg, play, sounds: sounds.to_vec(), repeat });
    }

    /// Lets time pass; the worker is woken when it asked to be and never else.
    pub(super) fn run(&mut self, millis: u64) {
        for _ in 0..millis {
            self.now += Duration::from_millis(1);
            for index in 0..self.phones.len() {
                self.speak(index);
            }
            while let Some(((at, number), _)) = self.wire.first_key_value() {
                if *at > self.now {
                    break;
                }
                let key = (*at, *number);
                let Letter { slot, source, octets } = self.wire.remove(&key).expect("just seen");
                self.deliver(slot, Channel::Rtp, source, &octets);
            }
            if self.worker.poll_timeout().is_some_and(|due| due <= self.now) {
                let now = self.stamp();
                self.worker.handle_timeout(now, &mut self.out);
                self.settle();
            }
        }
    }

    /// A datagram reaches a slot at once.
    pub(super) fn deliver(&mut self, slot: u32, channel: Channel, source: SocketAddr, octets: &[u8]) {
        let now = self.stamp();
        self.worker.handle_packet(now, Datagram { slot, channel, source, octets }, &mut self.out);
        self.settle();
    }

    /// A phone sends octets of its own making over the network as it is.
    pub(super) fn post(&mut self, index: usize, octets: Vec<u8>) {
        let Network { delay, jitter, loss, duplicates } = self.network;
        if self.rng.chance(loss) {
            return;
        }
        let copies = 1 + usize::from(self.rng.chance(duplicates));
        for _ in 0..copies {
            let late = jitter.mul_f64(self.rng.unit());
            let phone = &self.phones[index];
            self.posted += 1;
            let letter = Letter { slot: phone.port.slot, source: phone.address, octets: octets.clone() };
            self.wire.insert((self.now + delay + late, self.posted), letter);
        }
    }

    fn speak(&mut self, index: usize) {
        let phone = &mut self.phones[index];
        let interval = (phone.packet / 8) as u64;
        if self.now.as_millis() % interval != phone.phase % interval {
            return;
        }
        phone.began.get_or_insert(self.now);
        let mut samples = vec![0; phone.packet * crate::ear::audio_codec(phone.codec).samples_per_octet()];
        phone.tone.fill(&mut samples);
        let mut payload = vec![0; phone.packet];
        phone.encoder.encode(&samples, &mut payload);
        if !phone.speaking {
            phone.sender.skip(phone.packet as u32);
            return;
        }
        let payload_type = rtp::PayloadType::new(phone.codec.payload_type()).expect("static types are small");
        let mut octets = vec![0; rtp::HEADER_LEN + phone.packet];
        let ticks = phone.packet as u32;
        phone.sender.write_audio(self.now, payload_type, &payload, ticks, &mut octets).expect("room enough");
        self.post(index, octets);
    }

    fn settle(&mut self) {
        let batch = std::mem::take(&mut self.out);
        for sent in batch.iter() {
            if rtp::DatagramKind::of(sent.octets) == rtp::DatagramKind::Rtcp {
                self.rtcp.push((sent.to, sent.octets.to_vec()));
                continue;
            }
            let now = self.now;
            match self.phones.iter_mut().find(|p| p.address == sent.to && p.port.slot == sent.slot) {
                Some(phone) => phone.heard.push(HeardPacket::read(now, sent.octets)),
                None => self.strays.push((sent.to, sent.octets.to_vec())),
            }
        }
        while let Some(output) = self.worker.poll_output() {
            match output {
                Output::Event { event: MediaEvent::Ports { ports }, .. } => self.ports.extend(ports),
                Output::Event { event, .. } => self.events.push((self.now, event)),
                Output::Bind { slot, .. } => {
                    let address = SocketAddr::from(([127, 0, 0, 1], 10_000 + 2 * slot as u16));
                    self.slots.insert(slot, address);
                    self.worker.handle_bound(slot, Some(address));
                }
                Output::Unbind { slot } => {
                    self.slots.remove(&slot);
                }
                Output::OpenRtcp { .. } => {}
                Output::Recording(output) => self.tape(output),
            }
        }
    }

    fn tape(&mut self, output: RecordingOutput) {
        match output {
            RecordingOutput::Begin { recording, sample_rate, .. } => {
                self.recordings.push(Tape { id: recording, rate: sample_rate, samples: Vec::new(), frames: None });
            }
            RecordingOutput::Chunk(chunk) => {
                let tape = self.recordings.iter_mut().find(|t| t.id == chunk.recording).expect("begun");
                assert_eq!(tape.samples.len() as u64, 2 * chunk.start, "pieces follow each other");
                tape.samples.extend(chunk.frames);
            }
            RecordingOutput::End { recording, frames, complete } => {
                assert!(complete);
                let tape = self.recordings.iter_mut().find(|t| t.id == recording).expect("begun");
                tape.frames = Some(frames);
            }
        }
    }

    fn stamp(&self) -> Now {
        Now::new(self.now, Utc::from_secs(1_700_000_000) + (self.now - Instant::ZERO))
    }

    pub(super) fn events_of(&self, wanted: impl Fn(&MediaEvent) -> bool) -> usize {
        self.events.iter().filter(|(_, event)| wanted(event)).count()
    }

    /// Whether a phone heard a tone since `from`; by the share of all it heard that this tone is.
    pub(super) fn hears(&self, index: usize, from: Instant, hertz: f64) -> bool {
        let pcm = self.phones[index].pcm(from);
        let rate = crate::ear::rate_of(self.phones[index].codec).hz();
        pcm.len() > 400 && measure::tone_level(&pcm, rate, hertz).0 > -40.0
    }
}

impl Phone {
    /// What was heard since `from`, in the order it came.
    pub(super) fn pcm(&self, from: Instant) -> Vec<i16> {
        let mut decoder = Decoder::new(crate::ear::audio_codec(self.codec));
        let mut pcm = Vec::new();
        let own = self.codec.payload_type();
        for packet in self.heard.iter().filter(|p| p.at >= from && p.payload_type == own) {
            let mut samples = [0; 1920];
            let count = decoder.decode(&packet.payload, &mut samples);
            pcm.extend_from_slice(&samples[..count]);
        }
        pcm
    }

    /// Longest time without a packet since `from`.
    pub(super) fn longest_break(&self, from: Instant) -> Duration {
        let times: Vec<Instant> = self.heard.iter().map(|p| p.at).filter(|at| *at >= from).collect();
        times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(Duration::MAX)
    }
}

impl HeardPacket {
    fn read(at: Instant, octets: &[u8]) -> Self {
        let packet = rtp::Packet::parse(octets).expect("we send whole packets");
        HeardPacket {
            at,
            sequence: packet.sequence().0,
            timestamp: packet.timestamp().0,
            marker: packet.marker(),
            ssrc: packet.ssrc().0,
            payload_type: packet.payload_type().number(),
            payload: packet.payload().to_vec(),
        }
    }
}

/// A sound of `millis` of a tone, in PCMU and, when asked, in every codec.
pub(super) fn tone_sound(hertz: f64, millis: u64, all: bool) -> Sound {
    let make = |codec: Codec| {
        let rate = crate::ear::rate_of(codec);
        let mut samples = vec![0; rate.samples(Duration::from_millis(millis))];
        ToneGenerator::new(&Tone::sine(hertz, Dbm0(-16.0)), rate).fill(&mut samples);
        let mut octets = vec![0; millis as usize * 8];
        Encoder::new(crate::ear::audio_codec(codec)).encode(&samples, &mut octets);
        octets
    };
    let sound = Sound::new(make(Codec::Pcmu));
    if all { sound.with(Codec::Pcma, make(Codec::Pcma)).with(Codec::G722, make(Codec::G722)) } else { sound }
}
