use crate::error::StoreError;
use crate::limits::{BATCH_FACTS, BATCH_TIME, RETRY_TIME, SPOOL_EVENTS, SPOOL_ROWS};
use crate::rows::{Row, micros};
use crate::schema::Store;
use base::Now;
use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, bounded};
use model::{Directory, Stamped};
use report::{Finished, Ledger, Wallboard, words};
use rusqlite::{Connection, params};
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// What the journal shares with those who watch; they can look, never push back.
#[derive(Debug)]
pub struct Published {
    /// Held for the time of one batch or one look.
    pub wallboard: Mutex<Wallboard>,
    /// The store takes writes.
    pub healthy: AtomicBool,
    /// Facts numbered so far in this boot.
    pub sequence: AtomicU64,
    /// Rows given up because the spool was full.
    pub rows_lost: AtomicU64,
    pub events_lost: AtomicU64,
}

/// Sees every fact with its sequence number.
pub type Watch = Box<dyn FnMut(u64, &Stamped, &Directory) + Send>;

/// The clock and the names the journal works with; both come from the driver.
pub struct JournalSettings {
    pub clock: Box<dyn Fn() -> Now + Send>,
    pub names: Arc<Directory>,
    /// Called with every fact once it has its number: live event lines for those who watch.
    pub watch: Option<Watch>,
}

/// The thread that numbers facts, keeps the records and writes the store.
#[derive(Debug)]
pub struct Journal {
    published: Arc<Published>,
    names: Sender<Arc<Directory>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Journal {
    /// Runs until every sender of `facts` is gone; then closes what is open, writes it and ends.
    pub fn start(store: Store, facts: Receiver<Stamped>, settings: JournalSettings) -> Result<Self, StoreError> {
        let published = Arc::new(Published {
            wallboard: Mutex::new(Wallboard::new((settings.clock)().utc)),
            healthy: AtomicBool::new(true),
            sequence: AtomicU64::new(0),
            rows_lost: AtomicU64::new(0),
            events_lost: AtomicU64::new(0),
        });
        let (names, new_names) = bounded(4);
        let writer = Writer {
            boot: store.boot(),
            connection: store.connection,
            ledger: Ledger::new(),
            sequence: 0,
            rows: VecDeque::new(),
            events: VecDeque::new(),
            retry_at: None,
            published: Arc::clone(&published),
            settings,
        };
        let thread = std::thread::Builder::new()
            .name("journal".into())
            .spawn(move || writer.run(&facts, &new_names))
            .map_err(StoreError::Thread)?;
        Ok(Journal { published, names, thread: Mutex::new(Some(thread)) })
    }

    pub fn published(&self) -> &Arc<Published> {
        &self.published
    }

    /// New names after a reload; takes effect with the next batch.
    pub fn rename(&self, names: Arc<Directory>) {
        // Four reloads within one batch are more than a person can ask for; the last one wins anyway.
        let _full = self.names.try_send(names);
    }

    /// Waits until everything is written; the senders of facts must be gone.
    pub fn join(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the journal thread ended by a panic; the last batch may be missing");
        }
    }
}

struct Writer {
    connection: Connection,
    boot: u32,
    ledger: Ledger,
    sequence: u64,
    rows: VecDeque<Row>,
    events: VecDeque<Events>,
    retry_at: Option<base::Instant>,
    published: Arc<Published>,
    settings: JournalSettings,
}

/// A batch of numbered facts as lines of JSON.
struct Events {
    first: u64,
    last: u64,
    body: String,
}

impl Writer {
    fn run(mut self, facts: &Receiver<Stamped>, names: &Receiver<Arc<Directory>>) {
        self.store_queue_settings();
        let mut batch = Vec::new();
        loop {
            let open = self.collect(facts, &mut batch);
            while let Ok(new) = names.try_recv() {
                self.settings.names = new;
                self.store_queue_settings();
            }
            self.take(&batch);
            batch.clear();
            let now = (self.settings.clock)();
            self.ledger.handle_timeout(now.mono);
            if !open {
                self.ledger.close_all(now);
            }
            self.keep_finished();
            if self.retry_at.is_none_or(|at| at <= now.mono) || !open {
                self.write(now);
            }
            if !open {
                return;
            }
        }
    }

    /// Waits for a first fact, then gathers what comes within the batch time. False: no sender is left.
    fn collect(&self, facts: &Receiver<Stamped>, batch: &mut Vec<Stamped>) -> bool {
        let idle = self.ledger.poll_timeout().into_iter().chain(self.retry_at).min();
        let first = match idle {
            Some(at) => facts.recv_timeout(at - (self.settings.clock)().mono),
            None => facts.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match first {
            Ok(fact) => batch.push(fact),
            Err(RecvTimeoutError::Timeout) => return true,
            Err(RecvTimeoutError::Disconnected) => return false,
        }
        let until = (self.settings.clock)().mono + BATCH_TIME;
        while batch.len() < BATCH_FACTS {
            match facts.recv_timeout(until - (self.settings.clock)().mono) {
                Ok(fact) => batch.push(fact),
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        true
    }

    fn take(&mut self, batch: &[Stamped]) {
        if batch.is_empty() {
            return;
        }
        let names = Arc::clone(&self.settings.names);
        let mut events = Events { first: self.sequence + 1, last: 0, body: String::new() };
        let published = Arc::clone(&self.published);
        let mut wallboard = published.wallboard.lock().unwrap_or_else(PoisonError::into_inner);
        for stamped in batch {
            self.sequence += 1;
            self.ledger.handle_fact(stamped, &names);
            wallboard.handle_fact(stamped, &names);
            write_event(&mut events.body, self.sequence, stamped, &names);
            if let Some(watch) = &mut self.settings.watch {
                watch(self.sequence, stamped, &names);
            }
        }
        drop(wallboard);
        events.last = self.sequence;
        self.published.sequence.store(self.sequence, Ordering::Relaxed);
        self.events.push_back(events);
        while self.events.len() > SPOOL_EVENTS {
            if let Some(gone) = self.events.pop_front() {
                self.published.events_lost.fetch_add(gone.last - gone.first + 1, Ordering::Relaxed);
            }
        }
    }

    fn keep_finished(&mut self) {
        let names = Arc::clone(&self.settings.names);
        while let Some(finished) = self.ledger.poll_finished() {
            self.rows.push_back(match finished {
                Finished::Visit(visit) => Row::visit(visit, &names),
                Finished::Span(span) => Row::span(span, &names),
                Finished::Record(record) => Row::contact(*record, &names),
            });
        }
        while self.rows.len() > SPOOL_ROWS {
            self.rows.pop_front();
            self.published.rows_lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn write(&mut self, now: Now) {
        if self.rows.is_empty() && self.events.is_empty() {
            return;
        }
        match self.write_transaction() {
            Ok(()) => {
                self.rows.clear();
                self.events.clear();
                self.retry_at = None;
                if !self.published.healthy.swap(true, Ordering::Relaxed) {
                    tracing::info!("the store takes writes again");
                }
            }
            Err(error) => {
                self.retry_at = Some(now.mono + RETRY_TIME);
                if self.published.healthy.swap(false, Ordering::Relaxed) {
                    let (rows, events) = (self.rows.len(), self.events.len());
                    tracing::error!(%error, rows, events, "the store cannot be written; keeping records in memory");
                }
            }
        }
    }

    fn write_transaction(&mut self) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        for row in &self.rows {
            row.insert(&transaction)?;
        }
        for events in &self.events {
            transaction.prepare_cached("INSERT INTO event VALUES (?1, ?2, ?3, ?4)")?.execute(params![
                self.boot,
                events.first.cast_signed(),
                events.last.cast_signed(),
                events.body,
            ])?;
        }
        transaction.commit()
    }

    fn store_queue_settings(&mut self) {
        let names = Arc::clone(&self.settings.names);
        let result = names.queues.iter().filter(|queue| !queue.removed).try_for_each(|queue| {
            let level = queue.service_level;
            self.connection
                .prepare_cached("INSERT OR REPLACE INTO queue_setting VALUES (?1, ?2, ?3, ?4, ?5)")?
                .execute(params![
                    queue.name,
                    micros(level.target),
                    level.percent,
                    level.treatment.word(),
                    micros(level.short_abandon),
                ])
                .map(|_| ())
        });
        if let Err(error) = result {
            tracing::error!(%error, "the queues' service levels could not be stored; reports use the last known ones");
        }
    }
}

/// One line: `{"seq":7,"at":1700000000000000,"contact":"…","what":"offered","detail":"queue=support agent=1001"}`.
fn write_event(body: &mut String, sequence: u64, stamped: &Stamped, names: &Directory) {
    let (what, detail) = words(&stamped.fact, names);
    let at = stamped.at.utc.as_micros();
    let contact = report::contact_of(&stamped.fact).map_or(String::new(), |c| format!("\"contact\":\"{c}\","));
    let detail = serde_json::Value::from(detail);
    // Writing to a String cannot fail.
    let _ = writeln!(body, "{{\"seq\":{sequence},\"at\":{at},{contact}\"what\":\"{what}\",\"detail\":{detail}}}");
}
