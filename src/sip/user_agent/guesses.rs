//! Sources that guess passwords wait longer and longer (attack A9).

use crate::hash::HashKey;
use crate::limits::{GUESS_PAUSE, GUESS_PAUSE_MAX, GUESS_WINDOW, GUESSERS_MAX, GUESSES_MAX};
use base::Instant;
use core::net::IpAddr;
use core::time::Duration;
use std::collections::HashMap;

#[derive(Debug)]
pub(crate) struct Guesses {
    by_source: HashMap<IpAddr, Guesser, HashKey>,
}

#[derive(Clone, Copy, Debug)]
struct Guesser {
    since: Instant,
    failures: u32,
    pause: Duration,
    silent_until: Instant,
}

impl Guesses {
    pub(crate) fn new(key: HashKey) -> Self {
        Guesses { by_source: HashMap::with_hasher(key) }
    }

    /// Whether credentials from here are not even looked at now.
    pub(crate) fn is_silenced(&self, now: Instant, source: IpAddr) -> bool {
        self.by_source.get(&source).is_some_and(|g| now < g.silent_until)
    }

    pub(crate) fn failed(&mut self, now: Instant, source: IpAddr) {
        if self.by_source.len() >= GUESSERS_MAX && !self.by_source.contains_key(&source) {
            self.by_source.retain(|_, g| now.since(g.since) < GUESS_WINDOW || now < g.silent_until);
            // Still full: as many guessers at once as that are beyond telling apart.
            if self.by_source.len() >= GUESSERS_MAX {
                self.by_source.clear();
            }
        }
        let fresh = Guesser { since: now, failures: 0, pause: GUESS_PAUSE, silent_until: Instant::ZERO };
        let guesser = self.by_source.entry(source).or_insert(fresh);
        if now.since(guesser.since) >= GUESS_WINDOW && now >= guesser.silent_until + guesser.pause {
            *guesser = fresh;
        }
        guesser.failures += 1;
        if guesser.failures >= GUESSES_MAX {
            guesser.silent_until = now + guesser.pause;
            guesser.pause = GUESS_PAUSE_MAX.min(guesser.pause * 2);
        }
    }

    pub(crate) fn succeeded(&mut self, source: IpAddr) {
        self.by_source.remove(&source);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_failures_in_a_minute_silence_a_source_for_longer_each_time() {
        let mut guesses = Guesses::new(HashKey::new(1, 2));
        let source = "192.0.2.1".parse().unwrap();
        let at = |s: u64| Instant::from_millis(s * 1000);
        for s in 0..9 {
            guesses.failed(at(s), source);
        }
        assert!(!guesses.is_silenced(at(9), source));
        guesses.failed(at(9), source);
        assert!(guesses.is_silenced(at(10), source) && !guesses.is_silenced(at(11), source));
        guesses.failed(at(11), source);
        assert!(guesses.is_silenced(at(14), source), "4 s this time");
        assert!(!guesses.is_silenced(at(14), "192.0.2.2".parse().unwrap()));
        guesses.failed(at(200), source);
        assert!(!guesses.is_silenced(at(201), source), "a new minute");
    }
}
