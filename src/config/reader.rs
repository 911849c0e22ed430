use crate::limits::MAX_PROBLEMS;
use crate::problem::{Note, Severity};
use crate::source::{Source, Span};
use core::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};

/// What every table's reader shares: the texts, and the one place where problems are collected.
///
/// Reading goes on after a problem (the default stands in for a bad value), so that one run shows them all.
pub(crate) struct Reader<'a> {
    pub(crate) sources: &'a [Source],
    pub(crate) environment: &'a dyn Fn(&str) -> Option<String>,
    notes: RefCell<Vec<Note>>,
    errors: Cell<usize>,
    /// Password and PIN files that were read.
    pub(crate) secret_files: RefCell<Vec<PathBuf>>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(sources: &'a [Source], environment: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Reader {
            sources,
            environment,
            notes: RefCell::default(),
            errors: Cell::new(0),
            secret_files: RefCell::default(),
        }
    }

    pub(crate) fn error(&self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.note(span, Severity::Error, message.into(), help.into(), None);
    }

    /// An error that two places make together.
    pub(crate) fn clash(
        &self,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
        also: (&'static str, Span),
    ) {
        self.note(span, Severity::Error, message.into(), help.into(), Some(also));
    }

    pub(crate) fn warn(&self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.note(span, Severity::Warning, message.into(), help.into(), None);
    }

    pub(crate) fn warn_also(
        &self,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
        also: (&'static str, Span),
    ) {
        self.note(span, Severity::Warning, message.into(), help.into(), Some(also));
    }

    pub(crate) fn errors(&self) -> usize {
        self.errors.get()
    }

    pub(crate) fn folder(&self, span: Span) -> &'a Path {
        &self.sources[span.file as usize].folder
    }

    pub(crate) fn into_notes(self) -> Vec<Note> {
        self.notes.into_inner()
    }

    fn note(&self, span: Span, severity: Severity, message: String, help: String, also: Option<(&'static str, Span)>) {
        if severity == Severity::Error {
            self.errors.set(self.errors.get() + 1);
        }
        let mut notes = self.notes.borrow_mut();
        if notes.len() < MAX_PROBLEMS || severity == Severity::Error && self.errors.get() == 1 {
            notes.push(Note { span, severity, message, help, also });
        }
    }
}
