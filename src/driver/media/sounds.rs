use super::sound_files::SoundFiles;
use audio::{Encoder, SampleRate, Wav, WavError};
use media::{Sound, SoundLibrary};
use model::{Codec, Language, SoundId, SoundName};
use std::collections::{BTreeMap, HashMap};
use std::io;

/// Sounds made ready to be sent.
///
/// `<language>/<name>.wav` for speech, `<name>.wav` for what is the same in every language, and a folder `<name>/` is a
/// playlist: its files one after another. An 8 kHz copy in a folder `8k` beside a file saves converting it.
///
/// G.711 is made at once, so that a start is quick. G.722 takes some twenty times as long and is made by
/// [`LoadedSounds::widen`] afterwards; until then it is encoded while it plays.
#[derive(Clone, Debug)]
pub struct LoadedSounds {
    pub library: SoundLibrary,
    files: SoundFiles,
    parts: Vec<(SoundId, Vec<String>)>,
}

/// Why sounds cannot be used; every one that is wrong is named.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct SoundErrors(pub Vec<SoundError>);

#[derive(Debug, thiserror::Error)]
pub enum SoundError {
    #[error("{place}: {error}")]
    Unreadable { place: Box<str>, error: io::Error },
    #[error("{place}: {error}")]
    NotWav { place: Box<str>, error: WavError },
    #[error("there is no sound {name}: neither {name}.wav nor a folder {name} with WAV files")]
    Missing { name: Box<str> },
}

impl LoadedSounds {
    /// Reads every sound that has a name.
    pub fn read(files: SoundFiles, names: &HashMap<(Language, SoundName), SoundId>) -> Result<Self, SoundErrors> {
        let mut wanted: BTreeMap<SoundId, (Language, &SoundName)> = BTreeMap::new();
        for ((language, name), id) in names {
            // A sound without a language has the same id in all of them; which of them names it makes no difference.
            wanted.insert(*id, (*language, name));
        }
        let mut loaded = LoadedSounds { library: SoundLibrary::new(), files, parts: Vec::new() };
        let mut errors = Vec::new();
        for (id, (language, name)) in wanted {
            let parts = parts_of(&loaded.files, language, name);
            match parts.and_then(|parts| Ok((narrow_sound(&loaded.files, &parts)?, parts))) {
                Ok((sound, parts)) => {
                    loaded.library.insert(id, sound);
                    loaded.parts.push((id, parts));
                }
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(loaded) } else { Err(SoundErrors(errors)) }
    }

    /// The same library with the G.722 form of every sound. Takes seconds of CPU: not for a thread that has calls.
    pub fn widen(&self) -> Result<SoundLibrary, SoundErrors> {
        let mut library = self.library.clone();
        let mut errors = Vec::new();
        for (id, parts) in &self.parts {
            let Some(sound) = library.sound(*id).cloned() else { continue };
            match pcm(&self.files, parts, SampleRate::Hz16000) {
                Ok(pcm) => library.insert(*id, sound.with(Codec::G722, encode(audio::Codec::G722, pcm))),
                Err(error) => errors.push(error),
            }
        }
        self.files.release();
        if errors.is_empty() { Ok(library) } else { Err(SoundErrors(errors)) }
    }
}

fn parts_of(files: &SoundFiles, language: Language, name: &SoundName) -> Result<Vec<String>, SoundError> {
    let in_language = format!("{}/{}", language.tag(), name.0);
    let places = [&*in_language, &*name.0];
    for place in places {
        let file = format!("{place}.wav");
        if files.has(&file) {
            return Ok(vec![file]);
        }
    }
    let lists = places.map(|place| files.list(place));
    let list = lists.into_iter().find(|list| !list.is_empty());
    list.ok_or_else(|| SoundError::Missing { name: name.0.clone() })
}

fn narrow_sound(files: &SoundFiles, parts: &[String]) -> Result<Sound, SoundError> {
    let pcm = pcm(files, parts, SampleRate::Hz8000)?;
    let pcma = encode(audio::Codec::Pcma, pcm.clone());
    Ok(Sound::new(encode(audio::Codec::Pcmu, pcm)).with(Codec::Pcma, pcma))
}

/// The samples of all files in turn, at one rate.
fn pcm(files: &SoundFiles, parts: &[String], rate: SampleRate) -> Result<Vec<i16>, SoundError> {
    let mut all = Vec::new();
    for part in parts {
        let file = if rate == SampleRate::Hz8000 { files.narrow(part) } else { part.clone() };
        let place = || files.place(&file).into();
        let opened = files.open(&file).map_err(|error| SoundError::Unreadable { place: place(), error })?;
        let wav = Wav::read(opened).map_err(|error| SoundError::NotWav { place: place(), error })?;
        all.extend(if wav.rate == rate.hz() { wav.mono() } else { wav.mono_at(rate.hz()) });
    }
    Ok(all)
}

/// Whole frames, so that a sound ends in silence and not in the middle of a packet.
fn encode(codec: audio::Codec, mut pcm: Vec<i16>) -> Vec<u8> {
    pcm.resize(pcm.len().next_multiple_of(codec.sample_rate().frame()), 0);
    let mut octets = vec![0; pcm.len() / codec.samples_per_octet()];
    Encoder::new(codec).encode(&pcm, &mut octets);
    octets
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, File};
    use std::path::Path;
    use std::time::Duration;

    fn bundled() -> SoundFiles {
        SoundFiles::folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sounds")).unwrap()
    }

    fn names(list: &[(Language, &str)]) -> HashMap<(Language, SoundName), SoundId> {
        list.iter().zip(0..).map(|((l, name), id)| ((*l, SoundName((*name).into())), SoundId(id))).collect()
    }

    #[test]
    fn speech_and_playlists_are_read_in_their_languages() {
        let names = names(&[
            (Language::English, "announcements/sorry"),
            (Language::Mandarin, "announcements/sorry"),
            (Language::English, "tones/beep"),
            (Language::English, "music/default"),
        ]);
        let loaded = LoadedSounds::read(bundled(), &names).unwrap();
        let duration = |id| loaded.library.sound(SoundId(id)).unwrap().duration();
        assert!((0..3).all(|id| (Duration::from_millis(50)..Duration::from_secs(20)).contains(&duration(id))));
        assert_ne!(duration(0), duration(1));
        let tracks = bundled().list("music/default").len();
        assert!(tracks > 1 && duration(3) > Duration::from_secs(60), "{tracks} tracks one after another");
    }

    #[test]
    fn everything_that_is_wrong_is_named() {
        let folder = std::env::temp_dir().join(format!("strowger-sounds-{}", std::process::id()));
        fs::create_dir_all(folder.join("music/empty")).unwrap();
        fs::create_dir_all(folder.join("en/x")).unwrap();
        fs::write(folder.join("en/x/broken.wav"), b"RIFFnothing").unwrap();
        let names = names(&[
            (Language::English, "music/empty"),
            (Language::English, "x/broken"),
            (Language::Mandarin, "x/none"),
        ]);
        let SoundErrors(errors) = LoadedSounds::read(SoundFiles::folder(&folder).unwrap(), &names).unwrap_err();
        assert!(matches!(errors[0], SoundError::Missing { .. }), "{errors:?}");
        assert!(matches!(errors[1], SoundError::NotWav { .. }), "{errors:?}");
        assert!(matches!(errors[2], SoundError::Missing { .. }), "{errors:?}");
        assert_eq!(SoundErrors(errors).to_string().lines().count(), 3);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_stereo_file_at_another_rate_becomes_every_form() {
        let folder = std::env::temp_dir().join(format!("strowger-stereo-{}", std::process::id()));
        fs::create_dir_all(folder.join("en/x")).unwrap();
        let samples: Vec<i16> = (0..2 * 44_100 / 2).map(|n| if n % 40 < 20 { 8000 } else { -8000 }).collect();
        audio::write_wav(File::create(folder.join("en/x/half.wav")).unwrap(), 44_100, 2, &samples).unwrap();
        let loaded =
            LoadedSounds::read(SoundFiles::folder(&folder).unwrap(), &names(&[(Language::English, "x/half")])).unwrap();
        let sound = loaded.library.sound(SoundId(0)).unwrap();
        assert_eq!(sound.duration(), Duration::from_millis(500));
        let wide = loaded.widen().unwrap();
        assert!(wide.sound(SoundId(0)).unwrap().has(Codec::G722) && !sound.has(Codec::G722));
        fs::remove_dir_all(folder).unwrap();
    }
}
