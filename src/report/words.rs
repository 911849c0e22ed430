//! Facts in words: for the steps of a record, the event log and people who watch.

use core::fmt::{Display, Write as _};
use core::time::Duration;
use model::{
    Actor, AgentAction, AgentId, AgentState, AsideReason, CallbackStep, Cause, ContactId, Decision, Directory, Fact,
    ForcedAction, Joined, Judged, JudgedBy, Judgement, LineStep, Next, NotReadyReason, OfferOutcome, Party,
    QueueAction, QueueId, ReserveChange, Source, Target, TransferKind,
};

/// The contact a fact is about.
pub fn contact_of(fact: &Fact) -> Option<ContactId> {
    match fact {
        Fact::ContactArrived { contact, .. }
        | Fact::LegStarted { contact, .. }
        | Fact::LegRinging { contact, .. }
        | Fact::LegAnswered { contact, .. }
        | Fact::LegEnded { contact, .. }
        | Fact::LegQuality { contact, .. }
        | Fact::Judged { contact, .. }
        | Fact::Queued { contact, .. }
        | Fact::Offered { contact, .. }
        | Fact::OfferEnded { contact, .. }
        | Fact::Connected { contact, .. }
        | Fact::Abandoned { contact, .. }
        | Fact::FlowedOut { contact, .. }
        | Fact::TalkStarted { contact, .. }
        | Fact::TalkEnded { contact, .. }
        | Fact::Held { contact, .. }
        | Fact::Retrieved { contact, .. }
        | Fact::Transferred { contact, .. }
        | Fact::TransferFailed { contact, .. }
        | Fact::Merged { contact, .. }
        | Fact::SupervisorJoined { contact, .. }
        | Fact::SupervisorLeft { contact, .. }
        | Fact::RecordingStarted { contact, .. }
        | Fact::RecordingStopped { contact, .. }
        | Fact::Callback { contact, .. }
        | Fact::Warned { contact, .. }
        | Fact::Aside { contact, .. }
        | Fact::MessageLeft { contact, .. }
        | Fact::ContactEnded { contact, .. }
        | Fact::ReservationExpired { contact, .. } => Some(*contact),
        Fact::WaitForetold { .. }
        | Fact::Reserve { .. }
        | Fact::AgentChanged { .. }
        | Fact::Line { .. }
        | Fact::SignOffReason { .. }
        | Fact::Forced { .. }
        | Fact::PhoneReachable { .. }
        | Fact::PhoneUnreachable { .. }
        | Fact::TrunkUp { .. }
        | Fact::TrunkDown { .. }
        | Fact::Refused { .. }
        | Fact::DrainStarted { .. }
        | Fact::Reloaded { .. }
        | Fact::Configured { .. } => None,
    }
}

/// A fact as a standard word and `name=value` details, with names in place of indices and no personal data.
pub fn words(fact: &Fact, names: &Directory) -> (&'static str, String) {
    let mut detail = String::new();
    describe(fact, names, &mut detail);
    describe_for_replay(fact, names, &mut detail);
    (word(fact), detail)
}

/// The word alone; these words are part of the interface and do not change.
pub fn word(fact: &Fact) -> &'static str {
    let word = match fact {
        Fact::ContactArrived { .. } => "arrived",
        Fact::LegStarted { .. } => "leg-started",
        Fact::LegRinging { .. } => "ringing",
        Fact::LegAnswered { .. } => "leg-answered",
        Fact::LegEnded { .. } => "leg-ended",
        Fact::LegQuality { .. } => "quality",
        Fact::Judged { .. } => "judged",
        Fact::Queued { .. } => "queued",
        Fact::Offered { .. } => "offered",
        Fact::OfferEnded { .. } => "offer-ended",
        Fact::Connected { .. } => "connected",
        Fact::Abandoned { .. } => "abandoned",
        Fact::FlowedOut { .. } => "flowed-out",
        Fact::Warned { .. } => "warned",
        Fact::Aside { aside: true, .. } => "set-aside",
        Fact::Aside { aside: false, .. } => "back-in-line",
        Fact::MessageLeft { .. } => "message-left",
        Fact::WaitForetold { .. } => "wait-foretold",
        Fact::Reserve { .. } => "reserve",
        Fact::TalkStarted { .. } => "talk-started",
        Fact::TalkEnded { .. } => "talk-ended",
        Fact::Held { .. } => "held",
        Fact::Retrieved { .. } => "retrieved",
        Fact::Transferred { .. } => "transferred",
        Fact::TransferFailed { .. } => "transfer-failed",
        Fact::Merged { .. } => "merged",
        Fact::SupervisorJoined { .. } => "supervisor-joined",
        Fact::SupervisorLeft { .. } => "supervisor-left",
        Fact::RecordingStarted { .. } => "recording-started",
        Fact::RecordingStopped { kept: false, .. } => "recording-failed",
        Fact::RecordingStopped { kept: true, .. } => "recording-stopped",
        Fact::Callback { step, .. } => match step {
            CallbackStep::Arranged => "callback-arranged",
            CallbackStep::Resumed => "callback-resumed",
            CallbackStep::Dialled => "callback-dialled",
            CallbackStep::Reached => "callback-reached",
            CallbackStep::Failed => "callback-failed",
            CallbackStep::Withdrawn => "callback-withdrawn",
        },
        Fact::ContactEnded { .. } => "ended",
        Fact::ReservationExpired { .. } => "reservation-expired",
        Fact::AgentChanged { .. } => "agent",
        Fact::Line { step, .. } => step.word(),
        Fact::SignOffReason { .. } => "sign-off-reason",
        Fact::Forced { .. } => "forced",
        Fact::PhoneReachable { .. } => "phone-reachable",
        Fact::PhoneUnreachable { .. } => "phone-unreachable",
        Fact::TrunkUp { .. } => "trunk-up",
        Fact::TrunkDown { .. } => "trunk-down",
        Fact::Refused { .. } => "refused",
        Fact::DrainStarted { .. } => "drain-started",
        Fact::Reloaded { .. } => "reloaded",
        Fact::Configured { .. } => "configured",
    };
    debug_assert!(is_word(word), "`{word}` is not among the words");
    word
}

/// Every word there is. What bears another one was written by a newer version.
const WORDS: [&str; 53] = [
    "abandoned",
    "agent",
    "arrived",
    "back-in-line",
    "callback-arranged",
    "callback-dialled",
    "callback-failed",
    "callback-reached",
    "callback-resumed",
    "callback-withdrawn",
    "configured",
    "connected",
    "drain-started",
    "ended",
    "flowed-out",
    "forced",
    "held",
    "judged",
    "leg-answered",
    "leg-ended",
    "leg-started",
    "line-called",
    "line-down",
    "line-up",
    "merged",
    "message-left",
    "offer-ended",
    "offered",
    "phone-reachable",
    "phone-unreachable",
    "quality",
    "queued",
    "recording-failed",
    "recording-started",
    "recording-stopped",
    "refused",
    "reloaded",
    "reservation-expired",
    "reserve",
    "retrieved",
    "ringing",
    "set-aside",
    "sign-off-reason",
    "supervisor-joined",
    "supervisor-left",
    "talk-ended",
    "talk-started",
    "transfer-failed",
    "transferred",
    "trunk-down",
    "trunk-up",
    "wait-foretold",
    "warned",
];

/// Whether this version writes such a word.
pub fn is_word(what: &str) -> bool {
    WORDS.binary_search(&what).is_ok()
}

/// Appends whose leg it is: facts name legs by number, and only the record knows who was on one.
pub(crate) fn describe_party(party: &Party, names: &Directory, out: &mut String) {
    Detail { out, start: 0, names }.party("party", party);
}

/// Appends what an offer was decided by, from when a place counts and which promise is kept: for the event log, from which decisions are
/// explained, and not for a contact's record, where nobody reads it.
pub(crate) fn describe_for_replay(fact: &Fact, names: &Directory, out: &mut String) {
    let mut d = Detail { out, start: 0, names };
    match fact {
        Fact::Offered { decision: Some(decision), .. } => _ = d.decision(decision),
        Fact::Queued { kept: Some(kept), .. } => _ = d.with("kept_us", kept.as_micros()),
        Fact::Callback { step: CallbackStep::Resumed, promise, .. } => _ = d.with("first", promise.first),
        _ => {}
    }
}

/// Appends the details of a fact.
pub(crate) fn describe(fact: &Fact, names: &Directory, out: &mut String) {
    let start = out.len();
    let mut d = Detail { out, start, names };
    match fact {
        Fact::ContactArrived { source, dialled, .. } => d.source(source).dialled(source, dialled),
        Fact::LegStarted { party, .. } => d.party("party", party),
        Fact::LegRinging { .. } => &mut d,
        Fact::LegAnswered { codec, .. } => d.optional("codec", codec.map(|codec| codec.word())),
        Fact::LegEnded { cause, by, .. } => d.cause(cause).with("by", by.word()),
        Fact::LegQuality { quality: q, .. } => d
            .with("received", q.packets_received)
            .with("lost", q.packets_lost)
            .with("jitter_ms", format_args!("{:.1}", q.jitter_ms))
            .optional("mos", q.mos.map(|mos| format!("{mos:.2}"))),
        Fact::Judged { queue, judgement, .. } => d.queue(*queue).judgement(*queue, judgement),
        Fact::Queued { queue, priority, position, .. } => {
            d.queue(*queue).with("priority", priority).with("position", position)
        }
        Fact::Offered { queue, agent, .. } => d.queue(*queue).agent(*agent),
        Fact::OfferEnded { queue, agent, outcome, .. } => d.queue(*queue).agent(*agent).outcome(outcome),
        Fact::Connected { queue, agent, waited, .. } => d.queue(*queue).agent(*agent).millis("waited_ms", *waited),
        Fact::Abandoned { queue, waited, .. } => d.queue(*queue).millis("waited_ms", *waited),
        Fact::FlowedOut { queue, waited, why, to, .. } => {
            d.queue(*queue).with("why", why.word()).millis("waited_ms", *waited).target(to.as_ref())
        }
        Fact::Aside { queue, why, .. } => d.queue(*queue).optional("why", why.map(AsideReason::word)),
        Fact::Warned { queue, expected, length, .. } => d
            .queue(*queue)
            .optional("expected_ms", expected.map(|expected| expected.as_millis()))
            .with("length", length),
        Fact::MessageLeft { queue, name, duration, .. } => {
            d.queue(*queue).with("name", name).millis("length_ms", *duration)
        }
        Fact::WaitForetold { queue, expected, bound, waited, served } => d
            .queue(*queue)
            .millis("expected_ms", *expected)
            .millis("bound_ms", *bound)
            .millis("waited_ms", *waited)
            .with("served", served),
        Fact::Reserve { queue, place, change, by } => {
            d.queue(*queue).with("place", place).reserve(*change);
            if let Some(by) = by { d.actor(by) } else { &mut d }
        }
        Fact::TalkStarted { agent, .. } | Fact::ReservationExpired { agent, .. } => d.agent(*agent),
        Fact::TalkEnded { agent, talked, held, .. } => {
            d.agent(*agent).millis("talked_ms", *talked).millis("held_ms", *held)
        }
        Fact::Held { by, .. } | Fact::Retrieved { by, .. } => d.party("by", by),
        Fact::Transferred { from, to, kind, .. } => {
            d.with("kind", kind_word(*kind)).person("from", *from).target(Some(to))
        }
        Fact::TransferFailed { from, cause, .. } => d.person("from", *from).cause(cause),
        Fact::Merged { consultation, .. } => d.with("consultation", consultation),
        Fact::SupervisorJoined { supervisor, agent, mode, .. } => {
            d.person("supervisor", *supervisor).agent(*agent).with("mode", mode.word())
        }
        Fact::SupervisorLeft { supervisor, .. } => d.person("supervisor", *supervisor),
        Fact::RecordingStarted { name, .. } | Fact::RecordingStopped { name, kept: false, .. } => d.text("name", name),
        Fact::RecordingStopped { name, duration, complete, .. } => {
            d.text("name", name).millis("duration_ms", *duration).with("complete", complete)
        }
        Fact::Callback { attempts, promise, .. } => d.queue(promise.queue).with("attempts", attempts),
        Fact::ContactEnded { end, cause, .. } => d.with("end", end.word()).cause(cause),
        Fact::AgentChanged { agent, state, phone } => {
            d.agent(*agent).state(*state).optional("phone", phone.map(|p| &*names.phone(p).id))
        }
        Fact::Line { agent, phone, step } => {
            d.agent(*agent).text("phone", &names.phone(*phone).id);
            match step {
                LineStep::Called => &mut d,
                LineStep::Up { codec } => d.optional("codec", codec.map(|codec| codec.word())),
                LineStep::Down { cause, by } => d.cause(cause).with("by", by.word()),
            }
        }
        Fact::SignOffReason { agent, code } => {
            let word = names.reasons.word(NotReadyReason::Code(*code));
            d.agent(*agent).with("reason", word)
        }
        Fact::Forced { by, action } => d.action(action).actor(by),
        Fact::PhoneReachable { phone } | Fact::PhoneUnreachable { phone } => d.text("phone", &names.phone(*phone).id),
        Fact::TrunkUp { trunk } | Fact::TrunkDown { trunk } => d.text("trunk", &names.trunk(*trunk).name),
        Fact::Refused { source: Some(source), cause } => d.source(source).cause(cause),
        Fact::Refused { source: None, cause } => d.cause(cause),
        Fact::DrainStarted { by } => d.actor(by),
        Fact::Reloaded { by, difference } => d.actor(by).text("difference", difference),
        Fact::Configured { texts } => {
            for text in texts.iter() {
                d.text("file", &text.file).text("text", &text.text);
            }
            &mut d
        }
    };
}

/// Writes `name=value` pairs with a space between them.
struct Detail<'a> {
    out: &'a mut String,
    start: usize,
    names: &'a Directory,
}

impl Detail<'_> {
    fn with(&mut self, name: &str, value: impl Display) -> &mut Self {
        self.name(name);
        // Writing to a String cannot fail.
        let _ = write!(self.out, "{value}");
        self
    }

    /// A word from outside: quoted when it could be taken for more than one value.
    fn text(&mut self, name: &str, value: &str) -> &mut Self {
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

    fn optional(&mut self, name: &str, value: Option<impl Display>) -> &mut Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    fn millis(&mut self, name: &str, time: Duration) -> &mut Self {
        self.with(name, time.as_millis())
    }

    fn queue(&mut self, id: QueueId) -> &mut Self {
        let names = self.names;
        self.text("queue", &names.queue(id).name)
    }

    fn agent(&mut self, id: AgentId) -> &mut Self {
        self.person("agent", id)
    }

    fn person(&mut self, name: &str, id: AgentId) -> &mut Self {
        let names = self.names;
        self.text(name, &names.agent(id).id)
    }

    fn cause(&mut self, cause: &Cause) -> &mut Self {
        self.with("cause", cause.kind.word()).optional("sip", cause.sip)
    }

    fn source(&mut self, source: &Source) -> &mut Self {
        let names = self.names;
        match source {
            Source::Trunk(id) => self.text("trunk", &names.trunk(*id).name),
            Source::Phone(id) => self.text("phone", &names.phone(*id).id),
        }
    }

    /// What came in by a trunk is our own number; what a phone of ours dials is somebody's.
    fn dialled(&mut self, source: &Source, dialled: &str) -> &mut Self {
        match source {
            Source::Trunk(_) => self.text("dialled", dialled),
            Source::Phone(_) => self,
        }
    }

    fn party(&mut self, name: &str, party: &Party) -> &mut Self {
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
    fn target(&mut self, target: Option<&Target>) -> &mut Self {
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

    fn decision(&mut self, decision: &Decision) -> &mut Self {
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

    fn judgement(&mut self, queue: QueueId, judgement: &Judgement) -> &mut Self {
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

    fn outcome(&mut self, outcome: &OfferOutcome) -> &mut Self {
        self.with("outcome", outcome.word());
        match outcome {
            OfferOutcome::Rejected(cause) | OfferOutcome::Failed(cause) => self.cause(cause),
            OfferOutcome::Accepted | OfferOutcome::Missed | OfferOutcome::Withdrawn => self,
        }
    }

    fn state(&mut self, state: AgentState) -> &mut Self {
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

    fn action(&mut self, action: &ForcedAction) -> &mut Self {
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

    fn reserve(&mut self, change: ReserveChange) -> &mut Self {
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

    fn actor(&mut self, actor: &Actor) -> &mut Self {
        let names = self.names;
        match actor {
            Actor::Agent(id) => self.with("by", format_args!("agent:{}", names.agent(*id).id)),
            Actor::Operator(name) => self.text("by", &format!("operator:{name}")),
            Actor::System => self.with("by", "system"),
        }
    }
}

fn kind_word(kind: TransferKind) -> &'static str {
    match kind {
        TransferKind::Blind => "blind",
        TransferKind::Attended => "attended",
        TransferKind::TakeOver => "take-over",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::names;
    use model::{CauseKind, LegId, NotReadyReason, PhoneId, ReserveOrder, ShardId, TrunkId};

    fn said(fact: &Fact) -> String {
        let (what, detail) = words(fact, &names());
        format!("{what}: {detail}")
    }

    fn arrived(source: Source, dialled: &str) -> Fact {
        Fact::ContactArrived {
            contact: ContactId::new(ShardId(0), 1, 1),
            source,
            caller: "+8613800138000".into(),
            dialled: dialled.into(),
            call_id: "x".into(),
            attached: Vec::new(),
        }
    }

    #[test]
    fn facts_are_told_by_names_and_without_spaces_too_many() {
        let contact = ContactId::new(ShardId(0), 1, 1);
        let (queue, agent) = (QueueId(1), AgentId(2));
        let told = [
            (Fact::LegRinging { contact, leg: LegId(1) }, "ringing: "),
            (Fact::LegStarted { contact, leg: LegId(1), party: Party::Agent(agent) }, "leg-started: party=agent:1002"),
            (
                Fact::OfferEnded { contact, queue, agent, outcome: OfferOutcome::Missed },
                "offer-ended: queue=second agent=1002 outcome=missed",
            ),
            (
                Fact::Connected { contact, queue, agent, waited: Duration::from_millis(1500) },
                "connected: queue=second agent=1002 waited_ms=1500",
            ),
            (
                Fact::AgentChanged {
                    agent,
                    state: AgentState::NotReady { reason: NotReadyReason::Code(3) },
                    phone: Some(PhoneId(0)),
                },
                "agent: agent=1002 state=not-ready reason=code-3 phone=1000",
            ),
            (
                Fact::Refused { source: None, cause: Cause::with_sip(CauseKind::Forbidden, 403) },
                "refused: cause=forbidden sip=403",
            ),
            (
                Fact::Forced {
                    by: Actor::Operator("eve".into()),
                    action: ForcedAction::Queue {
                        queue: QueueId(0),
                        action: QueueAction::Reserve { place: Some(1), order: ReserveOrder::CallIn },
                    },
                },
                "forced: queue=support action=call-in place=1 by=operator:eve",
            ),
            (
                Fact::Forced {
                    by: Actor::Operator("eve".into()),
                    action: ForcedAction::Agent { agent, action: AgentAction::NotReady { code: 2 } },
                },
                "forced: agent=1002 action=not-ready code=2 by=operator:eve",
            ),
        ];
        for (fact, text) in told {
            assert_eq!(said(&fact), text);
        }
    }

    #[test]
    fn nobodys_number_is_told() {
        let trunk = Source::Trunk(TrunkId(0));
        assert_eq!(said(&arrived(trunk, "4008001234")), "arrived: trunk=carrier dialled=4008001234");
        // What an agent dials is a customer's number.
        assert_eq!(said(&arrived(Source::Phone(PhoneId(1)), "+8613900139000")), "arrived: phone=1001");
        let to = Target::Number("+8613900139000".into());
        let (contact, from) = (ContactId::default(), AgentId(0));
        let moved = Fact::Transferred { contact, from, to, kind: TransferKind::Blind };
        assert_eq!(said(&moved), "transferred: kind=blind from=1000 to=number");
    }

    #[test]
    fn a_hostile_value_stays_one_value() {
        let trunk = Source::Trunk(TrunkId(0));
        let told = said(&arrived(trunk, "1 agent=9 \"\r\n\u{202e}\0"));
        assert_eq!(told, r#"arrived: trunk=carrier dialled="1 agent=9 \"\r\n\u{202e}\0""#);
        assert_eq!(said(&arrived(trunk, "客服")), "arrived: trunk=carrier dialled=客服");
        assert_eq!(said(&arrived(trunk, "")), "arrived: trunk=carrier dialled=\"\"");
    }
}
