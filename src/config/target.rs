use crate::condition::Requirements;
use crate::modules::Modules;
use crate::names::Names;
use crate::scalar;
use crate::suggest::advice;
use crate::table::Wrong;
use model::{AgentId, Language, QueueId, Reasons, Route, SoundId, SoundName, Target};
use std::collections::HashMap;

/// Every sound there is, per language.
pub type SoundNames = HashMap<(Language, SoundName), SoundId>;

/// What values may refer to.
pub(crate) struct Refs<'a> {
    pub(crate) queues: Names,
    pub(crate) agents: Names,
    pub(crate) phones: Names,
    pub(crate) trunks: Names,
    pub(crate) calendars: Names,
    pub(crate) skills: Names,
    pub(crate) requirements: Requirements,
    pub(crate) modules: Modules,
    pub(crate) routes: Vec<Route>,
    pub(crate) reasons: Reasons,
    pub(crate) sounds: &'a SoundNames,
    /// Sounds are taken as named, whether there are such now or not.
    pub(crate) kept: bool,
    /// The site's.
    pub(crate) language: Language,
}

const KINDS: [&str; 6] = ["queue", "agent", "announcement", "number", "callback", "voicemail"];

impl Refs<'_> {
    /// `queue:support`, `agent:1001`, `announcement:sorry`, `number:+8613800138000`, `callback:support`,
    /// `voicemail:support`.
    pub(crate) fn target(&self, text: &str) -> Result<Target, Wrong> {
        let Some((kind, name)) = text.split_once(':') else {
            let help = if self.queues.find(text).is_ok() {
                format!("did you mean \"queue:{text}\"?")
            } else {
                "write \"queue:…\", \"agent:…\", \"announcement:…\", \"number:…\", \"callback:…\" or \"voicemail:…\""
                    .into()
            };
            return Err(Wrong::new(format!("`{text}` does not say what it leads to"), help));
        };
        match kind {
            "queue" => Ok(Target::Queue(QueueId(self.queues.find(name)?))),
            "agent" => Ok(Target::Agent(AgentId(self.agents.find(name)?))),
            "announcement" => Ok(Target::Announcement(self.sound(name, "announcements")?)),
            "number" => self.outward(name),
            "script" => Err(Wrong::new(
                "`script:` needs scripts for callers (generation 2)",
                "lead to a queue: this version has no scripts, at no generation.level",
            )),
            "voicemail" => match self.modules.lacks(&format!("`{text}`"), "queue.voicemail") {
                Some(wrong) => Err(wrong),
                None => Ok(Target::Voicemail(QueueId(self.queues.find(name)?))),
            },
            "callback" => match self.modules.lacks(&format!("`{text}`"), "queue.callback") {
                Some(wrong) => Err(wrong),
                None => Ok(Target::Callback(QueueId(self.queues.find(name)?))),
            },
            _ => Err(Wrong::new(format!("`{kind}:` is no kind of target"), advice(kind, "kind", KINDS))),
        }
    }

    /// A sound by name; one without a folder is looked for in `topic`.
    pub(crate) fn sound(&self, text: &str, topic: &str) -> Result<SoundName, Wrong> {
        let name = if text.contains('/') { text.to_owned() } else { format!("{topic}/{text}") };
        let name = SoundName(name.into());
        if self.sound_id(&name).is_some() {
            return Ok(name);
        }
        let all = self.sounds.keys().map(|(_, known)| &*known.0);
        let help = if text.contains('/') {
            advice(text, "sound", all)
        } else {
            advice(text, "sound", all.filter_map(|known| known.strip_prefix(topic)?.strip_prefix('/')))
        };
        Err(Wrong::new(format!("there is no sound \"{}\"", name.0), help))
    }

    /// As the directory will find it: in the site's language, else in English.
    pub(crate) fn sound_id(&self, name: &SoundName) -> Option<SoundId> {
        let taken_as_named = self.kept.then_some(SoundId(0));
        let found = [self.language, Language::English]
            .into_iter()
            .find_map(|language| self.sounds.get(&(language, name.clone())).copied());
        found.or(taken_as_named)
    }

    /// A number leaves only by a route, so one without a route is a mistake now and not when somebody calls.
    fn outward(&self, text: &str) -> Result<Target, Wrong> {
        let number = scalar::number(text)?;
        if !self.routes.iter().any(|route| route.pattern.matches(number)) {
            return Err(Wrong::new(format!("no [[route]] leads to {number}"), "add a route whose `match` fits"));
        }
        Ok(Target::Number(number.into()))
    }
}
