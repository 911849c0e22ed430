//! The event log's words turned back into facts, for whoever follows the distributor's decisions again.
//!
//! Only what a distributor writes and reads is known here. Names that the configuration has no more are no facts of it:
//! they are left out, and so is what a later version may write.

use core::time::Duration;
use model::{
    Actor, AgentId, AgentState, AsideReason, CallbackStep, Cause, CauseKind, ConfigText, ContactId, Decision,
    Directory, Excluded, Exclusion, Fact, FigureRange, FlowReason, Heads, IdleClock, Joined, Judged, JudgedBy,
    Judgement, LegId, Next, OfferOutcome, Preferred, Promise, QueueFigure, QueueId, Reasons, Releaser, RequirementId,
    ReserveChange, Strategy,
};
use std::collections::HashMap;

/// Names of the configuration with their indices.
#[derive(Debug)]
pub struct Indices {
    agents: HashMap<Box<str>, AgentId>,
    queues: HashMap<Box<str>, QueueId>,
    reasons: Reasons,
    requirements: HashMap<Box<str>, RequirementId>,
    /// The names of each queue's rules.
    rules: Vec<Vec<Box<str>>>,
}

impl Indices {
    pub fn new(directory: &Directory) -> Self {
        // Of two with one name the later is the one in force: the other was removed.
        Indices {
            agents: directory.agents.iter().zip(0..).map(|(agent, n)| (agent.id.clone(), AgentId(n))).collect(),
            queues: directory.queues.iter().zip(0..).map(|(queue, n)| (queue.name.clone(), QueueId(n))).collect(),
            reasons: directory.reasons.clone(),
            requirements: directory
                .requirements
                .iter()
                .zip(0..)
                .map(|(r, n)| (r.text.clone(), RequirementId(n)))
                .collect(),
            rules: directory
                .queues
                .iter()
                .map(|queue| queue.routing.rules.iter().map(|r| r.name.clone()).collect())
                .collect(),
        }
    }

    /// Whether [`Indices::fact`] reads such lines, if it knows the names in them.
    pub fn reads(what: &str) -> bool {
        matches!(
            what,
            "agent"
                | "callback-arranged"
                | "callback-resumed"
                | "callback-dialled"
                | "callback-reached"
                | "callback-failed"
                | "callback-withdrawn"
                | "set-aside"
                | "back-in-line"
                | "judged"
                | "queued"
                | "offered"
                | "offer-ended"
                | "connected"
                | "talk-ended"
                | "abandoned"
                | "flowed-out"
                | "reserve"
                | "warned"
                | "message-left"
        )
    }

    /// The fact behind a line of the event log: its word, its contact and its details.
    pub fn fact(&self, what: &str, contact: Option<ContactId>, detail: &str) -> Option<Fact> {
        let d = Details { indices: self, text: detail };
        if what == "agent" {
            return Some(Fact::AgentChanged { agent: d.agent()?, state: d.state()?, phone: None });
        }
        if what == "reserve" {
            let (queue, place, change) = (d.queue()?, d.number("place")?, d.reserve()?);
            return Some(Fact::Reserve { queue, place, change, by: d.actor() });
        }
        let contact = contact?;
        Some(match what {
            "queued" => {
                let (priority, position) = (d.number("priority")?, d.number("position")?);
                let kept = d.number("kept_us").map(Duration::from_micros);
                Fact::Queued { contact, queue: d.queue()?, priority, position, kept }
            }
            "set-aside" => {
                let why = d.plain("why").and_then(AsideReason::of_word);
                Fact::Aside { contact, queue: d.queue()?, aside: true, why }
            }
            "back-in-line" => Fact::Aside { contact, queue: d.queue()?, aside: false, why: None },
            "warned" => {
                let expected = d.number("expected_ms").map(Duration::from_millis);
                Fact::Warned { contact, queue: d.queue()?, expected, length: d.number("length")? }
            }
            "message-left" => {
                let (name, duration) = (d.plain("name")?.into(), Duration::from_millis(d.number("length_ms")?));
                Fact::MessageLeft { contact, queue: d.queue()?, name, duration }
            }
            "judged" => Fact::Judged { contact, queue: d.queue()?, judgement: d.judgement()? },
            "offered" => {
                let (queue, agent) = (d.queue()?, d.agent()?);
                Fact::Offered { contact, queue, agent, decision: d.decision() }
            }
            "offer-ended" => Fact::OfferEnded { contact, queue: d.queue()?, agent: d.agent()?, outcome: d.outcome()? },
            "connected" => Fact::Connected { contact, queue: d.queue()?, agent: d.agent()?, waited: d.waited()? },
            "talk-ended" => {
                let [talked, held] = [d.number("talked_ms")?, d.number("held_ms")?].map(Duration::from_millis);
                Fact::TalkEnded { contact, agent: d.agent()?, talked, held }
            }
            "abandoned" => Fact::Abandoned { contact, queue: d.queue()?, waited: d.waited()? },
            "flowed-out" => {
                let why = FlowReason::of_word(d.plain("why")?)?;
                Fact::FlowedOut { contact, queue: d.queue()?, waited: d.waited()?, why, to: None }
            }
            _ => return d.callback(contact, what),
        })
    }

    /// The end of the customer's own line; of no other leg. A leg is no concern of a distributor, and `reads` does not
    /// ask for them all.
    pub fn customer_left(&self, contact: Option<ContactId>, detail: &str) -> Option<Fact> {
        let d = Details { indices: self, text: detail };
        let is_his = d.plain("party") == Some("caller");
        let (contact, by) = (contact.filter(|_| is_his)?, Releaser::Party);
        Some(Fact::LegEnded { contact, leg: LegId::default(), cause: d.cause()?, by })
    }
}

/// The configuration a `configured` line holds; `None` when it holds none.
pub fn config_texts(detail: &str) -> Option<Vec<ConfigText>> {
    let (mut texts, mut rest) = (Vec::new(), detail);
    while !rest.is_empty() {
        let (file, after) = said(rest, "file")?;
        let (text, after) = said(after, "text")?;
        texts.push(ConfigText { file: file.into(), text: text.into() });
        rest = after;
    }
    (!texts.is_empty()).then_some(texts)
}

/// The value of the next name, which is this one, and what follows it.
fn said<'a>(text: &'a str, name: &str) -> Option<(String, &'a str)> {
    let value = text.strip_prefix(name)?.strip_prefix('=')?;
    let (said, after) = match value.strip_prefix('"') {
        Some(quoted) => {
            let end = closing_quote(quoted)?;
            (unquoted(quoted.get(..end)?)?, quoted.get(end + 1..)?)
        }
        None => {
            let end = value.find(' ').unwrap_or(value.len());
            (value.get(..end)?.to_owned(), value.get(end..)?)
        }
    };
    Some((said, after.trim_start_matches(' ')))
}

/// What `{:?}` made of a text, back again.
fn unquoted(text: &str) -> Option<String> {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((plain, escaped)) = rest.split_once('\\') {
        out.push_str(plain);
        let escape = escaped.chars().next()?;
        rest = escaped.get(escape.len_utf8()..)?;
        out.push(match escape {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '0' => '\0',
            '\\' | '"' | '\'' => escape,
            'u' => {
                let (digits, after) = rest.strip_prefix('{')?.split_once('}')?;
                rest = after;
                u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)?
            }
            _ => return None,
        });
    }
    out.push_str(rest);
    Some(out)
}

/// `name=value name="a value" …`, as `words` writes it.
struct Details<'a> {
    indices: &'a Indices,
    text: &'a str,
}

impl<'a> Details<'a> {
    /// As it stands: up to the next space, or from quote to quote.
    fn raw(&self, name: &str) -> Option<&'a str> {
        let mut rest = self.text;
        loop {
            let (key, value) = rest.split_once('=')?;
            let end = match value.strip_prefix('"') {
                Some(quoted) => closing_quote(quoted)? + 2,
                None => value.find(' ').unwrap_or(value.len()),
            };
            if key == name {
                return value.get(..end);
            }
            rest = value.get(end..)?.trim_start_matches(' ');
        }
    }

    fn plain(&self, name: &str) -> Option<&'a str> {
        self.raw(name).filter(|raw| !raw.starts_with('"'))
    }

    /// The name among those known whose written form it is; so quoted names need no second reader of escapes.
    fn known<T: Copy>(&self, name: &str, names: &HashMap<Box<str>, T>) -> Option<T> {
        let raw = self.raw(name)?;
        match raw.starts_with('"') {
            false => names.get(raw).copied(),
            true => names.iter().find(|(known, _)| format!("{known:?}") == raw).map(|(_, id)| *id),
        }
    }

    fn agent(&self) -> Option<AgentId> {
        self.known("agent", &self.indices.agents)
    }

    fn queue(&self) -> Option<QueueId> {
        self.known("queue", &self.indices.queues)
    }

    fn number<T: core::str::FromStr>(&self, name: &str) -> Option<T> {
        self.plain(name)?.parse().ok()
    }

    fn waited(&self) -> Option<Duration> {
        self.number("waited_ms").map(Duration::from_millis)
    }

    fn contact(&self) -> Option<ContactId> {
        u64::from_str_radix(self.plain("contact")?, 16).ok().map(ContactId)
    }

    fn state(&self) -> Option<AgentState> {
        Some(match self.plain("state")? {
            "signed-off" => AgentState::SignedOff,
            "not-ready" => AgentState::NotReady { reason: self.indices.reasons.of_word(self.plain("reason")?)? },
            "ready" => AgentState::Ready,
            "reserved" => AgentState::Reserved { contact: self.contact()? },
            "busy" => AgentState::Busy { contact: self.contact()? },
            "wrap-up" => AgentState::WrapUp { contact: self.contact()? },
            _ => return None,
        })
    }

    /// `None` when there is none, or nothing we know.
    fn decision(&self) -> Option<Decision> {
        let strategy = Strategy::ALL.into_iter().find(|s| Some(s.word()) == self.plain("strategy"))?;
        let idle_clock = IdleClock::ALL.into_iter().find(|c| Some(c.word()) == self.plain("clock"))?;
        let next = match (self.plain("agents"), self.plain("contacts")) {
            (Some(ids), _) => Next::Agents(list(ids, |id| self.indices.agents.get(id).copied())),
            (None, ids) => Next::Contacts(list(ids?, |id| u64::from_str_radix(id, 16).ok().map(ContactId))),
        };
        let mut excluded = Excluded::default();
        for why in Exclusion::ALL {
            excluded.add(why, self.number(why.word()).unwrap_or(0));
        }
        Some(Decision { strategy, idle_clock, step: self.number("step")?, next, excluded })
    }

    /// `None` also when a demand, a rule or an agent of it is known no more.
    fn judgement(&self) -> Option<Judgement> {
        let judged = |name: &str| -> Option<Option<JudgedBy>> {
            let Some(raw) = self.raw(name) else { return Some(None) };
            self.judged_by(raw).map(Some)
        };
        let priority = match judged("priority_by")? {
            Some(by) => Some(Judged { value: self.number("priority")?, by }),
            None => None,
        };
        let needs = match judged("needs_by")? {
            Some(by) => Some(Judged { value: self.known("needs", &self.indices.requirements)?, by }),
            None => None,
        };
        let agent = match judged("agent_by")? {
            Some(by) => {
                let wait = Duration::from_millis(self.number("wait_ms")?);
                Some(Judged { value: Preferred { agent: self.agent()?, wait }, by })
            }
            None => None,
        };
        Some(Judgement { priority, needs, agent })
    }

    fn judged_by(&self, raw: &str) -> Option<JudgedBy> {
        if raw == "sticky" {
            return Some(JudgedBy::Sticky);
        }
        let rules = self.indices.rules.get(self.queue()?.index())?;
        let named = rules.iter().position(|name| {
            let written = format!("rule:{name}");
            !name.is_empty() && (raw == written || raw == format!("{written:?}"))
        });
        let place = || raw.strip_prefix("rule:")?.parse::<usize>().ok()?.checked_sub(1);
        let place = named.or_else(place).filter(|place| *place < rules.len())?;
        u16::try_from(place).ok().map(JudgedBy::Rule)
    }

    fn reserve(&self) -> Option<ReserveChange> {
        Some(match self.plain("change")? {
            "joined" => {
                let figure = QueueFigure::of_word(self.plain("figure")?)?;
                let range = FigureRange { figure, least: self.number("least")?, most: self.number("most")? };
                ReserveChange::Joined(Joined { range, value: self.number("value")? })
            }
            "left" => ReserveChange::Left,
            "called-in" => ReserveChange::CalledIn,
            "sent-away" => ReserveChange::SentAway,
            "adjusted" => ReserveChange::Adjusted(self.number("percent")?),
            _ => return None,
        })
    }

    fn callback(&self, contact: ContactId, what: &str) -> Option<Fact> {
        let step = CallbackStep::of_word(what.strip_prefix("callback-")?)?;
        let first = self.plain("first").and_then(|id| u64::from_str_radix(id, 16).ok()).map_or(contact, ContactId);
        let promise = Promise::anonymous(first, self.queue()?).into();
        Some(Fact::Callback { contact, step, attempts: self.number("attempts").unwrap_or(0), promise })
    }

    /// An agent who is not configured any more is nobody we can name.
    fn actor(&self) -> Option<Actor> {
        let raw = self.raw("by")?;
        let said = match raw.strip_prefix('"') {
            Some(quoted) => unquoted(quoted.strip_suffix('"')?)?,
            None => raw.to_owned(),
        };
        match said.split_once(':') {
            Some(("operator", name)) => Some(Actor::Operator(name.into())),
            Some(("agent", id)) => self.indices.agents.get(id).copied().map(Actor::Agent),
            _ => (said == "system").then_some(Actor::System),
        }
    }

    fn cause(&self) -> Option<Cause> {
        let kind = CauseKind::of_word(self.plain("cause")?)?;
        Some(match self.number("sip") {
            Some(status) => Cause::with_sip(kind, status),
            None => Cause::new(kind),
        })
    }

    fn outcome(&self) -> Option<OfferOutcome> {
        let cause = || self.cause();
        Some(match self.plain("outcome")? {
            "accepted" => OfferOutcome::Accepted,
            "missed" => OfferOutcome::Missed,
            "withdrawn" => OfferOutcome::Withdrawn,
            "rejected" => OfferOutcome::Rejected(cause()?),
            "failed" => OfferOutcome::Failed(cause()?),
            _ => return None,
        })
    }
}

/// What is known of `a,b,c`.
fn list<T: Copy + Default>(text: &str, known: impl Fn(&str) -> Option<T>) -> Heads<T> {
    text.split(',').filter_map(known).collect()
}

/// Where a text written by `{:?}` ends, the opening quote left out.
fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match (escaped, c) {
            (false, '"') => return Some(at),
            (false, '\\') => escaped = true,
            _ => escaped = false,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::names;
    use crate::words::words;
    use model::NotReadyReason;
    use model::ShardId;

    const CONTACT: ContactId = ContactId::new(ShardId(1), 7, 9);

    fn there_and_back(fact: Fact, names: &Directory) {
        let (what, detail) = words(&fact, names);
        let back = Indices::new(names).fact(what, crate::words::contact_of(&fact), &detail);
        assert_eq!(back, Some(fact), "{what}: {detail}");
    }

    #[test]
    fn what_a_distributor_told_is_read_as_it_was_told() {
        let (contact, queue, agent, waited) = (CONTACT, QueueId(1), AgentId(2), Duration::from_millis(1500));
        for kept in [None, Some(Duration::ZERO), Some(Duration::from_micros(90_000_001))] {
            there_and_back(Fact::Queued { contact, queue, priority: -3, position: 2, kept }, &names());
        }
        there_and_back(Fact::Offered { contact, queue, agent, decision: None }, &names());
        there_and_back(Fact::Connected { contact, queue, agent, waited }, &names());
        let (talked, held) = (Duration::from_millis(61_500), Duration::from_millis(7));
        there_and_back(Fact::TalkEnded { contact, agent, talked, held }, &names());
        there_and_back(Fact::Abandoned { contact, queue, waited }, &names());
        for why in [FlowReason::MaxWait, FlowReason::TriesExhausted, FlowReason::QueueRemoved, FlowReason::Shutdown] {
            there_and_back(Fact::FlowedOut { contact, queue, waited, why, to: None }, &names());
        }
        let busy = Cause::with_sip(CauseKind::Busy, 486);
        for outcome in [
            OfferOutcome::Accepted,
            OfferOutcome::Missed,
            OfferOutcome::Withdrawn,
            OfferOutcome::Rejected(busy),
            OfferOutcome::Failed(Cause::new(CauseKind::Unreachable)),
        ] {
            there_and_back(Fact::OfferEnded { contact, queue, agent, outcome }, &names());
        }
    }

    #[test]
    fn what_becomes_of_a_callback_is_read_with_its_promise_and_its_tries() {
        let (contact, queue) = (CONTACT, QueueId(1));
        for step in CallbackStep::ALL {
            // Only a contact that takes a promise up again is another than the one it was given in.
            let first = if step == CallbackStep::Resumed { ContactId::new(ShardId(0), 6, 3) } else { contact };
            let promise = Promise::anonymous(first, queue).into();
            there_and_back(Fact::Callback { contact, step, attempts: 2, promise }, &names());
        }
        for why in AsideReason::ALL.map(Some).into_iter().chain([None]) {
            there_and_back(Fact::Aside { contact, queue, aside: true, why }, &names());
        }
        there_and_back(Fact::Aside { contact, queue, aside: false, why: None }, &names());
        for expected in [None, Some(Duration::from_secs(400))] {
            there_and_back(Fact::Warned { contact, queue, expected, length: 12 }, &names());
        }
        let (name, duration) = ("voicemail/x-0000-a+20b".into(), Duration::from_secs(7));
        there_and_back(Fact::MessageLeft { contact, queue, name, duration }, &names());
        let indices = Indices::new(&names());
        let left = |detail| match indices.customer_left(Some(contact), detail) {
            Some(Fact::LegEnded { cause, .. }) => Some(cause),
            _ => None,
        };
        assert_eq!(left("cause=busy sip=486 by=party party=caller"), Some(Cause::with_sip(CauseKind::Busy, 486)));
        assert_eq!(left("cause=busy sip=486 by=party party=agent:1000"), None);
    }

    #[test]
    fn a_decision_is_read_with_its_heads_and_counts() {
        let mut excluded = Excluded::default();
        excluded.add(Exclusion::NotReady, 12);
        excluded.add(Exclusion::Behind, 3);
        let agents = Next::Agents([1, 0].into_iter().map(AgentId).collect());
        let contacts = Next::Contacts((0..8).map(|n| ContactId(CONTACT.0 + n)).collect());
        for next in [agents, contacts, Next::Agents(Heads::default()), Next::Contacts(Heads::default())] {
            for (strategy, idle_clock) in Strategy::ALL.into_iter().zip(IdleClock::ALL.into_iter().cycle()) {
                let decision = Some(Decision { strategy, idle_clock, step: 2, next, excluded });
                let (contact, queue, agent) = (CONTACT, QueueId(1), AgentId(2));
                there_and_back(Fact::Offered { contact, queue, agent, decision }, &names());
            }
        }
    }

    #[test]
    fn a_judgement_is_read_with_what_judged() {
        let mut names = names();
        names.requirements = vec![model::Requirement { text: "french >= 4".into(), any: Vec::new() }];
        let rule = |name: &str| model::Rule { name: name.into(), when: None, priority: None, needs: None, agent: None };
        names.queues[1].routing.rules = vec![rule(""), rule("gold \"customers\"")];
        let preferred = Preferred { agent: AgentId(1), wait: Duration::from_secs(20) };
        for by in [JudgedBy::Rule(0), JudgedBy::Rule(1), JudgedBy::Sticky] {
            let priority = Some(Judged { value: -5, by });
            let needs = Some(Judged { value: RequirementId(0), by });
            let agent = Some(Judged { value: preferred, by });
            for judgement in [
                Judgement { priority, needs, agent },
                Judgement { priority, ..Judgement::default() },
                Judgement { needs, ..Judgement::default() },
                Judgement { agent, ..Judgement::default() },
            ] {
                there_and_back(Fact::Judged { contact: CONTACT, queue: QueueId(1), judgement }, &names);
            }
        }
    }

    #[test]
    fn every_state_of_an_agent_is_read_with_its_contact_or_reason() {
        let agent = AgentId(1);
        let contact = CONTACT;
        for state in [
            AgentState::SignedOff,
            AgentState::Ready,
            AgentState::Reserved { contact },
            AgentState::Busy { contact },
            AgentState::WrapUp { contact },
            AgentState::NotReady { reason: NotReadyReason::Code(9) },
            AgentState::NotReady { reason: NotReadyReason::DeviceUnreachable },
        ] {
            there_and_back(Fact::AgentChanged { agent, state, phone: None }, &names());
        }
    }

    #[test]
    fn what_happened_to_a_reserve_is_read_with_its_reason() {
        let range = FigureRange { figure: QueueFigure::LongestWait, least: 60, most: u32::MAX };
        for change in [
            ReserveChange::Joined(Joined { range, value: 65 }),
            ReserveChange::Left,
            ReserveChange::Adjusted(80),
            ReserveChange::CalledIn,
            ReserveChange::SentAway,
        ] {
            for by in
                [None, Some(Actor::Operator("eve \"x\"".into())), Some(Actor::Agent(AgentId(1))), Some(Actor::System)]
            {
                there_and_back(Fact::Reserve { queue: QueueId(1), place: 2, change, by }, &names());
            }
        }
    }

    #[test]
    fn a_reason_is_read_by_the_name_the_house_gave_it() {
        let mut names = names();
        names.reasons.all = vec![model::Reason { code: 9, name: "break".into() }];
        for reason in [NotReadyReason::Code(9), NotReadyReason::Code(2), NotReadyReason::Missed] {
            let state = AgentState::NotReady { reason };
            there_and_back(Fact::AgentChanged { agent: AgentId(0), state, phone: None }, &names);
        }
    }

    #[test]
    fn a_name_with_quotes_and_equals_signs_is_found_again() {
        let mut names = names();
        names.queues[1].name = "a \"b\" agent=1 \\".into();
        there_and_back(
            Fact::Offered { contact: CONTACT, queue: QueueId(1), agent: AgentId(0), decision: None },
            &names,
        );
    }

    #[test]
    fn a_configuration_comes_back_letter_by_letter() {
        let text = |file: &str, text: &str| ConfigText { file: file.into(), text: text.into() };
        let texts = vec![
            text("a b.toml", "[[queue]]\n\tname = \"q\" # \u{202e}客服 e\u{301}\r\n\\\0'x'"),
            text("b.toml", "plain"),
            text("c.toml", ""),
        ];
        let (what, detail) = words(&Fact::Configured { texts: texts.clone().into() }, &names());
        assert_eq!((what, config_texts(&detail)), ("configured", Some(texts)));
        for broken in ["", "file=a", "file=a text=\"x", "file=a text=\"\\q\"", "file=a text=\"\\u{zz}\"", "text=b"] {
            assert_eq!(config_texts(broken), None, "{broken}");
        }
    }

    #[test]
    fn what_is_not_known_is_no_fact() {
        let names = names();
        let indices = Indices::new(&names);
        assert!(!Indices::reads("ringing") && Indices::reads("offered"));
        for (what, detail) in [
            ("offered", "queue=gone agent=1000"),
            ("offered", "queue=\"cut"),
            ("agent", "agent=1000 state=dreaming"),
            ("queued", "queue=second priority=x position=1"),
            ("ringing", ""),
        ] {
            assert_eq!(indices.fact(what, Some(CONTACT), detail), None, "{what}: {detail}");
        }
    }
}
