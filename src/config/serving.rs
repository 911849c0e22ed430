//! Who may ever serve a queue: its own agents, and those of its reserves.

use crate::condition::Requirements;
use crate::names::Entry;
use crate::queue::ReadQueue;
use crate::reader::Reader;
use crate::rules::NamedAgent;
use crate::source::Span;
use crate::suggest::advice;
use model::{
    Agent, NumberRule, Preferred, Queue, QueueId, Requirement, RequirementId, SkillId, SkillRange, Target, level_of,
};

/// The whole configuration, for what only the whole can say.
pub(crate) struct Serving<'a> {
    pub(crate) reader: &'a Reader<'a>,
    pub(crate) entries: &'a [Entry<'a>],
    pub(crate) queues: &'a [Option<ReadQueue>],
    pub(crate) agents: &'a [Option<Agent>],
}

impl Serving<'_> {
    fn queue(&self, id: QueueId) -> Option<&ReadQueue> {
        self.queues.get(id.index())?.as_ref()
    }

    fn serves(id: QueueId, queue: &Queue, agent: &Agent) -> bool {
        let serves = agent.queues.contains(&id);
        agent.can_sign_on() && (serves || queue.routing.reserves.iter().any(|reserve| reserve.who.has(id, agent)))
    }

    fn agents(&self, id: QueueId, queue: &Queue) -> Vec<&Agent> {
        self.agents.iter().flatten().filter(|agent| Self::serves(id, queue, agent)).collect()
    }

    /// A demand that nobody who serves the queue will ever meet: its contacts would wait for a step for nothing. And a
    /// rule that names somebody who never serves the queue asks for nothing.
    pub(crate) fn warn_of_unreachable(&self, requirements: &Requirements, skills: &[Entry<'_>]) {
        let skill_name = |id: SkillId| {
            skills.iter().find(|entry| entry.index == id.0).map_or(String::new(), |entry| entry.name.to_string())
        };
        for (read, id) in self.queues.iter().zip((0..).map(QueueId)) {
            let Some(read) = read else { continue };
            let ReadQueue { queue, demands, named, .. } = read;
            for agent in &named.agents {
                self.warn_of_absent(id, queue, agent, requirements, skill_name);
            }
            let serving = self.agents(id, queue);
            for (requirement, span) in demands.iter().chain(&named.needs) {
                requirements.with(*requirement, |requirement| {
                    if serving.iter().any(|agent| requirement.fits(&agent.skills)) {
                        return;
                    }
                    if serving.is_empty() {
                        let message = format!("no agent serves queue {}", queue.name);
                        self.reader.warn(*span, message, "give agents the queue");
                        return;
                    }
                    let message = format!("no agent of queue {} can ever serve this", queue.name);
                    self.reader.warn(*span, message, missing(requirement, &serving, skill_name));
                });
            }
            self.warn_of_pairs(read, &serving, requirements);
        }
    }

    /// What a rule asks is asked besides what the queue does, in each of its steps: one agent must have both.
    fn warn_of_pairs(&self, read: &ReadQueue, serving: &[&Agent], requirements: &Requirements) {
        let fits = |id: RequirementId, agent: &Agent| requirements.with(id, |asked| asked.fits(&agent.skills));
        let served = |all: &[RequirementId]| serving.iter().any(|agent| all.iter().all(|id| fits(*id, agent)));
        for (own, span) in read.named.needs.iter().filter(|(own, _)| served(&[*own])) {
            let apart = read.demands.iter().find(|(step, _)| served(&[*step]) && !served(&[*own, *step]));
            if let Some((_, step)) = apart {
                let name = &read.queue.name;
                let message = format!("no agent of queue {name} can ever serve this together with what the queue asks");
                let help = "both count: give an agent the skills for both, or send these contacts to another queue";
                self.reader.warn_also(*span, message, help, ("the queue asks", *step));
            }
        }
    }

    /// Data no number attaches are empty for every contact: most likely a slip of the pen.
    pub(crate) fn warn_of_unattached(&self, rules: &[(NumberRule, Span)]) {
        let attached = || rules.iter().flat_map(|(rule, _)| &rule.attach).map(|(key, _)| &**key);
        for (key, span) in self.queues.iter().flatten().flat_map(|read| &read.named.data) {
            if attached().any(|known| known == &**key) {
                continue;
            }
            let help = match attached().next() {
                Some(_) => advice(key, "key", attached()),
                None => format!("attach it where they call: [[number]] attach = {{ {key} = \"…\" }}"),
            };
            self.reader.warn(*span, format!("no [[number]] attaches `{key}`: it is empty for everybody"), help);
        }
    }

    /// Somebody a rule names who does not serve the queue, or never what is asked until his time is over.
    fn warn_of_absent(
        &self,
        id: QueueId,
        queue: &Queue,
        named: &NamedAgent,
        requirements: &Requirements,
        skill_name: impl Fn(SkillId) -> String,
    ) {
        let Preferred { agent, wait } = named.preferred;
        let Some(agent) = &self.agents[agent.index()] else { return };
        if !Self::serves(id, queue, agent) {
            let message = format!("agent {} does not serve queue {}: nobody is asked first", agent.id, queue.name);
            self.reader.warn(named.span, message, "give the agent the queue");
            return;
        }
        let fits = |id: RequirementId| requirements.with(id, |asked| asked.fits(&agent.skills));
        if queue.routing.ever_fits(named.needs, wait, fits) {
            return;
        }
        let first = queue.routing.steps.first().and_then(|step| step.needs);
        let Some(asked) = [named.needs, first].into_iter().flatten().find(|id| !fits(*id)) else { return };
        let lacks = requirements.with(asked, |asked| lacking(asked, agent, skill_name));
        let message = format!("agent {} lacks {lacks}: nobody is asked first", agent.id);
        let help = "give the agent what these contacts ask as long as they would wait for him, or name another";
        self.reader.warn(named.span, message, help);
    }

    /// Callers come to a queue nobody serves and wait until they are told to go. One that leads everybody on is a stop
    /// on the way.
    pub(crate) fn warn_of_unstaffed(&self, rules: &[(NumberRule, Span)]) {
        // By queue; then the queues whose ways out have not been looked at.
        let mut reached = vec![false; self.queues.len()];
        let mut next: Vec<QueueId> = Vec::new();
        let mut reach = |to: &Target, next: &mut Vec<QueueId>| {
            if let Some(queue) = waits_in(to).filter(|queue| !core::mem::replace(&mut reached[queue.index()], true)) {
                next.push(queue);
            }
        };
        rules.iter().for_each(|(rule, _)| reach(&rule.to, &mut next));
        while let Some(id) = next.pop() {
            let Some(read) = self.queue(id) else { continue };
            read.queue.ways_out().for_each(|to| reach(to, &mut next));
        }
        for entry in self.entries {
            let id = QueueId(entry.index);
            let Some(ReadQueue { queue, demands, named, .. }) = self.queue(id).filter(|_| reached[id.index()]) else {
                continue;
            };
            // With demands it is said of them.
            let asks = !demands.is_empty() || !named.needs.is_empty();
            if asks || !self.agents(id, queue).is_empty() || is_a_stop(queue) {
                continue;
            }
            let message = format!("callers come to queue {}, and no agent serves it", queue.name);
            let help = "give agents the queue, or lead its callers on: `empty`, `min_staffed` or `max_wait`";
            self.reader.warn(entry.name_span, message, help);
        }
    }
}

/// Of the alternative that comes nearest, what is missing: the fewest skills that nobody has enough of.
fn missing(requirement: &Requirement, serving: &[&Agent], skill_name: impl Fn(SkillId) -> String) -> String {
    let best = |skill| serving.iter().map(|agent| level_of(&agent.skills, skill)).max().unwrap_or(0);
    let alternatives = requirement.any.iter();
    let short = alternatives
        .map(|all| all.iter().filter(|range| best(range.skill) < range.least).collect::<Vec<_>>())
        .min_by_key(Vec::len)
        .unwrap_or_default();
    if short.is_empty() {
        return "nobody has all of it together".to_owned();
    }
    let one = |skill, least| format!("{} {least} (the best has {})", skill_name(skill), best(skill));
    let all: Vec<String> = short.iter().map(|range| one(range.skill, range.least)).collect();
    format!("nobody has {}", all.join(", "))
}

/// What he lacks of the alternative he comes nearest to, as conditions are written.
fn lacking(requirement: &Requirement, agent: &Agent, skill_name: impl Fn(SkillId) -> String) -> String {
    let alternatives = requirement.any.iter();
    let short = alternatives
        .map(|all| all.iter().filter(|range| !range.holds(&agent.skills)).collect::<Vec<_>>())
        .min_by_key(Vec::len)
        .unwrap_or_default();
    let one = |range: &SkillRange| match level_of(&agent.skills, range.skill) < range.least {
        true => format!("{} >= {}", skill_name(range.skill), range.least),
        false => format!("{} <= {}", skill_name(range.skill), range.most),
    };
    short.into_iter().map(one).collect::<Vec<_>>().join(" && ")
}

/// Where somebody waits, or is called back, until an agent is free.
fn waits_in(to: &Target) -> Option<QueueId> {
    match to {
        Target::Queue(queue) | Target::Callback(queue) => Some(*queue),
        Target::Agent(_) | Target::Announcement(_) | Target::Number(_) | Target::Voicemail(_) => None,
    }
}

/// Without agents these rules lead everybody to somebody else: at once, or when the music has played. An announcement at
/// the end of a wait is no such thing.
fn is_a_stop(queue: &Queue) -> bool {
    let later = queue.max_wait.as_ref().is_some_and(|rule| !matches!(rule.to, Target::Announcement(_)));
    queue.empty.to.is_some() || queue.min_staffed.is_some() || later
}
