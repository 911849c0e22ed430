//! Expected wait: how long until a contact at this place is served, and how sure that is.
//!
//! A line of q patient contacts before n busy agents (mean handling time 1/μ, callers give up at rate θ) moves by one
//! place in an exponential time of rate n·μ + k·θ while k wait in it. The wait of the next is the sum of these times
//! for k = q … 0, a hypo-exponential law: mean `Σ 1/(nμ + kθ)`, variance `Σ 1/(nμ + kθ)²`. Told is not the mean but
//! the bound that nine of ten waits keep, rounded up.
//!
//! A caller waits until somebody has answered. So an agent is taken from the moment his phone begins to ring, and to
//! the law of the line comes the time from the first ring for a contact to the answer, with its mean and variance.

use crate::entry::Entry;
use crate::limits::{HANDLE_TIME_DEFAULT, HANDLED_REMEMBERED, LEFT_REMEMBERED, PATIENCE_DEFAULT, WAIT_TERMS_MAX};
use crate::line::Needs;
use crate::machine::{Acd, Timer};
use crate::message::{Departure, ToContact};
use crate::staffing::Staffing;
use base::{Key, Now};
use core::time::Duration;
use model::{AnnouncePolicy, Fact, QueueId};

/// What a queue has seen lately: how long a contact is handled, and how patient callers are.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Measures {
    handle_secs: f64,
    /// Contacts handled, up to what is remembered; the default counts as four, so that one odd talk is not all.
    handled: f64,
    /// Abandonments and waiting time, both decaying: their quotient is the rate at which one who waits gives up (the
    /// maximum-likelihood estimate for exponential patience when the served are censored).
    abandoned: f64,
    waited_secs: f64,
    rings: Rings,
    /// Agents who work for the queue, and when they were counted.
    pub(crate) staffing: Staffing,
}

/// From the first ring for a contact to the answer, other phones that rang in vain included.
#[derive(Debug, Default)]
struct Rings {
    /// Up to what is remembered.
    seen: f64,
    mean: f64,
    square: f64,
}

impl Rings {
    fn add(&mut self, secs: f64) {
        self.seen = (self.seen + 1.0).min(HANDLED_REMEMBERED);
        self.mean += (secs - self.mean) / self.seen;
        self.square += (secs * secs - self.square) / self.seen;
    }

    fn variance(&self) -> f64 {
        (self.square - self.mean * self.mean).max(0.0)
    }
}

/// What is foretold of a wait.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Forecast {
    pub(crate) expected: Duration,
    /// Kept by nine of ten.
    pub(crate) bound: Duration,
}

impl Default for Measures {
    fn default() -> Self {
        Measures {
            handle_secs: HANDLE_TIME_DEFAULT.as_secs_f64(),
            handled: 4.0,
            abandoned: 1.0,
            waited_secs: PATIENCE_DEFAULT.as_secs_f64(),
            rings: Rings::default(),
            staffing: Staffing::default(),
        }
    }
}

impl Measures {
    /// The plain mean of the first contacts, then an exponential one.
    pub(crate) fn handled(&mut self, took: Duration) {
        self.handled = (self.handled + 1.0).min(HANDLED_REMEMBERED);
        self.handle_secs += (took.as_secs_f64() - self.handle_secs) / self.handled;
    }

    pub(crate) fn answered(&mut self, rang: Duration) {
        self.rings.add(rang.as_secs_f64());
    }

    pub(crate) fn left(&mut self, waited: Duration, how: Departure) {
        let abandoned = match how {
            Departure::Abandoned => 1.0,
            Departure::Served | Departure::FlowedOut => 0.0,
        };
        let kept = 1.0 - 1.0 / LEFT_REMEMBERED;
        self.abandoned = self.abandoned * kept + abandoned;
        self.waited_secs = self.waited_secs * kept + waited.as_secs_f64();
    }

    /// Another directory: somebody else may serve the queue.
    pub(crate) fn forget_staff(&mut self) {
        self.staffing.recount();
    }

    /// `ahead`: how many who need the same agents stand before him; one who may also be served by others counts in part.
    pub(crate) fn forecast(&self, ahead: f64, agents: f64) -> Option<Forecast> {
        let (mean, variance) = law(ahead, agents, self.handle_secs, self.abandoned / self.waited_secs.max(1.0))?;
        Some(foretold(mean + self.rings.mean, variance + self.rings.variance()))
    }
}

fn foretold(mean: f64, variance: f64) -> Forecast {
    let limit = |secs: f64| Duration::from_secs_f64(secs.min(86_400.0 * 365.0));
    Forecast { expected: limit(mean), bound: limit(ninth_decile(mean, variance)) }
}

/// Mean and variance of the time until an agent is free for a contact at this place; `None` when nobody works.
fn law(ahead: f64, agents: f64, handle_secs: f64, abandon_rate: f64) -> Option<(f64, f64)> {
    let served = agents / handle_secs.max(0.001);
    if served.is_nan() || served <= 0.0 {
        return None;
    }
    let rate = |k: f64| served + k * abandon_rate;
    let (whole, part) = (ahead.floor() as usize, ahead.fract());
    let counted = whole.min(WAIT_TERMS_MAX);
    let (mut mean, mut variance) = (0.0, 0.0);
    for k in 0..=counted {
        let term = 1.0 / rate(k as f64);
        mean += term;
        variance += term * term;
    }
    if whole > counted {
        // The rest of the sums as integrals, by the midpoint rule.
        let (from, to) = (counted as f64 + 0.5, ahead + 0.5);
        let places = to - from;
        // ∫ dk/rate = ln(rate(to)/rate(from))/θ, ∫ dk/rate² = places/(rate(from)·rate(to)); the first for θ → 0 too.
        let growth = places * abandon_rate / rate(from);
        mean += if growth > 1e-9 { growth.ln_1p() / abandon_rate } else { places / rate(from) };
        variance += places / (rate(from) * rate(to));
    } else {
        let term = part / rate(whole as f64 + 1.0);
        mean += term;
        variance += term * term;
    }
    Some((mean, variance))
}

/// The point below which nine tenths of a gamma law with this mean and variance lie (Wilson and Hilferty's cube of a
/// normal variable). A hypo-exponential law is nearly a gamma law of the same mean and variance; the error of both
/// together is below one tenth's tenth of probability, as a test shows by drawing from the law itself.
fn ninth_decile(mean: f64, variance: f64) -> f64 {
    /// Of the standard normal law.
    const NINTH_DECILE: f64 = 1.281_551_6;
    let ninth = variance / (9.0 * mean * mean);
    mean * (1.0 - ninth + NINTH_DECILE * ninth.sqrt()).powi(3)
}

/// What is announced: rounded up, so that it may be too long but is not too short by the rounding.
pub(crate) fn announced_wait(wait: Duration, policy: &AnnouncePolicy) -> Duration {
    let round = policy.round.as_millis().max(1);
    let steps = wait.max(policy.least_wait).as_millis().div_ceil(round).max(1);
    Duration::from_millis(u64::try_from(steps * round).unwrap_or(u64::MAX))
}

/// With `only_improved` a caller hears of a place and a time only when one of them is better than what he heard last and
/// neither is worse.
fn is_news(policy: &AnnouncePolicy, told: Option<(u32, Option<Duration>)>, place: u32, wait: Option<Duration>) -> bool {
    let Some((told_place, told_wait)) = told.filter(|_| policy.only_improved) else { return true };
    let worse = place > told_place || matches!((wait, told_wait), (Some(now), Some(then)) if now > then);
    let better_place = policy.position && place < told_place;
    let better_wait =
        matches!((wait, told_wait), (Some(now), Some(then)) if now < then) || (wait.is_some() && told_wait.is_none());
    !worse && (better_place || better_wait)
}

impl Acd {
    pub(crate) fn announce(&mut self, now: Now, slot: u32) {
        let Some(key) = self.lines.key_at(slot) else { return };
        let Some(entry) = self.lines.entries.get_mut(key) else { return };
        let (stay, told) = (entry.stay, entry.told);
        let policy = self.directory.queue(stay.queue).announce;
        entry.announce = None;
        if !(policy.position || policy.wait) || policy.every.is_zero() {
            return;
        }
        entry.announce = Some(self.timers.insert_after(now.mono, policy.every, Timer::Announce(slot)));
        // Not while a phone rings for it.
        if !self.is_waiting(key) {
            return;
        }
        let position = self.position_of(key);
        let forecast = if policy.wait { self.foretell(now, key) } else { None };
        let expected_wait = forecast.map(|forecast| announced_wait(forecast.bound, &policy));
        if (position == 1 && !policy.to_first) || !is_news(&policy, told, position, expected_wait) {
            return;
        }
        if let Some(entry) = self.lines.entries.get_mut(key) {
            entry.told = Some((position, expected_wait));
        }
        self.send(stay.contact.home(), ToContact::Announce { stay, position, expected_wait });
    }

    /// What is left of its wait: by those who may serve it as it asks now, or as it will ask when a step of its queue is
    /// over, whichever is sooner.
    pub(crate) fn foretell(&mut self, now: Now, key: Key) -> Option<Forecast> {
        let entry = self.lines.entries.get(key)?;
        let (queue, wish, step) = (entry.stay.queue, entry.wish, entry.step);
        let ends = entry.step_ends;
        let directory = std::sync::Arc::clone(&self.directory);
        let steps = &directory.queue(queue).routing.steps;
        let mut asked_from = Duration::ZERO;
        let mut best: Option<Forecast> = None;
        for number in step..steps.len().max(step + 1) {
            let needs = [steps.get(number).and_then(|step| step.needs), wish];
            if let Some(Forecast { expected, bound }) = self.foretell_asking(now, key, needs) {
                let then = Forecast { expected: asked_from + expected, bound: asked_from + bound };
                best = Some(best.filter(|best| best.expected <= then.expected).unwrap_or(then));
            }
            asked_from = match steps.get(number).and_then(|step| step.lasts) {
                Some(_) if number == step => ends.map_or(Duration::ZERO, |at| at - now.mono),
                Some(lasts) => asked_from + lasts,
                None => break,
            };
        }
        best
    }

    /// Of a contact at this place of the queue, counted from 1, whom anybody may serve.
    pub(crate) fn foretell_at(&mut self, now: Now, queue: QueueId, position: u32) -> Option<Forecast> {
        let view = self.view(now, queue, [None; 2]);
        let measures = &self.lines.look(queue).measures;
        let (agents, _) = measures.staffing.of(view);
        measures.forecast(f64::from(position.saturating_sub(1)), agents)
    }

    fn foretell_asking(&mut self, now: Now, key: Key, needs: Needs) -> Option<Forecast> {
        let entry = self.lines.entries.get(key)?;
        let queue = entry.stay.queue;
        let place = entry.key(self.lines.look(queue).rate);
        let view = self.view(now, queue, needs);
        let line = self.lines.look(queue);
        let (agents, weights) = line.measures.staffing.of(view);
        let ranks = line.classes.iter().map(|class| match class.waiting.rank(&place) {
            Ok(ahead) | Err(ahead) => ahead as f64,
        });
        // A class that came into being since then stands in the way as a whole.
        let ahead: f64 = ranks.zip(weights.iter().copied().chain(core::iter::repeat(1.0))).map(|(n, w)| n * w).sum();
        line.measures.forecast(ahead, agents)
    }

    /// A wait is over: what was foretold is told beside what came of it. Of one that ended unserved before the bound
    /// nobody knows how long it would have been, and whoever judges the bound must know that it was one of those.
    pub(crate) fn judge_forecast(&mut self, entry: &Entry, waited: Duration, how: Departure) {
        let Some(Forecast { expected, bound }) = entry.forecast else { return };
        let (queue, served) = (entry.stay.queue, how == Departure::Served);
        self.fact(Fact::WaitForetold { queue, expected, bound, waited, served });
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use base::Rng;
    use std::collections::VecDeque;

    fn secs(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    fn forecast(ahead: f64, agents: f64, handle: f64, rate: f64) -> Option<Forecast> {
        law(ahead, agents, handle, rate).map(|(mean, variance)| foretold(mean, variance))
    }

    fn expected(ahead: u32, agents: f64, handle: f64, rate: f64) -> f64 {
        forecast(f64::from(ahead), agents, handle, rate).expect("somebody works").expected.as_secs_f64()
    }

    #[test]
    fn without_abandonment_it_is_places_times_handling_time_by_agents() {
        assert_eq!(expected(9, 5.0, 50.0, 0.0), 100.0);
        assert_eq!(forecast(0.0, 0.0, 50.0, 0.01), None);
    }

    /// Golden: handling 50 s, place 10, 5 agents, of a hundred callers 2 abandon. Users of another product multiply
    /// handling time × place ÷ agents by the share that does not abandon: 98 s. Ours has no such factor: that two of a
    /// hundred leave does not say that two of the nine ahead do. What shortens the wait is the rate θ at which one who
    /// waits gives up, and that is met by each place on its own. With nobody giving up it is 100 s; with 2 of 100
    /// giving up over waits of this length (θ·100 s ≈ 0.02) it is less than 1 s shorter.
    #[test]
    fn the_golden_wait_differs_from_the_formula_of_its_users() {
        let users = 50.0 * 10.0 / 5.0 * (1.0 - 0.02);
        assert_eq!(users, 98.0);
        for (abandon_rate, ours) in [(0.0, 100.0), (0.0002, 99.1)] {
            let wait = expected(9, 5.0, 50.0, abandon_rate);
            assert!((wait - ours).abs() < 0.05, "{wait}");
        }
    }

    #[test]
    fn patience_shortens_the_wait_term_by_term() {
        // 1/(5/50) + 1/(5/50 + 0.01) + 1/(5/50 + 0.02)
        let wait = expected(2, 5.0, 50.0, 0.01);
        assert!((wait - (10.0 + 1.0 / 0.11 + 1.0 / 0.12)).abs() < 1e-6, "{wait}");
    }

    #[test]
    fn a_long_line_is_integrated_with_the_same_result() {
        for rate in [0.0, 1e-12, 0.001, 0.01] {
            let exact: f64 = (0..=5_000).map(|k| 1.0 / (0.5 + f64::from(k) * rate)).sum();
            let wait = expected(5_000, 10.0, 20.0, rate);
            assert!((wait / exact - 1.0).abs() < 1e-3, "{wait} against {exact}");
        }
    }

    #[test]
    fn announced_times_are_rounded_up_and_have_a_least_value() {
        let policy = AnnouncePolicy::default();
        assert_eq!(announced_wait(Duration::ZERO, &policy), secs(60));
        assert_eq!(announced_wait(secs(60), &policy), secs(60));
        assert_eq!(announced_wait(Duration::from_millis(60_001), &policy), secs(120));
        let coarse = AnnouncePolicy { round: secs(300), least_wait: secs(120), ..policy };
        assert_eq!(announced_wait(secs(60), &coarse), secs(300));
        assert_eq!(announced_wait(secs(301), &coarse), secs(600));
    }

    #[test]
    fn only_better_news_are_told() {
        let policy = AnnouncePolicy { position: true, wait: true, only_improved: true, ..AnnouncePolicy::default() };
        let told = Some((5, Some(secs(180))));
        for (place, wait, news) in [
            (5, Some(180), false),
            (4, Some(180), true),
            (5, Some(120), true),
            (6, Some(120), false),
            (4, Some(240), false),
            (4, None, true),
        ] {
            assert_eq!(is_news(&policy, told, place, wait.map(secs)), news, "place {place}, {wait:?}");
        }
        assert!(is_news(&policy, None, 9, None));
        assert!(is_news(&AnnouncePolicy { only_improved: false, ..policy }, told, 9, None));
    }

    #[test]
    fn measures_follow_what_happens() {
        let mut measures = Measures::default();
        for _ in 0..2_000 {
            measures.handled(secs(30));
            measures.left(secs(20), Departure::Served);
            measures.left(secs(60), Departure::Abandoned);
        }
        assert!((measures.handle_secs - 30.0).abs() < 0.1, "{measures:?}");
        // One abandonment in 80 s of waiting.
        let rate = measures.abandoned / measures.waited_secs;
        assert!((rate * 80.0 - 1.0).abs() < 0.05, "{rate}");
    }

    #[test]
    fn the_ring_for_a_contact_comes_to_its_wait() {
        let mut measures = Measures::default();
        let before = measures.forecast(3.0, 5.0).unwrap();
        for n in 0..1_000 {
            measures.answered(secs(3 + n % 2 * 4));
        }
        let after = measures.forecast(3.0, 5.0).unwrap();
        assert!((measures.rings.variance() - 4.0).abs() < 0.1, "{measures:?}");
        let longer = (after.expected - before.expected).as_secs_f64();
        assert!((longer - 5.0).abs() < 0.1, "{longer}");
        assert!(after.bound > before.bound + secs(4));
    }

    /// The bound against the law itself, whatever the line and the patience.
    #[test]
    fn nine_of_ten_draws_from_the_law_keep_the_bound() {
        let mut rng = Rng::new(24);
        for rate in [0.0, 0.001, 0.01, 0.1] {
            for ahead in [0, 1, 2, 5, 20, 100] {
                let bound = forecast(f64::from(ahead), 10.0, 100.0, rate).expect("somebody works").bound.as_secs_f64();
                let mut draw =
                    || -> f64 { (0..=ahead).map(|k| rng.exponential(1.0 / (0.1 + f64::from(k) * rate))).sum() };
                let draws = 20_000;
                let kept = (0..draws).filter(|_| draw() <= bound).count() as f64 / f64::from(draws);
                assert!((0.89..=0.91).contains(&kept), "θ {rate}, {ahead} ahead: {kept}");
            }
        }
    }

    /// Complaint 29: a published formula, and how often it is right, measured. M/M/n+M from its first contact on, with
    /// nothing known but what the queue sees. A caller who gives up stands on as a ghost that takes no agent, so his
    /// wait, had he stayed, is known.
    #[test]
    fn complaint_29_the_bound_covers_nine_of_ten_waits() {
        for (seed, agents, load, handle, patience) in [
            (1, 5, 5.5, 60.0, 120.0),
            (2, 12, 12.0, 180.0, 120.0),
            (3, 40, 42.0, 240.0, 300.0),
            (4, 2, 2.4, 90.0, 600.0),
        ] {
            let mut queue = SimpleQueue::new(seed, agents, load, handle, patience);
            while queue.waits < 40_000 {
                queue.step();
            }
            let covered = queue.covered as f64 / queue.waits as f64;
            let error = queue.error_secs / queue.waited_secs;
            assert!((0.87..=0.93).contains(&covered), "{agents} agents: {covered}");
            assert!(error.abs() < 0.05, "{agents} agents: mean error {error} of the mean wait");
        }
    }

    struct SimpleQueue {
        rng: Rng,
        agents: usize,
        interval: f64,
        handle: f64,
        patience: f64,
        now: f64,
        arrives: f64,
        /// When each talk ends, and how long it took.
        talks: Vec<(f64, f64)>,
        line: VecDeque<Waiting>,
        measures: Measures,
        waits: u64,
        covered: u64,
        error_secs: f64,
        waited_secs: f64,
    }

    struct Waiting {
        came: f64,
        gives_up: f64,
        ghost: bool,
        forecast: Forecast,
    }

    impl SimpleQueue {
        fn new(seed: u64, agents: usize, load: f64, handle: f64, patience: f64) -> Self {
            let (rng, measures) = (Rng::new(seed), Measures::default());
            let interval = handle / load;
            SimpleQueue {
                rng,
                agents,
                interval,
                handle,
                patience,
                now: 0.0,
                arrives: 0.0,
                talks: Vec::new(),
                line: VecDeque::new(),
                measures,
                waits: 0,
                covered: 0,
                error_secs: 0.0,
                waited_secs: 0.0,
            }
        }

        fn step(&mut self) {
            let end = (0..self.talks.len()).min_by(|a, b| self.talks[*a].0.total_cmp(&self.talks[*b].0));
            let ends = end.map_or(f64::INFINITY, |at| self.talks[at].0);
            let real = |at: &usize| !self.line[*at].ghost;
            let quits = (0..self.line.len())
                .filter(real)
                .min_by(|a, b| self.line[*a].gives_up.total_cmp(&self.line[*b].gives_up));
            let quit_at = quits.map_or(f64::INFINITY, |at| self.line[at].gives_up);
            self.now = ends.min(quit_at).min(self.arrives);
            if self.now == self.arrives {
                self.arrives = self.now + self.rng.exponential(self.interval);
                self.arrive();
            } else if let (Some(at), true) = (end, self.now == ends) {
                let (_, took) = self.talks.swap_remove(at);
                self.measures.handled(Duration::from_secs_f64(took));
                self.serve();
            } else if let Some(at) = quits {
                self.line[at].ghost = true;
                let waited = Duration::from_secs_f64(self.now - self.line[at].came);
                self.measures.left(waited, Departure::Abandoned);
            }
        }

        fn arrive(&mut self) {
            if self.talks.len() < self.agents {
                return self.talk();
            }
            let ahead = self.line.iter().filter(|w| !w.ghost).count() as f64;
            let forecast = self.measures.forecast(ahead, self.agents as f64).expect("somebody works");
            let gives_up = self.now + self.rng.exponential(self.patience);
            self.line.push_back(Waiting { came: self.now, gives_up, ghost: false, forecast });
        }

        /// An agent is free: every ghost before the first who still waits would have had him or another before.
        fn serve(&mut self) {
            while let Some(first) = self.line.pop_front() {
                let waited = self.now - first.came;
                let expected = first.forecast.expected.as_secs_f64();
                self.waits += 1;
                self.covered += u64::from(waited <= first.forecast.bound.as_secs_f64());
                self.error_secs += expected - waited;
                self.waited_secs += waited;
                if !first.ghost {
                    self.measures.left(Duration::from_secs_f64(waited), Departure::Served);
                    return self.talk();
                }
            }
        }

        fn talk(&mut self) {
            let took = self.rng.exponential(self.handle);
            self.talks.push((self.now + took, took));
        }
    }
}
