//! The agent's home: what happens to an agent, and what follows from it.

use crate::limits::{DEVICE_BUSY_BACK_OFF, DEVICE_RETRY, DIRECT_RING_TIME, RESERVATION_LEASE, SETTLE_GRACE};
use crate::machine::{Acd, Timer};
use crate::message::{ToAgent, ToContact, ToQueue};
use crate::staff::{Agent, Engagement, Fault, OpenOffer, Presence, Stance, is_at_work};
use crate::strategy::IdleStamps;
use crate::words::Seat;
use base::{Now, TimerId};
use core::time::Duration;
use model::{
    AgentId, AgentState, CauseKind, ContactId, Fact, NotReadyReason, OfferId, OfferOutcome, PhoneId, QueueId, ShardId,
};

impl Acd {
    pub(crate) fn on_agent_message(&mut self, now: Now, message: ToAgent) {
        match message {
            ToAgent::Reserved { offer, queue, slot } => self.reserved(now, offer, queue, slot),
            ToAgent::Undone { agent } => self.look_again(now, agent),
            ToAgent::Settled { offer, queue, outcome } => self.settled(now, offer, queue, outcome),
            ToAgent::Attending { offer } => self.attending(now, offer),
            ToAgent::Seize { agent, contact } => self.seize(now, agent, contact),
            ToAgent::Occupy { agent, contact } => self.occupy(now, agent, contact),
            ToAgent::Release { agent, contact, queue } => self.release(now, agent, contact, queue),
            ToAgent::Device { agent, phone } => self.device(now, agent, phone),
            ToAgent::People { ticket, from, agent, action, by } => {
                let result = self.people(now, agent, action, by);
                self.send(from, ToContact::Answer { ticket, result });
            }
        }
    }

    /// The agent, when he is ours and configured.
    pub(crate) fn agent(&mut self, id: AgentId) -> Option<&mut Agent> {
        debug_assert_eq!(self.agent_home(id), self.seating.shard, "messages go to the agent's home");
        self.staff.agents.get_mut(self.seating.place_of(id.0))
    }

    pub(crate) fn is_reachable(&mut self, id: AgentId) -> bool {
        let phone = self.agent(id).and_then(|a| a.phone);
        phone.is_some_and(|phone| self.board.phone_reachable(phone))
    }

    /// After every change: publishes his state and brings his claim word in line with it.
    pub(crate) fn refresh(&mut self, now: Now, id: AgentId) {
        self.end_orphaned_wrap_up(now, id);
        self.leave_if_free(id);
        self.tend_line(id);
        self.breathe(now, id);
        let reachable = self.is_reachable(id);
        self.settle_state(now, id, reachable);
        if let Some(pending) = self.agent(id).map(|a| a.pending(reachable)) {
            self.board.show_pending(id, pending);
        }
    }

    fn settle_state(&mut self, now: Now, id: AgentId, reachable: bool) {
        let Some(agent) = self.agent(id) else { return };
        let want = agent.state(reachable);
        if agent.offer.is_some() {
            // The word belongs to the offer until it is settled.
            return self.show(now, id, want);
        }
        let (seat, _) = self.board.seat(id);
        let is_ready = matches!(want, AgentState::Ready);
        match (is_ready, seat) {
            (true, Seat::Ready) => self.show(now, id, want),
            (true, Seat::Away | Seat::Busy) => {
                self.show(now, id, want);
                let epoch = self.board.free_agent(id);
                self.start_tour(now, id, epoch);
            }
            (false, Seat::Ready) => {
                if self.board.take_agent(id, seat_of(want)) {
                    self.lines.sort_out(id);
                    self.show(now, id, want);
                } // else a queue has just claimed him, and its message is on the way: decided when it comes.
            }
            // The same; the contact's home may even have taken the offer by now.
            (_, Seat::Reserved | Seat::Ringing) => {}
            (false, Seat::Away | Seat::Busy) => {
                self.board.seat_agent(id, seat_of(want));
                self.show(now, id, want);
            }
        }
    }

    /// His word was made ready again by somebody else: an undo counts as an insert.
    fn look_again(&mut self, now: Now, id: AgentId) {
        self.refresh(now, id);
        let (seat, epoch) = self.board.seat(id);
        if seat == Seat::Ready {
            self.start_tour(now, id, epoch);
        }
    }

    fn show(&mut self, now: Now, id: AgentId, want: AgentState) {
        let Some(agent) = self.agent(id) else { return };
        let (had, phone) = (agent.shown, agent.phone);
        if had == want && agent.shown_phone == phone {
            return;
        }
        if matches!(want, AgentState::Ready) && !matches!(had, AgentState::Ready | AgentState::Reserved { .. }) {
            agent.idle.ready = now.mono;
        }
        agent.count_time(now.mono);
        if had == AgentState::SignedOff {
            let zero = Duration::ZERO;
            agent.idle = IdleStamps { calls: 0, worked: zero, staffed: zero, ..agent.idle };
        }
        agent.shown = want;
        agent.shown_phone = phone;
        let work_is_alike = agent.work_is_alike;
        self.board.show_agent(id, want, phone, now.utc);
        self.fact(Fact::AgentChanged { agent: id, state: want, phone });
        if want == AgentState::SignedOff {
            self.release_kept(id);
        }
        if !(work_is_alike && is_at_work(had) && is_at_work(want)) {
            self.count(id);
        }
        self.tell_helped(id, had, want);
    }

    /// Queues he only helps have no count of him: they look at his word on the board.
    fn tell_helped(&mut self, id: AgentId, had: AgentState, now: AgentState) {
        for at in 0..self.helps.of(id).len() {
            let queue = self.helps.of(id)[at].0;
            let rule = &self.directory.queue(queue).empty;
            let (before, after) = (Presence::of(had, rule), Presence::of(now, rule));
            let fewer = (before.stays && !after.stays) || (before.available && !after.available);
            if fewer && self.board.somebody_waits(queue) {
                self.send(self.queue_home(queue), ToQueue::StaffFell { queue });
            }
        }
    }

    /// Nothing is kept for one who is not there.
    fn release_kept(&mut self, agent: AgentId) {
        for shard in (0..self.seating.shards).map(ShardId) {
            let serves = |q: &QueueId| self.queue_home(*q) == shard;
            let helps = self.helps.of(agent).iter().map(|(queue, _)| queue);
            if self.directory.agent(agent).queues.iter().chain(helps).any(serves) {
                self.send(shard, ToQueue::AgentGone { agent });
            }
        }
    }

    /// Brings the counts of his queues in line with what he is now.
    pub(crate) fn count(&mut self, id: AgentId) {
        let Some(state) = self.agent(id).map(|a| a.shown) else { return };
        for at in 0..self.agent(id).map_or(0, |a| a.counted.len()) {
            let Some((queue, before)) = self.agent(id).map(|a| a.counted[at]) else { return };
            let after = Presence::of(state, &self.directory.queue(queue).empty);
            if let Some(agent) = self.agent(id) {
                agent.counted[at].1 = after;
            }
            self.count_in(queue, before, after);
        }
    }

    pub(crate) fn count_in(&mut self, queue: QueueId, before: Presence, after: Presence) {
        if before == after {
            return;
        }
        let change = |was: bool, is: bool| i8::from(is) - i8::from(was);
        self.board.count_present(queue, change(before.joins, after.joins), change(before.stays, after.stays));
        let signed_on = change(before.signed_on, after.signed_on);
        self.board.count_staff(queue, signed_on, change(before.available, after.available));
        let fewer = (before.stays && !after.stays) || (before.available && !after.available);
        if fewer && self.board.queue_waiting(queue) > 0 && self.counts_staff(queue) {
            self.send(self.queue_home(queue), ToQueue::StaffFell { queue });
        }
    }

    fn reserved(&mut self, now: Now, offer: OfferId, queue: QueueId, slot: u32) {
        let id = offer.agent;
        let (seat, epoch) = self.board.seat(id);
        let held = matches!(seat, Seat::Reserved | Seat::Ringing) && epoch == offer.agent_epoch;
        let reachable = self.is_reachable(id);
        let timer = held.then(|| self.timers.insert_after(now.mono, RESERVATION_LEASE, Timer::Offer(id)));
        let (Some(timer), Some(agent)) = (timer, self.agent(id)) else { return };
        let open =
            OpenOffer { id: offer, queue: Some(queue), slot: Some(slot), timer, confirmed: false, attended: false };
        agent.offer = Some(open);
        agent.idle.offered = now.mono;
        // He changed his mind before we knew of the claim.
        let wanted = agent.rest(reachable) == AgentState::Ready && !agent.leaving && agent.engaged.is_empty();
        self.refresh(now, id);
        if !wanted {
            self.revoke_offer(id);
        }
    }

    /// Asks the contact's home to stop his phone; the offer is settled as withdrawn then.
    pub(crate) fn revoke_offer(&mut self, id: AgentId) {
        if let Some(offer) = self.agent(id).and_then(|a| a.offer) {
            self.send(offer.id.contact.home(), ToContact::Revoke { offer: offer.id });
        }
    }

    fn attending(&mut self, now: Now, offer: OfferId) {
        let open = self.agent(offer.agent).and_then(|a| a.offer.as_mut()).filter(|open| open.id == offer);
        if let Some(open) = open {
            open.attended = true;
            self.refresh(now, offer.agent);
        }
    }

    fn settled(&mut self, now: Now, offer: OfferId, queue: Option<QueueId>, outcome: OfferOutcome) {
        let id = offer.agent;
        let held = self.board.seat_after_offer(id, offer.agent_epoch);
        let Some(agent) = self.agent(id) else { return };
        let mine = agent.offer.filter(|o| o.id == offer);
        if mine.is_none() && !held {
            // Given up in the meantime; but a call he did answer is a call he is in.
            if outcome == OfferOutcome::Accepted {
                self.engage(now, id, offer.contact, queue);
                self.revoke_offer(id);
                self.refresh(now, id);
            }
            return;
        }
        match agent.offer.take_if(|o| o.id == offer) {
            Some(open) => _ = self.timers.cancel(open.timer),
            // It is over before we heard of it; he was offered one all the same.
            None => agent.idle.offered = now.mono,
        }
        self.take_outcome(now, id, offer, queue, outcome);
        self.refresh(now, id);
    }

    fn take_outcome(&mut self, now: Now, id: AgentId, offer: OfferId, queue: Option<QueueId>, outcome: OfferOutcome) {
        let Some(agent) = self.agent(id) else { return };
        match (outcome, queue) {
            (OfferOutcome::Accepted, _) => {
                agent.misses = 0;
                agent.idle.calls += u32::from(queue.is_some());
                self.engage(now, id, offer.contact, queue);
            }
            (OfferOutcome::Missed, Some(queue)) => self.missed(now, id, queue, true),
            (OfferOutcome::Rejected(cause), Some(queue)) => match cause.kind {
                CauseKind::Busy => self.fault(now, id, Fault::Busy, DEVICE_BUSY_BACK_OFF),
                _ => self.missed(now, id, queue, false),
            },
            (OfferOutcome::Failed(cause), _) => {
                let silent = matches!(cause.kind, CauseKind::Unreachable | CauseKind::Unregistered);
                self.fault(now, id, if silent { Fault::Silent } else { Fault::Failing }, DEVICE_RETRY);
            }
            // A call that named him changes nothing in his state.
            (OfferOutcome::Missed | OfferOutcome::Rejected(_), None) | (OfferOutcome::Withdrawn, _) => {}
        }
    }

    /// An offer he did not take. One that rang out makes him not ready: he comes back by himself after the queue's
    /// pause, but not after the last of `limit` in a row. One he declined only counts.
    fn missed(&mut self, now: Now, id: AgentId, queue: QueueId, rang_out: bool) {
        let policy = self.directory.queue(queue).missed;
        let Some(agent) = self.agent(id) else { return };
        agent.misses = agent.misses.saturating_add(1);
        let last = policy.limit != 0 && agent.misses >= policy.limit;
        // What he asked for meanwhile, a break or a sign-off, is not overwritten.
        if agent.stance != Stance::Ready || !(rang_out || last) {
            return;
        }
        agent.stance = Stance::NotReady(NotReadyReason::Missed);
        if !last && !policy.pause.is_zero() {
            let timer = self.timers.insert_after(now.mono, policy.pause, Timer::Comeback(id));
            self.set_comeback(id, Some(timer));
        }
    }

    pub(crate) fn set_comeback(&mut self, id: AgentId, timer: Option<TimerId>) {
        let old = self.agent(id).and_then(|a| core::mem::replace(&mut a.comeback, timer));
        if let Some(old) = old {
            self.timers.cancel(old);
        }
    }

    pub(crate) fn come_back(&mut self, now: Now, id: AgentId) {
        let Some(agent) = self.agent(id) else { return };
        agent.comeback = None;
        if matches!(agent.stance, Stance::NotReady(NotReadyReason::Missed | NotReadyReason::ShortBreak)) {
            agent.stance = Stance::Ready;
        }
        self.refresh(now, id);
    }

    fn fault(&mut self, now: Now, id: AgentId, fault: Fault, again: Duration) {
        self.clear_fault(id);
        let timer = self.timers.insert_after(now.mono, again, Timer::DeviceRetry(id));
        let Some(agent) = self.agent(id) else { return };
        agent.fault = Some(fault);
        agent.retry = Some(timer);
    }

    pub(crate) fn clear_fault(&mut self, id: AgentId) {
        let Some(agent) = self.agent(id) else { return };
        agent.fault = None;
        if let Some(timer) = agent.retry.take() {
            self.timers.cancel(timer);
        }
    }

    pub(crate) fn device_retry(&mut self, now: Now, id: AgentId) {
        let Some(agent) = self.agent(id) else { return };
        agent.retry = None;
        agent.fault = None;
        self.refresh(now, id);
    }

    /// The board has the truth about his phone already; here follows what it means for him.
    fn device(&mut self, now: Now, id: AgentId, phone: PhoneId) {
        let reachable = self.board.phone_reachable(phone);
        let Some(agent) = self.agent(id).filter(|a| a.phone == Some(phone)) else { return };
        if reachable && matches!(agent.fault, Some(Fault::Silent | Fault::Failing)) {
            self.clear_fault(id);
        } else if !reachable {
            self.revoke_offer(id);
        }
        if reachable {
            self.line_with_phone(id);
        }
        self.refresh(now, id);
    }

    /// A call that names him. On a break he may be called, in wrap-up or in a call he may not.
    fn seize(&mut self, now: Now, id: AgentId, contact: ContactId) {
        let offer = self.try_seize(id, contact);
        let (offer, phone) = match offer {
            Ok(seized) => seized,
            Err(cause) => {
                let refused = ToContact::SeizeRefused { contact, agent: id, cause: cause.into() };
                return self.send(contact.home(), refused);
            }
        };
        let after = DIRECT_RING_TIME + SETTLE_GRACE;
        let timer = self.timers.insert_after(now.mono, after, Timer::Offer(id));
        if let Some(agent) = self.agent(id) {
            agent.offer =
                Some(OpenOffer { id: offer, queue: None, slot: None, timer, confirmed: true, attended: false });
        }
        self.send(contact.home(), ToContact::Seized { offer, phone, ring_timeout: DIRECT_RING_TIME });
        self.refresh(now, id);
    }

    fn try_seize(&mut self, id: AgentId, contact: ContactId) -> Result<(OfferId, PhoneId), CauseKind> {
        let agent = self.agent(id).ok_or(CauseKind::NotFound)?;
        let phone = agent.phone.ok_or(CauseKind::Unregistered)?;
        if !agent.is_free() {
            return Err(CauseKind::Busy);
        }
        let on_line = self.agent(id).is_some_and(|a| a.line.serves(a.phone));
        if !self.is_reachable(id) || !on_line {
            return Err(CauseKind::Unregistered);
        }
        match self.board.seat(id).0 {
            Seat::Ready if self.board.take_agent(id, Seat::Ringing) => self.lines.sort_out(id),
            Seat::Away => {
                self.board.seat_agent(id, Seat::Ringing);
            }
            // A queue was faster.
            Seat::Ready | Seat::Reserved | Seat::Ringing | Seat::Busy => return Err(CauseKind::Busy),
        }
        let (_, agent_epoch) = self.board.seat(id);
        Ok((OfferId { contact, contact_epoch: 0, agent: id, agent_epoch }, phone))
    }

    fn occupy(&mut self, now: Now, id: AgentId, contact: ContactId) {
        let Some(agent) = self.agent(id).filter(|a| a.phone.is_some()) else { return };
        agent.engage(contact, None, now.mono);
        if agent.offer.is_some_and(|o| o.id.contact != contact) {
            self.revoke_offer(id);
        }
        self.refresh(now, id);
    }

    fn release(&mut self, now: Now, id: AgentId, contact: ContactId, queue: Option<QueueId>) {
        let Some(agent) = self.agent(id) else { return };
        let Some(work) = agent.disengage(contact) else { return };
        agent.idle.released = now.mono;
        if let Some(queue) = work.queue {
            self.talk_ended(now, queue);
        }
        let Some(agent) = self.agent(id) else { return };
        if queue.is_some() {
            agent.contact_over();
        }
        let owed = queue.map(|_| Engagement { queue, ..work }).or(agent.owed.take());
        match owed.filter(|_| agent.engaged.is_empty()) {
            Some(work) => self.start_wrap_up(now, id, work),
            None => agent.owed = owed,
        }
        self.refresh(now, id);
        self.retire(now, id);
    }

    /// The queue counts every contact of its own as talked with; one he does not keep is over for it at once.
    fn engage(&mut self, now: Now, id: AgentId, contact: ContactId, queue: Option<QueueId>) {
        let kept = self.agent(id).is_some_and(|agent| {
            let since = if queue.is_some() { agent.idle.offered } else { now.mono };
            agent.engage(contact, queue, since)
        });
        if let Some(queue) = queue.filter(|_| !kept) {
            self.talk_ended(now, queue);
        }
    }

    /// On the queue's own shard, those who wait for the end of a talk and those who are ready for them come before the
    /// agent who is freed by it.
    fn talk_ended(&mut self, now: Now, queue: QueueId) {
        let home = self.queue_home(queue);
        if home == self.seating.shard {
            self.talk_over(now, queue);
        } else {
            self.send(home, ToQueue::TalkOver { queue });
        }
    }

    /// The lease, then the time to settle, has run out.
    pub(crate) fn offer_timer(&mut self, now: Now, id: AgentId) {
        let Some(offer) = self.agent(id).and_then(|a| a.offer) else { return };
        let (seat, epoch) = self.board.seat(id);
        let lapsed = seat == Seat::Reserved && self.board.undo_agent(id, epoch);
        if !lapsed && !offer.confirmed {
            // The contact's home has it: from here the phone rings.
            let ring = offer.queue.map_or(DIRECT_RING_TIME, |q| self.directory.queue(q).ring_timeout);
            let timer = self.timers.insert_after(now.mono, ring + SETTLE_GRACE, Timer::Offer(id));
            if let Some(agent) = self.agent(id) {
                agent.offer = Some(OpenOffer { timer, confirmed: true, ..offer });
            }
            return;
        }
        if let Some(agent) = self.agent(id) {
            agent.offer = None;
        }
        if !lapsed {
            self.board.seat_after_offer(id, offer.id.agent_epoch);
        }
        self.fact(Fact::ReservationExpired { contact: offer.id.contact, agent: id });
        self.send(offer.id.contact.home(), ToContact::Expired { offer: offer.id, slot: offer.slot });
        if lapsed { self.look_again(now, id) } else { self.refresh(now, id) }
    }
}

fn seat_of(state: AgentState) -> Seat {
    match state {
        AgentState::SignedOff | AgentState::NotReady { .. } | AgentState::WrapUp { .. } => Seat::Away,
        AgentState::Ready => Seat::Ready,
        AgentState::Reserved { .. } => Seat::Ringing,
        AgentState::Busy { .. } => Seat::Busy,
    }
}
