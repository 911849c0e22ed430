use crate::RETRY_AFTER;
use crate::contact::{Contact, Stage};
use crate::leg::{Leg, LegState, MediaRoute, inward_party};
use crate::machine::Machine;
use base::Now;
use model::{
    AgentId, Cause, CauseKind, ContactId, Directory, Fact, Incoming, Language, LegCommand, Party, PhoneId, QueueId,
    Role, Source, Target, TrunkId, WorkerId,
};
use std::collections::HashMap;

/// What people dial by name, looked up on every call: kept beside the directory as maps.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) agents: HashMap<Box<str>, AgentId>,
    pub(crate) queues: HashMap<Box<str>, QueueId>,
    pub(crate) phones: HashMap<Box<str>, PhoneId>,
}

impl Names {
    pub(crate) fn new(directory: &Directory) -> Self {
        let index = |i: usize| u32::try_from(i).expect("a directory is far below 2^32 entries");
        let mut names = Names::default();
        for (i, agent) in directory.agents.iter().enumerate().filter(|(_, a)| !a.removed) {
            names.agents.insert(agent.id.clone(), AgentId(index(i)));
        }
        for (i, queue) in directory.queues.iter().enumerate().filter(|(_, q)| !q.removed) {
            names.queues.insert(queue.name.clone(), QueueId(index(i)));
        }
        for (i, phone) in directory.phones.iter().enumerate().filter(|(_, p)| !p.removed) {
            names.phones.insert(phone.id.clone(), PhoneId(index(i)));
        }
        names
    }
}

/// What a dialled number leads to, and how it is treated there.
struct Treatment {
    target: Target,
    priority: i32,
    language: Language,
    attached: Vec<(Box<str>, Box<str>)>,
}

impl Machine {
    /// A new call: admitted, given a contact and media, and sent where its number leads.
    pub(crate) fn arrive(&mut self, now: Now, incoming: Incoming) {
        if self.legs.contains_key(&incoming.leg) {
            return;
        }
        let treatment = match self.admit(&incoming) {
            Ok(treatment) => treatment,
            Err(kind) => return self.refuse(&incoming, kind),
        };
        let worker = self.next_worker();
        match self.new_contact(now, &incoming, &treatment, worker) {
            Ok(contact) => self.go_to(now, contact, treatment.target),
            Err(kind) => self.refuse(&incoming, kind),
        }
    }

    fn admit(&self, incoming: &Incoming) -> Result<Treatment, CauseKind> {
        if self.draining {
            return Err(CauseKind::Shutdown);
        }
        let share = self.directory.limits.max_calls.div_ceil(u32::from(self.directory.limits.shards.max(1)));
        if self.contacts.len() >= share as usize {
            return Err(CauseKind::Overload);
        }
        match incoming.source {
            Source::Trunk(trunk) => self.by_number(trunk, &incoming.dialled).ok_or(CauseKind::NotFound),
            Source::Phone(_) => Err(CauseKind::Forbidden),
        }
    }

    /// `[[number]]`: the first rule that matches.
    fn by_number(&self, trunk: TrunkId, dialled: &str) -> Option<Treatment> {
        let rules = &self.directory.numbers;
        let rule = rules.iter().find(|r| r.trunk.is_none_or(|t| t == trunk) && r.pattern.matches(dialled))?;
        Some(Treatment {
            target: rule.to.clone(),
            priority: rule.priority,
            language: rule.language,
            attached: rule.attach.clone(),
        })
    }

    fn new_contact(
        &mut self,
        now: Now,
        incoming: &Incoming,
        treatment: &Treatment,
        worker: Option<WorkerId>,
    ) -> Result<ContactId, CauseKind> {
        let route = MediaRoute { peer: Some(incoming.peer.ip()), registered: self.registers(incoming.source) };
        let media = match worker {
            Some(worker) => Some(self.inward_media(incoming.leg, worker, incoming.offer.as_ref(), route)?),
            None => None,
        };
        let far_side = !matches!(treatment.target, Target::Announcement(_));
        let spare = match worker.filter(|_| far_side) {
            Some(worker) => {
                let family = self.usual_family();
                let Some(spare) = self.take_port(worker, family) else {
                    if let Some(media) = media {
                        self.put_back(media.port);
                    }
                    return Err(CauseKind::NoMedia);
                };
                Some(spare)
            }
            None => None,
        };
        let id = self.next_contact();
        let party = inward_party(incoming.source, incoming.agent);
        let mut leg = Leg::new(id, party, Role::Caller, LegState::Arrived, now);
        leg.media = media;
        self.legs.insert(incoming.leg, leg);
        let contact = Contact {
            id,
            source: incoming.source,
            identity: incoming.caller.clone(),
            caller: incoming.leg,
            legs: vec![incoming.leg],
            worker,
            spare,
            language: treatment.language,
            priority: treatment.priority,
            entered: None,
            queue: None,
            stage: Stage::Arriving,
            since: now,
            hops: 0,
            dials: 0,
            served: false,
            open_media: 0,
        };
        self.contacts.insert(id, contact);
        self.announce_arrival(incoming, id, party, treatment.attached.clone());
        Ok(id)
    }

    fn announce_arrival(
        &mut self,
        incoming: &Incoming,
        contact: ContactId,
        party: Party,
        attached: Vec<(Box<str>, Box<str>)>,
    ) {
        self.fact(Fact::ContactArrived {
            contact,
            source: incoming.source,
            caller: incoming.caller.number.clone(),
            dialled: incoming.dialled.clone(),
            call_id: incoming.call_id.clone(),
            attached,
        });
        self.fact(Fact::LegStarted { contact, leg: incoming.leg, party });
    }

    fn refuse(&mut self, incoming: &Incoming, kind: CauseKind) {
        let cause = Cause::new(kind);
        let retry_after =
            matches!(kind, CauseKind::Overload | CauseKind::NoMedia | CauseKind::Shutdown).then_some(RETRY_AFTER);
        self.leg_command(LegCommand::Reject { leg: incoming.leg, cause, retry_after });
        self.fact(Fact::Refused { source: Some(incoming.source), cause });
    }

    /// Workers take turns.
    fn next_worker(&mut self) -> Option<WorkerId> {
        let workers = self.config.workers;
        (workers > 0).then(|| WorkerId(self.rng.below(u64::from(workers)) as u8))
    }

    fn registers(&self, source: Source) -> bool {
        match source {
            Source::Trunk(_) => false,
            Source::Phone(phone) => self.directory.phone(phone).contact.is_none(),
        }
    }
}
