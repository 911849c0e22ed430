use crate::contact::Stage;
use crate::hear::Hearing;
use crate::leg::LegState;
use crate::machine::Machine;
use crate::plan::Destination;
use base::Now;
use model::{
    AgentId, Cause, CauseKind, ContactEnd, ContactId, Fact, LegCommand, LegId, MediaCommand, Party, ReferTarget, Role,
    Target, TransferKind,
};

/// A blind transfer on its way: the one who asked for it stays until it has worked.
#[derive(Debug)]
pub(crate) struct Transfer {
    pub(crate) by: LegId,
    agent: Option<AgentId>,
    to: Target,
}

impl Machine {
    /// REFER from a party of a conversation.
    pub(crate) fn refer(&mut self, now: Now, id: LegId, to: ReferTarget) {
        if self.refer_nailed(id, &to) {
            return;
        }
        let asked = match to {
            ReferTarget::Dialled(dialled) => self.refer_blind(now, id, &dialled),
            ReferTarget::Replace { leg } => self.refer_attended(now, id, leg),
            ReferTarget::Unknown => Err(CauseKind::NotFound),
        };
        if let Err(kind) = asked {
            self.leg_command(LegCommand::ReferReply { leg: id, accepted: Err(kind.into()) });
        }
    }

    /// The contact in which this leg talks, the other talker, and the agent who asks. Only our own phones may ask:
    /// a transfer from outside is a toll fraud.
    fn transferor(&self, id: LegId) -> Result<(ContactId, LegId, Option<AgentId>), CauseKind> {
        let leg = self.legs.get(&id).ok_or(CauseKind::NotFound)?;
        if !matches!(leg.party, Party::Agent(_) | Party::Phone(_)) {
            return Err(CauseKind::Forbidden);
        }
        let talkers = self.talkers(leg.contact).ok_or(CauseKind::NotAcceptable)?;
        let other = match talkers {
            [a, b] if a == id => b,
            [a, b] if b == id => a,
            _ => return Err(CauseKind::NotAcceptable),
        };
        Ok((leg.contact, other, leg.agent()))
    }

    fn refer_blind(&mut self, now: Now, by: LegId, dialled: &str) -> Result<(), CauseKind> {
        let (_, _, agent) = self.transferor(by)?;
        let destination = self.resolve(dialled, agent)?;
        self.send_on(now, by, destination)
    }

    /// The other talker goes to `destination`; the one who asked stays until it has worked.
    fn send_on(&mut self, now: Now, by: LegId, destination: Destination) -> Result<(), CauseKind> {
        let (id, other, agent) = self.transferor(by)?;
        let to = match &destination {
            Destination::Target(Target::Agent(to)) if Some(*to) == agent => return Err(CauseKind::Forbidden),
            Destination::Target(target) => target.clone(),
            Destination::Phone(phone) => Target::Number(self.directory.phone(*phone).id.clone()),
            Destination::Feature(_) => return Err(CauseKind::Forbidden),
        };
        self.leg_command(LegCommand::ReferReply { leg: by, accepted: Ok(()) });
        self.stop_recording(id);
        for leg in [by, other] {
            if let Some(talk) = self.legs.get_mut(&leg).and_then(|l| l.talk.as_mut()) {
                talk.hold(now.mono);
            }
        }
        self.hear(now, by, Hearing::Nothing);
        if let Some(contact) = self.contacts.get_mut(&id) {
            contact.caller = other;
            contact.stage = Stage::Arriving;
            contact.transfer = Some(Transfer { by, agent, to });
            // Only moves by rule in a row can be a ring.
            contact.hops = 0;
        }
        let to_queue = matches!(
            destination,
            Destination::Target(
                Target::Queue(_) | Target::Announcement(_) | Target::Callback(_) | Target::Voicemail(_)
            )
        );
        if to_queue {
            // The queue or the announcement has taken the caller: the one who asked is done.
            self.transferred(now, id);
        }
        self.begin(now, id, destination);
        Ok(())
    }

    /// The new party has the caller.
    pub(crate) fn transferred(&mut self, now: Now, id: ContactId) {
        let Some(Transfer { by, agent, to }) = self.contacts.get_mut(&id).and_then(|c| c.transfer.take()) else {
            return;
        };
        if let Some(from) = agent {
            self.fact(Fact::Transferred { contact: id, from, to, kind: TransferKind::Blind });
        }
        if self.legs.contains_key(&by) {
            self.leg_command(LegCommand::ReferProgress { leg: by, status: 200 });
            self.drop_leg(now, by, CauseKind::Transferred.into(), true);
        }
    }

    /// The transfer did not work. True when the caller was given back, or went back to his queue.
    pub(crate) fn transfer_failed(&mut self, now: Now, id: ContactId, cause: Cause) -> bool {
        let Some(Transfer { by, agent, .. }) = self.contacts.get_mut(&id).and_then(|c| c.transfer.take()) else {
            return false;
        };
        if let Some(from) = agent {
            self.fact(Fact::TransferFailed { contact: id, from, cause });
        }
        if self.legs.contains_key(&by) {
            self.leg_command(LegCommand::ReferProgress { leg: by, status: status_of(cause) });
            if let Some(contact) = self.contacts.get_mut(&id) {
                contact.stage = Stage::Talking { far: by };
            }
            self.settle_hearing(now, id);
            self.start_recording(now, id);
            return true;
        }
        // Whoever transferred has gone. A caller who came through a queue keeps his right to be served there.
        match self.contacts.get(&id).and_then(|c| c.queue.filter(|_| c.entered.is_some())) {
            Some(queue) => {
                self.go_to(now, id, Target::Queue(queue));
                true
            }
            None => false,
        }
    }

    fn refer_attended(&mut self, now: Now, by: LegId, other_leg: LegId) -> Result<(), CauseKind> {
        let (here, here_stays, agent) = self.transferor(by)?;
        if let Some((consultation, aim)) = self.rings_still(by, other_leg) {
            // The colleague has not answered: RFC 3891 §3 lets nobody replace a dialog that only rings at our side, and
            // nothing is gained by waiting. The caller is sent where the agent called (RFC 5589 §7.3, semi-attended).
            if matches!(aim, Destination::Feature(_))
                || aim == Destination::Target(Target::Agent(agent.ok_or(CauseKind::Forbidden)?))
            {
                return Err(CauseKind::Forbidden);
            }
            self.fact(Fact::Merged { contact: here, consultation });
            self.end(now, consultation, ContactEnd::Abandoned, CauseKind::Cancelled.into());
            return self.send_on(now, by, aim);
        }
        let (there, there_stays, _) = self.transferor(other_leg)?;
        let same_party = self.legs[&by].party == self.legs[&other_leg].party;
        if here == there || !same_party {
            return Err(CauseKind::Forbidden);
        }
        if self.contacts[&here].worker != self.contacts[&there].worker {
            return Err(CauseKind::NoMedia);
        }
        self.leg_command(LegCommand::ReferReply { leg: by, accepted: Ok(()) });
        self.leg_command(LegCommand::ReferProgress { leg: by, status: 200 });
        // The customer's contact came first and goes on; the consultation is joined into it.
        let (kept, stays, joined, moves) =
            if here < there { (here, here_stays, there, there_stays) } else { (there, there_stays, here, here_stays) };
        self.stop_recording(kept);
        self.stop_recording(joined);
        if let Some(from) = agent {
            let to = self.as_target(moves);
            self.fact(Fact::Transferred { contact: kept, from, to, kind: TransferKind::Attended });
        }
        self.fact(Fact::Merged { contact: kept, consultation: joined });
        self.stop_talk(now, moves);
        // Who listened to the consultation was beside that talk, and it is over.
        if let Some(Party::Agent(agent)) = self.legs.get(&moves).map(|leg| leg.party) {
            self.end_watchers(now, joined, agent);
        }
        self.move_leg(moves, kept);
        self.set_role(moves, opposite(self.legs[&stays].role));
        let (caller, far) = if self.legs[&stays].role == Role::Agent { (moves, stays) } else { (stays, moves) };
        if let Some(contact) = self.contacts.get_mut(&kept) {
            contact.caller = caller;
            contact.stage = Stage::Talking { far };
        }
        for leg in [by, other_leg] {
            self.drop_leg(now, leg, CauseKind::Transferred.into(), true);
        }
        self.end(now, joined, ContactEnd::Served, CauseKind::Transferred.into());
        for leg in [stays, moves] {
            self.start_talk(now, leg);
        }
        self.settle_hearing(now, kept);
        self.start_recording(now, kept);
        Ok(())
    }

    /// The contact in which the same party calls somebody who has not answered yet, and whom.
    fn rings_still(&self, by: LegId, other: LegId) -> Option<(ContactId, Destination)> {
        let (by, leg) = (self.legs.get(&by)?, self.legs.get(&other)?);
        let contact = self.contacts.get(&leg.contact).filter(|c| c.caller == other && leg.party == by.party)?;
        let unanswered = matches!(contact.stage, Stage::Seizing { .. } | Stage::Ringing(_) | Stage::Waiting { .. });
        unanswered.then(|| (leg.contact, contact.aim.clone()))
    }

    /// The leg and its media go over to another contact on the same worker.
    pub(crate) fn move_leg(&mut self, id: LegId, to: ContactId) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let from = core::mem::replace(&mut leg.contact, to);
        let regroup = leg.group != to;
        leg.group = to;
        let open = leg.media.as_ref().is_some_and(|m| m.open);
        if let Some(contact) = self.contacts.get_mut(&from) {
            contact.legs.retain(|l| *l != id);
            contact.open_media -= u16::from(open);
        }
        if let Some(contact) = self.contacts.get_mut(&to) {
            contact.legs.push(id);
            contact.open_media += u16::from(open);
        }
        if open && regroup {
            self.leg_media(id, MediaCommand::Move { leg: id, group: to });
        }
        self.move_engagement(id, to);
    }

    pub(crate) fn set_role(&mut self, id: LegId, role: Role) {
        let Some(leg) = self.legs.get_mut(&id).filter(|l| l.role != role) else { return };
        leg.role = role;
        if leg.media.as_ref().is_some_and(|m| m.open) {
            self.leg_media(id, MediaCommand::SetRole { leg: id, role });
        }
    }

    /// Who a leg is, as a place to be sent to.
    fn as_target(&self, id: LegId) -> Target {
        match self.legs.get(&id).map(|l| (l.party, &l.identity)) {
            Some((Party::Agent(agent) | Party::Supervisor(agent), _)) => Target::Agent(agent),
            Some((_, identity)) => Target::Number(identity.number.reveal().clone()),
            None => Target::Number("".into()),
        }
    }

    /// One leg takes another's place in a conversation (RFC 3891, take-over); the other is hung up.
    pub(crate) fn take_place(&mut self, now: Now, new: LegId, old: LegId) {
        let Some((contact, role)) = self.legs.get(&old).map(|l| (l.contact, l.role)) else { return };
        self.set_role(new, role);
        if let Some(contact) = self.contacts.get_mut(&contact) {
            if contact.caller == old {
                contact.caller = new;
            } else if let Stage::Talking { far } = &mut contact.stage {
                *far = new;
            }
        }
        self.drop_leg(now, old, CauseKind::Transferred.into(), true);
        self.start_talk(now, new);
        self.settle_hearing(now, contact);
    }

    /// True when `id` talks now and is answered: it can be taken the place of.
    pub(crate) fn is_talking(&self, id: LegId) -> bool {
        let Some(leg) = self.legs.get(&id).filter(|l| l.state == LegState::Up) else { return false };
        self.talkers(leg.contact).is_some_and(|talkers| talkers.contains(&id))
    }
}

fn opposite(role: Role) -> Role {
    match role {
        Role::Agent => Role::Caller,
        Role::Caller | Role::Supervisor(_) => Role::Agent,
    }
}

/// What the transferor's NOTIFY says (RFC 3515 §2.4.4).
fn status_of(cause: Cause) -> u16 {
    cause.sip.filter(|s| (300..700).contains(s)).unwrap_or(match cause.kind {
        CauseKind::Busy => 486,
        CauseKind::Declined => 603,
        CauseKind::NoAnswer | CauseKind::Unregistered => 480,
        CauseKind::NotFound => 404,
        CauseKind::Forbidden => 403,
        CauseKind::NotAcceptable => 488,
        CauseKind::Unreachable => 408,
        CauseKind::NormalClearing
        | CauseKind::Cancelled
        | CauseKind::AnsweredElsewhere
        | CauseKind::Redirected
        | CauseKind::Overload
        | CauseKind::NoMedia
        | CauseKind::MediaTimeout
        | CauseKind::SessionExpired
        | CauseKind::Shutdown
        | CauseKind::Forced
        | CauseKind::Transferred
        | CauseKind::ProtocolError
        | CauseKind::ServerFailure => 503,
    })
}
