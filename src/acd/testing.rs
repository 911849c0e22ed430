//! A small house for this room's tests: directory, call room and clock, one shard or several.

use crate::{Acd, Board, BoardSize, Input, Output, Seating, Ticket};
use base::{Instant, Now, Utc};
use core::time::Duration;
pub(crate) use model::plain::{agent, directory, queue};
use model::{
    Actor, AgentAction, AgentId, AgentState, CommandError, ContactId, Directory, Fact, OfferId, OfferOutcome, PhoneId,
    QueueAction, QueueCommand, QueueEvent, QueueId, ShardId, Withdrawal,
};
use std::collections::VecDeque;
use std::sync::Arc;

pub(crate) const SEED: u64 = 7;

pub(crate) fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// One queue, `n` agents, all ready.
pub(crate) fn hotline(n: u32) -> Directory {
    directory(vec![queue("support")], (0..n).map(|a| agent(a, &[0])).collect())
}

/// One shard under a hand-driven clock; everything it says is kept.
pub(crate) struct House {
    pub(crate) acd: Acd,
    pub(crate) now: Now,
    pub(crate) facts: Vec<(Instant, Fact)>,
    pub(crate) events: VecDeque<QueueEvent>,
    replies: VecDeque<(Ticket, Result<(), CommandError>)>,
    contacts: u32,
}

impl House {
    pub(crate) fn new(mut directory: Directory) -> Self {
        directory.limits.shards = 1;
        let now = Now::new(Instant::from_millis(1_000_000), Utc::from_secs(1_790_000_000));
        let board = Arc::new(Board::new(BoardSize::of(&directory)));
        let seating = Seating { shard: ShardId(0), shards: 1, seed: SEED };
        let acd = Acd::new(now, Arc::new(directory), board, seating);
        let mut house =
            House { acd, now, facts: Vec::new(), events: VecDeque::new(), replies: VecDeque::new(), contacts: 0 };
        house.drain();
        house
    }

    pub(crate) fn input(&mut self, input: Input) {
        self.acd.handle_input(self.now, input);
        self.drain();
    }

    pub(crate) fn drain(&mut self) {
        while let Some(output) = self.acd.poll_output() {
            match output {
                Output::Call(event) => self.events.push_back(event),
                Output::Send { to, message } => panic!("one shard has nobody to write to: {to:?} {message:?}"),
                Output::Fact(fact) => self.facts.push((self.now.mono, fact)),
                Output::Reply { ticket, result } => self.replies.push_back((ticket, result)),
            }
        }
    }

    /// Lets time pass, stopping at every timer.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(next) = self.acd.poll_timeout().filter(|at| *at <= end.mono) {
            self.now = self.now + (next - self.now.mono);
            self.acd.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    pub(crate) fn call(&mut self, command: QueueCommand) {
        self.input(Input::Call(command));
    }

    /// A new caller enters the queue now.
    pub(crate) fn arrive(&mut self, queue: u32, priority: i32) -> ContactId {
        self.contacts += 1;
        let contact = ContactId::new(ShardId(0), 1, self.contacts);
        let entered = self.now.mono;
        self.call(QueueCommand::Enqueue {
            contact,
            queue: QueueId(queue),
            priority,
            entered,
            wish: model::Wish::default(),
        });
        contact
    }

    pub(crate) fn hang_up(&mut self, contact: ContactId, queue: u32) {
        let why = Withdrawal::Abandoned;
        self.call(QueueCommand::Withdraw { contact, queue: QueueId(queue), why });
    }

    pub(crate) fn settle(&mut self, offer: OfferId, outcome: OfferOutcome) {
        self.call(QueueCommand::Settle { offer, outcome });
    }

    pub(crate) fn release(&mut self, agent: u32, contact: ContactId, queue: Option<u32>) {
        let queue = queue.map(QueueId);
        self.call(QueueCommand::Release { agent: AgentId(agent), contact, queue });
    }

    pub(crate) fn ask(&mut self, agent: u32, action: AgentAction) -> Result<(), CommandError> {
        self.ask_as(agent, action, Actor::Agent(AgentId(agent)))
    }

    pub(crate) fn force(&mut self, agent: u32, action: AgentAction) -> Result<(), CommandError> {
        self.ask_as(agent, action, Actor::Operator("root".into()))
    }

    pub(crate) fn force_queue(&mut self, queue: u32, action: QueueAction) -> Result<(), CommandError> {
        let ticket = Ticket(8);
        let by = Actor::Operator("root".into());
        self.input(Input::Queue { ticket, queue: QueueId(queue), action, by });
        let (answered, result) = self.replies.pop_front().expect("every command is answered");
        assert_eq!((answered, self.replies.len()), (ticket, 0), "once, with its own ticket");
        result
    }

    fn ask_as(&mut self, agent: u32, action: AgentAction, by: Actor) -> Result<(), CommandError> {
        let ticket = Ticket(7);
        self.input(Input::People { ticket, agent: AgentId(agent), action, by });
        let (answered, result) = self.replies.pop_front().expect("every command is answered");
        assert_eq!((answered, self.replies.len()), (ticket, 0), "once, with its own ticket");
        result
    }

    pub(crate) fn device(&mut self, phone: u32, reachable: bool) {
        self.input(Input::Device { phone: PhoneId(phone), reachable });
    }

    pub(crate) fn event(&mut self) -> Option<QueueEvent> {
        self.events.pop_front()
    }

    /// The next event must be an offer of this contact.
    pub(crate) fn offer(&mut self, contact: ContactId) -> OfferId {
        match self.event() {
            Some(QueueEvent::Offer(offer)) if offer.id.contact == contact => offer.id,
            other => panic!("expected an offer of {contact}, got {other:?}"),
        }
    }

    /// Nothing was said to the call room.
    pub(crate) fn quiet(&mut self) {
        assert_eq!(self.event(), None);
    }

    /// The next offer is of this contact and is accepted; who got it.
    pub(crate) fn connect(&mut self, contact: ContactId) -> u32 {
        let offer = self.offer(contact);
        self.settle(offer, OfferOutcome::Accepted);
        offer.agent.0
    }

    /// The same when more than one phone may ring for it.
    pub(crate) fn connect_ringing(&mut self, contact: ContactId) -> u32 {
        let winner = self.connect(contact);
        self.drop_lost(contact);
        winner
    }

    /// What the call room does for a contact that has its agent: the other phones stop.
    fn drop_lost(&mut self, contact: ContactId) {
        let mine = |event: &QueueEvent| match event {
            QueueEvent::Offer(offer) => offer.id.contact == contact,
            QueueEvent::Revoke { offer } => offer.contact == contact,
            _ => false,
        };
        let events = core::mem::take(&mut self.events);
        let (lost, kept): (Vec<_>, Vec<_>) = events.into_iter().partition(mine);
        self.events = kept.into();
        for event in lost {
            if let QueueEvent::Revoke { offer } = event {
                self.settle(offer, OfferOutcome::Withdrawn);
            }
        }
    }

    pub(crate) fn state(&self, agent: u32) -> AgentState {
        self.acd.board().agent_state(AgentId(agent))
    }

    /// Takes the facts so far, without their times.
    pub(crate) fn take_facts(&mut self) -> Vec<Fact> {
        core::mem::take(&mut self.facts).into_iter().map(|(_, fact)| fact).collect()
    }
}
