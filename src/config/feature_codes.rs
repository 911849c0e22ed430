//! `[feature_codes]`.

use crate::source::At;
use crate::table::{Table, Wrong};
use model::FeatureCodes;

pub(crate) fn read(table: &Table<'_>) -> FeatureCodes {
    let mut seen: Vec<(&'static str, At<Box<str>>)> = Vec::with_capacity(8);
    let mut code = |key: &'static str| {
        let found = table.convert(key, |value| Ok(Box::<str>::from(code(value.text()?)?)));
        // What is dialled goes on after some codes, so no code may be the beginning of another.
        let clashes =
            |other: &At<Box<str>>| other.value.starts_with(&*found.value) || found.value.starts_with(&*other.value);
        if let Some((other, first)) = seen.iter().find(|(_, other)| clashes(other)) {
            let message = format!("{key} \"{}\" and {other} \"{}\" cannot be told apart", found.value, first.value);
            table.reader.clash(found.span, message, "no code may begin with another", ("the other stands", first.span));
        }
        seen.push((key, found.clone()));
        found.value
    };
    FeatureCodes {
        sign_on: code("sign_on"),
        sign_off: code("sign_off"),
        ready: code("ready"),
        not_ready: code("not_ready"),
        listen: code("listen"),
        whisper: code("whisper"),
        barge: code("barge"),
        take_over: code("take_over"),
    }
}

/// A code starts with `*` or `#`, so that it is never somebody's number.
fn code(text: &str) -> Result<&str, Wrong> {
    let keys = text.bytes().all(|b| b.is_ascii_digit() || b == b'*' || b == b'#');
    if keys && (2..=16).contains(&text.len()) && text.starts_with(['*', '#']) {
        Ok(text)
    } else {
        Err(Wrong::new(
            format!("`{text}` is not a feature code"),
            "write `*` or `#` and then keys of a telephone, such as \"*11\"",
        ))
    }
}
