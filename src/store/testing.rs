//! A small house, a journal on a real file, and calls as the machines tell of them.

use crate::{Journal, JournalSettings, Reader, Store};
use base::{Instant, Now, Utc};
use crossbeam::channel::{Sender, unbounded};
use model::{
    AgentId, AgentState, CauseKind, Codec, ContactEnd, ContactId, Directory, Fact, LegId, OfferOutcome, Party, PhoneId,
    Quality, Queue, QueueId, ShardId, Source, Stamped, TrunkId, plain,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub(crate) const SUPPORT: QueueId = QueueId(0);

pub(crate) fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// Half a day after a midnight, UTC.
pub(crate) const NOON: i64 = 1_790_035_200 + 12 * 3600;

/// A clock that goes on by itself and can be put forward.
#[derive(Clone, Default)]
pub(crate) struct TestClock {
    forward: Arc<AtomicU64>,
    started: Arc<std::sync::OnceLock<std::time::Instant>>,
}

impl TestClock {
    pub(crate) fn now(&self) -> Now {
        let real = self.started.get_or_init(std::time::Instant::now).elapsed();
        let passed = real + Duration::from_micros(self.forward.load(Ordering::Relaxed));
        Now::new(Instant::from_millis(3_600_000) + passed, Utc::from_secs(NOON) + passed)
    }

    pub(crate) fn put_forward(&self, time: Duration) {
        self.forward.fetch_add(time.as_micros() as u64, Ordering::Relaxed);
    }
}

/// A running journal and the hand that writes facts into it.
pub(crate) struct Desk {
    pub(crate) journal: Journal,
    pub(crate) url: String,
    pub(crate) clock: TestClock,
    pub(crate) boot: u32,
    facts: Option<Sender<Stamped>>,
    said: u64,
    contacts: u32,
    legs: u64,
}

pub(crate) fn url_in(folder: &Path) -> String {
    format!("sqlite:{}", path_in(folder).display())
}

pub(crate) fn path_in(folder: &Path) -> PathBuf {
    folder.join("store.db")
}

fn day(_: &Directory, at: Utc) -> (Utc, Utc) {
    let midnight = at.as_secs().div_euclid(86_400) * 86_400;
    (Utc::from_secs(midnight), Utc::from_secs(midnight + 86_400))
}

impl Desk {
    pub(crate) fn open(folder: &Path, clock: &TestClock) -> Self {
        Desk::with_store(folder, clock, Store::open(&url_in(folder)).unwrap())
    }

    pub(crate) fn with_store(folder: &Path, clock: &TestClock, store: Store) -> Self {
        let (facts, new_facts) = unbounded();
        let journal_clock = clock.clone();
        let boot = store.boot();
        let settings = JournalSettings {
            clock: Box::new(move || journal_clock.now()),
            day,
            names: Arc::new(names()),
            watch: None,
        };
        let journal = Journal::start(store, new_facts, settings).unwrap();
        Desk {
            journal,
            url: url_in(folder),
            clock: clock.clone(),
            boot,
            facts: Some(facts),
            said: 0,
            contacts: 0,
            legs: 0,
        }
    }

    pub(crate) fn fact(&mut self, fact: Fact) {
        self.said += 1;
        let stamped = Stamped { at: self.clock.now(), fact };
        self.facts.as_ref().expect("not stopped").send(stamped).unwrap();
    }

    /// Waits until the store has everything that was said so far.
    pub(crate) fn settle(&self) {
        let last = "SELECT coalesce(max(last), 0) FROM event WHERE boot = ?1";
        self.wait(|desk| {
            let stored: i64 = desk.look(|c| c.query_row(last, [desk.boot], |row| row.get(0)).unwrap());
            stored as u64 == desk.said && desk.journal.published().rows_waiting.load(Ordering::Relaxed) == 0
        });
    }

    pub(crate) fn said(&self) -> u64 {
        self.said
    }

    pub(crate) fn wait(&self, done: impl Fn(&Desk) -> bool) {
        for _ in 0..2000 {
            if done(self) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("not within ten seconds");
    }

    /// Asks the file itself.
    pub(crate) fn look<T>(&self, ask: impl FnOnce(&rusqlite::Connection) -> T) -> T {
        ask(&rusqlite::Connection::open(self.url.strip_prefix("sqlite:").unwrap()).unwrap())
    }

    pub(crate) fn count(&self, table: &str) -> i64 {
        self.look(|c| c.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap())
    }

    pub(crate) fn reader(&self) -> Reader {
        Reader::open(&self.url).unwrap()
    }

    pub(crate) fn stop(mut self) {
        self.facts = None;
        self.journal.join();
    }

    pub(crate) fn agent(&mut self, agent: u32, state: AgentState) {
        self.fact(Fact::AgentChanged { agent: AgentId(agent), state, phone: Some(PhoneId(agent)) });
    }

    pub(crate) fn arrive(&mut self, caller: &str, dialled: &str) -> (ContactId, LegId) {
        self.contacts += 1;
        self.legs += 1;
        let (contact, leg) = (ContactId::new(ShardId(0), self.boot, self.contacts), LegId(self.legs));
        self.fact(Fact::ContactArrived {
            contact,
            source: Source::Trunk(TrunkId(0)),
            caller: caller.into(),
            dialled: dialled.into(),
            call_id: "a84b4c76e66710".into(),
            attached: vec![("who".into(), caller.into())],
        });
        self.fact(Fact::LegStarted { contact, leg, party: Party::Caller });
        self.fact(Fact::LegAnswered { contact, leg, codec: Some(Codec::Pcmu) });
        (contact, leg)
    }

    pub(crate) fn queued(&mut self, contact: ContactId) {
        self.fact(Fact::Queued { contact, queue: SUPPORT, priority: 0, position: 1, kept: Some(Duration::ZERO) });
    }

    /// An agent takes the call from the queue.
    pub(crate) fn connect(&mut self, contact: ContactId, agent: u32, waited: Duration) -> LegId {
        self.legs += 1;
        let (leg, id, queue) = (LegId(self.legs), AgentId(agent), SUPPORT);
        self.agent(agent, AgentState::Reserved { contact });
        self.fact(Fact::Offered { contact, queue, agent: id, decision: None });
        self.fact(Fact::LegStarted { contact, leg, party: Party::Agent(id) });
        self.fact(Fact::LegRinging { contact, leg });
        self.fact(Fact::LegAnswered { contact, leg, codec: Some(Codec::Pcmu) });
        self.fact(Fact::OfferEnded { contact, queue, agent: id, outcome: OfferOutcome::Accepted });
        self.fact(Fact::Connected { contact, queue, agent: id, waited });
        self.agent(agent, AgentState::Busy { contact });
        self.fact(Fact::TalkStarted { contact, agent: id, queue: Some(queue) });
        leg
    }

    pub(crate) fn hang_up(&mut self, contact: ContactId, legs: [LegId; 2], agent: u32, talked: Duration) {
        let cause = CauseKind::NormalClearing.into();
        self.fact(Fact::LegEnded { contact, leg: legs[0], cause, by: model::Releaser::Party });
        self.fact(Fact::TalkEnded { contact, agent: AgentId(agent), talked, held: Duration::ZERO });
        self.fact(Fact::LegEnded { contact, leg: legs[1], cause, by: model::Releaser::Party });
        self.agent(agent, AgentState::WrapUp { contact });
        for leg in legs {
            let quality = Quality { packets_received: 3000, mos: Some(4.3), jitter_ms: 1.25, ..Quality::default() };
            self.fact(Fact::LegQuality { contact, leg, quality });
        }
        self.fact(Fact::ContactEnded { contact, end: ContactEnd::Served, cause });
    }

    /// A whole call.
    pub(crate) fn serve(&mut self, caller: &str, agent: u32) -> ContactId {
        let (contact, leg) = self.arrive(caller, "4008001234");
        self.queued(contact);
        let second = self.connect(contact, agent, Duration::from_millis(1500));
        self.hang_up(contact, [leg, second], agent, secs(60));
        self.agent(agent, AgentState::Ready);
        contact
    }

    pub(crate) fn abandon(&mut self, contact: ContactId, leg: LegId, waited: Duration) {
        let cause = CauseKind::Cancelled.into();
        self.fact(Fact::Abandoned { contact, queue: SUPPORT, waited });
        self.fact(Fact::LegEnded { contact, leg, cause, by: model::Releaser::Party });
        self.fact(Fact::LegQuality { contact, leg, quality: Quality::default() });
        self.fact(Fact::ContactEnded { contact, end: ContactEnd::Abandoned, cause });
    }
}

pub(crate) fn names() -> Directory {
    let support = Queue { wrap_up: secs(5), ..plain::queue("support") };
    let agents = (0..4).map(|n| plain::agent(n, &[0])).collect();
    Directory { trunks: vec![plain::trunk("carrier")], ..plain::directory(vec![support], agents) }
}
