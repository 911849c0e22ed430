use crate::limits::MAX_PROBLEMS_SHOWN;
use crate::source::{Excerpt, Source, Span};
use core::fmt;

/// One thing that is wrong, or odd, in the configuration: where, what, and how to mend it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    place: Place,
    severity: Severity,
    message: Box<str>,
    help: Box<str>,
    excerpt: Option<Excerpt>,
    also: Option<(Box<str>, Place)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Severity {
    Error,
    Warning,
}

/// A place in a file; line and column count from 1, line 0 means the file as a whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    pub file: Box<str>,
    pub line: u32,
    pub column: u32,
}

impl Problem {
    pub fn place(&self) -> &Place {
        &self.place
    }

    pub fn severity(&self) -> Severity {
        self.severity
    }

    pub(crate) fn see_also(&mut self, word: &str, place: Place) {
        self.also = Some((word.into(), place));
    }

    /// What is wrong, in one line, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// How to mend it; may be empty.
    pub fn help(&self) -> &str {
        &self.help
    }
}

/// Why a configuration is refused: every error that was found in one run, and the warnings beside them.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct Report {
    problems: Vec<Problem>,
}

impl Report {
    pub(crate) fn new(problems: Vec<Problem>) -> Self {
        Report { problems }
    }

    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in self.problems.iter().take(MAX_PROBLEMS_SHOWN) {
            writeln!(f, "{problem}")?;
        }
        let errors = self.problems.iter().filter(|p| p.severity == Severity::Error).count();
        if self.problems.len() > MAX_PROBLEMS_SHOWN {
            writeln!(f, "… and {} more", self.problems.len() - MAX_PROBLEMS_SHOWN)?;
        }
        write!(f, "{errors} error{}", if errors == 1 { "" } else { "s" })
    }
}

impl Problem {
    /// All of it in one line, without the excerpt.
    pub fn line(&self) -> String {
        let help = if self.help.is_empty() { String::new() } else { format!("; {}", self.help) };
        let also = self.also.as_ref().map_or(String::new(), |(word, place)| format!("; {word} at {place}"));
        format!("{}: {}{help}{also}", self.place, self.message)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 { f.write_str(&self.file) } else { write!(f, "{}:{}:{}", self.file, self.line, self.column) }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        writeln!(f, "{}: {word}: {}", self.place, self.message)?;
        let Some(excerpt) = &self.excerpt else {
            if !self.help.is_empty() {
                writeln!(f, "  = {}", self.help)?;
            }
            return Ok(());
        };
        writeln!(f, "{:5} | {}", self.place.line, excerpt.line)?;
        let mark = "^".repeat(excerpt.width);
        let below = format!("{:indent$}{mark} {}", "", self.help, indent = excerpt.indent);
        writeln!(f, "      | {}", below.trim_end())?;
        if let Some((word, place)) = &self.also {
            writeln!(f, "      = {word} at {place}")?;
        }
        Ok(())
    }
}

/// A problem while it is collected: spans instead of text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Note {
    pub(crate) span: Span,
    pub(crate) severity: Severity,
    pub(crate) message: String,
    pub(crate) help: String,
    pub(crate) also: Option<(&'static str, Span)>,
}

impl Note {
    pub(crate) fn into_problem(self, sources: &[Source]) -> Problem {
        let source = &sources[self.span.file as usize];
        Problem {
            place: place(source, self.span),
            severity: self.severity,
            message: self.message.into(),
            help: self.help.into(),
            excerpt: Some(source.excerpt(self.span)),
            also: self.also.map(|(word, span)| (word.into(), place(&sources[span.file as usize], span))),
        }
    }
}

/// A problem with a file as a whole.
pub(crate) fn file_problem(file: &std::path::Path, message: String) -> Problem {
    Problem {
        place: Place { file: file.display().to_string().into(), line: 0, column: 0 },
        severity: Severity::Error,
        message: message.into(),
        help: "".into(),
        excerpt: None,
        also: None,
    }
}

pub(crate) fn place(source: &Source, span: Span) -> Place {
    let (line, column) = source.position(span.start as usize);
    Place { file: source.name.display().to_string().into(), line, column }
}
