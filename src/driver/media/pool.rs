use super::epoll_io::EpollIo;
use super::sockets::SocketStock;
use super::thread::{Inbox, MediaThread, ThreadParts, ThreadStats};
use super::uring_io::{UringIo, probe};
use super::writer::{RecordingWriter, WriterStats};
use crate::clock::Clock;
use crate::wake::Wake;
use base::Rng;
use crossbeam::queue::ArrayQueue;
use media::{Config, SoundLibrary, Worker};
use model::{MediaCommand, MediaEvent, ShardId, WorkerId};
use std::io;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How the media side is set up.
#[derive(Clone, Debug)]
pub struct MediaConfig {
    pub workers: u8,
    pub shards: u8,
    /// One a family.
    pub addresses: Vec<IpAddr>,
    pub ports: RangeInclusive<u16>,
    /// No packet for so long on a bridged leg is reported.
    pub silence: Duration,
    /// Where recordings are written; made when the first one begins.
    pub recordings: PathBuf,
    pub seed: u64,
}

/// How packets reach the kernel.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum PacketBackend {
    /// io_uring when a trial on the loopback succeeds, else epoll.
    #[default]
    Auto,
    Epoll,
    Uring,
}

/// Why the media side could not start.
#[derive(Debug, thiserror::Error)]
pub enum MediaStartError {
    #[error("no media worker is configured")]
    NoWorkers,
    #[error("a media thread could not be set up: {0}")]
    Thread(#[from] io::Error),
}

/// The command did not fit: the worker is thousands of commands behind.
#[derive(Debug, thiserror::Error)]
#[error("the media worker does not keep up")]
pub struct WorkerBusy(pub MediaCommand);

/// What happens on the wire and on disk, for metrics.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MediaStats {
    pub worker: media::Stats,
    pub packets_sent: u64,
    pub packets_received: u64,
    /// The kernel did not take them.
    pub packets_unsent: u64,
    /// The kernel's receive buffers were full.
    pub packets_overflowed: u64,
    /// Events a shard did not fetch in time; each is a call that hangs, so this raises an alarm.
    pub events_lost: u64,
    pub recordings_open: u64,
    pub recordings_written: u64,
    /// Those with a gap.
    pub recordings_incomplete: u64,
    /// Those that should have been, and of which there is no file.
    pub recordings_failed: u64,
}

/// The media threads and the recording writer.
///
/// Commands go in by [`MediaPool::send`], events come out by [`MediaPool::poll_event`] for each shard, which is woken
/// for them. Nothing here blocks its caller.
#[derive(Debug)]
pub struct MediaPool {
    threads: Vec<Threaded>,
    events: Arc<EventRings>,
    writer: Option<RecordingWriter>,
}

#[derive(Debug)]
struct Threaded {
    inbox: Arc<Inbox>,
    stats: Arc<Mutex<ThreadStats>>,
    handle: Option<JoinHandle<()>>,
}

/// One ring a shard, filled by all workers and the writer.
pub(super) struct EventRings {
    rings: Vec<ArrayQueue<MediaEvent>>,
    wake: Box<dyn Fn(ShardId) + Send + Sync>,
}

/// A shard fetches after every wake; this is a second of the busiest hour's events.
const EVENTS_MAX: usize = 16_384;

impl EventRings {
    /// Gives the event back when the shard has not fetched the others.
    pub(super) fn push(&self, shard: ShardId, event: MediaEvent) -> Result<(), MediaEvent> {
        match self.rings.get(usize::from(shard.0)) {
            Some(ring) => ring.push(event),
            // An id of a shard there is not: nobody waits for it.
            None => Ok(()),
        }
    }

    pub(super) fn wake(&self, shard: ShardId) {
        (self.wake)(shard);
    }
}

impl std::fmt::Debug for EventRings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventRings").field("shards", &self.rings.len()).finish_non_exhaustive()
    }
}

impl MediaPool {
    /// Starts the threads. `wake` is called from them when a shard has events to fetch; it must not block.
    pub fn start(
        config: &MediaConfig,
        clock: Clock,
        sounds: &Arc<SoundLibrary>,
        wake: impl Fn(ShardId) + Send + Sync + 'static,
    ) -> Result<Self, MediaStartError> {
        MediaPool::start_on(PacketBackend::Auto, config, clock, sounds, wake)
    }

    /// [`MediaPool::start`] with a given way to the kernel, for measuring one against the other.
    pub fn start_on(
        backend: PacketBackend,
        config: &MediaConfig,
        clock: Clock,
        sounds: &Arc<SoundLibrary>,
        wake: impl Fn(ShardId) + Send + Sync + 'static,
    ) -> Result<Self, MediaStartError> {
        if config.workers == 0 {
            return Err(MediaStartError::NoWorkers);
        }
        let rings = (0..config.shards.max(1)).map(|_| ArrayQueue::new(EVENTS_MAX)).collect();
        let events = Arc::new(EventRings { rings, wake: Box::new(wake) });
        let writer = RecordingWriter::start(config.recordings.clone(), events.clone())?;
        let backend = choose(backend);
        let mut rng = Rng::new(config.seed);
        let mut pool = MediaPool { threads: Vec::new(), events, writer: None };
        for number in 0..config.workers {
            let threaded =
                start_thread(config, backend, WorkerId(number), clock, sounds, &mut rng, &pool.events, &writer)?;
            pool.threads.push(threaded);
        }
        pool.writer = Some(writer);
        Ok(pool)
    }

    pub fn workers(&self) -> u8 {
        self.threads.len() as u8
    }

    /// Puts a command of shard `from` before a worker, who may sleep until [`MediaPool::rouse`]; never blocks.
    pub fn send(&self, from: ShardId, worker: WorkerId, command: MediaCommand) -> Result<(), WorkerBusy> {
        match self.threads.get(usize::from(worker.0)) {
            Some(thread) => thread.inbox.push(from, command).map_err(WorkerBusy),
            // A port of a worker there is not was never given out.
            None => Ok(()),
        }
    }

    /// Wakes the workers that have commands before them: once for many commands.
    pub fn rouse(&self) {
        for thread in &self.threads {
            thread.inbox.rouse_if_fed();
        }
    }

    /// The next event for a shard. Only that shard's thread should ask.
    pub fn poll_event(&self, shard: ShardId) -> Option<MediaEvent> {
        self.events.rings.get(usize::from(shard.0))?.pop()
    }

    /// A library with more sounds or forms; ids keep their meaning.
    pub fn replace_sounds(&self, sounds: &Arc<SoundLibrary>) {
        for thread in &self.threads {
            thread.inbox.replace_sounds(sounds.clone());
        }
    }

    pub fn stats(&self) -> MediaStats {
        let mut sum = MediaStats::default();
        for thread in &self.threads {
            let stats = *thread.stats.lock().unwrap_or_else(PoisonError::into_inner);
            stats.add_to(&mut sum);
        }
        let WriterStats { open, written, incomplete, failed } =
            self.writer.as_ref().map(|w| w.stats()).unwrap_or_default();
        MediaStats {
            recordings_open: open,
            recordings_written: written,
            recordings_incomplete: incomplete,
            recordings_failed: failed,
            ..sum
        }
    }

    /// Stops the threads, then the writer once it has finished every file.
    pub fn shutdown(mut self) {
        self.stop();
    }

    fn stop(&mut self) {
        for thread in &self.threads {
            thread.inbox.stop();
        }
        for thread in &mut self.threads {
            if let Some(handle) = thread.handle.take()
                && handle.join().is_err()
            {
                tracing::error!("a media thread ended by a panic");
            }
        }
        if let Some(writer) = self.writer.take() {
            writer.finish();
        }
    }
}

impl Drop for MediaPool {
    fn drop(&mut self) {
        self.stop();
    }
}

fn choose(wanted: PacketBackend) -> PacketBackend {
    match wanted {
        PacketBackend::Auto => match probe() {
            Ok(()) => PacketBackend::Uring,
            Err(reason) => {
                tracing::info!(%reason, "media packets go by epoll");
                PacketBackend::Epoll
            }
        },
        PacketBackend::Epoll | PacketBackend::Uring => wanted,
    }
}

#[allow(clippy::too_many_arguments)] // a thread's whole surroundings, named once
fn start_thread(
    config: &MediaConfig,
    backend: PacketBackend,
    number: WorkerId,
    clock: Clock,
    sounds: &Arc<SoundLibrary>,
    rng: &mut Rng,
    events: &Arc<EventRings>,
    writer: &RecordingWriter,
) -> Result<Threaded, MediaStartError> {
    let wake = Wake::new()?;
    let inbox = Arc::new(Inbox::new(wake.clone()));
    let stats = Arc::new(Mutex::new(ThreadStats::default()));
    let machine = Worker::new(
        Config { worker: number, silence: config.silence, seed: rng.next_u64(), started: clock.mono() },
        sounds.clone(),
    );
    let sockets = SocketStock::new(&config.addresses, &config.ports, number, config.workers, rng);
    let parts = ThreadParts {
        machine,
        sockets,
        clock,
        inbox: inbox.clone(),
        events: events.clone(),
        writer: writer.door(),
        stats: stats.clone(),
    };
    let builder = std::thread::Builder::new().name(format!("media-{}", number.0));
    let handle = match backend {
        PacketBackend::Uring => {
            let thread = MediaThread::new(UringIo::new(wake)?, parts);
            builder.spawn(move || thread.run())?
        }
        PacketBackend::Auto | PacketBackend::Epoll => {
            let thread = MediaThread::new(EpollIo::new(wake)?, parts);
            builder.spawn(move || thread.run())?
        }
    };
    Ok(Threaded { inbox, stats, handle: Some(handle) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::sockets::own_loopback;
    use model::{Codec, ContactId, Direction, Family, LegId, MediaPort, Role, SourcePolicy, StreamSetup};
    use std::net::{SocketAddr, UdpSocket};
    use std::time::Instant;

    const SHARD: ShardId = ShardId(0);
    const WORKER: WorkerId = WorkerId(0);

    fn pool(ports: RangeInclusive<u16>, backend: PacketBackend) -> MediaPool {
        let config = MediaConfig {
            workers: 1,
            shards: 1,
            addresses: vec![own_loopback()],
            ports,
            silence: Duration::from_secs(30),
            recordings: std::env::temp_dir().join(format!("strowger-pool-{}", std::process::id())),
            seed: 1,
        };
        MediaPool::start_on(backend, &config, Clock::start(), &Arc::new(SoundLibrary::new()), |_| {}).unwrap()
    }

    fn send(pool: &MediaPool, command: MediaCommand) {
        pool.send(SHARD, WORKER, command).unwrap();
        pool.rouse();
    }

    fn event(pool: &MediaPool) -> MediaEvent {
        let begun = Instant::now();
        loop {
            if let Some(event) = pool.poll_event(SHARD) {
                return event;
            }
            assert!(begun.elapsed() < Duration::from_secs(10), "no event");
            std::thread::yield_now();
        }
    }

    fn supply(pool: &MediaPool, count: u16) -> Vec<MediaPort> {
        send(pool, MediaCommand::Supply { family: Family::V4, count });
        match event(pool) {
            MediaEvent::Ports { ports } => ports,
            other => panic!("{other:?}"),
        }
    }

    fn open(pool: &MediaPool, leg: LegId, role: Role, port: MediaPort, remote: SocketAddr) {
        let group = ContactId(1);
        let setup = StreamSetup {
            remote,
            remote_rtcp: None,
            codec: Codec::Pcmu,
            payload_type_out: 0,
            payload_type_in: 0,
            dtmf_out: None,
            dtmf_in: None,
            ptime_ms: 20,
            direction: Direction::SendRecv,
            source: SourcePolicy::Signalled,
        };
        for command in [
            MediaCommand::Open { leg, group, port, role },
            MediaCommand::Negotiate { leg, setup },
            MediaCommand::Join { leg },
        ] {
            send(pool, command);
        }
    }

    #[test]
    fn two_phones_hear_each_other_over_real_sockets() {
        check_call(PacketBackend::Epoll, 33_000..=33_099);
        // Where the kernel does not have it or does not allow it, epoll is what a start chooses.
        if probe().is_ok() {
            check_call(PacketBackend::Uring, 33_200..=33_299);
        }
    }

    fn check_call(backend: PacketBackend, ports: RangeInclusive<u16>) {
        let pool = pool(ports, backend);
        let ports = supply(&pool, 2);
        let phones: Vec<UdpSocket> = (0..2).map(|_| UdpSocket::bind((own_loopback(), 0)).unwrap()).collect();
        for phone in &phones {
            phone.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        }
        for (n, role) in [Role::Caller, Role::Agent].into_iter().enumerate() {
            open(&pool, LegId(n as u64), role, ports[n], phones[n].local_addr().unwrap());
        }
        for (from, to) in [(0, 1), (1, 0)] {
            let sound = [from as u8; 160];
            // Version 2, PCMU, sequence 1, timestamp 160, a source.
            let packet = [&[0x80, 0, 0, 1, 0, 0, 0, 160, 7, 7, 7, from as u8][..], &sound].concat();
            phones[from].send_to(&packet, ports[from].address).unwrap();
            let mut heard = [0; 2000];
            let (len, source) = phones[to].recv_from(&mut heard).unwrap();
            assert_eq!((len, source), (172, ports[to].address));
            assert_eq!(heard[12..172], sound);
            assert_eq!(event(&pool), MediaEvent::Started { leg: LegId(from as u64) });
        }
        for leg in [LegId(0), LegId(1)] {
            send(&pool, MediaCommand::Close { leg });
            let MediaEvent::Closed { leg: closed, quality } = event(&pool) else { panic!("not closed") };
            assert_eq!((closed, quality.packets_received, quality.packets_sent), (leg, 1, 1));
        }
        pool.shutdown();
    }

    #[test]
    fn a_recording_is_on_disk_when_it_is_told() {
        let pool = pool(33_400..=33_499, PacketBackend::Epoll);
        let port = supply(&pool, 1)[0];
        let phone = UdpSocket::bind((own_loopback(), 0)).unwrap();
        open(&pool, LegId(0), Role::Caller, port, phone.local_addr().unwrap());
        let group = ContactId(1);
        send(&pool, MediaCommand::Record { group, name: "told".into() });
        send(&pool, MediaCommand::StopRecording { group });
        let MediaEvent::Recorded { name, complete, duration, kept, .. } = event(&pool) else { panic!("not recorded") };
        assert!(&*name == "told" && complete && kept && duration < Duration::from_secs(10));
        let folder = std::env::temp_dir().join(format!("strowger-pool-{}", std::process::id()));
        let file = std::fs::File::open(folder.join("told.wav")).unwrap();
        let wav = audio::Wav::read(file).unwrap();
        assert_eq!((wav.rate, wav.channels, wav.truncated), (8000, 2, false));
        assert_eq!(pool.stats().recordings_written, 1);
        pool.shutdown();
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_range_without_ports_is_said() {
        let pool = pool(33_101..=33_103, PacketBackend::Epoll);
        assert_eq!(supply(&pool, 2).len(), 1);
        assert_eq!(event(&pool), MediaEvent::SupplyFailed { worker: WORKER, family: Family::V4 });
    }
}
