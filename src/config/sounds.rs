use crate::SoundNames;
use model::{Language, SoundId, SoundName};
use std::collections::BTreeSet;
use std::path::Path;

/// The sounds that lie at these places: `<language>/<topic>/<name>.wav`, `music/<playlist>/<name>.wav` and
/// `tones/<name>.wav`.
///
/// A playlist is one sound. What is in no language is there for all of them.
pub fn name_sounds<'a>(places: impl IntoIterator<Item = &'a str>) -> SoundNames {
    let mut found: BTreeSet<(u8, SoundName)> = BTreeSet::new();
    let mut everywhere: BTreeSet<SoundName> = BTreeSet::new();
    for place in places {
        let parts: Vec<&str> = place.strip_suffix(".wav").unwrap_or_default().split('/').collect();
        match parts[..] {
            ["music", list, _] => drop(everywhere.insert(sound("music", list))),
            ["tones", tone] => drop(everywhere.insert(sound("tones", tone))),
            [tag, topic, name] => {
                if let Some(language) = Language::from_tag(tag) {
                    let at = Language::ALL.iter().position(|l| *l == language).expect("all languages") as u8;
                    found.insert((at, sound(topic, name)));
                }
            }
            _ => {}
        }
    }
    number(found, everywhere)
}

/// [`name_sounds`] of everything below a folder.
pub fn list_sounds(folder: &Path) -> std::io::Result<SoundNames> {
    let mut places = Vec::new();
    let mut folders = vec![(folder.to_owned(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let Some(name) = path.file_name().and_then(|n| n.to_str()).map(|n| format!("{prefix}{n}")) else {
                continue;
            };
            if path.is_dir() {
                folders.push((path, format!("{name}/")));
            } else {
                places.push(name);
            }
        }
    }
    Ok(name_sounds(places.iter().map(String::as_str)))
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
