//! Texts in quotes, as `{:?}` writes them, and the configuration that is kept in such.

use model::ConfigText;

/// The configuration a `configured` line holds; `None` when it holds none.
pub fn config_texts(detail: &str) -> Option<Vec<ConfigText>> {
    let (mut texts, mut rest) = (Vec::new(), detail);
    while !rest.is_empty() {
        let (file, after) = said(rest, "file")?;
        let (text, after) = said(after, "text")?;
        texts.push(ConfigText { file: file.into(), text: text.into() });
        rest = after;
    }
    (!texts.is_empty()).then_some(texts)
}

/// The value of the next name, which is this one, and what follows it.
fn said<'a>(text: &'a str, name: &str) -> Option<(String, &'a str)> {
    let value = text.strip_prefix(name)?.strip_prefix('=')?;
    let (said, after) = match value.strip_prefix('"') {
        Some(quoted) => {
            let end = closing_quote(quoted)?;
            (unquoted(quoted.get(..end)?)?, quoted.get(end + 1..)?)
        }
        None => {
            let end = value.find(' ').unwrap_or(value.len());
            (value.get(..end)?.to_owned(), value.get(end..)?)
        }
    };
    Some((said, after.trim_start_matches(' ')))
}

/// What `{:?}` made of a text, back again.
pub(super) fn unquoted(text: &str) -> Option<String> {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((plain, escaped)) = rest.split_once('\\') {
        out.push_str(plain);
        let escape = escaped.chars().next()?;
        rest = escaped.get(escape.len_utf8()..)?;
        out.push(match escape {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '0' => '\0',
            '\\' | '"' | '\'' => escape,
            'u' => {
                let (digits, after) = rest.strip_prefix('{')?.split_once('}')?;
                rest = after;
                u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)?
            }
            _ => return None,
        });
    }
    out.push_str(rest);
    Some(out)
}

/// Where a text written by `{:?}` ends, the opening quote left out.
pub(super) fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match (escaped, c) {
            (false, '"') => return Some(at),
            (false, '\\') => escaped = true,
            _ => escaped = false,
        }
    }
    None
}
