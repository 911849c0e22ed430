use crate::encode::Rows;
use crate::error::StoreError;
use crate::json;
use crate::limits::{ALIVE_EVERY, ALIVE_SIGNED_ON_EVERY, STOP_TIME, TURN_FACTS, TURN_TIME};
use crate::read::past_visits;
use crate::rows;
use crate::schema::Store;
use crate::spool::{Events, Turn};
use crate::writer::Writer;
use base::{Instant, Now, Utc};
use crossbeam::channel::{Receiver, RecvTimeoutError};
use model::{Directory, Fact, ForcedAction, QueueAction, Stamped};
use report::{Entry, Ledger, Told, Wallboard};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// What the journal shares with those who watch; they can look, never push back.
#[derive(Debug)]
pub struct Published {
    /// Held for the time of one batch or one look.
    pub wallboard: Mutex<Wallboard>,
    /// The store takes writes.
    pub healthy: AtomicBool,
    /// Facts numbered so far in this boot.
    pub sequence: AtomicU64,
    /// Rows not yet written.
    pub rows_waiting: AtomicU64,
    /// Rows given up because the spool was full.
    pub rows_lost: AtomicU64,
    pub events_lost: AtomicU64,
    /// Transactions that were written, that failed, and the time of both.
    pub writes: AtomicU64,
    pub write_errors: AtomicU64,
    pub write_micros: AtomicU64,
}

/// Sees every fact with its sequence number.
pub type Watch = Box<dyn FnMut(u64, &Stamped, &Directory) + Send>;

/// The clock and the names the journal works with; both come from the driver.
pub struct JournalSettings {
    pub clock: Box<dyn Fn() -> Now + Send>,
    /// The day an instant belongs to in the site's time zone: from midnight to midnight.
    pub day: fn(&Directory, Utc) -> (Utc, Utc),
    pub names: Arc<Directory>,
    /// Called with every fact once it has its number: live event lines for those who watch.
    pub watch: Option<Watch>,
}

/// The thread that numbers facts, keeps the records and writes the store.
#[derive(Debug)]
pub struct Journal {
    published: Arc<Published>,
    names: Arc<Mutex<Arc<Directory>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Journal {
    /// Runs until every sender of `facts` is gone; then closes what is open, writes it and ends. The wallboard goes on
    /// with what the store knows of today.
    pub fn start(store: Store, facts: Receiver<Stamped>, settings: JournalSettings) -> Result<Self, StoreError> {
        let now = (settings.clock)().utc;
        let day = (settings.day)(&settings.names, now);
        let mut wallboard = Wallboard::new(day.0);
        past_visits(&store.connection, day.0, |name, stay| {
            if let Some(queue) = settings.names.queue_named(name) {
                wallboard.add_past(queue, stay, &settings.names.queue(queue).service_level);
            }
        })?;
        let published = Arc::new(Published {
            wallboard: Mutex::new(wallboard),
            healthy: AtomicBool::new(true),
            sequence: AtomicU64::new(0),
            rows_waiting: AtomicU64::new(0),
            rows_lost: AtomicU64::new(0),
            events_lost: AtomicU64::new(0),
            writes: AtomicU64::new(0),
            write_errors: AtomicU64::new(0),
            write_micros: AtomicU64::new(0),
        });
        let names = Arc::new(Mutex::new(Arc::clone(&settings.names)));
        let thread = Thread {
            writer: Writer::new(store, Arc::clone(&published)),
            ledger: Ledger::new(),
            sequence: 0,
            room: (0, 0),
            busy: false,
            alive_at: Instant::ZERO,
            agents_changed: false,
            day,
            published: Arc::clone(&published),
            new_names: Arc::clone(&names),
            settings,
        };
        let thread = std::thread::Builder::new().name("journal".into()).spawn(move || thread.run(&facts));
        Ok(Journal { published, names, thread: Mutex::new(Some(thread.map_err(StoreError::Thread)?)) })
    }

    pub fn published(&self) -> &Arc<Published> {
        &self.published
    }

    /// New names after a reload; call it before any fact can use them.
    pub fn rename(&self, names: Arc<Directory>) {
        *self.names.lock().unwrap_or_else(PoisonError::into_inner) = names;
    }

    /// Waits until everything is written; the senders of facts must be gone.
    pub fn join(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the journal thread ended by a panic; the last batch may be missing");
        }
    }
}

/// What the journal thread owns.
struct Thread {
    writer: Writer,
    ledger: Ledger,
    sequence: u64,
    /// What the last turn took: the next will take as much.
    room: (usize, usize),
    /// Facts came in the last turn: the next is taken without listening.
    busy: bool,
    /// When the store is told again that the server lives.
    alive_at: Instant,
    /// Since it was last told where the agents are.
    agents_changed: bool,
    /// Midnight to midnight, as the wallboard counts.
    day: (Utc, Utc),
    published: Arc<Published>,
    new_names: Arc<Mutex<Arc<Directory>>>,
    settings: JournalSettings,
}

impl Thread {
    fn run(mut self, facts: &Receiver<Stamped>) {
        self.write_queue_settings();
        let mut batch = Vec::new();
        loop {
            let open = self.collect(facts, &mut batch);
            self.take_names();
            let now = (self.settings.clock)();
            self.take(&batch, now);
            batch.clear();
            self.keep_alive(now);
            if !open {
                return self.stop(now);
            }
            if self.writer.due().is_some_and(|due| due <= now.mono) {
                self.writer.write(now);
            }
        }
    }

    /// Gathers the facts of one turn. While they keep coming it sleeps through the turn and then looks; when none came
    /// it listens until one comes or something is due. False: no sender is left.
    fn collect(&mut self, facts: &Receiver<Stamped>, batch: &mut Vec<Stamped>) -> bool {
        if !self.busy {
            match facts.recv_timeout(self.idle_time()) {
                Ok(fact) => batch.push(fact),
                Err(RecvTimeoutError::Timeout) => return true,
                Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
        std::thread::sleep(TURN_TIME);
        batch.extend(facts.try_iter().take(TURN_FACTS));
        self.busy = !batch.is_empty();
        true
    }

    fn idle_time(&self) -> Duration {
        let now = (self.settings.clock)();
        let until_midnight = self.day.1.as_micros().saturating_sub(now.utc.as_micros()).max(1000);
        let midnight = now.mono + Duration::from_micros(until_midnight.unsigned_abs());
        let due = [self.ledger.poll_timeout(), self.writer.due(), Some(self.alive_at), Some(midnight)];
        due.into_iter().flatten().min().map_or(ALIVE_EVERY, |at| at - now.mono)
    }

    fn take_names(&mut self) {
        let names = Arc::clone(&self.new_names.lock().unwrap_or_else(PoisonError::into_inner));
        if !Arc::ptr_eq(&names, &self.settings.names) {
            self.settings.names = names;
            self.write_queue_settings();
        }
    }

    /// Numbers the facts, brings records and wallboard up to date, and shows them to whoever watches.
    fn take(&mut self, batch: &[Stamped], now: Now) {
        let names = Arc::clone(&self.settings.names);
        let mut turn = Turn::with_room(self.room);
        let first = self.sequence + 1;
        let published = Arc::clone(&self.published);
        let mut wallboard = published.wallboard.lock().unwrap_or_else(PoisonError::into_inner);
        for stamped in batch {
            self.sequence += 1;
            let told = self.ledger.handle_fact(stamped, &names);
            write_event(&mut turn.events.body, self.sequence, stamped.at.utc, &told);
            wallboard.handle_fact(stamped, &names);
            keep_for_the_next_start(&mut turn.rows, stamped, &names);
            self.agents_changed |= matches!(stamped.fact, Fact::AgentChanged { .. });
        }
        self.ledger.handle_timeout(now.mono);
        self.start_day(&mut wallboard, now);
        self.keep_entries(&mut turn.rows, &mut wallboard, &names);
        drop(wallboard);
        if !batch.is_empty() {
            let body = core::mem::take(&mut turn.events.body);
            let (boot, last, at) = (self.writer.boot, self.sequence, now.utc.as_micros());
            turn.events = Events { boot, first, last, at, body };
        }
        self.room = turn.octets();
        // Into the file before it is shown: a number that was seen is not lost with the process.
        self.writer.keep(now.mono, turn);
        self.published.sequence.store(self.sequence, Ordering::Relaxed);
        if let Some(watch) = &mut self.settings.watch {
            batch.iter().zip(first..).for_each(|(stamped, number)| watch(number, stamped, &names));
        }
    }

    /// At midnight the day's counters start again and agents' time is cut, so that a day's spans are of that day.
    fn start_day(&mut self, wallboard: &mut Wallboard, now: Now) {
        if (self.day.0..self.day.1).contains(&now.utc) {
            return;
        }
        self.day = (self.settings.day)(&self.settings.names, now.utc);
        wallboard.start_day(self.day.0);
        self.ledger.cut_spans(now);
        self.agents_changed = true;
    }

    fn keep_entries(&mut self, rows: &mut Rows, wallboard: &mut Wallboard, names: &Directory) {
        while let Some(open) = self.ledger.poll_open() {
            rows::open_contact(rows, open, names);
        }
        while let Some(entry) = self.ledger.poll_entry() {
            match entry {
                Entry::Visit(visit) => {
                    wallboard.handle_visit(&visit);
                    rows::visit(rows, &visit, names);
                }
                Entry::Talk(talk) => rows::talk(rows, &talk, names),
                Entry::Span(span) => rows::agent_span(rows, &span, names),
                Entry::Record(record) => rows::contact(rows, &record, names),
            }
        }
    }

    fn keep_alive(&mut self, now: Now) {
        let every = if self.ledger.agent_times().is_anybody_on() { ALIVE_SIGNED_ON_EVERY } else { ALIVE_EVERY };
        // Whoever signs on is not behind by the time of an empty house.
        self.alive_at = self.alive_at.min(now.mono + every);
        if self.alive_at > now.mono {
            return;
        }
        self.alive_at = now.mono + every;
        let spans = core::mem::take(&mut self.agents_changed).then(|| {
            let mut rows = Rows::default();
            let spans = self.ledger.agent_times().open_spans(now.mono);
            spans.for_each(|span| rows::open_span(&mut rows, &span, &self.settings.names));
            rows
        });
        self.writer.keep_alive(now, spans);
    }

    /// The senders are gone: everything open is closed and written, if the store takes it.
    fn stop(mut self, now: Now) {
        self.ledger.close_all(now);
        let (names, published) = (Arc::clone(&self.settings.names), Arc::clone(&self.published));
        let mut turn = Turn::default();
        let mut wallboard = published.wallboard.lock().unwrap_or_else(PoisonError::into_inner);
        self.keep_entries(&mut turn.rows, &mut wallboard, &names);
        drop(wallboard);
        self.writer.keep(now.mono, turn);
        self.writer.keep_alive(now, Some(Rows::default()));
        let until = now.mono + STOP_TIME;
        loop {
            let now = (self.settings.clock)();
            if self.writer.write(now) {
                return;
            }
            if now.mono >= until {
                return self.writer.give_up();
            }
            std::thread::sleep(crate::limits::BUSY_TIME);
        }
    }

    fn write_queue_settings(&mut self) {
        let names = Arc::clone(&self.settings.names);
        if let Err(error) = self.writer.write_queue_settings(&names) {
            tracing::error!(%error, "the queues' service levels could not be stored; reports use the last known ones");
        }
    }
}

/// What a server that is started later must know and no record says.
fn keep_for_the_next_start(rows: &mut Rows, stamped: &Stamped, names: &Directory) {
    let at = stamped.at.utc;
    match &stamped.fact {
        Fact::Callback { contact, step, attempts, promise } => {
            rows::callback(rows, at, (*contact, *step, *attempts), promise, names);
        }
        Fact::Forced { action: ForcedAction::Queue { queue, action }, .. } => {
            rows::shut_queue(rows, at, *queue, *action == QueueAction::Close, names);
        }
        _ => {}
    }
}

/// One line: `{"seq":7,"at":1700000000000000,"contact":"…","what":"offered","detail":"queue=support agent=1001"}`; what
/// happened to a leg names it besides, `"leg":"…"`.
fn write_event(body: &mut Vec<u8>, sequence: u64, at: Utc, told: &Told<'_>) {
    body.extend_from_slice(b"{\"seq\":");
    json::count(body, sequence);
    body.extend_from_slice(b",\"at\":");
    json::int(body, at.as_micros());
    if let Some(contact) = told.contact {
        body.extend_from_slice(b",\"contact\":\"");
        json::hex(body, contact.0);
        body.push(b'"');
    }
    if let Some(leg) = told.leg {
        body.extend_from_slice(b",\"leg\":\"");
        json::hex(body, leg.0);
        body.push(b'"');
    }
    body.extend_from_slice(b",\"what\":");
    json::text(body, told.what);
    body.extend_from_slice(b",\"detail\":");
    json::text(body, told.detail);
    body.extend_from_slice(b"}\n");
}

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;
