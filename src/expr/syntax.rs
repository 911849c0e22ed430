//! The grammar of `lib.rs`, one function a rule.

use crate::lexer::{Compare, Token, tokens};
use crate::limits::{MAX_DEPTH, MAX_NODES};
use crate::mistake::{Fault, Mistake};
use core::ops::Range;

#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Node<'t> {
    pub(crate) span: Range<usize>,
    pub(crate) form: Form<'t>,
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Form<'t> {
    /// Two or more.
    Or(Vec<Node<'t>>),
    And(Vec<Node<'t>>),
    Not(Box<Node<'t>>),
    Compare(Compare, Box<(Node<'t>, Node<'t>)>),
    Truth(bool),
    Number(i64),
    Text(&'t str),
    Name(&'t str),
    /// `on.method(arguments)`
    Method {
        on: &'t str,
        method: &'t str,
        arguments: Vec<Node<'t>>,
    },
}

pub(crate) fn parse(text: &str) -> Result<Node<'_>, Mistake> {
    let tokens = tokens(text)?;
    if tokens.len() == 1 {
        return Err(Mistake::new(0..text.len(), Fault::Empty));
    }
    if tokens.len() > MAX_NODES {
        return Err(Mistake::new(0..text.len(), Fault::TooLarge));
    }
    let mut parser = Parser { text, tokens, at: 0, depth: 0 };
    let node = parser.condition()?;
    match parser.peek() {
        Token::End => Ok(node),
        _ => Err(parser.expected("`&&`, `||` or the end", "join two conditions with `&&` or `||`")),
    }
}

struct Parser<'t> {
    text: &'t str,
    /// Ends with [`Token::End`], which is never stepped over.
    tokens: Vec<(Token<'t>, Range<usize>)>,
    at: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn condition(&mut self) -> Result<Node<'t>, Mistake> {
        self.joined(Token::Or, Form::Or, |parser| parser.joined(Token::And, Form::And, Parser::one))
    }

    /// `part { sign part }`
    fn joined(
        &mut self,
        sign: Token<'_>,
        form: fn(Vec<Node<'t>>) -> Form<'t>,
        part: impl Fn(&mut Self) -> Result<Node<'t>, Mistake>,
    ) -> Result<Node<'t>, Mistake> {
        let first = part(self)?;
        if self.peek() != sign {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.peek() == sign {
            self.step();
            parts.push(part(self)?);
        }
        let span = parts[0].span.start..parts[parts.len() - 1].span.end;
        Ok(Node { span, form: form(parts) })
    }

    fn one(&mut self) -> Result<Node<'t>, Mistake> {
        if self.peek() != Token::Not {
            return self.comparison();
        }
        let start = self.step().start;
        let inner = self.deeper(|parser| match parser.peek() {
            Token::Not => parser.one(),
            _ => parser.value(),
        })?;
        if let Token::Compare(_) = self.peek() {
            return Err(Mistake::new(start..self.span().end, Fault::NotBeforeComparison));
        }
        Ok(Node { span: start..inner.span.end, form: Form::Not(Box::new(inner)) })
    }

    fn comparison(&mut self) -> Result<Node<'t>, Mistake> {
        let left = self.value()?;
        let Token::Compare(sign) = self.peek() else { return Ok(left) };
        self.step();
        let right = self.value()?;
        if let Token::Compare(_) = self.peek() {
            return Err(Mistake::new(self.span(), Fault::Chained));
        }
        Ok(Node { span: left.span.start..right.span.end, form: Form::Compare(sign, Box::new((left, right))) })
    }

    fn value(&mut self) -> Result<Node<'t>, Mistake> {
        let (token, span) = (self.peek(), self.span());
        let form = match token {
            Token::Open => {
                self.step();
                let inner = self.deeper(Parser::condition)?;
                let end = self.close(&span)?;
                return Ok(Node { span: span.start..end, form: inner.form });
            }
            Token::Name("true") => Form::Truth(true),
            Token::Name("false") => Form::Truth(false),
            Token::Number(number) => Form::Number(number),
            Token::Text(text) => Form::Text(text),
            Token::Name(name) => {
                self.step();
                return if self.peek() == Token::Open { self.method(name, span) } else { Ok(named(name, span)) };
            }
            Token::And | Token::Or | Token::Not | Token::Compare(_) | Token::Close | Token::Comma | Token::End => {
                return Err(self.expected("a name or a value", "write for instance `french >= 4`"));
            }
        };
        self.step();
        Ok(Node { span, form })
    }

    /// At the parenthesis behind `name`.
    fn method(&mut self, name: &'t str, span: Range<usize>) -> Result<Node<'t>, Mistake> {
        let Some((on, method)) = name.rsplit_once('.') else {
            return Err(Mistake::new(span, Fault::Method(name.into())));
        };
        let open = self.step();
        let mut arguments = Vec::new();
        while self.peek() != Token::Close {
            arguments.push(self.deeper(Parser::value)?);
            if self.peek() != Token::Comma {
                break;
            }
            self.step();
        }
        let end = self.close(&open)?;
        Ok(Node { span: span.start..end, form: Form::Method { on, method, arguments } })
    }

    /// The end of the parenthesis that opened at `open`.
    fn close(&mut self, open: &Range<usize>) -> Result<usize, Mistake> {
        match self.peek() {
            Token::Close => Ok(self.step().end),
            Token::End => Err(Mistake::new(open.clone(), Fault::OpenParenthesis)),
            _ => Err(self.expected("`)`", "close the parenthesis, or join by `&&` or `||`")),
        }
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Mistake>) -> Result<T, Mistake> {
        if self.depth == MAX_DEPTH {
            return Err(Mistake::new(self.span(), Fault::TooDeep));
        }
        self.depth += 1;
        let found = read(self);
        self.depth -= 1;
        found
    }

    fn peek(&self) -> Token<'t> {
        self.tokens[self.at].0
    }

    fn span(&self) -> Range<usize> {
        self.tokens[self.at].1.clone()
    }

    fn step(&mut self) -> Range<usize> {
        let span = self.span();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        span
    }

    fn expected(&self, expected: &'static str, help: &'static str) -> Mistake {
        let found = self.peek().spell(self.text, &self.span());
        Mistake::new(self.span(), Fault::Expected { expected, found, help })
    }
}

fn named(name: &str, span: Range<usize>) -> Node<'_> {
    Node { span, form: Form::Name(name) }
}
