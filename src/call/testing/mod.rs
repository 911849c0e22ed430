//! Stories for the room's tests: lines with `>` happen, the lines below are everything the machine then says.

mod books;
mod house;
mod show;

use crate::{Config, Input, Machine, Output, Ticket};
use base::{Instant, Now, Rng, Utc};
use books::Books;
use core::time::Duration;
pub(crate) use house::{house, offer_of, sdp};
use model::{
    Actor, AgentId, Cause, CauseKind, ContactId, Directory, Identity, Incoming, Key, LegCommand, LegEvent, LegId,
    MediaCommand, MediaEvent, MediaPort, Offer, OfferId, Quality, QueueEvent, QueueId, Sdp, ShardId, Source, TrunkId,
};
use show::Names;
use std::sync::Arc;

/// Runs a story and compares what the machine said, line by line.
#[track_caller]
pub(crate) fn check(story: &str) {
    check_in(World::new(house(), 1), story);
}

/// The same in a house of one's own.
#[track_caller]
pub(crate) fn check_in(mut world: World, story: &str) {
    let wanted: String = story.lines().map(str::trim).filter(|l| !l.is_empty()).map(|l| format!("{l}\n")).collect();
    let mut said = String::new();
    for line in wanted.lines() {
        if let Some(step) = line.strip_prefix("> ") {
            world.step(step);
            said += &format!("> {step}\n");
            world.said.drain(..).for_each(|l| said += &format!("{l}\n"));
        }
    }
    assert!(said == wanted, "\n--- the story as it went:\n{said}\n--- as it should have gone:\n{wanted}");
    world.check_books();
}

/// A machine with a media worker that does what it is told, and a distributor played by the story.
pub(crate) struct World {
    pub(crate) machine: Machine,
    pub(crate) now: Now,
    pub(crate) directory: Arc<Directory>,
    pub(crate) said: Vec<String>,
    names: Names,
    next_port: u16,
    /// No more sockets to be had.
    pub(crate) dry: bool,
    inward: u32,
    pub(crate) books: Books,
    epoch: u32,
    /// With this, every third of the media worker's last words is lost.
    pub(crate) forgetful: Option<Rng>,
    pub(crate) last_dial: Option<Box<model::Dial>>,
}

impl World {
    pub(crate) fn new(directory: Directory, workers: u8) -> Self {
        let directory = Arc::new(directory);
        let now = Now::new(Instant::from_millis(1_000_000), Utc::from_secs(1_700_000_000));
        let config =
            Config { directory: Arc::clone(&directory), shard: ShardId(0), shards: 1, boot: 1, seed: 7, workers };
        let mut world = World {
            machine: Machine::new(config, now),
            now,
            names: Names::new(Arc::clone(&directory)),
            directory,
            said: Vec::new(),
            next_port: 10_000,
            dry: false,
            inward: 0,
            books: Books::default(),
            epoch: 0,
            forgetful: None,
            last_dial: None,
        };
        world.drain();
        world
    }

    pub(crate) fn input(&mut self, input: Input) {
        self.machine.handle_input(self.now, input);
        self.machine.handle_timeout(self.now);
        self.drain();
    }

    pub(crate) fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = self.machine.poll_timeout().filter(|at| *at <= until.mono) {
            self.now = self.now + at.since(self.now.mono);
            self.machine.handle_timeout(self.now);
            self.drain();
        }
        self.now = until;
        self.machine.handle_timeout(self.now);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.machine.poll_output() {
            self.books.enter(&output);
            if let Some(line) = self.names.show(&output) {
                self.said.push(line);
            }
            if let Output::Leg(LegCommand::Dial(dial)) = &output {
                self.last_dial = Some(dial.clone());
            }
            match output {
                Output::Media { worker, command } => self.play_media(worker, command),
                Output::Nailed { agent, command } => self.input_again(Input::Nailed { agent, command }),
                Output::Inner(event) => self.input_again(Input::Leg(event)),
                _ => {}
            }
        }
    }

    /// What comes back to this machine from itself; others may be between two shards.
    fn input_again(&mut self, input: Input) {
        self.machine.handle_input(self.now, input);
    }

    /// The media worker: binds, and says its last words at once.
    fn play_media(&mut self, worker: model::WorkerId, command: MediaCommand) {
        let event = match command {
            MediaCommand::Supply { family, .. } if self.dry => MediaEvent::SupplyFailed { worker, family },
            MediaCommand::Supply { family, count } => {
                let host = if family == model::Family::V4 { "192.0.2.1" } else { "2001:db8::1" };
                let ports = (0..count).map(|_| {
                    self.next_port += 2;
                    let address = (host.parse::<core::net::IpAddr>().unwrap(), self.next_port).into();
                    MediaPort { worker, slot: u32::from(self.next_port), address }
                });
                let ports: Vec<_> = ports.collect();
                self.books.supplied(&ports);
                MediaEvent::Ports { ports }
            }
            MediaCommand::Close { .. } | MediaCommand::StopRecording { .. } if self.forgets() => return,
            MediaCommand::Close { leg } => MediaEvent::Closed { leg, quality: Quality::default() },
            MediaCommand::StopRecording { group } => {
                let name = self.names.recording(group);
                MediaEvent::Recorded { group, name, duration: Duration::from_secs(1), complete: true, kept: true }
            }
            _ => return,
        };
        self.machine.handle_input(self.now, Input::Media(event));
    }

    /// The worker can bind no more, and so many ports are in hand.
    pub(crate) fn use_up_ports(&mut self, left: usize) {
        self.dry = true;
        while self.machine.load().ports_in_hand > left {
            let port = self.machine.take_port(model::WorkerId(0), model::Family::V4).expect("one in hand");
            self.books.used_up(port);
        }
    }

    fn forgets(&mut self) -> bool {
        self.forgetful.as_mut().is_some_and(|rng| rng.chance(0.3))
    }

    /// Nothing may be owed when everything is over.
    pub(crate) fn check_books(&mut self) {
        let load = self.machine.load();
        if load.contacts == 0 {
            assert_eq!(load.legs, 0, "legs left over");
            assert!(self.machine.tickets.is_empty(), "questions never closed");
            assert!(self.machine.attempts.is_empty(), "numbers that stay in use");
            assert_eq!(self.machine.outward.len(), 0, "leg ids leaked");
            assert!(self.machine.closing_media.is_empty(), "media never closed");
            assert_eq!(self.machine.poll_timeout(), None, "timers left over");
            self.books.check_closed(load.ports_in_hand);
        }
    }

    /// One caller served from arrival to the end; everything that was said.
    pub(crate) fn serve_one(&mut self, number: &str, queue: &str) -> String {
        let first = self.inward;
        self.said.clear();
        self.call(number, &[]);
        let caller = self.names.last_leg();
        let contact = format!("c{}", first + 1);
        self.offer("anna", &[queue, &contact]);
        let agent = self.names.last_leg();
        self.input(Input::Leg(LegEvent::Answered { leg: agent, sdp: Some(offer_of("PCMU", "198.51.100.8")) }));
        self.input(Input::Leg(LegEvent::Ended { leg: caller, cause: CauseKind::NormalClearing.into() }));
        self.said.join("\n")
    }

    pub(crate) fn steps(&mut self, steps: &str) {
        steps.lines().for_each(|step| self.step(step));
    }

    /// The name of the leg that was new last.
    pub(crate) fn last_leg_shown(&mut self) -> String {
        let leg = self.names.last_leg();
        self.names.leg(leg).to_string()
    }

    pub(crate) fn step(&mut self, step: &str) {
        let words: Vec<&str> = step.split_whitespace().collect();
        match words.as_slice() {
            ["call", number, rest @ ..] => self.call(number, rest),
            ["wait", time] => self.wait(seconds(time)),
            ["offer", agent, rest @ ..] => self.offer(agent, rest),
            ["revoke", agent] => {
                let offer = self.open_offer(agent);
                self.input(Input::Queue(QueueEvent::Revoke { offer }));
            }
            ["seized", agent, rest @ ..] => {
                let offer = self.new_offer(agent, contact(rest));
                let phone = self.directory.agent(offer.agent).phone.unwrap();
                let ring_timeout = Duration::from_secs(15);
                self.input(Input::Queue(QueueEvent::Seized { offer, phone, ring_timeout }));
            }
            ["seize-refused", agent, kind, rest @ ..] => {
                let agent = self.agent(agent);
                let event = QueueEvent::SeizeRefused { contact: contact(rest), agent, cause: cause(kind) };
                self.input(Input::Queue(event));
            }
            ["flow-out", queue, to, rest @ ..] => {
                self.books.flowed_out(contact(rest));
                let event = QueueEvent::FlowOut {
                    contact: contact(rest),
                    queue: self.queue(queue),
                    to: self.names.target(to),
                    why: model::FlowReason::MaxWait,
                };
                self.input(Input::Queue(event));
            }
            ["announce", position, rest @ ..] => {
                let expected_wait = rest.first().filter(|w| w.ends_with('s')).map(|w| seconds(w));
                let position = position.parse().unwrap();
                self.input(Input::Queue(QueueEvent::Announce { contact: contact(&[]), position, expected_wait }));
            }
            ["warn", rest @ ..] => {
                let expected_wait = rest.first().map(|wait| seconds(wait));
                self.input(Input::Queue(QueueEvent::Warn { contact: contact(&[]), expected_wait }));
            }
            ["hang-up", id] => {
                let by = Actor::Operator("root".into());
                self.input(Input::HangUp { ticket: Ticket(1), contact: contact(&[id]), by });
            }
            ["nail", agent] => {
                let agent = self.agent(agent);
                let phone = self.directory.agent(agent).phone.unwrap();
                self.input(Input::Queue(QueueEvent::Nail { agent, phone }));
            }
            ["unnail", agent] => {
                let agent = self.agent(agent);
                self.input(Input::Queue(QueueEvent::Unnail { agent }));
            }
            ["done", "ok"] => self.done(Ok(())),
            ["done", _] => self.done(Err(model::CommandError::NoSuchAgent)),
            ["drain", on] => self.input(Input::Drain { on: *on == "on" }),
            ["dry", on] => self.dry = *on == "on",
            ["shutdown"] => self.input(Input::Shutdown),
            ["trunk", name, way] => {
                let trunk = self.directory.trunk_named(name).unwrap();
                self.input(if *way == "up" { Input::TrunkUp(trunk) } else { Input::TrunkDown(trunk) });
            }
            [leg, event, rest @ ..] => self.leg_event(leg, event, rest),
            _ => panic!("no such step: {step}"),
        }
    }

    fn done(&mut self, result: Result<(), model::CommandError>) {
        let ticket = self.names.last_ticket.expect("a question was asked");
        self.input(Input::Done { ticket, result });
    }

    /// `call NUMBER [from PHONE[/AGENT]] [as NAME] [withheld] [hops N] [no-offer] [garbage] [replaces LEG]`
    fn call(&mut self, number: &str, words: &[&str]) {
        let replaced = words.iter().position(|w| *w == "replaces").map(|i| self.names.leg_named(words[i + 1]));
        self.call_replacing(number, words, replaced);
    }

    /// Runs two steps and gives the offer of the last leg dialled.
    pub(crate) fn dial_for(&mut self, first: &str, second: &str) -> Option<Sdp> {
        for step in [first, second] {
            self.step(step.trim_start_matches("> "));
        }
        self.last_dial.take().and_then(|dial| dial.offer)
    }

    /// A call to 4008 with this offer; the first thing said to its leg.
    pub(crate) fn call_with(&mut self, offer: Sdp) -> LegCommand {
        let incoming = self.incoming("4008", Source::Trunk(TrunkId(0)), Some(offer));
        self.machine.handle_input(self.now, Input::Leg(LegEvent::Incoming(Box::new(incoming))));
        while let Some(output) = self.machine.poll_output() {
            if let Output::Leg(command) = output {
                return command;
            }
        }
        panic!("nothing was said");
    }

    pub(crate) fn call_replacing(&mut self, number: &str, words: &[&str], replaces: Option<LegId>) {
        let after = |word: &str| words.iter().position(|w| *w == word).map(|i| words[i + 1]);
        let has = |word: &str| words.contains(&word);
        let (source, agent) = match after("from") {
            None => (Source::Trunk(TrunkId(0)), None),
            Some(from) => {
                let (phone, agent) = from.split_once('/').map_or((from, None), |(p, a)| (p, Some(a)));
                let phone = self.directory.phone_named(phone).unwrap();
                (Source::Phone(phone), agent.map(|a| self.agent(a)))
            }
        };
        let offer = match self.machine.config.workers {
            0 => None,
            _ if has("no-offer") => None,
            _ if has("garbage") => Some(Sdp(b"v=0\r\nrubbish".as_slice().into())),
            _ => Some(offer_of(after("codecs").unwrap_or("PCMU/PCMA"), "198.51.100.7")),
        };
        let mut incoming = self.incoming(number, source, offer);
        incoming.agent = agent;
        incoming.replaces = replaces;
        incoming.caller.name = after("as").unwrap_or("Lee").into();
        incoming.max_forwards = after("hops").map_or(70, |n| n.parse().unwrap());
        incoming.caller.withheld = has("withheld");
        self.input(Input::Leg(LegEvent::Incoming(Box::new(incoming))));
    }

    fn incoming(&mut self, number: &str, source: Source, offer: Option<Sdp>) -> Incoming {
        let leg = LegId::inward(ShardId(0), base::Key::new(self.inward, 0));
        self.inward += 1;
        self.names.leg(leg);
        Incoming {
            leg,
            source,
            agent: None,
            dialled: number.into(),
            caller: Identity { number: "+8613800138000".into(), ..Identity::default() },
            diverted_from: None,
            call_id: "x".into(),
            offer,
            replaces: None,
            max_forwards: 70,
            peer: "198.51.100.7:5060".parse().unwrap(),
        }
    }

    /// `offer AGENT [QUEUE] [cN]`
    fn offer(&mut self, agent: &str, words: &[&str]) {
        let id = self.new_offer(agent, contact(words));
        let queue = words.iter().find(|w| !is_contact(w)).copied().unwrap_or("support");
        let phone = self.directory.agent(id.agent).phone.unwrap();
        let queue = self.queue(queue);
        let ring_timeout = self.directory.queue(queue).ring_timeout;
        self.input(Input::Queue(QueueEvent::Offer(Offer { id, queue, phone, ring_timeout })));
    }

    pub(crate) fn new_offer(&mut self, agent: &str, contact: ContactId) -> OfferId {
        self.epoch += 1;
        let offer = OfferId { contact, contact_epoch: self.epoch, agent: self.agent(agent), agent_epoch: self.epoch };
        self.books.offered(offer);
        offer
    }

    fn open_offer(&self, agent: &str) -> OfferId {
        let agent = self.agent(agent);
        self.books.open_offers().find(|o| o.agent == agent).expect("an open offer")
    }

    fn leg_event(&mut self, leg: &str, event: &str, words: &[&str]) {
        let id = self.names.leg_named(leg);
        let media = self.machine.config.workers > 0;
        let given = |word: &str| words.iter().position(|w| *w == word).map(|i| words[i + 1]);
        let described = || media.then(|| offer_of(given("codecs").unwrap_or("PCMU"), "198.51.100.8"));
        let directed = |direction: &str| Some(sdp("PCMU", "198.51.100.9", &format!("a={direction}\r\n")));
        let event = match event {
            "rings" => LegEvent::Ringing { leg: id, sdp: None },
            "early" => LegEvent::Ringing { leg: id, sdp: described() },
            "answers" if words.contains(&"silent") => LegEvent::Answered { leg: id, sdp: None },
            "answers" => LegEvent::Answered { leg: id, sdp: described() },
            "confirms" if words.contains(&"silent") => LegEvent::Confirmed { leg: id, sdp: None },
            "confirms" => LegEvent::Confirmed { leg: id, sdp: described() },
            "refuses" => LegEvent::Refused { leg: id, cause: cause(words[0]) },
            "ends" => {
                let cause = words.first().map_or(CauseKind::NormalClearing.into(), |w| cause(w));
                LegEvent::Ended { leg: id, cause }
            }
            "holds" => LegEvent::Offered { leg: id, sdp: directed("sendonly") },
            "retrieves" => LegEvent::Offered { leg: id, sdp: directed("sendrecv") },
            "offers" if words.contains(&"nothing") => LegEvent::Offered { leg: id, sdp: None },
            "offers" if words.contains(&"garbage") => {
                LegEvent::Offered { leg: id, sdp: Some(Sdp(b"v=0\r\nrubbish".as_slice().into())) }
            }
            "offers" => LegEvent::Offered { leg: id, sdp: described() },
            "accepts" => LegEvent::OfferAnswered { leg: id, sdp: described() },
            "info" => LegEvent::Digit { leg: id, key: key(words[0]), held: Duration::from_millis(100) },
            "refers" => {
                let to = match words {
                    ["leg", other] => model::ReferTarget::Replace { leg: self.names.leg_named(other) },
                    ["nowhere"] => model::ReferTarget::Unknown,
                    [number] => model::ReferTarget::Dialled((*number).into()),
                    _ => panic!("refers to what?"),
                };
                LegEvent::Refer { leg: id, to }
            }
            "presses" => {
                for digit in words[0].chars() {
                    let event = MediaEvent::Digit { leg: id, key: Key(digit), held: Duration::from_millis(100) };
                    self.input(Input::Media(event));
                }
                return;
            }
            "played" => {
                let play = self.machine.legs.get(&id).map_or_else(Default::default, |l| l.play);
                return self.input(Input::Media(MediaEvent::Played { leg: id, play }));
            }
            "silent" => return self.input(Input::Media(MediaEvent::Silent { leg: id })),
            "loses-media" => {
                self.books.closed_by_worker(id);
                return self.input(Input::Media(MediaEvent::Closed { leg: id, quality: Quality::default() }));
            }
            _ => panic!("no such event: {leg} {event}"),
        };
        self.input(Input::Leg(event));
    }

    pub(crate) fn agent(&self, name: &str) -> AgentId {
        let found = self.directory.agents.iter().position(|a| &*a.name == name);
        AgentId(u32::try_from(found.unwrap_or_else(|| panic!("no agent {name}"))).unwrap())
    }

    fn queue(&self, name: &str) -> QueueId {
        self.directory.queue_named(name).unwrap_or_else(|| panic!("no queue {name}"))
    }
}

fn is_contact(word: &str) -> bool {
    word.strip_prefix('c').is_some_and(|n| n.bytes().all(|o| o.is_ascii_digit()))
}

/// The first `cN` among the words, else the first contact.
fn contact(words: &[&str]) -> ContactId {
    let named = words.iter().find(|w| is_contact(w)).map(|w| w[1..].parse().unwrap());
    ContactId::new(ShardId(0), 1, named.unwrap_or(1))
}

fn key(word: &str) -> Key {
    Key(word.chars().next().unwrap())
}

fn seconds(word: &str) -> Duration {
    match word.strip_suffix("ms") {
        Some(ms) => Duration::from_millis(ms.parse().unwrap()),
        None => Duration::from_secs(word.strip_suffix('s').unwrap().parse().unwrap()),
    }
}

fn cause(word: &str) -> Cause {
    let kinds = [
        CauseKind::AnsweredElsewhere,
        CauseKind::Busy,
        CauseKind::Declined,
        CauseKind::NoAnswer,
        CauseKind::Unreachable,
        CauseKind::Unregistered,
        CauseKind::Redirected,
        CauseKind::ServerFailure,
        CauseKind::NotFound,
        CauseKind::Overload,
        CauseKind::NormalClearing,
    ];
    kinds.into_iter().find(|k| k.word() == word).unwrap_or_else(|| panic!("no cause {word}")).into()
}
