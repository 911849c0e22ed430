use crate::error::StoreError;
use crate::limits::BUSY_TIME;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

const SCHEMA: i64 = 1;

const TABLES: &str = "
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
-- One row a contact, cradle to grave. Times are microseconds since 1970 UTC, lengths microseconds.
CREATE TABLE contact (
    id INTEGER PRIMARY KEY, started INTEGER NOT NULL, ended INTEGER NOT NULL, lasted INTEGER NOT NULL,
    source TEXT, caller TEXT NOT NULL, dialled TEXT NOT NULL, call_id TEXT NOT NULL,
    outcome TEXT NOT NULL, cause TEXT NOT NULL, sip INTEGER, attached TEXT NOT NULL,
    legs TEXT NOT NULL, recordings TEXT NOT NULL, steps TEXT NOT NULL, truncated INTEGER NOT NULL);
CREATE INDEX contact_started ON contact (started);
CREATE TABLE visit (
    contact INTEGER NOT NULL, queue TEXT NOT NULL, entered INTEGER NOT NULL, left INTEGER NOT NULL,
    waited INTEGER NOT NULL, outcome TEXT NOT NULL, why TEXT, agent TEXT,
    talked INTEGER NOT NULL, held INTEGER NOT NULL, wrapped INTEGER NOT NULL);
CREATE INDEX visit_entered ON visit (entered);
CREATE TABLE agent_span (
    agent TEXT NOT NULL, state TEXT NOT NULL, reason TEXT, contact INTEGER,
    began INTEGER NOT NULL, lasted INTEGER NOT NULL);
CREATE INDEX agent_span_began ON agent_span (began);
-- Facts in order, one row a batch: lines of JSON, each with its own sequence number.
CREATE TABLE event (
    boot INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (boot, first)) WITHOUT ROWID;
-- The service level as it was configured, so that a report needs no configuration and says what it counted by.
CREATE TABLE queue_setting (
    queue TEXT PRIMARY KEY, target INTEGER NOT NULL, percent INTEGER NOT NULL, treatment TEXT NOT NULL,
    short_abandon INTEGER NOT NULL) WITHOUT ROWID;
";

/// An open store; hand it to [`crate::Journal::start`].
#[derive(Debug)]
pub struct Store {
    pub(crate) connection: Connection,
    boot: u32,
}

impl Store {
    /// Opens or makes the store and takes the next boot number.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        let connection = match path_of(url)? {
            Some(path) => {
                let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
                // Records are about people: nobody but the house's own user reads them.
                std::fs::DirBuilder::new()
                    .recursive(true)
                    .mode(0o700)
                    .create(folder)
                    .map_err(|source| StoreError::Folder { folder: folder.to_owned(), source })?;
                Connection::open(path)?
            }
            None => Connection::open_in_memory()?,
        };
        connection.busy_timeout(BUSY_TIME)?;
        // WAL with synchronous=NORMAL: a crash of the process loses nothing, a power cut at most the last batches.
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        migrate(&connection)?;
        let boot = next_boot(&connection)?;
        Ok(Store { connection, boot })
    }

    /// Counts the starts of this store; part of every contact id and cursor.
    pub fn boot(&self) -> u32 {
        self.boot
    }
}

/// The store as a reader sees it: never made, never written.
pub(crate) fn open_read_only(url: &str) -> Result<Connection, StoreError> {
    let Some(path) = path_of(url)? else { return Err(StoreError::Url(url.to_owned())) };
    if !path.exists() {
        return Err(StoreError::Missing { path });
    }
    let connection = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.busy_timeout(BUSY_TIME)?;
    match version(&connection)? {
        Some(found) if found > SCHEMA => Err(StoreError::TooNew { found, known: SCHEMA }),
        Some(_) => Ok(connection),
        None => Err(StoreError::Missing { path }),
    }
}

/// `None`: in memory.
fn path_of(url: &str) -> Result<Option<PathBuf>, StoreError> {
    if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        return Err(StoreError::Later(url.to_owned()));
    }
    match url.strip_prefix("sqlite:") {
        Some(":memory:") => Ok(None),
        Some(path) if !path.is_empty() => Ok(Some(PathBuf::from(path))),
        Some(_) | None => Err(StoreError::Url(url.to_owned())),
    }
}

fn migrate(connection: &Connection) -> Result<(), StoreError> {
    match version(connection)? {
        Some(SCHEMA) => Ok(()),
        Some(found) => Err(StoreError::TooNew { found, known: SCHEMA }),
        None => {
            let insert = format!("BEGIN; {TABLES} INSERT INTO meta VALUES ('schema', {SCHEMA}), ('boot', 0); COMMIT;");
            Ok(connection.execute_batch(&insert)?)
        }
    }
}

fn version(connection: &Connection) -> Result<Option<i64>, StoreError> {
    let known: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_master WHERE name = 'meta'", [], |row| row.get(0))?;
    if known == 0 {
        return Ok(None);
    }
    Ok(connection.query_row("SELECT value FROM meta WHERE key = 'schema'", [], |row| row.get(0)).optional()?)
}

fn next_boot(connection: &Connection) -> Result<u32, StoreError> {
    let boot: i64 = connection.query_row(
        "UPDATE meta SET value = value + 1 WHERE key = 'boot' RETURNING value",
        params![],
        |row| row.get(0),
    )?;
    Ok(u32::try_from(boot).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_start_takes_a_new_boot_number() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}/deep/store.db", folder.path().display());
        assert_eq!(Store::open(&url).unwrap().boot(), 1);
        assert_eq!(Store::open(&url).unwrap().boot(), 2);
    }

    #[test]
    fn a_url_that_is_not_ours_is_refused_by_name() {
        assert!(matches!(Store::open("mysql:x"), Err(StoreError::Url(_))));
        assert!(matches!(Store::open("postgres://x"), Err(StoreError::Later(_))));
        assert!(matches!(open_read_only("sqlite:/nowhere/at/all.db"), Err(StoreError::Missing { .. })));
    }
}
