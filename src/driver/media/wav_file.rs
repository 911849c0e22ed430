use model::VOICEMAIL_FOLDER;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A recording in the making: a WAV file that can be opened at any moment, also after the process was killed.
///
/// The header is brought up to date at least every [`HEADER_AGE`]; between two updates a reader sees the sound up to
/// the last one. A hole left by sound that was lost reads as silence, so that what follows keeps its place.
#[derive(Debug)]
pub(super) struct WavFile {
    file: File,
    /// While it grows it has another name, so that nobody takes it for a whole recording.
    growing: PathBuf,
    path: PathBuf,
    /// Of sound, without the header.
    octets: u64,
    told: u64,
    told_at: Instant,
}

/// Together with the recorder's own delay less than a second of sound is not yet readable.
pub(super) const HEADER_AGE: Duration = Duration::from_millis(400);

/// The mark of a file that still grows; the extension stays, so that any player opens it.
const GROWING: &str = ".part.wav";

const HEADER: usize = 44;
const CHANNELS: u16 = 2;
const BYTES_A_FRAME: u64 = 4;

/// What the 32-bit sizes of a WAV file can say: 37 hours at 8 kHz. Longer recordings keep their sound, not their size.
const OCTETS_TOLD_MAX: u64 = u32::MAX as u64 - HEADER as u64;

impl WavFile {
    pub(super) fn create(folder: &Path, name: &str, sample_rate: u32, now: Instant) -> io::Result<Self> {
        let (folder, name) = place(folder, name);
        make_folder(&folder)?;
        let growing = folder.join(format!("{name}{GROWING}"));
        let file = create_private(&growing)?;
        file.write_all_at(&header(sample_rate, 0), 0)?;
        let path = folder.join(format!("{name}.wav"));
        Ok(WavFile { file, growing, path, octets: 0, told: 0, told_at: now })
    }

    /// Writes interleaved samples at a frame's place.
    pub(super) fn write_at(&mut self, frame: u64, samples: &[i16], buffer: &mut Vec<u8>) -> io::Result<()> {
        buffer.clear();
        buffer.extend(samples.iter().flat_map(|s| s.to_le_bytes()));
        let start = frame * BYTES_A_FRAME;
        self.file.write_all_at(buffer, HEADER as u64 + start)?;
        self.octets = self.octets.max(start + buffer.len() as u64);
        Ok(())
    }

    /// Brings the header up to date when it is old enough.
    pub(super) fn refresh(&mut self, now: Instant) -> io::Result<()> {
        if self.octets == self.told || now.duration_since(self.told_at) < HEADER_AGE {
            return Ok(());
        }
        self.told_at = now;
        self.tell_size()
    }

    /// Gives the file its length and its final name.
    pub(super) fn finish(mut self, frames: u64, durable: bool) -> io::Result<PathBuf> {
        self.octets = self.octets.max(frames * BYTES_A_FRAME);
        self.file.set_len(HEADER as u64 + self.octets)?;
        self.tell_size()?;
        if durable {
            self.file.sync_data()?;
        }
        fs::rename(&self.growing, &self.path)?;
        Ok(self.path)
    }

    fn tell_size(&mut self) -> io::Result<()> {
        let octets = self.octets.min(OCTETS_TOLD_MAX) as u32;
        self.file.write_all_at(&(octets + HEADER as u32 - 8).to_le_bytes(), 4)?;
        self.file.write_all_at(&octets.to_le_bytes(), 40)?;
        self.told = self.octets;
        Ok(())
    }
}

/// A conversation is for those who run the house, whatever the umask says: a folder that is made is theirs alone. One
/// that is there already keeps the rights it was given.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// A new file nobody else may read, also when one of that name was open to others.
pub(super) fn create_private(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

/// Gives files a killed process left their whole length and their final name; their number.
pub(super) fn recover(folder: &Path) -> io::Result<usize> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let mut recovered = 0;
    for entry in entries {
        let growing = entry?.path();
        let Some(name) = growing.file_name().and_then(|n| n.to_str()).and_then(|n| n.strip_suffix(GROWING)) else {
            continue;
        };
        let path = folder.join(format!("{name}.wav"));
        let file = OpenOptions::new().read(true).write(true).open(&growing)?;
        let len = file.metadata()?.len();
        if len < HEADER as u64 {
            // Killed between making the file and writing its header: there is no sound in it.
            fs::remove_file(&growing)?;
            continue;
        }
        let octets = (len - HEADER as u64) / BYTES_A_FRAME * BYTES_A_FRAME;
        let mut wav = WavFile { file, growing, path, octets, told: 0, told_at: Instant::now() };
        wav.tell_size()?;
        wav.finish(0, true)?;
        recovered += 1;
    }
    Ok(recovered)
}

/// The folder of a recording, and its name there.
fn place(folder: &Path, name: &str) -> (PathBuf, String) {
    match name.strip_prefix(VOICEMAIL_FOLDER).and_then(|rest| rest.strip_prefix('/')) {
        Some(message) => (folder.join(VOICEMAIL_FOLDER), file_name(message)),
        None => (folder.to_owned(), file_name(name)),
    }
}

/// A record's name as a file's: it may have come from outside, so nothing in it may lead out of the folder.
fn file_name(name: &str) -> String {
    let mut safe: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.+".contains(c) { c } else { '_' }).take(128).collect();
    if safe.is_empty() || safe.starts_with('.') {
        safe.insert(0, '_');
    }
    safe
}

/// RIFF WAVE, 16-bit PCM, two channels.
fn header(sample_rate: u32, octets: u32) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..4].copy_from_slice(b"RIFF");
    header[4..8].copy_from_slice(&(octets + HEADER as u32 - 8).to_le_bytes());
    header[8..16].copy_from_slice(b"WAVEfmt ");
    header[16..20].copy_from_slice(&16u32.to_le_bytes());
    header[20..22].copy_from_slice(&1u16.to_le_bytes());
    header[22..24].copy_from_slice(&CHANNELS.to_le_bytes());
    header[24..28].copy_from_slice(&sample_rate.to_le_bytes());
    header[28..32].copy_from_slice(&(sample_rate * BYTES_A_FRAME as u32).to_le_bytes());
    header[32..34].copy_from_slice(&(BYTES_A_FRAME as u16).to_le_bytes());
    header[34..36].copy_from_slice(&16u16.to_le_bytes());
    header[36..40].copy_from_slice(b"data");
    header[40..44].copy_from_slice(&octets.to_le_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("strowger-wav-{}-{name}", std::process::id()));
        let _absent = fs::remove_dir_all(&folder);
        folder
    }

    /// The samples a player would read now.
    fn readable(path: &Path) -> Vec<i16> {
        let octets = fs::read(path).unwrap();
        assert_eq!((&octets[..4], &octets[8..12], &octets[36..40]), (&b"RIFF"[..], &b"WAVE"[..], &b"data"[..]));
        let size = u32::from_le_bytes(octets[40..44].try_into().unwrap()) as usize;
        assert_eq!(u32::from_le_bytes(octets[4..8].try_into().unwrap()) as usize, size + 36);
        octets[HEADER..HEADER + size].chunks(2).map(|c| i16::from_le_bytes([c[0], c[1]])).collect()
    }

    #[test]
    fn a_finished_file_has_its_name_its_length_and_silence_in_its_holes() {
        let folder = folder("finished");
        let mut wav = WavFile::create(&folder, "0100-a/../b", 8000, Instant::now()).unwrap();
        let mut buffer = Vec::new();
        wav.write_at(0, &[1, 2, 3, 4], &mut buffer).unwrap();
        wav.write_at(4, &[5, 6], &mut buffer).unwrap();
        let path = wav.finish(6, true).unwrap();
        assert_eq!(path.file_name().unwrap(), "0100-a_.._b.wav");
        assert_eq!(readable(&path), [1, 2, 3, 4, 0, 0, 0, 0, 5, 6, 0, 0]);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_killed_process_leaves_a_file_that_opens_and_a_start_completes_it() {
        let folder = folder("killed");
        let begun = Instant::now();
        let mut wav = WavFile::create(&folder, "call", 8000, begun).unwrap();
        let mut buffer = Vec::new();
        wav.write_at(0, &[7; 200], &mut buffer).unwrap();
        wav.refresh(begun + HEADER_AGE).unwrap();
        wav.write_at(100, &[9; 200], &mut buffer).unwrap();
        wav.refresh(begun + HEADER_AGE + HEADER_AGE / 2).unwrap();
        let growing = wav.growing.clone();
        // Dropped without finish, as by kill -9: everything is with the kernel, nothing is in the process.
        drop(wav);
        assert_eq!(readable(&growing), [7; 200]);
        assert_eq!(recover(&folder).unwrap(), 1);
        let expect = [[7; 200], [9; 200]].concat();
        assert_eq!(readable(&folder.join("call.wav")), expect);
        assert_eq!(recover(&folder).unwrap(), 0);
        assert_eq!(recover(&folder.join("absent")).unwrap(), 0);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_message_lies_in_a_folder_of_its_own_and_no_name_leads_further() {
        let folder = folder("message");
        for (name, path) in
            [("voicemail/a-1-x+2d", "voicemail/a-1-x+2d.wav"), ("voicemail/../../x", "voicemail/_.._.._x.wav")]
        {
            let file = WavFile::create(&folder, name, 8000, Instant::now()).unwrap();
            assert_eq!(file.finish(0, false).unwrap(), folder.join(path));
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn folder_and_files_are_for_their_owner_alone() {
        let folder = folder("private");
        let wav = WavFile::create(&folder.join("deep"), "call", 8000, Instant::now()).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join("deep"))), (0o700, 0o700));
        assert_eq!(mode(&wav.growing), 0o600);
        assert_eq!(mode(&wav.finish(0, false).unwrap()), 0o600);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn names_stay_in_the_folder() {
        for (name, file) in [("../../etc", "_.._.._etc"), ("", "_"), (".hidden", "_.hidden"), ("电话", "__")] {
            assert_eq!(file_name(name), file);
        }
    }
}
