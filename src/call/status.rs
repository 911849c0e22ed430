use crate::contact::{Contact, Stage};
use crate::machine::Machine;
use crate::memory::civil;
use base::Now;
use model::{ContactId, LegId, Party, Pii, QueueId, Source};

/// A live contact, to be shown to people.
#[derive(Clone, PartialEq, Debug)]
pub struct ContactStatus {
    pub contact: ContactId,
    /// `waiting`, `ringing`, `talking`, …
    pub state: &'static str,
    pub source: Source,
    /// The number of whoever is being served, or will be called.
    pub caller: Pii<Box<str>>,
    pub dialled: Box<str>,
    pub queue: Option<QueueId>,
    /// When it began; of a customer who is called back, when he first came, also before a restart.
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
            caller: self.served_identity(contact.id).number,
            dialled: contact.dialled.clone(),
            queue: contact.queue,
            since: self.waits_since(contact),
            parties: contact
                .legs
                .iter()
                .filter_map(|id| self.legs.get(id).map(|l| PartyStatus { leg: *id, party: l.party, since: l.since }))
                .collect(),
        })
    }

    fn waits_since(&self, contact: &Contact) -> Now {
        // Also while he talks: what is shown of one contact does not jump.
        let called_back = self.callbacks.contains(&contact.id);
        let earlier = contact.entered.filter(|at| called_back && *at < contact.since.mono);
        earlier.map_or(contact.since, |entered| Now::new(entered, civil(contact.since, entered)))
    }

    /// Contacts and legs that live, and ports in hand: nothing may be left over when the last call has ended.
    pub fn load(&self) -> Load {
        Load {
            contacts: self.contacts.len(),
            legs: self.legs.len(),
            ports_in_hand: self.stock.len(),
            nailed_up: self.nailed_up(),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Load {
    pub contacts: usize,
    pub legs: usize,
    pub ports_in_hand: usize,
    /// Agents' nailed-up legs that are on the line.
    pub nailed_up: usize,
}
