//! `[generation]`.

use crate::modules::Modules;
use crate::table::{Table, Wrong};
use engine::MODULES;
use model::Generation;

/// The highest generation of which something is built.
const TODAY: Generation = Generation::Cti;

pub(crate) fn read(table: &Table<'_>) -> Modules {
    let level = table.convert("level", |value| {
        let level = value.integer()?;
        let found = u8::try_from(level).ok().and_then(Generation::from_level);
        let today = format!("today there are levels 1 to {}", TODAY.level());
        match found {
            Some(level) if level <= TODAY => Ok(level),
            Some(later) => {
                Err(Wrong::new(format!("generation.level {level} needs {}, a later version", brings(later)), today))
            }
            None => Err(Wrong::new(format!("there is no generation {level}"), today)),
        }
    });
    let missing: Vec<&str> =
        MODULES.iter().filter(|m| !m.built && m.generation <= level.value).map(|m| m.name).collect();
    if !missing.is_empty() {
        let message = format!("generation {} is not all there: {} will come", level.value.level(), missing.join(", "));
        table.reader.warn(level.span, message, "what is there can be used");
    }
    Modules::read(table, level.value)
}

fn brings(generation: Generation) -> &'static str {
    match generation {
        Generation::Hotline => "the hotline",
        Generation::Ivr => "self-service by keys",
        Generation::Cti => "voice and data in step",
        Generation::Multimedia => "one queue over all media",
        Generation::Platform => "the platform: tenants, cluster, workforce",
    }
}
