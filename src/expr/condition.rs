use crate::lexer::Compare;
use core::cmp::Ordering;
use core::fmt;
use core::ops::Range;

/// What a value is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Truth,
    Number,
    Text,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Truth => "a truth",
            Kind::Number => "a number",
            Kind::Text => "a text",
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Value<'v> {
    Truth(bool),
    Number(i64),
    Text(&'v str),
}

/// A condition that was read and checked; `V` is what its names stand for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Condition<V> {
    pub(crate) root: Truth<V>,
    pub(crate) text: Box<str>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Truth<V> {
    Or(Vec<Truth<V>>),
    And(Vec<Truth<V>>),
    Not(Box<Truth<V>>),
    Constant(bool),
    /// A name that is a truth by itself.
    Named(V, Range<usize>),
    Truths {
        equal: bool,
        sides: Box<(Truth<V>, Truth<V>)>,
        span: Range<usize>,
    },
    Numbers {
        sign: Compare,
        left: Number<V>,
        right: Number<V>,
        span: Range<usize>,
    },
    Texts {
        equal: bool,
        left: Text<V>,
        right: Text<V>,
        span: Range<usize>,
    },
    Method {
        method: Method,
        on: V,
        texts: Vec<Text<V>>,
        span: Range<usize>,
    },
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Number<V> {
    Constant(i64),
    Named(V),
    /// `text.number()`
    Spelt(V),
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Text<V> {
    Constant(Box<str>),
    Named(V),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Method {
    StartsWith,
    EndsWith,
    Contains,
    OneOf,
}

impl<V> Condition<V> {
    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// `values` gives each name's value; one of another kind than was said when the text was read counts as false, 0
    /// or the empty text.
    pub fn holds<'v>(&'v self, values: &dyn Fn(&'v V) -> Value<'v>) -> bool {
        self.root.holds(values)
    }
}

type Values<'a, 'v, V> = &'a dyn Fn(&'v V) -> Value<'v>;

impl<V> Truth<V> {
    fn holds<'v>(&'v self, values: Values<'_, 'v, V>) -> bool {
        match self {
            Truth::Or(parts) => parts.iter().any(|part| part.holds(values)),
            Truth::And(parts) => parts.iter().all(|part| part.holds(values)),
            Truth::Not(inner) => !inner.holds(values),
            Truth::Constant(truth) => *truth,
            Truth::Named(name, _) => values(name) == Value::Truth(true),
            Truth::Truths { equal, sides, .. } => (sides.0.holds(values) == sides.1.holds(values)) == *equal,
            Truth::Numbers { sign, left, right, .. } => sign.holds(left.value(values).cmp(&right.value(values))),
            Truth::Texts { equal, left, right, .. } => (left.value(values) == right.value(values)) == *equal,
            Truth::Method { method, on, texts, .. } => {
                let subject = text(values(on));
                texts.iter().map(|text| text.value(values)).any(|text| match method {
                    Method::StartsWith => subject.starts_with(text),
                    Method::EndsWith => subject.ends_with(text),
                    Method::Contains => subject.contains(text),
                    Method::OneOf => subject == text,
                })
            }
        }
    }
}

impl Compare {
    pub(crate) fn holds(self, order: Ordering) -> bool {
        match self {
            Compare::Equal => order.is_eq(),
            Compare::Unequal => order.is_ne(),
            Compare::Less => order.is_lt(),
            Compare::AtMost => order.is_le(),
            Compare::More => order.is_gt(),
            Compare::AtLeast => order.is_ge(),
        }
    }
}

impl<V> Number<V> {
    fn value<'v>(&'v self, values: Values<'_, 'v, V>) -> i64 {
        match self {
            Number::Constant(number) => *number,
            Number::Named(name) => match values(name) {
                Value::Number(number) => number,
                Value::Truth(_) | Value::Text(_) => 0,
            },
            Number::Spelt(name) => text(values(name)).trim().parse().unwrap_or(0),
        }
    }
}

impl<V> Text<V> {
    fn value<'v>(&'v self, values: Values<'_, 'v, V>) -> &'v str {
        match self {
            Text::Constant(text) => text,
            Text::Named(name) => text(values(name)),
        }
    }
}

fn text(value: Value<'_>) -> &str {
    match value {
        Value::Text(text) => text,
        Value::Truth(_) | Value::Number(_) => "",
    }
}
