use super::chance::Spread;
use base::Rng;
use core::time::Duration;
use model::TrunkId;
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
    /// For what happens on his account later.
    pub seed: u64,
}

/// A kind of caller and when he comes.
#[derive(Clone, PartialEq, Debug)]
pub struct Stream {
    pub trunk: TrunkId,
    /// What they dial, each with its share of the whole.
    pub numbers: Vec<(Arc<str>, f64)>,
    /// Expected calls of each interval of the day, from midnight; times are Poisson.
    pub calls: Vec<f64>,
    pub talk: Spread,
    pub wrap_up: Spread,
    pub patience: Option<Spread>,
    /// From how many people they are; each has one number.
    pub people: u32,
}

/// Who calls on a day.
#[derive(Clone, PartialEq, Debug)]
pub enum Demand {
    Streams(Vec<Stream>),
    /// As it once was; lengths that are not known are drawn.
    Past(Vec<PastCall>),
}

/// A line of a file of past contacts.
#[derive(Clone, PartialEq, Debug)]
pub struct PastCall {
    pub at: Duration,
    pub trunk: TrunkId,
    pub dialled: Arc<str>,
    pub number: Arc<str>,
    pub talk: Spread,
    pub wrap_up: Spread,
    pub patience: Option<Spread>,
}

impl Demand {
    /// Everybody who calls on these days, in order of time. Each kind of caller has its own chance, so that a change
    /// of one does not move the others.
    pub fn callers(&self, seed: u64, midnights: &[Duration], interval: Duration) -> Vec<Caller> {
        let mut rng = Rng::new(seed);
        let mut callers = Vec::new();
        match self {
            Demand::Streams(streams) => {
                for stream in streams {
                    let mut rng = rng.fork();
                    for midnight in midnights {
                        stream.day(*midnight, interval, &mut rng, &mut callers);
                    }
                }
            }
            Demand::Past(calls) => callers.extend(calls.iter().map(|call| call.again(&mut rng))),
        }
        callers.sort_by_key(|caller| caller.at);
        callers
    }
}

impl Stream {
    fn day(&self, midnight: Duration, interval: Duration, rng: &mut Rng, callers: &mut Vec<Caller>) {
        for (nth, calls) in self.calls.iter().enumerate().filter(|(_, calls)| **calls > 0.0) {
            let (from, gap) = (interval.as_secs_f64() * nth as f64, interval.as_secs_f64() / calls);
            let mut at = rng.exponential(gap);
            while at < interval.as_secs_f64() {
                callers.push(self.caller(midnight + Duration::from_secs_f64(from + at), rng));
                at += rng.exponential(gap);
            }
        }
    }

    fn caller(&self, at: Duration, rng: &mut Rng) -> Caller {
        let mut rng = rng.fork();
        let whole: f64 = self.numbers.iter().map(|(_, share)| share).sum();
        let mut lot = rng.unit() * whole;
        let chosen = self.numbers.iter().find(|(_, share)| {
            lot -= share;
            lot < 0.0
        });
        let dialled = chosen.or(self.numbers.last()).map_or_else(|| "".into(), |(number, _)| Arc::clone(number));
        let number = format!("1{:09}", rng.below(u64::from(self.people.max(1))));
        Caller {
            at,
            trunk: self.trunk,
            dialled,
            number: number.into(),
            talk: self.talk.draw(&mut rng),
            wrap_up: self.wrap_up.draw(&mut rng),
            patience: self.patience.as_ref().map(|patience| patience.draw(&mut rng)),
            seed: rng.next_u64(),
        }
    }
}

impl PastCall {
    fn again(&self, rng: &mut Rng) -> Caller {
        let mut rng = rng.fork();
        Caller {
            at: self.at,
            trunk: self.trunk,
            dialled: Arc::clone(&self.dialled),
            number: Arc::clone(&self.number),
            talk: self.talk.draw(&mut rng),
            wrap_up: self.wrap_up.draw(&mut rng),
            patience: self.patience.as_ref().map(|patience| patience.draw(&mut rng)),
            seed: rng.next_u64(),
        }
    }
}
