//! No text makes the reader panic, and what it accepts holds together.

use super::read;
use crate::Config;
use model::Target;
use proptest::prelude::*;

const SEEDS: [&str; 4] = [
    include_str!("issue.toml"),
    include_str!("../defaults.toml"),
    include_str!("../embedded.toml"),
    include_str!("../../../deploy/strowger.toml"),
];

/// Pieces that matter to TOML or to one of our own small languages.
const PIECES: [&str; 40] = [
    "\"",
    "'",
    "[",
    "]",
    "[[",
    "{",
    "}",
    "=",
    ",",
    ".",
    "#",
    "\n",
    "\r",
    "\0",
    "\u{feff}",
    "é",
    "安",
    "{n}",
    "*",
    "-",
    "0",
    "99999999999999999999",
    "-1",
    "1.5",
    "true",
    "2026-10-01",
    "\"\"",
    "[]",
    "{}",
    "\"off\"",
    "\"queue:a\"",
    "\"number:+86\"",
    "range = \"0-9\"\n",
    "[[agent]]\n",
    "[sip]\n",
    "tenant = \"x\"\n",
    "\"\"\"",
    "\\u0000",
    "\"999999999999d\"",
    "\"::/0\"",
];

#[derive(Clone, Debug)]
enum Edit {
    Cut(prop::sample::Index, usize),
    Insert(prop::sample::Index, &'static str),
    /// A line from elsewhere in the text.
    Repeat(prop::sample::Index, prop::sample::Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        (any::<prop::sample::Index>(), 0_usize..20).prop_map(|(at, length)| Edit::Cut(at, length)),
        (any::<prop::sample::Index>(), prop::sample::select(&PIECES[..]))
            .prop_map(|(at, piece)| Edit::Insert(at, piece)),
        (any::<prop::sample::Index>(), any::<prop::sample::Index>()).prop_map(|(from, to)| Edit::Repeat(from, to)),
    ]
}

fn apply(text: &str, edit: &Edit) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    match edit {
        Edit::Cut(at, length) => {
            let at = at.index(chars.len() + 1);
            chars.drain(at..(at + length).min(chars.len()));
        }
        Edit::Insert(at, piece) => {
            let at = at.index(chars.len() + 1);
            chars.splice(at..at, piece.chars());
        }
        Edit::Repeat(from, to) => {
            let mut lines: Vec<&str> = text.lines().collect();
            if lines.is_empty() {
                return text.into();
            }
            let line = lines[from.index(lines.len())];
            lines.insert(to.index(lines.len()), line);
            return lines.join("\n");
        }
    }
    chars.into_iter().collect()
}

/// Every id in the result has its entry.
fn holds_together(config: &Config) {
    let directory = &config.directory;
    let target = |to: &Target| match to {
        Target::Queue(id) => assert!(!directory.queue(*id).removed),
        Target::Agent(id) => assert!(!directory.agent(*id).removed),
        Target::Voicemail(id) => assert!(!directory.queue(*id).removed),
        Target::Callback(id) => assert!(directory.queue(*id).care.callback.is_some()),
        Target::Announcement(name) => assert!(directory.sound(directory.site.language, &name.0).is_some()),
        Target::Number(number) => assert!(directory.routes.iter().any(|route| route.pattern.matches(number))),
    };
    for queue in &directory.queues {
        queue.ways_out().for_each(target);
        queue.hours.map(|id| directory.calendar(id));
    }
    for agent in &directory.agents {
        agent.queues.iter().for_each(|id| assert!(!directory.queue(*id).removed));
        agent.phone.map(|id| directory.phone(id));
        agent.skills.iter().for_each(|level| assert!((1..=10).contains(&level.level)));
    }
    for route in &directory.routes {
        assert!(!route.trunks.is_empty());
        route.trunks.iter().for_each(|id| assert!(!directory.trunk(*id).host.is_empty()));
    }
    for rule in &directory.numbers {
        target(&rule.to);
        rule.trunk.map(|id| directory.trunk(id));
    }
    assert!(!config.sip.listen.is_empty() && !directory.media.address.is_empty() && !directory.media.codecs.is_empty());
}

fn check(text: &str) {
    match read(text) {
        Ok(config) => holds_together(&config),
        Err(report) => {
            assert!(!report.problems().is_empty());
            let said = report.to_string();
            assert!(said.contains("error: "), "{said}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_configuration_is_read_or_refused(
        seed in prop::sample::select(&SEEDS[..]),
        edits in prop::collection::vec(edit(), 1..8),
    ) {
        check(&edits.iter().fold(seed.to_owned(), |text, edit| apply(&text, edit)));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        check(&text);
    }

    #[test]
    fn any_value_of_any_key_is_read_or_refused(
        table in prop::sample::select(vec!["sip", "media", "limits", "feature_codes", "site", "[queue]", "[agent]", "[phone]", "[trunk]", "[route]", "[number]", "[calendar]"]),
        seed in any::<prop::sample::Index>(),
        value in prop::sample::select(&PIECES[..]),
    ) {
        let defaults = crate::document::defaults_of(table.trim_matches(['[', ']']));
        let key = defaults.keys().nth(seed.index(defaults.len())).expect("a key").get_ref();
        check(&format!("[{table}]\n{key} = {value}\n"));
    }
}

#[test]
fn only_what_was_written_holds_together_too() {
    for seed in SEEDS {
        check(seed);
    }
}
