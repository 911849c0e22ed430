//! A running process takes a changed configuration.

use super::{read, sounds};
use crate::include::Gathered;
use crate::load::build;
use crate::source::Source;
use crate::words::Named;
use crate::{Config, diff};
use model::{AgentId, Directory, QueueId, plain};

const BEFORE: &str = r#"
[[queue]]
name = "support"
[[queue]]
name = "sales"
[[calendar]]
name = "office"
open = { mon-fri = "09:00-18:00" }
[[phone]]
id = "1001"
password = "swordfish"
[[phone]]
id = "1002"
[[agent]]
id = "1001"
name = "Anna"
phone = "1001"
queues = ["support", "sales"]
[[agent]]
id = "1002"
[[number]]
match = "1"
to = "queue:support"
[[number]]
match = "2"
to = "queue:sales"
"#;

fn onto(before: &Config, text: &str) -> Config {
    let gathered = Gathered::text(Source::embedded("t.toml", text));
    build(gathered, Some(&before.directory), &sounds(), &|_| None).unwrap()
}

fn check(change: impl Fn(String) -> String, expected: &str) -> (Config, Config) {
    let before = read(BEFORE).unwrap();
    let after = onto(&before, &change(BEFORE.to_owned()));
    assert_eq!(diff(&before, &after).to_string(), expected);
    (before, after)
}

#[test]
fn the_same_text_changes_nothing() {
    let (before, after) = check(|text| text, "nothing changed");
    assert_eq!(before, after);
}

#[test]
fn a_changed_value_is_told_in_words() {
    check(
        |text| {
            text.replace("\"support\"\n[[queue]]", "\"support\"\nring_timeout = \"20s\"\nrecord = \"20%\"\n[[queue]]")
        },
        "queue support: ring_timeout 15s → 20s; queue support: record off → 20%",
    );
}

/// Generation 5, and the steps, whose conditions are the same.
#[test]
fn a_changed_reserve_or_objective_is_told_as_it_is_written() {
    let later = |text: String| format!("generation.level = 5\n{text}");
    let before = read(&later(BEFORE.into())).unwrap();
    let differs = |from: &str, to: &str, expected: &str| {
        let after = onto(&before, &later(BEFORE.replacen(from, to, 1)));
        assert_eq!(diff(&before, &after).to_string(), expected);
    };
    let queue = "name = \"support\"\n";
    differs(queue, &format!("{queue}service_objective = \"20s\"\n"), "queue support: service_objective off → 20s");
    differs(
        queue,
        &format!(
            "{queue}reserves = [{{ queue = \"sales\", when = \"longest_wait >= 20 && reserve_ready >= 2 || waiting > 9\", \
             until = \"waiting == 0\", hold = \"10s\" }}]\n"
        ),
        "queue support: reserves none → agents of sales when waiting >= 10 || longest_wait >= 20 && reserve_ready >= 2 until \
         waiting == 0, hold 10s",
    );
    let agent = "[[agent]]\nid = \"1002\"\n";
    let level = "reserves = [{ level = 2, when = \"waiting > 0\", hold = \"10s\" }]\n";
    let text = BEFORE.replace(queue, &format!("{queue}{level}"));
    let text = text.replace(agent, &format!("{agent}reserve = {{ support = 2 }}\n"));
    assert_eq!(
        diff(&before, &onto(&before, &later(text))).to_string(),
        "queue support: reserves none → level 2 when waiting >= 1, hold 10s; agent 1002: reserve none → support 2"
    );
    differs(
        agent,
        &format!("{agent}capacity = {{ chat = 3 }}\n"),
        "agent 1002: capacity 1 voice, 0 chat, 0 mail → 1 voice, 3 chat, 0 mail",
    );
}

/// What is no field of its own: the label, what names many, secrets, and short forms of other keys.
const NOT_TOLD: [&str; 10] =
    ["name", "id", "range", "needs", "password", "password_file", "password_env", "pin", "pin_file", "pin_env"];

#[test]
fn every_key_of_a_queue_an_agent_a_phone_and_a_trunk_is_told_when_it_changes() {
    fn told<T: Named>(thing: &T, directory: &Directory) {
        let words: Vec<&str> = thing.fields(directory).into_iter().map(|(key, _)| key).collect();
        let keys = crate::document::defaults_of(T::KIND).keys().map(|key| key.get_ref().as_ref());
        for key in keys.filter(|key| !NOT_TOLD.contains(key)) {
            let part =
                |word: &&str| word.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
            assert!(words.iter().any(part), "a {} does not tell `{key}`: {words:?}", T::KIND);
        }
    }
    let directory = plain::directory(vec![plain::queue("support")], vec![plain::agent(0, &[0])]);
    told(&directory.queues[0], &directory);
    told(&directory.agents[0], &directory);
    told(&directory.phones[0], &directory);
    told(&plain::trunk("carrier"), &directory);
}

#[test]
fn an_added_agent_gets_the_next_index_wherever_it_is_written() {
    let (_, after) = check(
        |text| text.replace("[[agent]]\nid = \"1002\"", "[[agent]]\nid = \"1000\"\n[[agent]]\nid = \"1002\""),
        "agent 1000 added",
    );
    assert_eq!(after.directory.agent_named("1002"), Some(AgentId(1)));
    assert_eq!(after.directory.agent_named("1000"), Some(AgentId(2)));
}

/// The same as after a restart, though the indices are others.
#[test]
fn agents_stand_where_they_are_written_after_a_reload() {
    let turn = |text: String| {
        let anna = text.find("[[agent]]").unwrap();
        let ben = text.rfind("[[agent]]").unwrap();
        let rest = text.find("[[number]]").unwrap();
        format!("{}{}{}{}", &text[..anna], &text[ben..rest], &text[anna..ben], &text[rest..])
    };
    let (_, after) = check(turn, "the order of the agents changed");
    let places = |config: &Config| {
        let mut all: Vec<_> = config.directory.agents.iter().map(|agent| (agent.place, agent.id.clone())).collect();
        all.sort_unstable();
        all
    };
    assert_eq!(after.directory.agent_named("1001"), Some(AgentId(0)));
    assert_eq!(places(&after), [(0, "1002".into()), (1, "1001".into())]);
    assert_eq!(places(&after), places(&read(&turn(BEFORE.into())).unwrap()));
}

#[test]
fn a_removed_queue_keeps_its_index_and_gets_it_back() {
    let without = |text: String| {
        text.replace("[[queue]]\nname = \"sales\"", "")
            .replace(", \"sales\"", "")
            .replace("queue:sales", "queue:support")
    };
    let (before, after) = check(
        without,
        "number 2 to queue:support (priority 0, en) added; number 2 to queue:sales (priority 0, en) removed; queue \
         sales removed; agent 1001: queues support sales → support",
    );
    assert!(after.directory.queues[1].removed);
    assert_eq!(after.directory.queue_named("sales"), None);
    let again = onto(&after, BEFORE);
    assert_eq!(again.directory.queue_named("sales"), Some(QueueId(1)));
    assert_eq!(again.directory, before.directory);
}

#[test]
fn a_removed_name_cannot_be_referred_to() {
    let before = read(BEFORE).unwrap();
    let text = BEFORE.replace("[[queue]]\nname = \"sales\"", "");
    let gathered = Gathered::text(Source::embedded("t.toml", &text));
    let report = build(gathered, Some(&before.directory), &sounds(), &|_| None).unwrap_err().to_string();
    assert!(report.contains("there is no queue \"sales\""), "{report}");
}

#[test]
fn secrets_and_names_of_people_are_not_told() {
    let (before, after) = check(
        |text| text.replace("swordfish", "guppy").replace("Anna", "Berta"),
        "phone 1001: password changed; agent 1001: name changed",
    );
    let said = format!("{before:?}{after:?}");
    assert!(!said.contains("swordfish") && !said.contains("guppy"));
}

#[test]
fn the_order_of_rules_counts() {
    let swapped = |text: String| {
        text.replace("match = \"1\"\nto = \"queue:support\"", "match = \"x\"")
            .replace("match = \"2\"\nto = \"queue:sales\"", "match = \"1\"\nto = \"queue:support\"")
            .replace("match = \"x\"", "match = \"2\"\nto = \"queue:sales\"")
    };
    check(swapped, "the order of the numbers changed");
}

#[test]
fn an_outward_number_is_told_by_its_end() {
    let outward = |number: &str| {
        format!(
            "[[trunk]]\nname = \"t\"\nhost = \"h\"\n[[route]]\nmatch = \"+*\"\ntrunks = [\"t\"]\n[[number]]\nmatch = \
             \"9\"\nto = \"number:{number}\""
        )
    };
    let before = read(&outward("+8613800138001")).unwrap();
    let after = onto(&before, &outward("+8613900138001"));
    assert_eq!(
        diff(&before, &after).to_string(),
        "number 9 to number:…01 (priority 0, en) added; number 9 to number:…01 (priority 0, en) removed"
    );
}

#[test]
fn what_needs_a_start_is_told_apart_and_held() {
    let text = format!("[sip]\nlisten = [\"udp:127.0.0.1:5070\"]\n[limits]\nshards = 2\nmax_calls = 10\n{BEFORE}");
    let before = read(BEFORE).unwrap();
    let mut after = onto(&before, &text);
    assert_eq!(
        diff(&before, &after).to_string(),
        "limits.max_calls 5000 → 10; sip.listen udp:127.0.0.1:5060 tcp:127.0.0.1:5060 → udp:127.0.0.1:5070 (at the \
         next start); limits.shards 1 → 2 (at the next start)"
    );
    after.hold_until_restart(&before);
    assert_eq!(diff(&before, &after).to_string(), "limits.max_calls 5000 → 10");
}

#[test]
fn a_removed_phone_needs_no_secret() {
    let before = read(BEFORE).unwrap();
    assert_eq!(before.missing_secrets().len(), 1);
    let after = onto(&before, &BEFORE.replace("[[phone]]\nid = \"1002\"", ""));
    assert!(after.missing_secrets().is_empty());
}
