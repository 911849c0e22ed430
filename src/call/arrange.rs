//! A caller who would rather be called back: his number is said or asked for, he confirms it, and his line is free. His
//! place stays his: the contact goes on waiting with the time it first began to.

use crate::contact::Stage;
use crate::hear::{Hearing, Then};
use crate::limits::{CALLBACK_KEY_MAX, CALLBACK_NUMBER_MAX, CALLBACK_TRIES, CALLBACKS_MAX};
use crate::machine::{Machine, Timer};
use crate::memory::civil;
use base::{Now, TimerId};
use model::{CallbackStep, CauseKind, ContactId, Key, LegId, Pii, Promise, QueueId, Target, Withdrawal};
use std::sync::Arc;

/// The talk with a caller about his number.
#[derive(Debug)]
pub(crate) struct Arranging {
    queue: QueueId,
    /// What would be called.
    number: Box<str>,
    step: Step,
    tries: u8,
    timer: TimerId,
}

#[derive(Debug)]
enum Step {
    /// 1: this number; 2: another.
    Confirm,
    /// Keys until `#`.
    Enter(String),
    /// He hears that it is arranged.
    Done,
}

impl Arranging {
    pub(crate) fn timer(&self) -> TimerId {
        self.timer
    }

    pub(crate) fn is_done(&self) -> bool {
        matches!(self.step, Step::Done)
    }
}

impl Machine {
    /// Sent to the callback of a queue. By a key he waits on until it is arranged: one caller is one stay. By a rule he is
    /// in no queue now, and without an agreement he goes back.
    pub(crate) fn arrange(&mut self, now: Now, id: ContactId, queue: QueueId) {
        let calls_back =
            self.directory.queues.get(queue.index()).is_some_and(|q| !q.removed && q.care.callback.is_some());
        let waits = self.contacts.get(&id).is_some_and(|c| matches!(c.stage, Stage::Waiting { .. }));
        if !calls_back && !waits {
            return self.apologise(now, id);
        }
        // Asked before he is asked anything.
        let possible = calls_back && self.callbacks.len() < CALLBACKS_MAX && self.may_call_anybody(queue);
        if waits && !possible {
            return self.not_possible(now, id);
        }
        let own = self.served_identity(id);
        let own = if own.withheld { "".into() } else { own.number.reveal().clone() };
        let timer = self.timers.insert(now.mono + CALLBACK_KEY_MAX, Timer::Keys(id));
        let step = if self.may_call(queue, &own) { Step::Confirm } else { Step::Enter(String::new()) };
        let asks = matches!(step, Step::Confirm);
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        contact.entered.get_or_insert(now.mono);
        contact.arranging = Some(Arranging { queue, number: own, step, tries: 0, timer });
        if !waits {
            contact.queue = Some(queue);
            contact.stage = Stage::Arranging;
        }
        let caller = contact.caller;
        self.answer(caller);
        if !possible {
            return self.back_to_the_queue(now, id);
        }
        if asks { self.ask_to_confirm(now, id) } else { self.ask_for_number(now, id, &[]) }
    }

    /// He hears so, and waits on where he is.
    fn not_possible(&mut self, now: Now, id: ContactId) {
        let Some(contact) = self.contacts.get(&id) else { return };
        let (caller, language) = (contact.caller, contact.language);
        let sounds = self.directory.sound(language, "callback/not-possible").into_iter().collect();
        self.hear(now, caller, Hearing::Prompt { sounds, then: Then::Music });
    }

    /// The talk is over, however it ended.
    pub(crate) fn stop_arranging(&mut self, id: ContactId) -> Option<Arranging> {
        let arranging = self.contacts.get_mut(&id)?.arranging.take()?;
        self.timers.cancel(arranging.timer);
        Some(arranging)
    }

    /// The keys of the dialogue; what is entered may be entered while the prompt still speaks.
    pub(crate) fn arranging_key(&mut self, now: Now, id: ContactId, key: Key) {
        let timer = self.timers.insert(now.mono + CALLBACK_KEY_MAX, Timer::Keys(id));
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        let caller = contact.caller;
        let Some(arranging) = &mut contact.arranging else { return };
        let old = core::mem::replace(&mut arranging.timer, timer);
        self.timers.cancel(old);
        match (&mut arranging.step, key.0) {
            (Step::Confirm, '1') => self.arranged(now, id),
            (Step::Confirm, '2') => {
                arranging.step = Step::Enter(String::new());
                self.ask_for_number(now, id, &[]);
            }
            (Step::Confirm, _) | (Step::Done, _) => {}
            (Step::Enter(_), '#') => self.entered_number(now, id),
            (Step::Enter(typed), '*') => typed.clear(),
            (Step::Enter(typed), digit) => {
                if typed.len() < CALLBACK_NUMBER_MAX {
                    typed.push(digit);
                }
                self.hear(now, caller, Hearing::Nothing);
            }
        }
    }

    /// No key for too long: what was typed counts, and who says nothing waits on.
    pub(crate) fn arranging_timed_out(&mut self, now: Now, id: ContactId) {
        let Some(arranging) = self.contacts.get(&id).and_then(|c| c.arranging.as_ref()) else { return };
        match &arranging.step {
            Step::Enter(typed) if !typed.is_empty() => self.entered_number(now, id),
            Step::Enter(_) | Step::Confirm => self.back_to_the_queue(now, id),
            Step::Done => self.release_line(now, id),
        }
    }

    fn back_to_the_queue(&mut self, now: Now, id: ContactId) {
        let Some(Arranging { queue, .. }) = self.stop_arranging(id) else { return };
        let Some(contact) = self.contacts.get(&id) else { return };
        match contact.stage {
            Stage::Waiting { .. } => self.hear_music(now, id, contact.caller),
            _ => self.go_to(now, id, Target::Queue(queue)),
        }
    }

    fn entered_number(&mut self, now: Now, id: ContactId) {
        let timer = self.timers.insert(now.mono + CALLBACK_KEY_MAX, Timer::Keys(id));
        let Some(arranging) = self.contacts.get_mut(&id).and_then(|c| c.arranging.as_mut()) else { return };
        let old = core::mem::replace(&mut arranging.timer, timer);
        let Step::Enter(typed) = &mut arranging.step else { return };
        let (typed, queue) = (core::mem::take(typed), arranging.queue);
        self.timers.cancel(old);
        let may = self.may_call(queue, &typed);
        let Some(arranging) = self.contacts.get_mut(&id).and_then(|c| c.arranging.as_mut()) else { return };
        arranging.tries += 1;
        if may {
            arranging.number = typed.into();
            arranging.step = Step::Confirm;
            self.ask_to_confirm(now, id);
        } else if arranging.tries < CALLBACK_TRIES {
            self.ask_for_number(now, id, &["callback/not-possible"]);
        } else {
            self.back_to_the_queue(now, id);
        }
    }

    fn ask_for_number(&mut self, now: Now, id: ContactId, first: &[&str]) {
        self.prompt(now, id, &[first, &["callback/enter-number"]].concat());
    }

    /// Digit by digit, as numbers are checked.
    fn ask_to_confirm(&mut self, now: Now, id: ContactId) {
        let Some(arranging) = self.contacts.get(&id).and_then(|c| c.arranging.as_ref()) else { return };
        let digits: Vec<String> =
            arranging.number.chars().filter(char::is_ascii_digit).map(|digit| format!("digits/{digit}")).collect();
        let digits = digits.iter().map(String::as_str);
        let names: Vec<&str> = ["callback/number"].into_iter().chain(digits).chain(["callback/confirm"]).collect();
        self.prompt(now, id, &names);
    }

    /// Confirmed: an older callback to the same number gives way, and its place is the better of the two.
    fn arranged(&mut self, now: Now, id: ContactId) {
        let Some(Arranging { queue, number, .. }) = self.stop_arranging(id) else { return };
        // Only now: whoever says nothing, or is answered before, has waited all the time.
        let why = Withdrawal::FlowedOut { to: Some(Target::Callback(queue)) };
        self.withdraw(now, id, why, CauseKind::Cancelled.into());
        let timer = self.timers.insert(now.mono + CALLBACK_KEY_MAX, Timer::Keys(id));
        let older = self.take_over_callback(now, queue, &number);
        let own = self.served_identity(id);
        let Some(contact) = self.contacts.get_mut(&id) else { return };
        contact.entered = contact.entered.into_iter().chain(older).min();
        contact.queue = Some(queue);
        contact.stage = Stage::Arranging;
        contact.arranging = Some(Arranging { queue, number: number.clone(), step: Step::Done, tries: 0, timer });
        let (caller, language) = (contact.caller, contact.language);
        let promise = Promise {
            first: id,
            queue,
            number: Pii::new(number),
            name: own.name,
            dialled: contact.dialled.clone(),
            language,
            priority: contact.priority,
            attached: contact.attached.clone(),
            entered: civil(now, contact.entered.unwrap_or(now.mono)),
            arranged: now.utc,
        };
        let callback = self.new_callback(Arc::new(promise), 0);
        self.promised(id, callback, CallbackStep::Arranged);
        let sounds = self.directory.sound(language, "callback/accepted").into_iter().collect();
        self.hear(now, caller, Hearing::Prompt { sounds, then: Then::Release });
    }

    /// The caller hangs up, or we do; the contact waits in his stead.
    pub(crate) fn release_line(&mut self, now: Now, id: ContactId) {
        let Some(caller) = self.contacts.get(&id).map(|c| c.caller) else { return };
        self.leave_stage(id);
        self.drop_leg(now, caller, CauseKind::NormalClearing.into(), true);
        self.wait_for_callback(now, id);
    }

    /// True when his line went while he heard that it is arranged: that ends the line and nothing else.
    pub(crate) fn released_himself(&mut self, now: Now, id: ContactId, leg: LegId, cause: model::Cause) -> bool {
        let done = self.contacts.get(&id).and_then(|c| c.arranging.as_ref()).is_some_and(Arranging::is_done);
        if done {
            self.leave_stage(id);
            self.drop_leg(now, leg, cause, false);
            self.wait_for_callback(now, id);
        }
        done
    }
}
