use crate::{
    Agent, AgentId, Calendar, CalendarId, FeatureCodes, Generation, Language, Limits, MediaSettings, NumberRule, Phone,
    PhoneId, Queue, QueueId, Reasons, Requirement, Route, Site, SoundId, SoundName, Trunk, TrunkId,
};
use std::collections::HashMap;

/// Everything that is configured, checked and immutable: one snapshot every room reads.
///
/// A reload makes a new one. Vectors only grow: what was deleted stays with `removed = true`, so that an index keeps
/// its meaning as long as the process lives.
#[derive(Clone, PartialEq, Debug)]
pub struct Directory {
    pub generation: Generation,
    pub site: Site,
    pub media: MediaSettings,
    pub limits: Limits,
    pub feature_codes: FeatureCodes,
    pub reasons: Reasons,
    pub queues: Vec<Queue>,
    pub agents: Vec<Agent>,
    pub phones: Vec<Phone>,
    pub trunks: Vec<Trunk>,
    pub routes: Vec<Route>,
    pub numbers: Vec<NumberRule>,
    pub calendars: Vec<Calendar>,
    pub skills: Vec<Box<str>>,
    /// Demands on skills; those that mean the same are one.
    pub requirements: Vec<Requirement>,
    /// Every sound the library holds, per language.
    pub sounds: HashMap<(Language, SoundName), SoundId>,
}

impl Directory {
    pub fn queue(&self, id: QueueId) -> &Queue {
        &self.queues[id.index()]
    }

    pub fn agent(&self, id: AgentId) -> &Agent {
        &self.agents[id.index()]
    }

    pub fn phone(&self, id: PhoneId) -> &Phone {
        &self.phones[id.index()]
    }

    pub fn trunk(&self, id: TrunkId) -> &Trunk {
        &self.trunks[id.index()]
    }

    pub fn calendar(&self, id: CalendarId) -> &Calendar {
        &self.calendars[id.index()]
    }

    pub fn queue_named(&self, name: &str) -> Option<QueueId> {
        position(&self.queues, |q| &*q.name == name && !q.removed).map(QueueId)
    }

    pub fn agent_named(&self, id: &str) -> Option<AgentId> {
        position(&self.agents, |a| &*a.id == id && !a.removed).map(AgentId)
    }

    pub fn phone_named(&self, id: &str) -> Option<PhoneId> {
        position(&self.phones, |p| &*p.id == id && !p.removed).map(PhoneId)
    }

    pub fn trunk_named(&self, name: &str) -> Option<TrunkId> {
        position(&self.trunks, |t| &*t.name == name && !t.removed).map(TrunkId)
    }

    /// The sound in this language, else in the site's, else in English; `None` when there is none at all.
    pub fn sound(&self, language: Language, name: &str) -> Option<SoundId> {
        let name = SoundName(name.into());
        [language, self.site.language, Language::English]
            .into_iter()
            .find_map(|language| self.sounds.get(&(language, name.clone())).copied())
    }
}

/// Linear: for people's commands and checks. Rooms that look up names on a call's path keep their own map.
fn position<T>(items: &[T], found: impl Fn(&T) -> bool) -> Option<u32> {
    items.iter().position(found).map(|i| i as u32)
}
