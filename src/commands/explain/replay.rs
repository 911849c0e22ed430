//! The log of one start, followed line by line.

use super::{Book, Chapter, Part, instant};
use acd::Explainer;
use config::{Problem, Severity, Texts};
use core::ops::ControlFlow;
use model::{ContactId, Directory};
use report::Indices;
use std::cell::Cell;
use store::{Reader, StoreError, StoredEvent};

pub(super) struct Replay<'a> {
    contact: ContactId,
    today: &'a Directory,
    indices: Indices,
    explainer: Explainer,
    chapters: Vec<Chapter>,
    unread: u64,
    unreadable: Option<String>,
    came: bool,
}

impl<'a> Replay<'a> {
    /// One contact's life, in the start of the server it belongs to.
    pub(super) fn read(reader: &Reader, contact: ContactId, today: &'a Directory) -> Result<Part, StoreError> {
        let newer = Cell::new(0);
        // A day's log has millions of lines: only those that say something are taken apart.
        let wanted = |word: &str, of: Option<ContactId>| {
            if Indices::reads(word) {
                return true;
            }
            newer.set(newer.get() + u64::from(!report::is_word(word)));
            word == "configured" || of == Some(contact)
        };
        let mut replay = Replay::new(contact, today);
        let missing = reader.each_event_of(contact.boot(), wanted, |event| replay.handle_event(event))?;
        let Replay { explainer, chapters, unread, unreadable, came, .. } = replay;
        let moments = explainer.into_moments();
        Ok(Part { contact, moments, chapters, missing, unread, newer: newer.get(), unreadable, came })
    }

    fn new(contact: ContactId, today: &'a Directory) -> Self {
        Replay {
            contact,
            today,
            indices: Indices::new(today),
            explainer: Explainer::new(today, contact),
            chapters: Vec::new(),
            unread: 0,
            unreadable: None,
            came: false,
        }
    }

    fn handle_event(&mut self, event: &StoredEvent<'_>) -> ControlFlow<()> {
        if event.what == "configured" {
            self.configured(event);
            return ControlFlow::Continue(());
        }
        if self.chapters.is_empty() {
            self.begin(event, None);
        }
        let ours = event.contact == Some(self.contact);
        self.came |= ours;
        if ours && event.what == "leg-ended" {
            let left = self.indices.customer_left(event.contact, &event.detail);
            left.into_iter().for_each(|fact| self.explainer.handle_fact(instant(event.at), &fact));
            return ControlFlow::Continue(());
        }
        match self.indices.fact(&event.what, event.contact, &event.detail) {
            Some(fact) => self.explainer.handle_fact(instant(event.at), &fact),
            None => self.unread += u64::from(Indices::reads(&event.what)),
        }
        if ours && event.what == "ended" { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// What was kept is read as the server read it: a reload onto what was in force before.
    fn configured(&mut self, event: &StoredEvent<'_>) {
        let Some(kept) = report::config_texts(&event.detail) else { return };
        let texts = Texts::kept(&kept);
        let before = self.chapters.last().map(|chapter| chapter.book.as_ref().map_or(self.today, |b| &b.directory));
        let mut directory = match texts.directory(before) {
            Ok(directory) => directory,
            Err(report) => {
                let wrong = report.problems().iter().find(|problem| problem.severity() == Severity::Error);
                self.unreadable = Some(wrong.map_or_else(String::new, Problem::line));
                return;
            }
        };
        // A reload leaves them as they are until the next start.
        directory.limits.shards = before.map_or(directory.limits.shards, |before| before.limits.shards);
        self.indices = Indices::new(&directory);
        match before {
            Some(_) => self.explainer.configure(instant(event.at), &directory),
            None => self.explainer = Explainer::new(&directory, self.contact),
        }
        self.begin(event, Some(Book::new(directory, texts, &kept)));
    }

    fn begin(&mut self, event: &StoredEvent<'_>, book: Option<Book>) {
        self.chapters.push(Chapter { from: self.explainer.moments(), at: event.at, book, begins: None });
    }
}
