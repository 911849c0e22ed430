//! The random houses of the steps: three queues of every strategy and rule the reference knows.

use crate::testing::{agent, directory, queue, secs};
use model::{
    Absent, Ageing, Calendar, CalendarId, DaySpan, Directory, EmptyRule, FigureRange, IdleClock, InReserve, MaxLength,
    MaxWait, MissedPolicy, Queue, QueueFigure, QueueId, Requirement, RequirementId, Reserve, ReserveOf, Routing,
    SkillId, SkillLevel, SkillRange, SoundName, Target, Weekday, WeeklyHours, WrapUpMode,
};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Demands of a random house: `skill >= least`, each skill at two levels.
pub(super) const DEMANDS: u32 = 4;

fn demand(n: u32) -> Requirement {
    let range = SkillRange { skill: SkillId(n / 2), least: 3 + 4 * (n % 2) as u8, most: 10 };
    Requirement { text: "skill".into(), any: vec![vec![range]] }
}

/// Hours in which customers may be called back: until some time after the start, and none.
pub(super) const SOON_OVER: CalendarId = CalendarId(0);
pub(super) const NEVER: CalendarId = CalendarId(1);

fn hours(spans: Vec<DaySpan>) -> Calendar {
    Calendar {
        name: "hours".into(),
        time_zone: "UTC".into(),
        open: vec![WeeklyHours { day: Weekday::Monday, spans }],
        closed_on: Vec::new(),
        exceptions: Vec::new(),
    }
}

/// What differs between the queues of a random house.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) strategy: usize,
    pub(crate) routing: Routing,
    pub(crate) idle_clock: IdleClock,
    pub(crate) wrap_up_mode: WrapUpMode,
    pub(crate) wrap_up: u64,
    pub(crate) missed: (u32, u64),
    pub(crate) max_wait: Option<(u64, Option<u32>)>,
    pub(crate) max_length: Option<(u32, Option<u32>)>,
    pub(crate) none_available: bool,
    pub(crate) empty: Option<Option<u32>>,
}

/// Figures a step's condition may look at, each within what a small house reaches.
fn condition() -> impl Strategy<Value = Vec<FigureRange>> {
    let figures = [
        QueueFigure::Waiting,
        QueueFigure::SignedOn,
        QueueFigure::Staffed,
        QueueFigure::Ready,
        QueueFigure::ExpectedWait,
        QueueFigure::Priority,
    ];
    let range = (0..figures.len(), 0..4u32, 0..4u32);
    let range = range.prop_map(move |(n, least, more)| FigureRange { figure: figures[n], least, most: least + more });
    proptest::collection::vec(range, 1..3)
}

fn routing() -> impl Strategy<Value = Routing> {
    let only_if = prop_oneof![2 => Just(Vec::new()), 1 => proptest::collection::vec(condition(), 1..3)];
    let step = (proptest::option::of(0..DEMANDS), 1..20u64, only_if);
    let steps = proptest::collection::vec(step, 0..4).prop_map(|steps| {
        let last = steps.len().saturating_sub(1);
        let step = |(at, (needs, lasts, only_if)): (usize, (Option<u32>, u64, Vec<_>))| model::Step {
            needs: needs.map(RequirementId),
            lasts: (at < last).then(|| secs(lasts)),
            only_if,
        };
        steps.into_iter().enumerate().map(step).collect()
    });
    let ageing = (0..4u32, 0..4u32).prop_map(|(per_minute, cap)| Ageing { per_minute, cap });
    let max_talking = proptest::option::weighted(0.2, 1..3u32);
    let objective = proptest::option::weighted(0.3, 10..120u64);
    let reserves = proptest::collection::vec(reserve(), 0..3);
    let tries = prop_oneof![2 => Just(10u8), 1 => 1..4u8];
    let others = (objective, reserves, tries);
    (steps, ageing, max_talking, 1..6u64, others).prop_map(|(steps, ageing, max_talking, ring, others)| Routing {
        objective: others.0.map(secs),
        reserves: others.1,
        tries: others.2,
        steps,
        ageing,
        max_talking,
        ring_step: secs(ring),
        ..Routing::default()
    })
}

/// By figures the reference knows.
fn reserve() -> impl Strategy<Value = Reserve> {
    let who = prop_oneof![Just(ReserveOf::Level(1)), (0..3u32).prop_map(|lender| ReserveOf::Queue(QueueId(lender)))];
    let range = |figure, least, most| vec![FigureRange { figure, least, most }];
    let when = prop_oneof![
        (1..4u32).prop_map(move |least| range(QueueFigure::Waiting, least, u32::MAX)),
        (1..30u32).prop_map(move |least| range(QueueFigure::LongestWait, least, u32::MAX)),
    ];
    let until = proptest::option::of((0..2u32).prop_map(move |most| range(QueueFigure::Waiting, 0, most)));
    (who, proptest::collection::vec(when, 1..3), until, 0..20u64).prop_map(|(who, when, until, hold)| Reserve {
        who,
        when,
        until: until.into_iter().collect(),
        hold: secs(hold),
        adjust: false,
    })
}

pub(super) fn line() -> impl Strategy<Value = Line> {
    let clock = prop_oneof![Just(IdleClock::Release), Just(IdleClock::Ready), Just(IdleClock::Offer)];
    let mode = prop_oneof![Just(WrapUpMode::Fixed), Just(WrapUpMode::Capped), Just(WrapUpMode::AgentEnded)];
    // To a queue, or to an announcement.
    let target = || proptest::option::of(0..3u32);
    let max_wait = proptest::option::weighted(0.3, (5..40u64, target()));
    let max_length = proptest::option::weighted(0.2, (0..4u32, target()));
    let missed = (0..3u32, (0..2u64).prop_map(|n| n * 20));
    let rules = (routing(), missed, max_wait, max_length, any::<bool>(), proptest::option::weighted(0.2, target()));
    (0..model::Strategy::ALL.len(), clock, mode, 0..4u64, rules).prop_map(
        |(strategy, idle_clock, wrap_up_mode, wrap_up, rules)| {
            let (routing, missed, max_wait, max_length, none_available, empty) = rules;
            Line {
                strategy,
                routing,
                idle_clock,
                wrap_up_mode,
                wrap_up,
                missed,
                max_wait,
                max_length,
                none_available,
                empty,
            }
        },
    )
}

impl Line {
    fn queue(&self) -> Queue {
        let target = |to: Option<u32>| match to {
            Some(queue) => Target::Queue(QueueId(queue)),
            None => Target::Announcement(SoundName("sorry".into())),
        };
        let when = if self.none_available { Absent::NOT_READY } else { Absent::SIGNED_OFF };
        Queue {
            strategy: model::Strategy::ALL[self.strategy],
            routing: self.routing.clone(),
            idle_clock: self.idle_clock,
            wrap_up_mode: self.wrap_up_mode,
            wrap_up: secs(self.wrap_up),
            missed: MissedPolicy { limit: self.missed.0, pause: secs(self.missed.1) },
            max_wait: self.max_wait.map(|(after, to)| MaxWait { after: secs(after), to: target(to) }),
            max_length: self.max_length.map(|(at, to)| MaxLength { at, to: target(to) }),
            empty: EmptyRule::new(when, self.empty.map(target)),
            ..queue("line")
        }
    }
}

/// Queues an agent serves, and his levels in two skills.
pub(crate) type Person = (BTreeSet<u32>, [u8; 2]);

pub(crate) fn house(lines: &[Line], staff: &[Person]) -> Directory {
    let serves = |queues: &BTreeSet<u32>| queues.iter().copied().collect::<Vec<_>>();
    let agents = staff.iter().zip(0u32..).map(|((queues, levels), n)| {
        let mut agent = agent(n, &serves(queues));
        let skills = levels.iter().zip(0..).filter(|(level, _)| **level > 0);
        agent.skills = skills.map(|(level, skill)| SkillLevel { skill: SkillId(skill), level: *level }).collect();
        agent.weight = 1 + n * n;
        let others = (0..3u32).filter(|queue| n % 2 == 0 && !queues.contains(queue));
        agent.reserve = others.map(|queue| InReserve { queue: QueueId(queue), level: 1 }).collect();
        agent
    });
    let mut house = directory(lines.iter().map(Line::queue).collect(), agents.collect());
    house.requirements = (0..DEMANDS).map(demand).collect();
    // The house's clock starts on a Monday at 14:13:20 UTC.
    let soon_over = DaySpan { from_minute: 9 * 60, to_minute: 14 * 60 + 16 };
    house.calendars = vec![hours(vec![soon_over]), hours(Vec::new())];
    house
}
