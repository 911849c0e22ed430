use base::Rng;
use core::time::Duration;
use model::{Demand, PastCall, Stream, TrunkId, Weekday};
use std::sync::Arc;

/// Somebody who will call, with everything about him that chance decides: two configurations meet the same people.
#[derive(Clone, PartialEq, Debug)]
pub struct Caller {
    /// Since the beginning of the first day.
    pub at: Duration,
    pub trunk: TrunkId,
    pub dialled: Arc<str>,
    pub number: Arc<str>,
    pub talk: Duration,
    /// How long his agent needs afterwards, where the agent ends wrap-up himself.
    pub wrap_up: Duration,
    /// How long he waits; `None`: for ever.
    pub patience: Option<Duration>,
    /// What he presses while he waits, one key a second, and how long after he came.
    pub presses: Option<(Arc<str>, Duration)>,
    /// For what happens on his account later.
    pub seed: u64,
}

/// Everybody who calls on these days, in order of time. Each kind of caller has its own chance, so that a change of one
/// does not move the others. `days`: which day of the week the first is, and their midnights.
pub fn callers(demand: &Demand, seed: u64, days: (Weekday, &[Duration]), interval: Duration) -> Vec<Caller> {
    let (first, midnights) = days;
    let mut rng = Rng::new(seed);
    let mut callers = Vec::new();
    for stream in &demand.streams {
        let mut rng = rng.fork();
        for (_, midnight) in midnights.iter().enumerate().filter(|(nth, _)| stream.days.has(first, *nth)) {
            day(stream, *midnight, interval, &mut rng, &mut callers);
        }
    }
    for (nth, midnight) in (0..).zip(midnights) {
        let today = demand.past.iter().filter(|call| call.day == nth % demand.past_days.max(1));
        callers.extend(today.map(|call| Caller::again(call, *midnight, &mut rng)));
    }
    callers.sort_by_key(|caller| caller.at);
    callers
}

fn day(stream: &Stream, midnight: Duration, interval: Duration, rng: &mut Rng, callers: &mut Vec<Caller>) {
    for (nth, calls) in stream.calls.iter().enumerate().filter(|(_, calls)| **calls > 0.0) {
        let (from, gap) = (interval.as_secs_f64() * nth as f64, interval.as_secs_f64() / calls);
        let mut at = rng.exponential(gap);
        while at < interval.as_secs_f64() {
            callers.push(Caller::of(stream, midnight + Duration::from_secs_f64(from + at), rng));
            at += rng.exponential(gap);
        }
    }
}

impl Caller {
    fn of(stream: &Stream, at: Duration, rng: &mut Rng) -> Self {
        let mut rng = rng.fork();
        let whole: f64 = stream.numbers.iter().map(|(_, share)| share).sum();
        let mut lot = rng.unit() * whole;
        let chosen = stream.numbers.iter().find(|(_, share)| {
            lot -= share;
            lot < 0.0
        });
        let dialled = chosen.or(stream.numbers.last()).map_or_else(|| "".into(), |(number, _)| Arc::clone(number));
        let number = format!("{}{:09}", stream.prefix, rng.below(u64::from(stream.people.max(1))));
        let mut caller = Caller {
            at,
            trunk: stream.trunk,
            dialled,
            number: number.into(),
            talk: stream.talk.draw(&mut rng),
            wrap_up: stream.wrap_up.draw(&mut rng),
            patience: stream.patience.as_ref().map(|patience| patience.draw(&mut rng)),
            presses: None,
            seed: rng.next_u64(),
        };
        // Drawn last: habits change nothing else about a day.
        let mut lot = if stream.habits.is_empty() { 1.0 } else { rng.unit() };
        let habit = stream.habits.iter().find(|habit| {
            lot -= habit.share;
            lot < 0.0
        });
        caller.presses = habit.map(|habit| (Arc::clone(&habit.keys), habit.after));
        caller
    }

    fn again(past: &PastCall, midnight: Duration, rng: &mut Rng) -> Self {
        let mut rng = rng.fork();
        Caller {
            at: midnight + past.at,
            trunk: past.trunk,
            dialled: Arc::clone(&past.dialled),
            number: Arc::clone(&past.number),
            talk: past.talk.draw(&mut rng),
            wrap_up: past.wrap_up.draw(&mut rng),
            patience: past.patience.as_ref().map(|patience| patience.draw(&mut rng)),
            presses: None,
            seed: rng.next_u64(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Spread, Weekdays};

    #[test]
    fn callers_come_on_their_days_of_the_week_and_by_their_own_numbers() {
        let stream = |days: [bool; 7], prefix: &str| Stream {
            trunk: TrunkId(0),
            days: Weekdays(days),
            numbers: vec![("4008".into(), 1.0)],
            calls: vec![50.0],
            talk: Spread::ZERO,
            wrap_up: Spread::ZERO,
            patience: None,
            habits: Vec::new(),
            people: 10_000,
            prefix: prefix.into(),
        };
        let work = stream([true, true, true, true, true, false, false], "+4930");
        let sunday = stream([false, false, false, false, false, false, true], "+33");
        let week: Vec<_> = (0..7).map(|day| Duration::from_secs(86_400 * day)).collect();
        let demand = Demand { streams: vec![work, sunday], ..Demand::default() };
        let all = callers(&demand, 1, (Weekday::Thursday, &week), Duration::from_secs(3600));
        let on = |prefix: &str| {
            let of = all.iter().filter(|caller| caller.number.starts_with(prefix));
            let mut days: Vec<_> = of.map(|caller| caller.at.as_secs() / 86_400).collect();
            days.dedup();
            days
        };
        assert_eq!((on("+4930"), on("+33")), (vec![0, 1, 4, 5, 6], vec![3]));
    }
}
