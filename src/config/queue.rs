//! `[[queue]]`.

use crate::empty;
use crate::names::Entry;
use crate::reader::Reader;
use crate::route::CLASSES;
use crate::routing::{self, Demands};
use crate::rules::Named;
use crate::scalar::{self, DurationRange};
use crate::source::{At, Span};
use crate::table::{Table, Wrong};
use crate::target::Refs;
use model::{
    AnnouncePolicy, AnswerMode, CalendarId, CallbackFirst, CallbackPolicy, Care, IdleClock, MaxLength, MaxWait,
    MinStaffed, MissedPolicy, NumberRule, Queue, QueueId, RecordPolicy, Route, ServiceLevel, SoundName, Strategy,
    Target, Treatment, VoicemailPolicy, Warning, Whisper, WrapUpMode,
};

const ANSWER_MODES: [(&str, AnswerMode); 2] = [("at-once", AnswerMode::AtOnce), ("with-agent", AnswerMode::WithAgent)];
const WRAP_UP_MODES: [(&str, WrapUpMode); 4] = [
    ("fixed", WrapUpMode::Fixed),
    ("capped", WrapUpMode::Capped),
    ("capped-not-ready", WrapUpMode::CappedNotReady),
    ("agent-ended", WrapUpMode::AgentEnded),
];
const TREATMENTS: [(&str, Treatment); 8] = [
    ("negative", Treatment::Negative),
    ("positive", Treatment::Positive),
    ("handled", Treatment::Handled),
    ("ignore", Treatment::Ignore),
    ("short", Treatment::Short),
    ("late", Treatment::Late),
    ("genesys", Treatment::Genesys),
    ("event", Treatment::Event),
];

/// Telephones are let ring for seconds to minutes; RFC 3261 §16.6 takes three minutes as the most a proxy waits.
const RING: DurationRange = DurationRange::seconds(1, 180);
const WRAP_UP: DurationRange = DurationRange::seconds(0, 3600);
const PAUSE: DurationRange = DurationRange::seconds(0, 8 * 3600);
const WAIT: DurationRange = DurationRange::seconds(1, 24 * 3600);
/// In the middle of the first bar of music nobody wants to be told anything.
const FIRST: DurationRange = DurationRange::seconds(1, 3600);
/// Times are told in whole minutes, and beyond ten not at all.
const ROUND: DurationRange = DurationRange::seconds(60, 600);
/// A caller who is told something more often hears nothing else.
const EVERY: DurationRange = DurationRange::seconds(5, 3600);
const CALLED_FIRST: [(&str, CallbackFirst); 2] = [("agent", CallbackFirst::Agent), ("caller", CallbackFirst::Caller)];
/// The agent is held meanwhile, and his reservation is freed 40 s after the ring time of his queue.
const CALLBACK_RING: DurationRange = DurationRange::seconds(5, 35);
const CALLBACK_EVERY: DurationRange = DurationRange::seconds(10, 24 * 3600);
/// Who calls later has another matter.
const RESUME: DurationRange = DurationRange::seconds(1, 3600);
/// Nobody listens to more.
const MESSAGE: DurationRange = DurationRange::seconds(5, 15 * 60);
const TARGET: DurationRange = DurationRange::seconds(0, 3600);

/// A queue, and to which queues its rules send callers: for `circles`.
pub(crate) struct ReadQueue {
    pub(crate) queue: Queue,
    pub(crate) at_once: Vec<(QueueId, Span)>,
    /// When they have waited.
    pub(crate) in_time: Option<(QueueId, Span)>,
    /// Of its steps.
    pub(crate) demands: Demands,
    pub(crate) named: Named,
}

pub(crate) fn read(entry: &Entry<'_>, refs: &Refs<'_>) -> Option<ReadQueue> {
    let table = &entry.table;
    let own = QueueId(entry.index);
    let hours = table.convert("hours", |value| match value.text()? {
        "" => Ok(None),
        name => Ok(Some(CalendarId(refs.calendars.find(name)?))),
    });
    let music = table.attempt("music", |value| {
        let name = refs.sound(value.text()?, "music")?;
        Ok(refs.sound_id(&name).expect("a name that was just found"))
    });
    let (routing, demands, named) = routing::read(entry, refs);
    let max_wait = max_wait(table, refs, own);
    if table.is_given("tries") && table.value("max_wait").text().is_ok_and(|text| text == "off") {
        let message = "whoever was offered so often in vain leaves by `max_wait`, which is off: he waits on";
        table.reader.warn(table.value("tries").span, message, "give the queue a `max_wait`, or take `tries` out");
    }
    let max_length = max_length(table, refs, own);
    let max_expected_wait = table.inner("max_expected_wait", "max_expected_wait").map(|inner| {
        let over = inner.duration("over", WAIT);
        (over, target(&inner, refs, own))
    });
    let min_staffed = table.inner("min_staffed", "min_staffed").map(|inner| {
        let agents = inner.count("agents", 1..=crate::limits::MAX_AGENTS as u32);
        (agents, target(&inner, refs, own))
    });
    let empty = empty::read(table, refs, own);
    let closed = table.inner("closed", "closed").map(|inner| target(&inner, refs, own));
    let ways = [
        max_length.as_ref().and_then(|(_, to)| to.clone()),
        max_expected_wait.as_ref().and_then(|(_, to)| to.clone()),
        min_staffed.as_ref().and_then(|(_, to)| to.clone()),
        empty.1,
        closed.clone().flatten(),
    ];
    let at_once = ways.into_iter().flatten().filter_map(onward).collect();
    let in_time = max_wait.as_ref().and_then(|(_, to)| onward(to.clone()));
    let queue = Queue {
        name: entry.name.clone(),
        strategy: strategy(table, refs, &entry.name),
        idle_clock: table.word("idle_clock", &IdleClock::ALL.map(|clock| (clock.word(), clock)), &[]),
        routing,
        answer: table.word("answer", &ANSWER_MODES, &[]),
        hours: hours.value,
        announce: announce(table),
        keys: keys(table, refs),
        wrap_up: table.duration("wrap_up", WRAP_UP),
        wrap_up_mode: table.word("wrap_up_mode", &WRAP_UP_MODES, &[]),
        ring_timeout: table.duration("ring_timeout", RING),
        missed: missed(table),
        max_wait: max_wait.map(|(after, to)| MaxWait { after, to: to.value }),
        max_length: max_length.and_then(|(at, to)| Some(MaxLength { at, to: to?.value })),
        max_expected_wait: max_expected_wait.and_then(|(after, to)| Some(MaxWait { after, to: to?.value })),
        min_staffed: min_staffed.and_then(|(agents, to)| Some(MinStaffed { agents, to: to?.value })),
        empty: empty.0,
        closed: closed.flatten().map(|to| to.value),
        record: record(table),
        record_notice: record_notice(table, refs),
        service_level: service_level(table),
        care: care(entry, refs),
        removed: false,
        music: music?.value,
    };
    Some(ReadQueue { queue, at_once, in_time, demands, named })
}

/// Those that look at what an agent can do come with the skills.
fn strategy(table: &Table<'_>, refs: &Refs<'_>, name: &str) -> Strategy {
    let strategy = table.word("strategy", &Strategy::ALL.map(|strategy| (strategy.word(), strategy)), &[]);
    if let Strategy::BestSkill | Strategy::LeastVersatile = strategy {
        let who = format!("strategy \"{}\" of queue {name}", strategy.word());
        refs.modules.need(table.reader, table.value("strategy").span, &who, "queue.skills");
    }
    strategy
}

/// `to` of a rule; a rule that leads back to its own queue is refused.
pub(crate) fn target(inner: &Table<'_>, refs: &Refs<'_>, own: QueueId) -> Option<At<Target>> {
    inner.attempt("to", |value| {
        let to = refs.target(value.text()?)?;
        if to == Target::Queue(own) {
            return Err(Wrong::new("this leads back into the same queue", "lead somewhere else"));
        }
        Ok(to)
    })
}

fn onward(to: At<Target>) -> Option<(QueueId, Span)> {
    match to.value {
        Target::Queue(queue) => Some((queue, to.span)),
        Target::Agent(_) | Target::Announcement(_) | Target::Number(_) | Target::Callback(_) | Target::Voicemail(_) => {
            None
        }
    }
}

fn max_wait(table: &Table<'_>, refs: &Refs<'_>, own: QueueId) -> Option<(core::time::Duration, At<Target>)> {
    let inner = table.inner("max_wait", "max_wait")?;
    let after = inner.duration("after", WAIT);
    Some((after, target(&inner, refs, own)?))
}

fn max_length(table: &Table<'_>, refs: &Refs<'_>, own: QueueId) -> Option<(u32, Option<At<Target>>)> {
    let inner = table.inner("max_length", "max_length")?;
    let at = inner.count("at", 1..=crate::limits::MAX_CALLS);
    Some((at, target(&inner, refs, own)))
}

fn announce(table: &Table<'_>) -> AnnouncePolicy {
    match table.inner("announce", "announce") {
        Some(inner) => AnnouncePolicy {
            position: inner.flag("position"),
            wait: inner.flag("wait"),
            first: inner.duration("first", FIRST),
            every: inner.duration("every", EVERY),
            only_improved: inner.flag("only_improved"),
            to_first: inner.flag("to_first"),
            least_wait: inner.duration("least_wait", ROUND),
            round: inner.duration("round", ROUND),
        },
        None => AnnouncePolicy::default(),
    }
}

fn keys(table: &Table<'_>, refs: &Refs<'_>) -> Vec<(char, Target)> {
    let mut keys = Vec::new();
    for (key, value) in table.entries("keys") {
        let mut chars = key.value.chars();
        let (Some(c @ ('0'..='9' | '*' | '#')), None) = (chars.next(), chars.next()) else {
            let message = format!("`{}` is not a key of a telephone", key.value);
            table.reader.error(key.span, message, "one of 0 to 9, \"*\" and \"#\"");
            continue;
        };
        match value.text().and_then(|text| refs.target(text)) {
            Ok(to) => keys.push((c, to)),
            Err(wrong) => table.wrong("keys", value, wrong),
        }
    }
    keys
}

fn missed(table: &Table<'_>) -> MissedPolicy {
    match table.inner("missed", "missed") {
        Some(inner) => MissedPolicy { limit: inner.count("limit", 1..=100), pause: inner.duration("pause", PAUSE) },
        // He is never taken out: more offers than a day has seconds.
        None => MissedPolicy { limit: u32::MAX, pause: core::time::Duration::ZERO },
    }
}

fn record(table: &Table<'_>) -> RecordPolicy {
    let read = |text: &str| match text {
        "off" => Ok(RecordPolicy::Off),
        "all" => Ok(RecordPolicy::All),
        text => scalar::percent(text).map(RecordPolicy::Percent).ok_or_else(|| {
            Wrong::new(format!("`record` cannot be \"{text}\""), "\"off\", \"all\", or a share from \"1%\" to \"99%\"")
        }),
    };
    table.convert("record", |value| read(value.text()?)).value
}

fn record_notice(table: &Table<'_>, refs: &Refs<'_>) -> Option<SoundName> {
    let notice = table.convert("record_notice", |value| match value.text()? {
        "" => Ok(None),
        name => refs.sound(name, "announcements").map(Some),
    });
    notice.value
}

fn care(entry: &Entry<'_>, refs: &Refs<'_>) -> Care {
    let table = &entry.table;
    let whisper = table.inner("whisper", "whisper").map(|inner| {
        let sound = inner.convert("sound", |value| match value.text()? {
            "" => Ok(None),
            name => refs.sound(name, "queue").map(Some),
        });
        Whisper { sound: sound.value, waited: inner.flag("waited") }
    });
    let resume = table.convert("resume", |value| match value.duration()? {
        "off" => Ok(None),
        text => RESUME.check("resume", scalar::duration(text)).map(Some),
    });
    Care {
        whisper: whisper.unwrap_or_default(),
        resume: resume.value,
        callback: callback(entry, refs),
        warning: warning(table, refs),
        voicemail: voicemail(table, refs),
    }
}

fn warning(table: &Table<'_>, refs: &Refs<'_>) -> Option<Warning> {
    let inner = table.inner("warning", "warning")?;
    let mistakes = table.reader.errors();
    let expected_wait = inner.convert("expected_wait", |value| match value.duration()? {
        "off" => Ok(None),
        text => WAIT.check("expected_wait", scalar::duration(text)).map(Some),
    });
    let length = inner.convert("length", |value| match value.value {
        toml::de::DeValue::String(word) if word == "off" => Ok(None),
        _ => {
            let within = 1..=i64::from(crate::limits::MAX_CALLS);
            let most = value.integer().ok().filter(|most| within.contains(most));
            let help = format!("from 1 to {}, or \"off\"", within.end());
            most.map(|most| Some(most as u32)).ok_or_else(|| Wrong::new("`length` cannot be this", help))
        }
    });
    if expected_wait.value.is_none() && length.value.is_none() && table.reader.errors() == mistakes {
        let help = "give { expected_wait = \"5m\" }, { length = 20 } or both";
        table.reader.error(inner.span, "this warns nobody: neither `expected_wait` nor `length` is given", help);
    }
    let sound = inner.attempt("sound", |value| refs.sound(value.text()?, "queue"))?;
    Some(Warning { expected_wait: expected_wait.value, length: length.value, sound: sound.value })
}

/// How messages are taken by who is led to `voicemail:` this queue.
fn voicemail(table: &Table<'_>, refs: &Refs<'_>) -> VoicemailPolicy {
    let Some(inner) = table.inner("voicemail", "voicemail") else {
        let help = "take it out: nobody leaves a message where no key and no rule leads to `voicemail:`";
        table.reader.error(table.value("voicemail").span, "`voicemail` cannot be off", help);
        return VoicemailPolicy::default();
    };
    let greeting = inner.convert("greeting", |value| match value.text()? {
        "" => Ok(None),
        name => refs.sound(name, "voicemail").map(Some),
    });
    VoicemailPolicy { greeting: greeting.value, longest: inner.duration("longest", MESSAGE) }
}

fn callback(entry: &Entry<'_>, refs: &Refs<'_>) -> Option<CallbackPolicy> {
    let table = &entry.table;
    let inner = table.inner("callback", "callback")?;
    refs.modules.need(table.reader, inner.span, &format!("queue {}", entry.name), "queue.callback");
    let hours = inner.convert("hours", |value| match value.text()? {
        "" => Ok(None),
        name => Ok(Some(CalendarId(refs.calendars.find(name)?))),
    });
    Some(CallbackPolicy {
        first: inner.word("first", &CALLED_FIRST, &[]),
        class: inner.word("class", &CLASSES, &[]),
        hours: hours.value,
        ring: inner.duration("ring", CALLBACK_RING),
        tries: inner.count("tries", 1..=20) as u8,
        every: inner.duration("every", CALLBACK_EVERY),
    })
}

fn service_level(table: &Table<'_>) -> ServiceLevel {
    let inner = table.inner("service_level", "service_level");
    let Some(inner) = inner else {
        table.reader.error(
            table.value("service_level").span,
            "`service_level` cannot be off",
            "write { target = \"20s\" }",
        );
        return ServiceLevel {
            target: core::time::Duration::from_secs(20),
            percent: 80,
            treatment: Treatment::default(),
            short_abandon: core::time::Duration::from_secs(5),
        };
    };
    ServiceLevel {
        target: inner.duration("target", TARGET),
        percent: inner.count("percent", 1..=100) as u8,
        treatment: inner.word("treatment", &TREATMENTS, &[]),
        short_abandon: inner.duration("short_abandon", TARGET),
    }
}

/// A key or rule that leads to callbacks leads to a queue that has some.
pub(crate) fn check_callbacks(reader: &Reader<'_>, entries: &[Entry<'_>], queues: &[Option<ReadQueue>]) {
    let has = |id: &QueueId| queues[id.index()].as_ref().is_none_or(|read| read.queue.care.callback.is_some());
    for entry in entries {
        let Some(read) = &queues[entry.index as usize] else { continue };
        let (queue, targets) = (&read.queue, read.queue.ways_out());
        let lacking = targets.filter_map(|to| if let Target::Callback(id) = to { Some(id) } else { None });
        if let Some(id) = lacking.into_iter().find(|id| !has(id)) {
            let other = queues[id.index()].as_ref().map_or("", |read| &*read.queue.name);
            let message = format!("queue {} leads to callback:{other}, and {other} calls nobody back", queue.name);
            reader.error(entry.name_span, message, format!("give [[queue]] {other} a `callback`"));
        }
    }
}

/// Who calls back needs a route that its callbacks may take: else every caller hears that it is not possible.
pub(crate) fn warn_of_uncallable(
    reader: &Reader<'_>,
    entries: &[Entry<'_>],
    queues: &[Option<ReadQueue>],
    routes: &[Route],
) {
    for entry in entries {
        let queue = queues[entry.index as usize].as_ref().map(|read| &read.queue);
        let Some((queue, policy)) = queue.and_then(|queue| Some((queue, queue.care.callback.as_ref()?))) else {
            continue;
        };
        if routes.iter().any(|route| !route.emergency && route.class <= policy.class) {
            continue;
        }
        let class = CLASSES.iter().find(|(_, class)| *class == policy.class).map_or("", |(word, _)| word);
        let message = format!("queue {} calls back, and no [[route]] of class {class} or below leads out", queue.name);
        reader.warn(entry.name_span, message, "write a [[route]], or give `callback` the `class` of one that is there");
    }
}

/// The same for numbers.
pub(crate) fn check_numbers(reader: &Reader<'_>, rules: &[(NumberRule, Span)], queues: &[Option<ReadQueue>]) {
    for (rule, span) in rules {
        let Target::Callback(id) = &rule.to else { continue };
        let lacking = queues[id.index()].as_ref().filter(|read| read.queue.care.callback.is_none());
        if let Some(read) = lacking {
            let name = &read.queue.name;
            let message = format!("this leads to callback:{name}, and {name} calls nobody back");
            reader.error(*span, message, format!("give [[queue]] {name} a `callback`"));
        }
    }
}
