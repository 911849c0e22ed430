//! What a whole configuration text comes to.

mod agents;
mod defaults;
mod files;
mod issue;
mod mistakes_file;
mod mistakes_later;
mod mistakes_people;
mod mistakes_routing;
mod mistakes_rules;
mod mistakes_site;
mod mistakes_types;
mod modules;
mod mutations;
mod reload;
mod reserves;
mod routing;
mod serving;
mod size;
mod warnings;

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

/// A text with a mistake, and all that is said about it.
pub(crate) fn refused(text: &str, expected: &str) {
    assert_eq!(report(text.trim_start()).trim_end(), expected.trim());
}

pub(crate) fn warned(text: &str, expected: &str) {
    assert_eq!(warnings(text.trim_start()).trim_end(), expected.trim());
}
