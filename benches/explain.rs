//! Question: how long does `strowger explain` take for the last of a day's contacts, and how much of the log does it read?
//! The day is that of `day.sh`: twenty queues of fifty agents, 100,000 contacts between 08:00 and 18:00, run by the shipped
//! engine on a virtual clock and kept by the shipped journal. Goal: a second.

use base::Now;
use model::{ConfigText, ContactId, Directory, Fact, Stamped};
use sim::World;
use sim::traffic::{Rehearsal, Scene};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use store::{Journal, JournalSettings, Store};

/// The goal is for a whole day of this many in twenty queues.
const CALLS_EACH: u32 = 250;

#[expect(clippy::print_stdout, reason = "the figures are what a bench is for")]
fn main() {
    // `cargo test --benches` runs it too, to see that it still works.
    let measuring = std::env::args().any(|arg| arg == "--bench");
    let kept = std::env::var_os("STROWGER_EXPLAIN_STORE").map(std::path::PathBuf::from);
    let folder = tempfile::tempdir().expect("a folder for the store");
    let folder = kept.as_deref().unwrap_or(folder.path());
    let day = Day::live(folder, if measuring { CALLS_EACH } else { 1 });
    for (which, contact) in [("first", day.first), ("middle", day.middle), ("last", day.last)] {
        let begun = Instant::now();
        let said = Command::new(env!("CARGO_BIN_EXE_strowger"))
            .args(["explain", &contact.to_string(), "--config"])
            .arg(folder.join("strowger.toml"))
            .output()
            .expect("the program starts");
        let took = begun.elapsed();
        let text = String::from_utf8_lossy(&said.stdout);
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        assert!(text.contains(&contact.to_string()) && !text.contains("doubt"), "{text}");
        println!(
            "explain/the {which} of {} contacts: {:.2} s, {} moments of decision",
            day.contacts,
            took.as_secs_f64(),
            text.split("\n\n").count() - 1
        );
    }
}

struct Day {
    contacts: usize,
    first: ContactId,
    middle: ContactId,
    last: ContactId,
}

impl Day {
    fn live(folder: &Path, calls_each: u32) -> Self {
        let tables = house();
        let url = format!("sqlite:{}", folder.join("store.db").display());
        let site = "[[trunk]]\nname = \"carrier\"\nallow_from = [\"192.0.2.0/24\"]\n";
        let file = format!("[store]\nurl = \"{url}\"\n{site}{tables}");
        std::fs::write(folder.join("strowger.toml"), &file).expect("a configuration");
        let directory = Arc::new(World::plan(&tables).without_media().open().directory().clone());
        let scene = scene(folder, &directory, calls_each);
        let (facts, new_facts) = crossbeam::channel::unbounded();
        let texts = [ConfigText { file: "strowger.toml".into(), text: file.into() }];
        let configured = Fact::Configured { texts: texts.into() };
        facts.send(Stamped { at: Now::new(base::Instant::ZERO, scene.begins), fact: configured }).expect("a channel");
        let mut rehearsal = Rehearsal::new(&scene, 1);
        let begun = Instant::now();
        let end = rehearsal.now() + Duration::from_secs(86_400);
        let settings = JournalSettings {
            // It goes on: the journal writes once a second.
            clock: Box::new(move || end + begun.elapsed()),
            day: |_, at| (at - Duration::from_secs(86_400), at + Duration::from_secs(86_400)),
            names: directory,
            watch: None,
        };
        let journal = Journal::start(Store::open(&url).expect("a new store"), new_facts, settings).expect("a journal");
        let (mut sent, mut offered) = (0_u64, Vec::new());
        rehearsal.run(|stamped| {
            if let Fact::Offered { contact, .. } = &stamped.fact {
                offered.push(*contact);
            }
            facts.send(stamped.clone()).expect("the journal runs");
            sent += 1;
            // A day in a few seconds is faster than any disk: what is not written yet waits here, not in the spool.
            while sent.is_multiple_of(1000) && sent > journal.published().sequence.load(Ordering::Relaxed) + 5000 {
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        drop(facts);
        journal.join();
        offered.dedup();
        let (first, middle) = (offered[0], offered[offered.len() / 2]);
        Day { contacts: rehearsal.callers().len(), first, middle, last: offered[offered.len() - 1] }
    }
}

fn house() -> String {
    let mut text = String::new();
    for queue in 0..20 {
        let (next, first) = ((queue + 1) % 20, 1000 + queue * 50);
        let _ = write!(
            text,
            "[[number]]\nmatch = \"40{}\"\nto = \"queue:q{queue}\"\n\
             [[queue]]\nname = \"q{queue}\"\nwrap_up = \"30s\"\nring_timeout = \"15s\"\n\
             [[agent]]\nrange = \"{first}-{}\"\nphone = \"{{n}}\"\nqueues = [\"q{queue}\"]\n\
             [[agent]]\nrange = \"{}-{}\"\nphone = \"{{n}}\"\nqueues = [\"q{queue}\", \"q{next}\"]\n",
            queue + 10,
            first + 24,
            first + 25,
            first + 49,
        );
    }
    text + "[[phone]]\nrange = \"1000-1999\"\n"
}

fn scene(folder: &Path, directory: &Arc<Directory>, calls_each: u32) -> Scene {
    let mut text = String::from("[day]\ndate = \"2026-05-04\"\n");
    for queue in 0..20 {
        let _ = write!(
            text,
            "[[stream]]\nname = \"s{queue}\"\nnumber = \"40{}\"\nfrom = \"08:00\"\ncalls = {:?}\n\
             talk = {{ lognormal = \"4m30s\", deviation = \"3m\" }}\npatience = {{ exponential = \"4m\" }}\n",
            queue + 10,
            [calls_each; 20],
        );
    }
    let (day, staff) = (folder.join("day.toml"), folder.join("staff.toml"));
    std::fs::write(&day, text).expect("a day");
    std::fs::write(&staff, "[[shift]]\nagents = [\"1000-1999\"]\nfrom = \"07:55\"\nto = \"18:30\"\n").expect("a shift");
    let traffic = config::load_traffic(&day, directory).expect("a day that can be read");
    Scene {
        directory: Arc::clone(directory),
        // 4 May 2026, UTC.
        begins: base::Utc::from_secs(1_777_852_800),
        weekday: model::Weekday::Monday,
        midnights: vec![Duration::ZERO],
        interval: traffic.interval,
        demand: traffic.demand,
        shifts: config::load_schedule(&staff, directory).expect("a shift that can be read"),
        manners: traffic.manners,
    }
}
