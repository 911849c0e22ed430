use crate::arrive::refusal;
use crate::leg::{Leg, LegState, MediaRoute, inward_party};
use crate::machine::Machine;
use base::Now;
use model::{AgentId, CauseKind, Fact, Incoming, LegId, Party, Source, Target, TransferKind};

impl Machine {
    /// INVITE with Replaces (RFC 3891): a new leg for a party of a conversation of ours.
    pub(crate) fn arrive_replacing(&mut self, now: Now, incoming: &Incoming, old: LegId) {
        if let Err(kind) = self.replace(now, incoming, old) {
            self.leg_command(refusal(incoming.leg, kind));
            self.fact(Fact::Refused { source: Some(incoming.source), cause: kind.into() });
        }
    }

    fn replace(&mut self, now: Now, incoming: &Incoming, old: LegId) -> Result<(), CauseKind> {
        // RFC 3891 §3: a dialog that does not match or is not confirmed is answered 481.
        let replaced = self.legs.get(&old).filter(|_| self.is_talking(old)).ok_or(CauseKind::NotFound)?;
        let (contact, replaced_agent) = (replaced.contact, replaced.agent());
        self.may_replace(incoming.source, replaced)?;
        let worker = self.contacts[&contact].worker;
        let route =
            MediaRoute { peer: Some(incoming.peer.ip()), registered: self.registers(incoming.source), named: false };
        let media = match worker {
            Some(worker) => Some(self.inward_media(incoming.leg, worker, incoming.offer.as_ref(), route)?),
            None => None,
        };
        let role = self.legs[&old].role;
        let party = inward_party(incoming.source, incoming.agent);
        let mut leg = Leg::new(contact, party, incoming.caller.clone(), role, LegState::Arrived, now);
        leg.media = media;
        self.legs.insert(incoming.leg, leg);
        if let Some(contact) = self.contacts.get_mut(&contact) {
            contact.legs.push(incoming.leg);
        }
        self.fact(Fact::LegStarted { contact, leg: incoming.leg, party });
        self.answer(incoming.leg);
        if let Some(agent) = incoming.agent {
            self.occupy(incoming.leg, agent, contact);
        }
        if let Some(from) = replaced_agent {
            let to = self.replacement_target(incoming.agent, incoming.source);
            self.fact(Fact::Transferred { contact, from, to, kind: TransferKind::Attended });
        }
        self.take_place(now, incoming.leg, old);
        Ok(())
    }

    /// From a phone of ours anybody who knows the dialog; from a trunk only a leg of the same trunk.
    fn may_replace(&self, source: Source, replaced: &Leg) -> Result<(), CauseKind> {
        let allowed = match (source, replaced.party) {
            (Source::Phone(_), _) => true,
            (Source::Trunk(trunk), Party::Outside(other)) => trunk == other,
            (Source::Trunk(_), Party::Caller) => self.contacts[&replaced.contact].source == source,
            (Source::Trunk(_), Party::Agent(_) | Party::Supervisor(_) | Party::Phone(_)) => false,
        };
        allowed.then_some(()).ok_or(CauseKind::Forbidden)
    }

    fn replacement_target(&self, agent: Option<AgentId>, source: Source) -> Target {
        match (agent, source) {
            (Some(agent), _) => Target::Agent(agent),
            (None, Source::Phone(phone)) => Target::Number(self.directory.phone(phone).id.clone()),
            (None, Source::Trunk(_)) => Target::Number("".into()),
        }
    }
}
