//! A trial with telephones that speak SIP to the house, over a network that loses, doubles and delays what they say.

use super::draw::{self, FIRST_AGENT, House};
use super::{Census, Verdict};
use crate::phone::{Answer, CallNo};
use crate::world::{PhoneNo, World};
use base::{Instant, Rng};
use core::cmp::Reverse;
use core::time::Duration;
use model::AgentAction;
use netem::Conditions;
use std::collections::{BTreeSet, BinaryHeap};

/// Virtual time in which people call and things go wrong.
const LASTS: Duration = Duration::from_secs(900);
/// Callers share so many telephones.
const CALLERS: usize = 24;
/// Then everybody hangs up, and every transaction has time to give up (RFC 3261 §17: 32 s, and the ringing before it).
const REST: Duration = Duration::from_secs(180);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Plan {
    Call,
    GiveUp(PhoneNo, CallNo),
    Agent,
    Mend(PhoneNo),
    Revive(PhoneNo),
    Fault,
    Stall,
    Reload,
}

struct Wire {
    rng: Rng,
    world: World,
    agents: Vec<PhoneNo>,
    callers: Vec<PhoneNo>,
    queues: u32,
    shards: u8,
    agenda: BinaryHeap<Reverse<(Instant, u64, Plan)>>,
    planned: u64,
    faults: BTreeSet<&'static str>,
    ends: Instant,
}

/// Lives one seed through.
pub fn wire_trial(seed: u64) -> Verdict {
    let mut rng = Rng::new(seed ^ 0x51b);
    let drawn = draw::draw(&mut rng, House::Wire);
    let mut world = World::plan(&drawn.tables).seed(seed).shards(drawn.shards).without_media().judged().open();
    let agents = (0..drawn.agents).map(|n| world.phone(&format!("{}", FIRST_AGENT + n))).collect();
    let callers = (0..CALLERS).map(|n| world.caller(&format!("138001{:05}", 30_000 + n * 100))).collect();
    let ends = world.now() + LASTS;
    let mut wire = Wire {
        rng,
        world,
        agents,
        callers,
        queues: drawn.queues,
        shards: drawn.shards,
        agenda: BinaryHeap::new(),
        planned: 0,
        faults: BTreeSet::new(),
        ends,
    };
    let broken = wire.live();
    let mut census = Census::default();
    wire.world.books.facts.iter().for_each(|fact| census.handle_fact(fact));
    let books = &wire.world.books;
    let offers = wire.world.referee.as_ref().map_or((0, 0), acd::Referee::offers);
    let (contacts, lately) = (books.arrivals(), books.lately().to_vec());
    Verdict { tables: drawn.tables, contacts, offers, faults: wire.faults, census, broken, lately }
}

impl Wire {
    fn live(&mut self) -> Vec<String> {
        self.weather();
        let calls = 200 + self.rng.below(40);
        (0..calls).for_each(|_| self.at_some_time(Plan::Call));
        for (plan, most) in [(Plan::Agent, 30), (Plan::Fault, 8), (Plan::Stall, 2), (Plan::Reload, 2)] {
            for _ in 0..self.rng.below(most + 1) {
                self.at_some_time(plan);
            }
        }
        while let Some(Reverse((due, _, plan))) = self.agenda.pop() {
            if due >= self.ends {
                continue;
            }
            self.world.run(due.since(self.world.now()));
            self.carry_out(plan);
        }
        self.end()
    }

    /// How good the network is for each telephone.
    fn weather(&mut self) {
        for phone in self.agents.clone().into_iter().chain(self.callers.clone()) {
            let conditions = match self.rng.below(4) {
                0 => Conditions::lan(),
                1 => Conditions::rough(),
                _ => Conditions::lan().with_loss(0.02 + 0.08 * self.rng.unit()),
            };
            if conditions.loss > 0.0 {
                self.faults.insert("packet loss");
            }
            self.world.signals_go(phone, conditions);
            self.world[phone].manners.talks = Some(self.seconds(20.0));
            self.manners(phone);
        }
    }

    /// What an agent's phone does when it rings next.
    fn manners(&mut self, phone: PhoneNo) {
        let after = Duration::from_millis(self.rng.below(7000));
        let (answer, fault) = match self.rng.below(20) {
            0 => (Answer::Never, "missed"),
            1 => (Answer::Refuse { status: 603, after }, "declined"),
            2 => (Answer::Refuse { status: 486, after }, "busy phone"),
            3 => (Answer::Refuse { status: 500, after }, "failing phone"),
            4 => (Answer::TryingOnly, "trying only"),
            5 => (Answer::Silent, "silent phone"),
            _ => return self.world[phone].manners.answer = Answer::After(after),
        };
        self.faults.insert(fault);
        self.world[phone].manners.answer = answer;
    }

    fn carry_out(&mut self, plan: Plan) {
        match plan {
            Plan::Call => self.call(),
            Plan::GiveUp(phone, call) => {
                let known = self.world[phone].calls().len() > call.0;
                if known && !self.world[phone].call(call).is_over() && !self.world[phone].call(call).is_up() {
                    self.world[phone].hangs_up(call);
                }
            }
            Plan::Agent => self.agent_wishes(),
            Plan::Mend(phone) => self.world.mends(phone),
            Plan::Revive(phone) => self.world[phone].revives(),
            Plan::Fault => self.fault(),
            Plan::Stall => {
                self.faults.insert("stalled loop");
                let shard = self.rng.below(u64::from(self.shards)) as u8;
                let stands = Duration::from_millis(self.rng.below(3000));
                self.world.stalls(shard, stands);
            }
            Plan::Reload => self.reload(),
        }
    }

    fn call(&mut self) {
        let caller = self.callers[self.rng.below(CALLERS as u64) as usize];
        if self.world[caller].is_dead() {
            return;
        }
        let number = match self.rng.below(20) {
            0 => "5000".to_owned(),
            1 => "5001".to_owned(),
            _ => format!("400{}", self.rng.below(u64::from(self.queues))),
        };
        let call = self.world[caller].dials(&number);
        let patience = self.seconds(40.0);
        self.plan(patience, Plan::GiveUp(caller, call));
        let agent = self.any_agent();
        self.manners(agent);
    }

    fn agent_wishes(&mut self) {
        if self.world.stalled.iter().any(|until| *until > self.world.now()) {
            // His word waits for the loop too; the answer is what cannot be waited for here.
            return;
        }
        let agent = format!("{}", FIRST_AGENT + self.rng.below(self.agents.len() as u64) as u32);
        let action = match self.rng.below(5) {
            0 => AgentAction::SignOff { code: 0 },
            1 => AgentAction::NotReady { code: 1 },
            2 => AgentAction::SignOn { phone: None },
            _ => AgentAction::Ready,
        };
        self.faults.insert("forced");
        // An error is an answer too.
        let _ = self.world.tells_agent(&agent, action);
    }

    fn fault(&mut self) {
        let phone = self.any_agent();
        let after = self.seconds(30.0);
        if self.rng.chance(0.5) {
            self.faults.insert("cut cable");
            self.world.cuts(phone);
            self.plan(after, Plan::Mend(phone));
        } else {
            self.faults.insert("dead phone");
            self.world[phone].dies();
            self.plan(after, Plan::Revive(phone));
        }
    }

    /// Somebody changes teams, and a queue wraps up differently.
    fn reload(&mut self) {
        if self.world.stalled.iter().any(|until| *until > self.world.now()) {
            return;
        }
        self.faults.insert("reload");
        let agent = self.rng.below(self.agents.len() as u64) as usize;
        let queue = self.rng.below(u64::from(self.queues)) as u32;
        let wrap_up = Duration::from_secs(self.rng.below(30));
        self.world.reloads(|directory| {
            directory.agents[agent].queues = vec![model::QueueId(queue)];
            directory.queues[queue as usize].wrap_up = wrap_up;
        });
    }

    /// The network is good again, everybody hangs up and goes home; then every law must hold.
    fn end(&mut self) -> Vec<String> {
        for phone in self.agents.clone().into_iter().chain(self.callers.clone()) {
            self.world[phone].revives();
            self.world.mends(phone);
        }
        for wait in [Duration::from_secs(40), REST] {
            self.world.run(wait);
            self.world.everybody_hangs_up();
            for agent in 0..self.agents.len() as u32 {
                let _ = self.world.tells_agent(&format!("{}", FIRST_AGENT + agent), AgentAction::SignOff { code: 0 });
            }
        }
        self.world.run(REST);
        self.world.laws()
    }

    fn any_agent(&mut self) -> PhoneNo {
        self.agents[self.rng.below(self.agents.len() as u64) as usize]
    }

    fn at_some_time(&mut self, plan: Plan) {
        let after = LASTS.mul_f64(self.rng.unit());
        self.plan(after, plan);
    }

    fn plan(&mut self, after: Duration, plan: Plan) {
        self.planned += 1;
        let after = Duration::from_millis(after.as_millis() as u64);
        self.agenda.push(Reverse((self.world.now() + after, self.planned, plan)));
    }

    fn seconds(&mut self, mean: f64) -> Duration {
        Duration::from_secs_f64(self.rng.exponential(mean))
    }
}
