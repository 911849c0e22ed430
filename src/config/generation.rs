//! `[generation]`.

use crate::table::{Table, Wrong};
use model::Generation;

const NEEDS: [(u8, &str); 4] = [
    (2, "self-service by keys"),
    (3, "voice and data in step"),
    (4, "one queue over all media"),
    (5, "the platform: tenants, cluster, workforce"),
];

pub(crate) fn read(table: &Table<'_>) -> Generation {
    let level = table.convert("level", |value| {
        let level = value.integer()?;
        if level == 1 {
            return Ok(Generation::Hotline);
        }
        match NEEDS.iter().find(|(later, _)| i64::from(*later) == level) {
            Some((_, what)) => Err(Wrong::new(
                format!("generation.level {level} needs {what}, a later version"),
                "today there is level 1",
            )),
            None => Err(Wrong::new(format!("there is no generation {level}"), "today there is level 1")),
        }
    });
    level.value
}
