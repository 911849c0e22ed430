/// A language a person hears.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Language {
    #[default]
    English,
    Mandarin,
}

impl Language {
    pub const ALL: [Language; 2] = [Language::English, Language::Mandarin];

    /// The folder under `sounds/` and the word in the configuration.
    pub const fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Mandarin => "zh",
        }
    }

    pub fn from_tag(tag: &str) -> Option<Self> {
        match tag {
            "en" => Some(Language::English),
            "zh" => Some(Language::Mandarin),
            _ => None,
        }
    }
}

/// A sound as configuration names it: `topic/name`, without language and extension (`announcements/sorry`,
/// `music/default`). [`crate::Directory::sound`] finds its id for a language.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SoundName(pub Box<str>);
