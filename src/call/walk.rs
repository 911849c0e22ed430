//! Random walks: anything may happen at any time, in any order, and the books must balance when it is over.

use crate::Input;
use crate::testing::{World, house, offer_of, sdp};
use base::Rng;
use core::time::Duration;
use model::{
    AgentId, CauseKind, ContactId, FlowReason, Key, LegEvent, LegId, MediaEvent, NailedUp, Offer, OfferId, PhoneId,
    QueueEvent, QueueId, ReferTarget, Sdp, ShardId, SoundName, Target,
};
use std::collections::{BTreeMap, BTreeSet};

const NUMBERS: [&str; 26] = [
    "4005", "4006", "4008", "4008", "4008", "4007", "4007", "4009", "4001", "4002", "4003", "1001", "1002", "1003",
    "2000", "support", "013900", "110", "*11", "*13", "*141", "*311001", "*321002", "*331003", "*341002", "999",
];

struct Walk {
    world: World,
    rng: Rng,
    /// For nailed-up legs alone, so that the walks without one go where they always went.
    lines: Rng,
    legs: Vec<LegId>,
}

impl Walk {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let workers = [0, 1, 1, 1, 2][rng.below(5) as usize];
        let mut directory = house();
        directory.queues[0].care.callback.as_mut().unwrap().class = model::ClassOfService::International;
        if rng.chance(0.5) {
            directory.queues[0].care.callback.as_mut().unwrap().first = model::CallbackFirst::Caller;
        }
        directory.limits.max_calls = 2 + rng.below(20) as u32;
        if rng.chance(0.3) {
            for queue in &mut directory.queues {
                queue.care.whisper.sound = Some(SoundName("queue/in-line".into()));
                queue.care.resume = Some(Duration::from_secs(60));
            }
        }
        // Who has a nailed-up leg is offered contacts on it and on nothing else, whether it is up or not.
        let mut lines = Rng::new(!seed);
        if lines.chance(0.4) {
            directory.agents[0].nailed_up = *lines.pick(&[NailedUp::AtOnce, NailedUp::ByKey]).unwrap();
        }
        let mut world = World::new(directory, workers);
        world.forgetful = rng.chance(0.3).then(|| rng.fork());
        Walk { world, rng, lines, legs: Vec::new() }
    }

    fn run(&mut self, steps: u32) {
        for _ in 0..steps {
            self.step();
        }
        self.finish();
    }

    fn step(&mut self) {
        match self.rng.below(100) {
            0..14 => self.call(),
            14..34 => self.offer(),
            34..40 => self.queue_word(),
            40..80 => self.leg_word(),
            80..90 => self.media_word(),
            90..96 => self.world.wait(Duration::from_millis(self.rng.below(30_000))),
            _ => self.house_word(),
        }
        self.line_word();
        for id in self.world.machine.legs.keys() {
            if !self.legs.contains(id) {
                self.legs.push(*id);
            }
        }
        self.world.said.clear();
    }

    fn call(&mut self) {
        let number = *self.rng.pick(&NUMBERS).unwrap();
        let mut words = Vec::new();
        let phones = ["1001/anna", "1002/ben", "1003/carol", "1004/dave", "2000", "1001"];
        if self.rng.chance(0.4) {
            words.extend(["from", *self.rng.pick(&phones).unwrap()]);
        }
        if self.rng.chance(0.1) {
            words.push("no-offer");
        }
        let replaced = self.leg().filter(|_| self.rng.chance(0.05));
        self.world.call_replacing(number, &words, replaced);
    }

    fn offer(&mut self) {
        let waiting: Vec<_> = self.world.books.queued().collect();
        let seizing: Vec<_> = self.world.machine.contacts.keys().copied().collect();
        let agent = *self.rng.pick(&["anna", "ben", "carol", "dave"]).unwrap();
        if let Some(contact) = self.rng.pick(&waiting).copied().filter(|_| self.rng.chance(0.7)) {
            let id = self.world.new_offer(agent, contact);
            let queue = QueueId(self.rng.below(3) as u32);
            let queue = self.world.machine.contacts[&contact].queue.filter(|_| self.rng.chance(0.9)).unwrap_or(queue);
            let phone = PhoneId(id.agent.0);
            let ring_timeout = Duration::from_secs(15);
            self.world.input(Input::Queue(QueueEvent::Offer(Offer { id, queue, phone, ring_timeout })));
        } else if let Some(contact) = self.rng.pick(&seizing).copied() {
            let wanted = match self.world.machine.contacts[&contact].stage {
                crate::contact::Stage::Seizing { agent, .. } => agent,
                _ => self.world.agent(agent),
            };
            if self.rng.chance(0.7) {
                let name = self.world.directory.agent(wanted).name.clone();
                let offer: OfferId = self.world.new_offer(&name, contact);
                let (phone, ring_timeout) = (PhoneId(wanted.0), Duration::from_secs(15));
                self.world.input(Input::Queue(QueueEvent::Seized { offer, phone, ring_timeout }));
            } else {
                let kind = *self.rng.pick(&[CauseKind::Busy, CauseKind::Unregistered]).unwrap();
                let event = QueueEvent::SeizeRefused { contact, agent: wanted, cause: kind.into() };
                self.world.input(Input::Queue(event));
            }
        }
    }

    fn queue_word(&mut self) {
        let waiting: Vec<_> = self.world.books.queued().collect();
        let offers: Vec<_> = self.world.books.open_offers().collect();
        match self.rng.below(3) {
            0 => {
                if let Some(offer) = self.rng.pick(&offers).copied() {
                    self.world.input(Input::Queue(QueueEvent::Revoke { offer }));
                }
            }
            1 => {
                if let Some(contact) = self.rng.pick(&waiting).copied() {
                    let targets = [
                        Target::Queue(QueueId(self.rng.below(3) as u32)),
                        Target::Agent(AgentId(1)),
                        Target::Announcement(SoundName("announcements/sorry".into())),
                        Target::Number("013900".into()),
                        Target::Voicemail(QueueId(self.rng.below(3) as u32)),
                    ];
                    let to = self.rng.pick(&targets).unwrap().clone();
                    let queue = self.world.machine.contacts[&contact].queue.unwrap();
                    self.world.books.flowed_out(contact);
                    let event = QueueEvent::FlowOut { contact, queue, to, why: FlowReason::MaxWait };
                    self.world.input(Input::Queue(event));
                }
            }
            _ => {
                if let Some(contact) = self.rng.pick(&waiting).copied() {
                    let position = self.rng.below(130) as u32;
                    let expected_wait = self.rng.chance(0.5).then(|| Duration::from_secs(self.rng.below(900)));
                    self.world.input(Input::Queue(QueueEvent::Announce { contact, position, expected_wait }));
                }
            }
        }
    }

    /// Mostly a leg that lives; sometimes one that is long gone.
    fn leg(&mut self) -> Option<LegId> {
        // What happens to an inner line comes from the machine itself.
        let nails = &self.world.machine.nails;
        let live: Vec<_> = self.world.machine.legs.keys().copied().filter(|leg| !nails.is_inside(*leg)).collect();
        if self.rng.chance(0.9) { self.rng.pick(&live).copied() } else { self.rng.pick(&self.legs).copied() }
    }

    fn sdp(&mut self) -> Option<Sdp> {
        if self.world.machine.config.workers == 0 {
            return None;
        }
        match self.rng.below(20) {
            0 => None,
            1 => Some(Sdp(b"v=0\r\nrubbish".as_slice().into())),
            2 => Some(offer_of("G729", "198.51.100.3")),
            3 => Some(offer_of("PCMU", "2001:db8::3")),
            4..7 => Some(sdp("PCMU/PCMA", "198.51.100.3", "a=sendonly\r\n")),
            7 => Some(sdp("PCMU", "0.0.0.0", "")),
            8..12 => Some(offer_of("PCMA", "198.51.100.3")),
            _ => Some(offer_of("PCMU/PCMA", "198.51.100.3")),
        }
    }

    fn leg_word(&mut self) {
        let Some(leg) = self.leg() else { return };
        let kinds = [
            CauseKind::Busy,
            CauseKind::Declined,
            CauseKind::NoAnswer,
            CauseKind::Unreachable,
            CauseKind::ServerFailure,
            CauseKind::NormalClearing,
        ];
        let cause = (*self.rng.pick(&kinds).unwrap()).into();
        let sdp = self.sdp();
        let event = match self.rng.below(22) {
            16.. => LegEvent::Answered { leg, sdp },
            0 | 1 => LegEvent::Ringing { leg, sdp: sdp.filter(|_| self.rng.chance(0.5)) },
            2..7 => LegEvent::Answered { leg, sdp },
            7 => LegEvent::Confirmed { leg, sdp },
            8 => LegEvent::Refused { leg, cause },
            9 if self.rng.chance(0.5) => LegEvent::Ended { leg, cause },
            10 | 11 => LegEvent::Offered { leg, sdp },
            9 | 12 => LegEvent::OfferAnswered { leg, sdp },
            13 => LegEvent::OfferRefused { leg, cause },
            _ => {
                let number = *self.rng.pick(&NUMBERS).unwrap();
                let to = match self.leg() {
                    Some(other) if self.rng.chance(0.6) => ReferTarget::Replace { leg: other },
                    Some(_) | None if self.rng.chance(0.1) => ReferTarget::Unknown,
                    Some(_) | None => ReferTarget::Dialled(number.into()),
                };
                LegEvent::Refer { leg, to }
            }
        };
        self.world.input(Input::Leg(event));
    }

    fn media_word(&mut self) {
        let Some(leg) = self.leg() else { return };
        let key = Key(*self.rng.pick(&['1', '1', '2', '3', '4', '5', '9', '#', '0']).unwrap());
        let held = Duration::from_millis(80);
        match self.rng.below(10) {
            // Now and then one that is out of date.
            0..4 => {
                let newest = self.world.machine.legs.get(&leg).map_or_else(Default::default, |l| l.play);
                let play = model::PlayId(newest.0.saturating_sub(self.rng.below(4) as u32 / 3));
                self.world.input(Input::Media(MediaEvent::Played { leg, play }));
            }
            4 => self.world.input(Input::Media(MediaEvent::Silent { leg })),
            5 => self.world.input(Input::Leg(LegEvent::Digit { leg, key, held })),
            _ => self.world.input(Input::Media(MediaEvent::Digit { leg, key, held })),
        }
    }

    fn house_word(&mut self) {
        match self.rng.below(8) {
            0 => self.world.dry = !self.world.dry,
            1 => self.world.input(Input::Drain { on: self.rng.chance(0.2) }),
            2 => self.world.input(Input::TrunkDown(model::TrunkId(self.rng.below(2) as u32))),
            3 => self.world.input(Input::TrunkUp(model::TrunkId(self.rng.below(2) as u32))),
            4 => {
                let contacts: Vec<_> = self.world.machine.contacts.keys().copied().collect();
                if let Some(contact) = self.rng.pick(&contacts).copied() {
                    let (ticket, by) = (crate::Ticket(1), model::Actor::System);
                    self.world.input(Input::HangUp { ticket, contact, by });
                }
            }
            5 => {
                let ticket = crate::Ticket(self.rng.below(20));
                let result = if self.rng.chance(0.7) { Ok(()) } else { Err(model::CommandError::PhoneTaken) };
                self.world.input(Input::Done { ticket, result });
            }
            6 if self.rng.chance(0.05) => {
                self.world.input(Input::Shutdown);
                self.world.input(Input::Drain { on: false });
            }
            _ => self.world.input(Input::Reload(std::sync::Arc::clone(&self.world.directory))),
        }
    }

    /// His phone is called, answers, presses a key or is let go.
    fn line_word(&mut self) {
        let (agent, phone) = (AgentId(0), PhoneId(0));
        if self.world.directory.agent(agent).nailed_up == NailedUp::Off {
            return;
        }
        let leg = self.world.machine.contacts.values().find(|c| c.nailed).map(|c| c.caller);
        match (self.lines.below(40), leg) {
            (0..4, _) => self.world.input(Input::Queue(QueueEvent::Nail { agent, phone })),
            (4..10, Some(leg)) => {
                let sdp = (self.world.machine.config.workers > 0).then(|| offer_of("PCMU/PCMA", "198.51.100.3"));
                self.world.input(Input::Leg(LegEvent::Answered { leg, sdp }));
            }
            (10..14, Some(leg)) => {
                let key = Key(*self.lines.pick(&['*', '1', '1']).unwrap());
                self.world.input(Input::Media(MediaEvent::Digit { leg, key, held: Duration::from_millis(100) }));
            }
            (14, _) => self.world.input(Input::Queue(QueueEvent::Unnail { agent })),
            _ => {}
        }
    }

    /// Everybody hangs up; every stage must find its end.
    fn finish(&mut self) {
        for leg in self.world.machine.legs.keys().copied().filter(|l| !l.is_outward()).collect::<Vec<_>>() {
            let cause = CauseKind::NormalClearing.into();
            self.world.input(Input::Leg(LegEvent::Ended { leg, cause }));
        }
        // What outlives its caller is a far side joined to another; it hangs up, too.
        self.world.input(Input::Queue(QueueEvent::Unnail { agent: AgentId(0) }));
        for leg in self.world.machine.legs.keys().copied().collect::<Vec<_>>() {
            let cause = CauseKind::NormalClearing.into();
            self.world.input(Input::Leg(LegEvent::Ended { leg, cause }));
        }
        // Nobody is on the line of those who wait to be called back.
        for contact in self.world.machine.contacts.keys().copied().collect::<Vec<_>>() {
            if self.world.machine.is_callback(contact) {
                let (ticket, by) = (crate::Ticket(1), model::Actor::System);
                self.world.input(Input::HangUp { ticket, contact, by });
            }
        }
        self.world.wait(Duration::from_secs(600));
        assert!(
            self.world.machine.contacts.is_empty(),
            "contacts that nothing ends: {:#?}",
            self.world.machine.contacts
        );
        self.world.check_books();
    }
}

#[test]
fn whatever_happens_everything_ends_once_and_nothing_is_left_over() {
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for seed in 0..500 {
        let walk = std::panic::catch_unwind(|| {
            let mut walk = Walk::new(seed);
            walk.run(400);
            walk.world.books.seen.clone()
        });
        for (kind, times) in walk.unwrap_or_else(|_| panic!("seed {seed}")) {
            *seen.entry(kind).or_default() += times;
        }
    }
    let wanted = ["talk", "blind transfer", "attended transfer", "take-over", "failed transfer", "merge", "supervisor"];
    for kind in wanted.into_iter().chain(["recording", "hold", "refusal", "callback"]) {
        let times = seen.get(kind).copied().unwrap_or(0);
        assert!(times >= 20, "the walks reached {kind} {times} times: {seen:?}");
    }
}

/// What a contact's status word may follow, as the walks see it between two inputs.
fn table_of_moves() -> String {
    let mut moves: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for seed in 0..500 {
        let mut walk = Walk::new(seed);
        let mut before: BTreeMap<ContactId, &'static str> = BTreeMap::new();
        for _ in 0..400 {
            walk.step();
            let after: BTreeMap<_, _> =
                walk.world.machine.contacts.iter().map(|(id, c)| (*id, c.stage.word())).collect();
            for id in before.keys().chain(after.keys()) {
                let (from, to) = (before.get(id).unwrap_or(&"(new)"), after.get(id).unwrap_or(&"(gone)"));
                if from != to {
                    moves.entry(from).or_default().insert(to);
                }
            }
            before = after;
        }
    }
    let row = |(from, to): (&&str, &BTreeSet<&str>)| {
        format!("//! {from} → {}\n", to.iter().copied().collect::<Vec<_>>().join(" · "))
    };
    moves.iter().map(row).collect()
}

#[test]
fn the_moves_of_a_contact_are_those_the_room_describes() {
    let table = table_of_moves();
    assert!(include_str!("lib.rs").contains(&table), "src/call/lib.rs does not hold this table:\n{table}");
}

#[test]
fn the_same_seed_says_the_same_words() {
    let words = |seed| {
        let mut walk = Walk::new(seed);
        (0..300).for_each(|_| walk.step());
        format!("{:?} {:?}", walk.world.machine.load(), walk.world.books)
    };
    assert_eq!(words(5), words(5));
    assert_ne!(words(5), words(6));
}

#[test]
fn leg_ids_of_the_two_sides_never_meet() {
    let mut walk = Walk::new(1);
    (0..200).for_each(|_| walk.step());
    assert!(walk.legs.iter().any(|l| l.is_outward()) && walk.legs.iter().any(|l| !l.is_outward()));
    assert!(walk.legs.iter().all(|l| l.home() == ShardId(0)));
}
