//! Messages on the disk: recordings in a folder of their own, whose names say when, from which contact and for which
//! queue. One that was heard has a mark beside it.

use model::{ContactId, Directory, Target, VOICEMAIL_FOLDER, read_message_name};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Message {
    pub(crate) name: String,
    /// RFC 3339.
    pub(crate) at: String,
    pub(crate) contact: ContactId,
    pub(crate) queue: String,
    pub(crate) seconds: f64,
    pub(crate) heard: bool,
    path: PathBuf,
}

/// Who hangs up at the tone has left nothing worth a look.
const LEAST_SECONDS: f64 = 1.0;

const HEADER: u64 = 44;
/// Two channels of 16 bits.
const OCTETS_A_FRAME: f64 = 4.0;

impl Message {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn mark(&self) -> PathBuf {
        self.path.with_extension("heard")
    }

    pub(crate) fn mark_heard(&self) -> io::Result<()> {
        File::create(self.mark()).map(|_| ())
    }

    /// First the sound: a mark without a message is nothing.
    pub(crate) fn delete(&self) -> io::Result<()> {
        fs::remove_file(&self.path)?;
        match fs::remove_file(self.mark()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn of(path: PathBuf) -> Option<Self> {
        let name = path.file_name()?.to_str()?.strip_suffix(".wav")?.to_owned();
        // It is still being spoken.
        if name.ends_with(".part") {
            return None;
        }
        let whole = format!("{VOICEMAIL_FOLDER}/{name}");
        let (at, contact, queue) = read_message_name(&whole)?;
        let at = rfc3339(at)?;
        let seconds = length(&path).ok().filter(|seconds| *seconds >= LEAST_SECONDS)?;
        let heard = path.with_extension("heard").exists();
        Some(Message { name, at, contact, queue, seconds, heard, path })
    }
}

/// What lies below the folder of recordings, the oldest first; what is no message is passed over.
pub(crate) fn messages(recordings: &Path) -> io::Result<Vec<Message>> {
    let entries = match fs::read_dir(recordings.join(VOICEMAIL_FOLDER)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        found.extend(Message::of(entry?.path()));
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// Whether anything leads to a message, which needs a folder to lie in.
pub(crate) fn is_used(directory: &Directory) -> bool {
    let of_queue =
        |queue: &model::Queue| !queue.removed && queue.ways_out().any(|to| matches!(to, Target::Voicemail(_)));
    directory.queues.iter().any(of_queue)
        || directory.numbers.iter().any(|rule| matches!(rule.to, Target::Voicemail(_)))
}

/// `20261122T142024123Z` → `2026-11-22T14:20:24.123Z`
fn rfc3339(stamp: &str) -> Option<String> {
    let part = |from: usize, to: usize| stamp.get(from..to).filter(|part| part.bytes().all(|b| b.is_ascii_digit()));
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let (hour, minute, second, milli) = (part(9, 11)?, part(11, 13)?, part(13, 15)?, part(15, 18)?);
    Some(format!("{year}-{month}-{day}T{hour}:{minute}:{second}.{milli}Z"))
}

/// By the file's size and the rate its header names.
fn length(path: &Path) -> io::Result<f64> {
    let mut file = File::open(path)?;
    let mut header = [0; HEADER as usize];
    file.read_exact(&mut header)?;
    let rate = u32::from_le_bytes([header[24], header[25], header[26], header[27]]).max(1);
    let octets = file.metadata()?.len().saturating_sub(HEADER);
    Ok(octets as f64 / OCTETS_A_FRAME / f64::from(rate))
}
