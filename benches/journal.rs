//! Goal: the journal thread costs at most 30 µs of CPU a whole queue call of 21 facts, SQLite included, at 400 calls a
//! second; the printed figure says whether this machine reaches it. Facts come at the pace of life, because what is
//! measured is mostly how seldom the thread wakes and writes.

use base::{Now, Utc};
use crossbeam::channel::Sender;
use model::{
    AgentId, AgentState, Cause, CauseKind, Codec, ContactEnd, ContactId, Directory, Fact, LegId, OfferOutcome, Party,
    PhoneId, Quality, QueueId, ShardId, Source, Stamped, TrunkId,
};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use store::{Journal, JournalSettings, Store};

const AGENTS: u32 = 1000;
/// When a call's facts come, from its arrival on.
const MOMENTS: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_millis(20),
    Duration::from_millis(100),
    Duration::from_millis(5100),
    Duration::from_millis(5120),
    Duration::from_millis(8100),
];

fn main() {
    // `cargo test --benches` runs it too, to see that it still works.
    let measuring = std::env::args().any(|arg| arg == "--bench");
    let (rates, seconds): (&[u64], u64) = if measuring { (&[20, 100, 400], 10) } else { (&[20], 1) };
    for rate in rates {
        let folder = tempfile::tempdir().expect("a folder for the store");
        measure(*rate, seconds, folder.path());
    }
}

#[expect(clippy::print_stdout, reason = "the figures are what a bench is for")]
fn measure(rate: u64, seconds: u64, folder: &Path) {
    let store = Store::open(&format!("sqlite:{}", folder.join("store.db").display())).expect("an empty store");
    let (facts, new_facts) = crossbeam::channel::unbounded();
    let started = Instant::now();
    let clock = move || Now::new(base::Instant::from_millis(0), Utc::from_secs(1_790_100_000)) + started.elapsed();
    let settings = JournalSettings { clock: Box::new(clock), day, names: Arc::new(names()), watch: None };
    let journal = Journal::start(store, new_facts, settings).expect("a journal");
    let house = House { facts, clock };
    for agent in 0..AGENTS {
        house.say(Fact::AgentChanged { agent: AgentId(agent), state: AgentState::Ready, phone: Some(PhoneId(agent)) });
    }
    std::thread::sleep(Duration::from_millis(300));
    let before = cpu_micros("journal");
    let calls = rate * seconds;
    let mut moments: Vec<(Duration, usize, u64)> = (0..calls)
        .flat_map(|call| MOMENTS.iter().enumerate().map(move |(n, after)| (call, n, *after)))
        .map(|(call, n, after)| (Duration::from_secs_f64(call as f64 / rate as f64) + after, n, call))
        .collect();
    moments.sort_unstable();
    let (begun, mut said) = (Instant::now(), 0);
    for (at, moment, call) in moments {
        std::thread::sleep(at.saturating_sub(begun.elapsed()));
        said += house.moment(moment, call as u32);
    }
    std::thread::sleep(Duration::from_millis(300));
    let spent = cpu_micros("journal") - before;
    let published = Arc::clone(journal.published());
    drop(house);
    journal.join();
    assert_eq!(published.sequence.load(Ordering::Relaxed), u64::from(AGENTS) + said, "every fact is numbered");
    let writes = published.writes.load(Ordering::Relaxed);
    let octets = std::fs::metadata(folder.join("store.db")).map_or(0, |file| file.len());
    println!(
        "journal/{rate} calls a second: {:.1} µs of CPU a call of {} facts, {:.1} writes a second, {} octets a call",
        spent / calls as f64,
        said / calls,
        writes as f64 / begun.elapsed().as_secs_f64(),
        octets / calls,
    );
}

/// The time the thread was on a core, by the kernel's own count.
fn cpu_micros(thread: &str) -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task").expect("Linux");
    let nanos = tasks.flatten().filter_map(|task| {
        let name = std::fs::read_to_string(task.path().join("comm")).ok()?;
        let times = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        (name.trim() == thread).then(|| times.split(' ').next()?.parse::<f64>().ok()).flatten()
    });
    nanos.sum::<f64>() / 1000.0
}

fn day(_: &Directory, at: Utc) -> (Utc, Utc) {
    let midnight = at.as_secs().div_euclid(86_400) * 86_400;
    (Utc::from_secs(midnight), Utc::from_secs(midnight + 86_400))
}

fn names() -> Directory {
    let text = "[[trunk]]\nname = \"carrier\"\nallow_from = [\"127.0.0.0/8\"]\n[[queue]]\nname = \"support\"\n\
         [[number]]\nmatch = \"*\"\nto = \"queue:support\"\n\
         [[phone]]\nrange = \"0000-0999\"\ncontact = \"sip:{n}@127.0.0.1\"\n\
         [[agent]]\nrange = \"0000-0999\"\nphone = \"{n}\"\nqueues = [\"support\"]\n";
    let sounds = config::list_sounds(Path::new("sounds")).expect("the sounds of this tree");
    config::load_text("bench", text, &sounds).unwrap_or_else(|report| panic!("{report}")).directory
}

struct House<C> {
    facts: Sender<Stamped>,
    clock: C,
}

impl<C: Fn() -> Now> House<C> {
    fn say(&self, fact: Fact) {
        self.facts.send(Stamped { at: (self.clock)(), fact }).expect("the journal listens");
    }

    /// What the machines say of a call at one moment of its life; how many facts that is.
    fn moment(&self, moment: usize, call: u32) -> u64 {
        let contact = ContactId::new(ShardId(0), 1, call);
        let (agent, queue) = (AgentId(call % AGENTS), QueueId(0));
        let (caller, called) = (LegId(u64::from(call) * 2 + 1), LegId(u64::from(call) * 2 + 2));
        let cause = Cause::new(CauseKind::NormalClearing);
        let is = |state| Fact::AgentChanged { agent, state, phone: Some(PhoneId(agent.0)) };
        let quality = Quality { packets_received: 250, mos: Some(4.3), ..Quality::default() };
        let codec = Some(Codec::Pcmu);
        let facts = match moment {
            0 => vec![
                Fact::ContactArrived {
                    contact,
                    source: Source::Trunk(TrunkId(0)),
                    caller: "+8613800138000".into(),
                    dialled: "4008001234".into(),
                    call_id: "a84b4c76e66710@pc33.atlanta.example.com".into(),
                    attached: Vec::new(),
                },
                Fact::LegStarted { contact, leg: caller, party: Party::Caller },
                Fact::LegAnswered { contact, leg: caller, codec },
                Fact::Queued { contact, queue, priority: 0, position: 1, kept: Some(Duration::ZERO) },
                is(AgentState::Reserved { contact }),
                Fact::Offered { contact, queue, agent, decision: None },
                Fact::LegStarted { contact, leg: called, party: Party::Agent(agent) },
            ],
            1 => vec![Fact::LegRinging { contact, leg: called }],
            2 => vec![
                Fact::LegAnswered { contact, leg: called, codec },
                Fact::OfferEnded { contact, queue, agent, outcome: OfferOutcome::Accepted },
                Fact::Connected { contact, queue, agent, waited: Duration::from_millis(100) },
                Fact::TalkStarted { contact, agent, queue: Some(queue) },
                is(AgentState::Busy { contact }),
            ],
            3 => vec![
                Fact::LegEnded { contact, leg: caller, cause, by: model::Releaser::Party },
                Fact::TalkEnded { contact, agent, talked: Duration::from_secs(5), held: Duration::ZERO },
                Fact::LegEnded { contact, leg: called, cause, by: model::Releaser::System },
                is(AgentState::WrapUp { contact }),
            ],
            4 => vec![
                Fact::LegQuality { contact, leg: caller, quality },
                Fact::LegQuality { contact, leg: called, quality },
                Fact::ContactEnded { contact, end: ContactEnd::Served, cause },
            ],
            _ => vec![is(AgentState::Ready)],
        };
        let said = facts.len() as u64;
        facts.into_iter().for_each(|fact| self.say(fact));
        said
    }
}
