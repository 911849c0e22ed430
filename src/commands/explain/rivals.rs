//! Contacts that waited for the same agent: who came first, and what the others lacked.

use super::candidates::TELLABLE;
use super::text::spell;
use super::{Page, json};
use acd::{Candidate, Moment, PartWaited, Rival, Standing};
use config::Written;
use core::fmt::Write as _;
use core::time::Duration;
use model::AgentId;
use serde_json::{Value, json};

impl Page<'_> {
    /// A row each, the chosen first; nothing where it waited alone.
    pub(super) fn rival_rows(&self, moment: &Moment) -> Vec<[String; 6]> {
        let heads = ["contact", "queue", "points", "waited", "", "what would have changed it"].map(str::to_owned);
        let rows = moment.rivals.iter().map(|rival| {
            let change = self.would_win(moment, rival).unwrap_or_default();
            let name = self.queue(rival.queue).name.to_string();
            [
                rival.contact.to_string(),
                name,
                points_text(rival),
                spell(rival.waited),
                self.standing_text(moment, rival),
                change,
            ]
        });
        if moment.rivals.len() < 2 { Vec::new() } else { core::iter::once(heads).chain(rows).collect() }
    }

    fn standing_text(&self, moment: &Moment, rival: &Rival) -> String {
        match &rival.standing {
            Standing::Chosen => "chosen".into(),
            Standing::Hindered(_) => self.hindered(moment, rival).map(|c| self.why(moment, &c)).unwrap_or_default(),
            Standing::FewerPoints(less) => {
                let by = self.points_rule(rival).map(|written| format!(" ({})", written.place)).unwrap_or_default();
                let uncapped =
                    is_in_line(moment, rival) && (is_capped(rival) || moment.rivals.first().is_some_and(is_capped));
                let cap = if uncapped { ", which no cap limits in a queue" } else { "" };
                format!("{less:.1} points fewer of priority and waiting{cap}{by}")
            }
            Standing::NotFirst { first } => {
                format!("stands behind {first} in its queue, and only the first of a queue is compared")
            }
            Standing::SmallerPart { own, chosen } => {
                format!("it has waited {}, the chosen {}", self.part_text(*own), self.part_text(*chosen))
            }
            Standing::Later(later) if *later < TELLABLE => "came a moment later, with as many points".into(),
            Standing::Later(later) => format!("came {} later, with as many points", spell(*later)),
            Standing::Crossed => "at about that moment it crossed with this on its way between shards".into(),
            Standing::Before => "came before the chosen, and was not given".into(),
        }
    }

    fn would_win(&self, moment: &Moment, rival: &Rival) -> Option<String> {
        Some(match &rival.standing {
            Standing::Chosen | Standing::Crossed | Standing::Before => return None,
            Standing::Hindered(_) => self.would_change(moment, &self.hindered(moment, rival)?, None)?,
            Standing::FewerPoints(less) => {
                // With as many points it would still be the later one.
                let is_later = moment.rivals.first().is_some_and(|chosen| rival.waited <= chosen.waited);
                let enough = if is_later { less.floor() + 1.0 } else { less.ceil().max(1.0) };
                let priority = format!("a priority higher by {enough}");
                match self.more_waiting(rival, *less, is_in_line(moment, rival)) {
                    Some(more) => format!("{priority}, or {} more of waiting", spell(more)),
                    None => priority,
                }
            }
            Standing::NotFirst { .. } => "standing before it in its queue".into(),
            Standing::SmallerPart { own, chosen } => format!("{} more of waiting", spell(missing(*own, *chosen))),
            Standing::Later(later) if *later < TELLABLE => "coming a moment earlier".into(),
            Standing::Later(later) => format!("coming {} earlier", spell(*later)),
        })
    }

    /// What ageing would have made up, were it not at its cap before; `in_line`: of one queue with the chosen, where
    /// none counts.
    fn more_waiting(&self, rival: &Rival, less: f64, in_line: bool) -> Option<Duration> {
        let ageing = self.queue(rival.queue).routing.ageing;
        let aged = rival.points - f64::from(rival.priority);
        let ages = ageing.per_minute > 0 && ageing.cap > 0;
        let reaches = ages && (in_line || aged + less <= f64::from(ageing.cap));
        reaches.then(|| Duration::from_secs_f64(60.0 * less / f64::from(ageing.per_minute)))
    }

    /// Why this agent could not be given it.
    fn hindered(&self, moment: &Moment, rival: &Rival) -> Option<Candidate> {
        let Standing::Hindered(all) = &rival.standing else { return None };
        let chosen = moment.candidates.first().map_or(AgentId::default(), |chosen| chosen.agent);
        Some(Candidate::kept_by(chosen, None, all.clone()))
    }

    /// The line by which its waiting counts.
    fn points_rule(&self, rival: &Rival) -> Option<Written> {
        self.texts.of_queue(&self.queue(rival.queue).name, "ageing")
    }

    pub(super) fn rival(&self, moment: &Moment, rival: &Rival) -> Value {
        let standing = match rival.standing {
            Standing::Chosen => "chosen",
            Standing::Hindered(_) => "not-for-him",
            Standing::FewerPoints(_) => "fewer-points",
            Standing::NotFirst { .. } => "not-first-of-its-queue",
            Standing::SmallerPart { .. } => "smaller-part-of-objective",
            Standing::Later(_) => "later",
            Standing::Crossed => "crossed",
            Standing::Before => "before",
        };
        let rule = match rival.standing {
            Standing::FewerPoints(_) => self.points_rule(rival),
            Standing::SmallerPart { .. } => self.objective(rival.queue),
            _ => None,
        };
        let objective = self.queue(rival.queue).routing.objective;
        json!({
            "contact": rival.contact.to_string(),
            "queue": self.queue(rival.queue).name,
            "priority": rival.priority,
            "points": rival.points,
            "points_in_queue": rival.uncapped,
            "waited": rival.waited.as_secs_f64(),
            "objective": objective.map(|objective| objective.as_secs_f64()),
            "standing": standing,
            "why": self.standing_text(moment, rival),
            "would_change": self.would_win(moment, rival),
            "rule": json::place(rule),
        })
    }
}

/// Of one queue with the chosen.
fn is_in_line(moment: &Moment, rival: &Rival) -> bool {
    moment.rivals.first().is_some_and(|chosen| chosen.queue == rival.queue)
}

fn is_capped(rival: &Rival) -> bool {
    rival.points < rival.uncapped
}

/// By which it is compared with others; in its queue it is by others where waiting has reached its cap.
fn points_text(rival: &Rival) -> String {
    let uncapped = if is_capped(rival) { format!(" ({:.1} in its queue)", rival.uncapped) } else { String::new() };
    format!("{:.1}{uncapped}", rival.points)
}

/// So much more waiting makes as large a part of its own objective.
fn missing(own: PartWaited, chosen: PartWaited) -> Duration {
    let part = chosen.waited.as_secs_f64() / chosen.objective.as_secs_f64().max(f64::MIN_POSITIVE);
    Duration::try_from_secs_f64(part * own.objective.as_secs_f64() - own.waited.as_secs_f64()).unwrap_or_default()
}

/// Rows with their columns in line.
pub(super) fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; N] = core::array::from_fn(width);
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let _ = write!(line, "  {cell:width$}");
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}
