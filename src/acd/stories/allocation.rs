//! The match path asks for no memory, counted by an allocator that counts.

use crate::testing::{House, agent, directory, queue};
use crate::{Input, Output};
use core::time::Duration;
use model::{AgentId, ContactId, OfferId, OfferOutcome, QueueCommand, QueueEvent, QueueId, ShardId};

const AGENTS: u32 = 20;

/// A busy hotline that drains into room it has.
struct Busy {
    house: House,
    offers: Vec<(OfferId, QueueId)>,
    talks: Vec<(AgentId, ContactId, QueueId)>,
    calls: u32,
}

impl Busy {
    fn input(&mut self, command: QueueCommand) {
        self.house.acd.handle_input(self.house.now, Input::Call(command));
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.house.acd.poll_output() {
            if let Output::Call(QueueEvent::Offer(offer)) = output {
                self.offers.push((offer.id, offer.queue));
            }
        }
    }

    /// A caller comes, a talk ends, whoever is offered is answered.
    fn round(&mut self) {
        self.calls += 1;
        let (contact, entered) = (ContactId::new(ShardId(0), 1, self.calls), self.house.now.mono);
        self.input(QueueCommand::Enqueue {
            contact,
            queue: QueueId(self.calls % 2),
            priority: 0,
            entered,
            wish: model::Wish::default(),
        });
        if self.talks.len() as u32 == AGENTS {
            let (agent, contact, queue) = self.talks.swap_remove(self.calls as usize % AGENTS as usize);
            self.input(QueueCommand::Release { agent, contact, queue: Some(queue) });
        }
        while let Some((offer, queue)) = self.offers.pop() {
            self.talks.push((offer.agent, offer.contact, queue));
            self.input(QueueCommand::Settle { offer, outcome: OfferOutcome::Accepted });
        }
    }

    fn pass(&mut self, time: Duration) {
        self.house.now = self.house.now + time;
        self.house.acd.handle_timeout(self.house.now);
        self.drain();
    }
}

#[test]
fn a_match_asks_for_no_memory() {
    // No longest wait: its timer belongs to entering, and far timers open new places of the wheel all day.
    let lines = vec![queue("a"), queue("b")];
    let agents = (0..AGENTS).map(|n| agent(n, &[0, 1])).collect();
    let house = House::new(directory(lines, agents));
    let room = 2 * AGENTS as usize;
    let mut busy = Busy { house, offers: Vec::with_capacity(room), talks: Vec::with_capacity(room), calls: 0 };
    for _ in 0..20_000 {
        busy.round();
        busy.pass(Duration::from_millis(37));
    }
    let mut asked = 0;
    for _ in 0..1_000 {
        let counted = allocation_counter::measure(|| busy.round());
        asked += counted.count_total;
        busy.pass(Duration::from_millis(37));
    }
    assert_eq!(busy.talks.len() as u32, AGENTS, "everybody is busy");
    assert_eq!(asked, 0, "allocations in a round of enqueue, release, match and accept");
}
