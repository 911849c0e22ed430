//! Complaint 29: how good the expected wait is, measured on the shipped distributor.
//!
//! M/M/n+M houses, whole: calls come in, wait, are told, are served or give up, and the facts of it are judged as
//! `simulate` and the metrics do. How long a caller would have waited had he stayed is known from the recursion of
//! `theory_tests`, so what is estimated of those who gave up is held against the truth.

use super::Rehearsal;
use super::theory_tests::{Load, Recursion};
use core::time::Duration;
use model::{Fact, Spread};
use report::Foretold;
use std::collections::HashMap;

const SEEDS: [u64; 3] = [1, 2, 3];
const CALLS: usize = 6_000;

/// What a house foretold, and what would have come of it.
#[derive(Default)]
struct Found {
    foretold: Foretold,
    waits: f64,
    kept: f64,
    error: f64,
    waited: f64,
}

impl Found {
    /// A day with this seed: every wait is known from its first moment on, also the first of the day, of which the
    /// queue knows nothing but defaults.
    fn day(&mut self, load: &Load, seed: u64) {
        let scene = load.scene_of(CALLS);
        let mut rehearsal = Rehearsal::new(&scene, seed);
        let (began, callers) = (rehearsal.now().mono, rehearsal.callers().to_vec());
        let mut recursion = Recursion::new(load);
        let stays = callers.iter().map(|caller| {
            let wait = recursion.wait(caller.at);
            recursion.fate(caller.at, caller.talk, caller.patience);
            (began + caller.at, wait)
        });
        let stays: HashMap<_, Duration> = stays.collect();
        rehearsal.run(|stamped| {
            let Fact::WaitForetold { expected, bound, waited, served, .. } = stamped.fact else { return };
            self.foretold.add(expected, bound, waited, served);
            let came = began + (stamped.at.mono - began - waited);
            let wait = stays[&came];
            assert!(if served { waited == wait } else { waited < wait }, "{waited:?} of {wait:?}");
            self.waits += 1.0;
            self.kept += f64::from(wait <= bound);
            self.error += wait.as_secs_f64() - expected.as_secs_f64();
            self.waited += wait.as_secs_f64();
        });
    }
}

#[test]
fn complaint_29_nine_of_ten_waits_keep_the_bound_the_distributor_foretold() {
    for (agents, erlangs, talk, patience) in
        [(5, 5.5, 60.0, 120.0), (12, 12.0, 180.0, 120.0), (40, 42.0, 240.0, 300.0), (2, 2.4, 90.0, 600.0)]
    {
        let load = Load { gap: talk / erlangs, talk, agents, patience: Some(patience), loss: false, many: 0 };
        let mut found = Found::default();
        SEEDS.iter().for_each(|seed| found.day(&load, *seed));
        let (coverage, error) =
            (found.foretold.coverage().expect("waits"), found.foretold.mean_error().expect("waits"));
        let (true_coverage, true_error) = (found.kept / found.waits, found.error / found.waits);
        let mean = found.waited / found.waits;
        let line = format!(
            "{agents} agents, {} waits of {mean:.1} s: coverage {coverage:.4}, in truth {true_coverage:.4}; \
             mean error {error:.2} s, in truth {true_error:.2} s",
            found.waits
        );
        assert!(found.waits > 5_000.0, "{line}");
        assert!((0.87..=0.93).contains(&coverage) && (0.87..=0.93).contains(&true_coverage), "{line}");
        assert!(error.abs() < 0.06 * mean && true_error.abs() < 0.06 * mean, "{line}");
    }
}

/// A phone rings before it is answered, for the caller and for everybody before him.
#[test]
fn complaint_29_the_bound_holds_where_phones_ring_before_they_are_answered() {
    for (agents, erlangs, talk) in [(5, 5.5, 60.0), (12, 12.0, 180.0)] {
        let load = Load { gap: (talk + 5.0) / erlangs, talk, agents, patience: Some(180.0), loss: false, many: 0 };
        let mut scene = load.scene_of(CALLS);
        scene.manners.answers_after = Spread::Exponential { mean: Duration::from_secs(5) };
        let mut foretold = Foretold::default();
        let mut waits = (0, Duration::ZERO);
        for seed in SEEDS {
            Rehearsal::new(&scene, seed).run(|stamped| {
                let Fact::WaitForetold { expected, bound, waited, served, .. } = stamped.fact else { return };
                foretold.add(expected, bound, waited, served);
                waits = (waits.0 + 1, waits.1 + waited);
            });
        }
        let mean = waits.1.as_secs_f64() / f64::from(waits.0);
        let (coverage, error) = (foretold.coverage().expect("waits"), foretold.mean_error().expect("waits"));
        let line =
            format!("{agents} agents, {waits:?}: coverage {coverage:.4}, mean error {error:.2} s of {mean:.1} s");
        assert!(waits.0 > 3_000 && (0.87..=0.93).contains(&coverage) && error.abs() < 0.06 * mean, "{line}");
    }
}
