//! Rules over a contact's data: who is served earlier, who asks more, whom he knows.

use crate::{Preferred, RequirementId, Routing, Wish};
use core::time::Duration;
use expr::{Condition, Value};

/// What counts for contacts to which `when` applies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// `None`: every contact.
    pub when: Option<Condition<Attribute>>,
    /// Takes the place of the priority the contact came with.
    pub priority: Option<i32>,
    /// Asked besides the queue's own demands.
    pub needs: Option<RequirementId>,
    pub agent: Option<Preferred>,
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
    pub fn judge(&self, contact: &Attributes<'_>, priority: i32) -> (i32, Wish) {
        let applies = |rule: &&Rule| match &rule.when {
            Some(when) => when.holds(&|attribute| contact.value(attribute)),
            None => true,
        };
        let mut judged = None;
        let mut wish = Wish::default();
        for rule in self.rules.iter().filter(applies) {
            judged = judged.or(rule.priority);
            wish.needs = wish.needs.or(rule.needs);
            wish.agent = wish.agent.or(rule.agent);
        }
        (judged.unwrap_or(priority), wish)
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
        Rule { when: Some(expr::compile(when, names).unwrap()), priority, needs: None, agent }
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
            let (priority, wish) =
                routing.judge(&Attributes { caller, dialled: "", language: "en", data: &data[..] }, -2);
            (priority, wish.agent.map(|preferred| preferred.agent.0))
        };
        assert_eq!(judge("+8613800138000", "gold"), (5, Some(7)));
        assert_eq!(judge("+8613800138000", ""), (1, Some(7)));
        assert_eq!(judge("", ""), (-2, Some(8)));
        assert_eq!(judge("", "silver"), (-2, None));
    }
}
