use super::pool::EventRings;
use super::wav_file::{HEADER_AGE, WavFile, recover};
use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};
use media::{Chunk, RecordingId, RecordingOutput};
use model::{ContactId, MediaEvent};
use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Pieces waiting for the disk: a second of 800 recordings, 26 MB at 8 kHz.
const PIECES_MAX: usize = 4096;

/// With fewer pieces waiting than this the disk keeps up, and a finished file may be forced onto it.
const CALM: usize = 64;

/// Between attempts to tell a shard that does not fetch its events.
const RETRY: Duration = Duration::from_millis(5);
const RETRIES_MAX: u32 = 2000;

/// The one thread that writes recordings, so that no disk can hold up a packet.
#[derive(Debug)]
pub(super) struct RecordingWriter {
    door: Option<WriterDoor>,
    counts: Arc<Counts>,
    handle: Option<JoinHandle<()>>,
}

/// A media thread's way to the writer.
#[derive(Clone, Debug)]
pub(super) struct WriterDoor {
    pieces: Sender<RecordingOutput>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct WriterStats {
    pub(super) open: u64,
    pub(super) written: u64,
    pub(super) incomplete: u64,
    /// No file could be made.
    pub(super) failed: u64,
}

#[derive(Debug, Default)]
struct Counts {
    open: AtomicU64,
    written: AtomicU64,
    incomplete: AtomicU64,
    failed: AtomicU64,
}

impl WriterDoor {
    /// A door with room for so many pieces, and where they come out.
    pub(super) fn with_room(pieces: usize) -> (Self, Receiver<RecordingOutput>) {
        let (pieces, inlet) = bounded(pieces);
        (WriterDoor { pieces }, inlet)
    }

    /// Never waits; what does not fit comes back.
    pub(super) fn push(&self, output: RecordingOutput) -> Result<(), RecordingOutput> {
        self.pieces.try_send(output).map_err(TrySendError::into_inner)
    }
}

impl RecordingWriter {
    pub(super) fn start(folder: PathBuf, events: Arc<EventRings>) -> io::Result<Self> {
        let (door, inlet) = WriterDoor::with_room(PIECES_MAX);
        let counts = Arc::new(Counts::default());
        let desk = Desk { folder, events, counts: counts.clone(), files: HashMap::new(), buffer: Vec::new() };
        let handle = std::thread::Builder::new().name("recordings".into()).spawn(move || desk.run(&inlet))?;
        Ok(RecordingWriter { door: Some(door), counts, handle: Some(handle) })
    }

    pub(super) fn door(&self) -> WriterDoor {
        self.door.clone().expect("the door closes only when the writer finishes")
    }

    pub(super) fn stats(&self) -> WriterStats {
        WriterStats {
            open: self.counts.open.load(Ordering::Relaxed),
            written: self.counts.written.load(Ordering::Relaxed),
            incomplete: self.counts.incomplete.load(Ordering::Relaxed),
            failed: self.counts.failed.load(Ordering::Relaxed),
        }
    }

    /// Waits until everything is written; every other door must be closed by then.
    pub(super) fn finish(mut self) {
        self.door = None;
        if let Some(handle) = self.handle.take()
            && handle.join().is_err()
        {
            tracing::error!("the recording thread ended by a panic");
        }
    }
}

/// What the thread works with.
struct Desk {
    folder: PathBuf,
    events: Arc<EventRings>,
    counts: Arc<Counts>,
    files: HashMap<RecordingId, Recording>,
    buffer: Vec<u8>,
}

struct Recording {
    group: ContactId,
    name: Box<str>,
    sample_rate: u32,
    /// `None` once the disk has refused it.
    file: Option<WavFile>,
    complete: bool,
}

impl Desk {
    fn run(mut self, inlet: &Receiver<RecordingOutput>) {
        let recovered =
            recover(&self.folder).and_then(|calls| Ok(calls + recover(&self.folder.join(model::VOICEMAIL_FOLDER))?));
        match recovered {
            Ok(0) => {}
            Ok(count) => tracing::warn!(count, "recordings of a process that was killed were completed"),
            Err(error) => tracing::error!(%error, "unfinished recordings cannot be looked for"),
        }
        loop {
            let wait = if self.files.is_empty() { Duration::from_secs(3600) } else { HEADER_AGE };
            match inlet.recv_timeout(wait) {
                Ok(output) => self.take(output, inlet.len()),
                Err(RecvTimeoutError::Timeout) => self.refresh_all(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        // The machines that fed these are gone: what there is becomes the recording.
        for recording in std::mem::take(&mut self.files).into_values() {
            self.close(recording, 0, true);
        }
    }

    fn take(&mut self, output: RecordingOutput, waiting: usize) {
        match output {
            RecordingOutput::Begin { recording, group, name, sample_rate } => {
                let created = WavFile::create(&self.folder, &name, sample_rate, Instant::now());
                let folder = self.folder.display();
                let say = |error: &io::Error| tracing::error!(%error, %folder, "a recording cannot be made; the call goes on without");
                let file = created.inspect_err(say).ok();
                let complete = file.is_some();
                self.files.insert(recording, Recording { group, name, sample_rate, file, complete });
                self.counts.open.fetch_add(1, Ordering::Relaxed);
            }
            RecordingOutput::Chunk(chunk) => self.write(&chunk),
            RecordingOutput::End { recording, frames, complete } => {
                if let Some(mut recording) = self.files.remove(&recording) {
                    recording.complete &= complete;
                    self.close(recording, frames, waiting < CALM);
                }
            }
        }
    }

    fn write(&mut self, chunk: &Chunk) {
        let Some(recording) = self.files.get_mut(&chunk.recording) else { return };
        let Some(file) = &mut recording.file else { return };
        let written =
            file.write_at(chunk.start, &chunk.frames, &mut self.buffer).and_then(|()| file.refresh(Instant::now()));
        if let Err(error) = written {
            // A full disk may be emptied again: the file stays open, its gap is silence and is said.
            tracing::error!(%error, "a piece of a recording cannot be written");
            recording.complete = false;
        }
    }

    /// Recordings that get no sound at present still owe their last piece.
    fn refresh_all(&mut self) {
        let now = Instant::now();
        for recording in self.files.values_mut() {
            if let Some(file) = &mut recording.file
                && file.refresh(now).is_err()
            {
                recording.complete = false;
            }
        }
    }

    fn close(&mut self, recording: Recording, frames: u64, durable: bool) {
        let Recording { group, name, sample_rate, file, mut complete } = recording;
        let kept = file.is_some();
        let finished = file.map(|file| file.finish(frames, durable));
        if let Some(Err(error)) = &finished {
            tracing::error!(%error, "a recording cannot be finished");
            complete = false;
        }
        self.counts.open.fetch_sub(1, Ordering::Relaxed);
        let count = match (kept, complete) {
            (false, _) => &self.counts.failed,
            (true, false) => &self.counts.incomplete,
            (true, true) => &self.counts.written,
        };
        count.fetch_add(1, Ordering::Relaxed);
        let duration = Duration::from_micros(frames * 1_000_000 / u64::from(sample_rate.max(1)));
        self.tell(MediaEvent::Recorded { group, name, duration, complete, kept }, group);
    }

    /// A shard that does not fetch for ten seconds is not waiting for this either.
    fn tell(&self, mut event: MediaEvent, group: ContactId) {
        for _ in 0..RETRIES_MAX {
            match self.events.push(group.home(), event) {
                Ok(()) => break,
                Err(back) => event = back,
            }
            std::thread::sleep(RETRY);
        }
        self.events.wake(group.home());
    }
}
