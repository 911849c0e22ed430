//! What the published strategies choose, as tables (`features.md` §7).

use super::*;
use crate::testing::{agent, queue, secs};
use model::{IdleClock, SkillId, SkillLevel, SkillRange};

/// Level, worked out of 100 s, idle seconds.
type Row = (u8, u64, u64);

/// Who of these is chosen, his place in the list, by this strategy when contacts ask for the skill at all.
fn chosen(strategy: Strategy, rows: &[Row], least: u8) -> usize {
    let mut line = queue("line");
    line.strategy = strategy;
    line.idle_clock = IdleClock::Release;
    let now = Instant::from_millis(1_000_000);
    let range = SkillRange { skill: SkillId(0), least, most: 10 };
    let asked = Requirement { text: "skill".into(), any: vec![vec![range]] };
    let keys = rows.iter().zip(0u32..).filter(|((level, ..), _)| *level >= least).map(|((level, worked, idle), n)| {
        let mut agent = agent(n, &[0]);
        agent.skills = vec![SkillLevel { skill: SkillId(0), level: *level }];
        let released = Instant::from_millis(1_000_000 - idle * 1000);
        let (worked, staffed) = (secs(*worked), secs(100));
        let idle = IdleStamps { released, worked, staffed, counted: now, ..IdleStamps::default() };
        let key =
            agent_key(&line, &Candidate { id: AgentId(n), agent: &agent, idle: &idle, turn: 0, rank: 0, based: now });
        let score = rule(strategy).asked.map(|score| score(&agent.skills, [Some(&asked), None]));
        AgentKey { score: score.unwrap_or(key.score), ..key }
    });
    keys.min().expect("somebody has the level").agent.index()
}

/// Avaya counts skill levels from 1, the best; ours go up to 10. A(1, 90 %), B(1, 95 %), C(2, 64 %).
const OCCUPIED: [Row; 3] = [(10, 90, 0), (10, 95, 0), (9, 64, 0)];

#[test]
fn least_occupied_of_all_levels_is_avayas_ucd_loa() {
    assert_eq!(chosen(Strategy::LeastOccupied, &OCCUPIED, 1), 2, "C");
}

#[test]
fn least_occupied_of_the_best_level_is_avayas_ead_loa() {
    // The queue's first step asks for the best level.
    assert_eq!(chosen(Strategy::LeastOccupied, &OCCUPIED, 10), 0, "A");
}

#[test]
fn best_skill_then_longest_idle_is_avayas_ead_mia() {
    // Levels 1, 1, 2; idle 5, 10, 30 s.
    assert_eq!(chosen(Strategy::BestSkill, &[(10, 0, 5), (10, 0, 10), (9, 0, 30)], 1), 1, "B");
}

#[test]
fn longest_idle_does_not_look_at_levels() {
    assert_eq!(chosen(Strategy::LongestIdle, &[(10, 0, 5), (10, 0, 10), (9, 0, 30)], 1), 2);
}
