//! A customer who is to be called back, in words; and the contacts that wait for him one after the other when the server
//! is started anew meanwhile.

use super::text::spell;
use super::{Book, Chapter, Page, Part, Replay, Story};
use acd::{Closed, Moment, Told, What};
use config::Written;
use core::ops::ControlFlow;
use model::{AsideReason, CallbackPolicy, CallbackStep, Cause, ContactId};
use store::{Reader, StoreError};

impl Story {
    /// The contact's own life, and those of the contacts that waited for the same customer before and after it: a server
    /// that is started takes its promises up again in contacts of their own.
    pub(super) fn lives(reader: &Reader, contact: ContactId, today: &Book) -> Result<Vec<Part>, StoreError> {
        let own = Part::read(reader, contact, today)?;
        let first = own.first().unwrap_or(contact);
        let mut lives = if first == contact { vec![own] } else { vec![Part::read(reader, first, today)?] };
        while let Some(last) = lives.last().filter(|part| part.is_owed())
            && let Some(boot) = reader.boot_after(last.contact.boot())?
            && let Some(next) = taken_up(reader, boot, first)?
        {
            lives.push(Part::read(reader, next, today)?);
        }
        // Of the first nothing may be kept any more.
        if lives.iter().all(|part| part.contact != contact) {
            lives = vec![Part::read(reader, contact, today)?];
        }
        Ok(lives)
    }
}

/// The contact in which this start keeps the promise.
fn taken_up(reader: &Reader, boot: u32, first: ContactId) -> Result<Option<ContactId>, StoreError> {
    let (mut found, named) = (None, format!("first={first}"));
    reader.each_event_of(
        boot,
        |word, _| word == "callback-resumed",
        |event| {
            if !event.detail.split(' ').any(|word| word == named) {
                return ControlFlow::Continue(());
            }
            found = event.contact;
            ControlFlow::Break(())
        },
    )?;
    Ok(found)
}

impl Part {
    fn read(reader: &Reader, contact: ContactId, today: &Book) -> Result<Self, StoreError> {
        Replay::read(reader, contact, &today.directory)
    }

    /// The contact the promise was given in that this one keeps.
    fn first(&self) -> Option<ContactId> {
        self.moments.iter().find_map(|moment| match moment.what {
            What::Callback { first, .. } => first,
            _ => None,
        })
    }

    /// It was left to the next start.
    fn is_owed(&self) -> bool {
        let last = self.moments.iter().rev().find_map(|moment: &Moment| match moment.what {
            What::Callback { step, .. } => Some(step),
            _ => None,
        });
        matches!(last, Some(CallbackStep::Arranged | CallbackStep::Resumed | CallbackStep::Dialled))
    }

    /// Begins at this moment of the whole story.
    pub(super) fn chapters_from(self, from: usize) -> (Vec<Moment>, Vec<Chapter>) {
        let Part { contact, moments, chapters, .. } = self;
        let mut begins = Some(contact);
        let move_on = |chapter: Chapter| Chapter { from: chapter.from + from, begins: begins.take(), ..chapter };
        (moments, chapters.into_iter().map(move_on).collect())
    }
}

impl Page<'_> {
    pub(super) fn policy(&self, told: &Told) -> CallbackPolicy {
        self.queue(told.queue).care.callback.clone().unwrap_or_default()
    }

    pub(super) fn callback_text(&self, step: CallbackStep, first: Option<ContactId>, told: &Told) -> String {
        let (name, tries) = (&self.queue(told.queue).name, self.policy(told).tries);
        let nth = told.attempts;
        match step {
            CallbackStep::Arranged => format!("the caller is to be called back by {name}; his place waits for him"),
            CallbackStep::Resumed => {
                let given = first.map(|first| format!(", given in {first},")).unwrap_or_default();
                format!("the promise to call the customer back{given} is taken up again after {nth} of {tries} tries")
            }
            CallbackStep::Dialled => format!("the customer is dialled, try {nth} of {tries}"),
            CallbackStep::Reached => format!("the customer answered, at try {nth} of {tries}"),
            CallbackStep::Failed if self.queue(told.queue).removed => {
                format!("the promise to call back is given up: queue {name} is no more")
            }
            CallbackStep::Failed => {
                format!("the promise to call back is given up after {nth} of {tries} tries{}", because(told.cause))
            }
            CallbackStep::Withdrawn => "nobody need be called back: he called himself, or a person ended it".into(),
        }
    }

    pub(super) fn aside_text(&self, why: Option<AsideReason>, told: &Told) -> String {
        match why {
            Some(AsideReason::Closed) => "out of the line, at its place: the customer is not called now".into(),
            Some(AsideReason::NotReached) => {
                let nth = match told.attempts {
                    0 => String::new(),
                    nth => format!(" at try {nth} of {}", self.policy(told).tries),
                };
                let every = spell(self.policy(told).every);
                format!("the customer was not reached{nth}{}; he is left in peace for {every}", because(told.cause))
            }
            Some(AsideReason::InUse) => {
                "out of the line, at its place: another callback to the same number is under way".into()
            }
            None => "out of the line, at its place, for a while".into(),
        }
    }

    /// The rules behind it, with their lines.
    pub(super) fn callback_rules(&self, step: CallbackStep, told: &Told) -> Vec<String> {
        match step {
            CallbackStep::Arranged | CallbackStep::Resumed => self.closed_text(told).into_iter().collect(),
            CallbackStep::Dialled | CallbackStep::Failed => vec![self.tries_text(told)],
            CallbackStep::Reached | CallbackStep::Withdrawn => Vec::new(),
        }
    }

    pub(super) fn aside_rules(&self, why: Option<AsideReason>, told: &Told) -> Vec<String> {
        let lines = match why {
            Some(AsideReason::Closed) => {
                let shut = || "its queue is closed by hand; it would be called when that is over".to_owned();
                vec![self.closed_text(told).unwrap_or_else(shut)]
            }
            Some(AsideReason::NotReached) => {
                let every = self.placed("every", told);
                vec![
                    format!("rule: {every}"),
                    self.tries_text(told),
                    "a customer who answers would have been served".into(),
                ]
            }
            Some(AsideReason::InUse) => vec!["it goes on when that is over".into()],
            None => Vec::new(),
        };
        lines.into_iter().filter(|line| !line.is_empty()).collect()
    }

    fn tries_text(&self, told: &Told) -> String {
        format!("rule: {}", self.placed("tries", told))
    }

    /// `callback.tries (f.toml:7:20)`.
    fn placed(&self, key: &str, told: &Told) -> String {
        let place = self.of_callback(told, key).map_or("the default".into(), |written| written.place.to_string());
        format!("callback.{key} ({place})")
    }

    pub(super) fn of_callback(&self, told: &Told, key: &str) -> Option<Written> {
        self.texts.of_queue(&self.queue(told.queue).name, &format!("callback.{key}"))
    }

    /// Why he is not called now, and from when on he would be.
    fn closed_text(&self, told: &Told) -> Option<String> {
        let (key, written) = (self.hours_key(told)?, self.hours(told));
        let place = written.map(|written| format!(" ({})", written.place)).unwrap_or_default();
        Some(format!("not now: {key}{place} are over; he is called when they begin"))
    }

    fn hours_key(&self, told: &Told) -> Option<&'static str> {
        told.closed.map(|closed| match closed {
            Closed::Callback => "callback.hours",
            Closed::Queue => "the queue's hours",
        })
    }

    pub(super) fn hours(&self, told: &Told) -> Option<Written> {
        match told.closed? {
            Closed::Callback => self.of_callback(told, "hours"),
            Closed::Queue => self.texts.of_queue(&self.queue(told.queue).name, "hours"),
        }
    }
}

fn because(cause: Option<Cause>) -> String {
    cause.map(|cause| format!(" ({})", cause.kind.word())).unwrap_or_default()
}
