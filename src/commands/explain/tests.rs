//! Stories read from a store that holds nothing but words.

mod callback;
mod phrases;
mod rehearsed;

use super::*;
use crate::sounds::Sounds;
use model::{
    AgentId, AgentState, Cause, CauseKind, ContactEnd, Decision, Excluded, Exclusion, Fact, IdleClock, Next,
    OfferOutcome, ShardId, Strategy,
};
use serde_json::Value;
use std::time::Duration;

const THEN: &str = "\
[site]
time_zone = \"Asia/Shanghai\"
[[queue]]
name = \"support\"
strategy = \"linear\"
idle_clock = \"ready\"
[[agent]]
id = \"1001\"
name = \"Anna\"
queues = [\"support\"]
[[agent]]
id = \"1002\"
name = \"Bo\"
queues = [\"support\"]
";
/// 2026-05-04, 17:00 in Shanghai.
const AT: i64 = 1_777_885_200;
const ANNA: AgentId = AgentId(0);
const BO: AgentId = AgentId(1);

fn contact(n: u32) -> ContactId {
    ContactId::new(ShardId(0), 1, n)
}

fn config_of(text: &str) -> config::Config {
    let sounds = Sounds::find(None).unwrap();
    config::load_text("d.toml", text, &sounds.names).unwrap_or_else(|report| panic!("{report}"))
}

/// The log of one start, and of those before it.
struct Log {
    before: Vec<Vec<String>>,
    folder: tempfile::TempDir,
    names: Directory,
    lines: Vec<String>,
    at: Duration,
}

impl Log {
    fn of(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Log { before: Vec::new(), folder, names: config_of(text).directory, lines: Vec::new(), at: Duration::ZERO }
    }

    fn word(&mut self, contact: Option<ContactId>, what: &str, detail: &str) -> &mut Self {
        let at = AT * 1_000_000 + i64::try_from(self.at.as_micros()).unwrap();
        let seq = self.lines.len() + 1;
        let line = match contact {
            Some(contact) => {
                serde_json::json!({ "seq": seq, "at": at, "contact": contact.to_string(), "what": what, "detail": detail })
            }
            None => serde_json::json!({ "seq": seq, "at": at, "what": what, "detail": detail }),
        };
        self.lines.push(line.to_string());
        self
    }

    fn fact(&mut self, fact: &Fact) -> &mut Self {
        let (what, detail) = report::words(fact, &self.names);
        self.word(report::contact_of(fact), what, &detail)
    }

    /// The server is gone and comes back.
    fn restart(&mut self) -> &mut Self {
        self.before.push(core::mem::take(&mut self.lines));
        self
    }

    fn pass(&mut self, seconds: u64) -> &mut Self {
        self.at += Duration::from_secs(seconds);
        self
    }

    /// What the server says at its start and at a reload.
    fn configured(&mut self, text: &str) -> &mut Self {
        let texts = config_of(text).texts;
        self.fact(&Fact::Configured { texts: texts.into() })
    }

    fn agent(&mut self, agent: AgentId, state: AgentState) -> &mut Self {
        self.fact(&Fact::AgentChanged { agent, state, phone: None })
    }

    /// Both are there, and one contact is offered to the first of them, talked with and gone.
    fn serve(&mut self, n: u32, strategy: Strategy) -> &mut Self {
        let (contact, queue, agent) = (contact(n), QueueId(0), ANNA);
        let mut excluded = Excluded::default();
        excluded.add(Exclusion::Behind, 1);
        let next = Next::Agents([BO].into_iter().collect());
        let decision = Some(Decision { strategy, idle_clock: IdleClock::Ready, step: 0, next, excluded });
        self.fact(&Fact::Queued { contact, queue, priority: 0, position: 1, kept: Some(Duration::ZERO) })
            .agent(agent, AgentState::Reserved { contact })
            .fact(&Fact::Offered { contact, queue, agent, decision })
            .pass(2)
            .fact(&Fact::OfferEnded { contact, queue, agent, outcome: OfferOutcome::Accepted })
            .agent(agent, AgentState::Busy { contact })
            .fact(&Fact::Connected { contact, queue, agent, waited: Duration::from_secs(2) })
            .pass(60)
            .agent(agent, AgentState::Ready)
            .fact(&Fact::ContactEnded {
                contact,
                end: ContactEnd::Served,
                cause: Cause::new(CauseKind::NormalClearing),
            })
    }

    fn both_ready(&mut self) -> &mut Self {
        self.agent(ANNA, AgentState::Ready).agent(BO, AgentState::Ready).pass(10)
    }

    /// The story as the configuration `now` is in force.
    fn story(&self, n: u32, now: &str) -> Story {
        self.story_of(contact(n), now)
    }

    fn story_of(&self, contact: ContactId, now: &str) -> Story {
        let url = format!("sqlite:{}", self.folder.path().join("log.db").display());
        drop(store::Store::open(&url).unwrap());
        let calls = rusqlite::Connection::open(self.folder.path().join("log.db")).unwrap();
        for (boot, lines) in (1_i64..).zip(self.before.iter().chain([&self.lines])) {
            let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
            let event = "INSERT OR REPLACE INTO event VALUES (?1 + 1, ?4, 1, ?2, 0, ?3)";
            calls.execute(event, rusqlite::params![boot << 40, lines.len() as i64, body, boot]).unwrap();
        }
        let config = config_of(now);
        let site = SiteTime::of(&config.directory.site.time_zone).unwrap();
        let today = Book::new(config.directory, Texts::kept(&config.texts), &config.texts);
        Story::read(&Reader::open(&url).unwrap(), contact, today, site).unwrap()
    }
}

/// Told to people: in words and names alone.
fn told(story: &Story) -> String {
    let text = story.text();
    for debug in ["Some(", "None", "Id(", "{", "doubt"] {
        assert!(!text.contains(debug), "{debug} in\n{text}");
    }
    text
}

#[test]
fn a_contact_is_explained_in_the_sites_time_and_for_programs_in_utc() {
    let mut log = Log::of(THEN);
    log.configured(THEN).both_ready().serve(1, Strategy::Linear);
    let story = log.story(1, THEN);
    let text = told(&story);
    assert!(
        text.starts_with("contact 0000000100000001\n\n2026-05-04T17:00:10.000+08:00  entered queue support"),
        "{text}"
    );
    assert!(text.contains("rule: linear (idle clock ready; d.toml:5:1); agents were free"), "{text}");
    assert!(text.contains("1002 Bo    place 2  ready, behind 1001 Anna  standing before place 1"), "{text}");
    let json = story.json();
    assert_eq!(json["moments"][0]["at"], "2026-05-04T09:00:10.000Z");
    assert_eq!(json["configuration"]["of"], "then");
    assert_eq!((&json["configuration"]["changed_since"], &json["reloaded"]), (&false.into(), &false.into()));
    let keys = [&json, &json["configuration"], &json["moments"][1], &json["moments"][1]["candidates"][0]];
    for key in keys.iter().flat_map(|value| value.as_object().unwrap().keys()) {
        let mut words = HELP.split(|c: char| !c.is_alphanumeric() && c != '_');
        assert!(words.any(|word| word == key), "{key} is not documented");
    }
}

/// Two wait for Anna: the first of another queue is behind by its points, and its line says how they count.
#[test]
fn who_waited_for_the_same_agent_is_told_with_the_rule_and_what_was_missing() {
    let house = "\
[[queue]]
name = \"support\"
[[queue]]
name = \"sales\"
ageing = { per_minute = 1, cap = 20 }
[[agent]]
id = \"1001\"
queues = [\"support\", \"sales\"]
";
    let mut log = Log::of(house);
    let (chosen, other, agent, kept) = (contact(1), contact(2), ANNA, Some(Duration::ZERO));
    log.configured(house).agent(agent, AgentState::NotReady { reason: model::NotReadyReason::Code(1) });
    log.fact(&Fact::Queued { contact: chosen, queue: QueueId(0), priority: 2, position: 1, kept });
    log.fact(&Fact::Queued { contact: other, queue: QueueId(1), priority: 0, position: 1, kept }).pass(60);
    log.agent(agent, AgentState::Ready).agent(agent, AgentState::Reserved { contact: chosen });
    log.fact(&Fact::Offered { contact: chosen, queue: QueueId(0), agent, decision: None });
    let story = log.story(1, house);
    let text = told(&story);
    let row = "0000000100000002  sales    1.0     1 min 00 s  1.0 points fewer of priority and waiting (d.toml:5:1)  a priority \
               higher by 2, or 1 min 00 s more of waiting\n";
    assert!(text.contains(row), "{text}");
    assert!(text.contains("0000000100000001  support  2.0     1 min 00 s  chosen\n"), "{text}");
    let json = story.json();
    let rivals = &json["moments"][1]["rivals"];
    assert_eq!((&rivals[0]["standing"], &rivals[1]["standing"]), (&"chosen".into(), &"fewer-points".into()));
    assert_eq!((&rivals[1]["points"], &rivals[1]["rule"]["line"]), (&1.0.into(), &5.into()));
    for key in rivals[1].as_object().unwrap().keys() {
        assert!(HELP.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == key), "{key}");
    }
    // Passed over, it sees the same from its side.
    let text = told(&log.story(2, house));
    assert!(text.contains("1001 was given 0000000100000001 first") && text.contains(row), "{text}");
}

#[test]
fn a_place_that_counts_from_an_earlier_queue_is_told() {
    let mut log = Log::of(THEN);
    log.configured(THEN).pass(200);
    let (queue, kept) = (QueueId(0), Some(Duration::from_secs(125)));
    log.fact(&Fact::Queued { contact: contact(1), queue, priority: 0, position: 1, kept });
    let story = log.story(1, THEN);
    let text = told(&story);
    assert!(text.contains("with priority 0, at place 1; its place counts from 2 min 05 s before\n"), "{text}");
    assert_eq!(story.json()["moments"][0]["kept"], 125.0);
}

#[test]
fn after_a_restart_with_another_file_everything_is_told_as_it_was() {
    let mut log = Log::of(THEN);
    log.configured(THEN).both_ready().serve(1, Strategy::Linear);
    // The queue has another name, another rule, further down, and Bo has gone.
    let now = "# A house.\n\n[[queue]]\nname = \"help\"\nstrategy = \"random\"\n[[agent]]\nid = \"1001\"\nname = \"Anne\"\nqueues = [\"help\"]\n";
    let story = log.story(1, now);
    let text = told(&story);
    assert!(text.contains("the configuration is another one now: rules and their lines"), "{text}");
    assert!(text.contains("not configured any more: agent 1002, queue support\n"), "{text}");
    assert!(text.contains("rule: linear (idle clock ready; d.toml:5:1)") && text.contains("1001 Anna"), "{text}");
    assert!(text.contains("1002 Bo    place 2"), "{text}");
    let gone: Vec<Value> = vec!["agent 1002".into(), "queue support".into()];
    assert_eq!((&story.json()["configuration"]["gone"], story.unread), (&gone.into(), 0));
}

#[test]
fn a_rule_that_was_changed_since_is_named() {
    let mut log = Log::of(THEN);
    log.configured(THEN).both_ready().serve(1, Strategy::Linear);
    let text = told(&log.story(1, &THEN.replace("\"linear\"", "\"least-calls\"")));
    assert!(text.contains("since then changed to least-calls (idle clock ready)"), "{text}");
}

#[test]
fn each_moment_is_told_by_the_configuration_of_its_time() {
    let later = format!("# One line more.\n{}", THEN.replace("\"linear\"", "\"round-robin\""));
    let mut log = Log::of(THEN);
    let (waits, queue) = (contact(2), QueueId(0));
    log.configured(THEN).both_ready().serve(1, Strategy::Linear);
    log.agent(ANNA, AgentState::SignedOff).agent(BO, AgentState::SignedOff);
    log.fact(&Fact::Queued { contact: waits, queue, priority: 0, position: 1, kept: Some(Duration::ZERO) })
        .pass(30)
        .configured(&later)
        .pass(30);
    log.agent(BO, AgentState::Ready).agent(BO, AgentState::Reserved { contact: waits });
    log.fact(&Fact::Offered { contact: waits, queue, agent: BO, decision: None });
    let story = log.story(2, &later);
    let text = told(&story);
    assert!(text.contains("2026-05-04T17:01:42.000+08:00  the configuration was read anew; what follows"), "{text}");
    assert!(text.contains("rule: round-robin (idle clock ready; d.toml:6:1)"), "{text}");
    assert!(story.json()["reloaded"] == true && story.json()["configuration"]["changed_since"] == true);
    // The one before knows nothing of it.
    let text = told(&log.story(1, &later));
    assert!(text.contains("d.toml:5:1") && !text.contains("read anew"), "{text}");
}

#[test]
fn facts_of_a_version_that_kept_no_configuration_are_told_by_the_one_of_now_and_say_so() {
    let mut log = Log::of(THEN);
    log.both_ready().serve(1, Strategy::Linear);
    let story = log.story(1, THEN);
    assert!(told(&story).contains("no configuration of then was kept with the facts; strategy and idle clock"));
    assert_eq!(story.json()["configuration"]["of"], "now");
    // A name it has no more cannot be read.
    let story = log.story(1, &THEN.replace("1002", "1003"));
    assert!(story.text().contains("1 facts could not be read: they name what this configuration has not"));
}

#[test]
fn a_configuration_this_version_cannot_read_is_said_and_nothing_is_hidden() {
    let mut log = Log::of(THEN);
    let newer = ConfigText { file: "d.toml".into(), text: format!("{THEN}telepathy = true\n").into() };
    log.fact(&Fact::Configured { texts: vec![newer].into() }).both_ready().serve(1, Strategy::Linear);
    let text = told(&log.story(1, THEN));
    assert!(text.contains("the configuration of then cannot be read by this version (d.toml:15:1: "), "{text}");
    assert!(text.contains("; strategy and idle clock of an offer are of then"), "{text}");
    assert!(text.contains("offered to 1001 Anna"), "{text}");
}

#[test]
fn facts_of_a_newer_version_are_counted_and_told() {
    let mut log = Log::of(THEN);
    log.configured(THEN).both_ready().word(None, "teleported", "agent=1002").word(Some(contact(1)), "hologram", "");
    log.serve(1, Strategy::Linear).word(None, "teleported", "after its end");
    let story = log.story(1, THEN);
    assert!(told(&story).contains("2 facts of a newer version were passed over: what follows may be wrong\n"));
    assert_eq!(story.json()["newer_facts"], 2);
}

#[test]
fn a_contact_of_no_queue_and_one_nobody_knows_are_told_apart() {
    let mut log = Log::of(THEN);
    log.configured(THEN).both_ready().serve(1, Strategy::Linear).word(Some(contact(2)), "arrived", "trunk=carrier");
    let (two, three) = (log.story(2, THEN), log.story(3, THEN));
    assert!(two.moments.is_empty() && two.came && three.moments.is_empty() && !three.came);
}
