//! Secrets nobody gave: made once, kept in a private file, shown once.

use config::{Config, SecretSlot, Secrets};
use model::Secret;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};

/// Letters and digits no two of which look alike on paper: 32 of them, five bits each.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// 100 bits: nobody guesses it, a person can still type it.
const LENGTH: usize = 20;

/// Makes what is missing, stores it with mode 0600 and gives back the lines to show the operator.
pub(crate) fn complete(config: &mut Config) -> Result<Vec<String>, String> {
    make_missing(config).map_err(|error| {
        let file = config.secrets_file.display();
        let hint = "give its folder to the user who runs the server (chown), name another store.url, or give every [[phone]] a password_file";
        format!("the passwords that were made cannot be kept in {file}: {error}; {hint}")
    })
}

fn make_missing(config: &mut Config) -> io::Result<Vec<String>> {
    let missing = config.missing_secrets();
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let mut secrets = Secrets::read(&config.secrets_file).map_err(io::Error::other)?;
    let mut shown = Vec::new();
    for slot in missing {
        let secret = random_secret()?;
        let SecretSlot::PhonePassword(phone) = &slot;
        shown.push(format!("phone {phone} registers with password {secret}"));
        secrets.insert(slot, Secret::new(secret));
    }
    write_private(&config.secrets_file, &secrets)?;
    config.supply_secrets(&secrets);
    Ok(shown)
}

fn write_private(path: &std::path::Path, secrets: &Secrets) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    // Written aside and moved, so that a full disk cannot cost the passwords there were.
    let aside = path.with_extension("toml.new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
    file.write_all(secrets.render().as_bytes())?;
    file.sync_all()?;
    fs::rename(aside, path)
}

fn random_secret() -> io::Result<String> {
    let mut bytes = [0u8; LENGTH];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect())
}
