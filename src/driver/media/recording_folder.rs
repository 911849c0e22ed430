use super::wav_file::{create_private, make_folder};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A folder that takes recordings, as far as a look can tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RecordingFolder {
    /// Octets free for this user; `None` when the file system does not say.
    pub free: Option<u64>,
}

/// Why there can be no recordings; found before a call needs one.
#[derive(Debug, thiserror::Error)]
#[error("recording.folder {} {}: {error}; {}", folder.display(), self.what(), self.hint())]
pub struct RecordingFolderError {
    pub folder: PathBuf,
    pub error: io::Error,
    /// The folder itself could not be made.
    missing: bool,
}

/// The name cannot be a recording's: those begin with a letter or digit.
const TRIAL: &str = ".strowger-trial";

impl RecordingFolder {
    /// Makes the folder when it is not there, and writes and removes a file in it.
    pub fn check(folder: &Path) -> Result<Self, RecordingFolderError> {
        let refused = |missing| move |error| RecordingFolderError { folder: folder.to_owned(), error, missing };
        make_folder(folder).map_err(refused(true))?;
        let trial = folder.join(TRIAL);
        let written = create_private(&trial).and_then(|file| io::Write::write_all(&mut &file, b"may be removed"));
        // What could be written can be removed; when it cannot, the next trial takes its place.
        let _removed = std::fs::remove_file(&trial);
        written.map_err(refused(false))?;
        Ok(RecordingFolder { free: free_octets(folder) })
    }
}

impl RecordingFolderError {
    fn what(&self) -> &'static str {
        if self.missing { "cannot be made" } else { "cannot be written" }
    }

    fn hint(&self) -> &'static str {
        match self.error.kind() {
            io::ErrorKind::PermissionDenied => {
                "give it to the user who runs the server (chown), or name another folder"
            }
            io::ErrorKind::ReadOnlyFilesystem => "its file system is mounted read-only: name another folder",
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "make room on its disk, or name another folder"
            }
            io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
                "a part of the path is a file: name another folder"
            }
            _ => "name another folder, or record nothing (record = \"off\" in every queue)",
        }
    }
}

fn free_octets(folder: &Path) -> Option<u64> {
    let path = std::ffi::CString::new(folder.as_os_str().as_bytes()).ok()?;
    // SAFETY: statvfs holds numbers only, for which all zeros are a value.
    let mut facts: libc::statvfs = unsafe { std::mem::zeroed() };
    // SAFETY: the path ends with a zero and the structure outlives the call.
    let answer = unsafe { libc::statvfs(path.as_ptr(), &mut facts) };
    (answer == 0).then(|| facts.f_bavail.saturating_mul(facts.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("strowger-folder-{}-{name}", std::process::id()))
    }

    #[test]
    fn a_folder_that_can_be_made_is_made_and_left_empty() {
        let folder = scratch("good").join("recordings");
        let found = RecordingFolder::check(&folder).unwrap();
        assert!(found.free.is_some_and(|octets| octets > 0));
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
        std::fs::remove_dir_all(scratch("good")).unwrap();
    }

    #[test]
    fn a_path_through_a_file_is_refused_with_its_name_and_a_way_out() {
        let file = scratch("file");
        std::fs::write(&file, b"").unwrap();
        let folder = file.join("recordings");
        let said = RecordingFolder::check(&folder).unwrap_err().to_string();
        assert!(said.contains(&folder.display().to_string()) && said.contains("name another folder"), "{said}");
        std::fs::remove_file(file).unwrap();
    }
}
