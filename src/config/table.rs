use crate::limits::{MAX_LIST, MAX_TEXT_CHARS};
use crate::reader::Reader;
use crate::reserved;
use crate::scalar::{self, DurationRange};
use crate::source::{At, Span};
use crate::suggest::advice;
use core::ops::RangeInclusive;
use core::time::Duration;
use std::borrow::Cow;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What is wrong with a value, and how to mend it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Wrong {
    pub(crate) message: String,
    pub(crate) help: String,
}

impl Wrong {
    pub(crate) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Wrong { message: message.into(), help: help.into() }
    }

    /// The value has the wrong type.
    fn kind(value: &DeValue<'_>, expected: &str, example: &str) -> Self {
        Wrong::new(format!("{expected} is expected here, not {}", described(value)), example)
    }
}

/// One table as it is read: what was written, over the defaults.
///
/// The table of the same name in `defaults.toml` says which keys there are, so a key that is not written there cannot
/// be read, and a key that is cannot be forgotten in what `strowger config` prints.
#[derive(Clone)]
pub(crate) struct Table<'a> {
    pub(crate) reader: &'a Reader<'a>,
    given: &'a DeTable<'a>,
    defaults: &'a DeTable<'a>,
    /// As messages name it: `[sip]`, `[[queue]]`.
    pub(crate) title: &'static str,
    /// Its header.
    pub(crate) span: Span,
    /// What `{n}` stands for.
    pub(crate) number: Option<Box<str>>,
}

/// A value as it is read: the written one, or its default.
#[derive(Clone, Copy)]
pub(crate) struct Value<'a> {
    pub(crate) value: &'a DeValue<'a>,
    pub(crate) span: Span,
    pub(crate) given: bool,
}

impl<'a> Table<'a> {
    pub(crate) fn new(
        reader: &'a Reader<'a>,
        given: &'a DeTable<'a>,
        defaults: &'a DeTable<'a>,
        title: &'static str,
        span: Span,
    ) -> Self {
        Table { reader, given, defaults, title, span, number: None }
    }

    /// The same entry of a range, for another number.
    pub(crate) fn numbered(&self, number: &str) -> Self {
        Table { number: Some(number.into()), ..self.clone() }
    }

    /// Refuses every key that does not exist, and names what is for later.
    pub(crate) fn check_keys(&self) {
        for (key, value) in self.given {
            let name: &str = key.get_ref();
            if self.defaults.contains_key(name) {
                continue;
            }
            let span = Span::new(self.span.file, key.span());
            match reserved::key(self.title, name, value.get_ref()) {
                reserved::Answer::Harmless => {}
                reserved::Answer::Needs(what) => {
                    self.reader.error(span, format!("`{name}` in {} needs {what}", self.title), reserved::NOT_YET);
                }
                reserved::Answer::Unknown => {
                    let help = advice(name, "key", self.defaults.keys().map(|k| &**k.get_ref()));
                    self.reader.error(span, format!("unknown key `{name}` in {}", self.title), help);
                }
            }
        }
    }

    pub(crate) fn value(&self, key: &str) -> Value<'a> {
        match self.given.get(key) {
            Some(value) => self.written(value),
            None => self.default(key),
        }
    }

    pub(crate) fn is_given(&self, key: &str) -> bool {
        self.given.contains_key(key)
    }

    /// An empty list was written, as against one whose elements were all refused.
    pub(crate) fn is_empty_list(&self, key: &str) -> bool {
        matches!(self.value(key).value, DeValue::Array(items) if items.is_empty())
    }

    /// A text, with `{n}` filled in.
    pub(crate) fn text(&self, key: &str) -> At<Cow<'a, str>> {
        self.convert(key, |value| self.filled(value.text()?))
    }

    pub(crate) fn flag(&self, key: &str) -> bool {
        self.convert(key, |value| match value.value {
            DeValue::Boolean(flag) => Ok(*flag),
            other => Err(Wrong::kind(other, "true or false", "write it without quotes")),
        })
        .value
    }

    pub(crate) fn count(&self, key: &str, within: RangeInclusive<u32>) -> u32 {
        self.convert(key, |value| {
            let number = value.integer()?;
            u32::try_from(number).ok().filter(|n| within.contains(n)).ok_or_else(|| {
                Wrong::new(
                    format!("`{key}` cannot be {number}"),
                    format!("from {} to {}", within.start(), within.end()),
                )
            })
        })
        .value
    }

    pub(crate) fn duration(&self, key: &str, within: DurationRange) -> Duration {
        self.convert(key, |value| within.check(key, scalar::duration(value.duration()?))).value
    }

    /// One of a closed list of words; `later` are words known but not there yet, with what they need.
    pub(crate) fn word<T: Copy>(&self, key: &str, words: &[(&str, T)], later: &[(&str, &str)]) -> T {
        self.convert(key, |value| scalar::word(key, value.text()?, words, later)).value
    }

    /// A list, each element checked on its own.
    pub(crate) fn list<T>(&self, key: &str, mut element: impl FnMut(Value<'a>) -> Result<T, Wrong>) -> At<Vec<At<T>>> {
        let At { value: items, span } = self.convert(key, |value| match value.value {
            DeValue::Array(items) if items.len() <= MAX_LIST => Ok(items),
            DeValue::Array(_) => Err(Wrong::new(format!("`{key}` has more than {MAX_LIST} elements"), "")),
            DeValue::String(text) => Err(Wrong::new("a list is expected here", format!("write [\"{text}\"]"))),
            other => Err(Wrong::kind(other, "a list", "write [ … ]")),
        });
        let given = self.is_given(key);
        let mut found = Vec::with_capacity(items.len());
        for item in items {
            let value = if given { self.written(item) } else { Value { value: item.get_ref(), span, given } };
            match element(value) {
                Ok(value_found) => found.push(At { value: value_found, span: value.span }),
                Err(wrong) => self.wrong(key, value, wrong),
            }
        }
        At { value: found, span }
    }

    /// A free table: key and value pairs.
    pub(crate) fn entries(&self, key: &str) -> Vec<(At<Cow<'a, str>>, Value<'a>)> {
        let table = self.convert(key, |value| match value.value {
            DeValue::Table(table) => Ok(table),
            other => Err(Wrong::kind(other, "a table", "write { … }")),
        });
        let entry = |(name, value): (&'a Spanned<Cow<'a, str>>, &'a Spanned<DeValue<'a>>)| {
            let span = Span::new(self.span.file, name.span());
            (At { value: Cow::Borrowed(&**name.get_ref()), span }, self.written(value))
        };
        table.value.iter().map(entry).collect()
    }

    /// A table within this one; `None` when it is the word "off".
    pub(crate) fn inner(&self, key: &str, title: &'static str) -> Option<Table<'a>> {
        let found = self.convert(key, |value| match value.value {
            DeValue::Table(table) => Ok(Some(table)),
            DeValue::String(word) if word == "off" => Ok(None),
            other => Err(Wrong::kind(other, "a table", &format!("write {key} = {{ … }}"))),
        });
        // What the table may hold stands in `defaults.toml`, or for one that is off by default in its own list.
        let defaults = match self.default(key).value {
            DeValue::Table(table) => table,
            _ => reserved::inner_defaults(title),
        };
        let given =
            if self.is_given(key) { found.value? } else { found.value.map(|_| reserved::inner_defaults(""))? };
        let table =
            Table { number: self.number.clone(), ..Table::new(self.reader, given, defaults, title, found.span) };
        table.check_keys();
        Some(table)
    }

    /// Reads a value with `read`; a wrong one is noted and its default taken instead.
    pub(crate) fn convert<T>(&self, key: &str, read: impl Fn(Value<'a>) -> Result<T, Wrong>) -> At<T> {
        let value = self.value(key);
        match read(value) {
            Ok(found) => At { value: found, span: value.span },
            Err(wrong) => {
                self.wrong(key, value, wrong);
                let default = self.default(key);
                let found = read(default).expect("a default has the right type");
                At { value: found, span: value.span }
            }
        }
    }

    /// Like [`Table::convert`] where no default can stand in.
    pub(crate) fn attempt<T>(&self, key: &str, read: impl FnOnce(Value<'a>) -> Result<T, Wrong>) -> Option<At<T>> {
        let value = self.value(key);
        if !value.given && !self.defaults_fill(key) {
            self.reader.error(self.span, format!("{} needs `{key}`", self.title), format!("add {key} = …"));
            return None;
        }
        match read(value) {
            Ok(found) => Some(At { value: found, span: value.span }),
            Err(wrong) => {
                self.wrong(key, value, wrong);
                None
            }
        }
    }

    pub(crate) fn wrong(&self, key: &str, value: Value<'_>, wrong: Wrong) {
        if value.given {
            self.reader.error(value.span, wrong.message, wrong.help);
        } else {
            // The reader did not write it: say where it comes from.
            let message = format!("{} (the default of `{key}` in {})", wrong.message, self.title);
            self.reader.error(self.span, message, wrong.help);
        }
    }

    /// Where a stretch of a text stands in its file; the whole text when it is written with escapes.
    pub(crate) fn inside(&self, value: Value<'_>, text: &str, stretch: core::ops::Range<usize>) -> Span {
        let Span { file, start, end } = value.span;
        let raw = self.reader.sources[file as usize].text.get(start as usize..end as usize).unwrap_or("");
        let quoted = |quote: &str| raw.strip_prefix(quote).and_then(|raw| raw.strip_suffix(quote)) == Some(text);
        match ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| value.given && quoted(quote)) {
            Some(quote) => {
                let start = start as usize + quote.len();
                Span::new(file, start + stretch.start..start + stretch.end)
            }
            None => value.span,
        }
    }

    /// `{n}` replaced by the number of the range.
    pub(crate) fn filled(&self, text: &'a str) -> Result<Cow<'a, str>, Wrong> {
        if !text.contains("{n}") {
            return Ok(Cow::Borrowed(text));
        }
        match &self.number {
            Some(number) => Ok(Cow::Owned(text.replace("{n}", number))),
            None => Err(Wrong::new("`{n}` stands for the number of a range", "add range = \"…\" or write the number")),
        }
    }

    fn written(&self, value: &'a Spanned<DeValue<'a>>) -> Value<'a> {
        Value { value: value.get_ref(), span: Span::new(self.span.file, value.span()), given: true }
    }

    fn default(&self, key: &str) -> Value<'a> {
        let value = self.defaults.get(key).expect("every key that is read stands in defaults.toml");
        Value { value: value.get_ref(), span: self.span, given: false }
    }

    /// A default that is not empty can stand in for what was not written.
    fn defaults_fill(&self, key: &str) -> bool {
        match self.default(key).value {
            DeValue::String(text) => !text.is_empty(),
            DeValue::Table(table) => !table.is_empty(),
            DeValue::Array(items) => !items.is_empty(),
            DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => true,
        }
    }
}

impl<'a> Value<'a> {
    pub(crate) fn text(&self) -> Result<&'a str, Wrong> {
        match self.value {
            DeValue::String(text) if text.len() > MAX_TEXT_CHARS => {
                Err(Wrong::new(format!("a text here has at most {MAX_TEXT_CHARS} octets"), "shorten it"))
            }
            DeValue::String(text) if text.contains(['\r', '\n', '\0']) => {
                Err(Wrong::new("a text here is one line", "take the line break out"))
            }
            DeValue::String(text) => Ok(text),
            DeValue::Integer(n) => Err(Wrong::kind(self.value, "a text", &format!("write \"{n}\" in quotes"))),
            other => Err(Wrong::kind(other, "a text", "write it in quotes")),
        }
    }

    /// The text of a duration, or of a word that stands in its place.
    pub(crate) fn duration(&self) -> Result<&'a str, Wrong> {
        match self.value {
            DeValue::Integer(n) => {
                Err(Wrong::new("a duration needs its unit", format!("write \"{}s\" for seconds", n.as_str())))
            }
            _ => self.text(),
        }
    }

    pub(crate) fn integer(&self) -> Result<i64, Wrong> {
        match self.value {
            DeValue::Integer(n) => i64::from_str_radix(n.as_str(), n.radix())
                .map_err(|_| Wrong::new("this number is out of any range", "write a smaller one")),
            DeValue::String(text) if text.parse::<i64>().is_ok() => {
                Err(Wrong::kind(self.value, "a number", "write it without quotes"))
            }
            other => Err(Wrong::kind(other, "a whole number", "write digits without quotes")),
        }
    }
}

/// A value's type, for a person.
fn described(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
