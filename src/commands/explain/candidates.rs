//! Agents at a moment of decision: how each stood, and what would have changed it.

use super::Page;
use super::rivals::aligned;
use super::text::spell;
use acd::{By, Candidate, Lack, Later, Moment, Score, Verdict, What};
use base::Instant;
use core::time::Duration;
use model::{AgentState, FlowReason, NotReadyReason, SkillId};

impl Page<'_> {
    /// A row each; what is not a matter of comparing has no score.
    pub(super) fn table(&self, moment: &Moment) -> String {
        if moment.candidates.is_empty() {
            return String::new();
        }
        let best = moment.candidates.iter().find(|c| c.verdict == Verdict::Chosen).and_then(|c| c.score);
        let rows = moment.candidates.iter().map(|c| {
            let score = c.score.map_or_else(|| "–".into(), |score| score_text(&score));
            let change = self.would_change(moment, c, best).unwrap_or_default();
            [self.person(c.agent), score, self.why(moment, c), change]
        });
        let heads = ["agent", "score", "", "what would have changed it"].map(str::to_owned);
        aligned(&core::iter::once(heads).chain(rows).collect::<Vec<_>>())
    }

    /// All that kept it from him.
    pub(super) fn why(&self, moment: &Moment, candidate: &Candidate) -> String {
        let rings_with_all = candidate.score.is_some_and(|score| score.by == By::Everybody);
        let all: Vec<_> = candidate.obstacles().map(|verdict| self.obstacle(moment, verdict, rings_with_all)).collect();
        all.join("; ")
    }

    fn obstacle(&self, moment: &Moment, verdict: &Verdict, rings_with_all: bool) -> String {
        let ago = |since: Instant| spell(moment.at.since(since));
        match verdict {
            Verdict::Chosen => "chosen".into(),
            Verdict::Behind { after, .. } if rings_with_all => format!("ready, rung after {}", self.person(*after)),
            Verdict::Behind { others: 1, after } => format!("ready, behind {}", self.person(*after)),
            Verdict::Behind { others, after } => format!("ready, behind {others}, the last {}", self.person(*after)),
            Verdict::Full { most } => format!("{most} of the queue talk already, as many as may"),
            Verdict::SignedOff { since } if *since == Instant::ZERO => "signed off".into(),
            Verdict::SignedOff { since } => format!("signed off for {}", ago(*since)),
            Verdict::NotReady { reason, since } => {
                format!("not ready for {} ({})", ago(*since), self.directory.reasons.word(*reason))
            }
            Verdict::Engaged { state, since } => match state {
                AgentState::Reserved { contact } => format!("{contact} rings at him for {}", ago(*since)),
                AgentState::WrapUp { contact } => format!("wraps up {contact} for {}", ago(*since)),
                AgentState::Busy { contact } => format!("busy with {contact} for {}", ago(*since)),
                AgentState::SignedOff | AgentState::NotReady { .. } | AgentState::Ready => state.word().into(),
            },
            Verdict::Rings { since } => format!("it rings at him for {}", ago(*since)),
            Verdict::Attends { since } => format!("on the line for it for {}", ago(*since)),
            Verdict::Refused { until } => {
                format!("refused it a moment ago, is not asked again for {}", spell(until.since(moment.at)))
            }
            Verdict::Rang => "his phone rang for it a moment ago, and the others still ring".into(),
            Verdict::RoundFull { most } => format!("{most} phones ring for it in this round, as many as may"),
            Verdict::Lacks { missing, step, .. } => {
                let one = |lack: &Lack| format!("{} {}", self.skill(lack.skill), lack.has);
                let has = missing.iter().map(one).collect::<Vec<_>>().join(", ");
                format!("has {has}, asked at step {}", step + 1)
            }
            Verdict::KeptFor { agent, until } => {
                format!("it is kept for {} for {} more", self.person(*agent), spell(until.since(moment.at)))
            }
            Verdict::Elsewhere { agent } => format!("ready and able, while it rang at {}", self.person(*agent)),
            Verdict::NotInLine => "ready and able, while it was not in the line".into(),
            Verdict::Unexplained => "ready and able, and it was not offered to him".into(),
            Verdict::Crossed => "ready at about that moment: it crossed with this on its way between shards".into(),
            Verdict::InReserve { place, .. } => format!("in reserve {}, which has not joined", place + 1),
        }
    }

    fn skill(&self, id: SkillId) -> &str {
        self.directory.skills.get(id.index()).map_or("?", |name| name)
    }

    /// All of it together: one thing alone would have changed nothing.
    pub(super) fn would_change(&self, moment: &Moment, candidate: &Candidate, best: Option<Score>) -> Option<String> {
        if let Verdict::Behind { .. } = candidate.verdict {
            return ahead_of(candidate.score?, best?);
        }
        let all: Vec<_> = candidate.obstacles().filter_map(|verdict| self.remedy(moment, verdict)).collect();
        (!all.is_empty()).then(|| all.join("; and "))
    }

    fn remedy(&self, moment: &Moment, verdict: &Verdict) -> Option<String> {
        Some(match verdict {
            Verdict::Chosen | Verdict::Behind { .. } | Verdict::Unexplained | Verdict::Crossed => return None,
            // He is one of those it is offered to; only when it has left it matters that he has not answered.
            Verdict::Rings { .. } if matches!(moment.what, What::Offered { .. }) => return None,
            Verdict::Rings { .. } => "having answered".into(),
            Verdict::RoundFull { .. } => "the next round, when these have stopped ringing".into(),
            Verdict::Elsewhere { agent } => match moment.what {
                What::FlowedOut { why: FlowReason::TriesExhausted, .. } => "one try more".into(),
                _ => format!("a shorter ring time, or a no from {}", self.person(*agent)),
            },
            Verdict::Attends { .. } | Verdict::NotInLine => return None,
            Verdict::SignedOff { .. } => "signing on and being ready".into(),
            Verdict::NotReady { reason: NotReadyReason::DeviceUnreachable | NotReadyReason::DeviceFailed, .. } => {
                "a phone that answers".into()
            }
            Verdict::NotReady { reason: NotReadyReason::LineDown, .. } => "his nailed-up leg on the line".into(),
            Verdict::NotReady { .. } => "being ready".into(),
            Verdict::Engaged { .. } => "being free".into(),
            Verdict::Refused { .. } => "not having refused it".into(),
            Verdict::Rang => "having answered: he is rung again when the others have stopped".into(),
            Verdict::Full { .. } => "the end of one of these talks".into(),
            Verdict::Lacks { missing, later, .. } => self.lacking(moment, missing, *later),
            Verdict::KeptFor { .. } => "waiting until then".into(),
            Verdict::InReserve { queue, place } => self.calls_for(*queue, *place)?,
        })
    }

    fn lacking(&self, moment: &Moment, missing: &[Lack], later: Option<Later>) -> String {
        let one = |lack: &Lack| match (lack.least, lack.most) {
            (least, 10) => format!("{} {least} or more", self.skill(lack.skill)),
            (0, most) => format!("{} {most} or less", self.skill(lack.skill)),
            (least, most) => format!("{} from {least} to {most}", self.skill(lack.skill)),
        };
        let levels = missing.iter().map(one).collect::<Vec<_>>().join(" and ");
        let Some(Later { step, at, conditional }) = later else { return levels };
        let only = if conditional { ", if its condition holds" } else { "" };
        let more = spell(at.since(moment.at));
        format!("{levels}, or {more} more of waiting: step {} does not ask it{only}", step + 1)
    }
}

/// Less than this reads as nothing in tenths of a second.
pub(super) const TELLABLE: Duration = Duration::from_millis(50);

/// For programs.
pub(super) const fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Chosen => "chosen",
        Verdict::Behind { .. } => "behind",
        Verdict::SignedOff { .. } => "signed-off",
        Verdict::NotReady { .. } => "not-ready",
        Verdict::Engaged { state, .. } => state.word(),
        Verdict::Refused { .. } => "refused",
        Verdict::Rings { .. } => "ringing",
        Verdict::Attends { .. } => "attending",
        Verdict::Rang => "rang-already",
        Verdict::RoundFull { .. } => "round-full",
        Verdict::Lacks { .. } => "lacks-skill",
        Verdict::KeptFor { .. } => "kept-for-another",
        Verdict::Full { .. } => "talks-full",
        Verdict::Elsewhere { .. } => "rang-elsewhere",
        Verdict::NotInLine => "not-in-line",
        Verdict::Unexplained => "unexplained",
        Verdict::Crossed => "crossed",
        Verdict::InReserve { .. } => "in-reserve",
    }
}

/// What the score lacks to be the first.
fn ahead_of(own: Score, best: Score) -> Option<String> {
    let longer = |ahead: Duration, own: Duration| match ahead.saturating_sub(own) {
        Duration::ZERO => "a place before his in the configuration: they are equal".to_owned(),
        short if short < TELLABLE => "a moment more of idle time".to_owned(),
        more => format!("{} more of idle time", spell(more)),
    };
    Some(match (own.by, best.by) {
        (By::Tickets(_), By::Tickets(_)) => "another draw".into(),
        (By::Everybody, By::Everybody) => return None,
        // Whatever else he has.
        _ if own.reserve > best.reserve => match best.reserve {
            None => "none of the queue's own agents being ready: they come first".into(),
            Some(place) => format!("nobody of reserve {} being ready: it comes first", place + 1),
        },
        (By::Calls(own), By::Calls(best)) if own > best => counted((own - best) as u64, "contact") + " fewer",
        (By::Occupied(own), By::Occupied(best)) if own > best => {
            format!("{:.1} % less work in his time", (own - best) * 100.0)
        }
        (By::Place(_), By::Place(best)) => format!("standing before place {best} in the configuration"),
        (By::Turn(_), By::Turn(_)) => "his turn coming earlier".into(),
        (By::Level(own), By::Level(best)) if own < best => counted(u64::from(best - own), "level") + " more",
        (By::Versatility(own), By::Versatility(best)) if own > best => {
            format!("{} skills or queues fewer", own - best)
        }
        _ => longer(best.idle, own.idle),
    })
}

/// `1 contact`, `2 contacts`.
pub(super) fn counted(number: u64, of: &str) -> String {
    format!("{number} {of}{}", if number == 1 { "" } else { "s" })
}

pub(super) fn score_text(score: &Score) -> String {
    let idle = spell(score.idle);
    let by = match score.by {
        By::Idle => format!("idle {idle}"),
        By::Turn(None) => "had none yet".into(),
        By::Turn(Some(0)) => "the last was his".into(),
        By::Turn(Some(others)) => counted(others as u64, "contact") + " since his last",
        By::Calls(calls) => format!("{}, idle {idle}", counted(calls as u64, "contact")),
        By::Occupied(share) => format!("{:.1} % at work, idle {idle}", share * 100.0),
        By::Place(place) => format!("place {place}"),
        By::Tickets(tickets) => counted(u64::from(tickets), "ticket") + " in the draw",
        By::Level(level) => format!("level {level}, idle {idle}"),
        By::Versatility(count) => format!("{count} skills and queues, idle {idle}"),
        By::Everybody => "rings with the others".into(),
    };
    score.reserve.map_or_else(|| by.clone(), |place| format!("{by}, of reserve {}", place + 1))
}
