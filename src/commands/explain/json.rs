//! The story for programs.

use super::Story;
use super::text::{outcome_text, score_text};
use acd::{Candidate, Moment, Passed, Regime, Score, Verdict, What};
use serde_json::{Value, json};
use std::path::Path;

impl Story {
    pub(super) fn json(&self, file: Option<&Path>) -> Value {
        json!({
            "contact": self.contact.to_string(),
            "missing_facts": self.missing,
            "reloaded": self.reloaded,
            "moments": self.moments.iter().map(|moment| self.moment(file, moment)).collect::<Vec<_>>(),
        })
    }

    fn moment(&self, file: Option<&Path>, moment: &Moment) -> Value {
        let agent = |id| self.directory.agent(id).id.clone();
        let mut value = match &moment.what {
            What::Entered { queue, priority, place, ahead } => json!({
                "what": "entered", "queue": self.queue(*queue).name, "priority": priority, "place": place,
                "ahead": ahead.iter().map(ToString::to_string).collect::<Vec<_>>(),
            }),
            What::Offered { queue, agent: id, regime, waited } => {
                let written = self.rule(file, *queue).map(|written| written.place);
                json!({
                    "what": "offered", "queue": self.queue(*queue).name, "agent": agent(*id),
                    "waited": waited.as_secs_f64(),
                    "rule": {
                        "strategy": self.queue(*queue).strategy.word(),
                        "regime": match regime {
                            Regime::AgentSurplus => "agent-surplus",
                            Regime::ContactSurplus => "contact-surplus",
                        },
                        "file": written.as_ref().map(|place| &place.file),
                        "line": written.as_ref().map(|place| place.line),
                        "column": written.as_ref().map(|place| place.column),
                    },
                })
            }
            What::Passed { agent: id, contact, why } => json!({
                "what": "passed", "agent": agent(*id), "other": contact.to_string(),
                "why": match why {
                    Passed::MorePressing => "more-pressing",
                    Passed::Earlier => "earlier",
                    Passed::NotForUs => "not-for-us",
                },
            }),
            What::OfferEnded { agent: id, outcome } => {
                json!({ "what": "offer-ended", "agent": agent(*id), "outcome": outcome.word(), "said": outcome_text(outcome) })
            }
            What::Connected { agent: id, waited } => {
                json!({ "what": "connected", "agent": agent(*id), "waited": waited.as_secs_f64() })
            }
            What::Abandoned { waited } => json!({ "what": "abandoned", "waited": waited.as_secs_f64() }),
            What::FlowedOut { why, waited } => {
                json!({ "what": "flowed-out", "why": why.word(), "waited": waited.as_secs_f64() })
            }
        };
        let best = moment.candidates.iter().find(|c| c.verdict == Verdict::Chosen).and_then(|c| c.score);
        value["at"] = self.time(moment.at).timestamp().to_string().into();
        value["candidates"] = moment.candidates.iter().map(|c| self.candidate(moment, c, best)).collect();
        value["doubts"] = moment.doubts.iter().map(|doubt| Value::from(&**doubt)).collect();
        value
    }

    fn candidate(&self, moment: &Moment, candidate: &Candidate, best: Option<Score>) -> Value {
        let agent = self.directory.agent(candidate.agent);
        let verdict = match candidate.verdict {
            Verdict::Chosen => "chosen",
            Verdict::Behind { .. } => "behind",
            Verdict::SignedOff { .. } => "signed-off",
            Verdict::NotReady { .. } => "not-ready",
            Verdict::Engaged { state, .. } => state.word(),
            Verdict::Refused { .. } => "refused",
            Verdict::Rang => "rang-already",
            Verdict::Lacks(_) => "lacks-skill",
            Verdict::KeptFor { .. } => "kept-for-another",
            Verdict::Unexplained => "unexplained",
        };
        json!({
            "agent": agent.id,
            "name": agent.name,
            "verdict": verdict,
            "why": self.why(moment, candidate),
            "score": candidate.score.map(|score| score_text(&score)),
            "idle": candidate.score.map(|score| score.idle.as_secs_f64()),
            "would_change": self.would_change(candidate, best),
        })
    }
}
