use super::{read, sounds, warnings};
use crate::defaults::DEFAULTS;
use crate::document::{MANY, SINGLE};
use crate::{Config, SecretSlot, embedded, render_defaults};
use core::time::Duration;
use model::{ClassOfService, Codec, IdleClock, InitialState, Language, SoundName, Target};
use toml::de::{DeTable, DeValue};

#[test]
fn an_empty_text_is_the_defaults() {
    let config = read("").unwrap();
    let directory = &config.directory;
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    assert_eq!(directory.site.time_zone, "UTC".into());
    assert_eq!(directory.site.language, Language::English);
    assert_eq!(
        config.sip.listen.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["udp:127.0.0.1:5060", "tcp:127.0.0.1:5060"]
    );
    assert_eq!(config.http.listen, Some("127.0.0.1:8080".parse().unwrap()));
    assert_eq!(config.store.to_string(), "sqlite:data/strowger.db");
    assert_eq!(config.recording.folder.to_str(), Some("data/recordings"));
    assert_eq!(config.secrets_file.to_str(), Some("data/secrets.toml"));
    assert_eq!(directory.media.codecs, [Codec::Pcmu, Codec::Pcma, Codec::G722]);
    assert_eq!(directory.media.ports, 10000..=32767);
    assert_eq!((directory.limits.max_calls, directory.limits.shards), (5000, 1));
    assert_eq!(directory.feature_codes.sign_on, "*11".into());
}

#[test]
fn a_table_with_its_name_alone_has_the_defaults() {
    let config = read(
        "[[queue]]\nname = \"a\"\n[[phone]]\nid = \"1\"\n[[agent]]\nid = \"1\"\n[[skill]]\nname = \"s\"\n[[trunk]]\nname = \
         \"t\"\nhost = \"h\"\n[[route]]\nmatch = \"*\"\ntrunks = [\"t\"]\n[[calendar]]\nname = \"c\"\nopen = { mon = \
         \"08:00-09:00\" }\n[[number]]\nmatch = \"1\"\nto = \"queue:a\"",
    )
    .unwrap();
    let directory = &config.directory;
    let queue = &directory.queues[0];
    assert_eq!(
        (queue.idle_clock, queue.wrap_up, queue.ring_timeout),
        (IdleClock::Release, Duration::from_secs(5), Duration::from_secs(15))
    );
    let max_wait = queue.max_wait.as_ref().unwrap();
    assert_eq!(max_wait.after, Duration::from_secs(600));
    assert_eq!(max_wait.to, Target::Announcement(SoundName("announcements/sorry".into())));
    assert_eq!(queue.max_length, None);
    assert_eq!(queue.empty.to, None);
    assert_eq!(queue.closed, Some(Target::Announcement(SoundName("announcements/closed".into()))));
    assert_eq!((queue.service_level.percent, queue.missed.limit), (80, 3));
    assert_eq!(Some(queue.music), directory.sound(Language::Mandarin, "music/default"));
    let agent = &directory.agents[0];
    assert_eq!(
        (&*agent.name, agent.class, agent.initial_state),
        ("1", ClassOfService::Internal, InitialState::NotReady)
    );
    assert!(directory.trunks[0].trust_identity && !directory.trunks[0].register);
    assert_eq!((directory.routes[0].class, directory.routes[0].emergency), (ClassOfService::National, false));
    assert_eq!(directory.calendars[0].time_zone, "UTC".into());
}

/// What `strowger config` prints is a configuration and comes to the same as the empty one, and so does a sample with a
/// name: no default is written twice.
#[test]
fn the_printed_defaults_come_to_the_defaults() {
    let printed = render_defaults();
    let read_as = |text: &str| Config { texts: Vec::new(), ..read(text).unwrap() };
    assert_eq!(read_as(&printed), read_as(""));
    let (settings, samples) = printed.split_at(printed.find("\n#[[").unwrap());
    let samples: String = samples.lines().map(|line| format!("{}\n", line.strip_prefix('#').unwrap_or(line))).collect();
    let table = |text: &str| text.parse::<toml::Table>().unwrap();
    assert_eq!(
        table(&format!("{settings}{samples}")),
        table(include_str!("../defaults.toml")),
        "each key in its table"
    );
    let named = |text: &str, name: &str| text.replace(name, &format!("{} \"x\"\n", &name[..name.len() - 2]));
    let queue = samples.split("[[queue]]").nth(1).unwrap().split("[[").next().unwrap();
    let written = format!("[[queue]]\n{}", named(queue, "name = \"\""));
    assert_eq!(read(&written).unwrap().directory.queues, read("[[queue]]\nname = \"x\"").unwrap().directory.queues);
}

#[test]
fn every_table_has_its_defaults_and_every_key_a_word_about_it() {
    let tables: Vec<&str> = SINGLE.iter().chain(&MANY).map(|(name, _)| *name).collect();
    for name in &tables {
        assert!(DEFAULTS.contains_key(*name), "{name}");
    }
    assert_eq!(DEFAULTS.len(), tables.len() + 1, "and `include`");
}

/// Every key of every table as `table.key`, arrays of tables and inner tables followed.
fn keys(table: &DeTable<'_>, path: &str, found: &mut Vec<String>) {
    for (key, value) in table {
        let path = format!("{path}.{}", key.get_ref());
        let tables: Vec<&DeTable<'_>> = match value.get_ref() {
            DeValue::Table(inner) => vec![inner],
            DeValue::Array(items) => items.iter().filter_map(|item| item.get_ref().as_table()).collect(),
            _ => Vec::new(),
        };
        tables.into_iter().for_each(|inner| keys(inner, &path, found));
        found.push(path);
    }
}

/// Keys whose inner keys are the writer's own words.
const FREE: [&str; 6] = [
    ".number.attach.",
    ".calendar.open.",
    ".calendar.exceptions.",
    ".queue.keys.",
    ".agent.skills.",
    ".agent.reserve.",
];

#[test]
fn the_deployed_example_shows_every_key_and_no_other() {
    let deployed = include_str!("../../../deploy/strowger.toml");
    let mut known = Vec::new();
    keys(&DEFAULTS, "", &mut known);
    let off_by_default = [
        ".queue.max_expected_wait.over",
        ".queue.max_expected_wait.to",
        ".queue.min_staffed.agents",
        ".queue.min_staffed.to",
        ".queue.max_length.at",
        ".queue.max_length.to",
        ".queue.ageing.per_minute",
        ".queue.ageing.cap",
    ];
    known.extend(off_by_default.map(str::to_owned));
    let mut shown = Vec::new();
    // What must not be given together with another key stands there as a comment.
    let alternatives = deployed.replace("#or ", "");
    keys(&DeTable::parse_recoverable(&alternatives).0.into_inner(), "", &mut shown);
    shown.retain(|key| !FREE.iter().any(|free| key.starts_with(free)));
    let missing: Vec<&String> = known.iter().filter(|key| !shown.contains(key)).collect();
    assert!(missing.is_empty(), "deploy/strowger.toml does not show {missing:?}");
    let strange: Vec<&String> = shown.iter().filter(|key| !known.contains(key)).collect();
    assert!(strange.is_empty(), "deploy/strowger.toml shows {strange:?}, which are no keys");
}

#[test]
fn the_embedded_configuration_lets_two_people_answer_and_one_phone_call() {
    let mut config = embedded(&sounds()).unwrap();
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    let slots = ["1001", "1002", "2001"].map(|id| SecretSlot::PhonePassword(id.into()));
    assert_eq!(config.missing_secrets(), slots);
    let mut secrets = crate::Secrets::default();
    for slot in slots {
        secrets.insert(slot, model::Secret::new("made"));
    }
    config.supply_secrets(&secrets);
    assert!(config.missing_secrets().is_empty());
    let directory = &config.directory;
    let support = directory.queue_named("support").unwrap();
    let answering: Vec<_> = directory.agents.iter().filter(|agent| agent.queues.contains(&support)).collect();
    assert_eq!(answering.len(), 2);
    let leads_there = |trunk| directory.numbers.iter().find(|rule| rule.trunk == trunk && rule.pattern.matches("4000"));
    for trunk in [None, directory.trunk_named("this-machine")] {
        assert_eq!(leads_there(trunk).unwrap().to, Target::Queue(support));
    }
}

#[test]
fn the_deployed_example_loads_without_a_warning() {
    let config = read(include_str!("../../../deploy/strowger.toml")).unwrap();
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    assert_eq!(config.directory.agents.len(), 21);
    assert!(config.directory.routes[0].emergency);
}

#[test]
fn nothing_compiled_in_is_a_secret() {
    assert!(embedded(&sounds()).unwrap().directory.phones.iter().all(|phone| phone.password.is_none()));
    assert!(warnings("").is_empty());
}

/// What a condition may ask is said where every key is.
#[test]
fn every_name_of_a_condition_is_explained_with_the_defaults() {
    let text = render_defaults();
    for figure in model::QueueFigure::ALL {
        let head = format!("     {} ", figure.word());
        let told = text.lines().any(|line| line.trim_start_matches('#').starts_with(&head));
        assert!(told, "{} is not explained", figure.word());
    }
}
