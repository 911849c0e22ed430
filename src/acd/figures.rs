//! A queue in figures, for the conditions of steps and reserves.

use crate::expect::Forecast;
use crate::limits::SERVICE_LEVEL_MINUTES;
use crate::machine::Acd;
use crate::message::Departure;
use crate::words::Seat;
use base::{Instant, Now};
use core::time::Duration;
use model::{AgentId, QueueFigure, QueueId, ServiceLevel};

/// How the last minutes' contacts were answered.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Recent {
    /// By minute, each at its number modulo the length.
    minutes: [Minute; SERVICE_LEVEL_MINUTES + 1],
}

#[derive(Clone, Copy, Debug, Default)]
struct Minute {
    /// Since the process clock began.
    number: u64,
    in_time: u32,
    all: u32,
}

impl Recent {
    /// One has left the queue. Who hung up after a moment, or went by a rule, says nothing about the service: a rule
    /// that calls others in is not to look at what rules do, so the reports' treatment does not count here.
    pub(crate) fn note(&mut self, now: Instant, waited: Duration, how: Departure, asked: &ServiceLevel) {
        let in_time = match how {
            Departure::Served => waited <= asked.target,
            Departure::Abandoned if waited <= asked.short_abandon => return,
            Departure::Abandoned => false,
            Departure::FlowedOut => return,
        };
        let number = minute_of(now);
        let minute = &mut self.minutes[number as usize % (SERVICE_LEVEL_MINUTES + 1)];
        if minute.number != number {
            *minute = Minute { number, ..Minute::default() };
        }
        minute.all += 1;
        minute.in_time += u32::from(in_time);
    }

    /// Per cent, rounded down; `None` when nobody was answered or gave up.
    pub(crate) fn service_level(&self, now: Instant) -> Option<u32> {
        let number = minute_of(now);
        let counted = self.minutes.iter().filter(|minute| minute.number + SERVICE_LEVEL_MINUTES as u64 >= number);
        let (in_time, all) = counted.fold((0, 0), |(in_time, all), m| (in_time + m.in_time, all + m.all));
        (in_time * 100).checked_div(all)
    }
}

pub(crate) fn minute_of(now: Instant) -> u64 {
    now.as_millis() / 60_000
}

impl Acd {
    /// Those of a reserve and of a lending queue are asked where the reserve is known; a contact's where it is.
    pub(crate) fn queue_figure(&mut self, now: Now, queue: QueueId, figure: QueueFigure) -> u32 {
        let line = self.lines.look(queue);
        match figure {
            QueueFigure::Waiting => line.arrivals.len() as u32,
            QueueFigure::SignedOn => self.board.queue_signed_on(queue),
            QueueFigure::Staffed => self.board.queue_available(queue),
            QueueFigure::Ready if self.seating.shards == 1 => line.crew.ready(),
            // Whom another shard has taken stands in the crew until somebody here asks for him: the board knows it.
            QueueFigure::Ready => {
                let serves = |agent: &&AgentId| line.rank(**agent).is_some();
                let is_ready = |agent: &&AgentId| self.board.seat(**agent).0 == Seat::Ready;
                line.crew.staff().iter().filter(serves).filter(is_ready).count() as u32
            }
            QueueFigure::LongestWait => {
                let oldest = line.arrivals.first().map_or(now.mono, |(queued, ..)| queued);
                whole_secs(now.mono.since(oldest))
            }
            QueueFigure::ServiceLevel => line.recent.service_level(now.mono).unwrap_or(100),
            QueueFigure::ExpectedWait => {
                let position = line.waiting() as u32 + 1;
                self.expected_secs(now, queue, position)
            }
            QueueFigure::Priority | QueueFigure::ReserveReady | QueueFigure::LenderWaiting => 0,
        }
    }

    /// 0 when nothing can be foretold.
    pub(crate) fn expected_secs(&mut self, now: Now, queue: QueueId, position: u32) -> u32 {
        in_seconds(self.foretell_at(now, queue, position))
    }
}

pub(crate) fn in_seconds(forecast: Option<Forecast>) -> u32 {
    forecast.map_or(0, |forecast| whole_secs(forecast.expected))
}

fn whole_secs(time: Duration) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::testing::{queue, secs};

    #[test]
    fn the_service_level_is_that_of_the_last_minutes() {
        let (mut recent, asked) = (Recent::default(), queue("line").service_level);
        let at = |s: u64| Instant::from_millis(1_000_000 * 60_000) + secs(s);
        assert_eq!(recent.service_level(at(0)), None);
        recent.note(at(0), secs(20), Departure::Served, &asked);
        recent.note(at(10), secs(21), Departure::Served, &asked);
        recent.note(at(70), secs(6), Departure::Abandoned, &asked);
        let in_a_moment = [secs(4), asked.short_abandon].map(|waited| (waited, Departure::Abandoned));
        for (waited, how) in in_a_moment.into_iter().chain([(secs(90), Departure::FlowedOut)]) {
            recent.note(at(75), waited, how, &asked);
        }
        assert_eq!(recent.service_level(at(75)), Some(33));
        assert_eq!(recent.service_level(at(359)), Some(33));
        assert_eq!(recent.service_level(at(360)), Some(0), "the first minute is too long ago");
        assert_eq!(recent.service_level(at(420)), None);
        recent.note(at(420), secs(1), Departure::Served, &asked);
        assert_eq!(recent.service_level(at(420)), Some(100), "its place is used again");
    }
}
