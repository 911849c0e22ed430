//! `[store]`.

use crate::table::{Table, Wrong};
use core::fmt;
use std::path::{Path, PathBuf};

/// Where facts and records are kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StoreUrl {
    Sqlite(PathBuf),
}

/// A store URL that cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StoreUrlError {
    #[error("a store URL starts with its kind: write \"sqlite:data/strowger.db\"")]
    NoScheme,
    #[error("PostgreSQL needs a later version: write \"sqlite:data/strowger.db\"")]
    Postgres,
    #[error("this kind of store is not known: write \"sqlite:data/strowger.db\"")]
    UnknownScheme,
    #[error("the store URL names no file: write \"sqlite:data/strowger.db\"")]
    NoFile,
}

impl StoreUrl {
    /// A relative file starts at `folder`.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, StoreUrlError> {
        let (scheme, rest) = text.split_once(':').ok_or(StoreUrlError::NoScheme)?;
        match scheme {
            "sqlite" => {
                // sqlite:///var/lib/x.db as other programs write it, and sqlite:data/x.db.
                let file = rest.strip_prefix("//").unwrap_or(rest);
                if file.is_empty() || file.ends_with('/') {
                    return Err(StoreUrlError::NoFile);
                }
                Ok(StoreUrl::Sqlite(folder.join(file)))
            }
            "postgres" | "postgresql" => Err(StoreUrlError::Postgres),
            _ => Err(StoreUrlError::UnknownScheme),
        }
    }

    /// The folder its files lie in.
    pub fn folder(&self) -> &Path {
        let StoreUrl::Sqlite(file) = self;
        file.parent().unwrap_or(Path::new(""))
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let StoreUrl::Sqlite(file) = self;
        write!(f, "sqlite:{}", file.display())
    }
}

pub(crate) fn read(table: &Table<'_>) -> StoreUrl {
    let folder = table.reader.folder(table.span);
    let url = table.convert("url", |value| {
        StoreUrl::parse(value.text()?, folder).map_err(|error| {
            let said = error.to_string();
            let (what, help) = said.split_once(": ").unwrap_or((&said, ""));
            Wrong::new(what, help)
        })
    });
    url.value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_file_starts_at_its_folder() {
        let parse = |text| StoreUrl::parse(text, Path::new("/etc/strowger"));
        assert_eq!(parse("sqlite:a/b.db"), Ok(StoreUrl::Sqlite("/etc/strowger/a/b.db".into())));
        assert_eq!(parse("sqlite:/var/b.db"), Ok(StoreUrl::Sqlite("/var/b.db".into())));
        assert_eq!(parse("sqlite:///var/b.db"), Ok(StoreUrl::Sqlite("/var/b.db".into())));
        assert_eq!(parse("postgres://db"), Err(StoreUrlError::Postgres));
        assert_eq!(parse("mysql://db"), Err(StoreUrlError::UnknownScheme));
        assert_eq!(parse("a.db"), Err(StoreUrlError::NoScheme));
        assert_eq!(parse("sqlite:"), Err(StoreUrlError::NoFile));
    }
}
