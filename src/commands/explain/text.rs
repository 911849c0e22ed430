//! The story for people.

use super::candidates::{TELLABLE, counted};
use super::rivals::aligned;
use super::{Page, Story, utc};
use acd::{PartWaited, Passed, Regime, What};
use core::fmt::Write as _;
use core::time::Duration;
use model::{Absent, AgentId, Decision, FlowReason, JudgedBy, Judgement, Next, NotReadyReason, OfferOutcome, QueueId};

impl Story {
    pub(super) fn text(&self) -> String {
        let mut out = format!("contact {}\n", self.contact);
        if let [first, .., last] = &self.contacts[..] {
            let _ = writeln!(out, "his callback was kept over a restart: from contact {first} to {last}");
        }
        for warning in self.warnings() {
            let _ = writeln!(out, "{warning}");
        }
        let mut told_by = None;
        for (nth, moment) in self.moments.iter().enumerate() {
            let (page, chapter) = (self.page(nth), self.chapter(nth));
            if let Some(before) = told_by.filter(|before| *before != chapter) {
                let at = self.site.millis(self.chapters[chapter].at);
                let what = match self.life(chapter) {
                    next if next != self.life(before) => {
                        format!("the server had been started anew; here contact {next} waits for the same customer")
                    }
                    _ => "the configuration was read anew; what follows is told by it".to_owned(),
                };
                let _ = writeln!(out, "\n{at}  {what}");
            }
            told_by = Some(chapter);
            let _ = writeln!(out, "\n{}  {}", self.site.millis(utc(moment.at)), page.what(&moment.what));
            for line in page.reasons(&moment.what) {
                let _ = writeln!(out, "  {line}");
            }
            out.push_str(&page.table(moment));
            out.push_str(&aligned(&page.rival_rows(moment)));
            for doubt in &moment.doubts {
                let _ = writeln!(out, "  doubt: {doubt}");
            }
        }
        out
    }

    /// What a reader must know before he believes the rest.
    fn warnings(&self) -> Vec<String> {
        let mut all = Vec::new();
        if self.missing > 0 {
            all.push(format!(
                "{} facts before its end are missing from the log: what follows may be wrong",
                self.missing
            ));
        }
        if self.newer > 0 {
            all.push(format!("{} facts of a newer version were passed over: what follows may be wrong", self.newer));
        }
        if self.unread > 0 {
            all.push(format!(
                "{} facts could not be read: they name what this configuration has not, or another version wrote them; \
                 what follows may be wrong",
                self.unread
            ));
        }
        all.extend(match (&self.unreadable, self.told_by_today()) {
            (Some(why), _) => {
                Some(format!("the configuration of then cannot be read by this version ({why}); {OF_NOW}"))
            }
            (None, true) => Some(format!("no configuration of then was kept with the facts; {OF_NOW}")),
            (None, false) => self.has_changed().then(|| {
                "the configuration is another one now: rules and their lines, weights, skills and names are told as \
                 they were then"
                    .to_owned()
            }),
        });
        let gone = self.gone();
        if !gone.is_empty() {
            all.push(format!("not configured any more: {}", gone.join(", ")));
        }
        all
    }
}

/// What counts where nothing else was written down.
const OF_NOW: &str = "strategy and idle clock of an offer are of then, rules and their lines, weights, skills and names \
                      are those of now";

impl Page<'_> {
    fn what(&self, what: &What) -> String {
        match what {
            What::Entered { queue, priority, place, ahead, kept } => {
                let mut text =
                    format!("entered queue {} with priority {priority}, at place {place}", self.queue(*queue).name);
                if !ahead.is_empty() {
                    let ids: Vec<String> = ahead.iter().map(ToString::to_string).collect();
                    let more = if place - 1 > ahead.len() { ", …" } else { "" };
                    let _ = write!(text, "; ahead: {}{more}", ids.join(", "));
                }
                if *kept >= TELLABLE {
                    let _ = write!(text, "; its place counts from {} before", spell(*kept));
                }
                text
            }
            What::Offered { agent, waited, .. } => {
                format!("offered to {} after {}", self.person(*agent), spell(*waited))
            }
            What::Passed { agent, contact, why } => {
                let why = match why {
                    Passed::MorePressing { own, other } => {
                        format!("it had {other:.1} points of priority and waiting, this one {own:.1}")
                    }
                    Passed::LargerPart { own, other } => {
                        format!("it had waited {}, this one {}", self.part_text(*other), self.part_text(*own))
                    }
                    Passed::Earlier => "it had come earlier".into(),
                    Passed::NotForUs => "he could not be given this one".into(),
                    Passed::NotFirst { first } => {
                        format!(
                            "in this one's queue {first} stands before it, and only the first of a queue is compared"
                        )
                    }
                    Passed::Crossed => "the two crossed on their way between shards".into(),
                    Passed::Before => "this one came first, and he was not given it".into(),
                };
                format!("{} was given {contact} first: {why}", self.person(*agent))
            }
            What::OfferEnded { agent, outcome, winner } => {
                let lost = winner.map_or(String::new(), |winner| format!(", {} was faster", self.person(winner)));
                format!("the offer to {} ended: {}{lost}", self.person(*agent), outcome_text(outcome))
            }
            What::Connected { agent, waited } => {
                format!("connected with {} after {}", self.person(*agent), spell(*waited))
            }
            What::Abandoned { waited, offers: 0 } => {
                format!("the caller hung up after {}, before it was offered to anybody", spell(*waited))
            }
            What::Abandoned { waited, offers } => {
                format!("the caller hung up after {} and {}", spell(*waited), counted(*offers as u64, "offer"))
            }
            What::Reserve { queue, place, change, by } => self.change_text(*queue, *place, *change, by.as_ref()),
            What::FlowedOut { why, waited, .. } => format!("left the queue after {} ({})", spell(*waited), why.word()),
            What::Callback { step, first, told } => self.callback_text(*step, *first, told),
            What::Aside { why, told } => self.aside_text(*why, told),
            What::BackInLine { queue } => format!("back in the line of {}, at its place", self.queue(*queue).name),
            What::Warned { queue, expected, length } => {
                let name = &self.queue(*queue).name;
                let expected = expected.map(|expected| format!(", {} expected", spell(expected))).unwrap_or_default();
                format!("the caller was told that the wait for {name} is long: {length} in the line{expected}")
            }
            What::MessageLeft { queue, duration } => {
                format!("left a message of {} for {}", spell(*duration), self.queue(*queue).name)
            }
            What::Judged { queue, .. } => {
                format!("came for queue {}, whose rules say of it:", self.queue(*queue).name)
            }
        }
    }

    /// The rules that decided, with their lines.
    fn reasons(&self, what: &What) -> Vec<String> {
        match what {
            What::Offered { queue, regime, decision, called, .. } => {
                let mut lines = vec![format!("rule: {}", self.rule_text(*queue, *regime, decision.as_ref()))];
                lines.extend(called.as_ref().map(|called| self.called_text(*queue, called)));
                lines.extend(
                    self.changed_rule(*queue, decision.as_ref()).map(|now| format!("since then changed to {now}")),
                );
                lines.push(match decision {
                    Some(decision) => format!("written down then: {}", self.decision_text(decision)),
                    None => "the version that made this decision wrote nothing down of it".into(),
                });
                lines
            }
            What::FlowedOut { queue, why, .. } => {
                let line = self
                    .way_out(*queue, *why)
                    .map(|written| format!("rule: {}", written.line.trim()) + &format!(" ({})", written.place));
                line.into_iter()
                    .chain(self.stays(*queue, *why).map(|change| format!("what would have changed it: {change}")))
                    .collect()
            }
            What::Judged { queue, judgement } => self.judgement_text(*queue, judgement),
            What::Reserve { queue, place, .. } => {
                let written = self.reserve_rule(*queue, *place);
                written
                    .map(|written| format!("rule: {} ({})", written.line.trim(), written.place))
                    .into_iter()
                    .collect()
            }
            What::Callback { step, told, .. } => self.callback_rules(*step, told),
            What::Aside { why, told } => self.aside_rules(*why, told),
            What::Warned { queue, .. } => {
                let written = self.texts.of_queue(&self.queue(*queue).name, "warning");
                written
                    .map(|written| format!("rule: {} ({})", written.line.trim(), written.place))
                    .into_iter()
                    .collect()
            }
            What::Entered { .. }
            | What::Passed { .. }
            | What::OfferEnded { .. }
            | What::Connected { .. }
            | What::Abandoned { .. }
            | What::MessageLeft { .. }
            | What::BackInLine { .. } => Vec::new(),
        }
    }

    fn judgement_text(&self, queue: QueueId, judgement: &Judgement) -> Vec<String> {
        let by = |by: JudgedBy| match by {
            JudgedBy::Sticky => {
                let place = self.sticky(queue).map(|written| format!(" ({})", written.place));
                format!("`sticky`{}: he served the caller last", place.unwrap_or_default())
            }
            JudgedBy::Rule(place) => {
                let (name, written) = self.data_rule(queue, place);
                written.map_or_else(|| name.clone(), |written| format!("{name} ({})", written.place))
            }
        };
        let priority = judgement.priority.map(|j| format!("priority {} by {}", j.value, by(j.by)));
        let needs = judgement.needs.map(|j| {
            let asked = self.directory.requirements.get(j.value.index()).map_or("?", |asked| &asked.text);
            format!("needs {asked} by {}", by(j.by))
        });
        let agent = judgement.agent.map(|j| {
            let wait = spell(j.value.wait);
            format!("kept for {} for {wait} by {}", self.person(j.value.agent), by(j.by))
        });
        [priority, needs, agent].into_iter().flatten().collect()
    }

    /// `7.0 s, 70 % of the objective of queue sales (10 s; f.toml:9:1)`.
    pub(super) fn part_text(&self, part: PartWaited) -> String {
        let place = self.objective(part.queue).map(|written| format!("; {}", written.place));
        let (waited, objective) = (spell(part.waited), spell(part.objective));
        let percent = 100.0 * part.waited.as_secs_f64() / part.objective.as_secs_f64();
        let name = &self.queue(part.queue).name;
        format!("{waited}, {percent:.0} % of the objective of queue {name} ({objective}{})", place.unwrap_or_default())
    }

    /// The rule of now, where it is another one.
    pub(super) fn changed_rule(&self, queue: QueueId, decision: Option<&Decision>) -> Option<String> {
        let then = self.queue(queue);
        let then = decision.map_or((then.strategy, then.idle_clock), |then| (then.strategy, then.idle_clock));
        let now = self.today.queue(self.today.queue_named(&self.queue(queue).name)?);
        (then != (now.strategy, now.idle_clock))
            .then(|| format!("{} (idle clock {})", now.strategy.word(), now.idle_clock.word()))
    }

    fn decision_text(&self, decision: &Decision) -> String {
        let next: Vec<String> = match &decision.next {
            Next::Agents(agents) => agents.as_slice().iter().map(|id| self.person(*id)).collect(),
            Next::Contacts(contacts) => contacts.as_slice().iter().map(ToString::to_string).collect(),
        };
        let of = match &decision.next {
            Next::Agents(_) => "agent",
            Next::Contacts(_) => "contact",
        };
        let next = match &next[..] {
            [] => format!("no other {of} was next"),
            [one] => format!("the next {of} was {one}"),
            more => format!("the next {of}s were {}", more.join(", ")),
        };
        let out: Vec<_> = decision.excluded.iter().map(|(why, agents)| format!("{agents} {}", why.word())).collect();
        let out = if out.is_empty() { "no other agent".into() } else { out.join(", ") };
        format!("{next}; agents not chosen: {out}")
    }

    /// What the rule by which it left would have had to see.
    pub(super) fn stays(&self, queue: QueueId, why: FlowReason) -> Option<String> {
        let queue = self.queue(queue);
        Some(match why {
            FlowReason::MaxWait => format!("an agent within {}", spell(queue.max_wait.as_ref()?.after)),
            FlowReason::MaxLength => format!("fewer than {} waiting", queue.max_length.as_ref()?.at),
            FlowReason::ExpectedWait => {
                format!("an expected wait of {} at most", spell(queue.max_expected_wait.as_ref()?.after))
            }
            FlowReason::Understaffed => format!("{} agents at work", queue.min_staffed.as_ref()?.agents),
            FlowReason::Empty => match queue.empty.leave {
                Absent::SIGNED_OFF => "somebody signed on".into(),
                Absent::NOT_READY => "somebody at work".into(),
                absent => {
                    let reason = |code| self.directory.reasons.word(NotReadyReason::Code(code));
                    format!("somebody signed on who is none of {}", absent.words(reason).join(", "))
                }
            },
            FlowReason::Closed => "a queue that is open at the time".into(),
            FlowReason::BreakoutKey => "no key pressed".into(),
            FlowReason::NotReached => "a customer who answers".into(),
            FlowReason::Recalled => "a customer who does not call himself".into(),
            FlowReason::TriesExhausted => "fewer offers that fail".into(),
            FlowReason::QueueRemoved | FlowReason::Failed | FlowReason::Forced | FlowReason::Shutdown => return None,
        })
    }

    fn rule_text(&self, queue: QueueId, regime: Regime, decision: Option<&Decision>) -> String {
        let rules = self.queue(queue);
        let strategy = decision.map_or(rules.strategy, |decision| decision.strategy).word();
        let clock = decision.map_or(rules.idle_clock, |decision| decision.idle_clock).word();
        let place = match self.rule(queue) {
            Some(written) => written.place.to_string(),
            None => "the default".into(),
        };
        let regime = match regime {
            Regime::AgentSurplus => "agents were free, one of them was chosen for this contact",
            Regime::ContactSurplus => "contacts waited, this one was chosen for the agent who became free",
        };
        format!("{strategy} (idle clock {clock}; {place}); {regime}")
    }

    pub(super) fn person(&self, id: AgentId) -> String {
        let agent = self.directory.agent(id);
        if agent.name == agent.id { agent.id.to_string() } else { format!("{} {}", agent.id, agent.name) }
    }
}

pub(super) fn outcome_text(outcome: &OfferOutcome) -> String {
    match outcome {
        OfferOutcome::Rejected(cause) | OfferOutcome::Failed(cause) => {
            format!("{} ({})", outcome.word(), cause.kind.word())
        }
        OfferOutcome::Accepted | OfferOutcome::Missed | OfferOutcome::Withdrawn => outcome.word().into(),
    }
}

/// `12.3 s`, `4 min 05 s`, `2 h 03 min`.
pub(super) fn spell(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{:.1} s", time.as_secs_f64()),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}
