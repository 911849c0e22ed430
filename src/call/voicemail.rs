//! A caller leaves a message for a queue: he hears what to do and a tone, and is recorded until he presses `#`, hangs up
//! or has spoken for as long as the queue allows. Only what was stored is called so.

use crate::CLOSING_MAX;
use crate::contact::Stage;
use crate::hear::{Hearing, Then};
use crate::machine::{Machine, Timer};
use base::{Now, TimerId};
use model::{ContactId, Key, QueueId, SoundName};

/// How far he is with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum MessageStep {
    /// Hears what to do, then the tone.
    Greeted,
    Speaking(TimerId),
    /// The file is being finished.
    Storing(TimerId),
}

impl MessageStep {
    pub(crate) fn timer(self) -> Option<TimerId> {
        match self {
            MessageStep::Greeted => None,
            MessageStep::Speaking(timer) | MessageStep::Storing(timer) => Some(timer),
        }
    }
}

impl Machine {
    /// He is in no queue when this is called.
    pub(crate) fn take_message(&mut self, now: Now, id: ContactId, queue: QueueId) {
        let Some(rules) = self.directory.queues.get(queue.index()).filter(|q| !q.removed) else {
            return self.apologise(now, id);
        };
        let greeting = rules.care.voicemail.greeting.clone();
        let greeting = greeting.unwrap_or_else(|| SoundName("voicemail/leave-message".into()));
        self.leave_stage(id);
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        contact.stage = Stage::Messaging { queue, step: MessageStep::Greeted };
        let caller = contact.caller;
        self.answer(caller);
        self.greet(now, id, Some(&greeting));
    }

    fn greet(&mut self, now: Now, id: ContactId, greeting: Option<&SoundName>) {
        let Some(contact) = self.contacts.get(&id) else { return };
        let (caller, language) = (contact.caller, contact.language);
        let names = greeting.map(|name| &*name.0).into_iter().chain(["tones/beep"]);
        let sounds = names.filter_map(|name| self.directory.sound(language, name)).collect();
        self.hear(now, caller, Hearing::Prompt { sounds, then: Then::Speak });
    }

    /// The tone is over. He is alone in his conversation: nobody hears him, and the recording does.
    pub(crate) fn speak(&mut self, now: Now, id: ContactId) {
        let Some(contact) = self.contacts.get(&id) else { return };
        let Stage::Messaging { queue, step: MessageStep::Greeted } = contact.stage else { return };
        let caller = contact.caller;
        self.hear(now, caller, Hearing::Talk);
        if !self.record_message(now, id, queue) {
            // A world without media has no sound to keep.
            return self.play_out(now, id, &SoundName("voicemail/saved".into()));
        }
        let longest = self.directory.queue(queue).care.voicemail.longest;
        self.message_steps(now + longest, id, MessageStep::Speaking);
    }

    /// `#` ends the message; before the tone it ends the greeting, for who knows it.
    pub(crate) fn message_key(&mut self, now: Now, id: ContactId, key: Key) {
        let Some(Stage::Messaging { step, .. }) = self.contacts.get(&id).map(|c| &c.stage) else { return };
        match (*step, key.0) {
            (MessageStep::Greeted, '#') => self.greet(now, id, None),
            (MessageStep::Speaking(_), '#') => self.message_spoken(now, id),
            _ => {}
        }
    }

    pub(crate) fn message_timed_out(&mut self, now: Now, id: ContactId) {
        let Some(Stage::Messaging { step, .. }) = self.contacts.get(&id).map(|c| &c.stage) else { return };
        match step {
            MessageStep::Greeted => {}
            MessageStep::Speaking(_) => self.message_spoken(now, id),
            // The writer is not heard: nobody knows whether there is a message.
            MessageStep::Storing(_) => self.apologise(now, id),
        }
    }

    fn message_spoken(&mut self, now: Now, id: ContactId) {
        self.message_steps(now + CLOSING_MAX, id, MessageStep::Storing);
        self.stop_recording(id);
        if let Some(caller) = self.contacts.get(&id).map(|c| c.caller) {
            self.hear(now, caller, Hearing::Nothing);
        }
    }

    /// The file is finished: he hears whether there is a message now.
    pub(crate) fn message_stored(&mut self, now: Now, id: ContactId, left: bool) {
        let talks = self.contacts.get(&id).is_some_and(|c| matches!(c.stage, Stage::Messaging { .. }));
        if talks && left {
            self.play_out(now, id, &SoundName("voicemail/saved".into()));
        } else if talks {
            self.apologise(now, id);
        }
    }

    fn message_steps(&mut self, until: Now, id: ContactId, step: impl FnOnce(TimerId) -> MessageStep) {
        let timer = self.timers.insert(until.mono, Timer::Message(id));
        let Some(Stage::Messaging { step: before, .. }) = self.contacts.get_mut(&id).map(|c| &mut c.stage) else {
            self.timers.cancel(timer);
            return;
        };
        let old = core::mem::replace(before, step(timer));
        if let Some(old) = old.timer() {
            self.timers.cancel(old);
        }
    }
}
