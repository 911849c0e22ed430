//! `[[reason]]` and `[agent_states]`.

use crate::reader::Reader;
use crate::scalar;
use crate::source::Span;
use crate::table::{Table, Wrong};
use model::{NotReadyReason, Reason, Reasons};

/// Two keys of a telephone.
const CODES: core::ops::RangeInclusive<u32> = 1..=99;
const NEEDED: [(&str, bool); 2] = [("optional", false), ("mandatory", true)];

pub(crate) fn read(states: &Table<'_>, reasons: &[Table<'_>], reader: &Reader<'_>) -> Reasons {
    let mut found: Vec<(Reason, Span)> = Vec::new();
    for table in reasons {
        let code = table.attempt("code", |value| {
            let number = value.integer()?;
            let code = u32::try_from(number).ok().filter(|n| CODES.contains(n));
            code.map(|n| n as u8).ok_or_else(|| {
                Wrong::new(format!("{number} is no code that is dialled"), "one or two digits: from 1 to 99")
            })
        });
        let name = table.attempt("name", |value| {
            let text = value.text()?;
            scalar::name(text)?;
            if NotReadyReason::of_word(text).is_some() {
                return Err(Wrong::new(format!("`{text}` is a reason the system gives"), "take another word"));
            }
            Ok(Box::<str>::from(text))
        });
        let (Some(code), Some(name)) = (code, name) else { continue };
        let alike = |r: &&(Reason, Span)| r.0.code == code.value || r.0.name == name.value;
        if let Some((first, span)) = found.iter().find(alike) {
            let (what, at) = if first.code == code.value { ("code", code.span) } else { ("name", name.span) };
            reader.clash(at, format!("two reasons have this {what}"), "each has its own", ("the first stands", *span));
            continue;
        }
        found.push((Reason { code: code.value, name: name.value }, table.span));
    }
    found.sort_by_key(|(reason, _)| reason.code);
    let needed = |key: &str| {
        let needed = states.word(key, &NEEDED, &[]);
        if needed && reasons.is_empty() {
            let span = states.value(key).span;
            reader.error(span, format!("`{key}` asks for a reason and there is none"), "add a [[reason]]");
        }
        needed
    };
    let (for_not_ready, for_sign_off) = (needed("not_ready_reason"), needed("sign_off_reason"));
    Reasons { all: found.into_iter().map(|(reason, _)| reason).collect(), for_not_ready, for_sign_off }
}
