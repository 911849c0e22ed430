//! Finds the folder with the bundled sounds.

use std::path::PathBuf;

/// Where sounds are looked for, in this order.
fn places() -> Vec<PathBuf> {
    let mut places = Vec::new();
    if let Some(given) = std::env::var_os("STROWGER_SOUNDS") {
        return vec![given.into()];
    }
    places.push("sounds".into());
    if let Ok(program) = std::env::current_exe() {
        // Beside the program, or in the source tree it was built in.
        places.extend(program.ancestors().skip(1).take(4).map(|folder| folder.join("sounds")));
    }
    places.push("/usr/local/share/strowger/sounds".into());
    places.push("/usr/share/strowger/sounds".into());
    places
}

pub(crate) fn folder() -> Result<PathBuf, String> {
    let places = places();
    places.iter().find(|folder| folder.join("manifest.toml").is_file()).cloned().ok_or_else(|| {
        let tried: Vec<String> = places.iter().map(|place| place.display().to_string()).collect();
        format!(
            "the sounds are not found; tried {}; name their folder in the environment variable STROWGER_SOUNDS",
            tried.join(", ")
        )
    })
}

pub(crate) fn names() -> Result<config::SoundNames, String> {
    let folder = folder()?;
    config::list_sounds(&folder).map_err(|error| format!("{}: {error}", folder.display()))
}
