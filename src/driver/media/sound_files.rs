use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

/// Sound files by their place: `en/queue/minute.wav`, `music/default/01-lantern.wav`, `tones/8k/beep.wav`.
///
/// The sounds of the binary come first; a folder laid over them replaces what it has and adds the rest.
#[derive(Clone, Debug, Default)]
pub struct SoundFiles {
    files: BTreeMap<String, SoundFile>,
}

/// Folders of folders of folders: `music/<playlist>/8k/<name>.wav` is the deepest there is.
const DEPTH_MAX: usize = 4;

#[derive(Clone, Debug)]
pub(super) enum SoundFile {
    Within(&'static [u8]),
    At(PathBuf),
}

/// The folder of 8 kHz copies beside the files.
const NARROW: &str = "8k/";

impl SoundFiles {
    /// What lies in the binary.
    pub fn within(files: &[(&str, &'static [u8])]) -> Self {
        let entry = |(name, bytes): &(&str, &'static [u8])| ((*name).to_owned(), SoundFile::Within(bytes));
        SoundFiles { files: files.iter().map(entry).collect() }
    }

    /// Every WAV file below a folder.
    pub fn folder(folder: &Path) -> io::Result<Self> {
        let mut files = SoundFiles::default();
        files.find(folder, "", DEPTH_MAX)?;
        Ok(files)
    }

    /// Lays other files over these. A playlist is replaced as a whole, and a file hides the narrow copy of the one it
    /// replaces: it would be another sound.
    pub fn overlay(&mut self, over: SoundFiles) {
        let playlist = |name: &str| name.strip_prefix("music/").and_then(|rest| rest.split_once('/')).is_some();
        for name in over.files.keys() {
            if playlist(name) {
                let list: String = name.split_inclusive('/').take(2).collect();
                self.files.retain(|own, _| !own.starts_with(&list));
            } else {
                self.files.remove(&narrow_name(name));
            }
        }
        self.files.extend(over.files);
    }

    /// The places of all files, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    /// The files directly in a folder.
    pub(super) fn list(&self, folder: &str) -> Vec<String> {
        let prefix = format!("{folder}/");
        let inside = self.files.range(prefix.clone()..).map(|(name, _)| name);
        let inside = inside.take_while(|name| name.starts_with(&prefix));
        inside.filter(|name| !name[prefix.len()..].contains('/')).cloned().collect()
    }

    /// The 8 kHz copy of a file, or the file itself when it has none.
    pub(super) fn narrow(&self, name: &str) -> String {
        let copy = narrow_name(name);
        if self.has(&copy) { copy } else { name.to_owned() }
    }

    pub(super) fn open(&self, name: &str) -> io::Result<Box<dyn Read>> {
        match self.files.get(name) {
            Some(SoundFile::Within(bytes)) => Ok(Box::new(*bytes)),
            Some(SoundFile::At(path)) => Ok(Box::new(BufReader::new(File::open(path)?))),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Where a person finds it.
    pub(super) fn place(&self, name: &str) -> String {
        match self.files.get(name) {
            Some(SoundFile::At(path)) => path.display().to_string(),
            Some(SoundFile::Within(_)) | None => format!("the built-in {name}"),
        }
    }

    /// Gives the memory of the built-in files back to the kernel, which reads them again from the program's file should
    /// anybody want them: what is played from now on are their encoded forms.
    pub(super) fn release(&self) {
        for file in self.files.values() {
            if let SoundFile::Within(bytes) = file {
                release(bytes);
            }
        }
    }

    fn find(&mut self, folder: &Path, prefix: &str, depth: usize) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let Some(name) = path.file_name().and_then(|n| n.to_str()).map(|n| format!("{prefix}{n}")) else {
                continue;
            };
            // Through links: a folder of sounds may be put together from others.
            if path.is_dir() {
                if depth > 1 {
                    self.find(&path, &format!("{name}/"), depth - 1)?;
                }
            } else if name.ends_with(".wav") {
                self.files.insert(name, SoundFile::At(path));
            }
        }
        Ok(())
    }
}

fn narrow_name(name: &str) -> String {
    match name.rsplit_once('/') {
        Some((folder, file)) => format!("{folder}/{NARROW}{file}"),
        None => format!("{NARROW}{name}"),
    }
}

/// Whole pages inside the bytes.
fn release(bytes: &'static [u8]) {
    // SAFETY: a constant of the system is asked for.
    let page = match usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }) {
        Ok(page) if page.is_power_of_two() => page,
        _ => return,
    };
    let start = (bytes.as_ptr() as usize).next_multiple_of(page);
    let end = (bytes.as_ptr() as usize + bytes.len()) & !(page - 1);
    if end <= start {
        return;
    }
    let skipped = start - bytes.as_ptr() as usize;
    let inner = &bytes[skipped..skipped + (end - start)];
    // SAFETY: the pages lie wholly inside a constant of the program, which is mapped from its file, private and never
    // written: after MADV_DONTNEED the next read finds the same bytes there (man 2 madvise). A refusal changes nothing.
    let _kept = unsafe { libc::madvise(inner.as_ptr() as *mut libc::c_void, inner.len(), libc::MADV_DONTNEED) };
}

#[cfg(test)]
mod tests {
    use super::*;

    static LONG: [u8; 20_000] = [7; 20_000];

    #[test]
    fn what_lies_over_them_hides_playlists_and_narrow_copies() {
        let mut files = SoundFiles::within(&[
            ("en/queue/8k/minute.wav", b"narrow"),
            ("en/queue/minute.wav", b"wide"),
            ("en/queue/8k/minutes.wav", b"narrow"),
            ("music/default/01.wav", b"one"),
            ("music/default/8k/01.wav", b"one"),
            ("music/other/01.wav", b"one"),
        ]);
        files.overlay(SoundFiles::within(&[("en/queue/minute.wav", b"own"), ("music/default/own.wav", b"own")]));
        let names: Vec<&str> = files.names().collect();
        let expected =
            ["en/queue/8k/minutes.wav", "en/queue/minute.wav", "music/default/own.wav", "music/other/01.wav"];
        assert_eq!(names, expected);
        assert_eq!(files.narrow("en/queue/minute.wav"), "en/queue/minute.wav");
        assert_eq!(files.list("music/default"), ["music/default/own.wav"]);
    }

    #[test]
    fn bytes_whose_memory_was_given_back_are_still_there() {
        let files = SoundFiles::within(&[("x.wav", &LONG)]);
        files.release();
        let mut read = Vec::new();
        files.open("x.wav").unwrap().read_to_end(&mut read).unwrap();
        assert_eq!(read, LONG);
    }
}
