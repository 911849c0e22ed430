use crate::SoundNames;
use model::{Language, SoundId, SoundName};
use std::collections::BTreeSet;
use std::path::Path;

/// The sounds of a folder laid out as `<language>/<topic>/<name>.wav`, `music/<playlist>/…` and `tones/<name>.wav`.
///
/// A playlist is one sound. What is in no language is there for all of them.
pub fn list_sounds(folder: &Path) -> std::io::Result<SoundNames> {
    let mut found: BTreeSet<(u8, SoundName)> = BTreeSet::new();
    let mut everywhere: BTreeSet<SoundName> = BTreeSet::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|_| path.is_dir()) else { continue };
        match (name, Language::from_tag(name)) {
            (_, Some(language)) => {
                for topic in folders(&path)? {
                    let at = Language::ALL.iter().position(|l| *l == language).expect("all languages") as u8;
                    found.extend(waves(&path.join(&topic))?.into_iter().map(|wave| (at, sound(&topic, &wave))));
                }
            }
            ("music", None) => {
                for list in folders(&path)? {
                    // A playlist without a sound would be a queue without music.
                    if !waves(&path.join(&list))?.is_empty() {
                        everywhere.insert(sound("music", &list));
                    }
                }
            }
            ("tones", None) => everywhere.extend(waves(&path)?.iter().map(|wave| sound("tones", wave))),
            _ => {}
        }
    }
    Ok(number(found, everywhere))
}

fn number(found: BTreeSet<(u8, SoundName)>, everywhere: BTreeSet<SoundName>) -> SoundNames {
    let mut names = SoundNames::default();
    let mut ids = (0..).map(SoundId);
    for (language, name) in found {
        names.insert((Language::ALL[usize::from(language)], name), ids.next().expect("fewer than 2^32 sounds"));
    }
    for name in everywhere {
        let id = ids.next().expect("fewer than 2^32 sounds");
        for language in Language::ALL {
            names.insert((language, name.clone()), id);
        }
    }
    names
}

fn sound(topic: &str, name: &str) -> SoundName {
    SoundName(format!("{topic}/{name}").into())
}

fn folders(path: &Path) -> std::io::Result<Vec<String>> {
    listed(path, |path| path.is_dir().then(|| path.file_name()?.to_str().map(str::to_owned))?)
}

fn waves(path: &Path) -> std::io::Result<Vec<String>> {
    listed(path, |path| {
        let wave = path.is_file() && path.extension().is_some_and(|e| e == "wav");
        wave.then(|| path.file_stem()?.to_str().map(str::to_owned))?
    })
}

fn listed(path: &Path, name: impl Fn(&Path) -> Option<String>) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(path)? {
        names.extend(name(&entry?.path()));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_sounds_are_found_in_each_language() {
        let names = list_sounds(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../sounds"))).unwrap();
        let id = |language, name: &str| names.get(&(language, SoundName(name.into()))).copied();
        assert!(id(Language::English, "announcements/sorry").is_some());
        assert!(id(Language::Mandarin, "announcements/sorry").is_some());
        assert_ne!(id(Language::English, "announcements/sorry"), id(Language::Mandarin, "announcements/sorry"));
        assert_eq!(id(Language::English, "music/default"), id(Language::Mandarin, "music/default"));
        assert!(id(Language::English, "music/default").is_some());
        assert!(id(Language::English, "announcements/8k").is_none());
    }
}
