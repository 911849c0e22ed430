//! The story for programs.

use super::candidates::{score_text, word};
use super::text::outcome_text;
use super::{Page, Story, utc};
use crate::times::utc_millis;
use acd::{Called, Candidate, Closed, Moment, PartWaited, Passed, Regime, Score, Told, Verdict, What};
use model::{
    AsideReason, CallbackStep, Decision, Joined, JudgedBy, Judgement, Next, QueueId, RequirementId, ReserveChange,
};
use serde_json::{Value, json};

impl Story {
    pub(super) fn json(&self) -> Value {
        json!({
            "contact": self.contact.to_string(),
            "missing_facts": self.missing,
            "unread_facts": self.unread,
            "newer_facts": self.newer,
            "configuration": {
                "of": if self.told_by_today() { "now" } else { "then" },
                "changed_since": self.has_changed(),
                "gone": self.gone(),
                "unreadable": self.unreadable,
            },
            "reloaded": self.reloaded(),
            "contacts": self.contacts.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "moments": self.moments.iter().enumerate().map(|(nth, m)| {
                let mut told = self.page(nth).moment(m);
                told["contact"] = self.life(self.chapter(nth)).to_string().into();
                told
            }).collect::<Vec<_>>(),
        })
    }
}

impl Page<'_> {
    fn moment(&self, moment: &Moment) -> Value {
        let agent = |id| self.directory.agent(id).id.clone();
        let mut value = match &moment.what {
            What::Entered { queue, priority, place, ahead, kept } => json!({
                "what": "entered", "queue": self.queue(*queue).name, "priority": priority, "place": place,
                "ahead": ahead.iter().map(ToString::to_string).collect::<Vec<_>>(), "kept": kept.as_secs_f64(),
            }),
            What::Judged { queue, judgement } => self.judgement(*queue, judgement),
            What::Callback { step, first, told } => {
                let mut value = self.promise(told);
                value["what"] = format!("callback-{}", step.word()).into();
                value["first"] = first.map(|first| first.to_string()).into();
                value["rule"] = match step {
                    CallbackStep::Dialled | CallbackStep::Failed => place(self.of_callback(told, "tries")),
                    _ => place(self.hours(told)),
                };
                value
            }
            What::Aside { why, told } => {
                let mut value = self.promise(told);
                value["what"] = "set-aside".into();
                value["why"] = why.map(AsideReason::word).into();
                value["rule"] = match why {
                    Some(AsideReason::NotReached) => place(self.of_callback(told, "every")),
                    _ => place(self.hours(told)),
                };
                value
            }
            What::BackInLine { queue } => json!({ "what": "back-in-line", "queue": self.queue(*queue).name }),
            What::Warned { queue, expected, length } => json!({
                "what": "warned", "queue": self.queue(*queue).name, "length": length,
                "expected_wait": expected.map(|expected| expected.as_secs_f64()),
                "rule": place(self.texts.of_queue(&self.queue(*queue).name, "warning")),
            }),
            What::MessageLeft { queue, duration } => json!({
                "what": "message-left", "queue": self.queue(*queue).name, "duration": duration.as_secs_f64(),
            }),
            What::Offered { queue, agent: id, regime, waited, decision, called } => {
                let rules = self.queue(*queue);
                let written = self.rule(*queue).map(|written| written.place);
                json!({
                    "what": "offered", "queue": self.queue(*queue).name, "agent": agent(*id),
                    "waited": waited.as_secs_f64(),
                    "rule": {
                        "strategy": decision.map_or(rules.strategy, |decision| decision.strategy).word(),
                        "idle_clock": decision.map_or(rules.idle_clock, |decision| decision.idle_clock).word(),
                        "changed_to": self.changed_rule(*queue, decision.as_ref()),
                        "regime": match regime {
                            Regime::AgentSurplus => "agent-surplus",
                            Regime::ContactSurplus => "contact-surplus",
                        },
                        "file": written.as_ref().map(|place| &place.file),
                        "line": written.as_ref().map(|place| place.line),
                        "column": written.as_ref().map(|place| place.column),
                    },
                    "decision": decision.as_ref().map(|decision| self.decision(decision)),
                    "called": called.as_ref().map(|called| self.called(*queue, called)),
                })
            }
            What::Reserve { queue, place: nth, change, by } => {
                let (change, why, percent) = match *change {
                    ReserveChange::Joined(why) => ("joined", Some(figure(why)), None),
                    ReserveChange::Left => ("left", None, None),
                    ReserveChange::CalledIn => ("called-in", None, None),
                    ReserveChange::SentAway => ("sent-away", None, None),
                    ReserveChange::Adjusted(percent) => ("adjusted", None, Some(percent)),
                };
                json!({
                    "what": "reserve", "queue": self.queue(*queue).name, "reserve": nth + 1, "change": change,
                    "because": why, "by": by.as_ref().map(|by| self.actor(by)), "percent": percent, "rule": place(self.reserve_rule(*queue, *nth)),
                })
            }
            What::Passed { agent: id, contact, why } => json!({
                "what": "passed", "agent": agent(*id), "other": contact.to_string(),
                "why": match why {
                    Passed::MorePressing { .. } => "more-pressing",
                    Passed::LargerPart { .. } => "larger-part-of-objective",
                    Passed::Earlier => "earlier",
                    Passed::NotForUs => "not-for-us",
                    Passed::NotFirst { .. } => "not-first-of-its-queue",
                    Passed::Crossed => "crossed",
                    Passed::Before => "before",
                },
                "first": match why {
                    Passed::NotFirst { first } => Value::from(first.to_string()),
                    _ => Value::Null,
                },
                "points": match why {
                    Passed::MorePressing { own, other } => json!({ "own": own, "other": other }),
                    _ => Value::Null,
                },
                "objectives": match why {
                    Passed::LargerPart { own, other } => json!({ "own": self.part(*own), "other": self.part(*other) }),
                    _ => Value::Null,
                },
            }),
            What::OfferEnded { agent: id, outcome, winner } => json!({
                "what": "offer-ended", "agent": agent(*id), "outcome": outcome.word(), "said": outcome_text(outcome),
                "winner": winner.map(agent),
            }),
            What::Connected { agent: id, waited } => {
                json!({ "what": "connected", "agent": agent(*id), "waited": waited.as_secs_f64() })
            }
            What::Abandoned { waited, offers } => {
                json!({ "what": "abandoned", "waited": waited.as_secs_f64(), "offers": offers })
            }
            What::FlowedOut { queue, why, waited } => json!({
                "what": "flowed-out", "queue": self.queue(*queue).name, "why": why.word(),
                "waited": waited.as_secs_f64(), "would_change": self.stays(*queue, *why),
                "rule": place(self.way_out(*queue, *why)),
            }),
        };
        let best = moment.candidates.iter().find(|c| c.verdict == Verdict::Chosen).and_then(|c| c.score);
        value["at"] = utc_millis(utc(moment.at)).into();
        value["candidates"] = moment.candidates.iter().map(|c| self.candidate(moment, c, best)).collect();
        value["rivals"] = moment.rivals.iter().map(|rival| self.rival(moment, rival)).collect();
        value["doubts"] = moment.doubts.iter().map(|doubt| Value::from(&**doubt)).collect();
        value
    }

    fn part(&self, part: PartWaited) -> Value {
        json!({
            "queue": self.queue(part.queue).name, "waited": part.waited.as_secs_f64(),
            "objective": part.objective.as_secs_f64(), "rule": place(self.objective(part.queue)),
        })
    }

    /// How it stands with a callback.
    fn promise(&self, told: &Told) -> Value {
        json!({
            "queue": self.queue(told.queue).name, "attempts": told.attempts, "tries": self.policy(told).tries,
            "cause": told.cause.map(|cause| cause.kind.word()),
            "closed": told.closed.map(|closed| match closed {
                Closed::Callback => "callback",
                Closed::Queue => "queue",
            }),
        })
    }

    fn called(&self, queue: QueueId, called: &Called) -> Value {
        json!({
            "reserve": called.place + 1, "since": utc_millis(utc(called.since)),
            "because": called.why.map(figure), "by": called.by.as_ref().map(|by| self.actor(by)), "rule": place(self.reserve_rule(queue, called.place)),
        })
    }

    /// As it was written down when it was made.
    fn decision(&self, decision: &Decision) -> Value {
        let next = match &decision.next {
            Next::Agents(agents) => {
                json!({ "agents": agents.as_slice().iter().map(|id| &self.directory.agent(*id).id).collect::<Vec<_>>() })
            }
            Next::Contacts(contacts) => {
                json!({ "contacts": contacts.as_slice().iter().map(ToString::to_string).collect::<Vec<_>>() })
            }
        };
        let excluded: serde_json::Map<_, _> =
            decision.excluded.iter().map(|(why, agents)| (why.word().to_owned(), agents.into())).collect();
        json!({ "step": decision.step + 1, "next": next, "excluded": excluded })
    }

    fn judgement(&self, queue: QueueId, judgement: &Judgement) -> Value {
        let by = |by: JudgedBy| match by {
            JudgedBy::Sticky => json!({ "by": "sticky", "rule": place(self.sticky(queue)) }),
            JudgedBy::Rule(nth) => {
                let (name, written) = self.data_rule(queue, nth);
                json!({ "by": name, "rule": place(written) })
            }
        };
        let asked = |id: RequirementId| self.directory.requirements.get(id.index()).map(|asked| asked.text.clone());
        json!({
            "what": "judged", "queue": self.queue(queue).name,
            "priority": judgement.priority.map(|judged| judged.value),
            "needs": judgement.needs.map(|judged| asked(judged.value)),
            "agent": judgement.agent.map(|judged| &self.directory.agent(judged.value.agent).id),
            "wait": judgement.agent.map(|judged| judged.value.wait.as_secs_f64()),
            "judged_by": {
                "priority": judgement.priority.map(|judged| by(judged.by)),
                "needs": judgement.needs.map(|judged| by(judged.by)),
                "agent": judgement.agent.map(|judged| by(judged.by)),
            },
        })
    }

    fn candidate(&self, moment: &Moment, candidate: &Candidate, best: Option<Score>) -> Value {
        let agent = self.directory.agent(candidate.agent);
        json!({
            "agent": agent.id,
            "name": agent.name,
            "verdict": word(&candidate.verdict),
            "besides": candidate.besides.iter().map(word).collect::<Vec<_>>(),
            "why": self.why(moment, candidate),
            "score": candidate.score.map(|score| score_text(&score)),
            "idle": candidate.score.map(|score| score.idle.as_secs_f64()),
            "reserve": candidate.reserve.map(|place| place + 1),
            "would_change": self.would_change(moment, candidate, best),
        })
    }
}

fn figure(why: Joined) -> Value {
    let most = (why.range.most < u32::MAX).then_some(why.range.most);
    json!({ "figure": why.range.figure.word(), "value": why.value, "least": why.range.least, "most": most })
}

pub(super) fn place(written: Option<config::Written>) -> Value {
    let place = |place: config::Place| json!({ "file": place.file, "line": place.line, "column": place.column });
    written.map_or(Value::Null, |written| place(written.place))
}
