use crate::contact::Stage;
use crate::limits::MESSAGE_LEAST;
use crate::machine::Machine;
use base::{Instant, Now};
use core::time::Duration;
use model::{ContactId, Fact, MediaCommand, QueueId, RecordPolicy, SoundId, WorkerId, message_name, stamp};

/// Whether and how a contact's conversations are recorded.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    /// Drawn once, when the contact enters a queue.
    pub(crate) wanted: bool,
    /// To be heard by the caller to its end before anything is recorded; `None` when it was, or none is due.
    pub(crate) notice: Option<SoundId>,
    /// How many were made; from the second on it is part of the name, as two may begin in one millisecond.
    made: u32,
    running: Option<Running>,
    /// The recording that is a message, and for whom.
    message: Option<(Box<str>, QueueId)>,
    /// Stopped, the file not yet finished.
    finishing: Vec<Running>,
}

#[derive(Debug)]
struct Running {
    name: Box<str>,
    since: Instant,
}

impl Recording {
    pub(crate) fn is_quiet(&self) -> bool {
        self.running.is_none() && self.finishing.is_empty()
    }
}

/// What the writer says about a recording that is over.
pub(crate) struct Finished {
    pub(crate) name: Box<str>,
    pub(crate) duration: Duration,
    pub(crate) complete: bool,
    pub(crate) kept: bool,
}

impl Machine {
    /// The queue's policy decides for the contact; a notice is due before the first recording.
    pub(crate) fn decide_recording(&mut self, id: ContactId, queue: QueueId) {
        let rules = self.directory.queue(queue);
        let mut wanted = match rules.record {
            RecordPolicy::Off => false,
            RecordPolicy::All => true,
            RecordPolicy::Percent(share) => self.rng.below(100) < u64::from(share),
        };
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let mut notice = None;
        if let (true, Some(name)) = (wanted, &rules.record_notice) {
            notice = self.directory.sound(contact.language, &name.0);
            // Without the notice the law or the house asks for nothing is recorded.
            wanted = notice.is_some();
        }
        let already = contact.recording.wanted && contact.recording.notice.is_none();
        contact.recording.wanted = wanted;
        contact.recording.notice = notice.filter(|_| !already);
    }

    /// The notice was heard to its end: now the caller waits like any other. Nobody rings before, so an answer joins both
    /// at once and the recording has every word of it.
    pub(crate) fn notice_heard(&mut self, now: Now, id: ContactId) {
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        contact.recording.notice = None;
        if let Stage::Noticing { queue } = contact.stage {
            self.wait_in(now, id, queue);
        }
    }

    /// Records when the contact talks and the policy wants it.
    pub(crate) fn start_recording(&mut self, now: Now, id: ContactId) {
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let Stage::Talking { .. } = contact.stage else { return };
        let recording = &contact.recording;
        let due = recording.wanted && recording.notice.is_none() && recording.running.is_none();
        let Some(worker) = contact.worker.filter(|_| due) else { return };
        contact.recording.made += 1;
        let name: Box<str> = match contact.recording.made {
            1 => format!("{id}-{}", stamp(now.utc)).into(),
            n => format!("{id}-{}-{n}", stamp(now.utc)).into(),
        };
        self.record(now, id, worker, name);
    }

    fn record(&mut self, now: Now, id: ContactId, worker: WorkerId, name: Box<str>) {
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        contact.recording.running = Some(Running { name: name.clone(), since: now.mono });
        self.media(worker, MediaCommand::Record { group: id, name: name.clone() });
        self.fact(Fact::RecordingStarted { contact: id, name });
    }

    /// What the caller says alone; false in a world without media.
    pub(crate) fn record_message(&mut self, now: Now, id: ContactId, queue: QueueId) -> bool {
        let Some(contact) = self.contacts.get_mut(&id) else { return false };
        let Some(worker) = contact.worker else { return false };
        let name: Box<str> = message_name(now.utc, id, &self.directory.queue(queue).name).into();
        contact.recording.message = Some((name.clone(), queue));
        self.record(now, id, worker, name);
        true
    }

    /// The conversation is over or interrupted.
    pub(crate) fn stop_recording(&mut self, id: ContactId) {
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        if let (Some(running), Some(worker)) = (contact.recording.running.take(), contact.worker) {
            contact.recording.finishing.push(running);
            self.media(worker, MediaCommand::StopRecording { group: id });
        }
    }

    /// The file is finished, because we stopped it or because the disk did.
    pub(crate) fn recorded(&mut self, now: Now, id: ContactId, finished: Finished) {
        let Finished { name, duration, complete, kept } = finished;
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let recording = &mut contact.recording;
        if recording.running.as_ref().is_some_and(|r| r.name == name) {
            recording.running = None;
        } else if let Some(place) = recording.finishing.iter().position(|r| r.name == name) {
            recording.finishing.remove(place);
        } else {
            return;
        }
        self.fact(Fact::RecordingStopped { contact: id, name: name.clone(), duration, complete, kept });
        if let Some(queue) = self.message_of(id, &name) {
            let left = self.leave_message(id, queue, name, duration, kept);
            self.message_stored(now, id, left);
        }
        self.close_when_quiet(now, id);
    }

    /// Nothing more is heard from the worker: what was started is said to have stopped, incomplete.
    pub(crate) fn give_up_recordings(&mut self, now: Now, id: ContactId) {
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let recording = &mut contact.recording;
        let open: Vec<_> = recording.running.take().into_iter().chain(recording.finishing.drain(..)).collect();
        for Running { name, since } in open {
            let duration = now.mono - since;
            // The writer is not heard: what it has on disk stays named.
            self.fact(Fact::RecordingStopped {
                contact: id,
                name: name.clone(),
                duration,
                complete: false,
                kept: true,
            });
            if let Some(queue) = self.message_of(id, &name) {
                self.leave_message(id, queue, name, duration, true);
            }
        }
    }

    fn message_of(&mut self, id: ContactId, name: &str) -> Option<QueueId> {
        let message = &mut self.contacts.get_mut(&id)?.recording.message;
        message.take_if(|(known, _)| **known == *name).map(|(_, queue)| queue)
    }

    fn leave_message(
        &mut self,
        contact: ContactId,
        queue: QueueId,
        name: Box<str>,
        length: Duration,
        kept: bool,
    ) -> bool {
        let left = kept && length >= MESSAGE_LEAST;
        if left {
            self.fact(Fact::MessageLeft { contact, queue, name, duration: length });
        }
        left
    }
}
