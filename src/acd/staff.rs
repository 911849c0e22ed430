//! What an agent's home knows of him. His state is computed from it, never stored beside it.

use crate::breather::Pace;
use crate::few::Few;
use crate::limits::ENGAGED_MAX;
use crate::nailed::Line;
use crate::strategy::IdleStamps;
use base::{Instant, TimerId};
use core::time::Duration;
use model::{AgentState, ContactId, EmptyRule, NotReadyReason, OfferId, PhoneId, QueueId};

/// The agents of this shard; agent `id` is at `id / shards`.
#[derive(Debug, Default)]
pub(crate) struct Staff {
    pub(crate) agents: Vec<Agent>,
}

/// What every contact of his changes comes first, in whole lines of the cache.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Agent {
    /// The calls he is part of, oldest first.
    pub(crate) engaged: Few<Engagement>,
    /// Where he is signed on.
    pub(crate) phone: Option<PhoneId>,
    /// What he wants to be when nothing keeps him; asked for during a call it waits (the pending state).
    pub(crate) stance: Stance,
    /// What his phone did last, when that was not well.
    pub(crate) fault: Option<Fault>,
    /// He signs off as soon as nothing keeps him.
    pub(crate) leaving: bool,
    /// By the configuration: he is not to be any more; he has short breaks.
    pub(crate) removed: bool,
    pub(crate) breathes: bool,
    /// In all the queues he is counted in he counts the same whatever he does at work.
    pub(crate) work_is_alike: bool,
    pub(crate) offer: Option<OpenOffer>,
    /// What was last published.
    pub(crate) shown: AgentState,
    pub(crate) shown_phone: Option<PhoneId>,
    pub(crate) idle: IdleStamps,
    /// Offers in a row that he did not take.
    pub(crate) misses: u32,
    pub(crate) line: Line,
    pub(crate) pace: Pace,
    /// The queue contact he has released while another call still kept him.
    pub(crate) owed: Option<Engagement>,
    pub(crate) wrap_up: Option<WrapUp>,
    /// Asked for during the call, on top of the wrap-up that follows.
    pub(crate) extension: Duration,
    pub(crate) comeback: Option<TimerId>,
    pub(crate) retry: Option<TimerId>,
    /// The queues in whose staff he is counted, and as what.
    pub(crate) counted: Vec<(QueueId, Presence)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stance {
    Ready,
    NotReady(NotReadyReason),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// It did not answer although it is registered; tried again after a while.
    Silent,
    /// It answered that it cannot; tried again after a while too.
    Failing,
    /// It answered busy without a call of ours.
    Busy,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenOffer {
    pub(crate) id: OfferId,
    /// `None`: a call that names him.
    pub(crate) queue: Option<QueueId>,
    /// The contact's slot on the board.
    pub(crate) slot: Option<u32>,
    pub(crate) timer: TimerId,
    /// The time to settle runs, no longer the lease.
    pub(crate) confirmed: bool,
    /// He has answered; the contact's customer is still to be reached.
    pub(crate) attended: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Engagement {
    pub(crate) contact: ContactId,
    pub(crate) queue: Option<QueueId>,
    /// When his phone began to ring for it: from then on he was there for nobody else.
    pub(crate) since: Instant,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct WrapUp {
    pub(crate) work: Engagement,
    /// `None`: only the agent ends it.
    pub(crate) timer: Option<TimerId>,
    /// When the timer runs out.
    pub(crate) ends: Option<Instant>,
    /// From here on the agent may end it.
    pub(crate) least: Instant,
    /// No request makes it longer than this.
    pub(crate) most: Instant,
}

impl Agent {
    pub(crate) fn new() -> Self {
        Agent {
            phone: None,
            stance: Stance::NotReady(NotReadyReason::SignedOn),
            leaving: false,
            fault: None,
            line: Line::NONE,
            pace: Pace::default(),
            offer: None,
            engaged: Few::new(),
            owed: None,
            wrap_up: None,
            extension: Duration::ZERO,
            misses: 0,
            idle: IdleStamps::default(),
            comeback: None,
            retry: None,
            shown: AgentState::SignedOff,
            shown_phone: None,
            counted: Vec::new(),
            removed: false,
            breathes: false,
            work_is_alike: false,
        }
    }

    /// His one state. `reachable`: what the board says of his phone.
    pub(crate) fn state(&self, reachable: bool) -> AgentState {
        if self.phone.is_none() {
            AgentState::SignedOff
        } else if let Some(engaged) = self.engaged.first() {
            AgentState::Busy { contact: engaged.contact }
        } else if let Some(offer) = self.offer.as_ref().filter(|offer| offer.attended) {
            // CSTA: Busy, he is in a call.
            AgentState::Busy { contact: offer.id.contact }
        } else if let Some(offer) = &self.offer {
            AgentState::Reserved { contact: offer.id.contact }
        } else if let Some(wrap_up) = &self.wrap_up {
            AgentState::WrapUp { contact: wrap_up.work.contact }
        } else {
            self.rest(reachable)
        }
    }

    /// What he is when nothing keeps him. His phone matters only while he wants to be ready.
    pub(crate) fn rest(&self, reachable: bool) -> AgentState {
        let not_ready = |reason| AgentState::NotReady { reason };
        match (self.stance, self.fault) {
            (Stance::NotReady(reason), _) => not_ready(reason),
            (Stance::Ready, _) if !reachable => not_ready(NotReadyReason::DeviceUnreachable),
            (Stance::Ready, Some(Fault::Silent)) => not_ready(NotReadyReason::DeviceUnreachable),
            (Stance::Ready, Some(Fault::Failing)) => not_ready(NotReadyReason::DeviceFailed),
            (Stance::Ready, Some(Fault::Busy)) => not_ready(NotReadyReason::DeviceBusy),
            (Stance::Ready, None) if !self.line.serves(self.phone) => not_ready(NotReadyReason::LineDown),
            (Stance::Ready, None) => AgentState::Ready,
        }
    }

    /// What he will be when nothing keeps him any more, if that is not ready (CSTA's pending state): what he was told to
    /// be last, or what his phone makes him. `None` while nothing keeps him.
    pub(crate) fn pending(&self, reachable: bool) -> Option<AgentState> {
        let after = if self.leaving { AgentState::SignedOff } else { self.rest(reachable) };
        (self.phone.is_some() && !self.is_free() && after != AgentState::Ready).then_some(after)
    }

    /// He is in wrap-up, or will be: a queue's contact is or was in his hands.
    pub(crate) fn owes_wrap_up(&self) -> bool {
        self.wrap_up.is_some() || self.owed.is_some() || self.engaged.iter().any(|e| e.queue.is_some())
    }

    /// Nothing keeps him: no offer, no call, no wrap-up.
    pub(crate) fn is_free(&self) -> bool {
        self.offer.is_none() && self.engaged.is_empty() && self.wrap_up.is_none()
    }

    /// Adds the time in the state shown so far to his share of work.
    pub(crate) fn count_time(&mut self, now: Instant) {
        let passed = now.since(self.idle.counted);
        self.idle.counted = now;
        let (works, staffed) = match self.shown {
            AgentState::SignedOff | AgentState::NotReady { .. } => (false, false),
            AgentState::Ready => (false, true),
            AgentState::Reserved { .. } | AgentState::Busy { .. } | AgentState::WrapUp { .. } => (true, true),
        };
        self.idle.worked += if works { passed } else { Duration::ZERO };
        self.idle.staffed += if staffed { passed } else { Duration::ZERO };
    }

    /// False when it is not kept: he has too many calls, or this one already.
    pub(crate) fn engage(&mut self, contact: ContactId, queue: Option<QueueId>, since: Instant) -> bool {
        let known = self.engaged.iter().any(|e| e.contact == contact);
        let kept = !known && self.engaged.len() < ENGAGED_MAX;
        if kept {
            self.engaged.push(Engagement { contact, queue, since });
        }
        kept
    }

    /// The call is over for him; `None` when he was not part of it.
    pub(crate) fn disengage(&mut self, contact: ContactId) -> Option<Engagement> {
        self.engaged.take(|e| e.contact == contact)
    }
}

/// Takes contacts now, or when he has done with his.
pub(crate) fn is_at_work(state: AgentState) -> bool {
    match state {
        AgentState::SignedOff | AgentState::NotReady { .. } => false,
        AgentState::Ready | AgentState::Reserved { .. } | AgentState::Busy { .. } | AgentState::WrapUp { .. } => true,
    }
}

/// As what an agent counts in a queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Presence {
    pub(crate) signed_on: bool,
    /// Ready, reserved, busy or in wrap-up.
    pub(crate) available: bool,
    /// By the empty rule, for a contact that comes.
    pub(crate) joins: bool,
    /// By the empty rule, for one that waits.
    pub(crate) stays: bool,
}

impl Presence {
    pub(crate) fn of(state: AgentState, rule: &EmptyRule) -> Self {
        let (signed_on, available) = (state != AgentState::SignedOff, is_at_work(state));
        Presence { signed_on, available, joins: !rule.join.covers(state), stays: !rule.leave.covers(state) }
    }
}
