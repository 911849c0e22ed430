//! The random houses `world` lives in: queues of every strategy that rings one phone at a time, skills, steps, caps.

use crate::testing::{agent, directory, queue, secs};
use base::Rng;
use model::{
    Absent, Ageing, Directory, EmptyRule, IdleClock, MaxLength, MaxWait, QueueId, Requirement, RequirementId, Routing,
    SkillId, SkillLevel, SkillRange, SoundName, Step, Strategy, Target, WrapUpMode,
};

pub(crate) fn some_queues(rng: &mut Rng, queues: u64) -> Vec<QueueId> {
    let mut some: Vec<_> = (0..queues as u32).map(QueueId).filter(|_| rng.chance(0.5)).collect();
    if some.is_empty() {
        some.push(QueueId(rng.below(queues) as u32));
    }
    some
}

/// Skills at two levels each.
pub(crate) const DEMANDS: u64 = 4;

/// One phone rings at a time, and one contact is offered once at a time. Phones that ring together are drawn by the
/// simulator.
const STRATEGIES: [Strategy; 9] = [
    Strategy::LongestIdle,
    Strategy::RoundRobin,
    Strategy::LeastCalls,
    Strategy::LeastOccupied,
    Strategy::Linear,
    Strategy::Random,
    Strategy::Weighted,
    Strategy::BestSkill,
    Strategy::LeastVersatile,
];

fn routing(rng: &mut Rng, ageing: Ageing) -> Routing {
    let mut routing = Routing { ageing, ..Routing::default() };
    if rng.chance(0.4) {
        let mut step = |lasts| {
            let needs = rng.chance(0.7).then(|| RequirementId(rng.below(DEMANDS) as u32));
            Step { needs, lasts, only_if: Vec::new() }
        };
        routing.steps = vec![step(Some(secs(8))), step(None)];
    }
    routing.max_talking = rng.chance(0.2).then(|| 1 + rng.below(3) as u32);
    routing
}

fn demand(n: u64) -> Requirement {
    let range = SkillRange { skill: SkillId((n / 2) as u32), least: 3 + 4 * (n % 2) as u8, most: 10 };
    Requirement { text: "skill".into(), any: vec![vec![range]] }
}

pub(crate) fn random_house(rng: &mut Rng) -> Directory {
    let queues = 1 + rng.below(5);
    // The same for all, and far from its cap: so that the order between queues stands still too.
    let ageing = Ageing { per_minute: rng.below(3) as u32, cap: 1_000 };
    let lines = (0..queues).map(|_| {
        let mut line = queue("line");
        line.strategy = *rng.pick(&STRATEGIES).expect("nine");
        line.routing = routing(rng, ageing);
        line.idle_clock = *rng.pick(&[IdleClock::Release, IdleClock::Ready, IdleClock::Offer]).expect("three");
        line.wrap_up_mode = *rng.pick(&[WrapUpMode::Fixed, WrapUpMode::Capped]).expect("two");
        line.wrap_up = secs(rng.below(4));
        line.missed.pause = secs(20);
        line.announce.position = rng.chance(0.3);
        line.announce.every = secs(7);
        let target = |rng: &mut Rng| match rng.chance(0.7) {
            true => Target::Queue(QueueId(rng.below(queues) as u32)),
            false => Target::Announcement(SoundName("sorry".into())),
        };
        line.max_wait = rng.chance(0.3).then(|| MaxWait { after: secs(10), to: target(rng) });
        line.max_length = rng.chance(0.2).then(|| MaxLength { at: 6, to: target(rng) });
        let when = if rng.chance(0.5) { Absent::SIGNED_OFF } else { Absent::NOT_READY };
        line.empty = EmptyRule::new(when, rng.chance(0.3).then(|| target(rng)));
        line
    });
    let lines: Vec<_> = lines.collect();
    let agents = (0..1 + rng.below(7) as u32).map(|n| {
        let mut someone = agent(n, &[]);
        someone.queues = some_queues(rng, queues);
        someone.weight = 1 + rng.below(4) as u32;
        let level = |skill| SkillLevel { skill: SkillId(skill), level: 1 + rng.below(10) as u8 };
        someone.skills = (0..2).map(level).collect();
        someone
    });
    let mut house = directory(lines, agents.collect());
    house.requirements = (0..DEMANDS).map(demand).collect();
    house
}
