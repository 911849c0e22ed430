use crate::reader::Reader;
use crate::source::{At, Span};
use crate::suggest::advice;
use crate::table::{Table, Wrong};
use std::collections::HashMap;

/// The names of one kind of thing and the index each stands at.
///
/// After a reload a name keeps the index it had; a name that is gone keeps it too, so that nothing else gets it.
pub(crate) struct Names {
    noun: &'static str,
    known: HashMap<Box<str>, Known>,
}

struct Known {
    index: u32,
    /// Where it is written; `None` when only the previous configuration has it.
    written: Option<Span>,
}

impl Names {
    pub(crate) fn new<'n>(noun: &'static str, previous: impl IntoIterator<Item = &'n str>) -> Self {
        let mut known = HashMap::new();
        for (index, name) in previous.into_iter().enumerate() {
            known.insert(name.into(), Known { index: index as u32, written: None });
        }
        Names { noun, known }
    }

    /// How many indices there are, with those of things that are gone.
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// Notes a second thing of the same name.
    fn declare(&mut self, reader: &Reader<'_>, name: &str, span: Span) -> u32 {
        let next = self.known.len() as u32;
        let known = self.known.entry(name.into()).or_insert(Known { index: next, written: None });
        match known.written {
            None => known.written = Some(span),
            Some(first) => {
                let message = format!("there are two {}s named \"{name}\"", self.noun);
                reader.clash(span, message, "give one of them another name", ("the first stands", first));
            }
        }
        known.index
    }

    pub(crate) fn find(&self, name: &str) -> Result<u32, Wrong> {
        match self.known.get(name) {
            Some(Known { index, written: Some(_) }) => Ok(*index),
            _ => {
                let all = self.known.iter().filter(|(_, k)| k.written.is_some()).map(|(name, _)| &**name);
                Err(Wrong::new(format!("there is no {} \"{name}\"", self.noun), advice(name, self.noun, all)))
            }
        }
    }
}

/// One thing to read: its table, its name and its index.
pub(crate) struct Entry<'a> {
    pub(crate) table: Table<'a>,
    pub(crate) name: Box<str>,
    pub(crate) index: u32,
    pub(crate) name_span: Span,
}

/// Reads the names of all tables of one kind, ranges written out.
pub(crate) fn declare<'a>(
    tables: &[Table<'a>],
    key: &'static str,
    most: usize,
    check: fn(&str) -> Result<&str, Wrong>,
    names: &mut Names,
) -> Vec<Entry<'a>> {
    let mut entries = Vec::with_capacity(tables.len());
    for table in tables {
        let numbers = if key == "id" { range(table) } else { Numbers::One };
        let numbered = match numbers {
            Numbers::One => vec![table.clone()],
            Numbers::Wrong => continue,
            Numbers::Many { first, last, width } => {
                let count = (last - first) as usize + 1;
                if entries.len() + count > most {
                    too_many(table, names.noun, most);
                    return entries;
                }
                (first..=last).map(|n| table.numbered(&format!("{n:0width$}"))).collect()
            }
        };
        for table in numbered {
            if entries.len() == most {
                too_many(&table, names.noun, most);
                return entries;
            }
            let errors = table.reader.errors();
            if table.number.is_some()
                && table.value(key).value.as_str().is_some_and(|id| !id.is_empty() && !id.contains("{n}"))
            {
                let message = format!("every {} of this range would have the same `{key}`", names.noun);
                table.reader.error(table.value(key).span, message, "put {n} where the number goes, or leave it out");
                break;
            }
            let name = match (&table.number, table.is_given(key)) {
                // A range alone names its members.
                (Some(number), false) => Some(At { value: number.to_string(), span: table.value("range").span }),
                _ => table.attempt(key, |value| Ok(check(&table.filled(value.text()?)?)?.to_owned())),
            };
            let Some(name) = name else { break };
            let index = names.declare(table.reader, &name.value, name.span);
            if table.reader.errors() > errors {
                // One mistake in a range is one mistake.
                break;
            }
            entries.push(Entry { table, name: name.value.into(), index, name_span: name.span });
        }
    }
    entries
}

/// Reads every entry; after the first mistake in a range the rest of that range is left out.
pub(crate) fn read_all<T>(entries: &[Entry<'_>], slots: &mut [Option<T>], read: impl Fn(&Entry<'_>) -> Option<T>) {
    let mut broken = None;
    for entry in entries {
        if broken == Some(entry.table.span) {
            continue;
        }
        let errors = entry.table.reader.errors();
        slots[entry.index as usize] = read(entry);
        if entry.table.number.is_some() && entry.table.reader.errors() > errors {
            broken = Some(entry.table.span);
        }
    }
}

fn too_many(table: &Table<'_>, noun: &str, most: usize) {
    table.reader.error(table.span, format!("there are more than {most} {noun}s"), "this is the most one process takes");
}

enum Numbers {
    One,
    Many { first: u64, last: u64, width: usize },
    Wrong,
}

/// `"0000-0999"`: the width of the first number is the width of all.
fn range(table: &Table<'_>) -> Numbers {
    let text = table.text("range");
    if text.value.is_empty() {
        return Numbers::One;
    }
    let number = |text: &str| {
        let digits = !text.is_empty() && text.len() <= 12 && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse::<u64>().ok()).flatten()
    };
    let parts = text.value.split_once('-').and_then(|(first, last)| Some((first, number(first)?, last, number(last)?)));
    match parts {
        Some((first_text, first, last_text, last)) if first_text.len() == last_text.len() && first <= last => {
            Numbers::Many { first, last, width: first_text.len() }
        }
        _ => {
            table.reader.error(
                text.span,
                format!("`{}` is not a range", text.value),
                "write \"0000-0999\": two numbers of the same length, the smaller first",
            );
            Numbers::Wrong
        }
    }
}
