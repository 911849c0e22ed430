use std::sync::LazyLock;
use toml::de::DeTable;

const TEXT: &str = include_str!("defaults.toml");

/// The defaults as they are read: the one place where a key's default is written.
pub(crate) static DEFAULTS: LazyLock<DeTable<'static>> =
    LazyLock::new(|| DeTable::parse(TEXT).expect("our own text, read by every test").into_inner());

/// Every key with its default and what it is for, as `strowger config` prints it: a configuration that can be served.
/// What exists only by a name of its own (trunks, queues, people, …) stands there as a comment to be copied.
pub fn render_defaults() -> String {
    let (settings, samples) = TEXT.split_once("\n[[").expect("our own text, read by every test");
    let samples = format!("[[{samples}");
    let comment = |line: &str| if line.is_empty() { "#\n".to_owned() } else { format!("#{line}\n") };
    settings
        .lines()
        .map(|line| format!("{line}\n"))
        .chain([SAMPLES.to_owned()])
        .chain(samples.lines().map(comment))
        .collect()
}

const SAMPLES: &str = "\
# From here on: what exists only by a name of its own, with the defaults of its other keys. Take the `#` from a table,
# give it a name, and keep the lines that are to differ. Of password, password_file and password_env at most one stays.

";
