use crate::contact::Stage;
use crate::hear::{Hearing, Then};
use crate::leg::{Leg, LegState};
use crate::machine::{Machine, Timer};
use crate::plan::Destination;
use crate::{HOPS_MAX, SEIZE_MAX};
use base::Now;
use model::{
    AgentId, AnswerMode, Cause, CauseKind, ContactEnd, ContactId, Fact, LegCommand, LegId, Progress, QueueCommand,
    QueueId, SoundName, Target,
};

impl Machine {
    pub(crate) fn begin(&mut self, now: Now, id: ContactId, destination: Destination) {
        match destination {
            Destination::Target(target) => self.go_to(now, id, target),
            Destination::Phone(phone) => self.ring_phone(now, id, phone),
            Destination::Feature(feature) => self.feature(now, id, feature),
        }
    }

    /// Sends a contact where a rule or a person wants it. It is in no queue and nobody rings when this is called.
    pub(crate) fn go_to(&mut self, now: Now, id: ContactId, target: Target) {
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        contact.hops += 1;
        if contact.hops > HOPS_MAX {
            return self.apologise(now, id);
        }
        match target {
            Target::Queue(queue) => self.enqueue(now, id, queue),
            Target::Agent(agent) => self.seize(now, id, agent),
            Target::Announcement(sound) => self.play_out(now, id, &sound),
            Target::Number(number) => self.dial_number(now, id, &number),
            Target::Callback(queue) => self.arrange(now, id, queue),
            Target::Voicemail(queue) => self.take_message(now, id, queue),
        }
    }

    fn enqueue(&mut self, now: Now, id: ContactId, queue: QueueId) {
        let Some(rules) = self.directory.queues.get(queue.index()).filter(|q| !q.removed) else {
            return self.apologise(now, id);
        };
        let answer = rules.answer;
        let first = self.contacts.get(&id).is_some_and(|c| c.entered.is_none());
        let resumed = if first { self.resumed(now, id, queue) } else { None };
        let resumed = resumed.into_iter().chain(self.recalled(now, id, queue)).min();
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        contact.entered.get_or_insert(resumed.unwrap_or(now.mono));
        contact.queue = Some(queue);
        contact.stage = Stage::Noticing { queue };
        let caller = contact.caller;
        match answer {
            AnswerMode::AtOnce => self.answer(caller),
            AnswerMode::WithAgent => self.early_media(caller),
        }
        self.decide_recording(id, queue);
        let Some(notice) = self.contacts.get(&id).and_then(|c| c.recording.notice) else {
            return self.wait_in(now, id, queue);
        };
        // A notice nobody hears is none: without early media the call is answered for it.
        if !self.legs.get(&caller).is_some_and(Leg::is_audible) {
            self.answer(caller);
        }
        self.hear(now, caller, Hearing::Prompt { sounds: vec![notice], then: Then::Notice });
    }

    /// The caller takes his place.
    pub(crate) fn wait_in(&mut self, now: Now, id: ContactId, queue: QueueId) {
        let (priority, wish) = self.judge(now, id, queue);
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        contact.stage = Stage::Waiting { queue, rings: Vec::new() };
        let (caller, entered) = (contact.caller, contact.entered.unwrap_or(now.mono));
        self.hear_music(now, id, caller);
        self.queue(QueueCommand::Enqueue { contact: id, queue, priority, entered, wish });
    }

    fn seize(&mut self, now: Now, id: ContactId, agent: AgentId) {
        let timer = self.timers.insert(now.mono + SEIZE_MAX, Timer::Seize(id));
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        contact.stage = Stage::Seizing { agent, timer };
        let caller = contact.caller;
        self.ringback(now, caller);
        self.queue(QueueCommand::Seize { contact: id, agent });
    }

    pub(crate) fn play_out(&mut self, now: Now, id: ContactId, name: &SoundName) {
        self.leave_stage(id);
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        contact.stage = Stage::Announcing;
        let (caller, language) = (contact.caller, contact.language);
        let sounds = self.directory.sound(language, &name.0).into_iter().collect();
        self.answer(caller);
        self.hear(now, caller, Hearing::Prompt { sounds, then: Then::HangUp });
    }

    /// Nothing more can be done for the caller: say so, then hang up.
    pub(crate) fn apologise(&mut self, now: Now, id: ContactId) {
        self.play_out(now, id, &SoundName("announcements/sorry".into()));
    }

    /// The agent or number the contact was sent to could not be reached.
    pub(crate) fn target_failed(&mut self, now: Now, id: ContactId, cause: Cause) {
        if self.transfer_failed(now, id, cause) {
            return;
        }
        let Some(caller) = self.contacts.get(&id).map(|c| c.caller) else { return };
        if self.is_up(caller) {
            return self.play_out(now, id, &SoundName("announcements/unavailable".into()));
        }
        let end = match cause.kind {
            CauseKind::Busy
            | CauseKind::Declined
            | CauseKind::NoAnswer
            | CauseKind::NotFound
            | CauseKind::Forbidden
            | CauseKind::Redirected
            | CauseKind::Unregistered => ContactEnd::Rejected,
            CauseKind::NormalClearing
            | CauseKind::Cancelled
            | CauseKind::AnsweredElsewhere
            | CauseKind::Unreachable
            | CauseKind::NotAcceptable
            | CauseKind::Overload
            | CauseKind::NoMedia
            | CauseKind::MediaTimeout
            | CauseKind::SessionExpired
            | CauseKind::Shutdown
            | CauseKind::Forced
            | CauseKind::Transferred
            | CauseKind::ProtocolError
            | CauseKind::ServerFailure => ContactEnd::Failed,
        };
        self.end(now, id, end, cause);
    }

    /// 200 to an inward leg that has not had one. When it carries our offer the fact waits for the ACK and its answer.
    pub(crate) fn answer(&mut self, id: LegId) {
        if !self.legs.get(&id).is_some_and(|l| matches!(l.state, LegState::Arrived | LegState::Early)) {
            return;
        }
        let sdp = self.local_description(id);
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.state = LegState::Up;
            let contact = leg.contact;
            let complete = leg.is_ready();
            self.leg_command(LegCommand::Answer { leg: id, sdp });
            self.open_media(id);
            if complete {
                self.fact(Fact::LegAnswered { contact, leg: id, codec: self.codec(id) });
            }
        }
    }

    /// 183 with our answer, so that music or a far ring tone is heard before anybody pays; 180 when the INVITE had no
    /// offer or there is no media.
    pub(crate) fn early_media(&mut self, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id).filter(|l| matches!(l.state, LegState::Arrived | LegState::Early))
        else {
            return;
        };
        leg.state = LegState::Early;
        let sdp = leg.media.as_ref().and_then(|m| m.answer.clone());
        let progress = if sdp.is_some() { Progress::EarlyMedia } else { Progress::Ringing };
        let audible = sdp.is_some();
        self.leg_command(LegCommand::Progress { leg: id, progress, sdp });
        if audible {
            self.open_media(id);
        }
    }

    /// The caller hears that somebody is being called: 180 before the answer, a tone or music after it.
    pub(crate) fn ringback(&mut self, now: Now, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let contact = leg.contact;
        match leg.state {
            LegState::Arrived => {
                leg.state = LegState::Early;
                self.leg_command(LegCommand::Progress { leg: id, progress: Progress::Ringing, sdp: None });
            }
            LegState::Early | LegState::Dialling | LegState::Ringing => {}
            LegState::Up => {
                let language = self.contacts.get(&contact).map(|c| c.language).unwrap_or_default();
                match self.directory.sound(language, "tones/ringback") {
                    Some(tone) => self.hear(now, id, Hearing::Music(tone)),
                    None => self.hear_music(now, contact, id),
                }
            }
        }
    }
}
