//! The contact's home: what the call room says about contacts that live here and what it is told.
//!
//! Every fact about a contact is written here and nowhere else, so that each is written once and in order.

use crate::aside::Asides;
use crate::entry::Arrival;
use crate::few::Few;
use crate::input::Output;
use crate::limits::FLOWS_KEPT;
use crate::machine::Acd;
use crate::message::{Departure, Stay, ToAgent, ToContact, ToQueue};
use base::{Instant, Now};
use core::hash::{BuildHasherDefault, Hasher};
use core::ops::Range;
use core::time::Duration;
use model::{
    AsideReason, CalendarId, ContactId, Decision, FLOWS_MAX, Fact, FlowReason, Offer, OfferId, OfferOutcome,
    QueueCommand, QueueEvent, QueueId, Target, Wish, Withdrawal,
};
use std::collections::{HashMap, VecDeque};

/// The contacts of this shard that are in a queue.
#[derive(Debug)]
pub(crate) struct Contacts {
    /// The board's slots that are this shard's; `records` starts at the first.
    slots: Range<u32>,
    records: Vec<Record>,
    free: Vec<u32>,
    by_id: HashMap<ContactId, u32, BuildHasherDefault<IdHasher>>,
    /// How often contacts now between two queues have flowed.
    flowed: VecDeque<(ContactId, u8)>,
    /// Callbacks that are not to be made now.
    pub(crate) asides: Asides,
}

/// In the order in which an offer asks for it: what is asked first lies together.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Record {
    /// `None`: the slot is free.
    pub(crate) stay: Option<Stay>,
    epoch: u32,
    /// `Fact::Queued` is out.
    pub(crate) told: bool,
    pub(crate) flows: u8,
    pub(crate) offers: Few<OpenOffer>,
    pub(crate) wish: Wish,
    pub(crate) priority: i32,
    pub(crate) queued: Instant,
    pub(crate) entered: Instant,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenOffer {
    id: OfferId,
    revoked: bool,
}

/// Contact ids are ours and already spread; no outsider chooses them.
#[derive(Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, n: u64) {
        let mixed = (self.0 ^ n).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }
}

impl Contacts {
    pub(crate) fn new(slots: Range<u32>) -> Self {
        let (flowed, asides) = (VecDeque::new(), Asides::default());
        Contacts { slots, records: Vec::new(), free: Vec::new(), by_id: HashMap::default(), flowed, asides }
    }

    #[cfg(all(test, not(loom)))]
    pub(crate) fn is_empty(&self) -> bool {
        self.by_id.is_empty() && self.free.len() == self.records.len() && self.asides.is_empty()
    }

    pub(crate) fn stay_of(&mut self, contact: ContactId) -> Option<Stay> {
        let slot = self.slot_of(contact)?;
        self.record(slot)?.stay
    }

    /// Those that are in a queue, in no order.
    pub(crate) fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(|record| record.stay.is_some())
    }

    fn slot_of(&self, contact: ContactId) -> Option<u32> {
        self.by_id.get(&contact).copied()
    }

    fn record(&mut self, slot: u32) -> Option<&mut Record> {
        let index = slot.checked_sub(self.slots.start)?;
        self.records.get_mut(index as usize)
    }

    /// The record, if this stay is still what the slot is used for.
    pub(crate) fn at(&mut self, stay: Stay) -> Option<&mut Record> {
        self.record(stay.slot).filter(|r| r.stay == Some(stay))
    }

    fn take_slot(&mut self) -> Option<u32> {
        if let Some(slot) = self.free.pop() {
            return Some(slot);
        }
        let slot = self.slots.start + self.records.len() as u32;
        if slot >= self.slots.end {
            return None;
        }
        self.records.push(Record {
            stay: None,
            epoch: 0,
            priority: 0,
            entered: Instant::ZERO,
            queued: Instant::ZERO,
            wish: Wish::default(),
            told: false,
            flows: 0,
            offers: Few::new(),
        });
        Some(slot)
    }

    /// How often the contact has flowed from queue to queue; forgets it.
    fn flows_of(&mut self, contact: ContactId) -> u8 {
        let at = self.flowed.iter().rposition(|(id, _)| *id == contact);
        at.and_then(|at| self.flowed.remove(at)).map_or(0, |(_, flows)| flows)
    }

    fn note_flow(&mut self, contact: ContactId, flows: u8) {
        if self.flowed.len() >= FLOWS_KEPT {
            self.flowed.pop_front();
        }
        self.flowed.push_back((contact, flows));
    }
}

impl Acd {
    pub(crate) fn on_call(&mut self, now: Now, command: QueueCommand) {
        match command {
            QueueCommand::Enqueue { contact, queue, priority, entered, wish } => {
                if wish.called_back {
                    return self.enqueue_callback(now, contact, queue, priority, entered, wish);
                }
                self.enqueue(now, contact, queue, priority, entered, wish);
            }
            QueueCommand::Rest { contact, until, why } => self.rest(now, contact, until, why),
            QueueCommand::Wake { contact } => self.wake(now, contact),
            QueueCommand::OnTheLine { contact } => self.on_the_line(contact),
            QueueCommand::Withdraw { contact, queue: _, why } => self.withdraw(now, contact, why),
            QueueCommand::Settle { offer, outcome } => self.settle(now, offer, outcome),
            QueueCommand::Release { agent, contact, queue } => {
                self.send(self.agent_home(agent), ToAgent::Release { agent, contact, queue });
            }
            QueueCommand::Seize { contact, agent } => {
                self.send(self.agent_home(agent), ToAgent::Seize { agent, contact });
            }
            QueueCommand::Attend { offer } => {
                self.send(self.agent_home(offer.agent), ToAgent::Attending { offer });
            }
            // A nailed-up leg is at the agent's home, and so is who calls it.
            QueueCommand::LineUp { agent } => self.line_is_up(now, agent),
            QueueCommand::LineDown { agent, cause } => self.line_is_down(now, agent, cause),
            QueueCommand::Occupy { contact, agent } => {
                self.send(self.agent_home(agent), ToAgent::Occupy { agent, contact });
            }
        }
    }

    pub(crate) fn on_contact_message(&mut self, now: Now, message: ToContact) {
        match message {
            ToContact::Placed { stay, position } => self.placed(now, stay, position),
            ToContact::Offer { stay, offer, ring_timeout, decision } => {
                self.offered(now, stay, offer, ring_timeout, decision);
            }
            ToContact::FlowOut { stay, position, to, why } => self.flow_out(now, stay, position, to, why),
            ToContact::Warn { stay, expected, announced, length } => self.warn(stay, expected, announced, length),
            ToContact::Announce { stay, position, expected_wait } => {
                if self.contacts.at(stay).is_some_and(|r| r.offers.is_empty()) {
                    self.tell(QueueEvent::Announce { contact: stay.contact, position, expected_wait });
                }
            }
            ToContact::Revoke { offer } => self.revoke(offer),
            ToContact::Expired { offer, slot } => self.expired(offer, slot),
            ToContact::Seized { offer, phone, ring_timeout } => {
                self.tell(QueueEvent::Seized { offer, phone, ring_timeout });
            }
            ToContact::SeizeRefused { contact, agent, cause } => {
                self.tell(QueueEvent::SeizeRefused { contact, agent, cause });
            }
            ToContact::Answer { ticket, result } => self.say(Output::Reply { ticket, result }),
        }
    }

    /// Not when a phone rings for it already.
    fn warn(&mut self, stay: Stay, expected: Option<Duration>, announced: Option<Duration>, length: u32) {
        if self.contacts.at(stay).is_some_and(|r| r.offers.is_empty()) {
            let Stay { contact, queue, .. } = stay;
            self.fact(Fact::Warned { contact, queue, expected, length });
            self.tell(QueueEvent::Warn { contact, expected_wait: announced });
        }
    }

    pub(crate) fn enqueue(
        &mut self,
        now: Now,
        contact: ContactId,
        queue: QueueId,
        priority: i32,
        entered: Instant,
        wish: Wish,
    ) {
        let flows = self.contacts.flows_of(contact);
        // One queue at a time: whoever enqueues again has moved it.
        self.withdraw(now, contact, Withdrawal::FlowedOut { to: None });
        let Some(slot) = self.contacts.take_slot() else {
            // More contacts than calls can exist: a bug elsewhere, answered by a way out.
            self.turn_away(contact, queue, (priority, now.mono - entered), FlowReason::Failed);
            return;
        };
        let stay = Stay { contact, queue, slot };
        let epoch = self.board.open_contact(slot);
        let record = self.contacts.record(slot).expect("take_slot gives slots of ours only");
        record.stay = Some(stay);
        record.epoch = epoch;
        record.priority = priority;
        record.queued = now.mono;
        record.entered = entered;
        record.wish = wish;
        record.told = false;
        record.flows = flows;
        self.contacts.by_id.insert(contact, slot);
        let may_flow = flows < FLOWS_MAX;
        let arrival = Arrival { stay, epoch, priority, entered, queued: now.mono, may_flow, wish };
        self.send(self.queue_home(queue), ToQueue::Insert(arrival));
    }

    pub(crate) fn is_open(&mut self, now: Now, window: CalendarId) -> bool {
        self.calendars.is_open(self.directory.calendar(window), window, now.utc)
    }

    /// In and out at once.
    fn turn_away(&mut self, contact: ContactId, queue: QueueId, place: (i32, Duration), why: FlowReason) {
        let to = self.way_out(queue);
        let position = self.board.queue_waiting(queue) + 1;
        let (priority, kept) = (place.0, Some(place.1));
        self.fact(Fact::Queued { contact, queue, priority, position, kept });
        let waited = Duration::ZERO;
        self.fact(Fact::FlowedOut { contact, queue, waited, why, to: Some(to.clone()) });
        self.tell(QueueEvent::FlowOut { contact, queue, to, why });
    }

    fn placed(&mut self, now: Now, stay: Stay, position: u32) {
        let Some(record) = self.contacts.at(stay).filter(|r| !r.told) else { return };
        record.told = true;
        let (priority, kept) = (record.priority, Some(now.mono - record.entered));
        self.fact(Fact::Queued { contact: stay.contact, queue: stay.queue, priority, position, kept });
    }

    /// `Queued` comes before everything else about the stay, also when the queue's home has not said the place yet.
    pub(crate) fn placed_at_last(&mut self, now: Now, stay: Stay) {
        let position = self.board.queue_waiting(stay.queue).max(1);
        self.placed(now, stay, position);
    }

    pub(crate) fn withdraw(&mut self, now: Now, contact: ContactId, why: Withdrawal) {
        self.contacts.flows_of(contact);
        let Some(stay) = self.contacts.stay_of(contact) else { return self.withdraw_aside(now, contact, why) };
        self.placed_at_last(now, stay);
        // The queue learns of it before the agents are free again.
        let how = match why {
            Withdrawal::Abandoned => Departure::Abandoned,
            Withdrawal::FlowedOut { .. }
            | Withdrawal::NotReached
            | Withdrawal::Recalled
            | Withdrawal::Failed
            | Withdrawal::Forced
            | Withdrawal::Shutdown => Departure::FlowedOut,
        };
        self.send(self.queue_home(stay.queue), ToQueue::Leave { stay, how });
        self.end_offers(stay);
        let waited = self.close(now, stay);
        self.fact(end_of(contact, stay.queue, waited, why));
    }

    /// Ends what is still being offered of a contact that is over; the agents are free.
    pub(crate) fn end_offers(&mut self, stay: Stay) {
        while let Some(offer) = self.contacts.at(stay).and_then(|r| r.offers.take_last()) {
            self.offer_ended(stay, offer.id, OfferOutcome::Withdrawn);
        }
    }

    fn offer_ended(&mut self, stay: Stay, offer: OfferId, outcome: OfferOutcome) {
        let Stay { contact, queue, .. } = stay;
        self.fact(Fact::OfferEnded { contact, queue, agent: offer.agent, outcome });
        self.send(self.agent_home(offer.agent), ToAgent::Settled { offer, queue: Some(queue), outcome });
    }

    /// Gives the slot back; how long the contact was in this queue.
    pub(crate) fn close(&mut self, now: Now, stay: Stay) -> Duration {
        let Some(record) = self.contacts.at(stay) else { return Duration::ZERO };
        record.stay = None;
        let (epoch, waited) = (record.epoch, now.mono - record.queued);
        // An offer that was claimed a moment ago finds the slot closed when it arrives and frees its agent then.
        self.board.close_contact(stay.slot, epoch);
        self.contacts.by_id.remove(&stay.contact);
        self.contacts.free.push(stay.slot);
        waited
    }

    fn offered(&mut self, now: Now, stay: Stay, offer: OfferId, ring_timeout: Duration, decision: Option<Decision>) {
        let phone = self.board.agent_phone(offer.agent);
        let current = self.contacts.at(stay).is_some_and(|r| r.epoch == offer.contact_epoch);
        let wish = self.contacts.at(stay).map(|r| r.wish).filter(|_| current);
        let too_late = wish.is_some_and(|wish| wish.called_back && !self.may_be_made(now, stay.queue, wish));
        let Some(phone) = phone.filter(|_| current && !too_late) else {
            let withdrawn = OfferOutcome::Withdrawn;
            let settled = ToAgent::Settled { offer, queue: Some(stay.queue), outcome: withdrawn };
            self.send(self.agent_home(offer.agent), settled);
            if too_late {
                self.set_aside(now, stay, (now.mono, AsideReason::Closed));
            } else if current {
                self.unless_it_rings(stay);
            }
            return;
        };
        if !self.board.confirm_agent(offer.agent, offer.agent_epoch) {
            // The lease ran out first; his home has written the alarm.
            self.unless_it_rings(stay);
            return;
        }
        self.placed_at_last(now, stay);
        if let Some(record) = self.contacts.at(stay) {
            record.offers.push(OpenOffer { id: offer, revoked: false });
        }
        let Stay { contact, queue, .. } = stay;
        self.fact(Fact::Offered { contact, queue, agent: offer.agent, decision });
        self.tell(QueueEvent::Offer(Offer { id: offer, queue, phone, ring_timeout }));
    }

    fn settle(&mut self, now: Now, offer: OfferId, outcome: OfferOutcome) {
        if offer.contact_epoch == 0 {
            self.send(self.agent_home(offer.agent), ToAgent::Settled { offer, queue: None, outcome });
            return;
        }
        let stay = self.contacts.stay_of(offer.contact);
        let open = stay.and_then(|stay| {
            let open = self.contacts.at(stay)?.offers.take(|o| o.id == offer)?;
            Some((stay, open))
        });
        match (open, outcome) {
            (Some((stay, _)), OfferOutcome::Accepted) => self.accepted(now, stay, offer),
            (Some((stay, open)), _) => {
                // The queue learns of it before the agent is free again.
                self.send(self.queue_home(stay.queue), ToQueue::OfferOver { stay, agent: offer.agent, outcome });
                // Unasked for, "withdrawn" means that the caller is leaving, or that nobody's phone can be rung just now: he
                // is not offered to anybody meanwhile.
                let at_once = outcome != OfferOutcome::Withdrawn || open.revoked;
                if self.contacts.at(stay).is_some_and(|r| r.offers.is_empty()) {
                    self.wait_again(stay, at_once);
                }
                self.offer_ended(stay, offer, outcome);
            }
            // The agent did answer, after we had given up on it: believe the telephone.
            (None, OfferOutcome::Accepted) => match stay {
                Some(stay) => self.accepted(now, stay, offer),
                None => {
                    let (agent, contact) = (offer.agent, offer.contact);
                    self.send(self.agent_home(agent), ToAgent::Occupy { agent, contact });
                }
            },
            (None, _) => {}
        }
    }

    fn accepted(&mut self, now: Now, stay: Stay, offer: OfferId) {
        // The one winner; of an offer we had given up the word says otherwise, and the telephone is right.
        self.board.take_contact(stay.slot, offer.contact_epoch);
        self.send(self.queue_home(stay.queue), ToQueue::Leave { stay, how: Departure::Served });
        while let Some(other) = self.contacts.at(stay).and_then(|r| r.offers.take_last()) {
            self.tell(QueueEvent::Revoke { offer: other.id });
            self.offer_ended(stay, other.id, OfferOutcome::Withdrawn);
        }
        self.placed_at_last(now, stay);
        self.offer_ended(stay, offer, OfferOutcome::Accepted);
        let waited = self.close(now, stay);
        let Stay { contact, queue, .. } = stay;
        self.fact(Fact::Connected { contact, queue, agent: offer.agent, waited });
    }

    /// Offered → Waiting at its place.
    fn wait_again(&mut self, stay: Stay, at_once: bool) {
        let Some(epoch) = self.contacts.at(stay).map(|r| r.epoch) else { return };
        let Some(epoch) = self.board.return_contact(stay.slot, epoch) else { return };
        if let Some(record) = self.contacts.at(stay) {
            record.epoch = epoch;
        }
        self.send(self.queue_home(stay.queue), ToQueue::Return { stay, epoch, at_once });
    }

    fn flow_out(&mut self, now: Now, stay: Stay, position: u32, to: Target, why: FlowReason) {
        let Some(flows) = self.contacts.at(stay).map(|r| r.flows) else { return };
        self.placed(now, stay, position);
        let waited = self.close(now, stay);
        let Stay { contact, queue, .. } = stay;
        if let Target::Queue(_) = to {
            self.contacts.note_flow(contact, flows + 1);
        }
        self.fact(Fact::FlowedOut { contact, queue, waited, why, to: Some(to.clone()) });
        self.tell(QueueEvent::FlowOut { contact, queue, to, why });
    }

    fn revoke(&mut self, offer: OfferId) {
        if offer.contact_epoch == 0 {
            self.tell(QueueEvent::Revoke { offer });
            return;
        }
        let Some(slot) = self.contacts.slot_of(offer.contact) else { return };
        let open = self.contacts.record(slot).and_then(|r| r.offers.iter_mut().find(|o| o.id == offer));
        if let Some(open) = open.filter(|o| !o.revoked) {
            open.revoked = true;
            self.tell(QueueEvent::Revoke { offer });
        }
    }

    fn expired(&mut self, offer: OfferId, slot: Option<u32>) {
        let Some(slot) = slot else {
            self.tell(QueueEvent::Revoke { offer });
            return;
        };
        let Some(record) = self.contacts.record(slot) else { return };
        let Some(stay) = record.stay.filter(|s| s.contact == offer.contact) else { return };
        if record.epoch != offer.contact_epoch {
            return;
        }
        if record.offers.take(|o| o.id == offer).is_some() {
            self.tell(QueueEvent::Revoke { offer });
            let Stay { contact, queue, .. } = stay;
            let outcome = OfferOutcome::Withdrawn;
            self.fact(Fact::OfferEnded { contact, queue, agent: offer.agent, outcome });
        }
        self.unless_it_rings(stay);
    }

    /// An offer came to nothing: the contact waits again, unless it rings elsewhere.
    fn unless_it_rings(&mut self, stay: Stay) {
        if self.contacts.at(stay).is_some_and(|r| r.offers.is_empty()) {
            self.wait_again(stay, true);
        }
    }
}

/// What a withdrawal is in the records.
pub(crate) fn end_of(contact: ContactId, queue: QueueId, waited: Duration, why: Withdrawal) -> Fact {
    let flowed_out = |why, to| Fact::FlowedOut { contact, queue, waited, why, to };
    match why {
        Withdrawal::Abandoned => Fact::Abandoned { contact, queue, waited },
        Withdrawal::FlowedOut { to } => flowed_out(FlowReason::BreakoutKey, to),
        Withdrawal::NotReached => flowed_out(FlowReason::NotReached, None),
        Withdrawal::Recalled => flowed_out(FlowReason::Recalled, None),
        Withdrawal::Failed => flowed_out(FlowReason::Failed, None),
        Withdrawal::Forced => flowed_out(FlowReason::Forced, None),
        Withdrawal::Shutdown => flowed_out(FlowReason::Shutdown, None),
    }
}
