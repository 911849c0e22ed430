//! Whether the conditions of a reserve can do what they are for: hold at times, and at times not.

use crate::limits::MAX_SPACES;
use crate::table::Table;
use model::{FigureRange, QueueFigure, Reserve};

/// A figure and where it lies: all of these at once.
type Space = Vec<FigureRange>;

pub(crate) fn warn(table: &Table<'_>, reserve: &Reserve) {
    let (when, until) = (&reserve.when, &reserve.until);
    if when.is_empty() {
        // A mistake in it has been told.
        return;
    }
    let warn = |key, message, help| table.reader.warn(table.value(key).span, message, help);
    if !when.iter().any(|all| space(all).is_some()) {
        return warn("when", "this reserve never joins: `when` never holds", "`service_level` goes from 0 to 100");
    }
    if !may_lie_outside(&Vec::new(), when) {
        let help = "`when` always holds: say what has to be wrong before they help";
        return warn("when", "this reserve always serves the queue", help);
    }
    // Its own thresholds move: what lies outside of them does too.
    let leaves = |all: &Vec<FigureRange>| space(all).is_some_and(|space| may_lie_outside(&space, when));
    if !until.is_empty() && !reserve.adjust && !until.iter().any(leaves) {
        let help = "it counts only while `when` does not hold: leave it out, or let it hold for less than `when`";
        warn("until", "this reserve never leaves: whenever `until` holds `when` does too", help);
    }
}

/// What the figure can be at all.
fn whole(figure: QueueFigure) -> FigureRange {
    let most = if figure == QueueFigure::ServiceLevel { 100 } else { u32::MAX };
    FigureRange { figure, least: 0, most }
}

/// `None`: no figures are like this.
fn space(all: &[FigureRange]) -> Option<Space> {
    all.iter().try_fold(Vec::new(), |space, range| cut(&space, *range))
}

fn cut(space: &Space, range: FigureRange) -> Option<Space> {
    let mut rest = space.clone();
    let known = rest.iter().position(|known| known.figure == range.figure);
    let at = known.unwrap_or_else(|| {
        rest.push(whole(range.figure));
        rest.len() - 1
    });
    let FigureRange { least, most, .. } = &mut rest[at];
    (*least, *most) = ((*least).max(range.least), (*most).min(range.most));
    (*least <= *most).then_some(rest)
}

/// There are figures in this space for which none of the alternatives holds.
fn may_lie_outside(space: &Space, alternatives: &[Vec<FigureRange>]) -> bool {
    // Pieces of the space, each with how many alternatives it lies outside of.
    let mut pieces = vec![(space.clone(), 0)];
    let mut steps = 0;
    while let Some((piece, done)) = pieces.pop() {
        let Some(all) = alternatives.get(done) else { return true };
        for range in all {
            steps += 1;
            if steps > MAX_SPACES {
                return true;
            }
            let below = range.least.checked_sub(1).map(|most| FigureRange { least: 0, most, ..*range });
            let above = range.most.checked_add(1).map(|least| FigureRange { least, most: u32::MAX, ..*range });
            let outside = [below, above].into_iter().flatten().filter_map(|range| cut(&piece, range));
            pieces.extend(outside.map(|rest| (rest, done + 1)));
        }
    }
    false
}
