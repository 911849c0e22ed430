use crate::RETRY_AFTER;
use crate::contact::Contact;
use crate::feature::Feature;
use crate::leg::{Leg, LegState, MediaRoute, inward_party};
use crate::machine::Machine;
use crate::plan::{Destination, Found};
use base::Now;
use model::{
    AgentId, Cause, CauseKind, ContactId, Directory, Fact, Incoming, Language, LegCommand, LegId, NumberRule, Party,
    PhoneId, QueueId, Role, Source, Target, TrunkId, WorkerId,
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
    destination: Destination,
    priority: i32,
    language: Language,
    attached: Vec<(Box<str>, Box<str>)>,
}

impl Treatment {
    fn by(rule: &NumberRule) -> Treatment {
        Treatment {
            destination: Destination::Target(rule.to.clone()),
            priority: rule.priority,
            language: rule.language,
            attached: rule.attach.clone(),
        }
    }
}

impl Machine {
    /// A new call: admitted, given a contact and media, and sent where its number leads.
    pub(crate) fn arrive(&mut self, now: Now, incoming: &Incoming) {
        if self.legs.contains_key(&incoming.leg) {
            return;
        }
        if let Source::Phone(phone) = incoming.source {
            self.phones_at.insert(phone, incoming.peer.ip());
        }
        if let Some(old) = incoming.replaces {
            return self.arrive_replacing(now, incoming, old);
        }
        let admitted = self.admit(incoming).and_then(|t| self.new_contact(now, incoming, &t).map(|id| (id, t)));
        match admitted {
            Ok((id, treatment)) => self.begin(now, id, treatment.destination),
            Err(kind) => {
                self.leg_command(refusal(incoming.leg, kind));
                self.fact(Fact::Refused { source: Some(incoming.source), cause: Cause::new(kind) });
            }
        }
    }

    fn admit(&self, incoming: &Incoming) -> Result<Treatment, CauseKind> {
        let treatment = match incoming.source {
            Source::Trunk(trunk) => self.by_number(trunk, &incoming.dialled).ok_or(CauseKind::NotFound),
            Source::Phone(_) => self.look_up(&incoming.dialled, incoming.agent).map(|found| match found {
                Found::Rule(rule) => Treatment::by(rule),
                Found::Destination(destination) => self.plainly(destination),
            }),
        };
        if let (Ok(treatment), Source::Phone(_)) = (&treatment, incoming.source)
            && self.is_emergency(&treatment.destination)
        {
            return Ok(self.plainly(Destination::Target(Target::Number(incoming.dialled.clone()))));
        }
        if self.draining {
            return Err(CauseKind::Shutdown);
        }
        if let Ok(Treatment { destination: Destination::Feature(Feature::Watch { agent, .. }), .. }) = &treatment {
            self.may_watch(incoming.agent, agent)?;
        }
        if self.is_full() {
            return Err(CauseKind::Overload);
        }
        treatment
    }

    /// This shard has its share of the calls the house may have.
    pub(crate) fn is_full(&self) -> bool {
        let share = self.directory.limits.max_calls.div_ceil(u32::from(self.directory.limits.shards.max(1)));
        self.contacts.len() >= share as usize
    }

    /// `[[number]]`: the first rule that matches.
    fn by_number(&self, trunk: TrunkId, dialled: &str) -> Option<Treatment> {
        let rules = &self.directory.numbers;
        rules.iter().find(|r| r.trunk.is_none_or(|t| t == trunk) && r.pattern.matches(dialled)).map(Treatment::by)
    }

    /// No class, ceiling or drain stands in the way.
    fn is_emergency(&self, destination: &Destination) -> bool {
        match destination {
            Destination::Target(Target::Number(number)) => {
                self.route_of(number).is_some_and(|r| self.directory.routes[r.index()].emergency)
            }
            Destination::Target(
                Target::Queue(_)
                | Target::Agent(_)
                | Target::Announcement(_)
                | Target::Callback(_)
                | Target::Voicemail(_),
            )
            | Destination::Phone(_)
            | Destination::Feature(_) => false,
        }
    }

    fn plainly(&self, destination: Destination) -> Treatment {
        Treatment { destination, priority: 0, language: self.directory.site.language, attached: Vec::new() }
    }

    fn new_contact(&mut self, now: Now, incoming: &Incoming, treatment: &Treatment) -> Result<ContactId, CauseKind> {
        let worker = self.choose_worker(incoming, &treatment.destination);
        let route =
            MediaRoute { peer: Some(incoming.peer.ip()), registered: self.registers(incoming.source), named: false };
        let media = match worker {
            Some(worker) => Some(self.inward_media(incoming.leg, worker, incoming.offer.as_ref(), route)?),
            None => None,
        };
        let mut spare = None;
        if let (Some(worker), true) = (worker, has_far_side(&treatment.destination)) {
            let family = self.usual_family();
            spare = self.take_port(worker, family);
            if spare.is_none() {
                if let Some(media) = media {
                    self.put_back(media.port);
                }
                return Err(CauseKind::NoMedia);
            }
        }
        let id = self.next_contact();
        let party = party_of(incoming, &treatment.destination);
        let role = role_of(incoming.source, &treatment.destination);
        let mut leg = Leg::new(id, party, incoming.caller.clone(), role, LegState::Arrived, now);
        leg.media = media;
        self.legs.insert(incoming.leg, leg);
        let aim = treatment.destination.clone();
        self.contacts.insert(
            id,
            Contact {
                dialled: incoming.dialled.clone(),
                legs: vec![incoming.leg],
                worker,
                spare,
                priority: treatment.priority,
                attached: treatment.attached.clone(),
                // None came with 0: such a call was refused at the door.
                max_forwards: incoming.max_forwards.min(model::MAX_FORWARDS).saturating_sub(1),
                ..Contact::new(id, now, incoming.source, incoming.leg, treatment.language, aim)
            },
        );
        self.fact(Fact::ContactArrived {
            contact: id,
            source: incoming.source,
            caller: incoming.caller.number.clone(),
            dialled: incoming.dialled.clone(),
            call_id: incoming.call_id.clone(),
            attached: treatment.attached.clone(),
        });
        self.fact(Fact::LegStarted { contact: id, leg: incoming.leg, party });
        if let (Some(agent), true) = (incoming.agent, occupies(&treatment.destination)) {
            self.occupy(incoming.leg, agent, id);
        }
        Ok(id)
    }

    /// A supervisor goes where the conversation is, an agent who already talks where he talks, because legs can be
    /// joined in one worker only; anybody else anywhere.
    fn choose_worker(&mut self, incoming: &Incoming, destination: &Destination) -> Option<WorkerId> {
        if self.config.workers == 0 {
            return None;
        }
        let related = match destination {
            Destination::Feature(Feature::Watch { agent, .. }) => self.talk_to_watch(agent),
            Destination::Feature(_) | Destination::Target(_) | Destination::Phone(_) => {
                self.contact_of(inward_party(incoming.source, incoming.agent))
            }
        };
        let there = related.and_then(|id| self.contacts.get(&id)).and_then(|c| c.worker);
        there.or_else(|| Some(WorkerId(self.rng.below(u64::from(self.config.workers)) as u8)))
    }

    /// The contact an agent or a phone of ours is in already.
    fn contact_of(&self, party: Party) -> Option<ContactId> {
        match party {
            Party::Agent(_) | Party::Phone(_) => {
                // A nailed-up leg is nobody's talk: that is where it leads to.
                let talks = |id: &ContactId| self.contacts.get(id).is_some_and(|c| !c.nailed);
                self.legs.values().filter(|l| l.party == party).map(|l| l.contact).find(talks)
            }
            Party::Caller | Party::Supervisor(_) | Party::Outside(_) => None,
        }
    }

    pub(crate) fn registers(&self, source: Source) -> bool {
        match source {
            Source::Trunk(_) => false,
            Source::Phone(phone) => self.directory.phone(phone).contact.is_none(),
        }
    }
}

/// The refusal of a call that did not become one.
pub(crate) fn refusal(leg: LegId, kind: CauseKind) -> LegCommand {
    let later = matches!(kind, CauseKind::Overload | CauseKind::NoMedia | CauseKind::Shutdown);
    LegCommand::Reject { leg, cause: Cause::new(kind), retry_after: later.then_some(RETRY_AFTER) }
}

fn has_far_side(destination: &Destination) -> bool {
    match destination {
        Destination::Target(Target::Queue(_) | Target::Agent(_) | Target::Number(_)) | Destination::Phone(_) => true,
        Destination::Target(Target::Announcement(_) | Target::Callback(_) | Target::Voicemail(_))
        | Destination::Feature(_) => false,
    }
}

/// An agent who changes his state by code is not in a call because of it.
fn occupies(destination: &Destination) -> bool {
    match destination {
        Destination::Target(_) | Destination::Phone(_) | Destination::Feature(Feature::Watch { .. }) => true,
        Destination::Feature(
            Feature::SignOn { .. }
            | Feature::SignOff { .. }
            | Feature::Ready
            | Feature::NotReady { .. }
            | Feature::Extend { .. },
        ) => false,
    }
}

fn party_of(incoming: &Incoming, destination: &Destination) -> Party {
    match (inward_party(incoming.source, incoming.agent), destination) {
        (Party::Agent(agent), Destination::Feature(Feature::Watch { .. })) => Party::Supervisor(agent),
        (party, _) => party,
    }
}

/// Who calls a number from inside is the house's side of the talk: right on a recording, whispered to.
fn role_of(source: Source, destination: &Destination) -> Role {
    match (source, destination) {
        (Source::Phone(_), Destination::Target(Target::Number(_))) => Role::Agent,
        (Source::Phone(_) | Source::Trunk(_), _) => Role::Caller,
    }
}
