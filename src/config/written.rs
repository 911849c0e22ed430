//! Where a key of the configuration was written, for whoever shows which rule decided.

use crate::include::{Gathered, gather};
use crate::problem::{Place, place};
use crate::source::{Source, Span};
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// A key as it stands in a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Written {
    pub place: Place,
    /// The whole line, secrets masked.
    pub line: Box<str>,
}

impl Written {
    /// `key` of the `[[table]]` with this name; `None` when the default counts. `path` as for `serve`.
    pub fn of(path: Option<&Path>, table: &str, name: &str, key: &str) -> Option<Self> {
        Written::sought(path, &Sought { table, name, key, nth: None })
    }

    /// The same for one of several values `[a, b, …]`, counted from 0.
    pub fn nth_of(path: Option<&Path>, table: &str, name: &str, key: &str, nth: usize) -> Option<Self> {
        Written::sought(path, &Sought { table, name, key, nth: Some(nth) })
    }

    fn sought(path: Option<&Path>, sought: &Sought<'_>) -> Option<Self> {
        let gathered = match path {
            Some(path) => gather(path),
            None => Gathered::text(Source::embedded("(embedded default)", crate::embedded_text())),
        };
        gathered.sources.iter().zip(0..).find_map(|(source, file)| find(source, file, sought))
    }
}

struct Sought<'a> {
    table: &'a str,
    name: &'a str,
    key: &'a str,
    nth: Option<usize>,
}

fn find(source: &Source, file: u32, sought: &Sought<'_>) -> Option<Written> {
    let Sought { table, name, key, nth } = *sought;
    let tree = DeTable::parse_recoverable(&source.text).0.into_inner();
    let (_, entries) = tree.iter().find(|(title, _)| &**title.get_ref() == table)?;
    let DeValue::Array(entries) = entries.get_ref() else { return None };
    entries.iter().find_map(|entry| {
        let DeValue::Table(entry) = entry.get_ref() else { return None };
        let value = |key: &str| entry.iter().find(|(k, _)| &**k.get_ref() == key);
        let named = |key: &str| value(key).is_some_and(|(_, v)| v.get_ref().as_str() == Some(name));
        (named("name") || named("id")).then_some(())?;
        let (key, given) = value(key)?;
        let span = match (nth, given.get_ref()) {
            (None, _) => key.span(),
            (Some(nth), DeValue::Array(values)) => values.get(nth)?.span(),
            (Some(_), _) => return None,
        };
        let span = Span::new(file, span);
        Some(Written { place: place(source, span), line: source.excerpt(span).line.into() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "[[queue]]\nname = \"a\"\nstrategy = \"linear\"\n[[queue]]\nname = \"b\"\n  strategy = \"random\"\n";

    #[test]
    fn the_key_of_the_entry_asked_for_is_found_and_not_another_ones() {
        let source = Source::embedded("t.toml", TEXT);
        let find = |name, key, nth| find(&source, 0, &Sought { table: "queue", name, key, nth });
        let found = find("b", "strategy", None).unwrap();
        assert_eq!((&*found.place.to_string(), &*found.line), ("t.toml:6:3", "  strategy = \"random\""));
        assert_eq!(find("b", "idle_clock", None), None, "the default counts");
        assert_eq!(find("c", "strategy", None), None);
    }

    #[test]
    fn one_of_several_values_is_found_where_it_stands() {
        let source = Source::embedded(
            "t.toml",
            "[[queue]]\nname = \"a\"\nrules = [\n  { priority = 1 },\n  { priority = 2 },\n]\n",
        );
        let find = |nth| find(&source, 0, &Sought { table: "queue", name: "a", key: "rules", nth: Some(nth) });
        assert_eq!(find(1).map(|found| found.place.to_string()).as_deref(), Some("t.toml:5:3"));
        assert_eq!(find(2), None);
    }

    #[test]
    fn the_embedded_configuration_is_looked_through_when_there_is_no_file() {
        let found = Written::of(None, "queue", "support", "name");
        assert!(found.is_some_and(|found| found.line.contains("support")));
    }
}
