//! The event log's words turned back into facts, for whoever follows the distributor's decisions again.
//!
//! Only what a distributor writes and reads is known here. Names that the configuration has no more are no facts of it:
//! they are left out, and so is what a later version may write.

mod details;
mod quoted;

use core::time::Duration;
use details::Details;
use model::{
    AgentId, AsideReason, ContactEnd, ContactId, Directory, Fact, FlowReason, LegId, QueueId, Reasons, Releaser,
    RequirementId,
};
pub use quoted::config_texts;
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
                | "ended"
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
            "ended" => Fact::ContactEnded { contact, end: ContactEnd::of_word(d.plain("end")?)?, cause: d.cause()? },
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

#[cfg(test)]
mod tests;
