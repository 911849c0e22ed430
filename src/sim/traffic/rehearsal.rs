use super::demand::{Caller, callers};
use super::house::{Deed, News, Ring, SimpleHouse, SimpleLeg};
use super::roster::{Wish, wishes};
use super::staff::Staff;
use crate::limits::OVER_AFTER;
use base::{Instant, Now, Rng, Utc};
use core::cmp::Reverse;
use core::time::Duration;
use model::{
    AgentAction, AgentId, ContactId, Demand, DialTarget, Directory, Fact, LegId, Manners, Party, Shift, Source,
    Stamped, Weekday,
};
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

/// A day to be rehearsed: a house, who calls it and who is there.
#[derive(Clone, Debug)]
pub struct Scene {
    pub directory: Arc<Directory>,
    /// Midnight of the first day.
    pub begins: Utc,
    /// The day of the week that begins then.
    pub weekday: Weekday,
    /// Midnight of each day, since `begins`: not all days have 24 hours.
    pub midnights: Vec<Duration>,
    /// Length of an interval of the report and of the arrival curve.
    pub interval: Duration,
    pub demand: Demand,
    pub shifts: Vec<Shift>,
    pub manners: Manners,
}

/// What somebody will do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Plan {
    GiveUp {
        leg: LegId,
    },
    TalkOver {
        leg: LegId,
    },
    Press {
        leg: LegId,
        /// Of what he presses.
        nth: u32,
    },
    /// A number outside is dialled: by now it is known whose.
    Outside {
        leg: LegId,
    },
    Answer {
        leg: LegId,
    },
    Refuse {
        leg: LegId,
    },
    /// The agent is through with his notes, or comes back by himself; of an older plan the number is wrong.
    Return {
        agent: AgentId,
        plan: u32,
    },
}

/// One day, or several, of one seed: the shipped engine on a clock that jumps from event to event.
pub struct Rehearsal<'a> {
    scene: &'a Scene,
    house: SimpleHouse,
    now: Now,
    began: Now,
    callers: Vec<Caller>,
    next_caller: usize,
    wishes: Vec<Wish>,
    next_wish: usize,
    ends: Instant,
    agenda: BinaryHeap<Reverse<(Instant, u64, Plan)>>,
    planned: u64,
    /// Callers in the house, by their leg.
    inside: HashMap<LegId, Inside>,
    legs: HashMap<ContactId, LegId>,
    /// Whose contact it is, also while nobody is on the line because he will be called back; and how many agents' phones
    /// have rung for it.
    owners: HashMap<ContactId, (usize, u32)>,
    staff: Staff,
    shard: u8,
}

#[derive(Clone, Copy, Debug)]
struct Inside {
    caller: usize,
    talks: bool,
}

impl<'a> Rehearsal<'a> {
    pub fn new(scene: &'a Scene, seed: u64) -> Self {
        // The day's chance does not depend on the configuration: two of them meet the same callers.
        let callers = callers(&scene.demand, seed, (scene.weekday, &scene.midnights), scene.interval);
        let now = Now::new(Instant::from_millis(1000), scene.begins);
        let wishes = wishes(&scene.shifts, scene.weekday, &scene.midnights);
        let last = callers.last().map(|c| c.at).max(wishes.last().map(|w| w.at)).unwrap_or_default();
        let mut rehearsal = Rehearsal {
            scene,
            house: SimpleHouse::new(now, &scene.directory, seed),
            now,
            began: now,
            callers,
            next_caller: 0,
            wishes,
            next_wish: 0,
            ends: now.mono + last + OVER_AFTER,
            agenda: BinaryHeap::new(),
            planned: 0,
            inside: HashMap::new(),
            legs: HashMap::new(),
            owners: HashMap::new(),
            staff: Staff::new(&scene.directory),
            shard: 0,
        };
        rehearsal.open();
        rehearsal
    }

    /// Every phone is there; whoever the configuration signs on at its start goes home until his shift begins.
    fn open(&mut self) {
        let directory = Arc::clone(&self.scene.directory);
        for (n, phone) in directory.phones.iter().enumerate() {
            if !phone.removed && phone.contact.is_none() {
                self.house.reaches(self.now, model::PhoneId(n as u32), true);
            }
        }
        for (n, agent) in directory.agents.iter().enumerate() {
            if !agent.removed && agent.phone.is_some() {
                self.house.wishes(self.now, AgentId(n as u32), AgentAction::SignOff { code: 0 });
            }
        }
    }

    pub fn now(&self) -> Now {
        self.now
    }

    pub fn callers(&self) -> &[Caller] {
        &self.callers
    }

    pub fn house(&self) -> &SimpleHouse {
        &self.house
    }

    /// Runs to the end: until everybody has called and hung up and every agent has gone. Every fact goes to `book`.
    pub fn run(&mut self, mut book: impl FnMut(&Stamped)) {
        self.listen(&mut book);
        while self.step(&mut book) {}
    }

    /// One instant; false when nothing is left to come.
    pub fn step(&mut self, book: &mut impl FnMut(&Stamped)) -> bool {
        let Some(due) = self.next_due().filter(|due| *due <= self.ends) else { return false };
        let at = due.max(self.now.mono);
        // Both clocks from their beginning: adding step by step would lose the civil clock's fractions.
        self.now = self.began + (at - self.began.mono);
        if self.house.poll_timeout().is_some_and(|due| due <= at) {
            self.house.handle_timeout(self.now);
            self.listen(book);
        }
        while let Some(wish) = self.wishes.get(self.next_wish).copied().filter(|w| self.began.mono + w.at <= at) {
            self.next_wish += 1;
            self.staff.wishes(wish.agent, wish.action);
            self.house.wishes(self.now, wish.agent, wish.action);
            self.listen(book);
        }
        while let Some(Reverse((_, _, plan))) = self.agenda.peek().copied().filter(|Reverse((due, ..))| *due <= at) {
            self.agenda.pop();
            self.carry_out(plan);
            self.listen(book);
        }
        while self.callers.get(self.next_caller).is_some_and(|c| self.began.mono + c.at <= at) {
            self.next_caller += 1;
            self.call(self.next_caller - 1);
            self.listen(book);
        }
        true
    }

    fn next_due(&self) -> Option<Instant> {
        let caller = self.callers.get(self.next_caller).map(|c| self.began.mono + c.at);
        let wish = self.wishes.get(self.next_wish).map(|w| self.began.mono + w.at);
        let plan = self.agenda.peek().map(|Reverse((due, ..))| *due);
        [self.house.poll_timeout(), caller, wish, plan].into_iter().flatten().min()
    }

    fn plan(&mut self, after: Duration, plan: Plan) {
        self.planned += 1;
        self.agenda.push(Reverse((self.now.mono + after, self.planned, plan)));
    }

    fn call(&mut self, nth: usize) {
        let caller = &self.callers[nth];
        let ring =
            Ring { source: Source::Trunk(caller.trunk), dialled: &caller.dialled, caller: &caller.number, name: "" };
        let (shard, patience) = (self.shard, caller.patience);
        let presses = caller.presses.as_ref().map(|(_, after)| *after);
        self.shard = (self.shard + 1) % self.house.shards().len() as u8;
        let leg = self.house.calls(self.now, shard, &ring);
        if self.house.leg(leg).is_some() {
            self.inside.insert(leg, Inside { caller: nth, talks: false });
            if let Some(after) = presses {
                self.plan(after, Plan::Press { leg, nth: 0 });
            }
            if let Some(patience) = patience {
                self.plan(patience, Plan::GiveUp { leg });
            }
        }
    }

    fn carry_out(&mut self, plan: Plan) {
        match plan {
            Plan::GiveUp { leg } => {
                if self.inside.get(&leg).is_some_and(|inside| !inside.talks) {
                    self.leave(leg);
                }
            }
            Plan::TalkOver { leg } => self.leave(leg),
            Plan::Press { leg, nth } => self.press(leg, nth),
            Plan::Outside { leg } => self.outside(leg),
            Plan::Answer { leg } => self.house.does(self.now, leg, Deed::Answer),
            Plan::Refuse { leg } => self.house.does(self.now, leg, Deed::Refuse(model::CauseKind::Declined)),
            Plan::Return { agent, plan } => {
                if let Some(action) = self.staff.returns(agent, plan) {
                    self.house.wishes(self.now, agent, action);
                }
            }
        }
    }

    /// Nobody presses keys while he talks.
    fn press(&mut self, leg: LegId, nth: u32) {
        let Some(inside) = self.inside.get(&leg).filter(|inside| !inside.talks) else { return };
        let keys = self.callers[inside.caller].presses.as_ref().map(|(keys, _)| keys);
        let Some(key) = keys.and_then(|keys| keys.chars().nth(nth as usize)) else { return };
        self.plan(Duration::from_secs(1), Plan::Press { leg, nth: nth + 1 });
        self.house.does(self.now, leg, Deed::Press(key));
    }

    /// Who was promised a callback is there when it comes, and answers after as long as an agent would. What other
    /// numbers outside would do is not part of the rehearsal.
    fn outside(&mut self, leg: LegId) {
        let Some(inside) = self.inside.get(&leg) else {
            return self.house.does(self.now, leg, Deed::Refuse(model::CauseKind::Unreachable));
        };
        let mut rng = Rng::new(self.callers[inside.caller].seed);
        let after = self.scene.manners.answers_after.draw(&mut rng);
        self.house.does(self.now, leg, Deed::Ring);
        self.plan(after, Plan::Answer { leg });
    }

    fn leave(&mut self, leg: LegId) {
        if self.inside.remove(&leg).is_some() {
            self.house.does(self.now, leg, Deed::HangUp);
        }
    }

    fn listen(&mut self, book: &mut impl FnMut(&Stamped)) {
        while let Some(news) = self.house.poll_news() {
            match news {
                News::Fact(fact) => {
                    book(&fact);
                    self.learn(&fact.fact);
                }
                News::Rings { leg, to, opens } => self.rings(leg, &to, opens),
                News::Over { leg, .. } => {
                    self.inside.remove(&leg);
                }
                News::Answered { .. } | News::Answer { .. } | News::Reloaded(..) => {}
            }
        }
    }

    fn learn(&mut self, fact: &Fact) {
        match *fact {
            Fact::LegStarted { contact, leg, party: Party::Caller } => {
                self.legs.insert(contact, leg);
                match (self.inside.get(&leg), self.owners.get(&contact)) {
                    (Some(inside), _) => _ = self.owners.insert(contact, (inside.caller, 0)),
                    // He is called back.
                    (None, Some((caller, _))) if leg.is_outward() => {
                        self.inside.insert(leg, Inside { caller: *caller, talks: false });
                    }
                    (None, _) => {}
                }
            }
            Fact::LegStarted { contact, leg, party: Party::Agent(_) } => {
                // What is done at a contact's first phone, its second … is the same whoever sits there and whichever
                // configuration rings it; of phones that ring together each is another.
                let chance = self.owners.get_mut(&contact).map_or(0, |(caller, rung)| {
                    *rung += 1;
                    self.callers[*caller].seed ^ u64::from(*rung)
                });
                self.decide(leg, chance);
            }
            Fact::TalkStarted { contact, queue, .. } => {
                let Some(leg) = self.legs.get(&contact).copied() else { return };
                let Some(inside) = self.inside.get_mut(&leg).filter(|inside| !inside.talks) else { return };
                inside.talks = true;
                let talk = self.callers[inside.caller].talk;
                self.staff.will_wrap(contact, queue, self.callers[inside.caller].wrap_up);
                self.plan(talk, Plan::TalkOver { leg });
            }
            Fact::AgentChanged { agent, state, .. } => {
                if let Some((after, plan)) = self.staff.changed(agent, state, &self.scene.manners) {
                    self.plan(after, Plan::Return { agent, plan });
                }
            }
            Fact::ContactEnded { contact, .. } => {
                self.legs.remove(&contact);
                self.owners.remove(&contact);
            }
            _ => {}
        }
    }

    fn rings(&mut self, leg: LegId, to: &DialTarget, opens: bool) {
        match to {
            DialTarget::Phone(_) if opens => self.house.does(self.now, leg, Deed::Answer),
            DialTarget::Phone(_) => self.house.does(self.now, leg, Deed::Ring),
            DialTarget::Trunk { .. } => self.plan(Duration::ZERO, Plan::Outside { leg }),
        }
    }

    /// Of a phone that opened by itself nobody decides.
    fn decide(&mut self, leg: LegId, chance: u64) {
        if self.house.leg(leg) == Some(SimpleLeg::Up) {
            return;
        }
        let mut rng = Rng::new(chance);
        let manners = &self.scene.manners;
        let lot = rng.unit();
        let after = manners.answers_after.draw(&mut rng);
        if lot < manners.declines {
            self.plan(after, Plan::Refuse { leg });
        } else if lot >= manners.declines + manners.misses {
            self.plan(after, Plan::Answer { leg });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::WorldPlan;
    use model::{Spread, Stream, TrunkId, Weekdays};

    /// A house with reserves looks at its figures every ten seconds as long as somebody waits.
    #[test]
    fn a_day_ends_also_when_somebody_waits_for_ever_and_everybody_has_gone() {
        let tables = r#"
[generation]
enable = ["queue.groups"]
[[queue]]
name = "q"
max_wait = "off"
reserves = [{ queue = "r", when = "waiting > 2" }]
[[queue]]
name = "r"
[[number]]
match = "4008"
to = "queue:q"
[[phone]]
range = "10000-10001"
contact = "sip:{n}@10.1.0.1:5060"
[[agent]]
id = "10000"
phone = "10000"
queues = ["q"]
[[agent]]
id = "10001"
phone = "10001"
queues = ["r"]
"#;
        let WorldPlan { directory, begins, .. } = WorldPlan::new(tables);
        let stream = Stream {
            trunk: TrunkId(0),
            days: Weekdays::ALL,
            numbers: vec![("4008".into(), 1.0)],
            calls: vec![20.0],
            talk: Spread::Exactly(Duration::from_secs(300)),
            wrap_up: Spread::ZERO,
            patience: None,
            habits: Vec::new(),
            people: 100,
            prefix: "1".into(),
        };
        let hour = Duration::from_secs(3600);
        let shift =
            Shift { agent: AgentId(0), days: Weekdays::ALL, from: Duration::ZERO, to: hour / 2, breaks: vec![] };
        let scene = Scene {
            directory: Arc::new(directory),
            begins,
            weekday: Weekday::Monday,
            midnights: vec![Duration::ZERO],
            interval: hour,
            demand: Demand { streams: vec![stream], ..Demand::default() },
            shifts: vec![shift],
            manners: Manners::ideal(),
        };
        let mut rehearsal = Rehearsal::new(&scene, 1);
        let mut steps = 0;
        while rehearsal.step(&mut |_| {}) {
            steps += 1;
            assert!(steps < 100_000, "it never ends");
        }
        assert!(!rehearsal.inside.is_empty(), "somebody waits still");
        assert!(rehearsal.now().mono <= Instant::from_millis(1000) + hour + OVER_AFTER);
    }
}
