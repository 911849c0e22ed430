//! `[[route]]`.

use crate::scalar;
use crate::table::{Table, Wrong};
use crate::target::Refs;
use model::{ClassOfService, Route, TrunkId};

pub(crate) const CLASSES: [(&str, ClassOfService); 5] = [
    ("internal", ClassOfService::Internal),
    ("local", ClassOfService::Local),
    ("national", ClassOfService::National),
    ("international", ClassOfService::International),
    ("premium", ClassOfService::Premium),
];

/// `host_of` says whether a trunk can be called outward.
pub(crate) fn read(table: &Table<'_>, refs: &Refs<'_>, outward: &dyn Fn(TrunkId) -> bool) -> Option<Route> {
    let reader = table.reader;
    let pattern = table.attempt("match", |value| scalar::pattern(value.text()?));
    let trunks = table.attempt("trunks", |_| Ok(())).map(|_| {
        table.list("trunks", |value| {
            let name = value.text()?;
            let trunk = TrunkId(refs.trunks.find(name)?);
            if !outward(trunk) {
                return Err(Wrong::new(
                    format!("trunk \"{name}\" has no `host`: nothing can leave by it"),
                    "add `host` there",
                ));
            }
            Ok(trunk)
        })
    });
    let class = table.convert("class", |value| match value.text()? {
        "emergency" => Ok((ClassOfService::Internal, true)),
        text => Ok((class(text)?, false)),
    });
    let strip = table.count("strip", 0..=u32::from(u8::MAX)) as u8;
    let prepend = table.convert("prepend", |value| match value.text()? {
        "" => Ok(""),
        text if text.strip_prefix('+').unwrap_or(text).bytes().all(|b| b.is_ascii_digit()) && text.len() <= 32 => {
            Ok(text)
        }
        text => {
            Err(Wrong::new(format!("`{text}` cannot be put before a number"), "write digits, with `+` only in front"))
        }
    });
    let caller_id = table.convert("caller_id", |value| match value.text()? {
        "keep" => Ok(None),
        text => Ok(Some(scalar::number(text)?.into())),
    });
    let (pattern, trunks) = (pattern?, trunks?);
    if table.is_empty_list("trunks") {
        reader.error(trunks.span, "a route needs at least one trunk", "write [\"carrier\"]");
    }
    if usize::from(strip) > pattern.value.stem.len() {
        let message = format!("strip {strip} takes away more than `match` is sure to have");
        reader.error(table.value("strip").span, message, format!("at most {}", pattern.value.stem.len()));
    }
    Some(Route {
        pattern: pattern.value,
        trunks: crate::sip::plain(trunks.value),
        class: class.value.0,
        emergency: class.value.1,
        strip,
        prepend: prepend.value.into(),
        caller_id: caller_id.value,
    })
}

fn class(text: &str) -> Result<ClassOfService, Wrong> {
    scalar::word("class", text, &CLASSES, &[]).map_err(|wrong| {
        let help = if wrong.help.starts_with("one of") { format!("{}, \"emergency\"", wrong.help) } else { wrong.help };
        Wrong { help, ..wrong }
    })
}
