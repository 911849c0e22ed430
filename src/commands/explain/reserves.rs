//! Who joined a queue, and why, in words.

use super::{Page, utc};
use acd::Called;
use model::{Actor, FigureRange, Joined, QueueFigure, QueueId, ReserveChange};

impl Page<'_> {
    pub(super) fn change_text(&self, queue: QueueId, place: u8, change: ReserveChange, by: Option<&Actor>) -> String {
        let (nth, name) = (place + 1, &self.queue(queue).name);
        match change {
            ReserveChange::Joined(why) => format!("reserve {nth} called in to {name} because {}", because(why)),
            ReserveChange::Left => format!("reserve {nth} left {name}: nothing asks for it any more"),
            ReserveChange::CalledIn => format!("reserve {nth} called in to {name} {}", self.by_hand(by)),
            ReserveChange::SentAway => format!("reserve {nth} sent away from {name} {}", self.by_hand(by)),
            ReserveChange::Adjusted(percent) => {
                format!("thresholds of reserve {nth} of {name} count as {percent} % from now on")
            }
        }
    }

    /// `by hand, by eve`.
    fn by_hand(&self, by: Option<&Actor>) -> String {
        by.map_or("by hand".into(), |by| format!("by hand, by {}", self.actor(by)))
    }

    pub(super) fn actor(&self, by: &Actor) -> String {
        match by {
            Actor::Agent(id) => self.person(*id),
            Actor::Operator(name) => name.to_string(),
            Actor::System => "the system".into(),
        }
    }

    pub(super) fn called_text(&self, queue: QueueId, called: &Called) -> String {
        let since = self.site.clock(utc(called.since));
        let place = self.reserve_rule(queue, called.place).map(|written| format!(" ({})", written.place));
        let by_hand = || self.by_hand(called.by.as_ref());
        let (nth, why) = (called.place + 1, called.why.map_or_else(by_hand, |why| format!("because {}", because(why))));
        format!("he is of reserve {nth}, called in at {since} {why}{}", place.unwrap_or_default())
    }

    /// What calls a reserve in, as it is configured now.
    pub(super) fn calls_for(&self, queue: QueueId, place: u8) -> Option<String> {
        let reserve = self.queue(queue).routing.reserves.get(usize::from(place))?;
        let all = |all: &Vec<FigureRange>| all.iter().map(range_text).collect::<Vec<_>>().join(" and ");
        Some(reserve.when.iter().map(all).collect::<Vec<_>>().join(", or "))
    }
}

fn name(figure: QueueFigure) -> String {
    figure.word().replace('_', " ")
}

fn valued(figure: QueueFigure, value: u32) -> String {
    let unit = match figure {
        QueueFigure::ExpectedWait | QueueFigure::LongestWait => " s",
        QueueFigure::ServiceLevel => " %",
        QueueFigure::Waiting
        | QueueFigure::SignedOn
        | QueueFigure::Staffed
        | QueueFigure::Ready
        | QueueFigure::Priority
        | QueueFigure::ReserveReady
        | QueueFigure::LenderWaiting => "",
    };
    format!("{value}{unit}")
}

/// `>= 60 s`.
fn bounds(range: &FigureRange) -> String {
    let valued = |value| valued(range.figure, value);
    match (range.least, range.most) {
        (least, most) if least == most => format!("== {}", valued(least)),
        (least, u32::MAX) => format!(">= {}", valued(least)),
        (0, most) => format!("<= {}", valued(most)),
        (least, most) => format!(">= {} and <= {}", valued(least), valued(most)),
    }
}

fn range_text(range: &FigureRange) -> String {
    format!("{} {}", name(range.figure), bounds(range))
}

/// `longest wait 65 s >= 60 s`.
fn because(why: Joined) -> String {
    format!("{} {} {}", name(why.range.figure), valued(why.range.figure, why.value), bounds(&why.range))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figure_that_called_is_told_with_its_threshold() {
        let text = |figure, value, least, most| because(Joined { range: FigureRange { figure, least, most }, value });
        assert_eq!(text(QueueFigure::LongestWait, 65, 60, u32::MAX), "longest wait 65 s >= 60 s");
        assert_eq!(text(QueueFigure::ServiceLevel, 71, 0, 79), "service level 71 % <= 79 %");
        assert_eq!(text(QueueFigure::LenderWaiting, 0, 0, 0), "lender waiting 0 == 0");
        assert_eq!(text(QueueFigure::Waiting, 5, 3, 8), "waiting 5 >= 3 and <= 8");
    }
}
