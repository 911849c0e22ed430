//! Rules over a contact's data: who is served earlier, who asks more, whom he knows.

use crate::{Preferred, RequirementId, Routing, Wish};
use core::time::Duration;
use expr::{Condition, Value};

/// What counts for contacts to which `when` applies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// For explanations; empty: none.
    pub name: Box<str>,
    /// `None`: every contact.
    pub when: Option<Condition<Attribute>>,
    /// Takes the place of the priority the contact came with.
    pub priority: Option<i32>,
    /// Asked besides the queue's own demands.
    pub needs: Option<RequirementId>,
    pub agent: Option<Preferred>,
}

/// What the rules of a queue and what is known about the caller made of a contact.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Judgement {
    /// `None`: the priority it came with.
    pub priority: Option<Judged<i32>>,
    pub needs: Option<Judged<RequirementId>>,
    pub agent: Option<Judged<Preferred>>,
}

/// Something that was decided about a contact when it came, and by what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Judged<T> {
    pub value: T,
    pub by: JudgedBy,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum JudgedBy {
    /// The queue's rule at this place, counted from 0.
    Rule(u16),
    /// He served the caller last: the queue's `sticky`.
    Sticky,
}

impl Judgement {
    /// Nothing differs from what the queue itself asks.
    pub fn is_empty(&self) -> bool {
        *self == Judgement::default()
    }

    pub fn wish(&self) -> Wish {
        Wish { needs: self.needs.map(|j| j.value), agent: self.agent.map(|j| j.value), ..Wish::default() }
    }
}

/// What is known about a contact; all of it is text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Attribute {
    Caller,
    Dialled,
    Language,
    /// `data.tier`: attached by its number, empty when nothing is.
    Data(Box<str>),
}

/// One contact's values.
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'a> {
    /// Empty when it is withheld.
    pub caller: &'a str,
    pub dialled: &'a str,
    pub language: &'a str,
    pub data: &'a [(Box<str>, Box<str>)],
}

/// The agent who served a caller last is asked first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sticky {
    /// How long he alone is asked.
    pub wait: Duration,
    /// How long a talk is remembered.
    pub remember: Duration,
}

impl Attributes<'_> {
    pub fn value<'v>(&'v self, attribute: &Attribute) -> Value<'v> {
        Value::Text(match attribute {
            Attribute::Caller => self.caller,
            Attribute::Dialled => self.dialled,
            Attribute::Language => self.language,
            Attribute::Data(key) => {
                self.data.iter().find(|(known, _)| known == key).map_or("", |(_, value)| value.as_ref())
            }
        })
    }
}

impl Routing {
    /// What the rules make of a contact: for each of priority, demand and agent the first rule that names it and applies
    /// decides.
    pub fn judge(&self, contact: &Attributes<'_>) -> Judgement {
        let applies = |rule: &Rule| match &rule.when {
            Some(when) => when.holds(&|attribute| contact.value(attribute)),
            None => true,
        };
        let mut judged = Judgement::default();
        for (rule, place) in self.rules.iter().zip(0u16..).filter(|(rule, _)| applies(rule)) {
            let by = JudgedBy::Rule(place);
            judged.priority = judged.priority.or(rule.priority.map(|value| Judged { value, by }));
            judged.needs = judged.needs.or(rule.needs.map(|value| Judged { value, by }));
            judged.agent = judged.agent.or(rule.agent.map(|value| Judged { value, by }));
        }
        judged
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AgentId;
    use expr::Kind;

    fn rule(when: &str, priority: Option<i32>, agent: Option<u32>) -> Rule {
        let names = |name: &str| {
            let attribute = match name.strip_prefix("data.") {
                Some(key) => Attribute::Data(key.into()),
                None => Attribute::Caller,
            };
            Ok((attribute, Kind::Text))
        };
        let agent = agent.map(|id| Preferred { agent: AgentId(id), wait: Duration::from_secs(20) });
        let when = Some(expr::compile(when, names).unwrap());
        Rule { name: "".into(), when, priority, needs: None, agent }
    }

    #[test]
    fn the_first_rule_that_applies_decides_each_thing() {
        let rules = vec![
            rule("data.tier == 'gold'", Some(5), None),
            rule("caller.starts_with('+86')", Some(1), Some(7)),
            rule("data.tier == ''", None, Some(8)),
        ];
        let routing = Routing { rules, ..Routing::default() };
        let judge = |caller: &str, tier: &str| {
            let data = [("tier".into(), tier.into())];
            let judged = routing.judge(&Attributes { caller, dialled: "", language: "en", data: &data[..] });
            let agent = judged.agent.map(|judged| (judged.value.agent.0, judged.by));
            (judged.priority.map(|judged| (judged.value, judged.by)), agent)
        };
        let by = JudgedBy::Rule;
        assert_eq!(judge("+8613800138000", "gold"), (Some((5, by(0))), Some((7, by(1)))));
        assert_eq!(judge("+8613800138000", ""), (Some((1, by(1))), Some((7, by(1)))));
        assert_eq!(judge("", ""), (None, Some((8, by(2)))));
        assert_eq!(judge("", "silver"), (None, None));
    }
}
