//! Keys and tables that are known but belong to a later version: refused by name, never ignored.

use std::sync::LazyLock;
use toml::de::{DeTable, DeValue};

/// A level of the generation may be named there, and setting it would change nothing.
pub(crate) const NOT_YET: &str = "leave it out: this version does not have it, at no generation.level";

pub(crate) enum Answer {
    Unknown,
    /// Says what is the case anyway.
    Harmless,
    Needs(&'static str),
}

pub(crate) fn key(title: &str, key: &str, value: &DeValue<'_>) -> Answer {
    match (title, key) {
        (title, "tenant") if title.starts_with("[[") => {
            if value.as_str() == Some("main") {
                Answer::Harmless
            } else {
                Answer::Needs("tenants (generation 5)")
            }
        }
        ("[sip]", "tls_certificate" | "tls_key" | "certificate" | "key") => {
            Answer::Needs("SIP over TLS (a later version)")
        }
        ("[http]", "tls_certificate" | "tls_key" | "certificate" | "key") => Answer::Needs("HTTPS (a later version)"),
        ("[[trunk]]", "transport") => {
            Answer::Needs("a transport of its own (a later version; today the look-up of RFC 3263 decides)")
        }
        _ => Answer::Unknown,
    }
}

/// A table of the document itself.
pub(crate) fn table(name: &str) -> Option<&'static str> {
    Some(match name {
        "script" | "ivr" => "scripts for callers (generation 2)",
        "cti" | "hook" | "customer" | "desktop" => "voice and data in step (generation 3)",
        "campaign" => "outbound campaigns (generation 3)",
        "mail" | "sms" | "chat" | "robot" => "one queue over all media (generation 4)",
        "tenant" | "bus" | "workforce" | "cluster" => "the platform (generation 5)",
        _ => return None,
    })
}

/// The keys of inner tables that are off by default, so that `defaults.toml` cannot show them as values.
pub(crate) fn inner_defaults(title: &str) -> &'static DeTable<'static> {
    static MAX_WAIT: LazyLock<DeTable<'static>> = LazyLock::new(|| parse("after = \"\"\nto = \"\""));
    static MAX_LENGTH: LazyLock<DeTable<'static>> = LazyLock::new(|| parse("at = 200\nto = \"\""));
    static MAX_EXPECTED_WAIT: LazyLock<DeTable<'static>> = LazyLock::new(|| parse("over = \"5m\"\nto = \"\""));
    static MIN_STAFFED: LazyLock<DeTable<'static>> = LazyLock::new(|| parse("agents = 1\nto = \"\""));
    static AGEING: LazyLock<DeTable<'static>> = LazyLock::new(|| parse("per_minute = 1\ncap = 20"));
    static STEP: LazyLock<DeTable<'static>> = LazyLock::new(|| parse("needs = \"\"\nfor = \"30s\"\nif = \"\""));
    static RESERVE: LazyLock<DeTable<'static>> =
        LazyLock::new(|| parse("level = 1\nqueue = \"\"\nwhen = \"\"\nuntil = \"\"\nhold = \"1m\"\nadjust = false"));
    static STICKY: LazyLock<DeTable<'static>> = LazyLock::new(|| parse("wait = \"20s\"\nremember = \"7d\""));
    static RULE: LazyLock<DeTable<'static>> =
        LazyLock::new(|| parse("name = \"\"\nif = \"\"\npriority = 0\nneeds = \"\"\nagent = \"\"\nwait = \"20s\""));
    static CALLBACK: LazyLock<DeTable<'static>> = LazyLock::new(|| {
        parse("first = \"agent\"\nclass = \"national\"\nhours = \"\"\nring = \"30s\"\ntries = 3\nevery = \"10m\"")
    });
    static WARNING: LazyLock<DeTable<'static>> =
        LazyLock::new(|| parse("expected_wait = \"off\"\nlength = \"off\"\nsound = \"queue/long-wait\""));
    static BREATHER: LazyLock<DeTable<'static>> =
        LazyLock::new(|| parse("contacts = \"off\"\noccupancy = \"off\"\nfor = \"30s\""));
    static EMPTY: LazyLock<DeTable<'static>> = LazyLock::new(DeTable::new);
    match title {
        "max_wait" => &MAX_WAIT,
        "max_length" => &MAX_LENGTH,
        "max_expected_wait" => &MAX_EXPECTED_WAIT,
        "min_staffed" => &MIN_STAFFED,
        "ageing" => &AGEING,
        "step" => &STEP,
        "reserve" => &RESERVE,
        "sticky" => &STICKY,
        "callback" => &CALLBACK,
        "rule" => &RULE,
        "warning" => &WARNING,
        "breather" => &BREATHER,
        _ => &EMPTY,
    }
}

fn parse(text: &'static str) -> DeTable<'static> {
    DeTable::parse(text).expect("our own text").into_inner()
}
