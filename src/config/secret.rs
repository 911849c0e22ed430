//! Passwords and PINs: as text, from a file, from the environment; and those the process makes itself.

use crate::limits::MAX_SECRET_BYTES;
use crate::source::{At, spoken, world_readable};
use crate::table::{Table, Wrong};
use model::Secret;
use std::collections::BTreeMap;
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// A secret that nobody gave and the process makes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum SecretSlot {
    /// The password this phone registers with.
    PhonePassword(Box<str>),
}

/// The secrets the process has made, as they stand in `secrets.toml`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Secrets {
    made: BTreeMap<SecretSlot, Secret>,
}

impl Secrets {
    pub fn insert(&mut self, slot: SecretSlot, secret: Secret) {
        self.made.insert(slot, secret);
    }

    pub fn find(&self, slot: &SecretSlot) -> Option<&Secret> {
        self.made.get(slot)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&SecretSlot, &Secret)> {
        self.made.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.made.is_empty()
    }

    /// The text of `secrets.toml`; whoever writes it gives the file mode 0600.
    pub fn render(&self) -> String {
        let mut text =
            String::from("# Passwords nobody gave, made by Strowger. Keep this file private (mode 0600).\n[phone]\n");
        for (SecretSlot::PhonePassword(phone), secret) in &self.made {
            text.push_str(&format!("{} = {}\n", quoted(phone), quoted(secret.expose())));
        }
        text
    }

    /// No file: no secrets yet.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Secrets::default()),
            Err(error) => return Err(spoken(&error)),
        };
        let help = "not a file of secrets as Strowger writes it; move it away to have new ones made";
        Secrets::parse(&text).ok_or_else(|| help.into())
    }

    fn parse(text: &str) -> Option<Self> {
        let tree = DeTable::parse(text).ok()?;
        let mut secrets = Secrets::default();
        for (key, value) in tree.get_ref() {
            let ("phone", DeValue::Table(phones)) = (&**key.get_ref(), value.get_ref()) else { return None };
            for (phone, password) in phones {
                let slot = SecretSlot::PhonePassword((&**phone.get_ref()).into());
                secrets.insert(slot, Secret::new(password.get_ref().as_str()?));
            }
        }
        Some(secrets)
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

pub(crate) const PASSWORD: [&str; 3] = ["password", "password_file", "password_env"];
pub(crate) const PIN: [&str; 3] = ["pin", "pin_file", "pin_env"];

/// `x`, `x_file` or `x_env`, at most one; empty ones count as left out.
pub(crate) fn secret(table: &Table<'_>, [plain, file, env]: [&'static str; 3]) -> Option<At<Secret>> {
    let mut given = [plain, file, env].into_iter().filter_map(|key| {
        let text = table.is_given(key).then(|| table.text(key))?;
        (!text.value.is_empty()).then_some((key, text))
    });
    let (key, text) = given.next()?;
    if let Some((other, second)) = given.next() {
        let message = format!("`{key}` and `{other}` are both given");
        table.reader.clash(second.span, message, "keep one of them", ("the other stands", text.span));
        return None;
    }
    let found = if table.reader.kept {
        // Fit for a PIN too.
        Ok("000000".to_owned())
    } else if key == file {
        from_file(table, &text)
    } else if key == env {
        from_environment(table, &text.value)
    } else {
        table.reader.warn_when_readable(text.span);
        Ok(text.value.to_string())
    };
    match found {
        Ok(value) => Some(At { value: Secret::new(value), span: text.span }),
        Err(wrong) => {
            table.reader.error(text.span, wrong.message, wrong.help);
            None
        }
    }
}

fn from_file(table: &Table<'_>, name: &At<std::borrow::Cow<'_, str>>) -> Result<String, Wrong> {
    let path = table.reader.folder(name.span).join(&*name.value);
    let help = "write the name of a file that holds the secret on one line";
    let refused = |why: String| Wrong::new(format!("{}: {why}", path.display()), help);
    let metadata = std::fs::metadata(&path).map_err(|e| refused(spoken(&e)))?;
    if metadata.len() > MAX_SECRET_BYTES {
        return Err(refused(format!("more than {MAX_SECRET_BYTES} octets are no secret")));
    }
    let text = std::fs::read_to_string(&path).map_err(|e| refused(spoken(&e)))?;
    table.reader.secret_files.borrow_mut().push(path.clone());
    let line = text.trim_end_matches(['\r', '\n']);
    if line.is_empty() || line.contains(['\r', '\n', '\0']) {
        return Err(refused("the file does not hold one line".into()));
    }
    if world_readable(&metadata) {
        table.reader.warn(name.span, format!("everybody on this machine can read {}", path.display()), "chmod o-r");
    }
    Ok(line.to_owned())
}

fn from_environment(table: &Table<'_>, name: &str) -> Result<String, Wrong> {
    match (table.reader.environment)(name) {
        Some(value) if !value.is_empty() => Ok(value),
        Some(_) => Err(Wrong::new(format!("the environment variable {name} is empty"), "set it before the start")),
        None => Err(Wrong::new(format!("there is no environment variable {name}"), "set it before the start")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_secrets_are_read_as_they_were_written() {
        let mut secrets = Secrets::default();
        secrets.insert(SecretSlot::PhonePassword("1001".into()), Secret::new("a\"b\\c"));
        secrets.insert(SecretSlot::PhonePassword("客".into()), Secret::new("x"));
        assert_eq!(Secrets::parse(&secrets.render()), Some(secrets));
        assert_eq!(Secrets::parse("[phone]\n1001 = 7\n"), None);
        assert_eq!(Secrets::parse("[trunk]\n"), None);
    }
}
