use crate::defaults::DEFAULTS;
use crate::reader::Reader;
use crate::reserved;
use crate::source::Span;
use crate::suggest::advice;
use crate::table::Table;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Tables that stand once: key and title.
pub(crate) const SINGLE: [(&str, &str); 10] = [
    ("generation", "[generation]"),
    ("site", "[site]"),
    ("sip", "[sip]"),
    ("media", "[media]"),
    ("http", "[http]"),
    ("store", "[store]"),
    ("recording", "[recording]"),
    ("limits", "[limits]"),
    ("feature_codes", "[feature_codes]"),
    ("agent_states", "[agent_states]"),
];

/// Tables that stand any number of times.
pub(crate) const MANY: [(&str, &str); 9] = [
    ("trunk", "[[trunk]]"),
    ("route", "[[route]]"),
    ("number", "[[number]]"),
    ("calendar", "[[calendar]]"),
    ("skill", "[[skill]]"),
    ("queue", "[[queue]]"),
    ("phone", "[[phone]]"),
    ("agent", "[[agent]]"),
    ("reason", "[[reason]]"),
];

/// All files as one: each table with its defaults, in the order of the files.
pub(crate) struct Document<'a> {
    single: [Table<'a>; SINGLE.len()],
    many: [Vec<Table<'a>>; MANY.len()],
}

impl<'a> Document<'a> {
    /// `trees` has one tree for each of the reader's sources.
    pub(crate) fn new(reader: &'a Reader<'a>, trees: &'a [DeTable<'a>]) -> Self {
        let nothing = reserved::inner_defaults("");
        // A table that is written nowhere is reported, if at all, at the start of the main file.
        let start = Span { file: 0, start: 0, end: 0 };
        let mut single = SINGLE.map(|(name, title)| Table::new(reader, nothing, defaults_of(name), title, start));
        let mut written = [None::<Span>; SINGLE.len()];
        let mut many = MANY.map(|_| Vec::new());
        for (file, tree) in trees.iter().enumerate() {
            for (key, value) in in_written_order(tree) {
                let name: &str = key.get_ref();
                let span = Span::new(file as u32, key.span());
                // What it names was read before.
                if name == "include" {
                    continue;
                }
                if let Some(at) = SINGLE.iter().position(|(n, _)| *n == name) {
                    let Some(table) = one(reader, name, value, span) else { continue };
                    if let Some(first) = written[at] {
                        let message = format!("[{name}] stands in two files");
                        reader.clash(span, message, "keep it in one", ("the first stands", first));
                        continue;
                    }
                    written[at] = Some(span);
                    single[at] = Table::new(reader, table, defaults_of(name), SINGLE[at].1, span);
                } else if let Some(at) = MANY.iter().position(|(n, _)| *n == name) {
                    for (table, header) in several(reader, name, value, span) {
                        many[at].push(Table::new(reader, table, defaults_of(name), MANY[at].1, header));
                    }
                } else {
                    unknown(reader, name, value, span);
                }
            }
        }
        let document = Document { single, many };
        document.single.iter().chain(document.many.iter().flatten()).for_each(Table::check_keys);
        document
    }

    pub(crate) fn one(&self, name: &str) -> &Table<'a> {
        let at = SINGLE.iter().position(|(n, _)| *n == name).expect("a table of the list");
        &self.single[at]
    }

    pub(crate) fn all(&self, name: &str) -> &[Table<'a>] {
        let at = MANY.iter().position(|(n, _)| *n == name).expect("a table of the list");
        &self.many[at]
    }
}

pub(crate) fn defaults_of(name: &str) -> &'static DeTable<'static> {
    let value = DEFAULTS.get(name).expect("every table stands in defaults.toml").get_ref();
    let table = match value {
        DeValue::Array(tables) => tables.first().expect("an array of one table").get_ref(),
        other => other,
    };
    match table {
        DeValue::Table(table) => table,
        _ => unreachable!("defaults.toml holds tables at its top"),
    }
}

type Item<'a> = (&'a Spanned<std::borrow::Cow<'a, str>>, &'a Spanned<DeValue<'a>>);

pub(crate) fn in_written_order<'a>(tree: &'a DeTable<'a>) -> Vec<Item<'a>> {
    let mut items: Vec<Item<'a>> = tree.iter().collect();
    items.sort_by_key(|(key, _)| key.span().start);
    items
}

pub(crate) fn one<'a>(
    reader: &Reader<'_>,
    name: &str,
    value: &'a Spanned<DeValue<'a>>,
    span: Span,
) -> Option<&'a DeTable<'a>> {
    match value.get_ref() {
        DeValue::Table(table) => Some(table),
        DeValue::Array(_) => {
            reader.error(span, format!("there is only one [{name}]"), format!("write [{name}] with single brackets"));
            None
        }
        _ => {
            reader.error(span, format!("`{name}` is a table"), format!("write [{name}] on a line of its own"));
            None
        }
    }
}

pub(crate) fn several<'a>(
    reader: &Reader<'_>,
    name: &str,
    value: &'a Spanned<DeValue<'a>>,
    span: Span,
) -> Vec<(&'a DeTable<'a>, Span)> {
    let help = format!("write [[{name}]] with double brackets");
    let DeValue::Array(items) = value.get_ref() else {
        reader.error(span, format!("there can be several {name}s"), help);
        return Vec::new();
    };
    let mut tables = Vec::with_capacity(items.len());
    for item in items {
        match item.get_ref() {
            DeValue::Table(table) => tables.push((table, Span::new(span.file, item.span()))),
            _ => reader.error(Span::new(span.file, item.span()), format!("a {name} is a table"), help.as_str()),
        }
    }
    tables
}

fn unknown(reader: &Reader<'_>, name: &str, value: &Spanned<DeValue<'_>>, span: Span) {
    let table = matches!(value.get_ref(), DeValue::Table(_) | DeValue::Array(_));
    match reserved::table(name) {
        Some(needs) => reader.error(span, format!("[{name}] needs {needs}"), reserved::NOT_YET),
        None => {
            let known = SINGLE.iter().chain(&MANY).map(|(name, _)| *name).chain(["include"]);
            if table {
                reader.error(span, format!("unknown table [{name}]"), advice(name, "table", known));
                return;
            }
            // A key above the first table usually wants to be in one.
            let mut homes = SINGLE.iter().chain(&MANY).filter(|(table, _)| defaults_of(table).contains_key(name));
            let help = match homes.next() {
                Some((_, title)) => format!("write it below {title}"),
                None => advice(name, "table", known),
            };
            reader.error(span, format!("`{name}` stands in no table"), help);
        }
    }
}
