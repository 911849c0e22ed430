use crate::contact::Stage;
use crate::machine::Machine;
use base::Now;
use model::{ContactId, LegId, Party, Pii, QueueId, Source};

/// A live contact, to be shown to people.
#[derive(Clone, PartialEq, Debug)]
pub struct ContactStatus {
    pub contact: ContactId,
    /// `waiting`, `ringing`, `talking`, …
    pub state: &'static str,
    pub source: Source,
    /// The number of whoever is being served.
    pub caller: Pii<Box<str>>,
    pub dialled: Box<str>,
    pub queue: Option<QueueId>,
    pub since: Now,
    pub parties: Vec<PartyStatus>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PartyStatus {
    pub leg: LegId,
    pub party: Party,
    pub since: Now,
}

impl Machine {
    /// Every contact that is not over, oldest first.
    pub fn contacts(&self) -> impl Iterator<Item = ContactStatus> {
        self.contacts.values().filter(|c| !matches!(c.stage, Stage::Closing { .. })).map(|contact| ContactStatus {
            contact: contact.id,
            state: contact.stage.word(),
            source: contact.source,
            caller: self.legs.get(&contact.caller).map(|leg| leg.identity.number.clone()).unwrap_or_default(),
            dialled: contact.dialled.clone(),
            queue: contact.queue,
            since: contact.since,
            parties: contact
                .legs
                .iter()
                .filter_map(|id| self.legs.get(id).map(|l| PartyStatus { leg: *id, party: l.party, since: l.since }))
                .collect(),
        })
    }

    /// Contacts and legs that live, and ports in hand: nothing may be left over when the last call has ended.
    pub fn load(&self) -> Load {
        Load { contacts: self.contacts.len(), legs: self.legs.len(), ports_in_hand: self.stock.len() }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Load {
    pub contacts: usize,
    pub legs: usize,
    pub ports_in_hand: usize,
}
