//! Reads the main file and all it includes.

use crate::limits::{MAX_FILES, MAX_GLOB_ENTRIES, MAX_INCLUDE_DEPTH};
use crate::problem::{Note, Problem, Severity, file_problem};
use crate::source::{Source, Span};
use crate::table::Wrong;
use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use toml::de::{DeTable, DeValue};

/// The texts, main file first, each file before those it includes; and what was wrong on the way.
#[derive(Default)]
pub(crate) struct Gathered {
    pub(crate) sources: Vec<Source>,
    pub(crate) notes: Vec<Note>,
    pub(crate) problems: Vec<Problem>,
    /// Where each file was named first; the main file at its own start.
    seen: HashMap<PathBuf, Span>,
}

pub(crate) fn gather(main: &Path) -> Gathered {
    let mut gathered = Gathered::default();
    match Source::read(main) {
        Ok(source) => {
            gathered.seen.insert(identity(main), Span { file: 0, start: 0, end: 0 });
            gathered.push(source);
            gathered.follow(0, 0);
        }
        Err(why) => gathered.problems.push(file_problem(main, why)),
    }
    gathered
}

const EXAMPLE: &str = "write e.g. \"agents/*.toml\"";

impl Gathered {
    /// A text that is no file, and what it includes.
    pub(crate) fn text(source: Source) -> Self {
        let mut gathered = Gathered { sources: vec![source], ..Gathered::default() };
        gathered.follow(0, 0);
        gathered
    }

    /// Texts that were gathered long ago.
    pub(crate) fn kept(sources: Vec<Source>) -> Self {
        Gathered { sources, ..Gathered::default() }
    }

    fn push(&mut self, source: Source) {
        let (file, foreign) = (self.sources.len() as u32, source.foreign);
        self.sources.push(source);
        if let Some(at) = foreign {
            let span = Span::new(file, at..at + char::REPLACEMENT_CHARACTER.len_utf8());
            self.error(span, "this is not UTF-8 text".into(), "save the file as UTF-8");
        }
    }

    fn follow(&mut self, file: usize, depth: u8) {
        // Only files that say `include` are parsed here; every file is parsed once more with its problems noted.
        if !self.sources[file].text.contains("include") {
            return;
        }
        for (pattern, span) in patterns(&self.sources[file].text, file as u32) {
            if depth == MAX_INCLUDE_DEPTH {
                let message = format!("files include each other more than {MAX_INCLUDE_DEPTH} deep");
                self.error(span, message, "name the files in the main file");
                return;
            }
            let folder = self.sources[file].folder.clone();
            let found = pattern.and_then(|pattern| {
                let found = expand(&folder, &pattern).map_err(|why| Wrong::new(why, EXAMPLE))?;
                Ok((pattern, found))
            });
            let (pattern, found) = match found {
                Ok(found) => found,
                Err(wrong) => {
                    self.error(span, wrong.message, &wrong.help);
                    continue;
                }
            };
            let glob = is_glob(&pattern);
            if found.is_empty() {
                self.note(span, Severity::Warning, format!("no file matches \"{pattern}\""), String::new(), None);
            }
            for path in found {
                self.include(file, depth, &path, span, glob);
            }
        }
    }

    fn include(&mut self, from: usize, depth: u8, path: &Path, span: Span, glob: bool) {
        let id = identity(path);
        if let Some(first) = self.seen.get(&id).copied() {
            // A glob over the including file's own folder means the others.
            if !(glob && id == identity(&self.sources[from].name)) {
                let message = format!("{} is read twice", path.display());
                let also = Some(("it is named first", first));
                self.note(span, Severity::Error, message, "name it once".into(), also);
            }
            return;
        }
        if self.sources.len() == MAX_FILES {
            self.error(span, format!("a configuration has at most {MAX_FILES} files"), "join some of them");
            return;
        }
        match Source::read(path) {
            Ok(source) => {
                self.seen.insert(id, span);
                self.push(source);
                self.follow(self.sources.len() - 1, depth + 1);
            }
            Err(why) => self.error(span, format!("{}: {why}", path.display()), ""),
        }
    }

    fn error(&mut self, span: Span, message: String, help: &str) {
        self.note(span, Severity::Error, message, help.into(), None);
    }

    fn note(
        &mut self,
        span: Span,
        severity: Severity,
        message: String,
        help: String,
        also: Option<(&'static str, Span)>,
    ) {
        self.notes.push(Note { span, severity, message, help, also });
    }
}

/// The patterns of `include`, and what is wrong with how they are written.
fn patterns(text: &str, file: u32) -> Vec<(Result<String, Wrong>, Span)> {
    // A broken text is reported when the document is read.
    let (tree, _) = DeTable::parse_recoverable(text);
    let Some(value) = tree.get_ref().get("include") else { return Vec::new() };
    let no_list = |help: String| vec![(Err(Wrong::new("`include` is a list", help)), Span::new(file, value.span()))];
    match value.get_ref() {
        DeValue::Array(items) => items
            .iter()
            .map(|item| {
                let no_name = || Wrong::new("the name of a file is expected here", EXAMPLE);
                (item.get_ref().as_str().map(str::to_owned).ok_or_else(no_name), Span::new(file, item.span()))
            })
            .collect(),
        DeValue::String(text) => no_list(format!("write [\"{text}\"]")),
        _ => no_list("write [\"agents/*.toml\"]".to_owned()),
    }
}

/// Two names of one file are one file.
fn identity(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

fn is_glob(pattern: &str) -> bool {
    pattern.contains(['*', '?'])
}

/// `*` and `?` within one part of a path; sorted, so that the order of files does not depend on the file system.
fn expand(folder: &Path, pattern: &str) -> Result<Vec<PathBuf>, String> {
    if pattern.is_empty() {
        return Err("an empty name names no file".into());
    }
    if pattern.contains("**") {
        return Err("`**` is not understood: `*` stands within one part of a path".into());
    }
    let mut found = vec![folder.to_path_buf()];
    let mut looked_at = 0;
    for part in Path::new(pattern).components() {
        let wild = match part {
            Component::Normal(name) => name.to_str().filter(|name| is_glob(name)),
            Component::Prefix(_) | Component::RootDir | Component::CurDir | Component::ParentDir => None,
        };
        let Some(wild) = wild else {
            found = found.into_iter().map(|path| path.join(part)).collect();
            continue;
        };
        let mut next = Vec::new();
        for entry in
            found.iter().filter_map(|folder| std::fs::read_dir(folder_or_here(folder)).ok()).flatten().flatten()
        {
            looked_at += 1;
            if looked_at > MAX_GLOB_ENTRIES {
                return Err(format!("\"{pattern}\" looks through more than {MAX_GLOB_ENTRIES} files"));
            }
            let name = entry.file_name();
            // Hidden files are editors' and version control's.
            let fits = |name: &str| !name.starts_with('.') && matches(wild.as_bytes(), name.as_bytes());
            if name.to_str().is_some_and(fits) {
                let parent = entry.path();
                next.push(if folder.as_os_str().is_empty() {
                    parent.strip_prefix(".").map(Path::to_path_buf).unwrap_or(parent)
                } else {
                    parent
                });
            }
        }
        next.sort();
        found = next;
    }
    if is_glob(pattern) {
        found.retain(|path| path.is_file());
    }
    Ok(found)
}

fn folder_or_here(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

/// Linear with one step back to the last `*`: no pattern makes it slow.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == b'?' || *c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    p = at + 1;
                    n = from + 1;
                    star = Some((at, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_within_a_name() {
        for (pattern, name, fits) in [
            ("*.toml", "a.toml", true),
            ("*.toml", "a.toml.bak", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b*", "xxbxxaxx", false),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), fits, "{pattern} {name}");
        }
    }
}
