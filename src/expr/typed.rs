//! From what is written to what is meant: names are looked up, kinds are settled.

use crate::condition::{Condition, Kind, Method, Number, Text, Truth};
use crate::lexer::Compare;
use crate::mistake::{Fault, Mistake};
use crate::syntax::{Form, Node, parse};
use core::ops::Range;

/// A name nobody knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unknown {
    /// What to write instead.
    pub help: Box<str>,
}

/// Reads a condition; `names` says what a name stands for and of what kind it is.
pub fn compile<V>(text: &str, names: impl Fn(&str) -> Result<(V, Kind), Unknown>) -> Result<Condition<V>, Mistake> {
    let node = parse(text)?;
    Ok(Condition { root: Typing { names: &names }.truth(node)?, text: text.into() })
}

struct Typing<'n, V> {
    names: &'n Names<'n, V>,
}

type Names<'n, V> = dyn Fn(&str) -> Result<(V, Kind), Unknown> + 'n;

/// A node whose kind is known.
enum Typed<V> {
    Truth(Truth<V>),
    Number(Number<V>),
    Text(Text<V>),
}

impl<V> Typing<'_, V> {
    fn truth(&self, node: Node<'_>) -> Result<Truth<V>, Mistake> {
        let span = node.span.clone();
        match self.typed(node)? {
            Typed::Truth(truth) => Ok(truth),
            // `vip` is `vip >= 1`.
            Typed::Number(left) => {
                Ok(Truth::Numbers { sign: Compare::AtLeast, left, right: Number::Constant(1), span })
            }
            Typed::Text(_) => Err(Mistake::new(span, Fault::TextAsTruth)),
        }
    }

    fn typed(&self, node: Node<'_>) -> Result<Typed<V>, Mistake> {
        let truths = |nodes: Vec<Node<'_>>| nodes.into_iter().map(|node| self.truth(node)).collect::<Result<_, _>>();
        let Node { span, form } = node;
        Ok(match form {
            Form::Or(nodes) => Typed::Truth(Truth::Or(truths(nodes)?)),
            Form::And(nodes) => Typed::Truth(Truth::And(truths(nodes)?)),
            Form::Not(inner) => Typed::Truth(Truth::Not(Box::new(self.truth(*inner)?))),
            Form::Truth(truth) => Typed::Truth(Truth::Constant(truth)),
            Form::Number(number) => Typed::Number(Number::Constant(number)),
            Form::Text(text) => Typed::Text(Text::Constant(text.into())),
            Form::Name(name) => match self.name(name, span.clone())? {
                (name, Kind::Truth) => Typed::Truth(Truth::Named(name, span)),
                (name, Kind::Number) => Typed::Number(Number::Named(name)),
                (name, Kind::Text) => Typed::Text(Text::Named(name)),
            },
            Form::Compare(sign, sides) => Typed::Truth(self.comparison(sign, sides.0, sides.1, span)?),
            Form::Method { on, method, arguments } => self.method(on, method, arguments, span)?,
        })
    }

    fn name(&self, name: &str, span: Range<usize>) -> Result<(V, Kind), Mistake> {
        (self.names)(name)
            .map_err(|unknown| Mistake::new(span, Fault::Unknown { name: name.into(), help: unknown.help }))
    }

    fn comparison(
        &self,
        sign: Compare,
        left: Node<'_>,
        right: Node<'_>,
        span: Range<usize>,
    ) -> Result<Truth<V>, Mistake> {
        let equal = match sign {
            Compare::Equal => Some(true),
            Compare::Unequal => Some(false),
            Compare::Less | Compare::AtMost | Compare::More | Compare::AtLeast => None,
        };
        let order = |kind| Mistake::new(span.clone(), Fault::Order(kind));
        match (self.typed(left)?, self.typed(right)?) {
            (Typed::Number(left), Typed::Number(right)) => Ok(Truth::Numbers { sign, left, right, span }),
            (Typed::Text(left), Typed::Text(right)) => {
                Ok(Truth::Texts { equal: equal.ok_or_else(|| order(Kind::Text))?, left, right, span })
            }
            (Typed::Truth(left), Typed::Truth(right)) => {
                let equal = equal.ok_or_else(|| order(Kind::Truth))?;
                Ok(Truth::Truths { equal, sides: Box::new((left, right)), span })
            }
            (left, right) => {
                let (left, right) = (left.kind(), right.kind());
                Err(Mistake::new(span, Fault::Kinds { left, right }))
            }
        }
    }

    fn method(&self, on: &str, word: &str, arguments: Vec<Node<'_>>, span: Range<usize>) -> Result<Typed<V>, Mistake> {
        let name_span = span.start..span.start + on.len();
        let (on, kind) = self.name(on, name_span.clone())?;
        let (method, name) = match word {
            "starts_with" => (Some(Method::StartsWith), "starts_with"),
            "ends_with" => (Some(Method::EndsWith), "ends_with"),
            "contains" => (Some(Method::Contains), "contains"),
            "one_of" => (Some(Method::OneOf), "one_of"),
            "number" => (None, "number"),
            _ => {
                let start = name_span.end + 1;
                return Err(Mistake::new(start..start + word.len(), Fault::Method(word.into())));
            }
        };
        if kind != Kind::Text {
            return Err(Mistake::new(name_span, Fault::NotText(kind)));
        }
        let takes = match method {
            None => (0..=0, "nothing"),
            Some(Method::OneOf) => (1..=usize::MAX, "texts"),
            Some(Method::StartsWith | Method::EndsWith | Method::Contains) => (1..=1, "one text"),
        };
        if !takes.0.contains(&arguments.len()) {
            return Err(Mistake::new(span, Fault::Arguments { method: name, takes: takes.1 }));
        }
        let Some(method) = method else { return Ok(Typed::Number(Number::Spelt(on))) };
        let texts = arguments.into_iter().map(|argument| self.text(argument)).collect::<Result<_, _>>()?;
        Ok(Typed::Truth(Truth::Method { method, on, texts, span }))
    }

    fn text(&self, node: Node<'_>) -> Result<Text<V>, Mistake> {
        let span = node.span.clone();
        match self.typed(node)? {
            Typed::Text(text) => Ok(text),
            other => Err(Mistake::new(span, Fault::NotText(other.kind()))),
        }
    }
}

impl<V> Typed<V> {
    fn kind(&self) -> Kind {
        match self {
            Typed::Truth(_) => Kind::Truth,
            Typed::Number(_) => Kind::Number,
            Typed::Text(_) => Kind::Text,
        }
    }
}
