//! The highest level in the skills asked for (Avaya's expert agent distribution); among equals the one idle longest.

use super::{Asked, Rule};
use model::{Requirement, SkillLevel, level_of};

pub(super) const RULE: Rule = Rule { asked: Some(score), ..Rule::sorted(|_| 0) };

/// A level counts in sixtieths, so that the means of two to six skills are exact.
const FINE: u64 = 60;
const LEVEL_MAX: u64 = 10 * FINE;

fn score(skills: &[SkillLevel], asked: Asked<'_>) -> u64 {
    let levels = asked.into_iter().flatten().filter_map(|requirement| level(requirement, skills));
    let (sum, count) = levels.fold((0, 0), |(sum, count), level| (sum + level, count + 1));
    LEVEL_MAX - sum.checked_div(count).unwrap_or(0)
}

/// His mean level in the skills of the alternative he fits best; `None` when it names no skill he must have.
fn level(requirement: &Requirement, skills: &[SkillLevel]) -> Option<u64> {
    let fits = requirement.any.iter().filter(|all| all.iter().all(|range| range.holds(skills)));
    let means = fits.filter_map(|all| {
        let asked = all.iter().filter(|range| range.least > 0);
        let (sum, count) = asked
            .fold((0, 0), |(sum, count), range| (sum + FINE * u64::from(level_of(skills, range.skill)), count + 1));
        (count > 0).then(|| sum / count)
    });
    means.max()
}
