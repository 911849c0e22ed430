use std::sync::LazyLock;
use toml::de::DeTable;

const TEXT: &str = include_str!("defaults.toml");

/// The defaults as they are read: the one place where a key's default is written.
pub(crate) static DEFAULTS: LazyLock<DeTable<'static>> =
    LazyLock::new(|| DeTable::parse(TEXT).expect("our own text, read by every test").into_inner());

/// Every key with its default and what it is for, as `strowger config` prints it.
pub fn render_defaults() -> &'static str {
    TEXT
}
