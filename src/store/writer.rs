//! When the store is written, and what happens when it cannot be.

use crate::encode::Rows;
use crate::journal::Published;
use crate::limits::{QUIET_TIME, RETRY_TIME, STORE_TIME};
use crate::rows::micros;
use crate::schema::Store;
use crate::spool::{Spool, Turn};
use crate::transaction::write_turns;
use base::{Instant, Now};
use model::Directory;
use rusqlite::{Connection, params};
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::Ordering;

pub(crate) struct Writer {
    connection: Connection,
    /// Nobody else writes this store as long as it lives.
    _lock: Option<File>,
    pub(crate) boot: u32,
    spool: Spool,
    /// The newest word on where the agents are; an older one that was not written is of no use.
    open_spans: Option<Rows>,
    alive: Option<i64>,
    /// Since when something waits, and when something came last.
    waiting: Option<(Instant, Instant)>,
    retry_at: Option<Instant>,
    published: Arc<Published>,
}

impl Writer {
    pub(crate) fn new(store: Store, published: Arc<Published>) -> Self {
        Writer {
            boot: store.boot(),
            connection: store.connection,
            _lock: store.lock,
            spool: Spool::new(store.spool),
            open_spans: None,
            alive: None,
            waiting: None,
            retry_at: None,
            published,
        }
    }

    pub(crate) fn keep(&mut self, now: Instant, turn: Turn) {
        if turn.is_empty() {
            return;
        }
        let lost = self.spool.keep(turn);
        if lost.rows + lost.events > 0 {
            self.published.rows_lost.fetch_add(lost.rows, Ordering::Relaxed);
            self.published.events_lost.fetch_add(lost.events, Ordering::Relaxed);
        }
        self.something_came(now);
    }

    /// The server lives; `open_spans` when agents have changed since it was last said.
    pub(crate) fn keep_alive(&mut self, now: Now, open_spans: Option<Rows>) {
        self.alive = Some(now.utc.as_micros());
        self.open_spans = open_spans.or(self.open_spans.take());
        self.something_came(now.mono);
    }

    fn something_came(&mut self, now: Instant) {
        let (since, _) = self.waiting.unwrap_or((now, now));
        self.waiting = Some((since, now));
        self.published.rows_waiting.store(self.spool.rows_waiting() as u64, Ordering::Relaxed);
    }

    /// When [`Self::write`] is due; `None` when there is nothing to write.
    pub(crate) fn due(&self) -> Option<Instant> {
        let (since, last) = self.waiting?;
        Some(self.retry_at.unwrap_or((since + STORE_TIME).min(last + QUIET_TIME)))
    }

    /// True: nothing is left.
    pub(crate) fn write(&mut self, now: Now) -> bool {
        if self.waiting.is_none() {
            return true;
        }
        let begun = std::time::Instant::now();
        let written = self.write_transaction();
        let took = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.published.write_micros.fetch_add(took, Ordering::Relaxed);
        match written {
            Ok(()) => {
                self.spool.clear();
                (self.open_spans, self.alive) = (None, None);
                (self.retry_at, self.waiting) = (None, None);
                self.published.rows_waiting.store(0, Ordering::Relaxed);
                self.published.writes.fetch_add(1, Ordering::Relaxed);
                if !self.published.healthy.swap(true, Ordering::Relaxed) {
                    tracing::info!("the store takes writes again");
                }
                true
            }
            Err(error) => {
                self.retry_at = Some(now.mono + RETRY_TIME);
                self.published.write_errors.fetch_add(1, Ordering::Relaxed);
                if self.published.healthy.swap(false, Ordering::Relaxed) {
                    let rows = self.spool.rows_waiting();
                    tracing::error!(%error, rows, "the store cannot be written; keeping records until it can");
                }
                false
            }
        }
    }

    /// At a stop that could not write: what is left behind, in numbers.
    pub(crate) fn give_up(&self) {
        let rows = self.spool.rows_waiting();
        tracing::error!(rows, "the store took no writes until the end; the next start writes what lies beside it");
    }

    pub(crate) fn write_queue_settings(&mut self, names: &Directory) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        // What is gone keeps its row: reports of earlier days count by it.
        transaction.execute("UPDATE queue_setting SET removed = 1", [])?;
        let set = "INSERT OR REPLACE INTO queue_setting VALUES (?1, ?2, ?3, ?4, ?5, 0)";
        for queue in names.queues.iter().filter(|queue| !queue.removed) {
            let level = queue.service_level;
            let (target, short) = (micros(level.target), micros(level.short_abandon));
            let values = params![queue.name, target, level.percent, level.treatment.word(), short];
            transaction.prepare_cached(set)?.execute(values)?;
        }
        transaction.commit()
    }

    fn write_transaction(&mut self) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        write_turns(&transaction, self.spool.turns())?;
        if let Some(rows) = &self.open_spans {
            transaction.prepare_cached("DELETE FROM open_span")?.execute([])?;
            let turn = Turn { rows: rows.clone(), ..Turn::default() };
            write_turns(&transaction, std::iter::once(&turn))?;
        }
        if let Some(alive) = self.alive {
            transaction.prepare_cached("UPDATE meta SET value = ?1 WHERE key = 'alive'")?.execute([alive])?;
        }
        transaction.commit()
    }
}
