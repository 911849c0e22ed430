use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("store.url `{0}` is not understood; expected sqlite:PATH, e.g. sqlite:data/strowger.db")]
    Url(String),
    #[error("store.url `{0}`: PostgreSQL needs the platform generation; use sqlite:PATH")]
    Later(String),
    #[error("cannot make the folder {folder} for the store: {source}")]
    Folder { folder: PathBuf, source: std::io::Error },
    #[error("cannot open the store {path}: {source}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("another server writes the store {path}; stop it or name another store")]
    InUse { path: PathBuf },
    #[error("the store {path} does not exist; start `strowger serve` once, or name another with --store")]
    Missing { path: PathBuf },
    #[error("the store was written by a newer version (schema {found}, this program knows {known}); upgrade strowger")]
    TooNew { found: i64, known: i64 },
    #[error(
        "the store {path} was written by a version before the first release (schema {found}, this program writes {known}); \
         move it away"
    )]
    TooOld { path: PathBuf, found: i64, known: i64 },
    #[error("the store cannot be used: {0}")]
    Sql(#[from] rusqlite::Error),
    #[error("the journal thread cannot be started: {0}")]
    Thread(std::io::Error),
}
