use crate::sound::Language;
use crate::{AgentId, QueueId, SoundName, TrunkId};

/// What a dialled number or a rule leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    Queue(QueueId),
    Agent(AgentId),
    /// Play it, then hang up.
    Announcement(SoundName),
    /// Leave the house by a route.
    Number(Box<str>),
    /// Called back instead of waiting on, for this queue.
    Callback(QueueId),
    /// Leave a message for this queue.
    Voicemail(QueueId),
}

/// A number to compare with; `*` only as last character stands for any rest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pattern {
    pub stem: Box<str>,
    pub open_ended: bool,
}

impl Pattern {
    pub fn matches(&self, number: &str) -> bool {
        if self.open_ended { number.starts_with(&*self.stem) } else { number == &*self.stem }
    }
}

/// `[[number]]`: what was dialled decides; the first match wins.
#[derive(Clone, PartialEq, Debug)]
pub struct NumberRule {
    pub pattern: Pattern,
    pub trunk: Option<TrunkId>,
    pub to: Target,
    pub priority: i32,
    pub language: Language,
    pub attach: Vec<(Box<str>, Box<str>)>,
}

/// How far an agent's calls may go; each class contains those before it. Emergency stands outside: always allowed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum ClassOfService {
    /// Colleagues and queues only.
    #[default]
    Internal,
    Local,
    National,
    International,
    Premium,
}

/// `[[route]]`: numbers leave only by one of these.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Route {
    pub pattern: Pattern,
    /// Tried in order; a trunk that is down or refuses with a server failure gives way to the next.
    pub trunks: Vec<TrunkId>,
    pub class: ClassOfService,
    /// No class, ceiling or drain blocks this route.
    pub emergency: bool,
    /// Digits taken from the front, then `prepend` put there.
    pub strip: u8,
    pub prepend: Box<str>,
    /// `None` keeps the caller's own; `Some` shows this number.
    pub caller_id: Option<Box<str>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_rest() {
        let open = Pattern { stem: "4008".into(), open_ended: true };
        assert!(open.matches("4008") && open.matches("40081234") && !open.matches("400"));
        let exact = Pattern { stem: "110".into(), open_ended: false };
        assert!(exact.matches("110") && !exact.matches("1100"));
    }
}
