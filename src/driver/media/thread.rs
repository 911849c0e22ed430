use super::packet_io::{IoCounts, PacketIo, Token};
use super::pool::{EventRings, MediaStats};
use super::sockets::{BindError, SocketStock};
use super::writer::WriterDoor;
use crate::clock::Clock;
use crate::pace::{Pace, Step, sharpen_timers};
use crate::wake::Wake;
use crossbeam::queue::ArrayQueue;
use media::{Channel, Datagram, Output, PacketBatch, RecordingId, RecordingOutput, SoundLibrary, Worker};
use model::{Family, MediaCommand, MediaEvent, ShardId};
use std::collections::{HashSet, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Commands a worker may be behind: closing every leg of a full house at once is 10,000.
const COMMANDS_MAX: usize = 16_384;

/// Commands done between two looks at the sockets: about a millisecond's work.
const COMMANDS_A_TURN: usize = 512;

/// Events kept for a shard whose ring is full, before they are lost.
const BACKLOG_MAX: usize = 65_536;

/// A wake costs about as much as half a packet. Below fifty calls a thread sleeps most of the time anyway; with three
/// hundred, thirty packets gather in a millisecond.
const GATHER: &[Step] =
    &[Step { rate: 30_000, wait: Duration::from_millis(1) }, Step { rate: 5_000, wait: Duration::from_micros(150) }];

/// How soon to try again what did not fit into a full ring.
const RETRY: Duration = Duration::from_millis(5);

/// The way into a media thread: rings that never block their writers, and one wake for many commands.
#[derive(Debug)]
pub(super) struct Inbox {
    commands: ArrayQueue<(ShardId, MediaCommand)>,
    sounds: Mutex<Option<Arc<SoundLibrary>>>,
    stopping: AtomicBool,
    /// A wake is on its way; nobody needs to pay for another.
    awake: AtomicBool,
    wake: Wake,
}

impl Inbox {
    pub(super) fn new(wake: Wake) -> Self {
        Inbox {
            commands: ArrayQueue::new(COMMANDS_MAX),
            sounds: Mutex::new(None),
            stopping: AtomicBool::new(false),
            awake: AtomicBool::new(false),
            wake,
        }
    }

    pub(super) fn push(&self, from: ShardId, command: MediaCommand) -> Result<(), MediaCommand> {
        self.commands.push((from, command)).map_err(|(_, command)| command)
    }

    pub(super) fn rouse_if_fed(&self) {
        if !self.commands.is_empty() {
            self.rouse();
        }
    }

    pub(super) fn replace_sounds(&self, sounds: Arc<SoundLibrary>) {
        *self.sounds.lock().unwrap_or_else(PoisonError::into_inner) = Some(sounds);
        self.rouse();
    }

    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.rouse();
    }

    /// The flag is set after the push, and cleared after the wake was and before the ring is read (all SeqCst):
    /// whoever finds it set pushed before that reading.
    fn rouse(&self) {
        if !self.awake.swap(true, Ordering::SeqCst) {
            self.wake.wake();
        }
    }
}

/// One media thread: it owns its sockets and its machine and shares nothing but rings.
pub(super) struct MediaThread<I> {
    machine: Worker,
    io: I,
    sockets: SocketStock,
    /// RTP address by slot, to find the RTCP port and to give the port back.
    bound: Vec<Option<SocketAddr>>,
    clock: Clock,
    inbox: Arc<Inbox>,
    events: Arc<EventRings>,
    backlog: VecDeque<(ShardId, MediaEvent)>,
    events_lost: u64,
    recordings: RecordingExit,
    stats: Arc<Mutex<ThreadStats>>,
}

/// What a thread is made of, whatever its packets go by.
pub(super) struct ThreadParts {
    pub(super) machine: Worker,
    pub(super) sockets: SocketStock,
    pub(super) clock: Clock,
    pub(super) inbox: Arc<Inbox>,
    pub(super) events: Arc<EventRings>,
    pub(super) writer: WriterDoor,
    pub(super) stats: Arc<Mutex<ThreadStats>>,
}

/// What a thread last told of itself.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ThreadStats {
    machine: media::Stats,
    io: IoCounts,
    events_lost: u64,
}

impl ThreadStats {
    pub(super) fn add_to(&self, sum: &mut MediaStats) {
        let (to, from) = (&mut sum.worker, &self.machine);
        to.legs += from.legs;
        to.groups += from.groups;
        to.ports += from.ports;
        to.packets_in += from.packets_in;
        to.packets_relayed += from.packets_relayed;
        to.packets_made += from.packets_made;
        to.strangers += from.strangers;
        to.malformed += from.malformed;
        to.unclaimed += from.unclaimed;
        to.stale_commands += from.stale_commands;
        to.skipped_frames += from.skipped_frames;
        sum.packets_sent += self.io.sent;
        sum.packets_received += self.io.received;
        sum.packets_unsent += self.io.unsent;
        sum.packets_overflowed += self.io.overflowed;
        sum.events_lost += self.events_lost;
    }
}

impl<I: PacketIo> MediaThread<I> {
    pub(super) fn new(io: I, parts: ThreadParts) -> Self {
        let ThreadParts { machine, sockets, clock, inbox, events, writer, stats } = parts;
        MediaThread {
            machine,
            io,
            sockets,
            bound: Vec::new(),
            clock,
            inbox,
            events,
            backlog: VecDeque::new(),
            events_lost: 0,
            recordings: RecordingExit { writer, waiting: VecDeque::new(), torn: HashSet::new() },
            stats,
        }
    }

    pub(super) fn run(mut self) {
        if let Err(error) = self.io.begin() {
            tracing::error!(%error, backend = I::NAME, "a media thread cannot start");
            return;
        }
        tracing::info!(backend = I::NAME, "media thread started");
        sharpen_timers();
        let mut batch = PacketBatch::new();
        let mut pace = Pace::new(GATHER, self.clock.mono());
        let mut gather = None;
        while !self.inbox.stopping.load(Ordering::Acquire) {
            let patience = self.patience();
            let gather_now = patience.map_or(gather, |patience| gather.map(|g: Duration| g.min(patience)));
            if let Err(error) = self.io.wait(patience, gather_now) {
                tracing::error!(%error, "waiting for media packets failed");
                std::thread::sleep(RETRY);
            }
            let began = self.clock.mono();
            let before = self.io.counts().received;
            self.turn(&mut batch);
            let now = self.clock.mono();
            pace.note(now, self.io.counts().received - before);
            gather = pace.gather(began, now);
        }
        self.recordings.flush();
    }

    /// One round: commands, packets, what is due; then everything goes out together.
    ///
    /// Commands come first: a leg that was opened before its peer's packet was sent hears that packet.
    fn turn(&mut self, batch: &mut PacketBatch) {
        let now = self.clock.now();
        self.take_commands(now, batch);
        let machine = &mut self.machine;
        self.io.receive(|token, source, octets| {
            let (slot, channel) = (token.slot(), token.channel());
            machine.handle_packet(now, Datagram { slot, channel, source, octets }, batch);
        });
        self.machine.handle_timeout(now, batch);
        self.io.send(batch);
        self.drain();
        let stats = ThreadStats { machine: self.machine.stats(), io: self.io.counts(), events_lost: self.events_lost };
        *self.stats.lock().unwrap_or_else(PoisonError::into_inner) = stats;
    }

    fn take_commands(&mut self, now: base::Now, batch: &mut PacketBatch) {
        self.inbox.awake.store(false, Ordering::SeqCst);
        if let Some(sounds) = self.inbox.sounds.lock().unwrap_or_else(PoisonError::into_inner).take() {
            self.machine.replace_sounds(sounds);
        }
        for _ in 0..COMMANDS_A_TURN {
            let Some((from, command)) = self.inbox.commands.pop() else { return };
            self.machine.handle_command(now, from, command, batch);
        }
        // More may be waiting: come back after the sockets have had their turn.
        self.inbox.rouse();
    }

    /// How long nothing will be due.
    fn patience(&self) -> Option<Duration> {
        let due = self.machine.poll_timeout().map(|at| at - self.clock.mono());
        let retry = (!self.backlog.is_empty() || !self.recordings.waiting.is_empty()).then_some(RETRY);
        due.into_iter().chain(retry).min()
    }

    fn drain(&mut self) {
        let mut woken: HashSet<ShardId> = HashSet::new();
        while let Some((shard, event)) = self.backlog.pop_front() {
            if let Err(event) = self.events.push(shard, event) {
                self.backlog.push_front((shard, event));
                break;
            }
            woken.insert(shard);
        }
        while let Some(output) = self.machine.poll_output() {
            match output {
                Output::Event { shard, event } => {
                    self.tell(shard, event);
                    woken.insert(shard);
                }
                Output::Bind { slot, family } => self.bind(slot, family),
                Output::OpenRtcp { slot } => self.open_rtcp(slot),
                Output::Unbind { slot } => self.unbind(slot),
                Output::Recording(output) => self.recordings.send(output),
            }
        }
        self.recordings.flush();
        for shard in woken {
            self.events.wake(shard);
        }
    }

    fn tell(&mut self, shard: ShardId, event: MediaEvent) {
        let refused = if self.backlog.is_empty() { self.events.push(shard, event).err() } else { Some(event) };
        let Some(event) = refused else { return };
        if self.backlog.len() < BACKLOG_MAX {
            self.backlog.push_back((shard, event));
        } else {
            self.events_lost += 1;
        }
    }

    fn bind(&mut self, slot: u32, family: Family) {
        let bound = self.sockets.bind(family).and_then(|(socket, address)| {
            self.io.add(Token::new(slot, Channel::Rtp), socket)?;
            Ok(address)
        });
        let address = match bound {
            Ok(address) => Some(address),
            // The stock of some shard is not as full as it could be; a call that is refused for it is told of there.
            Err(BindError::UsedUp) => None,
            Err(error) => {
                if self.sockets.is_news(family) {
                    tracing::warn!("{error}");
                }
                None
            }
        };
        if self.bound.len() <= slot as usize {
            self.bound.resize(slot as usize + 1, None);
        }
        self.bound[slot as usize] = address;
        self.machine.handle_bound(slot, address);
    }

    fn open_rtcp(&mut self, slot: u32) {
        let Some(Some(address)) = self.bound.get(slot as usize) else { return };
        let opened = self.sockets.bind_rtcp(*address).and_then(|s| self.io.add(Token::new(slot, Channel::Rtcp), s));
        if let Err(error) = opened {
            tracing::debug!(%error, port = address.port() + 1, "no RTCP on this port");
        }
    }

    fn unbind(&mut self, slot: u32) {
        self.io.remove(Token::new(slot, Channel::Rtp));
        self.io.remove(Token::new(slot, Channel::Rtcp));
        if let Some(address) = self.bound.get_mut(slot as usize).and_then(Option::take) {
            self.sockets.give_back(address);
        }
    }
}

/// Hands recordings to the writer without ever waiting for it: sound it cannot take is left out and said to be.
#[derive(Debug)]
struct RecordingExit {
    writer: WriterDoor,
    /// Beginnings and ends that did not fit; they are few and may not be lost.
    waiting: VecDeque<RecordingOutput>,
    torn: HashSet<RecordingId>,
}

impl RecordingExit {
    fn send(&mut self, output: RecordingOutput) {
        self.flush();
        match output {
            RecordingOutput::Chunk(chunk) => {
                let recording = chunk.recording;
                if !self.waiting.is_empty() || self.writer.push(RecordingOutput::Chunk(chunk)).is_err() {
                    self.torn.insert(recording);
                }
            }
            RecordingOutput::Begin { .. } | RecordingOutput::End { .. } => self.waiting.push_back(output),
        }
        self.flush();
    }

    fn flush(&mut self) {
        while let Some(mut output) = self.waiting.pop_front() {
            if let RecordingOutput::End { recording, complete, .. } = &mut output {
                *complete &= !self.torn.remove(recording);
            }
            if let Err(output) = self.writer.push(output) {
                self.waiting.push_front(output);
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use media::Chunk;
    use model::ContactId;

    #[test]
    fn a_recording_the_writer_could_not_take_is_said_to_be_incomplete() {
        let (writer, inlet) = WriterDoor::with_room(2);
        let mut exit = RecordingExit { writer, waiting: VecDeque::new(), torn: HashSet::new() };
        let (torn, whole) = (RecordingId(1), RecordingId(2));
        let begin =
            |recording| RecordingOutput::Begin { recording, group: ContactId(1), name: "x".into(), sample_rate: 8000 };
        let chunk = |recording, start| RecordingOutput::Chunk(Chunk { recording, start, frames: vec![0; 4] });
        let end = |recording| RecordingOutput::End { recording, frames: 4, complete: true };
        exit.send(begin(torn));
        exit.send(chunk(torn, 0));
        // The writer sleeps: its two places are taken.
        exit.send(chunk(torn, 2));
        exit.send(begin(whole));
        exit.send(end(torn));
        assert_eq!(exit.waiting.len(), 2, "beginnings and ends wait, sound does not");
        let mut taken = vec![inlet.try_recv().unwrap(), inlet.try_recv().unwrap()];
        exit.flush();
        taken.extend([inlet.try_recv().unwrap(), inlet.try_recv().unwrap()]);
        exit.send(chunk(whole, 0));
        exit.send(end(whole));
        taken.extend([inlet.try_recv().unwrap(), inlet.try_recv().unwrap()]);
        let unfinished = RecordingOutput::End { recording: torn, frames: 4, complete: false };
        let expect = [begin(torn), chunk(torn, 0), begin(whole), unfinished, chunk(whole, 0), end(whole)];
        assert_eq!(taken, expect);
        assert!(exit.torn.is_empty() && exit.waiting.is_empty());
    }
}
