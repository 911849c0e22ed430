//! What a whole configuration text comes to.

mod defaults;
mod issue;
mod messages;

use crate::include::Gathered;
use crate::load::build;
use crate::source::Source;
use crate::{Config, Report, SoundNames, list_sounds};
use std::path::Path;

/// The bundled sounds.
pub(crate) fn sounds() -> SoundNames {
    list_sounds(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../sounds"))).expect("the tree's sounds")
}

/// The environment has `STROWGER_PASSWORD` and an empty `EMPTY`.
pub(crate) fn read(text: &str) -> Result<Config, Report> {
    let environment = |name: &str| match name {
        "STROWGER_PASSWORD" => Some("from the environment".to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    };
    build(Gathered::text(Source::embedded("t.toml", text)), None, &sounds(), &environment)
}

pub(crate) fn report(text: &str) -> String {
    match read(text) {
        Ok(config) => panic!("this was accepted, with {:?}", config.warnings),
        Err(report) => report.to_string(),
    }
}

pub(crate) fn warnings(text: &str) -> String {
    match read(text) {
        Ok(config) => config.warnings.iter().map(ToString::to_string).collect(),
        Err(report) => panic!("{report}"),
    }
}
