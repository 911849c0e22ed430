//! The details of one line, by their names.

use super::Indices;
use super::quoted::{closing_quote, unquoted};
use core::time::Duration;
use model::{
    Actor, AgentId, AgentState, CallbackStep, Cause, CauseKind, ContactId, Decision, Excluded, Exclusion, Fact,
    FigureRange, Heads, IdleClock, Joined, Judged, JudgedBy, Judgement, Next, OfferOutcome, Preferred, Promise,
    QueueFigure, QueueId, ReserveChange, Strategy,
};
use std::collections::HashMap;

/// `name=value name="a value" …`, as `words` writes it.
pub(super) struct Details<'a> {
    pub(super) indices: &'a Indices,
    pub(super) text: &'a str,
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

    pub(super) fn plain(&self, name: &str) -> Option<&'a str> {
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

    pub(super) fn agent(&self) -> Option<AgentId> {
        self.known("agent", &self.indices.agents)
    }

    pub(super) fn queue(&self) -> Option<QueueId> {
        self.known("queue", &self.indices.queues)
    }

    pub(super) fn number<T: core::str::FromStr>(&self, name: &str) -> Option<T> {
        self.plain(name)?.parse().ok()
    }

    pub(super) fn waited(&self) -> Option<Duration> {
        self.number("waited_ms").map(Duration::from_millis)
    }

    fn contact(&self) -> Option<ContactId> {
        u64::from_str_radix(self.plain("contact")?, 16).ok().map(ContactId)
    }

    pub(super) fn state(&self) -> Option<AgentState> {
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
    pub(super) fn decision(&self) -> Option<Decision> {
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
    pub(super) fn judgement(&self) -> Option<Judgement> {
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

    pub(super) fn reserve(&self) -> Option<ReserveChange> {
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

    pub(super) fn callback(&self, contact: ContactId, what: &str) -> Option<Fact> {
        let step = CallbackStep::of_word(what.strip_prefix("callback-")?)?;
        let first = self.plain("first").and_then(|id| u64::from_str_radix(id, 16).ok()).map_or(contact, ContactId);
        let promise = Promise::anonymous(first, self.queue()?).into();
        Some(Fact::Callback { contact, step, attempts: self.number("attempts").unwrap_or(0), promise })
    }

    /// An agent who is not configured any more is nobody we can name.
    pub(super) fn actor(&self) -> Option<Actor> {
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

    pub(super) fn cause(&self) -> Option<Cause> {
        let kind = CauseKind::of_word(self.plain("cause")?)?;
        Some(match self.number("sip") {
            Some(status) => Cause::with_sip(kind, status),
            None => Cause::new(kind),
        })
    }

    pub(super) fn outcome(&self) -> Option<OfferOutcome> {
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
