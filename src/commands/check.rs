//! `strowger check`: reads everything, binds nothing.

use crate::cli::ConfigArg;
use crate::commands::overtaking;
use crate::say;
use crate::sounds::Sounds;
use config::Config;

/// The configuration a command works with and the sounds it names; the whole report as the error.
pub(crate) fn load_or_report(args: &ConfigArg) -> Result<(Config, Sounds), String> {
    let sounds = sounds(args)?;
    match load(args, &sounds.names) {
        Ok(config) => Ok((config, sounds)),
        Err(report) => Err(format!("the configuration cannot be used\n{report}")),
    }
}

/// The sounds this configuration may name. A file that cannot be read is the matter of [`load`].
fn sounds(args: &ConfigArg) -> Result<Sounds, String> {
    let glimpse = config::Glimpse::of(args.config.as_deref()).ok();
    Sounds::find(glimpse.and_then(|glimpse| glimpse.sounds).as_deref())
}

/// Where the store is and which time zone counts; also of a file that cannot be served.
pub(crate) fn glimpse(args: &ConfigArg) -> Result<config::Glimpse, String> {
    let file = args.config.as_deref();
    config::Glimpse::of(file).map_err(|error| match file {
        Some(file) => format!("{}: {error}", file.display()),
        None => error.to_string(),
    })
}

fn load(args: &ConfigArg, sounds: &config::SoundNames) -> Result<Config, config::Report> {
    match &args.config {
        Some(file) => config::load(file, sounds),
        None => config::embedded(sounds),
    }
}

/// True: the configuration can be served.
pub(crate) fn run(args: &ConfigArg) -> Result<bool, String> {
    let config = match load(args, &sounds(args)?.names) {
        Ok(config) => config,
        Err(report) => return say::out(&format!("{report}\n")).map(|()| false),
    };
    let mut text = String::new();
    for warning in &config.warnings {
        text += &format!("{warning}\n\n");
    }
    for bound in overtaking::bounds(&config.directory) {
        text += &format!("{bound}\n");
    }
    let d = &config.directory;
    text += &format!(
        "ok: {} queues, {} agents, {} phones, {} trunks, {} numbers, {} routes\n",
        d.queues.len(),
        d.agents.len(),
        d.phones.len(),
        d.trunks.len(),
        d.numbers.len(),
        d.routes.len()
    );
    say::out(&text).map(|()| true)
}
