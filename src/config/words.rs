//! The configured nouns in the words of the configuration, for telling what a reload changed.

use crate::phrases::{callback, reserve, rule, step, voicemail, warning, whisper};
use crate::scalar::spell_duration;
use model::{
    Agent, AnswerMode, Calendar, CalledFrom, ClassOfService, DaySpan, Directory, InReserve, InitialState, NailedUp,
    Network, NumberRule, Pattern, Phone, Queue, RecordPolicy, Route, Secret, SoundId, Supervises, Target, Trunk,
    WrapUpMode,
};

/// A key and its value as text.
pub(crate) type Field = (&'static str, String);

/// A thing that keeps its name and its index over reloads.
pub(crate) trait Named: PartialEq {
    const KIND: &'static str;

    fn label(&self) -> &str;

    fn removed(&self) -> bool {
        false
    }

    fn fields(&self, directory: &Directory) -> Vec<Field>;

    /// What is compared but never shown: secrets, and names of people.
    fn hidden(&self) -> Vec<(&'static str, &str)> {
        Vec::new()
    }
}

/// What is not in a list and can change while the process runs.
pub(crate) fn settings(directory: &Directory) -> Vec<Field> {
    let Directory { site, media, limits, feature_codes: codes, generation, reasons, .. } = directory;
    let named: Vec<String> = reasons.all.iter().map(|r| format!("{} {}", r.code, r.name)).collect();
    let codecs: Vec<&str> = media.codecs.iter().map(|codec| codec.word()).collect();
    let address = |address: Option<core::net::IpAddr>| address.map_or(String::new(), |address| address.to_string());
    vec![
        ("generation.level", generation.level().to_string()),
        ("site.time_zone", site.time_zone.to_string()),
        ("site.region", site.region.to_string()),
        ("site.language", site.language.tag().into()),
        ("site.domain", site.domain.to_string()),
        ("sip.public_address", address(site.public_address)),
        ("sip.local_networks", networks(&site.local_networks)),
        ("media.public_address", address(media.public_address)),
        ("media.codecs", codecs.join(" ")),
        ("media.timeout", spell_duration(media.timeout)),
        ("limits.max_calls", limits.max_calls.to_string()),
        ("limits.drain", spell_duration(limits.drain)),
        ("feature_codes.sign_on", codes.sign_on.to_string()),
        ("feature_codes.sign_off", codes.sign_off.to_string()),
        ("feature_codes.ready", codes.ready.to_string()),
        ("feature_codes.not_ready", codes.not_ready.to_string()),
        ("feature_codes.extend", codes.extend.to_string()),
        ("feature_codes.listen", codes.listen.to_string()),
        ("feature_codes.whisper", codes.whisper.to_string()),
        ("feature_codes.barge", codes.barge.to_string()),
        ("feature_codes.take_over", codes.take_over.to_string()),
        ("agent_states.not_ready_reason", needed(reasons.for_not_ready)),
        ("agent_states.sign_off_reason", needed(reasons.for_sign_off)),
        ("reasons", named.join(", ")),
    ]
}

impl Named for Trunk {
    const KIND: &'static str = "trunk";

    fn label(&self) -> &str {
        &self.name
    }

    fn removed(&self) -> bool {
        self.removed
    }

    fn fields(&self, _: &Directory) -> Vec<Field> {
        let called_from = match self.called_from {
            CalledFrom::RequestUri => "request-uri",
            CalledFrom::To => "to",
            CalledFrom::PCalledPartyId => "p-called-party-id",
        };
        vec![
            ("host", self.host.to_string()),
            ("allow_from", networks(&self.allow_from)),
            ("register", self.register.to_string()),
            ("username", self.username.to_string()),
            ("realm", self.realm.to_string()),
            ("called_from", called_from.into()),
            ("trust_identity", self.trust_identity.to_string()),
            ("options_interval", spell_duration(self.options_interval)),
            ("max_calls", self.max_calls.to_string()),
            ("max_cps", self.max_cps.to_string()),
        ]
    }

    fn hidden(&self) -> Vec<(&'static str, &str)> {
        vec![("password", exposed(self.password.as_ref()))]
    }
}

pub(crate) fn route(directory: &Directory, route: &Route) -> String {
    let trunks: Vec<&str> = route.trunks.iter().map(|trunk| &*directory.trunk(*trunk).name).collect();
    let class = if route.emergency { "emergency" } else { class(route.class) };
    let mut text = format!("{} by {} ({class})", pattern(&route.pattern), trunks.join(", "));
    if route.strip > 0 || !route.prepend.is_empty() {
        text.push_str(&format!(" strip {} prepend \"{}\"", route.strip, route.prepend));
    }
    if let Some(shown) = &route.caller_id {
        text.push_str(&format!(" showing {shown}"));
    }
    text
}

/// `reveal`: with an outward target's digits, for comparing; never for a log.
pub(crate) fn number(directory: &Directory, rule: &NumberRule, reveal: bool) -> String {
    let mut text = pattern(&rule.pattern);
    if let Some(trunk) = rule.trunk {
        text.push_str(&format!(" from {}", directory.trunk(trunk).name));
    }
    text.push_str(&format!(
        " to {} (priority {}, {})",
        destination(directory, &rule.to, reveal),
        rule.priority,
        rule.language.tag()
    ));
    for (key, value) in &rule.attach {
        text.push_str(&format!(" {key}={value}"));
    }
    text
}

impl Named for Calendar {
    const KIND: &'static str = "calendar";

    fn label(&self) -> &str {
        &self.name
    }

    fn fields(&self, _: &Directory) -> Vec<Field> {
        let time = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        let spell = |spans: &[DaySpan]| {
            let spans = spans.iter().map(|span| format!("{}-{}", time(span.from_minute), time(span.to_minute)));
            spans.collect::<Vec<_>>().join(" and ")
        };
        let mut open = Vec::new();
        for hours in &self.open {
            open.push(format!("{:?} {}", hours.day, spell(&hours.spans)));
        }
        let day = |(year, month, day): (i16, i8, i8)| format!("{year:04}-{month:02}-{day:02}");
        let exceptions: Vec<String> = self
            .exceptions
            .iter()
            .map(|one| format!("{}..{} {}", day(one.from), day(one.to), spell(&one.spans)))
            .collect();
        let closed = self.closed_on.iter().map(|dates| format!("{}..{}", day(dates.from), day(dates.to)));
        vec![
            ("time_zone", self.time_zone.to_string()),
            ("open", open.join(", ")),
            ("closed_on", closed.collect::<Vec<_>>().join(", ")),
            ("exceptions", exceptions.join(", ")),
        ]
    }
}

/// A skill is its name.
impl Named for Box<str> {
    const KIND: &'static str = "skill";

    fn label(&self) -> &str {
        self
    }

    fn fields(&self, _: &Directory) -> Vec<Field> {
        Vec::new()
    }
}

impl Named for Queue {
    const KIND: &'static str = "queue";

    fn label(&self) -> &str {
        &self.name
    }

    fn removed(&self) -> bool {
        self.removed
    }

    fn fields(&self, directory: &Directory) -> Vec<Field> {
        let to = |to: &Target| target(directory, to);
        let max_wait = self.max_wait.as_ref().map(|rule| format!("{} to {}", spell_duration(rule.after), to(&rule.to)));
        let max_length = self.max_length.as_ref().map(|rule| format!("{} to {}", rule.at, to(&rule.to)));
        let max_expected_wait =
            self.max_expected_wait.as_ref().map(|rule| format!("{} to {}", spell_duration(rule.after), to(&rule.to)));
        let min_staffed = self.min_staffed.as_ref().map(|rule| format!("{} to {}", rule.agents, to(&rule.to)));
        let keys: Vec<String> = self.keys.iter().map(|(key, target)| format!("{key} to {}", to(target))).collect();
        let absent = |absent| crate::empty::words(absent, &directory.reasons);
        let empty_to = self.empty.to.as_ref().map_or("wait".into(), to);
        let level = self.service_level;
        let routing = &self.routing;
        let rules: Vec<String> = routing.rules.iter().map(|one| rule(directory, one)).collect();
        let reserves: Vec<String> = routing.reserves.iter().map(|one| reserve(directory, one)).collect();
        let steps: Vec<String> = routing.steps.iter().map(|one| step(directory, one)).collect();
        vec![
            ("strategy", self.strategy.word().into()),
            ("idle_clock", self.idle_clock.word().into()),
            ("steps", steps.join(", ")),
            ("ageing", format!("{} a minute up to {}", routing.ageing.per_minute, routing.ageing.cap)),
            ("service_objective", routing.objective.map_or("off".into(), spell_duration)),
            ("reserves", reserves.join(", ")),
            ("rules", rules.join(", ")),
            (
                "sticky",
                routing.sticky.map_or("off".into(), |sticky| {
                    format!("{} within {}", spell_duration(sticky.wait), spell_duration(sticky.remember))
                }),
            ),
            ("ring_step", spell_duration(routing.ring_step)),
            ("tries", routing.tries.to_string()),
            ("max_talking", routing.max_talking.map_or("off".into(), |most| most.to_string())),
            ("answer", answer(self.answer).into()),
            ("hours", self.hours.map_or(String::new(), |id| directory.calendar(id).name.to_string())),
            ("music", sound(directory, self.music)),
            ("announce.position", self.announce.position.to_string()),
            ("announce.wait", self.announce.wait.to_string()),
            ("announce.first", spell_duration(self.announce.first)),
            ("announce.every", spell_duration(self.announce.every)),
            ("announce.only_improved", self.announce.only_improved.to_string()),
            ("announce.to_first", self.announce.to_first.to_string()),
            ("announce.least_wait", spell_duration(self.announce.least_wait)),
            ("announce.round", spell_duration(self.announce.round)),
            ("keys", keys.join(", ")),
            ("wrap_up", spell_duration(self.wrap_up)),
            ("wrap_up_mode", wrap_up(self.wrap_up_mode).into()),
            ("ring_timeout", spell_duration(self.ring_timeout)),
            ("missed", format!("{} then {}", self.missed.limit, spell_duration(self.missed.pause))),
            ("max_wait", max_wait.unwrap_or("off".into())),
            ("max_length", max_length.unwrap_or("off".into())),
            ("max_expected_wait", max_expected_wait.unwrap_or("off".into())),
            ("min_staffed", min_staffed.unwrap_or("off".into())),
            ("empty.join", absent(self.empty.join)),
            ("empty.leave", absent(self.empty.leave)),
            ("empty.to", empty_to),
            ("closed", self.closed.as_ref().map_or("off".into(), to)),
            ("record", record(self.record)),
            ("whisper", whisper(&self.care.whisper)),
            ("callback", self.care.callback.as_ref().map_or("off".into(), |policy| callback(directory, policy))),
            ("warning", self.care.warning.as_ref().map_or("off".into(), warning)),
            ("voicemail", voicemail(&self.care.voicemail)),
            ("resume", self.care.resume.map_or("off".into(), spell_duration)),
            ("record_notice", self.record_notice.as_ref().map_or(String::new(), |name| name.0.to_string())),
            ("service_level.target", spell_duration(level.target)),
            ("service_level.percent", level.percent.to_string()),
            ("service_level.treatment", level.treatment.word().into()),
            ("service_level.short_abandon", spell_duration(level.short_abandon)),
        ]
    }
}

impl Named for Phone {
    const KIND: &'static str = "phone";

    fn label(&self) -> &str {
        &self.id
    }

    fn removed(&self) -> bool {
        self.removed
    }

    fn fields(&self, _: &Directory) -> Vec<Field> {
        vec![
            ("contact", self.contact.as_deref().unwrap_or("").into()),
            ("auto_answer", self.auto_answer.to_string()),
            ("answer_tone", self.answer_tone.to_string()),
        ]
    }

    fn hidden(&self) -> Vec<(&'static str, &str)> {
        vec![("password", exposed(self.password.as_ref()))]
    }
}

impl Named for Agent {
    const KIND: &'static str = "agent";

    fn label(&self) -> &str {
        &self.id
    }

    fn removed(&self) -> bool {
        self.removed
    }

    fn fields(&self, directory: &Directory) -> Vec<Field> {
        let queues: Vec<&str> = self.queues.iter().map(|queue| &*directory.queue(*queue).name).collect();
        let skill = |level: &model::SkillLevel| format!("{} {}", directory.skills[level.skill.index()], level.level);
        let skills: Vec<String> = self.skills.iter().map(skill).collect();
        let reserve = |one: &InReserve| format!("{} {}", directory.queue(one.queue).name, one.level);
        let in_reserve: Vec<String> = self.reserve.iter().map(reserve).collect();
        let capacity = self.capacity;
        let supervises = match &self.supervises {
            Supervises::Nobody => String::new(),
            Supervises::Queues(queues) => {
                queues.iter().map(|queue| &*directory.queue(*queue).name).collect::<Vec<_>>().join(" ")
            }
            Supervises::Everybody => "*".into(),
        };
        let breather = self.breather.map_or("off".into(), |breather| {
            let contacts = breather.contacts.map(|n| format!("after {n} contacts "));
            let share = breather.occupancy.map(|percent| format!("above {percent} % "));
            let time = spell_duration(breather.time);
            format!("{}{}{time}", contacts.unwrap_or_default(), share.unwrap_or_default())
        });
        let nailed_up = match self.nailed_up {
            NailedUp::Off => "off",
            NailedUp::AtOnce => "at-once",
            NailedUp::ByKey => "by-key",
        };
        let initial = match self.initial_state {
            InitialState::NotReady => "not-ready",
            InitialState::Ready => "ready",
        };
        vec![
            ("phone", self.phone.map_or(String::new(), |phone| directory.phone(phone).id.to_string())),
            ("queues", queues.join(" ")),
            ("skills", skills.join(", ")),
            ("reserve", in_reserve.join(", ")),
            ("capacity", format!("{} voice, {} chat, {} mail", capacity.voice, capacity.chat, capacity.mail)),
            ("nailed_up", nailed_up.into()),
            ("breather", breather),
            ("weight", self.weight.to_string()),
            ("class", class(self.class).into()),
            ("initial_state", initial.into()),
            ("supervises", supervises),
        ]
    }

    fn hidden(&self) -> Vec<(&'static str, &str)> {
        vec![("name", &self.name), ("pin", exposed(self.pin.as_ref()))]
    }
}

fn needed(mandatory: bool) -> String {
    if mandatory { "mandatory" } else { "optional" }.into()
}

fn exposed(secret: Option<&Secret>) -> &str {
    secret.map_or("", Secret::expose)
}

fn target(directory: &Directory, target: &Target) -> String {
    destination(directory, target, false)
}

/// An outward number may be a person's: only its end is shown.
fn destination(directory: &Directory, target: &Target, reveal: bool) -> String {
    match target {
        Target::Queue(id) => format!("queue:{}", directory.queue(*id).name),
        Target::Agent(id) => format!("agent:{}", directory.agent(*id).id),
        Target::Announcement(name) => format!("announcement:{}", name.0),
        Target::Callback(id) => format!("callback:{}", directory.queue(*id).name),
        Target::Voicemail(id) => format!("voicemail:{}", directory.queue(*id).name),
        Target::Number(number) if reveal => format!("number:{number}"),
        Target::Number(number) => format!("number:…{}", &number[number.len().saturating_sub(2)..]),
    }
}

fn pattern(pattern: &Pattern) -> String {
    format!("{}{}", pattern.stem, if pattern.open_ended { "*" } else { "" })
}

fn networks(networks: &[Network]) -> String {
    networks.iter().map(|net| format!("{}/{}", net.address, net.prefix)).collect::<Vec<_>>().join(" ")
}

fn sound(directory: &Directory, id: SoundId) -> String {
    let named = directory.sounds.iter().find(|(_, known)| **known == id);
    named.map_or(String::new(), |((_, name), _)| name.0.to_string())
}

pub(crate) fn class(class: ClassOfService) -> &'static str {
    match class {
        ClassOfService::Internal => "internal",
        ClassOfService::Local => "local",
        ClassOfService::National => "national",
        ClassOfService::International => "international",
        ClassOfService::Premium => "premium",
    }
}

fn answer(mode: AnswerMode) -> &'static str {
    match mode {
        AnswerMode::AtOnce => "at-once",
        AnswerMode::WithAgent => "with-agent",
    }
}

fn wrap_up(mode: WrapUpMode) -> &'static str {
    match mode {
        WrapUpMode::Fixed => "fixed",
        WrapUpMode::Capped => "capped",
        WrapUpMode::CappedNotReady => "capped-not-ready",
        WrapUpMode::AgentEnded => "agent-ended",
    }
}

fn record(policy: RecordPolicy) -> String {
    match policy {
        RecordPolicy::Off => "off".into(),
        RecordPolicy::All => "all".into(),
        RecordPolicy::Percent(share) => format!("{share}%"),
    }
}
