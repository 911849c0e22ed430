//! The details of a fact as `name=value` pairs, each a value of one meaning that the reader takes apart again.

use core::fmt::{Display, Write as _};
use core::time::Duration;
use model::{
    Actor, AgentAction, AgentId, AgentState, Cause, Decision, Directory, ForcedAction, Joined, Judged, JudgedBy,
    Judgement, Next, OfferOutcome, Party, QueueAction, QueueId, ReserveChange, Source, Target, TransferKind,
};

/// Writes `name=value` pairs with a space between them.
pub(super) struct Detail<'a> {
    pub(super) out: &'a mut String,
    pub(super) start: usize,
    pub(super) names: &'a Directory,
}

impl Detail<'_> {
    pub(super) fn with(&mut self, name: &str, value: impl Display) -> &mut Self {
        self.name(name);
        // Writing to a String cannot fail.
        let _ = write!(self.out, "{value}");
        self
    }

    /// A word from outside: quoted when it could be taken for more than one value.
    pub(super) fn text(&mut self, name: &str, value: &str) -> &mut Self {
        self.name(name);
        let plain = |c: char| c.is_alphanumeric() || (c.is_ascii_graphic() && !matches!(c, '"' | '\\'));
        if !value.is_empty() && value.chars().all(plain) {
            self.out.push_str(value);
        } else {
            let _ = write!(self.out, "{value:?}");
        }
        self
    }

    fn name(&mut self, name: &str) {
        if self.out.len() > self.start {
            self.out.push(' ');
        }
        self.out.push_str(name);
        self.out.push('=');
    }

    pub(super) fn optional(&mut self, name: &str, value: Option<impl Display>) -> &mut Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    pub(super) fn millis(&mut self, name: &str, time: Duration) -> &mut Self {
        self.with(name, time.as_millis())
    }

    pub(super) fn queue(&mut self, id: QueueId) -> &mut Self {
        let names = self.names;
        self.text("queue", &names.queue(id).name)
    }

    pub(super) fn agent(&mut self, id: AgentId) -> &mut Self {
        self.person("agent", id)
    }

    pub(super) fn person(&mut self, name: &str, id: AgentId) -> &mut Self {
        let names = self.names;
        self.text(name, &names.agent(id).id)
    }

    pub(super) fn cause(&mut self, cause: &Cause) -> &mut Self {
        self.with("cause", cause.kind.word()).optional("sip", cause.sip)
    }

    pub(super) fn source(&mut self, source: &Source) -> &mut Self {
        let names = self.names;
        match source {
            Source::Trunk(id) => self.text("trunk", &names.trunk(*id).name),
            Source::Phone(id) => self.text("phone", &names.phone(*id).id),
        }
    }

    /// What came in by a trunk is our own number; what a phone of ours dials is somebody's.
    pub(super) fn dialled(&mut self, source: &Source, dialled: &str) -> &mut Self {
        match source {
            Source::Trunk(_) => self.text("dialled", dialled),
            Source::Phone(_) => self,
        }
    }

    pub(super) fn party(&mut self, name: &str, party: &Party) -> &mut Self {
        let names = self.names;
        match party {
            Party::Caller => self.with(name, "caller"),
            Party::Agent(id) => self.with(name, format_args!("agent:{}", names.agent(*id).id)),
            Party::Supervisor(id) => self.with(name, format_args!("supervisor:{}", names.agent(*id).id)),
            Party::Outside(id) => self.with(name, format_args!("trunk:{}", names.trunk(*id).name)),
            Party::Phone(id) => self.with(name, format_args!("phone:{}", names.phone(*id).id)),
        }
    }

    /// A number is personal data: the record says that one was dialled, the leg says by which trunk.
    pub(super) fn target(&mut self, target: Option<&Target>) -> &mut Self {
        let names = self.names;
        match target {
            None => self,
            Some(Target::Queue(id)) => self.with("to", format_args!("queue:{}", names.queue(*id).name)),
            Some(Target::Agent(id)) => self.with("to", format_args!("agent:{}", names.agent(*id).id)),
            Some(Target::Announcement(name)) => self.with("to", format_args!("announcement:{}", name.0)),
            Some(Target::Number(_)) => self.with("to", "number"),
            Some(Target::Voicemail(id)) => self.with("to", format_args!("voicemail:{}", names.queue(*id).name)),
            Some(Target::Callback(id)) => self.with("to", format_args!("callback:{}", names.queue(*id).name)),
        }
    }

    pub(super) fn decision(&mut self, decision: &Decision) -> &mut Self {
        let names = self.names;
        self.with("strategy", decision.strategy.word()).with("clock", decision.idle_clock.word());
        self.with("step", decision.step);
        match &decision.next {
            Next::Agents(agents) => {
                let ids = agents.as_slice().iter().map(|id| &names.agent(*id).id);
                self.list("agents", ids)
            }
            // Zeros in front are left out: the log holds many of these.
            Next::Contacts(contacts) => {
                let ids = contacts.as_slice().iter().map(|id| format!("{:x}", id.0));
                self.list("contacts", ids)
            }
        };
        for (why, agents) in decision.excluded.iter() {
            self.with(why.word(), agents);
        }
        self
    }

    fn list(&mut self, name: &str, items: impl Iterator<Item = impl Display>) -> &mut Self {
        self.name(name);
        for (item, at) in items.zip(0..) {
            let _ = write!(self.out, "{}{item}", if at > 0 { "," } else { "" });
        }
        self
    }

    pub(super) fn judgement(&mut self, queue: QueueId, judgement: &Judgement) -> &mut Self {
        let names = self.names;
        if let Some(Judged { value, by }) = &judgement.priority {
            self.with("priority", value).judged_by("priority_by", queue, *by);
        }
        if let Some(Judged { value, by }) = &judgement.needs {
            let asked = names.requirements.get(value.index()).map_or("", |asked| &asked.text);
            self.text("needs", asked).judged_by("needs_by", queue, *by);
        }
        if let Some(Judged { value, by }) = &judgement.agent {
            self.agent(value.agent).millis("wait_ms", value.wait).judged_by("agent_by", queue, *by);
        }
        self
    }

    /// A rule's name, or its place counted from 1.
    fn judged_by(&mut self, name: &str, queue: QueueId, by: JudgedBy) -> &mut Self {
        let names = self.names;
        let JudgedBy::Rule(place) = by else { return self.with(name, "sticky") };
        let rule = names.queue(queue).routing.rules.get(usize::from(place));
        match rule.filter(|rule| !rule.name.is_empty()) {
            Some(rule) => self.text(name, &format!("rule:{}", rule.name)),
            None => self.with(name, format_args!("rule:{}", place + 1)),
        }
    }

    pub(super) fn outcome(&mut self, outcome: &OfferOutcome) -> &mut Self {
        self.with("outcome", outcome.word());
        match outcome {
            OfferOutcome::Rejected(cause) | OfferOutcome::Failed(cause) => self.cause(cause),
            OfferOutcome::Accepted | OfferOutcome::Missed | OfferOutcome::Withdrawn => self,
        }
    }

    pub(super) fn state(&mut self, state: AgentState) -> &mut Self {
        self.with("state", state.word());
        match state {
            AgentState::NotReady { reason } => {
                let word = self.names.reasons.word(reason);
                self.with("reason", word)
            }
            AgentState::Reserved { contact } | AgentState::Busy { contact } | AgentState::WrapUp { contact } => {
                self.with("contact", contact)
            }
            AgentState::SignedOff | AgentState::Ready => self,
        }
    }

    pub(super) fn action(&mut self, action: &ForcedAction) -> &mut Self {
        match action {
            ForcedAction::HangUp { contact } => self.with("contact", contact).with("action", "hang-up"),
            ForcedAction::Queue { queue, action } => {
                self.queue(*queue);
                match action {
                    QueueAction::Close => self.with("action", "close"),
                    QueueAction::Open => self.with("action", "open"),
                    QueueAction::Reserve { place: None, order } => self.with("action", order.word()),
                    QueueAction::Reserve { place: Some(place), order } => {
                        self.with("action", order.word()).with("place", place)
                    }
                }
            }
            ForcedAction::LogLevel { level } => self.text("log-level", level),
            ForcedAction::Agent { agent, action } => {
                self.agent(*agent);
                match action {
                    AgentAction::SignOn { .. } => self.with("action", "sign-on"),
                    AgentAction::SignOff { code } => self.with("action", "sign-off").with("code", code),
                    AgentAction::Ready => self.with("action", "ready"),
                    AgentAction::NotReady { code } => self.with("action", "not-ready").with("code", code),
                    AgentAction::Extend { by } => {
                        self.with("action", "extend").with("by", format_args!("{}s", by.as_secs()))
                    }
                }
            }
        }
    }

    pub(super) fn reserve(&mut self, change: ReserveChange) -> &mut Self {
        match change {
            ReserveChange::Joined(Joined { range, value }) => self
                .with("change", "joined")
                .with("figure", range.figure.word())
                .with("value", value)
                .with("least", range.least)
                .with("most", range.most),
            ReserveChange::Left => self.with("change", "left"),
            ReserveChange::CalledIn => self.with("change", "called-in"),
            ReserveChange::SentAway => self.with("change", "sent-away"),
            ReserveChange::Adjusted(percent) => self.with("change", "adjusted").with("percent", percent),
        }
    }

    pub(super) fn actor(&mut self, actor: &Actor) -> &mut Self {
        let names = self.names;
        match actor {
            Actor::Agent(id) => self.with("by", format_args!("agent:{}", names.agent(*id).id)),
            Actor::Operator(name) => self.text("by", &format!("operator:{name}")),
            Actor::System => self.with("by", "system"),
        }
    }
}

pub(super) fn kind_word(kind: TransferKind) -> &'static str {
    match kind {
        TransferKind::Blind => "blind",
        TransferKind::Attended => "attended",
        TransferKind::TakeOver => "take-over",
    }
}
