//! The agent's nailed-up leg, as far as his state goes by it: he is ready only while it is up.
//!
//! It is called when he signs on and hung up when he signs off, after whatever keeps him. Who hangs it up himself is not
//! called again until he says that he is ready or signs on anew; one that was not answered or lost is, a few times.

use crate::limits::{LINE_RETRY, LINE_STEADY, LINE_TRIES};
use crate::machine::{Acd, Timer};
use base::{Instant, Now, TimerId};
use model::{AgentId, Cause, CauseKind, PhoneId, QueueEvent};

#[derive(Debug)]
pub(crate) struct Line {
    /// He is to have one; by the configuration.
    pub(crate) wanted: bool,
    state: LineState,
    again: Again,
    /// Calls in a row that came to nothing.
    failed: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum LineState {
    Down,
    Calling(PhoneId),
    Up(PhoneId, Instant),
    /// Told to be hung up; never two of them.
    Ending,
}

/// When a leg that is down is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Again {
    Now,
    Later(TimerId),
    /// It failed too often: when his phone shows itself anew, or by his word.
    WithPhone,
    /// He hung up: by his word.
    WithHim,
}

impl Line {
    pub(crate) const NONE: Line = Line { wanted: false, state: LineState::Down, again: Again::Now, failed: 0 };

    /// Nothing of him is without a leg he ought to have.
    pub(crate) fn serves(&self, phone: Option<PhoneId>) -> bool {
        !self.wanted || matches!(self.state, LineState::Up(at, _) if Some(at) == phone)
    }
}

impl Acd {
    /// After every change of his: calls or hangs up what is not as it should be. A talk keeps the leg it is on.
    pub(crate) fn tend_line(&mut self, id: AgentId) {
        let Some(agent) = self.agent(id) else { return };
        let wanted = agent.line.wanted;
        if !wanted && agent.line.state == LineState::Down {
            return;
        }
        let reachable = self.is_reachable(id);
        let draining = self.draining;
        let Some(agent) = self.agent(id) else { return };
        let (phone, free) = (agent.phone.filter(|_| wanted), agent.is_free());
        match (agent.line.state, phone) {
            (LineState::Down, Some(phone)) if reachable && !draining && agent.line.again == Again::Now => {
                agent.line.state = LineState::Calling(phone);
                self.tell(QueueEvent::Nail { agent: id, phone });
            }
            (LineState::Calling(at) | LineState::Up(at, _), phone) if phone != Some(at) && free => {
                agent.line.state = LineState::Ending;
                self.tell(QueueEvent::Unnail { agent: id });
            }
            (LineState::Down | LineState::Calling(_) | LineState::Up(..) | LineState::Ending, _) => {}
        }
    }

    pub(crate) fn line_is_up(&mut self, now: Now, id: AgentId) {
        let Some(agent) = self.agent(id) else { return };
        if let LineState::Calling(phone) = agent.line.state {
            agent.line.state = LineState::Up(phone, now.mono);
        }
        self.refresh(now, id);
    }

    pub(crate) fn line_is_down(&mut self, now: Now, id: AgentId, cause: Cause) {
        let Some(agent) = self.agent(id) else { return };
        let was = core::mem::replace(&mut agent.line.state, LineState::Down);
        let steady = matches!(was, LineState::Up(_, since) if now.mono - since >= LINE_STEADY);
        agent.line.failed = if steady { 1 } else { agent.line.failed + 1 };
        let failed = agent.line.failed;
        let again = match cause.kind {
            _ if was == LineState::Ending => Again::Now,
            CauseKind::NormalClearing | CauseKind::Declined | CauseKind::Forced | CauseKind::Shutdown => Again::WithHim,
            _ if failed >= LINE_TRIES => Again::WithPhone,
            _ => Again::Later(self.timers.insert_after(now.mono, LINE_RETRY * failed, Timer::Line(id))),
        };
        self.call_line(id, again);
        self.refresh(now, id);
    }

    fn call_line(&mut self, id: AgentId, again: Again) {
        let Some(agent) = self.agent(id) else { return };
        if let Again::Later(timer) = core::mem::replace(&mut agent.line.again, again) {
            self.timers.cancel(timer);
        }
    }

    pub(crate) fn line_due(&mut self, now: Now, id: AgentId) {
        if let Some(agent) = self.agent(id) {
            agent.line.again = Again::Now;
        }
        self.refresh(now, id);
    }

    /// His word, or a new sign-on: whatever went wrong with it before does not count.
    pub(crate) fn line_anew(&mut self, id: AgentId) {
        if let Some(agent) = self.agent(id) {
            agent.line.failed = 0;
        }
        self.call_line(id, Again::Now);
    }

    /// His phone can be reached again.
    pub(crate) fn line_with_phone(&mut self, id: AgentId) {
        if self.agent(id).is_some_and(|agent| agent.line.again != Again::WithHim) {
            self.line_anew(id);
        }
    }
}
