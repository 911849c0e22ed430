//! An hour of a house with every kind of queue, rehearsed on a virtual clock: contacts of it are explained, and
//! nothing is in doubt and nobody passed over.

use super::phrases::is_documented;
use super::*;
use base::Now;
use model::{AgentId, Shift, Weekday, Weekdays};
use sim::traffic::{Rehearsal, Scene};
use std::sync::Arc;

const HOUSE: &str = r#"
[generation]
level = 3
enable = ["queue.reserve", "queue.groups", "queue.objective"]
[[skill]]
name = "french"
[[trunk]]
name = "carrier"
host = "198.51.100.9"
options_interval = "0s"
max_cps = 1000
max_calls = 1000
[[route]]
match = "1*"
trunks = ["carrier"]
[[number]]
match = "4001"
to = "queue:support"
attach = { tier = "gold" }
priority = 1
[[number]]
match = "4002"
to = "queue:sales"
[[number]]
match = "4003"
to = "queue:team"
[[number]]
match = "4004"
to = "queue:fan"
[[number]]
match = "4005"
to = "queue:back"
[[number]]
match = "4006"
to = "queue:support"
[[queue]]
name = "support"
steps = [{ needs = "french >= 4", for = "20s" }, { needs = "french" }]
ageing = { per_minute = 1, cap = 5 }
max_talking = 3
tries = 2
sticky = { wait = "20s", remember = "1d" }
rules = [{ if = "data.tier == 'gold'", priority = 5 }]
max_wait = { after = "2m", to = "queue:sales" }
reserves = [{ queue = "sales", when = "longest_wait >= 30", hold = "0s" }]
ring_timeout = "10s"
[[queue]]
name = "sales"
strategy = "least-occupied"
ageing = { per_minute = 2, cap = 5 }
max_length = { at = 6, to = "announcement:sorry" }
[[queue]]
name = "team"
strategy = "ring-all"
ring_timeout = "10s"
max_wait = { after = "90s", to = "announcement:sorry" }
[[queue]]
name = "fan"
strategy = "ring-progressive"
ring_step = "3s"
ring_timeout = "20s"
[[queue]]
name = "back"
strategy = "best-skill"
keys = { 5 = "callback:back" }
callback = { first = "agent", every = "2m", tries = 2, ring = "20s" }
[[phone]]
range = "2001-2008"
[[agent]]
range = "2001-2003"
phone = "{n}"
queues = ["support", "back"]
skills = { french = 5 }
[[agent]]
range = "2004-2004"
phone = "{n}"
queues = ["support", "sales"]
skills = { french = 2 }
[[agent]]
range = "2005-2006"
phone = "{n}"
queues = ["sales", "team"]
skills = { french = 3 }
[[agent]]
range = "2007-2008"
phone = "{n}"
queues = ["team", "fan"]
"#;

const TRAFFIC: &str = r#"
[agents]
answer_after = { exponential = "6s" }
misses = "8%"
declines = "8%"
returns_after = "1m"
[[stream]]
number = "4001"
from = "09:00"
calls = [8]
people = 6
patience = { exponential = "60s" }
[[stream]]
numbers = { 4002 = 2, 4003 = 1, 4004 = 1, 4006 = 1 }
from = "09:00"
calls = [45]
patience = { exponential = "50s" }
[[stream]]
number = "4005"
from = "09:00"
calls = [25]
patience = { exponential = "2m" }
keys = [{ press = "51", after = "5s", share = 0.7 }]
"#;

/// What the event log of that hour says.
fn rehearsed(seed: u64) -> Log {
    let mut log = Log::of(HOUSE);
    log.configured(HOUSE);
    let file = log.folder.path().join("traffic.toml");
    std::fs::write(&file, TRAFFIC).unwrap();
    let traffic = config::load_traffic(&file, &log.names).unwrap_or_else(|report| panic!("{report}"));
    let hours = |n: u64| Duration::from_secs(n * 3600);
    let agents = (0..log.names.agents.len() as u32).map(AgentId);
    let shift = |agent| Shift { agent, days: Weekdays::ALL, from: hours(9), to: hours(10), breaks: Vec::new() };
    let scene = Scene {
        directory: Arc::new(log.names.clone()),
        begins: Utc::from_secs(AT - 9 * 3600),
        weekday: Weekday::Monday,
        midnights: vec![Duration::ZERO],
        interval: traffic.interval,
        demand: traffic.demand,
        shifts: agents.map(shift).collect(),
        manners: traffic.manners,
    };
    Rehearsal::new(&scene, seed).run(|stamped| {
        let Now { utc, .. } = stamped.at;
        log.at = Duration::from_micros((utc.as_micros() - AT * 1_000_000).max(0).unsigned_abs());
        log.fact(&stamped.fact);
    });
    log
}

#[test]
fn contacts_of_a_rehearsed_hour_are_explained_with_nothing_in_doubt() {
    let log = rehearsed(1);
    let contacts: BTreeSet<ContactId> = log
        .lines
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|line| line["what"] == "queued")
        .map(|line| contact_id(line["contact"].as_str().unwrap()).unwrap())
        .collect();
    assert!(contacts.len() > 40, "{}", contacts.len());
    // Every other one, because each reads the log again.
    for contact in contacts.into_iter().step_by(2) {
        let story = log.story_of(contact, HOUSE);
        let text = story.text();
        let against = [
            "doubt",
            "Some(",
            "None",
            "it was not offered to him",
            "came before the chosen",
            "he was not given it",
            " 1 contacts",
        ];
        for against in against {
            assert!(!text.contains(against), "{against} in\n{text}");
        }
        is_documented("", &story.json());
    }
}
