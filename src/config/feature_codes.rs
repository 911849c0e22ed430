//! `[feature_codes]`.

use crate::table::{Table, Wrong};
use model::FeatureCodes;

pub(crate) fn read(table: &Table<'_>) -> FeatureCodes {
    let code = |key: &str| table.convert(key, |value| Ok(Box::<str>::from(code(value.text()?)?))).value;
    let codes = FeatureCodes {
        sign_on: code("sign_on"),
        sign_off: code("sign_off"),
        ready: code("ready"),
        not_ready: code("not_ready"),
        extend: code("extend"),
        listen: code("listen"),
        whisper: code("whisper"),
        barge: code("barge"),
        take_over: code("take_over"),
    };
    check_beginnings(table, &codes);
    codes
}

/// What is dialled goes on after some codes, so no code may be the beginning of another.
fn check_beginnings(table: &Table<'_>, codes: &FeatureCodes) {
    let all = [
        ("sign_on", &*codes.sign_on),
        ("sign_off", &*codes.sign_off),
        ("ready", &*codes.ready),
        ("not_ready", &*codes.not_ready),
        ("extend", &*codes.extend),
        ("listen", &*codes.listen),
        ("whisper", &*codes.whisper),
        ("barge", &*codes.barge),
        ("take_over", &*codes.take_over),
    ];
    // Only what was written can be mended.
    for (n, (key, own)) in all.iter().enumerate().filter(|(_, (key, _))| table.is_given(key)) {
        let clashes = |(m, (other, theirs)): &(usize, &(&str, &str))| {
            let told = *m > n && table.is_given(other);
            *m != n && !told && (own.starts_with(theirs) || theirs.starts_with(own))
        };
        let Some((_, (other, theirs))) = all.iter().enumerate().find(clashes) else { continue };
        let message = format!("{key} \"{own}\" and {other} \"{theirs}\" cannot be told apart");
        let help = "no code may begin with another";
        let span = table.value(key).span;
        if table.is_given(other) {
            table.reader.clash(span, message, help, ("the other stands", table.value(other).span));
        } else {
            table.reader.error(span, message, help);
        }
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
