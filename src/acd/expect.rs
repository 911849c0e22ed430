//! Expected wait: how long until a contact at this place is served.

use crate::limits::{HANDLE_TIME_DEFAULT, PATIENCE_DEFAULT, STAFF_COUNT_EVERY, WAIT_TERMS_MAX};
use crate::machine::{Acd, Timer};
use crate::message::{Departure, ToContact};
use base::{Instant, Now};
use core::time::Duration;
use model::{AgentState, QueueId};

/// What a queue has seen lately: how long a contact is handled, and how patient callers are.
#[derive(Debug)]
pub(crate) struct Measures {
    handle_secs: f64,
    /// Abandonments and waiting time, both decaying: their quotient is the rate at which one who waits gives up (the
    /// maximum-likelihood estimate for exponential patience when the served are censored).
    abandoned: f64,
    waited_secs: f64,
    staff: f64,
    staff_at: Option<Instant>,
}

/// Weight of the newest handling time: the last 16 contacts decide.
const HANDLE_WEIGHT: f64 = 1.0 / 16.0;
/// What is left of the past at each departure: the last 64 contacts decide.
const PATIENCE_KEPT: f64 = 1.0 - 1.0 / 64.0;

impl Default for Measures {
    fn default() -> Self {
        Measures {
            handle_secs: HANDLE_TIME_DEFAULT.as_secs_f64(),
            abandoned: 1.0,
            waited_secs: PATIENCE_DEFAULT.as_secs_f64(),
            staff: 0.0,
            staff_at: None,
        }
    }
}

impl Measures {
    pub(crate) fn handled(&mut self, took: Duration) {
        self.handle_secs += HANDLE_WEIGHT * (took.as_secs_f64() - self.handle_secs);
    }

    pub(crate) fn left(&mut self, waited: Duration, how: Departure) {
        let abandoned = match how {
            Departure::Abandoned => 1.0,
            Departure::Served | Departure::FlowedOut => 0.0,
        };
        self.abandoned = self.abandoned * PATIENCE_KEPT + abandoned;
        self.waited_secs = self.waited_secs * PATIENCE_KEPT + waited.as_secs_f64();
    }
}

/// `E[W] = Σ_{k=0..ahead} 1/(n·μ + k·θ)`: each departure from a line of k patient contacts and n working agents takes an
/// exponential time of that rate on average. `None` when nobody works.
pub(crate) fn expected_wait(ahead: usize, agents: f64, handle: Duration, abandon_rate: f64) -> Option<Duration> {
    let served = agents / handle.as_secs_f64().max(0.001);
    if served.is_nan() || served <= 0.0 {
        return None;
    }
    let term = |k: usize| 1.0 / (served + k as f64 * abandon_rate);
    let counted = ahead.min(WAIT_TERMS_MAX);
    let mut secs: f64 = (0..=counted).map(term).sum();
    if ahead > counted && abandon_rate > 0.0 {
        // The rest of the sum as its integral, by the midpoint rule.
        let (from, to) = (counted as f64 + 0.5, ahead as f64 + 0.5);
        secs += ((served + to * abandon_rate) / (served + from * abandon_rate)).ln() / abandon_rate;
    } else if ahead > counted {
        secs += (ahead - counted) as f64 / served;
    }
    Some(Duration::from_secs_f64(secs.min(86_400.0 * 365.0)))
}

/// Rounded up to whole minutes: what is announced may be too long, not too short by the rounding.
pub(crate) fn announced_wait(wait: Duration) -> Duration {
    let minutes = wait.as_millis().div_ceil(60_000).max(1);
    Duration::from_secs(minutes as u64 * 60)
}

impl Acd {
    pub(crate) fn announce(&mut self, now: Now, slot: u32) {
        let Some(key) = self.lines.key_at(slot) else { return };
        let Some(entry) = self.lines.entries.get_mut(key) else { return };
        let stay = entry.stay;
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
        let expected_wait = if policy.wait { self.expect(now, stay.queue, position) } else { None };
        self.send(stay.contact.home(), ToContact::Announce { stay, position, expected_wait });
    }

    pub(crate) fn expect(&mut self, now: Now, queue: QueueId, position: u32) -> Option<Duration> {
        let staff = self.staff_share(now, queue);
        let measures = &self.lines.line(queue).measures;
        let (handle, rate) = (measures.handle_secs, measures.abandoned / measures.waited_secs.max(1.0));
        let ahead = position.saturating_sub(1) as usize;
        expected_wait(ahead, staff, Duration::from_secs_f64(handle), rate).map(announced_wait)
    }

    /// Agents working for the queue; one who serves k queues with somebody waiting counts 1/k.
    fn staff_share(&mut self, now: Now, queue: QueueId) -> f64 {
        let measures = &self.lines.line(queue).measures;
        if measures.staff_at.is_some_and(|at| now.mono.since(at) < STAFF_COUNT_EVERY) {
            return measures.staff;
        }
        let staff = self.directory.agents.iter().zip(0u32..).filter(|(agent, _)| agent.queues.contains(&queue));
        let share = staff.filter(|(_, id)| works(self.board.agent_state(model::AgentId(*id)))).map(|(agent, _)| {
            let wanted = agent.queues.iter().filter(|q| **q == queue || self.board.queue_waiting(**q) > 0).count();
            1.0 / wanted.max(1) as f64
        });
        let staff: f64 = share.sum();
        let measures = &mut self.lines.line(queue).measures;
        measures.staff = staff;
        measures.staff_at = Some(now.mono);
        staff
    }
}

/// He takes contacts now or when he has done with his.
fn works(state: AgentState) -> bool {
    match state {
        AgentState::SignedOff | AgentState::NotReady { .. } => false,
        AgentState::Ready | AgentState::Reserved { .. } | AgentState::Busy { .. } | AgentState::WrapUp { .. } => true,
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn secs(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn without_abandonment_it_is_places_times_handling_time_by_agents() {
        let wait = expected_wait(9, 5.0, secs(50), 0.0).expect("somebody works");
        assert_eq!(wait, secs(100));
        assert_eq!(expected_wait(0, 0.0, secs(50), 0.01), None);
    }

    #[test]
    fn patience_shortens_the_wait_term_by_term() {
        // 1/(5/50) + 1/(5/50 + 0.01) + 1/(5/50 + 0.02)
        let wait = expected_wait(2, 5.0, secs(50), 0.01).expect("somebody works").as_secs_f64();
        assert!((wait - (10.0 + 1.0 / 0.11 + 1.0 / 0.12)).abs() < 1e-6, "{wait}");
    }

    #[test]
    fn a_long_line_is_integrated_with_the_same_result() {
        for rate in [0.0, 0.001, 0.01] {
            let exact: f64 = (0..=5_000).map(|k| 1.0 / (0.5 + f64::from(k) * rate)).sum();
            let wait = expected_wait(5_000, 10.0, secs(20), rate).expect("somebody works").as_secs_f64();
            assert!((wait / exact - 1.0).abs() < 1e-3, "{wait} against {exact}");
        }
    }

    #[test]
    fn announced_minutes_are_rounded_up() {
        assert_eq!(announced_wait(Duration::ZERO), secs(60));
        assert_eq!(announced_wait(secs(60)), secs(60));
        assert_eq!(announced_wait(Duration::from_millis(60_001)), secs(120));
    }

    #[test]
    fn measures_follow_what_happens() {
        let mut measures = Measures::default();
        for _ in 0..200 {
            measures.handled(secs(30));
            measures.left(secs(20), Departure::Served);
            measures.left(secs(60), Departure::Abandoned);
        }
        assert!((measures.handle_secs - 30.0).abs() < 0.1, "{measures:?}");
        // One abandonment in 80 s of waiting.
        let rate = measures.abandoned / measures.waited_secs;
        assert!((rate * 80.0 - 1.0).abs() < 0.05, "{rate}");
    }
}
