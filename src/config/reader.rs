use crate::limits::{MAX_ERRORS, MAX_WARNINGS};
use crate::problem::{Note, Place, Severity, place};
use crate::source::{Source, Span};
use core::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What every table's reader shares: the texts, and the one place where problems are collected.
///
/// Reading goes on after a problem (the default stands in for a bad value), so that one run shows them all.
pub(crate) struct Reader<'a> {
    pub(crate) sources: &'a [Source],
    pub(crate) environment: &'a dyn Fn(&str) -> Option<String>,
    /// The texts are of another time: files, secrets and sounds they name need not be there any more.
    pub(crate) kept: bool,
    notes: RefCell<Vec<Note>>,
    errors: Cell<usize>,
    warnings: Cell<usize>,
    /// Files that were warned about because everybody can read the secrets in them.
    readable: RefCell<BTreeSet<u32>>,
    /// Password and PIN files that were read.
    pub(crate) secret_files: RefCell<Vec<PathBuf>>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(sources: &'a [Source], environment: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Reader {
            sources,
            environment,
            kept: false,
            notes: RefCell::default(),
            errors: Cell::new(0),
            warnings: Cell::new(0),
            readable: RefCell::default(),
            secret_files: RefCell::default(),
        }
    }

    pub(crate) fn error(&self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.note(span, Severity::Error, message.into(), help.into(), None);
    }

    /// For problems of files that this one names.
    pub(crate) fn place(&self, span: Span) -> Place {
        place(&self.sources[span.file as usize], span)
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

    /// Warns once a file.
    pub(crate) fn warn_when_readable(&self, span: Span) {
        let source = &self.sources[span.file as usize];
        if source.world_readable && self.readable.borrow_mut().insert(span.file) {
            let message = format!("everybody on this machine can read the secrets in {}", source.name.display());
            self.warn(span, message, "chmod o-r, or use a file of its own or the environment");
        }
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
        // Counted apart, so that warnings cannot crowd out what must be mended.
        let (count, most) = match severity {
            Severity::Error => (&self.errors, MAX_ERRORS),
            Severity::Warning => (&self.warnings, MAX_WARNINGS),
        };
        count.set(count.get() + 1);
        if count.get() <= most {
            self.notes.borrow_mut().push(Note { span, severity, message, help, also });
        }
    }
}
