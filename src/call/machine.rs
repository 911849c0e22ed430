use crate::arrive::Names;
use crate::contact::{Contact, Stage};
use crate::leg::Leg;
use crate::memory::Elsewhere;
use crate::nailed::Nails;
use crate::places::Places;
use crate::stock::{Stock, family_of};
use crate::wish::KnownCallers;
use crate::{Config, Input, Output, Ticket};
use base::{Instant, Now, Rng, Slab, TimerWheel};
use core::net::IpAddr;
use model::{
    Actor, Cause, CauseKind, CommandError, ContactEnd, ContactId, Directory, Fact, ForcedAction, LegCommand, LegId,
    MediaCommand, News, PhoneId, QueueCommand, TrunkId, WorkerId,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// The calls of one shard.
#[derive(Debug)]
pub struct Machine {
    pub(crate) config: Config,
    pub(crate) directory: Arc<Directory>,
    pub(crate) names: Names,
    pub(crate) contacts: BTreeMap<ContactId, Contact>,
    pub(crate) legs: BTreeMap<LegId, Leg>,
    /// Gives out the ids of the legs we dial.
    pub(crate) outward: Slab<()>,
    /// Legs that ended, until the media worker has said how they sounded.
    pub(crate) closing_media: BTreeMap<LegId, ContactId>,
    pub(crate) stock: Stock,
    /// Questions to the distributor, and the contact that asks.
    pub(crate) tickets: BTreeMap<Ticket, ContactId>,
    pub(crate) known_callers: KnownCallers,
    pub(crate) places: Places,
    pub(crate) nails: Nails,
    /// Contacts whose customers wait to be called back.
    pub(crate) callbacks: BTreeSet<ContactId>,
    /// Of those, who is being called or was reached, and his number's key.
    pub(crate) attempts: BTreeMap<ContactId, Box<str>>,
    /// Callbacks that wait in other shards.
    pub(crate) elsewhere: Elsewhere,
    pub(crate) trunks_down: BTreeSet<TrunkId>,
    /// Where phones were last heard from; at most one entry a phone of the directory.
    pub(crate) phones_at: BTreeMap<PhoneId, IpAddr>,
    pub(crate) timers: TimerWheel<Timer>,
    pub(crate) outputs: VecDeque<Output>,
    pub(crate) rng: Rng,
    pub(crate) draining: bool,
    sequence: u32,
    asked: u64,
}

/// Every deadline of the room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Timer {
    /// It rang long enough.
    Ring(LegId),
    /// No sign of life from a dialled leg.
    Silent(LegId),
    /// The distributor did not answer.
    Seize(ContactId),
    /// No key came, or no answer to a feature code.
    Keys(ContactId),
    /// A message is long enough, or its file was not heard of.
    Message(ContactId),
    /// A prompt must be over by now.
    Prompt(LegId),
    /// The customer is called again.
    Callback(ContactId),
    /// The media worker did not say its last words.
    Closing(ContactId),
}

impl Machine {
    pub fn new(config: Config, now: Now) -> Self {
        let directory = Arc::clone(&config.directory);
        let mut machine = Machine {
            names: Names::new(&directory),
            stock: Stock::new(&directory.media.ports, config.takers()),
            directory,
            contacts: BTreeMap::new(),
            legs: BTreeMap::new(),
            outward: Slab::new(),
            closing_media: BTreeMap::new(),
            tickets: BTreeMap::new(),
            known_callers: KnownCallers::default(),
            places: Places::default(),
            nails: Nails::default(),
            callbacks: BTreeSet::new(),
            attempts: BTreeMap::new(),
            elsewhere: Elsewhere::default(),
            trunks_down: BTreeSet::new(),
            phones_at: BTreeMap::new(),
            timers: TimerWheel::new(now.mono),
            outputs: VecDeque::new(),
            rng: Rng::new(config.seed),
            draining: false,
            sequence: 0,
            asked: 0,
            config,
        };
        machine.fill_stock();
        machine
    }

    pub fn handle_input(&mut self, now: Now, input: Input) {
        match input {
            Input::Leg(event) => self.leg_event(now, event),
            Input::Nailed { agent, command } => self.nailed_command(now, agent, command),
            Input::Media(event) => self.media_event(now, event),
            Input::Queue(event) => self.queue_event(now, event),
            Input::HangUp { ticket, contact, by } => {
                let result = self.hang_up(now, contact, by);
                self.outputs.push_back(Output::Reply { ticket, result });
            }
            Input::Done { ticket, result } => self.done(now, ticket, result),
            Input::Reload(directory) => {
                self.names = Names::new(&directory);
                self.stock.measure(&directory.media.ports, self.config.takers());
                self.directory = directory;
                self.fill_stock();
            }
            Input::Memory(memory) => self.remember(now, &memory),
            Input::News(news) => self.hear_news(now, news),
            Input::Drain { on } => self.draining = on,
            Input::Shutdown => {
                self.draining = true;
                for id in self.contacts.keys().copied().collect::<Vec<_>>() {
                    self.end(now, id, ContactEnd::Shutdown, CauseKind::Shutdown.into());
                }
            }
            Input::TrunkUp(trunk) => {
                self.trunks_down.remove(&trunk);
            }
            Input::TrunkDown(trunk) => {
                self.trunks_down.insert(trunk);
            }
            Input::PhoneAt { phone, address } => {
                self.phones_at.insert(phone, address);
            }
        }
    }

    pub fn handle_timeout(&mut self, now: Now) {
        while let Some(timer) = self.timers.pop_due(now.mono) {
            match timer {
                Timer::Ring(leg) => self.rang_out(now, leg),
                Timer::Silent(leg) => self.no_sign_of_life(now, leg),
                Timer::Seize(contact) => self.seize_timed_out(now, contact),
                Timer::Keys(contact) => self.keys_timed_out(now, contact),
                Timer::Message(contact) => self.message_timed_out(now, contact),
                Timer::Prompt(leg) => self.prompt_over(now, leg),
                Timer::Callback(contact) => self.callback_due(now, contact),
                Timer::Closing(contact) => self.close(now, contact),
            }
        }
    }

    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next_deadline()
    }

    pub(crate) fn next_contact(&mut self) -> ContactId {
        self.sequence = self.sequence.wrapping_add(1);
        ContactId::new(self.config.shard, self.config.boot, self.sequence)
    }

    pub(crate) fn next_ticket(&mut self, contact: ContactId) -> Ticket {
        self.asked += 1;
        let ticket = Ticket(self.asked);
        self.tickets.insert(ticket, contact);
        ticket
    }

    pub(crate) fn leg_command(&mut self, command: LegCommand) {
        let leg = command.leg();
        if let Some(agent) = self.nails.leads_to(leg) {
            self.outputs.push_back(Output::Nailed { agent, command });
        } else if !self.nails.is_near(leg) {
            self.outputs.push_back(Output::Leg(command));
        }
    }

    pub(crate) fn media(&mut self, worker: WorkerId, command: MediaCommand) {
        self.outputs.push_back(Output::Media { worker, command });
    }

    /// To the worker that holds the leg's port; nothing for a leg without media.
    pub(crate) fn leg_media(&mut self, leg: LegId, command: MediaCommand) {
        if let Some(media) = self.legs.get(&leg).and_then(|l| l.media.as_ref()) {
            let worker = media.port.worker;
            self.media(worker, command);
        }
    }

    pub(crate) fn queue(&mut self, command: QueueCommand) {
        self.outputs.push_back(Output::Queue(command));
    }

    /// To the other shards, when there are any.
    pub(crate) fn news(&mut self, news: News) {
        if self.config.shards > 1 {
            self.outputs.push_back(Output::News(news));
        }
    }

    pub(crate) fn fact(&mut self, fact: Fact) {
        self.outputs.push_back(Output::Fact(fact));
    }

    fn fill_stock(&mut self) {
        for worker in (0..self.config.workers).map(WorkerId) {
            for address in &Arc::clone(&self.directory).media.address {
                if let Some(command) = self.stock.ask(worker, family_of(*address)) {
                    self.media(worker, command);
                }
            }
        }
    }

    fn hang_up(&mut self, now: Now, contact: ContactId, by: Actor) -> Result<(), CommandError> {
        match self.contacts.get(&contact) {
            None | Some(Contact { stage: Stage::Closing { .. }, .. }) => Err(CommandError::NoSuchContact),
            Some(_) => {
                self.fact(Fact::Forced { by, action: ForcedAction::HangUp { contact } });
                self.end(now, contact, ContactEnd::Forced, Cause::new(CauseKind::Forced));
                Ok(())
            }
        }
    }
}
