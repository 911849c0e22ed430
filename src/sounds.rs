//! The sounds of the binary, and a folder of one's own laid over them.

use config::SoundNames;
use driver::media::SoundFiles;
use std::path::{Path, PathBuf};

/// Made by the build script: place and contents of every file below `sounds/`.
static BUILT_IN: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/sounds.rs"));

/// Names a folder whose sounds replace or add to the built-in ones; it counts more than `media.sounds`.
const VARIABLE: &str = "STROWGER_SOUNDS";

/// What can be played, and by which names.
pub(crate) struct Sounds {
    pub(crate) files: SoundFiles,
    pub(crate) names: SoundNames,
}

impl Sounds {
    /// `folder`: what `media.sounds` names.
    pub(crate) fn find(folder: Option<&Path>) -> Result<Self, String> {
        let mut files = SoundFiles::within(BUILT_IN);
        let given = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
        let (folder, said_by) = match (&given, folder) {
            (Some(folder), _) => (Some(&**folder), VARIABLE),
            (None, folder) => (folder, "media.sounds"),
        };
        if let Some(folder) = folder {
            let own = SoundFiles::folder(folder).map_err(|error| {
                format!("{said_by} names the folder {}, which cannot be read: {error}", folder.display())
            })?;
            if own.is_empty() {
                return Err(format!(
                    "{said_by} names the folder {}, in which there is no WAV file; files lie in en/<topic>/, zh/<topic>/, music/<playlist>/ and tones/",
                    folder.display()
                ));
            }
            files.overlay(own);
        }
        let names = config::name_sounds(files.names());
        Ok(Sounds { files, names })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use driver::media::LoadedSounds;
    use model::{Language, SoundName};

    #[test]
    fn the_binary_alone_has_every_sound_that_is_named() {
        let Sounds { files, names } = Sounds::find(None).unwrap();
        for name in ["music/default", "tones/ringback", "announcements/sorry", "queue/minute", "digits/7"] {
            assert!(names.contains_key(&(Language::English, SoundName(name.into()))), "{name}");
        }
        let loaded = LoadedSounds::read(files, &names).unwrap();
        assert!(names.values().all(|id| loaded.library.sound(*id).is_some()));
    }
}
