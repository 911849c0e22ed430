//! `[recording]`.

use crate::table::{Table, Wrong};
use std::path::PathBuf;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordingSettings {
    pub folder: PathBuf,
}

pub(crate) fn read(table: &Table<'_>) -> RecordingSettings {
    let base = table.reader.folder(table.span);
    let folder = table.convert("folder", |value| match value.text()? {
        "" => Err(Wrong::new("recordings need a folder", "write \"data/recordings\"")),
        text => Ok(base.join(text)),
    });
    RecordingSettings { folder: folder.value }
}
