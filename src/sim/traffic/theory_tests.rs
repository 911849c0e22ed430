//! The shipped distributor against queueing theory: with ring, wrap-up and announcements zero it is M/M/n, M/M/n/n and
//! M/M/n+M (Erlang C, B and A).
//!
//! Thirty fixed seeds a case, in two levels (multilevel Monte Carlo, Giles 2008): a recursion that is first come, first
//! served by its very definition (Kiefer and Wolfowitz 1955) runs over very many calls, and the engine over some
//! thousand, with the recursion beside it on the same calls. The large figure plus the difference on the same calls is
//! an unbiased figure of the engine, and its interval is narrow because the difference hardly varies. What chance did
//! to arrivals and talks is known exactly and taken out by regression (control variates, Lavenberg and Welch 1981).

use super::estimate::student_quantile;
use super::{Caller, Rehearsal, Scene};
use crate::WorldPlan;
use base::Rng;
use core::cmp::Reverse;
use core::time::Duration;
use model::{AgentId, ContactId, Demand, Fact, Manners, Shift, Spread, Stream, Weekday, Weekdays};
use std::collections::BinaryHeap;
use std::sync::Arc;

const SEEDS: u64 = 30;
/// Calls the engine gets with each seed.
const CALLS: usize = 2_000;
/// All figures of this file hold together with this probability …
const CONFIDENCE: f64 = 0.999;
/// … so many are they …
const FIGURES: usize = 52;
/// … and half of an interval is at most this share of the figure.
const HALF_WIDTH: f64 = 0.02;

/// Mean seconds from call to call and of talk, agents.
#[derive(Clone, Copy)]
pub(super) struct Load {
    pub(super) gap: f64,
    pub(super) talk: f64,
    pub(super) agents: usize,
    pub(super) patience: Option<f64>,
    /// Nobody waits: who finds all agents busy is turned away.
    pub(super) loss: bool,
    /// Calls the recursion gets with each seed.
    pub(super) many: usize,
}

/// How one call fared.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Fate {
    Answered(Duration),
    Abandoned(Duration),
    TurnedAway,
}

/// What a run of one seed gave.
#[derive(Clone, Copy, Default)]
struct Seen {
    offered: f64,
    waited: f64,
    in_20: f64,
    abandoned: f64,
    turned_away: f64,
    answered: f64,
    /// Seconds, of the answered and of everybody.
    wait_answered: f64,
    wait: f64,
}

impl Seen {
    fn add(&mut self, fate: Fate) {
        self.offered += 1.0;
        match fate {
            Fate::Answered(wait) => {
                let seconds = wait.as_secs_f64();
                self.answered += 1.0;
                self.waited += f64::from(!wait.is_zero());
                self.in_20 += f64::from(seconds <= 20.0);
                self.wait_answered += seconds;
                self.wait += seconds;
            }
            Fate::Abandoned(wait) => {
                self.abandoned += 1.0;
                self.waited += 1.0;
                self.wait += wait.as_secs_f64();
            }
            Fate::TurnedAway => self.turned_away += 1.0,
        }
    }

    fn of(fates: &[Fate]) -> Self {
        let mut seen = Seen::default();
        fates.iter().for_each(|fate| seen.add(*fate));
        seen
    }
}

/// First come, first served by definition: who comes gets the agent who is free first.
pub(super) struct Recursion {
    free_at: BinaryHeap<Reverse<u64>>,
    loss: bool,
}

impl Recursion {
    pub(super) fn new(load: &Load) -> Self {
        Recursion { free_at: (0..load.agents).map(|_| Reverse(0)).collect(), loss: load.loss }
    }

    /// How long who comes now waits if he stays.
    pub(super) fn wait(&self, at: Duration) -> Duration {
        let first = self.free_at.peek().expect("there are agents");
        Duration::from_nanos(first.0.saturating_sub(at.as_nanos() as u64))
    }

    pub(super) fn fate(&mut self, at: Duration, talk: Duration, patience: Option<Duration>) -> Fate {
        let wait = self.wait(at);
        let at = at.as_nanos() as u64;
        let mut first = self.free_at.peek_mut().expect("there are agents");
        if self.loss && !wait.is_zero() {
            return Fate::TurnedAway;
        }
        match patience.filter(|patience| *patience < wait) {
            Some(patience) => Fate::Abandoned(patience),
            None => {
                first.0 = first.0.max(at) + talk.as_nanos() as u64;
                Fate::Answered(wait)
            }
        }
    }
}

impl Load {
    fn scene(&self) -> Scene {
        self.scene_of(CALLS)
    }

    pub(super) fn scene_of(&self, count: usize) -> Scene {
        let full = if self.loss { r#"max_length = { at = 1, to = "announcement:sorry" }"# } else { "" };
        let last = 9999 + self.agents;
        let tables = format!(
            r#"
[[queue]]
name = "q"
wrap_up = "0s"
max_wait = "off"
{full}
[[number]]
match = "4008"
to = "queue:q"
[[phone]]
range = "10000-{last}"
contact = "sip:{{n}}@10.1.0.1:5060"
[[agent]]
range = "10000-{last}"
phone = "{{n}}"
queues = ["q"]
"#
        );
        let WorldPlan { mut directory, begins, .. } = WorldPlan::new(&tables);
        if self.loss {
            // The configuration asks for at least one place; theory for none.
            directory.queues[0].max_length.as_mut().unwrap().at = 0;
        }
        let lasts = Duration::from_secs_f64(self.gap * count as f64);
        let stream = Stream {
            trunk: model::TrunkId(0),
            days: Weekdays::ALL,
            numbers: vec![("4008".into(), 1.0)],
            calls: vec![count as f64],
            talk: Spread::Exponential { mean: Duration::from_secs_f64(self.talk) },
            wrap_up: Spread::ZERO,
            patience: self.patience.map(|mean| Spread::Exponential { mean: Duration::from_secs_f64(mean) }),
            habits: Vec::new(),
            people: 10_000,
            prefix: "1".into(),
        };
        // Until the last caller has been served.
        let to = lasts + Duration::from_secs_f64(100.0 * self.talk);
        let shift = |a: usize| Shift {
            agent: AgentId(a as u32),
            days: Weekdays::ALL,
            from: Duration::ZERO,
            to,
            breaks: vec![],
        };
        Scene {
            directory: Arc::new(directory),
            begins,
            weekday: Weekday::Monday,
            midnights: vec![Duration::ZERO],
            interval: lasts,
            demand: Demand { streams: vec![stream], ..Demand::default() },
            shifts: (0..self.agents).map(shift).collect(),
            manners: Manners::ideal(),
        }
    }

    fn engine(&self, scene: &Scene, seed: u64) -> (Vec<Caller>, Vec<Fate>) {
        let mut rehearsal = Rehearsal::new(scene, seed);
        let callers = rehearsal.callers().to_vec();
        let mut fates = vec![None; callers.len()];
        rehearsal.run(|stamped| {
            let (contact, fate) = match stamped.fact {
                Fact::Connected { contact, waited, .. } => (contact, Fate::Answered(waited)),
                Fact::Abandoned { contact, waited, .. } => (contact, Fate::Abandoned(waited)),
                Fact::FlowedOut { contact, .. } => (contact, Fate::TurnedAway),
                _ => return,
            };
            let known = &mut fates[nth(contact)];
            assert_eq!(*known, None, "seed {seed}: {contact} fares twice");
            *known = Some(fate);
        });
        let all = fates.into_iter().map(|fate| fate.expect("everybody's fate is known in the end"));
        (callers, all.collect())
    }

    fn beside(&self, callers: &[Caller]) -> Vec<Fate> {
        let mut recursion = Recursion::new(self);
        callers.iter().map(|c| recursion.fate(c.at, c.talk, c.patience)).collect()
    }

    /// The recursion over very many calls, and what its sample was like.
    fn large(&self, seed: u64) -> (Seen, [f64; 2]) {
        let mut rng = Rng::new(seed ^ 0x1a59e);
        let mut recursion = Recursion::new(self);
        // The house starts empty: it has forgotten that after some hundred talks.
        let warm = self.many / 20;
        let (mut at, mut talked, mut began) = (0.0, 0.0, 0.0);
        let mut seen = Seen::default();
        for n in 0..self.many + warm {
            at += rng.exponential(self.gap);
            let talk = rng.exponential(self.talk);
            let patience = self.patience.map(|mean| Duration::from_secs_f64(rng.exponential(mean)));
            let fate = recursion.fate(Duration::from_secs_f64(at), Duration::from_secs_f64(talk), patience);
            if n == warm {
                began = at;
            }
            if n >= warm {
                talked += talk;
                seen.add(fate);
            }
        }
        let many = self.many as f64;
        (seen, [(at - began) / many / self.gap - 1.0, talked / many / self.talk - 1.0])
    }
}

/// Contacts of one shard are numbered from 1 as they arrive.
fn nth(contact: ContactId) -> usize {
    contact.0 as u32 as usize - 1
}

/// One seed: what the engine gave more or less than the recursion, what that gave over many calls, and its sample.
struct Pair {
    engine: Seen,
    beside: Seen,
    large: Seen,
    controls: [f64; 2],
}

/// The mean of a figure with half of its interval, the controls' share taken out by least squares on (1, gap, talk).
fn estimate(pairs: &[Pair], figure: fn(&Seen) -> f64) -> (f64, f64) {
    let value = |p: &Pair| figure(&p.large) + figure(&p.engine) - figure(&p.beside);
    let rows: Vec<[f64; 4]> = pairs.iter().map(|p| [1.0, p.controls[0], p.controls[1], value(p)]).collect();
    let mut system = [[0.0; 4]; 3];
    for row in &rows {
        for (i, line) in system.iter_mut().enumerate() {
            for (j, cell) in line.iter_mut().enumerate() {
                *cell += row[i] * row[j];
            }
        }
    }
    let mut unit = system;
    for (row, line) in unit.iter_mut().enumerate() {
        line[3] = f64::from(row == 0);
    }
    let (solution, first_of_inverse) = (solve(system), solve(unit)[0]);
    let rest = |row: &[f64; 4]| row[3] - solution[0] - solution[1] * row[1] - solution[2] * row[2];
    let freedom = (rows.len() - 3) as f64;
    let variance = rows.iter().map(|row| rest(row).powi(2)).sum::<f64>() / freedom;
    // Bonferroni: all figures together miss as rarely as was asked for.
    let quantile = student_quantile(1.0 - (1.0 - CONFIDENCE) / FIGURES as f64 / 2.0, freedom);
    (solution[0], quantile * (variance * first_of_inverse).sqrt())
}

fn solve(mut system: [[f64; 4]; 3]) -> [f64; 3] {
    for at in 0..3 {
        let pivot = system[at][at];
        system[at].iter_mut().for_each(|cell| *cell /= pivot);
        for other in (0..3).filter(|other| *other != at) {
            let (factor, line) = (system[other][at], system[at]);
            system[other].iter_mut().zip(line).for_each(|(cell, above)| *cell -= factor * above);
        }
    }
    [system[0][3], system[1][3], system[2][3]]
}

type Figure = (&'static str, f64, fn(&Seen) -> f64);

/// Every figure within its interval, and every interval narrow enough.
fn agrees(case: &str, load: Load, figures: &[Figure]) {
    let scene = load.scene();
    let pairs = (1..=SEEDS).map(|seed| {
        let (callers, engine) = load.engine(&scene, seed);
        let beside = load.beside(&callers);
        let (large, controls) = load.large(seed);
        Pair { engine: Seen::of(&engine), beside: Seen::of(&beside), large, controls }
    });
    let pairs: Vec<Pair> = pairs.collect();
    for (name, theory, figure) in figures {
        let (mean, half) = estimate(&pairs, *figure);
        let line = format!("{case} {name}: theory {theory}, seen {mean:.6} ± {half:.6}");
        assert!(half <= HALF_WIDTH * theory, "{line}: too wide");
        assert!((mean - theory).abs() <= half, "{line}: not the same");
    }
}

const WAITS: fn(&Seen) -> f64 = |s| s.waited / s.offered;
const IN_20: fn(&Seen) -> f64 = |s| s.in_20 / s.offered;
const ASA: fn(&Seen) -> f64 = |s| s.wait_answered / s.answered;
const ABANDONS: fn(&Seen) -> f64 = |s| s.abandoned / s.offered;
const MEAN_WAIT: fn(&Seen) -> f64 = |s| s.wait / s.offered;
const TURNED_AWAY: fn(&Seen) -> f64 = |s| s.turned_away / s.offered;

fn c(gap: f64, talk: f64, agents: usize, many: usize) -> Load {
    Load { gap, talk, agents, patience: None, loss: false, many }
}

fn a(gap: f64, agents: usize, patience: f64, many: usize) -> Load {
    Load { gap, talk: 180.0, agents, patience: Some(patience), loss: false, many }
}

/// The golden loads: 100 calls in 30 minutes of 180 s, 360 of 240 s.
#[test]
fn without_impatience_erlang_c_comes_out() {
    let all = |c, asa, sl| [("C", c, WAITS), ("ASA", asa, ASA), ("SL(20)", sl, IN_20)] as [Figure; 3];
    agrees("C 12", c(18.0, 180.0, 12, 900_000), &all(0.449388, 40.445, 0.640158));
    agrees("C 13", c(18.0, 180.0, 13, 900_000), &all(0.285270, 17.116, 0.795595));
    agrees("C 14", c(18.0, 180.0, 14, 1_100_000), &all(0.174132, 7.836, 0.888350));
    agrees("C 55", c(5.0, 240.0, 55, 4_000_000), &all(0.238701, 8.184, 0.866796));
}

/// The golden loads: 200 calls in 30 minutes.
#[test]
fn near_saturation_erlang_c_comes_out() {
    let all = |c, asa, sl| [("C", c, WAITS), ("ASA", asa, ASA), ("SL(20)", sl, IN_20)] as [Figure; 3];
    agrees("C 22", c(9.0, 180.0, 22, 2_300_000), &all(0.567915, 51.1124, 0.545249));
    agrees("C 24", c(9.0, 180.0, 24, 1_900_000), &all(0.298072, 13.4133, 0.808882));
    agrees("C 26", c(9.0, 180.0, 26, 2_700_000), &all(0.143400, 4.3020, 0.926376));
}

#[test]
fn with_impatience_erlang_a_comes_out() {
    let some = |waits, abandons, wait| {
        [("P(wait)", waits, WAITS), ("P(abandon)", abandons, ABANDONS), ("E[W]", wait, MEAN_WAIT)] as [Figure; 3]
    };
    let with = |[w, b, e]: [Figure; 3], sl| [w, b, e, ("SL(20)", sl, IN_20)] as [Figure; 4];
    agrees("A 10", a(18.0, 10, 120.0, 100_000), &with(some(0.49685, 0.13746, 16.496), 0.6399));
    agrees("A 11", a(18.0, 11, 120.0, 100_000), &with(some(0.38282, 0.09416, 11.299), 0.7422));
    agrees("A 12", a(18.0, 12, 120.0, 100_000), &with(some(0.27981, 0.06160, 7.392), 0.8256));
    agrees("A 13", a(18.0, 13, 120.0, 150_000), &with(some(0.19372, 0.03843, 4.611), 0.8886));
    agrees("A 18", a(9.0, 18, 60.0, 100_000), &some(0.545203, 0.170818, 10.2491));
    agrees("A 22", a(9.0, 22, 60.0, 100_000), &some(0.275322, 0.067717, 4.0630));
    agrees("A 24", a(9.0, 24, 60.0, 200_000), &some(0.168154, 0.037018, 2.2211));
    agrees("A 26", a(9.0, 26, 60.0, 800_000), &some(0.091549, 0.018159, 1.0896));
}

#[test]
fn without_a_waiting_room_erlang_b_comes_out() {
    let load = |gap, agents, many| Load { gap, talk: 180.0, agents, patience: None, loss: true, many };
    agrees("B 10", load(18.0, 10, 100_000), &[("B", 0.214582343107, TURNED_AWAY)]);
    agrees("B 100", load(2.0, 100, 400_000), &[("B", 0.026957380464, TURNED_AWAY)]);
    agrees("B 1000", load(0.18, 1000, 400_000), &[("B", 0.024811917646, TURNED_AWAY)]);
}

/// Stronger than any interval: every single wait is that of the recursion, to the nanosecond.
#[test]
fn every_caller_waits_as_long_as_the_definition_says() {
    let loss = Load { loss: true, ..c(18.0, 180.0, 10, 0) };
    for load in [c(18.0, 180.0, 12, 0), c(9.0, 180.0, 22, 0), a(18.0, 10, 120.0, 0), a(9.0, 18, 60.0, 0), loss] {
        let scene = load.scene();
        for seed in 1..=SEEDS {
            let (callers, engine) = load.engine(&scene, seed);
            let beside = load.beside(&callers);
            let differs = engine.iter().zip(&beside).position(|(a, b)| a != b);
            assert_eq!(differs, None, "seed {seed}");
        }
    }
}
