use crate::error::StoreError;
use crate::limits::{BUSY_TIME, CACHE_KIBIBYTES, CHECKPOINT_PAGES};
use crate::recover;
use crate::spool::SpoolFile;
use crate::transaction::write_turns;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior};
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const SCHEMA: i64 = 3;

/// Tables that grow with the calls are ordered by time and have no second index where none is needed: each costs every
/// call some microseconds.
const TABLES: &str = "
-- schema; boot: counts the starts; alive: when the server last wrote, microseconds since 1970 UTC.
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
-- One row a contact, cradle to grave. Times are microseconds since 1970 UTC, lengths microseconds.
CREATE TABLE contact (
    id INTEGER PRIMARY KEY, started INTEGER NOT NULL, ended INTEGER NOT NULL, lasted INTEGER NOT NULL,
    source TEXT, caller TEXT NOT NULL, dialled TEXT NOT NULL, call_id TEXT NOT NULL,
    outcome TEXT NOT NULL, cause TEXT NOT NULL, sip INTEGER, attached TEXT NOT NULL,
    legs TEXT NOT NULL, recordings TEXT NOT NULL, steps TEXT NOT NULL, truncated INTEGER NOT NULL);
CREATE INDEX contact_started ON contact (started, outcome);
-- Contacts without a row above: they live, or the server was killed; then the next start closes them. The last four
-- are the stay in a queue that was entered last; it is over when `visit` has it.
CREATE TABLE open_contact (
    id INTEGER PRIMARY KEY, started INTEGER NOT NULL, source TEXT, caller TEXT NOT NULL, dialled TEXT NOT NULL,
    call_id TEXT NOT NULL, attached TEXT NOT NULL, queue TEXT, nth INTEGER, entered INTEGER);
-- One row a stay in a queue. talked, held, wrapped of answered ones: null until the agent is through with it. rang_out:
-- how far into the wait a phone first was not answered. outcome: answered, abandoned, flowed-out; callback-… where the
-- customer was called back, who counts as no caller again: waited is then since the promise.
CREATE TABLE visit (
    entered INTEGER NOT NULL, contact INTEGER NOT NULL, nth INTEGER NOT NULL, queue TEXT NOT NULL,
    left_at INTEGER NOT NULL, waited INTEGER NOT NULL, outcome TEXT NOT NULL, why TEXT, agent TEXT,
    talked INTEGER, held INTEGER, wrapped INTEGER, rang_out INTEGER,
    PRIMARY KEY (entered, contact, nth)) WITHOUT ROWID;
-- One row an agent's part in a conversation, from a queue or not; hold is not part of talked.
CREATE TABLE talk (
    began INTEGER NOT NULL, contact INTEGER NOT NULL, agent TEXT NOT NULL, queue TEXT,
    talked INTEGER NOT NULL, held INTEGER NOT NULL,
    PRIMARY KEY (began, contact, agent)) WITHOUT ROWID;
-- One row a stretch of time of an agent in one state; cut at midnight.
CREATE TABLE agent_span (
    began INTEGER NOT NULL, agent TEXT NOT NULL, state TEXT NOT NULL, reason TEXT, contact INTEGER,
    lasted INTEGER NOT NULL,
    PRIMARY KEY (began, agent)) WITHOUT ROWID;
-- Where every agent was at the time of `alive`.
CREATE TABLE open_span (
    agent TEXT PRIMARY KEY, state TEXT NOT NULL, reason TEXT, contact INTEGER, began INTEGER NOT NULL) WITHOUT ROWID;
-- Facts in order, one row a batch: lines of JSON, each with its own sequence number. id = boot << 40 | first.
CREATE TABLE event (
    id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    at INTEGER NOT NULL, body TEXT NOT NULL);
-- The service level as it was configured, so that a report needs no configuration and says what it counted by.
CREATE TABLE queue_setting (
    queue TEXT PRIMARY KEY, target INTEGER NOT NULL, percent INTEGER NOT NULL, treatment TEXT NOT NULL,
    short_abandon INTEGER NOT NULL, removed INTEGER NOT NULL) WITHOUT ROWID;
-- One row a promise to call back, by the contact it was given in; contact is the one that waits for it now. at: when
-- step became true.
CREATE TABLE callback (
    first INTEGER PRIMARY KEY, contact INTEGER NOT NULL, queue TEXT NOT NULL, arranged INTEGER NOT NULL,
    entered INTEGER NOT NULL, number TEXT NOT NULL, name TEXT NOT NULL, dialled TEXT NOT NULL,
    language TEXT NOT NULL, priority INTEGER NOT NULL, attached TEXT NOT NULL, attempts INTEGER NOT NULL,
    step TEXT NOT NULL, at INTEGER NOT NULL);
CREATE INDEX callback_arranged ON callback (arranged);
-- Queues a person has closed or opened by hand.
CREATE TABLE shut_queue (queue TEXT PRIMARY KEY, shut INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
";

/// An open store; hand it to [`crate::Journal::start`].
#[derive(Debug)]
pub struct Store {
    pub(crate) connection: Connection,
    boot: u32,
    /// Held while the store is written; the kernel lets it go with the process, however that ends.
    pub(crate) lock: Option<File>,
    pub(crate) spool: Option<SpoolFile>,
}

impl Store {
    /// Opens or makes the store, takes the next boot number, writes what a killed server had not written yet and closes
    /// what it left open.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        let (mut connection, lock, spool) = match path_of(url)? {
            Some(path) => {
                make_folder(&path)?;
                let lock = lock(&path)?;
                make_private(&path)?;
                let spool = beside(&path, "spool");
                let opened = SpoolFile::open(&spool).map_err(|source| StoreError::File { path: spool, source })?;
                (Connection::open(path)?, Some(lock), Some(opened))
            }
            None => (Connection::open_in_memory()?, None, None),
        };
        connection.busy_timeout(BUSY_TIME)?;
        // WAL with synchronous=NORMAL: a crash of the process loses nothing, a power cut at most the last batches.
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "cache_size", -CACHE_KIBIBYTES)?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        connection.set_prepared_statement_cache_capacity(32);
        let (mut spool, left) = spool.unzip();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        make_tables(&transaction, url)?;
        let boot = next_boot(&transaction)?;
        write_turns(&transaction, left.iter().flatten())?;
        recover::close_leftovers(&transaction)?;
        transaction.commit()?;
        spool.iter_mut().for_each(SpoolFile::clear);
        Ok(Store { connection, boot, lock, spool })
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
    known(version(&connection)?, url)?;
    Ok(connection)
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

/// Records are about people: nobody but the house's own user reads them.
fn make_folder(path: &Path) -> Result<(), StoreError> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|source| StoreError::Folder { folder: folder.to_owned(), source })
}

/// SQLite gives the files beside it (-wal, -shm) the mode this one has.
fn make_private(path: &Path) -> Result<(), StoreError> {
    let made = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    made.map(drop).map_err(|source| StoreError::File { path: path.to_owned(), source })
}

fn beside(path: &Path, what: &str) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".");
    beside.push(what);
    PathBuf::from(beside)
}

/// Two servers on one store would close each other's calls.
fn lock(path: &Path) -> Result<File, StoreError> {
    let lock = beside(path, "lock");
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&lock);
    let file = file.map_err(|source| StoreError::File { path: lock.clone(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(StoreError::File { path: lock, source }),
    }
}

fn make_tables(transaction: &Transaction<'_>, url: &str) -> Result<(), StoreError> {
    match version(transaction)? {
        None => {
            transaction.execute_batch(TABLES)?;
            let first = format!("INSERT INTO meta VALUES ('schema', {SCHEMA}), ('boot', 0), ('alive', 0)");
            Ok(transaction.execute_batch(&first)?)
        }
        found => known(found, url),
    }
}

fn known(found: Option<i64>, url: &str) -> Result<(), StoreError> {
    let path = path_of(url)?.unwrap_or_default();
    match found {
        None => Err(StoreError::Missing { path }),
        Some(found) if found > SCHEMA => Err(StoreError::TooNew { found, known: SCHEMA }),
        Some(found) if found < SCHEMA => Err(StoreError::TooOld { path, found, known: SCHEMA }),
        Some(_) => Ok(()),
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

fn next_boot(transaction: &Transaction<'_>) -> Result<u32, StoreError> {
    let next = "UPDATE meta SET value = value + 1 WHERE key = 'boot' RETURNING value";
    let boot: i64 = transaction.query_row(next, [], |row| row.get(0))?;
    Ok(u32::try_from(boot).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

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

    #[test]
    fn nobody_else_can_read_the_records() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}/data/store.db", folder.path().display());
        let store = Store::open(&url).unwrap();
        store.connection.execute("UPDATE meta SET value = 1 WHERE key = 'alive'", []).unwrap();
        assert_eq!(mode(&folder.path().join("data")), 0o700);
        for file in ["store.db", "store.db-wal", "store.db-shm", "store.db.lock", "store.db.spool"] {
            assert_eq!(mode(&folder.path().join("data").join(file)), 0o600, "{file}");
        }
    }

    #[test]
    fn two_servers_cannot_write_one_store() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}/store.db", folder.path().display());
        let first = Store::open(&url).unwrap();
        assert!(matches!(Store::open(&url), Err(StoreError::InUse { .. })));
        drop(first);
        assert_eq!(Store::open(&url).unwrap().boot(), 2);
    }

    #[test]
    fn a_store_of_a_newer_version_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}/store.db", folder.path().display());
        let store = Store::open(&url).unwrap();
        store.connection.execute("UPDATE meta SET value = 99 WHERE key = 'schema'", []).unwrap();
        drop(store);
        assert!(matches!(Store::open(&url), Err(StoreError::TooNew { found: 99, .. })));
        assert!(matches!(open_read_only(&url), Err(StoreError::TooNew { found: 99, .. })));
        let connection = Connection::open(folder.path().join("store.db")).unwrap();
        connection.execute("UPDATE meta SET value = 1 WHERE key = 'schema'", []).unwrap();
        assert!(matches!(Store::open(&url), Err(StoreError::TooOld { found: 1, .. })));
    }

    #[test]
    fn a_file_that_is_no_database_is_refused_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        std::fs::write(&path, "not a database, and longer than any header could be: ".repeat(20)).unwrap();
        assert!(matches!(Store::open(&format!("sqlite:{}", path.display())), Err(StoreError::Sql(_))));
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("not a database"));
    }
}
