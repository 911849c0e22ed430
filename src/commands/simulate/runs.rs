//! Many runs on all cores; the result is that of one after another.

use sim::traffic::{Counting, Rehearsal, Scene, Tally};
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Every run by its number, whichever thread had it: run `n` has the seed `seed + n`.
pub(super) fn all(scene: &Scene, seed: u64, runs: u32, threads: usize, name: &str) -> Vec<Tally> {
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        let mut found = Vec::new();
        loop {
            let run = next.fetch_add(1, Ordering::Relaxed);
            if run >= runs as usize {
                return found;
            }
            found.push((run, one(scene, seed.wrapping_add(run as u64))));
            progress(name, done.fetch_add(1, Ordering::Relaxed) + 1, runs);
        }
    };
    let mut found: Vec<(usize, Tally)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads.clamp(1, runs.max(1) as usize)).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a panic of a run is a panic here")).collect()
    });
    found.sort_by_key(|(run, _)| *run);
    found.into_iter().map(|(_, tally)| tally).collect()
}

pub(super) fn one(scene: &Scene, seed: u64) -> Tally {
    let mut rehearsal = Rehearsal::new(scene, seed);
    let mut counting = Counting::new(scene);
    rehearsal.run(|fact| counting.handle_fact(fact));
    counting.finish(rehearsal.now(), rehearsal.callers().len())
}

/// For whoever watches a terminal.
fn progress(name: &str, done: usize, runs: u32) {
    let mut out = std::io::stderr();
    if out.is_terminal() {
        // Nobody misses a line of progress that could not be written.
        let _gone = write!(out, "\r\x1b[K{name}: {done} of {runs} runs");
        let _gone = if done == runs as usize { write!(out, "\r\x1b[K") } else { out.flush() };
    }
}
