//! What the distributor promises, checked from outside while a random house lives: see `world`.

use crate::limits::REFUSAL_BACK_OFF;
use crate::{Board, Ticket};
use base::Instant;
use core::time::Duration;
use model::{
    Absent, AgentId, AgentState, ContactId, Directory, EmptyRule, Fact, OfferId, OfferOutcome, PhoneId, QueueId, Target,
};
use std::collections::{BTreeMap, BTreeSet};

const MILLISECOND: Duration = Duration::from_millis(1);

pub(crate) struct Promises {
    /// Longer than any chain of messages takes.
    settled_in: Duration,
    serves: Vec<Vec<QueueId>>,
    /// How fast every queue's contacts age.
    per_minute: u32,
    empty: Vec<EmptyRule>,
    /// Since when everybody agrees who serves what.
    reloaded: Instant,
    waiting: BTreeMap<ContactId, Waiting>,
    /// Offers the call room has not settled.
    open: BTreeMap<AgentId, OfferId>,
    /// Queue contacts and seized calls in talk.
    talking: BTreeMap<AgentId, ContactId>,
    shown: BTreeMap<AgentId, (AgentState, Option<PhoneId>)>,
    /// `(queued, ended)` a contact and queue.
    stays: BTreeMap<(ContactId, QueueId), (usize, usize)>,
    /// Somebody better placed was passed over: allowed only if his own offer was under way.
    passed: Vec<(Instant, ContactId, ContactId)>,
    refused: BTreeMap<(ContactId, AgentId), Instant>,
    asked: BTreeSet<Ticket>,
    offered: usize,
    connected: usize,
}

#[derive(Clone, Debug)]
struct Waiting {
    queue: QueueId,
    key: (i64, Instant, ContactId),
    /// Since when it has waited without anything happening to it.
    since: Instant,
    ringing: bool,
}

impl Promises {
    pub(crate) fn new(directory: &Directory, settled_in: Duration) -> Self {
        Promises {
            settled_in,
            serves: directory.agents.iter().map(|a| a.queues.clone()).collect(),
            per_minute: directory.queues.first().map_or(0, |queue| queue.routing.ageing.per_minute),
            empty: directory.queues.iter().map(|q| q.empty.clone()).collect(),
            reloaded: Instant::ZERO,
            waiting: BTreeMap::new(),
            open: BTreeMap::new(),
            talking: BTreeMap::new(),
            shown: BTreeMap::new(),
            stays: BTreeMap::new(),
            passed: Vec::new(),
            refused: BTreeMap::new(),
            asked: BTreeSet::new(),
            offered: 0,
            connected: 0,
        }
    }

    pub(crate) fn connected(&self) -> usize {
        self.connected
    }

    pub(crate) fn reloaded(&mut self, now: Instant, directory: &Directory) {
        self.serves = directory.agents.iter().map(|a| a.queues.clone()).collect();
        self.empty = directory.queues.iter().map(|q| q.empty.clone()).collect();
        self.reloaded = now;
    }

    pub(crate) fn enqueued(
        &mut self,
        now: Instant,
        contact: ContactId,
        queue: QueueId,
        priority: i32,
        entered: Instant,
    ) {
        let rank = i64::from(self.per_minute) * entered.as_millis() as i64 - 60_000 * i64::from(priority);
        let key = (rank, entered, contact);
        self.waiting.insert(contact, Waiting { queue, key, since: now, ringing: false });
    }

    pub(crate) fn withdrawn(&mut self, contact: ContactId) {
        self.waiting.remove(&contact);
        self.open.retain(|_, offer| offer.contact != contact);
        self.passed.retain(|(_, passed, _)| *passed != contact);
    }

    pub(crate) fn asked(&mut self, ticket: Ticket) {
        self.asked.insert(ticket);
    }

    pub(crate) fn replied(&mut self, ticket: Ticket) {
        assert!(self.asked.remove(&ticket), "answered once, and only what was asked");
    }

    /// The call room is told to ring. `claimable`: since when he could have been given a contact that waits.
    pub(crate) fn offer(
        &mut self,
        now: Instant,
        offer: OfferId,
        queue: Option<QueueId>,
        claimable: impl Fn(ContactId) -> Option<Instant>,
    ) {
        let (contact, agent) = (offer.contact, offer.agent);
        assert_eq!(self.open.insert(agent, offer), None, "no agent is rung for two contacts");
        assert_eq!(self.talking.get(&agent), None, "no agent in talk is rung");
        let Some(queue) = queue else { return };
        let chosen = self.waiting.get_mut(&contact).expect("a caller who left is never offered");
        assert!(chosen.queue == queue && !chosen.ringing, "one offer at a time, from where it waits");
        chosen.ringing = true;
        let key = chosen.key;
        // The queue's home decided up to `settled_in` ago.
        let refused = self.refused.get(&(contact, agent)).is_some_and(|until| now + self.settled_in < *until);
        assert!(!refused, "not again to an agent who refused a moment ago");
        self.passed.retain(|(_, passed, _)| *passed != contact);
        let serves = &self.serves[agent.index()];
        let agreed = now > self.reloaded + self.settled_in;
        let settled = |since: Instant| since + self.settled_in < now;
        let old = |w: &&Waiting| settled(w.since) && !w.ringing && claimable(w.key.2).is_some_and(settled);
        let point = i64::from(self.per_minute);
        // In his other queues too; from shard to shard times are compared by the millisecond.
        let other = |w: &Waiting| {
            agreed && serves.contains(&w.queue) && (w.key.0 + point, w.key.1 + MILLISECOND) < (key.0, key.1)
        };
        let better = |w: &&Waiting| if w.queue == queue { w.key < key } else { other(w) };
        for passed in self.waiting.values().filter(old).filter(better) {
            let by_rule = self.refused.get(&(passed.key.2, agent)).is_some_and(|until| now < *until + self.settled_in);
            if !by_rule {
                self.passed.push((now + self.settled_in, passed.key.2, contact));
            }
        }
    }

    pub(crate) fn settled(&mut self, now: Instant, offer: OfferId, queue: Option<QueueId>, outcome: OfferOutcome) {
        assert_eq!(self.open.remove(&offer.agent), Some(offer), "every offer is settled once");
        match outcome {
            OfferOutcome::Accepted => {
                self.waiting.remove(&offer.contact);
                self.talking.insert(offer.agent, offer.contact);
            }
            OfferOutcome::Rejected(_) if queue.is_some() => {
                self.refused.insert((offer.contact, offer.agent), now + REFUSAL_BACK_OFF);
                self.waits_again(now, offer.contact);
            }
            _ => self.waits_again(now, offer.contact),
        }
    }

    fn waits_again(&mut self, now: Instant, contact: ContactId) {
        if let Some(waiting) = self.waiting.get_mut(&contact) {
            waiting.ringing = false;
            waiting.since = now;
        }
    }

    pub(crate) fn released(&mut self, contact: ContactId, agent: AgentId) {
        if self.talking.get(&agent) == Some(&contact) {
            self.talking.remove(&agent);
        }
    }

    pub(crate) fn fact(&mut self, now: Instant, fact: &Fact) {
        match fact {
            Fact::Queued { contact, queue, .. } => {
                let stay = self.stays.entry((*contact, *queue)).or_default();
                assert_eq!(stay.0, stay.1, "queued once at a time");
                stay.0 += 1;
            }
            Fact::Offered { contact, queue, .. } => {
                self.offered += 1;
                self.in_stay(*contact, *queue);
            }
            Fact::OfferEnded { contact, queue, .. } => {
                self.offered -= 1;
                self.in_stay(*contact, *queue);
            }
            Fact::Connected { contact, queue, .. } => {
                self.connected += 1;
                self.ended(*contact, *queue);
            }
            Fact::Abandoned { contact, queue, .. } => self.ended(*contact, *queue),
            Fact::FlowedOut { contact, queue, to, .. } => {
                self.ended(*contact, *queue);
                self.passed.retain(|(_, passed, _)| passed != contact);
                // Another queue is another question.
                self.refused.retain(|(refused, _), _| refused != contact);
                // Enqueued anew in the same turn, when it goes to a queue.
                if !matches!(to, Some(Target::Queue(_))) {
                    self.waiting.remove(contact);
                }
            }
            Fact::AgentChanged { agent, state, phone } => {
                let before = self.shown.insert(*agent, (*state, *phone));
                assert_ne!(before, Some((*state, *phone)), "told once");
                assert_eq!(*state == AgentState::SignedOff, phone.is_none(), "at a phone as long as he is signed on");
            }
            Fact::Forced { .. } | Fact::WaitForetold { .. } | Fact::Warned { .. } | Fact::Reserve { .. } => {}
            other => panic!("at {now:?}: not from this room, or an alarm: {other:?}"),
        }
    }

    fn in_stay(&self, contact: ContactId, queue: QueueId) {
        let (queued, ended) = self.stays.get(&(contact, queue)).copied().unwrap_or_default();
        assert_eq!(queued, ended + 1, "told between its Queued and its end");
    }

    fn ended(&mut self, contact: ContactId, queue: QueueId) {
        self.in_stay(contact, queue);
        self.stays.entry((contact, queue)).or_default().1 += 1;
    }

    /// Whoever was passed over had an offer of his own under way.
    pub(crate) fn time(&mut self, now: Instant) {
        for (until, passed, by) in &self.passed {
            assert!(now <= *until, "{passed} was overtaken by {by} without a rule");
        }
    }

    /// Whether he said no to it so lately that he need not be asked.
    pub(crate) fn has_refused(&self, now: Instant, contact: ContactId, agent: AgentId) -> bool {
        self.refused.get(&(contact, agent)).is_some_and(|until| now < *until + self.settled_in)
    }

    /// The board's counts are those of the states it shows, and conservation holds: O = A + B + F + waiting.
    pub(crate) fn at_rest(&self, board: &Board) {
        let queues = self.serves.iter().flatten().copied().collect::<BTreeSet<_>>();
        for queue in queues {
            let serve = self.serves.iter().zip((0..).map(AgentId)).filter(|(q, _)| q.contains(&queue));
            let states: Vec<_> = serve.map(|(_, agent)| board.agent_state(agent)).collect();
            let there = |absent: Absent| states.iter().filter(|state| !absent.covers(**state)).count() as u32;
            assert_eq!(board.queue_signed_on(queue), there(Absent::SIGNED_OFF));
            assert_eq!(board.queue_available(queue), there(Absent::NOT_READY));
            let rule = &self.empty[queue.index()];
            assert_eq!(board.queue_present(queue), (there(rule.join), there(rule.leave)));
            let waiting = self.waiting.values().filter(|w| w.queue == queue).count();
            assert_eq!(board.queue_waiting(queue) as usize, waiting, "waiting in {queue:?}");
        }
    }

    pub(crate) fn at_the_end(&self) {
        assert!(self.asked.is_empty(), "every command is answered");
        assert_eq!(self.offered, 0, "every offer has ended");
        assert!(self.stays.values().all(|(queued, ended)| queued == ended), "every contact has ended once");
        assert!(self.shown.values().all(|(state, _)| *state == AgentState::SignedOff), "{:?}", self.shown);
    }
}
