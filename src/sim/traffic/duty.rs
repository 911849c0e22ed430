//! What the schedule asks of every agent, and how much of it he does.

use core::time::Duration;
use model::{AgentId, AgentState, Shift, Weekday};

/// How a schedule was kept: times of the queue's agents.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Kept {
    /// Shifts, breaks included.
    pub scheduled: Duration,
    /// Of that, spent as was planned: at work in the shift, not ready in a break.
    pub adherent: Duration,
    /// Shifts without breaks.
    pub work: Duration,
}

/// A stretch of somebody's schedule, since the beginning of the first day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Duty {
    pub(crate) from: Duration,
    pub(crate) to: Duration,
    pub(crate) works: bool,
}

/// By agent, in order of time.
#[derive(Debug)]
pub(crate) struct Duties(Vec<Vec<Duty>>);

impl Duties {
    pub(crate) fn new(agents: usize, shifts: &[Shift], first: Weekday, midnights: &[Duration]) -> Self {
        let mut all = vec![Vec::new(); agents];
        for (nth, midnight) in midnights.iter().enumerate() {
            // A day on which the clocks go forward ends an hour early.
            let next = midnights.get(nth + 1).copied().unwrap_or(Duration::MAX);
            for shift in shifts.iter().filter(|shift| shift.days.has(first, nth)) {
                let Some(own) = all.get_mut(shift.agent.index()) else { continue };
                let mut duty = |from: Duration, to: Duration, works| {
                    let (from, to) = (*midnight + from, (*midnight + to).min(next));
                    if from < to {
                        own.push(Duty { from, to, works });
                    }
                };
                let mut breaks = shift.breaks.clone();
                breaks.sort_by_key(|pause| pause.at);
                let mut from = shift.from;
                for pause in breaks {
                    duty(from, pause.at, true);
                    from = pause.at + pause.lasts;
                    duty(pause.at, from, false);
                }
                duty(from, shift.to, true);
            }
        }
        all.iter_mut().for_each(|own| own.sort_by_key(|duty| duty.from));
        Duties(all)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (AgentId, Duty)> {
        (0..).map(AgentId).zip(&self.0).flat_map(|(agent, own)| own.iter().map(move |duty| (agent, *duty)))
    }

    /// Parts of this stretch that were spent as was planned: from, and how long.
    pub(crate) fn adherent(
        &self,
        agent: AgentId,
        state: AgentState,
        from: Duration,
        lasted: Duration,
    ) -> impl Iterator<Item = (Duration, Duration)> {
        let to = from + lasted;
        let own = self.0.get(agent.index()).map_or(&[][..], |own| own);
        let first = own.partition_point(|duty| duty.to <= from);
        let there = own[first..].iter().take_while(move |duty| duty.from < to);
        there.filter(move |duty| works(state) == Some(duty.works)).map(move |duty| {
            let begins = duty.from.max(from);
            (begins, duty.to.min(to) - begins)
        })
    }
}

/// `None`: not there.
fn works(state: AgentState) -> Option<bool> {
    match state {
        AgentState::SignedOff => None,
        AgentState::NotReady { .. } => Some(false),
        AgentState::Ready | AgentState::Reserved { .. } | AgentState::Busy { .. } | AgentState::WrapUp { .. } => {
            Some(true)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Break, NotReadyReason, Weekdays};

    fn hours(h: u64) -> Duration {
        Duration::from_secs(h * 3600)
    }

    #[test]
    fn work_in_the_shift_and_rest_in_the_break_are_what_was_planned() {
        let pause = |at| Break { at: hours(at), lasts: hours(1), code: 1 };
        let breaks = vec![pause(14), pause(12)];
        let shift = Shift { agent: AgentId(1), days: Weekdays::ALL, from: hours(8), to: hours(16), breaks };
        let duties = Duties::new(2, &[shift], Weekday::Monday, &[hours(0), hours(23)]);
        let day: Vec<_> = duties.all().map(|(_, duty)| (duty.from, duty.to, duty.works)).take(5).collect();
        let planned = [(8, 12, true), (12, 13, false), (13, 14, true), (14, 15, false), (15, 16, true)];
        assert_eq!(day, planned.map(|(from, to, works)| (hours(from), hours(to), works)));
        let kept =
            |state, from, to| -> Vec<_> { duties.adherent(AgentId(1), state, hours(from), hours(to - from)).collect() };
        let rest = AgentState::NotReady { reason: NotReadyReason::Code(1) };
        assert_eq!(kept(AgentState::Ready, 7, 13), [(hours(8), hours(4))]);
        assert_eq!(kept(rest, 7, 13), [(hours(12), hours(1))]);
        // The second day begins an hour early.
        assert_eq!(kept(AgentState::Ready, 15, 32), [(hours(15), hours(1)), (hours(31), hours(1))]);
        assert_eq!(kept(AgentState::SignedOff, 7, 13), []);
        assert_eq!(duties.adherent(AgentId(0), AgentState::Ready, hours(7), hours(9)).count(), 0);
    }

    #[test]
    fn a_day_that_is_an_hour_short_asks_an_hour_less() {
        let shift = Shift { agent: AgentId(0), days: Weekdays::ALL, from: hours(0), to: hours(24), breaks: vec![] };
        let duties = Duties::new(1, &[shift], Weekday::Saturday, &[hours(0), hours(23)]);
        let days: Vec<_> = duties.all().map(|(_, duty)| (duty.from, duty.to)).collect();
        assert_eq!(days, [(hours(0), hours(23)), (hours(23), hours(47))]);
    }

    #[test]
    fn a_shift_is_asked_on_its_days_of_the_week_alone() {
        let days = Weekdays([true, true, true, true, true, false, false]);
        let shift = Shift { agent: AgentId(0), days, from: hours(8), to: hours(9), breaks: vec![] };
        let week: Vec<_> = (0..7).map(|day| hours(24 * day)).collect();
        let duties = Duties::new(1, &[shift], Weekday::Thursday, &week);
        let there: Vec<_> = duties.all().map(|(_, duty)| duty.from.as_secs() / 86_400).collect();
        assert_eq!(there, [0, 1, 4, 5, 6]);
    }
}
