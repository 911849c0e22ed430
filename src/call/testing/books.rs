use crate::Output;
use model::{
    AgentId, ContactId, Fact, LegCommand, LegId, MediaCommand, MediaPort, OfferId, OfferOutcome, QueueCommand,
    TransferKind,
};
use std::collections::{BTreeMap, BTreeSet};

/// Double-entry bookkeeping over everything the machine says: what is opened is closed, once, and nothing is done to
/// what is not open.
#[derive(Debug, Default)]
pub(crate) struct Books {
    offers: Vec<OfferId>,
    engaged: Vec<(AgentId, ContactId)>,
    /// In the distributor's hands.
    queued: BTreeSet<ContactId>,
    contacts: BTreeSet<ContactId>,
    contacts_over: BTreeSet<ContactId>,
    legs: BTreeMap<LegId, ContactId>,
    talks: Vec<(ContactId, AgentId)>,
    recordings: BTreeSet<Box<str>>,
    watches: BTreeSet<(ContactId, AgentId)>,
    media: BTreeSet<LegId>,
    joined: BTreeSet<LegId>,
    ports: BTreeSet<u32>,
    /// How often each kind of thing happened.
    pub(crate) seen: BTreeMap<&'static str, u32>,
}

impl Books {
    pub(crate) fn supplied(&mut self, ports: &[MediaPort]) {
        self.ports.extend(ports.iter().map(|p| p.slot));
    }

    pub(crate) fn closed_by_worker(&mut self, leg: LegId) {
        self.media.remove(&leg);
        self.joined.remove(&leg);
    }

    pub(crate) fn used_up(&mut self, port: MediaPort) {
        self.ports.remove(&port.slot);
    }

    pub(crate) fn offered(&mut self, offer: OfferId) {
        self.offers.push(offer);
    }

    pub(crate) fn flowed_out(&mut self, contact: ContactId) {
        self.queued.remove(&contact);
    }

    pub(crate) fn open_offers(&self) -> impl Iterator<Item = OfferId> {
        self.offers.iter().copied()
    }

    pub(crate) fn queued(&self) -> impl Iterator<Item = ContactId> {
        self.queued.iter().copied()
    }

    pub(crate) fn enter(&mut self, output: &Output) {
        match output {
            Output::Queue(command) => self.queue(command),
            Output::Media { command, .. } => self.media(command),
            Output::Fact(fact) => self.fact(fact),
            Output::Leg(LegCommand::Dial(dial)) => assert!(dial.leg.is_outward()),
            Output::Leg(_) | Output::People { .. } | Output::Reply { .. } | Output::News(_) => {}
            Output::Nailed { .. } | Output::Inner(_) => {}
        }
    }

    fn queue(&mut self, command: &QueueCommand) {
        match command {
            QueueCommand::Enqueue { contact, .. } => {
                assert!(self.queued.insert(*contact), "{contact} waits in two queues");
            }
            QueueCommand::Withdraw { contact, .. } => assert!(self.queued.remove(contact), "withdrawn from nowhere"),
            QueueCommand::Settle { offer, outcome } => {
                let open = self.offers.iter().position(|o| o == offer);
                self.offers.remove(open.expect("an offer is settled once"));
                if *outcome == OfferOutcome::Accepted {
                    self.queued.remove(&offer.contact);
                    self.engaged.push((offer.agent, offer.contact));
                }
            }
            QueueCommand::Occupy { agent, contact } => self.engaged.push((*agent, *contact)),
            QueueCommand::Release { agent, contact, .. } => {
                let engaged = self.engaged.iter().position(|e| e == &(*agent, *contact));
                self.engaged.remove(engaged.expect("an agent is released once, from where he was"));
            }
            QueueCommand::Seize { .. }
            | QueueCommand::Attend { .. }
            | QueueCommand::Rest { .. }
            | QueueCommand::Wake { .. }
            | QueueCommand::OnTheLine { .. }
            | QueueCommand::LineUp { .. }
            | QueueCommand::LineDown { .. } => {}
        }
    }

    fn media(&mut self, command: &MediaCommand) {
        match command {
            MediaCommand::Open { leg, port, .. } => {
                assert!(self.media.insert(*leg), "opened twice");
                assert!(self.ports.remove(&port.slot), "a port in two hands");
            }
            MediaCommand::Return { port } => assert!(self.ports.remove(&port.slot), "a port given back twice"),
            MediaCommand::Close { leg } => {
                assert!(self.media.remove(leg), "closed but not open");
                self.joined.remove(leg);
            }
            MediaCommand::Join { leg } => assert!(self.media.contains(leg) && self.joined.insert(*leg), "joined twice"),
            MediaCommand::Leave { leg } => assert!(self.joined.remove(leg), "left but not joined"),
            MediaCommand::Negotiate { leg, .. }
            | MediaCommand::Play { leg, .. }
            | MediaCommand::StopPlay { leg }
            | MediaCommand::SetRole { leg, .. }
            | MediaCommand::Press { leg, .. }
            | MediaCommand::Move { leg, .. } => assert!(self.media.contains(leg), "{command:?} to a closed leg"),
            MediaCommand::Supply { .. } | MediaCommand::Record { .. } | MediaCommand::StopRecording { .. } => {}
        }
    }

    fn fact(&mut self, fact: &Fact) {
        *self.seen.entry(kind_of(fact)).or_default() += 1;
        match fact {
            Fact::ContactArrived { contact, .. } => assert!(self.contacts.insert(*contact)),
            Fact::ContactEnded { contact, .. } => self.contact_ended(*contact),
            Fact::LegStarted { contact, leg, .. } => {
                self.is_live(*contact);
                assert!(self.legs.insert(*leg, *contact).is_none());
            }
            Fact::LegEnded { leg, contact, .. } => {
                self.is_live(*contact);
                assert!(self.legs.remove(leg).is_some(), "a leg ends once");
            }
            Fact::TalkStarted { contact, agent, .. } => {
                self.is_live(*contact);
                self.talks.push((*contact, *agent));
            }
            Fact::TalkEnded { contact, agent, .. } => {
                let open = self.talks.iter().position(|t| t == &(*contact, *agent));
                self.talks.remove(open.expect("a talk ends once, where it began"));
            }
            Fact::RecordingStarted { contact, name } => {
                self.is_live(*contact);
                assert!(self.recordings.insert(name.clone()), "two recordings of one name");
            }
            Fact::RecordingStopped { contact, name, .. } => {
                self.is_live(*contact);
                assert!(self.recordings.remove(name), "a recording stops once");
            }
            Fact::SupervisorJoined { contact, supervisor, .. } => {
                self.watches.insert((*contact, *supervisor));
            }
            Fact::SupervisorLeft { contact, supervisor } => {
                self.is_live(*contact);
                self.watches.remove(&(*contact, *supervisor));
            }
            _ => {}
        }
    }

    fn is_live(&self, contact: ContactId) {
        assert!(self.contacts.contains(&contact), "{contact} is over or never was");
    }

    fn contact_ended(&mut self, contact: ContactId) {
        assert!(self.contacts.remove(&contact) && self.contacts_over.insert(contact), "a contact ends once");
        assert!(!self.queued.contains(&contact), "{contact} ended in a queue");
        assert!(!self.talks.iter().any(|(c, _)| *c == contact), "{contact} ended while somebody talked");
        assert!(!self.watches.iter().any(|(c, _)| *c == contact), "{contact} ended while somebody listened");
        let legs = self.legs.values().any(|c| *c == contact);
        // A leg may have gone over to another contact; its facts then name the new one.
        assert!(!legs || self.contacts_over.contains(&contact));
    }

    /// Everything is over.
    pub(crate) fn check_closed(&self, ports_in_hand: usize) {
        assert!(self.offers.is_empty(), "offers never settled: {:?}", self.offers);
        assert!(self.engaged.is_empty(), "agents never released: {:?}", self.engaged);
        assert!(self.queued.is_empty(), "contacts left in a queue");
        assert!(self.contacts.is_empty(), "contacts never ended");
        assert!(self.legs.is_empty(), "legs never ended");
        assert!(self.talks.is_empty(), "talks never ended");
        assert!(self.recordings.is_empty(), "recordings never stopped");
        assert!(self.watches.is_empty(), "supervisors never left");
        assert!(self.media.is_empty(), "endpoints never closed");
        assert_eq!(self.ports.len(), ports_in_hand, "ports leaked");
    }
}

fn kind_of(fact: &Fact) -> &'static str {
    match fact {
        Fact::TalkStarted { .. } => "talk",
        Fact::Transferred { kind: TransferKind::Blind, .. } => "blind transfer",
        Fact::Transferred { kind: TransferKind::Attended, .. } => "attended transfer",
        Fact::Transferred { kind: TransferKind::TakeOver, .. } => "take-over",
        Fact::TransferFailed { .. } => "failed transfer",
        Fact::Merged { .. } => "merge",
        Fact::SupervisorJoined { .. } => "supervisor",
        Fact::RecordingStarted { .. } => "recording",
        Fact::Held { .. } => "hold",
        Fact::Refused { .. } => "refusal",
        Fact::Callback { .. } => "callback",
        _ => "other",
    }
}
