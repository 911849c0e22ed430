use crate::formulas::occupancy;
use base::{Instant, Now, Utc};
use core::time::Duration;
use model::{AgentId, AgentState, ContactId, NotReadyReason};
use std::collections::HashMap;

/// A stretch of time in which an agent was in one state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AgentSpan {
    pub agent: AgentId,
    pub state: AgentState,
    pub from: Utc,
    pub lasted: Duration,
}

impl AgentSpan {
    /// The contact the time belongs to, if any.
    pub fn contact(&self) -> Option<ContactId> {
        match self.state {
            AgentState::Reserved { contact } | AgentState::Busy { contact } | AgentState::WrapUp { contact } => {
                Some(contact)
            }
            AgentState::SignedOff | AgentState::NotReady { .. } | AgentState::Ready => None,
        }
    }

    pub fn reason(&self) -> Option<NotReadyReason> {
        match self.state {
            AgentState::NotReady { reason } => Some(reason),
            AgentState::SignedOff
            | AgentState::Ready
            | AgentState::Reserved { .. }
            | AgentState::Busy { .. }
            | AgentState::WrapUp { .. } => None,
        }
    }
}

/// Where every agent is now, and since when; turns state changes into spans that meet without gap.
#[derive(Clone, Debug, Default)]
pub struct AgentTimes {
    open: HashMap<AgentId, (AgentState, Now)>,
}

impl AgentTimes {
    /// The span that ends with this change, unless it lasted no time or was signed-off time.
    pub fn change(&mut self, at: Now, agent: AgentId, state: AgentState) -> Option<AgentSpan> {
        let previous = self.open.insert(agent, (state, at));
        let (state, since) = previous?;
        span(agent, state, since, at.mono)
    }

    pub fn state(&self, agent: AgentId) -> Option<AgentState> {
        self.open.get(&agent).map(|(state, _)| *state)
    }

    /// Somebody is signed on.
    pub fn is_anybody_on(&self) -> bool {
        self.open.values().any(|(state, _)| *state != AgentState::SignedOff)
    }

    /// Every open span as it stands now, for reports up to the present.
    pub fn open_spans(&self, now: Instant) -> impl Iterator<Item = AgentSpan> {
        self.open.iter().filter_map(move |(agent, (state, since))| span(*agent, *state, *since, now))
    }

    /// Cuts every open span here, as at a stop, so that what was is stored and what comes starts anew.
    pub fn cut(&mut self, at: Now) -> Vec<AgentSpan> {
        let spans = self.open_spans(at.mono).collect();
        for (_, since) in self.open.values_mut() {
            *since = at;
        }
        spans
    }
}

fn span(agent: AgentId, state: AgentState, since: Now, until: Instant) -> Option<AgentSpan> {
    let lasted = until - since.mono;
    (state != AgentState::SignedOff && lasted > Duration::ZERO).then_some(AgentSpan {
        agent,
        state,
        from: since.utc,
        lasted,
    })
}

/// What an agent's spans add up to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct AgentFigures {
    pub ready: Duration,
    pub not_ready: Duration,
    pub ringing: Duration,
    pub busy: Duration,
    pub wrap_up: Duration,
}

impl AgentFigures {
    pub fn add(&mut self, state: AgentState, lasted: Duration) {
        match state {
            AgentState::SignedOff => {}
            AgentState::NotReady { .. } => self.not_ready += lasted,
            AgentState::Ready => self.ready += lasted,
            AgentState::Reserved { .. } => self.ringing += lasted,
            AgentState::Busy { .. } => self.busy += lasted,
            AgentState::WrapUp { .. } => self.wrap_up += lasted,
        }
    }

    /// The sum over states: signed-on time, to the nanosecond.
    pub fn signed_on(&self) -> Duration {
        self.ready + self.not_ready + self.ringing + self.busy + self.wrap_up
    }

    pub fn occupancy(&self) -> Option<f64> {
        occupancy(self.ringing + self.busy + self.wrap_up, self.ready)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Now {
        Now::default() + Duration::from_secs(secs)
    }

    #[test]
    fn complaint_39_each_pause_counts_from_its_own_start() {
        let mut times = AgentTimes::default();
        let agent = AgentId(4);
        let pause = AgentState::NotReady { reason: NotReadyReason::Code(1) };
        let mut figures = AgentFigures::default();
        for (secs, state) in [
            (0, pause),
            (10, AgentState::Ready),
            (100, pause),
            (105, AgentState::Ready),
            (200, AgentState::SignedOff),
            (500, pause),
            (501, AgentState::SignedOff),
        ] {
            if let Some(span) = times.change(at(secs), agent, state) {
                figures.add(span.state, span.lasted);
            }
        }
        assert_eq!(figures.not_ready, Duration::from_secs(10 + 5 + 1));
        assert_eq!(figures.ready, Duration::from_secs(90 + 95));
        assert_eq!(figures.signed_on(), Duration::from_secs(201));
    }

    #[test]
    fn a_cut_loses_nothing() {
        let mut times = AgentTimes::default();
        times.change(at(0), AgentId(0), AgentState::Ready);
        let before = times.cut(at(30));
        let after = times.change(at(50), AgentId(0), AgentState::SignedOff);
        assert_eq!(before[0].lasted + after.unwrap().lasted, Duration::from_secs(50));
    }
}
