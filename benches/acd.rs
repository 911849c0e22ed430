//! Question: how many decisions a second one core makes, and what they cost as the house grows.
//!
//! 10⁵ contacts wait, 10⁴ agents serve ten queues each of 10³, half of them shared with others at random; 20 skills and
//! eight expressions a queue. A *life* is all a contact means to the distributor: it comes, is matched with an agent,
//! the offer is accepted, the talk ends. Three inputs, and one of them holds the *decision*: where contacts wait the
//! agent's release, from which follow the most pressing contact of all his queues, the claims on the board and the
//! offer; where agents are ready the contact's coming, from which follow the first of the queue's ready agents and the
//! same. Its cost is that of the whole input, until the offer is out.
//!
//! Each kind of input is given a thousand times in a row and the three are timed apart, by the processor time of the
//! thread. The inputs are made before; taking the outputs is in it, and what a decision keeps for `explain`. So the rate
//! of lives is that of the sum, and the rate of decisions, one offer each, that of the one input. The clock goes 10 µs a
//! life, which is the rate of the lower goal; a contact passes three steps of its queue before its turn comes.
//!
//! Goals: a million decisions a second for queues of one skill, 100,000 with expressions and steps, without an
//! allocation; the cost does not depend on the queues configured and is at most linear in those an agent serves.
//! `cargo bench --package strowger-acd --bench acd -- PART` measures only what has PART in its name.

use acd::{Acd, AcdMessage, Board, BoardSize, Input, Output, Seating};
use base::{Instant, Now, Rng, Utc};
use model::{
    AgentId, ContactId, Directory, OfferOutcome, QueueCommand, QueueEvent, QueueId, Requirement, RequirementId,
    ShardId, SkillId, SkillLevel, SkillRange, Step, Wish, plain,
};
use std::collections::VecDeque;
use std::io::Write;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier};
use std::time::Duration;

macro_rules! say {
    ($($text:tt)*) => {
        writeln!(std::io::stdout(), $($text)*).expect("somebody reads the figures")
    };
}

const SKILLS: u32 = 20;
const EXPRESSIONS: u32 = 8;
/// Lives before the measuring begins, and measured.
const LIVES: usize = 50_000;
const BATCH: usize = 1_000;
const EACH: Duration = Duration::from_micros(10);
/// 10⁵ wait for a second.
const STEP: Duration = Duration::from_millis(300);

#[derive(Clone, Copy)]
struct Size {
    agents: u32,
    queues: u32,
    /// Queues an agent serves, half of them his group's and half at random.
    serves: u32,
    waiting: u32,
    expressions: bool,
    shards: u8,
    /// Of a hundred agents so many serve queues of all shards, the others only those of their own.
    shared: u64,
}

const FULL: Size =
    Size { agents: 10_000, queues: 1_000, serves: 10, waiting: 100_000, expressions: false, shards: 1, shared: 0 };

fn directory(size: Size) -> Directory {
    let mut house = plain::directory(Vec::new(), Vec::new());
    let mut rng = Rng::new(11);
    house.limits.shards = size.shards;
    house.limits.max_calls = size.waiting + size.agents;
    house.phones = (0..size.agents).map(plain::desk).collect();
    if size.expressions {
        house.skills = (0..SKILLS).map(|n| format!("skill{n}").into()).collect();
        // `a >= 7 && b >= 5 || c >= 8`, each step of a queue a little less than the one before.
        house.requirements = (0..size.queues * EXPRESSIONS).map(|n| expression(&mut rng, n % EXPRESSIONS)).collect();
    }
    let mut line = plain::queue("line");
    house.queues = (0..size.queues)
        .map(|queue| {
            let step = |n| Step {
                needs: Some(RequirementId(queue * EXPRESSIONS + n)),
                lasts: (n + 1 < EXPRESSIONS).then_some(STEP),
                only_if: Vec::new(),
            };
            line.routing.steps = if size.expressions { (0..EXPRESSIONS).map(step).collect() } else { Vec::new() };
            line.clone()
        })
        .collect();
    house.agents = (0..size.agents)
        .map(|n| {
            let mut agent = plain::agent(n, &[]);
            agent.queues = served(&mut rng, n, size);
            let skills = (0..SKILLS).filter(|_| rng.chance(0.5)).collect::<Vec<_>>();
            let level = |skill| SkillLevel { skill: SkillId(skill), level: 1 + rng.below(10) as u8 };
            agent.skills = if size.expressions { skills.into_iter().map(level).collect() } else { Vec::new() };
            agent
        })
        .collect();
    house
}

fn expression(rng: &mut Rng, step: u32) -> Requirement {
    let mut range = |least: u32| {
        let least = least.saturating_sub(step) as u8;
        SkillRange { skill: SkillId(rng.below(u64::from(SKILLS)) as u32), least, most: 10 }
    };
    let any = vec![vec![range(7), range(5)], vec![range(8)]];
    Requirement { text: "".into(), any }
}

fn served(rng: &mut Rng, agent: u32, size: Size) -> Vec<QueueId> {
    let shards = u32::from(size.shards);
    let everywhere = rng.below(100) < size.shared;
    let mine = |queue: u32| if everywhere { queue } else { queue / shards * shards + agent % shards };
    let group = agent / shards * size.serves / 2;
    let own = (0..size.serves / 2).map(|n| mine((group * shards + n * shards) % size.queues));
    let others: Vec<_> = (0..size.serves.div_ceil(2)).map(|_| mine(rng.below(u64::from(size.queues)) as u32)).collect();
    let mut queues: Vec<u32> = own.chain(others).collect();
    queues.sort_unstable();
    queues.dedup();
    queues.into_iter().map(QueueId).collect()
}

/// One shard and what happens to it.
struct Shard {
    acd: Acd,
    now: Now,
    rng: Rng,
    id: u8,
    size: Size,
    talks: Vec<(AgentId, ContactId, QueueId)>,
    /// Where everybody answers at once; kept for its room.
    offers: VecDeque<model::Offer>,
    calls: u32,
    decisions: usize,
    mail: Vec<Option<Sender<AcdMessage>>>,
}

impl Shard {
    fn new(
        id: u8,
        size: Size,
        directory: &Arc<Directory>,
        board: &Arc<Board>,
        mail: Vec<Option<Sender<AcdMessage>>>,
    ) -> Self {
        let now = Now::new(Instant::from_millis(1_000_000), Utc::from_secs(1_700_000_000));
        let seating = Seating { shard: ShardId(id), shards: size.shards, seed: 7 };
        let acd = Acd::new(now, Arc::clone(directory), Arc::clone(board), seating);
        let (talks, offers) = (Vec::with_capacity(size.agents as usize), VecDeque::with_capacity(1024));
        let mut shard =
            Shard { acd, now, rng: Rng::new(u64::from(id)), id, size, talks, offers, calls: 0, decisions: 0, mail };
        shard.drain();
        shard
    }

    fn input(&mut self, input: Input) {
        self.acd.handle_input(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.acd.poll_output() {
            match output {
                Output::Call(QueueEvent::Offer(offer)) => self.offers.push_back(offer),
                Output::Send { to, message } => {
                    let sender = self.mail[usize::from(to.0)].as_ref();
                    // Nobody listens any more when the measuring is over.
                    let _ = sender.expect("another shard").send(message);
                }
                _ => {}
            }
        }
    }

    /// A contact that comes.
    fn coming(&mut self) -> QueueCommand {
        self.calls += 1;
        let contact = ContactId::new(ShardId(self.id), 1, self.calls);
        let shards = u32::from(self.size.shards);
        let queue = self.rng.below(u64::from(self.size.queues / shards)) as u32 * shards + u32::from(self.id);
        let (queue, entered) = (QueueId(queue), self.now.mono);
        QueueCommand::Enqueue { contact, queue, priority: 0, entered, wish: Wish::default() }
    }

    fn arrive(&mut self) {
        let coming = self.coming();
        self.input(Input::Call(coming));
    }

    fn answer(&mut self) {
        while let Some(offer) = self.offers.pop_front() {
            self.decisions += 1;
            self.talks.push((offer.id.agent, offer.id.contact, offer.queue));
            self.input(Input::Call(QueueCommand::Settle { offer: offer.id, outcome: OfferOutcome::Accepted }));
        }
    }

    /// A talk that ends; `None` while nobody talks.
    fn end(&mut self) -> Option<QueueCommand> {
        let talks = self.talks.len().checked_sub(1)? + 1;
        let at = self.rng.below(talks as u64) as usize;
        let (agent, contact, queue) = self.talks.swap_remove(at);
        Some(QueueCommand::Release { agent, contact, queue: Some(queue) })
    }

    fn release(&mut self) {
        if let Some(end) = self.end() {
            self.input(Input::Call(end));
        }
    }

    fn comings(&mut self) -> Vec<QueueCommand> {
        (0..BATCH).map(|_| self.coming()).collect()
    }

    fn ends(&mut self) -> Vec<QueueCommand> {
        (0..BATCH).filter_map(|_| self.end()).collect()
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        if self.acd.poll_timeout().is_some_and(|at| at <= self.now.mono) {
            self.acd.handle_timeout(self.now);
            self.drain();
        }
        self.answer();
    }

    /// Everybody talks and the wanted number waits.
    fn fill(&mut self) {
        let each = u32::from(self.size.shards);
        for _ in 0..(self.size.waiting + self.size.agents) / each {
            self.arrive();
            self.answer();
        }
    }

    /// One life.
    fn round(&mut self, regime: Regime) {
        match regime {
            Regime::ContactsWait => {
                self.release();
                self.answer();
                self.arrive();
            }
            Regime::AgentsAreReady => {
                self.arrive();
                self.answer();
                self.release();
            }
        }
        self.answer();
    }

    /// Not inlined, so that a profiler can be told to count in it alone.
    #[inline(never)]
    fn decide(&mut self, commands: Vec<QueueCommand>) {
        commands.into_iter().for_each(|command| self.input(Input::Call(command)));
    }

    /// A thousand lives, each part of them by itself: the input that holds the decision, the acceptance, the other.
    fn batch(&mut self, regime: Regime) -> [Duration; 3] {
        let commands = if let Regime::ContactsWait = regime { self.ends() } else { self.comings() };
        let begun = spent();
        self.decide(commands);
        let decided = spent();
        self.answer();
        let accepted = spent();
        let commands = if let Regime::ContactsWait = regime { self.comings() } else { self.ends() };
        let ready = spent();
        commands.into_iter().for_each(|command| self.input(Input::Call(command)));
        let times = [decided - begun, accepted - decided, spent() - ready];
        self.pass(EACH * BATCH as u32);
        times
    }
}

#[derive(Clone, Copy)]
enum Regime {
    ContactsWait,
    AgentsAreReady,
}

fn house(size: Size) -> (Arc<Directory>, Arc<Board>) {
    let directory = Arc::new(directory(size));
    let board = Arc::new(Board::new(BoardSize::of(&directory)));
    (directory, board)
}

fn alone(size: Size) -> Shard {
    let (directory, board) = house(size);
    Shard::new(0, size, &directory, &board, vec![None])
}

/// Processor time of this thread: other work on the machine does not count. It goes on by the scheduler's ticks, which are
/// longer than a batch: only the sum of many says something.
fn spent() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux keeps it for every thread");
    let nanos = text.split(' ').next().and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.expect("nanoseconds come first"))
}

fn is_asked_for(name: &str) -> bool {
    let part = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    part.is_none_or(|part| name.contains(&part))
}

/// Prints what a life and its parts cost; says how often the distributor asks for memory once there is room.
fn measure(name: &str, size: Size, regime: Regime) {
    if !is_asked_for(name) {
        return;
    }
    let mut shard = alone(size);
    if let Regime::ContactsWait = regime {
        shard.fill();
    }
    for _ in 0..LIVES / BATCH {
        shard.batch(regime);
    }
    let mut parts = [Duration::ZERO; 3];
    let before = shard.decisions;
    for _ in 0..LIVES / BATCH {
        for (sum, part) in parts.iter_mut().zip(shard.batch(regime)) {
            *sum += part;
        }
    }
    let lives = (shard.decisions - before) as f64;
    let [decides, accepts, other] = parts.map(|time| time.as_nanos() as f64 / lives);
    let asked: u64 = (0..BATCH)
        .map(|_| {
            let counted = allocation_counter::measure(|| shard.round(regime));
            shard.pass(EACH);
            counted.count_total
        })
        .sum();
    say!(
        "{name:<55} {:>9.0} {decides:>7.0} {accepts:>7.0} {other:>7.0} {:>9.0} {asked:>6}",
        1e9 / decides,
        1e9 / (decides + accepts + other),
    );
}

/// What it costs to keep with each offer what it was decided by, for `explain`: the same decisions with and without, a
/// batch of each in turn, so that other work on the machine hits both.
fn measure_recording(name: &str, regime: Regime) {
    if !is_asked_for("recording") {
        return;
    }
    let mut shards = [alone(FULL), alone(FULL)];
    shards[1].acd.keep_no_decisions();
    if let Regime::ContactsWait = regime {
        shards.iter_mut().for_each(Shard::fill);
    }
    let mut decides = [Duration::ZERO; 2];
    for round in 0..5 * LIVES / BATCH {
        for (shard, sum) in shards.iter_mut().zip(&mut decides) {
            let [decided, ..] = shard.batch(regime);
            *sum += if round >= LIVES / BATCH { decided } else { Duration::ZERO };
        }
    }
    let [with, without] = decides.map(|time| time.as_nanos() as f64 / (4 * LIVES) as f64);
    say!("{name:<55} {with:>7.0} ns with recording, {without:>7.0} ns without: {:.0} ns", with - without);
}

/// Lives a second of both shards together, each on a thread of its own.
fn two_threads(name: &str, shared: u64) -> f64 {
    let size = Size { shards: 2, shared, ..FULL };
    let (directory, board) = house(size);
    let (mail, inboxes): (Vec<_>, Vec<_>) = (0..2).map(|_| channel()).unzip();
    let barrier = Arc::new(Barrier::new(2));
    let mut threads = Vec::new();
    let mut shards = Vec::new();
    for (id, inbox) in (0u8..).zip(inboxes) {
        let mail = (0u8..).zip(&mail).map(|(to, sender)| (to != id).then(|| sender.clone())).collect();
        shards.push((Shard::new(id, size, &directory, &board, mail), inbox));
    }
    drop(mail);
    for (shard, inbox) in shards {
        let barrier = Arc::clone(&barrier);
        threads.push(std::thread::spawn(move || live(shard, &inbox, &barrier)));
    }
    let rates = threads.into_iter().map(|thread| thread.join().expect("a shard does not panic"));
    let rate: f64 = rates.sum();
    say!("{name:<55} {rate:>9.0} lives a second");
    rate
}

fn live(mut shard: Shard, inbox: &Receiver<AcdMessage>, barrier: &Barrier) -> f64 {
    let read = |shard: &mut Shard| {
        while let Ok(message) = inbox.try_recv() {
            shard.input(Input::Shard(message));
        }
        shard.answer();
    };
    shard.fill();
    read(&mut shard);
    barrier.wait();
    let began = spent();
    let before = shard.decisions;
    for _ in 0..LIVES {
        shard.round(Regime::ContactsWait);
        read(&mut shard);
        shard.pass(EACH * 2);
    }
    (shard.decisions - before) as f64 / (spent() - began).as_secs_f64()
}

/// Lives a second on one thread, driven as those of two threads are.
fn one_thread(size: Size) -> f64 {
    let mut shard = alone(size);
    shard.fill();
    let (began, before) = (spent(), shard.decisions);
    for _ in 0..LIVES {
        shard.round(Regime::ContactsWait);
        shard.pass(EACH);
    }
    (shard.decisions - before) as f64 / (spent() - began).as_secs_f64()
}

fn main() {
    use Regime::{AgentsAreReady, ContactsWait};
    say!(
        "A decision: an input from its coming in until its offer is out; contacts wait: an agent's release, agents ready:"
    );
    say!(
        "a contact's coming. With what is kept for explain, the facts, and taking the outputs; without making the input."
    );
    say!("{:<55} {:>9} {:>7} {:>7} {:>7} {:>9} {:>6}", "", "decisions", "ns", "ns", "ns", "lives", "allo-");
    say!(
        "{:<55} {:>9} {:>7} {:>7} {:>7} {:>9} {:>6}",
        "",
        "a second",
        "decides",
        "accepts",
        "other",
        "a second",
        "cations"
    );
    measure("one skill, contacts wait", FULL, ContactsWait);
    measure("one skill, agents are ready", FULL, AgentsAreReady);
    let skilled = Size { expressions: true, ..FULL };
    measure("eight expressions a queue with steps, contacts wait", skilled, ContactsWait);
    measure("eight expressions a queue with steps, agents are ready", skilled, AgentsAreReady);
    for queues in [100, 1_000, 10_000] {
        measure(&format!("{queues} queues configured"), Size { queues, ..FULL }, ContactsWait);
    }
    for serves in [2, 10, 40] {
        measure(&format!("{serves} queues an agent"), Size { serves, ..FULL }, ContactsWait);
    }
    measure_recording("recording decisions, contacts wait", ContactsWait);
    measure_recording("recording decisions, agents are ready", AgentsAreReady);
    if is_asked_for("threads") {
        // Half a house lies better in the cache: what two threads gain of that alone is seen beside the whole.
        let half = Size { agents: FULL.agents / 2, queues: FULL.queues / 2, waiting: FULL.waiting / 2, ..FULL };
        let (one, half) = (one_thread(FULL), one_thread(half));
        for shared in [0, 30] {
            let two = two_threads(&format!("two threads, {shared} of 100 agents serve both shards' queues"), shared);
            say!("{:<55} {:>9.2} times one thread with the whole house", "", two / one);
            say!("{:<55} {:>9.2} times one thread with half of it", "", two / half);
        }
    }
}
