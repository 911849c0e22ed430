//! Build script: lists every sound of this folder for the binary, so that one file is a whole call centre.
//!
//! Only a list is made here; the compiler reads the files themselves (`include_bytes!`), so nothing is copied and a
//! build that changes no sound costs nothing. Why they lie in the binary as they are: `src/decisions/0008`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

#[expect(clippy::print_stdout, reason = "a build script speaks with cargo on stdout")]
fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the package is"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo says where to write"));
    let folder = root.join("sounds");
    let mut waves = Vec::new();
    find(&folder, "", &mut waves)?;
    waves.sort();
    let mut list = String::from("&[\n");
    for name in &waves {
        // The compiler puts the folder in front, so that a checkout may be moved. Writing to a String cannot fail.
        let _ = writeln!(
            list,
            "    ({name:?}, include_bytes!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {:?}))),",
            format!("/sounds/{name}")
        );
    }
    list.push(']');
    println!("cargo::rerun-if-changed=sounds");
    fs::write(out.join("sounds.rs"), list)
}

/// Paths relative to the folder, with `/` between the parts.
fn find(folder: &Path, prefix: &str, waves: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Some(name) = entry.file_name().to_str().map(|name| format!("{prefix}{name}")) else { continue };
        if entry.file_type()?.is_dir() {
            find(&entry.path(), &format!("{name}/"), waves)?;
        } else if name.ends_with(".wav") {
            waves.push(name);
        }
    }
    Ok(())
}
