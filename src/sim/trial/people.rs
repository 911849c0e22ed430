//! What the people of the house do: agents, supervisors, and whoever changes the configuration.

use super::draw::FIRST_AGENT;
use super::{LASTS, Plan, Trial};
use crate::traffic::Ring;
use core::time::Duration;
use engine::Ask;
use model::{
    Actor, AgentAction, AgentId, Command, ContactId, Directory, NailedUp, PhoneId, QueueAction, QueueId, ReserveOrder,
    Source,
};
use std::sync::Arc;

impl Trial {
    pub(super) fn agent_wishes(&mut self) {
        let agent = AgentId(self.rng.below(u64::from(self.drawn.agents)) as u32);
        let action = match self.rng.below(5) {
            0 => AgentAction::SignOff { code: 0 },
            1 => AgentAction::NotReady { code: 1 },
            2 => AgentAction::SignOn { phone: None },
            _ => AgentAction::Ready,
        };
        if action == (AgentAction::SignOn { phone: None }) || matches!(action, AgentAction::SignOff { .. }) {
            self.faults.insert("sign-off");
        }
        self.says(agent, action);
        if let AgentAction::SignOn { .. } = action {
            self.listen();
            self.says(agent, AgentAction::Ready);
        }
    }

    /// What agents of some worlds do beyond the others.
    pub(super) fn plan_further(&mut self) {
        for agent in (0..self.drawn.agents).map(AgentId) {
            let nailed = self.directory.agent(agent).nailed_up != NailedUp::Off;
            for (plan, likely) in [(Plan::MoreNotes(agent), 0.3), (Plan::LineLost(agent), f64::from(u8::from(nailed)))]
            {
                if self.apart.chance(likely) {
                    let after = LASTS.mul_f64(self.apart.unit());
                    self.plan(after, plan);
                }
            }
        }
    }

    /// On a permanent leg a contact is taken or declined by a key.
    pub(super) fn takes_by_key(&mut self, agent: AgentId) {
        let Some(leg) = self.lines.up.get(&agent).copied() else { return };
        if self.directory.agent(agent).nailed_up == NailedUp::ByKey && self.apart.chance(0.95) {
            let (after, key) = (self.apart.below(9000), if self.apart.chance(0.1) { '*' } else { '5' });
            self.plan(Duration::from_millis(after), Plan::Press(leg, key));
        }
    }

    pub(super) fn says(&mut self, agent: AgentId, action: AgentAction) {
        self.course.spoken(self.now.mono, agent);
        self.house.wishes(self.now, agent, action);
    }

    /// Whatever he was about to do, he is in a call now; on a break and during his notes too.
    pub(super) fn own_call(&mut self) {
        self.faults.insert("own call");
        let phone = self.rng.below(u64::from(self.drawn.agents)) as u32;
        let shard = self.rng.below(u64::from(self.drawn.shards)) as u8;
        let caller = format!("{}", FIRST_AGENT + phone);
        let source = Source::Phone(PhoneId(phone));
        let ring = Ring { source, dialled: "13800130077", caller: &caller, name: "" };
        let leg = self.house.calls(self.now, shard, &ring);
        let lasts = self.seconds(20.0);
        self.plan(lasts, Plan::TalkOver(leg));
    }

    pub(super) fn phone_is_lost(&mut self) {
        self.faults.insert("unreachable phone");
        let phone = PhoneId(self.rng.below(u64::from(self.drawn.agents)) as u32);
        self.unreachable.insert(phone);
        self.course.spoken(self.now.mono, AgentId(phone.0));
        self.house.reaches(self.now, phone, false);
        let after = self.seconds(60.0);
        self.plan(after, Plan::Reachable(phone));
    }

    /// A supervisor does something to an agent, a call or a queue.
    pub(super) fn operator(&mut self) {
        self.faults.insert("forced");
        let waiting: Vec<ContactId> = self.callers.keys().copied().collect();
        let agent = AgentId(self.rng.below(u64::from(self.drawn.agents)) as u32);
        let action = match (self.rng.below(6), self.rng.pick(&waiting).copied()) {
            (0, Some(contact)) => return self.hang_up(contact),
            (1, _) => AgentAction::NotReady { code: 0 },
            (2, _) => AgentAction::SignOn { phone: None },
            (3, _) => AgentAction::Ready,
            (4, _) => return self.order(),
            _ => AgentAction::SignOff { code: 0 },
        };
        self.course.spoken(self.now.mono, agent);
        self.command(0, |by| Command::Agent { agent, action, by });
    }

    /// A queue is shut, or its reserves are called in or sent away, until the rules count again.
    fn order(&mut self) {
        let queue = QueueId(self.rng.below(u64::from(self.drawn.queues)) as u32);
        let place = self.rng.chance(0.5).then(|| self.rng.below(2) as u8);
        let action = match self.rng.below(3) {
            0 => QueueAction::Close,
            1 => QueueAction::Reserve { place, order: ReserveOrder::CallIn },
            _ => QueueAction::Reserve { place, order: ReserveOrder::SendAway },
        };
        self.faults.insert("ordered queue");
        self.command(0, |by| Command::Queue { queue, action, by });
        let lasts = self.seconds(60.0);
        self.plan(lasts, Plan::ByRule(queue));
    }

    pub(super) fn by_rule(&mut self, queue: QueueId) {
        let order = ReserveOrder::ByRule;
        for action in [QueueAction::Open, QueueAction::Reserve { place: None, order }] {
            self.command(0, |by| Command::Queue { queue, action, by });
        }
    }

    pub(super) fn hang_up(&mut self, contact: ContactId) {
        self.command(contact.home().0, |by| Command::HangUp { contact, by });
    }

    /// An error is an answer too.
    pub(super) fn command(&mut self, shard: u8, command: impl FnOnce(Actor) -> Command) {
        let by = Actor::Operator("operator".into());
        self.house.asks(self.now, shard, Ask::Do(command(by)));
        self.listen();
    }

    /// Agents change teams, one leaves or comes back, and queues work differently.
    pub(super) fn reload(&mut self) {
        self.faults.insert("reload");
        let mut directory = (*self.directory).clone();
        let agent = self.rng.below(u64::from(self.drawn.agents)) as usize;
        match self.rng.below(7) {
            0 => {
                let queue = self.rng.below(u64::from(self.drawn.queues)) as usize;
                directory.queues[queue].removed = !directory.queues[queue].removed;
            }
            1 | 2 => directory.agents[agent].removed = !directory.agents[agent].removed,
            3 | 4 => directory.agents[agent].queues.reverse(),
            _ => {
                let queue = self.rng.below(u64::from(self.drawn.queues)) as usize;
                directory.queues[queue].wrap_up = Duration::from_secs(self.rng.below(30));
                directory.agents[agent].queues = vec![QueueId(queue as u32)];
            }
        }
        self.course.spoken(self.now.mono, AgentId(agent as u32));
        self.configure(Arc::new(directory));
    }

    pub(super) fn configure(&mut self, directory: Arc<Directory>) {
        self.course.reloaded(self.now.mono, &directory);
        self.books.directory_changed(Arc::clone(&directory));
        self.house.reloads(self.now, &directory);
        self.directory = directory;
    }
}
