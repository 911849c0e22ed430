//! Trials: a seed draws a whole world, half an hour of it is lived through with faults, and every law is looked at
//! after every step. The legs of [`trial`] are [`crate::traffic::SimpleLeg`]s; those of [`wire_trial`] speak SIP over a
//! network that loses what is said.
//!
//! A world has at least 200 contacts in nine seeds of ten and at most a dozen agents: crowded enough that rules, refusals
//! and faults meet each other, and still some twenty milliseconds a seed, so that a thousand of them are lived through
//! with every change.

mod census;
mod draw;
mod figures;
mod further;
mod laws;
mod people;
mod pressure;
#[cfg(test)]
mod spoilt_tests;
mod times;
mod wire;

pub use census::Census;
pub use wire::wire_trial;

use crate::WorldPlan;
use crate::books::Books;
use crate::traffic::{Deed, News, Ring, SimpleHouse};
use acd::Referee;
use base::{Instant, Now, Rng};
use core::cmp::Reverse;
use core::time::Duration;
use draw::Drawn;
use model::{
    AgentAction, AgentId, AgentState, CauseKind, ContactId, DialTarget, Directory, Fact, LegId, LineStep, Party,
    PhoneId, QueueId, Source, Stamped, TrunkId,
};
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::Arc;
use times::Course;

/// Virtual time in which people call and things go wrong.
const LASTS: Duration = Duration::from_secs(1800);
/// Then everybody hangs up and has time to come to rest: wrap-ups, pauses and the ledger's closing time.
const REST: Duration = Duration::from_secs(300);
/// How long a loop may stand still, in milliseconds: long enough for reservations to run out.
const STALLS: u64 = 3000;

/// What a trial came to.
#[derive(Debug)]
pub struct Verdict {
    /// The configuration it began with.
    pub tables: String,
    pub contacts: usize,
    /// Offers the referee judged, and those he only followed.
    pub offers: (usize, usize),
    /// Kinds of fault that happened.
    pub faults: BTreeSet<&'static str>,
    pub census: Census,
    /// Laws that did not hold, in words.
    pub broken: Vec<String>,
    /// What was told before the first of them.
    pub lately: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Plan {
    Call,
    /// Somebody's phone in the house dials out.
    OwnCall,
    GiveUp(LegId),
    TalkOver(LegId),
    Press(LegId, char),
    Answer(LegId),
    Refuse(LegId, u8),
    Notes(AgentId),
    /// He needs more time for them.
    MoreNotes(AgentId),
    /// His permanent leg is gone.
    LineLost(AgentId),
    Leave(AgentId),
    Agent,
    Phone,
    Reachable(PhoneId),
    Operator,
    /// A contact is ended by hand.
    HangUp(ContactId),
    /// Whoever is to be called back calls himself.
    CallsAgain(ContactId, QueueId),
    /// Reserves are called in once more, or sent away.
    Order(QueueId, bool),
    Shut(QueueId),
    /// A reload takes a queue away, or brings it back.
    Remove(QueueId, bool),
    Back(AgentId),
    /// By-hand orders about a queue are taken back.
    ByRule(QueueId),
    Reload,
    ClockJump,
    Stall,
}

struct Trial {
    rng: Rng,
    /// For what some worlds have beyond the others.
    apart: Rng,
    further: bool,
    now: Now,
    house: SimpleHouse,
    directory: Arc<Directory>,
    drawn: Drawn,
    books: Books,
    referee: Referee,
    /// What the referee is told instead, where a test lies to him.
    #[cfg(test)]
    lie: Option<spoilt_tests::Lie>,
    census: Census,
    agenda: BinaryHeap<Reverse<(Instant, u64, Plan)>>,
    planned: u64,
    /// The caller's leg of a contact, and whether he talks.
    callers: BTreeMap<ContactId, (LegId, bool)>,
    unreachable: BTreeSet<PhoneId>,
    faults: BTreeSet<&'static str>,
    course: Course,
    lines: Lines,
    /// Of whom a contact is.
    numbers: BTreeMap<ContactId, Box<str>>,
    /// Who is to be called back.
    promised: BTreeSet<ContactId>,
    ends: Instant,
}

/// Legs that stay up between calls.
#[derive(Default)]
struct Lines {
    /// Whose phone is called to stay on the line.
    called: BTreeMap<PhoneId, AgentId>,
    up: BTreeMap<AgentId, LegId>,
}

/// Lives one seed through.
pub fn trial(seed: u64) -> Verdict {
    let mut trial = Trial::new(seed);
    trial.run();
    let Trial { mut books, referee, census, faults, drawn: Drawn { tables, .. }, .. } = trial;
    let offers = referee.offers();
    let lately = books.lately().to_vec();
    let broken = core::mem::take(books.broken_mut());
    Verdict { tables, contacts: books.arrivals(), offers, faults, census, broken, lately }
}

impl Trial {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let mut drawn = draw::draw(&mut rng, draw::House::Simple);
        let mut apart = Rng::new(!seed);
        let further = further::draw(&mut apart, &mut drawn);
        let WorldPlan { directory, begins, .. } = WorldPlan::new(&drawn.tables).shards(drawn.shards);
        let directory = Arc::new(directory);
        let now = Now::new(Instant::from_millis(1000), begins);
        let house = SimpleHouse::new(now, &directory, seed);
        let draws_from = house.shards()[0].distributor().seating().seed;
        Trial {
            house,
            books: Books::new(Arc::clone(&directory), now),
            referee: Referee::new(&directory, draws_from),
            #[cfg(test)]
            lie: None,
            census: Census::default(),
            agenda: BinaryHeap::new(),
            planned: 0,
            callers: BTreeMap::new(),
            unreachable: BTreeSet::new(),
            faults: BTreeSet::new(),
            course: Course::new(now.mono, &directory),
            lines: Lines::default(),
            numbers: BTreeMap::new(),
            promised: BTreeSet::new(),
            ends: now.mono + LASTS,
            rng,
            apart,
            further,
            now,
            directory,
            drawn,
        }
    }

    fn run(&mut self) {
        self.listen();
        for phone in 0..self.drawn.agents {
            self.course.spoken(self.now.mono, AgentId(phone));
            self.house.reaches(self.now, PhoneId(phone), true);
        }
        self.listen();
        let calls = 220 + self.rng.below(60);
        for _ in 0..calls {
            self.at_some_time(Plan::Call);
        }
        for _ in 0..self.rng.below(20) {
            self.at_some_time(Plan::OwnCall);
        }
        let rare = [(Plan::Reload, 3), (Plan::ClockJump, 2), (Plan::Stall, 2)];
        for (plan, most) in [(Plan::Agent, 60), (Plan::Phone, 8), (Plan::Operator, 8)].into_iter().chain(rare) {
            for _ in 0..self.rng.below(most + 1) {
                self.at_some_time(plan);
            }
        }
        if self.further {
            self.plan_further();
        }
        // Whoever called a loop that stands still is heard of when it goes on; only then can he be told to leave.
        let heard = self.ends + Duration::from_millis(STALLS);
        self.live_until(heard);
        self.everybody_leaves();
        self.live_until(heard + REST);
        self.look_at_the_end();
    }

    fn at_some_time(&mut self, plan: Plan) {
        let after = LASTS.mul_f64(self.rng.unit());
        self.plan(after, plan);
    }

    fn plan(&mut self, after: Duration, plan: Plan) {
        self.planned += 1;
        // Timers go by whole milliseconds: so that what is due at one instant happens at one, and the referee, who only
        // hears of it, need not guess.
        let after = Duration::from_millis(after.as_millis() as u64);
        self.agenda.push(Reverse((self.now.mono + after, self.planned, plan)));
    }

    fn seconds(&mut self, mean: f64) -> Duration {
        Duration::from_secs_f64(self.rng.exponential(mean))
    }

    fn live_until(&mut self, end: Instant) {
        loop {
            let plan = self.agenda.peek().map(|Reverse((due, ..))| *due);
            let due = [plan, self.house.poll_timeout(), self.books.poll_timeout()].into_iter().flatten().min();
            let Some(due) = due.filter(|due| *due <= end) else { break };
            self.now = self.now + (due.max(self.now.mono) - self.now.mono);
            if self.books.poll_timeout().is_some_and(|due| due <= self.now.mono) {
                self.books.handle_timeout(self.now.mono);
            }
            if self.house.poll_timeout().is_some_and(|due| due <= self.now.mono) {
                self.house.handle_timeout(self.now);
                self.listen();
            }
            while let Some(Reverse((_, _, plan))) =
                self.agenda.peek().copied().filter(|Reverse((due, ..))| *due <= self.now.mono)
            {
                self.agenda.pop();
                self.carry_out(plan);
                self.listen();
                // Several shards tell of one thing after the other what they do at one instant.
                self.ask_the_referee();
            }
            self.look_at_the_instant();
        }
        self.now = self.now + (end - self.now.mono);
    }

    fn carry_out(&mut self, plan: Plan) {
        match plan {
            Plan::Call => self.call(),
            Plan::OwnCall => self.own_call(),
            Plan::GiveUp(leg) => {
                if self.callers.values().any(|(known, talks)| *known == leg && !talks) {
                    self.house.does(self.now, leg, Deed::HangUp);
                }
            }
            Plan::TalkOver(leg) => self.house.does(self.now, leg, Deed::HangUp),
            Plan::Press(leg, key) => {
                self.faults.insert("key");
                self.house.does(self.now, leg, Deed::Press(key));
            }
            Plan::Answer(leg) => self.house.does(self.now, leg, Deed::Answer),
            Plan::Refuse(leg, how) => {
                let kinds = [CauseKind::Declined, CauseKind::Busy, CauseKind::ServerFailure, CauseKind::Unreachable];
                self.faults.insert(["declined", "busy phone", "failing phone", "lost phone"][usize::from(how)]);
                self.house.does(self.now, leg, Deed::Refuse(kinds[usize::from(how)]));
            }
            Plan::Notes(agent) => {
                self.says(agent, AgentAction::Ready);
            }
            Plan::MoreNotes(agent) => {
                let by = Duration::from_secs(1 + self.apart.below(60));
                self.course.asks_for_more(self.now.mono, agent, by);
                self.house.wishes(self.now, agent, AgentAction::Extend { by });
            }
            Plan::LineLost(agent) => {
                if let Some(leg) = self.lines.up.remove(&agent) {
                    self.faults.insert("lost line");
                    self.course.spoken(self.now.mono, agent);
                    self.house.does(self.now, leg, Deed::HangUp);
                }
            }
            Plan::Leave(agent) => {
                self.says(agent, AgentAction::SignOff { code: 0 });
            }
            Plan::Agent => self.agent_wishes(),
            Plan::Phone => self.phone_is_lost(),
            Plan::Reachable(phone) => {
                self.unreachable.remove(&phone);
                self.course.spoken(self.now.mono, AgentId(phone.0));
                self.house.reaches(self.now, phone, true);
            }
            Plan::Operator => self.operator(),
            Plan::ByRule(queue) => self.by_rule(queue),
            Plan::HangUp(contact) => self.hang_up(contact),
            Plan::CallsAgain(contact, queue) => self.calls_again(contact, queue),
            Plan::Order(queue, in_again) => self.order_again(queue, in_again),
            Plan::Shut(queue) => self.shut(queue),
            Plan::Remove(queue, removed) => self.remove(queue, removed),
            Plan::Back(agent) => self.back(agent),
            Plan::Reload => self.reload(),
            Plan::Stall => {
                self.faults.insert("stalled loop");
                let shard = self.rng.below(u64::from(self.drawn.shards)) as u8;
                let stands = Duration::from_millis(self.rng.below(STALLS));
                self.house.stalls(shard, self.now.mono + stands);
                self.course.stands(self.now.mono, self.now.mono + stands);
            }
            Plan::ClockJump => {
                self.faults.insert("clock jump");
                let hours = 1 + self.rng.below(12);
                self.now.utc = self.now.utc + Duration::from_secs(hours * 3600);
                self.house.clock_jumps(self.now);
            }
        }
    }

    fn call(&mut self) {
        let queue = self.rng.below(u64::from(self.drawn.queues));
        let dialled = match self.rng.below(20) {
            0 => "5000".to_owned(),
            1 => "5001".to_owned(),
            2 => "9999".to_owned(),
            _ => format!("400{queue}"),
        };
        let caller = format!("138001{:05}", 30_000 + self.rng.below(60) * 50);
        let shard = self.rng.below(u64::from(self.drawn.shards)) as u8;
        let ring = Ring { source: Source::Trunk(TrunkId(0)), dialled: &dialled, caller: &caller, name: "" };
        let leg = self.house.calls(self.now, shard, &ring);
        if self.house.leg(leg).is_some() {
            let patience = self.seconds(45.0);
            self.plan(patience, Plan::GiveUp(leg));
            if self.rng.chance(0.1) {
                self.presses(leg);
            }
        }
    }

    /// The key that leads out of the queue; to be called back he says yes to his number, or enters another.
    fn presses(&mut self, leg: LegId) {
        let after = self.seconds(15.0);
        let keys = match self.rng.below(4) {
            0 => "1",
            1 => "1213800130077#1",
            _ => "11",
        };
        for (n, key) in (1..).zip(keys.chars()) {
            self.plan(after + Duration::from_millis(700) * n, Plan::Press(leg, key));
        }
    }

    /// Somebody's phone rings.
    fn rung(&mut self, leg: LegId) {
        // A dead one says nothing at all.
        if self.rng.chance(0.02) {
            self.faults.insert("silent phone");
            return;
        }
        self.house.does(self.now, leg, Deed::Ring);
        let after = Duration::from_millis(self.rng.below(8000));
        match self.rng.below(100) {
            0..8 => {
                self.faults.insert("missed");
            }
            8..11 => self.plan(after, Plan::Refuse(leg, 0)),
            11..13 => self.plan(after, Plan::Refuse(leg, 1)),
            13..15 => self.plan(after, Plan::Refuse(leg, 2)),
            15 => self.plan(after, Plan::Refuse(leg, 3)),
            // At the very instant at which it is given up: both happen, in some order.
            16..20 => {
                let whole = Duration::from_secs(5 + self.rng.below(11));
                self.plan(whole, Plan::Answer(leg));
            }
            _ => self.plan(after, Plan::Answer(leg)),
        }
    }

    fn listen(&mut self) {
        while let Some(news) = self.house.poll_news() {
            match news {
                News::Fact(fact) => {
                    self.census.handle_fact(&fact);
                    self.learn(&fact.fact);
                    self.press(&fact.fact);
                    self.look_at_the_offer(&fact.fact);
                    self.tell_the_referee(&fact);
                    self.books.handle_fact(fact);
                }
                News::Rings { leg, to, .. } => {
                    if let DialTarget::Phone(phone) = to
                        && let Some(agent) = self.lines.called.remove(&phone)
                    {
                        self.lines.up.insert(agent, leg);
                    }
                    self.rung(leg);
                }
                News::Reloaded(shard, directory) => self.referee.configure(self.now.mono, shard, &directory),
                News::Answered { .. } | News::Over { .. } | News::Answer { .. } => {}
            }
        }
        self.referee.next_input();
    }

    fn tell_the_referee(&mut self, told: &Stamped) {
        #[cfg(test)]
        if let Some(lie) = &mut self.lie {
            return self.referee.handle_fact(told.at.mono, &lie.instead_of(&told.fact));
        }
        self.referee.handle_fact(told.at.mono, &told.fact);
    }

    fn learn(&mut self, fact: &Fact) {
        match *fact {
            Fact::LegStarted { contact, leg, party: Party::Caller } => {
                self.callers.insert(contact, (leg, false));
            }
            Fact::TalkStarted { contact, .. } => {
                let Some((leg, talks)) = self.callers.get_mut(&contact) else { return };
                *talks = true;
                let leg = *leg;
                let talk = self.seconds(25.0);
                self.plan(talk, Plan::TalkOver(leg));
            }
            Fact::AgentChanged { agent, state: AgentState::WrapUp { .. }, .. } if self.now.mono < self.ends => {
                let notes = self.seconds(8.0);
                self.plan(notes, Plan::Notes(agent));
            }
            Fact::AgentChanged { agent, state: AgentState::NotReady { .. }, .. } if self.now.mono < self.ends => {
                let comes_back = self.seconds(60.0);
                self.plan(comes_back, Plan::Notes(agent));
            }
            Fact::ContactEnded { contact, .. } => {
                self.callers.remove(&contact);
            }
            Fact::Line { agent, phone, step: LineStep::Called } => {
                self.lines.called.insert(phone, agent);
            }
            Fact::Callback { contact, .. } => _ = self.promised.insert(contact),
            Fact::Offered { agent, .. } => self.takes_by_key(agent),
            _ => {}
        }
    }

    fn everybody_leaves(&mut self) {
        self.agenda.retain(|Reverse((_, _, plan))| {
            matches!(plan, Plan::Answer(_) | Plan::Refuse(..) | Plan::Reachable(_) | Plan::TalkOver(_))
        });
        for (leg, _) in self.callers.clone().into_values() {
            self.house.does(self.now, leg, Deed::HangUp);
            self.listen();
        }
        // Who waits to be called back has no line to hang up.
        for contact in self.callers.keys().copied().collect::<Vec<_>>() {
            self.hang_up(contact);
        }
        // Twice: what he said while a call or its notes kept him counts from their end, and notes end by his word.
        for agent in (0..self.drawn.agents).map(AgentId) {
            self.plan(Duration::ZERO, Plan::Leave(agent));
            self.plan(REST / 2, Plan::Leave(agent));
        }
    }
}
