use base::{Instant, Now, Rng, Slab};
use core::net::SocketAddr;
use engine::{Answer, Ask, Input, Legs, Mail, Output, Shard, Ticket};
use model::{
    AgentAction, AgentId, Cause, CauseKind, Command, DialTarget, Directory, Identity, Incoming, LegCommand, LegEvent,
    LegId, PhoneId, ShardId, Source, Stamped,
};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

/// A leg without SIP, SDP or RTP: it rings, answers, refuses, hangs up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SimpleLeg {
    /// Came in and was not answered yet.
    Waiting,
    /// Dialled by the house, not answered yet.
    Dialled,
    Up,
}

/// What somebody at the far end of a leg does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deed {
    Ring,
    Answer,
    Refuse(CauseKind),
    HangUp,
    Press(char),
}

/// What people around the house notice.
#[derive(Clone, PartialEq, Debug)]
pub enum News {
    /// The house dials somebody.
    Rings {
        leg: LegId,
        to: DialTarget,
        /// The phone opens by itself.
        opens: bool,
    },
    /// The house took a call.
    Answered {
        leg: LegId,
    },
    /// The house ended a leg, or refused it.
    Over {
        leg: LegId,
        cause: Cause,
    },
    Fact(Stamped),
    /// A shard goes by another configuration from here on.
    Reloaded(ShardId, Arc<Directory>),
    Answer {
        ticket: Ticket,
        answer: Answer,
    },
}

/// Who calls, as the house is told.
#[derive(Clone, Debug)]
pub struct Ring<'a> {
    pub source: Source,
    pub dialled: &'a str,
    pub caller: &'a str,
    /// Comes back as the wire's Call-ID in the contact's first fact.
    pub name: &'a str,
}

/// The shipped engine with legs of [`SimpleLeg`], no media, and whoever uses it for a clock.
pub struct SimpleHouse {
    shards: Vec<Shard>,
    legs: HashMap<LegId, SimpleLeg>,
    /// Gives out the ids of legs that come in, a shard each.
    inward: Vec<Slab<()>>,
    mail: BTreeMap<(ShardId, ShardId), VecDeque<Mail>>,
    /// A loop that stands still until then does nothing; what is for it waits.
    stalled: Vec<Instant>,
    held: Vec<VecDeque<Input<'static>>>,
    /// Which pair of shards is heard first.
    rng: Rng,
    news: VecDeque<News>,
    tickets: u64,
}

/// Nobody looks at it: a leg without media has no address.
const NOWHERE: SocketAddr = SocketAddr::new(core::net::IpAddr::V4(core::net::Ipv4Addr::UNSPECIFIED), 0);

impl SimpleHouse {
    pub fn new(now: Now, directory: &Arc<Directory>, seed: u64) -> Self {
        let count = directory.limits.shards.max(1);
        let board = Arc::new(acd::Board::new(acd::BoardSize::of(directory)));
        let shard = |n: u8| {
            let config = engine::Config {
                directory: Arc::clone(directory),
                board: Arc::clone(&board),
                shard: ShardId(n),
                shards: count,
                boot: 1,
                seed: seed.wrapping_mul(31) + u64::from(n),
                legs: Legs::Outside,
                workers: 0,
            };
            Shard::new(now, config)
        };
        let mut house = SimpleHouse {
            shards: (0..count).map(shard).collect(),
            legs: HashMap::new(),
            inward: (0..count).map(|_| Slab::new()).collect(),
            mail: BTreeMap::new(),
            stalled: vec![Instant::ZERO; usize::from(count)],
            held: (0..count).map(|_| VecDeque::new()).collect(),
            rng: Rng::new(seed),
            news: VecDeque::new(),
            tickets: 0,
        };
        house.settle(now);
        house
    }

    pub fn shards(&self) -> &[Shard] {
        &self.shards
    }

    pub fn board(&self) -> &acd::Board {
        self.shards[0].board()
    }

    pub fn leg(&self, leg: LegId) -> Option<SimpleLeg> {
        self.legs.get(&leg).copied()
    }

    /// Legs that somebody still holds.
    pub fn legs(&self) -> usize {
        self.legs.len()
    }

    /// A call comes in at a shard.
    pub fn calls(&mut self, now: Now, shard: u8, ring: &Ring<'_>) -> LegId {
        let key = self.inward[usize::from(shard)].insert(());
        let leg = LegId::inward(ShardId(shard), key);
        self.legs.insert(leg, SimpleLeg::Waiting);
        let incoming = Incoming {
            leg,
            source: ring.source,
            agent: None,
            dialled: ring.dialled.into(),
            caller: Identity { number: ring.caller.into(), ..Identity::default() },
            diverted_from: None,
            call_id: ring.name.into(),
            offer: None,
            replaces: None,
            max_forwards: model::MAX_FORWARDS,
            peer: NOWHERE,
        };
        self.input(now, shard, Input::Leg(LegEvent::Incoming(Box::new(incoming))));
        leg
    }

    /// Nothing happens when the leg is over already, or the deed makes no sense any more: both sides may act at once.
    pub fn does(&mut self, now: Now, leg: LegId, deed: Deed) {
        let Some(state) = self.legs.get(&leg).copied() else { return };
        let event = match (deed, state) {
            (Deed::Ring, SimpleLeg::Dialled) => LegEvent::Ringing { leg, sdp: None },
            (Deed::Answer, SimpleLeg::Dialled) => {
                self.legs.insert(leg, SimpleLeg::Up);
                LegEvent::Answered { leg, sdp: None }
            }
            (Deed::Refuse(kind), SimpleLeg::Dialled) => {
                self.forget(leg);
                LegEvent::Refused { leg, cause: Cause::new(kind) }
            }
            (Deed::HangUp, SimpleLeg::Up | SimpleLeg::Waiting) => {
                self.forget(leg);
                let kind = if state == SimpleLeg::Up { CauseKind::NormalClearing } else { CauseKind::Cancelled };
                LegEvent::Ended { leg, cause: Cause::new(kind) }
            }
            (Deed::Press(key), SimpleLeg::Up) => {
                LegEvent::Digit { leg, key: model::Key(key), held: core::time::Duration::from_millis(100) }
            }
            (Deed::Ring | Deed::Answer | Deed::Refuse(_) | Deed::HangUp | Deed::Press(_), _) => return,
        };
        self.input(now, leg.home().0, Input::Leg(event));
    }

    /// One of the agent's own wishes.
    pub fn wishes(&mut self, now: Now, agent: AgentId, action: AgentAction) -> Ticket {
        self.asks(now, 0, Ask::Do(Command::Agent { agent, action, by: model::Actor::Agent(agent) }))
    }

    /// Answered by [`News::Answer`].
    pub fn asks(&mut self, now: Now, shard: u8, ask: Ask) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.input(now, shard, Input::Ask { ticket, ask });
        ticket
    }

    pub fn reaches(&mut self, now: Now, phone: PhoneId, reachable: bool) {
        self.input(now, 0, Input::Device { phone, reachable });
    }

    pub fn reloads(&mut self, now: Now, directory: &Arc<Directory>) {
        for shard in 0..self.shards.len() {
            self.input(now, shard as u8, Input::Reload(Arc::clone(directory)));
        }
    }

    /// The civil clock was set: `now` has the new time.
    pub fn clock_jumps(&mut self, now: Now) {
        for shard in 0..self.shards.len() {
            self.input(now, shard as u8, Input::ClockJump);
        }
    }

    /// One loop stands still: nothing reaches it, nothing leaves it, its timers wait.
    pub fn stalls(&mut self, shard: u8, until: Instant) {
        self.stalled[usize::from(shard)] = until;
    }

    /// No loop stands still and nothing is on its way between two.
    pub fn is_settled(&self, now: Instant) -> bool {
        let awake = self.stalled.iter().all(|until| *until <= now) && self.held.iter().all(VecDeque::is_empty);
        awake && self.mail.values().all(VecDeque::is_empty)
    }

    /// The same, and no loop wakes at this very instant: what such a one tells was decided while it stood still, or
    /// before it had read all that came meanwhile.
    pub fn is_up_to_date(&self, now: Instant) -> bool {
        self.is_settled(now) && self.stalled.iter().all(|until| *until < now)
    }

    pub fn poll_news(&mut self) -> Option<News> {
        self.news.pop_front()
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        let waits = |shard: usize| !self.held[shard].is_empty() || self.letters_to(shard);
        let wakes = (0..self.shards.len()).filter(|shard| waits(*shard)).map(|shard| self.stalled[shard]);
        let timers = self.shards.iter().zip(&self.stalled);
        timers.filter_map(|(shard, until)| Some(shard.poll_timeout()?.max(*until))).chain(wakes).min()
    }

    fn letters_to(&self, shard: usize) -> bool {
        self.mail.iter().any(|((_, to), letters)| usize::from(to.0) == shard && !letters.is_empty())
    }

    fn is_awake(&self, now: Now, shard: usize) -> bool {
        self.stalled[shard] <= now.mono
    }

    pub fn handle_timeout(&mut self, now: Now) {
        for shard in 0..self.shards.len() {
            if !self.is_awake(now, shard) {
                continue;
            }
            while let Some(input) = self.held[shard].pop_front() {
                self.handle(now, shard, input);
                self.settle(now);
            }
            if self.shards[shard].poll_timeout().is_some_and(|due| due <= now.mono) {
                self.shards[shard].handle_timeout(now);
            }
        }
        self.settle(now);
    }

    fn input(&mut self, now: Now, shard: u8, input: Input<'static>) {
        let at = usize::from(shard);
        if !self.is_awake(now, at) || !self.held[at].is_empty() {
            return self.held[at].push_back(input);
        }
        self.handle(now, at, input);
        self.settle(now);
    }

    fn handle(&mut self, now: Now, shard: usize, input: Input<'static>) {
        if let Input::Reload(directory) = &input {
            self.news.push_back(News::Reloaded(ShardId(shard as u8), Arc::clone(directory)));
        }
        self.shards[shard].handle_input(now, input);
    }

    fn settle(&mut self, now: Now) {
        loop {
            for shard in 0..self.shards.len() {
                while let Some(output) = self.shards[shard].poll_output() {
                    self.carry_out(now, shard, output);
                }
            }
            let Some((to, mail)) = self.letter(now) else { return };
            self.shards[usize::from(to.0)].handle_input(now, Input::Mail(mail));
        }
    }

    /// Between two shards letters stay in order, among pairs chance decides.
    fn letter(&mut self, now: Now) -> Option<(ShardId, Mail)> {
        let stalled = &self.stalled;
        let may =
            |to: &ShardId, letters: &VecDeque<Mail>| stalled[usize::from(to.0)] <= now.mono && !letters.is_empty();
        let waiting = self.mail.iter().filter(|((_, to), letters)| may(to, letters)).count();
        if waiting == 0 {
            return None;
        }
        let nth = self.rng.below(waiting as u64) as usize;
        let ((_, to), letters) = self.mail.iter_mut().filter(|((_, to), letters)| may(to, letters)).nth(nth)?;
        Some((*to, letters.pop_front()?))
    }

    fn carry_out(&mut self, now: Now, shard: usize, output: Output) {
        match output {
            Output::Leg(command) => self.commanded(now, shard, command),
            Output::Mail { to, mail } => {
                self.mail.entry((ShardId(shard as u8), to)).or_default().push_back(mail);
            }
            Output::Fact(fact) => self.news.push_back(News::Fact(fact)),
            Output::Answer { ticket, answer } => self.news.push_back(News::Answer { ticket, answer }),
            Output::Media { command, .. } => unreachable!("legs have no media: {command:?}"),
            Output::Connect { .. } | Output::Close { .. } | Output::Resolve(_) | Output::Note(_) => {
                unreachable!("nobody speaks SIP")
            }
        }
    }

    fn commanded(&mut self, now: Now, shard: usize, command: LegCommand) {
        match command {
            LegCommand::Dial(dial) => {
                self.legs.insert(dial.leg, SimpleLeg::Dialled);
                self.news.push_back(News::Rings { leg: dial.leg, to: dial.to, opens: dial.auto_answer });
            }
            // Who hung up while the loop stood still is told of by an input it has not seen yet.
            LegCommand::Answer { leg, .. } | LegCommand::Offer { leg, .. } if !self.legs.contains_key(&leg) => {}
            LegCommand::Answer { leg, .. } => {
                self.legs.insert(leg, SimpleLeg::Up);
                self.news.push_back(News::Answered { leg });
                self.shards[shard].handle_input(now, Input::Leg(LegEvent::Confirmed { leg, sdp: None }));
            }
            LegCommand::Reject { leg, cause, .. } | LegCommand::Hangup { leg, cause } => {
                self.forget(leg);
                self.news.push_back(News::Over { leg, cause });
            }
            // What is shown, described or referred has no meaning for a leg that only rings and answers.
            LegCommand::Progress { .. }
            | LegCommand::AnswerOffer { .. }
            | LegCommand::RefuseOffer { .. }
            | LegCommand::ReferReply { .. }
            | LegCommand::ReferProgress { .. } => {}
            LegCommand::Offer { leg, .. } => {
                self.shards[shard].handle_input(now, Input::Leg(LegEvent::OfferAnswered { leg, sdp: None }));
            }
        }
    }

    fn forget(&mut self, leg: LegId) {
        self.legs.remove(&leg);
        if !leg.is_outward() {
            self.inward[usize::from(leg.home().0)].remove(leg.key());
        }
    }
}
