//! What a contact asks of an agent, and in which order contacts and agents are looked at.

use crate::{AgentId, CalendarId, RequirementId, Reserve, Rule, SkillId, SkillLevel, Sticky};
use core::time::Duration;

/// Who may serve a contact: a condition on skills in disjunctive form, one class for every text that means the same.
///
/// `french >= 4 && (billing >= 5 || vip)` is `any = [[french 4..=10, billing 5..=10], [french 4..=10, vip 1..=10]]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Requirement {
    /// As it was first written.
    pub text: Box<str>,
    /// One of these must hold completely. Sorted, none implied by another, never empty inside.
    pub any: Vec<Vec<SkillRange>>,
}

/// A skill the agent does not have has level 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SkillRange {
    pub skill: SkillId,
    pub least: u8,
    pub most: u8,
}

impl SkillRange {
    pub fn holds(&self, skills: &[SkillLevel]) -> bool {
        (self.least..=self.most).contains(&level_of(skills, self.skill))
    }
}

impl Requirement {
    pub fn fits(&self, skills: &[SkillLevel]) -> bool {
        self.any.iter().any(|all| all.iter().all(|range| range.holds(skills)))
    }
}

/// The agent's level in a skill, 0 when he does not have it. `skills` is sorted by skill.
pub fn level_of(skills: &[SkillLevel], skill: SkillId) -> u8 {
    skills.binary_search_by_key(&skill, |level| level.skill).map_or(0, |at| skills[at].level)
}

/// What a queue without an objective is compared by with queues that have one. Among queues without one it changes
/// nothing: the longest wait is the largest part of it.
pub const OBJECTIVE_DEFAULT: Duration = Duration::from_secs(60);

/// How contacts of a queue are matched with agents, beyond the strategy.
#[derive(Clone, PartialEq, Debug)]
pub struct Routing {
    /// What its contacts ask, from the strictest to the last; empty: anybody who serves the queue.
    pub steps: Vec<Step>,
    pub ageing: Ageing,
    /// How long its contacts should wait at most: between queues the one counts most whose wait is the largest part
    /// of this. `None`: [`OBJECTIVE_DEFAULT`].
    pub objective: Option<Duration>,
    /// Who else serves it, when; the first come before the next.
    pub reserves: Vec<Reserve>,
    /// Over the contact's own data, in order.
    pub rules: Vec<Rule>,
    pub sticky: Option<Sticky>,
    /// With `ring-progressive`: one more phone rings each time this has passed.
    pub ring_step: Duration,
    /// An offer that failed this often lets the contact go by the rule of the longest wait; without that rule it waits
    /// on.
    pub tries: u8,
    /// At most so many of its contacts are talked with at a time; `None`: no cap.
    pub max_talking: Option<u32>,
}

impl Default for Routing {
    fn default() -> Self {
        Routing {
            steps: Vec::new(),
            ageing: Ageing::default(),
            objective: None,
            reserves: Vec::new(),
            rules: Vec::new(),
            sticky: None,
            ring_step: Duration::from_secs(5),
            tries: 10,
            max_talking: None,
        }
    }
}

impl Routing {
    /// Whether somebody can serve a contact that asks this besides its steps, at the step it begins with or at one that
    /// can come within so long. Conditions may skip a step, so that the next one comes earlier.
    pub fn ever_fits(
        &self,
        needs: Option<RequirementId>,
        within: Duration,
        fits: impl Fn(RequirementId) -> bool,
    ) -> bool {
        let fits = |needs: Option<RequirementId>| needs.is_none_or(&fits);
        if !fits(needs) {
            return false;
        }
        // When this step can begin at the earliest.
        let mut begins = Duration::ZERO;
        for step in &self.steps {
            if fits(step.needs) {
                return true;
            }
            if step.only_if.is_empty() {
                begins = begins.saturating_add(step.lasts.unwrap_or(Duration::MAX));
            }
            if begins >= within {
                return false;
            }
        }
        self.steps.is_empty()
    }
}

/// One step of a queue's demands: after `lasts` the next one counts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// `None`: anybody who serves the queue.
    pub needs: Option<RequirementId>,
    /// `None`: to the end; the last step only.
    pub lasts: Option<Duration>,
    /// The step is skipped unless one of these holds completely when its turn comes; empty: always taken. The last step
    /// is taken in any case.
    pub only_if: Vec<Vec<FigureRange>>,
}

/// A figure of the queue lies between two values, both included.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FigureRange {
    pub figure: QueueFigure,
    pub least: u32,
    pub most: u32,
}

/// As conditions are written.
impl core::fmt::Display for FigureRange {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let FigureRange { figure, least, most } = self;
        match (figure.word(), *least, *most) {
            (word, least, most) if least == most => write!(f, "{word} == {least}"),
            (word, least, u32::MAX) => write!(f, "{word} >= {least}"),
            (word, 0, most) => write!(f, "{word} <= {most}"),
            (word, least, most) => write!(f, "{word} >= {least} && {word} <= {most}"),
        }
    }
}

/// What a condition of a step or of a reserve may look at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum QueueFigure {
    /// Contacts in the queue, this one included.
    Waiting,
    /// Agents of the queue who are signed on.
    SignedOn,
    /// Agents of the queue who are ready, busy, ringing or in wrap-up.
    Staffed,
    /// Agents of the queue who are ready now.
    Ready,
    /// Expected wait of this contact in seconds; 0 when unknown.
    ExpectedWait,
    /// The contact's priority, ageing included.
    Priority,
    /// How long the one who waits longest has waited in this queue, in seconds; 0 when nobody waits.
    LongestWait,
    /// Per cent of the last minutes' contacts that were answered in time; 100 when there were none.
    ServiceLevel,
    /// Agents of the reserve who are ready now.
    ReserveReady,
    /// Contacts in the queue that lends its agents.
    LenderWaiting,
}

impl QueueFigure {
    /// The word in conditions and in facts.
    pub const fn word(self) -> &'static str {
        match self {
            QueueFigure::Waiting => "waiting",
            QueueFigure::SignedOn => "signed_on",
            QueueFigure::Staffed => "staffed",
            QueueFigure::Ready => "ready",
            QueueFigure::ExpectedWait => "expected_wait",
            QueueFigure::Priority => "priority",
            QueueFigure::LongestWait => "longest_wait",
            QueueFigure::ServiceLevel => "service_level",
            QueueFigure::ReserveReady => "reserve_ready",
            QueueFigure::LenderWaiting => "lender_waiting",
        }
    }

    pub const ALL: [QueueFigure; 10] = [
        QueueFigure::Waiting,
        QueueFigure::SignedOn,
        QueueFigure::Staffed,
        QueueFigure::Ready,
        QueueFigure::ExpectedWait,
        QueueFigure::Priority,
        QueueFigure::LongestWait,
        QueueFigure::ServiceLevel,
        QueueFigure::ReserveReady,
        QueueFigure::LenderWaiting,
    ];

    /// The one whose word this is.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|figure| figure.word() == word)
    }

    /// It measures load: what a threshold on it means may be adjusted.
    pub const fn is_load(self) -> bool {
        matches!(self, QueueFigure::Waiting | QueueFigure::ExpectedWait | QueueFigure::LongestWait)
    }
}

/// Priority that grows while a contact waits: `priority + min(cap, waited × per_minute)`.
///
/// The cap counts when contacts of several queues are compared. Inside a queue all grow alike and contacts at the cap keep
/// their order: nobody is overtaken for ever.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ageing {
    /// Points a minute; 0: priority stays as it is.
    pub per_minute: u32,
    /// What ageing adds at most; 0: nothing.
    pub cap: u32,
}

/// What the contact's own data ask beyond the queue's rules.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Wish {
    /// Asked besides the current step's.
    pub needs: Option<RequirementId>,
    /// Kept for this agent at first.
    pub agent: Option<Preferred>,
    /// Outside these hours a callback stands aside: its customer wants to sleep.
    pub window: Option<CalendarId>,
    /// Its customer waits without his line: his wait is shown from when he first came, however often he was tried, and
    /// no rule sends him elsewhere.
    pub called_back: bool,
}

/// An agent who knows the customer: nobody else is asked until `wait` has passed, unless he is not even signed on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Preferred {
    pub agent: AgentId,
    pub wait: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skills(levels: &[(u32, u8)]) -> Vec<SkillLevel> {
        levels.iter().map(|&(skill, level)| SkillLevel { skill: SkillId(skill), level }).collect()
    }

    #[test]
    fn one_alternative_that_holds_completely_is_enough() {
        let at_least = |skill, least| SkillRange { skill: SkillId(skill), least, most: 10 };
        let (french, billing, vip) = (at_least(0, 4), at_least(1, 5), at_least(2, 1));
        let any = vec![vec![french, billing], vec![french, vip]];
        let requirement = Requirement { text: "french >= 4 && (billing >= 5 || vip)".into(), any };
        assert!(requirement.fits(&skills(&[(0, 4), (1, 5)])));
        assert!(requirement.fits(&skills(&[(0, 9), (2, 1)])));
        assert!(!requirement.fits(&skills(&[(0, 3), (1, 10), (2, 10)])));
        assert!(!requirement.fits(&skills(&[(0, 10), (1, 4)])));
    }

    #[test]
    fn who_fits_a_step_that_comes_in_time_fits() {
        let step = |needs: u32, lasts, only_if| Step {
            needs: Some(RequirementId(needs)),
            lasts: Some(Duration::from_secs(lasts)),
            only_if,
        };
        let waiting = vec![vec![FigureRange { figure: QueueFigure::Waiting, least: 3, most: u32::MAX }]];
        let last = Step { lasts: None, ..step(2, 0, vec![]) };
        let steps = vec![step(0, 10, vec![]), step(1, 30, waiting), last];
        let routing = Routing { steps, ..Routing::default() };
        let able = |can: &[u32], needs: Option<u32>, within| {
            routing.ever_fits(needs.map(RequirementId), Duration::from_secs(within), |id| can.contains(&id.0))
        };
        assert!(able(&[0], None, 1) && able(&[1], None, 11) && !able(&[1], None, 10));
        // The second is skipped unless its condition holds.
        assert!(able(&[2], None, 11) && !able(&[2], None, 10) && !able(&[], None, 3_600));
        // What the contact itself asks counts at every step.
        assert!(able(&[0, 7], Some(7), 1) && !able(&[0, 1, 2], Some(7), 3_600));
        let plain = Routing::default();
        let asks = |needs, can| plain.ever_fits(needs, Duration::from_secs(20), |_| can);
        assert!(asks(None, false) && asks(Some(RequirementId(0)), true) && !asks(Some(RequirementId(0)), false));
    }

    #[test]
    fn a_missing_skill_is_level_zero() {
        let without = SkillRange { skill: SkillId(7), least: 0, most: 0 };
        assert!(without.holds(&skills(&[(0, 4)])));
        assert!(!without.holds(&skills(&[(7, 1)])));
    }
}
