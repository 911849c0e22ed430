use crate::condition::Kind;
use crate::limits::{MAX_ALTERNATIVES, MAX_DEPTH, MAX_NODES, MAX_OCTETS};
use core::ops::Range;

/// The first thing that is wrong with a text.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{fault}")]
pub struct Mistake {
    /// Octets of the text.
    pub span: Range<usize>,
    pub fault: Fault,
}

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Fault {
    #[error("an empty condition says nothing")]
    Empty,
    #[error("a condition has at most {MAX_OCTETS} octets")]
    TooLong,
    #[error("parentheses go at most {MAX_DEPTH} deep")]
    TooDeep,
    #[error("a condition has at most {MAX_NODES} names and values")]
    TooLarge,
    #[error("`{0}` is no sign of this language")]
    Sign(Box<str>),
    #[error("this text has no end")]
    OpenText,
    #[error("`{0}` is neither a whole number nor a name")]
    Number(Box<str>),
    #[error("{expected} is expected here, not {found}")]
    Expected { expected: &'static str, found: Box<str>, help: &'static str },
    #[error("this parenthesis is not closed")]
    OpenParenthesis,
    #[error("comparisons cannot be chained")]
    Chained,
    #[error("`!` before a comparison can be read in two ways")]
    NotBeforeComparison,
    #[error("nothing here is called `{name}`")]
    Unknown { name: Box<str>, help: Box<str> },
    #[error("there is no method `{0}`")]
    Method(Box<str>),
    #[error("`{method}` takes {takes}")]
    Arguments { method: &'static str, takes: &'static str },
    #[error("a text is neither true nor false")]
    TextAsTruth,
    #[error("{left} cannot be compared with {right}")]
    Kinds { left: Kind, right: Kind },
    #[error("{0} has no order")]
    Order(Kind),
    #[error("a text is expected here, not {0}")]
    NotText(Kind),
    #[error("only names compared with numbers can be used here")]
    NotPlain,
    #[error("this comes to more than {MAX_ALTERNATIVES} alternatives")]
    Alternatives,
}

impl Mistake {
    pub(crate) fn new(span: Range<usize>, fault: Fault) -> Self {
        Mistake { span, fault }
    }

    /// How to mend it.
    pub fn help(&self) -> String {
        match &self.fault {
            Fault::Empty => "write a comparison such as `french >= 4`".into(),
            Fault::TooLong | Fault::TooLarge | Fault::Alternatives => "make several shorter ones of it".into(),
            Fault::TooDeep => "take parentheses out".into(),
            Fault::Sign(sign) => mend_sign(sign).into(),
            Fault::OpenText => "close it with `'`".into(),
            Fault::Number(_) => "a number has digits alone; a name begins with a letter".into(),
            Fault::Expected { help, .. } => (*help).into(),
            Fault::OpenParenthesis => "add `)`".into(),
            Fault::Chained => "write `a < b && b < c`".into(),
            Fault::NotBeforeComparison => "write `!(…)`".into(),
            Fault::Unknown { help, .. } => help.to_string(),
            Fault::Method(_) => "there is: starts_with, ends_with, contains, one_of, number".into(),
            Fault::Arguments { method: "number", .. } => "write `data.age.number() >= 18`".into(),
            Fault::Arguments { method, .. } => format!("write `caller.{method}('…')`"),
            Fault::TextAsTruth => "compare it, for instance with `== 'gold'`".into(),
            Fault::Kinds { left: Kind::Text, right: Kind::Number } => {
                "write the number as a text, or `.number()` behind the text".into()
            }
            Fault::Kinds { .. } => "compare like with like".into(),
            Fault::Order(Kind::Text) => "compare texts by `==` and `!=`, or add `.number()`".into(),
            Fault::Order(_) => "compare by `==` and `!=`".into(),
            Fault::NotText(_) => "write it in single quotes: 'gold'".into(),
            Fault::NotPlain => "write for instance `french >= 4`".into(),
        }
    }
}

fn mend_sign(sign: &str) -> &'static str {
    match sign {
        "=" => "write `==`",
        "&" => "write `&&`",
        "|" => "write `||`",
        "\"" => "write texts in single quotes: 'gold'",
        "=>" => "write `>=`",
        "=<" => "write `<=`",
        "<>" => "write `!=`",
        "and" => "write `&&`",
        "or" => "write `||`",
        "not" => "write `!`",
        "≥" => "write `>=`",
        "≤" => "write `<=`",
        "≠" => "write `!=`",
        "‘" | "’" | "“" | "”" | "`" => "write texts in straight single quotes: 'gold'",
        "+" | "*" | "/" => "there is no arithmetic here",
        _ => "there are && || ! == != < <= > >= ( ) , names, whole numbers and 'texts'",
    }
}
