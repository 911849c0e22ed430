use crate::CLOSING_MAX;
use crate::contact::Stage;
use crate::leg::LegState;
use crate::machine::{Machine, Timer};
use crate::plan::Destination;
use base::Now;
use model::{
    Cause, CauseKind, ContactEnd, ContactId, Fact, LegCommand, LegId, MediaCommand, MediaPort, Party, Releaser,
    Withdrawal,
};

impl Machine {
    /// A leg is over on its own: what that means for its contact.
    pub(crate) fn leg_gone(&mut self, now: Now, id: LegId, cause: Cause) {
        if self.nailed_over(now, id, cause, false) {
            return;
        }
        let Some(contact) = self.legs.get(&id).map(|l| l.contact) else { return };
        if self.talkers(contact).is_some_and(|talkers| talkers.contains(&id)) {
            self.stop_recording(contact);
        }
        let Some(state) = self.contacts.get(&contact) else { return };
        if state.caller == id {
            if self.released_himself(now, contact, id, cause) {
                return;
            }
            self.keep_place(now, contact);
            let end = self.end_by_caller(contact, cause);
            self.drop_leg_gone(now, id, cause);
            return self.end(now, contact, end, cause);
        }
        if state.stage.ring(id).is_some() || state.callback.as_ref().is_some_and(|c| c.line(id).is_some()) {
            return self.refused(now, id, cause);
        }
        let talking = matches!(state.stage, Stage::Talking { far } if far == id);
        self.drop_leg_gone(now, id, cause);
        if talking {
            self.end(now, contact, ContactEnd::Served, cause);
        }
    }

    fn drop_leg_gone(&mut self, now: Now, id: LegId, cause: Cause) {
        self.drop_leg(now, id, cause, false);
    }

    /// Puts a leg away: `tell` when the far end does not know yet.
    pub(crate) fn drop_leg(&mut self, now: Now, id: LegId, cause: Cause, tell: bool) {
        self.stop_talk(now, id);
        let Some(leg) = self.legs.remove(&id) else { return };
        if let Some(timer) = leg.prompt_timer {
            self.timers.cancel(timer);
        }
        if tell {
            self.leg_command(match leg.state {
                LegState::Arrived | LegState::Early => LegCommand::Reject { leg: id, cause, retry_after: None },
                LegState::Dialling | LegState::Ringing | LegState::Up => LegCommand::Hangup { leg: id, cause },
            });
        }
        if id.is_outward() {
            self.outward.remove(id.key());
        }
        if let Some(contact) = self.contacts.get_mut(&leg.contact) {
            contact.legs.retain(|l| *l != id);
        }
        if let Some(media) = &leg.media {
            if media.open {
                self.closing_media.insert(id, leg.contact);
                self.media(media.port.worker, MediaCommand::Close { leg: id });
            } else {
                self.keep_port(leg.contact, media.port);
            }
        }
        let by = if tell { Releaser::System } else { Releaser::Party };
        self.nails.forget(id);
        self.leg_fact(leg.contact, Fact::LegEnded { contact: leg.contact, leg: id, cause, by });
        if let Some(engaged) = leg.engaged {
            self.disengage(engaged);
        }
        if let Party::Agent(agent) = leg.party {
            self.end_watchers(now, leg.contact, agent);
        }
    }

    /// A port nobody ever spoke on serves the contact's next leg.
    fn keep_port(&mut self, id: ContactId, port: MediaPort) {
        match self.contacts.get_mut(&id) {
            Some(contact) if contact.spare.is_none() && contact.worker == Some(port.worker) => {
                contact.spare = Some(port);
            }
            Some(_) | None => self.put_back(port),
        }
    }

    /// Ends a contact, once: every leg, the queue, the agents, then the record.
    pub(crate) fn end(&mut self, now: Now, id: ContactId, end: ContactEnd, cause: Cause) {
        let owed = self.is_callback(id) && self.is_owed(id);
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let end = match (contact.served, end, &contact.aim) {
            (true, ..) => ContactEnd::Served,
            (false, ContactEnd::Served | ContactEnd::FlowedOut | ContactEnd::Abandoned, Destination::Feature(_)) => {
                ContactEnd::FeatureCode
            }
            (false, end, _) => end,
        };
        match contact.stage {
            Stage::Closing { .. } => return,
            Stage::Waiting { .. } => {
                // Also a contact that was served before: this stay in a queue was in vain.
                let why = match cause.kind {
                    // Nobody hung up: he waited at home, and waits on the line now.
                    CauseKind::AnsweredElsewhere if owed => Withdrawal::Recalled,
                    CauseKind::NormalClearing | CauseKind::Cancelled | CauseKind::AnsweredElsewhere => {
                        Withdrawal::Abandoned
                    }
                    CauseKind::Forced => Withdrawal::Forced,
                    CauseKind::Shutdown => Withdrawal::Shutdown,
                    _ => Withdrawal::Failed,
                };
                self.withdraw(now, id, why, said_to_the_rung(cause));
            }
            Stage::Seizing { .. }
            | Stage::Messaging { .. }
            | Stage::SigningOn(_)
            | Stage::Asking { .. }
            | Stage::Arranging
            | Stage::Pausing { .. } => self.leave_stage(id),
            Stage::Ringing(_) => self.cancel_rings(now, id, said_to_the_rung(cause)),
            Stage::Watching(watch) => self.unwatch(id, watch),
            Stage::Nailed(_) => self.leave_nailed(now, id, cause, Releaser::System),
            Stage::Arriving | Stage::Noticing { .. } | Stage::Talking { .. } | Stage::Announcing => {}
        }
        self.promise_ends(id, cause);
        self.callbacks.remove(&id);
        self.attempt_over(id);
        self.stop_recording(id);
        for leg in self.contacts.get(&id).map(|c| c.legs.clone()).unwrap_or_default() {
            self.drop_leg(now, leg, cause, true);
        }
        let timer = self.timers.insert(now.mono + CLOSING_MAX, Timer::Closing(id));
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        contact.stage = Stage::Closing { end, cause, timer };
        if let Some(port) = contact.spare.take() {
            self.put_back(port);
        }
        self.close_when_quiet(now, id);
    }

    /// The record is complete when the media worker has nothing more to say.
    pub(crate) fn close_when_quiet(&mut self, now: Now, id: ContactId) {
        let quiet = self
            .contacts
            .get(&id)
            .is_some_and(|c| matches!(c.stage, Stage::Closing { .. }) && c.open_media == 0 && c.recording.is_quiet());
        if quiet {
            self.close(now, id);
        }
    }

    pub(crate) fn close(&mut self, now: Now, id: ContactId) {
        let Some(Stage::Closing { end, cause, timer }) = self.contacts.get(&id).map(|c| &c.stage) else { return };
        let (end, cause, timer) = (*end, *cause, *timer);
        self.timers.cancel(timer);
        self.give_up_recordings(now, id);
        let Some(contact) = self.contacts.remove(&id) else { return };
        if contact.open_media > 0 {
            self.closing_media.retain(|_, contact| *contact != id);
        }
        if contact.nailed {
            return;
        }
        self.fact(Fact::ContactEnded { contact: id, end, cause });
    }
}

/// What a phone that still rings is told when its call ends: that the caller gave up, and why if he said so, so that a
/// call completed elsewhere leaves no missed call there.
fn said_to_the_rung(cause: Cause) -> Cause {
    match cause.kind {
        CauseKind::AnsweredElsewhere => cause,
        _ => Cause { kind: CauseKind::Cancelled, sip: None, q850: cause.q850 },
    }
}
