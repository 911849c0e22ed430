use crate::condition::Requirements;
use crate::document::Document;
use crate::include::{Gathered, gather};
use crate::modules::Modules;
use crate::names::{Entry, Names, declare, read_all};
use crate::problem::{Note, Problem, Report, Severity, file_problem};
use crate::reader::Reader;
use crate::secret::{SecretSlot, Secrets};
use crate::serving::Serving;
use crate::source::{Source, Span};
use crate::target::{Refs, SoundNames};
use crate::texts::without_secrets;
use crate::{
    HttpSettings, RecordingSettings, SipSettings, StoreUrl, agent, calendar, circles, feature_codes, generation, http,
    limits, media, number, phone, queue, reason, recording, reserve, route, scalar, sip, site, skill, store, trunk,
};
use model::{ConfigText, Directory, TrunkId};
use std::path::{Path, PathBuf};
use toml::de::DeTable;

/// A configuration that was checked as a whole.
#[derive(Clone, PartialEq, Debug)]
pub struct Config {
    pub directory: Directory,
    pub sip: SipSettings,
    pub http: HttpSettings,
    pub store: StoreUrl,
    pub recording: RecordingSettings,
    /// A folder of sounds to be laid over the built-in ones.
    pub sounds: Option<PathBuf>,
    /// Where the secrets lie that the process makes itself: beside the store.
    pub secrets_file: PathBuf,
    /// Every file that was read, so that a reload and a person know them.
    pub sources: Vec<PathBuf>,
    /// What stood in them, secrets blotted out; nothing when it is too much to be kept with the facts.
    pub texts: Vec<ConfigText>,
    /// What is allowed but looks wrong.
    pub warnings: Vec<Problem>,
}

impl Config {
    /// The secrets nobody gave; the process makes them, keeps them in [`Config::secrets_file`] and hands them back by
    /// [`Config::supply_secrets`].
    pub fn missing_secrets(&self) -> Vec<SecretSlot> {
        let needs = |phone: &&model::Phone| !phone.removed && phone.password.is_none() && phone.contact.is_none();
        let slot = |phone: &model::Phone| SecretSlot::PhonePassword(phone.id.clone());
        self.directory.phones.iter().filter(needs).map(slot).collect()
    }

    /// Fills in what is missing; what the configuration gives stays.
    pub fn supply_secrets(&mut self, secrets: &Secrets) {
        for phone in &mut self.directory.phones {
            if phone.password.is_none() && phone.contact.is_none() {
                phone.password = secrets.find(&SecretSlot::PhonePassword(phone.id.clone())).cloned();
            }
        }
    }
}

/// Reads and checks a configuration file and all it names.
pub fn load(path: &Path, sounds: &SoundNames) -> Result<Config, Report> {
    build(gather(path), None, sounds, &from_environment)
}

/// As [`load`], for a running process: what is named alike keeps its index, what is gone stays as removed.
pub fn load_onto(previous: &Directory, path: &Path, sounds: &SoundNames) -> Result<Config, Report> {
    build(gather(path), Some(previous), sounds, &from_environment)
}

/// The configuration of a process that was given none: loopback addresses, SQLite in `data/`, two agents.
pub fn embedded(sounds: &SoundNames) -> Result<Config, Report> {
    load_text("embedded.toml", embedded_text(), sounds)
}

/// The text of [`embedded`].
pub fn embedded_text() -> &'static str {
    include_str!("embedded.toml")
}

/// A configuration from a text; relative names in it start where the process stands.
pub fn load_text(name: &str, text: &str, sounds: &SoundNames) -> Result<Config, Report> {
    let gathered = Gathered::text(Source::embedded(name, text));
    build(gathered, None, sounds, &from_environment)
}

fn from_environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

pub(crate) fn build(
    gathered: Gathered,
    previous: Option<&Directory>,
    sounds: &SoundNames,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Config, Report> {
    assemble(gathered, previous, sounds, environment, false)
}

/// Of texts that were kept: what they name outside themselves is taken as given.
pub(crate) fn build_kept(gathered: Gathered, previous: Option<&Directory>) -> Result<Config, Report> {
    assemble(gathered, previous, &SoundNames::new(), &|_| None, true)
}

fn assemble(
    gathered: Gathered,
    previous: Option<&Directory>,
    sounds: &SoundNames,
    environment: &dyn Fn(&str) -> Option<String>,
    kept: bool,
) -> Result<Config, Report> {
    let Gathered { sources, notes: mut all_notes, problems, .. } = gathered;
    if !problems.is_empty() {
        return Err(Report::new(problems));
    }
    let mut trees = Vec::with_capacity(sources.len());
    for (file, source) in sources.iter().enumerate() {
        let (tree, errors) = DeTable::parse_recoverable(&source.text);
        all_notes.extend(errors.into_iter().map(|error| syntax(file as u32, &error)));
        trees.push(tree.into_inner());
    }
    let broken = all_notes.iter().any(|note| note.severity == Severity::Error);
    let mut reader = Reader::new(&sources, environment);
    reader.kept = kept;
    let mut config = None;
    // After a broken line the tree lacks what stood there: every error found in it could be a consequence.
    if !broken {
        let document = Document::new(&reader, &trees);
        config = read(&document, &reader, previous, sounds);
    }
    let failed = broken || reader.errors() > 0;
    let secret_files = reader.secret_files.take();
    all_notes.extend(reader.into_notes());
    all_notes.sort_by_key(|note| (note.span, note.severity == Severity::Warning));
    all_notes.dedup();
    let mut problems: Vec<Problem> = all_notes.into_iter().map(|note| note.into_problem(&sources)).collect();
    let Some(mut config) = config.filter(|_| !failed) else { return Err(Report::new(problems)) };
    if kept {
        return Ok(config);
    }
    match Secrets::read(&config.secrets_file) {
        Ok(secrets) => config.supply_secrets(&secrets),
        Err(why) => {
            problems.push(file_problem(&config.secrets_file, why));
            return Err(Report::new(problems));
        }
    }
    config.texts = texts(&sources, &trees);
    let files = sources.into_iter().filter(|source| source.is_file).map(|source| source.name);
    config.sources = files.chain(secret_files).collect();
    config.warnings = problems;
    Ok(config)
}

fn texts(sources: &[Source], trees: &[DeTable<'_>]) -> Vec<ConfigText> {
    if sources.iter().map(|source| source.text.len()).sum::<usize>() > limits::KEPT_TEXT_OCTETS {
        return Vec::new();
    }
    let text = |(source, tree): (&Source, &DeTable<'_>)| ConfigText {
        file: source.name.to_string_lossy().into(),
        text: without_secrets(&source.text, tree),
    };
    sources.iter().zip(trees).map(text).collect()
}

pub(crate) fn syntax(file: u32, error: &toml::de::Error) -> Note {
    Note {
        span: Span::new(file, error.span().unwrap_or(0..0)),
        severity: Severity::Error,
        message: error.message().replace('\n', " "),
        help: "this is not TOML".into(),
        also: None,
    }
}

/// The entries of every named kind.
struct Entries<'a> {
    trunks: Vec<Entry<'a>>,
    calendars: Vec<Entry<'a>>,
    skills: Vec<Entry<'a>>,
    queues: Vec<Entry<'a>>,
    phones: Vec<Entry<'a>>,
    agents: Vec<Entry<'a>>,
}

/// `None` only with an error noted.
fn read<'a>(
    document: &Document<'a>,
    reader: &'a Reader<'a>,
    previous: Option<&Directory>,
    sounds: &SoundNames,
) -> Option<Config> {
    let modules = generation::read(document.one("generation"));
    let generation = modules.level;
    let limits = limits::read(document.one("limits"));
    let (sip, reach) = sip::read(document.one("sip"));
    let site = site::read(document.one("site"), reach);
    let media = media::read(document.one("media"), limits);
    sip::check_reach(document.one("sip"), document.one("site"), document.one("media"), &sip, &media.address);
    let http = http::read(document.one("http"));
    http::check_port(document.one("http"), &http, &sip.listen);
    let feature_codes = feature_codes::read(document.one("feature_codes"));
    let store = store::read(document.one("store"));
    let (entries, mut refs) = declare_all(document, previous, sounds, site.language, modules);
    refs.kept = reader.kept;

    let mut trunks = slots(&refs.trunks);
    read_all(&entries.trunks, &mut trunks, trunk::read);
    trunk::check_blocks(reader, &entries.trunks);
    let outward = |id: TrunkId| trunks[id.index()].as_ref().is_none_or(|trunk| !trunk.host.is_empty());
    at_most(document, "route", limits::MAX_ROUTES);
    refs.routes = document.all("route").iter().filter_map(|table| route::read(table, &refs, &outward)).collect();

    refs.reasons = reason::read(document.one("agent_states"), document.all("reason"), reader);

    let mut calendars = slots(&refs.calendars);
    read_all(&entries.calendars, &mut calendars, |entry| calendar::read(entry, &site.time_zone));
    let mut skills = slots(&refs.skills);
    read_all(&entries.skills, &mut skills, skill::read);
    let mut phones = slots(&refs.phones);
    read_all(&entries.phones, &mut phones, phone::read);
    let mut agents = slots(&refs.agents);
    read_all(&entries.agents, &mut agents, |entry| agent::read(entry, &refs));
    agent::place_all(&entries.agents, &mut agents);
    agent::check_all(reader, &entries.agents, &agents);
    let mut queues = slots(&refs.queues);
    read_all(&entries.queues, &mut queues, |entry| queue::read(entry, &refs));
    circles::check(reader, &queues);
    queue::check_callbacks(reader, &entries.queues, &queues);
    reserve::check(reader, (&entries.queues, &queues), (&entries.agents, &agents));
    // What was refused is not there: a warning after it could be its consequence.
    if reader.errors() == 0 {
        agent::warn_of_unseated(reader, &entries.agents, &agents);
        circles::warn_of_slow(reader, &queues);
        queue::warn_of_uncallable(reader, &entries.queues, &queues, &refs.routes);
    }
    at_most(document, "number", limits::MAX_NUMBERS);
    let rules = document.all("number").iter();
    let rules: Vec<_> = rules.filter_map(|table| Some((number::read(table, &refs)?, table.span))).collect();
    number::check_order(reader, &rules);
    queue::check_numbers(reader, &rules, &queues);
    if reader.errors() == 0 {
        let serving = Serving { reader, entries: &entries.queues, queues: &queues, agents: &agents };
        serving.warn_of_unreachable(&refs.requirements, &entries.skills);
        serving.warn_of_unstaffed(&rules);
        serving.warn_of_unattached(&rules);
    }

    let directory = Directory {
        generation,
        site,
        media,
        limits,
        feature_codes,
        reasons: refs.reasons,
        queues: fill(
            queues.into_iter().map(|read| read.map(|read| read.queue)),
            previous.map(|p| &p.queues),
            |queue| {
                queue.removed = true;
            },
        )?,
        agents: fill(agents, previous.map(|p| &p.agents), |agent| agent.removed = true)?,
        phones: fill(phones, previous.map(|p| &p.phones), |phone| phone.removed = true)?,
        trunks: fill(trunks, previous.map(|p| &p.trunks), |trunk| trunk.removed = true)?,
        routes: refs.routes,
        numbers: rules.into_iter().map(|(rule, _)| rule).collect(),
        calendars: fill(calendars, previous.map(|p| &p.calendars), |_| {})?,
        skills: fill(skills, previous.map(|p| &p.skills), |_| {})?,
        requirements: refs.requirements.into_all(),
        sounds: sounds.clone(),
    };
    let secrets_file = store.folder().join("secrets.toml");
    Some(Config {
        directory,
        sip,
        http,
        store,
        recording: recording::read(document.one("recording")),
        sounds: media::sounds(document.one("media")),
        secrets_file,
        sources: Vec::new(),
        texts: Vec::new(),
        warnings: Vec::new(),
    })
}

/// First all names, so that values may refer to what stands further down or in another file.
fn declare_all<'a, 's>(
    document: &Document<'a>,
    previous: Option<&Directory>,
    sounds: &'s SoundNames,
    language: model::Language,
    modules: Modules,
) -> (Entries<'a>, Refs<'s>) {
    macro_rules! names {
        ($noun:literal, $field:ident, $name:expr) => {
            Names::new($noun, previous.map_or(&[][..], |p| &p.$field).iter().map($name))
        };
    }
    let mut refs = Refs {
        queues: names!("queue", queues, |q| &*q.name),
        agents: names!("agent", agents, |a| &*a.id),
        phones: names!("phone", phones, |p| &*p.id),
        trunks: names!("trunk", trunks, |t| &*t.name),
        calendars: names!("calendar", calendars, |c| &*c.name),
        skills: names!("skill", skills, |s| &**s),
        requirements: Requirements::new(previous.map_or_else(Vec::new, |p| p.requirements.clone())),
        modules,
        routes: Vec::new(),
        reasons: model::Reasons::default(),
        sounds,
        kept: false,
        language,
    };
    let entries = Entries {
        trunks: declare(document.all("trunk"), "name", limits::MAX_TRUNKS, scalar::name, &mut refs.trunks),
        calendars: declare(document.all("calendar"), "name", limits::MAX_CALENDARS, scalar::name, &mut refs.calendars),
        skills: declare(document.all("skill"), "name", limits::MAX_SKILLS, scalar::name, &mut refs.skills),
        queues: declare(document.all("queue"), "name", limits::MAX_QUEUES, scalar::name, &mut refs.queues),
        phones: declare(document.all("phone"), "id", limits::MAX_PHONES, scalar::dialled_id, &mut refs.phones),
        agents: declare(document.all("agent"), "id", limits::MAX_AGENTS, scalar::dialled_id, &mut refs.agents),
    };
    (entries, refs)
}

fn at_most(document: &Document<'_>, kind: &str, most: usize) {
    if let Some(table) = document.all(kind).get(most) {
        table.reader.error(
            table.span,
            format!("there are more than {most} {kind}s"),
            "this is the most one process takes",
        );
    }
}

fn slots<T>(names: &Names) -> Vec<Option<T>> {
    (0..names.len()).map(|_| None).collect()
}

/// An index that nothing was read for belongs to what is gone: the previous entry stays, marked.
fn fill<T: Clone>(
    read: impl IntoIterator<Item = Option<T>>,
    previous: Option<&Vec<T>>,
    mark: impl Fn(&mut T),
) -> Option<Vec<T>> {
    let kept = |index: usize| {
        let mut gone = previous?.get(index)?.clone();
        mark(&mut gone);
        Some(gone)
    };
    read.into_iter().enumerate().map(|(index, slot)| slot.or_else(|| kept(index))).collect()
}
