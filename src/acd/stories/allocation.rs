//! The match path asks for no memory, counted by an allocator that counts: whatever is asked, however many phones ring,
//! and across shards.

use crate::testing::{agent, directory, queue};
use crate::{Acd, AcdMessage, Board, BoardSize, Input, Output, Seating};
use base::{Instant, Now, Utc};
use core::time::Duration;
use model::{
    Ageing, AgentId, ContactId, Directory, OfferId, OfferOutcome, Queue, QueueCommand, QueueEvent, QueueId,
    Requirement, RequirementId, ShardId, SkillId, SkillLevel, SkillRange, Step, Strategy,
};
use std::collections::VecDeque;
use std::sync::Arc;

const AGENTS: u32 = 20;

/// A busy house that drains into room it has.
struct Busy {
    shards: Vec<Acd>,
    now: Now,
    mail: VecDeque<(usize, AcdMessage)>,
    /// By the shard the contact lives on.
    offers: Vec<(usize, OfferId, QueueId)>,
    talks: Vec<(AgentId, ContactId, QueueId)>,
    /// So many talk at a time: all, and contacts wait; or fewer, and agents do.
    talk: usize,
    calls: u32,
}

impl Busy {
    fn new(mut house: Directory, shards: u8, talk: usize) -> Self {
        house.limits.shards = shards;
        house.limits.max_calls = 1_000;
        let house = Arc::new(house);
        let board = Arc::new(Board::new(BoardSize::of(&house)));
        let now = Now::new(Instant::from_millis(1_000_000), Utc::from_secs(1_790_000_000));
        let start = |shard| {
            let seating = Seating { shard: ShardId(shard), shards, seed: 7 };
            Acd::new(now, Arc::clone(&house), Arc::clone(&board), seating)
        };
        let room = 1_000;
        let mut busy = Busy {
            shards: (0..shards).map(start).collect(),
            now,
            mail: VecDeque::with_capacity(room),
            offers: Vec::with_capacity(room),
            talks: Vec::with_capacity(room),
            talk,
            calls: 0,
        };
        busy.drain();
        busy
    }

    fn input(&mut self, shard: usize, input: Input) {
        self.shards[shard].handle_input(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        loop {
            for (at, shard) in self.shards.iter_mut().enumerate() {
                while let Some(output) = shard.poll_output() {
                    match output {
                        Output::Call(QueueEvent::Offer(offer)) => self.offers.push((at, offer.id, offer.queue)),
                        Output::Call(QueueEvent::Revoke { offer }) => self.offers.retain(|(_, id, _)| *id != offer),
                        Output::Send { to, message } => self.mail.push_back((usize::from(to.0), message)),
                        _ => {}
                    }
                }
            }
            let Some((to, message)) = self.mail.pop_front() else { return };
            self.shards[to].handle_input(self.now, Input::Shard(message));
        }
    }

    fn arrive(&mut self) {
        self.calls += 1;
        let shard = self.calls as usize % self.shards.len();
        let (contact, entered) = (ContactId::new(ShardId(shard as u8), 1, self.calls), self.now.mono);
        let (queue, priority) = (QueueId(self.calls / 2 % 2), (self.calls % 7 / 6) as i32);
        let wish = model::Wish::default();
        self.input(shard, Input::Call(QueueCommand::Enqueue { contact, queue, priority, entered, wish }));
    }

    fn release(&mut self) {
        let (agent, contact, queue) = self.talks.swap_remove(self.calls as usize % self.talks.len());
        let shard = usize::from(contact.home().0);
        self.input(shard, Input::Call(QueueCommand::Release { agent, contact, queue: Some(queue) }));
    }

    /// Of several who ring the last answers.
    fn answer(&mut self) {
        while let Some((shard, offer, queue)) = self.offers.pop() {
            self.talks.push((offer.agent, offer.contact, queue));
            self.input(shard, Input::Call(QueueCommand::Settle { offer, outcome: OfferOutcome::Accepted }));
        }
    }

    /// A caller comes, a talk ends, whoever is offered is answered.
    fn round(&mut self) {
        self.arrive();
        self.answer();
        while self.talks.len() >= self.talk {
            self.release();
            self.answer();
            if self.talk == AGENTS as usize {
                return;
            }
        }
    }

    fn pass(&mut self) {
        self.now = self.now + Duration::from_millis(37);
        for shard in &mut self.shards {
            shard.handle_timeout(self.now);
        }
        self.drain();
        self.answer();
    }

    /// How often a round asks for memory once there is room for what is usual.
    fn asks(mut self) -> u64 {
        // So many wait that each passes through the steps of its queue.
        (0..if self.talk == AGENTS as usize { 200 } else { 0 }).for_each(|_| self.arrive());
        for _ in 0..20_000 {
            self.round();
            self.pass();
        }
        let before = self.calls;
        let mut asked = 0;
        for _ in 0..1_000 {
            asked += allocation_counter::measure(|| self.round()).count_total;
            self.pass();
        }
        assert_eq!(self.calls - before, 1_000);
        assert!(self.talks.len() + 1 >= self.talk, "{} talk", self.talks.len());
        asked
    }
}

// No longest wait: its timer belongs to entering, and far timers open new places of the wheel all day.
fn house(lines: [Queue; 2]) -> Directory {
    directory(lines.into(), (0..AGENTS).map(|n| agent(n, &[0, 1])).collect())
}

fn plain() -> Directory {
    house([queue("a"), queue("b")])
}

/// Each queue asks for much of a skill, a second later for less and then for nothing; one takes the best, in one who
/// waits gets more pressing.
fn asking() -> Directory {
    let mut lines = [queue("a"), queue("b")];
    let step = |n, lasts| Step { needs: Some(RequirementId(n)), lasts, only_if: Vec::new() };
    let second = Some(Duration::from_secs(1));
    for line in &mut lines {
        line.routing.steps = vec![step(0, second), step(1, second), Step { needs: None, ..step(0, None) }];
    }
    lines[0].strategy = Strategy::BestSkill;
    lines[1].routing.ageing = Ageing { per_minute: 60, cap: 100 };
    let mut house = house(lines);
    house.skills = vec!["skill".into()];
    let asked = |least| Requirement {
        text: "skill".into(),
        any: vec![vec![SkillRange { skill: SkillId(0), least, most: 10 }]],
    };
    house.requirements = vec![asked(9), asked(4)];
    for (agent, n) in house.agents.iter_mut().zip(0u8..) {
        agent.skills = vec![SkillLevel { skill: SkillId(0), level: 1 + n % 10 }];
    }
    house
}

fn ringing(strategy: Strategy) -> Directory {
    let mut lines = [queue("a"), queue("b")];
    for line in &mut lines {
        line.strategy = strategy;
        line.routing.ring_step = Duration::from_millis(10);
    }
    house(lines)
}

#[test]
fn a_match_asks_for_no_memory() {
    let all = AGENTS as usize;
    assert_eq!(Busy::new(plain(), 1, all).asks(), 0, "contacts wait");
    assert_eq!(Busy::new(plain(), 1, all / 2).asks(), 0, "agents are ready");
}

#[test]
fn a_match_by_skills_steps_and_ageing_asks_for_no_memory() {
    let all = AGENTS as usize;
    assert_eq!(Busy::new(asking(), 1, all).asks(), 0, "contacts wait");
    assert_eq!(Busy::new(asking(), 1, all / 2).asks(), 0, "agents are ready");
}

#[test]
fn a_match_with_several_phones_asks_for_no_memory() {
    for strategy in [Strategy::RingAll, Strategy::RingProgressive] {
        let all = AGENTS as usize;
        assert_eq!(Busy::new(ringing(strategy), 1, all).asks(), 0, "{strategy:?}, contacts wait");
        assert_eq!(Busy::new(ringing(strategy), 1, all / 2).asks(), 0, "{strategy:?}, agents are ready");
    }
}

#[test]
fn a_match_across_shards_asks_for_no_memory() {
    let all = AGENTS as usize;
    for house in [plain(), asking(), ringing(Strategy::RingAll)] {
        assert_eq!(Busy::new(house.clone(), 2, all).asks(), 0, "contacts wait");
        assert_eq!(Busy::new(house, 2, all / 2).asks(), 0, "agents are ready");
    }
}
