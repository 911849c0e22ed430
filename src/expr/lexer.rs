use crate::limits::MAX_OCTETS;
use crate::mistake::{Fault, Mistake};
use core::ops::Range;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Token<'t> {
    And,
    Or,
    Not,
    Compare(Compare),
    Open,
    Close,
    Comma,
    Number(i64),
    Text(&'t str),
    Name(&'t str),
    End,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Compare {
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Token<'_> {
    /// As a message names it.
    pub(crate) fn spell(&self, text: &str, span: &Range<usize>) -> Box<str> {
        match self {
            Token::End => "the end".into(),
            _ => format!("`{}`", &text[span.clone()]).into(),
        }
    }
}

/// The longer sign first. Signs of other languages are named so that the message can say what to write.
const SIGNS: [(&str, Option<Token<'static>>); 25] = [
    ("&&", Some(Token::And)),
    ("||", Some(Token::Or)),
    ("==", Some(Token::Compare(Compare::Equal))),
    ("!=", Some(Token::Compare(Compare::Unequal))),
    ("<=", Some(Token::Compare(Compare::AtMost))),
    (">=", Some(Token::Compare(Compare::AtLeast))),
    ("=>", None),
    ("=<", None),
    ("<>", None),
    ("<", Some(Token::Compare(Compare::Less))),
    (">", Some(Token::Compare(Compare::More))),
    ("!", Some(Token::Not)),
    ("(", Some(Token::Open)),
    (")", Some(Token::Close)),
    (",", Some(Token::Comma)),
    ("&", None),
    ("|", None),
    ("=", None),
    ("\"", None),
    ("≥", None),
    ("≤", None),
    ("≠", None),
    ("‘", None),
    ("’", None),
    ("+", None),
];

/// All tokens with their octets, the last one [`Token::End`].
pub(crate) fn tokens(text: &str) -> Result<Vec<(Token<'_>, Range<usize>)>, Mistake> {
    if text.len() > MAX_OCTETS {
        return Err(Mistake::new(0..text.len(), Fault::TooLong));
    }
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let (token, length) = if c == '\'' {
            let Some(end) = rest[1..].find('\'') else {
                return Err(Mistake::new(at..text.len(), Fault::OpenText));
            };
            (Token::Text(&rest[1..=end]), end + 2)
        } else if is_word(c) || (c == '-' && rest[1..].starts_with(|c: char| c.is_ascii_digit())) {
            word(rest, at)?
        } else {
            sign(rest, at, c)?
        };
        found.push((token, at..at + length));
        at += length;
    }
    found.push((Token::End, text.len()..text.len()));
    Ok(found)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn word(rest: &str, at: usize) -> Result<(Token<'_>, usize), Mistake> {
    let inside = |c: char| is_word(c) || matches!(c, '-' | '.');
    let length = rest.find(|c: char| !inside(c)).unwrap_or(rest.len());
    let word = &rest[..length];
    let fault = match word {
        "and" | "or" | "not" => Fault::Sign(word.into()),
        _ if word.starts_with(|c: char| c.is_alphabetic() || c == '_') && !word.ends_with('.') => {
            return Ok((Token::Name(word), length));
        }
        _ => match word.parse() {
            Ok(number) => return Ok((Token::Number(number), length)),
            Err(_) => Fault::Number(word.into()),
        },
    };
    Err(Mistake::new(at..at + length, fault))
}

fn sign(rest: &str, at: usize, c: char) -> Result<(Token<'static>, usize), Mistake> {
    let known = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign));
    match known {
        Some((sign, Some(token))) => Ok((*token, sign.len())),
        Some((sign, None)) => Err(Mistake::new(at..at + sign.len(), Fault::Sign((*sign).into()))),
        None => Err(Mistake::new(at..at + c.len_utf8(), Fault::Sign(c.to_string().into()))),
    }
}
