use crate::defaults::DEFAULTS;
use crate::store::{StoreUrl, StoreUrlError};
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};

/// What a command needs that only asks a running server or reads its store: found also in a file that cannot be served,
/// so that a mistake in it does not lock anybody out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Glimpse {
    pub store: StoreUrl,
    pub time_zone: Box<str>,
    /// A folder of sounds to be laid over the built-in ones.
    pub sounds: Option<PathBuf>,
}

impl Glimpse {
    /// `None`: the configuration of a process that was given none.
    pub fn of(path: Option<&Path>) -> std::io::Result<Self> {
        let (text, folder) = match path {
            Some(path) => (read(path)?, path.parent().unwrap_or(Path::new(""))),
            None => (crate::embedded_text().to_owned(), Path::new("")),
        };
        Glimpse::read(&text, folder).map_err(std::io::Error::other)
    }

    fn read(text: &str, folder: &Path) -> Result<Self, StoreUrlError> {
        let given = table(text);
        let defaults = &*DEFAULTS;
        let value = |section, key| find(&given, section, key).or_else(|| find(defaults, section, key));
        let store = value("store", "url").unwrap_or_default();
        let time_zone = value("site", "time_zone").unwrap_or_else(|| "UTC".into()).into();
        let sounds = value("media", "sounds").filter(|text| !text.is_empty()).map(|text| folder.join(text));
        Ok(Glimpse { store: StoreUrl::parse(&store, folder)?, time_zone, sounds })
    }
}

/// With the words `check` has for a file that cannot be read.
fn read(path: &Path) -> std::io::Result<String> {
    std::fs::read_to_string(path).map_err(|error| std::io::Error::new(error.kind(), crate::source::spoken(&error)))
}

/// As much of the text as is TOML.
fn table(text: &str) -> DeTable<'_> {
    DeTable::parse_recoverable(text).0.into_inner()
}

fn find(tree: &DeTable<'_>, section: &str, key: &str) -> Option<String> {
    let (_, value) = tree.iter().find(|(name, _)| &**name.get_ref() == section)?;
    let DeValue::Table(table) = value.get_ref() else { return None };
    let (_, value) = table.iter().find(|(name, _)| &**name.get_ref() == key)?;
    value.get_ref().as_str().map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_served_still_says_where_its_store_is() {
        let text = "[site]\ntime_zone = \"Asia/Shanghai\"\n[media]\nsounds = \"own\"\n[store]\nurl = \"sqlite:calls.db\"\n[[queue]]\nname = 7\njunk\n";
        let glimpse = Glimpse::read(text, Path::new("/etc/strowger")).unwrap();
        assert_eq!(glimpse.store.to_string(), "sqlite:/etc/strowger/calls.db");
        assert_eq!(&*glimpse.time_zone, "Asia/Shanghai");
        assert_eq!(glimpse.sounds.as_deref(), Some(Path::new("/etc/strowger/own")));
    }

    #[test]
    fn what_is_not_said_is_the_default() {
        let glimpse = Glimpse::read("", Path::new("")).unwrap();
        assert_eq!((&*glimpse.store.to_string(), &*glimpse.time_zone), ("sqlite:data/strowger.db", "UTC"));
        assert_eq!(glimpse.sounds, None);
    }
}
