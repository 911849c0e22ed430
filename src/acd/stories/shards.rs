//! What happens when a message between shards comes too late.

use crate::testing::{agent, directory, hotline, queue, secs};
use crate::{Acd, AcdMessage, Board, BoardSize, Input, Output, Seating, Ticket, ToContact, ToQueue};
use base::{Instant, Now, Utc};
use core::time::Duration;
use model::{
    Actor, AgentAction, AgentId, AgentState, ContactId, Directory, Fact, FigureRange, InitialState, OfferId,
    OfferOutcome, Preferred, QueueCommand, QueueEvent, QueueFigure, QueueId, Requirement, RequirementId, Reserve,
    ReserveOf, ShardId, SkillId, SkillRange, Step, Wish, Withdrawal,
};
use std::sync::Arc;

/// The queue and agent 0 live on shard 0, the contact on shard 1; messages go when they are let go.
struct Pair {
    shards: [Acd; 2],
    now: Now,
    mail: Vec<(usize, AcdMessage)>,
    facts: Vec<Fact>,
    events: Vec<QueueEvent>,
}

const CONTACT: ContactId = ContactId::new(ShardId(1), 1, 1);

impl Pair {
    fn new() -> Self {
        Pair::of(hotline(1))
    }

    fn of(mut directory: Directory) -> Self {
        directory.limits.shards = 2;
        let directory = Arc::new(directory);
        let board = Arc::new(Board::new(BoardSize::of(&directory)));
        let now = Now::new(Instant::from_millis(1_000), Utc::from_secs(1_790_000_000));
        let start = |shard| {
            let seating = Seating { shard: ShardId(shard), shards: 2, seed: 7 };
            Acd::new(now, Arc::clone(&directory), Arc::clone(&board), seating)
        };
        let shards = [start(0), start(1)];
        let mut pair = Pair { shards, now, mail: vec![], facts: vec![], events: vec![] };
        pair.outputs();
        pair
    }

    fn outputs(&mut self) {
        for shard in &mut self.shards {
            while let Some(output) = shard.poll_output() {
                match output {
                    Output::Call(event) => self.events.push(event),
                    Output::Send { to, message } => self.mail.push((usize::from(to.0), message)),
                    Output::Fact(fact) => self.facts.push(fact),
                    Output::Reply { .. } => {}
                }
            }
        }
    }

    fn call(&mut self, command: QueueCommand) {
        self.shards[1].handle_input(self.now, Input::Call(command));
        self.outputs();
    }

    /// Delivers everything under way but what `hold` wants kept.
    fn deliver(&mut self, hold: fn(&AcdMessage) -> bool) -> Vec<(usize, AcdMessage)> {
        let mut held = Vec::new();
        while !self.mail.is_empty() {
            let (to, message) = self.mail.remove(0);
            if hold(&message) {
                held.push((to, message));
            } else {
                self.shards[to].handle_input(self.now, Input::Shard(message));
                self.outputs();
            }
        }
        held
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(next) = self.shards.iter().filter_map(Acd::poll_timeout).min().filter(|at| *at <= end.mono) {
            self.now = self.now + next.since(self.now.mono);
            for shard in &mut self.shards {
                shard.handle_timeout(self.now);
            }
            self.outputs();
        }
        self.now = end;
    }

    fn enqueue(&mut self) {
        self.arrive(CONTACT, 0);
    }

    fn arrive(&mut self, contact: ContactId, queue: u32) {
        let (queue, entered) = (QueueId(queue), self.now.mono);
        self.call(QueueCommand::Enqueue { contact, queue, priority: 0, entered, wish: Wish::default() });
    }

    fn state(&self) -> AgentState {
        self.shards[0].board().agent_state(AgentId(0))
    }

    fn offer(&mut self) -> OfferId {
        match self.events.remove(0) {
            QueueEvent::Offer(offer) => offer.id,
            other => panic!("expected an offer, got {other:?}"),
        }
    }
}

fn nothing(_: &AcdMessage) -> bool {
    false
}

fn offers(message: &AcdMessage) -> bool {
    matches!(message, AcdMessage::ToContact(ToContact::Offer { .. }))
}

fn is_alarm(fact: &Fact) -> bool {
    matches!(fact, Fact::ReservationExpired { .. })
}

#[test]
fn a_reservation_nobody_confirms_in_a_second_is_freed_and_alarmed() {
    let mut pair = Pair::new();
    pair.enqueue();
    let late = pair.deliver(offers);
    assert_eq!(pair.state(), AgentState::Reserved { contact: CONTACT });
    pair.pass(Duration::from_millis(999));
    assert_eq!(pair.facts.iter().filter(|f| is_alarm(f)).count(), 0);
    pair.pass(Duration::from_millis(1));
    let alarm = Fact::ReservationExpired { contact: CONTACT, agent: AgentId(0) };
    assert_eq!(pair.facts.iter().filter(|f| **f == alarm).count(), 1);
    // The contact's home hears of it; the contact waits again and the agent is claimed anew, with a new epoch.
    let again = pair.deliver(offers);
    assert_eq!((late.len(), again.len()), (1, 1));
    pair.mail.extend(late);
    pair.mail.extend(again);
    pair.deliver(nothing);
    let offer = pair.offer();
    assert!(pair.events.is_empty(), "the old offer rings nobody");
    pair.call(QueueCommand::Settle { offer, outcome: OfferOutcome::Accepted });
    pair.deliver(nothing);
    assert_eq!(pair.state(), AgentState::Busy { contact: CONTACT });
}

#[test]
fn a_confirmed_offer_nobody_settles_is_given_up_after_the_ring_time_and_a_grace() {
    let mut pair = Pair::new();
    pair.enqueue();
    pair.deliver(nothing);
    let offer = pair.offer();
    pair.pass(secs(50));
    assert_eq!(pair.state(), AgentState::Reserved { contact: CONTACT }, "its lease was confirmed");
    pair.pass(secs(7));
    assert_eq!(pair.facts.iter().filter(|f| is_alarm(f)).count(), 1);
    pair.deliver(nothing);
    assert_eq!(pair.events.remove(0), QueueEvent::Revoke { offer });
    assert_ne!(pair.offer(), offer, "the caller is offered again");
}

#[test]
fn a_caller_who_hangs_up_before_the_offer_arrives_is_never_rung() {
    let mut pair = Pair::new();
    pair.enqueue();
    let late = pair.deliver(offers);
    let why = Withdrawal::Abandoned;
    pair.call(QueueCommand::Withdraw { contact: CONTACT, queue: QueueId(0), why });
    pair.mail.extend(late);
    pair.deliver(nothing);
    assert_eq!((pair.events.len(), pair.state()), (0, AgentState::Ready));
    assert!(!pair.facts.iter().any(|f| matches!(f, Fact::Offered { .. }) || is_alarm(f)));
    pair.shards.iter_mut().for_each(|s| s.handle_input(pair.now, Input::Drain));
    pair.outputs();
    pair.shards.iter_mut().for_each(Acd::assert_empty);
}

#[test]
fn a_contact_for_a_queue_the_other_shard_has_not_read_of_yet_waits_for_its_reload() {
    let mut pair = Pair::new();
    let mut directory = Directory::clone(&pair.shards[0].directory);
    directory.queues.extend([queue("b"), queue("c")]);
    directory.agents[0].queues.push(QueueId(2));
    let directory = Arc::new(directory);
    pair.shards[1].handle_input(pair.now, Input::Reload(Arc::clone(&directory)));
    let (queue, entered) = (QueueId(2), pair.now.mono);
    pair.call(QueueCommand::Enqueue { contact: CONTACT, queue, priority: 0, entered, wish: Wish::default() });
    pair.deliver(nothing);
    assert!(pair.events.is_empty());
    pair.shards[0].handle_input(pair.now, Input::Reload(directory));
    pair.outputs();
    pair.deliver(nothing);
    assert_eq!(pair.offer().agent, AgentId(0));
}

#[test]
fn a_caller_who_hangs_up_before_his_place_is_known_is_still_counted() {
    let mut pair = Pair::new();
    pair.enqueue();
    pair.facts.clear();
    let why = Withdrawal::Abandoned;
    pair.call(QueueCommand::Withdraw { contact: CONTACT, queue: QueueId(0), why });
    pair.deliver(nothing);
    let queue = QueueId(0);
    let told: Vec<_> = pair.facts.iter().filter(|f| !matches!(f, Fact::AgentChanged { .. })).cloned().collect();
    assert_eq!(
        told,
        [
            Fact::Queued { contact: CONTACT, queue, priority: 0, position: 1, kept: Some(Duration::ZERO) },
            Fact::Abandoned { contact: CONTACT, queue, waited: Duration::ZERO },
        ]
    );
}

#[test]
fn who_waits_longer_stays_ahead_of_others_while_the_agent_is_on_his_way() {
    let north_and_south = vec![queue("north"), queue("south")];
    let mut house = directory(north_and_south, vec![agent(0, &[]), agent(1, &[0, 1])]);
    house.agents[1].initial_state = InitialState::NotReady;
    let mut pair = Pair::of(house);
    let [first, second, third, fourth] = [1, 2, 3, 4].map(|n| ContactId::new(ShardId(1), 1, n));
    for (contact, queue) in [(first, 0), (second, 1), (third, 0), (fourth, 1)] {
        pair.arrive(contact, queue);
        pair.deliver(nothing);
        pair.pass(Duration::from_millis(100));
    }
    let (agent, by) = (AgentId(1), Actor::Agent(AgentId(1)));
    pair.shards[1].handle_input(pair.now, Input::People { ticket: Ticket(1), agent, action: AgentAction::Ready, by });
    pair.outputs();
    // He is sent north to the first, and from the third there south to the second; both hang up before he comes.
    for (gone, queue) in [(first, 0), (second, 1)] {
        let on_the_way = pair.deliver(|message| matches!(message, AcdMessage::ToQueue(ToQueue::AgentReady { .. })));
        assert_eq!(on_the_way.len(), 1);
        pair.call(QueueCommand::Withdraw { contact: gone, queue: QueueId(queue), why: Withdrawal::Abandoned });
        pair.deliver(nothing);
        pair.pass(secs(1));
        let (to, message) = on_the_way.into_iter().next().expect("just counted");
        pair.shards[to].handle_input(pair.now, Input::Shard(message));
        pair.outputs();
    }
    pair.deliver(nothing);
    assert_eq!(pair.offer().contact, third, "what both have waited is compared at the same instant");
}

#[test]
fn whom_a_reload_makes_a_reserve_elsewhere_is_known_there_though_he_was_ready_before() {
    let house = directory(vec![queue("north"), queue("south")], vec![agent(0, &[0]), agent(1, &[1])]);
    let mut pair = Pair::of(house.clone());
    let mut lends = house;
    let waiting = FigureRange { figure: QueueFigure::Waiting, least: 1, most: u32::MAX };
    lends.queues[0].routing.reserves = vec![Reserve {
        who: ReserveOf::Queue(QueueId(1)),
        when: vec![vec![waiting]],
        until: Vec::new(),
        hold: secs(30),
        adjust: false,
    }];
    lends.limits.shards = 2;
    let lends = Arc::new(lends);
    for shard in &mut pair.shards {
        shard.handle_input(pair.now, Input::Reload(Arc::clone(&lends)));
    }
    pair.outputs();
    pair.deliver(nothing);
    let [first, second] = [1, 2].map(|n| ContactId::new(ShardId(1), 1, n));
    for (contact, agent) in [(first, 0), (second, 1)] {
        pair.arrive(contact, 0);
        pair.deliver(nothing);
        assert_eq!(pair.offer().agent, AgentId(agent));
    }
}

/// The queue of the other shard comes second by its priority; what is kept for him is on no list others look at.
#[test]
fn a_contact_kept_for_an_agent_comes_before_a_less_pressing_one_of_another_shard() {
    let mut house = directory(vec![queue("north"), queue("south")], vec![agent(0, &[0, 1])]);
    house.agents[0].initial_state = InitialState::NotReady;
    let mut pair = Pair::of(house);
    let [kept, other] = [1, 2].map(|n| ContactId::new(ShardId(1), 1, n));
    let (entered, agent) = (pair.now.mono, AgentId(0));
    let wish = Wish { agent: Some(Preferred { agent, wait: secs(60) }), ..Wish::default() };
    pair.call(QueueCommand::Enqueue { contact: kept, queue: QueueId(0), priority: 1, entered, wish });
    pair.arrive(other, 1);
    pair.deliver(nothing);
    let by = Actor::Agent(agent);
    pair.shards[0].handle_input(pair.now, Input::People { ticket: Ticket(1), agent, action: AgentAction::Ready, by });
    pair.outputs();
    pair.deliver(nothing);
    assert_eq!(pair.offer().contact, kept);
}

/// He is in the other shard's list of who is ready until somebody there asks for him.
#[test]
fn whom_another_shard_has_taken_does_not_count_as_ready() {
    let mut house = directory(vec![queue("north"), queue("south")], vec![agent(0, &[0, 1]), agent(1, &[1])]);
    let range = |least| SkillRange { skill: SkillId(0), least, most: 10 };
    house.requirements = [9, 5].map(|least| Requirement { text: "skill".into(), any: vec![vec![range(least)]] }).into();
    let nobody = FigureRange { figure: QueueFigure::Ready, least: 0, most: 0 };
    let step = |needs, lasts, only_if| Step { needs, lasts, only_if };
    house.queues[1].routing.steps = vec![
        step(Some(RequirementId(0)), Some(secs(10)), vec![]),
        step(Some(RequirementId(1)), Some(secs(10)), vec![vec![nobody]]),
        step(None, None, vec![]),
    ];
    house.agents[1].initial_state = InitialState::NotReady;
    let mut pair = Pair::of(house);
    let [first, second] = [1, 2].map(|n| ContactId::new(ShardId(1), 1, n));
    for (contact, queue) in [(first, 0), (second, 1)] {
        pair.arrive(contact, queue);
        pair.deliver(nothing);
    }
    assert_eq!(pair.offer().contact, first);
    pair.pass(secs(11));
    pair.deliver(nothing);
    let agent = AgentId(1);
    let by = Actor::Agent(agent);
    pair.shards[1].handle_input(pair.now, Input::People { ticket: Ticket(1), agent, action: AgentAction::Ready, by });
    pair.outputs();
    pair.deliver(nothing);
    assert!(pair.events.is_empty(), "nobody was ready, so five is asked still: {:?}", pair.events);
}
