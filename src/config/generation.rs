//! `[generation]`.

use crate::modules::Modules;
use crate::table::{Table, Wrong};
use engine::MODULES;
use model::Generation;

pub(crate) fn read(table: &Table<'_>) -> Modules {
    let level = table.convert("level", |value| {
        let level = value.integer()?;
        let found = u8::try_from(level).ok().and_then(Generation::from_level);
        found.ok_or_else(|| {
            let help = format!("from 1 to {}", Generation::ALL.len());
            Wrong::new(format!("there is no generation {level}"), help)
        })
    });
    let missing: Vec<&str> =
        MODULES.iter().filter(|m| !m.built && m.generation <= level.value).map(|m| m.name).collect();
    if !missing.is_empty() {
        let message = format!("generation {} is not all there: {} will come", level.value.level(), missing.join(", "));
        table.reader.warn(level.span, message, "what is there can be used");
    }
    Modules::read(table, level.value)
}
