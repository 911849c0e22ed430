use crate::books::Books;
use crate::floor::{Floor, Recording};
use crate::limits::{REMEMBERED, STEPS_AT_ONCE, VOICE_LOWEST, VOICES};
use crate::phone::{Manners, SimPhone};
use crate::plan::WorldPlan;
use crate::sounds::Sounds;
use crate::transcript::Transcript;
use acd::{Board, BoardSize, Referee};
use base::{Instant, Now, Rng, TIMER_TICK};
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::ops::{Index, IndexMut};
use core::time::Duration;
use engine::{Answer as Reply, Ask, Input, Legs, Mail, Shard, SipLegs, Ticket};
use model::{
    Actor, AgentAction, AgentId, AgentState, Command, CommandError, ContactId, Directory, PhoneId, QueueId, ShardId,
};
use netem::{Conditions, Link, Network};
use sip::{Candidate, Listener, Protocol, RegistrationLimits};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

/// A telephone of the world.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PhoneNo(pub usize);

/// A house, the telephones around it, and time.
pub struct World {
    pub(crate) now: Now,
    began: Now,
    pub(crate) rng: Rng,
    pub(crate) seed: u64,
    pub(crate) directory: Arc<Directory>,
    pub(crate) board: Arc<Board>,
    pub(crate) shards: Vec<Shard>,
    /// A loop that stands still until then gets nothing and does nothing.
    pub(crate) stalled: Vec<Instant>,
    pub(crate) mail: BTreeMap<(ShardId, ShardId), VecDeque<Mail>>,
    pub(crate) floor: Floor,
    pub(crate) phones: Vec<SimPhone>,
    pub(crate) ways: Vec<Ways>,
    pub(crate) places: HashMap<IpAddr, PhoneNo>,
    pub(crate) network: Network<Parcel>,
    pub(crate) names: HashMap<String, Vec<Candidate>>,
    pub(crate) names_take: Duration,
    /// Look-ups on their way: when, for which shard, which.
    pub(crate) looked_up: Vec<(Instant, usize, sip::Query)>,
    pub(crate) tickets: u64,
    pub(crate) replies: Vec<(Ticket, Reply)>,
    pub(crate) sounds: Sounds,
    pub(crate) voices: bool,
    /// Judges the distributor in worlds that go by whole milliseconds.
    pub(crate) referee: Option<Referee>,
    pub books: Books,
    pub transcript: Transcript,
    /// What the shards wanted in the log.
    pub notes: Vec<sip::Note>,
}

/// The four ways between the house and a phone.
#[derive(Debug)]
pub(crate) struct Ways {
    pub(crate) signals: [Link; 2],
    pub(crate) sounds: [Link; 2],
}

/// To the house, from the house.
pub(crate) const INWARD: usize = 0;
pub(crate) const OUTWARD: usize = 1;

/// A datagram on its way.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    pub(crate) bytes: Vec<u8>,
}

/// Where the house listens.
pub(crate) const HOUSE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 5060);

impl World {
    /// A world with these tables in its configuration, one shard and seed 1.
    pub fn new(tables: &str) -> Self {
        World::plan(tables).open()
    }

    /// As [`World::plan`] for a configuration that may be refused.
    pub fn try_plan(tables: &str) -> Result<WorldPlan, config::Report> {
        WorldPlan::read(tables)
    }

    pub fn plan(tables: &str) -> WorldPlan {
        WorldPlan::new(tables)
    }

    pub(crate) fn begin(plan: WorldPlan) -> Self {
        let WorldPlan {
            directory,
            sounds,
            seed,
            begins,
            workers,
            voices,
            names_take,
            boot,
            memory,
            judged,
            warnings: _,
        } = plan;
        // What is remembered has its instant, too.
        let past = if boot > 1 { REMEMBERED } else { Duration::ZERO };
        let now = Now::new(Instant::from_millis(1000) + past, begins);
        let directory = Arc::new(directory);
        let board = Arc::new(Board::new(BoardSize::of(&directory)));
        let mut rng = Rng::new(seed);
        let count = directory.limits.shards.max(1);
        let shard = |n: u8| {
            let config = engine::Config {
                directory: Arc::clone(&directory),
                board: Arc::clone(&board),
                shard: ShardId(n),
                shards: count,
                boot,
                seed: seed.wrapping_mul(31) + u64::from(n),
                legs: Legs::Sip(SipLegs {
                    secret: [seed as u8 | 1; 32],
                    listeners: vec![Listener { protocol: Protocol::Udp, address: HOUSE, advertised: None }],
                    user_agent: "Strowger".into(),
                    registration: RegistrationLimits::default(),
                }),
                workers,
            };
            Shard::new(now, config)
        };
        let shards: Vec<Shard> = (0..count).map(shard).collect();
        let referee = judged.then(|| Referee::new(&directory, shards[0].distributor().seating().seed));
        let mut world = World {
            now,
            began: now,
            seed,
            shards,
            stalled: vec![Instant::ZERO; usize::from(count)],
            mail: BTreeMap::new(),
            floor: Floor::new(workers, &directory, &sounds, seed, now),
            phones: Vec::new(),
            ways: Vec::new(),
            places: HashMap::new(),
            network: Network::new(rng.fork()),
            names: HashMap::new(),
            names_take,
            looked_up: Vec::new(),
            tickets: 0,
            replies: Vec::new(),
            sounds,
            voices,
            referee,
            books: Books::new(Arc::clone(&directory), now),
            transcript: Transcript::default(),
            notes: Vec::new(),
            rng,
            directory,
            board,
        };
        world.carry_out();
        if boot > 1 {
            (0..count).for_each(|n| world.input(usize::from(n), Input::Memory(memory.share(n, count))));
        }
        world.settle();
        world
    }

    /// Somebody outside, who calls by the trunk with this number.
    pub fn caller(&mut self, number: &str) -> PhoneNo {
        let n = self.phones.len() as u8;
        let address = SocketAddr::from(([192, 0, 2, 10 + n], 5060));
        self.add(&format!("caller {number}"), number, address, None)
    }

    /// The device of this id in the configuration: at its fixed place, or somewhere, and then it must register.
    pub fn phone(&mut self, id: &str) -> PhoneNo {
        let phone = self.directory.phone_named(id).unwrap_or_else(|| panic!("no phone {id} in the configuration"));
        let phone = self.directory.phone(phone).clone();
        let fixed = phone.contact.as_deref().map(|contact| {
            let place = contact.rsplit(['@', ':']).nth(usize::from(contact.matches(':').count() > 1));
            let place = place.expect("user@host:port");
            let port = contact.rsplit(':').next().and_then(|p| p.parse().ok()).unwrap_or(5060);
            SocketAddr::new(place.parse().expect("an address"), port)
        });
        let n = self.phones.len() as u8;
        let address = fixed.unwrap_or_else(|| SocketAddr::from(([10, 1, 0, 10 + n], 5060)));
        self.add(&format!("phone {id}"), id, address, phone.password.as_ref().map(model::Secret::expose))
    }

    /// Somebody outside who is called: the far end of a trunk's host.
    pub fn outside(&mut self, name: &str, address: &str) -> PhoneNo {
        let address = address.parse().expect("an address");
        self.add(name, "outside", address, None)
    }

    fn add(&mut self, name: &str, user: &str, address: SocketAddr, password: Option<&str>) -> PhoneNo {
        let no = PhoneNo(self.phones.len());
        let tone = VOICE_LOWEST + 50 * (no.0 as u16 % VOICES);
        let manners = Manners::new(self.voices.then_some(tone), self.voices);
        let known = self.phones.iter().filter(|p| p.name == name || p.name.starts_with(&format!("{name} #"))).count();
        let name = if known == 0 { name.to_owned() } else { format!("{name} #{}", known + 1) };
        let domain = self.directory.site.domain.clone();
        let mut phone = SimPhone::new(&name, user, &domain, [address, HOUSE], manners);
        if let Some(password) = password {
            phone = phone.with_password(password);
        }
        assert!(self.places.insert(address.ip(), no).is_none(), "two phones at {address}");
        self.phones.push(phone);
        let lan = || [Link::new(Conditions::lan()), Link::new(Conditions::lan())];
        self.ways.push(Ways { signals: lan(), sounds: lan() });
        no
    }

    pub fn now(&self) -> Instant {
        self.now.mono
    }

    pub fn clock(&self) -> Now {
        self.now
    }

    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    pub fn queue(&self, name: &str) -> QueueId {
        self.directory.queue_named(name).unwrap_or_else(|| panic!("no queue {name}"))
    }

    pub fn agent(&self, id: &str) -> AgentId {
        self.directory.agent_named(id).unwrap_or_else(|| panic!("no agent {id}"))
    }

    pub fn device(&self, id: &str) -> PhoneId {
        self.directory.phone_named(id).unwrap_or_else(|| panic!("no phone {id}"))
    }

    pub fn agent_state(&self, id: &str) -> AgentState {
        self.board.agent_state(self.agent(id))
    }

    /// The tone a phone says.
    pub fn voice_of(&self, phone: PhoneNo) -> u16 {
        self.phones[phone.0].manners.tone.expect("a phone that speaks")
    }

    /// The tone a sound is made of.
    pub fn tone_of(&self, sound: &str) -> u16 {
        self.sounds.tone(sound)
    }

    /// Whether a phone hears another now.
    pub fn hears(&self, listener: PhoneNo, speaker: PhoneNo) -> bool {
        self.phones[listener.0].hears().contains(&self.voice_of(speaker))
    }

    pub fn hears_sound(&self, listener: PhoneNo, sound: &str) -> bool {
        self.phones[listener.0].hears().contains(&self.tone_of(sound))
    }

    /// Finished recordings, in the order they ended.
    pub fn recordings(&self) -> &[Recording] {
        &self.floor.recordings
    }

    pub fn shard(&self, shard: u8) -> &Shard {
        &self.shards[usize::from(shard)]
    }

    pub fn shards(&self) -> usize {
        self.shards.len()
    }

    pub fn network(&self) -> netem::Counts {
        self.network.counts()
    }

    /// Both ways of a phone's signalling from now on.
    pub fn signals_go(&mut self, phone: PhoneNo, conditions: Conditions) {
        for link in &mut self.ways[phone.0].signals {
            link.conditions = conditions;
        }
    }

    /// Both ways of a phone's sound from now on.
    pub fn sound_goes(&mut self, phone: PhoneNo, conditions: Conditions) {
        for link in &mut self.ways[phone.0].sounds {
            link.conditions = conditions;
        }
    }

    /// Nothing comes or goes any more; the phone itself lives.
    pub fn cuts(&mut self, phone: PhoneNo) {
        let cut = Conditions { cut: true, ..Conditions::lan() };
        self.signals_go(phone, cut);
        self.sound_goes(phone, cut);
    }

    pub fn mends(&mut self, phone: PhoneNo) {
        self.signals_go(phone, Conditions::lan());
        self.sound_goes(phone, Conditions::lan());
    }

    /// A host name the house can look up.
    pub fn knows_host(&mut self, host: &str, addresses: &[&str]) {
        let candidate = |a: &&str| Candidate { protocol: Protocol::Udp, address: a.parse().expect("an address") };
        self.names.insert(host.into(), addresses.iter().map(candidate).collect());
    }

    /// One signalling loop stands still for a while: nothing reaches it, nothing leaves it, its timers wait.
    pub fn stalls(&mut self, shard: u8, how_long: Duration) {
        self.stalled[usize::from(shard)] = self.now.mono + how_long;
    }

    /// What an operator asks of an agent; the answer comes at once.
    pub fn tells_agent(&mut self, agent: &str, action: AgentAction) -> Result<(), CommandError> {
        let by = Actor::Operator("operator".into());
        let command = Command::Agent { agent: self.agent(agent), action, by };
        match self.asks(0, Ask::Do(command)) {
            Reply::Done(result) => result,
            reply => panic!("asked to do, answered {reply:?}"),
        }
    }

    pub fn hangs_up_contact(&mut self, contact: ContactId) -> Result<(), CommandError> {
        let by = Actor::Operator("operator".into());
        match self.asks(contact.home().0, Ask::Do(Command::HangUp { contact, by })) {
            Reply::Done(result) => result,
            reply => panic!("asked to do, answered {reply:?}"),
        }
    }

    pub fn asks(&mut self, shard: u8, ask: Ask) -> Reply {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.input(usize::from(shard), Input::Ask { ticket, ask });
        self.settle();
        let at = self.replies.iter().position(|(t, _)| *t == ticket).expect("every question is answered at once");
        self.replies.swap_remove(at).1
    }

    /// A new configuration for every shard.
    pub fn reloads(&mut self, change: impl FnOnce(&mut Directory)) {
        let mut directory = (*self.directory).clone();
        change(&mut directory);
        self.directory = Arc::new(directory);
        self.books.directory_changed(Arc::clone(&self.directory));
        for shard in 0..self.shards.len() {
            let directory = Arc::clone(&self.directory);
            self.input(shard, Input::Reload(directory));
        }
        self.settle();
    }

    pub fn run_for(&mut self, seconds: u64) {
        self.run(Duration::from_secs(seconds));
    }

    pub fn run_ms(&mut self, millis: u64) {
        self.run(Duration::from_millis(millis));
    }

    pub fn run(&mut self, time: Duration) {
        let end = self.now.mono + time;
        self.run_until(end, |_| false);
    }

    /// Runs until it is so, or panics after `limit`; says how long it took.
    pub fn waits_until(&mut self, limit: Duration, what: &str, so: impl Fn(&World) -> bool) -> Duration {
        let start = self.now.mono;
        let came = so(self) || self.run_until(start + limit, so);
        assert!(came, "{what}: not within {limit:?}\n{}", self.transcript.ladder());
        self.now.mono - start
    }

    fn run_until(&mut self, end: Instant, so: impl Fn(&World) -> bool) -> bool {
        self.settle();
        loop {
            if so(self) {
                return true;
            }
            let next = self.next_due().map(|due| self.in_time(due)).filter(|due| *due <= end);
            let to = next.unwrap_or(end).max(self.now.mono);
            // Both clocks from their beginning: adding step by step would lose the civil clock's fractions.
            self.now = self.began + (to - self.began.mono);
            if next.is_none() {
                return false;
            }
            self.settle();
        }
    }

    fn in_time(&self, due: Instant) -> Instant {
        let ticks = due.as_nanos().div_ceil(TIMER_TICK.as_nanos() as u64);
        if self.referee.is_some() { Instant::from_millis(ticks) } else { due }
    }

    fn next_due(&self) -> Option<Instant> {
        let shards = self.shards.iter().zip(&self.stalled).filter_map(|(s, until)| Some(s.poll_timeout()?.max(*until)));
        let stalled = self.stalled.iter().filter(|until| **until > self.now.mono).copied();
        let phones = self.phones.iter().filter_map(SimPhone::poll_timeout);
        let names = self.looked_up.iter().map(|(due, ..)| *due);
        let others = [self.network.poll_timeout(), self.floor.poll_timeout(), self.books.poll_timeout()];
        shards.chain(stalled).chain(phones).chain(names).chain(others.into_iter().flatten()).min()
    }

    /// Everything that is due at this instant.
    pub(crate) fn settle(&mut self) {
        for _ in 0..STEPS_AT_ONCE {
            if !self.step() {
                self.ask_the_referee();
                self.check_idle();
                return;
            }
        }
        panic!("time stands still: somebody answers somebody for ever\n{}", self.transcript.ladder());
    }

    /// One thing that is due; false when nothing is.
    fn step(&mut self) -> bool {
        let now = self.now.mono;
        let mut any = self.send_from_phones();
        if let Some(parcel) = self.network.poll_delivery(now) {
            self.deliver(&parcel);
            return true;
        }
        let awake = |shard: ShardId| self.stalled[usize::from(shard.0)] <= now;
        if let Some(at) = self.floor.events.iter().position(|(shard, _)| awake(*shard)) {
            let (shard, event) = self.floor.events.remove(at).expect("just found");
            self.input(usize::from(shard.0), Input::Media(event));
            return true;
        }
        if self.deliver_mail() || self.answer_look_up() {
            return true;
        }
        for shard in 0..self.shards.len() {
            if self.stalled[shard] <= now && self.shards[shard].poll_timeout().is_some_and(|due| due <= now) {
                self.shards[shard].handle_timeout(self.now);
                self.carry_out();
                any = true;
            }
        }
        if self.floor.poll_timeout().is_some_and(|due| due <= now) {
            self.floor.handle_timeout(self.now);
            self.carry_out();
            any = true;
        }
        for phone in &mut self.phones {
            if phone.poll_timeout().is_some_and(|due| due <= now) {
                phone.handle_timeout(now);
                any = true;
            }
        }
        if self.books.poll_timeout().is_some_and(|due| due <= now) {
            self.books.handle_timeout(now);
        }
        any
    }
}

impl Index<PhoneNo> for World {
    type Output = SimPhone;
    fn index(&self, no: PhoneNo) -> &SimPhone {
        &self.phones[no.0]
    }
}

impl IndexMut<PhoneNo> for World {
    fn index_mut(&mut self, no: PhoneNo) -> &mut SimPhone {
        let phone = &mut self.phones[no.0];
        phone.now = self.now.mono;
        phone
    }
}
