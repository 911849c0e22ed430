//! The texts of one configuration: to be kept with the facts it was in force for, read again long after, and asked where
//! something stands in them.

use crate::include::{Gathered, gather};
use crate::load::build_kept;
use crate::problem::{Place, Report, place};
use crate::source::{Source, Span, mask_secrets};
use core::cell::OnceCell;
use model::{ConfigText, Directory};
use std::collections::HashMap;
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// A key as it stands in a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Written {
    pub place: Place,
    /// The whole line, secrets masked.
    pub line: Box<str>,
}

/// What a configuration was read from.
#[derive(Debug)]
pub struct Texts {
    sources: Vec<Source>,
    /// Of `[[queue]]`, by its name and the key; made when the first is looked up.
    queues: OnceCell<HashMap<Key, Found>>,
}

/// A queue's name and a key of its table.
type Key = (Box<str>, Box<str>);

#[derive(Debug)]
struct Found {
    key: Span,
    /// Of a list each value.
    values: Vec<Span>,
}

impl Texts {
    /// Of a file and what it includes; `None`: of the embedded default.
    pub fn of(path: Option<&Path>) -> Self {
        let gathered = match path {
            Some(path) => gather(path),
            None => Gathered::text(Source::embedded("(embedded default)", crate::embedded_text())),
        };
        Texts { sources: gathered.sources, queues: OnceCell::new() }
    }

    /// As they were kept.
    pub fn kept<'a>(texts: impl IntoIterator<Item = &'a ConfigText>) -> Self {
        let sources = texts.into_iter().map(|text| Source::embedded(&text.file, &text.text)).collect();
        Texts { sources, queues: OnceCell::new() }
    }

    /// What was configured, of texts that were kept: no file is looked at, secrets and sounds are taken as given.
    /// `previous` as for [`crate::load_onto`].
    pub fn directory(&self, previous: Option<&Directory>) -> Result<Directory, Report> {
        let copy = |source: &Source| Source::embedded(&source.name.to_string_lossy(), &source.text);
        let gathered = Gathered::kept(self.sources.iter().map(copy).collect());
        build_kept(gathered, previous).map(|config| config.directory)
    }

    /// What stands in a text that was kept, whatever its secrets are: to be compared.
    pub fn words_of(text: &ConfigText) -> String {
        text.text.chars().filter(|c| *c != BLOT).collect()
    }

    /// `key` of this `[[queue]]`, or `key.inner` of a table in it; `None` when the default counts.
    pub fn of_queue(&self, name: &str, key: &str) -> Option<Written> {
        self.found(name, key).map(|found| self.written(found.key))
    }

    /// The same for one of several values `[a, b, …]`, counted from 0.
    pub fn nth_of_queue(&self, name: &str, key: &str, nth: usize) -> Option<Written> {
        self.found(name, key)?.values.get(nth).map(|value| self.written(*value))
    }

    fn found(&self, name: &str, key: &str) -> Option<&Found> {
        let queues = self.queues.get_or_init(|| self.sources.iter().zip(0..).flat_map(in_queues).collect());
        queues.get(&(name.into(), key.into()))
    }

    fn written(&self, span: Span) -> Written {
        let source = &self.sources[span.file as usize];
        Written { place: place(source, span), line: source.excerpt(span).line.into() }
    }
}

fn in_queues((source, file): (&Source, u32)) -> Vec<(Key, Found)> {
    let tree = DeTable::parse_recoverable(&source.text).0.into_inner();
    let queues = tree.iter().find(|(title, _)| &**title.get_ref() == "queue").map(|(_, queues)| queues.get_ref());
    let Some(DeValue::Array(queues)) = queues else { return Vec::new() };
    let mut all = Vec::new();
    for queue in queues {
        let DeValue::Table(queue) = queue.get_ref() else { continue };
        let Some(name) =
            queue.iter().find(|(key, _)| &**key.get_ref() == "name").and_then(|(_, n)| n.get_ref().as_str())
        else {
            continue;
        };
        for (key, value) in queue {
            let values = match value.get_ref() {
                DeValue::Array(values) => values.iter().map(|value| Span::new(file, value.span())).collect(),
                _ => Vec::new(),
            };
            // `callback = { tries = 3 }` and `[queue.callback]` are one.
            if let DeValue::Table(inner) = value.get_ref() {
                for inside in inner.keys() {
                    let found = Found { key: Span::new(file, inside.span()), values: Vec::new() };
                    all.push(((name.into(), format!("{}.{}", key.get_ref(), inside.get_ref()).into()), found));
                }
            }
            let found = Found { key: Span::new(file, key.span()), values };
            all.push(((name.into(), (&**key.get_ref()).into()), found));
        }
    }
    all
}

/// The text with every secret blotted out, letter by letter: each place stays where it was.
pub(crate) fn without_secrets(text: &str, tree: &DeTable<'_>) -> Box<str> {
    let mut spans = Vec::new();
    for (key, value) in tree {
        secrets_in(key.get_ref(), value, &mut spans);
    }
    spans.sort_by_key(|span: &core::ops::Range<usize>| span.start);
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for span in spans {
        let Some(secret) = text.get(span.clone()).filter(|_| span.start >= at) else { continue };
        out.push_str(&text[at..span.start]);
        let marks = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|mark| secret.starts_with(mark)).map_or(0, str::len);
        let inside = secret.len().saturating_sub(2 * marks);
        for (n, c) in secret.char_indices() {
            let kept = n < marks || n >= marks + inside || matches!(c, '\n' | '\r');
            out.push(if kept { c } else { BLOT });
        }
        at = span.end;
    }
    out.push_str(&text[at..]);
    blot_comments(&out).into()
}

const BLOT: char = '•';

fn secrets_in(key: &str, value: &toml::Spanned<DeValue<'_>>, spans: &mut Vec<core::ops::Range<usize>>) {
    match value.get_ref() {
        DeValue::Table(table) => table.iter().for_each(|(key, value)| secrets_in(key.get_ref(), value, spans)),
        DeValue::Array(values) => values.iter().for_each(|value| secrets_in(key, value, spans)),
        _ if matches!(key, "password" | "pin") => spans.push(value.span()),
        _ => {}
    }
}

/// What was commented out may be a secret still.
fn blot_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside: Option<&str> = None;
    for line in text.split_inclusive('\n') {
        let (words, end) = line.split_at(line.trim_end_matches(['\r', '\n']).len());
        let comment = comment_in(words, &mut inside).unwrap_or(words.len());
        out.push_str(&words[..comment]);
        if comment < words.len() {
            out.push_str(&mask_secrets(&words[comment..]));
        }
        out.push_str(end);
    }
    out
}

/// Where the comment of a line begins. `inside`: the mark that ends the string the line begins in.
fn comment_in(line: &str, inside: &mut Option<&'static str>) -> Option<usize> {
    // Nearly every line.
    if inside.is_none() && !line.contains('#') && !line.contains("\"\"\"") && !line.contains("'''") {
        return None;
    }
    let mut at = 0;
    while at < line.len() {
        let rest = &line[at..];
        match *inside {
            Some(mark) if rest.starts_with(mark) => {
                *inside = None;
                at += mark.len();
                continue;
            }
            Some(mark) if mark.starts_with('"') && rest.starts_with('\\') => {
                at += 1;
                at += line[at..].chars().next().map_or(0, char::len_utf8);
                continue;
            }
            Some(_) => {}
            None if rest.starts_with('#') => return Some(at),
            None => {
                if let Some(mark) = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|mark| rest.starts_with(mark)) {
                    *inside = Some(mark);
                    at += mark.len();
                    continue;
                }
            }
        }
        at += rest.chars().next().map_or(1, char::len_utf8);
    }
    // Only strings with three marks go over the end of a line.
    if inside.is_some_and(|mark| mark.len() == 1) {
        *inside = None;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "[[queue]]\nname = \"a\"\nstrategy = \"linear\"\n[[queue]]\nname = \"b\"\n  strategy = \"random\"\n";

    fn kept(text: &str) -> Texts {
        Texts::kept(&[ConfigText { file: "x.toml".into(), text: text.into() }])
    }

    #[test]
    fn a_key_of_a_named_queue_is_found_with_its_place() {
        let texts = kept(TEXT);
        let written = texts.of_queue("b", "strategy").expect("it is there");
        assert_eq!((written.place.to_string().as_str(), &*written.line), ("x.toml:6:3", "  strategy = \"random\""));
        assert_eq!(texts.of_queue("b", "idle_clock"), None);
        assert_eq!(texts.of_queue("c", "strategy"), None);
    }

    #[test]
    fn one_of_several_values_is_found_with_its_place() {
        let text = "[[queue]]\nname = \"a\"\nrules = [\n  { name = \"x\" },\n  { name = \"y\" },\n]\n";
        let texts = kept(text);
        assert_eq!(texts.nth_of_queue("a", "rules", 1).expect("it is there").place.to_string(), "x.toml:5:3");
        assert_eq!(texts.nth_of_queue("a", "rules", 2), None);
    }

    #[test]
    fn no_secret_is_kept_and_every_place_stays() {
        let text = "phones = [{ id = \"1\", password = \"s3\\\"cret\" }] # password = \"old\"\n\
                    [[agent]]\npin = \"1234\" # pin\n# pin = \"9876\", set in May\n\
                    [[trunk]]\npassword = \"\"\"two\nlines\"\"\"\npassword_file = \"kept\"\nnote = 'a # pin = 3'\n";
        let without = |text: &str| without_secrets(text, DeTable::parse(text).expect("TOML").get_ref());
        let kept = without(text);
        for secret in ["s3", "cret", "old", "1234", "9876", "two", "lines"] {
            assert!(!kept.contains(secret), "{secret} is in {kept}");
        }
        assert!(kept.contains("password_file = \"kept\"\nnote = 'a # pin = 3'\n"), "{kept}");
        let widths = |text: &str| text.lines().map(|line| line.chars().count()).collect::<Vec<_>>();
        assert_eq!(widths(&kept), widths(text));
        let other = without(&text.replace("1234", "123456"));
        let words = |text: Box<str>| Texts::words_of(&ConfigText { file: "x.toml".into(), text });
        assert!(other != kept && words(other) == words(kept.clone()), "another secret is no other configuration");
        let masked = DeTable::parse(&kept).expect("still TOML");
        assert_eq!(masked.get_ref().len(), 3);
    }

    #[test]
    fn a_configuration_is_read_again_without_its_files_secrets_and_sounds() {
        let text = "[site]\ntime_zone = \"Asia/Shanghai\"\n[media]\nsounds = \"/nowhere\"\n\
                    [[queue]]\nname = \"support\"\nmusic = \"music/own\"\nstrategy = \"linear\"\n\
                    [[phone]]\nid = \"1001\"\npassword_file = \"/nowhere/secret\"\n\
                    [[agent]]\nid = \"1001\"\npin_env = \"NOWHERE\"\nqueues = [\"support\"]\n";
        let directory = kept(text).directory(None).expect("readable");
        assert_eq!(directory.queues[0].strategy, model::Strategy::Linear);
        let renamed =
            kept(&text.replace("name = \"support\"", "name = \"sales\"").replace("\"support\"]", "\"sales\"]"));
        let later = renamed.directory(Some(&directory)).expect("readable");
        assert_eq!(later.queue_named("sales").map(|id| id.0), Some(1), "an index keeps its meaning");
        assert!(later.queues[0].removed);
        assert!(kept("[[queue]]\nname = 7\n").directory(None).is_err());
    }
}
